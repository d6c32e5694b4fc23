/* compare_test.cc -- what differs between two files. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

static ElfBuilder library()
{
    ElfBuilder builder;
    builder.soname = "libx.so";
    builder.needed = {"libroot.so"};
    builder.function("same").function("gone").object("grown", 0, 4);
    return builder;
}

TEST(Compare, TellsWhatIsGoneNewAndChanged)
{
    ElfBuilder other = library();
    other.symbols[1].name = "new";
    other.symbols[2].size = 8;
    other.needed.push_back("libbe.so");
    std::string first = write_file("first", library().build());
    std::string second = write_file("second", other.build());
    Result result = elfinfo("--json --compare " + first + " " + second);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "");
    Json list = Json::parse(result.out)["files"][(size_t)0]["differences"];
    EXPECT_EQ(list.with("name", "gone")["first"].text(),
              "FUNC, GLOBAL, 1 bytes");
    EXPECT_TRUE(list.with("name", "gone")["second"].is_null());
    EXPECT_TRUE(list.with("name", "new")["first"].is_null());
    EXPECT_EQ(list.with("name", "grown")["first"].text(),
              "OBJECT, GLOBAL, 4 bytes");
    EXPECT_EQ(list.with("name", "grown")["second"].text(),
              "OBJECT, GLOBAL, 8 bytes");
    EXPECT_EQ(list.with("name", "libbe.so")["part"].text(), "needed");
    EXPECT_TRUE(list.with("name", "same").is_null());
}

TEST(Compare, AFileDoesNotDifferFromItself)
{
    std::string path = write_file("first", library().build());
    Result result = elfinfo("--compare " + path + " " + path);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "No differences.\n");
    EXPECT_EQ(elfinfo("--compare " + path).status, 2);
    result = elfinfo("--compare " + path + " /nothing");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: /nothing: No such file or directory\n");
}
