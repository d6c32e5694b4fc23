/* releases_test.cc -- which libroots have what a file imports. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cstdlib>

static std::string libroot(const std::string &name,
                           const std::vector<std::string> &functions)
{
    ElfBuilder builder;
    builder.soname = "libroot.so";
    for (const auto &function : functions)
        builder.function(function);
    return write_file(name, builder.build());
}

static std::string program(const std::vector<std::string> &needed)
{
    ElfBuilder builder;
    builder.needed = needed;
    builder.undefined("old", STT_FUNC)
        .undefined("added", STT_FUNC)
        .undefined("maybe", STT_FUNC)
        .weak();
    return write_file("program", builder.build());
}

TEST(Releases, AreAskedForEachImport)
{
    std::string first = libroot("first.so", {"old"});
    std::string second = libroot("second.so", {"old", "added", "more"});
    Result result =
        elfinfo("releases --json --against " + first + " --against " + second +
                " " + program({"libroot.so"}));
    EXPECT_EQ(result.status, 0) << result.err;
    Json file = Json::parse(result.out)["files"][(size_t)0];
    EXPECT_FALSE(file["releases"][(size_t)0]["is_satisfied"].is_true());
    EXPECT_EQ(file["releases"][(size_t)0]["missing_count"].number(), 1u);
    EXPECT_TRUE(file["releases"][1]["is_satisfied"].is_true());
    ASSERT_EQ(file["missing_symbols"].size(), 1u);
    EXPECT_EQ(file["missing_symbols"][(size_t)0]["symbol"].text(), "added");
}

TEST(Releases, ListsOfSymbolsAndRootsWillDo)
{
    std::string root = std::string(getenv("TEST_TMPDIR")) + "/r";
    run("mkdir -p " + root + "/boot/system/lib");
    libroot("r/boot/system/lib/libroot.so", {"old"});
    std::string list = write_file("list", std::string("old 1.0\n\nadded\n"));
    Result result =
        elfinfo("releases --json --against " + list + " --against " + root +
                " " + program({"libroot.so"}));
    Json rows = Json::parse(result.out)["files"][(size_t)0]["releases"];
    EXPECT_TRUE(rows[(size_t)0]["is_satisfied"].is_true());
    EXPECT_FALSE(rows[1]["is_satisfied"].is_true());
    /* Of several libraries' imports only those count that a libroot has. */
    result = elfinfo("releases --against " + root + " " +
                     program({"libroot.so", "libbe.so"}));
    EXPECT_EQ(result.status, 0);
    result =
        elfinfo("releases --against " + root + " " + program({"libroot.so"}));
    EXPECT_EQ(result.status, 1);
}

TEST(Releases, WantSomethingToAsk)
{
    std::string path = program({"libroot.so"});
    EXPECT_EQ(elfinfo("releases " + path).err,
              "elfinfo: " + path +
                  ": releases: --against names no root, libroot or list of "
                  "symbols\n");
    EXPECT_EQ(elfinfo("releases --against /nothing " + path).err,
              "elfinfo: " + path +
                  ": releases: /nothing: No such file or directory\n");
}
