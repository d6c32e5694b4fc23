/* shared_wait.c -- how threads wait for what other teams may change. */
/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "block.h"
#include "clock.h"
#include "shared.h"

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

static void wake_futex(struct hk_shared *shared, struct hk_waiter *waiter)
{
    atomic_fetch_add_explicit(&waiter->events, 1, memory_order_release);
    if (waiter->team == shared->team && shared->wake_count < HK_WAKES_MAX)
        shared->wakes[shared->wake_count++] = &waiter->events;
    else
        syscall(SYS_futex, &waiter->events, FUTEX_WAKE, 1);
}

void hk_waiter_alert(struct hk_shared *shared, struct hk_waiter *waiter)
{
    const struct hk_team_slot *slot =
        hk_item(shared, HK_POOL_TEAMS, waiter->team);

    wake_futex(shared, waiter);
    if (waiter->by_signal && slot != NULL && slot->id > 0 &&
        !hk_shared_is_dead(shared, waiter->team))
        syscall(SYS_tgkill, slot->id, waiter->thread, hk_interrupt_signal());
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

static uint32_t owner_of(const struct hk_shared *shared, int is_port,
                         uint32_t object)
{
    const struct hk_port *port = hk_item(shared, HK_POOL_PORTS, object);
    const struct hk_sem *sem = hk_item(shared, HK_POOL_SEMS, object);

    if (is_port)
        return port != NULL ? port->owner : 0;
    return sem != NULL ? sem->owner : 0;
}

static uint32_t *list_of(const struct hk_shared *shared,
                         const struct hk_watch *watch)
{
    if (watch->is_port) {
        struct hk_port *port = hk_item(shared, HK_POOL_PORTS, watch->object);

        return port != NULL && port->id == watch->id ? &port->watches : NULL;
    }
    struct hk_sem *sem = hk_item(shared, HK_POOL_SEMS, watch->object);

    return sem != NULL && sem->id == watch->id ? &sem->watches : NULL;
}

/* Takes a watch off its object's list, if the object is still there. */
static void unlink_watch(struct hk_shared *shared, uint32_t index,
                         const struct hk_watch *watch)
{
    uint32_t *link = list_of(shared, watch);

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

int hk_watch_add(struct hk_shared *shared, struct hk_waiter *waiter,
                 int is_port, uint32_t object, int32_t id, uint32_t *list)
{
    uint32_t index = hk_item_new(shared, HK_POOL_WATCHES);
    struct hk_watch *watch = hk_item(shared, HK_POOL_WATCHES, index);

    if (watch == NULL)
        return 0;
    hk_put(shared, &watch->waiter, hk_waiter_index(shared, waiter));
    hk_put(shared, &watch->is_port, (uint32_t)is_port);
    hk_put(shared, &watch->object, object);
    hk_put(shared, &watch->id, (uint32_t)id);
    hk_put(shared, &watch->next, *list);
    hk_put(shared, &watch->next_own, waiter->watches);
    hk_put(shared, &waiter->watches, index);
    hk_put(shared, list, index);
    return 1;
}

/* ---- sleep ---- */

static void futex_wait(atomic_uint *word, unsigned seen, int64_t deadline)
{
    struct timespec until;
    const struct timespec *timeout = NULL;

    if (deadline != HK_INFINITE_TIMEOUT) {
        until = hk_host_deadline(deadline);
        timeout = &until;
    }
    syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, timeout, NULL,
            FUTEX_BITSET_MATCH_ANY);
}

/* Without the lock. B_OK: look again. */
static int32_t sleep_once(struct hk_thread *self, atomic_uint *events,
                          unsigned seen, int64_t deadline, int look_after)
{
    int64_t now = hk_system_time(), until = deadline;
    int32_t status = HK_B_OK;

    if (now >= deadline)
        return HK_B_TIMED_OUT;
    if (look_after && until - now > HK_LOOK_INTERVAL)
        until = now + HK_LOOK_INTERVAL;
    atomic_store(&self->wait.elsewhere, events);
    if (hk_is_interrupted(self)) /* after the store: hk_interrupt sees it */
        status = HK_B_INTERRUPTED;
    else
        futex_wait(events, seen, until);
    atomic_store(&self->wait.elsewhere, NULL);
    return status;
}

int32_t hk_waiter_pause(struct hk_thread *self, struct hk_waiter *waiter,
                        unsigned seen, int64_t deadline)
{
    return sleep_once(self, &waiter->events, seen, deadline, 0);
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
        if (is_other(shared,
                     owner_of(shared, watch->is_port != 0, watch->object)))
            return 1;
        watch = hk_item(shared, HK_POOL_WATCHES, watch->next_own);
    }
    return 0;
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
               other_team(shared, &port->readers, waiter) != 0;
    case HK_WAITS_FOR_ROOM:
        return is_other(shared, port->owner) ||
               other_team(shared, &port->writers, waiter) != 0;
    case HK_WAITS_FOR_OBJECTS:
        return watches_others(shared, waiter);
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

    for (;;) {
        unsigned seen =
            atomic_load_explicit(&waiter->events, memory_order_acquire);
        int32_t status;

        look_after |= hk_waiter_depends_on_others(shared, waiter);
        hk_shared_unlock(shared);
        status = sleep_once(self, &waiter->events, seen, deadline, look_after);
        hk_shared_lock(shared);
        if (waiter->result == HK_WAITING && look_after)
            hk_shared_reap(shared);
        if (waiter->result != HK_WAITING)
            return waiter->result;
        if (status != HK_B_OK)
            return status;
    }
}
