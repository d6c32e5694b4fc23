/* jit_branch.c -- the stack, and branches, as host code. */
/* SPDX-License-Identifier: MIT */
#include "bind.h"
#include "jit_emit.h"

#if XCPU_HAVE_JIT

#define FIELD(name) ((uint32_t)offsetof(struct xcpu, name))

/* ---- the stack ---- */

static struct xcpu_asm_op op32(unsigned opcode)
{
    return xcpu_op(opcode);
}

/* Of the instruction's operand size. */
static struct xcpu_asm_op op_sized(const struct xcpu_emit *e, unsigned opcode)
{
    struct xcpu_asm_op op = xcpu_op(opcode);
    op.narrow = e->insn->operand_size == 2;
    return op;
}

void xcpu_put_push(struct xcpu_emit *e, unsigned host)
{
    uint32_t size = e->insn->operand_size;
    struct xcpu_asm_memory top = xcpu_emit_stack(e, 0 - size);
    xcpu_put_memory(&e->a, op_sized(e, 0x89), host, &top);
    e->esp -= size;
}

static void put_push_imm(struct xcpu_emit *e, uint32_t value)
{
    uint32_t size = e->insn->operand_size;
    struct xcpu_asm_memory top = xcpu_emit_stack(e, 0 - size);
    xcpu_put_memory(&e->a, op_sized(e, 0xc7), 0, &top);
    xcpu_put_bytes(&e->a, &value, size);
    e->esp -= size;
}

/* The register that holds ESP. */
static unsigned put_esp(struct xcpu_emit *e)
{
    if (!e->esp)
        return XH_ESP;
    xcpu_put_lea(&e->a, XH_T0, XH_ESP, e->esp);
    return XH_T0;
}

int xcpu_emit_push(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    struct xcpu_asm_memory m;
    unsigned host = insn->rm;
    if (xcpu_has_memory_operand(insn)) {
        xcpu_emit_address(e, &m);
        host = XH_T0;
        xcpu_put_memory(&e->a, op_sized(e, 0x8b), host, &m);
    } else if (insn->rm == XCPU_ESP) {
        host = put_esp(e);
    }
    xcpu_put_push(e, host);
    return 1;
}

int xcpu_emit_push_imm(struct xcpu_emit *e)
{
    put_push_imm(e, e->insn->imm);
    return 1;
}

int xcpu_emit_pop(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    uint32_t size = insn->operand_size;
    struct xcpu_asm_memory top = xcpu_emit_stack(e, 0), m;
    if (xcpu_has_memory_operand(insn)) {
        xcpu_emit_address(e, &m);
        if (insn->base == XCPU_ESP)
            m.disp += size;
        xcpu_put_memory(&e->a, op_sized(e, 0x8b), XH_T0, &top);
        xcpu_put_memory(&e->a, op_sized(e, 0x89), XH_T0, &m);
        e->esp += size;
        return 1;
    }
    if (insn->rm == XCPU_ESP && size == 2)
        return 0;
    xcpu_put_memory(&e->a, op_sized(e, 0x8b), xcpu_emit_reg(insn->rm), &top);
    e->esp = insn->rm == XCPU_ESP ? 0 : e->esp + size;
    return 1;
}

/* mov between a host register and the i-th word from ESP - disp on. */
static void put_word(struct xcpu_emit *e, unsigned opcode, unsigned host,
                     uint32_t disp, unsigned i)
{
    struct xcpu_asm_memory word = xcpu_emit_stack(e, 4 * i - disp);
    xcpu_put_memory(&e->a, op32(opcode), host, &word);
}

/* Before anything has changed, and from below on, for the second page to fault
 * where it begins: rotations that move nothing try all. */
int xcpu_emit_pusha(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    for (unsigned i = 0; i < 8; i++) {
        put_word(e, 0xc1, 0, 32, i); /* rol $0 */
        xcpu_put8(&e->a, 0);
    }
    for (unsigned reg = 0; reg < 8; reg++)
        put_word(e, 0x89, reg == XCPU_ESP ? put_esp(e) : reg, 32, 7 - reg);
    e->esp -= 32;
    return 1;
}

/* Likewise by loads. */
int xcpu_emit_popa(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    for (unsigned i = 0; i < 8; i++)
        put_word(e, 0x8b, XH_T0, 0, i);
    for (unsigned reg = 0; reg < 8; reg++)
        if (reg != XCPU_ESP)
            put_word(e, 0x8b, reg, 0, 7 - reg);
    e->esp += 32;
    return 1;
}

/* Of level 0, as compilers made it. A page that the frame ends in is tried by a
 * rotation that moves nothing. */
int xcpu_emit_enter(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    uint32_t room = insn->imm & 0xffff;
    if (insn->operand_size != 4 || (insn->imm2 & 31))
        return 0;
    uint32_t esp = e->esp - 4;
    struct xcpu_asm_memory frame = xcpu_emit_stack(e, 0 - 4u);
    struct xcpu_asm_memory end = xcpu_emit_stack(e, 0 - 4u - room);
    xcpu_put_memory(&e->a, op32(0x89), XH_BP, &frame);
    xcpu_put_memory(&e->a, op32(0xc0), 0, &end);
    xcpu_put8(&e->a, 0);
    xcpu_put_lea(&e->a, XH_BP, XH_ESP, esp);
    xcpu_put_lea(&e->a, XH_ESP, XH_ESP, esp - room);
    e->esp = 0;
    return 1;
}

int xcpu_emit_leave_insn(struct xcpu_emit *e)
{
    struct xcpu_asm_memory frame = xcpu_emit_at(XH_BP, 0);
    if (e->insn->operand_size != 4)
        return 0;
    xcpu_put_memory(&e->a, op32(0x8b), XH_T0, &frame);
    xcpu_put_lea(&e->a, XH_ESP, XH_BP, 4);
    xcpu_put_mov(&e->a, XH_BP, XH_T0);
    e->esp = 0;
    return 1;
}

/* ---- branches ---- */

int xcpu_emit_jcc(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    xcpu_emit_exit(e, e->insn->cond, xcpu_emit_next(e) + e->insn->imm);
    return 1;
}

/* Counts without flags, and leaves by JECXZ: one jump in each turn, where the
 * host's own instruction is two, and some hosts take long for it. */
static int emit_loop_alone(struct xcpu_emit *e)
{
    xcpu_put_lea(&e->a, XH_CX, XH_CX, UINT32_MAX);
    xcpu_put8(&e->a, 0xe3); /* jrcxz: the upper half is 0 */
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    xcpu_emit_exit(e, -1, xcpu_emit_next(e) + e->insn->imm);
    if (e->a.at < e->a.end)
        *from = (uint8_t)(e->a.at - from - 1);
    xcpu_emit_exit(e, -1, xcpu_emit_next(e));
    return 1;
}

/* LOOP, LOOPE, LOOPNE, JCXZ: short jumps only, over one to what follows. */
int xcpu_emit_loop(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    if (insn->operand_size != 4 || insn->address_size != 4)
        return 0;
    xcpu_emit_settle_esp(e);
    if (insn->op == XCPU_OP_LOOP_Jb)
        return emit_loop_alone(e);
    xcpu_put8(&e->a, 0x67); /* ECX */
    xcpu_put8(&e->a, insn->opcode);
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    xcpu_emit_exit(e, -1, xcpu_emit_next(e));
    if (e->a.at < e->a.end)
        *from = (uint8_t)(e->a.at - from - 1);
    xcpu_emit_exit(e, -1, xcpu_emit_next(e) + insn->imm);
    return 1;
}

int xcpu_emit_jmp(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    xcpu_emit_exit(e, -1, xcpu_emit_next(e) + e->insn->imm);
    return 1;
}

int xcpu_emit_call(struct xcpu_emit *e)
{
    if (e->insn->operand_size != 4)
        return 0;
    put_push_imm(e, xcpu_emit_next(e));
    if (!xcpu_goes_on(e->insn))
        xcpu_emit_exit(e, -1, xcpu_emit_next(e) + e->insn->imm);
    return 1;
}

/* Loads the target of an indirect branch into T0; it may come from ESP. */
static int load_target(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    struct xcpu_asm_memory m;
    if (insn->operand_size != 4)
        return 0;
    if (!xcpu_has_memory_operand(insn)) {
        if (insn->rm == XCPU_ESP)
            xcpu_put_lea(&e->a, XH_T0, XH_ESP, e->esp);
        else
            xcpu_put_mov(&e->a, XH_T0, insn->rm);
        return 1;
    }
    xcpu_emit_address(e, &m);
    xcpu_put_memory(&e->a, op32(0x8b), XH_T0, &m);
    return 1;
}

int xcpu_emit_jmp_indirect(struct xcpu_emit *e)
{
    if (!load_target(e))
        return 0;
    xcpu_emit_settle_esp(e);
    xcpu_emit_indirect(e);
    return 1;
}

int xcpu_emit_call_indirect(struct xcpu_emit *e)
{
    if (!load_target(e))
        return 0;
    put_push_imm(e, xcpu_emit_next(e));
    xcpu_emit_settle_esp(e);
    xcpu_emit_indirect(e);
    return 1;
}

int xcpu_emit_ret(struct xcpu_emit *e)
{
    struct xcpu_asm_memory top = xcpu_emit_stack(e, 0);
    if (e->insn->operand_size != 4)
        return 0;
    xcpu_put_memory(&e->a, op32(0x8b), XH_T0, &top);
    e->esp += 4 + (e->insn->op == XCPU_OP_RET_Iw ? e->insn->imm : 0);
    xcpu_emit_settle_esp(e);
    xcpu_emit_indirect(e);
    return 1;
}

int xcpu_emit_int(struct xcpu_emit *e)
{
    xcpu_put_store_imm(&e->a, XH_CPU, FIELD(jit_vector), e->insn->imm & 0xff);
    xcpu_emit_leave(e, e->jit->leave_int, xcpu_emit_next(e));
    return 1;
}

#endif
