// signal_calls_test.cc -- masks, actions, stacks, sending, waiting.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;
using hk::Process;

// Haiku's numbers.
enum Signal {
    SIG_HUP = 1,
    SIG_CHLD = 5,
    SIG_KILL = 9,
    SIG_STOP = 10,
    SIG_TERM = 15,
    SIG_USR1 = 18,
    SIG_USR2 = 19,
    SIG_KILLTHR = 21,
    SIG_RT0 = 33,
    SIG_MAX = 40
};
enum SendFlags : uint32_t { QUEUE = 0x10000, THREAD = 0x20000 };
enum How { BLOCK = 1, UNBLOCK = 2, SET = 3 };
const Address nowhere{0x50000000}, kernels{0x90000000};

constexpr uint64_t bit(int signal)
{
    return uint64_t{1} << (signal - 1);
}

class SignalCalls : public testing::Test
{
  protected:
    SignalCalls() : team(root.config()) {}

    Address set_of(uint64_t signals)
    {
        Address set = team.room(8);
        team.set(set, 0, signals);
        return set;
    }
    int64_t change_mask(int how, uint64_t signals)
    {
        return team.call("set_signal_mask", how, set_of(signals), nullptr);
    }
    uint64_t mask()
    {
        Address old = team.room(8);
        EXPECT_EQ(team.call("set_signal_mask", 0, nullptr, old), 0);
        return team.get<uint64_t>(old);
    }
    uint64_t pending()
    {
        Address set = team.room(8);
        EXPECT_EQ(team.call("sigpending", set), 0);
        return team.get<uint64_t>(set);
    }
    int64_t act_on(int signal, uint32_t handler, uint32_t flags = 0)
    {
        Address action = team.room(20);
        team.set(action, 0, handler);
        team.set(action, 12, flags);
        return team.call("sigaction", signal, action, nullptr);
    }
    int64_t send(int id, int signal, uint32_t flags = 0)
    {
        return team.call("send_signal", id, signal, nullptr, flags);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(SignalCalls, ChangeTheMask)
{
    EXPECT_EQ(mask(), 0u);
    EXPECT_EQ(change_mask(BLOCK, bit(SIG_USR1)), 0);
    EXPECT_EQ(change_mask(BLOCK, bit(SIG_HUP)), 0);
    EXPECT_EQ(mask(), bit(SIG_USR1) | bit(SIG_HUP));
    EXPECT_EQ(change_mask(UNBLOCK, bit(SIG_HUP) | bit(SIG_TERM)), 0);
    EXPECT_EQ(mask(), bit(SIG_USR1));
    // What cannot be blocked is left out.
    EXPECT_EQ(change_mask(SET, ~uint64_t{0}), 0);
    EXPECT_EQ(mask(), ~(bit(SIG_KILL) | bit(SIG_STOP) | bit(SIG_KILLTHR)));

    Address set = set_of(1);
    EXPECT_EQ(team.call("set_signal_mask", 0, set, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_signal_mask", 4, set, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_signal_mask", SET, nowhere, nullptr),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("set_signal_mask", SET, set, kernels),
              HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, KeepActions)
{
    Address action = team.room(20), old = team.room(20);
    team.set<uint32_t>(action, 0, 0x300000);
    team.set<uint64_t>(action, 4, ~uint64_t{0});
    team.set<uint32_t>(action, 12, 0x50);
    team.set<uint32_t>(action, 16, 77);
    ASSERT_EQ(team.call("sigaction", SIG_USR1, action, old), 0);
    EXPECT_EQ(team.get<uint32_t>(old), 0u); // SIG_DFL
    ASSERT_EQ(team.call("sigaction", SIG_USR1, nullptr, old), 0);
    EXPECT_EQ(team.get<uint32_t>(old), 0x300000u);
    EXPECT_EQ(team.get<uint64_t>(old, 4),
              ~(bit(SIG_KILL) | bit(SIG_STOP) | bit(SIG_KILLTHR)));
    EXPECT_EQ(team.get<uint32_t>(old, 12), 0x50u);
    EXPECT_EQ(team.get<uint32_t>(old, 16), 77u);

    for (int signal :
         {0, -1, SIG_MAX + 1, (int)SIG_KILL, (int)SIG_STOP, (int)SIG_KILLTHR})
        EXPECT_EQ(team.call("sigaction", signal, nullptr, old), HK_B_BAD_VALUE)
            << signal;
    EXPECT_EQ(team.call("sigaction", SIG_USR1, nowhere, nullptr),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("sigaction", SIG_USR1, action, kernels),
              HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, TellWhatIsPending)
{
    change_mask(BLOCK, bit(SIG_USR1) | bit(SIG_USR2));
    EXPECT_EQ(pending(), 0u);
    EXPECT_EQ(send(::getpid(), SIG_USR1), 0);
    EXPECT_EQ(send(0, SIG_USR2, THREAD), 0);
    EXPECT_EQ(pending(), bit(SIG_USR1) | bit(SIG_USR2));
    EXPECT_EQ(team.call("sigpending", nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("sigpending", nowhere), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("sigpending", kernels), HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, DropWhatBecomesIgnored)
{
    change_mask(BLOCK, bit(SIG_USR1) | bit(SIG_CHLD));
    act_on(SIG_CHLD, 0x300000);
    send(0, SIG_USR1);
    send(0, SIG_USR1, THREAD);
    send(0, SIG_CHLD);
    EXPECT_EQ(pending(), bit(SIG_USR1) | bit(SIG_CHLD));
    EXPECT_EQ(act_on(SIG_USR1, 1), 0); // SIG_IGN
    EXPECT_EQ(pending(), bit(SIG_CHLD));
    EXPECT_EQ(act_on(SIG_CHLD, 0), 0); // by default it is ignored
    EXPECT_EQ(pending(), 0u);
}

TEST_F(SignalCalls, SendWhereTheyAreTold)
{
    change_mask(BLOCK, ~uint64_t{0});
    struct {
        const char *what;
        int id, signal;
        uint32_t flags;
        int expected;
    } rows[] = {
        {"nothing to the own team", 0, 0, 0, HK_B_OK},
        {"nothing to the own thread", 0, 0, THREAD, HK_B_OK},
        {"own team by id", ::getpid(), 1, 0, HK_B_OK},
        {"every team", -1, 2, 0, HK_B_OK},
        {"own thread by id", ::getpid(), 3, THREAD, HK_B_OK},
        {"own group", -::getpgrp(), 4, 0, HK_B_OK},
        {"other flags are not looked at", 0, 6, 1, HK_B_OK},
        {"queued", 0, SIG_RT0, QUEUE, HK_B_OK},
        {"no signal", 0, SIG_MAX + 1, 0, HK_B_BAD_VALUE},
        {"no signal for a thread", 0, SIG_MAX + 1, THREAD, HK_B_BAD_VALUE},
        {"no signal < 0", 0, -1, 0, HK_B_BAD_VALUE},
        {"no team", 999999999, 1, 0, HK_B_BAD_TEAM_ID},
        {"the kernel's team", 1, 0, 0, HK_B_OK},
        {"a signal for the kernel's team", 1, 1, 0, HK_B_NOT_ALLOWED},
        {"no thread", 999999999, 1, THREAD, HK_B_BAD_THREAD_ID},
        {"no group", -999999999, 1, 0, HK_B_BAD_TEAM_ID},
        {"no group at all", INT32_MIN, 1, 0, HK_B_BAD_TEAM_ID},
    };
    for (const auto &row : rows)
        EXPECT_EQ(send(row.id, row.signal, row.flags), row.expected)
            << row.what;
    EXPECT_EQ(pending(),
              bit(1) | bit(2) | bit(3) | bit(4) | bit(6) | bit(SIG_RT0));
    EXPECT_EQ(team.call("send_signal", 0, 1, nowhere, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("send_signal", 0, 1, kernels, 0), HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, QueueUpToALimit)
{
    change_mask(BLOCK, bit(SIG_RT0));
    int sent = 0;
    while (send(0, SIG_RT0, QUEUE) == 0)
        ASSERT_LT(++sent, 10000);
    EXPECT_EQ(sent, 32);
    EXPECT_EQ(send(0, SIG_RT0, QUEUE), HK_B_WOULD_BLOCK);
}

TEST_F(SignalCalls, ReachOtherTeamsOfTheRoot)
{
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    Process other(root, [&](hk::Team &its) {
        harness_catch(its.harness);
        Address set = its.room(8), info = its.room(36);
        its.set(set, 0, bit(SIG_USR2));
        its.call("set_signal_mask", (int)BLOCK, set, nullptr);
        its.call("release_sem", ready);
        if (its.call("sigwait", set, info, 0, int64_t{0}) != 0)
            return 1;
        return its.get<int>(info) == SIG_USR2 &&
                       its.get<int>(info, 12) == ::getppid()
                   ? 0
                   : 2;
    });
    team.call("acquire_sem", ready);
    EXPECT_EQ(send(other.pid, 0), 0);
    EXPECT_EQ(send(other.pid, SIG_USR2, THREAD), 0); // its main thread
    int id = other.pid;
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(send(id, 0), HK_B_BAD_TEAM_ID);
}

TEST_F(SignalCalls, CarryAValueToOtherTeams)
{
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    Process other(root, [&](hk::Team &its) {
        harness_catch(its.harness);
        ::setpgid(0, 0);
        Address set = its.room(8), info = its.room(36);
        its.set(set, 0, bit(SIG_USR1) | bit(SIG_RT0));
        its.call("set_signal_mask", (int)BLOCK, set, nullptr);
        its.call("release_sem", ready);
        for (int expected : {(int)SIG_USR1, (int)SIG_RT0}) {
            its.set(set, 0, bit(expected));
            if (its.call("sigwait", set, info, 0, int64_t{0}) != 0 ||
                its.get<int>(info) != expected)
                return 1;
        }
        return its.get<int>(info, 32) == 1234 && its.get<int>(info, 4) == 1 ? 0
                                                                            : 2;
    });
    team.call("acquire_sem", ready);
    Address value = team.room(4);
    team.set(value, 0, 1234);
    EXPECT_EQ(team.call("send_signal", other.pid, (int)SIG_RT0, value,
                        (uint32_t)QUEUE),
              0);
    EXPECT_EQ(send(-other.pid, SIG_USR1), 0); // its group
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(SignalCalls, KeepAnAlternateStack)
{
    Address stack = team.room(12), old = team.room(12);
    auto put = [&](uint32_t base, uint32_t size, uint32_t flags) {
        team.set(stack, 0, base);
        team.set(stack, 4, size);
        team.set(stack, 8, flags);
        return team.call("set_signal_stack", stack, old);
    };
    EXPECT_EQ(put(0x10000000, 0x4000, 0), 0);
    EXPECT_EQ(team.get<uint32_t>(old, 8), 2u); // it was disabled
    EXPECT_EQ(put(0x10000000, 0x4000, 4), HK_B_BAD_VALUE);
    EXPECT_EQ(put(0x10000000, 0x1fff, 0), HK_B_NO_MEMORY);
    EXPECT_EQ(put(0x80000000, 0x4000, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.get<uint32_t>(old, 8), 2u); // nothing is told then
    EXPECT_EQ(team.call("set_signal_stack", nullptr, old), 0);
    EXPECT_EQ(team.get<uint32_t>(old), 0x10000000u);
    EXPECT_EQ(team.get<uint32_t>(old, 4), 0x4000u);
    EXPECT_EQ(team.get<uint32_t>(old, 8), 0u);
    uint32_t esp = team.registers().esp;
    team.registers().esp = 0x10002000;
    EXPECT_EQ(put(0x10008000, 0x4000, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("set_signal_stack", nullptr, old), 0);
    EXPECT_EQ(team.get<uint32_t>(old, 8), 1u); // it runs on it
    EXPECT_EQ(put(0, 0, 2), 0);
    team.registers().esp = esp;
    EXPECT_EQ(team.call("set_signal_stack", nullptr, old), 0);
    EXPECT_EQ(team.get<uint32_t>(old, 8), 2u);
    EXPECT_EQ(team.call("set_signal_stack", nowhere, nullptr),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("set_signal_stack", nullptr, kernels),
              HK_B_BAD_ADDRESS);
}

// ---- waiting ----

TEST_F(SignalCalls, WaitForASignalOfASet)
{
    Address set = set_of(bit(SIG_USR1) | bit(SIG_USR2)), info = team.room(36);
    change_mask(BLOCK, bit(SIG_USR1) | bit(SIG_USR2) | bit(SIG_HUP));
    send(0, SIG_HUP);
    send(0, SIG_USR2);
    ASSERT_EQ(team.call("sigwait", set, info, 0, int64_t{0}), 0);
    EXPECT_EQ(team.get<int>(info), SIG_USR2);
    EXPECT_EQ(team.get<int>(info, 12), ::getpid());
    EXPECT_EQ(pending(), bit(SIG_HUP));
    EXPECT_EQ(team.call("sigwait", set, info, hk::RELATIVE, int64_t{0}),
              HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("sigwait", set, nullptr, hk::RELATIVE, int64_t{1000}),
              HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("sigwait", nullptr, info, 0, int64_t{0}),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("sigwait", nowhere, info, 0, int64_t{0}),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("sigwait", set, kernels, 0, int64_t{0}),
              HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, WakeAThreadThatWaitsForThem)
{
    change_mask(BLOCK, bit(SIG_USR1)); // the thread inherits it
    Address set = set_of(bit(SIG_USR1)), info = team.room(36);
    int64_t result = -1;
    int thread = team.spawn([&](hk_thread *self) {
        result = team.call_as(self, "sigwait", set, info, 0u, int64_t{0});
    });
    EXPECT_EQ(send(thread, SIG_USR1, THREAD), 0);
    team.join(thread);
    EXPECT_EQ(result, 0);
    EXPECT_EQ(team.get<int>(info), SIG_USR1);
}

TEST_F(SignalCalls, InterruptSigwaitByAnotherOne)
{
    act_on(SIG_USR2, 0x300000);
    Address set = set_of(bit(SIG_USR1));
    change_mask(BLOCK, bit(SIG_USR1));
    send(0, SIG_USR2);
    EXPECT_EQ(team.call("sigwait", set, nullptr, 0, int64_t{0}),
              HK_B_INTERRUPTED);
}

TEST_F(SignalCalls, EndSigsuspend)
{
    act_on(SIG_USR1, 0x300000);
    change_mask(BLOCK, bit(SIG_USR1));
    send(0, SIG_USR1);
    EXPECT_EQ(team.call("sigsuspend", set_of(bit(SIG_HUP))), HK_B_INTERRUPTED);
    // The handler runs with the mask of the call, and the old one comes back
    // behind it: it is in the frame (signal_frame_test).
    EXPECT_EQ(mask(), bit(SIG_HUP));
    EXPECT_EQ(team.call("sigsuspend", nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("sigsuspend", nowhere), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("sigsuspend", kernels), HK_B_BAD_ADDRESS);
}

TEST_F(SignalCalls, EndSigsuspendOfAThread)
{
    act_on(SIG_USR1, 0x300000);
    change_mask(BLOCK, bit(SIG_USR1));
    Address none = set_of(0);
    int64_t result = 0;
    int thread = team.spawn([&](hk_thread *self) {
        result = team.call_as(self, "sigsuspend", none);
    });
    EXPECT_EQ(send(thread, SIG_USR1, THREAD), 0);
    team.join(thread);
    EXPECT_EQ(result, HK_B_INTERRUPTED);
}

} // namespace
