/* block.h -- file calls that wait. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_BLOCK_H
#define HK_BLOCK_H

#include <poll.h>

#include "kernel.h"

/*
 * Waits for host descriptors as poll(2) does, until a deadline (system_time,
 * us; INT64_MAX: none). Every wait of a file call is made here, so that a
 * signal for the thread ends it. Returns how many are ready (0: the deadline
 * came), B_INTERRUPTED, or an error.
 */
int32_t hk_block_fds(struct hk_thread *self, struct pollfd *fds, uint32_t count,
                     int64_t deadline);

/* The same for one descriptor, without a deadline: B_OK or an error. */
int32_t hk_block_fd(struct hk_thread *self, int fd, short events);

/* Whether a host call that came back with EINTR is to be given up: something
 * waits for the thread. */
int hk_is_interrupted(struct hk_thread *self);

#endif
