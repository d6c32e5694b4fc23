/* elf_resources.h -- resources that Haiku's tools append to programs. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_RESOURCES_H
#define ELFLOAD_ELF_RESOURCES_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in elf_reader.h: pure, nothing allocated, 0 or 1 or ELD_ERR_*. */

struct eld_resources {
    struct eld_part part;   /* from their header to the end of the file */
    struct eld_table index; /* where the data of each are */
    struct eld_part infos;  /* types, ids and names of all */
    uint8_t is_big;         /* byte order, of its own */
};

struct eld_resource {
    uint32_t type; /* four characters, the first in the highest byte */
    int32_t id;
    const char *name; /* of name_size bytes, without a NUL */
    uint32_t name_size;
    struct eld_part data; /* in the file */
};

/* Start with all zeros. */
struct eld_resource_cursor {
    uint64_t offset; /* in the infos */
    uint32_t type;   /* of the block the cursor is in */
    uint8_t is_in_block;
};

/*
 * Resources begin behind everything else in the file: all segments, sections
 * and their headers, aligned to 8 bytes in files of 64 bits, else to the
 * largest alignment of a segment, at least 32 (Haiku's storage kit).
 * ELD_ERR_NOT_FOUND when the file ends there.
 */
int eld_find_resources(const struct eld_elf *elf,
                       struct eld_resources *resources,
                       struct eld_fault *fault);

/* 1 and the next resource that has data, or 0 at the end. */
int eld_next_resource(const struct eld_elf *elf,
                      const struct eld_resources *resources,
                      struct eld_resource_cursor *cursor,
                      struct eld_resource *resource, struct eld_fault *fault);

/* The first of that type and id. ELD_ERR_NOT_FOUND. */
int eld_find_resource(const struct eld_elf *elf,
                      const struct eld_resources *resources, uint32_t type,
                      int32_t id, struct eld_resource *resource,
                      struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
