/* root.c -- `uvm root`: roots made of packages, and which one is used. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <haikuabi/root.h>

#include "uvm.h"

static const char usage[] =
    "usage: uvm root create ROOT\n"
    "       uvm root add [--home] ROOT FILE...\n"
    "       uvm root remove ROOT PACKAGE...\n"
    "       uvm root list [--json] [ROOT]\n"
    "       uvm root check [--json] [ROOT [PROGRAM...]]\n"
    "       uvm root trim [ROOT]\n"
    "       uvm root path [ROOT]\n"
    "Makes a directory a root, in which Haiku's packages are run from. FILE "
    "is\n"
    "a package (.hpkg), or a directory that becomes one; --home puts it into\n"
    "/boot/home/config instead of /boot/system. check tells what would keep\n"
    "programs from running, path where the root's files are; trim frees the\n"
    "disk of contents that can be read from packages again. Where ROOT may be\n"
    "left out it is that of UVM_ROOT, or else $XDG_DATA_HOME/uvm/root\n"
    "(~/.local/share/uvm/root), as for programs.\n";

struct arguments {
    int json, home;
    const char *root;
    char **words; /* behind it, NULL-terminated */
    int count;
};

/* ---- which root ---- */

char *uvm_data_path(const char *name)
{
    const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    char *path = NULL;
    int length = -1;

    if (data != NULL && data[0] == '/')
        length = asprintf(&path, "%s/uvm/%s", data, name);
    else if (home != NULL && home[0] == '/')
        length = asprintf(&path, "%s/.local/share/uvm/%s", home, name);
    return length < 0 ? NULL : path;
}

/* Opens a root for its packages to be listed or changed, by who owns it. */
static struct hk_root *open_packages(const char *path)
{
    struct hk_package_fault fault;
    struct hk_root *root;

    if (hk_root_open(path, NULL, &root, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s", path, fault.text);
    return root;
}

/* Opens a root to be used; of another user through a layer of one's own. */
static struct hk_root *open_root(const char *path)
{
    struct hk_package_fault fault;
    struct hk_root *root;
    char *own = uvm_data_path("roots");

    if (hk_root_open(path, own != NULL ? own : "", &root, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s%s", path, fault.text,
                 own != NULL
                     ? ""
                     : " (neither XDG_DATA_HOME nor HOME is an absolute path)");
    free(own);
    return root;
}

struct hk_root *uvm_root_around(const char *path, char **attributes)
{
    char *name = hk_root_around(path);
    struct hk_root *root = NULL;
    struct hk_package_fault fault;

    if (name != NULL && hk_root_open(name, NULL, &root, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, fault.text);
    free(name);
    *attributes = root != NULL ? strdup(hk_root_attributes(root))
                               : uvm_data_path("attributes");
    return root;
}

/* The root of which a path is the layer, for free; NULL: it is no layer. */
static char *root_of_layer(const char *path)
{
    char *root = hk_root_around(path), *layer = realpath(path, NULL);

    if (root != NULL &&
        (layer == NULL || strcmp(layer + strlen(root), "/files") != 0)) {
        free(root);
        root = NULL;
    }
    free(layer);
    return root;
}

/* The root of packages that is meant by its layer, or where none is named: for
 * free, or NULL. */
static char *root_of_packages(const char *named)
{
    char *root = named == NULL ? uvm_data_path("root") : root_of_layer(named);

    if (root != NULL && !hk_root_is_one(root)) {
        free(root);
        root = NULL;
    }
    return root;
}

void uvm_choose_root(struct uvm_options *options)
{
    char *made = root_of_packages(options->root);

    if (made != NULL)
        options->root = made;
    if (options->root != NULL && options->root[0] == '\0')
        options->root = NULL;
    if (options->root != NULL && hk_root_is_one(options->root)) {
        options->layer = open_root(options->root);
        options->root = hk_root_files(options->layer);
    }
    free(made);
}

_Noreturn static void fail_without_root(void)
{
    static const char what[] = "there is no root: UVM_ROOT names none, and";
    char *path = uvm_data_path("root");

    if (path == NULL)
        uvm_fail(UVM_EXIT_FAILURE,
                 "%s neither XDG_DATA_HOME nor HOME is an absolute path", what);
    uvm_fail(UVM_EXIT_FAILURE, "%s '%s' is none", what, path);
}

/* That of a command which may be given none, as programs would have it. */
static const char *find_root(const char *named)
{
    char *root;

    if (named == NULL)
        named = getenv("UVM_ROOT");
    root = root_of_packages(named);
    if (root == NULL && (named == NULL || named[0] == '\0'))
        fail_without_root();
    return root != NULL ? root : named;
}

/* ---- create ---- */

static void create(const struct arguments *arguments)
{
    struct hk_package_fault fault;

    if (hk_root_create(arguments->root, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s", arguments->root,
                 fault.text);
}

/* ---- add ---- */

/* What a package says that is made of a directory without .PackageInfo. */
static char *describe(const char *directory)
{
    static const char text[] =
        "name %s\nversion 0-1\narchitecture any\nsummary \"%s\"\n"
        "description \"The directory %s\"\nvendor uvm\npackager uvm\n"
        "copyrights none\nlicenses none\nprovides %s\n";
    const char *slash = strrchr(directory, '/');
    char *name = strdup(slash != NULL ? slash + 1 : directory);
    char *info = NULL;

    if (name == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    for (char *at = name; *at != '\0'; at++)
        if (strchr("-<>=!{}\"'\\#; \t\n", *at) != NULL)
            *at = '_';
    if (asprintf(&info, text, name, name, name, name) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    free(name);
    return info;
}

/* "bash-5.2-1-x86.hpkg", for free(). */
static char *file_name_of(const struct hk_package *package)
{
    uint32_t list = hk_package_info(package);
    uint32_t name = hk_package_find(package, list, HK_PACKAGE_NAME);
    uint32_t architecture =
        hk_package_find(package, list, HK_PACKAGE_ARCHITECTURE);
    char version[256], *file_name;

    hk_package_version(package, list, version, sizeof(version));
    return asprintf(&file_name, "%s-%s-%s.hpkg",
                    hk_package_at(package, name)->value.string, version,
                    hk_package_architecture(
                        hk_package_at(package, architecture)->value.number)) < 0
               ? NULL
               : file_name;
}

/* Makes a package of a directory in a file. */
static int pack_into(int file, const char *name, int directory,
                     char **file_name, struct hk_package_fault *fault)
{
    char *info = NULL, *attributes;
    struct hk_root *root = uvm_root_around(name, &attributes);
    struct hk_package_source source = {directory, NULL, attributes, root};
    struct hk_package *package;
    int own = dup(file), error;

    if (faccessat(directory, ".PackageInfo", F_OK, 0) != 0) {
        char *real = realpath(name, NULL);

        info = describe(real != NULL ? real : name);
        free(real);
    }
    source.info = info;
    error = hk_package_create(&source, file, HK_PACKAGE_ZSTD, fault);
    if (error == 0)
        error = hk_package_open(own, &package, fault);
    if (error == 0) {
        *file_name = file_name_of(package);
        hk_package_close(package);
    } else if (own >= 0) {
        close(own);
    }
    free(info);
    free(attributes);
    hk_root_close(root);
    return error;
}

static int fail(struct hk_package_fault *fault, const char *what)
{
    snprintf(fault->text, sizeof(fault->text), "%s%s", what, strerror(errno));
    return HK_PACKAGE_ERR_IO;
}

/* A package made of a directory, in a file without a name. */
static int pack(const char *name, int directory, char **file_name, int *package,
                struct hk_package_fault *fault)
{
    FILE *file = tmpfile();
    int error;

    if (file == NULL)
        return fail(fault, "temporary file: ");
    error = pack_into(fileno(file), name, directory, file_name, fault);
    *package = error == 0 ? dup(fileno(file)) : -1;
    fclose(file);
    return error;
}

/* What the arguments name. */
static int open_addition(void *context, size_t index, char **file_name,
                         int *package, struct hk_package_fault *fault)
{
    const char *name = ((char **)context)[index];
    const char *slash = strrchr(name, '/');
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int error = 0;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fail(fault, "");
    if (S_ISDIR(st.st_mode)) {
        error = pack(name, fd, file_name, package, fault);
        close(fd);
    } else {
        *file_name = strdup(slash != NULL ? slash + 1 : name);
        *package = fd;
    }
    if (error == 0 && *file_name == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    return error;
}

static void add(const struct arguments *arguments)
{
    struct hk_root *root = open_packages(arguments->root);
    char **names = arguments->words;
    const struct hk_root_additions additions = {(size_t)arguments->count,
                                                open_addition, names};
    struct hk_package_fault fault;
    size_t refused;

    if (hk_root_add(root,
                    arguments->home ? HK_LOCATION_HOME : HK_LOCATION_SYSTEM,
                    &additions, &refused, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s",
                 refused < additions.count ? names[refused] : arguments->root,
                 fault.text);
    hk_root_close(root);
}

/* ---- remove ---- */

static void remove_packages(const struct arguments *arguments)
{
    struct hk_root *root = open_packages(arguments->root);
    struct hk_package_fault fault;

    if (hk_root_remove(root, (const char *const *)arguments->words,
                       (size_t)arguments->count, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", arguments->root, fault.text);
    hk_root_close(root);
}

/* ---- list ---- */

static cJSON *json_package(const struct hk_root_package *package)
{
    cJSON *object = cJSON_CreateObject();
    const char *architecture = hk_package_architecture(package->architecture);

    cJSON_AddStringToObject(object, "file", package->file_name);
    cJSON_AddStringToObject(object, "name", package->name);
    cJSON_AddStringToObject(object, "version", package->version);
    cJSON_AddStringToObject(object, "architecture",
                            architecture != NULL ? architecture : "?");
    cJSON_AddStringToObject(object, "location",
                            hk_location_name(package->location));
    cJSON_AddNumberToObject(object, "size", (double)package->size);
    cJSON_AddBoolToObject(object, "active", package->is_active);
    return object;
}

static void print_package(const struct hk_root_package *package)
{
    printf("%-6s ", hk_location_name(package->location));
    uvm_print_text(package->file_name);
    puts(package->is_active ? "" : " (not activated)");
}

static void list(const struct arguments *arguments)
{
    struct hk_root *root = open_packages(arguments->root);
    struct hk_root_package package;
    cJSON *array = arguments->json ? cJSON_CreateArray() : NULL;

    for (size_t i = 0; hk_root_list(root, i, &package); i++) {
        if (array != NULL)
            cJSON_AddItemToArray(array, json_package(&package));
        else
            print_package(&package);
    }
    if (array != NULL)
        uvm_print_json(array);
    hk_root_close(root);
}

/* ---- check ---- */

/* What is told, and where it goes. */
struct report {
    cJSON *lines; /* NULL: printed */
    int count;
};

static void add_line(void *context, const char *line)
{
    struct report *report = context;

    report->count++;
    if (report->lines != NULL) {
        cJSON_AddItemToArray(report->lines, cJSON_CreateString(line));
        return;
    }
    uvm_print_text(line);
    putchar('\n');
}

static void check(const struct arguments *arguments)
{
    struct uvm_options options = {.root = arguments->root};
    struct report report = {arguments->json ? cJSON_CreateArray() : NULL, 0};
    struct hk_package_fault fault;

    options.layer = open_root(options.root);
    options.root = hk_root_files(options.layer);
    if (hk_root_check(options.layer, add_line, &report, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s", arguments->root,
                 fault.text);
    uvm_check_programs(&options, arguments->words, add_line, &report);
    hk_root_close(options.layer);
    if (report.lines != NULL)
        uvm_print_json(report.lines);
    if (fflush(stdout) != 0)
        uvm_fail(UVM_EXIT_FAILURE, "output: %s", strerror(errno));
    exit(report.count > 0 ? 1 : 0);
}

/* ---- trim ---- */

static void trim(const struct arguments *arguments)
{
    struct hk_root *root = open_root(arguments->root);
    struct hk_package_fault fault;
    uint64_t freed;

    if (hk_root_trim(root, &freed, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s", arguments->root,
                 fault.text);
    printf("%" PRIu64 " KiB freed\n", freed / 1024);
    hk_root_close(root);
}

/* ---- path ---- */

static void print_path(const struct arguments *arguments)
{
    struct uvm_options options = {.root = arguments->root};

    uvm_choose_root(&options);
    if (access(options.root, X_OK) != 0)
        uvm_fail(UVM_EXIT_FAILURE, "root '%s': %s", options.root,
                 strerror(errno));
    puts(options.root);
    hk_root_close(options.layer);
}

/* ---- the command line ---- */

static const struct {
    const char *name;
    void (*run)(const struct arguments *arguments);
    int count_min, count_max; /* of words behind the root */
    int finds_root, has_json, has_home;
} commands[] = {
    {"create", create, 0, 0, 0, 0, 0},
    {"add", add, 1, 1 << 20, 0, 0, 1},
    {"remove", remove_packages, 1, 1 << 20, 0, 0, 0},
    {"list", list, 0, 0, 1, 1, 0},
    {"check", check, 0, 1 << 20, 1, 1, 0},
    {"trim", trim, 0, 0, 1, 0, 0},
    {"path", print_path, 0, 0, 1, 0, 0},
};

_Noreturn static void refuse(void)
{
    fputs(usage, stderr);
    exit(UVM_EXIT_USAGE);
}

static void parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"home", no_argument, NULL, 'H'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *arguments = (struct arguments){0};
    while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
        switch (option) {
        case 'j':
            arguments->json = 1;
            break;
        case 'H':
            arguments->home = 1;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            refuse();
        }
    }
    arguments->words = argv + optind;
    arguments->count = argc - optind;
}

/* The word at the beginning, or NULL. */
static const char *take_word(struct arguments *arguments)
{
    if (arguments->count == 0)
        return NULL;
    arguments->count--;
    return *arguments->words++;
}

_Noreturn void uvm_root(int argc, char **argv)
{
    struct arguments arguments;
    const char *name;

    parse(argc, argv, &arguments);
    name = take_word(&arguments);
    arguments.root = take_word(&arguments);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (name == NULL || strcmp(commands[i].name, name) != 0)
            continue;
        if ((arguments.root == NULL && !commands[i].finds_root) ||
            arguments.count < commands[i].count_min ||
            arguments.count > commands[i].count_max ||
            arguments.json > commands[i].has_json ||
            arguments.home > commands[i].has_home)
            refuse();
        if (commands[i].finds_root)
            arguments.root = find_root(arguments.root);
        commands[i].run(&arguments);
        if (fflush(stdout) != 0)
            uvm_fail(UVM_EXIT_FAILURE, "output: %s", strerror(errno));
        exit(0);
    }
    if (name != NULL)
        uvm_message("root: there is no command '%s'", name);
    refuse();
}
