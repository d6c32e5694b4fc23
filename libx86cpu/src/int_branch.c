/* int_branch.c -- handlers of near branches. */
/* SPDX-License-Identifier: MIT */
#include "int_branch.h"

#define BRANCH_HANDLER(body)                                                   \
    XCPU_HANDLER(body);                                                        \
    XCPU_HANDLER(body)                                                         \
    {                                                                          \
        XCPU_BRANCH(body(cpu, slot));                                          \
    }

/* ---- conditional ---- */

#define JCC_HANDLER(cc, kind)      BRANCH_HANDLER(JCC##cc##_##kind)
#define JCC_HANDLERS(kind, unused) XCPU_CONDITIONS(JCC_HANDLER, kind)
XCPU_KNOWN_KINDS(JCC_HANDLERS, )

#define HANDLER_OF(cc, kind) [cc] = xcpu_run_JCC##cc##_##kind,
#define HANDLERS_OF_KIND(kind, unused)                                         \
    [XCPU_##kind] = {XCPU_CONDITIONS(HANDLER_OF, kind)},

static void bind_jcc(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                     enum xcpu_flags_kind before)
{
    static xcpu_handler *const handlers[][16] = {
        XCPU_KNOWN_KINDS(HANDLERS_OF_KIND, )};
    if (before >= sizeof(handlers) / sizeof(handlers[0]) ||
        !handlers[before][insn->cond])
        before = XCPU_FLAGS_ANY;
    slot->run = handlers[before][insn->cond];
}

XCPU_FORMS(JCC_Jb) = {.bind = bind_jcc};
XCPU_FORMS(JCC_Jz) = {.bind = bind_jcc};

/* ECX or CX, by address size. */
static inline uint32_t count_mask(const struct xcpu_slot *slot)
{
    return UINT32_MAX >> slot->narrow;
}

static inline int loop_goes_on(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint32_t mask = count_mask(slot), ecx = cpu->gpr[XCPU_ECX].d;
    ecx = (ecx & ~mask) | ((ecx - 1) & mask);
    cpu->gpr[XCPU_ECX].d = ecx;
    return (ecx & mask) != 0;
}

static inline int LOOP(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    return loop_goes_on(cpu, slot);
}

static inline int LOOPE(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    int zero = xcpu_condition(cpu, 4);
    return loop_goes_on(cpu, slot) && zero;
}

static inline int LOOPNE(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    int zero = xcpu_condition(cpu, 4);
    return loop_goes_on(cpu, slot) && !zero;
}

static inline int JCXZ(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    return !(cpu->gpr[XCPU_ECX].d & count_mask(slot));
}

BRANCH_HANDLER(LOOP)
BRANCH_HANDLER(LOOPE)
BRANCH_HANDLER(LOOPNE)
BRANCH_HANDLER(JCXZ)
XCPU_FORMS(LOOP_Jb) = {XCPU_REG(LOOP)};
XCPU_FORMS(LOOPE_Jb) = {XCPU_REG(LOOPE)};
XCPU_FORMS(LOOPNE_Jb) = {XCPU_REG(LOOPNE)};
XCPU_FORMS(JCXZ_Jb) = {XCPU_REG(JCXZ)};

/* ---- jumps, calls, returns ---- */

XCPU_FORMS(JMP_Jb) = {XCPU_REG(goto)};
XCPU_FORMS(JMP_Jz) = {XCPU_REG(goto)};

static XCPU_HANDLER(CALL32)
{
    xcpu_push32(cpu, slot, memory, xcpu_next_eip(slot));
    xcpu_note_call(cpu, slot);
    XCPU_FOLLOW(xcpu_links(slot));
}

static XCPU_HANDLER(CALL16)
{
    xcpu_push16(cpu, slot, memory, (uint16_t)xcpu_next_eip(slot));
    XCPU_FOLLOW(xcpu_links(slot));
}

XCPU_FORMS(CALL_Jz) = {XCPU_REG(CALL32), XCPU_REG16(CALL16), .stores = 1};

static XCPU_HANDLER(RET32)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d;
    uint32_t eip = xcpu_load32(cpu, slot, memory, esp);
    cpu->gpr[XCPU_ESP].d = esp + 4;
    XCPU_RETURN(eip);
}

static XCPU_HANDLER(RET32_i)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d;
    uint32_t eip = xcpu_load32(cpu, slot, memory, esp);
    cpu->gpr[XCPU_ESP].d = esp + 4 + slot->imm;
    XCPU_RETURN(eip);
}

/* imm is 0 without an immediate. */
static XCPU_HANDLER(RET16)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d;
    uint32_t eip = xcpu_load16(cpu, slot, memory, esp);
    cpu->gpr[XCPU_ESP].d = esp + 2 + slot->imm;
    XCPU_GO(eip);
}

XCPU_FORMS(RET) = {XCPU_REG(RET32), XCPU_REG16(RET16)};
XCPU_FORMS(RET_Iw) = {XCPU_REG(RET32_i), XCPU_REG16(RET16)};

/* Indirect targets: as many bits as the operand has. */
#define INDIRECT_HANDLERS(bits)                                                \
    static XCPU_HANDLER(JMP##bits##_r)                                         \
    {                                                                          \
        uint32_t eip = *xcpu_reg##bits(cpu, slot->rm);                         \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    static XCPU_HANDLER(CALL##bits##_r)                                        \
    {                                                                          \
        uint32_t eip = *xcpu_reg##bits(cpu, slot->rm);                         \
        xcpu_push##bits(cpu, slot, memory,                                     \
                        (uint##bits##_t)xcpu_next_eip(slot));                  \
        xcpu_note_call(cpu, slot);                                             \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    INDIRECT_MEM_HANDLERS(bits, any)                                           \
    INDIRECT_MEM_HANDLERS(bits, base)                                          \
    INDIRECT_MEM_HANDLERS(bits, index)
#define INDIRECT_MEM_HANDLERS(bits, form)                                      \
    static XCPU_HANDLER(JMP##bits##_m_##form)                                  \
    {                                                                          \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory,                      \
                                       xcpu_address_##form(cpu, slot));        \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    static XCPU_HANDLER(CALL##bits##_m_##form)                                 \
    {                                                                          \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory,                      \
                                       xcpu_address_##form(cpu, slot));        \
        xcpu_push##bits(cpu, slot, memory,                                     \
                        (uint##bits##_t)xcpu_next_eip(slot));                  \
        xcpu_note_call(cpu, slot);                                             \
        XCPU_GO(eip);                                                          \
    }

INDIRECT_HANDLERS(32)
INDIRECT_HANDLERS(16)
XCPU_FORMS(JMP_Ev) = {XCPU_REG(JMP32_r), XCPU_REG16(JMP16_r), XCPU_MEM(JMP32_m),
                      XCPU_MEM16(JMP16_m)};
XCPU_FORMS(CALL_Ev) = {XCPU_REG(CALL32_r), XCPU_REG16(CALL16_r),
                       XCPU_MEM(CALL32_m), XCPU_MEM16(CALL16_m), .stores = 1};
