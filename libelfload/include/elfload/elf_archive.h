/* elf_archive.h -- static libraries: archives of object files. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_ARCHIVE_H
#define ELFLOAD_ELF_ARCHIVE_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pure and without allocations, as elf_reader.h. */
struct eld_archive {
    const uint8_t *bytes;
    size_t size;
    uint8_t is_thin;       /* members are files of their own */
    struct eld_part names; /* names too long for their header; size 0: none */
};

struct eld_member {
    const char *name; /* of name_size bytes */
    size_t name_size;
    struct eld_part data; /* in the archive; size 0 in a thin one */
    uint64_t offset;      /* of its header */
};

/*
 * An archive as ar of System V, GNU or BSD writes it. ELD_ERR_NOT_FOUND for
 * any other file.
 */
int eld_read_archive(const void *bytes, size_t size,
                     struct eld_archive *archive, struct eld_fault *fault);

/*
 * The member at *offset (start with 0), which moves on behind it: 1, or 0 at
 * the end. The symbol index and the names are not members.
 */
int eld_next_member(const struct eld_archive *archive, uint64_t *offset,
                    struct eld_member *member, struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
