/* jit_none.c -- hosts without a translator. */
/* SPDX-License-Identifier: MIT */
#include "jit.h"
#include "lockstep.h"
#include "run.h"

#if !XCPU_HAVE_JIT

int xcpu_jit_supported(void)
{
    return 0;
}

/* cpu->jit is NULL always. */

const struct xcpu_slot *xcpu_jit_slot(struct xcpu *cpu,
                                      struct xcpu_block *block)
{
    (void)cpu;
    (void)block;
    return NULL;
}

void xcpu_jit_leave(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_jit_note_change(struct xcpu *cpu, uint32_t eip)
{
    (void)cpu;
    (void)eip;
}

void xcpu_jit_drop(struct xcpu *cpu, struct xcpu_block *block)
{
    (void)cpu;
    (void)block;
}

void xcpu_jit_clear(struct xcpu *cpu)
{
    (void)cpu;
}

int xcpu_jit_interrupted(struct xcpu *cpu, const void *ucontext)
{
    (void)cpu;
    (void)ucontext;
    return 0;
}

void xcpu_jit_note_wrapped(struct xcpu *cpu)
{
    (void)cpu;
}

int xcpu_jit_can_pay(const struct xcpu *cpu, const struct xcpu_block *block)
{
    (void)cpu;
    (void)block;
    return 1;
}

int xcpu_jit_is_paid_out(const struct xcpu *cpu, uintptr_t address)
{
    (void)cpu;
    (void)address;
    return 0;
}

void xcpu_jit_empty_purse(struct xcpu *cpu)
{
    (void)cpu;
}

int xcpu_jit_polled(struct xcpu *cpu, uintptr_t address)
{
    (void)cpu;
    (void)address;
    return 0;
}

void xcpu_jit_free(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_jit_release(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_get_jit_stats(const struct xcpu *cpu, struct xcpu_jit_stats *stats)
{
    (void)cpu;
    *stats = (struct xcpu_jit_stats){0};
}

void xcpu_lockstep_run(struct xcpu *cpu, uint64_t budget,
                       struct xcpu_exit *exit)
{
    xcpu_run_engine(cpu, budget, exit);
}

void xcpu_lockstep_free(struct xcpu *cpu)
{
    (void)cpu;
}

int xcpu_get_mismatch(const struct xcpu *cpu, struct xcpu_mismatch *mismatch)
{
    (void)cpu;
    (void)mismatch;
    return 0;
}

void xcpu_machine_get_jit_stats(const struct xcpu_machine *machine,
                                struct xcpu_jit_stats *stats)
{
    (void)machine;
    *stats = (struct xcpu_jit_stats){0};
}

void xcpu_jit_stop(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_jit_before_fork(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_jit_abandon(struct xcpu *cpu)
{
    (void)cpu;
}

void xcpu_jit_after_fork(struct xcpu *cpu)
{
    (void)cpu;
}

#endif
