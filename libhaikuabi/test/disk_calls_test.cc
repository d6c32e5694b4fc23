// disk_calls_test.cc -- disks and partitions: there are none.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class DiskCalls : public testing::Test
{
  protected:
    DiskCalls() : team(hk::make_config(root.path.c_str())) {}

    hk::Directory root;
    hk::Team team;
    Address counter = team.room(4), other = team.room(4);
    Address wrong{0x50000000}, kernel{0x80000000}, none{0};
    std::string long_name = std::string(256, 'n');
};

TEST_F(DiskCalls, NoDiskIsFound)
{
    EXPECT_EQ(team.call("get_next_disk_device_id", counter, other),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_next_disk_device_id", none, other),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_disk_device_id", wrong, other),
              HK_B_BAD_ADDRESS);
    team.set(counter, 0, 77);
    EXPECT_EQ(team.call("get_next_disk_device_id", counter, wrong),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.get<int>(counter), 77);
    for (const char *call :
         {"find_disk_device", "find_partition", "find_file_disk_device"}) {
        EXPECT_EQ(team.call(call, "/dev/disk/0/raw", other),
                  HK_B_ENTRY_NOT_FOUND);
        EXPECT_EQ(team.call(call, none, other), HK_B_BAD_VALUE);
        EXPECT_EQ(team.call(call, kernel, other), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call(call, std::string(1024, 'x'), other),
                  HK_B_BUFFER_OVERFLOW);
        EXPECT_EQ(team.call(call, std::string(1023, 'x'), other),
                  HK_B_ENTRY_NOT_FOUND);
    }
    EXPECT_EQ(team.call("find_partition", wrong, other), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("find_file_disk_device", wrong, other),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_disk_device_data", 1, 1, none, 0, other),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_disk_device_data", 1, 1, none, 8, other),
              HK_B_BAD_VALUE);
}

TEST_F(DiskCalls, NoFileBecomesADisk)
{
    EXPECT_EQ(team.call("register_file_device", "/image"), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("register_file_device", none), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unregister_file_device", 3, none),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("unregister_file_device", -1, none), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unregister_file_device", -1, "/image"),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_file_disk_device_path", 1, other, 4), HK_B_ERROR);
    EXPECT_EQ(team.call("get_file_disk_device_path", -1, other, 4),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_file_disk_device_path", 1, kernel, 4),
              HK_B_BAD_ADDRESS);
}

TEST_F(DiskCalls, NoDiskSystemIsKnown)
{
    EXPECT_EQ(team.call("get_disk_system_info", 1, other),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_disk_system_info", 1, none), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_disk_system_info", counter, other),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_next_disk_system_info", counter, none),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_disk_system_info", wrong, other),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("find_disk_system", "bfs", other),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("find_disk_system", none, other), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("find_disk_system", std::string(1024, 'x'), other),
              HK_B_NAME_TOO_LONG);
}

TEST_F(DiskCalls, NoPartitionIsChanged)
{
    const int64_t zero = 0;

    for (Address at : {counter, none, wrong}) {
        int64_t expected = at.value == counter.value ? HK_B_ENTRY_NOT_FOUND
                           : at.value == 0           ? HK_B_BAD_VALUE
                                                     : HK_B_BAD_ADDRESS;
        EXPECT_EQ(team.call("defragment_partition", 1, at), expected);
        EXPECT_EQ(team.call("repair_partition", 1, at, 0), expected);
        EXPECT_EQ(team.call("resize_partition", 1, counter, 2, at, zero, zero),
                  expected);
        EXPECT_EQ(team.call("set_partition_name", 1, at, 2, other, "name"),
                  expected);
        EXPECT_EQ(team.call("set_partition_type", 1, counter, 2, at, "type"),
                  expected);
        EXPECT_EQ(team.call("set_partition_parameters", 1, at, 2, other, none),
                  expected);
        EXPECT_EQ(team.call("set_partition_content_name", 1, at, none),
                  expected);
        EXPECT_EQ(team.call("set_partition_content_parameters", 1, at, "p"),
                  expected);
        EXPECT_EQ(team.call("initialize_partition", 1, at, "bfs", "name", none),
                  expected);
        EXPECT_EQ(team.call("uninitialize_partition", 1, counter, 2, at),
                  expected);
        EXPECT_EQ(team.call("create_child_partition", 1, at, zero, zero, "t",
                            none, none, other, other),
                  expected);
        EXPECT_EQ(team.call("delete_child_partition", 1, at, 2, 3), expected);
    }
    EXPECT_EQ(team.call("uninitialize_partition", 1, counter, -1, none),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(
        team.call("move_partition", 1, counter, 2, other, zero, none, none, 0),
        HK_B_BAD_VALUE);
}

TEST_F(DiskCalls, NamesAreChecked)
{
    EXPECT_EQ(team.call("set_partition_name", 1, counter, 2, other, long_name),
              HK_B_BUFFER_OVERFLOW);
    EXPECT_EQ(team.call("set_partition_name", 1, counter, 2, other, none),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_partition_content_name", 1, counter, kernel),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("set_partition_content_parameters", 1, counter,
                        std::string(32 * 1024, 'p')),
              HK_B_BUFFER_OVERFLOW);
    EXPECT_EQ(team.call("set_partition_content_parameters", 1, counter,
                        std::string(32 * 1024 - 1, 'p')),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("initialize_partition", 1, counter, none, none, none),
              HK_B_BAD_VALUE);
}

TEST_F(DiskCalls, WhoWatchesIsNeverTold)
{
    EXPECT_EQ(team.call("start_watching_disks", 1, 5, 0), HK_B_OK);
    EXPECT_EQ(team.call("start_watching_disks", 2, 5, 0), HK_B_OK);
    EXPECT_EQ(team.call("start_watching_disks", 1, 5, 1), HK_B_OK);
    EXPECT_EQ(team.call("stop_watching_disks", 5, 0), HK_B_OK);
    EXPECT_EQ(team.call("stop_watching_disks", 5, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("stop_watching_disks", 6, 1), HK_B_ENTRY_NOT_FOUND);
}

} // namespace
