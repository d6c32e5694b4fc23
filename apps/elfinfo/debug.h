/* debug.h -- debugging information made ready for libdw. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_DEBUG_H
#define ELFINFO_DEBUG_H

#include <elfload/elf_debug.h>

#include "elfinfo.h"

/* A file as libdw takes it. */
struct inf_debug_image {
    uint8_t *bytes; /* on the heap; NULL: the file's own will do */
    size_t size;
    uint64_t *places; /* of an object file: of its sections, else NULL */
};

/* A header may claim more sections than the file has: they are forgotten. */
void inf_limit_sections(struct eld_elf *elf);

/*
 * Decompresses debugging information, behind the bytes of a copy of the file,
 * and applies the relocations of an object file to it, as if its sections of
 * code lay one behind the other: places has the address of each, 0 for those
 * without code. The number of sections is limited.
 */
void inf_make_debug_image(const struct eld_elf *elf,
                          struct inf_debug_image *image);
void inf_free_debug_image(struct inf_debug_image *image);

/* ---- decompress.c ---- */

/* compression->size bytes on the heap, or NULL and what is wrong. */
uint8_t *inf_decompress(const struct eld_elf *elf,
                        const struct eld_compression *compression,
                        const char **why);

/* ---- debug_file.c ---- */

/*
 * Finds the file that debugging information was moved to, by the build-id or
 * by .gnu_debuglink, as GDB does ("Debugging Information in Separate Files"):
 * 1, and it is read.
 */
int inf_read_debug_file(const struct inf_file *file, struct inf_input *input,
                        struct eld_elf *elf);

#endif
