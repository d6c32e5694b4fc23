/* jit_block.c -- a block of guest code to host code. */
/* SPDX-License-Identifier: MIT */
#include "bind.h"
#include "frame.h"
#include "jit_emit.h"
#include "machine.h"

#if XCPU_HAVE_JIT

#include <stdlib.h>

/* Host code of one block, at most. */
#define BLOCK_CODE_MAX ((size_t)16 << 10)

/* Blocks begin at multiples of it. */
#define CODE_LINE 32u

/* What is subtracted from an address; more is one itself, of the upper half. */
#define DISP_MIN (-(1 << 20))

#define FIELD(name) ((uint32_t)offsetof(struct xcpu, name))

static uint32_t offset_of(const struct xcpu_emit *e, const uint8_t *at)
{
    return (uint32_t)(at - e->jit->writable);
}

/* ---- ESP ---- */

/* enum xcpu_jit_state. */
static uint8_t state_of(const struct xcpu_emit *e)
{
    const struct xcpu_row *row = &xcpu_rows[e->insn->op];
    unsigned state = e->host_pointers;
    if (e->noted)
        state |= e->again ? XCPU_JIT_AGAIN : XCPU_JIT_NOTED;
    if (xcpu_is_noted(e->insn))
        state |= XCPU_JIT_NOTES;
    if (row->group == XG_MMX && (row->attributes & A_WM))
        state |= XCPU_JIT_STORES_MMX;
    if (e->truncates)
        state |= XCPU_JIT_TRUNCATES;
    if (e->index == e->paid_from || e->index == e->paid)
        state |= XCPU_JIT_PAYS;
    return (uint8_t)state;
}

void xcpu_emit_mark(struct xcpu_emit *e)
{
    /* The first one holds from the block's first byte on. */
    uint16_t host = (uint16_t)(e->marked ? e->a.at - e->start : 0);
    if (e->marked == XCPU_EMIT_MARKS) {
        e->failed = 1;
        return;
    }
    e->marks[e->marked++] = (struct xcpu_jit_mark){
        .host = host,
        .guest = (uint8_t)(e->eip - e->block->eip),
        .esp = (int16_t)e->esp,
        .state = state_of(e),
    };
}

void xcpu_emit_settle_esp(struct xcpu_emit *e)
{
    if (!e->esp)
        return;
    xcpu_put_lea(&e->a, XH_ESP, XH_ESP, e->esp);
    e->esp = 0;
    xcpu_emit_mark(e);
}

/* ---- memory ---- */

struct xcpu_asm_memory xcpu_emit_at(unsigned host, uint32_t disp)
{
    struct xcpu_asm_memory m = xcpu_at(host, disp);
    m.guest = XM_GS;
    return m;
}

struct xcpu_asm_memory xcpu_emit_stack(const struct xcpu_emit *e, uint32_t disp)
{
    return xcpu_emit_at(XH_ESP, e->esp + disp);
}

/* T2 becomes the offset of an operand that is addressed by 16 bits. */
static void put_offset16(struct xcpu_emit *e, const struct xcpu_asm_memory *m)
{
    struct xcpu_asm_memory offset = *m;
    offset.guest = XM_HOST;
    offset.disp = e->insn->disp;
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_T2, &offset);
    xcpu_put_reg(&e->a, xcpu_op0f(0xb7), XH_T2, XH_T2);
}

/* Whether the current instruction or another one of the block stores to its
 * operand, as far as registers tell. */
static int is_stored_to(const struct xcpu_emit *e)
{
    const struct xcpu_insn *is = e->insn;
    for (unsigned i = 0; i < e->block->insns; i++) {
        const struct xcpu_insn *insn = &e->draft.insns[i];
        if ((xcpu_rows[insn->op].attributes & A_WM) &&
            xcpu_has_memory_operand(insn) && insn->base == is->base &&
            insn->index == is->index && insn->disp == is->disp)
            return 1;
    }
    return 0;
}

/* Intel's CPUs make two operations of one that also adds the carry where its
 * address has two registers, as one by the window has. */
static int adds_carry(const struct xcpu_insn *insn)
{
    return insn->op == XCPU_OP_ADC_Gb_Eb || insn->op == XCPU_OP_ADC_Gv_Ev ||
           insn->op == XCPU_OP_SBB_Gb_Eb || insn->op == XCPU_OP_SBB_Gv_Ev;
}

/* Whether it stores and does not load. */
static int is_store(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    if (!(row->attributes & A_WM) || !xcpu_has_memory_operand(insn))
        return 0;
    return row->group != XG_INT || insn->op == XCPU_OP_MOV_Eb_Gb ||
           insn->op == XCPU_OP_MOV_Ev_Gv || insn->op == XCPU_OP_MOV_Eb_Ib ||
           insn->op == XCPU_OP_MOV_Ev_Iz;
}

/* Whether an instruction of the block loads from where the current one stores,
 * as far as registers tell. */
static int is_loaded(const struct xcpu_emit *e)
{
    const struct xcpu_insn *is = e->insn;
    for (unsigned i = 0; i < e->block->insns; i++) {
        const struct xcpu_insn *insn = &e->draft.insns[i];
        if (xcpu_has_memory_operand(insn) && !is_store(insn) &&
            insn->base == is->base && insn->index == is->index &&
            insn->disp == is->disp)
            return 1;
    }
    return 0;
}

/* Whether the block is a loop with two stores or more, and one in four
 * instructions: Intel's CPUs store once a cycle by GS, else twice. */
static int is_store_bound(const struct xcpu_emit *e)
{
    unsigned stores = 0;
    for (unsigned i = 0; i < e->loop; i++)
        stores += is_store(&e->draft.insns[i]) != 0;
    return stores >= 2 && 4 * stores >= e->loop;
}

/*
 * A load takes two cycles less from the window's register on than by GS. But
 * what was stored a moment ago hosts find at once where an address is of a
 * register and a displacement: as GS leaves it, and of addresses in the code.
 */
static int is_by_window(const struct xcpu_emit *e,
                        const struct xcpu_asm_memory *m)
{
    int scale = e->jit->window_scale;
    int32_t disp = (int32_t)m->disp;
    if (scale < m->scale || disp < DISP_MIN ||
        xcpu_jit_has_wrapped(e->jit, e->eip))
        return 0;
    if (m->base == XH_NONE && m->index == XH_NONE)
        return disp >= 0;
    if (m->base != XH_NONE && m->index != XH_NONE)
        return 0;
    if (m->base == XH_ESP || (m->base == XH_BP && disp))
        return 0;
    if (e->store_bound && is_store(e->insn))
        return !is_loaded(e);
    return !adds_carry(e->insn) && !is_stored_to(e);
}

/* Of two registers, or where one misses the window, the address is computed
 * first, in T2, and is then one. */
static int is_by_sum(const struct xcpu_emit *e, const struct xcpu_asm_memory *m)
{
    if (!e->store_bound || e->jit->window_scale < 0 || !is_store(e->insn) ||
        m->base == XH_ESP || (m->base == XH_NONE && m->index == XH_NONE))
        return 0;
    return ((m->base != XH_NONE && m->index != XH_NONE) ||
            xcpu_jit_has_wrapped(e->jit, e->eip)) &&
           !is_loaded(e);
}

void xcpu_emit_address(struct xcpu_emit *e, struct xcpu_asm_memory *m)
{
    const struct xcpu_insn *insn = e->insn;
    uint32_t segment = e->cpu->sreg_base[insn->segment];
    *m = (struct xcpu_asm_memory){
        .base = XH_NONE, .index = XH_NONE, .guest = XM_GS, .disp = insn->disp};
    m->disp += segment;
    if (insn->base == XCPU_ESP)
        m->disp += e->esp;
    if (insn->base != XCPU_NO_REG)
        m->base = (uint8_t)xcpu_emit_reg(insn->base);
    if (insn->index != XCPU_NO_REG) {
        m->index = insn->index;
        m->scale = insn->scale;
    }
    if (insn->address_size != 4) {
        put_offset16(e, m);
        *m = xcpu_emit_at(XH_T2, segment);
    }
    if (is_by_sum(e, m)) {
        m->guest = XM_HOST;
        xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_T2, m);
        *m = xcpu_emit_at(XH_T2, 0);
        m->guest = XM_WINDOW;
    } else if (is_by_window(e, m)) {
        m->guest = XM_WINDOW;
    }
}

/* ---- the shape of a block ---- */

/* Behind STD strings go down, which is for the interpreter. */
static int ends_block(const struct xcpu_insn *insn)
{
    return ((xcpu_rows[insn->op].attributes & A_END) && !xcpu_goes_on(insn)) ||
           xcpu_forms_of(insn)->ends || insn->op == XCPU_OP_STD;
}

static int is_jump(const struct xcpu_insn *insn)
{
    return (xcpu_rows[insn->op].attributes & A_END) &&
           (xcpu_rows[insn->op].encoding & (XE_RELZ | XE_SIMM8));
}

/* How many instructions the last jump to the block's beginning ends; 0: it is
 * no loop by itself. */
static unsigned find_loop(const struct xcpu_emit *e)
{
    uint32_t eip = e->block->eip;
    unsigned loop = 0;
    for (unsigned i = 0; i < e->block->insns; i++) {
        const struct xcpu_insn *insn = &e->draft.insns[i];
        eip += insn->length;
        if (is_jump(insn) && eip + insn->imm == e->block->eip)
            loop = i + 1;
    }
    return loop;
}

/* ---- counting: only where it was asked for ---- */

/*
 * How many instructions of the block are paid once the one at index is: up to
 * the next way out. A loop is paid as a whole: whoever leaves it in its midst,
 * which happens once, is refunded.
 */
static unsigned paid_together(const struct xcpu_emit *e, unsigned index)
{
    for (; index < e->block->insns; index++) {
        const struct xcpu_insn *insn = &e->draft.insns[index];
        if (ends_block(insn) || (is_jump(insn) && index + 1 >= e->loop))
            return index + 1;
    }
    return index;
}

/* Leaves flags alone. */
static void put_add_left(struct xcpu_emit *e, uint32_t insns)
{
    struct xcpu_asm_memory sum = xcpu_at(XH_LEFT, insns);
    struct xcpu_asm_op lea = {.wide = 1, .opcode = 0x8d};
    xcpu_put_memory(&e->a, lea, XH_LEFT, &sum);
}

/* Reads where the purse ends once the whole block is paid: in front of it when
 * the budget is too small, and the rest is for the interpreter. It is also what
 * xcpu_jit_stop takes away. */
static void put_check_purse(struct xcpu_emit *e)
{
    struct xcpu_asm_memory last = xcpu_at(XH_LEFT, 0u - e->block->insns);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb6), XH_T0, &last); /* a byte */
}

static void put_payment(struct xcpu_emit *e)
{
    if (!e->counted || e->index < e->paid)
        return;
    e->paid_from = e->index;
    e->paid = paid_together(e, e->index);
    put_add_left(e, e->paid_from - e->paid);
    if (e->index == 0)
        e->paid_at = e->a.at;
}

/* Where a block is left after so many instructions: others were paid. */
static unsigned refund_after(const struct xcpu_emit *e, unsigned insns)
{
    return e->counted && insns < e->paid ? e->paid - insns : 0;
}

static void put_refund(struct xcpu_emit *e, unsigned insns)
{
    if (insns)
        put_add_left(e, insns);
}

/* ---- ways out ---- */

static void put_exit(struct xcpu_emit *e, uint8_t *site, uint32_t eip)
{
    struct xcpu_jit_exit *exit = &e->exits[e->exits_count++];
    *exit = (struct xcpu_jit_exit){
        .site = offset_of(e, site), .eip = eip, .known = e->known};
}

/* After so many instructions of the block. */
static void put_jump_out(struct xcpu_emit *e, int cc, uint32_t eip,
                         unsigned insns)
{
    unsigned index = e->exits_count;
    if (cc < 0) {
        xcpu_emit_settle_esp(e);
        put_refund(e, refund_after(e, insns));
        xcpu_put8(&e->a, 0xe9);
        e->ended = 1;
    } else {
        xcpu_put8(&e->a, 0x0f);
        xcpu_put8(&e->a, 0x80 | (unsigned)cc);
    }
    e->late[index] = NULL;
    e->late_esp[index] = e->esp;
    e->late_refund[index] = (uint8_t)refund_after(e, insns);
    put_exit(e, e->a.at, eip);
    if (cc >= 0 && (e->esp || e->late_refund[index]))
        e->late[index] = e->a.at;
    xcpu_put32(&e->a, 0);
}

void xcpu_emit_exit(struct xcpu_emit *e, int cc, uint32_t eip)
{
    put_jump_out(e, cc, eip, e->index + 1);
}

void xcpu_emit_indirect(struct xcpu_emit *e)
{
    struct xcpu_asm_memory entry = {
        .base = XH_TABLE, .index = XH_T0, .scale = 2};
    struct xcpu_asm_memory code = {.base = XH_CODE, .index = XH_T1};
    struct xcpu_asm_op lea = {.wide = 1, .opcode = 0x8d};
    put_refund(e, refund_after(e, e->index + 1));
    xcpu_put_memory(&e->a, xcpu_op(0x8b), XH_T1, &entry);
    xcpu_put_memory(&e->a, lea, XH_T1, &code);
    xcpu_put_reg(&e->a, xcpu_op(0xff), 4, XH_T1);
    e->jumps = 1;
    e->ended = 1;
}

void xcpu_emit_leave(struct xcpu_emit *e, uint32_t stub, uint32_t eip)
{
    xcpu_emit_note(e);
    xcpu_emit_settle_esp(e);
    put_refund(e, refund_after(e, e->index + (eip != e->eip)));
    xcpu_put_store_imm(&e->a, XH_CPU, FIELD(eip), eip);
    xcpu_put_branch(&e->a, 0xe9, e->jit->writable + stub);
    e->ended = 1;
}

uint8_t *xcpu_emit_begin_unless_zero(struct xcpu_emit *e)
{
    xcpu_put8(&e->a, 0xe3); /* jrcxz over the way out */
    uint8_t *from = e->a.at;
    xcpu_put8(&e->a, 0);
    xcpu_put_mov(&e->a, XH_CX, XH_T2);
    return from;
}

int xcpu_emit_end_unless_zero(struct xcpu_emit *e, uint8_t *from)
{
    uint8_t noted = e->noted, again = e->again;
    xcpu_emit_leave(e, e->jit->leave_interp, e->eip);
    e->ended = 0;
    e->noted = noted;
    e->again = again;
    if (e->a.end - e->a.at < 64)
        return 0;
    *from = (uint8_t)(e->a.at - from - 1);
    xcpu_put_mov(&e->a, XH_CX, XH_T2);
    return 1;
}

int xcpu_emit_unless_zero(struct xcpu_emit *e)
{
    return xcpu_emit_end_unless_zero(e, xcpu_emit_begin_unless_zero(e));
}

static void set_relative(uint8_t *rel32, const uint8_t *to)
{
    uint32_t relative = (uint32_t)(to - (rel32 + 4));
    memcpy(rel32, &relative, 4);
}

/* Behind the block: stubs, and the jumps that move ESP or are refunded first.
 */
static void put_stubs(struct xcpu_emit *e)
{
    for (unsigned i = 0; i < e->exits_count; i++) {
        struct xcpu_jit_exit *exit = &e->exits[i];
        if (e->late[i]) {
            set_relative(e->late[i], e->a.at);
            if (e->late_esp[i])
                xcpu_put_lea(&e->a, XH_ESP, XH_ESP, e->late_esp[i]);
            put_refund(e, e->late_refund[i]);
            xcpu_put8(&e->a, 0xe9);
            exit->site = offset_of(e, e->a.at);
            xcpu_put32(&e->a, 0);
        }
        exit->stub = offset_of(e, e->a.at);
        if (e->a.end - e->a.at < 16) {
            e->a.at = e->a.end;
            return;
        }
        set_relative(e->jit->writable + exit->site, e->a.at);
        xcpu_put_branch(&e->a, 0xe8, e->jit->writable + e->jit->leave_link);
    }
}

/* ---- x87 and SSE state ---- */

/*
 * Without touching flags, for a byte of the cpu that has to have a certain
 * value: ECX becomes the difference for JECXZ.
 */
static void put_check(struct xcpu_emit *e, uint32_t field, uint32_t wanted,
                      uint32_t stub)
{
    struct xcpu_asm_memory byte = xcpu_at(XH_CPU, field);
    xcpu_put_mov(&e->a, XH_T0, XH_CX);
    xcpu_put_memory(&e->a, xcpu_op0f(0xb6), XH_CX, &byte);
    if (wanted)
        xcpu_put_lea(&e->a, XH_CX, XH_CX, 0 - wanted);
    xcpu_put8(&e->a, 0xe3); /* jrcxz over the call */
    xcpu_put8(&e->a, 5);
    xcpu_put_branch(&e->a, 0xe8, e->jit->writable + stub);
    xcpu_put_mov(&e->a, XH_CX, XH_T0);
}

void xcpu_emit_need(struct xcpu_emit *e, unsigned needs)
{
    unsigned missing = needs & ~(unsigned)e->known;
    if (missing & XCPU_JIT_X87)
        put_check(e, FIELD(fpu.x87_mode), XCPU_X87_HOST, e->jit->load_x87);
    if (missing & XCPU_JIT_SSE)
        put_check(e, FIELD(no_sse), 0, e->jit->load_sse);
    e->known |= (uint8_t)missing;
}

/* What an instruction finds in the host when an emitter does it. */
static unsigned needs_of(const struct xcpu_insn *insn)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    unsigned needs = row->group == XG_X87 || row->group == XG_MMX;
    if (insn->op == XCPU_OP_FNSTCW_Mw)
        return 0;
    if (insn->op == XCPU_OP_LDMXCSR_Md || insn->op == XCPU_OP_STMXCSR_Md)
        return XCPU_JIT_SSE;
    for (int i = 0; i < 3; i++) {
        unsigned letter = row->operands[i];
        if (letter >= XO_Pd && letter <= XO_Nq)
            needs |= XCPU_JIT_X87;
        if (letter >= XO_Vd && letter <= XO_Usd)
            needs |= XCPU_JIT_SSE;
    }
    return needs;
}

/* ---- instructions without an emitter ---- */

static struct xcpu_slot *make_slots(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    int bad = xcpu_uses_bad_segment(e->cpu, insn);
    struct xcpu_slot *slots = xcpu_jit_allocate(e->jit, 3 * sizeof(*slots));
    struct xcpu_slot *slot = slots;
    if (!slots) {
        e->failed = 1;
        return NULL;
    }
    if (bad)
        *slot++ =
            (struct xcpu_slot){.run = xcpu_run_bad_segment,
                               .eip = e->eip,
                               .narrow = insn->address_size == 2 ? 16 : 0,
                               .rep = xcpu_insn_repeats(insn) ? insn->rep : 0};
    xcpu_fill_slot(slot, insn, e->eip);
    xcpu_bind_slot(e->cpu, slot, insn, 0, XCPU_FLAGS_ANY);
    if (e->counted)
        slots[0].left = slot->left = (int8_t)refund_after(e, e->index);
    slot[1] = (struct xcpu_slot){.run = xcpu_run_handled};
    return slots;
}

void xcpu_emit_handler(struct xcpu_emit *e)
{
    const struct xcpu_slot *slots = make_slots(e);
    xcpu_emit_settle_esp(e);
    xcpu_put_imm64(&e->a, XH_T0, (uintptr_t)slots);
    xcpu_put_branch(&e->a, 0xe8, e->jit->writable + e->jit->call_handler);
    if (xcpu_rows[e->insn->op].group != XG_INT ||
        e->insn->op == XCPU_OP_RDTSC || e->insn->op == XCPU_OP_RDTSCP)
        e->known = 0;
}

/* ---- the block ---- */

static int has_changed(const struct xcpu_emit *e)
{
    uint32_t offset = e->eip - e->block->eip;
    return e->change && (e->change->starts[offset / 8] >> offset % 8 & 1);
}

/* None for what the host lacks, or has in its own way where that is seen. */
static xcpu_emitter *emitter_of(const struct xcpu_emit *e,
                                const struct xcpu_insn *insn)
{
    const struct xcpu_machine *machine = e->cpu->machine;
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    if (!(machine->host_features >> row->feature & 1) ||
        (machine->config.portable_floats && (row->attributes & A_VARIES)) ||
        xcpu_shows_undefined(insn, e->block->insns -
                                       (unsigned)(insn - e->draft.insns)))
        return NULL;
    return xcpu_emitter_of(insn);
}

static void note(struct xcpu_emit *e)
{
    if (!xcpu_is_noted(e->insn))
        return;
    e->noted = 1;
    e->again = 0;
    e->noted_eip = e->eip;
}

/* ---- loops of x87 instructions ---- */

/*
 * FIP is stored at each way out of a block. A loop would store it in each turn,
 * which takes as long as two or three of its instructions. So the next turn has
 * a beginning of its own, where FIP is known to be that of the loop's last
 * instruction and the marks say so. That is up to the first one that changes
 * FIP; from there on all turns are the same code.
 */

/* How many instructions that beginning has; 0: the loop does without. */
static unsigned find_beginning(struct xcpu_emit *e)
{
    unsigned beginning = 0;
    uint32_t eip = e->block->eip;
    if (e->counted || e->compare)
        return 0;
    for (unsigned i = 0; i < e->loop; i++) {
        const struct xcpu_insn *insn = &e->draft.insns[i];
        unsigned attributes = xcpu_rows[insn->op].attributes;
        if (!emitter_of(e, insn) || xcpu_uses_bad_segment(e->cpu, insn) ||
            (attributes & A_CONTROL) || (!beginning && (attributes & A_END)))
            return 0;
        if (xcpu_is_noted(insn)) {
            beginning = beginning ? beginning : i + 1;
            e->loop_noted = eip;
        }
        eip += insn->length;
    }
    return beginning;
}

/* The jump back to the next turn's beginning, if everything is as it is there:
 * then 1, and FIP is still to be stored. */
static int emit_turn(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    if (!e->turn || e->index + 1 != e->loop || insn->operand_size != 4 ||
        !(insn->op == XCPU_OP_JCC_Jb || insn->op == XCPU_OP_JCC_Jz) ||
        !e->noted || e->noted_eip != e->loop_noted || e->esp ||
        (e->needs & ~e->known))
        return 0;
    xcpu_put8(&e->a, 0x0f);
    xcpu_put_branch(&e->a, 0x80 | insn->cond, e->turn);
    return 1;
}

static void emit_insn(struct xcpu_emit *e)
{
    xcpu_emitter *emitter = emitter_of(e, e->insn);
    unsigned attributes = xcpu_rows[e->insn->op].attributes;
    int bad = xcpu_uses_bad_segment(e->cpu, e->insn);
    if (emit_turn(e))
        return;
    if (attributes & (A_END | A_CONTROL))
        xcpu_emit_note(e);
    uint8_t *before = e->a.at;
    uint32_t esp = e->esp;
    unsigned marked = e->marked;
    if (emitter && !bad) {
        if (has_changed(e) && xcpu_emit_varying(e))
            return;
        xcpu_emit_need(e, needs_of(e->insn));
        before = e->a.at;
        if (emitter(e)) {
            note(e);
            return;
        }
    }
    e->a.at = before;
    e->esp = esp;
    e->marked = marked;
    xcpu_emit_note(e);
    if (!(attributes & A_END))
        xcpu_emit_handler(e);
    else if (e->index == 0)
        e->failed = 1;
    else
        xcpu_emit_leave(e, e->jit->leave_interp, e->eip);
}

static int goes_back(const struct xcpu_insn *insn, uint32_t eip)
{
    unsigned attributes = xcpu_rows[insn->op].attributes;
    if (!(attributes & A_END))
        return 0;
    if (!(xcpu_rows[insn->op].encoding & (XE_RELZ | XE_SIMM8)))
        return 1;
    return eip + insn->length + insn->imm <= eip;
}

/* Whether a loop can go through the block alone, or by its ways out. */
static int may_loop(const struct xcpu_emit *e)
{
    uint32_t eip = e->block->eip;
    for (unsigned i = 0; i < e->block->insns; i++) {
        if (goes_back(&e->draft.insns[i], eip))
            return 1;
        eip += e->draft.insns[i].length;
    }
    return 0;
}

static unsigned needs_of_block(const struct xcpu_emit *e)
{
    unsigned needs = 0;
    for (unsigned i = 0; i < e->block->insns; i++)
        if (emitter_of(e, &e->draft.insns[i]))
            needs |= needs_of(&e->draft.insns[i]);
    return needs;
}

/* Reads the page that xcpu_jit_stop takes away. */
static void put_poll(struct xcpu_emit *e)
{
    xcpu_put_load(&e->a, XH_T0, XH_CODE, UINT32_MAX - 3);
}

/* Returns are none: they go to fewer places. */
static int ends_in_indirect_jump(const struct xcpu_emit *e)
{
    unsigned op = e->draft.insns[e->block->insns - 1].op;
    return op == XCPU_OP_JMP_Ev || op == XCPU_OP_CALL_Ev;
}

/* Code runs at full speed where it begins at a line of the decoder's; a loop,
 * and on AMD's CPUs what ends in an indirect jump, where it begins at one of
 * the cache of decoded instructions. */
static void put_padding(struct xcpu_emit *e)
{
    static const uint8_t nop[5] = {0x0f, 0x1f, 0x44, 0x00, 0x00};
    int whole = e->loop || ends_in_indirect_jump(e);
    uint32_t line = whole ? 2 * CODE_LINE : CODE_LINE;
    uint32_t past = offset_of(e, e->a.at) % line;
    size_t left = past ? line - past : 0;
    for (; left >= sizeof(nop); left -= sizeof(nop))
        xcpu_put_bytes(&e->a, nop, sizeof(nop));
    for (; left > 0; left--)
        xcpu_put8(&e->a, 0x90);
}

/* The instructions up to one of them. */
static void emit_insns(struct xcpu_emit *e, unsigned end)
{
    while (e->index < end && !e->ended && !e->failed) {
        e->insn = &e->draft.insns[e->index];
        put_payment(e);
        xcpu_emit_mark(e);
        emit_insn(e);
        e->eip += e->insn->length;
        e->bytes += e->insn->length;
        e->index++;
        if (!e->ended && ends_block(e->insn))
            xcpu_emit_leave(e, e->jit->leave_interp, e->eip);
    }
}

static void begin_insns(struct xcpu_emit *e)
{
    e->eip = e->block->eip;
    e->bytes = e->draft.code;
    e->insn = e->draft.insns;
    e->index = 0;
}

/* The first turn's beginning, over the one of others. */
static void emit_beginnings(struct xcpu_emit *e, unsigned insns)
{
    emit_insns(e, insns);
    if (e->a.end - e->a.at < 256) {
        e->failed = 1;
        return;
    }
    xcpu_put8(&e->a, 0xe9);
    uint8_t *from = e->a.at;
    xcpu_put32(&e->a, 0);
    put_padding(e);
    begin_insns(e);
    e->turn = e->a.at;
    e->esp = 0;
    e->known = e->needs;
    e->noted = e->again = 1;
    e->noted_eip = e->loop_noted;
    xcpu_emit_mark(e);
    put_poll(e);
    emit_insns(e, insns);
    set_relative(from, e->a.at);
}

static uint8_t *emit_block(struct xcpu_emit *e)
{
    e->needs = (uint8_t)needs_of_block(e);
    e->loop = find_loop(e);
    e->store_bound = (uint8_t)is_store_bound(e);
    xcpu_emit_need(e, e->needs);
    put_padding(e);
    uint8_t *entry = e->a.at;
    if (e->compare)
        xcpu_emit_compare(e);
    if (e->counted)
        put_check_purse(e);
    else if (may_loop(e))
        put_poll(e);
    begin_insns(e);
    unsigned beginning = find_beginning(e);
    if (beginning)
        emit_beginnings(e, beginning);
    emit_insns(e, e->block->insns);
    xcpu_emit_note(e);
    if (!e->ended)
        put_jump_out(e, -1, e->eip, e->index);
    put_stubs(e);
    return entry;
}

/* ---- keeping it ---- */

static int grow_list(struct xcpu_jit *jit)
{
    if (jit->count < jit->capacity)
        return 0;
    uint32_t capacity = jit->capacity ? jit->capacity * 2 : 256;
    void *list = realloc(jit->list, capacity * sizeof(*jit->list));
    if (!list)
        return -1;
    jit->list = list;
    jit->capacity = capacity;
    return 0;
}

static struct xcpu_translation *make_translation(struct xcpu_emit *e)
{
    size_t exits = e->exits_count * sizeof(e->exits[0]);
    size_t marks = e->marked * sizeof(e->marks[0]);
    char *room = xcpu_jit_allocate(e->jit, sizeof(struct xcpu_translation) +
                                               exits + marks);
    if (!room)
        return NULL;
    struct xcpu_translation *made = (void *)room;
    *made = (struct xcpu_translation){
        .exits = (void *)(room + sizeof(*made)),
        .marks = (void *)(room + sizeof(*made) + exits),
        .eip = e->block->eip,
        .code = offset_of(e, e->start),
        .paid = e->counted ? offset_of(e, e->paid_at) : 0,
        .end = offset_of(e, e->a.at),
        .marks_count = (uint16_t)e->marked,
        .exits_count = e->exits_count,
        .needs = e->needs,
        .insns = (uint8_t)e->block->insns,
        .loop_noted = (uint8_t)(e->loop_noted - e->block->eip),
        .counted = e->counted,
        .jumps = e->jumps && !e->loop,
    };
    memcpy(made->exits, e->exits, exits);
    memcpy(made->marks, e->marks, marks);
    return made;
}

static int keep(struct xcpu_emit *e, struct xcpu_block *block,
                const uint8_t *entry)
{
    struct xcpu_jit *jit = e->jit;
    if (grow_list(jit) < 0)
        return -1;
    struct xcpu_translation *made = make_translation(e);
    if (!made)
        return -1;
    made->entry = offset_of(e, entry);
    if (e->block->pages > block->pages)
        xcpu_block_extend(e->cpu, block);
    block->translation = made;
    block->generation = e->cpu->generation;
    jit->list[jit->count++] = made;
    made->compare = e->compare;
    if (e->compare)
        xcpu_jit_fill_compare(e->compare, e->draft.code, e->varying,
                              e->block->size);
    jit->used = (made->end + CODE_LINE - 1) & ~(CODE_LINE - 1);
    jit->modified = 1;
    jit->stats.blocks++;
    jit->stats.guest_bytes += e->block->size;
    jit->stats.host_bytes += made->end - made->code;
    return 0;
}

static int begin_compare(struct xcpu_emit *e, const struct xcpu_block *block)
{
    if (!block->compared)
        return 0;
    e->change = xcpu_jit_find_change(e->jit, block->eip);
    e->compare = xcpu_jit_make_compare(e->jit, block->eip, e->block->size);
    return e->compare ? 0 : -1;
}

int xcpu_jit_translate(struct xcpu *cpu, struct xcpu_block *block)
{
    struct xcpu_emit e;
    struct xcpu_block extent;
    struct xcpu_jit *jit = cpu->jit;
    if (jit->size - jit->used < BLOCK_CODE_MAX)
        xcpu_jit_clear(cpu);
    if (!xcpu_jit_may_add(jit))
        return -1;
    memset(&e, 0, offsetof(struct xcpu_emit, exits));
    memset(e.varying, 0, sizeof(e.varying));
    e.cpu = cpu;
    e.jit = jit;
    e.block = &extent;
    e.counted = cpu->machine->config.counted != 0;
    e.start = jit->writable + jit->used;
    e.a = (struct xcpu_asm){e.start, e.start + BLOCK_CODE_MAX};
    if (xcpu_draft_make(&e.draft, cpu, e.block, block->eip,
                        cpu->machine->config.block_insns, 1) < 0 ||
        e.draft.page_state[0] !=
            xcpu_block_page_state(cpu, block->eip >> XCPU_PAGE_SHIFT) ||
        begin_compare(&e, block) < 0)
        return -1;
    uint8_t *entry = emit_block(&e);
    if (e.failed || e.a.at >= e.a.end)
        return -1;
    return keep(&e, block, entry);
}

#endif
