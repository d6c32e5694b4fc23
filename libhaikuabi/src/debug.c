/* debug.c -- debuggers that come and go. */
/* SPDX-License-Identifier: MIT */
#include "debug.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "accounts.h"
#include "bytes.h"
#include "port.h"
#include "thread.h"

int hk_debug_new(struct hk_debug **debug)
{
    struct hk_debug *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    pthread_mutex_init(&made->change, NULL);
    made->port = made->nub_port = -1;
    *debug = made;
    return 0;
}

static void delete_nub_port(struct hk_team *team)
{
    struct hk_shared *shared = team->shared;

    hk_shared_lock(shared);
    hk_port_remove(shared, team->debug->nub_port);
    hk_shared_unlock(shared);
}

/* With the lock of changes. The nub ends with its port, or where it waits for
 * another one. */
static void end_nub(struct hk_team *team)
{
    struct hk_debug *debug = team->debug;

    if (!debug->has_nub)
        return;
    delete_nub_port(team);
    atomic_store(&debug->nub->life->killed, 1);
    hk_interrupt(debug->nub);
    pthread_join(debug->nub_host, NULL);
    hk_thread_free(debug->nub);
    debug->has_nub = 0;
}

void hk_debug_free(struct hk_team *team)
{
    if (team->debug == NULL)
        return;
    end_nub(team);
    hk_breakpoints_drop(team, 0);
    pthread_mutex_destroy(&team->debug->lock);
    pthread_mutex_destroy(&team->debug->change);
    free(team->debug);
    team->debug = NULL;
}

/* The nub was no thread of the child's; its processor is the host's, which
 * sees to it in after_fork. */
void hk_debug_fork_child(struct hk_thread *self)
{
    struct hk_team *team = self->team;
    struct hk_debug *debug = team->debug;

    hk_debug_forget(self);
    pthread_mutex_init(&debug->change, NULL);
    hk_breakpoints_drop(team, 1);
    atomic_store(&debug->flags, 0);
    debug->port = debug->nub_port = -1;
    debug->image_event = 0;
    if (!debug->has_nub)
        return;
    debug->nub->cpu = NULL;
    hk_thread_free(debug->nub);
    debug->has_nub = 0;
}

/* ---- who debugs, as others are told ---- */

static void put_time(uint32_t words[2], const struct timeval *time)
{
    uint64_t us = (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;

    words[0] = (uint32_t)us;
    words[1] = (uint32_t)(us >> 32);
}

/* Who waits for messages there begins to look after this team. */
static void tell_port(struct hk_team *team, int32_t port)
{
    struct hk_shared *shared = team->shared;
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, shared->team);

    if (slot != NULL) {
        hk_put(shared, &slot->debugger, (uint32_t)port);
        hk_put(shared, &slot->nub, (uint32_t)team->debug->nub_port);
    }
    hk_port_alert_readers(shared, port);
}

int hk_debug_is_any(const struct hk_shared *shared)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    for (uint32_t i = 1; i < end; i++)
        if (hk_shared_slot(shared, i)->debugger != 0)
            return 1;
    return 0;
}

/* At first a debugged team is one that dies without a word. */
static void put_end(struct hk_team *team, int32_t status, int signal)
{
    struct hk_shared *shared = team->shared;
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, shared->team);
    struct rusage usage;
    uint32_t words[4];

    if (slot == NULL)
        return;
    getrusage(RUSAGE_SELF, &usage);
    put_time(words, &usage.ru_utime);
    put_time(words + 2, &usage.ru_stime);
    hk_put(shared, &slot->exit_status, (uint32_t)status);
    hk_put(shared, &slot->exit_signal,
           signal != 0 ? (uint32_t)signal : (uint32_t)-1);
    for (int i = 0; i < 4; i++)
        hk_put(shared, &slot->exit_usage[i], words[i]);
}

void hk_debug_tell_end(struct hk_team *team, int32_t status, int signal)
{
    if (!hk_debug_is_there(team))
        return;
    hk_shared_lock(team->shared);
    put_end(team, status, signal);
    hk_shared_unlock(team->shared);
}

void hk_debug_team_ended(struct hk_shared *shared, uint32_t team)
{
    enum { SIZE = 36 };
    struct hk_team_slot *slot = hk_item(shared, HK_POOL_TEAMS, team);
    uint8_t message[SIZE] = {0};

    if (slot->debugger == 0)
        return;
    hk_put32(message, (uint32_t)-1); /* no thread */
    hk_put32(message + 4, (uint32_t)slot->id);
    hk_put32(message + 8, (uint32_t)-1); /* nothing to answer */
    hk_put32(message + 12, slot->exit_status);
    hk_put32(message + 16, slot->exit_signal);
    for (int i = 0; i < 4; i++)
        hk_put32(message + 20 + 4 * i, slot->exit_usage[i]);
    hk_port_post(shared, (int32_t)slot->debugger, HK_DEBUG_TEAM_DELETED,
                 message, sizeof(message), slot->id);
    hk_put(shared, &slot->debugger, 0);
}

/* ---- coming ---- */

/* All that have stopped look for their debugger. */
static void tell_stopped(struct hk_team *team)
{
    pthread_mutex_lock(&team->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        if (thread->debug.is_stopped)
            hk_wake(thread, HK_DEBUG_CHANGED);
    pthread_mutex_unlock(&team->lock);
}

/* With the shared lock. The debugger's team, or an error. */
static int32_t find_debugger(struct hk_team *team, int32_t port,
                             uint32_t *debugger)
{
    const struct hk_port *found = hk_port_find(team->shared, port);

    if (hk_account_port_name(port) != NULL)
        return HK_B_NOT_ALLOWED; /* the kernel's own */
    if (found == NULL)
        return HK_B_BAD_PORT_ID;
    *debugger = found->owner;
    return found->owner == team->shared->team ? HK_B_NOT_ALLOWED : HK_B_OK;
}

static void send_handed_over(struct hk_shared *shared, int32_t to,
                             const uint8_t *message, uint32_t size)
{
    hk_port_post(shared, to, HK_DEBUG_HANDED_OVER, message, size,
                 hk_shared_slot(shared, shared->team)->id);
}

/* With both locks: both debuggers are told. Threads that have stopped tell the
 * new one again. */
static void hand_over(struct hk_team *team, int32_t port, uint32_t debugger)
{
    enum { SIZE = 24 };
    struct hk_debug *debug = team->debug;
    struct hk_shared *shared = team->shared;
    uint8_t message[SIZE] = {0};

    hk_port_set_owner(shared, debug->nub_port, debugger);
    hk_put32(message, (uint32_t)-1);
    hk_put32(message + 4, (uint32_t)team->id);
    hk_put32(message + 8, (uint32_t)debug->nub_port);
    hk_put32(message + 12, (uint32_t)hk_shared_slot(shared, debugger)->id);
    hk_put32(message + 16, (uint32_t)port);
    hk_put32(message + 20, (uint32_t)-1); /* the thread to blame */
    send_handed_over(shared, port, message, SIZE);
    send_handed_over(shared, debug->port, message, SIZE);
    debug->port = port;
    tell_port(team, port);
    atomic_store(&debug->flags, HK_DEBUG_INSTALLED);
}

/* With both locks. */
static int32_t install_first(struct hk_team *team, int32_t port,
                             uint32_t debugger)
{
    struct hk_debug *debug = team->debug;
    char name[HK_NAME_LENGTH] = {0};

    snprintf(name, sizeof(name), "team %d debug", team->id);
    debug->nub_port = hk_port_make(team->shared, debugger, 1, name);
    if (debug->nub_port < 0)
        return debug->nub_port;
    debug->port = port;
    debug->image_event = 0;
    tell_port(team, port);
    put_end(team, 0, HK_SIGKILL);
    atomic_store(&debug->flags, HK_DEBUG_INSTALLED);
    return debug->nub_port;
}

static int32_t install(struct hk_team *team, int32_t port, int keeps,
                       int *is_new)
{
    struct hk_debug *debug = team->debug;
    struct hk_shared *shared = team->shared;
    int flags = atomic_load(&debug->flags);
    uint32_t debugger;
    int32_t status;

    hk_shared_lock(shared);
    status = find_debugger(team, port, &debugger);
    if (status == HK_B_OK && (flags & HK_DEBUG_INSTALLED) == 0) {
        status = install_first(team, port, debugger);
        *is_new = status >= 0;
    } else if (status == HK_B_OK && keeps) {
        status = debug->nub_port;
    } else if (status == HK_B_OK && (flags & HK_DEBUG_HANDOVER) != 0) {
        hand_over(team, port, debugger);
        status = debug->nub_port;
    } else if (status == HK_B_OK) {
        status = HK_B_BAD_VALUE;
    }
    hk_shared_unlock(shared);
    return status;
}

int32_t hk_debug_install(struct hk_team *team, int32_t port, int keeps)
{
    struct hk_debug *debug = team->debug;
    int is_new = 0;
    int32_t status;

    pthread_mutex_lock(&debug->change);
    if (!hk_debug_is_there(team))
        end_nub(team); /* the last one's */
    pthread_mutex_lock(&debug->lock);
    status = install(team, port, keeps, &is_new);
    if (is_new && hk_debug_start_nub(team) != 0) {
        delete_nub_port(team);
        atomic_store(&debug->flags, 0);
        debug->port = debug->nub_port = -1;
        status = HK_B_NO_MORE_THREADS;
    }
    pthread_mutex_unlock(&debug->lock);
    pthread_mutex_unlock(&debug->change);
    if (status >= 0)
        tell_stopped(team);
    return status;
}

int32_t hk_debug_remove(struct hk_team *team)
{
    struct hk_debug *debug = team->debug;
    int32_t status = HK_B_BAD_VALUE;

    pthread_mutex_lock(&debug->change);
    if (hk_debug_is_there(team)) {
        end_nub(team);
        status = HK_B_OK;
    }
    pthread_mutex_unlock(&debug->change);
    return status;
}

void hk_debug_gone(struct hk_team *team)
{
    struct hk_debug *debug = team->debug;

    hk_breakpoints_drop(team, 1);
    pthread_mutex_lock(&debug->lock);
    hk_shared_lock(team->shared);
    hk_port_remove(team->shared, debug->nub_port);
    tell_port(team, 0);
    hk_shared_unlock(team->shared);
    debug->port = debug->nub_port = -1;
    atomic_store(&debug->flags, 0);
    pthread_mutex_unlock(&debug->lock);
    pthread_mutex_lock(&team->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next) {
        atomic_fetch_and(&thread->debug.flags, ~HK_DEBUG_THREAD_FLAGS);
        thread->debug.ignored = thread->debug.ignored_once = 0;
        if (thread->debug.is_stopped)
            hk_wake(thread, HK_DEBUG_HANDLE);
        thread->debug.is_stopped = 0;
    }
    pthread_mutex_unlock(&team->lock);
}

int32_t hk_debug_ensure(struct hk_thread *self)
{
    struct hk_team *team = self->team;
    int32_t port = (int32_t)hk_shared_settings(team->shared)->default_debugger;
    int32_t status;

    if (hk_debug_is_there(team))
        return HK_B_OK;
    if (port <= 0)
        return HK_B_BAD_PORT_ID;
    if (atomic_load(&team->is_undebuggable))
        return HK_B_BAD_VALUE;
    status = hk_debug_install(team, port, 1);
    return status < 0 ? status : HK_B_OK;
}
