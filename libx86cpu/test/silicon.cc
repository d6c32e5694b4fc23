/* silicon.cc -- compares any number of cases with the host CPU. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/silicon.h"
#include "libx86cpu/test/silicon_tested.h"

extern "C" {
#include "libx86cpu/src/insns.h"
}

#include <cstdio>
#include <cstdlib>

namespace
{

using namespace silicon;

struct Run {
    Options options;
    uint64_t cases = 1000000;
    uint64_t first = 0;
    uint64_t failures = 20; /* then it stops */
    enum xcpu_engine engine = XCPU_ENGINE_INTERP;
    bool portable = false;
    bool counts = false;
    bool minimised = true;
};

int usage()
{
    fputs(
        "usage: silicon [--cases N] [--seed S] [--first N] [--failures N]\n"
        "               [--group INT|X87|MMX|SSE|PRIV|UD] [--row ROW]\n"
        "               [--engine interp|jit|lockstep]\n"
        "               [--programs] [--portable] [--counts] [--whole]\n"
        "Compares random cases on this CPU and on libx86cpu. --first N\n"
        "--cases 1 repeats the case that was printed with number N; --whole\n"
        "prints cases as they were found; --counts adds a line for each row;\n"
        "--engine jit translates a case after it was interpreted, and both "
        "count.\n",
        stderr);
    return 2;
}

int find_group(const char *name)
{
    static const char *const names[] = {"INT", "X87",  "MMX",
                                        "SSE", "PRIV", "UD"};

    for (int i = 0; i < 6; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

bool find_engine(const char *name, enum xcpu_engine *engine)
{
    static const char *const names[] = {"interp", "jit", "lockstep"};

    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0) {
            *engine = static_cast<enum xcpu_engine>(i);
            return true;
        }
    return false;
}

unsigned find_op(const char *name)
{
    for (unsigned op = 1; op < XCPU_OPS; op++)
        if (strcmp(name, xcpu_op_name(op)) == 0)
            return op;
    return 0;
}

bool parse_flag(const std::string &name, Run *run)
{
    if (name == "--programs")
        run->options.programs = true;
    else if (name == "--portable")
        run->portable = true;
    else if (name == "--counts")
        run->counts = true;
    else if (name == "--whole")
        run->minimised = false;
    else
        return false;
    return true;
}

bool parse_value(const std::string &name, const char *value, Run *run)
{
    const uint64_t number = strtoull(value, nullptr, 0);

    if (name == "--cases")
        run->cases = number;
    else if (name == "--seed")
        run->options.seed = number;
    else if (name == "--first")
        run->first = number;
    else if (name == "--failures")
        run->failures = number;
    else if (name == "--group")
        return (run->options.group = find_group(value)) >= 0;
    else if (name == "--engine")
        return find_engine(value, &run->engine);
    else if (name == "--row")
        return (run->options.op = find_op(value)) != 0;
    else
        return false;
    return true;
}

bool parse(int argc, char **argv, Run *run)
{
    for (int i = 1; i < argc; i++) {
        if (parse_flag(argv[i], run))
            continue;
        if (i + 1 == argc || !parse_value(argv[i], argv[i + 1], run))
            return false;
        i++;
    }
    return true;
}

/* A case that differed once and then no more is printed as it was found. */
void report(const Run &run, Executors &executors, uint64_t number,
            const Case &test, const std::string &difference)
{
    const bool repeats = !compare(executors, test, run.portable).empty();
    const Case least = run.minimised && repeats
                           ? minimise(executors, test, run.portable)
                           : test;
    const std::string found =
        repeats ? compare(executors, least, run.portable) : difference;

    printf("seed %llu case %llu%s:%s: %s\n",
           static_cast<unsigned long long>(run.options.seed),
           static_cast<unsigned long long>(number), repeats ? "" : " (once)",
           found.c_str(), describe(least).c_str());
    fflush(stdout);
}

} // namespace

int main(int argc, char **argv)
{
    Run run;
    uint64_t failed = 0, number;
    std::vector<uint64_t> counts(XCPU_OPS);

    if (!parse(argc, argv, &run))
        return usage();
    if (run.options.op && silicon_tested_by(run.options.op)) {
        fprintf(stderr, "silicon: %s is tested by %s alone\n",
                xcpu_op_name(run.options.op),
                silicon_tested_by(run.options.op));
        return 2;
    }
    Executors executors(run.engine);
    const Generator generator(run.options);

    if (executors.host_refuses()) {
        printf("skipped: %s\n", executors.host_refuses());
        return 0;
    }
    for (number = run.first;
         number < run.first + run.cases && failed < run.failures; number++) {
        const Case test = generator.make(number);

        for (const struct xcpu_insn &insn : test.insns)
            counts[insn.op]++;
        const std::string difference = compare(executors, test, run.portable);

        if (difference.empty())
            continue;
        failed++;
        report(run, executors, number, test, difference);
    }
    for (unsigned op = 1; run.counts && op < XCPU_OPS; op++)
        printf("%s %llu\n", xcpu_op_name(op),
               static_cast<unsigned long long>(counts[op]));
    printf("%llu cases of seed %llu, %llu mismatches\n",
           static_cast<unsigned long long>(number - run.first),
           static_cast<unsigned long long>(run.options.seed),
           static_cast<unsigned long long>(failed));
    if (executors.lapses)
        printf("the host contradicted itself: %llu\n",
               static_cast<unsigned long long>(executors.lapses));
    return failed ? 1 : 0;
}
