/* block.c -- file calls that wait. */
/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "clock.h"
#include "request.h"
#include "signals.h"
#include "timer.h"

/* Signals that do nothing are no interruption, nor are requests. */
int hk_is_interrupted(struct hk_thread *self)
{
    int error = errno; /* the host's call that came back may have set it */

    if (!atomic_exchange_explicit(&self->attention, 0, memory_order_acq_rel))
        return 0;
    hk_requests_do(self->team);
    hk_timers_do(self);
    hk_clocks_follow(self->team);
    errno = error;
    if (!hk_signals_has_effect(self) && !hk_clock_has_moved(self))
        return 0;
    atomic_store_explicit(&self->attention, 1, memory_order_release);
    return 1;
}

static int poll_until(struct pollfd *fds, uint32_t count, int64_t deadline,
                      const sigset_t *mask)
{
    struct timespec timeout = {0, 0};
    int64_t left;

    if (deadline == HK_INFINITE_TIMEOUT)
        return ppoll(fds, count, NULL, mask);
    left = deadline - hk_system_time();
    if (left > 0) {
        timeout.tv_sec = left / 1000000;
        timeout.tv_nsec = left % 1000000 * 1000;
    }
    return ppoll(fds, count, &timeout, mask);
}

/* Host signals stay blocked between the look for an interruption and the
 * wait, so that none comes in between unseen. */
int32_t hk_block_once(struct hk_thread *self, struct pollfd *fds,
                      uint32_t count, int64_t deadline, const atomic_uint *word,
                      unsigned seen)
{
    sigset_t all, mask;
    int32_t result;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    if (hk_is_interrupted(self)) {
        result = HK_B_INTERRUPTED;
    } else if (word != NULL && atomic_load(word) != seen) {
        result = HK_B_OK;
    } else {
        result = poll_until(fds, count, deadline, &mask);
        if (result < 0)
            result = hk_status_from_errno(errno);
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    return result;
}

int32_t hk_block_fds(struct hk_thread *self, struct pollfd *fds, uint32_t count,
                     int64_t deadline)
{
    int32_t result = poll_until(fds, count, 0, NULL);

    if (result < 0 && errno != EINTR)
        return hk_status_from_errno(errno);
    while (result <= 0 && hk_system_time() < deadline) {
        result = hk_block_once(self, fds, count, deadline, NULL, 0);
        if (result == HK_B_INTERRUPTED && hk_is_interrupted(self))
            return HK_B_INTERRUPTED;
        if (result < 0 && result != HK_B_INTERRUPTED)
            return result;
    }
    return result < 0 ? 0 : result;
}

/* Whoever waits has tried before: nothing is looked at before the wait. */
int32_t hk_block_fd(struct hk_thread *self, int fd, short events)
{
    struct pollfd poll_fd = {fd, events, 0};
    int32_t result;

    do {
        result = hk_block_once(self, &poll_fd, 1, HK_INFINITE_TIMEOUT, NULL, 0);
        if (result == HK_B_INTERRUPTED && hk_is_interrupted(self))
            return HK_B_INTERRUPTED;
    } while (result == 0 || result == HK_B_INTERRUPTED);
    return result < 0 ? result : HK_B_OK;
}
