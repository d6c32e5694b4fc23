// ref_calls_test.cc -- files named by volume, directory node and name.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Refs : public testing::Test
{
  protected:
    Refs() : team(config(host)) {}

    static hk_config config(const hk::Directory &host)
    {
        host.write("dir/sub/file", "text");
        host.link("dir/link", "sub");
        return hk::make_config(host.path.c_str());
    }

    // As a program gets to know a directory.
    void know(const std::string &path, int fd = -1)
    {
        Address stat = team.room(88);
        ASSERT_EQ(team.call("read_stat", fd, path, 1, stat, 88), HK_B_OK);
        device = team.get<int32_t>(stat);
        inode = team.get<int64_t>(stat, 4);
    }

    int64_t open(const char *name, int mode = 0)
    {
        return team.call("open_entry_ref", device, inode, name, mode, 0644);
    }

    std::string path(const char *leaf, int size = 1024)
    {
        Address buffer = team.room(1024);
        int64_t status = leaf == nullptr
                             ? team.call("entry_ref_to_path", device, inode,
                                         nullptr, buffer, size)
                             : team.call("entry_ref_to_path", device, inode,
                                         leaf, buffer, size);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team.text(buffer);
    }

    hk::Directory host;
    hk::Team team;
    int32_t device = 0;
    int64_t inode = 0;
};

TEST_F(Refs, OpenEntriesOfAKnownDirectory)
{
    know("/dir/link/");
    EXPECT_GE(open("file"), 0);
    EXPECT_GE(open("new", 0x201), 0);
    EXPECT_TRUE(host.has("dir/sub/new"));
    EXPECT_EQ(open("none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(open(""), HK_B_BAD_VALUE);
    EXPECT_EQ(open("../../../etc/passwd"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("open_entry_ref", device, inode, nullptr, 0, 0),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_entry_ref", -1, inode, "file", 0, 0),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_entry_ref", device, INT64_C(-1), "file", 0, 0),
              HK_B_BAD_VALUE);
}

TEST_F(Refs, AreKnownFromEveryKindOfCall)
{
    Address buffer = team.room(4096);
    int fd = static_cast<int>(team.call("open_dir", -1, "/dir"));

    ASSERT_GT(team.call("read_dir", fd, buffer, 4096, 1u), 0);
    device = team.get<int32_t>(buffer, 4);
    inode = team.get<int64_t>(buffer, 16);
    EXPECT_EQ(path(nullptr), "/dir");
    know("sub", fd);
    EXPECT_EQ(path("file"), "/dir/sub/file");
    Address stat = team.room(88);
    int sub = static_cast<int>(team.call("open", -1, "/dir/sub", 0, 0));
    ASSERT_EQ(team.call("read_stat", sub, nullptr, 0, stat, 88), HK_B_OK);
    EXPECT_EQ(path("."), "/dir/sub");
    know("/");
    EXPECT_EQ(path("x"), "/x");
    EXPECT_EQ(path(".."), "/");
}

// As when a program is told by another one.
TEST_F(Refs, AreFoundByATeamThatWasNeverTold)
{
    Address buffer;

    know("/dir/sub");
    hk::Team fresh(hk::make_config(host.path.c_str()));
    EXPECT_GE(fresh.call("open_entry_ref", device, inode, "file", 0, 0), 0);
    buffer = fresh.room(100);
    EXPECT_EQ(
        fresh.call("entry_ref_to_path", device, inode, "file", buffer, 100),
        HK_B_OK);
    EXPECT_EQ(fresh.text(buffer), "/dir/sub/file");
    EXPECT_EQ(
        fresh.call("open_entry_ref", device, inode + 100000000, "file", 0, 0),
        HK_B_BAD_VALUE);
}

TEST_F(Refs, PlacesAreKnownAlways)
{
    device = 2;
    inode = 0;
    Address stat = team.room(88);
    team.call("read_stat", -1, "/dev/null", 1, stat, 88);
    know("/dev");
    hk::Team fresh(hk::make_config(host.path.c_str()));
    Address buffer = fresh.room(100);
    EXPECT_EQ(
        fresh.call("entry_ref_to_path", device, inode, "null", buffer, 100),
        HK_B_OK);
    EXPECT_EQ(fresh.text(buffer), "/dev/null");
}

TEST_F(Refs, OpenAndMakeDirectories)
{
    know("/dir");
    EXPECT_GE(team.call("open_dir_entry_ref", device, inode, nullptr), 0);
    EXPECT_GE(team.call("open_dir_entry_ref", device, inode, "sub"), 0);
    EXPECT_GE(team.call("open_dir_entry_ref", device, inode, "link"), 0);
    EXPECT_EQ(team.call("open_dir_entry_ref", device, inode, "none"),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("create_dir_entry_ref", device, inode, "new", 0755),
              HK_B_OK);
    EXPECT_TRUE(host.has("dir/new"));
    EXPECT_EQ(team.call("create_dir_entry_ref", device, inode, "new", 0755),
              HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir_entry_ref", device, inode, "a/b", 0755),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("create_dir_entry_ref", device, inode, nullptr, 0755),
              HK_B_BAD_ADDRESS);
}

TEST_F(Refs, PathsNeedNotExistButTheirDirectory)
{
    know("/dir/sub");
    EXPECT_EQ(path("none"), "/dir/sub/none");
    EXPECT_EQ(path(".."), "/dir");
    EXPECT_EQ(path("a/b"), "B_BAD_VALUE");
    EXPECT_EQ(path(""), "B_BAD_VALUE");
    EXPECT_EQ(path("none", 14), "/dir/sub/none");
    EXPECT_EQ(path("none", 13), "B_BUFFER_OVERFLOW");
    inode += 1000000;
    EXPECT_EQ(path("none"), "B_BAD_VALUE");
}

TEST_F(Refs, AMovedDirectoryIsNotTakenForAnother)
{
    know("/dir/sub");
    std::filesystem::rename(host.at("dir/sub"), host.at("dir/moved"));
    host.make("dir/sub");
    EXPECT_GE(open("file"), 0);
    EXPECT_EQ(path("file"), "/dir/moved/file");
}

} // namespace
