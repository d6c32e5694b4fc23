/* int_move.h -- bodies of moves. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INT_MOVE_H
#define X86CPU_INT_MOVE_H

#include "interp.h"

/* Named as in int_alu.h. */
#define XCPU_MOV_BODIES(bits)                                                  \
    static inline void MOV##bits##_rg(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot)            \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->rm) = *xcpu_reg##bits(cpu, slot->reg);      \
    }                                                                          \
    static inline void MOV##bits##_ri(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot)            \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->rm) = (uint##bits##_t)slot->imm;            \
    }                                                                          \
    static inline void MOV##bits##_gm(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot,            \
                                      uint8_t *memory, uint32_t address)       \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->reg) =                                      \
            xcpu_load##bits(cpu, slot, memory, address);                       \
    }                                                                          \
    static inline void MOV##bits##_mg(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot,            \
                                      uint8_t *memory, uint32_t address)       \
    {                                                                          \
        xcpu_store##bits(cpu, slot, memory, address,                           \
                         *xcpu_reg##bits(cpu, slot->reg));                     \
    }                                                                          \
    static inline void MOV##bits##_mi(struct xcpu *cpu,                        \
                                      const struct xcpu_slot *slot,            \
                                      uint8_t *memory, uint32_t address)       \
    {                                                                          \
        xcpu_store##bits(cpu, slot, memory, address,                           \
                         (uint##bits##_t)slot->imm);                           \
    }

XCPU_MOV_BODIES(8)
XCPU_MOV_BODIES(16)
XCPU_MOV_BODIES(32)
#undef XCPU_MOV_BODIES

/* From 8 or 16 bits to 16 or 32: MOVZX32_8_gr and so on. */
#define XCPU_EXTEND_BODIES(op, to, from, value)                                \
    static inline void op##to##_##from##_gr(struct xcpu *cpu,                  \
                                            const struct xcpu_slot *slot)      \
    {                                                                          \
        uint##from##_t v = *xcpu_reg##from(cpu, slot->rm);                     \
        *xcpu_reg##to(cpu, slot->reg) = (uint##to##_t)(value);                 \
    }                                                                          \
    static inline void op##to##_##from##_gm(struct xcpu *cpu,                  \
                                            const struct xcpu_slot *slot,      \
                                            uint8_t *memory, uint32_t address) \
    {                                                                          \
        uint##from##_t v = xcpu_load##from(cpu, slot, memory, address);        \
        *xcpu_reg##to(cpu, slot->reg) = (uint##to##_t)(value);                 \
    }

XCPU_EXTEND_BODIES(MOVZX, 16, 8, v)
XCPU_EXTEND_BODIES(MOVZX, 32, 8, v)
XCPU_EXTEND_BODIES(MOVZX, 16, 16, v)
XCPU_EXTEND_BODIES(MOVZX, 32, 16, v)
XCPU_EXTEND_BODIES(MOVSX, 16, 8, (int8_t)v)
XCPU_EXTEND_BODIES(MOVSX, 32, 8, (int8_t)v)
XCPU_EXTEND_BODIES(MOVSX, 16, 16, v)
XCPU_EXTEND_BODIES(MOVSX, 32, 16, (int16_t)v)
#undef XCPU_EXTEND_BODIES

static inline void LEA32(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t *memory, uint32_t address)
{
    (void)memory;
    *xcpu_reg32(cpu, slot->reg) = address;
}

static inline void LEA16(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t *memory, uint32_t address)
{
    (void)memory;
    *xcpu_reg16(cpu, slot->reg) = (uint16_t)address;
}

static inline void NOP(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)cpu;
    (void)slot;
}

#endif
