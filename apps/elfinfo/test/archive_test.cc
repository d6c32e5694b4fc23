/* archive_test.cc -- the members of archives. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cstdlib>

static std::string base()
{
    return getenv("TEST_TMPDIR");
}

/* Two object files and a text, packed by ar with these letters. */
static std::string archive(const std::string &letters)
{
    ElfBuilder first, second(true);
    first.type = second.type = ET_REL;
    first.function("one");
    second.function("two");
    std::string files = write_file("first.o", first.build()) + " " +
                        write_file("second_with_a_long_name.o", second.build());
    std::string path = base() + "/lib.a";
    Result result =
        run("rm -f " + path + " && cd " + base() + " && ar " + letters + " " +
            path + " first.o second_with_a_long_name.o");
    EXPECT_EQ(result.status, 0) << result.err;
    return path;
}

TEST(Archive, MembersAreFilesOfTheirOwn)
{
    for (const char *letters : {"rcS", "rc", "rcST"}) {
        std::string path = archive(letters);
        Result result = elfinfo("--json -h --dyn-syms " + path);
        ASSERT_EQ(result.status, 0) << letters << result.err;
        Json files = Json::parse(result.out)["files"];
        ASSERT_EQ(files.size(), 2u);
        EXPECT_EQ(files[(size_t)0]["file"].text(), path + "(first.o)");
        EXPECT_EQ(files[1]["file"].text(),
                  path + "(second_with_a_long_name.o)");
        EXPECT_EQ(files[(size_t)0]["header"]["class"].text(), "ELF32");
        EXPECT_EQ(files[1]["header"]["class"].text(), "ELF64");
        EXPECT_EQ(files[1]["symbols"][1]["name"].text(), "two");
    }
    std::string path = archive("rcS");
    EXPECT_EQ(lines_of(elfinfo("-h " + path).out)[0],
              "File: " + path + "(first.o)");
    EXPECT_EQ(lines_of(elfinfo("-h -", read_file(path)).out)[0],
              "File: -(first.o)");
}

TEST(Archive, WhatIsWrongIsSaidOfItsMember)
{
    std::string path = archive("rcS");
    write_file("text", std::string("hello\n"));
    ASSERT_EQ(run("cd " + base() + " && ar rS lib.a text").status, 0);
    Result result = elfinfo("-h " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err,
              "elfinfo: " + path + "(text): text file, not an ELF file\n");
    std::string bytes = read_file(path);
    path = write_file("cut.a", bytes.substr(0, bytes.size() - 20));
    result = elfinfo("--json -h " + path);
    EXPECT_EQ(result.status, 1);
    Json files = Json::parse(result.out)["files"];
    EXPECT_EQ(files[files.size() - 1]["file"].text(), path);
    EXPECT_NE(result.err.find("archive"), std::string::npos) << result.err;
    /* A member of a thin archive that is gone. */
    path = archive("rcST");
    ASSERT_EQ(run("rm " + base() + "/first.o").status, 0);
    result = elfinfo("-h " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err,
              "elfinfo: " + path + "(first.o): No such file or directory\n");
}

TEST(Archive, OneMemberOfMany)
{
    std::string path = archive("rc");
    Result result = elfinfo("--json -h --member first.o " + path);
    Json files = Json::parse(result.out)["files"];
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[(size_t)0]["header"]["class"].text(), "ELF32");
}
