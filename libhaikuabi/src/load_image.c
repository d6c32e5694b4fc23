/* load_image.c -- a new team with its own program. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "clock.h"
#include "debug.h"
#include "shared.h"
#include "signals.h"
#include "syscalls.h"
#include "team.h"
#include "thread.h"

/*
 * The child tells its loader's result through a pipe and then sleeps on
 * another one until its parent resumes it; the parent keeps both in a list
 * by the child's id.
 */
struct hk_loading {
    int32_t id;
    int result_fd, resume_fd;
    struct hk_loading *next;
};

static void close_loading(struct hk_loading *loading)
{
    close(loading->result_fd);
    close(loading->resume_fd);
    free(loading);
}

static void forget_children(struct hk_team *team)
{
    while (team->loading != NULL) {
        struct hk_loading *loading = team->loading;

        team->loading = loading->next;
        close_loading(loading);
    }
}

/* In the child: until the parent closes its end, or ends itself, or a debugger
 * wants the program to run. What others ask for is done. */
static void sleep_until_resumed(struct hk_thread *self)
{
    const atomic_uint *resumes = &self->team->debug->resumes;
    unsigned seen = atomic_load(resumes);
    struct pollfd parent = {.fd = self->team->resume_fd, .events = POLLIN};
    int is_late = 0;
    int32_t status;

    do {
        parent.revents = 0;
        status =
            hk_block_once(self, &parent, 1, HK_INFINITE_TIMEOUT, resumes, seen);
        if (status == HK_B_INTERRUPTED && hk_debug_put_off(self, &is_late))
            break;
    } while (parent.revents == 0 && atomic_load(resumes) == seen);
    if (is_late)
        hk_interrupt_self(self);
}

void hk_team_loaded(struct hk_thread *self, int32_t status)
{
    struct hk_team *team = self->team;

    if (team->result_fd < 0)
        return;
    if (write(team->result_fd, &status, sizeof(status)) == sizeof(status) &&
        status == HK_B_OK)
        sleep_until_resumed(self);
    close(team->result_fd);
    close(team->resume_fd);
    team->result_fd = team->resume_fd = -1;
}

static int32_t make_pipes(int result[2], int resume[2])
{
    if (pipe2(result, O_CLOEXEC) != 0)
        return hk_status_from_errno(errno);
    if (pipe2(resume, O_CLOEXEC) != 0) {
        int error = errno;

        close(result[0]);
        close(result[1]);
        return hk_status_from_errno(error);
    }
    return HK_B_OK;
}

enum { FLAG_WAIT_TILL_LOADED = 1 };

/* In the child, from here on another team. */
static void become(struct hk_thread *self, struct hk_arguments *arguments,
                   int result_fd, int resume_fd, uint32_t flags)
{
    struct hk_team *team = self->team;

    forget_children(team);
    self->priority = HK_NORMAL_PRIORITY;
    if (team->result_fd >= 0) {
        close(team->result_fd);
        close(team->resume_fd);
    }
    team->result_fd = result_fd;
    team->resume_fd = resume_fd;
    if ((flags & FLAG_WAIT_TILL_LOADED) == 0) {
        sleep_until_resumed(self);
        close(result_fd);
        close(resume_fd);
        team->result_fd = team->resume_fd = -1;
    }
    hk_team_exec(self, arguments);
}

/* What the loader says; a child that ends before it does has failed. */
static int32_t read_result(int fd)
{
    int32_t status = HK_B_ERROR;
    ssize_t size;

    do {
        size = read(fd, &status, sizeof(status));
    } while (size < 0 && errno == EINTR);
    return size == sizeof(status) ? status : HK_B_ERROR;
}

static int32_t start(struct hk_thread *self, struct hk_arguments *arguments,
                     uint32_t flags)
{
    struct hk_loading *loading = calloc(1, sizeof(*loading));
    int result[2], resume[2];
    int32_t status = HK_B_NO_MEMORY;
    int32_t child;

    if (loading != NULL)
        status = make_pipes(result, resume);
    if (status != HK_B_OK) {
        free(loading);
        return status;
    }
    child = hk_team_fork(self);
    if (child == 0) {
        close(result[0]);
        close(resume[1]);
        free(loading);
        become(self, arguments, result[1], resume[0], flags);
        return HK_B_OK;
    }
    close(result[1]);
    close(resume[0]);
    loading->id = child;
    loading->result_fd = result[0];
    loading->resume_fd = resume[1];
    status = child;
    if (child > 0 && (flags & FLAG_WAIT_TILL_LOADED) != 0)
        status = read_result(result[0]);
    if (status < 0) {
        close_loading(loading);
        return status;
    }
    pthread_mutex_lock(&self->team->lock);
    loading->next = self->team->loading;
    self->team->loading = loading;
    pthread_mutex_unlock(&self->team->lock);
    return child;
}

/* As on Haiku nothing interrupts the wait for the loader, the priority is not
 * looked at, and a path that is too long is cut. */
int64_t hk_sys_load_image(struct hk_thread *self, gm_addr flat_args,
                          uint32_t flat_args_size, int32_t arg_count,
                          int32_t env_count, int32_t priority, uint32_t flags,
                          int32_t error_port, uint32_t error_token)
{
    char path[HK_PATH_LENGTH];
    struct hk_arguments arguments;
    int32_t status;

    (void)priority;
    if (arg_count < 1)
        return HK_B_BAD_VALUE;
    status = hk_arguments_read(self, flat_args, flat_args_size, arg_count,
                               env_count, &arguments);
    if (status != HK_B_OK)
        return status;
    snprintf(path, sizeof(path), "%s", arguments.strings);
    arguments.path = path;
    arguments.error_port = error_port;
    arguments.error_token = error_token;
    status = start(self, &arguments, flags);
    hk_arguments_free(&arguments);
    return status;
}

int32_t hk_team_resume(struct hk_thread *self, int32_t id)
{
    struct hk_loading *found = NULL;

    pthread_mutex_lock(&self->team->lock);
    for (struct hk_loading **link = &self->team->loading; *link != NULL;
         link = &(*link)->next) {
        if ((*link)->id != id)
            continue;
        found = *link;
        *link = found->next;
        break;
    }
    pthread_mutex_unlock(&self->team->lock);
    if (found == NULL)
        return HK_B_BAD_THREAD_ID;
    close_loading(found); /* the end of the pipe resumes it */
    return HK_B_OK;
}
