/* signal_calls.c -- the system calls on signals. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "clock.h"
#include "request.h"
#include "shared.h"
#include "signals.h"
#include "syscalls.h"
#include "team.h"
#include "thread.h"
#include "timer.h"

static int32_t read_set(const struct hk_thread *self, gm_addr from,
                        uint64_t *set)
{
    uint8_t bytes[8];
    int32_t status = hk_read_user(self, bytes, from, sizeof(bytes));

    if (status == HK_B_OK)
        *set = hk_get64(bytes);
    return status;
}

static int32_t write_set(const struct hk_thread *self, gm_addr to, uint64_t set)
{
    uint8_t bytes[8];

    hk_put64(bytes, set);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

/* ---- sending ---- */

enum { FLAG_QUEUE = 0x10000, FLAG_THREAD = 0x20000 };

int hk_may_signal(const struct hk_thread *self, const struct hk_team_slot *slot)
{
    uint32_t user = self->team->ids.user.effective;

    return user == 0 || user == slot->facts.uid;
}

static int32_t ask_other_team(struct hk_thread *self, int32_t id,
                              const struct hk_siginfo *info)
{
    struct hk_asking asking = {
        .asked = {.kind = HK_ASKED_SIGNAL,
                  .words = {(uint32_t)info->signal, (uint32_t)info->code,
                            info->value, (uint32_t)info->pid, info->uid}}};

    self->restart.is_required = 1;
    return hk_ask_thread(self, id, HK_ASK_TO_SIGNAL, &asking,
                         HK_INFINITE_TIMEOUT);
}

/* 0: the calling thread. */
static int32_t send_to_thread(struct hk_thread *self, int32_t id,
                              const struct hk_siginfo *info)
{
    struct hk_thread *thread;
    int32_t status = HK_B_BAD_THREAD_ID;

    pthread_mutex_lock(&self->team->lock);
    thread = hk_thread_find(self, id);
    if (thread != NULL)
        status = info->signal == 0 ? HK_B_OK : hk_signal_thread(thread, info);
    pthread_mutex_unlock(&self->team->lock);
    return thread != NULL ? status : ask_other_team(self, id, info);
}

static int32_t send_to_own_team(struct hk_thread *self,
                                const struct hk_siginfo *info)
{
    switch (info->signal) {
    case 0:
        return HK_B_OK;
    case HK_SIGKILL:
        hk_shared_signalled(hk_shared_of(self), self->team->id, info->uid);
        hk_end_team(self, 0, HK_SIGKILL);
        return HK_B_OK;
    case HK_SIGSTOP:
        hk_shared_signalled(hk_shared_of(self), self->team->id, info->uid);
        hk_team_stop(self, info);
        return HK_B_OK;
    default:
        return hk_signal_team(self->team, info);
    }
}

/* B_OK, or why another team is not to be signalled. */
static int32_t check_team(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t status = HK_B_BAD_TEAM_ID;
    uint32_t team;

    hk_shared_lock(shared);
    team = hk_shared_find_team(shared, id);
    if (team != 0)
        status = hk_may_signal(self, hk_shared_slot(shared, team))
                     ? HK_B_OK
                     : HK_B_NOT_ALLOWED;
    hk_shared_unlock(shared);
    return status;
}

/* SIGCONT may have come in the instant before the team stops. */
static void wake(struct hk_thread *self, int32_t id)
{
    enum { TRIES = 500, INTERVAL = 200000 /* ns */ };
    const struct timespec interval = {0, INTERVAL};
    const union sigval value = {.sival_ptr = HK_ONLY_WAKES};

    for (int i = 0; i < TRIES && hk_shared_is_to_wake(hk_shared_of(self), id);
         i++) {
        nanosleep(&interval, NULL);
        sigqueue(id, SIGCONT, value);
    }
}

/* Another team of the root is a process of the host; no other process is
 * reached. The kernel's is there, for root. */
static int32_t send_to_team(struct hk_thread *self, int32_t id,
                            const struct hk_siginfo *info)
{
    int host_signal = hk_signal_to_host(info->signal);
    union sigval value = {.sival_ptr = (void *)(uintptr_t)info->value};
    int32_t status;
    int result;

    if (id == 0 || id == self->team->id)
        return send_to_own_team(self, info);
    if (id == HK_KERNEL_TEAM)
        return info->signal == 0 && self->team->ids.user.effective == 0
                   ? HK_B_OK
                   : HK_B_NOT_ALLOWED;
    status = id > 0 ? check_team(self, id) : HK_B_BAD_TEAM_ID;
    if (status != HK_B_OK)
        return status;
    if (info->signal != 0 && host_signal == 0)
        return HK_B_BAD_VALUE;
    if (info->signal != 0) /* this team may be gone when it is taken */
        hk_shared_signalled(hk_shared_of(self), id, info->uid);
    hk_shared_note_signal(hk_shared_of(self), id, info->signal);
    if (info->code == HK_SI_QUEUE)
        result = sigqueue(id, host_signal, value);
    else
        result = kill(id, host_signal);
    if (result == 0 && info->signal == HK_SIGCONT)
        wake(self, id);
    if (result == 0)
        return HK_B_OK;
    return errno == ESRCH ? HK_B_BAD_TEAM_ID : hk_status_from_errno(errno);
}

/* The team that joined a process group last; 0: it has none. */
static int32_t newest_of_group(struct hk_shared *shared, int32_t group)
{
    int32_t team = 0, newest = 0;
    uint32_t joined = 0;

    while ((team = hk_shared_next_team(shared, team)) != 0) {
        const struct hk_team_slot *slot;

        if (getpgid(team) != group)
            continue;
        hk_shared_lock(shared);
        slot = hk_shared_slot(shared, hk_shared_find_team(shared, team));
        if (slot != NULL &&
            (newest == 0 || (int32_t)(slot->group_joined - joined) > 0)) {
            newest = team;
            joined = slot->group_joined;
        }
        hk_shared_unlock(shared);
    }
    return newest;
}

/* All teams of a process group, the own one last: the signal may end it. None
 * is sent it when the first of them, which joined last, may not be; others that
 * may not be are left out (send_signal_to_process_group_locked, signal.cpp). */
static int32_t send_to_group(struct hk_thread *self, int32_t group,
                             const struct hk_siginfo *info)
{
    int32_t first = newest_of_group(hk_shared_of(self), group), team = 0;
    int32_t status = first != 0 ? HK_B_OK : HK_B_BAD_TEAM_ID;

    if (first != 0 && first != self->team->id)
        status = send_to_team(self, first, info);
    if (status != HK_B_OK)
        return status;
    while ((team = hk_shared_next_team(hk_shared_of(self), team)) != 0)
        if (team != self->team->id && team != first && getpgid(team) == group)
            send_to_team(self, team, info);
    if (getpgrp() == group)
        status = send_to_own_team(self, info);
    return first == self->team->id ? status : HK_B_OK;
}

/* What ends or stops all of another team goes to its process. */
static int is_for_team(struct hk_thread *self, int32_t id, int32_t signal)
{
    return id != self->team->id && id != HK_KERNEL_TEAM &&
           hk_shared_has_team(hk_shared_of(self), id) &&
           (signal == HK_SIGKILL || signal == HK_SIGSTOP ||
            signal == HK_SIGCONT);
}

/* -1 is the own team: Haiku's kernel knows no broadcast. */
int64_t hk_sys_send_signal(struct hk_thread *self, int32_t id, uint32_t signal,
                           gm_addr user_value, uint32_t flags)
{
    struct hk_siginfo info = {.signal = (int32_t)signal,
                              .code = HK_SI_USER,
                              .pid = self->team->id,
                              .uid = self->team->ids.user.real};
    uint8_t value[4];

    if ((flags & FLAG_QUEUE) != 0)
        info.code = HK_SI_QUEUE;
    if (user_value != 0) {
        if (hk_read_user(self, value, user_value, sizeof(value)) != HK_B_OK)
            return HK_B_BAD_ADDRESS;
        info.value = hk_get32(value);
    }
    if (signal > HK_SIGNAL_MAX)
        return HK_B_BAD_VALUE;
    if (id == -1)
        return send_to_own_team(self, &info);
    if (id < 0)
        return send_to_group(self, id == INT32_MIN ? INT32_MAX : -id, &info);
    if ((flags & FLAG_THREAD) != 0 && !is_for_team(self, id, info.signal))
        return send_to_thread(self, id, &info);
    return send_to_team(self, id, &info);
}

/* ---- masks and actions ---- */

int64_t hk_sys_set_signal_mask(struct hk_thread *self, int32_t how, gm_addr set,
                               gm_addr old_set)
{
    enum { BLOCK = 1, UNBLOCK = 2, SET = 3 };
    uint64_t old = atomic_load(&self->signals->mask);
    uint64_t wanted = 0, ignored;

    if (set != 0 && read_set(self, set, &wanted) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (old_set != 0 && read_set(self, old_set, &ignored) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (set != 0) {
        if (how == BLOCK)
            wanted |= old;
        else if (how == UNBLOCK)
            wanted = old & ~wanted;
        else if (how != SET)
            return HK_B_BAD_VALUE;
    }
    if (set != 0)
        hk_signals_set_mask(self, wanted);
    return old_set != 0 ? write_set(self, old_set, old) : HK_B_OK;
}

void hk_sigaction_put(const struct hk_sigaction *action,
                      uint8_t bytes[HK_SIGACTION_SIZE])
{
    hk_put32(bytes, action->handler);
    hk_put64(bytes + 4, action->mask);
    hk_put32(bytes + 12, (uint32_t)action->flags);
    hk_put32(bytes + 16, action->user_data);
}

int64_t hk_sys_sigaction(struct hk_thread *self, int32_t sig, gm_addr action,
                         gm_addr old_action)
{
    struct hk_sigaction old, wanted;
    uint8_t bytes[HK_SIGACTION_SIZE], was[HK_SIGACTION_SIZE];

    if ((action != 0 &&
         hk_read_user(self, bytes, action, sizeof(bytes)) != HK_B_OK) ||
        (old_action != 0 &&
         hk_read_user(self, was, old_action, sizeof(was)) != HK_B_OK))
        return HK_B_BAD_ADDRESS;
    if (sig < 1 || sig > HK_SIGNAL_MAX ||
        (HK_SIGNAL_BIT(sig) & HK_UNBLOCKABLE) != 0)
        return HK_B_BAD_VALUE;
    if (action != 0) {
        wanted.handler = hk_get32(bytes);
        wanted.mask = hk_get64(bytes + 4) & ~HK_UNBLOCKABLE;
        wanted.flags = (int32_t)hk_get32(bytes + 12);
        wanted.user_data = hk_get32(bytes + 16);
    }
    old = hk_signals_get_action(self->team, sig);
    hk_sigaction_put(&old, was);
    if (action != 0)
        hk_signals_set_action(self->team, sig, &wanted);
    return old_action != 0 ? hk_write_user(self, old_action, was, sizeof(was))
                           : HK_B_OK;
}

int64_t hk_sys_sigpending(struct hk_thread *self, gm_addr set)
{
    uint64_t blocked = atomic_load(&self->signals->mask);

    if (set == 0)
        return HK_B_BAD_VALUE;
    return write_set(self, set, hk_signals_pending(self) & blocked);
}

/* stack_t. */
enum { STACK_SIZE = 12, ONSTACK = 1, DISABLE = 2 };

static int32_t set_stack(struct hk_thread_signals *signals, int is_on_stack,
                         const uint8_t wanted[STACK_SIZE])
{
    enum { MIN_SIZE = 8192 };
    uint32_t flags = hk_get32(wanted + 8);

    if ((flags & ~(uint32_t)DISABLE) != 0)
        return HK_B_BAD_VALUE;
    if (flags == DISABLE) {
        signals->has_stack = 0;
        return HK_B_OK;
    }
    if (hk_get32(wanted + 4) < MIN_SIZE)
        return HK_B_NO_MEMORY;
    if (is_on_stack)
        return HK_B_NOT_ALLOWED;
    if (hk_get32(wanted) >= HK_USER_LIMIT)
        return HK_B_BAD_VALUE;
    signals->stack_base = hk_get32(wanted);
    signals->stack_size = hk_get32(wanted + 4);
    signals->has_stack = 1;
    return HK_B_OK;
}

int64_t hk_sys_set_signal_stack(struct hk_thread *self, gm_addr new_stack,
                                gm_addr old_stack)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(self)->config.host->cpu;
    struct hk_thread_signals *signals = self->signals;
    uint32_t eax, esp;
    uint8_t wanted[STACK_SIZE], old[STACK_SIZE], was[STACK_SIZE];
    int32_t status = HK_B_OK;
    int is_on_stack;

    cpu->get_call(self->cpu, &eax, &esp);
    is_on_stack = hk_signals_is_on_stack(signals, esp);
    hk_put32(old, signals->stack_base);
    hk_put32(old + 4, signals->stack_size);
    hk_put32(old + 8, is_on_stack ? ONSTACK : signals->has_stack ? 0 : DISABLE);
    if ((new_stack != 0 &&
         hk_read_user(self, wanted, new_stack, sizeof(wanted)) != HK_B_OK) ||
        (old_stack != 0 &&
         hk_read_user(self, was, old_stack, sizeof(was)) != HK_B_OK))
        return HK_B_BAD_ADDRESS;
    if (new_stack != 0)
        status = set_stack(signals, is_on_stack, wanted);
    if (status != HK_B_OK || old_stack == 0)
        return status;
    return hk_write_user(self, old_stack, old, sizeof(old));
}

/* ---- waiting ---- */

/* Never executed again: a handler is what it waits for. */
int64_t hk_sys_sigsuspend(struct hk_thread *self, gm_addr mask)
{
    struct hk_thread_signals *signals = self->signals;
    uint64_t wanted;
    int32_t status;

    if (mask == 0)
        return HK_B_BAD_VALUE;
    if (read_set(self, mask, &wanted) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    self->restart.is_allowed = 0;
    signals->saved_mask = atomic_load(&signals->mask);
    signals->has_saved_mask = 1;
    hk_signals_set_mask(self, wanted);
    do {
        hk_wait_prepare(self);
        status = hk_wait(self, HK_INFINITE_TIMEOUT);
    } while (!hk_is_interrupted(self));
    return status;
}

/* There is no timer for a time below 0, as in snooze_etc. */
int64_t hk_sys_sigwait(struct hk_thread *self, gm_addr set, gm_addr info,
                       uint32_t flags, int64_t timeout)
{
    int is_never = timeout < 0 && (flags & HK_RELATIVE_TIMEOUT) == 0;
    int64_t deadline =
        is_never ? HK_INFINITE_TIMEOUT : hk_call_deadline(self, flags, timeout);
    struct hk_siginfo found;
    uint8_t bytes[HK_SIGINFO_SIZE];
    uint64_t wanted;
    int32_t status = HK_B_OK;

    if (read_set(self, set, &wanted) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    wanted &= ~HK_UNBLOCKABLE;
    self->restart.is_required = 1;
    hk_signals_want(self, wanted);
    while (!hk_signals_take(self, wanted, &found)) {
        if (hk_is_interrupted(self)) {
            status = HK_B_INTERRUPTED;
            break;
        }
        hk_wait_prepare(self);
        if (hk_signals_pending(self) & wanted)
            continue;
        status = hk_wait(self, deadline);
        if (status == HK_B_TIMED_OUT)
            break;
        status = HK_B_OK;
    }
    hk_signals_want(self, 0);
    if (status != HK_B_OK)
        return status == HK_B_TIMED_OUT ? HK_B_WOULD_BLOCK : status;
    hk_siginfo_put(&found, bytes);
    if (info == 0)
        return HK_B_OK;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}
