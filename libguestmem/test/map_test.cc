/* map_test.cc -- mapping, unmapping, protecting, tagging, and the watcher. */
/* SPDX-License-Identifier: MIT */

#include "guest.h"

namespace
{

constexpr uint64_t kSize = 64 * kPage;

TEST(Map, GivesZeroedMemoryWithTheProtectionAskedFor)
{
    struct {
        unsigned prot;
        const char *host;
    } rows[] = {{GM_PROT_NONE, "---p"},
                {GM_PROT_READ, "r--p"},
                {GM_PROT_WRITE, "rw-p"},
                {GM_PROT_EXEC, "r--p"},
                {kRW, "rw-p"},
                {kRX, "r--p"},
                {GM_PROT_WRITE | GM_PROT_EXEC, "rw-p"},
                {kRW | GM_PROT_EXEC, "rw-p"}};
    Space space;
    gm_addr at = 0;
    for (auto &row : rows) {
        EXPECT_EQ(Map(space, at, kPage, row.prot), 0);
        EXPECT_EQ(HostProt(space.at(at)), row.host) << row.prot;
        if (row.prot != 0) {
            EXPECT_EQ(*space.at(at + 17), 0);
        }
        at += 2 * kPage;
    }
    ExpectHostAgrees(space, at);
}

TEST(Map, ReachesTheFirstAndTheLastPage)
{
    Space space;
    EXPECT_EQ(Map(space, 0, kPage, kRW), 0);
    EXPECT_EQ(Map(space, 0xfffff000, kPage, kRW), 0);
    EXPECT_EQ(gm_fill(space, 0xffffffff, 1, 1), 0);
    EXPECT_EQ(gm_fill(space, 0, 1, 1), 0);
    EXPECT_EQ(gm_space_clear(space), 0);
    EXPECT_EQ(Map(space, 0, UINT64_C(1) << 32, kRW), 0);
    EXPECT_EQ(gm_fill(space, 0x80000000, 1, 1), 0);
}

TEST(Map, ChecksEachArgument)
{
    File file(1);
    const uint64_t whole = UINT64_C(1) << 32;
    const int fd = file.fd();
    struct {
        gm_mapping mapping;
        int error;
    } rows[] = {
        {{1, kPage, kRW, 0, -1, 0, 0}, GM_ERR_INVALID},
        {{0, kPage + 1, kRW, 0, -1, 0, 0}, GM_ERR_INVALID},
        {{0, 0, kRW, 0, -1, 0, 0}, GM_ERR_INVALID},
        {{0, kPage, 8, 0, -1, 0, 0}, GM_ERR_INVALID},
        {{0, kPage, ~0u, 0, -1, 0, 0}, GM_ERR_INVALID},
        {{0, kPage, kRW, 4, -1, 0, 0}, GM_ERR_INVALID},
        {{0, kPage, kRW, 0, -2, 0, 0}, GM_ERR_INVALID},
        {{0, kPage, kRW, 0, fd, 1, 0}, GM_ERR_INVALID},
        {{0, kPage, kRW, 0, fd, UINT64_MAX - 4095, 0}, GM_ERR_INVALID},
        {{0, kPage, kRW, 0, fd, INT64_MAX - 4095, 0}, GM_ERR_INVALID},
        {{whole, kPage, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{whole - kPage, 2 * kPage, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{0, whole + kPage, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{kPage, whole, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{kPage, 0 - kPage, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{0 - kPage, kPage, kRW, 0, -1, 0, 0}, GM_ERR_RANGE},
        {{0, kPage, kRW, 0, 1000000, 0, 0}, GM_ERR_IO},
    };
    Space space;
    for (auto &row : rows)
        EXPECT_EQ(gm_map(space, &row.mapping), row.error)
            << &row - rows << " " << row.mapping.address;
    EXPECT_TRUE(Regions(space).empty());
    ExpectHostAgrees(space, kSize);
}

TEST(Map, RefusesWhatIsInUseUnlessToldToReplace)
{
    Space space;
    ASSERT_EQ(Map(space, 2 * kPage, 4 * kPage, kRW, 0, 1), 0);
    ASSERT_EQ(gm_fill(space, 2 * kPage, 'x', 4 * kPage), 0);
    for (gm_addr at : {1, 2, 3, 5})
        EXPECT_EQ(Map(space, at * kPage, 2 * kPage, kRW), GM_ERR_EXISTS) << at;
    EXPECT_EQ(Map(space, 0, 16 * kPage, kRW), GM_ERR_EXISTS);
    EXPECT_EQ(*space.at(3 * kPage), 'x');

    EXPECT_EQ(Map(space, 3 * kPage, kPage, GM_PROT_READ, GM_MAP_REPLACE, 2), 0);
    EXPECT_EQ(*space.at(2 * kPage), 'x');
    EXPECT_EQ(*space.at(3 * kPage), 0);
    EXPECT_EQ(*space.at(4 * kPage), 'x');
    auto regions = Regions(space);
    ASSERT_EQ(regions.size(), 3u);
    EXPECT_EQ(regions[1].tag, 2u);
    EXPECT_EQ(regions[1].flags, 0u);
    ExpectHostAgrees(space, kSize);
}

TEST(Map, FilesAreSharedOrPrivate)
{
    Space space;
    File file(4);
    gm_mapping shared = {0, 2 * kPage, kRW, GM_MAP_SHARED, file.fd(), kPage, 0};
    gm_mapping copied = {0x10000, 2 * kPage, kRW, 0, file.fd(), kPage, 0};
    ASSERT_EQ(gm_map(space, &shared), 0);
    ASSERT_EQ(gm_map(space, &copied), 0);
    for (gm_addr at : {0, 0x10000}) {
        EXPECT_EQ(*space.at(at), '1');
        EXPECT_EQ(*space.at(at + kPage), '2');
    }
    EXPECT_EQ(gm_fill(space, 0x10000, 'p', 1), 0);
    EXPECT_EQ(file.ByteAt(kPage), '1');
    EXPECT_EQ(gm_fill(space, kPage, 's', 1), 0);
    EXPECT_EQ(file.ByteAt(2 * kPage), 's');
    ExpectHostAgrees(space, 0x20000);
}

TEST(Map, AFileOpenForReadingMayBePrivateAndWritable)
{
    Space space;
    File file(2);
    int fd = file.Reopen(O_RDONLY);
    gm_mapping mapping = {0, kPage, kRW, GM_MAP_SHARED, fd, 0, 0};
    EXPECT_EQ(gm_map(space, &mapping), GM_ERR_IO);
    EXPECT_TRUE(Regions(space).empty());
    mapping.flags = 0;
    EXPECT_EQ(gm_map(space, &mapping), 0);
    EXPECT_EQ(gm_fill(space, 0, 'p', 1), 0);
    EXPECT_EQ(file.ByteAt(0), '0');

    mapping = {kPage, kPage, GM_PROT_READ, GM_MAP_SHARED, fd, 0, 0};
    EXPECT_EQ(gm_map(space, &mapping), 0);
    close(fd);
    /* Together with a neighbour that the host could change. */
    EXPECT_EQ(gm_protect(space, 0, kPage, GM_PROT_READ), 0);
    EXPECT_EQ(gm_protect(space, 0, 2 * kPage, kRW), GM_ERR_IO);
    ExpectHostAgrees(space, kSize);
    EXPECT_EQ(Regions(space)[0].prot, unsigned(GM_PROT_READ));
}

TEST(Map, AFileOpenForWritingAloneCannotBeMapped)
{
    Space space;
    File file(1);
    int fd = file.Reopen(O_WRONLY);
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    ASSERT_EQ(gm_fill(space, 0, 'x', 1), 0);
    gm_mapping mapping = {0, kPage, kRW, GM_MAP_REPLACE, fd, 0, 0};
    EXPECT_EQ(gm_map(space, &mapping), GM_ERR_IO);
    close(fd);
    /* What was to be replaced is still there. */
    EXPECT_EQ(*space.at(0), 'x');
    ExpectHostAgrees(space, kSize);
}

TEST(Map, FoldersAndPipesCannotBeMapped)
{
    Space space;
    int folder = open("/", O_RDONLY | O_CLOEXEC), ends[2];
    ASSERT_EQ(pipe(ends), 0);
    for (int fd : {folder, ends[0]}) {
        gm_mapping mapping = {0, kPage, GM_PROT_READ, 0, fd, 0, 0};
        EXPECT_EQ(gm_map(space, &mapping), GM_ERR_IO);
        close(fd);
    }
    close(ends[1]);
    ExpectHostAgrees(space, kSize);
}

TEST(Map, SharedAnonymousMappingsAreTwoObjects)
{
    Space space;
    ASSERT_EQ(Map(space, 0, kPage, kRW, GM_MAP_SHARED), 0);
    ASSERT_EQ(Map(space, kPage, kPage, kRW, GM_MAP_SHARED), 0);
    EXPECT_EQ(Regions(space).size(), 2u);
    EXPECT_EQ(gm_fill(space, 0, 'x', kPage), 0);
    EXPECT_EQ(*space.at(kPage), 0);
    ExpectHostAgrees(space, kSize);
}

TEST(Unmap, TakesPartsAndHoles)
{
    Space space;
    ASSERT_EQ(Map(space, 2 * kPage, 6 * kPage, kRW), 0);
    ASSERT_EQ(Map(space, 10 * kPage, kPage, kRW), 0);
    EXPECT_EQ(gm_unmap(space, 4 * kPage, kPage), 0);
    EXPECT_EQ(gm_unmap(space, 7 * kPage, 30 * kPage), 0);
    EXPECT_EQ(gm_unmap(space, 40 * kPage, kPage), 0);
    auto regions = Regions(space);
    ASSERT_EQ(regions.size(), 2u);
    EXPECT_EQ(regions[0].address, 2 * kPage);
    EXPECT_EQ(regions[0].size, 2 * kPage);
    EXPECT_EQ(regions[1].address, 5 * kPage);
    EXPECT_EQ(regions[1].size, 2 * kPage);
    ExpectHostAgrees(space, kSize);
}

TEST(Unmap, MemoryMappedAgainIsZero)
{
    Space space;
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    ASSERT_EQ(gm_fill(space, 0, 'x', kPage), 0);
    ASSERT_EQ(gm_unmap(space, 0, kPage), 0);
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    EXPECT_EQ(*space.at(0), 0);
}

/* Ranges that each of the three functions refuses. */
TEST(Change, ChecksItsRange)
{
    const uint64_t whole = UINT64_C(1) << 32;
    struct {
        gm_addr address;
        uint64_t size;
        int error;
    } rows[] = {{1, kPage, GM_ERR_INVALID},
                {0, 1, GM_ERR_INVALID},
                {0, 0, GM_ERR_INVALID},
                {whole, kPage, GM_ERR_RANGE},
                {whole - kPage, 2 * kPage, GM_ERR_RANGE},
                {0, whole + kPage, GM_ERR_RANGE},
                {0 - kPage, 2 * kPage, GM_ERR_RANGE},
                {kPage, 0 - kPage, GM_ERR_RANGE}};
    Space space;
    ASSERT_EQ(Map(space, 0, 2 * kPage, kRW), 0);
    for (auto &row : rows) {
        EXPECT_EQ(gm_unmap(space, row.address, row.size), row.error);
        EXPECT_EQ(gm_protect(space, row.address, row.size, 0), row.error);
        EXPECT_EQ(gm_set_tag(space, row.address, row.size, 1), row.error);
    }
    EXPECT_EQ(gm_protect(space, 0, kPage, 8), GM_ERR_INVALID);
    EXPECT_EQ(Regions(space).size(), 1u);
}

TEST(Change, OfAHoleIsAFaultAndChangesNothing)
{
    Space space;
    ASSERT_EQ(Map(space, kPage, kPage, kRW), 0);
    ASSERT_EQ(Map(space, 3 * kPage, kPage, kRW), 0);
    struct {
        gm_addr address;
        uint64_t size;
    } rows[] = {{0, 2 * kPage}, {kPage, 2 * kPage}, {kPage, 3 * kPage}};
    for (auto &row : rows) {
        EXPECT_EQ(gm_protect(space, row.address, row.size, GM_PROT_READ),
                  GM_ERR_FAULT);
        EXPECT_EQ(gm_set_tag(space, row.address, row.size, 1), GM_ERR_FAULT);
    }
    for (auto &region : Regions(space)) {
        EXPECT_EQ(region.prot, kRW);
        EXPECT_EQ(region.tag, 0u);
    }
    ExpectHostAgrees(space, kSize);
}

TEST(Protect, ChangesPartsAndKeepsTheContent)
{
    Space space;
    ASSERT_EQ(Map(space, 0, 8 * kPage, kRW), 0);
    ASSERT_EQ(gm_fill(space, 0, 'x', 8 * kPage), 0);
    EXPECT_EQ(gm_protect(space, 2 * kPage, 4 * kPage, kRX), 0);
    EXPECT_EQ(gm_protect(space, 3 * kPage, kPage, GM_PROT_NONE), 0);
    EXPECT_EQ(Regions(space).size(), 5u);
    ExpectHostAgrees(space, kSize);
    EXPECT_EQ(gm_protect(space, 0, 8 * kPage, kRW), 0);
    EXPECT_EQ(Regions(space).size(), 1u);
    EXPECT_EQ(*space.at(3 * kPage), 'x');
    ExpectHostAgrees(space, kSize);
}

TEST(Protect, ManySmallChangesLeaveOneRegion)
{
    Space space;
    ASSERT_EQ(Map(space, 0, 64 * kPage, kRW), 0);
    for (unsigned prot : {unsigned(GM_PROT_READ), kRW})
        for (gm_addr page = 0; page < 64; page += 2)
            EXPECT_EQ(gm_protect(space, page * kPage, kPage, prot), 0);
    EXPECT_EQ(Regions(space).size(), 1u);
}

TEST(Discard, LeavesZerosAndThePagesOfAFile)
{
    Space space;
    const int fd = memfd_create("file", MFD_CLOEXEC);
    const std::string page(kPage, 'f');
    char byte = 0;
    ASSERT_EQ(write(fd, page.data(), kPage), static_cast<ssize_t>(kPage));
    ASSERT_EQ(Map(space, 0, 2 * kPage, kRW), 0);
    const gm_mapping file = {2 * kPage, kPage, kRW, 0, fd, 0, 0};
    ASSERT_EQ(gm_map(space, &file), 0);
    close(fd);
    ASSERT_EQ(gm_fill(space, 0, 's', 3 * kPage), 0);
    ASSERT_EQ(gm_protect(space, kPage, kPage, GM_PROT_NONE), 0);
    EXPECT_EQ(gm_discard(space, kPage, 2 * kPage), 0);
    ASSERT_EQ(gm_protect(space, kPage, kPage, GM_PROT_READ), 0);
    for (const auto &[at, expected] :
         std::map<gm_addr, char>{{kPage - 1, 's'},
                                 {kPage, 0},
                                 {2 * kPage - 1, 0},
                                 {2 * kPage, 'f'}}) {
        ASSERT_EQ(gm_copy_in(space, &byte, at, 1), 0);
        EXPECT_EQ(byte, expected) << at;
    }
    ASSERT_EQ(gm_fill(space, 2 * kPage, 't', 1), 0);
    ASSERT_EQ(gm_copy_in(space, &byte, 2 * kPage, 1), 0);
    EXPECT_EQ(byte, 't');
}

TEST(Discard, EndsWatchesAndTellsTheWatcher)
{
    Space space;
    std::vector<Event> events;
    ASSERT_EQ(Map(space, 0, 2 * kPage, kRW), 0);
    ASSERT_EQ(gm_watch_writes(space, 0, kPage, 1), 0);
    gm_set_watcher(space, RecordEvent, &events);
    EXPECT_EQ(gm_discard(space, 0, 2 * kPage), 0);
    EXPECT_EQ(events, (std::vector<Event>{{GM_EVENT_DISCARD, 0, 2 * kPage}}));
    EXPECT_EQ(HostProt(gm_space_base(space)), "rw-p");
}

TEST(Discard, RefusesHolesAndSharedPages)
{
    Space space;
    std::vector<Event> events;
    ASSERT_EQ(Map(space, 0, kPage, kRW, GM_MAP_SHARED), 0);
    ASSERT_EQ(Map(space, kPage, kPage, kRW), 0);
    ASSERT_EQ(gm_fill(space, 0, 's', 2 * kPage), 0);
    gm_set_watcher(space, RecordEvent, &events);
    EXPECT_EQ(gm_discard(space, 0, 2 * kPage), GM_ERR_INVALID);
    EXPECT_EQ(gm_discard(space, kPage, 2 * kPage), GM_ERR_FAULT);
    EXPECT_EQ(gm_discard(space, kPage, 1), GM_ERR_INVALID);
    EXPECT_EQ(gm_discard(space, gm_space_size(space), kPage), GM_ERR_RANGE);
    EXPECT_TRUE(events.empty());
    char bytes[2] = "";
    ASSERT_EQ(gm_copy_in(space, bytes, kPage - 1, 2), 0);
    EXPECT_EQ(std::string(bytes, 2), "ss");
}

TEST(SetTag, SplitsAndJoinsRegions)
{
    Space space;
    ASSERT_EQ(Map(space, 0, 4 * kPage, kRW, 0, 1), 0);
    EXPECT_EQ(gm_set_tag(space, kPage, kPage, UINT64_MAX), 0);
    auto regions = Regions(space);
    ASSERT_EQ(regions.size(), 3u);
    EXPECT_EQ(regions[1].tag, UINT64_MAX);
    EXPECT_EQ(gm_set_tag(space, 0, 4 * kPage, 2), 0);
    EXPECT_EQ(Regions(space).size(), 1u);
}

TEST(Watcher, HearsOfEachChangeOnce)
{
    Space space;
    std::vector<Event> events;
    gm_set_watcher(space, RecordEvent, &events);
    EXPECT_EQ(Map(space, 0, 4 * kPage, kRW), 0);
    EXPECT_EQ(gm_protect(space, kPage, kPage, GM_PROT_READ), 0);
    EXPECT_EQ(gm_unmap(space, kPage, 8 * kPage), 0);
    EXPECT_EQ(Map(space, 0, kPage, kRW, GM_MAP_REPLACE), 0);
    EXPECT_EQ(events, (std::vector<Event>{
                          {GM_EVENT_MAP, 0, 4 * kPage},
                          {GM_EVENT_PROTECT, kPage, kPage},
                          {GM_EVENT_UNMAP, kPage, 8 * kPage},
                          {GM_EVENT_UNMAP, 0, kPage},
                          {GM_EVENT_MAP, 0, kPage},
                      }));
}

TEST(Watcher, HearsNothingOfWhatChangedNothing)
{
    Space space;
    std::vector<Event> events;
    ASSERT_EQ(Map(space, 0, kPage, kRW), 0);
    gm_set_watcher(space, RecordEvent, &events);
    EXPECT_EQ(Map(space, 0, kPage, kRW), GM_ERR_EXISTS);
    EXPECT_EQ(gm_protect(space, 0, 2 * kPage, 0), GM_ERR_FAULT);
    EXPECT_EQ(gm_unmap(space, kPage, kPage), 0);
    EXPECT_EQ(gm_set_tag(space, 0, kPage, 1), 0);
    EXPECT_TRUE(events.empty());
    gm_set_watcher(space, nullptr, nullptr);
    EXPECT_EQ(gm_unmap(space, 0, kPage), 0);
    EXPECT_TRUE(events.empty());
}

TEST(Watcher, IsCalledWhenTheChangeHasHappened)
{
    struct Context {
        gm_space *space;
        std::vector<std::string> host;
        int watch;
    } context = {};
    Space space;
    context.space = space;
    gm_set_watcher(
        space,
        [](void *pointer, gm_event, gm_addr address, uint64_t size) {
            auto *seen = static_cast<Context *>(pointer);
            seen->host.push_back(HostProt(gm_space_base(seen->space)));
            seen->watch = gm_watch_writes(seen->space, address, size, 0);
        },
        &context);
    EXPECT_EQ(Map(space, 0, kPage, kRW), 0);
    EXPECT_EQ(context.watch, 0);
    EXPECT_EQ(gm_protect(space, 0, kPage, GM_PROT_READ), 0);
    EXPECT_EQ(gm_unmap(space, 0, kPage), 0);
    EXPECT_EQ(context.watch, GM_ERR_FAULT);
    EXPECT_EQ(context.host, (std::vector<std::string>{"rw-p", "r--p", "---p"}));
}

} // namespace
