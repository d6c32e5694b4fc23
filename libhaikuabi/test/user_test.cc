// user_test.cc -- guest memory as the kernel sees it.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr uint32_t end = HARNESS_MEMORY + HARNESS_SIZE;

class User : public testing::Test
{
  protected:
    User() : team(hk::make_config(root.path.c_str())) {}

    void put_at(uint32_t address, const std::string &bytes)
    {
        ASSERT_EQ(
            harness_write(team.harness, address, bytes.data(), bytes.size()),
            0);
    }

    int64_t find(uint32_t name)
    {
        return team.call("find_area", Address{name});
    }

    hk::Directory root;
    hk::Team team;
};

TEST_F(User, AStringMayEndWithItsMemory)
{
    put_at(end - 4, std::string("abc\0", 4));
    EXPECT_EQ(find(end - 4), HK_B_NAME_NOT_FOUND);
    put_at(end - 4, "abcd");
    EXPECT_EQ(find(end - 4), HK_B_BAD_ADDRESS);
    EXPECT_EQ(find(end - 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(find(end), HK_B_BAD_ADDRESS);
}

TEST_F(User, TheKernelsAddressesAreRefusedWhateverIsThere)
{
    for (uint32_t address : {0u, 1u, 0xfffffu, 0x7fffffffu, 0x80000000u,
                             0x80000001u, 0xffff0000u, ~0u}) {
        EXPECT_EQ(find(address), HK_B_BAD_ADDRESS) << address;
        EXPECT_EQ(team.call("create_pipe", Address{address}), HK_B_BAD_ADDRESS)
            << address;
    }
}

TEST_F(User, MemoryMayBeReadOnly)
{
    Address page{HARNESS_MEMORY + 4096};

    put_at(page.value, "name");
    ASSERT_EQ(harness_protect(team.harness, page.value, 4096, 1), 0);
    EXPECT_EQ(find(page.value), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("create_pipe", page), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("create_pipe", Address{page.value - 4}),
              HK_B_BAD_ADDRESS);
    ASSERT_EQ(harness_protect(team.harness, page.value, 4096, 0), 0);
    EXPECT_EQ(find(page.value), HK_B_BAD_ADDRESS);
}

TEST_F(User, ANameIsCutAfter31Characters)
{
    Address to = team.room(72), in = team.room(4);
    std::string name(40, 'n');

    int64_t area = team.call("create_area", name, in, 0, 4096, 0, 3);
    ASSERT_GT(area, 0);
    EXPECT_EQ(team.call("get_area_info", static_cast<int>(area), to), HK_B_OK);
    EXPECT_EQ(team.text({to.value + 4}), name.substr(0, 31));
    EXPECT_EQ(find(team.put(name).value), area);
    EXPECT_EQ(find(team.put(name.substr(0, 30)).value), HK_B_NAME_NOT_FOUND);
}

TEST_F(User, AWatchedPageTakesWhatTheKernelWrites)
{
    harness_watch(team.harness, HARNESS_MEMORY + 8192);
    EXPECT_EQ(team.call("create_pipe", Address{HARNESS_MEMORY + 8192}),
              HK_B_OK);
    EXPECT_EQ(team.get<int>({HARNESS_MEMORY + 8192}), 3);
}

} // namespace
