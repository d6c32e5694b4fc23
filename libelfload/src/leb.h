/* leb.h -- a range of bytes that is read from its start on. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFLOAD_LEB_H
#define ELFLOAD_LEB_H

#include "bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is left of the range; reading beyond its end gives 0 and is_short. */
struct eld_stream {
    const struct eld_elf *elf; /* its byte order and class */
    const uint8_t *p, *end;
    uint8_t is_short;
};

/* size bytes and moves on, or NULL. */
static inline const uint8_t *eld_take(struct eld_stream *stream, uint64_t size)
{
    const uint8_t *p = stream->p;

    if (stream->is_short || size > (uint64_t)(stream->end - p)) {
        stream->is_short = 1;
        return NULL;
    }
    stream->p += size;
    return p;
}

static inline uint8_t eld_take8(struct eld_stream *stream)
{
    const uint8_t *p = eld_take(stream, 1);

    return p == NULL ? 0 : *p;
}

static inline uint16_t eld_take16(struct eld_stream *stream)
{
    const uint8_t *p = eld_take(stream, 2);

    return p == NULL ? (uint16_t)0 : eld_load16(stream->elf, p);
}

static inline uint32_t eld_take32(struct eld_stream *stream)
{
    const uint8_t *p = eld_take(stream, 4);

    return p == NULL ? 0 : eld_load32(stream->elf, p);
}

static inline uint64_t eld_take64(struct eld_stream *stream)
{
    const uint8_t *p = eld_take(stream, 8);

    return p == NULL ? 0 : eld_load64(stream->elf, p);
}

/* A number of the class's size. */
static inline uint64_t eld_take_word(struct eld_stream *stream)
{
    return stream->elf->is_64 ? eld_take64(stream) : eld_take32(stream);
}

/* LEB128 (DWARF 5, 7.6); bits beyond 64 are lost. */
uint64_t eld_take_uleb(struct eld_stream *stream);
int64_t eld_take_sleb(struct eld_stream *stream);

/* A string with its NUL, or NULL. */
const char *eld_take_string(struct eld_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
