// area_calls_test.cc -- the system calls on areas and memory.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum : uint32_t {
    ANY = 0,
    EXACT = 1,
    READ = 1,
    WRITE = 2,
    EXECUTE = 4,
    PAGE = 4096,
    HERE = 0x30000000
};
const Address missing{8}; // no memory there

class AreaCalls : public testing::Test
{
  protected:
    AreaCalls()
    {
        root.write("file", std::string(5000, 'f'));
        root.make("dir");
        path = root.path.string();
        team = std::make_unique<hk::Team>(hk::make_config(path.c_str()));
        at = team->room(4);
        info = team->room(72);
    }

    int32_t create(const char *name, uint32_t address, uint32_t size,
                   uint32_t protection = READ | WRITE)
    {
        team->set(at, 0, address);
        return (int32_t)team->call("create_area", name, at, EXACT, size, 0u,
                                   protection);
    }
    int32_t open(const char *name, int mode)
    {
        return (int32_t)team->call("open", -1, name, mode, 0);
    }
    int64_t map(int32_t fd, uint32_t protection, uint32_t mapping,
                int64_t offset = 0, uint32_t spec = EXACT,
                uint32_t address = HERE, int unmap = 0)
    {
        team->set(at, 0, address);
        return team->call("map_file", "mapped", at, spec, 2 * PAGE, protection,
                          mapping, unmap, fd, offset);
    }
    bool can(uint32_t address, unsigned prot)
    {
        return harness_can(team->harness, address, prot) != 0;
    }
    char byte(uint32_t address)
    {
        char value = 0;
        EXPECT_EQ(harness_read(team->harness, address, &value, 1), 0);
        return value;
    }

    hk::Directory root;
    std::string path;
    std::unique_ptr<hk::Team> team;
    Address at{}, info{};
};

TEST_F(AreaCalls, CreateAreaTakesAllowedProtectionsAlone)
{
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        team->set(at, 0, 0u);
        int64_t id = team->call("create_area", "bit", at, ANY, 4096u, 0u, bit);
        if ((bit & 0x110f) != 0)
            EXPECT_GT(id, 0) << bit;
        else
            EXPECT_EQ(id, HK_B_BAD_VALUE) << bit;
    }
}

TEST_F(AreaCalls, CreateAreaRefusesTheKernelsSpecifications)
{
    for (uint32_t spec : {3u, 4u, 5u, 8u, 0xffffffffu})
        EXPECT_EQ(team->call("create_area", "x", at, spec, 4096u, 0u, 3u),
                  HK_B_BAD_VALUE)
            << spec;
}

TEST_F(AreaCalls, CreateAreaReportsBadPointers)
{
    EXPECT_EQ(team->call("create_area", missing, at, ANY, 4096u, 0u, 3u),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("create_area", "x", missing, ANY, 4096u, 0u, 3u),
              HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, AreasAreFoundByAddressAndName)
{
    int32_t id = create("an area with a name of more than 31 characters", HERE,
                        2 * PAGE);

    ASSERT_GT(id, 0);
    EXPECT_EQ(team->call("area_for", Address{HERE}), id);
    EXPECT_EQ(team->call("area_for", Address{HERE + 2 * PAGE - 1}), id);
    EXPECT_EQ(team->call("area_for", Address{HERE + 2 * PAGE}), HK_B_ERROR);
    EXPECT_EQ(team->call("area_for", Address{0xffffffff}), HK_B_ERROR);
    EXPECT_EQ(team->call("find_area", "an area with a name of more than"), id);
    EXPECT_EQ(team->call("find_area", "other"), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team->call("find_area", missing), HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, AreaInfoHasTheKernelsBitsToo)
{
    const struct {
        uint32_t protection, told;
    } rows[] = {{READ, 0x11},
                {WRITE, 0x22},
                {READ | WRITE, 0x33},
                {EXECUTE, 4},
                {READ | EXECUTE | 0x100, 0x115}};

    for (const auto &row : rows) {
        int32_t id = create("info", HERE, PAGE + 1, row.protection);
        ASSERT_GT(id, 0);
        ASSERT_EQ(team->call("get_area_info", id, info), HK_B_OK);
        EXPECT_EQ(team->get<int32_t>(info), id);
        EXPECT_EQ(team->text({info.value + 4}), "info");
        EXPECT_EQ(team->get<uint32_t>(info, 36), 2 * PAGE);
        EXPECT_EQ(team->get<uint32_t>(info, 44), row.told);
        EXPECT_EQ(team->get<int32_t>(info, 48), getpid());
        EXPECT_EQ(team->get<uint32_t>(info, 68), HERE);
        EXPECT_EQ(team->call("get_area_info", id, missing), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team->call("delete_area", id), HK_B_OK);
        EXPECT_EQ(team->call("get_area_info", id, info), HK_B_BAD_TEAM_ID);
    }
}

TEST_F(AreaCalls, AreaInfoTellsThePagesThatThereAre)
{
    auto ram_of = [this](int64_t id) {
        EXPECT_EQ(team->call("get_area_info", (int32_t)id, info), HK_B_OK);
        return team->get<uint32_t>(info, 52);
    };
    int64_t id = create("ram", HERE, 4 * PAGE);

    EXPECT_EQ(ram_of(id), 0u);
    ASSERT_EQ(harness_write(team->harness, HERE + PAGE, "s", 1), 0);
    EXPECT_EQ(ram_of(id), PAGE);
    EXPECT_EQ(team->call("memory_advice", Address{HERE}, 4 * PAGE, 6), HK_B_OK);
    EXPECT_EQ(ram_of(id), 0u);
    ASSERT_EQ(harness_write(team->harness, HERE + PAGE, "s", 1), 0);
    ASSERT_EQ(team->call("set_area_protection", (int32_t)id, 0x103u), HK_B_OK);
    EXPECT_GE(ram_of(id), PAGE + 0u); // its memory can be cloned now
    EXPECT_LE(ram_of(id), 4 * PAGE);
    id = map(open("/file", 0), READ | WRITE, 1, 0, EXACT, HERE + 0x10000);
    EXPECT_EQ(byte(HERE + 0x10000), 'f');
    EXPECT_EQ(ram_of(id), 0u); // that is the file's page
    ASSERT_EQ(harness_write(team->harness, HERE + 0x10000, "s", 1), 0);
    EXPECT_EQ(ram_of(id), PAGE);
    team->set(at, 0, HERE + 0x20000);
    EXPECT_EQ(ram_of(team->call("create_area", "locked", at, EXACT, 3 * PAGE,
                                2u, READ)),
              3 * PAGE);
}

TEST_F(AreaCalls, AreasAreListedByAddress)
{
    Address cookie = team->room(4);
    int32_t high = create("high", HERE + PAGE, PAGE);
    int32_t low = create("low", HERE, PAGE);
    std::vector<int32_t> seen;

    while (team->call("get_next_area_info", 0, cookie, info) == HK_B_OK) {
        seen.push_back(team->get<int32_t>(info));
        EXPECT_EQ(team->get<uint32_t>(cookie),
                  team->get<uint32_t>(info, 68) + 1);
    }
    EXPECT_EQ(seen, (std::vector<int32_t>{low, high}));
    EXPECT_EQ(team->call("get_next_area_info", 0, cookie, info),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team->call("get_next_area_info", getpid(), cookie, info),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team->call("get_next_area_info", 1, cookie, info),
              HK_B_ENTRY_NOT_FOUND); // the kernel's
    EXPECT_EQ(team->call("get_next_area_info", 4711, cookie, info),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team->call("get_next_area_info", 0, missing, info),
              HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, SetAreaProtectionChangesAllPages)
{
    int32_t id = create("p", HERE, 2 * PAGE);

    ASSERT_EQ(team->call("set_area_protection", id, READ), HK_B_OK);
    EXPECT_TRUE(can(HERE + PAGE, READ));
    EXPECT_FALSE(can(HERE + PAGE, WRITE));
    ASSERT_EQ(team->call("set_area_protection", id, 0x107u), HK_B_OK);
    EXPECT_TRUE(can(HERE, READ | WRITE | EXECUTE));
    EXPECT_EQ(team->call("set_area_protection", id, 0x1001u), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("set_area_protection", 4711, 1u), HK_B_BAD_TEAM_ID);
}

TEST_F(AreaCalls, SetMemoryProtectionChangesSomePages)
{
    const struct {
        uint32_t address, size, protection;
        int64_t result;
    } rows[] = {
        {HERE, 1, READ, HK_B_OK},
        {HERE, 0, READ, HK_B_OK},
        {HERE + 1, PAGE, READ, HK_B_BAD_VALUE},
        {HERE, PAGE, 0x100, HK_B_BAD_VALUE},
        {HERE + 3 * PAGE, 2 * PAGE, READ, HK_B_NO_MEMORY},
        {0x80000000, PAGE, READ, HK_B_NO_MEMORY},
        {HERE, 0xffffffff, READ, HK_B_OK}, // rounds up to 0
        {HERE, 0xfffff000, READ, HK_B_NO_MEMORY},
    };

    ASSERT_GT(create("p", HERE, 4 * PAGE), 0);
    for (const auto &row : rows)
        EXPECT_EQ(team->call("set_memory_protection", Address{row.address},
                             row.size, row.protection),
                  row.result)
            << std::hex << row.address << " " << row.size;
    EXPECT_FALSE(can(HERE, WRITE));
    EXPECT_TRUE(can(HERE + PAGE, WRITE));
}

TEST_F(AreaCalls, UnmapMemoryCutsAreasInTwo)
{
    int32_t id = create("cut", HERE, 4 * PAGE);
    int64_t rest;

    ASSERT_EQ(team->call("unmap_memory", Address{HERE + PAGE}, 4096u), HK_B_OK);
    EXPECT_EQ(team->call("area_for", Address{HERE}), id);
    EXPECT_EQ(team->call("area_for", Address{HERE + PAGE}), HK_B_ERROR);
    rest = team->call("area_for", Address{HERE + 2 * PAGE});
    EXPECT_GT(rest, 0);
    EXPECT_NE(rest, id);
    EXPECT_FALSE(can(HERE + PAGE, 0));
    EXPECT_TRUE(can(HERE + 2 * PAGE, READ));
    ASSERT_EQ(team->call("get_area_info", id, info), HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(info, 36), PAGE);
}

TEST_F(AreaCalls, UnmapMemoryTakesHolesButNoBadRanges)
{
    EXPECT_EQ(team->call("unmap_memory", Address{HERE}, 4096u), HK_B_OK);
    EXPECT_EQ(team->call("unmap_memory", Address{HERE + 1}, 4096u),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("unmap_memory", Address{HERE}, 0u), HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("unmap_memory", Address{HERE}, 0xffffffffu),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team->call("unmap_memory", Address{0x90000000}, 4096u),
              HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, MapFileShowsTheFileAndZeroesBehindIt)
{
    int32_t fd = open("/file", 0);

    ASSERT_GT(map(fd, READ, 1), 0);
    EXPECT_EQ(byte(HERE), 'f');
    EXPECT_EQ(byte(HERE + 4999), 'f');
    EXPECT_EQ(byte(HERE + 5000), 0);
    ASSERT_GT(map(fd, READ, 1, 5000, EXACT, HERE + 0x10000), 0);
    EXPECT_EQ(byte(HERE + 0x10000 + 903), 'f'); // offset rounded down
    EXPECT_EQ(byte(HERE + 0x10000 + 904), 0);
}

TEST_F(AreaCalls, PrivateMappingsKeepTheirStores)
{
    int32_t fd = open("/file", 2);

    ASSERT_GT(map(fd, READ | WRITE, 1), 0);
    ASSERT_EQ(harness_write(team->harness, HERE, "P", 1), 0);
    EXPECT_EQ(root.read("file")[0], 'f');
    ASSERT_GT(map(fd, READ | WRITE, 0, 0, EXACT, HERE + 0x10000), 0);
    ASSERT_EQ(harness_write(team->harness, HERE + 0x10000, "S", 1), 0);
    EXPECT_EQ(root.read("file")[0], 'S');
    EXPECT_EQ(team->call("sync_memory", Address{HERE + 0x10000}, 4096u, 2),
              HK_B_OK);
}

TEST_F(AreaCalls, MapFileNeedsADescriptorOfTheRightMode)
{
    int32_t reading = open("/file", 0), writing = open("/file", 1);
    int32_t dir = (int32_t)team->call("open_dir", -1, "/dir");
    const struct {
        int32_t fd;
        uint32_t protection, mapping;
        int64_t result;
    } rows[] = {
        {reading, READ | WRITE, 0, HK_B_PERMISSION_DENIED},
        {reading, READ, 0, 1},
        {writing, READ, 1, HK_B_PERMISSION_DENIED},
        {dir, READ, 1, HK_B_BAD_VALUE},
        {77, READ, 1, HK_B_FILE_ERROR},
        {reading, READ, 2, 1}, // one of the file's own pages
        {reading, 0x2000, 1, HK_B_BAD_VALUE},
        {-1, READ | WRITE, 1, 1},
    };

    for (const auto &row : rows) {
        int64_t id = map(row.fd, row.protection, row.mapping);
        EXPECT_EQ(id > 0 ? 1 : id, row.result)
            << row.fd << " " << row.protection << " " << row.mapping;
        if (id > 0)
            team->call("delete_area", (int32_t)id);
    }
}

TEST_F(AreaCalls, MapFileChecksWhere)
{
    EXPECT_EQ(map(open("/file", 0), READ, 1, -1), HK_B_BAD_VALUE);
    EXPECT_EQ(map(-1, READ, 1, 0, 3), HK_B_BAD_VALUE);
    EXPECT_EQ(map(-1, READ, 1, 0, EXACT, HERE + 8), HK_B_BAD_VALUE);
    EXPECT_EQ(map(-1, READ, 1, 0, EXACT, 0x80000000), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("map_file", missing, at, ANY, 4096u, 3u, 1u, 0, -1,
                         (int64_t)0),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("map_file", "x", missing, ANY, 4096u, 3u, 1u, 0, -1,
                         (int64_t)0),
              HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, MapFileReplacesWhenAsked)
{
    int32_t id = create("old", HERE, 4 * PAGE);

    EXPECT_EQ(map(-1, READ, 1), HK_B_BAD_VALUE);
    ASSERT_GT(map(-1, READ, 1, 0, EXACT, HERE, 1), 0);
    EXPECT_NE(team->call("area_for", Address{HERE}), id);
    EXPECT_FALSE(can(HERE, WRITE));
    EXPECT_TRUE(can(HERE + 2 * PAGE, WRITE));
}

TEST_F(AreaCalls, MapFileDoesNotReplaceTheKernelsMemory)
{
    ASSERT_EQ(team->start("/x", {"x"}), 0);
    at = team->room(4);
    EXPECT_EQ(map(-1, READ, 1, 0, EXACT, team->places().commpage, 1),
              HK_B_NOT_ALLOWED);
    EXPECT_TRUE(can(team->places().commpage, READ | EXECUTE));
}

TEST_F(AreaCalls, AFilesOwnPagesKeepTheirNumber)
{
    int32_t id = (int32_t)map(open("/file", 0), READ, 0);

    ASSERT_GT(id, 0);
    EXPECT_EQ(team->call("resize_area", id, 4 * PAGE), HK_B_NOT_ALLOWED);
}

TEST_F(AreaCalls, SyncAdviceAndLocksWantMappedPages)
{
    const struct {
        const char *call;
        uint32_t address, size;
        int32_t value;
        int64_t result;
    } rows[] = {
        {"sync_memory", HERE, PAGE, 1, HK_B_OK},
        {"sync_memory", HERE, PAGE, 2 | 4, HK_B_OK},
        {"sync_memory", HERE, 0, 2, HK_B_OK},
        {"sync_memory", HERE, PAGE, 1 | 2, HK_B_BAD_VALUE},
        {"sync_memory", HERE, PAGE, 8, HK_B_OK}, // does nothing
        {"sync_memory", HERE + 1, PAGE, 2, HK_B_BAD_VALUE},
        {"sync_memory", HERE + PAGE, PAGE, 2, HK_B_NO_MEMORY},
        {"sync_memory", HERE, 0xffffffff, 2, HK_B_OK}, // rounds up to 0
        {"sync_memory", HERE, 0xfffff000, 2, HK_B_NO_MEMORY},
        {"memory_advice", HERE, PAGE, 1, HK_B_OK},
        {"memory_advice", HERE, PAGE, 6, HK_B_OK},
        {"memory_advice", HERE, 0, 4, HK_B_OK},
        {"memory_advice", HERE, PAGE, 0, HK_B_BAD_VALUE},
        {"memory_advice", HERE, PAGE, 7, HK_B_BAD_VALUE},
        {"memory_advice", HERE + 1, PAGE, 1, HK_B_BAD_VALUE},
        {"memory_advice", HERE + PAGE, PAGE, 1, HK_B_OK},
        {"memory_advice", HERE, 0xfffff000, 1, HK_B_NO_MEMORY},
        {"memory_advice", 0x80000000, PAGE, 1, HK_B_NO_MEMORY},
        {"mlock", HERE, PAGE, -1, HK_B_OK},
        {"mlock", HERE, 0, -1, HK_B_OK},
        {"mlock", HERE + 5, 100, -1, HK_B_BAD_VALUE},
        {"mlock", HERE, PAGE + 1, -1, HK_B_BAD_ADDRESS},
        {"mlock", HERE, 0xfffff000, -1, HK_B_BAD_VALUE},
        {"munlock", HERE, PAGE, -1, HK_B_OK},
        {"munlock", 0x80000000, PAGE, -1, HK_B_BAD_VALUE},
    };

    ASSERT_GT(create("m", HERE, PAGE), 0);
    for (const auto &row : rows) {
        int64_t result =
            row.value < 0 ? team->call(row.call, Address{row.address}, row.size)
                          : team->call(row.call, Address{row.address}, row.size,
                                       row.value);
        EXPECT_EQ(result, row.result)
            << row.call << std::hex << " " << row.address << " " << row.size;
    }
}

TEST_F(AreaCalls, SetMemoryProtectionStopsAtWhatComesFirst)
{
    int32_t fd = open("/file", 0);

    ASSERT_EQ(team->start("/x", {"x"}), 0);
    at = team->room(4);
    const uint32_t commpage = team->places().commpage;
    ASSERT_GT(map(fd, READ, 0), 0);
    ASSERT_GT(create("before", HERE - PAGE, PAGE), 0);
    EXPECT_EQ(team->call("set_memory_protection", Address{HERE - PAGE},
                         4 * PAGE, READ | WRITE),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team->call("set_memory_protection", Address{HERE - 2 * PAGE},
                         4 * PAGE, READ | WRITE),
              HK_B_NO_MEMORY);
    EXPECT_EQ(team->call("set_memory_protection", Address{commpage - PAGE},
                         2 * PAGE, READ),
              HK_B_NO_MEMORY);
    EXPECT_EQ(team->call("set_memory_protection", Address{HERE - PAGE},
                         2 * PAGE, READ | EXECUTE),
              HK_B_OK);
}

TEST_F(AreaCalls, LocksWantPagesThatCanBeStoredTo)
{
    int32_t fd = open("/file", 2);

    ASSERT_GT(create("w", HERE - PAGE, PAGE), 0);
    ASSERT_GT(map(fd, READ | WRITE, 0), 0);
    EXPECT_EQ(team->call("mlock", Address{HERE - PAGE}, 4096u), HK_B_OK);
    EXPECT_EQ(team->call("mlock", Address{HERE - PAGE}, 8192u), HK_B_BAD_VALUE);
    team->call("set_memory_protection", Address{HERE}, 2 * PAGE, READ);
    EXPECT_EQ(team->call("munlock", Address{HERE - PAGE}, 8192u),
              HK_B_PERMISSION_DENIED);
    team->set(at, 0, HERE - 3 * PAGE);
    ASSERT_GT(team->call("create_area", "wired", at, EXACT, 4096u, 2u, READ),
              0);
    EXPECT_EQ(team->call("mlock", Address{HERE - 3 * PAGE}, 4096u), HK_B_OK);
}

TEST_F(AreaCalls, MappingsStayWhereNobodyIsToldOfThem)
{
    ASSERT_GT(create("read", HERE, PAGE), 0);
    team->set({HERE}, 0, HERE + 0x10000);
    team->call("set_memory_protection", Address{HERE}, 4096u, READ);
    EXPECT_EQ(team->call("map_file", "stays", Address{HERE}, EXACT, 4096u, READ,
                         1u, 0, -1, (int64_t)0),
              HK_B_BAD_ADDRESS);
    EXPECT_GT(team->call("find_area", "stays"), 0);
    EXPECT_EQ(
        team->call("create_area", "goes", Address{HERE}, ANY, 4096u, 0u, READ),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("find_area", "goes"), HK_B_NAME_NOT_FOUND);
}

TEST_F(AreaCalls, MemoryPropertiesAreThoseOfThePage)
{
    Address protection = team->room(4), lock = team->room(4);

    team->set(at, 0, (uint32_t)HERE);
    ASSERT_GT(team->call("create_area", "w", at, EXACT, 2 * PAGE, 2u, 3u), 0);
    team->call("set_memory_protection", Address{HERE + PAGE}, 4096u, 5u);
    ASSERT_EQ(team->call("get_memory_properties", getpid(),
                         Address{HERE + PAGE + 9}, protection, lock),
              HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(protection), 0x15u);
    EXPECT_EQ(team->get<uint32_t>(lock), 2u);
    ASSERT_EQ(team->call("get_memory_properties", getpid(), Address{HERE},
                         protection, lock),
              HK_B_OK);
    EXPECT_EQ(team->get<uint32_t>(protection), 0x33u);
    EXPECT_EQ(
        team->call("get_memory_properties", 1, Address{HERE}, protection, lock),
        HK_B_NO_MEMORY);
    for (int other : {0, 4711}) // it does not know 0 for the own one
        EXPECT_EQ(team->call("get_memory_properties", other, Address{HERE},
                             protection, lock),
                  HK_B_BAD_TEAM_ID);
    for (uint32_t where : {HERE + 2 * PAGE, 0x80000000u})
        EXPECT_EQ(team->call("get_memory_properties", getpid(), Address{where},
                             protection, lock),
                  HK_B_NO_MEMORY);
    EXPECT_EQ(team->call("get_memory_properties", getpid(), Address{HERE},
                         missing, lock),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team->call("get_memory_properties", getpid(), Address{HERE},
                         protection, missing),
              HK_B_BAD_ADDRESS);
}

TEST_F(AreaCalls, ClearCachesHasNothingToDo)
{
    EXPECT_EQ(team->call("clear_caches", Address{HERE}, 4096u, 15u), HK_B_OK);
}

} // namespace
