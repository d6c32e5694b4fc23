// debugger_calls_test.cc -- the debugger's calls, as far as one team makes
// them. SPDX-License-Identifier: MIT
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
    EXPECT_EQ(team.reports().find("crasher: debugger: oops\n"), 0u)
        << team.reports();
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

// Teams that do debug others: testdata/haiku/debugger.c.
TEST_F(DebuggerCalls, ADebuggerIsAPortOfAnotherTeam)
{
    int port = team.call("create_port", 1, "debugger");

    ASSERT_GT(port, 0);
    EXPECT_EQ(team.call("install_team_debugger", 0, port), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("install_team_debugger", 0, port + 1),
              HK_B_BAD_PORT_ID);
    EXPECT_EQ(team.call("install_team_debugger", 999999999, port),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("debug_thread", 999999999), HK_B_BAD_THREAD_ID);
}

TEST_F(DebuggerCalls, OnlyRootSetsThatOfAllTeams)
{
    int port = team.call("create_port", 1, "debugger");

    EXPECT_EQ(team.call("install_default_debugger", port), HK_B_OK);
    EXPECT_EQ(team.call("install_default_debugger", port + 1),
              HK_B_BAD_PORT_ID);
    EXPECT_EQ(team.call("install_default_debugger", -1), HK_B_OK);
    ASSERT_EQ(team.call("setreuid", 5, 5, 0), HK_B_OK);
    EXPECT_EQ(team.call("install_default_debugger", port),
              HK_B_PERMISSION_DENIED);
    EXPECT_EQ(team.call("install_team_debugger", ::getppid(), port),
              HK_B_PERMISSION_DENIED);
}

// The own team is none to debug others: the call ends it as if there were no
// debugger.
TEST_F(DebuggerCalls, TheDebuggersOwnTeamHasNone)
{
    int port = team.call("create_port", 1, "debugger");

    ASSERT_EQ(team.call("install_default_debugger", port), HK_B_OK);
    EXPECT_EQ(team.call("debugger", Address{0x80000000}), HARNESS_ENDED);
}

TEST_F(DebuggerCalls, TheProgramDoesNotSeeItsOwnBreakpoints)
{
    ASSERT_EQ(team.start("/bin/program", {"program"}), 0);
    Address code{team.places().stack_base};
    std::memcpy(team.host(code), "\x90\x90", 2);
    EXPECT_EQ(team.call("set_debugger_breakpoint", code, 0, 0, 0), HK_B_OK);
    EXPECT_EQ(std::memcmp(team.host(code), "\x90\x90", 2), 0);
    EXPECT_EQ(team.call("set_debugger_breakpoint", code, 0, 0, 0), HK_B_OK);
    EXPECT_EQ(team.call("clear_debugger_breakpoint", code, 0), HK_B_OK);
    EXPECT_EQ(team.call("clear_debugger_breakpoint", code, 0),
              HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(
        team.call("set_debugger_breakpoint", Address{0x90000000}, 0, 0, 0),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(
        team.call("set_debugger_breakpoint", Address{0x70000000}, 0, 0, 0),
        HK_B_OK);
}

} // namespace
