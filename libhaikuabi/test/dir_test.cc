// dir_test.cc -- open_dir, read_dir and rewind_dir.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

struct Entry {
    int32_t device, parent_device;
    int64_t inode, parent_inode;
    uint32_t size;
    std::string name;
};

class Dir : public testing::Test
{
  protected:
    Dir()
    {
        host.write("root/many/a", "");
        host.make("root/many/b");
        host.link("root/many/c", "a");
        host.make("data/inner");
        host.make("root/boot/covered");
        root = host.at("root");
        data = host.at("data");
        binds = {{data.c_str(), "/boot/bound/here", 0},
                 {data.c_str(), "/boot/covered", 0}};
        hk_config config = hk::make_config(root.c_str());
        config.binds = binds.data();
        config.bind_count = binds.size();
        team = std::make_unique<hk::Team>(config);
        buffer = team->room(65536);
    }

    int open(const char *path)
    {
        return static_cast<int>(team->call("open_dir", -1, path));
    }

    int64_t read(int fd, int size = 65536, uint32_t count = 65535)
    {
        return team->call("read_dir", fd, buffer, size, count);
    }

    std::vector<Entry> entries(int64_t count)
    {
        std::vector<Entry> all;
        uint32_t at = 0;
        for (int64_t i = 0; i < count; i++) {
            Entry entry;
            entry.device = team->get<int32_t>(buffer, at);
            entry.parent_device = team->get<int32_t>(buffer, at + 4);
            entry.inode = team->get<int64_t>(buffer, at + 8);
            entry.parent_inode = team->get<int64_t>(buffer, at + 16);
            entry.size = team->get<uint16_t>(buffer, at + 24);
            entry.name = team->text({buffer.value + at + 26});
            at += entry.size;
            all.push_back(entry);
        }
        return all;
    }

    std::multiset<std::string> names(int fd, int size = 65536,
                                     uint32_t max = 65535)
    {
        std::multiset<std::string> all;
        int64_t count;
        while ((count = read(fd, size, max)) > 0) {
            EXPECT_LE(count, max);
            for (const Entry &entry : entries(count))
                all.insert(entry.name);
        }
        EXPECT_EQ(count, 0);
        return all;
    }

    std::pair<int32_t, int64_t> identity(const std::string &path)
    {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 0, stat, 88), 0) << path;
        return {team->get<int32_t>(stat), team->get<int64_t>(stat, 4)};
    }

    hk::Directory host;
    std::string root, data;
    std::vector<hk_bind> binds;
    std::unique_ptr<hk::Team> team;
    Address buffer{};
};

using Names = std::multiset<std::string>;

TEST_F(Dir, ListsEveryEntryOnceAndTheDots)
{
    int fd = open("/many");

    ASSERT_GE(fd, 0);
    EXPECT_EQ(names(fd), (Names{".", "..", "a", "b", "c"}));
    EXPECT_EQ(read(fd), 0);
    EXPECT_EQ(team->call("rewind_dir", fd), HK_B_OK);
    EXPECT_EQ(names(fd, 64), (Names{".", "..", "a", "b", "c"}));
    EXPECT_EQ(team->call("rewind_dir", fd), HK_B_OK);
    EXPECT_EQ(names(fd, 65536, 1), (Names{".", "..", "a", "b", "c"}));
    EXPECT_EQ(team->call("rewind_dir", fd), HK_B_OK);
    EXPECT_EQ(names(fd, 65536, 2), (Names{".", "..", "a", "b", "c"}));
}

TEST_F(Dir, EntriesAreWhatStatSays)
{
    int fd = open("/many");
    auto self = identity("/many");

    for (const Entry &entry : entries(read(fd))) {
        auto there = identity("/many/" + entry.name);
        EXPECT_EQ(entry.device, there.first) << entry.name;
        EXPECT_EQ(entry.inode, there.second) << entry.name;
        EXPECT_EQ(entry.parent_device, self.first);
        EXPECT_EQ(entry.parent_inode, self.second);
        EXPECT_EQ(entry.size % 8, 0u);
    }
}

TEST_F(Dir, MountsAreEntriesToo)
{
    for (const char *path : {"/", "/boot", "/boot/bound", "/boot/bound/here",
                             "/boot/covered", "/dev"}) {
        int fd = open(path);
        ASSERT_GE(fd, 0) << path;
        for (const Entry &entry : entries(read(fd))) {
            auto there = identity(std::string(path) + "/" + entry.name);
            EXPECT_EQ(entry.device, there.first) << path << entry.name;
            EXPECT_EQ(entry.inode, there.second) << path << entry.name;
        }
        team->call("close", fd);
    }
    EXPECT_EQ(names(open("/")), (Names{".", "..", "many", "boot", "dev"}));
    EXPECT_EQ(names(open("/boot")), (Names{".", "..", "bound", "covered"}));
    EXPECT_EQ(names(open("/boot"), 40), (Names{".", "..", "bound", "covered"}));
    EXPECT_EQ(names(open("/boot/bound")), (Names{".", "..", "here"}));
    EXPECT_EQ(names(open("/boot/bound"), 32, 1), (Names{".", "..", "here"}));
    EXPECT_EQ(names(open("/boot/covered")), (Names{".", "..", "inner"}));
    EXPECT_EQ(names(open("/dev")),
              (Names{".", "..", "null", "zero", "random", "urandom", "tty",
                     "ptmx", "pt", "tt"}));
}

TEST_F(Dir, ALongDirectoryComesInPieces)
{
    Names expected{".", ".."};
    for (int i = 0; i < 3000; i++) {
        std::string name = std::to_string(i) + std::string(i % 200, 'n');
        host.write("root/long/" + name, "");
        expected.insert(name);
    }
    EXPECT_EQ(names(open("/long"), 4096), expected);
    EXPECT_EQ(names(open("/long"), 300), expected);
    EXPECT_EQ(names(open("/long")), expected);
}

TEST_F(Dir, ABufferThatTakesNoEntryIsTooSmall)
{
    int fd = open("/many");

    EXPECT_EQ(read(fd, 0), HK_B_BUFFER_OVERFLOW);
    EXPECT_EQ(read(fd, 27), HK_B_BUFFER_OVERFLOW);
    EXPECT_EQ(read(fd, 28, 0), 0);
    // "." in 28 bytes; nothing was lost by the attempts before.
    EXPECT_EQ(read(fd, 29), 1);
    EXPECT_EQ(names(fd).size(), 4u);
}

TEST_F(Dir, OnlyOpenDirGivesWhatCanBeListed)
{
    int plain = static_cast<int>(team->call("open", -1, "/many", 0, 0));

    EXPECT_EQ(read(plain), HK_B_UNSUPPORTED);
    EXPECT_EQ(team->call("rewind_dir", plain), HK_B_UNSUPPORTED);
    EXPECT_EQ(read(99), HK_B_FILE_ERROR);
    EXPECT_EQ(team->call("rewind_dir", 99), HK_B_FILE_ERROR);
    EXPECT_EQ(open("/many/a"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(open("/none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team->call("open_dir", -1, nullptr), HK_B_BAD_VALUE);
    int again = static_cast<int>(team->call("open_dir", plain, nullptr));
    EXPECT_EQ(names(again).size(), 5u);
    EXPECT_EQ(team->call("read_dir", again, nullptr, 100, 1u),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("fcntl", again, 2, 0), 1); // closed by exec
    int file = static_cast<int>(team->call("open", -1, "/many/a", 0, 0));
    EXPECT_EQ(team->call("open_dir", file, nullptr), HK_B_NOT_A_DIRECTORY);
}

TEST_F(Dir, ParentsHaveANameForTheirChild)
{
    Address name = team->room(256);
    const struct {
        const char *path, *name, *child;
    } rows[] = {
        {"/many/b", "b", "a"},
        {"/boot/bound/here", "here", "here"},
        {"/boot/bound", "bound", "covered"},
        {"/boot/covered", "covered", "bound"},
        {"/", ".", "many"},
    };
    for (const auto &row : rows) {
        int fd = open(row.path);
        int parent =
            static_cast<int>(team->call("open_parent_dir", fd, name, 256));
        ASSERT_GE(parent, 0) << row.path;
        EXPECT_EQ(team->text(name), row.name);
        EXPECT_EQ(names(parent).count(row.child), 1u) << row.path;
    }
    int fd = open("/many/b");
    EXPECT_EQ(team->call("open_parent_dir", fd, name, 1), HK_B_BUFFER_OVERFLOW);
    EXPECT_GE(team->call("open_parent_dir", fd, nullptr, 0), 0);
    EXPECT_EQ(team->call("open_parent_dir", 99, name, 9), HK_B_FILE_ERROR);
}

// Haiku's fork shares open directories.
TEST_F(Dir, AForkedProcessSharesThePosition)
{
    int fd = open("/many");

    ASSERT_EQ(read(fd, 65536, 2), 2);
    pid_t child = ::fork();
    if (child == 0)
        ::_exit(static_cast<int>(read(fd, 65536, 2)));
    int status;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_EQ(read(fd), 1);
}

} // namespace
