/* poll_bits.h -- what a file is ready for, in Haiku's bits and the host's. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_POLL_BITS_H
#define HK_POLL_BITS_H

#include <stdint.h>

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

#endif
