/* sem.c -- semaphores. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "clock.h"
#include "shared.h"
#include "syscalls.h"

/* haiku-abi/structs.md, "flags shared by sem/port/thread/mutex waits". */
enum {
    CHECK_PERMISSION = 0x4,
    RELEASE_ALL = 0x8,
    RELEASE_IF_WAITING_ONLY = 0x10
};

static struct hk_sem *sem_at(const struct hk_shared *shared, uint32_t index)
{
    return hk_item(shared, HK_POOL_SEMS, index);
}

/* Behind a name, or given to the kernel. */
static int is_kernels(const struct hk_sem *sem)
{
    return sem->owner == 0 || sem->owner == HK_KERNEL_SLOT;
}

static uint32_t owner_of(const struct hk_sem *sem)
{
    return is_kernels(sem) ? HK_KERNEL_SLOT : sem->owner;
}

struct hk_sem *hk_sem_find(struct hk_shared *shared, int32_t id)
{
    struct hk_sem *sem = sem_at(shared, hk_id_index(HK_POOL_SEMS, id));

    if (sem == NULL || sem->id != id || is_kernels(sem) ||
        !hk_shared_is_alive(shared, sem->owner))
        return NULL;
    return sem->id == id ? sem : NULL;
}

struct hk_sem *hk_sem_find_named(struct hk_shared *shared, int32_t id)
{
    struct hk_sem *sem = sem_at(shared, hk_id_index(HK_POOL_SEMS, id));

    return sem != NULL && sem->id == id && sem->named != 0 ? sem : NULL;
}

/* A team's or the kernel's. */
static struct hk_sem *find_any(struct hk_shared *shared, int32_t id)
{
    struct hk_sem *sem = sem_at(shared, hk_id_index(HK_POOL_SEMS, id));

    return sem != NULL && sem->id == id && is_kernels(sem)
               ? sem
               : hk_sem_find(shared, id);
}

int32_t hk_sem_find_allowed(struct hk_shared *shared, int32_t id,
                            struct hk_sem **sem)
{
    *sem = hk_sem_find(shared, id);
    if (*sem != NULL)
        return HK_B_OK;
    return find_any(shared, id) != NULL ? HK_B_NOT_ALLOWED : HK_B_BAD_SEM_ID;
}

static void add_count(struct hk_shared *shared, int32_t *count, int32_t more)
{
    hk_put(shared, count, (uint32_t)*count + (uint32_t)more);
}

static void count_owned(struct hk_shared *shared, uint32_t team, uint32_t more)
{
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);

    if (slot != NULL)
        hk_put(shared, &slot->sems, slot->sems + more);
}

/* ---- making and deleting ---- */

int32_t hk_sem_create(struct hk_shared *shared, uint32_t owner, uint32_t named,
                      int32_t count, const char name[HK_NAME_LENGTH])
{
    uint32_t index = hk_item_new(shared, HK_POOL_SEMS);
    struct hk_sem *sem = sem_at(shared, index);

    if (sem == NULL)
        return 0;
    memcpy(sem->name, name, HK_NAME_LENGTH);
    hk_put(shared, &sem->owner, owner);
    hk_put(shared, &sem->named, named);
    hk_put(shared, &sem->count, (uint32_t)count);
    hk_put(shared, &sem->net_count, (uint32_t)count);
    hk_put(shared, &sem->latest_holder, 0);
    hk_put(shared, &sem->waiters.first, 0);
    hk_put(shared, &sem->waiters.last, 0);
    hk_put(shared, &sem->watches, 0);
    hk_put(shared, &sem->id,
           (uint32_t)hk_make_id(HK_POOL_SEMS, index, sem->generation));
    count_owned(shared, owner, 1);
    return sem->id;
}

static int32_t create_own(struct hk_shared *shared, int32_t count,
                          const char name[HK_NAME_LENGTH])
{
    int32_t id = hk_sem_create(shared, shared->team, 0, count, name);

    if (id == 0) {
        hk_shared_reap(shared);
        id = hk_sem_create(shared, shared->team, 0, count, name);
    }
    return id != 0 ? id : HK_B_NO_MORE_SEMS;
}

int64_t hk_sys_create_sem(struct hk_thread *self, int32_t count, gm_addr name)
{
    struct hk_shared *shared = hk_shared_of(self);
    char text[HK_NAME_LENGTH] = "unnamed semaphore";
    int32_t id = HK_B_NO_MORE_SEMS;

    if (name != 0 && hk_read_user_name(self, text, name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (count < 0 && hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    if (shared->team != 0)
        id = create_own(shared, count, text);
    hk_shared_unlock(shared);
    return id;
}

void hk_sem_delete(struct hk_shared *shared, struct hk_sem *sem)
{
    uint32_t index = hk_id_index(HK_POOL_SEMS, sem->id);

    while (hk_queue_wake(shared, &sem->waiters, HK_B_BAD_SEM_ID))
        continue;
    hk_watches_alert(shared, sem->watches);
    hk_put(shared, &sem->watches, 0);
    hk_put(shared, &sem->generation, sem->generation + 1);
    hk_put(shared, &sem->id, 0);
    count_owned(shared, sem->owner, UINT32_MAX);
    hk_item_free(shared, HK_POOL_SEMS, index);
}

/* Each of them is a step of its own. */
void hk_sems_delete(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SEMS);

    for (uint32_t i = 1; i < end; i++) {
        struct hk_sem *sem = sem_at(shared, i);

        if (sem->id == 0 || sem->owner != team)
            continue;
        hk_sem_delete(shared, sem);
        hk_shared_commit(shared);
    }
}

int64_t hk_sys_delete_sem(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_sem *sem;
    int32_t status;

    hk_shared_lock(shared);
    status = hk_sem_find_allowed(shared, id, &sem);
    if (status == HK_B_OK)
        hk_sem_delete(shared, sem);
    hk_shared_unlock(shared);
    return status;
}

/* ---- releasing ---- */

/*
 * Hands `count` out to waiters, the first one first, and adds what is left
 * unless only waiters are to get it.
 */
static void hand_out(struct hk_shared *shared, struct hk_sem *sem,
                     int32_t count, int32_t status, int waiting_only)
{
    while (count > 0) {
        const struct hk_waiter *waiter = hk_queue_first(shared, &sem->waiters);
        int32_t part;

        if (waiter == NULL || waiter->count > (int64_t)sem->net_count + count) {
            if (waiter == NULL && waiting_only)
                return;
            add_count(shared, &sem->count, count);
            add_count(shared, &sem->net_count, count);
            return;
        }
        part = count < waiter->count ? count : waiter->count;
        add_count(shared, &sem->count, part);
        add_count(shared, &sem->net_count, part - waiter->count);
        count -= part;
        hk_queue_wake(shared, &sem->waiters, status);
    }
}

static void tell_acquirable(struct hk_shared *shared, struct hk_sem *sem)
{
    if (sem->count <= 0)
        return;
    hk_put(shared, &sem->acquirable, sem->acquirable + 1);
    hk_watches_alert(shared, sem->watches);
}

/* Nothing may be half done. A count below 0 is what all of those who wait are
 * told. */
static void release_locked(struct hk_shared *shared, struct hk_sem *sem,
                           int32_t count, uint32_t flags)
{
    int waiting_only = (flags & RELEASE_IF_WAITING_ONLY) != 0;
    int32_t status = HK_B_OK, id = sem->id;

    hk_queue_reap(shared, &sem->waiters);
    if (sem->id != id) /* one of the dead was the owner */
        return;
    hk_put(shared, &sem->latest_holder, 0u - (uint32_t)sem->latest_holder);
    if ((flags & RELEASE_ALL) != 0) {
        if (count < 0)
            status = count;
        count = sem->net_count - sem->count;
        if (count == 0)
            return;
        waiting_only = 1;
    }
    hand_out(shared, sem, count, status, waiting_only);
    tell_acquirable(shared, sem);
}

static int32_t release(struct hk_thread *self, int32_t id, int32_t count,
                       uint32_t flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_sem *sem;
    int32_t status;

    if (id < 0)
        return HK_B_BAD_SEM_ID;
    if (count <= 0 && (flags & RELEASE_ALL) == 0)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    status = hk_sem_find_allowed(shared, id, &sem);
    if (status == HK_B_OK)
        release_locked(shared, sem, count, flags);
    hk_shared_unlock(shared);
    return status;
}

int32_t hk_sem_release_named(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_sem *sem;

    hk_shared_lock(shared);
    sem = hk_sem_find_named(shared, id);
    if (sem != NULL)
        release_locked(shared, sem, 1, 0);
    hk_shared_unlock(shared);
    return sem != NULL ? HK_B_OK : HK_B_BAD_VALUE;
}

int64_t hk_sys_release_sem(struct hk_thread *self, int32_t id)
{
    return release(self, id, 1, 0);
}

int64_t hk_sys_release_sem_etc(struct hk_thread *self, int32_t id,
                               uint32_t count, uint32_t flags)
{
    int is_r1beta4 = hk_kernel_of(self)->config.release == HK_R1BETA4;

    if (is_r1beta4 && (flags & RELEASE_ALL) != 0)
        count = 0; /* nobody is told another status */
    return release(self, id, (int32_t)count, flags);
}

/* ---- acquiring ---- */

/* Waiters go on for whom there is enough. */
static void go_on(struct hk_shared *shared, struct hk_sem *sem)
{
    const struct hk_waiter *next = hk_queue_first(shared, &sem->waiters);

    while (next != NULL && next->count <= sem->net_count) {
        add_count(shared, &sem->net_count, -next->count);
        hk_queue_wake(shared, &sem->waiters, HK_B_OK);
        next = hk_queue_first(shared, &sem->waiters);
    }
    tell_acquirable(shared, sem);
}

/* What a waiter that is still on the queue wants is wanted no more; others
 * may have been waiting behind it for less. */
static void give_up(struct hk_shared *shared, struct hk_sem *sem,
                    struct hk_waiter *waiter)
{
    hk_dequeue(shared, &sem->waiters, waiter);
    add_count(shared, &sem->count, waiter->count);
    go_on(shared, sem);
}

void hk_sem_forget_waiter(struct hk_shared *shared, struct hk_waiter *waiter)
{
    struct hk_sem *sem = sem_at(shared, waiter->object);

    if (sem == NULL || sem->id != waiter->id)
        return;
    if (waiter->result == HK_WAITING) {
        give_up(shared, sem, waiter);
    } else if (waiter->result == HK_B_OK) {
        add_count(shared, &sem->count, waiter->count);
        add_count(shared, &sem->net_count, waiter->count);
        go_on(shared, sem);
    }
}

struct acquisition {
    int32_t id, count;
    int32_t release; /* the semaphore to release when this one waits, or -1 */
    int is_named;    /* the one behind a name of that id */
    uint32_t flags;
    int64_t timeout, deadline;
};

/* Haiku does not look whose it is. */
static void release_other(struct hk_shared *shared, int32_t id)
{
    struct hk_sem *other = id >= 0 ? find_any(shared, id) : NULL;

    if (other != NULL)
        release_locked(shared, other, 1, 0);
}

/* The other semaphore is released when this one's waiter is in its queue. */
static int32_t wait_for(struct hk_thread *self, struct hk_sem *sem,
                        const struct acquisition *wanted)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_waiter *waiter =
        hk_waiter_new(self, HK_WAITS_FOR_SEM,
                      hk_id_index(HK_POOL_SEMS, wanted->id), wanted->id);
    int32_t status;

    if (waiter == NULL)
        return HK_B_NO_MEMORY;
    hk_put(shared, &waiter->count, (uint32_t)wanted->count);
    add_count(shared, &sem->count, -wanted->count);
    hk_enqueue(shared, &sem->waiters, waiter);
    hk_shared_commit(shared);
    release_other(shared, wanted->release);
    status = hk_waiter_sleep(self, waiter, wanted->deadline);
    if (waiter->result == HK_WAITING)
        give_up(shared, sem, waiter);
    else if (status == HK_B_OK && sem->id == wanted->id)
        hk_put(shared, &sem->latest_holder, (uint32_t)self->id);
    hk_waiter_free(shared, waiter);
    return status;
}

static int32_t find_wanted(struct hk_shared *shared,
                           const struct acquisition *wanted,
                           struct hk_sem **sem)
{
    if (!wanted->is_named || (wanted->flags & CHECK_PERMISSION) != 0)
        return hk_sem_find_allowed(shared, wanted->id, sem);
    *sem = hk_sem_find_named(shared, wanted->id);
    return *sem != NULL ? HK_B_OK : HK_B_BAD_SEM_ID;
}

static int32_t acquire_locked(struct hk_thread *self,
                              const struct acquisition *wanted)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_sem *sem;
    int32_t status = find_wanted(shared, wanted, &sem);

    if (status != HK_B_OK)
        return status;
    if ((int64_t)sem->count - wanted->count < 0) {
        if ((wanted->flags & HK_RELATIVE_TIMEOUT) != 0 && wanted->timeout <= 0)
            return HK_B_WOULD_BLOCK;
        if ((wanted->flags & HK_ABSOLUTE_TIMEOUT) != 0 && wanted->timeout < 0)
            return HK_B_TIMED_OUT;
        if ((int64_t)sem->count - wanted->count < INT32_MIN)
            return HK_B_BAD_VALUE;
        return wait_for(self, sem, wanted);
    }
    add_count(shared, &sem->count, -wanted->count);
    add_count(shared, &sem->net_count, -wanted->count);
    hk_put(shared, &sem->latest_holder, (uint32_t)self->id);
    return HK_B_OK;
}

static int32_t acquire(struct hk_thread *self, struct acquisition *wanted)
{
    enum { BOTH = HK_RELATIVE_TIMEOUT | HK_ABSOLUTE_TIMEOUT };
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status;

    if (wanted->id < 0)
        return HK_B_BAD_SEM_ID;
    if (wanted->count <= 0 || (wanted->flags & BOTH) == BOTH)
        return HK_B_BAD_VALUE;
    wanted->deadline = hk_call_deadline(self, wanted->flags, wanted->timeout);
    hk_shared_lock(shared);
    status = acquire_locked(self, wanted);
    hk_shared_unlock(shared);
    return status;
}

int32_t hk_sem_acquire_named(struct hk_thread *self, int32_t id, uint32_t flags,
                             int64_t timeout)
{
    struct acquisition wanted = {.id = id,
                                 .count = 1,
                                 .release = -1,
                                 .is_named = 1,
                                 .flags = flags,
                                 .timeout = timeout};
    int32_t status = acquire(self, &wanted);

    return status == HK_B_BAD_SEM_ID ? HK_B_BAD_VALUE : status;
}

int64_t hk_sys_acquire_sem(struct hk_thread *self, int32_t id)
{
    struct acquisition wanted = {.id = id, .count = 1, .release = -1};

    return acquire(self, &wanted);
}

int64_t hk_sys_acquire_sem_etc(struct hk_thread *self, int32_t id,
                               uint32_t count, uint32_t flags, int64_t timeout)
{
    struct acquisition wanted = {.id = id,
                                 .count = (int32_t)count,
                                 .release = -1,
                                 .flags = hk_timeout_flags(flags, timeout),
                                 .timeout = timeout};

    return acquire(self, &wanted);
}

/* Once the other semaphore is released the call must not run again, but for a
 * clock that has been set: without that step. */
int64_t hk_sys_switch_sem_etc(struct hk_thread *self, int32_t release_sem,
                              int32_t id, uint32_t count, uint32_t flags,
                              int64_t timeout)
{
    struct acquisition wanted = {
        .id = id,
        .count = (int32_t)count,
        .release = self->restart.is_running ? -1 : release_sem,
        .flags = flags,
        .timeout = timeout};

    if (release_sem >= 0)
        self->restart.is_allowed = 0;
    else
        wanted.flags = hk_timeout_flags(flags, timeout);
    return acquire(self, &wanted);
}

int64_t hk_sys_switch_sem(struct hk_thread *self, int32_t release_sem,
                          int32_t id)
{
    return hk_sys_switch_sem_etc(self, release_sem, id, 1, 0, 0);
}

/* ---- information and owners ---- */

int64_t hk_sys_get_sem_count(struct hk_thread *self, int32_t id,
                             gm_addr thread_count)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_sem *sem;
    uint8_t bytes[4] = {0};

    if (!hk_is_user_address(thread_count))
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    sem = find_any(shared, id);
    if (sem != NULL)
        hk_put32(bytes, (uint32_t)sem->count);
    hk_shared_unlock(shared);
    if (sem == NULL)
        return HK_B_BAD_SEM_ID;
    return hk_write_user(self, thread_count, bytes, sizeof(bytes));
}

/* sem_info (haiku-abi/structs.md). */
enum { SEM_INFO_SIZE = 48 };

static void fill_info(const struct hk_shared *shared, const struct hk_sem *sem,
                      uint8_t info[SEM_INFO_SIZE])
{
    const struct hk_team_slot *owner =
        hk_item(shared, HK_POOL_TEAMS, owner_of(sem));

    hk_put32(info, (uint32_t)sem->id);
    hk_put32(info + 4, (uint32_t)owner->id);
    memcpy(info + 8, sem->name, HK_NAME_LENGTH);
    hk_put32(info + 40, (uint32_t)sem->count);
    hk_put32(info + 44, (uint32_t)sem->latest_holder);
}

int64_t hk_sys_get_sem_info(struct hk_thread *self, int32_t semaphore,
                            gm_addr info, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t bytes[SEM_INFO_SIZE];
    const struct hk_sem *sem;

    if (!hk_is_user_address(info))
        return HK_B_BAD_ADDRESS;
    if (semaphore < 0)
        return HK_B_BAD_SEM_ID;
    if (size != SEM_INFO_SIZE)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    sem = find_any(shared, semaphore);
    if (sem != NULL)
        fill_info(shared, sem, bytes);
    hk_shared_unlock(shared);
    if (sem == NULL)
        return HK_B_BAD_SEM_ID;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* The team's semaphore behind so many others; B_BAD_VALUE behind the last. */
static int32_t next_info(struct hk_shared *shared, int32_t team, int32_t skip,
                         uint8_t info[SEM_INFO_SIZE])
{
    uint32_t owner = hk_shared_find_team(shared, team);
    uint32_t end = hk_item_end(shared, HK_POOL_SEMS);

    if (owner == 0)
        return HK_B_BAD_TEAM_ID;
    for (uint32_t i = 1; i < end; i++) {
        const struct hk_sem *sem = sem_at(shared, i);

        if (sem->id == 0 || owner_of(sem) != owner || skip-- > 0)
            continue;
        fill_info(shared, sem, info);
        return HK_B_OK;
    }
    return HK_B_BAD_VALUE;
}

/* The cookie counts semaphores that have been told. */
int64_t hk_sys_get_next_sem_info(struct hk_thread *self, int32_t team,
                                 gm_addr cookie, gm_addr info, uint32_t size)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t bytes[SEM_INFO_SIZE], word[4];
    int32_t told, status;

    if (!hk_is_user_address(cookie) || !hk_is_user_address(info) ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (size != SEM_INFO_SIZE)
        return HK_B_BAD_VALUE;
    if (team < 0)
        return HK_B_BAD_TEAM_ID;
    told = (int32_t)hk_get32(word);
    if (told < 0)
        told = 0;
    hk_shared_lock(shared);
    status = next_info(shared, team, told, bytes);
    hk_shared_unlock(shared);
    if (status != HK_B_OK)
        return status;
    hk_put32(word, (uint32_t)told + 1);
    if (hk_write_user(self, info, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, cookie, word, sizeof(word));
}

/* Those who wait look after another team from now on. */
static void give_to(struct hk_shared *shared, struct hk_sem *sem,
                    uint32_t owner)
{
    count_owned(shared, sem->owner, UINT32_MAX);
    count_owned(shared, owner, 1);
    hk_put(shared, &sem->owner, owner);
    hk_queue_alert(shared, &sem->waiters);
    hk_watches_alert(shared, sem->watches);
}

int64_t hk_sys_set_sem_owner(struct hk_thread *self, int32_t id, int32_t proc)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_sem *sem;
    uint32_t owner;

    if (id < 0)
        return HK_B_BAD_SEM_ID;
    if (proc < 0)
        return HK_B_BAD_TEAM_ID;
    hk_shared_lock(shared);
    owner = hk_shared_find_team(shared, proc);
    sem = find_any(shared, id);
    if (owner != 0 && sem != NULL)
        give_to(shared, sem, owner);
    hk_shared_unlock(shared);
    if (owner == 0)
        return HK_B_BAD_TEAM_ID;
    return sem != NULL ? HK_B_OK : HK_B_BAD_SEM_ID;
}
