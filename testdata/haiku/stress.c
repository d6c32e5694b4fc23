/* stress.c -- much of everything at once: stress WHAT COUNT. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { LOCKED = 1, WAITING = 2, SIGUSR1 = 18, THREADS = 64, TEAMS = 16 };

static uint32_t seed = 12345;

static uint32_t random_below(uint32_t limit)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

static int wait_for(long child)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    return info.status;
}

/* ---- locks: threads count, and meet after each round ---- */

static int rounds;
static int32_t mutex;
static int counter, arrived;
static long turnstiles[2], ended;

static void lock(void)
{
    int32_t free = 0;

    if (__atomic_compare_exchange_n(&mutex, &free, LOCKED, 0, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        return;
    while (sys(SYS_mutex_lock, &mutex, "mutex", 0, 0LL) != HK_B_OK)
        continue;
}

static void unlock(void)
{
    if ((__atomic_fetch_and(&mutex, ~LOCKED, __ATOMIC_RELEASE) & WAITING) != 0)
        sys(SYS_mutex_unblock, &mutex, 0);
}

/* The last one to come lets all of them go on. */
static void meet(int round)
{
    int is_last;

    lock();
    is_last = ++arrived == THREADS;
    if (is_last) {
        CHECK(counter == THREADS * (round + 1));
        arrived = 0;
    }
    unlock();
    if (is_last)
        sys(SYS_release_sem_etc, turnstiles[round % 2], THREADS, 0);
    CHECK_STATUS(sys(SYS_acquire_sem, turnstiles[round % 2]), HK_B_OK);
}

static int count(void *a, void *b)
{
    (void)a, (void)b;
    for (int i = 0; i < rounds; i++) {
        lock();
        counter++;
        unlock();
        meet(i);
    }
    sys(SYS_release_sem, ended);
    return 0;
}

static void locks(int number)
{
    rounds = number;
    ended = sys(SYS_create_sem, 0, "ended");
    turnstiles[0] = sys(SYS_create_sem, 0, "even");
    turnstiles[1] = sys(SYS_create_sem, 0, "odd");
    for (int i = 0; i < THREADS; i++) {
        long id = spawn_thread("counter", count, 0, 0);

        CHECK(id > 0);
        sys(SYS_resume_thread, id);
    }
    CHECK_STATUS(sys(SYS_acquire_sem_etc, ended, THREADS, 0, 0LL), HK_B_OK);
    CHECK(counter == THREADS * rounds);
}

/* ---- forks: each child executes the program anew ---- */

static void forks(const char *program, int number)
{
    struct flat flat;

    flatten(&flat, program, "end");
    for (int i = 0; i < number; i++) {
        long child = fork_team();

        if (child == 0) {
            sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
            sys(SYS_exit_team, 1);
        }
        CHECK(child > 0);
        CHECK_STATUS(wait_for(child), 44);
    }
}

/* ---- messages: their content is checked ---- */

enum { MESSAGE_MAX = 2000 };

static uint32_t size_of(uint32_t number)
{
    return number * 7919 % MESSAGE_MAX;
}

static void fill(unsigned char *message, uint32_t number)
{
    uint32_t size = size_of(number);

    for (uint32_t i = 0; i < size; i++)
        message[i] = (unsigned char)(number + i);
}

static int receive(long port, int number)
{
    static unsigned char message[MESSAGE_MAX], expected[MESSAGE_MAX];

    for (int i = 0; i < number; i++) {
        int32_t code = -1;
        long size =
            sys(SYS_read_port_etc, port, &code, message, MESSAGE_MAX, 0, 0LL);

        fill(expected, (uint32_t)i);
        if (code != i || size != (long)size_of((uint32_t)i) ||
            memcmp(message, expected, (size_t)size) != 0)
            return 1;
    }
    return 12;
}

static void messages(int number)
{
    static unsigned char message[MESSAGE_MAX];
    long port = sys(SYS_create_port, 20, "messages");
    long child = fork_team();

    if (child == 0)
        guest_exit(receive(port, number));
    for (int i = 0; i < number; i++) {
        fill(message, (uint32_t)i);
        CHECK_STATUS(sys(SYS_write_port_etc, port, i, message,
                         size_of((uint32_t)i), 0, 0LL),
                     HK_B_OK);
    }
    CHECK_STATUS(wait_for(child), 12);
}

/* ---- signals: into calls and into computation ---- */

static volatile int handled, sent;

static void handle(int signal, void *data, void *registers)
{
    (void)signal, (void)data, (void)registers;
    handled++;
}

static int send(void *main_thread, void *b)
{
    enum { TO_THREAD = 0x20000, RELATIVE = 8 };

    (void)b;
    while (sent < rounds) {
        sys(SYS_send_signal, (long)main_thread, SIGUSR1, (void *)0, TO_THREAD);
        sent++;
        sys(SYS_snooze_etc, 1000LL, 0, RELATIVE, (void *)0);
        while (handled < sent)
            sys(SYS_thread_yield);
    }
    return 0;
}

static void signals(int number)
{
    struct sigaction action = {.handler = handle};
    volatile uint32_t sum = 0;
    uint32_t steps = 0;
    long id;

    rounds = number;
    sys(SYS_sigaction, SIGUSR1, &action, (void *)0);
    id = spawn_thread("sender", send, (void *)this_thread(), 0);
    sys(SYS_resume_thread, id);
    while (handled < number) {
        for (int i = 0; i < 1000; i++) {
            sum = sum + 1;
            steps++;
        }
        sys(SYS_is_computer_on);
        if (steps % 5000 == 0)
            sys(SYS_snooze_etc, 200LL, 0, 8, (void *)0);
    }
    CHECK(sum == steps);
    CHECK(handled == number);
}

/* ---- kills: a team ends at any moment, the others go on ---- */

static long work_port, work_sem;

static void work(int number)
{
    static unsigned char message[MESSAGE_MAX];
    enum { RELATIVE = 8 };

    seed = (uint32_t)number;
    for (uint32_t i = 0;; i++) {
        uint32_t what = random_below(1000);
        long sem = sys(SYS_create_sem, 1, "own");
        long port = sys(SYS_create_port, 2, "own");
        void *address = 0;
        long area =
            sys(SYS_create_area, "own", &address, ANY_ADDRESS, 4096, 0, 0x103);

        fill(message, what);
        sys(SYS_write_port_etc, work_port, (long)what, message, size_of(what),
            RELATIVE, 100000LL);
        sys(SYS_release_sem_etc, work_sem, 3, 0);
        sys(SYS_acquire_sem_etc, work_sem, 3, RELATIVE, 100000LL);
        sys(SYS_delete_sem, sem);
        sys(SYS_delete_port, port);
        sys(SYS_delete_area, area);
    }
}

static long start_work(int number)
{
    long child = fork_team();

    if (child == 0)
        work(number);
    CHECK(child > 0);
    return child;
}

/* Every message is whole, whoever died while it was written. */
static void take_messages(void)
{
    static unsigned char message[MESSAGE_MAX], expected[MESSAGE_MAX];
    enum { RELATIVE = 8 };
    int32_t code = -1;
    long size;

    while ((size = sys(SYS_read_port_etc, work_port, &code, message,
                       MESSAGE_MAX, RELATIVE, 0LL)) >= 0) {
        fill(expected, (uint32_t)code);
        CHECK(size == (long)size_of((uint32_t)code));
        CHECK(memcmp(message, expected, (size_t)size) == 0);
    }
}

static int count_teams(void)
{
    unsigned char info[160];
    int32_t cookie = 0;
    int teams = 0;

    while (sys(SYS_get_next_team_info, &cookie, info, sizeof(info)) == HK_B_OK)
        teams++;
    return teams;
}

static void kills(int number)
{
    enum { SIGKILL = 9, RELATIVE = 8, INTERVAL = 50000 };
    long teams[TEAMS];
    struct siginfo info;
    int32_t left = 0;

    work_port = sys(SYS_create_port, 50, "work");
    work_sem = sys(SYS_create_sem, 0, "work");
    for (int i = 0; i < TEAMS; i++)
        teams[i] = start_work(i);
    for (int i = 0; i < number; i++) {
        int victim = (int)random_below(TEAMS);
        long long until = sys64(SYS_system_time) + INTERVAL;

        while (sys64(SYS_system_time) < until) {
            take_messages();
            sys(SYS_snooze_etc, 1000LL, 0, RELATIVE, (void *)0);
        }
        CHECK_STATUS(sys(SYS_kill_team, teams[victim]), HK_B_OK);
        CHECK_STATUS(
            sys(SYS_wait_for_child, teams[victim], EXITED, &info, (void *)0),
            teams[victim]);
        CHECK(info.status == SIGKILL);
        teams[victim] = start_work(TEAMS + i);
    }
    for (int i = 0; i < TEAMS; i++) {
        sys(SYS_kill_team, teams[i]);
        sys(SYS_wait_for_child, teams[i], EXITED, &info, (void *)0);
    }
    take_messages();
    /* What dead teams had is gone; each has added 3 or taken 3, or neither. */
    CHECK(count_teams() == 2); /* the kernel's, too */
    CHECK_STATUS(sys(SYS_find_port, "own"), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(sys(SYS_find_area, "own"), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(sys(SYS_get_sem_count, work_sem, &left), HK_B_OK);
    CHECK(left >= 0 && left % 3 == 0);
}

static int number_of(const char *text)
{
    int number = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (*text - '0');
    return number;
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2)
        return 44;
    CHECK(argc == 3);
    if (strcmp(argv[1], "locks") == 0)
        locks(number_of(argv[2]));
    else if (strcmp(argv[1], "forks") == 0)
        forks(argv[0], number_of(argv[2]));
    else if (strcmp(argv[1], "messages") == 0)
        messages(number_of(argv[2]));
    else if (strcmp(argv[1], "signals") == 0)
        signals(number_of(argv[2]));
    else if (strcmp(argv[1], "kills") == 0)
        kills(number_of(argv[2]));
    else
        CHECK(!"what to do");
    printf("%s done\n", argv[1]);
    return 0;
}
