/* int_segment.c -- handlers of segment registers and far branches. */
/* SPDX-License-Identifier: MIT */
#include "int_branch.h"
#include "machine.h"
#include "segment.h"

/* ---- moves ---- */

/* Registers numbered 6 and 7, and loads of CS, are no rows of the table. */
static inline void MOV32_rS(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg32(cpu, slot->rm) = cpu->sreg[slot->reg];
}

static inline void MOV16_rS(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *xcpu_reg16(cpu, slot->rm) = cpu->sreg[slot->reg];
}

static inline void MOV_mS(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address)
{
    xcpu_store16(cpu, slot, memory, address, cpu->sreg[slot->reg]);
}

/* A load of SS puts the single-step trap off until ESP may have been loaded as
 * well (SDM 3, 6.8.3). */
static void load_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                         unsigned sreg, uint16_t selector)
{
    xcpu_load_segment(cpu, slot, sreg, selector);
    if (sreg == XCPU_SS)
        cpu->stepping = 0;
}

static inline void MOV_Sr(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    load_segment(cpu, slot, slot->reg, *xcpu_reg16(cpu, slot->rm));
}

static inline void MOV_Sm(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address)
{
    load_segment(cpu, slot, slot->reg, xcpu_load16(cpu, slot, memory, address));
}

XCPU_REG_HANDLER(MOV32_rS)
XCPU_REG_HANDLER(MOV16_rS)
XCPU_MEM_HANDLERS(MOV_mS)
XCPU_REG_HANDLER(MOV_Sr)
XCPU_MEM_HANDLERS(MOV_Sm)
XCPU_FORMS(MOV_Mw_Sw) = {XCPU_MEM(MOV_mS)};
XCPU_FORMS(MOV_Rv_Sw) = {XCPU_REG(MOV32_rS), XCPU_REG16(MOV16_rS)};
XCPU_FORMS(MOV_Sw_Ew) = {XCPU_REG(MOV_Sr), XCPU_MEM(MOV_Sm), .ends = 1};

/* A push of 32 bits writes zeros above the selector. */
#define STACK_BODIES(which)                                                    \
    static inline void PUSH32_##which(                                         \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        xcpu_push32(cpu, slot, memory, cpu->sreg[XCPU_##which]);               \
    }                                                                          \
    static inline void PUSH16_##which(                                         \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        xcpu_push16(cpu, slot, memory, cpu->sreg[XCPU_##which]);               \
    }                                                                          \
    XCPU_MEM0_HANDLER(PUSH32_##which)                                          \
    XCPU_MEM0_HANDLER(PUSH16_##which)                                          \
    XCPU_FORMS(PUSH_##which) = {XCPU_REG(PUSH32_##which),                      \
                                XCPU_REG16(PUSH16_##which), .stores = 1};

STACK_BODIES(ES)
STACK_BODIES(CS)
STACK_BODIES(SS)
STACK_BODIES(DS)
STACK_BODIES(FS)
STACK_BODIES(GS)

static inline void pop_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                               uint8_t *memory, unsigned sreg, uint32_t size)
{
    uint32_t esp = cpu->gpr[XCPU_ESP].d;
    uint32_t selector = size == 4 ? xcpu_load32(cpu, slot, memory, esp)
                                  : xcpu_load16(cpu, slot, memory, esp);
    load_segment(cpu, slot, sreg, (uint16_t)selector);
    cpu->gpr[XCPU_ESP].d = esp + size;
}

#define POP_BODIES(which)                                                      \
    static inline void POP32_##which(                                          \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        pop_segment(cpu, slot, memory, XCPU_##which, 4);                       \
    }                                                                          \
    static inline void POP16_##which(                                          \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        pop_segment(cpu, slot, memory, XCPU_##which, 2);                       \
    }                                                                          \
    XCPU_MEM0_HANDLER(POP32_##which)                                           \
    XCPU_MEM0_HANDLER(POP16_##which)                                           \
    XCPU_FORMS(POP_##which) = {XCPU_REG(POP32_##which),                        \
                               XCPU_REG16(POP16_##which), .ends = 1};

POP_BODIES(ES)
POP_BODIES(SS)
POP_BODIES(DS)
POP_BODIES(FS)
POP_BODIES(GS)

/* LDS and the like: an offset, then a selector. */
#define FAR_POINTER_BODIES(op, sreg)                                           \
    static inline void op##32(struct xcpu * cpu, const struct xcpu_slot *slot, \
                              uint8_t *memory, uint32_t address)               \
    {                                                                          \
        uint32_t offset = xcpu_load32(cpu, slot, memory, address);             \
        uint16_t selector = xcpu_load16(cpu, slot, memory, address + 4);       \
        xcpu_load_segment(cpu, slot, sreg, selector);                          \
        *xcpu_reg32(cpu, slot->reg) = offset;                                  \
    }                                                                          \
    static inline void op##16(struct xcpu * cpu, const struct xcpu_slot *slot, \
                              uint8_t *memory, uint32_t address)               \
    {                                                                          \
        uint16_t offset = xcpu_load16(cpu, slot, memory, address);             \
        uint16_t selector = xcpu_load16(cpu, slot, memory, address + 2);       \
        xcpu_load_segment(cpu, slot, sreg, selector);                          \
        *xcpu_reg16(cpu, slot->reg) = offset;                                  \
    }                                                                          \
    XCPU_MEM_HANDLERS(op##32)                                                  \
    XCPU_MEM_HANDLERS(op##16)                                                  \
    XCPU_FORMS(op##_Gv_Mp) = {XCPU_MEM(op##32), XCPU_MEM16(op##16), .ends = 1};

FAR_POINTER_BODIES(LES, XCPU_ES)
FAR_POINTER_BODIES(LDS, XCPU_DS)
FAR_POINTER_BODIES(LSS, XCPU_SS)
FAR_POINTER_BODIES(LFS, XCPU_FS)
FAR_POINTER_BODIES(LGS, XCPU_GS)

/* ---- far branches: CS may change to another code segment of ours ---- */

/* The selector keeps the privilege level. */
static void set_cs(struct xcpu *cpu, uint16_t selector)
{
    cpu->sreg[XCPU_CS] = selector | 3;
}

static void far_jump(struct xcpu *cpu, const struct xcpu_slot *slot,
                     uint16_t selector)
{
    xcpu_check_code_segment(cpu, slot, selector, 0);
    set_cs(cpu, selector);
}

static void far_call(struct xcpu *cpu, const struct xcpu_slot *slot,
                     uint8_t *memory, uint16_t selector, unsigned size)
{
    uint8_t frame[8] = {0};
    uint32_t next = xcpu_next_eip(slot);
    uint32_t esp = cpu->gpr[XCPU_ESP].d - 2 * size;
    xcpu_check_code_segment(cpu, slot, selector, 0);
    memcpy(frame, &next, size);
    memcpy(frame + size, &cpu->sreg[XCPU_CS], 2);
    xcpu_store_bytes(cpu, slot, memory, esp, frame, 2 * (size_t)size);
    cpu->gpr[XCPU_ESP].d = esp;
    set_cs(cpu, selector);
}

#define FAR_HANDLERS(bits, size)                                               \
    static XCPU_HANDLER(JMPF##bits##_i)                                        \
    {                                                                          \
        far_jump(cpu, slot, (uint16_t)slot->disp);                             \
        XCPU_GO(slot->imm);                                                    \
    }                                                                          \
    static XCPU_HANDLER(JMPF##bits##_m)                                        \
    {                                                                          \
        uint32_t address = xcpu_address_any(cpu, slot);                        \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory, address);            \
        far_jump(cpu, slot, xcpu_load16(cpu, slot, memory, address + size));   \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    static XCPU_HANDLER(CALLF##bits##_i)                                       \
    {                                                                          \
        far_call(cpu, slot, memory, (uint16_t)slot->disp, size);               \
        XCPU_GO(slot->imm);                                                    \
    }                                                                          \
    static XCPU_HANDLER(CALLF##bits##_m)                                       \
    {                                                                          \
        uint32_t address = xcpu_address_any(cpu, slot);                        \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory, address);            \
        far_call(cpu, slot, memory,                                            \
                 xcpu_load16(cpu, slot, memory, address + size), size);        \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    static XCPU_HANDLER(RETF##bits)                                            \
    {                                                                          \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory, esp);                \
        uint16_t selector =                                                    \
            (uint16_t)xcpu_load##bits(cpu, slot, memory, esp + size);          \
        xcpu_check_code_segment(cpu, slot, selector, 1);                       \
        set_cs(cpu, selector);                                                 \
        cpu->gpr[XCPU_ESP].d = esp + 2 * size + slot->imm;                     \
        XCPU_GO(eip);                                                          \
    }                                                                          \
    static XCPU_HANDLER(IRET##bits)                                            \
    {                                                                          \
        if (cpu->eflags & XCPU_NT) /* a task that was not called */            \
            xcpu_raise(cpu, slot, XCPU_GP, 0);                                 \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        uint32_t eip = xcpu_load##bits(cpu, slot, memory, esp);                \
        uint16_t selector =                                                    \
            (uint16_t)xcpu_load##bits(cpu, slot, memory, esp + size);          \
        uint32_t eflags = xcpu_load##bits(cpu, slot, memory, esp + 2 * size);  \
        xcpu_check_code_segment(cpu, slot, selector, 1);                       \
        set_cs(cpu, selector);                                                 \
        cpu->gpr[XCPU_ESP].d = esp + 3 * size;                                 \
        if (size == 2)                                                         \
            eflags |= cpu->eflags & 0xffff0000;                                \
        xcpu_set_eflags(cpu, eflags & ~(uint32_t)XCPU_RF);                     \
        if (cpu->eflags & XCPU_TF)                                             \
            return xcpu_leave_to(cpu, eip);                                    \
        XCPU_GO(eip);                                                          \
    }

FAR_HANDLERS(32, 4)
FAR_HANDLERS(16, 2)
XCPU_FORMS(JMP_Ap) = {XCPU_REG(JMPF32_i), XCPU_REG16(JMPF16_i)};
XCPU_FORMS(JMP_Mp) = {.mem = xcpu_run_JMPF32_m, .mem16 = xcpu_run_JMPF16_m};
XCPU_FORMS(CALL_Ap) = {XCPU_REG(CALLF32_i), XCPU_REG16(CALLF16_i), .stores = 1};
XCPU_FORMS(CALL_Mp) = {
    .mem = xcpu_run_CALLF32_m, .mem16 = xcpu_run_CALLF16_m, .stores = 1};
XCPU_FORMS(RETF) = {XCPU_REG(RETF32), XCPU_REG16(RETF16)};
XCPU_FORMS(RETF_Iw) = {XCPU_REG(RETF32), XCPU_REG16(RETF16)};
XCPU_FORMS(IRET) = {XCPU_REG(IRET32), XCPU_REG16(IRET16)};

/* ---- questions about selectors ---- */

/* Descriptors as flat segments have them: present, DPL 3, accessed, 4 GiB. */
#define RIGHTS_DATA 0x00cff300u
#define RIGHTS_CODE 0x00cffb00u
#define LIMIT       UINT32_MAX

static void answer(struct xcpu *cpu, int yes)
{
    xcpu_change_flags(cpu, XF_Z, yes ? XF_Z : 0);
}

static inline void LAR(struct xcpu *cpu, const struct xcpu_slot *slot,
                       uint16_t selector)
{
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    uint32_t rights = found && found->code ? RIGHTS_CODE : RIGHTS_DATA;
    if (found && slot->rep == 16)
        *xcpu_reg16(cpu, slot->reg) = (uint16_t)rights;
    else if (found)
        *xcpu_reg32(cpu, slot->reg) = rights;
    answer(cpu, found != NULL);
}

static inline void LSL(struct xcpu *cpu, const struct xcpu_slot *slot,
                       uint16_t selector)
{
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    if (found && slot->rep == 16)
        *xcpu_reg16(cpu, slot->reg) = (uint16_t)LIMIT;
    else if (found)
        *xcpu_reg32(cpu, slot->reg) = LIMIT;
    answer(cpu, found != NULL);
}

static inline void VERR(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint16_t selector)
{
    (void)slot;
    answer(cpu, xcpu_find_segment(cpu, selector) != NULL);
}

static inline void VERW(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint16_t selector)
{
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    (void)slot;
    answer(cpu, found && !found->code);
}

#define SELECTOR_BODIES(op)                                                    \
    static inline void op##_r(struct xcpu *cpu, const struct xcpu_slot *slot)  \
    {                                                                          \
        op(cpu, slot, *xcpu_reg16(cpu, slot->rm));                             \
    }                                                                          \
    static inline void op##_m(struct xcpu *cpu, const struct xcpu_slot *slot,  \
                              uint8_t *memory, uint32_t address)               \
    {                                                                          \
        op(cpu, slot, xcpu_load16(cpu, slot, memory, address));                \
    }                                                                          \
    XCPU_REG_HANDLER(op##_r)                                                   \
    XCPU_MEM_HANDLERS(op##_m)

/* slot->rep is the destination's size. */
static void bind_size(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                      enum xcpu_flags_kind before)
{
    (void)before;
    slot->rep = (uint8_t)(insn->operand_size * 8);
}

SELECTOR_BODIES(LAR)
SELECTOR_BODIES(LSL)
SELECTOR_BODIES(VERR)
SELECTOR_BODIES(VERW)
XCPU_FORMS(LAR_Gv_Ew) = {XCPU_REG(LAR_r), XCPU_MEM(LAR_m), .bind = bind_size,
                         .flags = XCPU_FLAGS_STORED};
XCPU_FORMS(LSL_Gv_Ew) = {XCPU_REG(LSL_r), XCPU_MEM(LSL_m), .bind = bind_size,
                         .flags = XCPU_FLAGS_STORED};
XCPU_FORMS(VERR_Ew) = {XCPU_REG(VERR_r), XCPU_MEM(VERR_m),
                       .flags = XCPU_FLAGS_STORED};
XCPU_FORMS(VERW_Ew) = {XCPU_REG(VERW_r), XCPU_MEM(VERW_m),
                       .flags = XCPU_FLAGS_STORED};

/* Raises RPL to that of the other operand. */
static inline void ARPL_r(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint16_t *a = xcpu_reg16(cpu, slot->rm);
    unsigned rpl = *xcpu_reg16(cpu, slot->reg) & 3;
    int raised = (*a & 3u) < rpl;
    if (raised)
        *a = (uint16_t)((*a & ~3u) | rpl);
    answer(cpu, raised);
}

static inline void ARPL_m(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address)
{
    uint16_t a = xcpu_load16(cpu, slot, memory, address);
    unsigned rpl = *xcpu_reg16(cpu, slot->reg) & 3;
    int raised = (a & 3u) < rpl;
    if (raised && (cpu->code_segments >> slot->seg & 1))
        xcpu_raise(cpu, slot, XCPU_GP, 0);
    if (raised)
        xcpu_store16(cpu, slot, memory, address, (uint16_t)((a & ~3u) | rpl));
    answer(cpu, raised);
}

XCPU_REG_HANDLER(ARPL_r)
XCPU_MEM_HANDLERS(ARPL_m)
XCPU_FORMS(ARPL_Ew_Gw) = {XCPU_REG(ARPL_r), XCPU_MEM(ARPL_m),
                          .flags = XCPU_FLAGS_STORED};
