/* package.c -- `uvm package`: what is in Haiku's packages. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <haikuabi/package.h>

#include "uvm.h"

static const char usage[] =
    "usage: uvm package info [--json] FILE...\n"
    "       uvm package list [--json] FILE\n"
    "       uvm package cat FILE PATH\n"
    "       uvm package extract [--json] [-C DIR] FILE...\n"
    "       uvm package verify [--json] FILE...\n"
    "       uvm package create [-z none|zlib|zstd] DIR FILE\n"
    "Shows, extracts and makes Haiku's packages (.hpkg). Several packages may\n"
    "be extracted into one directory: of a file in two of them the newer "
    "stays.\n"
    "A package is made of what is in DIR; .PackageInfo there describes it.\n";

struct arguments {
    int json;
    const char *directory; /* -C */
    enum hk_package_compression compression;
    char **words; /* behind the options, NULL-terminated */
    int count;
};

/* 0, or an error and what in *fault. */
static int try_open(const char *name, struct hk_package **package,
                    struct hk_package_fault *fault)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int error;

    if (fd < 0) {
        snprintf(fault->text, sizeof(fault->text), "%s", strerror(errno));
        return HK_PACKAGE_ERR_IO;
    }
    error = hk_package_open(fd, package, fault);
    if (error < 0)
        close(fd);
    return error;
}

static struct hk_package *open_package(const char *name)
{
    struct hk_package *package;
    struct hk_package_fault fault;

    if (try_open(name, &package, &fault) < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, fault.text);
    return package;
}

/* Bytes from a package may be anything: those that would steer a terminal
 * are shown as `?`. */
void uvm_print_text(const char *text)
{
    for (; *text != '\0'; text++)
        putchar((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

/* ---- info ---- */

/* What is behind a value in a .PackageInfo. */
static void print_details(const struct hk_package *package, uint32_t list)
{
    static const char *const updates[] = {"keep-old", "manual", "auto-merge"};
    static const struct {
        enum hk_package_id id;
        const char *word;
    } rows[] = {{HK_PACKAGE_IS_DIRECTORY, " directory"},
                {HK_PACKAGE_UPDATE_TYPE, ""},
                {HK_PACKAGE_SETTINGS_TEMPLATE, " template"},
                {HK_PACKAGE_USER_REAL_NAME, " real-name"},
                {HK_PACKAGE_USER_HOME, " home"},
                {HK_PACKAGE_USER_SHELL, " shell"},
                {HK_PACKAGE_USER_GROUP, " group"}};
    const struct hk_package_attribute *at;

    for (; list != 0; list = at->next) {
        size_t row = 0;

        at = hk_package_at(package, list);
        while (row < sizeof(rows) / sizeof(rows[0]) && rows[row].id != at->id)
            row++;
        if (row == sizeof(rows) / sizeof(rows[0]))
            continue;
        printf("%s", rows[row].word);
        if (at->type == HK_PACKAGE_STRING) {
            putchar(' ');
            uvm_print_text(at->value.string);
        } else if (at->id == HK_PACKAGE_UPDATE_TYPE && at->value.number < 3) {
            printf(" %s", updates[at->value.number]);
        }
    }
}

/* "name >= 1.2 compat >= 1" and the like. */
static void print_versions(const struct hk_package *package, uint32_t list)
{
    static const char *const operators[] = {"<", "<=", "==", "!=", ">=", ">"};
    uint32_t sign = hk_package_find(package, list, HK_PACKAGE_OPERATOR);
    char version[256];

    hk_package_version(package, list, version, sizeof(version));
    if (version[0] != '\0') {
        if (sign != 0 && hk_package_at(package, sign)->value.number < 6)
            printf(" %s ",
                   operators[hk_package_at(package, sign)->value.number]);
        else
            printf(" = ");
        uvm_print_text(version);
    }
    hk_package_compatible(package, list, version, sizeof(version));
    if (version[0] != '\0') {
        printf(" compat >= ");
        uvm_print_text(version);
    }
}

static void print_flags(uint64_t flags)
{
    static const char *const names[] = {"approve_license", "system_package"};
    const char *before = "";

    for (unsigned i = 0; i < 2; i++) {
        if ((flags >> i & 1) == 0)
            continue;
        printf("%s%s", before, names[i]);
        before = " ";
    }
    if (flags >> 2 != 0)
        printf("%s0x%" PRIx64, before, flags & ~UINT64_C(3));
}

/* Lines behind the first are set off, so that none passes for another value. */
static void print_lines(const char *text)
{
    char *copy = strdup(text), *rest = copy, *line;

    if (copy == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    while ((line = strsep(&rest, "\n")) != NULL) {
        uvm_print_text(line);
        if (rest != NULL)
            printf("\n    ");
    }
    free(copy);
}

static void print_value(const struct hk_package *package,
                        const struct hk_package_attribute *at)
{
    if (at->id == HK_PACKAGE_ARCHITECTURE &&
        hk_package_architecture(at->value.number) != NULL)
        printf("%s", hk_package_architecture(at->value.number));
    else if (at->id == HK_PACKAGE_FLAGS)
        print_flags(at->value.number);
    else if (at->type == HK_PACKAGE_STRING)
        print_lines(at->value.string);
    else if (at->type != HK_PACKAGE_RAW)
        printf("%" PRIu64, at->value.number);
    print_versions(package, at->child);
    print_details(package, at->child);
}

static void print_info(const struct hk_package *package)
{
    const struct hk_package_attribute *at;
    char version[256];

    for (uint32_t i = hk_package_info(package); i != 0; i = at->next) {
        at = hk_package_at(package, i);
        if (hk_package_id_name(at->id) == NULL)
            continue;
        if (at->id == HK_PACKAGE_VERSION_MAJOR) {
            hk_package_version(package, i, version, sizeof(version));
            printf("package:version: ");
            uvm_print_text(version);
        } else {
            printf("%s: ", hk_package_id_name(at->id));
            print_value(package, at);
        }
        putchar('\n');
    }
}

/* Attributes of one id become an array: [{"value": ..., children}]. */
static cJSON *json_tree(const struct hk_package *package, uint32_t list);

static cJSON *json_attribute(const struct hk_package *package,
                             const struct hk_package_attribute *at)
{
    cJSON *object = cJSON_CreateObject();

    if (at->type == HK_PACKAGE_STRING)
        cJSON_AddStringToObject(object, "value", at->value.string);
    else if (at->type != HK_PACKAGE_RAW)
        cJSON_AddNumberToObject(object, "value", (double)at->value.number);
    if (at->child != 0)
        cJSON_AddItemToObject(object, "attributes",
                              json_tree(package, at->child));
    return object;
}

/* As deep as hk_package_open allows, no deeper. */
static cJSON *json_tree(const struct hk_package *package, uint32_t list)
{
    cJSON *object = cJSON_CreateObject();
    const struct hk_package_attribute *at;

    for (; list != 0; list = at->next) {
        const char *name;
        cJSON *array;

        at = hk_package_at(package, list);
        name = hk_package_id_name(at->id);
        if (name == NULL)
            continue;
        array = cJSON_GetObjectItemCaseSensitive(object, name);
        if (array == NULL)
            array = cJSON_AddArrayToObject(object, name);
        cJSON_AddItemToArray(array, json_attribute(package, at));
    }
    return object;
}

/* How many bytes of UTF-8 make the character that a text begins with; 0: they
 * make none (RFC 3629). */
static int utf8_length(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    int length = at[0] < 0x80   ? 1
                 : at[0] < 0xc2 ? 0
                 : at[0] < 0xe0 ? 2
                 : at[0] < 0xf0 ? 3
                 : at[0] < 0xf5 ? 4
                                : 0;

    for (int i = 1; i < length; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0;
    return length;
}

/* JSON is UTF-8, names are bytes: one that is part of no character becomes the
 * escape of U+DC00 and itself, as Python has it (PEP 383). */
void uvm_print_json(cJSON *json)
{
    char *text = cJSON_Print(json);
    int length;

    if (text == NULL)
        uvm_fail(UVM_EXIT_FAILURE, "out of memory");
    for (const char *at = text; *at != '\0'; at += length > 0 ? length : 1) {
        length = utf8_length(at);
        if (length > 0)
            fwrite(at, 1, (size_t)length, stdout);
        else
            printf("\\udc%02x", (uint8_t)*at);
    }
    putchar('\n');
    free(text);
    cJSON_Delete(json);
}

static void show_info(const struct arguments *arguments)
{
    for (int i = 0; i < arguments->count; i++) {
        struct hk_package *package = open_package(arguments->words[i]);

        if (arguments->json)
            uvm_print_json(json_tree(package, hk_package_info(package)));
        else
            print_info(package);
        hk_package_close(package);
    }
}

/* ---- list ---- */

/* Walks the TOC without recursion: entries and the lists they came from. */
struct walk {
    const struct hk_package *package;
    uint32_t lists[256];
    size_t path_ends[256]; /* length of the path of each list's directory */
    unsigned depth;
    uint32_t children; /* of the entry that the path is of */
    char path[8192];
};

static void begin_walk(struct walk *walk, const struct hk_package *package)
{
    walk->package = package;
    walk->lists[0] = hk_package_toc(package);
    walk->path_ends[0] = 0;
    walk->depth = 1;
}

static void append_name(struct walk *walk, const char *name)
{
    size_t end = walk->path_ends[walk->depth - 1];

    snprintf(walk->path + end, sizeof(walk->path) - end, "%s%s",
             end > 0 ? "/" : "", name);
}

/* 1 and the next file, 0 behind the last; its path is walk->path. */
static int next_file(struct walk *walk, struct hk_package_file *file)
{
    uint32_t *list, entry;

    for (;;) {
        if (walk->depth == 0)
            return 0;
        list = &walk->lists[walk->depth - 1];
        entry = hk_package_find(walk->package, *list, HK_PACKAGE_ENTRY);
        if (entry != 0)
            break;
        walk->depth--;
    }
    *list = hk_package_at(walk->package, entry)->next;
    walk->children = hk_package_at(walk->package, entry)->child;
    hk_package_get_file(walk->package, entry, file);
    append_name(walk, file->name);
    if (file->type == HK_PACKAGE_DIRECTORY && walk->depth < 256) {
        walk->lists[walk->depth] = walk->children;
        walk->path_ends[walk->depth] = strlen(walk->path);
        walk->depth++;
    }
    return 1;
}

static void format_time(const struct hk_package_file *file, char text[32])
{
    time_t seconds = (time_t)file->mtime;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        strcpy(text, "?");
}

static void print_file(const char *path, const struct hk_package_file *file)
{
    char time[32];

    format_time(file, time);
    printf("%c%04o %10" PRIu64 " %s ", "-dl"[file->type], file -> permissions,
           file -> data.size, time);
    uvm_print_text(path);
    if (file->type == HK_PACKAGE_LINK) {
        printf(" -> ");
        uvm_print_text(file->target);
    }
    putchar('\n');
}

static void add_attribute(cJSON *file, const struct hk_package *package,
                          const struct hk_package_attribute *at)
{
    cJSON *list = cJSON_GetObjectItemCaseSensitive(file, "attributes");
    cJSON *attribute = cJSON_CreateObject();
    uint32_t type =
        hk_package_find(package, at->child, HK_PACKAGE_ATTRIBUTE_TYPE);
    uint32_t data = hk_package_find(package, at->child, HK_PACKAGE_DATA);

    if (list == NULL)
        list = cJSON_AddArrayToObject(file, "attributes");
    cJSON_AddStringToObject(attribute, "name", at->value.string);
    if (type != 0)
        cJSON_AddNumberToObject(
            attribute, "type",
            (double)hk_package_at(package, type)->value.number);
    cJSON_AddNumberToObject(
        attribute, "size",
        data != 0 ? (double)hk_package_at(package, data)->value.data.size : 0);
    cJSON_AddItemToArray(list, attribute);
}

/* What the format has of a file beside what struct hk_package_file says. */
static void add_details(cJSON *file, const struct hk_package *package,
                        uint32_t index)
{
    static const struct {
        enum hk_package_id id;
        const char *name;
    } details[] = {
        {HK_PACKAGE_USER, "user"},
        {HK_PACKAGE_GROUP, "group"},
        {HK_PACKAGE_ATIME, "atime"},
        {HK_PACKAGE_ATIME_NANOS, "atime-nanos"},
        {HK_PACKAGE_MTIME_NANOS, "mtime-nanos"},
        {HK_PACKAGE_CRTIME, "crtime"},
        {HK_PACKAGE_CRTIME_NANOS, "crtime-nanos"},
    };
    const struct hk_package_attribute *at;

    for (; index != 0; index = at->next) {
        at = hk_package_at(package, index);
        if (at->id == HK_PACKAGE_ATTRIBUTE)
            add_attribute(file, package, at);
        for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
            if (at->id != details[i].id)
                continue;
            if (at->type == HK_PACKAGE_STRING)
                cJSON_AddStringToObject(file, details[i].name,
                                        at->value.string);
            else
                cJSON_AddNumberToObject(file, details[i].name,
                                        (double)at->value.number);
        }
    }
}

static cJSON *json_file(const struct walk *walk,
                        const struct hk_package_file *file)
{
    static const char *const types[] = {"file", "directory", "link"};
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "path", walk->path);
    cJSON_AddStringToObject(object, "type", types[file->type]);
    cJSON_AddNumberToObject(object, "permissions", file->permissions);
    cJSON_AddNumberToObject(object, "mtime", (double)file->mtime);
    if (file->type == HK_PACKAGE_FILE)
        cJSON_AddNumberToObject(object, "size", (double)file->data.size);
    if (file->type == HK_PACKAGE_LINK)
        cJSON_AddStringToObject(object, "target", file->target);
    add_details(object, walk->package, walk->children);
    return object;
}

static void list_files(const struct arguments *arguments)
{
    struct hk_package *package = open_package(arguments->words[0]);
    static struct walk walk;
    struct hk_package_file file;
    cJSON *array = arguments->json ? cJSON_CreateArray() : NULL;

    begin_walk(&walk, package);
    while (next_file(&walk, &file)) {
        if (array != NULL)
            cJSON_AddItemToArray(array, json_file(&walk, &file));
        else
            print_file(walk.path, &file);
    }
    if (array != NULL)
        uvm_print_json(array);
    hk_package_close(package);
}

/* ---- content ---- */

static void copy_out(const char *name, struct hk_package *package,
                     const struct hk_package_data *data)
{
    static uint8_t bytes[1 << 16];
    struct hk_package_fault fault;

    for (uint64_t at = 0; at < data->size;) {
        int64_t size =
            hk_package_read(package, data, at, bytes, sizeof(bytes), &fault);

        if (size < 0)
            uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, fault.text);
        if (fwrite(bytes, 1, (size_t)size, stdout) != (size_t)size)
            uvm_fail(UVM_EXIT_FAILURE, "output: %s", strerror(errno));
        at += (uint64_t)size;
    }
}

static void print_content(const struct arguments *arguments)
{
    const char *name = arguments->words[0], *path = arguments->words[1];
    struct hk_package *package = open_package(name);
    uint32_t entry = hk_package_find_entry(package, path);
    struct hk_package_file file;

    if (entry == 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s: %s", name, path, strerror(ENOENT));
    hk_package_get_file(package, entry, &file);
    if (file.type != HK_PACKAGE_FILE)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s: not a regular file", name, path);
    copy_out(name, package, &file.data);
    hk_package_close(package);
}

static void add_extracted(cJSON *array, const char *name, uint64_t lost)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "package", name);
    cJSON_AddNumberToObject(object, "files-without-attributes", (double)lost);
    cJSON_AddItemToArray(array, object);
}

static void extract(const struct arguments *arguments)
{
    cJSON *array = arguments->json ? cJSON_CreateArray() : NULL;
    const char *to = arguments->directory;
    int directory = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct hk_package_fault fault;
    struct hk_root *root;
    char *attributes;

    if (directory < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", to, strerror(errno));
    root = uvm_root_around(to, &attributes);
    for (int i = 0; i < arguments->count; i++) {
        const char *name = arguments->words[i];
        struct hk_package *package = open_package(name);
        uint64_t lost = 0;

        if (hk_package_extract(package, directory, attributes, &lost, &fault) <
            0)
            uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, fault.text);
        if (lost > 0)
            uvm_message("%s: attributes of %" PRIu64
                        " files are lost: %s cannot keep them",
                        name, lost, to);
        if (array != NULL)
            add_extracted(array, name, lost);
        hk_package_close(package);
    }
    if (array != NULL)
        uvm_print_json(array);
    free(attributes);
    hk_root_close(root);
    close(directory);
}

/* What is wrong with a package: 0, or an error and what in *fault. */
static int find_fault(const char *name, struct hk_package_fault *fault)
{
    struct hk_package *package;
    int error = try_open(name, &package, fault);

    if (error < 0)
        return error;
    error = hk_package_verify(package, fault);
    hk_package_close(package);
    return error;
}

/* Each is told of, the wrong ones with their faults. */
static void verify(const struct arguments *arguments)
{
    cJSON *array = arguments->json ? cJSON_CreateArray() : NULL;
    int is_wrong = 0;

    for (int i = 0; i < arguments->count; i++) {
        const char *name = arguments->words[i];
        struct hk_package_fault fault = {.text = ""};
        int error = find_fault(name, &fault);
        cJSON *object = cJSON_CreateObject();

        if (error < 0)
            uvm_message("%s: %s", name, fault.text);
        is_wrong |= error < 0;
        cJSON_AddStringToObject(object, "package", name);
        cJSON_AddItemToObject(object, "fault",
                              error < 0 ? cJSON_CreateString(fault.text)
                                        : cJSON_CreateNull());
        if (array != NULL)
            cJSON_AddItemToArray(array, object);
        else
            cJSON_Delete(object);
    }
    if (array != NULL)
        uvm_print_json(array);
    if (is_wrong)
        exit(UVM_EXIT_FAILURE);
}

/* ---- making one ---- */

/* Names by enum hk_package_compression. */
static const char *const compressions[] = {"none", "zlib", "zstd"};

/* The package appears whole, or an older one stays. */
static void create(const struct arguments *arguments)
{
    const char *from = arguments->words[0], *name = arguments->words[1];
    struct hk_package_source source = {
        .directory = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct hk_package_fault fault;
    char temporary[4096];
    char *attributes;
    struct hk_root *root;
    int fd, error;

    if (source.directory < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", from, strerror(errno));
    if (snprintf(temporary, sizeof(temporary), "%s.new-%ld", name,
                 (long)getpid()) >= (int)sizeof(temporary))
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, strerror(ENAMETOOLONG));
    fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", name, strerror(errno));
    root = uvm_root_around(from, &attributes);
    source.root = root;
    source.attributes = attributes;
    error = hk_package_create(&source, fd, arguments->compression, &fault);
    if (error == 0 && (close(fd) != 0 || rename(temporary, name) != 0)) {
        snprintf(fault.text, sizeof(fault.text), "%s", strerror(errno));
        error = HK_PACKAGE_ERR_IO;
        from = name;
    }
    if (error < 0) {
        unlink(temporary);
        uvm_fail(UVM_EXIT_FAILURE, "%s: %s", from, fault.text);
    }
    free(attributes);
    hk_root_close(root);
    close(source.directory);
}

/* ---- the command line ---- */

static const struct {
    const char *name;
    void (*run)(const struct arguments *arguments);
    int count_min, count_max;
    int has_json;
} commands[] = {
    {"info", show_info, 1, 1 << 20, 1}, {"list", list_files, 1, 1, 1},
    {"cat", print_content, 2, 2, 0},    {"extract", extract, 1, 1 << 20, 1},
    {"verify", verify, 1, 1 << 20, 1},  {"create", create, 2, 2, 0},
};

_Noreturn static void refuse(void)
{
    fputs(usage, stderr);
    exit(UVM_EXIT_USAGE);
}

static enum hk_package_compression compression_named(const char *name)
{
    for (unsigned i = 0; i < sizeof(compressions) / sizeof(compressions[0]);
         i++)
        if (strcmp(name, compressions[i]) == 0)
            return (enum hk_package_compression)i;
    refuse();
}

static void parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int option;

    *arguments =
        (struct arguments){.directory = ".", .compression = HK_PACKAGE_ZSTD};
    while ((option = getopt_long(argc, argv, "C:z:h", options, NULL)) >= 0) {
        switch (option) {
        case 'j':
            arguments->json = 1;
            break;
        case 'C':
            arguments->directory = optarg;
            break;
        case 'z':
            arguments->compression = compression_named(optarg);
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

_Noreturn void uvm_package(int argc, char **argv)
{
    struct arguments arguments;

    parse(argc, argv, &arguments);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (arguments.count == 0 ||
            strcmp(commands[i].name, arguments.words[0]) != 0)
            continue;
        arguments.words++;
        arguments.count--;
        if (arguments.count < commands[i].count_min ||
            arguments.count > commands[i].count_max ||
            arguments.json > commands[i].has_json)
            refuse();
        commands[i].run(&arguments);
        if (fflush(stdout) != 0)
            uvm_fail(UVM_EXIT_FAILURE, "output: %s", strerror(errno));
        exit(0);
    }
    refuse();
}
