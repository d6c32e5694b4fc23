/* event_queue.c -- event queues: made, and told what to watch. */
/* SPDX-License-Identifier: MIT */
#include "event_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "bytes.h"
#include "syscalls.h"

enum { INFOS_MAX = 65536 /* in a call */ };

#define PRIVATE_EVENTS 0xf0000000u /* not for the guest to ask for */

static int32_t new_queue(struct hk_shared *shared)
{
    int32_t id;

    hk_shared_lock(shared);
    id = hk_event_queue_new(shared);
    hk_shared_unlock(shared);
    return id;
}

int64_t hk_sys_event_queue_create(struct hk_thread *self, int32_t open_flags)
{
    struct hk_node node = {NULL, NULL, epoll_create1(EPOLL_CLOEXEC), 0};
    uint32_t mode = (uint32_t)open_flags | HK_O_RDWR;
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_file *file;
    int32_t fd;

    if (node.fd < 0)
        return hk_status_from_errno(errno);
    file = hk_file_new(HK_FILE_QUEUE, node, mode);
    if (file == NULL)
        return HK_B_NO_MEMORY;
    file->queue = new_queue(shared);
    if (file->queue == 0) {
        hk_file_put(file);
        return HK_B_NO_MEMORY;
    }
    hk_file_share(file);
    fd = hk_fd_add(self, file, 0, hk_fd_flags_of(mode));
    if (fd < 0)
        hk_event_queue_let_go(shared, file->queue, file->node.fd);
    hk_file_put(file);
    return fd;
}

int32_t hk_event_queue_get(const struct hk_thread *self, int32_t fd,
                           struct hk_file **file)
{
    *file = hk_file_get(self, fd);
    if (*file == NULL)
        return HK_B_FILE_ERROR;
    if ((*file)->kind == HK_FILE_QUEUE)
        return HK_B_OK;
    hk_file_put(*file);
    return HK_B_BAD_VALUE;
}

/* ---- select ---- */

/* What a call wants of an object. */
struct wish {
    int32_t object;
    uint32_t type, events, user_data;
    int32_t host_fd; /* of a descriptor */
    enum hk_polled polled;
};

/* What the host does not watch is ready always. */
static int32_t begin_fd(struct hk_shared *shared, struct hk_event_entry *entry)
{
    int error = hk_event_entry_watch(shared, entry);

    if (error != 0 && error != EPERM && error != EBADF)
        return error == EEXIST ? HK_B_FILE_EXISTS : hk_status_from_errno(error);
    hk_put(shared, &entry->is_always_ready, error != 0);
    return HK_B_OK;
}

/* The wish's events are then those that there can be. */
static int32_t begin_entry(struct hk_shared *shared,
                           struct hk_event_queue *queue, int epoll_fd,
                           struct wish *wish)
{
    struct hk_event_entry *entry = hk_event_entry_new(shared, queue);
    int32_t status;

    if (entry == NULL)
        return HK_B_NO_MEMORY;
    hk_put(shared, &entry->object, (uint32_t)wish->object);
    hk_put(shared, &entry->type, wish->type);
    hk_put(shared, &entry->user_data, wish->user_data);
    hk_put(shared, &entry->selected,
           (wish->events & ~PRIVATE_EVENTS & ~(uint32_t)HK_EVENT_BEHAVIOR) |
               HK_EVENT_NON_MASKABLE);
    hk_put(shared, &entry->behavior, wish->events & HK_EVENT_BEHAVIOR);
    hk_put(shared, &entry->team, shared->team);
    hk_put(shared, &entry->host_fd, (uint32_t)wish->host_fd);
    hk_put(shared, &entry->epoll_fd, (uint32_t)epoll_fd);
    hk_put(shared, &entry->polled, wish->polled);
    hk_put(shared, &entry->is_closed, 0);
    hk_put(shared, &entry->is_always_ready, 0);
    hk_put(shared, &entry->is_told, 0);
    hk_put(shared, &entry->seen_events, 0);
    status = wish->type == HK_EVENT_FD ? begin_fd(shared, entry)
                                       : hk_event_object_select(shared, entry);
    if (status == HK_B_OK) {
        wish->events &= entry->selected | entry->behavior;
    } else {
        hk_put(shared, &entry->is_closed, 1); /* the host does not know it */
        hk_event_entry_free(shared, queue, entry);
    }
    return status;
}

/* The same again changes nothing, the user's word neither. */
static int is_same(const struct hk_event_entry *entry, uint32_t events)
{
    return (entry->selected | entry->behavior) ==
           ((events & ~PRIVATE_EVENTS) | HK_EVENT_NON_MASKABLE);
}

/* Who waits is to watch it, too. */
static int32_t select_locked(struct hk_shared *shared,
                             const struct hk_file *file, struct wish *wish)
{
    struct hk_event_queue *queue = hk_event_queue_find(shared, file->queue);
    struct hk_event_entry *entry;
    int32_t status;

    if (queue == NULL)
        return HK_B_FILE_ERROR;
    entry = hk_event_entry_find(shared, queue, wish->object, wish->type);
    if (entry != NULL && is_same(entry, wish->events))
        return HK_B_OK;
    if (entry != NULL)
        hk_event_entry_free(shared, queue, entry);
    status = begin_entry(shared, queue, file->node.fd, wish);
    if (status == HK_B_OK)
        hk_watches_alert(shared, queue->watches);
    return status;
}

static int32_t select_object(struct hk_thread *self, const struct hk_file *file,
                             struct wish *wish)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status;

    if (wish->type > HK_EVENT_THREAD)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    status = select_locked(shared, file, wish);
    hk_shared_unlock(shared);
    return status;
}

/* Of these Haiku's kernel has nothing to select. */
static int is_selectable(const struct hk_file *file)
{
    return file->kind == HK_FILE_NODE || file->kind == HK_FILE_SOCKET;
}

/* The host knows a file once in an epoll descriptor: for the second number of a
 * file it gets a copy. */
static int32_t select_file(struct hk_thread *self, const struct hk_file *queue,
                           struct wish *wish, struct hk_file *file)
{
    int32_t status;

    if (!is_selectable(file))
        return HK_B_UNSUPPORTED;
    atomic_store(&file->is_watched, 1);
    wish->host_fd = file->node.fd;
    wish->polled = hk_polled_of(file);
    status = select_object(self, queue, wish);
    if (status == HK_B_FILE_EXISTS) {
        wish->host_fd = hk_fd_copy(self, wish->object, file);
        status = wish->host_fd < 0 ? HK_B_NO_MEMORY
                                   : select_object(self, queue, wish);
    }
    if (status == HK_B_OK && !hk_fd_is(self, wish->object, file)) {
        hk_event_queues_fd_closed(hk_shared_of(self), wish->object);
        return HK_B_FILE_ERROR;
    }
    return status;
}

static int32_t select_fd(struct hk_thread *self, const struct hk_file *queue,
                         struct wish *wish)
{
    struct hk_file *file = hk_file_get(self, wish->object);
    int32_t status;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    status = select_file(self, queue, wish, file);
    hk_file_put(file);
    return status;
}

/* ---- the other wishes ---- */

static int32_t query(struct hk_thread *self, const struct hk_file *file,
                     const struct wish *wish, uint8_t info[HK_EVENT_INFO_SIZE])
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_event_queue *queue;
    const struct hk_event_entry *entry = NULL;

    hk_shared_lock(shared);
    queue = hk_event_queue_find(shared, file->queue);
    if (queue != NULL)
        entry = hk_event_entry_find(shared, queue, wish->object, wish->type);
    if (entry != NULL) {
        hk_put32(info + 8, entry->selected | entry->behavior);
        hk_put32(info + 12, entry->user_data);
    }
    hk_shared_unlock(shared);
    return entry != NULL ? HK_B_OK : HK_B_ENTRY_NOT_FOUND;
}

static int32_t deselect(struct hk_thread *self, const struct hk_file *file,
                        const struct wish *wish)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_event_queue *queue;
    struct hk_event_entry *entry = NULL;

    hk_shared_lock(shared);
    queue = hk_event_queue_find(shared, file->queue);
    if (queue != NULL)
        entry = hk_event_entry_find(shared, queue, wish->object, wish->type);
    if (entry != NULL)
        hk_event_entry_free(shared, queue, entry);
    hk_shared_unlock(shared);
    return entry != NULL ? HK_B_OK : HK_B_ENTRY_NOT_FOUND;
}

/* events above 0 select, 0 deselects, below 0 asks. */
static int32_t take_info(struct hk_thread *self, const struct hk_file *queue,
                         uint8_t info[HK_EVENT_INFO_SIZE])
{
    struct wish wish = {.object = (int32_t)hk_get32(info),
                        .type = hk_get16(info + 4),
                        .events = hk_get32(info + 8),
                        .user_data = hk_get32(info + 12),
                        .host_fd = -1};
    int32_t status;

    if (wish.events == 0)
        return deselect(self, queue, &wish);
    if ((int32_t)wish.events < 0)
        return query(self, queue, &wish, info);
    status = wish.type == HK_EVENT_FD ? select_fd(self, queue, &wish)
                                      : select_object(self, queue, &wish);
    hk_put32(info + 8, wish.events);
    return status;
}

/* Before r1beta6 only answers and errors get to the guest. */
static int32_t tell_one(struct hk_thread *self, gm_addr user, uint8_t *info,
                        int32_t status, int is_question)
{
    uint8_t error[4];

    if (status == HK_B_OK && is_question)
        status = hk_write_user(self, user, info, HK_EVENT_INFO_SIZE);
    if (status == HK_B_OK)
        return HK_B_OK;
    hk_put32(error, (uint32_t)status);
    hk_write_user(self, user + 8, error, sizeof(error));
    return HK_B_ERROR;
}

static int32_t tell_later(uint8_t *info, int32_t status)
{
    if (status == HK_B_OK)
        return HK_B_OK;
    hk_put32(info + 8, (uint32_t)status);
    return HK_B_ERROR;
}

/* One that fails has its error in place of its events. */
static int32_t take_infos(struct hk_thread *self, const struct hk_file *queue,
                          gm_addr user, uint8_t *infos, uint32_t count)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    size_t size = (size_t)count * HK_EVENT_INFO_SIZE;
    int32_t result = HK_B_OK;

    for (uint32_t i = 0; i < count; i++) {
        gm_addr at = user + (gm_addr)i * HK_EVENT_INFO_SIZE;
        uint8_t *info = infos + (size_t)i * HK_EVENT_INFO_SIZE;
        int is_question = (int32_t)hk_get32(info + 8) < 0;
        int32_t status = take_info(self, queue, info);

        status = is_r1beta6 ? tell_later(info, status)
                            : tell_one(self, at, info, status, is_question);
        if (status != HK_B_OK)
            result = status;
    }
    if (is_r1beta6 && hk_write_user(self, user, infos, size) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return result;
}

int64_t hk_sys_event_queue_select(struct hk_thread *self, int32_t queue,
                                  gm_addr user_infos, int32_t num_infos)
{
    size_t size = (size_t)num_infos * HK_EVENT_INFO_SIZE;
    struct hk_file *file;
    uint8_t *infos;
    int32_t status;

    if (num_infos <= 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(user_infos))
        return HK_B_BAD_ADDRESS;
    infos = num_infos <= INFOS_MAX ? malloc(size) : NULL;
    if (infos == NULL)
        return HK_B_NO_MEMORY;
    status = hk_event_queue_get(self, queue, &file);
    if (status == HK_B_OK) {
        status = hk_read_user(self, infos, user_infos, size);
        if (status == HK_B_OK)
            status =
                take_infos(self, file, user_infos, infos, (uint32_t)num_infos);
        hk_file_put(file);
    }
    free(infos);
    return status;
}
