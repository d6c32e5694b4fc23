/* clone_test.cc -- a second space like the first. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

namespace
{

class Clone : public testing::Test
{
  protected:
    gm_space *MakeClone()
    {
        gm_space *copy = nullptr;
        EXPECT_EQ(gm_space_clone(space, &copy), 0);
        return copy;
    }

    /* Both say the same of their regions. */
    void ExpectSameRegions(gm_space *copy)
    {
        auto ours = Regions(space), theirs = Regions(copy);
        ASSERT_EQ(ours.size(), theirs.size());
        for (size_t i = 0; i < ours.size(); i++) {
            EXPECT_EQ(ours[i].address, theirs[i].address);
            EXPECT_EQ(ours[i].size, theirs[i].size);
            EXPECT_EQ(ours[i].prot, theirs[i].prot);
            EXPECT_EQ(ours[i].flags, theirs[i].flags);
            EXPECT_EQ(ours[i].fd, theirs[i].fd);
            EXPECT_EQ(ours[i].offset, theirs[i].offset);
            EXPECT_EQ(ours[i].tag, theirs[i].tag);
        }
    }

    Space space;
};

TEST_F(Clone, OfAnEmptySpaceIsEmpty)
{
    Space copy(MakeClone());
    EXPECT_EQ(gm_space_size(copy), gm_space_size(space));
    EXPECT_TRUE(Regions(copy).empty());
}

TEST_F(Clone, HasTheContentOfPrivatePagesOfEveryProtection)
{
    gm_addr at = kPage;
    for (unsigned prot : {unsigned(GM_PROT_NONE), unsigned(GM_PROT_READ),
                          unsigned(GM_PROT_EXEC), kRW, kRW | GM_PROT_EXEC}) {
        ASSERT_EQ(Map(space, at, 3 * kPage, kRW, 0, prot), 0);
        ASSERT_EQ(gm_fill(space, at + kPage, int('a' + prot), 2 * kPage), 0);
        ASSERT_EQ(gm_protect(space, at, 3 * kPage, prot), 0);
        at += 4 * kPage;
    }
    Space copy(MakeClone());
    ExpectSameRegions(copy);
    ExpectHostAgrees(space, at);
    ExpectHostAgrees(copy, at);

    ASSERT_EQ(gm_protect(copy, kPage, 3 * kPage, kRW), 0);
    for (auto &region : Regions(copy)) {
        EXPECT_EQ(copy.at(region.address)[0], 0);
        EXPECT_EQ(copy.at(region.address)[kPage], 'a' + region.tag);
        EXPECT_EQ(copy.at(region.address)[3 * kPage - 1], 'a' + region.tag);
    }
}

TEST_F(Clone, PrivatePagesAreIndependent)
{
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    Space copy(MakeClone());
    ASSERT_EQ(gm_fill(space, 0, 'x', 1), 0);
    ASSERT_EQ(gm_fill(copy, 1, 'y', 1), 0);
    EXPECT_EQ(copy.at(0)[0], 0);
    EXPECT_EQ(space.at(0)[1], 0);
    EXPECT_EQ(gm_unmap(copy, 0, kPage), 0);
    EXPECT_EQ(Regions(space).size(), 1u);
}

TEST_F(Clone, SharedPagesStayShared)
{
    File file(3);
    gm_mapping mapping = {0x10000,   2 * kPage, kRW, GM_MAP_SHARED,
                          file.fd(), kPage,     0};
    ASSERT_EQ(gm_map(space, &mapping), 0);
    ASSERT_EQ(Map(space, 0, 4 * kPage, kRW, GM_MAP_SHARED), 0);
    ASSERT_EQ(gm_protect(space, kPage, kPage, GM_PROT_NONE), 0);
    ASSERT_EQ(gm_unmap(space, 2 * kPage, kPage), 0);
    Space copy(MakeClone());
    ExpectSameRegions(copy);
    ExpectHostAgrees(copy, 0x20000);

    ASSERT_EQ(gm_fill(copy, 0, 'x', 1), 0);
    ASSERT_EQ(gm_fill(space, 3 * kPage, 'y', 1), 0);
    ASSERT_EQ(gm_fill(copy, 0x10000 + kPage, 'z', 1), 0);
    EXPECT_EQ(*space.at(0), 'x');
    EXPECT_EQ(*copy.at(3 * kPage), 'y');
    EXPECT_EQ(file.ByteAt(2 * kPage), 'z');
}

TEST_F(Clone, SharedFilesOpenForReadingStayShared)
{
    File file(1);
    int fd = file.Reopen(O_RDONLY);
    gm_mapping mapping = {0, kPage, GM_PROT_READ, GM_MAP_SHARED, fd, 0, 0};
    ASSERT_EQ(gm_map(space, &mapping), 0);
    close(fd);
    Space copy(MakeClone());
    ASSERT_EQ(pwrite(file.fd(), "x", 1, 0), 1);
    EXPECT_EQ(*copy.at(0), 'x');
}

TEST_F(Clone, PrivateFilesKeepTheirContentAndTheirEnd)
{
    File file(2);
    gm_mapping mapping = {0, 4 * kPage, kRW, 0, file.fd(), 0, 0};
    ASSERT_EQ(gm_map(space, &mapping), 0);
    ASSERT_EQ(gm_fill(space, 8, 'x', 1), 0);
    Space copy(MakeClone());
    ExpectSameRegions(copy);
    ExpectHostAgrees(copy, 8 * kPage);
    EXPECT_EQ(*copy.at(0), '0');
    EXPECT_EQ(*copy.at(8), 'x');
    EXPECT_EQ(*copy.at(kPage), '1');
    char byte;
    EXPECT_EQ(gm_copy_in(copy, &byte, 2 * kPage, 1), GM_ERR_FAULT);
    EXPECT_EQ(gm_copy_in(copy, &byte, 3 * kPage, 1), GM_ERR_FAULT);
}

TEST_F(Clone, HasNoWatchesAndNoWatcher)
{
    std::vector<Event> events;
    ASSERT_EQ(Map(space, 0, 2 * kPage, kRW), 0);
    gm_set_watcher(space, RecordEvent, &events);
    ASSERT_EQ(gm_watch_writes(space, kPage, kPage, 1), 0);
    Space copy(MakeClone());
    EXPECT_EQ(HostProt(copy.at(kPage)), "rw-p");
    EXPECT_EQ(HostProt(space.at(kPage)), "r--p");
    EXPECT_EQ(gm_unmap(copy, 0, kPage), 0);
    EXPECT_TRUE(events.empty());
}

TEST_F(Clone, TakesNoMemoryForPagesNeverWritten)
{
    /* 2 GiB with one page written, another only read. */
    ASSERT_EQ(Map(space, 0, UINT64_C(1) << 31, kRW), 0);
    ASSERT_EQ(madvise(space.at(0), UINT64_C(1) << 31, MADV_NOHUGEPAGE), 0);
    ASSERT_EQ(gm_fill(space, 0x40000000, 'x', 1), 0);
    char byte;
    ASSERT_EQ(gm_copy_in(space, &byte, 0x50000000, 1), 0);
    Space copy(MakeClone());
    EXPECT_EQ(*copy.at(0x40000000), 'x');
    unsigned char resident = 1;
    ASSERT_EQ(mincore(copy.at(0x50000000), kPage, &resident), 0);
    EXPECT_EQ(resident & 1, 0);
}

TEST_F(Clone, OfACloneWorks)
{
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    ASSERT_EQ(Map(space, kPage, kPage, kRW, GM_MAP_SHARED), 0);
    ASSERT_EQ(gm_fill(space, 0, 'x', 2 * kPage), 0);
    Space first(MakeClone());
    gm_space *second = nullptr;
    ASSERT_EQ(gm_space_clone(first, &second), 0);
    Space copy(second);
    ASSERT_EQ(gm_fill(copy, kPage, 'y', 1), 0);
    EXPECT_EQ(*copy.at(0), 'x');
    EXPECT_EQ(*space.at(kPage), 'y');
}

} // namespace
