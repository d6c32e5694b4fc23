/* run.c -- the loop around blocks, and the ways out of it. */
/* SPDX-License-Identifier: MIT */
#include "run.h"
#include "align.h"
#include "block.h"
#include "fault.h"
#include "frame.h"
#include "jit.h"
#include "lockstep.h"
#include "machine.h"
#include "translate.h"

#define BUDGET_MAX (INT64_MAX / 4)

/* ---- leaving the inner loop ---- */

const struct xcpu_slot *xcpu_leave_link(struct xcpu *cpu,
                                        const struct xcpu_link *link)
{
    cpu->eip = link->eip;
    cpu->link = (struct xcpu_link *)(uintptr_t)link;
    cpu->leaving = XCPU_LEAVING_BLOCK;
    return NULL;
}

const struct xcpu_slot *xcpu_leave_to(struct xcpu *cpu, uint32_t eip)
{
    cpu->eip = eip;
    cpu->link = NULL;
    cpu->jumped = 1;
    cpu->leaving = XCPU_LEAVING_BLOCK;
    return NULL;
}

const struct xcpu_slot *xcpu_leave_exit(struct xcpu *cpu, uint32_t eip,
                                        enum xcpu_exit_reason reason,
                                        uint32_t vector)
{
    cpu->eip = eip;
    cpu->exit.reason = reason;
    cpu->exit.vector = vector;
    cpu->leaving = XCPU_LEAVING_EXIT;
    return NULL;
}

/* Undoes the payment for what the block has not executed. */
static void rewind_to(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    cpu->left += slot->left;
    cpu->eip = slot->eip;
}

_Noreturn static void jump_out(struct xcpu *cpu, enum xcpu_leaving leaving)
{
    cpu->leaving = (uint8_t)leaving;
    siglongjmp(cpu->env, 1);
}

_Noreturn void xcpu_interrupt(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    rewind_to(cpu, slot);
    jump_out(cpu, XCPU_LEAVING_BLOCK);
}

_Noreturn void xcpu_raise(struct xcpu *cpu, const struct xcpu_slot *slot,
                          enum xcpu_vector vector, uint32_t error_code)
{
    rewind_to(cpu, slot);
    cpu->exit.reason = XCPU_EXIT_EXCEPTION;
    cpu->exit.vector = vector;
    cpu->exit.error_code = error_code;
    jump_out(cpu, XCPU_LEAVING_EXIT);
}

_Noreturn void xcpu_raise_page_fault(struct xcpu *cpu, uint32_t address,
                                     uint32_t error_code)
{
    cpu->exit.address = address;
    xcpu_raise(cpu, cpu->slot, XCPU_VECTOR_PF, error_code);
}

_Noreturn void xcpu_repeat_alone(struct xcpu *cpu)
{
    rewind_to(cpu, cpu->slot);
    jump_out(cpu, XCPU_LEAVING_ALONE);
}

_Noreturn void xcpu_leave_crossing(struct xcpu *cpu)
{
    jump_out(cpu, XCPU_LEAVING_FAULT);
}

/* ---- handlers that belong to no instruction ---- */

XCPU_HANDLER(goto)
{
    XCPU_FOLLOW(xcpu_links(slot));
}

XCPU_HANDLER(compare)
{
    struct xcpu_block *block = xcpu_block_of(slot);
    const void *bytes = block->links + XCPU_BLOCK_LINKS;
    XCPU_NOTE(cpu, slot);
    int same = xcpu_same_bytes(cpu->machine->base, block->eip, bytes,
                               block->size); /* whence it was fetched */
    XCPU_SETTLE(cpu);
    if (XCPU_LIKELY(same))
        XCPU_JUMP(slot + 1);
    cpu->left += block->insns;
    if (cpu->jit)
        xcpu_jit_note_change(cpu, block->eip);
    xcpu_block_drop(cpu, block);
    return xcpu_leave_to(cpu, block->eip);
}

XCPU_HANDLER(bad_segment)
{
    if (slot->rep && !(cpu->gpr[XCPU_ECX].d & (UINT32_MAX >> slot->narrow)))
        XCPU_JUMP(slot + 1);
    const struct xcpu_slot *insn = slot + 1;
    if (insn->run == xcpu_run_align)
        insn++;
    if (xcpu_raises_pending(cpu, insn))
        XCPU_JUMP(insn);
    xcpu_raise(cpu, slot, XCPU_GP, 0);
}

XCPU_HANDLER(undefined)
{
    xcpu_raise(cpu, slot, XCPU_UD, 0);
}

XCPU_HANDLER(privileged)
{
    xcpu_raise(cpu, slot, XCPU_GP, 0);
}

/* ---- the loop ---- */

int xcpu_look_at_pending(struct xcpu *cpu)
{
    if (!atomic_load_explicit(&cpu->stop, memory_order_relaxed))
        return 0;
    /* In this order: with xcpu_set_pending. */
    atomic_store_explicit(&cpu->stop, 0, memory_order_seq_cst);
    uint32_t pending =
        atomic_exchange_explicit(&cpu->pending, 0, memory_order_seq_cst);
    if (pending & XCPU_PENDING_CLEAR)
        xcpu_cache_clear(cpu);
    else if (pending & XCPU_PENDING_FORGET)
        xcpu_cache_sweep(cpu);
    if (xcpu_in_copies(cpu) && (pending & XCPU_PENDING_KICK))
        xcpu_set_pending(cpu, XCPU_PENDING_KICK); /* of xcpu_run, not of this */
    else if (xcpu_in_copies(cpu) && (pending & XCPU_PENDING_FORGET))
        pending |= XCPU_PENDING_KICK; /* to be tried again */
    if (!(pending & XCPU_PENDING_KICK))
        return 0;
    cpu->exit.reason = XCPU_EXIT_KICK;
    return 1;
}

/* The block of at most insns instructions at cpu->eip, for one use. */
static const struct xcpu_slot *part_of_block(struct xcpu *cpu, unsigned insns)
{
    struct xcpu_block *block = xcpu_translate(cpu, cpu->eip, insns, 0);
    cpu->link = NULL;
    cpu->passing = 1;
    if (!block)
        return NULL;
    cpu->left -= block->insns;
    return block->slots;
}

static const struct xcpu_slot *one_alone(struct xcpu *cpu)
{
    cpu->reserve = cpu->left - 1;
    cpu->left = 1;
    return part_of_block(cpu, 1);
}

/* Translated code does not check alignment, string instructions in it go up,
 * and it counts only when it was asked to. */
static int may_translate(const struct xcpu *cpu)
{
    const struct xcpu_config *config = &cpu->machine->config;
    return config->engine != XCPU_ENGINE_INTERP &&
           cpu->trial != XCPU_TRIAL_EXACT &&
           cpu->trial != XCPU_TRIAL_INTERPRET &&
           (config->counted || cpu->paid == BUDGET_MAX) &&
           !(cpu->eflags & (XCPU_DF | XCPU_AC));
}

/* Of a block that the budget does not pay for, as much as it does. */
static const struct xcpu_slot *rest_of_budget(struct xcpu *cpu)
{
    if (cpu->trial == XCPU_TRIAL_BLOCKS || cpu->trial == XCPU_TRIAL_FINAL)
        return NULL;
    return part_of_block(cpu, (unsigned)cpu->left);
}

/* The block and no other: what follows may be translated. */
static const struct xcpu_slot *one_block(struct xcpu *cpu,
                                         struct xcpu_block *block)
{
    xcpu_jit_count_interpreted(cpu);
    cpu->jumped = 0;
    cpu->reserve = cpu->left - block->insns;
    cpu->left = 0;
    return block->slots;
}

static const struct xcpu_slot *whole_block(struct xcpu *cpu)
{
    const struct xcpu_slot *slot = NULL;
    struct xcpu_block *block = xcpu_block_find(cpu, cpu->eip);
    unsigned most = cpu->machine->config.block_insns;
    int translate = may_translate(cpu);
    int interpret = cpu->interpret || (block && !xcpu_jit_can_pay(cpu, block));
    cpu->interpret = 0;
    if (translate)
        cpu->link = NULL;
    if (!block) {
        if (cpu->left < most && !translate)
            return rest_of_budget(cpu);
        block = xcpu_translate(cpu, cpu->eip, most, 1);
        if (!block)
            return NULL;
    }
    if (translate && !interpret)
        slot = xcpu_jit_slot(cpu, block);
    if (slot)
        return slot;
    if (cpu->left < block->insns)
        return rest_of_budget(cpu);
    if (translate)
        return one_block(cpu, block);
    if (cpu->link)
        xcpu_block_link(block, cpu->link);
    else if (cpu->jumped)
        xcpu_block_jump(cpu, block);
    cpu->link = NULL;
    cpu->jumped = 0;
    cpu->left -= block->insns;
    return block->slots;
}

/* The slot to go on with at cpu->eip, or NULL with cpu->exit set. */
static const struct xcpu_slot *next_slot(struct xcpu *cpu)
{
    int alone = cpu->leaving == XCPU_LEAVING_ALONE;
    cpu->left += cpu->reserve;
    cpu->reserve = 0;
    if (cpu->passing) {
        cpu->passing = 0;
        xcpu_block_pass(cpu);
    }
    if (cpu->stepping && !alone) {
        cpu->stepping = 0;
        cpu->exit.reason = XCPU_EXIT_EXCEPTION;
        cpu->exit.vector = XCPU_DB;
        return NULL;
    }
    if (xcpu_look_at_pending(cpu))
        return NULL;
    if (cpu->left <= 0) {
        cpu->exit.reason = XCPU_EXIT_BUDGET;
        return NULL;
    }
    cpu->stepping = (cpu->eflags & XCPU_TF) != 0;
    if (alone || cpu->stepping)
        return one_alone(cpu);
    return whole_block(cpu);
}

static void run_slots(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint8_t *memory = cpu->memory;
#if XCPU_TAIL_CALLS
    slot->run(cpu, slot, memory);
#else
    while (slot)
        slot = slot->run(cpu, slot, memory);
#endif
}

/* The state is what programs may look at. */
static void put_away(struct xcpu *cpu)
{
    atomic_store_explicit(&cpu->in_jit, 0, memory_order_relaxed);
    cpu->running = 0;
    xcpu_jit_leave(cpu);
    xcpu_fpu_leave(&cpu->fpu);
    cpu->stepping = 0;
}

int xcpu_answer_int(struct xcpu *cpu)
{
    const struct xcpu_config *config = &cpu->machine->config;
    int result;
    if (cpu->exit.reason != XCPU_EXIT_INT || !config->on_int ||
        cpu->paid != BUDGET_MAX || cpu->trial != XCPU_TRIAL_NONE)
        return 0;
    put_away(cpu);
    result = config->on_int(config->memory.owner, cpu, cpu->exit.vector);
    if (result == 0) {
        cpu->leaving = XCPU_LEAVING_BLOCK;
        cpu->link = NULL;
        return 1;
    }
    cpu->exit.reason = XCPU_EXIT_ANSWERED;
    cpu->exit.vector = (uint32_t)result;
    return 0;
}

void xcpu_run_engine(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit)
{
    cpu->left = budget < BUDGET_MAX ? (int64_t)budget : BUDGET_MAX;
    cpu->paid = cpu->left;
    cpu->exit = (struct xcpu_exit){.reason = XCPU_EXIT_BUDGET};
    cpu->leaving = XCPU_LEAVING_BLOCK;
    cpu->link = NULL;
    sigsetjmp(cpu->env, 0);
    xcpu_jit_empty_purse(cpu);
    cpu->running = 0;
    cpu->no_sse = 1;
    atomic_store_explicit(&cpu->in_jit, 0, memory_order_relaxed);
    if (cpu->leaving == XCPU_LEAVING_FAULT) {
        cpu->running = 1;
        xcpu_raise_crossing(cpu);
    }
    while (cpu->leaving != XCPU_LEAVING_EXIT || xcpu_answer_int(cpu)) {
        const struct xcpu_slot *slot = next_slot(cpu);
        if (!slot)
            break;
        cpu->running = 1;
        run_slots(cpu, slot);
        cpu->running = 0;
        atomic_store_explicit(&cpu->in_jit, 0, memory_order_relaxed);
    }
    put_away(cpu);
    xcpu_finish_exit(cpu);
    cpu->exit.executed = (uint64_t)(cpu->paid - cpu->left - cpu->reserve);
    cpu->reserve = 0;
    *exit = cpu->exit;
}

void xcpu_run(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit)
{
    if (cpu->machine->config.engine == XCPU_ENGINE_LOCKSTEP)
        xcpu_lockstep_run(cpu, budget, exit);
    else
        xcpu_run_engine(cpu, budget, exit);
}
