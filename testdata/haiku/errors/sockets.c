/* sockets.c -- how calls of sockets fail: local ones, and of this host. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { AF_INET = 1, AF_UNIX = 9, NO_FAMILY = 77 };
enum { SOCK_STREAM = 1, SOCK_DGRAM = 2, NO_TYPE = 77 };
enum { SOL_SOCKET = -1, SO_ERROR = 0x40000007, SO_TYPE = 0x40000008 };
enum { SO_RCVTIMEO = 0x40000006, NO_LEVEL = 77, NO_OPTION = 0x7777 };
enum { MSG_DONTWAIT = 0x80, NO_HOW = 7, STORAGE = 128, OPTION_MAX = 128 };

struct message {
    void *name;
    uint32_t name_length;
    void *vectors;
    int32_t vector_count;
    void *control;
    uint32_t control_length;
    int32_t flags;
};

static long listening, unbound, datagrams, file;
static int32_t pair[2];
static char data[1024], large_data[66000];
static uint8_t address[STORAGE + 1];
static uint32_t length = STORAGE;
static const uint8_t listening_at[32] = {32, AF_UNIX, 's', 'o', 'c', 'k'};
static const uint8_t nowhere[32] = {32, AF_UNIX, 'n', 'o', 'n', 'e'};
static const uint8_t a_file[32] = {32, AF_UNIX, 'f', 'i', 'l', 'e'};
static const uint8_t no_name[32] = {32, AF_UNIX};
static const uint8_t no_family[32] = {32, NO_FAMILY};
static const uint8_t this_host[32] = {32, AF_INET, 0, 1, 127, 0, 0, 1};

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
    FAILS(B_BAD_VALUE, connect, NO_FD, (void *)0, 32);
    FAILS(B_BAD_VALUE, connect, NO_FD, address, STORAGE + 1);
    FAILS(B_BAD_ADDRESS, connect, NO_FD, BAD_POINTER, 32);
    FAILS(EAFNOSUPPORT, connect, unbound, no_family, 32);
    FAILS(B_ENTRY_NOT_FOUND, connect, unbound, nowhere, 32);
    FAILS(B_BAD_VALUE, connect, unbound, a_file, 32);
    FAILS(B_BAD_VALUE, connect, unbound, no_name, 32);
    FAILS(EISCONN, connect, pair[0], listening_at, 32);
    FAILS(B_BAD_VALUE, connect, listening, listening_at, 32);
    FAILS(ENETUNREACH, connect, unbound, listening_at, 0);
    FAILS(ECONNREFUSED, connect, sys(SYS_socket, AF_INET, SOCK_STREAM, 0),
          this_host, 32);
    FAILS(EDESTADDRREQ, listen, sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0), 1);
    FAILS(B_NOT_SUPPORTED, listen, datagrams, 1);
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
    FAILS(B_BAD_VALUE, accept, NO_FD, address, (void *)0);
    FAILS(B_BAD_ADDRESS, accept, NO_FD, address, BAD_POINTER);
    FAILS(B_BAD_VALUE, accept, unbound, address, &length);
    FAILS(B_BAD_VALUE, accept, pair[0], address, &length);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, accept, listening, address, &length);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_fcntl, listening, 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, accept, listening, address, &length);
}

static void receiving(void)
{
    struct message too_many = {.vectors = data, .vector_count = 1025};
    struct message bad_name = {.name = KERNEL_POINTER};
    struct message bad_control = {.control = KERNEL_POINTER};
    struct message bad_vectors = {.vectors = BAD_POINTER, .vector_count = 1};
    struct message empty = {0};

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
    interrupt_from_now();
    FAILS(B_INTERRUPTED, recv, pair[0], data, 4, 0);
    FAILS(B_INTERRUPTED, recvfrom, pair[0], data, 4, 0, address, &length);
    FAILS(B_INTERRUPTED, recvmsg, datagrams, &empty, 0);
    interrupt_no_more();
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
    struct {
        void *base;
        uint32_t length;
    } vector = {data, sizeof(data)};
    struct message some = {.vectors = &vector, .vector_count = 1};

    FAILS(B_BAD_ADDRESS, send, NO_FD, (void *)0, 0, 0);
    FAILS(B_BAD_ADDRESS, sendto, NO_FD, KERNEL_POINTER, 4, 0, this_host, 32);
    FAILS(B_BAD_VALUE, sendto, NO_FD, data, 4, 0, this_host, 0);
    FAILS(B_BAD_VALUE, sendto, NO_FD, data, 4, 0, this_host, STORAGE + 1);
    FAILS(B_BAD_ADDRESS, sendto, NO_FD, data, 4, 0, BAD_POINTER, 32);
    FAILS(EDESTADDRREQ, send, datagrams, data, 4, 0);
    FAILS(EDESTADDRREQ, sendmsg, datagrams, &some, 0);
    FAILS(EMSGSIZE, sendto, datagrams, large_data, sizeof(large_data), 0,
          this_host, 32);
    FAILS(EISCONN, sendto, pair[0], data, 4, 0, listening_at, 32);
    FAILS(B_BAD_VALUE, sendmsg, NO_FD, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, BAD_POINTER, 0);
    FAILS(EMSGSIZE, sendmsg, NO_FD, &too_many, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_vectors, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_name, 0);
    FAILS(B_BAD_ADDRESS, sendmsg, NO_FD, &bad_control, 0);
    FAILS(B_BAD_VALUE, sendmsg, NO_FD, &large, 0);
    fill(pair[0]);
    FAILS(B_WOULD_BLOCK, send, pair[0], data, 4, MSG_DONTWAIT);
    FAILS(B_WOULD_BLOCK, sendmsg, pair[0], &some, MSG_DONTWAIT);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, send, pair[0], data, 4, 0);
    FAILS(B_INTERRUPTED, sendmsg, pair[0], &some, 0);
    interrupt_no_more();
}

static void options(void)
{
    uint32_t long_option = OPTION_MAX + 1;

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
    FAILS(B_BAD_VALUE, shutdown_socket, pair[0], NO_HOW);
    FAILS(ENOTCONN, shutdown_socket, unbound, 0);
}

/* The other end has gone: a signal as well, which is ignored here. */
static void broken(void)
{
    const struct sigaction ignore = {.handler = (void *)1};
    struct {
        void *base;
        uint32_t length;
    } vector = {data, 4};
    struct message some = {.vectors = &vector, .vector_count = 1};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_sigaction, 7, &ignore, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    sys(SYS_close, ends[1]);
    FAILS(B_BUSTED_PIPE, send, ends[0], data, 4, 0);
    FAILS(B_BUSTED_PIPE, sendmsg, ends[0], &some, 0);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    make_sockets();
    no_sockets();
    making();
    addresses();
    accepting();
    receiving();
    sending();
    options();
    broken();
    print("errors checked\n");
    return 0;
}
