// escape_test.cc -- attempts to escape by files, each by its name.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/escape.h"

namespace
{

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
                      "/dev/tt/p0", "/dev/pts/0"})
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
    Attempt{"dot_dot_from_a_changed_root",
            [](Escape &e) {
                EXPECT_EQ(e.call("change_root", "/boot/a"), HK_B_OK);
                e.closed("/../../../out/secret");
                e.closed("/b/../../../../../out/secret");
                e.closed("../out/secret");
                e.closed(e.out + "/secret");
            }},
    Attempt{"links_from_a_changed_root",
            [](Escape &e) {
                e.link("/boot/a/link", "../../../out/secret");
                e.link("/boot/a/absolute", e.out + "/secret");
                e.link("/boot/a/up", "/../../../out");
                EXPECT_EQ(e.call("change_root", "/boot/a"), HK_B_OK);
                e.closed("/link");
                e.refused("open", -1, "/absolute", 0, 0);
                e.closed("/up/secret");
            }},
    Attempt{"a_changed_root_in_a_bind",
            [](Escape &e) {
                EXPECT_EQ(e.call("change_root", "/fixed"), HK_B_OK);
                e.closed("/../out/secret");
                e.closed("/../../out/secret");
                e.refused("open", -1, "/file", WRITE + 0, 0);
                e.refused("open", -1, "/made", WRITE | CREATE, 0644);
                e.refused("create_dir", -1, "/made", 0755);
            }},
    Attempt{"a_changed_root_that_moves",
            [](Escape &e) {
                EXPECT_EQ(e.call("change_root", "/boot/a"), HK_B_OK);
                std::filesystem::rename(e.root + "/boot/a", e.out + "/a");
                e.refused("open", -1, "/../secret", READ + 0, 0);
                e.refused("open", -1, "/b/../../secret", READ + 0, 0);
                std::filesystem::rename(e.out + "/a", e.root + "/boot/a");
            }},
    Attempt{"a_root_outside",
            [](Escape &e) {
                for (const char *path : {"/../out", "../out", "/out"})
                    e.refused("change_root", path);
                e.link("/link", e.out);
                e.link("/relative", "../out");
                e.refused("change_root", "/link");
                e.refused("change_root", "/relative");
                e.refused("change_root", e.out);
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
                // Attributes are renamed for nobody: the error tells.
                EXPECT_EQ(e.call("rename_attr", 51, "mine", fd, "mine"),
                          HK_B_FILE_ERROR);
                EXPECT_EQ(e.call("rename_attr", fd, "mine", 51, "mine"),
                          HK_B_FILE_ERROR);
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

} // namespace
