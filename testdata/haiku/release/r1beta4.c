/* r1beta4.c -- calls that r1beta4 alone has, or has with other arguments. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { LOCKED = 1, DISABLED = 4 };
#define UNBLOCK_ALL 0x80000000u

static volatile int32_t mutex, other, sem;
static char *odd = (char *)&mutex + 1;

static int lock(void *word, void *unused)
{
    (void)unused;
    return (int)sys(SYS_mutex_lock, word, "word", 0, 0LL);
}

static long new_locker(volatile int32_t *word)
{
    long thread = spawn_thread("locker", lock, (void *)word, (void *)0);

    CHECK_STATUS(sys(SYS_resume_thread, thread), HK_B_OK);
    wait_until_waiting(thread);
    return thread;
}

static void check_has_lock(long thread)
{
    int32_t status = -1;

    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &status), HK_B_OK);
    CHECK_STATUS(status, HK_B_OK);
}

/* The kernel clears the word, or hands the mutex over. */
static void mutexes(void)
{
    long lockers[2];

    mutex = LOCKED;
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, 0), HK_B_OK);
    CHECK_STATUS(mutex, 0);
    mutex = LOCKED;
    for (int i = 0; i < 2; i++)
        lockers[i] = new_locker(&mutex);
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, 0), HK_B_OK);
    check_has_lock(lockers[0]);
    CHECK(mutex & LOCKED);
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, 0), HK_B_OK);
    check_has_lock(lockers[1]);
    CHECK_STATUS(mutex, LOCKED);
    for (int i = 0; i < 2; i++)
        lockers[i] = new_locker(&mutex);
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, UNBLOCK_ALL), HK_B_OK);
    for (int i = 0; i < 2; i++)
        check_has_lock(lockers[i]);
    CHECK_STATUS(mutex, LOCKED);
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, UNBLOCK_ALL), HK_B_OK);
    CHECK_STATUS(mutex, 0);
    mutex = LOCKED | DISABLED;
    CHECK_STATUS(sys(SYS_mutex_unlock, &mutex, 0), HK_B_OK);
    CHECK_STATUS(mutex, DISABLED);
    FAILS(B_BAD_ADDRESS, mutex_unlock, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, mutex_unlock, odd, 0);
    FAILS(B_BAD_ADDRESS, mutex_unlock, BAD_POINTER, 0);
    FAILS(B_BAD_ADDRESS, mutex_unlock, KERNEL_POINTER, 0);
}

/* What is given up goes to who waits for it. */
static void switching(void)
{
    long locker;

    mutex = LOCKED;
    other = 0;
    locker = new_locker(&mutex);
    CHECK_STATUS(
        sys(SYS_mutex_switch_lock__r1beta4, &mutex, &other, "other", 0, 0LL),
        HK_B_OK);
    check_has_lock(locker);
    CHECK(mutex == LOCKED && other == LOCKED);
    FAILS(B_WOULD_BLOCK, mutex_switch_lock__r1beta4, &mutex, &other, "x",
          RELATIVE_TIMEOUT, 0LL);
    FAILS(B_TIMED_OUT, mutex_switch_lock__r1beta4, &mutex, &other, "x",
          RELATIVE_TIMEOUT, 1000LL);
    FAILS(B_TIMED_OUT, mutex_switch_lock__r1beta4, &mutex, &other, "x",
          ABSOLUTE_TIMEOUT, 1LL);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, mutex_switch_lock__r1beta4, &mutex, &other, "x", 0,
          0LL);
    interrupt_no_more();
    CHECK_STATUS(mutex, 0);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock__r1beta4, (void *)0, &mutex, "x", 0,
          0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock__r1beta4, odd, &mutex, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock__r1beta4, &mutex, odd, "x", 0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock__r1beta4, &mutex, BAD_POINTER, "x",
          0, 0LL);
    FAILS(B_BAD_ADDRESS, mutex_switch_lock__r1beta4, KERNEL_POINTER, &mutex,
          "x", 0, 0LL);
}

/* Each word's page is wired. */
static void read_only(void)
{
    enum { PAGE = 4096 };
    int32_t *page = 0;

    CHECK(sys(SYS_create_area, "read-only", &page, ANY_ADDRESS, PAGE, 0,
              READ_AREA) > 0);
    FAILS(B_PERMISSION_DENIED, mutex_lock, page, "x", 0, 0LL);
    FAILS(B_PERMISSION_DENIED, mutex_unlock, page, 0);
    FAILS(B_PERMISSION_DENIED, mutex_switch_lock__r1beta4, page, &mutex, "x", 0,
          0LL);
    FAILS(B_PERMISSION_DENIED, mutex_switch_lock__r1beta4, &mutex, page, "x", 0,
          0LL);
    FAILS(B_PERMISSION_DENIED, mutex_sem_acquire, page, "x", 0, 0LL);
    FAILS(B_PERMISSION_DENIED, mutex_sem_release__r1beta4, page);
}

static int released(void *word, void *unused)
{
    (void)unused;
    return (int)sys(SYS_acquire_sem, (long)word);
}

/* A count below 0 is nobody's status yet. */
static void release_all(void)
{
    enum { RELEASE_ALL = 8 };
    long kernels = sys(SYS_create_sem, 0, "kernel's");
    long thread = spawn_thread("released", released, (void *)kernels, 0);

    CHECK_STATUS(sys(SYS_resume_thread, thread), HK_B_OK);
    wait_until_waiting(thread);
    CHECK_STATUS(sys(SYS_release_sem_etc, kernels, HK_B_CANCELED, RELEASE_ALL),
                 HK_B_OK);
    check_has_lock(thread);
}

static int acquire(void *word, void *unused)
{
    (void)unused;
    return (int)sys(SYS_mutex_sem_acquire, word, "word", 0, 0LL);
}

static void semaphores(void)
{
    long thread = spawn_thread("acquirer", acquire, (void *)&sem, (void *)0);

    CHECK_STATUS(sys(SYS_mutex_sem_release__r1beta4, &sem), HK_B_OK);
    CHECK_STATUS(sem, 1);
    CHECK_STATUS(sys(SYS_mutex_sem_acquire, &sem, "sem", 0, 0LL), HK_B_OK);
    CHECK_STATUS(sem, 0);
    sys(SYS_resume_thread, thread);
    wait_until_waiting(thread);
    CHECK_STATUS(sys(SYS_mutex_sem_release__r1beta4, &sem), HK_B_OK);
    check_has_lock(thread);
    CHECK_STATUS(sem, 0);
    sys(SYS_mutex_sem_acquire, &sem, "sem", RELATIVE_TIMEOUT, 0LL);
    CHECK_STATUS(sem, 0); /* nobody waits any more */
    FAILS(B_BAD_ADDRESS, mutex_sem_release__r1beta4, (void *)0);
    FAILS(B_BAD_ADDRESS, mutex_sem_release__r1beta4, odd);
    FAILS(B_BAD_ADDRESS, mutex_sem_release__r1beta4, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, mutex_sem_release__r1beta4, KERNEL_POINTER);
}

/* There are no local datagrams, and local sockets do not look at flags. */
static void sockets(void)
{
    enum { AF_UNIX = 9, SOCK_STREAM = 1, SOCK_DGRAM = 2, MSG_PEEK = 2 };
    int32_t ends[2];
    char byte = 'x';

    FAILS(EAFNOSUPPORT, socket, AF_UNIX, SOCK_DGRAM, 0);
    FAILS(EAFNOSUPPORT, socketpair, AF_UNIX, SOCK_DGRAM, 0, ends);
    CHECK_STATUS(sys(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, ends), HK_B_OK);
    CHECK_STATUS(sys(SYS_send, ends[0], &byte, 1, MSG_PEEK), 1);
    CHECK_STATUS(sys(SYS_recv, ends[1], &byte, 1, MSG_PEEK), 1);
    CHECK_STATUS(sys(SYS_fcntl, ends[1], 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, recv, ends[1], &byte, 1, MSG_PEEK);
}

static void xsi(void)
{
    enum { RMID = 0, CREATE = 01600 };
    long queue = sys(SYS_xsi_msgget, 0, CREATE);
    uint32_t info[13];

    FAILS(B_BAD_ADDRESS, xsi_msgctl, queue, RMID, (void *)0);
    CHECK_STATUS(sys(SYS_xsi_msgctl, queue, RMID, info), HK_B_OK);
    FAILS(B_BAD_VALUE, xsi_semop, NO_ID, KERNEL_POINTER, 1);
}

/* haiku-abi/structs.md, "team_info", as far as r1beta4 has it. */
struct short_team_info {
    int32_t team, thread_count, image_count, area_count;
    int32_t debugger_thread, debugger_port, argc;
    char arguments[64];
    uint32_t user, group;
    uint32_t behind; /* not the kernel's */
};

static void check_info(const struct short_team_info *info)
{
    CHECK_STATUS(info->team, sys(SYS_get_current_team));
    CHECK_STATUS(info->thread_count, 1);
    CHECK_STATUS(info->area_count, 0); /* the kernel counts none */
    CHECK(info->debugger_thread == -1 && info->debugger_port == -1);
    CHECK_STATUS(info->argc, 1);
    CHECK(info->user == 0 && info->group == 0);
    CHECK_STATUS(info->behind, 77);
}

static void teams(void)
{
    struct short_team_info info = {.behind = 77};
    int32_t cookie = 0, found = 0;

    CHECK_STATUS(sys(SYS_get_team_info__r1beta4, 0, &info), HK_B_OK);
    check_info(&info);
    while (sys(SYS_get_next_team_info__r1beta4, &cookie, &info) == HK_B_OK)
        if (info.team == sys(SYS_get_current_team)) {
            check_info(&info);
            found++;
        }
    CHECK_STATUS(found, 1);
    FAILS(B_BAD_TEAM_ID, get_next_team_info__r1beta4, &cookie, &info);
    FAILS(B_BAD_TEAM_ID, get_team_info__r1beta4, NO_ID, &info);
    FAILS(B_BAD_TEAM_ID, get_team_info__r1beta4, -1, &info);
    FAILS(B_BAD_ADDRESS, get_team_info__r1beta4, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_ADDRESS, get_team_info__r1beta4, 0, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, get_next_team_info__r1beta4, BAD_POINTER, &info);
    FAILS(B_BAD_ADDRESS, get_next_team_info__r1beta4, KERNEL_POINTER, &info);
    FAILS(B_BAD_ADDRESS, get_next_team_info__r1beta4, &cookie, KERNEL_POINTER);
    cookie = 0;
    FAILS(B_BAD_ADDRESS, get_next_team_info__r1beta4, &cookie, BAD_POINTER);
}

/* What later releases do otherwise. */
static void files(void)
{
    const long cwd = AT_FDCWD;

    sys(SYS_close, sys(SYS_open, cwd, "file", O_RDWR | O_CREAT, 0600));
    CHECK_STATUS(sys(SYS_create_symlink, cwd, "dangling", "new", 0), HK_B_OK);
    FAILS(B_ENTRY_NOT_FOUND, open, cwd, "dangling", O_RDWR | O_CREAT, 0600);
    FAILS(B_BAD_VALUE, rename, cwd, "file", cwd, "file");
    FAILS(B_BAD_VALUE, readv, NO_FD, -2LL, BAD_POINTER, 2);
    FAILS(B_BAD_VALUE, writev, NO_FD, -2LL, BAD_POINTER, 2);
}

/* ---- areas ---- */

enum { PAGE = 4096, RW = READ_AREA | WRITE_AREA, CLONEABLE = 0x100 };

static long area;

/* The parent's area: who asks for the protection that it has is not refused. */
static void protecting(void)
{
    FAILS(B_NOT_ALLOWED, set_area_protection, area, READ_AREA);
    CHECK_STATUS(sys(SYS_set_area_protection, area, RW), HK_B_OK);
}

static void areas(void)
{
    long file = sys(SYS_open, AT_FDCWD, "file", O_RDWR | O_CREAT, 0600);
    char *memory = 0, *mapped = 0;
    long id;

    area = sys(SYS_create_area, "area", &memory, ANY_ADDRESS, PAGE, 0, RW);
    CHECK(area > 0);
    in_child(protecting);
    FAILS(B_BAD_VALUE, set_area_protection, area, RW | CLONEABLE);
    CHECK_STATUS(sys(SYS_area_for, memory), area);
    CHECK_STATUS(sys(SYS_set_area_protection, area, EXECUTE_AREA), HK_B_OK);
    FAILS(B_ERROR, area_for, memory);
    sys(SYS_write, file, 0LL, &area, sizeof(area));
    id = sys(SYS_map_file, "file", &mapped, ANY_ADDRESS, PAGE, READ_AREA, 0, 0,
             file, 0LL);
    CHECK(id > 0);
    CHECK_STATUS(sys(SYS_set_area_protection, id, RW), HK_B_OK);
    FAILS(B_NOT_ALLOWED, set_area_protection, id, RW | EXECUTE_AREA);
    FAILS(B_NOT_ALLOWED, set_memory_protection, mapped, PAGE, EXECUTE_AREA);
    sys(SYS_close, file);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    mutexes();
    switching();
    read_only();
    release_all();
    semaphores();
    sockets();
    xsi();
    teams();
    files();
    areas();
    print("release checked\n");
    return 0;
}
