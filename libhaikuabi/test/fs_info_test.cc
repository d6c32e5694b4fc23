// fs_info_test.cc -- volumes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/statvfs.h>

#include <map>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Volumes : public testing::Test
{
  protected:
    Volumes()
    {
        root.make("dir");
        std::string path = root.path.string();
        hk_bind binds[] = {{path.c_str(), "/same", 0}, {"/proc", "/other", 1}};
        hk_config config = hk::make_config(path.c_str());
        config.binds = binds;
        config.bind_count = 2;
        team = std::make_unique<hk::Team>(config);
        info = team->room(512);
    }

    int32_t device_of(const char *path)
    {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 1, stat, 88), HK_B_OK);
        return team->get<int32_t>(stat);
    }

    hk::Directory root;
    std::unique_ptr<hk::Team> team;
    Address info{};
};

TEST_F(Volumes, AreListed)
{
    Address cookie = team->room(4);
    std::vector<int64_t> all;
    int64_t device;

    while ((device = team->call("next_device", cookie)) >= 0)
        all.push_back(device);
    EXPECT_EQ(device, HK_B_BAD_VALUE);
    EXPECT_EQ(all, std::vector<int64_t>({1, 2, 3, 4}));
    EXPECT_EQ(team->call("next_device", nullptr), HK_B_BAD_ADDRESS);
}

TEST_F(Volumes, BindsOfOneHostVolumeAreOneVolume)
{
    EXPECT_EQ(device_of("/"), 3);
    EXPECT_EQ(device_of("/same/dir"), 3);
    EXPECT_EQ(device_of("/other"), 4);
    EXPECT_EQ(device_of("/dev"), 2);
}

TEST_F(Volumes, TellTheHostsFigures)
{
    struct statvfs host;
    ASSERT_EQ(::statvfs(root.path.c_str(), &host), 0);
    std::memset(team->host(info), 0xee, 512);
    ASSERT_EQ(team->call("read_fs_info", 3, info), HK_B_OK);
    EXPECT_EQ(team->get<int32_t>(info), 3);
    EXPECT_EQ(team->get<int64_t>(info, 16),
              static_cast<int64_t>(host.f_frsize));
    EXPECT_EQ(team->get<int64_t>(info, 32),
              static_cast<int64_t>(host.f_blocks));
    EXPECT_EQ(team->get<int64_t>(info, 48), static_cast<int64_t>(host.f_files));
    EXPECT_EQ(team->get<uint32_t>(info, 12) & 1, 0u);
    EXPECT_EQ(team->text({info.value + 192}), root.path.filename().string());
    EXPECT_EQ(team->get<uint8_t>(info, 480), 0xee);
    ASSERT_EQ(team->call("read_fs_info", 4, info), HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(info, 12) & 1, 1u);
    ASSERT_EQ(team->call("read_fs_info", 1, info), HK_B_OK);
    EXPECT_EQ(team->text({info.value + 448}), "rootfs");
    for (int device : {0, -1, 5, 77})
        EXPECT_EQ(team->call("read_fs_info", device, info), HK_B_BAD_VALUE)
            << device;
    EXPECT_EQ(team->call("read_fs_info", 3, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("read_fs_info", 3, Address{8}), HK_B_BAD_ADDRESS);
}

/* So that Haiku's storage kit takes it for the boot volume's root. */
TEST_F(Volumes, OfARootBeginAtBoot)
{
    auto root_of = [&](int device) {
        EXPECT_EQ(team->call("read_fs_info", device, info), HK_B_OK);
        return team->get<int64_t>(info, 4);
    };
    auto inode_of = [&](const char *path) {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        return team->get<int64_t>(stat, 4);
    };

    EXPECT_EQ(root_of(3), inode_of("/"));
    root.make("boot");
    EXPECT_EQ(root_of(3), inode_of("/boot"));
    EXPECT_EQ(root_of(4), inode_of("/other"));
}

TEST_F(Volumes, AreNotRenamed)
{
    EXPECT_EQ(team->call("write_fs_info", 3, info, 1), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_fs_info", 1, info, 1), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_fs_info", 77, info, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("write_fs_info", 3, nullptr, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("write_fs_info", 3, Address{8}, 1), HK_B_BAD_ADDRESS);
}

TEST_F(Volumes, AreTheConfigurationsToMount)
{
    EXPECT_EQ(team->call("mount", "/dir", nullptr, "bfs", 0, nullptr, 0),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team->call("mount", nullptr, nullptr, "bfs", 0, nullptr, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("mount", "/dir", nullptr, std::string(256, 'f'), 0,
                         nullptr, 0),
              HK_B_NAME_TOO_LONG);
    EXPECT_EQ(
        team->call("mount", "/dir", Address{0x80000000}, "bfs", 0, nullptr, 0),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("unmount", "/other", 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team->call("unmount", nullptr, 0), HK_B_BAD_ADDRESS);
}

// A host file system below a bind has an id of its own, which is known once
// a file of it was seen.
TEST(Volume, InsideABindHasAnIdToo)
{
    hk_bind bind{"/", "/host", 1};
    hk_config config = hk::make_config(nullptr);
    config.binds = &bind;
    config.bind_count = 1;
    hk::Team team(config);
    Address stat = team.room(88), info = team.room(480);

    ASSERT_EQ(team.call("read_stat", -1, "/host/proc", 1, stat, 88), HK_B_OK);
    int32_t device = team.get<int32_t>(stat);
    if (device == 3)
        GTEST_SKIP() << "/proc is no file system of its own here";
    EXPECT_GT(device, 1 << 29);
    EXPECT_EQ(team.call("read_fs_info", device, info), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(info), device);
    EXPECT_EQ(team.call("read_fs_info", device ^ 1, info), HK_B_BAD_VALUE);
}

} // namespace
