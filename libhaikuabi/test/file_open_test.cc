// file_open_test.cc -- open, its like for directories, close and dup.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

// haiku-abi/structs.md, "open flags".
enum Mode {
    RDONLY = 0,
    WRONLY = 1,
    RDWR = 2,
    CLOEXEC = 0x40,
    NONBLOCK = 0x80,
    EXCL = 0x100,
    CREAT = 0x200,
    TRUNC = 0x400,
    APPEND = 0x800,
    NOTRAVERSE = 0x2000,
    NOFOLLOW = 0x80000,
    DIRECTORY = 0x200000
};

enum { GETFD = 2, GETFL = 8 };

class FileOpen : public testing::Test
{
  protected:
    FileOpen() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "0123456789");
        root.make("d/e");
        root.link("link", "file");
        root.link("dlink", "d");
        root.link("dangling", "made");
        root.link("loop", "loop");
        ::mkfifo(root.at("fifo").c_str(), 0644);
        return hk::make_config(root.path.c_str());
    }

    int64_t open(const std::string &path, int mode, int perms = 0644)
    {
        return team.call("open", -1, path, mode, perms);
    }

    // Opened and closed again: B_OK, or the error.
    int64_t try_open(const std::string &path, int mode)
    {
        int64_t fd = open(path, mode);
        if (fd >= 0)
            return team.call("close", static_cast<int>(fd));
        return fd;
    }

    hk::Directory root;
    hk::Team team;
};

TEST_F(FileOpen, TakesOrRefusesEachKindOfFile)
{
    const struct {
        const char *path;
        int mode;
        int64_t result;
    } rows[] = {
        {"/file", RDONLY, HK_B_OK},
        {"/file", RDWR, HK_B_OK},
        {"/file", 3, HK_B_BAD_VALUE},
        {"/file", DIRECTORY, HK_B_NOT_A_DIRECTORY},
        {"/file", CREAT, HK_B_OK},
        {"/file", CREAT | EXCL, HK_B_FILE_EXISTS},
        {"/file/x", RDONLY, HK_B_NOT_A_DIRECTORY},
        {"/none", RDONLY, HK_B_ENTRY_NOT_FOUND},
        {"/none/x", CREAT, HK_B_ENTRY_NOT_FOUND},
        {"/d", RDONLY, HK_B_OK},
        {"/d", DIRECTORY, HK_B_OK},
        {"/d", WRONLY, HK_B_IS_A_DIRECTORY},
        {"/d", CREAT, HK_B_OK},
        {"/d", CREAT | RDWR, HK_B_IS_A_DIRECTORY},
        {"/d", CREAT | EXCL, HK_B_FILE_EXISTS},
        {"/link", RDONLY, HK_B_OK},
        {"/link", NOFOLLOW, HK_B_LINK_LIMIT},
        {"/link", NOTRAVERSE, HK_B_OK},
        {"/link", CREAT | EXCL, HK_B_FILE_EXISTS},
        {"/dlink", DIRECTORY, HK_B_OK},
        {"/dlink/e", RDONLY, HK_B_OK},
        {"/dlink/e", NOFOLLOW, HK_B_OK},
        {"/loop", RDONLY, HK_B_LINK_LIMIT},
        {"/loop", NOTRAVERSE, HK_B_OK},
        {"/dangling", RDONLY, HK_B_ENTRY_NOT_FOUND},
        {"/fifo", RDONLY | NONBLOCK, HK_B_OK},
        {"/fifo", RDWR, HK_B_OK},
        {"", RDONLY, HK_B_ENTRY_NOT_FOUND},
    };
    for (const auto &row : rows)
        EXPECT_EQ(try_open(row.path, row.mode), row.result)
            << row.path << " " << row.mode;
}

TEST_F(FileOpen, MakesFilesWithTheirPermissions)
{
    struct stat info;

    ASSERT_EQ(try_open("/new", CREAT | WRONLY), HK_B_OK);
    ASSERT_EQ(::stat(root.at("new").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0600u, 0600u);
    int64_t fd = open("/secret", CREAT | RDWR, 0);
    EXPECT_GE(fd, 3);
    ASSERT_EQ(::stat(root.at("secret").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0u);
    EXPECT_EQ(team.call("write", static_cast<int>(fd), INT64_C(-1), "x", 1), 1);
    EXPECT_EQ(try_open("/dangling", CREAT | WRONLY), HK_B_OK);
    EXPECT_TRUE(root.has("made"));
}

TEST_F(FileOpen, TruncatesOnRequest)
{
    EXPECT_EQ(try_open("/file", RDONLY), HK_B_OK);
    EXPECT_EQ(root.read("file").size(), 10u);
    EXPECT_EQ(try_open("/file", WRONLY | TRUNC), HK_B_OK);
    EXPECT_EQ(root.read("file"), "");
}

TEST_F(FileOpen, TheModeIsKeptWithTheFile)
{
    const struct {
        int mode, told, flags;
    } rows[] = {
        {RDONLY, RDONLY, 0},
        {RDWR | APPEND, RDWR | APPEND, 0},
        {WRONLY | NONBLOCK, WRONLY | NONBLOCK, 0},
        {RDONLY | CLOEXEC, RDONLY | CLOEXEC, 1},
    };
    for (const auto &row : rows) {
        int fd = static_cast<int>(open("/file", row.mode));
        EXPECT_EQ(team.call("fcntl", fd, GETFL, 0) & ~CLOEXEC,
                  row.told & ~CLOEXEC);
        EXPECT_EQ(team.call("fcntl", fd, GETFD, 0), row.flags);
        int copy = static_cast<int>(team.call("dup", fd));
        EXPECT_EQ(team.call("fcntl", copy, GETFD, 0), 0);
    }
}

TEST_F(FileOpen, DirectoriesAreOpenedByTheirDescriptorToo)
{
    int d = static_cast<int>(team.call("open_dir", -1, "/d"));

    EXPECT_EQ(team.call("fcntl", d, GETFD, 0), 1);
    EXPECT_GE(team.call("open_dir", d, nullptr), 3);
    EXPECT_GE(team.call("open_dir", d, "e"), 3);
    EXPECT_EQ(team.call("open_dir", -1, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("open_dir", 99, nullptr), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("open_dir", -1, "/file"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("open_dir", -1, "/dlink"), d + 3);
    EXPECT_EQ(team.call("open_dir", -1, Address{0x80000000}), HK_B_BAD_ADDRESS);
}

TEST_F(FileOpen, AParentTellsTheNameOfItsChild)
{
    Address name = team.room(256);
    int e = static_cast<int>(team.call("open_dir", -1, "/d/e"));
    int root_fd = static_cast<int>(team.call("open_dir", -1, "/"));
    int file = static_cast<int>(open("/file", RDONLY));

    EXPECT_GE(team.call("open_parent_dir", e, name, 256), 3);
    EXPECT_EQ(team.text(name), "e");
    EXPECT_GE(team.call("open_parent_dir", root_fd, name, 256), 3);
    EXPECT_EQ(team.text(name), ".");
    EXPECT_GE(team.call("open_parent_dir", e, nullptr, 0), 3);
    EXPECT_EQ(team.call("open_parent_dir", e, name, 1), HK_B_BUFFER_OVERFLOW);
    EXPECT_EQ(team.call("open_parent_dir", e, Address{0x50000000}, 256),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("open_parent_dir", file, name, 256),
              HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("open_parent_dir", 99, name, 256), HK_B_FILE_ERROR);
    // What failed has left no descriptor behind.
    EXPECT_EQ(team.call("dup", 0), file + 4);
}

TEST_F(FileOpen, ClosedNumbersAreNone)
{
    int fd = static_cast<int>(open("/file", RDONLY));

    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(team.call("close", fd), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("close", -1), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("close", INT32_MAX), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("dup", fd), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("dup2", fd, 7), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("dup2", 0, -1), HK_B_FILE_ERROR);
}

TEST(FileOpenR1beta6, Dup2TakesFlags)
{
    hk::Directory root;
    hk_config config = hk::make_config(root.path.c_str());
    config.release = HK_R1BETA6;
    hk::Team team(config);

    EXPECT_EQ(team.call("dup2", 0, 7, CLOEXEC), 7);
    EXPECT_EQ(team.call("fcntl", 7, GETFD, 0), 1);
    EXPECT_EQ(team.call("dup2", 0, 7, 0), 7);
    EXPECT_EQ(team.call("fcntl", 7, GETFD, 0), 0);
    EXPECT_EQ(team.call("dup2", 0, 7, APPEND), HK_B_BAD_VALUE);
}

} // namespace
