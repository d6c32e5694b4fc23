/* sse_int.c -- handlers of integer and bitwise instructions on XMM. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

/* ---- destination op= source, which is aligned in memory ---- */

#define OPERATION(id, op)                                                      \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(                                                          \
            cpu, slot->reg,                                                    \
            op(xcpu_sse_get(cpu, slot->reg), xcpu_sse_get(cpu, slot->rm)));    \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg, op(xcpu_sse_get(cpu, slot->reg), b));     \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

OPERATION(PADDB_Vdq_Wdq, xcpu_vector_paddb)
OPERATION(PADDW_Vdq_Wdq, xcpu_vector_paddw)
OPERATION(PADDD_Vdq_Wdq, xcpu_vector_paddd)
OPERATION(PADDQ_Vdq_Wdq, xcpu_vector_paddq)
OPERATION(PADDSB_Vdq_Wdq, xcpu_vector_paddsb)
OPERATION(PADDSW_Vdq_Wdq, xcpu_vector_paddsw)
OPERATION(PADDUSB_Vdq_Wdq, xcpu_vector_paddusb)
OPERATION(PADDUSW_Vdq_Wdq, xcpu_vector_paddusw)
OPERATION(PSUBB_Vdq_Wdq, xcpu_vector_psubb)
OPERATION(PSUBW_Vdq_Wdq, xcpu_vector_psubw)
OPERATION(PSUBD_Vdq_Wdq, xcpu_vector_psubd)
OPERATION(PSUBQ_Vdq_Wdq, xcpu_vector_psubq)
OPERATION(PSUBSB_Vdq_Wdq, xcpu_vector_psubsb)
OPERATION(PSUBSW_Vdq_Wdq, xcpu_vector_psubsw)
OPERATION(PSUBUSB_Vdq_Wdq, xcpu_vector_psubusb)
OPERATION(PSUBUSW_Vdq_Wdq, xcpu_vector_psubusw)
OPERATION(PCMPEQB_Vdq_Wdq, xcpu_vector_pcmpeqb)
OPERATION(PCMPEQW_Vdq_Wdq, xcpu_vector_pcmpeqw)
OPERATION(PCMPEQD_Vdq_Wdq, xcpu_vector_pcmpeqd)
OPERATION(PCMPGTB_Vdq_Wdq, xcpu_vector_pcmpgtb)
OPERATION(PCMPGTW_Vdq_Wdq, xcpu_vector_pcmpgtw)
OPERATION(PCMPGTD_Vdq_Wdq, xcpu_vector_pcmpgtd)
OPERATION(PAND_Vdq_Wdq, xcpu_vector_pand)
OPERATION(PANDN_Vdq_Wdq, xcpu_vector_pandn)
OPERATION(POR_Vdq_Wdq, xcpu_vector_por)
OPERATION(PXOR_Vdq_Wdq, xcpu_vector_pxor)
OPERATION(ANDPS_Vps_Wps, xcpu_vector_pand)
OPERATION(ANDPD_Vpd_Wpd, xcpu_vector_pand)
OPERATION(ANDNPS_Vps_Wps, xcpu_vector_pandn)
OPERATION(ANDNPD_Vpd_Wpd, xcpu_vector_pandn)
OPERATION(ORPS_Vps_Wps, xcpu_vector_por)
OPERATION(ORPD_Vpd_Wpd, xcpu_vector_por)
OPERATION(XORPS_Vps_Wps, xcpu_vector_pxor)
OPERATION(XORPD_Vpd_Wpd, xcpu_vector_pxor)
OPERATION(PMULLW_Vdq_Wdq, xcpu_vector_pmullw)
OPERATION(PMULHW_Vdq_Wdq, xcpu_vector_pmulhw)
OPERATION(PMULHUW_Vdq_Wdq, xcpu_vector_pmulhuw)
OPERATION(PMULUDQ_Vdq_Wdq, xcpu_vector_pmuludq)
OPERATION(PMADDWD_Vdq_Wdq, xcpu_vector_pmaddwd)
OPERATION(PAVGB_Vdq_Wdq, xcpu_vector_pavgb)
OPERATION(PAVGW_Vdq_Wdq, xcpu_vector_pavgw)
OPERATION(PMINUB_Vdq_Wdq, xcpu_vector_pminub)
OPERATION(PMINSW_Vdq_Wdq, xcpu_vector_pminsw)
OPERATION(PMAXUB_Vdq_Wdq, xcpu_vector_pmaxub)
OPERATION(PMAXSW_Vdq_Wdq, xcpu_vector_pmaxsw)
OPERATION(PSADBW_Vdq_Wdq, xcpu_vector_psadbw)
OPERATION(PSLLW_Vdq_Wdq, xcpu_vector_psllw)
OPERATION(PSLLD_Vdq_Wdq, xcpu_vector_pslld)
OPERATION(PSLLQ_Vdq_Wdq, xcpu_vector_psllq)
OPERATION(PSRLW_Vdq_Wdq, xcpu_vector_psrlw)
OPERATION(PSRLD_Vdq_Wdq, xcpu_vector_psrld)
OPERATION(PSRLQ_Vdq_Wdq, xcpu_vector_psrlq)
OPERATION(PSRAW_Vdq_Wdq, xcpu_vector_psraw)
OPERATION(PSRAD_Vdq_Wdq, xcpu_vector_psrad)
OPERATION(PACKSSWB_Vdq_Wdq, xcpu_vector_packsswb)
OPERATION(PACKSSDW_Vdq_Wdq, xcpu_vector_packssdw)
OPERATION(PACKUSWB_Vdq_Wdq, xcpu_vector_packuswb)
OPERATION(PUNPCKLBW_Vdq_Wdq, xcpu_vector_punpcklbw)
OPERATION(PUNPCKLWD_Vdq_Wdq, xcpu_vector_punpcklwd)
OPERATION(PUNPCKLDQ_Vdq_Wdq, xcpu_vector_punpckldq)
OPERATION(PUNPCKLQDQ_Vdq_Wdq, xcpu_vector_punpcklqdq)
OPERATION(PUNPCKHBW_Vdq_Wdq, xcpu_vector_punpckhbw)
OPERATION(PUNPCKHWD_Vdq_Wdq, xcpu_vector_punpckhwd)
OPERATION(PUNPCKHDQ_Vdq_Wdq, xcpu_vector_punpckhdq)
OPERATION(PUNPCKHQDQ_Vdq_Wdq, xcpu_vector_punpckhqdq)
OPERATION(UNPCKLPS_Vps_Wps, xcpu_vector_punpckldq)
OPERATION(UNPCKLPD_Vpd_Wpd, xcpu_vector_punpcklqdq)
OPERATION(UNPCKHPS_Vps_Wps, xcpu_vector_punpckhdq)
OPERATION(UNPCKHPD_Vpd_Wpd, xcpu_vector_punpckhqdq)

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

#define SHUFFLE(id, op)                                                        \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     op(xcpu_sse_get(cpu, slot->reg),                          \
                        xcpu_sse_get(cpu, slot->rm), slot->imm));              \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     op(xcpu_sse_get(cpu, slot->reg), b, slot->imm));          \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

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

SHUFFLE(PSHUFD_Vdq_Wdq_Ib, pshufd)
SHUFFLE(SHUFPS_Vps_Wps_Ib, shufps)
SHUFFLE(SHUFPD_Vpd_Wpd_Ib, shufpd)
SHUFFLE(PSHUFLW_Vdq_Wdq_Ib, pshuflw)
SHUFFLE(PSHUFHW_Vdq_Wdq_Ib, pshufhw)

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
