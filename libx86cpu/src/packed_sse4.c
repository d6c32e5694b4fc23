/* packed_sse4.c -- packed integer operations of SSSE3 to SSE4.2 in C. */
/* SPDX-License-Identifier: MIT */
#include "packed_lanes.h"

/* ---- SSSE3 ---- */

#define SIGN(x, y) ((y) < 0 ? -(int64_t)(x) : (y) ? (x) : 0)
#define ABS(x)     ((x) < 0 ? -(int64_t)(x) : (x))

BYTES(psignb, SIGN(x, y))
WORDS(psignw, SIGN(x, y))
DWORDS(psignd, SIGN(x, y))
BYTES(pabsb, ABS(y))
WORDS(pabsw, ABS(y))
DWORDS(pabsd, ABS(y))
WORDS(pmulhrsw, (x * y + 0x4000) >> 15)

void xcpu_packed_pshufb(union xcpu_xmm *a, const union xcpu_xmm *b)
{
    union xcpu_xmm result;

    for (int i = 0; i < 16; i++)
        result.u8[i] = b->u8[i] & 0x80 ? 0 : a->u8[b->u8[i] & 15];
    *a = result;
}

/* Unsigned bytes of *a, signed ones of *b. */
void xcpu_packed_pmaddubsw(union xcpu_xmm *a, const union xcpu_xmm *b)
{
    for (int i = 0; i < 8; i++) {
        int low = a->u8[2 * i] * (int8_t)b->u8[2 * i];
        int high = a->u8[2 * i + 1] * (int8_t)b->u8[2 * i + 1];

        xcpu_lane_u16(a, i, xcpu_clamp(low + high, INT16_MIN, INT16_MAX));
    }
}

/* Neighbours of *a first, then those of *b; the value is of x and y. */
#define NEIGHBOURS(name, member, lanes, type, value)                           \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b)        \
    {                                                                          \
        union xcpu_xmm result;                                                 \
                                                                               \
        for (int i = 0; i < (lanes); i++) {                                    \
            const union xcpu_xmm *from = i < (lanes) / 2 ? a : b;              \
            int64_t x = (type)from->member[2 * i % (lanes)];                   \
            int64_t y = (type)from->member[2 * i % (lanes) + 1];               \
                                                                               \
            xcpu_lane_##member(&result, i, value);                             \
        }                                                                      \
        *a = result;                                                           \
    }

NEIGHBOURS(phaddw, u16, 8, int16_t, x + y)
NEIGHBOURS(phaddd, u32, 4, int32_t, x + y)
NEIGHBOURS(phaddsw, u16, 8, int16_t, xcpu_clamp(x + y, INT16_MIN, INT16_MAX))
NEIGHBOURS(phsubw, u16, 8, int16_t, x - y)
NEIGHBOURS(phsubd, u32, 4, int32_t, x - y)
NEIGHBOURS(phsubsw, u16, 8, int16_t, xcpu_clamp(x - y, INT16_MIN, INT16_MAX))

/* ---- SSE4.1, SSE4.2 ---- */

BYTES(pminsb, x < y ? x : y)
BYTES(pmaxsb, x > y ? x : y)
UWORDS(pminuw, x < y ? x : y)
UWORDS(pmaxuw, x > y ? x : y)
DWORDS(pminsd, x < y ? x : y)
DWORDS(pmaxsd, x > y ? x : y)
UDWORDS(pminud, x < y ? x : y)
UDWORDS(pmaxud, x > y ? x : y)
DWORDS(pmulld, (int64_t)x *y)
QWORDS(pmuldq, (int64_t)(int32_t)x *(int32_t)y)
QWORDS(pcmpeqq, x == y ? -1 : 0)
QWORDS(pcmpgtq, (int64_t)x > (int64_t)y ? -1 : 0)
PACK(packusdw, u32, 4, int32_t, u16, 0, UINT16_MAX)

/* The least word of *b and, in the next one, where it is first. */
void xcpu_packed_phminposuw(union xcpu_xmm *a, const union xcpu_xmm *b)
{
    int least = 0;

    for (int i = 1; i < 8; i++)
        if (b->u16[i] < b->u16[least])
            least = i;
    a->u64[0] = b->u16[least] | (uint64_t)least << 16;
    a->u64[1] = 0;
}
