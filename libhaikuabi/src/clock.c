/* clock.c -- the guest's clocks: system_time, real time and CPU time. */
/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <sys/resource.h>
#include <time.h>

#include "bytes.h"
#include "host_process.h"
#include "kernel_team.h"
#include "shared.h"
#include "syscalls.h"
#include "thread.h"
#include "wait.h"
#include "wrap.h"

static const int64_t ns_per_second = 1000000000;

static int64_t nanoseconds(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * ns_per_second + now.tv_nsec;
}

int64_t hk_system_time(void)
{
    uint64_t ticks = (uint64_t)nanoseconds(CLOCK_MONOTONIC);

    return (int64_t)((ticks >> 32) * HK_TSC_FACTOR +
                     ((ticks & UINT32_MAX) * HK_TSC_FACTOR >> 32));
}

int64_t hk_real_time_offset(const struct hk_shared *shared)
{
    const struct hk_settings *settings = hk_shared_settings(shared);
    int64_t shift = settings->clock_shift * INT64_C(1000000);

    return hk_sum(shared->boot_time - shift, atomic_load(&settings->clock_set));
}

static int64_t host_real_time(const struct hk_shared *shared)
{
    return shared->boot_time != 0 ? hk_system_time()
                                  : nanoseconds(CLOCK_REALTIME) / 1000;
}

int64_t hk_real_time(const struct hk_shared *shared)
{
    return hk_sum(host_real_time(shared), hk_real_time_offset(shared));
}

int64_t hk_boot_time(const struct hk_shared *shared)
{
    int64_t offset = hk_real_time_offset(shared);

    return shared->boot_time != 0
               ? offset
               : hk_sum(host_real_time(shared) - hk_system_time(), offset);
}

struct timespec hk_host_deadline(int64_t us)
{
    uint64_t whole = (uint64_t)us / HK_TSC_FACTOR;
    uint64_t rest = (uint64_t)us % HK_TSC_FACTOR;
    uint64_t ns =
        (whole << 32) + ((rest << 32) + HK_TSC_FACTOR - 1) / HK_TSC_FACTOR;
    struct timespec deadline;

    deadline.tv_sec = (time_t)(ns / (uint64_t)ns_per_second);
    deadline.tv_nsec = (long)(ns % (uint64_t)ns_per_second);
    return deadline;
}

static int64_t add_saturated(int64_t a, int64_t b)
{
    int64_t sum;

    if (__builtin_add_overflow(a, b, &sum))
        return b > 0 ? HK_INFINITE_TIMEOUT : 0;
    return sum < 0 ? 0 : sum;
}

static int is_real_time(uint32_t flags)
{
    enum { ALL = HK_ABSOLUTE_TIMEOUT | HK_TIMEOUT_REAL_TIME_BASE };

    return (flags & ALL) == ALL && (flags & HK_RELATIVE_TIMEOUT) == 0;
}

int64_t hk_deadline(const struct hk_shared *shared, uint32_t flags,
                    int64_t timeout)
{
    if ((flags & HK_RELATIVE_TIMEOUT) != 0)
        return timeout == HK_INFINITE_TIMEOUT
                   ? timeout
                   : add_saturated(timeout < 0 ? 0 : timeout, hk_system_time());
    if ((flags & HK_ABSOLUTE_TIMEOUT) == 0)
        return HK_INFINITE_TIMEOUT;
    if (is_real_time(flags) && timeout != HK_INFINITE_TIMEOUT)
        return add_saturated(timeout, hk_difference(0, hk_boot_time(shared)));
    return timeout;
}

int64_t hk_call_deadline(struct hk_thread *self, uint32_t flags,
                         int64_t timeout)
{
    struct hk_restart *restart = &self->restart;
    const struct hk_shared *shared = hk_shared_of(self);

    restart->is_real_time = is_real_time(flags);
    restart->clock_offset = hk_real_time_offset(shared);
    if (!restart->is_running || restart->is_real_time)
        restart->deadline = hk_deadline(shared, flags, timeout);
    return restart->deadline;
}

int hk_clock_has_moved(const struct hk_thread *self)
{
    return self->restart.is_real_time &&
           self->restart.clock_offset !=
               hk_real_time_offset(hk_shared_of(self));
}

int64_t hk_sys_system_time(struct hk_thread *self)
{
    (void)self;
    return hk_system_time();
}

/* CPU times of processes and threads that may end meanwhile. */
static int32_t read_host_clock(clockid_t clock, int64_t *us)
{
    struct timespec time;

    if (clock_gettime(clock, &time) != 0)
        return HK_B_BAD_VALUE;
    *us = time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
    return HK_B_OK;
}

static int32_t read_team_clock(struct hk_thread *self, int32_t team,
                               int64_t *us)
{
    clockid_t clock;

    if (team == 0)
        team = self->team->id;
    if (!hk_shared_has_team(hk_shared_of(self), team) ||
        clock_getcpuclockid(team, &clock) != 0)
        return HK_B_BAD_VALUE;
    return read_host_clock(clock, us);
}

/* r1beta6. The host's clocks of single threads are for their own process. */
static int32_t read_thread_clock(struct hk_thread *self, int32_t id,
                                 int64_t *us)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_thread *thread;
    struct hk_host_task task;
    int32_t team = 0;

    if (id == self->id)
        return read_host_clock(CLOCK_THREAD_CPUTIME_ID, us);
    hk_shared_lock(shared);
    thread = hk_thread_find_shown(shared, id);
    if (thread != NULL)
        team = hk_shared_slot(shared, thread->own.team)->id;
    hk_shared_unlock(shared);
    if (hk_is_kernel_team(shared, team))
        return HK_B_NOT_ALLOWED;
    if (team == 0 || hk_host_task_get(team, id, &task) != 0)
        return HK_B_BAD_VALUE;
    *us = task.user_time + task.kernel_time;
    return HK_B_OK;
}

static const uint32_t clock_of_thread = 0x80000000, clock_special = 0xc0000000;

static int is_of_thread(int32_t clock)
{
    return ((uint32_t)clock & clock_special) == clock_of_thread;
}

int32_t hk_clock_read_host(struct hk_thread *self, int32_t clock, int64_t *us)
{
    struct rusage usage;

    switch (clock) {
    case HK_CLOCK_MONOTONIC:
        *us = hk_system_time();
        return HK_B_OK;
    case HK_CLOCK_REALTIME:
        *us = host_real_time(hk_shared_of(self));
        return HK_B_OK;
    case HK_CLOCK_THREAD_CPUTIME_ID:
        return read_host_clock(CLOCK_THREAD_CPUTIME_ID, us);
    case HK_CLOCK_PROCESS_CPUTIME_ID:
        return read_host_clock(CLOCK_PROCESS_CPUTIME_ID, us);
    case HK_CLOCK_PROCESS_USER_CPUTIME_ID:
        getrusage(RUSAGE_SELF, &usage);
        *us = usage.ru_utime.tv_sec * INT64_C(1000000) + usage.ru_utime.tv_usec;
        return HK_B_OK;
    default:
        if (is_of_thread(clock) &&
            hk_kernel_of(self)->config.release >= HK_R1BETA6)
            return read_thread_clock(self, clock & INT32_MAX, us);
        if (clock == HK_KERNEL_TEAM)
            return HK_B_NOT_ALLOWED;
        return clock < 0 ? HK_B_BAD_VALUE : read_team_clock(self, clock, us);
    }
}

_Atomic int64_t *hk_cpu_clock_offset(struct hk_shared *shared, int32_t clock,
                                     int32_t thread)
{
    struct hk_shared_thread *record;
    struct hk_team_slot *slot;

    if (clock == HK_CLOCK_THREAD_CPUTIME_ID || is_of_thread(clock)) {
        record = hk_thread_find_shown(
            shared, is_of_thread(clock) ? clock & INT32_MAX : thread);
        return record != NULL ? &record->cpu_clock_offset : NULL;
    }
    if (clock <= 0 && clock != HK_CLOCK_PROCESS_CPUTIME_ID)
        return NULL;
    slot = hk_item(shared, HK_POOL_TEAMS,
                   hk_shared_find_team(shared, clock < 0 ? 0 : clock));
    return slot != NULL ? &slot->cpu_clock_offset : NULL;
}

int64_t hk_clock_offset(struct hk_shared *shared, int32_t clock, int32_t thread)
{
    const _Atomic int64_t *offset;
    int64_t us;

    if (clock == HK_CLOCK_REALTIME)
        return hk_real_time_offset(shared);
    hk_shared_lock(shared);
    offset = hk_cpu_clock_offset(shared, clock, thread);
    us = offset != NULL ? atomic_load(offset) : 0;
    hk_shared_unlock(shared);
    return us;
}

int64_t hk_sys_get_clock(struct hk_thread *self, int32_t clock_id, gm_addr time)
{
    int64_t us;
    int32_t status = hk_clock_read_host(self, clock_id, &us);
    uint8_t bytes[8];

    if (status != HK_B_OK)
        return status;
    if (clock_id != HK_CLOCK_MONOTONIC)
        us =
            hk_sum(us, hk_clock_offset(hk_shared_of(self), clock_id, self->id));
    hk_put64(bytes, (uint64_t)us);
    return hk_write_user(self, time, bytes, sizeof(bytes));
}

int64_t hk_sys_get_cpuclockid(struct hk_thread *self, int32_t id, int32_t which,
                              gm_addr clock_id)
{
    enum { TEAM = 1, THREAD = 2 };
    int64_t us;
    int32_t status = HK_B_BAD_VALUE;
    uint8_t word[4];

    if (which == TEAM && id == HK_KERNEL_TEAM)
        status = HK_B_OK; /* get_clock refuses it */
    else if (which == TEAM && id >= 0)
        status = read_team_clock(self, id, &us);
    else if (which == THREAD && id > 0)
        status = read_thread_clock(self, id, &us);
    if (status != HK_B_OK)
        return status;
    hk_put32(word, (uint32_t)id | (which == THREAD ? clock_of_thread : 0));
    return clock_id == 0 ? HK_B_OK
                         : hk_write_user(self, clock_id, word, sizeof(word));
}
