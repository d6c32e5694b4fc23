/* bytes.h -- numbers in little-endian bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_BYTES_H
#define TR_BYTES_H

#include <stdint.h>

static inline void tr_put(uint8_t *to, uint64_t value, int size)
{
    for (int i = 0; i < size; i++)
        to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t tr_get(const uint8_t *from, int size)
{
    uint64_t value = 0;

    for (int i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

#endif
