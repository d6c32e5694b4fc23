// stat_calls_test.cc -- read_stat, write_stat and access.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

// haiku-abi/structs.md, "stat".
enum Field : uint32_t {
    DEV = 0,
    INO = 4,
    MODE = 12,
    NLINK = 16,
    UID = 20,
    GID = 24,
    SIZE = 28,
    BLKSIZE = 40,
    ATIM = 44,
    MTIM = 52,
    CTIM = 60,
    CRTIM = 68,
    TYPE = 76,
    BLOCKS = 80
};

class Stat : public testing::Test
{
  protected:
    Stat() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "0123456789");
        root.make("directory/inner");
        root.link("link", "file");
        root.link("dangling", "none");
        return hk::make_config(root.path.c_str());
    }

    int64_t read(const char *path, bool traverse = true, int size = 88)
    {
        return team.call("read_stat", -1, path, traverse ? 1 : 0, stat, size);
    }

    int64_t write(const char *path, int mask, bool traverse = true)
    {
        return team.call("write_stat", -1, path, traverse ? 1 : 0, stat, 88,
                         mask);
    }

    struct stat host(const char *name)
    {
        struct stat info;
        EXPECT_EQ(::lstat(root.at(name).c_str(), &info), 0);
        return info;
    }

    hk::Directory root;
    hk::Team team;
    Address stat = team.room(96);
};

// As on Haiku, where files have no holes.
TEST_F(Stat, AFileTakesWhatItsSizeNeeds)
{
    ASSERT_EQ(::truncate(root.at("file").c_str(), 1000001), 0);
    struct stat info = host("file");
    ASSERT_EQ(read("/file"), 0);
    EXPECT_GE(team.get<int64_t>(stat, BLOCKS), (1000001 + 511) / 512);
    EXPECT_LT(team.get<int64_t>(stat, BLOCKS) * 512, 1000001 + info.st_blksize);
}

TEST_F(Stat, TellsWhatTheHostKnows)
{
    struct stat info = host("file");

    ASSERT_EQ(read("/file"), HK_B_OK);
    EXPECT_EQ(team.get<int64_t>(stat, INO), static_cast<int64_t>(info.st_ino));
    EXPECT_EQ(team.get<uint32_t>(stat, MODE), info.st_mode);
    EXPECT_EQ(team.get<int32_t>(stat, NLINK), 1);
    EXPECT_EQ(team.get<uint32_t>(stat, UID), info.st_uid);
    EXPECT_EQ(team.get<uint32_t>(stat, GID), info.st_gid);
    EXPECT_EQ(team.get<int64_t>(stat, SIZE), 10);
    EXPECT_EQ(team.get<int32_t>(stat, BLKSIZE), info.st_blksize);
    EXPECT_EQ(team.get<int32_t>(stat, MTIM), info.st_mtim.tv_sec);
    EXPECT_EQ(team.get<int32_t>(stat, MTIM + 4), info.st_mtim.tv_nsec);
    EXPECT_EQ(team.get<int64_t>(stat, BLOCKS), info.st_blocks);
    EXPECT_EQ(team.get<uint32_t>(stat, TYPE), 0u);
    EXPECT_GT(team.get<int32_t>(stat, CRTIM), 0);
}

TEST_F(Stat, LinksAreFollowedOnRequest)
{
    EXPECT_EQ(read("/link"), HK_B_OK);
    EXPECT_TRUE(S_ISREG(team.get<uint32_t>(stat, MODE)));
    EXPECT_EQ(read("/link", false), HK_B_OK);
    EXPECT_TRUE(S_ISLNK(team.get<uint32_t>(stat, MODE)));
    EXPECT_EQ(read("/dangling", false), HK_B_OK);
    EXPECT_EQ(read("/dangling"), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Stat, OneFileHasOneIdentity)
{
    ASSERT_EQ(read("/file"), HK_B_OK);
    std::string by_path = team.bytes(stat, 12);
    int fd = static_cast<int>(team.call("open", -1, "/link", 0, 0));
    ASSERT_EQ(team.call("read_stat", fd, nullptr, 0, stat, 88), HK_B_OK);
    EXPECT_EQ(team.bytes(stat, 12), by_path);
    int dir = static_cast<int>(team.call("open_dir", -1, "/directory"));
    ASSERT_EQ(team.call("read_stat", dir, "../file", 1, stat, 88), HK_B_OK);
    EXPECT_EQ(team.bytes(stat, 12), by_path);
}

TEST_F(Stat, AShorterRecordIsItsBeginning)
{
    std::memset(team.host(stat), 0xee, 96);
    EXPECT_EQ(read("/file", true, 36), HK_B_OK);
    EXPECT_EQ(team.get<int64_t>(stat, SIZE), 10);
    EXPECT_EQ(team.get<uint8_t>(stat, 36), 0xee);
    EXPECT_EQ(read("/file", true, 0), HK_B_OK);
    EXPECT_EQ(read("/file", true, 89), HK_B_BAD_VALUE);
}

TEST_F(Stat, RefusesWhatIsWrong)
{
    EXPECT_EQ(read(""), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(read("/none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("read_stat", 99, nullptr, 0, stat, 88),
              HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("read_stat", -1, nullptr, 0, stat, 88),
              HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("read_stat", -1, "/file", 0, nullptr, 88),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("write_stat", 99, nullptr, 0, stat, 88, 1),
              HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("write_stat", -1, "/file", 0, nullptr, 88, 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("write_stat", -1, "/file", 0, stat, 89, 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(write("/none", 1), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Stat, WritesWhatTheMaskNames)
{
    team.set(stat, MODE, 0100640u);
    team.set(stat, SIZE, INT64_C(4));
    team.set(stat, ATIM, 1000);
    team.set(stat, ATIM + 4, 1);
    team.set(stat, MTIM, 2000);
    team.set(stat, MTIM + 4, 999999999);
    EXPECT_EQ(write("/file", 0x1), HK_B_OK);
    EXPECT_EQ(host("file").st_mode & 07777, 0640u);
    EXPECT_EQ(host("file").st_size, 10);
    EXPECT_EQ(write("/file", 0x8), HK_B_OK);
    EXPECT_EQ(root.read("file"), "0123");
    EXPECT_EQ(write("/file", 0x20), HK_B_OK);
    EXPECT_EQ(host("file").st_mtim.tv_sec, 2000);
    EXPECT_EQ(host("file").st_mtim.tv_nsec, 999999999);
    EXPECT_NE(host("file").st_atim.tv_sec, 1000);
    EXPECT_EQ(write("/file", 0x10), HK_B_OK);
    EXPECT_EQ(host("file").st_atim.tv_sec, 1000);
    EXPECT_EQ(host("file").st_mtim.tv_sec, 2000);
    // Times that the host does not let be set.
    EXPECT_EQ(write("/file", 0xc0), HK_B_OK);
}

TEST_F(Stat, WritesThroughLinksOrToThem)
{
    team.set(stat, MTIM, 5000);
    EXPECT_EQ(write("/link", 0x20, false), HK_B_OK);
    EXPECT_EQ(host("link").st_mtim.tv_sec, 5000);
    EXPECT_NE(host("file").st_mtim.tv_sec, 5000);
    EXPECT_EQ(write("/link", 0x20), HK_B_OK);
    EXPECT_EQ(host("file").st_mtim.tv_sec, 5000);
}

// The host's have none that could be changed.
TEST_F(Stat, TheModeOfALinkMayBeSet)
{
    team.set(stat, MODE, 0100600u);
    EXPECT_EQ(write("/link", 0x1, false), HK_B_OK);
    EXPECT_EQ(host("link").st_mode, S_IFLNK | 0777u);
    EXPECT_NE(host("file").st_mode & 07777, 0600u);
    EXPECT_EQ(write("/dangling", 0x1, false), HK_B_OK);
    EXPECT_EQ(write("/dangling", 0x1), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Stat, TheSizeNeedsADescriptorThatWrites)
{
    int reader = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    int writer = static_cast<int>(team.call("open", -1, "/file", 2, 0));

    team.set(stat, SIZE, INT64_C(20));
    EXPECT_EQ(team.call("write_stat", reader, nullptr, 0, stat, 88, 8),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("write_stat", writer, nullptr, 0, stat, 88, 8),
              HK_B_OK);
    EXPECT_EQ(host("file").st_size, 20);
    team.set(stat, SIZE, INT64_C(-1));
    EXPECT_EQ(team.call("write_stat", writer, nullptr, 0, stat, 88, 8),
              HK_B_BAD_VALUE);
    team.set(stat, SIZE, INT64_C(1));
    team.set(stat, MTIM + 4, 1000000000);
    EXPECT_EQ(write("/file", 0x20), HK_B_BAD_VALUE);
    EXPECT_EQ(write("/directory", 8), HK_B_IS_A_DIRECTORY);
}

TEST_F(Stat, SyntheticDirectoriesHaveNumbersOfTheirOwn)
{
    ASSERT_EQ(read("/dev"), HK_B_OK);
    EXPECT_TRUE(S_ISDIR(team.get<uint32_t>(stat, MODE)));
    EXPECT_EQ(team.get<int32_t>(stat, DEV), 2);
    ASSERT_EQ(read("/dev/null"), HK_B_OK);
    EXPECT_TRUE(S_ISCHR(team.get<uint32_t>(stat, MODE)));
    EXPECT_EQ(team.get<int32_t>(stat, DEV), 2);
    ASSERT_EQ(read("/"), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(stat, DEV), 3);
    EXPECT_EQ(write("/dev", 1), HK_B_READ_ONLY_DEVICE);
}

TEST_F(Stat, AccessAsksForRights)
{
    ::chmod(root.at("file").c_str(), 0);
    EXPECT_EQ(team.call("access", -1, "/file", 0, 0), HK_B_OK);
    // No x bit at all: not even for root.
    EXPECT_EQ(team.call("access", -1, "/file", 1, 0), HK_B_PERMISSION_DENIED);
    EXPECT_EQ(team.call("access", -1, "/file", 4, 1),
              ::geteuid() == 0 ? HK_B_OK : HK_B_PERMISSION_DENIED);
    EXPECT_EQ(team.call("access", -1, "/directory", 7, 0), HK_B_OK);
    EXPECT_EQ(team.call("access", -1, "/none", 0, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("access", -1, "", 0, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("access", 99, "none", 0, 0), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("access", -1, "/dangling", 0, 0), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("access", -1, "/dev", 5, 0), HK_B_OK);
    EXPECT_EQ(team.call("access", -1, "/dev", 2, 0), HK_B_OK);
}

// The host's mounts keep the host from running a file, not the guest.
TEST(AccessNoexec, GoesByTheMode)
{
    hk::Directory root;
    int status = -1;
    pid_t child = ::fork();

    if (child == 0) {
        if (!hk::enter_namespace() || ::mount("none", root.path.c_str(),
                                              "tmpfs", MS_NOEXEC, nullptr) != 0)
            ::_exit(77);
        root.write("program", "");
        root.write("text", "");
        ::chmod(root.at("program").c_str(), 0755);
        ::chmod(root.at("text").c_str(), 0644);
        hk::Team team(hk::make_config(root.path.c_str()));
        bool is_good =
            team.call("access", -1, "/program", 1, 1) == HK_B_OK &&
            team.call("access", -1, "/program", 5, 0) == HK_B_OK &&
            team.call("access", -1, "/text", 1, 1) == HK_B_PERMISSION_DENIED;
        ::_exit(is_good ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "no file system may be mounted here";
    EXPECT_EQ(status, 0);
}

// The user who runs the team is its user 0, whatever the host's number is.
TEST_F(Stat, FilesOfTheHostsUserAreThoseOfUserZero)
{
    struct stat info = host("file");

    harness_set_user(team.harness, info.st_uid + 1, info.st_gid + 2);
    ASSERT_EQ(read("/file"), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(stat, UID), info.st_uid);
    EXPECT_EQ(team.get<uint32_t>(stat, GID), info.st_gid);

    harness_set_user(team.harness, info.st_uid, info.st_gid);
    ASSERT_EQ(read("/file"), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(stat, UID), 0u);
    EXPECT_EQ(team.get<uint32_t>(stat, GID), 0u);
    EXPECT_EQ(write("/file", 2 | 4), HK_B_OK);
    EXPECT_EQ(host("file").st_uid, info.st_uid);
}

} // namespace
