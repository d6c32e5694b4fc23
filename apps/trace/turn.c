/* turn.c -- one thread at a time, in the order of asking. */
/* SPDX-License-Identifier: MIT */
#include "turn.h"

void tr_turn_init(struct tr_turn *turn)
{
    pthread_mutex_init(&turn->lock, NULL);
    pthread_cond_init(&turn->changed, NULL);
    turn->next = turn->serving = 0;
    atomic_store(&turn->waiting, 0);
}

void tr_turn_take(struct tr_turn *turn)
{
    uint64_t mine;

    pthread_mutex_lock(&turn->lock);
    mine = turn->next++;
    if (mine != turn->serving) {
        atomic_fetch_add(&turn->waiting, 1);
        while (mine != turn->serving)
            pthread_cond_wait(&turn->changed, &turn->lock);
        atomic_fetch_sub(&turn->waiting, 1);
    }
    pthread_mutex_unlock(&turn->lock);
}

void tr_turn_give(struct tr_turn *turn)
{
    int is_wanted;

    pthread_mutex_lock(&turn->lock);
    turn->serving++;
    is_wanted = turn->next != turn->serving;
    pthread_mutex_unlock(&turn->lock);
    if (is_wanted)
        pthread_cond_broadcast(&turn->changed);
}
