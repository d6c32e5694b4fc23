// area_test.cc -- where areas lie, and the memory behind them.
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
    BASE = 2,
    READ = 1,
    WRITE = 2,
    PAGE = 4096,
    FIRST = 0x00100000, // user memory begins
    TOP = 0x7fff0000,
    HERE = 0x30000000
};

class Areas : public testing::Test
{
  protected:
    explicit Areas(hk_release release = HK_R1BETA5) : team(config_of(release))
    {
        at = team.room(4);
    }

    static hk_config config_of(hk_release release)
    {
        hk_config config = hk::make_config(nullptr);
        config.release = release;
        return config;
    }

    int64_t create(uint32_t spec, uint32_t address, uint32_t size)
    {
        team.set(at, 0, address);
        return team.call("create_area", "area", at, spec, size, 0u,
                         READ | WRITE);
    }
    int64_t reserve(uint32_t spec, uint32_t address, uint32_t size)
    {
        team.set(at, 0, address);
        return team.call("reserve_address_range", at, spec, size);
    }
    uint32_t address()
    {
        return team.get<uint32_t>(at);
    }
    bool is_mapped(uint32_t where)
    {
        return harness_can(team.harness, where, 0) != 0;
    }

    hk::Team team;
    Address at{};
};

TEST_F(Areas, AreZeroedPagesOfTheirOwn)
{
    uint32_t word = 1;

    ASSERT_GT(create(ANY, 0, 5000), 0);
    EXPECT_GE(address(), FIRST);
    EXPECT_EQ(address() % PAGE, 0u);
    EXPECT_EQ(harness_read(team.harness, address() + 2 * PAGE - 4, &word, 4),
              0);
    EXPECT_EQ(word, 0u);
    EXPECT_FALSE(is_mapped(address() + 2 * PAGE));
}

TEST_F(Areas, LieAtAnExactAddressThatIsFree)
{
    ASSERT_GT(create(EXACT, HERE, 3 * PAGE), 0);
    EXPECT_EQ(address(), HERE);
    for (uint32_t taken : {HERE + 0, HERE + 2 * PAGE, HERE - PAGE})
        EXPECT_EQ(create(EXACT, taken, 2 * PAGE), HK_B_BAD_VALUE) << taken;
    EXPECT_GT(create(EXACT, HERE + 3 * PAGE, PAGE), 0);
}

TEST_F(Areas, StayInUserMemory)
{
    const struct {
        uint32_t address, size;
        int64_t result;
    } rows[] = {
        {FIRST, PAGE, 1},
        {FIRST - PAGE, PAGE, HK_B_BAD_ADDRESS},
        {0, PAGE, HK_B_BAD_ADDRESS},
        {TOP - PAGE, PAGE, 1},
        {TOP, PAGE, HK_B_BAD_ADDRESS},
        {TOP - PAGE, 2 * PAGE, HK_B_BAD_ADDRESS},
        {0x80000000, PAGE, HK_B_BAD_VALUE},
        {0xfffff000, PAGE, HK_B_BAD_VALUE},
        {HERE + 1, PAGE, 1}, // at the next page
    };

    for (const auto &row : rows) {
        int64_t id = create(EXACT, row.address, row.size);
        EXPECT_EQ(id > 0 ? 1 : id, row.result) << std::hex << row.address;
    }
}

TEST_F(Areas, LieAtOrAboveABaseElseBelow)
{
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE + PAGE);
    ASSERT_GT(create(BASE, TOP - PAGE, PAGE), 0);
    ASSERT_GT(create(BASE, TOP - PAGE, PAGE), 0);
    EXPECT_LT(address(), TOP - PAGE);
    ASSERT_GT(create(BASE, HERE + 2 * PAGE + 1, PAGE), 0);
    EXPECT_EQ(address(), HERE + 3 * PAGE);
    EXPECT_EQ(create(BASE, TOP - PAGE, 2 * PAGE), HK_B_BAD_ADDRESS);
    EXPECT_EQ(create(BASE, 0xffff0000, PAGE), HK_B_BAD_ADDRESS);
    ASSERT_GT(create(BASE, 0xfffff001, 2 * PAGE), 0); // its end wraps around
    EXPECT_LT(address(), HERE);
}

TEST_F(Areas, OfNoSizeAndOfTooMuchAreRefused)
{
    EXPECT_EQ(create(ANY, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(create(ANY, 0, 0xffffffff), HK_B_BAD_VALUE); // round up
    EXPECT_EQ(create(ANY, 0, 0x80000000), HK_B_BAD_ADDRESS);
    EXPECT_EQ(create(ANY, 0, 0xfffff000), HK_B_NO_MEMORY);
    EXPECT_EQ(create(3, 0, 0x80000000), HK_B_BAD_VALUE);
    ASSERT_GT(create(ANY, 0, 0x50000000), 0);
    EXPECT_EQ(create(ANY, 0, 0x50000000), HK_B_NO_MEMORY);
}

TEST_F(Areas, GoWithTheirMemory)
{
    int64_t id = create(EXACT, HERE, PAGE);

    ASSERT_GT(id, 0);
    EXPECT_EQ(team.call("delete_area", (int32_t)id), HK_B_OK);
    EXPECT_FALSE(is_mapped(HERE));
    EXPECT_EQ(team.call("delete_area", (int32_t)id), HK_B_BAD_VALUE);
    EXPECT_NE(create(EXACT, HERE, PAGE), id);
}

TEST_F(Areas, KeepOutOfReservedRanges)
{
    ASSERT_EQ(reserve(EXACT, HERE, 4 * PAGE), HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE + 4 * PAGE);
    ASSERT_GT(create(EXACT, HERE + PAGE, PAGE), 0);
    EXPECT_EQ(reserve(EXACT, HERE + 2 * PAGE, PAGE), HK_B_BAD_VALUE);
    EXPECT_EQ(create(EXACT, HERE + 3 * PAGE, 2 * PAGE), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unreserve_address_range", HERE, 4 * PAGE), HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE);
}

TEST_F(Areas, TakeFromRangesWhatIsNowhereElse)
{
    ASSERT_EQ(reserve(EXACT, FIRST, TOP - FIRST), HK_B_OK);
    EXPECT_GT(create(ANY, 0, PAGE), 0);
}

TEST_F(Areas, ReservedRangesHaveTheirOwnLimits)
{
    EXPECT_EQ(reserve(ANY, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(reserve(ANY, 0, 0xffffffff), HK_B_NO_MEMORY);
    EXPECT_EQ(reserve(ANY, 0, TOP), HK_B_BAD_ADDRESS);
    EXPECT_EQ(reserve(EXACT, 0, PAGE), HK_B_BAD_ADDRESS);
    EXPECT_EQ(reserve(EXACT, HERE + 1, PAGE), HK_B_OK);
    EXPECT_EQ(address(), HERE + PAGE);
    EXPECT_EQ(reserve(3, HERE, PAGE), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("reserve_address_range", nullptr, 0u, 4096u),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("unreserve_address_range", 0x80000000u, 4096u),
              HK_B_OK);
    EXPECT_EQ(team.call("unreserve_address_range", HERE + 1, 4096u), HK_B_OK);
}

TEST_F(Areas, RangesAreGivenBackAsAWhole)
{
    ASSERT_EQ(reserve(EXACT, HERE, 5000), HK_B_OK);
    ASSERT_EQ(reserve(EXACT, HERE + 2 * PAGE, 2 * PAGE), HK_B_OK);
    EXPECT_EQ(create(EXACT, HERE, 2 * PAGE), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unreserve_address_range", HERE + 0u, 4 * PAGE - 1),
              HK_B_OK);
    ASSERT_GT(create(BASE, HERE, 2 * PAGE), 0);
    EXPECT_EQ(address(), HERE);
    EXPECT_EQ(team.call("unreserve_address_range", HERE + 3 * PAGE, 4 * PAGE),
              HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE + 4 * PAGE);
    EXPECT_EQ(team.call("unreserve_address_range", HERE + 0u, 4 * PAGE),
              HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE + 2 * PAGE);
}

TEST_F(Areas, BecomeEmptyAndGrowAgain)
{
    int32_t id = (int32_t)create(EXACT, HERE, 2 * PAGE);
    Address info = team.room(72);

    ASSERT_EQ(team.call("resize_area", id, 0u), HK_B_OK);
    EXPECT_FALSE(is_mapped(HERE));
    EXPECT_EQ(team.call("area_for", Address{HERE}), HK_B_ERROR);
    ASSERT_EQ(team.call("get_area_info", id, info), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(info, 36), 0u);
    EXPECT_EQ(team.get<uint32_t>(info, 68), HERE);
    EXPECT_EQ(team.call("set_area_protection", id, 1u), HK_B_OK);
    EXPECT_EQ(create(EXACT, HERE - PAGE, 2 * PAGE), HK_B_BAD_VALUE);
    ASSERT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_OK);
    EXPECT_EQ(team.call("area_for", Address{HERE}), id);
    ASSERT_EQ(team.call("resize_area", id, 0u), HK_B_OK);
    EXPECT_EQ(team.call("unmap_memory", Address{HERE}, 4096u), HK_B_OK);
    EXPECT_EQ(team.call("get_area_info", id, info), HK_B_OK);
    EXPECT_EQ(team.call("unmap_memory", Address{HERE - PAGE}, 8192u), HK_B_OK);
    EXPECT_EQ(team.call("delete_area", id), HK_B_BAD_VALUE);
    id = (int32_t)create(EXACT, HERE, PAGE);
    ASSERT_EQ(team.call("resize_area", id, 0u), HK_B_OK);
    int64_t other = create(EXACT, HERE, PAGE);
    ASSERT_GT(other, 0);
    EXPECT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_ERROR);
    EXPECT_EQ(team.call("delete_area", id), HK_B_OK);
    EXPECT_EQ(team.call("area_for", Address{HERE}), other);
}

TEST_F(Areas, GrowAndShrinkAtTheirEnd)
{
    int32_t id = (int32_t)create(EXACT, HERE, 2 * PAGE);

    EXPECT_EQ(team.call("resize_area", id, 4 * PAGE), HK_B_OK);
    EXPECT_TRUE(is_mapped(HERE + 3 * PAGE));
    EXPECT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_OK);
    EXPECT_FALSE(is_mapped(HERE + PAGE));
    EXPECT_EQ(team.call("resize_area", id, PAGE + 1u), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("resize_area", 4711, PAGE + 0u), HK_B_BAD_TEAM_ID);
}

TEST_F(Areas, GrowIntoTheRangeTheyWereMadeInAlone)
{
    ASSERT_EQ(reserve(EXACT, HERE, 3 * PAGE), HK_B_OK);
    int32_t id = (int32_t)create(EXACT, HERE, PAGE);

    EXPECT_EQ(team.call("resize_area", id, 4 * PAGE), HK_B_ERROR);
    EXPECT_EQ(team.call("resize_area", id, 2 * PAGE), HK_B_OK);
    EXPECT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0); // it did not give that back
    EXPECT_EQ(address(), HERE + PAGE);
    EXPECT_EQ(team.call("resize_area", id, 2 * PAGE), HK_B_ERROR);
    EXPECT_EQ(team.call("resize_area", id, 0x7ff00000u), HK_B_ERROR);
    id = (int32_t)create(EXACT, HERE - PAGE, PAGE);
    ASSERT_EQ(team.call("unmap_memory", Address{HERE}, 2 * PAGE), HK_B_OK);
    ASSERT_EQ(reserve(EXACT, HERE, PAGE), HK_B_OK);
    EXPECT_EQ(team.call("resize_area", id, 2 * PAGE), HK_B_ERROR);
}

class AreasOfR1beta6 : public Areas
{
  protected:
    AreasOfR1beta6() : Areas(HK_R1BETA6) {}
};

TEST_F(AreasOfR1beta6, GrowIntoRangesAndGiveThemBack)
{
    int32_t id = (int32_t)create(EXACT, HERE, PAGE);

    ASSERT_EQ(reserve(EXACT, HERE + PAGE, 2 * PAGE), HK_B_OK);
    ASSERT_EQ(reserve(EXACT, HERE + 3 * PAGE, 2 * PAGE), HK_B_OK);
    EXPECT_EQ(team.call("resize_area", id, 2 * PAGE), HK_B_OK);
    EXPECT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0);
    EXPECT_EQ(address(), HERE + 5 * PAGE);
    EXPECT_EQ(team.call("resize_area", id, 6 * PAGE), HK_B_ERROR);
    EXPECT_EQ(team.call("resize_area", id, 4 * PAGE), HK_B_OK);
    EXPECT_EQ(team.call("resize_area", id, PAGE + 0u), HK_B_OK);
    ASSERT_GT(create(BASE, HERE, PAGE), 0); // the first range is gone
    EXPECT_EQ(address(), HERE + PAGE);
    EXPECT_EQ(team.call("resize_area", id, 2 * PAGE), HK_B_ERROR);
}

TEST_F(Areas, OfTheKernelStay)
{
    ASSERT_EQ(team.start("/x", {"x"}), 0);
    for (uint32_t where : {team.places().commpage, team.places().user_area}) {
        int32_t id = (int32_t)team.call("area_for", Address{where});

        ASSERT_GT(id, 0);
        EXPECT_EQ(team.call("delete_area", id), HK_B_NOT_ALLOWED);
        EXPECT_EQ(team.call("resize_area", id, 0x20000u), HK_B_NOT_ALLOWED);
        EXPECT_EQ(team.call("set_area_protection", id, 7u), HK_B_NOT_ALLOWED);
        EXPECT_EQ(team.call("unmap_memory", Address{where}, 4096u),
                  HK_B_NOT_ALLOWED);
        EXPECT_EQ(team.call("set_memory_protection", Address{where}, 4096u, 7u),
                  HK_B_NOT_ALLOWED);
    }
}

// Placement strays by up to 32 MiB above the base, and is not the same twice.
TEST(Placement, IsAtRandomWhenAskedFor)
{
    hk_config config = hk::make_config(nullptr);
    std::set<uint32_t> seen;

    config.randomize = 1;
    hk::Team team(config);
    Address at = team.room(4);
    for (int i = 0; i < 16; i++) {
        team.set(at, 0, (uint32_t)HERE);
        int64_t id = team.call("create_area", "x", at, 7u, 4096u, 0u, 3u);
        ASSERT_GT(id, 0);
        uint32_t where = team.get<uint32_t>(at);
        EXPECT_GE(where, HERE);
        EXPECT_LT(where, HERE + 0x2000000);
        seen.insert(where);
        team.call("delete_area", (int32_t)id);
    }
    EXPECT_GT(seen.size(), 4u);
}

} // namespace
