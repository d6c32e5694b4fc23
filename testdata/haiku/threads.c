/* threads.c -- threads, their mailboxes, and locks in user memory. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { LOCKED = 1, WAITING = 2, THREADS = 4, ROUNDS = 2000 };

static int add(void *a, void *b)
{
    CHECK_STATUS(sys(SYS_find_thread, (void *)0), this_thread());
    return *(int *)a + *(int *)b;
}

static void results(void)
{
    int a = 40, b = 2;
    int32_t status = 0;
    long id = spawn_thread("adder", add, &a, &b);

    CHECK(id > 0);
    CHECK_STATUS(sys(SYS_find_thread, "adder"), id);
    CHECK_STATUS(sys(SYS_resume_thread, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 42);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_suspend_thread, id), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_spawn_thread, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(spawn_thread("x", 0, 0, 0), HK_B_BAD_ADDRESS);
}

/* What threads return is kept until somebody asks, of however many. */
static void many_results(void)
{
    enum { MANY = 100 };
    static int numbers[MANY];
    int one = 1;
    int32_t status = 0;
    long ids[MANY];
    struct thread_info info;

    for (int i = 0; i < MANY; i++) {
        numbers[i] = i;
        ids[i] = spawn_thread("adder", add, &numbers[i], &one);
        CHECK_STATUS(sys(SYS_resume_thread, ids[i]), HK_B_OK);
    }
    for (int i = 0; i < MANY; i++)
        while (sys(SYS_get_thread_info, ids[i], &info) == HK_B_OK)
            sys(SYS_thread_yield);
    for (int i = 0; i < MANY; i++) {
        CHECK_STATUS(sys(SYS_wait_for_thread, ids[i], &status), HK_B_OK);
        CHECK_STATUS(status, i + 1);
    }
}

static int32_t mutex;
static int32_t counter;

/* The protocol of libroot's mutexes on r1beta5: who sets LOCKED beside WAITING
 * would wait for itself. */
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

static int count(void *a, void *b)
{
    (void)a, (void)b;
    for (int i = 0; i < ROUNDS; i++) {
        lock();
        counter++;
        if (i % 64 == 0)
            sys(SYS_thread_yield);
        counter++;
        unlock();
    }
    return 0;
}

static void mutexes(void)
{
    long ids[THREADS];
    int32_t status, held = LOCKED;

    for (int i = 0; i < THREADS; i++)
        sys(SYS_resume_thread, ids[i] = spawn_thread("counter", count, 0, 0));
    for (int i = 0; i < THREADS; i++)
        CHECK_STATUS(sys(SYS_wait_for_thread, ids[i], &status), HK_B_OK);
    CHECK_STATUS(counter, 2 * THREADS * ROUNDS);
    CHECK_STATUS(sys(SYS_mutex_lock, &held, "held", RELATIVE_TIMEOUT, 1000LL),
                 HK_B_TIMED_OUT);
    CHECK_STATUS(sys(SYS_mutex_lock, &held, "held", RELATIVE_TIMEOUT, 0LL),
                 HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_mutex_lock, KERNEL_POINTER, "x", 0, 0LL),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_mutex_lock, (char *)&held + 1, "x", 0, 0LL),
                 HK_B_BAD_ADDRESS);
}

static int echo(void *a, void *b)
{
    char text[8] = "";
    int32_t sender;
    long code = sys(SYS_receive_data, &sender, text, sizeof(text));

    (void)b;
    CHECK(strcmp(text, "hello") == 0);
    CHECK_STATUS(sender, (long)a);
    return (int)code + 1;
}

static void mailboxes(void)
{
    int32_t status;
    long id = spawn_thread("echo", echo, (void *)this_thread(), 0);

    CHECK_STATUS(sys(SYS_send_data, id, 41, "hello", 6), HK_B_OK);
    CHECK_STATUS(sys(SYS_has_data, id) & 0xff, 1);
    sys(SYS_resume_thread, id);
    CHECK_STATUS(sys(SYS_wait_for_thread_etc, id, 0, 0LL, &status), HK_B_OK);
    CHECK_STATUS(status, 42);
    CHECK_STATUS(sys(SYS_send_data, 999999999, 0, (void *)0, 0),
                 HK_B_BAD_THREAD_ID);
}

static int forever(void *a, void *b)
{
    (void)a, (void)b;
    for (;;)
        __asm__ volatile("");
}

static int sleep_long(void *a, void *b)
{
    (void)a, (void)b;
    return (int)sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, (void *)0);
}

/* Threads end wherever they are: in code of their own, or asleep. */
static void killing(void)
{
    int (*const entries[])(void *, void *) = {forever, sleep_long};

    for (int i = 0; i < 2; i++) {
        int32_t status;
        long id = spawn_thread("victim", entries[i], 0, 0);

        sys(SYS_resume_thread, id);
        sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        CHECK_STATUS(
            sys(SYS_wait_for_thread_etc, id, RELATIVE_TIMEOUT, 1000LL, &status),
            HK_B_TIMED_OUT);
        CHECK_STATUS(sys(SYS_kill_thread, id), HK_B_OK);
        CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    }
}

static void handle(int signal, void *data, void *registers)
{
    (void)signal, (void)data, (void)registers;
}

/* Signals and deaths meet threads that have hardly begun. */
static void young_threads(void)
{
    enum { SIGUSR1 = 18, SEND_TO_THREAD = 0x20000, YOUNG = 200 };
    static const struct __attribute__((packed)) {
        void (*handler)(int, void *, void *);
        uint64_t mask;
        int32_t flags;
        void *data;
    } action = {.handler = handle};

    CHECK_STATUS(sys(SYS_sigaction, SIGUSR1, &action, (void *)0), HK_B_OK);
    for (int i = 0; i < YOUNG; i++) {
        int32_t status;
        long id = spawn_thread("young", sleep_long, 0, 0);

        sys(SYS_resume_thread, id);
        if (i % 2 == 1)
            CHECK_STATUS(
                sys(SYS_send_signal, id, SIGUSR1, (void *)0, SEND_TO_THREAD),
                HK_B_OK);
        /* The signal may have ended its sleep, and the thread. */
        sys(SYS_kill_thread, id);
        CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    }
}

static int run_on(void *is_over, void *rounds)
{
    while (!__atomic_load_n((int *)is_over, __ATOMIC_ACQUIRE))
        __atomic_fetch_add((int *)rounds, 1, __ATOMIC_RELEASE);
    return 0;
}

/* The child has the thread that forked alone, whatever the others had. */
static void fork_beside_a_thread(void)
{
    int is_over = 0, rounds = 0;
    int32_t status = -1;
    struct siginfo info;
    long id = spawn_thread("busy", run_on, &is_over, &rounds);
    long child;

    CHECK_STATUS(sys(SYS_resume_thread, id), HK_B_OK);
    while (__atomic_load_n(&rounds, __ATOMIC_ACQUIRE) < ROUNDS)
        continue;
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, 33);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 33);
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 0);
}

/* ---- stacks ---- */

enum { SIGSEGV = 11, SA_ONSTACK = 0x20, SA_SIGINFO = 0x40, MET_GUARD = 77 };
enum { STACK_SIZE = 65536, GUARD_SIZE = 8192 };

static char alternate[16384];
static struct thread_info stack_info;
static char *met;

static void meet(int signal, struct siginfo *info, void *context)
{
    (void)signal, (void)context;
    met = info->address;
    sys(SYS_exit_thread, MET_GUARD);
}

static int descend(void *a, void *b)
{
    struct {
        void *base;
        uint32_t size;
        int32_t flags;
    } stack = {alternate, sizeof(alternate), 0};

    (void)a, (void)b;
    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_thread_info, this_thread(), &stack_info), HK_B_OK);
    for (volatile char *at = (char *)&stack;; at -= 256)
        *at = 1;
}

/* Below its stack a thread meets its guard, and can still say so. */
static void guards(void)
{
    struct thread_attributes attributes = {.entry = descend,
                                           .name = "descender",
                                           .priority = 10,
                                           .stack_size = STACK_SIZE,
                                           .guard_size = GUARD_SIZE};
    struct sigaction action = {.handler = (void *)meet,
                               .flags = SA_ONSTACK | SA_SIGINFO};
    int32_t status;
    long id;

    CHECK_STATUS(sys(SYS_sigaction, SIGSEGV, &action, (void *)0), HK_B_OK);
    id = sys(SYS_spawn_thread, &attributes);
    CHECK_STATUS(sys(SYS_resume_thread, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, MET_GUARD);
    CHECK((char *)stack_info.stack_end - (char *)stack_info.stack_base ==
          STACK_SIZE);
    CHECK(met < (char *)stack_info.stack_base &&
          met >= (char *)stack_info.stack_base - GUARD_SIZE);
    action = (struct sigaction){0};
    sys(SYS_sigaction, SIGSEGV, &action, (void *)0);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    results();
    many_results();
    mutexes();
    mailboxes();
    killing();
    young_threads();
    fork_beside_a_thread();
    guards();
    print("threads checked\n");
    return 0;
}
