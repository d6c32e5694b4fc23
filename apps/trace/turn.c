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
static void wait_for(struct tr_turn *turn, uint64_t mine)
{
    pthread_mutex_lock(&turn->lock);
    atomic_fetch_add_explicit(&turn->waiting, 1, memory_order_seq_cst);
    while (atomic_load_explicit(&turn->serving, memory_order_seq_cst) != mine)
        pthread_cond_wait(&turn->changed, &turn->lock);
    atomic_fetch_sub_explicit(&turn->waiting, 1, memory_order_relaxed);
    pthread_mutex_unlock(&turn->lock);
}

void tr_turn_take(struct tr_turn *turn)
{
    uint64_t mine =
        atomic_fetch_add_explicit(&turn->next, 1, memory_order_relaxed);

    if (atomic_load_explicit(&turn->serving, memory_order_acquire) != mine)
        wait_for(turn, mine);
}

void tr_turn_give(struct tr_turn *turn)
{
    atomic_fetch_add_explicit(&turn->serving, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&turn->waiting, memory_order_seq_cst) == 0)
        return;
    pthread_mutex_lock(&turn->lock);
    pthread_cond_broadcast(&turn->changed);
    pthread_mutex_unlock(&turn->lock);
}
