/* notes_test.cc -- notes. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Notes : public AnyKind
{
};
FOR_ALL_KINDS(Notes);

TEST_P(Notes, AreReadOneAfterTheOther)
{
    builder.notes = {{1, "abcd"}, {3, "12345"}, {7, ""}};
    Opened file(builder.build());
    eld_section section;
    eld_part part;
    eld_note note;
    uint64_t offset = 0;
    ASSERT_EQ(eld_find_section(file.get(), SHT_NOTE, &section, nullptr), 0);
    ASSERT_EQ(eld_section_part(file.get(), &section, &part, nullptr), 0);
    for (const auto &expected : builder.notes) {
        ASSERT_EQ(eld_next_note(file.get(), &part, 4, &offset, &note, nullptr),
                  1);
        EXPECT_EQ(note.type, expected.first);
        EXPECT_EQ(std::string(note.name, note.name_size),
                  std::string("GNU", 4));
        EXPECT_EQ(std::string((const char *)note.bytes, note.size),
                  expected.second);
    }
    EXPECT_EQ(eld_next_note(file.get(), &part, 4, &offset, &note, nullptr), 0);
}

TEST_P(Notes, TheBuildIdIsFoundThroughSegmentsOrSections)
{
    builder.notes = {{1, "abcd"}, {3, "12345"}};
    Bytes bytes = builder.build();
    eld_note note;
    Opened whole(bytes);
    ASSERT_EQ(eld_find_build_id(whole.get(), &note, nullptr), 0);
    EXPECT_EQ(std::string((const char *)note.bytes, note.size), "12345");
    whole.elf.section_count = 0;
    EXPECT_EQ(eld_find_build_id(whole.get(), &note, nullptr), 0);
    Opened sections(bytes);
    sections.elf.segment_count = 0;
    EXPECT_EQ(eld_find_build_id(sections.get(), &note, nullptr), 0);
    sections.elf.section_count = 0;
    EXPECT_EQ(eld_find_build_id(sections.get(), &note, &sections.fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(sections.line(), "build-id: not found");
}

TEST_P(Notes, SizesAreChecked)
{
    builder.notes = {{3, "12345678"}};
    Opened file(builder.build());
    eld_section section;
    eld_part part;
    eld_note note;
    ASSERT_EQ(eld_find_section(file.get(), SHT_NOTE, &section, nullptr), 0);
    for (uint64_t size = 1; size < section.size; size++) {
        uint64_t offset = 0;
        part = {section.offset, size};
        EXPECT_EQ(
            eld_next_note(file.get(), &part, 4, &offset, &note, &file.fault),
            ELD_ERR_TRUNCATED)
            << size;
        EXPECT_EQ(file.fault.offset, section.offset);
        EXPECT_EQ(offset, 0u);
    }
    uint64_t offset = 0;
    part = {file.size - 4, 100};
    EXPECT_EQ(eld_next_note(file.get(), &part, 4, &offset, &note, nullptr),
              ELD_ERR_TRUNCATED);
    /* Names and bytes that end on 8 with that alignment. */
    part = {section.offset, section.size};
    EXPECT_EQ(eld_next_note(file.get(), &part, 8, &offset, &note, nullptr), 1);
}

/* The note that the first NT_GNU_PROPERTY_TYPE_0 of a file is. */
static eld_note property_note(const Opened &file)
{
    eld_section section = {};
    eld_part part = {};
    eld_note note = {};
    uint64_t offset = 0;
    EXPECT_EQ(eld_find_section(file.get(), SHT_NOTE, &section, nullptr), 0);
    EXPECT_EQ(eld_section_part(file.get(), &section, &part, nullptr), 0);
    EXPECT_EQ(eld_next_note(file.get(), &part, 4, &offset, &note, nullptr), 1);
    return note;
}

static std::string number(Kind kind, uint32_t value)
{
    std::string text(4, '\0');
    for (int i = 0; i < 4; i++)
        text[(size_t)(kind.is_big ? 3 - i : i)] = (char)(value >> 8 * i);
    return text;
}

TEST_P(Notes, PropertiesArePaddedToWords)
{
    Kind kind = GetParam();
    std::string padding(kind.is_64 ? 4 : 0, '\0');
    builder.notes = {{5, number(kind, 0xc0000002) + number(kind, 4) +
                             number(kind, 3) + padding + number(kind, 1) +
                             number(kind, 0)}};
    Opened file(builder.build());
    eld_note note = property_note(file);
    eld_property property;
    uint64_t offset = 0;
    ASSERT_EQ(eld_next_property(file.get(), &note, &offset, &property, nullptr),
              1);
    EXPECT_EQ(property.type, 0xc0000002u);
    EXPECT_EQ(property.size, 4u);
    EXPECT_EQ(property.value, 3u);
    ASSERT_EQ(eld_next_property(file.get(), &note, &offset, &property, nullptr),
              1);
    EXPECT_EQ(property.type, 1u);
    EXPECT_EQ(property.value, 0u);
    EXPECT_EQ(eld_next_property(file.get(), &note, &offset, &property, nullptr),
              0);
}

TEST_P(Notes, SizesOfPropertiesAreChecked)
{
    Kind kind = GetParam();
    for (const std::string &bytes :
         {number(kind, 1), number(kind, 1) + number(kind, 5) + number(kind, 0),
          number(kind, 1) + number(kind, 0xffffffff)}) {
        builder.notes = {{5, bytes}};
        Opened file(builder.build());
        eld_note note = property_note(file);
        eld_property property;
        uint64_t offset = 0;
        EXPECT_EQ(eld_next_property(file.get(), &note, &offset, &property,
                                    &file.fault),
                  ELD_ERR_TRUNCATED);
        EXPECT_EQ(file.fault.offset, note.offset);
        EXPECT_EQ(offset, 0u);
    }
}
