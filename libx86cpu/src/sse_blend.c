/* sse_blend.c -- handlers of SSE4.1's blends, extensions and single lanes. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

/* ---- both operands and an immediate ---- */

/* Ones in the lanes, of so many bits, that the low bits of mask name. */
static inline uint64_t lanes_of_half(uint32_t mask, unsigned bits)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < 64 / bits; i++)
        if (mask >> i & 1)
            result |= UINT64_MAX >> (64 - bits) << i * bits;
    return result;
}

static inline xcpu_vector lanes(uint32_t mask, unsigned bits)
{
    return (xcpu_vector){lanes_of_half(mask, bits),
                         lanes_of_half(mask >> 64 / bits, bits)};
}

static inline xcpu_vector blend(xcpu_vector a, xcpu_vector b, xcpu_vector mask)
{
    return (a & ~mask) | (b & mask);
}

static inline xcpu_vector blendps(xcpu_vector a, xcpu_vector b, uint32_t imm)
{
    return blend(a, b, lanes(imm, 32));
}

static inline xcpu_vector blendpd(xcpu_vector a, xcpu_vector b, uint32_t imm)
{
    return blend(a, b, lanes(imm, 64));
}

static inline xcpu_vector pblendw(xcpu_vector a, xcpu_vector b, uint32_t imm)
{
    return blend(a, b, lanes(imm, 16));
}

/* Sixteen bytes of both, counted from the lowest one of the source. */
static inline xcpu_vector palignr(xcpu_vector a, xcpu_vector b, uint32_t imm)
{
    uint8_t bytes[48] = {0};
    uint32_t at = (imm & 0xff) < 32 ? imm & 0xff : 32;

    memcpy(bytes, &b, 16);
    memcpy(bytes + 16, &a, 16);
    memcpy(&a, bytes + at, 16);
    return a;
}

/* Sums of four differences: of the source's bytes those at a multiple of four,
 * of the destination's those at 0 or 4 and each one behind. */
static inline xcpu_vector mpsadbw(xcpu_vector a, xcpu_vector b, uint32_t imm)
{
    const uint8_t *left = (const uint8_t *)&a + (imm & 4);
    const uint8_t *right = (const uint8_t *)&b + (imm & 3) * 4;
    union xcpu_xmm result;

    for (int i = 0; i < 8; i++) {
        int sum = 0;

        for (int j = 0; j < 4; j++)
            sum += left[i + j] > right[j] ? left[i + j] - right[j]
                                          : right[j] - left[i + j];
        result.u16[i] = (uint16_t)sum;
    }
    return *(const xcpu_vector *)&result;
}

XCPU_SSE_OPERATION_IMM(BLENDPS_Vps_Wps_Ib, blendps)
XCPU_SSE_OPERATION_IMM(BLENDPD_Vpd_Wpd_Ib, blendpd)
XCPU_SSE_OPERATION_IMM(PBLENDW_Vdq_Wdq_Ib, pblendw)
XCPU_SSE_OPERATION_IMM(PALIGNR_Vdq_Wdq_Ib, palignr)
XCPU_SSE_OPERATION_IMM(MPSADBW_Vdq_Wdq_Ib, mpsadbw)

/* ---- blends by the signs of XMM0 ---- */

static inline xcpu_vector signs_of_bytes(xcpu_vector v)
{
    return xcpu_vector_pcmpgtb((xcpu_vector){0, 0}, v);
}

static inline xcpu_vector signs_of_singles(xcpu_vector v)
{
    return xcpu_vector_psrad(v, xcpu_low64(31));
}

static inline xcpu_vector signs_of_doubles(xcpu_vector v)
{
    return (xcpu_vector){0 - (v[0] >> 63), 0 - (v[1] >> 63)};
}

#define BLEND(id, signs)                                                       \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     blend(xcpu_sse_get(cpu, slot->reg),                       \
                           xcpu_sse_get(cpu, slot->rm),                        \
                           signs(xcpu_sse_get(cpu, 0))));                      \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     blend(xcpu_sse_get(cpu, slot->reg), b,                    \
                           signs(xcpu_sse_get(cpu, 0))));                      \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

BLEND(PBLENDVB_Vdq_Wdq, signs_of_bytes)
BLEND(BLENDVPS_Vps_Wps, signs_of_singles)
BLEND(BLENDVPD_Vpd_Wpd, signs_of_doubles)

/* ---- PTEST ---- */

static inline void ptest(struct xcpu *cpu, xcpu_vector a, xcpu_vector b)
{
    const xcpu_vector both = a & b, others = ~a & b;

    xcpu_set_flags(cpu, (both[0] | both[1] ? 0u : XF_Z) |
                            (others[0] | others[1] ? 0u : XF_C));
}

static inline void ptest_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    ptest(cpu, xcpu_sse_get(cpu, slot->reg), xcpu_sse_get(cpu, slot->rm));
}

static inline void ptest_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                             uint8_t *memory, uint32_t address)
{
    xcpu_vector b = xcpu_load128(cpu, slot, memory, address);

    ptest(cpu, xcpu_sse_get(cpu, slot->reg), b);
}
XCPU_REG_HANDLER(ptest_reg)
XCPU_MEM_HANDLERS(ptest_mem)
XCPU_FORMS(PTEST_Vdq_Wdq) = {XCPU_REG(ptest_reg), XCPU_MEM(ptest_mem)};

/* ---- extensions: the low lanes of the source to wider ones ---- */

static inline xcpu_vector load_low16(struct xcpu *cpu,
                                     const struct xcpu_slot *slot,
                                     const uint8_t *memory, uint32_t address)
{
    return xcpu_low64(xcpu_load16(cpu, slot, memory, address));
}

#define EXTEND(id, from, type, to, count, load)                                \
    static inline xcpu_vector id##_op(xcpu_vector b)                           \
    {                                                                          \
        const union xcpu_xmm *source = (const union xcpu_xmm *)&b;             \
        union xcpu_xmm result;                                                 \
                                                                               \
        for (int i = 0; i < (count); i++)                                      \
            result.to[i] = (__typeof__(result.to[i]))(type)source->from[i];    \
        return *(const xcpu_vector *)&result;                                  \
    }                                                                          \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg, id##_op(xcpu_sse_get(cpu, slot->rm)));    \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     id##_op(load(cpu, slot, memory, address)));               \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

EXTEND(PMOVSXBW_Vdq_Wq, u8, int8_t, u16, 8, xcpu_load_low64)
EXTEND(PMOVSXBD_Vdq_Wd, u8, int8_t, u32, 4, xcpu_load_low32)
EXTEND(PMOVSXBQ_Vdq_Ww, u8, int8_t, u64, 2, load_low16)
EXTEND(PMOVSXWD_Vdq_Wq, u16, int16_t, u32, 4, xcpu_load_low64)
EXTEND(PMOVSXWQ_Vdq_Wd, u16, int16_t, u64, 2, xcpu_load_low32)
EXTEND(PMOVSXDQ_Vdq_Wq, u32, int32_t, u64, 2, xcpu_load_low64)
EXTEND(PMOVZXBW_Vdq_Wq, u8, uint8_t, u16, 8, xcpu_load_low64)
EXTEND(PMOVZXBD_Vdq_Wd, u8, uint8_t, u32, 4, xcpu_load_low32)
EXTEND(PMOVZXBQ_Vdq_Ww, u8, uint8_t, u64, 2, load_low16)
EXTEND(PMOVZXWD_Vdq_Wq, u16, uint16_t, u32, 4, xcpu_load_low64)
EXTEND(PMOVZXWQ_Vdq_Wd, u16, uint16_t, u64, 2, xcpu_load_low32)
EXTEND(PMOVZXDQ_Vdq_Wq, u32, uint32_t, u64, 2, xcpu_load_low64)

/* ---- one lane to and from a general register or memory ---- */

#define EXTRACT(name, member, lanes, bits)                                     \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        *xcpu_reg32(cpu, slot->rm) =                                           \
            cpu->fpu.xmm[slot->reg].member[slot->imm & ((lanes)-1)];           \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        xcpu_store##bits(                                                      \
            cpu, slot, memory, address,                                        \
            cpu->fpu.xmm[slot->reg].member[slot->imm & ((lanes)-1)]);          \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)

EXTRACT(pextrb, u8, 16, 8)
EXTRACT(pextrw, u16, 8, 16)
EXTRACT(pextrd, u32, 4, 32)
XCPU_FORMS(PEXTRB_Rd_Vdq_Ib) = {XCPU_REG(pextrb_reg)};
XCPU_FORMS(PEXTRB_Mb_Vdq_Ib) = {XCPU_MEM(pextrb_mem)};
XCPU_FORMS(PEXTRW_Rd_Vdq_Ib) = {XCPU_REG(pextrw_reg)};
XCPU_FORMS(PEXTRW_Mw_Vdq_Ib) = {XCPU_MEM(pextrw_mem)};
XCPU_FORMS(PEXTRD_Ed_Vdq_Ib) = {XCPU_REG(pextrd_reg), XCPU_MEM(pextrd_mem)};
XCPU_FORMS(EXTRACTPS_Ed_Vps_Ib) = {XCPU_REG(pextrd_reg), XCPU_MEM(pextrd_mem)};

#define INSERT(name, member, lanes, bits)                                      \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        cpu->fpu.xmm[slot->reg].member[slot->imm & ((lanes)-1)] =              \
            (uint##bits##_t) * xcpu_reg32(cpu, slot->rm);                      \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        uint##bits##_t lane = xcpu_load##bits(cpu, slot, memory, address);     \
                                                                               \
        cpu->fpu.xmm[slot->reg].member[slot->imm & ((lanes)-1)] = lane;        \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)

INSERT(pinsrb, u8, 16, 8)
INSERT(pinsrd, u32, 4, 32)
XCPU_FORMS(PINSRB_Vdq_Rd_Ib) = {XCPU_REG(pinsrb_reg)};
XCPU_FORMS(PINSRB_Vdq_Mb_Ib) = {XCPU_MEM(pinsrb_mem)};
XCPU_FORMS(PINSRD_Vdq_Ed_Ib) = {XCPU_REG(pinsrd_reg), XCPU_MEM(pinsrd_mem)};

/* Where it goes, and which lanes become 0. */
static inline void insertps(struct xcpu *cpu, const struct xcpu_slot *slot,
                            uint32_t lane)
{
    union xcpu_xmm *to = &cpu->fpu.xmm[slot->reg];

    to->u32[slot->imm >> 4 & 3] = lane;
    for (int i = 0; i < 4; i++)
        if (slot->imm >> i & 1)
            to->u32[i] = 0;
}

static inline void insertps_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    insertps(cpu, slot, cpu->fpu.xmm[slot->rm].u32[slot->imm >> 6 & 3]);
}

static inline void insertps_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                                uint8_t *memory, uint32_t address)
{
    insertps(cpu, slot, xcpu_load32(cpu, slot, memory, address));
}
XCPU_REG_HANDLER(insertps_reg)
XCPU_MEM_HANDLERS(insertps_mem)
XCPU_FORMS(INSERTPS_Vps_Ups_Ib) = {XCPU_REG(insertps_reg)};
XCPU_FORMS(INSERTPS_Vps_Md_Ib) = {XCPU_MEM(insertps_mem)};
