/* relocs_test.cc -- relocation tables. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include "libelfload/src/tables.h"

class Relocs : public AnyKind
{
};
FOR_ALL_KINDS(Relocs);

TEST_P(Relocs, RelAndRelaAreRead)
{
    for (bool is_rela : {false, true}) {
        builder = builder_of(GetParam());
        builder.is_rela = is_rela;
        builder.undefined("x", STT_NOTYPE);
        builder.reloc(0x10, 7, "x", -5).reloc(0x18, 8, "", 9);
        Opened file(builder.build());
        eld_section section;
        eld_relocs relocs;
        eld_reloc reloc;
        eld_reloc_cursor cursor = {};
        ASSERT_EQ(eld_find_section(file.get(), is_rela ? SHT_RELA : SHT_REL,
                                   &section, nullptr),
                  0);
        ASSERT_EQ(eld_section_relocs(file.get(), &section, &relocs, nullptr),
                  0);
        EXPECT_EQ(relocs.table.count, 2u);
        ASSERT_EQ(eld_next_reloc(file.get(), &relocs, &cursor, &reloc, nullptr),
                  1);
        EXPECT_EQ(reloc.offset, builder.data_at(0x10));
        EXPECT_EQ(reloc.type, 7u);
        EXPECT_EQ(reloc.symbol, 1u);
        EXPECT_EQ(reloc.addend, is_rela ? -5 : 0);
        EXPECT_EQ(reloc.file_offset, section.offset);
        ASSERT_EQ(eld_next_reloc(file.get(), &relocs, &cursor, &reloc, nullptr),
                  1);
        EXPECT_EQ(reloc.symbol, 0u);
        EXPECT_EQ(reloc.addend, is_rela ? 9 : 0);
        EXPECT_EQ(eld_next_reloc(file.get(), &relocs, &cursor, &reloc, nullptr),
                  0);
        EXPECT_EQ(eld_next_reloc(file.get(), &relocs, &cursor, &reloc, nullptr),
                  0);
    }
}

/* The addresses that a list of RELR words stands for. */
static std::vector<uint64_t> decode(ElfBuilder builder,
                                    std::vector<uint64_t> words)
{
    builder.relr = std::move(words);
    Opened file(builder.build());
    eld_dynamic dynamic;
    eld_reloc reloc;
    eld_reloc_cursor cursor = {};
    std::vector<uint64_t> result;
    EXPECT_EQ(eld_read_dynamic(file.get(), &dynamic, &file.fault), 0)
        << file.line();
    while (eld_next_reloc(file.get(), &dynamic.relr, &cursor, &reloc,
                          nullptr) == 1)
        result.push_back(reloc.offset);
    return result;
}

TEST_P(Relocs, RelrWordsAreAddressesAndBitmaps)
{
    using List = std::vector<uint64_t>;
    uint64_t w = GetParam().is_64 ? 8 : 4;
    uint64_t bits = 8 * w - 1;
    EXPECT_EQ(decode(builder, {0x1000}), (List{0x1000}));
    EXPECT_EQ(decode(builder, {0x1000, 0x2000}), (List{0x1000, 0x2000}));
    EXPECT_EQ(decode(builder, {0x1000, 0xb}),
              (List{0x1000, 0x1000 + w, 0x1000 + 3 * w}));
    /* An empty bitmap still moves on. */
    EXPECT_EQ(decode(builder, {0x1000, 1, 3}),
              (List{0x1000, 0x1000 + w + bits * w}));
    EXPECT_EQ(decode(builder, {0x1000, 1ull << bits | 1, 3}),
              (List{0x1000, 0x1000 + bits * w, 0x1000 + (bits + 1) * w}));
    EXPECT_EQ(decode(builder, {}), List{});
}

TEST_P(Relocs, OtherSectionsAndSmallRecordsAreRefused)
{
    builder.reloc(0, 8);
    Opened file(builder.build());
    eld_section section;
    eld_relocs relocs;
    ASSERT_EQ(eld_find_section(file.get(), SHT_DYNSYM, &section, nullptr), 0);
    EXPECT_EQ(eld_section_relocs(file.get(), &section, &relocs, nullptr),
              ELD_ERR_INVALID);
    ASSERT_EQ(eld_find_section(file.get(),
                               GetParam().is_64 ? SHT_RELA : SHT_REL, &section,
                               nullptr),
              0);
    section.entry_size--;
    EXPECT_EQ(eld_section_relocs(file.get(), &section, &relocs, &file.fault),
              ELD_ERR_ENTRY_SIZE);
    /* What the file leaves unsaid has the usual size. */
    section.entry_size = 0;
    EXPECT_EQ(eld_section_relocs(file.get(), &section, &relocs, nullptr), 0);
    EXPECT_EQ(relocs.table.count, 1u);
}

TEST(RelocsOfSparc, TheUpperBytesOfATypeAreData)
{
    ElfBuilder builder(true);
    builder.is_big = true;
    builder.machine = EM_SPARCV9;
    builder.reloc(0, 0x00123400 | R_SPARC_OLO10);
    Opened file(builder.build());
    eld_section section;
    eld_relocs relocs;
    eld_reloc_cursor cursor = {};
    eld_reloc reloc;
    ASSERT_EQ(eld_find_section(file.get(), SHT_RELA, &section, nullptr), 0);
    ASSERT_EQ(eld_section_relocs(file.get(), &section, &relocs, nullptr), 0);
    ASSERT_EQ(eld_next_reloc(file.get(), &relocs, &cursor, &reloc, nullptr), 1);
    EXPECT_EQ(reloc.type, (uint32_t)R_SPARC_OLO10);
}

TEST(MipsRelocs, Of64BitsHaveThreeTypes)
{
    for (bool is_big : {false, true}) {
        ElfBuilder builder(true);
        builder.is_big = is_big;
        builder.machine = EM_MIPS;
        builder.reloc(0, 0);
        Bytes bytes = builder.build();
        Opened found(bytes);
        eld_dynamic dynamic;
        ASSERT_EQ(eld_read_dynamic(found.get(), &dynamic, nullptr), 0);
        uint8_t info[8] = {0, 0, 0, 0, 0, 5, 18, 3};
        info[is_big ? 3 : 0] = 7;
        std::copy(info, info + 8,
                  bytes.begin() + (long)dynamic.rela.table.offset + 8);
        Opened file(bytes);
        eld_reloc_cursor cursor = {};
        eld_reloc reloc;
        ASSERT_EQ(
            eld_next_reloc(file.get(), &dynamic.rela, &cursor, &reloc, nullptr),
            1);
        EXPECT_EQ(reloc.symbol, 7u);
        EXPECT_EQ(reloc.type, 3u);
        EXPECT_EQ(reloc.type_2, 18u);
        EXPECT_EQ(reloc.type_3, 5u);
    }
}
