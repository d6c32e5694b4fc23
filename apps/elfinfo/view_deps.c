/* view_deps.c -- the libraries a program needs, and all that is missing. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_haiku.h>
#include <elfload/elf_link.h>
#include <elfload/elf_names.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "elfinfo.h"
#include "root.h"

static const struct inf_column image_columns[] = {
    {"index", NULL, 0}, {"name", "Library", 0},   {"path", NULL, 0},
    {"abi", NULL, 0},   {"api_version", NULL, 0}, {"needs", NULL, 0},
    {NULL, NULL, 0},
};

static const struct inf_column missing_columns[] = {
    {"kind", "Missing", -8},
    {"name", "Name", -28},
    {"version", "Version", -16},
    {"file", "Needed by", -28},
    {"error", "Why", 0},
    {"demangled", NULL, 0},
    {NULL, NULL, 0},
};

struct missing {
    int error;
    char *file, *name, *version, *line;
};

/* One program being looked at. */
struct deps {
    struct inf_file *file;
    struct inf_root *root;
    char program[ELD_PATH_MAX];   /* guest path */
    char directory[ELD_PATH_MAX]; /* of a program outside the root, or "" */
    struct missing *missing;
    uint32_t missing_count;
};

static char *copy(const char *text)
{
    char *result = strdup(text);

    if (result == NULL)
        inf_fail("out of memory");
    return result;
}

/* ---- the root ---- */

/* A program from outside the root has what lies beside it, too. */
static int read_beside(const char *path, struct inf_input *input)
{
    char *resolved = realpath(path, NULL);
    struct stat info;
    int error = 0;

    if (resolved == NULL || stat(resolved, &info) < 0)
        error = -errno;
    else if (!S_ISREG(info.st_mode))
        error = -EISDIR;
    else
        error = inf_read_input(resolved, input);
    free(resolved);
    return error;
}

static int read_file(const struct deps *deps, const char *path,
                     struct inf_input *input, char *real_path)
{
    size_t size = strlen(deps->directory);

    if (size == 0 || strncmp(path, deps->directory, size) != 0 ||
        path[size] != '/')
        return inf_root_read(deps->root, path, input, real_path, ELD_PATH_MAX);
    snprintf(real_path, ELD_PATH_MAX, "%s", path);
    return read_beside(path, input);
}

static int open_file(void *context, const char *path, struct eld_file *file)
{
    struct deps *deps = context;
    struct inf_input input, *owner;

    if (strcmp(path, deps->program) == 0) {
        /* It has been read already, maybe from the standard input. */
        snprintf(file->path, sizeof(file->path), "%s", path);
        file->bytes = deps->file->elf.bytes;
        file->size = deps->file->elf.size;
        file->owner = NULL;
        return 0;
    }
    int error = read_file(deps, path, &input, file->path);
    if (error < 0)
        return error;
    owner = malloc(sizeof(*owner));
    if (owner == NULL)
        inf_fail("out of memory");
    *owner = input;
    file->bytes = input.bytes;
    file->size = input.size;
    file->owner = owner;
    return 0;
}

static void close_file(void *context, struct eld_file *file)
{
    struct inf_input *owner = file->owner;

    (void)context;
    if (owner != NULL)
        inf_free_input(owner);
    free(owner);
}

/* The guest's path of a file in the root, else the host's. */
static void place_program(struct deps *deps)
{
    const char *name = deps->file->name;
    char *path = strcmp(name, "-") == 0 ? NULL : realpath(name, NULL);
    char *root = realpath(inf_root_directory(deps->root), NULL);
    size_t size = root != NULL ? strlen(root) : 0;

    if (size == 1)
        size = 0; /* "/" */
    if (path == NULL) {
        snprintf(deps->program, sizeof(deps->program), "/stdin");
    } else if (root != NULL && strncmp(path, root, size) == 0 &&
               path[size] == '/') {
        snprintf(deps->program, sizeof(deps->program), "%s", path + size);
    } else {
        snprintf(deps->program, sizeof(deps->program), "%s", path);
        snprintf(deps->directory, sizeof(deps->directory), "%.*s",
                 (int)(strrchr(path, '/') - path), path);
    }
    free(path);
    free(root);
}

/* The compiler ABI of the root's own libraries; 0 when there are none. */
static uint32_t system_abi(struct deps *deps)
{
    struct eld_haiku_version version = {0, 0, 0};
    struct eld_dynamic dynamic;
    struct eld_file file;
    struct eld_elf elf;

    memset(&file, 0, sizeof(file));
    if (open_file(deps, "/boot/system/lib/libroot.so", &file) < 0)
        return 0;
    if (eld_read_header(file.bytes, file.size, &elf, NULL) == 0 &&
        eld_read_dynamic(&elf, &dynamic, NULL) == 0)
        eld_read_haiku_version(&elf, &dynamic, &version);
    close_file(deps, &file);
    return version.abi;
}

/* ---- what is missing ---- */

static void report(void *context, const struct eld_fault *fault)
{
    struct deps *deps = context;
    struct missing *missing =
        realloc(deps->missing,
                (deps->missing_count + (size_t)1) * sizeof(*deps->missing));
    char line[2048];

    if (missing == NULL)
        inf_fail("out of memory");
    eld_fault_format(fault, line, sizeof(line));
    deps->missing = missing;
    missing[deps->missing_count++] =
        (struct missing){fault->error, copy(fault->file), copy(fault->name),
                         copy(fault->version), copy(line)};
}

static const char *kind_of(int error)
{
    switch (error) {
    case ELD_ERR_NO_LIBRARY:
        return "library";
    case ELD_ERR_NO_VERSION:
        return "version";
    case ELD_ERR_NO_SYMBOL:
    case ELD_ERR_SYMBOL_TYPE:
        return "symbol";
    default:
        return "file";
    }
}

static void put_missing(struct inf_file *file, const struct missing *missing)
{
    struct inf_output *out = file->out;
    char *demangled = inf_demangle(file, missing->name);
    int is_named = missing->name[0] != '\0';

    inf_put_text(out, kind_of(missing->error));
    inf_put_texts(out,
                  demangled != NULL ? demangled
                  : is_named        ? missing->name
                                    : missing->file,
                  is_named ? missing->name : missing->file);
    inf_put_text(out, missing->version[0] != '\0' ? missing->version : NULL);
    inf_put_text(out, is_named ? missing->file : NULL);
    inf_put_texts(out,
                  is_named ? eld_error_text(missing->error) : missing->line,
                  missing->line);
    inf_put_text(out, demangled);
    inf_end_row(out);
    free(demangled);
}

static void free_missing(struct deps *deps)
{
    for (uint32_t i = 0; i < deps->missing_count; i++) {
        free(deps->missing[i].file);
        free(deps->missing[i].name);
        free(deps->missing[i].version);
        free(deps->missing[i].line);
    }
    free(deps->missing);
}

/* ---- the tree ---- */

static void put_images(struct inf_output *out,
                       const struct eld_program *program)
{
    inf_begin_table(out, "images", NULL, image_columns);
    for (uint32_t i = 0; i < program->image_count; i++) {
        const struct eld_image *image = &program->images[i];

        inf_put_decimal(out, i);
        inf_put_text(out, image->name);
        inf_put_text(out, image->path);
        inf_put_decimal(out, image->abi);
        inf_put_decimal(out, image->api_version);
        inf_begin_list(out, " ");
        for (uint32_t j = 0; j < image->needed_count; j++)
            inf_add_item(out, program->images[image->needed[j]].name);
        inf_end_list(out);
        inf_end_row(out);
    }
    inf_end_table(out);
}

static void print_missing_of(const struct deps *deps,
                             const struct eld_image *image, uint32_t depth)
{
    for (uint32_t i = 0; i < deps->missing_count; i++) {
        const struct missing *missing = &deps->missing[i];

        if (missing->error == ELD_ERR_NO_LIBRARY &&
            strcmp(missing->file, image->path) == 0)
            inf_note(deps->file->out, "%*s%s: not found\n",
                     (int)(2 * depth + 2), "", missing->name);
    }
}

/* A place on the way down the tree. */
struct visit {
    uint32_t image, done;
};

/* Each image is opened once; where it comes again it is only named. */
static void print_tree(const struct deps *deps,
                       const struct eld_program *program)
{
    struct inf_output *out = deps->file->out;
    struct visit *stack = calloc(program->image_count, sizeof(*stack));
    uint8_t *is_seen = calloc(program->image_count, 1);
    uint32_t depth = 1;

    if (stack == NULL || is_seen == NULL)
        inf_fail("out of memory");
    is_seen[0] = 1;
    inf_note(out, "%s\n", program->images[0].path);
    print_missing_of(deps, &program->images[0], 1);
    while (depth > 0) {
        struct visit *visit = &stack[depth - 1];
        const struct eld_image *image = &program->images[visit->image];

        if (visit->done == image->needed_count) {
            depth--;
            continue;
        }
        uint32_t next = image->needed[visit->done++];
        const struct eld_image *needed = &program->images[next];
        inf_note(out, "%*s%s: %s%s\n", (int)(2 * depth + 2), "", needed->name,
                 needed->path,
                 is_seen[next] && needed->needed_count > 0 ? " (see above)"
                                                           : "");
        if (is_seen[next])
            continue;
        is_seen[next] = 1;
        print_missing_of(deps, needed, depth + 1);
        stack[depth++] = (struct visit){next, 0};
    }
    inf_note(out, "\n");
    free(stack);
    free(is_seen);
}

static void show(struct deps *deps, const struct eld_program *program)
{
    struct inf_output *out = deps->file->out;

    if (deps->file->options->is_json)
        put_images(out, program);
    else
        print_tree(deps, program);
    inf_begin_table(out, "missing", NULL, missing_columns);
    for (uint32_t i = 0; i < deps->missing_count; i++)
        put_missing(deps->file, &deps->missing[i]);
    inf_end_table(out);
    if (deps->missing_count > 0)
        deps->file->is_incomplete = 1;
    else
        inf_note(out, "Nothing is missing.\n");
}

void inf_show_deps(struct inf_file *file)
{
    struct deps deps = {.file = file};
    const struct eld_host host = {
        .context = &deps, .open = open_file, .close = close_file};
    struct eld_link_request request = {
        .program = deps.program,
        .target = eld_target_of(file->elf.machine),
        .library_path = file->options->library_path};
    struct eld_program *program;
    struct eld_fault fault;

    if (request.target == NULL) {
        const char *name = eld_machine_name(file->elf.machine, file->elf.is_64);
        inf_report_text(file, "dependencies: Haiku has no programs for %s",
                        name != NULL ? name : "this machine");
        return;
    }
    deps.root = inf_root_open(file, file->options->root);
    place_program(&deps);
    request.system_abi = system_abi(&deps);
    if (eld_inspect_program(&host, &request, report, &deps, &program, &fault) <
        0) {
        inf_report(file, &fault);
    } else {
        show(&deps, program);
        eld_program_free(program);
    }
    free_missing(&deps);
    inf_root_close(deps.root);
}
