/* mutex.c -- locks and semaphores in user memory. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
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
 * reached. */
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

static int is_misplaced(const struct hk_word *word)
{
    return !hk_is_user_address(word->address) || word->address % 4 != 0;
}

/* Haiku looks whether a word is there when it wires its page; of others it
 * does not see that they cannot be reached, and finds them without a bit. */
static int32_t check_word(const struct hk_word *word)
{
    uint32_t old;

    if (is_misplaced(word))
        return HK_B_BAD_ADDRESS;
    if (!word->is_wired || hk_exchange_user(word->self, word->address,
                                            UINT32_MAX, 0, &old) == HK_B_OK)
        return HK_B_OK;
    return word->has_area ? HK_B_PERMISSION_DENIED : HK_B_BAD_ADDRESS;
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
    uint32_t old = set_bits(word, LOCKED | WAITING);
    int32_t status;

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
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    int32_t status = check_word(&word);

    (void)name;
    if (status == HK_B_OK)
        status = lock_alone(&word, deadline);
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
    uint32_t old;

    if (!hk_word_has_waiter(word)) {
        clear_bits(word, LOCKED);
        return;
    }
    old = set_bits(word, LOCKED);
    if ((flags & UNBLOCK_ALL) != 0 || (old & DISABLED) != 0) {
        wake_all(word);
        return;
    }
    hk_word_wake(word);
    forget_waiting(word);
}

int64_t hk_sys_mutex_unblock(struct hk_thread *self, gm_addr mutex,
                             uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, mutex, flags);
    int32_t status = check_word(&word);

    if (status != HK_B_OK)
        return status;
    hk_words_lock(&word, NULL);
    unblock_locked(&word, flags);
    hk_words_unlock(&word, NULL);
    return HK_B_OK;
}

int64_t hk_sys_mutex_unlock(struct hk_thread *self, gm_addr mutex,
                            uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, mutex, flags);
    int32_t status = check_word(&word);

    if (status != HK_B_OK)
        return status;
    hk_words_lock(&word, NULL);
    unlock_locked(&word, flags);
    hk_words_unlock(&word, NULL);
    return HK_B_OK;
}

static int32_t check_words(const struct hk_word *from, const struct hk_word *to)
{
    int32_t status = is_misplaced(to) ? HK_B_BAD_ADDRESS : check_word(from);

    return status == HK_B_OK ? check_word(to) : status;
}

/*
 * Gives `from` up and waits for `to`: as both happen under the lock, nobody
 * can unlock `to` in between.
 */
static int32_t switch_lock(const struct hk_word *from, uint32_t from_flags,
                           const struct hk_word *to, int64_t deadline)
{
    int32_t status;

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
    int32_t status = check_words(&from, &to);

    (void)name;
    if (status == HK_B_OK)
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
    return hk_sys_mutex_switch_lock(self, from_mutex, flags, to_mutex, name,
                                    flags, timeout);
}

/* ---- semaphores in user memory: their count, -1 when threads wait ---- */

enum { CONTENDED = -1 };

/* What was there; INT32_MIN where nothing can be reached. */
static int32_t swap_word(const struct hk_word *word, int32_t expected,
                         int32_t wanted)
{
    uint32_t found = (uint32_t)expected;
    int done = gm_compare_exchange(hk_space_of(word->self), word->address,
                                   &found, (uint32_t)wanted);

    return done < 0 ? INT32_MIN : (int32_t)found;
}

static int32_t read_word(const struct hk_word *word)
{
    uint8_t bytes[4];

    return hk_read_user(word->self, bytes, word->address, sizeof(bytes)) ==
                   HK_B_OK
               ? (int32_t)hk_get32(bytes)
               : INT32_MIN;
}

static void forget_contended(const struct hk_word *word)
{
    if (!hk_word_has_waiter(word))
        swap_word(word, CONTENDED, 0);
}

/* Only r1beta4 looks at the word again when the wait has failed. */
static int32_t acquire_locked(const struct hk_word *word, int64_t deadline)
{
    int32_t count = read_word(word);
    int32_t status;

    while (count >= 0) {
        int32_t found = swap_word(word, count, count - 1);

        if (found == count && count > 0)
            return HK_B_OK;
        count = found;
    }
    status = hk_word_sleep(word, NULL, deadline);
    if (status != HK_B_OK && is_r1beta4(word->self))
        forget_contended(word);
    return status;
}

int64_t hk_sys_mutex_sem_acquire(struct hk_thread *self, gm_addr sem,
                                 gm_addr name, uint32_t flags, int64_t timeout)
{
    const struct hk_word word = hk_word_at(self, sem, flags);
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    int32_t status = check_word(&word);

    (void)name;
    if (status != HK_B_OK)
        return status;
    hk_words_lock(&word, NULL);
    status = acquire_locked(&word, deadline);
    hk_words_unlock(&word, NULL);
    return hk_timeout_status(status, flags, timeout);
}

static void release_locked(const struct hk_word *word)
{
    int32_t count, found;

    if (hk_word_wake(word)) {
        forget_contended(word);
        return;
    }
    count = read_word(word);
    for (;;) {
        uint32_t more = count < 0 ? 2 : 1;

        found = swap_word(word, count, (int32_t)((uint32_t)count + more));
        if (found == count)
            return;
        count = found;
    }
}

int64_t hk_sys_mutex_sem_release(struct hk_thread *self, gm_addr sem,
                                 uint32_t flags)
{
    const struct hk_word word = hk_word_at(self, sem, flags);
    int32_t status = check_word(&word);

    if (status != HK_B_OK)
        return status;
    hk_words_lock(&word, NULL);
    release_locked(&word);
    hk_words_unlock(&word, NULL);
    return HK_B_OK;
}

int64_t hk_sys_mutex_sem_release__r1beta4(struct hk_thread *self, gm_addr sem)
{
    return hk_sys_mutex_sem_release(self, sem, 0);
}
