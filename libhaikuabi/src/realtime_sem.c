/* realtime_sem.c -- POSIX semaphores with a name. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "bytes.h"
#include "fd.h"
#include "shared.h"
#include "syscalls.h"
#include "xsi.h"

/*
 * Those without a name lie in user memory (mutex.c). One with a name is a
 * semaphore of no team's; who has it open is noted, so that it goes when it
 * has neither a name nor a team.
 */

static struct hk_named_sem *named_at(const struct hk_shared *shared,
                                     uint32_t index)
{
    return hk_item(shared, HK_POOL_NAMED_SEMS, index);
}

static struct hk_sem_open *open_at(const struct hk_shared *shared,
                                   uint32_t index)
{
    return hk_item(shared, HK_POOL_SEM_OPENS, index);
}

/* ---- all with the lock ---- */

/* The index of a name, or 0. */
static uint32_t find_name(const struct hk_shared *shared, const char *name)
{
    uint32_t end = hk_item_end(shared, HK_POOL_NAMED_SEMS);

    for (uint32_t i = 1; i < end; i++) {
        const struct hk_named_sem *named = named_at(shared, i);

        if (named->sem != 0 && named->is_linked &&
            strcmp(named->name, name) == 0)
            return i;
    }
    return 0;
}

/* The index of what a team has open of a semaphore, or 0. */
static uint32_t find_open(const struct hk_shared *shared, uint32_t index,
                          uint32_t team)
{
    const struct hk_named_sem *named = named_at(shared, index);
    uint32_t at = named != NULL ? named->opens : 0;

    for (int i = 0; at != 0 && i < HK_SEM_OPENS_MAX; i++) {
        const struct hk_sem_open *open = open_at(shared, at);

        if (open == NULL)
            return 0;
        if (open->team == team)
            return at;
        at = open->next;
    }
    return 0;
}

/* The same by the semaphore's id, for the own team: also of one that has gone
 * with a team it was given to. */
static uint32_t find_own(struct hk_shared *shared, int32_t id)
{
    const struct hk_sem *sem = hk_sem_find_named(shared, id);
    uint32_t end = hk_item_end(shared, HK_POOL_SEM_OPENS);

    if (sem != NULL)
        return find_open(shared, sem->named, shared->team);
    for (uint32_t i = 1; i < end && id > 0; i++) {
        const struct hk_sem_open *open = open_at(shared, i);

        if (open->named != 0 && open->team == shared->team &&
            named_at(shared, open->named)->sem == id)
            return i;
    }
    return 0;
}

static uint32_t count_opens(const struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SEM_OPENS), count = 0;

    for (uint32_t i = 1; i < end; i++)
        count +=
            open_at(shared, i)->named != 0 && open_at(shared, i)->team == team;
    return count;
}

/* Those that have their name. */
static uint32_t count_linked(const struct hk_shared *shared)
{
    uint32_t end = hk_item_end(shared, HK_POOL_NAMED_SEMS), count = 0;

    for (uint32_t i = 1; i < end; i++)
        count +=
            named_at(shared, i)->sem != 0 && named_at(shared, i)->is_linked;
    return count;
}

struct opening {
    const char *name;
    int32_t flags, count;
    uint32_t mode, user_sem;
    int32_t id;
    int is_created;
};

static uint32_t create(struct hk_thread *self, const struct opening *opening)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = hk_item_new(shared, HK_POOL_NAMED_SEMS);
    struct hk_named_sem *named = named_at(shared, index);
    char short_name[HK_NAME_LENGTH];
    int32_t id;

    if (named == NULL)
        return 0;
    snprintf(short_name, sizeof(short_name), "%.31s", opening->name);
    id = hk_sem_create(shared, 0, index, opening->count, short_name);
    if (id == 0) {
        hk_item_free(shared, HK_POOL_NAMED_SEMS, index);
        return 0;
    }
    strcpy(named->name, opening->name);
    hk_xsi_perm_init(self, &named->perm, -1, opening->mode);
    hk_put(shared, &named->sem, (uint32_t)id);
    hk_put(shared, &named->is_linked, 1);
    hk_put(shared, &named->opens, 0);
    return index;
}

static void delete_if_unused(struct hk_shared *shared, uint32_t index)
{
    struct hk_named_sem *named = named_at(shared, index);
    struct hk_sem *sem;

    if (named->is_linked || named->opens != 0)
        return;
    sem = hk_sem_find_named(shared, named->sem);
    if (sem != NULL)
        hk_sem_delete(shared, sem);
    hk_put(shared, &named->sem, 0);
    hk_item_free(shared, HK_POOL_NAMED_SEMS, index);
}

static void unlink_name(struct hk_shared *shared, uint32_t index)
{
    hk_put(shared, &named_at(shared, index)->is_linked, 0);
    delete_if_unused(shared, index);
}

/* A team opens a semaphore that it has not open yet. */
static uint32_t add_open(struct hk_shared *shared, uint32_t index,
                         uint32_t team, uint32_t count, uint32_t user_sem)
{
    struct hk_named_sem *named = named_at(shared, index);
    uint32_t at = hk_item_new(shared, HK_POOL_SEM_OPENS);
    struct hk_sem_open *open = open_at(shared, at);

    if (open == NULL)
        return 0;
    hk_put(shared, &open->named, index);
    hk_put(shared, &open->team, team);
    hk_put(shared, &open->count, count);
    hk_put(shared, &open->user_sem, user_sem);
    hk_put(shared, &open->next, named->opens);
    hk_put(shared, &named->opens, at);
    return at;
}

static void remove_open(struct hk_shared *shared, uint32_t at)
{
    struct hk_sem_open *open = open_at(shared, at);
    uint32_t index = open->named;
    uint32_t *link = &named_at(shared, index)->opens;

    for (int i = 0; *link != at && *link != 0 && i < HK_SEM_OPENS_MAX; i++)
        link = &open_at(shared, *link)->next;
    if (*link == at)
        hk_put(shared, link, open->next);
    hk_put(shared, &open->named, 0);
    hk_item_free(shared, HK_POOL_SEM_OPENS, at);
    delete_if_unused(shared, index);
}

/* Each of them is a step of its own. */
void hk_named_sems_close(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SEM_OPENS);

    for (uint32_t i = 1; i < end; i++) {
        const struct hk_sem_open *open = open_at(shared, i);

        if (open->named == 0 || open->team != team)
            continue;
        remove_open(shared, i);
        hk_shared_commit(shared);
    }
}

void hk_named_sems_inherit(struct hk_shared *shared, uint32_t parent)
{
    uint32_t end = hk_item_end(shared, HK_POOL_SEM_OPENS);

    for (uint32_t i = 1; i < end; i++) {
        const struct hk_sem_open *open = open_at(shared, i);

        if (open->named != 0 && open->team == parent)
            add_open(shared, open->named, shared->team, open->count,
                     open->user_sem);
    }
}

/* ---- opening ---- */

enum { OPENS_OF_TEAM_MAX = 256, LINKED_MAX = 1024 };

static int32_t open_locked(struct hk_thread *self, struct opening *opening)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = find_name(shared, opening->name);
    uint32_t at = find_open(shared, index, shared->team);
    struct hk_sem_open *open;

    if (index != 0 && (opening->flags & HK_O_EXCL) != 0)
        return HK_B_FILE_EXISTS;
    if (index != 0 &&
        !hk_xsi_is_permitted(self, &named_at(shared, index)->perm))
        return HK_B_PERMISSION_DENIED;
    if (index == 0 && (opening->flags & HK_O_CREAT) == 0)
        return HK_B_ENTRY_NOT_FOUND;
    if (shared->team == 0 ||
        (at == 0 && count_opens(shared, shared->team) >= OPENS_OF_TEAM_MAX))
        return HK_B_DEVICE_FULL;
    if (index == 0) {
        if (count_linked(shared) >= LINKED_MAX)
            return HK_B_DEVICE_FULL;
        index = create(self, opening);
        if (index == 0)
            return HK_B_DEVICE_FULL;
        opening->is_created = 1;
    }
    open = open_at(shared, at);
    if (open != NULL)
        hk_put(shared, &open->count, open->count + 1);
    else
        open = open_at(shared, add_open(shared, index, shared->team, 1,
                                        opening->user_sem));
    if (open == NULL) {
        if (opening->is_created)
            unlink_name(shared, index);
        return HK_B_DEVICE_FULL;
    }
    opening->user_sem = open->user_sem;
    opening->id = named_at(shared, index)->sem;
    return HK_B_OK;
}

static int32_t close_locked(struct hk_shared *shared, int32_t id,
                            uint32_t *user_sem)
{
    uint32_t at = find_own(shared, id);
    struct hk_sem_open *open = open_at(shared, at);

    if (open == NULL)
        return HK_B_BAD_VALUE;
    *user_sem = 0;
    if (open->count > 1) {
        hk_put(shared, &open->count, open->count - 1);
        return HK_B_OK;
    }
    *user_sem = open->user_sem;
    remove_open(shared, at);
    return HK_B_OK;
}

/* The id goes into the sem_t (haiku-abi/structs.md), the address of the one
 * that the team uses to the other place. */
static int32_t tell_opened(struct hk_thread *self, gm_addr user_sem,
                           gm_addr used, const struct opening *opening)
{
    enum { NAMED_SEM_ID = 4 };
    struct hk_shared *shared = hk_shared_of(self);
    uint8_t word[4];
    uint32_t ignored;

    hk_put32(word, (uint32_t)opening->id);
    if (hk_write_user(self, user_sem + NAMED_SEM_ID, word, sizeof(word)) ==
        HK_B_OK) {
        hk_put32(word, opening->user_sem);
        if (hk_write_user(self, used, word, sizeof(word)) == HK_B_OK)
            return HK_B_OK;
    }
    hk_shared_lock(shared);
    if (opening->is_created)
        unlink_name(shared, find_name(shared, opening->name));
    close_locked(shared, opening->id, &ignored);
    hk_shared_unlock(shared);
    return HK_B_BAD_ADDRESS;
}

static int32_t read_name(struct hk_thread *self, char name[HK_PATH_LENGTH],
                         gm_addr from)
{
    int32_t length;

    if (from == 0)
        return HK_B_BAD_VALUE;
    length = hk_read_user_string(self, name, from, HK_PATH_LENGTH);
    return length < 0 ? length : HK_B_OK;
}

int64_t hk_sys_realtime_sem_open(struct hk_thread *self, gm_addr name,
                                 int32_t open_flags_or_shared, uint32_t mode,
                                 uint32_t sem_count, gm_addr user_sem,
                                 gm_addr used_user_sem)
{
    struct hk_shared *shared = hk_shared_of(self);
    char text[HK_PATH_LENGTH];
    struct opening opening = {.name = text,
                              .flags = open_flags_or_shared,
                              .count = (int32_t)sem_count,
                              .mode = mode,
                              .user_sem = (uint32_t)user_sem};
    int32_t status;

    if (sem_count > INT32_MAX || user_sem == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(user_sem))
        return HK_B_BAD_ADDRESS;
    if (used_user_sem == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(used_user_sem) || !hk_is_user_address(name))
        return HK_B_BAD_ADDRESS;
    status = read_name(self, text, name);
    if (status != HK_B_OK)
        return status;
    hk_shared_lock(shared);
    status = open_locked(self, &opening);
    hk_shared_unlock(shared);
    return status != HK_B_OK
               ? status
               : tell_opened(self, user_sem, used_user_sem, &opening);
}

int64_t hk_sys_realtime_sem_close(struct hk_thread *self, int32_t sem_id,
                                  gm_addr delete_user_sem)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t user_sem;
    uint8_t word[4];
    int32_t status;

    if (delete_user_sem != 0 && !hk_is_user_address(delete_user_sem))
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    status = close_locked(shared, sem_id, &user_sem);
    hk_shared_unlock(shared);
    if (status != HK_B_OK || delete_user_sem == 0)
        return status;
    hk_put32(word, user_sem);
    return hk_write_user(self, delete_user_sem, word, sizeof(word));
}

int64_t hk_sys_realtime_sem_unlink(struct hk_thread *self, gm_addr name)
{
    struct hk_shared *shared = hk_shared_of(self);
    char text[HK_PATH_LENGTH];
    int32_t status = read_name(self, text, name);
    uint32_t index;

    if (status != HK_B_OK)
        return status;
    hk_shared_lock(shared);
    index = find_name(shared, text);
    if (index == 0)
        status = HK_B_ENTRY_NOT_FOUND;
    else if (!hk_xsi_is_permitted(self, &named_at(shared, index)->perm))
        status = HK_B_PERMISSION_DENIED;
    else
        unlink_name(shared, index);
    hk_shared_unlock(shared);
    return status;
}

/* ---- use ---- */

static int is_open(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result;

    hk_shared_lock(shared);
    result = find_own(shared, id) != 0;
    hk_shared_unlock(shared);
    return result;
}

int64_t hk_sys_realtime_sem_get_value(struct hk_thread *self, int32_t sem_id,
                                      gm_addr value)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_sem *sem;
    uint8_t word[4] = {0};
    int is_own;

    if (value == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(value))
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    is_own = find_own(shared, sem_id) != 0;
    sem = hk_sem_find_named(shared, sem_id);
    if (sem != NULL)
        hk_put32(word, (uint32_t)sem->count);
    hk_shared_unlock(shared);
    if (!is_own)
        return HK_B_BAD_VALUE;
    if (sem == NULL)
        return HK_B_BAD_SEM_ID;
    return hk_write_user(self, value, word, sizeof(word));
}

int64_t hk_sys_realtime_sem_post(struct hk_thread *self, int32_t sem_id)
{
    return is_open(self, sem_id) ? hk_sem_release_named(self, sem_id)
                                 : HK_B_BAD_VALUE;
}

int64_t hk_sys_realtime_sem_wait(struct hk_thread *self, int32_t sem_id,
                                 uint32_t flags, int64_t timeout)
{
    return is_open(self, sem_id)
               ? hk_sem_acquire_named(self, sem_id, flags, timeout)
               : HK_B_BAD_VALUE;
}
