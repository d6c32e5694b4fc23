// info_test.cc -- what a program can ask about the system.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/sysinfo.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class Info : public testing::Test
{
  protected:
    explicit Info(hk_release release = HK_R1BETA5) : team(config(root, release))
    {
    }

    static hk_config config(const hk::Directory &root, hk_release release)
    {
        hk_config made = hk::make_config(root.path.c_str());
        made.release = release;
        return made;
    }

    const uint32_t cpus = static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_ONLN));
    hk::Directory root;
    hk::Team team;
    Address wrong{0x50000000}, kernel{0x80000000};
};

class InfoR1beta6 : public Info
{
  protected:
    InfoR1beta6() : Info(HK_R1BETA6) {}
};

// haiku-abi/structs.md, "system_info".
TEST_F(Info, TheSystemIsTheHost)
{
    Address info = team.room(456);
    struct sysinfo host;

    team.set<uint32_t>(info, 452, 0x55555555);
    ASSERT_EQ(sysinfo(&host), 0);
    ASSERT_EQ(team.call("get_system_info", info), HK_B_OK);
    uint64_t pages = team.get<uint64_t>(info, 12);
    int64_t boot = team.get<int64_t>(info);
    EXPECT_GT(boot, 0);
    EXPECT_LE(boot, time(nullptr) * INT64_C(1000000));
    EXPECT_EQ(team.get<uint32_t>(info, 8), cpus);
    EXPECT_EQ(pages, uint64_t{host.totalram} * host.mem_unit / 4096);
    EXPECT_LE(team.get<uint64_t>(info, 20), pages); // used
    EXPECT_LE(team.get<uint64_t>(info, 60), pages * 4096);
    EXPECT_GE(team.get<uint32_t>(info, 104), team.get<uint32_t>(info, 108));
    EXPECT_EQ(team.get<uint32_t>(info, 108), 2u); // threads, the kernel's one
    EXPECT_STREQ(team.text({info.value + 120}).c_str(), "kernel_x86");
    EXPECT_EQ(team.get<uint64_t>(info, 440), 1u);
    EXPECT_EQ(team.get<uint32_t>(info, 448), 0x40000u); // gcc 4
    EXPECT_EQ(team.get<uint32_t>(info, 452), 0x55555555u);
}

TEST_F(Info, WhatOthersUseIsFreeToWhomIsAlone)
{
    hk_config config = hk::make_config(root.path.c_str());
    config.alone = 1;
    hk::Team other(config);
    Address info = other.room(452);

    ASSERT_EQ(other.call("get_system_info", info), HK_B_OK);
    EXPECT_EQ(other.get<uint64_t>(info, 20), 0u); // used pages
    EXPECT_EQ(other.get<uint64_t>(info, 28), 0u); // cached
    EXPECT_EQ(other.get<uint64_t>(info, 60),
              other.get<uint64_t>(info, 12) * 4096);
    EXPECT_EQ(other.get<uint64_t>(info, 68), other.get<uint64_t>(info, 76));
    EXPECT_EQ(other.get<uint32_t>(info, 116), 2u); // teams, the kernel's one
}

TEST_F(Info, EveryProcessorHasARecord)
{
    Address info = team.room((cpus + 1) * 20);

    team.set<uint32_t>(info, cpus * 20, 0x55555555);
    EXPECT_EQ(team.call("get_cpu_info", 0, cpus + 100, info), HK_B_OK);
    for (uint32_t i = 0; i < cpus; i++) {
        EXPECT_EQ(team.get<uint8_t>(info, i * 20 + 8), 1) << i;
        EXPECT_EQ(team.get<uint64_t>(info, i * 20 + 12), HK_TSC_FREQUENCY);
    }
    EXPECT_EQ(team.get<uint32_t>(info, cpus * 20), 0x55555555u);
    EXPECT_EQ(team.call("get_cpu_info", cpus - 1, 1, info), HK_B_OK);
    EXPECT_EQ(team.call("get_cpu_info", cpus, 1, info), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_cpu_info", cpus, 0, info), HK_B_OK);
    EXPECT_EQ(team.call("get_cpu_info", 0, ~0u, info), HK_B_OK);
}

TEST_F(Info, WhatTheProcessorTellsOfItself)
{
    Address info = team.room(20);

    team.set<uint32_t>(info, 16, 0x55555555);
    EXPECT_EQ(team.call("get_cpuid", info, 7, cpus - 1), HK_B_OK);
    const uint32_t eax_ebx_edx_ecx[] = {0x70, 0x71, 0x73, 0x72, 0x55555555};
    for (uint32_t i = 0; i < 5; i++)
        EXPECT_EQ(team.get<uint32_t>(info, 4 * i), eax_ebx_edx_ecx[i]) << i;
    EXPECT_EQ(team.call("get_cpuid", info, 0, cpus), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_cpuid", wrong, 0, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_cpuid", Address{0x80000000}, 0, cpus),
              HK_B_BAD_ADDRESS);
}

TEST_F(Info, TheTopologyIsATreeInItsOrder)
{
    const uint32_t total = 2 + 2 * cpus;
    Address count = team.room(4), nodes = team.room(total * 24);

    EXPECT_EQ(team.call("get_cpu_topology_info", nullptr, count), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(count), total);
    EXPECT_EQ(team.call("get_cpu_topology_info", nodes, count), HK_B_OK);
    const struct {
        uint32_t index, type, level;
    } rows[] = {{0, 1, 3}, {1, 4, 2}, {2, 3, 1}, {3, 2, 0}};
    for (const auto &row : rows) {
        EXPECT_EQ(team.get<uint32_t>(nodes, row.index * 24 + 4), row.type);
        EXPECT_EQ(team.get<uint32_t>(nodes, row.index * 24 + 8), row.level);
    }
    team.set<uint32_t>(count, 0, 1);
    team.set<uint32_t>(nodes, 24, 0x55555555);
    EXPECT_EQ(team.call("get_cpu_topology_info", nodes, count), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(nodes, 24), 0x55555555u);
    EXPECT_EQ(team.get<uint32_t>(count), 1u);
    team.set<uint32_t>(count, 0, 0);
    EXPECT_EQ(team.call("get_cpu_topology_info", wrong, count), HK_B_OK);
}

TEST_F(Info, ProcessorsAreOn)
{
    int64_t cpu = team.call("get_cpu");

    EXPECT_GE(cpu, 0);
    EXPECT_EQ(team.call("cpu_enabled", 0), 1);
    EXPECT_EQ(team.call("cpu_enabled", -1), 0);
    EXPECT_EQ(team.call("cpu_enabled", cpus), 0);
    EXPECT_EQ(team.call("is_computer_on"), 1);
}

TEST_F(Info, RandomBytesFillTheWholeBuffer)
{
    Address buffer = team.room(1024), request = team.room(8);

    team.set(request, 0, buffer.value);
    team.set<uint32_t>(request, 4, 1000);
    EXPECT_EQ(team.call("generic_syscall", "random", 1, request, 8), HK_B_OK);
    std::string bytes = team.bytes(buffer, 1024);
    EXPECT_NE(bytes.substr(0, 500), bytes.substr(500, 500));
    EXPECT_NE(bytes.substr(980, 20), std::string(20, '\0'));
    EXPECT_EQ(bytes.substr(1000), std::string(24, '\0'));
}

TEST_F(Info, RandomBytesFollowFromASeed)
{
    std::string bytes[3];
    for (int i = 0; i < 3; i++) {
        hk_config config = hk::make_config(root.path.c_str());
        config.seed = i < 2 ? 7 : 8;
        hk::Team other(config);
        Address buffer = other.room(200), request = other.room(8);
        other.set(request, 0, buffer.value);
        other.set<uint32_t>(request, 4, 200);
        EXPECT_EQ(other.call("generic_syscall", "random", 1, request, 8),
                  HK_B_OK);
        bytes[i] = other.bytes(buffer, 200);
    }
    EXPECT_EQ(bytes[0], bytes[1]);
    EXPECT_NE(bytes[0], bytes[2]);
    EXPECT_NE(bytes[0].substr(0, 100), bytes[0].substr(100));
}

TEST_F(Info, ASubsystemTellsItsVersion)
{
    constexpr uint32_t INFO = 0x80000000;
    Address version = team.room(4);

    EXPECT_EQ(team.call("generic_syscall", "random", INFO, version, 4),
              HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(version), 1u);
    EXPECT_EQ(team.call("generic_syscall", "random", INFO, version, 8),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("generic_syscall", "random", INFO, wrong, 4),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("generic_syscall", "random", INFO + 1, version, 4),
              HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("generic_syscall", "none", INFO, version, 4),
              HK_B_NAME_NOT_FOUND);
}

TEST_F(Info, OtherSubsystemsAreNotKnown)
{
    Address request = team.room(8);

    team.set(request, 0, kernel.value);
    team.set<uint32_t>(request, 4, 4);
    EXPECT_EQ(team.call("generic_syscall", "random", 1, request, 8),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("generic_syscall", "random", 1, request, 7),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("generic_syscall", "random", 2, request, 8),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("generic_syscall", "random", 1, wrong, 8),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("generic_syscall", "cpu", 1, request, 8),
              HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("generic_syscall", nullptr, 1, request, 8),
              HK_B_BAD_ADDRESS);
}

TEST_F(Info, RefusesAddressesThatAreNotTheGuests)
{
    for (Address to : {Address{0}, wrong, kernel, Address{0xfffffff0}}) {
        EXPECT_EQ(team.call("get_system_info", to), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_cpu_info", 0, 1, to), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_cpu_topology_info", nullptr, to),
                  HK_B_BAD_ADDRESS);
    }
}

TEST_F(Info, DebugOutputIsToldInLines)
{
    std::string line(700, 'x');

    EXPECT_EQ(team.call("debug_output", "one\ntwo\n\nthree"), HK_B_OK);
    EXPECT_EQ(team.reports(), "one\ntwo\n\nthree\n");
    EXPECT_EQ(team.call("debug_output", ""), HK_B_OK);
    EXPECT_EQ(team.call("debug_output", nullptr), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.reports(), "one\ntwo\n\nthree\n");
    EXPECT_EQ(team.call("debug_output", line + "end"), HK_B_OK);
    EXPECT_EQ(team.reports(), "one\ntwo\n\nthree\n" + line.substr(0, 511) +
                                  "\n" + line.substr(511) + "end\n");
}

TEST_F(InfoR1beta6, LoadAveragesComeWithTheirScale)
{
    Address info = team.room(16);

    EXPECT_EQ(team.call("get_loadavg", info, 16), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(info, 12), 65536u);
    EXPECT_EQ(team.call("get_loadavg", info, 15), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_loadavg", wrong, 16), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_loadavg", kernel, 16), HK_B_BAD_ADDRESS);
}

} // namespace
