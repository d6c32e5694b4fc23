/* clock.h -- the guest's clocks: system_time and real time. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_CLOCK_H
#define HK_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <haikuabi/haikuabi.h>

struct hk_shared;

/*
 * libroot computes system_time as RDTSC * factor >> 32 with this 32-bit
 * factor (haiku-abi/x86-32.md, "Real-time data record"). Its rounding makes
 * the clock run slow by 70 ns a second, so that the kernel has to compute
 * time in the same way.
 */
#define HK_TSC_FACTOR ((uint32_t)((UINT64_C(1000000) << 32) / HK_TSC_FREQUENCY))

/* Clock ids (haiku-abi/structs.md, "clocks and timers"). */
enum {
    HK_CLOCK_MONOTONIC = 0,
    HK_CLOCK_REALTIME = -1,
    HK_CLOCK_PROCESS_CPUTIME_ID = -2,
    HK_CLOCK_THREAD_CPUTIME_ID = -3,
    HK_CLOCK_PROCESS_USER_CPUTIME_ID = -4
};

#define HK_INFINITE_TIMEOUT INT64_MAX

/* Microseconds of the system_time clock, which starts with the host. */
int64_t hk_system_time(void);

/* Microseconds since 1970, as the root has it. */
int64_t hk_real_time(const struct hk_shared *shared);

/* What that was when system_time was 0. */
int64_t hk_boot_time(const struct hk_shared *shared);

/*
 * Microseconds that a clock of the guest is ahead of the host's: the real-time
 * clock, or any; HK_CLOCK_THREAD_CPUTIME_ID is the thread's. With a boot time
 * that was told, real time's clock of the host is system_time.
 */
int64_t hk_real_time_offset(const struct hk_shared *shared);
int64_t hk_clock_offset(struct hk_shared *shared, int32_t clock,
                        int32_t thread);

/* A clock without what it was set ahead, us; B_OK, B_BAD_VALUE, or
 * B_NOT_ALLOWED for the kernel's. */
int32_t hk_clock_read_host(struct hk_thread *self, int32_t clock, int64_t *us);

/* The moment of CLOCK_MONOTONIC at which system_time reaches us. */
struct timespec hk_host_deadline(int64_t us);

/* The system_time of a moment given by flags as for acquire_sem_etc
 * (B_RELATIVE_TIMEOUT, B_ABSOLUTE_TIMEOUT, B_TIMEOUT_REAL_TIME_BASE):
 * HK_INFINITE_TIMEOUT when flags name none. */
int64_t hk_deadline(const struct hk_shared *shared, uint32_t flags,
                    int64_t timeout);

/* The same for the call that runs: the original one when it runs again after
 * a signal, but that a moment of the real-time clock moves with it. */
int64_t hk_call_deadline(struct hk_thread *self, uint32_t flags,
                         int64_t timeout);

/* 1 when the call that runs waits for a moment of the real-time clock, which
 * has been set since then: the call is to run again. */
int hk_clock_has_moved(const struct hk_thread *self);

/* ---- clock_set.c ---- */

/* What the team has of clocks that somebody has set is as they are now: what
 * its commpage shows, and its timers. Any of its threads, with no lock. */
void hk_clocks_follow(struct hk_team *team);

/* An exec begins the thread's clock of CPU time again. */
void hk_clock_reset_thread(struct hk_thread *self);

#endif
