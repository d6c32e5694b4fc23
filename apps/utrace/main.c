/* main.c -- utrace: looks at traces of executions, and repeats them. */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#define ENGINE UTRACE_TAKES_ENGINE
#define RANGE  UTRACE_TAKES_RANGE

const struct utrace_command utrace_commands[] = {
    {"info", 1, 1, 0, utrace_info,
     "what was recorded, and how much of it there is"},
    {"ls", 1, 1, RANGE, utrace_ls,
     "all events, with their number and instruction"},
    {"stat", 1, 1, 0, utrace_stat,
     "how many events and system calls of which kind"},
    {"verify", 1, 1, 0, utrace_verify, "whether the file is whole"},
    {"replay", 1, 1, ENGINE | UTRACE_TAKES_REPEAT, utrace_replay,
     "executes it again, and compares"},
    {"dump", 1, 1, ENGINE | RANGE, utrace_dump,
     "every instruction, and what it changed"},
    {"step", 1, 1, ENGINE | RANGE | UTRACE_TAKES_INTERVAL, utrace_step,
     "to and fro in it, by hand: h for help"},
    {"bisect", 1, 2, ENGINE | UTRACE_TAKES_SYMBOLS, utrace_bisect,
     "the first instruction that engines, or traces, differ in"},
    {"diff", 2, 2, 0, utrace_diff, "the first event that two traces differ in"},
    {"profile", 1, 2, ENGINE | RANGE | UTRACE_TAKES_SYMBOLS, utrace_profile,
     "hot blocks, functions, who calls whom; as flame graph: FILE, HTML"},
    {"export", 1, 1, ENGINE | RANGE | UTRACE_TAKES_FORMAT, utrace_export,
     "for other programs: see --format"},
    {"cut", 2, 2, ENGINE | RANGE, utrace_cut,
     "a part of it: FILE, and what is made of it"},
    {"densify", 2, 2, ENGINE | UTRACE_TAKES_INTERVAL | UTRACE_TAKES_LEVEL,
     utrace_densify, "the same with hashes, or every step"},
    {"bless", 2, 2, ENGINE, utrace_bless,
     "the same, expecting what now comes out"},
    {0, 0, 0, 0, 0, 0},
};

int main(int argc, char **argv)
{
    struct utrace_options options;
    const struct utrace_command *command = utrace_parse(argc, argv, &options);

    return command->run(&options);
}
