/* thread_info.c -- what is known of threads and teams; their mailboxes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "clock.h"
#include "fd.h"
#include "image.h"
#include "syscalls.h"
#include "team.h"
#include "thread.h"

/* ---- threads ---- */

enum { THREAD_INFO_SIZE = 76 };

/* thread_info.state; what a thread waits for inside the host is not told. */
enum { THREAD_RUNNING = 1, THREAD_SUSPENDED = 5, THREAD_WAITING = 6 };

static int thread_state(const struct hk_thread *self,
                        const struct hk_thread *thread)
{
    if (thread == self)
        return THREAD_RUNNING;
    return atomic_load(&thread->life->suspended) ? THREAD_SUSPENDED
                                                 : THREAD_WAITING;
}

static int64_t cpu_time(const struct hk_thread *self,
                        const struct hk_thread *thread)
{
    struct timespec time;

    if (thread != self || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        return 0;
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void fill_thread_info(const struct hk_thread *self,
                             const struct hk_thread *thread,
                             uint8_t info[THREAD_INFO_SIZE])
{
    memset(info, 0, THREAD_INFO_SIZE);
    hk_put32(info, (uint32_t)thread->id);
    hk_put32(info + 4, (uint32_t)thread->team->id);
    memcpy(info + 8, thread->name, HK_NAME_LENGTH);
    hk_put32(info + 40, (uint32_t)thread_state(self, thread));
    hk_put32(info + 44, (uint32_t)thread->priority);
    hk_put32(info + 48, (uint32_t)-1); /* sem */
    hk_put64(info + 52, (uint64_t)cpu_time(self, thread));
    hk_put32(info + 68, thread->stack_base);
    hk_put32(info + 72, thread->stack_end);
}

/* Threads of other teams are not known here. */
int64_t hk_sys_get_thread_info(struct hk_thread *self, int32_t id, gm_addr info)
{
    uint8_t bytes[THREAD_INFO_SIZE];
    const struct hk_thread *thread;

    pthread_mutex_lock(&self->team->lock);
    thread = id < 0 ? NULL : hk_thread_find(self, id);
    if (thread != NULL)
        fill_thread_info(self, thread, bytes);
    pthread_mutex_unlock(&self->team->lock);
    if (thread == NULL)
        return HK_B_BAD_THREAD_ID;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* The thread with the lowest id above the cookie. */
static const struct hk_thread *next_thread(const struct hk_team *team,
                                           int32_t after)
{
    const struct hk_thread *best = NULL;

    for (const struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        if (thread->id > after && (best == NULL || thread->id < best->id))
            best = thread;
    return best;
}

int64_t hk_sys_get_next_thread_info(struct hk_thread *self, int32_t team,
                                    gm_addr cookie, gm_addr info)
{
    uint8_t bytes[THREAD_INFO_SIZE], word[4];
    const struct hk_thread *thread;

    if (hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (team != 0 && team != self->team->id)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&self->team->lock);
    thread = next_thread(self->team, (int32_t)hk_get32(word));
    if (thread != NULL) {
        fill_thread_info(self, thread, bytes);
        hk_put32(word, (uint32_t)thread->id);
    }
    pthread_mutex_unlock(&self->team->lock);
    if (thread == NULL)
        return HK_B_BAD_VALUE;
    if (hk_write_user(self, info, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, cookie, word, sizeof(word));
}

int64_t hk_sys_estimate_max_scheduling_latency(struct hk_thread *self,
                                               int32_t thread)
{
    enum { QUANTUM = 10000 /* us, of the host's scheduler at most */ };

    (void)self;
    (void)thread;
    return QUANTUM;
}

static int is_own_thread(struct hk_thread *self, int32_t id)
{
    int result;

    pthread_mutex_lock(&self->team->lock);
    result = hk_thread_find(self, id) != NULL;
    pthread_mutex_unlock(&self->team->lock);
    return result;
}

/* A mask of processors is the host's own. PART: of this team's threads. */
int64_t hk_sys_get_thread_affinity(struct hk_thread *self, int32_t id,
                                   gm_addr user_mask, uint32_t size)
{
    enum { MASK_SIZE = 8 };
    uint8_t bytes[MASK_SIZE] = {0};
    cpu_set_t set;

    if (id < 0 || user_mask == 0)
        return HK_B_BAD_VALUE;
    if (!is_own_thread(self, id) ||
        sched_getaffinity(id, sizeof(set), &set) != 0)
        return HK_B_BAD_THREAD_ID;
    for (size_t i = 0; i < MASK_SIZE * 8; i++)
        if (CPU_ISSET(i, &set))
            bytes[i / 8] |= (uint8_t)(1u << (i % 8));
    if (size > MASK_SIZE)
        size = MASK_SIZE;
    return hk_write_user(self, user_mask, bytes, size);
}

int64_t hk_sys_set_thread_affinity(struct hk_thread *self, int32_t id,
                                   gm_addr user_mask, uint32_t size)
{
    enum { MASK_SIZE = 8 };
    uint8_t bytes[MASK_SIZE];
    cpu_set_t set;

    if (id < 0 || size < MASK_SIZE || user_mask == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, user_mask, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    CPU_ZERO(&set);
    for (size_t i = 0; i < MASK_SIZE * 8; i++)
        if ((bytes[i / 8] >> (i % 8) & 1) != 0)
            CPU_SET(i, &set);
    if (!is_own_thread(self, id))
        return HK_B_BAD_THREAD_ID;
    if (sched_setaffinity(id, sizeof(set), &set) != 0)
        return errno == ESRCH ? HK_B_BAD_THREAD_ID : HK_B_BAD_VALUE;
    return HK_B_OK;
}

/* ---- teams ---- */

enum { TEAM_INFO_SIZE = 160, TEAM_INFO_SIZE_R1BETA4 = 100 };

static void fill_team_info(struct hk_team *team, uint8_t info[TEAM_INFO_SIZE])
{
    memset(info, 0, TEAM_INFO_SIZE);
    hk_put32(info, (uint32_t)team->id);
    hk_put32(info + 4, team->thread_count);
    hk_put32(info + 8, hk_image_count(team->images));
    hk_put32(info + 12, hk_area_count(team));
    hk_put32(info + 16, (uint32_t)-1); /* debugger */
    hk_put32(info + 20, (uint32_t)-1);
    hk_put32(info + 24, (uint32_t)team->argc);
    memcpy(info + 28, team->args, sizeof(team->args));
    hk_put32(info + 108, (uint32_t)getpgrp());
    hk_put32(info + 112, (uint32_t)getsid(0));
    hk_put32(info + 116, (uint32_t)getppid());
    memcpy(info + 120, team->name, HK_NAME_LENGTH);
    hk_put64(info + 152, (uint64_t)team->start_time);
}

static int64_t write_team_info(struct hk_thread *self, int32_t id, gm_addr info,
                               uint32_t size)
{
    uint8_t bytes[TEAM_INFO_SIZE];

    if (size > sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (id != 0 && id != self->team->id)
        return HK_B_BAD_TEAM_ID;
    fill_team_info(self->team, bytes);
    return hk_write_user(self, info, bytes, size);
}

/* Other teams are not known here. */
int64_t hk_sys_get_team_info(struct hk_thread *self, int32_t id, gm_addr info,
                             uint32_t size)
{
    return write_team_info(self, id, info, size);
}

int64_t hk_sys_get_team_info__r1beta4(struct hk_thread *self, int32_t id,
                                      gm_addr info)
{
    return write_team_info(self, id, info, TEAM_INFO_SIZE_R1BETA4);
}

static int64_t next_team_info(struct hk_thread *self, gm_addr cookie,
                              gm_addr info, uint32_t size)
{
    uint8_t word[4];
    int64_t status;

    if (hk_read_user(self, word, cookie, sizeof(word)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if ((int32_t)hk_get32(word) > self->team->id)
        return HK_B_BAD_TEAM_ID;
    status = write_team_info(self, 0, info, size);
    if (status != HK_B_OK)
        return status;
    hk_put32(word, (uint32_t)self->team->id + 1);
    return hk_write_user(self, cookie, word, sizeof(word));
}

int64_t hk_sys_get_next_team_info(struct hk_thread *self, gm_addr cookie,
                                  gm_addr info, uint32_t size)
{
    return next_team_info(self, cookie, info, size);
}

int64_t hk_sys_get_next_team_info__r1beta4(struct hk_thread *self,
                                           gm_addr cookie, gm_addr info)
{
    return next_team_info(self, cookie, info, TEAM_INFO_SIZE_R1BETA4);
}

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

/* PART: other teams' usage is not known here. */
int64_t hk_sys_get_team_usage_info(struct hk_thread *self, int32_t team,
                                   int32_t who, gm_addr info, uint32_t size)
{
    enum { USAGE_SIZE = 16, SELF = 0, CHILDREN = -1 };
    uint8_t bytes[USAGE_SIZE];
    struct rusage usage;

    if (size != sizeof(bytes))
        return HK_B_BAD_VALUE;
    if (info == 0 || info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (who != SELF && who != CHILDREN)
        return HK_B_BAD_VALUE;
    if (team != 0 && team != self->team->id)
        return HK_B_BAD_TEAM_ID;
    getrusage(who == SELF ? RUSAGE_SELF : RUSAGE_CHILDREN, &usage);
    hk_put64(bytes, microseconds(&usage.ru_utime));
    hk_put64(bytes + 8, microseconds(&usage.ru_stime));
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* ---- limits (haiku-abi/structs.md, "resource") ---- */

enum {
    LIMIT_CORE = 0,
    LIMIT_DATA = 2,
    LIMIT_NOFILE = 4,
    LIMIT_STACK = 5,
    LIMIT_AS = 6,
    LIMIT_NOVMON = 7
};

static int32_t get_limit(const struct hk_thread *self, int32_t resource,
                         uint32_t *limit)
{
    int is_r1beta6 = hk_kernel_of(self)->config.release >= HK_R1BETA6;

    switch (resource) {
    case LIMIT_CORE:
        *limit = 0;
        return HK_B_OK;
    case LIMIT_DATA:
        *limit = UINT32_MAX;
        return HK_B_OK;
    case LIMIT_NOFILE:
        *limit = hk_fds_limit(self->team->fds);
        return HK_B_OK;
    case LIMIT_STACK:
        *limit = is_r1beta6 ? 0x4000000 : 0x1000000;
        return HK_B_OK;
    case LIMIT_AS:
        *limit = HK_USER_TOP - 1;
        return HK_B_OK;
    case LIMIT_NOVMON:
        *limit = 4096;
        return HK_B_OK;
    default:
        return HK_B_BAD_VALUE;
    }
}

int64_t hk_sys_getrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    uint8_t bytes[8];
    uint32_t limit;

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (rlp >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (get_limit(self, resource, &limit) != HK_B_OK)
        return HK_B_BAD_VALUE;
    hk_put32(bytes, limit);
    hk_put32(bytes + 4, limit);
    return hk_write_user(self, rlp, bytes, sizeof(bytes));
}

int64_t hk_sys_setrlimit(struct hk_thread *self, int32_t resource, gm_addr rlp)
{
    uint8_t bytes[8];

    if (rlp == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, rlp, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    switch (resource) {
    case LIMIT_CORE:
        return hk_get32(bytes) == 0 && hk_get32(bytes + 4) == 0
                   ? HK_B_OK
                   : HK_B_BAD_VALUE;
    case LIMIT_NOFILE:
        return hk_fds_set_limit(self->team->fds, hk_get32(bytes));
    default:
        return HK_B_BAD_VALUE;
    }
}

/* ---- the mailbox of each thread: one message ---- */

enum { DATA_MAX = 65536 };

static int32_t put_data(struct hk_thread *self, int32_t id, int32_t code,
                        uint8_t *data, uint32_t size)
{
    struct hk_team *team = self->team;
    struct hk_thread *thread;

    for (;;) {
        unsigned seen = hk_changes(team);
        int32_t status;

        pthread_mutex_lock(&team->lock);
        thread = id > 0 ? hk_thread_find(self, id) : NULL;
        if (thread != NULL && !thread->life->has_data) {
            thread->life->has_data = 1;
            thread->life->data_sender = self->id;
            thread->life->data_code = code;
            thread->life->data = data;
            thread->life->data_size = size;
            pthread_mutex_unlock(&team->lock);
            hk_announce_change(team);
            return HK_B_OK;
        }
        pthread_mutex_unlock(&team->lock);
        if (thread == NULL)
            return HK_B_BAD_THREAD_ID;
        status = hk_wait_change(self, seen, HK_INFINITE_TIMEOUT);
        if (status != HK_B_OK)
            return status;
    }
}

/* PART: threads of other teams are not reached. */
int64_t hk_sys_send_data(struct hk_thread *self, int32_t thread, int32_t code,
                         gm_addr buffer, uint32_t buffer_size)
{
    uint8_t *data = NULL;
    int32_t status;

    if (buffer >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (buffer_size > DATA_MAX)
        return HK_B_NO_MEMORY;
    if (buffer_size > 0) {
        data = malloc(buffer_size);
        if (data == NULL)
            return HK_B_NO_MEMORY;
        if (hk_read_user(self, data, buffer, buffer_size) != HK_B_OK) {
            free(data);
            return HK_B_BAD_DATA;
        }
    }
    self->restart.is_required = 1;
    status = put_data(self, thread, code, data, buffer_size);
    if (status != HK_B_OK)
        free(data);
    return status;
}

/* Waits for a message; its code is the result. */
int64_t hk_sys_receive_data(struct hk_thread *self, gm_addr sender,
                            gm_addr buffer, uint32_t buffer_size)
{
    struct hk_team *team = self->team;
    struct hk_thread_life taken;
    uint8_t word[4];
    int32_t status = HK_B_OK;

    if (sender >= HK_USER_LIMIT || buffer >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    self->restart.is_required = 1;
    for (;;) {
        unsigned seen = hk_changes(team);

        pthread_mutex_lock(&team->lock);
        taken.has_data = self->life->has_data;
        taken.data = self->life->data;
        taken.data_size = self->life->data_size;
        taken.data_sender = self->life->data_sender;
        taken.data_code = self->life->data_code;
        self->life->has_data = 0;
        self->life->data = NULL;
        pthread_mutex_unlock(&team->lock);
        if (taken.has_data)
            break;
        status = hk_wait_change(self, seen, HK_INFINITE_TIMEOUT);
        if (status != HK_B_OK)
            return status;
    }
    hk_announce_change(team);
    if (buffer_size > taken.data_size)
        buffer_size = taken.data_size;
    hk_put32(word, (uint32_t)taken.data_sender);
    if (buffer_size > 0 && buffer != 0)
        status = hk_write_user(self, buffer, taken.data, buffer_size);
    if (status == HK_B_OK && sender != 0)
        status = hk_write_user(self, sender, word, sizeof(word));
    free(taken.data);
    return status == HK_B_OK ? taken.data_code : status;
}

int64_t hk_sys_has_data(struct hk_thread *self, int32_t thread)
{
    const struct hk_thread *found;
    int result;

    pthread_mutex_lock(&self->team->lock);
    found = thread > 0 ? hk_thread_find(self, thread) : NULL;
    result = found != NULL && found->life->has_data;
    pthread_mutex_unlock(&self->team->lock);
    return result;
}
