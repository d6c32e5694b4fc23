/* team.c -- fork, exec and the end of a team. */
/* SPDX-License-Identifier: MIT */
#include "team.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "clock.h"
#include "debug.h"
#include "fd.h"
#include "hold.h"
#include "host_process.h"
#include "kernel_team.h"
#include "known_dirs.h"
#include "monitor.h"
#include "mutex.h"
#include "range_locks.h"
#include "request.h"
#include "shared.h"
#include "syscalls.h"
#include "thread.h"
#include "timer.h"

/* ---- the end ---- */

int64_t hk_sys_exit_team(struct hk_thread *self, int32_t return_value)
{
    if (hk_debug_wants(self->team, HK_DEBUG_PREVENT_EXIT))
        hk_debug_be_debugged(self);
    hk_end_team(self, return_value, 0);
    self->exiting = 1;
    return HK_B_OK;
}

/* The thread itself is sent the signal: the call does not return before. */
void hk_team_stop(struct hk_thread *self, const struct hk_siginfo *info)
{
    struct hk_shared *shared = hk_shared_of(self);

    if (!hk_shared_begin_stop(shared, info))
        return;
    hk_hold_close(shared->hold);
    syscall(SYS_tgkill, self->team->id, self->id, SIGSTOP);
    hk_hold_open(shared->hold);
    hk_shared_end_stop(shared);
}

/* Other teams of the root end by the host's SIGKILL. */
int64_t hk_sys_kill_team(struct hk_thread *self, int32_t team)
{
    if (team == self->team->id)
        hk_end_team(self, 0, HK_SIGKILL);
    if (team == HK_KERNEL_TEAM)
        return HK_B_NOT_ALLOWED;
    if (!hk_shared_has_team(self->team->shared, team))
        return HK_B_BAD_TEAM_ID;
    hk_shared_signalled(self->team->shared, team, self->team->ids.user.real);
    if (kill(team, SIGKILL) != 0)
        return errno == ESRCH ? HK_B_BAD_TEAM_ID : HK_B_NOT_ALLOWED;
    return HK_B_OK;
}

int64_t hk_sys_get_current_team(struct hk_thread *self)
{
    return self->team->id;
}

/* ---- fork ---- */

/* All that another thread may be changing, in the order of taking. */
static void lock_all(struct hk_team *team)
{
    hk_monitors_lock(team->monitors);
    hk_fds_before_fork(team->fds);
    hk_known_dirs_before_fork(team->kernel->vfs->known_dirs);
    pthread_mutex_lock(&team->debug->lock);
    pthread_mutex_lock(&team->areas->lock);
    hk_range_locks_before_fork(hk_range_locks_of(team));
    pthread_mutex_lock(&team->lock);
    hk_signals_lock(team->signals);
    gm_space_before_fork(team->space);
}

static void unlock_all(struct hk_team *team, int is_child)
{
    gm_space_after_fork(team->space);
    hk_signals_unlock(team->signals);
    pthread_mutex_unlock(&team->lock);
    hk_range_locks_after_fork(hk_range_locks_of(team), is_child);
    pthread_mutex_unlock(&team->areas->lock);
    pthread_mutex_unlock(&team->debug->lock);
    hk_known_dirs_after_fork(team->kernel->vfs->known_dirs, is_child);
    hk_fds_after_fork(team->fds, is_child);
    hk_monitors_unlock(team->monitors);
}

/* user_thread of the child: signals deferred, alone in the user area. */
static void begin_child(struct hk_thread *self)
{
    enum { SLOT_ID = 4, DEFER_SIGNALS = 12 };
    struct hk_team *team = self->team;
    const struct hk_host *host = team->kernel->config.host;
    uint8_t word[4];
    int32_t memory;

    team->id = (int32_t)getpid();
    team->start_time = hk_system_time();
    team->has_execed = 0;
    hk_threads_fork_child(self);
    hk_mutexes_fork_child(team->mutexes);
    hk_timers_fork_child(team->timers);
    hk_monitors_fork_child(team->monitors);
    hk_shared_join(team->shared, team->id);
    hk_fds_fork_child(team->fds, team->shared);
    memory = hk_areas_fork_child(self);
    hk_debug_fork_child(self);
    hk_thread_tell(self);
    hk_shared_tell_team(team);
    hk_team_tell_directory(team);
    hk_shared_set_ready(team->shared);
    if (memory != HK_B_OK)
        hk_end_team(self, 0, HK_SIGKILL);
    hk_signals_fork_child(self);
    memset(team->user_slots, 0, sizeof(team->user_slots));
    hk_user_thread_keep(self);
    host->after_fork(host->host, self, self->cpu);
    host->cpu->reset_fpu(self->cpu);
    hk_clocks_follow(team);
    hk_put32(word, (uint32_t)self->id);
    hk_write_user(self, self->tls + SLOT_ID, word, sizeof(word));
    hk_put32(word, 1);
    hk_write_user(self, self->user_thread + DEFER_SIGNALS, word, sizeof(word));
}

/* As a team begins with a thread, there has to be room for both. */
static int32_t check_room(struct hk_shared *shared)
{
    int32_t status = HK_B_OK;

    hk_shared_lock(shared);
    if (!hk_shared_has_room(shared, HK_POOL_TEAMS, HK_TEAMS_LIMIT))
        status = HK_B_NO_MORE_TEAMS;
    else if (!hk_shared_has_room(shared, HK_POOL_THREADS, HK_THREADS_LIMIT))
        status = HK_B_NO_MORE_THREADS;
    hk_shared_unlock(shared);
    return status;
}

int32_t hk_team_fork(struct hk_thread *self)
{
    const struct hk_host *host = self->team->kernel->config.host;
    int32_t status = check_room(self->team->shared);
    sigset_t all, old;
    pid_t child;
    int error;

    if (status != HK_B_OK)
        return status;
    /* A signal for the child must find a child that is set up. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    lock_all(self->team);
    host->before_fork(host->host, self, self->cpu);
    child = fork();
    error = errno;
    if (child == 0)
        hk_hold_fork_child(self->team->shared->hold);
    unlock_all(self->team, child == 0);
    if (child == 0)
        begin_child(self);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (child > 0) {
        hk_shared_await(self->team->shared, (int32_t)child);
        hk_debug_team_created(self, (int32_t)child);
    }
    if (child >= 0)
        return (int32_t)child;
    return error == EAGAIN ? HK_B_NO_MORE_TEAMS : hk_status_from_errno(error);
}

int64_t hk_sys_fork(struct hk_thread *self)
{
    return hk_team_fork(self);
}

/* ---- exec ---- */

/* What Haiku's loader calls loading_app_failed with. */
static int32_t load_status(int error)
{
    static const struct {
        int error;
        int32_t status;
    } rows[] = {
        {HK_ERR_NOMEM, HK_B_NO_MEMORY},
        {HK_ERR_NOTFOUND, HK_B_ENTRY_NOT_FOUND},
        {HK_ERR_ACCESS, HK_B_PERMISSION_DENIED},
        {HK_ERR_NOEXEC, HK_B_NOT_AN_EXECUTABLE},
        {HK_ERR_NOLIBRARY, HK_B_MISSING_LIBRARY},
        {HK_ERR_NOSYMBOL, HK_B_MISSING_SYMBOL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].error == error)
            return rows[i].status;
    return HK_B_ERROR;
}

void hk_team_exec(struct hk_thread *self, const struct hk_arguments *arguments)
{
    struct hk_team *team = self->team;
    int result;

    hk_ids_take_file(self, arguments->path);
    hk_fds_exec(self);
    hk_timers_clear(team->timers);
    hk_clock_reset_thread(self);
    hk_monitors_clear(team->monitors);
    hk_shared_clear(team->shared);
    hk_signals_exec(self);
    hk_user_thread_release(self);
    hk_breakpoints_drop(team, 0);
    hk_areas_clear(team);
    self->restart.is_armed = 0;
    result = hk_program_load(self, arguments);
    if (result == HK_ERR_LOADER)
        hk_end_team(self, 0, HK_SIGKILL);
    else if (result < 0)
        hk_sys_loading_app_failed(self, load_status(result));
    self->registers_set = 1;
}

static void tell_exec(struct hk_thread *self)
{
    struct hk_shared *shared = self->team->shared;

    hk_thread_tell_name(self);
    hk_shared_lock(shared);
    hk_system_tell(shared, HK_TEAM_EXEC, self->team->id, self->team->id);
    hk_shared_unlock(shared);
}

/* In the main thread alone; before r1beta6 there may be no other one. The file
 * is looked at by the new program's loader alone. */
int64_t hk_sys_exec(struct hk_thread *self, gm_addr path, gm_addr flat_args,
                    uint32_t flat_args_size, int32_t arg_count,
                    int32_t env_count, uint32_t umask)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    char program[HK_PATH_LENGTH];
    struct hk_arguments arguments;
    int32_t status;

    if (flat_args >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    status = hk_read_user_string(self, program, path, sizeof(program));
    if (status == HK_B_BAD_ADDRESS)
        return status;
    program[sizeof(program) - 1] = '\0'; /* one that is too long is cut */
    status = hk_arguments_read(self, flat_args, flat_args_size, arg_count,
                               env_count, &arguments);
    if (status != HK_B_OK)
        return status;
    if (!self->life->is_main || (self->team->thread_count > 1 && !is_r1beta6)) {
        hk_arguments_free(&arguments);
        return HK_B_NOT_ALLOWED;
    }
    hk_threads_end_others(self->team);
    arguments.path = program;
    arguments.umask = umask;
    self->team->has_execed = 1;
    hk_team_exec(self, &arguments);
    hk_arguments_free(&arguments);
    tell_exec(self);
    hk_debug_exec(self);
    return HK_B_OK;
}

/* ---- groups and sessions: the host's ---- */

int64_t hk_sys_setsid(struct hk_thread *self)
{
    pid_t session = setsid();

    if (session < 0)
        return hk_status_from_errno(errno);
    hk_shared_join_group(hk_shared_of(self), 0);
    return session;
}

static int32_t parent_of(int32_t process)
{
    struct hk_host_task task;

    return hk_host_task_get(process, 0, &task) == 0 ? task.parent : -1;
}

/* Whether a process that is not of its group, but of its session, started a
 * team, or the host's process between them. */
static int is_looked_after(int32_t team, pid_t group, pid_t session)
{
    int32_t parent = parent_of(team);

    while (parent > 0 && getpgid(parent) == group)
        parent = parent_of(parent);
    return parent > 0 && getsid(parent) == session;
}

int hk_team_is_orphaned(struct hk_thread *self)
{
    pid_t group = getpgrp(), session = getsid(0);
    int32_t team = 0;

    while ((team = hk_shared_next_team(hk_shared_of(self), team)) != 0)
        if (getpgid(team) == group && is_looked_after(team, group, session))
            return 0;
    return 1;
}

static int is_team(struct hk_thread *self, int32_t process)
{
    return process == 0 || process == self->team->id ||
           hk_shared_has_team(self->team->shared, process);
}

static int is_group(struct hk_shared *shared, int32_t group)
{
    int32_t team = 0;

    while ((team = hk_shared_next_team(shared, team)) != 0)
        if (getpgid(team) == group)
            return 1;
    return 0;
}

static int is_descendant(struct hk_thread *self, int32_t process)
{
    while (process > 1 && process != self->team->id)
        process = parent_of(process);
    return process == self->team->id;
}

/* What is wrong also when the team is in that group already. */
static int32_t check_process(struct hk_thread *self, int32_t process)
{
    if (!is_team(self, process))
        return HK_ESRCH;
    if (hk_kernel_of(self)->config.release < HK_R1BETA6)
        return HK_B_OK;
    if (!is_descendant(self, process))
        return HK_ESRCH;
    return getsid(process) == process ? HK_B_NOT_ALLOWED : HK_B_OK;
}

static int has_execed(struct hk_shared *shared, int32_t process)
{
    const struct hk_team_slot *slot;
    int result;

    hk_shared_lock(shared);
    slot = hk_shared_slot(shared, hk_shared_find_team(shared, process));
    result = slot != NULL && slot->facts.has_execed;
    hk_shared_unlock(shared);
    return result;
}

/* Before r1beta6 children alone are moved, since then theirs as well. */
static int32_t check_move(struct hk_thread *self, int32_t process)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    int32_t own = self->team->id;

    if (process == own)
        return getsid(0) == own ? HK_B_NOT_ALLOWED : HK_B_OK;
    if ((!is_r1beta6 && parent_of(process) != own) ||
        hk_team_session(hk_shared_of(self), process) != getsid(0))
        return HK_B_NOT_ALLOWED;
    return has_execed(hk_shared_of(self), process) ? HK_B_PERMISSION_DENIED
                                                   : HK_B_OK;
}

int32_t hk_team_set_group(int32_t group)
{
    return setpgid(0, group) == 0 ? HK_B_OK : hk_status_from_errno(errno);
}

/* The host lets a process move its children, not theirs. */
static int32_t move_to_group(struct hk_thread *self, int32_t process,
                             int32_t group)
{
    struct hk_asking asking = {
        .asked = {.kind = HK_ASKED_SET_GROUP, .words = {(uint32_t)group}}};

    if (setpgid(process, group) == 0)
        return HK_B_OK;
    if (errno != ESRCH)
        return hk_status_from_errno(errno);
    self->restart.is_required = 1;
    return hk_ask_team(self, process, &asking);
}

int64_t hk_sys_setpgid(struct hk_thread *self, int32_t process, int32_t group)
{
    int32_t status;

    if (group < 0)
        return HK_B_BAD_VALUE;
    if (process == 0)
        process = self->team->id;
    if (group == 0)
        group = process;
    if (group != process && !is_group(hk_shared_of(self), group))
        return HK_B_NOT_ALLOWED;
    status = check_process(self, process);
    if (status != HK_B_OK)
        return status;
    if (hk_team_group(hk_shared_of(self), process) == group)
        return group;
    status = check_move(self, process);
    if (status == HK_B_OK)
        status = move_to_group(self, process, group);
    if (status != HK_B_OK)
        return status;
    hk_shared_join_group(hk_shared_of(self), process);
    return group;
}

int64_t hk_sys_process_info(struct hk_thread *self, int32_t process,
                            int32_t which)
{
    enum { SESSION_ID = 1, GROUP_ID = 2, PARENT_ID = 3 };
    struct hk_shared *shared = hk_shared_of(self);
    int32_t id;

    if (process < 0 || which < SESSION_ID || which > PARENT_ID)
        return HK_B_BAD_VALUE;
    if (!is_team(self, process))
        return HK_ESRCH;
    if (process == 0)
        process = self->team->id;
    if (which == PARENT_ID && hk_is_kernel_team(shared, process))
        return HK_B_BAD_VALUE;
    if (which == SESSION_ID)
        id = hk_team_session(shared, process);
    else if (which == GROUP_ID)
        id = hk_team_group(shared, process);
    else
        id = hk_team_parent(shared, process);
    return id < 0 ? HK_ESRCH : id;
}
