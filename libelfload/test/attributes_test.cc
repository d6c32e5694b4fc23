/* attributes_test.cc -- build attributes. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_attributes.h>

/* A section of attributes behind the end of a file. */
class Attributes : public AnyKind
{
  protected:
    void put32(Bytes &bytes, uint32_t number)
    {
        for (int i = 0; i < 4; i++)
            bytes.push_back(
                (uint8_t)(number >> 8 * (builder.is_big ? 3 - i : i)));
    }
    /* What is said of the file, or with numbers of some of its parts. */
    Bytes scope(uint8_t kind, const Bytes &content)
    {
        Bytes result = {kind};
        put32(result, (uint32_t)content.size() + 5);
        result.insert(result.end(), content.begin(), content.end());
        return result;
    }
    Bytes vendor(const std::string &name, const Bytes &content)
    {
        Bytes result;
        put32(result, (uint32_t)(name.size() + 1 + content.size()) + 4);
        result.insert(result.end(), name.begin(), name.end());
        result.push_back(0);
        result.insert(result.end(), content.begin(), content.end());
        return result;
    }
    int open(uint16_t machine, uint32_t type, const Bytes &content)
    {
        builder.machine = machine;
        Bytes bytes = builder.build();
        section = eld_section();
        section.offset = bytes.size();
        section.type = type;
        section.size = content.size();
        bytes.insert(bytes.end(), content.begin(), content.end());
        file = std::make_unique<Opened>(bytes);
        return eld_section_attributes(file->get(), &section, &attributes,
                                      nullptr);
    }
    /* The numbers of a scope's parts, behind the first of its attributes. */
    std::string parts_of(const eld_attribute &attribute)
    {
        uint64_t offset = 0, number;
        std::string result;
        while (attribute.is_first &&
               eld_next_attribute_part(file->get(), &attribute, &offset,
                                       &number) == 1)
            result += " #" + std::to_string(number);
        return result;
    }
    /* "vendor scope tag number text #part..." of each, and how it ended. */
    std::vector<std::string> all()
    {
        eld_attribute_cursor cursor = {};
        eld_attribute attribute;
        std::vector<std::string> result;
        int found;
        while ((found = eld_next_attribute(file->get(), &attributes, &cursor,
                                           &attribute, nullptr)) == 1)
            result.push_back(
                std::string(attribute.vendor) + " " +
                std::to_string(attribute.scope) + " " +
                std::to_string(attribute.tag) + " " +
                (attribute.number == ELD_NONE
                     ? "-"
                     : std::to_string(attribute.number)) +
                " " + (attribute.text == nullptr ? "-" : attribute.text) +
                parts_of(attribute));
        result.push_back(std::to_string(found));
        return result;
    }
    std::unique_ptr<Opened> file;
    eld_section section;
    eld_attributes attributes;
};
FOR_ALL_KINDS(Attributes);

static Bytes joined(std::vector<Bytes> parts)
{
    Bytes result = {'A'};
    for (const Bytes &part : parts)
        result.insert(result.end(), part.begin(), part.end());
    return result;
}

enum { MACHINE_ATTRIBUTES = 0x70000003 };

TEST_P(Attributes, AreNumbersAndStringsOfAVendor)
{
    Bytes arm = {5, 'x', 0, 6, 10, 67, '2', 0, 0x80, 1, 0x81, 1};
    ASSERT_EQ(open(EM_ARM, MACHINE_ATTRIBUTES,
                   joined({vendor("aeabi", scope(1, arm))})),
              0);
    EXPECT_EQ(all(), (std::vector<std::string>{
                         "aeabi 1 5 - x", "aeabi 1 6 10 -", "aeabi 1 67 - 2",
                         "aeabi 1 128 129 -", "0"}));
    Bytes riscv = {4, 16, 5, 'r', 'v', 0};
    ASSERT_EQ(open(EM_RISCV, MACHINE_ATTRIBUTES,
                   joined({vendor("riscv", scope(1, riscv))})),
              0);
    EXPECT_EQ(all(), (std::vector<std::string>{"riscv 1 4 16 -",
                                               "riscv 1 5 - rv", "0"}));
}

TEST_P(Attributes, OfSeveralVendorsAndScopes)
{
    Bytes first = scope(1, {4, 1});
    Bytes second = scope(2, {7, 0x81, 1, 0, 8, 2, 32, 1, 'g', 0});
    first.insert(first.end(), second.begin(), second.end());
    ASSERT_EQ(open(EM_PPC, SHT_GNU_ATTRIBUTES,
                   joined({vendor("gnu", first), vendor("empty", {}),
                           vendor("other", scope(3, {0, 4, 3}))})),
              0);
    EXPECT_EQ(all(),
              (std::vector<std::string>{"gnu 1 4 1 -", "gnu 2 8 2 - #7 #129",
                                        "gnu 2 32 1 g", "other 3 4 3 -", "0"}));
}

TEST_P(Attributes, OfEachScopeHaveItsOwnParts)
{
    Bytes content = scope(2, {1, 0x80, 0x80, 4, 0, 4, 1});
    for (const Bytes &next : {scope(3, {9, 0x80, 0, 4, 2}), scope(1, {4, 3})})
        content.insert(content.end(), next.begin(), next.end());
    ASSERT_EQ(
        open(EM_RISCV, MACHINE_ATTRIBUTES, joined({vendor("riscv", content)})),
        0);
    EXPECT_EQ(all(), (std::vector<std::string>{"riscv 2 4 1 - #1 #65536",
                                               "riscv 3 4 2 - #9",
                                               "riscv 1 4 3 -", "0"}));
}

TEST_P(Attributes, AreCheckedForTypeAndFormat)
{
    EXPECT_EQ(open(EM_386, MACHINE_ATTRIBUTES, {'A'}), ELD_ERR_INVALID);
    EXPECT_EQ(open(EM_ARM, SHT_PROGBITS, {'A'}), ELD_ERR_INVALID);
    EXPECT_EQ(open(EM_ARM, MACHINE_ATTRIBUTES, {'B'}), ELD_ERR_VERSION);
    ASSERT_EQ(open(EM_ARM, MACHINE_ATTRIBUTES, {}), 0);
    EXPECT_EQ(all(), std::vector<std::string>{"0"});
    section.size = 100;
    EXPECT_EQ(
        eld_section_attributes(file->get(), &section, &attributes, nullptr),
        ELD_ERR_TRUNCATED);
}

TEST_P(Attributes, ThatAreCutOffAnywhereEndInAnError)
{
    Bytes good =
        joined({vendor("aeabi", scope(2, {1, 0, 5, 'x', 'y', 0, 6, 0x80, 1}))});
    const std::string truncated = std::to_string(ELD_ERR_TRUNCATED);
    for (size_t size = 2; size < good.size(); size++) {
        ASSERT_EQ(open(EM_ARM, MACHINE_ATTRIBUTES,
                       Bytes(good.begin(), good.begin() + (long)size)),
                  0);
        EXPECT_EQ(all().back(), truncated) << size;
    }
    /* Lengths that lead back, or beyond what holds them. */
    for (uint32_t length : {0u, 4u, 0x100u, 0xffffffffu}) {
        Bytes bad = {'A'};
        put32(bad, length);
        bad.insert(bad.end(), {'g', 0});
        ASSERT_EQ(open(EM_ARM, SHT_GNU_ATTRIBUTES, bad), 0);
        EXPECT_EQ(all().back(), truncated) << length;
    }
}

TEST(AttributeNames, OfTagsAndNumbers)
{
    eld_attribute attribute = {};
    attribute.vendor = "aeabi";
    attribute.tag = 6;
    attribute.number = 10;
    EXPECT_STREQ(eld_attribute_name(EM_ARM, &attribute), "Tag_CPU_arch");
    EXPECT_STREQ(eld_attribute_value_name(&attribute), "v7");
    EXPECT_EQ(eld_attribute_name(EM_RISCV, &attribute), nullptr);
    attribute.number = 99;
    EXPECT_EQ(eld_attribute_value_name(&attribute), nullptr);
    attribute.vendor = "gnu";
    attribute.tag = 32;
    EXPECT_STREQ(eld_attribute_name(EM_X86_64, &attribute),
                 "Tag_compatibility");
}
