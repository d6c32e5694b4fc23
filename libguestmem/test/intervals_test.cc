/* intervals_test.cc -- the sorted array of intervals. */
/* SPDX-License-Identifier: MIT */

#include <gtest/gtest.h>

#include <sstream>

extern "C" {
#include "libguestmem/src/intervals.h"
}

namespace
{

class Intervals : public testing::Test
{
  protected:
    void SetUp() override
    {
        gm_intervals_init(&map);
    }
    void TearDown() override
    {
        gm_intervals_free(&map);
    }

    void Insert(uint64_t start, uint64_t end, uint32_t prot = 0,
                uint64_t tag = 0, uint64_t object = 0, uint64_t offset = 0)
    {
        gm_interval interval = {};
        interval.start = start;
        interval.end = end;
        interval.prot = prot;
        interval.tag = tag;
        interval.object = object;
        interval.offset = offset;
        ASSERT_EQ(gm_intervals_reserve(&map), 0);
        gm_intervals_insert(&map, &interval);
    }
    void Remove(uint64_t start, uint64_t end)
    {
        ASSERT_EQ(gm_intervals_reserve(&map), 0);
        gm_intervals_remove(&map, start, end);
    }
    void SetProt(uint64_t start, uint64_t end, uint32_t prot)
    {
        ASSERT_EQ(gm_intervals_reserve(&map), 0);
        gm_intervals_set_prot(&map, start, end, prot);
    }
    void SetTag(uint64_t start, uint64_t end, uint64_t tag)
    {
        ASSERT_EQ(gm_intervals_reserve(&map), 0);
        gm_intervals_set_tag(&map, start, end, tag);
    }

    /* "10-20p1t0 ..." with "+offset" for those of an object. */
    std::string Text() const
    {
        std::ostringstream text;
        for (size_t i = 0; i < map.count; i++) {
            const gm_interval &at = map.items[i];
            text << (i ? " " : "") << at.start << "-" << at.end << "p"
                 << at.prot << "t" << at.tag;
            if (at.object != 0)
                text << "+" << at.offset;
        }
        return text.str();
    }

    /* Where free addresses were found; -1 if nowhere. */
    int64_t FindFree(uint64_t low, uint64_t high, uint64_t size,
                     uint64_t align = 1) const
    {
        uint64_t start = 0;
        if (!gm_intervals_find_free(&map, low, high, size, align, &start))
            return -1;
        return static_cast<int64_t>(start);
    }

    gm_intervals map;
};

TEST_F(Intervals, EmptyOneAnswersEverything)
{
    EXPECT_EQ(gm_intervals_find(&map, 0), 0u);
    EXPECT_FALSE(gm_intervals_overlap(&map, 0, UINT64_MAX));
    EXPECT_EQ(gm_intervals_reach(&map, 5, 9, 0), 5u);
    EXPECT_EQ(FindFree(0, 100, 100), 0);
    EXPECT_EQ(FindFree(0, 100, 101), -1);
    Remove(0, 100);
    SetProt(0, 100, 1);
    EXPECT_EQ(Text(), "");
}

TEST_F(Intervals, FindGivesTheFirstThatEndsAbove)
{
    Insert(10, 20);
    Insert(30, 40);
    Insert(40, 50, 1);
    struct {
        uint64_t address;
        size_t index;
    } rows[] = {{0, 0},  {10, 0}, {19, 0}, {20, 1}, {29, 1},
                {30, 1}, {39, 1}, {40, 2}, {49, 2}, {50, 3}};
    for (auto &row : rows)
        EXPECT_EQ(gm_intervals_find(&map, row.address), row.index)
            << row.address;
}

TEST_F(Intervals, OverlapLooksAtBothEnds)
{
    Insert(10, 20);
    struct {
        uint64_t start, end;
        bool overlaps;
    } rows[] = {{0, 10, false}, {0, 11, true},   {12, 15, true},
                {19, 30, true}, {20, 30, false}, {0, 30, true}};
    for (auto &row : rows)
        EXPECT_EQ(gm_intervals_overlap(&map, row.start, row.end), row.overlaps)
            << row.start;
}

TEST_F(Intervals, NeighboursThatContinueEachOtherAreOne)
{
    Insert(10, 20);
    Insert(30, 40);
    Insert(20, 30);
    EXPECT_EQ(Text(), "10-40p0t0");
}

TEST_F(Intervals, NeighboursThatDifferStayApart)
{
    Insert(10, 20, 1);
    Insert(20, 30, 2);
    Insert(30, 40, 2, 5);
    Insert(40, 50, 2, 5, 7, 0);
    Insert(50, 60, 2, 5, 7, 10);
    Insert(60, 70, 2, 5, 7, 30);
    Insert(70, 80, 2, 5, 8, 40);
    EXPECT_EQ(Text(), "10-20p1t0 20-30p2t0 30-40p2t5 40-60p2t5+0 "
                      "60-70p2t5+30 70-80p2t5+40");
}

TEST_F(Intervals, RemoveCutsWhatItMeets)
{
    struct {
        uint64_t start, end;
        const char *left;
    } rows[] = {
        {0, 10, "10-20p0t0+100 30-40p1t0"},
        {0, 15, "15-20p0t0+105 30-40p1t0"},
        {12, 15, "10-12p0t0+100 15-20p0t0+105 30-40p1t0"},
        {15, 35, "10-15p0t0+100 35-40p1t0"},
        {20, 30, "10-20p0t0+100 30-40p1t0"},
        {10, 40, ""},
        {0, UINT64_MAX, ""},
    };
    for (auto &row : rows) {
        map.count = 0;
        Insert(10, 20, 0, 0, 3, 100);
        Insert(30, 40, 1);
        Remove(row.start, row.end);
        EXPECT_EQ(Text(), row.left) << row.start << "-" << row.end;
    }
}

TEST_F(Intervals, ProtectionChangesPartsAndJoinsThemAgain)
{
    Insert(10, 40, 1, 0, 3, 0);
    SetProt(20, 30, 2);
    EXPECT_EQ(Text(), "10-20p1t0+0 20-30p2t0+10 30-40p1t0+20");
    SetProt(15, 25, 2);
    EXPECT_EQ(Text(), "10-15p1t0+0 15-30p2t0+5 30-40p1t0+20");
    SetProt(10, 40, 1);
    EXPECT_EQ(Text(), "10-40p1t0+0");
}

TEST_F(Intervals, TagsChangeLikewise)
{
    Insert(0, 30, 1);
    SetTag(10, 20, 9);
    EXPECT_EQ(Text(), "0-10p1t0 10-20p1t9 20-30p1t0");
    SetTag(0, 10, 9);
    EXPECT_EQ(Text(), "0-20p1t9 20-30p1t0");
    SetTag(20, 30, 9);
    EXPECT_EQ(Text(), "0-30p1t9");
}

TEST_F(Intervals, ReachStopsAtHolesAndMissingBits)
{
    Insert(10, 20, 3);
    Insert(20, 30, 1);
    Insert(40, 50, 3);
    struct {
        uint64_t start, end;
        uint32_t prot;
        uint64_t reach;
    } rows[] = {{10, 50, 0, 30}, {10, 50, 1, 30}, {10, 50, 3, 20},
                {10, 15, 3, 15}, {25, 50, 2, 25}, {30, 50, 0, 30},
                {45, 45, 0, 45}, {0, 50, 0, 0},   {45, 99, 3, 50}};
    for (auto &row : rows)
        EXPECT_EQ(gm_intervals_reach(&map, row.start, row.end, row.prot),
                  row.reach)
            << row.start << "-" << row.end << " " << row.prot;
}

TEST_F(Intervals, FindFreeTakesTheLowestHoleThatFits)
{
    Insert(10, 20);
    Insert(25, 30);
    Insert(60, 70);
    struct {
        uint64_t low, high, size, align;
        int64_t start;
    } rows[] = {
        {0, 100, 10, 1, 0},    {0, 100, 11, 1, 30},  {1, 100, 10, 1, 30},
        {12, 100, 5, 1, 20},   {12, 100, 6, 1, 30},  {0, 100, 31, 1, -1},
        {0, 101, 31, 1, 70},   {0, 100, 30, 1, 30},  {0, 100, 20, 16, 32},
        {0, 100, 20, 64, -1},  {0, 128, 20, 64, -1}, {0, 148, 20, 128, 128},
        {25, 28, 1, 1, -1},    {50, 40, 1, 1, -1},   {100, 100, 1, 1, -1},
        {99, 100, 1, 1, 99},   {0, 60, 31, 1, -1},   {0, 9, 10, 1, -1},
        {0, 147, 20, 128, -1}, {14, 24, 5, 1, -1},   {14, 25, 5, 1, 20},
    };
    for (auto &row : rows)
        EXPECT_EQ(FindFree(row.low, row.high, row.size, row.align), row.start)
            << row.low << "-" << row.high << " " << row.size << " "
            << row.align;
    EXPECT_EQ(FindFree(UINT64_MAX - 5, UINT64_MAX, 1, 4096), -1);
}

TEST_F(Intervals, ManyAreKeptInOrder)
{
    for (uint64_t i = 0; i < 1000; i++)
        Insert((i * 7 % 1000) * 10, (i * 7 % 1000) * 10 + 5);
    EXPECT_EQ(map.count, 1000u);
    for (uint64_t i = 0; i < 1000; i++)
        EXPECT_EQ(map.items[i].start, i * 10);
    Remove(3, 9992);
    EXPECT_EQ(Text(), "0-3p0t0 9992-9995p0t0");
}

TEST_F(Intervals, CopyIsIndependent)
{
    gm_intervals copy;
    gm_intervals_init(&copy);
    EXPECT_EQ(gm_intervals_copy(&copy, &map), 0);
    EXPECT_EQ(copy.count, 0u);
    Insert(10, 20);
    EXPECT_EQ(gm_intervals_copy(&copy, &map), 0);
    Remove(0, 100);
    EXPECT_EQ(copy.count, 1u);
    EXPECT_EQ(copy.items[0].start, 10u);
    gm_intervals_free(&copy);
}

} // namespace
