/* stops.c -- teams that are stopped in the middle of what they do. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { SIGKILL = 9, SIGSTOP = 10, SIGCONT = 12, SIGTSTP = 13, SIGTERM = 15 };
enum { CONTINUED = 4, STOPPED = 16 }; /* of wait_for_child */
enum { CLD_STOPPED = 64, CLD_CONTINUED = 65 };
enum { TO_THREAD = 0x20000 }; /* a flag of send_signal */
enum { THREADS = 3, STOPS = 60 };

static long alive; /* a semaphore that the other team releases now and then */

/* What all teams of a root share is changed all the time. */
static int makes_semaphores(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        sys(SYS_delete_sem, sys(SYS_create_sem, 0, "busy"));
    return 0;
}

/* A team of busy threads, in a process group of its own: its parent keeps it
 * from being an orphan, which Ctrl-Z does not stop. */
static long busy_team(void)
{
    long child = fork_team();

    if (child != 0)
        return child;
    sys(SYS_setpgid, 0, 0);
    for (int i = 0; i < THREADS; i++)
        sys(SYS_resume_thread, spawn_thread("busy", makes_semaphores, 0, 0));
    for (;;) {
        sys(SYS_release_sem, alive);
        sys(SYS_snooze_etc, 1000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
}

/* Its main thread is suspended. */
static long half_asleep_team(void)
{
    long child = fork_team();

    if (child != 0)
        return child;
    sys(SYS_setpgid, 0, 0);
    sys(SYS_resume_thread, spawn_thread("busy", makes_semaphores, 0, 0));
    for (;;)
        sys(SYS_suspend_thread, this_thread());
}

static void await_suspended(long thread)
{
    enum { SUSPENDED = 5 };
    struct thread_info info;

    do {
        sys(SYS_snooze_etc, 1000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        CHECK_STATUS(sys(SYS_get_thread_info, thread, &info), HK_B_OK);
    } while (info.state != SUSPENDED);
}

static void send(long team, int signal)
{
    CHECK_STATUS(sys(SYS_send_signal, team, signal, (void *)0, 0), HK_B_OK);
}

static void await(long child, uint32_t what, int code, int status)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, what, &info, (void *)0), child);
    CHECK_STATUS(info.code, code);
    CHECK_STATUS(info.status, status);
}

/* Others go on while it is stopped. */
static void stop(long child, int signal)
{
    send(child, signal);
    await(child, STOPPED, CLD_STOPPED, signal);
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(sys(SYS_delete_sem, sys(SYS_create_sem, 0, "own")),
                     HK_B_OK);
    send(child, SIGCONT);
    await(child, CONTINUED, CLD_CONTINUED, 0);
}

static long acquire(int64_t timeout)
{
    return sys(SYS_acquire_sem_etc, alive, 1, RELATIVE_TIMEOUT, timeout);
}

/* What is to go on goes on, however soon that comes. */
static void stop_hastily(long child, int signal)
{
    send(child, signal);
    send(child, SIGCONT);
    while (acquire(0) == HK_B_OK)
        continue;
    CHECK_STATUS(acquire(60000000), HK_B_OK);
}

static int ends(void *status, void *unused)
{
    (void)unused;
    return *(int *)status;
}

/* SIGCONT is what lets a suspended thread run, one that is new as well. */
static void resumed_by_signal(void)
{
    int32_t status = 0;
    int expected = 23;
    long thread = spawn_thread("ends", ends, &expected, 0);

    CHECK_STATUS(sys(SYS_send_signal, thread, SIGCONT, (void *)0, TO_THREAD),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &status), HK_B_OK);
    CHECK_STATUS(status, expected);
}

int main(int argc, char **argv, char **environment)
{
    long child;

    (void)argc, (void)argv, (void)environment;
    alive = sys(SYS_create_sem, 0, "alive");
    child = busy_team();
    CHECK_STATUS(acquire(60000000), HK_B_OK);
    for (int i = 0; i < STOPS; i++)
        stop(child, i % 2 == 0 ? SIGSTOP : SIGTSTP);
    for (int i = 0; i < STOPS; i++)
        stop_hastily(child, i % 2 == 0 ? SIGSTOP : SIGTSTP);
    send(child, SIGKILL);
    await(child, EXITED, CLD_KILLED, SIGKILL);
    child = half_asleep_team();
    await_suspended(child);
    stop(child, SIGSTOP);
    await_suspended(child);
    stop(child, SIGTSTP);
    await_suspended(child);
    send(child, SIGTERM);
    await(child, EXITED, CLD_KILLED, SIGTERM);
    resumed_by_signal();
    print("stops checked\n");
    return 0;
}
