/* clock.h -- the guest's clocks: system_time and real time. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_CLOCK_H
#define HK_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <haikuabi/haikuabi.h>

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

/* Microseconds since 1970. */
int64_t hk_real_time(void);

/* The moment of CLOCK_MONOTONIC at which system_time reaches us. */
struct timespec hk_host_deadline(int64_t us);

/* The system_time of a moment given by flags as for acquire_sem_etc
 * (B_RELATIVE_TIMEOUT, B_ABSOLUTE_TIMEOUT, B_TIMEOUT_REAL_TIME_BASE):
 * HK_INFINITE_TIMEOUT when flags name none. */
int64_t hk_deadline(uint32_t flags, int64_t timeout);

/* The same for the call that runs: the original one when it runs again after
 * a signal. */
int64_t hk_call_deadline(struct hk_thread *self, uint32_t flags,
                         int64_t timeout);

#endif
