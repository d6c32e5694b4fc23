/* block.c -- file calls that wait. */
/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <errno.h>
#include <time.h>

#include "clock.h"

int hk_is_interrupted(struct hk_thread *self)
{
    return atomic_load_explicit(&self->attention, memory_order_acquire) != 0;
}

int32_t hk_block_fds(struct hk_thread *self, struct pollfd *fds, uint32_t count,
                     int64_t deadline)
{
    for (;;) {
        struct timespec timeout = {0, 0};
        int64_t left = 0;
        int ready;

        if (hk_is_interrupted(self))
            return HK_B_INTERRUPTED;
        if (deadline != INT64_MAX)
            left = deadline - hk_system_time();
        if (left > 0) {
            timeout.tv_sec = left / 1000000;
            timeout.tv_nsec = left % 1000000 * 1000;
        }
        ready =
            ppoll(fds, count, deadline == INT64_MAX ? NULL : &timeout, NULL);
        if (ready >= 0)
            return ready;
        if (errno != EINTR)
            return hk_status_from_errno(errno);
    }
}

int32_t hk_block_fd(struct hk_thread *self, int fd, short events)
{
    struct pollfd poll_fd = {fd, events, 0};
    int32_t result = hk_block_fds(self, &poll_fd, 1, INT64_MAX);

    return result < 0 ? result : HK_B_OK;
}
