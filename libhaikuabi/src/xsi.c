/* xsi.c -- what XSI semaphores and message queues have in common. */
/* SPDX-License-Identifier: MIT */
#include "xsi.h"

#include "bytes.h"
#include "clock.h"

enum { PERMISSIONS = 0777, OTHERS = 0002, GROUP = 0020, USER = 0200 };

void hk_xsi_perm_init(struct hk_thread *self, struct hk_xsi_perm *perm,
                      int32_t key, uint32_t mode)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t user = self->team->ids.user.effective;
    uint32_t group = self->team->ids.group.effective;

    hk_put(shared, &perm->key, (uint32_t)key);
    hk_put(shared, &perm->uid, user);
    hk_put(shared, &perm->gid, group);
    hk_put(shared, &perm->cuid, user);
    hk_put(shared, &perm->cgid, group);
    hk_put(shared, &perm->mode, mode & PERMISSIONS);
}

int hk_xsi_is_permitted(const struct hk_thread *self,
                        const struct hk_xsi_perm *perm)
{
    uint32_t user = self->team->ids.user.effective;
    uint32_t group = self->team->ids.group.effective;

    return (perm->mode & OTHERS) != 0 || user == 0 ||
           (user == perm->uid && (perm->mode & USER) != 0) ||
           (group == perm->gid && (perm->mode & GROUP) != 0);
}

void hk_xsi_perm_put(const struct hk_xsi_perm *perm,
                     uint8_t bytes[HK_IPC_PERM_SIZE])
{
    hk_put32(bytes, (uint32_t)perm->key);
    hk_put32(bytes + 4, perm->uid);
    hk_put32(bytes + 8, perm->gid);
    hk_put32(bytes + 12, perm->cuid);
    hk_put32(bytes + 16, perm->cgid);
    hk_put32(bytes + 20, perm->mode);
}

void hk_xsi_perm_set(struct hk_shared *shared, struct hk_xsi_perm *perm,
                     const uint8_t bytes[HK_IPC_PERM_SIZE])
{
    const uint32_t kept = perm->mode & ~(uint32_t)PERMISSIONS;

    hk_put(shared, &perm->uid, hk_get32(bytes + 4));
    hk_put(shared, &perm->gid, hk_get32(bytes + 8));
    hk_put(shared, &perm->mode, kept | (hk_get32(bytes + 20) & PERMISSIONS));
}

uint32_t hk_xsi_time(const struct hk_shared *shared)
{
    return (uint32_t)(hk_real_time(shared) / 1000000);
}

int32_t hk_xsi_wait(struct hk_thread *self, enum hk_waits_for kind,
                    uint32_t object, struct hk_queue *queue, int32_t detail)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_waiter *waiter = hk_waiter_new(self, kind, object, 0);
    int32_t status;

    if (waiter == NULL)
        return HK_B_NO_MEMORY;
    hk_put(shared, &waiter->count, (uint32_t)detail);
    hk_enqueue(shared, queue, waiter);
    status = hk_waiter_sleep(self, waiter, HK_INFINITE_TIMEOUT);
    if (waiter->result == HK_WAITING)
        hk_dequeue(shared, queue, waiter);
    hk_waiter_free(shared, waiter);
    return status;
}

void hk_xsi_wake(struct hk_shared *shared, struct hk_queue *queue,
                 int32_t result)
{
    while (hk_queue_wake(shared, queue, result))
        continue;
}
