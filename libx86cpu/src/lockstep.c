/* lockstep.c -- interpreter and translated code side by side. */
/* SPDX-License-Identifier: MIT */
#include "lockstep.h"
#include "block.h"
#include "flags.h"
#include "fxstate.h"
#include "jit.h"
#include "lockstep_pages.h"
#include "run.h"
#include "translate.h"

#if XCPU_HAVE_JIT

#include <stdlib.h>
#include <string.h>

/*
 * A stretch is executed by translated code and by the interpreter in copies of
 * the pages that it touches, from the same state; when both have done the same
 * it is executed once more in the guest's memory. So no other thread ever sees
 * a store that is taken back or made twice, and what other threads and the
 * application store meanwhile cannot make the engines differ.
 */
#define STRETCH 8192 /* instructions; the block that does not fit is left */

/* A difference that does not come back was made by somebody else: code that
 * changed between the engines. */
#define TRIES 3

/* What both engines begin with, or one has ended with. */
struct state {
    struct xcpu_regs regs;
    struct xcpu_fpu fpu;
    struct xcpu_flags flags;
    uint8_t null_segments, code_segments;
    struct xcpu_exit exit;
};

struct xcpu_lockstep {
    struct xcpu_shadow shadow;
    struct state start, translated, interpreted, again;
    struct xcpu_mismatch mismatch;
    int is_mismatch;
};

enum outcome {
    SAME,
    DIFFERENT,
    DISTURBED,    /* something is pending: to be looked at, and tried again */
    CHANGES_CODE, /* what it would execute changes under it */
    TOO_LARGE     /* touches more pages than are copied */
};

/* ---- states ---- */

static void fxstate_of(const struct state *state, struct xcpu_fxstate *fx)
{
    memset(fx, 0, sizeof(*fx));
    xcpu_fpu_store_fx(&state->fpu, fx->bytes);
}

static void save(const struct xcpu *cpu, struct state *state)
{
    xcpu_get_regs(cpu, &state->regs);
    state->fpu = cpu->fpu;
    state->flags = cpu->flags;
    state->null_segments = cpu->null_segments;
    state->code_segments = cpu->code_segments;
}

/* Blocks are made for segments and for AC. */
static int has_other_blocks(const struct xcpu *cpu, const struct state *state)
{
    return memcmp(cpu->sreg_base, state->regs.sreg_base,
                  sizeof(state->regs.sreg_base)) != 0 ||
           cpu->null_segments != state->null_segments ||
           cpu->code_segments != state->code_segments ||
           ((cpu->eflags ^ state->regs.eflags) & XCPU_AC);
}

static void restore(struct xcpu *cpu, const struct state *state)
{
    if (has_other_blocks(cpu, state))
        xcpu_cache_clear(cpu);
    for (int i = 0; i < 8; i++)
        cpu->gpr[i].d = state->regs.gpr[i];
    for (int i = 0; i < 6; i++) {
        cpu->sreg[i] = state->regs.sreg[i];
        cpu->sreg_base[i] = state->regs.sreg_base[i];
    }
    cpu->eip = state->regs.eip;
    cpu->eflags = state->regs.eflags &
                  (XCPU_TF | XCPU_DF | XCPU_NT | XCPU_AC | XCPU_ID | XCPU_RF);
    cpu->flags = state->flags;
    cpu->fpu = state->fpu;
    cpu->null_segments = state->null_segments;
    cpu->code_segments = state->code_segments;
}

/* ---- one engine ---- */

/* In the shadow, from the start, with what the guest may touch brought in. */
static enum outcome try_engine(struct xcpu *cpu, struct state *end,
                               uint64_t budget, int interpret)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    struct xcpu_shadow *shadow = &lockstep->shadow;
    int brought;
    do {
        xcpu_shadow_rewind(shadow);
        restore(cpu, &lockstep->start);
        cpu->memory = shadow->base;
        cpu->trial = interpret ? XCPU_TRIAL_EXACT : XCPU_TRIAL_BLOCKS;
        xcpu_run_engine(cpu, budget, &end->exit);
        cpu->trial = XCPU_TRIAL_NONE;
        cpu->memory = cpu->machine->base;
        if (end->exit.reason == XCPU_EXIT_KICK)
            return DISTURBED;
        brought = 0;
        save(cpu, end);
        if (end->exit.reason == XCPU_EXIT_EXCEPTION &&
            end->exit.vector == XCPU_VECTOR_PF && !(end->exit.error_code & 16))
            brought = xcpu_shadow_bring(cpu, shadow, end->exit.address,
                                        (int)(end->exit.error_code & 2));
    } while (brought > 0);
    return brought < 0 ? TOO_LARGE : SAME;
}

/* ---- flags that are not defined ---- */

/* The table's column of each instruction executed, in the shadow. */
static uint32_t undefined_flags(struct xcpu *cpu, uint64_t insns)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    uint32_t undefined = 0;
    xcpu_shadow_rewind(&lockstep->shadow);
    restore(cpu, &lockstep->start);
    for (uint64_t i = 0; i < insns; i++) {
        struct xcpu_exit exit;
        struct xcpu_insn insn;
        if (!xcpu_decode_at(cpu, cpu->eip, &insn))
            break;
        const struct xcpu_row *row = &xcpu_rows[insn.op];
        if (!(row->attributes & A_KEEP))
            undefined &= ~(uint32_t)row->written;
        undefined |= row->undefined;
        cpu->memory = lockstep->shadow.base;
        cpu->trial = XCPU_TRIAL_EXACT;
        xcpu_run_engine(cpu, 1, &exit);
        cpu->trial = XCPU_TRIAL_NONE;
        cpu->memory = cpu->machine->base;
        if (exit.reason != XCPU_EXIT_BUDGET)
            break;
    }
    return undefined;
}

/* A repeated comparison that faults has flags, and which operand faults
 * first, as the host has it (README.md, "Limits"). */
static int ended_in_comparison(const struct xcpu *cpu, const struct state *end)
{
    struct xcpu_insn insn;
    return end->exit.reason == XCPU_EXIT_EXCEPTION &&
           xcpu_decode_at(cpu, end->regs.eip, &insn) && insn.rep &&
           (xcpu_rows[insn.op].attributes & A_REPCC);
}

/* ---- comparison ---- */

static int same_exit(const struct xcpu_exit *a, const struct xcpu_exit *b,
                     int address)
{
    return a->reason == b->reason && a->vector == b->vector &&
           a->error_code == b->error_code && a->executed == b->executed &&
           (!address || a->address == b->address);
}

static int same_fpu(const struct state *a, const struct state *b)
{
    struct xcpu_fxstate first, second;
    fxstate_of(a, &first);
    fxstate_of(b, &second);
    return memcmp(first.bytes, second.bytes, sizeof(first.bytes)) == 0;
}

/* Memory is as what was kept of it. */
static int is_same(struct xcpu *cpu, const struct state *a,
                   const struct state *b)
{
    int in_comparison = ended_in_comparison(cpu, a);
    if (!same_exit(&a->exit, &b->exit, !in_comparison) ||
        memcmp(a->regs.gpr, b->regs.gpr, sizeof(a->regs.gpr)) != 0 ||
        memcmp(a->regs.sreg, b->regs.sreg, sizeof(a->regs.sreg)) != 0 ||
        memcmp(a->regs.sreg_base, b->regs.sreg_base,
               sizeof(a->regs.sreg_base)) != 0 ||
        a->regs.eip != b->regs.eip || !same_fpu(a, b) ||
        xcpu_shadow_compare(&cpu->lockstep->shadow, NULL))
        return 0;
    uint32_t flags = a->regs.eflags ^ b->regs.eflags;
    if (!flags || (in_comparison && !(flags & ~(uint32_t)XF_OSZAPC)))
        return 1;
    return !(flags & ~undefined_flags(cpu, a->exit.executed));
}

/* As far as translated code came. */
static enum outcome interpret(struct xcpu *cpu, uint64_t budget)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    const struct xcpu_exit *translated = &lockstep->translated.exit;
    if (translated->reason == XCPU_EXIT_BUDGET)
        budget = translated->executed;
    return try_engine(cpu, &lockstep->interpreted, budget, 1);
}

/* The engines differ, and the interpreter was the last. Others' stores to pages
 * that are compared disturb nobody: translated code reads such pages where they
 * are, and operands in copies. */
static enum outcome look_for_changes(struct xcpu *cpu, uint64_t budget)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    struct state *again = &lockstep->again;
    if (!xcpu_block_any_compared(cpu))
        return DIFFERENT;
    if (xcpu_shadow_is_late(cpu, &lockstep->shadow))
        return CHANGES_CODE;
    enum outcome outcome = try_engine(cpu, again, budget, 0);
    if (outcome != SAME)
        return outcome;
    if (!is_same(cpu, again, &lockstep->translated))
        return CHANGES_CODE;
    outcome = interpret(cpu, budget);
    return outcome == SAME ? DIFFERENT : outcome;
}

static enum outcome compare(struct xcpu *cpu, uint64_t budget)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    struct state *translated = &lockstep->translated;
    enum outcome outcome = try_engine(cpu, translated, budget, 0);
    if (outcome != SAME)
        return outcome;
    xcpu_shadow_keep(&lockstep->shadow);
    if (xcpu_shadow_changed_code(cpu, &lockstep->shadow))
        return CHANGES_CODE;
    outcome = interpret(cpu, budget);
    if (outcome != SAME || is_same(cpu, &lockstep->interpreted, translated))
        return outcome;
    return look_for_changes(cpu, budget);
}

/* ---- a difference ---- */

/* What compare has found; the shadow is as the interpreter left it, and what
 * was kept of it is what translated code made. */
static void describe(struct xcpu *cpu)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    struct xcpu_mismatch *mismatch = &lockstep->mismatch;
    memset(mismatch, 0, sizeof(*mismatch));
    mismatch->before = lockstep->start.regs;
    fxstate_of(&lockstep->start, &mismatch->fx_before);
    struct state *ends[2] = {&lockstep->interpreted, &lockstep->translated};
    for (int i = 0; i < 2; i++) {
        mismatch->after[i] = ends[i]->regs;
        mismatch->exits[i] = ends[i]->exit;
        fxstate_of(ends[i], &mismatch->fx_after[i]);
    }
    xcpu_shadow_compare(&lockstep->shadow, mismatch);
    mismatch->undefined = undefined_flags(cpu, ends[0]->exit.executed);
    lockstep->is_mismatch = 1;
}

/* The shortest stretch from the start that differs. */
static uint64_t shortest(struct xcpu *cpu, uint64_t budget)
{
    uint64_t same = 0;
    while (budget - same > 1) {
        uint64_t middle = same + (budget - same) / 2;
        if (compare(cpu, middle) == DIFFERENT)
            budget = middle;
        else
            same = middle;
    }
    return budget;
}

/* Executes what is the same, and describes the block that is not: how many
 * instructions were executed. */
static uint64_t find_first_difference(struct xcpu *cpu, uint64_t budget)
{
    struct xcpu_lockstep *lockstep = cpu->lockstep;
    struct xcpu_exit exit;
    describe(cpu);
    uint64_t first = shortest(cpu, budget), same = 0;
    if (compare(cpu, first - 1) == SAME)
        same = lockstep->translated.exit.executed;
    if (compare(cpu, first) == DIFFERENT)
        describe(cpu);
    else
        same = 0;
    restore(cpu, &lockstep->start);
    if (!same)
        return 0;
    struct state start = lockstep->start; /* should chaining be what differs */
    cpu->trial = XCPU_TRIAL_INTERPRET;
    xcpu_run_engine(cpu, same, &exit);
    cpu->trial = XCPU_TRIAL_NONE;
    same = exit.executed;
    save(cpu, &lockstep->start);
    xcpu_shadow_begin(cpu, &lockstep->shadow);
    if (compare(cpu, first - same) == DIFFERENT) {
        describe(cpu);
    } else {
        lockstep->start = start;
        same = 0;
    }
    restore(cpu, &lockstep->start);
    return same;
}

int xcpu_get_mismatch(const struct xcpu *cpu, struct xcpu_mismatch *mismatch)
{
    if (!cpu->lockstep || !cpu->lockstep->is_mismatch)
        return 0;
    *mismatch = cpu->lockstep->mismatch;
    return 1;
}

/* ---- the loop ---- */

/* Compares a stretch of at most *budget instructions, which becomes what is to
 * be executed. */
static enum outcome try_stretch(struct xcpu *cpu, uint64_t *budget)
{
    enum outcome outcome = SAME;
    for (int tries = 0; tries < TRIES; tries++) {
        xcpu_shadow_begin(cpu, &cpu->lockstep->shadow);
        outcome = compare(cpu, *budget);
        while ((outcome == CHANGES_CODE || outcome == TOO_LARGE) &&
               *budget > 1) {
            *budget /= 2;
            outcome = compare(cpu, *budget);
        }
        if (outcome != DIFFERENT)
            break;
        if (atomic_load_explicit(&cpu->stop, memory_order_relaxed))
            return DISTURBED;
    }
    return outcome;
}

static int set_up(struct xcpu *cpu)
{
    if (cpu->lockstep)
        return 0;
    struct xcpu_lockstep *made = aligned_alloc(64, (sizeof(*made) + 63) & ~63u);
    if (!made)
        return -1;
    memset(made, 0, sizeof(*made));
    if (xcpu_shadow_new(&made->shadow) < 0) {
        free(made);
        return -1;
    }
    cpu->lockstep = made;
    return 0;
}

/* For real: what was the same, or what cannot be compared, a block that does
 * not fit among it. */
static void execute(struct xcpu *cpu, enum outcome outcome, uint64_t budget,
                    struct xcpu_exit *exit)
{
    const struct xcpu_exit *tried = &cpu->lockstep->translated.exit;
    int nothing = tried->reason == XCPU_EXIT_BUDGET && !tried->executed;
    restore(cpu, &cpu->lockstep->start);
    cpu->trial =
        outcome == SAME && !nothing ? XCPU_TRIAL_FINAL : XCPU_TRIAL_INTERPRET;
    xcpu_run_engine(cpu, budget, exit);
    cpu->trial = XCPU_TRIAL_NONE;
}

void xcpu_lockstep_run(struct xcpu *cpu, uint64_t budget,
                       struct xcpu_exit *exit)
{
    uint64_t done = 0;
    *exit = (struct xcpu_exit){.reason = XCPU_EXIT_BUDGET};
    if (set_up(cpu) < 0) { /* as jit without memory */
        xcpu_run_engine(cpu, budget, exit);
        return;
    }
    while (done < budget && exit->reason == XCPU_EXIT_BUDGET) {
        uint64_t stretch = budget - done < STRETCH ? budget - done : STRETCH;
        if (xcpu_look_at_pending(cpu)) {
            exit->reason = XCPU_EXIT_KICK;
            break;
        }
        save(cpu, &cpu->lockstep->start);
        enum outcome outcome = try_stretch(cpu, &stretch);
        if (outcome == DIFFERENT) {
            done += find_first_difference(cpu, stretch);
            exit->reason = XCPU_EXIT_MISMATCH;
            break;
        }
        if (outcome == DISTURBED) {
            restore(cpu, &cpu->lockstep->start);
            continue;
        }
        execute(cpu, outcome, stretch, exit);
        done += exit->executed;
    }
    exit->executed = done;
}

void xcpu_lockstep_free(struct xcpu *cpu)
{
    if (!cpu->lockstep)
        return;
    xcpu_shadow_free(&cpu->lockstep->shadow);
    free(cpu->lockstep);
    cpu->lockstep = NULL;
}

#endif
