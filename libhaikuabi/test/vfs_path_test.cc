// vfs_path_test.cc -- paths split, asked for and normalized.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

// A root with a bind that has another inside, where the host has nothing.
class VfsPath : public testing::Test
{
  protected:
    VfsPath()
    {
        host.make("root/a/b/c");
        host.make("data/inner/d");
        host.write("single", "");
        host.link("root/to_c", "a/b/c");
        host.link("root/to_bind", "/bind/inner");
        host.link("root/dangling", "a/none");
        host.link("root/lost", "none/none");
        host.link("root/chain", "to_c");
        host.link("root/slash", "a/b/");
        root = host.at("root");
        data = host.at("data");
        single = host.at("single");
        binds = {{data.c_str(), "/bind", 0},
                 {single.c_str(), "/bind/inner/file", 0},
                 {data.c_str(), "/deep/down/there", 0}};
        hk_config config = hk::make_config(root.c_str());
        config.binds = binds.data();
        config.bind_count = binds.size();
        team = std::make_unique<hk::Team>(config);
    }

    std::string normalize(const std::string &path, bool traverse = true)
    {
        Address buffer = team->room(1024);
        int64_t status =
            team->call("normalize_path", path, traverse ? 1 : 0, buffer);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team->text(buffer);
    }

    // The working directory after a change to a path.
    std::string cwd(const std::string &path)
    {
        Address buffer = team->room(1024);
        int64_t status = team->call("setcwd", -1, path);
        if (status == HK_B_OK)
            status = team->call("getcwd", buffer, 1024);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team->text(buffer);
    }

    hk::Directory host;
    std::string root, data, single;
    std::vector<hk_bind> binds;
    std::unique_ptr<hk::Team> team;
};

TEST_F(VfsPath, NormalPathsHaveNoLinksAndDots)
{
    const struct {
        const char *path, *all, *but_last;
    } rows[] = {
        {"/", "/", "/"},
        {"//a//b/", "/a/b", "/a/b"},
        {"/a/./b/../b/c", "/a/b/c", "/a/b/c"},
        {"/a/b/..", "/a", "/a"},
        {"/a/b/.", "/a/b", "/a/b"},
        {"/..", "/", "/"},
        {"/../../a", "/a", "/a"},
        {"/to_c", "/a/b/c", "/to_c"},
        {"/to_c/..", "/a/b", "/a/b"},
        {"/chain", "/a/b/c", "/chain"},
        {"/slash", "/a/b", "/slash"},
        {"/dangling", "/a/none", "/dangling"},
        {"/lost", "B_ENTRY_NOT_FOUND", "/lost"},
        {"/none", "/none", "/none"},
        {"/none/none", "B_ENTRY_NOT_FOUND", "B_ENTRY_NOT_FOUND"},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(normalize(row.path), row.all) << row.path;
        EXPECT_EQ(normalize(row.path, false), row.but_last) << row.path;
    }
}

TEST_F(VfsPath, PathsOfBindsAreTheGuests)
{
    EXPECT_EQ(normalize("/to_bind/d"), "/bind/inner/d");
    EXPECT_EQ(normalize("/bind/inner/file"), "/bind/inner/file");
    EXPECT_EQ(normalize("/bind/../bind/./inner"), "/bind/inner");
    EXPECT_EQ(normalize("/deep/down/there/inner/.."), "/deep/down/there");
    EXPECT_EQ(normalize("/deep/down/there/.."), "/deep/down");
    EXPECT_EQ(normalize("/deep/../dev/null"), "/dev/null");
    EXPECT_EQ(normalize("/bind/inner/file/x"), "B_NOT_A_DIRECTORY");
}

TEST_F(VfsPath, DirectoriesKnowTheirPath)
{
    EXPECT_EQ(cwd("/to_c"), "/a/b/c");
    EXPECT_EQ(cwd("../.."), "/a");
    EXPECT_EQ(cwd("/to_bind/d"), "/bind/inner/d");
    EXPECT_EQ(cwd("../../.."), "/");
    EXPECT_EQ(cwd("/deep/down"), "/deep/down");
    EXPECT_EQ(cwd("there/inner"), "/deep/down/there/inner");
    EXPECT_EQ(cwd("../../../.."), "/");
}

TEST_F(VfsPath, ANameThatIsTooLongIsRefused)
{
    const std::string fits(255, 'n'), not_fits(256, 'n');

    EXPECT_EQ(normalize("/" + fits), "/" + fits);
    EXPECT_EQ(normalize("/" + not_fits), "B_NAME_TOO_LONG");
    EXPECT_EQ(team->call("create_dir", -1, "/" + fits, 0755), HK_B_OK);
    EXPECT_EQ(team->call("create_dir", -1, "/" + not_fits, 0755),
              HK_B_NAME_TOO_LONG);
    EXPECT_EQ(cwd("/" + fits), "/" + fits);
}

} // namespace
