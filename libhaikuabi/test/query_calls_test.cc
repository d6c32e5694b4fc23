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

    // How many entries are told.
    int64_t count(int fd)
    {
        Address entries = team.room(8192);

        EXPECT_GE(fd, 0);
        return team.call("read_dir", fd, entries, 8192, 1000);
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

// What has no index leads to nothing, unless that is asked for.
TEST_F(Queries, GoByIndices)
{
    enum { NON_INDEXED = 2 };
    int fd = static_cast<int>(team.call("open", -1, "/a/two.txt", 2, 0));
    if (team.call("write_attr", fd, "color", 0x43535452, int64_t{0}, "red",
                  4) == HK_B_UNSUPPORTED)
        GTEST_SKIP() << "no attributes on this file system";
    struct {
        const char *query;
        int found, found_by_all;
    } rows[] = {
        {"color==red", 0, 1},
        {"color!=blue", 0, 1},
        {"!(color==blue)", 0, 1},
        {"color==red&&name==two.txt", 1, 1},
        {"name==two.txt&&color==red", 1, 1},
        {"color==red||name==three.txt", 1, 2},
        {"(color==red||name==two.txt)&&name==*.txt", 1, 1},
        {"(color==red||name==two.txt)&&name!=x", 1, 2},
        // of two without, the left one leads
        {"color==red&&name!=x", 0, 1},
        {"name!=x&&color==red", 1, 1},
        // what two lead to is found twice
        {"name==two.txt||size==2", 2, 2},
    };

    for (const auto &row : rows) {
        EXPECT_EQ(count(open(row.query)), row.found) << row.query;
        EXPECT_EQ(count(open(row.query, NON_INDEXED)), row.found_by_all)
            << row.query;
    }
    EXPECT_EQ(team.call("create_index", 3, "color", 0x43535452, 0), HK_B_OK);
    EXPECT_EQ(count(open("color==red")), 1);
    EXPECT_EQ(count(open("color!=blue")), 1);
    EXPECT_EQ(team.call("remove_index", 3, "name"), HK_B_OK);
    EXPECT_EQ(count(open("name==two.txt")), 0);
}

// A directory has no size there.
TEST_F(Queries, FindSizesOfFilesAlone)
{
    EXPECT_EQ(names(open("size>=0&&name==[a-b]")), std::set<std::string>{});
    EXPECT_EQ(names(open("name==[a-b]")), (std::set<std::string>{"a", "b"}));
    EXPECT_EQ(count(open("last_modified>0&&name==link")), 1);
}

TEST_F(Queries, LookAgainWhenRewound)
{
    int fd = open("name==\"*.txt\"");

    EXPECT_EQ(names(fd).size(), 4u);
    host.write("root/seven.txt", "7");
    std::filesystem::remove(host.at("root/one.txt"));
    EXPECT_EQ(names(fd), std::set<std::string>{});
    EXPECT_EQ(team.call("rewind_dir", fd), HK_B_OK);
    EXPECT_EQ(names(fd), (std::set<std::string>{"seven.txt", "two.txt",
                                                "three.txt", "six.txt"}));
}

TEST_F(Queries, TakeSoManyComparisons)
{
    std::string formula = "name==x";

    for (int i = 1; i < 32; i++)
        formula += "||name==x";
    EXPECT_GE(open(formula), 0);
    formula += "||name==x";
    EXPECT_EQ(open(formula), HK_B_TOO_MANY_ARGS);

    hk_config old = hk::make_config(root.c_str());
    old.release = HK_R1BETA4; // as many as there are
    hk::Team beta4(old);
    EXPECT_GE(beta4.call("open_query", 3, formula,
                         static_cast<int>(formula.size()), 0, -1, 0),
              0);
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
