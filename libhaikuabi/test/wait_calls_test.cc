// wait_calls_test.cc -- waiting for children.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;

enum Options : int {
    NOHANG = 1,
    UNTRACED = 2,
    CONTINUED = 4,
    EXITED = 8,
    STOPPED = 16,
    NOWAIT = 32
};
enum Code { CLD_EXIT = 60, CLD_KILL = 61, CLD_STOP = 64, CLD_CONT = 65 };
enum Signal {
    SIG_CHLD = 5,
    SIG_STOP = 10,
    SIG_CONT = 12,
    SIG_TSTP = 13,
    SIG_TERM = 15
};
const Address nowhere{0x50000000}, kernels{0x90000000};

class Waiting : public testing::Test
{
  protected:
    Waiting() : team(root.config())
    {
        harness_catch(team.harness);
        info = team.room(36);
    }

    // All children have ended, or have been killed.
    ~Waiting() override
    {
        while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR)
            continue;
    }

    // A team that the own one forks.
    int fork(const std::function<int()> &act)
    {
        int64_t child = team.call("fork");
        if (child == 0)
            ::_exit(act());
        EXPECT_GT(child, 0);
        return static_cast<int>(child);
    }
    // One that does nothing until a signal ends it. The sanitizer of threads
    // leaves signals blocked when one comes while it is about to call the
    // handlers of those that it has put off.
    int fork_idle()
    {
        return fork([this] {
            sigset_t none;
            sigemptyset(&none);
            // As libroot does behind fork: signals are deferred no longer.
            team.set(Address{team.places().user_thread}, 12, 0);
            for (;;) {
                team.call("snooze_etc", hk::SECOND / 100, 0, (int)hk::RELATIVE,
                          nullptr);
                ::sigprocmask(SIG_SETMASK, &none, nullptr);
                harness_poll(team.harness);
            }
            return 0;
        });
    }
    int64_t wait(int child, int options)
    {
        return team.call("wait_for_child", child, options, info, nullptr);
    }
    int code()
    {
        return team.get<int>(info, 4);
    }
    int status()
    {
        return team.get<int>(info, 24);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    Address info{};
};

TEST_F(Waiting, TellsHowAChildEnded)
{
    int child = fork([] { return 7; });
    EXPECT_EQ(wait(child, EXITED), child);
    EXPECT_EQ(team.get<int>(info), SIG_CHLD);
    EXPECT_EQ(code(), CLD_EXIT);
    EXPECT_EQ(team.get<int>(info, 12), child);
    EXPECT_EQ(status(), 7);
    EXPECT_EQ(wait(child, EXITED), HK_ECHILD);

    child = fork_idle();
    EXPECT_EQ(team.call("send_signal", child, (int)SIG_TERM, nullptr, 0), 0);
    EXPECT_EQ(wait(-1, EXITED), child);
    EXPECT_EQ(code(), CLD_KILL);
    EXPECT_EQ(status(), SIG_TERM);
}

TEST_F(Waiting, TellsOfStopsAndContinuations)
{
    int child = fork_idle();
    ::setpgid(child, child); // its parent is of another group: no orphan
    for (int signal : {SIG_STOP, SIG_TSTP, SIG_STOP}) {
        team.call("send_signal", child, signal, nullptr, 0);
        EXPECT_EQ(wait(child, EXITED | UNTRACED), child);
        EXPECT_EQ(code(), CLD_STOP);
        EXPECT_EQ(status(), signal);
        team.call("send_signal", child, (int)SIG_CONT, nullptr, 0);
        EXPECT_EQ(wait(child, CONTINUED), child);
        EXPECT_EQ(code(), CLD_CONT);
    }
    EXPECT_EQ(team.call("kill_team", child), 0);
    EXPECT_EQ(wait(child, EXITED), child);
    EXPECT_EQ(code(), CLD_KILL);
}

TEST_F(Waiting, DoesNotHangWhenAsked)
{
    int child = fork_idle();
    EXPECT_EQ(wait(child, EXITED | NOHANG), HK_B_WOULD_BLOCK);
    team.call("kill_team", child);
    EXPECT_EQ(wait(child, EXITED | NOWAIT), child); // it stays
    EXPECT_EQ(wait(child, EXITED | NOHANG), child);
    EXPECT_EQ(wait(child, EXITED | NOHANG), HK_ECHILD);
}

TEST_F(Waiting, WaitsForGroups)
{
    int child = fork([] { return 3; });
    EXPECT_EQ(wait(0, EXITED), child); // the own group
    child = fork([] { return 4; });
    EXPECT_EQ(wait(-::getpgrp(), EXITED), child);
    EXPECT_EQ(wait(-999999999, EXITED), HK_ECHILD);
}

TEST_F(Waiting, RefusesWhatIsWrong)
{
    EXPECT_EQ(wait(-1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(wait(-1, NOHANG), HK_B_BAD_VALUE);
    EXPECT_EQ(wait(-1, EXITED), HK_ECHILD);
    EXPECT_EQ(wait(INT32_MIN, EXITED), HK_ECHILD);
    EXPECT_EQ(wait(::getppid(), EXITED), HK_ECHILD);
    int child = fork([] { return 0; });
    for (Address bad : {nowhere, kernels}) {
        EXPECT_EQ(
            team.call("wait_for_child", child, EXITED | NOWAIT, bad, nullptr),
            HK_B_BAD_ADDRESS);
        EXPECT_EQ(
            team.call("wait_for_child", child, EXITED | NOWAIT, info, bad),
            HK_B_BAD_ADDRESS);
    }
    Address usage = team.room(16);
    EXPECT_EQ(team.call("wait_for_child", child, (int)EXITED, nullptr, usage),
              child); // neither is needed
    EXPECT_GE(team.get<int64_t>(usage), 0);
}

TEST_F(Waiting, IsInterruptedBySignals)
{
    enum { SIG_USR1 = 18 };
    int child = fork_idle();
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(wait(child, EXITED), HK_B_INTERRUPTED);
    team.call("kill_team", child);
}

TEST_F(Waiting, TellsAThreadAtItsChildsEnd)
{
    int go = static_cast<int>(team.call("create_sem", 0, "go"));
    int64_t child = team.call("fork");
    if (child == 0)
        ::_exit(team.call("acquire_sem", go) == 0 ? 9 : 1);
    int64_t result = 0;
    int id = team.spawn([&](hk_thread *thread) {
        result = team.call_as(thread, "wait_for_child", static_cast<int>(child),
                              (int)EXITED, info, nullptr);
    });
    team.call("release_sem", go);
    team.join(id);
    EXPECT_EQ(result, child);
    EXPECT_EQ(status(), 9);
}

TEST_F(Waiting, TellsATeamsStatus)
{
    Address to = team.room(4);
    int child = fork([] { return 250; });
    EXPECT_EQ(team.call("wait_for_thread", child, to), 0);
    EXPECT_EQ(team.get<int>(to), -6); // 8 bits, with their sign
    EXPECT_EQ(team.call("wait_for_team", child, to), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(wait(child, EXITED), child); // is still to be waited for
    child = fork_idle();
    team.call("kill_team", child);
    EXPECT_EQ(team.call("wait_for_thread", child, to), 0);
    EXPECT_EQ(team.get<int>(to), HK_B_INTERRUPTED);
    EXPECT_EQ(team.call("wait_for_team", 999999999, to), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("wait_for_team", 0, to), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("wait_for_team", child, kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("wait_for_team", ::getpid(), to), HK_EDEADLK);
}

} // namespace
