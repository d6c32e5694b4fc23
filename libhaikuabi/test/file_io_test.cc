// file_io_test.cc -- read, write, their vectored forms, and seek.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class FileIo : public testing::Test
{
  protected:
    FileIo() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "0123456789");
        root.make("directory");
        return hk::make_config(root.path.c_str());
    }

    int open(const char *path, int mode)
    {
        return static_cast<int>(team.call("open", -1, path, mode, 0644));
    }

    hk::Directory root;
    hk::Team team;
    Address buffer = team.room(8192);
};

TEST_F(FileIo, ReadsOnFromWhereItIsAndAtAGivenPosition)
{
    int fd = open("/file", 0);

    EXPECT_EQ(fd, 3);
    EXPECT_EQ(team.call("read", fd, INT64_C(-1), buffer, 4), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "0123");
    EXPECT_EQ(team.call("read", fd, INT64_C(8), buffer, 100), 2);
    EXPECT_EQ(team.bytes(buffer, 2), "89");
    EXPECT_EQ(team.call("read", fd, INT64_C(-1), buffer, 100), 6);
    EXPECT_EQ(team.bytes(buffer, 6), "456789");
    EXPECT_EQ(team.call("read", fd, INT64_C(-1), buffer, 100), 0);
    EXPECT_EQ(team.call("read", fd, INT64_C(-2), buffer, 1), HK_B_BAD_VALUE);
}

TEST_F(FileIo, ReadsIntoPagesWhoseStoresAreWatched)
{
    std::string text(7000, 'x');
    root.write("long", text + "end");
    int fd = open("/long", 0);

    harness_watch(team.harness, HARNESS_MEMORY + 4096);
    int64_t count = team.call("read", fd, INT64_C(0), buffer, 7003);
    EXPECT_EQ(count, 7003);
    EXPECT_EQ(team.bytes(buffer, 7003), text + "end");
}

} // namespace
