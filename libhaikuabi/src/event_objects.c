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
static uint32_t events_of(const struct hk_event_entry *entry,
                          const struct state *state)
{
    uint32_t events = 0;

    if (!state->is_there)
        return HK_POLLNVAL;
    if (state->read_count != entry->seen_read)
        events |= HK_POLLIN;
    if (state->write_count != entry->seen_write)
        events |= HK_POLLOUT;
    if (entry->behavior & HK_EVENT_LEVEL_TRIGGERED)
        events = state->now;
    return events & entry->selected;
}

static int32_t no_such(struct hk_shared *shared,
                       const struct hk_event_entry *entry)
{
    struct hk_sem *sem;

    if (entry->type == HK_EVENT_SEM)
        return hk_sem_find_allowed(shared, entry->object, &sem);
    return entry->type == HK_EVENT_PORT ? HK_B_BAD_PORT_ID : HK_B_BAD_THREAD_ID;
}

int32_t hk_event_object_select(struct hk_shared *shared,
                               struct hk_event_entry *entry)
{
    struct state state;

    if (entry->type == HK_EVENT_PORT &&
        hk_account_port_name(entry->object) != NULL)
        return HK_B_NOT_ALLOWED; /* the kernel's */
    hk_shared_commit(shared);
    if (entry->type == HK_EVENT_PORT &&
        hk_port_is_kernels(hk_port_find(shared, entry->object)))
        return HK_B_NOT_ALLOWED;
    state = state_of(shared, entry);
    if (!state.is_there)
        return no_such(shared, entry);
    hk_put(shared, &entry->selected,
           entry->selected & (state.supported | HK_POLLNVAL));
    /* What is so already is told once. */
    hk_put(shared, &entry->seen_read,
           state.read_count - ((state.now & HK_POLLIN) != 0));
    hk_put(shared, &entry->seen_write,
           state.write_count - ((state.now & HK_POLLOUT) != 0));
    return HK_B_OK;
}

uint32_t hk_event_object_look(struct hk_shared *shared,
                              const struct hk_event_entry *entry)
{
    struct state state = state_of(shared, entry);

    return events_of(entry, &state);
}

uint32_t hk_event_object_take(struct hk_shared *shared,
                              struct hk_event_entry *entry)
{
    struct state state = state_of(shared, entry);
    uint32_t events = events_of(entry, &state);

    if (state.is_there) {
        hk_put(shared, &entry->seen_read, state.read_count);
        hk_put(shared, &entry->seen_write, state.write_count);
    }
    return events;
}

int32_t hk_event_queue_watch(struct hk_shared *shared,
                             const struct hk_event_queue *queue,
                             struct hk_waiter *waiter)
{
    static const enum hk_watched kinds[] = {
        [HK_EVENT_SEM] = HK_WATCHED_SEM,
        [HK_EVENT_PORT] = HK_WATCHED_PORT,
        [HK_EVENT_THREAD] = HK_WATCHED_THREAD,
    };
    const struct hk_event_entry *entry;
    int32_t status = hk_watch_add(shared, waiter, HK_WATCHED_EVENTS, queue->id);

    for (uint32_t i = queue->entries;
         status == HK_B_OK &&
         (entry = hk_event_entry_at(shared, queue, i)) != NULL;
         i = entry->next) {
        hk_shared_commit(shared);
        if (entry->type != HK_EVENT_FD)
            status =
                hk_watch_add(shared, waiter, kinds[entry->type], entry->object);
    }
    hk_shared_commit(shared);
    return status;
}
