// clock_test.cc -- the guest's clocks.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

#include <ctime>

extern "C" {
#include "libhaikuabi/src/clock.h"
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum {
    RELATIVE_TIMEOUT = 0x8,
    ABSOLUTE_TIMEOUT = 0x10,
    TIMEOUT_REAL_TIME_BASE = 0x40
};

class Clock : public testing::Test
{
  protected:
    Clock() : team(hk::make_config(root.path.c_str())) {}

    int64_t read(int clock)
    {
        Address to = team.room(8);
        EXPECT_EQ(team.call("get_clock", clock, to), HK_B_OK) << clock;
        return team.get<int64_t>(to);
    }

    const hk_shared *shared()
    {
        return harness_shared(team.thread());
    }

    hk::Directory root;
    hk::Team team;
};

int64_t host_ns()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

// libroot multiplies the time stamp counter by the commpage's factor.
int64_t guest_us(int64_t ticks)
{
    unsigned __int128 product =
        static_cast<unsigned __int128>(ticks) * HK_TSC_FACTOR;
    return static_cast<int64_t>(product >> 32);
}

TEST_F(Clock, SystemTimeIsWhatLibrootMakesOfTheCounter)
{
    for (int i = 0; i < 1000; i++) {
        int64_t before = guest_us(host_ns());
        int64_t now = team.call("system_time");
        int64_t after = guest_us(host_ns());
        ASSERT_GE(now, before);
        ASSERT_LE(now, after);
    }
}

TEST_F(Clock, ADeadlineIsNeverEarly)
{
    for (int64_t us :
         {INT64_C(0), INT64_C(1), INT64_C(999999), INT64_C(1000000),
          INT64_C(123456789012), INT64_C(1) << 50}) {
        timespec host = hk_host_deadline(us);
        int64_t ns = host.tv_sec * INT64_C(1000000000) + host.tv_nsec;
        EXPECT_GE(guest_us(ns), us);
        EXPECT_LE(guest_us(ns > 1 ? ns - 1 : 0), us);
    }
}

TEST_F(Clock, TimeoutsBecomeMoments)
{
    int64_t now = hk_system_time();

    EXPECT_EQ(hk_deadline(shared(), 0, 5), HK_INFINITE_TIMEOUT);
    EXPECT_GE(hk_deadline(shared(), RELATIVE_TIMEOUT, 1000), now + 1000);
    int64_t past = hk_deadline(shared(), RELATIVE_TIMEOUT, -5);
    EXPECT_GE(past, now);
    EXPECT_LE(past, hk_system_time());
    EXPECT_EQ(hk_deadline(shared(), RELATIVE_TIMEOUT, HK_INFINITE_TIMEOUT - 1),
              HK_INFINITE_TIMEOUT);
    EXPECT_EQ(hk_deadline(shared(), ABSOLUTE_TIMEOUT, 77), 77);
    int64_t real =
        hk_deadline(shared(), ABSOLUTE_TIMEOUT | TIMEOUT_REAL_TIME_BASE,
                    hk_real_time(shared()) + 1000000);
    EXPECT_GT(real, now);
    EXPECT_EQ(hk_deadline(shared(), ABSOLUTE_TIMEOUT | TIMEOUT_REAL_TIME_BASE,
                          INT64_MIN),
              0);
    EXPECT_EQ(hk_deadline(shared(), ABSOLUTE_TIMEOUT | TIMEOUT_REAL_TIME_BASE,
                          HK_INFINITE_TIMEOUT),
              HK_INFINITE_TIMEOUT);
}

TEST_F(Clock, ClocksAreTheHosts)
{
    int64_t before = time(nullptr) * INT64_C(1000000);

    EXPECT_GE(read(HK_CLOCK_REALTIME), before);
    EXPECT_GE(read(HK_CLOCK_MONOTONIC), guest_us(host_ns()) - 1000000000);
    EXPECT_GE(read(HK_CLOCK_THREAD_CPUTIME_ID), 0);
    EXPECT_GE(read(HK_CLOCK_PROCESS_CPUTIME_ID),
              read(HK_CLOCK_THREAD_CPUTIME_ID) / 2);
    EXPECT_GE(read(HK_CLOCK_PROCESS_USER_CPUTIME_ID), 0);
    EXPECT_GE(read(static_cast<int>(team.call("get_current_team"))), 0);
}

// Its real time goes on from a moment that the host's does not know.
TEST_F(Clock, TheMachineWasBootedWhenItIsTold)
{
    enum { BOOT_TIME = 0 };
    const int64_t booted = INT64_C(1000000000) * 1000000;
    hk_config config = hk::make_config(root.path.c_str());
    config.boot_time = booted;
    hk::Team other(config);
    Address to = other.room(512);

    int64_t before = hk_system_time();
    ASSERT_EQ(other.call("get_clock", (int)HK_CLOCK_REALTIME, to), HK_B_OK);
    EXPECT_GE(other.get<int64_t>(to), booted + before);
    EXPECT_LE(other.get<int64_t>(to), booted + hk_system_time());
    ASSERT_EQ(other.call("get_system_info", to), HK_B_OK);
    EXPECT_EQ(other.get<int64_t>(to, BOOT_TIME), booted);
    // Its two clocks are read one after the other.
    EXPECT_NEAR(hk_deadline(harness_shared(other.thread()),
                            ABSOLUTE_TIMEOUT | TIMEOUT_REAL_TIME_BASE,
                            booted + 1000000),
                1000000, 100000);
    ASSERT_EQ(other.call("set_real_time_clock", booted / 2), HK_B_OK);
    ASSERT_EQ(other.call("get_clock", (int)HK_CLOCK_REALTIME, to), HK_B_OK);
    EXPECT_GE(other.get<int64_t>(to), booted / 2);
    EXPECT_LT(other.get<int64_t>(to), booted);
}

TEST_F(Clock, RefusesWhatIsNoClock)
{
    Address to = team.room(8);

    for (int clock : {-5, -100, INT32_MIN, 0x7ffffffe})
        EXPECT_EQ(team.call("get_clock", clock, to), HK_B_BAD_VALUE) << clock;
    EXPECT_EQ(team.call("get_clock", 0, nullptr), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_clock", 0, Address{0x80000000}), HK_B_BAD_ADDRESS);
}

TEST_F(Clock, OtherTeamsTimesAreRead)
{
    hk::SharedRoot root;
    hk::Team own(root.config());
    hk::Process other(root, [](hk::Team &its) {
        struct timespec now;
        do
            ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        while (now.tv_sec == 0 && now.tv_nsec < 20000000);
        its.call("create_sem", 0, "ready");
        for (;;)
            ::pause();
        return 0;
    });
    Address info = own.room(48), to = own.room(8);
    for (int cookie = 0; cookie == 0; ::usleep(1000)) {
        Address at = own.room(4);
        cookie =
            own.call("get_next_sem_info", (int)other.pid, at, info, 48) == 0;
    }
    ASSERT_EQ(own.call("get_clock", (int)other.pid, to), 0);
    EXPECT_GE(own.get<int64_t>(to), 20000);
    int pid = other.pid;
    other.kill();
    EXPECT_EQ(own.call("get_clock", pid, to), HK_B_BAD_VALUE);
}

// r1beta6 has clocks of single threads.
TEST_F(Clock, ClocksAreNamed)
{
    enum { TEAM_ID = 1, THREAD_ID = 2 };
    hk::SharedRoot root;
    hk_config config = root.config();
    config.release = HK_R1BETA6;
    hk::Team own(config);
    Address to = own.room(4), time = own.room(8);
    int id = harness_id(own.thread());
    ASSERT_EQ(own.call("get_cpuclockid", id, (int)THREAD_ID, to), 0);
    EXPECT_EQ(own.get<uint32_t>(to), 0x80000000u | (uint32_t)id);
    EXPECT_EQ(own.call("get_clock", own.get<int>(to), time), 0);
    EXPECT_GT(own.get<int64_t>(time), 0);
    EXPECT_EQ(own.call("set_clock", own.get<int>(to), INT64_C(1) << 40), 0);
    EXPECT_EQ(own.call("get_clock", own.get<int>(to), time), 0);
    EXPECT_GE(own.get<int64_t>(time), INT64_C(1) << 40);
    ASSERT_EQ(own.call("get_cpuclockid", ::getpid(), (int)TEAM_ID, to), 0);
    EXPECT_EQ(own.get<int>(to), ::getpid());
    EXPECT_EQ(own.call("get_clock", own.get<int>(to), time), 0);
    EXPECT_EQ(own.call("get_cpuclockid", id, 3, to), HK_B_BAD_VALUE);
    EXPECT_EQ(own.call("get_cpuclockid", 999999999, (int)TEAM_ID, to),
              HK_B_BAD_VALUE);
    EXPECT_EQ(own.call("get_cpuclockid", 999999999, (int)THREAD_ID, to),
              HK_B_BAD_VALUE);
    EXPECT_EQ(own.call("get_cpuclockid", id, (int)THREAD_ID, nullptr), 0);
    EXPECT_EQ(
        own.call("get_cpuclockid", id, (int)THREAD_ID, Address{0x80000000}),
        HK_B_BAD_ADDRESS);
}

TEST_F(Clock, OnlyTheRootsClocksAreSet)
{
    const int64_t now = read(HK_CLOCK_REALTIME), day = INT64_C(86400000000);

    EXPECT_EQ(team.call("set_real_time_clock", now + day), HK_B_OK);
    EXPECT_GE(read(HK_CLOCK_REALTIME), now + day);
    EXPECT_EQ(team.call("set_clock", HK_CLOCK_REALTIME, now - day), HK_B_OK);
    EXPECT_LT(read(HK_CLOCK_REALTIME), now);
    EXPECT_LT(time(nullptr) * INT64_C(1000000) - now, day / 2);
    EXPECT_EQ(team.call("set_clock", HK_CLOCK_THREAD_CPUTIME_ID, day), HK_B_OK);
    EXPECT_GE(read(HK_CLOCK_THREAD_CPUTIME_ID), day);
    EXPECT_LT(read(HK_CLOCK_PROCESS_CPUTIME_ID), day);
}

} // namespace
