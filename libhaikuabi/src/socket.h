/* socket.h -- sockets as files. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SOCKET_H
#define HK_SOCKET_H

#include <sys/uio.h>

#include "sockaddr.h"

/* The socket of a descriptor, to be put back; B_FILE_ERROR or ENOTSOCK. */
int32_t hk_socket_get(const struct hk_thread *self, int32_t fd,
                      struct hk_file **file);

/* Which end of a connection a new socket is. */
enum hk_socket_end { HK_NO_END, HK_CALLING_END, HK_ACCEPTED_END };

/* A new descriptor for a host's socket, which is closed on failure.
 * flags: enum hk_fd_flags. listening: whose name and options it has; may be
 * NULL. */
int32_t hk_socket_add(const struct hk_thread *self, int host_fd, unsigned flags,
                      struct hk_file *listening, enum hk_socket_end end);

/* A connection gets the options that it has of who listened. */
void hk_socket_inherit(struct hk_file *file, struct hk_file *listening);

/*
 * Waits until it is ready to receive or send, or until SO_RCVTIMEO or
 * SO_SNDTIMEO ends the wait: B_OK, timed_out, B_INTERRUPTED or an error.
 */
int32_t hk_socket_wait(struct hk_thread *self, struct hk_file *file,
                       int is_send, int32_t timed_out);

/* One send or receive. vectors lie in guest memory, at host addresses. */
struct hk_message {
    struct iovec *vectors;
    uint32_t count;
    int flags; /* the guest's */
    int is_send;
    struct hk_sockaddr *address; /* in or out; NULL: none */
    /* Ancillary data as the host has it; room in, length out. */
    void *control;
    size_t control_size;
    int flags_out; /* the guest's */
};

/* A count or an error. */
int64_t hk_socket_transfer(struct hk_thread *self, struct hk_file *file,
                           struct hk_message *message);

#endif
