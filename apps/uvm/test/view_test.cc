/* view_test.cc -- what a program sees of the host's files and network. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <filesystem>
#include <unistd.h>

namespace
{

class ViewTest : public UvmCase
{
  protected:
    void SetUp() override
    {
        UvmCase::SetUp();
        for (const char *made : {"here", "other/deep", "root"})
            std::filesystem::create_directories(made);
        write("here/file", "here's");
        write("other/file", "other's");
        write("other/deep/file", "deep one's");
        top = directory;
        EXPECT_EQ(chdir("here"), 0);
    }

    /* What the guest says, options before it and words for it. */
    std::string see(std::vector<std::string> options,
                    const std::vector<std::string> &words)
    {
        options.push_back(view);
        options.insert(options.end(), words.begin(), words.end());
        Outcome outcome = run(options);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");
        return outcome.out;
    }

    void expect_misuse(const std::string &bind, const std::string &fault)
    {
        Outcome outcome = run({"--bind", bind, view});
        EXPECT_EQ(outcome.status, 2) << bind;
        EXPECT_TRUE(is_one_message(outcome.err)) << outcome.err;
        EXPECT_NE(outcome.err.find(fault), std::string::npos) << outcome.err;
    }

    const std::string view = guest("view");
    std::string top;
};

TEST_F(ViewTest, the_working_directory_is_seen_below_host)
{
    EXPECT_EQ(see({}, {"pwd", "file", "+new"}),
              "in /host" + top + "/here\nfile: here's\nnew: B_OK\n");
    EXPECT_EQ(contents("new"), "made");
}

TEST_F(ViewTest, nothing_else_is)
{
    EXPECT_EQ(see({}, {"../other/file", "/host" + top + "/other/file",
                       top + "/other/file", "/etc/hostname", "/proc/version"}),
              "../other/file: B_ENTRY_NOT_FOUND\n"
              "/host" +
                  top + "/other/file: B_ENTRY_NOT_FOUND\n" + top +
                  "/other/file: B_ENTRY_NOT_FOUND\n"
                  "/etc/hostname: B_ENTRY_NOT_FOUND\n"
                  "/proc/version: B_ENTRY_NOT_FOUND\n");
}

TEST_F(ViewTest, a_bind_is_seen_below_host_or_where_it_says)
{
    EXPECT_EQ(see({"--bind", "../other"}, {"../other/file"}),
              "../other/file: other's\n");
    EXPECT_EQ(see({"--bind", top + "/other:/data/of/mine"},
                  {"/data/of/mine/deep/file", "+/data/of/mine/new"}),
              "/data/of/mine/deep/file: deep one's\n"
              "/data/of/mine/new: B_OK\n");
    EXPECT_EQ(contents("../other/new"), "made");
    EXPECT_EQ(see({"--bind", "../other/file:/one"}, {"/one"}),
              "/one: other's\n");
    EXPECT_EQ(see({"--bind", "../other:/a", "--bind", "../other/deep:/a/b"},
                  {"/a/file", "/a/b/file"}),
              "/a/file: other's\n/a/b/file: deep one's\n");
}

TEST_F(ViewTest, a_bind_may_be_read_only)
{
    EXPECT_EQ(
        see({"--bind", "../other:/data:ro"}, {"/data/file", "+/data/new"}),
        "/data/file: other's\n/data/new: B_READ_ONLY_DEVICE\n");
    EXPECT_EQ(see({"--bind", "../other:ro"}, {"+../other/new"}),
              "../other/new: B_READ_ONLY_DEVICE\n");
    EXPECT_FALSE(std::filesystem::exists("../other/new"));
}

TEST_F(ViewTest, a_bind_shows_the_working_directory_too)
{
    EXPECT_EQ(see({"--bind", top + ":/mine"}, {"pwd", "file", "../other/file"}),
              "in /mine/here\nfile: here's\n../other/file: other's\n");
    EXPECT_EQ(see({"--bind", top + ":/mine:ro"}, {"pwd", "+new"}),
              "in /mine/here\nnew: B_READ_ONLY_DEVICE\n");
    EXPECT_EQ(see({"--bind", top + ":/far", "--bind", ".:/near"}, {"pwd"}),
              "in /near\n");
}

TEST_F(ViewTest, a_bind_shows_the_program_too)
{
    std::filesystem::copy(view, "../other/program");
    Outcome outcome = run({"--bind", "../other:/programs", "../other/program",
                           "/programs/"
                           "file"});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "/programs/file: other's\n");
}

TEST_F(ViewTest, a_bind_goes_over_the_root)
{
    std::filesystem::create_directories("../root/data");
    write("../root/data/file", "the root's");
    write("../root/kept", "the root's");
    EXPECT_EQ(see({"--root", "../root"}, {"/data/file"}),
              "/data/file: the root's\n");
    EXPECT_EQ(see({"--root", "../root", "--bind", "../other:/data"},
                  {"/data/file", "/kept"}),
              "/data/file: other's\n/kept: the root's\n");
}

TEST_F(ViewTest, boot_is_the_volume_that_is_mounted_in_the_root)
{
    std::filesystem::create_directories("../root/boot/home");
    write("../root/boot/home/file", "the root's");
    EXPECT_EQ(see({"--root", "../root"},
                  {"@/", "@/boot", "@/boot/home", "@/dev", "/boot/home/file>/x",
                   "/boot/home/file>/boot/x", "/boot/x"}),
              "/: 1, rootfs, where it begins\n"
              "/boot: 3, hostfs, where it begins\n"
              "/boot/home: 3, hostfs\n"
              "/dev: 2, devfs, where it begins\n"
              "/boot/home/file: B_CROSS_DEVICE_LINK\n"
              "/boot/home/file: B_OK\n/boot/x: the root's\n");
}

TEST_F(ViewTest, volumes_of_packages_are_mounted_in_boot)
{
    const std::vector<std::string> words = {
        "@/boot/system",
        "@/boot/system/lib",
        "@/boot/system/settings",
        "@/boot/home/config",
        "+/boot/system/settings/new",
        "/boot/system/settings/new>/boot/system/lib/new",
        "/boot/system/settings/new>/boot/home/new",
        "/boot/home/new>/boot/home/config/settings/new",
        "+/boot/system/lib/new",
        "/boot/system/lib/new>/boot/new",
        "/boot/system/lib/new>/boot/system/new",
        "/boot/system/new"};
    const std::string told =
        "/boot/system: 4, packagefs, where it begins\n"
        "/boot/system/lib: 4, packagefs\n"
        "/boot/system/settings: 3, hostfs\n"
        "/boot/home/config: 5, packagefs, where it begins\n"
        "/boot/system/settings/new: B_OK\n"
        "/boot/system/settings/new: B_CROSS_DEVICE_LINK\n"
        "/boot/system/settings/new: B_OK\n"
        "/boot/home/new: B_OK\n"
        "/boot/system/lib/new: B_OK\n"
        "/boot/system/lib/new: B_CROSS_DEVICE_LINK\n"
        "/boot/system/lib/new: B_OK\n"
        "/boot/system/new: made\n";

    for (const char *made :
         {"system/lib", "system/settings", "home/config/settings"})
        std::filesystem::create_directories(std::string("../root/boot/") +
                                            made);
    EXPECT_EQ(see({"--root", "../root"}, words), told);
    ASSERT_EQ(run({"root", "create", "../packages"}).status, 0);
    std::filesystem::create_directories("../packages/files/boot/system/lib");
    EXPECT_EQ(see({"--root", "../packages"}, words), told);
}

TEST_F(ViewTest, binds_of_one_host_volume_are_one)
{
    std::vector<std::string> options = {"--bind", "../other/deep:/a", "--bind",
                                        ".:/b"};
    EXPECT_EQ(see(options, {"/a/file>/b/moved", "moved"}),
              "/a/file: B_OK\nmoved: deep one's\n");
    options[1] += ":ro";
    EXPECT_EQ(see(options, {"/b/moved>/a/file"}),
              "/b/moved: B_CROSS_DEVICE_LINK\n");
}

TEST_F(ViewTest, names_of_the_network_are_looked_up_as_on_the_host)
{
    const std::string settings = "/boot/system/settings/network/";
    std::vector<std::string> root = {"--root", "../root"};
    auto file = [&](const std::string &name) {
        std::string text = contents("/etc/" + name);
        return settings + name + ": " +
               (access(("/etc/" + name).c_str(), R_OK) == 0
                    ? text.substr(0, 63)
                    : "B_ENTRY_NOT_FOUND") +
               "\n";
    };

    EXPECT_EQ(see(root, {settings + "hosts", settings + "resolv.conf"}),
              file("hosts") + file("resolv.conf"));
    root.push_back("--no-network");
    EXPECT_EQ(see(root, {settings + "hosts"}),
              settings + "hosts: B_ENTRY_NOT_FOUND\n");
    root.pop_back();
    std::filesystem::create_directories("../root" + settings);
    write("../root" + settings + "hosts", "the root's");
    EXPECT_EQ(see(root, {settings + "hosts", "+" + settings + "interfaces"}),
              settings + "hosts: the root's\n" + settings +
                  "interfaces: B_OK\n");
}

TEST_F(ViewTest, programs_outside_are_not_run)
{
    std::filesystem::copy(guest("hello_static"), "../other/program");
    std::filesystem::create_symlink("../other/program", "../root/link");
    std::filesystem::create_symlink(top + "/other/program", "../root/absolute");
    std::filesystem::create_symlink("../other/program", "link");
    for (const char *path : {"/link", "/absolute", "/../other/program", "link",
                             "../other/program"}) {
        Outcome outcome = run({"--root", "../root", guest("exec"), path});
        EXPECT_EQ(outcome.out.find("Hello"), std::string::npos) << path;
        EXPECT_NE(outcome.out.find("load_image: failed: B_ENTRY_NOT_FOUND\n"),
                  std::string::npos)
            << outcome.out;
    }
}

TEST_F(ViewTest, mistakes_are_named)
{
    expect_misuse("none", "--bind 'none': No such file or directory");
    expect_misuse("none:/data", "--bind 'none': No such file or directory");
    expect_misuse("", "--bind wants HOST[:/GUEST][:ro], not ''");
    expect_misuse(".:data", "--bind wants HOST[:/GUEST][:ro], not '.:data'");
    expect_misuse(".:/data:rw", "not '.:/data:rw'");
    expect_misuse(".:/data:ro:", "not '.:/data:ro:'");
    expect_misuse(":/data", "not ':/data'");
    expect_misuse("file:/", "--bind 'file': Not a directory");
}

TEST_F(ViewTest, a_path_that_is_too_long_for_a_program_is_named)
{
    std::string deep;
    for (int i = 0; i < 6; i++)
        deep += "/" + std::string(200, 'd');
    Outcome outcome = run({"--bind", ".:" + deep, view});
    EXPECT_EQ(outcome.status, 125);
    EXPECT_EQ(outcome.err, "uvm: " + deep + ": path too long for a program\n");
    std::filesystem::create_directories("." + deep);
    ASSERT_EQ(chdir(("." + deep).c_str()), 0);
    outcome = run({view});
    EXPECT_EQ(outcome.status, 125);
    EXPECT_NE(outcome.err.find(deep + ": path too long for a program\n"),
              std::string::npos)
        << outcome.err;
}

TEST_F(ViewTest, without_a_network_only_local_sockets_are_left)
{
    EXPECT_EQ(see({"--no-network"}, {"sockets"}),
              "inet: EAFNOSUPPORT\ninet6: EAFNOSUPPORT\nlocal: B_OK\n");
    EXPECT_NE(see({}, {"sockets"}).find("inet: B_OK\n"), std::string::npos);
}

} // namespace
