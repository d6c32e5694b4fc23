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
