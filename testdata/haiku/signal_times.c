/* signal_times.c -- how soon signals come: into loops, and into waits. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <thread.h>

/* A busy machine lets a thread wait for a processor, now and then: in one
 * round of many the middle one of the times has to be below LIMIT. Who runs
 * all the time waits for one often; what counts is how long it runs on. */
enum { ROUNDS = 40, SIGNALS = 11, LIMIT = 1000 /* us */ };
enum { MONOTONIC = 0, TEAM_CPU = -2 };
enum { SIGUSR1 = 18, TO_THREAD = 0x20000, TYPE_FD = 0, READ = 1, LOCK_EX = 2 };
enum { WAITING_STATES = 1 << 4 | 1 << 6 }; /* thread_info's states */

static long victim;
static volatile int has_come, is_over;
static volatile long long sent_at;
static volatile int32_t took;

static long long now(void);

static void handle(int signal)
{
    (void)signal;
    took = (int32_t)(now() - sent_at);
    has_come = 1;
}

/* ---- where the signal finds the thread ---- */

static int32_t empty_pipe[2];
static long sem, port, queue, sleeper, listening;

static void in_loop(void)
{
    for (volatile int i = 0; !has_come; i++)
        continue;
}

/* Blocks of code that are many, and calls of functions. */
static __attribute__((noinline)) uint32_t mix(uint32_t x, int turns)
{
    for (int i = 0; i < turns; i++)
        x = x % 3 == 0 ? x / 3 + 7 : x * 1664525u + 1013904223u;
    return x;
}

static void in_computation(void)
{
    for (uint32_t x = 1; !has_come;)
        x = mix(x, 1000);
}

static void in_memory(void)
{
    static char from[65536], to[65536];

    while (!has_come)
        __asm__ volatile("rep movsb"
                         :
                         : "S"(from), "D"(to), "c"(sizeof(to))
                         : "memory");
}

static void in_calls(void)
{
    while (!has_come)
        sys(SYS_is_computer_on);
}

static void in_read(void)
{
    char byte;

    CHECK_STATUS(sys(SYS_read, empty_pipe[0], NO_POSITION, &byte, 1),
                 HK_B_INTERRUPTED);
}

static void in_snooze(void)
{
    CHECK_STATUS(
        sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, (void *)0),
        HK_B_INTERRUPTED);
}

static void in_sem(void)
{
    CHECK_STATUS(sys(SYS_acquire_sem, sem), HK_B_INTERRUPTED);
}

static void in_port(void)
{
    int32_t code;
    char byte;

    CHECK_STATUS(sys(SYS_read_port_etc, port, &code, &byte, 1, 0, 0LL),
                 HK_B_INTERRUPTED);
}

static void in_mutex(void)
{
    static int32_t locked = 1;

    CHECK_STATUS(sys(SYS_mutex_lock, &locked, "mutex", 0, 0LL),
                 HK_B_INTERRUPTED);
}

static void in_wait_for_thread(void)
{
    int32_t status;

    CHECK_STATUS(sys(SYS_wait_for_thread, sleeper, &status), HK_B_INTERRUPTED);
}

static void in_select(void)
{
    uint32_t set[8] = {1u << empty_pipe[0]};

    CHECK_STATUS(sys(SYS_select, empty_pipe[0] + 1, set, (void *)0, (void *)0,
                     60000000LL, (void *)0),
                 HK_B_INTERRUPTED);
}

static void in_objects(void)
{
    struct {
        int32_t object;
        uint16_t type, events;
    } info = {empty_pipe[0], TYPE_FD, READ};

    CHECK_STATUS(sys(SYS_wait_for_objects, &info, 1, 0, 0LL), HK_B_INTERRUPTED);
}

static void in_queue(void)
{
    char event[20];

    CHECK_STATUS(sys(SYS_event_queue_wait, queue, event, 1, 0, 0LL),
                 HK_B_INTERRUPTED);
}

static void in_suspension(void)
{
    uint64_t none = 0;

    CHECK_STATUS(sys(SYS_sigsuspend, &none), HK_B_INTERRUPTED);
}

static void in_accept(void)
{
    char address[128];
    uint32_t length = sizeof(address);

    CHECK_STATUS(sys(SYS_accept, listening, address, &length),
                 HK_B_INTERRUPTED);
}

static int32_t sockets[2];

static void in_recv(void)
{
    char byte;

    CHECK_STATUS(sys(SYS_recv, sockets[0], &byte, 1, 0), HK_B_INTERRUPTED);
}

static long file, same_file;

static void in_flock(void)
{
    CHECK_STATUS(sys(SYS_flock, same_file, LOCK_EX), HK_B_INTERRUPTED);
}

static const struct {
    const char *name;
    void (*wait)(void);
    int is_call;
} places[] = {
    {"a loop", in_loop, 0},
    {"computation", in_computation, 0},
    {"copies of memory", in_memory, 0},
    {"short calls", in_calls, 0},
    {"read", in_read, 1},
    {"snooze", in_snooze, 1},
    {"acquire_sem", in_sem, 1},
    {"read_port", in_port, 1},
    {"mutex_lock", in_mutex, 1},
    {"wait_for_thread", in_wait_for_thread, 1},
    {"select", in_select, 1},
    {"wait_for_objects", in_objects, 1},
    {"event_queue_wait", in_queue, 1},
    {"sigsuspend", in_suspension, 1},
    {"accept", in_accept, 1},
    {"recv", in_recv, 1},
    {"flock", in_flock, 1},
};
enum { PLACES = sizeof(places) / sizeof(places[0]) };

/* ---- who sends them ---- */

static volatile int place, is_there;

static long long now(void)
{
    long long us = 0;

    sys(SYS_get_clock, places[place].is_call ? MONOTONIC : TEAM_CPU, &us);
    return us;
}

/* The victim is in its place; in a call that waits when that is one. A signal
 * that came before the call began leaves it waiting: for another one. */
static void await_place(void)
{
    struct thread_info info = {0};

    for (int i = 0; !is_there && !is_over && i < 50; i++)
        sys(SYS_snooze_etc, 100LL, 0, RELATIVE_TIMEOUT, (void *)0);
    while (places[place].is_call && !is_over) {
        sys(SYS_get_thread_info, victim, &info);
        if ((1 << info.state & WAITING_STATES) != 0)
            break;
        sys(SYS_snooze_etc, 100LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
}

static int send(void *a, void *b)
{
    (void)a, (void)b;
    for (;;) {
        await_place();
        if (is_over)
            return 0;
        is_there = 0;
        sent_at = now();
        sys(SYS_send_signal, victim, SIGUSR1, (void *)0, TO_THREAD);
    }
}

/* ---- how long they take ---- */

static int32_t time_of_one(void)
{
    has_come = 0;
    is_there = 1;
    places[place].wait();
    while (!has_come)
        sys(SYS_thread_yield);
    return took;
}

static int32_t middle(int32_t *times)
{
    for (int i = 1; i < SIGNALS; i++)
        for (int at = i; at > 0 && times[at] < times[at - 1]; at--) {
            int32_t other = times[at];

            times[at] = times[at - 1];
            times[at - 1] = other;
        }
    return times[SIGNALS / 2];
}

static int32_t middle_of_round(void)
{
    int32_t times[SIGNALS];

    for (int i = 0; i < SIGNALS; i++)
        times[i] = time_of_one();
    return middle(times);
}

static void check_place(void)
{
    int32_t best = middle_of_round();

    for (int round = 1; round < ROUNDS && best >= LIMIT; round++) {
        int32_t found = middle_of_round();

        if (found < best)
            best = found;
    }
    if (best >= LIMIT)
        printf("%s: %d us\n", places[place].name, (int)best);
    CHECK(best < LIMIT);
}

static int sleep_long(void *a, void *b)
{
    (void)a, (void)b;
    for (;;)
        sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, (void *)0);
}

static void prepare(void)
{
    enum { AF_UNIX = 9, SOCK_STREAM = 1 };
    struct sigaction action = {.handler = (void *)handle};
    static const struct {
        uint8_t length, family;
        char path[126];
    } address = {128, AF_UNIX, "times"};

    CHECK_STATUS(sys(SYS_sigaction, SIGUSR1, &action, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_pipe, empty_pipe), HK_B_OK);
    sem = sys(SYS_create_sem, 0, "sem");
    port = sys(SYS_create_port, 1, "port");
    queue = sys(SYS_event_queue_create, 0);
    sleeper = spawn_thread("sleeper", sleep_long, 0, 0);
    sys(SYS_resume_thread, sleeper);
    listening = sys(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    CHECK_STATUS(sys(SYS_bind, listening, &address, sizeof(address)), HK_B_OK);
    CHECK_STATUS(sys(SYS_listen, listening, 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, sockets),
                 HK_B_OK);
    file = sys(SYS_open, AT_FDCWD, "locked", O_RDWR | O_CREAT, 0600);
    same_file = sys(SYS_open, AT_FDCWD, "locked", O_RDWR, 0);
    CHECK_STATUS(sys(SYS_flock, file, LOCK_EX), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    int32_t status;
    long sender;

    (void)argc, (void)argv, (void)environment;
    victim = this_thread();
    prepare();
    sender = spawn_thread("sender", send, 0, 0);
    sys(SYS_resume_thread, sender);
    for (place = 0; place < PLACES; place++)
        check_place();
    is_over = 1;
    CHECK_STATUS(sys(SYS_wait_for_thread, sender, &status), HK_B_OK);
    print("signal times checked\n");
    return 0;
}
