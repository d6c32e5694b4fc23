/* mmx_packed.c -- packed integer operations in C. */
/* SPDX-License-Identifier: MIT */
#include "packed_lanes.h"

BYTES(paddb, x + y)
WORDS(paddw, x + y)
DWORDS(paddd, (int64_t)x + y)
QWORDS(paddq, x + y)
BYTES(paddsb, xcpu_clamp(x + y, INT8_MIN, INT8_MAX))
WORDS(paddsw, xcpu_clamp(x + y, INT16_MIN, INT16_MAX))
UBYTES(paddusb, xcpu_clamp(x + y, 0, UINT8_MAX))
UWORDS(paddusw, xcpu_clamp(x + y, 0, UINT16_MAX))
BYTES(psubb, x - y)
WORDS(psubw, x - y)
DWORDS(psubd, (int64_t)x - y)
QWORDS(psubq, x - y)
BYTES(psubsb, xcpu_clamp(x - y, INT8_MIN, INT8_MAX))
WORDS(psubsw, xcpu_clamp(x - y, INT16_MIN, INT16_MAX))
UBYTES(psubusb, xcpu_clamp(x - y, 0, UINT8_MAX))
UWORDS(psubusw, xcpu_clamp(x - y, 0, UINT16_MAX))
BYTES(pcmpeqb, x == y ? -1 : 0)
WORDS(pcmpeqw, x == y ? -1 : 0)
DWORDS(pcmpeqd, x == y ? -1 : 0)
BYTES(pcmpgtb, x > y ? -1 : 0)
WORDS(pcmpgtw, x > y ? -1 : 0)
DWORDS(pcmpgtd, x > y ? -1 : 0)
QWORDS(pand, x &y)
QWORDS(pandn, ~x &y)
QWORDS(por, x | y)
QWORDS(pxor, x ^ y)
WORDS(pmullw, x *y)
WORDS(pmulhw, (uint32_t)(x *y) >> 16)
UWORDS(pmulhuw, (uint32_t)x *y >> 16)
QWORDS(pmuludq, (uint64_t)(uint32_t)x *(uint32_t)y)
UBYTES(pavgb, (x + y + 1) >> 1)
UWORDS(pavgw, (x + y + 1) >> 1)
UBYTES(pminub, x < y ? x : y)
WORDS(pminsw, x < y ? x : y)
UBYTES(pmaxub, x > y ? x : y)
WORDS(pmaxsw, x > y ? x : y)

void xcpu_packed_pmaddwd(union xcpu_xmm *a, const union xcpu_xmm *b)
{
    int i;

    for (i = 0; i < 4; i++) {
        int32_t low = (int16_t)a->u16[2 * i] * (int16_t)b->u16[2 * i];
        int32_t high = (int16_t)a->u16[2 * i + 1] * (int16_t)b->u16[2 * i + 1];

        a->u32[i] = (uint32_t)low + (uint32_t)high;
    }
}

void xcpu_packed_psadbw(union xcpu_xmm *a, const union xcpu_xmm *b)
{
    int half, i;

    for (half = 0; half < 2; half++) {
        uint64_t sum = 0;

        for (i = 8 * half; i < 8 * half + 8; i++)
            sum += a->u8[i] > b->u8[i] ? (uint64_t)(a->u8[i] - b->u8[i])
                                       : (uint64_t)(b->u8[i] - a->u8[i]);
        a->u64[half] = sum;
    }
}

/* ---- shifts: all 64 bits of the count matter ---- */

#define SHIFT_LEFT(name, member, lanes, bits)                                  \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        uint64_t count = b->u64[0];                                            \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++)                                          \
            xcpu_lane_##member(                                                \
                a, i,                                                          \
                count < (bits) ? (int64_t)((uint64_t)a->member[i] << count)    \
                               : 0);                                           \
    }

#define SHIFT_RIGHT(name, member, lanes, bits)                                 \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        uint64_t count = b->u64[0];                                            \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++)                                          \
            xcpu_lane_##member(                                                \
                a, i,                                                          \
                count < (bits) ? (int64_t)((uint64_t)a->member[i] >> count)    \
                               : 0);                                           \
    }

/* Ones come in from the left of a negative lane. */
#define SHIFT_SIGNED(name, member, lanes, bits)                                \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        uint64_t count = b->u64[0] < (bits) ? b->u64[0] : (bits)-1;            \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++) {                                        \
            uint64_t fill = a->member[i] >> ((bits)-1) ? UINT64_MAX : 0;       \
                                                                               \
            xcpu_lane_##member(a, i,                                           \
                               (int64_t)((uint64_t)a->member[i] >> count |     \
                                         fill << ((bits)-count)));             \
        }                                                                      \
    }

SHIFT_LEFT(psllw, u16, 8, 16)
SHIFT_LEFT(pslld, u32, 4, 32)
SHIFT_LEFT(psllq, u64, 2, 64)
SHIFT_RIGHT(psrlw, u16, 8, 16)
SHIFT_RIGHT(psrld, u32, 4, 32)
SHIFT_RIGHT(psrlq, u64, 2, 64)
SHIFT_SIGNED(psraw, u16, 8, 16)
SHIFT_SIGNED(psrad, u32, 4, 32)

/* ---- packing: lanes of *a first, then those of *b ---- */

PACK(packsswb, u16, 8, int16_t, u8, INT8_MIN, INT8_MAX)
PACK(packuswb, u16, 8, int16_t, u8, 0, UINT8_MAX)
PACK(packssdw, u32, 4, int32_t, u16, INT16_MIN, INT16_MAX)

/* ---- unpacking: lanes of both by turns, of the low or the high half ---- */

#define UNPACK(name, member, lanes, from)                                      \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        union xcpu_xmm result;                                                 \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes) / 2; i++) {                                    \
            result.member[2 * i] = a->member[(from) + i];                      \
            result.member[2 * i + 1] = b->member[(from) + i];                  \
        }                                                                      \
        *a = result;                                                           \
    }

UNPACK(punpcklbw, u8, 16, 0)
UNPACK(punpcklwd, u16, 8, 0)
UNPACK(punpckldq, u32, 4, 0)
UNPACK(punpcklqdq, u64, 2, 0)
UNPACK(punpckhbw, u8, 16, 8)
UNPACK(punpckhwd, u16, 8, 4)
UNPACK(punpckhdq, u32, 4, 2)
UNPACK(punpckhqdq, u64, 2, 1)
