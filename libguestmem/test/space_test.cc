/* space_test.cc -- reserving, freeing, forking. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

#include <atomic>
#include <thread>

namespace
{

TEST(Space, IsAlignedToItsSize)
{
    for (unsigned bits : {20u, 21u, 24u, 31u, 32u, 36u}) {
        Space space(bits);
        EXPECT_EQ(gm_space_size(space), UINT64_C(1) << bits);
        EXPECT_EQ(uintptr_t(gm_space_base(space)) % gm_space_size(space), 0u);
    }
}

TEST(Space, RefusesOtherSizes)
{
    gm_space *space = reinterpret_cast<gm_space *>(1);
    for (unsigned bits : {0u, 12u, 19u, 48u, 64u, 4096u})
        EXPECT_EQ(gm_space_new(bits, &space), GM_ERR_INVALID) << bits;
    /* All of a 47-bit host's addresses are never free. */
    EXPECT_EQ(gm_space_new(47, &space), GM_ERR_NOMEM);
    EXPECT_EQ(space, reinterpret_cast<gm_space *>(1));
}

TEST(Space, CannotBeTouchedWhileNothingIsMapped)
{
    Space space;
    char byte;
    for (gm_addr at : {UINT64_C(0), UINT64_C(0x7fffffff), UINT64_C(0xffffffff)})
        EXPECT_EQ(gm_copy_in(space, &byte, at, 1), GM_ERR_FAULT) << at;
    ExpectHostAgrees(space, 16 * kPage);
}

TEST(Space, HasGuardsForADisplacementOnBothSides)
{
    for (unsigned bits : {20u, 32u}) {
        Space space(bits);
        HostMaps maps;
        const int64_t size = int64_t(gm_space_size(space));
        const int64_t reach = int64_t(1) << 31;
        for (int64_t at : {-reach, -int64_t(1), int64_t(0), size - 1, size,
                           size + reach - 1, size + reach + 511})
            EXPECT_EQ(maps.At(gm_space_base(space) + at), "---p") << at;
    }
}

TEST(Space, FreeOfNullIsAllowed)
{
    gm_space_free(nullptr);
}

TEST(Space, NothingIsLeftAfterFree)
{
    auto round = [] {
        Space space;
        File file(2);
        gm_mapping mapping = {0x5000, 2 * kPage, kRW, 0, file.fd(), 0, 0};
        EXPECT_EQ(gm_map(space, &mapping), 0);
        EXPECT_EQ(Map(space, 0x10000, 16 * kPage, kRW, GM_MAP_SHARED), 0);
        for (gm_addr at = 0x40000; at < 0x80000; at += 2 * kPage)
            EXPECT_EQ(Map(space, at, kPage, kRW), 0);
        EXPECT_EQ(gm_fill(space, 0x10000, 1, 16 * kPage), 0);
        EXPECT_EQ(gm_watch_writes(space, 0x40000, kPage, 1), 0);
        gm_space *copy = nullptr;
        EXPECT_EQ(gm_space_clone(space, &copy), 0);
        gm_space_free(copy);
    };
    round(); /* The first one lets the C library take memory for itself. */
    uint64_t before = HostMaps().TotalSize();
    for (int i = 0; i < 20; i++)
        round();
    /* A space is above 8 GiB, the C library's own growth far below 4 MiB. */
    EXPECT_LT(HostMaps().TotalSize(), before + (4 << 20));
}

TEST(Space, ClearUnmapsEverythingAndTellsTheWatcher)
{
    Space space;
    std::vector<Event> events;
    EXPECT_EQ(Map(space, 0, kPage, kRW), 0);
    EXPECT_EQ(Map(space, 0xfffff000, kPage, kRW), 0);
    gm_set_watcher(space, RecordEvent, &events);
    EXPECT_EQ(gm_space_clear(space), 0);
    EXPECT_EQ(gm_space_clear(space), 0);
    EXPECT_EQ(events,
              (std::vector<Event>{{GM_EVENT_UNMAP, 0, UINT64_C(1) << 32}}));
    EXPECT_TRUE(Regions(space).empty());
    EXPECT_EQ(HostProt(space.at(0)), "---p");
    EXPECT_EQ(HostProt(space.at(0xfffff000)), "---p");
    EXPECT_EQ(Map(space, 0, kPage, kRW), 0);
}

/* Runs in a child; returns its exit status. */
template <class Function> int InChild(gm_space *space, Function function)
{
    gm_space_before_fork(space);
    pid_t child = fork();
    gm_space_after_fork(space);
    if (child == 0)
        _exit(function());
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Space, ForkCopiesPrivateAndSharesSharedMemory)
{
    Space space;
    ASSERT_EQ(Map(space, 0x1000, kPage, kRW), 0);
    ASSERT_EQ(Map(space, 0x3000, kPage, kRW, GM_MAP_SHARED), 0);
    ASSERT_EQ(gm_fill(space, 0x1000, 'a', 1), 0);
    EXPECT_EQ(InChild(space,
                      [&] {
                          bool as_before = *space.at(0x1000) == 'a';
                          gm_fill(space, 0x1000, 'b', 1);
                          gm_fill(space, 0x3000, 'c', 1);
                          gm_unmap(space, 0x1000, kPage);
                          return as_before ? 42 : 1;
                      }),
              42);
    EXPECT_EQ(*space.at(0x1000), 'a');
    EXPECT_EQ(*space.at(0x3000), 'c');
    EXPECT_EQ(gm_unmap(space, 0x1000, kPage), 0);
}

TEST(Space, AChildMayCallAfterForkAlone)
{
    Space space;
    pid_t child = fork();
    if (child == 0) {
        gm_space_after_fork(space);
        _exit(Map(space, 0, kPage, kRW) == 0 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST(Space, ForkWaitsForAChangeUnderWay)
{
    Space space(20);
    std::atomic<bool> stop{false};
    std::thread changer([&] {
        while (!stop) {
            Map(space, 0, 64 * kPage, kRW, GM_MAP_REPLACE);
            gm_protect(space, 8 * kPage, 8 * kPage, GM_PROT_READ);
            gm_unmap(space, 0, 64 * kPage);
        }
    });
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(InChild(space,
                          [&] {
                              /* Whole regions or none, and it can go on. */
                              gm_mapping region;
                              if (gm_query(space, 0, &region) == 0 &&
                                  region.size % (8 * kPage) != 0)
                                  return 1;
                              if (gm_space_clear(space) != 0)
                                  return 2;
                              return Map(space, 0, kPage, kRW) == 0 ? 0 : 3;
                          }),
                  0);
    stop = true;
    changer.join();
}

} // namespace
