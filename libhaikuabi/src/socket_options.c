/* socket_options.c -- getsockopt and setsockopt. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "bytes.h"
#include "socket.h"
#include "syscalls.h"

/* How a value looks. */
enum kind {
    INT,      /* 4 bytes, the same on the host */
    SMALL,    /* 1 or 4 bytes */
    RAW,      /* so many bytes, the same on the host */
    TIME,     /* a timeval of 8 bytes */
    ERROR,    /* an errno: read only */
    NONBLOCK, /* a descriptor's flag on the host */
};

struct option {
    int32_t level, name; /* haiku-abi/structs.md, "Sockets" */
    int host_level, host_name;
    enum kind kind;
    uint32_t size; /* of a RAW value */
};

enum { GUEST_SOL_SOCKET = -1, OPTION_MAX = 128 };

static const struct option options[] = {
    {GUEST_SOL_SOCKET, 0x1, SOL_SOCKET, SO_ACCEPTCONN, INT, 0},
    {GUEST_SOL_SOCKET, 0x2, SOL_SOCKET, SO_BROADCAST, INT, 0},
    {GUEST_SOL_SOCKET, 0x4, SOL_SOCKET, SO_DEBUG, INT, 0},
    {GUEST_SOL_SOCKET, 0x8, SOL_SOCKET, SO_DONTROUTE, INT, 0},
    {GUEST_SOL_SOCKET, 0x10, SOL_SOCKET, SO_KEEPALIVE, INT, 0},
    {GUEST_SOL_SOCKET, 0x20, SOL_SOCKET, SO_OOBINLINE, INT, 0},
    {GUEST_SOL_SOCKET, 0x40, SOL_SOCKET, SO_REUSEADDR, INT, 0},
    {GUEST_SOL_SOCKET, 0x80, SOL_SOCKET, SO_REUSEPORT, INT, 0},
    {GUEST_SOL_SOCKET, 0x200, SOL_SOCKET, SO_LINGER, RAW, 8},
    {GUEST_SOL_SOCKET, 0x40000001, SOL_SOCKET, SO_SNDBUF, INT, 0},
    {GUEST_SOL_SOCKET, 0x40000002, SOL_SOCKET, SO_SNDLOWAT, INT, 0},
    {GUEST_SOL_SOCKET, 0x40000003, SOL_SOCKET, SO_SNDTIMEO, TIME, 0},
    {GUEST_SOL_SOCKET, 0x40000004, SOL_SOCKET, SO_RCVBUF, INT, 0},
    {GUEST_SOL_SOCKET, 0x40000005, SOL_SOCKET, SO_RCVLOWAT, INT, 0},
    {GUEST_SOL_SOCKET, 0x40000006, SOL_SOCKET, SO_RCVTIMEO, TIME, 0},
    {GUEST_SOL_SOCKET, 0x40000007, SOL_SOCKET, SO_ERROR, ERROR, 0},
    {GUEST_SOL_SOCKET, 0x40000008, SOL_SOCKET, SO_TYPE, INT, 0},
    {GUEST_SOL_SOCKET, 0x40000009, 0, 0, NONBLOCK, 0},
    {GUEST_SOL_SOCKET, 0x4000000b, SOL_SOCKET, SO_PEERCRED, RAW, 12},
    {IPPROTO_IP, 1, IPPROTO_IP, IP_OPTIONS, RAW, 40},
    {IPPROTO_IP, 2, IPPROTO_IP, IP_HDRINCL, INT, 0},
    {IPPROTO_IP, 3, IPPROTO_IP, IP_TOS, INT, 0},
    {IPPROTO_IP, 4, IPPROTO_IP, IP_TTL, INT, 0},
    {IPPROTO_IP, 5, IPPROTO_IP, IP_RECVOPTS, INT, 0},
    {IPPROTO_IP, 8, IPPROTO_IP, IP_RETOPTS, INT, 0},
    {IPPROTO_IP, 9, IPPROTO_IP, IP_MULTICAST_IF, RAW, 4},
    {IPPROTO_IP, 10, IPPROTO_IP, IP_MULTICAST_TTL, SMALL, 0},
    {IPPROTO_IP, 11, IPPROTO_IP, IP_MULTICAST_LOOP, SMALL, 0},
    {IPPROTO_IP, 12, IPPROTO_IP, IP_ADD_MEMBERSHIP, RAW, 8},
    {IPPROTO_IP, 13, IPPROTO_IP, IP_DROP_MEMBERSHIP, RAW, 8},
    {IPPROTO_IPV6, 24, IPPROTO_IPV6, IPV6_MULTICAST_IF, INT, 0},
    {IPPROTO_IPV6, 25, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, INT, 0},
    {IPPROTO_IPV6, 26, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, INT, 0},
    {IPPROTO_IPV6, 27, IPPROTO_IPV6, IPV6_UNICAST_HOPS, INT, 0},
    {IPPROTO_IPV6, 28, IPPROTO_IPV6, IPV6_JOIN_GROUP, RAW, 20},
    {IPPROTO_IPV6, 29, IPPROTO_IPV6, IPV6_LEAVE_GROUP, RAW, 20},
    {IPPROTO_IPV6, 30, IPPROTO_IPV6, IPV6_V6ONLY, INT, 0},
    {IPPROTO_TCP, 1, IPPROTO_TCP, TCP_NODELAY, INT, 0},
    {IPPROTO_TCP, 2, IPPROTO_TCP, TCP_MAXSEG, INT, 0},
    {IPPROTO_TCP, 4, IPPROTO_TCP, TCP_CORK, INT, 0},
};

static const struct option *find(int32_t level, int32_t name)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (options[i].level == level && options[i].name == name)
            return &options[i];
    return NULL;
}

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

/* A value's bytes as the guest has them. */
struct value {
    uint8_t bytes[OPTION_MAX];
    uint32_t size;
};

static int32_t get_time(int fd, const struct option *option,
                        struct value *value)
{
    struct timeval time;
    socklen_t size = sizeof(time);

    if (getsockopt(fd, option->host_level, option->host_name, &time, &size) < 0)
        return hk_status_from_errno(errno);
    hk_put32(value->bytes, (uint32_t)time.tv_sec);
    hk_put32(value->bytes + 4, (uint32_t)time.tv_usec);
    value->size = 8;
    return HK_B_OK;
}

static int32_t get_int(int fd, const struct option *option, struct value *value)
{
    int number = 0;
    socklen_t size = sizeof(number);

    if (option->kind == NONBLOCK)
        number = (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    else if (getsockopt(fd, option->host_level, option->host_name, &number,
                        &size) < 0)
        return hk_status_from_errno(errno);
    if (option->kind == ERROR)
        number = hk_status_from_errno(number);
    hk_put32(value->bytes, (uint32_t)number);
    value->size = 4;
    return HK_B_OK;
}

static int32_t get_value(int fd, const struct option *option,
                         struct value *value)
{
    socklen_t size = option->size;
    int32_t status;

    switch (option->kind) {
    case TIME:
        return get_time(fd, option, value);
    case RAW:
        status = result_of(getsockopt(fd, option->host_level, option->host_name,
                                      value->bytes, &size));
        value->size = size;
        return status;
    case INT:
    case SMALL:
    case ERROR:
    case NONBLOCK:
        break;
    }
    return get_int(fd, option, value);
}

int64_t hk_sys_getsockopt(struct hk_thread *self, int32_t socket, int32_t level,
                          int32_t option, gm_addr value, gm_addr length)
{
    const struct option *row = find(level, option);
    struct value found = {.size = 0};
    struct hk_file *file;
    uint8_t raw[4];
    uint32_t room;
    int32_t status;

    if (value == 0 || length == 0)
        return HK_B_BAD_VALUE;
    if (value >= HK_USER_LIMIT ||
        hk_read_user(self, raw, length, sizeof(raw)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    room = hk_get32(raw);
    if (room > OPTION_MAX)
        return HK_B_BAD_VALUE;
    status = hk_socket_get(self, socket, &file);
    if (status != HK_B_OK)
        return status;
    status =
        row == NULL ? HK_ENOPROTOOPT : get_value(file->node.fd, row, &found);
    hk_file_put(file);
    if (status != HK_B_OK)
        return status;
    if (found.size > room)
        found.size = room;
    hk_put32(raw, found.size);
    if (hk_write_user(self, length, raw, sizeof(raw)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, value, found.bytes, found.size);
}

static int32_t set_time(int fd, const struct option *option,
                        const struct value *value)
{
    struct timeval time;

    if (value->size != 8)
        return HK_B_BAD_VALUE;
    time.tv_sec = (int32_t)hk_get32(value->bytes);
    time.tv_usec = (int32_t)hk_get32(value->bytes + 4);
    return result_of(setsockopt(fd, option->host_level, option->host_name,
                                &time, sizeof(time)));
}

static int32_t set_nonblock(int fd, int is_on)
{
    int flags = fcntl(fd, F_GETFL);

    flags = is_on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return result_of(fcntl(fd, F_SETFL, flags));
}

static int32_t set_value(int fd, const struct option *option,
                         const struct value *value)
{
    int number;

    switch (option->kind) {
    case TIME:
        return set_time(fd, option, value);
    case RAW:
        return result_of(setsockopt(fd, option->host_level, option->host_name,
                                    value->bytes, value->size));
    case ERROR:
        return HK_ENOPROTOOPT;
    case INT:
    case SMALL:
    case NONBLOCK:
        break;
    }
    if (value->size != 4 && (option->kind != SMALL || value->size != 1))
        return HK_B_BAD_VALUE;
    number = value->size == 1 ? value->bytes[0] : (int)hk_get32(value->bytes);
    if (option->kind == NONBLOCK)
        return set_nonblock(fd, number != 0);
    return result_of(setsockopt(fd, option->host_level, option->host_name,
                                &number, sizeof(number)));
}

int64_t hk_sys_setsockopt(struct hk_thread *self, int32_t socket, int32_t level,
                          int32_t option, gm_addr value, uint32_t length)
{
    const struct option *row = find(level, option);
    struct value given = {.size = length};
    struct hk_file *file;
    int32_t status;

    if (value == 0 || length > OPTION_MAX)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, given.bytes, value, length) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = hk_socket_get(self, socket, &file);
    if (status != HK_B_OK)
        return status;
    status =
        row == NULL ? HK_ENOPROTOOPT : set_value(file->node.fd, row, &given);
    hk_file_put(file);
    return status;
}
