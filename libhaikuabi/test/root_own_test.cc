// root_own_test.cc -- a user's own layer over another user's root.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/root_case.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include <set>

namespace hk
{
namespace
{

namespace fs = std::filesystem;

// Makes the process one that file modes apply to, which they do not to root.
void obey_modes()
{
    __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct sets[2];
    const uint32_t all = (1u << CAP_DAC_OVERRIDE) | (1u << CAP_DAC_READ_SEARCH);

    if (syscall(SYS_capget, &header, sets) == 0) {
        sets[0].effective &= ~all;
        syscall(SYS_capset, &header, sets);
    }
}

// The root has been made and filled; it is another's from leave() on.
class RootOwn : public RootCase
{
  protected:
    RootOwn()
    {
        obey_modes();
        host.make("data");
    }
    ~RootOwn() override
    {
        take_back();
    }

    void leave()
    {
        close();
        ASSERT_EQ(chmod(host.at("root/state").c_str(), 0555), 0);
        ASSERT_NE(faccessat(AT_FDCWD, host.at("root/state").c_str(), W_OK,
                            AT_EACCESS),
                  0);
    }
    void take_back()
    {
        chmod(host.at("root/state").c_str(), 0755);
    }
    void close()
    {
        team.reset();
        hk_root_close(root);
        root = nullptr;
    }
    int open_own()
    {
        close();
        return hk_root_open(path.c_str(), own().c_str(), &root, &fault);
    }
    std::string own()
    {
        return host.at("data/roots");
    }
    std::string layer()
    {
        return fs::path(hk_root_files(root)).parent_path().string();
    }
    int add_file(const std::string &name, const std::string &text,
                 const std::string &version_of_file = "1")
    {
        return add(name + "-" + version_of_file + "-2-x86.hpkg",
                   package({Directory("bin", {File(name, text)})},
                           package_info(name)));
    }
    std::set<std::string> list()
    {
        std::set<std::string> names;
        hk_root_package one;
        for (size_t i = 0; hk_root_list(root, i, &one); i++)
            names.insert(one.name);
        return names;
    }
};

TEST_F(RootOwn, IsMadeWhenAnotherUsersRootIsUsed)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_TRUE(hk_root_is_own(root));
    EXPECT_EQ(hk_root_files(root), layer() + "/files");
    EXPECT_EQ(layer().rfind(fs::canonical(own()).string() + "/root-", 0), 0u)
        << layer();
    EXPECT_EQ(read("/boot/system/bin/tool"), "of the package");
    EXPECT_EQ(write("/boot/system/bin/tool", "mine"), 4);
    EXPECT_EQ(read("/boot/system/bin/tool"), "minehe package");
    EXPECT_EQ(write("/boot/home/new", "new", 0x201), 3); // O_CREAT
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(list(), std::set<std::string>{"tool"});
    EXPECT_EQ(stat("boot/system/bin/tool").st_blocks, 0);
    EXPECT_FALSE(has("boot/home/new"));
    // Next time it is there, by the layer's own path as well.
    const std::string mine = layer();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/bin/tool"), "minehe package");
    close();
    ASSERT_EQ(hk_root_open(mine.c_str(), nullptr, &root, &fault), 0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/bin/tool"), "minehe package");
    EXPECT_EQ(read("/boot/home/new"), "new");
    // It may be another user's in its turn.
    close();
    ASSERT_EQ(chmod((mine + "/state").c_str(), 0555), 0);
    ASSERT_EQ(hk_root_open(mine.c_str(), own().c_str(), &root, &fault), 0)
        << fault.text;
    EXPECT_NE(layer(), mine);
    EXPECT_EQ(read("/boot/system/bin/tool"), "minehe package");
    EXPECT_EQ(list(), std::set<std::string>{"tool"});
    close();
    chmod((mine + "/state").c_str(), 0755);
}

TEST_F(RootOwn, IsNotMadeForWhoOnlyListsPackages)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    leave();
    ASSERT_EQ(hk_root_open(path.c_str(), nullptr, &root, &fault), 0)
        << fault.text;
    EXPECT_FALSE(hk_root_is_own(root));
    EXPECT_EQ(list(), std::set<std::string>{"tool"});
    int fd = ::open(file("boot/system/bin/tool").c_str(), O_RDONLY);
    EXPECT_EQ(hk_root_fill(root, fd), EACCES);
    ::close(fd);
    EXPECT_EQ(remove({"tool"}), HK_PACKAGE_ERR_INPUT);
    EXPECT_EQ(add_file("other", "x"), HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text, "cannot be written to: its packages stay");
    EXPECT_FALSE(fs::exists(own()));
    EXPECT_FALSE(has("boot/system/packages/other-1-2-x86.hpkg"));
}

TEST_F(RootOwn, ChangesNoPackagesOfTheOther)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(remove({"tool"}), HK_PACKAGE_ERR_INPUT);
    EXPECT_EQ(add_file("other", "x"), HK_PACKAGE_ERR_INPUT);
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(list(), std::set<std::string>{"tool"});
    EXPECT_EQ(read("/boot/system/bin/tool"), "of the package");
}

TEST_F(RootOwn, FollowsThePackagesOfTheOther)
{
    ASSERT_EQ(add_file("tool", "old"), 0) << fault.text;
    ASSERT_EQ(add_file("gone", "gone"), 0) << fault.text;
    ASSERT_EQ(add_file("kept", "kept"), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "old");
    EXPECT_EQ(write("/bin/kept", "mine"), 4);
    close();
    take_back();
    ASSERT_EQ(add_file("tool", "new content", "2"), 0) << fault.text;
    ASSERT_EQ(add_file("kept", "newer", "2"), 0) << fault.text;
    ASSERT_EQ(remove({"gone"}), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "new content");
    EXPECT_EQ(read("/bin/gone"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/bin/kept"), "mine");
    EXPECT_EQ(check(), std::vector<std::string>());
}

TEST_F(RootOwn, ShowsThePackagesOfTheOther)
{
    const std::string name = "tool-1-2-x86.hpkg";
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/packages/" + name), host.read(name));
    EXPECT_EQ(write("/boot/system/packages/" + name, "x"),
              HK_B_READ_ONLY_DEVICE);
    Address info = guest().room(4096), stat = guest().room(88);
    int fd = open("/boot/system");
    ASSERT_EQ(guest().call("ioctl", fd, 10001, info, 4096), HK_B_OK);
    EXPECT_EQ(guest().get<uint32_t>(info, 4), 1u);
    EXPECT_EQ(guest().text({guest().get<uint32_t>(info, 8 + 24)}), name);
    ASSERT_EQ(guest().call("read_stat", -1, "/boot/system/packages/" + name, 0,
                           stat, 88),
              HK_B_OK);
    EXPECT_EQ(guest().get<int32_t>(info, 8), guest().get<int32_t>(stat));
    EXPECT_EQ(guest().get<int64_t>(info, 8 + 8), guest().get<int64_t>(stat, 4));
}

TEST_F(RootOwn, KeepsPackagesThatTheOtherRemovesMeanwhile)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    ASSERT_EQ(add_file("other", "of another"), 0) << fault.text;
    leave();
    for (int i = 0; i < 2; i++) {
        ASSERT_EQ(open_own(), 0) << fault.text;
        ASSERT_TRUE(fs::remove(file("boot/system/packages/") +
                               (i == 0 ? "tool" : "other") + "-1-2-x86.hpkg"));
        EXPECT_EQ(read(i == 0 ? "/bin/tool" : "/bin/other"),
                  i == 0 ? "of the package" : "of another");
    }
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "B_ENTRY_NOT_FOUND");
}

TEST_F(RootOwn, HasWhatTheOtherHasWritten)
{
    const std::string icon = pattern(100000);
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    ASSERT_EQ(add_file("other", "unchanged"), 0) << fault.text;
    EXPECT_EQ(write("/bin/tool", "changed"), 7);
    EXPECT_EQ(write("/boot/home/notes", "notes", 0x201), 5);
    EXPECT_EQ(write("/boot/home/secret", "secret", 0x201), 6);
    EXPECT_EQ(write("/tmp/passing", "x", 0x201), 1);
    int fd = open("/boot/home/notes", 2);
    EXPECT_EQ(guest().call("write_attr", fd, "small", 0x52415754u, INT64_C(0),
                           "x", 1),
              1);
    EXPECT_EQ(guest().call("write_attr", fd, "big", 0x52415754u, INT64_C(0),
                           icon, 100000),
              100000);
    EXPECT_EQ(guest().call("create_dir", -1, "/boot/home/empty", 0755), 0);
    EXPECT_EQ(
        guest().call("create_symlink", -1, "/boot/home/link", "notes", 0777),
        0);
    enum { NOTRAVERSE = 0x2000, MODE_AT = 12, MODE = 1 };
    Address stat = guest().room(88);
    guest().set(stat, MODE_AT, 0700u);
    EXPECT_EQ(guest().call("write_stat", -1, "/boot/home/link", 0, stat, 88,
                           int{MODE}),
              0);
    fd = open("/boot/home/link", NOTRAVERSE);
    EXPECT_EQ(guest().call("write_attr", fd, "of link", 0x52415754u, INT64_C(0),
                           "x", 1),
              1);
    ASSERT_EQ(chmod(file("boot/home/secret").c_str(), 0), 0);
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "changedpackage");
    EXPECT_EQ(read("/bin/other"), "unchanged");
    EXPECT_EQ(read("/boot/home/link"), "notes");
    EXPECT_EQ(read("/boot/home/secret"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/tmp/passing"), "B_ENTRY_NOT_FOUND");
    EXPECT_TRUE(fs::is_directory(layer() + "/files/boot/home/empty"));
    fd = open("/boot/home/notes");
    Address bytes = guest().room(200000);
    EXPECT_EQ(guest().call("read_attr", fd, "small", INT64_C(0), bytes, 200000),
              1);
    EXPECT_EQ(guest().call("read_attr", fd, "big", INT64_C(0), bytes, 200000),
              100000);
    EXPECT_TRUE(guest().bytes(bytes, 100000) == icon);
    fd = open("/boot/home/link", NOTRAVERSE);
    EXPECT_EQ(
        guest().call("read_attr", fd, "of link", INT64_C(0), bytes, 200000), 1);
    stat = guest().room(88);
    ASSERT_EQ(guest().call("read_stat", -1, "/boot/home/link", 0, stat, 88), 0);
    EXPECT_EQ(guest().get<uint32_t>(stat, MODE_AT), 0120700u);
    // Later changes are not followed, but by a layer that is made anew.
    const std::string mine = layer();
    host.write("root/files/boot/home/notes", "others");
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/boot/home/notes"), "notes");
    close();
    fs::remove_all(mine);
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/boot/home/notes"), "others");
}

TEST_F(RootOwn, HasTheModesThatTheOtherHasGivenPackagedLinks)
{
    enum { MODE_AT = 12, MODE = 1 };
    const std::pair<const char *, uint32_t> links[] = {
        {"changed", 0120700}, {"given", 0120750}, {"plain", 0120777}};
    const std::vector<Node> given = {
        Node(HK_PACKAGE_PERMISSIONS, uint64_t{0750})};
    ASSERT_EQ(add("links.hpkg", package({Link("changed", "target", given),
                                         Link("given", "target", given),
                                         Link("plain", "target")},
                                        package_info("links"))),
              0)
        << fault.text;
    Address stat = guest().room(88);
    guest().set(stat, MODE_AT, 0700u);
    ASSERT_EQ(guest().call("write_stat", -1, "/boot/system/changed", 0, stat,
                           88, int{MODE}),
              0);
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    stat = guest().room(88);
    for (auto [name, mode] : links) {
        ASSERT_EQ(guest().call("read_stat", -1,
                               std::string("/boot/system/") + name, 0, stat,
                               88),
                  0);
        EXPECT_EQ(guest().get<uint32_t>(stat, MODE_AT), mode) << name;
    }
}

TEST_F(RootOwn, IsMadeAgainWhereItsMakingWasCutOff)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    EXPECT_EQ(write("/boot/home/notes", "notes", 0x201), 5);
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    const std::string mine = layer();
    close();
    for (const char *name : {"uvm-root", "files/boot/home/notes",
                             "files/boot/system/bin/tool", "state/view"})
        ASSERT_TRUE(fs::remove(mine + "/" + name)) << name;
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/boot/home/notes"), "notes");
    EXPECT_EQ(read("/bin/tool"), "of the package");
    EXPECT_TRUE(hk_root_is_one(mine.c_str()));
}

TEST_F(RootOwn, FindsAPackageThatCouldNotBeReadBefore)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    const std::string package = file("boot/system/packages/tool-1-2-x86.hpkg");
    ASSERT_EQ(chmod(package.c_str(), 0), 0);
    leave();
    for (int i = 0; i < 2; i++) {
        ASSERT_EQ(open_own(), 0) << fault.text;
        EXPECT_EQ(read("/bin/tool"), "B_ENTRY_NOT_FOUND");
        EXPECT_EQ(check(),
                  std::vector<std::string>{"tool-1-2-x86.hpkg: not activated: "
                                           "Permission denied"});
    }
    ASSERT_EQ(chmod(package.c_str(), 0644), 0);
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "of the package");
}

// As an image of a container has it that keeps no extended attributes.
TEST_F(RootOwn, TakesNoEmptyFileForTheOthers)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    ASSERT_EQ(
        removexattr(file("boot/system/bin/tool").c_str(), "user.uvm.content"),
        0);
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    EXPECT_EQ(read("/bin/tool"), "of the package");
}

TEST_F(RootOwn, NamesThePlaceThatItCannotHave)
{
    leave();
    EXPECT_EQ(hk_root_open(path.c_str(), "", &root, &fault),
              HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text, "your own layer over it: there is no place");
    host.write("data/roots", "a file");
    EXPECT_EQ(open_own(), HK_PACKAGE_ERR_IO);
    EXPECT_EQ(
        std::string(fault.text).rfind("your own layer over it, " + own(), 0),
        0u)
        << fault.text;
    EXPECT_NE(std::string(fault.text).find(": Not a directory"),
              std::string::npos)
        << fault.text;
}

TEST_F(RootOwn, IsOfNoUseWhenTheOthersRootIsGone)
{
    ASSERT_EQ(add_file("tool", "of the package"), 0) << fault.text;
    leave();
    ASSERT_EQ(open_own(), 0) << fault.text;
    const std::string mine = layer();
    close();
    fs::rename(path, host.at("moved"));
    EXPECT_EQ(hk_root_open(mine.c_str(), nullptr, &root, &fault),
              HK_PACKAGE_ERR_IO);
    EXPECT_EQ(std::string(fault.text), fs::canonical(host.path).string() +
                                           "/root: No such file or directory");
    fs::rename(host.at("moved"), path);
}

} // namespace
} // namespace hk
