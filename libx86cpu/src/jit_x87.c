/* jit_x87.c -- the x87's control word and FIP in translated code. */
/* SPDX-License-Identifier: MIT */
#include "jit_emit.h"

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
    e->noted = 0;
}

/* The cpu's is exact in all modes. */
int xcpu_emit_fnstcw(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = xcpu_at(XH_CPU, FIELD(fpu.control)), m;
    struct xcpu_asm_op store = xcpu_op(0x89);
    store.prefix = 0x66;
    xcpu_emit_address(e, &m);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T0, &word);
    xcpu_put_memory(&e->a, store, XH_T0, &m);
    return 1;
}

/* A word that FNSTCW gives, with all exceptions masked: bits 0 to 6 are set, 7
 * and 13 to 15 clear, and ECX, which T2 keeps, becomes 0. Any other is for the
 * interpreter. */
int xcpu_emit_fldcw(struct xcpu_emit *e)
{
    struct xcpu_asm_memory m, word = xcpu_at(XH_CPU, FIELD(fpu.control));
    struct xcpu_asm_op store = xcpu_op(0x89);
    store.prefix = 0x66;
    xcpu_emit_address(e, &m);
    xcpu_emit_settle_esp(e);
    if (m.base == XH_ESP)
        m.disp = e->insn->disp + e->cpu->sreg_base[e->insn->segment];
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T0, &m);
    xcpu_put_mov(&e->a, XH_T2, XH_CX);
    xcpu_put_masked(e, XH_CX, XH_T0, e->jit->word_mask);
    xcpu_put_lea(&e->a, XH_CX, XH_CX, 0u - 0x7f);
    if (!xcpu_emit_unless_zero(e))
        return 0;
    xcpu_put_memory(&e->a, store, XH_T0, &word);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
    return 1;
}

#endif
