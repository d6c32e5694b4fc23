/* wait.c -- how a thread sleeps, and what wakes it. */
/* SPDX-License-Identifier: MIT */
#include "wait.h"

#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <unistd.h>

#include "clock.h"
#include "host_direct.h"
#include "kernel.h"

/* The sanitizer of threads puts off a handler that comes in the instant before
 * the host's call: a sleep is to end without what it would have woken. */
#ifdef __SANITIZE_THREAD__
enum { SLEEP_MAX = 10000 /* us */ };

static int64_t sleep_end(int64_t deadline)
{
    int64_t end = hk_system_time() + SLEEP_MAX;

    return deadline < end ? deadline : end;
}
#else
static int64_t sleep_end(int64_t deadline)
{
    return deadline;
}
#endif

static void futex_wait(atomic_uint *word, unsigned seen, int64_t deadline,
                       int operation)
{
    int64_t end = sleep_end(deadline);
    struct timespec until;
    const struct timespec *timeout = NULL;

    if (end != HK_INFINITE_TIMEOUT) {
        until = hk_host_deadline(end);
        timeout = &until;
    }
    hk_host_direct(SYS_futex, word, operation, seen, timeout, NULL,
                   FUTEX_BITSET_MATCH_ANY);
}

void hk_sleep(atomic_uint *word, unsigned seen, int64_t deadline)
{
    futex_wait(word, seen, deadline, FUTEX_WAIT_BITSET_PRIVATE);
}

void hk_sleep_shared(atomic_uint *word, unsigned seen, int64_t deadline)
{
    futex_wait(word, seen, deadline, FUTEX_WAIT_BITSET);
}

unsigned hk_events(struct hk_thread *self)
{
    return atomic_load_explicit(&self->wait.events, memory_order_acquire);
}

void hk_wait_event(struct hk_thread *self, unsigned seen)
{
    hk_sleep(&self->wait.events, seen, HK_INFINITE_TIMEOUT);
}

void hk_post_event(struct hk_thread *thread)
{
    atomic_fetch_add_explicit(&thread->wait.events, 1, memory_order_release);
    hk_host_direct(SYS_futex, &thread->wait.events, FUTEX_WAKE_PRIVATE, 1);
}

void hk_wait_prepare(struct hk_thread *self)
{
    atomic_store_explicit(&self->wait.result, HK_WAITING, memory_order_release);
}

int32_t hk_wait_result(struct hk_thread *self)
{
    return atomic_load_explicit(&self->wait.result, memory_order_acquire);
}

int32_t hk_wait(struct hk_thread *self, int64_t deadline)
{
    for (;;) {
        unsigned events = hk_events(self);
        int32_t result = hk_wait_result(self);

        if (result != HK_WAITING)
            return result;
        if (atomic_load_explicit(&self->attention, memory_order_acquire))
            return HK_B_INTERRUPTED;
        if (deadline != HK_INFINITE_TIMEOUT && hk_system_time() >= deadline)
            return HK_B_TIMED_OUT;
        hk_sleep(&self->wait.events, events, deadline);
    }
}

unsigned hk_changes(struct hk_team *team)
{
    return atomic_load_explicit(&team->changes, memory_order_acquire);
}

int32_t hk_wait_change(struct hk_thread *self, unsigned seen, int64_t deadline)
{
    while (hk_changes(self->team) == seen) {
        if (atomic_load_explicit(&self->attention, memory_order_acquire))
            return HK_B_INTERRUPTED;
        if (deadline != HK_INFINITE_TIMEOUT && hk_system_time() >= deadline)
            return HK_B_TIMED_OUT;
        hk_sleep(&self->team->changes, seen, deadline);
    }
    return HK_B_OK;
}

void hk_announce_change(struct hk_team *team)
{
    atomic_fetch_add_explicit(&team->changes, 1, memory_order_release);
    hk_host_direct(SYS_futex, &team->changes, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void hk_wake(struct hk_thread *thread, int32_t result)
{
    atomic_store_explicit(&thread->wait.result, result, memory_order_release);
    hk_post_event(thread);
}

int hk_interrupt_signal(void)
{
    return SIGRTMIN;
}

static void post_elsewhere(struct hk_thread *thread)
{
    atomic_uint *events = atomic_load(&thread->wait.elsewhere);

    if (events == NULL)
        return;
    atomic_fetch_add(events, 1);
    hk_host_direct(SYS_futex, events, FUTEX_WAKE, 1);
}

void hk_interrupt_self(struct hk_thread *self)
{
    atomic_store(&self->attention, 1); /* before the look for a wait */
    hk_post_event(self);
    post_elsewhere(self);
    hk_announce_change(self->team); /* it may sleep there */
    hk_kernel_of(self)->config.host->cpu->kick(self->cpu);
}

void hk_interrupt(struct hk_thread *thread)
{
    hk_interrupt_self(thread);
    hk_host_direct(SYS_tgkill, thread->team->id, thread->id,
                   hk_interrupt_signal());
}

int32_t hk_timeout_status(int32_t status, uint32_t flags, int64_t timeout)
{
    if (status == HK_B_TIMED_OUT && (flags & HK_RELATIVE_TIMEOUT) != 0 &&
        timeout <= 0)
        return HK_B_WOULD_BLOCK;
    return status;
}

uint32_t hk_timeout_flags(uint32_t flags, int64_t timeout)
{
    int is_made_absolute = (flags & HK_RELATIVE_TIMEOUT) != 0 && timeout > 0 &&
                           timeout != HK_INFINITE_TIMEOUT;

    return is_made_absolute ? flags & ~(uint32_t)HK_ABSOLUTE_TIMEOUT : flags;
}
