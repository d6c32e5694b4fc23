/* port.h -- ports, and the messages in them. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PORT_H
#define HK_PORT_H

#include "kmessage.h"
#include "shared.h"

enum { HK_MESSAGE_MAX = 256 * 1024 };

/* What a call that may wait was given. */
struct hk_port_wait {
    int32_t id;
    uint32_t flags;
    int64_t timeout, deadline;
};

/* A piece of a message in guest memory. */
struct hk_piece {
    uint32_t address, size;
};

static inline int hk_port_is_closed(const struct hk_port *port)
{
    return port->capacity == 0;
}

/* Given to the kernel's team: user programs may wait for its messages by
 * reading it alone. */
static inline int hk_port_is_kernels(const struct hk_port *port)
{
    return port != NULL && port->owner == HK_KERNEL_SLOT;
}

/* Frees the messages of a port, and those that wait for room in it. */
void hk_port_drop_messages(struct hk_shared *shared, struct hk_port *port);
void hk_port_drop_late(struct hk_shared *shared, struct hk_port *port);

/* Ports of the kernel's: made for a team, given to another one, deleted. With
 * the lock. The id, or B_NO_MORE_PORTS. */
int32_t hk_port_make(struct hk_shared *shared, uint32_t owner, int32_t capacity,
                     const char name[HK_NAME_LENGTH]);
void hk_port_set_owner(struct hk_shared *shared, int32_t id, uint32_t owner);
void hk_port_remove(struct hk_shared *shared, int32_t id);

/* Who waits for messages looks again at what may end the wait. */
void hk_port_alert_readers(struct hk_shared *shared, int32_t id);

/* A message of the kernel's own memory, once there is room for it: B_OK,
 * B_BAD_PORT_ID, B_INTERRUPTED. And one that is awaited and read: its size, as
 * far as there is room for it. */
int32_t hk_port_send(struct hk_thread *self, int32_t id, int32_t code,
                     const void *bytes, uint32_t size);
int32_t hk_port_receive(struct hk_thread *self, int32_t id, int32_t *code,
                        void *bytes, uint32_t size);

/*
 * Puts bytes of the kernel's own into a port, from team `sender`, without
 * waiting: B_OK, B_BAD_PORT_ID or B_WOULD_BLOCK. With the lock.
 */
int32_t hk_port_post(struct hk_shared *shared, int32_t id, int32_t code,
                     const void *bytes, uint32_t size, int32_t sender);

/* The same for a message of the kernel's to the handler of a token, as Haiku's
 * registrar passes it on: under the code of flattened ones. One to a port that
 * is full goes in when there is room, behind those that came before; the oldest
 * is lost when too many wait. Something may be half done. */
void hk_port_post_kernel(struct hk_shared *shared, int32_t id, uint32_t token,
                         struct hk_kmessage_maker *maker);

/* The same without the lock. */
void hk_port_tell(struct hk_shared *shared, int32_t id, uint32_t token,
                  struct hk_kmessage_maker *maker);

#endif
