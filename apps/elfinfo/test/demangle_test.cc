/* demangle_test.cc -- C++ names in the clear. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"

#include <elfload/elf_haiku.h>
#include <gtest/gtest.h>

/* A library of a compiler with C++ symbols of both ABIs. */
static std::string mangled_file(uint32_t abi)
{
    ElfBuilder builder;
    builder.object("_gSharedObjectHaikuABI", 0)
        .object("_gSharedObjectHaikuVersion", 4);
    builder.words = {{0, abi}, {4, 0x900}};
    builder.versions = {"V1"};
    builder.function("AddString__8BMessagePCcT1").version("V1");
    builder.function("_ZN5BView4DrawE5BRect").function("snd__Fv");
    builder.reloc(8, R_386_32, "_ZN5BView4DrawE5BRect");
    return write_file("mangled", builder.build());
}

TEST(Demangle, DemanglesNamesOfTheFilesCompiler)
{
    const struct {
        uint32_t abi;
        const char *option, *gcc2, *itanium;
    } rows[] = {
        {ELD_ABI_GCC2_HAIKU, "-C",
         "BMessage::AddString(char const*, char "
         "const*)",
         "BView::Draw(BRect)"},
        {ELD_ABI_GCC4, "-C", "", "BView::Draw(BRect)"},
        {ELD_ABI_GCC4, "--demangle", "", "BView::Draw(BRect)"},
        {ELD_ABI_GCC4, "--demangle=gcc2",
         "BMessage::AddString(char const*, char const*)", "BView::Draw(BRect)"},
        {ELD_ABI_GCC2_HAIKU, "--demangle=itanium", "", "BView::Draw(BRect)"},
        {ELD_ABI_GCC2_HAIKU, "--demangle=none", "", ""},
    };
    for (const auto &row : rows) {
        SCOPED_TRACE(row.option);
        std::string path = mangled_file(row.abi);
        std::string options = std::string(row.option) + " -s -r " + path;
        Json file = elfinfo_json(options);
        Json symbols = file["symbols"];
        EXPECT_EQ(symbols.with("name", "AddString__8BMessagePCcT1")["demangled"]
                      .text(),
                  row.gcc2);
        EXPECT_EQ(
            symbols.with("name", "_ZN5BView4DrawE5BRect")["demangled"].text(),
            row.itanium);
        EXPECT_EQ(file["relocs"][(size_t)0]["symbol"].text(),
                  "_ZN5BView4DrawE5BRect");
        EXPECT_EQ(file["relocs"][(size_t)0]["symbol_demangled"].text(),
                  row.itanium);
    }
    std::string text = elfinfo("-C -s " + mangled_file(ELD_ABI_GCC2_HAIKU)).out;
    EXPECT_NE(text.find(" BMessage::AddString(char const*, char const*)@@V1\n"),
              std::string::npos)
        << text;
}

TEST(Demangle, NamesThatGrowWithoutEndAreLeftAlone)
{
    /* Each pair of a pair doubles what is to be written. */
    std::string name = "_Z1f";
    name += "1AIiiE";
    for (int i = 0; i < 60; i++)
        name += "1AIT_S_E";
    std::string bomb = "_Z1fSt4pairIiiE";
    for (char c = '0'; c <= '9'; c++)
        bomb += std::string("St4pairIS") + c + "_S" + c + "_E";
    for (char c = 'A'; c <= 'Z'; c++)
        bomb += std::string("St4pairIS") + c + "_S" + c + "_E";
    ElfBuilder builder;
    builder.function(name).function(bomb);
    builder.function("_Z" + std::string(1600, 'P'));
    builder.text_offset = 0x2000;
    builder.data_offset = 0x2400;
    std::string path = write_file("bomb", builder.build());
    Result result = elfinfo("--json -C -s " + path);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(Json::parse(result.out)["files"][(size_t)0]["symbols"].size(),
              4u);
}
