/* int_shift.h -- bodies of shifts and rotates. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_SHIFT_H
#define X86CPU_INT_SHIFT_H

#include "interp.h"

/*
 * SHL32(cpu, a, count, quiet) and so on: count is 1..31, as it is after
 * masking (SDM 2, SAL and RCL). The flags that SDM leaves undefined are those
 * of a count of 1.
 */
#define XCPU_SHIFT_OPS(bits)                                                   \
    static inline uint##bits##_t SHL##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        if (!quiet)                                                            \
            xcpu_keep_flags(cpu, XCPU_SHL##bits, a, count);                    \
        return (uint##bits##_t)((uint32_t)a << count);                         \
    }                                                                          \
    static inline uint##bits##_t SHR##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        if (!quiet)                                                            \
            xcpu_keep_flags(cpu, XCPU_SHR##bits, a, count);                    \
        return (uint##bits##_t)((uint32_t)a >> count);                         \
    }                                                                          \
    static inline uint##bits##_t SAR##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        if (!quiet)                                                            \
            xcpu_keep_flags(cpu, XCPU_SAR##bits, a, count);                    \
        return (uint##bits##_t)((int32_t)(int##bits##_t)a >> count);           \
    }                                                                          \
    static inline uint##bits##_t ROL##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        unsigned n = count & (bits - 1);                                       \
        uint##bits##_t r =                                                     \
            (uint##bits##_t)(a << n | a >> ((bits - n) & (bits - 1)));         \
        uint32_t carry = r & 1;                                                \
        if (!quiet)                                                            \
            xcpu_change_flags(cpu, XF_OC,                                      \
                              carry | (r >> (bits - 1) ^ carry) * XF_O);       \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t ROR##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        unsigned n = count & (bits - 1);                                       \
        uint##bits##_t r =                                                     \
            (uint##bits##_t)(a >> n | a << ((bits - n) & (bits - 1)));         \
        uint32_t carry = r >> (bits - 1);                                      \
        if (!quiet)                                                            \
            xcpu_change_flags(                                                 \
                cpu, XF_OC, carry | (((r >> (bits - 2)) ^ carry) & 1) * XF_O); \
        return r;                                                              \
    }                                                                          \
    static inline uint##bits##_t RCL##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        uint32_t flags = xcpu_get_flags(cpu);                                  \
        uint64_t wide = (uint64_t)(flags & XF_C) << bits | a;                  \
        unsigned n = count % (bits + 1);                                       \
        uint64_t r = wide << n | wide >> (bits + 1 - n);                       \
        uint32_t carry = r >> bits & 1;                                        \
        uint32_t sign = r >> (bits - 1) & 1;                                   \
        if (!quiet)                                                            \
            xcpu_set_flags(cpu, (flags & ~(uint32_t)XF_OC) | carry |           \
                                    (sign ^ carry) * XF_O);                    \
        return (uint##bits##_t)r;                                              \
    }                                                                          \
    static inline uint##bits##_t RCR##bits(struct xcpu *cpu, uint##bits##_t a, \
                                           unsigned count, int quiet)          \
    {                                                                          \
        uint32_t flags = xcpu_get_flags(cpu);                                  \
        uint64_t wide = (uint64_t)(flags & XF_C) << bits | a;                  \
        unsigned n = count % (bits + 1);                                       \
        uint64_t r = wide >> n | wide << (bits + 1 - n);                       \
        uint32_t carry = r >> bits & 1;                                        \
        uint32_t top = (r >> (bits - 1) ^ r >> (bits - 2)) & 1;                \
        if (!quiet)                                                            \
            xcpu_set_flags(cpu,                                                \
                           (flags & ~(uint32_t)XF_OC) | carry | top * XF_O);   \
        return (uint##bits##_t)r;                                              \
    }

XCPU_SHIFT_OPS(8)
XCPU_SHIFT_OPS(16)
XCPU_SHIFT_OPS(32)
#undef XCPU_SHIFT_OPS

/* r register, m memory; i by a count that is not 0, c by CL. */
#define XCPU_SHIFT_BODIES(op, bits)                                            \
    XCPU_SHIFT_REG_BODIES(op, bits, , 0)                                       \
    XCPU_SHIFT_REG_BODIES(op, bits, q, 1)                                      \
    static inline void op##bits##_m(                                           \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, unsigned count)                                      \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t r = count ? op##bits(cpu, a, count, 1) : a;             \
        xcpu_store##bits(cpu, slot, memory, address, r);                       \
        if (count)                                                             \
            op##bits(cpu, a, count, 0);                                        \
    }                                                                          \
    static inline void op##bits##_mi(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        op##bits##_m(cpu, slot, memory, address, slot->imm & 31);              \
    }                                                                          \
    static inline void op##bits##_mc(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        op##bits##_m(cpu, slot, memory, address, cpu->gpr[XCPU_ECX].d & 31);   \
    }

#define XCPU_SHIFT_REG_BODIES(op, bits, q, quiet)                              \
    static inline void op##bits##_ri##q(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot)          \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        *a = op##bits(cpu, *a, slot->imm & 31, quiet);                         \
    }                                                                          \
    static inline void op##bits##_rc##q(struct xcpu *cpu,                      \
                                        const struct xcpu_slot *slot)          \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        unsigned count = cpu->gpr[XCPU_ECX].d & 31;                            \
        if (count)                                                             \
            *a = op##bits(cpu, *a, count, quiet);                              \
    }

#define XCPU_SHIFT_SIZES(op)                                                   \
    XCPU_SHIFT_BODIES(op, 8)                                                   \
    XCPU_SHIFT_BODIES(op, 16)                                                  \
    XCPU_SHIFT_BODIES(op, 32)

XCPU_SHIFT_SIZES(ROL)
XCPU_SHIFT_SIZES(ROR)
XCPU_SHIFT_SIZES(RCL)
XCPU_SHIFT_SIZES(RCR)
XCPU_SHIFT_SIZES(SHL)
XCPU_SHIFT_SIZES(SHR)
XCPU_SHIFT_SIZES(SAR)
#undef XCPU_SHIFT_SIZES
#undef XCPU_SHIFT_BODIES
#undef XCPU_SHIFT_REG_BODIES

#endif
