/* elf_debug.h -- where a file's debugging information is. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_ELF_DEBUG_H
#define ELFLOAD_ELF_DEBUG_H

#include <elfload/elf_reader.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As in elf_reader.h: pure, nothing allocated, 0 or ELD_ERR_*. */

enum { ELD_COMPRESS_ZLIB = 1, ELD_COMPRESS_ZSTD = 2 }; /* ELFCOMPRESS_* */

/* How the bytes of a section are compressed (gABI, "Section compression"). */
struct eld_compression {
    uint32_t type;        /* ELD_COMPRESS_* */
    uint64_t size, align; /* of the section when it is not compressed */
    struct eld_part part; /* the compressed bytes */
};

/* Of a section with SHF_COMPRESSED, or of one of GNU's older kind, which is
 * named ".zdebug..." and begins with "ZLIB". Else ELD_ERR_NOT_FOUND. */
int eld_section_compression(const struct eld_elf *elf,
                            const struct eld_section *section,
                            struct eld_compression *compression,
                            struct eld_fault *fault);

/* "ZLIB", "ZSTD", or NULL. */
const char *eld_compression_name(uint32_t type);

/* The file that debugging information was moved to (.gnu_debuglink). It may
 * also be found by the build-id: eld_find_build_id. */
struct eld_debug_link {
    const char *name; /* without a directory */
    uint32_t crc;     /* of the whole file, as zlib's crc32() has it */
};

/* ELD_ERR_NOT_FOUND when there is none. */
int eld_read_debug_link(const struct eld_elf *elf, struct eld_debug_link *link,
                        struct eld_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
