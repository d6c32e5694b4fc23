/* silicon_samples.cc -- the cases of silicon_test, and which rows they hit. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"
#include "libx86cpu/test/silicon_tested.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

namespace silicon
{
namespace
{

Options group(int which)
{
    Options options;

    options.group = which;
    return options;
}

Options programs()
{
    Options options;

    options.programs = true;
    return options;
}

std::vector<uint64_t> count_rows()
{
    std::vector<uint64_t> counts(XCPU_OPS);

    for (const Sample &sample : samples()) {
        const Generator generator(sample.options);

        for (uint64_t number = 0; number < sample.cases; number++)
            for (const struct xcpu_insn &insn : generator.make(number).insns)
                counts[insn.op]++;
    }
    return counts;
}

} // namespace

std::vector<Sample> samples()
{
    return {
        {"Integer", group(XG_INT), 400000, false},
        {"Privileged", group(XG_PRIV), 50000, false},
        {"Undefined", group(XG_UD), 10000, false},
        {"X87", group(XG_X87), 80000, false},
        {"X87Portable", group(XG_X87), 80000, true},
        {"Mmx", group(XG_MMX), 100000, false},
        {"Sse", group(XG_SSE), 200000, false},
        {"SsePortable", group(XG_SSE), 200000, true},
        {"Programs", programs(), 40000, false},
    };
}

} // namespace silicon

const char *silicon_tested_by(unsigned op)
{
    switch (op) {
#define HOSTS_OWN(row, test)                                                   \
    case XCPU_OP_##row:                                                        \
        return #test;
#include "libx86cpu/test/hosts_own.def"
    default:
        return nullptr;
    }
}

uint64_t silicon_count(unsigned op)
{
    static const std::vector<uint64_t> counts = silicon::count_rows();

    return counts[op];
}
