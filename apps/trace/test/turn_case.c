/* turn_case.c -- turns, for a test in C++, which has no _Atomic. */
/* SPDX-License-Identifier: MIT */
#include "turn_case.h"

#include <sched.h>

#include "apps/trace/turn.h"

enum { THREADS = 4 };

static struct {
    struct tr_turn turn;
    unsigned counter, rounds; /* counter: the turn's */
} turns;

static void *count(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < turns.rounds; i++) {
        tr_turn_take(&turns.turn);
        turns.counter++;
        tr_turn_give(&turns.turn);
    }
    return NULL;
}

unsigned turn_case_count(unsigned rounds)
{
    pthread_t threads[THREADS];

    tr_turn_init(&turns.turn);
    turns.counter = 0;
    turns.rounds = rounds;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return turns.counter / THREADS;
}

static int order[THREADS], served;

static void *queue(void *number)
{
    tr_turn_take(&turns.turn);
    order[served++] = *(int *)number;
    tr_turn_give(&turns.turn);
    return NULL;
}

int turn_case_is_in_order(void)
{
    pthread_t threads[THREADS];
    int numbers[THREADS], sorted = 1;

    tr_turn_init(&turns.turn);
    served = 0;
    tr_turn_take(&turns.turn);
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, queue, &numbers[i]);
        while (atomic_load(&turns.turn.next) != (uint64_t)i + 2)
            sched_yield();
    }
    tr_turn_give(&turns.turn);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        sorted &= order[i] == i;
    return sorted;
}
