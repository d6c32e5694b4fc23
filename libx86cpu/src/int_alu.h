/* int_alu.h -- bodies of two-operand arithmetic and logic. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_ALU_H
#define X86CPU_INT_ALU_H

#include "interp.h"

/*
 * ADD32(cpu, a, b, quiet) and so on compute a result and, unless quiet, keep
 * the flags. The bodies made of them are named OP, size, operands: r register
 * ModRM.rm, m memory, i immediate as the destination comes first; g is the
 * register ModRM.reg. A q at the end is quiet.
 */
#define XCPU_DEFINE_OPS(bits)                                                  \
    XCPU_DEFINE_OP(ADD, bits, a + b,                                           \
                   xcpu_keep_flags(cpu, XCPU_ADD##bits, a, b))                 \
    XCPU_DEFINE_OP(SUB, bits, a - b,                                           \
                   xcpu_keep_flags(cpu, XCPU_SUB##bits, a, b))                 \
    XCPU_DEFINE_OP(CMP, bits, a - b,                                           \
                   xcpu_keep_flags(cpu, XCPU_SUB##bits, a, b))                 \
    XCPU_DEFINE_OP(AND, bits, a &b,                                            \
                   xcpu_keep_result(cpu, XCPU_LOGIC##bits, r))                 \
    XCPU_DEFINE_OP(TEST, bits, a &b,                                           \
                   xcpu_keep_result(cpu, XCPU_LOGIC##bits, r))                 \
    XCPU_DEFINE_OP(OR, bits, a | b,                                            \
                   xcpu_keep_result(cpu, XCPU_LOGIC##bits, r))                 \
    XCPU_DEFINE_OP(XOR, bits, a ^ b,                                           \
                   xcpu_keep_result(cpu, XCPU_LOGIC##bits, r))                 \
    XCPU_DEFINE_CARRY_OP(ADC, bits, a + b + carry, ADD32)                      \
    XCPU_DEFINE_CARRY_OP(SBB, bits, a - b - carry, SUB32)

#define XCPU_DEFINE_OP(op, bits, result, keep)                                 \
    static inline uint##bits##_t op##bits(struct xcpu *cpu, uint##bits##_t a,  \
                                          uint##bits##_t b, int quiet)         \
    {                                                                          \
        uint##bits##_t r = (uint##bits##_t)(result);                           \
        if (!quiet)                                                            \
            keep;                                                              \
        return r;                                                              \
    }

#define XCPU_DEFINE_CARRY_OP(op, bits, result, likely)                         \
    static inline uint##bits##_t op##bits(struct xcpu *cpu, uint##bits##_t a,  \
                                          uint##bits##_t b, int quiet)         \
    {                                                                          \
        uint32_t carry = xcpu_carry_likely(cpu, XCPU_##likely);                \
        if (!quiet) {                                                          \
            cpu->flags.carry = carry;                                          \
            xcpu_keep_flags(cpu, XCPU_##op##bits, a, b);                       \
        }                                                                      \
        return (uint##bits##_t)(result);                                       \
    }

XCPU_DEFINE_OPS(8)
XCPU_DEFINE_OPS(16)
XCPU_DEFINE_OPS(32)
#undef XCPU_DEFINE_OPS
#undef XCPU_DEFINE_OP
#undef XCPU_DEFINE_CARRY_OP

/* Bodies of an operation that writes its result. */
#define XCPU_WRITING_BODIES(op, bits)                                          \
    XCPU_WRITING_REG_BODIES(op, bits, , 0)                                     \
    XCPU_WRITING_REG_BODIES(op, bits, q, 1)                                    \
    static inline void op##bits##_mg(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t b = *xcpu_reg##bits(cpu, slot->reg);                    \
        xcpu_store##bits(cpu, slot, memory, address, op##bits(cpu, a, b, 1));  \
        op##bits(cpu, a, b, 0);                                                \
    }                                                                          \
    static inline void op##bits##_mi(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t b = (uint##bits##_t)slot->imm;                          \
        xcpu_store##bits(cpu, slot, memory, address, op##bits(cpu, a, b, 1));  \
        op##bits(cpu, a, b, 0);                                                \
    }

#define XCPU_WRITING_REG_BODIES(op, bits, q, quiet)                            \
    static inline void op##bits##_rg##q(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot)          \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        *a = op##bits(cpu, *a, *xcpu_reg##bits(cpu, slot->reg), quiet);        \
    }                                                                          \
    static inline void op##bits##_ri##q(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot)          \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        *a = op##bits(cpu, *a, (uint##bits##_t)slot->imm, quiet);              \
    }                                                                          \
    static inline void op##bits##_gm##q(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot,          \
                                        uint8_t *memory, uint32_t address)     \
    {                                                                          \
        uint##bits##_t b = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->reg);                    \
        *a = op##bits(cpu, *a, b, quiet);                                      \
    }

/* Bodies of one that only keeps flags. */
#define XCPU_COMPARING_BODIES(op, bits)                                        \
    static inline void op##bits##_rg(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot)             \
    {                                                                          \
        op##bits(cpu, *xcpu_reg##bits(cpu, slot->rm),                          \
                 *xcpu_reg##bits(cpu, slot->reg), 0);                          \
    }                                                                          \
    static inline void op##bits##_ri(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot)             \
    {                                                                          \
        op##bits(cpu, *xcpu_reg##bits(cpu, slot->rm),                          \
                 (uint##bits##_t)slot->imm, 0);                                \
    }                                                                          \
    static inline void op##bits##_gm(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        uint##bits##_t b = xcpu_load##bits(cpu, slot, memory, address);        \
        op##bits(cpu, *xcpu_reg##bits(cpu, slot->reg), b, 0);                  \
    }                                                                          \
    static inline void op##bits##_mg(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        op##bits(cpu, a, *xcpu_reg##bits(cpu, slot->reg), 0);                  \
    }                                                                          \
    static inline void op##bits##_mi(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        op##bits(cpu, a, (uint##bits##_t)slot->imm, 0);                        \
    }

#define XCPU_FOR_SIZES(X, op) X(op, 8) X(op, 16) X(op, 32)

XCPU_FOR_SIZES(XCPU_WRITING_BODIES, ADD)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, OR)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, ADC)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, SBB)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, AND)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, SUB)
XCPU_FOR_SIZES(XCPU_WRITING_BODIES, XOR)
XCPU_FOR_SIZES(XCPU_COMPARING_BODIES, CMP)
XCPU_FOR_SIZES(XCPU_COMPARING_BODIES, TEST)
#undef XCPU_WRITING_BODIES
#undef XCPU_WRITING_REG_BODIES
#undef XCPU_COMPARING_BODIES

/* One-operand ones: r register, m memory. INC and DEC keep CF. */
#define XCPU_DEFINE_UNARY(bits)                                                \
    static inline uint##bits##_t INC##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           int quiet)                          \
    {                                                                          \
        if (!quiet) {                                                          \
            cpu->flags.carry = xcpu_carry_likely(cpu, XCPU_INC##bits);         \
            xcpu_keep_result(cpu, XCPU_INC##bits, a);                          \
        }                                                                      \
        return (uint##bits##_t)(a + 1);                                        \
    }                                                                          \
    static inline uint##bits##_t DEC##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           int quiet)                          \
    {                                                                          \
        if (!quiet) {                                                          \
            cpu->flags.carry = xcpu_carry_likely(cpu, XCPU_DEC##bits);         \
            xcpu_keep_result(cpu, XCPU_DEC##bits, a);                          \
        }                                                                      \
        return (uint##bits##_t)(a - 1);                                        \
    }                                                                          \
    static inline uint##bits##_t NEG##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           int quiet)                          \
    {                                                                          \
        if (!quiet)                                                            \
            xcpu_keep_flags(cpu, XCPU_SUB##bits, 0, a);                        \
        return (uint##bits##_t)(0u - a);                                       \
    }                                                                          \
    static inline uint##bits##_t NOT##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           int quiet)                          \
    {                                                                          \
        (void)cpu;                                                             \
        (void)quiet;                                                           \
        return (uint##bits##_t) ~a;                                            \
    }

XCPU_DEFINE_UNARY(8)
XCPU_DEFINE_UNARY(16)
XCPU_DEFINE_UNARY(32)
#undef XCPU_DEFINE_UNARY

#define XCPU_UNARY_BODIES(op, bits)                                            \
    static inline void op##bits##_r(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot)              \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        *a = op##bits(cpu, *a, 0);                                             \
    }                                                                          \
    static inline void op##bits##_rq(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot)             \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        *a = op##bits(cpu, *a, 1);                                             \
    }                                                                          \
    static inline void op##bits##_m(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot,              \
                                    uint8_t *memory, uint32_t address)         \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        xcpu_store##bits(cpu, slot, memory, address, op##bits(cpu, a, 1));     \
        op##bits(cpu, a, 0);                                                   \
    }

/* INC and DEC of a register where it is known what made CF: LOGIC stands for
 * all kinds of it, INC for those of INC and DEC. */
#define XCPU_AFTER_BODIES(op, kind)                                            \
    static inline void op##32_r_##kind(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot)           \
    {                                                                          \
        uint32_t *a = xcpu_reg32(cpu, slot->rm);                               \
        uint32_t old = *a;                                                     \
        cpu->flags.carry = xcpu_carry_of(cpu, XCPU_##kind##32);                \
        xcpu_keep_result(cpu, XCPU_##op##32, old);                             \
        *a = op##32(cpu, old, 1);                                              \
    }
#define XCPU_AFTER_KINDS(X, op) X(op, LOGIC) X(op, ADD) X(op, SUB) X(op, INC)

XCPU_AFTER_KINDS(XCPU_AFTER_BODIES, INC)
XCPU_AFTER_KINDS(XCPU_AFTER_BODIES, DEC)
#undef XCPU_AFTER_BODIES

XCPU_FOR_SIZES(XCPU_UNARY_BODIES, INC)
XCPU_FOR_SIZES(XCPU_UNARY_BODIES, DEC)
XCPU_FOR_SIZES(XCPU_UNARY_BODIES, NEG)
XCPU_FOR_SIZES(XCPU_UNARY_BODIES, NOT)
#undef XCPU_UNARY_BODIES

#endif
