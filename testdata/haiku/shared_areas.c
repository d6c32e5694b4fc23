/* shared_areas.c -- memory that areas share, between threads and teams. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { PAGE = 4096, CLONEABLE_AREA = 0x100, ROUNDS = 20000, MOVES = 40 };

struct area_info {
    int32_t area;
    char name[32];
    uint32_t size, lock, protection;
    int32_t team;
    uint32_t ram_size, copy_count, in_count, out_count;
    void *address;
};

static long create(const char *name, void *address, uint32_t protection)
{
    return sys(SYS_create_area, name, address, ANY_ADDRESS, 2 * PAGE, 0,
               READ_AREA | WRITE_AREA | protection);
}

static long clone(const char *name, void *address, long source)
{
    return sys(SYS_clone_area, name, address, ANY_ADDRESS,
               READ_AREA | WRITE_AREA, source);
}

static int wait_for(long child)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    return info.status;
}

static void add(volatile int *counter)
{
    for (int i = 0; i < ROUNDS; i++)
        __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* A child and its parent count in memory that the child has cloned. */
static void count_together(void)
{
    int *memory = 0, *copy = 0;
    long id = create("cloned", &memory, CLONEABLE_AREA);
    long child;

    CHECK(id > 0);
    child = fork_team();
    if (child == 0) {
        CHECK(clone("clone", &copy, id) > 0);
        CHECK(copy != memory);
        add(copy + 1);
        memory[2] = 5; /* copied by the fork: not cloned then */
        guest_exit(7);
    }
    while (memory[1] == 0)
        sys(SYS_thread_yield);
    add(memory + 1);
    CHECK_STATUS(wait_for(child), 7);
    CHECK(memory[1] == 2 * ROUNDS);
    CHECK(memory[2] == 0);
    child = fork_team();
    if (child == 0) {
        memory[2] = 6;
        guest_exit(8);
    }
    CHECK_STATUS(wait_for(child), 8);
    CHECK(memory[2] == 6);
}

enum { MUTEX_SHARED = 0x40000000, LOCKED = 1, WAITING = 2, LOCKS = 3000 };

/* The protocol of libroot's mutexes on r1beta5 (threads.c). */
static void lock(int32_t *mutex)
{
    int32_t free = 0;

    if (__atomic_compare_exchange_n(mutex, &free, LOCKED, 0, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
        return;
    while (sys(SYS_mutex_lock, mutex, "mutex", MUTEX_SHARED, 0LL) != HK_B_OK)
        continue;
}

static void unlock(int32_t *mutex)
{
    if ((__atomic_fetch_and(mutex, ~LOCKED, __ATOMIC_RELEASE) & WAITING) != 0)
        sys(SYS_mutex_unblock, mutex, MUTEX_SHARED);
}

static void add_locked(int32_t *mutex, volatile int *counter)
{
    for (int i = 0; i < LOCKS; i++) {
        lock(mutex);
        *counter = *counter + 1;
        if (i % 64 == 0)
            sys(SYS_thread_yield);
        unlock(mutex);
    }
}

/* Two teams take turns by a mutex in memory that they share. */
static void lock_together(void)
{
    int32_t *memory = 0, *copy = 0;
    long id = create("locked", &memory, CLONEABLE_AREA);
    long child = fork_team();

    if (child == 0) {
        CHECK(clone("clone", &copy, id) > 0);
        add_locked(copy, copy + 1);
        guest_exit(11);
    }
    add_locked(memory, memory + 1);
    CHECK_STATUS(wait_for(child), 11);
    CHECK(memory[1] == 2 * LOCKS);
    CHECK(memory[0] == 0);
}

static volatile int *volatile moving;
static volatile int stop;

static int keep_storing(void *a, void *b)
{
    int stored = 0;

    (void)a, (void)b;
    while (!stop) {
        volatile int *at = moving;

        __atomic_fetch_add(at + 1, 1, __ATOMIC_RELAXED);
        at[PAGE / 4] = ++stored;
    }
    return stored;
}

/* Cloning moves an area's pages while another thread stores to them. */
static void store_meanwhile(void)
{
    int *areas[MOVES], *copies[MOVES];
    long ids[MOVES], thread;
    int32_t stored = 0;

    for (int i = 0; i < MOVES; i++) {
        ids[i] = create("moving", &areas[i], 0);
        CHECK(ids[i] > 0);
    }
    moving = areas[0];
    thread = spawn_thread("storing", keep_storing, 0, 0);
    sys(SYS_resume_thread, thread);
    for (int i = 0; i < MOVES; i++) {
        int seen;

        moving = areas[i];
        seen = moving[1];
        while (moving[1] == seen)
            sys(SYS_thread_yield);
        CHECK(clone("copy", &copies[i], ids[i]) > 0);
        seen = copies[i][1];
        while (copies[i][1] == seen)
            sys(SYS_thread_yield);
    }
    stop = 1;
    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &stored), HK_B_OK);
    CHECK(stored > 0);
    for (int i = 0; i < MOVES; i++)
        CHECK(memcmp(areas[i], copies[i], 2 * PAGE) == 0);
}

/* A child that waits for a message is given an area meanwhile. */
static void give(void)
{
    int *memory = 0;
    void *address = 0;
    long id = create("given", &memory, 0);
    long child = fork_team();

    if (child == 0) {
        int32_t sender = 0;
        void *where = 0;

        CHECK_STATUS(sys(SYS_receive_data, &sender, &where, sizeof(where)), 3);
        CHECK(*(int *)where == 4711);
        *(int *)where = 0;
        guest_exit(10);
    }
    *memory = 4711;
    CHECK_STATUS(sys(SYS_transfer_area, id, BAD_POINTER, ANY_ADDRESS, child),
                 HK_B_BAD_ADDRESS);
    CHECK(sys(SYS_transfer_area, id, &address, ANY_ADDRESS, child) > 0);
    CHECK_STATUS(sys(SYS_area_for, memory), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_send_data, child, 3, &address, sizeof(address)),
                 HK_B_OK);
    CHECK_STATUS(wait_for(child), 10);
    CHECK_STATUS(sys(SYS_transfer_area, id, &address, ANY_ADDRESS, child),
                 HK_B_BAD_TEAM_ID);
}

/* A child that computes and makes no calls is suspended and ended. */
static void end(void)
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0)
        for (;;)
            __asm__ volatile("");
    CHECK_STATUS(sys(SYS_set_thread_priority, child, 5), 10);
    CHECK_STATUS(sys(SYS_suspend_thread, child), HK_B_OK);
    CHECK_STATUS(sys(SYS_resume_thread, child), HK_B_OK);
    CHECK_STATUS(sys(SYS_rename_thread, child, "x"), HK_B_NOT_ALLOWED);
    CHECK_STATUS(sys(SYS_kill_thread, child), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(sys(SYS_kill_thread, child), HK_B_BAD_THREAD_ID);
}

static void errors(void)
{
    void *address = 0;
    struct area_info info;
    int32_t cookie = 0;
    int count = 0;
    long id = create("kept", &address, 0);
    long child = fork_team();

    if (child == 0) {
        CHECK_STATUS(clone("x", &address, id), HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_set_area_protection, id, READ_AREA),
                     HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_delete_area, id), HK_B_BAD_VALUE);
        CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_OK);
        CHECK(info.team != sys(SYS_get_current_team));
        while (sys(SYS_get_next_area_info, info.team, &cookie, &info) ==
               HK_B_OK)
            count++;
        CHECK(count > MOVES);
        guest_exit(9);
    }
    CHECK_STATUS(wait_for(child), 9);
    CHECK_STATUS(sys(SYS_get_area_info, id, &info), HK_B_OK);
    CHECK(info.protection == 0x2033); /* somebody has asked for a clone */
    CHECK_STATUS(clone("x", &address, -1), HK_B_BAD_VALUE);
    CHECK_STATUS(clone(BAD_POINTER, &address, id), HK_B_BAD_ADDRESS);
    CHECK_STATUS(clone("x", BAD_POINTER, id), HK_B_BAD_ADDRESS);
    CHECK_STATUS(clone("x", KERNEL_POINTER, id), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_clone_area, "x", &address, ANY_ADDRESS, 0x10000, id),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_clone_area, "x", &address, 4, READ_AREA, id),
                 HK_B_BAD_VALUE);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    count_together();
    lock_together();
    store_meanwhile();
    give();
    end();
    errors();
    printf("shared areas checked\n");
    return guest_end(0);
}
