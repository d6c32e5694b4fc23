/* users.c -- teams of other users: whom they signal, whose programs they are.
 */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

/* ---- whose signals a team takes ---- */

static void become(uint32_t user)
{
    CHECK_STATUS(sys(SYS_setreuid, user, user, 1), HK_B_OK);
}

/* A team of a user that waits to be ended: its id. */
static long start_idle(uint32_t user)
{
    long ready = sys(SYS_create_sem, 0, "ready");
    long team = fork_team();

    if (team == 0) {
        sys(SYS_setpgid, 0, 0);
        become(user);
        sys(SYS_release_sem, ready);
        for (;;)
            sys(SYS_snooze_etc, 1000000LL, 0, 8, (void *)0);
    }
    CHECK_STATUS(sys(SYS_acquire_sem, ready), HK_B_OK);
    sys(SYS_delete_sem, ready);
    return team;
}

static void end(long team)
{
    struct siginfo info;

    CHECK_STATUS(sys(SYS_send_signal, team, 9, (void *)0, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, team, EXITED, &info, (void *)0), team);
}

static void permissions(void)
{
    enum { TO_THREAD = 0x20000, OTHER = 1000, THIRD = 1001 };
    long parent = sys(SYS_get_current_team), other = start_idle(OTHER), team;
    long idle = start_idle(0);
    uint8_t info[160];
    struct siginfo told;

    CHECK_STATUS(sys(SYS_get_team_info, other, info, sizeof(info)), HK_B_OK);
    CHECK(*(uint32_t *)(info + 92) == OTHER);
    CHECK_STATUS(sys(SYS_send_signal, other, 0, (void *)0, 0), HK_B_OK);
    team = fork_team();
    if (team == 0) {
        const long refused[] = {parent, idle, -idle};

        become(OTHER);
        CHECK_STATUS(sys(SYS_send_signal, other, 0, (void *)0, 0), HK_B_OK);
        CHECK_STATUS(sys(SYS_send_signal, other, 0, (void *)0, TO_THREAD),
                     HK_B_OK);
        for (int i = 0; i < 3; i++) {
            CHECK_STATUS(sys(SYS_send_signal, refused[i], 0, (void *)0, 0),
                         HK_B_NOT_ALLOWED);
            CHECK_STATUS(sys(SYS_send_signal, refused[i], 9, (void *)0, 0),
                         HK_B_NOT_ALLOWED);
        }
        CHECK_STATUS(sys(SYS_send_signal, idle, 15, (void *)0, TO_THREAD),
                     HK_B_NOT_ALLOWED);
        CHECK_STATUS(sys(SYS_send_signal, -other, 0, (void *)0, 0), HK_B_OK);
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, team, EXITED, &told, (void *)0), team);
    CHECK_STATUS(told.status, 0);
    team = start_idle(THIRD);
    end(team);
    end(other);
    end(idle);
}

/* A signal tells its sender's user. */
static void senders(void)
{
    enum { USR1 = 18, BLOCK = 1, OTHER = 1000 };
    uint64_t set = 1ull << (USR1 - 1);
    struct siginfo info = {0};
    long parent = sys(SYS_get_current_team), team;

    CHECK_STATUS(sys(SYS_set_signal_mask, BLOCK, &set, (void *)0), HK_B_OK);
    sys(SYS_setreuid, OTHER, 0, 0);
    team = fork_team();
    if (team == 0) {
        sys(SYS_send_signal, parent, USR1, (void *)0, 0);
        for (;;)
            sys(SYS_snooze_etc, 1000000LL, 0, 8, (void *)0);
    }
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.signal == USR1 && info.pid == team && info.uid == OTHER);
    sys(SYS_send_signal, 0, USR1, (void *)0, 0);
    CHECK_STATUS(sys(SYS_sigwait, &set, &info, 0, 0LL), HK_B_OK);
    CHECK(info.pid == parent && info.uid == OTHER);
    sys(SYS_setreuid, 0, 0, 0);
    end(team);
}

static struct siginfo wait_for(long team, int flags)
{
    struct siginfo info = {.uid = 77};

    CHECK_STATUS(sys(SYS_wait_for_child, team, flags, &info, (void *)0), team);
    return info;
}

/* A child of a user's that signals a team. */
static void signal_as(uint32_t user, long team, int signal)
{
    long sender = fork_team();

    if (sender == 0) {
        become(user);
        CHECK_STATUS(sys(SYS_send_signal, team, signal, (void *)0, 0), HK_B_OK);
        guest_exit(0);
    }
    CHECK(wait_for(sender, EXITED).uid == 0);
}

/* Who waits is told whose signal ended or stopped a team. */
static void enders(void)
{
    enum { OTHER = 1000, USR2 = 19, STOP = 10, CONT = 12, CONTINUED = 4 };
    static const int deadly[] = {9, 15, USR2};
    long team = start_idle(OTHER);
    struct siginfo info;

    signal_as(OTHER, team, STOP);
    info = wait_for(team, UNTRACED);
    CHECK(info.code != CLD_KILLED && info.uid == OTHER);
    signal_as(0, team, CONT);
    CHECK(wait_for(team, CONTINUED).uid == 0);
    for (int i = 0; i < 3; i++) {
        signal_as(OTHER, team, deadly[i]);
        info = wait_for(team, EXITED);
        CHECK(info.code == CLD_KILLED && info.status == deadly[i]);
        CHECK(info.uid == OTHER);
        team = start_idle(OTHER);
    }
    signal_as(0, team, 15);
    CHECK(wait_for(team, EXITED).uid == 0);
}

/* ---- programs that are their owner's ---- */

static void copy_program(const char *program, const char *copy)
{
    static char part[4096];
    long from = sys(SYS_open, AT_FDCWD, program, O_RDONLY, 0);
    long to = sys(SYS_open, AT_FDCWD, copy, O_WRONLY | O_CREAT, 0755), size;

    CHECK(from >= 0 && to >= 0);
    while ((size = sys(SYS_read, from, NO_POSITION, part, sizeof(part))) > 0)
        sys(SYS_write, to, NO_POSITION, part, size);
    sys(SYS_close, from);
    sys(SYS_close, to);
}

/* By exec and by load_image. */
static void check_set_ids(const char *copy, int expected)
{
    struct flat flat;
    struct siginfo info;
    long team = fork_team(), child;

    if (team == 0) {
        CHECK_STATUS(sys(SYS_setregid, 1000, 1000, 1), HK_B_OK);
        become(1000);
        flatten(&flat, copy, "set_ids");
        child = sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 10, 0, -1, 0);
        CHECK_STATUS(sys(SYS_resume_thread, child), HK_B_OK);
        CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                     child);
        CHECK_STATUS(info.status, expected);
        if (guest_end(0) == 0)
            sys(SYS_exec, copy, &flat, sizeof(flat), 2, 1, 022);
        guest_exit(1);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, team, EXITED, &info, (void *)0), team);
    CHECK_STATUS(info.status, expected);
}

/* A program's file makes a team its owner's: user 0's. */
static void set_ids(const char *program)
{
    enum { MODE = 1, AT_MODE = 12 };
    uint8_t stat[88] = {0};

    copy_program(program, "./copy"); /* a name alone is looked up in PATH */
    check_set_ids("./copy", 50);
    *(uint32_t *)(stat + AT_MODE) = 06755;
    CHECK_STATUS(
        sys(SYS_write_stat, AT_FDCWD, "copy", 1, stat, sizeof(stat), MODE),
        HK_B_OK);
    check_set_ids("./copy", 53);
    CHECK_STATUS(sys(SYS_unlink, AT_FDCWD, "copy"), HK_B_OK);
}

/* 50 for user 1000, 1 more when it is user 0 in effect, 2 for group 0. */
static int tell_ids(void)
{
    CHECK_STATUS(sys(SYS_getuid, 0), 1000);
    CHECK_STATUS(sys(SYS_getgid, 0), 1000);
    return 50 + (sys(SYS_getuid, 1) == 0) + 2 * (sys(SYS_getgid, 1) == 0);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2)
        return tell_ids();
    permissions();
    senders();
    enders();
    set_ids(argv[0]);
    print("users checked\n");
    return 0;
}
