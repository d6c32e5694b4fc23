/* archive_test.cc -- archives of object files. */
/* SPDX-License-Identifier: MIT */

#include <elfload/elf_archive.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

static std::string member(const std::string &name, const std::string &data,
                          bool is_inside = true)
{
    char header[61];
    snprintf(header, sizeof(header), "%-16s%-12s%-6s%-6s%-8s%-10zu`\n",
             name.c_str(), "0", "0", "0", "644", data.size());
    return header +
           (is_inside ? data + (data.size() % 2 ? "\n" : "") : std::string());
}

using Members = std::vector<std::pair<std::string, std::string>>;

/* Names and data, or the line of the fault as the last name. */
static Members members_of(const std::string &file)
{
    /* Of its exact size on the heap, for sanitizers. */
    std::unique_ptr<char[]> bytes(new char[file.size()]);
    file.copy(bytes.get(), file.size());
    eld_archive archive;
    eld_member one;
    eld_fault fault;
    uint64_t offset = 0;
    Members members;
    int found = eld_read_archive(bytes.get(), file.size(), &archive, &fault);
    while (found >= 0 &&
           (found = eld_next_member(&archive, &offset, &one, &fault)) == 1)
        members.push_back(
            {std::string(one.name, one.name_size),
             std::string(bytes.get() + one.data.offset, one.data.size)});
    if (found < 0) {
        char line[256];
        eld_fault_format(&fault, line, sizeof(line));
        members.push_back({line, "!"});
    }
    return members;
}

static const std::string kMagic = "!<arch>\n";

TEST(Archive, MembersHaveNamesAndData)
{
    EXPECT_EQ(members_of(kMagic), Members{});
    EXPECT_EQ(members_of(kMagic + member("a.o/", "odd") + member("b.o/", "")),
              (Members{{"a.o", "odd"}, {"b.o", ""}}));
    EXPECT_EQ(members_of(kMagic + member("old.o", "data")),
              (Members{{"old.o", "data"}}));
}

TEST(Archive, IndicesAndNamesAreNoMembers)
{
    std::string names = "a_rather_long_name.o/\nanother_one_like_it.o/\n";
    EXPECT_EQ(members_of(kMagic + member("/", "1234") + member("//", names) +
                         member("/0", "A") + member("/22", "BB")),
              (Members{{"a_rather_long_name.o", "A"},
                       {"another_one_like_it.o", "BB"}}));
    EXPECT_EQ(members_of(kMagic + member("/SYM64/", "12345678") +
                         member("x.o/", "x")),
              (Members{{"x.o", "x"}}));
}

TEST(Archive, BsdKeepsNamesBeforeTheData)
{
    std::string index("__.SYMDEF\0\0\0data", 16);
    std::string named("name with blanks.o\0\0data", 24);
    EXPECT_EQ(
        members_of(kMagic + member("#1/12", index) + member("#1/20", named)),
        (Members{{"name with blanks.o", "data"}}));
}

TEST(Archive, MembersOfThinOnesAreElsewhere)
{
    EXPECT_EQ(members_of("!<thin>\n" + member("/", "1234") +
                         member("//", "dir/a.o/\n") +
                         member("/0", "1234567", false) +
                         member("b.o/", "12", false)),
              (Members{{"dir/a.o", ""}, {"b.o", ""}}));
}

TEST(Archive, WhatIsWrongIsSaid)
{
    EXPECT_EQ(members_of("!<arch>"), (Members{{"archive: not found", "!"}}));
    EXPECT_EQ(members_of("\177ELF1234"),
              (Members{{"archive: not found", "!"}}));
    EXPECT_EQ(
        members_of(kMagic + "x"),
        (Members{{"archive header at offset 0x8: file is truncated", "!"}}));
    EXPECT_EQ(
        members_of(kMagic + std::string(60, 'x')),
        (Members{{"archive header at offset 0x8: number out of range", "!"}}));
    std::string cut = kMagic + member("a.o/", "1234");
    cut.resize(cut.size() - 1);
    EXPECT_EQ(members_of(cut),
              (Members{{"archive member at offset 0x8: file is truncated "
                        "(found 0x47, expected 0x48)",
                        "!"}}));
    for (const char *name : {"/5", "/123456789012345", "/0x", "#1/9", "#1/z"})
        EXPECT_EQ(members_of(kMagic + member(name, "1234")).back().second, "!")
            << name;
    /* A size that would wrap. */
    std::string huge = member("a.o/", "");
    huge.replace(48, 10, "9999999999");
    EXPECT_EQ(members_of(kMagic + huge).back().second, "!");
}

TEST(Archive, EveryLengthIsSurvived)
{
    std::string file = kMagic + member("/", "1234") +
                       member("//", "a_long_name_of_an_object.o/\n") +
                       member("/0", "data") + member("#1/4", "nam\0data");
    for (size_t size = 0; size < file.size(); size++)
        members_of(file.substr(0, size));
}
