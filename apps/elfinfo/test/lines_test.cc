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
