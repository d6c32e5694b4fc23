// clock_test.cc -- system_time, real time and processor time.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <ctime>

namespace
{

using hk::Address;

class Clocks : public testing::Test
{
  protected:
    Clocks() : config(hk::make_config(root.path.c_str())), team(config) {}

    hk::Directory root;
    hk_config config;
    hk::ThreadedTeam team;
};

TEST_F(Clocks, GoOn)
{
    Address time = team.room(8);
    int64_t before = team.call("system_time");
    EXPECT_GT(before, 0);
    for (int clock : {0, -1, -2, -3, -4, ::getpid()}) {
        ASSERT_EQ(team.call("get_clock", clock, time), 0) << clock;
        int64_t first = team.get<int64_t>(time);
        EXPECT_GE(first, 0) << clock;
        ASSERT_EQ(team.call("get_clock", clock, time), 0) << clock;
        EXPECT_GE(team.get<int64_t>(time), first) << clock;
    }
    EXPECT_GE(team.call("system_time"), before);
}

TEST_F(Clocks, AgreeWithTheHosts)
{
    Address time = team.room(8);
    timespec begin{}, end{};
    ::clock_gettime(CLOCK_REALTIME, &begin);
    ASSERT_EQ(team.call("get_clock", -1, time), 0);
    ::clock_gettime(CLOCK_REALTIME, &end);
    int64_t us = team.get<int64_t>(time);
    EXPECT_GE(us, begin.tv_sec * 1000000 + begin.tv_nsec / 1000);
    EXPECT_LE(us, end.tv_sec * 1000000 + end.tv_nsec / 1000);
}

TEST_F(Clocks, RefuseWhatIsWrong)
{
    Address time = team.room(8);
    EXPECT_EQ(team.call("get_clock", -9, time), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_clock", 0, Address{0x50000000}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_clock", 0, Address{0x90000000}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("set_clock", -1, int64_t{1}), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("set_clock", 0, int64_t{1}), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_real_time_clock", int64_t{1}), HK_B_NOT_ALLOWED);
}

} // namespace
