/* mmx_packed.h -- packed integer operations on 16 bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_MMX_PACKED_H
#define X86CPU_MMX_PACKED_H

#include "fpu_state.h"

/* 16 bytes in a register of the host. */
typedef uint64_t xcpu_vector __attribute__((vector_size(16), may_alias));

/*
 * Operations *a = *a op *b by the names of their SSE2 instructions. MMX ones
 * are the low halves of the same, but for packing and unpacking, see mmx.c.
 */
#define XCPU_PACKED(X)                                                         \
    X(paddb)                                                                   \
    X(paddw)                                                                   \
    X(paddd)                                                                   \
    X(paddq)                                                                   \
    X(paddsb)                                                                  \
    X(paddsw)                                                                  \
    X(paddusb)                                                                 \
    X(paddusw)                                                                 \
    X(psubb)                                                                   \
    X(psubw)                                                                   \
    X(psubd)                                                                   \
    X(psubq)                                                                   \
    X(psubsb)                                                                  \
    X(psubsw)                                                                  \
    X(psubusb)                                                                 \
    X(psubusw)                                                                 \
    X(pcmpeqb)                                                                 \
    X(pcmpeqw)                                                                 \
    X(pcmpeqd)                                                                 \
    X(pcmpgtb)                                                                 \
    X(pcmpgtw)                                                                 \
    X(pcmpgtd)                                                                 \
    X(pand)                                                                    \
    X(pandn)                                                                   \
    X(por)                                                                     \
    X(pxor)                                                                    \
    X(pmullw)                                                                  \
    X(pmulhw)                                                                  \
    X(pmulhuw)                                                                 \
    X(pmuludq)                                                                 \
    X(pmaddwd)                                                                 \
    X(pavgb)                                                                   \
    X(pavgw)                                                                   \
    X(pminub)                                                                  \
    X(pminsw)                                                                  \
    X(pmaxub)                                                                  \
    X(pmaxsw)                                                                  \
    X(psadbw)                                                                  \
    X(psllw)                                                                   \
    X(pslld)                                                                   \
    X(psllq)                                                                   \
    X(psrlw)                                                                   \
    X(psrld)                                                                   \
    X(psrlq)                                                                   \
    X(psraw)                                                                   \
    X(psrad)                                                                   \
    X(packsswb)                                                                \
    X(packssdw)                                                                \
    X(packuswb)                                                                \
    X(punpcklbw)                                                               \
    X(punpcklwd)                                                               \
    X(punpckldq)                                                               \
    X(punpcklqdq)                                                              \
    X(punpckhbw)                                                               \
    X(punpckhwd)                                                               \
    X(punpckhdq)                                                               \
    X(punpckhqdq)

/* In C for any host: xcpu_packed_paddb and so on. */
#define X(name)                                                                \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b);
XCPU_PACKED(X)
#undef X

/* Later ones, which not all x86-64 hosts have (packed_sse4.c). */
#define XCPU_PACKED_SSE4(X)                                                    \
    X(psignb)                                                                  \
    X(psignw)                                                                  \
    X(psignd)                                                                  \
    X(pabsb)                                                                   \
    X(pabsw)                                                                   \
    X(pabsd)                                                                   \
    X(pmulhrsw)                                                                \
    X(pshufb)                                                                  \
    X(pmaddubsw)                                                               \
    X(phaddw)                                                                  \
    X(phaddd)                                                                  \
    X(phaddsw)                                                                 \
    X(phsubw)                                                                  \
    X(phsubd)                                                                  \
    X(phsubsw)                                                                 \
    X(pminsb)                                                                  \
    X(pmaxsb)                                                                  \
    X(pminuw)                                                                  \
    X(pmaxuw)                                                                  \
    X(pminsd)                                                                  \
    X(pmaxsd)                                                                  \
    X(pminud)                                                                  \
    X(pmaxud)                                                                  \
    X(pmulld)                                                                  \
    X(pmuldq)                                                                  \
    X(pcmpeqq)                                                                 \
    X(pcmpgtq)                                                                 \
    X(packusdw)                                                                \
    X(phminposuw)

#define X(name)                                                                \
    void xcpu_packed_##name(union xcpu_xmm *a, const union xcpu_xmm *b);       \
    static inline xcpu_vector xcpu_vector_##name(xcpu_vector a, xcpu_vector b) \
    {                                                                          \
        xcpu_packed_##name((union xcpu_xmm *)&a, (const union xcpu_xmm *)&b);  \
        return a;                                                              \
    }
XCPU_PACKED_SSE4(X)
#undef X

/* The quickest way on this host: xcpu_vector_paddb and so on. */
#if defined(__x86_64__)
#define X(name)                                                                \
    static inline xcpu_vector xcpu_vector_##name(xcpu_vector a, xcpu_vector b) \
    {                                                                          \
        __asm__(#name " %1, %0" : "+x"(a) : "x"(b));                           \
        return a;                                                              \
    }
#else
#define X(name)                                                                \
    static inline xcpu_vector xcpu_vector_##name(xcpu_vector a, xcpu_vector b) \
    {                                                                          \
        xcpu_packed_##name((union xcpu_xmm *)&a, (const union xcpu_xmm *)&b);  \
        return a;                                                              \
    }
#endif
XCPU_PACKED(X)
#undef X

/* A bit for the sign of each byte. */
static inline uint32_t xcpu_vector_pmovmskb(xcpu_vector a)
{
#if defined(__x86_64__)
    uint32_t mask;

    __asm__("pmovmskb %1, %0" : "=r"(mask) : "x"(a));
    return mask;
#else
    const uint8_t *bytes = (const uint8_t *)&a;
    uint32_t mask = 0;
    int i;

    for (i = 0; i < 16; i++)
        mask |= (uint32_t)(bytes[i] >> 7) << i;
    return mask;
#endif
}

#endif
