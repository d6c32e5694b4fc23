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

/* Debugging information that gets smaller when it is compressed. */
static void write_long_source()
{
    std::string text = "int number;\n";
    for (int i = 0; i < 200; i++)
        text += "int function_" + std::to_string(i) +
                "(int a, int b) { return a * number + b; }\n";
    write_file("long.c", text);
}

static const char *const kCompressions[] = {"zlib", "zstd"};

TEST(Lines, OfCompressedSections)
{
    std::string base = getenv("TEST_TMPDIR");
    write_long_source();
    for (std::string kind : kCompressions) {
        for (std::string options : {"-c", "-shared -fpic", "-c -m32"}) {
            SCOPED_TRACE(kind + options);
            Result built = run("cd " + base + " && cc -g " + options +
                               " -o plain.bin long.c && objcopy "
                               "--compress-debug-sections=" +
                               kind + " plain.bin long.bin");
            ASSERT_EQ(built.status, 0) << built.err;
            std::string path = base + "/long.bin";
            Json sections = elfinfo_json("-S " + path)["sections"];
            Json info = sections.with("name", ".debug_info");
            EXPECT_EQ(info["compression"].text(),
                      kind == "zlib" ? "ZLIB" : "ZSTD");
            EXPECT_GT(info["full_size"].number(), info["size"].number());
            EXPECT_EQ(elfinfo("-z -x .debug_info " + path).out,
                      elfinfo("-x .debug_info " + base + "/plain.bin").out);
            EXPECT_NE(elfinfo("-x .debug_info " + path).out,
                      elfinfo("-x .debug_info " + base + "/plain.bin").out);
            uint64_t address = elfinfo_json("-s " + path)["symbols"]
                                   .with("name", "function_150")["value"]
                                   .number();
            Json lines = elfinfo_json("--address " + std::to_string(address) +
                                      " " + path)["lines"];
            ASSERT_EQ(lines.size(), 1u);
            EXPECT_EQ(lines[(size_t)0]["function"].text(), "function_150");
            EXPECT_EQ(lines[(size_t)0]["line"].number(), 152u);
        }
    }
}

TEST(Lines, OfCompressedBytesThatAreBadNothingIsSaid)
{
    std::string base = getenv("TEST_TMPDIR");
    write_long_source();
    ASSERT_EQ(
        run("cd " + base + " && cc -g -c -gz=zlib -o long.o long.c").status, 0);
    std::string path = base + "/long.o";
    Json section =
        elfinfo_json("-S " + path)["sections"].with("name", ".debug_info");
    ASSERT_EQ(section["compression"].text(), "ZLIB");
    std::string bytes = read_file(path);
    bytes[(size_t)section["offset"].number() + 40] ^= 0x55;
    write_file("long.o", bytes);
    Result result = elfinfo("--address 0x10 " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("lines: "), std::string::npos) << result.err;
    result = elfinfo("-z -x .debug_info " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("compressed bytes are bad"), std::string::npos)
        << result.err;
}

/* A program, and its debugging information in a file of its own. */
class SeparateDebug : public testing::Test
{
  protected:
    std::string base = std::string(getenv("TEST_TMPDIR")) + "/separate";
    std::string program = base + "/bin/program";
    uint64_t address = 0;

    void build_separate(const std::string &options)
    {
        Result built = run(
            "rm -rf " + base + " && mkdir -p " + base + "/bin && cd " + base +
            " && echo 'int main(void) { return 0; }' >source.c && cc -g " +
            options +
            " -o bin/program source.c && objcopy --only-keep-debug bin/program "
            "program.debug && objcopy --strip-debug "
            "--add-gnu-debuglink=program.debug bin/program");
        ASSERT_EQ(built.status, 0) << built.err;
        address = elfinfo_json("-s " + program)["symbols"]
                      .with("name", "main")["value"]
                      .number();
    }
    std::string function()
    {
        Result result =
            elfinfo("--json --debug-directory " + base + "/debug --address " +
                    std::to_string(address) + " " + program);
        Json lines = Json::parse(result.out)["files"][(size_t)0]["lines"];
        return lines[(size_t)0]["function"].text();
    }
    bool move_to(const std::string &path)
    {
        return run("cd " + base + " && mkdir -p $(dirname " + path +
                   ") && cp program.debug " + path)
                   .status == 0;
    }
};

TEST_F(SeparateDebug, IsFoundByItsLink)
{
    build_separate("-Wl,--build-id=none");
    EXPECT_EQ(elfinfo_json(program)["summary"]["debug_link"].text(),
              "program.debug");
    EXPECT_EQ(function(), "");
    for (std::string place : {base + "/bin/", base + "/bin/.debug/",
                              base + "/debug" + base + "/bin/"}) {
        std::string path = place + "program.debug";
        ASSERT_TRUE(move_to(path));
        EXPECT_EQ(function(), "main") << place;
        /* It is known by the sum of its bytes. */
        run("echo >>" + path);
        EXPECT_EQ(function(), "") << place;
        run("rm " + path);
    }
}

TEST_F(SeparateDebug, IsFoundByItsBuildId)
{
    build_separate("-Wl,--build-id=sha1");
    std::string id = elfinfo_json(program)["summary"]["build_id"].text();
    ASSERT_EQ(id.size(), 40u);
    EXPECT_EQ(function(), "");
    ASSERT_TRUE(move_to(base + "/debug/.build-id/" + id.substr(0, 2) + "/" +
                        id.substr(2) + ".debug"));
    EXPECT_EQ(function(), "main");
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
