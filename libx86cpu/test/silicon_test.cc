/* silicon_test.cc -- the host CPU is the judge of every instruction. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"
#include "libx86cpu/test/silicon_tested.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <gtest/gtest.h>

namespace
{

using namespace silicon;

/* The same on both, or where the host is none to compare with, on ours with
 * and without the host's floating point. */
std::string differs(Executors &executors, const Case &test, bool portable)
{
    State direct, computed;

    if (!executors.host_refuses())
        return compare(executors, test, portable);
    executors.on_ours(test, &direct, false);
    if (executors.translates() && direct.vector != -1)
        executors.on_ours(test, &direct, false, true);
    std::vector<uint8_t> memory(executors.our_memory(),
                                executors.our_memory() + data_end - data_begin);
    /* In a program the last place of FSIN leads to other differences. */
    executors.on_ours(test, &computed, test.insns.size() == 1);
    if (is_unspecified(test, direct, computed))
        return "";
    return difference(test, direct, computed, memory.data(),
                      executors.our_memory(), true);
}

void expect_same(const Sample &sample, enum xcpu_engine engine)
{
    Executors executors(engine);
    const Generator generator(sample.options);
    const uint64_t cases =
        executors.host_refuses() ? sample.cases / 10 : sample.cases;
    int failures = 0;

    if (executors.host_refuses())
        printf("not compared with this CPU: %s\n", executors.host_refuses());
    for (uint64_t number = 0; number < cases && failures < 10; number++) {
        const Case test = generator.make(number);
        const std::string text = differs(executors, test, sample.portable);

        EXPECT_EQ(text, "") << describe(test) << " case " << number;
        failures += !text.empty();
    }
}

class Samples : public testing::TestWithParam<Sample>
{
};

INSTANTIATE_TEST_SUITE_P(Silicon, Samples, testing::ValuesIn(samples()),
                         [](const testing::TestParamInfo<Sample> &info) {
                             return std::string(info.param.name);
                         });

TEST_P(Samples, Agree)
{
    expect_same(GetParam(), XCPU_ENGINE_INTERP);
}

#if defined(__x86_64__)
/* Fewer: each is interpreted as well. */
TEST_P(Samples, AgreeTranslated)
{
    Sample sample = GetParam();

    sample.cases /= 4;
    if (!sample.portable)
        expect_same(sample, XCPU_ENGINE_JIT);
}

TEST_P(Samples, AgreeInLockstep)
{
    Sample sample = GetParam();

    sample.cases /= 16;
    if (!sample.portable)
        expect_same(sample, XCPU_ENGINE_LOCKSTEP);
}
#endif

/* None is untested. */
TEST(Silicon, EveryRowHasCases)
{
    for (unsigned op = 1; op < XCPU_OPS; op++) {
        if (silicon_tested_by(op)) {
            EXPECT_EQ(silicon_count(op), 0u) << xcpu_op_name(op);
        } else {
            EXPECT_GE(silicon_count(op), 1000u) << xcpu_op_name(op);
        }
    }
}

/* A case is the same whenever it is made. */
TEST(Silicon, CasesFollowFromTheirNumbers)
{
    const Generator one{Options()}, other{Options()};

    for (uint64_t number = 0; number < 1000; number++)
        ASSERT_EQ(describe(one.make(number)), describe(other.make(number)));
}

/* The harness sees a difference where there is one. */
TEST(Silicon, DifferencesAreNamed)
{
    const Generator generator{Options()};
    const Case test = generator.make(0);
    const std::vector<uint8_t> memory(data_end - data_begin);
    std::vector<uint8_t> changed = memory;
    State host = test.before, ours = test.before;

    EXPECT_EQ(difference(test, host, ours, memory.data(), memory.data(), false),
              "");
    host.gpr[XCPU_EDX] = 1;
    ours.gpr[XCPU_EDX] = 2;
    host.eflags |= XCPU_DF;
    ours.eflags &= ~uint32_t{XCPU_DF};
    changed[5] = 0xff;
    const std::string text =
        difference(test, host, ours, memory.data(), changed.data(), false);
    EXPECT_NE(text.find("edx 1!=2"), std::string::npos) << text;
    EXPECT_NE(text.find("eflags"), std::string::npos) << text;
    EXPECT_NE(text.find("[30000005]"), std::string::npos) << text;
}

} // namespace
