/* options.c -- the command line of elfinfo. */
/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elfinfo.h"

static const char usage[] =
    "usage: elfinfo [options] FILE...\n"
    "       elfinfo VIEW [options] FILE...\n"
    "Shows what is in ELF files; \"-\" is the standard input. A VIEW is one "
    "of these\nlong options without its dashes.\n"
    "\n";

static const char more_usage[] =
    "  -a, --all                  all of them but --summary and --dyn-syms\n"
    "  -e, --headers              -h -S -l\n"
    "  -x, --hex-dump=SECTION     the bytes of a section, by name or number\n"
    "  -p, --string-dump=SECTION  the strings in a section\n"
    "  -z, --decompress           before sections are dumped\n"
    "  -D, --disassemble=WHAT     the code of a symbol, or from A-B or "
    "A+SIZE (x86)\n"
    "  -C, --demangle[=STYLE]     C++ names as in the source: auto (by the "
    "file's\n"
    "                             compiler), gcc2, itanium, none\n"
    "      --json                 everything as one JSON document\n"
    "      --color=WHEN           auto (on a terminal), always, never\n"
    "      --extract DIR          resources into files, pictures of icons, "
    "too\n"
    "      --rdef                 resources in the resource compiler's "
    "language\n"
    "      --html FILE            a page that draws the file: map, symbols, "
    "needs\n"
    "      --root DIR             directory that holds a Haiku, for deps "
    "(UVM_ROOT\n"
    "                             gives a default, else /)\n"
    "      --library-path LIST    LIBRARY_PATH there, instead of Haiku's "
    "default\n"
    "      --address ADDRESS      where in the source it is (DWARF)\n"
    "      --debug-directory DIR  where separate debugging information is, "
    "instead of\n"
    "                             /usr/lib/debug\n"
    "      --against PATH         a root, libroot or list of symbols, for "
    "releases\n"
    "      --compare              what differs between two files (exit status "
    "1)\n"
    "      --member NAME          only that file of archives and packages "
    "(.hpkg)\n"
    "  -W, --wide                 nothing: lines are never broken\n"
    "  -H, --help\n"
    "  -v, --version\n"
    "\n"
    "Exit status: 0; 1 when a file is bad, cannot be read, lacks what it "
    "needs or\nwould be refused by Haiku (deps, check); 2 for wrong "
    "usage.\n";

struct view_row {
    enum inf_view view;
    char letter;
    const char *option;
    int in_all, in_headers;
    const char *help;
};

static const struct view_row view_rows[] = {
#define VIEW(name, function, letter, option, in_all, in_headers, help)         \
    {INF_VIEW_##name, letter, option, in_all, in_headers, help},
#define ALIAS(name, option) {INF_VIEW_##name, 0, option, 0, 0, NULL},
#include "views.def"
#undef VIEW
#undef ALIAS
};

enum {
    VIEW_ROWS = sizeof(view_rows) / sizeof(view_rows[0]),
    OPT_VIEW = 256, /* and the row's number */
    OPT_JSON = OPT_VIEW + VIEW_ROWS,
    OPT_ROOT,
    OPT_LIBRARY_PATH,
    OPT_MEMBER,
    OPT_ADDRESS,
    OPT_DEBUG_DIRECTORY,
    OPT_EXTRACT,
    OPT_RDEF,
    OPT_COLOR,
    OPT_HTML,
    OPT_AGAINST,
    OPT_COMPARE
};

static const struct option other_options[] = {
    {"all", no_argument, NULL, 'a'},
    {"headers", no_argument, NULL, 'e'},
    {"hex-dump", required_argument, NULL, 'x'},
    {"string-dump", required_argument, NULL, 'p'},
    {"disassemble", required_argument, NULL, 'D'},
    {"decompress", no_argument, NULL, 'z'},
    {"demangle", optional_argument, NULL, 'C'},
    {"json", no_argument, NULL, OPT_JSON},
    {"root", required_argument, NULL, OPT_ROOT},
    {"library-path", required_argument, NULL, OPT_LIBRARY_PATH},
    {"html", required_argument, NULL, OPT_HTML},
    {"color", required_argument, NULL, OPT_COLOR},
    {"extract", required_argument, NULL, OPT_EXTRACT},
    {"rdef", no_argument, NULL, OPT_RDEF},
    {"against", required_argument, NULL, OPT_AGAINST},
    {"address", required_argument, NULL, OPT_ADDRESS},
    {"debug-directory", required_argument, NULL, OPT_DEBUG_DIRECTORY},
    {"compare", no_argument, NULL, OPT_COMPARE},
    {"member", required_argument, NULL, OPT_MEMBER},
    {"wide", no_argument, NULL, 'W'},
    {"help", no_argument, NULL, 'H'},
    {"version", no_argument, NULL, 'v'},
};

enum { OTHERS = sizeof(other_options) / sizeof(other_options[0]) };

static void print_usage(void)
{
    fputs(usage, stdout);
    for (int i = 0; i < VIEW_ROWS; i++) {
        const struct view_row *row = &view_rows[i];
        char letter[5] = "    ";

        if (row->help == NULL)
            continue;
        if (row->letter != 0)
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        printf("  %s--%-20s %s\n", letter, row->option, row->help);
    }
    fputs(more_usage, stdout);
}

static _Noreturn void wrong_usage(void)
{
    fputs("Try 'elfinfo --help'.\n", stderr);
    exit(INF_USAGE);
}

static void add_dump(struct inf_options *options, const char *section,
                     int is_text)
{
    struct inf_dump *dumps =
        realloc(options->dumps,
                (size_t)(options->dump_count + 1) * sizeof(*options->dumps));

    if (dumps == NULL)
        inf_fail("out of memory");
    options->dumps = dumps;
    dumps[options->dump_count++] = (struct inf_dump){section, is_text};
}

/* A list with one text more. */
static const char **add_text(const char **list, int *count, const char *text)
{
    list = realloc(list, (size_t)(*count + 1) * sizeof(*list));
    if (list == NULL)
        inf_fail("out of memory");
    list[(*count)++] = text;
    return list;
}

static void add_address(struct inf_options *options, const char *text)
{
    size_t count = (size_t)options->address_count + 1;
    uint64_t *addresses =
        realloc(options->addresses, count * sizeof(*addresses));
    char *end;

    if (addresses == NULL)
        inf_fail("out of memory");
    options->addresses = addresses;
    addresses[options->address_count++] = strtoull(text, &end, 0);
    if (end == text || *end != '\0') {
        inf_message(NULL, "no address: %s", text);
        wrong_usage();
    }
}

static void choose(struct inf_options *options, int is_headers)
{
    for (int i = 0; i < VIEW_ROWS; i++) {
        if (is_headers ? view_rows[i].in_headers : view_rows[i].in_all)
            options->views[view_rows[i].view] = 1;
    }
}

static int choose_by_letter(struct inf_options *options, int letter)
{
    for (int i = 0; i < VIEW_ROWS; i++) {
        if (view_rows[i].letter == letter) {
            options->views[view_rows[i].view] = 1;
            return 1;
        }
    }
    return 0;
}

static enum inf_demangling parse_demangling(const char *style)
{
    static const struct {
        const char *name;
        enum inf_demangling demangling;
    } styles[] = {{"auto", INF_DEMANGLE_AUTO},
                  {"gcc2", INF_DEMANGLE_GCC2},
                  {"itanium", INF_DEMANGLE_ITANIUM},
                  {"none", INF_DEMANGLE_NONE}};

    if (style == NULL)
        return INF_DEMANGLE_AUTO;
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++) {
        if (strcmp(styles[i].name, style) == 0)
            return styles[i].demangling;
    }
    inf_message(NULL, "no such way of demangling: %s", style);
    wrong_usage();
}

/* What https://no-color.org and terminals without colours ask for. */
static int is_colour_terminal(void)
{
    const char *term = getenv("TERM"), *refused = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) && term != NULL && strcmp(term, "dumb") != 0 &&
           (refused == NULL || refused[0] == '\0');
}

static int parse_colours(const char *when)
{
    if (strcmp(when, "auto") == 0)
        return is_colour_terminal();
    if (strcmp(when, "always") == 0 || strcmp(when, "never") == 0)
        return when[0] == 'a';
    inf_message(NULL, "no such time for colours: %s", when);
    wrong_usage();
}

static void handle(struct inf_options *options, int option)
{
    if (option >= OPT_VIEW && option < OPT_JSON) {
        options->views[view_rows[option - OPT_VIEW].view] = 1;
        return;
    }
    switch (option) {
    case 'a':
    case 'e':
        choose(options, option == 'e');
        break;
    case 'x':
    case 'p':
        add_dump(options, optarg, option == 'p');
        break;
    case 'D':
        options->codes = add_text(options->codes, &options->code_count, optarg);
        break;
    case 'z':
        options->is_decompressing = 1;
        break;
    case 'C':
        options->demangling = parse_demangling(optarg);
        break;
    case OPT_JSON:
        options->is_json = 1;
        break;
    case OPT_ROOT:
        options->root = optarg;
        break;
    case OPT_LIBRARY_PATH:
        options->library_path = optarg;
        break;
    case OPT_ADDRESS:
        add_address(options, optarg);
        break;
    case OPT_DEBUG_DIRECTORY:
        options->debug_directory = optarg;
        break;
    case OPT_AGAINST:
        options->against =
            add_text(options->against, &options->against_count, optarg);
        break;
    case OPT_COLOR:
        options->has_colours = parse_colours(optarg);
        break;
    case OPT_EXTRACT:
        options->extract = optarg;
        break;
    case OPT_RDEF:
        options->is_rdef = 1;
        break;
    case OPT_HTML:
        options->html = optarg;
        break;
    case OPT_COMPARE:
        options->is_comparison = 1;
        break;
    case OPT_MEMBER:
        options->member = optarg;
        break;
    case 'W':
        break;
    case 'H':
        print_usage();
        exit(INF_OK);
    case 'v':
        puts("elfinfo " INF_VERSION);
        exit(INF_OK);
    default:
        if (option == '?' || !choose_by_letter(options, option))
            wrong_usage();
    }
}

/* What getopt_long wants: letters in one string, long options in a list. */
static void list_options(char *letters, struct option *list)
{
    strcpy(letters, "aex:p:zD:CWHv");
    for (int i = 0; i < VIEW_ROWS; i++) {
        size_t size = strlen(letters);

        if (view_rows[i].letter != 0) {
            letters[size] = view_rows[i].letter;
            letters[size + 1] = '\0';
        }
        list[i] = (struct option){view_rows[i].option, no_argument, NULL,
                                  OPT_VIEW + i};
    }
    memcpy(list + VIEW_ROWS, other_options, sizeof(other_options));
    list[VIEW_ROWS + OTHERS] = (struct option){NULL, 0, NULL, 0};
}

/* A view's long option without its dashes, as the first word. */
static int choose_by_word(struct inf_options *options, const char *word)
{
    for (int i = 0; i < VIEW_ROWS; i++) {
        if (strcmp(view_rows[i].option, word) == 0) {
            options->views[view_rows[i].view] = 1;
            return 1;
        }
    }
    return 0;
}

void inf_parse_options(struct inf_options *options, int argc, char **argv)
{
    struct option list[VIEW_ROWS + OTHERS + 1];
    char letters[VIEW_ROWS + 32];
    int option, is_chosen = 0;

    memset(options, 0, sizeof(*options));
    options->debug_directory = "/usr/lib/debug";
    options->root = getenv("UVM_ROOT");
    if (options->root == NULL)
        options->root = "/";
    options->has_colours = is_colour_terminal();
    list_options(letters, list);
    if (argc > 1 && choose_by_word(options, argv[1])) {
        argv[1] = argv[0];
        argc--;
        argv++;
    }
    while ((option = getopt_long(argc, argv, letters, list, NULL)) != -1)
        handle(options, option);
    options->files = argv + optind;
    options->file_count = argc - optind;
    if (options->file_count == 0) {
        inf_message(NULL, "no file");
        wrong_usage();
    }
    if (options->is_comparison && options->file_count != 2) {
        inf_message(NULL, "--compare takes two files");
        wrong_usage();
    }
    for (int i = 0; i < INF_VIEW_COUNT; i++)
        is_chosen |= options->views[i];
    if (!is_chosen && options->dump_count == 0 && options->code_count == 0 &&
        options->address_count == 0 && !options->is_rdef &&
        options->extract == NULL)
        options->views[INF_VIEW_SUMMARY] = 1;
}

void inf_free_options(struct inf_options *options)
{
    free(options->dumps);
    free(options->codes);
    free(options->addresses);
    free(options->against);
}
