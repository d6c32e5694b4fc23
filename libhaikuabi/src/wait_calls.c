/* wait_calls.c -- waiting for children. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "clock.h"
#include "shared.h"
#include "signals.h"
#include "syscalls.h"
#include "team.h"

/* haiku-abi/structs.md, "wait options". */
enum {
    OPTION_NOHANG = 1,
    OPTION_UNTRACED = 2,
    OPTION_CONTINUED = 4,
    OPTION_EXITED = 8,
    OPTION_STOPPED = 16,
    OPTION_NOWAIT = 32
};

static int host_options(uint32_t flags)
{
    int options = WNOHANG;

    if ((flags & OPTION_EXITED) != 0)
        options |= WEXITED;
    if ((flags & (OPTION_UNTRACED | OPTION_STOPPED)) != 0)
        options |= WSTOPPED;
    if ((flags & OPTION_CONTINUED) != 0)
        options |= WCONTINUED;
    if ((flags & OPTION_NOWAIT) != 0)
        options |= WNOWAIT;
    return options;
}

static void fill_info(struct hk_shared *shared, const siginfo_t *host,
                      struct hk_siginfo *info)
{
    int signal = hk_signal_from_host(host->si_status);
    int stopped_by;

    *info = (struct hk_siginfo){.signal = HK_SIGCHLD, .pid = host->si_pid};
    switch (host->si_code) {
    case CLD_EXITED:
        info->code = HK_CLD_EXITED;
        info->status =
            hk_shared_exit_status(shared, host->si_pid, host->si_status);
        return;
    case CLD_STOPPED:
    case CLD_TRAPPED:
        info->code = HK_CLD_STOPPED;
        stopped_by = hk_shared_stopped_by(shared, host->si_pid);
        if (stopped_by != 0)
            signal = stopped_by;
        break;
    case CLD_CONTINUED:
        info->code = HK_CLD_CONTINUED;
        return;
    default:
        info->code = HK_CLD_KILLED;
        break;
    }
    info->status = signal;
}

/* 1 and the child that has changed, 0 when none has yet, or an error. */
static int32_t look(struct hk_thread *self, int32_t child, int options,
                    struct hk_siginfo *info)
{
    siginfo_t host = {.si_pid = 0};
    idtype_t type = P_ALL;
    id_t id = 0;

    if (child > 0) {
        type = P_PID;
        id = (id_t)child;
    } else if (child != -1) {
        type = P_PGID;
        id = child == 0 ? (id_t)getpgrp() : (id_t)-child;
    }
    if (waitid(type, id, &host, options) != 0)
        return errno == ECHILD ? HK_ECHILD : hk_status_from_errno(errno);
    if (host.si_pid == 0)
        return 0;
    fill_info(hk_shared_of(self), &host, info);
    if (host.si_code != CLD_EXITED)
        info->uid = hk_shared_signaller(hk_shared_of(self), host.si_pid);
    return 1;
}

/* Who has asked for no news of children: those that change are forgotten, and
 * waiting ends when none is left. */
static int forgets_children(struct hk_team *team)
{
    struct hk_sigaction action = hk_signals_get_action(team, HK_SIGCHLD);

    return action.handler == HK_SIG_IGN ||
           (action.flags & HK_SA_NOCLDWAIT) != 0;
}

/* The usage of all children that were waited for: the host tells no single
 * one's with waitid. */
static int32_t write_usage(struct hk_thread *self, gm_addr to,
                           const struct rusage *before)
{
    struct rusage now;
    uint8_t bytes[16];
    int64_t user, kernel;

    getrusage(RUSAGE_CHILDREN, &now);
    user = (now.ru_utime.tv_sec - before->ru_utime.tv_sec) * 1000000 +
           (now.ru_utime.tv_usec - before->ru_utime.tv_usec);
    kernel = (now.ru_stime.tv_sec - before->ru_stime.tv_sec) * 1000000 +
             (now.ru_stime.tv_usec - before->ru_stime.tv_usec);
    hk_put64(bytes, (uint64_t)user);
    hk_put64(bytes + 8, (uint64_t)kernel);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

/* 1 and the child, or an error; *before is the usage of those before it. */
static int32_t await_child(struct hk_thread *self, int32_t child,
                           uint32_t flags, struct hk_siginfo *found,
                           struct rusage *before)
{
    int forgets = -1; /* found out behind the first wait, as on Haiku */

    for (;;) {
        unsigned seen = hk_changes(self->team);
        int32_t result;

        getrusage(RUSAGE_CHILDREN, before);
        result = look(self, child, host_options(flags), found);
        if (result > 0 && forgets > 0)
            continue;
        if (result != 0)
            return result;
        if ((flags & OPTION_NOHANG) != 0)
            return HK_B_WOULD_BLOCK;
        result = hk_wait_change(self, seen, HK_INFINITE_TIMEOUT);
        if (result != HK_B_OK)
            return result;
        if (forgets < 0)
            forgets = forgets_children(self->team);
        if (forgets)
            flags &= ~(uint32_t)OPTION_NOWAIT;
    }
}

int64_t hk_sys_wait_for_child(struct hk_thread *self, int32_t child,
                              uint32_t flags, gm_addr info, gm_addr usage_info)
{
    const uint32_t events =
        OPTION_EXITED | OPTION_UNTRACED | OPTION_STOPPED | OPTION_CONTINUED;
    struct hk_siginfo found, other;
    struct rusage before;
    uint8_t bytes[HK_SIGINFO_SIZE];
    int32_t result;

    if (info >= HK_USER_LIMIT || usage_info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if ((flags & events) == 0)
        return HK_B_BAD_VALUE;
    if (child == INT32_MIN)
        return HK_ECHILD;
    result = await_child(self, child, flags, &found, &before);
    if (result < 0)
        return result;
    if (look(self, child, host_options(flags | OPTION_NOWAIT), &other) <= 0)
        hk_signals_drop_blocked(self->team, HK_SIGCHLD);
    hk_siginfo_put(&found, bytes);
    if (info != 0 && hk_write_user(self, info, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (usage_info != 0 && write_usage(self, usage_info, &before) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return found.pid;
}

int32_t hk_team_wait_status(struct hk_thread *self, int32_t id, int32_t *status)
{
    siginfo_t host = {.si_pid = 0};

    if (waitid(P_PID, (id_t)id, &host, WEXITED | WNOWAIT | WNOHANG) != 0)
        return HK_B_BAD_THREAD_ID;
    if (host.si_pid == 0)
        return 0;
    *status =
        host.si_code == CLD_EXITED
            ? hk_shared_exit_status(hk_shared_of(self), id, host.si_status)
            : HK_B_INTERRUPTED;
    return 1;
}

/* A team that has ended is none, also one that nobody has waited for. */
int64_t hk_sys_wait_for_team(struct hk_thread *self, int32_t team,
                             gm_addr return_code)
{
    int64_t status;

    if (return_code >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (team != self->team->id && !hk_shared_has_team(hk_shared_of(self), team))
        return HK_B_BAD_TEAM_ID;
    status = hk_sys_wait_for_thread(self, team, return_code);
    return status == HK_B_BAD_THREAD_ID ? HK_B_BAD_TEAM_ID : status;
}
