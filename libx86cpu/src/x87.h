/* x87.h -- what the handlers of x87 instructions share. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_X87_H
#define X86CPU_X87_H

#include "float80.h"
#include "x87_tail.h"

/*
 * On an x86-64 host the guest's x87 state moves into the host's x87 with the
 * first instruction that computes, and handlers execute the guest's own
 * instruction there until xcpu_fpu_leave. Elsewhere, or where fpu->portable
 * says so, x87_soft.c computes in struct xcpu_fpu.
 */
#if defined(__x86_64__)
#define XCPU_X87_ASM(...) __asm__ volatile(__VA_ARGS__)
#else
#define XCPU_X87_ASM(...) (void)0
#endif

/*
 * Begins an instruction that waits where it is not known that nothing is
 * pending and the state in the host: raises #MF for a pending exception, moves
 * the state, and returns 1, or 0 for portable computation.
 */
int xcpu_x87_wait(struct xcpu *cpu, const struct xcpu_slot *slot);

/* Moves the state into the host's x87, from where it is in memory, if that can
 * be. */
void xcpu_x87_enter(struct xcpu_fpu *fpu);

static inline int xcpu_x87_begin(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    if (XCPU_LIKELY(cpu->fpu.x87_mode == XCPU_X87_HOST))
        return 1;
    return xcpu_x87_wait(cpu, slot);
}

static inline void xcpu_x87_note(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    cpu->fpu.code_offset = slot->eip;
}

/* Likewise where some exceptions are unmasked: 1 when one was raised. */
int xcpu_x87_note_raised(struct xcpu *cpu, const struct xcpu_slot *slot);

/*
 * Handlers of instructions that wait, from a body with one more argument than
 * others: in_host. What is rarely needed is a handler of its own, so that the
 * other saves no registers.
 */
#define XCPU_X87_REG_HANDLER(body)                                             \
    static XCPU_RARE XCPU_HANDLER(body##_waits)                                \
    {                                                                          \
        body(cpu, slot, xcpu_x87_wait(cpu, slot));                             \
        xcpu_x87_note_raised(cpu, slot);                                       \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    static XCPU_HANDLER(body)                                                  \
    {                                                                          \
        if (XCPU_UNLIKELY(cpu->fpu.x87_mode != XCPU_X87_HOST))                 \
            XCPU_TAIL return xcpu_run_##body##_waits(cpu, slot, memory);       \
        body(cpu, slot, 1);                                                    \
        xcpu_x87_note(cpu, slot);                                              \
        XCPU_JUMP(slot + 1);                                                   \
    }

#define XCPU_X87_MEM_HANDLERS(body)                                            \
    static XCPU_RARE XCPU_HANDLER(body##_waits)                                \
    {                                                                          \
        int in_host = xcpu_x87_wait(cpu, slot);                                \
        uint32_t address = xcpu_address_any(cpu, slot);                        \
                                                                               \
        body(cpu, slot, memory, address, in_host);                             \
        if (xcpu_x87_note_raised(cpu, slot))                                   \
            cpu->fpu.data_offset = address - cpu->sreg_base[slot->seg];        \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    XCPU_X87_MEM_HANDLER(body, any)                                            \
    XCPU_X87_MEM_HANDLER(body, base)                                           \
    XCPU_X87_MEM_HANDLER(body, index)

#define XCPU_X87_MEM_HANDLER(body, form)                                       \
    static XCPU_HANDLER(body##_##form)                                         \
    {                                                                          \
        uint32_t address = xcpu_address_##form(cpu, slot);                     \
                                                                               \
        if (XCPU_UNLIKELY(cpu->fpu.x87_mode != XCPU_X87_HOST))                 \
            XCPU_TAIL return xcpu_run_##body##_waits(cpu, slot, memory);       \
        body(cpu, slot, memory, address, 1);                                   \
        xcpu_x87_note(cpu, slot);                                              \
        XCPU_JUMP(slot + 1);                                                   \
    }

/*
 * x87_soft.c: executes a row's instruction in struct xcpu_fpu. i is the
 * number in STi; FCMOV's is 8 more when its condition holds. operand holds a
 * memory operand's bytes, or takes those to be stored. Returns 1 when there
 * is something to be stored, else 0; FCOMI and its relatives: their EFLAGS, or
 * -1 when these keep their values.
 */
int xcpu_x87_execute(struct xcpu_fpu *fpu, unsigned row, unsigned i,
                     uint8_t operand[10]);

#endif
