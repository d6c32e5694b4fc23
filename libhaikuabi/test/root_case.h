// root_case.h -- a root, packages for it, and a team that uses it.
// SPDX-License-Identifier: MIT
#ifndef ROOT_CASE_H
#define ROOT_CASE_H

#include "libhaikuabi/test/package_builder.h"
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <haikuabi/root.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <vector>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace hk
{

// What a package says of itself.
inline std::vector<Node> package_info(const std::string &name,
                                      std::vector<Node> more = {},
                                      uint64_t architecture = 1)
{
    std::vector<Node> nodes = {
        Node(HK_PACKAGE_NAME, name),
        Node(HK_PACKAGE_ARCHITECTURE, architecture),
        Node(HK_PACKAGE_VERSION_MAJOR, "1",
             {Node(HK_PACKAGE_VERSION_REVISION, uint64_t{2})}),
        Node(HK_PACKAGE_PROVIDES, name,
             {Node(HK_PACKAGE_VERSION_MAJOR, "1"),
              Node(HK_PACKAGE_COMPATIBLE, "1")})};
    nodes.insert(nodes.end(), more.begin(), more.end());
    return nodes;
}

// Packages to come: their files' names, and where the host has them.
class Additions
{
  public:
    struct One {
        std::string name, path;
    };
    Additions(std::initializer_list<One> some = {}) : all(some) {}

    int come(hk_root *root, hk_package_fault *fault, size_t *refused = nullptr,
             hk_location location = HK_LOCATION_SYSTEM)
    {
        const hk_root_additions additions = {all.size(), open, this};
        return hk_root_add(root, location, &additions, refused, fault);
    }

    std::vector<One> all;

  private:
    static int open(void *context, size_t index, char **file_name, int *package,
                    hk_package_fault *)
    {
        const One &one = static_cast<Additions *>(context)->all[index];
        *package = ::open(one.path.c_str(), O_RDONLY | O_CLOEXEC);
        if (*package < 0)
            return HK_PACKAGE_ERR_IO;
        *file_name = strdup(one.name.c_str());
        return 0;
    }
};

class RootCase : public testing::Test
{
  protected:
    RootCase()
    {
        path = host.at("root");
        EXPECT_EQ(hk_root_create(path.c_str(), &fault), 0) << fault.text;
    }
    ~RootCase() override
    {
        team.reset();
        hk_root_close(root);
    }

    static std::string package(std::vector<Node> toc, std::vector<Node> info,
                               Compression compression = ZSTD)
    {
        PackageBuilder made(compression);
        made.toc = std::move(toc);
        made.info = std::move(info);
        return made.build();
    }

    // Opens the root anew, as another process would.
    int reopen()
    {
        team.reset();
        hk_root_close(root);
        root = nullptr;
        return hk_root_open(path.c_str(), nullptr, &root, &fault);
    }
    int add(const std::string &name, const std::string &bytes,
            hk_location location = HK_LOCATION_SYSTEM)
    {
        if (root == nullptr && reopen() < 0)
            return HK_PACKAGE_ERR_IO;
        host.write(name, bytes);
        return Additions{{name, host.at(name)}}.come(root, &fault, nullptr,
                                                     location);
    }
    int remove(const std::vector<const char *> &names)
    {
        return hk_root_remove(root, names.data(), names.size(), &fault);
    }

    Team &guest()
    {
        if (team == nullptr) {
            hk_config config = make_config(hk_root_files(root));
            config.layer = root;
            team = std::make_unique<Team>(config);
            EXPECT_EQ(team->error, 0);
        }
        return *team;
    }
    int open(const std::string &name, int mode = 0)
    {
        return static_cast<int>(guest().call("open", -1, name, mode, 0644));
    }
    // What a guest reads from a path, or the name of the error.
    std::string read(const std::string &name)
    {
        int fd = open(name);
        if (fd < 0)
            return hk_status_name(fd);
        std::string text;
        Address buffer = guest().room(4096);
        int64_t count;
        while ((count = guest().call("read", fd, INT64_C(-1), buffer, 4096)) >
               0)
            text += guest().bytes(buffer, static_cast<size_t>(count));
        guest().call("close", fd);
        return count < 0 ? hk_status_name(static_cast<int32_t>(count)) : text;
    }
    int64_t write(const std::string &name, const std::string &text,
                  int mode = 1) // O_WRONLY
    {
        int fd = open(name, mode);
        if (fd < 0)
            return fd;
        int64_t count = guest().call("write", fd, INT64_C(-1), text,
                                     static_cast<int>(text.size()));
        guest().call("close", fd);
        return count;
    }
    // Below files/.
    struct stat stat(const std::string &name)
    {
        struct stat st = {};
        EXPECT_EQ(lstat(file(name).c_str(), &st), 0) << name;
        return st;
    }
    std::string file(const std::string &name)
    {
        return host.at("root/files/" + name);
    }
    bool has(const std::string &name)
    {
        return host.has("root/files/" + name);
    }
    std::vector<std::string> check()
    {
        std::vector<std::string> lines;
        int count = hk_root_check(
            root,
            [](void *to, const char *line) {
                static_cast<std::vector<std::string> *>(to)->push_back(line);
            },
            &lines, &fault);
        EXPECT_EQ(count, static_cast<int>(lines.size()));
        return lines;
    }

    class Directory host;
    std::string path;
    hk_root *root = nullptr;
    std::unique_ptr<Team> team;
    hk_package_fault fault{};
};

inline std::string pattern(size_t size, unsigned seed = 1)
{
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; i++)
        bytes[i] = static_cast<char>((i * 7 + i / 251 * seed) & 0x7f);
    return bytes;
}

} // namespace hk
#endif
