/* bind_test.cc -- which definition a reference gets. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

#include <algorithm>

/* A program with a reference to one symbol in its first word. */
struct Binding {
    void refer(uint8_t type, uint8_t bind = STB_GLOBAL)
    {
        test.program.undefined("x", type, bind);
        test.program.reloc(0, R_386_GLOB_DAT, "x");
    }
    /* "image+offset" of what the word holds, or the line of a failure. */
    std::string bound()
    {
        std::string line = test.link();
        if (!line.empty())
            return line;
        uint64_t value = test.word(0);
        for (uint32_t i = 0; i < test.result->image_count; i++) {
            uint64_t data = test.at(i, ElfBuilder::kData + 0xc00);
            uint64_t text = test.at(i, ElfBuilder::kText + 0x800);
            std::string name = test.result->images[i].name;
            if (value >= data && value < data + 0x100)
                return name + "+" + std::to_string(value - data);
            if (value >= text && value < text + 0x100)
                return name + " text+" + std::to_string(value - text);
        }
        return std::to_string(value);
    }

    LinkCase test;
};

class Bind : public testing::Test, protected Binding
{
};

TEST_F(Bind, TheFirstImageInLoadOrderWins)
{
    test.add(library("a"));
    test.add(library("b").object("x", 4));
    test.add(library("c").object("x", 8));
    refer(STT_OBJECT);
    EXPECT_EQ(bound(), "b+4");
}

TEST_F(Bind, AWeakDefinitionThatComesFirstWins)
{
    test.add(library("a").object("x", 4).weak());
    test.add(library("b").object("x", 8));
    refer(STT_OBJECT);
    EXPECT_EQ(bound(), "a+4");
}

TEST_F(Bind, AWeakReferenceToNothingIsZero)
{
    refer(STT_FUNC, STB_WEAK);
    EXPECT_EQ(bound(), "0");
}

TEST_F(Bind, AStrongReferenceToNothingFailsByName)
{
    test.add(library("a"));
    refer(STT_FUNC);
    EXPECT_EQ(bound(),
              "/prog: relocation at offset 0x20c00: x: symbol not found");
}

TEST_F(Bind, AMissingSymbolOfALibraryNamesTheLibrary)
{
    ElfBuilder a = library("a");
    a.undefined("gone", STT_FUNC).reloc(8, R_386_32, "gone");
    test.add(a);
    EXPECT_EQ(test.link(), "/boot/system/lib/a: relocation at offset "
                           "0x20c08: gone: symbol not found");
}

TEST_F(Bind, UndefinedAndLocalSymbolsOfOthersDoNotCount)
{
    ElfBuilder a = library("a");
    a.undefined("x", STT_OBJECT, STB_WEAK);
    test.add(a);
    ElfBuilder b = library("b").object("x", 4);
    b.symbols.back().bind = STB_LOCAL;
    test.add(b);
    test.add(library("c").object("x", 8));
    refer(STT_OBJECT);
    EXPECT_EQ(bound(), "c+8");
}

TEST_F(Bind, UniqueSymbolsAreGlobal)
{
    ElfBuilder a = library("a").object("x", 4);
    a.symbols.back().bind = STB_GNU_UNIQUE;
    test.add(a);
    refer(STT_OBJECT);
    EXPECT_EQ(bound(), "a+4");
}

TEST_F(Bind, ALocalReferenceIsToItself)
{
    test.program.object("x", 12);
    test.program.symbols.back().bind = STB_LOCAL;
    test.program.reloc(0, R_386_32, "x", 2);
    test.add(library("a").object("x", 4));
    EXPECT_EQ(bound(), "prog+14");
}

/* ---- types ---- */

TEST_F(Bind, TypesMustAgreeButAnObjectMayBeAFunction)
{
    struct {
        uint8_t wanted, found;
        const char *result;
    } rows[] = {
        {STT_NOTYPE, STT_OBJECT, "a+4"},
        {STT_NOTYPE, STT_FUNC, "a+4"},
        {STT_OBJECT, STT_OBJECT, "a+4"},
        {STT_OBJECT, STT_FUNC, "a+4"},
        {STT_FUNC, STT_FUNC, "a+4"},
        {STT_FUNC, STT_OBJECT,
         "/prog: relocation at offset 0x20c00: x: symbol not found"},
        {STT_FUNC, STT_GNU_IFUNC,
         "/prog: relocation at offset 0x20c00: x: symbol not found"},
        {STT_OBJECT, STT_NOTYPE,
         "/prog: relocation at offset 0x20c00: x: symbol is of another type"},
        {STT_TLS, STT_OBJECT,
         "/prog: relocation at offset 0x20c00: x: symbol is of another type"},
    };
    for (const auto &row : rows) {
        Binding one;
        ElfBuilder a = library("a").object("x", 4);
        a.symbols.back().type = row.found;
        one.test.add(a);
        one.refer(row.wanted);
        EXPECT_EQ(one.bound(), row.result)
            << (int)row.wanted << " " << (int)row.found;
    }
}

/* ---- symbolic ---- */

TEST_F(Bind, ASymbolicLibraryLooksIntoItselfFirst)
{
    for (int kind = 0; kind < 3; kind++) {
        LinkCase one;
        ElfBuilder a = library("a").object("x", 4);
        a.reloc(0, R_386_GLOB_DAT, "x");
        if (kind == 1)
            a.tags = {{DT_FLAGS, DF_SYMBOLIC}};
        if (kind == 2)
            a.tags = {{DT_SYMBOLIC, 0}};
        one.add(a);
        one.program.object("x", 8);
        ASSERT_EQ(one.link(), "");
        EXPECT_EQ(one.host.load(one.at(1, a.data_at(0))),
                  kind == 0 ? one.at(0, one.program.data_at(8))
                            : one.at(1, a.data_at(4)));
    }
}

TEST_F(Bind, ItsOwnWeakDefinitionIsTheLastResort)
{
    for (bool has_other : {false, true}) {
        LinkCase one;
        ElfBuilder a = library("a").object("x", 4).weak();
        a.reloc(0, R_386_GLOB_DAT, "x");
        a.tags = {{DT_SYMBOLIC, 0}};
        one.add(a);
        ElfBuilder b = library("b").object("x", 8);
        if (has_other)
            one.add(b);
        ASSERT_EQ(one.link(), "");
        EXPECT_EQ(one.host.load(one.at(1, a.data_at(0))),
                  has_other ? one.at(2, b.data_at(8))
                            : one.at(1, a.data_at(4)));
    }
}

/* ---- versions ---- */

/* A library with x in version V1 (hidden) at 4, V2 (default) at 8. */
static ElfBuilder versioned()
{
    ElfBuilder a = library("a");
    a.versions = {"V1", "V2"};
    a.object("x", 4).version("V1", "", true);
    a.object("x", 8).version("V2");
    return a;
}

TEST_F(Bind, AVersionIsBoundToThatVersion)
{
    for (bool has_gnu_hash : {false, true}) {
        for (const char *version : {"V1", "V2"}) {
            Binding one;
            ElfBuilder a = versioned();
            a.has_gnu_hash = has_gnu_hash;
            one.test.add(a);
            one.refer(STT_OBJECT);
            one.test.program.version(version, "a");
            EXPECT_EQ(one.bound(),
                      version == std::string("V1") ? "a+4" : "a+8");
        }
    }
}

TEST_F(Bind, AVersionThatIsMissingIsNamed)
{
    test.add(versioned());
    refer(STT_OBJECT);
    test.program.version("V3", "a");
    EXPECT_EQ(bound(), "/prog: a@V3: version not found");
}

TEST_F(Bind, ASymbolMissingInAVersionIsNamedWithIt)
{
    ElfBuilder a = library("a");
    a.versions = {"V1", "V2"};
    a.object("x", 4).version("V1");
    test.add(a);
    refer(STT_OBJECT);
    test.program.version("V2", "a");
    EXPECT_EQ(bound(), "/prog: relocation at offset 0x20c00: x@V2: symbol "
                       "not found");
}

TEST_F(Bind, AVersionOfALibraryThatIsNotNeededIsAnError)
{
    refer(STT_OBJECT);
    test.program.version("V1", "elsewhere");
    EXPECT_EQ(bound(), "/prog: elsewhere@V1: library not found");
}

TEST_F(Bind, ALibraryWithoutVersionsDoesNotSatisfyThem)
{
    /* It is the very library, in an older build. */
    test.add(library("a").object("x", 4));
    refer(STT_OBJECT);
    test.program.version("V1", "a");
    EXPECT_EQ(bound(), "/prog: relocation at offset 0x20c00: x@V1: symbol "
                       "not found");
}

TEST_F(Bind, AnotherLibraryWithoutVersionsDoes)
{
    test.add(library("b").object("x", 12));
    test.add(versioned());
    refer(STT_OBJECT);
    test.program.version("V1", "a");
    EXPECT_EQ(bound(), "b+12");
}

TEST_F(Bind, APublicBaseVersionDoes)
{
    ElfBuilder b = versioned();
    b.soname = "b";
    b.symbols.clear();
    b.object("x", 16);
    test.add(b);
    test.add(versioned());
    refer(STT_OBJECT);
    test.program.version("V1", "a");
    EXPECT_EQ(bound(), "b+16");
}

TEST_F(Bind, WithoutAVersionTheBaseOrFirstOneIsMeant)
{
    test.add(versioned());
    refer(STT_OBJECT);
    /* V1 is number 2, the first there is: what old programs were built
     * against. */
    EXPECT_EQ(bound(), "a+4");
}

TEST_F(Bind, WithoutAVersionTheOnlyPublicOneDoes)
{
    ElfBuilder a = library("a");
    a.versions = {"V1", "V2", "V3"};
    a.object("x", 4).version("V2", "", true);
    a.object("x", 8).version("V3");
    test.add(a);
    refer(STT_OBJECT);
    EXPECT_EQ(bound(), "a+8");
}

TEST_F(Bind, WithoutAVersionTwoPublicOnesAreNone)
{
    ElfBuilder a = library("a");
    a.versions = {"V1", "V2", "V3"};
    a.object("x", 4).version("V2");
    a.object("x", 8).version("V3");
    test.add(a);
    refer(STT_OBJECT, STB_WEAK);
    EXPECT_EQ(bound(), "0");
}

/* ---- functions of a fixed program ---- */

TEST_F(Bind, AFunctionsAddressIsTheProgramsStandIn)
{
    LinkCase one;
    one.program.base = 0x400000;
    one.program.type = ET_EXEC;
    one.program.entry = one.program.text_at();
    ElfBuilder a = library("a").function("f");
    a.reloc(0, R_386_GLOB_DAT, "f");
    a.plt_relocs.push_back({a.data_at(4), R_386_JMP_SLOT, "f"});
    one.add(a);
    one.program.undefined("f", STT_FUNC);
    one.program.symbols.back().value = one.program.text_at(16);
    one.program.plt_relocs.push_back(
        {one.program.data_at(0), R_386_JMP_SLOT, "f"});
    one.program.reloc(4, R_386_32, "f");
    ASSERT_EQ(one.link(), "");
    uint64_t real = one.at(1, a.text_at()), other = one.program.text_at(16);
    EXPECT_EQ(one.host.load(one.at(1, a.data_at(0))), other);
    EXPECT_EQ(one.host.load(one.at(1, a.data_at(4))), real);
    EXPECT_EQ(one.word(0), real);
    EXPECT_EQ(one.word(4), other);
}

/* ---- hostile tables ---- */

TEST_F(Bind, ASymbolNumberOutOfRangeIsAnError)
{
    test.program.has_sections = false;
    test.program.reloc(0, R_386_32, "");
    Bytes bytes = test.program.build();
    Bytes record = {0x00, 0x0c, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00};
    auto at =
        std::search(bytes.begin(), bytes.end(), record.begin(), record.end());
    ASSERT_NE(at, bytes.end());
    at[5] = 0xff; /* symbol 255 */
    test.host.files["/prog"] = bytes;
    EXPECT_EQ(test.link(),
              "/prog: symbol: number out of range (found 0xff, expected 0x1)");
}
