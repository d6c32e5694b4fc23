/* host_test.cc -- a host that refuses: nothing changes, nothing disagrees. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

#include <cerrno>
#include <cstdarg>
#include <functional>

/*
 * The linker's --wrap puts these in front of what libguestmem asks of the
 * host: the n-th call fails, on request after it has done half of its work,
 * as a kernel out of memory may.
 */
namespace
{
int calls_left = -1; /* until one fails; -1: none does */
bool half_way = false;

bool FailNow()
{
    if (calls_left < 0 || calls_left-- > 0)
        return false;
    errno = ENOMEM;
    return true;
}
} // namespace

extern "C" {
void *__real_mmap(void *, size_t, int, int, int, off_t);
void *__real_mremap(void *, size_t, size_t, int, ...);
int __real_mprotect(void *, size_t, int);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd,
                  off_t offset)
{
    if (!FailNow())
        return __real_mmap(at, size, prot, flags, fd, offset);
    if (half_way && (flags & MAP_FIXED))
        munmap(at, size);
    errno = ENOMEM;
    return MAP_FAILED;
}

void *__wrap_mremap(void *old, size_t old_size, size_t size, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    void *to = va_arg(rest, void *);
    va_end(rest);
    if (!FailNow())
        return __real_mremap(old, old_size, size, flags, to);
    if (half_way)
        munmap(to, size);
    errno = ENOMEM;
    return MAP_FAILED;
}

int __wrap_mprotect(void *at, size_t size, int prot)
{
    /* Taking all access away makes one mapping of two with the reservation
     * around it, for which no kernel needs memory. */
    if (prot == PROT_NONE || !FailNow())
        return __real_mprotect(at, size, prot);
    if (half_way && size > kPage)
        __real_mprotect(at, size / 2 & ~(kPage - 1), prot);
    errno = ENOMEM;
    return -1;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return FailNow() ? nullptr : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return FailNow() ? nullptr : __real_realloc(old, size);
}
}

namespace
{

std::vector<gm_mapping> Before(gm_space *space)
{
    return Regions(space);
}

bool SameRegions(const std::vector<gm_mapping> &one,
                 const std::vector<gm_mapping> &other)
{
    return one.size() == other.size() &&
           std::equal(one.begin(), one.end(), other.begin(),
                      [](const gm_mapping &a, const gm_mapping &b) {
                          return a.address == b.address && a.size == b.size &&
                                 a.prot == b.prot && a.flags == b.flags &&
                                 a.tag == b.tag && a.offset == b.offset;
                      });
}

constexpr uint64_t kSize = 32 * kPage;

/* Regions of many kinds in [0, kSize). */
void MapALot(gm_space *space, const File &file)
{
    ASSERT_EQ(Map(space, kPage, 4 * kPage, kRW, 0, 1), 0);
    ASSERT_EQ(Map(space, 5 * kPage, 2 * kPage, kRX), 0);
    ASSERT_EQ(Map(space, 8 * kPage, 2 * kPage, kRW, GM_MAP_SHARED), 0);
    gm_mapping mapping = {12 * kPage, 4 * kPage, kRW, 0, file.fd(), 0, 0};
    ASSERT_EQ(gm_map(space, &mapping), 0);
    ASSERT_EQ(Map(space, 16 * kPage, kPage, GM_PROT_NONE), 0);
    ASSERT_EQ(gm_fill(space, kPage, 'x', 4 * kPage), 0);
}

/* What is tried on a host that refuses. */
struct Change {
    const char *name;
    std::function<int(gm_space *, const File &)> run;
};

const Change kChanges[] = {
    {"map",
     [](gm_space *space, const File &) {
         return Map(space, 20 * kPage, 4 * kPage, kRW);
     }},
    {"map a file",
     [](gm_space *space, const File &file) {
         gm_mapping mapping = {20 * kPage, kPage, kRW, 0, file.fd(), 0, 0};
         return gm_map(space, &mapping);
     }},
    {"replace",
     [](gm_space *space, const File &) {
         return Map(space, 2 * kPage, 8 * kPage, kRW, GM_MAP_REPLACE);
     }},
    {"replace by a file",
     [](gm_space *space, const File &file) {
         gm_mapping mapping = {
             2 * kPage, 8 * kPage, kRW, GM_MAP_REPLACE | GM_MAP_SHARED,
             file.fd(), 0,         0};
         return gm_map(space, &mapping);
     }},
    {"unmap",
     [](gm_space *space, const File &) {
         return gm_unmap(space, 2 * kPage, 12 * kPage);
     }},
    {"protect",
     [](gm_space *space, const File &) {
         return gm_protect(space, 2 * kPage, 5 * kPage, GM_PROT_READ);
     }},
    {"protect a file",
     [](gm_space *space, const File &) {
         return gm_protect(space, 13 * kPage, 4 * kPage, GM_PROT_READ);
     }},
};

class Host : public testing::TestWithParam<bool>
{
  protected:
    void SetUp() override
    {
        half_way = GetParam();
    }
    void TearDown() override
    {
        calls_left = -1;
        half_way = false;
    }
};

TEST_P(Host, ChangesThatFailLeaveMapAndHostEqual)
{
    for (auto &change : kChanges) {
        int failures = 0, result = -1;
        for (int n = 0; result < 0; n++) {
            ASSERT_LT(n, 20) << change.name;
            Space space(20);
            File file(4);
            MapALot(space, file);
            ASSERT_EQ(gm_watch_writes(space, 2 * kPage, kPage, 1), 0);
            auto before = Before(space);
            calls_left = n;
            result = change.run(space, file);
            calls_left = -1;
            gm_watch_writes(space, 2 * kPage, kPage, 0);
            ExpectHostAgrees(space, kSize);
            if (result == 0)
                break;
            failures++;
            EXPECT_EQ(result, GM_ERR_NOMEM) << change.name << n;
            /* A host that drops what it fails to replace is the one case
             * in which something may have gone. */
            auto after = Regions(space);
            if (!half_way) {
                EXPECT_TRUE(SameRegions(before, after)) << change.name << n;
                EXPECT_EQ(gm_space_base(space)[kPage], 'x');
            }
            /* And all of it can be used again. */
            EXPECT_EQ(gm_space_clear(space), 0);
            EXPECT_EQ(Map(space, 0, kSize, kRW), 0);
            EXPECT_EQ(gm_fill(space, 0, 1, kSize), 0);
            ExpectHostAgrees(space, kSize);
        }
        EXPECT_GE(failures, 1) << change.name;
    }
}

TEST_P(Host, AWatchThatFailsIsNone)
{
    Space space(20);
    ASSERT_EQ(Map(space, 0, 8 * kPage, kRW), 0);
    errno = 5;
    calls_left = 0;
    EXPECT_EQ(gm_watch_writes(space, kPage, 4 * kPage, 1), GM_ERR_NOMEM);
    EXPECT_EQ(errno, 5);
    calls_left = -1;
    ExpectHostAgrees(space, 8 * kPage);
}

TEST_P(Host, ASpaceThatCannotBeMadeLeavesNothing)
{
    uint64_t before = HostMaps().TotalSize();
    int result = -1, n = 0;
    for (; result < 0; n++) {
        ASSERT_LT(n, 10);
        gm_space *space = nullptr;
        calls_left = n;
        result = gm_space_new(32, &space);
        calls_left = -1;
        if (result < 0) {
            EXPECT_EQ(result, GM_ERR_NOMEM);
            EXPECT_EQ(space, nullptr);
        }
        gm_space_free(space);
    }
    EXPECT_EQ(n, 4); /* calloc, the window, the table, and all well */
    EXPECT_LT(HostMaps().TotalSize(), before + (4 << 20));
}

TEST_P(Host, ACloneThatFailsLeavesTheSpaceAsItWas)
{
    Space space(20);
    File file(2);
    MapALot(space, file);
    auto regions = Before(space);
    uint64_t before = HostMaps().TotalSize();
    int result = -1, n = 0;
    for (; result < 0; n++) {
        ASSERT_LT(n, 60);
        gm_space *copy = nullptr;
        calls_left = n;
        result = gm_space_clone(space, &copy);
        calls_left = -1;
        if (result < 0) {
            EXPECT_EQ(result, GM_ERR_NOMEM) << n;
            EXPECT_EQ(copy, nullptr);
        }
        gm_space_free(copy);
        EXPECT_TRUE(SameRegions(regions, Regions(space)));
        ExpectHostAgrees(space, kSize);
        EXPECT_LT(HostMaps().TotalSize(), before + (4 << 20));
    }
    EXPECT_GT(n, 10);
}

INSTANTIATE_TEST_SUITE_P(Failing, Host, testing::Bool(),
                         [](const testing::TestParamInfo<bool> &info) {
                             return info.param ? "HalfWay" : "AtOnce";
                         });

} // namespace
