// node_refs_test.cc -- files found again by volume and node number.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/stat.h>

extern "C" {
#include "libhaikuabi/src/status.h"

// The linker puts __wrap_hk_volume_walk into the place of hk_volume_walk, which
// is __real_hk_volume_walk then (BUILD).
struct hk_vfs;
int32_t __real_hk_volume_walk(const hk_vfs *vfs, int32_t device,
                              int32_t (*visit)(void *, const void *),
                              void *context);
int32_t __wrap_hk_volume_walk(const hk_vfs *vfs, int32_t device,
                              int32_t (*visit)(void *, const void *),
                              void *context);
}

namespace
{

int walks; // through all of a volume

} // namespace

int32_t __wrap_hk_volume_walk(const hk_vfs *vfs, int32_t device,
                              int32_t (*visit)(void *, const void *),
                              void *context)
{
    walks++;
    return __real_hk_volume_walk(vfs, device, visit, context);
}

namespace
{

using hk::Address;

class NodeRefs : public testing::Test
{
  protected:
    NodeRefs() : team(hk::make_config(root.path.c_str())) {}

    struct Ref {
        int device;
        int64_t inode;
    };

    Ref tell(const std::string &path)
    {
        EXPECT_EQ(team.call("read_stat", -1, path, 1, stat, 88), HK_B_OK)
            << path;
        return {team.get<int>(stat), team.get<int64_t>(stat, 4)};
    }

    // The path of an entry of that directory, or the error's name.
    std::string path_of(const Ref &ref)
    {
        int64_t status = team.call("entry_ref_to_path", ref.device, ref.inode,
                                   "x", buffer, 1024);
        return status < 0 ? hk_status_name(static_cast<int32_t>(status))
                          : team.text(buffer);
    }

    hk::Directory root;
    hk::Team team;
    Address stat = team.room(88), buffer = team.room(1024);
};

TEST_F(NodeRefs, AreKnownOnceTold)
{
    root.make("a/b");
    Ref told = tell("/a");

    EXPECT_EQ(path_of(told), "/a/x");
    EXPECT_EQ(path_of({told.device, told.inode + 1000000}), "B_BAD_VALUE");
    EXPECT_EQ(path_of({told.device + 1, told.inode}), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(path_of({-1, told.inode}), "B_ENTRY_NOT_FOUND");
}

// A path is a hint only: the numbers must be those of what it leads to.
TEST_F(NodeRefs, AreNotTakenForWhatLiesThereNow)
{
    root.make("a");
    Ref told = tell("/a");

    std::filesystem::rename(root.at("a"), root.at("moved"));
    root.make("a");
    EXPECT_EQ(path_of(told), "/moved/x");
    EXPECT_EQ(tell("/moved").inode, told.inode);
    std::filesystem::rename(root.at("moved"), root.at("a/again"));
    EXPECT_EQ(path_of(told), "/a/again/x");
    // It keeps its number to itself as long as it is open.
    int fd = static_cast<int>(team.call("open_dir", -1, "/a/again"));
    std::filesystem::remove(root.at("a/again"));
    EXPECT_EQ(path_of(told), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
}

// Also when there are more than are remembered.
TEST_F(NodeRefs, AreFoundHoweverManyThereAre)
{
    std::vector<Ref> all;
    for (int i = 0; i < 1100; i++) {
        root.make("d" + std::to_string(i));
        all.push_back(tell("/d" + std::to_string(i)));
    }
    for (size_t i = 0; i < all.size(); i++)
        EXPECT_EQ(path_of(all[i]), "/d" + std::to_string(i) + "/x");
}

TEST_F(NodeRefs, ComeFromListedDirectories)
{
    root.make("list/inner");
    int fd = static_cast<int>(team.call("open_dir", -1, "/list"));
    Address entries = team.room(4096);
    ASSERT_EQ(team.call("read_dir", fd, entries, 4096, 100), 3);
    // dev, pdev, ino, pino: an entry_ref is those of the parent
    EXPECT_EQ(
        path_of({team.get<int>(entries, 4), team.get<int64_t>(entries, 16)}),
        "/list/x");
}

// Files and links too, which nobody is told of by a path.
TEST_F(NodeRefs, AreLookedForOnce)
{
    const int port = static_cast<int>(team.call("create_port", 1, "port"));
    enum { ATTR = 4 };

    root.write("a/deep/file", "");
    std::filesystem::create_symlink("file", root.at("a/deep/link"));
    root.make("a/deep/inner");
    for (const char *name : {"file", "link", "inner"}) {
        const std::string path = root.at("a/deep/") + name;
        struct stat info;
        ASSERT_EQ(::lstat(path.c_str(), &info), 0);
        auto watch = [&] {
            const auto inode = static_cast<int64_t>(info.st_ino);
            EXPECT_EQ(
                team.call("start_watching", 3, inode, uint32_t{ATTR}, port, 0),
                HK_B_OK);
            EXPECT_EQ(team.call("stop_watching", 3, inode, port, 0), HK_B_OK);
        };
        walks = 0;
        watch();
        EXPECT_EQ(walks, 1) << name;
        watch();
        EXPECT_EQ(walks, 1) << name;
        // Where it was is where it is looked for first, no more.
        std::filesystem::rename(path, path + " moved");
        watch();
        EXPECT_EQ(walks, 2) << name;
        watch();
        EXPECT_EQ(walks, 2) << name;
    }
}

// A bind around the root shows it once more.
TEST(NodeRefsOfABoundRoot, LeadToTheBootVolume)
{
    hk::Directory host;
    host.make("root/boot/home");
    host.make("beside");
    const std::string root = host.at("root");
    const hk_bind bind = {host.path.c_str(), "/host", 0};
    hk_config config = hk::make_config(root.c_str());
    config.binds = &bind;
    config.bind_count = 1;
    hk::Team team(config);
    Address stat = team.room(88), buffer = team.room(1024);
    auto path_of = [&](const char *path) {
        EXPECT_EQ(team.call("read_stat", -1, path, 1, stat, 88), HK_B_OK);
        EXPECT_EQ(team.call("entry_ref_to_path", team.get<int>(stat),
                            team.get<int64_t>(stat, 4), "x", buffer, 1024),
                  HK_B_OK);
        return team.text(buffer);
    };

    EXPECT_EQ(path_of("/host/root/boot/home"), "/boot/home/x");
    EXPECT_EQ(path_of("/host/root/boot"), "/boot/x");
    EXPECT_EQ(path_of("/host/beside"), "/host/beside/x");
    // Nobody was told of these.
    for (const char *name : {"root/boot/new", "beside/new"}) {
        struct stat info;
        host.make(name);
        ASSERT_EQ(::stat(host.at(name).c_str(), &info), 0);
        EXPECT_EQ(team.call("entry_ref_to_path", team.get<int>(stat),
                            static_cast<int64_t>(info.st_ino), "x", buffer,
                            1024),
                  HK_B_OK);
        EXPECT_EQ(team.text(buffer),
                  name[0] == 'r' ? "/boot/new/x" : "/host/beside/new/x");
    }
}

} // namespace
