/* sockets.c -- pairs, local sockets, the internet's on this host alone. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

enum { AF_INET = 1, AF_UNIX = 9, SOCK_STREAM = 1, SOCK_DGRAM = 2 };
enum { SHUT_WR = 1, MSG_PEEK = 2, MSG_TRUNC = 0x10, MSG_DONTWAIT = 0x80 };
enum { SOL_SOCKET = -1, SO_TYPE = 0x40000008, SO_ERROR = 0x40000007 };
enum { SO_DONTROUTE = 8, SO_KEEPALIVE = 0x10, SO_OOBINLINE = 0x20 };
enum { SO_REUSEADDR = 0x40, SO_REUSEPORT = 0x80, SO_USELOOPBACK = 0x100 };
enum { SO_SNDLOWAT = 0x40000002 };
enum { AF_INET6 = 5, IPPROTO_IPV6 = 41, IPV6_MULTICAST_IF = 24 };
enum { POLLIN = 1 };

struct address_unix {
    uint8_t length, family;
    char path[126];
};

struct address_inet {
    uint8_t length, family;
    uint16_t port;
    uint8_t address[4], zero[24];
};

struct poll {
    int32_t fd;
    int16_t events, revents;
};

static void pairs(void)
{
    int32_t ends[2];
    char text[16] = "";
    struct poll poll;
    long count;

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_recv, ends[0], text, 1, MSG_DONTWAIT),
                 HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_send, ends[1], "hello", 5, 0), 5);
    poll = (struct poll){ends[0], POLLIN, 0};
    CHECK_STATUS(sys(SYS_poll, &poll, 1, 1000000LL, (void *)0), 1);
    CHECK(poll.revents == POLLIN);
    CHECK_STATUS(sys(SYS_recv, ends[0], text, 2, MSG_PEEK), HK_B_NOT_SUPPORTED);
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, text, sizeof(text)), 5);
    CHECK(strcmp(text, "hello") == 0);
    CHECK_STATUS(sys(SYS_write, ends[0], NO_POSITION, "back", 4), 4);
    CHECK_STATUS(sys(SYS_shutdown_socket, ends[0], SHUT_WR), HK_B_OK);
    for (size_t got = 0; got < 4; got += (size_t)count) {
        count = sys(SYS_recv, ends[1], text, 4, 0);
        CHECK(count > 0);
        if (count <= 0)
            break;
    }
    CHECK_STATUS(sys(SYS_recv, ends[1], text, 4, 0), 0);
    sys(SYS_close, ends[0]);
    poll = (struct poll){ends[1], POLLIN, 0}; /* there is no POLLHUP */
    CHECK_STATUS(sys(SYS_poll, &poll, 1, 1000000LL, (void *)0), 1);
    CHECK(poll.revents == POLLIN);
    poll = (struct poll){ends[1], 0, 0}; /* nor to wait for */
    CHECK_STATUS(sys(SYS_poll, &poll, 1, 10000LL, (void *)0), 0);
    CHECK(poll.revents == 0);
    sys(SYS_close, ends[1]);
    CHECK_STATUS(sys(SYS_socketpair, 77, SOCK_STREAM, 0, ends),
                 HK_EAFNOSUPPORT);
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
}

/* What the other end leaves unread is an error on the host; to select it is an
 * end like any other, and nothing to wait for. */
static void selected(void)
{
    uint32_t reads[8] = {0}, errors[8] = {0};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_send, ends[1], "x", 1, 0), 1);
    sys(SYS_close, ends[0]);
    errors[ends[1] / 32] = 1u << ends[1] % 32;
    CHECK_STATUS(sys(SYS_select, ends[1] + 1, (void *)0, (void *)0, errors,
                     10000LL, (void *)0),
                 0);
    CHECK(errors[ends[1] / 32] == 0);
    reads[ends[1] / 32] = 1u << ends[1] % 32;
    CHECK_STATUS(sys(SYS_select, ends[1] + 1, reads, (void *)0, (void *)0,
                     1000000LL, (void *)0),
                 1);
    CHECK(reads[ends[1] / 32] == 1u << ends[1] % 32);
    sys(SYS_close, ends[1]);
}

/* A server that answers one client with what it sent, twice. */
static void serve(long listening)
{
    char text[16];
    struct address_unix address;
    uint32_t length = sizeof(address);
    long client = sys(SYS_accept, listening, &address, &length);
    long count = sys(SYS_recv, client, text, sizeof(text), 0);

    sys(SYS_send, client, text, count, 0);
    sys(SYS_send, client, text, count, 0);
    sys(SYS_exit_team, count);
}

static void ask(long fd, const void *address, uint32_t length)
{
    char text[16] = "";
    uint32_t size = 0;
    long count;

    CHECK_STATUS(sys(SYS_connect, fd, address, length), HK_B_OK);
    CHECK_STATUS(sys(SYS_send, fd, "twice", 5, 0), 5);
    while (size < 10 &&
           (count = sys(SYS_recv, fd, text + size, sizeof(text) - size, 0)) > 0)
        size += (uint32_t)count;
    CHECK(strcmp(text, "twicetwice") == 0);
}

static void client_and_server(long listening, long client, const void *address,
                              uint32_t length)
{
    struct siginfo info;
    long child;

    CHECK_STATUS(sys(SYS_listen, listening, 5), HK_B_OK);
    child = fork_team();
    if (child == 0)
        serve(listening);
    sys(SYS_close, listening);
    ask(client, address, length);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 5);
    sys(SYS_close, client);
}

static void local(void)
{
    struct address_unix address = {sizeof(address), AF_UNIX, "socket"};
    long listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    long client = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

    CHECK(listening >= 0 && client >= 0);
    CHECK_STATUS(sys(SYS_connect, client, &address, sizeof(address)),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_bind, listening, &address, sizeof(address)), HK_B_OK);
    client_and_server(listening, client, &address, sizeof(address));
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "socket"), HK_B_OK);
}

static void internet(void)
{
    struct address_inet address = {
        sizeof(address), AF_INET, 0, {127, 0, 0, 1}, {0}};
    uint32_t length = sizeof(address);
    long listening = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);

    CHECK(listening >= 0);
    CHECK_STATUS(sys(SYS_bind, listening, &address, sizeof(address)), HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockname, listening, &address, &length), HK_B_OK);
    CHECK(address.family == AF_INET && address.port != 0);
    client_and_server(listening, sys(SYS_socket, AF_INET, SOCK_STREAM, 0),
                      &address, sizeof(address));
}

static void options(void)
{
    int32_t value = 0;
    uint32_t length = sizeof(value);
    long fd = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);

    CHECK_STATUS(sys(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &value, &length),
                 HK_B_OK);
    CHECK(value == SOCK_DGRAM && length == 4);
    CHECK_STATUS(sys(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, &value, &length),
                 HK_B_OK);
    CHECK(value == 0);
    CHECK_STATUS(sys(SYS_getsockopt, 99, SOL_SOCKET, SO_TYPE, &value, &length),
                 HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_getsockopt, 0, SOL_SOCKET, SO_TYPE, &value, &length),
                 HK_ENOTSOCK);
    CHECK_STATUS(sys(SYS_send, fd, "x", 1, 0), HK_EDESTADDRREQ);
    CHECK_STATUS(sys(SYS_socket, AF_UNIX, 99, 0), HK_EAFNOSUPPORT);
    sys(SYS_close, fd);
}

/* haiku-abi/structs.md */
struct iovec {
    void *base;
    uint32_t size;
};

struct msghdr {
    void *name;
    uint32_t name_length;
    struct iovec *parts;
    int32_t part_count;
    void *control;
    uint32_t control_length;
    int32_t flags;
};

struct address_inet6 {
    uint8_t length, family;
    uint16_t port;
    uint32_t flow;
    uint8_t address[16];
    uint32_t scope;
};

/* What comes beside a datagram of IPv6, of what was asked for. */
static struct {
    uint32_t length, level, type;
    int32_t hops;
    uint32_t info_length, info_level, info_type;
    uint8_t address[16];
    uint32_t interface;
} beside;

static long receive_beside(long fd, uint32_t room, uint32_t *told)
{
    char text[16] = "";
    struct iovec whole = {text, sizeof(text)};
    struct msghdr found = {0, 0, &whole, 1, &beside, room, 0};
    long size = sys(SYS_recvmsg, fd, &found, 0);

    *told = found.control_length;
    CHECK(size < 0 || memcmp(text, "datagram", 8) == 0);
    return size;
}

static void packet_info(void)
{
    enum { RECVPKTINFO = 32, RECVHOPLIMIT = 34, PKTINFO = 31, HOPLIMIT = 33 };
    struct address_inet6 address = {sizeof(address), AF_INET6, 0, 0, {0}, 0};
    uint32_t length = sizeof(address), told = 99;
    long fd = sys(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
    int32_t on = 1;

    address.address[15] = 1;
    if (sys(SYS_bind, fd, &address, sizeof(address)) != HK_B_OK)
        return; /* the host has no IPv6 */
    sys(SYS_getsockname, fd, &address, &length);
    for (int i = 0; i < 5; i++)
        CHECK_STATUS(
            sys(SYS_sendto, fd, "datagram", 8, 0, &address, sizeof(address)),
            8);
    CHECK_STATUS(receive_beside(fd, sizeof(beside), &told), 8);
    CHECK(told == 0);
    CHECK_STATUS(
        sys(SYS_setsockopt, fd, IPPROTO_IPV6, RECVHOPLIMIT, &on, sizeof(on)),
        HK_B_OK);
    CHECK_STATUS(receive_beside(fd, sizeof(beside), &told), 8);
    CHECK(told == 16 && beside.length == 16 && beside.level == IPPROTO_IPV6);
    CHECK(beside.type == HOPLIMIT && beside.hops > 0 && beside.hops < 256);
    CHECK_STATUS(
        sys(SYS_setsockopt, fd, IPPROTO_IPV6, RECVPKTINFO, &on, sizeof(on)),
        HK_B_OK);
    CHECK_STATUS(receive_beside(fd, sizeof(beside), &told), 8);
    CHECK(told == 48 && beside.type == HOPLIMIT && beside.info_length == 32);
    CHECK(beside.info_level == IPPROTO_IPV6 && beside.info_type == PKTINFO);
    CHECK(memcmp(beside.address, address.address, 16) == 0);
    CHECK(beside.interface != 0);
    CHECK_STATUS(receive_beside(fd, 47, &told), HK_B_NO_MEMORY);
    on = 0;
    CHECK_STATUS(
        sys(SYS_setsockopt, fd, IPPROTO_IPV6, RECVHOPLIMIT, &on, sizeof(on)),
        HK_B_OK);
    CHECK_STATUS(receive_beside(fd, 32, &told), 8);
    CHECK(told == 32 && beside.type == PKTINFO);
    length = sizeof(on);
    CHECK_STATUS(
        sys(SYS_getsockopt, fd, IPPROTO_IPV6, RECVPKTINFO, &on, &length),
        HK_B_OK);
    CHECK(on == 1);
    sys(SYS_close, fd);
}

/* Datagrams between two sockets of this host. */
static void datagrams(void)
{
    struct address_inet address = {
        sizeof(address), AF_INET, 0, {127, 0, 0, 1}, {0}};
    struct address_inet from = {0};
    uint32_t length = sizeof(address);
    char text[16] = "";
    struct iovec parts[] = {{"two ", 4}, {"parts", 5}}, whole = {text, 16};
    struct msghdr message = {&address, sizeof(address), parts, 2, 0, 0, 0};
    struct msghdr found = {0, 0, &whole, 1, 0, 0, 0};
    long to = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    long fd = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);

    CHECK_STATUS(sys(SYS_bind, to, &address, sizeof(address)), HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockname, to, &address, &length), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_sendto, fd, "datagram", 8, 0, &address, sizeof(address)), 8);
    length = sizeof(from);
    CHECK_STATUS(sys(SYS_recvfrom, to, text, sizeof(text), 0, &from, &length),
                 8);
    CHECK(memcmp(text, "datagram", 8) == 0 && from.family == AF_INET);
    CHECK_STATUS(sys(SYS_sendmsg, fd, &message, 0), 9);
    CHECK_STATUS(sys(SYS_recvmsg, to, &found, 0), 9);
    CHECK(memcmp(text, "two parts", 9) == 0);
    /* What has no room is lost, and told by who asks for it. */
    CHECK_STATUS(sys(SYS_sendmsg, fd, &message, 0), 9);
    CHECK_STATUS(
        sys(SYS_recvfrom, to, text, 3, MSG_PEEK | MSG_TRUNC, &from, &length),
        9);
    CHECK_STATUS(sys(SYS_recvfrom, to, text, 3, MSG_PEEK, &from, &length), 3);
    whole.size = 3;
    CHECK_STATUS(sys(SYS_recvmsg, to, &found, 0), 3);
    CHECK(found.flags == MSG_TRUNC && memcmp(text, "two parts", 9) == 0);
    CHECK_STATUS(
        sys(SYS_sendto, fd, BAD_POINTER, 8, 0, &address, sizeof(address)),
        HK_B_BAD_ADDRESS);
    CHECK_STATUS(
        sys(SYS_sendto, fd, (void *)0, 0, 0, &address, sizeof(address)),
        HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_send, fd, (void *)0, 0, 0), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_sendto, fd, "x", 1, 0, (void *)0, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_sendto, fd, "x", 1, 0, &address, 129), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_recvfrom, to, text, 1, MSG_DONTWAIT, &from, &length),
                 HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_sendmsg, fd, BAD_POINTER, 0), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_recvmsg, to, BAD_POINTER, 0), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_getpeername, fd, &from, &length), HK_ENOTCONN);
    CHECK_STATUS(sys(SYS_connect, fd, &address, sizeof(address)), HK_B_OK);
    length = sizeof(from);
    CHECK_STATUS(sys(SYS_getpeername, fd, &from, &length), HK_B_OK);
    CHECK(from.port == address.port);
    sys(SYS_close, fd);
    sys(SYS_close, to);
}

/* What an option of a local socket is, once it has been set. */
static void flag(int32_t fd, int name)
{
    int32_t value = 7;
    uint32_t length = sizeof(value);

    CHECK_STATUS(sys(SYS_setsockopt, fd, SOL_SOCKET, name, &value, length),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &length),
                 HK_B_OK);
    CHECK(value == 1);
}

/* Also what a connection has of who listened. */
static void flags(void)
{
    static const struct {
        int option, is_kept;
    } rows[] = {{SO_DONTROUTE, 1}, {SO_KEEPALIVE, 1}, {SO_OOBINLINE, 1},
                {SO_REUSEADDR, 0}, {SO_REUSEPORT, 0}, {SO_USELOOPBACK, 0}};
    struct address_unix address = {sizeof(address), AF_UNIX, "flags"};
    int32_t mark = 77;
    long listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    long client = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    int32_t value = 0;
    uint32_t length = sizeof(value), size = sizeof(address);
    long accepted;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        flag(listening, rows[i].option);
    CHECK_STATUS(sys(SYS_setsockopt, listening, SOL_SOCKET, SO_SNDLOWAT, &mark,
                     sizeof(mark)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_bind, listening, &address, sizeof(address)), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, listening, 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_connect, client, &address, sizeof(address)), HK_B_OK);
    accepted = sys(SYS_accept, listening, &address, &size);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STATUS(sys(SYS_getsockopt, accepted, SOL_SOCKET, rows[i].option,
                         &value, &length),
                     HK_B_OK);
        CHECK((value != 0) == rows[i].is_kept);
    }
    CHECK_STATUS(
        sys(SYS_getsockopt, accepted, SOL_SOCKET, SO_SNDLOWAT, &value, &length),
        HK_B_OK);
    CHECK(value == 77);
    sys(SYS_close, accepted);
    sys(SYS_close, client);
    sys(SYS_close, listening);
    sys(SYS_unlink, -1, "flags");
}

static void marks(void)
{
    int32_t ends[2], on = 1;

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_setsockopt, ends[0], SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_setsockopt, ends[0], SOL_SOCKET, SO_KEEPALIVE,
                     BAD_POINTER, sizeof(on)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_sockatmark, ends[0]), HK_B_UNSUPPORTED);
    CHECK_STATUS(sys(SYS_sockatmark, 99), HK_B_FILE_ERROR);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
}

static void name_of(int call, long fd, struct address_unix *name,
                    uint32_t expected)
{
    uint32_t length = sizeof(*name);

    memset(name, 0x7f, sizeof(*name));
    CHECK_STATUS(sys(call, fd, name, &length), HK_B_OK);
    CHECK_STATUS(length, expected);
}

/* As it was bound, whoever asks; one that connects gets one without a file. */
static void local_names(void)
{
    struct address_unix here = {.family = AF_UNIX, .path = "./here"};
    struct address_unix there = {.family = AF_UNIX, .path = "there"};
    struct address_unix name;
    long one = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    long two = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    uint32_t length = sizeof(name);
    char text[8] = "";
    int32_t ends[2];

    name_of(SYS_getsockname, one, &name, 32);
    CHECK(name.length == 0 && name.family == AF_UNIX && name.path[29] == 0);
    CHECK_STATUS(sys(SYS_bind, one, &here, sizeof(here)), HK_B_OK);
    name_of(SYS_getsockname, one, &name, 9);
    CHECK_STATUS(sys(SYS_sendto, two, "none", 4, 0, &here, sizeof(here)), 4);
    CHECK_STATUS(sys(SYS_recvfrom, one, text, 8, 0, &name, &length), 4);
    CHECK(length == 8 && name.path[0] == 0 && name.path[1] != 0);
    CHECK_STATUS(sys(SYS_sendto, one, "back", 4, 0, &name, 8), 4);
    CHECK_STATUS(sys(SYS_recv, two, text, 8, 0), 4);
    CHECK_STATUS(sys(SYS_bind, two, &there, sizeof(there)), HK_B_BAD_VALUE);
    sys(SYS_close, two);
    two = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    CHECK_STATUS(sys(SYS_bind, two, &there, sizeof(there)), HK_B_OK);
    CHECK_STATUS(sys(SYS_sendto, two, "some", 4, 0, &here, sizeof(here)), 4);
    length = sizeof(name);
    CHECK_STATUS(sys(SYS_recvfrom, one, text, 8, 0, &name, &length), 4);
    CHECK(length == 8 && name.length == 8 && strcmp(name.path, "there") == 0);
    CHECK_STATUS(sys(SYS_sendto, one, "back", 4, 0, &name, length), 4);
    CHECK_STATUS(sys(SYS_recv, two, text, 8, 0), 4);
    sys(SYS_close, two);
    two = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    CHECK_STATUS(sys(SYS_connect, two, &here, sizeof(here)), HK_B_OK);
    name_of(SYS_getpeername, two, &name, 9);
    CHECK(strcmp(name.path, "./here") == 0);
    name_of(SYS_getsockname, two, &name, 8);
    CHECK(name.length == 8 && name.path[0] == 0 && name.path[1] != 0);
    CHECK_STATUS(sys(SYS_sendto, one, "back", 4, 0, &name, 8), 4);
    CHECK_STATUS(sys(SYS_recv, two, text, 8, 0), 4);
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    name_of(SYS_getsockname, ends[0], &name, 8);
    name_of(SYS_getpeername, ends[0], &name, 8);
    for (int i = 0; i < 2; i++)
        sys(SYS_close, ends[i]);
    sys(SYS_close, one);
    sys(SYS_close, two);
}

/* Sockets of the same file name in two directories. */
static void same_names(void)
{
    struct address_unix names[2] = {{.family = AF_UNIX, .path = "a/socket"},
                                    {.family = AF_UNIX, .path = "b/socket"}};
    struct address_unix name;
    long fds[2];

    for (int i = 0; i < 2; i++) {
        sys(SYS_create_dir, -1, i == 0 ? "a" : "b", 0700);
        fds[i] = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
        CHECK_STATUS(sys(SYS_bind, fds[i], &names[i], sizeof(names[i])),
                     HK_B_OK);
    }
    for (int i = 0; i < 2; i++) {
        name_of(SYS_getsockname, fds[i], &name, 11);
        CHECK(strcmp(name.path, names[i].path) == 0);
        sys(SYS_close, fds[i]);
    }
}

/* What the host has no option for is kept, and the interface for groups is
 * told by an address. */
static void kept_options(void)
{
    static const struct {
        int32_t option, first, set;
    } rows[] = {{4, 0, 4}, {0x100, 0, 1}, {0x40000002, 1, 4096}};
    long fd = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    long inet6 = sys(SYS_socket, AF_INET6, SOCK_DGRAM, 0);
    uint32_t length = 4, address[4] = {0};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t option = rows[i].option, value = rows[i].set;
        int32_t now = option < 0x1000 ? value != 0 : value;

        CHECK_STATUS(
            sys(SYS_setsockopt, fd, SOL_SOCKET, option, &value, sizeof(value)),
            HK_B_OK);
        value = -1;
        CHECK_STATUS(
            sys(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &length),
            HK_B_OK);
        CHECK_STATUS(value, now);
        value = rows[i].first;
        CHECK_STATUS(
            sys(SYS_setsockopt, fd, SOL_SOCKET, option, &value, sizeof(value)),
            HK_B_OK);
        sys(SYS_getsockopt, fd, SOL_SOCKET, option, &value, &length);
        CHECK_STATUS(value, rows[i].first);
    }
    CHECK_STATUS(
        sys(SYS_setsockopt, inet6, IPPROTO_IPV6, IPV6_MULTICAST_IF, address, 4),
        HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_setsockopt, inet6, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                     address, sizeof(address)),
                 HK_B_OK);
    address[0] = 0x20; /* nobody's */
    CHECK_STATUS(sys(SYS_setsockopt, inet6, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                     address, sizeof(address)),
                 HK_EADDRNOTAVAIL);
    CHECK_STATUS(sys(SYS_getsockopt, inet6, IPPROTO_IPV6, IPV6_MULTICAST_IF,
                     address, &length),
                 HK_ENOPROTOOPT);
    sys(SYS_close, fd);
    sys(SYS_close, inet6);
}

/* struct net_stat */
struct stat {
    int32_t family, type, protocol;
    char state[32];
    int32_t owner;
    union {
        struct address_inet inet;
        struct address_unix local;
        uint8_t bytes[128];
    } address, peer;
    uint32_t receiving, sending;
};
_Static_assert(offsetof(struct stat, owner) == 44, "");
_Static_assert(offsetof(struct stat, peer) == 176, "");
_Static_assert(sizeof(struct stat) == 312, "");

enum { STATS_MAX = 16, IPPROTO_TCP = 6, IPPROTO_UDP = 17 };

/* All that there are; how many. */
static int list(struct stat stats[STATS_MAX])
{
    uint32_t cookie = 0;
    int count = 0;

    while (count < STATS_MAX &&
           sys(SYS_get_next_socket_stat, -1, &cookie, &stats[count]) == HK_B_OK)
        count++;
    CHECK_STATUS(cookie, count);
    return count;
}

/* A child that has connected to address and sent five bytes, and stays. */
static long begin_client(const struct address_inet *address)
{
    int32_t ends[2];
    char byte;
    long child;

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        long fd = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);

        if (sys(SYS_connect, fd, address, sizeof(*address)) != HK_B_OK ||
            sys(SYS_send, fd, "seven", 5, 0) != 5)
            sys(SYS_exit_team, 1);
        sys(SYS_write, ends[1], NO_POSITION, "x", 1);
        for (;;)
            sys(SYS_suspend_thread, sys(SYS_find_thread, (void *)0));
    }
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, &byte, 1), 1);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
    return child;
}

static void wait_for_end(long child)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
}

/* All teams' sockets with what is known of them: netstat. */
static void listed(void)
{
    struct address_inet address = {
        sizeof(address), AF_INET, 0, {127, 0, 0, 1}, {0}};
    struct address_unix name = {sizeof(name), AF_UNIX, "listed"};
    static struct stat stats[STATS_MAX];
    uint32_t length = sizeof(address), cookie = 0;
    long own = sys(SYS_get_current_team), child, accepted;
    long listening, local, datagram;

    CHECK_STATUS(list(stats), 0);
    listening = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
    CHECK_STATUS(list(stats), 1);
    CHECK(stats[0].family == AF_INET && stats[0].type == SOCK_STREAM);
    CHECK(stats[0].protocol == IPPROTO_TCP && stats[0].owner == own);
    CHECK(strcmp(stats[0].state, "closed") == 0);
    CHECK(stats[0].address.inet.length == 0 && stats[0].peer.inet.length == 0);
    sys(SYS_bind, listening, &address, sizeof(address));
    sys(SYS_listen, listening, 2);
    sys(SYS_getsockname, listening, &address, &length);
    local = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    sys(SYS_bind, local, &name, sizeof(name));
    datagram = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    CHECK_STATUS(
        sys(SYS_sendto, datagram, "x", 1, 0, &address, sizeof(address)), 1);
    CHECK_STATUS(list(stats), 3);
    CHECK(strcmp(stats[0].state, "listen") == 0);
    CHECK(memcmp(stats[0].address.bytes, &address, sizeof(address)) == 0);
    CHECK(stats[1].family == AF_UNIX && stats[1].state[0] == 0);
    CHECK(strcmp(stats[1].address.local.path, "listed") == 0);
    CHECK(stats[2].protocol == IPPROTO_UDP && stats[2].state[0] == 0);
    CHECK(stats[2].address.inet.port != 0);
    /* The child has all of them, and one of its own. */
    child = begin_client(&address);
    accepted = sys(SYS_accept, listening, (void *)0, &length);
    CHECK(accepted >= 0);
    CHECK_STATUS(list(stats), 5);
    CHECK_STATUS(stats[3].owner, child);
    CHECK(strcmp(stats[3].state, "established") == 0);
    CHECK(memcmp(stats[3].peer.bytes, &address, sizeof(address)) == 0);
    CHECK(stats[3].address.inet.port == stats[4].peer.inet.port);
    CHECK(stats[4].owner == own && stats[4].receiving == 5);
    CHECK(strcmp(stats[4].state, "established") == 0);
    /* What the parent closes the child still has, who made it or not. */
    sys(SYS_close, listening);
    sys(SYS_close, local);
    sys(SYS_close, datagram);
    CHECK_STATUS(list(stats), 5);
    CHECK_STATUS(sys(SYS_kill_team, child), HK_B_OK);
    wait_for_end(child);
    CHECK_STATUS(list(stats), 1);
    CHECK(stats[0].receiving == 5 && stats[0].owner == own);
    CHECK(strcmp(stats[0].state, "close-wait") == 0);
    /* A family's are counted, and those before them told. */
    CHECK_STATUS(sys(SYS_get_next_socket_stat, AF_UNIX, &cookie, &stats[0]),
                 HK_B_OK);
    CHECK(cookie == 1 && stats[0].family == AF_INET);
    CHECK_STATUS(sys(SYS_get_next_socket_stat, AF_UNIX, &cookie, &stats[0]),
                 HK_B_ENTRY_NOT_FOUND);
    sys(SYS_close, accepted);
    sys(SYS_unlink, -1, "listed");
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    listed(); /* in the order that they were made in */
    pairs();
    selected();
    local();
    internet();
    options();
    datagrams();
    packet_info();
    flags();
    marks();
    local_names();
    same_names();
    kept_options();
    print("sockets checked\n");
    return 0;
}
