/* thread_share.c -- threads as other teams see them. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "processors.h"
#include "request.h"
#include "shared.h"
#include "thread.h"

/* A thread's own record; NULL when it has none, which may have been deleted
 * at the team's end. */
static struct hk_shared_thread *record_of(const struct hk_thread *thread)
{
    const struct hk_shared *shared = thread->team->shared;
    struct hk_shared_thread *record =
        hk_item(shared, HK_POOL_THREADS, thread->record);

    if (record == NULL || record->own.id != thread->id ||
        record->own.team != shared->team)
        return NULL;
    return record;
}

static uint32_t index_of(const struct hk_shared *shared,
                         const struct hk_shared_thread *record)
{
    const struct hk_shared_thread *first = hk_item(shared, HK_POOL_THREADS, 1);

    return (uint32_t)(record - first) + 1;
}

static struct hk_shared_thread *make_record(struct hk_thread *thread)
{
    struct hk_shared *shared = thread->team->shared;
    struct hk_shared_thread *record = NULL;

    if (thread->life->is_main ||
        hk_shared_has_room(shared, HK_POOL_THREADS, HK_THREADS_LIMIT))
        record =
            hk_owned_new(shared, HK_OWNED_THREADS, HK_OWNED_LAST, thread->id);
    if (record == NULL)
        return NULL;
    thread->record = index_of(shared, record);
    atomic_store(&record->is_suspended,
                 (unsigned)atomic_load(&thread->life->suspended));
    atomic_store(&record->doing, 0);
    atomic_store(&record->cpu_clock_offset, 0);
    hk_processors_begin(shared, record);
    hk_put(shared, &record->watches, 0);
    return record;
}

int32_t hk_thread_tell(struct hk_thread *thread)
{
    struct hk_shared *shared = thread->team->shared;
    struct hk_shared_thread *record;
    int is_asked = 0;

    hk_shared_lock(shared);
    record = record_of(thread);
    if (record == NULL) {
        is_asked = thread->life->is_main && hk_requests_are_there(shared);
        record = make_record(thread);
        if (record != NULL)
            hk_system_tell(shared, HK_THREAD_CREATED, thread->team->id,
                           thread->id);
    }
    if (record != NULL) {
        record->priority = thread->priority;
        record->stack_base = thread->stack_base;
        record->stack_end = thread->stack_end;
        memcpy(record->name, thread->name, sizeof(record->name));
    }
    hk_shared_unlock(shared);
    if (is_asked)
        hk_interrupt_self(thread);
    return record != NULL || thread->life->is_main ? HK_B_OK
                                                   : HK_B_NO_MORE_THREADS;
}

void hk_thread_tell_name(struct hk_thread *thread)
{
    struct hk_shared *shared = thread->team->shared;

    hk_thread_tell(thread);
    hk_shared_lock(shared);
    hk_system_tell(shared, HK_THREAD_RENAMED, thread->team->id, thread->id);
    hk_shared_unlock(shared);
}

void hk_thread_untell(struct hk_thread *thread)
{
    struct hk_shared *shared = thread->team->shared;
    struct hk_shared_thread *record;

    hk_shared_lock(shared);
    record = record_of(thread);
    if (record != NULL)
        hk_owned_free(shared, HK_OWNED_THREADS, &record->own);
    hk_shared_unlock(shared);
}

void hk_thread_tell_wait(struct hk_thread *self, unsigned state)
{
    struct hk_shared_thread *record = record_of(self);

    if (record != NULL)
        atomic_store_explicit(&record->doing, state, memory_order_relaxed);
}

void hk_thread_tell_suspended(struct hk_thread *thread, int is_suspended)
{
    struct hk_shared_thread *record = record_of(thread);

    if (record != NULL)
        atomic_store_explicit(&record->is_suspended, (unsigned)is_suspended,
                              memory_order_relaxed);
}

struct hk_shared_thread *hk_thread_find_shown(struct hk_shared *shared,
                                              int32_t id)
{
    struct hk_shared_thread *thread = NULL;

    while ((thread = hk_owned_next_of_all(shared, HK_OWNED_THREADS,
                                          thread != NULL ? &thread->own
                                                         : NULL)) != NULL)
        if (thread->own.id == id)
            break;
    if (thread == NULL)
        thread = hk_item(shared, HK_POOL_THREADS, HK_KERNEL_THREAD);
    if (thread == NULL || !hk_shared_is_alive(shared, thread->own.team))
        return NULL;
    return thread->own.id == id ? thread : NULL;
}
