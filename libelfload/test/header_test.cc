/* header_test.cc -- the ELF header and the program headers. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Header : public AnyKind
{
};
FOR_ALL_KINDS(Header);

TEST_P(Header, EveryFieldIsReadInItsOrderAndSize)
{
    builder.type = ET_EXEC;
    builder.machine = 0x1234;
    builder.entry = 0x87654321;
    Opened file(builder.build());
    ASSERT_EQ(file.error, 0) << file.line();
    EXPECT_EQ(file->is_64, GetParam().is_64);
    EXPECT_EQ(file->is_big, GetParam().is_big);
    EXPECT_EQ(file->type, ET_EXEC);
    EXPECT_EQ(file->machine, 0x1234);
    EXPECT_EQ(file->version, 1u);
    EXPECT_EQ(file->entry, 0x87654321u);
    EXPECT_EQ(file->header_size, GetParam().is_64 ? 64 : 52);
    EXPECT_EQ(file->segment_size, GetParam().is_64 ? 56 : 32);
    EXPECT_EQ(file->section_size, GetParam().is_64 ? 64 : 40);
    EXPECT_EQ(file->segments_offset, file->header_size);
    EXPECT_EQ(file->segment_count, 4u);
    EXPECT_EQ(file->names_section, file->section_count - 1);
}

TEST_P(Header, SegmentsAreReadByNumber)
{
    builder.bss_size = 0x3000;
    Opened file(builder.build());
    eld_segment segment;
    ASSERT_EQ(eld_read_segment(file.get(), 2, &segment, &file.fault), 0);
    EXPECT_EQ(segment.type, (uint32_t)PT_LOAD);
    EXPECT_EQ(segment.flags, (uint32_t)(PF_R | PF_W));
    EXPECT_EQ(segment.offset, builder.data_offset);
    EXPECT_EQ(segment.vaddr, builder.data_at());
    EXPECT_EQ(segment.paddr, builder.data_at());
    EXPECT_EQ(segment.memory_size, segment.file_size + 0x3000);
    EXPECT_EQ(segment.align, 0x1000u);
    EXPECT_EQ(eld_read_segment(file.get(), 4, &segment, &file.fault),
              ELD_ERR_RANGE);
    EXPECT_EQ(file.line(),
              "program header: number out of range (found 0x4, expected 0x4)");
}

TEST_P(Header, AddressesAreFoundThroughSegments)
{
    Opened file(builder.build());
    eld_part part;
    ASSERT_EQ(
        eld_find_address(file.get(), builder.data_at(8), 4, &part, &file.fault),
        0);
    EXPECT_EQ(part.offset, builder.data_offset + 8);
    EXPECT_GE(part.size, 4u);
    /* The text's file size is one byte. */
    EXPECT_EQ(
        eld_find_address(file.get(), builder.text_at(), 1, &part, &file.fault),
        0);
    EXPECT_EQ(part.size, 1u);
    EXPECT_EQ(
        eld_find_address(file.get(), builder.text_at(), 2, &part, &file.fault),
        ELD_ERR_ADDRESS);
    EXPECT_EQ(eld_find_address(file.get(), UINT64_MAX, 1, &part, &file.fault),
              ELD_ERR_ADDRESS);
}

TEST_P(Header, ALargeNumberIsInSectionZero)
{
    Bytes bytes = builder.build();
    Opened plain(bytes);
    size_t word = GetParam().is_64 ? 8 : 4;
    size_t tail = 24 + 3 * word;
    size_t zero = (size_t)plain->sections_offset;
    auto put = [&](size_t at, uint64_t value, size_t size) {
        for (size_t i = 0; i < size; i++)
            bytes[at + (GetParam().is_big ? size - 1 - i : i)] =
                (uint8_t)(value >> 8 * i);
    };
    put(tail + 8, PN_XNUM, 2);
    put(tail + 12, 0, 2);
    put(tail + 14, SHN_XINDEX, 2);
    put(zero + 8 + 3 * word, plain->section_count, word);
    put(zero + 8 + 4 * word, plain->names_section, 4);
    put(zero + 12 + 4 * word, 70000, 4);
    Opened file(bytes);
    ASSERT_EQ(file.error, 0);
    EXPECT_EQ(file->segment_count, 70000u);
    EXPECT_EQ(file->section_count, plain->section_count);
    EXPECT_EQ(file->names_section, plain->names_section);
}

/* ---- what is no header ---- */

struct BadRow {
    const char *name;
    std::string bytes;
    const char *line;
};

class BadHeader : public testing::TestWithParam<BadRow>
{
};

static std::string ident(const std::string &tail)
{
    return "\177ELF" + tail;
}

static const BadRow bad_rows[] = {
    {"Empty", "", "empty file"},
    {"Text", "#!/bin/sh\necho hello\n", "text file, not an ELF file"},
    {"Utf8", "gr\xc3\xbc\xc3\x9f\n", "text file, not an ELF file"},
    {"Binary", std::string("\0\1\2\3\4\5", 6), "not an ELF file"},
    {"OneByte", "\177",
     "ELF header: file is truncated (found 0x1, expected 0x10)"},
    {"Magic", "\177ELF",
     "ELF header: file is truncated (found 0x4, expected 0x10)"},
    {"Ident", ident(std::string("\1\1\1\0\0\0\0\0\0\0\0", 11)),
     "ELF header: file is truncated (found 0xf, expected 0x10)"},
    {"Fields", ident(std::string("\1\1\1\0\0\0\0\0\0\0\0\0", 12)),
     "ELF header at offset 0x0: file is truncated (found 0x10, expected "
     "0x34)"},
    {"Class", ident(std::string("\3\1\1\0\0\0\0\0\0\0\0\0", 12)),
     "ELF header: unknown class (found 0x3)"},
    {"Order", ident(std::string("\1\0\1\0\0\0\0\0\0\0\0\0", 12)),
     "ELF header: unknown byte order (found 0x0)"},
    {"Version", ident(std::string("\1\1\7\0\0\0\0\0\0\0\0\0", 12)),
     "ELF header: unknown version (found 0x7, expected 0x1)"},
};

TEST_P(BadHeader, IsToldApart)
{
    const std::string &text = GetParam().bytes;
    Opened file(Bytes(text.begin(), text.end()));
    EXPECT_LT(file.error, 0);
    EXPECT_EQ(file.line(), GetParam().line);
    /* Without a fault the answer is the same. */
    eld_elf elf;
    EXPECT_EQ(eld_read_header(text.data(), text.size(), &elf, nullptr),
              file.error);
}

INSTANTIATE_TEST_SUITE_P(All, BadHeader, testing::ValuesIn(bad_rows),
                         [](const auto &info) {
                             return std::string(info.param.name);
                         });

TEST(HeaderTables, ATableBeyondTheFileIsFoundWhenItIsRead)
{
    ElfBuilder builder;
    Bytes bytes = builder.build();
    bytes.resize(100);
    Opened file(bytes);
    eld_segment segment;
    ASSERT_EQ(file.error, 0);
    EXPECT_EQ(eld_read_segment(file.get(), 0, &segment, nullptr), 0);
    EXPECT_EQ(eld_read_segment(file.get(), 2, &segment, &file.fault),
              ELD_ERR_TRUNCATED);
    EXPECT_EQ(file.line(), "program header 2 at offset 0x74: file is truncated "
                           "(found 0x64, expected 0x94)");
    file.elf.segment_size = 31;
    EXPECT_EQ(eld_read_segment(file.get(), 0, &segment, &file.fault),
              ELD_ERR_ENTRY_SIZE);
    EXPECT_EQ(file.line(), "program headers: wrong size of a table entry "
                           "(found 0x1f, expected 0x20)");
}

TEST(HeaderTables, OffsetsThatWrapAroundAreRefused)
{
    Opened file(ElfBuilder(true).build());
    eld_segment segment;
    file.elf.segments_offset = UINT64_MAX - 56;
    for (uint32_t i = 0; i < file.elf.segment_count; i++)
        EXPECT_EQ(eld_read_segment(file.get(), i, &segment, nullptr),
                  ELD_ERR_TRUNCATED);
}
