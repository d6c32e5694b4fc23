/* clock_set.c -- the guest's clocks are set, and who is told of it. */
/* SPDX-License-Identifier: MIT */
#include <sys/syscall.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "clock.h"
#include "commpage.h"
#include "shared.h"
#include "syscalls.h"
#include "thread.h"
#include "timer.h"
#include "wrap.h"

/*
 * No clock of the host is set: the root's clocks are so much ahead of them, and
 * how much stands in what its teams share. Whoever changes that interrupts
 * all threads of the root, each of which then has its team follow before it
 * runs on, and looks at its own deadline.
 *
 * The real-time clock is ahead by what it was set to and, while the machine's
 * clock is said to be in local time, behind by that zone.
 */

static int is_root(const struct hk_thread *self)
{
    return self->team->ids.user.effective == 0;
}

/* ---- who is told ---- */

static void follow_real_time(struct hk_team *team)
{
    int64_t offset = hk_real_time_offset(team->shared);
    uint8_t base[8];

    if (atomic_exchange(&team->clock_offset, offset) == offset)
        return;
    hk_put64(base, (uint64_t)(hk_boot_time(team->shared)));
    hk_area_write_kernel(
        team, team->commpage + hk_commpage_offset(HK_COMMPAGE_REAL_TIME_DATA),
        base, sizeof(base));
}

void hk_clocks_follow(struct hk_team *team)
{
    unsigned changes =
        atomic_load(&hk_shared_settings(team->shared)->clock_changes);

    if (atomic_exchange(&team->clock_changes, changes) == changes)
        return;
    follow_real_time(team);
    hk_timers_follow(team);
}

/* Threads of dead teams are none any more. */
static void interrupt_all(struct hk_shared *shared)
{
    const struct hk_shared_thread *thread = NULL;

    hk_shared_reap(shared);
    while ((thread = hk_owned_next_of_all(shared, HK_OWNED_THREADS,
                                          thread != NULL ? &thread->own
                                                         : NULL)) != NULL) {
        int32_t team = hk_shared_slot(shared, thread->own.team)->id;

        if (team > 0)
            syscall(SYS_tgkill, team, thread->own.id, hk_interrupt_signal());
    }
}

static void tell_all(struct hk_thread *self)
{
    struct hk_shared *shared = hk_shared_of(self);

    hk_shared_lock(shared);
    atomic_fetch_add(&hk_shared_settings(shared)->clock_changes, 1);
    interrupt_all(shared);
    hk_shared_unlock(shared);
    hk_clocks_follow(self->team);
}

/* ---- the real-time clock ---- */

/* Files keep the host's time, whichever call sets the clock. */
int64_t hk_sys_set_real_time_clock(struct hk_thread *self, int64_t time)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_settings *settings = hk_shared_settings(shared);

    if (!is_root(self))
        return HK_B_NOT_ALLOWED;
    hk_shared_lock(shared);
    atomic_fetch_add(&settings->clock_set,
                     hk_difference(time, hk_real_time(shared)));
    hk_shared_unlock(shared);
    tell_all(self);
    return HK_B_OK;
}

/* With the lock: by what the machine's clock is ahead of the real time. */
static void put_shift(struct hk_shared *shared)
{
    struct hk_settings *settings = hk_shared_settings(shared);
    int32_t shift = settings->clock_is_local ? settings->timezone_offset : 0;

    hk_put(shared, &settings->clock_shift, (uint32_t)shift);
}

int64_t hk_sys_set_real_time_clock_is_gmt(struct hk_thread *self, int is_gmt)
{
    struct hk_shared *shared = hk_shared_of(self);

    if (!is_root(self))
        return HK_B_NOT_ALLOWED;
    hk_shared_lock(shared);
    hk_put(shared, &hk_shared_settings(shared)->clock_is_local, !is_gmt);
    put_shift(shared);
    hk_shared_unlock(shared);
    tell_all(self);
    return HK_B_OK;
}

int64_t hk_sys_get_real_time_clock_is_gmt(struct hk_thread *self,
                                          gm_addr is_gmt)
{
    uint8_t answer = !hk_shared_settings(hk_shared_of(self))->clock_is_local;

    if (is_gmt == 0)
        return HK_B_BAD_VALUE;
    return hk_write_user(self, is_gmt, &answer, sizeof(answer));
}

/* ---- the time zone ---- */

int64_t hk_sys_get_timezone(struct hk_thread *self, gm_addr timezone_offset,
                            gm_addr name, uint32_t name_length)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_settings *settings = hk_shared_settings(shared);
    char text[HK_FILE_NAME_LENGTH] = "GMT";
    uint8_t offset[4];
    uint32_t length;

    hk_shared_lock(shared);
    hk_put32(offset, (uint32_t)settings->timezone_offset);
    if (settings->has_timezone)
        memcpy(text, settings->timezone, sizeof(text));
    hk_shared_unlock(shared);
    if (timezone_offset != 0 &&
        hk_write_user(self, timezone_offset, offset, sizeof(offset)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (name >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (name == 0 || name_length == 0)
        return HK_B_OK;
    text[sizeof(text) - 1] = '\0';
    length = (uint32_t)strlen(text) + 1;
    if (length > name_length) {
        length = name_length;
        text[length - 1] = '\0';
    }
    return hk_write_user(self, name, text, length);
}

int64_t hk_sys_set_timezone(struct hk_thread *self, int32_t timezone_offset,
                            gm_addr name, uint32_t name_length)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_settings *settings = hk_shared_settings(shared);
    uint32_t words[HK_FILE_NAME_LENGTH / 4] = {0};
    char text[HK_FILE_NAME_LENGTH] = "";
    int has_name = name != 0 && name_length > 0;

    if (!is_root(self))
        return HK_B_NOT_ALLOWED;
    if (has_name &&
        hk_read_user_string(self, text, name, sizeof(text)) == HK_B_BAD_ADDRESS)
        return HK_B_BAD_ADDRESS;
    memcpy(words, text, sizeof(words));
    hk_shared_lock(shared);
    hk_put(shared, &settings->timezone_offset, (uint32_t)timezone_offset);
    for (size_t i = 0; has_name && i < HK_FILE_NAME_LENGTH / 4; i++)
        hk_put(shared, &settings->timezone[i], words[i]);
    if (has_name)
        hk_put(shared, &settings->has_timezone, 1);
    put_shift(shared);
    hk_shared_unlock(shared);
    tell_all(self);
    return HK_B_OK;
}

/* ---- any clock ---- */

/* CPU time: of any team, as on Haiku, and of the thread itself. */
static int32_t set_cpu_clock(struct hk_thread *self, int32_t clock,
                             int64_t time)
{
    struct hk_shared *shared = hk_shared_of(self);
    _Atomic int64_t *offset;
    int64_t us;
    int32_t status = hk_clock_read_host(self, clock, &us);

    if (status != HK_B_OK)
        return status;
    hk_shared_lock(shared);
    offset = hk_cpu_clock_offset(shared, clock, self->id);
    if (offset != NULL)
        atomic_store(offset, hk_difference(time, us));
    hk_shared_unlock(shared);
    if (offset == NULL)
        return HK_B_BAD_VALUE;
    tell_all(self);
    return HK_B_OK;
}

int64_t hk_sys_set_clock(struct hk_thread *self, int32_t clock_id, int64_t time)
{
    switch (clock_id) {
    case HK_CLOCK_MONOTONIC:
    case HK_CLOCK_PROCESS_USER_CPUTIME_ID:
        return HK_B_BAD_VALUE;
    case HK_CLOCK_REALTIME:
        return hk_sys_set_real_time_clock(self, time);
    case HK_KERNEL_TEAM:
        return HK_B_NOT_ALLOWED;
    default:
        return set_cpu_clock(self, clock_id, time);
    }
}

void hk_clock_reset_thread(struct hk_thread *self)
{
    enum { CLOCK = HK_CLOCK_THREAD_CPUTIME_ID };
    struct hk_shared *shared = hk_shared_of(self);
    _Atomic int64_t *offset;
    int64_t us = 0;

    hk_clock_read_host(self, CLOCK, &us);
    hk_shared_lock(shared);
    offset = hk_cpu_clock_offset(shared, CLOCK, self->id);
    if (offset != NULL)
        atomic_store(offset, -us);
    hk_shared_unlock(shared);
}
