/* disassembly_test.cc -- machine code as text; hardening. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

/* push ebp; mov ebp, esp; call second; ret; second: inc ebx; ret; bad */
static ElfBuilder with_code(bool is_64)
{
    ElfBuilder builder(is_64);
    builder.text = {0x55, 0x89, 0xe5, 0xe8, 1, 0, 0, 0, 0xc3, 0x43, 0xc3, 0xff};
    builder.function("first", 0);
    builder.symbols.back().size = 9;
    builder.function("_Z6secondv", 9);
    builder.symbols.back().size = 0;
    return builder;
}

static std::string texts(const Json &list)
{
    std::string result;
    for (size_t i = 0; i < list.size(); i++)
        result += list[i]["text"].text() + "\n";
    return result;
}

TEST(Disassembly, OfASymbolAndItsTargets)
{
    std::string path = write_file("code", with_code(false).build());
    Json code = elfinfo_json("-D first -C " + path)["disassembly"];
    EXPECT_EQ(texts(code), "push ebp\nmov ebp, esp\ncall 0x00010809\nret\n");
    EXPECT_EQ(code[2]["target"].text(), "second()");
    EXPECT_EQ(code[2]["bytes"].text(), "e801000000");
    EXPECT_EQ(code[2]["address"].number(), 0x10803u);
    EXPECT_TRUE(code[(size_t)0]["target"].is_null());
    Result result = elfinfo("--disassemble=first " + path);
    EXPECT_EQ(lines_of(result.out)[0], "Code of first:");
}

TEST(Disassembly, OfRangesAndBothModes)
{
    std::string path = write_file("code", with_code(false).build());
    const char *expected = "inc ebx\nret\n";
    EXPECT_EQ(texts(elfinfo_json("-D 0x10809-0x1080b " + path)["disassembly"]),
              expected);
    EXPECT_EQ(texts(elfinfo_json("-D 0x10809+2 " + path)["disassembly"]),
              expected);
    /* A symbol of no size goes on to the end of what there is. */
    Json code = elfinfo_json("-D _Z6secondv " + path)["disassembly"];
    EXPECT_EQ(texts(code).substr(0, 12), expected);
    path = write_file("code", with_code(true).build());
    code = elfinfo_json("-D first -D 0x1080b+1 " + path)["disassembly"];
    EXPECT_EQ(texts(code), "push rbp\nmov ebp, esp\ncall "
                           "0x0000000000010809\nret\n(bad)\n");
}

TEST(Disassembly, OfAnObjectFileIsThatOfTheSymbolsSection)
{
    std::string path = write_file("object.o", std::string());
    std::string source = "int one(void) { return 1; }\n"
                         "int two(void) { return 2; }\n";
    Result result = run("gcc -x c -O1 -fcf-protection=none -ffunction-sections "
                        "-c - -o " +
                            path,
                        source);
    ASSERT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(texts(elfinfo_json("-D two " + path)["disassembly"]),
              "mov eax, 0x02\nret\n");
    EXPECT_EQ(elfinfo("-D 0x100+4 " + path).err,
              "elfinfo: " + path +
                  ": disassembly: 0x100 is beyond its section\n");
}

TEST(Disassembly, WhatCannotBeIsRefused)
{
    std::string path = write_file("code", with_code(false).build());
    for (const char *what : {"none", "0x5", "5-1", "0x10-", "0x10+x"}) {
        Result result = elfinfo("-D " + std::string(what) + " " + path);
        EXPECT_EQ(result.status, 1) << what;
        EXPECT_EQ(result.err, "elfinfo: " + path +
                                  ": disassembly: no symbol or range " + what +
                                  "\n");
    }
    Result result = elfinfo("-D 0x500000+4 " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err.find("address is in no segment"), std::string::npos);
    ElfBuilder builder = with_code(false);
    builder.machine = EM_68K;
    path = write_file("m68k", builder.build());
    EXPECT_EQ(elfinfo("-D first " + path).err,
              "elfinfo: " + path + ": disassembly: not for m68k\n");
}

TEST(Hardening, OfBuiltFilesAndTheHosts)
{
    ElfBuilder builder;
    builder.relro_size = 16;
    builder.undefined("__stack_chk_fail", STT_FUNC);
    builder.undefined("__strcpy_chk", STT_FUNC);
    builder.runpath = "$ORIGIN";
    builder.tags = {{DT_TEXTREL, 0}, {DT_FLAGS_1, DF_1_NOW}};
    Json found = elfinfo_json("--hardening " +
                              write_file("hard", builder.build()))["hardening"];
    EXPECT_TRUE(found["is_position_independent"].is_true());
    EXPECT_TRUE(found["has_stack_protector"].is_true());
    EXPECT_TRUE(found["has_text_relocs"].is_true());
    EXPECT_TRUE(found["has_run_path"].is_true());
    EXPECT_EQ(found["fortified_calls"].number(), 1u);
    EXPECT_EQ(found["relro"].text(), "all (bound at once)");
    EXPECT_EQ(found["stack"].text(), "unsaid (no GNU_STACK)");
    found = elfinfo_json("--hardening /bin/true")["hardening"];
    EXPECT_EQ(found["stack"].text(), "not executable");
    EXPECT_FALSE(found["has_writable_code"].is_true());
    found =
        elfinfo_json("--hardening testdata/haiku/hello_static")["hardening"];
    EXPECT_FALSE(found["is_position_independent"].is_true());
    EXPECT_EQ(found["relro"].text(), "no");
}
