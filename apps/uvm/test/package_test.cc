/* package_test.cc -- `uvm package`, as its user sees it. */
/* SPDX-License-Identifier: MIT */
#include "apps/uvm/test/uvm_case.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "libhaikuabi/test/package_builder.h"

namespace
{

namespace fs = std::filesystem;

using namespace hk;

class PackageTest : public UvmCase
{
  protected:
    void SetUp() override
    {
        UvmCase::SetUp();
        PackageBuilder made(ZSTD);
        made.toc = {Directory("bin", {File("tool", "#!/bin/sh\n", 86400),
                                      Link("alias", "tool")}),
                    File("odd\x1bname", "")};
        made.info = {Node(HK_PACKAGE_NAME, "sample"),
                     Node(HK_PACKAGE_ARCHITECTURE, uint64_t{2}),
                     Node(HK_PACKAGE_VERSION_MAJOR, "1",
                          {Node(HK_PACKAGE_VERSION_MINOR, "2"),
                           Node(HK_PACKAGE_VERSION_REVISION, uint64_t{3})}),
                     Node(HK_PACKAGE_REQUIRES, "haiku",
                          {Node(HK_PACKAGE_OPERATOR, uint64_t{4}),
                           Node(HK_PACKAGE_VERSION_MAJOR, "r1")})};
        write("sample.hpkg", made.build());
        PackageBuilder second(ZLIB);
        second.toc = {Directory("lib", {File("libx.so", "x")})};
        write("second.hpkg", second.build());
    }
};

TEST_F(PackageTest, info_tells_what_a_package_says_of_itself)
{
    Outcome told = run({"package", "info", "sample.hpkg"});
    EXPECT_EQ(told.status, 0);
    EXPECT_EQ(told.out, "package:name: sample\n"
                        "package:architecture: x86_gcc2\n"
                        "package:version: 1.2-3\n"
                        "package:requires: haiku >= r1\n");
    told = run({"package", "info", "--json", "second.hpkg"});
    EXPECT_EQ(told.out, "{\n}\n");
}

TEST_F(PackageTest, list_tells_files_and_keeps_a_terminal_unharmed)
{
    Outcome told = run({"package", "list", "sample.hpkg"});
    EXPECT_EQ(told.status, 0);
    EXPECT_EQ(told.out,
              "d0755          0 1970-01-01T00:00:00Z bin\n"
              "-0644         10 1970-01-02T00:00:00Z bin/tool\n"
              "l0777          0 1970-01-01T00:00:00Z bin/alias -> tool\n"
              "-0644          0 1970-01-01T00:16:40Z odd?name\n");
    told = run({"package", "list", "--json", "sample.hpkg"});
    EXPECT_NE(told.out.find("\"odd\\u001bname\""), std::string::npos);
}

// JSON is UTF-8, whatever a name is.
TEST_F(PackageTest, list_tells_bytes_in_json_that_are_no_characters)
{
    PackageBuilder made(ZLIB);
    for (const char *name : {"caf\xe9", "caf\xc3\xa9", "\xed\xa0\x80",
                             "\xf0\x9f\x98\x80", "end\xe2"})
        made.toc.push_back(File(name, "text"));
    made.info = {Node(HK_PACKAGE_NAME, "bytes")};
    write("bytes.hpkg", made.build());
    const std::string told =
        run({"package", "list", "--json", "bytes.hpkg"}).out;
    for (const char *name :
         {"\"caf\\udce9\"", "\"caf\xc3\xa9\"", "\"\\udced\\udca0\\udc80\"",
          "\"\xf0\x9f\x98\x80\"", "\"end\\udce2\""})
        EXPECT_NE(told.find(name), std::string::npos) << name << told;
}

TEST_F(PackageTest, what_is_no_file_is_not_waited_for)
{
    ASSERT_EQ(mkfifo("fifo", 0600), 0);
    for (const char *command : {"info", "list", "verify", "extract"}) {
        Outcome told = run({"package", command, "fifo"});
        EXPECT_EQ(told.status, 125) << command;
        EXPECT_EQ(told.err, "uvm: fifo: not a regular file\n");
    }
}

// As on a disk that is full.
TEST_F(PackageTest, create_that_cannot_write_leaves_nothing)
{
    std::filesystem::create_directories("from");
    write("from/.PackageInfo", "name from\nversion 1-1\narchitecture any\n"
                               "summary \"s\"\ndescription \"d\"\n"
                               "vendor v\npackager p\ncopyrights none\n"
                               "licenses none\nprovides from\n");
    write("from/file", std::string(100000, 'x'));
    struct rlimit before, now;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    now = before;
    now.rlim_cur = 5000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &now), 0);
    Outcome told =
        run({"package", "create", "-z", "none", "from", "made.hpkg"});
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(told.err, "uvm: from: writing the package: File too large\n");
    for (const auto &entry : std::filesystem::directory_iterator("."))
        EXPECT_EQ(entry.path().string().find("made.hpkg"), std::string::npos)
            << entry.path();
}

TEST_F(PackageTest, faults_have_long_paths_whole)
{
    const std::string name(255, 'n'), deep(250, 'd');
    PackageBuilder made(STORED);
    made.toc = {Directory(
        deep, {Directory(deep, {File(name, std::string(100000, 'x'))})})};
    made.info = {Node(HK_PACKAGE_NAME, "long")};
    write("long.hpkg", made.build());
    struct rlimit before, now;
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    now = before;
    now.rlim_cur = 5000;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &now), 0);
    Outcome told = run({"package", "extract", "long.hpkg"});
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(told.err, "uvm: long.hpkg: " + deep + "/" + deep + "/" + name +
                            ": File too large\n");
    EXPECT_TRUE(std::filesystem::is_empty(deep + "/" + deep)); // no rest
}

TEST_F(PackageTest, info_and_list_tell_all_that_the_format_has)
{
    PackageBuilder made(ZLIB);
    Node file = File("tool", "text", 86400);
    for (const Node &node :
         {Node(HK_PACKAGE_USER, "someone"), Node(HK_PACKAGE_GROUP, "some"),
          Node(HK_PACKAGE_ATIME, uint64_t{11}),
          Node(HK_PACKAGE_MTIME_NANOS, uint64_t{12}),
          Node(HK_PACKAGE_CRTIME, uint64_t{13}),
          Node(HK_PACKAGE_ATTRIBUTE, "BEOS:TYPE",
               {Node(HK_PACKAGE_ATTRIBUTE_TYPE, uint64_t{0x4d494d53}),
                Node::Data("text/x")})})
        file.children.push_back(node);
    made.toc = {file};
    made.info = {Node(HK_PACKAGE_NAME, "all"),
                 Node(HK_PACKAGE_DESCRIPTION, "one\npackage:name: two")};
    write("all.hpkg", made.build());
    EXPECT_EQ(run({"package", "info", "all.hpkg"}).out,
              "package:name: all\n"
              "package:description: one\n    package:name: two\n");
    std::string told = run({"package", "list", "--json", "all.hpkg"}).out;
    auto is_space = [](char c) { return c == '\t' || c == '\n'; };
    told.erase(std::remove_if(told.begin(), told.end(), is_space), told.end());
    EXPECT_NE(told.find("\"attributes\":[{\"name\":\"BEOS:TYPE\","
                        "\"type\":1296649555,\"size\":6}]"),
              std::string::npos)
        << told;
    for (const char *detail :
         {"\"user\":\"someone\"", "\"group\":\"some\"", "\"atime\":11",
          "\"mtime-nanos\":12", "\"crtime\":13", "\"mtime\":86400"})
        EXPECT_NE(told.find(detail), std::string::npos) << detail << told;
}

TEST_F(PackageTest, extract_puts_several_into_one_directory)
{
    Outcome told =
        run({"package", "extract", "-C", ".", "sample.hpkg", "second.hpkg"});
    EXPECT_EQ(told.status, 0) << told.err;
    EXPECT_EQ(contents(directory + "/bin/tool"), "#!/bin/sh\n");
    EXPECT_EQ(contents(directory + "/bin/alias"), "#!/bin/sh\n");
    EXPECT_EQ(contents(directory + "/lib/libx.so"), "x");
}

TEST_F(PackageTest, cat_prints_one_file)
{
    EXPECT_EQ(run({"package", "cat", "sample.hpkg", "bin/tool"}).out,
              "#!/bin/sh\n");
    for (const char *path : {"bin", "bin/alias", "bin/none", "/"}) {
        Outcome told = run({"package", "cat", "sample.hpkg", path});
        EXPECT_EQ(told.status, 125) << path;
        EXPECT_TRUE(is_one_message(told.err)) << path << told.err;
    }
}

TEST_F(PackageTest, what_is_no_package_is_refused_in_a_line)
{
    write("text",
          "not a package, but longer than a header would be; and so on, "
          "for eighty bytes and more");
    write("empty", "");
    for (const char *name : {"text", "empty", "missing", "."})
        for (const char *command : {"info", "list", "verify", "extract"}) {
            Outcome told = run({"package", command, name});
            EXPECT_EQ(told.status, 125) << command << name;
            EXPECT_TRUE(is_one_message(told.err)) << told.err;
            EXPECT_NE(told.err.find(name), std::string::npos) << told.err;
        }
    EXPECT_EQ(run({"package", "verify", "sample.hpkg", "second.hpkg"}).status,
              0);
}

const char info[] = "name made\nversion 1.0-1\narchitecture x86\n"
                    "summary s\ndescription d\nvendor v\npackager p\n"
                    "copyrights c\nlicenses MIT\nprovides made = 1.0\n";

TEST_F(PackageTest, create_makes_what_the_others_read)
{
    fs::create_directories(directory + "/from/bin");
    write("from/bin/tool", "#!/bin/sh\n");
    write("from/.PackageInfo", info);
    for (const char *compression : {"none", "zlib", "zstd"}) {
        Outcome told =
            run({"package", "create", "-z", compression, "from", "made.hpkg"});
        EXPECT_EQ(told.status, 0) << told.err;
        EXPECT_EQ(run({"package", "cat", "made.hpkg", "bin/tool"}).out,
                  "#!/bin/sh\n");
        EXPECT_EQ(run({"package", "verify", "made.hpkg"}).status, 0);
        told = run({"package", "info", "made.hpkg"});
        EXPECT_EQ(told.out.rfind("package:name: made\n"
                                 "package:version: 1.0-1\n",
                                 0),
                  0u)
            << told.out;
    }
}

// Nobody has read the file of the root before: its content is in a package.
TEST_F(PackageTest, create_takes_what_a_root_has)
{
    ASSERT_EQ(run({"root", "create", "root"}).status, 0);
    ASSERT_EQ(run({"root", "add", "root", "sample.hpkg"}).status, 0);
    write("root/files/boot/system/bin/.PackageInfo", info);
    Outcome made =
        run({"package", "create", "root/files/boot/system/bin", "made.hpkg"});
    EXPECT_EQ(made.status, 0) << made.err;
    EXPECT_EQ(run({"package", "cat", "made.hpkg", "tool"}).out, "#!/bin/sh\n");
}

TEST_F(PackageTest, info_tells_what_was_said)
{
    fs::create_directories(directory + "/from");
    write("from/.PackageInfo",
          std::string(info) +
              "flags { approve_license; system_package }\n"
              "requires { haiku >= r1~beta4; cmd:x }\n"
              "supplements { y != 2 }\n"
              "global-writable-files { settings/a directory keep-old }\n"
              "user-settings-files { settings/b template data/b }\n"
              "users { joe real-name \"Joe D\" home /j groups a b }\n");
    ASSERT_EQ(run({"package", "create", "from", "made.hpkg"}).status, 0);
    std::string told = run({"package", "info", "made.hpkg"}).out;
    for (const char *line :
         {"flags: approve_license system_package\n", "provides: made = 1.0\n",
          "requires: haiku >= r1~beta4\n", "requires: cmd:x\n",
          "supplements: y != 2\n", "settings/a directory keep-old\n",
          "settings/b template data/b\n",
          "joe real-name Joe D home /j group a group b\n"})
        EXPECT_NE(told.find(line), std::string::npos) << line << told;
}

TEST_F(PackageTest, create_leaves_an_older_package_when_it_fails)
{
    fs::create_directories(directory + "/from");
    write("from/.PackageInfo", "name made\nfrobnicate\n");
    std::string before = contents(directory + "/sample.hpkg");
    for (const char *from : {"from", "missing", "sample.hpkg"}) {
        Outcome told = run({"package", "create", from, "sample.hpkg"});
        EXPECT_EQ(told.status, 125) << from;
        EXPECT_TRUE(is_one_message(told.err)) << told.err;
        EXPECT_EQ(contents(directory + "/sample.hpkg"), before);
    }
    for (const auto &entry : fs::directory_iterator(directory))
        EXPECT_EQ(entry.path().string().find(".new-"), std::string::npos);
}

TEST_F(PackageTest, verify_tells_of_each)
{
    write("broken.hpkg", "no package");
    Outcome told = run({"package", "verify", "none.hpkg", "sample.hpkg",
                        "broken.hpkg", "second.hpkg"});
    EXPECT_EQ(told.status, 125);
    EXPECT_NE(told.err.find("uvm: none.hpkg: "), std::string::npos);
    EXPECT_NE(told.err.find("uvm: broken.hpkg: "), std::string::npos);
    EXPECT_EQ(told.err.find("sample"), std::string::npos) << told.err;
    told = run({"package", "verify", "--json", "sample.hpkg", "broken.hpkg"});
    EXPECT_EQ(told.status, 125);
    EXPECT_NE(told.out.find("\"package\":\t\"sample.hpkg\",\n"
                            "\t\t\"fault\":\tnull"),
              std::string::npos)
        << told.out;
    EXPECT_NE(told.out.find("\"package\":\t\"broken.hpkg\",\n"
                            "\t\t\"fault\":\t\""),
              std::string::npos)
        << told.out;
    told = run({"package", "extract", "--json", "sample.hpkg"});
    EXPECT_EQ(told.status, 0);
    EXPECT_NE(told.out.find("\"files-without-attributes\":\t0"),
              std::string::npos)
        << told.out;
}

// Each that is no package gives its descriptor back.
TEST_F(PackageTest, verify_tells_of_more_than_can_be_open)
{
    struct rlimit before, few;
    std::vector<std::string> arguments = {"package", "verify"};

    write("broken.hpkg", "no package");
    arguments.insert(arguments.end(), 100, "broken.hpkg");
    arguments.push_back("sample.hpkg");
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 64;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    Outcome told = run(arguments);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_EQ(told.status, 125);
    EXPECT_EQ(std::count(told.err.begin(), told.err.end(), '\n'), 100);
    EXPECT_EQ(told.err.find(strerror(EMFILE)), std::string::npos) << told.err;
    EXPECT_EQ(told.err.find("sample"), std::string::npos) << told.err;
}

TEST_F(PackageTest, wrong_usage_is_status_2)
{
    const std::vector<std::vector<std::string>> wrong = {
        {"package"},
        {"package", "info"},
        {"package", "list", "a", "b"},
        {"package", "cat", "sample.hpkg"},
        {"package", "create", "sample.hpkg"},
        {"package", "create", "-z", "rot13", ".", "made.hpkg"},
        {"package", "frobnicate", "sample.hpkg"},
        {"package", "cat", "--json", "sample.hpkg", "bin/tool"},
        {"package", "info", "--frobnicate", "sample.hpkg"}};
    for (const auto &arguments : wrong)
        EXPECT_EQ(run(arguments).status, 2) << arguments.back();
    EXPECT_EQ(run({"package", "--help"}).status, 0);
}

} // namespace
