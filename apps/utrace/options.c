/* options.c -- the command line of utrace. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static void print_usage(FILE *to)
{
    fputs("usage: utrace COMMAND [options] FILE...\n"
          "Works on traces that uvm --record has written.\n\n",
          to);
    for (const struct utrace_command *command = utrace_commands;
         command->name != NULL; command++)
        fprintf(to, "  %-8s %s\n", command->name, command->help);
    fputs(
        "\n"
        "      --engine ENGINE   what executes: interp, the default, jit,\n"
        "                        or lockstep, both\n"
        "      --translate-after N  runs of a block before jit translates it\n"
        "      --from N, --to N  instructions: from behind N, until behind N\n"
        "      --interval N      instructions between two hashes, and at "
        "least\n"
        "                        between the checkpoints of step, where an "
        "event\n"
        "                        counts as 64: 1048576\n"
        "      --level LEVEL     of what densify makes: hash or full\n"
        "      --steps           compares each instruction that a full trace "
        "has\n"
        "      --repeat N        replays so many times\n"
        "      --format FORMAT   of export: json, lines of events; chrome, "
        "threads\n"
        "                        and calls for Perfetto; tenet, instructions\n"
        "      --thread N        that Tenet's instructions are of: 1\n"
        "      --symbols FILE    where profile finds more of the program's "
        "names\n"
        "  -q, --quiet           prints what is wrong alone\n"
        "      --help            this\n"
        "\n"
        "Exit status: 1 when executions differ, 3 when a file is damaged or\n"
        "no trace, 2 for mistakes in the command, 125 when utrace failed.\n",
        to);
}

static uint64_t number(const char *option, const char *text, uint64_t max)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 0);

    if (*text < '0' || *text > '9' || *end != '\0' || value > max)
        utrace_fail(UTRACE_EXIT_USAGE, "%s wants a number, not '%s'", option,
                    text);
    return value;
}

static uint64_t positive(const char *option, const char *text, uint64_t max)
{
    uint64_t value = number(option, text, max);

    if (value == 0)
        utrace_fail(UTRACE_EXIT_USAGE, "%s wants more than 0", option);
    return value;
}

static enum xcpu_engine find_engine(const char *name)
{
    if (strcmp(name, "interp") == 0)
        return XCPU_ENGINE_INTERP;
    if (strcmp(name, "jit") == 0)
        return XCPU_ENGINE_JIT;
    if (strcmp(name, "lockstep") == 0)
        return XCPU_ENGINE_LOCKSTEP;
    utrace_fail(UTRACE_EXIT_USAGE,
                "unknown engine '%s': interp, jit or lockstep", name);
}

static enum utrace_format find_format(const char *name)
{
    if (strcmp(name, "json") == 0)
        return UTRACE_FORMAT_JSON;
    if (strcmp(name, "tenet") == 0)
        return UTRACE_FORMAT_TENET;
    if (strcmp(name, "chrome") == 0)
        return UTRACE_FORMAT_CHROME;
    utrace_fail(UTRACE_EXIT_USAGE, "unknown format '%s': json, chrome or tenet",
                name);
}

static enum tr_level find_level(const char *name)
{
    int level = tr_find_level(name);

    if (level < TR_LEVEL_HASH)
        utrace_fail(UTRACE_EXIT_USAGE, "--level wants hash or full, not '%s'",
                    name);
    return (enum tr_level)level;
}

enum {
    OPT_ENGINE = 256,
    OPT_TRANSLATE_AFTER,
    OPT_FROM,
    OPT_TO,
    OPT_REPEAT,
    OPT_INTERVAL,
    OPT_LEVEL,
    OPT_STEPS,
    OPT_SYMBOLS,
    OPT_FORMAT,
    OPT_THREAD,
    OPT_HELP
};

static void parse_option(int option, struct utrace_options *options)
{
    switch (option) {
    case OPT_ENGINE:
        options->engine = find_engine(optarg);
        break;
    case OPT_TRANSLATE_AFTER:
        options->translate_after =
            (uint32_t)number("--translate-after", optarg, 254);
        break;
    case OPT_FROM:
        options->from = number("--from", optarg, UINT64_MAX);
        break;
    case OPT_TO:
        options->to = number("--to", optarg, UINT64_MAX);
        break;
    case OPT_REPEAT:
        options->repeat = (int)positive("--repeat", optarg, 1000000);
        break;
    case OPT_INTERVAL:
        options->interval = positive("--interval", optarg, UINT32_MAX);
        break;
    case OPT_LEVEL:
        options->level = find_level(optarg);
        break;
    case OPT_STEPS:
        options->steps = 1;
        break;
    case OPT_FORMAT:
        options->format = find_format(optarg);
        break;
    case OPT_THREAD:
        options->thread = number("--thread", optarg, UINT64_MAX);
        break;
    case OPT_SYMBOLS:
        options->symbols = optarg;
        break;
    case 'q':
        options->quiet = 1;
        break;
    case OPT_HELP:
        print_usage(stdout);
        exit(0);
    default:
        fputs("Try 'utrace --help'.\n", stderr);
        exit(UTRACE_EXIT_USAGE);
    }
}

static const struct utrace_command *find_command(const char *name)
{
    const struct utrace_command *command = utrace_commands;

    while (command->name != NULL && strcmp(command->name, name) != 0)
        command++;
    if (command->name == NULL)
        utrace_fail(UTRACE_EXIT_USAGE, "unknown command '%s'", name);
    return command;
}

/* Of an option that not all commands take; 0: all do. */
static unsigned takes_of(int option)
{
    switch (option) {
    case OPT_ENGINE:
    case OPT_TRANSLATE_AFTER:
        return UTRACE_TAKES_ENGINE;
    case OPT_FROM:
    case OPT_TO:
        return UTRACE_TAKES_RANGE;
    case OPT_INTERVAL:
        return UTRACE_TAKES_INTERVAL;
    case OPT_LEVEL:
        return UTRACE_TAKES_LEVEL;
    case OPT_REPEAT:
    case OPT_STEPS:
        return UTRACE_TAKES_REPEAT;
    case OPT_FORMAT:
    case OPT_THREAD:
        return UTRACE_TAKES_FORMAT;
    case OPT_SYMBOLS:
        return UTRACE_TAKES_SYMBOLS;
    default:
        return 0;
    }
}

/* An option that a command would not look at is a mistake. */
static void check_options(const struct utrace_command *command,
                          const char *const given[OPT_HELP - OPT_ENGINE])
{
    for (int i = 0; i < OPT_HELP - OPT_ENGINE; i++)
        if (given[i] != NULL &&
            (takes_of(OPT_ENGINE + i) & command->takes) == 0)
            utrace_fail(UTRACE_EXIT_USAGE, "%s does not take --%s",
                        command->name, given[i]);
}

static void check_files(const struct utrace_command *command, int count)
{
    if (count >= command->least && count <= command->most)
        return;
    if (command->least < command->most)
        utrace_fail(UTRACE_EXIT_USAGE, "%s wants %d or %d files, not %d",
                    command->name, command->least, command->most, count);
    utrace_fail(UTRACE_EXIT_USAGE, "%s wants %d file%s, not %d", command->name,
                command->least, command->least == 1 ? "" : "s", count);
}

const struct utrace_command *utrace_parse(int argc, char **argv,
                                          struct utrace_options *options)
{
    static const struct option long_options[] = {
        {"engine", required_argument, NULL, OPT_ENGINE},
        {"translate-after", required_argument, NULL, OPT_TRANSLATE_AFTER},
        {"from", required_argument, NULL, OPT_FROM},
        {"to", required_argument, NULL, OPT_TO},
        {"repeat", required_argument, NULL, OPT_REPEAT},
        {"interval", required_argument, NULL, OPT_INTERVAL},
        {"level", required_argument, NULL, OPT_LEVEL},
        {"steps", no_argument, NULL, OPT_STEPS},
        {"format", required_argument, NULL, OPT_FORMAT},
        {"thread", required_argument, NULL, OPT_THREAD},
        {"symbols", required_argument, NULL, OPT_SYMBOLS},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, OPT_HELP},
        {NULL, 0, NULL, 0},
    };
    static char name[] = "utrace";
    const char *given[OPT_HELP - OPT_ENGINE] = {NULL};
    const struct utrace_command *command;
    int option, index;

    *options = (struct utrace_options){.to = UINT64_MAX,
                                       .repeat = 1,
                                       .interval = 1 << 20,
                                       .level = TR_LEVEL_HASH,
                                       .thread = 1};
    if (argc > 0)
        argv[0] = name;
    while ((option = getopt_long(argc, argv, "q", long_options, &index)) >= 0) {
        parse_option(option, options);
        if (takes_of(option) != 0)
            given[option - OPT_ENGINE] = long_options[index].name;
    }
    if (options->from > options->to)
        utrace_fail(UTRACE_EXIT_USAGE, "--to is before --from");
    if (optind == argc) {
        print_usage(stderr);
        exit(UTRACE_EXIT_USAGE);
    }
    command = find_command(argv[optind]);
    options->files = (const char *const *)argv + optind + 1;
    options->file_count = argc - optind - 1;
    check_files(command, options->file_count);
    check_options(command, given);
    return command;
}
