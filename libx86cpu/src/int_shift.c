/* int_shift.c -- handlers of shifts and rotates. */
/* SPDX-License-Identifier: MIT */
#include "int_shift.h"

XCPU_HANDLER(NOP); /* int_move.c */

#define SHIFT_HANDLERS(op, bits)                                               \
    XCPU_REG_HANDLER(op##bits##_ri)                                            \
    XCPU_REG_HANDLER(op##bits##_rc)                                            \
    XCPU_REG_HANDLER(op##bits##_riq)                                           \
    XCPU_REG_HANDLER(op##bits##_rcq)                                           \
    XCPU_MEM_HANDLERS(op##bits##_mi)                                           \
    XCPU_MEM_HANDLERS(op##bits##_mc)

/* A register shifted by 0 stays as it is, and so do the flags. */
static void bind_count(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                       enum xcpu_flags_kind before)
{
    (void)before;
    if (insn->mod == 3 && (insn->imm & 31) == 0)
        slot->run = xcpu_run_NOP;
}

static void bind_once(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                      enum xcpu_flags_kind before)
{
    (void)insn;
    (void)before;
    slot->imm = 1;
}

#define REG_FORMS(op, how) XCPU_REG(op##32_##how), XCPU_REG16(op##16_##how)
#define MEM_FORMS(op, how) XCPU_MEM(op##32_##how), XCPU_MEM16(op##16_##how)
#define QUIET_FORMS(name)  static const struct xcpu_forms quiet_##name

/* kind8, kind16, kind32: of the flags that a count that is not 0 leaves. */
#define SHIFT_ROWS(op, kind8, kind16, kind32)                                  \
    SHIFT_HANDLERS(op, 8)                                                      \
    SHIFT_HANDLERS(op, 16)                                                     \
    SHIFT_HANDLERS(op, 32)                                                     \
    QUIET_FORMS(op##8_i) = {XCPU_REG(op##8_riq)};                              \
    QUIET_FORMS(op##8_c) = {XCPU_REG(op##8_rcq)};                              \
    QUIET_FORMS(op##_i) = {REG_FORMS(op, riq)};                                \
    QUIET_FORMS(op##_c) = {REG_FORMS(op, rcq)};                                \
    XCPU_FORMS(op##_Eb_Ib) = {                                                 \
        XCPU_REG(op##8_ri), XCPU_MEM(op##8_mi), .quiet = &quiet_##op##8_i,     \
        .bind = bind_count, .flags = kind8,     .harmless = 1};                \
    XCPU_FORMS(op##_Ev_Ib) = {                                                 \
        REG_FORMS(op, ri),  MEM_FORMS(op, mi), .quiet = &quiet_##op##_i,       \
        .bind = bind_count, .flags = kind32,   .flags16 = kind16,              \
        .harmless = 1};                                                        \
    XCPU_FORMS(op##_Eb_1) = {                                                  \
        XCPU_REG(op##8_ri), XCPU_MEM(op##8_mi), .quiet = &quiet_##op##8_i,     \
        .bind = bind_once,  .flags = kind8,     .harmless = 1};                \
    XCPU_FORMS(op##_Ev_1) = {                                                  \
        REG_FORMS(op, ri), MEM_FORMS(op, mi), .quiet = &quiet_##op##_i,        \
        .bind = bind_once, .flags = kind32,   .flags16 = kind16,               \
        .harmless = 1};                                                        \
    XCPU_FORMS(op##_Eb_CL) = {XCPU_REG(op##8_rc), XCPU_MEM(op##8_mc),          \
                              .quiet = &quiet_##op##8_c, .harmless = 1};       \
    XCPU_FORMS(op##_Ev_CL) = {REG_FORMS(op, rc), MEM_FORMS(op, mc),            \
                              .quiet = &quiet_##op##_c, .harmless = 1};

#define STORED XCPU_FLAGS_STORED, XCPU_FLAGS_STORED, XCPU_FLAGS_STORED
SHIFT_ROWS(SHL, XCPU_SHL8, XCPU_SHL16, XCPU_SHL32)
SHIFT_ROWS(SHR, XCPU_SHR8, XCPU_SHR16, XCPU_SHR32)
SHIFT_ROWS(SAR, XCPU_SAR8, XCPU_SAR16, XCPU_SAR32)
#define ROTATE_ROWS(op, kinds) SHIFT_ROWS(op, kinds)
ROTATE_ROWS(ROL, STORED)
ROTATE_ROWS(ROR, STORED)
ROTATE_ROWS(RCL, STORED)
ROTATE_ROWS(RCR, STORED)

/* ---- double shifts ---- */

/*
 * SHLD and SHRD of 32 bits by 1..31, of 16 bits by 1..16; beyond, where SDM
 * defines nothing, the second operand goes on with the first again. flags:
 * where CF and OF go.
 */
static inline uint32_t SHLD32(uint32_t a, uint32_t b, unsigned count,
                              uint32_t *flags)
{
    uint32_t r = a << count | b >> (32 - count);
    *flags = (a >> (32 - count) & 1) | ((a ^ r) >> 31) * XF_O;
    return r;
}

static inline uint32_t SHRD32(uint32_t a, uint32_t b, unsigned count,
                              uint32_t *flags)
{
    uint32_t r = a >> count | b << (32 - count);
    *flags = (a >> (count - 1) & 1) | ((a ^ r) >> 31) * XF_O;
    return r;
}

static inline uint16_t SHLD16(uint16_t a, uint16_t b, unsigned count,
                              uint32_t *flags)
{
    uint64_t wide = (uint64_t)a << 32 | (uint64_t)b << 16 | a;
    uint16_t r = (uint16_t)(wide << count >> 32);
    *flags = (uint32_t)(wide << count >> 48 & 1) |
             (uint32_t)((a ^ r) >> 15 & 1) * XF_O;
    return r;
}

static inline uint16_t SHRD16(uint16_t a, uint16_t b, unsigned count,
                              uint32_t *flags)
{
    uint64_t wide = (uint64_t)a << 32 | (uint64_t)b << 16 | a;
    uint16_t r = (uint16_t)(wide >> count);
    *flags = (uint32_t)(wide >> (count - 1) & 1) |
             (uint32_t)((a ^ r) >> 15 & 1) * XF_O;
    return r;
}

#define DOUBLE_BODIES(op, bits, how, count_)                                   \
    DOUBLE_REG_BODY(op, bits, how, count_, , 0)                                \
    DOUBLE_REG_BODY(op, bits, how, count_, q, 1)                               \
    static inline void op##bits##_m##how(struct xcpu *cpu,                     \
                                         const struct xcpu_slot *slot,         \
                                         uint8_t *memory, uint32_t address)    \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        uint##bits##_t b = *xcpu_reg##bits(cpu, slot->reg);                    \
        unsigned count = (count_)&31;                                          \
        uint32_t flags = 0;                                                    \
        uint##bits##_t r = count ? op##bits(a, b, count, &flags) : a;          \
        xcpu_store##bits(cpu, slot, memory, address, r);                       \
        if (count)                                                             \
            xcpu_keep_flags(cpu, XCPU_RESULT##bits, r, flags);                 \
    }                                                                          \
    XCPU_REG_HANDLER(op##bits##_r##how)                                        \
    XCPU_REG_HANDLER(op##bits##_r##how##q)                                     \
    XCPU_MEM_HANDLERS(op##bits##_m##how)

#define DOUBLE_REG_BODY(op, bits, how, count_, q, quiet)                       \
    static inline void op##bits##_r##how##q(struct xcpu *cpu,                  \
                                            const struct xcpu_slot *slot)      \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        uint##bits##_t b = *xcpu_reg##bits(cpu, slot->reg);                    \
        unsigned count = (count_)&31;                                          \
        uint32_t flags;                                                        \
        if (!count)                                                            \
            return;                                                            \
        *a = op##bits(*a, b, count, &flags);                                   \
        if (!quiet)                                                            \
            xcpu_keep_flags(cpu, XCPU_RESULT##bits, *a, flags);                \
    }

#define DOUBLE_ROWS(op)                                                        \
    DOUBLE_BODIES(op, 16, i, slot->imm)                                        \
    DOUBLE_BODIES(op, 32, i, slot->imm)                                        \
    DOUBLE_BODIES(op, 16, c, cpu->gpr[XCPU_ECX].d)                             \
    DOUBLE_BODIES(op, 32, c, cpu->gpr[XCPU_ECX].d)                             \
    QUIET_FORMS(op##_i) = {REG_FORMS(op, riq)};                                \
    QUIET_FORMS(op##_c) = {REG_FORMS(op, rcq)};                                \
    XCPU_FORMS(op##_Ev_Gv_Ib) = {                                              \
        REG_FORMS(op, ri),        MEM_FORMS(op, mi),                           \
        .quiet = &quiet_##op##_i, .flags = XCPU_RESULT32,                      \
        .flags16 = XCPU_RESULT16, .harmless = 1};                              \
    XCPU_FORMS(op##_Ev_Gv_CL) = {REG_FORMS(op, rc), MEM_FORMS(op, mc),         \
                                 .quiet = &quiet_##op##_c, .harmless = 1};

DOUBLE_ROWS(SHLD)
DOUBLE_ROWS(SHRD)
