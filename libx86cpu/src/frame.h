/* frame.h -- how handlers follow branches and leave the inner loop. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FRAME_H
#define X86CPU_FRAME_H

#include "interp.h"

XCPU_HANDLER(goto);        /* the end of a block without a branch */
XCPU_HANDLER(compare);     /* the beginning of one whose bytes are compared */
XCPU_HANDLER(bad_segment); /* in front of an access that a segment refuses */
XCPU_HANDLER(undefined);   /* #UD */
XCPU_HANDLER(privileged);  /* #GP(0) */
XCPU_HANDLER(translated);  /* all of a block, as host code (jit.h) */
XCPU_HANDLER(handled);     /* behind an instruction of translated code */

/* Leave the inner loop: by a link that cannot be followed now, to an address
 * that has to be looked up, or from xcpu_run. Return NULL. */
const struct xcpu_slot *xcpu_leave_link(struct xcpu *cpu,
                                        const struct xcpu_link *link);
const struct xcpu_slot *xcpu_leave_to(struct xcpu *cpu, uint32_t eip);
const struct xcpu_slot *xcpu_leave_exit(struct xcpu *cpu, uint32_t eip,
                                        enum xcpu_exit_reason reason,
                                        uint32_t vector);

/* Leaves the inner loop with the instruction not completed, to look at what
 * is pending; it is executed again. */
_Noreturn void xcpu_interrupt(struct xcpu *cpu, const struct xcpu_slot *slot);

/* The links of a block's last slot: where it goes when it goes on, or takes
 * its branch; and to what is behind it. */
static inline const struct xcpu_link *xcpu_links(const struct xcpu_slot *last)
{
    return (const struct xcpu_link *)(const void *)(last + 1);
}

static inline const struct xcpu_link *
xcpu_link_behind(const struct xcpu_slot *last)
{
    return xcpu_links(last) + 1;
}

/* Ends a handler by going where link goes, if the budget allows. */
#define XCPU_FOLLOW(link_)                                                     \
    do {                                                                       \
        const struct xcpu_link *link__ = (link_);                              \
        int64_t left__ = cpu->left - link__->cost;                             \
        if (XCPU_UNLIKELY(left__ < atomic_load_explicit(                       \
                                       &cpu->stop, memory_order_relaxed)))     \
            return xcpu_leave_link(cpu, link__);                               \
        cpu->left = left__;                                                    \
        slot = link__->to;                                                     \
        XCPU_JUMP(slot);                                                       \
    } while (0)

/*
 * Ends a handler by a branch of the guest, as one of the host: to compute the
 * link instead would make the next slot's address wait for the condition. The
 * empty assembly keeps the compiler from doing that.
 */
#define XCPU_BRANCH(taken)                                                     \
    do {                                                                       \
        if (taken) {                                                           \
            __asm__ volatile("");                                              \
            XCPU_FOLLOW(xcpu_links(slot));                                     \
        }                                                                      \
        XCPU_FOLLOW(xcpu_link_behind(slot));                                   \
    } while (0)

/* Ends a handler by going to a guest address. */
#define XCPU_GO(eip_)                                                          \
    do {                                                                       \
        uint32_t eip__ = (eip_);                                               \
        const struct xcpu_jump *jump__ = &cpu->jumps[xcpu_jump_index(eip__)];  \
        int64_t left__ = cpu->left - (int64_t)jump__->cost;                    \
        if (XCPU_UNLIKELY(jump__->eip != eip__ ||                              \
                          left__ < atomic_load_explicit(                       \
                                       &cpu->stop, memory_order_relaxed)))     \
            return xcpu_leave_to(cpu, eip__);                                  \
        cpu->left = left__;                                                    \
        slot = jump__->to;                                                     \
        XCPU_JUMP(slot);                                                       \
    } while (0)

/*
 * Calls note the link behind them, and returns follow the newest one when it
 * leads where they go: the next slot's address does not wait for the return
 * address then.
 */
static inline void xcpu_note_call(struct xcpu *cpu,
                                  const struct xcpu_slot *slot)
{
    cpu->calls = (cpu->calls + 1) % XCPU_RETURNS;
    cpu->returns[cpu->calls] = xcpu_link_behind(slot);
}

#define XCPU_RETURN(eip_)                                                      \
    do {                                                                       \
        uint32_t to__ = (eip_);                                                \
        const struct xcpu_link *behind__ = cpu->returns[cpu->calls];           \
        cpu->calls = (cpu->calls - 1) % XCPU_RETURNS;                          \
        if (XCPU_LIKELY(behind__->eip == to__))                                \
            XCPU_FOLLOW(behind__);                                             \
        XCPU_GO(to__);                                                         \
    } while (0)

#endif
