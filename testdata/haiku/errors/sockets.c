/* sockets.c -- how calls of sockets fail: local ones, and of this host. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { AF_UNSPEC = 0, AF_INET = 1, AF_INET6 = 5, AF_UNIX = 9, NO_FAMILY = 77 };
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_SEQPACKET = 5, NO_TYPE = 77 };
enum { SOL_SOCKET = -1, SO_ACCEPTCONN = 1, SO_KEEPALIVE = 0x10 };
enum { SO_LINGER = 0x200, SO_SNDBUF = 0x40000001, SO_SNDTIMEO = 0x40000003 };
enum { SO_RCVTIMEO = 0x40000006, SO_ERROR = 0x40000007, SO_TYPE = 0x40000008 };
enum { SO_PEERCRED = 0x4000000b, NO_LEVEL = 77, NO_OPTION = 0x7777 };
enum { IPPROTO_IP = 0, IP_TTL = 4, IP_MULTICAST_TTL = 10 };
enum { IP_ADD_MEMBERSHIP = 12, IPPROTO_TCP = 6, TCP_NODELAY = 1 };
enum { TCP_MAXSEG = 2, IPPROTO_IPV6 = 41, IPV6_V6ONLY = 30 };
enum { MSG_OOB = 1, MSG_PEEK = 2, MSG_TRUNC = 0x10, MSG_WAITALL = 0x40 };
enum { MSG_DONTWAIT = 0x80, NO_HOW = 7, STORAGE = 128, OPTION_MAX = 128 };
enum { SHUT_WR = 1, FIONREAD = 0xbe000001, NO_IOCTL = 0x7777 };

struct message {
    void *name;
    uint32_t name_length;
    void *vectors;
    int32_t vector_count;
    void *control;
    uint32_t control_length;
    int32_t flags;
};

struct vector {
    void *base;
    uint32_t length;
};

static long listening, unbound, datagrams, file;
static long server, client, unconnected; /* of TCP */
static int32_t pair[2];
static char data[1024], large_data[66000];
static uint8_t address[STORAGE + 1];
static uint32_t length = STORAGE;
static const uint8_t listening_at[32] = {32, AF_UNIX, 's', 'o', 'c', 'k'};
static const uint8_t nowhere[32] = {32, AF_UNIX, 'n', 'o', 'n', 'e'};
static const uint8_t a_file[32] = {32, AF_UNIX, 'f', 'i', 'l', 'e'};
static const uint8_t no_name[32] = {32, AF_UNIX};
static const uint8_t any_name[128] = {128, AF_UNIX};
static const uint8_t bad_name[32] = {32, AF_UNIX, 0, 'n', 'a', 'm', 'e', '1'};
static const uint8_t no_family[32] = {32, NO_FAMILY};
static const uint8_t nobody[32] = {32, AF_UNSPEC};
static uint8_t long_name[128],
    server_at[32] = {32, AF_INET, 0, 0, 127, 0, 0, 1};
static const int32_t on = 1;
static const uint8_t this_host[32] = {32, AF_INET, 0, 1, 127, 0, 0, 1};
static const uint8_t other_host[32] = {32, AF_INET, 0, 0, 192, 0, 2, 1};

static void make_sockets(void)
{
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair), HK_B_OK);
    listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CHECK_STATUS(sys(SYS_bind, listening, listening_at, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, listening, 1), HK_B_OK);
    unbound = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    datagrams = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    file = sys(SYS_open, AT_FDCWD, "file", O_RDWR | O_CREAT, 0600);
    CHECK(unbound >= 0 && datagrams >= 0 && file >= 0);
    memset(long_name, 'n', sizeof(long_name));
    long_name[1] = AF_UNIX;
}

/* A connection of TCP, and a socket that has none. */
static void make_connection(void)
{
    uint32_t size = sizeof(server_at);
    long at = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);

    unconnected = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
    client = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
    CHECK(at >= 0 && unconnected >= 0 && client >= 0);
    CHECK_STATUS(sys(SYS_bind, at, server_at, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockname, at, server_at, &size), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, at, 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_connect, client, server_at, 32), HK_B_OK);
    server = sys(SYS_accept, at, address, &length);
    CHECK(server >= 0);
    sys(SYS_close, at);
}

static long wait_briefly(long fd, int32_t option)
{
    const struct {
        int32_t seconds, microseconds;
    } time = {0, 20000};

    CHECK_STATUS(sys(SYS_setsockopt, fd, SOL_SOCKET, option, &time, 8),
                 HK_B_OK);
    return fd;
}

/* No descriptor, and one that is not a socket's. */
static void no_sockets(void)
{
    struct message message = {0};

    FAILS(B_FILE_ERROR, bind, NO_FD, listening_at, 32);
    FAILS(B_FILE_ERROR, shutdown_socket, NO_FD, 0);
    FAILS(B_FILE_ERROR, connect, NO_FD, listening_at, 32);
    FAILS(B_FILE_ERROR, listen, NO_FD, 1);
    FAILS(B_FILE_ERROR, accept, NO_FD, address, &length);
    FAILS(B_FILE_ERROR, recv, NO_FD, data, 4, 0);
    FAILS(B_FILE_ERROR, recvfrom, NO_FD, data, 4, 0, address, &length);
    FAILS(B_FILE_ERROR, recvmsg, NO_FD, &message, 0);
    FAILS(B_FILE_ERROR, send, NO_FD, data, 4, 0);
    FAILS(B_FILE_ERROR, sendto, NO_FD, data, 4, 0, this_host, 32);
    FAILS(B_FILE_ERROR, sendmsg, NO_FD, &message, 0);
    FAILS(B_FILE_ERROR, getsockopt, -1, SOL_SOCKET, SO_TYPE, data, &length);
    FAILS(B_FILE_ERROR, setsockopt, -1, SOL_SOCKET, SO_TYPE, data, 4);
    FAILS(B_FILE_ERROR, getpeername, NO_FD, address, &length);
    FAILS(B_FILE_ERROR, getsockname, NO_FD, address, &length);
    FAILS(B_FILE_ERROR, sockatmark, NO_FD);
    FAILS(ENOTSOCK, bind, file, listening_at, 32);
    FAILS(ENOTSOCK, shutdown_socket, file, 0);
    FAILS(ENOTSOCK, connect, file, listening_at, 32);
    FAILS(ENOTSOCK, listen, file, 1);
    FAILS(ENOTSOCK, accept, file, address, &length);
    FAILS(ENOTSOCK, recv, file, data, 4, 0);
    FAILS(ENOTSOCK, recvfrom, file, data, 4, 0, address, &length);
    FAILS(ENOTSOCK, recvmsg, file, &message, 0);
    FAILS(ENOTSOCK, send, file, data, 4, 0);
    FAILS(ENOTSOCK, sendto, file, data, 4, 0, this_host, 32);
    FAILS(ENOTSOCK, sendmsg, file, &message, 0);
    FAILS(ENOTSOCK, getsockopt, file, SOL_SOCKET, SO_TYPE, data, &length);
    FAILS(ENOTSOCK, setsockopt, file, SOL_SOCKET, SO_TYPE, data, 4);
    FAILS(ENOTSOCK, getpeername, file, address, &length);
    FAILS(ENOTSOCK, getsockname, file, address, &length);
    FAILS(ENOTSOCK, sockatmark, file);
}

static void making(void)
{
    FAILS(EAFNOSUPPORT, socket, NO_FAMILY, SOCK_STREAM, 0);
    FAILS(EAFNOSUPPORT, socket, AF_UNIX, NO_TYPE, 0);
    FAILS(EAFNOSUPPORT, socket, AF_INET, SOCK_STREAM, 77);
    FAILS(EAFNOSUPPORT, socket, AF_UNIX, SOCK_STREAM, 1);
    FAILS(EAFNOSUPPORT, socket, AF_UNIX, SOCK_SEQPACKET, 0);
    FAILS(EAFNOSUPPORT, socketpair, NO_FAMILY, SOCK_STREAM, 0, pair);
    FAILS(EAFNOSUPPORT, socketpair, AF_UNIX, NO_TYPE, 0, pair);
    FAILS(B_BAD_VALUE, socketpair, NO_FAMILY, NO_TYPE, 0, (void *)0);
    FAILS(B_BAD_ADDRESS, socketpair, NO_FAMILY, NO_TYPE, 0, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, socketpair, AF_UNIX, SOCK_STREAM, 0, BAD_POINTER);
}

static void addresses(void)
{
    FAILS(B_BAD_VALUE, bind, NO_FD, (void *)0, 32);
    FAILS(B_BAD_VALUE, bind, NO_FD, address, STORAGE + 1);
    FAILS(B_BAD_ADDRESS, bind, NO_FD, BAD_POINTER, 32);
    FAILS(EAFNOSUPPORT, bind, unbound, no_family, 32);
    FAILS(EADDRINUSE, bind, unbound, listening_at, 32);
    FAILS(EADDRINUSE, bind, unbound, a_file, 32);
    FAILS(B_BAD_VALUE, bind, listening, nowhere, 32);
    FAILS(EAFNOSUPPORT, bind, unbound, server_at, 32);
    FAILS(EAFNOSUPPORT, bind, unconnected, nowhere, 32);
    FAILS(EAFNOSUPPORT, bind, unconnected, nobody, 32);
    FAILS(EAFNOSUPPORT, bind, unbound, nowhere, 0);
    FAILS(B_BAD_VALUE, bind, unbound, no_name, 2);
    FAILS(B_BAD_VALUE, bind, unbound, any_name, 128);
    FAILS(B_BAD_VALUE, bind, unbound, bad_name, 32);
    FAILS(B_BAD_VALUE, bind, unbound, long_name, 128);
    FAILS(B_BAD_VALUE, bind, client, server_at, 32);
    FAILS(B_BAD_VALUE, bind, client, nowhere, 32);
    FAILS(B_BAD_VALUE, bind, listening, server_at, 32);
    FAILS(B_BAD_VALUE, bind, pair[0], listening_at, 32);
    FAILS(EADDRNOTAVAIL, bind, unconnected, other_host, 32);
    FAILS(EADDRNOTAVAIL, bind, datagrams, other_host, 32);
    FAILS(EADDRINUSE, bind, unconnected, server_at, 32);
    FAILS(B_BAD_VALUE, connect, NO_FD, (void *)0, 32);
    FAILS(B_BAD_VALUE, connect, NO_FD, address, STORAGE + 1);
    FAILS(B_BAD_ADDRESS, connect, NO_FD, BAD_POINTER, 32);
    FAILS(EAFNOSUPPORT, connect, unbound, no_family, 32);
    FAILS(B_ENTRY_NOT_FOUND, connect, unbound, nowhere, 32);
    FAILS(B_BAD_VALUE, connect, unbound, a_file, 32);
    FAILS(B_BAD_VALUE, connect, unbound, no_name, 32);
    FAILS(B_BAD_VALUE, connect, unbound, bad_name, 32);
    FAILS(EAFNOSUPPORT, connect, unbound, nobody, 32);
    FAILS(EAFNOSUPPORT, connect, unconnected, nobody, 32);
    FAILS(EAFNOSUPPORT, connect, unconnected, nowhere, 32);
    FAILS(EPROTOTYPE, connect, sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0),
          listening_at, 32);
    FAILS(EISCONN, connect, client, server_at, 32);
    FAILS(EISCONN, connect, pair[0], listening_at, 32);
    FAILS(EISCONN, connect, pair[1], nowhere, 32);
    FAILS(ENETUNREACH, connect, pair[1], nowhere, 0);
    FAILS(EAFNOSUPPORT, connect, pair[1], server_at, 32);
    FAILS(B_BAD_VALUE, connect, listening, listening_at, 32);
    FAILS(B_BAD_VALUE, connect, listening, nowhere, 32);
    FAILS(ENETUNREACH, connect, unbound, listening_at, 0);
    FAILS(ECONNREFUSED, connect, sys(SYS_socket, AF_INET, SOCK_STREAM, 0),
          this_host, 32);
    FAILS(EDESTADDRREQ, listen, sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0), 1);
    FAILS(B_NOT_SUPPORTED, listen, datagrams, 1);
    FAILS(B_NOT_SUPPORTED, listen, sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0), 1);
    FAILS(B_BAD_VALUE, listen, client, 1);
    FAILS(B_BAD_VALUE, listen, pair[0], 1);
    FAILS(ENOTCONN, getpeername, listening, address, &length);
    FAILS(ENOTCONN, getpeername, datagrams, address, &length);
    FAILS(B_BAD_VALUE, getpeername, NO_FD, (void *)0, &length);
    FAILS(B_BAD_VALUE, getpeername, NO_FD, address, (void *)0);
    FAILS(B_BAD_ADDRESS, getpeername, NO_FD, address, BAD_POINTER);
    FAILS(B_BAD_VALUE, getsockname, NO_FD, (void *)0, &length);
    FAILS(B_BAD_VALUE, getsockname, NO_FD, address, (void *)0);
    FAILS(B_BAD_ADDRESS, getsockname, NO_FD, KERNEL_POINTER, &length);
}

static void accepting(void)
{
    uint32_t size = 200;

    FAILS(B_BAD_VALUE, accept, NO_FD, address, (void *)0);
    FAILS(B_BAD_ADDRESS, accept, NO_FD, address, BAD_POINTER);
    /* Addresses are written also when nothing is accepted. */
    FAILS(B_BAD_ADDRESS, accept, NO_FD, BAD_POINTER, &length);
    FAILS(B_BAD_ADDRESS, accept, unbound, (void *)0, BAD_POINTER);
    FAILS(B_FILE_ERROR, accept, NO_FD, address, &size);
    CHECK_STATUS(size, STORAGE);
    FAILS(B_FILE_ERROR, accept, NO_FD, (void *)0, &size);
    CHECK_STATUS(size, 0);
    FAILS(B_BAD_VALUE, accept, unbound, address, &length);
    FAILS(B_BAD_VALUE, accept, pair[0], address, &length);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, accept, listening, address, &length);
    interrupt_no_more();
    wait_briefly(listening, SO_RCVTIMEO);
    FAILS(B_TIMED_OUT, accept, listening, address, &length);
    CHECK_STATUS(sys(SYS_fcntl, listening, 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, accept, listening, address, &length);
}

/* There may be as many descriptors as there are now. */
static void accepting_no_more(void)
{
    enum { LIMIT_NOFILE = 4 };
    const uint32_t few[] = {20, 0xffffffff};
    long caller = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);

    CHECK_STATUS(sys(SYS_connect, caller, listening_at, sizeof(listening_at)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, file) >= 0)
        continue;
    FAILS(B_NO_MORE_FDS, accept, listening, address, &length);
}

/* A port that only user 0 may bind a socket of TCP to. */
static void reserved_port(void)
{
    long reserved = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);

    FAILS(B_PERMISSION_DENIED, bind, reserved, this_host, 32);
    FAILS(EAFNOSUPPORT, bind, reserved, nowhere, 32);
}

/* A connection that nobody waits for. */
static void connecting(void)
{
    uint8_t at[32] = {32, AF_INET, 0, 0, 127, 0, 0, 1};
    uint32_t size = sizeof(at);
    long target = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
    long caller = sys(SYS_socket, AF_INET, SOCK_STREAM, 0);
    struct {
        int32_t fd;
        uint16_t events, found;
    } one = {(int32_t)caller, 2, 0};

    CHECK_STATUS(sys(SYS_bind, target, at, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_getsockname, target, at, &size), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, target, 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_fcntl, caller, 16, O_NONBLOCK), HK_B_OK);
    FAILS(EINPROGRESS, connect, caller, at, 32);
    CHECK_STATUS(sys(SYS_poll, &one, 1, -1LL, (void *)0), 1);
    FAILS(EISCONN, connect, caller, at, 32);
    sys(SYS_close, target);
    sys(SYS_close, caller);
}

static void receiving(void)
{
    struct message too_many = {.vectors = data, .vector_count = 1025};
    struct message bad_name = {.name = KERNEL_POINTER};
    struct message bad_control = {.control = KERNEL_POINTER};
    struct message bad_vectors = {.vectors = BAD_POINTER, .vector_count = 1};
    struct message empty = {0};
    struct vector vector = {data, 4};
    struct message beside = {.vectors = &vector,
                             .vector_count = 1,
                             .control = data + 4,
                             .control_length = 16};

    FAILS(B_BAD_ADDRESS, recv, NO_FD, (void *)0, 0, 0);
    FAILS(B_BAD_ADDRESS, recv, NO_FD, KERNEL_POINTER, 4, 0);
    FAILS(B_WOULD_BLOCK, recv, pair[0], data, 4, MSG_DONTWAIT);
    FAILS(ENOTCONN, recv, listening, data, 4, 0);
    FAILS(B_BAD_VALUE, recvfrom, NO_FD, data, 4, 0, address, (void *)0);
    FAILS(B_BAD_ADDRESS, recvfrom, NO_FD, (void *)0, 4, 0, address, (void *)0);
    FAILS(B_BAD_ADDRESS, recvfrom, NO_FD, data, 4, 0, address, BAD_POINTER);
    FAILS(B_WOULD_BLOCK, recvfrom, pair[0], data, 4, MSG_DONTWAIT, address,
          &length);
    FAILS(B_BAD_VALUE, recvmsg, NO_FD, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, recvmsg, NO_FD, BAD_POINTER, 0);
    FAILS(EMSGSIZE, recvmsg, NO_FD, &too_many, 0);
    FAILS(B_BAD_ADDRESS, recvmsg, NO_FD, &bad_vectors, 0);
    FAILS(B_BAD_ADDRESS, recvmsg, NO_FD, &bad_name, 0);
    FAILS(B_BAD_ADDRESS, recvmsg, NO_FD, &bad_control, 0);
    FAILS(B_WOULD_BLOCK, recvmsg, datagrams, &empty, MSG_DONTWAIT);
    FAILS(ENOTCONN, recv, unconnected, data, 4, 0);
    FAILS(B_NOT_SUPPORTED, recv, pair[0], data, 4, MSG_PEEK);
    FAILS(B_NOT_SUPPORTED, recv, pair[0], data, 4, MSG_TRUNC);
    FAILS(B_NOT_SUPPORTED, recv, client, data, 4, MSG_OOB);
    FAILS(B_NOT_SUPPORTED, recv, datagrams, data, 4, MSG_WAITALL);
    FAILS(B_NOT_SUPPORTED, recvfrom, client, data, 4, MSG_OOB, address,
          &length);
    FAILS(B_NOT_SUPPORTED, recvmsg, client, &empty, MSG_OOB);
    CHECK_STATUS(sys(SYS_send, server, data, 4, 0), 4);
    FAILS(B_NOT_SUPPORTED, recvmsg, client, &beside, 0); /* it is lost */
    FAILS(B_WOULD_BLOCK, recv, client, data, 4, MSG_DONTWAIT);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, recv, pair[0], data, 4, 0);
    FAILS(B_INTERRUPTED, recvfrom, pair[0], data, 4, 0, address, &length);
    FAILS(B_INTERRUPTED, recvmsg, datagrams, &empty, 0);
    interrupt_no_more();
    FAILS(B_TIMED_OUT, recv, wait_briefly(pair[1], SO_RCVTIMEO), data, 4, 0);
    FAILS(B_TIMED_OUT, recvfrom, pair[1], data, 4, 0, address, &length);
    FAILS(B_TIMED_OUT, recvmsg, pair[1], &empty, 0);
    FAILS(ENOTCONN, recvfrom, unconnected, data, 4, 0, address, &length);
    FAILS(ENOTCONN, recvmsg, unconnected, &empty, 0);
    FAILS(B_TIMED_OUT, recv, wait_briefly(datagrams, SO_RCVTIMEO), data, 4, 0);
    FAILS(B_WOULD_BLOCK, recv, wait_briefly(client, SO_RCVTIMEO), data, 4, 0);
}

static void fill(long fd)
{
    while (sys(SYS_send, fd, data, sizeof(data), MSG_DONTWAIT) > 0)
        continue;
    while (sys(SYS_send, fd, data, 1, MSG_DONTWAIT) > 0)
        continue;
}

static void sending(void)
{
    struct message too_many = {.vectors = data, .vector_count = 1025};
    struct message bad_name = {.name = KERNEL_POINTER};
    struct message bad_vectors = {.vectors = BAD_POINTER, .vector_count = 1};
    struct message bad_control = {.control = BAD_POINTER, .control_length = 16};
    struct message large = {.control = data, .control_length = 1025};
    struct vector vector = {data, sizeof(data)};
    struct message some = {.vectors = &vector, .vector_count = 1};
    struct message beside = {.control = data, .control_length = 8};
    struct message addressed = some, nameless = some;

    FAILS(B_BAD_ADDRESS, send, NO_FD, (void *)0, 0, 0);
    FAILS(B_BAD_ADDRESS, sendto, NO_FD, KERNEL_POINTER, 4, 0, this_host, 32);
    FAILS(B_BAD_VALUE, sendto, NO_FD, data, 4, 0, this_host, 0);
    FAILS(B_BAD_VALUE, sendto, NO_FD, data, 4, 0, this_host, STORAGE + 1);
    FAILS(B_BAD_ADDRESS, sendto, NO_FD, data, 4, 0, BAD_POINTER, 32);
    FAILS(EDESTADDRREQ, send, datagrams, data, 4, 0);
    addressed.name = server_at, addressed.name_length = 32;
    nameless.name_length = 32;
    FAILS(EDESTADDRREQ, sendto, datagrams, data, 4, 0, (void *)0, 32);
    FAILS(EDESTADDRREQ, sendmsg, datagrams, &some, 0);
    FAILS(B_BAD_VALUE, sendmsg, datagrams, &nameless, 0);
    FAILS(EISCONN, sendmsg, client, &addressed, 0);
    FAILS(ENOTCONN, sendmsg, unconnected, &addressed, 0);
    FAILS(B_FILE_ERROR, sendto, NO_FD, data, 4, 0, nowhere, 32);
    FAILS(EISCONN, sendto, pair[0], data, 4, 0, nowhere, 32);
    FAILS(EMSGSIZE, sendto, datagrams, large_data, sizeof(large_data), 0,
          this_host, 32);
    FAILS(EISCONN, sendto, pair[0], data, 4, 0, listening_at, 32);
    FAILS(EISCONN, sendto, client, data, 4, 0, this_host, 32);
    FAILS(EDESTADDRREQ, send, unbound, data, 4, 0);
    FAILS(EDESTADDRREQ, send, unconnected, data, 4, 0);
    FAILS(ENOTCONN, sendto, unconnected, data, 4, 0, this_host, 32);
    FAILS(ENOTCONN, sendto, unbound, data, 4, 0, listening_at, 32);
    FAILS(B_NOT_SUPPORTED, send, pair[0], data, 4, MSG_OOB);
    FAILS(B_NOT_SUPPORTED, send, client, data, 4, MSG_PEEK);
    FAILS(B_NOT_SUPPORTED, sendmsg, pair[0], &some, MSG_OOB);
    FAILS(B_NOT_SUPPORTED, sendto, unbound, data, 4, MSG_OOB, listening_at, 32);
    FAILS(B_BAD_VALUE, sendmsg, NO_FD, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, BAD_POINTER, 0);
    FAILS(EMSGSIZE, sendmsg, NO_FD, &too_many, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_vectors, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_name, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_control, 0);
    FAILS(B_BAD_VALUE, sendmsg, NO_FD, &large, 0);
    FAILS(B_NOT_SUPPORTED, sendmsg, client, &beside, 0);
    FAILS(B_BAD_VALUE, sendmsg, pair[0], &beside, 0);
    fill(pair[0]);
    FAILS(B_WOULD_BLOCK, send, pair[0], data, 4, MSG_DONTWAIT);
    FAILS(B_WOULD_BLOCK, sendmsg, pair[0], &some, MSG_DONTWAIT);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, send, pair[0], data, 4, 0);
    FAILS(B_INTERRUPTED, sendmsg, pair[0], &some, 0);
    interrupt_no_more();
    FAILS(B_TIMED_OUT, send, wait_briefly(pair[0], SO_SNDTIMEO), data, 4, 0);
    FAILS(B_TIMED_OUT, sendmsg, pair[0], &some, 0);
    fill(client);
    FAILS(B_WOULD_BLOCK, send, wait_briefly(client, SO_SNDTIMEO), data, 4, 0);
}

/* ---- local datagrams ---- */

static long bound_to(const uint8_t at[32])
{
    long made = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);

    CHECK_STATUS(sys(SYS_bind, made, at, 32), HK_B_OK);
    return made;
}

/* Who is connected is for its peer alone. */
static void local_receivers(void)
{
    struct vector vector = {data, 4};
    struct message some = {.vectors = &vector, .vector_count = 1};
    static const uint8_t first_at[32] = {32, AF_UNIX, 'd', '1'};
    static const uint8_t second_at[32] = {32, AF_UNIX, 'd', '2'};
    long first = bound_to(first_at), second = bound_to(second_at);
    long sender = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);
    long early = sys(SYS_socket, AF_UNIX, SOCK_DGRAM, 0);

    FAILS(EAFNOSUPPORT, sendto, sender, data, 4, 0, server_at, 32);
    FAILS(B_ENTRY_NOT_FOUND, sendto, sender, data, 4, 0, nowhere, 32);
    FAILS(EPROTOTYPE, sendto, sender, data, 4, 0, listening_at, 32);
    FAILS(B_BAD_VALUE, sendto, sender, data, 4, 0, a_file, 32);
    FAILS(B_BAD_VALUE, sendto, sender, data, 4, 0, no_name, 32);
    FAILS(B_NOT_SUPPORTED, sendto, sender, data, 4, MSG_OOB, nowhere, 32);
    FAILS(B_ENTRY_NOT_FOUND, connect, sender, nowhere, 32);
    FAILS(B_BAD_VALUE, connect, sender, a_file, 32);
    CHECK_STATUS(sys(SYS_connect, early, first_at, 32), HK_B_OK);
    CHECK_STATUS(sys(SYS_connect, first, second_at, 32), HK_B_OK);
    FAILS(B_NOT_ALLOWED, connect, sender, first_at, 32);
    FAILS(B_NOT_ALLOWED, sendto, sender, data, 4, 0, first_at, 32);
    FAILS(B_NOT_ALLOWED, send, early, data, 4, 0);
    FAILS(B_NOT_ALLOWED, sendmsg, early, &some, 0);
    some.name = (void *)nowhere, some.name_length = 32;
    FAILS(B_ENTRY_NOT_FOUND, sendmsg, sender, &some, 0);
    some.name = (void *)listening_at;
    FAILS(EPROTOTYPE, sendmsg, sender, &some, 0);
    some.name = server_at;
    FAILS(EAFNOSUPPORT, sendmsg, sender, &some, 0);
    while (sys(SYS_sendto, sender, data, 4, MSG_DONTWAIT, second_at, 32) == 4)
        continue;
    FAILS(B_WOULD_BLOCK, sendto, sender, data, 4, MSG_DONTWAIT, second_at, 32);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, sendto, sender, data, 4, 0, second_at, 32);
    interrupt_no_more();
    FAILS(B_TIMED_OUT, sendto, wait_briefly(sender, SO_SNDTIMEO), data, 4, 0,
          second_at, 32);
    sys(SYS_close, second);
    FAILS(ECONNREFUSED, sendto, sender, data, 4, 0, second_at, 32);
    FAILS(ECONNREFUSED, connect, sender, second_at, 32);
    FAILS(B_BAD_VALUE, shutdown_socket, sender, NO_HOW);
    CHECK_STATUS(sys(SYS_shutdown_socket, sender, SHUT_WR), HK_B_OK);
    FAILS(B_BUSTED_PIPE, sendto, sender, data, 4, 0, nowhere, 32);
    sys(SYS_close, first);
}

/* One of two that are connected: gone, or not to be sent to. */
static void local_peers(void)
{
    struct vector vector = {data, 4};
    struct message some = {.vectors = &vector, .vector_count = 1};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_shutdown_socket, ends[1], 0), HK_B_OK);
    FAILS(B_BUSTED_PIPE, send, ends[0], data, 4, 0);
    sys(SYS_close, ends[1]);
    FAILS(ECONNREFUSED, send, ends[0], data, 4, 0);
    FAILS(ECONNREFUSED, send, ends[0], data, 4, 0);
    FAILS(ECONNREFUSED, sendmsg, ends[0], &some, 0);
    sys(SYS_close, ends[0]);
}

/* ---- descriptors beside ---- */

struct rights {
    uint32_t length;
    int32_t level, type, fds[2];
};

static void send_rights(struct message *message, struct rights *rights)
{
    *rights = (struct rights){20, SOL_SOCKET, 1, {(int32_t)file, 0}};
    CHECK_STATUS(sys(SYS_sendmsg, pair[1], message, 0), 1);
}

static void rights(void)
{
    enum { LIMIT_NOFILE = 4 };
    const uint32_t few[] = {21, 0xffffffff};
    struct rights rights = {20, SOL_SOCKET, 1, {(int32_t)file, NO_FD}};
    struct vector vector = {data, 1};
    struct message message = {.vectors = &vector,
                              .vector_count = 1,
                              .control = &rights,
                              .control_length = 20};

    FAILS(B_FILE_ERROR, sendmsg, pair[1], &message, 0);
    rights.length = 12;
    FAILS(B_BAD_VALUE, sendmsg, pair[1], &message, 0);
    rights = (struct rights){20, SOL_SOCKET, 7, {0, 0}};
    FAILS(B_BAD_VALUE, sendmsg, pair[1], &message, 0);
    send_rights(&message, &rights);
    message.control_length = 16;
    FAILS(B_BAD_VALUE, recvmsg, pair[0], &message, 0);
    message.control_length = 20;
    send_rights(&message, &rights);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, file) >= 0)
        continue;
    FAILS(B_NO_MORE_FDS, recvmsg, pair[0], &message, 0);
    sys(SYS_close, 20);
    send_rights(&message, &rights);
    FAILS(B_NO_MORE_FDS, recvmsg, pair[0], &message, 0);
    CHECK_STATUS(sys(SYS_dup, file), 20); /* the one that there was room for */
}

static void options(void)
{
    uint32_t long_option = OPTION_MAX + 1, short_option = 1;
    long connected = sys(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    long six = sys(SYS_socket, AF_INET6, SOCK_DGRAM, 0);

    FAILS(B_BAD_VALUE, getsockopt, NO_FD, SOL_SOCKET, SO_TYPE, (void *)0,
          &length);
    FAILS(B_BAD_VALUE, getsockopt, NO_FD, SOL_SOCKET, SO_TYPE, data, (void *)0);
    FAILS(B_BAD_VALUE, getsockopt, NO_FD, SOL_SOCKET, SO_TYPE, data,
          &long_option);
    FAILS(B_BAD_ADDRESS, getsockopt, NO_FD, SOL_SOCKET, SO_TYPE, data,
          BAD_POINTER);
    FAILS(ENOPROTOOPT, getsockopt, pair[0], NO_LEVEL, SO_TYPE, data, &length);
    FAILS(ENOPROTOOPT, getsockopt, pair[0], SOL_SOCKET, NO_OPTION, data,
          &length);
    FAILS(B_BAD_VALUE, setsockopt, NO_FD, SOL_SOCKET, SO_TYPE, (void *)0, 4);
    FAILS(B_BAD_VALUE, setsockopt, NO_FD, SOL_SOCKET, SO_TYPE, data,
          OPTION_MAX + 1);
    FAILS(B_BAD_ADDRESS, setsockopt, NO_FD, SOL_SOCKET, SO_TYPE, BAD_POINTER,
          4);
    FAILS(ENOPROTOOPT, setsockopt, pair[0], NO_LEVEL, SO_TYPE, data, 4);
    FAILS(ENOPROTOOPT, setsockopt, pair[0], SOL_SOCKET, NO_OPTION, data, 4);
    FAILS(B_BAD_VALUE, setsockopt, pair[0], SOL_SOCKET, SO_RCVTIMEO, data, 4);
    FAILS(ENOPROTOOPT, setsockopt, pair[0], SOL_SOCKET, SO_ACCEPTCONN, &on, 4);
    FAILS(ENOPROTOOPT, setsockopt, pair[0], SOL_SOCKET, SO_ERROR, &on, 4);
    FAILS(B_BAD_VALUE, setsockopt, client, SOL_SOCKET, SO_KEEPALIVE, data, 8);
    FAILS(B_BAD_VALUE, setsockopt, client, SOL_SOCKET, SO_LINGER, data, 4);
    FAILS(B_BAD_VALUE, setsockopt, client, SOL_SOCKET, SO_SNDBUF, data, 8);
    FAILS(ENOPROTOOPT, getsockopt, client, SOL_SOCKET, SO_LINGER, data,
          &length);
    FAILS(B_BAD_VALUE, getsockopt, client, SOL_SOCKET, SO_RCVTIMEO, data,
          &short_option);
    FAILS(B_BAD_VALUE, getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, data,
          &short_option);
    FAILS(ENOTCONN, getsockopt, unbound, SOL_SOCKET, SO_PEERCRED, data,
          &length);
    FAILS(ENOPROTOOPT, getsockopt, client, SOL_SOCKET, SO_PEERCRED, data,
          &length);
    FAILS(ENOPROTOOPT, getsockopt, pair[0], IPPROTO_IP, IP_TTL, data, &length);
    FAILS(B_BAD_VALUE, getsockopt, client, IPPROTO_IP, IP_TTL, data, &length);
    FAILS(B_NOT_SUPPORTED, setsockopt, client, IPPROTO_IP, IP_MULTICAST_TTL,
          &on, 4);
    FAILS(B_NOT_SUPPORTED, getsockopt, datagrams, IPPROTO_IP, IP_ADD_MEMBERSHIP,
          data, &length);
    FAILS(B_BAD_VALUE, getsockopt, client, IPPROTO_TCP, TCP_NODELAY, data,
          &length);
    FAILS(B_BAD_VALUE, setsockopt, client, IPPROTO_TCP, TCP_MAXSEG, &on, 4);
    FAILS(B_BAD_VALUE, setsockopt, client, IPPROTO_TCP, NO_OPTION, &on, 4);
    FAILS(ENOPROTOOPT, setsockopt, datagrams, IPPROTO_TCP, TCP_NODELAY, &on, 4);
    if (six >= 0)
        FAILS(B_NOT_SUPPORTED, setsockopt, six, IPPROTO_IPV6, IPV6_V6ONLY, &on,
              4);
    FAILS(B_UNSUPPORTED, sockatmark, client);
    FAILS(B_BAD_VALUE, ioctl, client, NO_IOCTL, data, 4);
    FAILS(B_BAD_VALUE, ioctl, listening, FIONREAD, data, 4);
    FAILS(B_BAD_VALUE, ioctl, client, FIONREAD, (void *)0, 4);
    FAILS(B_BAD_VALUE, shutdown_socket, pair[0], NO_HOW);
    FAILS(ENOTCONN, shutdown_socket, unbound, 0);
    FAILS(B_NOT_SUPPORTED, shutdown_socket, datagrams, 0);
    CHECK_STATUS(sys(SYS_connect, connected, this_host, 32), HK_B_OK);
    FAILS(EISCONN, sendto, connected, data, 4, 0, this_host, 32);
    FAILS(B_BAD_VALUE, bind, connected, server_at, 32);
}

/* What Haiku does where the host would not: nothing is sent of nothing, TCP
 * shuts down what is not connected, sizes of buffers are what they were set
 * to, and the length of an option stays what was said. */
static void no_errors(void)
{
    int32_t size = 8192;
    uint32_t room = 64;

    CHECK_STATUS(sys(SYS_sendto, datagrams, data, 0, 0, server_at, 32), 0);
    CHECK_STATUS(sys(SYS_shutdown_socket, unconnected, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_shutdown_socket, client, NO_HOW), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_setsockopt, unconnected, SOL_SOCKET, SO_SNDBUF, &size, 4),
        HK_B_OK);
    CHECK_STATUS(
        sys(SYS_getsockopt, unconnected, SOL_SOCKET, SO_SNDBUF, &size, &room),
        HK_B_OK);
    CHECK(size == 8192 && room == 64);
}

/* Sends until the connection's end has been noticed: what is said then. */
static void reset(void)
{
    struct message empty = {0};
    int32_t error = 0;
    uint32_t size = 4;
    long sent;

    sys(SYS_close, server); /* which has not read everything */
    while ((sent = sys(SYS_send, client, data, 1, MSG_DONTWAIT)) == 1 ||
           sent == HK_B_WOULD_BLOCK)
        snooze(1000);
    FAILS(ENOTCONN, send, client, data, 4, 0);
    FAILS(ECONNRESET, recv, client, data, 4, 0);
    FAILS(ECONNRESET, recv, client, data, 4, 0);
    FAILS(ECONNRESET, recvfrom, client, data, 4, 0, address, &length);
    FAILS(ECONNRESET, recvmsg, client, &empty, 0);
    CHECK_STATUS(
        sys(SYS_getsockopt, client, SOL_SOCKET, SO_ERROR, &error, &size),
        HK_B_OK);
    CHECK(error == HK_ECONNRESET);
    FAILS(ENOTCONN, recv, client, data, 4, 0);
}

/* Who was called is told another error than who has called. */
static void accepted_end(int32_t end, struct message *some)
{
    FAILS(ENOTCONN, send, end, data, 4, 0);
    FAILS(ENOTCONN, send, end, data, 0, 0);
    FAILS(ENOTCONN, sendmsg, end, some, 0);
    FAILS(ENOTCONN, shutdown_socket, end, SHUT_WR);
    FAILS(ENOTCONN, getsockopt, end, SOL_SOCKET, SO_PEERCRED, data, &length);
}

static void calling_end(int32_t end, struct message *some)
{
    FAILS(B_BUSTED_PIPE, send, end, data, 4, 0);
    FAILS(B_BUSTED_PIPE, send, end, data, 0, 0);
    FAILS(B_BUSTED_PIPE, sendmsg, end, some, 0);
    FAILS(B_BUSTED_PIPE, shutdown_socket, end, SHUT_WR);
    FAILS(B_BUSTED_PIPE, getsockopt, end, SOL_SOCKET, SO_PEERCRED, data,
          &length);
}

/* The other end has gone: a signal as well, which is ignored here. */
static void broken(void)
{
    struct vector vector = {data, 4};
    struct message some = {.vectors = &vector, .vector_count = 1};
    int32_t ends[2];

    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends),
                     HK_B_OK);
        sys(SYS_close, ends[1 - i]);
        if (i == 0)
            accepted_end(ends[0], &some);
        else
            calling_end(ends[1], &some);
        sys(SYS_close, ends[i]);
    }
    /* The end of what was closed before all of it was read. */
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_send, ends[0], data, 4, 0), 4);
    sys(SYS_close, ends[1]);
    CHECK_STATUS(sys(SYS_recv, ends[0], data, 4, 0), 0);
}

static void listing(void)
{
    uint32_t cookie = 0x7fffffff;
    static uint8_t stat[312];

    FAILS(B_BAD_VALUE, get_next_socket_stat, -1, (void *)0, BAD_POINTER);
    FAILS(B_BAD_VALUE, get_next_socket_stat, -1, BAD_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, get_next_socket_stat, -1, BAD_POINTER, stat);
    FAILS(B_BAD_ADDRESS, get_next_socket_stat, -1, KERNEL_POINTER, stat);
    FAILS(B_BAD_ADDRESS, get_next_socket_stat, -1, &cookie, KERNEL_POINTER);
    FAILS(B_ENTRY_NOT_FOUND, get_next_socket_stat, -1, &cookie, stat);
    FAILS(B_ENTRY_NOT_FOUND, get_next_socket_stat, -1, &cookie, BAD_POINTER);
    cookie = 0;
    FAILS(B_BAD_ADDRESS, get_next_socket_stat, -1, &cookie, BAD_POINTER);
    CHECK(cookie == 1); /* written before */
}

int main(int argc, char **argv, char **environment)
{
    const struct sigaction ignore = {.handler = (void *)1};

    (void)argc, (void)argv, (void)environment;
    CHECK_STATUS(sys(SYS_sigaction, 7, &ignore, (void *)0), HK_B_OK);
    make_sockets();
    make_connection();
    no_sockets();
    making();
    addresses();
    accepting();
    in_child(accepting_no_more);
    as_user(reserved_port);
    connecting();
    receiving();
    in_child(rights);
    sending();
    local_receivers();
    local_peers();
    options();
    no_errors();
    broken();
    reset();
    listing();
    print("errors checked\n");
    return 0;
}
