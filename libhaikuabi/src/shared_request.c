/* shared_request.c -- what a team asks of another one, which does it itself. */
/* SPDX-License-Identifier: MIT */
#include "kernel_team.h"
#include "request.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "shared.h"
#include "signals.h"
#include "thread.h"

static struct hk_request *request_at(const struct hk_shared *shared,
                                     uint32_t index)
{
    return hk_item(shared, HK_POOL_REQUESTS, index);
}

static struct hk_queue *queue_of(const struct hk_shared *shared, uint32_t team)
{
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);

    return slot != NULL ? &slot->requests : NULL;
}

static struct hk_waiter *asker_of(const struct hk_shared *shared,
                                  const struct hk_request *request)
{
    return hk_item(shared, HK_POOL_WAITERS, request->waiter);
}

/* ---- data of a request: a chain of chunks ---- */

static uint32_t put_data(struct hk_shared *shared, const void *data,
                         uint32_t size)
{
    uint32_t first = hk_chunks_new(shared, hk_chunk_count(size));

    if (first != 0)
        hk_chunks_write(shared, first, data, size);
    return first;
}

static uint8_t *copy_data(const struct hk_shared *shared, uint32_t first,
                          uint32_t size)
{
    uint8_t *data = malloc(size);

    if (data != NULL)
        hk_chunks_read(shared, first, data, size);
    return data;
}

/* ---- the asked team's queue ---- */

static void enqueue(struct hk_shared *shared, uint32_t index,
                    struct hk_request *request)
{
    struct hk_queue *queue = queue_of(shared, request->team);
    struct hk_request *last = request_at(shared, queue->last);

    hk_put(shared, &request->next, 0);
    hk_put(shared, last != NULL ? &last->next : &queue->first, index);
    hk_put(shared, &queue->last, index);
}

static void dequeue(struct hk_shared *shared, uint32_t index,
                    struct hk_request *request)
{
    struct hk_queue *queue = queue_of(shared, request->team);
    uint32_t at = queue->first, before = 0;

    for (int i = 0; at != index && i < HK_REQUESTS_MAX; i++) {
        const struct hk_request *other = request_at(shared, at);

        if (other == NULL)
            return;
        before = at;
        at = other->next;
    }
    hk_put(shared,
           before != 0 ? &request_at(shared, before)->next : &queue->first,
           request->next);
    if (queue->last == index)
        hk_put(shared, &queue->last, before);
}

/* The request and its data are no more. */
static void end_request(struct hk_shared *shared, uint32_t index)
{
    struct hk_request *request = request_at(shared, index);

    if (request->is_queued)
        dequeue(shared, index, request);
    if (request->data != 0)
        hk_chunks_free(shared, request->data);
    hk_put(shared, &request->data, 0);
    hk_put(shared, &request->serial, request->serial + 1);
    hk_put(shared, &request->kind, 0);
    hk_item_free(shared, HK_POOL_REQUESTS, index);
}

/* ---- asking ---- */

static uint32_t make_request(struct hk_thread *self, uint32_t team,
                             const struct hk_asking *asking)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = hk_item_new(shared, HK_POOL_REQUESTS);
    struct hk_request *request = request_at(shared, index);

    if (request == NULL)
        return 0;
    request->asked = asking->asked;
    hk_put(shared, &request->team, team);
    hk_put(shared, &request->waiter, 0);
    hk_put(shared, &request->is_taken, 0);
    hk_put(shared, &request->is_queued, 0);
    hk_put(shared, &request->data, 0);
    hk_put(shared, &request->kind, asking->asked.kind);
    if (asking->asked.size > 0) {
        hk_put(shared, &request->data,
               put_data(shared, asking->data, asking->asked.size));
        if (request->data == 0) {
            end_request(shared, index);
            return 0;
        }
    }
    return index;
}

/* The team's main thread is to look: one that does not show itself yet looks
 * when it does. */
static void kick(const struct hk_shared *shared, uint32_t team)
{
    const struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);

    if (team != HK_KERNEL_SLOT && slot != NULL && slot->id > 0 &&
        slot->owned[HK_OWNED_THREADS].count > 0)
        syscall(SYS_tgkill, slot->id, slot->id, hk_interrupt_signal());
}

/* What others ask meanwhile is done: two teams may ask each other. 1 when
 * something else wants the thread. */
static int is_wanted(struct hk_thread *self)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result;

    hk_shared_unlock(shared);
    result = hk_is_interrupted(self);
    hk_shared_lock(shared);
    return result;
}

/* With the lock: until there is an answer; one that is being made is waited
 * for, whatever comes. A signal comes too early for the host's lock of a file,
 * which the asked thread waits for just afterwards: that is repeated. */
static int32_t await_answer(struct hk_thread *self, struct hk_waiter *waiter,
                            uint32_t index, int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_request *request = request_at(shared, index);
    enum { KICK_INTERVAL = 1000000 /* us */ };

    for (;;) {
        int64_t next = hk_system_time() + KICK_INTERVAL;
        int32_t status =
            hk_waiter_sleep(self, waiter, next < deadline ? next : deadline);

        if (waiter->result != HK_WAITING)
            return waiter->result;
        if (request->is_taken) {
            hk_shared_unlock(shared);
            sched_yield();
            hk_shared_lock(shared);
        } else if (status == HK_B_INTERRUPTED) {
            if (is_wanted(self))
                return HK_B_INTERRUPTED;
        } else if (hk_system_time() >= deadline) {
            return HK_B_TIMED_OUT;
        } else {
            kick(shared, request->team);
        }
        if (waiter->result != HK_WAITING)
            return waiter->result;
    }
}

static int32_t ask_team(struct hk_thread *self, uint32_t team,
                        struct hk_asking *asking, int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t index = make_request(self, team, asking);
    struct hk_request *request = request_at(shared, index);
    struct hk_waiter *waiter;
    int32_t status;

    if (request == NULL)
        return HK_B_NO_MEMORY;
    waiter = hk_waiter_new(self, HK_WAITS_FOR_ANSWER, index, 0);
    if (waiter == NULL) {
        end_request(shared, index);
        return HK_B_NO_MEMORY;
    }
    hk_put(shared, &request->waiter, hk_waiter_index(shared, waiter));
    hk_put(shared, &request->is_queued, 1);
    enqueue(shared, index, request);
    kick(shared, team);
    status = await_answer(self, waiter, index, deadline);
    memcpy(asking->answer, request->answer, sizeof(asking->answer));
    end_request(shared, index);
    hk_waiter_free(shared, waiter);
    return status;
}

/* What it does not answer at once is waited for like any other answer. */
static int32_t ask_kernel(struct hk_thread *self, struct hk_asking *asking,
                          int64_t deadline)
{
    int32_t status = hk_kernel_team_answer(hk_shared_of(self), &asking->asked);

    return status == HK_ANSWER_LATER
               ? ask_team(self, HK_KERNEL_SLOT, asking, deadline)
               : status;
}

int32_t hk_ask_team(struct hk_thread *self, int32_t id,
                    struct hk_asking *asking)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status = HK_B_BAD_TEAM_ID;
    uint32_t team;

    hk_shared_lock(shared);
    team = id > 0 ? hk_shared_find_team(shared, id) : 0;
    if (team == HK_KERNEL_SLOT)
        status = hk_kernel_team_answer(shared, &asking->asked);
    else if (team != 0 && team != shared->team)
        status = ask_team(self, team, asking, HK_INFINITE_TIMEOUT);
    hk_shared_unlock(shared);
    return status;
}

static int is_permitted(const struct hk_thread *self,
                        enum hk_asks_permission permission,
                        const struct hk_team_slot *slot)
{
    const struct hk_ids *user = &self->team->ids.user;

    if (permission == HK_ASK_TO_SIGNAL)
        return hk_may_signal(self, slot);
    return permission == HK_ASK_ANY || user->effective == 0 ||
           user->real == slot->facts.real_uid;
}

int32_t hk_ask_thread(struct hk_thread *self, int32_t id,
                      enum hk_asks_permission permission,
                      struct hk_asking *asking, int64_t deadline)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread;
    int32_t status = HK_B_BAD_THREAD_ID;

    hk_shared_lock(shared);
    thread = id > 0 ? hk_thread_find_shown(shared, id) : NULL;
    if (thread != NULL && thread->own.team != shared->team) {
        asking->asked.thread = id;
        asking->asked.sender = self->id;
        if (!is_permitted(self, permission,
                          hk_shared_slot(shared, thread->own.team)))
            status = HK_B_NOT_ALLOWED;
        else if (thread->own.team == HK_KERNEL_SLOT)
            status = ask_kernel(self, asking, deadline);
        else
            status = ask_team(self, thread->own.team, asking, deadline);
    }
    hk_shared_unlock(shared);
    return status;
}

/* ---- answering ---- */

static void answer(struct hk_shared *shared, uint32_t index, int32_t status)
{
    struct hk_request *request = request_at(shared, index);
    struct hk_waiter *waiter = asker_of(shared, request);

    dequeue(shared, index, request);
    hk_put(shared, &request->is_queued, 0);
    if (waiter == NULL)
        return;
    hk_put(shared, &waiter->result, (uint32_t)status);
    hk_waiter_alert(shared, waiter);
}

/* One request, of those that were there when the look began. */
static void do_request(struct hk_team *team, uint32_t index, uint32_t serial)
{
    struct hk_shared *shared = team->shared;
    struct hk_request *request = request_at(shared, index);
    struct hk_asked asked = request->asked;
    uint32_t answers[HK_ANSWER_WORDS] = {0};
    uint8_t *data = NULL;
    int32_t status;

    if (asked.size > 0)
        data = copy_data(shared, request->data, asked.size);
    hk_put(shared, &request->is_taken, 1);
    hk_shared_unlock(shared);
    status = asked.size > 0 && data == NULL
                 ? HK_B_NO_MEMORY
                 : hk_do_asked(team, &asked, &data, answers);
    free(data);
    hk_shared_lock(shared);
    if (request->serial != serial || request->kind == 0)
        return; /* who asked is dead */
    hk_put(shared, &request->is_taken, 0);
    if (status == HK_ANSWER_LATER)
        return;
    memcpy(request->answer, answers, sizeof(request->answer));
    answer(shared, index, status);
}

int hk_requests_are_there(const struct hk_shared *shared)
{
    const struct hk_queue *queue = queue_of(shared, shared->team);

    return queue != NULL && __atomic_load_n(&queue->first, __ATOMIC_ACQUIRE);
}

void hk_requests_do(struct hk_team *team)
{
    enum { MOST = 64 };
    struct hk_shared *shared = team->shared;
    uint32_t indices[MOST], serials[MOST], at;
    int count = 0;

    if (!hk_requests_are_there(shared))
        return;
    hk_shared_lock(shared);
    at = queue_of(shared, shared->team)->first;
    while (count < MOST && request_at(shared, at) != NULL) {
        const struct hk_request *request = request_at(shared, at);

        if (!request->is_taken) {
            indices[count] = at;
            serials[count++] = request->serial;
        }
        at = request->next;
    }
    for (int i = 0; i < count; i++) {
        const struct hk_request *request = request_at(shared, indices[i]);

        if (request->serial == serials[i] && request->is_queued &&
            !request->is_taken)
            do_request(team, indices[i], serials[i]);
    }
    hk_shared_unlock(shared);
}

/* ---- ends ---- */

void hk_requests_refuse(struct hk_shared *shared, uint32_t team, int32_t exit)
{
    const struct hk_queue *queue = queue_of(shared, team);

    while (queue != NULL && request_at(shared, queue->first) != NULL) {
        struct hk_request *request = request_at(shared, queue->first);

        switch ((enum hk_asked_kind)request->asked.kind) {
        case HK_ASKED_WAIT:
            request->answer[0] = (uint32_t)exit;
            answer(shared, queue->first, HK_B_OK);
            break;
        case HK_ASKED_NEXT_FD:
            answer(shared, queue->first, HK_B_BAD_TEAM_ID);
            break;
        case HK_ASKED_TAKE_AREA:
        case HK_ASKED_RESIZE_AREA:
            answer(shared, queue->first, HK_B_BAD_VALUE);
            break;
        default:
            answer(shared, queue->first, HK_B_BAD_THREAD_ID);
            break;
        }
        hk_shared_commit(shared);
    }
}

void hk_request_forget_waiter(struct hk_shared *shared,
                              struct hk_waiter *waiter)
{
    const struct hk_request *request = request_at(shared, waiter->object);

    if (request != NULL && request->kind != 0 &&
        request->waiter == hk_waiter_index(shared, waiter))
        end_request(shared, waiter->object);
}
