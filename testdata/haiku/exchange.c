/* exchange.c -- POSIX and XSI semaphores, message queues, user mutexes. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum {
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    GETPID,
    GETVAL,
    GETALL,
    SETVAL = 8,
    SETALL
};
enum { SEM_UNDO = 10, MSG_NOERROR = 010000, REAL_TIME = -1 };
enum { MUTEX_LOCKED = 1, MUTEX_SHARED = 0x40000000 };

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

/* haiku-abi/structs.md, "ipc_perm", "semid_ds", "msqid_ds". */
struct ipc_perm {
    int32_t key;
    uint32_t user, group, creator, creators_group, mode;
};

struct semid_ds {
    struct ipc_perm perm;
    uint16_t count;
    int32_t op_time, change_time;
};

struct msqid_ds {
    struct ipc_perm perm;
    uint32_t count, bytes_max;
    int32_t sender, receiver, send_time, receive_time, change_time;
};

static int64_t now(void)
{
    int64_t time = 0;

    sys(SYS_get_clock, REAL_TIME, &time);
    return time;
}

/* A time in seconds, since one in microseconds. */
static int is_since(int32_t time, int64_t start)
{
    int64_t microseconds = time * 1000000LL;

    return microseconds > start - 1000000 && microseconds <= now();
}

static void xsi_set_info(void)
{
    struct sembuf give = {1, 3, 0};
    struct semid_ds info, *at = &info;
    uint16_t values[2] = {4, 5}, *all = values;
    int64_t start = now();
    long id = sys(SYS_xsi_semget, 79, 2, IPC_CREAT | 0641);

    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_STAT, &at), HK_B_OK);
    CHECK(info.perm.key == 79 && info.perm.mode == 0641 && info.count == 2);
    CHECK(info.perm.user == 0 && info.perm.group == 0);
    CHECK(info.perm.creator == 0 && info.perm.creators_group == 0);
    CHECK(info.op_time == 0);
    CHECK(is_since(info.change_time, start));
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, SETALL, &all), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_semop, id, &give, 1), HK_B_OK);
    values[0] = values[1] = 0;
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, GETALL, &all), HK_B_OK);
    CHECK(values[0] == 4 && values[1] == 8);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 1, GETPID, &all),
                 sys(SYS_get_current_team));
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, GETPID, &all), 0);
    info.perm = (struct ipc_perm){1, 2, 3, 4, 5, 0x1ff};
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_SET, &at), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_STAT, &at), HK_B_OK);
    CHECK(info.perm.key == 79 && info.perm.mode == 0777);
    CHECK(info.perm.user == 2 && info.perm.group == 3);
    CHECK(info.perm.creator == 0 && info.perm.creators_group == 0);
    CHECK(is_since(info.op_time, start));
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_RMID, (void *)0), HK_B_OK);
}

/* 16 bits of it are kept, and none is too many. */
static void xsi_undo(void)
{
    struct sembuf give = {0, 0x7fff, SEM_UNDO};
    long child, id = sys(SYS_xsi_semget, 0, 1, IPC_CREAT | 0600);

    child = fork_team();
    if (child == 0) {
        for (int i = 0; i < 4; i++)
            CHECK_STATUS(sys(SYS_xsi_semop, id, &give, 1), HK_B_OK);
        CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, GETVAL, (void *)0), 0xfffc);
        sys(SYS_exit_team, 0);
    }
    CHECK_STATUS(wait_for(child), 0);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, GETVAL, (void *)0), 0);
    CHECK_STATUS(sys(SYS_xsi_semctl, id, 0, IPC_RMID, (void *)0), HK_B_OK);
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

static long send_text(long queue, int32_t type, const char *text)
{
    struct {
        int32_t type;
        char text[4];
    } message = {type, ""};

    memcpy(message.text, text, sizeof(message.text));
    return sys(SYS_xsi_msgsnd, queue, &message, sizeof(message.text), 0);
}

/* A message that cannot be had goes to the end of the queue. */
static void message_info(void)
{
    struct {
        int32_t type;
        char text[8];
    } found = {0, ""};
    struct msqid_ds info;
    int32_t team = (int32_t)sys(SYS_get_current_team);
    int64_t start = now();
    long id = sys(SYS_xsi_msgget, 80, IPC_CREAT | 0600);

    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_STAT, &info), HK_B_OK);
    CHECK(info.perm.key == 80 && info.perm.mode == 0);
    CHECK(info.count == 0 && info.bytes_max == 2048);
    CHECK(info.sender == 0 && info.receiver == 0);
    CHECK(info.send_time == 0 && info.receive_time == 0);
    CHECK(is_since(info.change_time, start));
    CHECK_STATUS(send_text(id, 5, "one"), HK_B_OK);
    CHECK_STATUS(send_text(id, 6, "two"), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_msgrcv, id, &found, 2, 0, 0), HK_B_TOO_MANY_ARGS);
    CHECK_STATUS(sys(SYS_xsi_msgrcv, id, BAD_POINTER, 4, -6, 0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_xsi_msgrcv, id, &found, 2, 0, MSG_NOERROR), 2);
    CHECK(found.type == 5 && memcmp(found.text, "on\0", 3) == 0);
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_STAT, &info), HK_B_OK);
    CHECK(info.count == 1 && info.sender == team && info.receiver == team);
    CHECK(is_since(info.send_time, start));
    CHECK(is_since(info.receive_time, start));
    info.perm = (struct ipc_perm){1, 2, 3, 4, 5, 0x1ff};
    info.bytes_max = 4096;
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_SET, &info), HK_B_OK);
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_STAT, &info), HK_B_OK);
    CHECK(info.perm.key == 80 && info.perm.mode == 0777);
    CHECK(info.perm.user == 2 && info.perm.group == 3);
    CHECK(info.perm.creator == 0 && info.perm.creators_group == 0);
    CHECK(info.bytes_max == 4096);
    CHECK_STATUS(sys(SYS_xsi_msgctl, id, IPC_RMID, (void *)0), HK_B_OK);
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
    CHECK_STATUS(sys(SYS_mutex_switch_lock, BAD_POINTER, MUTEX_SHARED, &second,
                     "second", 0, 0LL),
                 HK_B_BAD_ADDRESS);
    sem = 1;
    CHECK_STATUS(sys(SYS_mutex_sem_acquire, &sem, "sem", 0, 0LL), HK_B_OK);
    CHECK_STATUS(
        sys(SYS_mutex_sem_acquire, &sem, "sem", RELATIVE_TIMEOUT, 2000LL),
        HK_B_TIMED_OUT);
    CHECK_STATUS(sys(SYS_mutex_sem_release, &sem, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_mutex_sem_release, BAD_POINTER, MUTEX_SHARED),
                 HK_B_BAD_ADDRESS);
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
    xsi_set_info();
    xsi_undo();
    messages();
    message_info();
    mutexes();
    limits();
    print("exchange checked\n");
    return 0;
}
