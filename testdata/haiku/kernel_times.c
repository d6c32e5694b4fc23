/* kernel_times.c -- how long what the kernel does takes (apps/uvm/bench). */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

/* As in apps/uvm/bench/kernel_linux.c: a line "NAME: NANOSECONDS" each. */
enum { CALLS = 20000, BLOCKS = 2000, TURNS = 5000, STARTS = 200 };
enum { BLOCK_SIZE = 65536, LOCKED = 1, WAITING = 2, SIGUSR1 = 18 };

static char block[BLOCK_SIZE];

static long long now(void)
{
    return sys64(SYS_system_time);
}

static void tell(const char *name, long long start, uint32_t count)
{
    uint32_t us = (uint32_t)(now() - start);

    printf("%s: %u\n", name, us / count * 1000 + us % count * 1000 / count);
}

static void null_call(void)
{
    long long start = now();

    for (int i = 0; i < CALLS; i++)
        sys(SYS_is_computer_on);
    tell("null call", start, CALLS);
}

static void file_calls(void)
{
    long fd = sys(SYS_open, AT_FDCWD, "data", O_RDWR | O_CREAT, 0644);
    long long start;

    sys(SYS_write, fd, 0LL, block, BLOCK_SIZE);
    start = now();
    for (int i = 0; i < CALLS; i++)
        sys(SYS_read, fd, 0LL, block, 1);
    tell("read 1 B", start, CALLS);
    start = now();
    for (int i = 0; i < CALLS; i++)
        sys(SYS_write, fd, 0LL, block, 1);
    tell("write 1 B", start, CALLS);
    start = now();
    for (int i = 0; i < BLOCKS; i++)
        sys(SYS_read, fd, 0LL, block, BLOCK_SIZE);
    tell("read 64 KiB", start, BLOCKS);
    start = now();
    for (int i = 0; i < BLOCKS; i++)
        sys(SYS_write, fd, 0LL, block, BLOCK_SIZE);
    tell("write 64 KiB", start, BLOCKS);
    sys(SYS_close, fd);
    sys(SYS_unlink, AT_FDCWD, "data");
}

static void starts(const char *program)
{
    struct flat flat;
    struct siginfo info;
    long long start = now();

    for (int i = 0; i < STARTS; i++) {
        long child = fork_team();

        if (child == 0)
            sys(SYS_exit_team, 0);
        sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    }
    tell("fork + exit + wait", start, STARTS);
    flatten(&flat, program, "end");
    start = now();
    for (int i = 0; i < STARTS; i++) {
        long child = fork_team();

        if (child == 0)
            sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
        sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    }
    tell("fork + exec + wait", start, STARTS);
}

/* ---- threads ---- */

static int nothing(void *a, void *b)
{
    (void)a, (void)b;
    return 0;
}

static void thread_starts(void)
{
    long long start = now();
    int32_t status;

    for (int i = 0; i < BLOCKS; i++) {
        long id = spawn_thread("nothing", nothing, 0, 0);

        sys(SYS_resume_thread, id);
        sys(SYS_wait_for_thread, id, &status);
    }
    tell("thread create + join", start, BLOCKS);
}

/* Runs a partner beside what is measured. */
static void with_partner(const char *name, int (*partner)(void *, void *),
                         void (*measured)(void))
{
    long id = spawn_thread("partner", partner, 0, 0);
    long long start;
    int32_t status;

    sys(SYS_resume_thread, id);
    start = now();
    measured();
    sys(SYS_wait_for_thread, id, &status);
    tell(name, start, TURNS);
}

static int32_t mutex;

static void lock_and_unlock(void)
{
    for (int i = 0; i < TURNS; i++) {
        int32_t free = 0;

        if (!__atomic_compare_exchange_n(&mutex, &free, LOCKED, 0,
                                         __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            sys(SYS_mutex_lock, &mutex, "mutex", 0, 0LL);
        sys(SYS_is_computer_on);
        if ((__atomic_fetch_and(&mutex, ~LOCKED, __ATOMIC_RELEASE) & WAITING) !=
            0)
            sys(SYS_mutex_unblock, &mutex, 0);
    }
}

static int lock_partner(void *a, void *b)
{
    (void)a, (void)b;
    lock_and_unlock();
    return 0;
}

static long ping, pong;

static int sem_partner(void *a, void *b)
{
    (void)a, (void)b;
    for (int i = 0; i < TURNS; i++) {
        sys(SYS_acquire_sem, ping);
        sys(SYS_release_sem, pong);
    }
    return 0;
}

static void sem_turns(void)
{
    for (int i = 0; i < TURNS; i++) {
        sys(SYS_release_sem, ping);
        sys(SYS_acquire_sem, pong);
    }
}

static int port_partner(void *a, void *b)
{
    char byte;

    (void)a, (void)b;
    for (int i = 0; i < TURNS; i++) {
        sys(SYS_read_port_etc, ping, (void *)0, &byte, 1, 0, 0LL);
        sys(SYS_write_port_etc, pong, 1, &byte, 1, 0, 0LL);
    }
    return 0;
}

static void port_turns(void)
{
    char byte = 0;

    for (int i = 0; i < TURNS; i++) {
        sys(SYS_write_port_etc, ping, 1, &byte, 1, 0, 0LL);
        sys(SYS_read_port_etc, pong, (void *)0, &byte, 1, 0, 0LL);
    }
}

static int32_t first[2], second[2];

static int pipe_partner(void *a, void *b)
{
    char byte;

    (void)a, (void)b;
    for (int i = 0; i < TURNS; i++) {
        sys(SYS_read, first[0], NO_POSITION, &byte, 1);
        sys(SYS_write, second[1], NO_POSITION, &byte, 1);
    }
    return 0;
}

static void pipe_turns(void)
{
    char byte = 0;

    for (int i = 0; i < TURNS; i++) {
        sys(SYS_write, first[1], NO_POSITION, &byte, 1);
        sys(SYS_read, second[0], NO_POSITION, &byte, 1);
    }
}

static void turns(void)
{
    with_partner("contended mutex", lock_partner, lock_and_unlock);
    ping = sys(SYS_create_sem, 0, "ping");
    pong = sys(SYS_create_sem, 0, "pong");
    with_partner("semaphore ping-pong", sem_partner, sem_turns);
    ping = sys(SYS_create_port, 1, "ping");
    pong = sys(SYS_create_port, 1, "pong");
    with_partner("port ping-pong", port_partner, port_turns);
    sys(SYS_create_pipe, first);
    sys(SYS_create_pipe, second);
    with_partner("pipe ping-pong", pipe_partner, pipe_turns);
}

/* ---- signals ---- */

static volatile int handled;

static void handle(int signal, void *data, void *registers)
{
    (void)signal, (void)data, (void)registers;
    handled++;
}

static void signals(void)
{
    enum { TO_THREAD = 0x20000 };
    struct sigaction action = {.handler = handle};
    long long start;

    sys(SYS_sigaction, SIGUSR1, &action, (void *)0);
    start = now();
    for (int i = 0; i < TURNS; i++)
        sys(SYS_send_signal, this_thread(), SIGUSR1, (void *)0, TO_THREAD);
    tell("signal round trip", start, TURNS);
    CHECK(handled == TURNS);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2)
        return 0;
    null_call();
    file_calls();
    starts(argv[0]);
    thread_starts();
    turns();
    signals();
    return 0;
}
