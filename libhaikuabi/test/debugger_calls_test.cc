// debugger_calls_test.cc -- the debugger's calls when there is no debugger.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

class DebuggerCalls : public testing::Test
{
  protected:
    DebuggerCalls() : team(hk::make_config(root.path.c_str())) {}

    hk::Directory root;
    hk::Team team;
};

// haiku-abi/x86-32.md, section 10.
TEST_F(DebuggerCalls, ACallOfTheDebuggerEndsTheTeam)
{
    ASSERT_EQ(team.start("/bin/crasher", {"crasher"}), 0);
    Address message{team.places().stack_base};
    std::memcpy(team.host(message), "oops", 5);
    EXPECT_EQ(team.call("debugger", message), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).count, 1);
    EXPECT_EQ(harness_get_end(team.harness).status, 1);
    EXPECT_EQ(harness_get_end(team.harness).signal, 0);
    EXPECT_EQ(team.reports(), "crasher: debugger: oops\n");
}

TEST_F(DebuggerCalls, TheMessageNeedNotBeThere)
{
    EXPECT_EQ(team.call("debugger", Address{0x80000000}), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).status, 1);
    EXPECT_NE(team.reports().find("debugger: \n"), std::string::npos);
}

TEST_F(DebuggerCalls, ALongMessageIsCut)
{
    EXPECT_EQ(team.call("debugger", std::string(5000, 'x')), HARNESS_ENDED);
    EXPECT_NE(team.reports().find("xxxx"), std::string::npos);
    EXPECT_LT(team.reports().size(), 1100u);
}

TEST_F(DebuggerCalls, DisablingTellsWhatWasSoBefore)
{
    EXPECT_EQ(team.call("disable_debugger", 1), 1);
    EXPECT_EQ(team.call("disable_debugger", 1), 0);
    EXPECT_EQ(team.call("disable_debugger", 0), 0);
    EXPECT_EQ(team.call("disable_debugger", 0), 1);
}

TEST_F(DebuggerCalls, NoTeamHasADebugger)
{
    EXPECT_EQ(team.call("remove_team_debugger", ::getpid()), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("remove_team_debugger", 999999999), HK_B_BAD_TEAM_ID);
}

} // namespace
