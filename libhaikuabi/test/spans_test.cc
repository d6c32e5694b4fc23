// spans_test.cc -- the sorted list of ranges against a plain array.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

extern "C" {
#include "libhaikuabi/src/spans.h"
}

namespace
{

struct Item {
    hk_span span;
    int tag;
};

class Spans : public testing::Test
{
  protected:
    ~Spans() override
    {
        free(spans.items);
    }

    void insert(uint32_t base, uint32_t size, int tag = 0)
    {
        Item item{{base, size}, tag};
        ASSERT_EQ(hk_spans_insert(&spans, &item), 0);
    }

    Item at(uint32_t i)
    {
        Item item;
        memcpy(&item, hk_spans_at(&spans, i), sizeof(item));
        return item;
    }

    hk_spans spans{sizeof(Item), 0, 0, nullptr};
};

TEST_F(Spans, AreKeptInOrderOfAddresses)
{
    insert(30, 10);
    insert(10, 10);
    insert(20, 10);
    ASSERT_EQ(spans.count, 3u);
    EXPECT_EQ(at(0).span.base, 10u);
    EXPECT_EQ(at(1).span.base, 20u);
    EXPECT_EQ(at(2).span.base, 30u);
}

TEST_F(Spans, OverlapMeansSharingAByte)
{
    insert(100, 50);
    EXPECT_FALSE(hk_spans_overlap(&spans, 50, 50));
    EXPECT_TRUE(hk_spans_overlap(&spans, 50, 51));
    EXPECT_TRUE(hk_spans_overlap(&spans, 149, 1));
    EXPECT_FALSE(hk_spans_overlap(&spans, 150, 10));
    EXPECT_TRUE(hk_spans_overlap(&spans, 0, 1000));
}

TEST_F(Spans, ACutInTheMiddleMakesTwoAlike)
{
    insert(100, 50, 7);
    EXPECT_EQ(hk_spans_cut(&spans, 110, 10), 1);
    ASSERT_EQ(spans.count, 2u);
    EXPECT_EQ(at(0).span.base, 100u);
    EXPECT_EQ(at(0).span.size, 10u);
    EXPECT_EQ(at(1).span.base, 120u);
    EXPECT_EQ(at(1).span.size, 30u);
    EXPECT_EQ(at(1).tag, 7);
}

TEST_F(Spans, ACutTrimsAndRemoves)
{
    insert(100, 50);
    insert(200, 50);
    insert(300, 50);
    EXPECT_EQ(hk_spans_cut(&spans, 120, 200), 0);
    ASSERT_EQ(spans.count, 2u);
    EXPECT_EQ(at(0).span.size, 20u);
    EXPECT_EQ(at(1).span.base, 320u);
    EXPECT_EQ(at(1).span.size, 30u);
}

TEST_F(Spans, FreeRoomIsFoundBetweenTwoLists)
{
    hk_spans other{sizeof(Item), 0, 0, nullptr};
    Item reserved{{150, 50}, 0};
    uint32_t address = 0;

    insert(100, 50);
    ASSERT_EQ(hk_spans_insert(&other, &reserved), 0);
    ASSERT_TRUE(hk_spans_find_free(&spans, &other, 90, 1000, 20, &address));
    EXPECT_EQ(address, 200u);
    ASSERT_TRUE(hk_spans_find_free(&spans, nullptr, 90, 1000, 20, &address));
    EXPECT_EQ(address, 150u);
    ASSERT_TRUE(hk_spans_find_free(&spans, &other, 90, 1000, 10, &address));
    EXPECT_EQ(address, 90u);
    EXPECT_FALSE(hk_spans_find_free(&spans, &other, 90, 210, 20, &address));
    free(other.items);
}

TEST_F(Spans, DoWhatAnArrayOfBytesDoes)
{
    constexpr uint32_t kSize = 256;
    std::vector<bool> used(kSize, false);
    std::mt19937 random(1);

    for (int step = 0; step < 20000; step++) {
        uint32_t base = random() % kSize;
        uint32_t size = 1 + random() % (kSize - base);
        bool any = false;

        for (uint32_t i = base; i < base + size; i++)
            any = any || used[i];
        ASSERT_EQ(hk_spans_overlap(&spans, base, size) != 0, any);
        if (!any && random() % 2 == 0) {
            insert(base, size);
            std::fill_n(used.begin() + base, size, true);
        } else {
            ASSERT_GE(hk_spans_cut(&spans, base, size), 0);
            std::fill_n(used.begin() + base, size, false);
        }
        std::vector<bool> now(kSize, false);
        for (uint32_t i = 0; i < spans.count; i++)
            std::fill_n(now.begin() + at(i).span.base, at(i).span.size, true);
        ASSERT_EQ(now, used);
    }
}

} // namespace
