/* group_test.cc -- groups of sections. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <memory>

/* A group behind the end of a file. */
class Groups : public AnyKind
{
  protected:
    void build(const std::vector<uint32_t> &words)
    {
        Bytes bytes = builder.build();
        section = eld_section();
        section.offset = bytes.size();
        for (uint32_t word : words) {
            for (int i = 0; i < 4; i++)
                bytes.push_back(
                    (uint8_t)(word >> 8 * (builder.is_big ? 3 - i : i)));
        }
        file = std::make_unique<Opened>(bytes);
        section.type = SHT_GROUP;
        section.size = 4 * words.size();
        section.entry_size = 4;
    }
    int open()
    {
        return eld_section_group(file->get(), &section, &group, nullptr);
    }
    std::unique_ptr<Opened> file;
    eld_section section;
    eld_group group;
};
FOR_ALL_KINDS(Groups);

TEST_P(Groups, HaveFlagsAndSections)
{
    build({GRP_COMDAT, 7, 0xfffffff0});
    ASSERT_EQ(open(), 0);
    EXPECT_EQ(group.flags, (uint32_t)GRP_COMDAT);
    ASSERT_EQ(group.table.count, 2u);
    uint32_t member;
    ASSERT_EQ(eld_read_group(file->get(), &group, 0, &member, nullptr), 0);
    EXPECT_EQ(member, 7u);
    ASSERT_EQ(eld_read_group(file->get(), &group, 1, &member, nullptr), 0);
    EXPECT_EQ(member, 0xfffffff0);
    EXPECT_EQ(eld_read_group(file->get(), &group, 2, &member, nullptr),
              ELD_ERR_RANGE);
}

TEST_P(Groups, AreCheckedForTypeAndSize)
{
    build({GRP_COMDAT, 7});
    ASSERT_EQ(open(), 0);
    section.size = 100;
    EXPECT_EQ(open(), ELD_ERR_TRUNCATED);
    section.type = SHT_PROGBITS;
    EXPECT_EQ(open(), ELD_ERR_INVALID);
}

TEST_P(Groups, WithoutFlagsAreRefused)
{
    build({});
    EXPECT_EQ(open(), ELD_ERR_RANGE);
}
