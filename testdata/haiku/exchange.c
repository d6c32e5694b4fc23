/* exchange.c -- POSIX and XSI semaphores, message queues, user mutexes. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum { IPC_RMID = 0, GETVAL = 4, SETVAL = 8 };
enum { MUTEX_LOCKED = 1 };

/* haiku-abi/structs.md, "sembuf" */
struct sembuf {
    uint16_t number;
    int16_t op, flags;
};

static long wait_for(long child)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    return info.status;
}

static void named_semaphores(void)
{
    int32_t sem[4] = {0}, *used = 0, value = -1;
    long id, child;

    CHECK_STATUS(
        sys(SYS_realtime_sem_open, "/exchange", 0x200, 0600, 0, sem, &used),
        HK_B_OK);
    id = sem[1];
    CHECK_STATUS(
        sys(SYS_realtime_sem_open, "/exchange", 0x300, 0600, 0, sem, &used),
        HK_B_FILE_EXISTS);
    CHECK_STATUS(
        sys(SYS_realtime_sem_open, BAD_POINTER, 0x200, 0600, 0, sem, &used),
        HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_realtime_sem_wait, id, RELATIVE_TIMEOUT, 0LL),
                 HK_B_WOULD_BLOCK);
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, sys(SYS_realtime_sem_post, id) != HK_B_OK);
    CHECK_STATUS(sys(SYS_realtime_sem_wait, id, RELATIVE_TIMEOUT, 60000000LL),
                 HK_B_OK);
    CHECK_STATUS(wait_for(child), 0);
    CHECK_STATUS(sys(SYS_realtime_sem_post, id), HK_B_OK);
    CHECK_STATUS(sys(SYS_realtime_sem_get_value, id, &value), HK_B_OK);
    CHECK_STATUS(value, 1);
    CHECK_STATUS(sys(SYS_realtime_sem_get_value, id, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_realtime_sem_unlink, "/exchange"), HK_B_OK);
    CHECK_STATUS(sys(SYS_realtime_sem_unlink, "/exchange"),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_realtime_sem_close, id, &used), HK_B_OK);
    CHECK_STATUS(sys(SYS_realtime_sem_close, id, &used), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_realtime_sem_post, id), HK_B_BAD_VALUE);
}

static void xsi_semaphores(void)
{
    struct sembuf give = {0, 1, 0}, take = {0, -1, 0};
    int32_t value = 3;
    long child, id = sys(SYS_xsi_semget, 77, 2, IPC_CREAT | 0600);

    CHECK(id >= 0);
    CHECK_STATUS(sys(SYS_xsi_semget, 77, 2, IPC_CREAT | IPC_EXCL | 0600),
                 HK_B_FILE_EXISTS);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 1, SETVAL, &value), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 1, GETVAL, (void *)0), 3);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 9, GETVAL, (void *)0), HK_B_BAD_VALUE);
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, sys(SYS_xsi_semop, id, &give, 1) != HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_semop, id, &take, 1), HK_B_OK);
    CHECK_STATUS(wait_for(child), 0);
    take.flags = IPC_NOWAIT;
    CHECK_STATUS(sys(SYS_xsi_semop, id, &take, 1), HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_xsi_semop, id, BAD_POINTER, 1), HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_RMID, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_semop, id, &give, 1), HK_B_BAD_VALUE);
}

static void messages(void)
{
    struct {
        int32_t type;
        char text[12];
    } message = {5, "a message"}, found = {0, ""};
    long child, id = sys(SYS_xsi_msgget, 77, IPC_CREAT | 0600);

    CHECK(id >= 0);
    CHECK_STATUS(sys(SYS_xsi_msgget, 78, 0), HK_B_ENTRY_NOT_FOUND);
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, sys(SYS_xsi_msgsnd, id, &message,
                               sizeof(message.text), 0) != HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_msgrcv, id, &found, sizeof(found.text), 5, 0),
                 sizeof(found.text));
    CHECK(found.type == 5 && strcmp(found.text, "a message") == 0);
    CHECK_STATUS(wait_for(child), 0);
    CHECK(sys(SYS_xsi_msgrcv, id, &found, sizeof(found.text), 0, IPC_NOWAIT) <
          0);
    CHECK_STATUS(sys(SYS_xsi_msgsnd, id, BAD_POINTER, 4, 0), HK_B_NO_MEMORY);
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_RMID, (void *)0), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_RMID, (void *)0), HK_B_BAD_VALUE);
}

/* ---- words in user memory ---- */

static volatile int32_t first, second, sem;

static int let_go(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    /* Has what the other thread gives up, and gives it what it waits for. */
    if (sys(SYS_mutex_lock, &first, "first", 0, 0LL) != HK_B_OK)
        return 1;
    second &= ~MUTEX_LOCKED;
    return (int)sys(SYS_mutex_unblock, &second, 0);
}

static void mutexes(void)
{
    int32_t status = -1;
    long id = spawn_thread("other", let_go, 0, 0);

    first = second = MUTEX_LOCKED;
    sys(SYS_resume_thread, id);
    CHECK_STATUS(
        sys(SYS_mutex_switch_lock, &first, 0, &second, "second", 0, 0LL),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 0);
    CHECK(second & MUTEX_LOCKED);
    CHECK_STATUS(
        sys(SYS_mutex_switch_lock, BAD_POINTER, 0, &second, "second", 0, 0LL),
        HK_B_BAD_ADDRESS);
    sem = 1;
    CHECK_STATUS(sys(SYS_mutex_sem_acquire, &sem, "sem", 0, 0LL), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_mutex_sem_acquire, &sem, "sem", RELATIVE_TIMEOUT, 2000LL),
        HK_B_TIMED_OUT);
    CHECK_STATUS(sys(SYS_mutex_sem_release, &sem, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_mutex_sem_release, BAD_POINTER, 0), HK_B_BAD_ADDRESS);
    sem = INT32_MAX;
    CHECK_STATUS(sys(SYS_mutex_sem_release, &sem, 0), HK_B_OK);
    CHECK(sem == INT32_MIN);
}

/* So many and no more, of all teams of the root. */
static void limits(void)
{
    enum { SETS = 2048, QUEUES = 1024, NAMES = 1024 };
    static int32_t sets[SETS], queues[QUEUES];
    int32_t sem[4] = {0}, *used;
    char name[] = "/limit0000";
    int names = 0, count;

    for (count = 0; count < SETS; count++)
        if ((sets[count] = (int32_t)sys(SYS_xsi_semget, 0, 1, 0600)) < 0)
            break;
    CHECK_STATUS(count, SETS);
    CHECK_STATUS(sys(SYS_xsi_semget, 0, 1, 0600), HK_B_DEVICE_FULL);
    while (count-- > 0)
        sys(SYS_xsi_semctl, sets[count], 0, IPC_RMID, (void *)0);
    for (count = 0; count < QUEUES; count++)
        if ((queues[count] = (int32_t)sys(SYS_xsi_msgget, 0, 0600)) < 0)
            break;
    CHECK_STATUS(count, QUEUES);
    CHECK_STATUS(sys(SYS_xsi_msgget, 0, 0600), HK_B_DEVICE_FULL);
    while (count-- > 0)
        sys(SYS_xsi_msgctl, queues[count], IPC_RMID, (void *)0);
    for (int i = 0; i <= NAMES; i++) {
        long status;

        for (int digit = 0, rest = i; digit < 4; digit++, rest /= 10)
            name[sizeof(name) - 2 - (size_t)digit] = (char)('0' + rest % 10);
        status = sys(SYS_realtime_sem_open, name, 0x200, 0600, 0, sem, &used);
        CHECK_STATUS(status, i < NAMES ? HK_B_OK : HK_B_DEVICE_FULL);
        if (status != HK_B_OK)
            break;
        sys(SYS_realtime_sem_close, sem[1], &used);
        names++;
    }
    while (names-- > 0) {
        for (int digit = 0, rest = names; digit < 4; digit++, rest /= 10)
            name[sizeof(name) - 2 - (size_t)digit] = (char)('0' + rest % 10);
        CHECK_STATUS(sys(SYS_realtime_sem_unlink, name), HK_B_OK);
    }
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    named_semaphores();
    xsi_semaphores();
    messages();
    mutexes();
    limits();
    print("exchange checked\n");
    return 0;
}
