/* mutex.c -- locks and semaphores in user memory. */
/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "mutex_queue.h"
#include "syscalls.h"

/* The word of a mutex, flags (haiku-abi/x86-32.md, section 11). */
enum { LOCKED = 1, WAITING = 2, DISABLED = 4 };
#define UNBLOCK_ALL 0x80000000u

static int is_r1beta4(const struct hk_thread *self)
{
    return hk_kernel_of(self)->config.release == HK_R1BETA4;
}

/* The word with bits set or cleared, as it was before; 0 where it cannot be
 * reached any more: its first use by a call has been checked. */
static uint32_t set_bits(const struct hk_word *word, uint32_t bits)
{
    uint32_t old = 0;

    hk_exchange_user(word->self, word->address, UINT32_MAX, bits, &old);
    return old;
}

static uint32_t clear_bits(const struct hk_word *word, uint32_t bits)
{
    uint32_t old = 0;

    hk_exchange_user(word->self, word->address, ~bits, 0, &old);
    return old;
}

static int32_t check_word(const struct hk_word *word)
{
    uint32_t old;

    return hk_exchange_user(word->self, word->address, UINT32_MAX, 0, &old);
}

/* WAITING goes with the last waiter. */
static void forget_waiting(const struct hk_word *word)
{
    if (!hk_word_has_waiter(word))
        clear_bits(word, WAITING);
}

/* With the lock held. Returns B_OK with the mutex locked for the caller. */
static int32_t lock_locked(const struct hk_word *word,
                           const struct hk_word *other, int64_t deadline)
{
    uint32_t busy = is_r1beta4(word->self) ? LOCKED | WAITING : LOCKED;
    uint32_t old;
    int32_t status = hk_exchange_user(word->self, word->address, UINT32_MAX,
                                      LOCKED | WAITING, &old);

    if (status != HK_B_OK)
        return status;
    if ((old & busy) == 0 || (old & DISABLED) != 0) {
        forget_waiting(word);
        return HK_B_OK;
    }
    status = hk_word_sleep(word, other, deadline);
    if (status != HK_B_OK)
        forget_waiting(word);
    return status;
}

static int32_t lock_alone(const struct hk_word *word, int64_t deadline)
{
    int32_t status;

    hk_words_lock(word, NULL);
    status = lock_locked(word, NULL, deadline);
    hk_words_unlock(word, NULL);
    return status;
}

int64_t hk_sys_mutex_lock(struct hk_thread *self, gm_addr mutex, gm_addr name,
                          uint32_t flags, int64_t timeout)
{
    const struct hk_word word = hk_word_at(self, mutex, flags);
    int32_t status = lock_alone(&word, hk_call_deadline(self, flags, timeout));

    (void)name;
    return hk_timeout_status(status, flags, timeout);
}

static void wake_all(const struct hk_word *word)
{
    while (hk_word_wake(word))
        continue;
    clear_bits(word, WAITING);
}

/* From r1beta5 on: the user has cleared LOCKED already. */
static void unblock_locked(const struct hk_word *word, uint32_t flags)
{
    if ((flags & UNBLOCK_ALL) != 0) {
        wake_all(word);
        return;
    }
    if (hk_word_has_waiter(word)) {
        uint32_t old = set_bits(word, LOCKED);

        if ((old & LOCKED) != 0)
            return; /* somebody has taken it: it will come back here */
        if ((old & DISABLED) != 0) {
            wake_all(word);
            return;
        }
        hk_word_wake(word);
    }
    forget_waiting(word);
}

/* r1beta4: the kernel clears LOCKED, or hands the mutex over. */
static void unlock_locked(const struct hk_word *word, uint32_t flags)
{
    uint32_t old = set_bits(word, 0);

    if ((flags & UNBLOCK_ALL) != 0 || (old & DISABLED) != 0) {
        wake_all(word);
    } else if (!hk_word_has_waiter(word)) {
        clear_bits(word, LOCKED);
    } else {
        set_bits(word, LOCKED);
        hk_word_wake(word);
        forget_waiting(word);
    }
}

int64_t hk_sys_mutex_unblock(struct hk_thread *self, gm_addr mutex,
                             uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, mutex, flags);

    if (check_word(&word) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_words_lock(&word, NULL);
    unblock_locked(&word, flags);
    hk_words_unlock(&word, NULL);
    return HK_B_OK;
}

int64_t hk_sys_mutex_unlock(struct hk_thread *self, gm_addr mutex,
                            uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, mutex, flags);

    if (check_word(&word) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_words_lock(&word, NULL);
    unlock_locked(&word, flags);
    hk_words_unlock(&word, NULL);
    return HK_B_OK;
}

/*
 * Gives `from` up and waits for `to`: as both happen under the lock, nobody
 * can unlock `to` in between.
 */
static int32_t switch_lock(const struct hk_word *from, uint32_t from_flags,
                           const struct hk_word *to, int64_t deadline)
{
    int32_t status;

    if (check_word(from) != HK_B_OK || check_word(to) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_words_lock(to, from);
    if ((clear_bits(from, LOCKED) & WAITING) != 0) {
        if (is_r1beta4(from->self))
            unlock_locked(from, from_flags);
        else
            unblock_locked(from, from_flags);
    }
    status = lock_locked(to, from, deadline);
    hk_words_unlock(to, from);
    return status;
}

/* Once `from` is given up the call must not be executed again, but for a clock
 * that has been set: without that step. */
int64_t hk_sys_mutex_switch_lock(struct hk_thread *self, gm_addr from_mutex,
                                 uint32_t from_flags, gm_addr to_mutex,
                                 gm_addr name, uint32_t toflags,
                                 int64_t timeout)
{
    const struct hk_word from = hk_word_at(self, from_mutex, from_flags);
    const struct hk_word to = hk_word_at(self, to_mutex, toflags);
    int64_t deadline = hk_call_deadline(self, toflags, timeout);
    int32_t status;

    (void)name;
    status = self->restart.is_running
                 ? lock_alone(&to, deadline)
                 : switch_lock(&from, from_flags, &to, deadline);
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
static int32_t swap_word(const struct hk_word *word, int32_t *expected,
                         int32_t wanted)
{
    uint32_t found = (uint32_t)*expected;
    int done;

    if (word->address == 0 || word->address % 4 != 0 ||
        !hk_is_user_range(word->address, 4))
        return HK_B_BAD_ADDRESS;
    done = gm_compare_exchange(hk_space_of(word->self), word->address, &found,
                               (uint32_t)wanted);
    *expected = (int32_t)found;
    return done < 0 ? HK_B_BAD_ADDRESS : done;
}

static void forget_contended(const struct hk_word *word)
{
    int32_t contended = CONTENDED;

    if (!hk_word_has_waiter(word))
        swap_word(word, &contended, 0);
}

static int32_t acquire_locked(const struct hk_word *word, int64_t deadline)
{
    int32_t count = 1, done = 0;

    while (done == 0) {
        int32_t next = count > 0 ? count - 1 : CONTENDED;

        done = swap_word(word, &count, next);
        if (done < 0)
            return done;
    }
    if (count > 0)
        return HK_B_OK;
    done = hk_word_sleep(word, NULL, deadline);
    if (done != HK_B_OK)
        forget_contended(word);
    return done;
}

int64_t hk_sys_mutex_sem_acquire(struct hk_thread *self, gm_addr sem,
                                 gm_addr name, uint32_t flags, int64_t timeout)
{
    const struct hk_word word = hk_word_at(self, sem, flags);
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    int32_t status;

    (void)name;
    hk_words_lock(&word, NULL);
    status = acquire_locked(&word, deadline);
    hk_words_unlock(&word, NULL);
    return hk_timeout_status(status, flags, timeout);
}

static int32_t release_locked(const struct hk_word *word)
{
    int32_t count = 0, done = 0;

    if (hk_word_wake(word)) {
        forget_contended(word);
        return HK_B_OK;
    }
    while (done == 0)
        done = swap_word(word, &count,
                         (int32_t)((uint32_t)count + (count < 0 ? 2 : 1)));
    return done < 0 ? done : HK_B_OK;
}

int64_t hk_sys_mutex_sem_release(struct hk_thread *self, gm_addr sem,
                                 uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, sem, flags);
    int32_t status;

    hk_words_lock(&word, NULL);
    status = release_locked(&word);
    hk_words_unlock(&word, NULL);
    return status;
}

int64_t hk_sys_mutex_sem_release__r1beta4(struct hk_thread *self, gm_addr sem)
{
    return hk_sys_mutex_sem_release(self, sem, 0);
}
