/* int_branch.h -- bodies of near branches. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_BRANCH_H
#define X86CPU_INT_BRANCH_H

#include "frame.h"

/* Bodies that say whether the branch is taken. */
#define XCPU_JCC_BODY(cc, kind)                                                \
    static inline int JCC##cc##_##kind(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot)           \
    {                                                                          \
        (void)slot;                                                            \
        return xcpu_condition_of(cpu, XCPU_##kind, cc);                        \
    }

#define XCPU_JCC_BODIES(kind, unused) XCPU_CONDITIONS(XCPU_JCC_BODY, kind)
XCPU_KNOWN_KINDS(XCPU_JCC_BODIES, )
#undef XCPU_JCC_BODIES
#undef XCPU_JCC_BODY

/* Stores below the stack pointer, then moves it. */
static inline void xcpu_push32(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, uint32_t value)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d - 4;
    xcpu_store32(cpu, slot, memory, esp, value);
    cpu->gpr[XCPU_ESP].d = esp;
}

static inline void xcpu_push16(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, uint16_t value)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d - 2;
    xcpu_store16(cpu, slot, memory, esp, value);
    cpu->gpr[XCPU_ESP].d = esp;
}

static inline uint32_t xcpu_next_eip(const struct xcpu_slot *slot)
{
    return slot->eip + slot->length;
}

#endif
