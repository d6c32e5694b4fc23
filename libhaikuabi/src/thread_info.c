/* thread_info.c -- what is known of threads. */
/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include "bytes.h"
#include "host_process.h"
#include "kernel_team.h"
#include "shared.h"
#include "syscalls.h"
#include "thread.h"

enum { THREAD_INFO_SIZE = 76 };

/* What a thread of any team shows, copied. */
struct shown {
    int32_t id, team, priority, sem;
    uint32_t stack_base, stack_end;
    unsigned is_suspended, doing, is_kernels;
    char name[HK_NAME_LENGTH];
};

/* The semaphore that a thread waits for, -1 for none. */
static int32_t waited_for(const struct hk_shared *shared,
                          const struct hk_shared_thread *thread)
{
    uint32_t end = hk_item_end(shared, HK_POOL_WAITERS);

    for (uint32_t i = 1; i < end; i++) {
        const struct hk_waiter *waiter = hk_item(shared, HK_POOL_WAITERS, i);

        if (waiter->kind == HK_WAITS_FOR_SEM &&
            waiter->thread == thread->own.id &&
            waiter->team == thread->own.team)
            return waiter->id;
    }
    return -1;
}

/* With the lock. */
static void copy_shown(const struct hk_shared *shared,
                       const struct hk_shared_thread *thread,
                       struct shown *shown)
{
    *shown = (struct shown){
        .id = thread->own.id,
        .team = hk_shared_slot(shared, thread->own.team)->id,
        .priority = thread->priority,
        .sem = waited_for(shared, thread),
        .stack_base = thread->stack_base,
        .stack_end = thread->stack_end,
        .is_suspended = atomic_load(&thread->is_suspended),
        .doing = atomic_load(&thread->doing),
        .is_kernels = thread->own.team == HK_KERNEL_SLOT,
    };
    memcpy(shown->name, thread->name, sizeof(shown->name));
}

static enum hk_thread_state state_of(const struct shown *shown,
                                     const struct hk_host_task *task)
{
    if (shown->is_kernels)
        return HK_THREAD_READY;
    if (shown->is_suspended)
        return HK_THREAD_SUSPENDED;
    if (task->state == 'R')
        return HK_THREAD_RUNNING;
    switch (shown->doing) {
    case HK_THREAD_RECEIVING:
        return HK_THREAD_RECEIVING;
    case HK_THREAD_ASLEEP:
        return HK_THREAD_ASLEEP;
    default:
        return HK_THREAD_WAITING;
    }
}

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

/* The host tells a thread more exactly of itself than of others. */
static void get_task(const struct hk_thread *self, const struct shown *shown,
                     struct hk_host_task *task)
{
    struct rusage usage;

    *task = (struct hk_host_task){.state = 'S'};
    if (shown->is_kernels) {
        hk_kernel_team_task(hk_kernel_of(self), task);
        return;
    }
    if (shown->id != self->id) {
        hk_host_task_get(shown->team, shown->id, task);
        return;
    }
    getrusage(RUSAGE_THREAD, &usage);
    task->state = 'R';
    task->user_time = microseconds(&usage.ru_utime);
    task->kernel_time = microseconds(&usage.ru_stime);
}

static void fill_info(const struct hk_thread *self, const struct shown *shown,
                      uint8_t info[THREAD_INFO_SIZE])
{
    struct hk_host_task task;

    get_task(self, shown, &task);
    memset(info, 0, THREAD_INFO_SIZE);
    hk_put32(info, (uint32_t)shown->id);
    hk_put32(info + 4, (uint32_t)shown->team);
    memcpy(info + 8, shown->name, HK_NAME_LENGTH);
    hk_put32(info + 40, state_of(shown, &task));
    hk_put32(info + 44, (uint32_t)shown->priority);
    hk_put32(info + 48, (uint32_t)shown->sem);
    hk_put64(info + 52, (uint64_t)task.user_time);
    hk_put64(info + 60, (uint64_t)task.kernel_time);
    hk_put32(info + 68, shown->stack_base);
    hk_put32(info + 72, shown->stack_end);
}

int64_t hk_sys_get_thread_info(struct hk_thread *self, int32_t id, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread;
    uint8_t bytes[THREAD_INFO_SIZE];
    struct shown shown;

    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (id < 0)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    thread = id != 0 ? hk_thread_find_shown(shared, id) : NULL;
    if (thread != NULL)
        copy_shown(shared, thread, &shown);
    hk_shared_unlock(shared);
    if (thread == NULL)
        return HK_B_BAD_THREAD_ID;
    fill_info(self, &shown, bytes);
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* The main thread has the lowest id, the team's: it is the first. */
static const struct hk_shared_thread *
next_thread(const struct hk_shared *shared, uint32_t team, int32_t after)
{
    const struct hk_shared_thread *best = NULL, *thread = NULL;

    while ((thread = hk_owned_next(shared, HK_OWNED_THREADS, team,
                                   thread != NULL ? &thread->own : NULL)) !=
           NULL)
        if (thread->own.id > after &&
            (best == NULL || thread->own.id < best->own.id))
            best = thread;
    return best;
}

int64_t hk_sys_get_next_thread_info(struct hk_thread *self, int32_t team,
                                    gm_addr cookie, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread = NULL;
    uint8_t bytes[THREAD_INFO_SIZE], word[4];
    struct shown shown;
    uint32_t index;

    if (info >= HK_USER_LIMIT ||
        hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    index = hk_shared_find_team(shared, team);
    if (index != 0)
        thread = next_thread(shared, index, (int32_t)hk_get32(word));
    if (thread != NULL)
        copy_shown(shared, thread, &shown);
    hk_shared_unlock(shared);
    if (thread == NULL)
        return HK_B_BAD_VALUE;
    fill_info(self, &shown, bytes);
    hk_put32(word, (uint32_t)shown.id);
    if (hk_write_user(self, cookie, word, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}
