/* root_command_test.cc -- `uvm root`, and guests that run from packages. */
/* SPDX-License-Identifier: MIT */
#include "apps/uvm/test/uvm_case.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "libhaikuabi/test/package_builder.h"

namespace
{

namespace fs = std::filesystem;
using namespace hk;

class RootCommandTest : public UvmCase
{
  protected:
    void SetUp() override
    {
        UvmCase::SetUp();
        setenv("XDG_DATA_HOME", (directory + "/data").c_str(), 1);
        fs::create_directories(directory + "/guests/bin");
        for (const char *name : {"arguments", "hello_static", "hello_dynamic"})
            copy(name, "guests/bin/");
        fs::create_directories(directory + "/guests/apps/dynamic");
        copy("dynamic", "guests/apps/dynamic/");
        fs::copy(fs::path(guest("dynamic")).parent_path() / "lib",
                 directory + "/guests/apps/dynamic/lib");
        expect_good({"root", "create", "R"});
    }
    void copy(const std::string &name, const std::string &to)
    {
        fs::copy_file(guest(name), directory + "/" + to + name);
    }
    std::string expect_good(const std::vector<std::string> &arguments)
    {
        Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.status, 0) << arguments.back() << outcome.err;
        EXPECT_EQ(outcome.err, "");
        return outcome.out;
    }
    void add_package(const std::string &name, std::vector<Node> info,
                     std::vector<Node> toc = {})
    {
        PackageBuilder made(ZLIB);
        info.insert(info.begin(), Node(HK_PACKAGE_NAME, name));
        made.info = std::move(info);
        made.toc = std::move(toc);
        write("R/files/boot/system/packages/" + name + ".hpkg", made.build());
    }
};

TEST_F(RootCommandTest, guests_run_from_packages)
{
    expect_good({"root", "add", "R", "guests"});
    EXPECT_EQ(expect_good({"root", "list", "R"}),
              "system guests-0-1-any.hpkg\n");
    std::string packed =
        contents("R/files/boot/system/packages/guests-0-1-any.hpkg");
    for (int i = 0; i < 2; i++) {
        EXPECT_EQ(expect_good({"--root", "R", "hello_static"}),
                  "Hello, Haiku!\n");
        EXPECT_EQ(expect_good({"--root", "R", "/bin/hello_dynamic"}),
                  "Hello, Haiku!\n");
        Outcome packaged =
            run({"--root", "R", "/boot/system/apps/dynamic/dynamic"});
        Outcome plain = run({"guests/apps/dynamic/dynamic"});
        EXPECT_EQ(packaged.out, plain.out);
        EXPECT_EQ(packaged.err, plain.err);
        EXPECT_EQ(packaged.status, plain.status);
    }
    EXPECT_EQ(contents("R/files/boot/system/packages/guests-0-1-any.hpkg"),
              packed);
    EXPECT_NE(expect_good({"root", "trim", "R"}), "0 KiB freed\n");
    EXPECT_EQ(expect_good({"--root", "R", "hello_static"}), "Hello, Haiku!\n");
    EXPECT_EQ(expect_good({"root", "remove", "R", "guests"}), "");
    EXPECT_EQ(run({"--root", "R", "hello_static"}).status, 127);
    EXPECT_EQ(expect_good({"root", "list", "R"}), "");
    write("R/files/boot/system/packages/a\33[2Jb.hpkg", "hpkg");
    EXPECT_EQ(expect_good({"root", "list", "R"}),
              "system a?[2Jb.hpkg (not activated)\n");
    EXPECT_EQ(run({"--root", "R", "hello_static"}).err,
              "uvm: hello_static: No such file or directory (a package of the "
              "root is not activated: 'uvm root check' tells why)\n");
}

TEST_F(RootCommandTest, a_roots_layer_is_taken_for_the_root)
{
    expect_good({"root", "add", "R", "guests"});
    // Its files have no content before the root is asked for it.
    Outcome told = run({"R/files/boot/system/bin/hello_static"});
    EXPECT_EQ(told.status, 126);
    EXPECT_EQ(told.err, "uvm: R/files/boot/system/bin/hello_static: not an ELF "
                        "file (it is in a root of packages: --root '" +
                            directory + "/R')\n");
    for (const char *layer : {"R/files", "R/files/"})
        EXPECT_EQ(expect_good({"--root", layer, "hello_static"}),
                  "Hello, Haiku!\n");
}

TEST_F(RootCommandTest, packages_of_the_home_are_found_first)
{
    fs::create_directories(directory + "/mine/bin");
    fs::copy_file(guest("hello_static"), directory + "/mine/bin/arguments");
    expect_good({"root", "add", "R", "guests"});
    expect_good({"root", "add", "--home", "R", "mine"});
    EXPECT_EQ(expect_good({"--root", "R", "arguments"}), "Hello, Haiku!\n");
    std::string json = expect_good({"root", "list", "--json", "R"});
    EXPECT_NE(json.find("\"file\":\t\"mine-0-1-any.hpkg\""), std::string::npos)
        << json;
    EXPECT_NE(json.find("\"location\":\t\"home\""), std::string::npos);
}

TEST_F(RootCommandTest, a_root_may_be_the_default)
{
    expect_good({"root", "add", "R", "guests"});
    EXPECT_EQ(run({"root", "path"}).status, 125);
    EXPECT_EQ(run({"hello_static"}).status, 127);
    setenv("UVM_ROOT", (directory + "/R").c_str(), 1);
    EXPECT_EQ(expect_good({"root", "path"}), directory + "/R/files\n");
    EXPECT_EQ(expect_good({"hello_static"}), "Hello, Haiku!\n");
    unsetenv("UVM_ROOT");
    fs::create_directories(directory + "/data/uvm");
    fs::rename(directory + "/R", directory + "/data/uvm/root");
    EXPECT_EQ(expect_good({"root", "path"}),
              directory + "/data/uvm/root/files\n");
    EXPECT_EQ(expect_good({"hello_static"}), "Hello, Haiku!\n");
    EXPECT_EQ(run({"--root", "", "hello_static"}).status, 127);
}

TEST_F(RootCommandTest, a_root_that_is_not_named_is_that_of_programs)
{
    const std::string listed = "system guests-0-1-any.hpkg\n";
    expect_good({"root", "add", "R", "guests"});
    for (const char *command : {"list", "check", "trim", "path"}) {
        Outcome told = run({"root", command});
        EXPECT_EQ(told.status, 125);
        EXPECT_EQ(told.err, "uvm: there is no root: UVM_ROOT names none, and "
                            "'" +
                                directory + "/data/uvm/root' is none\n");
    }
    for (const char *root : {"/R", "/R/files"}) {
        setenv("UVM_ROOT", (directory + root).c_str(), 1);
        EXPECT_EQ(expect_good({"root", "list"}), listed);
        EXPECT_EQ(run({"root", "check"}).out, run({"root", "check", "R"}).out);
        EXPECT_EQ(expect_good({"root", "trim"}), "0 KiB freed\n");
    }
    setenv("UVM_ROOT", "none", 1);
    EXPECT_EQ(run({"root", "list"}).err,
              "uvm: root 'none': No such file or directory\n");
    EXPECT_EQ(expect_good({"root", "list", "R"}), listed);
    // What comes first is the root, never a program or a package.
    EXPECT_NE(run({"root", "check", "hello_static"}).err, "");
    for (const char *command : {"add", "remove"})
        EXPECT_EQ(run({"root", command, "guests"}).status, 2);
    unsetenv("UVM_ROOT");
    fs::create_directories(directory + "/data/uvm");
    fs::rename(directory + "/R", directory + "/data/uvm/root");
    EXPECT_EQ(expect_good({"root", "list"}), listed);
    setenv("UVM_ROOT", "", 1);
    EXPECT_EQ(run({"root", "list"}).status, 125);
    unsetenv("UVM_ROOT");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    EXPECT_EQ(run({"root", "list"}).err,
              "uvm: there is no root: UVM_ROOT names none, and neither "
              "XDG_DATA_HOME nor HOME is an absolute path\n");
}

TEST_F(RootCommandTest, check_says_what_keeps_programs_from_running)
{
    fs::remove_all(directory + "/guests/apps/dynamic/lib");
    expect_good({"root", "add", "R", "guests"});
    add_package("wants", {Node(HK_PACKAGE_REQUIRES, "lib:none")});
    add_package("other", {Node(HK_PACKAGE_ARCHITECTURE, uint64_t{4})},
                {Directory("lib", {File("libroot.so", "no library")})});
    write("R/files/boot/system/packages/torn.hpkg", "hpkg");
    Outcome told = run({"root", "check", "R", "/bin/arguments", "/bin/none",
                        "/boot/system/apps/dynamic/dynamic"});
    EXPECT_EQ(told.status, 1);
    EXPECT_EQ(told.err, "");
    for (const char *line :
         {"other.hpkg: for x86_64, and uvm runs programs for x86\n",
          "torn.hpkg: not activated: not a package\n",
          "wants.hpkg: requires lib:none, which no package provides\n",
          "/boot/system/runtime_loader: missing: ",
          "/boot/system/lib/libroot.so: text file, not an ELF file\n",
          "/bin/none: No such file or directory\n",
          "/boot/system/apps/dynamic/dynamic: needs the library libleft.so, "
          "which is in no directory of libraries\n"})
        EXPECT_NE(told.out.find(line), std::string::npos) << line << told.out;
    EXPECT_EQ(told.out.find("/bin/arguments"), std::string::npos) << told.out;
}

TEST_F(RootCommandTest, check_tells_in_json_what_it_tells)
{
    ASSERT_EQ(run({"root", "create", "root"}).status, 0);
    Outcome told = run({"root", "check", "--json", "root"});
    EXPECT_EQ(told.status, 1) << told.err;
    EXPECT_EQ(told.out.rfind("[\"/boot/system/runtime_loader: missing", 0), 0u)
        << told.out;
    // What a command does not take it refuses.
    for (const char *command : {"path", "trim"})
        EXPECT_EQ(run({"root", command, "--json", "root"}).status, 2);
    EXPECT_EQ(run({"root", "list", "--home", "root"}).status, 2);
}

TEST_F(RootCommandTest, a_package_of_another_machine_is_not_added)
{
    PackageBuilder made(ZSTD);
    made.info = {Node(HK_PACKAGE_NAME, "other"),
                 Node(HK_PACKAGE_ARCHITECTURE, uint64_t{4})};
    write("other.hpkg", made.build());
    Outcome told = run({"root", "add", "R", "other.hpkg"});
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(told.err, "uvm: other.hpkg: a package for x86_64, and uvm runs "
                        "programs for x86\n");
}

TEST_F(RootCommandTest, all_packages_are_added_or_none)
{
    write("text.hpkg", "no package");
    Outcome told = run({"root", "add", "R", "guests", "text.hpkg"});
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(told.err.rfind("uvm: text.hpkg: ", 0), 0u) << told.err;
    EXPECT_EQ(expect_good({"root", "list", "R"}), "");
    fs::create_directories(directory + "/other/bin");
    expect_good({"root", "add", "R", "guests", "other"});
    EXPECT_EQ(expect_good({"root", "list", "R"}),
              "system guests-0-1-any.hpkg\nsystem other-0-1-any.hpkg\n");
}

TEST_F(RootCommandTest, more_packages_are_added_than_the_user_may_open)
{
    std::vector<std::string> arguments = {"root", "add", "R"};
    struct rlimit before, few;

    for (int i = 0; i < 100; i++) {
        const std::string name = "part" + std::to_string(i);
        PackageBuilder made(ZLIB);
        made.info = {Node(HK_PACKAGE_NAME, name)};
        write(name + ".hpkg", made.build());
        arguments.push_back(name + ".hpkg");
    }
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Outcome told = run(arguments);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(told.status, 0) << told.err;
    const std::string listed = expect_good({"root", "list", "R"});
    EXPECT_EQ(std::count(listed.begin(), listed.end(), '\n'), 100);
}

TEST_F(RootCommandTest, a_program_that_cannot_be_read_is_there)
{
    const std::string file = "R/files/boot/system/packages/guests-0-1-any.hpkg";
    expect_good({"root", "add", "R", "guests"});
    struct stat st;
    ASSERT_EQ(stat(file.c_str(), &st), 0);
    const timespec times[] = {st.st_atim, st.st_mtim};
    std::fstream damaged(file, std::ios::in | std::ios::out);
    damaged.seekp(80); // behind the header
    damaged << std::string(2000, 'x');
    damaged.close();
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
    for (const char *name : {"hello_static", "/bin/hello_static"}) {
        Outcome told = run({"--root", "R", name});
        EXPECT_EQ(told.status, 126);
        EXPECT_EQ(told.err,
                  "uvm: " + std::string(name) + ": Input/output error\n");
    }
}

TEST_F(RootCommandTest, another_users_root_is_used_through_a_layer)
{
    const std::vector<std::string> hello = {"--root", "R", "hello_static"};
    expect_good({"root", "add", "R", "guests"});
    ASSERT_EQ(chmod("R/state", 0555), 0);
    Outcome told = run_unprivileged({"root", "list", "R"});
    if (told.status == -1)
        GTEST_SKIP() << "the right to write to all files cannot be given up";
    EXPECT_EQ(told.out, "system guests-0-1-any.hpkg\n") << told.err;
    EXPECT_FALSE(fs::exists("data"));
    told = run_unprivileged(hello);
    EXPECT_EQ(told.out, "Hello, Haiku!\n") << told.err;
    told = run_unprivileged({"root", "path", "R"});
    EXPECT_EQ(told.out.rfind(directory + "/data/uvm/roots/R-", 0), 0u)
        << told.out << told.err;
    EXPECT_EQ(run_unprivileged({"root", "check", "R"}).err, "");
    EXPECT_EQ(run_unprivileged({"root", "trim", "R"}).status, 0);
    EXPECT_EQ(run_unprivileged(hello).status, 0);
    for (const char *command : {"add", "remove"}) {
        told = run_unprivileged({"root", command, "R", "guests"});
        EXPECT_EQ(told.status, 125);
        EXPECT_EQ(told.err,
                  "uvm: R: cannot be written to: its packages stay\n");
    }
    setenv("XDG_DATA_HOME", "/dev/null", 1);
    told = run_unprivileged(hello);
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(told.err.rfind("uvm: root 'R': your own layer over it, "
                             "/dev/null/uvm/roots/R-",
                             0),
              0u)
        << told.err;
    EXPECT_TRUE(is_one_message(told.err)) << told.err;
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    told = run_unprivileged(hello);
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(told.err,
              "uvm: root 'R': your own layer over it: there is no "
              "place (neither XDG_DATA_HOME nor HOME is an absolute path)\n");
    EXPECT_EQ(run_unprivileged({"root", "list", "R"}).status, 0);
}

TEST_F(RootCommandTest, faults_are_told_in_a_line)
{
    write("text.hpkg", "text");
    ASSERT_EQ(mkfifo("fifo.hpkg", 0600), 0);
    const std::vector<std::vector<std::string>> wrong = {
        {"root", "create", "R"},
        {"root", "create", "none/there"},
        {"root", "add", "guests", "text.hpkg"},
        {"root", "add", "R", "text.hpkg"},
        {"root", "add", "R", "missing.hpkg"},
        {"root", "add", "R", "fifo.hpkg"},
        {"root", "add", "R", "/dev/null"},
        {"root", "add", "none", "text.hpkg"},
        {"root", "remove", "R", "missing"},
        {"root", "list", "guests"},
        {"root", "check", "guests"},
        {"root", "check", "none"},
        {"root", "path", "none"},
        {"root", "path"}};
    for (const auto &arguments : wrong) {
        Outcome told = run(arguments);
        EXPECT_EQ(told.status, 125) << arguments[1];
        EXPECT_EQ(told.out, "") << arguments[1];
        EXPECT_TRUE(is_one_message(told.err)) << told.err;
    }
    EXPECT_NE(run({"root", "check", "none"})
                  .err.find("root 'none': No such file or directory"),
              std::string::npos);
    const std::vector<std::vector<std::string>> misused = {
        {"root"},
        {"root", "create"},
        {"root", "add", "R"},
        {"root", "frobnicate", "R"},
        {"root", "list", "--frobnicate", "R"}};
    for (const auto &arguments : misused)
        EXPECT_EQ(run(arguments).status, 2) << arguments.back();
    EXPECT_EQ(
        run({"root", "frobnicate", "R"})
            .err.rfind("uvm: root: there is no command 'frobnicate'\n", 0),
        0u);
    EXPECT_EQ(run({"root", "--help"}).status, 0);
}

} // namespace
