/* event_objects.c -- event queues: semaphores, ports and threads. */
/* SPDX-License-Identifier: MIT */
#include "accounts.h"
#include "event_queue.h"
#include "port.h"
#include "thread.h"

/* An object as it is. */
struct state {
    int is_there;
    uint32_t supported; /* events it can have */
    uint32_t now;
    uint32_t read_count, write_count; /* counts of notices */
};

/* ---- with the shared lock ---- */

static struct state sem_state(struct hk_shared *shared, int32_t id)
{
    const struct hk_sem *sem = hk_sem_find(shared, id);

    if (sem == NULL)
        return (struct state){0};
    return (struct state){
        .is_there = 1,
        .supported = HK_POLLIN,
        .now = sem->count > 0 ? HK_POLLIN : 0,
        .read_count = sem->acquirable,
    };
}

static struct state port_state(struct hk_shared *shared, int32_t id)
{
    const struct hk_port *port = hk_port_find(shared, id);

    if (port == NULL || hk_port_is_closed(port))
        return (struct state){0};
    return (struct state){
        .is_there = 1,
        .supported = HK_POLLIN | HK_POLLOUT,
        .now = (port->queue_count > 0 ? HK_POLLIN : 0u) |
               (port->queue_count < port->capacity ? HK_POLLOUT : 0u),
        .read_count = port->readable,
        .write_count = port->writable,
    };
}

static struct state state_of(struct hk_shared *shared,
                             const struct hk_event_entry *entry)
{
    int32_t id = entry->object;

    if (entry->type == HK_EVENT_SEM)
        return sem_state(shared, id);
    if (entry->type == HK_EVENT_PORT)
        return port_state(shared, id);
    return (struct state){.is_there = id > 0 &&
                                      hk_thread_find_shown(shared, id) != NULL};
}

/* What has happened since it was told last: what is so, or what has become so
 * once, whether it still is or not. */
static uint32_t events_of(struct hk_shared *shared,
                          struct hk_event_entry *entry)
{
    struct state state = state_of(shared, entry);
    uint32_t events = 0;

    if (!state.is_there)
        return HK_POLLNVAL;
    if (state.read_count != entry->seen_read)
        events |= HK_POLLIN;
    if (state.write_count != entry->seen_write)
        events |= HK_POLLOUT;
    if (entry->behavior & HK_EVENT_LEVEL_TRIGGERED)
        events = state.now;
    entry->seen_read = state.read_count;
    entry->seen_write = state.write_count;
    return events & entry->selected;
}

/* ---- what queues ask ---- */

static int32_t no_such(uint32_t type)
{
    if (type == HK_EVENT_SEM)
        return HK_B_BAD_SEM_ID;
    return type == HK_EVENT_PORT ? HK_B_BAD_PORT_ID : HK_B_BAD_THREAD_ID;
}

int32_t hk_event_object_select(struct hk_thread *self,
                               struct hk_event_entry *entry)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct state state;

    if (entry->type == HK_EVENT_PORT &&
        hk_account_port_name(entry->object) != NULL)
        return HK_B_NOT_ALLOWED; /* the kernel's */
    hk_shared_lock(shared);
    state = state_of(shared, entry);
    hk_shared_unlock(shared);
    if (!state.is_there)
        return no_such(entry->type);
    entry->selected &= state.supported | HK_POLLNVAL;
    /* What is so already is told once. */
    entry->seen_read = state.read_count - ((state.now & HK_POLLIN) != 0);
    entry->seen_write = state.write_count - ((state.now & HK_POLLOUT) != 0);
    return HK_B_OK;
}

void hk_event_objects_take(struct hk_thread *self, struct hk_event_queue *queue,
                           struct hk_events_told *told)
{
    struct hk_shared *shared = hk_shared_of(self);

    hk_shared_lock(shared);
    for (uint32_t i = queue->count; i-- > 0 && told->count < told->max;) {
        struct hk_event_entry *entry = &queue->entries[i];

        if (entry->type != HK_EVENT_FD &&
            hk_event_tell(queue, entry, events_of(shared, entry), told) &&
            entry->behavior & HK_EVENT_ONE_SHOT)
            hk_event_forget(queue, entry);
    }
    hk_shared_unlock(shared);
}

int hk_event_objects_have(struct hk_thread *self,
                          const struct hk_event_queue *queue)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result = 0;

    hk_shared_lock(shared);
    for (uint32_t i = 0; i < queue->count && !result; i++) {
        struct hk_event_entry entry = queue->entries[i];

        result = entry.type != HK_EVENT_FD && events_of(shared, &entry) != 0;
    }
    hk_shared_unlock(shared);
    return result;
}

int32_t hk_event_objects_watch(struct hk_thread *self,
                               const struct hk_event_queue *queue,
                               struct hk_waiter *waiter)
{
    static const enum hk_watched kinds[] = {
        [HK_EVENT_SEM] = HK_WATCHED_SEM,
        [HK_EVENT_PORT] = HK_WATCHED_PORT,
        [HK_EVENT_THREAD] = HK_WATCHED_THREAD,
    };
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status = HK_B_OK;

    for (uint32_t i = 0; i < queue->count && status == HK_B_OK; i++) {
        const struct hk_event_entry *entry = &queue->entries[i];

        hk_shared_commit(shared);
        if (entry->type != HK_EVENT_FD)
            status =
                hk_watch_add(shared, waiter, kinds[entry->type], entry->object);
    }
    hk_shared_commit(shared);
    return status;
}
