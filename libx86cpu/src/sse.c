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
static int is_masked(const struct xcpu_fpu *fpu, uint32_t exceptions)
{
    return (fpu->mxcsr >> 7 & exceptions) == exceptions;
}

static void load_host(struct xcpu_fpu *fpu)
{
    uint32_t control = fpu->mxcsr | XCPU_MXCSR_MASKS;

    fpu->sse_mode = XCPU_SSE_HOST;
    if (!is_masked(fpu, XCPU_MXCSR_FLAGS)) {
        fpu->sse_mode = XCPU_SSE_HOST_STRICT;
        control &= ~(uint32_t)XCPU_MXCSR_FLAGS;
    }
    __asm__ volatile("ldmxcsr %0" : : "m"(control));
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
    if (fpu->portable || !is_masked(fpu, XCPU_X87_UE))
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

int xcpu_sse_doubtful(const struct xcpu_fpu *fpu)
{
    return fpu->sse_mode == XCPU_SSE_HOST_STRICT &&
           !(fpu->mxcsr >> 7 & XCPU_X87_OE) && (host_flags() & XCPU_X87_OE);
}

/*
 * An unmasked exception of the operands of some lane keeps the instruction
 * from computing, so from raising those of results (SDM 1, 11.5.2).
 */
void xcpu_sse_commit(struct xcpu *cpu, const struct xcpu_slot *slot,
                     int in_host)
{
    const uint32_t of_operands = XCPU_X87_IE | XCPU_X87_DE | XCPU_X87_ZE;
    struct xcpu_fpu *fpu = &cpu->fpu;
    uint32_t unmasked = ~(fpu->mxcsr >> 7) & XCPU_MXCSR_FLAGS;
    uint32_t flags;

    if (in_host && fpu->sse_mode == XCPU_SSE_HOST)
        return;
    flags = in_host ? host_flags() : fpu->raised;
    if (flags & unmasked & of_operands)
        flags &= of_operands;
    fpu->mxcsr |= flags;
    if (flags & unmasked)
        xcpu_raise(cpu, slot, XCPU_XM, 0);
}
