/* xsi.h -- what XSI semaphores and message queues have in common, and their
 * permissions with POSIX semaphores. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_XSI_H
#define HK_XSI_H

#include "shared.h"

enum {
    HK_IPC_PRIVATE = 0, /* a key */
    HK_IPC_CREAT = 01000,
    HK_IPC_EXCL = 02000,
    HK_IPC_NOWAIT = 04000,
    HK_IPC_RMID = 0,
    HK_IPC_SET = 1,
    HK_IPC_STAT = 2,
    HK_IPC_PERM_SIZE = 24
};

/* With the lock. Those of a new object, of the team's user; a private one has
 * key -1. */
void hk_xsi_perm_init(struct hk_thread *self, struct hk_xsi_perm *perm,
                      int32_t key, uint32_t mode);

/* Whether the team's user may use an object: Haiku asks for writing only. */
int hk_xsi_is_permitted(const struct hk_thread *self,
                        const struct hk_xsi_perm *perm);

/* ipc_perm in guest memory, and the part of it that IPC_SET takes. */
void hk_xsi_perm_put(const struct hk_xsi_perm *perm,
                     uint8_t bytes[HK_IPC_PERM_SIZE]);
void hk_xsi_perm_set(struct hk_shared *shared, struct hk_xsi_perm *perm,
                     const uint8_t bytes[HK_IPC_PERM_SIZE]);

/* Seconds since 1970, as time_t of a 32-bit team. */
uint32_t hk_xsi_time(const struct hk_shared *shared);

/* Sleeps in a queue, until it is woken: B_OK to look again, or the result it
 * was given, or B_INTERRUPTED. detail: for who counts waiters. */
int32_t hk_xsi_wait(struct hk_thread *self, enum hk_waits_for kind,
                    uint32_t object, struct hk_queue *queue, int32_t detail);

/* All of a queue look again, or are told that what they wait for is gone. */
void hk_xsi_wake(struct hk_shared *shared, struct hk_queue *queue,
                 int32_t result);

#endif
