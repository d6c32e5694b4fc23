/* int_muldiv.h -- bodies of IMUL with two and three operands. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_MULDIV_H
#define X86CPU_INT_MULDIV_H

#include "interp.h"

/* CF and OF tell whether the upper half counts; the others are undefined, and
 * follow the lower half. */
#define XCPU_KEEP_PRODUCT(bits, result, counts)                                \
    xcpu_keep_flags(cpu, XCPU_RESULT##bits, (uint##bits##_t)(result),          \
                    (counts) ? XF_OC : 0)

/* r register, m memory, 3 with an immediate; q is quiet. */
#define XCPU_IMUL_BODIES(bits, wide)                                           \
    static inline uint##bits##_t xcpu_multiply##bits(                          \
        struct xcpu *cpu, uint##bits##_t a, uint##bits##_t b, int quiet)       \
    {                                                                          \
        int##wide##_t r = (int##wide##_t)(int##bits##_t)a * (int##bits##_t)b;  \
        if (!quiet)                                                            \
            XCPU_KEEP_PRODUCT(bits, r, r != (int##bits##_t)r);                 \
        return (uint##bits##_t)r;                                              \
    }                                                                          \
    XCPU_IMUL_REG_BODIES(bits, , 0)                                            \
    XCPU_IMUL_REG_BODIES(bits, q, 1)
#define XCPU_IMUL_REG_BODIES(bits, q, quiet)                                   \
    static inline void IMUL2_##bits##_r##q(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot)       \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->reg);                    \
        *a = xcpu_multiply##bits(cpu, *a, *xcpu_reg##bits(cpu, slot->rm),      \
                                 quiet);                                       \
    }                                                                          \
    static inline void IMUL2_##bits##_m##q(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot,       \
                                           uint8_t *memory, uint32_t address)  \
    {                                                                          \
        uint##bits##_t b = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->reg);                    \
        *a = xcpu_multiply##bits(cpu, *a, b, quiet);                           \
    }                                                                          \
    static inline void IMUL3_##bits##_r##q(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot)       \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->reg) =                                      \
            xcpu_multiply##bits(cpu, *xcpu_reg##bits(cpu, slot->rm),           \
                                (uint##bits##_t)slot->imm, quiet);             \
    }                                                                          \
    static inline void IMUL3_##bits##_m##q(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot,       \
                                           uint8_t *memory, uint32_t address)  \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        *xcpu_reg##bits(cpu, slot->reg) =                                      \
            xcpu_multiply##bits(cpu, a, (uint##bits##_t)slot->imm, quiet);     \
    }

XCPU_IMUL_BODIES(16, 32)
XCPU_IMUL_BODIES(32, 64)
#undef XCPU_IMUL_BODIES
#undef XCPU_IMUL_REG_BODIES

#endif
