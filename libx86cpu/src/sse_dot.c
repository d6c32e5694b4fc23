/* sse_dot.c -- handlers of DPPS and DPPD. */
/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "sse.h"
#include "sse_soft.h"

/*
 * A product, then sums of its lanes by pairs, each an instruction of its own
 * as far as exceptions go (SDM 2, DPPS).
 */
typedef xcpu_vector arithmetic(struct xcpu_fpu *fpu, xcpu_vector a,
                               xcpu_vector b);

static xcpu_vector stage(struct xcpu *cpu, const struct xcpu_slot *slot,
                         arithmetic *function, xcpu_vector a, xcpu_vector b)
{
    xcpu_vector result = function(&cpu->fpu, a, b);

    xcpu_sse_commit(cpu, slot, 0);
    return result;
}

/* Of several NaNs each lane has another one, which that is depends on the CPU:
 * the host's choice, as in translated code, unless it is to be the same on
 * every host. */
static inline int computes_on_host(struct xcpu *cpu)
{
    if (!(cpu->machine->host_features >> XT_SSE4_1 & 1) ||
        cpu->machine->config.portable_floats)
        return 0;
    return cpu->fpu.sse_mode == XCPU_SSE_HOST ||
           (xcpu_sse_enter(&cpu->fpu) && cpu->fpu.sse_mode == XCPU_SSE_HOST);
}

/* Ones in the lanes of 32 bits that the low four bits of mask name. */
static inline uint64_t two_lanes(uint32_t mask)
{
    return (mask & 1 ? UINT32_MAX : 0) |
           (mask & 2 ? (uint64_t)UINT32_MAX << 32 : 0);
}

static inline xcpu_vector four_lanes(uint32_t mask)
{
    return (xcpu_vector){two_lanes(mask), two_lanes(mask >> 2)};
}

static inline xcpu_vector dpps(struct xcpu *cpu, const struct xcpu_slot *slot,
                               xcpu_vector a, xcpu_vector b)
{
    const xcpu_vector chosen = four_lanes(slot->imm >> 4);
    xcpu_vector sum;

    if (computes_on_host(cpu)) {
        a &= chosen;
        XCPU_SSE_ASM("dpps $0xff, %1, %0" : "+x"(a) : "x"(b & chosen));
        return a & four_lanes(slot->imm);
    }
    a = stage(cpu, slot, xcpu_soft_mulps, a & chosen, b & chosen);
    sum = stage(cpu, slot, xcpu_soft_addps,
                (xcpu_vector){(a[0] & UINT32_MAX) | a[1] << 32, 0},
                (xcpu_vector){a[0] >> 32 | (a[1] >> 32 << 32), 0});
    sum = stage(cpu, slot, xcpu_soft_addss, xcpu_low64(sum[0] & UINT32_MAX),
                xcpu_low64(sum[0] >> 32));
    sum[0] |= sum[0] << 32;
    sum[1] = sum[0];
    return sum & four_lanes(slot->imm);
}

static inline xcpu_vector two_halves(uint32_t mask)
{
    return (xcpu_vector){mask & 1 ? UINT64_MAX : 0, mask & 2 ? UINT64_MAX : 0};
}

static inline xcpu_vector dppd(struct xcpu *cpu, const struct xcpu_slot *slot,
                               xcpu_vector a, xcpu_vector b)
{
    const xcpu_vector chosen = two_halves(slot->imm >> 4);
    xcpu_vector sum;

    if (computes_on_host(cpu)) {
        a &= chosen;
        XCPU_SSE_ASM("dppd $0x33, %1, %0" : "+x"(a) : "x"(b & chosen));
        return a & two_halves(slot->imm);
    }
    a = stage(cpu, slot, xcpu_soft_mulpd, a & chosen, b & chosen);
    sum = stage(cpu, slot, xcpu_soft_addsd, xcpu_low64(a[0]), xcpu_low64(a[1]));
    sum[1] = sum[0];
    return sum & two_halves(slot->imm);
}

#define DOT(id, name)                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     name(cpu, slot, xcpu_sse_get(cpu, slot->reg),             \
                          xcpu_sse_get(cpu, slot->rm)));                       \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     name(cpu, slot, xcpu_sse_get(cpu, slot->reg), b));        \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

DOT(DPPS_Vps_Wps_Ib, dpps)
DOT(DPPD_Vpd_Wpd_Ib, dppd)
