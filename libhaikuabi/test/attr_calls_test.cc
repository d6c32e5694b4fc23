// attr_calls_test.cc -- attributes: opened, listed, read and written by name.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/xattr.h>

#include <set>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr uint32_t string_type = 0x43535452; // 'CSTR'

class Attributes : public testing::Test
{
  protected:
    Attributes() : team(config(root))
    {
        fd = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    }

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "file");
        root.write("other", "other");
        root.link("link", "file");
        return hk::make_config(root.path.c_str());
    }

    void SetUp() override
    {
        if (::setxattr(root.at("other").c_str(), "user.x", "", 0, 0) < 0)
            GTEST_SKIP() << "the host has no attributes here";
    }

    int64_t write(const char *name, const std::string &value, int64_t pos = 0,
                  uint32_t type = string_type)
    {
        return team.call("write_attr", fd, name, type, pos, value,
                         static_cast<int>(value.size()));
    }

    std::string read(const char *name, int64_t pos = 0, int size = 1000)
    {
        int64_t count = team.call("read_attr", fd, name, pos, buffer, size);
        return count < 0 ? hk_status_name(static_cast<int32_t>(count))
                         : team.bytes(buffer, static_cast<size_t>(count));
    }

    std::set<std::string> list(int dir, int size = 4096)
    {
        std::set<std::string> names;
        int64_t count;
        while ((count = team.call("read_dir", dir, buffer, size, 100)) > 0) {
            uint32_t at = 0;
            for (; count > 0; count--) {
                names.insert(team.text({buffer.value + at + 26}));
                at += team.get<uint16_t>(buffer, at + 24);
            }
        }
        return names;
    }

    hk::Directory root;
    hk::Team team;
    Address buffer = team.room(70000);
    int fd;
};

TEST_F(Attributes, AreKeptWithTheirType)
{
    EXPECT_EQ(write("BEOS:TYPE", "text/plain"), 10);
    EXPECT_EQ(read("BEOS:TYPE"), "text/plain");
    EXPECT_EQ(read("BEOS:TYPE", 5), "plain");
    EXPECT_EQ(read("BEOS:TYPE", 50), "");
    EXPECT_EQ(team.call("stat_attr", fd, "BEOS:TYPE", buffer), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(buffer), string_type);
    EXPECT_EQ(team.get<int64_t>(buffer, 4), 10);
    EXPECT_EQ(read("none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team.call("stat_attr", fd, "none", buffer), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Attributes, LieInTheHostsAsHaikusToolsPutThem)
{
    char raw[64];

    EXPECT_EQ(write("a/b%c", "xyz"), 3);
    EXPECT_EQ(::getxattr(root.at("file").c_str(), "user.haiku.a%\\b%%c", raw,
                         sizeof(raw)),
              7);
    EXPECT_EQ(std::string(raw, 7), "RTSCxyz");
    ::setxattr(root.at("file").c_str(), "user.haiku.%\\x", "LONG1234", 8, 0);
    EXPECT_EQ(read("/x"), "1234");
}

TEST_F(Attributes, WritingAtTheBeginningReplaces)
{
    EXPECT_EQ(write("a", "0123456789"), 10);
    EXPECT_EQ(write("a", "XY", 4), 2);
    EXPECT_EQ(read("a"), "0123XY6789");
    EXPECT_EQ(write("a", "Z", 12), 1);
    EXPECT_EQ(read("a"), std::string("0123XY6789\0\0Z", 13));
    EXPECT_EQ(write("a", "new", 0, 77), 3);
    EXPECT_EQ(read("a"), "new");
    EXPECT_EQ(team.call("stat_attr", fd, "a", buffer), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(buffer), 77u);
    EXPECT_EQ(write("a", "x", 1 << 20), HK_B_DEVICE_FULL);
    EXPECT_EQ(write("a", "x", -2), HK_B_BAD_VALUE);
}

TEST_F(Attributes, CanBeOpened)
{
    int attr = static_cast<int>(
        team.call("open_attr", -1, "/link", "a", string_type, 0x202));
    ASSERT_GE(attr, 0);
    EXPECT_EQ(team.call("write", attr, INT64_C(-1), "hello", 5), 5);
    EXPECT_EQ(team.call("write", attr, INT64_C(-1), " you", 4), 4);
    EXPECT_EQ(team.call("write", attr, INT64_C(0), "J", 1), 1);
    EXPECT_EQ(read("a"), "Jello you");
    EXPECT_EQ(team.call("seek", attr, INT64_C(-3), 2), 6);
    EXPECT_EQ(team.call("read", attr, INT64_C(-1), buffer, 9), 3);
    EXPECT_EQ(team.bytes(buffer, 3), "you");
    EXPECT_EQ(team.call("seek", attr, INT64_C(-1), 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("seek", attr, INT64_C(0), 3), HK_B_BAD_VALUE);
    Address vec = team.room(8);
    team.set(vec, 0, buffer.value);
    team.set(vec, 4, 4u);
    EXPECT_EQ(team.call("readv", attr, INT64_C(1), vec, 1), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "ello");

    Address stat = team.room(88);
    EXPECT_EQ(team.call("read_stat", attr, nullptr, 0, stat, 88), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(stat, 76), string_type);
    EXPECT_EQ(team.get<int64_t>(stat, 28), 9);
    team.set(stat, 28, INT64_C(2));
    EXPECT_EQ(team.call("write_stat", attr, nullptr, 0, stat, 88, 8), HK_B_OK);
    EXPECT_EQ(read("a"), "Je");
    EXPECT_EQ(team.call("write_stat", attr, nullptr, 0, stat, 88, 1),
              HK_B_NOT_SUPPORTED);
}

TEST_F(Attributes, AreMadeByTheFirstWrite)
{
    int attr = static_cast<int>(
        team.call("open_attr", fd, nullptr, "a", string_type, 0x302));
    Address stat = team.room(88);

    ASSERT_GE(attr, 0);
    EXPECT_EQ(team.call("write", attr, INT64_C(0), "", 0), 0);
    EXPECT_EQ(team.call("stat_attr", fd, "a", buffer), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("read", attr, INT64_C(0), buffer, 9),
              HK_B_NOT_INITIALIZED);
    EXPECT_EQ(team.call("read_stat", attr, nullptr, 0, stat, 88),
              HK_B_NOT_INITIALIZED);
    EXPECT_EQ(team.call("seek", attr, INT64_C(0), 2), HK_B_NOT_INITIALIZED);
    EXPECT_EQ(team.call("write", attr, INT64_C(2), "x", 1), 1);
    EXPECT_EQ(read("a"), std::string("\0\0x", 3));
    EXPECT_EQ(team.call("stat_attr", fd, "a", buffer), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(buffer), string_type);
    // Once more, when somebody has removed it; not without O_CREAT.
    int plain = static_cast<int>(
        team.call("open_attr", fd, nullptr, "a", string_type, 0x2));
    EXPECT_EQ(team.call("remove_attr", fd, "a"), HK_B_OK);
    EXPECT_EQ(team.call("write", plain, INT64_C(0), "x", 1),
              HK_B_NOT_INITIALIZED);
    EXPECT_EQ(team.call("write", attr, INT64_C(0), "y", 1), 1);
    EXPECT_EQ(read("a"), "y");
}

// Who opens one that is there to make it gives it another type.
TEST_F(Attributes, GetTheTypeOfWhoWritesThem)
{
    EXPECT_EQ(write("a", "text", 0, 77), 4);
    int attr = static_cast<int>(
        team.call("open_attr", fd, nullptr, "a", string_type, 0x202));

    EXPECT_EQ(team.call("stat_attr", fd, "a", buffer), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(buffer), 77u);
    EXPECT_EQ(team.call("write", attr, INT64_C(0), "T", 1), 1);
    EXPECT_EQ(read("a"), "Text");
    EXPECT_EQ(team.call("stat_attr", fd, "a", buffer), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(buffer), string_type);
}

TEST_F(Attributes, OpenAsksForTheModesOfFiles)
{
    EXPECT_EQ(write("a", "text"), 4);
    const struct {
        const char *path, *name;
        int mode;
        int64_t result; // 0: a descriptor
    } rows[] = {
        {"/file", "a", 0x0, 0},
        {"/file", "b", 0x0, HK_B_ENTRY_NOT_FOUND},
        {"/file", "", 0x0, HK_B_BAD_VALUE},
        {"/none", "a", 0x0, HK_B_ENTRY_NOT_FOUND},
        {"/file", "a", 0x3, HK_B_BAD_VALUE},
        {"/file", "a", 0x301, HK_B_FILE_EXISTS},
        {"/file", "a", 0x201, 0},
        {"/file", "b", 0x301, 0},
        // A symlink has none on the host.
        {"/link", "a", 0x2000, HK_B_ENTRY_NOT_FOUND},
        {"/link", "a", 0x2201, 0},
        {"/dev", "a", 0x0, HK_B_UNSUPPORTED},
    };
    for (const auto &row : rows) {
        int64_t result =
            team.call("open_attr", -1, row.path, row.name, 1u, row.mode);
        if (row.result == 0)
            EXPECT_GE(result, 0) << row.path << row.name << row.mode;
        else
            EXPECT_EQ(result, row.result) << row.path << row.name << row.mode;
    }
    EXPECT_EQ(read("a"), "text");
    EXPECT_EQ(team.call("write",
                        static_cast<int>(team.call("open_attr", -1, "/link",
                                                   "a", 1u, 0x2201)),
                        INT64_C(0), "x", 1),
              HK_B_UNSUPPORTED);
    EXPECT_GE(team.call("open_attr", fd, nullptr, "a", 1u, 0x401), 0);
    EXPECT_EQ(read("a"), "");
    EXPECT_EQ(team.call("open_attr", fd, nullptr, nullptr, 1u, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("open_attr", 99, nullptr, "a", 1u, 0), HK_B_FILE_ERROR);
}

TEST_F(Attributes, AreListed)
{
    for (const char *name : {"one", "two", "BEOS:TYPE", "a/b"})
        EXPECT_EQ(write(name, "x"), 1);
    ::setxattr(root.at("file").c_str(), "user.foreign", "x", 1, 0);
    std::set<std::string> expected{"one", "two", "BEOS:TYPE", "a/b"};
    int dir = static_cast<int>(team.call("open_attr_dir", -1, "/link", 1));
    ASSERT_GE(dir, 0);
    EXPECT_EQ(list(dir), expected);
    EXPECT_EQ(team.call("rewind_dir", dir), HK_B_OK);
    EXPECT_EQ(list(dir, 40), expected);
    EXPECT_EQ(
        list(static_cast<int>(team.call("open_attr_dir", fd, nullptr, 0))),
        expected);
    EXPECT_EQ(
        list(static_cast<int>(team.call("open_attr_dir", -1, "/link", 0))),
        std::set<std::string>());
    EXPECT_EQ(team.call("open_attr_dir", -1, "/none", 1), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("open_attr_dir", -1, "/dev", 1), HK_B_UNSUPPORTED);
}

TEST_F(Attributes, AreRemovedAndNotRenamed)
{
    int other = static_cast<int>(team.call("open", -1, "/other", 0, 0));

    EXPECT_EQ(write("a", "x"), 1);
    EXPECT_EQ(team.call("rename_attr", fd, "a", fd, "b"), HK_B_NOT_SUPPORTED);
    EXPECT_EQ(team.call("rename_attr", fd, "a", other, "b"),
              HK_B_NOT_SUPPORTED);
    EXPECT_EQ(read("b"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("a"), "x");
    EXPECT_EQ(team.call("remove_attr", fd, "a"), HK_B_OK);
    EXPECT_EQ(team.call("remove_attr", fd, "a"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("remove_attr", 99, "c"), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("remove_attr", fd, ""), HK_B_BAD_VALUE);
}

TEST_F(Attributes, NamesAndBuffersAreChecked)
{
    EXPECT_EQ(team.call("read_attr", fd, nullptr, INT64_C(0), buffer, 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("write_attr", fd, nullptr, 1u, INT64_C(0), buffer, 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("stat_attr", fd, "a", nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(write(std::string(256, 'n').c_str(), "x"), HK_B_NAME_TOO_LONG);
    EXPECT_EQ(write(std::string(250, 'n').c_str(), "x"), HK_B_NAME_TOO_LONG);
    EXPECT_EQ(write(std::string(240, 'n').c_str(), "x"), 1);
    EXPECT_EQ(write("a", "x"), 1);
    EXPECT_EQ(team.call("read_attr", fd, "a", INT64_C(0), nullptr, 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("write_attr", fd, "a", 1u, INT64_C(1), nullptr, 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(read("a"), "x");
}

} // namespace
