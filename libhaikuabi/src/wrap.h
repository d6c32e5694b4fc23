/* wrap.h -- sums of numbers that a guest gave, as its processor makes them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_WRAP_H
#define HK_WRAP_H

#include <stdint.h>

/* Modulo 2^64. */
static inline int64_t hk_sum(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t hk_difference(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

#endif
