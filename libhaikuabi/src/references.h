/* references.h -- how many hold an object. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_REFERENCES_H
#define HK_REFERENCES_H

#include <pthread.h>
#include <stdatomic.h>

/*
 * Each file call holds a file or two while it lasts. Where the C library says
 * that the process has one thread, nobody else counts meanwhile (no signal
 * handler does), and locked instructions would be a thirtieth of such a call.
 */
#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define HK_IS_ALONE __libc_single_threaded
#else
#define HK_IS_ALONE 0
#endif

static inline void hk_reference_add(atomic_int *count)
{
    if (HK_IS_ALONE)
        atomic_store_explicit(
            count, atomic_load_explicit(count, memory_order_relaxed) + 1,
            memory_order_relaxed);
    else
        atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

/* A lock that is not kept across a call which makes a thread: who has no other
 * threads has nobody to wait for. */
static inline void hk_lock_out_others(pthread_mutex_t *lock)
{
    if (!HK_IS_ALONE)
        pthread_mutex_lock(lock);
}

static inline void hk_let_others_in(pthread_mutex_t *lock)
{
    if (!HK_IS_ALONE)
        pthread_mutex_unlock(lock);
}

/* Whether it was the last. */
static inline int hk_reference_drop(atomic_int *count)
{
    int before;

    if (!HK_IS_ALONE)
        return atomic_fetch_sub_explicit(count, 1, memory_order_acq_rel) == 1;
    before = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, before - 1, memory_order_relaxed);
    return before == 1;
}

#endif
