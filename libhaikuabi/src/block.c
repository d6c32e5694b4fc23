/* block.c -- file calls that wait. */
/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>

#include "clock.h"
#include "host_call.h"
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

/* NULL: until the end of time. */
static const struct timespec *time_until(int64_t deadline,
                                         struct timespec *timeout)
{
    int64_t left;

    if (deadline == HK_INFINITE_TIMEOUT)
        return NULL;
    left = deadline - hk_system_time();
    if (left < 0)
        left = 0;
    timeout->tv_sec = left / 1000000;
    timeout->tv_nsec = left % 1000000 * 1000;
    return timeout;
}

int32_t hk_block_once(struct hk_thread *self, struct pollfd *fds,
                      uint32_t count, int64_t deadline, const atomic_uint *word,
                      unsigned seen)
{
    struct timespec timeout;
    struct hk_host_call call = {
        SYS_ppoll,
        {(long)fds, count, (long)time_until(deadline, &timeout)},
        word,
        seen};
    long ready = hk_host_call(self, &call);

    return ready < 0 ? hk_status_from_errno(errno) : (int32_t)ready;
}

int32_t hk_block_fds(struct hk_thread *self, struct pollfd *fds, uint32_t count,
                     int64_t deadline)
{
    int32_t result = poll(fds, count, 0);

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
