// escape_test.cc -- attempts to reach what a guest is not to reach, by name.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <map>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;
using hk::Directory;
using hk::Team;

constexpr const char *SECRET = "the secret";

// haiku-abi/structs.md, "open flags".
constexpr int READ = 0, WRITE = 1, READ_WRITE = 2, EXCLUSIVE = 0x100,
              CREATE = 0x200, TRUNCATE = 0x400, NOTRAVERSE = 0x2000;

// A root, a bind /host/data that may be written to and one /fixed that may
// not; beside them, outside, a secret. Descriptors 50 and 51 of the host are
// the outside and the secret; descriptor 0, which the guest has too, is the
// outside.
class Escape
{
  public:
    Escape()
    {
        host.write("out/secret", SECRET);
        host.write("out/directory/file", SECRET);
        host.write("root/file", "inside");
        host.write("root/boot/a/b/file", "inside");
        host.write("data/file", "inside");
        host.write("fixed/file", "fixed");
        host.write("fixed/directory/file", "fixed");
        host.make("fixed/empty");
        out = host.at("out");
        ::setxattr((out + "/secret").c_str(), "user.mine", SECRET, 10, 0);
        saved = ::fcntl(0, F_DUPFD_CLOEXEC, 100);
        int directory = ::open(out.c_str(), O_RDONLY | O_DIRECTORY);
        int file = ::open((out + "/secret").c_str(), O_RDWR);
        ::dup2(directory, 0);
        ::dup2(directory, 50);
        ::dup2(file, 51);
        ::close(directory);
        ::close(file);
        binds = {{data.c_str(), "/host/data", 0}, {fixed.c_str(), "/fixed", 1}};
        hk_config config = hk::make_config(root.c_str());
        config.binds = binds.data();
        config.bind_count = binds.size();
        team = std::make_unique<Team>(config);
        before = snapshot();
    }
    ~Escape()
    {
        EXPECT_EQ(snapshot(), before);
        team.reset();
        ::dup2(saved, 0);
        for (int fd : {saved, 50, 51})
            ::close(fd);
    }

    template <typename... Args> int call(const char *name, Args... args)
    {
        return static_cast<int>(team->call(name, args...));
    }
    template <typename... Args> void refused(const char *name, Args... args)
    {
        int result = call(name, args...);
        EXPECT_LT(result, 0) << name;
        if (result >= 3)
            call("close", result);
    }
    // Opening fails in each mode, by open and by open_dir.
    void closed(const std::string &path, int start = -1)
    {
        for (int mode : {READ, WRITE, READ_WRITE, WRITE | TRUNCATE,
                         WRITE | CREATE | TRUNCATE})
            refused("open", start, path, int{mode}, 0644);
        refused("open_dir", start, path);
    }
    // What a descriptor gives is not the secret.
    void silent(int fd)
    {
        Address text = team->room(64);
        int64_t size = team->call("read", fd, int64_t{0}, text, 64);
        if (size > 0) {
            EXPECT_EQ(team->bytes(text, static_cast<size_t>(size)).find(SECRET),
                      std::string::npos);
        }
    }
    int open_dir(const char *path)
    {
        int fd = call("open_dir", -1, path);
        EXPECT_GE(fd, 0) << path;
        return fd;
    }
    void link(const char *path, const std::string &target)
    {
        EXPECT_EQ(call("create_symlink", -1, path, target, 0), HK_B_OK);
    }
    Address local(const std::string &path, uint32_t *size)
    {
        Address address = team->put(std::string("\0\x09", 2) + path);
        *size = static_cast<uint32_t>(path.size()) + 2;
        return address;
    }
    // The device and node of a guest's path.
    std::pair<int, int64_t> node(const char *path)
    {
        Address stat = team->room(96);
        EXPECT_EQ(call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        return {team->get<int32_t>(stat), team->get<int64_t>(stat, 4)};
    }
    int64_t inode(const std::string &host_path)
    {
        struct stat info = {};
        EXPECT_EQ(::stat(host_path.c_str(), &info), 0);
        return static_cast<int64_t>(info.st_ino);
    }

    // All that may not change: outside, and the bind that is read-only.
    std::map<std::string, std::string> snapshot() const
    {
        std::map<std::string, std::string> all;
        for (const std::string &top : {out, fixed})
            for (const auto &entry :
                 std::filesystem::recursive_directory_iterator(top)) {
                struct stat info = {};
                char names[256];
                ::lstat(entry.path().c_str(), &info);
                ssize_t size =
                    ::llistxattr(entry.path().c_str(), names, sizeof(names));
                std::ostringstream text;
                text << info.st_mode << " " << info.st_size << " "
                     << info.st_nlink << " " << info.st_mtim.tv_sec << "."
                     << info.st_mtim.tv_nsec << " "
                     << std::string(names, size > 0 ? size_t(size) : 0);
                if (entry.is_regular_file())
                    text << std::ifstream(entry.path()).rdbuf();
                all[entry.path().string()] = text.str();
            }
        for (const auto &entry : std::filesystem::directory_iterator(host.path))
            all[entry.path().string()] = "there";
        return all;
    }

    Directory host;
    std::string out, root = host.at("root"), data = host.at("data"),
                     fixed = host.at("fixed");
    std::vector<hk_bind> binds;
    std::unique_ptr<Team> team;
    std::map<std::string, std::string> before;
    int saved = -1;
};

struct Attempt {
    const char *name;
    void (*make)(Escape &);
};

std::ostream &operator<<(std::ostream &stream, const Attempt &attempt)
{
    return stream << attempt.name;
}

class Escapes : public testing::TestWithParam<Attempt>
{
};

TEST_P(Escapes, Fail)
{
    Escape escape;

    ASSERT_EQ(escape.team->error, 0);
    GetParam().make(escape);
}

#define ATTEMPTS(suite, ...)                                                   \
    INSTANTIATE_TEST_SUITE_P(suite, Escapes, testing::Values(__VA_ARGS__),     \
                             [](const testing::TestParamInfo<Attempt> &info) { \
                                 return std::string(info.param.name);          \
                             })

// Paths that climb.
ATTEMPTS(
    Paths,
    Attempt{"dot_dot_from_the_root",
            [](Escape &e) { e.closed("/../out/secret"); }},
    Attempt{"dot_dot_many_times",
            [](Escape &e) {
                std::string up;
                for (int i = 0; i < 100; i++)
                    up += "../";
                e.closed("/" + up + e.out.substr(1) + "/secret");
            }},
    Attempt{"dot_dot_from_the_working_directory",
            [](Escape &e) {
                EXPECT_EQ(e.call("setcwd", -1, "/boot/a/b"), HK_B_OK);
                e.closed("../../../../out/secret");
            }},
    Attempt{"dot_dot_through_a_bind",
            [](Escape &e) { e.closed("/host/data/../../../out/secret"); }},
    Attempt{"dot_dot_beside_a_bind",
            [](Escape &e) { e.closed("/host/data/../out/secret"); }},
    Attempt{"dot_dot_behind_a_file",
            [](Escape &e) { e.closed("/file/../../out/secret"); }},
    Attempt{"dot_dot_behind_nothing",
            [](Escape &e) { e.closed("/none/../../out/secret"); }},
    Attempt{"dot_dot_from_devices",
            [](Escape &e) { e.closed("/dev/../../out/secret"); }},
    Attempt{"dot_dot_behind_a_device",
            [](Escape &e) { e.closed("/dev/null/../../../out/secret"); }},
    Attempt{"absolute_path_of_the_host",
            [](Escape &e) { e.closed(e.out + "/secret"); }},
    Attempt{"absolute_path_behind_a_bind",
            [](Escape &e) { e.closed("/host/data/" + e.out + "/secret"); }},
    Attempt{"slashes_and_dots",
            [](Escape &e) { e.closed("//..//.//..///./out//./secret"); }},
    Attempt{"a_slash_at_the_end",
            [](Escape &e) { e.closed("/../out/directory/"); }},
    Attempt{"a_path_too_long_to_check",
            [](Escape &e) {
                std::string down;
                for (int i = 0; i < 90; i++)
                    down += "/boot/a/../..";
                e.closed(down + "/../out/secret");
                e.closed("/" + std::string(1000, '.') + "/../../out/secret");
            }},
    Attempt{
        "into_a_directory_of_the_host",
        [](Escape &e) {
            for (const char *path : {"/../out", "/host/../../out", "../out"})
                e.refused("setcwd", -1, path);
        }},
    Attempt{"proc_and_sys",
            [](Escape &e) {
                for (const char *path :
                     {"/proc/self/root", "/proc/self/cwd", "/proc/1/root",
                      "/proc/self/fd/50", "/proc/self/fd/51", "/proc/version",
                      "/sys/kernel", "/etc/passwd"})
                    e.closed(path);
            }},
    Attempt{"devices_of_the_host",
            [](Escape &e) {
                for (const char *path :
                     {"/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda",
                      "/dev/fd/50", "/dev/fd/51", "/dev/stdin", "/dev/shm",
                      "/dev/ptmx", "/dev/pts/0"})
                    e.closed(path);
            }},
    Attempt{"new_devices",
            [](Escape &e) {
                e.refused("create_dir", -1, "/dev/made", 0755);
                e.refused("create_fifo", -1, "/dev/made", 0644);
                e.refused("create_symlink", -1, "/dev/made", "x", 0);
                e.refused("unlink", -1, "/dev/null");
                e.refused("rename", -1, "/dev/null", -1, "/null");
                e.refused("rename", -1, "/file", -1, "/dev/null");
            }},
    Attempt{"normalized_paths", [](Escape &e) {
                Address buffer = e.team->room(1024);
                for (const char *path : {"/../out", "/../out/secret"}) {
                    if (e.call("normalize_path", path, 1, buffer) == HK_B_OK) {
                        EXPECT_EQ(e.team->text(buffer).find(e.host.path),
                                  std::string::npos);
                    }
                }
            }});

// Symbolic links: those that are there, and those that the guest makes.
ATTEMPTS(Links,
         Attempt{"a_relative_link",
                 [](Escape &e) {
                     e.link("/link", "../out/secret");
                     e.closed("/link");
                 }},
         Attempt{"a_relative_link_in_a_bind",
                 [](Escape &e) {
                     e.link("/host/data/link", "../out/secret");
                     e.closed("/host/data/link");
                 }},
         Attempt{"an_absolute_link",
                 [](Escape &e) {
                     e.link("/link", e.out + "/secret");
                     e.link("/host/data/link", e.out + "/secret");
                     for (int i = 0; i < 2; i++)
                         e.refused("open", -1, i ? "/link" : "/host/data/link",
                                   0, 0);
                 }},
         Attempt{"a_link_of_the_hosts_making",
                 [](Escape &e) {
                     std::filesystem::create_symlink(e.out, e.root + "/link");
                     std::filesystem::create_symlink("../out",
                                                     e.data + "/link");
                     e.closed("/link/secret");
                     e.closed("/host/data/link/secret");
                 }},
         Attempt{"a_link_in_the_middle",
                 [](Escape &e) {
                     e.link("/boot/a/link", "../../../out");
                     e.closed("/boot/a/link/secret");
                     e.closed("/boot/a/link/directory/file");
                 }},
         Attempt{"a_link_and_dot_dot",
                 [](Escape &e) {
                     e.link("/link", "boot/a/b");
                     e.closed("/link/../../../../out/secret");
                 }},
         Attempt{"links_through_links",
                 [](Escape &e) {
                     e.link("/one", "..");
                     e.link("/two", "one/..");
                     e.link("/three", "two/out/secret");
                     e.closed("/three");
                     e.closed("/two/out/secret");
                 }},
         Attempt{"links_without_end",
                 [](Escape &e) {
                     e.link("/one", "two");
                     e.link("/two", "one");
                     e.closed("/one");
                     e.closed("/one/../../out/secret");
                 }},
         Attempt{"links_into_proc",
                 [](Escape &e) {
                     e.link("/root", "/proc/self/root" + e.out);
                     e.link("/cwd", "/proc/self/cwd/../out");
                     e.link("/fd", "/proc/self/fd/50");
                     e.closed("/root/secret");
                     e.closed("/cwd/secret");
                     e.closed("/fd/secret");
                 }},
         Attempt{"a_link_that_is_not_followed",
                 [](Escape &e) {
                     e.link("/link", "../out/secret");
                     int fd = e.call("open", -1, "/link", READ | NOTRAVERSE, 0);
                     e.silent(fd);
                 }},
         Attempt{"a_slash_behind_a_link",
                 [](Escape &e) {
                     e.link("/link", "../out/directory");
                     e.closed("/link/");
                     e.refused("remove_dir", -1, "/link/");
                 }},
         Attempt{"a_new_file_behind_a_link",
                 [](Escape &e) {
                     e.link("/link", "../out/new");
                     e.link("/host/data/link", "../out/new");
                     for (const char *path : {"/link", "/host/data/link"}) {
                         e.refused("open", -1, path, WRITE | CREATE, 0644);
                         e.refused("open", -1, path, WRITE | CREATE | EXCLUSIVE,
                                   0644);
                     }
                 }},
         Attempt{"a_new_directory_behind_a_link",
                 [](Escape &e) {
                     e.link("/link", "../out");
                     e.refused("create_dir", -1, "/link/new", 0755);
                     e.refused("create_fifo", -1, "/link/new", 0644);
                     e.refused("create_symlink", -1, "/link/new", "x", 0);
                 }},
         Attempt{"removing_behind_a_link",
                 [](Escape &e) {
                     e.link("/link", "../out");
                     e.refused("unlink", -1, "/link/secret");
                     e.refused("remove_dir", -1, "/link/directory");
                 }},
         Attempt{"renaming_behind_a_link",
                 [](Escape &e) {
                     e.link("/link", "../out");
                     e.refused("rename", -1, "/link/secret", -1, "/stolen");
                     e.refused("rename", -1, "/file", -1, "/link/secret");
                     e.refused("rename", -1, "/file", -1, "/link/new");
                 }},
         Attempt{"hard_links_to_the_outside",
                 [](Escape &e) {
                     e.link("/link", "../out/secret");
                     e.refused("create_link", -1, "/stolen", -1, "/link", 1);
                     e.refused("create_link", -1, "/stolen", -1,
                               "/../out/secret", 1);
                 }},
         Attempt{"hard_links_in_the_outside",
                 [](Escape &e) {
                     e.link("/link", "../out");
                     e.refused("create_link", -1, "/link/new", -1, "/file", 1);
                 }},
         Attempt{"a_hard_link_of_a_link_is_one",
                 [](Escape &e) {
                     e.link("/boot/a/b/link", "../../../out/secret");
                     if (e.call("create_link", -1, "/link", -1,
                                "/boot/a/b/link", 0) == HK_B_OK)
                         e.closed("/link");
                 }},
         Attempt{"a_link_that_moves",
                 [](Escape &e) {
                     e.link("/boot/a/b/link", "../../../out/secret");
                     EXPECT_EQ(e.call("rename", -1, "/boot/a/b/link", -1,
                                      "/boot/link"),
                               HK_B_OK);
                     e.closed("/boot/link");
                 }},
         Attempt{"modes_and_times_behind_a_link",
                 [](Escape &e) {
                     Address stat = e.team->room(96);
                     e.link("/link", "../out/secret");
                     e.team->set<uint32_t>(stat, 12, 0777);
                     e.refused("write_stat", -1, "/link", 1, stat, 88, 0x3f);
                 }},
         Attempt{"a_length_behind_a_link",
                 [](Escape &e) {
                     Address stat = e.team->room(96);
                     e.link("/link", "../out/secret");
                     e.refused("write_stat", -1, "/link", 1, stat, 88, 8);
                 }},
         Attempt{"what_is_behind_a_link", [](Escape &e) {
                     Address stat = e.team->room(96);
                     e.link("/link", "../out/secret");
                     e.refused("read_stat", -1, "/link", 1, stat, 88);
                     e.refused("access", -1, "/link", 0, 0);
                 }});

// Numbers of descriptors, and directories that move.
ATTEMPTS(
    Descriptors,
    Attempt{"numbers_of_the_host",
            [](Escape &e) {
                Address text = e.team->room(64);
                for (int fd = 3; fd < 120; fd++) {
                    e.refused("read", int{fd}, int64_t{0}, text, 64);
                    e.refused("write", int{fd}, int64_t{0}, text, 1);
                }
            }},
    Attempt{
        "numbers_of_the_host_as_a_start",
        [](Escape &e) {
            for (int fd : {50, 51, 3, 4, 5, 6, 7, 8, 9, 100})
                for (const char *path : {"secret", "../out/secret", ".", ".."})
                    e.closed(path, fd);
        }},
    Attempt{"copies_of_the_hosts_numbers",
            [](Escape &e) {
                e.refused("dup", 51);
                e.refused("dup2", 51, 20);
                e.refused("fcntl", 51, 1, 0);
                e.refused("fcntl", 50, 0x200, 0);
            }},
    Attempt{"going_to_a_number_of_the_host",
            [](Escape &e) {
                for (int fd : {50, 51, 3, 4, 5, 6})
                    e.refused("setcwd", int{fd}, nullptr);
            }},
    Attempt{"a_number_of_the_host_mapped",
            [](Escape &e) {
                Address address = e.team->room(4);
                e.refused("map_file", "area", address, 0, 4096, 3, 0, 0, 51,
                          int64_t{0});
            }},
    Attempt{"numbers_below_zero",
            [](Escape &e) {
                for (int fd : {-2, -100, INT32_MIN})
                    e.closed("../out/secret", fd);
            }},
    Attempt{"a_start_that_is_no_directory",
            [](Escape &e) {
                Address ends = e.team->room(8);
                int file = e.call("open", -1, "/file", 0, 0);
                EXPECT_EQ(e.call("create_pipe", ends), HK_B_OK);
                int socket = e.call("socket", 9, 1, 0);
                for (int fd : {file, e.team->get<int>(ends), socket})
                    for (const char *path : {"../out/secret", "..", "secret"})
                        e.closed(path, fd);
            }},
    Attempt{"an_inherited_directory_as_a_start",
            [](Escape &e) {
                for (const char *path :
                     {"secret", "./secret", "directory/file", "..", "."})
                    e.closed(path, 0);
            }},
    Attempt{"going_to_an_inherited_directory",
            [](Escape &e) {
                e.refused("setcwd", 0, nullptr);
                e.refused("setcwd", 0, "directory");
            }},
    Attempt{"the_parent_of_an_inherited_directory",
            [](Escape &e) {
                Address name = e.team->room(256);
                e.refused("open_parent_dir", 0, name, 256);
            }},
    Attempt{"changes_by_an_inherited_directory",
            [](Escape &e) {
                e.refused("unlink", 0, "secret");
                e.refused("remove_dir", 0, "directory");
                e.refused("create_dir", 0, "new", 0755);
                e.refused("create_symlink", 0, "new", "x", 0);
                e.refused("create_fifo", 0, "new", 0644);
                e.refused("rename", 0, "secret", -1, "/stolen");
                e.refused("rename", -1, "/file", 0, "new");
                e.refused("create_link", 0, "new", -1, "/file", 1);
                e.refused("create_link", -1, "/stolen", 0, "secret", 1);
            }},
    Attempt{"the_parent_of_the_root",
            [](Escape &e) {
                Address name = e.team->room(256);
                int root = e.open_dir("/");
                int parent = e.call("open_parent_dir", root, name, 256);
                if (parent >= 0)
                    e.closed("out/secret", parent);
            }},
    Attempt{"the_parent_of_a_bind",
            [](Escape &e) {
                Address name = e.team->room(256);
                int bind = e.open_dir("/host/data");
                int parent = e.call("open_parent_dir", bind, name, 256);
                ASSERT_GE(parent, 0);
                e.closed("out/secret", parent);
                e.closed("root/file", parent);
            }},
    Attempt{"dot_dot_of_a_directory_moved_out",
            [](Escape &e) {
                int fd = e.open_dir("/boot/a");
                std::filesystem::rename(e.root + "/boot/a", e.out + "/a");
                e.closed("../secret", fd);
                e.closed("..", fd);
                e.closed("b/../../secret", fd);
                std::filesystem::rename(e.out + "/a", e.root + "/boot/a");
            }},
    Attempt{"dot_dot_of_a_working_directory_moved_out",
            [](Escape &e) {
                Address path = e.team->room(1024);
                EXPECT_EQ(e.call("setcwd", -1, "/boot/a"), HK_B_OK);
                std::filesystem::rename(e.root + "/boot/a", e.out + "/a");
                e.closed("../secret");
                e.refused("setcwd", -1, "..");
                e.refused("getcwd", path, 1024);
                std::filesystem::rename(e.out + "/a", e.root + "/boot/a");
            }},
    Attempt{"the_parent_of_a_directory_moved_out",
            [](Escape &e) {
                Address name = e.team->room(256);
                int fd = e.open_dir("/boot/a");
                std::filesystem::rename(e.root + "/boot/a", e.out + "/a");
                e.refused("open_parent_dir", fd, name, 256);
                std::filesystem::rename(e.out + "/a", e.root + "/boot/a");
            }},
    Attempt{"dot_dot_of_a_directory_that_is_gone", [](Escape &e) {
                EXPECT_EQ(e.call("create_dir", -1, "/gone", 0755), HK_B_OK);
                int fd = e.open_dir("/gone");
                EXPECT_EQ(e.call("remove_dir", -1, "/gone"), HK_B_OK);
                e.closed("../out/secret", fd);
                e.closed("../../out/secret", fd);
            }});

// A bind that is read-only, and the places themselves.
ATTEMPTS(
    Fixed,
    Attempt{"writing",
            [](Escape &e) {
                for (int mode :
                     {WRITE, READ_WRITE, WRITE | TRUNCATE, READ | TRUNCATE,
                      WRITE | CREATE, 0x800 | WRITE})
                    e.refused("open", -1, "/fixed/file", int{mode}, 0644);
            }},
    Attempt{"writing_by_a_link",
            [](Escape &e) {
                e.link("/host/data/link", "/fixed/file");
                e.link("/link", "fixed/file");
                e.refused("open", -1, "/host/data/link", WRITE, 0);
                e.refused("open", -1, "/link", WRITE | TRUNCATE, 0);
            }},
    Attempt{"writing_from_a_directory",
            [](Escape &e) {
                int fd = e.open_dir("/fixed/directory");
                e.refused("open", fd, "file", WRITE, 0);
                e.refused("open", fd, "../file", WRITE, 0);
                e.refused("unlink", fd, "file");
            }},
    Attempt{"writing_to_what_is_open_for_reading",
            [](Escape &e) {
                int fd = e.call("open", -1, "/fixed/file", READ, 0);
                e.refused("write", fd, int64_t{0}, "x", 1);
                e.refused("preallocate", fd, int64_t{0}, int64_t{4096});
            }},
    Attempt{
        "new_entries",
        [](Escape &e) {
            e.refused("open", -1, "/fixed/new", WRITE | CREATE, 0644);
            e.refused("create_dir", -1, "/fixed/new", 0755);
            e.refused("create_fifo", -1, "/fixed/new", 0644);
            e.refused("create_symlink", -1, "/fixed/new", "x", 0);
            auto [device, directory] = e.node("/fixed/directory");
            e.refused("create_dir_entry_ref", device, directory, "new", 0755);
            e.refused("open_entry_ref", device, directory, "file", WRITE, 0);
        }},
    Attempt{"removing",
            [](Escape &e) {
                e.refused("unlink", -1, "/fixed/file");
                e.refused("remove_dir", -1, "/fixed/empty");
            }},
    Attempt{"renaming",
            [](Escape &e) {
                e.refused("rename", -1, "/fixed/file", -1, "/fixed/other");
                e.refused("rename", -1, "/fixed/file", -1, "/host/data/other");
                e.refused("rename", -1, "/host/data/file", -1, "/fixed/file");
                e.refused("rename", -1, "/host/data/file", -1, "/fixed/new");
            }},
    Attempt{"a_hard_link_that_may_be_written_to",
            [](Escape &e) {
                e.refused("create_link", -1, "/host/data/hard", -1,
                          "/fixed/file", 1);
                e.refused("create_link", -1, "/host/data/hard", -1,
                          "/fixed/file", 0);
                e.link("/host/data/link", "/fixed/file");
                e.refused("create_link", -1, "/host/data/hard", -1,
                          "/host/data/link", 1);
            }},
    Attempt{"a_hard_link_in_it",
            [](Escape &e) {
                e.refused("create_link", -1, "/fixed/hard", -1,
                          "/host/data/file", 1);
            }},
    Attempt{"modes_owners_times_and_length",
            [](Escape &e) {
                Address stat = e.team->room(96);
                int fd = e.call("open", -1, "/fixed/file", READ, 0);
                for (int mask : {1, 2, 4, 8, 0x10, 0x20, 0x3f}) {
                    e.refused("write_stat", -1, "/fixed/file", 1, stat, 88,
                              int{mask});
                    e.refused("write_stat", fd, nullptr, 0, stat, 88,
                              int{mask});
                }
            }},
    Attempt{"attributes",
            [](Escape &e) {
                int fd = e.call("open", -1, "/fixed/file", READ, 0);
                e.refused("write_attr", fd, "made", 1, int64_t{0}, "x", 1);
                e.refused("remove_attr", fd, "made");
                e.refused("open_attr", fd, nullptr, "made", 1, WRITE | CREATE);
                e.refused("open_attr", -1, "/fixed/file", "made", 1,
                          WRITE | CREATE);
                e.refused("rename_attr", fd, "a", fd, "b");
            }},
    Attempt{"shared_memory",
            [](Escape &e) {
                Address address = e.team->room(4);
                int fd = e.call("open", -1, "/fixed/file", READ, 0);
                e.refused("map_file", "area", address, 0, 4096, 3, 0, 0, fd,
                          int64_t{0});
                int id = e.call("map_file", "area", address, 0, 4096, 1, 0, 0,
                                fd, int64_t{0});
                ASSERT_GE(id, 0);
                e.refused("set_area_protection", id, 3);
                e.refused("set_memory_protection",
                          Address{e.team->get<uint32_t>(address)}, 4096, 3);
            }},
    Attempt{"a_sockets_file",
            [](Escape &e) {
                uint32_t size;
                int socket = e.call("socket", 9, 1, 0);
                Address address = e.local("/fixed/socket", &size);
                e.refused("bind", socket, address, size);
            }},
    Attempt{"the_binds_themselves",
            [](Escape &e) {
                for (const char *path : {"/fixed", "/host/data", "/host"}) {
                    e.refused("remove_dir", -1, path);
                    e.refused("unlink", -1, path);
                    e.refused("rename", -1, path, -1, "/moved");
                    e.refused("rename", -1, "/boot", -1, path);
                    e.refused("create_symlink", -1, path, "x", 0);
                    e.refused("create_dir", -1, path, 0755);
                }
            }},
    Attempt{"a_parent_of_a_bind_moved_away", [](Escape &e) {
                if (e.call("rename", -1, "/host", -1, "/moved") == HK_B_OK)
                    e.closed("/moved/../../out/secret");
                int fd = e.call("open", -1, "/host/data/file", READ, 0);
                EXPECT_GE(fd, 0);
            }});

// Attributes, nodes by number, volumes.
ATTEMPTS(
    Nodes,
    Attempt{"names_of_attributes_are_no_paths",
            [](Escape &e) {
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                for (const char *name :
                     {"../secret", "/../out/secret", "../../out/secret"}) {
                    int attribute = e.call("open_attr", fd, nullptr, name, 1,
                                           WRITE | CREATE);
                    if (attribute >= 0)
                        e.silent(attribute);
                    e.refused("open_attr", 50, nullptr, name, 1, READ);
                }
            }},
    Attempt{"attributes_of_the_outside",
            [](Escape &e) {
                e.link("/link", "../out/secret");
                for (const char *path : {"/link", "/../out/secret"}) {
                    e.refused("open_attr", -1, path, "mine", 1, READ);
                    e.refused("open_attr_dir", -1, path, 1);
                }
                e.refused("open_attr", 51, nullptr, "mine", 1, READ);
                e.refused("write_attr", 51, "mine", 1, int64_t{0}, "x", 1);
            }},
    Attempt{"attributes_of_the_host_by_prefix",
            [](Escape &e) {
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                std::string path = e.root + "/file";
                for (const char *name :
                     {"trusted.made", "security.made", "system.made"}) {
                    e.call("write_attr", fd, name, 1, int64_t{0}, "x", 1);
                    EXPECT_LT(::getxattr(path.c_str(), name, nullptr, 0), 0)
                        << name;
                }
            }},
    Attempt{"attributes_between_descriptors",
            [](Escape &e) {
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                e.refused("rename_attr", 51, "mine", fd, "mine");
                e.refused("rename_attr", fd, "mine", 51, "mine");
            }},
    Attempt{"a_forged_directory",
            [](Escape &e) {
                int64_t out = e.inode(e.out);
                for (int device = -1; device < 8; device++) {
                    e.refused("open_entry_ref", int{device}, out, "secret", 0,
                              0);
                    e.refused("open_dir_entry_ref", int{device}, out, nullptr);
                    e.refused("create_dir_entry_ref", int{device}, out, "new",
                              0755);
                }
            }},
    Attempt{"a_forged_directory_of_the_host",
            [](Escape &e) {
                int64_t above = e.inode(e.host.path);
                int64_t top = e.inode("/");
                for (int device = 0; device < 8; device++) {
                    e.refused("open_entry_ref", int{device}, above,
                              "out/secret", 0, 0);
                    e.refused("open_dir_entry_ref", int{device}, above, "out");
                    e.refused("open_dir_entry_ref", int{device}, top, "etc");
                }
            }},
    Attempt{"names_behind_a_node_are_no_paths",
            [](Escape &e) {
                for (const char *top : {"/", "/host/data"}) {
                    auto [device, directory] = e.node(top);
                    for (const char *name :
                         {"../out/secret", "../../../out/secret", "/../out",
                          "boot/../../out/secret", "../out"})
                        e.refused("open_entry_ref", device, directory, name, 0,
                                  0);
                    int up =
                        e.call("open_entry_ref", device, directory, "..", 0, 0);
                    if (up >= 0)
                        e.closed("out/secret", up);
                }
            }},
    Attempt{"a_node_that_has_moved_out",
            [](Escape &e) {
                auto [device, directory] = e.node("/boot/a");
                std::filesystem::rename(e.root + "/boot/a", e.out + "/a");
                e.refused("open_entry_ref", device, directory, "b", 0, 0);
                e.refused("open_dir_entry_ref", device, directory, nullptr);
                std::filesystem::rename(e.out + "/a", e.root + "/boot/a");
            }},
    Attempt{"the_path_of_a_forged_node",
            [](Escape &e) {
                Address path = e.team->room(1024);
                for (int device = 0; device < 8; device++)
                    for (int64_t node :
                         {e.inode(e.out), e.inode("/"), e.inode(e.host.path)}) {
                        if (e.call("entry_ref_to_path", int{device}, node,
                                   "secret", path, 1024) == HK_B_OK) {
                            EXPECT_EQ(e.team->text(path).find(e.host.path),
                                      std::string::npos);
                        }
                    }
            }},
    Attempt{"devices_that_are_none",
            [](Escape &e) {
                int64_t root = e.inode(e.root);
                for (int device : {INT32_MIN, -5, 1000, INT32_MAX, 1 << 30})
                    e.refused("open_entry_ref", int{device}, root, "file", 0,
                              0);
            }},
    Attempt{"names_of_the_host_in_volumes",
            [](Escape &e) {
                Address info = e.team->room(512);
                for (int device = 0; device < 16; device++)
                    if (e.call("read_fs_info", int{device}, info) == HK_B_OK) {
                        EXPECT_EQ(e.team->bytes(info, 480).find(e.host.path),
                                  std::string::npos);
                    }
            }},
    Attempt{"mounting",
            [](Escape &e) {
                e.refused("mount", "/boot", e.out, "bindfs", 0, nullptr, 0);
                e.refused("mount", "/boot", "/dev/vda", "ext4", 0, nullptr, 0);
                e.refused("unmount", "/host/data", 0);
                e.refused("unmount", "/fixed", 1);
            }},
    Attempt{"entries_that_read_dir_tells", [](Escape &e) {
                Address entries = e.team->room(4096);
                int fd = e.open_dir("/");
                int count = e.call("read_dir", fd, entries, 4096, 100);
                EXPECT_GT(count, 0);
                uint32_t at = 0;
                for (int i = 0; i < count; i++) {
                    // dev, parent dev, node, parent node, length, name
                    int64_t node = e.team->get<int64_t>(entries, at + 8);
                    EXPECT_NE(node, e.inode(e.out));
                    EXPECT_NE(node, e.inode(e.host.path));
                    at += e.team->get<uint16_t>(entries, at + 24);
                }
            }});

// Sockets, and what comes through them.
void receive(Escape &e, int host_fd, const std::function<void(int)> &act)
{
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    // The guest's end is inherited: its descriptor 1.
    int saved = ::fcntl(1, F_DUPFD_CLOEXEC, 100);
    ::fflush(stdout);
    ::dup2(ends[0], 1);
    hk_config config = hk::make_config(e.root.c_str());
    auto other = std::make_unique<Team>(config);
    Team &team = *other;
    char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {};
    iovec vector = {&byte, 1};
    msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &host_fd, sizeof(int));
    EXPECT_EQ(::sendmsg(ends[1], &message, 0), 1);

    Address head = team.room(28), data = team.room(16), iov = team.room(8),
            rights = team.room(64);
    team.set(iov, 0, data.value);
    team.set(iov, 4, uint32_t{1});
    team.set(head, 8, iov.value);
    team.set(head, 12, uint32_t{1});
    team.set(head, 16, rights.value);
    team.set(head, 20, uint32_t{64});
    EXPECT_EQ(team.call("recvmsg", 1, head, 0), 1);
    int fd = team.get<int>(rights, 12);
    EXPECT_GE(fd, 0);
    std::swap(e.team, other);
    act(fd);
    std::swap(e.team, other);
    ::dup2(saved, 1);
    for (int open : {saved, ends[0], ends[1]})
        ::close(open);
}

ATTEMPTS(
    Sockets,
    Attempt{"a_socket_outside",
            [](Escape &e) {
                uint32_t size;
                sockaddr_un name = {};
                int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
                std::string path = e.host.at("socket");
                name.sun_family = AF_UNIX;
                std::strcpy(name.sun_path, "/proc/self/fd/50/../socket");
                ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr *>(&name),
                                 sizeof(name)),
                          0);
                ::listen(listening, 5);
                e.link("/link", "../socket");
                for (const std::string &way :
                     {std::string("/../socket"), path, std::string("/link"),
                      std::string("/host/data/../../../socket")}) {
                    int socket = e.call("socket", 9, 1, 0);
                    Address address = e.local(way, &size);
                    e.refused("connect", socket, address, size);
                }
                ::close(listening);
                ::unlink(path.c_str());
            }},
    Attempt{"a_new_socket_outside",
            [](Escape &e) {
                uint32_t size;
                e.link("/link", "../out");
                for (const std::string &way :
                     {std::string("/../out/new"), e.out + "/new",
                      std::string("/link/new")}) {
                    int socket = e.call("socket", 9, 1, 0);
                    Address address = e.local(way, &size);
                    e.refused("bind", socket, address, size);
                }
            }},
    Attempt{"a_socket_of_the_hosts_without_a_file",
            [](Escape &e) {
                uint32_t size;
                sockaddr_un name = {};
                int listening = ::socket(AF_UNIX, SOCK_STREAM, 0);
                std::string text = "escape." + std::to_string(::getpid());
                name.sun_family = AF_UNIX;
                std::memcpy(name.sun_path + 1, text.c_str(), text.size());
                ASSERT_EQ(::bind(listening, reinterpret_cast<sockaddr *>(&name),
                                 static_cast<socklen_t>(
                                     offsetof(sockaddr_un, sun_path) + 1 +
                                     text.size())),
                          0);
                ::listen(listening, 5);
                int socket = e.call("socket", 9, 1, 0);
                Address address = e.local(std::string("\0", 1) + text, &size);
                e.refused("connect", socket, address, size);
                ::close(listening);
            }},
    Attempt{"sending_numbers_of_the_host",
            [](Escape &e) {
                Address ends = e.team->room(8), head = e.team->room(28),
                        rights = e.team->room(16), iov = e.team->room(8);
                EXPECT_EQ(e.call("socketpair", 9, 1, 0, ends), HK_B_OK);
                e.team->set(iov, 0, ends.value);
                e.team->set(iov, 4, uint32_t{1});
                e.team->set(head, 8, iov.value);
                e.team->set(head, 12, uint32_t{1});
                e.team->set(head, 16, rights.value);
                e.team->set(head, 20, uint32_t{16});
                e.team->set(rights, 0, uint32_t{16});
                e.team->set(rights, 4, int32_t{-1});
                e.team->set(rights, 8, uint32_t{1});
                for (int fd : {50, 51, -1}) {
                    e.team->set(rights, 12, int32_t{fd});
                    e.refused("sendmsg", e.team->get<int>(ends), head, 0);
                }
            }},
    Attempt{"a_received_directory_as_a_start",
            [](Escape &e) {
                receive(e, 50, [&](int fd) {
                    e.closed("secret", fd);
                    e.closed("directory/file", fd);
                    e.closed("..", fd);
                });
            }},
    Attempt{"going_to_a_received_directory",
            [](Escape &e) {
                receive(e, 50, [&](int fd) {
                    Address name = e.team->room(256);
                    e.refused("setcwd", fd, nullptr);
                    e.refused("setcwd", fd, "directory");
                    e.refused("open_parent_dir", fd, name, 256);
                });
            }},
    Attempt{"changes_by_a_received_directory",
            [](Escape &e) {
                receive(e, 50, [&](int fd) {
                    e.refused("unlink", fd, "secret");
                    e.refused("create_dir", fd, "new", 0755);
                    e.refused("rename", fd, "secret", -1, "/stolen");
                    e.refused("create_link", -1, "/stolen", fd, "secret", 1);
                });
            }},
    Attempt{"a_hard_link_of_a_received_file", [](Escape &e) {
                receive(e, 51, [&](int fd) {
                    e.refused("create_link", -1, "/stolen", fd, "", 1);
                    e.refused("create_link", -1, "/stolen", fd, ".", 1);
                });
            }});

// Something else changes the files while the guest's calls run.
class Swapper
{
  public:
    // Lets a name be one thing, then the other.
    Swapper(const std::string &name, const std::string &other)
        : thread([=, this] {
              const std::string aside = name + ".aside";
              while (!stop) {
                  ::rename(name.c_str(), aside.c_str());
                  ::rename(other.c_str(), name.c_str());
                  ::rename(name.c_str(), other.c_str());
                  ::rename(aside.c_str(), name.c_str());
              }
          })
    {
    }
    ~Swapper()
    {
        stop = true;
        thread.join();
    }

  private:
    std::atomic<bool> stop{false};
    std::thread thread;
};

enum { ROUNDS = 1000 };

void read_secretly(Escape &e, const char *path)
{
    int fd = e.call("open", -1, path, READ, 0);
    if (fd >= 0) {
        e.silent(fd);
        e.call("close", fd);
    }
}

ATTEMPTS(
    Races,
    Attempt{"a_directory_that_becomes_a_link",
            [](Escape &e) {
                std::filesystem::create_directory(e.root + "/swap");
                std::filesystem::create_symlink("../out", e.root + "/link");
                Swapper swapper(e.root + "/swap", e.root + "/link");
                for (int i = 0; i < ROUNDS; i++) {
                    read_secretly(e, "/swap/secret");
                    e.call("unlink", -1, "/swap/secret");
                    e.call("remove_dir", -1, "/swap/directory");
                    e.call("rename", -1, "/swap/secret", -1, "/swap/x");
                }
            }},
    Attempt{"a_file_that_becomes_a_link",
            [](Escape &e) {
                e.host.write("root/swap", "inside");
                std::filesystem::create_symlink("../out/secret",
                                                e.root + "/link");
                Swapper swapper(e.root + "/swap", e.root + "/link");
                for (int i = 0; i < ROUNDS; i++) {
                    read_secretly(e, "/swap");
                    int fd = e.call("open", -1, "/swap", WRITE | TRUNCATE, 0);
                    if (fd >= 0)
                        e.call("close", fd);
                }
            }},
    Attempt{"a_new_file_where_a_link_comes",
            [](Escape &e) {
                std::filesystem::create_directory(e.root + "/swap");
                std::filesystem::create_symlink("../out", e.root + "/link");
                Swapper swapper(e.root + "/swap", e.root + "/link");
                for (int i = 0; i < ROUNDS; i++) {
                    int fd =
                        e.call("open", -1, "/swap/new", WRITE | CREATE, 0644);
                    if (fd >= 0)
                        e.call("close", fd);
                    e.call("create_dir", -1, "/swap/made", 0755);
                    e.call("create_symlink", -1, "/swap/symlink", "x", 0);
                    e.call("create_fifo", -1, "/swap/fifo", 0644);
                }
            }},
    Attempt{"a_hard_link_of_what_becomes_a_link",
            [](Escape &e) {
                e.host.write("root/swap", "inside");
                std::filesystem::create_symlink("../out/secret",
                                                e.root + "/link");
                Swapper swapper(e.root + "/swap", e.root + "/link");
                for (int i = 0; i < ROUNDS; i++) {
                    if (e.call("create_link", -1, "/stolen", -1, "/swap", 1) ==
                        HK_B_OK) {
                        read_secretly(e, "/stolen");
                        e.call("unlink", -1, "/stolen");
                    }
                }
            }},
    Attempt{"modes_of_what_becomes_a_link",
            [](Escape &e) {
                Address stat = e.team->room(96);
                e.team->set<uint32_t>(stat, 12, 0640);
                e.host.write("root/swap", "inside");
                std::filesystem::create_symlink("../out/secret",
                                                e.root + "/link");
                Swapper swapper(e.root + "/swap", e.root + "/link");
                for (int i = 0; i < ROUNDS; i++)
                    e.call("write_stat", -1, "/swap", 1, stat, 88, 1 | 8);
            }},
    Attempt{"dot_dot_of_what_moves_out",
            [](Escape &e) {
                std::filesystem::create_directories(e.root + "/swap/b");
                std::filesystem::create_directories(e.host.at("data/swap/b"));
                Swapper swapper(e.root + "/swap", e.data + "/swap");
                for (int i = 0; i < ROUNDS; i++) {
                    read_secretly(e, "/swap/b/../../../out/secret");
                    read_secretly(e, "/swap/b/../../out/secret");
                    read_secretly(e, "/swap/../out/secret");
                }
            }},
    Attempt{"a_working_directory_that_moves_out", [](Escape &e) {
                std::filesystem::create_directories(e.root + "/swap/b");
                std::filesystem::create_directories(e.host.at("data/swap/b"));
                EXPECT_EQ(e.call("setcwd", -1, "/swap/b"), HK_B_OK);
                Swapper swapper(e.root + "/swap", e.data + "/swap");
                for (int i = 0; i < ROUNDS; i++) {
                    read_secretly(e, "../../out/secret");
                    read_secretly(e, "../../../out/secret");
                    e.call("unlink", -1, "../../out/secret");
                }
            }});

} // namespace
