/* fault.c -- host faults that are guest exceptions. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "align.h"
#include "frame.h"
#include "jit.h"
#include "machine.h"
#include "mmx.h"

#include <signal.h>

/* Bits of a page fault's error code (SDM 3, 4.7). */
enum { PRESENT = 1, WRITE = 2, USER = 4, FETCH = 16 };

/* How far behind the window an access that begins in it may end. */
#define GUARD 4096

/* Rows that only ever store to the operand that ModRM names fault as stores
 * even where their load comes first. */
static int stores_operand(const struct xcpu_slot *slot)
{
    return (xcpu_rows[slot->row].attributes & A_WM) &&
           slot->row != XCPU_OP_POP_Ev && slot->row != XCPU_OP_ARPL_Ew_Gw;
}

static int is_store(const struct xcpu *cpu, const struct xcpu_host_fault *fault)
{
    if (fault->write > 0 || stores_operand(cpu->slot))
        return 1;
    return 0;
}

/*
 * Whether the store may simply be repeated: its page was watched, or another
 * thread has taken a watch away since this thread last gave a fault of that
 * address a second chance. It may be taking this one's away just now: the
 * epoch is looked at when it has.
 */
static int may_repeat(struct xcpu *cpu, uint32_t address)
{
    struct xcpu_machine *machine = cpu->machine;
    if (xcpu_page_stored(machine, address >> XCPU_PAGE_SHIFT))
        return 1;
    uint32_t epoch =
        atomic_load_explicit(&machine->epoch, memory_order_acquire);
    if (cpu->fault_epoch == epoch)
        return 0;
    cpu->fault_epoch = epoch;
    return 1;
}

/* The fault of translated code at a known EIP, its state taken. */
_Noreturn static void raise_translated(struct xcpu *cpu, int signo,
                                       const struct xcpu_host_fault *fault)
{
    cpu->running = 0;
    atomic_store_explicit(&cpu->in_jit, 0, memory_order_relaxed);
    xcpu_fpu_interrupted(&cpu->fpu, fault->fpregs);
    if (signo == SIGFPE)
        xcpu_raise(cpu, cpu->slot, XCPU_DE, 0);
    xcpu_raise(cpu, cpu->slot, XCPU_GP, 0);
}

/* A read of the page that stops loops: leaves translated code unless it was
 * for nothing. */
static int on_poll(struct xcpu *cpu, const struct xcpu_host_fault *fault,
                   const void *ucontext)
{
    if (!atomic_load_explicit(&cpu->stop, memory_order_seq_cst))
        return 1;
    if (!xcpu_jit_interrupted(cpu, ucontext))
        return 0;
    cpu->running = 0;
    xcpu_fpu_interrupted(&cpu->fpu, fault->fpregs);
    xcpu_interrupt(cpu, cpu->slot);
}

/* A block that the budget does not pay for, or that part of it which
 * translated code was given: the loop knows. */
_Noreturn static void leave_paid_out(struct xcpu *cpu,
                                     const struct xcpu_host_fault *fault)
{
    cpu->running = 0;
    xcpu_fpu_interrupted(&cpu->fpu, fault->fpregs);
    xcpu_interrupt(cpu, cpu->slot);
}

/* Whether an address is in front of the window or behind it. */
static int is_outside(const struct xcpu *cpu, uintptr_t address)
{
    uint64_t size = UINT64_C(1) << 32;
    uint64_t guard = cpu->machine->config.memory.guard;
    uint64_t offset = address - (uintptr_t)cpu->memory;
    if (guard < GUARD)
        guard = GUARD;
    return offset >= size && offset + guard < size + 2 * guard;
}

/* An address of translated code outside the window: the interpreter wraps it
 * around. */
_Noreturn static void leave_wrapped(struct xcpu *cpu,
                                    const struct xcpu_host_fault *fault)
{
    xcpu_jit_note_wrapped(cpu);
    cpu->running = 0;
    cpu->interpret = 1;
    xcpu_fpu_interrupted(&cpu->fpu, fault->fpregs);
    xcpu_interrupt(cpu, cpu->slot);
}

int xcpu_on_fault(struct xcpu *cpu, int signo, void *siginfo, void *ucontext)
{
    if (!cpu || !cpu->running ||
        (signo != SIGSEGV && signo != SIGBUS && signo != SIGFPE))
        return 0;
    struct xcpu_host_fault fault;
    xcpu_read_host_fault(siginfo, ucontext, &fault);
    if (xcpu_jit_polled(cpu, fault.address))
        return on_poll(cpu, &fault, ucontext);
    int translated = xcpu_jit_interrupted(cpu, ucontext);
    if (translated && xcpu_jit_is_paid_out(cpu, fault.address))
        leave_paid_out(cpu, &fault);
    if (translated && (signo == SIGFPE || fault.general))
        raise_translated(cpu, signo, &fault);
    if (translated && is_outside(cpu, fault.address))
        leave_wrapped(cpu, &fault);
    uintptr_t offset = fault.address - (uintptr_t)cpu->memory;
    if (offset >= (UINT64_C(1) << 32) + GUARD) /* code is compared there */
        offset = fault.address - (uintptr_t)cpu->machine->base;
    if (signo == SIGFPE || offset >= (UINT64_C(1) << 32) + GUARD)
        return 0;
    uint32_t address = (uint32_t)offset;
    int store = is_store(cpu, &fault);
    cpu->running = 0;
    atomic_store_explicit(&cpu->in_jit, 0, memory_order_relaxed);
    xcpu_fpu_interrupted(&cpu->fpu, fault.fpregs);
    if (translated & XCPU_JIT_MMX) /* not all hosts have done it */
        xcpu_mmx_enter(cpu);
    if (store && !xcpu_in_copies(cpu) && may_repeat(cpu, address))
        xcpu_repeat_alone(cpu);
    if (store && fault.write == 0 && address % XCPU_PAGE_SIZE == 0) {
        cpu->exit.address = address;
        cpu->exit.error_code = USER | WRITE | (fault.present ? PRESENT : 0);
        xcpu_leave_crossing(cpu);
    }
    xcpu_raise_page_fault(cpu, address,
                          USER | (store ? WRITE : 0) |
                              (fault.present ? PRESENT : 0));
}

/* Largest operand that is loaded and stored by one access each. */
#define OPERAND_MAX 16

/* Those of bit strings have looked at both pages already. */
static int is_bit_string(const struct xcpu_slot *slot)
{
    return slot->row == XCPU_OP_BTS_Ev_Gv || slot->row == XCPU_OP_BTR_Ev_Gv ||
           slot->row == XCPU_OP_BTC_Ev_Gv;
}

void xcpu_raise_crossing(struct xcpu *cpu)
{
    const struct xcpu_slot *slot = cpu->slot;
    uint32_t crossed = cpu->exit.address;
    uint32_t error_code = cpu->exit.error_code;
    uint32_t begin = xcpu_address_any(cpu, slot);
    if (!is_bit_string(slot) && crossed - begin - 1 < OPERAND_MAX)
        xcpu_probe_store(cpu, slot, cpu->memory, begin);
    xcpu_raise_page_fault(cpu, crossed, error_code);
}

void xcpu_finish_exit(struct xcpu *cpu)
{
    const struct xcpu_memory *memory = &cpu->machine->config.memory;
    struct xcpu_exit *exit = &cpu->exit;
    if (exit->reason == XCPU_EXIT_EXCEPTION &&
        (exit->vector == XCPU_VECTOR_AC ||
         (exit->vector == XCPU_VECTOR_PF && !(exit->error_code & FETCH))))
        xcpu_check_limit(cpu);
    if (exit->reason != XCPU_EXIT_EXCEPTION || exit->vector != XCPU_VECTOR_PF ||
        !memory->is_mapped)
        return;
    exit->error_code &= ~(uint32_t)PRESENT;
    if (memory->is_mapped(memory->owner, exit->address))
        exit->error_code |= PRESENT;
}
