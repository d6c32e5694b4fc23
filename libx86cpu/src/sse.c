/* sse.c -- MXCSR: modes, flags and exceptions. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

#include "fxstate.h"

_Noreturn void xcpu_sse_misaligned(struct xcpu *cpu,
                                   const struct xcpu_slot *slot)
{
    xcpu_raise(cpu, slot, XCPU_GP, 0);
}

#if defined(__x86_64__)
static int all_masked(const struct xcpu_fpu *fpu)
{
    return (fpu->mxcsr & XCPU_MXCSR_MASKS) == XCPU_MXCSR_MASKS;
}

/* FTZ is without effect while underflow is unmasked (SDM 1, 10.2.3.3). */
static uint32_t host_control(const struct xcpu_fpu *fpu)
{
    uint32_t control = fpu->mxcsr | XCPU_MXCSR_MASKS;

    if (!all_masked(fpu)) {
        control &= ~(uint32_t)XCPU_MXCSR_FLAGS;
        if (!(fpu->mxcsr & XCPU_X87_UE << 7))
            control &= ~(uint32_t)XCPU_MXCSR_FTZ;
    }
    return control;
}

static void load_host(struct xcpu_fpu *fpu)
{
    uint32_t control = host_control(fpu);

    __asm__ volatile("ldmxcsr %0" : : "m"(control));
    fpu->sse_mode = all_masked(fpu) ? XCPU_SSE_HOST : XCPU_SSE_HOST_STRICT;
}

static uint32_t host_flags(void)
{
    uint32_t flags;

    __asm__ volatile("stmxcsr %0" : "=m"(flags));
    return flags & XCPU_MXCSR_FLAGS;
}

int xcpu_sse_enter(struct xcpu_fpu *fpu)
{
    if (fpu->sse_mode == XCPU_SSE_HOST)
        return 1;
    if (fpu->portable)
        return 0;
    if (fpu->sse_mode == XCPU_SSE_MEMORY)
        __asm__ volatile("stmxcsr %0" : "=m"(fpu->host_mxcsr));
    load_host(fpu);
    return 1;
}

uint32_t xcpu_sse_mxcsr(struct xcpu_fpu *fpu)
{
    if (fpu->sse_mode == XCPU_SSE_HOST)
        fpu->mxcsr |= host_flags();
    return fpu->mxcsr;
}

void xcpu_sse_set_mxcsr(struct xcpu_fpu *fpu, uint32_t mxcsr)
{
    fpu->mxcsr = mxcsr;
    if (fpu->sse_mode != XCPU_SSE_MEMORY)
        load_host(fpu);
}
#else
static uint32_t host_flags(void)
{
    return 0;
}

int xcpu_sse_enter(struct xcpu_fpu *fpu)
{
    (void)fpu;
    return 0;
}

uint32_t xcpu_sse_mxcsr(struct xcpu_fpu *fpu)
{
    return fpu->mxcsr;
}

void xcpu_sse_set_mxcsr(struct xcpu_fpu *fpu, uint32_t mxcsr)
{
    fpu->mxcsr = mxcsr;
}
#endif

/* ---- exceptions ---- */

static int tiny32(uint32_t bits)
{
    return (bits & 0x7f800000) == 0 && (bits & 0x007fffff) != 0;
}

static int tiny64(uint64_t bits)
{
    return (bits & UINT64_C(0x7ff0000000000000)) == 0 &&
           (bits & UINT64_C(0x000fffffffffffff)) != 0;
}

static int any_tiny(enum xcpu_sse_lanes lanes, xcpu_vector result)
{
    switch (lanes) {
    case XCPU_SSE_NEVER_TINY:
        break;
    case XCPU_SSE_PS:
        return tiny32((uint32_t)result[0]) ||
               tiny32((uint32_t)(result[0] >> 32)) ||
               tiny32((uint32_t)result[1]) ||
               tiny32((uint32_t)(result[1] >> 32));
    case XCPU_SSE_PD:
        return tiny64(result[0]) || tiny64(result[1]);
    case XCPU_SSE_SS:
        return tiny32((uint32_t)result[0]);
    case XCPU_SSE_SD:
        return tiny64(result[0]);
    }
    return 0;
}

/*
 * The host, or sse_soft.c, has computed with all exceptions masked. What
 * differs where some are not (SDM 1, 11.5.2): an exact tiny result raises an
 * unmasked underflow, and an unmasked exception of the operands keeps the
 * instruction from computing, so from raising those of results.
 */
void xcpu_sse_commit(struct xcpu *cpu, const struct xcpu_slot *slot,
                     enum xcpu_sse_lanes lanes, xcpu_vector result)
{
    const uint32_t of_operands = XCPU_X87_IE | XCPU_X87_DE | XCPU_X87_ZE;
    struct xcpu_fpu *fpu = &cpu->fpu;
    uint32_t unmasked = ~(fpu->mxcsr >> 7) & XCPU_MXCSR_FLAGS;
    uint32_t flags;

    if (fpu->sse_mode == XCPU_SSE_HOST)
        return;
    flags = fpu->sse_mode == XCPU_SSE_MEMORY ? fpu->raised : host_flags();
    if ((unmasked & XCPU_X87_UE) && any_tiny(lanes, result))
        flags |= XCPU_X87_UE;
    if (flags & unmasked & of_operands)
        flags &= of_operands;
    fpu->mxcsr |= flags;
    if (flags & unmasked)
        xcpu_raise(cpu, slot, XCPU_XM, 0);
}
