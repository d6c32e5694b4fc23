/* socket_options.c -- getsockopt and setsockopt. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "bytes.h"
#include "socket.h"
#include "socket_protocol.h"
#include "stat.h"
#include "syscalls.h"

/* How a value looks. */
enum kind {
    INT,      /* 4 bytes, the same on the host */
    FLAG,     /* 4 bytes, 0 or not; kept here where the host does not */
    SMALL,    /* 1 or 4 bytes */
    RAW,      /* so many bytes, the same on the host */
    BUFFER,   /* 4 bytes, of which the host makes twice as many */
    TIME,     /* a timeval of 8 bytes */
    ERROR,    /* an errno */
    USER,     /* process, user and group, 12 bytes */
    NONBLOCK, /* a descriptor's flag on the host */
    LOW_WATER,
    GROUPS, /* 16 bytes: an address of the interface for groups */
    DEVICE  /* 4 bytes: an interface's index, whether there is one or not */
};

/* What may be done with it. */
enum access { READ = 1, WRITE = 2, BOTH = READ | WRITE };

struct option {
    int32_t level, name; /* haiku-abi/structs.md, "Sockets" */
    int host_level, host_name;
    enum kind kind;
    uint32_t size; /* of a RAW value */
    enum access access;
    unsigned protocols; /* enum hk_protocol */
    int32_t refusal;    /* to others, and of another access */
};

enum { GUEST_SOL_SOCKET = -1, OPTION_MAX = 128 };
enum { IPV4 = HK_TCP | HK_DATAGRAM, IPV6 = HK_TCP6 | HK_DATAGRAM6 };

#define SOCKET(name, host, kind, access)                                       \
    {                                                                          \
        GUEST_SOL_SOCKET, name, SOL_SOCKET, host, kind, 0, access,             \
            HK_ANY_PROTOCOL, HK_ENOPROTOOPT                                    \
    }
#define IP(name, host, kind, size, access, protocols, refusal)                 \
    {                                                                          \
        IPPROTO_IP, name, IPPROTO_IP, host, kind, size, access, protocols,     \
            refusal                                                            \
    }
#define IP6(name, host, kind, size, access, refusal)                           \
    {                                                                          \
        IPPROTO_IPV6, name, IPPROTO_IPV6, host, kind, size, access, IPV6,      \
            refusal                                                            \
    }

static const struct option options[] = {
    SOCKET(0x1, SO_ACCEPTCONN, INT, READ),
    SOCKET(0x2, SO_BROADCAST, FLAG, BOTH),
    SOCKET(0x4, SO_DEBUG, FLAG, BOTH),
    SOCKET(0x8, SO_DONTROUTE, FLAG, BOTH),
    SOCKET(0x10, SO_KEEPALIVE, FLAG, BOTH),
    SOCKET(0x20, SO_OOBINLINE, FLAG, BOTH),
    SOCKET(0x40, SO_REUSEADDR, FLAG, BOTH),
    SOCKET(0x80, SO_REUSEPORT, FLAG, BOTH),
    SOCKET(0x100, 0, FLAG, BOTH), /* SO_USELOOPBACK */
    {GUEST_SOL_SOCKET, 0x200, SOL_SOCKET, SO_LINGER, RAW, 8, WRITE,
     HK_ANY_PROTOCOL, HK_ENOPROTOOPT},
    SOCKET(0x40000001, SO_SNDBUF, BUFFER, BOTH),
    SOCKET(0x40000002, 0, LOW_WATER, BOTH), /* SO_SNDLOWAT */
    SOCKET(0x40000003, SO_SNDTIMEO, TIME, BOTH),
    SOCKET(0x40000004, SO_RCVBUF, BUFFER, BOTH),
    SOCKET(0x40000005, SO_RCVLOWAT, INT, BOTH),
    SOCKET(0x40000006, SO_RCVTIMEO, TIME, BOTH),
    SOCKET(0x40000007, SO_ERROR, ERROR, READ),
    SOCKET(0x40000008, SO_TYPE, INT, READ),
    SOCKET(0x40000009, 0, NONBLOCK, BOTH),
    SOCKET(0x4000000a, SO_BINDTOIFINDEX, DEVICE, WRITE),
    {GUEST_SOL_SOCKET, 0x4000000b, SOL_SOCKET, SO_PEERCRED, USER, 0, READ,
     HK_LOCAL, HK_ENOPROTOOPT},
    IP(2, IP_HDRINCL, INT, 0, BOTH, IPV4, HK_ENOPROTOOPT),
    IP(3, IP_TOS, INT, 0, BOTH, IPV4, HK_ENOPROTOOPT),
    IP(4, IP_TTL, INT, 0, BOTH, IPV4, HK_ENOPROTOOPT),
    IP(9, IP_MULTICAST_IF, RAW, 4, BOTH, HK_DATAGRAM, HK_B_NOT_SUPPORTED),
    IP(10, IP_MULTICAST_TTL, SMALL, 0, BOTH, HK_DATAGRAM, HK_B_NOT_SUPPORTED),
    IP(11, IP_MULTICAST_LOOP, SMALL, 0, BOTH, HK_DATAGRAM, HK_B_NOT_SUPPORTED),
    IP(12, IP_ADD_MEMBERSHIP, RAW, 8, WRITE, HK_DATAGRAM, HK_B_NOT_SUPPORTED),
    IP(13, IP_DROP_MEMBERSHIP, RAW, 8, WRITE, HK_DATAGRAM, HK_B_NOT_SUPPORTED),
    IP6(24, IPV6_MULTICAST_IF, GROUPS, 16, WRITE, HK_ENOPROTOOPT),
    IP6(25, IPV6_MULTICAST_HOPS, INT, 0, BOTH, HK_ENOPROTOOPT),
    IP6(26, 0, INT, 0, 0, HK_B_NOT_SUPPORTED), /* IPV6_MULTICAST_LOOP */
    IP6(27, IPV6_UNICAST_HOPS, INT, 0, BOTH, HK_ENOPROTOOPT),
    IP6(28, IPV6_JOIN_GROUP, RAW, 20, WRITE, HK_B_NOT_SUPPORTED),
    IP6(29, IPV6_LEAVE_GROUP, RAW, 20, WRITE, HK_B_NOT_SUPPORTED),
    IP6(30, 0, INT, 0, 0, HK_B_NOT_SUPPORTED), /* IPV6_V6ONLY */
    IP6(32, IPV6_RECVPKTINFO, INT, 0, BOTH, HK_ENOPROTOOPT),
    IP6(34, IPV6_RECVHOPLIMIT, INT, 0, BOTH, HK_ENOPROTOOPT),
    {IPPROTO_TCP, 1, IPPROTO_TCP, TCP_NODELAY, INT, 0, BOTH, HK_ANY_TCP,
     HK_ENOPROTOOPT},
    {IPPROTO_TCP, 2, IPPROTO_TCP, TCP_MAXSEG, INT, 0, READ, HK_ANY_TCP,
     HK_B_BAD_VALUE},
};

#undef SOCKET
#undef IP
#undef IP6

/* The row of an option that a socket has, or NULL and why it has not. */
static const struct option *find(struct hk_file *file, int32_t level,
                                 int32_t name, enum access access,
                                 int32_t *status)
{
    unsigned protocol = hk_socket_protocol(file);

    *status = level == IPPROTO_TCP && protocol & HK_ANY_TCP ? HK_B_BAD_VALUE
                                                            : HK_ENOPROTOOPT;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const struct option *option = &options[i];

        if (option->level != level || option->name != name)
            continue;
        if (option->protocols & protocol && option->access & access)
            return option;
        if (level == GUEST_SOL_SOCKET || !(protocol & HK_LOCAL))
            *status = option->refusal;
        break;
    }
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

/* Of SOL_SOCKET alone. The host may have no such option, or not for all: of
 * SO_REUSEPORT for local sockets, of SO_DEBUG for all users. */
static int get_flag(struct hk_file *file, const struct option *option)
{
    int number = 0;
    socklen_t size = sizeof(number);

    if (option->host_name != 0 &&
        getsockopt(file->node.fd, SOL_SOCKET, option->host_name, &number,
                   &size) < 0)
        number = 0;
    return number != 0 ||
           atomic_load_explicit(&file->options, memory_order_relaxed) &
               (uint32_t)option->name;
}

static void set_flag(struct hk_file *file, const struct option *option,
                     int is_on)
{
    uint32_t name = (uint32_t)option->name;
    int is_kept = option->host_name == 0 ||
                  setsockopt(file->node.fd, SOL_SOCKET, option->host_name,
                             &is_on, sizeof(is_on)) < 0;

    if (is_on && is_kept)
        atomic_fetch_or_explicit(&file->options, name, memory_order_relaxed);
    else
        atomic_fetch_and_explicit(&file->options, ~name, memory_order_relaxed);
}

/* The host gives a connection of TCP these and more, a local one none. */
void hk_socket_inherit(struct hk_file *file, struct hk_file *listening)
{
    enum { KEPT = 0x38 }; /* SO_DONTROUTE, SO_KEEPALIVE, SO_OOBINLINE */
    static const int kept[] = {SO_LINGER, SO_RCVLOWAT, SO_RCVTIMEO,
                               SO_SNDTIMEO};

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const struct option *option = &options[i];

        if (option->kind == FLAG && option->name & KEPT)
            set_flag(file, option, get_flag(listening, option));
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        struct timeval value; /* no value is larger */
        socklen_t size = sizeof(value);

        if (getsockopt(listening->node.fd, SOL_SOCKET, kept[i], &value,
                       &size) == 0)
            setsockopt(file->node.fd, SOL_SOCKET, kept[i], &value, size);
    }
    atomic_store(&file->send_low_water,
                 atomic_load(&listening->send_low_water));
}

static int32_t get_int(struct hk_file *file, const struct option *option,
                       struct value *value)
{
    int fd = file->node.fd;
    int number = 0;
    socklen_t size = sizeof(number);

    if (option->kind == LOW_WATER)
        number = (int)(atomic_load(&file->send_low_water) ^ 1);
    else if (option->kind == NONBLOCK)
        number = (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    else if (option->kind == FLAG)
        number = get_flag(file, option);
    else if (getsockopt(fd, option->host_level, option->host_name, &number,
                        &size) < 0)
        return hk_status_from_errno(errno);
    if (option->kind == ERROR)
        number = number != 0 ? hk_status_from_errno(number)
                             : hk_socket_take_error(file);
    if (option->kind == BUFFER)
        number /= 2;
    hk_put32(value->bytes, (uint32_t)number);
    value->size = 4;
    return HK_B_OK;
}

/* Who was at the other end when the connection was made. */
static int32_t get_user(const struct hk_thread *self, struct hk_file *file,
                        struct value *value)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct ucred host;
    socklen_t size = sizeof(host);
    int32_t status;

    if (!(hk_socket_protocol(file) & HK_CONNECTED))
        return HK_B_NOT_SUPPORTED;
    status = hk_socket_check_connection(file);
    if (status != HK_B_OK)
        return status;
    if (getsockopt(file->node.fd, SOL_SOCKET, SO_PEERCRED, &host, &size) < 0)
        return hk_status_from_errno(errno);
    hk_put32(value->bytes, (uint32_t)host.pid);
    hk_put32(value->bytes + 4, hk_guest_id(host.uid, vfs->user));
    hk_put32(value->bytes + 8, hk_guest_id(host.gid, vfs->group));
    value->size = 12;
    return HK_B_OK;
}

static int32_t get_value(const struct hk_thread *self, struct hk_file *file,
                         const struct option *option, struct value *value)
{
    socklen_t size = option->size;
    int fd = file->node.fd;
    int32_t status;

    switch (option->kind) {
    case TIME:
        return get_time(fd, option, value);
    case USER:
        return get_user(self, file, value);
    case RAW:
        status = result_of(getsockopt(fd, option->host_level, option->host_name,
                                      value->bytes, &size));
        value->size = size;
        return status;
    case INT:
    case FLAG:
    case SMALL:
    case BUFFER:
    case ERROR:
    case NONBLOCK:
    case LOW_WATER:
    case GROUPS:
    case DEVICE:
        break;
    }
    return get_int(file, option, value);
}

/* Whether there is room for a value. Numbers of SOL_SOCKET are told whatever
 * the room, those of protocols only into as much as they take. */
static int is_room(const struct option *option, uint32_t room)
{
    switch (option->kind) {
    case TIME:
        return room >= 8;
    case USER:
        return room >= 12;
    case RAW:
        return room == option->size;
    case SMALL:
        return room == 1 || room == 4;
    case INT:
    case FLAG:
    case BUFFER:
    case ERROR:
    case NONBLOCK:
    case LOW_WATER:
    case GROUPS:
    case DEVICE:
        break;
    }
    return option->level == GUEST_SOL_SOCKET || room == 4;
}

/* The length stays what the caller said, as on Haiku. */
int64_t hk_sys_getsockopt(struct hk_thread *self, int32_t socket, int32_t level,
                          int32_t option, gm_addr value, gm_addr length)
{
    const struct option *row;
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
    row = find(file, level, option, READ, &status);
    if (row != NULL)
        status = is_room(row, room) ? get_value(self, file, row, &found)
                                    : HK_B_BAD_VALUE;
    hk_file_put(file);
    if (status != HK_B_OK)
        return status;
    if (row->kind == SMALL)
        found.size = room;
    return hk_write_user(self, value, found.bytes, found.size);
}

static int32_t set_time(int fd, const struct option *option,
                        const struct value *value)
{
    struct timeval time;

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

/* Whether a value has the right length. */
static int is_size(const struct option *option, uint32_t size)
{
    switch (option->kind) {
    case TIME:
        return size == 8;
    case RAW:
        return option->level == GUEST_SOL_SOCKET ? size >= option->size
                                                 : size == option->size;
    case GROUPS:
        return size == option->size;
    case SMALL:
        return size == 1 || size == 4;
    case INT:
    case FLAG:
    case BUFFER:
    case ERROR:
    case USER:
    case NONBLOCK:
    case LOW_WATER:
    case DEVICE:
        break;
    }
    return size == 4;
}

/* The index of the host's interface that has an address; 0: none. */
static unsigned interface_with(const struct in6_addr *address)
{
    struct ifaddrs *list, *at;
    unsigned index = 0;

    if (getifaddrs(&list) != 0)
        return 0;
    for (at = list; at != NULL && index == 0; at = at->ifa_next) {
        const struct sockaddr_in6 *found = (const void *)at->ifa_addr;

        if (found != NULL && found->sin6_family == AF_INET6 &&
            IN6_ARE_ADDR_EQUAL(&found->sin6_addr, address))
            index = if_nametoindex(at->ifa_name);
    }
    freeifaddrs(list);
    return index;
}

/* An address of zeroes: none any more. */
static int32_t set_groups(int fd, const struct option *option,
                          const struct value *value)
{
    struct in6_addr address;
    unsigned index = 0;

    memcpy(&address, value->bytes, sizeof(address));
    if (!IN6_IS_ADDR_UNSPECIFIED(&address)) {
        index = interface_with(&address);
        if (index == 0)
            return HK_EADDRNOTAVAIL;
    }
    return result_of(setsockopt(fd, option->host_level, option->host_name,
                                &index, sizeof(index)));
}

static int32_t set_value(struct hk_file *file, const struct option *option,
                         const struct value *value)
{
    int fd = file->node.fd;
    int number;

    if (!is_size(option, value->size))
        return HK_B_BAD_VALUE;
    if (option->kind == TIME)
        return set_time(fd, option, value);
    if (option->kind == RAW)
        return result_of(setsockopt(fd, option->host_level, option->host_name,
                                    value->bytes, option->size));
    if (option->kind == GROUPS)
        return set_groups(fd, option, value);
    number = value->size == 1 ? value->bytes[0] : (int)hk_get32(value->bytes);
    if (option->kind == NONBLOCK)
        return set_nonblock(fd, number != 0);
    if (option->kind == FLAG) {
        set_flag(file, option, number != 0);
        return HK_B_OK;
    }
    if (option->kind == LOW_WATER) {
        atomic_store(&file->send_low_water, (unsigned)number ^ 1);
        return HK_B_OK;
    }
    if (option->kind == DEVICE) {
        setsockopt(fd, option->host_level, option->host_name, &number,
                   sizeof(number));
        return HK_B_OK;
    }
    return result_of(setsockopt(fd, option->host_level, option->host_name,
                                &number, sizeof(number)));
}

int64_t hk_sys_setsockopt(struct hk_thread *self, int32_t socket, int32_t level,
                          int32_t option, gm_addr value, uint32_t length)
{
    const struct option *row;
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
    row = find(file, level, option, WRITE, &status);
    if (row != NULL)
        status = set_value(file, row, &given);
    hk_file_put(file);
    return status;
}
