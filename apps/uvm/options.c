/* options.c -- the command line of uvm. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <haikuabi/version.h>

#include "uvm.h"

static const char usage[] =
    "usage: uvm [options] PROGRAM [ARGUMENTS...]\n"
    "       uvm package COMMAND ... (see 'uvm package --help')\n"
    "       uvm root COMMAND ... (see 'uvm root --help')\n"
    "Runs a 32-bit x86 Haiku program.\n"
    "\n"
    "PROGRAM is a path in the root, a path of the host, or the name of a\n"
    "command in the root.\n"
    "\n"
    "  -r, --root DIR        directory that holds a Haiku; without it "
    "programs\n"
    "                        are linked by uvm itself (UVM_ROOT gives a "
    "default)\n"
    "  -E NAME=VALUE         sets a variable of the program's environment;\n"
    "                        -E NAME takes it over from uvm's own\n"
    "      --bind HOST[:GUEST][:ro]  shows a directory or file of the host at\n"
    "                        the path GUEST, by default /host and its own;\n"
    "                        ro: nothing can be changed there\n"
    "      --no-network      no sockets but local ones\n"
    "      --alone           no other programs of the root are there: ids of\n"
    "                        teams and threads count from 1\n"
    "      --boot-time SECONDS  when the real time clock says that the system\n"
    "                        was booted, from 1970 on; by default the host's\n"
    "      --seed N          random numbers of the kernel follow from N\n"
    "      --engine ENGINE   how code is executed: interp; jit where the\n"
    "                        host has it, the default; lockstep, both, to\n"
    "                        compare them\n"
    "      --translate-after N  runs of a block of code before jit translates "
    "it\n"
    "      --stats           tells at the end what the translator has done\n"
    "      --perf-map        names translated code for perf, in\n"
    "                        /tmp/perf-PID.map\n"
    "      --cpu MODEL       processor the program sees: sse4, sse2,\n"
    "                        pentium\n"
    "      --record FILE     writes a trace of the execution, for utrace; that "
    "of\n"
    "                        a child goes to a file named after FILE and it\n"
    "      --level LEVEL     what is in that: events, hash, the default, or "
    "full\n"
    "      --strace          prints each system call on stderr\n"
    "      --quiet           reports neither system calls that are not built\n"
    "                        nor the program's debug output\n"
    "      --aslr            places memory at random, as Haiku does\n"
    "      --version         uvm's, and the release of Haiku in the root\n"
    "      --help            this\n"
    "\n"
    "Exit status: the program's; 128 + n when signal n ended it; 125 when uvm\n"
    "failed, 126 when PROGRAM cannot run, 127 when it is not found.\n";

enum {
    OPT_ENGINE = 256,
    OPT_TRANSLATE_AFTER,
    OPT_STATS,
    OPT_PERF_MAP,
    OPT_CPU,
    OPT_RECORD,
    OPT_LEVEL,
    OPT_STRACE,
    OPT_QUIET,
    OPT_ASLR,
    OPT_BIND,
    OPT_NO_NETWORK,
    OPT_ALONE,
    OPT_BOOT_TIME,
    OPT_SEED,
    OPT_HELP,
    OPT_VERSION
};

static const struct option long_options[] = {
    {"root", required_argument, NULL, 'r'},
    {"engine", required_argument, NULL, OPT_ENGINE},
    {"translate-after", required_argument, NULL, OPT_TRANSLATE_AFTER},
    {"stats", no_argument, NULL, OPT_STATS},
    {"perf-map", no_argument, NULL, OPT_PERF_MAP},
    {"cpu", required_argument, NULL, OPT_CPU},
    {"record", required_argument, NULL, OPT_RECORD},
    {"level", required_argument, NULL, OPT_LEVEL},
    {"strace", no_argument, NULL, OPT_STRACE},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"aslr", no_argument, NULL, OPT_ASLR},
    {"bind", required_argument, NULL, OPT_BIND},
    {"no-network", no_argument, NULL, OPT_NO_NETWORK},
    {"alone", no_argument, NULL, OPT_ALONE},
    {"boot-time", required_argument, NULL, OPT_BOOT_TIME},
    {"seed", required_argument, NULL, OPT_SEED},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

struct word {
    const char *text;
    int value;
};

static int find_word(const struct word *words, const char *option,
                     const char *text)
{
    for (; words->text != NULL; words++)
        if (strcmp(words->text, text) == 0)
            return words->value;
    uvm_fail(UVM_EXIT_USAGE, "unknown %s '%s'", option, text);
}

/* NAME=VALUE, or NAME with the value that uvm has; NULL when it has none. */
static const char *variable(const char *text)
{
    const char *value = getenv(text);
    char *made = NULL;

    if (text[0] == '=' || text[0] == '\0')
        uvm_fail(UVM_EXIT_USAGE, "-E wants NAME=VALUE, not '%s'", text);
    if (strchr(text, '=') != NULL)
        return text;
    if (value == NULL)
        return NULL;
    if (asprintf(&made, "%s=%s", text, value) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    return made;
}

/* The host's terminal takes the place of Haiku's, which sets TERM. */
static const char *terminal_kind(void)
{
    return isatty(STDIN_FILENO) || isatty(STDOUT_FILENO) ? variable("TERM")
                                                         : NULL;
}

static void set_variable(struct uvm_options *options, size_t *count,
                         const char *given)
{
    options->environment[*count] = given;
    *count += given != NULL;
}

static uint32_t number(const char *option, const char *text, unsigned long max)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > max)
        uvm_fail(UVM_EXIT_USAGE, "%s wants a number to %lu, not '%s'", option,
                 max, text);
    return (uint32_t)value;
}

static void check_root(const char *root)
{
    struct stat st;

    if (stat(root, &st) != 0)
        uvm_fail(UVM_EXIT_USAGE, "root '%s': %s", root, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        uvm_fail(UVM_EXIT_USAGE, "root '%s': not a directory", root);
    if (access(root, X_OK) != 0)
        uvm_fail(UVM_EXIT_USAGE, "root '%s': %s", root, strerror(errno));
}

static void parse_option(int option, struct uvm_options *options,
                         size_t *variables)
{
    static const struct word engines[] = {{"interp", XCPU_ENGINE_INTERP},
                                          {"jit", XCPU_ENGINE_JIT},
                                          {"lockstep", XCPU_ENGINE_LOCKSTEP},
                                          {NULL, 0}};
    static const struct word models[] = {{"sse4", XCPU_MODEL_SSE4},
                                         {"sse2", XCPU_MODEL_SSE2},
                                         {"pentium", XCPU_MODEL_PENTIUM},
                                         {NULL, 0}};
    static const struct word levels[] = {{"events", TR_LEVEL_EVENTS},
                                         {"hash", TR_LEVEL_HASH},
                                         {"full", TR_LEVEL_FULL},
                                         {NULL, 0}};

    switch (option) {
    case 'r':
        options->root = optarg;
        break;
    case 'E':
        set_variable(options, variables, variable(optarg));
        break;
    case OPT_ENGINE:
        options->engine =
            (enum xcpu_engine)find_word(engines, "engine", optarg);
        options->engine_given = 1;
        break;
    case OPT_TRANSLATE_AFTER:
        options->translate_after = number("--translate-after", optarg, 254);
        break;
    case OPT_CPU:
        options->model = (enum xcpu_model)find_word(models, "cpu", optarg);
        break;
    case OPT_STATS:
        options->stats = 1;
        break;
    case OPT_PERF_MAP:
        options->perf_map = 1;
        break;
    case OPT_RECORD:
        options->record = optarg;
        break;
    case OPT_LEVEL:
        options->level = (enum tr_level)find_word(levels, "level", optarg);
        options->level_given = 1;
        break;
    case OPT_STRACE:
        options->strace = 1;
        break;
    case OPT_QUIET:
        options->quiet = 1;
        break;
    case OPT_ASLR:
        options->randomize = 1;
        break;
    case OPT_BIND:
        uvm_add_bind(options, optarg);
        break;
    case OPT_NO_NETWORK:
        options->no_network = 1;
        break;
    case OPT_ALONE:
        options->alone = 1;
        break;
    case OPT_BOOT_TIME:
        options->boot_time = number("--boot-time", optarg, UINT32_MAX);
        break;
    case OPT_SEED:
        options->seed = number("--seed", optarg, UINT32_MAX);
        break;
    case OPT_HELP:
        fputs(usage, stdout);
        exit(0);
    case OPT_VERSION:
        options->version = 1;
        break;
    default:
        fputs("Try 'uvm --help'.\n", stderr);
        exit(UVM_EXIT_USAGE);
    }
}

static void print_version(const struct uvm_options *options)
{
    puts("uvm " HK_VERSION);
    if (options->root != NULL)
        printf("%s: Haiku %s\n", options->root,
               hk_release_name(uvm_detect_release(options)));
    exit(0);
}

void uvm_parse_options(int argc, char **argv, struct uvm_options *options)
{
    static char name[] = "uvm"; /* in what getopt_long says */
    size_t variables = 0;
    int option;

    memset(options, 0, sizeof(*options));
    options->root = getenv("UVM_ROOT");
    options->engine = XCPU_ENGINE_JIT;
    options->environment = calloc((size_t)argc + 2, sizeof(char *));
    options->binds = calloc((size_t)argc + 1, sizeof(*options->binds));
    if (options->environment == NULL || options->binds == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    if (argc > 0)
        argv[0] = name;
    set_variable(options, &variables, terminal_kind());
    /* '+': what follows the program belongs to the program. */
    while ((option = getopt_long(argc, argv, "+r:E:", long_options, NULL)) >= 0)
        parse_option(option, options, &variables);
    if (optind >= argc && !options->version) {
        fputs(usage, stderr);
        exit(UVM_EXIT_USAGE);
    }
    if (options->root != NULL && options->root[0] != '\0')
        check_root(options->root);
    if (!options->level_given)
        options->level = TR_LEVEL_HASH;
    else if (options->record == NULL)
        uvm_fail(UVM_EXIT_USAGE, "--level wants --record");
    uvm_choose_root(options);
    if (options->version)
        print_version(options);
    options->program = argv[optind];
    options->arguments = (const char *const *)argv + optind + 1;
}
