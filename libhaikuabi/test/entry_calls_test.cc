// entry_calls_test.cc -- making, linking, moving and removing entries.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Entries : public testing::Test
{
  protected:
    Entries() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "file");
        root.write("full/inner", "inner");
        root.make("empty");
        root.link("link", "full");
        root.link("dangling", "none");
        return hk::make_config(root.path.c_str());
    }

    mode_t mode(const char *name)
    {
        struct stat info;
        EXPECT_EQ(::lstat(root.at(name).c_str(), &info), 0) << name;
        return info.st_mode;
    }

    hk::Directory root;
    hk::Team team;
};

TEST_F(Entries, MakesDirectories)
{
    ::umask(0);
    EXPECT_EQ(team.call("create_dir", -1, "/new", 0751), HK_B_OK);
    EXPECT_EQ(mode("new"), S_IFDIR | 0751u);
    EXPECT_EQ(team.call("create_dir", -1, "new/deep/", 0777), HK_B_OK);
    EXPECT_EQ(team.call("create_dir", -1, "/new", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir", -1, "/file", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir", -1, "/dangling", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir", -1, "/none/x", 0777),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("create_dir", -1, "/file/x", 0777),
              HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("create_dir", -1, "/", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir", -1, "/new/..", 0777), HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_dir", -1, "", 0777), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("create_dir", -1, nullptr, 0777), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("create_dir", 99, "x", 0777), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("create_dir", -1, std::string(256, 'x'), 0777),
              HK_B_NAME_TOO_LONG);
}

TEST_F(Entries, MakesThemBelowADescriptor)
{
    int dir = static_cast<int>(team.call("open_dir", -1, "/empty"));

    EXPECT_EQ(team.call("create_dir", dir, "sub", 0777), HK_B_OK);
    EXPECT_EQ(team.call("create_symlink", dir, "s", "sub", 0), HK_B_OK);
    EXPECT_EQ(team.call("create_link", dir, "hard", -1, "/file", 1), HK_B_OK);
    EXPECT_EQ(team.call("create_fifo", dir, "fifo", 0600), HK_B_OK);
    EXPECT_EQ(mode("empty/fifo"), S_IFIFO | 0600u);
    EXPECT_EQ(team.call("rename", dir, "hard", -1, "/moved"), HK_B_OK);
    EXPECT_EQ(root.read("moved"), "file");
    EXPECT_EQ(team.call("unlink", dir, "s"), HK_B_OK);
    EXPECT_EQ(team.call("remove_dir", dir, "sub"), HK_B_OK);
    EXPECT_FALSE(root.has("empty/sub"));
}

TEST_F(Entries, RemovesDirectories)
{
    EXPECT_EQ(team.call("remove_dir", -1, "/full"), HK_B_DIRECTORY_NOT_EMPTY);
    EXPECT_EQ(team.call("remove_dir", -1, "/file"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("remove_dir", -1, "/link"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("remove_dir", -1, "/none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("remove_dir", -1, "."), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("remove_dir", -1, "/full/.."), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("remove_dir", -1, ".."), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("remove_dir", -1, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("remove_dir", -1, "/empty/./"), HK_B_OK);
    EXPECT_FALSE(root.has("empty"));
}

TEST_F(Entries, UnlinksEverythingElse)
{
    EXPECT_EQ(team.call("unlink", -1, "/full"), HK_B_IS_A_DIRECTORY);
    EXPECT_EQ(team.call("unlink", -1, "/none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("unlink", -1, "/full/."), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("unlink", -1, ""), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("unlink", -1, "/link"), HK_B_OK);
    EXPECT_TRUE(root.has("full/inner"));
    EXPECT_EQ(team.call("unlink", -1, "/dangling"), HK_B_OK);
    EXPECT_EQ(team.call("unlink", -1, "/file"), HK_B_OK);
    EXPECT_FALSE(root.has("file"));
}

TEST_F(Entries, RenamesAndReplaces)
{
    const struct {
        const char *from, *to;
        int64_t result;
    } rows[] = {
        {"/none", "/x", HK_B_ENTRY_NOT_FOUND},
        {"/file", "/none/x", HK_B_ENTRY_NOT_FOUND},
        {"/file", "/file", HK_B_OK},
        {"/file", "/./file", HK_B_OK},
        {"/.", "/x", HK_B_BAD_VALUE},
        {"/file", "/full/..", HK_B_BAD_VALUE},
        {"/file", "/full", HK_B_IS_A_DIRECTORY},
        {"/full", "/file", HK_B_NOT_A_DIRECTORY},
        {"/empty", "/full", HK_B_DIRECTORY_NOT_EMPTY},
        {"/full", "/full/sub", HK_B_BAD_VALUE},
        {"/full", "/empty/", HK_B_OK},
        {"/file", "/empty/inner", HK_B_OK},
        {"/dangling", "/link", HK_B_OK},
    };
    for (const auto &row : rows)
        EXPECT_EQ(team.call("rename", -1, row.from, -1, row.to), row.result)
            << row.from << " " << row.to;
    EXPECT_EQ(root.read("empty/inner"), "file");
    EXPECT_FALSE(root.has("full"));
    EXPECT_EQ(team.call("rename", -1, nullptr, -1, "/x"), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("rename", -1, "/x", -1, nullptr), HK_B_BAD_ADDRESS);
}

TEST_F(Entries, LinksAreAsTheyWereMade)
{
    Address buffer = team.room(64), size = team.room(4);
    const std::string targets[] = {"/boot", "../x", "a b", "none/"};

    for (const auto &target : targets) {
        EXPECT_EQ(team.call("create_symlink", -1, "/made", target, 0777),
                  HK_B_OK);
        team.set(size, 0, 64u);
        EXPECT_EQ(team.call("read_link", -1, "/made", buffer, size), HK_B_OK);
        EXPECT_EQ(team.bytes(buffer, team.get<uint32_t>(size)), target);
        EXPECT_EQ(team.call("create_symlink", -1, "/made", "x", 0),
                  HK_B_FILE_EXISTS);
        EXPECT_EQ(team.call("unlink", -1, "/made"), HK_B_OK);
    }
    EXPECT_EQ(team.call("create_symlink", -1, "/made", "", 0),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("create_symlink", -1, "/made", nullptr, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("create_symlink", -1, "/file/x", "x", 0),
              HK_B_NOT_A_DIRECTORY);
}

// Haiku tells a link's length also when only its beginning fits.
TEST_F(Entries, ALinksBeginningIsReadIntoASmallBuffer)
{
    Address buffer = team.room(64), size = team.room(4);

    team.set(buffer, 0, 0xeeeeeeeeu);
    team.set(size, 0, 2u);
    EXPECT_EQ(team.call("read_link", -1, "/link", buffer, size), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(size), 4u);
    EXPECT_EQ(team.bytes(buffer, 4), "fu\xee\xee");
    EXPECT_EQ(team.call("read_link", -1, "/file", buffer, size),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_link", -1, "/none", buffer, size),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("read_link", -1, "/link", buffer, nullptr),
              HK_B_BAD_ADDRESS);
    int link = static_cast<int>(team.call("open", -1, "/link", 0x2000, 0));
    ASSERT_GE(link, 0);
    team.set(size, 0, 64u);
    EXPECT_EQ(team.call("read_link", link, nullptr, buffer, size), HK_B_OK);
    EXPECT_EQ(team.bytes(buffer, 4), "full");
    EXPECT_EQ(team.call("read_link", -1, nullptr, buffer, size),
              HK_B_BAD_VALUE);
}

TEST_F(Entries, HardLinksAreToTheFileOrTheLink)
{
    EXPECT_EQ(team.call("create_link", -1, "/hard", -1, "/file", 0), HK_B_OK);
    EXPECT_EQ(root.read("hard"), "file");
    root.link("to_file", "file");
    EXPECT_EQ(team.call("create_link", -1, "/followed", -1, "/to_file", 1),
              HK_B_OK);
    EXPECT_TRUE(S_ISREG(mode("followed")));
    EXPECT_EQ(team.call("create_link", -1, "/itself", -1, "/to_file", 0),
              HK_B_OK);
    EXPECT_TRUE(S_ISLNK(mode("itself")));
    EXPECT_EQ(team.call("create_link", -1, "/hard", -1, "/file", 0),
              HK_B_FILE_EXISTS);
    EXPECT_EQ(team.call("create_link", -1, "/x", -1, "/full", 0),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("create_link", -1, "/x", -1, "/none", 0),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("create_link", -1, "/x", -1, "/dev/null", 0),
              HK_B_CROSS_DEVICE_LINK);
}

TEST_F(Entries, OpenMakesFiles)
{
    ::umask(0);
    const struct {
        const char *path;
        int mode;
        int64_t result; // 0: a descriptor
    } rows[] = {
        {"/new", 0x201, 0},
        {"/new", 0x301, HK_B_FILE_EXISTS},
        {"/file", 0x301, HK_B_FILE_EXISTS},
        {"/dangling", 0x301, HK_B_FILE_EXISTS},
        {"/dangling", 0x80000, HK_B_LINK_LIMIT},
        {"/link", 0x80200, HK_B_LINK_LIMIT},
        {"/none/x", 0x201, HK_B_ENTRY_NOT_FOUND},
        {"/file/x", 0x201, HK_B_NOT_A_DIRECTORY},
        {"/full", 0x201, HK_B_IS_A_DIRECTORY},
        {"/full", 0x200, 0},
        {"/full", 0x0, 0},
        {"/full", 0x1, HK_B_IS_A_DIRECTORY},
        {"/full", 0x200000, 0},
        {"/link", 0x200000, 0},
        {"/file", 0x200000, HK_B_NOT_A_DIRECTORY},
        {"/file", 0x3, HK_B_BAD_VALUE},
        // The target of the link is made.
        {"/dangling", 0x201, 0},
        {"/none", 0x0, 0},
    };
    for (const auto &row : rows) {
        int64_t result = team.call("open", -1, row.path, row.mode, 0640);
        if (row.result == 0)
            EXPECT_GE(result, 0) << row.path << " " << row.mode;
        else
            EXPECT_EQ(result, row.result) << row.path << " " << row.mode;
    }
    EXPECT_EQ(mode("new"), S_IFREG | 0640u);
    EXPECT_GE(team.call("open", -1, "/file", 0x401, 0), 0);
    EXPECT_EQ(root.read("file"), "");
}

TEST_F(Entries, TheWorkingDirectoryFollowsItsDirectory)
{
    Address buffer = team.room(1024);

    EXPECT_EQ(team.call("setcwd", -1, "/link"), HK_B_OK);
    EXPECT_EQ(team.call("getcwd", buffer, 1024), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/full");
    EXPECT_GE(team.call("open", -1, "inner", 0, 0), 0);
    EXPECT_EQ(team.call("rename", -1, "/full", -1, "/renamed"), HK_B_OK);
    EXPECT_EQ(team.call("getcwd", buffer, 1024), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/renamed");
    EXPECT_EQ(team.call("getcwd", buffer, 5), HK_B_RESULT_NOT_REPRESENTABLE);
    EXPECT_EQ(team.call("getcwd", buffer, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setcwd", -1, "inner"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("setcwd", -1, "none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("setcwd", -1, nullptr), HK_B_BAD_VALUE);
    int dir = static_cast<int>(team.call("open_dir", -1, "/empty"));
    EXPECT_EQ(team.call("setcwd", dir, nullptr), HK_B_OK);
    EXPECT_EQ(team.call("remove_dir", -1, "/empty"), HK_B_OK);
    EXPECT_EQ(team.call("getcwd", buffer, 1024), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/empty");
    EXPECT_GE(team.call("open", -1, "../file", 0, 0), 0);
    EXPECT_EQ(team.call("setcwd", -1, "/dev"), HK_B_OK);
    EXPECT_GE(team.call("open", -1, "null", 0, 0), 0);
    EXPECT_EQ(team.call("getcwd", buffer, 1024), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/dev");
}

} // namespace
