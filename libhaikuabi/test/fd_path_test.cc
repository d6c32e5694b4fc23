// fd_path_test.cc -- the (descriptor, path) pairs of calls.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class FdPath : public testing::TestWithParam<hk_release>
{
  protected:
    FdPath() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "root");
        root.write("d/file", "in d");
        hk_config made = hk::make_config(root.path.c_str());
        made.release = GetParam();
        return made;
    }

    // The size of the file that a pair names, or the error.
    int64_t size_of(int fd, const char *path)
    {
        int64_t status = path == nullptr
                             ? team.call("read_stat", fd, nullptr, 1, stat, 88)
                             : team.call("read_stat", fd, path, 1, stat, 88);
        return status == HK_B_OK ? team.get<int64_t>(stat, 28) : status;
    }

    hk::Directory root;
    hk::Team team;
    Address stat = team.room(88);
};

INSTANTIATE_TEST_SUITE_P(Releases, FdPath,
                         testing::Values(HK_R1BETA4, HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return std::string(hk_release_name(info.param));
                         });

TEST_P(FdPath, ARelativePathStartsAtTheDescriptor)
{
    int d = static_cast<int>(team.call("open_dir", -1, "/d"));
    int plain = static_cast<int>(team.call("open", -1, "/d", 0, 0));

    root.write("d/file", "longer");
    EXPECT_EQ(size_of(d, "file"), 6);
    EXPECT_EQ(size_of(plain, "file"), 6);
    EXPECT_EQ(size_of(d, "/file"), 4);
    EXPECT_EQ(size_of(d, "../file"), 4);
    EXPECT_EQ(size_of(-1, "file"), 4);
    EXPECT_EQ(team.call("setcwd", -1, "/d"), HK_B_OK);
    EXPECT_EQ(size_of(-1, "file"), 6);
}

TEST_P(FdPath, WithoutAPathItIsTheDescriptorsOwn)
{
    int file = static_cast<int>(team.call("open", -1, "/file", 0, 0));

    EXPECT_EQ(size_of(file, nullptr), 4);
    EXPECT_EQ(size_of(-1, nullptr), HK_B_FILE_ERROR);
    EXPECT_EQ(size_of(99, nullptr), HK_B_FILE_ERROR);
    EXPECT_EQ(size_of(file, ""), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(size_of(file, "file"), HK_B_NOT_A_DIRECTORY);
}

// haiku-abi/structs.md, "fcntl ops": AT_FDCWD.
TEST_P(FdPath, NumbersThatAreNoDescriptorMeanTheWorkingDirectory)
{
    EXPECT_EQ(size_of(-1, "file"), 4);
    EXPECT_EQ(size_of(-100, "file"), 4);
    for (int fd : {-2, -99, INT32_MIN})
        EXPECT_EQ(size_of(fd, "file"),
                  GetParam() >= HK_R1BETA6 ? HK_B_FILE_ERROR : 4)
            << fd;
    EXPECT_EQ(size_of(99, "file"), HK_B_FILE_ERROR);
    EXPECT_EQ(size_of(99, "/file"), 4);
}

TEST_P(FdPath, SocketsAndPipesAreNoStart)
{
    Address ends = team.room(8);
    int socket = static_cast<int>(team.call("socket", 9, 1, 0));

    ASSERT_EQ(GetParam() >= HK_R1BETA6 ? team.call("create_pipe", ends, 0)
                                       : team.call("create_pipe", ends),
              HK_B_OK);
    EXPECT_EQ(size_of(socket, "file"), HK_B_FILE_ERROR);
    EXPECT_EQ(size_of(team.get<int>(ends), "file"), HK_B_NOT_A_DIRECTORY);
    EXPECT_EQ(size_of(socket, "/file"), 4);
}

TEST_P(FdPath, PathsHaveALimit)
{
    std::string path = "/";
    while (path.size() < 1018)
        path += "./";
    path += "file";
    ASSERT_LT(path.size(), 1024u);
    EXPECT_EQ(size_of(-1, path.c_str()), 4);
    EXPECT_EQ(size_of(-1, ("//" + path).c_str()), HK_B_NAME_TOO_LONG);
    EXPECT_EQ(size_of(-1, std::string(256, 'n').c_str()), HK_B_NAME_TOO_LONG);
    EXPECT_EQ(size_of(-1, std::string(255, 'n').c_str()), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("read_stat", -1, Address{0x50000000}, 1, stat, 88),
              HK_B_BAD_ADDRESS);
}

} // namespace
