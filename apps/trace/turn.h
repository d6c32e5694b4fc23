/* turn.h -- one thread at a time, in the order of asking. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_TURN_H
#define TR_TURN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct tr_turn {
    _Atomic uint64_t next, serving; /* numbers, as on tickets */
    _Atomic uint32_t waiting;       /* threads that wait for theirs */
    pthread_mutex_t lock; /* of those that sleep, and who wakes them */
    pthread_cond_t changed;
};

void tr_turn_init(struct tr_turn *turn);

/* What takes more than a few instructions: until a number is served; and those
 * that do so are told that another one is. */
void tr_turn_wait(struct tr_turn *turn, uint64_t number);
void tr_turn_wake(struct tr_turn *turn);

static inline void tr_turn_take(struct tr_turn *turn)
{
    uint64_t mine =
        atomic_fetch_add_explicit(&turn->next, 1, memory_order_relaxed);

    if (atomic_load_explicit(&turn->serving, memory_order_acquire) != mine)
        tr_turn_wait(turn, mine);
}

static inline void tr_turn_give(struct tr_turn *turn)
{
    atomic_fetch_add_explicit(&turn->serving, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&turn->waiting, memory_order_seq_cst) != 0)
        tr_turn_wake(turn);
}

static inline int tr_turn_is_wanted(const struct tr_turn *turn)
{
    return atomic_load_explicit(&turn->waiting, memory_order_relaxed) != 0;
}

#endif
