/* observe_test.cc -- what an observer of a space is told. */
/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <utility>

namespace
{

struct Record {
    gm_event event;
    gm_addr address;
    uint64_t size;

    bool operator==(const Record &other) const
    {
        return event == other.event && address == other.address &&
               size == other.size;
    }
};

struct Log {
    gm_space *space = nullptr;
    int open = 0;
    std::vector<Record> records;

    static void Before(void *context)
    {
        auto *log = static_cast<Log *>(context);
        EXPECT_EQ(log->open++, 0);
    }

    static void After(void *context, gm_event event, gm_addr address,
                      uint64_t size)
    {
        auto *log = static_cast<Log *>(context);
        gm_mapping region;
        EXPECT_EQ(--log->open, 0);
        gm_query(log->space, 0, &region); /* would hang with the lock held */
        log->records.push_back({event, address, size});
    }
};

const gm_observer kObserver = {Log::Before, Log::After};

class ObserveTest : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_EQ(gm_space_new(32, &space_), 0);
        log_.space = space_;
        gm_set_observer(space_, &kObserver, &log_);
    }
    void TearDown() override
    {
        gm_space_free(space_);
    }

    int Map(gm_addr address, uint64_t size, unsigned flags = 0, int fd = -1)
    {
        const gm_mapping mapping = {address, size, kRW, flags, fd, 0, 0};
        return gm_map(space_, &mapping);
    }

    std::vector<Record> Take()
    {
        return std::exchange(log_.records, {});
    }

    gm_space *space_ = nullptr;
    Log log_;
};

TEST_F(ObserveTest, IsKnownToWhoeverAsks)
{
    EXPECT_EQ(gm_is_observed(space_), 1);
    gm_set_observer(space_, nullptr, nullptr);
    EXPECT_EQ(gm_is_observed(space_), 0);
    EXPECT_EQ(Map(0x10000, kPage), 0);
    EXPECT_TRUE(Take().empty());
}

TEST_F(ObserveTest, IsToldOfChangesOfMappings)
{
    ASSERT_EQ(Map(0x10000, 2 * kPage), 0);
    EXPECT_EQ(Take(), (std::vector<Record>{{GM_EVENT_MAP, 0x10000, 0x2000}}));
    ASSERT_EQ(gm_protect(space_, 0x11000, kPage, GM_PROT_READ), 0);
    EXPECT_EQ(Take(),
              (std::vector<Record>{{GM_EVENT_PROTECT, 0x11000, 0x1000}}));
    ASSERT_EQ(Map(0x11000, kPage, GM_MAP_REPLACE), 0);
    EXPECT_EQ(Take(), (std::vector<Record>{{GM_EVENT_MAP, 0x11000, 0x1000}}));
    ASSERT_EQ(gm_discard(space_, 0x10000, 2 * kPage), 0);
    EXPECT_EQ(Take(),
              (std::vector<Record>{{GM_EVENT_DISCARD, 0x10000, 0x2000}}));
    ASSERT_EQ(gm_unmap(space_, 0x10000, 2 * kPage), 0);
    EXPECT_EQ(Take(), (std::vector<Record>{{GM_EVENT_UNMAP, 0x10000, 0x2000}}));
}

TEST_F(ObserveTest, IsToldThatNothingHasChanged)
{
    ASSERT_EQ(Map(0x10000, kPage), 0);
    Take();
    EXPECT_EQ(Map(0x10000, kPage), GM_ERR_EXISTS);
    EXPECT_EQ(Map(0x10000, kPage, GM_MAP_REPLACE, 9999), GM_ERR_IO);
    EXPECT_EQ(gm_protect(space_, 0x20000, kPage, kRW), GM_ERR_FAULT);
    EXPECT_EQ(gm_discard(space_, 0x20000, kPage), GM_ERR_FAULT);
    for (const Record &record : Take())
        EXPECT_EQ(record.size, 0u);
    EXPECT_EQ(log_.open, 0);
}

TEST_F(ObserveTest, IsToldOfStoresToTheByte)
{
    uint32_t expected = 7;
    ASSERT_EQ(Map(0x10000, kPage), 0);
    Take();
    EXPECT_EQ(gm_copy_out(space_, 0x10003, "abc", 3), 0);
    EXPECT_EQ(gm_fill(space_, 0x10100, 0xff, 50), 0);
    EXPECT_EQ(gm_compare_exchange(space_, 0x10200, &expected, 9), 0);
    EXPECT_EQ(gm_compare_exchange(space_, 0x10200, &expected, 9), 1);
    EXPECT_EQ(Take(), (std::vector<Record>{{GM_EVENT_STORE, 0x10003, 3},
                                           {GM_EVENT_STORE, 0x10100, 50},
                                           {GM_EVENT_STORE, 0x10200, 0},
                                           {GM_EVENT_STORE, 0x10200, 4}}));
}

TEST_F(ObserveTest, IsToldOfStoresThatFaultHalfWay)
{
    const std::vector<uint8_t> bytes(2 * kPage, 1);
    ASSERT_EQ(Map(0x10000, kPage), 0);
    Take();
    EXPECT_EQ(gm_copy_out(space_, 0x10800, bytes.data(), bytes.size()),
              GM_ERR_FAULT);
    EXPECT_EQ(Take(),
              (std::vector<Record>{{GM_EVENT_STORE, 0x10800, 2 * kPage}}));
    EXPECT_EQ(gm_copy_out(space_, UINT32_MAX, "ab", 2), GM_ERR_FAULT);
    EXPECT_TRUE(Take().empty());
}

/* A file with a page of each of the bytes. */
int FileOf(const std::string &bytes)
{
    const int fd = memfd_create("shown", MFD_CLOEXEC);
    for (char byte : bytes) {
        const std::string page(kPage, byte);
        EXPECT_EQ(write(fd, page.data(), kPage), static_cast<ssize_t>(kPage));
    }
    return fd;
}

TEST_F(ObserveTest, ShowsOtherMemoryInAMapping)
{
    const int fd = FileOf("abc"), other = FileOf("xyz");
    gm_mapping region;
    char byte = 0;

    ASSERT_EQ(Map(0x10000, 3 * kPage, GM_MAP_SHARED, fd), 0);
    ASSERT_EQ(gm_protect(space_, 0x12000, kPage, GM_PROT_READ), 0);
    Take();
    ASSERT_EQ(gm_show(space_, 0x11000, 2 * kPage, other, kPage), 0);
    EXPECT_TRUE(Take().empty());
    for (int i = 0; i < 3; i++) {
        ASSERT_EQ(gm_copy_in(space_, &byte, 0x10000 + i * kPage, 1), 0);
        EXPECT_EQ(byte, "ayz"[i]);
    }
    ASSERT_EQ(gm_copy_out(space_, 0x11000, "s", 1), 0);
    EXPECT_EQ(gm_copy_out(space_, 0x12000, "s", 1), GM_ERR_FAULT);
    ASSERT_EQ(pread(other, &byte, 1, kPage), 1);
    EXPECT_EQ(byte, 's');
    ASSERT_EQ(gm_query(space_, 0x11000, &region), 0);
    EXPECT_EQ(region.fd, fd);
    EXPECT_EQ(region.offset, kPage * (1 - (0x11000 - region.address) / kPage));
    close(fd);
    close(other);
}

TEST_F(ObserveTest, ShowsNothingWhereAFileHasNothing)
{
    const int fd = FileOf("ab");
    char byte = 0;

    ASSERT_EQ(Map(0x10000, 2 * kPage, 0, fd), 0);
    ASSERT_EQ(gm_show(space_, 0x11000, kPage, -1, 0), 0);
    EXPECT_EQ(gm_copy_in(space_, &byte, 0x10000, 1), 0);
    EXPECT_EQ(gm_copy_in(space_, &byte, 0x11000, 1), GM_ERR_FAULT);
    ASSERT_EQ(gm_show(space_, 0x11000, kPage, fd, 0), 0);
    EXPECT_EQ(gm_copy_in(space_, &byte, 0x11000, 1), 0);
    EXPECT_EQ(byte, 'a');
    close(fd);
}

TEST_F(ObserveTest, KeepsAWatchOnWhatIsShown)
{
    const int fd = FileOf("a");

    ASSERT_EQ(Map(0x10000, kPage), 0);
    ASSERT_EQ(gm_watch_writes(space_, 0x10000, kPage, 1), 0);
    ASSERT_EQ(gm_show(space_, 0x10000, kPage, fd, 0), 0);
    const int before = faults;
    EXPECT_EQ(gm_copy_out(space_, 0x10000, "s", 1), 0);
    EXPECT_GT(faults, before);
    close(fd);
}

TEST_F(ObserveTest, RefusesToShowWhereNothingIsMapped)
{
    ASSERT_EQ(Map(0x10000, kPage), 0);
    EXPECT_EQ(gm_show(space_, 0x10000, 2 * kPage, -1, 0), GM_ERR_FAULT);
    EXPECT_EQ(gm_show(space_, 0x10000, kPage, 9999, 0), GM_ERR_IO);
    EXPECT_EQ(gm_show(space_, 0x10000, kPage, 9999, 1), GM_ERR_INVALID);
    EXPECT_EQ(gm_show(space_, 0x10001, kPage, -1, 0), GM_ERR_INVALID);
}

} // namespace
