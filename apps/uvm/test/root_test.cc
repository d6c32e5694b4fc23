/* root_test.cc -- programs under a real Haiku's own loader and libroot. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace
{

/* The root is the one that UVM_HAIKU_ROOT names; none: nothing is tested. */
class RootTest : public UvmCase
{
  protected:
    void SetUp() override
    {
        const char *name = getenv("UVM_HAIKU_ROOT");
        UvmCase::SetUp();
        if (name == nullptr || name[0] == '\0')
            GTEST_SKIP() << "UVM_HAIKU_ROOT names no Haiku";
        root = name;
        ASSERT_TRUE(exists("/boot/system/runtime_loader")) << root;
        ASSERT_TRUE(exists("/boot/system/lib/libroot.so")) << root;
    }

    /* By paths without links, which a host would follow out of the root. */
    bool exists(const std::string &path) const
    {
        return std::filesystem::exists(root + path);
    }

    /* The bundled guests make the system calls of one release alone. */
    bool is_r1beta5()
    {
        std::string version = run({"--root", root, "--version"}).out;
        return version.find("Haiku r1beta5") != std::string::npos;
    }

    Outcome run_in_root(std::vector<std::string> words,
                        const std::string &input = "")
    {
        words.insert(words.begin(), {"--quiet", "--root", root});
        return run(words, input);
    }

    std::string root;
};

TEST_F(RootTest, the_roots_loader_loads_a_program_of_the_hosts)
{
    if (!is_r1beta5())
        GTEST_SKIP() << root << " is not r1beta5";
    Outcome outcome = run({"--root", root, "--strace", guest("hello_dynamic")});
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.out, "Hello, Haiku!\n");
    for (const char *call : {"create_area(name: \"rld heap\"", "map_file(",
                             "image_relocated(", "normalize_path("})
        EXPECT_NE(outcome.err.find(call), std::string::npos) << call;
}

TEST_F(RootTest, the_roots_loader_links_libraries_in_a_circle)
{
    if (!is_r1beta5())
        GTEST_SKIP() << root << " is not r1beta5";
    Outcome outcome = run_in_root({guest("circle")});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "ioioioi\n");
}

TEST_F(RootTest, guests_find_the_same_kernel)
{
    if (!is_r1beta5())
        GTEST_SKIP() << root << " is not r1beta5";
    for (const char *name : {"areas", "files", "nodes", "ports", "semaphores",
                             "signals", "system", "teams", "threads"}) {
        std::filesystem::create_directory(name);
        std::filesystem::current_path(name);
        Outcome outcome = run_in_root({guest(name)});
        EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
        EXPECT_NE(outcome.out.find(std::string(name) + " checked\n"),
                  std::string::npos)
            << outcome.out;
        std::filesystem::current_path(directory);
    }
}

/* The loader's own words; the status is the lowest byte of Haiku's error. */
TEST_F(RootTest, the_roots_loader_names_what_is_missing)
{
    write("program", contents(guest("circle"))); /* without its lib */
    Outcome outcome = run_in_root({"./program"});
    EXPECT_EQ(outcome.status, 3) << outcome.err; /* B_MISSING_LIBRARY */
    EXPECT_NE(outcome.err.find("libping.so"), std::string::npos) << outcome.err;
    EXPECT_EQ(run_in_root({"/boot/system/bin/no such program"}).status, 127);
}

/* Commands that a root may have, with what they do anywhere. */
const struct {
    const char *command;
    std::vector<std::string> arguments;
    const char *input, *output;
    int status;
} commands[] = {
    {"true", {}, "", "", 0},
    {"whoami", {}, "", "user\n", 0},
    {"false", {}, "", "", 1},
    {"echo", {"one", "two  words"}, "", "one two  words\n", 0},
    {"printf", {"%5.2f|%x|%s\n", "3.14159", "255", "z"}, "", " 3.14|ff|z\n", 0},
    {"cat", {"-"}, "through\nand through\n", "through\nand through\n", 0},
    {"sort", {}, "pear\napple\nfig\n", "apple\nfig\npear\n", 0},
    {"wc", {"-c"}, "12345", "5\n", 0},
    {"basename", {"/a/b/c.d", ".d"}, "", "c\n", 0},
    {"expr", {"6", "*", "7"}, "", "42\n", 0},
    {"seq", {"3"}, "", "1\n2\n3\n", 0},
    {"tr", {"a-z", "A-Z"}, "shout", "SHOUT", 0},
    {"sh", {"-c", "exit 9"}, "", "", 9},
    {"sh", {"-c", "x=7; echo $((x * 6)) \"$HOME\""}, "", "42 /boot/home\n", 0},
    {"sh",
     {"-c", "for i in a b; do echo $i; done | while read -r l; do "
            "echo \"<$l>\"; done"},
     "",
     "<a>\n<b>\n",
     0},
    {"sh", {"-c", "kill -TERM $$"}, "", "", 128 + 15},
    {"sh", {"-c", "no_such_command 2>/dev/null"}, "", "", 127},
    {"sh",
     {"-c", "echo written >file && read -r l <file && echo $l"},
     "",
     "written\n",
     0},
};

TEST_F(RootTest, commands_do_what_they_do)
{
    int found = 0;

    for (const auto &row : commands) {
        if (!exists(std::string("/boot/system/bin/") + row.command))
            continue;
        std::vector<std::string> words = {row.command};
        words.insert(words.end(), row.arguments.begin(), row.arguments.end());
        Outcome outcome = run_in_root(words, row.input);
        std::string text = outcome.out;
        if (strcmp(row.command, "wc") == 0) /* pads as it likes */
            text.erase(0, text.find_first_not_of(' '));
        EXPECT_EQ(outcome.status, row.status) << row.command << outcome.err;
        EXPECT_EQ(text, row.output) << row.command;
        found++;
    }
    if (found == 0)
        GTEST_SKIP() << root << " has none of the commands";
}

/* Recorded by each engine, with its children; each trace replayed by each. */
TEST_F(RootTest, commands_replay_as_they_ran)
{
    int found = 0;

    for (const auto &row : commands) {
        if (!exists(std::string("/boot/system/bin/") + row.command))
            continue;
        for (const char *recorder : {"interp", "jit"}) {
            std::vector<std::string> words = {
                "--engine", recorder,       "--level",  "hash",
                "--record", "traces/t.uvt", row.command};
            words.insert(words.end(), row.arguments.begin(),
                         row.arguments.end());
            std::filesystem::create_directory("traces");
            EXPECT_EQ(run_in_root(words, row.input).status, row.status);
            for (const auto &trace :
                 std::filesystem::directory_iterator("traces"))
                for (const char *engine : {"interp", "jit", "lockstep"}) {
                    Outcome outcome = run_utrace(
                        {"replay", "--engine", engine, trace.path().string()});
                    EXPECT_EQ(outcome.status, 0)
                        << row.command << " by " << recorder << ", replayed by "
                        << engine << ": " << outcome.err;
                }
            std::filesystem::remove_all("traces");
        }
        found++;
    }
    if (found == 0)
        GTEST_SKIP() << root << " has none of the commands";
}

TEST_F(RootTest, scripts_run_by_the_roots_shell)
{
    if (!exists("/boot/system/bin/sh"))
        GTEST_SKIP() << root << " has no shell";
    write("script", "#!/bin/sh\necho \"$0: $1\"\nexit 4\n");
    Outcome outcome = run_in_root({"./script", "an argument"});
    EXPECT_EQ(outcome.status, 4) << outcome.err;
    EXPECT_EQ(outcome.out, "/host" + directory + "/script: an argument\n");
}

/* What somebody does at a shell: lists, compares, copies, edits, compresses,
 * moves, removes and gives attributes, in and over what the packages brought.
 */
const char session[] = R"(
export LC_ALL=C
cd /boot/system
ls -l bin lib
cksum runtime_loader bin/* lib/*
mkdir /boot/home/work
cd /boot/home/work
cp /bin/ls /boot/system/lib/libroot.so .
cmp ls /bin/ls && echo the copy is the same
for n in 3 1 2; do echo line $n; done >text
sort text | sed 's/line/LINE/' >/boot/system/bin/made
cat /bin/made; echo more >>/bin/made; wc -l </bin/made
bzip2 -c libroot.so >packed && bzip2 -dc packed | cmp - libroot.so && echo ok
tar -cf all.tar -C /boot/system/lib . && tar -tf all.tar | sort
mv /bin/cal moved && cksum moved && ls /bin | wc -l
ln /bin/cat linked && cksum linked
rm /bin/yes; ls /bin/yes; yes
cp /bin/echo /bin/true; true overwritten
echo '#!/bin/sh' >/bin/made; echo 'echo $0 runs' >>/bin/made
chmod 755 /bin/made; made; ls -l moved linked | sort | cut -c1-10
addattr -t string META:name 'a name' text; addattr -t int META:n 42 /bin/made
cp text other; copyattr text other; listattr other; listattr /bin/made
mvattr META:name META:new other; catattr META:new other; catattr META:n /bin/made
rmattr META:name text; listattr text; addattr META:p packaged /bin/cat
catattr META:p /bin/cat linked
find . | sort
exit 7
)";

/* Fifty packages made of a Haiku, and the same Haiku as a directory. */
TEST_F(RootTest, packages_do_what_a_directory_does)
{
    constexpr int PACKAGES = 50;
    if (!exists("/boot/system/bin/sh"))
        GTEST_SKIP() << root << " has no shell";
    ASSERT_EQ(std::system(("cp -a '" + root + "' plain && cp -a '" + root +
                           "/boot/system' rest && mkdir parts")
                              .c_str()),
              0);
    int count = 0;
    for (const auto &entry : std::filesystem::directory_iterator("rest/bin")) {
        std::string part =
            "parts/part" + std::to_string(count++ % (PACKAGES - 1)) + "/bin/";
        std::filesystem::create_directories(part);
        std::filesystem::rename(entry.path(),
                                part + entry.path().filename().string());
    }
    EXPECT_EQ(run({"root", "create", "packed"}).status, 0);
    std::vector<std::string> words = {"root", "add", "packed", "rest"};
    for (const auto &entry : std::filesystem::directory_iterator("parts"))
        words.push_back(entry.path().string());
    EXPECT_EQ(run(words).status, 0);
    std::filesystem::create_directories("plain/boot/home");

    auto cksum = [] {
        return std::system("cksum packed/files/boot/system/packages/*.hpkg "
                           ">sums.new && touch sums && mv sums.new sums");
    };
    EXPECT_EQ(cksum(), 0);
    std::string before = contents("sums");
    Outcome plain = run({"--quiet", "--root", "plain", "sh", "-c", session});
    Outcome packed = run({"--quiet", "--root", "packed", "sh", "-c", session});
    EXPECT_EQ(plain.status, 7) << plain.out << plain.err;
    EXPECT_EQ(packed.status, plain.status);
    EXPECT_EQ(packed.out, plain.out);
    EXPECT_EQ(packed.err, plain.err);
    EXPECT_EQ(cksum(), 0);
    EXPECT_EQ(contents("sums"), before);
    EXPECT_NE(plain.out.find("the copy is the same"), std::string::npos);
}

} // namespace
