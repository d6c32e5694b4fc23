/* lookup_test.cc -- symbols by name. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

TEST(Hashes, AreThoseOfTheSpecifications)
{
    /* gABI: printf; GNU: the empty string and well-known names. */
    EXPECT_EQ(eld_hash_name(""), 0u);
    EXPECT_EQ(eld_hash_name("printf"), 0x077905a6u);
    EXPECT_EQ(eld_hash_name("exit"), 0x0006cf04u);
    EXPECT_EQ(eld_hash_name("syscall"), 0x0b09985cu);
    EXPECT_EQ(eld_gnu_hash_name(""), 0x00001505u);
    EXPECT_EQ(eld_gnu_hash_name("printf"), 0x156b2bb8u);
    EXPECT_EQ(eld_gnu_hash_name("exit"), 0x7c967e3fu);
    EXPECT_EQ(eld_gnu_hash_name("syscall"), 0xbac212a0u);
}

/* Both hashes, each in the four kinds of file. */
class Lookup : public testing::TestWithParam<std::tuple<Kind, bool>>
{
  protected:
    void SetUp() override
    {
        builder = builder_of(std::get<0>(GetParam()));
        builder.has_gnu_hash = std::get<1>(GetParam());
        builder.has_hash = !builder.has_gnu_hash;
    }
    void open(const Bytes &bytes)
    {
        file = std::make_unique<Opened>(bytes);
        ASSERT_EQ(eld_read_dynamic(file->get(), &dynamic, &file->fault), 0)
            << file->line();
    }
    /* Value of a symbol, or the (negative) error. */
    int64_t find(const std::string &name)
    {
        eld_symbol symbol;
        int error = eld_find_symbol(file->get(), &dynamic, name.c_str(),
                                    &symbol, &file->fault);
        return error < 0 ? error : (int64_t)symbol.value;
    }
    int count(const char *text)
    {
        eld_name name = eld_name_of(text);
        eld_match_cursor cursor = {};
        eld_symbol symbol;
        int found, matches = 0;
        while ((found = eld_next_match(file->get(), &dynamic, &name, &cursor,
                                       &symbol, &file->fault)) == 1)
            matches++;
        return found < 0 ? found : matches;
    }

    ElfBuilder builder;
    std::unique_ptr<Opened> file;
    eld_dynamic dynamic;
};

INSTANTIATE_TEST_SUITE_P(
    All, Lookup,
    testing::Combine(testing::Values(Kind{false, false}, Kind{true, false},
                                     Kind{false, true}, Kind{true, true}),
                     testing::Bool()));

TEST_P(Lookup, EveryDefinedSymbolIsFound)
{
    builder.text_offset = 0x1800;
    builder.data_offset = 0x1c00;
    for (uint64_t i = 0; i < 30; i++)
        builder.object("symbol" + std::to_string(i), i);
    builder.undefined("missing", STT_FUNC);
    open(builder.build());
    for (uint64_t i = 0; i < 30; i++)
        EXPECT_EQ(find("symbol" + std::to_string(i)),
                  (int64_t)builder.data_at(i));
    EXPECT_EQ(find("symbol30"), ELD_ERR_NOT_FOUND);
    EXPECT_EQ(file->line(), "symbol: symbol30: not found");
    EXPECT_EQ(find("missing"), ELD_ERR_NOT_FOUND);
    EXPECT_EQ(find(""), ELD_ERR_NOT_FOUND);
    EXPECT_EQ(eld_count_symbols(file->get(), &dynamic), 32u);
    file->elf.section_count = 0;
    EXPECT_EQ(eld_count_symbols(file->get(), &dynamic), 32u);
}

TEST_P(Lookup, AllVersionsOfANameAreMatches)
{
    builder.versions = {"V1", "V2"};
    builder.object("x", 4).version("V1", "", true);
    builder.object("x", 8).version("V2");
    builder.object("y", 12);
    open(builder.build());
    EXPECT_EQ(count("x"), 2);
    EXPECT_EQ(count("y"), 1);
    EXPECT_EQ(count("z"), 0);
    EXPECT_EQ(find("x"), (int64_t)builder.data_at(8));
}

TEST_P(Lookup, LocalSymbolsAreNotExported)
{
    builder.object("x", 4);
    builder.symbols.back().bind = STB_LOCAL;
    open(builder.build());
    EXPECT_EQ(find("x"), ELD_ERR_NOT_FOUND);
}

TEST_P(Lookup, ATableOfNothingFindsNothing)
{
    open(builder.build());
    EXPECT_EQ(find("x"), ELD_ERR_NOT_FOUND);
    dynamic.hash.bucket_count = 0;
    dynamic.gnu_hash.bucket_count = 0;
    EXPECT_EQ(find("x"), ELD_ERR_NOT_FOUND);
    dynamic.hash.address = dynamic.gnu_hash.address = ELD_NONE;
    EXPECT_EQ(find("x"), ELD_ERR_NOT_FOUND);
}

TEST_P(Lookup, ACircleEnds)
{
    builder.object("x", 4).object("y", 8);
    Bytes bytes = builder.build();
    open(bytes);
    if (builder.has_gnu_hash) {
        /* No last entry anywhere. */
        for (size_t i = (size_t)dynamic.gnu_hash.chains;
             i < builder.text_offset; i++)
            bytes[i] &= 0xfe;
        open(bytes);
        EXPECT_GE(count("nothing"), 0);
        EXPECT_GE(eld_count_symbols(file->get(), &dynamic), 2u);
    } else {
        for (uint64_t i = 0; i < dynamic.hash.bucket_count; i++)
            bytes[dynamic.hash.buckets + 4 * i + (builder.is_big ? 3 : 0)] = 1;
        bytes[dynamic.hash.chains + 4 + (builder.is_big ? 3 : 0)] = 2;
        bytes[dynamic.hash.chains + 8 + (builder.is_big ? 3 : 0)] = 1;
        open(bytes);
        EXPECT_EQ(count("nothing"), ELD_ERR_LOOP);
        EXPECT_EQ(find("nothing"), ELD_ERR_LOOP);
        bytes[dynamic.hash.chains + 8 + (builder.is_big ? 3 : 0)] = 77;
        open(bytes);
        EXPECT_EQ(count("nothing"), ELD_ERR_RANGE);
        EXPECT_EQ(file->line(), "symbol in DT_HASH: number out of range "
                                "(found 0x4d, expected 0x3)");
    }
}

TEST_P(Lookup, AnySymbolNumberInAHashIsSurvived)
{
    builder.object("x", 4).object("y", 8);
    Bytes bytes = builder.build();
    open(bytes);
    size_t start = (size_t)(builder.has_gnu_hash ? dynamic.gnu_hash.filter - 16
                                                 : dynamic.hash.buckets - 8);
    for (size_t i = start; i < start + 60; i++) {
        for (int value : {0, 1, 0x7f, 0x80, 0xff}) {
            Bytes changed = bytes;
            changed[i] = (uint8_t)value;
            Opened other(changed);
            eld_symbol symbol;
            if (eld_read_dynamic(other.get(), &dynamic, nullptr) < 0)
                continue;
            eld_find_symbol(other.get(), &dynamic, "x", &symbol, nullptr);
            eld_find_symbol(other.get(), &dynamic, "z", &symbol, nullptr);
            eld_count_symbols(other.get(), &dynamic);
        }
    }
}

TEST_P(Lookup, ChainsHaveEverySymbolOnce)
{
    for (int i = 0; i < 40; i++)
        builder.function("function" + std::to_string(i), (uint64_t)i);
    builder.text_offset = 0x2000;
    builder.data_offset = 0x2400;
    open(builder.build());
    eld_hash_kind kind = std::get<1>(GetParam()) ? ELD_HASH_GNU : ELD_HASH_SYSV;
    eld_chain_cursor cursor = {};
    uint64_t length, sum = 0, buckets = 0;
    while (eld_next_chain(file->get(), &dynamic, kind, &cursor, &length,
                          &file->fault) == 1) {
        sum += length;
        buckets++;
    }
    EXPECT_EQ(sum, 40u);
    EXPECT_EQ(buckets, std::get<1>(GetParam()) ? dynamic.gnu_hash.bucket_count
                                               : dynamic.hash.bucket_count);
    cursor = {};
    kind = kind == ELD_HASH_GNU ? ELD_HASH_SYSV : ELD_HASH_GNU;
    EXPECT_EQ(eld_next_chain(file->get(), &dynamic, kind, &cursor, &length,
                             &file->fault),
              0);
}

TEST(Chains, ThatDoNotEndAreAFault)
{
    ElfBuilder builder;
    builder.function("a").function("b");
    Bytes bytes = builder.build();
    Opened good(bytes);
    eld_dynamic dynamic;
    ASSERT_EQ(eld_read_dynamic(good.get(), &dynamic, nullptr), 0);
    for (uint32_t i = 0; i < dynamic.hash.chain_count; i++)
        bytes[dynamic.hash.chains + 4 * i] = 1; /* each leads to symbol 1 */
    Opened file(bytes);
    ASSERT_EQ(eld_read_dynamic(file.get(), &dynamic, nullptr), 0);
    eld_chain_cursor cursor = {};
    uint64_t length;
    int found;
    while ((found = eld_next_chain(file.get(), &dynamic, ELD_HASH_SYSV, &cursor,
                                   &length, &file.fault)) == 1)
        continue;
    EXPECT_EQ(found, ELD_ERR_LOOP);
    EXPECT_NE(file.line().find("DT_HASH"), std::string::npos);
}
