/* refusals.c -- calls that name what is not there. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>
#include <thread.h>

enum { NONE = 999999999, SIGKILL = 9, SESSION = 1 };
enum { AF_INET = 1 };

static void semaphores(void)
{
    int32_t count;

    CHECK_STATUS(sys(SYS_switch_sem, -1, -1), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_release_sem, -1), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_release_sem_etc, -1, 1, 0), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_get_sem_count, -1, &count), HK_B_BAD_SEM_ID);
    CHECK_STATUS(sys(SYS_set_sem_owner, -1, 0), HK_B_BAD_SEM_ID);
}

static void ports(void)
{
    uint8_t info[52];

    CHECK_STATUS(sys(SYS_close_port, NONE), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_get_port_info, NONE, info), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_port_buffer_size_etc, NONE, 0, 0LL), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_port_count, NONE), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_set_port_owner, NONE, 0), HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_writev_port_etc, NONE, 1, (void *)0, 0, 0, 0, 0LL),
                 HK_B_BAD_PORT_ID);
    CHECK_STATUS(sys(SYS_get_port_message_info_etc, NONE, info, 16, 0, 0LL),
                 HK_B_BAD_PORT_ID);
}

static void threads(void)
{
    uint64_t pending;

    CHECK_STATUS(sys(SYS_find_thread, "nobody's"), HK_B_NAME_NOT_FOUND);
    CHECK_STATUS(sys(SYS_resume_thread, NONE), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_set_thread_priority, NONE, 10), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_rename_thread, NONE, "name"), HK_B_BAD_THREAD_ID);
    CHECK_STATUS(sys(SYS_rename_thread, this_thread(), "refused"), HK_B_OK);
    CHECK_STATUS(sys(SYS_find_thread, "refused"), this_thread());
    CHECK_STATUS(sys(SYS_send_data, this_thread(), 5, "x", 1), HK_B_OK);
    CHECK_STATUS(sys(SYS_receive_data, BAD_POINTER, (void *)0, 0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_send_signal, NONE, SIGKILL, (void *)0, 0),
                 HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_sigpending, &pending), HK_B_OK);
    CHECK_STATUS(sys(SYS_sigpending, KERNEL_POINTER), HK_B_BAD_ADDRESS);
}

/* A child that is killed; and one that has a session already. */
static void teams(void)
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0)
        for (;;)
            sys(SYS_snooze_etc, 1000000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_kill_team, child), HK_B_OK);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_KILLED && info.status == SIGKILL);
    child = fork_team();
    if (child == 0) {
        sys(SYS_setsid);
        sys(SYS_exit_team, sys(SYS_setsid) != HK_B_NOT_ALLOWED);
    }
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
    CHECK_STATUS(sys(SYS_kill_team, NONE), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_process_info, NONE, SESSION), HK_ESRCH);
    CHECK_STATUS(sys(SYS_get_image_info, NONE, &info, sizeof(info)),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(
        sys(SYS_load_image, BAD_POINTER, 16, 1, 1, 10, WAIT_TILL_LOADED, 0, 0),
        HK_B_BAD_ADDRESS);
}

static void descriptors(void)
{
    uint32_t length = 32;
    uint8_t address[32] = {32, AF_INET};

    CHECK_STATUS(sys(SYS_poll, BAD_POINTER, 1, 0LL, (void *)0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_bind, 99, address, length), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_shutdown_socket, 99, 0), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_listen, 99, 1), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_accept, 99, address, &length), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_getsockname, 99, address, &length), HK_B_FILE_ERROR);
    CHECK_STATUS(sys(SYS_stop_watching, 1, 1LL, 1, 1), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_unreserve_address_range, KERNEL_POINTER, 4096),
                 HK_B_OK);
    CHECK(sys(SYS_cpu_enabled, 0) & 1);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    semaphores();
    ports();
    threads();
    teams();
    descriptors();
    print("refusals checked\n");
    return 0;
}
