/* bind.c -- which handler executes an instruction. */
/* SPDX-License-Identifier: MIT */
#include "bind.h"
#include "frame.h"
#include "interp.h"

static const struct xcpu_forms forms_privileged = {
    .reg = xcpu_run_privileged,
    .mem = xcpu_run_privileged,
};

static const struct xcpu_forms forms_undefined = {
    .reg = xcpu_run_undefined,
    .mem = xcpu_run_undefined,
};

static const struct xcpu_forms *const forms_of_row[XCPU_OPS] = {
#define XCPU_FORMS_INT(id)  [XCPU_OP_##id] = &xcpu_forms_##id,
#define XCPU_FORMS_X87(id)  XCPU_FORMS_INT(id)
#define XCPU_FORMS_MMX(id)  XCPU_FORMS_INT(id)
#define XCPU_FORMS_SSE(id)  XCPU_FORMS_INT(id)
#define XCPU_FORMS_PRIV(id) [XCPU_OP_##id] = &forms_privileged,
#define XCPU_FORMS_UD(id)   [XCPU_OP_##id] = &forms_undefined,
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 read, written, undefined, attributes, group, feature)         \
    XCPU_FORMS_##group(id)
#include "x86_insns.def"
};

const struct xcpu_forms *xcpu_forms_of(const struct xcpu_insn *insn)
{
    return forms_of_row[insn->op];
}

int xcpu_has_memory_operand(const struct xcpu_insn *insn)
{
    unsigned encoding = xcpu_rows[insn->op].encoding;
    return (encoding & XE_MOFFS) || ((encoding & XE_MODRM) && insn->mod != 3);
}

/* Register numbers of letter b count AL CL DL BL AH CH DH BH. */
static uint8_t byte_offset(uint8_t reg)
{
    return (uint8_t)((reg & 3) * 4 + (reg >> 2));
}

static void name_registers(struct xcpu_slot *slot, const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    slot->reg = insn->reg;
    slot->rm = insn->rm;
    for (int i = 0; i < 3; i++) {
        unsigned letter = row->operands[i];
        if (letter == XO_Gb)
            slot->reg = byte_offset(insn->reg);
        else if (letter == XO_Eb || letter == XO_Zb)
            slot->rm = byte_offset(insn->rm);
    }
}

void xcpu_fill_slot(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                    uint32_t eip)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    *slot = (struct xcpu_slot){
        .disp = insn->disp,
        .imm = insn->imm,
        .eip = eip,
        .row = insn->op,
        .base = insn->base,
        .index = insn->index,
        .scale = insn->scale,
        .seg = insn->segment,
        .narrow = insn->address_size == 2 ? 16 : 0,
        .rep = insn->rep,
        .length = insn->length,
    };
    name_registers(slot, insn);
    if (row->group == XG_X87)
        slot->imm = (uint32_t)(insn->opcode & 7) << 8 | insn->modrm;
    if (row->encoding & (XE_FAR | XE_IMM16))
        slot->disp = insn->imm2;
}

static xcpu_handler *choose_memory(const struct xcpu *cpu,
                                   const struct xcpu_forms *forms,
                                   const struct xcpu_insn *insn)
{
    int flat = insn->address_size == 4 && insn->segment < XCPU_FS &&
               cpu->sreg_base[insn->segment] == 0;
    int indexed = insn->index != XCPU_NO_REG;
    xcpu_handler *small = insn->operand_size == 2 ? forms->mem16 : NULL;
    xcpu_handler *quick = NULL;
    if (insn->lock || forms->locks) {
        small = insn->operand_size == 2 ? forms->lock16 : NULL;
        return small ? small : forms->lock;
    }
    if (flat && small)
        quick = indexed ? forms->index16 : forms->base16;
    else if (flat)
        quick = indexed ? forms->index : forms->base;
    return quick ? quick : small ? small : forms->mem;
}

static xcpu_handler *choose(const struct xcpu *cpu,
                            const struct xcpu_forms *forms,
                            const struct xcpu_insn *insn)
{
    if (xcpu_has_memory_operand(insn))
        return choose_memory(cpu, forms, insn);
    if (insn->operand_size == 2 && forms->reg16)
        return forms->reg16;
    return forms->reg;
}

int xcpu_bind_slot(const struct xcpu *cpu, struct xcpu_slot *slot,
                   const struct xcpu_insn *insn, int quiet,
                   enum xcpu_flags_kind before)
{
    const struct xcpu_forms *forms = xcpu_forms_of(insn);
    slot->run = NULL;
    if (quiet && forms->quiet)
        slot->run = choose(cpu, forms->quiet, insn);
    int silent = slot->run != NULL;
    if (!silent)
        slot->run = choose(cpu, forms, insn);
    if (forms->bind)
        forms->bind(slot, insn, before);
    if (!slot->run)
        slot->run = xcpu_run_undefined;
    return silent;
}

void xcpu_swap_registers(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                         enum xcpu_flags_kind before)
{
    uint8_t reg = slot->reg;
    (void)before;
    if (insn->mod != 3)
        return;
    slot->reg = slot->rm;
    slot->rm = reg;
}

static int is_mask_move(const struct xcpu_insn *insn)
{
    return insn->op == XCPU_OP_MASKMOVQ_Pq_Nq ||
           insn->op == XCPU_OP_MASKMOVDQU_Vdq_Udq;
}

int xcpu_uses_bad_segment(const struct xcpu *cpu, const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    unsigned mentioned = 1u << insn->segment | 1u << XCPU_ES;
    if (!((cpu->null_segments | cpu->code_segments) & mentioned))
        return 0;
    int operand = xcpu_has_memory_operand(insn);
    int used = insn->op == XCPU_OP_XLAT || is_mask_move(insn) || operand;
    int es = 0;
    uint8_t bad = cpu->null_segments, bad_es = bad;
    if (insn->op == XCPU_OP_LEA_Gv_M || insn->op == XCPU_OP_NOP_Ev ||
        insn->op == XCPU_OP_PREFETCH_Mb || row->group == XG_UD)
        return 0;
    if ((operand && (row->attributes & A_WM) &&
         insn->op != XCPU_OP_ARPL_Ew_Gw) ||
        is_mask_move(insn))
        bad |= cpu->code_segments;
    if (xcpu_forms_of(insn)->stores)
        bad_es |= cpu->code_segments;
    for (int i = 0; i < 3; i++) {
        unsigned letter = row->operands[i];
        used |= letter == XO_Xb || letter == XO_Xv;
        es |= letter == XO_Yb || letter == XO_Yv;
    }
    return (used && (bad >> insn->segment & 1)) ||
           (es && (bad_es >> XCPU_ES & 1));
}

int xcpu_insn_stores(const struct xcpu_insn *insn)
{
    return ((xcpu_rows[insn->op].attributes & A_WM) &&
            xcpu_has_memory_operand(insn)) ||
           xcpu_forms_of(insn)->stores;
}

/* A shift by an immediate that is not 0 does write its flags. */
static int keeps_flags(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    return (row->attributes & A_KEEP) &&
           !((row->encoding & XE_IMM8) && (insn->imm & 31));
}

uint32_t xcpu_flags_before(const struct xcpu_insn *insn, uint32_t after)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    unsigned harmless = xcpu_forms_of(insn)->harmless;
    if (!harmless || (harmless == 1 && xcpu_has_memory_operand(insn)))
        return XF_OSZAPC; /* an exception's frame holds them all */
    if (!keeps_flags(insn))
        after &= ~(uint32_t)(row->written | row->undefined);
    return after | (row->read & XF_OSZAPC);
}

int xcpu_is_quiet(const struct xcpu_insn *insn, uint32_t after)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    return !((row->written | row->undefined) & after);
}

enum xcpu_flags_kind xcpu_flags_after(const struct xcpu_insn *insn,
                                      enum xcpu_flags_kind before)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    const struct xcpu_forms *forms = xcpu_forms_of(insn);
    if (!((row->written | row->undefined) & XF_OSZAPC))
        return before;
    if (keeps_flags(insn))
        return XCPU_FLAGS_ANY;
    return insn->operand_size == 2 && forms->flags16 ? forms->flags16
                                                     : forms->flags;
}

/* ---- undefined flags that are looked at ---- */

/* By the condition's upper three bits (SDM 2, B.1.4.7). */
static const uint16_t read_by_condition[8] = {
    XF_O, XF_C, XF_Z, XF_ZC, XF_S, XF_P, XF_S | XF_O, XF_S | XF_O | XF_Z,
};

static uint32_t flags_read(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    if (row->attributes & A_COND)
        return read_by_condition[insn->cond >> 1 & 7];
    return row->read;
}

/* The row has those of any count: one below the operand's size leaves CF, and 1
 * also OF (SDM 2, SAL). */
static uint32_t flags_undefined(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    uint32_t undefined = row->undefined & XF_OSZAPC;
    if (!undefined || !(row->attributes & A_KEEP))
        return undefined;
    unsigned bits = row->operands[0] == XO_Eb ? 8 : insn->operand_size * 8u;
    unsigned count = row->encoding & XE_IMM8 ? insn->imm & 31 : 0;
    if (bits == 32 || (count && count < bits))
        undefined &= ~(uint32_t)XF_C;
    return count == 1 ? undefined & ~(uint32_t)XF_O : undefined;
}

int xcpu_shows_undefined(const struct xcpu_insn *insns, unsigned count)
{
    uint32_t undefined = flags_undefined(&insns[0]);
    for (unsigned i = 1; undefined && i < count; i++) {
        const struct xcpu_row *row = &xcpu_rows[insns[i].op];
        if (flags_read(&insns[i]) & undefined)
            return 1;
        if (!keeps_flags(&insns[i]))
            undefined &= ~(uint32_t)(row->written | row->undefined);
    }
    return 0;
}
