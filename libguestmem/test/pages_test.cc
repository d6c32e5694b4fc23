/* pages_test.cc -- watching pages, and what ends a watch. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

#include <cerrno>

namespace
{

/* Pages [1, 5) writable, [5, 6) not, [6, 7) inaccessible. */
class Watch : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_EQ(Map(space, kPage, 4 * kPage, kRW), 0);
        ASSERT_EQ(Map(space, 5 * kPage, kPage, kRX), 0);
        ASSERT_EQ(Map(space, 6 * kPage, kPage, GM_PROT_NONE), 0);
    }

    /* Of pages [0, 8): "-" none, "r", "w" as the host has them. */
    std::string Host() const
    {
        HostMaps maps;
        std::string text;
        for (gm_addr page = 0; page < 8; page++) {
            std::string prot = maps.At(space.at(page * kPage));
            text += prot[1] == 'w' ? 'w' : prot[0];
        }
        return text;
    }

    Space space;
};

TEST_F(Watch, TakesWritingFromPagesAndGivesItBack)
{
    struct {
        gm_addr address;
        uint64_t size;
        const char *host;
    } rows[] = {{kPage, kPage, "-rwwwr--"},
                {kPage + 5, 1, "-rwwwr--"},
                {2 * kPage - 1, 2, "-rrwwr--"},
                {kPage, 4 * kPage, "-rrrrr--"},
                {4 * kPage, 3 * kPage, "-wwwrr--"},
                {kPage + 1, kPage, "-rrwwr--"},
                {kPage, 0, "-wwwwr--"},
                {kPage + 1, 0, "-wwwwr--"}};
    for (auto &row : rows) {
        EXPECT_EQ(gm_watch_writes(space, row.address, row.size, 1), 0);
        EXPECT_EQ(Host(), row.host) << row.address;
        EXPECT_EQ(gm_watch_writes(space, row.address, row.size, 1), 0);
        EXPECT_EQ(Host(), row.host) << row.address;
        EXPECT_EQ(gm_watch_writes(space, row.address, row.size, 0), 0);
        EXPECT_EQ(Host(), "-wwwwr--");
    }
}

TEST_F(Watch, DoesNotChangeWhatQuerySays)
{
    ASSERT_EQ(gm_watch_writes(space, 2 * kPage, kPage, 1), 0);
    auto regions = Regions(space);
    ASSERT_EQ(regions.size(), 3u);
    EXPECT_EQ(regions[0].size, 4 * kPage);
    EXPECT_TRUE(gm_is_accessible(space, 2 * kPage, kPage, kRW));
}

TEST_F(Watch, RefusesWhatIsNotMapped)
{
    const uint64_t whole = UINT64_C(1) << 32;
    struct {
        gm_addr address;
        uint64_t size;
        int error;
    } rows[] = {{0, 1, GM_ERR_FAULT},
                {kPage - 1, 2, GM_ERR_FAULT},
                {6 * kPage, kPage + 1, GM_ERR_FAULT},
                {0, whole, GM_ERR_FAULT},
                {whole - 1, 1, GM_ERR_FAULT},
                {whole, 1, GM_ERR_RANGE},
                {whole - 1, 2, GM_ERR_RANGE},
                {UINT64_MAX, 2, GM_ERR_RANGE},
                {1, UINT64_MAX, GM_ERR_RANGE}};
    for (auto &row : rows)
        for (int on : {0, 1})
            EXPECT_EQ(gm_watch_writes(space, row.address, row.size, on),
                      row.error)
                << row.address;
    EXPECT_EQ(Host(), "-wwwwr--");
}

TEST_F(Watch, IsBlindForSharedPages)
{
    ASSERT_EQ(Map(space, 8 * kPage, 2 * kPage, kRW, GM_MAP_SHARED), 0);
    EXPECT_TRUE(gm_is_shared(space, 8 * kPage, 1));
    EXPECT_TRUE(gm_is_shared(space, 10 * kPage - 1, 1));
    EXPECT_TRUE(gm_is_shared(space, 4 * kPage, 5 * kPage));
    EXPECT_FALSE(gm_is_shared(space, 4 * kPage, 4 * kPage));
    EXPECT_FALSE(gm_is_shared(space, 8 * kPage, 0));
    EXPECT_FALSE(gm_is_shared(space, 0, UINT64_MAX));
    EXPECT_EQ(gm_watch_writes(space, 8 * kPage, kPage, 1), 0);
    EXPECT_EQ(gm_protect(space, 8 * kPage, kPage, GM_PROT_READ), 0);
    EXPECT_TRUE(gm_is_shared(space, 8 * kPage, kPage));
    EXPECT_EQ(gm_protect(space, 4 * kPage, kPage, GM_PROT_READ), 0);
    EXPECT_FALSE(gm_is_shared(space, 4 * kPage, kPage));

    struct gm_space *copy;
    ASSERT_EQ(gm_space_clone(space, &copy), 0);
    EXPECT_TRUE(gm_is_shared(copy, 8 * kPage, kPage));
    gm_space_free(copy);
    EXPECT_EQ(gm_unmap(space, 8 * kPage, kPage), 0);
    EXPECT_FALSE(gm_is_shared(space, 8 * kPage, kPage));
}

TEST_F(Watch, EndsWhenThePageChanges)
{
    auto watch = [&] { return gm_watch_writes(space, kPage, 4 * kPage, 1); };
    ASSERT_EQ(watch(), 0);
    ASSERT_EQ(gm_protect(space, 2 * kPage, 2 * kPage, kRW), 0);
    EXPECT_EQ(Host(), "-rwwrr--");
    ASSERT_EQ(watch(), 0);
    ASSERT_EQ(gm_protect(space, 2 * kPage, kPage, GM_PROT_NONE), 0);
    ASSERT_EQ(gm_protect(space, 2 * kPage, kPage, kRW), 0);
    EXPECT_EQ(Host(), "-rwrrr--");
    ASSERT_EQ(Map(space, kPage, kPage, kRW, GM_MAP_REPLACE), 0);
    EXPECT_EQ(Host(), "-wwrrr--");
    ASSERT_EQ(gm_unmap(space, 4 * kPage, kPage), 0);
    ASSERT_EQ(Map(space, 4 * kPage, kPage, kRW), 0);
    EXPECT_EQ(Host(), "-wwrwr--");
    ASSERT_EQ(gm_set_tag(space, 3 * kPage, kPage, 1), 0);
    EXPECT_EQ(Host(), "-wwrwr--");
}

TEST_F(Watch, MayBeOnAPageThatIsNotWritable)
{
    ASSERT_EQ(gm_watch_writes(space, 5 * kPage, 2 * kPage, 1), 0);
    EXPECT_EQ(Host(), "-wwwwr--");
    ASSERT_EQ(gm_watch_writes(space, 5 * kPage, 2 * kPage, 0), 0);
    EXPECT_EQ(Host(), "-wwwwr--");
}

TEST_F(Watch, LeavesPagesReadableThatOnlySayWrite)
{
    ASSERT_EQ(gm_protect(space, kPage, kPage, GM_PROT_WRITE), 0);
    ASSERT_EQ(gm_watch_writes(space, kPage, kPage, 1), 0);
    EXPECT_EQ(Host(), "-rwwwr--");
}

TEST_F(Watch, KeepsErrno)
{
    errno = 77;
    EXPECT_EQ(gm_watch_writes(space, kPage, kPage, 1), 0);
    EXPECT_EQ(gm_watch_writes(space, 0, kPage, 1), GM_ERR_FAULT);
    EXPECT_EQ(errno, 77);
}

/* As a processor with cached code uses it: the store faults, the handler
 * takes the watch off, the store is repeated. */
gm_space *handler_space;
volatile int handler_calls;

void TakeWatchOff(int, siginfo_t *info, void *)
{
    auto *host = static_cast<uint8_t *>(info->si_addr);
    gm_addr address = gm_addr(host - gm_space_base(handler_space));
    handler_calls = handler_calls + 1;
    if (gm_watch_writes(handler_space, address, 1, 0) < 0)
        _exit(1);
}

TEST_F(Watch, IsTakenOffInASignalHandler)
{
    struct sigaction action = {}, old;
    action.sa_sigaction = TakeWatchOff;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &old);
    handler_space = space;
    handler_calls = 0;
    ASSERT_EQ(gm_watch_writes(space, kPage, 4 * kPage, 1), 0);
    *const_cast<volatile uint8_t *>(space.at(2 * kPage + 9)) = 7;
    *const_cast<volatile uint8_t *>(space.at(2 * kPage + 10)) = 8;
    sigaction(SIGSEGV, &old, nullptr);
    EXPECT_EQ(handler_calls, 1);
    EXPECT_EQ(*space.at(2 * kPage + 9), 7);
    EXPECT_EQ(Host(), "-rwrrr--");
}

} // namespace
