// escape_calls_test.cc -- attempts to escape by all that takes a path, a node
// or a command. SPDX-License-Identifier: MIT
#include "libhaikuabi/test/escape.h"

namespace
{

// What else a call could take for a path, a node or a command of the host's.
ATTEMPTS(
    Others,
    Attempt{"big_attributes_are_no_paths",
            [](Escape &e) {
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                const std::string value(100000, 'x');
                for (const char *name : {"..", ".", "../new", "../../out/new",
                                         "../../../../out/secret", "a/../b"})
                    e.call("write_attr", fd, name, 1, int64_t{0}, value,
                           static_cast<int>(value.size()));
                for (const char *name : {"..", "../new", "../../out/new"})
                    e.call("remove_attr", fd, name);
            }},
    Attempt{
        "attributes_of_a_link_are_not_its_targets",
        [](Escape &e) {
            e.link("/link", "../out/secret");
            int fd = e.call("open", -1, "/link", READ_WRITE | NOTRAVERSE, 0);
            for (int size : {1, 5000, 100000})
                e.call("write_attr", fd, "made", 1, int64_t{0},
                       std::string(static_cast<size_t>(size), 'x'), int{size});
            e.call("remove_attr", fd, "mine");
            int attribute = e.call("open_attr", fd, nullptr, "mine", 1, READ);
            if (attribute >= 0)
                e.silent(attribute);
        }},
    Attempt{"queries_follow_no_links",
            [](Escape &e) {
                e.link("/link", "../out");
                e.link("/boot/link", "../../out");
                std::filesystem::create_symlink(e.out, e.data + "/link");
                const std::string query = "name==secret";
                for (int device = 0; device < 8; device++)
                    for (int flags : {0, 2}) {
                        int fd = e.call("open_query", int{device}, query,
                                        static_cast<int>(query.size()),
                                        int{flags}, -1, 0);
                        if (fd < 0)
                            continue;
                        Address entries = e.team->room(4096);
                        EXPECT_EQ(e.call("read_dir", fd, entries, 4096, 10), 0);
                    }
            }},
    Attempt{"volumes_have_no_nodes_of_the_outside",
            [](Escape &e) {
                e.link("/link", "../out");
                for (int device = 0; device < 8; device++)
                    for (const std::string &path :
                         {e.out, e.out + "/secret", e.host.path.string()}) {
                        int64_t inode = e.inode(path);
                        e.refused("open_dir_entry_ref", int{device}, inode,
                                  nullptr);
                        e.refused("open_entry_ref", int{device}, inode, ".", 0,
                                  0);
                        Address stat = e.team->room(96);
                        e.refused("read_index_stat", int{device}, "../secret",
                                  stat);
                    }
            }},
    Attempt{"monitors_of_forged_nodes",
            [](Escape &e) {
                int port = e.call("create_port", 50, "told");
                for (int device = 0; device < 8; device++)
                    for (const std::string &path : {e.out, e.out + "/secret"})
                        e.call("start_watching", int{device}, e.inode(path),
                               0xffff, port, 1);
                e.host.write("out/directory/seen", "x");
                std::filesystem::remove(e.out + "/directory/seen");
                EXPECT_EQ(e.call("port_count", port), 0);
                e.before = e.snapshot(); // times of the directory
            }},
    Attempt{"ioctls_of_the_host",
            [](Escape &e) {
                // TIOCSTI, TIOCSETD, FIOASYNC, FS_IOC_SETFLAGS, FICLONE,
                // FS_IOC_SETVERSION, BLKROSET
                Address data = e.team->room(256);
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                for (unsigned op : {0x5412u, 0x5423u, 0x5452u, 0x40086602u,
                                    0x40049409u, 0x40087602u, 0x125du})
                    for (int at : {0, 1, 2, fd})
                        e.refused("ioctl", int{at}, unsigned{op}, data, 256);
            }},
    Attempt{"commands_of_the_hosts_fcntl",
            [](Escape &e) {
                // F_SETOWN, F_SETSIG, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ,
                // F_ADD_SEALS, F_DUPFD_CLOEXEC
                int fd = e.call("open", -1, "/file", READ_WRITE, 0);
                for (int op : {1024, 1026, 1031, 1033, 1030, 15})
                    e.refused("fcntl", fd, int{op}, 1);
            }},
    Attempt{
        "flags_of_the_hosts_open",
        [](Escape &e) {
            // O_TMPFILE, O_PATH, O_DIRECTORY beside Haiku's own
            auto count = [&](const std::string &top) {
                return std::distance(std::filesystem::directory_iterator(top),
                                     std::filesystem::directory_iterator());
            };
            auto before = count(e.root);
            for (int bits : {020200000, 010000000, 0200000, 0400000})
                for (const char *path :
                     {"/../out", "../out", "/link", "/host/../../out"})
                    e.refused("open", -1, path, int{bits} | READ_WRITE, 0644);
            EXPECT_EQ(count(e.root), before);
        }},
    Attempt{"families_of_the_hosts_sockets",
            [](Escape &e) {
                // netlink, packet, vsock, alg, raw ones
                for (int family : {16, 17, 38, 40, 44, 2, 10})
                    for (int type : {1, 2, 3, 5})
                        e.refused("socket", int{family}, int{type}, 0);
            }},
    Attempt{"closing_numbers_of_the_host",
            [](Escape &e) {
                for (int fd = 3; fd < 120; fd++)
                    e.refused("close", int{fd});
                EXPECT_EQ(::fcntl(50, F_GETFD) & ~FD_CLOEXEC, 0);
                EXPECT_EQ(::fcntl(51, F_GETFD) & ~FD_CLOEXEC, 0);
            }},
    Attempt{"copying_over_numbers_of_the_host",
            [](Escape &e) {
                int fd = e.call("open", -1, "/file", READ, 0);
                struct stat was = {}, now = {};
                ::fstat(51, &was);
                EXPECT_EQ(e.call("dup2", fd, 51), 51);
                EXPECT_EQ(e.call("dup2", fd, 50), 50);
                e.silent(51);
                e.closed("secret", 50);
                ::fstat(51, &now);
                EXPECT_EQ(was.st_ino, now.st_ino);
            }},
    Attempt{"a_descriptor_from_above_a_changed_root",
            [](Escape &e) {
                int fd = e.open_dir("/");
                EXPECT_EQ(e.call("change_root", "/boot/a"), HK_B_OK);
                e.closed("../out/secret", fd);
                e.closed("../../out/secret", fd);
                EXPECT_EQ(e.call("setcwd", fd, nullptr), HK_B_OK);
                e.closed("../out/secret");
            }},
    Attempt{"links_as_long_as_a_path",
            [](Escape &e) {
                for (size_t size : {1020u, 1022u, 1023u}) {
                    std::string target = "../out/secret";
                    while (target.size() + 2 <= size)
                        target = "./" + target;
                    e.call("create_symlink", -1, "/link", target, 0);
                    e.closed("/link");
                    e.closed("/boot/a/../../link");
                    e.call("unlink", -1, "/link");
                }
            }},
    Attempt{"links_of_the_host_in_proc",
            [](Escape &e) {
                // Where /proc itself is bound, its links are texts.
                std::vector<hk_bind> binds = {{"/proc", "/proc", 1}};
                hk_config config = hk::make_config(e.root.c_str());
                config.binds = binds.data();
                config.bind_count = 1;
                auto other = std::make_unique<Team>(config);
                std::swap(e.team, other);
                for (const char *path :
                     {"/proc/self/fd/51", "/proc/self/fd/50/secret",
                      "/proc/self/root/etc/passwd", "/proc/self/exe",
                      "/proc/self/map_files/x",
                      "/proc/thread-self/root/etc/passwd"})
                    e.closed(path);
                e.closed("/proc/self/root" + e.out + "/secret");
                std::swap(e.team, other);
            }},
    Attempt{"moves_from_a_bind_that_is_read_only",
            [](Escape &e) {
                // Binds of one host volume, of which one may be written to.
                e.refused("rename", -1, "/fixed/directory", -1,
                          "/host/data/directory");
                e.refused("rename", -1, "/host/data/file", -1,
                          "/fixed/directory/file");
                e.refused("create_link", -1, "/fixed/hard", -1, "/fixed/file",
                          0);
            }},
    Attempt{"moves_between_binds_end_in_them",
            [](Escape &e) {
                EXPECT_EQ(e.call("create_dir", -1, "/boot/a/made", 0755),
                          HK_B_OK);
                int fd = e.open_dir("/boot/a/made");
                EXPECT_EQ(
                    e.call("rename", -1, "/boot/a/made", -1, "/host/data/made"),
                    HK_B_OK);
                e.closed("../../out/secret", fd);
                e.closed("../../../out/secret", fd);
                e.closed("/host/data/made/../../../out/secret");
                e.link("/host/data/made/link", "../../out/secret");
                e.closed("/host/data/made/link");
                e.closed("link", fd);
            }},
    Attempt{"boot_where_the_host_has_a_link",
            [](Escape &e) {
                std::filesystem::rename(e.root + "/boot", e.root + "/kept");
                std::filesystem::create_symlink("../out", e.root + "/boot");
                hk_config config = hk::make_config(e.root.c_str());
                auto other = std::make_unique<Team>(config);
                std::swap(e.team, other);
                e.closed("/boot/secret");
                e.closed("/boot/directory/file");
                e.refused("open_dir", -1, "/boot");
                std::swap(e.team, other);
            }},
    Attempt{"boot_that_the_host_replaces_by_a_link",
            [](Escape &e) {
                std::filesystem::rename(e.root + "/boot", e.root + "/kept");
                std::filesystem::create_symlink("../out", e.root + "/boot");
                e.refused("open", -1, "/boot/secret", READ + 0, 0);
                e.refused("open", -1, "/boot/directory/file", READ + 0, 0);
                e.closed("/boot/../out/secret");
                e.closed("/boot/a/../../../out/secret");
            }},
    Attempt{"a_deleted_file_that_is_mapped", [](Escape &e) {
                Address address = e.team->room(4);
                e.host.write("data/gone", "gone");
                int fd = e.call("open", -1, "/host/data/gone", READ_WRITE, 0);
                std::filesystem::remove(e.data + "/gone");
                std::filesystem::create_symlink("../out/secret",
                                                e.data + "/gone");
                EXPECT_GE(e.call("map_file", "area", address, 0, 4096, 3, 0, 0,
                                 fd, int64_t{0}),
                          0);
                std::memcpy(e.team->host({e.team->get<uint32_t>(address)}),
                            "mine", 4);
                Address stat = e.team->room(96);
                e.team->set<int64_t>(stat, 28, 0);
                e.call("write_stat", fd, nullptr, 0, stat, 88, 8 | 1);
                e.refused("create_link", -1, "/host/data/again", -1,
                          "/host/data/gone", 1);
            }});

} // namespace
