/* sockaddr.c -- addresses of sockets. */
/* SPDX-License-Identifier: MIT */
#include "sockaddr.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bound_names.h"
#include "bytes.h"
#include "clock.h"
#include "host_open.h"
#include "shared_file.h"

/* haiku-abi/structs.md, "sockaddr_in" and its like. */
enum {
    INET_SIZE = 32,
    INET6_SIZE = 28,
    UNIX_AT_PATH = 2,
    NO_NAME_SIZE = 32, /* sizeof(struct sockaddr) */
    HIDDEN_DIGITS = 5,
    NUMBER_DIGITS = 10,
    OWN_PATH_SIZE = HK_FD_PATH_SIZE + 16 + 2 * NUMBER_DIGITS
};

/* Names without a file are the host's too: before the digits of a root's there
 * is "haikuabi/" and its number. */
enum { HIDDEN_PREFIX = 26 };

static void put_prefix(const struct hk_thread *self,
                       char prefix[HIDDEN_PREFIX + 1])
{
    snprintf(prefix, HIDDEN_PREFIX + 1, "haikuabi/%016" PRIx64 "/",
             hk_shared_of(self)->file->number);
}

int hk_family_to_host(int32_t family)
{
    switch (family) {
    case HK_AF_INET:
        return AF_INET;
    case HK_AF_INET6:
        return AF_INET6;
    case HK_AF_UNIX:
        return AF_UNIX;
    default:
        return -1;
    }
}

/* What is missing at the end is zero. */
static int32_t read_inet(struct hk_sockaddr *address, const uint8_t *bytes)
{
    struct sockaddr_in *host = (void *)&address->host;

    host->sin_family = AF_INET;
    memcpy(&host->sin_port, bytes + 2, 2);
    memcpy(&host->sin_addr, bytes + 4, 4);
    address->length = sizeof(*host);
    return HK_B_OK;
}

static int32_t read_inet6(struct hk_sockaddr *address, const uint8_t *bytes)
{
    struct sockaddr_in6 *host = (void *)&address->host;

    host->sin6_family = AF_INET6;
    memcpy(&host->sin6_port, bytes + 2, 2);
    memcpy(&host->sin6_flowinfo, bytes + 4, 4);
    memcpy(&host->sin6_addr, bytes + 8, 16);
    host->sin6_scope_id = hk_get32(bytes + 24);
    address->length = sizeof(*host);
    return HK_B_OK;
}

/* To the host's name of digits, with them. */
static socklen_t put_hidden(const struct hk_thread *self,
                            struct sockaddr_un *host, const char *digits)
{
    char prefix[HIDDEN_PREFIX + 1];

    put_prefix(self, prefix);
    host->sun_family = AF_UNIX;
    host->sun_path[0] = '\0';
    memcpy(host->sun_path + 1, prefix, HIDDEN_PREFIX);
    memcpy(host->sun_path + 1 + HIDDEN_PREFIX, digits, HIDDEN_DIGITS);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
                       HIDDEN_PREFIX + HIDDEN_DIGITS);
}

int hk_bind_hidden(const struct hk_thread *self, int fd)
{
    enum { TRIES = 1000, DIGITS_MASK = 0xfffff };
    uint32_t number = (uint32_t)hk_system_time();
    struct sockaddr_un host;
    char digits[HIDDEN_DIGITS + 1];

    for (int i = 0; i < TRIES; i++) {
        socklen_t length;

        snprintf(digits, sizeof(digits), "%05x", number++ & DIGITS_MASK);
        length = put_hidden(self, &host, digits);
        if (bind(fd, (struct sockaddr *)&host, length) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return -1;
    }
    return -1;
}

static int is_hidden_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/*
 * A name without a file is NUL and five digits, whatever is behind them.
 * Where all is zero and an address is to be bound, hk_bind_hidden makes one up.
 */
static int32_t read_hidden(const struct hk_thread *self,
                           struct hk_sockaddr *address, const uint8_t *path,
                           uint32_t size, int is_new)
{
    struct sockaddr_un *host = (void *)&address->host;
    const uint8_t *digits = path + 1;

    host->sun_family = AF_UNIX;
    address->length = offsetof(struct sockaddr_un, sun_path);
    if (size == NO_NAME_SIZE && digits[0] == '\0')
        return is_new ? HK_B_OK : HK_B_BAD_VALUE;
    if (size < UNIX_AT_PATH + 1 + HIDDEN_DIGITS)
        return HK_B_BAD_VALUE;
    for (int i = 0; i < HIDDEN_DIGITS; i++)
        if (!is_hidden_digit(digits[i]))
            return HK_B_BAD_VALUE;
    address->length = put_hidden(self, host, (const char *)digits);
    return HK_B_OK;
}

/* A directory by a path that no other socket has whose name is kept
 * (bound_names.h), where /proc knows this process by its id: descriptors come
 * again, and so the digits of a number are behind it, each two letters that
 * lead nowhere. */
static void own_path(int fd, uint32_t number, char path[OWN_PATH_SIZE])
{
    struct stat here, there;
    size_t length;

    snprintf(path, OWN_PATH_SIZE, "/proc/%d/fd/%d", (int)getpid(), fd);
    if (fstat(fd, &here) != 0 || stat(path, &there) != 0 ||
        here.st_dev != there.st_dev || here.st_ino != there.st_ino)
        hk_host_fd_path(fd, path);
    length = strlen(path);
    for (int i = 0; i < NUMBER_DIGITS; i++, length += 2)
        memcpy(path + length, number >> i & 1 ? "/." : "//", 3);
}

/* Where a new socket's file goes: its directory is held. */
static int32_t place_new(const struct hk_thread *self,
                         const struct hk_node *start,
                         struct hk_sockaddr *address, const char *path,
                         char *host_path, size_t size)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    char directory[OWN_PATH_SIZE];
    char leaf[HK_FILE_NAME_LENGTH];
    int32_t status = hk_vfs_open_parent(vfs, start, path, &address->node, leaf);

    if (status != HK_B_OK)
        return status;
    if (strcmp(leaf, ".") == 0 || strcmp(leaf, "..") == 0 ||
        hk_node_child(&address->node, leaf) != NULL)
        return HK_EADDRINUSE;
    if (address->node.fd < 0 || address->node.mount == NULL ||
        address->node.mount->read_only)
        return HK_B_READ_ONLY_DEVICE;
    own_path(address->node.fd, hk_bound_name_count(self), directory);
    if ((size_t)snprintf(host_path, size, "%s/%s", directory, leaf) >= size)
        return HK_B_NAME_TOO_LONG;
    return HK_B_OK;
}

static int is_socket(int fd)
{
    struct stat info;

    return fstat(fd, &info) != 0 || S_ISSOCK(info.st_mode);
}

/* The guest's path is found from the working directory. */
static int32_t read_path(const struct hk_thread *self,
                         struct hk_sockaddr *address, const char *path,
                         int is_new)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct sockaddr_un *host = (void *)&address->host;
    struct hk_file *cwd = hk_cwd_get(self);
    int32_t status;

    host->sun_family = AF_UNIX;
    if (is_new) {
        status = place_new(self, &cwd->node, address, path, host->sun_path,
                           sizeof(host->sun_path));
    } else {
        status = hk_vfs_open(vfs, &cwd->node, path, HK_WALK_FOLLOW, O_PATH, 0,
                             &address->node);
        if (status == HK_B_OK && address->node.fd < 0)
            status = HK_ECONNREFUSED;
        if (status == HK_B_OK && !is_socket(address->node.fd))
            status = HK_B_BAD_VALUE;
        hk_host_fd_path(address->node.fd, host->sun_path);
    }
    if (status == HK_B_OK)
        address->name = strdup(path);
    hk_file_put(cwd);
    address->length = sizeof(*host);
    return status;
}

static int32_t read_unix(const struct hk_thread *self,
                         struct hk_sockaddr *address, const uint8_t *bytes,
                         uint32_t size, int is_new)
{
    const char *path = (const char *)bytes + UNIX_AT_PATH;

    if (path[0] == '\0')
        return read_hidden(self, address, bytes + UNIX_AT_PATH, size, is_new);
    if (strnlen(path, HK_LOCAL_NAME_LENGTH) == HK_LOCAL_NAME_LENGTH)
        return HK_B_BAD_VALUE;
    return read_path(self, address, path, is_new);
}

int32_t hk_sockaddr_read(const struct hk_thread *self,
                         struct hk_sockaddr *address, gm_addr from,
                         uint32_t size)
{
    memset(address, 0, sizeof(*address));
    address->node.fd = -1;
    if (from == 0 || size > sizeof(address->given))
        return HK_B_BAD_VALUE;
    address->given_size = size;
    return hk_is_user_address(from)
               ? hk_read_user(self, address->given, from, size)
               : HK_B_BAD_ADDRESS;
}

int32_t hk_sockaddr_family(const struct hk_sockaddr *address)
{
    return address->given[1];
}

int32_t hk_sockaddr_find(const struct hk_thread *self,
                         struct hk_sockaddr *address, int is_new)
{
    switch (hk_sockaddr_family(address)) {
    case HK_AF_UNSPEC: /* connect: to nobody any more */
        address->host.any.sa_family = AF_UNSPEC;
        address->length = sizeof(address->host.any);
        return HK_B_OK;
    case HK_AF_INET:
        return read_inet(address, address->given);
    case HK_AF_INET6:
        return read_inet6(address, address->given);
    case HK_AF_UNIX:
        return read_unix(self, address, address->given, address->given_size,
                         is_new);
    default:
        return HK_EAFNOSUPPORT;
    }
}

void hk_sockaddr_release(struct hk_sockaddr *address)
{
    hk_node_close(&address->node);
    free(address->name);
    address->name = NULL;
}

static uint32_t put_head(uint8_t *bytes, uint32_t size, int family)
{
    bytes[0] = (uint8_t)size;
    bytes[1] = (uint8_t)family;
    return size;
}

static uint32_t put_inet(uint8_t *bytes, const struct sockaddr_in *host)
{
    memcpy(bytes + 2, &host->sin_port, 2);
    memcpy(bytes + 4, &host->sin_addr, 4);
    return put_head(bytes, INET_SIZE, HK_AF_INET);
}

static uint32_t put_inet6(uint8_t *bytes, const struct sockaddr_in6 *host)
{
    memcpy(bytes + 2, &host->sin6_port, 2);
    memcpy(bytes + 4, &host->sin6_flowinfo, 4);
    memcpy(bytes + 8, &host->sin6_addr, 16);
    hk_put32(bytes + 24, host->sin6_scope_id);
    return put_head(bytes, INET6_SIZE, HK_AF_INET6);
}

/* The host's paths say nothing to the guest: only the name counts that the
 * socket was given. */
static uint32_t put_unix(uint8_t *bytes, const struct hk_thread *self,
                         const struct sockaddr_un *host, socklen_t host_length,
                         const char *name)
{
    size_t at_path = offsetof(struct sockaddr_un, sun_path);
    size_t length = 0;

    if (name != NULL) {
        length = strlen(name);
        if (length > HK_LOCAL_NAME_LENGTH - 1)
            length = HK_LOCAL_NAME_LENGTH - 1;
        memcpy(bytes + UNIX_AT_PATH, name, length);
        length++;
    } else if (host_length > at_path + 1 && host->sun_path[0] == '\0') {
        const char *hidden = host->sun_path + 1;
        char prefix[HIDDEN_PREFIX + 1];

        put_prefix(self, prefix);
        length = host_length - at_path - 1;
        if (length >= HIDDEN_PREFIX &&
            memcmp(hidden, prefix, HIDDEN_PREFIX) == 0) {
            hidden += HIDDEN_PREFIX;
            length -= HIDDEN_PREFIX;
        }
        memcpy(bytes + UNIX_AT_PATH + 1, hidden, length);
        length++;
    }
    return put_head(bytes, (uint32_t)(UNIX_AT_PATH + length), HK_AF_UNIX);
}

static int is_hosts_path(const struct hk_sockaddr *address)
{
    const struct sockaddr_un *host = (const void *)&address->host;

    return host->sun_family == AF_UNIX &&
           address->length > offsetof(struct sockaddr_un, sun_path) &&
           host->sun_path[0] == '/';
}

uint32_t hk_sockaddr_put(uint8_t bytes[HK_SOCKADDR_MAX],
                         const struct hk_thread *self,
                         const struct hk_sockaddr *address, const char *name)
{
    char bound[HK_LOCAL_NAME_LENGTH];
    const void *host = &address->host;

    memset(bytes, 0, HK_SOCKADDR_MAX);
    if (address->length < sizeof(sa_family_t))
        return 0;
    if (is_hosts_path(address) &&
        hk_bound_name_find(self, ((const struct sockaddr_un *)host)->sun_path,
                           bound))
        name = bound;
    switch (address->host.any.sa_family) {
    case AF_INET:
        return put_inet(bytes, host);
    case AF_INET6:
        return put_inet6(bytes, host);
    case AF_UNIX:
        return put_unix(bytes, self, host, address->length, name);
    default:
        return 0;
    }
}

int hk_sockaddr_is_none(const struct hk_sockaddr *address)
{
    const struct sockaddr_in *inet = (const void *)&address->host;
    const struct sockaddr_in6 *inet6 = (const void *)&address->host;

    switch (address->host.any.sa_family) {
    case AF_INET:
        return inet->sin_port == 0 && inet->sin_addr.s_addr == 0;
    case AF_INET6:
        return inet6->sin6_port == 0 &&
               IN6_IS_ADDR_UNSPECIFIED(&inet6->sin6_addr);
    default:
        return address->length <= sizeof(sa_family_t);
    }
}

int32_t hk_sockaddr_room(const struct hk_thread *self, gm_addr user,
                         gm_addr user_length, int is_required, uint32_t *room)
{
    int is_looked_at =
        is_required || hk_kernel_of(self)->config.release < HK_R1BETA6;
    uint8_t bytes[4];

    *room = 0;
    if (user_length == 0 || (user == 0 && is_required))
        return HK_B_BAD_VALUE;
    if (user == 0)
        return HK_B_OK;
    if ((is_looked_at && !hk_is_user_address(user)) ||
        hk_read_user(self, bytes, user_length, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    *room = hk_get32(bytes);
    if (*room > HK_SOCKADDR_MAX)
        *room = HK_SOCKADDR_MAX;
    return HK_B_OK;
}

int32_t hk_sockaddr_write(const struct hk_thread *self, gm_addr user,
                          uint32_t room, gm_addr user_length,
                          const struct hk_sockaddr *address, const char *name)
{
    uint8_t bytes[HK_SOCKADDR_MAX], length[4];
    uint32_t size = hk_sockaddr_put(bytes, self, address, name);

    hk_put32(length, user == 0 ? 0 : size);
    if (hk_write_user(self, user_length, length, sizeof(length)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, user, bytes, size < room ? size : room);
}
