// escape_race_test.cc -- attempts to escape through sockets and by races.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/escape.h"

namespace
{

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
        : thread([this, name, other] {
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
