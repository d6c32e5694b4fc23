/* socket_io.c -- bytes and descriptors through sockets. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "clock.h"
#include "file_io.h"
#include "host_call.h"
#include "host_direct.h"
#include "signals.h"
#include "socket.h"
#include "socket_protocol.h"
#include "socket_share.h"
#include "syscalls.h"

/* MSG_DONTWAIT is passed to the host but where it waits for one message, and
 * MSG_WAITALL never: all other waits are ours. */
static const struct {
    int guest, host;
} flag_rows[] = {
    {HK_MSG_OOB, MSG_OOB},       {HK_MSG_PEEK, MSG_PEEK},
    {HK_MSG_EOR, MSG_EOR},       {HK_MSG_TRUNC, MSG_TRUNC},
    {HK_MSG_CTRUNC, MSG_CTRUNC},
};

/* To TCP the host's MSG_TRUNC says to throw bytes away; Haiku's datagrams have
 * no flags. */
static int flags_to_host(struct hk_file *file, const struct hk_message *message)
{
    unsigned protocol = hk_socket_protocol(file);
    int guest = message->flags;
    int host = 0;

    if (protocol & HK_ANY_TCP)
        guest &= ~HK_MSG_TRUNC;
    if (message->is_send && protocol & HK_ANY_DATAGRAM)
        guest = 0;
    for (size_t i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++)
        if (guest & flag_rows[i].guest)
            host |= flag_rows[i].host;
    return host;
}

static int flags_to_guest(int host)
{
    int guest = 0;

    for (size_t i = 0; i < sizeof(flag_rows) / sizeof(flag_rows[0]); i++)
        if (host & flag_rows[i].host)
            guest |= flag_rows[i].guest;
    return guest;
}

/* When a wait ends by SO_RCVTIMEO or SO_SNDTIMEO. */
static int64_t deadline_of(int fd, int is_send)
{
    struct timeval time = {0, 0};
    socklen_t size = sizeof(time);
    int64_t us;

    if (getsockopt(fd, SOL_SOCKET, is_send ? SO_SNDTIMEO : SO_RCVTIMEO, &time,
                   &size) < 0)
        return HK_INFINITE_TIMEOUT;
    us = time.tv_sec * INT64_C(1000000) + time.tv_usec;
    return us == 0 ? HK_INFINITE_TIMEOUT : hk_system_time() + us;
}

int32_t hk_socket_wait(struct hk_thread *self, struct hk_file *file,
                       int is_send, int32_t timed_out)
{
    int fd = file->node.fd;
    struct pollfd ready = {fd, is_send ? POLLOUT : POLLIN, 0};
    int32_t result = hk_block_fds(self, &ready, 1, deadline_of(fd, is_send));

    if (result < 0)
        return result;
    return result == 0 ? timed_out : HK_B_OK;
}

static int is_nonblocking(const struct hk_file *file,
                          const struct hk_message *message)
{
    return message->flags & HK_MSG_DONTWAIT ||
           fcntl(file->node.fd, F_GETFL) & O_NONBLOCK;
}

/* Waits until the socket is ready; B_OK, or what the call returns. */
static int32_t wait_ready(struct hk_thread *self, struct hk_file *file,
                          const struct hk_message *message)
{
    if (is_nonblocking(file, message))
        return HK_B_WOULD_BLOCK;
    return hk_socket_wait(self, file, message->is_send,
                          hk_socket_timed_out(file));
}

/* What is received comes by one call of the host's, which waits as the socket
 * does; and a local datagram goes that way: the host does not tell when there
 * is room where it goes. */
static int is_hosts_wait(struct hk_file *file, const struct hk_message *message)
{
    if (!HK_HOST_CALL_ENDS_ALL ||
        message->flags & (HK_MSG_DONTWAIT | HK_MSG_OOB))
        return 0;
    return !message->is_send || hk_socket_protocol(file) & HK_LOCAL_DATAGRAM;
}

/* -1 and errno; EINTR is for who looks again. */
static ssize_t transfer_waiting(struct hk_thread *self, struct hk_file *file,
                                const struct hk_message *message,
                                struct msghdr *host)
{
    int flags = flags_to_host(file, message) |
                (message->is_send ? MSG_NOSIGNAL : MSG_CMSG_CLOEXEC);
    const struct hk_host_call call = {
        .number = message->is_send ? SYS_sendmsg : SYS_recvmsg,
        .arguments = {file->node.fd, (long)host, flags}};

    if (is_hosts_wait(file, message))
        return hk_host_call(self, &call);
    errno = EINTR;
    return -1;
}

/* One message of the host's, waiting as the socket does. */
static int64_t transfer_once(struct hk_thread *self, struct hk_file *file,
                             struct hk_message *message, struct msghdr *host)
{
    int flags = flags_to_host(file, message) | MSG_DONTWAIT;
    int is_hosts = message->is_send && is_hosts_wait(file, message);
    ssize_t done = transfer_waiting(self, file, message, host);
    int fd = file->node.fd;

    while (is_hosts && done < 0 && errno == EINTR) {
        if (hk_is_interrupted(self))
            return HK_B_INTERRUPTED;
        done = transfer_waiting(self, file, message, host);
    }

    if (done < 0 && errno == EAGAIN)
        return is_nonblocking(file, message) ? HK_B_WOULD_BLOCK
                                             : hk_socket_timed_out(file);
    for (;; done = message->is_send
                       ? hk_host_direct(SYS_sendmsg, fd, host,
                                        flags | MSG_NOSIGNAL)
                       : hk_host_direct(SYS_recvmsg, fd, host,
                                        flags | MSG_CMSG_CLOEXEC)) {
        int32_t status;

        if (done > 0 || (done == 0 && message->is_send))
            return done;
        if (done == 0)
            return hk_socket_receive_end(file);
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return message->is_send ? hk_socket_send_error(file, errno)
                                    : hk_socket_receive_error(file, errno);
        status = wait_ready(self, file, message);
        if (status != HK_B_OK)
            return status;
    }
}

static size_t total_of(const struct hk_message *message)
{
    size_t total = 0;

    for (uint32_t i = 0; i < message->count; i++)
        total += message->vectors[i].iov_len;
    return total;
}

static void set_header(const struct hk_message *message, struct msghdr *host)
{
    memset(host, 0, sizeof(*host));
    if (message->address != NULL) {
        host->msg_name = &message->address->host;
        host->msg_namelen = message->is_send ? message->address->length
                                             : sizeof(message->address->host);
    }
    host->msg_control = message->control_size > 0 ? message->control : NULL;
    host->msg_controllen = message->control_size;
}

/* Nothing is sent of nothing before r1beta6, and by local sockets. */
static int sends_nothing(const struct hk_thread *self, struct hk_file *file)
{
    return hk_kernel_of(self)->config.release >= HK_R1BETA6 &&
           hk_socket_protocol(file) & HK_ANY_DATAGRAM;
}

/* What a send returns that failed behind some bytes. TCP tells of those only
 * when it may go on. */
static int64_t send_failed(struct hk_thread *self, struct hk_file *file,
                           const struct hk_message *message, int32_t status,
                           int64_t sent)
{
    int goes_on = status == HK_B_INTERRUPTED || status == HK_B_WOULD_BLOCK;

    if (sent > 0 && (goes_on || hk_socket_protocol(file) & HK_LOCAL))
        return sent;
    if (status == HK_B_BUSTED_PIPE && !(message->flags & HK_MSG_NOSIGNAL))
        hk_signal_self(self, HK_SIGPIPE);
    return status;
}

/* A stream takes everything before the call returns. */
static int64_t send_all(struct hk_thread *self, struct hk_file *file,
                        struct hk_message *message)
{
    int is_stream = (hk_socket_protocol(file) & HK_STREAM) != 0;
    size_t left = total_of(message);
    int64_t total = 0;
    struct msghdr host;

    if (left == 0 && !sends_nothing(self, file)) {
        int32_t status = hk_socket_check_connection(file);

        return status == HK_B_OK ? 0
                                 : send_failed(self, file, message, status, 0);
    }
    set_header(message, &host);
    host.msg_iov = message->vectors;
    host.msg_iovlen = message->count;
    for (;;) {
        int64_t done = transfer_once(self, file, message, &host);

        if (done < 0)
            return send_failed(self, file, message, (int32_t)done, total);
        total += done;
        left -= (size_t)done;
        if (!is_stream || left == 0)
            return total;
        host.msg_iovlen =
            hk_advance(&host.msg_iov, (uint32_t)host.msg_iovlen, (size_t)done);
        host.msg_control = NULL;
        host.msg_controllen = 0;
    }
}

/* Copies what was received into the guest's vectors. */
static int32_t scatter(const struct hk_thread *self,
                       const struct hk_message *message, size_t skip,
                       const uint8_t *bytes, size_t size)
{
    const uint8_t *base = gm_space_base(hk_space_of(self));

    for (uint32_t i = 0; i < message->count && size > 0; i++) {
        const uint8_t *to = message->vectors[i].iov_base;
        size_t length = message->vectors[i].iov_len;

        if (skip >= length) {
            skip -= length;
            continue;
        }
        length -= skip;
        if (length > size)
            length = size;
        if (hk_write_user(self, (gm_addr)(to - base) + skip, bytes, length) !=
            HK_B_OK)
            return HK_B_BAD_ADDRESS;
        bytes += length;
        size -= length;
        skip = 0;
    }
    return HK_B_OK;
}

/* Bytes come by way of memory of our own: the host would lose a message that
 * meets a page whose stores are watched. */
enum { OWN_SIZE = 65536, OWN_MAX = 1 << 20 };

static int64_t receive_into(struct hk_thread *self, struct hk_file *file,
                            struct hk_message *message, uint8_t *own,
                            size_t size)
{
    int waits_for_all = message->flags & HK_MSG_WAITALL &&
                        hk_socket_protocol(file) & HK_ANY_TCP;
    size_t left = total_of(message);
    int64_t total = 0;
    struct msghdr host;

    do {
        struct iovec vector = {own, left < size ? left : size};
        int64_t done;

        set_header(message, &host);
        if (total > 0)
            host.msg_controllen = 0; /* what came first is kept */
        host.msg_iov = &vector;
        host.msg_iovlen = 1;
        done = transfer_once(self, file, message, &host);
        if (done < 0)
            return total > 0 ? total : done;
        if (scatter(self, message, (size_t)total, own, (size_t)done) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        if (message->address != NULL)
            message->address->length = host.msg_namelen;
        if (total == 0)
            message->control_size = host.msg_controllen;
        message->flags_out = flags_to_guest(host.msg_flags);
        total += done;
        left -= (size_t)done;
        if (done == 0)
            break;
    } while (waits_for_all && left > 0);
    return total;
}

static int64_t receive(struct hk_thread *self, struct hk_file *file,
                       struct hk_message *message)
{
    uint8_t small[OWN_SIZE];
    size_t size = total_of(message);
    uint8_t *large;
    int64_t result;

    if (size <= OWN_SIZE)
        return receive_into(self, file, message, small, OWN_SIZE);
    if (size > OWN_MAX)
        size = OWN_MAX;
    large = malloc(size);
    if (large == NULL)
        return HK_B_NO_MEMORY;
    result = receive_into(self, file, message, large, size);
    free(large);
    return result;
}

static int32_t find_receiver(struct hk_thread *self, struct hk_file *file,
                             struct hk_sockaddr *address)
{
    if (atomic_load_explicit(&file->is_shut, memory_order_relaxed))
        return HK_B_BUSTED_PIPE;
    return hk_socket_takes_family(hk_socket_protocol(file),
                                  hk_sockaddr_family(address))
               ? hk_sockaddr_find(self, address, 0)
               : HK_EAFNOSUPPORT;
}

/* MSG_EOF: nothing comes behind it. */
static int64_t send_checked(struct hk_thread *self, struct hk_file *file,
                            struct hk_message *message)
{
    int64_t result = hk_socket_check_send(self, file, &message->flags,
                                          message->address != NULL);

    if (result == HK_B_OK && message->address != NULL) {
        int32_t status = find_receiver(self, file, message->address);

        if (status != HK_B_OK)
            return send_failed(self, file, message, status, 0);
    }
    if (result == HK_B_OK && hk_socket_protocol(file) & HK_LOCAL_DATAGRAM)
        hk_bind_hidden(self, file->node.fd); /* unless it has a name */
    if (result == HK_B_OK)
        result = send_all(self, file, message);
    if (result >= 0 && message->flags & HK_MSG_EOF &&
        hk_socket_protocol(file) & HK_ANY_TCP)
        shutdown(file->node.fd, SHUT_WR);
    return result;
}

int64_t hk_socket_transfer(struct hk_thread *self, struct hk_file *file,
                           struct hk_message *message)
{
    int32_t status;

    message->flags_out = 0;
    if (message->is_send) {
        int64_t sent = send_checked(self, file, message);

        hk_socket_show_sent(self, file);
        return sent;
    }
    status = hk_socket_check_receive(self, file, &message->flags);
    return status == HK_B_OK ? receive(self, file, message) : status;
}

/* Before r1beta6 there is to be a buffer even for nothing. */
static int is_buffer(const struct hk_thread *self, gm_addr data,
                     uint32_t length)
{
    if (length == 0 && hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return 1;
    return data != 0 && hk_is_user_range(data, length);
}

/* send, sendto, recv and recvfrom: one buffer. */
static int64_t transfer(struct hk_thread *self, int32_t socket, gm_addr data,
                        uint32_t length, struct hk_message *message)
{
    struct iovec vector = {gm_space_base(hk_space_of(self)) + data, length};
    struct hk_file *file;
    int64_t result;

    if (!is_buffer(self, data, length))
        return HK_B_BAD_ADDRESS;
    result = hk_socket_get(self, socket, &file);
    if (result != HK_B_OK)
        return result;
    message->vectors = &vector;
    message->count = 1;
    result = hk_socket_transfer(self, file, message);
    hk_file_put(file);
    return result;
}

int64_t hk_sys_send(struct hk_thread *self, int32_t socket, gm_addr data,
                    uint32_t length, int32_t flags)
{
    struct hk_message message = {.flags = flags, .is_send = 1};

    return transfer(self, socket, data, length, &message);
}

int64_t hk_sys_recv(struct hk_thread *self, int32_t socket, gm_addr data,
                    uint32_t length, int32_t flags)
{
    struct hk_message message = {.flags = flags};

    return transfer(self, socket, data, length, &message);
}

/* Before r1beta6 it is looked at even when there is no address. */
static int is_address_size(const struct hk_thread *self, uint32_t size)
{
    return hk_kernel_of(self)->config.release >= HK_R1BETA6 ||
           (size > 0 && size <= HK_SOCKADDR_MAX);
}

int64_t hk_sys_sendto(struct hk_thread *self, int32_t socket, gm_addr data,
                      uint32_t length, int32_t flags, gm_addr address,
                      uint32_t address_length)
{
    struct hk_sockaddr host;
    struct hk_message message = {
        .flags = flags, .is_send = 1, .address = &host};
    int64_t result;

    if (!is_buffer(self, data, length))
        return HK_B_BAD_ADDRESS;
    if (!is_address_size(self, address_length))
        return HK_B_BAD_VALUE;
    if (address == 0 || address_length == 0)
        return hk_sys_send(self, socket, data, length, flags);
    result = hk_sockaddr_read(self, &host, address, address_length);
    if (result == HK_B_OK)
        result = transfer(self, socket, data, length, &message);
    hk_sockaddr_release(&host);
    return result;
}

int64_t hk_sys_recvfrom(struct hk_thread *self, int32_t socket, gm_addr data,
                        uint32_t length, int32_t flags, gm_addr address,
                        gm_addr address_length)
{
    struct hk_sockaddr host = {.node = {NULL, NULL, -1, 0}};
    struct hk_message message = {.flags = flags, .address = &host};
    uint32_t room;
    int64_t result;

    if (!is_buffer(self, data, length))
        return HK_B_BAD_ADDRESS;
    result = hk_sockaddr_room(self, address, address_length, 0, &room);
    if (result == HK_B_OK)
        result = transfer(self, socket, data, length, &message);
    if (result < 0)
        return result;
    if (hk_sockaddr_write(self, address, room, address_length, &host, NULL) !=
        HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return result;
}
