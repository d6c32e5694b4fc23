/* jit_x87.c -- control words and FIP in translated code. */
/* SPDX-License-Identifier: MIT */
#include "bind.h"
#include "jit_emit.h"
#include "machine.h"
#include "sse.h"

#if XCPU_HAVE_JIT

#define FIELD(name) ((uint32_t)offsetof(struct xcpu, name))

int xcpu_is_noted(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    return row->group == XG_X87 && !(row->attributes & A_CONTROL);
}

void xcpu_emit_note(struct xcpu_emit *e)
{
    if (e->noted)
        xcpu_put_store_imm(&e->a, XH_CPU, FIELD(fpu.code_offset), e->noted_eip);
    e->noted = e->again = 0;
}

static struct xcpu_asm_memory control_word(void)
{
    return xcpu_at(XH_CPU, FIELD(fpu.control));
}

static struct xcpu_asm_op store16(void)
{
    struct xcpu_asm_op store = xcpu_op(0x89);
    store.prefix = 0x66;
    return store;
}

/* The cpu's is exact in all modes. */
int xcpu_emit_fnstcw(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = control_word(), m;
    xcpu_emit_address(e, &m);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T0, &word);
    xcpu_put_memory(&e->a, store16(), XH_T0, &m);
    return 1;
}

/* ---- FLDCW ---- */

/* T0 becomes the operand, by mov or movzx; ESP is settled, T2 keeps ECX. */
static void put_load_operand(struct xcpu_emit *e, struct xcpu_asm_op load)
{
    struct xcpu_asm_memory m;
    xcpu_emit_address(e, &m);
    xcpu_emit_settle_esp(e);
    if (m.base == XH_ESP)
        m.disp = e->insn->disp + e->cpu->sreg_base[e->insn->segment];
    xcpu_put_memory(&e->a, load, XH_T0, &m);
    xcpu_put_mov(&e->a, XH_T2, XH_CX);
}

static void put_load_word(struct xcpu_emit *e)
{
    put_load_operand(e, xcpu_op0f(0xb7));
}

/* The cpu's word with RC 3, by XMM9, which no guest has. */
static void put_truncating(struct xcpu_emit *e, unsigned to)
{
    struct xcpu_asm_memory word = control_word();
    struct xcpu_asm_memory rc = xcpu_at(XH_CODE, e->jit->rc_mask);
    struct xcpu_asm_op movd = {.prefix = 0x66, .map = 0x0f, .opcode = 0x6e};
    struct xcpu_asm_op por = {.prefix = 0x66, .map = 0x0f, .opcode = 0xeb};
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), to, &word);
    xcpu_put_reg(&e->a, movd, 9, to);
    xcpu_put_memory(&e->a, por, 9, &rc);
    movd.opcode = 0x7e;
    xcpu_put_reg(&e->a, movd, 9, to);
}

/* ECX becomes 0 when T0 is T1. */
static void put_difference(struct xcpu_emit *e)
{
    struct xcpu_asm_memory sum = {.base = XH_T0, .index = XH_T1, .disp = 1};
    xcpu_put_reg(&e->a, xcpu_op(0xf7), 2, XH_T1); /* not */
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_CX, &sum);
}

/* A word that FNSTCW gives, with all exceptions masked: bits 0 to 6 are set, 7
 * and 13 to 15 clear, and ECX becomes 0. Any other is for the interpreter. */
static int put_admit_word(struct xcpu_emit *e)
{
    xcpu_put_masked(e, XH_CX, XH_T0, e->jit->word_mask);
    xcpu_put_lea(&e->a, XH_CX, XH_CX, 0u - 0x7f);
    return xcpu_emit_unless_zero(e);
}

static int emit_any_word(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = control_word();
    put_load_word(e);
    if (!put_admit_word(e))
        return 0;
    xcpu_put_memory(&e->a, store16(), XH_T0, &word);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
    return 1;
}

/* ---- floor() and the like ---- */

/*
 * Around FRNDINT the word is another one, and then the one before again, which
 * the cpu has all the time: so the next FNSTCW does not wait for this one's
 * FLDCW, of which it would else read what was stored.
 */

static int is_plain(const struct xcpu_emit *e, const struct xcpu_insn *insn)
{
    return insn->address_size == 4 && !xcpu_uses_bad_segment(e->cpu, insn);
}

/* Whether the word that is loaded is for one instruction alone. */
static int is_for_one(const struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    return e->index + 2 < e->block->insns && insn[2].op == XCPU_OP_FLDCW_Mw &&
           is_plain(e, insn) && is_plain(e, &insn[2]);
}

static int is_rounding(const struct xcpu_emit *e)
{
    return is_for_one(e) && e->insn[1].op == XCPU_OP_FRNDINT;
}

static int begin_rounding(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = xcpu_at(XH_CPU, FIELD(jit_word));
    put_load_word(e);
    if (!put_admit_word(e))
        return 0;
    xcpu_put_memory(&e->a, store16(), XH_T0, &word);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
    e->rounds = 1;
    return 1;
}

/* Whoever leaves finds the word in the host. */
static int end_rounding(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = control_word();
    put_load_word(e);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T1, &word);
    put_difference(e);
    xcpu_put8(&e->a, 0xe3); /* jrcxz */
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    e->failed |= !put_admit_word(e);
    xcpu_put_memory(&e->a, store16(), XH_T0, &word);
    e->failed |= e->a.at - from > INT8_MAX;
    if (!e->failed)
        *from = (uint8_t)(e->a.at - from - 1);
    xcpu_put_mov(&e->a, XH_CX, XH_T2);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
    e->rounds = 0;
    return 1;
}

/* ---- integers by truncation ---- */

/*
 * Before SSE3 compilers convert by FLDCW of a word with RC 3, FISTP and FLDCW
 * of the word before. A host executes many FISTTP side by side, but no FLDCW:
 * where the words are these, it is all that is executed. Other words are for
 * the interpreter, and when many are, translations do without.
 */

static int is_fistp(const struct xcpu_insn *insn)
{
    return insn->op == XCPU_OP_FISTP_Mw || insn->op == XCPU_OP_FISTP_Md ||
           insn->op == XCPU_OP_FISTP_Mq;
}

static int is_conversion(const struct xcpu_emit *e)
{
    return !e->jit->no_truncation &&
           (e->cpu->machine->host_features >> XT_SSE3 & 1) && is_for_one(e) &&
           is_fistp(&e->insn[1]) && is_plain(e, &e->insn[1]);
}

static int begin_conversion(struct xcpu_emit *e)
{
    put_load_word(e);
    put_truncating(e, XH_T1);
    put_difference(e);
    uint8_t *from = xcpu_emit_begin_unless_zero(e);
    xcpu_put_load(&e->a, XH_T0, XH_CPU, FIELD(jit_roundings));
    xcpu_put_lea(&e->a, XH_T0, XH_T0, 1);
    xcpu_put_store(&e->a, XH_T0, XH_CPU, FIELD(jit_roundings));
    if (!xcpu_emit_end_unless_zero(e, from))
        return 0;
    e->truncates = 1;
    return 1;
}

static int end_conversion(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = control_word();
    put_load_word(e);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T1, &word);
    put_difference(e);
    uint8_t *from = xcpu_emit_begin_unless_zero(e);
    put_truncating(e, XH_T0);
    xcpu_put_memory(&e->a, store16(), XH_T0, &word);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
    if (!xcpu_emit_end_unless_zero(e, from))
        e->failed = 1;
    e->truncates = 0;
    return 1;
}

int xcpu_emit_fistp(struct xcpu_emit *e)
{
    struct xcpu_asm_memory m;
    unsigned opcode = e->insn->op == XCPU_OP_FISTP_Mq ? 0xdd : e->insn->opcode;
    if (!e->truncates)
        return xcpu_emit_copy(e);
    xcpu_emit_address(e, &m);
    xcpu_put_memory(&e->a, xcpu_op(opcode), 1, &m); /* fisttp */
    return 1;
}

int xcpu_emit_fldcw(struct xcpu_emit *e)
{
    if (e->truncates)
        return end_conversion(e);
    if (e->rounds)
        return end_rounding(e);
    if (is_rounding(e))
        return begin_rounding(e);
    return is_conversion(e) ? begin_conversion(e) : emit_any_word(e);
}

/* ---- MXCSR, which STMXCSR stores as the host has it ---- */

/* One that masks all exceptions and is no DAZ; any other is for the
 * interpreter. */
int xcpu_emit_ldmxcsr(struct xcpu_emit *e)
{
    struct xcpu_asm_memory mxcsr = xcpu_at(XH_CPU, FIELD(fpu.mxcsr));
    put_load_operand(e, xcpu_op(0x8b));
    xcpu_put_masked(e, XH_CX, XH_T0, e->jit->mxcsr_mask);
    xcpu_put_lea(&e->a, XH_CX, XH_CX, 0u - XCPU_MXCSR_MASKS);
    if (!xcpu_emit_unless_zero(e))
        return 0;
    xcpu_put_memory(&e->a, xcpu_op(0x89), XH_T0, &mxcsr);
    xcpu_put_memory(&e->a, xcpu_op0f(0xae), 2, &mxcsr);
    return 1;
}

#endif
