/* section_test.cc -- section headers. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Sections : public AnyKind
{
};
FOR_ALL_KINDS(Sections);

TEST_P(Sections, AreFoundByNumberTypeAndName)
{
    builder.comment = "hello";
    Opened file(builder.build());
    eld_section by_name, by_number, by_type;
    eld_part part;
    const char *name;
    ASSERT_EQ(
        eld_find_section_by_name(file.get(), ".comment", &by_name, &file.fault),
        0);
    ASSERT_EQ(
        eld_read_section(file.get(), by_name.index, &by_number, &file.fault),
        0);
    EXPECT_EQ(by_number.offset, by_name.offset);
    ASSERT_EQ(eld_section_name(file.get(), &by_number, &name, nullptr), 0);
    EXPECT_STREQ(name, ".comment");
    ASSERT_EQ(eld_section_part(file.get(), &by_name, &part, nullptr), 0);
    EXPECT_EQ(std::string((char *)file.bytes.get() + part.offset, part.size),
              "hello");
    ASSERT_EQ(eld_find_section(file.get(), SHT_DYNAMIC, &by_type, &file.fault),
              0);
    EXPECT_EQ(by_type.address, builder.data_at(builder.data_size));
    EXPECT_EQ(by_type.flags, (uint64_t)(SHF_ALLOC | SHF_WRITE));
    EXPECT_EQ(by_type.link, 2u);
    EXPECT_EQ(by_type.entry_size, GetParam().is_64 ? 16u : 8u);
}

TEST_P(Sections, WhatIsNotThereIsSaidByNameOrNumber)
{
    Opened file(builder.build());
    eld_section section;
    EXPECT_EQ(
        eld_find_section_by_name(file.get(), ".none", &section, &file.fault),
        ELD_ERR_NOT_FOUND);
    EXPECT_EQ(file.line(), "section: .none: not found");
    EXPECT_EQ(eld_find_section(file.get(), 0x1234, &section, &file.fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(file.line(), "section of type: not found (found 0x1234)");
    EXPECT_EQ(eld_read_section(file.get(), file->section_count, &section,
                               &file.fault),
              ELD_ERR_RANGE);
}

TEST_P(Sections, AFileMayHaveNone)
{
    builder.has_sections = false;
    Opened file(builder.build());
    eld_section section;
    EXPECT_EQ(file->section_count, 0u);
    EXPECT_EQ(eld_find_section(file.get(), SHT_DYNAMIC, &section, nullptr),
              ELD_ERR_NOT_FOUND);
}

TEST_P(Sections, PartsBeyondTheFileAreRefusedUnlessTheyHaveNoBytes)
{
    Opened file(builder.build());
    eld_section section = {};
    eld_part part;
    section.index = 7;
    section.type = SHT_PROGBITS;
    section.offset = file.size - 4;
    section.size = 4;
    EXPECT_EQ(eld_section_part(file.get(), &section, &part, nullptr), 0);
    section.size = 5;
    EXPECT_EQ(eld_section_part(file.get(), &section, &part, &file.fault),
              ELD_ERR_TRUNCATED);
    EXPECT_EQ(file.fault.index, 7u);
    EXPECT_EQ(file.fault.offset, file.size - 4);
    section.size = UINT64_MAX;
    EXPECT_EQ(eld_section_part(file.get(), &section, &part, nullptr),
              ELD_ERR_TRUNCATED);
    section.type = SHT_NOBITS;
    EXPECT_EQ(eld_section_part(file.get(), &section, &part, nullptr), 0);
    EXPECT_EQ(part.size, 0u);
}

TEST_P(Sections, NamesMustLieInTheirTableAndEnd)
{
    Opened file(builder.build());
    eld_section section;
    const char *name;
    ASSERT_EQ(eld_read_section(file.get(), 1, &section, nullptr), 0);
    section.name = 0x7fffffff;
    EXPECT_EQ(eld_section_name(file.get(), &section, &name, nullptr),
              ELD_ERR_RANGE);
    file.elf.names_section = 0;
    EXPECT_EQ(eld_section_name(file.get(), &section, &name, nullptr),
              ELD_ERR_NOT_FOUND);
    file.elf.names_section = 0xffff;
    EXPECT_EQ(eld_section_name(file.get(), &section, &name, nullptr),
              ELD_ERR_RANGE);
}

TEST(Strings, MustEndInTheirTable)
{
    Opened file(ElfBuilder().build());
    /* "ELF" is followed by a class of 1, not by NUL, for 3 bytes. */
    eld_part part = {1, 4};
    const char *string;
    EXPECT_EQ(eld_read_string(file.get(), &part, 0, &string, &file.fault),
              ELD_ERR_STRING);
    EXPECT_EQ(file.line(), "string at offset 0x1: string does not end");
    EXPECT_EQ(eld_read_string(file.get(), &part, 4, &string, &file.fault),
              ELD_ERR_RANGE);
    part = {7, 2};
    EXPECT_EQ(eld_read_string(file.get(), &part, 1, &string, nullptr), 0);
    EXPECT_STREQ(string, "");
    part = {file.size, 1};
    EXPECT_EQ(eld_read_string(file.get(), &part, 0, &string, nullptr),
              ELD_ERR_TRUNCATED);
}

/* ---- segments that sections are part of ---- */

struct PartRow {
    const char *what;
    uint32_t segment_type, section_type;
    uint64_t flags, offset, address, size;
    int expected;
};

TEST(SectionsOfSegments, AreThoseWithinItsMemoryAndFile)
{
    /* The segment: 0x100 bytes at 0x1000 of the file, 0x180 at 0x5000. */
    const uint64_t A = SHF_ALLOC, T = SHF_ALLOC | SHF_TLS;
    const PartRow rows[] = {
        {"whole", PT_LOAD, SHT_PROGBITS, A, 0x1000, 0x5000, 0x100, 1},
        {"one too long", PT_LOAD, SHT_PROGBITS, A, 0x1000, 0x5000, 0x101, 0},
        {"before", PT_LOAD, SHT_PROGBITS, A, 0xfff, 0x4fff, 1, 0},
        {"wrapping", PT_LOAD, SHT_PROGBITS, A, 0x1000, 0x5000, ~0ull, 0},
        {"bss", PT_LOAD, SHT_NOBITS, A, 0x1100, 0x5100, 0x80, 1},
        {"bss too long", PT_LOAD, SHT_NOBITS, A, 0x1100, 0x5100, 0x81, 0},
        {"empty at the end", PT_LOAD, SHT_PROGBITS, A, 0x1100, 0x5180, 0, 0},
        {"empty inside", PT_LOAD, SHT_PROGBITS, A, 0x10ff, 0x50ff, 0, 1},
        {"not in memory", PT_LOAD, SHT_PROGBITS, 0, 0x1000, 0, 4, 0},
        {"only in the file", PT_NOTE, SHT_NOTE, 0, 0x1000, 0, 4, 1},
        {"empty note", PT_NOTE, SHT_NOTE, A, 0x1000, 0x5000, 0, 0},
        {"null", PT_NOTE, SHT_NULL, 0, 0x1000, 0, 4, 0},
        {"headers", PT_PHDR, SHT_PROGBITS, A, 0x1000, 0x5000, 4, 0},
        {"tdata", PT_LOAD, SHT_PROGBITS, T, 0x1000, 0x5000, 4, 1},
        {"tdata in TLS", PT_TLS, SHT_PROGBITS, T, 0x1000, 0x5000, 4, 1},
        {"data in TLS", PT_TLS, SHT_PROGBITS, A, 0x1000, 0x5000, 4, 0},
        {"tbss", PT_LOAD, SHT_NOBITS, T, 0x1100, 0x5100, 4, 0},
        {"tbss in TLS", PT_TLS, SHT_NOBITS, T, 0x1100, 0x5100, 4, 1},
        {"tdata in NOTE", PT_NOTE, SHT_PROGBITS, T, 0x1000, 0x5000, 4, 0},
    };
    for (const auto &row : rows) {
        eld_segment segment = {row.segment_type, 0,     0x1000, 0x5000,
                               0x5000,           0x100, 0x180,  1};
        eld_section section = {
            1,           0,          row.section_type, 0, 0, row.flags,
            row.address, row.offset, row.size,         1, 0};
        EXPECT_EQ(eld_segment_has_section(&segment, &section), row.expected)
            << row.what;
    }
}
