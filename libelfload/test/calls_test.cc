/* calls_test.cc -- functions called before and after a program. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

/* "image:offset in its text", with ! when it takes the image's id. */
static std::string text(const LinkCase &test, const eld_call *calls,
                        uint32_t count)
{
    std::string result;
    for (uint32_t i = 0; i < count; i++) {
        const eld_image &image = test.result->images[calls[i].image];
        uint64_t start =
            image.delta + ElfBuilder::kText + test.program.text_offset;
        result += (i == 0 ? "" : " ") + std::string(image.name) + ":" +
                  std::to_string(calls[i].address - start) +
                  (calls[i].takes_image_id ? "!" : "");
    }
    return result;
}

static std::string init(const LinkCase &test)
{
    return text(test, test.result->init, test.result->init_count);
}

static std::string fini(const LinkCase &test)
{
    return text(test, test.result->fini, test.result->fini_count);
}

/* Arrays of two functions each, at offsets 10, 11 and 20, 21 of text. */
static void add_everything(ElfBuilder &builder)
{
    builder.text = Bytes(64, 0xc3);
    builder.function("initialize_before", 1)
        .function("initialize_after", 2)
        .function("terminate_before", 3)
        .function("terminate_after", 4);
    builder.tags = {
        {DT_INIT, builder.text_at(5)},       {DT_FINI, builder.text_at(6)},
        {DT_INIT_ARRAY, builder.data_at(0)}, {DT_INIT_ARRAYSZ, 8},
        {DT_FINI_ARRAY, builder.data_at(8)}, {DT_FINI_ARRAYSZ, 8}};
    uint64_t offsets[] = {10, 11, 20, 21};
    for (uint64_t i = 0; i < 4; i++)
        builder.reloc(4 * i, R_386_RELATIVE, "",
                      (int64_t)builder.text_at(offsets[i]));
}

TEST(Calls, AreInHaikusOrder)
{
    LinkCase test;
    ElfBuilder a = library("a");
    add_everything(a);
    add_everything(test.program);
    test.program.tags.push_back({DT_PREINIT_ARRAY, test.program.data_at(4)});
    test.program.tags.push_back({DT_PREINIT_ARRAYSZ, 4});
    test.add(a);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(init(test), "prog:11 a:1! a:5! a:10 a:11 a:2! "
                          "prog:1! prog:5! prog:10 prog:11 prog:2!");
    EXPECT_EQ(fini(test), "prog:3! prog:21 prog:20 prog:6! prog:4! "
                          "a:3! a:21 a:20 a:6! a:4!");
}

TEST(Calls, APreinitArrayIsTheProgramsAlone)
{
    LinkCase test;
    ElfBuilder a = library("a");
    a.tags = {{DT_PREINIT_ARRAY, a.data_at(0)}, {DT_PREINIT_ARRAYSZ, 4}};
    test.add(a);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(init(test), "");
    EXPECT_EQ(fini(test), "");
}

TEST(Calls, NamesThatAreNoFunctionsAreNotCalled)
{
    LinkCase test;
    test.program.object("initialize_before", 0);
    test.program.undefined("terminate_after", STT_FUNC, STB_WEAK);
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(init(test), "");
    EXPECT_EQ(fini(test), "");
}

TEST(Calls, AStaticProgramHasNone)
{
    LinkCase test;
    test.program.is_dynamic = false;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->init_count, 0u);
    EXPECT_EQ(test.result->fini_count, 0u);
}

TEST(Calls, ArraysMustBeDataOfTheFile)
{
    struct {
        int64_t tag;
        uint64_t address, size;
    } rows[] = {
        {DT_INIT_ARRAY, 0x5000000, 4},    {DT_FINI_ARRAY, 0x5000000, 4},
        {DT_PREINIT_ARRAY, 0x5000000, 4}, {DT_INIT_ARRAY, 0x20c00, 0xfffffffc},
        {DT_INIT_ARRAY, 0x21000, 0x1000}, /* bss */
    };
    for (const auto &row : rows) {
        LinkCase test;
        int64_t size_tag =
            row.tag == DT_PREINIT_ARRAY ? DT_PREINIT_ARRAYSZ : row.tag + 2;
        test.program.bss_size = 0x4000;
        test.program.tags = {{row.tag, row.address}, {size_tag, row.size}};
        EXPECT_EQ(test.link(), "/prog: array of functions: address is in no "
                               "segment of the file");
    }
}

TEST(Calls, ManyFunctionsAreListed)
{
    LinkCase test;
    test.program.data_size = 0x1000;
    test.program.tags = {{DT_INIT_ARRAY, test.program.data_at(0)},
                         {DT_INIT_ARRAYSZ, 0x1000}};
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->init_count, 0x400u);
}
