// containment_test.cc -- no call that takes a path leaves the guest's files.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;
using hk::Directory;
using hk::Team;

// What lies outside, with everything that a call could change about it.
std::map<std::string, std::string> snapshot(const std::filesystem::path &top)
{
    std::map<std::string, std::string> all;

    for (const auto &entry :
         std::filesystem::recursive_directory_iterator(top)) {
        struct stat info;
        char names[256];
        EXPECT_EQ(::lstat(entry.path().c_str(), &info), 0);
        ssize_t xattrs =
            ::llistxattr(entry.path().c_str(), names, sizeof(names));
        std::ostringstream text;
        text << info.st_ino << " " << info.st_mode << " " << info.st_uid << " "
             << info.st_size << " " << info.st_nlink << " "
             << info.st_mtim.tv_sec << "." << info.st_mtim.tv_nsec << " "
             << xattrs;
        if (entry.is_regular_file()) {
            std::ifstream file(entry.path());
            text << " " << file.rdbuf();
        }
        all[entry.path().string()] = text.str();
    }
    return all;
}

class Containment : public testing::Test
{
  protected:
    Containment()
    {
        host.write("out/secret", "secret");
        host.write("out/directory/file", "hidden");
        host.make("out/empty");
        host.write("root/file", "inside");
        host.write("root/boot/a/b/file", "inside");
        host.write("data/file", "inside");
        out = host.at("out");
        root = host.at("root");
        data = host.at("data");
        for (const std::string &at : {root, data}) {
            std::filesystem::create_symlink("../out", at + "/relative");
            std::filesystem::create_symlink(out, at + "/absolute");
            std::filesystem::create_symlink("../out/secret", at + "/leaf");
            std::filesystem::create_symlink("/proc/self/root" + out,
                                            at + "/proc");
            std::filesystem::create_symlink("..", at + "/up");
        }
        binds = {{data.c_str(), "/host/data", 0}};
        hk_config config = hk::make_config(root.c_str());
        config.binds = binds.data();
        config.bind_count = binds.size();
        team = std::make_unique<Team>(config);
    }

    // Ways out that a guest may try, each to what is named.
    std::vector<std::string> ways(const std::string &name) const
    {
        const std::string heads[] = {
            "/../out/",
            "../out/",
            "../../../../../../.." + out + "/",
            out + "/",
            "/relative/",
            "/absolute/",
            "/proc/",
            "/up/out/",
            "/host/data/relative/",
            "/host/data/absolute/",
            "/host/data/proc/",
            "/host/data/up/up/out/",
            "/host/data/../../../out/",
            "/boot/a/b/../../../../out/",
            "/dev/../../out/",
            "/proc/self/root" + out + "/",
            "/proc/self/cwd/../out/",
            "/dev/fd/3/../out/",
        };
        std::vector<std::string> all;
        for (const std::string &head : heads)
            all.push_back(head + name);
        return all;
    }

    // A call that must change nothing outside, whatever it says.
    template <typename... Args> void attempt(const char *name, Args... args)
    {
        int64_t result = team->call(name, args...);
        EXPECT_NE(result, HARNESS_ENDED) << name;
        if (result >= 3)
            team->call("close", static_cast<int>(result));
    }

    void attempt_file_calls(const std::string &path)
    {
        Address buffer = team->room(256);

        attempt("open", -1, path, 0x602, 0644); // create, truncate
        attempt("open_dir", -1, path);
        attempt("unlink", -1, path);
        attempt("remove_dir", -1, path);
        attempt("create_dir", -1, path, 0755);
        attempt("create_symlink", -1, path, "target", 0);
        attempt("create_fifo", -1, path, 0644);
        attempt("create_link", -1, path, -1, "/file", 1);
        attempt("create_link", -1, "/stolen", -1, path, 1);
        attempt("create_link", -1, "/stolen", -1, path, 0);
        attempt("rename", -1, path, -1, "/stolen");
        attempt("rename", -1, "/file", -1, path);
        attempt("open_attr", -1, path, "attribute", 1, 0x202);
        attempt("open_attr_dir", -1, path, 1);
        team->set<uint32_t>(buffer, 12, 0700); // mode of a stat record
        for (int traverse : {0, 1}) {
            attempt("write_stat", -1, path, traverse, buffer, 88, 0x3f);
            bool told = team->call("read_stat", -1, path, traverse, buffer,
                                   88) == HK_B_OK;
            EXPECT_FALSE(told && inodes.count(team->get<uint64_t>(buffer, 4)))
                << path;
        }
        attempt("setcwd", -1, path);
        attempt("setcwd", -1, "/");
    }

    void expect_all_inside()
    {
        EXPECT_EQ(snapshot(out), before);
        EXPECT_FALSE(host.has("stolen"));
        for (const auto &entry : std::filesystem::directory_iterator(host.path))
            EXPECT_TRUE(entry.path() == out || entry.path() == root ||
                        entry.path() == data)
                << entry.path();
    }

    void SetUp() override
    {
        ASSERT_EQ(team->error, 0);
        before = snapshot(out);
        for (const auto &[path, text] : before)
            inodes.insert(std::stoull(text));
    }

    Directory host;
    std::string out, root, data;
    std::vector<hk_bind> binds;
    std::unique_ptr<Team> team;
    std::map<std::string, std::string> before;
    std::set<uint64_t> inodes; // outside
};

TEST_F(Containment, NoCallReachesAFileOutside)
{
    for (const std::string &path : ways("secret"))
        attempt_file_calls(path);
    expect_all_inside();
}

TEST_F(Containment, NorADirectoryNorANewFile)
{
    for (const char *name : {"directory", "empty", "new", "", ".",
                             "directory/"
                             "file"})
        for (const std::string &path : ways(name))
            attempt_file_calls(path);
    expect_all_inside();
}

TEST_F(Containment, ALinkAtTheEndLeadsNowhereOutside)
{
    for (const char *path : {"/leaf", "/host/data/leaf", "/up/leaf"})
        attempt_file_calls(path);
    expect_all_inside();
}

// What is a way out of the host's root is one inside of the guest's.
TEST_F(Containment, NoDescriptorIsAStartOutside)
{
    int directory = static_cast<int>(team->call("open_dir", -1, "/boot/a/b"));
    int file = static_cast<int>(team->call("open", -1, "/file", 0, 0));

    for (int fd = -3; fd < 30; fd++)
        for (const char *path : {"../out/secret", "../../../../out/secret",
                                 "../../../../../out/secret", "secret"}) {
            Address stat = team->room(88);
            attempt("unlink", fd, path);
            attempt("rename", fd, path, -1, "/stolen");
            attempt("rename", directory, "file", fd, path);
            attempt("create_symlink", fd, path, "x", 0);
            attempt("write_stat", fd, path, 1, stat, 88, 0x3f);
            attempt("remove_dir", fd, path);
        }
    EXPECT_GE(directory, 3);
    EXPECT_GE(file, 3);
    expect_all_inside();
}

// The working directory is moved out by somebody else.
TEST_F(Containment, AMovedWorkingDirectoryIsNoStart)
{
    Address buffer = team->room(1024);

    ASSERT_EQ(team->call("setcwd", -1, "/boot/a"), HK_B_OK);
    std::filesystem::rename(root + "/boot/a", data + "/../moved");
    EXPECT_LT(team->call("getcwd", buffer, 1024), 0);
    for (const char *path :
         {"../out/secret", "../out/directory", "../out/new", "../out"}) {
        attempt("open", -1, path, 0x602, 0644);
        attempt("unlink", -1, path);
        attempt("create_dir", -1, path, 0755);
        attempt("rename", -1, path, -1, "/stolen");
        attempt("rename", -1, "b/file", -1, path);
        EXPECT_LT(team->call("setcwd", -1, path), 0);
    }
    std::filesystem::rename(data + "/../moved", root + "/boot/a");
    expect_all_inside();
}

// Entries of read_dir with ".." and links, and what opens them by number.
TEST_F(Containment, NumbersOfNodesLeadToTheGuestsOnly)
{
    struct stat info;

    ASSERT_EQ(::stat((out + "/directory").c_str(), &info), 0);
    for (int device = 0; device < 8; device++) {
        int64_t inode = static_cast<int64_t>(info.st_ino);
        attempt("open_entry_ref", device, inode, "file", 0x202, 0644);
        attempt("open_dir_entry_ref", device, inode, nullptr);
        attempt("create_dir_entry_ref", device, inode, "new", 0755);
        EXPECT_LT(team->call("open_entry_ref", device, inode, "file", 0, 0), 0);
        EXPECT_LT(team->call("open_entry_ref", device, inode, "..", 0, 0), 0);
    }
    for (const char *name : {"..", "../out", "a/../../out", "/etc", ""})
        EXPECT_LT(team->call("create_dir_entry_ref", 3, int64_t{1}, name, 0), 0)
            << name;
    expect_all_inside();
}

// A directory on the path turns into a link and back while calls run.
TEST_F(Containment, ARaceIsNotWon)
{
    std::atomic<bool> stop{false};
    std::string swap = root + "/swap", link = root + "/link",
                other = root + "/other";

    std::filesystem::create_directory(swap);
    std::filesystem::create_symlink("../out", link);
    std::thread swapper([&] {
        while (!stop) {
            ::rename(swap.c_str(), other.c_str());
            ::rename(link.c_str(), swap.c_str());
            ::rename(swap.c_str(), link.c_str());
            ::rename(other.c_str(), swap.c_str());
        }
    });
    Address stat = team->room(88);
    for (int i = 0; i < 1500; i++) {
        attempt("unlink", -1, "/swap/secret");
        attempt("open", -1, "/swap/new", 0x602, 0644);
        attempt("open", -1, "/swap/secret", 0x602, 0644);
        attempt("create_dir", -1, "/swap/made", 0755);
        attempt("rename", -1, "/swap/directory", -1, "/swap/renamed");
        attempt("remove_dir", -1, "/swap/empty");
        attempt("create_symlink", -1, "/swap/symlink", "x", 0);
        attempt("write_stat", -1, "/swap/secret", 1, stat, 88, 0x3f);
        attempt("create_link", -1, "/swap/hard", -1, "/swap/secret", 0);
    }
    stop = true;
    swapper.join();
    expect_all_inside();
}

} // namespace
