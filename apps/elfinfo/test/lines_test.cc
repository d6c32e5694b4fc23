/* lines_test.cc -- functions and lines of the source, by address. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cstdlib>

static const char source[] = "static inline __attribute__((always_inline))\n"
                             "int twice(volatile int *p)\n"
                             "{\n"
                             "    return *p * 2;\n"
                             "}\n"
                             "volatile int number;\n"
                             "int main(void)\n"
                             "{\n"
                             "    return twice(&number);\n"
                             "}\n";

static std::string build(const std::string &options)
{
    std::string base = getenv("TEST_TMPDIR");
    write_file("source.c", source);
    Result result =
        run("cd " + base + " && cc -O1 " + options + " -o program source.c");
    EXPECT_EQ(result.status, 0) << result.err;
    return base + "/program";
}

TEST(Lines, OfAnInlinedFunctionAndItsCaller)
{
    for (const char *version : {"-g -gdwarf-4", "-g -gdwarf-5"}) {
        std::string path = build(version);
        uint64_t address = elfinfo_json("-s " + path)["symbols"]
                               .with("name", "main")["value"]
                               .number();
        /* Somewhere in main the inlined function reads the number. */
        bool is_found = false;
        for (uint64_t i = 0; i < 8 && !is_found; i++) {
            Json lines =
                elfinfo_json("--address " + std::to_string(address + i) + " " +
                             path)["lines"];
            ASSERT_GE(lines.size(), 1u);
            if (lines.size() < 2)
                continue;
            is_found = true;
            EXPECT_EQ(lines[(size_t)0]["function"].text(), "twice");
            EXPECT_EQ(lines[(size_t)0]["line"].number(), 4u);
            EXPECT_TRUE(lines[(size_t)0]["is_inlined"].is_true());
            EXPECT_EQ(lines[1]["function"].text(), "main");
            EXPECT_EQ(lines[1]["line"].number(), 9u);
            EXPECT_NE(lines[1]["file"].text().find("source.c"),
                      std::string::npos);
        }
        EXPECT_TRUE(is_found) << version;
    }
}

/* Each function in a section of its own; asked for is the offset 8. */
TEST(Lines, OfObjectFilesOfManyMachines)
{
    const char *targets[] = {"i386",        "x86_64",  "arm",     "aarch64",
                             "riscv32",     "riscv64", "powerpc", "powerpc64",
                             "powerpc64le", "sparc",   "sparcv9", "mips",
                             "mips64",      "s390x"};
    std::string path = std::string(getenv("TEST_TMPDIR")) + "/object.o";
    write_file("object.c", "int number;\n"
                           "void first(void)\n{\n    number = 1;\n}\n"
                           "void second(void)\n{\n    number = 2;\n}\n");
    for (std::string target : targets) {
        for (const char *version : {"-gdwarf-4", "-gdwarf-5"}) {
            SCOPED_TRACE(target + version);
            Result built = run("cd $TEST_TMPDIR && clang --target=" + target +
                               "-linux-gnu -fintegrated-as -c -O1 "
                               "-ffunction-sections " +
                               version + " -o object.o object.c");
            ASSERT_EQ(built.status, 0) << built.err;
            Json lines = elfinfo_json("--address 8 " + path)["lines"];
            EXPECT_EQ(lines.size(), 2u);
            const char *names[] = {"first", "second"};
            for (size_t i = 0; i < 2; i++) {
                EXPECT_EQ(lines[i]["function"].text(), names[i]);
                EXPECT_GE(lines[i]["line"].number(), 4 * i + 2);
                EXPECT_LE(lines[i]["line"].number(), 4 * i + 5);
                EXPECT_EQ(lines[i]["address"].number(), 8u);
                EXPECT_EQ(lines[i]["section"].text(),
                          std::string(".text.") + names[i]);
            }
        }
    }
    EXPECT_NE(elfinfo("--address 8 " + path).out.find(" .text.second+0x8 "),
              std::string::npos);
    EXPECT_EQ(elfinfo("--address 0x1000 " + path).err,
              "elfinfo: " + path + ": lines: nothing is known of 0x1000\n");
}

TEST(Lines, WhatIsNotKnownIsSaid)
{
    std::string path = build("-g0");
    Result result = elfinfo("--address 0x10 " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("lines: "), std::string::npos) << result.err;
    path = build("-g");
    result = elfinfo("--address 0x7fffffff " + path);
    EXPECT_EQ(result.err,
              "elfinfo: " + path + ": lines: nothing is known of 0x7fffffff\n");
    EXPECT_EQ(elfinfo("--address x " + path).status, 2);
}
