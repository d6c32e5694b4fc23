// query_calls_test.cc -- queries over volumes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <set>
#include <sys/stat.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Queries : public testing::Test
{
  protected:
    Queries() : team(config()) {}

    hk_config config()
    {
        host.write("root/one.txt", "1");
        host.write("root/a/two.txt", "22");
        host.write("root/a/b/three.txt", "333");
        host.write("root/a/b/four.c", "4444");
        host.write("outside/five.txt", "5");
        host.write("data/six.txt", "6");
        host.link("root/link", "../outside");
        root = host.at("root");
        data = host.at("data");
        bind = {data.c_str(), "/host/data", 0};
        hk_config made = hk::make_config(root.c_str());
        made.binds = &bind;
        made.bind_count = 1;
        return made;
    }

    int open(const std::string &query, int flags = 0)
    {
        return static_cast<int>(team.call("open_query", 3, query,
                                          static_cast<int>(query.size()), flags,
                                          -1, 0));
    }
    // What read_dir tells: names, and where they can be opened by number.
    std::set<std::string> names(int fd, int most = 100)
    {
        Address entries = team.room(8192);
        std::set<std::string> found;
        int64_t count;

        while ((count = team.call("read_dir", fd, entries, 8192, most)) > 0)
            for (uint32_t at = 0; count > 0; count--) {
                std::string name = team.text({entries.value + at + 26});
                int file = static_cast<int>(team.call(
                    "open_entry_ref", team.get<int32_t>(entries, at + 4),
                    team.get<int64_t>(entries, at + 16), name, 0, 0));
                EXPECT_GE(file, 0) << name;
                team.call("close", file);
                found.insert(name);
                at += team.get<uint16_t>(entries, at + 24);
            }
        EXPECT_EQ(count, 0);
        return found;
    }

    hk::Directory host;
    std::string root, data;
    hk_bind bind;
    hk::Team team;
};

TEST_F(Queries, FindFilesOfAllDirectories)
{
    int fd = open("name==\"*.txt\"");
    ASSERT_GE(fd, 0);
    const std::set<std::string> texts = {"one.txt", "two.txt", "three.txt",
                                         "six.txt"};
    EXPECT_EQ(names(fd), texts);
    EXPECT_EQ(team.call("rewind_dir", fd), HK_B_OK);
    EXPECT_EQ(names(fd, 1), texts);
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(names(open("size>2&&name!=\"*.c\"&&name==\"*.*\"")),
              (std::set<std::string>{"three.txt"}));
    EXPECT_EQ(names(open("name==nothing")), std::set<std::string>{});
}

TEST_F(Queries, AreNoFilesThemselves)
{
    Address stat = team.room(96), small = team.room(16);
    int fd = open("name==\"*.txt\"");

    EXPECT_EQ(team.call("read_stat", fd, nullptr, 0, stat, 88),
              HK_B_UNSUPPORTED);
    EXPECT_LT(team.call("read", fd, int64_t{0}, stat, 4), 0);
    EXPECT_LT(team.call("open", fd, "one.txt", 0, 0), 0);
    EXPECT_EQ(team.call("read_dir", fd, small, 16, 10), HK_B_BUFFER_OVERFLOW);
    EXPECT_LT(team.call("setcwd", fd, nullptr), 0);
    EXPECT_LT(team.call("ioctl", fd, 0x8000, stat, 4), 0);
}

TEST_F(Queries, RefuseByName)
{
    Address kernel{0x80000000};

    EXPECT_EQ(open("no formula"), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_query", 1, "name=*", 6, 0, -1, 0),
              HK_B_UNSUPPORTED);
    EXPECT_EQ(team.call("open_query", 77, "name=*", 6, 0, -1, 0),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_query", -1, "name=*", 6, 0, -1, 0),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_query", 3, nullptr, 6, 0, -1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_query", 3, "", 0, 0, -1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_query", 3, kernel, 6, 0, -1, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("open_query", 3, "x", 65536, 0, -1, 0),
              HK_B_NAME_TOO_LONG);
}

// Only the length that is given counts.
TEST_F(Queries, AreCutToTheirLength)
{
    EXPECT_GE(team.call("open_query", 3, "size==1garbage(", 7, 0, -1, 0), 0);
}

} // namespace
