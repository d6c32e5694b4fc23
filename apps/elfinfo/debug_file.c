/* debug_file.c -- finds separate files of debugging information. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "debug.h"

/* What the file wanted is known by. */
struct wanted {
    struct eld_note id; /* size 0: it has none */
    struct eld_debug_link link;
};

static int has_id(const struct eld_elf *elf, const struct eld_note *id)
{
    struct eld_note other;

    return id->size > 0 && eld_find_build_id(elf, &other, NULL) == 0 &&
           other.size == id->size &&
           memcmp(other.bytes, id->bytes, id->size) == 0;
}

static int has_sum(const struct eld_elf *elf, uint32_t crc)
{
    return (uint32_t)crc32_z(0, elf->bytes, elf->size) == crc;
}

/* The file at a path, if it is an ELF file and the one. */
static int read_candidate(const struct wanted *wanted, const char *path,
                          struct inf_input *input, struct eld_elf *elf)
{
    if (inf_read_input(path, input) < 0)
        return 0;
    if (eld_read_header(input->bytes, input->size, elf, NULL) == 0 &&
        (has_id(elf, &wanted->id) ||
         (wanted->link.name != NULL && has_sum(elf, wanted->link.crc))))
        return 1;
    inf_free_input(input);
    return 0;
}

/* DIRECTORY/.build-id/xx/xxxxxx.debug */
static int read_by_id(const struct wanted *wanted, const char *directory,
                      struct inf_input *input, struct eld_elf *elf)
{
    enum { ID_MAX = 64 };
    const struct eld_note *id = &wanted->id;
    char digits[2 * ID_MAX + 1], path[PATH_MAX];

    if (id->size < 2 || id->size > ID_MAX)
        return 0;
    for (uint32_t i = 0; i < id->size; i++)
        snprintf(digits + 2 * i, 3, "%02x", id->bytes[i]);
    return snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", directory,
                    digits, digits + 2) < PATH_MAX &&
           read_candidate(wanted, path, input, elf);
}

/* Beside the file, in .debug there, and below the directory for all of them. */
static int read_by_link(const struct wanted *wanted, const char *name,
                        const char *directory, struct inf_input *input,
                        struct eld_elf *elf)
{
    char *real = wanted->link.name != NULL ? realpath(name, NULL) : NULL;
    char path[PATH_MAX];
    int is_found = 0;

    if (real == NULL)
        return 0;
    *strrchr(real, '/') = '\0';
    const char *places[][3] = {
        {"", real, ""}, {"", real, "/.debug"}, {directory, real, ""}};
    for (int i = 0; i < 3 && !is_found; i++)
        is_found = snprintf(path, sizeof(path), "%s%s%s/%s", places[i][0],
                            places[i][1], places[i][2],
                            wanted->link.name) < PATH_MAX &&
                   read_candidate(wanted, path, input, elf);
    free(real);
    return is_found;
}

int inf_read_debug_file(const struct inf_file *file, struct inf_input *input,
                        struct eld_elf *elf)
{
    const char *directory = file->options->debug_directory;
    struct wanted wanted = {.id = {.size = 0}, .link = {.name = NULL}};

    eld_find_build_id(&file->elf, &wanted.id, NULL);
    eld_read_debug_link(&file->elf, &wanted.link, NULL);
    return read_by_id(&wanted, directory, input, elf) ||
           read_by_link(&wanted, file->name, directory, input, elf);
}
