/* signals.c -- how calls of signals fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { SIGSTOP = 10, SIGNAL_MAX = 64, SET = 3, NO_HOW = 4 };
enum { TO_THREAD = 0x20000, ONSTACK = 1, MIN_STACK = 8192 };

struct stack {
    void *base;
    uint32_t size;
    int32_t flags;
};

static long other; /* a team, and its main thread */
static uint64_t set, old_set;
static uint8_t info[36];

static void sending(void)
{
    FAILS(B_BAD_VALUE, send_signal, 0, SIGNAL_MAX + 1, (void *)0, 0);
    FAILS(B_BAD_VALUE, send_signal, 0, SIGNAL_MAX + 1, (void *)0, TO_THREAD);
    FAILS(B_BAD_VALUE, send_signal, 0, -1, (void *)0, 0);
    FAILS(B_BAD_VALUE, send_signal, NO_ID, SIGNAL_MAX + 1, (void *)0, 0);
    FAILS(B_BAD_TEAM_ID, send_signal, NO_ID, 0, (void *)0, 0);
    FAILS(B_BAD_TEAM_ID, send_signal, NO_ID, SIGUSR1, (void *)0, 0);
    FAILS(B_BAD_TEAM_ID, send_signal, -NO_ID, SIGUSR1, (void *)0, 0);
    FAILS(B_BAD_THREAD_ID, send_signal, NO_ID, 0, (void *)0, TO_THREAD);
    FAILS(B_BAD_THREAD_ID, send_signal, NO_ID, SIGUSR1, (void *)0, TO_THREAD);
    FAILS(B_BAD_ADDRESS, send_signal, NO_ID, SIGNAL_MAX + 1, BAD_POINTER, 0);
    FAILS(B_NOT_ALLOWED, send_signal, KERNEL_TEAM, SIGUSR1, (void *)0, 0);
    CHECK_STATUS(sys(SYS_send_signal, KERNEL_TEAM, 0, (void *)0, 0), HK_B_OK);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, send_signal, other, SIGUSR1, (void *)0, 0);
    FAILS(B_NOT_ALLOWED, send_signal, other, SIGKILL, (void *)0, 0);
    FAILS(B_NOT_ALLOWED, send_signal, other, 0, (void *)0, 0);
    FAILS(B_NOT_ALLOWED, send_signal, other, SIGUSR1, (void *)0, TO_THREAD);
    FAILS(B_NOT_ALLOWED, send_signal, KERNEL_TEAM, 0, (void *)0, 0);
}

/* A team of the group until the pipe's other end is closed. */
static long new_member(const int32_t pipe[2])
{
    long child = fork_team();
    char byte;

    if (child != 0)
        return child;
    sys(SYS_close, pipe[1]);
    set = 0;
    sys(SYS_set_signal_mask, SET, &set, (void *)0);
    while (sys(SYS_read, pipe[0], NO_POSITION, &byte, 1) > 0)
        continue;
    guest_exit(7);
}

static int end_of(long child)
{
    struct siginfo end;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &end, (void *)0),
                 child);
    return end.status;
}

/* Whether the newest team of a group may be sent a signal decides for all. */
static void groups(void)
{
    long group = sys(SYS_get_current_team), roots, users;
    int32_t pipe[2];

    CHECK_STATUS(sys(SYS_create_pipe, pipe), HK_B_OK);
    CHECK_STATUS(sys(SYS_setpgid, 0, 0), group);
    set = 1u << (SIGUSR1 - 1);
    CHECK_STATUS(sys(SYS_set_signal_mask, SET, &set, (void *)0), HK_B_OK);
    roots = new_member(pipe);
    CHECK_STATUS(sys(SYS_setreuid, 1000, 1000, 1), HK_B_OK);
    FAILS(B_NOT_ALLOWED, send_signal, -group, SIGUSR1, (void *)0, 0);
    CHECK_STATUS(sys(SYS_sigpending, &old_set), HK_B_OK);
    CHECK(old_set == 0);
    users = new_member(pipe);
    CHECK_STATUS(sys(SYS_send_signal, -group, SIGUSR1, (void *)0, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigpending, &old_set), HK_B_OK);
    CHECK(old_set == set);
    CHECK_STATUS(end_of(users), SIGUSR1);
    sys(SYS_close, pipe[1]);
    CHECK_STATUS(end_of(roots), 7);
}

static void masks(void)
{
    struct sigaction action = {.handler = 0};

    FAILS(B_BAD_VALUE, set_signal_mask, 0, &set, &old_set);
    FAILS(B_BAD_VALUE, set_signal_mask, NO_HOW, &set, (void *)0);
    FAILS(B_BAD_ADDRESS, set_signal_mask, NO_HOW, BAD_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, set_signal_mask, NO_HOW, &set, BAD_POINTER);
    FAILS(B_BAD_VALUE, sigaction, 0, &action, (void *)0);
    FAILS(B_BAD_VALUE, sigaction, -1, &action, (void *)0);
    FAILS(B_BAD_VALUE, sigaction, SIGNAL_MAX + 1, &action, (void *)0);
    FAILS(B_BAD_VALUE, sigaction, SIGKILL, &action, (void *)0);
    FAILS(B_BAD_VALUE, sigaction, SIGSTOP, (void *)0, (void *)0);
    FAILS(B_BAD_ADDRESS, sigaction, 0, BAD_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, sigaction, 0, &action, BAD_POINTER);
    FAILS(B_BAD_VALUE, sigpending, (void *)0);
    FAILS(B_BAD_ADDRESS, sigpending, BAD_POINTER);
    FAILS(B_BAD_VALUE, sigsuspend, (void *)0);
    FAILS(B_BAD_ADDRESS, sigsuspend, BAD_POINTER);
}

/* What was before cannot be told, and it is done all the same. */
static void untold(void)
{
    static const uint64_t read_only[3] = {0};
    struct sigaction ignore = {.handler = (void *)1}, found;

    set = 1u << (SIGUSR2 - 1);
    CHECK_STATUS(sys(SYS_set_signal_mask, SET, &read_only, &old_set), HK_B_OK);
    FAILS(B_BAD_ADDRESS, set_signal_mask, SET, &set, read_only);
    CHECK_STATUS(sys(SYS_set_signal_mask, 0, (void *)0, &old_set), HK_B_OK);
    CHECK(old_set == set);
    FAILS(B_BAD_ADDRESS, sigaction, SIGUSR2, &ignore, read_only);
    CHECK_STATUS(sys(SYS_sigaction, SIGUSR2, (void *)0, &found), HK_B_OK);
    CHECK(found.handler == ignore.handler);
    ignore.handler = (void *)0;
    CHECK_STATUS(sys(SYS_sigaction, SIGUSR2, &ignore, (void *)0), HK_B_OK);
}

static int sends(void *thread, void *unused)
{
    (void)unused;
    wait_until_waiting((long)thread);
    return (int)sys(SYS_send_signal, (long)thread, SIGUSR2, (void *)0,
                    TO_THREAD);
}

/* SIGUSR2 is blocked. No timer is set for a time below 0. */
static void waiting_for_ever(void)
{
    sys(SYS_resume_thread,
        spawn_thread("sends", sends, (void *)this_thread(), (void *)0));
    CHECK_STATUS(sys(SYS_sigwait, &set, info, ABSOLUTE_TIMEOUT, -1LL), HK_B_OK);
}

static void waiting(void)
{
    set = 1u << (SIGUSR2 - 1);
    waiting_for_ever();
    FAILS(B_BAD_ADDRESS, sigwait, (void *)0, info, 0, 0LL);
    FAILS(B_BAD_ADDRESS, sigwait, BAD_POINTER, info, 0, 0LL);
    FAILS(B_BAD_ADDRESS, sigwait, &set, KERNEL_POINTER, 0, 0LL);
    FAILS(B_WOULD_BLOCK, sigwait, &set, info, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_WOULD_BLOCK, sigwait, &set, info, RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_WOULD_BLOCK, sigwait, &set, info, ABSOLUTE_TIMEOUT, 1LL);
    set = 0;
    interrupt_from_now();
    FAILS(B_INTERRUPTED, sigsuspend, &set);
    interrupt_no_more();
}

/* ---- stacks ---- */

static char memory[4 * MIN_STACK];
static const struct stack good = {memory, sizeof(memory), 0};

/* The stack that it runs on cannot be changed. */
static void on_stack(int signal)
{
    (void)signal;
    FAILS(B_NOT_ALLOWED, set_signal_stack, &good, (void *)0);
}

static void stacks(void)
{
    const struct stack small = {memory, MIN_STACK - 1, 0};
    const struct stack flags = {memory, sizeof(memory), ONSTACK};
    const struct stack kernel = {KERNEL_POINTER, MIN_STACK, 0};
    const struct stack both = {KERNEL_POINTER, 0, ONSTACK};
    struct sigaction action = {.handler = on_stack, .flags = 0x20};
    struct stack untouched = {0, 77, 0};

    FAILS(B_NO_MEMORY, set_signal_stack, &small, (void *)0);
    FAILS(B_BAD_VALUE, set_signal_stack, &flags, &untouched);
    FAILS(B_BAD_VALUE, set_signal_stack, &kernel, &untouched);
    FAILS(B_BAD_VALUE, set_signal_stack, &both, (void *)0);
    FAILS(B_BAD_ADDRESS, set_signal_stack, &flags, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, set_signal_stack, BAD_POINTER, &untouched);
    CHECK(untouched.size == 77);
    CHECK_STATUS(sys(SYS_set_signal_stack, &good, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigaction, SIGUSR2, &action, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_send_signal, 0, SIGUSR2, (void *)0, TO_THREAD),
                 HK_B_OK);
}

/* ---- limits ---- */

enum { LIMIT_CORE = 0, LIMIT_NOFILE = 4, LIMIT_STACK = 5, LIMIT_NOVMON = 7 };
enum { NO_LIMIT = 99, NOFILE_MAX = 8192, WATCH_STAT = 2 };

static void limits(void)
{
    uint32_t values[] = {1, 1};
    uint32_t many[] = {NOFILE_MAX + 1, NOFILE_MAX};
    uint32_t few[] = {0, 0xffffffff};

    FAILS(B_BAD_VALUE, getrlimit, NO_LIMIT, values);
    FAILS(B_BAD_VALUE, getrlimit, NO_LIMIT, (void *)0);
    FAILS(B_BAD_ADDRESS, getrlimit, NO_LIMIT, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, getrlimit, NO_LIMIT, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, getrlimit, LIMIT_CORE, BAD_POINTER);
    FAILS(B_BAD_VALUE, setrlimit, NO_LIMIT, values);
    FAILS(B_BAD_VALUE, setrlimit, LIMIT_STACK, values);
    FAILS(B_BAD_VALUE, setrlimit, LIMIT_CORE, values);
    FAILS(B_BAD_VALUE, setrlimit, LIMIT_CORE, (void *)0);
    FAILS(B_BAD_ADDRESS, setrlimit, NO_LIMIT, BAD_POINTER);
    FAILS(B_NOT_ALLOWED, setrlimit, LIMIT_NOFILE, values);
    FAILS(B_NOT_ALLOWED, setrlimit, LIMIT_NOVMON, values);
    FAILS(B_BAD_VALUE, setrlimit, LIMIT_NOFILE, many);
    FAILS(B_BAD_VALUE, setrlimit, LIMIT_NOVMON, few);
    few[0] = 1; /* more are open, and watched */
    FAILS(B_BUSY, setrlimit, LIMIT_NOFILE, few);
    for (int64_t node = 1; node <= 2; node++)
        CHECK_STATUS(sys(SYS_start_watching, 1, node, WATCH_STAT,
                         sys(SYS_create_port, 1, "watcher"), 0),
                     HK_B_OK);
    FAILS(B_BUSY, setrlimit, LIMIT_NOVMON, few);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    other = new_sleeper();
    sending();
    in_child(groups);
    as_user(other_users);
    masks();
    untold();
    waiting();
    stacks();
    limits();
    end_sleeper(other);
    print("errors checked\n");
    return 0;
}
