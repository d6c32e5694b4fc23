// commpage_test.cc -- the page of code and facts that each team sees.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <memory>

namespace
{

using hk::Address;

// haiku-abi/x86-32.md, section 2.
class Commpage : public testing::TestWithParam<hk_release>
{
  protected:
    Commpage() : config(hk::make_config(root.path.c_str()))
    {
        config.release = GetParam();
        team = std::make_unique<hk::Team>(config);
        EXPECT_EQ(team->start("/boot/prog", {"prog"}), 0);
        page = Address{team->places().commpage};
    }
    std::string code(uint32_t entry, size_t size)
    {
        uint32_t offset = team->get<uint32_t>(page, 4 * entry);
        return team->bytes(Address{page.value + offset}, size);
    }

    hk::Directory root;
    hk_config config;
    std::unique_ptr<hk::Team> team;
    Address page{};
};

INSTANTIATE_TEST_SUITE_P(Releases, Commpage,
                         testing::Values(HK_R1BETA4, HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return hk_release_name(info.param);
                         });

TEST_P(Commpage, BeginsWithATable)
{
    EXPECT_EQ(team->get<uint32_t>(page), 0x434f4d4du); // 'COMM'
    EXPECT_EQ(team->get<uint32_t>(page, 4), 1u);
    for (uint32_t entry = 2; entry < 9; entry++) {
        uint32_t offset = team->get<uint32_t>(page, 4 * entry);
        EXPECT_GE(offset, 0x100u) << entry;
        EXPECT_LT(offset, 0x8000u) << entry;
    }
}

TEST_P(Commpage, MakesCallsByInt99)
{
    EXPECT_EQ(code(3, 3), "\xcd\x63\xc3");
}

TEST_P(Commpage, EndsHandlersAndThreadsByTheReleasesNumbers)
{
    // mov eax, number; int 99 -- at the end of each piece.
    struct {
        uint32_t entry;
        size_t end;
        const char *call;
    } rows[] = {{6, 0x48, "restore_signal_frame"}, {8, 0x09, "exit_thread"}};
    for (const auto &row : rows) {
        std::string bytes = code(row.entry, row.end + 16);
        size_t at = bytes.rfind("\xcd\x63");
        ASSERT_NE(at, std::string::npos) << row.call;
        ASSERT_GE(at, 5u);
        EXPECT_EQ(static_cast<uint8_t>(bytes[at - 5]), 0xb8) << row.call;
        uint32_t number = hk::load<uint32_t>(bytes.data() + at - 4);
        EXPECT_GT(number, 0u) << row.call;
        EXPECT_LT(number, 300u) << row.call;
    }
}

TEST_P(Commpage, TellsTheTime)
{
    uint32_t data = team->get<uint32_t>(page, 4 * 2);
    int64_t offset = team->get<int64_t>(Address{page.value + data});
    uint32_t factor = team->get<uint32_t>(Address{page.value + data}, 8);
    EXPECT_EQ(factor, 4294967u); // 2^32 / 1000 MHz
    Address now = team->room(8);
    int64_t before = team->call("system_time");
    ASSERT_EQ(team->call("get_clock", -1, now), 0);
    int64_t after = team->call("system_time");
    // Real time is system time and the offset; both clocks go on meanwhile.
    EXPECT_GE(team->get<int64_t>(now), before + offset - 1000000);
    EXPECT_LE(team->get<int64_t>(now), after + offset + 1000000);
}

} // namespace
