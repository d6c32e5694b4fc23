/* teams.c -- fork, exec, load_image and waiting for children. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { SIGCHLD = 5, SIGTERM = 15, SA_SIGINFO = 0x40 };
enum { CLONEABLE = 0x100, PAGE = 4096 };

static void fork_and_wait(void)
{
    struct siginfo info;
    int32_t parent = (int32_t)sys(SYS_get_current_team);
    static int shared = 1;
    long child = fork_team();

    if (child == 0) {
        shared = 2;
        CHECK(sys(SYS_get_current_team) != parent);
        CHECK_STATUS(sys(SYS_process_info, 0, 3), parent);
        sys(SYS_exit_team, 33);
    }
    CHECK(child > 0);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.pid == child && info.code == CLD_EXITED && info.status == 33);
    CHECK(shared == 1);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 HK_ECHILD);
    CHECK_STATUS(sys(SYS_wait_for_child, -1, 0, &info, (void *)0),
                 HK_B_BAD_VALUE);
}

/* Runs most of the time, but not for ever where one runs at a time. */
static int run_until(void *stop, void *unused)
{
    (void)unused;
    while (*(volatile int32_t *)stop == 0) {
        for (int i = 0; i < 4000000; i++)
            __asm__ volatile("");
        sys(SYS_snooze_etc, 100LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
    return 0;
}

/* The child has none of the threads that were running; its memory, also what
 * others may clone, is a copy. */
static void fork_beside_a_thread(void)
{
    enum { FORKS = 10 };
    static int32_t stop;
    int32_t *memory = 0;
    int32_t ended;
    struct siginfo info;
    long area = sys(SYS_create_area, "copied", &memory, ANY_ADDRESS, PAGE, 0,
                    READ_AREA | WRITE_AREA | CLONEABLE);
    long thread = spawn_thread("runs", run_until, &stop, (void *)0);

    CHECK(area >= 0 && thread >= 0);
    sys(SYS_resume_thread, thread);
    for (int i = 0; i < FORKS; i++) {
        long child = fork_team();

        if (child == 0)
            sys(SYS_exit_team, ++*memory);
        CHECK(child > 0);
        CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                     child);
        CHECK(info.code == CLD_EXITED && info.status == i + 1);
        ++*memory;
    }
    stop = 1;
    CHECK_STATUS(sys(SYS_wait_for_thread, thread, &ended), HK_B_OK);
    sys(SYS_delete_area, area);
}

static void kill_child(void)
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0)
        for (;;)
            __asm__ volatile("");
    CHECK_STATUS(
        sys(SYS_wait_for_child, child, EXITED | NOHANG, &info, (void *)0),
        HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_send_signal, child, SIGTERM, (void *)0, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, -1, EXITED, &info, (void *)0), child);
    CHECK(info.code == CLD_KILLED && info.status == SIGTERM);
}

static void pipe_to_child(void)
{
    int32_t ends[2];
    struct siginfo info;
    char text[8] = "";
    long child;

    CHECK_STATUS(sys(SYS_create_pipe, ends), HK_B_OK);
    child = fork_team();
    if (child == 0) {
        sys(SYS_close, ends[0]);
        sys(SYS_write, ends[1], NO_POSITION, "piped", 6);
        sys(SYS_exit_team, 0);
    }
    sys(SYS_close, ends[1]);
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, text, sizeof(text)), 6);
    CHECK(strcmp(text, "piped") == 0);
    CHECK_STATUS(sys(SYS_read, ends[0], NO_POSITION, text, sizeof(text)), 0);
    sys(SYS_wait_for_child, child, EXITED, &info, (void *)0);
}

static void exec_in_child(const char *program)
{
    struct flat flat;
    struct siginfo info;
    long child = fork_team();

    if (child == 0) {
        flatten(&flat, program, "execed");
        sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(info.status, 44);
    flatten(&flat, program, "x");
    CHECK_STATUS(sys(SYS_exec, program, &flat, sizeof(flat), 3, 1, 022),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_exec, program, BAD_POINTER, 64, 0, 0, 022),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_exec, program, &flat, 300000, 2, 1, 022),
                 HK_B_TOO_MANY_ARGS);
}

/* The new team sleeps until it is resumed. */
static void load(const char *program)
{
    struct thread_info thread;
    struct flat flat;
    struct siginfo info;
    long child;

    flatten(&flat, program, "loaded");
    child = sys(SYS_load_image, &flat, sizeof(flat), 2, 1, 15, 0, -1, 0);
    CHECK(child > 0);
    CHECK_STATUS(sys(SYS_get_thread_info, child, &thread), HK_B_OK);
    CHECK_STATUS(thread.priority, 10); /* what is asked for is not looked at */
    CHECK_STATUS(
        sys(SYS_wait_for_child, child, EXITED | NOHANG, &info, (void *)0),
        HK_B_WOULD_BLOCK);
    CHECK_STATUS(sys(SYS_resume_thread, child), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK_STATUS(info.status, 44);
}

static struct siginfo told;

static void child_changed(int signal, struct siginfo *info, void *context)
{
    (void)context;
    CHECK(signal == SIGCHLD);
    told = *info;
}

/* All 32 bits of it, whoever asks. */
static void whole_status(void)
{
    enum { STATUS = 0x12345678 };
    struct sigaction action = {.handler = (void *)child_changed,
                               .flags = SA_SIGINFO};
    struct siginfo info;
    int32_t status = 0;
    long child;

    CHECK_STATUS(sys(SYS_sigaction, SIGCHLD, &action, (void *)0), HK_B_OK);
    child = fork_team();
    if (child == 0)
        sys(SYS_exit_team, STATUS);
    while (sys(SYS_wait_for_thread, child, &status) == HK_B_INTERRUPTED)
        continue;
    CHECK_STATUS(status, STATUS);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == STATUS);
    CHECK(told.pid == child && told.code == CLD_EXITED &&
          told.status == STATUS);
    action.handler = (void *)0;
    CHECK_STATUS(sys(SYS_sigaction, SIGCHLD, &action, (void *)0), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    if (argc == 2) {
        CHECK(strcmp(environment[0], "GUEST_A=flat") == 0);
        printf("%s\n", argv[1]);
        return 44;
    }
    fork_and_wait();
    fork_beside_a_thread();
    whole_status();
    kill_child();
    pipe_to_child();
    exec_in_child(argv[0]);
    load(argv[0]);
    print("teams checked\n");
    return 0;
}
