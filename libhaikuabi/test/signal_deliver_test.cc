// signal_deliver_test.cc -- what a signal does to the thread that takes it.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <atomic>

namespace
{

using hk::Address;
using hk::Process;

enum Signal {
    SIG_CHLD = 5,
    SIG_SEGV = 11,
    SIG_CONT = 12,
    SIG_TERM = 15,
    SIG_USR1 = 18,
    SIG_USR2 = 19,
    SIG_KILLTHR = 21
};
enum Flags : uint32_t {
    RESETHAND = 4,
    NODEFER = 8,
    RESTART = 0x10,
    ONSTACK = 0x20
};
enum : uint32_t { HANDLER = 0x300000, CALL = 0x400000 };

constexpr uint64_t bit(int signal)
{
    return uint64_t{1} << (signal - 1);
}

class Delivery : public testing::Test
{
  protected:
    Delivery() : team(root.config())
    {
        team.registers().eip = CALL;
    }

    void act_on(int signal, uint32_t handler, uint32_t flags = 0,
                uint64_t mask = 0)
    {
        Address action = team.room(20);
        team.set(action, 0, handler);
        team.set(action, 4, mask);
        team.set(action, 12, flags);
        ASSERT_EQ(team.call("sigaction", signal, action, nullptr), 0);
    }
    void send(int signal)
    {
        ASSERT_EQ(team.call("send_signal", 0, signal, nullptr, 0), 0);
    }
    uint64_t mask()
    {
        Address old = team.room(8);
        team.call("set_signal_mask", 0, nullptr, old);
        return team.get<uint64_t>(old);
    }
    bool runs_handler()
    {
        return team.registers().eip != CALL;
    }
    // A field of the frame that the handler finds (haiku-abi/x86-32.md).
    template <typename T> T frame(uint32_t at)
    {
        return team.get<T>(Address{team.registers().esp + 8}, at);
    }
    // The thread executes a call: its number, its words.
    int64_t execute(uint32_t number, std::vector<uint32_t> words)
    {
        Address stack{team.room(4096).value + 3072};
        for (size_t i = 0; i < words.size(); i++)
            team.set(stack, static_cast<uint32_t>(4 + 4 * i), words[i]);
        team.registers().eax = number;
        team.registers().esp = stack.value;
        return harness_syscall(team.harness);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Delivery, RunsAHandlerOnce)
{
    act_on(SIG_USR1, HANDLER);
    EXPECT_EQ(harness_poll(team.harness), HK_CONTINUE);
    EXPECT_FALSE(runs_handler());
    send(SIG_USR1);
    send(SIG_USR1); // waits already
    EXPECT_EQ(harness_poll(team.harness), HK_CONTINUE);
    ASSERT_TRUE(runs_handler());
    EXPECT_EQ(frame<int>(0), SIG_USR1);
    EXPECT_EQ(frame<uint32_t>(624), HANDLER);
    EXPECT_EQ(mask(), bit(SIG_USR1));
    team.registers().eip = CALL;
    EXPECT_EQ(harness_poll(team.harness), HK_CONTINUE);
    EXPECT_FALSE(runs_handler());
}

TEST_F(Delivery, BlocksWhatTheActionSays)
{
    act_on(SIG_USR1, HANDLER, 0, bit(SIG_USR2));
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_EQ(mask(), bit(SIG_USR1) | bit(SIG_USR2));
    EXPECT_EQ(frame<uint64_t>(40), 0u); // comes back
}

TEST_F(Delivery, LeavesTheSignalOpenWithNodefer)
{
    act_on(SIG_USR1, HANDLER, NODEFER);
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_TRUE(runs_handler());
    EXPECT_EQ(mask(), 0u);
}

TEST_F(Delivery, ForgetsTheHandlerWithResethand)
{
    act_on(SIG_USR1, HANDLER, RESETHAND);
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_TRUE(runs_handler());
    Address old = team.room(20);
    team.call("sigaction", SIG_USR1, nullptr, old);
    EXPECT_EQ(team.get<uint32_t>(old), 0u);
}

TEST_F(Delivery, TakesTheFirstToComeFirstAndAllInTurn)
{
    act_on(SIG_USR1, HANDLER);
    act_on(SIG_USR2, HANDLER + 1);
    send(SIG_USR2);
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_EQ(frame<int>(0), SIG_USR2);
    harness_poll(team.harness); // one on top of the other
    EXPECT_EQ(frame<int>(0), SIG_USR1);
}

TEST_F(Delivery, LeavesBlockedOnesWaiting)
{
    act_on(SIG_USR1, HANDLER);
    harness_block_signals(team.harness, bit(SIG_USR1));
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_FALSE(runs_handler());
    harness_block_signals(team.harness, 0);
    harness_poll(team.harness);
    EXPECT_TRUE(runs_handler());
}

TEST_F(Delivery, WaitsWhileTheThreadDefersSignals)
{
    enum { DEFER_SIGNALS = 12, PENDING_SIGNALS = 16 };
    Address record{team.places().user_thread};
    act_on(SIG_USR1, HANDLER);
    act_on(SIG_SEGV, HANDLER);
    team.set(record, DEFER_SIGNALS, 1);
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_FALSE(runs_handler());
    EXPECT_EQ(team.get<uint64_t>(record, PENDING_SIGNALS), bit(SIG_USR1));
    send(SIG_SEGV); // is not deferred, and then nothing is
    harness_poll(team.harness);
    EXPECT_EQ(frame<int>(0), SIG_USR1);
    EXPECT_EQ(team.get<uint64_t>(record, PENDING_SIGNALS), 0u);
    harness_poll(team.harness);
    EXPECT_EQ(frame<int>(0), SIG_SEGV);
}

TEST_F(Delivery, DropsWhatIsIgnored)
{
    act_on(SIG_USR1, 1);
    send(SIG_USR1);
    send(SIG_CHLD);
    send(SIG_CONT);
    EXPECT_EQ(harness_poll(team.harness), HK_CONTINUE);
    EXPECT_FALSE(runs_handler());
    EXPECT_EQ(harness_get_end(team.harness).count, 0);
}

TEST_F(Delivery, EndsTheTeamByDefault)
{
    send(SIG_TERM);
    EXPECT_EQ(harness_poll(team.harness), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGTERM);
    EXPECT_EQ(harness_get_end(team.harness).status, 128 + SIG_TERM);
}

TEST_F(Delivery, EndsTheTeamWhenTheStackIsNotThere)
{
    act_on(SIG_USR1, HANDLER);
    team.registers().esp = 0x50000000;
    send(SIG_USR1);
    EXPECT_EQ(harness_poll(team.harness), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGSEGV);
}

TEST_F(Delivery, EndsOneThreadByKillthr)
{
    int64_t action = -1;
    int thread = team.spawn([&](hk_thread *self) {
        team.call_as(self, "send_signal", 0, SIG_KILLTHR, nullptr, 0x20000u);
        action = hk_poll(self);
    });
    team.join(thread);
    EXPECT_EQ(action, HK_EXIT);
    EXPECT_EQ(harness_get_end(team.harness).count, 0);
}

TEST_F(Delivery, UsesTheAlternateStack)
{
    Address stack = team.room(12);
    team.set<uint32_t>(stack, 0, 0x60100000);
    Address room = team.room(0x4000);
    team.set(stack, 0, room.value);
    team.set<uint32_t>(stack, 4, 0x4000);
    ASSERT_EQ(team.call("set_signal_stack", stack, nullptr), 0);
    act_on(SIG_USR1, HANDLER, ONSTACK);
    send(SIG_USR1);
    harness_poll(team.harness);
    EXPECT_GT(team.registers().esp, room.value);
    EXPECT_LT(team.registers().esp, room.value + 0x4000);
    act_on(SIG_USR2, HANDLER, ONSTACK); // it runs on it already
    uint32_t first = team.registers().esp;
    send(SIG_USR2);
    harness_poll(team.harness);
    EXPECT_LT(team.registers().esp, first);
    EXPECT_GT(team.registers().esp, room.value);
}

// ---- calls that are interrupted ----

enum : uint32_t { ACQUIRE_SEM = 19 }; // of r1beta5

TEST_F(Delivery, EndsACallWithInterrupted)
{
    uint32_t sem = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    act_on(SIG_USR1, HANDLER);
    send(SIG_USR1);
    EXPECT_EQ(execute(ACQUIRE_SEM, {sem}), HK_CONTINUE);
    EXPECT_TRUE(runs_handler());
    EXPECT_EQ(frame<uint32_t>(60), CALL); // behind the call
    EXPECT_EQ(frame<int>(68), HK_B_INTERRUPTED);
    EXPECT_EQ(frame<uint32_t>(632) & 1, 0u);
}

TEST_F(Delivery, RestartsACallBehindTheHandler)
{
    uint32_t sem = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    act_on(SIG_USR1, HANDLER, RESTART);
    send(SIG_USR1);
    EXPECT_EQ(execute(ACQUIRE_SEM, {sem}), HK_CONTINUE);
    EXPECT_TRUE(runs_handler());
    EXPECT_EQ(frame<uint32_t>(60), CALL - 2); // the `int 99` again
    EXPECT_EQ(frame<uint32_t>(68), ACQUIRE_SEM);
    EXPECT_EQ(frame<uint32_t>(632) & 1, 1u);
}

TEST_F(Delivery, RestartsACallThatNobodyHandled)
{
    uint32_t sem = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    send(SIG_CONT);
    EXPECT_EQ(execute(ACQUIRE_SEM, {sem}), HK_CONTINUE);
    EXPECT_EQ(team.registers().eip, CALL - 2);
    EXPECT_EQ(team.registers().eax, ACQUIRE_SEM);
}

TEST_F(Delivery, InterruptsNothingByWhatIsIgnored)
{
    int sem = static_cast<int>(team.call("create_sem", 0, "sem"));
    act_on(SIG_USR1, 1);
    send(SIG_USR1);
    send(SIG_CHLD);
    EXPECT_EQ(team.call("acquire_sem_etc", sem, 1, hk::RELATIVE, int64_t{1000}),
              HK_B_TIMED_OUT);
}

// Whatever the handler says: libroot counts on it.
TEST_F(Delivery, AlwaysRestartsSigwait)
{
    enum : uint32_t { SIGWAIT = 94 };
    Address set = team.room(8);
    team.set(set, 0, bit(SIG_USR2));
    act_on(SIG_USR1, HANDLER);
    harness_block_signals(team.harness, bit(SIG_USR2));
    send(SIG_USR1);
    EXPECT_EQ(execute(SIGWAIT, {set.value, 0, 0, 0, 0}), HK_CONTINUE);
    EXPECT_TRUE(runs_handler());
    EXPECT_EQ(frame<uint32_t>(60), CALL - 2);
    EXPECT_EQ(frame<uint32_t>(68), SIGWAIT);
}

TEST_F(Delivery, DoesNotRestartWhatIsHalfDone)
{
    enum : uint32_t { SWITCH_SEM = 17 };
    uint32_t sem = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    uint32_t other = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    act_on(SIG_USR1, HANDLER, RESTART);
    send(SIG_USR1);
    EXPECT_EQ(execute(SWITCH_SEM, {other, sem}), HK_CONTINUE);
    EXPECT_EQ(frame<uint32_t>(60), CALL);
    EXPECT_EQ(frame<int>(68), HK_B_INTERRUPTED);
    EXPECT_EQ(hk::sem_count(team, static_cast<int>(other)), 1);
}

// suspend_thread and resume_thread end a wait for good, as on BeOS.
TEST_F(Delivery, ASuspendedThreadsWaitFails)
{
    uint32_t sem = static_cast<uint32_t>(team.call("create_sem", 0, "sem"));
    Address stack{team.room(4096).value + 3072};
    team.set(stack, 4, sem);
    std::atomic<uint32_t> eax{0};
    int thread = team.spawn([&](hk_thread *self) {
        harness_registers(self)->eax = ACQUIRE_SEM;
        harness_registers(self)->esp = stack.value;
        while (hk_syscall(self) == HK_CONTINUE &&
               harness_registers(self)->eax == ACQUIRE_SEM)
            continue;
        eax = harness_registers(self)->eax;
    });
    hk::await_sem_count(team, static_cast<int>(sem), -1);
    EXPECT_EQ(team.call("suspend_thread", thread), 0);
    EXPECT_EQ(team.call("resume_thread", thread), 0);
    team.join(thread);
    EXPECT_EQ(static_cast<int>(eax), HK_B_INTERRUPTED);
    EXPECT_EQ(hk::sem_count(team, static_cast<int>(sem)), 0);
}

// ---- cancellation ----

TEST_F(Delivery, RunsACancelFunctionAsAHandler)
{
    EXPECT_EQ(team.call("cancel_thread", harness_id(team.thread()),
                        Address{HANDLER + 5}),
              0);
    harness_poll(team.harness);
    EXPECT_TRUE(runs_handler());
    EXPECT_EQ(frame<uint32_t>(624), HANDLER + 5u);
}

// The handler that pthread_cancel() names does nothing: it is enough that the
// call fails, never to be restarted.
TEST_F(Delivery, CancellationEndsAReadThatWaits)
{
    enum : uint32_t { READ = 149 };
    Address ends = team.room(8), buffer = team.room(16);
    ASSERT_EQ(team.call("create_pipe", ends), HK_B_OK);
    EXPECT_EQ(
        team.call("cancel_thread", harness_id(team.thread()), Address{HANDLER}),
        0);
    EXPECT_EQ(
        execute(READ, {team.get<uint32_t>(ends), ~0u, ~0u, buffer.value, 16}),
        HK_CONTINUE);
    ASSERT_TRUE(runs_handler());
    EXPECT_EQ(frame<uint32_t>(60), CALL); // behind the call
    EXPECT_EQ(frame<int>(68), HK_B_INTERRUPTED);
}

TEST_F(Delivery, DefersCancellationAsSignals)
{
    enum { DEFER_SIGNALS = 12, PENDING_SIGNALS = 16, CANCEL_THREAD = 63 };
    Address record{team.places().user_thread};
    team.set(record, DEFER_SIGNALS, 1);
    team.call("cancel_thread", harness_id(team.thread()), Address{HANDLER});
    harness_poll(team.harness);
    EXPECT_FALSE(runs_handler());
    EXPECT_EQ(team.get<uint64_t>(record, PENDING_SIGNALS), bit(CANCEL_THREAD));
    team.set(record, DEFER_SIGNALS, 0);
    team.call("is_computer_on"); // what libroot comes back with
    harness_poll(team.harness);
    EXPECT_TRUE(runs_handler());
}

// ---- stopping ----

TEST_F(Delivery, StopsTheProcess)
{
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    Process other(root, [&](hk::Team &its) {
        enum { SIG_TSTP = 13 };
        ::setpgid(0, 0); // whose parent is of another group: no orphan
        its.call("release_sem", ready);
        its.call("send_signal", 0, (int)SIG_TSTP, nullptr, 0);
        harness_poll(its.harness);
        return 7;
    });
    team.call("acquire_sem", ready);
    int status = 0;
    ASSERT_EQ(::waitpid(other.pid, &status, WUNTRACED), other.pid);
    EXPECT_TRUE(WIFSTOPPED(status));
    EXPECT_EQ(team.call("send_signal", other.pid, SIG_CONT, nullptr, 0), 0);
    EXPECT_EQ(other.wait(), 7);
}

} // namespace
