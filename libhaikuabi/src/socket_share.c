/* socket_share.c -- what the teams of a root show of their sockets. */
/* SPDX-License-Identifier: MIT */
#include "socket_share.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "shared.h"
#include "socket_protocol.h"
#include "syscalls.h"

/*
 * Each open file that is a socket has an item. Those of one socket have the
 * host's number for it in common, and all else but the team; the first one
 * stands for the socket.
 */

static struct hk_shared_socket *item_at(const struct hk_shared *shared,
                                        uint32_t index)
{
    return hk_item(shared, HK_POOL_SOCKETS, index);
}

/* The next item in use from an index on, which it becomes, or NULL. */
static struct hk_shared_socket *next_item(const struct hk_shared *shared,
                                          uint32_t *index)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SOCKETS);

    for (; *index < end; ++*index)
        if (item_at(shared, *index)->team != 0)
            return item_at(shared, *index);
    return NULL;
}

/* The same of one socket. */
static struct hk_shared_socket *next_of(const struct hk_shared *shared,
                                        uint32_t inode, uint32_t *index)
{
    struct hk_shared_socket *item;

    while ((item = next_item(shared, index)) != NULL && item->inode != inode)
        ++*index;
    return item;
}

static void put_address(struct hk_shared *shared,
                        uint32_t words[HK_SOCKADDR_MAX / 4],
                        const uint8_t bytes[HK_SOCKADDR_MAX])
{
    for (size_t i = 0; i < HK_SOCKADDR_MAX / 4; i++) {
        uint32_t word;

        memcpy(&word, bytes + 4 * i, sizeof(word));
        hk_put(shared, &words[i], word);
    }
}

/* ---- files come and go ---- */

/* Of that socket, and nothing else yet; NULL when it is not shown. */
static struct hk_shared_socket *new_item(struct hk_shared *shared,
                                         struct hk_file *file)
{
    struct hk_shared_socket *item = NULL;
    uint32_t index = 0;
    struct stat info;

    if (shared->team != 0 && fstat(file->node.fd, &info) == 0)
        index = hk_item_new(shared, HK_POOL_SOCKETS);
    item = item_at(shared, index);
    file->shown_in = shared;
    file->shown = index;
    if (item == NULL)
        return NULL;
    hk_put(shared, &item->team, shared->team);
    hk_put(shared, &item->inode, (uint32_t)info.st_ino);
    return item;
}

static int option_of(const struct hk_file *file, int name)
{
    int value = 0;
    socklen_t size = sizeof(value);

    getsockopt(file->node.fd, SOL_SOCKET, name, &value, &size);
    return value;
}

/* What it is to Haiku: kinds and protocols have the host's numbers. */
static void put_kind(struct hk_shared *shared, struct hk_shared_socket *item,
                     struct hk_file *file)
{
    unsigned protocol = hk_socket_protocol(file);
    uint32_t family = protocol & HK_LOCAL                   ? HK_AF_UNIX
                      : protocol & (HK_TCP6 | HK_DATAGRAM6) ? HK_AF_INET6
                                                            : HK_AF_INET;

    hk_put(shared, &item->family, family);
    hk_put(shared, &item->type, (uint32_t)option_of(file, SO_TYPE));
    hk_put(shared, &item->protocol, (uint32_t)option_of(file, SO_PROTOCOL));
}

static void put_fresh(struct hk_shared *shared, struct hk_shared_socket *item,
                      struct hk_file *file, int32_t owner)
{
    static const uint8_t none[HK_SOCKADDR_MAX];

    put_kind(shared, item, file);
    hk_put(shared, &item->owner, (uint32_t)owner);
    put_address(shared, item->address, none);
    put_address(shared, item->peer, none);
}

void hk_socket_show(const struct hk_thread *self, struct hk_file *file,
                    const struct hk_file *listening)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_socket *parent;
    struct hk_shared_socket *item;

    hk_shared_lock(shared);
    item = new_item(shared, file);
    parent = listening != NULL ? item_at(shared, listening->shown) : NULL;
    if (item != NULL)
        put_fresh(shared, item, file,
                  parent != NULL ? parent->owner : self->team->id);
    hk_shared_unlock(shared);
    if (hk_socket_has_peer(file))
        hk_socket_show_names(self, file, NULL);
}

void hk_socket_show_again(struct hk_shared *shared, struct hk_file *file)
{
    struct hk_shared_socket *item;
    const struct hk_shared_socket *other = NULL;

    hk_shared_lock(shared);
    item = new_item(shared, file);
    for (uint32_t i = 1; item != NULL; i++) {
        other = next_of(shared, item->inode, &i);
        if (other != item)
            break;
    }
    if (item != NULL)
        put_fresh(shared, item, file,
                  other != NULL ? other->owner
                                : hk_shared_slot(shared, shared->team)->id);
    if (other != NULL) {
        put_address(shared, item->address, (const uint8_t *)other->address);
        put_address(shared, item->peer, (const uint8_t *)other->peer);
    }
    hk_shared_unlock(shared);
}

void hk_socket_show_forked(struct hk_shared *shared, struct hk_file *file)
{
    if (file->shown_in != NULL && file->shown == 0)
        hk_socket_show_again(shared, file);
}

static void free_item(struct hk_shared *shared, uint32_t index)
{
    hk_put(shared, &item_at(shared, index)->team, 0);
    hk_item_free(shared, HK_POOL_SOCKETS, index);
}

void hk_socket_hide(struct hk_file *file)
{
    struct hk_shared *shared = file->shown_in;
    const struct hk_shared_socket *item;

    if (file->shown == 0 || shared->team == 0)
        return;
    hk_shared_lock(shared);
    item = item_at(shared, file->shown);
    if (item != NULL && item->team == shared->team)
        free_item(shared, file->shown);
    hk_shared_unlock(shared);
    file->shown = 0;
}

void hk_sockets_drop(struct hk_shared *shared, uint32_t team)
{
    const struct hk_shared_socket *item;

    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++)
        if (item->team == team) {
            free_item(shared, i);
            hk_shared_commit(shared);
        }
}

/* ---- names ---- */

static void own_name(const struct hk_thread *self, const struct hk_file *file,
                     uint8_t bytes[HK_SOCKADDR_MAX])
{
    struct hk_sockaddr address = {.node = {NULL, NULL, -1, 0},
                                  .length = sizeof(address.host)};

    memset(bytes, 0, HK_SOCKADDR_MAX);
    if (getsockname(file->node.fd, &address.host.any, &address.length) == 0 &&
        !hk_sockaddr_is_none(&address))
        hk_sockaddr_put(bytes, self, &address, file->local_name);
}

/* 0 when it is unknown. */
static int peer_name(const struct hk_thread *self, const struct hk_file *file,
                     const struct hk_sockaddr *peer,
                     uint8_t bytes[HK_SOCKADDR_MAX])
{
    struct hk_sockaddr address = {.node = {NULL, NULL, -1, 0},
                                  .length = sizeof(address.host)};

    if (peer != NULL) {
        hk_sockaddr_put(bytes, self, peer, peer->name);
        return 1;
    }
    if (getpeername(file->node.fd, &address.host.any, &address.length) < 0)
        return 0;
    hk_sockaddr_put(bytes, self, &address, file->peer_name);
    return 1;
}

void hk_socket_show_names(const struct hk_thread *self, struct hk_file *file,
                          const struct hk_sockaddr *peer)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t own[HK_SOCKADDR_MAX], other[HK_SOCKADDR_MAX];
    const struct hk_shared_socket *shown = item_at(shared, file->shown);
    struct hk_shared_socket *item;
    int has_peer;

    atomic_store_explicit(&file->is_named, 1, memory_order_relaxed);
    if (shown == NULL)
        return;
    own_name(self, file, own);
    has_peer = peer_name(self, file, peer, other);
    hk_shared_lock(shared);
    for (uint32_t i = 1; (item = next_of(shared, shown->inode, &i)) != NULL;
         i++) {
        put_address(shared, item->address, own);
        if (has_peer)
            put_address(shared, item->peer, other);
    }
    hk_shared_unlock(shared);
}

/* ---- get_next_socket_stat ---- */

/* What the host knows of a connection, by its table of them. */
struct connection {
    unsigned state, sending, receiving;
};

static int read_connection(const char *path, uint32_t inode,
                           struct connection *found)
{
    FILE *table = fopen(path, "re");
    struct connection now;
    unsigned long number = 0;
    char line[512];
    int has_found = 0;

    while (table != NULL && !has_found && fgets(line, sizeof(line), table))
        has_found =
            sscanf(line,
                   "%*d: %*[0-9A-Fa-f]:%*x %*[0-9A-Fa-f]:%*x %x %x:%x "
                   "%*x:%*x %*x %*u %*u %lu",
                   &now.state, &now.sending, &now.receiving, &number) == 4 &&
            number == inode;
    if (table != NULL)
        fclose(table);
    if (has_found)
        *found = now;
    return has_found;
}

/* By the host's numbers (its <netinet/tcp.h>). A queue's length there counts
 * SYN and FIN. */
static const struct {
    const char *name;
    uint8_t has_sent, has_received, is_listening;
} states[] = {[1] = {"established", 0, 0, 0},
              {"syn-sent", 1, 0, 0},
              {"syn-received", 1, 0, 0},
              {"fin-wait1", 1, 0, 0},
              {"fin-wait2", 0, 0, 0},
              {"time-wait", 0, 0, 0},
              {"closed", 0, 0, 0},
              {"close-wait", 0, 1, 0},
              {"last-ack", 1, 1, 0},
              {"listen", 0, 0, 1},
              {"closing", 1, 1, 0},
              {"syn-received", 1, 0, 0}};

enum { STATE_CLOSED = 7, STATE_COUNT = sizeof(states) / sizeof(states[0]) };

static uint32_t without_mark(unsigned size, int has_mark)
{
    return size > 0 && has_mark ? size - 1 : size;
}

/* struct net_stat, as netstat reads it. */
enum {
    STAT_STATE = 12,
    STAT_OWNER = 44,
    STAT_ADDRESS = 48,
    STAT_PEER = 176,
    STAT_RECEIVING = 304,
    STAT_SENDING = 308,
    STAT_SIZE = 312
};

static void put_connection(uint8_t *bytes, uint32_t inode)
{
    struct connection now = {STATE_CLOSED, 0, 0};

    if (!read_connection("/proc/net/tcp", inode, &now))
        read_connection("/proc/net/tcp6", inode, &now);
    if (now.state == 0 || now.state >= STATE_COUNT)
        now.state = STATE_CLOSED;
    strcpy((char *)bytes + STAT_STATE, states[now.state].name);
    if (states[now.state].is_listening)
        return;
    hk_put32(bytes + STAT_RECEIVING,
             without_mark(now.receiving, states[now.state].has_received));
    hk_put32(bytes + STAT_SENDING,
             without_mark(now.sending, states[now.state].has_sent));
}

static void put_stat(uint8_t bytes[STAT_SIZE],
                     const struct hk_shared_socket *item)
{
    memset(bytes, 0, STAT_SIZE);
    hk_put32(bytes, item->family);
    hk_put32(bytes + 4, item->type);
    hk_put32(bytes + 8, item->protocol);
    hk_put32(bytes + STAT_OWNER, (uint32_t)item->owner);
    memcpy(bytes + STAT_ADDRESS, item->address, HK_SOCKADDR_MAX);
    memcpy(bytes + STAT_PEER, item->peer, HK_SOCKADDR_MAX);
    if (item->protocol == IPPROTO_TCP)
        put_connection(bytes, item->inode);
}

static int is_first(const struct hk_shared *shared, uint32_t index)
{
    uint32_t first = 1;

    next_of(shared, item_at(shared, index)->inode, &first);
    return first == index;
}

/*
 * The socket that a cookie stands for, or NULL. As on Haiku, sockets of other
 * families are not counted, and yet the one behind those counted is taken.
 */
static const struct hk_shared_socket *find(struct hk_shared *shared,
                                           int32_t family, uint32_t cookie)
{
    const struct hk_shared_socket *item;
    uint32_t count = 0;

    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++) {
        if (!is_first(shared, i))
            continue;
        if (count == cookie)
            return item;
        count += family == -1 || (uint32_t)family == item->family;
    }
    return NULL;
}

int64_t hk_sys_get_next_socket_stat(struct hk_thread *self, int32_t family,
                                    gm_addr cookie, gm_addr stat)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_socket *found;
    struct hk_shared_socket copy;
    uint8_t word[4], bytes[STAT_SIZE];

    if (cookie == 0 || stat == 0)
        return HK_B_BAD_VALUE;
    if (stat >= HK_USER_LIMIT ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    found = find(shared, family, hk_get32(word));
    if (found != NULL)
        copy = *found;
    hk_shared_unlock(shared);
    if (found == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    put_stat(bytes, &copy);
    hk_put32(word, hk_get32(word) + 1);
    if (hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, stat, bytes, sizeof(bytes));
}
