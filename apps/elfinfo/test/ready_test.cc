/* ready_test.cc -- will a program run under uvm? */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <gtest/gtest.h>

#include <cstdlib>

static void add(Bytes &text, const Bytes &bytes)
{
    text.insert(text.end(), bytes.begin(), bytes.end());
}

/* A root whose libroot has a stub, a function that calls it, and one that
 * calls that one through the procedure linkage table. */
static std::string root_with_libroot(uint16_t number)
{
    std::string root = std::string(getenv("TEST_TMPDIR")) + "/root";
    run("mkdir -p " + root + "/boot/system/lib");
    ElfBuilder builder;
    builder.soname = "libroot.so";
    builder.text.clear();
    auto begin = [&](const char *name, const Bytes &bytes) {
        builder.function(name, builder.text.size());
        builder.symbols.back().size = bytes.size();
        add(builder.text, bytes);
    };
    begin("_kern_call", {0xb8, (uint8_t)number, (uint8_t)(number >> 8), 0, 0,
                         0xcd, 0x63, 0xc3});
    begin("inner", {0xe8, 0xf3, 0xff, 0xff, 0xff, 0xc3}); /* -13 */
    uint32_t got = (uint32_t)builder.data_at(0x40);
    size_t plt = builder.text.size();
    begin("plt", {0xff, 0x25, (uint8_t)got, (uint8_t)(got >> 8),
                  (uint8_t)(got >> 16), (uint8_t)(got >> 24)});
    begin("outer", {0xe8, (uint8_t)(plt - builder.text.size() - 5), 0xff, 0xff,
                    0xff, 0xc3});
    begin("quiet", {0x90, 0xc3});
    builder.plt_relocs = {{got, R_386_JMP_SLOT, "inner", 0}};
    write_file("root/boot/system/lib/libroot.so", builder.build());
    return root;
}

static std::string program(const std::string &import, const Bytes &text)
{
    ElfBuilder builder;
    builder.needed = {"libroot.so"};
    builder.text = text;
    builder.entry = builder.text_at();
    builder.undefined(import, STT_FUNC);
    return write_file("program", builder.build());
}

static Json ready(const std::string &arguments, int status)
{
    Result result = elfinfo("ready --json " + arguments);
    EXPECT_EQ(result.status, status) << result.err << result.out;
    return Json::parse(result.out)["files"][(size_t)0];
}

TEST(Ready, StaticProgramsCallTheirSystemThemselves)
{
    Json file = ready("--root /nothing testdata/haiku/hello_static", 0);
    EXPECT_EQ(file["ready"]["answer"].text(), "yes");
    EXPECT_EQ(file["ready"]["release"].text(), "r1beta5");
    EXPECT_EQ(file["calls"].with("name", "write")["status"].text(), "PART");
    EXPECT_EQ(file["calls"].with("name", "exit_team")["status"].text(), "FULL");
    EXPECT_EQ(file["obstacles"].size(), 0u);
}

TEST(Ready, CallsOfLibrootAreFollowed)
{
    /* 0 is is_computer_on; no release has a call 700. */
    std::string root = root_with_libroot(0);
    Json file = ready("--root " + root + " " + program("outer", {0xc3}), 0);
    EXPECT_EQ(file["ready"]["answer"].text(), "yes");
    EXPECT_EQ(file["calls"].with("name", "is_computer_on")["through"].text(),
              "outer");
    file = ready("--root " + root + " " + program("quiet", {0xc3}), 0);
    EXPECT_EQ(file["calls"].size(), 0u);
    root = root_with_libroot(700);
    file = ready("--root " + root + " " + program("outer", {0xc3}), 0);
    EXPECT_EQ(file["obstacles"].with("kind", "system call")["text"].text(),
              "unknown (700) is not built");
}

TEST(Ready, WhatWouldStopAProgramIsSaid)
{
    std::string root = root_with_libroot(0);
    /* vaddps */
    Json file = ready("--root " + root + " " +
                          program("outer", {0xc5, 0xe8, 0x58, 0xc3, 0xc3}),
                      0);
    EXPECT_EQ(file["ready"]["answer"].text(), "maybe");
    EXPECT_NE(file["obstacles"].with("kind", "instruction")["text"].text().find(
                  "vaddps, 1 times"),
              std::string::npos);
    file = ready("--root " + root + " " + program("nowhere", {0xc3}), 1);
    EXPECT_EQ(file["ready"]["answer"].text(), "no");
    EXPECT_EQ(file["missing"].with("name", "nowhere")["kind"].text(), "symbol");
    file = ready("--root " + root + " /bin/true", 1);
    EXPECT_EQ(file["ready"]["answer"].text(), "no");
    EXPECT_NE(file["obstacles"].with("kind", "file")["text"].text(), "");
    file = ready(
        "--root " + root + " " + program("__12BApplicationPCc", {0xc3}), 1);
    EXPECT_EQ(file["obstacles"].with("kind", "server")["text"].text(),
              "BApplication talks to app_server and the registrar");
}
