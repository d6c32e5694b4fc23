/* depend_test.cc -- what is loaded, and in which order. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/link_case.h"

/* A library that needs others. */
static ElfBuilder needing(const std::string &soname,
                          std::vector<std::string> needed)
{
    ElfBuilder builder = library(soname);
    builder.needed = std::move(needed);
    return builder;
}

/* Names of the images in the order in which they are initialized. */
static std::string init_order(const LinkCase &test)
{
    std::vector<std::string> names(test.result->image_count, "?");
    std::string text;
    for (uint32_t i = 0; i < test.result->image_count; i++)
        names[test.result->images[i].init_order] = test.result->images[i].name;
    for (const auto &name : names)
        text += (text.empty() ? "" : " ") + name;
    return text;
}

struct GraphRow {
    const char *name;
    std::map<std::string, std::vector<std::string>> libraries;
    std::vector<std::string> needed; /* by the program */
    const char *load, *init;
};

static const GraphRow graph_rows[] = {
    {"Alone", {}, {}, "prog", "prog"},
    {"Chain",
     {{"a", {"b"}}, {"b", {"c"}}, {"c", {}}},
     {"a"},
     "prog a b c",
     "c b a prog"},
    {"Diamond",
     {{"a", {"c"}}, {"b", {"c"}}, {"c", {}}},
     {"a", "b"},
     "prog a b c",
     "c a b prog"},
    {"BreadthFirst",
     {{"a", {"d"}}, {"b", {"e"}}, {"d", {}}, {"e", {}}},
     {"a", "b"},
     "prog a b d e",
     "d a e b prog"},
    {"Circle", {{"a", {"b"}}, {"b", {"a"}}}, {"a"}, "prog a b", "b a prog"},
    {"Itself", {{"a", {"a"}}}, {"a"}, "prog a", "a prog"},
    {"TheProgram", {{"a", {"prog"}}}, {"a"}, "prog a", "a prog"},
    {"Twice", {{"a", {}}}, {"a", "a"}, "prog a", "a prog"},
};

class Graph : public testing::TestWithParam<GraphRow>
{
};

TEST_P(Graph, IsLoadedBreadthFirstAndInitializedFromItsLeaves)
{
    LinkCase test;
    for (const auto &entry : GetParam().libraries)
        test.host.files["/boot/system/lib/" + entry.first] =
            needing(entry.first, entry.second).build();
    test.program.needed = GetParam().needed;
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.images(), GetParam().load);
    EXPECT_EQ(init_order(test), GetParam().init);
    EXPECT_EQ(test.result->images[0].needed_count, GetParam().needed.size());
}

INSTANTIATE_TEST_SUITE_P(All, Graph, testing::ValuesIn(graph_rows),
                         [](const auto &info) {
                             return std::string(info.param.name);
                         });

TEST(Depend, ALongChainNeedsNoStack)
{
    LinkCase test;
    const int count = ELD_IMAGES_MAX - 1;
    for (int i = 0; i < count; i++)
        test.host.files["/boot/system/lib/" + std::to_string(i)] =
            needing(std::to_string(i),
                    i + 1 < count
                        ? std::vector<std::string>{std::to_string(i + 1)}
                        : std::vector<std::string>{})
                .build();
    test.program.needed = {"0"};
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.result->image_count, (uint32_t)ELD_IMAGES_MAX);
    EXPECT_EQ(test.result->images[count].init_order, 0u);
}

TEST(Depend, TooManyImagesAreRefused)
{
    LinkCase test;
    for (int i = 0; i < ELD_IMAGES_MAX; i++)
        test.host.files["/boot/system/lib/" + std::to_string(i)] =
            needing("", {std::to_string(i + 1)}).build();
    test.program.needed = {"0"};
    EXPECT_EQ(test.link(), "/boot/system/lib/1023: too many images");
}

TEST(Depend, OneFileUnderTwoNamesIsOneImage)
{
    LinkCase test;
    test.host.files["/boot/system/lib/real.so"] = library("").build();
    test.host.links["/boot/system/lib/other.so"] = "/boot/system/lib/real.so";
    test.program.needed = {"other.so", "real.so"};
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.images(), "prog real.so");
    EXPECT_EQ(test.result->images[0].needed[0], 1u);
    EXPECT_EQ(test.result->images[0].needed[1], 1u);
    eld_program_free(test.result);
    test.result = nullptr;
    EXPECT_EQ(test.host.open_count, 0);
}

TEST(Depend, ASonameIsAName)
{
    LinkCase test;
    test.host.files["/boot/system/lib/file.so"] = library("libname.so").build();
    test.host.files["/boot/system/lib/b.so"] =
        needing("b.so", {"libname.so"}).build();
    test.program.needed = {"file.so", "b.so"};
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.images(), "prog libname.so b.so");
}

TEST(Depend, PreloadedLibrariesComeFirst)
{
    LinkCase test;
    for (const char *name : {"a", "b", "p", "q"})
        test.host.files["/boot/system/lib/" + std::string(name)] =
            library(name).build();
    test.host.files["/x/r"] = library("r").build();
    test.program.needed = {"a", "b"};
    test.request.preload = " p\t/x/r \n q ";
    ASSERT_EQ(test.link(), "");
    EXPECT_EQ(test.images(), "prog p r q a b");
    EXPECT_EQ(init_order(test), "p r q a b prog");

    LinkCase missing;
    missing.request.preload = "none";
    EXPECT_EQ(missing.link(), "/prog: none: library not found");

    LinkCase blank;
    blank.request.preload = "  ";
    EXPECT_EQ(blank.link(), "");

    LinkCase longer;
    std::string name(5000, 'x');
    longer.request.preload = name.c_str();
    EXPECT_EQ(longer.link(), ": name is too long");
}

TEST(Depend, AMissingLibraryNamesWhoNeedsIt)
{
    LinkCase test;
    test.host.files["/boot/system/lib/a"] = needing("a", {"gone"}).build();
    test.program.needed = {"a"};
    EXPECT_EQ(test.link(), "/boot/system/lib/a: gone: library not found");
}

TEST(Depend, ABrokenLibraryIsNamed)
{
    LinkCase test;
    test.host.files["/boot/system/lib/a"] = {'h', 'e', 'l', 'l', 'o'};
    test.program.needed = {"a"};
    EXPECT_EQ(test.link(), "/boot/system/lib/a: text file, not an ELF file");

    LinkCase other;
    other.host.files["/boot/system/lib/a"] = ElfBuilder(true).build();
    other.program.needed = {"a"};
    EXPECT_EQ(other.link(), "/boot/system/lib/a: wrong machine (found x86-64, "
                            "expected i386)");
}
