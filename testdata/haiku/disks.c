/* disks.c -- calls for disks and debuggers, of which there are none. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

static int32_t counter, other;

/* What fails on a machine without disks, and how with a wrong pointer. */
static void finding(void)
{
    const int calls[] = {SYS_find_disk_device, SYS_find_partition,
                         SYS_find_file_disk_device};

    CHECK_STATUS(sys(SYS_get_next_disk_device_id, &counter, &other),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_get_next_disk_device_id, BAD_POINTER, &other),
                 HK_B_BAD_ADDRESS);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        CHECK_STATUS(sys(calls[i], "/dev/disk/0/raw", &other),
                     HK_B_ENTRY_NOT_FOUND);
        CHECK_STATUS(sys(calls[i], (void *)0, &other), HK_B_BAD_VALUE);
        CHECK_STATUS(sys(calls[i], KERNEL_POINTER, &other), HK_B_BAD_ADDRESS);
    }
    CHECK_STATUS(sys(SYS_get_disk_device_data, 1, 1, (void *)0, 0, &other),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_get_disk_device_data, 1, 1, (void *)0, 8, &other),
                 HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_unregister_file_device, 3, (void *)0),
                 HK_B_ENTRY_NOT_FOUND);
    CHECK_STATUS(sys(SYS_unregister_file_device, -1, BAD_POINTER),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_get_file_disk_device_path, 1, &other, 4), HK_B_ERROR);
    CHECK_STATUS(sys(SYS_get_file_disk_device_path, 1, KERNEL_POINTER, 4),
                 HK_B_BAD_ADDRESS);
}

/* Each with the same counter of changes, which is or is not there. */
static void changing(int32_t *at, long expected)
{
    CHECK_STATUS(sys(SYS_defragment_partition, 1, at), expected);
    CHECK_STATUS(sys(SYS_repair_partition, 1, at, 0), expected);
    CHECK_STATUS(sys(SYS_resize_partition, 1, &counter, 2, at, 0LL, 0LL),
                 expected);
    CHECK_STATUS(sys(SYS_set_partition_name, 1, at, 2, &other, "name"),
                 expected);
    CHECK_STATUS(sys(SYS_set_partition_content_name, 1, at, "name"), expected);
    CHECK_STATUS(sys(SYS_set_partition_type, 1, &counter, 2, at, "type"),
                 expected);
    CHECK_STATUS(sys(SYS_set_partition_parameters, 1, at, 2, &other, "p"),
                 expected);
    CHECK_STATUS(sys(SYS_set_partition_content_parameters, 1, at, "p"),
                 expected);
    CHECK_STATUS(sys(SYS_initialize_partition, 1, at, "bfs", "name", "p"),
                 expected);
    CHECK_STATUS(sys(SYS_uninitialize_partition, 1, &counter, 2, at), expected);
    CHECK_STATUS(sys(SYS_create_child_partition, 1, at, 0LL, 0LL, "t", "n", "p",
                     &other, &other),
                 expected);
    CHECK_STATUS(sys(SYS_delete_child_partition, 1, at, 2, 3), expected);
}

static void watching(void)
{
    CHECK_STATUS(sys(SYS_start_watching_disks, 1, 5, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_stop_watching_disks, 5, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_stop_watching_disks, 5, 0), HK_B_ENTRY_NOT_FOUND);
}

static void debuggers(void)
{
    long self = sys(SYS_get_current_team);
    struct siginfo info;
    long child;

    CHECK_STATUS(sys(SYS_remove_team_debugger, self), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_remove_team_debugger, 999999999), HK_B_BAD_TEAM_ID);
    CHECK_STATUS(sys(SYS_disable_debugger, 1), 1);
    CHECK_STATUS(sys(SYS_disable_debugger, 0), 0);
    CHECK_STATUS(sys(SYS_kernel_debugger, "told to the user"), HK_B_OK);
    CHECK_STATUS(sys(SYS_kernel_debugger, BAD_POINTER), HK_B_BAD_ADDRESS);
    sys(SYS_ktrace_output, "traced");
    child = fork_team();
    if (child == 0)
        sys(SYS_debugger, "nobody looks");
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 1);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    finding();
    changing(&counter, HK_B_ENTRY_NOT_FOUND);
    changing(BAD_POINTER, HK_B_BAD_ADDRESS);
    changing((int32_t *)0, HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_move_partition, 1, &counter, 2, &other, 0LL, (void *)0,
                     (void *)0, 0),
                 HK_B_BAD_VALUE);
    watching();
    debuggers();
    print("disks checked\n");
    return 0;
}
