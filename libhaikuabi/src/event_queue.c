/* event_queue.c -- event queues: objects watched by a descriptor. */
/* SPDX-License-Identifier: MIT */
#include "event_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "clock.h"
#include "shared.h"
#include "syscalls.h"

/*
 * A queue is an epoll descriptor of the host, for descriptors, and the list of
 * what was selected; event_objects.c looks at the other objects of the list.
 * PART: a forked team has a list of its own over the one epoll descriptor.
 */

enum { INFOS_MAX = 65536 /* in a call */ };

#define PRIVATE_EVENTS 0xf0000000u /* not for the guest to ask for */

static void close_nested(const struct hk_event_entry *entry)
{
    if (entry->nested >= 0)
        close(entry->nested);
}

void hk_event_queue_free(struct hk_event_queue *queue)
{
    if (queue == NULL)
        return;
    for (uint32_t i = 0; i < queue->count; i++)
        close_nested(&queue->entries[i]);
    free(queue->entries);
    free(queue);
}

int64_t hk_sys_event_queue_create(struct hk_thread *self, int32_t open_flags)
{
    struct hk_node node = {NULL, NULL, epoll_create1(EPOLL_CLOEXEC), 0};
    uint32_t mode = (uint32_t)open_flags | HK_O_RDWR;
    struct hk_file *file;

    if (node.fd < 0)
        return hk_status_from_errno(errno);
    file = hk_file_new(HK_FILE_QUEUE, node, mode);
    if (file == NULL)
        return HK_B_NO_MEMORY;
    file->queue = calloc(1, sizeof(*file->queue));
    if (file->queue == NULL) {
        hk_file_put(file);
        return HK_B_NO_MEMORY;
    }
    atomic_store(&file->is_watched, 1); /* its close ends waits */
    return hk_fd_add(self, file, 0, hk_fd_flags_of(mode));
}

static int32_t get_queue(const struct hk_thread *self, int32_t fd,
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

/* ---- what is selected; the queue's file is locked ---- */

static struct hk_event_entry *find(const struct hk_event_queue *queue,
                                   int32_t object, uint32_t type)
{
    for (uint32_t i = 0; i < queue->count; i++)
        if (queue->entries[i].object == object &&
            queue->entries[i].type == type)
            return &queue->entries[i];
    return NULL;
}

static struct hk_event_entry *add(struct hk_event_queue *queue)
{
    if (queue->count == queue->room) {
        uint32_t room = queue->room == 0 ? 8 : queue->room * 2;
        struct hk_event_entry *entries =
            realloc(queue->entries, room * sizeof(*entries));

        if (entries == NULL)
            return NULL;
        queue->entries = entries;
        queue->room = room;
    }
    return &queue->entries[queue->count++];
}

void hk_event_forget(struct hk_event_queue *queue, struct hk_event_entry *entry)
{
    close_nested(entry);
    *entry = queue->entries[--queue->count];
}

/* The host knows a file once in an epoll descriptor: the second number of a
 * file gets one of its own, inside the queue's. */
static int watch_nested(int epoll, int host_fd, struct hk_event_entry *entry,
                        struct epoll_event *event)
{
    struct epoll_event outer = {.events = EPOLLIN, .data = event->data};

    entry->nested = epoll_create1(EPOLL_CLOEXEC);
    if (entry->nested < 0 ||
        epoll_ctl(entry->nested, EPOLL_CTL_ADD, host_fd, event) != 0)
        return -1;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, entry->nested, &outer);
}

/* Tells the host of a descriptor. */
static int32_t watch(int epoll, int host_fd, struct hk_event_entry *entry)
{
    struct epoll_event event = {
        .events = (uint32_t)(uint16_t)hk_poll_to_host(entry->selected) |
                  (entry->behavior & HK_EVENT_LEVEL_TRIGGERED ? 0u : EPOLLET),
        .data.fd = entry->object,
    };
    int result = epoll_ctl(epoll, EPOLL_CTL_ADD, host_fd, &event);

    entry->nested = -1;
    if (result < 0 && errno == EEXIST)
        result = watch_nested(epoll, host_fd, entry, &event);
    entry->is_always_ready = result < 0 && (errno == EPERM || errno == EBADF);
    entry->is_told = 0;
    return result == 0 || entry->is_always_ready ? HK_B_OK
                                                 : hk_status_from_errno(errno);
}

/* A forked team's copy of a file keeps it in the host's list after the last
 * close here, where nothing can remove it: the list is made anew. */
static void renew(const struct hk_thread *self, struct hk_file *queue_file)
{
    struct hk_event_queue *queue = queue_file->queue;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0)
        return;
    for (uint32_t i = 0; i < queue->count; i++) {
        struct hk_event_entry *entry = &queue->entries[i];
        struct hk_file *file = entry->type == HK_EVENT_FD
                                   ? hk_file_get(self, entry->object)
                                   : NULL;

        if (file != NULL && file->serial == entry->serial) {
            close_nested(entry);
            watch(epoll, file->node.fd, entry);
        }
        hk_file_put(file);
    }
    dup3(epoll, queue_file->node.fd, O_CLOEXEC);
    close(epoll);
}

static int32_t deselect(const struct hk_thread *self,
                        struct hk_file *queue_file,
                        struct hk_event_entry *entry)
{
    struct hk_file *file = NULL;
    int is_watched, is_closed = 0;

    if (entry == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    is_watched = entry->type == HK_EVENT_FD && entry->nested < 0 &&
                 !entry->is_always_ready;
    if (is_watched) {
        file = hk_file_get(self, entry->object);
        is_closed = file == NULL || file->serial != entry->serial;
    }
    hk_event_forget(queue_file->queue, entry);
    if (is_closed)
        renew(self, queue_file);
    else if (is_watched)
        epoll_ctl(queue_file->node.fd, EPOLL_CTL_DEL, file->node.fd, NULL);
    hk_file_put(file);
    return HK_B_OK;
}

static int32_t select_fd(const struct hk_thread *self,
                         const struct hk_file *queue_file,
                         struct hk_event_entry *entry)
{
    struct hk_file *file = hk_file_get(self, entry->object);
    int32_t status;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    entry->serial = file->serial;
    atomic_store(&file->is_watched, 1);
    status = watch(queue_file->node.fd, file->node.fd, entry);
    if (status != HK_B_OK)
        close_nested(entry);
    hk_file_put(file);
    return status;
}

/* The same again changes nothing, the user's word neither. */
static int is_same(const struct hk_thread *self,
                   const struct hk_event_entry *entry, uint32_t events)
{
    if (entry == NULL ||
        (entry->selected | entry->behavior) !=
            ((events & ~PRIVATE_EVENTS) | HK_EVENT_NON_MASKABLE))
        return 0;
    return entry->type != HK_EVENT_FD ||
           hk_fd_is(self, entry->object, entry->serial);
}

static int32_t select_object(struct hk_thread *self, struct hk_file *queue_file,
                             struct hk_event_entry made, uint32_t events)
{
    struct hk_event_queue *queue = queue_file->queue;
    struct hk_event_entry *entry = find(queue, made.object, made.type);
    int32_t status;

    if (is_same(self, entry, events))
        return HK_B_OK;
    if (entry != NULL)
        deselect(self, queue_file, entry);
    entry = add(queue);
    if (entry == NULL)
        return HK_B_NO_MEMORY;
    made.selected = (events & ~PRIVATE_EVENTS & ~(uint32_t)HK_EVENT_BEHAVIOR) |
                    HK_EVENT_NON_MASKABLE;
    made.behavior = events & HK_EVENT_BEHAVIOR;
    made.nested = -1;
    *entry = made;
    status = made.type == HK_EVENT_FD ? select_fd(self, queue_file, entry)
                                      : hk_event_object_select(self, entry);
    if (status != HK_B_OK)
        queue->count--;
    return status;
}

static int32_t query(const struct hk_event_entry *entry,
                     uint8_t info[HK_EVENT_INFO_SIZE])
{
    if (entry == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    hk_put32(info + 8, entry->selected | entry->behavior);
    hk_put32(info + 12, entry->user_data);
    return HK_B_OK;
}

/* events above 0 select, 0 deselects, below 0 asks. */
static int32_t take_info(struct hk_thread *self, struct hk_file *queue_file,
                         uint8_t info[HK_EVENT_INFO_SIZE])
{
    struct hk_event_entry made = {.object = (int32_t)hk_get32(info),
                                  .type = hk_get16(info + 4),
                                  .user_data = hk_get32(info + 12)};
    int32_t events = (int32_t)hk_get32(info + 8), status;
    struct hk_event_entry *entry;

    if (made.type > HK_EVENT_THREAD)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&queue_file->lock);
    entry = find(queue_file->queue, made.object, made.type);
    if (events < 0)
        status = query(entry, info);
    else if (events == 0)
        status = deselect(self, queue_file, entry);
    else
        status = select_object(self, queue_file, made, (uint32_t)events);
    pthread_mutex_unlock(&queue_file->lock);
    /* Who waits is to watch it too. */
    if (events > 0 && status == HK_B_OK && made.type != HK_EVENT_FD)
        hk_wake_sleepers(self->team);
    return status;
}

/* One that fails has its error in place of its events. */
static int32_t take_infos(struct hk_thread *self, struct hk_file *queue,
                          gm_addr infos, uint32_t count)
{
    int32_t result = HK_B_OK;

    for (uint32_t i = 0; i < count; i++) {
        gm_addr at = infos + (gm_addr)i * HK_EVENT_INFO_SIZE;
        uint8_t info[HK_EVENT_INFO_SIZE];
        int32_t status;

        if (hk_read_user(self, info, at, sizeof(info)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        status = take_info(self, queue, info);
        if (status != HK_B_OK) {
            hk_put32(info + 8, (uint32_t)status);
            result = HK_B_ERROR;
        }
        if (hk_write_user(self, at, info, sizeof(info)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
    }
    return result;
}

int64_t hk_sys_event_queue_select(struct hk_thread *self, int32_t queue,
                                  gm_addr user_infos, int32_t num_infos)
{
    struct hk_file *file;
    int32_t status;

    if (num_infos <= 0)
        return HK_B_BAD_VALUE;
    if (user_infos == 0 || user_infos >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (num_infos > INFOS_MAX)
        return HK_B_NO_MEMORY;
    status = get_queue(self, queue, &file);
    if (status != HK_B_OK)
        return status;
    status = take_infos(self, file, user_infos, (uint32_t)num_infos);
    hk_file_put(file);
    return status;
}

/* ---- what has happened; the queue's file is locked ---- */

int hk_event_tell(struct hk_event_queue *queue, struct hk_event_entry *entry,
                  uint32_t events, struct hk_events_told *told)
{
    uint8_t *info = told->infos[told->count];

    if (events == 0)
        return 0;
    memset(info, 0, HK_EVENT_INFO_SIZE);
    hk_put32(info, (uint32_t)entry->object);
    hk_put16(info + 4, (uint16_t)entry->type);
    hk_put32(info + 8, events);
    hk_put32(info + 12, entry->user_data);
    told->count++;
    entry->is_told = 1;
    if ((events & HK_POLLNVAL) == 0)
        return 1;
    hk_event_forget(queue, entry);
    return 0;
}

/* Descriptors that were closed are told of a last time. */
static void take_closed(const struct hk_thread *self,
                        struct hk_file *queue_file, struct hk_events_told *told)
{
    struct hk_event_queue *queue = queue_file->queue;
    unsigned closes = hk_fds_closes(self);
    uint32_t before = told->count;

    if (closes == queue->closes_seen)
        return;
    for (uint32_t i = queue->count; i-- > 0;) {
        struct hk_event_entry *entry = &queue->entries[i];

        if (entry->type != HK_EVENT_FD ||
            hk_fd_is(self, entry->object, entry->serial))
            continue;
        if (told->count == told->max)
            return; /* those that are left come next time */
        hk_event_tell(queue, entry, HK_POLLNVAL, told);
    }
    queue->closes_seen = closes;
    if (told->count != before)
        renew(self, queue_file);
}

static void end_one_shot(const struct hk_thread *self,
                         struct hk_file *queue_file,
                         struct hk_event_entry *entry)
{
    if (entry->behavior & HK_EVENT_ONE_SHOT)
        deselect(self, queue_file, entry);
}

/* Files that the host does not watch are ready always: again and again when
 * they are level-triggered, once otherwise. */
static int is_ready(const struct hk_event_entry *entry)
{
    return entry->type == HK_EVENT_FD && entry->is_always_ready &&
           (entry->selected & (HK_POLLIN | HK_POLLOUT)) != 0 &&
           (!entry->is_told || entry->behavior & HK_EVENT_LEVEL_TRIGGERED);
}

static void take_always_ready(const struct hk_thread *self,
                              struct hk_file *file, struct hk_events_told *told)
{
    struct hk_event_queue *queue = file->queue;

    for (uint32_t i = queue->count; i-- > 0 && told->count < told->max;) {
        struct hk_event_entry *entry = &queue->entries[i];

        if (!is_ready(entry))
            continue;
        hk_event_tell(queue, entry, entry->selected & (HK_POLLIN | HK_POLLOUT),
                      told);
        end_one_shot(self, file, entry);
    }
}

/* What the host says of an entry's descriptor. */
static uint32_t host_events(const struct hk_event_entry *entry,
                            const struct epoll_event *event)
{
    struct epoll_event inner = *event;

    if (entry->nested >= 0 && epoll_wait(entry->nested, &inner, 1, 0) <= 0)
        return 0;
    return hk_poll_to_guest((short)inner.events) & entry->selected;
}

static void take_watched(const struct hk_thread *self, struct hk_file *file,
                         struct hk_events_told *told)
{
    struct epoll_event events[HK_EVENTS_MAX];
    int found = 0, is_stale = 0;

    if (told->count < told->max)
        found = epoll_wait(file->node.fd, events,
                           (int)(told->max - told->count), 0);
    for (int i = 0; i < found; i++) {
        struct hk_event_entry *entry =
            find(file->queue, events[i].data.fd, HK_EVENT_FD);

        if (entry == NULL)
            is_stale = 1;
        else if (hk_event_tell(file->queue, entry,
                               host_events(entry, &events[i]), told))
            end_one_shot(self, file, entry);
    }
    if (is_stale)
        renew(self, file);
}

static void take_events(struct hk_thread *self, struct hk_file *file,
                        struct hk_events_told *told)
{
    take_closed(self, file, told);
    take_always_ready(self, file, told);
    take_watched(self, file, told);
    hk_event_objects_take(self, file->queue, told);
}

/* Whether there is anything to tell of, which stays so. */
static int is_anything(struct hk_thread *self, struct hk_file *file)
{
    struct pollfd fd = {file->node.fd, POLLIN, 0};
    const struct hk_event_queue *queue = file->queue;

    for (uint32_t i = 0; i < queue->count; i++) {
        const struct hk_event_entry *entry = &queue->entries[i];

        if (is_ready(entry) || (entry->type == HK_EVENT_FD &&
                                !hk_fd_is(self, entry->object, entry->serial)))
            return 1;
    }
    return poll(&fd, 1, 0) > 0 || hk_event_objects_have(self, queue);
}

/* ---- waiting ---- */

/* 1 when something has happened; it is told unless nothing was asked for. */
static int look(struct hk_thread *self, struct hk_file *file,
                struct hk_events_told *told)
{
    int result;

    pthread_mutex_lock(&file->lock);
    if (told->max > 0) {
        take_events(self, file, told);
        result = told->count > 0;
    } else {
        result = is_anything(self, file);
    }
    pthread_mutex_unlock(&file->lock);
    return result;
}

struct sleep {
    int number;       /* of those before */
    unsigned seen;    /* the waiter's events */
    int64_t deadline; /* the wait's, or earlier */
    int deaths;       /* tells of other teams' ends, or -1 */
};

/* A waiter that watches what others may change. What is selected from now on
 * changes its events (hk_wake_sleepers). */
static struct hk_waiter *begin_wait(struct hk_thread *self,
                                    struct hk_file *file, struct sleep *sleep)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_waiter *waiter;
    int32_t status = HK_B_NO_MEMORY;

    pthread_mutex_lock(&file->lock);
    hk_shared_lock(shared);
    waiter = hk_waiter_new(self, HK_WAITS_FOR_OBJECTS, 0, 0);
    if (waiter != NULL) {
        sleep->seen = atomic_load(&waiter->events);
        atomic_store(&self->wait.elsewhere, &waiter->events);
        hk_put(shared, &waiter->by_signal, 1);
        status = hk_event_objects_watch(self, file->queue, waiter);
        if (status != HK_B_OK)
            hk_waiter_free(shared, waiter);
        else if (hk_waiter_depends_on_others(shared, waiter))
            sleep->deadline = hk_vigil_begin_fd(shared, &sleep->deaths,
                                                sleep->number, sleep->deadline);
    }
    hk_shared_unlock(shared);
    pthread_mutex_unlock(&file->lock);
    return status == HK_B_OK ? waiter : NULL;
}

static void end_wait(struct hk_thread *self, struct hk_waiter *waiter)
{
    struct hk_shared *shared = hk_shared_of(self);

    atomic_store(&self->wait.elsewhere, NULL);
    if (waiter == NULL)
        return;
    hk_shared_lock(shared);
    hk_waiter_free(shared, waiter);
    hk_shared_unlock(shared);
}

static int32_t sleep_once(struct hk_thread *self, struct hk_file *file,
                          const struct hk_waiter *waiter,
                          const struct sleep *sleep)
{
    struct pollfd fds[] = {{file->node.fd, POLLIN, 0},
                           {sleep->deaths, POLLIN, 0}};
    int32_t result = hk_block_once(self, fds, 2, sleep->deadline,
                                   &waiter->events, sleep->seen);

    return result == HK_B_INTERRUPTED && !hk_is_interrupted(self) ? HK_B_OK
                                                                  : result;
}

/* Looks each time with a waiter of its own, for what is selected may have
 * changed. Counts what is told. */
static int32_t wait_events(struct hk_thread *self, struct hk_file *file,
                           struct hk_events_told *told, int64_t deadline)
{
    int32_t status = HK_B_OK;
    int has_events = look(self, file, told);

    for (int number = 0; !has_events && status >= 0; number++) {
        struct sleep sleep = {number, 0, deadline, -1};
        struct hk_waiter *waiter = begin_wait(self, file, &sleep);

        if (waiter == NULL)
            status = HK_B_NO_MEMORY;
        else if (look(self, file, told))
            has_events = 1;
        else if (!hk_file_is_open(self, file))
            status = HK_B_FILE_ERROR;
        else if (hk_system_time() >= deadline)
            status = HK_B_TIMED_OUT;
        else
            status = sleep_once(self, file, waiter, &sleep);
        end_wait(self, waiter);
    }
    return has_events ? (int32_t)told->count : status;
}

int64_t hk_sys_event_queue_wait(struct hk_thread *self, int32_t queue,
                                gm_addr infos, int32_t num_infos,
                                uint32_t flags, int64_t timeout)
{
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    uint32_t max = (uint32_t)num_infos;
    struct hk_events_told told;
    struct hk_file *file;
    int32_t count;

    if (num_infos < 0)
        return HK_B_BAD_VALUE;
    if (num_infos > 0 && (infos == 0 || infos >= HK_USER_LIMIT))
        return HK_B_BAD_ADDRESS;
    count = get_queue(self, queue, &file);
    if (count != HK_B_OK)
        return count;
    told.count = 0;
    told.max = max < HK_EVENTS_MAX ? max : HK_EVENTS_MAX;
    count = wait_events(self, file, &told, deadline);
    hk_file_put(file);
    if (count > 0 &&
        hk_write_user(self, infos, told.infos,
                      (size_t)count * HK_EVENT_INFO_SIZE) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return count < 0 ? hk_timeout_status(count, flags, timeout) : count;
}
