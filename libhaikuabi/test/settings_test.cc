// settings_test.cc -- what may be set for the whole system, or may not.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

#include <sched.h>

namespace
{

using hk::Address;
using hk::Process;

const Address nowhere{0x50000000}, kernels{0x80000000}, none{0};

class Settings : public testing::Test
{
  protected:
    Settings() : team(root.config()) {}

    void become_user()
    {
        ASSERT_EQ(team.call("setreuid", 1000, 1000, 1), 0);
    }

    hk::SharedRoot root;
    hk::Team team;
};

TEST_F(Settings, NothingIsSetForSafeMode)
{
    Address size = team.room(4), buffer = team.room(8);

    EXPECT_EQ(team.call("get_safemode_option", "safemode", buffer, size),
              HK_B_ENTRY_NOT_FOUND);
    for (Address bad : {none, nowhere, kernels}) {
        EXPECT_EQ(team.call("get_safemode_option", bad, buffer, size),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_safemode_option", "safemode", buffer, bad),
                  HK_B_BAD_ADDRESS);
    }
    EXPECT_EQ(team.call("get_safemode_option", "safemode", kernels, size),
              HK_B_BAD_ADDRESS);
}

TEST_F(Settings, NothingWasProfiledDuringTheBoot)
{
    EXPECT_EQ(team.call("system_profiler_recorded", team.room(28)), HK_B_ERROR);
    for (Address bad : {none, kernels})
        EXPECT_EQ(team.call("system_profiler_recorded", bad), HK_B_BAD_ADDRESS);
    become_user();
    EXPECT_EQ(team.call("system_profiler_recorded", none),
              HK_B_PERMISSION_DENIED);
}

TEST_F(Settings, TheSchedulersModeIsTheRoots)
{
    EXPECT_EQ(team.call("get_scheduler_mode"), 0);
    EXPECT_EQ(team.call("set_scheduler_mode", 1), HK_B_OK);
    EXPECT_EQ(team.call("set_scheduler_mode", 2), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_scheduler_mode", -1), HK_B_BAD_VALUE);
    Process other(root, [](hk::Team &its) {
        return (int)its.call("get_scheduler_mode");
    });
    EXPECT_EQ(other.wait(), 1);
}

TEST_F(Settings, LatencyIsEstimatedWithinTheModesLimits)
{
    int self = harness_id(team.thread());
    for (int thread : {-1, self}) {
        team.call("set_scheduler_mode", 0);
        int64_t low = team.call("estimate_max_scheduling_latency", thread);
        EXPECT_GE(low, 100);
        EXPECT_LE(low, 5000);
        team.call("set_scheduler_mode", 1);
        int64_t saving = team.call("estimate_max_scheduling_latency", thread);
        EXPECT_GE(saving, 500);
        EXPECT_LE(saving, 20000);
    }
    EXPECT_EQ(team.call("estimate_max_scheduling_latency", 999999999), 0);
}

TEST_F(Settings, ProcessorsAreDisabled)
{
    int cpus = (int)::sysconf(_SC_NPROCESSORS_ONLN), last = cpus - 1;
    Address info = team.room(20);
    cpu_set_t before, now;

    ASSERT_EQ(::sched_getaffinity(0, sizeof(before), &before), 0);
    for (int i = 0; i < last; i++) {
        EXPECT_EQ(team.call("set_cpu_enabled", int{i}, 0), HK_B_OK) << i;
        EXPECT_EQ(team.call("cpu_enabled", int{i}), 0);
        EXPECT_EQ(team.call("get_cpu_info", int{i}, 1, info), HK_B_OK);
        EXPECT_EQ(team.get<uint8_t>(info, 8), 0);
    }
    EXPECT_EQ(team.call("set_cpu_enabled", int{last}, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("cpu_enabled", int{last}), 1);
    ASSERT_EQ(::sched_getaffinity(0, sizeof(now), &now), 0);
    if (CPU_ISSET(last, &before)) {
        EXPECT_EQ(CPU_COUNT(&now), 1);
        EXPECT_TRUE(CPU_ISSET(last, &now));
    }
    for (int i = 0; i < last; i++)
        EXPECT_EQ(team.call("set_cpu_enabled", int{i}, 1), HK_B_OK) << i;
    ASSERT_EQ(::sched_getaffinity(0, sizeof(now), &now), 0);
    EXPECT_TRUE(CPU_EQUAL(&now, &before));
    EXPECT_EQ(team.call("set_cpu_enabled", cpus, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_cpu_enabled", -1, 1), HK_B_BAD_VALUE);
    become_user();
    EXPECT_EQ(team.call("set_cpu_enabled", cpus, 1), HK_B_PERMISSION_DENIED);
}

TEST_F(Settings, TheTimeZoneIsTheRoots)
{
    Address offset = team.room(4), name = team.room(64);

    team.set<int32_t>(offset, 0, 5);
    EXPECT_EQ(team.call("get_timezone", offset, name, 8), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(offset), 0);
    EXPECT_EQ(team.text(name), "GMT");
    EXPECT_EQ(team.call("set_timezone", 3600, "Europe/Berlin", 14), HK_B_OK);
    Process other(root, [](hk::Team &its) {
        Address its_offset = its.room(4), its_name = its.room(64);
        its.call("get_timezone", its_offset, its_name, 64);
        return its.get<int>(its_offset) == 3600 &&
                       its.text(its_name) == "Europe/Berlin"
                   ? 0
                   : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(team.call("set_timezone", 7200, nullptr, 0), HK_B_OK);
    EXPECT_EQ(team.call("get_timezone", offset, name, 7), HK_B_OK);
    EXPECT_EQ(team.get<int32_t>(offset), 7200);
    EXPECT_EQ(team.text(name), "Europe");
    EXPECT_EQ(team.call("get_timezone", nullptr, nullptr, 0), HK_B_OK);
    for (Address bad : {nowhere, kernels}) {
        EXPECT_EQ(team.call("get_timezone", bad, nullptr, 0), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_timezone", nullptr, bad, 8), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("set_timezone", 0, bad, 4), HK_B_BAD_ADDRESS);
    }
    become_user();
    EXPECT_EQ(team.call("set_timezone", 0, "X", 2), HK_B_NOT_ALLOWED);
}

TEST_F(Settings, TheHardwareClockIsInUtc)
{
    Address flag = team.room(4);

    EXPECT_EQ(team.call("get_real_time_clock_is_gmt", flag), HK_B_OK);
    EXPECT_EQ(team.get<uint8_t>(flag), 1);
    EXPECT_EQ(team.call("get_real_time_clock_is_gmt", nullptr), HK_B_BAD_VALUE);
    for (Address bad : {nowhere, kernels})
        EXPECT_EQ(team.call("get_real_time_clock_is_gmt", bad),
                  HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("set_real_time_clock_is_gmt", 1), HK_B_OK);
    EXPECT_EQ(team.call("set_real_time_clock_is_gmt", 0), HK_B_OK);
    EXPECT_EQ(team.call("get_real_time_clock_is_gmt", flag), HK_B_OK);
    EXPECT_EQ(team.get<uint8_t>(flag), 0);
    become_user();
    EXPECT_EQ(team.call("set_real_time_clock_is_gmt", 1), HK_B_NOT_ALLOWED);
}

TEST_F(Settings, NobodyTraces)
{
    Address buffer = team.room(64);

    EXPECT_EQ(team.call("analyze_scheduling", int64_t{0}, int64_t{1}, buffer,
                        64, buffer),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("ktrace_output", "unheard"), HK_B_OK);
    EXPECT_EQ(team.reports(), "");
}

TEST_F(Settings, TheKernelsDebuggerIsLeftAtOnce)
{
    EXPECT_EQ(team.call("kernel_debugger", "why"), HK_B_OK);
    EXPECT_NE(team.reports().find("kernel debugger: USER: why\n"),
              std::string::npos);
    EXPECT_EQ(team.call("kernel_debugger", std::string(5000, 'x')), HK_B_OK);
    for (Address bad : {none, nowhere, kernels})
        EXPECT_EQ(team.call("kernel_debugger", bad), HK_B_BAD_ADDRESS);
    become_user();
    EXPECT_EQ(team.call("kernel_debugger", "why"), HK_B_NOT_ALLOWED);
}

TEST_F(Settings, TheKernelHasNoScreen)
{
    EXPECT_EQ(team.call("frame_buffer_update", kernels, 640, 480, 32, 2560),
              HK_B_OK);
    EXPECT_EQ(team.call("frame_buffer_update", none, 0, 0, 0, 0), HK_B_OK);
    EXPECT_EQ(team.call("frame_buffer_update", nowhere, 640, 480, 32, 2560),
              HK_B_BAD_ADDRESS);
    become_user();
    EXPECT_EQ(team.call("frame_buffer_update", nowhere, 640, 480, 32, 2560),
              HK_B_NOT_ALLOWED);
}

TEST_F(Settings, TheMachineStaysOn)
{
    EXPECT_EQ(team.call("shutdown", 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("register_syslog_daemon", 1), HK_B_OK);
}

} // namespace
