/* mmx.c -- handlers of MMX instructions. */
/* SPDX-License-Identifier: MIT */
#include "mmx.h"

#include "fxstate.h"

void xcpu_mmx_wait(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    if (cpu->fpu.x87_mode >= XCPU_X87_HOST)
        xcpu_fpu_leave(&cpu->fpu);
    if (xcpu_fpu_pending(&cpu->fpu))
        xcpu_raise(cpu, slot, XCPU_MF, 0);
}

static inline xcpu_vector low(uint64_t value)
{
    return (xcpu_vector){value, 0};
}

/* ---- register op= register or memory ---- */

#define OPERATION(id, op, bits)                                                \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_mmx_set(                                                          \
            cpu, slot->reg,                                                    \
            op(xcpu_mmx_get(cpu, slot->reg), xcpu_mmx_get(cpu, slot->rm)));    \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        uint64_t b = xcpu_load##bits(cpu, slot, memory, address);              \
                                                                               \
        xcpu_mmx_set(cpu, slot->reg, op(xcpu_mmx_get(cpu, slot->reg), b));     \
    }                                                                          \
    XCPU_MMX_REG_HANDLER(id##_reg)                                             \
    XCPU_MMX_MEM_HANDLERS(id##_mem)                                            \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

/* The low half of the operation on XMM registers. */
#define HALF(id, name)                                                         \
    static inline uint64_t id##_op(uint64_t a, uint64_t b)                     \
    {                                                                          \
        return xcpu_vector_##name(low(a), low(b))[0];                          \
    }                                                                          \
    OPERATION(id, id##_op, 64)

HALF(PADDB_Pq_Qq, paddb)
HALF(PADDW_Pq_Qq, paddw)
HALF(PADDD_Pq_Qq, paddd)
HALF(PADDQ_Pq_Qq, paddq)
HALF(PADDSB_Pq_Qq, paddsb)
HALF(PADDSW_Pq_Qq, paddsw)
HALF(PADDUSB_Pq_Qq, paddusb)
HALF(PADDUSW_Pq_Qq, paddusw)
HALF(PSUBB_Pq_Qq, psubb)
HALF(PSUBW_Pq_Qq, psubw)
HALF(PSUBD_Pq_Qq, psubd)
HALF(PSUBQ_Pq_Qq, psubq)
HALF(PSUBSB_Pq_Qq, psubsb)
HALF(PSUBSW_Pq_Qq, psubsw)
HALF(PSUBUSB_Pq_Qq, psubusb)
HALF(PSUBUSW_Pq_Qq, psubusw)
HALF(PCMPEQB_Pq_Qq, pcmpeqb)
HALF(PCMPEQW_Pq_Qq, pcmpeqw)
HALF(PCMPEQD_Pq_Qq, pcmpeqd)
HALF(PCMPGTB_Pq_Qq, pcmpgtb)
HALF(PCMPGTW_Pq_Qq, pcmpgtw)
HALF(PCMPGTD_Pq_Qq, pcmpgtd)
HALF(PAND_Pq_Qq, pand)
HALF(PANDN_Pq_Qq, pandn)
HALF(POR_Pq_Qq, por)
HALF(PXOR_Pq_Qq, pxor)
HALF(PMULLW_Pq_Qq, pmullw)
HALF(PMULHW_Pq_Qq, pmulhw)
HALF(PMULHUW_Pq_Qq, pmulhuw)
HALF(PMULUDQ_Pq_Qq, pmuludq)
HALF(PMADDWD_Pq_Qq, pmaddwd)
HALF(PAVGB_Pq_Qq, pavgb)
HALF(PAVGW_Pq_Qq, pavgw)
HALF(PMINUB_Pq_Qq, pminub)
HALF(PMINSW_Pq_Qq, pminsw)
HALF(PMAXUB_Pq_Qq, pmaxub)
HALF(PMAXSW_Pq_Qq, pmaxsw)
HALF(PSADBW_Pq_Qq, psadbw)
HALF(PSLLW_Pq_Qq, psllw)
HALF(PSLLD_Pq_Qq, pslld)
HALF(PSLLQ_Pq_Qq, psllq)
HALF(PSRLW_Pq_Qq, psrlw)
HALF(PSRLD_Pq_Qq, psrld)
HALF(PSRLQ_Pq_Qq, psrlq)
HALF(PSRAW_Pq_Qq, psraw)
HALF(PSRAD_Pq_Qq, psrad)

/* Unpacking the low halves: 16 bytes, the first 8 of which are meant; the
 * memory operand is only 4 bytes long. */
#define UNPACK_LOW(id, name)                                                   \
    static inline uint64_t id##_op(uint64_t a, uint64_t b)                     \
    {                                                                          \
        return xcpu_vector_##name(low(a), low(b))[0];                          \
    }                                                                          \
    OPERATION(id, id##_op, 32)

UNPACK_LOW(PUNPCKLBW_Pq_Qd, punpcklbw)
UNPACK_LOW(PUNPCKLWD_Pq_Qd, punpcklwd)
UNPACK_LOW(PUNPCKLDQ_Pq_Qd, punpckldq)

/* The high halves of 8 bytes are the last 8 of the 16 that unpacking the low
 * halves of 16 bytes gives. */
#define UNPACK_HIGH(id, name)                                                  \
    static inline uint64_t id##_op(uint64_t a, uint64_t b)                     \
    {                                                                          \
        return xcpu_vector_##name(low(a), low(b))[1];                          \
    }                                                                          \
    OPERATION(id, id##_op, 64)

UNPACK_HIGH(PUNPCKHBW_Pq_Qq, punpcklbw)
UNPACK_HIGH(PUNPCKHWD_Pq_Qq, punpcklwd)
UNPACK_HIGH(PUNPCKHDQ_Pq_Qq, punpckldq)

/* Packing 8 and 8 bytes is packing 16. */
#define PACK(id, name)                                                         \
    static inline uint64_t id##_op(uint64_t a, uint64_t b)                     \
    {                                                                          \
        return xcpu_vector_##name((xcpu_vector){a, b}, low(0))[0];             \
    }                                                                          \
    OPERATION(id, id##_op, 64)

PACK(PACKSSWB_Pq_Qq, packsswb)
PACK(PACKSSDW_Pq_Qq, packssdw)
PACK(PACKUSWB_Pq_Qq, packuswb)

/* ---- SSSE3 ---- */

HALF(PSIGNB_Pq_Qq, psignb)
HALF(PSIGNW_Pq_Qq, psignw)
HALF(PSIGND_Pq_Qq, psignd)
HALF(PABSB_Pq_Qq, pabsb)
HALF(PABSW_Pq_Qq, pabsw)
HALF(PABSD_Pq_Qq, pabsd)
HALF(PMULHRSW_Pq_Qq, pmulhrsw)
HALF(PMADDUBSW_Pq_Qq, pmaddubsw)
PACK(PHADDW_Pq_Qq, phaddw)
PACK(PHADDD_Pq_Qq, phaddd)
PACK(PHADDSW_Pq_Qq, phaddsw)
PACK(PHSUBW_Pq_Qq, phsubw)
PACK(PHSUBD_Pq_Qq, phsubd)
PACK(PHSUBSW_Pq_Qq, phsubsw)

/* Bit 3 of an index does not count. */
static inline uint64_t pshufb(uint64_t a, uint64_t b)
{
    return xcpu_vector_pshufb((xcpu_vector){a, a}, low(b))[0];
}
OPERATION(PSHUFB_Pq_Qq, pshufb, 64)

/* ---- immediates ---- */

#define SHIFT(id, name)                                                        \
    static inline void id##_body(struct xcpu *cpu,                             \
                                 const struct xcpu_slot *slot)                 \
    {                                                                          \
        xcpu_mmx_set(cpu, slot->rm,                                            \
                     xcpu_vector_##name(low(xcpu_mmx_get(cpu, slot->rm)),      \
                                        low(slot->imm & 0xff))[0]);            \
    }                                                                          \
    XCPU_MMX_REG_HANDLER(id##_body)                                            \
    XCPU_FORMS(id) = {XCPU_REG(id##_body)};

SHIFT(PSLLW_Nq_Ib, psllw)
SHIFT(PSLLD_Nq_Ib, pslld)
SHIFT(PSLLQ_Nq_Ib, psllq)
SHIFT(PSRLW_Nq_Ib, psrlw)
SHIFT(PSRLD_Nq_Ib, psrld)
SHIFT(PSRLQ_Nq_Ib, psrlq)
SHIFT(PSRAW_Nq_Ib, psraw)
SHIFT(PSRAD_Nq_Ib, psrad)

static inline uint64_t word_of(uint64_t value, uint32_t i)
{
    return value >> 16 * (i & 3) & 0xffff;
}

static inline uint64_t shuffle_words(uint64_t b, uint32_t order)
{
    return word_of(b, order) | word_of(b, order >> 2) << 16 |
           word_of(b, order >> 4) << 32 | word_of(b, order >> 6) << 48;
}

static inline void pshufw_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_mmx_set(cpu, slot->reg,
                 shuffle_words(xcpu_mmx_get(cpu, slot->rm), slot->imm));
}

static inline void pshufw_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    uint64_t b = xcpu_load64(cpu, slot, memory, address);
    xcpu_mmx_set(cpu, slot->reg, shuffle_words(b, slot->imm));
}
XCPU_MMX_REG_HANDLER(pshufw_reg)
XCPU_MMX_MEM_HANDLERS(pshufw_mem)
XCPU_FORMS(PSHUFW_Pq_Qq_Ib) = {XCPU_REG(pshufw_reg), XCPU_MEM(pshufw_mem)};

/* Eight bytes of both, counted from the lowest one of the source. */
static inline uint64_t align_bytes(uint64_t a, uint64_t b, uint32_t bytes)
{
    if (bytes == 0)
        return b;
    if (bytes < 8)
        return b >> 8 * bytes | a << (64 - 8 * bytes);
    return bytes < 16 ? a >> 8 * (bytes - 8) : 0;
}

static inline void palignr_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_mmx_set(cpu, slot->reg,
                 align_bytes(xcpu_mmx_get(cpu, slot->reg),
                             xcpu_mmx_get(cpu, slot->rm), slot->imm & 0xff));
}

static inline void palignr_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, uint32_t address)
{
    uint64_t b = xcpu_load64(cpu, slot, memory, address);
    xcpu_mmx_set(
        cpu, slot->reg,
        align_bytes(xcpu_mmx_get(cpu, slot->reg), b, slot->imm & 0xff));
}
XCPU_MMX_REG_HANDLER(palignr_reg)
XCPU_MMX_MEM_HANDLERS(palignr_mem)
XCPU_FORMS(PALIGNR_Pq_Qq_Ib) = {XCPU_REG(palignr_reg), XCPU_MEM(palignr_mem)};

static inline void insert_word(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint16_t word)
{
    unsigned shift = 16 * (slot->imm & 3);
    uint64_t a = xcpu_mmx_get(cpu, slot->reg);

    a &= ~(UINT64_C(0xffff) << shift);
    xcpu_mmx_set(cpu, slot->reg, a | (uint64_t)word << shift);
}

static inline void pinsrw_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    insert_word(cpu, slot, *xcpu_reg16(cpu, slot->rm));
}

static inline void pinsrw_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    uint16_t word = xcpu_load16(cpu, slot, memory, address);
    insert_word(cpu, slot, word);
}
XCPU_MMX_REG_HANDLER(pinsrw_reg)
XCPU_MMX_MEM_HANDLERS(pinsrw_mem)
XCPU_FORMS(PINSRW_Pq_Ew_Ib) = {XCPU_REG(pinsrw_reg), XCPU_MEM(pinsrw_mem)};

static inline void pextrw(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->reg) =
        (uint32_t)word_of(xcpu_mmx_get(cpu, slot->rm), slot->imm);
}
XCPU_MMX_REG_HANDLER(pextrw)
XCPU_FORMS(PEXTRW_Gd_Nq_Ib) = {XCPU_REG(pextrw)};

static inline void pmovmskb(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->reg) =
        xcpu_vector_pmovmskb(low(xcpu_mmx_get(cpu, slot->rm)));
}
XCPU_MMX_REG_HANDLER(pmovmskb)
XCPU_FORMS(PMOVMSKB_Gd_Nq) = {XCPU_REG(pmovmskb)};

/* ---- moves ---- */

static inline void movd_from_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_mmx_set(cpu, slot->reg, *xcpu_reg32(cpu, slot->rm));
}

static inline void movd_from_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                                 uint8_t *memory, uint32_t address)
{
    uint32_t value = xcpu_load32(cpu, slot, memory, address);
    xcpu_mmx_set(cpu, slot->reg, value);
}
XCPU_MMX_REG_HANDLER(movd_from_reg)
XCPU_MMX_MEM_HANDLERS(movd_from_mem)
XCPU_FORMS(MOVD_Pd_Ed) = {XCPU_REG(movd_from_reg), XCPU_MEM(movd_from_mem)};

static inline void movd_to_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->rm) = (uint32_t)xcpu_mmx_get(cpu, slot->reg);
}

static inline void movd_to_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, uint32_t address)
{
    xcpu_store32(cpu, slot, memory, address,
                 (uint32_t)xcpu_mmx_get(cpu, slot->reg));
}
XCPU_MMX_REG_HANDLER(movd_to_reg)
XCPU_MMX_STORE_HANDLERS(movd_to_mem)
XCPU_FORMS(MOVD_Ed_Pd) = {XCPU_REG(movd_to_reg), XCPU_MEM(movd_to_mem)};

static inline uint64_t second(uint64_t a, uint64_t b)
{
    (void)a;
    return b;
}
OPERATION(MOVQ_Pq_Qq, second, 64)

static inline void movq_to_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_mmx_set(cpu, slot->rm, xcpu_mmx_get(cpu, slot->reg));
}

static inline void movq_to_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, uint32_t address)
{
    xcpu_store64(cpu, slot, memory, address, xcpu_mmx_get(cpu, slot->reg));
}
XCPU_MMX_REG_HANDLER(movq_to_reg)
XCPU_MMX_STORE_HANDLERS(movq_to_mem)
XCPU_FORMS(MOVQ_Qq_Pq) = {XCPU_REG(movq_to_reg), XCPU_MEM(movq_to_mem)};
XCPU_FORMS(MOVNTQ_Mq_Pq) = {XCPU_MEM(movq_to_mem)};

static inline void maskmovq(struct xcpu *cpu, const struct xcpu_slot *slot,
                            uint8_t *memory)
{
    xcpu_store_masked(cpu, slot, memory, low(xcpu_mmx_get(cpu, slot->reg)),
                      low(xcpu_mmx_get(cpu, slot->rm)), 8);
}

static XCPU_HANDLER(maskmovq)
{
    xcpu_mmx_begin(cpu, slot);
    xcpu_mmx_enter(cpu);
    maskmovq(cpu, slot, memory);
    XCPU_JUMP(slot + 1);
}
XCPU_FORMS(MASKMOVQ_Pq_Nq) = {XCPU_REG(maskmovq), .stores = 1};

/* ---- EMMS: the only one that does not enter ---- */

static inline void emms(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_mmx_begin(cpu, slot);
    cpu->fpu.x87_mode = XCPU_X87_MEMORY;
    cpu->fpu.top = 0;
    cpu->fpu.valid = 0;
}
XCPU_REG_HANDLER(emms)
XCPU_FORMS(EMMS) = {XCPU_REG(emms)};
