/* kernel_team.c -- the kernel's team, number 1, and its thread. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { KERNEL = KERNEL_TEAM, SIGNAL_FLAG_THREAD = 0x20000, READY = 2 };
enum { SESSION_ID = 1, GROUP_ID, PARENT_ID, BASIC = 1, CHILDREN = -1 };
enum { TYPE_SEM = 1, TYPE_PORT = 2, INVALID = 0x1000 };

struct owned_info {
    int32_t id, team;
    char name[32];
    int32_t numbers[3];
};

static struct team_info team;
static struct thread_info thread;
static struct owned_info owned;

static void tell_team(void)
{
    struct team_info first;
    int32_t cookie = 0, count = 0;
    char guard[8];

    memset(&team, 0x55, sizeof(team));
    CHECK_STATUS(sys(SYS_get_team_info, KERNEL, &team, sizeof(team)), HK_B_OK);
    CHECK(team.team == KERNEL && team.thread_count == 1);
    CHECK(team.image_count == 0 && team.area_count == 0 && team.argc == 1);
    CHECK(team.debugger_thread == -1 && team.debugger_port == -1);
    CHECK(strcmp(team.arguments, "kernel_team") == 0);
    CHECK(strcmp(team.name, "kernel_team") == 0);
    CHECK(team.user == 0 && team.group == 0);
    CHECK(team.real_user == 0 && team.real_group == 0);
    CHECK(team.process_group == KERNEL && team.session == KERNEL &&
          team.parent == -1);
    CHECK(team.start_time >= 0);
    memset(guard, 0x55, sizeof(guard));
    CHECK_STATUS(sys(SYS_get_team_info, KERNEL, guard, 4), HK_B_OK);
    CHECK(guard[0] == KERNEL && guard[4] == 0x55);
    CHECK_STATUS(sys(SYS_get_next_team_info, &cookie, &first, sizeof(first)),
                 HK_B_OK);
    CHECK(cookie == KERNEL + 1);
    CHECK(memcmp(&first, &team, sizeof(team)) == 0);
    while (sys(SYS_get_next_team_info, &cookie, &team, sizeof(team)) == HK_B_OK)
        count += team.team == sys(SYS_get_current_team);
    CHECK(count == 1);
}

static void tell_processes(void)
{
    CHECK_STATUS(sys(SYS_process_info, KERNEL, SESSION_ID), KERNEL);
    CHECK_STATUS(sys(SYS_process_info, KERNEL, GROUP_ID), KERNEL);
    FAILS(B_BAD_VALUE, process_info, KERNEL, PARENT_ID);
    FAILS(B_NOT_ALLOWED, setpgid, 0, KERNEL);
#if BETA < 6
    CHECK_STATUS(sys(SYS_setpgid, KERNEL, KERNEL), KERNEL);
    FAILS(B_NOT_ALLOWED, setpgid, KERNEL, sys(SYS_process_info, 0, GROUP_ID));
#endif
}

static void tell_thread(void)
{
    struct thread_info next;
    int32_t cookie = 0;

    CHECK_STATUS(sys(SYS_get_thread_info, KERNEL, &thread), HK_B_OK);
    CHECK(thread.thread == KERNEL && thread.team == KERNEL);
    CHECK(strcmp(thread.name, "idle thread 1") == 0);
    CHECK(thread.state == READY && thread.priority == 0 && thread.sem == -1);
    CHECK(thread.stack_base == 0 && thread.stack_end == 0);
    CHECK(thread.user_time == 0 && thread.kernel_time >= 0);
    CHECK_STATUS(sys(SYS_find_thread, "idle thread 1"), KERNEL);
    CHECK_STATUS(sys(SYS_get_next_thread_info, KERNEL, &cookie, &next),
                 HK_B_OK);
    CHECK(cookie == KERNEL && next.thread == KERNEL);
    FAILS(B_BAD_VALUE, get_next_thread_info, KERNEL, &cookie, &next);
    CHECK(sys(SYS_has_data, KERNEL) == 0);
    CHECK_STATUS(sys(SYS_estimate_max_scheduling_latency, KERNEL), 0);
}

static void tell_usage(void)
{
    int64_t usage[2] = {-1, -1};
    uint32_t needed = 0;
    char message[512];

    CHECK_STATUS(sys(SYS_get_team_usage_info, KERNEL, 0, usage, sizeof(usage)),
                 HK_B_OK);
    CHECK(usage[0] == 0 && usage[1] >= 0);
    CHECK_STATUS(
        sys(SYS_get_team_usage_info, KERNEL, CHILDREN, usage, sizeof(usage)),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_get_extended_team_info, KERNEL, BASIC, message,
                     sizeof(message), &needed),
                 HK_B_OK);
    CHECK(needed > 32 && needed <= sizeof(message));
}

/* It has no images, areas and descriptors. */
static void tell_nothing(void)
{
    int32_t cookie = 0;
    char info[1100];

    FAILS(B_ENTRY_NOT_FOUND, get_next_image_info, KERNEL, &cookie, info, 1084);
    FAILS(B_ENTRY_NOT_FOUND, get_next_area_info, KERNEL, &cookie, info);
    FAILS(B_ENTRY_NOT_FOUND, get_next_fd_info, KERNEL, &cookie, info, 20);
}

/* To root signals are nothing to threads, and not allowed to the team. */
static void do_as_root(void)
{
    int32_t result;

    CHECK_STATUS(sys(SYS_send_signal, KERNEL, 0, (void *)0, 0), HK_B_OK);
    FAILS(B_NOT_ALLOWED, send_signal, KERNEL, SIGUSR1, 0, 0);
    CHECK_STATUS(
        sys(SYS_send_signal, KERNEL, SIGUSR1, (void *)0, SIGNAL_FLAG_THREAD),
        HK_B_OK);
    CHECK_STATUS(sys(SYS_send_signal, KERNEL, 9, (void *)0, SIGNAL_FLAG_THREAD),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_suspend_thread, KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_resume_thread, KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_kill_thread, KERNEL), HK_B_OK);
    FAILS(B_NOT_ALLOWED, kill_team, KERNEL);
    FAILS(B_NOT_ALLOWED, rename_thread, KERNEL, "busy thread");
    FAILS(B_NOT_ALLOWED, set_thread_priority, KERNEL, 10);
    FAILS(B_NOT_ALLOWED, cancel_thread, KERNEL, do_as_root);
    FAILS(B_NOT_ALLOWED, unblock_thread, KERNEL, HK_B_OK);
    FAILS(B_NOT_ALLOWED, debug_thread, KERNEL);
    FAILS(B_TIMED_OUT, wait_for_thread_etc, KERNEL, RELATIVE_TIMEOUT, 1000LL,
          &result);
    CHECK_STATUS(sys(SYS_get_thread_info, KERNEL, &thread), HK_B_OK);
    CHECK(thread.state == READY);
}

static void do_as_user(void)
{
    int64_t usage[2];

    FAILS(B_NOT_ALLOWED, send_signal, KERNEL, 0, 0, 0);
    FAILS(B_NOT_ALLOWED, send_signal, KERNEL, 0, 0, SIGNAL_FLAG_THREAD);
    FAILS(B_NOT_ALLOWED, suspend_thread, KERNEL);
    FAILS(B_NOT_ALLOWED, resume_thread, KERNEL);
    FAILS(B_NOT_ALLOWED, kill_thread, KERNEL);
    FAILS(B_NOT_ALLOWED, set_thread_priority, KERNEL, 10);
    FAILS(B_NOT_ALLOWED, get_team_usage_info, KERNEL, 0, usage, sizeof(usage));
    CHECK_STATUS(sys(SYS_get_team_info, KERNEL, &team, sizeof(team)), HK_B_OK);
}

/* Nobody reads what it is sent: one message has room, the next one waits. */
static int send_more(void *unused, void *unused_too)
{
    (void)unused, (void)unused_too;
    return (int)sys(SYS_send_data, KERNEL, 7, "more", 4);
}

static void send(void)
{
    long sender = spawn_thread("sender", send_more, 0, 0);
    int32_t result = 0;

    FAILS(B_NO_MEMORY, send_data, KERNEL, 7, "text", 1 << 30);
    CHECK_STATUS(sys(SYS_send_data, KERNEL, 7, "text", 4), HK_B_OK);
    sys(SYS_resume_thread, sender);
    FAILS(B_TIMED_OUT, wait_for_thread_etc, sender, RELATIVE_TIMEOUT, 50000LL,
          &result);
    CHECK_STATUS(sys(SYS_kill_thread, sender), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_thread, sender, &result), HK_B_OK);
}

/* A semaphore that the kernel was given is out of reach, a port is not. */
static void give(void)
{
    struct object {
        int32_t id;
        uint16_t type, events;
    } object;
    long sem = sys(SYS_create_sem, 1, "given sem");
    long port = sys(SYS_create_port, 1, "given port");
    int32_t cookie = 0, code, count = 0;
    char text[4];

    CHECK_STATUS(sys(SYS_set_sem_owner, sem, KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_sem_info, sem, &owned, 48), HK_B_OK);
    CHECK(owned.team == KERNEL && strcmp(owned.name, "given sem") == 0);
    while (sys(SYS_get_next_sem_info, KERNEL, &cookie, &owned, 48) == HK_B_OK)
        count += owned.id == sem;
    CHECK(count == 1);
    FAILS(B_NOT_ALLOWED, acquire_sem, sem);
    FAILS(B_NOT_ALLOWED, release_sem, sem);
    FAILS(B_NOT_ALLOWED, delete_sem, sem);
    object = (struct object){(int32_t)sem, TYPE_SEM, 1};
    CHECK_STATUS(sys(SYS_wait_for_objects, &object, 1, RELATIVE_TIMEOUT, 0LL),
                 1);
    CHECK(object.events == INVALID);
    CHECK_STATUS(sys(SYS_set_sem_owner, sem, sys(SYS_get_current_team)),
                 HK_B_OK);
    CHECK_STATUS(sys(SYS_acquire_sem, sem), HK_B_OK);
    CHECK_STATUS(sys(SYS_delete_sem, sem), HK_B_OK);

    CHECK_STATUS(sys(SYS_set_port_owner, port, KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_get_port_info, port, &owned), HK_B_OK);
    CHECK(owned.team == KERNEL && strcmp(owned.name, "given port") == 0);
    for (cookie = count = 0;
         sys(SYS_get_next_port_info, KERNEL, &cookie, &owned) == HK_B_OK;)
        count += owned.id == port;
    CHECK(count == 1);
    object = (struct object){(int32_t)port, TYPE_PORT, 1};
    CHECK_STATUS(sys(SYS_wait_for_objects, &object, 1, RELATIVE_TIMEOUT, 0LL),
                 1);
    CHECK(object.events == INVALID);
    FAILS(B_NOT_ALLOWED, install_default_debugger, port);
    CHECK_STATUS(sys(SYS_write_port_etc, port, 3, "abc", 4, 0, 0LL), HK_B_OK);
    CHECK_STATUS(sys(SYS_read_port_etc, port, &code, text, 4, 0, 0LL), 4);
    CHECK(code == 3 && strcmp(text, "abc") == 0);
    CHECK_STATUS(sys(SYS_delete_port, port), HK_B_OK);
}

/* What the kernel was given outlives its maker. */
static long report; /* where it tells what it has left */

static void give_and_end(void)
{
    long ids[2] = {sys(SYS_create_sem, 0, "left sem"),
                   sys(SYS_create_port, 1, "left port")};

    CHECK_STATUS(sys(SYS_set_sem_owner, ids[0], KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_set_port_owner, ids[1], KERNEL), HK_B_OK);
    CHECK_STATUS(sys(SYS_write, report, NO_POSITION, ids, sizeof(ids)),
                 sizeof(ids));
}

static void outlive(void)
{
    long ids[2] = {0, 0};
    int32_t fds[2];

    CHECK_STATUS(sys(SYS_create_pipe, fds), HK_B_OK);
    report = fds[1];
    in_child(give_and_end);
    CHECK_STATUS(sys(SYS_read, fds[0], NO_POSITION, ids, sizeof(ids)),
                 sizeof(ids));
    CHECK_STATUS(sys(SYS_get_sem_info, ids[0], &owned, 48), HK_B_OK);
    CHECK(owned.team == KERNEL);
    CHECK_STATUS(sys(SYS_delete_port, ids[1]), HK_B_OK);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    tell_team();
    tell_processes();
    tell_thread();
    tell_usage();
    tell_nothing();
    do_as_root();
    as_user(do_as_user);
    send();
    give();
    outlive();
    print("errors checked\n");
    return 0;
}
