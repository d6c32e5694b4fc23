/* times.c -- how calls of clocks and timers fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { MONOTONIC = 0, REAL_TIME = -1, TEAM_CPU = -2, THREAD_CPU = -3 };
enum { NO_CLOCK = -77, TIMERS_MAX = 32, ALARM = 14 };
enum { NOTIFY_SIGNAL = 1, NOTIFY_THREAD, NO_NOTIFY };

struct event {
    int32_t how, signal, value;
    void *function, *attributes;
};

static int64_t now, left;
static uint8_t info[20];
static long other; /* a team, and its main thread */

static void clocks(void)
{
    FAILS(B_BAD_VALUE, get_clock, NO_CLOCK, &now);
    FAILS(B_BAD_VALUE, get_clock, NO_ID, &now);
    FAILS(B_BAD_VALUE, get_clock, NO_CLOCK, BAD_POINTER);
    FAILS(B_NOT_ALLOWED, get_clock, KERNEL_TEAM, &now);
    FAILS(B_BAD_ADDRESS, get_clock, MONOTONIC, (void *)0);
    FAILS(B_BAD_VALUE, get_real_time_clock_is_gmt, (void *)0);
    FAILS(B_BAD_ADDRESS, get_real_time_clock_is_gmt, BAD_POINTER);
}

static void sleeping(void)
{
    FAILS(B_BAD_VALUE, snooze_etc, 1LL, THREAD_CPU, RELATIVE_TIMEOUT, &left);
    FAILS(B_BAD_VALUE, snooze_etc, 1LL, THREAD_CPU, ABSOLUTE_TIMEOUT, &left);
    FAILS(ENOTSUP, snooze_etc, 1LL, TEAM_CPU, RELATIVE_TIMEOUT, &left);
    FAILS(ENOTSUP, snooze_etc, 1LL, TEAM_CPU, ABSOLUTE_TIMEOUT, &left);
    FAILS(ENOTSUP, snooze_etc, 1LL, NO_CLOCK, ABSOLUTE_TIMEOUT, &left);
    FAILS(B_BAD_VALUE, snooze_etc, 1LL, NO_CLOCK, RELATIVE_TIMEOUT, &left);
    FAILS(B_BAD_VALUE, snooze_etc, 1LL, NO_ID, RELATIVE_TIMEOUT, &left);
    FAILS(B_NOT_ALLOWED, snooze_etc, 1LL, KERNEL_TEAM, RELATIVE_TIMEOUT, &left);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, snooze_etc, 60000000LL, MONOTONIC, RELATIVE_TIMEOUT,
          &left);
    FAILS(B_INTERRUPTED, snooze_etc, 60000000LL, REAL_TIME, RELATIVE_TIMEOUT,
          (void *)0);
    FAILS(B_BAD_ADDRESS, snooze_etc, 60000000LL, MONOTONIC, RELATIVE_TIMEOUT,
          BAD_POINTER);
    /* no timer is set for a time below 0 */
    FAILS(B_INTERRUPTED, snooze_etc, -1LL, MONOTONIC, ABSOLUTE_TIMEOUT, &left);
    FAILS(B_INTERRUPTED, snooze_etc, -1LL, REAL_TIME, ABSOLUTE_TIMEOUT,
          (void *)0);
    FAILS(B_INTERRUPTED, snooze_etc, INT64_MIN, MONOTONIC, RELATIVE_TIMEOUT,
          (void *)0);
    interrupt_no_more();
}

static void creating(void)
{
    struct event signal = {.how = NOTIFY_SIGNAL, .signal = ALARM};
    struct event no_signal = {.how = NOTIFY_SIGNAL, .signal = 65};
    struct event no_event = {.how = NO_NOTIFY};
    struct event thread = {.how = NOTIFY_THREAD};
    struct thread_attributes no_entry = {.name = "no entry"};
    struct thread_attributes no_stack = {.stack_size = 1};

    FAILS(B_BAD_ADDRESS, create_timer, MONOTONIC, -1, 0, BAD_POINTER,
          (void *)0);
    FAILS(B_BAD_VALUE, create_timer, NO_CLOCK, -1, 0, &signal, (void *)0);
    FAILS(B_BAD_VALUE, create_timer, NO_ID, -1, 0, &signal, (void *)0);
    FAILS(B_NOT_ALLOWED, create_timer, KERNEL_TEAM, -1, 0, &signal, (void *)0);
    FAILS(B_BAD_VALUE, create_timer, MONOTONIC, -1, 0, &no_signal, (void *)0);
    FAILS(B_BAD_VALUE, create_timer, MONOTONIC, -1, 0, &no_event, (void *)0);
    FAILS(B_BAD_ADDRESS, create_timer, MONOTONIC, -1, 0, &thread, (void *)0);
    FAILS(B_BAD_ADDRESS, create_timer, MONOTONIC, -1, 0, &thread, &no_entry);
    FAILS(B_BAD_VALUE, create_timer, MONOTONIC, -1, 0, &thread, &no_stack);
    FAILS(B_BAD_THREAD_ID, create_timer, MONOTONIC, NO_ID, 0, &signal,
          (void *)0);
    FAILS(B_BAD_THREAD_ID, create_timer, NO_CLOCK, NO_ID, 0, &no_signal,
          (void *)0);
    FAILS(B_NOT_ALLOWED, create_timer, KERNEL_TEAM, -1, 0, &no_signal,
          (void *)0);
}

static void setting(void)
{
    long timer = sys(SYS_create_timer, MONOTONIC, -1, 0, (void *)0, (void *)0);
    long strange =
        sys(SYS_create_timer, MONOTONIC, other, 0, (void *)0, (void *)0);

    /* Another team's thread may have one, which is out of reach. */
    CHECK(strange >= 0);
    FAILS(B_NOT_ALLOWED, get_timer, strange, other, info);
    FAILS(B_NOT_ALLOWED, delete_timer, strange, other);
    CHECK(timer >= 0);
    FAILS(B_BAD_VALUE, set_timer, timer, -1, -1LL, 0LL, 0, info);
    FAILS(B_BAD_VALUE, set_timer, timer, -1, 0LL, -1LL, 0, info);
    FAILS(B_BAD_VALUE, set_timer, timer, NO_ID, -1LL, 0LL, 0, info);
    FAILS(B_BAD_VALUE, set_timer, NO_ID, -1, 0LL, 0LL, 0, info);
    FAILS(B_BAD_VALUE, set_timer, timer, this_thread(), 0LL, 0LL, 0, info);
    FAILS(B_BAD_THREAD_ID, set_timer, timer, NO_ID, 0LL, 0LL, 0, info);
    FAILS(B_NOT_ALLOWED, set_timer, timer, other, 0LL, 0LL, 0, info);
    FAILS(B_BAD_ADDRESS, set_timer, timer, -1, INT64_MAX, 0LL, 0, BAD_POINTER);
    FAILS(B_BAD_VALUE, get_timer, NO_ID, -1, info);
    FAILS(B_BAD_VALUE, get_timer, timer, this_thread(), info);
    FAILS(B_BAD_THREAD_ID, get_timer, timer, NO_ID, info);
    FAILS(B_NOT_ALLOWED, get_timer, timer, other, info);
    FAILS(B_BAD_ADDRESS, get_timer, timer, -1, BAD_POINTER);
    FAILS(B_BAD_VALUE, delete_timer, 0, -1); /* the team's alarm */
    FAILS(B_BAD_VALUE, delete_timer, 0, NO_ID);
    FAILS(B_BAD_VALUE, delete_timer, NO_ID, -1);
    FAILS(B_BAD_THREAD_ID, delete_timer, timer, NO_ID);
    FAILS(B_NOT_ALLOWED, delete_timer, timer, other);
    CHECK_STATUS(sys(SYS_delete_timer, timer, -1), HK_B_OK);
    FAILS(B_BAD_VALUE, delete_timer, timer, -1);
}

static void limit(void)
{
    for (int i = 0; i < TIMERS_MAX; i++)
        CHECK(sys(SYS_create_timer, MONOTONIC, -1, 0, (void *)0, (void *)0) >=
              0);
    FAILS(B_WOULD_BLOCK, create_timer, MONOTONIC, -1, 0, (void *)0, (void *)0);
}

static void zones(void)
{
    char name[64];

    FAILS(B_BAD_ADDRESS, set_timezone, 0, BAD_POINTER, 4);
    FAILS(B_BAD_ADDRESS, get_timezone, BAD_POINTER, name, 64);
    FAILS(B_BAD_ADDRESS, get_timezone, (void *)0, BAD_POINTER, 64);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, create_timer, other, -1, 0, (void *)0, (void *)0);
    FAILS(B_NOT_ALLOWED, set_timezone, 0, "Europe/Berlin", 14);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    other = new_sleeper();
    clocks();
    sleeping();
    creating();
    setting();
    in_child(limit);
    zones();
    as_user(other_users);
    end_sleeper(other);
    print("errors checked\n");
    return 0;
}
