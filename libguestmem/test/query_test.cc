/* query_test.cc -- asking what is mapped. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

namespace
{

class Query : public testing::Test
{
  protected:
    /* [1, 3) read and write, [3, 4) read and execute, [8, 10) a file. */
    void SetUp() override
    {
        ASSERT_EQ(Map(space, kPage, 2 * kPage, kRW, 0, 5), 0);
        ASSERT_EQ(Map(space, 3 * kPage, kPage, kRX, 0, 5), 0);
        gm_mapping mapping = {8 * kPage,
                              2 * kPage,
                              GM_PROT_READ,
                              GM_MAP_SHARED | GM_MAP_REPLACE,
                              file.fd(),
                              kPage,
                              7};
        ASSERT_EQ(gm_map(space, &mapping), 0);
    }

    Space space;
    File file{4};
};

TEST_F(Query, GivesTheRegionOrTheNextOne)
{
    struct {
        gm_addr address, start;
        int error;
    } rows[] = {{0, 1, 0},
                {kPage, 1, 0},
                {3 * kPage - 1, 1, 0},
                {3 * kPage, 3, 0},
                {4 * kPage, 8, 0},
                {9 * kPage + 5, 8, 0},
                {10 * kPage, 0, GM_ERR_FAULT},
                {UINT64_MAX, 0, GM_ERR_FAULT}};
    for (auto &row : rows) {
        gm_mapping region = {};
        EXPECT_EQ(gm_query(space, row.address, &region), row.error);
        EXPECT_EQ(region.address, row.start * kPage) << row.address;
    }
}

TEST_F(Query, GivesBackWhatWasMapped)
{
    gm_mapping region = {};
    ASSERT_EQ(gm_query(space, kPage, &region), 0);
    EXPECT_EQ(region.size, 2 * kPage);
    EXPECT_EQ(region.prot, kRW);
    EXPECT_EQ(region.flags, 0u);
    EXPECT_EQ(region.fd, -1);
    EXPECT_EQ(region.tag, 5u);

    ASSERT_EQ(gm_unmap(space, 8 * kPage, kPage), 0);
    ASSERT_EQ(gm_query(space, 8 * kPage, &region), 0);
    EXPECT_EQ(region.address, 9 * kPage);
    EXPECT_EQ(region.size, kPage);
    EXPECT_EQ(region.flags, unsigned(GM_MAP_SHARED));
    EXPECT_EQ(region.fd, file.fd());
    EXPECT_EQ(region.offset, 2 * kPage);
    EXPECT_EQ(region.tag, 7u);
}

TEST_F(Query, FileMappingsOfTwoCallsStayTwoRegions)
{
    gm_mapping next = {
        10 * kPage, kPage, GM_PROT_READ, GM_MAP_SHARED, file.fd(),
        3 * kPage,  7};
    ASSERT_EQ(gm_map(space, &next), 0);
    EXPECT_EQ(Regions(space).size(), 4u);
    ASSERT_EQ(gm_unmap(space, 10 * kPage, kPage), 0);

    /* Parts of one call that are alike again are one. */
    ASSERT_EQ(gm_set_tag(space, 9 * kPage, kPage, 1), 0);
    EXPECT_EQ(Regions(space).size(), 4u);
    ASSERT_EQ(gm_set_tag(space, 9 * kPage, kPage, 7), 0);
    EXPECT_EQ(Regions(space).size(), 3u);
}

TEST_F(Query, FindsFreeRanges)
{
    const uint64_t whole = UINT64_C(1) << 32;
    struct {
        gm_addr low, high;
        uint64_t size, align, start;
        int error;
    } rows[] = {
        {0, whole, kPage, 1, 0, 0},
        {1, whole, kPage, 1, 4, 0},
        {kPage, whole, 4 * kPage, kPage, 4, 0},
        {kPage, whole, 5 * kPage, kPage, 10, 0},
        {kPage, whole, kPage, 16 * kPage, 16, 0},
        {0, UINT64_MAX, whole - 10 * kPage, kPage, 10, 0},
        {0, UINT64_MAX, whole - 9 * kPage, kPage, 99, GM_ERR_NOMEM},
        {0, 10 * kPage, 5 * kPage, 1, 99, GM_ERR_NOMEM},
        {5 * kPage, 4 * kPage, kPage, 1, 99, GM_ERR_NOMEM},
        {UINT64_MAX - 5, UINT64_MAX, kPage, 1, 99, GM_ERR_NOMEM},
        {0, whole, UINT64_MAX - 4095, 1, 99, GM_ERR_NOMEM},
        {0, whole, kPage, UINT64_C(1) << 63, 0, 0},
        {kPage, whole, kPage, UINT64_C(1) << 63, 99, GM_ERR_NOMEM},
        {0, whole, 0, 1, 99, GM_ERR_INVALID},
        {0, whole, 100, 1, 99, GM_ERR_INVALID},
        {0, whole, kPage, 0, 99, GM_ERR_INVALID},
        {0, whole, kPage, 3 * kPage, 99, GM_ERR_INVALID},
    };
    for (auto &row : rows) {
        gm_addr start = 99 * kPage;
        EXPECT_EQ(
            gm_find_free(space, row.low, row.high, row.size, row.align, &start),
            row.error);
        EXPECT_EQ(start, row.start * kPage) << &row - rows;
    }
}

TEST_F(Query, TellsHowFarMemoryIsAccessible)
{
    const uint64_t whole = UINT64_C(1) << 32;
    struct {
        gm_addr address;
        uint64_t size;
        unsigned prot;
        uint64_t reach;
    } rows[] = {
        {kPage, 3 * kPage, 0, 3 * kPage},
        {kPage, 99 * kPage, GM_PROT_READ, 3 * kPage},
        {kPage + 1, 99 * kPage, kRW, 2 * kPage - 1},
        {kPage, 5, kRW, 5},
        {kPage, kPage, GM_PROT_EXEC, 0},
        {3 * kPage + 7, 2 * kPage, kRX, kPage - 7},
        {0, kPage, 0, 0},
        {kPage, 0, GM_PROT_EXEC, 0},
        {8 * kPage, UINT64_MAX, GM_PROT_READ, 2 * kPage},
        {whole, 1, 0, 0},
        {UINT64_MAX, UINT64_MAX, 0, 0},
    };
    for (auto &row : rows) {
        EXPECT_EQ(gm_accessible_size(space, row.address, row.size, row.prot),
                  row.reach)
            << &row - rows;
        EXPECT_EQ(gm_is_accessible(space, row.address, row.size, row.prot),
                  row.reach == row.size)
            << &row - rows;
    }
}

TEST_F(Query, TheEndOfTheSpaceIsAccessibleWhenMapped)
{
    const uint64_t whole = UINT64_C(1) << 32;
    ASSERT_EQ(Map(space, whole - kPage, kPage, kRW), 0);
    EXPECT_TRUE(gm_is_accessible(space, whole - 1, 1, kRW));
    EXPECT_FALSE(gm_is_accessible(space, whole - 1, 2, kRW));
    EXPECT_EQ(gm_accessible_size(space, whole - kPage, UINT64_MAX, kRW), kPage);
}

} // namespace
