// known_dirs_test.cc -- paths whose directories are kept open.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

class KnownDirs : public testing::Test
{
  protected:
    KnownDirs()
    {
        host.make("root/a/b/c");
        host.make("root/empty");
        host.make("outside/c");
        host.write("root/a/b/c/file", "12345");
        host.write("outside/c/file", "a secret of 19 bytes");
        root = host.at("root");
        team = std::make_unique<hk::Team>(hk::make_config(root.c_str()));
    }

    // The size of a file by its path, or the name of the error.
    std::string size_of(const std::string &path)
    {
        hk::Address buffer = team->room(88);
        int64_t status = team->call("read_stat", -1, path, 1, buffer, 88);
        if (status != HK_B_OK)
            return hk_status_name(static_cast<int32_t>(status));
        return std::to_string(
            hk::load<int64_t>(team->bytes(buffer, 88).data() + 28));
    }
    std::string open(const std::string &path, int mode = 0)
    {
        int64_t fd = team->call("open", -1, path, mode, 0644);
        if (fd < 0)
            return hk_status_name(static_cast<int32_t>(fd));
        team->call("close", static_cast<int>(fd));
        return "open";
    }
    // Asks until the directory is known.
    void learn(const std::string &path)
    {
        for (int i = 0; i < 20; i++)
            EXPECT_EQ(size_of(path), "5");
    }
    // How many files of this process the host calls by such a name.
    static int count_open(const std::string &name)
    {
        int count = 0;
        DIR *stream = opendir("/proc/self/fd");
        while (const dirent *entry = readdir(stream)) {
            char target[4096] = "";
            if (readlinkat(dirfd(stream), entry->d_name, target,
                           sizeof(target) - 1) > 0)
                count += std::string(target).find(name) != std::string::npos;
        }
        closedir(stream);
        return count;
    }
    void move(const std::string &from, const std::string &to)
    {
        ASSERT_EQ(rename(host.at(from).c_str(), host.at(to).c_str()), 0);
    }

    hk::Directory host;
    std::string root;
    std::unique_ptr<hk::Team> team;
};

const char path[] = "/a/b/c/file";

TEST_F(KnownDirs, AreKeptOpenOnceTheyAreUsedOften)
{
    EXPECT_EQ(size_of(path), "5");
    EXPECT_EQ(count_open("/root/a/b/c"), 0);
    learn(path);
    EXPECT_EQ(count_open("/root/a/b/c"), 1);
    team.reset();
    EXPECT_EQ(count_open("/root/a/b/c"), 0);
    EXPECT_EQ(count_open("inotify"), 0);
}

TEST_F(KnownDirs, AreForgottenWhenAnyOfThemMoves)
{
    const struct {
        const char *from, *to;
    } rows[] = {{"root/a", "root/x"},
                {"root/a/b", "root/x"},
                {"root/a/b/c", "root/a/b/x"},
                {"root/a/b", "outside/b"}};
    for (const auto &row : rows) {
        learn(path);
        move(row.from, row.to);
        EXPECT_EQ(size_of(path), "B_ENTRY_NOT_FOUND") << row.from;
        EXPECT_EQ(open(path), "B_ENTRY_NOT_FOUND") << row.from;
        move(row.to, row.from);
        EXPECT_EQ(size_of(path), "5");
    }
}

TEST_F(KnownDirs, GiveWayToWhatTakesTheirPlace)
{
    host.make("root/other/c");
    host.write("root/other/c/file", "1234567");
    learn(path);
    move("root/a/b", "root/old");
    move("root/other", "root/a/b");
    EXPECT_EQ(size_of(path), "7");
}

TEST_F(KnownDirs, DoNotHideADirectoryMadeAnew)
{
    learn(path);
    unlink(host.at("root/a/b/c/file").c_str());
    rmdir(host.at("root/a/b/c").c_str());
    EXPECT_EQ(size_of(path), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(open(path, 0x201), "B_ENTRY_NOT_FOUND"); // create
    host.make("root/a/b/c");
    EXPECT_EQ(open(path, 0x201), "open");
    EXPECT_EQ(size_of(path), "0");
    host.write("root/a/b/c/file", "12");
    EXPECT_EQ(size_of(path), "2");
}

// The same of calls that make and remove entries.
TEST_F(KnownDirs, AreWhereEntriesAreMadeAndRemoved)
{
    auto make = [this](const std::string &path) {
        return team->call("create_dir", -1, path, 0755);
    };
    auto remove = [this](const std::string &path) {
        return team->call("remove_dir", -1, path);
    };

    for (int i = 0; i < 20; i++) {
        EXPECT_EQ(make("/a/b/c/new"), HK_B_OK);
        EXPECT_EQ(make("/a/b/c/new"), HK_B_FILE_EXISTS);
        EXPECT_EQ(remove("/a/b/c/new"), HK_B_OK);
    }
    // Removed by others, and made anew.
    std::filesystem::remove_all(host.at("root/a/b/c"));
    EXPECT_EQ(make("/a/b/c/new"), HK_B_ENTRY_NOT_FOUND);
    host.make("root/a/b/c");
    EXPECT_EQ(make("/a/b/c/new"), HK_B_OK);
    EXPECT_TRUE(host.has("root/a/b/c/new"));
    // Elsewhere, and another in its place.
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(make("/a/b/c/new"), HK_B_FILE_EXISTS);
    move("root/a/b", "root/moved");
    EXPECT_EQ(remove("/a/b/c/new"), HK_B_ENTRY_NOT_FOUND);
    move("root/moved/c", "outside/moved");
    EXPECT_EQ(symlink(host.at("outside/moved").c_str(),
                      host.at("root/moved/c").c_str()),
              0);
    EXPECT_NE(remove("/moved/c/new"), HK_B_OK);
    EXPECT_TRUE(host.has("outside/moved/new"));
}

TEST_F(KnownDirs, AreNotThoseOfTheRootBefore)
{
    learn("/a/b/c/file");
    ASSERT_EQ(team->call("change_root", "/a"), HK_B_OK);
    EXPECT_EQ(size_of("/a/b/c/file"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(open("/a/b/c/file"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team->call("create_dir", -1, "/a/b/c/new", 0755),
              HK_B_ENTRY_NOT_FOUND);
    learn("/b/c/file");
    EXPECT_EQ(team->call("unlink", -1, "/b/c/file"), HK_B_OK);
}

TEST_F(KnownDirs, MayBeMadeAgainBeforeAFileIsRemovedFromThem)
{
    learn(path);
    unlink(host.at("root/a/b/c/file").c_str());
    rmdir(host.at("root/a/b/c").c_str());
    EXPECT_EQ(team->call("unlink", -1, path), HK_B_ENTRY_NOT_FOUND);
    host.make("root/a/b/c");
    host.write("root/a/b/c/file", "12345");
    EXPECT_EQ(team->call("unlink", -1, path), HK_B_OK);
    EXPECT_NE(access(host.at("root/a/b/c/file").c_str(), F_OK), 0);
    EXPECT_EQ(team->call("unlink", -1, path), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(KnownDirs, LeadNowhereElseThroughASymlinkInTheirPlace)
{
    learn(path);
    move("root/a/b", "root/old");
    host.link("root/a/b", host.at("outside"));
    EXPECT_EQ(size_of(path), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(open(path), "B_ENTRY_NOT_FOUND");
    // One that leads somewhere is followed, and not kept.
    unlink(host.at("root/a/b").c_str());
    host.link("root/a/b", "../old");
    learn(path);
    EXPECT_EQ(count_open("/root/old/c"), 0);
}

TEST_F(KnownDirs, BeginAtTheWorkingDirectory)
{
    ASSERT_EQ(team->call("setcwd", -1, "/a"), HK_B_OK);
    learn("b/c/file");
    EXPECT_EQ(count_open("/root/a/b/c"), 1);
    host.make("root/empty/b/c");
    host.write("root/empty/b/c/file", "123");
    ASSERT_EQ(team->call("setcwd", -1, "/empty"), HK_B_OK);
    EXPECT_EQ(size_of("b/c/file"), "3");
    ASSERT_EQ(team->call("setcwd", -1, "/a"), HK_B_OK);
    // The working directory may move, and takes what is below along.
    learn("b/c/file");
    move("root/a", "root/moved");
    EXPECT_EQ(size_of("b/c/file"), "5");
    EXPECT_EQ(size_of(path), "B_ENTRY_NOT_FOUND");
}

TEST_F(KnownDirs, DoWithoutADirectoryThatMayNotBeRead)
{
    if (geteuid() == 0)
        GTEST_SKIP() << "the host's root may read everything";
    ASSERT_EQ(chmod(host.at("root/a/b").c_str(), 0311), 0);
    learn(path);
    EXPECT_EQ(count_open("/root/a/b/c"), 0);
    ASSERT_EQ(chmod(host.at("root/a/b").c_str(), 0755), 0);
    learn(path);
    EXPECT_EQ(count_open("/root/a/b/c"), 1);
}

TEST_F(KnownDirs, TellNothingOfTheLastComponent)
{
    learn(path);
    EXPECT_EQ(size_of("/a/b/c/none"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(size_of("/a/b/c/."), size_of("/a/b/c"));
    EXPECT_EQ(size_of("/a/b/c/.."), size_of("/a/b"));
    host.link("root/a/b/c/link", "../../b/c/file");
    EXPECT_EQ(size_of("/a/b/c/link"), "5");
    EXPECT_EQ(open("/a/b/c/link"), "open");
    EXPECT_EQ(open("/a/b/c/link", 0x80000), "B_LINK_LIMIT"); // no follow
    host.link("root/a/b/c/out", host.at("outside/c/file"));
    EXPECT_EQ(open("/a/b/c/out"), "B_ENTRY_NOT_FOUND");
}

} // namespace
