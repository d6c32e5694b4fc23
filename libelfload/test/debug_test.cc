/* debug_test.cc -- compressed sections, and links to separate files. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_debug.h>

/* A section with some bytes behind the end of a file. */
class Debug : public AnyKind
{
  protected:
    void put(Bytes &bytes, uint64_t number, int size)
    {
        for (int i = 0; i < size; i++)
            bytes.push_back(
                (uint8_t)(number >> 8 * (builder.is_big ? size - 1 - i : i)));
    }
    int open(uint64_t flags, const Bytes &content)
    {
        Bytes bytes = builder.build();
        section = eld_section();
        section.offset = bytes.size();
        section.type = SHT_PROGBITS;
        section.flags = flags;
        section.size = content.size();
        bytes.insert(bytes.end(), content.begin(), content.end());
        file = std::make_unique<Opened>(bytes);
        return eld_section_compression(file->get(), &section, &compression,
                                       nullptr);
    }
    Bytes header(uint32_t type)
    {
        Bytes result;
        put(result, type, 4);
        if (builder.is64)
            put(result, 0, 4);
        put(result, 1000, builder.is64 ? 8 : 4);
        put(result, 16, builder.is64 ? 8 : 4);
        return result;
    }
    std::unique_ptr<Opened> file;
    eld_section section;
    eld_compression compression;
};
FOR_ALL_KINDS(Debug);

TEST_P(Debug, CompressedSectionsHaveAHeader)
{
    Bytes content = header(ELD_COMPRESS_ZSTD);
    size_t size = content.size();
    content.insert(content.end(), {1, 2, 3});
    ASSERT_EQ(open(SHF_COMPRESSED, content), 0);
    EXPECT_EQ(compression.type, (uint32_t)ELD_COMPRESS_ZSTD);
    EXPECT_EQ(compression.size, 1000u);
    EXPECT_EQ(compression.align, 16u);
    EXPECT_EQ(compression.part.offset, section.offset + size);
    EXPECT_EQ(compression.part.size, 3u);
    EXPECT_EQ(open(0, content), ELD_ERR_NOT_FOUND);
}

TEST_P(Debug, CompressionHeadersAreNotCutOff)
{
    Bytes content = header(ELD_COMPRESS_ZLIB);
    for (size_t size = 0; size < content.size(); size++)
        EXPECT_EQ(open(SHF_COMPRESSED,
                       Bytes(content.begin(), content.begin() + (long)size)),
                  ELD_ERR_TRUNCATED)
            << size;
    EXPECT_EQ(open(SHF_COMPRESSED, content), 0);
    EXPECT_EQ(compression.part.size, 0u);
}

/* A file whose section of functions has another name and content. */
static Bytes renamed(Bytes bytes, const std::string &name, const Bytes &content)
{
    Opened file(bytes);
    eld_section section, names;
    EXPECT_EQ(
        eld_find_section_by_name(file.get(), ".dynstr", &section, nullptr), 0);
    EXPECT_EQ(
        eld_read_section(file.get(), file->names_section, &names, nullptr), 0);
    EXPECT_LE(content.size(), section.size);
    std::copy(content.begin(), content.end(),
              bytes.begin() + (long)section.offset);
    /* The names of sections end with that of their own section. */
    auto at = bytes.begin() + (long)(names.offset + section.name);
    EXPECT_LE(section.name + name.size() + 1, names.size);
    std::copy(name.begin(), name.end(), at);
    at[(long)name.size()] = 0;
    return bytes;
}

TEST_P(Debug, GnusOlderCompressionIsKnownByNameAndMagic)
{
    builder.function("a_name_that_is_long_enough_for_it");
    const Bytes content = {'Z', 'L', 'I', 'B', 0, 0, 0, 0, 0, 0, 1, 2, 'x'};
    for (bool is_named : {true, false}) {
        Bytes bytes =
            renamed(builder.build(), is_named ? ".zdebug" : ".debug", content);
        Opened opened(bytes);
        ASSERT_EQ(eld_find_section_by_name(opened.get(),
                                           is_named ? ".zdebug" : ".debug",
                                           &section, nullptr),
                  0);
        EXPECT_EQ(eld_section_compression(opened.get(), &section, &compression,
                                          nullptr),
                  is_named ? 0 : ELD_ERR_NOT_FOUND);
        if (!is_named)
            continue;
        EXPECT_EQ(compression.type, (uint32_t)ELD_COMPRESS_ZLIB);
        EXPECT_EQ(compression.size, 0x102u); /* big-endian in every file */
        EXPECT_EQ(compression.part.offset, section.offset + 12);
        EXPECT_EQ(compression.part.size, section.size - 12);
    }
}

TEST_P(Debug, LinksHaveANameAndASum)
{
    builder.function("a_name_that_is_long_enough_for_it");
    Opened without(builder.build());
    eld_debug_link link;
    EXPECT_EQ(eld_read_debug_link(without.get(), &link, nullptr),
              ELD_ERR_NOT_FOUND);

    Bytes content = {'a', '.', 'd', 'b', 'g', 0, 0, 0};
    put(content, 0x12345678, 4);
    Opened with(renamed(builder.build(), ".gnu_debuglink", content));
    ASSERT_EQ(eld_read_debug_link(with.get(), &link, nullptr), 0);
    EXPECT_STREQ(link.name, "a.dbg");
    EXPECT_EQ(link.crc, 0x12345678u);
}

TEST(CompressionNames, AreThoseOfTheGabi)
{
    EXPECT_STREQ(eld_compression_name(1), "ZLIB");
    EXPECT_STREQ(eld_compression_name(2), "ZSTD");
    EXPECT_EQ(eld_compression_name(3), nullptr);
}
