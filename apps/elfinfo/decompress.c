/* decompress.c -- the bytes of compressed sections. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "debug.h"

/* No format makes more bytes of one: what claims to is not tried. */
enum { ZLIB_RATIO = 1032, ZSTD_RATIO = 1 << 16 };

static const char bad_bytes[] = "compressed bytes are bad";

static const char *inflate_zlib(const uint8_t *from, size_t from_size,
                                uint8_t *to, size_t size)
{
    uLongf done = size;

    return uncompress(to, &done, from, from_size) == Z_OK && done == size
               ? NULL
               : bad_bytes;
}

static const char *inflate_zstd(const uint8_t *from, size_t from_size,
                                uint8_t *to, size_t size)
{
    return ZSTD_decompress(to, size, from, from_size) == size ? NULL
                                                              : bad_bytes;
}

uint8_t *inf_decompress(const struct eld_elf *elf,
                        const struct eld_compression *compression,
                        const char **why)
{
    const uint8_t *from = elf->bytes + compression->part.offset;
    uint64_t from_size = compression->part.size, size = compression->size;
    int is_zlib = compression->type == ELD_COMPRESS_ZLIB;

    if (eld_compression_name(compression->type) == NULL) {
        *why = "unknown kind of compression";
        return NULL;
    }
    *why = bad_bytes;
    if (size / (is_zlib ? ZLIB_RATIO : ZSTD_RATIO) > from_size)
        return NULL;
    uint8_t *to = malloc((size_t)size + 1);
    if (to == NULL)
        inf_fail("out of memory");
    *why = is_zlib ? inflate_zlib(from, from_size, to, size)
                   : inflate_zstd(from, from_size, to, size);
    if (*why == NULL)
        return to;
    free(to);
    return NULL;
}
