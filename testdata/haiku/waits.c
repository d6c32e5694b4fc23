/* waits.c -- waiting for many things at once, and being woken. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { TYPE_FD, TYPE_SEM, TYPE_PORT, TYPE_THREAD };
enum { READ = 1, WRITE = 2, INVALID = 0x1000 };
enum {
    SIGCHLD = 5,
    SIGPIPE = 7,
    SIGKILL = 9,
    SIGSTOP = 10,
    SIGCONT = 12,
    SIGUSR1 = 18
};
enum { SIG_BLOCK = 1, SIG_UNBLOCK = 2, SIG_DFL = 0 };
enum { SA_NOCLDSTOP = 1, SA_NOCLDWAIT = 2 };
enum { CONTINUED = 4, STOPPED = 16 }; /* of wait_for_child */
enum { CLD_STOPPED = 64, CLD_CONTINUED = 65 };
enum { WATCH_TEAMS = 3, TEAM_CREATED = 0, TEAM_DELETED = 1 };
enum { CODE_MESSAGE = 0x706a7070 }; /* 'pjpp' */

/* haiku-abi/structs.md, "object_wait_info" and "event_wait_info" */
struct object {
    int32_t object;
    uint16_t type, events;
};

struct event {
    int32_t object;
    uint16_t type, padding;
    int32_t events;
    void *data;
};

static long make_sem(int count)
{
    return sys(SYS_create_sem, count, "sem");
}

static int exits(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    return 0;
}

/* One object of each kind, none of which is ready at first. */
static void objects(void)
{
    int32_t ends[2];
    long thread = spawn_thread("ends", exits, 0, 0);
    struct object all[4];

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    all[0] = (struct object){ends[0], TYPE_FD, READ};
    all[1] = (struct object){(int32_t)make_sem(0), TYPE_SEM, READ};
    all[2] = (struct object){(int32_t)sys(SYS_create_port, 1, "port"),
                             TYPE_PORT, READ};
    all[3] = (struct object){(int32_t)thread, TYPE_THREAD, INVALID};
    CHECK_STATUS(sys(SYS_wait_for_objects, all, 4, RELATIVE_TIMEOUT, 0LL),
                 HK_B_WOULD_BLOCK);
    sys(SYS_release_sem, all[1].object);
    all[1].events = READ;
    CHECK_STATUS(sys(SYS_wait_for_objects, all, 4, 0, 0LL), 1);
    CHECK(all[1].events == READ && all[0].events == 0);
    sys(SYS_acquire_sem, all[1].object);
    all[0].events = all[1].events = all[2].events = READ;
    all[3].events = INVALID;
    sys(SYS_resume_thread, thread);
    CHECK_STATUS(sys(SYS_wait_for_objects, all, 4, 0, 0LL), 1);
    CHECK(all[3].events == INVALID);
    CHECK_STATUS(sys(SYS_wait_for_objects, BAD_POINTER, 4, 0, 0LL),
                 HK_B_BAD_ADDRESS);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
}

/* Descriptors alone, by select. */
static void selecting(void)
{
    int32_t ends[2];
    uint32_t set[8] = {0};

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    set[0] = 1u << ends[0];
    CHECK_STATUS(
        sys(SYS_select, ends[0] + 1, set, (void *)0, (void *)0, 0LL, (void *)0),
        0);
    CHECK_STATUS(sys(SYS_write, ends[1], NO_POSITION, "x", 1), 1);
    set[0] = 1u << ends[0];
    CHECK_STATUS(sys(SYS_select, ends[0] + 1, set, (void *)0, (void *)0,
                     60000000LL, (void *)0),
                 1);
    CHECK(set[0] == 1u << ends[0]);
    CHECK_STATUS(sys(SYS_select, ends[0] + 1, BAD_POINTER, (void *)0, (void *)0,
                     0LL, (void *)0),
                 HK_B_BAD_ADDRESS);
    sys(SYS_close, ends[0]);
    sys(SYS_close, ends[1]);
}

static long queue;

static long next_event(struct event *event, int64_t timeout)
{
    return sys(SYS_event_queue_wait, queue, event, 1, RELATIVE_TIMEOUT,
               timeout);
}

static int releases(void *sem, void *unused)
{
    (void)unused;
    sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    return (int)sys(SYS_release_sem, *(long *)sem);
}

static void queues(void)
{
    long sem = make_sem(0), port = sys(SYS_create_port, 1, "port"), found = 0;
    long thread = spawn_thread("releases", releases, &sem, 0);
    struct event event, selected[] = {
                            {(int32_t)sem, TYPE_SEM, 0, READ, &sem},
                            {(int32_t)port, TYPE_PORT, 0, READ | WRITE, &port},
                            {(int32_t)thread, TYPE_THREAD, 0, INVALID, &thread},
                        };

    queue = sys(SYS_event_queue_create, 0);
    CHECK(queue >= 0);
    CHECK_STATUS(sys(SYS_event_queue_select, queue, selected, 3), HK_B_OK);
    CHECK_STATUS(next_event(&event, 0), 1);
    CHECK(event.object == port && event.events == WRITE);
    CHECK(event.data == &port && event.type == TYPE_PORT);
    CHECK_STATUS(next_event(&event, 0), HK_B_WOULD_BLOCK);
    sys(SYS_resume_thread, thread);
    for (int i = 0; i < 2; i++) { /* in any order, if both have come */
        CHECK_STATUS(next_event(&event, 60000000), 1);
        CHECK(event.object == sem
                  ? event.events == READ && event.data == &sem
                  : event.object == thread && event.events == INVALID);
        found += event.object;
    }
    CHECK_STATUS(found, sem + thread);
    sys(SYS_delete_port, port);
    CHECK_STATUS(next_event(&event, 60000000), 1);
    CHECK(event.object == port && event.events == INVALID);
    CHECK_STATUS(sys(SYS_event_queue_select, queue, BAD_POINTER, 1),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_event_queue_wait, queue, KERNEL_POINTER, 1, 0, 0LL),
                 HK_B_BAD_ADDRESS);
    sys(SYS_close, queue);
}

/* ---- threads that are woken ---- */

static volatile int32_t blocked;

/* haiku-abi/x86-32.md, "user_thread": as libroot does before it blocks. */
static long block(uint32_t flags, int64_t timeout)
{
    int32_t *user_thread;

    __asm__("movl %%fs:16, %0" : "=r"(user_thread));
    user_thread[2] = 1; /* wait_status */
    __atomic_fetch_add(&blocked, 1, __ATOMIC_RELEASE);
    return sys(SYS_block_thread, flags, timeout);
}

static int blocks(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    return (int)block(0, 0);
}

/* Until so many are about to block. */
static void await_blocked(int32_t count)
{
    while (__atomic_load_n(&blocked, __ATOMIC_ACQUIRE) < count)
        sys(SYS_snooze_etc, 500LL, 0, RELATIVE_TIMEOUT, (void *)0);
}

static void blocking(void)
{
    int32_t ids[2], status = 0;

    for (int i = 0; i < 2; i++) {
        ids[i] = (int32_t)spawn_thread("blocks", blocks, 0, 0);
        sys(SYS_resume_thread, ids[i]);
    }
    await_blocked(2);
    CHECK_STATUS(sys(SYS_unblock_threads, ids, 2, HK_B_INTERRUPTED), HK_B_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(sys(SYS_wait_for_thread, ids[i], &status), HK_B_OK);
        CHECK_STATUS(status, HK_B_INTERRUPTED);
    }
    ids[0] = (int32_t)spawn_thread("blocks", blocks, 0, 0);
    sys(SYS_resume_thread, ids[0]);
    await_blocked(3);
    CHECK_STATUS(sys(SYS_unblock_thread, ids[0], HK_B_OK), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, ids[0], &status), HK_B_OK);
    CHECK_STATUS(status, HK_B_OK);
    CHECK_STATUS(block(RELATIVE_TIMEOUT, 2000), HK_B_TIMED_OUT);
    CHECK_STATUS(sys(SYS_unblock_thread, 999999999, 0), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_unblock_threads, BAD_POINTER, 2, 0), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_cancel_thread, 999999999, blocks), HK_B_BAD_THREAD_ID);
}

static void leave(void)
{
    sys(SYS_exit_thread, 55);
}

/* Runs leave between two instructions, wherever it is. */
static void cancelling(void)
{
    int32_t status = 0;
    long id = spawn_thread("cancelled", blocks, 0, 0);

    sys(SYS_resume_thread, id);
    CHECK_STATUS(sys(SYS_cancel_thread, id, leave), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 55);
}

/* haiku-abi/structs.md, "sigevent" */
struct sigevent {
    int32_t notify, signal;
    void *value, *function, *attributes;
};

static void timers(void)
{
    struct sigevent event = {1, SIGUSR1, (void *)1234, 0, 0};
    uint64_t set = 1ull << (SIGUSR1 - 1);
    struct siginfo info;
    uint8_t timer_info[24];
    long timer;

    CHECK_STATUS(sys(SYS_set_signal_mask, SIG_BLOCK, &set, (void *)0), HK_B_OK);
    timer = sys(SYS_create_timer, 0, -1, 0, &event, (void *)0);
    CHECK(timer >= 0);
    CHECK_STATUS(
        sys(SYS_set_timer, timer, -1, 2000LL, 0LL, RELATIVE_TIMEOUT, (void *)0),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_get_timer, timer, -1, timer_info), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.signal == SIGUSR1 && info.value == 1234);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, RELATIVE_TIMEOUT, 0LL),
                 HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_get_timer, timer, -1, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_delete_timer, timer, -1), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_timer, timer, -1), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_set_timer, timer, -1, 0LL, 0LL, 0, (void *)0),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_create_timer, 0, -1, 0, BAD_POINTER, (void *)0),
                 HK_B_BAD_ADDRESS);
}

/* haiku-abi/structs.md, "user_timer_info" */
struct timer_info {
    int64_t left, interval;
    uint32_t overruns;
};

/* A signal that waits is not sent a second time; that is counted. */
static void overruns(void)
{
    struct sigevent event = {1, SIGUSR1, (void *)77, 0, 0};
    uint64_t set = 1ull << (SIGUSR1 - 1);
    struct timer_info state;
    struct siginfo info;
    long timer = sys(SYS_create_timer, 0, -1, 0, &event, (void *)0);

    CHECK_STATUS(sys(SYS_set_timer, timer, -1, 1000LL, 2000LL, RELATIVE_TIMEOUT,
                     (void *)0),
                 HK_B_OK);
    do {
        sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0);
        CHECK_STATUS(sys(SYS_get_timer, timer, -1, &state), HK_B_OK);
    } while (state.overruns < 3);
    CHECK_STATUS(sys(SYS_set_timer, timer, -1, INT64_MAX, 0LL, 0, (void *)0),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_get_timer, timer, -1, &state), HK_B_OK);
    CHECK(state.overruns == 0);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.signal == SIGUSR1 && info.value == 77);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, RELATIVE_TIMEOUT, 0LL),
                 HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_delete_timer, timer, -1), HK_B_OK);
}

/* ---- teams ---- */

static int is_pending(int signal)
{
    uint64_t set = 0;

    CHECK_STATUS(sys(SYS_sigpending, &set), HK_B_OK);
    return (set >> (signal - 1) & 1) != 0;
}

static void set_child_flags(int32_t flags)
{
    struct sigaction action = {(void *)SIG_DFL, 0, flags, 0};

    CHECK_STATUS(sys(SYS_sigaction, SIGCHLD, &action, (void *)0), HK_B_OK);
}

static long sleeping_child(int64_t us)
{
    long child = fork_team();

    if (child == 0) {
        sys(SYS_snooze_etc, us, 0, RELATIVE_TIMEOUT, (void *)0);
        sys(SYS_exit_team, 3);
    }
    return child;
}

/* Does something to a child and waits for it; the signal for it stays pending,
 * if there is one, for what comes of a wait with NOWAIT is still there. */
static void change(long child, int signal, uint32_t flags, struct siginfo *info)
{
    sys(SYS_send_signal, child, signal, (void *)0, 0);
    CHECK_STATUS(
        sys(SYS_wait_for_child, child, flags | NOWAIT, info, (void *)0), child);
}

/* The host sends this one for reasons of its own, too. */
static void broken_pipe(void)
{
    uint64_t set = 1ull << (SIGPIPE - 1);
    long parent = this_thread(), child;
    struct siginfo info;

    CHECK_STATUS(sys(SYS_set_signal_mask, SIG_BLOCK, &set, (void *)0), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        sys(SYS_send_signal, parent, SIGPIPE, (void *)0, 0);
        sys(SYS_exit_team, 0);
    }
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.signal == SIGPIPE && info.pid == child);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(sys(SYS_set_signal_mask, SIG_UNBLOCK, &set, (void *)0),
                 HK_B_OK);
}

/* When SIGCHLD comes, and when it is dropped: blocked all the time. */
static void children(void)
{
    uint64_t set = 1ull << (SIGCHLD - 1);
    struct siginfo info;
    long child = sleeping_child(INT64_MAX);

    CHECK_STATUS(sys(SYS_set_signal_mask, SIG_BLOCK, &set, (void *)0), HK_B_OK);
    change(child, SIGSTOP, STOPPED, &info);
    CHECK(info.code == CLD_STOPPED && info.status == SIGSTOP);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.code == CLD_STOPPED && info.pid == child);
    change(child, SIGCONT, CONTINUED, &info);
    CHECK(info.code == CLD_CONTINUED && info.status == 0);
    CHECK(!is_pending(SIGCHLD));
    set_child_flags(SA_NOCLDSTOP);
    change(child, SIGSTOP, STOPPED, &info);
    CHECK(!is_pending(SIGCHLD));
    change(child, SIGKILL, EXITED, &info);
    CHECK(is_pending(SIGCHLD));
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_KILLED && !is_pending(SIGCHLD));

    set_child_flags(SA_NOCLDWAIT);
    child = sleeping_child(20000);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 HK_ECHILD);
    set_child_flags(0);
    CHECK_STATUS(sys(SYS_set_signal_mask, SIG_UNBLOCK, &set, (void *)0),
                 HK_B_OK);
}

/* The two numbers that a message of the kernel's ends with: what has happened,
 * and to which team. */
static void expect_team(long port, int opcode, long team)
{
    uint8_t message[256];
    int32_t code = 0, found[2];
    long size = sys(SYS_read_port_etc, port, &code, message, sizeof(message),
                    RELATIVE_TIMEOUT, 60000000LL);

    CHECK(size == 88 && code == CODE_MESSAGE);
    memcpy(&found[0], message + 56, 4);
    memcpy(&found[1], message + 84, 4);
    CHECK_STATUS(found[0], opcode);
    CHECK_STATUS(found[1], team);
}

static int is_waiting(void *thread)
{
    enum { WAITING = 6 };
    struct thread_info state;

    sys(SYS_snooze_etc, 1000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    sys(SYS_get_thread_info, (long)thread, &state);
    return state.state == WAITING;
}

/* Once a thread has waited for a while. */
static int releases_late(void *sem, void *waiter)
{
    for (int times = 0; times < 4; times = is_waiting(waiter) ? times + 1 : 0)
        continue;
    return (int)sys(SYS_release_sem, (long)sem);
}

static void watching(void)
{
    long sem = make_sem(0);
    long releaser = spawn_thread("releases", releases_late, (void *)sem,
                                 (void *)this_thread());
    long port = sys(SYS_create_port, 20, "teams");
    struct siginfo info;
    int32_t status = 0;
    long child;

    CHECK_STATUS(sys(SYS_start_watching_system, -1, WATCH_TEAMS, port, 1),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_start_watching_system, -1, 0, port, 1),
                 HK_B_BAD_VALUE);
    child = fork_team();
    if (child == 0) {
        sys(SYS_setpgid, 0, 0);
        sys(SYS_acquire_sem, sem);
        sys(SYS_send_signal, 0, SIGKILL, (void *)0, 0);
    }
    expect_team(port, TEAM_CREATED, child);
    sys(SYS_resume_thread, releaser);
    CHECK_STATUS(sys(SYS_wait_for_team, child, &status), HK_B_OK);
    expect_team(port, TEAM_DELETED, child);
    sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    CHECK_STATUS(sys(SYS_wait_for_team, child, &status), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_stop_watching_system, -1, WATCH_TEAMS, port, 1),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_stop_watching_system, -1, WATCH_TEAMS, port, 1),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_setpgid, -7, 0), HK_ESRCH);
}

/* ---- the end of another team, by whatever is waited for ---- */

enum waits_by { BY_SEM, BY_OBJECTS, BY_QUEUE, WAYS };
enum { DEATHS = 15 };

struct victim {
    int32_t team, sem;
};

/* A team that has a semaphore, to be killed; nobody's child, for the end of an
 * own one comes by a signal, too. */
static void make_victim(struct victim *victim)
{
    struct siginfo info;
    int32_t told[2];
    long child;

    sys(SYS_create_pipe, told);
    child = fork_team();
    if (child == 0) {
        if (fork_team() != 0)
            sys(SYS_exit_team, 0);
        *victim = (struct victim){(int32_t)this_thread(), (int32_t)make_sem(0)};
        sys(SYS_write, told[1], NO_POSITION, victim, sizeof(*victim));
        for (;;)
            sys(SYS_snooze_etc, 1000000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
    sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
    CHECK_STATUS(sys(SYS_read, told[0], NO_POSITION, victim, sizeof(*victim)),
                 sizeof(*victim));
    sys(SYS_close, told[0]);
    sys(SYS_close, told[1]);
}

static long long killed_at;

/* When it has been waited for long enough. */
static int kills(void *team, void *unused)
{
    enum { WAITED_FOR = 10000 /* us */ };

    (void)unused;
    sys(SYS_snooze_etc, (long long)WAITED_FOR, 0, RELATIVE_TIMEOUT, (void *)0);
    killed_at = sys64(SYS_system_time);
    return sys(SYS_kill_team, team);
}

/* Beside a descriptor that nothing comes from, but for the semaphore alone. */
static void await_end(enum waits_by way, int32_t fd, int32_t sem)
{
    struct object both[] = {{fd, TYPE_FD, READ}, {sem, TYPE_SEM, INVALID}};
    struct event events[] = {{.object = fd, .type = TYPE_FD, .events = READ},
                             {.object = sem, .type = TYPE_SEM, .events = READ}};

    if (way == BY_SEM) {
        CHECK_STATUS(sys(SYS_acquire_sem, sem), HK_B_BAD_SEM_ID);
    } else if (way == BY_OBJECTS) {
        CHECK_STATUS(sys(SYS_wait_for_objects, both, 2, 0, 0LL), 1);
        CHECK(both[1].events == INVALID);
    } else {
        if (sys(SYS_event_queue_select, queue, events, 2) != HK_B_OK)
            return; /* it is too late for that */
        CHECK_STATUS(sys(SYS_event_queue_wait, queue, events, 2, 0, 0LL), 1);
        CHECK(events[0].object == sem && events[0].events == INVALID);
    }
}

/* How long after a team's end its semaphore's waiter goes on, in us. */
static uint32_t time_of_death(enum waits_by way, int32_t fd)
{
    struct victim victim;
    long long after;
    int32_t status;
    long killer;

    make_victim(&victim);
    killer = spawn_thread("kills", kills, (void *)(long)victim.team, 0);
    sys(SYS_resume_thread, killer);
    await_end(way, fd, victim.sem);
    after = sys64(SYS_system_time);
    CHECK_STATUS(sys(SYS_wait_for_thread, killer, &status), HK_B_OK);
    CHECK(status == HK_B_OK);
    return (uint32_t)(after - killed_at);
}

static uint32_t shortest(const uint32_t *times)
{
    uint32_t found = times[0];

    for (int i = 1; i < DEATHS; i++)
        if (times[i] < found)
            found = times[i];
    return found;
}

/* A wait for descriptors is told as soon as any other: once at least, however
 * busy the machine is. */
static void deaths(void)
{
    enum { TIMES = 4, MORE = 10000 /* us */ };
    uint32_t times[WAYS][DEATHS], most;
    int32_t idle[2];

    sys(SYS_create_pipe, idle);
    queue = sys(SYS_event_queue_create, 0);
    for (int i = 0; i < DEATHS; i++)
        for (int way = 0; way < WAYS; way++)
            times[way][i] = time_of_death((enum waits_by)way, idle[0]);
    most = shortest(times[BY_SEM]) * TIMES + MORE;
    CHECK(shortest(times[BY_OBJECTS]) < most);
    CHECK(shortest(times[BY_QUEUE]) < most);
    sys(SYS_close, queue);
    sys(SYS_close, idle[0]);
    sys(SYS_close, idle[1]);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    objects();
    selecting();
    queues();
    blocking();
    cancelling();
    timers();
    overruns();
    children();
    broken_pipe();
    watching();
    deaths();
    print("waits checked\n");
    return 0;
}
