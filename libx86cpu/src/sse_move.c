/* sse_move.c -- handlers of moves of XMM registers, MXCSR and the cache. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

#include <stdatomic.h>

#include "fxstate.h"

#define REG_BODY(name)                                                         \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot)

#define MEM_BODY(name)                                                         \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            uint8_t *memory, uint32_t address)

/* ---- 16 bytes ---- */

REG_BODY(load_reg)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_sse_get(cpu, slot->rm));
}

REG_BODY(store_reg)
{
    xcpu_sse_set(cpu, slot->rm, xcpu_sse_get(cpu, slot->reg));
}

MEM_BODY(load_aligned)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_load128(cpu, slot, memory, address));
}

MEM_BODY(load_unaligned)
{
    xcpu_sse_set(cpu, slot->reg,
                 xcpu_load_unaligned128(cpu, slot, memory, address));
}

MEM_BODY(store_aligned)
{
    xcpu_store128(cpu, slot, memory, address, xcpu_sse_get(cpu, slot->reg));
}

MEM_BODY(store_unaligned)
{
    xcpu_store_unaligned128(cpu, slot, memory, address,
                            xcpu_sse_get(cpu, slot->reg));
}

XCPU_REG_HANDLER(load_reg)
XCPU_REG_HANDLER(store_reg)
XCPU_MEM_HANDLERS(load_aligned)
XCPU_MEM_HANDLERS(load_unaligned)
XCPU_MEM_HANDLERS(store_aligned)
XCPU_MEM_HANDLERS(store_unaligned)
XCPU_FORMS(MOVAPS_Vps_Wps) = {XCPU_REG(load_reg), XCPU_MEM(load_aligned)};
XCPU_FORMS(MOVAPD_Vpd_Wpd) = {XCPU_REG(load_reg), XCPU_MEM(load_aligned)};
XCPU_FORMS(MOVDQA_Vdq_Wdq) = {XCPU_REG(load_reg), XCPU_MEM(load_aligned)};
XCPU_FORMS(MOVUPS_Vps_Wps) = {XCPU_REG(load_reg), XCPU_MEM(load_unaligned)};
XCPU_FORMS(MOVUPD_Vpd_Wpd) = {XCPU_REG(load_reg), XCPU_MEM(load_unaligned)};
XCPU_FORMS(MOVDQU_Vdq_Wdq) = {XCPU_REG(load_reg), XCPU_MEM(load_unaligned)};
XCPU_FORMS(MOVAPS_Wps_Vps) = {XCPU_REG(store_reg), XCPU_MEM(store_aligned)};
XCPU_FORMS(MOVAPD_Wpd_Vpd) = {XCPU_REG(store_reg), XCPU_MEM(store_aligned)};
XCPU_FORMS(MOVDQA_Wdq_Vdq) = {XCPU_REG(store_reg), XCPU_MEM(store_aligned)};
XCPU_FORMS(LDDQU_Vdq_Mdq) = {XCPU_MEM(load_unaligned)};
XCPU_FORMS(MOVNTDQA_Vdq_Mdq) = {XCPU_MEM(load_aligned)};
XCPU_FORMS(MOVUPS_Wps_Vps) = {XCPU_REG(store_reg), XCPU_MEM(store_unaligned)};
XCPU_FORMS(MOVUPD_Wpd_Vpd) = {XCPU_REG(store_reg), XCPU_MEM(store_unaligned)};
XCPU_FORMS(MOVDQU_Wdq_Vdq) = {XCPU_REG(store_reg), XCPU_MEM(store_unaligned)};

/* A hint about caches is all that tells these from other stores. */
XCPU_FORMS(MOVNTPS_Mps_Vps) = {XCPU_MEM(store_aligned)};
XCPU_FORMS(MOVNTPD_Mpd_Vpd) = {XCPU_MEM(store_aligned)};
XCPU_FORMS(MOVNTDQ_Mdq_Vdq) = {XCPU_MEM(store_aligned)};

MEM_BODY(movnti)
{
    xcpu_store32(cpu, slot, memory, address, *xcpu_reg32(cpu, slot->reg));
}
XCPU_MEM_HANDLERS(movnti)
XCPU_FORMS(MOVNTI_Md_Gd) = {XCPU_MEM(movnti)};

static XCPU_HANDLER(maskmovdqu)
{
    xcpu_store_masked(cpu, slot, memory, xcpu_sse_get(cpu, slot->reg),
                      xcpu_sse_get(cpu, slot->rm), 16);
    XCPU_JUMP(slot + 1);
}
XCPU_FORMS(MASKMOVDQU_Vdq_Udq) = {XCPU_REG(maskmovdqu), .stores = 1};

/*
 * ---- the low 4 or 8 bytes: from memory the rest becomes 0, from a register
 * it stays. Registers are written whole: what is stored in parts is slow to
 * load as a whole. ----
 */

MEM_BODY(movss_load)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_load_low32(cpu, slot, memory, address));
}

MEM_BODY(movsd_load)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_load_low64(cpu, slot, memory, address));
}

MEM_BODY(movss_store)
{
    xcpu_store32(cpu, slot, memory, address, cpu->fpu.xmm[slot->reg].u32[0]);
}

MEM_BODY(low_store)
{
    xcpu_store64(cpu, slot, memory, address, cpu->fpu.xmm[slot->reg].u64[0]);
}

static inline void merge_low32(struct xcpu *cpu, unsigned to, unsigned from)
{
    const uint64_t mask = UINT32_MAX;
    xcpu_vector a = xcpu_sse_get(cpu, to), b = xcpu_sse_get(cpu, from);

    xcpu_sse_set(cpu, to, (xcpu_vector){(a[0] & ~mask) | (b[0] & mask), a[1]});
}

static inline void merge_halves(struct xcpu *cpu, unsigned to, uint64_t low,
                                uint64_t high)
{
    xcpu_sse_set(cpu, to, (xcpu_vector){low, high});
}

REG_BODY(movss_reg)
{
    merge_low32(cpu, slot->reg, slot->rm);
}

REG_BODY(movss_to)
{
    merge_low32(cpu, slot->rm, slot->reg);
}

REG_BODY(movsd_reg)
{
    merge_halves(cpu, slot->reg, xcpu_sse_get(cpu, slot->rm)[0],
                 xcpu_sse_get(cpu, slot->reg)[1]);
}

REG_BODY(movsd_to)
{
    merge_halves(cpu, slot->rm, xcpu_sse_get(cpu, slot->reg)[0],
                 xcpu_sse_get(cpu, slot->rm)[1]);
}

XCPU_MEM_HANDLERS(movss_load)
XCPU_MEM_HANDLERS(movsd_load)
XCPU_MEM_HANDLERS(movss_store)
XCPU_MEM_HANDLERS(low_store)
XCPU_REG_HANDLER(movss_reg)
XCPU_REG_HANDLER(movss_to)
XCPU_REG_HANDLER(movsd_reg)
XCPU_REG_HANDLER(movsd_to)
XCPU_FORMS(MOVSS_Vss_Md) = {XCPU_MEM(movss_load)};
XCPU_FORMS(MOVSS_Vss_Uss) = {XCPU_REG(movss_reg)};
XCPU_FORMS(MOVSS_Wss_Vss) = {XCPU_REG(movss_to), XCPU_MEM(movss_store)};
XCPU_FORMS(MOVSD_Vsd_Mq) = {XCPU_MEM(movsd_load)};
XCPU_FORMS(MOVSD_Vsd_Usd) = {XCPU_REG(movsd_reg)};
XCPU_FORMS(MOVSD_Wsd_Vsd) = {XCPU_REG(movsd_to), XCPU_MEM(low_store)};

/* ---- MOVD, MOVQ: the rest always becomes 0 ---- */

REG_BODY(movd_from)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_low64(*xcpu_reg32(cpu, slot->rm)));
}

REG_BODY(movd_to)
{
    *xcpu_reg32(cpu, slot->rm) = cpu->fpu.xmm[slot->reg].u32[0];
}

REG_BODY(movq_reg)
{
    xcpu_sse_set(cpu, slot->reg, xcpu_low64(cpu->fpu.xmm[slot->rm].u64[0]));
}

REG_BODY(movq_to)
{
    xcpu_sse_set(cpu, slot->rm, xcpu_low64(cpu->fpu.xmm[slot->reg].u64[0]));
}

XCPU_REG_HANDLER(movd_from)
XCPU_REG_HANDLER(movd_to)
XCPU_REG_HANDLER(movq_reg)
XCPU_REG_HANDLER(movq_to)
XCPU_FORMS(MOVD_Vd_Ed) = {XCPU_REG(movd_from), XCPU_MEM(movss_load)};
XCPU_FORMS(MOVD_Ed_Vd) = {XCPU_REG(movd_to), XCPU_MEM(movss_store)};
XCPU_FORMS(MOVQ_Vq_Wq) = {XCPU_REG(movq_reg), XCPU_MEM(movsd_load)};
XCPU_FORMS(MOVQ_Wq_Vq) = {XCPU_REG(movq_to), XCPU_MEM(low_store)};

/* ---- halves ---- */

MEM_BODY(low_load)
{
    uint64_t low = xcpu_load64(cpu, slot, memory, address);

    merge_halves(cpu, slot->reg, low, xcpu_sse_get(cpu, slot->reg)[1]);
}

MEM_BODY(high_load)
{
    uint64_t high = xcpu_load64(cpu, slot, memory, address);

    merge_halves(cpu, slot->reg, xcpu_sse_get(cpu, slot->reg)[0], high);
}

MEM_BODY(high_store)
{
    xcpu_store64(cpu, slot, memory, address, cpu->fpu.xmm[slot->reg].u64[1]);
}

REG_BODY(movhlps)
{
    merge_halves(cpu, slot->reg, xcpu_sse_get(cpu, slot->rm)[1],
                 xcpu_sse_get(cpu, slot->reg)[1]);
}

REG_BODY(movlhps)
{
    merge_halves(cpu, slot->reg, xcpu_sse_get(cpu, slot->reg)[0],
                 xcpu_sse_get(cpu, slot->rm)[0]);
}

XCPU_MEM_HANDLERS(low_load)
XCPU_MEM_HANDLERS(high_load)
XCPU_MEM_HANDLERS(high_store)
XCPU_REG_HANDLER(movhlps)
XCPU_REG_HANDLER(movlhps)
XCPU_FORMS(MOVLPS_Vq_Mq) = {XCPU_MEM(low_load)};
XCPU_FORMS(MOVLPD_Vq_Mq) = {XCPU_MEM(low_load)};
XCPU_FORMS(MOVLPS_Mq_Vq) = {XCPU_MEM(low_store)};
XCPU_FORMS(MOVLPD_Mq_Vq) = {XCPU_MEM(low_store)};
XCPU_FORMS(MOVHPS_Vq_Mq) = {XCPU_MEM(high_load)};
XCPU_FORMS(MOVHPD_Vq_Mq) = {XCPU_MEM(high_load)};
XCPU_FORMS(MOVHPS_Mq_Vq) = {XCPU_MEM(high_store)};
XCPU_FORMS(MOVHPD_Mq_Vq) = {XCPU_MEM(high_store)};
XCPU_FORMS(MOVHLPS_Vq_Uq) = {XCPU_REG(movhlps)};
XCPU_FORMS(MOVLHPS_Vq_Uq) = {XCPU_REG(movlhps)};

/* ---- what is moved twice ---- */

static inline uint64_t twice_low(uint64_t a)
{
    return (a & UINT32_MAX) | a << 32;
}

static inline uint64_t twice_high(uint64_t a)
{
    return (a >> 32) | (a >> 32 << 32);
}

static inline xcpu_vector movsldup(xcpu_vector a, xcpu_vector b)
{
    (void)a;
    return (xcpu_vector){twice_low(b[0]), twice_low(b[1])};
}

static inline xcpu_vector movshdup(xcpu_vector a, xcpu_vector b)
{
    (void)a;
    return (xcpu_vector){twice_high(b[0]), twice_high(b[1])};
}

XCPU_SSE_OPERATION(MOVSLDUP_Vps_Wps, movsldup)
XCPU_SSE_OPERATION(MOVSHDUP_Vps_Wps, movshdup)

REG_BODY(movddup_reg)
{
    uint64_t low = xcpu_sse_get(cpu, slot->rm)[0];

    merge_halves(cpu, slot->reg, low, low);
}

MEM_BODY(movddup_mem)
{
    uint64_t low = xcpu_load64(cpu, slot, memory, address);

    merge_halves(cpu, slot->reg, low, low);
}
XCPU_REG_HANDLER(movddup_reg)
XCPU_MEM_HANDLERS(movddup_mem)
XCPU_FORMS(MOVDDUP_Vdq_Wq) = {XCPU_REG(movddup_reg), XCPU_MEM(movddup_mem)};

/* ---- between XMM and MMX registers ---- */

REG_BODY(movq2dq)
{
    xcpu_mmx_begin(cpu, slot);
    xcpu_mmx_enter(cpu);
    xcpu_sse_set(cpu, slot->reg, xcpu_low64(xcpu_mmx_get(cpu, slot->rm)));
}

REG_BODY(movdq2q)
{
    xcpu_mmx_begin(cpu, slot);
    xcpu_mmx_enter(cpu);
    xcpu_mmx_set(cpu, slot->reg, cpu->fpu.xmm[slot->rm].u64[0]);
}
XCPU_REG_HANDLER(movq2dq)
XCPU_REG_HANDLER(movdq2q)
XCPU_FORMS(MOVQ2DQ_Vdq_Nq) = {XCPU_REG(movq2dq)};
XCPU_FORMS(MOVDQ2Q_Pq_Uq) = {XCPU_REG(movdq2q)};

/* ---- MXCSR ---- */

MEM_BODY(ldmxcsr)
{
    uint32_t mxcsr = xcpu_load32(cpu, slot, memory, address);

    if (mxcsr & ~XCPU_MXCSR_MASK)
        xcpu_raise(cpu, slot, XCPU_GP, 0);
    xcpu_sse_set_mxcsr(&cpu->fpu, mxcsr);
}

MEM_BODY(stmxcsr)
{
    xcpu_store32(cpu, slot, memory, address, xcpu_sse_mxcsr(&cpu->fpu));
}
XCPU_MEM_HANDLERS(ldmxcsr)
XCPU_MEM_HANDLERS(stmxcsr)
XCPU_FORMS(LDMXCSR_Md) = {XCPU_MEM(ldmxcsr)};
XCPU_FORMS(STMXCSR_Md) = {XCPU_MEM(stmxcsr)};

/* ---- caches and the order of accesses ---- */

/* CLFLUSH faults as a load of its byte does; what it flushes is the host's
 * business. */
MEM_BODY(clflush)
{
    (void)xcpu_load8(cpu, slot, memory, address);
}
XCPU_MEM_HANDLERS(clflush)
XCPU_FORMS(CLFLUSH_Mb) = {XCPU_MEM(clflush)};

/* Stores of MASKMOVDQU are weakly ordered on a host that has them, too. */
#define FENCE(id, order)                                                       \
    REG_BODY(id##_body)                                                        \
    {                                                                          \
        (void)cpu;                                                             \
        (void)slot;                                                            \
        atomic_thread_fence(order);                                            \
    }                                                                          \
    XCPU_REG_HANDLER(id##_body)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_body)};

FENCE(LFENCE, memory_order_acquire)
FENCE(SFENCE, memory_order_seq_cst)
FENCE(MFENCE, memory_order_seq_cst)
