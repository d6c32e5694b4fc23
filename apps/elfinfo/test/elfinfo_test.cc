/* elfinfo_test.cc -- the program: options, files, text and JSON. */
/* SPDX-License-Identifier: MIT */

#include "apps/elfinfo/test/runner.h"
#include "libelfload/test/resource_builder.h"

#include <elfload/elf_haiku.h>
#include <gtest/gtest.h>

static const std::string kDynamic = "testdata/haiku/dynamic";
static const std::string kBase = "testdata/haiku/lib/libbase.so";

static bool has_line(const std::string &text, const std::string &line)
{
    for (const auto &candidate : lines_of(text)) {
        std::string joined;
        for (const auto &word : words_of(candidate))
            joined += (joined.empty() ? "" : " ") + word;
        if (joined == line)
            return true;
    }
    return false;
}

TEST(Elfinfo, SumsUpAGuest)
{
    Result result = elfinfo(kDynamic);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_TRUE(has_line(result.out, "Machine: i386")) << result.out;
    EXPECT_TRUE(has_line(result.out, "Kind: program, position-independent"));
    EXPECT_TRUE(
        has_line(result.out, "Needs: libleft.so, libright.so, libbase.so"));
}

TEST(Elfinfo, SaysWhatAFileIs)
{
    EXPECT_EQ(elfinfo_json(kBase)["summary"]["kind"].text(),
              "shared library or add-on");
    EXPECT_EQ(
        elfinfo_json("testdata/haiku/hello_static")["summary"]["kind"].text(),
        "program, static, at a fixed address");
    EXPECT_EQ(elfinfo_json("/bin/true")["summary"]["kind"].text(),
              "program, position-independent");
    EXPECT_EQ(elfinfo_json(kBase)["summary"]["soname"].text(), "libbase.so");
}

TEST(Elfinfo, KnowsHaikusProgramsByTheirName)
{
    for (bool is_program : {false, true}) {
        ElfBuilder builder;
        builder.entry = builder.text_at();
        builder.soname = is_program ? "_APP_" : "libx.so";
        std::string path = write_file("named", builder.build());
        EXPECT_EQ(elfinfo_json(path)["summary"]["kind"].text(),
                  is_program ? "program, position-independent"
                             : "shared library or add-on");
    }
}

TEST(Elfinfo, ShowsTheViewsThatAreAskedFor)
{
    const struct {
        const char *options, *title;
    } rows[] = {
        {"-h", "ELF header:"},
        {"--file-header", "ELF header:"},
        {"-S", "Section headers:"},
        {"--sections", "Section headers:"},
        {"--section-headers", "Section headers:"},
        {"-l", "Program headers:"},
        {"--segments", "Program headers:"},
        {"--program-headers", "Program headers:"},
        {"-d", "Dynamic section:"},
        {"--dynamic", "Dynamic section:"},
        {"-r", "Relocations .rel.dyn:"},
        {"--relocs", "Relocations .rel.dyn:"},
        {"-s", "Symbol table .dynsym:"},
        {"--syms", "Symbol table .dynsym:"},
        {"--symbols", "Symbol table .dynsym:"},
        {"--dyn-syms", "Symbol table .dynsym:"},
        {"-V", "Versions defined:"},
        {"--version-info", "Versions defined:"},
        {"-A", "Machine:"},
        {"--arch-specific", "Machine:"},
        {"--haiku", "Haiku:"},
        {"-x .dynstr", "Bytes of .dynstr:"},
        {"--string-dump=.dynstr", "Strings of .dynstr:"},
        {"-W -h", "ELF header:"},
    };
    for (const auto &row : rows) {
        Result result = elfinfo(row.options + (" " + kBase));
        EXPECT_EQ(result.status, 0) << row.options << result.err;
        EXPECT_EQ(lines_of(result.out)[0], row.title) << row.options;
        EXPECT_EQ(result.err, "");
    }
}

TEST(Elfinfo, AllIsEveryViewOfReadelfs)
{
    Json file = elfinfo_json("-a " + kBase);
    for (const char *key : {"header", "sections", "segments", "dynamic",
                            "relocs", "symbols", "versions", "arch", "haiku"})
        EXPECT_FALSE(file[key].is_null()) << key;
    EXPECT_TRUE(file["summary"].is_null());
    Json headers = elfinfo_json("-e " + kBase);
    EXPECT_FALSE(headers["segments"].is_null());
    EXPECT_TRUE(headers["symbols"].is_null());
}

TEST(Elfinfo, NamesVersionsOfSymbols)
{
    Result result = elfinfo("--dyn-syms " + kBase);
    bool has_default = false, has_other = false;
    for (const auto &line : lines_of(result.out)) {
        has_default |= line.find("@@") != std::string::npos;
        has_other |= line.find('@') != std::string::npos &&
                     line.find("@@") == std::string::npos;
    }
    EXPECT_TRUE(has_default);
    EXPECT_TRUE(has_other);
}

TEST(Elfinfo, SymbolsOfAStrippedFileComeFromTheDynamicSection)
{
    ElfBuilder builder;
    builder.has_sections = false;
    builder.has_gnu_hash = true;
    builder.function("call").reloc(0, R_386_RELATIVE, "", 4);
    std::string path = write_file("stripped", builder.build());
    Json file = elfinfo_json("-s -r " + path);
    EXPECT_EQ(file["symbols"].with("name", "call")["value"].number(),
              builder.text_at());
    EXPECT_EQ(file["relocs"][(size_t)0]["table"].text(), "DT_REL");
}

TEST(Elfinfo, DecodesHaikusMarkers)
{
    for (bool is_64 : {false, true}) {
        ElfBuilder builder(is_64);
        builder.object("_gSharedObjectHaikuABI", 0)
            .object("_gSharedObjectHaikuVersion", 8);
        builder.words = {{0, ELD_ABI_GCC2_HAIKU}, {8, 0x900}};
        std::string path = write_file("marked", builder.build());
        Json haiku = elfinfo_json("--haiku " + path)["haiku"];
        EXPECT_EQ(haiku["abi"].number(), (uint64_t)ELD_ABI_GCC2_HAIKU);
        EXPECT_EQ(haiku["abi_name"].text(), "gcc 2.95 (Haiku)");
        EXPECT_EQ(haiku["api_name"].text(), "Haiku R1/beta5");
        EXPECT_FALSE(haiku["is_guess"].is_true());
        EXPECT_TRUE(
            has_line(elfinfo(path).out, "Haiku API version: Haiku R1/beta5"));
    }
}

TEST(Elfinfo, NamesAddOnsByTheirExports)
{
    ElfBuilder builder;
    builder.function("process_refs").function("populate_menu").function("f");
    std::string path = write_file("addon", builder.build());
    EXPECT_EQ(elfinfo_json("--haiku " + path)["haiku"]["roles"].join(),
              "Tracker add-on");
    EXPECT_TRUE(has_line(elfinfo("--haiku " + path).out,
                         "Is, by its exports: Tracker add-on"));
}

TEST(Elfinfo, GuessesByCommentsAsHaikusLoaderDoes)
{
    ElfBuilder builder;
    builder.comment = "GCC: (GNU) 2.95.3-haiku-080322";
    std::string path = write_file("commented", builder.build());
    Json haiku = elfinfo_json("--haiku " + path)["haiku"];
    EXPECT_EQ(haiku["abi_name"].text(), "gcc 2.95 (Haiku)");
    EXPECT_TRUE(haiku["is_guess"].is_true());
    EXPECT_TRUE(elfinfo_json(path)["summary"]["haiku_abi"].is_null());
}

TEST(Elfinfo, ReadsTheStandardInput)
{
    Result result = elfinfo("-h -", read_file(kBase));
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, elfinfo("-h " + kBase).out);
    result = elfinfo("-", "");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: -: empty file\n");
}

TEST(Elfinfo, ShowsSeveralFilesUnderTheirNames)
{
    Result result = elfinfo("-h " + kBase + " /nothing " + kDynamic);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: /nothing: No such file or directory\n");
    EXPECT_TRUE(has_line(result.out, "File: " + kBase));
    EXPECT_TRUE(has_line(result.out, "File: " + kDynamic));
    result = elfinfo("--json -h " + kBase + " /nothing " + kDynamic);
    Json files = Json::parse(result.out)["files"];
    ASSERT_EQ(files.size(), 3u);
    EXPECT_EQ(files[1]["file"].text(), "/nothing");
    EXPECT_EQ(files[1]["errors"].join(), "No such file or directory");
    EXPECT_EQ(files[2]["header"]["machine"].text(), "i386");
}

TEST(Elfinfo, DumpsSectionsByNameAndNumber)
{
    ElfBuilder builder;
    builder.comment = std::string("one\0\0t\x1bwo\0end", 13);
    std::string path = write_file("commented", builder.build());
    Json sections = elfinfo_json("-S " + path)["sections"];
    std::string number =
        std::to_string(sections.with("name", ".comment")["index"].number());
    Json by_name = elfinfo_json("-x .comment " + path)["hex_dump"];
    ASSERT_EQ(by_name.size(), 1u);
    EXPECT_EQ(by_name[(size_t)0]["bytes"].text(), "6f6e650000741b776f00656e64");
    EXPECT_EQ(by_name[(size_t)0]["text"].text(), "one..t.wo.end");
    EXPECT_EQ(elfinfo("-x " + number + " " + path).out,
              elfinfo("-x .comment " + path).out);
    Json strings = elfinfo_json("-p .comment -x .comment " + path);
    EXPECT_EQ(strings["hex_dump"].size(), 1u);
    ASSERT_EQ(strings["string_dump"].size(), 3u);
    EXPECT_EQ(strings["string_dump"][1]["text"].text(), "t\x1bwo");
    EXPECT_EQ(strings["string_dump"][1]["offset"].number(), 5u);
    EXPECT_TRUE(has_line(elfinfo("-p .comment " + path).out, "0x5 t\\x1bwo"));
    Result result = elfinfo("-x .none " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "elfinfo: " + path + ": section: .none: not found\n");
}

TEST(Elfinfo, NumbersOf64BitsStayExactInJson)
{
    ElfBuilder builder(true);
    BuiltSymbol symbol;
    symbol.name = "high";
    symbol.value = 0xfedcba9876543211;
    builder.symbols = {symbol};
    std::string path = write_file("high", builder.build());
    std::string out = elfinfo("--json -s " + path).out;
    EXPECT_NE(out.find("\"value\":18364758544493064721"), std::string::npos)
        << out;
}

TEST(Elfinfo, NamesThatAreNoTextAreMadeHarmless)
{
    ElfBuilder builder;
    builder.function("a\x1b[31m\xff\xc3\xa9\xc2\x9b");
    std::string path = write_file("names", builder.build());
    EXPECT_NE(elfinfo("--dyn-syms " + path)
                  .out.find("a\\x1b[31m\\xff\xc3\xa9\\xc2\\x9b\n"),
              std::string::npos);
    EXPECT_EQ(elfinfo_json("--dyn-syms " + path)["symbols"][1]["name"].text(),
              "a\x1b[31m\xef\xbf\xbd\xc3\xa9\xc2\x9b");
}

/* A libroot with a stub for each number of a release. */
static std::string libroot_of(const std::string &release)
{
    ElfBuilder builder;
    builder.soname = "libroot.so";
    builder.text.clear();
    builder.text_offset = 0x8000;
    builder.data_offset = 0xa000;
    for (const auto &line :
         lines_of(read_file("libhaikuabi/src/numbers/" + release + ".def"))) {
        unsigned number;
        char name[100];
        if (sscanf(line.c_str(), "NUMBER(%u, %99[a-z0-9_])", &number, name) !=
            2)
            continue;
        std::string text = name;
        builder.function("_kern_" + text.substr(0, text.find("__")),
                         builder.text.size());
        builder.text.push_back(0xb8);
        for (int i = 0; i < 4; i++)
            builder.text.push_back((uint8_t)(number >> 8 * i));
    }
    return write_file("libroot.so", builder.build());
}

TEST(Elfinfo, ListsTheSystemCallsOfALibroot)
{
    std::string path = libroot_of("r1beta5");
    Json file = elfinfo_json("--syscalls " + path);
    EXPECT_EQ(file["libroot"]["release"].text(), "r1beta5");
    Json calls = file["syscalls"];
    EXPECT_EQ(file["libroot"]["count"].number(), calls.size());
    EXPECT_GT(calls.size(), 200u);
    EXPECT_EQ(calls[(size_t)0]["name"].text(), "is_computer_on");
    for (size_t i = 0; i < calls.size(); i++)
        EXPECT_EQ(calls[i]["number"].number(), i);
    Result result = elfinfo("syscalls " + path);
    EXPECT_TRUE(has_line(result.out, "Numbers of release: r1beta5"));
    EXPECT_EQ(elfinfo_json("--syscalls /bin/true")["libroot"]["count"].number(),
              0u);
}

static std::string number(uint32_t value, bool is_big)
{
    std::string text(4, '\0');
    for (int i = 0; i < 4; i++)
        text[(size_t)(is_big ? 3 - i : i)] = (char)(value >> 8 * i);
    return text;
}

TEST(Elfinfo, ReadsResourcesAndTheirValues)
{
    for (bool is_big : {false, true}) {
        std::string version = number(1, is_big) + number(2, is_big) +
                              number(3, is_big) + number(5, is_big) +
                              number(7, is_big) + "Tester";
        version.resize(680);
        Bytes bytes =
            add_resources(ElfBuilder().build(),
                          {{"MIMS", 1, "BEOS:APP_SIG",
                            std::string("application/x-vnd.T", 20)},
                           {"APPF", 1, "BEOS:APP_FLAGS", number(5, is_big)},
                           {"APPV", 1, "BEOS:APP_VERSION", version},
                           {"VICN", 101, "BEOS:ICON", "ncif\x01"},
                           {"ICON", 101, "", std::string(1024, 'x')},
                           {"LONG", 1, "", number(0xfffffffe, is_big)},
                           {"BOOL", 1, "", std::string(1, '\1')},
                           {"APPV", 2, "", "short"},
                           {"RAWT", -5, "raw\x1b", "abc"}},
                          is_big);
        std::string path = write_file("resourceful", bytes);
        Json list = elfinfo_json("--resources " + path)["resources"];
        ASSERT_EQ(list.size(), 9u);
        const char *texts[] = {"application/x-vnd.T",
                               "multiple launch, background",
                               "1.2.3 final 7: Tester",
                               "vector icon",
                               "icon of 32x32 pixels",
                               "-2",
                               "true",
                               "",
                               ""};
        for (size_t i = 0; i < 9; i++)
            EXPECT_EQ(list[i]["text"].text(), texts[i]);
        EXPECT_EQ(list[8]["type"].text(), "RAWT");
        EXPECT_EQ(elfinfo_json(path)["summary"]["signature"].text(),
                  "application/x-vnd.T");
        EXPECT_NE(elfinfo("resources " + path)
                      .out.find(" 4 multiple launch, background\n"),
                  std::string::npos);
    }
    EXPECT_EQ(elfinfo("--resources /bin/true").out,
              "There are no resources.\n\n");
}

TEST(Elfinfo, ChecksWhatHaikuWouldRefuse)
{
    ElfBuilder builder;
    builder.soname = "libx.so";
    builder.object("_gSharedObjectHaikuABI", 0).words = {{0, ELD_ABI_GCC4}};
    std::string path = write_file("good", builder.build());
    Result result = elfinfo("check " + path);
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.out, "Nothing found.\n\n");
    builder.runpath = "/boot";
    builder.reloc(16, R_386_IRELATIVE).reloc(20, R_386_IRELATIVE);
    path = write_file("bad", builder.build());
    result = elfinfo("check " + path);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err, "");
    EXPECT_TRUE(has_line(result.out,
                         "H006 error relocation that the loader does not "
                         "apply: R_386_IRELATIVE (0x2a) of address 0x20c10, "
                         "and 1 more"))
        << result.out;
    Json findings = Json::parse(
        elfinfo("--json --check " + path).out)["files"][(size_t)0]["findings"];
    ASSERT_EQ(findings.size(), 2u);
    EXPECT_EQ(findings[(size_t)0]["code"].text(), "H006");
    EXPECT_EQ(findings[(size_t)0]["count"].number(), 2u);
    EXPECT_EQ(findings[1]["severity"].text(), "warning");
    ElfBuilder other;
    other.machine = EM_68K;
    path = write_file("m68k", other.build());
    EXPECT_EQ(elfinfo("check " + path).err,
              "elfinfo: " + path + ": check: Haiku has no programs for m68k\n");
}

TEST(Elfinfo, UsageIsHelpedWithAndRefused)
{
    Result help = elfinfo("--help");
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.out.compare(0, 14, "usage: elfinfo"), 0);
    EXPECT_NE(help.out.find("--section-headers"), std::string::npos);
    EXPECT_EQ(elfinfo("-H").out, help.out);
    EXPECT_EQ(elfinfo("--version").out.compare(0, 8, "elfinfo "), 0);
    for (const char *wrong :
         {"", "-h", "--nothing x", "-Z x", "-x", "--demangle=x x"}) {
        Result result = elfinfo(wrong);
        EXPECT_EQ(result.status, 2) << wrong;
        EXPECT_EQ(result.out, "") << wrong;
        EXPECT_NE(result.err.find("Try 'elfinfo --help'."), std::string::npos);
    }
}

TEST(Elfinfo, OutputThatCannotBeWrittenIsAnError)
{
    Result result = run("apps/elfinfo/elfinfo -a " + kBase + " >/dev/full");
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.err,
              "elfinfo: standard output: No space left on device\n");
}
