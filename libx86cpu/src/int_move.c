/* int_move.c -- handlers of moves, exchanges and conversions. */
/* SPDX-License-Identifier: MIT */
#include "int_move.h"
#include "atomic.h"

#define MOV_HANDLERS(bits)                                                     \
    XCPU_REG_HANDLER(MOV##bits##_rg)                                           \
    XCPU_REG_HANDLER(MOV##bits##_ri)                                           \
    XCPU_MEM_HANDLERS(MOV##bits##_gm)                                          \
    XCPU_MEM_HANDLERS(MOV##bits##_mg)                                          \
    XCPU_MEM_HANDLERS(MOV##bits##_mi)

MOV_HANDLERS(8)
MOV_HANDLERS(16)
MOV_HANDLERS(32)

#define REG_FORMS(how)                                                         \
    XCPU_REG(MOV32_##how), XCPU_REG16(MOV16_##how), .harmless = 1
#define MEM_FORMS(how) XCPU_MEM(MOV32_##how), XCPU_MEM16(MOV16_##how)

XCPU_FORMS(MOV_Eb_Gb) = {XCPU_REG(MOV8_rg), XCPU_MEM(MOV8_mg), .harmless = 1};
XCPU_FORMS(MOV_Ev_Gv) = {REG_FORMS(rg), MEM_FORMS(mg)};
XCPU_FORMS(MOV_Gb_Eb) = {XCPU_REG(MOV8_rg), XCPU_MEM(MOV8_gm),
                         .bind = xcpu_swap_registers, .harmless = 1};
XCPU_FORMS(MOV_Gv_Ev) = {REG_FORMS(rg), MEM_FORMS(gm),
                         .bind = xcpu_swap_registers};
XCPU_FORMS(MOV_Eb_Ib) = {XCPU_REG(MOV8_ri), XCPU_MEM(MOV8_mi), .harmless = 1};
XCPU_FORMS(MOV_Ev_Iz) = {REG_FORMS(ri), MEM_FORMS(mi)};
XCPU_FORMS(MOV_Zb_Ib) = {XCPU_REG(MOV8_ri), .harmless = 1};
XCPU_FORMS(MOV_Zv_Iv) = {REG_FORMS(ri)};
/* The accumulator is register 0, as the decoder leaves ModRM.reg. */
XCPU_FORMS(MOV_AL_Ob) = {XCPU_MEM(MOV8_gm)};
XCPU_FORMS(MOV_rAX_Ov) = {MEM_FORMS(gm)};
XCPU_FORMS(MOV_Ob_AL) = {XCPU_MEM(MOV8_mg)};
XCPU_FORMS(MOV_Ov_rAX) = {MEM_FORMS(mg)};

#define EXTEND_HANDLERS(op, to, from)                                          \
    XCPU_REG_HANDLER(op##to##_##from##_gr)                                     \
    XCPU_MEM_HANDLERS(op##to##_##from##_gm)
#define EXTEND_FORMS(op, from)                                                 \
    XCPU_REG(op##32_##from##_gr), XCPU_REG16(op##16_##from##_gr),              \
        XCPU_MEM(op##32_##from##_gm), XCPU_MEM16(op##16_##from##_gm),          \
        .harmless = 1
#define EXTEND_ROWS(op)                                                        \
    EXTEND_HANDLERS(op, 16, 8)                                                 \
    EXTEND_HANDLERS(op, 32, 8)                                                 \
    EXTEND_HANDLERS(op, 16, 16)                                                \
    EXTEND_HANDLERS(op, 32, 16)                                                \
    XCPU_FORMS(op##_Gv_Eb) = {EXTEND_FORMS(op, 8)};                            \
    XCPU_FORMS(op##_Gv_Ew) = {EXTEND_FORMS(op, 16)};

EXTEND_ROWS(MOVZX)
EXTEND_ROWS(MOVSX)

/* ---- LEA: the address without its segment ---- */

XCPU_MEM_HANDLERS(LEA32)
XCPU_MEM_HANDLERS(LEA16)

static void lea_flat(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                     enum xcpu_flags_kind before)
{
    (void)insn;
    (void)before;
    slot->seg = XCPU_NO_SREG;
}

XCPU_FORMS(LEA_Gv_M) = {XCPU_MEM(LEA32), XCPU_MEM16(LEA16), .bind = lea_flat,
                        .harmless = 2};

/* ---- conditions ---- */

/*
 * Bodies for one condition and one kind of flags before: a reader that knows
 * the kind needs none of the others.
 */
#define CONDITION_BODIES(cc, kind)                                             \
    static inline void SETCC##cc##_##kind(struct xcpu *cpu,                    \
                                          const struct xcpu_slot *slot)        \
    {                                                                          \
        *xcpu_reg8(cpu, slot->rm) =                                            \
            (uint8_t)xcpu_condition_of(cpu, XCPU_##kind, cc);                  \
    }                                                                          \
    static inline void CMOVCC##cc##_##kind(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot)       \
    {                                                                          \
        uint32_t *to = xcpu_reg32(cpu, slot->reg);                             \
        uint32_t from = *xcpu_reg32(cpu, slot->rm);                            \
        *to = xcpu_condition_of(cpu, XCPU_##kind, cc) ? from : *to;            \
    }                                                                          \
    XCPU_REG_HANDLER(SETCC##cc##_##kind)                                       \
    XCPU_REG_HANDLER(CMOVCC##cc##_##kind)

#define ALL_CONDITION_BODIES(kind, unused)                                     \
    XCPU_CONDITIONS(CONDITION_BODIES, kind)
XCPU_KNOWN_KINDS(ALL_CONDITION_BODIES, )

#define HANDLER_OF(cc, kind, op) [cc] = xcpu_run_##op##cc##_##kind,
#define HANDLERS_OF_KIND(kind, op)                                             \
    [XCPU_##kind] = {XCPU_CONDITIONS(HANDLER_OF, kind, op)},

static xcpu_handler *const setcc_handlers[][16] = {
    XCPU_KNOWN_KINDS(HANDLERS_OF_KIND, SETCC)};
static xcpu_handler *const cmovcc_handlers[][16] = {
    XCPU_KNOWN_KINDS(HANDLERS_OF_KIND, CMOVCC)};

static xcpu_handler *choose(xcpu_handler *const handlers[][16], size_t kinds,
                            unsigned cc, enum xcpu_flags_kind before)
{
    if (before >= kinds || !handlers[before][cc])
        before = XCPU_FLAGS_ANY;
    return handlers[before][cc];
}
#define CHOOSE(handlers, cc, before)                                           \
    choose(handlers, sizeof(handlers) / sizeof(handlers[0]), cc, before)

/* The memory forms, and 16 bits, find their condition in slot->rep. */
static inline void SETCC_m(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory, uint32_t address)
{
    xcpu_store8(cpu, slot, memory, address,
                (uint8_t)xcpu_condition(cpu, slot->rep));
}

static inline void CMOVCC32_m(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    uint32_t from = xcpu_load32(cpu, slot, memory, address);
    if (xcpu_condition(cpu, slot->rep))
        *xcpu_reg32(cpu, slot->reg) = from;
}

static inline void CMOVCC16_m(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    uint16_t from = xcpu_load16(cpu, slot, memory, address);
    if (xcpu_condition(cpu, slot->rep))
        *xcpu_reg16(cpu, slot->reg) = from;
}

static inline void CMOVCC16(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    if (xcpu_condition(cpu, slot->rep))
        *xcpu_reg16(cpu, slot->reg) = *xcpu_reg16(cpu, slot->rm);
}

XCPU_MEM_HANDLERS(SETCC_m)
XCPU_MEM_HANDLERS(CMOVCC32_m)
XCPU_MEM_HANDLERS(CMOVCC16_m)
XCPU_REG_HANDLER(CMOVCC16)

static void bind_setcc(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                       enum xcpu_flags_kind before)
{
    slot->rep = insn->cond;
    if (insn->mod == 3)
        slot->run = CHOOSE(setcc_handlers, insn->cond, before);
}

static void bind_cmovcc(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                        enum xcpu_flags_kind before)
{
    slot->rep = insn->cond;
    if (insn->mod == 3 && insn->operand_size == 4)
        slot->run = CHOOSE(cmovcc_handlers, insn->cond, before);
}

XCPU_FORMS(SETCC_Eb) = {XCPU_MEM(SETCC_m), .bind = bind_setcc, .harmless = 1};
XCPU_FORMS(CMOVCC_Gv_Ev) = {XCPU_REG16(CMOVCC16), XCPU_MEM(CMOVCC32_m),
                            XCPU_MEM16(CMOVCC16_m), .bind = bind_cmovcc,
                            .harmless = 1};

/* ---- exchanges ---- */

#define XCHG_BODIES(bits)                                                      \
    static inline void XCHG##bits##_rg(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot)           \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        uint##bits##_t *b = xcpu_reg##bits(cpu, slot->reg);                    \
        uint##bits##_t old = *a;                                               \
        *a = *b;                                                               \
        *b = old;                                                              \
    }                                                                          \
    static inline void XCHG##bits##_mg(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot,           \
                                       uint8_t *memory, uint32_t address)      \
    {                                                                          \
        uint##bits##_t *b = xcpu_reg##bits(cpu, slot->reg);                    \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        while (!xcpu_compare_exchange##bits(cpu, slot, memory, address, &old,  \
                                            *b))                               \
            ;                                                                  \
        *b = old;                                                              \
    }                                                                          \
    XCPU_REG_HANDLER(XCHG##bits##_rg)                                          \
    XCPU_MEM_HANDLER(XCHG##bits##_mg, any)

XCHG_BODIES(8)
XCHG_BODIES(16)
XCHG_BODIES(32)

XCPU_FORMS(XCHG_Eb_Gb) = {XCPU_REG(XCHG8_rg), .lock = xcpu_run_XCHG8_mg_any,
                          .locks = 1, .harmless = 1};
XCPU_FORMS(XCHG_Ev_Gv) = {XCPU_REG(XCHG32_rg),
                          XCPU_REG16(XCHG16_rg),
                          .lock = xcpu_run_XCHG32_mg_any,
                          .lock16 = xcpu_run_XCHG16_mg_any,
                          .locks = 1,
                          .harmless = 1};
XCPU_FORMS(XCHG_Zv_rAX) = {XCPU_REG(XCHG32_rg), XCPU_REG16(XCHG16_rg),
                           .harmless = 1};

static inline void BSWAP32(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint32_t *a = xcpu_reg32(cpu, slot->rm);
    *a = __builtin_bswap32(*a);
}

/* Undefined (SDM 2, BSWAP); CPUs write 0. */
static inline void BSWAP16(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg16(cpu, slot->rm) = 0;
}

XCPU_REG_HANDLER(BSWAP32)
XCPU_REG_HANDLER(BSWAP16)
XCPU_FORMS(BSWAP_Zv) = {XCPU_REG(BSWAP32), XCPU_REG16(BSWAP16), .harmless = 1};

/* ---- conversions of the accumulator ---- */

static inline void CWDE(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->gpr[XCPU_EAX].d = (uint32_t)(int16_t)cpu->gpr[XCPU_EAX].w;
}

static inline void CBW(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->gpr[XCPU_EAX].w = (uint16_t)(int8_t)cpu->gpr[XCPU_EAX].w;
}

static inline void CDQ(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->gpr[XCPU_EDX].d = 0 - (cpu->gpr[XCPU_EAX].d >> 31);
}

static inline void CWD(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->gpr[XCPU_EDX].w = (uint16_t)(0 - (cpu->gpr[XCPU_EAX].w >> 15));
}

XCPU_REG_HANDLER(CWDE)
XCPU_REG_HANDLER(CBW)
XCPU_REG_HANDLER(CDQ)
XCPU_REG_HANDLER(CWD)
XCPU_FORMS(CBW) = {XCPU_REG(CWDE), XCPU_REG16(CBW), .harmless = 1};
XCPU_FORMS(CWD) = {XCPU_REG(CDQ), XCPU_REG16(CWD), .harmless = 1};

/* ---- nothing ---- */

XCPU_REG_HANDLER(NOP)
XCPU_FORMS(NOP) = {XCPU_REG(NOP), .harmless = 1};
XCPU_FORMS(PAUSE) = {XCPU_REG(NOP), .harmless = 1};
XCPU_FORMS(NOP_Ev) = {XCPU_REG(NOP), .mem = xcpu_run_NOP, .harmless = 2};
XCPU_FORMS(PREFETCH_Mb) = {.mem = xcpu_run_NOP, .harmless = 2};

/* ---- MOVBE ---- */

#define MOVBE_BODIES(bits)                                                     \
    static inline void MOVBE##bits##_load(struct xcpu *cpu,                    \
                                          const struct xcpu_slot *slot,        \
                                          uint8_t *memory, uint32_t address)   \
    {                                                                          \
        uint##bits##_t value = xcpu_load##bits(cpu, slot, memory, address);    \
        *xcpu_reg##bits(cpu, slot->reg) = __builtin_bswap##bits(value);        \
    }                                                                          \
    static inline void MOVBE##bits##_store(struct xcpu *cpu,                   \
                                           const struct xcpu_slot *slot,       \
                                           uint8_t *memory, uint32_t address)  \
    {                                                                          \
        uint##bits##_t value = *xcpu_reg##bits(cpu, slot->reg);                \
        xcpu_store##bits(cpu, slot, memory, address,                           \
                         __builtin_bswap##bits(value));                        \
    }                                                                          \
    XCPU_MEM_HANDLERS(MOVBE##bits##_load)                                      \
    XCPU_MEM_HANDLERS(MOVBE##bits##_store)

MOVBE_BODIES(16)
MOVBE_BODIES(32)
XCPU_FORMS(MOVBE_Gv_Mv) = {XCPU_MEM(MOVBE32_load), XCPU_MEM16(MOVBE16_load)};
XCPU_FORMS(MOVBE_Mv_Gv) = {XCPU_MEM(MOVBE32_store), XCPU_MEM16(MOVBE16_store)};
