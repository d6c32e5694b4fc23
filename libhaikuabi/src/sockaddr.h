/* sockaddr.h -- addresses of sockets. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SOCKADDR_H
#define HK_SOCKADDR_H

#include <sys/socket.h>

#include "fd.h"

/* The longest address of the guest, sockaddr_storage. */
enum { HK_SOCKADDR_MAX = 128 };

/* haiku-abi/structs.md, "address families". */
enum hk_family {
    HK_AF_UNSPEC = 0,
    HK_AF_INET = 1,
    HK_AF_LINK = 4,
    HK_AF_INET6 = 5,
    HK_AF_UNIX = 9
};

/* The host's family, or -1. */
int hk_family_to_host(int32_t family);

/*
 * An address on the host. That of a local socket is a path through a
 * descriptor: the guest's path is found as all paths are, and the host goes
 * no other way.
 */
struct hk_sockaddr {
    union {
        struct sockaddr any;
        struct sockaddr_storage storage;
    } host;
    socklen_t length;
    struct hk_node node; /* held while the address is used */
    char *name;          /* a local socket's path as given; or NULL */
    uint8_t given[HK_SOCKADDR_MAX]; /* the guest's, with zeros behind it */
    uint32_t given_size;
};

/* Reads the guest's address: B_OK, and the caller releases it, or B_BAD_VALUE
 * or B_BAD_ADDRESS. Then what it is on the host, for one that is about to be
 * bound (is_new), or is there. */
int32_t hk_sockaddr_read(const struct hk_thread *self,
                         struct hk_sockaddr *address, gm_addr from,
                         uint32_t size);
int32_t hk_sockaddr_find(const struct hk_thread *self,
                         struct hk_sockaddr *address, int is_new);
int32_t hk_sockaddr_family(const struct hk_sockaddr *address);
void hk_sockaddr_release(struct hk_sockaddr *address);

/* A local socket gets a name without a file that no other of the root has: 0;
 * -1 and errno, EINVAL when it has one. */
int hk_bind_hidden(const struct hk_thread *self, int fd);

/* The guest's form of a host's address; its length. name: the path of a
 * local socket whose own is not known. */
uint32_t hk_sockaddr_put(uint8_t bytes[HK_SOCKADDR_MAX],
                         const struct hk_thread *self,
                         const struct hk_sockaddr *address, const char *name);

/* Whether it is that of a socket that was never bound, nor connected: told
 * without its length. */
int hk_sockaddr_is_none(const struct hk_sockaddr *address);

/*
 * Address results: user_length holds the room at user and gets the length;
 * user may be 0. hk_sockaddr_room reads the room before the call; from r1beta6
 * on a bad address is found later when none is required.
 */
int32_t hk_sockaddr_room(const struct hk_thread *self, gm_addr user,
                         gm_addr user_length, int is_required, uint32_t *room);
int32_t hk_sockaddr_write(const struct hk_thread *self, gm_addr user,
                          uint32_t room, gm_addr user_length,
                          const struct hk_sockaddr *address, const char *name);

#endif
