/* threads.c -- how calls of threads fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { PAGE = 4096, DATA_MAX = 65536, UNBLOCK_MAX = 128, MASK_SIZE = 8 };
enum { BOTH_TIMEOUTS = RELATIVE_TIMEOUT | ABSOLUTE_TIMEOUT };

static long self, other; /* other: the main thread of another team */
static int32_t cookie, result;
static uint8_t info[76], mask[MASK_SIZE];
static int32_t ids[UNBLOCK_MAX + 1];
static char data[DATA_MAX + 1];

static int returns(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    return 0;
}

static long new_thread(void)
{
    return spawn_thread("new", returns, 0, 0);
}

static struct thread_attributes good = {.entry = returns, .name = "good"};

static struct thread_attributes with_stack(void *stack, uint32_t size)
{
    struct thread_attributes attributes = good;

    attributes.stack = stack;
    attributes.stack_size = size;
    return attributes;
}

static void spawning(void)
{
    struct thread_attributes small = with_stack(0, PAGE);
    struct thread_attributes large = with_stack(0, 0x1001000);
    struct thread_attributes kernel = with_stack(KERNEL_POINTER, 0x4000);
    struct thread_attributes nameless = {.entry = returns, .name = BAD_POINTER};
    struct thread_attributes no_entry = {.name = "no entry"};
    struct thread_attributes bad_entry = {.entry = KERNEL_POINTER};
    struct thread_attributes both = {.stack_size = PAGE};
    struct thread_attributes no_size = with_stack(data, 0);
    struct thread_attributes no_room = good;

    no_room.guard_size = 0x7f000000;

    FAILS(B_BAD_ADDRESS, spawn_thread, (void *)0);
    FAILS(B_BAD_ADDRESS, spawn_thread, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, spawn_thread, &no_entry);
    FAILS(B_BAD_ADDRESS, spawn_thread, &bad_entry);
    FAILS(B_BAD_ADDRESS, spawn_thread, &nameless);
    FAILS(B_BAD_ADDRESS, spawn_thread, &kernel);
    FAILS(B_BAD_VALUE, spawn_thread, &small);
    FAILS(B_BAD_VALUE, spawn_thread, &large);
    FAILS(B_BAD_VALUE, spawn_thread, &both);
    FAILS(B_BAD_VALUE, spawn_thread, &no_size);
    FAILS(B_NO_MEMORY, spawn_thread, &no_room);
    no_size.name = no_room.name = BAD_POINTER;
    FAILS(B_BAD_ADDRESS, spawn_thread, &no_size);
    FAILS(B_BAD_ADDRESS, spawn_thread, &no_room);
}

/* Ids that are none: negative, nobody's, of what has ended. */
static void bad_ids(void)
{
    long ended = new_thread();

    CHECK_STATUS(sys(SYS_wait_for_thread, ended, &result), HK_B_OK);
    for (int i = 0; i < 2; i++) {
        const long id = i == 0 ? NO_ID : ended;

        FAILS(B_BAD_THREAD_ID, resume_thread, id);
        FAILS(B_BAD_THREAD_ID, suspend_thread, id);
        FAILS(B_BAD_THREAD_ID, kill_thread, id);
        FAILS(B_BAD_THREAD_ID, rename_thread, id, "name");
        FAILS(B_BAD_THREAD_ID, set_thread_priority, id, 10);
        FAILS(B_BAD_THREAD_ID, cancel_thread, id, returns);
        FAILS(B_BAD_THREAD_ID, wait_for_thread, id, &result);
        FAILS(B_BAD_THREAD_ID, wait_for_thread_etc, id, 0, 0LL, &result);
        FAILS(B_BAD_THREAD_ID, send_data, id, 1, data, 1);
        FAILS(B_BAD_THREAD_ID, get_thread_info, id, info);
        FAILS(B_BAD_THREAD_ID, get_thread_affinity, id, mask, MASK_SIZE);
        FAILS(B_BAD_THREAD_ID, set_thread_affinity, id, mask, MASK_SIZE);
        FAILS(B_BAD_THREAD_ID, unblock_thread, id, 0);
    }
    FAILS(B_BAD_VALUE, resume_thread, -1);
    FAILS(B_BAD_VALUE, suspend_thread, -1);
    FAILS(B_BAD_VALUE, kill_thread, -1);
    FAILS(B_BAD_VALUE, get_thread_info, -1, info);
    FAILS(B_BAD_THREAD_ID, get_thread_info, 0, info);
    FAILS(B_BAD_THREAD_ID, wait_for_thread, 0, &result);
    FAILS(B_BAD_THREAD_ID, rename_thread, 0, "name");
    FAILS(B_BAD_THREAD_ID, cancel_thread, 0, returns);
    FAILS(B_BAD_THREAD_ID, send_data, 0, 1, data, 1);
    FAILS(B_BAD_VALUE, suspend_thread, 0);
    FAILS(B_BAD_VALUE, resume_thread, 0);
    FAILS(B_BAD_VALUE, kill_thread, 0);
    FAILS(B_BAD_VALUE, get_thread_affinity, -1, mask, MASK_SIZE);
    FAILS(B_BAD_VALUE, set_thread_affinity, -1, mask, MASK_SIZE);
    FAILS(B_BAD_THREAD_ID, rename_thread, -1, "name");
    FAILS(B_BAD_THREAD_ID, set_thread_priority, -1, 10);
    FAILS(B_BAD_THREAD_ID, set_thread_priority, 0, 10);
    FAILS(B_BAD_THREAD_ID, cancel_thread, -1, returns);
    FAILS(B_BAD_THREAD_ID, wait_for_thread, -1, &result);
    FAILS(B_BAD_THREAD_ID, wait_for_thread_etc, -1, 0, 0LL, &result);
    FAILS(B_BAD_THREAD_ID, send_data, -1, 1, data, 1);
    FAILS(B_BAD_THREAD_ID, unblock_thread, -1, 0);
}

static void bad_values(void)
{
    FAILS(B_NAME_NOT_FOUND, find_thread, "nobody's");
    FAILS(B_BAD_ADDRESS, find_thread, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, rename_thread, self, (void *)0);
    FAILS(B_BAD_ADDRESS, rename_thread, NO_ID, (void *)0);
    FAILS(B_BAD_VALUE, cancel_thread, self, (void *)0);
    FAILS(B_BAD_VALUE, cancel_thread, NO_ID, KERNEL_POINTER);
    FAILS(EDEADLK, wait_for_thread, self, &result);
    FAILS(EDEADLK, wait_for_thread_etc, self, BOTH_TIMEOUTS, 0LL, &result);
    FAILS(B_BAD_ADDRESS, wait_for_thread, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, wait_for_thread_etc, NO_ID, 0, 0LL, KERNEL_POINTER);
    FAILS(B_NO_MEMORY, send_data, self, 1, data, DATA_MAX + 1);
    FAILS(B_BAD_DATA, send_data, self, 1, (void *)0, 1);
    FAILS(B_BAD_ADDRESS, send_data, NO_ID, 1, KERNEL_POINTER, 1);
    FAILS(B_BAD_THREAD_ID, send_data, NO_ID, 1, BAD_POINTER, DATA_MAX + 1);
    FAILS(B_BAD_ADDRESS, receive_data, KERNEL_POINTER, data, 1);
    FAILS(B_BAD_ADDRESS, get_thread_info, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, get_thread_info, self, BAD_POINTER);
    cookie = 0;
    FAILS(B_BAD_VALUE, get_next_thread_info, -1, &cookie, info);
    FAILS(B_BAD_VALUE, get_next_thread_info, NO_ID, &cookie, info);
    FAILS(B_BAD_ADDRESS, get_next_thread_info, -1, BAD_POINTER, info);
    CHECK_STATUS(sys(SYS_get_next_thread_info, 0, &cookie, info), HK_B_OK);
    FAILS(B_BAD_VALUE, get_next_thread_info, 0, &cookie, info);
}

static void affinity_and_blocking(void)
{
    struct thread_attributes *none = (void *)0;

    FAILS(B_BAD_VALUE, get_thread_affinity, self, none, MASK_SIZE);
    FAILS(B_BAD_VALUE, set_thread_affinity, self, none, MASK_SIZE);
    FAILS(B_BAD_ADDRESS, get_thread_affinity, NO_ID, KERNEL_POINTER, MASK_SIZE);
    FAILS(B_BAD_ADDRESS, get_thread_affinity, self, BAD_POINTER, MASK_SIZE);
    FAILS(B_BAD_ADDRESS, set_thread_affinity, NO_ID, BAD_POINTER, MASK_SIZE);
    FAILS(B_BAD_VALUE, set_thread_affinity, self, mask, MASK_SIZE - 1);
    memset(mask, 0xff, sizeof(mask)); /* there are not so many processors */
    FAILS(B_BAD_VALUE, set_thread_affinity, self, mask, MASK_SIZE);
    FAILS(B_BAD_VALUE, set_thread_affinity, NO_ID, mask, MASK_SIZE);
    FAILS(B_BAD_ADDRESS, unblock_threads, (void *)0, 1, 0);
    FAILS(B_BAD_VALUE, unblock_threads, ids, UNBLOCK_MAX + 1, 0);
    FAILS(B_BAD_VALUE, unblock_threads, BAD_POINTER, UNBLOCK_MAX + 1, 0);
}

/* ---- waiting ---- */

static volatile int32_t *wait_status(void)
{
    char *user_thread;

    __asm__("movl %%fs:16, %0" : "=r"(user_thread));
    return (volatile int32_t *)(user_thread + 8);
}

static int sleeps(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        snooze(1000000);
    return 0;
}

static int unblocks(void *thread, void *unused)
{
    (void)unused;
    wait_until_waiting((long)thread);
    return (int)sys(SYS_unblock_thread, (long)thread, HK_B_CANCELED);
}

static void blocking(void)
{
    *wait_status() = HK_B_BAD_DATA; /* somebody was quicker */
    FAILS(B_BAD_DATA, block_thread, 0, 0LL);
    *wait_status() = 1;
    FAILS(B_TIMED_OUT, block_thread, RELATIVE_TIMEOUT, 0LL);
    CHECK_STATUS(*wait_status(), HK_B_TIMED_OUT);
    *wait_status() = 1;
    FAILS(B_TIMED_OUT, block_thread, RELATIVE_TIMEOUT, 1000LL);
    *wait_status() = 1;
    FAILS(B_TIMED_OUT, block_thread, ABSOLUTE_TIMEOUT, 1LL);
    interrupt_from_now();
    *wait_status() = 1;
    FAILS(B_INTERRUPTED, block_thread, 0, 0LL);
    *wait_status() = 1; /* no timer is set for a time below 0 */
    FAILS(B_INTERRUPTED, block_thread, ABSOLUTE_TIMEOUT, -1LL);
    *wait_status() = 1;
    FAILS(B_INTERRUPTED, block_thread, RELATIVE_TIMEOUT, -1LL);
    interrupt_no_more();
    *wait_status() = 1;
    sys(SYS_resume_thread, spawn_thread("unblocks", unblocks, (void *)self, 0));
    FAILS(B_CANCELED, block_thread, 0, 0LL);
}

static void waiting(void)
{
    long sleeper = spawn_thread("sleeps", sleeps, 0, 0);

    FAILS(B_WOULD_BLOCK, wait_for_thread_etc, sleeper, RELATIVE_TIMEOUT, 0LL,
          &result);
    FAILS(B_TIMED_OUT, wait_for_thread_etc, sleeper, RELATIVE_TIMEOUT, 1000LL,
          &result);
    FAILS(B_TIMED_OUT, wait_for_thread_etc, sleeper, ABSOLUTE_TIMEOUT, 1LL,
          &result);
    FAILS(B_BAD_VALUE, wait_for_thread_etc, sleeper, BOTH_TIMEOUTS, 1LL,
          &result);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, wait_for_thread, sleeper, &result);
    FAILS(B_INTERRUPTED, wait_for_thread_etc, sleeper, 0, 0LL, &result);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_kill_thread, sleeper), HK_B_OK);
}

/* Whoever waits is told of the end, who comes later is not. */
static int waits_for(void *thread, void *unused)
{
    int32_t status = -1;
    long result = sys(SYS_wait_for_thread, (long)thread, &status);

    (void)unused;
    return result == HK_B_OK ? (int)status : (int)result;
}

static int acquires(void *sem, void *unused)
{
    (void)unused;
    return sys(SYS_acquire_sem, (long)sem) == HK_B_OK ? 55 : -1;
}

static void waiting_together(void)
{
    long sem = sys(SYS_create_sem, 0, "end");
    long awaited = spawn_thread("awaited", acquires, (void *)sem, 0);
    long waiters[2];

    for (int i = 0; i < 2; i++) {
        waiters[i] = spawn_thread("waits", waits_for, (void *)awaited, 0);
        CHECK_STATUS(sys(SYS_resume_thread, waiters[i]), HK_B_OK);
        wait_until_waiting(waiters[i]);
    }
    FAILS(B_TIMED_OUT, wait_for_thread_etc, awaited, RELATIVE_TIMEOUT, 1000LL,
          &result);
    CHECK_STATUS(sys(SYS_release_sem, sem), HK_B_OK);
    for (int i = 0; i < 2; i++) {
        CHECK_STATUS(sys(SYS_wait_for_thread, waiters[i], &result), HK_B_OK);
        CHECK_STATUS(result, 55);
    }
    FAILS(B_BAD_THREAD_ID, wait_for_thread, awaited, &result);
}

static int waits_for_data(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    return (int)sys(SYS_receive_data, (void *)0, BAD_POINTER, 4);
}

static void bad_receiver(void)
{
    long receiver = spawn_thread("receives", waits_for_data, 0, 0);

    CHECK_STATUS(sys(SYS_send_data, receiver, 1, data, 4), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, receiver, &result), HK_B_OK);
    CHECK_STATUS(result, HK_B_BAD_ADDRESS);
}

/* ---- those of other teams, and of other users ---- */

static void others(void)
{
    FAILS(B_NOT_ALLOWED, rename_thread, other, "name");
    FAILS(B_NOT_ALLOWED, cancel_thread, other, returns);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, resume_thread, other);
    FAILS(B_NOT_ALLOWED, suspend_thread, other);
    FAILS(B_NOT_ALLOWED, kill_thread, other);
    FAILS(B_NOT_ALLOWED, set_thread_priority, other, 10);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    self = this_thread();
    other = new_sleeper();
    spawning();
    bad_ids();
    bad_values();
    affinity_and_blocking();
    blocking();
    waiting();
    waiting_together();
    bad_receiver();
    others();
    as_user(other_users);
    end_sleeper(other);
    print("errors checked\n");
    return 0;
}
