/* accesses.c -- what memory an instruction loads and stores. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/accesses.h"

#include "insns.h"

struct list {
    const struct xcpu_insn *insn;
    const struct xcpu_regs *regs;
    struct xcpu_access *accesses;
    unsigned count;
};

static void add(struct list *list, unsigned segment, uint32_t offset,
                uint32_t size, int is_store)
{
    list->accesses[list->count++] = (struct xcpu_access){
        list->regs->sreg_base[segment] + offset, size, is_store};
}

/* ---- operands ---- */

enum { BY_OPERAND_SIZE = 0x1000 }; /* so many times, and what is below */

/* Bytes of an operand in memory, by its letters (operands.def); 0 of one that
 * is never there. */
static const uint16_t sizes[] = {
    [XO_Eb] = 1,
    [XO_Ew] = 2,
    [XO_Ed] = 4,
    [XO_Ev] = BY_OPERAND_SIZE,
    [XO_Mb] = 1,
    [XO_Mw] = 2,
    [XO_Md] = 4,
    [XO_Mq] = 8,
    [XO_Mv] = BY_OPERAND_SIZE,
    [XO_Mdq] = 16,
    [XO_Mt] = 10,
    [XO_Mps] = 16,
    [XO_Mpd] = 16,
    [XO_Ma] = 2 * BY_OPERAND_SIZE,
    [XO_Mp] = BY_OPERAND_SIZE + 2,
    [XO_Ms] = 6,
    [XO_Ob] = 1,
    [XO_Ov] = BY_OPERAND_SIZE,
    [XO_Xb] = 1,
    [XO_Xv] = BY_OPERAND_SIZE,
    [XO_Yb] = 1,
    [XO_Yv] = BY_OPERAND_SIZE,
    [XO_Qd] = 4,
    [XO_Qq] = 8,
    [XO_Ww] = 2,
    [XO_Wd] = 4,
    [XO_Wq] = 8,
    [XO_Wdq] = 16,
    [XO_Wps] = 16,
    [XO_Wpd] = 16,
    [XO_Wss] = 4,
    [XO_Wsd] = 8,
    [XO_Usd] = 0,
};

/* M alone: the environment of the x87, its state, FXSAVE's. */
static uint32_t size_of_image(const struct xcpu_insn *insn)
{
    switch (insn->op) {
    case XCPU_OP_FLDENV_M:
    case XCPU_OP_FNSTENV_M:
        return insn->operand_size == 2 ? 14 : 28;
    case XCPU_OP_FRSTOR_M:
    case XCPU_OP_FNSAVE_M:
        return insn->operand_size == 2 ? 94 : 108;
    case XCPU_OP_FXSAVE_M:
    case XCPU_OP_FXRSTOR_M:
        return 512;
    default:
        return 0; /* LEA */
    }
}

static uint32_t size_of(const struct xcpu_insn *insn, enum xcpu_operand operand)
{
    uint32_t size = operand == XO_M ? size_of_image(insn) : sizes[operand];

    return size / BY_OPERAND_SIZE * insn->operand_size + size % BY_OPERAND_SIZE;
}

/* Hints and caches, which are no data. */
static int is_no_access(const struct xcpu_insn *insn)
{
    return insn->op == XCPU_OP_NOP_Ev || insn->op == XCPU_OP_PREFETCH_Mb ||
           insn->op == XCPU_OP_CLFLUSH_Mb;
}

static uint32_t by_address_size(const struct xcpu_insn *insn, uint32_t offset)
{
    return insn->address_size == 2 ? offset & 0xffff : offset;
}

static uint32_t offset_of(const struct xcpu_insn *insn,
                          const struct xcpu_regs *regs)
{
    uint32_t offset = insn->disp;

    if (insn->base != XCPU_NO_REG)
        offset += regs->gpr[insn->base];
    if (insn->index != XCPU_NO_REG)
        offset += regs->gpr[insn->index] << insn->scale;
    return by_address_size(insn, offset);
}

/* The one that ModRM or an address in the instruction names. */
static void add_named(struct list *list, const struct xcpu_row *row)
{
    const struct xcpu_insn *insn = list->insn;
    uint32_t offset, size = 0;

    if (is_no_access(insn) || ((row->encoding & XE_MODRM) && insn->mod == 3))
        return;
    for (int i = 0; i < 3 && size == 0; i++)
        if (row->operands[i] < XO_Xb || row->operands[i] > XO_Yv)
            size = size_of(insn, row->operands[i]);
    if (size == 0)
        return;
    offset = by_address_size(
        insn, offset_of(insn, list->regs) +
                  xcpu_bit_offset(insn, list->regs->gpr[insn->reg]));
    /* POP counts from behind what it takes. */
    if (insn->op == XCPU_OP_POP_Ev && insn->base == XCPU_ESP)
        offset += insn->operand_size;
    add(list, insn->segment, offset, size, (row->attributes & A_WM) != 0);
}

/* ---- strings ---- */

/* Where a string ends up is its first operand; COMPARE and SCAN only load. */
static int is_string_store(const struct xcpu_row *row, int i)
{
    return i == 0 && (row->attributes & A_REPCC) == 0;
}

static void add_strings(struct list *list, const struct xcpu_row *row)
{
    const struct xcpu_insn *insn = list->insn;
    const uint32_t *gpr = list->regs->gpr;

    if (xcpu_insn_repeats(insn) && by_address_size(insn, gpr[XCPU_ECX]) == 0)
        return;
    for (int i = 0; i < 2; i++) {
        enum xcpu_operand operand = row->operands[i];

        if (operand == XO_Xb || operand == XO_Xv)
            add(list, insn->segment, by_address_size(insn, gpr[XCPU_ESI]),
                size_of(insn, operand), 0);
        else if (operand == XO_Yb || operand == XO_Yv)
            add(list, XCPU_ES, by_address_size(insn, gpr[XCPU_EDI]),
                size_of(insn, operand), is_string_store(row, i));
    }
}

/* ---- the stack, and what no operand says ---- */

static void add_stack(struct list *list)
{
    int words = xcpu_stack_words(list->insn);
    uint32_t size = list->insn->operand_size, esp = list->regs->gpr[XCPU_ESP];

    if (words > 0)
        add(list, XCPU_SS, esp - (uint32_t)words * size, (uint32_t)words * size,
            1);
    else if (words < 0)
        add(list, XCPU_SS, esp, (uint32_t)-words * size, 0);
}

static void add_implied(struct list *list)
{
    const struct xcpu_insn *insn = list->insn;
    const uint32_t *gpr = list->regs->gpr;

    switch (insn->op) {
    case XCPU_OP_LEAVE:
        add(list, XCPU_SS, gpr[XCPU_EBP], insn->operand_size, 0);
        break;
    case XCPU_OP_XLAT:
        add(list, insn->segment,
            by_address_size(insn, gpr[XCPU_EBX] + (gpr[XCPU_EAX] & 0xff)), 1,
            0);
        break;
    case XCPU_OP_MASKMOVQ_Pq_Nq:
        add(list, insn->segment, by_address_size(insn, gpr[XCPU_EDI]), 8, 1);
        break;
    case XCPU_OP_MASKMOVDQU_Vdq_Udq:
        add(list, insn->segment, by_address_size(insn, gpr[XCPU_EDI]), 16, 1);
        break;
    default:
        break;
    }
}

unsigned xcpu_find_accesses(const struct xcpu_insn *insn,
                            const struct xcpu_regs *regs,
                            struct xcpu_access accesses[XCPU_ACCESSES_MAX])
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    struct list list = {insn, regs, accesses, 0};

    if (row->group == XG_PRIV || row->group == XG_UD)
        return 0; /* they raise exceptions */
    add_stack(&list);
    add_implied(&list);
    add_named(&list, row);
    add_strings(&list, row);
    return list.count;
}
