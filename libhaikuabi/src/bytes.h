/* bytes.h -- little-endian numbers in guest structures. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_BYTES_H
#define HK_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void hk_put16(void *to, uint16_t value)
{
    uint8_t *bytes = (uint8_t *)to;

    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void hk_put32(void *to, uint32_t value)
{
    hk_put16(to, (uint16_t)value);
    hk_put16((uint8_t *)to + 2, (uint16_t)(value >> 16));
}

static inline void hk_put64(void *to, uint64_t value)
{
    hk_put32(to, (uint32_t)value);
    hk_put32((uint8_t *)to + 4, (uint32_t)(value >> 32));
}

static inline uint16_t hk_get16(const void *from)
{
    const uint8_t *bytes = (const uint8_t *)from;

    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t hk_get32(const void *from)
{
    return hk_get16(from) | (uint32_t)hk_get16((const uint8_t *)from + 2) << 16;
}

static inline uint64_t hk_get64(const void *from)
{
    return hk_get32(from) | (uint64_t)hk_get32((const uint8_t *)from + 4) << 32;
}

#endif
