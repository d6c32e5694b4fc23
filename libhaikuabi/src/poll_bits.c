/* poll_bits.c -- what a file is ready for, in Haiku's bits and the host's. */
/* SPDX-License-Identifier: MIT */
#include "poll_bits.h"

#include <poll.h>
#include <stddef.h>

#include "socket_protocol.h"

static const struct {
    uint16_t guest;
    short host;
} bits[] = {
    {HK_POLLIN, POLLIN},   {HK_POLLOUT, POLLOUT}, {HK_POLLERR, POLLERR},
    {0x8, POLLRDBAND},     {0x10, POLLWRBAND},    {0x20, POLLPRI},
    {HK_POLLHUP, POLLHUP},
};

short hk_poll_to_host(uint32_t guest)
{
    unsigned host = 0;

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (guest & bits[i].guest)
            host |= (unsigned)bits[i].host;
    return (short)host;
}

uint32_t hk_poll_to_guest(short host)
{
    uint32_t guest = 0;

    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
        if (host & bits[i].host)
            guest |= bits[i].guest;
    return guest;
}

enum hk_polled hk_polled_of(struct hk_file *file)
{
    if (file->kind != HK_FILE_SOCKET)
        return HK_POLLED_FILE;
    return hk_socket_protocol(file) & HK_LOCAL ? HK_POLLED_LOCAL_SOCKET
                                               : HK_POLLED_SOCKET;
}

uint32_t hk_poll_of_file(const struct hk_thread *self, enum hk_polled polled,
                         uint32_t asked, short host)
{
    uint32_t guest = hk_poll_to_guest(host);

    if (polled == HK_POLLED_FILE)
        return guest;
    if (polled == HK_POLLED_LOCAL_SOCKET)
        guest &= ~(uint32_t)HK_POLLERR;
    if (hk_kernel_of(self)->config.release < HK_R1BETA6 && guest & HK_POLLHUP)
        guest = (guest & ~(uint32_t)HK_POLLHUP) | (asked & HK_POLLIN);
    return guest;
}
