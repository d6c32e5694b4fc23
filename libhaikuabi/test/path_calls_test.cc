// path_calls_test.cc -- normalize_path, read_link and the working directory.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class PathCalls : public testing::Test
{
  protected:
    PathCalls() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("a/b/file", "");
        root.link("a/link", "b/file");
        root.link("loop", "loop");
        root.link("dirs", "a/b");
        return hk::make_config(root.path.c_str());
    }

    std::string cwd()
    {
        Address buffer = team.room(1024);
        int64_t status = team.call("getcwd", buffer, 1024);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team.text(buffer);
    }

    hk::Directory root;
    hk::Team team;
    Address buffer = team.room(1040), size = team.room(4);
    Address wrong{0x50000000};
};

TEST_F(PathCalls, NormalizePathChecksItsArguments)
{
    EXPECT_EQ(team.call("normalize_path", nullptr, 1, buffer), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("normalize_path", "/a", 1, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("normalize_path", wrong, 1, buffer), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("normalize_path", "/a", 1, wrong), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("normalize_path", std::string(1024, 'x'), 1, buffer),
              HK_B_NAME_TOO_LONG);
    EXPECT_EQ(team.call("normalize_path", "", 1, buffer), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("normalize_path", "/loop", 1, buffer), HK_B_LINK_LIMIT);
    EXPECT_EQ(team.call("normalize_path", "/loop", 0, buffer), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/loop");
    EXPECT_EQ(team.call("normalize_path", "/none/file", 1, buffer),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("normalize_path", "/a/b/file/x", 1, buffer),
              HK_B_NOT_A_DIRECTORY);
}

TEST_F(PathCalls, AResultThatIsTooLongIsRefused)
{
    std::string deep;
    for (int i = 0; i < 5; i++)
        deep += "/" + std::string(200, static_cast<char>('a' + i));
    std::filesystem::create_directories(root.path.string() + deep);

    EXPECT_EQ(team.call("normalize_path", deep, 1, buffer), HK_B_OK);
    EXPECT_EQ(team.text(buffer), deep);
    EXPECT_EQ(team.call("setcwd", -1, deep), HK_B_OK);
    EXPECT_EQ(team.call("normalize_path", "leaf", 1, buffer), HK_B_OK);
    EXPECT_EQ(team.call("normalize_path", std::string(100, 'x'), 1, buffer),
              HK_B_NAME_TOO_LONG);
}

TEST_F(PathCalls, ReadLinkGivesTheTarget)
{
    team.set<uint32_t>(size, 0, 100);
    EXPECT_EQ(team.call("read_link", -1, "/a/link", buffer, size), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(size), 6u);
    EXPECT_EQ(team.bytes(buffer, 7), std::string("b/file\0", 7));
    int fd = static_cast<int>(team.call("open", -1, "/a/link", 0x2000, 0));
    EXPECT_EQ(team.call("read_link", fd, nullptr, buffer, size), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(size), 6u);
    EXPECT_EQ(team.call("read_link", fd, "", buffer, size),
              HK_B_ENTRY_NOT_FOUND);
}

TEST_F(PathCalls, ReadLinkChecksItsArguments)
{
    team.set<uint32_t>(size, 0, 100);
    EXPECT_EQ(team.call("read_link", -1, "/a/b/file", buffer, size),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_link", -1, "/a", buffer, size), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_link", -1, "/dev", buffer, size), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_link", -1, "/none", buffer, size),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("read_link", -1, "/a/link", wrong, size),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("read_link", -1, "/a/link", buffer, wrong),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("read_link", -1, nullptr, buffer, size),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_link", 99, "a/link", buffer, size),
              HK_B_FILE_ERROR);
}

TEST_F(PathCalls, TheWorkingDirectoryIsWithoutLinks)
{
    EXPECT_EQ(cwd(), "/");
    EXPECT_EQ(team.call("setcwd", -1, "/dirs"), HK_B_OK);
    EXPECT_EQ(cwd(), "/a/b");
    EXPECT_EQ(team.call("setcwd", -1, ".."), HK_B_OK);
    EXPECT_EQ(cwd(), "/a");
    EXPECT_EQ(team.call("setcwd", -1, "/dev"), HK_B_OK);
    EXPECT_EQ(cwd(), "/dev");
    int fd = static_cast<int>(team.call("open_dir", -1, "/a/b"));
    EXPECT_EQ(team.call("setcwd", fd, nullptr), HK_B_OK);
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(cwd(), "/a/b");
}

TEST_F(PathCalls, SetcwdChecksItsArguments)
{
    EXPECT_EQ(team.call("setcwd", -1, "/a/b/file"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(team.call("setcwd", -1, "/none"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("setcwd", -1, ""), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("setcwd", -1, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setcwd", -1, wrong), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("setcwd", 99, "a"), HK_B_FILE_ERROR);
    int file = static_cast<int>(team.call("open", -1, "/a/b/file", 0, 0));
    EXPECT_EQ(team.call("setcwd", file, nullptr), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(cwd(), "/");
}

TEST_F(PathCalls, GetcwdChecksItsBuffer)
{
    EXPECT_EQ(team.call("setcwd", -1, "/a/b"), HK_B_OK);
    EXPECT_EQ(team.call("getcwd", buffer, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getcwd", buffer, 4), HK_B_RESULT_NOT_REPRESENTABLE);
    EXPECT_EQ(team.call("getcwd", buffer, 5), HK_B_OK);
    EXPECT_EQ(team.text(buffer), "/a/b");
    EXPECT_EQ(team.call("getcwd", wrong, 5), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getcwd", buffer, -1), HK_B_OK);
}

TEST_F(PathCalls, ARemovedWorkingDirectoryKeepsItsPath)
{
    EXPECT_EQ(team.call("create_dir", -1, "/gone", 0755), HK_B_OK);
    EXPECT_EQ(team.call("setcwd", -1, "/gone"), HK_B_OK);
    EXPECT_EQ(team.call("remove_dir", -1, "/gone"), HK_B_OK);
    EXPECT_EQ(cwd(), "/gone");
    EXPECT_EQ(team.call("open", -1, "file", 0x202, 0644), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("setcwd", -1, "/"), HK_B_OK);
    EXPECT_EQ(cwd(), "/");
}

} // namespace
