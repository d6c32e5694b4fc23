/* thread.c -- threads of a team. */
/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "program.h"

enum { NORMAL_PRIORITY = 10 };

struct hk_thread *hk_thread_new(struct hk_team *team)
{
    const struct hk_host *host = team->kernel->config.host;
    struct hk_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL)
        return NULL;
    thread->cpu = host->cpu->new_cpu(host->host);
    if (thread->cpu == NULL) {
        free(thread);
        return NULL;
    }
    thread->team = team;
    thread->id = (int32_t)syscall(SYS_gettid);
    thread->priority = NORMAL_PRIORITY;
    thread->stack_area = -1;
    pthread_mutex_lock(&team->lock);
    thread->next = team->threads;
    team->threads = thread;
    team->thread_count++;
    pthread_mutex_unlock(&team->lock);
    return thread;
}

void hk_thread_free(struct hk_thread *thread)
{
    struct hk_team *team = thread->team;
    struct hk_thread **link = &team->threads;

    pthread_mutex_lock(&team->lock);
    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
    team->thread_count--;
    pthread_mutex_unlock(&team->lock);
    hk_user_thread_release(thread);
    team->kernel->config.host->cpu->free_cpu(thread->cpu);
    free(thread);
}
