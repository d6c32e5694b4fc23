/* mutant.c -- a processor that executes one instruction of the table wrong. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libx86cpu/src/bind.h"
#include "libx86cpu/src/interp.h"
#include "libx86cpu/src/jit_emit.h"
#include "libx86cpu/src/machine.h"

/*
 * Linked with --wrap of the functions below, so that a program's processors go
 * wrong as the environment says:
 *
 *   XCPU_MUTATION="interp result ADD_Ev_Gv"
 *
 * ENGINE is interp or jit; or block: what jit does wrong, but not where the
 * instruction is the first of its block. WHAT it does wrong is the result, a
 * flag, a byte of memory or how ESP has changed (stack, of block alone); or it
 * is "list": rows that are executed are named, and all is right. On stderr is
 * told which instructions were translated wrong, by address, or the first that
 * the interpreter executed wrong: its address, and how often it had been
 * executed before.
 */
enum what { NOTHING, LIST, RESULT, FLAG, BYTE, STACK };

static struct {
    enum what what;
    int is_jit, is_inner;
    unsigned op; /* enum xcpu_op */
    int is_told;
    uint32_t visits[1 << 16]; /* of an address modulo their number */
} mutation;

__attribute__((constructor)) static void read_mutation(void)
{
    static const char *const names[] = {
        [NOTHING] = "nothing", [LIST] = "list", [RESULT] = "result",
        [FLAG] = "flag",       [BYTE] = "byte", [STACK] = "stack"};
    const char *text = getenv("XCPU_MUTATION");
    char engine[8], what[8], row[64];

    if (text == NULL || sscanf(text, "%7s %7s %63s", engine, what, row) != 3)
        return;
    mutation.is_inner = strcmp(engine, "block") == 0;
    mutation.is_jit = mutation.is_inner || strcmp(engine, "jit") == 0;
    for (int i = 0; i <= STACK; i++)
        if (strcmp(what, names[i]) == 0)
            mutation.what = (enum what)i;
    for (unsigned op = 1; op < XCPU_OPS; op++)
        if (strcmp(row, xcpu_op_name(op)) == 0)
            mutation.op = op;
}

static int is_mutated(const struct xcpu_insn *insn)
{
    return insn->op == mutation.op &&
           (xcpu_rows[insn->op].attributes & A_END) == 0;
}

static int is_jit(const struct xcpu *cpu)
{
    return cpu->machine->config.engine == XCPU_ENGINE_JIT;
}

static uint32_t *visits_of(uint32_t eip)
{
    return &mutation.visits[eip & 0xffff];
}

static void tell(uint32_t eip)
{
    if (mutation.is_jit || !mutation.is_told)
        fprintf(stderr, "mutant: 0x%08x %u\n", eip, *visits_of(eip));
    mutation.is_told = 1;
}

static uint32_t flag_of(unsigned op)
{
    uint32_t written =
        xcpu_rows[op].written & ~(uint32_t)xcpu_rows[op].undefined & XF_OSZAPC;

    return (written & XF_Z) != 0 ? XF_Z : written & (0 - written);
}

/* ---- the interpreter ---- */

int __real_xcpu_bind_slot(const struct xcpu *cpu, struct xcpu_slot *slot,
                          const struct xcpu_insn *insn, int quiet,
                          enum xcpu_flags_kind before);
int __wrap_xcpu_bind_slot(const struct xcpu *cpu, struct xcpu_slot *slot,
                          const struct xcpu_insn *insn, int quiet,
                          enum xcpu_flags_kind before);
enum xcpu_flags_kind __real_xcpu_flags_after(const struct xcpu_insn *insn,
                                             enum xcpu_flags_kind before);
enum xcpu_flags_kind __wrap_xcpu_flags_after(const struct xcpu_insn *insn,
                                             enum xcpu_flags_kind before);

/* The first register that the instruction has changed. */
static int spoil_result(struct xcpu *cpu, const struct xcpu *before)
{
    for (int i = 0; i < 8; i++)
        if (cpu->gpr[i].d != before->gpr[i].d) {
            cpu->gpr[i].d ^= 1;
            return 1;
        }
    for (int i = 0; i < 8; i++)
        if (memcmp(&cpu->fpu.xmm[i], &before->fpu.xmm[i], 16) != 0) {
            cpu->fpu.xmm[i].u8[0] ^= 1;
            return 1;
        }
    return 0;
}

static int spoil_byte(const struct xcpu *cpu, const struct xcpu_insn *insn,
                      uint8_t *memory, uint32_t address)
{
    if (!xcpu_insn_stores(insn))
        return 0;
    memory[xcpu_has_memory_operand(insn) ? address : cpu->gpr[XCPU_ESP].d] ^= 1;
    return 1;
}

static int spoil(struct xcpu *cpu, const struct xcpu *before,
                 const struct xcpu_insn *insn, uint8_t *memory,
                 uint32_t address)
{
    switch (mutation.what) {
    case RESULT:
        return spoil_result(cpu, before);
    case FLAG:
        xcpu_set_flags(cpu, xcpu_get_flags(cpu) ^ flag_of(insn->op));
        return flag_of(insn->op) != 0;
    case BYTE:
        return spoil_byte(cpu, insn, memory, address);
    case NOTHING:
    case LIST:
    case STACK:
        break;
    }
    return 0;
}

static XCPU_HANDLER(stop)
{
    (void)cpu;
    return slot;
}

/* Its right handler, in a block of its own that ends behind it. */
static XCPU_HANDLER(mutated)
{
    static struct xcpu_slot alone[2] = {[1] = {.run = xcpu_run_stop}};
    static struct xcpu before;
    const struct xcpu_slot *next = alone;
    struct xcpu_insn insn;
    uint32_t address;

    if (xcpu_decode(cpu->machine->base + slot->eip, XCPU_INSN_MAX, &insn) < 0)
        abort();
    xcpu_fill_slot(&alone[0], &insn, slot->eip);
    alone[0].left = slot->left;
    __real_xcpu_bind_slot(cpu, &alone[0], &insn, 0, XCPU_FLAGS_ANY);
    address = xcpu_address_any(cpu, &alone[0]);
    before = *cpu;
    while (next != NULL && next != &alone[1])
        next = next->run(cpu, next, memory);
    if (next == NULL)
        return NULL;
    if (spoil(cpu, &before, &insn, memory, address))
        tell(slot->eip);
    ++*visits_of(slot->eip);
    XCPU_JUMP(slot + 1);
}

int __wrap_xcpu_bind_slot(const struct xcpu *cpu, struct xcpu_slot *slot,
                          const struct xcpu_insn *insn, int quiet,
                          enum xcpu_flags_kind before)
{
    int silent = __real_xcpu_bind_slot(cpu, slot, insn, quiet, before);

    if (mutation.what == LIST && (xcpu_rows[insn->op].attributes & A_END) == 0)
        fprintf(stderr, "mutant: %s\n", xcpu_op_name(insn->op));
    if (!is_mutated(insn) || mutation.is_jit || is_jit(cpu))
        return silent;
    slot->run = xcpu_run_mutated;
    return 0;
}

/* What finds them looks at what is there. */
enum xcpu_flags_kind __wrap_xcpu_flags_after(const struct xcpu_insn *insn,
                                             enum xcpu_flags_kind before)
{
    return is_mutated(insn) ? XCPU_FLAGS_ANY
                            : __real_xcpu_flags_after(insn, before);
}

/* ---- the translator ---- */

xcpu_emitter *__real_xcpu_emitter_of(const struct xcpu_insn *insn);
xcpu_emitter *__wrap_xcpu_emitter_of(const struct xcpu_insn *insn);

/* The register of the first operand; XCPU_NO_REG: none that is 32 bits. */
static unsigned destination(const struct xcpu_insn *insn)
{
    switch (xcpu_rows[insn->op].operands[0]) {
    case XO_Gv:
    case XO_Gd:
        return insn->reg;
    case XO_Ev:
    case XO_Ed:
        return insn->mod == 3 ? insn->rm : XCPU_NO_REG;
    case XO_Zv:
        return insn->rm;
    default:
        return XCPU_NO_REG;
    }
}

/* NOT leaves flags alone, CMC everything else. */
static int emit_mutated(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    unsigned guest = destination(insn);
    struct xcpu_asm_memory memory;
    uint32_t esp = e->esp;
    enum { NOT = 2 };

    if (!__real_xcpu_emitter_of(insn)(e))
        return 0;
    if (mutation.is_inner && e->index == 0)
        return 1;
    if (mutation.what == RESULT && guest < 8 && guest != XCPU_ESP) {
        xcpu_put_reg(&e->a, xcpu_op(0xf7), NOT, guest);
        tell(e->eip);
    } else if (mutation.what == FLAG && flag_of(insn->op) != 0) {
        xcpu_put8(&e->a, 0xf5);
        tell(e->eip);
    } else if (mutation.what == BYTE && xcpu_has_memory_operand(insn) &&
               xcpu_insn_stores(insn)) {
        xcpu_emit_mark(e);
        xcpu_emit_address(e, &memory);
        xcpu_put_memory(&e->a, xcpu_op(0xf6), NOT, &memory);
        tell(e->eip);
    } else if (mutation.what == STACK && e->esp != esp) {
        e->esp += 4;
        tell(e->eip);
    }
    return 1;
}

xcpu_emitter *__wrap_xcpu_emitter_of(const struct xcpu_insn *insn)
{
    xcpu_emitter *emitter = __real_xcpu_emitter_of(insn);

    return emitter != NULL && mutation.is_jit && is_mutated(insn) ? emit_mutated
                                                                  : emitter;
}
