/* copy_test.cc -- copies, strings, fills and exchanges, and their faults. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

#include <climits>

#ifdef GM_ACCESS_BY_CALL
constexpr bool kByFault = false;
#else
constexpr bool kByFault = true;
#endif

namespace
{

/* Memory at [4, 12), nothing around it. */
class Copy : public testing::Test
{
  protected:
    static constexpr gm_addr kStart = 4 * kPage, kEnd = 12 * kPage;

    void SetUp() override
    {
        ASSERT_EQ(Map(space, kStart, kEnd - kStart, kRW), 0);
        for (size_t i = 0; i < sizeof(pattern); i++)
            pattern[i] = uint8_t(i * 31 + i / 256 + 1);
        /* Sizes around each border that a copy may treat differently. */
        for (size_t size = 0; size < 150; size++)
            sizes.push_back(size);
        for (size_t border : {256, 512, 1024, 2048, 4096, 8192})
            for (size_t size = border - 2; size <= border + 2; size++)
                sizes.push_back(size);
        sizes.push_back(7 * kPage + 5);
    }

    /* Everything but the range is what it was: 0. */
    void ExpectOnly(gm_addr address, const uint8_t *bytes, size_t size)
    {
        ASSERT_EQ(memcmp(space.at(address), bytes, size), 0) << size;
        for (gm_addr at = address - 64; at < address; at++)
            ASSERT_EQ(*space.at(at), 0) << size;
        for (gm_addr at = address + size; at < address + size + 64; at++)
            ASSERT_EQ(*space.at(at), 0) << size;
    }

    Space space;
    uint8_t pattern[8 * kPage];
    std::vector<size_t> sizes;
};

TEST_F(Copy, InAndOutOfEverySizeAndAlignment)
{
    std::vector<uint8_t> back(sizeof(pattern) + 64);
    for (size_t size : sizes)
        for (gm_addr skew : {0, 1, 7, 9}) {
            gm_addr at = kStart + 64 + skew;
            ASSERT_EQ(gm_copy_out(space, at, pattern + skew, size), 0);
            ExpectOnly(at, pattern + skew, size);
            std::fill(back.begin(), back.end(), uint8_t(0xee));
            ASSERT_EQ(gm_copy_in(space, &back[16], at, size), 0);
            ASSERT_EQ(memcmp(&back[16], pattern + skew, size), 0) << size;
            ASSERT_EQ(back[15], 0xee);
            ASSERT_EQ(back[16 + size], 0xee);
            memset(space.at(at), 0, size);
        }
}

TEST_F(Copy, FillsOfEverySizeAndAlignment)
{
    std::vector<uint8_t> filled(sizeof(pattern), uint8_t(0xa5));
    for (size_t size : sizes)
        for (gm_addr skew : {0, 1, 7}) {
            gm_addr at = kStart + 64 + skew;
            ASSERT_EQ(gm_fill(space, at, 0x7a5, size), 0);
            ExpectOnly(at, filled.data(), size);
            memset(space.at(at), 0, size);
        }
}

TEST_F(Copy, FaultsAtEachEndOfEverySize)
{
    std::vector<uint8_t> back(sizeof(pattern));
    for (size_t size : sizes) {
        bool empty = size == 0;
        for (gm_addr at : {kStart - 1, kEnd - size + 1}) {
            int expected = empty ? 0 : GM_ERR_FAULT;
            ASSERT_EQ(gm_copy_in(space, back.data(), at, size), expected);
            ASSERT_EQ(gm_copy_out(space, at, pattern, size), expected);
            ASSERT_EQ(gm_fill(space, at, 1, size), expected) << size;
        }
        for (gm_addr at : {kStart, kEnd - size}) {
            ASSERT_EQ(gm_copy_in(space, back.data(), at, size), 0);
            ASSERT_EQ(gm_copy_out(space, at, pattern, size), 0);
            ASSERT_EQ(gm_fill(space, at, 1, size), 0) << size;
        }
    }
}

TEST_F(Copy, FaultsWhereTheSpaceEnds)
{
    const uint64_t whole = UINT64_C(1) << 32;
    struct {
        gm_addr address;
        size_t size;
    } rows[] = {{whole, 1},
                {whole - 1, 2},
                {0, SIZE_MAX},
                {UINT64_MAX, 1},
                {UINT64_MAX, SIZE_MAX},
                {kStart, whole},
                {0 - kStart, 2 * kStart}};
    char byte = 0;
    uint32_t expected = 0;
    for (auto &row : rows) {
        EXPECT_EQ(gm_copy_in(space, &byte, row.address, row.size),
                  GM_ERR_FAULT);
        EXPECT_EQ(gm_copy_out(space, row.address, &byte, row.size),
                  GM_ERR_FAULT);
        EXPECT_EQ(gm_fill(space, row.address, 0, row.size), GM_ERR_FAULT);
        EXPECT_EQ(gm_prepare_store(space, row.address, row.size), GM_ERR_FAULT);
    }
    EXPECT_EQ(gm_compare_exchange(space, whole, &expected, 1), GM_ERR_FAULT);
    EXPECT_EQ(gm_copy_in(space, &byte, UINT64_MAX, 0), 0);
    EXPECT_EQ(gm_copy_out(space, UINT64_MAX, &byte, 0), 0);
    EXPECT_EQ(gm_fill(space, UINT64_MAX, 0, 0), 0);
    EXPECT_EQ(gm_prepare_store(space, UINT64_MAX, 0), 0);
}

TEST_F(Copy, ObeysProtections)
{
    struct {
        unsigned prot;
        int load, store;
    } rows[] = {{GM_PROT_NONE, GM_ERR_FAULT, GM_ERR_FAULT},
                {GM_PROT_READ, 0, GM_ERR_FAULT},
                {GM_PROT_EXEC, 0, GM_ERR_FAULT},
                {GM_PROT_WRITE, 0, 0},
                {kRW, 0, 0}};
    uint32_t word = 0, expected = 0;
    for (auto &row : rows) {
        ASSERT_EQ(gm_protect(space, kStart, kEnd - kStart, row.prot), 0);
        EXPECT_EQ(gm_copy_in(space, &word, kStart, 4), row.load);
        EXPECT_EQ(gm_copy_out(space, kStart, &word, 4), row.store);
        EXPECT_EQ(gm_fill(space, kStart, 0, 4), row.store);
        EXPECT_EQ(gm_prepare_store(space, kStart, 4), row.store);
        int exchanged = gm_compare_exchange(space, kStart, &expected, 0);
        EXPECT_EQ(exchanged, row.store == 0 ? 1 : GM_ERR_FAULT);
    }
}

TEST_F(Copy, StopsAtTheBadPageOfALongRange)
{
    ASSERT_EQ(gm_protect(space, kStart + 3 * kPage, kPage, GM_PROT_READ), 0);
    EXPECT_EQ(gm_copy_out(space, kStart, pattern, 6 * kPage), GM_ERR_FAULT);
    EXPECT_EQ(memcmp(space.at(kStart), pattern, 3 * kPage), 0);
    EXPECT_EQ(*space.at(kStart + 3 * kPage), 0);
    EXPECT_EQ(*space.at(kStart + 4 * kPage), 0);
}

TEST_F(Copy, FaultsBehindTheEndOfAFile)
{
    File file(1);
    gm_mapping mapping = {0x20000,   2 * kPage, kRW, GM_MAP_SHARED,
                          file.fd(), 0,         0};
    ASSERT_EQ(gm_map(space, &mapping), 0);
    uint32_t expected = 0;
    char text[64];
    EXPECT_EQ(gm_copy_in(space, text, 0x20000, 64), 0);
    EXPECT_EQ(gm_copy_in(space, text, 0x21000 - 8, 64), GM_ERR_FAULT);
    EXPECT_EQ(gm_copy_out(space, 0x21000, text, 1), GM_ERR_FAULT);
    EXPECT_EQ(gm_fill(space, 0x21000, 0, 1), GM_ERR_FAULT);
    EXPECT_EQ(gm_compare_exchange(space, 0x21000, &expected, 0), GM_ERR_FAULT);
    EXPECT_EQ(gm_copy_string_in(space, text, 0x21000, 64), GM_ERR_FAULT);
    if (kByFault) {
        faults = 0;
        EXPECT_EQ(gm_fill(space, 0x21000, 0, 1), GM_ERR_FAULT);
        EXPECT_EQ(faults, 1);
    }
}

TEST_F(Copy, StringsEndAtTheirNul)
{
    for (size_t length : {0, 1, 2, 15, 63, 64, 65, 100, 4095, 4096, 9000})
        for (gm_addr skew : {0, 1, 63}) {
            gm_addr at = kStart + skew;
            ASSERT_EQ(gm_fill(space, kStart, 'x', kEnd - kStart), 0);
            *space.at(at + length) = 0;
            std::vector<char> text(length + 1, 'y');
            ASSERT_EQ(gm_copy_string_in(space, text.data(), at, length + 1),
                      int(length));
            ASSERT_EQ(strlen(text.data()), length);
            ASSERT_EQ(gm_copy_string_in(space, text.data(), at, length),
                      GM_ERR_TOOLONG);
        }
}

TEST_F(Copy, StringsMayEndWhereMemoryEnds)
{
    char text[256];
    for (size_t length = 0; length < 200; length++) {
        gm_addr at = kEnd - length - 1;
        ASSERT_EQ(gm_fill(space, at, 'x', length), 0);
        *space.at(kEnd - 1) = 0;
        EXPECT_EQ(gm_copy_string_in(space, text, at, sizeof(text)),
                  int(length));
        *space.at(kEnd - 1) = 'x';
        EXPECT_EQ(gm_copy_string_in(space, text, at, sizeof(text)),
                  GM_ERR_FAULT);
        EXPECT_EQ(gm_copy_string_in(space, text, at, length + 1),
                  GM_ERR_TOOLONG);
    }
}

TEST_F(Copy, StringsElsewhereAreFaults)
{
    char text[8] = "";
    const uint64_t whole = UINT64_C(1) << 32;
    for (gm_addr at :
         {UINT64_C(0), kStart - 1, kEnd, whole - 1, whole, UINT64_MAX})
        EXPECT_EQ(gm_copy_string_in(space, text, at, 8), GM_ERR_FAULT) << at;
    EXPECT_EQ(gm_copy_string_in(space, text, kStart, 0), GM_ERR_TOOLONG);
    EXPECT_EQ(gm_copy_string_in(space, text, 0, 0), GM_ERR_TOOLONG);
    /* A size no buffer has: the string decides. */
    EXPECT_EQ(gm_copy_string_in(space, text, kEnd - 8, SIZE_MAX), 0);
}

TEST_F(Copy, ExchangeStoresIfTheValueIsAsExpected)
{
    uint32_t expected = 0;
    EXPECT_EQ(gm_compare_exchange(space, kStart, &expected, 0xcafe), 1);
    EXPECT_EQ(expected, 0u);
    EXPECT_EQ(gm_compare_exchange(space, kStart, &expected, 5), 0);
    EXPECT_EQ(expected, 0xcafeu);
    EXPECT_EQ(gm_compare_exchange(space, kStart, &expected, 5), 1);
    ASSERT_EQ(gm_copy_in(space, &expected, kStart, 4), 0);
    EXPECT_EQ(expected, 5u);
    for (gm_addr odd : {1, 2, 3})
        EXPECT_EQ(gm_compare_exchange(space, kStart + odd, &expected, 5),
                  GM_ERR_INVALID);
    EXPECT_EQ(gm_compare_exchange(space, kEnd, &expected, 5), GM_ERR_FAULT);
}

/* What happens to a store to watched pages [5, 7) and [9, 10). */
class CopyWatched : public Copy
{
  protected:
    void SetUp() override
    {
        Copy::SetUp();
        gm_set_watcher(space, RecordEvent, &events);
        Watch();
    }
    void Watch()
    {
        ASSERT_EQ(gm_watch_writes(space, 5 * kPage, 2 * kPage, 1), 0);
        ASSERT_EQ(gm_watch_writes(space, 9 * kPage, kPage, 1), 0);
    }
    std::vector<Event> events;
};

TEST_F(CopyWatched, StoresEndTheWatchAndTellTheWatcher)
{
    EXPECT_EQ(gm_copy_out(space, 6 * kPage + 100, pattern, 8), 0);
    EXPECT_EQ(memcmp(space.at(6 * kPage + 100), pattern, 8), 0);
    EXPECT_EQ(events, (std::vector<Event>{{GM_EVENT_STORE, 6 * kPage, kPage}}));
    EXPECT_EQ(HostProt(space.at(5 * kPage)), "r--p");
    EXPECT_EQ(HostProt(space.at(6 * kPage)), "rw-p");

    EXPECT_EQ(gm_fill(space, 5 * kPage, 1, 1), 0);
    EXPECT_EQ(events.size(), 2u);
    uint32_t expected = 0;
    EXPECT_EQ(gm_compare_exchange(space, 9 * kPage, &expected, 1), 1);
    EXPECT_EQ(events.size(), 3u);
    EXPECT_EQ(HostProt(space.at(9 * kPage)), "rw-p");
}

TEST_F(CopyWatched, LongStoresGoOnWhereTheyWere)
{
    EXPECT_EQ(gm_copy_out(space, kStart, pattern, sizeof(pattern)), 0);
    EXPECT_EQ(memcmp(space.at(kStart), pattern, sizeof(pattern)), 0);
    EXPECT_EQ(events.size(), 1u);
    Watch();
    EXPECT_EQ(gm_fill(space, kStart + 5, 'f', sizeof(pattern) - 5), 0);
    EXPECT_EQ(*space.at(kEnd - 1), 'f');
    EXPECT_EQ(events.size(), 2u);
}

TEST_F(CopyWatched, LoadsAndOtherPagesLeaveTheWatch)
{
    char byte;
    EXPECT_EQ(gm_copy_in(space, &byte, 5 * kPage, 1), 0);
    EXPECT_EQ(gm_fill(space, 7 * kPage, 1, 2 * kPage), 0);
    EXPECT_TRUE(events.empty());
    EXPECT_EQ(HostProt(space.at(5 * kPage)), "r--p");
}

TEST_F(CopyWatched, StoresToPagesNotWritableFailAndLeaveTheWatch)
{
    ASSERT_EQ(gm_protect(space, 5 * kPage, kPage, kRX), 0);
    ASSERT_EQ(gm_watch_writes(space, 5 * kPage, kPage, 1), 0);
    events.clear();
    EXPECT_EQ(gm_fill(space, 5 * kPage, 1, 1), GM_ERR_FAULT);
    EXPECT_TRUE(events.empty());
    ASSERT_EQ(gm_protect(space, 5 * kPage, kPage, kRW), 0);
    EXPECT_EQ(HostProt(space.at(5 * kPage)), "rw-p");
}

TEST_F(CopyWatched, AStoreThatCannotComeThroughIsTriedOnce)
{
    uint8_t bytes[16] = {};
    ASSERT_EQ(gm_protect(space, 6 * kPage, kPage, GM_PROT_READ), 0);
    events.clear();
    faults = 0;
    EXPECT_EQ(gm_copy_out(space, 6 * kPage - 8, bytes, 16), GM_ERR_FAULT);
    EXPECT_EQ(gm_copy_out(space, 6 * kPage - 8, bytes, 16), GM_ERR_FAULT);
    EXPECT_EQ(faults, kByFault ? 2 : 0);
    EXPECT_EQ(events, (std::vector<Event>{{GM_EVENT_STORE, 5 * kPage, kPage}}));
}

TEST_F(CopyWatched, PrepareLetsTheHostStore)
{
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    ASSERT_EQ(write(ends[1], "ab", 2), 2);
    EXPECT_EQ(read(ends[0], space.at(5 * kPage), 2), -1);
    EXPECT_EQ(gm_prepare_store(space, 5 * kPage + 1, 10), 0);
    EXPECT_EQ(gm_prepare_store(space, 5 * kPage + 1, 10), 0);
    EXPECT_EQ(events, (std::vector<Event>{{GM_EVENT_STORE, 5 * kPage, kPage}}));
    EXPECT_EQ(read(ends[0], space.at(5 * kPage), 2), 2);
    close(ends[0]);
    close(ends[1]);
    EXPECT_EQ(gm_prepare_store(space, kEnd - 1, 2), GM_ERR_FAULT);
}

TEST(OnFault, LeavesOtherSignalsAlone)
{
    ucontext_t context = {};
    siginfo_t info = {};
    for (int signo : {SIGSEGV, SIGBUS, SIGILL, SIGFPE}) {
        info.si_signo = signo;
        for (int code : {int(SI_USER), int(SI_TKILL), int(SEGV_MAPERR)}) {
            info.si_code = code;
            EXPECT_EQ(gm_on_fault(&info, &context), 0);
        }
    }
}

TEST(OnFaultDeathTest, LeavesFaultsOfTheCallersBufferAlone)
{
    if (!kByFault)
        GTEST_SKIP() << "the kernel takes either side's fault as one";
    Space space(20);
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    volatile uintptr_t nowhere = 16;
    EXPECT_DEATH(gm_copy_in(space, reinterpret_cast<void *>(nowhere), 0, 8),
                 "");
}

} // namespace
