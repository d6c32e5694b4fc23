/* event_queues.c -- event queues that a fork and its parent have. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { TYPE_FD, TYPE_SEM, TYPE_PORT };
enum { READ = 1, WRITE = 2, INVALID = 0x1000 };
enum { LEVEL = 0x4000000, ONE_SHOT = 0x8000000 };
enum { CHILDS_NUMBER = 50, SIGKILL = 9 };

/* haiku-abi/structs.md, "event_wait_info" */
struct event {
    int32_t object;
    uint16_t type, padding;
    int32_t events;
    long data;
};

static int32_t queue, in, out, sem;

/* ---- calls ---- */

static long select_as(int32_t object, int type, int32_t events, long data)
{
    struct event event = {object, (uint16_t)type, 0, events, data};
    long status = sys(SYS_event_queue_select, queue, &event, 1);

    return status == HK_B_ERROR ? event.events : status;
}

/* The next event is that one. */
static void expect(int32_t object, int32_t events, long data)
{
    struct event event = {0, 0, 0, 0, 0};

    CHECK_STATUS(sys(SYS_event_queue_wait, queue, &event, 1, RELATIVE_TIMEOUT,
                     60000000LL),
                 1);
    CHECK_STATUS(event.object, object);
    CHECK_STATUS(event.events, events);
    CHECK_STATUS(event.data, data);
}

static void expect_nothing(void)
{
    struct event event;

    CHECK_STATUS(
        sys(SYS_event_queue_wait, queue, &event, 1, RELATIVE_TIMEOUT, 0LL),
        HK_B_WOULD_BLOCK);
}

static void put(void)
{
    CHECK_STATUS(sys(SYS_write, out, NO_POSITION, "x", 1), 1);
}

static void get(void)
{
    char byte;

    CHECK_STATUS(sys(SYS_read, in, NO_POSITION, &byte, 1), 1);
}

static void begin(void)
{
    int32_t ends[2];

    queue = (int32_t)sys(SYS_event_queue_create, 0);
    CHECK(queue >= 0);
    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    in = ends[0];
    out = ends[1];
    sem = (int32_t)sys(SYS_create_sem, 0, "sem");
}

static void end(void)
{
    sys(SYS_close, queue);
    sys(SYS_close, in);
    sys(SYS_close, out);
    sys(SYS_delete_sem, sem);
}

/* ---- a child that does what it is told ---- */

static int32_t orders[2], answers[2];

static void await(const int32_t *ends)
{
    char byte;

    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, &byte, 1), 1);
}

static void tell(const int32_t *ends)
{
    CHECK_STATUS(sys(SYS_write, ends[1], NO_POSITION, "x", 1), 1);
}

/* Does the first part at once; the second one after an order. */
static long start_child(void (*first)(void), void (*second)(void))
{
    long child;

    CHECK_STATUS(sys(SYS_create_pipe, orders), HK_B_OK);
    CHECK_STATUS(sys(SYS_create_pipe, answers), HK_B_OK);
    child = fork_team();
    if (child != 0) {
        await(answers);
        return child;
    }
    first();
    tell(answers);
    await(orders);
    second();
    guest_exit(0);
}

static void await_child(long child, int code, int status)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == code && info.status == status);
    for (int i = 0; i < 2; i++) {
        sys(SYS_close, orders[i]);
        sys(SYS_close, answers[i]);
    }
}

static void end_child(long child)
{
    tell(orders);
    await_child(child, CLD_EXITED, 0);
}

static void nothing(void) {}

/* ---- what a parent has selected ---- */

static void takes_all(void)
{
    expect(sem, READ, 2);
    expect(in, READ, 1);
    expect(in, READ, 1); /* as long as it is so */
    get();
    expect_nothing();
    CHECK_STATUS(select_as(in, TYPE_FD, -1, 0), HK_B_OK);
}

static void expects_end(void)
{
    expect(in, INVALID, 1);
}

static void childs_events(void)
{
    long child;

    begin();
    CHECK_STATUS(select_as(sem, TYPE_SEM, READ, 2), HK_B_OK);
    CHECK_STATUS(select_as(in, TYPE_FD, READ | LEVEL, 1), HK_B_OK);
    sys(SYS_release_sem, sem);
    put();
    child = start_child(takes_all, expects_end);
    expect_nothing(); /* the child has it all */
    CHECK_STATUS(sys(SYS_close, queue), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, in), HK_B_OK); /* the child has its own */
    end_child(child);
    end();
}

/* ---- what a child has selected ---- */

static void selects_own(void)
{
    long port = sys(SYS_create_port, 1, "port");

    CHECK_STATUS(sys(SYS_dup2, in, CHILDS_NUMBER), CHILDS_NUMBER);
    CHECK_STATUS(select_as(CHILDS_NUMBER, TYPE_FD, READ, 3), HK_B_OK);
    CHECK_STATUS(select_as((int32_t)port, TYPE_PORT, READ, port), HK_B_OK);
}

/* Its file and its port end with it: in any order. */
static void expect_ends(void)
{
    struct event event;
    int found = 0;

    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(sys(SYS_event_queue_wait, queue, &event, 1, 0, 0LL), 1);
        CHECK_STATUS(event.events, INVALID);
        CHECK(event.object == (event.data == 3 ? CHILDS_NUMBER : event.data));
        found |= event.data == 3 ? 1 : 2;
    }
    CHECK(found == 3);
    expect_nothing();
}

static void childs_selection(int is_killed)
{
    long child;

    begin();
    CHECK_STATUS(select_as(sem, TYPE_SEM, READ, 2), HK_B_OK);
    child = start_child(selects_own, nothing);
    CHECK_STATUS(select_as(CHILDS_NUMBER, TYPE_FD, -1, 0), HK_B_OK);
    put();
    expect(CHILDS_NUMBER, READ, 3);
    expect_nothing();
    if (is_killed) {
        CHECK_STATUS(sys(SYS_kill_team, child), HK_B_OK);
        await_child(child, CLD_KILLED, SIGKILL);
    } else {
        end_child(child);
    }
    expect_ends();
    put(); /* of which nothing is told any more */
    expect_nothing();
    end();
}

/* ---- one closes what the other has ---- */

static void closes_own(void)
{
    CHECK_STATUS(sys(SYS_close, in), HK_B_OK);
    CHECK_STATUS(sys(SYS_close, queue), HK_B_OK);
}

static void copies(void)
{
    long child;

    begin();
    CHECK_STATUS(select_as(in, TYPE_FD, READ | ONE_SHOT, 1), HK_B_OK);
    child = start_child(closes_own, nothing);
    expect_nothing();
    put();
    expect(in, READ, 1);
    CHECK_STATUS(select_as(in, TYPE_FD, -1, 0), HK_B_ENTRY_NOT_FOUND);
    end_child(child);
    end();
}

/* ---- one waits, the other selects ---- */

static void selects_late(void)
{
    sys(SYS_snooze_etc, 2000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(select_as(out, TYPE_FD, WRITE, 4), HK_B_OK);
}

static void wakes(void)
{
    struct event event;
    long child;

    begin();
    child = start_child(nothing, selects_late);
    tell(orders);
    CHECK_STATUS(sys(SYS_event_queue_wait, queue, &event, 1, 0, 0LL), 1);
    CHECK_STATUS(event.object, out);
    CHECK_STATUS(event.data, 4);
    await_child(child, CLD_EXITED, 0);
    end();
}

/* ---- without room ---- */

/* Whether there is something to tell, which stays to be told. */
static long look(void)
{
    return sys(SYS_event_queue_wait, queue, (void *)0, 0, RELATIVE_TIMEOUT,
               0LL);
}

static void no_room(int behavior)
{
    begin();
    CHECK_STATUS(select_as(in, TYPE_FD, READ | behavior, 6), HK_B_OK);
    CHECK_STATUS(look(), HK_B_WOULD_BLOCK);
    put();
    CHECK_STATUS(look(), HK_B_OK);
    CHECK_STATUS(look(), HK_B_OK);
    expect(in, READ, 6);
    if (behavior == LEVEL) {
        CHECK_STATUS(look(), HK_B_OK);
        get();
    }
    CHECK_STATUS(look(), HK_B_WOULD_BLOCK);
    expect_nothing();
    end();
}

/* What the host tells of, and nobody asked for, is nothing. */
static void unwanted(int behavior)
{
    enum { AF_UNIX = 9, SOCK_STREAM = 1, ERROR = 4 };
    int32_t ends[2];

    begin();
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(select_as(ends[0], TYPE_FD, ERROR | behavior, 7), HK_B_OK);
    CHECK_STATUS(look(), HK_B_WOULD_BLOCK);
    sys(SYS_close, ends[1]);
    CHECK_STATUS(look(), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_event_queue_wait, queue, (void *)0, 0,
                     RELATIVE_TIMEOUT, 20000LL),
                 HK_B_TIMED_OUT);
    expect_nothing();
    sys(SYS_close, ends[0]);
    CHECK_STATUS(look(), HK_B_OK); /* that is told, always */
    expect(ends[0], INVALID, 7);
    end();
}

/* As many descriptors as there may be. */
static void no_more(void)
{
    enum { LIMIT_NOFILE = 4 };
    const uint32_t few[] = {20, 0xffffffff};

    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, few), HK_B_OK);
    while (sys(SYS_dup, 1) >= 0)
        continue;
    CHECK_STATUS(sys(SYS_event_queue_create, 0), HK_B_NO_MORE_FDS);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    childs_events();
    childs_selection(0);
    childs_selection(1);
    copies();
    wakes();
    no_room(0);
    no_room(LEVEL);
    no_room(ONE_SHOT);
    unwanted(0);
    unwanted(LEVEL);
    no_more();
    print("event queues checked\n");
    return 0;
}
