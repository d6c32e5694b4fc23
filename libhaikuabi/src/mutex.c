/* mutex.c -- locks in user memory, for which threads wait here. */
/* SPDX-License-Identifier: MIT */
#include "mutex.h"

#include <stdlib.h>

#include "clock.h"
#include "syscalls.h"

/* The word of a mutex, flags (haiku-abi/x86-32.md, section 11). */
enum { LOCKED = 1, WAITING = 2, DISABLED = 4 };
#define UNBLOCK_ALL 0x80000000u

/* A thread that waits for the word at an address, first come first served.
 * PART, in all calls: B_USER_MUTEX_SHARED is not looked at; a word in memory
 * that teams share is waited for within each team alone. */
struct waiter {
    struct hk_thread *thread;
    gm_addr address;
    int is_woken;
    struct waiter *next;
};

struct hk_mutexes {
    pthread_mutex_t
        lock; /* guards the list and the kernel's changes of words */
    struct waiter *first;
};

int hk_mutexes_new(struct hk_mutexes **mutexes)
{
    struct hk_mutexes *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    *mutexes = made;
    return 0;
}

void hk_mutexes_free(struct hk_mutexes *mutexes)
{
    if (mutexes == NULL)
        return;
    pthread_mutex_destroy(&mutexes->lock);
    free(mutexes);
}

void hk_mutexes_fork_child(struct hk_mutexes *mutexes)
{
    pthread_mutex_init(&mutexes->lock, NULL);
    mutexes->first = NULL;
}

static void enqueue(struct hk_mutexes *mutexes, struct waiter *waiter)
{
    struct waiter **link = &mutexes->first;

    while (*link != NULL)
        link = &(*link)->next;
    waiter->next = NULL;
    *link = waiter;
}

static void dequeue(struct hk_mutexes *mutexes, struct waiter *waiter)
{
    struct waiter **link = &mutexes->first;

    while (*link != NULL && *link != waiter)
        link = &(*link)->next;
    if (*link == waiter)
        *link = waiter->next;
}

static struct waiter *first_waiter(const struct hk_mutexes *mutexes,
                                   gm_addr address)
{
    struct waiter *waiter = mutexes->first;

    while (waiter != NULL && waiter->address != address)
        waiter = waiter->next;
    return waiter;
}

/* Takes the first waiter off and lets it go on. 1 when there was one. */
static int wake_first(struct hk_mutexes *mutexes, gm_addr address)
{
    struct waiter *waiter = first_waiter(mutexes, address);

    if (waiter == NULL)
        return 0;
    dequeue(mutexes, waiter);
    waiter->is_woken = 1;
    hk_wake(waiter->thread, HK_B_OK);
    return 1;
}

/* The word with bits set or cleared, as it was before; 0 where it cannot be
 * reached any more: its first use by a call has been checked. */
static uint32_t set_bits(const struct hk_thread *self, gm_addr word,
                         uint32_t bits)
{
    uint32_t old = 0;

    hk_exchange_user(self, word, UINT32_MAX, bits, &old);
    return old;
}

static uint32_t clear_bits(const struct hk_thread *self, gm_addr word,
                           uint32_t bits)
{
    uint32_t old = 0;

    hk_exchange_user(self, word, ~bits, 0, &old);
    return old;
}

/* WAITING goes with the last waiter. */
static void forget_waiting(const struct hk_thread *self, gm_addr word)
{
    if (first_waiter(self->team->mutexes, word) == NULL)
        clear_bits(self, word, WAITING);
}

/* Sleeps as a waiter that is enqueued already; with the lock held, which it
 * drops meanwhile. */
static int32_t sleep_locked(struct hk_thread *self, struct waiter *waiter,
                            int64_t deadline)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int32_t status;

    hk_wait_prepare(self);
    pthread_mutex_unlock(&mutexes->lock);
    status = hk_wait(self, deadline);
    pthread_mutex_lock(&mutexes->lock);
    if (waiter->is_woken)
        return HK_B_OK;
    dequeue(mutexes, waiter);
    return status;
}

/* With the lock held. Returns B_OK with the mutex locked for the caller. */
static int32_t lock_locked(struct hk_thread *self, gm_addr word,
                           int64_t deadline)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int is_r1beta4 = hk_kernel_of(self)->config.release == HK_R1BETA4;
    uint32_t busy = is_r1beta4 ? LOCKED | WAITING : LOCKED;
    struct waiter waiter = {.thread = self, .address = word};
    uint32_t old;
    int32_t status =
        hk_exchange_user(self, word, UINT32_MAX, LOCKED | WAITING, &old);

    if (status != HK_B_OK)
        return status;
    if ((old & busy) == 0 || (old & DISABLED) != 0) {
        forget_waiting(self, word);
        return HK_B_OK;
    }
    enqueue(mutexes, &waiter);
    status = sleep_locked(self, &waiter, deadline);
    if (status != HK_B_OK)
        forget_waiting(self, word);
    return status;
}

int64_t hk_sys_mutex_lock(struct hk_thread *self, gm_addr mutex, gm_addr name,
                          uint32_t flags, int64_t timeout)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    int32_t status;

    (void)name;
    pthread_mutex_lock(&mutexes->lock);
    status = lock_locked(self, mutex, deadline);
    pthread_mutex_unlock(&mutexes->lock);
    return hk_timeout_status(status, flags, timeout);
}

static void wake_all(struct hk_thread *self, gm_addr word)
{
    while (wake_first(self->team->mutexes, word))
        continue;
    clear_bits(self, word, WAITING);
}

/* From r1beta5 on: the user has cleared LOCKED already. */
static void unblock_locked(struct hk_thread *self, gm_addr word, uint32_t flags)
{
    struct hk_mutexes *mutexes = self->team->mutexes;

    if ((flags & UNBLOCK_ALL) != 0) {
        wake_all(self, word);
        return;
    }
    if (first_waiter(mutexes, word) != NULL) {
        uint32_t old = set_bits(self, word, LOCKED);

        if ((old & LOCKED) != 0)
            return; /* somebody has taken it: it will come back here */
        if ((old & DISABLED) != 0) {
            wake_all(self, word);
            return;
        }
        wake_first(mutexes, word);
    }
    forget_waiting(self, word);
}

/* r1beta4: the kernel clears LOCKED, or hands the mutex over. */
static void unlock_locked(struct hk_thread *self, gm_addr word, uint32_t flags)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    uint32_t old = set_bits(self, word, 0);

    if ((flags & UNBLOCK_ALL) != 0 || (old & DISABLED) != 0) {
        wake_all(self, word);
    } else if (first_waiter(mutexes, word) == NULL) {
        clear_bits(self, word, LOCKED);
    } else {
        set_bits(self, word, LOCKED);
        wake_first(mutexes, word);
        forget_waiting(self, word);
    }
}

static int32_t check_word(const struct hk_thread *self, gm_addr word)
{
    uint32_t old;

    return hk_exchange_user(self, word, UINT32_MAX, 0, &old);
}

int64_t hk_sys_mutex_unblock(struct hk_thread *self, gm_addr mutex,
                             uint32_t flags)
{
    struct hk_mutexes *mutexes = self->team->mutexes;

    if (check_word(self, mutex) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&mutexes->lock);
    unblock_locked(self, mutex, flags);
    pthread_mutex_unlock(&mutexes->lock);
    return HK_B_OK;
}

int64_t hk_sys_mutex_unlock(struct hk_thread *self, gm_addr mutex,
                            uint32_t flags)
{
    struct hk_mutexes *mutexes = self->team->mutexes;

    if (check_word(self, mutex) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&mutexes->lock);
    unlock_locked(self, mutex, flags);
    pthread_mutex_unlock(&mutexes->lock);
    return HK_B_OK;
}

/*
 * Gives `from` up and waits for `to`: as both happen under the lock, nobody
 * can unlock `to` in between.
 */
static int32_t switch_lock(struct hk_thread *self, gm_addr from,
                           uint32_t from_flags, gm_addr to, int64_t deadline)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int is_r1beta4 = hk_kernel_of(self)->config.release == HK_R1BETA4;
    int32_t status;

    if (check_word(self, from) != HK_B_OK || check_word(self, to) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&mutexes->lock);
    if ((clear_bits(self, from, LOCKED) & WAITING) != 0) {
        if (is_r1beta4)
            unlock_locked(self, from, from_flags);
        else
            unblock_locked(self, from, from_flags);
    }
    status = lock_locked(self, to, deadline);
    pthread_mutex_unlock(&mutexes->lock);
    return status;
}

/* Once `from` is given up the call must not be executed again. */
int64_t hk_sys_mutex_switch_lock(struct hk_thread *self, gm_addr from_mutex,
                                 uint32_t from_flags, gm_addr to_mutex,
                                 gm_addr name, uint32_t toflags,
                                 int64_t timeout)
{
    int64_t deadline = hk_call_deadline(self, toflags, timeout);
    int32_t status =
        switch_lock(self, from_mutex, from_flags, to_mutex, deadline);

    (void)name;
    self->restart.is_allowed = 0;
    return hk_timeout_status(status, toflags, timeout);
}

int64_t hk_sys_mutex_switch_lock__r1beta4(struct hk_thread *self,
                                          gm_addr from_mutex, gm_addr to_mutex,
                                          gm_addr name, uint32_t flags,
                                          int64_t timeout)
{
    return hk_sys_mutex_switch_lock(self, from_mutex, 0, to_mutex, name, flags,
                                    timeout);
}

/* ---- semaphores in user memory: their count, -1 when threads wait ---- */

enum { CONTENDED = -1 };

/* Puts the word from one value to another; 1, 0 when it is another (then
 * told), or B_BAD_ADDRESS. */
static int32_t swap_word(const struct hk_thread *self, gm_addr word,
                         int32_t *expected, int32_t wanted)
{
    uint32_t found = (uint32_t)*expected;
    int done;

    if (word == 0 || word % 4 != 0 || !hk_is_user_range(word, 4))
        return HK_B_BAD_ADDRESS;
    done =
        gm_compare_exchange(hk_space_of(self), word, &found, (uint32_t)wanted);
    *expected = (int32_t)found;
    return done < 0 ? HK_B_BAD_ADDRESS : done;
}

static void forget_contended(const struct hk_thread *self, gm_addr word)
{
    int32_t contended = CONTENDED;

    if (first_waiter(self->team->mutexes, word) == NULL)
        swap_word(self, word, &contended, 0);
}

static int32_t acquire_locked(struct hk_thread *self, gm_addr word,
                              int64_t deadline)
{
    struct waiter waiter = {.thread = self, .address = word};
    int32_t count = 1, done = 0;

    while (done == 0) {
        int32_t next = count > 0 ? count - 1 : CONTENDED;

        done = swap_word(self, word, &count, next);
        if (done < 0)
            return done;
    }
    if (count > 0)
        return HK_B_OK;
    enqueue(self->team->mutexes, &waiter);
    done = sleep_locked(self, &waiter, deadline);
    if (done != HK_B_OK)
        forget_contended(self, word);
    return done;
}

int64_t hk_sys_mutex_sem_acquire(struct hk_thread *self, gm_addr sem,
                                 gm_addr name, uint32_t flags, int64_t timeout)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    int32_t status;

    (void)name;
    pthread_mutex_lock(&mutexes->lock);
    status = acquire_locked(self, sem, deadline);
    pthread_mutex_unlock(&mutexes->lock);
    return hk_timeout_status(status, flags, timeout);
}

static int32_t release_locked(struct hk_thread *self, gm_addr word)
{
    int32_t count = 0, done = 0;

    if (wake_first(self->team->mutexes, word)) {
        forget_contended(self, word);
        return HK_B_OK;
    }
    while (done == 0)
        done = swap_word(self, word, &count, count + (count < 0 ? 2 : 1));
    return done < 0 ? done : HK_B_OK;
}

int64_t hk_sys_mutex_sem_release(struct hk_thread *self, gm_addr sem,
                                 uint32_t flags)
{
    struct hk_mutexes *mutexes = self->team->mutexes;
    int32_t status;

    (void)flags;
    pthread_mutex_lock(&mutexes->lock);
    status = release_locked(self, sem);
    pthread_mutex_unlock(&mutexes->lock);
    return status;
}

int64_t hk_sys_mutex_sem_release__r1beta4(struct hk_thread *self, gm_addr sem)
{
    return hk_sys_mutex_sem_release(self, sem, 0);
}
