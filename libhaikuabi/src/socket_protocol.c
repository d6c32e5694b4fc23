/* socket_protocol.c -- what Haiku's protocols do unlike the host's. */
/* SPDX-License-Identifier: MIT */
#include "socket_protocol.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "sockaddr.h"

struct rule {
    unsigned protocols;
    enum hk_release since; /* the last row that holds counts */
    int send_flags, receive_flags;
    int ignores; /* others, which are refused otherwise */
};

enum {
    TCP_SEND = HK_MSG_DONTWAIT | HK_MSG_OOB | HK_MSG_EOF,
    RECEIVE = HK_MSG_DONTWAIT | HK_MSG_PEEK | HK_MSG_TRUNC,
    TCP_RECEIVE = RECEIVE | HK_MSG_WAITALL,
    RIGHTS = HK_MSG_CMSG_CLOEXEC | HK_MSG_CMSG_CLOFORK
};

/* MSG_NOSIGNAL goes everywhere, MSG_TRUNC where a receive may cut. */
static const struct rule rules[] = {
    {HK_LOCAL, HK_R1BETA4, 0, 0, 1},
    {HK_ANY_TCP, HK_R1BETA4, TCP_SEND, TCP_RECEIVE, 1},
    {HK_ANY_DATAGRAM, HK_R1BETA4, ~0, RECEIVE, 1},
    {HK_LOCAL, HK_R1BETA5, HK_MSG_DONTWAIT, HK_MSG_DONTWAIT, 0},
    {HK_ANY_TCP, HK_R1BETA5, TCP_SEND, TCP_RECEIVE, 0},
    {HK_ANY_DATAGRAM, HK_R1BETA5, ~0, RECEIVE, 0},
    {HK_LOCAL_STREAM, HK_R1BETA6, HK_MSG_DONTWAIT,
     RECEIVE | HK_MSG_WAITALL | RIGHTS, 0},
    {HK_LOCAL_SEQUENCE, HK_R1BETA6, HK_MSG_DONTWAIT | HK_MSG_EOR,
     RECEIVE | HK_MSG_WAITALL | RIGHTS, 0},
    {HK_LOCAL_DATAGRAM, HK_R1BETA6, HK_MSG_DONTWAIT, RECEIVE | RIGHTS, 0},
};

static const struct rule *find_rule(const struct hk_thread *self,
                                    unsigned protocol)
{
    const struct rule *found = &rules[0];

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (rules[i].protocols & protocol &&
            hk_kernel_of(self)->config.release >= rules[i].since)
            found = &rules[i];
    return found;
}

static int option_of(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof(value);

    getsockopt(fd, level, name, &value, &size);
    return value;
}

static unsigned ask_protocol(int fd)
{
    int domain = option_of(fd, SOL_SOCKET, SO_DOMAIN);
    int type = option_of(fd, SOL_SOCKET, SO_TYPE);

    if (domain == AF_UNIX)
        return type == SOCK_STREAM      ? HK_LOCAL_STREAM
               : type == SOCK_SEQPACKET ? HK_LOCAL_SEQUENCE
                                        : HK_LOCAL_DATAGRAM;
    if (type == SOCK_STREAM)
        return domain == AF_INET6 ? HK_TCP6 : HK_TCP;
    return domain == AF_INET6 ? HK_DATAGRAM6 : HK_DATAGRAM;
}

unsigned hk_socket_protocol(struct hk_file *file)
{
    unsigned protocol =
        atomic_load_explicit(&file->protocol, memory_order_relaxed);

    if (protocol != 0)
        return protocol;
    protocol = ask_protocol(file->node.fd);
    atomic_store_explicit(&file->protocol, protocol, memory_order_relaxed);
    return protocol;
}

enum peer { NOT_ASKED, NO_PEER, PEER };

void hk_socket_set_peer(struct hk_file *file, int has_one)
{
    atomic_store_explicit(&file->peer, has_one ? PEER : NO_PEER,
                          memory_order_relaxed);
}

int hk_socket_has_peer(struct hk_file *file)
{
    unsigned peer = atomic_load_explicit(&file->peer, memory_order_relaxed);
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    if (peer != NOT_ASKED)
        return peer == PEER;
    hk_socket_set_peer(
        file,
        getpeername(file->node.fd, (struct sockaddr *)&address, &size) == 0);
    return hk_socket_has_peer(file);
}

/* Takes away what is ignored. */
static int32_t check_flags(const struct rule *rule, int is_send, int *flags)
{
    int known =
        (is_send ? rule->send_flags : rule->receive_flags) | HK_MSG_NOSIGNAL;

    if (*flags & ~known && !rule->ignores)
        return HK_B_NOT_SUPPORTED;
    *flags &= known;
    return HK_B_OK;
}

int32_t hk_socket_check_send(const struct hk_thread *self, struct hk_file *file,
                             int *flags, int has_address)
{
    unsigned protocol = hk_socket_protocol(file);
    int has_peer = hk_socket_has_peer(file);
    int32_t status;

    if (has_peer && has_address)
        return HK_EISCONN;
    if (!has_peer && !has_address)
        return HK_EDESTADDRREQ;
    status = check_flags(find_rule(self, protocol), 1, flags);
    if (status != HK_B_OK)
        return status;
    return has_peer || !(protocol & HK_CONNECTED) ? HK_B_OK : HK_ENOTCONN;
}

int32_t hk_socket_check_receive(const struct hk_thread *self,
                                struct hk_file *file, int *flags)
{
    return check_flags(find_rule(self, hk_socket_protocol(file)), 0, flags);
}

int hk_socket_takes_family(unsigned protocol, int32_t family)
{
    switch (family) {
    case HK_AF_UNIX:
        return (protocol & HK_LOCAL) != 0;
    case HK_AF_INET:
        return (protocol & (HK_TCP | HK_DATAGRAM)) != 0;
    case HK_AF_INET6:
        return (protocol & (HK_TCP6 | HK_DATAGRAM6)) != 0;
    default:
        return 0;
    }
}

static int is_shut(struct hk_file *file)
{
    return atomic_load_explicit(&file->is_shut, memory_order_relaxed);
}

/* The host tells of a connection that is shut in both directions, too. */
static int is_hung_up(int fd)
{
    struct pollfd ready = {.fd = fd};

    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLHUP) != 0;
}

int32_t hk_socket_check_connection(struct hk_file *file)
{
    if (!(hk_socket_protocol(file) & HK_LOCAL & HK_CONNECTED))
        return HK_B_OK;
    if (!hk_socket_has_peer(file))
        return HK_ENOTCONN;
    if (is_shut(file) || !is_hung_up(file->node.fd))
        return HK_B_OK;
    return atomic_load_explicit(&file->is_accepted, memory_order_relaxed)
               ? HK_ENOTCONN
               : HK_B_BUSTED_PIPE;
}

int32_t hk_socket_timed_out(struct hk_file *file)
{
    return hk_socket_protocol(file) & HK_ANY_TCP ? HK_B_WOULD_BLOCK
                                                 : HK_B_TIMED_OUT;
}

/* Whether a connection is no more, by whatever the other end did. */
static int is_gone(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_CLOSE;
}

/* The host tells once that a connection was reset, Haiku until SO_ERROR has
 * told it. */
static void note_reset(struct hk_file *file)
{
    atomic_store_explicit(&file->reset, HK_ECONNRESET, memory_order_relaxed);
}

int32_t hk_socket_send_error(struct hk_file *file, int error)
{
    unsigned protocol = hk_socket_protocol(file);

    if (error == EACCES && protocol & HK_ANY_DATAGRAM)
        return HK_B_BAD_VALUE; /* a broadcast without SO_BROADCAST */
    if (error == EPIPE && hk_socket_check_connection(file) != HK_B_OK)
        return hk_socket_check_connection(file);
    if (error == ENOTCONN && protocol & HK_LOCAL_DATAGRAM)
        return HK_ECONNREFUSED; /* as the host has said before */
    if ((error != EPIPE && error != ECONNRESET) || !(protocol & HK_ANY_TCP) ||
        is_shut(file) || !is_gone(file->node.fd))
        return hk_status_from_errno(error);
    if (error == ECONNRESET)
        note_reset(file);
    return HK_ENOTCONN;
}

int32_t hk_socket_receive_error(struct hk_file *file, int error)
{
    unsigned protocol = hk_socket_protocol(file);

    if (protocol & HK_ANY_TCP && (error == ECONNRESET || error == EPIPE)) {
        note_reset(file);
        return HK_ECONNRESET;
    }
    if (protocol & HK_LOCAL && error == EINVAL)
        return HK_ENOTCONN; /* nobody writes to it */
    if (protocol & HK_LOCAL && error == ECONNRESET)
        return HK_B_OK; /* closed before all was read */
    return hk_status_from_errno(error);
}

int32_t hk_socket_receive_end(struct hk_file *file)
{
    return atomic_load_explicit(&file->reset, memory_order_relaxed);
}

int32_t hk_socket_take_error(struct hk_file *file)
{
    int reset = HK_ECONNRESET;

    return atomic_compare_exchange_strong_explicit(
               &file->reset, &reset, HK_ENOTCONN, memory_order_relaxed,
               memory_order_relaxed)
               ? HK_ECONNRESET
               : HK_B_OK;
}
