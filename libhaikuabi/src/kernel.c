/* kernel.c -- a kernel with its team, and what they tell the host. */
/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "area.h"
#include "clock.h"
#include "debug.h"
#include "disk_calls.h"
#include "fd.h"
#include "monitor.h"
#include "mutex.h"
#include "program.h"
#include "shared.h"
#include "syscall_table.h"
#include "team.h"
#include "thread.h"
#include "timer.h"
#include "vfs.h"

const char *hk_error_text(int error)
{
    switch (error) {
#define X(name, value, text)                                                   \
    case value:                                                                \
        return text;
        HK_ERRORS(X)
#undef X
    }
    return "unknown error";
}

const char *hk_release_name(enum hk_release release)
{
    static const char *const names[] = {"r1beta4", "r1beta5", "r1beta6"};

    if ((unsigned)release >= sizeof(names) / sizeof(names[0]))
        return NULL;
    return names[release];
}

void hk_report(const struct hk_kernel *kernel, const char *format, ...)
{
    const struct hk_host *host = kernel->config.host;
    char line[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    host->report(host->host, line);
}

static void free_team(struct hk_team *team)
{
    if (team == NULL)
        return;
    hk_debug_free(team);
    hk_monitors_free(team->monitors);
    hk_fds_free(team->fds); /* masters of terminals are in what is shared */
    if (team->shared != NULL)
        hk_shared_leave(team->shared);
    hk_shared_close(team->shared);
    hk_disk_listeners_free(team);
    hk_mutexes_free(team->mutexes);
    hk_timers_free(team->timers);
    hk_signals_free(team->signals);
    hk_areas_free(team->areas);
    pthread_mutex_destroy(&team->lock);
    free(team);
}

static int new_team(struct hk_kernel *kernel)
{
    struct hk_team *team = calloc(1, sizeof(*team));
    int result;

    if (team == NULL)
        return HK_ERR_NOMEM;
    kernel->team = team;
    pthread_mutex_init(&team->lock, NULL);
    team->kernel = kernel;
    team->space = kernel->config.space;
    team->id = (int32_t)getpid();
    team->start_time = hk_system_time();
    team->result_fd = team->resume_fd = -1;
    result = hk_areas_new(&team->areas);
    if (result == 0)
        result = hk_signals_new(&team->signals);
    if (result == 0)
        result = hk_timers_new(&team->timers);
    if (result == 0)
        result = hk_debug_new(&team->debug);
    if (result == 0)
        result = hk_monitors_new(team, &team->monitors);
    if (result == 0)
        result = hk_mutexes_new(&team->mutexes);
    if (result == 0)
        result = hk_fds_new(kernel->vfs, kernel->config.working_directory,
                            &team->fds);
    if (result == 0)
        result = hk_shared_open(kernel->config.shared_directory,
                                kernel->config.root, &team->shared);
    if (result == 0) {
        team->shared->boot_time = kernel->config.boot_time;
        hk_shared_join(team->shared, team->id);
        hk_shared_tell_team(team);
        hk_team_tell_directory(team);
        hk_shared_set_ready(team->shared);
    }
    return result;
}

int hk_kernel_new(const struct hk_config *config, struct hk_kernel **kernel)
{
    struct hk_kernel *made;
    int result;

    if (gm_space_size(config->space) != UINT64_C(1) << 32 ||
        hk_release_name(config->release) == NULL)
        return HK_ERR_INVALID;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        return HK_ERR_NOMEM;
    made->config = *config;
    hk_release_rows(config->release, &made->rows, &made->row_count);
    made->reported = calloc(HK_ROW_COUNT, sizeof(*made->reported));
    result = made->reported == NULL ? HK_ERR_NOMEM
                                    : hk_vfs_new(&made->config, &made->vfs);
    if (result == 0)
        result = new_team(made);
    if (result < 0) {
        hk_kernel_free(made);
        return result;
    }
    *kernel = made;
    return 0;
}

void hk_kernel_free(struct hk_kernel *kernel)
{
    if (kernel == NULL)
        return;
    if (kernel->team != NULL)
        hk_threads_free(kernel->team);
    free_team(kernel->team);
    hk_vfs_free(kernel->vfs);
    free(kernel->reported);
    free(kernel);
}

int hk_start(struct hk_kernel *kernel, const char *path,
             const char *const *argv, const char *const *envp,
             struct hk_thread **thread, void **cpu)
{
    struct hk_arguments arguments;
    struct hk_thread *made;
    int result = hk_arguments_new(path, argv, envp, &arguments);

    if (result < 0)
        return result;
    arguments.umask = kernel->config.umask;
    made = hk_thread_new(kernel->team);
    if (made != NULL)
        hk_thread_add(made); /* a main thread is not refused */
    result = made == NULL ? HK_ERR_NOMEM : hk_program_load(made, &arguments);
    hk_arguments_free(&arguments);
    if (result < 0) {
        if (made != NULL)
            hk_thread_free(made);
        return result;
    }
    *thread = made;
    *cpu = made->cpu;
    return 0;
}

/* The others end before what they wait for does. The main thread's end would
 * be the team's once more: it sleeps. */
static void end_threads(struct hk_thread *self)
{
    struct hk_team *team = self->team;

    pthread_mutex_lock(&team->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next) {
        if (thread == self)
            continue;
        if (thread->life->is_main)
            hk_thread_suspend(thread);
        else
            hk_thread_kill(thread);
    }
    pthread_mutex_unlock(&team->lock);
}

void hk_end_team(struct hk_thread *self, int32_t status, int signal)
{
    const struct hk_host *host = hk_kernel_of(self)->config.host;
    int host_signal = hk_signal_to_host(signal);

    end_threads(self);
    hk_debug_tell_end(self->team, status, signal);
    hk_shared_end(self->team->shared, signal != 0 ? HK_B_INTERRUPTED : status);
    host->end_team(host->host, signal != 0 ? 128 + signal : status,
                   host_signal);
}
