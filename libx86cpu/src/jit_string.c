/* jit_string.c -- string instructions as host code. */
/* SPDX-License-Identifier: MIT */
#include "jit_emit.h"
#include "machine.h"

#if XCPU_HAVE_JIT

/*
 * The direction is always up, see run.c. A single one is made of moves and
 * comparisons, for ES is not the segment that reaches the window. Repeated
 * ones get addresses of the host: they go upwards from within the window, and
 * fault behind its end, from where the interpreter goes on at address 0.
 */

static int is_single(const struct xcpu_emit *e)
{
    return !e->insn->rep && e->insn->address_size == 4;
}

static struct xcpu_asm_op op_sized(const struct xcpu_emit *e, unsigned opcode)
{
    struct xcpu_asm_op op = xcpu_op(opcode | (e->insn->opcode & 1));
    if ((e->insn->opcode & 1) && e->insn->operand_size == 2)
        op.prefix = 0x66;
    return op;
}

/* ---- repeated ---- */

/* A kick waits for the host's instruction to end: more iterations are left to
 * the handler. */
#define PIECE 0xffffu

/* ECX becomes 0 when it is no more than PIECE, without touching flags; T0 keeps
 * it. */
static void put_is_small(struct xcpu_emit *e)
{
    struct xcpu_asm_memory rest = {.base = XH_CX, .index = XH_T1, .disp = 1};
    xcpu_put_mov(&e->a, XH_T0, XH_CX);
    xcpu_put_reg(&e->a, xcpu_op0f(0xb7), XH_T1, XH_CX);
    xcpu_put_reg(&e->a, xcpu_op(0xf7), 2, XH_T1); /* not */
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_CX, &rest);
}

static void put_sum(struct xcpu_emit *e, unsigned reg, int wide, uint32_t disp)
{
    struct xcpu_asm_memory sum = {
        .base = (uint8_t)reg, .index = XH_T1, .disp = disp};
    struct xcpu_asm_op lea = {.opcode = 0x8d, .wide = (uint8_t)wide};
    xcpu_put_memory(&e->a, lea, reg, &sum);
}

/* T2 is what the guest's ECX has beside the host's. */
static void put_host_string(struct xcpu_emit *e, unsigned pointers)
{
    struct xcpu_asm_memory window =
        xcpu_at(XH_CPU, (uint32_t)offsetof(struct xcpu, memory));
    struct xcpu_asm_op load = {.opcode = 0x8b, .wide = 1};
    struct xcpu_asm_op not64 = {.opcode = 0xf7, .wide = 1};
    xcpu_put_memory(&e->a, load, XH_T1, &window);
    if (pointers & XCPU_JIT_ESI)
        put_sum(e, XH_SI, 1, 0);
    put_sum(e, XH_DI, 1, 0);
    e->host_pointers = (uint8_t)pointers;
    xcpu_emit_mark(e);
    e->host_pointers = 0;
    if ((e->insn->opcode & 1) && e->insn->operand_size == 2)
        xcpu_put8(&e->a, 0x66);
    xcpu_put8(&e->a, e->insn->rep);
    xcpu_put8(&e->a, e->insn->opcode);
    xcpu_put_reg(&e->a, not64, 2, XH_T1);
    if (pointers & XCPU_JIT_ESI)
        put_sum(e, XH_SI, 0, 1);
    put_sum(e, XH_DI, 0, 1);
}

enum { JZ = 0x74, JNZ = 0x75, JRCXZ = 0xe3, JMP = 0xeb };

/* A short jump; returns where its distance is, for land. */
static uint8_t *put_short(struct xcpu_emit *e, unsigned opcode)
{
    xcpu_put8(&e->a, opcode);
    xcpu_put8(&e->a, 0);
    return e->a.at - 1;
}

static void land(struct xcpu_emit *e, uint8_t *from)
{
    *from = (uint8_t)(e->a.at - from - 1);
}

static void emit_moves(struct xcpu_emit *e, unsigned pointers)
{
    uint8_t *small = put_short(e, JRCXZ);
    xcpu_put_mov(&e->a, XH_CX, XH_T0);
    xcpu_emit_handler(e);
    uint8_t *done = put_short(e, JMP);
    land(e, small);
    xcpu_put_mov(&e->a, XH_CX, XH_T0);
    xcpu_put_imm(&e->a, XH_T2, 0);
    put_host_string(e, pointers);
    land(e, done);
}

/* Who looks for the end of a string sets no bound: the host looks at a first
 * piece whatever ECX is, and the handler goes on when it was not there. */
static void emit_comparisons(struct xcpu_emit *e, unsigned pointers)
{
    unsigned ended = e->insn->rep == 0xf2 ? JZ : JNZ;
    uint8_t *small = put_short(e, JRCXZ);
    xcpu_put_lea(&e->a, XH_T2, XH_T0, 0u - PIECE);
    xcpu_put_imm(&e->a, XH_CX, PIECE);
    uint8_t *piece = put_short(e, JMP);
    land(e, small);
    xcpu_put_mov(&e->a, XH_CX, XH_T0);
    xcpu_put_imm(&e->a, XH_T2, 0);
    land(e, piece);
    put_host_string(e, pointers);
    struct xcpu_asm_memory rest = {.base = XH_CX, .index = XH_T2};
    uint8_t *whole = put_short(e, JRCXZ);
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_CX, &rest);
    uint8_t *done[3] = {put_short(e, JMP)};
    land(e, whole);
    xcpu_put_mov(&e->a, XH_CX, XH_T2);
    done[1] = put_short(e, ended);
    done[2] = put_short(e, JRCXZ);
    xcpu_emit_handler(e);
    for (int i = 0; i < 3; i++)
        land(e, done[i]);
}

static int emit_repeated(struct xcpu_emit *e, unsigned pointers)
{
    const struct xcpu_insn *insn = e->insn;
    if (!insn->rep || insn->address_size != 4 || e->cpu->sreg_base[XCPU_ES] ||
        ((pointers & XCPU_JIT_ESI) && e->cpu->sreg_base[insn->segment]) ||
        e->a.end - e->a.at < 256)
        return 0;
    xcpu_emit_settle_esp(e);
    xcpu_emit_note(e);
    put_is_small(e);
    if (xcpu_rows[insn->op].attributes & A_REPCC)
        emit_comparisons(e, pointers);
    else
        emit_moves(e, pointers);
    return 1;
}

/* ---- single ---- */

static struct xcpu_asm_memory string_source(const struct xcpu_emit *e)
{
    return xcpu_emit_at(XH_SI, e->cpu->sreg_base[e->insn->segment]);
}

static struct xcpu_asm_memory string_target(const struct xcpu_emit *e)
{
    return xcpu_emit_at(XH_DI, e->cpu->sreg_base[XCPU_ES]);
}

static void put_advance(struct xcpu_emit *e, unsigned host)
{
    uint32_t size = e->insn->opcode & 1 ? e->insn->operand_size : 1;
    xcpu_put_lea(&e->a, host, host, size);
}

int xcpu_emit_movs(struct xcpu_emit *e)
{
    struct xcpu_asm_memory from = string_source(e), to = string_target(e);
    if (!is_single(e))
        return emit_repeated(e, XCPU_JIT_ESI | XCPU_JIT_EDI);
    xcpu_put_memory(&e->a, op_sized(e, 0x8a), XH_T0, &from);
    xcpu_put_memory(&e->a, op_sized(e, 0x88), XH_T0, &to);
    put_advance(e, XH_SI);
    put_advance(e, XH_DI);
    return 1;
}

int xcpu_emit_stos(struct xcpu_emit *e)
{
    struct xcpu_asm_memory to = string_target(e);
    if (!is_single(e))
        return emit_repeated(e, XCPU_JIT_EDI);
    xcpu_put_memory(&e->a, op_sized(e, 0x88), XH_AX, &to);
    put_advance(e, XH_DI);
    return 1;
}

int xcpu_emit_lods(struct xcpu_emit *e)
{
    struct xcpu_asm_memory from = string_source(e);
    if (!is_single(e))
        return 0;
    xcpu_put_memory(&e->a, op_sized(e, 0x8a), XH_AX, &from);
    put_advance(e, XH_SI);
    return 1;
}

int xcpu_emit_cmps(struct xcpu_emit *e)
{
    struct xcpu_asm_memory from = string_source(e), to = string_target(e);
    if (!is_single(e))
        return emit_repeated(e, XCPU_JIT_ESI | XCPU_JIT_EDI);
    xcpu_put_memory(&e->a, op_sized(e, 0x8a), XH_T0, &from);
    xcpu_put_memory(&e->a, op_sized(e, 0x3a), XH_T0, &to);
    put_advance(e, XH_SI);
    put_advance(e, XH_DI);
    return 1;
}

int xcpu_emit_scas(struct xcpu_emit *e)
{
    struct xcpu_asm_memory to = string_target(e);
    if (!is_single(e))
        return emit_repeated(e, XCPU_JIT_EDI);
    xcpu_put_memory(&e->a, op_sized(e, 0x3a), XH_AX, &to);
    put_advance(e, XH_DI);
    return 1;
}

int xcpu_emit_xlat(struct xcpu_emit *e)
{
    struct xcpu_asm_memory m =
        xcpu_emit_at(XH_BX, e->cpu->sreg_base[e->insn->segment]);
    if (e->insn->address_size != 4)
        return 0;
    xcpu_put_reg(&e->a, xcpu_op0f(0xb6), XH_T0, XH_AX);
    m.index = XH_T0;
    xcpu_put_memory(&e->a, xcpu_op(0x8a), XH_AX, &m);
    return 1;
}

#endif
