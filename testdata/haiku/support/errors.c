/* errors.c -- what the guests that look at errors share. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

/* ---- waiting ---- */

static int waits(long thread)
{
    enum { RECEIVING = 3, ASLEEP = 4, WAITING = 6 };
    struct thread_info info = {0};

    sys(SYS_get_thread_info, thread, &info);
    return info.state == RECEIVING || info.state == ASLEEP ||
           info.state == WAITING;
}

/* It may also be waiting for a moment on the way. */
void wait_until_waiting(long thread)
{
    for (int times = 0; times < 4; times = waits(thread) ? times + 1 : 0)
        snooze(1000);
}

/* ---- interrupting ---- */

static long interrupter;
static volatile int is_interrupting;

static void handle(int signal)
{
    (void)signal;
}

static int interrupt(void *thread, void *unused)
{
    (void)unused;
    while (is_interrupting) {
        wait_until_waiting((long)thread);
        if (is_interrupting)
            sys(SYS_send_signal, (long)thread, SIGUSR1, (void *)0, 1);
    }
    return 0;
}

void interrupt_from_now(void)
{
    struct sigaction action = {.handler = handle};

    sys(SYS_sigaction, SIGUSR1, &action, (void *)0);
    is_interrupting = 1;
    interrupter =
        spawn_thread("interrupter", interrupt, (void *)this_thread(), 0);
    sys(SYS_resume_thread, interrupter);
}

void interrupt_no_more(void)
{
    int32_t result;

    is_interrupting = 0;
    while (sys(SYS_wait_for_thread_etc, interrupter, 0, 0LL, &result) ==
           HK_B_INTERRUPTED)
        continue;
}

/* ---- children ---- */

void in_child(void (*something)(void))
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0) {
        something();
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
}

long new_sleeper(void)
{
    long child = fork_team();

    while (child == 0)
        snooze(1000000);
    return child;
}

void end_sleeper(long team)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_kill_team, team), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, team, EXITED, &info, (void *)0), team);
}
