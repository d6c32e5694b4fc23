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
void tr_turn_take(struct tr_turn *turn);
void tr_turn_give(struct tr_turn *turn);

static inline int tr_turn_is_wanted(const struct tr_turn *turn)
{
    return atomic_load_explicit(&turn->waiting, memory_order_relaxed) != 0;
}

#endif
