/* int_alu.c -- handlers of arithmetic and logic. */
/* SPDX-License-Identifier: MIT */
#include "int_alu.h"
#include "atomic.h"

/* ---- locked ---- */

#define LOCKED_BODIES(op, bits)                                                \
    static void lock_##op##bits(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address, uint##bits##_t b)            \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        while (!xcpu_compare_exchange##bits(cpu, slot, memory, address, &a,    \
                                            op##bits(cpu, a, b, 1)))           \
            ;                                                                  \
        op##bits(cpu, a, b, 0);                                                \
    }                                                                          \
    static void lock_##op##bits##_mg(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        lock_##op##bits(cpu, slot, memory, address,                            \
                        *xcpu_reg##bits(cpu, slot->reg));                      \
    }                                                                          \
    static void lock_##op##bits##_mi(struct xcpu *cpu,                         \
                                     const struct xcpu_slot *slot,             \
                                     uint8_t *memory, uint32_t address)        \
    {                                                                          \
        lock_##op##bits(cpu, slot, memory, address,                            \
                        (uint##bits##_t)slot->imm);                            \
    }                                                                          \
    XCPU_MEM_HANDLER(lock_##op##bits##_mg, any)                                \
    XCPU_MEM_HANDLER(lock_##op##bits##_mi, any)

#define LOCKED_UNARY_BODIES(op, bits)                                          \
    static void lock_##op##bits##_m(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot,              \
                                    uint8_t *memory, uint32_t address)         \
    {                                                                          \
        uint##bits##_t a = xcpu_load##bits(cpu, slot, memory, address);        \
        while (!xcpu_compare_exchange##bits(cpu, slot, memory, address, &a,    \
                                            op##bits(cpu, a, 1)))              \
            ;                                                                  \
        op##bits(cpu, a, 0);                                                   \
    }                                                                          \
    XCPU_MEM_HANDLER(lock_##op##bits##_m, any)

/* ---- handlers ---- */

#define TEST_HANDLERS(op, bits)                                                \
    XCPU_REG_HANDLER(op##bits##_rg)                                            \
    XCPU_REG_HANDLER(op##bits##_ri)                                            \
    XCPU_MEM_HANDLERS(op##bits##_mg)                                           \
    XCPU_MEM_HANDLERS(op##bits##_mi)

#define COMPARING_HANDLERS(op, bits)                                           \
    TEST_HANDLERS(op, bits)                                                    \
    XCPU_MEM_HANDLERS(op##bits##_gm)

#define WRITING_HANDLERS(op, bits)                                             \
    COMPARING_HANDLERS(op, bits)                                               \
    XCPU_REG_HANDLER(op##bits##_rgq)                                           \
    XCPU_REG_HANDLER(op##bits##_riq)                                           \
    XCPU_MEM_HANDLERS(op##bits##_gmq)                                          \
    LOCKED_BODIES(op, bits)

#define UNARY_HANDLERS(op, bits)                                               \
    XCPU_REG_HANDLER(op##bits##_r)                                             \
    XCPU_REG_HANDLER(op##bits##_rq)                                            \
    XCPU_MEM_HANDLERS(op##bits##_m)                                            \
    LOCKED_UNARY_BODIES(op, bits)

/* ---- rows ---- */

#define FLAGS8(kind) .flags = XCPU_##kind##8, .harmless = 1
#define FLAGS(kind)                                                            \
    .flags = XCPU_##kind##32, .flags16 = XCPU_##kind##16, .harmless = 1
/* The handlers of a body in all sizes; the part of its name behind the size
 * is how. */
#define REG_FORMS(op, how) XCPU_REG(op##32_##how), XCPU_REG16(op##16_##how)
#define MEM_FORMS(op, how) XCPU_MEM(op##32_##how), XCPU_MEM16(op##16_##how)
#define LOCK_FORMS(op, how)                                                    \
    .lock = xcpu_run_lock_##op##32_##how##_any,                                \
    .lock16 = xcpu_run_lock_##op##16_##how##_any
#define LOCK8_FORM(op, how) .lock = xcpu_run_lock_##op##8_##how##_any

#define QUIET_FORMS(name) static const struct xcpu_forms quiet_##name

#define WRITING_ROWS(op, kind)                                                 \
    XCPU_FOR_SIZES(WRITING_HANDLERS, op)                                       \
    QUIET_FORMS(op##8_rg) = {XCPU_REG(op##8_rgq)};                             \
    QUIET_FORMS(op##8_ri) = {XCPU_REG(op##8_riq)};                             \
    QUIET_FORMS(op##8_gm) = {XCPU_REG(op##8_rgq), XCPU_MEM(op##8_gmq)};        \
    QUIET_FORMS(op##_rg) = {REG_FORMS(op, rgq)};                               \
    QUIET_FORMS(op##_ri) = {REG_FORMS(op, riq)};                               \
    QUIET_FORMS(op##_gm) = {REG_FORMS(op, rgq), MEM_FORMS(op, gmq)};           \
    XCPU_FORMS(op##_Eb_Gb) = {XCPU_REG(op##8_rg), XCPU_MEM(op##8_mg),          \
                              LOCK8_FORM(op, mg), .quiet = &quiet_##op##8_rg,  \
                              FLAGS8(kind)};                                   \
    XCPU_FORMS(op##_Ev_Gv) = {REG_FORMS(op, rg), MEM_FORMS(op, mg),            \
                              LOCK_FORMS(op, mg), .quiet = &quiet_##op##_rg,   \
                              FLAGS(kind)};                                    \
    XCPU_FORMS(op##_Gb_Eb) = {XCPU_REG(op##8_rg), XCPU_MEM(op##8_gm),          \
                              .quiet = &quiet_##op##8_gm,                      \
                              .bind = xcpu_swap_registers, FLAGS8(kind)};      \
    XCPU_FORMS(op##_Gv_Ev) = {REG_FORMS(op, rg), MEM_FORMS(op, gm),            \
                              .quiet = &quiet_##op##_gm,                       \
                              .bind = xcpu_swap_registers, FLAGS(kind)};       \
    XCPU_FORMS(op##_AL_Ib) = {XCPU_REG(op##8_ri), .quiet = &quiet_##op##8_ri,  \
                              FLAGS8(kind)};                                   \
    XCPU_FORMS(op##_rAX_Iz) = {REG_FORMS(op, ri), .quiet = &quiet_##op##_ri,   \
                               FLAGS(kind)};                                   \
    XCPU_FORMS(op##_Eb_Ib) = {XCPU_REG(op##8_ri), XCPU_MEM(op##8_mi),          \
                              LOCK8_FORM(op, mi), .quiet = &quiet_##op##8_ri,  \
                              FLAGS8(kind)};                                   \
    XCPU_FORMS(op##_Ev_Iz) = {REG_FORMS(op, ri), MEM_FORMS(op, mi),            \
                              LOCK_FORMS(op, mi), .quiet = &quiet_##op##_ri,   \
                              FLAGS(kind)};                                    \
    XCPU_FORMS(op##_Ev_sIb) = {REG_FORMS(op, ri), MEM_FORMS(op, mi),           \
                               LOCK_FORMS(op, mi), .quiet = &quiet_##op##_ri,  \
                               FLAGS(kind)};

WRITING_ROWS(ADD, ADD)
WRITING_ROWS(OR, LOGIC)
WRITING_ROWS(ADC, ADC)
WRITING_ROWS(SBB, SBB)
WRITING_ROWS(AND, LOGIC)
WRITING_ROWS(SUB, SUB)
WRITING_ROWS(XOR, LOGIC)

XCPU_FOR_SIZES(COMPARING_HANDLERS, CMP)
XCPU_FOR_SIZES(TEST_HANDLERS, TEST)

#define COMPARING_ROWS(op, kind)                                               \
    XCPU_FORMS(op##_Eb_Gb) = {XCPU_REG(op##8_rg), XCPU_MEM(op##8_mg),          \
                              FLAGS8(kind)};                                   \
    XCPU_FORMS(op##_Ev_Gv) = {REG_FORMS(op, rg), MEM_FORMS(op, mg),            \
                              FLAGS(kind)};                                    \
    XCPU_FORMS(op##_AL_Ib) = {XCPU_REG(op##8_ri), FLAGS8(kind)};               \
    XCPU_FORMS(op##_rAX_Iz) = {REG_FORMS(op, ri), FLAGS(kind)};                \
    XCPU_FORMS(op##_Eb_Ib) = {XCPU_REG(op##8_ri), XCPU_MEM(op##8_mi),          \
                              FLAGS8(kind)};                                   \
    XCPU_FORMS(op##_Ev_Iz) = {REG_FORMS(op, ri), MEM_FORMS(op, mi),            \
                              FLAGS(kind)};

COMPARING_ROWS(CMP, SUB)
COMPARING_ROWS(TEST, LOGIC)
XCPU_FORMS(CMP_Gb_Eb) = {XCPU_REG(CMP8_rg), XCPU_MEM(CMP8_gm),
                         .bind = xcpu_swap_registers, FLAGS8(SUB)};
XCPU_FORMS(CMP_Gv_Ev) = {REG_FORMS(CMP, rg), MEM_FORMS(CMP, gm),
                         .bind = xcpu_swap_registers, FLAGS(SUB)};
XCPU_FORMS(CMP_Ev_sIb) = {REG_FORMS(CMP, ri), MEM_FORMS(CMP, mi), FLAGS(SUB)};

#define AFTER_HANDLER(op, kind) XCPU_REG_HANDLER(op##32_r_##kind)

/* One of the handlers for flags of a known kind. */
#define BIND_AFTER(op)                                                         \
    XCPU_AFTER_KINDS(AFTER_HANDLER, op)                                        \
    static void bind_##op(struct xcpu_slot *slot,                              \
                          const struct xcpu_insn *insn,                        \
                          enum xcpu_flags_kind before)                         \
    {                                                                          \
        (void)insn;                                                            \
        if (slot->run != xcpu_run_##op##32_r)                                  \
            return;                                                            \
        if (before == XCPU_ADD32)                                              \
            slot->run = xcpu_run_##op##32_r_ADD;                               \
        else if (before == XCPU_SUB8 || before == XCPU_SUB16 ||                \
                 before == XCPU_SUB32)                                         \
            slot->run = xcpu_run_##op##32_r_SUB;                               \
        else if (before >= XCPU_LOGIC8 && before <= XCPU_LOGIC32)              \
            slot->run = xcpu_run_##op##32_r_LOGIC;                             \
        else if (before >= XCPU_INC8 && before <= XCPU_DEC32)                  \
            slot->run = xcpu_run_##op##32_r_INC;                               \
    }

#define UNARY_ROWS(op, kind, bind_)                                            \
    QUIET_FORMS(op##8_r) = {XCPU_REG(op##8_rq)};                               \
    QUIET_FORMS(op##_r) = {REG_FORMS(op, rq)};                                 \
    XCPU_FORMS(op##_Eb) = {XCPU_REG(op##8_r), XCPU_MEM(op##8_m),               \
                           LOCK8_FORM(op, m), .quiet = &quiet_##op##8_r,       \
                           FLAGS8(kind)};                                      \
    XCPU_FORMS(op##_Ev) = {REG_FORMS(op, r),  MEM_FORMS(op, m),                \
                           LOCK_FORMS(op, m), .quiet = &quiet_##op##_r,        \
                           .bind = bind_,     FLAGS(kind)};

XCPU_FOR_SIZES(UNARY_HANDLERS, INC)
XCPU_FOR_SIZES(UNARY_HANDLERS, DEC)
XCPU_FOR_SIZES(UNARY_HANDLERS, NEG)
XCPU_FOR_SIZES(UNARY_HANDLERS, NOT)
BIND_AFTER(INC)
BIND_AFTER(DEC)
UNARY_ROWS(INC, INC, bind_INC)
UNARY_ROWS(DEC, DEC, bind_DEC)
UNARY_ROWS(NEG, SUB, NULL)
UNARY_ROWS(NOT, LOGIC, NULL)
XCPU_FORMS(INC_Zv) = {REG_FORMS(INC, r), .quiet = &quiet_INC_r,
                      .bind = bind_INC, FLAGS(INC)};
XCPU_FORMS(DEC_Zv) = {REG_FORMS(DEC, r), .quiet = &quiet_DEC_r,
                      .bind = bind_DEC, FLAGS(DEC)};
