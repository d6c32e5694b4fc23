/* number.h -- numbers of variable length (LEB128): 7 bits a byte, low ones
 * first, bit 7 set in all but the last. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_NUMBER_H
#define TR_NUMBER_H

#include <stddef.h>
#include <stdint.h>

enum { TR_NUMBER_MAX = 10 };

/* Where its bytes end. */
static inline uint8_t *tr_put_number(uint8_t *to, uint64_t value)
{
    while (value >= 0x80) {
        *to++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *to++ = (uint8_t)value;
    return to;
}

/* NULL: it ends behind the end, or does not fit into 64 bits. */
static inline const uint8_t *tr_get_number(const uint8_t *from,
                                           const uint8_t *end, uint64_t *value)
{
    uint64_t number = 0;

    for (int shift = 0; shift < 64 && from < end; shift += 7) {
        uint64_t byte = *from++;

        if (shift == 63 && byte > 1)
            return NULL;
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = number;
            return from;
        }
    }
    return NULL;
}

#endif
