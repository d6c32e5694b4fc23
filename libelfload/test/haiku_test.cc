/* haiku_test.cc -- ABI and API version of an image. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_haiku.h>

static eld_haiku_version read(ElfBuilder builder)
{
    Opened file(builder.build());
    eld_dynamic dynamic;
    eld_haiku_version version = {};
    bool is_dynamic = eld_read_dynamic(file.get(), &dynamic, nullptr) == 0;
    eld_read_haiku_version(file.get(), is_dynamic ? &dynamic : nullptr,
                           &version);
    return version;
}

TEST(HaikuVersion, TheMarkersTell)
{
    ElfBuilder builder;
    builder.object("_gSharedObjectHaikuABI", 0)
        .object("_gSharedObjectHaikuVersion", 4);
    builder.words = {{0, ELD_ABI_GCC4}, {4, 0x900}};
    builder.comment = "GCC: (GNU) 2.95.3-haiku-080322";
    eld_haiku_version version = read(builder);
    EXPECT_EQ(version.abi, (uint32_t)ELD_ABI_GCC4);
    EXPECT_EQ(version.api_version, 0x900u);
    EXPECT_FALSE(version.is_guess);
}

TEST(HaikuVersion, CommentsTellWithoutMarkers)
{
    struct {
        std::string comment;
        uint32_t abi, api;
    } rows[] = {
        {"", ELD_ABI_GCC2_ANCIENT, 1},
        {"clang version 14", ELD_ABI_GCC2_ANCIENT, 1},
        {"GCC: (GNU) 2.9-beos-991026", ELD_ABI_GCC2_ANCIENT, 1},
        {"GCC: (GNU) 2.95.3-beos-060710", ELD_ABI_GCC2_BEOS, 1},
        {"GCC: (GNU) 2.95.3-haiku-080322", ELD_ABI_GCC2_HAIKU, 0x10},
        {"GCC: (GNU) 3.4.1", 0x30000, 0x10},
        {"GCC: (GNU) 4.1.2", ELD_ABI_GCC4, 0x10},
        {"GCC: (2021_07_28) 11.2.0", ELD_ABI_GCC4, 0x10},
        {"GCC: (GNU", ELD_ABI_GCC2_ANCIENT, 1},
        {"GCC: (GNU) x", ELD_ABI_GCC2_ANCIENT, 1},
        {"GCC: (GNU) 99999999999999.1", ELD_ABI_GCC4, 0x10},
        {std::string("x\0GCC: (GNU) 4.1\0GCC: (GNU) 2.95.3-haiku", 41),
         ELD_ABI_GCC2_HAIKU, 0x10},
        {std::string(600, 'y'), ELD_ABI_GCC2_ANCIENT, 1},
    };
    for (bool is_dynamic : {true, false}) {
        for (const auto &row : rows) {
            ElfBuilder builder;
            builder.is_dynamic = is_dynamic;
            builder.comment = row.comment;
            eld_haiku_version version = read(builder);
            EXPECT_EQ(version.abi, row.abi) << row.comment;
            EXPECT_EQ(version.api_version, row.api) << row.comment;
            EXPECT_TRUE(version.is_guess);
        }
    }
}

TEST(HaikuVersion, MarkersThatCannotBeReadDoNotCount)
{
    ElfBuilder small;
    small.object("_gSharedObjectHaikuABI", 0, 2);
    small.words = {{0, ELD_ABI_GCC4}};
    EXPECT_TRUE(read(small).is_guess);

    ElfBuilder outside;
    outside.object("_gSharedObjectHaikuABI", 0x10000000);
    EXPECT_TRUE(read(outside).is_guess);

    ElfBuilder half;
    half.object("_gSharedObjectHaikuABI", 0);
    half.words = {{0, ELD_ABI_GCC2_HAIKU}};
    EXPECT_EQ(read(half).abi, (uint32_t)ELD_ABI_GCC2_HAIKU);
    EXPECT_EQ(read(half).api_version, 0x10u);
}

struct StubRow {
    bool is_64;
    Bytes text;
    int result;
};

TEST(HaikuSyscalls, NumbersAreReadFromTheStubs)
{
    const StubRow rows[] = {
        {false, {0xb8, 0x2a, 1, 0, 0, 0x8b, 0x14, 0x24}, 0},
        {false, {0x55, 0x89, 0xe5, 0x83, 0xec, 0x08}, ELD_ERR_NOT_FOUND},
        {false, {0x48, 0xc7, 0xc0, 0x2a, 1, 0, 0}, ELD_ERR_NOT_FOUND},
        {true, {0x48, 0xc7, 0xc0, 0x2a, 1, 0, 0, 0x49}, 0},
        {true, {0x49, 0x89, 0xca, 0x48, 0xc7, 0xc0, 0x2a, 1, 0, 0}, 0},
        {true, {0xb8, 0x2a, 1, 0, 0}, 0},
    };
    for (const auto &row : rows) {
        ElfBuilder builder(row.is_64);
        builder.text = row.text;
        builder.function("_kern_write").undefined("_kern_read", STT_FUNC);
        Opened file(builder.build());
        eld_dynamic dynamic;
        eld_symbol symbol;
        uint32_t number = 7;
        ASSERT_EQ(eld_read_dynamic(file.get(), &dynamic, nullptr), 0);
        ASSERT_EQ(eld_find_symbol(file.get(), &dynamic, "_kern_write", &symbol,
                                  nullptr),
                  0);
        EXPECT_EQ(
            eld_read_syscall_number(file.get(), &symbol, &number, &file.fault),
            row.result);
        EXPECT_EQ(number, row.result == 0 ? 0x12au : 7u);
        if (row.result < 0) {
            EXPECT_EQ(file.line(), "system call stub: _kern_write: not found");
        }
        symbol.section = SHN_UNDEF;
        EXPECT_EQ(
            eld_read_syscall_number(file.get(), &symbol, &number, nullptr),
            ELD_ERR_NOT_FOUND);
        /* A stub that the file's end cuts off. */
        symbol.section = 1;
        symbol.value = builder.text_at(row.text.size() - 2);
        EXPECT_EQ(
            eld_read_syscall_number(file.get(), &symbol, &number, nullptr),
            ELD_ERR_NOT_FOUND);
    }
}

TEST(Exports, SayWhatAnImageIs)
{
    EXPECT_STREQ(eld_export_role("process_refs"), "Tracker add-on");
    EXPECT_STREQ(eld_export_role("take_job"), "printer driver");
    EXPECT_STREQ(eld_export_role("Translate"), "translator");
    EXPECT_EQ(eld_export_role("main"), nullptr);
    EXPECT_EQ(eld_export_role(""), nullptr);
}

TEST(Exports, EachIsFound)
{
    static const char *const names[] = {
#define EXPORT(name, role) name,
#include "libelfload/src/exports.def"
#undef EXPORT
    };
    for (const char *name : names)
        EXPECT_NE(eld_export_role(name), nullptr) << name;
}
