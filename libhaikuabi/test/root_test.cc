// root_test.cc -- packages activated in a root, and what is written over them.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/root_case.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <fstream>
#include <functional>

extern "C" {
#include "libhaikuabi/src/root.h"
}

namespace
{

using namespace hk;

constexpr int WRONLY = 1, RDWR = 2, CREAT = 0x200, TRUNC = 0x400;

using Root = RootCase;

std::vector<Node> tool(const std::string &content, uint64_t mtime = 5000)
{
    return {Directory("bin", {File("tool", content, mtime,
                                   {Node(HK_PACKAGE_PERMISSIONS, 0755)}),
                              Link("alias", "tool")}),
            Directory("lib", {File("libx.so", pattern(300000))})};
}

TEST_F(Root, ShowsTheFilesOfAPackage)
{
    ASSERT_EQ(add("one-1-2-x86.hpkg",
                  package(tool("#!/bin/sh\n"), package_info("one"))),
              0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/bin/tool"), "#!/bin/sh\n");
    EXPECT_EQ(read("/bin/alias"), "#!/bin/sh\n");
    EXPECT_EQ(read("/boot/system/lib/libx.so"), pattern(300000));
    struct stat st = stat("boot/system/bin/tool");
    EXPECT_EQ(st.st_mode & 07777, 0755u);
    EXPECT_EQ(st.st_mtime, 5000);
    EXPECT_EQ(st.st_size, 10);
    EXPECT_EQ(check(), std::vector<std::string>());
}

TEST_F(Root, BringsContentOnlyWhenAFileIsOpened)
{
    ASSERT_EQ(add("one-1-2-x86.hpkg",
                  package(tool("long enough"), package_info("one"))),
              0)
        << fault.text;
    EXPECT_EQ(stat("boot/system/lib/libx.so").st_blocks, 0);
    EXPECT_EQ(stat("boot/system/lib/libx.so").st_size, 300000);
    int fd = open("/boot/system/lib/libx.so");
    EXPECT_GE(fd, 0);
    EXPECT_GT(stat("boot/system/lib/libx.so").st_blocks, 0);
    EXPECT_EQ(stat("boot/system/lib/libx.so").st_mtime, 1000);
    EXPECT_EQ(stat("boot/system/bin/tool").st_blocks, 0);
}

TEST_F(Root, KeepsAttributesOfPackagedFiles)
{
    ASSERT_EQ(
        add("one-1-2-x86.hpkg",
            package({File("typed", "0123456789", 1000,
                          {Node(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
                                {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x4d494d53),
                                 Node::Data("text/plain")})})},
                    package_info("one"))),
        0)
        << fault.text;
    char value[64];
    ssize_t size = getxattr(file("boot/system/typed").c_str(),
                            "user.haiku.BEOS:TYPE", value, sizeof(value));
    EXPECT_EQ(std::string(value, size < 0 ? 0 : size), "SMIMtext/plain");
    // The library's own are not the guest's.
    int fd = open("/boot/system/typed");
    int64_t attributes = guest().call("open_attr_dir", fd, nullptr, 0);
    Address buffer = guest().room(512);
    EXPECT_EQ(
        guest().call("read_dir", static_cast<int>(attributes), buffer, 512, 10),
        3);
    std::string listed = guest().bytes(buffer, 512);
    EXPECT_LT(listed.find("SYS:PACKAGE_FILE"), listed.find("BEOS:TYPE"));
    EXPECT_EQ(listed.find("uvm"), std::string::npos);
}

// More than the host's files keep.
TEST_F(Root, KeepsBigAttributesOfPackagedFiles)
{
    const std::string icon = pattern(100000);
    auto read_icon = [this](const std::string &name) {
        int fd = open(name);
        Address bytes = guest().room(200000);
        int64_t size = guest().call("read_attr", fd, "BEOS:ICON", INT64_C(0),
                                    bytes, 200000);
        guest().call("close", fd);
        return size < 0 ? hk_status_name(static_cast<int32_t>(size))
                        : guest().bytes(bytes, static_cast<size_t>(size));
    };

    ASSERT_EQ(
        add("one-1-2-x86.hpkg",
            package({File("typed", "0123456789", 1000,
                          {Node(HK_PACKAGE_ATTRIBUTE, "BEOS:ICON",
                                {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x56494349),
                                 Node::Data(icon)})})},
                    package_info("one"))),
        0)
        << fault.text;
    EXPECT_EQ(read_icon("/boot/system/typed"), icon);
    EXPECT_EQ(guest().call("rename", -1, "/boot/system/typed", -1,
                           "/boot/system/mine"),
              0);
    EXPECT_EQ(read_icon("/boot/system/mine"), icon);
    EXPECT_EQ(check(), std::vector<std::string>());
    // What is there for files that others removed takes room until it is
    // trimmed.
    uint64_t freed = 0;
    ASSERT_EQ(reopen(), 0);
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_EQ(read_icon("/boot/system/mine"), icon);
    // Of what is too deep to be looked at it is not known whether it is there.
    std::string deep = "/boot/system";
    for (int i = 0; i < 300; i++)
        deep += "/d";
    std::filesystem::create_directories(host.at("root/files" + deep));
    EXPECT_EQ(
        guest().call("rename", -1, "/boot/system/mine", -1, deep + "/mine"), 0);
    ASSERT_EQ(reopen(), 0);
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_TRUE(read_icon(deep + "/mine") == icon);
    std::filesystem::remove_all(host.at("root/files/boot/system/d"));
    ASSERT_EQ(reopen(), 0);
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_GE(freed, icon.size());
    EXPECT_TRUE(std::filesystem::is_empty(host.at("root/attributes")));
}

TEST_F(Root, KeepsModesAndAttributesOfPackagedSymlinks)
{
    enum { MODE = 1, AT = 12, NOTRAVERSE = 0x2000 };
    auto links = [](uint64_t mode) {
        return std::vector<Node>{
            Link("given", "tool",
                 {Node(HK_PACKAGE_PERMISSIONS, mode),
                  Node(HK_PACKAGE_ATTRIBUTE, "META:kind",
                       {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x43535452),
                        Node::Data("link")})}),
            Link("changed", "tool", {Node(HK_PACKAGE_PERMISSIONS, mode)}),
            Link("plain", "tool")};
    };
    auto mode_of = [this](const std::string &name) {
        Address stat = guest().room(88);
        int64_t status =
            guest().call("read_stat", -1, "/boot/system/" + name, 0, stat, 88);
        return status == 0 ? guest().get<uint32_t>(stat, AT) : 0u;
    };

    ASSERT_EQ(add("one.hpkg", package(links(0750), package_info("one"))), 0)
        << fault.text;
    EXPECT_EQ(mode_of("given"), 0120750u);
    EXPECT_EQ(mode_of("changed"), 0120750u);
    EXPECT_EQ(mode_of("plain"), 0120777u);
    Address value = guest().room(16);
    EXPECT_EQ(guest().call("read_attr", open("/boot/system/given", NOTRAVERSE),
                           "META:kind", INT64_C(0), value, 16),
              4);
    // What a guest has changed is its own.
    Address stat = guest().room(88);
    guest().set(stat, AT, 0700u);
    EXPECT_EQ(guest().call("write_stat", -1, "/boot/system/changed", 0, stat,
                           88, int{MODE}),
              0);
    EXPECT_EQ(mode_of("changed"), 0120700u);
    EXPECT_EQ(check(), std::vector<std::string>());
    ASSERT_EQ(remove({"one"}), 0) << fault.text;
    EXPECT_EQ(mode_of("given"), 0u);
    EXPECT_EQ(mode_of("plain"), 0u);
    EXPECT_EQ(mode_of("changed"), 0120700u);
    // What is kept of links that are gone is trimmed.
    uint64_t freed = 0;
    ASSERT_EQ(reopen(), 0);
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_GT(freed, 0u);
    EXPECT_EQ(mode_of("changed"), 0120700u);
    EXPECT_EQ(guest().call("unlink", -1, "/boot/system/changed"), 0);
    EXPECT_TRUE(std::filesystem::is_empty(host.at("root/attributes")));
}

TEST_F(Root, TellsThePackageOfAFileByAttributes)
{
    auto attribute = [this](int fd, const char *name) -> std::string {
        Address info = guest().room(16), buffer = guest().room(512);
        int64_t status = guest().call("stat_attr", fd, name, info);
        if (status != 0)
            return hk_status_name(static_cast<int32_t>(status));
        EXPECT_EQ(guest().bytes(info, 4), "RTSC");
        int64_t size =
            guest().call("read_attr", fd, name, INT64_C(0), buffer, 512);
        EXPECT_EQ(size, guest().bytes(info, 5)[4]);
        return guest().text(buffer);
    };
    ASSERT_EQ(
        add("any name.hpkg", package(tool("long enough"), package_info("one"))),
        0)
        << fault.text;
    int fd = open("/boot/system/bin/tool");
    EXPECT_EQ(attribute(fd, "SYS:PACKAGE"), "one-1-2");
    EXPECT_EQ(attribute(fd, "SYS:PACKAGE_FILE"), "any name.hpkg");
    // Also by a path, of a file that is not open.
    EXPECT_GE(guest().call("open_attr", -1, "/boot/system/lib/libx.so",
                           "SYS:PACKAGE", 0, 0),
              0);
    // Directories and links, while they are where the package has them.
    constexpr int NOTRAVERSE = 0x2000;
    EXPECT_EQ(attribute(open("/boot/system/bin"), "SYS:PACKAGE"), "one-1-2");
    EXPECT_EQ(attribute(open("/boot/system/bin/alias", NOTRAVERSE),
                        "SYS:PACKAGE_FILE"),
              "any name.hpkg");
    EXPECT_GT(guest().call("open_attr_dir", -1, "/boot/system/bin/alias", 0),
              0);
    EXPECT_EQ(guest().call("unlink", -1, "/boot/system/bin/alias"), 0);
    EXPECT_EQ(guest().call("create_symlink", -1, "/boot/system/bin/alias",
                           "elsewhere", 0777),
              0);
    EXPECT_NE(attribute(open("/boot/system/bin/alias", NOTRAVERSE),
                        "SYS:PACKAGE_FILE"),
              "any name.hpkg");
    for (const char *none : {"/boot/home", "/boot/system", "/boot"})
        EXPECT_EQ(attribute(open(none), "SYS:PACKAGE"), "B_ENTRY_NOT_FOUND")
            << none;
    EXPECT_EQ(guest().call("rename", -1, "/boot/system/lib", -1,
                           "/boot/system/other"),
              0);
    EXPECT_EQ(attribute(open("/boot/system/other"), "SYS:PACKAGE"),
              "B_ENTRY_NOT_FOUND");
    // Once it has been written to it is the user's.
    EXPECT_EQ(write("/boot/system/bin/tool", "mine"), 4);
    EXPECT_EQ(attribute(fd, "SYS:PACKAGE"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(write("/boot/home/own", "mine", WRONLY | CREAT), 4);
    EXPECT_EQ(attribute(open("/boot/home/own"), "SYS:PACKAGE_FILE"),
              "B_ENTRY_NOT_FOUND");
}

TEST_F(Root, MergesAsHaikuDoes)
{
    auto a = package(
        {Directory("d", {File("both", "of the older", 10), File("a", "a")})},
        package_info("a"));
    auto b =
        package({Directory("d", {File("both", "of the newer", 20),
                                 File("sys", "newest", 30), File("b", "b")})},
                package_info("b"));
    auto c = package({Directory("d", {File("sys", "of the system", 5)})},
                     package_info("c", {Node(HK_PACKAGE_FLAGS, uint64_t{2})}));
    ASSERT_EQ(add("a.hpkg", a), 0) << fault.text;
    ASSERT_EQ(add("b.hpkg", b), 0) << fault.text;
    ASSERT_EQ(add("c.hpkg", c), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/d/both"), "of the newer");
    EXPECT_EQ(read("/boot/system/d/sys"), "of the system");
    EXPECT_EQ(read("/boot/system/d/a"), "a");
    EXPECT_EQ(read("/boot/system/d/b"), "b");
    ASSERT_EQ(remove({"b"}), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/d/both"), "of the older");
    EXPECT_EQ(read("/boot/system/d/b"), "B_ENTRY_NOT_FOUND");
}

TEST_F(Root, LeavesOutTheDescriptionOfAPackage)
{
    ASSERT_EQ(
        add("a.hpkg", package({File(".PackageInfo", "name a"),
                               Directory("d", {File(".PackageInfo", "deep")})},
                              package_info("a"))),
        0);
    EXPECT_EQ(read("/boot/system/.PackageInfo"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/system/d/.PackageInfo"), "deep");
}

TEST_F(Root, LeavesOutBlockedEntries)
{
    std::vector<Node> entries = {
        Directory("add-ons", {File("one", "1"), File("two words", "2"),
                              Directory("deep", {File("three", "3")})}),
        File("four", "4")};
    ASSERT_EQ(add("a.hpkg", package(entries, package_info("a"))), 0);
    ASSERT_EQ(add("b.hpkg", package({File("five", "5")}, package_info("b"))),
              0);
    EXPECT_EQ(read("/boot/system/add-ons/one"), "1");
    EXPECT_GT(write("/boot/system/settings/packages",
                    "# a comment {\n"
                    "Package a\n{\n"
                    "    Other { four }\n"
                    "    BlockedEntries {\n"
                    "        add-ons/one\n"
                    "        \"add-ons/two words\"; /add-ons//deep/ x\n"
                    "        missing\n"
                    "    }\n"
                    "}\n"
                    "Package b { EntryBlacklist { five } }\n"
                    "Package c { BlockedEntries { four } }\n",
                    WRONLY | CREAT),
              0);
    reopen();
    EXPECT_EQ(read("/boot/system/add-ons/one"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/system/add-ons/two words"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/system/add-ons/deep/three"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/boot/system/four"), "4");
    EXPECT_EQ(read("/boot/system/five"), "B_ENTRY_NOT_FOUND");
    unlink(file("boot/system/settings/packages").c_str());
    reopen();
    EXPECT_EQ(read("/boot/system/add-ons/one"), "1");
    EXPECT_EQ(read("/boot/system/add-ons/deep/three"), "3");
    EXPECT_EQ(check(), std::vector<std::string>());
}

TEST_F(Root, DoesNotActivateAPackageThatClashes)
{
    ASSERT_EQ(add("a.hpkg", package({Directory("x", {File("f", "f")})},
                                    package_info("a"))),
              0);
    host.write("root/files/boot/system/packages/b.hpkg",
               package({File("x", "file"), File("y", "y")}, package_info("b")));
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/x/f"), "f");
    EXPECT_EQ(read("/boot/system/y"), "B_ENTRY_NOT_FOUND");
    std::vector<std::string> lines = check();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0], "b.hpkg: not activated: /boot/system/x is a directory "
                        "in one of it and a.hpkg, and none in the other");
}

TEST_F(Root, LetsDirectoriesOfTheDiskShineThrough)
{
    ASSERT_EQ(
        add("a.hpkg",
            package({Directory("var", {File("f", "hidden")}),
                     Directory("packages", {File("f", "hidden")}),
                     Directory("settings",
                               {Directory("etc", {File("profile", "first")})})},
                    package_info("a"))),
        0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/var/f"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/packages/f"), "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(read("/etc/profile"), "first");
    // Settings are the user's once they have been changed.
    EXPECT_EQ(write("/etc/profile", "mine", WRONLY | TRUNC), 4);
    ASSERT_EQ(
        add("a.hpkg",
            package({Directory(
                        "settings",
                        {Directory("etc", {File("profile", "second", 9000)})})},
                    package_info("a"))),
        0);
    EXPECT_EQ(read("/etc/profile"), "mine");
}

// shm_open() makes files in /var/shared_memory.
TEST_F(Root, HasTheDirectoriesThatHaikuMakesAtStart)
{
    ASSERT_GE(reopen(), 0) << fault.text;
    EXPECT_EQ(write("/tmp/file", "some", WRONLY | CREAT), 4);
    EXPECT_EQ(write("/var/shared_memory/memory", "some", WRONLY | CREAT), 4);
}

TEST_F(Root, LinksPackages)
{
    ASSERT_EQ(add("a.hpkg",
                  package({}, package_info(
                                  "a", {Node(HK_PACKAGE_PROVIDES, "lib:x"),
                                        Node(HK_PACKAGE_REQUIRES, "none")}))),
              0);
    ASSERT_EQ(add("b.hpkg",
                  package({}, package_info(
                                  "b", {Node(HK_PACKAGE_REQUIRES, "a"),
                                        Node(HK_PACKAGE_REQUIRES, "lib:x")})),
                  HK_LOCATION_HOME),
              0)
        << fault.text;
    const struct {
        const char *link, *target;
    } rows[] = {{"a-1-2/.self", "../.."},
                {"a-1-2/.settings", "../../../system/settings"},
                {"a-1-2/none", "?"},
                {"b-1-2/.self", "../../../home/config"},
                {"b-1-2/.settings", "../../../home/config/settings"},
                {"b-1-2/a", "../.."},
                {"b-1-2/lib~x", "../.."}};
    for (const auto &row : rows) {
        char target[64] = "";
        EXPECT_GT(
            readlink(file(std::string("boot/system/package-links/") + row.link)
                         .c_str(),
                     target, sizeof(target) - 1),
            0)
            << row.link;
        EXPECT_STREQ(target, row.target) << row.link;
    }
}

TEST_F(Root, NamesWhatIsMissing)
{
    std::vector<Node> wants = {Node(HK_PACKAGE_REQUIRES, "there",
                                    {Node(HK_PACKAGE_OPERATOR, uint64_t{4}),
                                     Node(HK_PACKAGE_VERSION_MAJOR, "1")}),
                               Node(HK_PACKAGE_REQUIRES, "there",
                                    {Node(HK_PACKAGE_OPERATOR, uint64_t{4}),
                                     Node(HK_PACKAGE_VERSION_MAJOR, "10")}),
                               Node(HK_PACKAGE_REQUIRES, "lib:none")};
    ASSERT_EQ(add("there.hpkg", package({}, package_info("there"))), 0);
    ASSERT_EQ(add("wants.hpkg", package({}, package_info("wants", wants))), 0);
    EXPECT_EQ(check(),
              (std::vector<std::string>{
                  "wants.hpkg: requires there >= 10, but there.hpkg has 1",
                  "wants.hpkg: requires lib:none, which no package "
                  "provides"}));
}

TEST_F(Root, NamesWhyAVersionDoesNotDo)
{
    auto expression = [](enum hk_package_id id, uint64_t sign,
                         const char *version) {
        return Node(id, "there",
                    {Node(HK_PACKAGE_OPERATOR, sign),
                     Node(HK_PACKAGE_VERSION_MAJOR, version)});
    };
    std::vector<Node> wants = {expression(HK_PACKAGE_REQUIRES, 4, "0"),
                               expression(HK_PACKAGE_CONFLICTS, 0, "1"),
                               expression(HK_PACKAGE_CONFLICTS, 4, "1"),
                               Node(HK_PACKAGE_CONFLICTS, "wants")};
    std::vector<Node> alone = package_info("alone");
    alone[3] = Node(HK_PACKAGE_PROVIDES, "alone",
                    {Node(HK_PACKAGE_VERSION_MAJOR, "2")});
    wants.push_back(Node(HK_PACKAGE_REQUIRES, "alone",
                         {Node(HK_PACKAGE_OPERATOR, uint64_t{4}),
                          Node(HK_PACKAGE_VERSION_MAJOR, "1")}));
    ASSERT_EQ(add("there.hpkg", package({}, package_info("there"))), 0);
    ASSERT_EQ(add("alone.hpkg", package({}, alone)), 0);
    ASSERT_EQ(add("wants.hpkg", package({}, package_info("wants", wants))), 0);
    EXPECT_EQ(check(),
              (std::vector<std::string>{
                  "wants.hpkg: requires there >= 0, but there.hpkg has 1, "
                  "which is compatible with none before 1",
                  "wants.hpkg: conflicts with there >= 1, which there.hpkg "
                  "provides",
                  "wants.hpkg: requires alone >= 1, but alone.hpkg has 2, "
                  "which is compatible with no other"}));
}

// ---- the layer ----

TEST_F(Root, WritesOverPackagesAndLeavesThemAsTheyAre)
{
    std::string bytes = package(tool("#!/bin/sh\n"), package_info("one"));
    ASSERT_EQ(add("one.hpkg", bytes), 0) << fault.text;
    // Some of a file, all of it, and one more.
    int fd = open("/boot/system/lib/libx.so", RDWR);
    EXPECT_EQ(guest().call("write", fd, INT64_C(100000), "changed", 7), 7);
    EXPECT_EQ(write("/bin/tool", "new", WRONLY | TRUNC), 3);
    EXPECT_EQ(write("/boot/system/bin/more", "more", WRONLY | CREAT), 4);
    EXPECT_EQ(guest().call("unlink", -1, "/bin/alias"), 0);
    std::string expected = pattern(300000).replace(100000, 7, "changed");
    for (int again = 0; again < 2; again++) {
        EXPECT_EQ(read("/boot/system/lib/libx.so"), expected);
        EXPECT_EQ(read("/bin/tool"), "new");
        EXPECT_EQ(read("/bin/more"), "more");
        EXPECT_EQ(read("/bin/alias"), "B_ENTRY_NOT_FOUND");
        EXPECT_EQ(host.read("root/files/boot/system/packages/one.hpkg"), bytes);
        ASSERT_EQ(reopen(), 0) << fault.text;
        // A package more: everything is activated anew.
        ASSERT_EQ(
            add("two.hpkg", package({File("two", "2")}, package_info("two"))),
            0);
    }
}

TEST_F(Root, LetsNoGuestChangePackages)
{
    std::string bytes = package(tool("#!/bin/sh\n"), package_info("one"));
    ASSERT_EQ(add("one.hpkg", bytes), 0) << fault.text;
    const std::string name = "/boot/system/packages/one.hpkg";
    EXPECT_EQ(read(name), bytes);
    EXPECT_STREQ(hk_status_name(open(name, RDWR)), "B_READ_ONLY_DEVICE");
    EXPECT_STREQ(hk_status_name(open("/boot/system/packages/new", CREAT)),
                 "B_READ_ONLY_DEVICE");
    EXPECT_EQ(guest().call("unlink", -1, name), HK_B_READ_ONLY_DEVICE);
    EXPECT_EQ(guest().call("rename", -1, "/boot/system/packages", -1,
                           "/boot/system/p"),
              HK_B_BUSY);
    EXPECT_EQ(guest().call("rename", -1, name, -1, "/boot/home/one.hpkg"),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(guest().call("create_link", -1, "/boot/home/link", -1, name, 0),
              HK_B_CROSS_DEVICE_LINK);
    EXPECT_EQ(read(name), bytes);
}

TEST_F(Root, KeepsWhatAGuestMadeOfAPackageThatGoes)
{
    ASSERT_EQ(
        add("one.hpkg", package(tool("#!/bin/sh\n"), package_info("one"))), 0);
    guest().call("rename", -1, "/boot/system/lib/libx.so", -1,
                 "/boot/system/x");
    EXPECT_EQ(write("/bin/tool", "mine", WRONLY | TRUNC), 4);
    EXPECT_EQ(write("/boot/system/lib/own", "own", WRONLY | CREAT), 3);
    EXPECT_EQ(stat("boot/system/x").st_blocks, 0);
    ASSERT_EQ(remove({"one.hpkg"}), 0) << fault.text;
    EXPECT_FALSE(has("boot/system/packages/one.hpkg"));
    EXPECT_EQ(read("/boot/system/x"), pattern(300000));
    EXPECT_EQ(read("/bin/tool"), "mine");
    EXPECT_EQ(read("/boot/system/lib/own"), "own");
    EXPECT_FALSE(has("boot/system/bin/alias"));
    EXPECT_FALSE(has("boot/system/package-links/one-1-2"));
    EXPECT_EQ(check(), std::vector<std::string>());
    hk_root_package listed;
    EXPECT_EQ(hk_root_list(root, 0, &listed), 0);
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/x"), pattern(300000));
}

TEST_F(Root, ReplacesAPackageByAnotherVersion)
{
    ASSERT_EQ(
        add("one-1.hpkg", package(tool("#!/bin/old\n"), package_info("one"))),
        0);
    EXPECT_EQ(read("/bin/tool"), "#!/bin/old\n");
    EXPECT_EQ(guest().call("unlink", -1, "/bin/alias"), 0);
    ASSERT_EQ(add("one-2.hpkg",
                  package(tool("#!/bin/new\n", 4000), package_info("one"))),
              0)
        << fault.text;
    EXPECT_EQ(read("/bin/tool"), "#!/bin/new\n");
    EXPECT_EQ(read("/bin/alias"), "B_ENTRY_NOT_FOUND");
    EXPECT_FALSE(has("boot/system/packages/one-1.hpkg"));
    hk_root_package listed;
    ASSERT_EQ(hk_root_list(root, 0, &listed), 1);
    EXPECT_STREQ(listed.file_name, "one-2.hpkg");
    EXPECT_STREQ(listed.name, "one");
    EXPECT_STREQ(listed.version, "1-2");
    EXPECT_EQ(listed.architecture, 1u);
    EXPECT_TRUE(listed.is_active);
    EXPECT_EQ(hk_root_list(root, 1, &listed), 0);
}

// Of several files of one version the last stays.
TEST_F(Root, AddsAllPackagesOrNone)
{
    Additions additions;
    auto come = [&](const char *name, const std::string &bytes) {
        host.write(name, bytes);
        additions.all.push_back({name, host.at(name)});
    };
    auto add_all = [&](size_t *refused) {
        return additions.come(root, &fault, refused);
    };
    size_t refused = 99;

    ASSERT_EQ(
        add("one-1.hpkg", package({File("one", "1")}, package_info("one"))), 0);
    come("one-2.hpkg", package({File("one", "2")}, package_info("one")));
    come("two-1.hpkg", package({File("two", "1")}, package_info("two")));
    come("bad.hpkg", "none");
    EXPECT_LT(add_all(&refused), 0);
    EXPECT_EQ(refused, 2u);
    EXPECT_TRUE(has("boot/system/packages/one-1.hpkg"));
    EXPECT_FALSE(has("boot/system/packages/one-2.hpkg"));
    EXPECT_FALSE(has("boot/system/two"));
    additions.all.pop_back();
    come("two-2.hpkg", package({File("two", "2")}, package_info("two")));
    come("one-1.hpkg", package({File("one", "new")}, package_info("one")));
    EXPECT_EQ(add_all(nullptr), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/one"), "new");
    EXPECT_EQ(read("/boot/system/two"), "2");
    EXPECT_FALSE(has("boot/system/packages/one-2.hpkg"));
    EXPECT_FALSE(has("boot/system/packages/two-1.hpkg"));
    for (const auto &entry :
         std::filesystem::directory_iterator(path + "/state"))
        EXPECT_EQ(entry.path().filename().string().rfind("incoming", 0),
                  std::string::npos);
}

// A package takes no descriptor while others are looked at, however many come.
TEST_F(Root, TakesMorePackagesThanThereAreDescriptors)
{
    constexpr int COUNT = 300;
    auto name = [](int i) { return "many" + std::to_string(i); };
    ASSERT_EQ(reopen(), 0) << fault.text;
    for (int i = 0; i < COUNT; i++)
        host.write(
            "root/files/boot/system/packages/" + name(i) + ".hpkg",
            package({File(name(i), "content of " + name(i), 1000,
                          {Node(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
                                {Node(HK_PACKAGE_ATTRIBUTE_TYPE, 0x4d494d53),
                                 Node::Data("text/plain")})})},
                    package_info(name(i))));
    struct rlimit before, few;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = COUNT - 10;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    for (int i : {0, 1, COUNT / 2, COUNT - 2, COUNT - 1}) {
        const std::string file = "/boot/system/" + name(i);
        Address type = guest().room(16);
        EXPECT_EQ(read(file), "content of " + name(i));
        EXPECT_EQ(guest().call("read_attr", open(file), "BEOS:TYPE", INT64_C(0),
                               type, 16),
                  10);
        EXPECT_EQ(guest().bytes(type, 10), "text/plain");
    }
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(Root, AddsMorePackagesThanThereAreDescriptors)
{
    constexpr int COUNT = 300;
    Additions additions;
    for (int i = 0; i < COUNT; i++) {
        std::string name = "many" + std::to_string(i);
        host.write(name, package({File(name, "content of " + name)},
                                 package_info(name)));
        additions.all.push_back({name + ".hpkg", host.at(name)});
    }
    ASSERT_EQ(reopen(), 0) << fault.text;
    struct rlimit before, few;
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = COUNT - 10;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    EXPECT_EQ(additions.come(root, &fault), 0) << fault.text;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(read("/boot/system/many299"), "content of many299");
    EXPECT_EQ(check(), std::vector<std::string>());
}

// ---- what the host refuses ----

// Files may not become larger than that, as on a disk that is full.
class Limit
{
  public:
    explicit Limit(rlim_t size)
    {
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        const struct rlimit now = {size, before.rlim_max};
        EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &now), 0);
    }
    ~Limit()
    {
        setrlimit(RLIMIT_FSIZE, &before);
    }

  private:
    struct rlimit before;
};

TEST_F(Root, IsAsItWasWhenAPackageCannotBeCopied)
{
    ASSERT_EQ(add("one.hpkg", package({File("one", "1")}, package_info("one"))),
              0);
    int error;
    {
        const std::string bytes =
            package({File("two", pattern(100000, 1))}, package_info("two"));
        host.write("two.hpkg", bytes);
        Additions two{{"two.hpkg", host.at("two.hpkg")}};
        Limit limit(bytes.size() - 100);
        error = two.come(root, &fault);
    }
    EXPECT_EQ(error, HK_PACKAGE_ERR_IO);
    EXPECT_STREQ(fault.text, "state/incoming: File too large");
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/one"), "1");
    EXPECT_FALSE(has("state/incoming.0"));
    EXPECT_FALSE(has("boot/system/two"));
}

// What was to be replaced by it stays.
TEST_F(Root, IsAsItWasWhenAPackageCannotBeActivated)
{
    std::vector<Node> many;
    for (int i = 0; i < 3000; i++)
        many.push_back(File("file" + std::to_string(i), "x"));
    ASSERT_EQ(
        add("one-1.hpkg", package({File("one", "1")}, package_info("one"))), 0);
    host.write("one-2.hpkg", package({Directory("many", std::move(many))},
                                     package_info("one")));
    Additions two{{"one-2.hpkg", host.at("one-2.hpkg")}};
    size_t refused = 99;
    int error;
    {
        Limit limit(host.read("one-2.hpkg").size());
        error = two.come(root, &fault, &refused);
    }
    EXPECT_EQ(error, HK_PACKAGE_ERR_IO);
    EXPECT_STREQ(fault.text, "state/pending: File too large");
    EXPECT_EQ(refused, 1u);
    EXPECT_FALSE(has("boot/system/packages/one-2.hpkg"));
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/one"), "1");
    EXPECT_FALSE(has("boot/system/many"));
}

TEST_F(Root, KeepsAPackageInWhosePlaceNoOtherComes)
{
    std::vector<Node> many;
    for (int i = 0; i < 3000; i++)
        many.push_back(File("file" + std::to_string(i), "x"));
    ASSERT_EQ(add("one.hpkg", package({File("one", "1")}, package_info("one"))),
              0);
    host.write("new.hpkg", package({Directory("many", std::move(many))},
                                   package_info("one")));
    Additions again{{"one.hpkg", host.at("new.hpkg")}};
    int error;
    {
        Limit limit(host.read("new.hpkg").size());
        error = again.come(root, &fault);
    }
    EXPECT_EQ(error, HK_PACKAGE_ERR_IO);
    EXPECT_STREQ(fault.text, "state/pending: File too large");
    EXPECT_EQ(read("/boot/system/one"), "1");
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/one"), "1");
    EXPECT_FALSE(has("boot/system/many"));
    EXPECT_FALSE(has("state/replaced"));
    EXPECT_EQ(again.come(root, &fault), 0) << fault.text;
    EXPECT_FALSE(has("boot/system/one"));
    EXPECT_EQ(read("/boot/system/many/file7"), "x");
}

// Each with what it knew of the root before the other.
TEST_F(Root, IsAddedToAndRemovedFromByTwo)
{
    ASSERT_EQ(reopen(), 0);
    hk_root *other;
    ASSERT_EQ(hk_root_open(path.c_str(), nullptr, &other, &fault), 0)
        << fault.text;
    ASSERT_EQ(add("one.hpkg", package({File("one", pattern(5000, 1))},
                                      package_info("one"))),
              0);
    ASSERT_EQ(guest().call("rename", -1, "/boot/system/one", -1,
                           "/boot/system/moved"),
              0);
    host.write("new.hpkg", package({File("two", "2")}, package_info("one")));
    EXPECT_EQ(
        Additions({{"one.hpkg", host.at("new.hpkg")}}).come(other, &fault), 0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/moved"), pattern(5000, 1));
    EXPECT_EQ(read("/boot/system/two"), "2");
    EXPECT_EQ(remove({"one"}), 0) << fault.text;
    const char *name = "one";
    EXPECT_EQ(hk_root_remove(other, &name, 1, &fault), HK_PACKAGE_ERR_MISSING);
    hk_root_close(other);
    EXPECT_EQ(check(), std::vector<std::string>());
}

TEST_F(Root, KeepsNoPartOfAContentForWhichThereIsNoRoom)
{
    const std::string small = pattern(3000000, 1), big = pattern(9000000, 2);
    ASSERT_EQ(add("one.hpkg", package({File("small", small), File("big", big)},
                                      package_info("one"))),
              0);
    {
        Limit limit(1000000);
        for (const char *name : {"boot/system/small", "boot/system/big"}) {
            int fd = open("/" + std::string(name));
            Address bytes = guest().room(4096);
            if (fd >= 0) {
                EXPECT_LT(guest().call("read", fd, INT64_C(2900000), bytes, 1),
                          0);
                guest().call("close", fd);
            }
            EXPECT_EQ(stat(name).st_blocks, 0) << name;
        }
    }
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/small"), small);
    EXPECT_EQ(read("/boot/system/big"), big);
}

// Runs something as a user whom permissions bind, in a process of its own.
void without_privileges(const std::function<void()> &run)
{
    pid_t child = fork();
    if (child == 0) {
        __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
        __user_cap_data_struct none[2] = {};
        if (syscall(SYS_capset, &head, none) != 0)
            _exit(2);
        run();
        _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(Root, KeepsAPackageWhoseFileCannotBeRemoved)
{
    ASSERT_EQ(add("one.hpkg", package({File("one", "1")}, package_info("one"))),
              0);
    chmod(file("boot/system/packages").c_str(), 0555);
    without_privileges([&] {
        EXPECT_EQ(remove({"one"}), HK_PACKAGE_ERR_IO);
        EXPECT_STREQ(fault.text,
                     "boot/system/packages/one.hpkg: Permission denied");
        EXPECT_EQ(reopen(), 0) << fault.text;
        EXPECT_EQ(read("/boot/system/one"), "1");
    });
    chmod(file("boot/system/packages").c_str(), 0755);
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(remove({"one"}), 0) << fault.text;
    EXPECT_FALSE(has("boot/system/one"));
}

// Otherwise files of the package would be left behind, without content.
TEST_F(Root, KeepsAPackageInWhoseDirectoriesNobodyMayLook)
{
    ASSERT_EQ(
        add("one.hpkg",
            package({Directory("closed", {File("file", pattern(5000, 1))}),
                     File("one", "1")},
                    package_info("one"))),
        0);
    chmod(file("boot/system/closed").c_str(), 0);
    without_privileges([&] {
        EXPECT_EQ(remove({"one"}), HK_PACKAGE_ERR_IO);
        EXPECT_STREQ(fault.text, "/boot/system/closed/file: Permission denied");
        EXPECT_EQ(reopen(), 0) << fault.text;
        EXPECT_EQ(read("/boot/system/one"), "1");
        EXPECT_EQ(
            add("two.hpkg", package({File("two", "2")}, package_info("two"))),
            0)
            << fault.text;
    });
    chmod(file("boot/system/closed").c_str(), 0755);
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/closed/file"), pattern(5000, 1));
    EXPECT_EQ(read("/boot/system/two"), "2");
    EXPECT_EQ(remove({"one"}), 0) << fault.text;
    EXPECT_FALSE(has("boot/system/closed"));
}

TEST(RootCreation, LeavesNothingBehindWhenItFails)
{
    class Directory host;
    hk_package_fault fault = {};
    {
        Limit limit(4); // less than the manifest
        EXPECT_EQ(hk_root_create(host.at("root").c_str(), &fault),
                  HK_PACKAGE_ERR_IO);
    }
    EXPECT_STREQ(fault.text, "uvm-root: File too large");
    EXPECT_FALSE(host.has("root"));
    EXPECT_EQ(hk_root_create(host.at("root").c_str(), &fault), 0) << fault.text;
}

TEST(RootCreation, TakesAnEmptyDirectoryAsItIs)
{
    class Directory host;
    hk_package_fault fault = {};
    struct stat before = {}, after = {};
    const std::string path = host.at("others/empty");

    host.make("others/empty");
    ASSERT_EQ(chmod(path.c_str(), 0700), 0);
    ASSERT_EQ(stat(path.c_str(), &before), 0);
    ASSERT_EQ(chmod(host.at("others").c_str(), 0555), 0);
    // Nothing can be made beside it.
    without_privileges([&] {
        EXPECT_EQ(hk_root_create(path.c_str(), &fault), 0) << fault.text;
    });
    chmod(host.at("others").c_str(), 0755);
    EXPECT_TRUE(hk_root_is_one(path.c_str()));
    ASSERT_EQ(stat(path.c_str(), &after), 0);
    EXPECT_EQ(after.st_ino, before.st_ino);
    EXPECT_EQ(after.st_mode, before.st_mode);
}

TEST(RootCreation, RefusesWhatCouldNotBeUsed)
{
    class Directory host;
    hk_package_fault fault = {};
    // A path that is longer than the host takes, from where it is short.
    const std::string name(200, 'n');
    const int here = open(".", O_RDONLY | O_DIRECTORY);
    ASSERT_EQ(chdir(host.path.c_str()), 0);
    for (int i = 0; i <= PATH_MAX / 200; i++) {
        ASSERT_EQ(mkdir(name.c_str(), 0755), 0);
        ASSERT_EQ(chdir(name.c_str()), 0);
    }
    EXPECT_EQ(hk_root_create("root", &fault), HK_PACKAGE_ERR_IO);
    EXPECT_STREQ(fault.text, "File name too long");
    EXPECT_NE(access("root", F_OK), 0);
    ASSERT_EQ(fchdir(here), 0);
    close(here);
    // Of another user's directory neither of the two would be the owner.
    host.make("others");
    if (chown(host.at("others").c_str(), 4711, 4711) == 0) {
        EXPECT_EQ(hk_root_create(host.at("others").c_str(), &fault),
                  HK_PACKAGE_ERR_INPUT);
        EXPECT_STREQ(fault.text, "is another user's");
    }
}

TEST_F(Root, AddsTheNewestOfSeveralVersions)
{
    Additions additions;
    auto come = [&](const char *name, const char *version) {
        auto info = package_info("one");
        info[2] = Node(HK_PACKAGE_VERSION_MAJOR, version);
        host.write(name, package({File("one", version)}, info));
        additions.all.push_back({name, host.at(name)});
    };

    ASSERT_EQ(add("two.hpkg", package({}, package_info("two"))), 0);
    come("one-10.hpkg", "10");
    come("one-11.hpkg", "11");
    come("one-9.hpkg", "9");
    ASSERT_EQ(additions.come(root, &fault), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/one"), "11");
    EXPECT_FALSE(has("boot/system/packages/one-10.hpkg"));
    EXPECT_FALSE(has("boot/system/packages/one-9.hpkg"));
}

// So that no package goes unsaid.
TEST_F(Root, RefusesAFileNameThatAnotherPackageHas)
{
    Additions additions;
    auto come = [&](const char *name, const char *file,
                    const std::string &bytes) {
        host.write(file, bytes);
        additions.all.push_back({name, host.at(file)});
    };
    auto add_all = [&](size_t *refused) {
        return additions.come(root, &fault, refused);
    };
    size_t refused = 99;

    ASSERT_EQ(add("x.hpkg", package({File("one", "1")}, package_info("one"))),
              0);
    come("y.hpkg", "first", package({}, package_info("two")));
    come("x.hpkg", "second", package({}, package_info("three")));
    EXPECT_EQ(add_all(&refused), HK_PACKAGE_ERR_INPUT);
    EXPECT_EQ(refused, 1u);
    EXPECT_STREQ(fault.text,
                 "the root has the package one in a file of this name");
    additions.all[1].name = "y.hpkg";
    EXPECT_EQ(add_all(&refused), HK_PACKAGE_ERR_INPUT);
    EXPECT_EQ(refused, 1u);
    EXPECT_STREQ(fault.text, "the package two, added too, has this file name");
    EXPECT_EQ(read("/boot/system/one"), "1");
    EXPECT_FALSE(has("boot/system/packages/y.hpkg"));
}

TEST_F(Root, TruncatesByPathWhatIsPending)
{
    ASSERT_EQ(
        add("one.hpkg", package(tool("#!/bin/sh\n"), package_info("one"))), 0);
    Address buffer = guest().room(128);
    guest().set<int64_t>(buffer, 28, 5); // st_size
    ASSERT_EQ(guest().call("write_stat", -1, "/bin/tool", 1, buffer, 88,
                           8 /* B_STAT_SIZE */),
              0);
    EXPECT_EQ(read("/bin/tool"), "#!/bi");
}

// Others ask on the host, which knows of the team's locks.
TEST_F(Root, KeepsLocksOfAFileThatAnAttributeIsWrittenTo)
{
    ASSERT_EQ(add("one.hpkg", package({}, package_info("one"))), 0);
    int fd = open("/boot/home/own", 0x202); // O_RDWR | O_CREAT
    ASSERT_GE(fd, 0);
    Address range = guest().room(24);
    guest().set<int16_t>(range, 0, 0x400); // F_WRLCK
    guest().set<int64_t>(range, 12, 10);
    ASSERT_EQ(guest().call("fcntl", fd, 0x80 /* F_SETLK */, range), 0);
    ASSERT_EQ(
        guest().call("write_attr", fd, "name", 0x52415754u, INT64_C(0), "x", 1),
        1);
    int other = ::open(file("boot/home/own").c_str(), O_RDWR);
    struct flock found = {};
    found.l_type = F_WRLCK;
    found.l_whence = SEEK_SET;
    EXPECT_EQ(fcntl(other, F_OFD_GETLK, &found), 0);
    EXPECT_EQ(found.l_type, F_WRLCK);
    EXPECT_EQ(found.l_len, 10);
    close(other);
}

TEST_F(Root, ActivatesWhatLiesInThePackagesDirectory)
{
    ASSERT_EQ(reopen(), 0);
    host.write("root/files/boot/system/packages/a.hpkg",
               package({File("a", "a")}, package_info("a")));
    host.write("root/files/boot/home/config/packages/b.hpkg",
               package({File("b", "b")}, package_info("b")));
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/a"), "a");
    EXPECT_EQ(read("/boot/home/config/b"), "b");
    host.write("root/files/boot/system/packages/administrative/"
               "activated-packages",
               "\n");
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/a"), "B_ENTRY_NOT_FOUND");
    host.write("root/files/boot/system/packages/administrative/"
               "activated-packages",
               "a.hpkg\nnot-there.hpkg\n");
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/a"), "a");
}

// Each reads all files while packages come and go.
TEST_F(Root, IsUsedByManyProcessesAtOnce)
{
    constexpr int PROCESSES = 6, FILES = 30;
    std::vector<Node> files;
    for (int i = 0; i < FILES; i++)
        files.push_back(File(std::to_string(i), pattern(90000, i)));
    ASSERT_EQ(
        add("one.hpkg", package({Directory("d", files)}, package_info("one"))),
        0);
    std::vector<pid_t> children;
    for (int i = 0; i < PROCESSES; i++) {
        children.push_back(fork());
        if (children.back() != 0)
            continue;
        hk_root *own;
        if (hk_root_open(path.c_str(), nullptr, &own, &fault) != 0)
            _exit(1);
        for (int n = 0; n < FILES; n++) {
            std::string bytes(90000, 0);
            int fd = ::open(
                file("boot/system/d/" + std::to_string((n * 7 + i) % FILES))
                    .c_str(),
                O_RDONLY);
            if (hk_root_fill(own, fd) != 0 ||
                ::read(fd, bytes.data(), bytes.size()) != 90000 ||
                bytes != pattern(90000, (n * 7 + i) % FILES))
                _exit(2);
            close(fd);
        }
        _exit(0);
    }
    for (int i = 0; i < 4; i++)
        EXPECT_EQ(
            add("two.hpkg", package({File("two", std::to_string(i) + " of many",
                                          1000 + static_cast<uint64_t>(i))},
                                    package_info("two"))),
            0)
            << fault.text;
    for (pid_t child : children) {
        int status = -1;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(read("/boot/system/two"), "3 of many");
    EXPECT_EQ(check(), std::vector<std::string>());
}

// ---- what is refused ----

TEST_F(Root, RefusesWhatIsNoPackageForIt)
{
    EXPECT_EQ(add("text.hpkg", "text"), HK_PACKAGE_ERR_FORMAT);
    EXPECT_EQ(add("name", package({}, package_info("name"))),
              HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text, "a package's name ends in .hpkg");
    host.write("long", package({}, package_info("long")));
    EXPECT_EQ(
        (Additions{{std::string(251, 'n') + ".hpkg", host.at("long")}}.come(
            root, &fault)),
        HK_PACKAGE_ERR_INPUT);
    EXPECT_EQ(fault.text, "the name of its file, " + std::string(100, 'n') +
                              "..., is too long");
    EXPECT_EQ(add("other.hpkg", package({}, package_info("other", {}, 4))),
              HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text,
                 "a package for x86_64, and uvm runs programs for x86");
    hk_root_package listed;
    EXPECT_EQ(hk_root_list(root, 0, &listed), 0);
}

TEST_F(Root, RefusesAPackageThatCannotBeActive)
{
    const std::vector<Node> deep = {
        Directory("x", {File(std::string(256, 'n'), "f")})};
    const std::vector<Node> both = {Directory("x", {File("f", "f")}),
                                    File("x", "file")};
    const std::vector<Node> clash = {File("x", "file"), File("y", "y")};
    ASSERT_EQ(add("b.hpkg", package({Directory("x", {File("f", "old")})},
                                    package_info("b"))),
              0)
        << fault.text;
    // Packages, and what is told of them.
    const struct {
        std::string name, bytes, text;
    } refused[] = {
        {"c.hpkg", package(clash, package_info("c")),
         "cannot be activated: /boot/system/x is a directory in one of it and "
         "b.hpkg, and none in the other"},
        {"a.hpkg", package(clash, package_info("a")),
         "b.hpkg would no longer be activated: /boot/system/x is a directory "
         "in one of it and a.hpkg, and none in the other"},
        {"b.hpkg", package(both, package_info("b")),
         "cannot be activated: it has a directory /boot/system/x, and a file "
         "of that name"},
        {"b-2.hpkg", package(both, package_info("b")),
         "cannot be activated: it has a directory /boot/system/x, and a file "
         "of that name"},
        {"c.hpkg", package(deep, package_info("c")),
         "cannot be activated: " + std::string(100, 'n') +
             "...: name too long"},
    };
    for (const auto &one : refused) {
        EXPECT_EQ(add(one.name, one.bytes), HK_PACKAGE_ERR_INPUT) << one.text;
        EXPECT_EQ(fault.text, one.text);
        EXPECT_EQ(read("/boot/system/x/f"), "old");
        EXPECT_FALSE(has("boot/system/y"));
        hk_root_package listed;
        EXPECT_TRUE(hk_root_list(root, 0, &listed));
        EXPECT_STREQ(listed.file_name, "b.hpkg");
        EXPECT_FALSE(hk_root_list(root, 1, &listed));
        EXPECT_EQ(check(), std::vector<std::string>());
    }
    // One that takes its place may have what it had otherwise.
    EXPECT_EQ(add("b-3.hpkg", package(clash, package_info("b"))), 0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/x"), "file");
}

TEST_F(Root, RefusesAPackageThatTheRootDoesNotChoose)
{
    const std::string list = "root/files/boot/system/packages/administrative/"
                             "activated-packages";
    ASSERT_EQ(add("a.hpkg", package({}, package_info("a"))), 0) << fault.text;
    host.write(list, "a.hpkg\n");
    EXPECT_EQ(add("b.hpkg", package({File("b", "b")}, package_info("b"))),
              HK_PACKAGE_ERR_INPUT);
    EXPECT_STREQ(fault.text, "cannot be activated: "
                             "administrative/activated-packages of the root "
                             "does not name it");
    EXPECT_FALSE(has("boot/system/packages/b.hpkg"));
    EXPECT_EQ(add("a.hpkg", package({File("a", "a")}, package_info("a"))), 0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/a"), "a");
}

TEST_F(Root, KeepsItsDirectoriesWhenAPackageGoes)
{
    for (hk_location location : {HK_LOCATION_SYSTEM, HK_LOCATION_HOME})
        ASSERT_EQ(add("a.hpkg",
                      package({Directory("settings", {File("f", "f")})},
                              package_info("a")),
                      location),
                  0)
            << fault.text;
    ASSERT_EQ(remove({"a"}), 0) << fault.text;
    for (const char *location : {"boot/system/", "boot/home/config/"}) {
        EXPECT_TRUE(has(location + std::string("settings")));
        EXPECT_FALSE(has(location + std::string("settings/f")));
    }
}

TEST_F(Root, RemovesAllThatIsNamedOrNothing)
{
    ASSERT_EQ(add("a.hpkg", package({}, package_info("a"))), 0) << fault.text;
    ASSERT_EQ(add("b.hpkg", package({}, package_info("b"))), 0) << fault.text;
    hk_root_package listed;
    EXPECT_EQ(remove({"a", "other"}), HK_PACKAGE_ERR_MISSING);
    EXPECT_STREQ(fault.text, "other: no such package");
    EXPECT_EQ(hk_root_list(root, 1, &listed), 1);
    EXPECT_EQ(remove({"a", "b.hpkg", "a"}), 0) << fault.text;
    EXPECT_EQ(hk_root_list(root, 0, &listed), 0);
}

// What a guest has moved is lost without it, and the root opens all the same.
TEST_F(Root, KeepsAPackageWhoseContentsCannotBeBrought)
{
    std::string bytes =
        package(tool(std::string(1000, 't')), package_info("one"));
    ASSERT_EQ(add("one.hpkg", bytes), 0) << fault.text;
    ASSERT_EQ(add("two.hpkg", package({}, package_info("two"))), 0);
    ASSERT_EQ(guest().call("rename", -1, "/bin/tool", -1, "/boot/system/moved"),
              0);
    std::string in_root = "boot/system/packages/one.hpkg";
    struct stat st = stat(in_root);
    int fd = ::open(file(in_root).c_str(), O_WRONLY);
    EXPECT_EQ(pwrite(fd, "damaged", 7, 84), 7);
    const timespec times[] = {st.st_atim, st.st_mtim};
    futimens(fd, times);
    close(fd);
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_LT(remove({"one", "two"}), 0);
    EXPECT_EQ(std::string(fault.text)
                  .rfind("/boot/system/moved: its content "
                         "cannot be read from its package",
                         0),
              0u)
        << fault.text;
    ASSERT_EQ(reopen(), 0) << fault.text;
    hk_root_package listed;
    ASSERT_EQ(hk_root_list(root, 1, &listed), 1);
    EXPECT_STREQ(listed.name, "two");
    EXPECT_TRUE(has("boot/system/packages/one.hpkg"));
}

TEST_F(Root, LeavesADamagedPackageOut)
{
    std::string bytes = package(tool("#!/bin/sh\n"), package_info("one"));
    host.write("root/files/boot/system/packages/bad.hpkg",
               bytes.substr(0, bytes.size() - 1));
    host.write("root/files/boot/system/packages/good.hpkg",
               package({File("good", "good")}, package_info("good")));
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/good"), "good");
    std::vector<std::string> lines = check();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].rfind("bad.hpkg: not activated: the file has ", 0), 0u)
        << lines[0];
}

TEST(RootCreate, RefusesWhatIsNotEmpty)
{
    class Directory host;
    hk_package_fault fault;
    host.write("full/file", "x");
    EXPECT_EQ(hk_root_create(host.at("full").c_str(), &fault),
              HK_PACKAGE_ERR_EXISTS);
    EXPECT_STREQ(fault.text, "is not empty");
    EXPECT_EQ(hk_root_create(host.at("full/file").c_str(), &fault),
              HK_PACKAGE_ERR_IO);
    EXPECT_STREQ(fault.text, "Not a directory");
    EXPECT_EQ(hk_root_create(host.at("none/root").c_str(), &fault),
              HK_PACKAGE_ERR_IO);
    hk_root *root;
    EXPECT_EQ(hk_root_open(host.at("full").c_str(), nullptr, &root, &fault),
              HK_PACKAGE_ERR_MISSING);
    EXPECT_STREQ(fault.text, "is no root: it has no file uvm-root");
    host.make("empty");
    EXPECT_EQ(hk_root_create(host.at("empty").c_str(), &fault), 0);
    EXPECT_TRUE(hk_root_is_one(host.at("empty").c_str()));
    EXPECT_FALSE(hk_root_is_one(host.at("full").c_str()));
    host.write("empty/uvm-root", "uvm root 2\n");
    EXPECT_EQ(hk_root_open(host.at("empty").c_str(), nullptr, &root, &fault),
              HK_PACKAGE_ERR_FORMAT);
}

// ---- contents that went wrong ----

TEST_F(Root, ReadsADamagedContentAgain)
{
    ASSERT_EQ(
        add("one.hpkg", package(tool("#!/bin/sh\n"), package_info("one"))), 0);
    EXPECT_EQ(read("/bin/tool"), "#!/bin/sh\n");
    struct stat st = stat("boot/system/bin/tool");
    int fd = ::open(file("boot/system/bin/tool").c_str(), O_WRONLY);
    EXPECT_EQ(pwrite(fd, "!!", 2, 0), 2);
    const timespec times[] = {st.st_atim, st.st_mtim};
    futimens(fd, times);
    close(fd);
    EXPECT_EQ(check(), (std::vector<std::string>{
                           "/boot/system/bin/tool: is not what was read from "
                           "its package; it will be read again"}));
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/bin/tool"), "#!/bin/sh\n");
}

TEST_F(Root, GivesContentsBack)
{
    std::vector<Node> toc = tool("#!/bin/sh\n");
    toc.push_back(File("short", "1234", 1000));
    ASSERT_EQ(add("one.hpkg", package(toc, package_info("one"))), 0);
    EXPECT_EQ(read("/boot/system/lib/libx.so"), pattern(300000));
    EXPECT_EQ(read("/boot/system/short"), "1234");
    EXPECT_EQ(write("/bin/tool", "mine", WRONLY | TRUNC), 4);
    uint64_t freed = 0;
    hk_root *other;
    ASSERT_EQ(hk_root_open(path.c_str(), nullptr, &other, &fault), 0);
    EXPECT_EQ(hk_root_trim(root, &freed, &fault), HK_PACKAGE_ERR_EXISTS);
    hk_root_close(other);
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_GE(freed, 300000u);
    EXPECT_EQ(stat("boot/system/lib/libx.so").st_blocks, 0);
    EXPECT_EQ(stat("boot/system/lib/libx.so").st_mtime, 1000);
    EXPECT_EQ(check(), std::vector<std::string>());
    EXPECT_EQ(read("/boot/system/lib/libx.so"), pattern(300000));
    EXPECT_EQ(read("/boot/system/short"), "1234");
    EXPECT_EQ(read("/bin/tool"), "mine");
    // Short contents are in the attribute, not in the package.
    int fd = ::open(file("boot/system/short").c_str(), O_WRONLY);
    EXPECT_EQ(pwrite(fd, "!", 1, 0), 1);
    close(fd);
    EXPECT_EQ(check().size(), 1u);
    EXPECT_EQ(read("/boot/system/short"), "1234");
}

// A package with a file of which a guest reads little.
class RootPieces : public Root
{
  protected:
    static constexpr size_t SIZE = 6000000;

    void SetUp() override
    {
        ASSERT_EQ(add_big(1), 0) << fault.text;
    }
    int add_big(unsigned version)
    {
        return add("big-" + std::to_string(version) + ".hpkg",
                   package({File("big", pattern(SIZE, version), 1000 + version,
                                 {Node(HK_PACKAGE_PERMISSIONS, 0444)})},
                           package_info("big")));
    }
    std::string read_at(int fd, int64_t position, int size)
    {
        Address buffer = guest().room(static_cast<uint32_t>(size));
        int64_t count = guest().call("read", fd, position, buffer, size);
        return count < 0 ? hk_status_name(static_cast<int32_t>(count))
                         : guest().bytes(buffer, static_cast<size_t>(count));
    }
    int64_t bytes_on_disk()
    {
        return stat("boot/system/big").st_blocks * 512;
    }
    int64_t lock_to_read(int fd)
    {
        enum { SETLK = 0x80, READ_LOCK = 0x40 };
        Address range = guest().room(24);
        guest().set<uint16_t>(range, 0, READ_LOCK);
        guest().set<uint16_t>(range, 2, 0);
        guest().set<int64_t>(range, 4, 0);
        guest().set<int64_t>(range, 12, 0);
        return guest().call("fcntl", fd, SETLK, range);
    }
    // As another process is told of it.
    bool is_locked(const std::string &name)
    {
        pid_t child = fork();
        if (child == 0) {
            struct flock lock = {};
            int other = ::open(file("boot/system/" + name).c_str(), O_RDONLY);
            lock.l_type = F_WRLCK;
            _exit(fcntl(other, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK);
        }
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        return WEXITSTATUS(status) == 1;
    }
    // As is said of a file that has everything: without pieces.
    bool is_whole()
    {
        return getxattr(file("boot/system/big").c_str(), "user.uvm.content",
                        nullptr, 0) == 32;
    }
    static std::string part(size_t at, size_t size, unsigned version = 1)
    {
        return pattern(SIZE, version).substr(at, size);
    }
};

TEST_F(RootPieces, BringWhatIsRead)
{
    int fd = open("/boot/system/big");
    EXPECT_EQ(bytes_on_disk(), 0);
    EXPECT_EQ(read_at(fd, 3000000, 100), part(3000000, 100));
    EXPECT_EQ(read_at(fd, SIZE - 10, 100), part(SIZE - 10, 100));
    EXPECT_EQ(read_at(fd, SIZE + 10, 100), "");
    EXPECT_GT(bytes_on_disk(), 0);
    EXPECT_LT(bytes_on_disk(), 700000);
    EXPECT_EQ(stat("boot/system/big").st_mtime, 1001);
    EXPECT_EQ(stat("boot/system/big").st_mode & 07777, 0444u);
    // Across the edge of two.
    EXPECT_EQ(read_at(fd, 262144 * 5 - 50, 100), part(262144 * 5 - 50, 100));
    EXPECT_EQ(guest().call("seek", fd, INT64_C(1000000), 0), 1000000);
    EXPECT_EQ(read_at(fd, -1, 100), part(1000000, 100));
    EXPECT_EQ(read_at(fd, -1, 100), part(1000100, 100));
    EXPECT_FALSE(is_whole());
    EXPECT_EQ(check(), std::vector<std::string>());
    // Another finds what is there, and reads the rest.
    ASSERT_EQ(reopen(), 0);
    EXPECT_EQ(read("/boot/system/big"), pattern(SIZE));
    EXPECT_TRUE(is_whole());
    EXPECT_EQ(stat("boot/system/big").st_mtime, 1001);
    EXPECT_EQ(check(), std::vector<std::string>());
}

// A read lock, as of a database that comes with a package.
TEST_F(RootPieces, ComeWhileTheFileIsLocked)
{
    int fd = open("/boot/system/big");
    ASSERT_EQ(lock_to_read(fd), 0);
    EXPECT_TRUE(is_locked("big"));
    EXPECT_EQ(read_at(fd, 3000000, 100), part(3000000, 100));
    EXPECT_EQ(read_at(fd, SIZE - 10, 10), part(SIZE - 10, 10));
    EXPECT_TRUE(is_locked("big"));
    EXPECT_EQ(guest().call("close", fd), 0);
    EXPECT_FALSE(is_locked("big"));
}

// All of it is brought then, by a descriptor of uvm's own.
TEST_F(RootPieces, BecomeTheLayersOwnWhileTheFileIsLocked)
{
    ASSERT_EQ(add("own.hpkg", package({File("opened", pattern(SIZE)),
                                       File("named", pattern(SIZE))},
                                      package_info("own"))),
              0);
    int fd = open("/boot/system/opened");
    ASSERT_EQ(lock_to_read(fd), 0);
    int other = open("/boot/system/opened", 2); // O_RDWR
    EXPECT_GE(other, 0);
    EXPECT_TRUE(is_locked("opened"));
    EXPECT_EQ(guest().call("close", other), 0);
    EXPECT_FALSE(is_locked("opened"));

    fd = open("/boot/system/named");
    ASSERT_EQ(lock_to_read(fd), 0);
    Address stat = guest().room(88);
    guest().set<int64_t>(stat, 28, 100);
    EXPECT_EQ(guest().call("write_stat", -1, "/boot/system/named", 1, stat, 88,
                           0x8 /* the size */),
              0);
    EXPECT_TRUE(is_locked("named"));
    EXPECT_EQ(read_at(fd, 90, 20), part(90, 10));
    EXPECT_EQ(guest().call("close", fd), 0);
    EXPECT_FALSE(is_locked("named"));
}

TEST_F(RootPieces, AreBroughtForVectors)
{
    int fd = open("/boot/system/big");
    Address buffer = guest().room(400), vectors = guest().room(16);
    const uint32_t words[] = {buffer.value, 100, buffer.value + 200, 100};
    for (uint32_t i = 0; i < 4; i++)
        guest().set(vectors, i * 4, words[i]);
    EXPECT_EQ(guest().call("readv", fd, INT64_C(5000000), vectors, 2), 200);
    EXPECT_EQ(guest().bytes(buffer, 100), part(5000000, 100));
    EXPECT_EQ(guest().bytes(Address{buffer.value + 200}, 100),
              part(5000100, 100));
}

TEST_F(RootPieces, AreBroughtForMappings)
{
    int fd = open("/boot/system/big");
    Address at = guest().room(4);
    ASSERT_GT(guest().call("map_file", "mapped", at, 0u, 8192u, 1u, 1u, 0, fd,
                           INT64_C(4096) * 700),
              0);
    EXPECT_EQ(guest().bytes(Address{guest().get<uint32_t>(at)}, 8192),
              part(4096 * 700, 8192));
    EXPECT_LT(bytes_on_disk(), 600000);
}

// How much of a file's memory this process shares with others, in KiB; path:
// the end of the file's.
int shared_memory_of(const std::string &path)
{
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    bool is_of_it = false;
    int shared = 0;

    while (std::getline(maps, line)) {
        if (line.find('-') < line.find(' '))
            is_of_it = line.find(path) != std::string::npos;
        if (is_of_it && line.rfind("Shared_", 0) == 0)
            shared += std::stoi(line.substr(line.find_first_of("0123456789")));
    }
    return shared;
}

// Both processes have the pages of one file of the layer.
TEST_F(Root, SharesTheMemoryOfAMappedFileBetweenTeams)
{
    constexpr int SIZE = 64 << 10;
    ASSERT_EQ(add("one.hpkg",
                  package({File("lib", pattern(SIZE))}, package_info("one"))),
              0);
    auto map = [this] { // what is read of it
        int fd = open("/boot/system/lib");
        Address at = guest().room(4);
        EXPECT_GT(guest().call("map_file", "lib", at, 0u, uint32_t{SIZE}, 1u,
                               1u, 0, fd, INT64_C(0)),
                  0);
        return guest().bytes(Address{guest().get<uint32_t>(at)}, SIZE);
    };
    int ready[2], done[2];
    ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(done, O_CLOEXEC), 0);
    pid_t other = fork();
    if (other == 0) {
        char byte = map() == pattern(SIZE);
        (void)!::write(ready[1], &byte, 1);
        close(done[1]);
        _exit(::read(done[0], &byte, 1) != 0);
    }
    char is_right = 0;
    ASSERT_EQ(::read(ready[0], &is_right, 1), 1);
    EXPECT_EQ(is_right, 1);
    EXPECT_EQ(map(), pattern(SIZE));
    EXPECT_EQ(shared_memory_of("/root/files/boot/system/lib"), SIZE / 1024);
    close(done[1]);
    int status = -1;
    EXPECT_EQ(waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
    // Alone it shares them with nobody.
    EXPECT_EQ(shared_memory_of("/root/files/boot/system/lib"), 0);
    for (int fd : {ready[0], ready[1], done[0]})
        close(fd);
}

TEST_F(RootPieces, AreNoHoles)
{
    int fd = open("/boot/system/big");
    EXPECT_EQ(guest().call("seek", fd, INT64_C(0), 4), // SEEK_HOLE
              static_cast<int64_t>(SIZE));
}

TEST_F(RootPieces, AreReadWhileAnotherWrites)
{
    int fd = open("/boot/system/big");
    EXPECT_EQ(read_at(fd, 0, 100), part(0, 100));
    ASSERT_EQ(guest().call("rename", -1, "/boot/system/big", -1,
                           "/boot/system/moved"),
              0);
    ASSERT_EQ(chmod(file("boot/system/moved").c_str(), 0644), 0);
    EXPECT_EQ(write("/boot/system/moved", "changed"), 7);
    EXPECT_EQ(read_at(fd, 0, 10), "changed" + part(7, 3));
    EXPECT_EQ(read_at(fd, 5000000, 100), part(5000000, 100));
}

TEST_F(RootPieces, StayThoseOfThePackageThatWasOpen)
{
    int fd = open("/boot/system/big");
    EXPECT_EQ(read_at(fd, 0, 100), part(0, 100));
    hk_root *other;
    ASSERT_EQ(hk_root_open(path.c_str(), nullptr, &other, &fault), 0);
    host.write("big-2.hpkg", package({File("big", pattern(SIZE, 2), 2000)},
                                     package_info("big")));
    Additions added{{"big-2.hpkg", host.at("big-2.hpkg")}};
    ASSERT_EQ(added.come(other, &fault), 0) << fault.text;
    hk_root_close(other);
    EXPECT_FALSE(has("boot/system/packages/big-1.hpkg"));
    EXPECT_EQ(read_at(fd, 5000000, 100), part(5000000, 100));
    int now = open("/boot/system/big");
    EXPECT_EQ(read_at(now, 5000000, 100), part(5000000, 100, 2));
}

TEST_F(RootPieces, AreGivenBack)
{
    int fd = open("/boot/system/big");
    EXPECT_EQ(read_at(fd, 3000000, 100), part(3000000, 100));
    ASSERT_EQ(reopen(), 0);
    uint64_t freed = 0;
    ASSERT_EQ(hk_root_trim(root, &freed, &fault), 0) << fault.text;
    EXPECT_GE(freed, 262144u);
    EXPECT_EQ(bytes_on_disk(), 0);
    EXPECT_TRUE(is_whole()); // of pieces nothing is said
    EXPECT_EQ(read("/boot/system/big"), pattern(SIZE));
}

// Another process moves the position of a file that a fork has shared.
TEST_F(RootPieces, AllComeBeforeASharedPositionIsUsed)
{
    int fd = ::open(file("boot/system/big").c_str(), O_RDONLY);
    hk_pieces *pieces;
    ASSERT_EQ(hk_pieces_open(root, fd, &pieces), 0);
    ASSERT_NE(pieces, nullptr);
    EXPECT_EQ(hk_pieces_bring_next(pieces, fd, 100), 0);
    EXPECT_FALSE(is_whole());
    hk_pieces_share(pieces);
    EXPECT_EQ(hk_pieces_bring_next(pieces, fd, 100), 0);
    EXPECT_TRUE(is_whole());
    EXPECT_GE(bytes_on_disk(), static_cast<int64_t>(SIZE));
    hk_pieces_free(pieces);
    close(fd);
}

TEST_F(Root, FindsOutThatItWasCopiedWithoutExtendedAttributes)
{
    ASSERT_EQ(
        add("one.hpkg", package(tool("#!/bin/sh\n"), package_info("one"))), 0);
    const char *path = "boot/system/lib/libx.so";
    ASSERT_EQ(removexattr(file(path).c_str(), "user.uvm.content"), 0);
    EXPECT_EQ(check(), (std::vector<std::string>{
                           "/boot/system/lib/libx.so: has lost its content, "
                           "as when a root is copied without extended "
                           "attributes; it will be read again"}));
    EXPECT_EQ(check(), std::vector<std::string>());
    // A copy has packages of other node numbers, and activates them.
    ASSERT_EQ(removexattr(file(path).c_str(), "user.uvm.content"), 0);
    std::string packages = file("boot/system/packages/");
    std::filesystem::copy_file(packages + "one.hpkg", packages + "copy");
    std::filesystem::rename(packages + "copy", packages + "one.hpkg");
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/lib/libx.so"), pattern(300000));
}

// As an archive or a container's image has it: without extended attributes,
// with zeros for what was never read, and times in seconds.
TEST_F(Root, MendsACopyThatAnArchiveHasMade)
{
    const std::string bytes =
        package({File("read", "content that was read", 1000),
                 File("unread", pattern(300000), 1000),
                 File("mine", "a file that changes", 1000)},
                package_info("one"));
    ASSERT_EQ(add("one-1.hpkg", bytes), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/read"), "content that was read");
    EXPECT_EQ(write("/boot/system/mine", "other"), 5);
    host.write("root/files/boot/system/unread", std::string(300000, '\0'));
    const timespec times[] = {{1000, 0}, {1000, 0}};
    removexattr(host.at("root/state").c_str(), "user.uvm.activated");
    for (const char *name : {"read", "unread", "mine"}) {
        const std::string path = file(std::string("boot/system/") + name);
        removexattr(path.c_str(), "user.uvm.content");
        ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
        ASSERT_EQ(getxattr(path.c_str(), "user.uvm.content", nullptr, 0), -1);
    }
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(read("/boot/system/unread"), pattern(300000));
    EXPECT_EQ(read("/boot/system/read"), "content that was read");
    EXPECT_EQ(read("/boot/system/mine"), "othere that changes");
    EXPECT_EQ(check(), std::vector<std::string>());
    // What was read before the copy gives way as well, what is changed stays.
    ASSERT_EQ(add("one-2.hpkg", package({File("read", "new", 2000),
                                         File("mine", "new", 2000)},
                                        package_info("one"))),
              0)
        << fault.text;
    EXPECT_EQ(read("/boot/system/read"), "new");
    EXPECT_EQ(read("/boot/system/mine"), "othere that changes");
    EXPECT_FALSE(has("boot/system/unread"));
}

TEST_F(Root, LeavesAttributesToTheGuest)
{
    ASSERT_EQ(
        add("one-1.hpkg", package(tool("#!/bin/old\n"), package_info("one"))),
        0);
    int fd = open("/boot/system/lib/libx.so");
    int attribute = static_cast<int>(guest().call(
        "open_attr", fd, nullptr, "mine", 0x43535452, RDWR | CREAT));
    ASSERT_GE(attribute, 0);
    EXPECT_EQ(guest().call("write", attribute, INT64_C(0), "abc", 3), 3);
    ASSERT_EQ(add("one-2.hpkg",
                  package(tool("#!/bin/new\n", 9000), package_info("one"))),
              0);
    char value[16];
    EXPECT_EQ(getxattr(file("boot/system/lib/libx.so").c_str(),
                       "user.haiku.mine", value, sizeof(value)),
              4 + 3);
    EXPECT_EQ(read("/boot/system/lib/libx.so"), pattern(300000));
    EXPECT_EQ(read("/bin/tool"), "#!/bin/new\n");
}

TEST_F(Root, SaysThatAContentIsGoneWithItsPackage)
{
    ASSERT_EQ(
        add("one.hpkg", package(tool("#!/bin/sh\n"), package_info("one"))), 0);
    guest().call("rename", -1, "/boot/system/lib/libx.so", -1,
                 "/boot/system/x");
    unlink(file("boot/system/packages/one.hpkg").c_str());
    ASSERT_EQ(reopen(), 0) << fault.text;
    EXPECT_EQ(check(),
              (std::vector<std::string>{
                  "/boot/system/x: its package is gone, and with it the "
                  "content"}));
    EXPECT_EQ(read("/boot/system/x"), "B_IO_ERROR");
}

} // namespace
