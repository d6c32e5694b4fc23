/* teams.c -- how calls of teams, images and users fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { ARGUMENTS_MAX = 2 * 1024 * 1024, BASIC = 1, INFO_MAX = 160 };
enum { USAGE_SIZE = 16, IMAGE_SIZE = 1084, EXTENDED_SIZE = 1100 };
enum { SESSION = 1, NO_QUESTION = 9 };

static long self, other; /* other: a child */
static struct flat flat;
static char buffer[1200];
static int32_t cookie, status;
static uint32_t needed;
static struct siginfo info;

static void loading(void)
{
    static struct flat bad_string, no_end;
    long text;

    flatten(&flat, "none", "word");
    bad_string = no_end = flat;
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
    FAILS(B_TOO_MANY_ARGS, exec, "none", BAD_POINTER, ARGUMENTS_MAX + 1, 1, 1,
          022);
    CHECK_STATUS(sys(SYS_wait_for_thread,
                     spawn_thread("executes", executes, 0, 0), &status),
                 HK_B_OK);
    sys(SYS_resume_thread, spawn_thread("waits", waits, 0, 0));
    FAILS(B_NOT_ALLOWED, exec, "none", &flat, sizeof(flat), 2, 1, 022);
}

static void waiting(void)
{
    FAILS(B_BAD_TEAM_ID, kill_team, NO_ID);
    FAILS(B_BAD_TEAM_ID, kill_team, 0);
    FAILS(B_BAD_TEAM_ID, kill_team, -1);
    FAILS(B_BAD_TEAM_ID, wait_for_team, NO_ID, &status);
    FAILS(B_BAD_TEAM_ID, wait_for_team, -1, &status);
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

static void lead_session(void)
{
    CHECK(sys(SYS_setsid) > 0);
    FAILS(B_NOT_ALLOWED, setsid);
    FAILS(B_NOT_ALLOWED, setpgid, 0, 0);
}

static void groups(void)
{
    FAILS(B_BAD_TEAM_ID, process_info, NO_ID, SESSION);
    FAILS(B_BAD_VALUE, process_info, -1, SESSION);
    FAILS(B_BAD_VALUE, process_info, 0, NO_QUESTION);
    FAILS(B_BAD_VALUE, setpgid, 0, -1);
    FAILS(B_BAD_VALUE, setpgid, NO_ID, -1);
    FAILS(ESRCH, setpgid, NO_ID, NO_ID);
    FAILS(B_NOT_ALLOWED, setpgid, 0, NO_ID);
    in_child(lead_session);
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
    FAILS(B_BAD_VALUE, get_next_team_info, BAD_POINTER, buffer, INFO_MAX + 1);
    FAILS(B_BAD_ADDRESS, get_next_team_info, BAD_POINTER, buffer, INFO_MAX);
    FAILS(B_BAD_VALUE, get_team_usage_info, NO_ID, 77, buffer, USAGE_SIZE);
    FAILS(B_BAD_VALUE, get_team_usage_info, NO_ID, 0, buffer, USAGE_SIZE - 1);
    FAILS(B_BAD_TEAM_ID, get_team_usage_info, NO_ID, 0, buffer, USAGE_SIZE);
    FAILS(B_BAD_ADDRESS, get_team_usage_info, NO_ID, 0, (void *)0, USAGE_SIZE);
    FAILS(B_BAD_TEAM_ID, get_extended_team_info, NO_ID, BASIC, buffer,
          sizeof(buffer), &needed);
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
    cookie = 1000;
    FAILS(B_ENTRY_NOT_FOUND, get_next_image_info, 0, &cookie, buffer,
          IMAGE_SIZE);
}

static void users(void)
{
    FAILS(B_BAD_VALUE, getgroups, -1, buffer);
    FAILS(B_BAD_ADDRESS, getgroups, 32, (void *)0);
    FAILS(B_BAD_ADDRESS, getgroups, 32, KERNEL_POINTER);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    self = sys(SYS_get_current_team);
    other = new_sleeper();
    waiting();
    loading();
    in_child(executing);
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
