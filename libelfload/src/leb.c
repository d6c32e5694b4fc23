/* leb.c -- numbers of variable size and strings. */
/* SPDX-License-Identifier: MIT */

#include "leb.h"

#include <string.h>

/* The bits, how many there are, and whether the last byte said "negative". */
static uint64_t take_leb(struct eld_stream *stream, unsigned *bits, int *sign)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte;

    do {
        byte = eld_take8(stream);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    *bits = shift;
    *sign = (byte & 0x40) != 0;
    return value;
}

uint64_t eld_take_uleb(struct eld_stream *stream)
{
    unsigned bits;
    int sign;

    return take_leb(stream, &bits, &sign);
}

int64_t eld_take_sleb(struct eld_stream *stream)
{
    unsigned bits;
    int sign;
    uint64_t value = take_leb(stream, &bits, &sign);

    if (sign && bits < 64)
        value |= UINT64_MAX << bits;
    return (int64_t)value;
}

const char *eld_take_string(struct eld_stream *stream)
{
    const uint8_t *p = stream->p;
    size_t left = (size_t)(stream->end - p);
    const uint8_t *nul = stream->is_short ? NULL : memchr(p, '\0', left);

    if (nul == NULL) {
        stream->is_short = 1;
        return NULL;
    }
    stream->p = nul + 1;
    return (const char *)p;
}
