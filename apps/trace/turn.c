/* turn.c -- one thread at a time, in the order of asking. */
/* SPDX-License-Identifier: MIT */
#include "turn.h"

void tr_turn_init(struct tr_turn *turn)
{
    pthread_mutex_init(&turn->lock, NULL);
    pthread_cond_init(&turn->changed, NULL);
    atomic_store(&turn->next, 0);
    atomic_store(&turn->serving, 0);
    atomic_store(&turn->waiting, 0);
}

/* Pairs with tr_turn_give: either it sees that somebody waits, or what it has
 * served is seen here. */
void tr_turn_wait(struct tr_turn *turn, uint64_t number)
{
    pthread_mutex_lock(&turn->lock);
    atomic_fetch_add_explicit(&turn->waiting, 1, memory_order_seq_cst);
    while (atomic_load_explicit(&turn->serving, memory_order_seq_cst) != number)
        pthread_cond_wait(&turn->changed, &turn->lock);
    atomic_fetch_sub_explicit(&turn->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&turn->lock);
}

void tr_turn_wake(struct tr_turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    pthread_cond_broadcast(&turn->changed);
    pthread_mutex_unlock(&turn->lock);
}
