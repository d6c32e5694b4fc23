/* cpu.c -- cpus and their registers. */
/* SPDX-License-Identifier: MIT */
#include "block.h"
#include "flags.h"
#include "jit.h"
#include "lockstep.h"
#include "machine.h"
#include "segment.h"

#include <stdlib.h>
#include <string.h>

/* EFLAGS a program can hold; IF and bit 1 always read as 1. */
#define EFLAGS_KEPT  (XCPU_TF | XCPU_DF | XCPU_NT | XCPU_AC | XCPU_ID | XCPU_RF)
#define EFLAGS_FIXED (XCPU_IF | 2u)

/* A cpu of the machine that is in use no more, or a new one. */
static struct xcpu *take_cpu(struct xcpu_machine *machine)
{
    struct xcpu *cpu =
        atomic_load_explicit(&machine->cpus, memory_order_acquire);
    for (; cpu; cpu = cpu->next) {
        int free_now = 0;
        if (atomic_compare_exchange_strong(&cpu->used, &free_now, 1))
            return cpu;
    }
    size_t size = (sizeof(*cpu) + 63) & ~(size_t)63;
    cpu = aligned_alloc(64, size);
    if (!cpu)
        return NULL;
    memset(cpu, 0, size);
    atomic_init(&cpu->used, 1);
    cpu->machine = machine;
    cpu->next = atomic_load_explicit(&machine->cpus, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&machine->cpus, &cpu->next,
                                                  cpu, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return cpu;
}

/* A cpu whose thread a fork has left behind may have been anywhere. */
static void forget_run(struct xcpu *cpu)
{
    cpu->running = 0;
    cpu->passing = 0;
    cpu->stepping = 0;
    cpu->interpret = 0;
    cpu->gs_set = 0; /* of another thread */
    cpu->trial = XCPU_TRIAL_NONE;
    cpu->reserve = 0;
    atomic_store(&cpu->pending, 0);
    atomic_store(&cpu->stop, 0);
}

/* Unless its last user has left one. */
static int make_cache(struct xcpu *cpu)
{
    if (cpu->cache)
        return 0;
    cpu->cache = xcpu_cache_new();
    if (!cpu->cache)
        return XCPU_ERR_NOMEM;
    xcpu_cache_clear(cpu);
    return 0;
}

int xcpu_new(struct xcpu_machine *machine, struct xcpu **made)
{
    static const struct xcpu_regs reset = {
        .eflags = EFLAGS_FIXED,
        .sreg = {0x23, 0x1b, 0x23, 0x23, 0x23, 0x23},
    };
    struct xcpu *cpu = take_cpu(machine);
    if (!cpu)
        return XCPU_ERR_NOMEM;
    if (make_cache(cpu) < 0) {
        atomic_store(&cpu->used, 0);
        return XCPU_ERR_NOMEM;
    }
    cpu->memory = machine->base;
    forget_run(cpu);
    memset(cpu->descriptors, 0, sizeof(cpu->descriptors));
    xcpu_set_regs(cpu, &reset);
    xcpu_reset_fpu(cpu);
    *made = cpu;
    return 0;
}

void xcpu_free(struct xcpu *cpu)
{
    if (!cpu)
        return;
    xcpu_jit_release(cpu);
    xcpu_lockstep_free(cpu);
    xcpu_cache_retire(cpu);
    atomic_store(&cpu->used, 0);
}

uint32_t xcpu_get_eflags(const struct xcpu *cpu)
{
    return xcpu_get_flags(cpu) | cpu->eflags | EFLAGS_FIXED;
}

void xcpu_set_eflags(struct xcpu *cpu, uint32_t eflags)
{
    /* Blocks check alignment or do not. */
    if ((cpu->eflags ^ eflags) & XCPU_AC)
        xcpu_set_pending(cpu, XCPU_PENDING_CLEAR);
    cpu->eflags = eflags & EFLAGS_KEPT;
    xcpu_set_flags(cpu, eflags & XF_OSZAPC);
}

void xcpu_get_regs(const struct xcpu *cpu, struct xcpu_regs *regs)
{
    for (int i = 0; i < 8; i++)
        regs->gpr[i] = cpu->gpr[i].d;
    regs->eip = cpu->eip;
    regs->eflags = xcpu_get_eflags(cpu);
    for (int i = 0; i < 6; i++) {
        regs->sreg[i] = cpu->sreg[i];
        regs->sreg_base[i] = cpu->sreg_base[i];
    }
}

void xcpu_set_regs(struct xcpu *cpu, const struct xcpu_regs *regs)
{
    for (int i = 0; i < 8; i++)
        cpu->gpr[i].d = regs->gpr[i];
    cpu->eip = regs->eip;
    xcpu_set_eflags(cpu, regs->eflags);
    for (unsigned i = 0; i < 6; i++)
        xcpu_define_segment(cpu, i, regs->sreg[i], regs->sreg_base[i]);
}

uint32_t xcpu_get_eip(const struct xcpu *cpu)
{
    return cpu->eip;
}

uint32_t xcpu_get_gpr(const struct xcpu *cpu, enum xcpu_gpr reg)
{
    return cpu->gpr[reg].d;
}

void xcpu_set_gpr(struct xcpu *cpu, enum xcpu_gpr reg, uint32_t value)
{
    cpu->gpr[reg].d = value;
}

void xcpu_kick(struct xcpu *cpu)
{
    xcpu_set_pending(cpu, XCPU_PENDING_KICK);
}
