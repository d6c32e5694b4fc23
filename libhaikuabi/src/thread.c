/* thread.c -- the life of a thread. */
/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "area.h"
#include "clock.h"
#include "debug.h"
#include "host_process.h"
#include "program.h"
#include "request.h"
#include "timer.h"

static void free_parts(struct hk_thread *thread)
{
    if (thread->life != NULL)
        free(thread->life->data);
    free(thread->life);
    free(thread->signals);
    if (thread->cpu != NULL)
        thread->team->kernel->config.host->cpu->free_cpu(thread->cpu);
    free(thread);
}

struct hk_thread *hk_thread_new(struct hk_team *team)
{
    const struct hk_host *host = team->kernel->config.host;
    struct hk_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL)
        return NULL;
    thread->team = team;
    thread->cpu = host->cpu->new_cpu(host->host);
    thread->life = calloc(1, sizeof(*thread->life));
    thread->signals = calloc(1, sizeof(*thread->signals));
    if (thread->cpu == NULL || thread->life == NULL ||
        thread->signals == NULL) {
        free_parts(thread);
        return NULL;
    }
    thread->id = (int32_t)syscall(SYS_gettid);
    thread->priority = HK_NORMAL_PRIORITY;
    thread->stack_area = -1;
    return thread;
}

/* 0 for one that was never added. */
static int unlink_thread(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;
    struct hk_thread **link = &team->threads;

    while (*link != thread && *link != NULL)
        link = &(*link)->next;
    if (*link == NULL)
        return 0;
    hk_thread_untell(thread);
    *link = thread->next;
    team->thread_count--;
    if (team->main_thread == thread)
        team->main_thread = NULL;
    return 1;
}

int32_t hk_thread_add(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;
    int32_t status;

    pthread_mutex_lock(&team->lock);
    thread->next = team->threads;
    team->threads = thread;
    team->thread_count++;
    if (team->main_thread == NULL) {
        team->main_thread = thread;
        thread->life->is_main = 1;
    }
    status = hk_thread_tell(thread);
    if (status != HK_B_OK)
        unlink_thread(thread);
    pthread_mutex_unlock(&team->lock);
    return status;
}

void hk_thread_free(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;

    hk_user_thread_release(thread);
    pthread_mutex_lock(&team->lock);
    unlink_thread(thread);
    pthread_mutex_unlock(&team->lock);
    free_parts(thread);
}

struct hk_thread *hk_thread_of(struct hk_team *team, int32_t id)
{
    struct hk_thread *thread = team->threads;

    while (thread != NULL && thread->id != id)
        thread = thread->next;
    return thread;
}

struct hk_thread *hk_thread_find(struct hk_thread *self, int32_t id)
{
    return id == 0 ? self : hk_thread_of(self->team, id);
}

void hk_threads_fork_child(struct hk_thread *self)
{
    struct hk_team *team = self->team;
    struct hk_thread *next;

    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = next) {
        next = thread->next;
        if (thread != self) {
            thread->cpu = NULL; /* the host's: it sees to them in after_fork */
            free_parts(thread);
        }
    }
    self->next = NULL;
    team->threads = self;
    team->thread_count = 1;
    atomic_store(&team->host_threads, 0);
    team->main_thread = self;
    self->life->is_main = 1;
    self->id = (int32_t)syscall(SYS_gettid);
}

/* ---- suspension and death ---- */

void hk_thread_suspend(struct hk_thread *thread)
{
    atomic_store(&thread->life->suspended, 1);
    hk_thread_tell_suspended(thread, 1);
    hk_interrupt(thread);
}

void hk_thread_continue(struct hk_thread *thread)
{
    if (!atomic_load(&thread->life->suspended))
        return;
    atomic_store(&thread->life->suspended, 0);
    hk_thread_tell_suspended(thread, 0);
    hk_post_event(thread);
}

void hk_thread_resume(struct hk_thread *thread)
{
    if (atomic_load(&thread->life->suspended))
        atomic_store(&thread->life->resumed, 1);
    hk_thread_continue(thread);
}

void hk_thread_kill(struct hk_thread *thread)
{
    atomic_store(&thread->life->killed, 1);
    hk_thread_resume(thread);
    hk_interrupt(thread);
}

enum hk_action hk_thread_checkpoint(struct hk_thread *self, int *resumed)
{
    struct hk_thread_life *life = self->life;

    for (;;) {
        unsigned seen = hk_events(self);

        if (!atomic_load(&life->suspended) || atomic_load(&life->killed))
            break;
        hk_requests_do(self->team);
        hk_clocks_follow(self->team);
        hk_signals_pass_on(self->team);
        hk_wait_event(self, seen);
    }
    *resumed = atomic_exchange(&life->resumed, 0);
    if (!atomic_load(&life->killed))
        return HK_CONTINUE;
    hk_thread_exit(self, HK_B_INTERRUPTED);
    return HK_EXIT;
}

void hk_thread_exit(struct hk_thread *self, int32_t status)
{
    if (self->life->is_main)
        hk_end_team(self, status, 0);
    self->life->exit_status = status;
    self->exiting = 1;
}

/* ---- a thread's host thread ---- */

struct hk_dead_thread {
    int32_t id, status;
    uint32_t waiters;            /* that have not seen it yet */
    struct hk_dead_thread *next; /* ended earlier */
};

/* For as long as nobody waits for it, as Haiku does. */
static void remember(struct hk_team *team, const struct hk_thread *thread)
{
    struct hk_dead_thread *dead = malloc(sizeof(*dead));

    if (dead == NULL)
        return;
    dead->id = thread->id;
    dead->status = thread->life->exit_status;
    dead->waiters = thread->life->waiters;
    dead->next = team->dead_threads;
    team->dead_threads = dead;
}

/* Keeps the status for wait_for_thread, and frees all else. */
static void bury(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;

    hk_debug_thread_deleted(thread, thread->life->exit_status);
    if (thread->stack_area >= 0)
        hk_area_delete(team, thread->stack_area, 1);
    hk_user_thread_release(thread);
    hk_timers_forget_thread(team, thread->id);
    pthread_mutex_lock(&team->lock);
    if (unlink_thread(thread))
        remember(team, thread);
    pthread_mutex_unlock(&team->lock);
    hk_announce_change(team);
    hk_requests_do(team); /* others may wait for its end */
    free_parts(thread);
}

int hk_thread_peek_dead(struct hk_team *team, int32_t id, int32_t *status)
{
    const struct hk_dead_thread *dead = team->dead_threads;

    while (dead != NULL && dead->id != id)
        dead = dead->next;
    if (dead != NULL)
        *status = dead->status;
    return dead != NULL;
}

int hk_thread_take_dead(struct hk_team *team, int32_t id, int is_waiter,
                        int32_t *status)
{
    for (struct hk_dead_thread **link = &team->dead_threads; *link != NULL;
         link = &(*link)->next) {
        struct hk_dead_thread *dead = *link;

        if (dead->id != id || (dead->waiters > 0) != is_waiter)
            continue;
        *status = dead->status;
        if (dead->waiters > 1) {
            dead->waiters--;
            return 1;
        }
        *link = dead->next;
        free(dead);
        return 1;
    }
    return 0;
}

void hk_threads_end_others(struct hk_team *team)
{
    unsigned count;

    pthread_mutex_lock(&team->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        if (!thread->life->is_main)
            hk_thread_kill(thread);
    pthread_mutex_unlock(&team->lock);
    while ((count = atomic_load_explicit(&team->host_threads,
                                         memory_order_acquire)) > 0)
        syscall(SYS_futex, &team->host_threads, FUTEX_WAIT_PRIVATE, count,
                NULL);
}

void hk_threads_free(struct hk_team *team)
{
    hk_threads_end_others(team);
    while (team->threads != NULL)
        hk_thread_free(team->threads);
    while (team->dead_threads != NULL) {
        struct hk_dead_thread *dead = team->dead_threads;

        team->dead_threads = dead->next;
        free(dead);
    }
}

static void *thread_main(void *argument)
{
    struct hk_thread *thread = argument;
    const struct hk_host *host = hk_kernel_of(thread)->config.host;
    atomic_uint *host_threads = &thread->team->host_threads;
    sigset_t none;
    int resumed;

    sigemptyset(&none); /* whatever its maker had blocked */
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    if (hk_thread_checkpoint(thread, &resumed) != HK_EXIT)
        host->run_thread(host->host, thread, thread->cpu);
    bury(thread);
    /* The team may be freed from here on; the host looks at no memory. */
    atomic_fetch_sub_explicit(host_threads, 1, memory_order_release);
    syscall(SYS_futex, host_threads, FUTEX_WAKE_PRIVATE, 1);
    return NULL;
}

int32_t hk_thread_start(struct hk_thread *thread)
{
    enum { HOST_STACK = 256 * 1024 };
    pthread_attr_t attributes;
    pthread_t host;
    int error;

    atomic_store(&thread->life->suspended, 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, HOST_STACK);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&thread->team->host_threads, 1);
    error = pthread_create(&host, &attributes, thread_main, thread);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        atomic_fetch_sub(&thread->team->host_threads, 1);
        return HK_B_NO_MORE_THREADS;
    }
    thread->id = hk_host_thread_id(host); /* it is there till it is resumed */
    return HK_B_OK;
}
