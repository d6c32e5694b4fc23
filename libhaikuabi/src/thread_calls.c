/* thread_calls.c -- the system calls on threads. */
/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "clock.h"
#include "debug.h"
#include "program.h"
#include "request.h"
#include "shared.h"
#include "syscalls.h"
#include "team.h"
#include "thread.h"

/* ---- spawn ---- */

/* *name: its guest address, or 0. */
static void parse_attributes(enum hk_release release, const uint8_t bytes[40],
                             struct hk_thread_plan *plan, uint32_t *name)
{
    int shift = release >= HK_R1BETA6 ? 0 : 4; /* where priority stood */

    plan->entry = hk_get32(bytes);
    *name = hk_get32(bytes + 4);
    plan->priority = (int32_t)hk_get32(bytes + (shift != 0 ? 8 : 32));
    plan->args1 = hk_get32(bytes + 8 + shift);
    plan->args2 = hk_get32(bytes + 12 + shift);
    plan->stack_address = hk_get32(bytes + 16 + shift);
    plan->stack_size = hk_get32(bytes + 20 + shift);
    plan->guard_size = hk_get32(bytes + 24 + shift);
    plan->pthread = hk_get32(bytes + 28 + shift);
    plan->flags = hk_get32(bytes + 36);
}

enum {
    DEFAULT_STACK = 0x40000,
    MIN_STACK = 0x2000,
    MAX_STACK = 0x1000000,
    MAX_STACK_R1BETA6 = 0x4000000
};

/* 0 is a size as well: the default one. */
static int is_stack_size(enum hk_release release, uint32_t size)
{
    uint32_t max = release >= HK_R1BETA6 ? MAX_STACK_R1BETA6 : MAX_STACK;

    return size == 0 || (size >= MIN_STACK && size <= max);
}

static int is_user_memory(uint32_t address, uint32_t size)
{
    return address < HK_USER_LIMIT && hk_is_user_range(address, size);
}

/* The kernel's own stack, or the top of the caller's memory for TLS, of which
 * there has to be a size. */
static int32_t prepare_stack(struct hk_thread *thread,
                             const struct hk_thread_plan *attributes)
{
    const uint32_t page = HK_PAGE_SIZE - 1;
    uint32_t size = attributes->stack_size;
    int64_t extra;

    if (attributes->stack_address == 0) {
        if (size == 0)
            size = DEFAULT_STACK;
        if (attributes->guard_size > HK_USER_LIMIT - MAX_STACK_R1BETA6)
            return HK_B_NO_MEMORY;
        extra = hk_stack_create(thread, (size + page) & ~page,
                                (attributes->guard_size + page) & ~page, 0);
        return extra < 0 ? (int32_t)extra : HK_B_OK;
    }
    if (size == 0)
        return HK_B_BAD_VALUE;
    thread->stack_base = attributes->stack_address;
    thread->stack_end = attributes->stack_address + size - HK_TLS_SIZE;
    thread->tls = thread->stack_end;
    return HK_B_OK;
}

static int32_t prepare(struct hk_thread *thread,
                       const struct hk_thread_plan *attributes)
{
    enum { FLAG_DEFER_SIGNALS = 1 };
    int32_t status = prepare_stack(thread, attributes);

    if (status == HK_B_OK)
        status =
            hk_user_thread_init(thread, attributes->pthread,
                                (attributes->flags & FLAG_DEFER_SIGNALS) != 0);
    if (status == HK_B_OK)
        status = hk_tls_init(thread);
    if (status == HK_B_OK)
        status = hk_enter_function(thread, attributes->entry, attributes->args1,
                                   attributes->args2);
    return status;
}

/* Priorities are kept, not obeyed: the host schedules. */
static int32_t clamp_priority(int32_t priority)
{
    enum { LOWEST = 1, HIGHEST = 120 };

    if (priority < LOWEST)
        return LOWEST;
    return priority > HIGHEST ? HIGHEST : priority;
}

static int32_t first_priority(int32_t priority)
{
    return priority == -1 ? HK_NORMAL_PRIORITY : clamp_priority(priority);
}

int32_t hk_thread_plan_read(struct hk_thread *self, gm_addr attributes,
                            struct hk_thread_plan *plan)
{
    enum hk_release release = hk_kernel_of(self)->config.release;
    uint8_t bytes[40];
    uint32_t name;

    if (hk_read_user(self, bytes, attributes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    memset(plan, 0, sizeof(*plan));
    parse_attributes(release, bytes, plan, &name);
    if (!is_stack_size(release, plan->stack_size))
        return HK_B_BAD_VALUE;
    if (plan->entry == 0 || plan->entry >= HK_USER_LIMIT ||
        (plan->stack_address != 0 &&
         !is_user_memory(plan->stack_address, plan->stack_size)))
        return HK_B_BAD_ADDRESS;
    if (name != 0)
        return hk_read_user_name(self, plan->name, name);
    memcpy(plan->name, "user thread", sizeof("user thread"));
    return HK_B_OK;
}

int32_t hk_thread_spawn(struct hk_thread *self,
                        const struct hk_thread_plan *plan)
{
    struct hk_thread *thread = hk_thread_new(self->team);
    int32_t status, id;

    if (thread == NULL)
        return HK_B_NO_MEMORY;
    memcpy(thread->name, plan->name, sizeof(thread->name));
    status = hk_thread_start(thread);
    if (status != HK_B_OK) {
        hk_thread_free(thread);
        return status;
    }
    thread->priority = first_priority(plan->priority);
    atomic_store(&thread->signals->mask, atomic_load(&self->signals->mask));
    status = prepare(thread, plan);
    id = thread->id; /* once it is added others may end it */
    if (status == HK_B_OK) {
        hk_debug_thread_created(self, thread);
        status = hk_thread_add(thread);
    }
    if (status == HK_B_OK)
        return id;
    pthread_mutex_lock(&self->team->lock); /* it ends behind this */
    atomic_store(&thread->life->killed, 1);
    hk_thread_resume(thread);
    pthread_mutex_unlock(&self->team->lock);
    return status;
}

int64_t hk_sys_spawn_thread(struct hk_thread *self, gm_addr attributes)
{
    struct hk_thread_plan plan;
    int32_t status = hk_thread_plan_read(self, attributes, &plan);

    if (status == HK_B_OK)
        status = hk_thread_spawn(self, &plan);
    if (status >= 0)
        hk_debug_tell_thread(self, status);
    return status;
}

/* ---- one thread by its id ---- */

static int32_t resume(struct hk_thread *thread, int32_t value)
{
    (void)value;
    hk_thread_resume(thread);
    return HK_B_OK;
}

static int32_t suspend(struct hk_thread *thread, int32_t value)
{
    (void)value;
    hk_thread_suspend(thread);
    return HK_B_OK;
}

static int32_t end(struct hk_thread *thread, int32_t value)
{
    (void)value;
    hk_thread_kill(thread);
    return HK_B_OK;
}

static int32_t set_priority(struct hk_thread *thread, int32_t value)
{
    int32_t old = thread->priority;

    thread->priority = clamp_priority(value);
    hk_thread_tell(thread);
    return old;
}

static int32_t unblock(struct hk_thread *thread, int32_t value);

int32_t hk_thread_do(struct hk_team *team, int32_t id, enum hk_asked_kind what,
                     int32_t value)
{
    static int32_t (*const actions[])(struct hk_thread *, int32_t) = {
        [HK_ASKED_SUSPEND] = suspend, [HK_ASKED_RESUME] = resume,
        [HK_ASKED_KILL] = end,        [HK_ASKED_SET_PRIORITY] = set_priority,
        [HK_ASKED_UNBLOCK] = unblock,
    };
    struct hk_thread *thread;
    int32_t status = HK_B_BAD_THREAD_ID;

    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, id);
    if (thread != NULL)
        status = actions[what](thread, value);
    pthread_mutex_unlock(&team->lock);
    return status;
}

/* A thread of this team or of another one, which is asked to do it. */
static int32_t do_or_ask(struct hk_thread *self, int32_t id,
                         enum hk_asked_kind what,
                         enum hk_asks_permission permission, int32_t value)
{
    struct hk_asking asking = {
        .asked = {.kind = what, .words = {(uint32_t)value}}};
    int32_t status;

    if (id <= 0)
        return HK_B_BAD_THREAD_ID;
    status = hk_thread_do(self->team, id, what, value);
    if (status != HK_B_BAD_THREAD_ID)
        return status;
    self->restart.is_required = 1;
    return hk_ask_thread(self, id, permission, &asking, HK_INFINITE_TIMEOUT);
}

/* The main thread of a child that load_image made is not yet one that could
 * be asked. */
int64_t hk_sys_resume_thread(struct hk_thread *self, int32_t thread)
{
    if (thread <= 0)
        return HK_B_BAD_VALUE;
    if (hk_team_resume(self, thread) == HK_B_OK)
        return HK_B_OK;
    return do_or_ask(self, thread, HK_ASKED_RESUME, HK_ASK_PERMISSION, 0);
}

int64_t hk_sys_suspend_thread(struct hk_thread *self, int32_t thread)
{
    if (thread <= 0)
        return HK_B_BAD_VALUE;
    return do_or_ask(self, thread, HK_ASKED_SUSPEND, HK_ASK_PERMISSION, 0);
}

int64_t hk_sys_kill_thread(struct hk_thread *self, int32_t thread)
{
    if (thread <= 0)
        return HK_B_BAD_VALUE;
    return do_or_ask(self, thread, HK_ASKED_KILL, HK_ASK_PERMISSION, 0);
}

int64_t hk_sys_set_thread_priority(struct hk_thread *self, int32_t thread,
                                   int32_t new_priority)
{
    return do_or_ask(self, thread, HK_ASKED_SET_PRIORITY, HK_ASK_PERMISSION,
                     new_priority);
}

/* B_NOT_ALLOWED for a thread of another team, to which what was asked may be
 * done by its own team alone. */
static int32_t no_own_thread(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int is_others;

    hk_shared_lock(shared);
    is_others = id > 0 && hk_thread_find_shown(shared, id) != NULL;
    hk_shared_unlock(shared);
    return is_others ? HK_B_NOT_ALLOWED : HK_B_BAD_THREAD_ID;
}

int64_t hk_sys_rename_thread(struct hk_thread *self, int32_t thread,
                             gm_addr new_name)
{
    char name[HK_NAME_LENGTH];
    struct hk_thread *found;

    if (hk_read_user_name(self, name, new_name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&self->team->lock);
    found = thread > 0 ? hk_thread_find(self, thread) : NULL;
    if (found != NULL)
        memcpy(found->name, name, sizeof(name));
    if (found != NULL)
        hk_thread_tell_name(found);
    pthread_mutex_unlock(&self->team->lock);
    return found != NULL ? HK_B_OK : no_own_thread(self, thread);
}

/* Of all teams' threads by that name, the one with the lowest id. */
int64_t hk_sys_find_thread(struct hk_thread *self, gm_addr name)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread = NULL;
    char text[HK_NAME_LENGTH];
    int32_t id = HK_B_NAME_NOT_FOUND;

    if (name == 0)
        return self->id;
    if (hk_read_user_name(self, text, name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    while ((thread = hk_owned_next_of_all(shared, HK_OWNED_THREADS,
                                          thread != NULL ? &thread->own
                                                         : NULL)) != NULL)
        if (memcmp(thread->name, text, strlen(text) + 1) == 0 &&
            (id < 0 || thread->own.id < id))
            id = thread->own.id;
    thread = hk_item(shared, HK_POOL_THREADS, HK_KERNEL_THREAD);
    if (memcmp(thread->name, text, strlen(text) + 1) == 0)
        id = thread->own.id;
    hk_shared_unlock(shared);
    return id;
}

/* ---- ends ---- */

int64_t hk_sys_exit_thread(struct hk_thread *self, int32_t return_value)
{
    hk_thread_exit(self, return_value);
    return HK_B_OK;
}

/* The thread runs the function instead of what it is doing: libroot's own
 * cancellation. */
int64_t hk_sys_cancel_thread(struct hk_thread *self, int32_t thread_id,
                             gm_addr cancel_function)
{
    struct hk_thread *thread;

    if (cancel_function == 0 || cancel_function >= HK_USER_LIMIT)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&self->team->lock);
    thread = thread_id > 0 ? hk_thread_find(self, thread_id) : NULL;
    if (thread != NULL) {
        atomic_store(&thread->life->cancel_function, (uint32_t)cancel_function);
        hk_interrupt(thread);
    }
    pthread_mutex_unlock(&self->team->lock);
    return thread != NULL ? HK_B_OK : no_own_thread(self, thread_id);
}

/* The thread of this team, or a child's main thread, has ended: 1 and its
 * status; else 0, or an error. *is_waiter: the thread knows of this one. */
static int32_t look_for_dead(struct hk_thread *self, int32_t id, int *is_waiter,
                             int32_t *status)
{
    struct hk_team *team = self->team;
    struct hk_thread *thread = NULL;
    int is_dead;

    pthread_mutex_lock(&team->lock);
    is_dead = hk_thread_take_dead(team, id, *is_waiter, status);
    if (!is_dead)
        thread = hk_thread_find(self, id);
    if (thread != NULL) {
        hk_thread_resume(thread); /* its end would never come */
        thread->life->waiters += !*is_waiter;
        *is_waiter = 1;
    }
    pthread_mutex_unlock(&team->lock);
    if (thread != NULL || is_dead)
        return is_dead;
    hk_team_resume(self, id);
    return hk_team_wait_status(self, id, status);
}

/* Who does not wait any longer: 1 when the thread has ended meanwhile. */
static int give_up(struct hk_thread *self, int32_t id, int32_t *status)
{
    struct hk_thread *thread = NULL;
    int is_dead;

    pthread_mutex_lock(&self->team->lock);
    is_dead = hk_thread_take_dead(self->team, id, 1, status);
    if (!is_dead)
        thread = hk_thread_find(self, id);
    if (thread != NULL)
        thread->life->waiters--;
    pthread_mutex_unlock(&self->team->lock);
    return is_dead;
}

/* A thread of another team. */
static int32_t ask_for_dead(struct hk_thread *self, int32_t id,
                            int64_t deadline, int32_t *status)
{
    struct hk_asking asking = {.asked = {.kind = HK_ASKED_WAIT}};
    int32_t result = hk_ask_thread(self, id, HK_ASK_ANY, &asking, deadline);

    *status = (int32_t)asking.answer[0];
    return result;
}

static int32_t wait_for_end(struct hk_thread *self, int32_t id,
                            int64_t deadline, int32_t *status)
{
    int is_waiter = 0;

    for (;;) {
        unsigned seen = hk_changes(self->team);
        int32_t result = look_for_dead(self, id, &is_waiter, status);

        if (result == HK_B_BAD_THREAD_ID)
            return ask_for_dead(self, id, deadline, status);
        if (result != 0)
            return result < 0 ? result : HK_B_OK;
        result = hk_wait_change(self, seen, deadline);
        if (result != HK_B_OK)
            return is_waiter && give_up(self, id, status) ? HK_B_OK : result;
    }
}

static int64_t wait_for_thread(struct hk_thread *self, int32_t id,
                               int64_t deadline, gm_addr return_code)
{
    int32_t status = 0, result;
    uint8_t bytes[4];

    if (return_code >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (id <= 0 || id == self->id)
        return id == self->id ? HK_EDEADLK : HK_B_BAD_THREAD_ID;
    result = wait_for_end(self, id, deadline, &status);
    if (result != HK_B_OK)
        return result;
    hk_put32(bytes, (uint32_t)status);
    if (return_code != 0 &&
        hk_write_user(self, return_code, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return HK_B_OK;
}

int64_t hk_sys_wait_for_thread(struct hk_thread *self, int32_t thread,
                               gm_addr return_code)
{
    return wait_for_thread(self, thread, HK_INFINITE_TIMEOUT, return_code);
}

int64_t hk_sys_wait_for_thread_etc(struct hk_thread *self, int32_t thread,
                                   uint32_t flags, int64_t timeout,
                                   gm_addr return_code)
{
    enum { BOTH = HK_RELATIVE_TIMEOUT | HK_ABSOLUTE_TIMEOUT };
    int is_bad = (flags & BOTH) == BOTH; /* found out only when it would wait */
    int64_t deadline = is_bad ? 0 : hk_call_deadline(self, flags, timeout);
    int64_t status = wait_for_thread(self, thread, deadline, return_code);

    if (is_bad && status == HK_B_TIMED_OUT)
        return HK_B_BAD_VALUE;
    return hk_timeout_status((int32_t)status, flags, timeout);
}

/* ---- sleep ---- */

/* Haiku's kernel has no timer for a time below 0, and what waits for that
 * waits for ever. */
static int is_before_all_times(uint32_t flags, int64_t time)
{
    return time < ((flags & HK_RELATIVE_TIMEOUT) != 0 ? -hk_system_time() : 0);
}

int64_t hk_sys_snooze_etc(struct hk_thread *self, int64_t time,
                          int32_t timebase, int32_t flags,
                          gm_addr remaining_time)
{
    int64_t deadline, left, ignored;
    uint8_t bytes[8];
    int32_t status;
    uint32_t wait_flags = (uint32_t)flags;

    if ((wait_flags & HK_RELATIVE_TIMEOUT) != 0 &&
        hk_clock_read_host(self, timebase, &ignored) != HK_B_OK)
        return hk_clock_read_host(self, timebase, &ignored);
    if (timebase == HK_CLOCK_THREAD_CPUTIME_ID)
        return HK_B_BAD_VALUE;
    if (timebase != HK_CLOCK_MONOTONIC && timebase != HK_CLOCK_REALTIME)
        return HK_ENOTSUP;
    if (timebase == HK_CLOCK_REALTIME)
        wait_flags |= HK_TIMEOUT_REAL_TIME_BASE;
    if ((wait_flags & HK_RELATIVE_TIMEOUT) == 0)
        wait_flags |= HK_ABSOLUTE_TIMEOUT;
    deadline = hk_call_deadline(self, wait_flags, time);
    if (is_before_all_times(wait_flags, time))
        deadline = HK_INFINITE_TIMEOUT;
    hk_wait_prepare(self);
    hk_thread_tell_wait(self, HK_THREAD_ASLEEP);
    status = hk_wait(self, deadline);
    hk_thread_tell_wait(self, 0);
    if (status == HK_B_TIMED_OUT)
        return HK_B_OK;
    left = deadline - hk_system_time();
    hk_put64(bytes, (uint64_t)(left < 0 ? 0 : left));
    if (remaining_time != 0 &&
        hk_write_user(self, remaining_time, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return status;
}

int64_t hk_sys_thread_yield(struct hk_thread *self)
{
    (void)self;
    sched_yield();
    return HK_B_OK;
}

/* ---- block and unblock ---- */

enum { USER_WAIT_STATUS = 8 };

static int32_t get_wait_status(const struct hk_thread *thread, int32_t *status)
{
    uint8_t bytes[4];
    int32_t result = hk_read_user(
        thread, bytes, thread->user_thread + USER_WAIT_STATUS, sizeof(bytes));

    *status = (int32_t)hk_get32(bytes);
    return result;
}

static int32_t put_wait_status(const struct hk_thread *thread, int32_t status)
{
    uint8_t bytes[4];

    hk_put32(bytes, (uint32_t)status);
    return hk_write_user(thread, thread->user_thread + USER_WAIT_STATUS, bytes,
                         sizeof(bytes));
}

/* The user's word says whether somebody was quicker: 0 or below. There is no
 * timer for a time below 0, as in snooze_etc. */
int64_t hk_sys_block_thread(struct hk_thread *self, uint32_t flags,
                            int64_t timeout)
{
    int64_t deadline = timeout < 0 ? HK_INFINITE_TIMEOUT
                                   : hk_call_deadline(self, flags, timeout);
    int32_t status, own;

    pthread_mutex_lock(&self->team->lock);
    if (get_wait_status(self, &status) != HK_B_OK)
        status = HK_B_BAD_ADDRESS;
    if (status <= 0) {
        pthread_mutex_unlock(&self->team->lock);
        return status;
    }
    hk_wait_prepare(self);
    self->life->is_blocked = 1;
    pthread_mutex_unlock(&self->team->lock);

    status = hk_wait(self, deadline);
    pthread_mutex_lock(&self->team->lock);
    self->life->is_blocked = 0;
    if (hk_wait_result(self) != HK_WAITING)
        status = hk_wait_result(self);
    if (get_wait_status(self, &own) != HK_B_OK)
        status = HK_B_BAD_ADDRESS;
    else if (own <= 0)
        status = own;
    else if (put_wait_status(self, status) != HK_B_OK)
        status = HK_B_BAD_ADDRESS;
    pthread_mutex_unlock(&self->team->lock);
    return status;
}

static int32_t unblock(struct hk_thread *thread, int32_t value)
{
    int32_t status;

    if (get_wait_status(thread, &status) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (status <= 0)
        return HK_B_OK;
    if (put_wait_status(thread, value) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (thread->life->is_blocked) {
        thread->life->is_blocked = 0;
        hk_wake(thread, value);
    }
    return HK_B_OK;
}

int64_t hk_sys_unblock_thread(struct hk_thread *self, int32_t thread,
                              int32_t status)
{
    return do_or_ask(self, thread, HK_ASKED_UNBLOCK, HK_ASK_ANY, status);
}

int64_t hk_sys_unblock_threads(struct hk_thread *self, gm_addr threads,
                               uint32_t count, int32_t status)
{
    enum { MAX_COUNT = 128 };
    uint8_t ids[MAX_COUNT * 4];

    if (!hk_is_user_address(threads))
        return HK_B_BAD_ADDRESS;
    if (count > MAX_COUNT)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, ids, threads, (size_t)count * 4) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    for (uint32_t i = 0; i < count; i++)
        do_or_ask(self, (int32_t)hk_get32(ids + i * 4), HK_ASKED_UNBLOCK,
                  HK_ASK_ANY, status);
    return HK_B_OK;
}
