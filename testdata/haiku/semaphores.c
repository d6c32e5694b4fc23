/* semaphores.c -- counts, waits, owners, of threads and of teams. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { RELEASE_ALL = 8, RELEASE_IF_WAITING_ONLY = 0x10 };

struct sem_info {
    int32_t sem, team;
    char name[32];
    int32_t count, holder;
};

static long acquire(long sem, int32_t count, int64_t timeout)
{
    return sys(SYS_acquire_sem_etc, sem, count, RELATIVE_TIMEOUT, timeout);
}

static void counting(void)
{
    struct sem_info info;
    int32_t count = 0;
    long sem = sys(SYS_create_sem, 2, "counting");

    CHECK(sem > 0);
    CHECK_STATUS(sys(SYS_acquire_sem, sem), HK_B_OK);
    CHECK_STATUS(acquire(sem, 1, 0), HK_B_OK);
    CHECK_STATUS(acquire(sem, 1, 0), HK_B_WOULD_BLOCK);
    CHECK_STATUS(acquire(sem, 1, 2000), HK_B_TIMED_OUT);
    CHECK_STATUS(sys(SYS_release_sem_etc, sem, 3, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_sem_count, sem, &count), HK_B_OK);
    CHECK_STATUS(count, 3);
    CHECK_STATUS(acquire(sem, 4, 0), HK_B_WOULD_BLOCK);
    CHECK_STATUS(acquire(sem, 3, 0), HK_B_OK);
    CHECK_STATUS(acquire(sem, 0, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_release_sem, sem), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_sem_info, sem, &info, sizeof(info)), HK_B_OK);
    /* Negative once it has been released. */
    CHECK(info.sem == sem && info.count == 1 && info.holder == -this_thread());
    CHECK(strcmp(info.name, "counting") == 0);
    CHECK_STATUS(info.team, sys(SYS_get_current_team));
    CHECK_STATUS(sys(SYS_get_sem_info, sem, BAD_POINTER, sizeof(info)),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_delete_sem, sem), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_sem, sem), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_acquire_sem, sem), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_create_sem, 1, BAD_POINTER), HK_B_BAD_ADDRESS);
    sem = sys(SYS_create_sem, -2, "below"); /* not from r1beta6 on */
    CHECK_STATUS(sys(SYS_release_sem_etc, sem, 3, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_sem_count, sem, &count), HK_B_OK);
    CHECK_STATUS(count, 1);
    CHECK_STATUS(sys(SYS_delete_sem, sem), HK_B_OK);
}

/* One is given and another taken in one step; and all of the team's. */
static void listing(void)
{
    long given = sys(SYS_create_sem, 0, "given");
    long taken = sys(SYS_create_sem, 2, "taken");
    struct sem_info info;
    int32_t cookie = 0, count = 0;
    int found = 0;

    CHECK_STATUS(
        sys(SYS_switch_sem_etc, given, taken, 2, RELATIVE_TIMEOUT, 0LL),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_get_sem_count, given, &count), HK_B_OK);
    CHECK_STATUS(count, 0); /* it did not have to wait */
    CHECK_STATUS(sys(SYS_switch_sem_etc, given, taken, 0, 0, 0LL),
                 HK_B_BAD_VALUE);
    while (sys(SYS_get_next_sem_info, 0, &cookie, &info, sizeof(info)) ==
           HK_B_OK)
        found += info.sem == given || info.sem == taken;
    CHECK(found == 2);
    cookie = -5; /* none yet */
    CHECK_STATUS(sys(SYS_get_next_sem_info, 0, &cookie, &info, sizeof(info)),
                 HK_B_OK);
    CHECK_STATUS(cookie, 1);
    CHECK_STATUS(sys(SYS_get_next_sem_info, 0, &cookie, BAD_POINTER, 48),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(cookie, 1);
    CHECK_STATUS(
        sys(SYS_get_next_sem_info, 0, BAD_POINTER, &info, sizeof(info)),
        HK_B_BAD_ADDRESS);
    sys(SYS_delete_sem, given);
    sys(SYS_delete_sem, taken);
}

/* The registrar's: there is one in a root. */
static void messaging_service(void)
{
    long lock = sys(SYS_create_sem, 0, "lock");
    long counter = sys(SYS_create_sem, 0, "counter");
    char *header = 0;
    long area = sys(SYS_register_messaging_service, lock, counter);
    long clone = sys(SYS_clone_area, "clone", &header, 0, 3, area);

    CHECK(area > 0 && clone > 0);
    CHECK(((int32_t *)header)[1] == 16384 && ((int32_t *)header)[2] == area);
    CHECK_STATUS(sys(SYS_register_messaging_service, lock, counter),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_unregister_messaging_service), HK_B_OK);
    CHECK_STATUS(sys(SYS_unregister_messaging_service), HK_B_BAD_VALUE);
    sys(SYS_delete_area, clone);
    sys(SYS_delete_sem, lock);
    sys(SYS_delete_sem, counter);
}

static int take(void *sem, void *taken)
{
    long status = sys(SYS_acquire_sem, *(long *)sem);

    if (status == HK_B_OK)
        __atomic_add_fetch((int *)taken, 1, __ATOMIC_SEQ_CST);
    return (int)status;
}

/* The count is minus the number of those that wait. */
static void wait_until_waiting(long sem, int32_t threads)
{
    int32_t count = 0;

    while (sys(SYS_get_sem_count, sem, &count) == HK_B_OK && count > -threads)
        sys(SYS_snooze_etc, 500LL, 0, RELATIVE_TIMEOUT, (void *)0);
}

static void waiting(void)
{
    enum { THREADS = 3 };
    long sem = sys(SYS_create_sem, 0, "waited for"), ids[THREADS];
    int taken = 0;
    int32_t status;

    for (int i = 0; i < THREADS; i++)
        sys(SYS_resume_thread,
            ids[i] = spawn_thread("taker", take, &sem, &taken));
    wait_until_waiting(sem, THREADS);
    CHECK_STATUS(sys(SYS_release_sem_etc, sem, 0, RELEASE_ALL), HK_B_OK);
    for (int i = 0; i < THREADS; i++) {
        CHECK_STATUS(sys(SYS_wait_for_thread, ids[i], &status), HK_B_OK);
        CHECK_STATUS(status, HK_B_OK);
    }
    CHECK_STATUS(taken, THREADS);
    /* All of them are told what the count says. */
    for (int i = 0; i < THREADS; i++)
        sys(SYS_resume_thread,
            ids[i] = spawn_thread("taker", take, &sem, &taken));
    wait_until_waiting(sem, THREADS);
    CHECK_STATUS(sys(SYS_release_sem_etc, sem, HK_B_CANCELED, RELEASE_ALL),
                 HK_B_OK);
    for (int i = 0; i < THREADS; i++) {
        CHECK_STATUS(sys(SYS_wait_for_thread, ids[i], &status), HK_B_OK);
        CHECK_STATUS(status, HK_B_CANCELED);
    }
    sys(SYS_release_sem_etc, sem, 1, RELEASE_IF_WAITING_ONLY);
    CHECK_STATUS(acquire(sem, 1, 0), HK_B_WOULD_BLOCK);
    /* Who waits for what is deleted is told. */
    sys(SYS_resume_thread, ids[0] = spawn_thread("taker", take, &sem, &taken));
    wait_until_waiting(sem, 1);
    CHECK_STATUS(sys(SYS_delete_sem, sem), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, ids[0], &status), HK_B_OK);
    CHECK_STATUS(status, HK_B_BAD_SEM_ID);
}

static int answer(void *ping, void *pong)
{
    for (int i = 0; i < 100; i++)
        if (sys(SYS_acquire_sem, *(long *)ping) != HK_B_OK ||
            sys(SYS_release_sem, *(long *)pong) != HK_B_OK)
            return i;
    return 100;
}

static void switching(void)
{
    long ping = sys(SYS_create_sem, 0, "ping");
    long pong = sys(SYS_create_sem, 0, "pong");
    long id = spawn_thread("answer", answer, &ping, &pong);
    int32_t status = 0;

    sys(SYS_resume_thread, id);
    for (int i = 0; i < 100; i++)
        CHECK_STATUS(sys(SYS_switch_sem, ping, pong), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, id, &status), HK_B_OK);
    CHECK_STATUS(status, 100);
    sys(SYS_delete_sem, ping);
    sys(SYS_delete_sem, pong);
}

/* Other teams use a semaphore by its id; it goes with its owner. */
static void teams(void)
{
    long mine = sys(SYS_create_sem, 0, "shared");
    long go = sys(SYS_create_sem, 0, "go");
    struct siginfo info;
    long child = fork_team();

    if (child == 0) {
        long theirs = sys(SYS_create_sem, 1, "the child's");

        sys(SYS_set_sem_owner, mine, sys(SYS_get_current_team));
        sys(SYS_release_sem, mine);
        sys(SYS_acquire_sem, go);
        sys(SYS_exit_team, theirs > 0 ? 0 : 1);
    }
    CHECK_STATUS(acquire(mine, 1, 60000000), HK_B_OK);
    CHECK_STATUS(sys(SYS_release_sem, go), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
    CHECK_STATUS(sys(SYS_acquire_sem, mine), HK_B_BAD_SEM_ID);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    counting();
    listing();
    messaging_service();
    waiting();
    switching();
    teams();
    print("semaphores checked\n");
    return 0;
}
