/* semaphores.c -- how calls of semaphores fail, Haiku's own and POSIX's. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { RELEASE_ALL = 8, BOTH_TIMEOUTS = RELATIVE_TIMEOUT | ABSOLUTE_TIMEOUT };
enum { INFO_SIZE = 48 };

static long sem;
static uint8_t info[INFO_SIZE];
static int32_t count, cookie;

/* Ids that are none: negative, nobody's, of what was deleted. */
static void bad_ids(void)
{
    long deleted = sys(SYS_create_sem, 1, "deleted");

    CHECK_STATUS(sys(SYS_delete_sem, deleted), HK_B_OK);
    for (int i = 0; i < 3; i++) {
        const long id = i == 0 ? -1 : i == 1 ? NO_ID : deleted;

        FAILS(B_BAD_SEM_ID, delete_sem, id);
        FAILS(B_BAD_SEM_ID, acquire_sem, id);
        FAILS(B_BAD_SEM_ID, acquire_sem_etc, id, 1, 0, 0LL);
        FAILS(B_BAD_SEM_ID, switch_sem, sem, id);
        FAILS(B_BAD_SEM_ID, switch_sem_etc, sem, id, 1, 0, 0LL);
        FAILS(B_BAD_SEM_ID, release_sem, id);
        FAILS(B_BAD_SEM_ID, release_sem_etc, id, 1, 0);
        FAILS(B_BAD_SEM_ID, get_sem_count, id, &count);
        FAILS(B_BAD_SEM_ID, get_sem_info, id, info, INFO_SIZE);
        FAILS(B_BAD_SEM_ID, set_sem_owner, id, 0);
    }
}

static void bad_values(void)
{
    FAILS(B_BAD_VALUE, acquire_sem_etc, sem, 0, 0, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, sem, -1, 0, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, sem, 1, BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, sem, 1, BOTH_TIMEOUTS, INT64_MAX);
    FAILS(B_BAD_VALUE, switch_sem_etc, sem, sem, 1, BOTH_TIMEOUTS, 1LL);
    FAILS(B_BAD_VALUE, switch_sem_etc, -1, sem, 1, BOTH_TIMEOUTS, -1LL);
    FAILS(B_BAD_VALUE, switch_sem_etc, sem, sem, 0, 0, 0LL);
    FAILS(B_BAD_VALUE, switch_sem_etc, sem, sem, 1, BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_VALUE, release_sem_etc, sem, 0, 0);
    FAILS(B_BAD_VALUE, release_sem_etc, sem, -1, 0);
    FAILS(B_BAD_VALUE, get_sem_info, sem, info, INFO_SIZE - 1);
    FAILS(B_BAD_VALUE, get_next_sem_info, 0, &cookie, info, INFO_SIZE + 1);
    cookie = 10000;
    FAILS(B_BAD_VALUE, get_next_sem_info, 0, &cookie, info, INFO_SIZE);
    cookie = 0;
    FAILS(B_BAD_TEAM_ID, get_next_sem_info, -1, &cookie, info, INFO_SIZE);
    FAILS(B_BAD_TEAM_ID, get_next_sem_info, NO_ID, &cookie, info, INFO_SIZE);
    FAILS(B_BAD_TEAM_ID, set_sem_owner, sem, -1);
    FAILS(B_BAD_TEAM_ID, set_sem_owner, sem, NO_ID);
    FAILS(B_BAD_ADDRESS, get_sem_count, sem, (void *)0);
    FAILS(B_BAD_ADDRESS, get_sem_info, sem, (void *)0, INFO_SIZE);
    FAILS(B_BAD_ADDRESS, get_next_sem_info, 0, (void *)0, info, INFO_SIZE);
    FAILS(B_BAD_ADDRESS, get_next_sem_info, 0, &cookie, (void *)0, INFO_SIZE);
}

/* Two things are wrong: which of them is told. */
static void order(void)
{
    FAILS(B_BAD_SEM_ID, acquire_sem_etc, -1, 0, 0, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, NO_ID, 0, 0, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, NO_ID, 1, BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_SEM_ID, release_sem_etc, -1, 0, 0);
    FAILS(B_BAD_VALUE, release_sem_etc, NO_ID, 0, 0);
    FAILS(B_BAD_SEM_ID, release_sem_etc, NO_ID, 0, RELEASE_ALL);
    FAILS(B_BAD_SEM_ID, get_sem_info, -1, info, 1);
    FAILS(B_BAD_VALUE, get_sem_info, NO_ID, info, 1);
    FAILS(B_BAD_ADDRESS, get_sem_info, -1, (void *)0, 1);
    FAILS(B_BAD_VALUE, get_next_sem_info, -1, &cookie, info, 1);
    FAILS(B_BAD_SEM_ID, set_sem_owner, -1, -1);
    FAILS(B_BAD_TEAM_ID, set_sem_owner, NO_ID, -1);
    FAILS(B_BAD_TEAM_ID, set_sem_owner, NO_ID, NO_ID);
}

static int deletes(void *waiter, void *unused)
{
    (void)unused;
    wait_until_waiting((long)waiter);
    return (int)sys(SYS_delete_sem, sem);
}

/* Another thread deletes the semaphore that this one waits for. */
static void delete_when_waiting(void)
{
    sem = sys(SYS_create_sem, 0, "waited for");
    sys(SYS_resume_thread,
        spawn_thread("deletes", deletes, (void *)this_thread(), 0));
}

static void waiting(void)
{
    sem = sys(SYS_create_sem, 0, "empty");
    FAILS(B_WOULD_BLOCK, acquire_sem_etc, sem, 1, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_WOULD_BLOCK, acquire_sem_etc, sem, 1, RELATIVE_TIMEOUT, -1LL);
    FAILS(B_TIMED_OUT, acquire_sem_etc, sem, 1, RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, acquire_sem_etc, sem, 1, ABSOLUTE_TIMEOUT, -1LL);
    FAILS(B_TIMED_OUT, acquire_sem_etc, sem, 1, ABSOLUTE_TIMEOUT, 1LL);
    /* One above 0 is made absolute where the call may be executed again. */
    FAILS(B_TIMED_OUT, acquire_sem_etc, sem, 1, BOTH_TIMEOUTS, 1000LL);
    FAILS(B_TIMED_OUT, switch_sem_etc, -1, sem, 1, BOTH_TIMEOUTS, 1000LL);
    FAILS(B_WOULD_BLOCK, switch_sem_etc, -1, sem, 1, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, switch_sem_etc, -1, sem, 1, RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, switch_sem_etc, -1, sem, 1, ABSOLUTE_TIMEOUT, -1LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, acquire_sem, sem);
    FAILS(B_INTERRUPTED, acquire_sem_etc, sem, 1, 0, 0LL);
    FAILS(B_INTERRUPTED, switch_sem, -1, sem);
    FAILS(B_INTERRUPTED, switch_sem_etc, -1, sem, 1, 0, 0LL);
    interrupt_no_more();
    sys(SYS_delete_sem, sem);
    delete_when_waiting();
    FAILS(B_BAD_SEM_ID, acquire_sem, sem);
    delete_when_waiting();
    FAILS(B_BAD_SEM_ID, acquire_sem_etc, sem, 1, 0, 0LL);
    delete_when_waiting();
    FAILS(B_BAD_SEM_ID, switch_sem, -1, sem);
    delete_when_waiting();
    FAILS(B_BAD_SEM_ID, switch_sem_etc, -1, sem, 1, 0, 0LL);
}

static void no_more(void)
{
    long last = 0;

    while (last >= 0)
        last = sys(SYS_create_sem, 0, "one more");
    FAILS(B_NO_MORE_SEMS, create_sem, 0, "one more");
}

/* ---- POSIX's ---- */

enum { VALUE_MAX = 0x7fffffff, OPEN_MAX = 256 };

static int32_t opened[4];
static int32_t *used;

static void open_users(void)
{
    FAILS(B_PERMISSION_DENIED, realtime_sem_open, "/private", 0, 0, 0, opened,
          &used);
    FAILS(B_PERMISSION_DENIED, realtime_sem_unlink, "/private");
}

static void posix_names(void)
{
    static char name[1100];

    memset(name, 'n', sizeof(name) - 1);
    FAILS(B_ENTRY_NOT_FOUND, realtime_sem_open, "/none", 0, 0, 0, opened,
          &used);
    FAILS(B_BAD_VALUE, realtime_sem_open, "/sem", O_CREAT, 0600, VALUE_MAX + 1u,
          opened, &used);
    FAILS(B_BAD_ADDRESS, realtime_sem_open, (void *)0, O_CREAT, 0600, 0, opened,
          &used);
    FAILS(B_BAD_VALUE, realtime_sem_open, (void *)0, O_CREAT, 0600, 0, opened,
          (void *)0);
    FAILS(B_BAD_VALUE, realtime_sem_open, KERNEL_POINTER, O_CREAT, 0600,
          VALUE_MAX + 1u, (void *)0, (void *)0);
    FAILS(B_BAD_ADDRESS, realtime_sem_open, name, O_CREAT, 0600, 0,
          KERNEL_POINTER, (void *)0);
    FAILS(B_BAD_VALUE, realtime_sem_open, "/sem", O_CREAT, 0600, 0, (void *)0,
          &used);
    FAILS(B_BAD_VALUE, realtime_sem_open, "/sem", O_CREAT, 0600, 0, opened,
          (void *)0);
    FAILS(B_NAME_TOO_LONG, realtime_sem_open, name, O_CREAT, 0600, 0, opened,
          &used);
    FAILS(B_ENTRY_NOT_FOUND, realtime_sem_unlink, "/none");
    FAILS(B_BAD_VALUE, realtime_sem_unlink, (void *)0);
    FAILS(B_NAME_TOO_LONG, realtime_sem_unlink, name);
    CHECK_STATUS(
        sys(SYS_realtime_sem_open, "/private", O_CREAT, 0600, 0, opened, &used),
        HK_B_OK);
    FAILS(B_FILE_EXISTS, realtime_sem_open, "/private", O_CREAT | O_EXCL, 0600,
          0, opened, &used);
    FAILS(B_FILE_EXISTS, realtime_sem_open, "/private", O_EXCL, 0600, 0, opened,
          &used);
    as_user(open_users);
}

/* What is behind a name is a semaphore of the kernel's team: it can be looked
 * at, and is nobody's to use but by its name. */
static void kernels(void)
{
    enum { CHECK_PERMISSION = 4 };
    const long id = opened[1];
    int32_t *words = (int32_t *)info;

    CHECK_STATUS(sys(SYS_get_sem_info, id, info, INFO_SIZE), HK_B_OK);
    CHECK_STATUS(words[0], id);
    CHECK_STATUS(words[1], KERNEL_TEAM);
    CHECK(strcmp((char *)&words[2], "/private") == 0);
    CHECK_STATUS(sys(SYS_get_sem_count, id, &count), HK_B_OK);
    CHECK_STATUS(count, 0);
    FAILS(B_NOT_ALLOWED, delete_sem, id);
    FAILS(B_NOT_ALLOWED, acquire_sem, id);
    FAILS(B_NOT_ALLOWED, acquire_sem_etc, id, 1, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_BAD_VALUE, acquire_sem_etc, id, 0, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_NOT_ALLOWED, switch_sem, sem, id);
    FAILS(B_NOT_ALLOWED, switch_sem_etc, sem, id, 1, RELATIVE_TIMEOUT, 0LL);
    FAILS(B_NOT_ALLOWED, release_sem, id);
    FAILS(B_NOT_ALLOWED, release_sem_etc, id, 1, 0);
    FAILS(B_BAD_VALUE, release_sem_etc, id, 0, 0);
    FAILS(B_NOT_ALLOWED, realtime_sem_wait, id, CHECK_PERMISSION, 0LL);
    CHECK_STATUS(sys(SYS_realtime_sem_post, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_realtime_sem_get_value, id, &count), HK_B_OK);
    CHECK_STATUS(count, 1);
    CHECK_STATUS(sys(SYS_realtime_sem_wait, id, 0, 0LL), HK_B_OK);
}

/* Haiku gives it to a team all the same, with which it goes. */
static void take_kernels(void)
{
    CHECK_STATUS(sys(SYS_set_sem_owner, opened[1], 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_release_sem, opened[1]), HK_B_OK);
    CHECK_STATUS(sys(SYS_acquire_sem, opened[1]), HK_B_OK);
}

static void taken(void)
{
    CHECK_STATUS(
        sys(SYS_realtime_sem_open, "/taken", O_CREAT, 0600, 0, opened, &used),
        HK_B_OK);
    in_child(take_kernels);
    FAILS(B_BAD_SEM_ID, get_sem_info, opened[1], info, INFO_SIZE);
    FAILS(B_BAD_SEM_ID, realtime_sem_get_value, opened[1], &count);
    FAILS(B_BAD_VALUE, realtime_sem_post, opened[1]);
    FAILS(B_BAD_VALUE, realtime_sem_wait, opened[1], RELATIVE_TIMEOUT, 0LL);
    CHECK_STATUS(sys(SYS_realtime_sem_close, opened[1], &used), HK_B_OK);
    CHECK(used == opened);
    CHECK_STATUS(sys(SYS_realtime_sem_unlink, "/taken"), HK_B_OK);
}

static void posix_ids(void)
{
    FAILS(B_BAD_VALUE, realtime_sem_close, NO_ID, (void *)0);
    FAILS(B_BAD_VALUE, realtime_sem_get_value, NO_ID, &count);
    FAILS(B_BAD_VALUE, realtime_sem_get_value, NO_ID, (void *)0);
    FAILS(B_BAD_ADDRESS, realtime_sem_get_value, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, realtime_sem_close, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, realtime_sem_unlink, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, realtime_sem_post, NO_ID);
    FAILS(B_BAD_VALUE, realtime_sem_wait, NO_ID, 0, 0LL);
    FAILS(B_WOULD_BLOCK, realtime_sem_wait, opened[1], RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, realtime_sem_wait, opened[1], RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, realtime_sem_wait, opened[1], ABSOLUTE_TIMEOUT, 1LL);
    FAILS(B_BAD_VALUE, realtime_sem_wait, opened[1], BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_VALUE, realtime_sem_wait, opened[1], BOTH_TIMEOUTS, 1000LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, realtime_sem_wait, opened[1], 0, 0LL);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_realtime_sem_close, opened[1], &used), HK_B_OK);
    FAILS(B_BAD_VALUE, realtime_sem_close, opened[1], &used);
}

/* A team may have so many open, and no more. */
static void posix_limit(void)
{
    char name[] = "/limit a";

    for (int i = 0; i < OPEN_MAX; i++) {
        name[1] = (char)('a' + i % 16), name[2] = (char)('a' + i / 16);
        CHECK_STATUS(
            sys(SYS_realtime_sem_open, name, O_CREAT, 0600, 0, opened, &used),
            HK_B_OK);
        sys(SYS_realtime_sem_unlink, name);
    }
    FAILS(B_DEVICE_FULL, realtime_sem_open, "/one more", O_CREAT, 0600, 0,
          opened, &used);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    sem = sys(SYS_create_sem, 1, "refused");
    bad_ids();
    bad_values();
    order();
    waiting();
    in_child(no_more);
    posix_names();
    kernels();
    posix_ids();
    taken();
    in_child(posix_limit);
    print("errors checked\n");
    return 0;
}
