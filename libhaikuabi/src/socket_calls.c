/* socket_calls.c -- sockets made, named and connected. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "block.h"
#include "bound_names.h"
#include "bytes.h"
#include "socket.h"
#include "socket_protocol.h"
#include "socket_share.h"
#include "syscalls.h"

/* haiku-abi/structs.md, "types, shutdown". */
enum socket_type {
    TYPE_MASK = 0xff,
    TYPE_NONBLOCK = 0x40000, /* these from r1beta6 on */
    TYPE_CLOEXEC = 0x80000,
    TYPE_CLOFORK = 0x100000,
    TYPE_FLAGS = TYPE_NONBLOCK | TYPE_CLOEXEC | TYPE_CLOFORK
};

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

int32_t hk_socket_get(const struct hk_thread *self, int32_t fd,
                      struct hk_file **file)
{
    *file = hk_file_get(self, fd);
    if (*file == NULL)
        return HK_B_FILE_ERROR;
    if ((*file)->kind == HK_FILE_SOCKET)
        return HK_B_OK;
    hk_file_put(*file);
    return HK_ENOTSOCK;
}

int32_t hk_socket_add(const struct hk_thread *self, int host_fd, unsigned flags,
                      struct hk_file *listening, enum hk_socket_end end)
{
    struct hk_node node = {NULL, NULL, host_fd, 0};
    struct hk_file *file = hk_file_new(HK_FILE_SOCKET, node, HK_O_RDWR);

    if (file == NULL)
        return HK_B_NO_MEMORY;
    if (listening != NULL) {
        if (listening->local_name != NULL)
            file->local_name = strdup(listening->local_name);
        hk_socket_inherit(file, listening);
    }
    hk_socket_set_peer(file, end != HK_NO_END);
    atomic_store_explicit(&file->is_accepted, end == HK_ACCEPTED_END,
                          memory_order_relaxed);
    hk_socket_show(self, file, listening);
    return hk_fd_add(self, file, 0, flags);
}

/* What the upper bits of a type ask for: for the host, and for the
 * descriptor. B_BAD_VALUE for what the release does not know. */
static int32_t split_flags(const struct hk_thread *self, int32_t flags,
                           int *host, unsigned *descriptor)
{
    if (flags & ~TYPE_FLAGS ||
        (flags != 0 && hk_kernel_of(self)->config.release < HK_R1BETA6))
        return HK_B_BAD_VALUE;
    *host = SOCK_CLOEXEC | (flags & TYPE_NONBLOCK ? SOCK_NONBLOCK : 0);
    *descriptor = (flags & TYPE_CLOEXEC ? HK_FD_CLOEXEC : 0u) |
                  (flags & TYPE_CLOFORK ? HK_FD_CLOFORK : 0u);
    return HK_B_OK;
}

/* Whether there are local sockets of a kind. Those of the internet are as the
 * host says. */
static int is_local_kind(const struct hk_thread *self, int32_t kind,
                         int32_t protocol)
{
    enum hk_release release = hk_kernel_of(self)->config.release;

    return protocol == 0 && (kind == SOCK_STREAM ||
                             (kind == SOCK_DGRAM && release >= HK_R1BETA5) ||
                             (kind == SOCK_SEQPACKET && release >= HK_R1BETA6));
}

/* The kinds of socket have the host's numbers. */
static int32_t split_type(const struct hk_thread *self, int32_t family,
                          int32_t type, int32_t protocol, int *host,
                          unsigned *descriptor)
{
    int32_t status = split_flags(self, type & ~TYPE_MASK, host, descriptor);
    int32_t kind = type & TYPE_MASK;

    if (family == HK_AF_UNIX
            ? !is_local_kind(self, kind, protocol)
            : kind != SOCK_STREAM && kind != SOCK_DGRAM && kind != SOCK_RAW)
        return HK_EAFNOSUPPORT;
    *host |= kind;
    return status;
}

/* Haiku looks for family, type and protocol at once. */
static int32_t no_protocol(int error)
{
    return error == EPROTOTYPE || error == EPROTONOSUPPORT ||
                   error == ESOCKTNOSUPPORT
               ? HK_EAFNOSUPPORT
               : hk_status_from_errno(error);
}

/* Below 0 for a family that there is none of. */
static int host_family_of(const struct hk_thread *self, int32_t family)
{
    if (hk_kernel_of(self)->config.no_network && family != HK_AF_UNIX)
        return -1;
    return hk_family_to_host(family);
}

int64_t hk_sys_socket(struct hk_thread *self, int32_t family, int32_t type,
                      int32_t protocol)
{
    int host_family = host_family_of(self, family);
    int host_type = 0;
    unsigned flags;
    int fd, on = 1;
    int32_t status =
        split_type(self, family, type, protocol, &host_type, &flags);

    if (family == HK_AF_LINK) /* getifaddrs() goes on without that alone */
        return HK_B_UNSUPPORTED;
    if (host_family < 0)
        return HK_EAFNOSUPPORT;
    if (status != HK_B_OK)
        return status;
    fd = socket(host_family, host_type, protocol);
    if (fd < 0)
        return no_protocol(errno);
    if (host_family == AF_INET6) /* Haiku's know nothing of IPv4 */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    return hk_socket_add(self, fd, flags, NULL, HK_NO_END);
}

int64_t hk_sys_socketpair(struct hk_thread *self, int32_t family, int32_t type,
                          int32_t protocol, gm_addr socket_vector)
{
    int host_family = host_family_of(self, family);
    int host_type = 0;
    unsigned flags;
    int32_t ends[2];
    uint8_t bytes[8];
    int host[2];
    int32_t status =
        split_type(self, family, type, protocol, &host_type, &flags);

    if (socket_vector == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(socket_vector))
        return HK_B_BAD_ADDRESS;
    if (host_family < 0)
        return HK_EAFNOSUPPORT;
    if (status != HK_B_OK)
        return status;
    if (socketpair(host_family, host_type, protocol, host) < 0)
        return no_protocol(errno);
    for (int i = 0; i < 2; i++) {
        if (host_family == AF_UNIX)
            hk_bind_hidden(self, host[i]);
        ends[i] = hk_socket_add(self, host[i], flags, NULL,
                                i == 0 ? HK_ACCEPTED_END : HK_CALLING_END);
        if (ends[i] < 0)
            status = ends[i];
        hk_put32(bytes + 4 * i, (uint32_t)ends[i]);
    }
    if (status == HK_B_OK)
        status = hk_write_user(self, socket_vector, bytes, sizeof(bytes));
    for (int i = 0; status != HK_B_OK && i < 2; i++)
        hk_fd_close(self, ends[i]);
    return status;
}

/* Remembers a local socket's name, as it was given. */
static void set_name(struct hk_file *file, char **name,
                     struct hk_sockaddr *address)
{
    pthread_mutex_lock(&file->lock);
    free(*name);
    *name = address->name;
    address->name = NULL;
    pthread_mutex_unlock(&file->lock);
}

/* The socket, and an address for it. */
static int32_t get_with_address(struct hk_thread *self, int32_t socket,
                                gm_addr from, uint32_t size,
                                struct hk_sockaddr *address,
                                struct hk_file **file)
{
    int32_t status = hk_sockaddr_read(self, address, from, size);

    return status == HK_B_OK ? hk_socket_get(self, socket, file) : status;
}

/* A local socket, which may get any name without a file. */
static int32_t bind_local(struct hk_thread *self, int fd,
                          const struct hk_sockaddr *address)
{
    const struct sockaddr_un *host = (const void *)&address->host;
    int32_t status;

    if (address->length == offsetof(struct sockaddr_un, sun_path))
        return result_of(hk_bind_hidden(self, fd));
    fchmod(fd, 0644); /* what the file will have */
    status = result_of(bind(fd, &address->host.any, address->length));
    if (status == HK_B_OK && address->name != NULL)
        hk_bound_name_keep(self, host->sun_path, address->name);
    return status == HK_B_FILE_EXISTS ? HK_EADDRINUSE : status;
}

/* The host's raw sockets have their protocol in place of a port. */
static int is_bound(const struct hk_file *file)
{
    struct hk_sockaddr address = {.length = sizeof(address.host)};
    int type = SOCK_RAW;
    socklen_t size = sizeof(type);

    return getsockopt(file->node.fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           type != SOCK_RAW &&
           getsockname(file->node.fd, &address.host.any, &address.length) ==
               0 &&
           !hk_sockaddr_is_none(&address);
}

/* Of TCP only user 0 may choose it. */
static int is_reserved_port(const struct hk_thread *self, unsigned protocol,
                            const struct hk_sockaddr *address)
{
    enum { LAST_RESERVED = 1023 };
    int port = address->given[2] << 8 | address->given[3];

    return protocol & HK_ANY_TCP && port != 0 && port <= LAST_RESERVED &&
           self->team->ids.user.effective != 0;
}

static int32_t check_bind(const struct hk_thread *self, struct hk_file *file,
                          const struct hk_sockaddr *address)
{
    unsigned protocol = hk_socket_protocol(file);

    if (is_bound(file))
        return HK_B_BAD_VALUE;
    if (!hk_socket_takes_family(protocol, hk_sockaddr_family(address)))
        return HK_EAFNOSUPPORT;
    return is_reserved_port(self, protocol, address) ? HK_B_PERMISSION_DENIED
                                                     : HK_B_OK;
}

int64_t hk_sys_bind(struct hk_thread *self, int32_t socket, gm_addr address,
                    uint32_t address_length)
{
    struct hk_sockaddr host;
    struct hk_file *file;
    int32_t status =
        get_with_address(self, socket, address, address_length, &host, &file);

    if (status != HK_B_OK)
        return status;
    status = check_bind(self, file, &host);
    if (status == HK_B_OK)
        status = hk_sockaddr_find(self, &host, 1);
    if (status == HK_B_OK)
        status =
            host.host.any.sa_family == AF_UNIX
                ? bind_local(self, file->node.fd, &host)
                : result_of(bind(file->node.fd, &host.host.any, host.length));
    if (status == HK_B_OK) {
        set_name(file, &file->local_name, &host);
        hk_socket_show_names(self, file, NULL);
    }
    hk_sockaddr_release(&host);
    hk_file_put(file);
    return status;
}

/* Waits for a connection that is under way, and tells its outcome. */
static int32_t finish_connect(struct hk_thread *self, int fd)
{
    int error = 0;
    socklen_t size = sizeof(error);
    int32_t status = hk_block_fd(self, fd, POLLOUT);

    if (status != HK_B_OK)
        return status;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return hk_status_from_errno(errno);
    return hk_status_from_errno(error);
}

/* The host tells once that a connection has been made meanwhile. */
static int is_established(int fd)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);

    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

/* A call that was interrupted goes on where it was: the host has not given
 * the connection up. */
static int32_t start_connect(struct hk_thread *self, int fd,
                             const struct hk_sockaddr *address)
{
    int is_blocking = !(fcntl(fd, F_GETFL) & O_NONBLOCK);

    if (!self->restart.is_running && is_established(fd))
        return HK_EISCONN;
    if (connect(fd, &address->host.any, address->length) == 0)
        return HK_B_OK;
    if (is_blocking && (errno == EINTR || errno == EALREADY))
        return finish_connect(self, fd);
    if (is_blocking && errno == EISCONN && self->restart.is_running)
        return HK_B_OK;
    if (is_blocking && errno == EINPROGRESS)
        return HK_B_WOULD_BLOCK; /* SO_SNDTIMEO */
    return hk_status_from_errno(errno);
}

/* To whom it is connected from now on, also where that fails behind the first
 * steps. */
static int32_t connect_to(struct hk_thread *self, struct hk_file *file,
                          const struct hk_sockaddr *address)
{
    int32_t status;

    if (address->host.any.sa_family == AF_UNIX)
        hk_bind_hidden(self, file->node.fd); /* unless it has a name */
    status = start_connect(self, file->node.fd, address);
    if (status == HK_B_OK || hk_socket_protocol(file) & HK_ANY_TCP)
        hk_socket_set_peer(file, address->host.any.sa_family != AF_UNSPEC);
    return status;
}

static int is_listening(int fd)
{
    socklen_t size = sizeof(int);
    int result = 0;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &result, &size) == 0 &&
           result != 0;
}

/* From r1beta6 on nobody is connected to all of a network. */
static int is_broadcast(const struct hk_thread *self, unsigned protocol,
                        const struct hk_sockaddr *address)
{
    return protocol & HK_DATAGRAM &&
           hk_sockaddr_family(address) == HK_AF_INET &&
           hk_get32(address->given + 4) == INADDR_BROADCAST &&
           hk_kernel_of(self)->config.release >= HK_R1BETA6;
}

/* Datagrams may be for nobody any more. Local sockets are looked at before the
 * address is. */
static int32_t check_connect(const struct hk_thread *self, struct hk_file *file,
                             const struct hk_sockaddr *address)
{
    unsigned protocol = hk_socket_protocol(file);
    int32_t family = hk_sockaddr_family(address);

    if (address->given_size == 0)
        return HK_ENETUNREACH;
    if (!hk_socket_takes_family(protocol, family) &&
        !(family == HK_AF_UNSPEC && protocol & HK_ANY_DATAGRAM))
        return HK_EAFNOSUPPORT;
    if (is_broadcast(self, protocol, address))
        return HK_EADDRNOTAVAIL;
    if (!(protocol & HK_LOCAL & HK_CONNECTED))
        return HK_B_OK;
    if (hk_socket_has_peer(file))
        return HK_EISCONN;
    return is_listening(file->node.fd) ? HK_B_BAD_VALUE : HK_B_OK;
}

int64_t hk_sys_connect(struct hk_thread *self, int32_t socket, gm_addr address,
                       uint32_t address_length)
{
    struct hk_sockaddr host;
    struct hk_file *file;
    int32_t status =
        get_with_address(self, socket, address, address_length, &host, &file);

    if (status != HK_B_OK)
        return status;
    status = check_connect(self, file, &host);
    if (status == HK_B_OK)
        status = hk_sockaddr_find(self, &host, 0);
    if (status == HK_B_OK)
        status = connect_to(self, file, &host);
    if (status == HK_B_OK || status == HK_EINPROGRESS) {
        hk_socket_show_names(self, file, &host);
        set_name(file, &file->peer_name, &host);
    }
    hk_sockaddr_release(&host);
    hk_file_put(file);
    return status;
}

/* Others than local sockets get an address when they listen. */
static int needs_bind(struct hk_file *file)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    return hk_socket_protocol(file) & HK_LOCAL & HK_CONNECTED &&
           !hk_socket_has_peer(file) &&
           getsockname(file->node.fd, (struct sockaddr *)&address, &size) ==
               0 &&
           size <= sizeof(sa_family_t);
}

int64_t hk_sys_listen(struct hk_thread *self, int32_t socket, int32_t backlog)
{
    struct hk_file *file;
    int32_t status = hk_socket_get(self, socket, &file);

    if (status != HK_B_OK)
        return status;
    status = needs_bind(file) ? HK_EDESTADDRREQ
                              : result_of(listen(file->node.fd, backlog));
    if (status == HK_B_OK)
        hk_socket_show_names(self, file, NULL); /* it may have got one */
    hk_file_put(file);
    return status;
}

/* Waits for a connection: a host's socket, or an error. */
static int32_t wait_accept(struct hk_thread *self, struct hk_file *file,
                           int host_flags, struct hk_sockaddr *address)
{
    int fd = file->node.fd;

    for (;;) {
        int32_t status = HK_B_OK;
        int accepted;

        if (!(fcntl(fd, F_GETFL) & O_NONBLOCK))
            status = hk_socket_wait(self, file, 0, HK_B_TIMED_OUT);
        if (status != HK_B_OK)
            return status;
        address->length = sizeof(address->host);
        accepted =
            accept4(fd, &address->host.any, &address->length, host_flags);
        if (accepted >= 0)
            return accepted;
        if (errno != EINTR || hk_is_interrupted(self))
            return hk_status_from_errno(errno);
    }
}

/* From r1beta6 on others than those that connect are refused as such. */
static int32_t check_accept(const struct hk_thread *self, struct hk_file *file)
{
    if (hk_kernel_of(self)->config.release >= HK_R1BETA6 &&
        !(hk_socket_protocol(file) & HK_CONNECTED))
        return HK_B_NOT_SUPPORTED;
    return is_listening(file->node.fd) ? HK_B_OK : HK_B_BAD_VALUE;
}

/* A descriptor, or an error. */
static int64_t accept_one(struct hk_thread *self, int32_t socket, int32_t type,
                          struct hk_sockaddr *host)
{
    struct hk_file *file;
    int host_flags = 0;
    unsigned flags;
    int64_t result = hk_socket_get(self, socket, &file);

    if (result != HK_B_OK)
        return result;
    result = split_flags(self, type, &host_flags, &flags);
    if (result == HK_B_OK)
        result = check_accept(self, file);
    if (result == HK_B_OK)
        result = wait_accept(self, file, host_flags, host);
    if (result >= 0)
        result = hk_socket_add(self, (int)result, flags, file, HK_ACCEPTED_END);
    hk_file_put(file);
    return result;
}

/* What Haiku tells also when there is no address, or no room for one. */
static int32_t write_nobody(const struct hk_thread *self, gm_addr address,
                            uint32_t room, gm_addr address_length)
{
    uint8_t bytes[HK_SOCKADDR_MAX] = {0}, length[4];

    hk_put32(length, room);
    if (hk_write_user(self, address_length, length, sizeof(length)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return address == 0 ? HK_B_OK : hk_write_user(self, address, bytes, room);
}

static int64_t do_accept(struct hk_thread *self, int32_t socket,
                         gm_addr address, gm_addr address_length, int32_t type)
{
    struct hk_sockaddr host = {.node = {NULL, NULL, -1, 0}};
    uint32_t room;
    int64_t result = hk_sockaddr_room(self, address, address_length, 0, &room);
    int32_t status;

    if (result != HK_B_OK)
        return result;
    result = accept_one(self, socket, type, &host);
    status = result < 0 || room == 0
                 ? write_nobody(self, address, room, address_length)
                 : hk_sockaddr_write(self, address, room, address_length, &host,
                                     NULL);
    if (status == HK_B_OK)
        return result;
    if (result >= 0)
        hk_fd_close(self, (int32_t)result);
    return HK_B_BAD_ADDRESS;
}

int64_t hk_sys_accept(struct hk_thread *self, int32_t socket, gm_addr address,
                      gm_addr address_length)
{
    return do_accept(self, socket, address, address_length, 0);
}

int64_t hk_sys_accept__r1beta6(struct hk_thread *self, int32_t socket,
                               gm_addr address, gm_addr address_length,
                               int32_t flags)
{
    return do_accept(self, socket, address, address_length, flags);
}

/* What Haiku's protocols say to shutdown before they do it. TCP takes all, and
 * does nothing without a connection; *is_done: that is the case. */
static int32_t check_shutdown(const struct hk_thread *self,
                              struct hk_file *file, int32_t how, int *is_done)
{
    unsigned protocol = hk_socket_protocol(file);
    int is_new = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    int is_how = how == SHUT_RD || how == SHUT_WR || how == SHUT_RDWR;

    *is_done = 0;
    if (is_new && !is_how)
        return HK_B_BAD_VALUE;
    if (protocol & HK_ANY_DATAGRAM)
        return is_new ? HK_B_OK : HK_B_NOT_SUPPORTED;
    if (protocol & HK_ANY_TCP)
        *is_done = !is_how || !hk_socket_has_peer(file);
    else if (!is_how)
        return HK_B_BAD_VALUE;
    return hk_socket_check_connection(file);
}

/* SHUT_RD, SHUT_WR and SHUT_RDWR have the host's numbers. */
int64_t hk_sys_shutdown_socket(struct hk_thread *self, int32_t socket,
                               int32_t how)
{
    struct hk_file *file;
    int is_done;
    int32_t status = hk_socket_get(self, socket, &file);

    if (status != HK_B_OK)
        return status;
    status = check_shutdown(self, file, how, &is_done);
    if (status == HK_B_OK && !is_done) {
        status = result_of(shutdown(file->node.fd, how));
        if (how != SHUT_RD)
            atomic_store_explicit(&file->is_shut, 1, memory_order_relaxed);
        /* The connection is gone; and the host does it to datagrams, too. */
        if (status == HK_ENOTCONN &&
            (hk_socket_protocol(file) & HK_ANY_TCP || is_bound(file)))
            status = HK_B_OK;
    }
    hk_file_put(file);
    return status;
}

static int32_t write_no_name(const struct hk_thread *self, gm_addr address,
                             uint32_t room, gm_addr address_length, int family)
{
    enum { SIZE = 32 }; /* sizeof(struct sockaddr) */
    uint8_t bytes[SIZE] = {0, (uint8_t)family}, length[4];

    hk_put32(length, SIZE);
    if (hk_write_user(self, address_length, length, sizeof(length)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, address, bytes, room < SIZE ? room : SIZE);
}

static int guest_family(unsigned protocol)
{
    if (protocol & HK_LOCAL)
        return HK_AF_UNIX;
    return protocol & (HK_TCP6 | HK_DATAGRAM6) ? HK_AF_INET6 : HK_AF_INET;
}

/* getsockname and getpeername. */
static int64_t get_name(struct hk_thread *self, int32_t socket, gm_addr address,
                        gm_addr address_length, int is_peer)
{
    struct hk_sockaddr host = {.node = {NULL, NULL, -1, 0},
                               .length = sizeof(host.host)};
    struct hk_file *file;
    uint32_t room;
    int32_t status;

    status = hk_sockaddr_room(self, address, address_length, 1, &room);
    if (status == HK_B_OK)
        status = hk_socket_get(self, socket, &file);
    if (status != HK_B_OK)
        return status;
    status = result_of(
        is_peer ? getpeername(file->node.fd, &host.host.any, &host.length)
                : getsockname(file->node.fd, &host.host.any, &host.length));
    if (status == HK_B_OK && !is_peer && hk_sockaddr_is_none(&host))
        status = write_no_name(self, address, room, address_length,
                               guest_family(hk_socket_protocol(file)));
    else if (status == HK_B_OK)
        status =
            hk_sockaddr_write(self, address, room, address_length, &host,
                              is_peer ? file->peer_name : file->local_name);
    hk_file_put(file);
    return status;
}

int64_t hk_sys_getsockname(struct hk_thread *self, int32_t socket,
                           gm_addr address, gm_addr address_length)
{
    return get_name(self, socket, address, address_length, 0);
}

int64_t hk_sys_getpeername(struct hk_thread *self, int32_t socket,
                           gm_addr address, gm_addr address_length)
{
    return get_name(self, socket, address, address_length, 1);
}

/* Haiku's network knows no mark. */
int64_t hk_sys_sockatmark(struct hk_thread *self, int32_t socket)
{
    struct hk_file *file;
    int32_t status = hk_socket_get(self, socket, &file);

    if (status != HK_B_OK)
        return status;
    hk_file_put(file);
    return HK_B_UNSUPPORTED;
}
