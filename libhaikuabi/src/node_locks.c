/* node_locks.c -- lock_node: nobody opens a file meanwhile. */
/* SPDX-License-Identifier: MIT */
#include "node_locks.h"

#include <string.h>

#include "shared_file.h"
#include "syscalls.h"

/*
 * A lock belongs to a descriptor. Teams that a fork made have the same one:
 * each of them has an item for it, and the lock is there as long as one of
 * them lives.
 */

static struct hk_node_lock *item_at(const struct hk_shared *shared,
                                    uint32_t index)
{
    return hk_item(shared, HK_POOL_NODE_LOCKS, index);
}

/* The next item in use from an index on, which it becomes, or NULL. */
static struct hk_node_lock *next_item(const struct hk_shared *shared,
                                      uint32_t *index)
{
    uint32_t end = hk_item_end(shared, HK_POOL_NODE_LOCKS);

    for (; *index < end; ++*index)
        if (item_at(shared, *index)->team != 0)
            return item_at(shared, *index);
    return NULL;
}

static int is_of(const struct hk_node_lock *item,
                 const struct hk_node_number *number)
{
    return memcmp(&item->number, number, sizeof(*number)) == 0;
}

static void free_item(struct hk_shared *shared, uint32_t index)
{
    struct hk_shared_file *file = shared->file;

    hk_put(shared, &item_at(shared, index)->team, 0);
    hk_item_free(shared, HK_POOL_NODE_LOCKS, index);
    hk_put(shared, &file->node_lock_count, file->node_lock_count - 1);
}

static int32_t add(struct hk_shared *shared, const struct hk_file *file,
                   const struct hk_node_number *number)
{
    uint32_t index =
        shared->team != 0 ? hk_item_new(shared, HK_POOL_NODE_LOCKS) : 0;
    struct hk_node_lock *item = item_at(shared, index);

    if (item == NULL)
        return HK_B_NO_MEMORY;
    hk_put(shared, &item->team, shared->team);
    for (size_t i = 0; i < HK_NODE_NUMBER_WORDS; i++)
        hk_put(shared, &item->number.words[i], number->words[i]);
    for (size_t i = 0; i < 2; i++)
        hk_put(shared, &item->serial[i], (uint32_t)(file->serial >> 32 * i));
    hk_put(shared, &shared->file->node_lock_count,
           shared->file->node_lock_count + 1);
    return HK_B_OK;
}

/* Whether the descriptor's lock is a file's in this team. */
static int is_own(const struct hk_shared *shared,
                  const struct hk_node_lock *item, const struct hk_file *file)
{
    return item->team == shared->team &&
           item->serial[0] == (uint32_t)file->serial &&
           item->serial[1] == (uint32_t)(file->serial >> 32);
}

/* Whether anyone has a node locked, with the lock; what dead teams had is
 * taken away before. */
static int is_locked(struct hk_shared *shared,
                     const struct hk_node_number *number)
{
    const struct hk_node_lock *item;

    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++)
        if (is_of(item, number) && !hk_shared_is_dead(shared, item->team))
            return 1;
    return 0;
}

/* B_OK, or B_FILE_ERROR for what is no node. */
static int32_t number_of(const struct hk_node *node,
                         struct hk_node_number *number)
{
    uint64_t device = 0, inode = 0;
    struct stat info;

    if (node->fd >= 0) {
        if (fstat(node->fd, &info) < 0)
            return HK_B_FILE_ERROR;
        device = info.st_dev;
        inode = info.st_ino;
    } else if (node->place != NULL) {
        inode = (uint64_t)node->place->inode;
    } else {
        return HK_B_FILE_ERROR;
    }
    *number =
        (struct hk_node_number){{(uint32_t)device, (uint32_t)(device >> 32),
                                 (uint32_t)inode, (uint32_t)(inode >> 32)}};
    return HK_B_OK;
}

int32_t hk_node_check_lock(struct hk_shared *shared, const struct hk_node *node)
{
    struct hk_node_number number;
    int is_busy;

    if (__atomic_load_n(&shared->file->node_lock_count, __ATOMIC_RELAXED) ==
            0 ||
        number_of(node, &number) != HK_B_OK)
        return HK_B_OK;
    hk_shared_lock(shared);
    is_busy = is_locked(shared, &number);
    hk_shared_unlock(shared);
    return is_busy ? HK_B_BUSY : HK_B_OK;
}

void hk_node_lock_drop(struct hk_file *file)
{
    struct hk_shared *shared = file->locked_in;
    const struct hk_node_lock *item;

    if (shared == NULL)
        return;
    file->locked_in = NULL;
    hk_shared_lock(shared);
    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++)
        if (is_own(shared, item, file))
            free_item(shared, i);
    hk_shared_unlock(shared);
}

void hk_node_lock_inherit(struct hk_shared *shared, const struct hk_file *file)
{
    struct hk_node_number number;

    if (file->locked_in == NULL || number_of(&file->node, &number) != HK_B_OK)
        return;
    hk_shared_lock(shared);
    if (is_locked(shared, &number))
        add(shared, file, &number);
    hk_shared_unlock(shared);
}

void hk_node_locks_end(struct hk_shared *shared, uint32_t team)
{
    const struct hk_node_lock *item;

    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++)
        if (item->team == team)
            free_item(shared, i);
}

/* ---- the calls ---- */

static int32_t lock(struct hk_shared *shared, struct hk_file *file)
{
    struct hk_node_number number;
    int32_t status = number_of(&file->node, &number);

    if (status != HK_B_OK)
        return status;
    pthread_mutex_lock(&file->lock);
    hk_shared_lock(shared);
    status =
        is_locked(shared, &number) ? HK_B_BUSY : add(shared, file, &number);
    hk_shared_unlock(shared);
    if (status == HK_B_OK)
        file->locked_in = shared;
    pthread_mutex_unlock(&file->lock);
    return status;
}

/* All teams that have the descriptor have it unlocked. */
static int32_t unlock(struct hk_shared *shared, struct hk_file *file)
{
    struct hk_node_number number;
    const struct hk_node_lock *item;
    int32_t status = number_of(&file->node, &number);
    int has_it = 0;

    if (status != HK_B_OK)
        return status;
    pthread_mutex_lock(&file->lock);
    file->locked_in = NULL;
    hk_shared_lock(shared);
    for (uint32_t i = 1; (item = next_item(shared, &i)) != NULL; i++)
        has_it |= is_of(item, &number) && is_own(shared, item, file);
    for (uint32_t i = 1; has_it && (item = next_item(shared, &i)) != NULL; i++)
        if (is_of(item, &number))
            free_item(shared, i);
    hk_shared_unlock(shared);
    pthread_mutex_unlock(&file->lock);
    return has_it ? HK_B_OK : HK_B_BAD_VALUE;
}

int64_t hk_sys_lock_node(struct hk_thread *self, int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t status = HK_B_FILE_ERROR;

    if (file != NULL && hk_file_has_node(file))
        status = lock(hk_shared_of(self), file);
    hk_file_put(file);
    return status;
}

int64_t hk_sys_unlock_node(struct hk_thread *self, int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t status = HK_B_FILE_ERROR;

    if (file != NULL && hk_file_has_node(file))
        status = unlock(hk_shared_of(self), file);
    hk_file_put(file);
    return status;
}
