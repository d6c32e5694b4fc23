// shared_team_test.cc -- the teams of a root: who lives, and what dies.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

namespace
{

using hk::Address;
using hk::Process;
using hk::SharedRoot;
using hk::Team;

TEST(SharedTeams, ComeAndGo)
{
    SharedRoot root;
    Team team(root.config());
    EXPECT_EQ(probe_count(team.harness).teams, 1u);
    {
        Process one(root, hk::have_a_port), two(root, hk::have_a_port);
        hk::await_ports(team, 2);
        EXPECT_EQ(probe_count(team.harness).teams, 3u);
        one.kill();
        EXPECT_EQ(probe_count(team.harness).teams, 2u);
    }
    EXPECT_EQ(probe_count(team.harness).teams, 1u);
    EXPECT_EQ(probe_count(team.harness).ports, 0u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST(SharedTeams, LeaveInOrder)
{
    SharedRoot root;
    Team team(root.config());
    for (int i = 0; i < 5; i++) {
        Team other(root.config()); // of the same process and thread
        int sem = static_cast<int>(other.call("create_sem", 2, "sem"));
        EXPECT_EQ(hk::sem_count(team, sem), 2);
    }
    EXPECT_EQ(probe_count(team.harness).teams, 1u);
    EXPECT_EQ(probe_count(team.harness).sems, 0u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST(SharedTeams, GetNothingOnceTheyAreDead)
{
    SharedRoot root;
    Team team(root.config());
    int sem = static_cast<int>(team.call("create_sem", 2, "sem"));
    int port = static_cast<int>(team.call("create_port", 2, "port"));
    Process other(root, hk::have_a_port);
    hk::await_ports(team, 2);
    int id = other.pid;
    EXPECT_EQ(team.call("set_sem_owner", sem, id), 0);
    EXPECT_EQ(team.call("set_sem_owner", sem, 0), 0);
    other.kill();
    EXPECT_EQ(team.call("set_sem_owner", sem, id), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("set_port_owner", port, id), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(hk::sem_count(team, sem), 2);
}

TEST(SharedTeams, AreReapedByWhoeverComes)
{
    SharedRoot root;
    Process dead(root, [](Team &its) {
        its.call("create_sem", 1, "left");
        its.call("create_port", 1, "left");
        return ::kill(::getpid(), SIGKILL);
    });
    EXPECT_EQ(dead.wait(), -1);
    Team team(root.config());
    probe_counts counts = probe_count(team.harness);
    EXPECT_EQ(counts.teams, 1u);
    EXPECT_EQ(counts.sems + counts.ports, 0u);
}

} // namespace
