/* int_stack.h -- bodies of pushes and pops. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_STACK_H
#define X86CPU_INT_STACK_H

#include "int_branch.h"

#define XCPU_STACK_BODIES(bits, size)                                          \
    static inline void PUSH##bits##_r(                                         \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        xcpu_push##bits(cpu, slot, memory, *xcpu_reg##bits(cpu, slot->rm));    \
    }                                                                          \
    static inline void PUSH##bits##_i(                                         \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        xcpu_push##bits(cpu, slot, memory, (uint##bits##_t)slot->imm);         \
    }                                                                          \
    static inline void PUSH##bits##_m(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot,            \
                                      uint8_t *memory, uint32_t address)       \
    {                                                                          \
        xcpu_push##bits(cpu, slot, memory,                                     \
                        xcpu_load##bits(cpu, slot, memory, address));          \
    }                                                                          \
    static inline void POP##bits##_r(                                          \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        uint##bits##_t value = xcpu_load##bits(cpu, slot, memory, esp);        \
        cpu->gpr[XCPU_ESP].d = esp + size;                                     \
        *xcpu_reg##bits(cpu, slot->rm) = value;                                \
    }

XCPU_STACK_BODIES(32, 4)
XCPU_STACK_BODIES(16, 2)
#undef XCPU_STACK_BODIES

static inline void LEAVE32(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory)
{
    uint32_t ebp = cpu->gpr[XCPU_EBP].d;
    cpu->gpr[XCPU_EBP].d = xcpu_load32(cpu, slot, memory, ebp);
    cpu->gpr[XCPU_ESP].d = ebp + 4;
}

#endif
