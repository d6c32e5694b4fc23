/* block.h -- file calls that wait. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_BLOCK_H
#define HK_BLOCK_H

#include <poll.h>

#include "kernel.h"

/*
 * Waits for host descriptors as poll(2) does, until a deadline (system_time,
 * us, or HK_INFINITE_TIMEOUT). File calls wait here, so that what concerns
 * the thread ends the wait. Returns how many are ready (0: the deadline
 * came), B_INTERRUPTED, or an error.
 */
int32_t hk_block_fds(struct hk_thread *self, struct pollfd *fds, uint32_t count,
                     int64_t deadline);

/* The same for one descriptor, without a deadline: B_OK or an error. */
int32_t hk_block_fd(struct hk_thread *self, int fd, short events);

/*
 * One wait of theirs, which ends also when a word that others change is not
 * what was seen: B_OK or above to look again, B_INTERRUPTED, or an error. Who
 * changes the word sends the thread hk_interrupt_signal.
 */
int32_t hk_block_once(struct hk_thread *self, struct pollfd *fds,
                      uint32_t count, int64_t deadline, const atomic_uint *word,
                      unsigned seen);

/*
 * For host calls that wait by themselves (an open of a fifo): whether
 * one that came back with EINTR is to be given up. A signal in the instant
 * before the host's call begins is seen when that returns.
 */
int hk_is_interrupted(struct hk_thread *self);

#endif
