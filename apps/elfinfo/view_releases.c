/* view_releases.c -- which releases' libroot has what a file imports. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <haikuabi/haikuabi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "elfinfo.h"
#include "root.h"

static const struct inf_column columns[] = {
    {"against", "Against", -36},
    {"release", "Release", -10},
    {"is_satisfied", "Has all", -8},
    {"missing_count", "Missing", 0},
    {NULL, NULL, 0},
};

static const struct inf_column missing_columns[] = {
    {"against", "Against", -36},
    {"symbol", "Missing symbol", 0},
    {NULL, NULL, 0},
};

/* What one libroot, or a list of symbols, has: a libroot is asked through its
 * hash table, a list is sorted. */
struct candidate {
    const char *path;
    struct inf_input input;
    int is_elf;
    struct eld_elf elf;
    struct eld_dynamic dynamic;
    char **names;
    size_t name_count;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One name a line; what follows a blank is not looked at. */
static void split_list(struct candidate *candidate)
{
    size_t size = candidate->input.size;
    char *text = malloc(size + 1), *rest = text;

    if (text == NULL)
        inf_fail("out of memory");
    if (size > 0)
        memcpy(text, candidate->input.bytes, size);
    text[size] = '\0';
    inf_free_input(&candidate->input);
    candidate->input = (struct inf_input){(uint8_t *)text, size, -1};
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        line[strcspn(line, " \t\r")] = '\0';
        if (line[0] == '\0')
            continue;
        candidate->names =
            realloc(candidate->names,
                    (candidate->name_count + 1) * sizeof(*candidate->names));
        if (candidate->names == NULL)
            inf_fail("out of memory");
        candidate->names[candidate->name_count++] = line;
    }
    if (candidate->name_count > 0)
        qsort(candidate->names, candidate->name_count,
              sizeof(*candidate->names), compare);
}

/* 0 or a negative errno value. */
static int read_libroot(struct inf_file *file, const char *path,
                        struct inf_input *input)
{
    struct inf_root *root = inf_root_open(file, path);
    char real_path[4096];
    int error = inf_root_read(root, "/boot/system/lib/libroot.so", input,
                              real_path, sizeof(real_path));

    inf_root_close(root);
    return error;
}

static int open_candidate(struct inf_file *file, const char *path,
                          struct candidate *candidate)
{
    struct eld_fault fault;
    struct stat info;
    int error;

    *candidate = (struct candidate){.path = path};
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        error = read_libroot(file, path, &candidate->input);
    else
        error = inf_read_input(path, &candidate->input);
    if (error < 0) {
        inf_report_text(file, "releases: %s: %s", path, strerror(-error));
        return 0;
    }
    candidate->is_elf = candidate->input.size >= SELFMAG &&
                        memcmp(candidate->input.bytes, ELFMAG, SELFMAG) == 0;
    if (!candidate->is_elf) {
        split_list(candidate);
        return 1;
    }
    if (eld_read_header(candidate->input.bytes, candidate->input.size,
                        &candidate->elf, &fault) == 0 &&
        eld_read_dynamic(&candidate->elf, &candidate->dynamic, &fault) == 0)
        return 1;
    char line[1024];
    eld_fault_format(&fault, line, sizeof(line));
    inf_report_text(file, "releases: %s: %s", path, line);
    return 0;
}

static int has(const struct candidate *candidate, const char *name)
{
    struct eld_symbol symbol;

    if (!candidate->is_elf)
        return candidate->name_count > 0 &&
               bsearch(&name, candidate->names, candidate->name_count,
                       sizeof(*candidate->names), compare) != NULL;
    return eld_find_symbol(&candidate->elf, &candidate->dynamic, name, &symbol,
                           NULL) == 0;
}

static int64_t look_up(void *context, const char *name)
{
    const struct candidate *candidate = context;
    struct eld_symbol symbol;
    struct eld_part part;

    if (eld_find_symbol(&candidate->elf, &candidate->dynamic, name, &symbol,
                        NULL) < 0 ||
        eld_find_address(&candidate->elf, symbol.value, 1, &part, NULL) < 0)
        return -1;
    return (int64_t)part.offset;
}

static const char *release_of(struct candidate *candidate)
{
    if (!candidate->is_elf || candidate->elf.machine != EM_386)
        return NULL;
    int release = hk_detect_release(candidate->input.bytes,
                                    candidate->input.size, look_up, candidate);
    return release < 0 ? NULL : hk_release_name((enum hk_release)release);
}

/* An import is libroot's when any candidate has it, or when the file needs
 * nothing else. Weak ones may be missing. */
static int is_wanted(const struct inf_file *file,
                     const struct candidate *candidates, size_t count,
                     const struct eld_symbol *symbol)
{
    if (symbol->section != SHN_UNDEF || symbol->bind != STB_GLOBAL)
        return 0;
    if (file->dynamic.needed_count <= 1)
        return 1;
    for (size_t i = 0; i < count; i++) {
        if (has(&candidates[i], symbol->name))
            return 1;
    }
    return 0;
}

/* The wanted symbols that one candidate lacks; put: into the open table. */
static uint64_t find_missing(struct inf_file *file,
                             const struct candidate *candidates, size_t count,
                             const struct candidate *candidate, int put)
{
    uint64_t end = eld_count_symbols(&file->elf, &file->dynamic), missing = 0;
    struct eld_symbol symbol;

    for (uint64_t i = 1; i < end; i++) {
        if (eld_read_symbol(&file->elf, &file->dynamic.symbols, i, &symbol,
                            NULL) < 0 ||
            !is_wanted(file, candidates, count, &symbol) ||
            has(candidate, symbol.name))
            continue;
        missing++;
        if (!put)
            continue;
        inf_put_text(file->out, candidate->path);
        inf_put_text(file->out, symbol.name);
        inf_end_row(file->out);
    }
    return missing;
}

static void show(struct inf_file *file, struct candidate *candidates,
                 size_t count)
{
    int is_any = 0;

    inf_begin_table(file->out, "releases", "Releases", columns);
    for (size_t i = 0; i < count; i++) {
        uint64_t missing =
            find_missing(file, candidates, count, &candidates[i], 0);

        is_any |= missing == 0;
        inf_put_text(file->out, candidates[i].path);
        inf_put_text(file->out, release_of(&candidates[i]));
        inf_put_bool(file->out, missing == 0);
        inf_put_decimal(file->out, missing);
        inf_end_row(file->out);
    }
    inf_end_table(file->out);
    inf_begin_table(file->out, "missing_symbols", NULL, missing_columns);
    for (size_t i = 0; i < count; i++)
        find_missing(file, candidates, count, &candidates[i], 1);
    inf_end_table(file->out);
    if (!is_any)
        file->is_incomplete = 1;
}

void inf_show_releases(struct inf_file *file)
{
    const struct inf_options *options = file->options;
    size_t room = (size_t)options->against_count, count = 0;
    struct candidate *candidates = calloc(room + 1, sizeof(*candidates));

    if (candidates == NULL)
        inf_fail("out of memory");
    for (size_t i = 0; i < room; i++)
        count += (size_t)open_candidate(file, options->against[i],
                                        &candidates[count]);
    if (room == 0)
        inf_report_text(file, "releases: --against names no root, libroot or "
                              "list of symbols");
    else if (file->is_dynamic && count > 0)
        show(file, candidates, count);
    for (size_t i = 0; i < count; i++) {
        inf_free_input(&candidates[i].input);
        free(candidates[i].names);
    }
    free(candidates);
}
