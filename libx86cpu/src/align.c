/* align.c -- alignment checks, while EFLAGS.AC is set, and segment limits. */
/* SPDX-License-Identifier: MIT */
#include "align.h"
#include "bind.h"
#include "fxstate.h"
#include "int_branch.h"
#include "translate.h"

/*
 * A slot of this handler has up to two accesses in its fields: reg and rm say
 * where, imm and disp which low bits of the address have to be 0. The address
 * is found through the slot behind it, which is the instruction's own.
 */
enum where { NOWHERE, OPERAND, STACK, FRAME, SOURCE, TARGET, MASKED };

/* Bits of a ModRM operand by its letter; 0: as bytes are. */
static uint32_t mask_of_letter(const struct xcpu_insn *insn, unsigned letter)
{
    switch (letter) {
    case XO_Ew:
    case XO_Mw:
    case XO_Ww:
        return 1;
    case XO_Ed:
    case XO_Md:
    case XO_Qd:
    case XO_Wd:
    case XO_Wss:
        return 3;
    case XO_Ev:
    case XO_Mv:
    case XO_Ov:
    case XO_Ma:
    case XO_Mp:
        return insn->operand_size - 1u;
    case XO_Mq:
    case XO_Mt:
    case XO_Qq:
    case XO_Wq:
    case XO_Wsd:
        return 7;
    default:
        return 0;
    }
}

static uint32_t operand_mask(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    uint32_t mask = 0;
    switch (insn->op) {
    case XCPU_OP_LEA_Gv_M:
    case XCPU_OP_NOP_Ev:
        return 0;
    case XCPU_OP_FXSAVE_M:
    case XCPU_OP_FXRSTOR_M:
    case XCPU_OP_MOVUPS_Vps_Wps:
    case XCPU_OP_MOVUPS_Wps_Vps:
    case XCPU_OP_MOVUPD_Vpd_Wpd:
    case XCPU_OP_MOVUPD_Wpd_Vpd:
    case XCPU_OP_MOVDQU_Vdq_Wdq:
    case XCPU_OP_MOVDQU_Wdq_Vdq:
    case XCPU_OP_LDDQU_Vdq_Mdq:
    case XCPU_OP_PCMPESTRI_Vdq_Wdq_Ib:
    case XCPU_OP_PCMPESTRM_Vdq_Wdq_Ib:
    case XCPU_OP_PCMPISTRI_Vdq_Wdq_Ib:
    case XCPU_OP_PCMPISTRM_Vdq_Wdq_Ib:
        return 15;
    case XCPU_OP_FLDENV_M:
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FRSTOR_M:
        return insn->operand_size - 1u;
    default:
        for (int i = 0; i < 3; i++)
            mask |= mask_of_letter(insn, row->operands[i]);
        return mask;
    }
}

static void add_access(struct xcpu_slot *slot, enum where where, uint32_t mask)
{
    if (where == NOWHERE || mask == 0)
        return;
    if (slot->reg == NOWHERE) {
        slot->reg = (uint8_t)where;
        slot->imm = mask;
    } else {
        slot->rm = (uint8_t)where;
        slot->disp = mask;
    }
}

int xcpu_fill_align(struct xcpu_slot *slot, const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    uint32_t word = insn->operand_size - 1u;
    slot->reg = slot->rm = NOWHERE;
    if (row->group == XG_PRIV || row->group == XG_UD)
        return 0;
    if (xcpu_has_memory_operand(insn))
        add_access(slot, OPERAND, operand_mask(insn));
    for (int i = 0; i < 3; i++)
        if (row->operands[i] == XO_Xv)
            add_access(slot, SOURCE, word);
    for (int i = 0; i < 3; i++)
        if (row->operands[i] == XO_Yv)
            add_access(slot, TARGET, word);
    if (xcpu_stack_words(insn))
        add_access(slot, STACK, word);
    if (insn->op == XCPU_OP_LEAVE ||
        (insn->op == XCPU_OP_ENTER_Iw_Ib && (insn->imm2 & 31) > 1))
        add_access(slot, FRAME, word);
    if (insn->op == XCPU_OP_MASKMOVQ_Pq_Nq ||
        insn->op == XCPU_OP_MASKMOVDQU_Vdq_Udq)
        add_access(slot, MASKED, 7);
    if (xcpu_insn_repeats(insn))
        slot->rep = insn->rep;
    return slot->reg != NOWHERE;
}

static unsigned find_segment(const struct xcpu_slot *slot, unsigned where)
{
    if (where == STACK || where == FRAME)
        return XCPU_SS;
    return where == TARGET ? XCPU_ES : slot->seg;
}

static uint32_t find_offset(const struct xcpu *cpu,
                            const struct xcpu_slot *slot, unsigned where)
{
    uint32_t mask = UINT32_MAX >> slot->narrow;
    switch (where) {
    case OPERAND:
        return xcpu_address_any(cpu, slot) - cpu->sreg_base[slot->seg];
    case STACK:
        return cpu->gpr[XCPU_ESP].d;
    case FRAME:
        return cpu->gpr[XCPU_EBP].d;
    case SOURCE:
        return cpu->gpr[XCPU_ESI].d & mask;
    case MASKED:
    case TARGET:
        return cpu->gpr[XCPU_EDI].d & mask;
    default:
        return 0;
    }
}

static uint32_t find_address(const struct xcpu *cpu,
                             const struct xcpu_slot *slot, unsigned where)
{
    return find_offset(cpu, slot, where) +
           cpu->sreg_base[find_segment(slot, where)];
}

/* All but the control instructions that do not wait. */
static int waits(unsigned row)
{
    switch (row) {
    case XCPU_OP_FNSTENV_M:
    case XCPU_OP_FNSAVE_M:
    case XCPU_OP_FNSTCW_Mw:
    case XCPU_OP_FNSTSW_Mw:
        return 0;
    default:
        return xcpu_rows[row].group == XG_X87 ||
               xcpu_rows[row].group == XG_MMX ||
               xcpu_rows[row].operands[0] == XO_Pq;
    }
}

int xcpu_raises_pending(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    if (!waits(slot->row))
        return 0;
    xcpu_fpu_leave(&cpu->fpu);
    return xcpu_fpu_pending(&cpu->fpu);
}

XCPU_HANDLER(align)
{
    const struct xcpu_slot *insn = slot + 1;
    uint32_t count = cpu->gpr[XCPU_ECX].d & (UINT32_MAX >> insn->narrow);
    if (slot->rep && count == 0)
        XCPU_JUMP(insn);
    if (((find_address(cpu, insn, slot->reg) & slot->imm) ||
         (find_address(cpu, insn, slot->rm) & slot->disp)) &&
        !xcpu_raises_pending(cpu, insn))
        xcpu_raise(cpu, insn, XCPU_VECTOR_AC, 0);
    XCPU_JUMP(insn);
}

/* ---- limits ---- */

/* Whether the exception is one of this access; and a limit comes first. What
 * ENTER copies is many words from EBP down: the first one is checked first, and
 * only one of them may cross address 0. */
static int is_of(const struct xcpu *cpu, const struct xcpu_insn *insn,
                 const struct xcpu_slot *slot, unsigned where, uint32_t mask,
                 int *limit)
{
    uint32_t offset = find_offset(cpu, slot, where);
    uint32_t base = cpu->sreg_base[find_segment(slot, where)];
    int is_check = cpu->exit.vector == XCPU_VECTOR_AC;
    int misaligned = ((offset + base) & mask) != 0;
    if (where == STACK && xcpu_forms_of(insn)->stores)
        offset -= mask + 1;
    else if (where == OPERAND)
        offset += xcpu_bit_offset(insn, cpu->gpr[insn->reg].d);
    else if (where == FRAME && insn->op == XCPU_OP_ENTER_Iw_Ib)
        offset = (is_check ? offset : offset & mask) - (mask + 1);
    *limit = offset > ~mask;
    if (is_check)
        return misaligned || *limit;
    return cpu->exit.address - (offset + base) <= mask;
}

void xcpu_check_limit(struct xcpu *cpu)
{
    struct xcpu_exit *exit = &cpu->exit;
    struct xcpu_slot slot, checks;
    struct xcpu_insn insn;
    int limit = 0;
    if (!xcpu_decode_at(cpu, cpu->eip, &insn) ||
        !xcpu_fill_align(&checks, &insn))
        return;
    xcpu_fill_slot(&slot, &insn, cpu->eip);
    unsigned where = checks.reg;
    if (!is_of(cpu, &insn, &slot, checks.reg, checks.imm, &limit)) {
        where = checks.rm;
        if (where == NOWHERE ||
            !is_of(cpu, &insn, &slot, checks.rm, checks.disp, &limit))
            return;
    }
    if (!limit)
        return;
    exit->vector =
        find_segment(&slot, where) == XCPU_SS ? XCPU_VECTOR_SS : XCPU_GP;
    exit->error_code = 0;
    exit->address = 0;
}
