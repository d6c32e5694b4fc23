/* jit_fault.c -- the guest's state where a signal found translated code. */
/* SPDX-License-Identifier: MIT */
#include "flags.h"
#include "float80.h"
#include "jit.h"
#include "machine.h"

#if XCPU_HAVE_JIT

#include <signal.h>
#include <string.h>
#include <ucontext.h>

/* Offset of the XMM registers in FXSAVE's image (SDM 1, 10.5.1). */
#define FX_XMM 160

static void take_registers(struct xcpu *cpu, const mcontext_t *context)
{
    static const int registers[8] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX,
                                     REG_R15, REG_RBP, REG_RSI, REG_RDI};
    for (int i = 0; i < 8; i++)
        cpu->gpr[i].d = (uint32_t)context->gregs[registers[i]];
    xcpu_set_flags(cpu, (uint32_t)context->gregs[REG_EFL] & XF_OSZAPC);
    if (!cpu->no_sse)
        memcpy(cpu->fpu.xmm, (const char *)context->fpregs + FX_XMM,
               sizeof(cpu->fpu.xmm));
    cpu->no_sse = 1;
}

void xcpu_jit_take_note(struct xcpu *cpu,
                        const struct xcpu_translation *translation,
                        const struct xcpu_jit_mark *mark)
{
    const struct xcpu_jit_mark *noted = mark;
    if (mark->state & XCPU_JIT_AGAIN)
        cpu->fpu.code_offset = translation->eip + translation->loop_noted;
    if (!(mark->state & XCPU_JIT_NOTED))
        return;
    while (!(noted->state & XCPU_JIT_NOTES) || noted->guest == mark->guest)
        noted--;
    cpu->fpu.code_offset = translation->eip + noted->guest;
}

static uint32_t wrapped_bit(uint32_t eip)
{
    return eip * UINT32_C(2654435761) >> 20;
}

int xcpu_jit_has_wrapped(const struct xcpu_jit *jit, uint32_t eip)
{
    uint32_t bit = wrapped_bit(eip);
    return jit->wrapped[bit / 8] >> bit % 8 & 1;
}

void xcpu_jit_note_wrapped(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    uint32_t bit = wrapped_bit(cpu->slot->eip);
    struct xcpu_block *block = xcpu_block_find(cpu, jit->interrupted->eip);
    jit->wrapped[bit / 8] |= (uint8_t)(1 << bit % 8);
    if (block)
        xcpu_jit_drop(cpu, block);
}

int xcpu_jit_interrupted(struct xcpu *cpu, const void *ucontext)
{
    struct xcpu_jit *jit = cpu->jit;
    const mcontext_t *context = &((const ucontext_t *)ucontext)->uc_mcontext;
    uintptr_t host = (uintptr_t)context->gregs[REG_RIP];
    struct xcpu_translation *in = jit ? xcpu_jit_block_of(jit, host) : NULL;
    if (!in)
        return 0;
    const struct xcpu_jit_mark *mark = xcpu_jit_mark_of(jit, in, host);
    take_registers(cpu, context);
    cpu->jit_left = (uint64_t)context->gregs[REG_R11];
    jit->interrupted = in;
    jit->stats.faults++;
    uint32_t esp = (uint32_t)(int32_t)mark->esp;
    cpu->gpr[XCPU_ESP].d += esp;
    if (mark->state & XCPU_JIT_ESI)
        cpu->gpr[XCPU_ESI].d -= (uint32_t)(uintptr_t)cpu->memory;
    if (mark->state & XCPU_JIT_EDI) {
        cpu->gpr[XCPU_EDI].d -= (uint32_t)(uintptr_t)cpu->memory;
        cpu->gpr[XCPU_ECX].d += (uint32_t)context->gregs[REG_R10];
    }
    if (mark->state & XCPU_JIT_TRUNCATES)
        context->fpregs->cwd |= XCPU_ROUND_CHOP;
    xcpu_jit_take_note(cpu, in, mark);
    jit->fault = (struct xcpu_slot){
        .eip = in->eip + mark->guest,
        .left = (int8_t)xcpu_jit_refund(jit, in, mark, host),
    };
    cpu->slot = &jit->fault;
    return XCPU_JIT_TRANSLATED |
           (mark->state & XCPU_JIT_STORES_MMX ? XCPU_JIT_MMX : 0);
}

#endif
