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

static void put_test_masks(struct xcpu_emit *e)
{
    xcpu_put_mov(&e->a, XH_T1, XH_T0);
    xcpu_put_reg(&e->a, xcpu_op(0xf7), 2, XH_T1); /* not */
    xcpu_put_reg(&e->a, xcpu_op(0xf7), 0, XH_T1); /* test */
    xcpu_put32(&e->a, 0x3f);
}

/* Bit 6 is always set; 7 and 13 to 15 never. */
static void put_control(struct xcpu_emit *e)
{
    struct xcpu_asm_memory word = xcpu_at(XH_CPU, FIELD(fpu.control));
    struct xcpu_asm_op store = xcpu_op(0x89);
    store.prefix = 0x66;
    xcpu_put_reg(&e->a, xcpu_op(0x81), 4, XH_T0); /* and */
    xcpu_put32(&e->a, 0x1f3f);
    xcpu_put_reg(&e->a, xcpu_op(0x83), 1, XH_T0); /* or */
    xcpu_put8(&e->a, 0x40);
    xcpu_put_memory(&e->a, store, XH_T0, &word);
    xcpu_put_memory(&e->a, xcpu_op(0xd9), 5, &word);
}

/* The guest's flags wait in EAX, which T2 keeps; one that unmasks exceptions
 * is for the interpreter. */
int xcpu_emit_fldcw(struct xcpu_emit *e)
{
    struct xcpu_asm_memory m;
    xcpu_emit_address(e, &m);
    xcpu_emit_settle_esp(e);
    if (m.base == XH_ESP)
        m.disp = e->insn->disp + e->cpu->sreg_base[e->insn->segment];
    xcpu_put_memory(&e->a, xcpu_op0f(0xb7), XH_T0, &m);
    xcpu_put_mov(&e->a, XH_T2, XH_AX);
    xcpu_put_flags_out(&e->a);
    put_test_masks(e);
    xcpu_put8(&e->a, 0x74); /* je over the way out */
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    xcpu_put_flags_in(&e->a);
    xcpu_put_mov(&e->a, XH_AX, XH_T2);
    xcpu_emit_leave(e, e->jit->leave_interp, e->eip);
    e->ended = 0;
    if (e->a.end - e->a.at < 64)
        return 0;
    *from = (uint8_t)(e->a.at - from - 1);
    put_control(e);
    xcpu_put_flags_in(&e->a);
    xcpu_put_mov(&e->a, XH_AX, XH_T2);
    return 1;
}

#endif
