/* waits.c -- how mutexes and waiting for many things fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { LOCKED = 1, BOTH_TIMEOUTS = RELATIVE_TIMEOUT | ABSOLUTE_TIMEOUT };
enum { TYPE_FD = 0, TYPE_SEM = 1, READ = 1, OBJECTS_MAX = 300000 };

struct object {
    int32_t object;
    uint16_t type, events;
};

static int32_t mutex = LOCKED, other, sem;
static char *odd = (char *)&mutex + 1;

/* A mutex is a word of memory at an address that it is for. */
static void bad_addresses(void)
{
    FAILS(B_BAD_ADDRESS, mutex_lock, (void *)0, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_lock, odd, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_unblock, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, mutex_unblock, odd, 0);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, (void *)0, 0, &mutex, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, odd, 0, &mutex, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, &other, 0, (void *)0, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, &other, 0, odd, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_sem_acquire, (void *)0, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_sem_acquire, odd, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_sem_release, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, mutex_sem_release, odd, 0);
}

/* Only of words that teams share it is told that they cannot be reached. */
static void out_of_reach(void)
{
    enum { SHARED = 0x40000000, PAGE = 4096 };
    int32_t *page = 0;

    CHECK(sys(SYS_create_area, "read-only", &page, ANY_ADDRESS, PAGE, 0,
              READ_AREA) > 0);
    for (int i = 0; i < 2; i++) {
        int32_t *word = i == 0 ? page : BAD_POINTER;

        CHECK_STATUS(sys(SYS_mutex_lock, word, "x", 0, 0LL), HK_B_OK);
        CHECK_STATUS(sys(SYS_mutex_unblock, word, 0), HK_B_OK);
        CHECK_STATUS(sys(SYS_mutex_switch_lock, word, 0, &other, "x", 0, 0LL),
                     HK_B_OK);
        CHECK_STATUS(sys(SYS_mutex_switch_lock, &other, 0, word, "x", 0, 0LL),
                     HK_B_OK);
        CHECK_STATUS(sys(SYS_mutex_sem_release, word, 0), HK_B_OK);
        FAILS(B_WOULD_BLOCK, mutex_sem_acquire, word, "x", RELATIVE_TIMEOUT,
              0LL);
    }
    CHECK_STATUS(other, 0);
    FAILS(B_BAD_ADDRESS, mutex_lock, BAD_POINTER, "x", SHARED, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_unblock, BAD_POINTER, SHARED);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, BAD_POINTER, SHARED, &other, "x", 0,
          0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock, &other, 0, BAD_POINTER, "x", SHARED,
          0LL);
    FAILS(B_BAD_ADDRESS, mutex_sem_acquire, BAD_POINTER, "x", SHARED, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_sem_release, BAD_POINTER, SHARED);
    FAILS(B_PERMISSION_DENIED, mutex_lock, page, "x", SHARED, 0LL);
    FAILS(B_PERMISSION_DENIED, mutex_unblock, page, SHARED);
    FAILS(B_PERMISSION_DENIED, mutex_switch_lock, page, SHARED, &other, "x", 0,
          0LL);
    FAILS(B_PERMISSION_DENIED, mutex_switch_lock, &other, 0, page, "x", SHARED,
          0LL);
    FAILS(B_PERMISSION_DENIED, mutex_sem_acquire, page, "x", SHARED, 0LL);
    FAILS(B_PERMISSION_DENIED, mutex_sem_release, page, SHARED);
}

static void mutexes(void)
{
    FAILS(B_WOULD_BLOCK, mutex_lock, &mutex, "x", RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, mutex_lock, &mutex, "x", RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, mutex_lock, &mutex, "x", ABSOLUTE_TIMEOUT, 1LL);
    FAILS(B_WOULD_BLOCK, mutex_switch_lock, &other, 0, &mutex, "x",
          RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, mutex_switch_lock, &other, 0, &mutex, "x",
          RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_WOULD_BLOCK, mutex_sem_acquire, &sem, "x", RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, mutex_sem_acquire, &sem, "x", RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, mutex_sem_acquire, &sem, "x", ABSOLUTE_TIMEOUT, 1LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, mutex_lock, &mutex, "x", 0, 0LL);
    FAILS(B_INTERRUPTED, mutex_switch_lock, &other, 0, &mutex, "x", 0, 0LL);
    FAILS(B_INTERRUPTED, mutex_sem_acquire, &sem, "x", 0, 0LL);
    interrupt_no_more();
}

static void objects(void)
{
    enum { INVALID = 0x1000 };
    struct object object = {0, TYPE_SEM, READ};
    struct object full = {0, TYPE_SEM, READ}, none = {NO_ID, TYPE_SEM, READ};

    object.object = (int32_t)sys(SYS_create_sem, 0, "empty");
    full.object = (int32_t)sys(SYS_create_sem, 1, "full");
    FAILS(B_BAD_VALUE, wait_for_objects, &object, -1, 0, 0LL);
    FAILS(B_BAD_VALUE, wait_for_objects, BAD_POINTER, OBJECTS_MAX, 0, 0LL);
    FAILS(B_BAD_ADDRESS, wait_for_objects, (void *)0, 1, 0, 0LL);
    FAILS(B_BAD_ADDRESS, wait_for_objects, BAD_POINTER, 1, 0, 0LL);
    FAILS(B_WOULD_BLOCK, wait_for_objects, &object, 1, RELATIVE_TIMEOUT, 0LL);
    object.events = READ;
    FAILS(B_TIMED_OUT, wait_for_objects, &object, 1, RELATIVE_TIMEOUT, 1000LL);
    object.events = READ;
    FAILS(B_TIMED_OUT, wait_for_objects, &object, 1, ABSOLUTE_TIMEOUT, 1LL);
    FAILS(B_TIMED_OUT, wait_for_objects, &object, 1, ABSOLUTE_TIMEOUT, -1LL);
    FAILS(B_BAD_VALUE, wait_for_objects, &object, 1, BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_VALUE, wait_for_objects, &full, 1, BOTH_TIMEOUTS, 0LL);
    FAILS(B_BAD_VALUE, wait_for_objects, &full, 1, BOTH_TIMEOUTS, INT64_MAX);
    FAILS(B_BAD_VALUE, wait_for_objects, &full, 0, BOTH_TIMEOUTS, -1LL);
    FAILS(B_TIMED_OUT, wait_for_objects, &object, 1, BOTH_TIMEOUTS, 1LL);
    FAILS(B_BAD_ADDRESS, wait_for_objects, KERNEL_POINTER, 1, 0, 0LL);
    CHECK_STATUS(sys(SYS_wait_for_objects, &full, 1, BOTH_TIMEOUTS, 1LL), 1);
    CHECK_STATUS(sys(SYS_wait_for_objects, &none, 1, BOTH_TIMEOUTS, 0LL), 1);
    CHECK_STATUS(none.events, INVALID);
    CHECK_STATUS(object.events, READ); /* what fails is not told of */
    interrupt_from_now();
    FAILS(B_INTERRUPTED, wait_for_objects, &object, 1, 0, 0LL);
    interrupt_no_more();
}

static void descriptors(void)
{
    enum { ALWAYS = 0x1084 };
    uint32_t set[32] = {0};
    uint64_t mask = 0;
    struct {
        int32_t fd;
        uint16_t events, found;
    } one = {0, READ, 0};
    int32_t ends[2];

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    set[NO_FD / 32] = 1u << NO_FD % 32;
    FAILS(B_BAD_VALUE, select, -1, set, (void *)0, (void *)0, 0LL, (void *)0);
    FAILS(B_BAD_VALUE, select, 1000000, BAD_POINTER, (void *)0, (void *)0, 0LL,
          (void *)0);
    FAILS(B_FILE_ERROR, select, NO_FD + 1, set, (void *)0, (void *)0, 0LL,
          (void *)0);
    FAILS(B_FILE_ERROR, select, NO_FD + 1, (void *)0, set, (void *)0, 0LL,
          (void *)0);
    FAILS(B_FILE_ERROR, select, NO_FD + 1, (void *)0, (void *)0, set, 0LL,
          (void *)0);
    FAILS(B_BAD_ADDRESS, select, NO_FD + 1, BAD_POINTER, set, (void *)0, 0LL,
          (void *)0);
    FAILS(B_BAD_ADDRESS, select, NO_FD + 1, set, (void *)0, (void *)0, 0LL,
          BAD_POINTER);
    FAILS(B_BAD_VALUE, poll, &one, -1, 0LL, (void *)0);
    FAILS(B_BAD_VALUE, poll, BAD_POINTER, 1000000, 0LL, (void *)0);
    FAILS(B_BAD_ADDRESS, poll, (void *)0, 1, 0LL, (void *)0);
    FAILS(B_BAD_ADDRESS, poll, KERNEL_POINTER, 1, 0LL, (void *)0);
    FAILS(B_BAD_ADDRESS, poll, &one, 1, 0LL, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, poll, &one, 1, 0LL, KERNEL_POINTER);
    CHECK_STATUS(one.events, READ);
    set[NO_FD / 32] = 0;
    set[ends[0] / 32] = 1u << ends[0] % 32;
    one.fd = ends[0];
    interrupt_from_now();
    FAILS(B_INTERRUPTED, select, ends[0] + 1, set, (void *)0, (void *)0, -1LL,
          &mask);
    one.found = 77;
    FAILS(B_INTERRUPTED, poll, &one, 1, -1LL, &mask);
    CHECK(one.events == (READ | ALWAYS) && one.found == 0);
    interrupt_no_more();
}

/* ---- event queues ---- */

struct event {
    int32_t object;
    uint16_t type, padding;
    int32_t events;
    void *data;
};

static long queue, directory;

/* What is wrong with one of the objects is where its events were. */
static void select_fails(int32_t object, uint16_t type, int32_t events,
                         int32_t error)
{
    struct event event = {object, type, 0, events, 0};

    FAILS(B_ERROR, event_queue_select, queue, &event, 1);
    CHECK_STATUS(event.events, error);
}

static void selections(void)
{
    enum { TYPE_PORT = 2, TYPE_THREAD = 3, NO_TYPE = 4 };
    enum { ASK = -1, DESELECT = 0 };
    struct event event = {(int32_t)directory, TYPE_FD, 0, READ, 0};
    int32_t kernels[4], *used;

    FAILS(B_BAD_VALUE, event_queue_select, queue, &event, 0);
    FAILS(B_BAD_VALUE, event_queue_select, queue, BAD_POINTER, -1);
    FAILS(B_BAD_VALUE, event_queue_select, directory, &event, 1);
    FAILS(B_FILE_ERROR, event_queue_select, NO_FD, BAD_POINTER, 1);
    FAILS(B_BAD_ADDRESS, event_queue_select, queue, (void *)0, 1);
    FAILS(B_BAD_ADDRESS, event_queue_select, queue, BAD_POINTER, 1);
    FAILS(B_BAD_ADDRESS, event_queue_select, NO_FD, KERNEL_POINTER, 1);
    select_fails(NO_FD, TYPE_FD, READ, HK_B_FILE_ERROR);
    select_fails((int32_t)directory, TYPE_FD, READ, HK_B_UNSUPPORTED);
    select_fails((int32_t)queue, TYPE_FD, READ, HK_B_UNSUPPORTED);
    select_fails(NO_ID, TYPE_SEM, READ, HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_realtime_sem_open, "/kernel's", O_CREAT, 0600, 0,
                     kernels, &used),
                 HK_B_OK);
    select_fails(kernels[1], TYPE_SEM, READ, HK_B_NOT_ALLOWED);
    select_fails(NO_ID, TYPE_PORT, READ, HK_B_BAD_PORT_ID);
    select_fails(NO_ID, TYPE_THREAD, READ, HK_B_BAD_THREAD_ID);
    select_fails(NO_ID, NO_TYPE, READ, HK_B_BAD_VALUE);
    select_fails(NO_ID, NO_TYPE, ASK, HK_B_ENTRY_NOT_FOUND);
    select_fails(NO_ID, TYPE_SEM, DESELECT, HK_B_ENTRY_NOT_FOUND);
}

static void queues(void)
{
    struct event event;

    queue = sys(SYS_event_queue_create, 0);
    directory = sys(SYS_open_dir, AT_FDCWD, ".");
    selections();
    FAILS(B_BAD_VALUE, event_queue_wait, queue, BAD_POINTER, -1, 0, 0LL);
    FAILS(B_BAD_VALUE, event_queue_wait, directory, &event, 1, 0, 0LL);
    FAILS(B_FILE_ERROR, event_queue_wait, NO_FD, &event, 1, 0, 0LL);
    FAILS(B_BAD_ADDRESS, event_queue_wait, queue, (void *)0, 1, 0, 0LL);
    FAILS(B_BAD_ADDRESS, event_queue_wait, queue, KERNEL_POINTER, 1, 0, 0LL);
    FAILS(B_WOULD_BLOCK, event_queue_wait, queue, &event, 1, RELATIVE_TIMEOUT,
          0LL);
    FAILS(B_TIMED_OUT, event_queue_wait, queue, &event, 1, RELATIVE_TIMEOUT,
          1000LL);
    FAILS(B_TIMED_OUT, event_queue_wait, queue, &event, 1, BOTH_TIMEOUTS,
          1000LL);
    /* When it is too late already there is nothing, and no error. */
    CHECK_STATUS(
        sys(SYS_event_queue_wait, queue, &event, 1, ABSOLUTE_TIMEOUT, 1LL), 0);
    CHECK_STATUS(
        sys(SYS_event_queue_wait, queue, &event, 1, RELATIVE_TIMEOUT, -1LL), 0);
    CHECK_STATUS(sys(SYS_event_queue_wait, queue, &event, 1, 0, 1LL), 0);
    FAILS(B_FILE_ERROR, event_queue_wait, -1, &event, 1, ABSOLUTE_TIMEOUT, 1LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, event_queue_wait, queue, &event, 1, 0, 0LL);
    interrupt_no_more();
    event = (struct event){.type = TYPE_SEM, .events = READ};
    event.object = (int32_t)sys(SYS_create_sem, 1, "full");
    CHECK_STATUS(sys(SYS_event_queue_select, queue, &event, 1), HK_B_OK);
    FAILS(B_BAD_ADDRESS, event_queue_wait, queue, BAD_POINTER, 1, 0, 0LL);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    bad_addresses();
    out_of_reach();
    mutexes();
    objects();
    descriptors();
    queues();
    print("errors checked\n");
    return 0;
}
