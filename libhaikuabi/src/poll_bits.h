/* poll_bits.h -- what a file is ready for, in Haiku's bits and the host's. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_POLL_BITS_H
#define HK_POLL_BITS_H

#include "fd.h"

/* haiku-abi/structs.md, "poll bits"; those of events are the same. */
enum {
    HK_POLLIN = 0x1,
    HK_POLLOUT = 0x2,
    HK_POLLERR = 0x4,
    HK_POLLHUP = 0x80,
    HK_POLLNVAL = 0x1000
};

/* The host's are those of poll(2), and of epoll(7) too. POLLNVAL is neither's
 * to ask for. */
short hk_poll_to_host(uint32_t guest);
uint32_t hk_poll_to_guest(short host);

/* Kinds of files that differ in what they tell. */
enum hk_polled { HK_POLLED_FILE, HK_POLLED_SOCKET, HK_POLLED_LOCAL_SOCKET };
enum hk_polled hk_polled_of(struct hk_file *file);

/* What a file that was asked for some bits tells. Before r1beta6 sockets know
 * no POLLHUP: there is something to read, their end. Local ones have no errors.
 */
uint32_t hk_poll_of_file(const struct hk_thread *self, enum hk_polled polled,
                         uint32_t asked, short host);

#endif
