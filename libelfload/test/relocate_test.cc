/* relocate_test.cc -- every row of relocs.def. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

#include <elfload/elf_names.h>

#include <algorithm>

/*
 * The program has one relocation, in word 0, against x of liba.so: at offset
 * 0x10 of its data, 12 bytes large; or, thread-local, at offset 8 of a module
 * whose image is 16 bytes and bss 32. Addresses: B program, S symbol, P place.
 */
class Applied
{
  public:
    explicit Applied(uint16_t machine, bool is_rela)
    {
        bool is_64 = machine == EM_X86_64;
        library_a = ElfBuilder(is_64);
        library_a.soname = "liba.so";
        test.program = ElfBuilder(is_64);
        test.program.entry = test.program.text_at();
        test.program.is_rela = is_rela;
        test.request.target = eld_target_of(machine);
        test.request.has_static_tls = 1;
    }
    std::string apply(uint32_t type, bool has_symbol, bool is_tls,
                      int64_t addend)
    {
        if (is_tls) {
            library_a.tls = Bytes(16, 7);
            library_a.tls_bss = 32;
            library_a.object("x", 0, 12);
            library_a.symbols.back().value = 8;
            library_a.symbols.back().type = STT_TLS;
            test.program.tls = Bytes(4, 1);
        } else {
            library_a.object("x", 0x10, 12);
        }
        test.add(library_a);
        if (has_symbol)
            test.program.undefined("x", is_tls ? STT_TLS : STT_NOTYPE);
        test.program.reloc(0, type, has_symbol ? "x" : "", addend);
        return test.link();
    }
    uint64_t B() const
    {
        return test.result->images[0].delta;
    }
    uint64_t S() const
    {
        return test.at(1, library_a.data_at(0x10));
    }
    uint64_t P() const
    {
        return test.at(0, test.program.data_at(0));
    }

    LinkCase test;
    ElfBuilder library_a;
};

struct Row {
    uint16_t machine;
    uint32_t type;
    unsigned size; /* of the field */
    bool is_tls;
    int64_t addend;
    /* Signs of S, P, B and the addend in the result, and what is added. */
    int s, p, b, a;
    int64_t constant;
};

/* Module 0 is the program's, with a block of 16 bytes; module 1 liba's, with
 * 48: its static offset is 64. */
static const Row rows[] = {
    {EM_386, R_386_32, 4, false, 5, 1, 0, 0, 1, 0},
    {EM_386, R_386_PC32, 4, false, -4, 1, -1, 0, 1, 0},
    {EM_386, R_386_GLOB_DAT, 4, false, 5, 1, 0, 0, 0, 0},
    {EM_386, R_386_JMP_SLOT, 4, false, 5, 1, 0, 0, 0, 0},
    {EM_386, R_386_RELATIVE, 4, false, 0x1234, 0, 0, 1, 1, 0},
    {EM_386, R_386_TLS_DTPMOD32, 4, true, 0, 0, 0, 0, 0, 1},
    {EM_386, R_386_TLS_DTPOFF32, 4, true, 0, 0, 0, 0, 0, 8},
    {EM_386, R_386_TLS_TPOFF, 4, true, 3, 0, 0, 0, 1, 8 - 64},
    {EM_386, R_386_TLS_TPOFF32, 4, true, 3, 0, 0, 0, 1, 64 - 8},
    {EM_386, R_386_SIZE32, 4, false, 3, 0, 0, 0, 1, 12},
    {EM_X86_64, R_X86_64_64, 8, false, 5, 1, 0, 0, 1, 0},
    {EM_X86_64, R_X86_64_PC32, 4, false, -4, 1, -1, 0, 1, 0},
    {EM_X86_64, R_X86_64_PLT32, 4, false, -4, 1, -1, 0, 1, 0},
    {EM_X86_64, R_X86_64_GLOB_DAT, 8, false, 5, 1, 0, 0, 0, 0},
    {EM_X86_64, R_X86_64_JUMP_SLOT, 8, false, 5, 1, 0, 0, 0, 0},
    {EM_X86_64, R_X86_64_RELATIVE, 8, false, 0x1234, 0, 0, 1, 1, 0},
    {EM_X86_64, R_X86_64_RELATIVE64, 8, false, 0x1234, 0, 0, 1, 1, 0},
    {EM_X86_64, R_X86_64_32, 4, false, 5, 1, 0, 0, 1, 0},
    {EM_X86_64, R_X86_64_32S, 4, false, 5, 1, 0, 0, 1, 0},
    {EM_X86_64, R_X86_64_DTPMOD64, 8, true, 0, 0, 0, 0, 0, 1},
    {EM_X86_64, R_X86_64_DTPOFF64, 8, true, 4, 0, 0, 0, 1, 8},
    {EM_X86_64, R_X86_64_DTPOFF32, 4, true, 4, 0, 0, 0, 1, 8},
    {EM_X86_64, R_X86_64_TPOFF64, 8, true, 4, 0, 0, 0, 1, 8 - 64},
    {EM_X86_64, R_X86_64_TPOFF32, 4, true, 4, 0, 0, 0, 1, 8 - 64},
    {EM_X86_64, R_X86_64_PC64, 8, false, -4, 1, -1, 0, 1, 0},
    {EM_X86_64, R_X86_64_SIZE32, 4, false, 3, 0, 0, 0, 1, 12},
    {EM_X86_64, R_X86_64_SIZE64, 8, false, 3, 0, 0, 0, 1, 12},
};

TEST(Relocate, EveryTypeStoresItsFormula)
{
    for (const auto &row : rows) {
        for (bool is_rela : {false, true}) {
            const char *name = eld_reloc_name(row.machine, row.type);
            Applied one(row.machine, is_rela);
            bool has_symbol = row.s != 0 || row.is_tls || row.constant != 0;
            ASSERT_EQ(one.apply(row.type, has_symbol, row.is_tls, row.addend),
                      "")
                << name;
            uint64_t expected =
                (uint64_t)((int64_t)one.S() * row.s + (int64_t)one.P() * row.p +
                           (int64_t)one.B() * row.b + row.addend * row.a +
                           row.constant);
            if (row.size == 4)
                expected &= 0xffffffff;
            EXPECT_EQ(one.test.word(0, row.size), expected)
                << name << (is_rela ? " RELA" : " REL");
            /* What follows the field is untouched. */
            EXPECT_EQ(one.test.word(8, 8), 0u) << name;
        }
    }
}

TEST(Relocate, ShortFieldsMustHoldTheirValue)
{
    struct {
        uint16_t machine;
        uint32_t type;
        int64_t addend;
        bool fits;
    } shorts[] = {
        {EM_386, R_386_16, 0, false},
        {EM_386, R_386_8, 0, false},
        {EM_386, R_386_PC16, 0, false},
        {EM_X86_64, R_X86_64_16, 0, false},
        {EM_X86_64, R_X86_64_8, 0, false},
        {EM_X86_64, R_X86_64_32, INT64_C(0x100000000), false},
        {EM_X86_64, R_X86_64_32, -INT64_C(0x80000000), false},
        {EM_X86_64, R_X86_64_32, 0x7f000000, true},
        {EM_X86_64, R_X86_64_32S, 0x7fffffff, false},
        {EM_X86_64, R_X86_64_32S, -INT64_C(0x80000000), true},
        {EM_X86_64, R_X86_64_PC32, INT64_C(0x100000000), false},
    };
    for (const auto &row : shorts) {
        Applied one(row.machine, true);
        std::string line = one.apply(row.type, true, false, row.addend);
        std::string name = eld_reloc_name(row.machine, row.type);
        EXPECT_EQ(line, row.fits ? ""
                                 : "/prog: relocation at offset 0x20c00: " +
                                       name + ": relocated value does not fit");
    }
}

TEST(Relocate, AShortFieldTakesSignedAndUnsignedValues)
{
    for (int value : {-128, -1, 0, 255}) {
        Applied one(EM_386, true);
        /* Without a symbol S is 0. */
        ASSERT_EQ(one.apply(R_386_8, false, false, value), "") << value;
        EXPECT_EQ(one.test.word(0), (uint8_t)value);
    }
    for (int value : {-129, 256}) {
        Applied one(EM_386, true);
        EXPECT_NE(one.apply(R_386_8, false, false, value), "") << value;
    }
}

TEST(Relocate, WhatALoaderCannotDoIsRefusedByName)
{
    struct {
        uint16_t machine;
        uint32_t type;
        const char *name;
    } refused[] = {
        {EM_386, R_386_GOTOFF, "R_386_GOTOFF"},
        {EM_386, R_386_GOTPC, "R_386_GOTPC"},
        {EM_386, R_386_PLT32, "R_386_PLT32"},
        {EM_386, R_386_TLS_DESC, "R_386_TLS_DESC"},
        {EM_386, R_386_IRELATIVE, "R_386_IRELATIVE"},
        {EM_386, 12, "type 12"},
        {EM_386, 200, "type 200"},
        {EM_X86_64, R_X86_64_GOTPCREL, "R_X86_64_GOTPCREL"},
        {EM_X86_64, R_X86_64_IRELATIVE, "R_X86_64_IRELATIVE"},
        {EM_X86_64, 4000000000u, "type 4000000000"},
    };
    for (const auto &row : refused) {
        Applied one(row.machine, true);
        EXPECT_EQ(one.apply(row.type, false, false, 0),
                  std::string("/prog: relocation at offset 0x20c00: ") +
                      row.name + ": relocation type is not supported");
    }
}

TEST(Relocate, NothingOutsideTheImageIsTouched)
{
    for (uint64_t place : {0x10000000u, 0xfffffffeu, 0x5000u, 0x20ffdu}) {
        LinkCase test;
        test.program.relocs.push_back({place, R_386_RELATIVE, ""});
        EXPECT_NE(test.link().find("relocated place is outside the image"),
                  std::string::npos)
            << place;
    }
}

TEST(Relocate, PlacesMayLieInTwoPagesAndInText)
{
    LinkCase test;
    test.program.data_size = 0x800;
    test.program.reloc(0x3fe, R_386_RELATIVE, "");
    test.program.relocs.push_back(
        {test.program.text_at(4), R_386_RELATIVE, ""});
    test.program.text = Bytes(16, 0);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.word(0x3fe), test.result->images[0].delta);
    EXPECT_EQ(test.host.load(test.at(0, test.program.text_at(4))),
              test.result->images[0].delta);
}

TEST(Relocate, RelrWordsAreRelative)
{
    LinkCase test;
    test.program.relr = {test.program.data_at(0), 0x7};
    test.program.words = {{0, 1}, {4, 2}, {8, 3}, {12, 4}};
    ASSERT_EQ(test.link(), "");
    uint64_t base = test.result->images[0].delta;
    EXPECT_EQ(test.word(0), base + 1);
    EXPECT_EQ(test.word(4), base + 2);
    EXPECT_EQ(test.word(8), base + 3);
    EXPECT_EQ(test.word(12), 4u);
}

/* ---- COPY ---- */

static LinkCase &with_copy(LinkCase &test, const ElfBuilder &library_a,
                           uint64_t size)
{
    test.program.base = 0x400000;
    test.program.type = ET_EXEC;
    test.program.entry = test.program.text_at();
    test.program.object("x", 0x40, size);
    test.program.reloc(0x40, R_386_COPY, "x");
    test.add(library_a);
    return test;
}

TEST(Copy, TheLibrarysRelocatedObjectIsCopiedAndEveryoneUsesTheCopy)
{
    LinkCase test;
    ElfBuilder a = library("a").object("x", 0x20, 8);
    a.words = {{0x20, 0x11111111}, {0x28, 0x33333333}};
    a.reloc(0x24, R_386_RELATIVE, "", 0x99);
    a.reloc(0, R_386_GLOB_DAT, "x");
    with_copy(test, a, 8);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.word(0x40), 0x11111111u);
    EXPECT_EQ(test.word(0x44), test.result->images[1].delta + 0x99);
    EXPECT_EQ(test.word(0x48), 0u);
    EXPECT_EQ(test.host.load(test.at(1, a.data_at(0))),
              test.program.data_at(0x40));
}

TEST(Copy, TheSmallerSizeCounts)
{
    for (uint64_t size : {0u, 2u, 4u, 8u}) {
        LinkCase test;
        ElfBuilder a = library("a").object("x", 0x20, 4);
        a.words = {{0x20, 0x11111111}, {0x24, 0x22222222}};
        with_copy(test, a, size);
        ASSERT_EQ(test.link(), "");
        EXPECT_EQ(test.word(0x40, 8), size == 0   ? 0u
                                      : size == 2 ? 0x1111u
                                                  : 0x11111111u);
    }
}

TEST(Copy, LargeObjectsAndObjectsOfZerosAreCopied)
{
    LinkCase test;
    ElfBuilder a = library("a");
    a.data_size = 0x2000;
    a.bss_size = 0x4000;
    a.object("x", 0x10, 0x5000);
    a.words = {{0x10, 1}, {0x1ff0, 2}};
    test.program.bss_size = 0x6000;
    with_copy(test, a, 0x5000);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.word(0x40), 1u);
    EXPECT_EQ(test.word(0x40 + 0x1fe0), 2u);
}

TEST(Copy, WithoutALibrarysDefinitionItFails)
{
    LinkCase test;
    with_copy(test, library("a"), 4);
    EXPECT_EQ(test.link(),
              "/prog: relocation at offset 0x420c40: x: symbol not found");
}

TEST(Copy, ObjectsThatLeaveTheirImageAreRefused)
{
    LinkCase source;
    with_copy(source, library("a").object("x", 0x10, 0x100000), 0x100000);
    EXPECT_NE(source.link().find("outside the image"), std::string::npos);

    LinkCase other;
    other.program.bss_size = 0x200000;
    with_copy(other, library("a").object("x", 0x10, 0x100000), 0x100000);
    EXPECT_NE(other.link(), "");
}

/* ---- thread-local storage ---- */

TEST(Tls, ModulesAreDescribedInLoadOrder)
{
    LinkCase test;
    ElfBuilder a = library("a"), b = library("b");
    a.tls = Bytes(20, 9);
    a.tls_bss = 100;
    test.add(b);
    test.add(a);
    test.program.tls = Bytes(4, 1);
    ASSERT_EQ(test.link(), "");
    ASSERT_EQ(test.result->tls_count, 2u);
    const eld_tls_module &own = test.result->tls[0];
    const eld_tls_module &other = test.result->tls[1];
    EXPECT_EQ(own.image, 0u);
    EXPECT_EQ(own.address, test.at(0, test.program.data_at()));
    EXPECT_EQ(own.file_size, 4u);
    EXPECT_EQ(own.memory_size, 4u);
    EXPECT_EQ(own.static_offset, 16u);
    EXPECT_EQ(other.image, 2u);
    EXPECT_EQ(other.file_size, 20u);
    EXPECT_EQ(other.memory_size, 120u);
    EXPECT_EQ(other.align, 16u);
    EXPECT_EQ(other.static_offset, 144u);
    EXPECT_EQ(test.result->static_tls_size, 144u);
    EXPECT_EQ(test.result->static_tls_align, 16u);
    EXPECT_EQ(test.result->images[0].tls_module, 0u);
    EXPECT_EQ(test.result->images[1].tls_module, ELD_NO_TLS);
    EXPECT_EQ(test.result->images[2].tls_module, 1u);
}

TEST(Tls, AModuleNumberWithoutASymbolIsTheImagesOwn)
{
    LinkCase test;
    ElfBuilder a = library("a");
    a.tls = Bytes(4, 9);
    a.reloc(0x20, R_386_TLS_DTPMOD32, "");
    test.add(a);
    test.program.tls = Bytes(4, 9);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.host.load(test.at(1, a.data_at(0x20))), 1u);
}

TEST(Tls, AWeakVariableThatNobodyHasIsOffsetZero)
{
    LinkCase test;
    test.program.tls = Bytes(4, 9);
    test.program.undefined("x", STT_TLS, STB_WEAK);
    test.program.reloc(0x20, R_386_TLS_DTPMOD32, "x")
        .reloc(0x24, R_386_TLS_DTPOFF32, "x");
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.word(0x20, 8), 0u);
}

TEST(Tls, ReferencesToAnImageWithoutAnyAreRefused)
{
    LinkCase test;
    test.program.reloc(0x20, R_386_TLS_DTPMOD32, "");
    EXPECT_EQ(test.link(),
              "/prog: relocation at offset 0x20c20: R_386_TLS_DTPMOD32: "
              "symbol is of another type");
}

TEST(Tls, TheStaticModelNeedsAHostThatLaysItOut)
{
    LinkCase flag;
    flag.program.tags = {{DT_FLAGS, DF_STATIC_TLS}};
    EXPECT_EQ(flag.link(), "/prog: static TLS model is not supported");

    LinkCase flag_and_host;
    flag_and_host.program.tags = {{DT_FLAGS, DF_STATIC_TLS}};
    flag_and_host.request.has_static_tls = 1;
    EXPECT_EQ(flag_and_host.link(), "");

    LinkCase reloc;
    reloc.program.tls = Bytes(4, 1);
    reloc.program.reloc(0x20, R_386_TLS_TPOFF, "");
    EXPECT_EQ(reloc.link(),
              "/prog: relocation at offset 0x20c20: R_386_TLS_TPOFF: static "
              "TLS model is not supported");
}

/* Program header of PT_TLS: the fourth, or fifth with PT_DYNAMIC. */
static std::string with_tls_field(size_t field, uint32_t value)
{
    LinkCase test;
    test.program.tls = Bytes(8, 1);
    Bytes bytes = test.program.build();
    memcpy(&bytes[52 + 4 * 32 + 4 * field], &value, 4);
    test.host.files["/prog"] = bytes;
    return test.link();
}

TEST(Tls, ItsSegmentIsChecked)
{
    EXPECT_EQ(with_tls_field(7, 0), "");
    EXPECT_EQ(with_tls_field(4, 9),
              "/prog: program header 4: larger in the file than in memory "
              "(found 0x9, expected 0x8)");
    EXPECT_EQ(with_tls_field(2, 0x5000000),
              "/prog: program header 4: address is in no segment of the file "
              "(found 0x5000000)");
    EXPECT_EQ(with_tls_field(5, 0xffffffff),
              "/prog: program header 4: needs more memory than a program can "
              "have (found 0xffffffff, expected 0x7fffffff)");
    EXPECT_EQ(with_tls_field(7, 12),
              "/prog: alignment of thread-local storage: number out of range "
              "(found 0xc, expected 0x1000)");
    EXPECT_EQ(with_tls_field(7, 0x2000),
              "/prog: alignment of thread-local storage: number out of range "
              "(found 0x2000, expected 0x1000)");
}
