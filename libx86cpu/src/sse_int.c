/* sse_int.c -- handlers of integer and bitwise instructions on XMM. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

/* ---- destination op= source, which is aligned in memory ---- */

XCPU_SSE_OPERATION(PADDB_Vdq_Wdq, xcpu_vector_paddb)
XCPU_SSE_OPERATION(PADDW_Vdq_Wdq, xcpu_vector_paddw)
XCPU_SSE_OPERATION(PADDD_Vdq_Wdq, xcpu_vector_paddd)
XCPU_SSE_OPERATION(PADDQ_Vdq_Wdq, xcpu_vector_paddq)
XCPU_SSE_OPERATION(PADDSB_Vdq_Wdq, xcpu_vector_paddsb)
XCPU_SSE_OPERATION(PADDSW_Vdq_Wdq, xcpu_vector_paddsw)
XCPU_SSE_OPERATION(PADDUSB_Vdq_Wdq, xcpu_vector_paddusb)
XCPU_SSE_OPERATION(PADDUSW_Vdq_Wdq, xcpu_vector_paddusw)
XCPU_SSE_OPERATION(PSUBB_Vdq_Wdq, xcpu_vector_psubb)
XCPU_SSE_OPERATION(PSUBW_Vdq_Wdq, xcpu_vector_psubw)
XCPU_SSE_OPERATION(PSUBD_Vdq_Wdq, xcpu_vector_psubd)
XCPU_SSE_OPERATION(PSUBQ_Vdq_Wdq, xcpu_vector_psubq)
XCPU_SSE_OPERATION(PSUBSB_Vdq_Wdq, xcpu_vector_psubsb)
XCPU_SSE_OPERATION(PSUBSW_Vdq_Wdq, xcpu_vector_psubsw)
XCPU_SSE_OPERATION(PSUBUSB_Vdq_Wdq, xcpu_vector_psubusb)
XCPU_SSE_OPERATION(PSUBUSW_Vdq_Wdq, xcpu_vector_psubusw)
XCPU_SSE_OPERATION(PCMPEQB_Vdq_Wdq, xcpu_vector_pcmpeqb)
XCPU_SSE_OPERATION(PCMPEQW_Vdq_Wdq, xcpu_vector_pcmpeqw)
XCPU_SSE_OPERATION(PCMPEQD_Vdq_Wdq, xcpu_vector_pcmpeqd)
XCPU_SSE_OPERATION(PCMPGTB_Vdq_Wdq, xcpu_vector_pcmpgtb)
XCPU_SSE_OPERATION(PCMPGTW_Vdq_Wdq, xcpu_vector_pcmpgtw)
XCPU_SSE_OPERATION(PCMPGTD_Vdq_Wdq, xcpu_vector_pcmpgtd)
XCPU_SSE_OPERATION(PAND_Vdq_Wdq, xcpu_vector_pand)
XCPU_SSE_OPERATION(PANDN_Vdq_Wdq, xcpu_vector_pandn)
XCPU_SSE_OPERATION(POR_Vdq_Wdq, xcpu_vector_por)
XCPU_SSE_OPERATION(PXOR_Vdq_Wdq, xcpu_vector_pxor)
XCPU_SSE_OPERATION(ANDPS_Vps_Wps, xcpu_vector_pand)
XCPU_SSE_OPERATION(ANDPD_Vpd_Wpd, xcpu_vector_pand)
XCPU_SSE_OPERATION(ANDNPS_Vps_Wps, xcpu_vector_pandn)
XCPU_SSE_OPERATION(ANDNPD_Vpd_Wpd, xcpu_vector_pandn)
XCPU_SSE_OPERATION(ORPS_Vps_Wps, xcpu_vector_por)
XCPU_SSE_OPERATION(ORPD_Vpd_Wpd, xcpu_vector_por)
XCPU_SSE_OPERATION(XORPS_Vps_Wps, xcpu_vector_pxor)
XCPU_SSE_OPERATION(XORPD_Vpd_Wpd, xcpu_vector_pxor)
XCPU_SSE_OPERATION(PMULLW_Vdq_Wdq, xcpu_vector_pmullw)
XCPU_SSE_OPERATION(PMULHW_Vdq_Wdq, xcpu_vector_pmulhw)
XCPU_SSE_OPERATION(PMULHUW_Vdq_Wdq, xcpu_vector_pmulhuw)
XCPU_SSE_OPERATION(PMULUDQ_Vdq_Wdq, xcpu_vector_pmuludq)
XCPU_SSE_OPERATION(PMADDWD_Vdq_Wdq, xcpu_vector_pmaddwd)
XCPU_SSE_OPERATION(PAVGB_Vdq_Wdq, xcpu_vector_pavgb)
XCPU_SSE_OPERATION(PAVGW_Vdq_Wdq, xcpu_vector_pavgw)
XCPU_SSE_OPERATION(PMINUB_Vdq_Wdq, xcpu_vector_pminub)
XCPU_SSE_OPERATION(PMINSW_Vdq_Wdq, xcpu_vector_pminsw)
XCPU_SSE_OPERATION(PMAXUB_Vdq_Wdq, xcpu_vector_pmaxub)
XCPU_SSE_OPERATION(PMAXSW_Vdq_Wdq, xcpu_vector_pmaxsw)
XCPU_SSE_OPERATION(PSADBW_Vdq_Wdq, xcpu_vector_psadbw)
XCPU_SSE_OPERATION(PSLLW_Vdq_Wdq, xcpu_vector_psllw)
XCPU_SSE_OPERATION(PSLLD_Vdq_Wdq, xcpu_vector_pslld)
XCPU_SSE_OPERATION(PSLLQ_Vdq_Wdq, xcpu_vector_psllq)
XCPU_SSE_OPERATION(PSRLW_Vdq_Wdq, xcpu_vector_psrlw)
XCPU_SSE_OPERATION(PSRLD_Vdq_Wdq, xcpu_vector_psrld)
XCPU_SSE_OPERATION(PSRLQ_Vdq_Wdq, xcpu_vector_psrlq)
XCPU_SSE_OPERATION(PSRAW_Vdq_Wdq, xcpu_vector_psraw)
XCPU_SSE_OPERATION(PSRAD_Vdq_Wdq, xcpu_vector_psrad)
XCPU_SSE_OPERATION(PACKSSWB_Vdq_Wdq, xcpu_vector_packsswb)
XCPU_SSE_OPERATION(PACKSSDW_Vdq_Wdq, xcpu_vector_packssdw)
XCPU_SSE_OPERATION(PACKUSWB_Vdq_Wdq, xcpu_vector_packuswb)
XCPU_SSE_OPERATION(PUNPCKLBW_Vdq_Wdq, xcpu_vector_punpcklbw)
XCPU_SSE_OPERATION(PUNPCKLWD_Vdq_Wdq, xcpu_vector_punpcklwd)
XCPU_SSE_OPERATION(PUNPCKLDQ_Vdq_Wdq, xcpu_vector_punpckldq)
XCPU_SSE_OPERATION(PUNPCKLQDQ_Vdq_Wdq, xcpu_vector_punpcklqdq)
XCPU_SSE_OPERATION(PUNPCKHBW_Vdq_Wdq, xcpu_vector_punpckhbw)
XCPU_SSE_OPERATION(PUNPCKHWD_Vdq_Wdq, xcpu_vector_punpckhwd)
XCPU_SSE_OPERATION(PUNPCKHDQ_Vdq_Wdq, xcpu_vector_punpckhdq)
XCPU_SSE_OPERATION(PUNPCKHQDQ_Vdq_Wdq, xcpu_vector_punpckhqdq)
XCPU_SSE_OPERATION(PSIGNB_Vdq_Wdq, xcpu_vector_psignb)
XCPU_SSE_OPERATION(PSIGNW_Vdq_Wdq, xcpu_vector_psignw)
XCPU_SSE_OPERATION(PSIGND_Vdq_Wdq, xcpu_vector_psignd)
XCPU_SSE_OPERATION(PABSB_Vdq_Wdq, xcpu_vector_pabsb)
XCPU_SSE_OPERATION(PABSW_Vdq_Wdq, xcpu_vector_pabsw)
XCPU_SSE_OPERATION(PABSD_Vdq_Wdq, xcpu_vector_pabsd)
XCPU_SSE_OPERATION(PMULHRSW_Vdq_Wdq, xcpu_vector_pmulhrsw)
XCPU_SSE_OPERATION(PSHUFB_Vdq_Wdq, xcpu_vector_pshufb)
XCPU_SSE_OPERATION(PMADDUBSW_Vdq_Wdq, xcpu_vector_pmaddubsw)
XCPU_SSE_OPERATION(PHADDW_Vdq_Wdq, xcpu_vector_phaddw)
XCPU_SSE_OPERATION(PHADDD_Vdq_Wdq, xcpu_vector_phaddd)
XCPU_SSE_OPERATION(PHADDSW_Vdq_Wdq, xcpu_vector_phaddsw)
XCPU_SSE_OPERATION(PHSUBW_Vdq_Wdq, xcpu_vector_phsubw)
XCPU_SSE_OPERATION(PHSUBD_Vdq_Wdq, xcpu_vector_phsubd)
XCPU_SSE_OPERATION(PHSUBSW_Vdq_Wdq, xcpu_vector_phsubsw)
XCPU_SSE_OPERATION(PMINSB_Vdq_Wdq, xcpu_vector_pminsb)
XCPU_SSE_OPERATION(PMAXSB_Vdq_Wdq, xcpu_vector_pmaxsb)
XCPU_SSE_OPERATION(PMINUW_Vdq_Wdq, xcpu_vector_pminuw)
XCPU_SSE_OPERATION(PMAXUW_Vdq_Wdq, xcpu_vector_pmaxuw)
XCPU_SSE_OPERATION(PMINSD_Vdq_Wdq, xcpu_vector_pminsd)
XCPU_SSE_OPERATION(PMAXSD_Vdq_Wdq, xcpu_vector_pmaxsd)
XCPU_SSE_OPERATION(PMINUD_Vdq_Wdq, xcpu_vector_pminud)
XCPU_SSE_OPERATION(PMAXUD_Vdq_Wdq, xcpu_vector_pmaxud)
XCPU_SSE_OPERATION(PMULLD_Vdq_Wdq, xcpu_vector_pmulld)
XCPU_SSE_OPERATION(PMULDQ_Vdq_Wdq, xcpu_vector_pmuldq)
XCPU_SSE_OPERATION(PCMPEQQ_Vdq_Wdq, xcpu_vector_pcmpeqq)
XCPU_SSE_OPERATION(PCMPGTQ_Vdq_Wdq, xcpu_vector_pcmpgtq)
XCPU_SSE_OPERATION(PACKUSDW_Vdq_Wdq, xcpu_vector_packusdw)
XCPU_SSE_OPERATION(PHMINPOSUW_Vdq_Wdq, xcpu_vector_phminposuw)
XCPU_SSE_OPERATION(UNPCKLPS_Vps_Wps, xcpu_vector_punpckldq)
XCPU_SSE_OPERATION(UNPCKLPD_Vpd_Wpd, xcpu_vector_punpcklqdq)
XCPU_SSE_OPERATION(UNPCKHPS_Vps_Wps, xcpu_vector_punpckhdq)
XCPU_SSE_OPERATION(UNPCKHPD_Vpd_Wpd, xcpu_vector_punpckhqdq)

/* ---- shifts by immediates ---- */

#define SHIFT(id, op)                                                          \
    static inline void id##_body(struct xcpu *cpu,                             \
                                 const struct xcpu_slot *slot)                 \
    {                                                                          \
        xcpu_sse_set(                                                          \
            cpu, slot->rm,                                                     \
            op(xcpu_sse_get(cpu, slot->rm), xcpu_low64(slot->imm & 0xff)));    \
    }                                                                          \
    XCPU_REG_HANDLER(id##_body)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_body)};

/* PSLLDQ and PSRLDQ: the count is in bytes. */
static inline xcpu_vector shift_bytes_left(xcpu_vector a, xcpu_vector count)
{
    uint64_t bits = count[0] * 8;

    if (bits == 0)
        return a;
    if (bits >= 64)
        return (xcpu_vector){0, bits < 128 ? a[0] << (bits - 64) : 0};
    return (xcpu_vector){a[0] << bits, a[1] << bits | a[0] >> (64 - bits)};
}

static inline xcpu_vector shift_bytes_right(xcpu_vector a, xcpu_vector count)
{
    uint64_t bits = count[0] * 8;

    if (bits == 0)
        return a;
    if (bits >= 64)
        return xcpu_low64(bits < 128 ? a[1] >> (bits - 64) : 0);
    return (xcpu_vector){a[0] >> bits | a[1] << (64 - bits), a[1] >> bits};
}

SHIFT(PSLLW_Udq_Ib, xcpu_vector_psllw)
SHIFT(PSLLD_Udq_Ib, xcpu_vector_pslld)
SHIFT(PSLLQ_Udq_Ib, xcpu_vector_psllq)
SHIFT(PSRLW_Udq_Ib, xcpu_vector_psrlw)
SHIFT(PSRLD_Udq_Ib, xcpu_vector_psrld)
SHIFT(PSRLQ_Udq_Ib, xcpu_vector_psrlq)
SHIFT(PSRAW_Udq_Ib, xcpu_vector_psraw)
SHIFT(PSRAD_Udq_Ib, xcpu_vector_psrad)
SHIFT(PSLLDQ_Udq_Ib, shift_bytes_left)
SHIFT(PSRLDQ_Udq_Ib, shift_bytes_right)

/* ---- shuffles by immediates ---- */

static inline uint64_t dword_of(xcpu_vector v, uint32_t i)
{
    return v[i >> 1 & 1] >> 32 * (i & 1) & UINT32_MAX;
}

static inline uint64_t words_by(uint64_t v, uint32_t order)
{
    uint64_t result = 0;
    int i;

    for (i = 0; i < 4; i++)
        result |= (v >> 16 * (order >> 2 * i & 3) & 0xffff) << 16 * i;
    return result;
}

static inline xcpu_vector pshufd(xcpu_vector a, xcpu_vector b, uint32_t order)
{
    (void)a;
    return (xcpu_vector){dword_of(b, order) | dword_of(b, order >> 2) << 32,
                         dword_of(b, order >> 4) | dword_of(b, order >> 6)
                                                       << 32};
}

static inline xcpu_vector shufps(xcpu_vector a, xcpu_vector b, uint32_t order)
{
    return (xcpu_vector){dword_of(a, order) | dword_of(a, order >> 2) << 32,
                         dword_of(b, order >> 4) | dword_of(b, order >> 6)
                                                       << 32};
}

static inline xcpu_vector shufpd(xcpu_vector a, xcpu_vector b, uint32_t order)
{
    return (xcpu_vector){a[order & 1], b[order >> 1 & 1]};
}

static inline xcpu_vector pshuflw(xcpu_vector a, xcpu_vector b, uint32_t order)
{
    (void)a;
    return (xcpu_vector){words_by(b[0], order), b[1]};
}

static inline xcpu_vector pshufhw(xcpu_vector a, xcpu_vector b, uint32_t order)
{
    (void)a;
    return (xcpu_vector){b[0], words_by(b[1], order)};
}

XCPU_SSE_OPERATION_IMM(PSHUFD_Vdq_Wdq_Ib, pshufd)
XCPU_SSE_OPERATION_IMM(SHUFPS_Vps_Wps_Ib, shufps)
XCPU_SSE_OPERATION_IMM(SHUFPD_Vpd_Wpd_Ib, shufpd)
XCPU_SSE_OPERATION_IMM(PSHUFLW_Vdq_Wdq_Ib, pshuflw)
XCPU_SSE_OPERATION_IMM(PSHUFHW_Vdq_Wdq_Ib, pshufhw)

/* ---- words and masks to and from general registers ---- */

static inline void pinsrw_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    cpu->fpu.xmm[slot->reg].u16[slot->imm & 7] = *xcpu_reg16(cpu, slot->rm);
}

static inline void pinsrw_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    uint16_t word = xcpu_load16(cpu, slot, memory, address);

    cpu->fpu.xmm[slot->reg].u16[slot->imm & 7] = word;
}
XCPU_REG_HANDLER(pinsrw_reg)
XCPU_MEM_HANDLERS(pinsrw_mem)
XCPU_FORMS(PINSRW_Vdq_Ew_Ib) = {XCPU_REG(pinsrw_reg), XCPU_MEM(pinsrw_mem)};

static inline void pextrw(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->reg) = cpu->fpu.xmm[slot->rm].u16[slot->imm & 7];
}
XCPU_REG_HANDLER(pextrw)
XCPU_FORMS(PEXTRW_Gd_Udq_Ib) = {XCPU_REG(pextrw)};

static inline void pmovmskb(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->reg) =
        xcpu_vector_pmovmskb(xcpu_sse_get(cpu, slot->rm));
}
XCPU_REG_HANDLER(pmovmskb)
XCPU_FORMS(PMOVMSKB_Gd_Udq) = {XCPU_REG(pmovmskb)};

static inline void movmskps(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    const uint32_t *lanes = cpu->fpu.xmm[slot->rm].u32;

    *xcpu_reg32(cpu, slot->reg) = lanes[0] >> 31 | lanes[1] >> 31 << 1 |
                                  lanes[2] >> 31 << 2 | lanes[3] >> 31 << 3;
}
XCPU_REG_HANDLER(movmskps)
XCPU_FORMS(MOVMSKPS_Gd_Ups) = {XCPU_REG(movmskps)};

static inline void movmskpd(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    const uint64_t *lanes = cpu->fpu.xmm[slot->rm].u64;

    *xcpu_reg32(cpu, slot->reg) =
        (uint32_t)(lanes[0] >> 63 | lanes[1] >> 63 << 1);
}
XCPU_REG_HANDLER(movmskpd)
XCPU_FORMS(MOVMSKPD_Gd_Upd) = {XCPU_REG(movmskpd)};
