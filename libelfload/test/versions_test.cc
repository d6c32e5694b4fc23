/* versions_test.cc -- version definitions and needs. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Versions : public AnyKind
{
  protected:
    /* "name index flags", needs as "file:name index flags". */
    std::string list(const eld_versions &versions)
    {
        eld_version_cursor cursor = {};
        eld_version version;
        std::string text;
        int found;
        while ((found = eld_next_version(file->get(), &versions, &cursor,
                                         &version, &file->fault)) == 1) {
            text += version.file != nullptr ? version.file + std::string(":")
                                            : std::string();
            text += std::string(version.name) + " " +
                    std::to_string(version.index) + " " +
                    std::to_string(version.flags) +
                    (version.is_parent ? " parent; " : "; ");
            EXPECT_EQ(version.hash, eld_hash_name(version.name));
        }
        return found < 0 ? file->line() : text;
    }
    void open(const Bytes &bytes)
    {
        file = std::make_unique<Opened>(bytes);
        ASSERT_EQ(eld_read_dynamic(file->get(), &dynamic, &file->fault), 0)
            << file->line();
    }
    void put(Bytes &bytes, size_t at, uint64_t value, size_t size)
    {
        for (size_t i = 0; i < size; i++)
            bytes[at + (GetParam().is_big ? size - 1 - i : i)] =
                (uint8_t)(value >> 8 * i);
    }

    std::unique_ptr<Opened> file;
    eld_dynamic dynamic;
};
FOR_ALL_KINDS(Versions);

TEST_P(Versions, DefinitionsAndNeedsAreListedInOrder)
{
    builder.soname = "libx.so";
    builder.versions = {"V1", "V2"};
    builder.function("a").version("V2");
    builder.undefined("b", STT_FUNC).version("W1", "liba.so");
    builder.undefined("c", STT_FUNC).version("W2", "liba.so");
    builder.undefined("d", STT_FUNC).version("W1", "libb.so");
    open(builder.build());
    EXPECT_EQ(list(dynamic.defined), "libx.so 1 1; V1 2 0; V2 3 0; ");
    EXPECT_EQ(list(dynamic.needed),
              "liba.so:W1 4 0; liba.so:W2 5 0; libb.so:W1 6 0; ");
}

TEST_P(Versions, AFileWithoutThemHasEmptyLists)
{
    open(builder.build());
    EXPECT_EQ(list(dynamic.defined), "");
    EXPECT_EQ(list(dynamic.needed), "");
    EXPECT_EQ(dynamic.symbols.versions.count, 0u);
}

TEST_P(Versions, BrokenRecordsAreNamed)
{
    builder.versions = {"V1"};
    Bytes bytes = builder.build();
    open(bytes);
    size_t at = (size_t)dynamic.defined.part.offset;

    Bytes changed = bytes;
    put(changed, at, 2, 2);
    open(changed);
    EXPECT_EQ(list(dynamic.defined),
              "version record: unknown version (found 0x2, expected 0x1)");

    changed = bytes;
    put(changed, at + 16, 0x10000, 4); /* vd_next */
    open(changed);
    EXPECT_NE(list(dynamic.defined).find("file is truncated"),
              std::string::npos);

    changed = bytes;
    put(changed, at + 20, 0x10000, 4); /* vda_name */
    open(changed);
    EXPECT_NE(list(dynamic.defined).find("offset of a string"),
              std::string::npos);
}

TEST_P(Versions, RecordsThatOverlapCannotKeepAReaderBusy)
{
    builder.versions = {"V1"};
    Bytes bytes = builder.build();
    open(bytes);
    size_t at = (size_t)dynamic.defined.part.offset;
    put(bytes, at + 6, 0xffff, 2); /* vd_cnt */
    put(bytes, at + 12, 20, 4);    /* vd_aux */
    put(bytes, at + 24, 1, 4);     /* vda_next: one byte on */
    for (size_t i = at + 28; i < builder.text_offset; i++)
        bytes[i] = 0;
    /* Auxiliary records of zeros: next is 0, so the list ends. With next
     * kept at 1 by what the bytes happen to say it is the step limit that
     * ends it. */
    open(bytes);
    EXPECT_NE(list(dynamic.defined), "");
    for (size_t i = at + 20; i < builder.text_offset; i++)
        bytes[i] = 1;
    open(bytes);
    list(dynamic.defined);
    dynamic.defined.count = UINT64_MAX;
    put(bytes, at + 6, 0, 2);
    list(dynamic.defined);
}

TEST_P(Versions, ADefinitionNamesItsParents)
{
    builder.soname = "libx.so";
    builder.versions = {"V1", "V2"};
    Bytes bytes = builder.build();
    open(bytes);
    /* V1 takes V2's record as a second name: 28 bytes on. */
    size_t at = (size_t)dynamic.defined.part.offset + 28;
    put(bytes, at + 6, 2, 2);
    put(bytes, at + 24, 28, 4);
    open(bytes);
    eld_version_cursor cursor = {};
    eld_version version;
    std::string text;
    while (eld_next_version(file->get(), &dynamic.defined, &cursor, &version,
                            nullptr) == 1)
        text += std::string(version.name) + (version.is_parent ? "+ " : " ");
    EXPECT_EQ(text, "libx.so V1 V2+ V2 ");
}
