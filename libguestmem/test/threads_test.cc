/* threads_test.cc -- many threads in one space. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

#include <atomic>
#include <random>
#include <thread>

namespace
{

constexpr int kRounds = 400;

/* Runs function(thread's number) in as many threads, at once. */
template <class Function> void InThreads(int count, Function function)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < count; i++)
        threads.emplace_back(function, i);
    for (auto &thread : threads)
        thread.join();
}

TEST(Threads, MapQueryAndCopyInRangesOfTheirOwn)
{
    Space space;
    InThreads(4, [&](int number) {
        gm_addr start = 0x1000000 * gm_addr(number);
        std::minstd_rand random(unsigned(number) + 1);
        for (int i = 0; i < kRounds; i++) {
            gm_addr at = start + random() % 64 * kPage;
            uint64_t word = random(), back = 0;
            ASSERT_EQ(Map(space, at, 2 * kPage, kRW, GM_MAP_REPLACE), 0);
            ASSERT_EQ(gm_copy_out(space, at + kPage - 3, &word, 8), 0);
            ASSERT_EQ(gm_protect(space, at, 2 * kPage, GM_PROT_READ), 0);
            ASSERT_EQ(gm_copy_in(space, &back, at + kPage - 3, 8), 0);
            ASSERT_EQ(back, word);
            gm_mapping region = {};
            ASSERT_EQ(gm_query(space, at, &region), 0);
            ASSERT_LE(region.address, at);
            if (i % 3 == 0) {
                ASSERT_EQ(gm_unmap(space, at, kPage), 0);
                ASSERT_EQ(gm_copy_in(space, &back, at, 8), GM_ERR_FAULT);
            }
        }
    });
    ExpectHostAgrees(space, 70 * kPage);
}

TEST(Threads, DoAnythingAnywhereAndTheHostAgreesInTheEnd)
{
    Space space(20);
    File file(16);
    InThreads(4, [&](int number) {
        std::minstd_rand random(unsigned(number) + 100);
        char bytes[3000] = {};
        for (int i = 0; i < kRounds; i++) {
            gm_addr at = random() % 48 * kPage;
            uint64_t size = (random() % 16 + 1) * kPage;
            unsigned prot = unsigned(random() % 8);
            gm_mapping mapping = {
                at,          size,
                prot,        GM_MAP_REPLACE | unsigned(random() % 2) * 2,
                -1,          0,
                random() % 2};
            gm_addr found;
            switch (random() % 10) {
            case 0:
                mapping.fd = file.fd();
                [[fallthrough]];
            case 1:
                gm_map(space, &mapping);
                break;
            case 2:
                gm_unmap(space, at, size);
                break;
            case 3:
            case 4:
                gm_protect(space, at, size, prot);
                break;
            case 5:
                gm_set_tag(space, at, size, prot);
                break;
            case 6:
                gm_watch_writes(space, at, size, 1);
                break;
            case 7:
                gm_watch_writes(space, at, size, 0);
                break;
            case 8:
                gm_copy_in(space, bytes, at + kPage - 100, sizeof(bytes));
                gm_copy_out(space, at + kPage - 100, bytes, sizeof(bytes));
                break;
            case 9:
                gm_find_free(space, 0, UINT64_MAX, size, kPage, &found);
                gm_is_accessible(space, at, size, prot);
                break;
            }
        }
    });
    for (auto &region : Regions(space))
        EXPECT_EQ(gm_watch_writes(space, region.address, region.size, 0), 0);
    ExpectHostAgrees(space, gm_space_size(space));
}

TEST(Threads, AWatchAndAProtectionThatMeetEndAsTheTableSays)
{
    Space space(20);
    ASSERT_EQ(Map(space, 0, 8 * kPage, kRW), 0);
    for (int i = 0; i < kRounds / 4; i++) {
        InThreads(2, [&](int number) {
            if (number == 0) {
                gm_protect(space, 0, 8 * kPage, GM_PROT_READ);
                gm_protect(space, 0, 8 * kPage, kRW);
            } else {
                gm_watch_writes(space, 2 * kPage, 4 * kPage, 1);
                gm_watch_writes(space, 2 * kPage, 4 * kPage, 0);
            }
        });
        ExpectHostAgrees(space, 8 * kPage);
        if (HasFatalFailure())
            break;
    }
}

TEST(Threads, AStoreComesThroughWhileOthersWatch)
{
    Space space(20);
    ASSERT_EQ(Map(space, 0, 4 * kPage, kRW), 0);
    std::atomic<bool> stop{false};
    std::thread watcher([&] {
        while (!stop) {
            EXPECT_EQ(gm_watch_writes(space, 0, 4 * kPage, 1), 0);
            /* As long as code takes to be cached, or more. */
            std::this_thread::yield();
        }
    });
    std::vector<char> bytes(4 * kPage, 'x');
    for (int i = 0; i < kRounds; i++)
        EXPECT_EQ(gm_copy_out(space, 0, bytes.data(), bytes.size()), 0);
    stop = true;
    watcher.join();
}

TEST(Threads, ExchangesCountExactly)
{
    Space space(20);
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    InThreads(3, [&](int) {
        for (int i = 0; i < kRounds; i++) {
            uint32_t value = 0;
            int result;
            do {
                result = gm_compare_exchange(space, 64, &value, value + 1);
                ASSERT_GE(result, 0);
            } while (result == 0);
        }
    });
    uint32_t value = 0;
    EXPECT_EQ(gm_copy_in(space, &value, 64, 4), 0);
    EXPECT_EQ(value, 3u * kRounds);
}

TEST(Threads, WordsAreNotTorn)
{
    Space space(20);
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (uint64_t i = 0; !stop; i++) {
            uint64_t word = i % 2 ? ~UINT64_C(0) : 0;
            gm_copy_out(space, 8, &word, 8);
        }
    });
    for (int i = 0; i < kRounds * 100; i++) {
        uint64_t word = 1;
        ASSERT_EQ(gm_copy_in(space, &word, 8, 8), 0);
        ASSERT_TRUE(word == 0 || word == ~UINT64_C(0)) << std::hex << word;
    }
    stop = true;
    writer.join();
}

} // namespace
