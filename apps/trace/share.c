/* share.c -- one team at a time, of those that share memory. */
/* SPDX-License-Identifier: MIT */
#include "share.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

enum {
    PATIENCE = 1000000, /* nanoseconds until it is asked for again */
    COURTESY = 50000,   /* nanoseconds for whom asked to come, */
    COURTESIES = 20     /* so often: it may be dead */
};

struct tr_share {
    pthread_mutex_t lock;
    _Atomic uint32_t teams;
    _Atomic uint32_t owner;  /* who had it last; 0: nobody */
    _Atomic uint32_t wanted; /* by whom; 0: nobody */
};

struct tr_share *tr_share_new(void)
{
    struct tr_share *share = mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attributes;

    if (share == MAP_FAILED)
        return NULL;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&share->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return share;
}

uint32_t tr_share_join(struct tr_share *share)
{
    return atomic_fetch_add(&share->teams, 1) + 1;
}

int tr_share_has_others(const struct tr_share *share)
{
    return atomic_load(&share->teams) > 1;
}

int tr_share_is_wanted(const struct tr_share *share, uint32_t team)
{
    uint32_t wanted = atomic_load(&share->wanted);

    return wanted != 0 && wanted != team;
}

/* The lock alone would be for whoever has just had it. */
static void let_others(struct tr_share *share, uint32_t team)
{
    const struct timespec pause = {0, COURTESY};

    if (atomic_load(&share->owner) != team)
        return;
    for (int i = 0; i < COURTESIES && tr_share_is_wanted(share, team); i++)
        nanosleep(&pause, NULL);
}

static struct timespec after_patience(void)
{
    struct timespec time;

    clock_gettime(CLOCK_REALTIME, &time);
    time.tv_nsec += PATIENCE;
    if (time.tv_nsec >= 1000000000) {
        time.tv_nsec -= 1000000000;
        time.tv_sec++;
    }
    return time;
}

int tr_share_take(struct tr_share *share, uint32_t team)
{
    int error;

    let_others(share, team);
    error = pthread_mutex_trylock(&share->lock);
    while (error == EBUSY || error == ETIMEDOUT) {
        struct timespec until = after_patience();

        atomic_store(&share->wanted, team);
        error = pthread_mutex_timedlock(&share->lock, &until);
    }
    if (error == EOWNERDEAD)
        pthread_mutex_consistent(&share->lock);
    atomic_store(&share->wanted, 0);
    return atomic_exchange(&share->owner, team) != team;
}

void tr_share_give(struct tr_share *share)
{
    pthread_mutex_unlock(&share->lock);
}
