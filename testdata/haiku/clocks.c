/* clocks.c -- clocks that are set: the root's, and those of CPU time. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum {
    MONOTONIC = 0,
    REAL_TIME = -1,
    TEAM_CPU = -2,
    THREAD_CPU = -3,
    TEAM_USER_CPU = -4,
    KERNEL_TEAM = 1
};
enum { REAL_TIME_BASE = 0x40, SIG_BLOCK = 1, SIGUSR1 = 18 };

static const long long second = 1000000, hour = 3600 * 1000000LL;

static long long read_clock(int clock)
{
    long long us = -1;

    CHECK_STATUS(sys(SYS_get_clock, clock, &us), HK_B_OK);
    return us;
}

/* What the commpage says that libroot adds to system_time. */
static const volatile long long *base;

static void find_base(void)
{
    static uint8_t info[1084];
    int32_t cookie = 0;

    while (sys(SYS_get_next_image_info, 0, &cookie, info, sizeof(info)) == 0)
        if (strcmp((char *)info + 36, "commpage") == 0) {
            const char *page = *(char **)(info + 1060);

            base = (const volatile long long *)(page + ((uint32_t *)page)[2]);
        }
}

static int is_near(long long us, long long expected)
{
    long long off = (long long)((uint64_t)us - (uint64_t)expected);

    return off < 10 * second && off > -10 * second;
}

static void check_real_time(long long expected)
{
    static uint8_t info[452];

    CHECK(is_near(read_clock(REAL_TIME), expected));
    CHECK(is_near(*base + sys64(SYS_system_time), expected));
    CHECK_STATUS(sys(SYS_get_system_info, info), HK_B_OK);
    CHECK(is_near(*(long long *)info, *base));
}

static int exit_status(long team)
{
    struct siginfo info;

    if (sys(SYS_wait_for_child, team, EXITED, &info, (void *)0) != team)
        return -1;
    return info.status;
}

/* ---- the real-time clock ---- */

static void set_and_read(long long now)
{
    CHECK_STATUS(sys(SYS_set_real_time_clock, now + hour), HK_B_OK);
    check_real_time(now + hour);
    CHECK_STATUS(sys(SYS_set_clock, REAL_TIME, 2 * second), HK_B_OK);
    check_real_time(2 * second);
    CHECK_STATUS(sys(SYS_set_real_time_clock, -hour), HK_B_OK);
    check_real_time(-hour);
    CHECK_STATUS(sys(SYS_set_real_time_clock, INT64_MIN), HK_B_OK);
    check_real_time(INT64_MIN);
    CHECK_STATUS(sys(SYS_set_real_time_clock, INT64_MAX - hour), HK_B_OK);
    check_real_time(INT64_MAX - hour);
    CHECK_STATUS(sys(SYS_set_real_time_clock, now), HK_B_OK);
    check_real_time(now);
}

/* While the machine's clock is local, a zone is what the real time is behind.
 */
static void set_local(long long now)
{
    uint8_t is_gmt = 9;

    CHECK_STATUS(sys(SYS_set_timezone, 7200, "Two", 4), HK_B_OK);
    check_real_time(now);
    CHECK_STATUS(sys(SYS_set_real_time_clock_is_gmt, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_real_time_clock_is_gmt, &is_gmt), HK_B_OK);
    CHECK(is_gmt == 0);
    check_real_time(now - 2 * hour);
    CHECK_STATUS(sys(SYS_set_timezone, 3600, "One", 4), HK_B_OK);
    check_real_time(now - hour);
    CHECK_STATUS(sys(SYS_set_real_time_clock, now), HK_B_OK);
    check_real_time(now);
    CHECK_STATUS(sys(SYS_set_real_time_clock_is_gmt, 1), HK_B_OK);
    check_real_time(now + hour);
    CHECK_STATUS(sys(SYS_set_real_time_clock, now), HK_B_OK);
    CHECK_STATUS(sys(SYS_set_timezone, 0, "GMT", 4), HK_B_OK);
}

/* Another team sees it while it makes no call at all. */
static void seen_by_others(long long now)
{
    long ready = sys(SYS_create_sem, 0, "ready"), team;
    long long before = *base;

    team = fork_team();
    if (team == 0) {
        sys(SYS_release_sem, ready);
        while (*base - before < hour / 2)
            continue;
        guest_exit(3);
    }
    CHECK_STATUS(sys(SYS_acquire_sem, ready), HK_B_OK);
    CHECK_STATUS(sys(SYS_set_real_time_clock, now + hour), HK_B_OK);
    CHECK_STATUS(exit_status(team), 3);
    sys(SYS_delete_sem, ready);
}

/* ---- who waits for a time of day ---- */

enum { WHEN = ABSOLUTE_TIMEOUT | REAL_TIME_BASE };

static long ready, never, told;

static long wait_switched(long long moment)
{
    return sys(SYS_switch_sem_etc, ready, never, 1, WHEN, moment);
}

static long wait_sem(long long moment)
{
    sys(SYS_release_sem, ready);
    return sys(SYS_acquire_sem_etc, never, 1, WHEN, moment);
}

static long wait_snoozing(long long moment)
{
    sys(SYS_release_sem, ready);
    return sys(SYS_snooze_etc, moment, REAL_TIME, ABSOLUTE_TIMEOUT, (void *)0);
}

static long wait_signal(long long moment)
{
    uint64_t set = 1ull << (SIGUSR1 - 1);

    sys(SYS_release_sem, ready);
    return sys(SYS_sigwait, &set, (void *)0, WHEN, moment);
}

static long wait_mutex(long long moment)
{
    static int32_t mutex = 1; /* locked */

    sys(SYS_release_sem, ready);
    return sys(SYS_mutex_lock, &mutex, "mutex", WHEN, moment);
}

static long wait_mutex_switched(long long moment)
{
    static int32_t from = 1, to = 1;

    sys(SYS_release_sem, ready);
    return sys(SYS_mutex_switch_lock, &from, 0, &to, "to", WHEN, moment);
}

static const struct {
    const char *name;
    long (*wait)(long long);
    int32_t expected;
} waits[] = {
    {"switch_sem_etc", wait_switched, HK_B_TIMED_OUT},
    {"acquire_sem_etc", wait_sem, HK_B_TIMED_OUT},
    {"snooze_etc", wait_snoozing, HK_B_OK},
    {"sigwait", wait_signal, HK_B_WOULD_BLOCK},
    {"mutex_lock", wait_mutex, HK_B_TIMED_OUT},
    {"mutex_switch_lock", wait_mutex_switched, HK_B_TIMED_OUT},
};

static int wait_in_thread(void *index, void *moment)
{
    return waits[(long)index].wait(*(long long *)moment);
}

static void check_result(long index, long found)
{
    if (found != waits[index].expected)
        printf("%s: %s\n", waits[index].name, status_name(found));
    CHECK(found == waits[index].expected);
}

/* In another thread, and in another team. */
static void waits_end(void)
{
    for (long i = 0; i < (long)(sizeof(waits) / sizeof(waits[0])); i++) {
        long long now = read_clock(REAL_TIME), moment = now + hour;
        int32_t status = 0;
        long thread, team;

        thread = spawn_thread("waits", wait_in_thread, (void *)i, &moment);
        sys(SYS_resume_thread, thread);
        CHECK_STATUS(sys(SYS_acquire_sem, ready), HK_B_OK);
        team = fork_team();
        if (team == 0) {
            int is_right = waits[i].wait(moment) == waits[i].expected;

            sys(SYS_acquire_sem, told); /* SIGCHLD would interrupt the thread */
            sys(SYS_exit_team, is_right);
        }
        CHECK_STATUS(sys(SYS_acquire_sem, ready), HK_B_OK);
        sys(SYS_set_real_time_clock, now + hour / 2);
        sys(SYS_set_real_time_clock, moment + second);
        CHECK_STATUS(sys(SYS_wait_for_thread, thread, &status), HK_B_OK);
        check_result(i, status);
        sys(SYS_release_sem, told);
        CHECK_STATUS(exit_status(team), 1);
    }
}

/* A wait for some time is none for a time of day. */
static void relative_waits_stay(void)
{
    long long start = sys64(SYS_system_time);
    long team = fork_team();

    if (team == 0)
        guest_exit((int)sys(SYS_acquire_sem_etc, never, 1,
                            RELATIVE_TIMEOUT | REAL_TIME_BASE,
                            60000LL) == HK_B_TIMED_OUT);
    CHECK_STATUS(
        sys(SYS_set_real_time_clock, read_clock(REAL_TIME) + 50 * hour),
        HK_B_OK);
    CHECK_STATUS(exit_status(team), 1);
    CHECK(sys64(SYS_system_time) - start >= 60000);
}

/* ---- timers ---- */

struct sigevent {
    int32_t notify, signal;
    void *value, *function, *attributes;
};

struct timer_info {
    long long left, interval;
    uint32_t overruns;
} __attribute__((packed));

static uint64_t signals = 1ull << (SIGUSR1 - 1);

static long make_timer(int clock)
{
    struct sigevent event = {1, SIGUSR1, 0, 0, 0};
    long timer = sys(SYS_create_timer, clock, -1, 0, &event, (void *)0);

    CHECK(timer >= 0);
    return timer;
}

static long long time_left(long timer)
{
    struct timer_info info = {-1, 0, 0};

    CHECK_STATUS(sys(SYS_get_timer, timer, -1, &info), HK_B_OK);
    return info.left;
}

static long await_signal(void)
{
    return sys(SYS_sigwait, &signals, (void *)0, RELATIVE_TIMEOUT, 60 * second);
}

static void absolute_timer(int clock)
{
    long timer = make_timer(clock);
    long long now = read_clock(clock);

    sys(SYS_set_timer, timer, -1, now + hour, 0LL, ABSOLUTE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_set_clock, clock, now + hour / 2), HK_B_OK);
    CHECK(is_near(time_left(timer), hour / 2));
    CHECK_STATUS(sys(SYS_set_clock, clock, now + hour), HK_B_OK);
    CHECK_STATUS(await_signal(), HK_B_OK);
    CHECK(time_left(timer) == INT64_MAX);
    sys(SYS_delete_timer, timer, -1);
}

static void relative_timer(int clock)
{
    long timer = make_timer(clock);
    long long now = read_clock(clock);

    sys(SYS_set_timer, timer, -1, hour, 0LL, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_set_clock, clock, now + 2 * hour), HK_B_OK);
    CHECK(is_near(time_left(timer), hour));
    sys(SYS_delete_timer, timer, -1);
}

/* The next time is what stays on the clock. */
static void periodic_timer(void)
{
    long timer = make_timer(REAL_TIME);
    long long now = read_clock(REAL_TIME);

    sys(SYS_set_timer, timer, -1, now - hour, 2 * hour, ABSOLUTE_TIMEOUT,
        (void *)0);
    CHECK_STATUS(await_signal(), HK_B_OK);
    CHECK(is_near(time_left(timer), hour));
    CHECK_STATUS(sys(SYS_set_clock, REAL_TIME, now - hour), HK_B_OK);
    CHECK(is_near(time_left(timer), 2 * hour));
    CHECK_STATUS(sys(SYS_set_clock, REAL_TIME, now + hour), HK_B_OK);
    CHECK_STATUS(await_signal(), HK_B_OK);
    sys(SYS_delete_timer, timer, -1);
}

/* ---- CPU time ---- */

static void cpu_clocks(void)
{
    long team = fork_team();

    if (team == 0)
        for (;;)
            sys(SYS_snooze_etc, hour, MONOTONIC, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_set_clock, TEAM_CPU, 0LL), HK_B_OK);
    CHECK_STATUS(sys(SYS_set_clock, THREAD_CPU, hour), HK_B_OK);
    CHECK(is_near(read_clock(THREAD_CPU), hour));
    CHECK(is_near(read_clock(TEAM_CPU), 0));
    CHECK_STATUS(sys(SYS_set_clock, TEAM_CPU, 2 * hour), HK_B_OK);
    CHECK(is_near(read_clock(TEAM_CPU), 2 * hour));
    CHECK(is_near(read_clock((int)sys(SYS_get_current_team)), 2 * hour));
    CHECK(is_near(read_clock(THREAD_CPU), hour));
    CHECK(is_near(read_clock(TEAM_USER_CPU), 0));
    CHECK(is_near(read_clock((int)team), 0));
    CHECK_STATUS(sys(SYS_set_clock, team, 3 * hour), HK_B_OK);
    CHECK(is_near(read_clock((int)team), 3 * hour));
    sys(SYS_kill_team, team);
    exit_status(team);
    CHECK_STATUS(sys(SYS_set_clock, team, 0LL), HK_B_BAD_VALUE);
}

/* ---- errors ---- */

static void refusals(void)
{
    long team;

    CHECK_STATUS(sys(SYS_set_clock, MONOTONIC, 0LL), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_clock, TEAM_USER_CPU, 0LL), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_clock, -5, 0LL), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_clock, 999999999, 0LL), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_clock, KERNEL_TEAM, 0LL), HK_B_NOT_ALLOWED);
    team = fork_team();
    if (team == 0) {
        sys(SYS_setreuid, 1000, 1000, 1);
        CHECK_STATUS(sys(SYS_set_clock, REAL_TIME, 0LL), HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_set_real_time_clock, 0LL), HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_set_real_time_clock_is_gmt, 1), HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_set_clock, THREAD_CPU, 0LL), HK_B_OK);
        guest_exit(0);
    }
    CHECK_STATUS(exit_status(team), 0);
}

int main(int argc, char **argv, char **environment)
{
    long long now = read_clock(REAL_TIME);

    (void)argc, (void)argv, (void)environment;
    ready = sys(SYS_create_sem, 0, "ready");
    never = sys(SYS_create_sem, 0, "never");
    told = sys(SYS_create_sem, 0, "told");
    sys(SYS_set_signal_mask, SIG_BLOCK, &signals, (void *)0);
    find_base();
    set_and_read(now);
    set_local(now);
    seen_by_others(now);
    waits_end();
    relative_waits_stay();
    absolute_timer(REAL_TIME);
    relative_timer(REAL_TIME);
    absolute_timer(TEAM_CPU);
    relative_timer(TEAM_CPU);
    absolute_timer(THREAD_CPU);
    periodic_timer();
    cpu_clocks();
    refusals();
    print("clocks checked\n");
    return 0;
}
