/* objects.c -- waiting for several objects at once. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "block.h"
#include "bytes.h"
#include "clock.h"
#include "fd.h"
#include "poll_bits.h"
#include "port.h"
#include "syscalls.h"
#include "thread.h"

/* haiku-abi/structs.md, "object_wait_info". */
enum { INFO_SIZE = 8, TYPE_FD = 0, TYPE_SEM = 1, TYPE_PORT = 2, TYPE_THREAD };

enum {
    EVENT_READ = 0x1,
    EVENT_ACQUIRE = 0x1,
    EVENT_WRITE = 0x2,
    EVENT_ERROR = 0x4,
    EVENT_DISCONNECTED = 0x80,
    EVENT_INVALID = 0x1000,
    ALWAYS = EVENT_INVALID | EVENT_ERROR | EVENT_DISCONNECTED
};

struct object {
    int32_t id;
    uint16_t type;
    uint32_t selected, events;
    struct hk_file *file; /* held, so that its number is not used anew */
};

struct objects {
    struct hk_thread *self;
    uint32_t count;
    struct object *all;
    struct pollfd *fds; /* of each that is one of the host; else fd is -1, or
                           UNTOLD when the host tells what the guest is not.
                           Behind them what tells of other teams' ends */
    int has_fds;
};

enum { UNTOLD = -2 };

/* ---- what has happened ---- */

static uint32_t sem_events(struct hk_shared *shared, int32_t id)
{
    const struct hk_sem *sem = hk_sem_find(shared, id);

    if (sem == NULL)
        return EVENT_INVALID;
    return sem->count > 0 ? EVENT_ACQUIRE : 0;
}

static uint32_t port_events(struct hk_shared *shared, int32_t id)
{
    const struct hk_port *port = hk_port_find(shared, id);

    if (port == NULL || hk_port_is_closed(port) || hk_port_is_kernels(port))
        return EVENT_INVALID;
    return (port->queue_count > 0 ? EVENT_READ : 0u) |
           (port->queue_count < port->capacity ? EVENT_WRITE : 0u);
}

/* Of any team. */
static uint32_t thread_events(struct hk_shared *shared, int32_t id)
{
    int is_there = id > 0 && hk_thread_find_shown(shared, id) != NULL;

    return is_there ? 0 : EVENT_INVALID;
}

/* With the lock, and nothing half done. */
static void look_at_shared(struct objects *objects)
{
    struct hk_shared *shared = hk_shared_of(objects->self);

    for (uint32_t i = 0; i < objects->count; i++) {
        struct object *object = &objects->all[i];

        if (object->type == TYPE_SEM)
            object->events = sem_events(shared, object->id);
        else if (object->type == TYPE_PORT)
            object->events = port_events(shared, object->id);
        else if (object->type == TYPE_THREAD)
            object->events = thread_events(shared, object->id);
    }
}

/* A file that the host does not have never makes one wait. What the host tells
 * and the guest is not told would end each sleep at once. */
static uint32_t file_events(const struct hk_thread *self,
                            const struct object *object, struct pollfd *host)
{
    uint32_t events = EVENT_READ | EVENT_WRITE;

    if (object->file == NULL)
        return EVENT_INVALID;
    if (host->fd == UNTOLD)
        return 0;
    if (host->fd >= 0)
        events = hk_poll_of_file(self, hk_polled_of(object->file),
                                 object->selected, host->revents);
    events &= object->selected;
    if (events == 0 && host->fd >= 0 && host->revents != 0)
        host->fd = UNTOLD;
    return events;
}

/* Without the lock. How many have an event that is asked for. */
static int32_t look_at_all(struct objects *objects)
{
    int32_t count = 0;

    if (objects->has_fds)
        hk_block_fds(objects->self, objects->fds, objects->count, 0);
    for (uint32_t i = 0; i < objects->count; i++) {
        struct object *object = &objects->all[i];

        if (object->type == TYPE_FD)
            object->events =
                file_events(objects->self, object, &objects->fds[i]);
        else if (object->type > TYPE_THREAD)
            object->events = EVENT_INVALID;
        object->events &= object->selected;
        count += object->events != 0;
    }
    return count;
}

/* ---- the wait ---- */

/* With the lock. B_OK, or B_NO_MEMORY when too many watch. */
static int32_t watch_all(struct objects *objects, struct hk_waiter *waiter)
{
    struct hk_shared *shared = hk_shared_of(objects->self);
    int32_t status = HK_B_OK;

    for (uint32_t i = 0; i < objects->count && status == HK_B_OK; i++) {
        const struct object *object = &objects->all[i];

        hk_shared_commit(shared);
        if (object->type == TYPE_SEM)
            status = hk_watch_add(shared, waiter, HK_WATCHED_SEM, object->id);
        else if (object->type == TYPE_PORT)
            status = hk_watch_add(shared, waiter, HK_WATCHED_PORT, object->id);
        else if (object->type == TYPE_THREAD)
            status =
                hk_watch_add(shared, waiter, HK_WATCHED_THREAD, object->id);
    }
    hk_shared_commit(shared);
    return status;
}

/* Without the lock. B_OK or above: look again. */
static int32_t sleep_once(struct objects *objects, struct hk_waiter *waiter,
                          unsigned seen, int64_t deadline,
                          const struct hk_vigil *vigil)
{
    if (hk_system_time() >= deadline)
        return HK_B_TIMED_OUT;
    if (!objects->has_fds)
        return hk_waiter_pause(objects->self, waiter, seen, deadline, vigil);
    return hk_block_once(objects->self, objects->fds, objects->count + 1,
                         deadline, &waiter->events, seen);
}

/* With the lock. Other teams' ends are to be noticed; until when. */
static int64_t look_after_others(struct objects *objects,
                                 struct hk_vigil *vigil, int sleeps,
                                 int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(objects->self);

    if (!objects->has_fds)
        return hk_vigil_begin(shared, vigil, sleeps, deadline);
    return hk_vigil_begin_fd(shared, &objects->fds[objects->count].fd, sleeps,
                             deadline);
}

/* With the lock. How many objects have an event, or an error. */
static int32_t wait_locked(struct objects *objects, struct hk_waiter *waiter,
                           int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(objects->self);
    int look_after = 0;

    for (int sleeps = 0;; sleeps++) {
        unsigned seen =
            atomic_load_explicit(&waiter->events, memory_order_acquire);
        struct hk_vigil vigil;
        int64_t until = deadline;
        int32_t count, status = HK_B_OK;

        vigil.count = 0;
        look_after |= hk_waiter_depends_on_others(shared, waiter);
        if (look_after)
            until = look_after_others(objects, &vigil, sleeps, deadline);
        look_at_shared(objects);
        hk_shared_unlock(shared);
        count = look_at_all(objects);
        if (count == 0)
            status = sleep_once(objects, waiter, seen, until, &vigil);
        if (status == HK_B_INTERRUPTED && !hk_is_interrupted(objects->self))
            status = HK_B_OK;
        if (status == HK_B_TIMED_OUT && until < deadline)
            status = HK_B_OK;
        hk_shared_lock(shared);
        if (count > 0)
            return count;
        if (status < 0)
            return status;
    }
}

static int32_t wait_for_all(struct objects *objects, int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(objects->self);
    struct hk_waiter *waiter;
    int32_t status = HK_B_NO_MEMORY;

    hk_shared_lock(shared);
    waiter = hk_waiter_new(objects->self, HK_WAITS_FOR_OBJECTS, 0, 0);
    if (waiter != NULL) {
        hk_put(shared, &waiter->by_signal, objects->has_fds != 0);
        status = watch_all(objects, waiter);
        if (status == HK_B_OK)
            status = wait_locked(objects, waiter, deadline);
        hk_waiter_free(shared, waiter);
    }
    hk_shared_unlock(shared);
    return status;
}

/* ---- the call ---- */

static void read_info(struct objects *objects, uint32_t index,
                      const uint8_t *info)
{
    struct object *object = &objects->all[index];
    struct pollfd *host = &objects->fds[index];

    object->id = (int32_t)hk_get32(info);
    object->type = hk_get16(info + 4);
    object->selected = hk_get16(info + 6) | (uint32_t)ALWAYS;
    host->fd = -1;
    if (object->type != TYPE_FD)
        return;
    object->file = hk_file_get(objects->self, object->id);
    if (object->file == NULL || object->file->node.fd < 0 ||
        hk_file_type(object->file) == S_IFLNK)
        return;
    host->fd = object->file->node.fd;
    host->events = hk_poll_to_host(object->selected);
    objects->has_fds = 1;
}

static int32_t wait_for_infos(struct hk_thread *self, uint8_t *infos,
                              uint32_t count, int64_t deadline)
{
    struct objects objects = {.self = self, .count = count};
    int32_t result = HK_B_NO_MEMORY;

    objects.all = calloc(count + 1, sizeof(*objects.all));
    objects.fds = calloc(count + 1, sizeof(*objects.fds));
    if (objects.all != NULL && objects.fds != NULL) {
        objects.fds[count] = (struct pollfd){.fd = -1, .events = POLLIN};
        for (uint32_t i = 0; i < count; i++)
            read_info(&objects, i, infos + (size_t)i * INFO_SIZE);
        result = wait_for_all(&objects, deadline);
        for (uint32_t i = 0; i < count; i++) {
            hk_put16(infos + (size_t)i * INFO_SIZE + 6,
                     (uint16_t)objects.all[i].events);
            hk_file_put(objects.all[i].file);
        }
    }
    free(objects.all);
    free(objects.fds);
    return result;
}

static int has_invalid(const uint8_t *infos, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (hk_get16(infos + (size_t)i * INFO_SIZE + 6) & EVENT_INVALID)
            return 1;
    return 0;
}

int64_t hk_sys_wait_for_objects(struct hk_thread *self, gm_addr infos,
                                int32_t num_infos, uint32_t flags,
                                int64_t timeout)
{
    enum { BOTH = HK_RELATIVE_TIMEOUT | HK_ABSOLUTE_TIMEOUT };
    /* Found out only when all objects are valid. */
    int is_bad = (hk_timeout_flags(flags, timeout) & BOTH) == BOTH;
    int64_t deadline = is_bad ? 0 : hk_call_deadline(self, flags, timeout);
    uint32_t most = hk_fds_limit(self->team->fds) + HK_SEMS_MAX + HK_PORTS_MAX +
                    HK_USER_SLOTS;
    size_t size = (size_t)num_infos * INFO_SIZE;
    uint8_t *bytes;
    int32_t result = HK_B_OK;

    if (num_infos < 0 || (uint32_t)num_infos > most)
        return HK_B_BAD_VALUE;
    if (num_infos > 0 && infos == 0)
        return HK_B_BAD_ADDRESS;
    bytes = malloc(size + 1);
    if (bytes == NULL)
        return HK_B_NO_MEMORY;
    if (num_infos > 0)
        result = hk_read_user(self, bytes, infos, size);
    if (result == HK_B_OK)
        result = wait_for_infos(self, bytes, (uint32_t)num_infos, deadline);
    if (is_bad && (result == HK_B_TIMED_OUT ||
                   (result > 0 && !has_invalid(bytes, (uint32_t)num_infos))))
        result = HK_B_BAD_VALUE;
    if (result > 0 && hk_write_user(self, infos, bytes, size) != HK_B_OK)
        result = HK_B_BAD_ADDRESS;
    free(bytes);
    return hk_timeout_status(result, flags, timeout);
}
