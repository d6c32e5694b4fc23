/* jit_flags.c -- instructions whose operands are the flags, as host code. */
/* SPDX-License-Identifier: MIT */
#include "jit_emit.h"

#if XCPU_HAVE_JIT

#define FIELD(name) ((uint32_t)offsetof(struct xcpu, name))

/* The arithmetic flags; what is always set, and IF. */
#define ARITHMETIC 0x8d5u
#define FIXED      0x202u

static void put_pop_host(struct xcpu_emit *e, unsigned host)
{
    xcpu_put_opcode(&e->a, xcpu_op(0x58 | (host & 7)), host >> 3);
}

static void put_push_host(struct xcpu_emit *e, unsigned host)
{
    xcpu_put_opcode(&e->a, xcpu_op(0x50 | (host & 7)), host >> 3);
}

void xcpu_put_masked(struct xcpu_emit *e, unsigned to, unsigned from,
                     uint32_t mask)
{
    struct xcpu_asm_memory bits = xcpu_at(XH_CODE, mask);
    struct xcpu_asm_op movd = {.prefix = 0x66, .map = 0x0f, .opcode = 0x6e};
    struct xcpu_asm_op pand = {.prefix = 0x66, .map = 0x0f, .opcode = 0xdb};
    xcpu_put_reg(&e->a, movd, 8, from);
    xcpu_put_memory(&e->a, pand, 8, &bits);
    movd.opcode = 0x7e;
    xcpu_put_reg(&e->a, movd, 8, to);
}

/* The low half is the host's, where NT and what a program may not change is
 * clear; the cpu has the rest, of which none is in both. */
int xcpu_emit_pushf(struct xcpu_emit *e)
{
    struct xcpu_asm_memory sum = {.base = XH_T0, .index = XH_T1};
    xcpu_put8(&e->a, 0x9c); /* pushf */
    put_pop_host(e, XH_T0);
    xcpu_put_reg(&e->a, xcpu_op0f(0xb7), XH_T0, XH_T0);
    xcpu_put_load(&e->a, XH_T1, XH_CPU, FIELD(eflags));
    xcpu_put_masked(e, XH_T1, XH_T1, e->jit->kept_mask);
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_T0, &sum);
    xcpu_put_push(e, XH_T0);
    return 1;
}

/* ECX becomes 0 when what T0 says of flags that are not arithmetic is what the
 * cpu has of them. */
static void put_test_kept(struct xcpu_emit *e)
{
    struct xcpu_asm_memory sum = {.base = XH_CX, .index = XH_T1, .disp = 1};
    xcpu_put_masked(e, XH_CX, XH_T0, e->jit->kept_mask);
    xcpu_put_load(&e->a, XH_T1, XH_CPU, FIELD(eflags));
    xcpu_put_reg(&e->a, xcpu_op(0xf7), 2, XH_T1); /* not */
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_CX, &sum);
}

/* One that changes others is for the interpreter. T2 keeps ECX. */
int xcpu_emit_popf(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    xcpu_emit_settle_esp(e);
    struct xcpu_asm_memory top = xcpu_emit_stack(e, 0);
    xcpu_put_memory(&e->a, xcpu_op(0x8b), XH_T0, &top);
    xcpu_put_mov(&e->a, XH_T2, XH_CX);
    put_test_kept(e);
    if (!xcpu_emit_unless_zero(e))
        return 0;
    xcpu_put_reg(&e->a, xcpu_op(0x81), 4, XH_T0); /* and */
    xcpu_put32(&e->a, ARITHMETIC);
    xcpu_put_reg(&e->a, xcpu_op(0x81), 1, XH_T0); /* or */
    xcpu_put32(&e->a, FIXED);
    put_push_host(e, XH_T0);
    xcpu_put8(&e->a, 0x9d); /* popf */
    e->esp += 4;
    xcpu_emit_exit(e, -1, xcpu_emit_next(e));
    return 1;
}

/* AL becomes -CF. */
int xcpu_emit_salc(struct xcpu_emit *e)
{
    xcpu_put_reg(&e->a, xcpu_op0f(0x92), 0, XH_T0); /* setc */
    xcpu_put_reg(&e->a, xcpu_op(0xf6), 2, XH_T0);   /* not, of a byte */
    xcpu_put_lea(&e->a, XH_T0, XH_T0, 1);
    xcpu_put_reg(&e->a, xcpu_op(0x8a), XH_AX, XH_T0);
    return 1;
}

int xcpu_emit_into(struct xcpu_emit *e)
{
    xcpu_emit_settle_esp(e);
    xcpu_put8(&e->a, 0x71); /* jno over the way out */
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    xcpu_emit_leave(e, e->jit->leave_interp, e->eip);
    if (e->a.at < e->a.end)
        *from = (uint8_t)(e->a.at - from - 1);
    xcpu_emit_exit(e, -1, xcpu_emit_next(e));
    return 1;
}

/* ---- decimal digits ---- */

/* T1 becomes 1 when AL's lower digit is above 9 or AF is set, or 0. T2 keeps
 * EAX. */
static void put_is_carried(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    xcpu_put_mov(a, XH_T2, XH_AX);
    xcpu_put8(a, 0x9f); /* lahf: AF is bit 12 */
    xcpu_put_mov(a, XH_T0, XH_AX);
    xcpu_put_mov(a, XH_AX, XH_T2);
    xcpu_put_reg(a, xcpu_op(0xc1), 5, XH_T0); /* shr */
    xcpu_put8(a, 8);
    xcpu_put_mov(a, XH_T1, XH_T2);
    xcpu_put_reg(a, xcpu_op(0x83), 4, XH_T1); /* and */
    xcpu_put8(a, 15);
    xcpu_put_lea(a, XH_T1, XH_T1, 6);
    xcpu_put_reg(a, xcpu_op(0x0b), XH_T1, XH_T0); /* or */
    xcpu_put_reg(a, xcpu_op(0xc1), 5, XH_T1);     /* shr */
    xcpu_put8(a, 4);
    xcpu_put_reg(a, xcpu_op(0x83), 4, XH_T1); /* and */
    xcpu_put8(a, 1);
}

/* AAA and AAS: AX changes by 106h, and CF and AF tell. */
int xcpu_emit_adjust_ascii(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    struct xcpu_asm_op change = xcpu_op(e->insn->opcode == 0x37 ? 0x03 : 0x2b);
    change.narrow = 1;
    put_is_carried(e);
    xcpu_put_reg(a, xcpu_op(0x69), XH_T0, XH_T1); /* imul */
    xcpu_put32(a, 0x106);
    xcpu_put_reg(a, change, XH_AX, XH_T0);
    xcpu_put8(a, 0x24); /* and $15, %al */
    xcpu_put8(a, 15);
    xcpu_put_imm(a, XH_T0, 0);
    xcpu_put_reg(a, xcpu_op(0x3b), XH_T0, XH_T1); /* cmp: borrows or not */
    return 1;
}

/* EAX becomes 1 when AL is above 99h or bit 0 of T0, which is CF, is set, or
 * 0. */
static void put_is_carried_high(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    xcpu_put_reg(a, xcpu_op0f(0xb6), XH_AX, XH_AX); /* movzx */
    xcpu_put_lea(a, XH_AX, XH_AX, 0x66);
    xcpu_put_reg(a, xcpu_op(0xc1), 5, XH_AX); /* shr */
    xcpu_put8(a, 8);
    xcpu_put_reg(a, xcpu_op(0x0b), XH_AX, XH_T0); /* or */
    xcpu_put_reg(a, xcpu_op(0x83), 4, XH_AX);     /* and */
    xcpu_put8(a, 1);
}

/* The flags of what was computed last, but for AF and CF, which are as in T1.
 */
static void put_carries(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    xcpu_put_mov(a, XH_T2, XH_AX);
    xcpu_put8(a, 0x9f);                       /* lahf */
    xcpu_put_reg(a, xcpu_op(0x81), 4, XH_AX); /* and */
    xcpu_put32(a, ~0x1100u);
    xcpu_put_reg(a, xcpu_op(0xc1), 4, XH_T1); /* shl */
    xcpu_put8(a, 8);
    xcpu_put_reg(a, xcpu_op(0x0b), XH_AX, XH_T1); /* or */
    xcpu_put8(a, 0x9e);                           /* sahf */
    xcpu_put_mov(a, XH_AX, XH_T2);
}

/* DAA and DAS: AL changes by 6, 60h or both. T1 becomes AF and CF, in their
 * places; a borrow from 6 is one as well. */
int xcpu_emit_adjust_decimal(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    int subtracts = e->insn->opcode == 0x2f;
    put_is_carried(e);
    put_is_carried_high(e);
    xcpu_put_reg(a, xcpu_op(0x6b), XH_T0, XH_T1); /* imul */
    xcpu_put8(a, 6);
    xcpu_put_reg(a, xcpu_op(0xc1), 4, XH_T1); /* shl */
    xcpu_put8(a, 4);
    if (subtracts) {
        xcpu_put_reg(a, xcpu_op(0x3a), XH_T2, XH_T0); /* cmp, of bytes */
        xcpu_put_reg(a, xcpu_op(0x83), 2, XH_T1);     /* adc */
        xcpu_put8(a, 0);
    }
    xcpu_put_reg(a, xcpu_op(0x0b), XH_T1, XH_AX); /* or */
    xcpu_put_reg(a, xcpu_op(0x6b), XH_AX, XH_AX); /* imul */
    xcpu_put8(a, 0x60);
    xcpu_put_reg(a, xcpu_op(0x03), XH_T0, XH_AX); /* add */
    xcpu_put_mov(a, XH_AX, XH_T2);
    xcpu_put_reg(a, xcpu_op(subtracts ? 0x2a : 0x02), XH_AX, XH_T0);
    put_carries(e);
    return 1;
}

/* By 0 is for the interpreter. */
int xcpu_emit_aam(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    if (!(e->insn->imm & 0xff))
        return 0;
    xcpu_put_imm(a, XH_T0, e->insn->imm & 0xff);
    xcpu_put_bytes(a, "\xb4\0", 2);           /* mov $0, %ah */
    xcpu_put_reg(a, xcpu_op(0xf6), 6, XH_T0); /* div, of a byte */
    xcpu_put_bytes(a, "\x86\xe0\x84\xc0", 4); /* xchg %ah, %al; test %al */
    return 1;
}

int xcpu_emit_aad(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    xcpu_put_mov(a, XH_T2, XH_CX);
    xcpu_put_bytes(a, "\x0f\xb6\xcc", 3);         /* movzbl %ah, %ecx */
    xcpu_put_reg(a, xcpu_op(0x69), XH_T0, XH_CX); /* imul */
    xcpu_put32(a, e->insn->imm & 0xff);
    xcpu_put_mov(a, XH_CX, XH_T2);
    xcpu_put_bytes(a, "\xb4\0", 2);               /* mov $0, %ah */
    xcpu_put_reg(a, xcpu_op(0x02), XH_AX, XH_T0); /* add, of bytes */
    return 1;
}

#endif
