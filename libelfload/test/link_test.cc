/* link_test.cc -- programs, libraries and the loader as a whole. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

TEST(Link, ImagesAreDescribedAsHaikuWantsThemRegistered)
{
    LinkCase test;
    ElfBuilder a = library("liba.so");
    a.object("_gSharedObjectHaikuABI", 0)
        .object("_gSharedObjectHaikuVersion", 4);
    a.words = {{0, ELD_ABI_GCC4}, {4, 0x900}};
    a.bss_size = 0x2000;
    a.tags = {{DT_INIT, 0x123}, {DT_FINI, 0x456}};
    test.add(a);
    ASSERT_EQ(test.link(), "");
    const eld_image &program = test.result->images[0];
    const eld_image &image = test.result->images[1];
    EXPECT_STREQ(program.path, "/prog");
    EXPECT_STREQ(program.name, "prog");
    EXPECT_EQ(program.type, ELD_IMAGE_APP);
    EXPECT_EQ(program.entry, test.result->entry);
    EXPECT_STREQ(image.path, "/boot/system/lib/liba.so");
    EXPECT_STREQ(image.name, "liba.so");
    EXPECT_EQ(image.type, ELD_IMAGE_LIBRARY);
    EXPECT_EQ(image.entry, 0u);
    EXPECT_EQ(image.text, image.delta);
    EXPECT_EQ(image.text_size, 0x11000u);
    EXPECT_EQ(image.data, image.delta + 0x20000);
    EXPECT_EQ(image.data_size, 0x3000u);
    EXPECT_EQ(image.init, image.delta + 0x123);
    EXPECT_EQ(image.fini, image.delta + 0x456);
    EXPECT_EQ(image.abi, (uint32_t)ELD_ABI_GCC4);
    EXPECT_EQ(image.api_version, 0x900u);
    EXPECT_EQ(image.dynamic, image.delta + a.data_at(a.data_size));
    EXPECT_EQ(image.region_count, 4u);
    /* The tables can be followed in memory. */
    EXPECT_EQ(test.host.load(image.symbol_hash + 4), 3u);
    EXPECT_EQ(test.host.load(image.symbol_table, 8), 0u);
    uint64_t name = test.host.load(image.symbol_table + 16);
    EXPECT_EQ(test.host.load(image.string_table + name, 8),
              test.host.load(image.string_table + name, 8));
    EXPECT_EQ(test.host.load(image.string_table + name, 4) & 0xffffff,
              (uint64_t)('_' | 'g' << 8 | 'S' << 16));
}

TEST(Link, SymbolsCanBeAskedForAfterwards)
{
    LinkCase test;
    test.add(library("a").object("x", 4));
    test.add(library("b").object("x", 8).object("y", 12));
    ASSERT_EQ(test.link(), "");
    uint64_t address = 0;
    EXPECT_EQ(eld_find_program_symbol(test.result, "x", &address), 0);
    EXPECT_EQ(address, test.at(1, test.program.data_at(4)));
    EXPECT_EQ(eld_find_image_symbol(test.result, 2, "x", &address), 0);
    EXPECT_EQ(address, test.at(2, test.program.data_at(8)));
    EXPECT_EQ(eld_find_program_symbol(test.result, "z", &address),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(eld_find_image_symbol(test.result, 1, "y", &address),
              ELD_ERR_NOT_FOUND);
    EXPECT_EQ(eld_find_image_symbol(test.result, 3, "y", &address),
              ELD_ERR_INVALID);
}

TEST(Link, AnAddressBelongsToAnImageAndASymbol)
{
    LinkCase test;
    ElfBuilder a = library("a");
    a.text = Bytes(64, 0xc3);
    a.function("f", 8).function("g", 16);
    test.add(a);
    ASSERT_EQ(test.link(), "");
    eld_place place;
    ASSERT_EQ(eld_find_place(test.result, test.at(1, a.text_at(20)), &place),
              0);
    EXPECT_EQ(place.image, 1u);
    EXPECT_STREQ(place.symbol, "g");
    EXPECT_EQ(place.offset, 4u);
    ASSERT_EQ(eld_find_place(test.result, test.at(1, a.text_at(15)), &place),
              0);
    EXPECT_STREQ(place.symbol, "f");
    ASSERT_EQ(eld_find_place(test.result, test.at(1, a.text_at(7)), &place), 0);
    EXPECT_EQ(place.symbol, nullptr);
    EXPECT_EQ(place.offset, a.text_at(7));
    EXPECT_EQ(eld_find_place(test.result, 0x10, &place), ELD_ERR_NOT_FOUND);
}

TEST(Link, FailuresNameTheFile)
{
    LinkCase missing;
    missing.host.files["/other"] = {};
    missing.request.program = "/none";
    EXPECT_EQ(missing.link(),
              "/none: open: the host refused (No such file or directory)");

    LinkCase empty;
    empty.host.files["/prog"] = {};
    EXPECT_EQ(empty.link(), "/prog: empty file");
}

TEST(Link, WithoutAFaultFailuresAreTheSame)
{
    LinkCase test;
    test.program.needed = {"none"};
    test.host.files["/prog"] = test.program.build();
    eld_host ops = test.host.host();
    EXPECT_EQ(eld_link_program(&ops, &test.request, &test.result, nullptr),
              ELD_ERR_NO_LIBRARY);
    EXPECT_EQ(test.host.open_count, 0);
}

TEST(Link, AnX86ProgramOf64BitsIsLinkedForItsTarget)
{
    LinkCase test;
    ElfBuilder a(true);
    a.soname = "a";
    a.object("x", 8, 8);
    test.program = ElfBuilder(true);
    test.program.entry = test.program.text_at();
    test.request.target = eld_target_of(EM_X86_64);
    test.program.undefined("x", STT_OBJECT);
    test.program.reloc(0, R_X86_64_GLOB_DAT, "x");
    test.add(a);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.word(0, 8), test.at(1, a.data_at(8)));
}

TEST(Link, FreeingNothingIsFine)
{
    eld_program_free(nullptr);
}

/* ---- runtime_loader ---- */

static ElfBuilder runtime_loader()
{
    ElfBuilder builder = library("runtime_loader");
    builder.text = Bytes(64, 0xc3);
    builder.function("runtime_loader", 0).object("variable", 0x10);
    builder.entry = builder.text_at();
    builder.bss_size = 0x2000;
    builder.tags = {{DT_SYMBOLIC, 0}};
    builder.reloc(0, R_386_RELATIVE, "", 0x77)
        .reloc(4, R_386_GLOB_DAT, "variable")
        .reloc(8, R_386_32, "variable", 2);
    builder.plt_relocs.push_back(
        {builder.data_at(12), R_386_JMP_SLOT, "runtime_loader"});
    return builder;
}

TEST(RuntimeLoader, IsLoadedAsTheKernelDoes)
{
    const char *path = "/boot/system/runtime_loader";
    LinkCase test;
    ElfBuilder builder = runtime_loader();
    builder.needed = {"nothing.so"};
    test.host.shift = 0x3000;
    test.host.files[path] = builder.build();
    ASSERT_EQ(test.load_runtime_loader(path), "");
    EXPECT_EQ(test.host.names(), "runtime_loader_seg0ro runtime_loader_seg1ro "
                                 "runtime_loader_seg2rw runtime_loader_bss2");
    ASSERT_EQ(test.result->image_count, 1u);
    const eld_image &image = test.result->images[0];
    EXPECT_EQ(image.type, ELD_IMAGE_LIBRARY);
    EXPECT_STREQ(image.path, path);
    EXPECT_EQ(test.result->entry, test.at(0, builder.text_at()));
    EXPECT_EQ(test.result->init_count, 0u);
    EXPECT_EQ(test.host.load(test.at(0, builder.data_at(0))),
              image.delta + 0x77);
    EXPECT_EQ(test.host.load(test.at(0, builder.data_at(4))),
              test.at(0, builder.data_at(0x10)));
    EXPECT_EQ(test.host.load(test.at(0, builder.data_at(8))),
              test.at(0, builder.data_at(0x10)) + 2);
    EXPECT_EQ(test.host.load(test.at(0, builder.data_at(12))),
              test.at(0, builder.text_at()));
    /* The kernel tells of the last segment of each kind. */
    EXPECT_EQ(image.text, image.delta + 0x10000);
    EXPECT_EQ(image.text_size, 0x1000u);
    EXPECT_EQ(image.data, image.delta + 0x20000);
    EXPECT_EQ(image.data_size, 0x3000u);
    EXPECT_EQ(test.host.prot_at(image.text),
              (unsigned)(GM_PROT_READ | GM_PROT_EXEC));
}

TEST(RuntimeLoader, IsPlacedAtOrAboveItsOwnAddress)
{
    LinkCase test;
    ElfBuilder builder = runtime_loader();
    builder.base = 0x1000000;
    builder.entry = builder.text_at();
    builder.symbols.clear();
    builder.relocs.clear();
    builder.plt_relocs.clear();
    test.host.files["/rld"] = builder.build();
    test.host.shift = 0x5000;
    ASSERT_EQ(test.load_runtime_loader("/rld"), "");
    EXPECT_EQ(test.result->images[0].delta, 0x5000u);
}

TEST(RuntimeLoader, IsBoundToNothingButItself)
{
    LinkCase test;
    ElfBuilder builder = runtime_loader();
    builder.undefined("elsewhere", STT_FUNC);
    builder.reloc(16, R_386_GLOB_DAT, "elsewhere");
    test.host.files["/rld"] = builder.build();
    EXPECT_EQ(test.load_runtime_loader("/rld"),
              "/rld: relocation at offset 0x20c10: elsewhere: symbol not "
              "found");
}

TEST(RuntimeLoader, ItsFaultsNameIt)
{
    LinkCase test;
    EXPECT_EQ(test.load_runtime_loader("/rld"),
              "/rld: open: the host refused (No such file or directory)");
    test.host.files["/rld"] = {1, 2, 3};
    EXPECT_EQ(test.load_runtime_loader("/rld"), "/rld: not an ELF file");
}
