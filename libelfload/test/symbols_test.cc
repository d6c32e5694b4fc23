/* symbols_test.cc -- symbol tables. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

class Symbols : public AnyKind
{
  protected:
    void fill()
    {
        builder.function("call", 4).object("thing", 0x20, 12);
        builder.undefined("missing", STT_NOTYPE, STB_WEAK);
        builder.versions = {"ONE"};
        builder.soname = "libx.so";
        builder.symbols[0].version = "ONE";
        builder.symbols[0].is_hidden = true;
    }
};
FOR_ALL_KINDS(Symbols);

TEST_P(Symbols, AreReadWithTheirFields)
{
    fill();
    Opened file(builder.build());
    eld_symbols symbols;
    ASSERT_EQ(eld_find_symbols(file.get(), SHT_DYNSYM, &symbols, &file.fault),
              0)
        << file.line();
    ASSERT_EQ(symbols.table.count, 4u);
    std::map<std::string, eld_symbol> by_name;
    for (uint64_t i = 0; i < 4; i++) {
        eld_symbol symbol;
        ASSERT_EQ(eld_read_symbol(file.get(), &symbols, i, &symbol, nullptr),
                  0);
        EXPECT_EQ(symbol.index, i);
        by_name[symbol.name] = symbol;
    }
    const eld_symbol &call = by_name["call"], &thing = by_name["thing"];
    EXPECT_EQ(call.value, builder.text_at(4));
    EXPECT_EQ(call.type, STT_FUNC);
    EXPECT_EQ(call.bind, STB_GLOBAL);
    EXPECT_EQ(call.version, 0x8002);
    EXPECT_EQ(thing.value, builder.data_at(0x20));
    EXPECT_EQ(thing.size, 12u);
    EXPECT_EQ(thing.type, STT_OBJECT);
    EXPECT_EQ(thing.section, 1u);
    EXPECT_EQ(thing.version, VER_NDX_GLOBAL);
    EXPECT_EQ(by_name["missing"].section, (uint32_t)SHN_UNDEF);
    EXPECT_EQ(by_name["missing"].bind, STB_WEAK);
    EXPECT_EQ(by_name.count(""), 1u);
}

TEST_P(Symbols, OutOfRangeAndBrokenNamesAreErrors)
{
    fill();
    Opened file(builder.build());
    eld_symbols symbols;
    eld_symbol symbol;
    ASSERT_EQ(eld_find_symbols(file.get(), SHT_DYNSYM, &symbols, nullptr), 0);
    EXPECT_EQ(eld_read_symbol(file.get(), &symbols, 4, &symbol, &file.fault),
              ELD_ERR_RANGE);
    EXPECT_EQ(file.line(),
              "symbol: number out of range (found 0x4, expected 0x4)");
    symbols.strings.size = 3;
    EXPECT_LT(eld_read_symbol(file.get(), &symbols, 1, &symbol, nullptr), 0);
    symbols.table.count = UINT64_MAX;
    EXPECT_EQ(
        eld_read_symbol(file.get(), &symbols, UINT64_MAX - 1, &symbol, nullptr),
        ELD_ERR_TRUNCATED);
    EXPECT_EQ(eld_find_symbols(file.get(), SHT_SYMTAB, &symbols, nullptr),
              ELD_ERR_NOT_FOUND);
}

TEST_P(Symbols, SpecialSectionsAreMarkedAndExtendedOnesResolved)
{
    fill();
    Bytes bytes = builder.build();
    Opened plain(bytes);
    eld_symbols symbols;
    eld_symbol symbol;
    ASSERT_EQ(eld_find_symbols(plain.get(), SHT_DYNSYM, &symbols, nullptr), 0);
    auto put16 = [&](size_t at, unsigned value) {
        bytes[at + (GetParam().is_big ? 0 : 1)] = (uint8_t)(value >> 8);
        bytes[at + (GetParam().is_big ? 1 : 0)] = (uint8_t)value;
    };
    size_t first = (size_t)(symbols.table.offset + symbols.table.entry_size);
    size_t shndx = GetParam().is_64 ? 6 : 14;
    put16(first + shndx, SHN_ABS);
    put16(first + (size_t)symbols.table.entry_size + shndx, SHN_XINDEX);
    Opened file(bytes);
    ASSERT_EQ(eld_read_symbol(file.get(), &symbols, 1, &symbol, nullptr), 0);
    EXPECT_TRUE(symbol.is_special);
    EXPECT_EQ(symbol.section, (uint32_t)SHN_ABS);
    /* Any words of the file will do for the extended numbers. */
    symbols.sections = {0, 4, 4};
    ASSERT_EQ(eld_read_symbol(file.get(), &symbols, 2, &symbol, nullptr), 0);
    EXPECT_FALSE(symbol.is_special);
    EXPECT_EQ(symbol.section, 0u);
    symbols.sections.count = 0;
    ASSERT_EQ(eld_read_symbol(file.get(), &symbols, 2, &symbol, nullptr), 0);
    EXPECT_EQ(symbol.section, (uint32_t)SHN_XINDEX);
}

TEST_P(Symbols, OfASectionAreThoseOfItsType)
{
    fill();
    Opened file(builder.build());
    eld_section section;
    eld_symbols by_section, by_type;
    ASSERT_EQ(eld_find_section(file.get(), SHT_DYNSYM, &section, nullptr), 0);
    ASSERT_EQ(eld_section_symbols(file.get(), &section, &by_section, nullptr),
              0);
    ASSERT_EQ(eld_find_symbols(file.get(), SHT_DYNSYM, &by_type, nullptr), 0);
    EXPECT_EQ(by_section.table.offset, by_type.table.offset);
    EXPECT_EQ(by_section.versions.offset, by_type.versions.offset);
    ASSERT_EQ(eld_find_section(file.get(), SHT_DYNAMIC, &section, nullptr), 0);
    EXPECT_EQ(
        eld_section_symbols(file.get(), &section, &by_section, &file.fault),
        ELD_ERR_INVALID);
}
