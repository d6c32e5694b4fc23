// escape.h -- what a guest is not to reach, and attempts to reach it.
// SPDX-License-Identifier: MIT
#ifndef ESCAPE_H
#define ESCAPE_H
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

} // namespace
#endif
