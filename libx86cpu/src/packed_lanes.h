/* packed_lanes.h -- what packed integer operations in C are made of. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_PACKED_LANES_H
#define X86CPU_PACKED_LANES_H

#include "mmx_packed.h"

/*
 * DEFINE(name, member, lanes, value): each lane i of *a becomes the value, an
 * expression in x and y, the lanes of both operands.
 */
#define DEFINE(name, member, lanes, type, value)                               \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++) {                                        \
            type x = (type)a->member[i];                                       \
            type y = (type)b->member[i];                                       \
                                                                               \
            (void)x;                                                           \
            (void)y;                                                           \
            xcpu_lane_##member(a, i, (int64_t)(value));                        \
        }                                                                      \
    }

static inline void xcpu_lane_u8(union xcpu_xmm *a, int i, int64_t value)
{
    a->u8[i] = (uint8_t)value;
}

static inline void xcpu_lane_u16(union xcpu_xmm *a, int i, int64_t value)
{
    a->u16[i] = (uint16_t)value;
}

static inline void xcpu_lane_u32(union xcpu_xmm *a, int i, int64_t value)
{
    a->u32[i] = (uint32_t)value;
}

static inline void xcpu_lane_u64(union xcpu_xmm *a, int i, int64_t value)
{
    a->u64[i] = (uint64_t)value;
}

static inline int64_t xcpu_clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

#define BYTES(name, value)   DEFINE(name, u8, 16, int8_t, value)
#define UBYTES(name, value)  DEFINE(name, u8, 16, uint8_t, value)
#define WORDS(name, value)   DEFINE(name, u16, 8, int16_t, value)
#define UWORDS(name, value)  DEFINE(name, u16, 8, uint16_t, value)
#define DWORDS(name, value)  DEFINE(name, u32, 4, int32_t, value)
#define UDWORDS(name, value) DEFINE(name, u32, 4, uint32_t, value)
#define QWORDS(name, value)  DEFINE(name, u64, 2, uint64_t, value)

/* Lanes of *a first, then those of *b, each clamped. */
#define PACK(name, from, lanes, type, to, low, high)                           \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        union xcpu_xmm result;                                                 \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++) {                                        \
            xcpu_lane_##to(&result, i,                                         \
                           xcpu_clamp((type)a->from[i], low, high));           \
            xcpu_lane_##to(&result, i + (lanes),                               \
                           xcpu_clamp((type)b->from[i], low, high));           \
        }                                                                      \
        *a = result;                                                           \
    }

#endif
