// signals_test.cc -- the host's signals on their way to a thread.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <csignal>
#include <set>

namespace
{

using hk::Address;

enum Signal { SIG_CHLD = 5, SIG_USR1 = 18, SIG_WINCH = 20, SIG_RT0 = 33 };

constexpr uint64_t bit(int signal)
{
    return uint64_t{1} << (signal - 1);
}

class Signals : public testing::Test
{
  protected:
    Signals() : team(root.config())
    {
        harness_catch(team.harness);
        harness_block_signals(team.harness, ~uint64_t{0});
    }

    // The next signal of a kind: its siginfo_t.
    Address await(int signal)
    {
        Address set = team.room(8), info = team.room(36);
        team.set(set, 0, bit(signal));
        EXPECT_EQ(team.call("sigwait", set, info, 0, int64_t{0}), 0);
        return info;
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Signals, ThatAreCaughtAreThoseThatMeanSomething)
{
    int signals[HK_HOST_SIGNALS_MAX];
    size_t count = hk_host_signals(signals);
    ASSERT_LE(count, size_t{HK_HOST_SIGNALS_MAX});
    std::set<int> caught(signals, signals + count);
    EXPECT_EQ(caught.size(), count); // each once
    for (int signal : {SIGHUP, SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGTSTP,
                       SIGCONT, SIGWINCH, SIGALRM})
        EXPECT_EQ(caught.count(signal), 1u) << signal;
    // Faults are the processor's.
    for (int signal : {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE})
        EXPECT_EQ(caught.count(signal), 0u) << signal;
}

TEST_F(Signals, TellTheirSender)
{
    ::kill(::getpid(), SIGUSR1);
    Address info = await(SIG_USR1);
    EXPECT_EQ(team.get<int>(info), SIG_USR1);
    EXPECT_EQ(team.get<int>(info, 4), 0); // SI_USER
    EXPECT_EQ(team.get<int>(info, 12), ::getpid());
}

TEST_F(Signals, CarryAValue)
{
    sigval value{};
    value.sival_ptr = reinterpret_cast<void *>(uintptr_t{0x12345678});
    ::sigqueue(::getpid(), SIGUSR1, value);
    Address info = await(SIG_USR1);
    EXPECT_EQ(team.get<int>(info, 4), 1); // SI_QUEUE
    EXPECT_EQ(team.get<uint32_t>(info, 32), 0x12345678u);
}

TEST_F(Signals, TellOfChildren)
{
    int64_t child = team.call("fork");
    if (child == 0)
        ::_exit(7);
    Address info = await(SIG_CHLD);
    EXPECT_EQ(team.get<int>(info, 4), 60); // CLD_EXITED
    EXPECT_EQ(team.get<int>(info, 12), child);
    EXPECT_EQ(team.get<int>(info, 24), 7);
    ::waitpid(static_cast<pid_t>(child), nullptr, 0);
    child = team.call("fork");
    if (child == 0)
        ::_exit(::kill(::getpid(), SIGKILL));
    info = await(SIG_CHLD);
    EXPECT_EQ(team.get<int>(info, 4), 61); // CLD_KILLED
    EXPECT_EQ(team.get<int>(info, 24), 9);
    ::waitpid(static_cast<pid_t>(child), nullptr, 0);
}

TEST_F(Signals, WithoutEffectAreDropped)
{
    harness_block_signals(team.harness, 0);
    ::kill(::getpid(), SIGWINCH);
    EXPECT_EQ(harness_pending(team.harness), 0u);
    EXPECT_EQ(harness_poll(team.harness), HK_CONTINUE);
}

TEST_F(Signals, MayComeInAnyNumber)
{
    for (int i = 0; i < 500; i++) // more than there is room for
        ::kill(::getpid(), SIGUSR1);
    await(SIG_USR1);
    // One of a kind waits at most, and the next one comes through again.
    ::kill(::getpid(), SIGUSR1);
    await(SIG_USR1);
}

TEST_F(Signals, ThatQueueKeepTheirOrder)
{
    for (int i = 0; i < 5; i++) {
        Address value = team.room(4);
        team.set(value, 0, i);
        EXPECT_EQ(team.call("send_signal", 0, (int)SIG_RT0, value, 0x10000), 0);
    }
    for (int i = 0; i < 5; i++)
        EXPECT_EQ(team.get<int>(await(SIG_RT0), 32), i);
    EXPECT_EQ(harness_pending(team.harness), 0u);
}

// A signal for the team goes to a thread that does not block it.
TEST_F(Signals, FindAThreadThatTakesThem)
{
    Address action = team.room(20), none = team.room(8);
    team.set<uint32_t>(action, 0, 0x300000);
    team.call("sigaction", (int)SIG_USR1, action, nullptr);
    int64_t result = 0;
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    int id = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "set_signal_mask", 3, none, nullptr);
        team.call_as(thread, "release_sem", ready);
        result = team.call_as(thread, "snooze_etc", INT64_MAX, 0,
                              (int)hk::RELATIVE, nullptr);
    });
    team.call("acquire_sem", ready);
    team.call("send_signal", 0, (int)SIG_USR1, nullptr, 0);
    team.join(id);
    EXPECT_EQ(result, HK_B_INTERRUPTED);
}

} // namespace
