/* teams.c -- how calls of teams, images and users fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { ARGUMENTS_MAX = 2 * 1024 * 1024, BASIC = 1, INFO_MAX = 160 };
enum { USAGE_SIZE = 16, IMAGE_SIZE = 1084, EXTENDED_SIZE = 1100 };
enum { SESSION = 1, GROUP, PARENT, NO_QUESTION = 9 };

static const char *program;
static long self, other; /* other: a child */
static struct flat flat;
static char buffer[1200];
static int32_t cookie, status;
static uint32_t needed;
static struct siginfo info;

static void loading(void)
{
    static struct flat bad_string, no_end, no_string;
    long text;

    flatten(&flat, "none", "word");
    bad_string = no_end = no_string = flat;
    no_string.pointers[3] = (char *)&no_string.pointers[4];
    bad_string.pointers[1] = KERNEL_POINTER;
    no_end.pointers[2] = no_end.pointers[1];
    FAILS(B_BAD_VALUE, load_image, BAD_POINTER, sizeof(flat), 0, 1, 10, 0, -1,
          0);
    FAILS(B_BAD_VALUE, load_image, BAD_POINTER, sizeof(flat), 1, -1, 10, 0, -1,
          0);
    FAILS(B_BAD_VALUE, load_image, BAD_POINTER, 12, 1, 1, 10, 0, -1, 0);
    FAILS(B_TOO_MANY_ARGS, load_image, BAD_POINTER, ARGUMENTS_MAX + 1, 1, 1, 10,
          0, -1, 0);
    FAILS(B_BAD_ADDRESS, load_image, BAD_POINTER, sizeof(flat), 1, 1, 10, 0, -1,
          0);
    FAILS(B_BAD_VALUE, load_image, &bad_string, sizeof(flat), 2, 1, 10, 0, -1,
          0);
    FAILS(B_BAD_VALUE, load_image, &no_end, sizeof(flat), 2, 1, 10, 0, -1, 0);
    FAILS(B_BAD_VALUE, load_image, &no_string, sizeof(flat), 2, 1, 10, 0, -1,
          0);
    FAILS(B_BAD_VALUE, load_image, BAD_POINTER, ARGUMENTS_MAX + 1, 1, -1, 10, 0,
          -1, 0);
    text = sys(SYS_open, AT_FDCWD, "text", O_RDWR | O_CREAT, 0700);
    CHECK_STATUS(sys(SYS_write, text, 0LL, "no program\n", 11), 11);
    FAILS(B_ENTRY_NOT_FOUND, load_image, &flat, sizeof(flat), 2, 1, 10,
          WAIT_TILL_LOADED, -1, 0);
    flatten(&flat, "text", "word");
    FAILS(B_NOT_AN_EXECUTABLE, load_image, &flat, sizeof(flat), 2, 1, 10,
          WAIT_TILL_LOADED, -1, 0);
}

static int waits(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    for (;;)
        snooze(1000000);
    return 0;
}

static int executes(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    FAILS(B_NOT_ALLOWED, exec, "none", &flat, sizeof(flat), 2, 1, 022);
    return 0;
}

static void executing(void)
{
    FAILS(B_BAD_ADDRESS, exec, BAD_POINTER, &flat, sizeof(flat), 2, 1, 022);
    FAILS(B_BAD_ADDRESS, exec, "none", KERNEL_POINTER, 4, 2, 1, 022);
    FAILS(B_BAD_ADDRESS, exec, "none", BAD_POINTER, sizeof(flat), 2, 1, 022);
    FAILS(B_BAD_VALUE, exec, "none", BAD_POINTER, sizeof(flat), -1, 1, 022);
    FAILS(B_BAD_VALUE, exec, "none", BAD_POINTER, 12, 1, 1, 022);
    FAILS(B_BAD_VALUE, exec, "none", BAD_POINTER, ARGUMENTS_MAX + 1, -1, 1,
          022);
    FAILS(B_TOO_MANY_ARGS, exec, "none", BAD_POINTER, ARGUMENTS_MAX + 1, 1, 1,
          022);
    CHECK_STATUS(sys(SYS_wait_for_thread,
                     spawn_thread("executes", executes, 0, 0), &status),
                 HK_B_OK);
    sys(SYS_resume_thread, spawn_thread("waits", waits, 0, 0));
    FAILS(B_NOT_ALLOWED, exec, "none", &flat, sizeof(flat), 2, 1, 022);
}

/* A path that is too long is cut: no program has that one either. */
static void exec_long(void)
{
    static char path[2000];

    memset(path, 'p', sizeof(path) - 1);
    sys(SYS_exec, path, &flat, sizeof(flat), 2, 1, 022);
    CHECK(!"exec returns");
}

static void long_path(void)
{
    long child = fork_team();

    if (child == 0) {
        exec_long();
        guest_exit(0);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status < 0);
}

/* Until somebody waits for it, a team that has ended is a child, but none for
 * others. */
static void ended(void)
{
    long child = fork_team();

    if (child == 0)
        guest_exit(0);
    CHECK_STATUS(
        sys(SYS_wait_for_child, child, EXITED | NOWAIT, &info, (void *)0),
        child);
    FAILS(B_BAD_TEAM_ID, wait_for_team, child, &status);
    FAILS(B_BAD_TEAM_ID, kill_team, child);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
}

static void waiting(void)
{
    FAILS(B_NOT_ALLOWED, kill_team, KERNEL_TEAM);
    FAILS(B_BAD_TEAM_ID, kill_team, NO_ID);
    FAILS(B_BAD_TEAM_ID, kill_team, 0);
    FAILS(B_BAD_TEAM_ID, kill_team, -1);
    FAILS(B_BAD_TEAM_ID, wait_for_team, NO_ID, &status);
    FAILS(B_BAD_TEAM_ID, wait_for_team, -1, &status);
    FAILS(B_BAD_TEAM_ID, wait_for_team,
          spawn_thread("no team", waits, (void *)0, (void *)0), &status);
    FAILS(EDEADLK, wait_for_team, self, &status);
    FAILS(B_BAD_ADDRESS, wait_for_team, NO_ID, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, wait_for_child, NO_ID, 0, &info, (void *)0);
    FAILS(ECHILD, wait_for_child, NO_ID, EXITED, &info, (void *)0);
    FAILS(ECHILD, wait_for_child, self, EXITED, &info, (void *)0);
    FAILS(ECHILD, wait_for_child, -NO_ID, EXITED, &info, (void *)0);
    FAILS(B_WOULD_BLOCK, wait_for_child, other, EXITED | NOHANG, &info,
          (void *)0);
    FAILS(B_WOULD_BLOCK, wait_for_child, -1, EXITED | NOHANG, &info, (void *)0);
    FAILS(B_BAD_ADDRESS, wait_for_child, NO_ID, 0, KERNEL_POINTER, (void *)0);
    FAILS(B_BAD_ADDRESS, wait_for_child, NO_ID, 0, &info, KERNEL_POINTER);
    interrupt_from_now();
    FAILS(B_INTERRUPTED, wait_for_child, other, EXITED, &info, (void *)0);
    FAILS(B_INTERRUPTED, wait_for_team, other, &status);
    interrupt_no_more();
}

/* A leader stays: where it is it may be moved to. */
static void lead_session(void)
{
    long session = sys(SYS_setsid), group = new_sleeper();

    CHECK(session > 0);
    FAILS(B_NOT_ALLOWED, setsid);
    CHECK_STATUS(sys(SYS_setpgid, 0, 0), session);
    CHECK_STATUS(sys(SYS_setpgid, group, 0), group);
    FAILS(B_NOT_ALLOWED, setpgid, 0, group);
    FAILS(B_NOT_ALLOWED, setpgid, group, sys(SYS_process_info, other, GROUP));
    end_sleeper(group);
}

/* Who has its own program already is not moved. */
static void has_program(void)
{
    long child = fork_team();

    if (child == 0) {
        flatten(&flat, program, "sleeps");
        sys(SYS_exec, program, &flat, sizeof(flat), 2, 1, 022);
    }
    while (sys(SYS_find_port, "has a program") < 0)
        snooze(1000);
    FAILS(B_PERMISSION_DENIED, setpgid, child, 0);
    CHECK_STATUS(sys(SYS_setpgid, child, sys(SYS_process_info, 0, GROUP)),
                 sys(SYS_process_info, 0, GROUP));
    end_sleeper(child);
}

static void groups(void)
{
    FAILS(ESRCH, process_info, NO_ID, SESSION);
    FAILS(ESRCH, process_info, NO_ID, GROUP);
    FAILS(ESRCH, process_info, NO_ID, PARENT);
    FAILS(B_BAD_VALUE, process_info, NO_ID, NO_QUESTION);
    FAILS(B_BAD_VALUE, process_info, -1, SESSION);
    FAILS(B_BAD_VALUE, process_info, 0, NO_QUESTION);
    FAILS(B_BAD_VALUE, setpgid, 0, -1);
    FAILS(B_BAD_VALUE, setpgid, NO_ID, -1);
    FAILS(ESRCH, setpgid, NO_ID, NO_ID);
    FAILS(ESRCH, setpgid, NO_ID, 0);
    FAILS(ESRCH, setpgid, -1, sys(SYS_process_info, 0, GROUP));
    FAILS(B_NOT_ALLOWED, setpgid, NO_ID, NO_ID - 1);
    FAILS(B_NOT_ALLOWED, setpgid, 0, NO_ID);
    in_child(lead_session);
    has_program();
}

static void not_a_child(void)
{
    FAILS(B_NOT_ALLOWED, setpgid, other, 0);
    FAILS(ECHILD, wait_for_child, other, EXITED, &info, (void *)0);
    FAILS(ECHILD, wait_for_child, -1, EXITED, &info, (void *)0);
}

static void information(void)
{
    FAILS(B_BAD_VALUE, get_team_info, NO_ID, buffer, INFO_MAX + 1);
    FAILS(B_BAD_TEAM_ID, get_team_info, NO_ID, buffer, INFO_MAX);
    FAILS(B_BAD_TEAM_ID, get_team_info, -1, buffer, INFO_MAX);
    FAILS(B_BAD_ADDRESS, get_team_info, NO_ID, KERNEL_POINTER, INFO_MAX);
    FAILS(B_BAD_ADDRESS, get_team_info, self, BAD_POINTER, INFO_MAX);
    cookie = NO_ID;
    FAILS(B_BAD_TEAM_ID, get_next_team_info, &cookie, buffer, INFO_MAX);
    cookie = 0; /* has gone on */
    FAILS(B_BAD_ADDRESS, get_next_team_info, &cookie, BAD_POINTER, INFO_MAX);
    CHECK(cookie > 1);
    FAILS(B_BAD_VALUE, get_next_team_info, BAD_POINTER, buffer, INFO_MAX + 1);
    FAILS(B_BAD_ADDRESS, get_next_team_info, BAD_POINTER, buffer, INFO_MAX);
    FAILS(B_BAD_VALUE, get_team_usage_info, NO_ID, 77, buffer, USAGE_SIZE);
    FAILS(B_BAD_VALUE, get_team_usage_info, NO_ID, 0, buffer, USAGE_SIZE - 1);
    FAILS(B_BAD_TEAM_ID, get_team_usage_info, NO_ID, 0, buffer, USAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_team_usage_info, NO_ID, 0, (void *)0, USAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_team_usage_info, NO_ID, 77, BAD_POINTER,
          USAGE_SIZE);
    FAILS(B_BAD_TEAM_ID, get_extended_team_info, NO_ID, BASIC, buffer,
          sizeof(buffer), &needed);
    FAILS(B_BAD_ADDRESS, get_extended_team_info, self, BASIC, buffer, 4,
          BAD_POINTER);
    FAILS(B_BAD_ADDRESS, get_extended_team_info, self, BASIC, BAD_POINTER,
          sizeof(buffer), &needed);
    CHECK_STATUS(sys(SYS_get_extended_team_info, NO_ID, 0, buffer,
                     sizeof(buffer), &needed),
                 HK_B_OK);
    FAILS(B_BUFFER_OVERFLOW, get_extended_team_info, self, BASIC, buffer, 4,
          &needed);
    FAILS(B_BAD_ADDRESS, get_extended_team_info, NO_ID, BASIC, (void *)0, 4,
          &needed);
    FAILS(B_BAD_ADDRESS, get_extended_team_info, NO_ID, BASIC, buffer, 4,
          (void *)0);
}

static void other_users(void)
{
    FAILS(B_NOT_ALLOWED, get_team_usage_info, other, 0, buffer, USAGE_SIZE);
    FAILS(B_NOT_ALLOWED, setreuid, NO_ID, -1, 0);
    FAILS(B_NOT_ALLOWED, setreuid, -1, NO_ID, 0);
    FAILS(B_NOT_ALLOWED, setreuid, NO_ID, NO_ID, 1);
    FAILS(B_NOT_ALLOWED, setregid, NO_ID, -1, 0);
    FAILS(B_NOT_ALLOWED, setregid, -1, NO_ID, 0);
    FAILS(B_NOT_ALLOWED, setregid, NO_ID, NO_ID, 1);
    FAILS(B_NOT_ALLOWED, setgroups, -1, BAD_POINTER);
}

static void images(void)
{
    FAILS(B_BAD_VALUE, register_image, BAD_POINTER, EXTENDED_SIZE - 1);
    FAILS(B_BAD_ADDRESS, register_image, BAD_POINTER, EXTENDED_SIZE);
    FAILS(B_ENTRY_NOT_FOUND, unregister_image, NO_ID);
    FAILS(B_ENTRY_NOT_FOUND, unregister_image, -1);
    FAILS(B_BAD_VALUE, get_image_info, NO_ID, BAD_POINTER, IMAGE_SIZE + 1);
    FAILS(B_ENTRY_NOT_FOUND, get_image_info, NO_ID, buffer, IMAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_image_info, NO_ID, BAD_POINTER, IMAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_image_info, NO_ID, KERNEL_POINTER, IMAGE_SIZE);
    cookie = 0;
    FAILS(B_BAD_VALUE, get_next_image_info, NO_ID, BAD_POINTER, buffer,
          IMAGE_SIZE + 1);
    FAILS(B_BAD_TEAM_ID, get_next_image_info, NO_ID, &cookie, buffer,
          IMAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_next_image_info, NO_ID, BAD_POINTER, buffer,
          IMAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_next_image_info, NO_ID, &cookie, BAD_POINTER,
          IMAGE_SIZE);
    cookie = 1000;
    FAILS(B_ENTRY_NOT_FOUND, get_next_image_info, 0, &cookie, buffer,
          IMAGE_SIZE);
}

static void users(void)
{
    FAILS(B_BAD_VALUE, getgroups, -1, buffer);
    FAILS(B_BAD_ADDRESS, getgroups, 32, (void *)0);
    FAILS(B_BAD_ADDRESS, getgroups, 32, KERNEL_POINTER);
    FAILS(B_BAD_VALUE, setgroups, -1, BAD_POINTER);
    FAILS(B_BAD_VALUE, setgroups, 33, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, setgroups, 32, BAD_POINTER);
    FAILS(B_BAD_ADDRESS, setgroups, 32, KERNEL_POINTER);
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc > 1)
        sys(SYS_create_port, 1, "has a program");
    while (argc > 1)
        snooze(1000000);
    program = argv[0];
    self = sys(SYS_get_current_team);
    other = new_sleeper();
    waiting();
    loading();
    in_child(executing);
    long_path();
    ended();
    groups();
    in_child(not_a_child);
    information();
    as_user(other_users);
    images();
    users();
    end_sleeper(other);
    print("errors checked\n");
    return 0;
}
