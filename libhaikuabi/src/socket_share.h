/* socket_share.h -- what the teams of a root show of their sockets. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SOCKET_SHARE_H
#define HK_SOCKET_SHARE_H

#include "sockaddr.h"

/* The file of a new socket is shown to all; it belongs to this team, or to that
 * of the socket it was accepted from. */
void hk_socket_show(const struct hk_thread *self, struct hk_file *file,
                    const struct hk_file *listening);

/* A file has a socket that others may have too: it came through another
 * socket; or, once for all descriptors of it, from the fork's parent. */
void hk_socket_show_again(struct hk_shared *shared, struct hk_file *file);
void hk_socket_show_forked(struct hk_shared *shared, struct hk_file *file);

/* The socket's addresses are other ones now. peer: to which it has been
 * connected; NULL: the host is asked. */
void hk_socket_show_names(const struct hk_thread *self, struct hk_file *file,
                          const struct hk_sockaddr *peer);

/* A send has given it an address, if it had none. */
static inline void hk_socket_show_sent(const struct hk_thread *self,
                                       struct hk_file *file)
{
    if (!atomic_load_explicit(&file->is_named, memory_order_relaxed))
        hk_socket_show_names(self, file, NULL);
}

/* The file is closed; the team ends (with the lock). */
void hk_socket_hide(struct hk_file *file);
void hk_sockets_drop(struct hk_shared *shared, uint32_t team);

#endif
