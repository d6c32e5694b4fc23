// fs_info_test.cc -- volumes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/statvfs.h>

#include <map>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Volumes : public testing::Test
{
  protected:
    Volumes()
    {
        root.make("dir");
        set_up();
    }

    // Opens the root as it is now.
    void set_up()
    {
        std::string path = root.path.string();
        hk_bind binds[] = {{path.c_str(), "/same", 0}, {"/proc", "/other", 1}};
        hk_config config = hk::make_config(path.c_str());
        config.binds = binds;
        config.bind_count = 2;
        team = std::make_unique<hk::Team>(config);
        info = team->room(512);
    }

    int32_t device_of(const char *path)
    {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 1, stat, 88), HK_B_OK);
        return team->get<int32_t>(stat);
    }

    int32_t block_size_of(const char *path)
    {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 1, stat, 88), HK_B_OK);
        return team->get<int32_t>(stat, 40);
    }

    int64_t root_of(int device)
    {
        EXPECT_EQ(team->call("read_fs_info", device, info), HK_B_OK);
        return team->get<int64_t>(info, 4);
    }
    int64_t inode_of(const char *path)
    {
        Address stat = team->room(88);
        EXPECT_EQ(team->call("read_stat", -1, path, 0, stat, 88), HK_B_OK);
        return team->get<int64_t>(stat, 4);
    }

    hk::Directory root;
    std::unique_ptr<hk::Team> team;
    Address info{};
};

TEST_F(Volumes, AreListed)
{
    Address cookie = team->room(4);
    std::vector<int64_t> all;
    int64_t device;

    while ((device = team->call("next_device", cookie)) >= 0)
        all.push_back(device);
    EXPECT_EQ(device, HK_B_BAD_VALUE);
    EXPECT_EQ(all, std::vector<int64_t>({1, 2, 3, 4}));
    EXPECT_EQ(team->call("next_device", nullptr), HK_B_BAD_ADDRESS);
}

TEST_F(Volumes, BindsOfOneHostVolumeAreOneVolume)
{
    EXPECT_EQ(device_of("/"), 3);
    EXPECT_EQ(device_of("/same/dir"), 3);
    EXPECT_EQ(device_of("/other"), 4);
    EXPECT_EQ(device_of("/dev"), 2);
}

TEST_F(Volumes, TellTheHostsFigures)
{
    struct statvfs host;
    ASSERT_EQ(::statvfs(root.path.c_str(), &host), 0);
    std::memset(team->host(info), 0xee, 512);
    ASSERT_EQ(team->call("read_fs_info", 3, info), HK_B_OK);
    EXPECT_EQ(team->get<int32_t>(info), 3);
    EXPECT_EQ(team->get<int64_t>(info, 16),
              static_cast<int64_t>(host.f_frsize));
    EXPECT_EQ(team->get<int64_t>(info, 32),
              static_cast<int64_t>(host.f_blocks));
    EXPECT_EQ(team->get<int64_t>(info, 48), static_cast<int64_t>(host.f_files));
    EXPECT_EQ(team->get<uint32_t>(info, 12) & 1, 0u);
    EXPECT_EQ(team->text({info.value + 192}), root.path.filename().string());
    EXPECT_EQ(team->get<uint8_t>(info, 480), 0xee);
    ASSERT_EQ(team->call("read_fs_info", 4, info), HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(info, 12) & 1, 1u);
    ASSERT_EQ(team->call("read_fs_info", 1, info), HK_B_OK);
    EXPECT_EQ(team->text({info.value + 448}), "rootfs");
    for (int device : {0, -1, 5, 77})
        EXPECT_EQ(team->call("read_fs_info", device, info), HK_B_BAD_VALUE)
            << device;
    EXPECT_EQ(team->call("read_fs_info", 3, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("read_fs_info", 3, Address{8}), HK_B_BAD_ADDRESS);
}

TEST_F(Volumes, BeginSomewhere)
{
    EXPECT_EQ(root_of(3), inode_of("/"));
    EXPECT_EQ(root_of(4), inode_of("/other"));
    EXPECT_EQ(root_of(2), inode_of("/dev"));
}

TEST_F(Volumes, FilesMoveBetweenBindsOfOne)
{
    root.write("dir/file", "text");
    EXPECT_EQ(team->call("rename", -1, "/dir/file", -1, "/same/moved"),
              HK_B_OK);
    EXPECT_EQ(team->call("create_link", -1, "/dir/link", -1, "/same/moved", 0),
              HK_B_OK);
    EXPECT_EQ(root.read("dir/link"), "text");
    EXPECT_EQ(team->call("rename", -1, "/other/cpuinfo", -1, "/dir/x"),
              HK_B_CROSS_DEVICE_LINK);
}

class BootVolume : public Volumes
{
  protected:
    BootVolume()
    {
        root.make("boot/home");
        root.write("boot/home/file", "text");
        root.write("beside", "beside");
        set_up();
    }
};

TEST_F(BootVolume, IsNotThatOfTheRoot)
{
    EXPECT_EQ(device_of("/"), 1);
    EXPECT_EQ(device_of("/beside"), 1);
    EXPECT_EQ(device_of("/boot"), 3);
    EXPECT_EQ(device_of("/boot/home/file"), 3);
    EXPECT_EQ(device_of("/dev"), 2);
    EXPECT_EQ(root_of(1), inode_of("/"));
    EXPECT_EQ(root_of(3), inode_of("/boot"));
    EXPECT_EQ(team->text({info.value + 192}), "Haiku");
    EXPECT_EQ(team->text({info.value + 448}), "hostfs");
    ASSERT_EQ(team->call("read_fs_info", 1, info), HK_B_OK);
    EXPECT_EQ(team->text({info.value + 448}), "rootfs");
    EXPECT_EQ(team->text({info.value + 192}), "");
}

TEST_F(BootVolume, HasNoFilesOfTheRoot)
{
    EXPECT_EQ(team->call("rename", -1, "/beside", -1, "/boot/beside"),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(team->call("create_link", -1, "/link", -1, "/boot/home/file", 0),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(
        team->call("rename", -1, "/boot/home/file", -1, "/boot/home/../file"),
        HK_B_OK);
    EXPECT_EQ(team->call("rename", -1, "/boot", -1, "/other"), HK_B_BUSY);
}

// What read_dir tells of an entry is what stat does.
TEST_F(BootVolume, IsSeenFromTheRoot)
{
    Address entries = team->room(4096);
    int fd = static_cast<int>(team->call("open_dir", -1, "/"));
    int64_t count = team->call("read_dir", fd, entries, 4096, 100);
    uint32_t at = 0, found = 0;

    for (int64_t i = 0; i < count; i++) {
        std::string name = team->text({entries.value + at + 26});
        if (name == "boot" || name == "beside") {
            EXPECT_EQ(team->get<int32_t>(entries, at),
                      device_of(("/" + name).c_str()));
            EXPECT_EQ(team->get<int64_t>(entries, at + 8),
                      inode_of(("/" + name).c_str()));
            EXPECT_EQ(team->get<int32_t>(entries, at + 4), 1);
            found++;
        }
        at += team->get<uint16_t>(entries, at + 24);
    }
    EXPECT_EQ(found, 2u);
}

TEST_F(BootVolume, IsLeftUpwards)
{
    Address path = team->room(1024);
    EXPECT_EQ(team->call("setcwd", -1, "/boot/home"), HK_B_OK);
    EXPECT_EQ(device_of("../.."), 1);
    EXPECT_EQ(team->call("getcwd", path, 1024), HK_B_OK);
    EXPECT_EQ(team->text(path), "/boot/home");
    EXPECT_EQ(
        team->call("entry_ref_to_path", 3, inode_of("/boot"), "..", path, 1024),
        HK_B_OK);
    EXPECT_EQ(team->text(path), "/");
}

// Nodes nobody was told of are looked for in their volume alone.
TEST_F(BootVolume, HasItsNodes)
{
    auto inode = [&](const char *name) {
        struct stat info = {};
        EXPECT_EQ(::stat(root.at(name).c_str(), &info), 0);
        return static_cast<int64_t>(info.st_ino);
    };
    auto open_dir = [&](int device, const char *name) {
        return team->call("open_dir_entry_ref", device, inode(name), nullptr);
    };

    EXPECT_GE(open_dir(3, "boot/home"), 0);
    EXPECT_GE(open_dir(1, "dir"), 0);
    EXPECT_LT(open_dir(1, "boot/home"), 0);
    EXPECT_LT(open_dir(1, "boot"), 0);
}

TEST_F(Volumes, ALinkIsNoBootVolume)
{
    std::filesystem::create_symlink("/proc", root.at("boot"));
    set_up();
    EXPECT_EQ(device_of("/"), 3);
    EXPECT_EQ(team->call("open_dir", -1, "/boot"), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Volumes, AreNotRenamed)
{
    EXPECT_EQ(team->call("write_fs_info", 3, info, 1), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_fs_info", 1, info, 1), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(team->call("write_fs_info", 77, info, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("write_fs_info", 3, nullptr, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("write_fs_info", 3, Address{8}, 1), HK_B_BAD_ADDRESS);
}

TEST_F(Volumes, AreTheConfigurationsToMount)
{
    EXPECT_EQ(team->call("mount", "/dir", nullptr, "bfs", 0, nullptr, 0),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team->call("mount", nullptr, nullptr, "bfs", 0, nullptr, 0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("mount", "/dir", nullptr, std::string(256, 'f'), 0,
                         nullptr, 0),
              HK_B_NAME_TOO_LONG);
    EXPECT_EQ(
        team->call("mount", "/dir", Address{0x80000000}, "bfs", 0, nullptr, 0),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("unmount", "/other", 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team->call("unmount", nullptr, 0), HK_B_BAD_ADDRESS);
}

// A host file system below a bind has an id of its own, which is known once
// a file of it was seen.
TEST(Volume, InsideABindHasAnIdToo)
{
    hk_bind bind{"/", "/host", 1};
    hk_config config = hk::make_config(nullptr);
    config.binds = &bind;
    config.bind_count = 1;
    hk::Team team(config);
    Address stat = team.room(88), info = team.room(480);

    ASSERT_EQ(team.call("read_stat", -1, "/host/proc", 1, stat, 88), HK_B_OK);
    int32_t device = team.get<int32_t>(stat);
    if (device == 3)
        GTEST_SKIP() << "/proc is no file system of its own here";
    EXPECT_GT(device, 1 << 29);
    EXPECT_EQ(team.call("read_fs_info", device, info), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(info), device);
    EXPECT_EQ(team.call("read_fs_info", device ^ 1, info), HK_B_BAD_VALUE);
}

// An extracted Haiku, of which /boot/system and /boot/home/config are mounted
// where packages are, and the disk is seen through them.
class PackageVolumes : public Volumes
{
  protected:
    PackageVolumes()
    {
        root.write("boot/system/lib/libx.so", "library");
        root.write("boot/system/settings/file", "text");
        root.write("boot/home/config/apps/one/app", "app");
        root.make("boot/home/config/packages");
        set_up();
    }

    void bind(const char *host, const char *guest)
    {
        std::string path = root.path.string();
        hk_bind binds[] = {{host, guest, 0}};
        hk_config config = hk::make_config(path.c_str());
        config.binds = binds;
        config.bind_count = 1;
        team = std::make_unique<hk::Team>(config);
        info = team->room(512);
    }

    std::vector<int64_t> devices()
    {
        Address cookie = team->room(4);
        std::vector<int64_t> all;
        int64_t device;
        while ((device = team->call("next_device", cookie)) >= 0)
            all.push_back(device);
        return all;
    }

    // What a query finds, without its directories.
    std::vector<std::string> find(int device, const std::string &formula)
    {
        int fd = static_cast<int>(team->call("open_query", device, formula,
                                             static_cast<int>(formula.size()),
                                             0, -1, 0));
        Address entries = team->room(4096);
        std::vector<std::string> names;
        if (fd < 0)
            return {hk_status_name(fd)};
        int64_t count = team->call("read_dir", fd, entries, 4096, 100);
        for (uint32_t at = 0; count > 0; count--) {
            names.push_back(team->text({entries.value + at + 26}));
            at += team->get<uint16_t>(entries, at + 24);
        }
        team->call("close", fd);
        return names;
    }
};

TEST_F(PackageVolumes, AreThoseOfPaths)
{
    const std::pair<const char *, int> paths[] = {
        {"/", 1},
        {"/boot", 3},
        {"/boot/home", 3},
        {"/boot/system", 4},
        {"/boot/system/lib/libx.so", 4},
        {"/boot/system/lib/../settings/../lib", 4},
        {"/boot/system/settings", 3},
        {"/boot/system/settings/file", 3},
        {"/boot/system/settings/..", 4},
        {"/boot/system/..", 3},
        {"/boot/home/config", 5},
        {"/boot/home/config/apps/one/app", 5},
        {"/boot/home/config/packages", 3},
        {"/same/boot", 3},
        {"/other", 6},
    };
    for (auto [path, device] : paths)
        EXPECT_EQ(device_of(path), device) << path;
    EXPECT_EQ(devices(), std::vector<int64_t>({1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(team->call("setcwd", -1, "/boot/system/lib"), HK_B_OK);
    EXPECT_EQ(device_of("libx.so"), 4);
    EXPECT_EQ(device_of("../settings/file"), 3);
}

TEST_F(PackageVolumes, TellWhatPackagefsDoes)
{
    const std::pair<const char *, const char *> volumes[] = {
        {"/boot/system", "system"}, {"/boot/home/config", "config"}};
    for (auto [path, name] : volumes) {
        std::memset(team->host(info), 0xee, 512);
        EXPECT_EQ(root_of(device_of(path)), inode_of(path));
        EXPECT_EQ(team->get<int32_t>(info), device_of(path));
        EXPECT_EQ(team->get<uint32_t>(info, 12), 0x270005u);
        EXPECT_EQ(team->get<int64_t>(info, 16), 4096);
        EXPECT_EQ(team->get<int64_t>(info, 24), 65536);
        for (uint32_t at = 32; at < 64; at += 8)
            EXPECT_EQ(team->get<int64_t>(info, at), 0) << at;
        EXPECT_EQ(team->text({info.value + 64}), "");
        EXPECT_EQ(team->text({info.value + 192}), name);
        EXPECT_EQ(team->text({info.value + 448}), "packagefs");
    }
    EXPECT_EQ(block_size_of("/boot/system"), 65536);
    EXPECT_EQ(block_size_of("/boot/system/lib/libx.so"), 65536);
    for (const char *shown : {"/boot/system/settings", "/boot/home"})
        EXPECT_EQ(block_size_of(shown), block_size_of("/")) << shown;
    // Written to they can be all the same.
    EXPECT_EQ(team->call("access", -1, "/boot/system/lib", 2, 0), HK_B_OK);
    EXPECT_GE(team->call("open", -1, "/boot/system/lib/new", 0x201, 0644), 0);
    EXPECT_EQ(device_of("/boot/system/lib/new"), 4);
}

TEST_F(PackageVolumes, HaveABlockInR1Beta4)
{
    std::string path = root.path.string();
    hk_config config = hk::make_config(path.c_str());
    config.release = HK_R1BETA4;
    team = std::make_unique<hk::Team>(config);
    info = team->room(512);
    ASSERT_EQ(team->call("read_fs_info", 4, info), HK_B_OK);
    EXPECT_EQ(team->get<int64_t>(info, 32), 1); // total_blocks
    EXPECT_EQ(team->get<int64_t>(info, 40), 1); // free_blocks
    EXPECT_EQ(team->get<int64_t>(info, 48), 0); // total_nodes
}

TEST_F(PackageVolumes, KeepTheirFiles)
{
    const std::string file = "/boot/system/lib/libx.so";
    for (const char *to :
         {"/boot/x", "/boot/home/x", "/boot/home/config/x",
          "/boot/system/settings/x", "/boot/home/config/packages/x"}) {
        EXPECT_EQ(team->call("rename", -1, file, -1, to),
                  HK_B_CROSS_DEVICE_LINK)
            << to;
        EXPECT_EQ(team->call("create_link", -1, to, -1, file, 0),
                  HK_B_CROSS_DEVICE_LINK)
            << to;
    }
    EXPECT_EQ(team->call("rename", -1, file, -1, "/boot/system/x"), HK_B_OK);
    EXPECT_EQ(team->call("rename", -1, "/boot/system/settings/file", -1,
                         "/boot/home/config/packages/file"),
              HK_B_OK);
    for (const char *mounted :
         {"/boot/system", "/boot/home/config", "/boot/home",
          "/boot/system/settings", "/boot/home/config/packages"})
        EXPECT_EQ(team->call("remove_dir", -1, mounted), HK_B_BUSY) << mounted;
}

TEST_F(PackageVolumes, AreSeenWhereTheyAreMounted)
{
    for (const char *directory :
         {"/boot", "/boot/home", "/boot/system", "/boot/home/config"}) {
        Address entries = team->room(4096);
        int fd = static_cast<int>(team->call("open_dir", -1, directory));
        int64_t count = team->call("read_dir", fd, entries, 4096, 100);
        EXPECT_GE(count, 3);
        for (uint32_t at = 0; count > 0; count--) {
            std::string name = directory + std::string("/") +
                               team->text({entries.value + at + 26});
            EXPECT_EQ(team->get<int32_t>(entries, at), device_of(name.c_str()))
                << name;
            EXPECT_EQ(team->get<int64_t>(entries, at + 8),
                      inode_of(name.c_str()))
                << name;
            at += team->get<uint16_t>(entries, at + 24);
        }
    }
}

TEST_F(PackageVolumes, HaveTheirNodes)
{
    auto node = [&](const char *name) {
        struct stat st = {};
        EXPECT_EQ(::stat(root.at(name).c_str(), &st), 0);
        return static_cast<int64_t>(st.st_ino);
    };
    const struct {
        const char *path;
        int device;
    } directories[] = {{"boot", 3},
                       {"boot/home", 3},
                       {"boot/system", 4},
                       {"boot/system/lib", 4},
                       {"boot/system/settings", 3},
                       {"boot/home/config", 5},
                       {"boot/home/config/apps/one", 5},
                       {"boot/home/config/packages", 3}};
    for (auto [path, device] : directories)
        for (int other : {3, 4, 5}) {
            set_up(); // knows nothing
            Address buffer = team->room(1024);
            EXPECT_EQ(team->call("entry_ref_to_path", other, node(path), ".",
                                 buffer, 1024) == HK_B_OK,
                      other == device)
                << path << " " << other;
            if (other == device) {
                EXPECT_EQ(team->text(buffer), std::string("/") + path);
            }
        }
    Address path = team->room(1024);
    EXPECT_EQ(team->call("entry_ref_to_path", 4, node("boot/system"), "..",
                         path, 1024),
              HK_B_OK);
    EXPECT_EQ(team->text(path), "/boot");
}

TEST_F(PackageVolumes, AnswerQueriesOfTheirOwn)
{
    using Names = std::vector<std::string>;
    EXPECT_EQ(find(3, "name=file"), Names({"file"}));
    EXPECT_EQ(find(3, "name=libx.so"), Names());
    EXPECT_EQ(find(3, "name=app"), Names());
    EXPECT_EQ(find(4, "name=file"), Names());
    EXPECT_EQ(find(4, "name=libx.so"), Names({"libx.so"}));
    EXPECT_EQ(find(4, "name=app"), Names());
    EXPECT_EQ(find(5, "name=app"), Names({"app"}));
    EXPECT_EQ(find(5, "name=libx.so"), Names());
    EXPECT_EQ(team->call("create_index", 4, "mine", 0x43535452, 0),
              HK_B_NOT_SUPPORTED);
    EXPECT_EQ(team->call("remove_index", 5, "name"), HK_B_NOT_SUPPORTED);
    Address stat = team->room(88);
    EXPECT_EQ(team->call("read_index_stat", 4, "BEOS:APP_SIG", stat), HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(stat, 76), 0x4d494d53u);
    EXPECT_EQ(team->call("read_index_stat", 4, "mine", stat),
              HK_B_ENTRY_NOT_FOUND);
}

// What is bound over them or around them is the bind's alone.
TEST_F(PackageVolumes, GiveWayToBinds)
{
    root.write("elsewhere/config/packages/file", "bound");
    const std::string other = root.at("elsewhere");

    bind(other.c_str(), "/boot/home");
    EXPECT_EQ(devices(), std::vector<int64_t>({1, 2, 3, 4}));
    EXPECT_EQ(device_of("/boot/home/config"), 3);
    EXPECT_EQ(device_of("/boot/home/config/packages/file"), 3);
    EXPECT_EQ(device_of("/boot/system"), 4);
    EXPECT_EQ(team->call("read_fs_info", 5, info), HK_B_BAD_VALUE);
    EXPECT_EQ(find(5, "name=app"), std::vector<std::string>({"B_BAD_VALUE"}));

    bind("/proc", "/boot/system");
    EXPECT_EQ(devices(), std::vector<int64_t>({1, 2, 3, 5, 6}));
    EXPECT_EQ(device_of("/boot/system/self"), 6);

    bind("/proc", "/boot/system/settings");
    EXPECT_EQ(device_of("/boot/system/settings/self"), 6);
    EXPECT_EQ(device_of("/boot/system/lib"), 4);

    bind("/proc", "/boot");
    EXPECT_EQ(devices(), std::vector<int64_t>({1, 2, 3, 6}));
    EXPECT_EQ(device_of("/boot/self"), 6);
}

// The same files below a bind are the disk's, as they are there.
TEST_F(PackageVolumes, AreNoneBelowABind)
{
    const std::string system = root.at("boot/system");

    bind(system.c_str(), "/bound");
    EXPECT_EQ(device_of("/bound/lib/libx.so"), 3);
    EXPECT_EQ(find(3, "name=libx.so"), std::vector<std::string>({"libx.so"}));
    EXPECT_EQ(find(4, "name=libx.so"), std::vector<std::string>({"libx.so"}));
    EXPECT_EQ(find(3, "name=file"), std::vector<std::string>({"file"}));
    EXPECT_EQ(team->call("rename", -1, "/bound/lib/libx.so", -1, "/boot/x"),
              HK_B_OK);
}

} // namespace
