/* event_entries.c -- event queues: who has them, and what is selected. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "event_queue.h"

/* ---- queues ---- */

struct hk_event_queue *hk_event_queue_find(const struct hk_shared *shared,
                                           int32_t id)
{
    struct hk_event_queue *queue = hk_item(
        shared, HK_POOL_EVENT_QUEUES, hk_id_index(HK_POOL_EVENT_QUEUES, id));

    return queue != NULL && queue->id == id ? queue : NULL;
}

int32_t hk_event_queue_new(struct hk_shared *shared)
{
    uint32_t index =
        shared->team != 0 ? hk_item_new(shared, HK_POOL_EVENT_QUEUES) : 0;
    struct hk_event_queue *queue = hk_item(shared, HK_POOL_EVENT_QUEUES, index);
    int32_t id;

    if (queue == NULL)
        return 0;
    id = hk_make_id(HK_POOL_EVENT_QUEUES, index, queue->generation);
    hk_put(shared, &queue->id, (uint32_t)id);
    hk_put(shared, &queue->generation, queue->generation + 1);
    hk_put(shared, &queue->entries, 0);
    hk_put(shared, &queue->watches, 0);
    hk_team_set_put(shared, &queue->holders, shared->team, 1);
    return id;
}

static uint32_t index_of(const struct hk_event_queue *queue)
{
    return hk_id_index(HK_POOL_EVENT_QUEUES, queue->id);
}

/* Its last holder, a team, has it until all else is done: who dies on the way
 * leaves it to be freed with the team. Who waits at it finds it gone. */
static void free_queue(struct hk_shared *shared, struct hk_event_queue *queue,
                       uint32_t holder)
{
    struct hk_event_entry *entry;
    uint32_t index = index_of(queue);

    while ((entry = hk_event_entry_at(shared, queue, queue->entries)) != NULL) {
        hk_event_entry_free(shared, queue, entry);
        hk_shared_commit(shared);
    }
    hk_watches_alert(shared, queue->watches);
    hk_team_set_put(shared, &queue->holders, holder, 0);
    hk_put(shared, &queue->id, 0);
    hk_item_free(shared, HK_POOL_EVENT_QUEUES, index);
}

/* ---- entries ---- */

struct hk_event_entry *hk_event_entry_at(const struct hk_shared *shared,
                                         const struct hk_event_queue *queue,
                                         uint32_t index)
{
    struct hk_event_entry *entry =
        hk_item(shared, HK_POOL_EVENT_ENTRIES, index);

    return entry != NULL && queue->id != 0 && entry->queue == index_of(queue)
               ? entry
               : NULL;
}

struct hk_event_entry *hk_event_entry_find(const struct hk_shared *shared,
                                           const struct hk_event_queue *queue,
                                           int32_t object, uint32_t type)
{
    struct hk_event_entry *entry =
        hk_event_entry_at(shared, queue, queue->entries);

    while (entry != NULL &&
           (entry->object != object || entry->type != type || entry->is_closed))
        entry = hk_event_entry_at(shared, queue, entry->next);
    return entry;
}

struct hk_event_entry *hk_event_entry_new(struct hk_shared *shared,
                                          struct hk_event_queue *queue)
{
    uint32_t index = hk_item_new(shared, HK_POOL_EVENT_ENTRIES);
    struct hk_event_entry *entry =
        hk_item(shared, HK_POOL_EVENT_ENTRIES, index);

    if (entry == NULL)
        return NULL;
    hk_put(shared, &entry->queue, index_of(queue));
    hk_put(shared, &entry->serial, entry->serial + 1);
    hk_put(shared, &entry->next, queue->entries);
    hk_put(shared, &queue->entries, index);
    return entry;
}

static uint32_t index_of_entry(const struct hk_shared *shared,
                               const struct hk_event_entry *entry)
{
    const struct hk_event_entry *first =
        hk_item(shared, HK_POOL_EVENT_ENTRIES, 1);

    return (uint32_t)(entry - first) + 1;
}

static int is_own_file(const struct hk_shared *shared,
                       const struct hk_event_entry *entry)
{
    return entry->type == HK_EVENT_FD && entry->team == shared->team;
}

/* A queue that the team has closed, and others have not, keeps a descriptor
 * here as long as it has files of the team. */
static void unwatch(const struct hk_shared *shared,
                    const struct hk_event_queue *queue,
                    const struct hk_event_entry *entry)
{
    const struct hk_event_entry *other;

    if (!is_own_file(shared, entry) || entry->is_closed)
        return;
    epoll_ctl(entry->epoll_fd, EPOLL_CTL_DEL, entry->host_fd, NULL);
    if (hk_team_set_has(&queue->holders, shared->team))
        return;
    other = hk_event_entry_at(shared, queue, queue->entries);
    while (other != NULL &&
           (other == entry || other->is_closed || !is_own_file(shared, other)))
        other = hk_event_entry_at(shared, queue, other->next);
    if (other == NULL)
        close(entry->epoll_fd);
}

void hk_event_entry_free(struct hk_shared *shared, struct hk_event_queue *queue,
                         struct hk_event_entry *entry)
{
    uint32_t index = index_of_entry(shared, entry), *link = &queue->entries;
    struct hk_event_entry *before;

    unwatch(shared, queue, entry);
    while (*link != index &&
           (before = hk_event_entry_at(shared, queue, *link)) != NULL)
        link = &before->next;
    if (*link == index)
        hk_put(shared, link, entry->next);
    hk_put(shared, &entry->queue, 0);
    hk_item_free(shared, HK_POOL_EVENT_ENTRIES, index);
}

/* ---- what the host watches ---- */

/* An event of the host says which entry it is of, and the file's number with
 * the team that selected it. */
enum { KEY_FD_AT = 16, KEY_SERIAL_AT = 40, KEY_FD_MASK = 0xffffff };

static uint64_t key_of(const struct hk_shared *shared,
                       const struct hk_event_entry *entry)
{
    return index_of_entry(shared, entry) |
           (uint64_t)((uint32_t)entry->host_fd & KEY_FD_MASK) << KEY_FD_AT |
           (uint64_t)entry->serial << KEY_SERIAL_AT;
}

int hk_event_entry_watch(const struct hk_shared *shared,
                         const struct hk_event_entry *entry)
{
    struct epoll_event event = {
        .events = (uint32_t)(uint16_t)hk_poll_to_host(entry->selected) |
                  (entry->behavior & HK_EVENT_LEVEL_TRIGGERED ? 0u : EPOLLET),
        .data.u64 = key_of(shared, entry),
    };

    return epoll_ctl(entry->epoll_fd, EPOLL_CTL_ADD, entry->host_fd, &event) ==
                   0
               ? 0
               : errno;
}

struct hk_event_entry *hk_event_entry_of_key(const struct hk_shared *shared,
                                             const struct hk_event_queue *queue,
                                             uint64_t key)
{
    struct hk_event_entry *entry = hk_event_entry_at(
        shared, queue, (uint32_t)(key & (HK_EVENT_ENTRIES_MAX - 1)));

    return entry != NULL && key_of(shared, entry) == key ? entry : NULL;
}

int hk_event_forget_key(const struct hk_shared *shared,
                        const struct hk_event_queue *queue, int epoll_fd,
                        uint64_t key)
{
    int host_fd = (int)(key >> KEY_FD_AT & KEY_FD_MASK);
    const struct hk_event_entry *entry =
        hk_event_entry_at(shared, queue, queue->entries);

    while (entry != NULL &&
           (entry->type != HK_EVENT_FD || entry->host_fd != host_fd))
        entry = hk_event_entry_at(shared, queue, entry->next);
    return entry != NULL ? -1
                         : epoll_ctl(epoll_fd, EPOLL_CTL_DEL, host_fd, NULL);
}

/* ---- what ends ---- */

void hk_event_queue_hold(struct hk_shared *shared, int32_t id)
{
    struct hk_event_queue *queue;

    hk_shared_lock(shared);
    queue = hk_event_queue_find(shared, id);
    if (queue != NULL && shared->team != 0)
        hk_team_set_put(shared, &queue->holders, shared->team, 1);
    hk_shared_unlock(shared);
}

static int is_last_holder(const struct hk_shared *shared,
                          const struct hk_event_queue *queue, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS), other = 1;

    while (other < end &&
           (other == team || !hk_team_set_has(&queue->holders, other)))
        other++;
    return other == end && hk_team_set_has(&queue->holders, team);
}

/* Only this team can take its files out again. */
static void keep_epoll(struct hk_shared *shared, struct hk_event_queue *queue,
                       int epoll_fd)
{
    struct hk_event_entry *entry =
        hk_event_entry_at(shared, queue, queue->entries);
    int copy = -1;

    for (; entry != NULL;
         entry = hk_event_entry_at(shared, queue, entry->next)) {
        if (!is_own_file(shared, entry) || entry->is_closed)
            continue;
        if (copy < 0)
            copy = fcntl(epoll_fd, F_DUPFD_CLOEXEC, 0);
        hk_put(shared, &entry->epoll_fd, (uint32_t)copy);
    }
}

void hk_event_queue_let_go(struct hk_shared *shared, int32_t id, int epoll_fd)
{
    struct hk_event_queue *queue;

    hk_shared_lock(shared);
    queue = hk_event_queue_find(shared, id);
    if (queue != NULL && shared->team != 0) {
        if (is_last_holder(shared, queue, shared->team)) {
            free_queue(shared, queue, shared->team);
        } else {
            hk_team_set_put(shared, &queue->holders, shared->team, 0);
            keep_epoll(shared, queue, epoll_fd);
        }
    }
    hk_shared_unlock(shared);
}

/* Files of a team go, or the one of a number; whoever takes the events is told
 * of them a last time. */
enum { ALL_NUMBERS = -1 };

static void close_files(struct hk_shared *shared, struct hk_event_queue *queue,
                        uint32_t team, int32_t number)
{
    struct hk_event_entry *entry =
        hk_event_entry_at(shared, queue, queue->entries);

    for (; entry != NULL;
         entry = hk_event_entry_at(shared, queue, entry->next)) {
        if (entry->type != HK_EVENT_FD || entry->team != team ||
            entry->is_closed ||
            (number != ALL_NUMBERS && entry->object != number))
            continue;
        unwatch(shared, queue, entry);
        hk_put(shared, &entry->is_closed, 1);
        hk_watches_alert(shared, queue->watches);
    }
}

void hk_event_queues_fd_closed(struct hk_shared *shared, int32_t fd)
{
    uint32_t end;

    hk_shared_lock(shared);
    end = hk_item_end(shared, HK_POOL_EVENT_QUEUES);
    for (uint32_t i = 1; i < end; i++)
        close_files(shared, hk_item(shared, HK_POOL_EVENT_QUEUES, i),
                    shared->team, fd);
    hk_shared_unlock(shared);
}

void hk_event_queues_drop(struct hk_shared *shared, uint32_t team)
{
    uint32_t end = hk_item_end(shared, HK_POOL_EVENT_QUEUES);

    for (uint32_t i = 1; i < end; i++) {
        struct hk_event_queue *queue = hk_item(shared, HK_POOL_EVENT_QUEUES, i);

        if (queue->id == 0)
            continue;
        close_files(shared, queue, team, ALL_NUMBERS);
        if (is_last_holder(shared, queue, team))
            free_queue(shared, queue, team);
        else
            hk_team_set_put(shared, &queue->holders, team, 0);
        hk_shared_commit(shared);
    }
}
