/* host_process.c -- what the host tells of its processes and threads. */
/* SPDX-License-Identifier: MIT */
#include "host_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length;

    if (fd < 0)
        return -1;
    length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0 ? 0 : -1;
}

/* The second word is the program's name in parentheses, with anything in it. */
int hk_host_task_get(int32_t process, int32_t thread, struct hk_host_task *task)
{
    const int64_t tick = 1000000 / sysconf(_SC_CLK_TCK);
    char path[64], text[1024];
    long long user, kernel, children_user, children_kernel;
    const char *end;

    if (thread != 0)
        snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", process, thread);
    else
        snprintf(path, sizeof(path), "/proc/%d/stat", process);
    if (read_file(path, text, sizeof(text)) != 0)
        return -1;
    end = strrchr(text, ')');
    if (end == NULL ||
        sscanf(end + 1,
               " %c %d %*d %*d %*d %d %*u %*u %*u %*u %*u %lld %lld %lld %lld",
               &task->state, &task->parent, &task->terminal_group, &user,
               &kernel, &children_user, &children_kernel) != 7)
        return -1;
    task->user_time = user * tick;
    task->kernel_time = kernel * tick;
    task->children_user_time = children_user * tick;
    task->children_kernel_time = children_kernel * tick;
    return 0;
}

/* The host names the clock of a thread's time after its id: the complement of
 * that is in the bits from the fourth on. */
int32_t hk_host_thread_id(pthread_t thread)
{
    enum { CLOCK_BITS = 3 };
    clockid_t clock = 0;

    pthread_getcpuclockid(thread, &clock);
    return ~(clock >> CLOCK_BITS);
}
