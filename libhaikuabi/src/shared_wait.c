/* shared_wait.c -- how threads wait for what other teams may change. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <time.h>
#include <unistd.h>

#include "block.h"
#include "clock.h"
#include "deaths.h"
#include "debug.h"
#include "host_direct.h"
#include "shared.h"
#include "thread.h"

uint32_t hk_waiter_index(const struct hk_shared *shared,
                         const struct hk_waiter *waiter)
{
    const struct hk_waiter *first = hk_item(shared, HK_POOL_WAITERS, 1);

    return (uint32_t)(waiter - first) + 1;
}

struct hk_waiter *hk_waiter_new(struct hk_thread *self, enum hk_waits_for kind,
                                uint32_t object, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = hk_item_new(shared, HK_POOL_WAITERS);
    struct hk_waiter *waiter = hk_item(shared, HK_POOL_WAITERS, index);

    if (waiter == NULL)
        return NULL;
    hk_put(shared, &waiter->next, 0);
    hk_put(shared, &waiter->kind, kind);
    hk_put(shared, &waiter->object, object);
    hk_put(shared, &waiter->id, (uint32_t)id);
    hk_put(shared, &waiter->team, shared->team);
    hk_put(shared, &waiter->thread, (uint32_t)self->id);
    hk_put(shared, &waiter->result, (uint32_t)HK_WAITING);
    hk_put(shared, &waiter->by_signal, 0);
    hk_put(shared, &waiter->watches, 0);
    return waiter;
}

void hk_waiter_free(struct hk_shared *shared, struct hk_waiter *waiter)
{
    hk_watches_free(shared, waiter);
    hk_put(shared, &waiter->kind, 0);
    hk_put(shared, &waiter->team, 0);
    hk_item_free(shared, HK_POOL_WAITERS, hk_waiter_index(shared, waiter));
}

/* ---- queues ---- */

static struct hk_waiter *waiter_at(const struct hk_shared *shared,
                                   uint32_t index)
{
    return hk_item(shared, HK_POOL_WAITERS, index);
}

void hk_enqueue(struct hk_shared *shared, struct hk_queue *queue,
                struct hk_waiter *waiter)
{
    uint32_t index = hk_waiter_index(shared, waiter);
    struct hk_waiter *last = waiter_at(shared, queue->last);

    hk_put(shared, &waiter->next, 0);
    hk_put(shared, last != NULL ? &last->next : &queue->first, index);
    hk_put(shared, &queue->last, index);
}

void hk_dequeue(struct hk_shared *shared, struct hk_queue *queue,
                struct hk_waiter *waiter)
{
    uint32_t index = hk_waiter_index(shared, waiter), before = 0;
    uint32_t at = queue->first;

    for (int i = 0; at != index && i < HK_WAITERS_MAX; i++) {
        struct hk_waiter *other = waiter_at(shared, at);

        if (other == NULL)
            return;
        before = at;
        at = other->next;
    }
    hk_put(shared,
           before != 0 ? &waiter_at(shared, before)->next : &queue->first,
           waiter->next);
    if (queue->last == index)
        hk_put(shared, &queue->last, before);
    hk_put(shared, &waiter->next, 0);
}

struct hk_waiter *hk_queue_first(const struct hk_shared *shared,
                                 const struct hk_queue *queue)
{
    return waiter_at(shared, queue->first);
}

/* The team of a waiter of the queue that is not this one, or 0; `until` and
 * what is behind it is not looked at. */
static uint32_t other_team(const struct hk_shared *shared,
                           const struct hk_queue *queue,
                           const struct hk_waiter *until)
{
    const struct hk_waiter *waiter = waiter_at(shared, queue->first);

    for (int i = 0; waiter != NULL && waiter != until && i < HK_WAITERS_MAX;
         i++) {
        if (waiter->team != shared->team)
            return waiter->team;
        waiter = waiter_at(shared, waiter->next);
    }
    return 0;
}

/* The first waiter of the queue whose team is dead, which then is reaped. */
static int reap_one(struct hk_shared *shared, const struct hk_queue *queue)
{
    const struct hk_waiter *waiter = waiter_at(shared, queue->first);

    for (int i = 0; waiter != NULL && i < HK_WAITERS_MAX; i++) {
        if (!hk_shared_is_alive(shared, waiter->team))
            return 1;
        waiter = waiter_at(shared, waiter->next);
    }
    return 0;
}

void hk_queue_reap(struct hk_shared *shared, const struct hk_queue *queue)
{
    for (int i = 0; i < HK_TEAMS_MAX && reap_one(shared, queue); i++)
        continue;
}

/* In this order, as hk_waiter_pause goes to sleep in the other one. */
void hk_waiter_ring(struct hk_waiter *waiter)
{
    atomic_fetch_add(&waiter->events, 1);
    if (atomic_load(&waiter->is_asleep))
        hk_host_direct(SYS_futex, &waiter->events, FUTEX_WAKE, 1);
}

static void wake_futex(struct hk_shared *shared, struct hk_waiter *waiter)
{
    if (waiter->team == shared->team && shared->wake_count < HK_WAKES_MAX)
        shared->wakes[shared->wake_count++] = waiter;
    else
        hk_waiter_ring(waiter);
}

void hk_waiter_alert(struct hk_shared *shared, struct hk_waiter *waiter)
{
    const struct hk_team_slot *slot =
        hk_item(shared, HK_POOL_TEAMS, waiter->team);

    wake_futex(shared, waiter);
    if (waiter->by_signal && slot != NULL && slot->id > 0 &&
        !hk_shared_is_dead(shared, waiter->team))
        hk_host_direct(SYS_tgkill, slot->id, waiter->thread,
                       hk_interrupt_signal());
}

void hk_queue_alert(struct hk_shared *shared, const struct hk_queue *queue)
{
    struct hk_waiter *waiter = waiter_at(shared, queue->first);

    for (int i = 0; waiter != NULL && i < HK_WAITERS_MAX; i++) {
        hk_waiter_alert(shared, waiter);
        waiter = waiter_at(shared, waiter->next);
    }
}

int hk_queue_wake(struct hk_shared *shared, struct hk_queue *queue,
                  int32_t result)
{
    struct hk_waiter *waiter = waiter_at(shared, queue->first);

    if (waiter == NULL)
        return 0;
    hk_dequeue(shared, queue, waiter);
    hk_put(shared, &waiter->result, (uint32_t)result);
    hk_waiter_alert(shared, waiter);
    return 1;
}

/* ---- watches ---- */

void hk_watches_alert(struct hk_shared *shared, uint32_t first)
{
    for (int i = 0; first != 0 && i < HK_WATCHES_MAX; i++) {
        const struct hk_watch *watch = hk_item(shared, HK_POOL_WATCHES, first);
        struct hk_waiter *waiter;

        if (watch == NULL)
            return;
        waiter = waiter_at(shared, watch->waiter);
        if (waiter != NULL)
            hk_waiter_alert(shared, waiter);
        first = watch->next;
    }
}

static enum hk_pool pool_of(uint32_t kind)
{
    static const enum hk_pool pools[] = {[HK_WATCHED_SEM] = HK_POOL_SEMS,
                                         [HK_WATCHED_PORT] = HK_POOL_PORTS,
                                         [HK_WATCHED_THREAD] = HK_POOL_THREADS,
                                         [HK_WATCHED_EVENTS] =
                                             HK_POOL_EVENT_QUEUES};

    return pools[kind <= HK_WATCHED_EVENTS ? kind : HK_WATCHED_SEM];
}

/* Another team that has an event queue: its end may be an event. */
static uint32_t other_holder(const struct hk_shared *shared,
                             const struct hk_event_queue *queue)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS), team = 1;

    while (team < end &&
           (team == shared->team || !hk_team_set_has(&queue->holders, team)))
        team++;
    return team < end ? team : 0;
}

/* The object is still there: the list of its watches, and its team. NULL for
 * none. */
static uint32_t *list_of(const struct hk_shared *shared,
                         const struct hk_watch *watch, uint32_t *owner)
{
    void *object = hk_item(shared, pool_of(watch->kind), watch->object);
    struct hk_port *port = object;
    struct hk_sem *sem = object;
    struct hk_shared_thread *thread = object;
    struct hk_event_queue *queue = object;

    if (object == NULL)
        return NULL;
    if (watch->kind == HK_WATCHED_PORT) {
        *owner = port->owner;
        return port->id == watch->id ? &port->watches : NULL;
    }
    if (watch->kind == HK_WATCHED_THREAD) {
        *owner = thread->own.team;
        return thread->own.id == watch->id ? &thread->watches : NULL;
    }
    if (watch->kind == HK_WATCHED_EVENTS) {
        *owner = other_holder(shared, queue);
        return queue->id == watch->id ? &queue->watches : NULL;
    }
    *owner = sem->owner;
    return sem->id == watch->id ? &sem->watches : NULL;
}

/* Takes a watch off its object's list, if the object is still there. */
static void unlink_watch(struct hk_shared *shared, uint32_t index,
                         const struct hk_watch *watch)
{
    uint32_t owner, *link = list_of(shared, watch, &owner);

    for (int i = 0; link != NULL && *link != index && i < HK_WATCHES_MAX; i++) {
        struct hk_watch *other = hk_item(shared, HK_POOL_WATCHES, *link);

        link = other != NULL ? &other->next : NULL;
    }
    if (link != NULL && *link == index)
        hk_put(shared, link, watch->next);
}

void hk_watches_free(struct hk_shared *shared, struct hk_waiter *waiter)
{
    while (waiter->watches != 0) {
        uint32_t index = waiter->watches;
        struct hk_watch *watch = hk_item(shared, HK_POOL_WATCHES, index);

        if (watch == NULL)
            return;
        unlink_watch(shared, index, watch);
        hk_put(shared, &waiter->watches, watch->next_own);
        hk_put(shared, &watch->waiter, 0);
        hk_item_free(shared, HK_POOL_WATCHES, index);
    }
}

/* The index of the object of an id whose team lives, or 0. */
static uint32_t find_object(struct hk_shared *shared, enum hk_watched kind,
                            int32_t id)
{
    const struct hk_shared_thread *first = hk_item(shared, HK_POOL_THREADS, 1);
    const struct hk_shared_thread *thread;

    switch (kind) {
    case HK_WATCHED_SEM:
        return hk_sem_find(shared, id) != NULL ? hk_id_index(HK_POOL_SEMS, id)
                                               : 0;
    case HK_WATCHED_PORT:
        return hk_port_find(shared, id) != NULL ? hk_id_index(HK_POOL_PORTS, id)
                                                : 0;
    case HK_WATCHED_THREAD:
        thread = id > 0 ? hk_thread_find_shown(shared, id) : NULL;
        return thread != NULL ? (uint32_t)(thread - first) + 1 : 0;
    case HK_WATCHED_EVENTS:
        return hk_id_index(HK_POOL_EVENT_QUEUES, id); /* the waiter holds it */
    }
    return 0;
}

int32_t hk_watch_add(struct hk_shared *shared, struct hk_waiter *waiter,
                     enum hk_watched kind, int32_t id)
{
    uint32_t object = find_object(shared, kind, id), owner, *list;
    uint32_t index = object != 0 ? hk_item_new(shared, HK_POOL_WATCHES) : 0;
    struct hk_watch *watch = hk_item(shared, HK_POOL_WATCHES, index);

    if (watch == NULL)
        return object == 0 ? HK_B_OK : HK_B_NO_MEMORY;
    hk_put(shared, &watch->waiter, hk_waiter_index(shared, waiter));
    hk_put(shared, &watch->kind, kind);
    hk_put(shared, &watch->object, object);
    hk_put(shared, &watch->id, (uint32_t)id);
    list = list_of(shared, watch, &owner);
    hk_put(shared, &watch->next, *list);
    hk_put(shared, &watch->next_own, waiter->watches);
    hk_put(shared, &waiter->watches, index);
    hk_put(shared, list, index);
    return HK_B_OK;
}

/* ---- sleep ---- */

enum {
    FIRST_SLEEP = 1000,      /* us: most waits are over by then */
    LOOK_INTERVAL = 1000000, /* us: who was woken may have died itself */
    BLIND_INTERVAL = 50000   /* us: where the host cannot tell of ends */
};

/* Sleeps until a word is another than was seen, or another team's end: 0 when
 * the host cannot (before Linux 5.16). */
static int futex_wait_lives(atomic_uint *word, unsigned seen, int64_t deadline,
                            const struct hk_life *lives, int count)
{
    struct futex_waitv words[HK_LIVES_MAX + 1] = {
        {.val = seen, .uaddr = (uintptr_t)word, .flags = FUTEX_32}};
    struct timespec until = hk_host_deadline(deadline);

    for (int i = 0; i < count; i++)
        words[i + 1] = (struct futex_waitv){.val = lives[i].seen,
                                            .uaddr = (uintptr_t)lives[i].word,
                                            .flags = FUTEX_32};
    return hk_host_direct(SYS_futex_waitv, words, count + 1, 0, &until,
                          CLOCK_MONOTONIC) >= 0 ||
           (errno != ENOSYS && errno != EPERM);
}

static int64_t earlier(int64_t deadline, int64_t interval)
{
    int64_t now = hk_system_time();

    return deadline - now > interval ? now + interval : deadline;
}

static void futex_wait_vigil(atomic_uint *events, unsigned seen,
                             int64_t deadline, const struct hk_vigil *vigil)
{
    if (vigil->count > 0 &&
        futex_wait_lives(events, seen, earlier(deadline, LOOK_INTERVAL),
                         vigil->lives, vigil->count))
        return;
    if (vigil->count != 0)
        deadline = earlier(deadline, BLIND_INTERVAL);
    hk_sleep_shared(events, seen, deadline);
}

/* Without hope, a thread tries after 1, 2, 4, ... sleeps. */
static int may_hope(struct hk_wait *wait)
{
    enum { TRY_AT_LEAST = 4096 };
    unsigned sleeps = wait->sleeps;

    if (wait->hopes > 0)
        return 1;
    wait->sleeps++;
    return (sleeps & (sleeps - 1)) == 0 || sleeps % TRY_AT_LEAST == 0;
}

/*
 * What comes within some microseconds is not worth a sleep, from which the host
 * wakes a thread no faster. But it never comes while who is to bring it waits
 * for the same processor.
 */
static int spin(struct hk_thread *self, const struct hk_waiter *waiter,
                unsigned seen)
{
    enum { SPIN_TIME = 20 /* us */, HOPES_MAX = 8, LOOKS = 16 };
    struct hk_wait *wait = &self->wait;
    int64_t end;

    if (!hk_shared_of(self)->has_many_cpus || !may_hope(wait))
        return 0;
    end = hk_system_time() + SPIN_TIME;
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (atomic_load_explicit(&waiter->events, memory_order_acquire) !=
                seen) {
                wait->hopes = HOPES_MAX;
                wait->sleeps = 0;
                return 1;
            }
            hk_relax();
        }
    } while (hk_system_time() < end);
    if (wait->hopes > 0)
        wait->hopes--;
    return 0;
}

int32_t hk_waiter_pause(struct hk_thread *self, struct hk_waiter *waiter,
                        unsigned seen, int64_t deadline,
                        const struct hk_vigil *vigil)
{
    int32_t status = HK_B_OK;

    atomic_store(&self->wait.elsewhere, &waiter->events);
    if (hk_is_interrupted(self)) { /* after the store: hk_interrupt sees it */
        status = HK_B_INTERRUPTED;
    } else if (hk_system_time() >= deadline) {
        status = HK_B_TIMED_OUT;
    } else if (!spin(self, waiter, seen)) {
        atomic_store(&waiter->is_asleep, 1);
        futex_wait_vigil(&waiter->events, seen, deadline, vigil);
        atomic_store(&waiter->is_asleep, 0);
    }
    atomic_store(&self->wait.elsewhere, NULL);
    return status;
}

int64_t hk_vigil_begin(struct hk_shared *shared, struct hk_vigil *vigil,
                       int sleeps, int64_t deadline)
{
    if (sleeps == 0)
        return earlier(deadline, FIRST_SLEEP);
    vigil->count = hk_shared_lives(shared, vigil->lives, HK_LIVES_MAX);
    return deadline;
}

int64_t hk_vigil_begin_fd(struct hk_shared *shared, int *deaths, int sleeps,
                          int64_t deadline)
{
    *deaths = -1;
    if (sleeps == 0)
        return earlier(deadline, FIRST_SLEEP);
    *deaths = hk_deaths_watch(shared);
    return *deaths >= 0 ? deadline : earlier(deadline, BLIND_INTERVAL);
}

static int is_other(const struct hk_shared *shared, uint32_t team)
{
    return team != 0 && team != shared->team;
}

static int watches_others(const struct hk_shared *shared,
                          const struct hk_waiter *waiter)
{
    const struct hk_watch *watch =
        hk_item(shared, HK_POOL_WATCHES, waiter->watches);

    for (int i = 0; watch != NULL && i < HK_WATCHES_MAX; i++) {
        uint32_t owner;

        if (list_of(shared, watch, &owner) != NULL && is_other(shared, owner))
            return 1;
        watch = hk_item(shared, HK_POOL_WATCHES, watch->next_own);
    }
    return 0;
}

/* Some port is told of teams' ends. */
static int ends_are_told(const struct hk_shared *shared)
{
    return hk_system_is_watched(shared) || hk_debug_is_any(shared);
}

/*
 * Whether another team's death may end the wait: that of the object's owner,
 * or of one that waits ahead in the queue. (Who waits behind, and who is made
 * the owner, is seen when the waiter is alerted.)
 */
int hk_waiter_depends_on_others(const struct hk_shared *shared,
                                const struct hk_waiter *waiter)
{
    const struct hk_port *port = hk_item(shared, HK_POOL_PORTS, waiter->object);
    const struct hk_sem *sem = hk_item(shared, HK_POOL_SEMS, waiter->object);

    switch (waiter->kind) {
    case HK_WAITS_FOR_SEM:
        return is_other(shared, sem->owner) ||
               other_team(shared, &sem->waiters, waiter) != 0;
    case HK_WAITS_FOR_MESSAGE:
        return is_other(shared, port->owner) ||
               other_team(shared, &port->readers, waiter) != 0 ||
               ends_are_told(shared);
    case HK_WAITS_FOR_ROOM:
        return is_other(shared, port->owner) ||
               other_team(shared, &port->writers, waiter) != 0;
    case HK_WAITS_FOR_OBJECTS:
        return watches_others(shared, waiter) || ends_are_told(shared);
    case HK_WAITS_FOR_WORD:
        return 0; /* who owns it is not known here */
    default:
        return 1; /* any team's messages take space */
    }
}

int32_t hk_waiter_sleep(struct hk_thread *self, struct hk_waiter *waiter,
                        int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(self);
    int look_after = 0;

    for (int sleeps = 0;; sleeps++) {
        unsigned seen =
            atomic_load_explicit(&waiter->events, memory_order_acquire);
        struct hk_vigil vigil;
        int64_t until = deadline;
        int32_t status;

        vigil.count = 0;
        look_after |= hk_waiter_depends_on_others(shared, waiter);
        if (look_after)
            until = hk_vigil_begin(shared, &vigil, sleeps, deadline);
        hk_shared_unlock(shared);
        status = hk_waiter_pause(self, waiter, seen, until, &vigil);
        hk_shared_lock(shared);
        if (waiter->result == HK_WAITING && look_after)
            hk_shared_reap(shared);
        if (waiter->result != HK_WAITING)
            return waiter->result;
        if (status == HK_B_TIMED_OUT && until < deadline)
            status = HK_B_OK;
        if (status != HK_B_OK)
            return status;
    }
}
