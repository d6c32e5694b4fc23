/* turn.h -- one thread at a time, in the order of asking. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_TURN_H
#define TR_TURN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

struct tr_turn {
    pthread_mutex_t lock; /* of next and serving */
    pthread_cond_t changed;
    uint64_t next, serving;
    atomic_uint waiting; /* threads that wait for theirs */
};

void tr_turn_init(struct tr_turn *turn);
void tr_turn_take(struct tr_turn *turn);
void tr_turn_give(struct tr_turn *turn);

static inline int tr_turn_is_wanted(const struct tr_turn *turn)
{
    return atomic_load_explicit(&turn->waiting, memory_order_relaxed) != 0;
}

#endif
