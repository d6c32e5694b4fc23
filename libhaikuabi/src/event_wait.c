/* event_wait.c -- event queues: what has happened. */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "block.h"
#include "bytes.h"
#include "clock.h"
#include "event_queue.h"
#include "syscalls.h"

/* What has happened, on its way to the guest. */
struct told {
    uint32_t count, max;
    uint8_t (*infos)[HK_EVENT_INFO_SIZE];
    struct epoll_event *watched; /* room for what the host tells */
    int has_stale;   /* the host goes on with what is not to be told of */
    int is_anything; /* something was seen */
};

/* ---- with the shared lock ---- */

/* What a look at a queue needs; in `told` is what it found. */
struct look {
    const struct hk_thread *self;
    struct hk_shared *shared;
    struct hk_event_queue *queue;
    int epoll_fd;
    struct told *told;
};

/* Nothing more is told of one that is valid no more, or wanted once. 0: there
 * is nothing to tell. */
static int tell(const struct look *look, struct hk_event_entry *entry,
                uint32_t events)
{
    struct told *told = look->told;
    uint8_t *info = told->infos[told->count];

    if (events == 0)
        return 0;
    memset(info, 0, HK_EVENT_INFO_SIZE);
    hk_put32(info, (uint32_t)entry->object);
    hk_put16(info + 4, (uint16_t)entry->type);
    hk_put32(info + 8, events);
    hk_put32(info + 12, entry->user_data);
    told->count++;
    hk_put(look->shared, &entry->is_told, 1);
    hk_put(look->shared, &entry->seen_events, 0);
    if (events & HK_POLLNVAL || entry->behavior & HK_EVENT_ONE_SHOT)
        hk_event_entry_free(look->shared, look->queue, entry);
    return 1;
}

/* Files that the host does not watch are ready always: again and again when
 * they are level-triggered, once otherwise. */
static uint32_t file_events(const struct hk_event_entry *entry)
{
    if (entry->is_closed)
        return HK_POLLNVAL;
    if (entry->seen_events != 0)
        return entry->seen_events;
    if (entry->is_always_ready &&
        (!entry->is_told || entry->behavior & HK_EVENT_LEVEL_TRIGGERED))
        return entry->selected & (HK_POLLIN | HK_POLLOUT);
    return 0;
}

/* Looking at an object may end others (a dead team's). */
static void take_entries(const struct look *look)
{
    struct hk_shared *shared = look->shared;
    struct hk_event_entry *entry;

    for (uint32_t i = look->queue->entries, next;
         look->told->count < look->told->max &&
         (entry = hk_event_entry_at(shared, look->queue, i)) != NULL;
         i = next) {
        next = entry->next;
        hk_shared_commit(shared);
        tell(look, entry,
             entry->type == HK_EVENT_FD ? file_events(entry)
                                        : hk_event_object_take(shared, entry));
    }
}

/* The host tells of a watched file, also of what nobody asked for: what was
 * asked for. */
static uint32_t wanted(const struct look *look,
                       const struct hk_event_entry *entry, short events)
{
    return hk_poll_of_file(look->self, (enum hk_polled)entry->polled,
                           entry->selected, events) &
           entry->selected;
}

static int is_level_triggered(const struct hk_event_entry *entry)
{
    return (entry->behavior & HK_EVENT_LEVEL_TRIGGERED) != 0;
}

/* 1: the host will tell of the file again at once, although there is nothing to
 * tell. */
static int take_file(const struct look *look, struct hk_event_entry *entry,
                     short events)
{
    return !tell(look, entry, wanted(look, entry, events)) &&
           is_level_triggered(entry);
}

/* The same for who has no room: what the host tells once is kept. */
static int see_file(const struct look *look, struct hk_event_entry *entry,
                    short events)
{
    uint32_t found = wanted(look, entry, events);

    if (found != 0 && !is_level_triggered(entry))
        hk_put(look->shared, &entry->seen_events, found);
    look->told->is_anything |= found != 0;
    return found == 0 && is_level_triggered(entry);
}

/* Files that the host still watches, and nobody else, are those of a team that
 * has died while others have them. */
static void
take_watched(const struct look *look, struct epoll_event *events, uint32_t room,
             int (*take)(const struct look *, struct hk_event_entry *, short))
{
    struct told *told = look->told;
    int found = room > 0 ? epoll_wait(look->epoll_fd, events, (int)room, 0) : 0;

    for (int i = 0; i < found; i++) {
        uint64_t key = events[i].data.u64;
        struct hk_event_entry *entry =
            hk_event_entry_of_key(look->shared, look->queue, key);

        told->has_stale |= entry != NULL
                               ? take(look, entry, (short)events[i].events)
                               : hk_event_forget_key(look->shared, look->queue,
                                                     look->epoll_fd, key) != 0;
    }
}

/* Whether there is anything to tell of, which stays so. */
static int is_anything(const struct look *look)
{
    enum { AT_ONCE = 16 };
    struct epoll_event events[AT_ONCE];
    const struct hk_event_entry *entry;

    for (uint32_t i = look->queue->entries;
         (entry = hk_event_entry_at(look->shared, look->queue, i)) != NULL;
         i = entry->next) {
        hk_shared_commit(look->shared);
        if (entry->type == HK_EVENT_FD
                ? file_events(entry) != 0
                : hk_event_object_look(look->shared, entry) != 0)
            return 1;
    }
    look->told->is_anything = 0;
    take_watched(look, events, AT_ONCE, see_file);
    return look->told->is_anything;
}

/* ---- waiting ---- */

/* 1 when something has happened, which is told unless nothing was asked for;
 * 0, or B_FILE_ERROR when the queue is closed. */
static int32_t look(struct hk_thread *self, const struct hk_file *file,
                    struct told *told)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct look look = {self, shared, NULL, file->node.fd, told};
    int32_t result = HK_B_FILE_ERROR;

    hk_shared_lock(shared);
    look.queue = hk_event_queue_find(shared, file->queue);
    told->has_stale = 0;
    if (look.queue != NULL && told->max > 0) {
        take_entries(&look);
        take_watched(&look, told->watched, told->max - told->count, take_file);
        result = told->count > 0;
    } else if (look.queue != NULL) {
        result = is_anything(&look);
    }
    hk_shared_unlock(shared);
    return result;
}

struct sleep {
    int number;       /* of those before */
    unsigned seen;    /* the waiter's events */
    int64_t deadline; /* the wait's, or earlier */
    int deaths;       /* tells of other teams' ends, or -1 */
};

/* A waiter that watches what others may change. What is selected from now on
 * changes its events. */
static struct hk_waiter *begin_wait(struct hk_thread *self,
                                    const struct hk_file *file,
                                    struct sleep *sleep)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_event_queue *queue;
    struct hk_waiter *waiter;
    int32_t status = HK_B_NO_MEMORY;

    hk_shared_lock(shared);
    queue = hk_event_queue_find(shared, file->queue);
    waiter = hk_waiter_new(self, HK_WAITS_FOR_OBJECTS, 0, 0);
    if (waiter != NULL) {
        sleep->seen = atomic_load(&waiter->events);
        atomic_store(&self->wait.elsewhere, &waiter->events);
        hk_put(shared, &waiter->by_signal, 1);
        status = queue != NULL ? hk_event_queue_watch(shared, queue, waiter)
                               : HK_B_OK;
        if (status != HK_B_OK)
            hk_waiter_free(shared, waiter);
        else if (hk_waiter_depends_on_others(shared, waiter))
            sleep->deadline = hk_vigil_begin_fd(shared, &sleep->deaths,
                                                sleep->number, sleep->deadline);
    }
    hk_shared_unlock(shared);
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

/* The host tells of what is stale all the time, so that it is asked now and
 * then. */
static int32_t sleep_once(struct hk_thread *self, const struct hk_file *file,
                          const struct hk_waiter *waiter,
                          const struct sleep *sleep, int has_stale)
{
    enum { STALE_INTERVAL = 1000 /* us */ };
    struct pollfd fds[] = {{has_stale ? -1 : file->node.fd, POLLIN, 0},
                           {sleep->deaths, POLLIN, 0}};
    int64_t deadline = sleep->deadline, now = hk_system_time();
    int32_t result;

    if (has_stale && deadline - now > STALE_INTERVAL)
        deadline = now + STALE_INTERVAL;
    result =
        hk_block_once(self, fds, 2, deadline, &waiter->events, sleep->seen);
    return result == HK_B_INTERRUPTED && !hk_is_interrupted(self) ? HK_B_OK
                                                                  : result;
}

/* Looks each time with a waiter of its own, for what is selected may have
 * changed. Counts what is told. */
static int32_t wait_events(struct hk_thread *self, const struct hk_file *file,
                           struct told *told, int64_t deadline)
{
    int32_t status = HK_B_OK, found = look(self, file, told);

    for (int number = 0; found == 0 && status >= 0; number++) {
        struct sleep sleep = {number, 0, deadline, -1};
        struct hk_waiter *waiter = begin_wait(self, file, &sleep);

        if (waiter == NULL)
            status = HK_B_NO_MEMORY;
        else if ((found = look(self, file, told)) != 0)
            status = HK_B_OK;
        else if (hk_system_time() >= deadline)
            status = HK_B_TIMED_OUT;
        else
            status = sleep_once(self, file, waiter, &sleep, told->has_stale);
        end_wait(self, waiter);
    }
    if (found < 0)
        return found;
    return found > 0 ? (int32_t)told->count : status;
}

/* A queue tells of an entry once in a wait. */
static int make_room(struct told *told, uint32_t infos)
{
    *told = (struct told){
        .max = infos < HK_EVENT_ENTRIES_MAX ? infos : HK_EVENT_ENTRIES_MAX};
    if (told->max == 0)
        return 1;
    told->infos = malloc(told->max * sizeof(*told->infos));
    told->watched = malloc(told->max * sizeof(*told->watched));
    return told->infos != NULL && told->watched != NULL;
}

static int32_t wait_and_tell(struct hk_thread *self, const struct hk_file *file,
                             struct told *told, int64_t deadline, gm_addr infos)
{
    int32_t count = wait_events(self, file, told, deadline);

    if (count > 0 &&
        hk_write_user(self, infos, told->infos,
                      (size_t)count * HK_EVENT_INFO_SIZE) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return count;
}

/* Haiku does not look at the queue when it is too late already: it has nothing
 * to tell. Before r1beta6 so does a time that no flag is about. */
static int is_too_late(struct hk_thread *self, uint32_t flags, int64_t timeout,
                       int64_t deadline)
{
    enum { ANY = HK_RELATIVE_TIMEOUT | HK_ABSOLUTE_TIMEOUT };

    if ((flags & ANY) == 0 && hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return 0;
    if ((flags & HK_RELATIVE_TIMEOUT) != 0 && timeout > 0)
        timeout = deadline;
    return timeout != 0 && hk_system_time() >= timeout;
}

int64_t hk_sys_event_queue_wait(struct hk_thread *self, int32_t queue,
                                gm_addr infos, int32_t num_infos,
                                uint32_t flags, int64_t timeout)
{
    int64_t deadline = hk_call_deadline(self, flags, timeout);
    struct hk_file *file;
    struct told told;
    int32_t count;

    if (num_infos < 0)
        return HK_B_BAD_VALUE;
    if (num_infos > 0 && !hk_is_user_address(infos))
        return HK_B_BAD_ADDRESS;
    count = hk_event_queue_get(self, queue, &file);
    if (count != HK_B_OK)
        return count;
    if (is_too_late(self, flags, timeout, deadline)) {
        hk_file_put(file);
        return 0;
    }
    count = make_room(&told, (uint32_t)num_infos)
                ? wait_and_tell(self, file, &told, deadline, infos)
                : HK_B_NO_MEMORY;
    hk_file_put(file);
    free(told.infos);
    free(told.watched);
    return count < 0 ? hk_timeout_status(count, flags, timeout) : count;
}
