/* shared_probe.c -- whether the file that teams share is consistent. */
/* SPDX-License-Identifier: MIT */
#include "libhaikuabi/test/shared_probe.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libhaikuabi/src/deaths.h"
#include "libhaikuabi/src/monitor.h"
#include "libhaikuabi/src/port.h"
#include "libhaikuabi/src/shared_file.h"

static char wrong[256];

#define FAIL(...) (snprintf(wrong, sizeof(wrong), __VA_ARGS__), 0)

static struct hk_shared *shared_of(struct harness *harness)
{
    return harness_kernel(harness)->team->shared;
}

static int is_used(const struct hk_shared *shared, enum hk_pool pool,
                   uint32_t index)
{
    const struct hk_shared_file *file = shared->file;

    switch (pool) {
    case HK_POOL_TEAMS:
        return file->teams[index].id != 0;
    case HK_POOL_WAITERS:
        return file->waiters[index].kind != 0;
    case HK_POOL_WATCHES:
        return file->watches[index].waiter != 0;
    case HK_POOL_SEMS:
        return file->sems[index].id != 0;
    case HK_POOL_PORTS:
        return file->ports[index].id != 0;
    case HK_POOL_NAMED_SEMS:
        return file->named_sems[index].sem != 0;
    case HK_POOL_SEM_OPENS:
        return file->sem_opens[index].named != 0;
    case HK_POOL_AREAS:
        return file->areas[index].own.id != 0;
    case HK_POOL_THREADS:
        return file->threads[index].own.id != 0;
    case HK_POOL_IMAGES:
        return file->images[index].own.id != 0;
    case HK_POOL_REQUESTS:
        return file->requests[index].kind != 0;
    case HK_POOL_XSI_SETS:
        return file->xsi_sets[index].id != 0;
    case HK_POOL_XSI_UNDOS:
        return file->xsi_undos[index].team != 0;
    case HK_POOL_XSI_QUEUES:
        return file->xsi_queues[index].id != 0;
    case HK_POOL_NODE_LOCKS:
        return file->node_locks[index].team != 0;
    case HK_POOL_SYSTEM_WATCHES:
        return file->system_watches[index].team != 0;
    case HK_POOL_EVENT_QUEUES:
        return file->event_queues[index].id != 0;
    case HK_POOL_EVENT_ENTRIES:
        return file->event_entries[index].queue != 0;
    case HK_POOL_SOCKETS:
        return file->sockets[index].team != 0;
    case HK_POOL_COUNT:
        break;
    }
    return 0;
}

static unsigned count_used(const struct hk_shared *shared, enum hk_pool pool)
{
    unsigned count = 0;

    for (uint32_t i = 1; i < hk_item_end(shared, pool); i++)
        count += is_used(shared, pool, i) != 0;
    return count;
}

/* Every item is either in use or once on the list of free ones. */
static int check_pool(const struct hk_shared *shared, enum hk_pool pool)
{
    const struct hk_free_list *list = &shared->file->pools[pool];
    uint32_t count = 0, last = 0, at = list->first;

    while (at != 0 && count <= list->count) {
        const uint32_t *next = hk_item(shared, pool, at);

        if (next == NULL || is_used(shared, pool, at))
            return FAIL("pool %d: item %u on the free list", pool, at);
        last = at;
        at = *next;
        count++;
    }
    if (count != list->count || last != list->last)
        return FAIL("pool %d: %u free, last %u; noted %u, %u", pool, count,
                    last, list->count, list->last);
    if (list->fresh != 0 && count_used(shared, pool) + count != list->fresh - 1)
        return FAIL("pool %d: %u used and %u free of %u", pool,
                    count_used(shared, pool), count, list->fresh - 1);
    return 1;
}

/* The waiters of a queue; what they want together. */
static int check_queue(const struct hk_shared *shared,
                       const struct hk_queue *queue, enum hk_waits_for kind,
                       int32_t id, unsigned *count, int64_t *wanted)
{
    uint32_t at = queue->first, last = 0;

    for (; at != 0; (*count)++) {
        const struct hk_waiter *waiter = hk_item(shared, HK_POOL_WAITERS, at);

        if (waiter == NULL || waiter->kind != kind ||
            (id != 0 && waiter->id != id) || waiter->result != HK_WAITING ||
            *count > HK_WAITERS_MAX)
            return FAIL("queue %d of %d: waiter %u", kind, id, at);
        *wanted += waiter->count;
        last = at;
        at = waiter->next;
    }
    if (last != queue->last)
        return FAIL("queue %d of %d: last %u, noted %u", kind, id, last,
                    queue->last);
    return 1;
}

static int check_watches(const struct hk_shared *shared, uint32_t first,
                         int32_t id)
{
    for (uint32_t at = first, i = 0; at != 0; i++) {
        const struct hk_watch *watch = hk_item(shared, HK_POOL_WATCHES, at);

        if (watch == NULL || watch->id != id || watch->waiter == 0 ||
            i > HK_WATCHES_MAX)
            return FAIL("watch %u of %d", at, id);
        at = watch->next;
    }
    return 1;
}

static int check_sems(const struct hk_shared *shared, unsigned *queued)
{
    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_SEMS); i++) {
        const struct hk_sem *sem = &shared->file->sems[i];
        int64_t wanted = 0;

        if (sem->id == 0)
            continue;
        if (!check_queue(shared, &sem->waiters, HK_WAITS_FOR_SEM, sem->id,
                         queued, &wanted) ||
            !check_watches(shared, sem->watches, sem->id))
            return 0;
        if (sem->count != sem->net_count - wanted)
            return FAIL("semaphore %d: count %d, net %d, wanted %ld", sem->id,
                        sem->count, sem->net_count, (long)wanted);
    }
    return 1;
}

/* Each name has its semaphore, and is there for a reason; each opening is of a
 * living team, once. */
static int check_names(const struct hk_shared *shared)
{
    const struct hk_shared_file *file = shared->file;
    unsigned opens = 0;

    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_NAMED_SEMS); i++) {
        const struct hk_named_sem *named = &file->named_sems[i];
        const struct hk_sem *sem = hk_item(
            shared, HK_POOL_SEMS, hk_id_index(HK_POOL_SEMS, named->sem));

        if (named->sem == 0)
            continue;
        if (sem == NULL || sem->id != named->sem || sem->named != i ||
            (!named->is_linked && named->opens == 0))
            return FAIL("name %s of %d", named->name, named->sem);
        for (uint32_t at = named->opens; at != 0;
             at = file->sem_opens[at].next, opens++)
            if (file->sem_opens[at].named != i ||
                file->teams[file->sem_opens[at].team].id == 0)
                return FAIL("opening %u of %s", at, named->name);
    }
    if (opens != count_used(shared, HK_POOL_SEM_OPENS))
        return FAIL("%u openings of %u", opens,
                    count_used(shared, HK_POOL_SEM_OPENS));
    return 1;
}

/* Counts the chunks of a chain. */
static int count_chain(const struct hk_shared *shared, uint32_t first,
                       unsigned *count)
{
    for (uint32_t at = first; at != 0; (*count)++) {
        const struct hk_chunk *chunk = hk_chunk(shared, at);

        if (chunk == NULL || *count > HK_CHUNKS_MAX)
            return FAIL("chunk %u", at);
        at = chunk->next;
    }
    return 1;
}

/* The messages of a port, or those that wait for room in it. */
static int check_messages(const struct hk_shared *shared,
                          const struct hk_port *port,
                          const struct hk_queue *messages, unsigned noted,
                          unsigned *chunks)
{
    uint32_t last = 0, at = messages->first;
    unsigned count = 0;

    while (at != 0 && count <= noted) {
        if (!count_chain(shared, at, chunks))
            return 0;
        last = at;
        at = hk_chunk(shared, at)->u.message.next;
        count++;
    }
    if (count != noted || last != messages->last)
        return FAIL("port %d: %u messages, noted %u", port->id, count, noted);
    return 1;
}

static int check_ports(const struct hk_shared *shared, unsigned *queued,
                       unsigned *chunks)
{
    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_PORTS); i++) {
        const struct hk_port *port = &shared->file->ports[i];
        const struct hk_queue messages = {port->first, port->last};
        int64_t wanted = 0;

        if (port->id == 0)
            continue;
        if (!check_queue(shared, &port->readers, HK_WAITS_FOR_MESSAGE, port->id,
                         queued, &wanted) ||
            !check_queue(shared, &port->writers, HK_WAITS_FOR_ROOM, port->id,
                         queued, &wanted) ||
            !check_watches(shared, port->watches, port->id) ||
            !check_messages(shared, port, &messages,
                            (unsigned)port->queue_count, chunks) ||
            !check_messages(shared, port, &port->late, port->late_count,
                            chunks))
            return 0;
    }
    return 1;
}

/* Each request that is queued is on its team's queue, with who asks. */
static int check_requests(const struct hk_shared *shared, unsigned *chunks)
{
    const struct hk_shared_file *file = shared->file;

    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_REQUESTS); i++) {
        const struct hk_request *request = &file->requests[i];
        const struct hk_waiter *waiter =
            hk_item(shared, HK_POOL_WAITERS, request->waiter);
        uint32_t at = file->teams[request->team].requests.first;

        if (request->kind == 0)
            continue;
        while (at != 0 && at != i)
            at = file->requests[at].next;
        if (waiter == NULL || waiter->kind != HK_WAITS_FOR_ANSWER ||
            waiter->object != i || (at == i) != (request->is_queued != 0))
            return FAIL("request %u of kind %u", i, request->kind);
        if (!count_chain(shared, request->data, chunks))
            return 0;
    }
    return 1;
}

/* Each undo is of a living team, in its set's list. */
static int check_xsi_sets(const struct hk_shared *shared, unsigned *queued)
{
    const struct hk_shared_file *file = shared->file;
    unsigned undos = 0;

    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_XSI_SETS); i++) {
        const struct hk_xsi_set *set = &file->xsi_sets[i];
        int64_t wanted = 0;

        if (set->id == 0)
            continue;
        if (!check_queue(shared, &set->waiters, HK_WAITS_FOR_XSI_SET, 0, queued,
                         &wanted))
            return 0;
        for (uint32_t at = set->undos; at != 0;
             at = file->xsi_undos[at].next, undos++)
            if (file->xsi_undos[at].set != i ||
                file->teams[file->xsi_undos[at].team].id == 0)
                return FAIL("undo %u of set %d", at, set->id);
    }
    if (undos != count_used(shared, HK_POOL_XSI_UNDOS))
        return FAIL("%u undos of %u", undos,
                    count_used(shared, HK_POOL_XSI_UNDOS));
    return 1;
}

static int check_xsi_queues(const struct hk_shared *shared, unsigned *queued,
                            unsigned *chunks)
{
    for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_XSI_QUEUES); i++) {
        const struct hk_xsi_queue *queue = &shared->file->xsi_queues[i];
        uint32_t at = queue->first, count = 0, bytes = 0;
        int64_t wanted = 0;

        if (queue->id == 0)
            continue;
        if (!check_queue(shared, &queue->readers, HK_WAITS_FOR_XSI_MESSAGE, 0,
                         queued, &wanted) ||
            !check_queue(shared, &queue->writers, HK_WAITS_FOR_XSI_ROOM, 0,
                         queued, &wanted))
            return 0;
        for (; at != 0; count++) {
            const struct hk_kept_message *message =
                &hk_chunk(shared, at)->u.message;

            if (!count_chain(shared, at, chunks))
                return 0;
            bytes += message->size;
            at = message->next;
        }
        if (count != queue->message_count || bytes != queue->byte_count)
            return FAIL("queue %d: %u messages, noted %u", queue->id, count,
                        queue->message_count);
    }
    return 1;
}

/* Each team has as many objects as its slot says. */
static int check_owners(const struct hk_shared *shared)
{
    const struct hk_shared_file *file = shared->file;

    for (uint32_t team = 1; team < hk_item_end(shared, HK_POOL_TEAMS); team++) {
        unsigned sems = 0, ports = 0;

        if (file->teams[team].id == 0)
            continue;
        for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_SEMS); i++)
            sems += file->sems[i].id != 0 && file->sems[i].owner == team;
        for (uint32_t i = 1; i < hk_item_end(shared, HK_POOL_PORTS); i++)
            ports += file->ports[i].id != 0 && file->ports[i].owner == team;
        if (sems != file->teams[team].sems || ports != file->teams[team].ports)
            return FAIL("team %u: %u semaphores, noted %u; %u ports, noted %u",
                        team, sems, file->teams[team].sems, ports,
                        file->teams[team].ports);
    }
    return 1;
}

/* The lists of what each team shows hold all of it, once, linked both ways. */
static int check_owned(const struct hk_shared *shared, enum hk_owned_kind kind)
{
    const struct hk_shared_file *file = shared->file;
    unsigned total = 0;

    for (uint32_t team = 1; team < hk_item_end(shared, HK_POOL_TEAMS); team++) {
        const struct hk_owned_list *list = &file->teams[team].owned[kind];
        const struct hk_owned *item = NULL, *last = NULL;
        unsigned count = 0;

        while ((item = hk_owned_next(shared, kind, team, item)) != NULL &&
               count <= list->count) {
            const struct hk_owned *before = hk_item(
                shared, (enum hk_pool)(HK_POOL_AREAS + kind), item->before);

            if (item->id == 0 || item->team != team || before != last)
                return FAIL("kind %d of team %u: item %d", kind, team,
                            item->id);
            last = item;
            count++;
        }
        if (count != list->count || (last == NULL) != (list->last == 0))
            return FAIL("kind %d of team %u: %u, noted %u", kind, team, count,
                        list->count);
        total += count;
    }
    if (total != count_used(shared, (enum hk_pool)(HK_POOL_AREAS + kind)))
        return FAIL("kind %d: %u in lists", kind, total);
    return 1;
}

static int check_all(const struct hk_shared *shared)
{
    const struct hk_shared_file *file = shared->file;
    unsigned queued = 0, chunks = 0;
    int64_t wanted = 0;

    for (int pool = 0; pool < HK_POOL_COUNT; pool++)
        if (!check_pool(shared, (enum hk_pool)pool))
            return 0;
    for (int kind = 0; kind < HK_OWNED_KINDS; kind++)
        if (!check_owned(shared, (enum hk_owned_kind)kind))
            return 0;
    if (!check_names(shared) || !check_sems(shared, &queued) ||
        !check_ports(shared, &queued, &chunks) ||
        !check_requests(shared, &chunks) || !check_xsi_sets(shared, &queued) ||
        !check_xsi_queues(shared, &queued, &chunks) || !check_owners(shared) ||
        !check_queue(shared, &file->word_queue, HK_WAITS_FOR_WORD, 0, &queued,
                     &wanted) ||
        !check_queue(shared, &file->space_queue, HK_WAITS_FOR_SPACE, 0, &queued,
                     &wanted) ||
        !count_chain(shared, file->free_chunks.first, &chunks))
        return 0;
    if (file->free_chunks.fresh != 0 && chunks != file->free_chunks.fresh - 1)
        return FAIL("%u chunks of %u", chunks, file->free_chunks.fresh - 1);
    return 1;
}

const char *probe_shared(struct harness *harness)
{
    struct hk_shared *shared = shared_of(harness);

    wrong[0] = '\0';
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    check_all(shared);
    hk_shared_unlock(shared);
    return wrong;
}

struct probe_counts probe_count(struct harness *harness)
{
    struct hk_shared *shared = shared_of(harness);
    struct probe_counts counts = {0};
    unsigned free_chunks = 0;

    hk_shared_lock(shared);
    hk_shared_reap(shared);
    counts.teams = count_used(shared, HK_POOL_TEAMS);
    counts.waiters = count_used(shared, HK_POOL_WAITERS);
    counts.watches = count_used(shared, HK_POOL_WATCHES);
    counts.sems = count_used(shared, HK_POOL_SEMS);
    counts.ports = count_used(shared, HK_POOL_PORTS);
    counts.areas = count_used(shared, HK_POOL_AREAS);
    counts.threads = count_used(shared, HK_POOL_THREADS);
    counts.images = count_used(shared, HK_POOL_IMAGES);
    counts.requests = count_used(shared, HK_POOL_REQUESTS);
    counts.event_queues = count_used(shared, HK_POOL_EVENT_QUEUES);
    counts.event_entries = count_used(shared, HK_POOL_EVENT_ENTRIES);
    counts.node_watchers = shared->file->node_watcher_count;
    count_chain(shared, shared->file->free_chunks.first, &free_chunks);
    if (shared->file->free_chunks.fresh != 0)
        counts.chunks = shared->file->free_chunks.fresh - 1 - free_chunks;
    hk_shared_unlock(shared);
    return counts;
}

void probe_wait_for_sem(struct harness *harness, int32_t id, int32_t count)
{
    struct hk_shared *shared = shared_of(harness);
    struct hk_waiter *waiter;
    struct hk_sem *sem;

    hk_shared_lock(shared);
    sem = hk_sem_find(shared, id);
    waiter = hk_waiter_new(harness_thread(harness), HK_WAITS_FOR_SEM,
                           hk_id_index(HK_POOL_SEMS, id), id);
    hk_put(shared, &waiter->count, (uint32_t)count);
    hk_put(shared, &sem->count, (uint32_t)(sem->count - count));
    hk_enqueue(shared, &sem->waiters, waiter);
    hk_shared_unlock(shared);
}

int probe_deaths(struct harness *harness)
{
    struct hk_shared *shared = shared_of(harness);
    int fd;

    hk_shared_lock(shared);
    fd = hk_deaths_watch(shared);
    hk_shared_unlock(shared);
    return fd;
}

void probe_deaths_forked(struct harness *harness)
{
    hk_deaths_fork_child(shared_of(harness)->deaths);
}

void probe_die_inside(struct harness *harness, int32_t id)
{
    struct hk_shared *shared = shared_of(harness);
    struct hk_sem *sem;

    hk_shared_lock(shared);
    sem = hk_sem_find(shared, id);
    hk_put(shared, &sem->count, 77);
    hk_put(shared, &sem->id, 0);
    kill(getpid(), SIGKILL);
}

void probe_hold_monitors(struct harness *harness, int does)
{
    struct hk_monitors *monitors = harness_kernel(harness)->team->monitors;

    if (does)
        hk_monitors_lock(monitors);
    else
        hk_monitors_unlock(monitors);
}

unsigned probe_count_monitors(struct harness *harness)
{
    struct hk_monitors *monitors = harness_kernel(harness)->team->monitors;
    unsigned count = 0;

    hk_monitors_lock(monitors);
    for (const struct hk_monitor *monitor = monitors->first; monitor != NULL;
         monitor = monitor->next)
        count++;
    hk_monitors_unlock(monitors);
    return count;
}

_Static_assert((int)PROBE_DEPARTURES_MAX == (int)HK_DEPARTURES_MAX,
               "as it says");

void probe_set_departures(struct harness *harness, uint32_t count)
{
    struct hk_shared *shared = shared_of(harness);

    hk_shared_lock(shared);
    hk_put(shared, &shared->file->departure_count, count);
    hk_shared_unlock(shared);
}

void probe_post_kernel(struct harness *harness, int32_t port, uint32_t token)
{
    struct hk_shared *shared = shared_of(harness);
    struct hk_kmessage_maker maker;

    hk_kmessage_begin(&maker, 0);
    hk_shared_lock(shared);
    hk_port_post_kernel(shared, port, token, &maker);
    hk_shared_unlock(shared);
    hk_kmessage_maker_free(&maker);
}

struct probe_layout probe_get_layout(void)
{
    return (struct probe_layout){
        .version = offsetof(struct hk_shared_file, version),
        .is_complete = offsetof(struct hk_shared_file, is_complete),
        .size = offsetof(struct hk_shared_file, size),
        .boot_id = offsetof(struct hk_shared_file, boot_id),
    };
}
