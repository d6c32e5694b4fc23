/* xsi.c -- how calls of XSI semaphores and message queues fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum { IPC_RMID, IPC_SET, IPC_STAT, GETPID, GETVAL, GETALL };
enum { GETNCNT = 6, GETZCNT, SETVAL, SETALL, NO_COMMAND = 77 };
enum { KEY = 4711, NO_KEY = 4712, SEMS_MAX = 127, QUEUE_BYTES = 2048 };
enum { VALUE_MAX = 65535, MODE = 0600 };

struct op {
    uint16_t number;
    int16_t op;
    int16_t flags;
};

struct message {
    int32_t type;
    char text[QUEUE_BYTES];
};

static long set, queue, given;
static struct op take = {0, -1, IPC_NOWAIT}, take_waiting = {0, -1, 0};
static struct op zero = {0, 0, IPC_NOWAIT}, zero_waiting = {0, 0, 0};
static struct op beyond = {2, 1, 0};
static struct message message = {.type = 1};
static uint32_t words[16]; /* of semctl, and msqid_ds */

/* ---- semaphores ---- */

static void bad_sets(void)
{
    FAILS(B_ENTRY_NOT_FOUND, xsi_semget, NO_KEY, 1, 0);
    FAILS(B_FILE_EXISTS, xsi_semget, KEY, 1, IPC_CREAT | IPC_EXCL);
    FAILS(B_BAD_VALUE, xsi_semget, KEY, 3, 0); /* it has two */
    FAILS(B_BAD_VALUE, xsi_semget, 0, 0, IPC_CREAT);
    FAILS(B_BAD_VALUE, xsi_semget, 0, -1, IPC_CREAT);
    FAILS(B_BAD_VALUE, xsi_semget, 0, SEMS_MAX + 1, IPC_CREAT);
    FAILS(B_ENTRY_NOT_FOUND, xsi_semget, NO_KEY, -1, 0);
}

static void bad_commands(void)
{
    words[0] = VALUE_MAX + 1;
    FAILS(B_BAD_VALUE, xsi_semctl, NO_ID, 0, GETVAL, (void *)0);
    FAILS(B_BAD_VALUE, xsi_semctl, -1, 0, IPC_RMID, (void *)0);
    FAILS(B_BAD_VALUE, xsi_semctl, set, -1, GETVAL, (void *)0);
    FAILS(B_BAD_VALUE, xsi_semctl, set, 3, GETVAL, (void *)0);
    FAILS(B_BAD_VALUE, xsi_semctl, set, 0, NO_COMMAND, (void *)0);
    FAILS(B_RESULT_NOT_REPRESENTABLE, xsi_semctl, set, 0, SETVAL, words);
    words[0] = 0; /* an address */
    FAILS(B_BAD_ADDRESS, xsi_semctl, set, 0, GETALL, words);
    FAILS(B_BAD_ADDRESS, xsi_semctl, set, 0, SETALL, words);
    FAILS(B_BAD_ADDRESS, xsi_semctl, set, 0, IPC_STAT, words);
    FAILS(B_BAD_ADDRESS, xsi_semctl, set, 0, IPC_SET, words);
    FAILS(B_BAD_ADDRESS, xsi_semctl, NO_ID, 0, GETVAL, KERNEL_POINTER);
}

static void bad_operations(void)
{
    FAILS(B_BAD_VALUE, xsi_semop, NO_ID, &take, 1);
    FAILS(B_BAD_VALUE, xsi_semop, set, &take, SEMS_MAX + 1);
    FAILS(B_BAD_VALUE, xsi_semop, set, &beyond, 1);
    FAILS(B_WOULD_BLOCK, xsi_semop, set, &take, 1);
    FAILS(B_BAD_VALUE, xsi_semop, NO_ID, BAD_POINTER, 1);
    FAILS(B_BAD_ADDRESS, xsi_semop, set, BAD_POINTER, 1);
    FAILS(B_BAD_ADDRESS, xsi_semop, NO_ID, KERNEL_POINTER, SEMS_MAX + 1);
    FAILS(B_BAD_ADDRESS, xsi_semop, set, (void *)0, 0);
    FAILS(B_BAD_VALUE, xsi_semop, set, BAD_POINTER, SEMS_MAX + 1);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, xsi_semop, set, &take_waiting, 1);
    interrupt_no_more();
    words[0] = 1;
    CHECK_STATUS(sys(SYS_xsi_semctl, set, 0, SETVAL, words), HK_B_OK);
    FAILS(B_WOULD_BLOCK, xsi_semop, set, &zero, 1);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, xsi_semop, set, &zero_waiting, 1);
    interrupt_no_more();
}

static void others_set(void)
{
    words[0] = (uint32_t)&words[1];
    FAILS(B_PERMISSION_DENIED, xsi_semget, KEY, 1, 0);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, GETVAL, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, SETVAL, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, GETPID, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, GETNCNT, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, GETZCNT, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, GETALL, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, SETALL, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, IPC_STAT, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, IPC_SET, words);
    FAILS(B_PERMISSION_DENIED, xsi_semctl, set, 0, IPC_RMID, words);
}

/* ---- message queues ---- */

static void bad_queues(void)
{
    FAILS(B_ENTRY_NOT_FOUND, xsi_msgget, NO_KEY, 0);
    FAILS(B_FILE_EXISTS, xsi_msgget, KEY, IPC_CREAT | IPC_EXCL);
    FAILS(B_BAD_VALUE, xsi_msgctl, NO_ID, IPC_STAT, words);
    FAILS(B_BAD_VALUE, xsi_msgctl, NO_ID, IPC_STAT, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, xsi_msgctl, queue, NO_COMMAND, words);
    FAILS(B_BAD_ADDRESS, xsi_msgctl, queue, NO_COMMAND, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, xsi_msgctl, queue, IPC_RMID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, xsi_msgctl, queue, IPC_STAT, (void *)0);
    FAILS(B_BAD_ADDRESS, xsi_msgctl, queue, IPC_SET, (void *)0);
    memset(words, 0, sizeof(words)); /* no bytes */
    FAILS(B_BAD_VALUE, xsi_msgctl, queue, IPC_SET, words);
}

static void bad_messages(void)
{
    FAILS(B_BAD_VALUE, xsi_msgsnd, NO_ID, &message, 8, 0);
    FAILS(B_BAD_VALUE, xsi_msgsnd, queue, &message, QUEUE_BYTES + 1, 0);
    FAILS(B_BAD_VALUE, xsi_msgsnd, queue, KERNEL_POINTER, QUEUE_BYTES + 1, 0);
    FAILS(B_BAD_VALUE, xsi_msgrcv, NO_ID, &message, 8, 0, 0);
    FAILS(B_BAD_VALUE, xsi_msgrcv, queue, &message, QUEUE_BYTES + 1, 0, 0);
    FAILS(ENOMSG, xsi_msgrcv, queue, &message, 8, 0, IPC_NOWAIT);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, xsi_msgrcv, queue, &message, 8, 0, 0);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_xsi_msgsnd, queue, &message, QUEUE_BYTES, 0), HK_B_OK);
    FAILS(B_TOO_MANY_ARGS, xsi_msgrcv, queue, &message, 8, 0, 0);
    FAILS(B_BAD_ADDRESS, xsi_msgrcv, queue, BAD_POINTER, QUEUE_BYTES, 0, 0);
    FAILS(B_BAD_ADDRESS, xsi_msgrcv, queue, (void *)0, 8, 0, 0);
    FAILS(B_BAD_VALUE, xsi_msgrcv, queue, (void *)0, QUEUE_BYTES + 1, 0, 0);
    FAILS(B_BAD_ADDRESS, xsi_msgsnd, queue, (void *)0, 8, IPC_NOWAIT);
    FAILS(B_BAD_ADDRESS, xsi_msgsnd, queue, KERNEL_POINTER, 8, IPC_NOWAIT);
    FAILS(B_NO_MEMORY, xsi_msgsnd, queue, BAD_POINTER, 8, IPC_NOWAIT);
    FAILS(ENOMSG, xsi_msgrcv, queue, &message, 8, 2, IPC_NOWAIT);
    FAILS(B_WOULD_BLOCK, xsi_msgsnd, queue, &message, 8, IPC_NOWAIT);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, xsi_msgsnd, queue, &message, 8, 0);
    interrupt_no_more();
}

static void others_queue(void)
{
    FAILS(B_PERMISSION_DENIED, xsi_msgget, KEY, 0);
    FAILS(B_PERMISSION_DENIED, xsi_msgctl, queue, IPC_STAT, words);
    FAILS(B_NOT_ALLOWED, xsi_msgctl, queue, IPC_SET, words);
    FAILS(B_NOT_ALLOWED, xsi_msgctl, queue, IPC_RMID, words);
    FAILS(B_PERMISSION_DENIED, xsi_msgrcv, queue, &message, 8, 0, 0);
    FAILS(B_PERMISSION_DENIED, xsi_msgsnd, queue, &message, 8, 0);
    FAILS(B_PERMISSION_DENIED, xsi_msgsnd, queue, KERNEL_POINTER, 8, 0);
}

/* Its own is not for it; and of one that is the limit cannot be raised. */
static void users_queue(void)
{
    long own = sys(SYS_xsi_msgget, NO_KEY, IPC_CREAT | MODE);

    FAILS(B_PERMISSION_DENIED, xsi_msgget, NO_KEY, 0);
    FAILS(B_PERMISSION_DENIED, xsi_msgctl, own, IPC_STAT, words);
    FAILS(B_PERMISSION_DENIED, xsi_msgsnd, own, &message, 8, 0);
    CHECK_STATUS(sys(SYS_xsi_msgctl, given, IPC_STAT, words), HK_B_OK);
    words[7]++;
    FAILS(B_NOT_ALLOWED, xsi_msgctl, given, IPC_SET, words);
    words[7]--;
    CHECK_STATUS(sys(SYS_xsi_msgctl, given, IPC_SET, words), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_msgctl, given, IPC_RMID, words), HK_B_OK);
}

static void give_queue(void)
{
    given = sys(SYS_xsi_msgget, 0, IPC_CREAT | MODE);
    CHECK_STATUS(sys(SYS_xsi_msgctl, given, IPC_STAT, words), HK_B_OK);
    CHECK(words[5] == 0); /* the mode is not what was asked for */
    words[5] = 0666;
    CHECK_STATUS(sys(SYS_xsi_msgctl, given, IPC_SET, words), HK_B_OK);
}

/* ---- limits ---- */

enum { SETS_MAX = 2048, QUEUES_MAX = 1024 };

static void no_more_sets(void)
{
    static long sets[SETS_MAX];
    int count = 0;

    while ((sets[count] = sys(SYS_xsi_semget, 0, 1, IPC_CREAT | MODE)) >= 0)
        count++;
    FAILS(B_DEVICE_FULL, xsi_semget, 0, 1, IPC_CREAT | MODE);
    while (count-- > 0)
        sys(SYS_xsi_semctl, sets[count], 0, IPC_RMID, (void *)0);
}

static void no_more_queues(void)
{
    static long queues[QUEUES_MAX];
    int count = 0;

    while ((queues[count] = sys(SYS_xsi_msgget, 0, IPC_CREAT | MODE)) >= 0)
        count++;
    FAILS(B_DEVICE_FULL, xsi_msgget, 0, IPC_CREAT | MODE);
    while (count-- > 0)
        sys(SYS_xsi_msgctl, queues[count], IPC_RMID, (void *)0);
}

/* ---- what is waited for goes ---- */

static int removes_set(void *waiter, void *unused)
{
    (void)unused;
    wait_until_waiting((long)waiter);
    return (int)sys(SYS_xsi_semctl, set, 0, IPC_RMID, (void *)0);
}

static int removes_queue(void *waiter, void *unused)
{
    (void)unused;
    wait_until_waiting((long)waiter);
    return (int)sys(SYS_xsi_msgctl, queue, IPC_RMID, (void *)0);
}

static void when_waiting(int (*action)(void *, void *))
{
    sys(SYS_resume_thread,
        spawn_thread("removes", action, (void *)this_thread(), 0));
}

static void removed(void)
{
    struct message received;

    when_waiting(removes_set);
    FAILS(EIDRM, xsi_semop, set, &zero_waiting, 1);
    when_waiting(removes_queue);
    FAILS(EIDRM, xsi_msgsnd, queue, &message, 8, 0);
    queue = sys(SYS_xsi_msgget, 0, IPC_CREAT | MODE);
    when_waiting(removes_queue);
    FAILS(EIDRM, xsi_msgrcv, queue, &received, 8, 0, 0);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    set = sys(SYS_xsi_semget, KEY, 2, IPC_CREAT | MODE);
    queue = sys(SYS_xsi_msgget, KEY, IPC_CREAT | MODE);
    bad_sets();
    bad_commands();
    bad_operations();
    as_user(others_set);
    bad_queues();
    bad_messages();
    as_user(others_queue);
    give_queue();
    as_user(users_queue);
    sys(SYS_xsi_msgctl, sys(SYS_xsi_msgget, NO_KEY, 0), IPC_RMID, (void *)0);
    no_more_sets();
    no_more_queues();
    removed();
    print("errors checked\n");
    return 0;
}
