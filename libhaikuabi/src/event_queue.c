/* event_queue.c -- event queues: descriptors watched by a descriptor. */
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
#include "fd.h"
#include "poll_bits.h"
#include "syscalls.h"

/*
 * A queue is an epoll descriptor of the host and the list of what was
 * selected. PART: only descriptors can be selected, no semaphores, ports and
 * threads; one that is closed leaves the queue without a last event; two
 * numbers of one file cannot be in a queue at once; and a forked team has a
 * list of its own over the one epoll descriptor.
 */

/* haiku-abi/structs.md, "event_wait_info". */
enum { INFO_SIZE = 16, TYPE_FD = 0 };

enum {
    LEVEL_TRIGGERED = 0x4000000,
    ONE_SHOT = 0x8000000,
    BEHAVIOR = LEVEL_TRIGGERED | ONE_SHOT,
    NON_MASKABLE = HK_POLLERR | HK_POLLHUP | HK_POLLNVAL,
    INFOS_MAX = 65536 /* in a call */
};

#define PRIVATE_EVENTS 0xf0000000u /* not for the guest to ask for */

struct entry {
    int32_t fd;
    uint32_t selected, behavior, user_data;
    const struct hk_file *file; /* for comparison only: it may be gone */
    int is_always_ready;        /* the host watches no regular files */
    int is_told;                /* that it is always ready */
};

struct hk_queue {
    struct entry *entries;
    uint32_t count, room;
};

void hk_queue_free(struct hk_queue *queue)
{
    if (queue == NULL)
        return;
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

static struct entry *find(const struct hk_queue *queue, int32_t fd)
{
    for (uint32_t i = 0; i < queue->count; i++)
        if (queue->entries[i].fd == fd)
            return &queue->entries[i];
    return NULL;
}

static struct entry *add(struct hk_queue *queue, int32_t fd)
{
    if (queue->count == queue->room) {
        uint32_t room = queue->room == 0 ? 8 : queue->room * 2;
        struct entry *entries =
            realloc(queue->entries, room * sizeof(*entries));

        if (entries == NULL)
            return NULL;
        queue->entries = entries;
        queue->room = room;
    }
    queue->entries[queue->count] = (struct entry){.fd = fd};
    return &queue->entries[queue->count++];
}

static void remove_entry(struct hk_queue *queue, struct entry *entry)
{
    *entry = queue->entries[--queue->count];
}

/* Tells the host, which may know the entry's file already. */
static int32_t watch(int epoll, struct entry *entry, int is_known)
{
    int host_fd = entry->file->node.fd;
    struct epoll_event event = {
        .events = (uint32_t)(uint16_t)hk_poll_to_host(entry->selected) |
                  (entry->behavior & LEVEL_TRIGGERED ? 0u : EPOLLET),
        .data.fd = entry->fd,
    };
    int result = epoll_ctl(epoll, EPOLL_CTL_ADD, host_fd, &event);

    if (result < 0 && errno == EEXIST && is_known)
        result = epoll_ctl(epoll, EPOLL_CTL_MOD, host_fd, &event);
    entry->is_always_ready = result < 0 && (errno == EPERM || errno == EBADF);
    entry->is_told = 0;
    return result == 0 || entry->is_always_ready ? HK_B_OK
                                                 : hk_status_from_errno(errno);
}

static int32_t select_fd(struct hk_file *queue_file, const struct hk_file *file,
                         int32_t fd, uint32_t events, uint32_t user_data)
{
    struct hk_queue *queue = queue_file->queue;
    struct entry *entry = find(queue, fd);
    struct entry made = {
        .fd = fd,
        .selected = (events & ~PRIVATE_EVENTS) | NON_MASKABLE,
        .behavior = events & BEHAVIOR,
        .user_data = user_data,
        .file = file,
    };
    int is_known = entry != NULL && entry->file == file;
    int32_t status;

    /* The same again changes nothing, the user's word neither. */
    if (is_known && entry->selected == made.selected)
        made.user_data = entry->user_data;
    if (entry == NULL)
        entry = add(queue, fd);
    if (entry == NULL)
        return HK_B_NO_MEMORY;
    status = watch(queue_file->node.fd, &made, is_known);
    *entry = made;
    if (status != HK_B_OK)
        remove_entry(queue, entry);
    return status;
}

static int32_t deselect(struct hk_file *queue_file, const struct hk_file *file,
                        int32_t fd)
{
    struct entry *entry = find(queue_file->queue, fd);

    if (entry == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    if (file != NULL && entry->file == file && !entry->is_always_ready)
        epoll_ctl(queue_file->node.fd, EPOLL_CTL_DEL, file->node.fd, NULL);
    remove_entry(queue_file->queue, entry);
    return HK_B_OK;
}

static int32_t query(const struct hk_queue *queue, int32_t fd,
                     uint8_t info[INFO_SIZE])
{
    const struct entry *entry = find(queue, fd);

    if (entry == NULL)
        return HK_B_ENTRY_NOT_FOUND;
    hk_put32(info + 8, entry->selected | entry->behavior);
    hk_put32(info + 12, entry->user_data);
    return HK_B_OK;
}

/* events above 0 select, 0 deselects, below 0 asks. */
static int32_t take_info(const struct hk_thread *self,
                         struct hk_file *queue_file, uint8_t info[INFO_SIZE])
{
    int32_t fd = (int32_t)hk_get32(info);
    int32_t events = (int32_t)hk_get32(info + 8);
    struct hk_file *file;
    int32_t status;

    if (hk_get16(info + 4) != TYPE_FD)
        return HK_B_BAD_VALUE;
    file = hk_file_get(self, fd);
    pthread_mutex_lock(&queue_file->lock);
    if (events < 0)
        status = query(queue_file->queue, fd, info);
    else if (events == 0)
        status = deselect(queue_file, file, fd);
    else if (file == NULL)
        status = HK_B_FILE_ERROR;
    else
        status = select_fd(queue_file, file, fd, (uint32_t)events,
                           hk_get32(info + 12));
    pthread_mutex_unlock(&queue_file->lock);
    hk_file_put(file);
    return status;
}

/* One that fails has its error in place of its events. */
static int32_t take_infos(const struct hk_thread *self, struct hk_file *queue,
                          gm_addr infos, uint32_t count)
{
    int32_t result = HK_B_OK;

    for (uint32_t i = 0; i < count; i++) {
        gm_addr at = infos + (gm_addr)i * INFO_SIZE;
        uint8_t info[INFO_SIZE];
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

/* ---- what has happened ---- */

enum { EVENTS_MAX = 64 }; /* told at once */

/* Fills in an event; 0 when the number is another file's by now. */
static int tell(const struct hk_thread *self, struct entry *entry,
                uint32_t events, uint8_t info[INFO_SIZE])
{
    struct hk_file *file = hk_file_get(self, entry->fd);
    int is_it = file == entry->file;

    hk_file_put(file);
    if (is_it) {
        memset(info, 0, INFO_SIZE);
        hk_put32(info, (uint32_t)entry->fd);
        hk_put32(info + 8, events & entry->selected);
        hk_put32(info + 12, entry->user_data);
        entry->is_told = 1;
    }
    return is_it;
}

/* A forked team's copy of a file keeps it in the host's list after the last
 * close here, where nothing can remove it: the list is made anew. */
static void renew(const struct hk_thread *self, struct hk_file *file)
{
    struct hk_queue *queue = file->queue;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0)
        return;
    for (uint32_t i = queue->count; i-- > 0;) {
        struct entry *entry = &queue->entries[i];
        struct hk_file *now = hk_file_get(self, entry->fd);

        if (now != entry->file || watch(epoll, entry, 0) != HK_B_OK)
            remove_entry(queue, entry);
        hk_file_put(now);
    }
    dup3(epoll, file->node.fd, O_CLOEXEC);
    close(epoll);
}

static void end_one_shot(const struct hk_thread *self, struct hk_file *file,
                         int32_t fd)
{
    struct entry *entry = find(file->queue, fd);
    struct hk_file *watched;

    if (entry == NULL || !(entry->behavior & ONE_SHOT))
        return;
    watched = hk_file_get(self, fd);
    deselect(file, watched, fd);
    hk_file_put(watched);
}

/* Files that the host does not watch are ready always: again and again when
 * they are level-triggered, once otherwise. */
static int is_ready(const struct entry *entry)
{
    return entry->is_always_ready &&
           (entry->selected & (HK_POLLIN | HK_POLLOUT)) != 0 &&
           (!entry->is_told || entry->behavior & LEVEL_TRIGGERED);
}

static uint32_t take_always_ready(const struct hk_thread *self,
                                  struct hk_file *file, uint32_t max,
                                  uint8_t (*infos)[INFO_SIZE])
{
    struct hk_queue *queue = file->queue;
    uint32_t count = 0;

    for (uint32_t i = queue->count; i-- > 0 && count < max;) {
        struct entry *entry = &queue->entries[i];
        int32_t fd = entry->fd;

        if (!is_ready(entry))
            continue;
        if (tell(self, entry, HK_POLLIN | HK_POLLOUT, infos[count]))
            count++;
        else
            remove_entry(queue, entry);
        end_one_shot(self, file, fd);
    }
    return count;
}

static int32_t take_events(const struct hk_thread *self, struct hk_file *file,
                           uint32_t max, uint8_t (*infos)[INFO_SIZE])
{
    struct epoll_event events[EVENTS_MAX];
    uint32_t count = take_always_ready(self, file, max, infos);
    int found = 0, is_stale = 0;

    if (count < max)
        found = epoll_wait(file->node.fd, events, (int)(max - count), 0);
    for (int i = 0; i < found; i++) {
        int32_t fd = events[i].data.fd;
        struct entry *entry = find(file->queue, fd);

        if (entry != NULL &&
            tell(self, entry, hk_poll_to_guest((short)events[i].events),
                 infos[count]))
            count++;
        else
            is_stale = 1;
        end_one_shot(self, file, fd);
    }
    if (is_stale)
        renew(self, file);
    return (int32_t)count;
}

static int32_t count_ready(const struct hk_queue *queue)
{
    int32_t count = 0;

    for (uint32_t i = 0; i < queue->count; i++)
        count += is_ready(&queue->entries[i]);
    return count;
}

/* Counts what has happened, waiting for it; 0 when only that was asked. */
static int32_t wait_events(struct hk_thread *self, struct hk_file *file,
                           uint32_t max, uint8_t (*infos)[INFO_SIZE],
                           int64_t deadline)
{
    struct pollfd fd = {file->node.fd, POLLIN, 0};

    for (;;) {
        int32_t count;

        pthread_mutex_lock(&file->lock);
        count = max > 0 ? take_events(self, file, max, infos)
                        : count_ready(file->queue);
        pthread_mutex_unlock(&file->lock);
        if (count > 0)
            return max > 0 ? count : HK_B_OK;
        count = hk_block_fds(self, &fd, 1, deadline);
        if (count < 0)
            return count;
        if (count == 0)
            return HK_B_TIMED_OUT;
        if (max == 0)
            return HK_B_OK;
    }
}

int64_t hk_sys_event_queue_wait(struct hk_thread *self, int32_t queue,
                                gm_addr infos, int32_t num_infos,
                                uint32_t flags, int64_t timeout)
{
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    uint8_t found[EVENTS_MAX][INFO_SIZE];
    uint32_t max = (uint32_t)num_infos;
    struct hk_file *file;
    int32_t count;

    if (num_infos < 0)
        return HK_B_BAD_VALUE;
    if (num_infos > 0 && (infos == 0 || infos >= HK_USER_LIMIT))
        return HK_B_BAD_ADDRESS;
    count = get_queue(self, queue, &file);
    if (count != HK_B_OK)
        return count;
    count = wait_events(self, file, max < EVENTS_MAX ? max : EVENTS_MAX, found,
                        deadline);
    hk_file_put(file);
    if (count > 0 &&
        hk_write_user(self, infos, found, (size_t)count * INFO_SIZE) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return count < 0 ? hk_timeout_status(count, flags, timeout) : count;
}
