/* limits.c -- how much of everything there may be. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum {
    LIMIT_CORE = 0,
    LIMIT_DATA = 2,
    LIMIT_FSIZE = 3,
    LIMIT_NOFILE = 4,
    LIMIT_STACK = 5,
    LIMIT_AS = 6,
    LIMIT_NOVMON = 7
};
enum { PAGE = 4096, STACK = 0x1000000 };

struct limit {
    uint32_t current, most;
};

/* ---- what getrlimit tells and setrlimit takes ---- */

static const struct limit anything = {0xffffffff, 0xffffffff};

static void told(void)
{
    static const struct {
        int32_t resource;
        struct limit limit;
    } rows[] = {
        {LIMIT_CORE, {0, 0}},
        {LIMIT_DATA, {0xffffffff, 0xffffffff}},
        {LIMIT_NOFILE, {256, 8192}},
        {LIMIT_STACK, {STACK, STACK}},
        {LIMIT_AS, {0xffffffff, 0xffffffff}},
        {LIMIT_NOVMON, {4096, 65536}},
    };
    struct limit limit;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CHECK_STATUS(sys(SYS_getrlimit, rows[i].resource, &limit), HK_B_OK);
        CHECK_STATUS(limit.current, rows[i].limit.current);
        CHECK_STATUS(limit.most, rows[i].limit.most);
    }
    CHECK_STATUS(sys(SYS_getrlimit, LIMIT_FSIZE, &limit), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_getrlimit, 1, &limit), HK_B_BAD_VALUE);
}

/* Haiku's kernel lets two be changed, of the others not even to what they
 * are; that there are no core files may be said. */
static void taken(void)
{
    static const int32_t fixed[] = {1, LIMIT_DATA, LIMIT_FSIZE, LIMIT_STACK,
                                    LIMIT_AS};
    const struct limit none = {0, 0}, some = {PAGE, PAGE};
    struct limit limit = anything;

    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        sys(SYS_getrlimit, fixed[i], &limit);
        CHECK_STATUS(sys(SYS_setrlimit, fixed[i], &limit), HK_B_BAD_VALUE);
    }
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_CORE, &none), HK_B_OK);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_CORE, &some), HK_B_BAD_VALUE);
}

/* A child begins with its parent's. */
static void inherited(void)
{
    const struct limit files = {100, 8192}, monitors = {5, 65536};
    struct siginfo info;
    struct limit limit;
    long child;

    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOFILE, &files), HK_B_OK);
    CHECK_STATUS(sys(SYS_setrlimit, LIMIT_NOVMON, &monitors), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        CHECK_STATUS(sys(SYS_getrlimit, LIMIT_NOFILE, &limit), HK_B_OK);
        CHECK(limit.current == 100);
        CHECK_STATUS(sys(SYS_getrlimit, LIMIT_NOVMON, &limit), HK_B_OK);
        CHECK(limit.current == 5);
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(info.status, 0);
}

/* ---- stacks ---- */

static int nothing(void *a, void *b)
{
    (void)a, (void)b;
    return 0;
}

static long spawn_with(uint32_t stack)
{
    struct thread_attributes attributes = {
        .entry = nothing, .name = "sized", .priority = 10, .stack_size = stack};

    return sys(SYS_spawn_thread, &attributes);
}

static void end(long id)
{
    int32_t status;

    CHECK_STATUS(sys(SYS_resume_thread, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
}

/* As large as the limit, and no larger. */
static void stacks(void)
{
    long id = spawn_with(STACK);

    CHECK(id > 0);
    end(id);
    CHECK_STATUS(spawn_with(STACK + 1), HK_B_BAD_VALUE);
    CHECK_STATUS(spawn_with(PAGE), HK_B_BAD_VALUE);
}

/* There is an end to what fits below the kernel. */
static void memory(void)
{
    enum { STEP = 0x4000000, STEPS = 0x80000000u / STEP };
    long areas[STEPS], status = 0;
    int count = 0;
    void *base;

    while (count < STEPS &&
           (status = sys(SYS_create_area, "large", &base, ANY_ADDRESS, STEP, 0,
                         READ_AREA)) >= 0)
        areas[count++] = status;
    CHECK_STATUS(status, HK_B_NO_MEMORY);
    CHECK(count > STEPS / 2);
    while (count > 0)
        CHECK_STATUS(sys(SYS_delete_area, areas[--count]), HK_B_OK);
}

/* ---- threads ---- */

enum { INFO_SIZE = 452, USED_THREADS = 108, THREADS_MAX = 4096 };

static uint32_t word_of_system(int offset)
{
    static uint8_t info[INFO_SIZE];

    CHECK_STATUS(sys(SYS_get_system_info, info), HK_B_OK);
    return *(uint32_t *)(info + offset);
}

static long made[THREADS_MAX];

/* Those of all teams count; when some have ended there is room again. A host
 * that has fewer refuses them alike. */
static void threads(void)
{
    struct thread_attributes one_more = {.entry = nothing, .name = "too many"};
    static struct flat flat;
    int count = 0;
    long status;

    CHECK(word_of_system(USED_THREADS - 4) == THREADS_MAX);
    CHECK(word_of_system(USED_THREADS) == 2); /* the kernel's, too */
    while (count < THREADS_MAX && (status = spawn_with(2 * PAGE)) > 0)
        made[count++] = status;
    CHECK_STATUS(status, HK_B_NO_MORE_THREADS);
    CHECK(count < THREADS_MAX);
    CHECK(word_of_system(USED_THREADS) == (uint32_t)count + 2);
    CHECK_STATUS(sys(SYS_spawn_thread, &one_more), HK_B_NO_MORE_THREADS);
    if (count == THREADS_MAX - 2) {
        CHECK_STATUS(sys(SYS_fork), HK_B_NO_MORE_THREADS);
        flatten(&flat, "none", "word");
        CHECK_STATUS(
            sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 10, 0, -1, 0),
            HK_B_NO_MORE_THREADS);
        end(made[--count]);
        status = spawn_with(2 * PAGE);
        CHECK(status > 0);
        CHECK_STATUS(spawn_with(2 * PAGE), HK_B_NO_MORE_THREADS);
        end(status);
    }
    while (count > 0)
        CHECK_STATUS(sys(SYS_kill_thread, made[--count]), HK_B_OK);
    while (word_of_system(USED_THREADS) > 2)
        sys(SYS_thread_yield);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    told();
    taken();
    stacks();
    memory();
    threads();
    inherited();
    print("limits checked\n");
    return 0;
}
