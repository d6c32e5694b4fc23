/* dynamic_test.cc -- the dynamic section. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Dynamic : public AnyKind
{
  protected:
    std::string read(const Bytes &bytes)
    {
        file = std::make_unique<Opened>(bytes);
        int error = eld_read_dynamic(file->get(), &dynamic, &file->fault);
        return error < 0 ? file->line() : "";
    }
    std::string text(uint64_t offset)
    {
        const char *string;
        if (eld_read_string(file->get(), &dynamic.symbols.strings, offset,
                            &string, nullptr) < 0)
            return "?";
        return string;
    }

    std::unique_ptr<Opened> file;
    eld_dynamic dynamic;
};
FOR_ALL_KINDS(Dynamic);

TEST_P(Dynamic, EverythingItSaysIsRead)
{
    builder.needed = {"liba.so", "libb.so"};
    builder.soname = "libc.so";
    builder.runpath = "$ORIGIN";
    builder.rpath = "/lib";
    builder.function("f").object("o", 0);
    builder.reloc(0, 8).reloc(8, 8);
    builder.plt_relocs.push_back({builder.data_at(16), 7, "f"});
    builder.tags = {{DT_INIT, 0x1111},
                    {DT_FINI, 0x2222},
                    {DT_INIT_ARRAY, builder.data_at(32)},
                    {DT_INIT_ARRAYSZ, 16},
                    {DT_FINI_ARRAY, builder.data_at(48)},
                    {DT_FINI_ARRAYSZ, 8},
                    {DT_PREINIT_ARRAY, builder.data_at(56)},
                    {DT_PREINIT_ARRAYSZ, 4},
                    {DT_FLAGS, DF_SYMBOLIC | DF_TEXTREL},
                    {DT_FLAGS_1, DF_1_NOW}};
    ASSERT_EQ(read(builder.build()), "");
    EXPECT_EQ(text(dynamic.soname), "libc.so");
    EXPECT_EQ(text(dynamic.runpath), "$ORIGIN");
    EXPECT_EQ(text(dynamic.rpath), "/lib");
    EXPECT_EQ(dynamic.needed_count, 2u);
    const char *name;
    ASSERT_EQ(eld_read_needed(file->get(), &dynamic, 1, &name, nullptr), 0);
    EXPECT_STREQ(name, "libb.so");
    EXPECT_EQ(eld_read_needed(file->get(), &dynamic, 2, &name, &file->fault),
              ELD_ERR_RANGE);
    EXPECT_EQ(dynamic.symbols.table.count, 3u);
    EXPECT_EQ(dynamic.hash.chain_count, 3u);
    auto &relocs = GetParam().is_64 ? dynamic.rela : dynamic.rel;
    EXPECT_EQ(relocs.table.count, 2u);
    EXPECT_EQ(dynamic.plt.table.count, 1u);
    EXPECT_EQ(dynamic.plt.kind,
              GetParam().is_64 ? ELD_RELOCS_RELA : ELD_RELOCS_REL);
    EXPECT_EQ(dynamic.init, 0x1111u);
    EXPECT_EQ(dynamic.fini, 0x2222u);
    EXPECT_EQ(dynamic.init_array.address, builder.data_at(32));
    EXPECT_EQ(dynamic.init_array.size, 16u);
    EXPECT_EQ(dynamic.fini_array.size, 8u);
    EXPECT_EQ(dynamic.preinit_array.size, 4u);
    EXPECT_TRUE(dynamic.is_symbolic);
    EXPECT_TRUE(dynamic.has_text_relocs);
    EXPECT_EQ(dynamic.flags_1, (uint64_t)DF_1_NOW);
}

TEST_P(Dynamic, EntriesAreReadByNumber)
{
    builder.tags = {{0x6ffffef5 + 1, 0x99}, {-1, 1}};
    ASSERT_EQ(read(builder.build()), "");
    eld_dynamic_entry entry;
    uint64_t last = dynamic.entries.count - 1;
    ASSERT_EQ(eld_read_dynamic_entry(file->get(), &dynamic.entries, last,
                                     &entry, nullptr),
              0);
    EXPECT_EQ(entry.tag, -1);
    ASSERT_EQ(eld_read_dynamic_entry(file->get(), &dynamic.entries, last - 1,
                                     &entry, nullptr),
              0);
    EXPECT_EQ(entry.value, 0x99u);
    EXPECT_EQ(eld_read_dynamic_entry(file->get(), &dynamic.entries, last + 1,
                                     &entry, nullptr),
              ELD_ERR_RANGE);
}

TEST_P(Dynamic, AStaticFileHasNone)
{
    builder.is_dynamic = false;
    EXPECT_EQ(read(builder.build()), "dynamic section: not found");
}

TEST_P(Dynamic, ASectionWillDoWithoutASegment)
{
    builder.needed = {"liba.so"};
    Bytes bytes = builder.build();
    /* PT_DYNAMIC becomes a note. */
    size_t at = (GetParam().is_64 ? 64 + 3 * 56 : 52 + 3 * 32);
    bytes[at + (GetParam().is_big ? 3 : 0)] = PT_NOTE;
    EXPECT_EQ(read(bytes), "");
    EXPECT_EQ(dynamic.needed_count, 1u);
    file->elf.section_count = 0;
    EXPECT_EQ(eld_read_dynamic(file->get(), &dynamic, nullptr),
              ELD_ERR_NOT_FOUND);
}

TEST_P(Dynamic, LittleIsRequired)
{
    builder.has_hash = false;
    ASSERT_EQ(read(builder.build()), "");
    EXPECT_EQ(dynamic.hash.address, ELD_NONE);
    EXPECT_EQ(dynamic.gnu_hash.address, ELD_NONE);
    EXPECT_EQ(dynamic.soname, ELD_NONE);
    EXPECT_EQ(dynamic.init, ELD_NONE);
    EXPECT_EQ(dynamic.init_array.address, ELD_NONE);
    EXPECT_FALSE(dynamic.is_symbolic);
    /* Without a hash nobody says how many symbols there are. */
    EXPECT_GE(dynamic.symbols.table.count, 1u);
}

struct TagRow {
    const char *name;
    int64_t tag;
    uint64_t value;
    const char *line; /* how it starts */
};

static const TagRow tag_rows[] = {
    {"Strings", DT_STRTAB, 0x5000000,
     "DT_STRTAB: address is in no segment of the file (found 0x5000000)"},
    {"Symbols", DT_SYMTAB, 0x5000000,
     "DT_SYMTAB: address is in no segment of the file (found 0x5000000)"},
    {"SymbolSize", DT_SYMENT, 8,
     "DT_SYMTAB: wrong size of a table entry (found 0x8, expected "},
    {"Hash", DT_HASH, 0x5000000, "DT_HASH: address is in no segment"},
    {"HashAtTheEnd", DT_HASH, 0x7fc, "DT_HASH: address is in no segment"},
    {"GnuHash", DT_GNU_HASH, 0x5000000, "DT_GNU_HASH: address is in no "},
    {"RelSize", DT_RELSZ, 0x5000000, "relocation table: address is in no"},
    {"Rel", DT_REL, 0x5000000, "relocation table: address is in no"},
    {"Versions", DT_VERSYM, 0x5000000, "DT_VERSYM: address is in no"},
    {"Definitions", DT_VERDEF, 0x5000000, "version records: address is in"},
};

TEST_P(Dynamic, AddressesOutsideTheFileAreNamed)
{
    for (const auto &row : tag_rows) {
        builder = builder_of(GetParam());
        builder.is_rela = false;
        builder.reloc(0, 8);
        builder.tags = {{DT_VERDEFNUM, 1}, {row.tag, row.value}};
        std::string line = read(builder.build());
        EXPECT_EQ(line.substr(0, strlen(row.line)), row.line) << row.name;
    }
}

TEST_P(Dynamic, HashesLargerThanTheirSegmentAreRefused)
{
    builder.has_gnu_hash = true;
    builder.function("f");
    Bytes bytes = builder.build();
    ASSERT_EQ(read(bytes), "");
    size_t hash = (size_t)dynamic.hash.buckets - 8;
    size_t gnu = (size_t)dynamic.gnu_hash.filter - 16;
    auto with = [&](size_t at, uint8_t value) {
        Bytes changed = bytes;
        changed[at + (GetParam().is_big ? 0 : 3)] = value;
        return read(changed);
    };
    EXPECT_NE(with(hash, 0x7f).find("DT_HASH: file is truncated"),
              std::string::npos);
    EXPECT_NE(with(hash + 4, 0x7f).find("DT_HASH: file is truncated"),
              std::string::npos);
    EXPECT_NE(with(gnu, 0x7f).find("DT_GNU_HASH: file is truncated"),
              std::string::npos);
    EXPECT_NE(with(gnu + 8, 0x7f).find("DT_GNU_HASH: file is truncated"),
              std::string::npos);
    Bytes changed = bytes;
    changed[gnu + 8 + (GetParam().is_big ? 3 : 0)] = 0;
    EXPECT_NE(read(changed).find("filter of DT_GNU_HASH"), std::string::npos);
}
