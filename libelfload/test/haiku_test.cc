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
