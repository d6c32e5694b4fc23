// thread_calls_test.cc -- threads made, found, waited for and ended.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <atomic>
#include <chrono>

namespace
{

using hk::Address;
using hk::Process;

const Address nowhere{0x50000000}, kernels{0x90000000};
enum Clock { MONOTONIC = 0, REALTIME = -1, PROCESS_CPU = -2, THREAD_CPU = -3 };

class ThreadCalls : public testing::Test
{
  protected:
    ThreadCalls() : team(root.config()) {}

    int self()
    {
        return harness_id(team.thread());
    }
    // A thread that is there until the test ends it by a signal of libroot's
    // kind: it sleeps on a semaphore.
    int sleeper(const char *name = "sleeper")
    {
        int sem = static_cast<int>(team.call("create_sem", 0, "sleep"));
        sems.push_back(sem);
        return team.spawn(
            [this, sem](hk_thread *thread) {
                team.call_as(thread, "acquire_sem", sem);
            },
            name);
    }
    void wake_sleepers()
    {
        for (int sem : sems)
            team.call("delete_sem", sem);
        sems.clear();
    }
    // wait_status, by which user code and the kernel tell each other.
    void set_wait_status(hk_thread *thread, int status)
    {
        team.set(Address{harness_get_places(thread).user_thread}, 8, status);
    }
    int wait_status(hk_thread *thread)
    {
        return team.get<int>(Address{harness_get_places(thread).user_thread},
                             8);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    std::vector<int> sems;
};

TEST_F(ThreadCalls, StartAThreadAtItsEntry)
{
    Address attributes = team.attributes("a name", 7, 0x234560);
    team.set<uint32_t>(attributes, 12, 11); // args1
    team.set<uint32_t>(attributes, 16, 22);
    hk_registers registers{};
    harness_places places{};
    std::atomic<bool> ran{false};
    team.on_thread([&](hk_thread *thread) {
        registers = *harness_registers(thread);
        places = harness_get_places(thread);
        ran = true;
    });
    int id = static_cast<int>(team.call("spawn_thread", attributes));
    ASSERT_GT(id, 0);
    EXPECT_FALSE(ran); // it is suspended
    ASSERT_EQ(team.call("resume_thread", id), 0);
    Address status = team.room(4);
    EXPECT_EQ(team.call("wait_for_thread", id, status), 0);
    ASSERT_TRUE(ran);
    EXPECT_EQ(registers.eip, 0x234560u);
    EXPECT_EQ(registers.fs_base, places.tls);
    EXPECT_GT(registers.esp, places.stack_base);
    EXPECT_LT(registers.esp, places.stack_end);
    EXPECT_EQ(places.stack_end - places.stack_base, 0x40000u);
}

TEST_F(ThreadCalls, RunOnTheCallersStack)
{
    Address stack = team.room(0x3000);
    Address attributes = team.attributes();
    team.set<uint32_t>(attributes, 12, 11);
    team.set<uint32_t>(attributes, 16, 22);
    team.set<uint32_t>(attributes, 20, stack.value);
    team.set<uint32_t>(attributes, 24, 0x3000);
    hk_registers registers{};
    team.on_thread(
        [&](hk_thread *thread) { registers = *harness_registers(thread); });
    int id = static_cast<int>(team.call("spawn_thread", attributes));
    ASSERT_GT(id, 0);
    EXPECT_EQ(team.call("wait_for_thread", id, nullptr), 0); // it resumes it
    EXPECT_GE(registers.esp, stack.value);
    EXPECT_LT(registers.esp, stack.value + 0x3000);
    EXPECT_EQ(team.get<uint32_t>(Address{registers.esp}, 4), 11u);
    EXPECT_EQ(team.get<uint32_t>(Address{registers.esp}, 8), 22u);
}

TEST_F(ThreadCalls, RefuseAttributes)
{
    struct {
        const char *what;
        uint32_t at, value;
        int expected;
    } rows[] = {
        {"no entry", 0, 0, HK_B_BAD_ADDRESS},
        {"the kernel's entry", 0, 0x80000000, HK_B_BAD_ADDRESS},
        {"name nowhere", 4, nowhere.value, HK_B_BAD_ADDRESS},
        {"small stack", 24, 0x1fff, HK_B_BAD_VALUE},
        {"large stack", 24, 0x1000001, HK_B_BAD_VALUE},
        {"stack of the kernel's", 20, 0x80000000, HK_B_BAD_ADDRESS},
        {"large guard", 28, 0x7f000000, HK_B_NO_MEMORY},
    };
    for (const auto &row : rows) {
        Address attributes = team.attributes();
        team.set(attributes, row.at, row.value);
        EXPECT_EQ(team.call("spawn_thread", attributes), row.expected)
            << row.what;
    }
    EXPECT_EQ(team.call("spawn_thread", nowhere), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("spawn_thread", kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("spawn_thread", nullptr), HK_B_BAD_ADDRESS);
}

TEST_F(ThreadCalls, FailWhenTheStackCannotBeWritten)
{
    Address attributes = team.attributes();
    team.set<uint32_t>(attributes, 20, nowhere.value);
    team.set<uint32_t>(attributes, 24, 0x4000);
    EXPECT_EQ(team.call("spawn_thread", attributes), HK_B_BAD_ADDRESS);
    Address cookie = team.room(4), info = team.room(76);
    EXPECT_EQ(team.call("get_next_thread_info", 0, cookie, info), 0);
    EXPECT_EQ(team.call("get_next_thread_info", 0, cookie, info),
              HK_B_BAD_VALUE); // only the main thread
}

TEST_F(ThreadCalls, FindByName)
{
    int id = sleeper("seek me");
    EXPECT_EQ(team.call("find_thread", "seek me"), id);
    EXPECT_EQ(team.call("find_thread", nullptr), self());
    EXPECT_EQ(team.call("find_thread", "nobody"), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("find_thread", nowhere), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("find_thread", kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("rename_thread", id, "another name"), 0);
    EXPECT_EQ(team.call("find_thread", "another name"), id);
    EXPECT_EQ(team.call("find_thread", "seek me"), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(team.call("rename_thread", 999999999, "x"), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("rename_thread", 0, "x"), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("rename_thread", id, nullptr), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("rename_thread", id, kernels), HK_B_BAD_ADDRESS);
    wake_sleepers();
    team.join(id);
    EXPECT_EQ(team.call("find_thread", "another name"), HK_B_NAME_NOT_FOUND);
}

TEST_F(ThreadCalls, KeepPriorities)
{
    int id = self();
    EXPECT_EQ(team.call("set_thread_priority", id, 20), 10);
    EXPECT_EQ(team.call("set_thread_priority", id, 5000), 20);
    EXPECT_EQ(team.call("set_thread_priority", id, -5), 120);
    EXPECT_EQ(team.call("set_thread_priority", id, 10), 1);
    EXPECT_EQ(team.call("set_thread_priority", id, -1), 10);
    EXPECT_EQ(team.call("set_thread_priority", id, 10), 1);
    EXPECT_EQ(team.call("set_thread_priority", 0, 10), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("set_thread_priority", 999999999, 10),
              HK_B_BAD_THREAD_ID);
}

TEST_F(ThreadCalls, RefuseThreadsThatAreNone)
{
    struct {
        const char *name;
        int none; // for an id of nobody's
        int bad;  // for 0 and -1
    } rows[] = {
        {"suspend_thread", HK_B_BAD_THREAD_ID, HK_B_BAD_VALUE},
        {"resume_thread", HK_B_BAD_THREAD_ID, HK_B_BAD_VALUE},
        {"kill_thread", HK_B_BAD_THREAD_ID, HK_B_BAD_VALUE},
    };
    for (const auto &row : rows) {
        EXPECT_EQ(team.call(row.name, 999999999), row.none) << row.name;
        EXPECT_EQ(team.call(row.name, 0), row.bad) << row.name;
        EXPECT_EQ(team.call(row.name, -1), row.bad) << row.name;
    }
    EXPECT_EQ(team.call("cancel_thread", 999999999, Address{0x300000}),
              HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("cancel_thread", self(), nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("cancel_thread", self(), kernels), HK_B_BAD_VALUE);
}

TEST_F(ThreadCalls, TellTheStatusOfAThreadThatEnded)
{
    int id = team.spawn(
        [&](hk_thread *thread) { team.call_as(thread, "exit_thread", -42); });
    EXPECT_EQ(team.join(id), -42);
    EXPECT_EQ(team.call("wait_for_thread", id, nullptr), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("wait_for_thread", self(), nullptr), HK_EDEADLK);
    EXPECT_EQ(team.call("wait_for_thread", 0, nullptr), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("wait_for_thread", -1, nullptr), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("wait_for_thread", 999999999, nullptr),
              HK_B_BAD_THREAD_ID);
    int other = team.make(nullptr);
    EXPECT_EQ(team.call("wait_for_thread", other, kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("wait_for_thread", other, nowhere), HK_B_BAD_ADDRESS);
}

TEST_F(ThreadCalls, WaitForAThreadForATime)
{
    int id = sleeper();
    Address status = team.room(4);
    EXPECT_EQ(
        team.call("wait_for_thread_etc", id, hk::RELATIVE, int64_t{0}, status),
        HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("wait_for_thread_etc", id, hk::RELATIVE, int64_t{1000},
                        status),
              HK_B_TIMED_OUT);
    EXPECT_EQ(
        team.call("wait_for_thread_etc", id, hk::ABSOLUTE, int64_t{1}, status),
        HK_B_TIMED_OUT);
    wake_sleepers();
    EXPECT_EQ(team.call("wait_for_thread_etc", id, 0, int64_t{0}, status), 0);
    EXPECT_EQ(team.get<int>(status), 0);
    EXPECT_EQ(team.call("wait_for_thread_etc", id, 0, int64_t{0}, kernels),
              HK_B_BAD_ADDRESS);
}

TEST_F(ThreadCalls, KillAThread)
{
    std::atomic<int> action{-1};
    int sem = static_cast<int>(team.call("create_sem", 0, "sleep"));
    int id = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "acquire_sem", sem);
        action = hk_poll(thread);
    });
    hk::await_sem_count(team, sem, -1);
    EXPECT_EQ(team.call("kill_thread", id), 0);
    EXPECT_EQ(team.join(id), HK_B_INTERRUPTED);
    EXPECT_EQ(action, HK_EXIT);
    EXPECT_EQ(hk::sem_count(team, sem), 0);

    int never = team.make(nullptr); // still suspended
    EXPECT_EQ(team.call("kill_thread", never), 0);
    EXPECT_EQ(team.join(never), HK_B_INTERRUPTED);
}

TEST_F(ThreadCalls, SuspendAndResume)
{
    std::atomic<int> state{0};
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    int id = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "release_sem", ready);
        while (state == 0) // until the suspension is there
            if (hk_poll(thread) == HK_CONTINUE && state == 1)
                state = 2;
        state = 3;
    });
    team.call("acquire_sem", ready);
    EXPECT_EQ(team.call("suspend_thread", id), 0);
    Address info = team.room(76);
    EXPECT_EQ(team.call("get_thread_info", id, info), 0);
    EXPECT_EQ(team.get<int>(info, 40), 5); // B_THREAD_SUSPENDED
    state = 1;
    EXPECT_EQ(team.call("resume_thread", id), 0);
    EXPECT_EQ(team.join(id), 0);
    EXPECT_EQ(state, 3);
    EXPECT_EQ(team.call("resume_thread", self()), 0); // it runs: no error
}

TEST_F(ThreadCalls, SleepForATime)
{
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(team.call("snooze_etc", int64_t{10000}, (int)MONOTONIC,
                        (int)hk::RELATIVE, nullptr),
              0);
    EXPECT_EQ(team.call("snooze_etc", int64_t{10000}, (int)REALTIME,
                        (int)hk::RELATIVE, nullptr),
              0);
    EXPECT_GE(std::chrono::steady_clock::now() - begin,
              std::chrono::milliseconds(19));
    struct {
        int64_t time;
        int clock, flags;
        int expected;
    } rows[] = {
        {0, MONOTONIC, hk::RELATIVE, 0},
        {-5, MONOTONIC, hk::RELATIVE, 0},
        {1, MONOTONIC, hk::ABSOLUTE, 0},
        {1, REALTIME, hk::ABSOLUTE, 0},
        {1, MONOTONIC, 0, 0}, // absolute
        {1, THREAD_CPU, hk::RELATIVE, HK_B_BAD_VALUE},
        {1, PROCESS_CPU, hk::RELATIVE, HK_ENOTSUP},
    };
    for (const auto &row : rows)
        EXPECT_EQ(
            team.call("snooze_etc", row.time, row.clock, row.flags, nullptr),
            row.expected)
            << row.clock << " " << row.time;
}

TEST_F(ThreadCalls, TellTheTimeLeftOfAnInterruptedSleep)
{
    enum { SIG_USR1 = 18 };
    Address left = team.room(8);
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(team.call("snooze_etc", 10 * hk::SECOND, (int)MONOTONIC,
                        (int)hk::RELATIVE, left),
              HK_B_INTERRUPTED);
    EXPECT_GT(team.get<int64_t>(left), 0);
    EXPECT_LE(team.get<int64_t>(left), 10 * hk::SECOND);
    EXPECT_EQ(team.call("snooze_etc", 10 * hk::SECOND, (int)MONOTONIC,
                        (int)hk::RELATIVE, kernels),
              HK_B_BAD_ADDRESS);
}

TEST_F(ThreadCalls, YieldAndEstimate)
{
    EXPECT_EQ(team.call("thread_yield"), 0);
    EXPECT_GT(team.call("estimate_max_scheduling_latency", -1), 0);
}

// ---- block and unblock ----

TEST_F(ThreadCalls, BlockUntilUnblocked)
{
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    int64_t result = 0;
    hk_thread *blocked = nullptr;
    int id = team.spawn([&](hk_thread *thread) {
        blocked = thread;
        set_wait_status(thread, 1);
        team.call_as(thread, "release_sem", ready);
        result = team.call_as(thread, "block_thread", 0u, int64_t{0});
        EXPECT_EQ(wait_status(thread), -17);
    });
    team.call("acquire_sem", ready);
    EXPECT_EQ(team.call("unblock_thread", id, -17), 0);
    team.join(id);
    EXPECT_EQ(result, -17);
}

TEST_F(ThreadCalls, BlockNotWhenUnblockedBefore)
{
    set_wait_status(team.thread(), 1);
    EXPECT_EQ(team.call("unblock_thread", self(), -7), 0);
    EXPECT_EQ(team.call("block_thread", 0, int64_t{0}), -7);
    set_wait_status(team.thread(), 0);
    EXPECT_EQ(team.call("block_thread", 0, int64_t{0}), 0);
}

TEST_F(ThreadCalls, BlockForATime)
{
    set_wait_status(team.thread(), 1);
    EXPECT_EQ(team.call("block_thread", hk::RELATIVE, int64_t{1000}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(wait_status(team.thread()), HK_B_TIMED_OUT);
    set_wait_status(team.thread(), 1);
    EXPECT_EQ(team.call("block_thread", hk::ABSOLUTE, int64_t{1}),
              HK_B_TIMED_OUT);
}

TEST_F(ThreadCalls, UnblockSeveral)
{
    int ready = static_cast<int>(team.call("create_sem", 0, "ready"));
    auto block = [&](hk_thread *thread) {
        set_wait_status(thread, 1);
        team.call_as(thread, "release_sem", ready);
        EXPECT_EQ(team.call_as(thread, "block_thread", 0u, int64_t{0}), -5);
    };
    int first = team.spawn(block), second = team.spawn(block);
    team.call("acquire_sem_etc", ready, 2, 0, int64_t{0});
    Address ids = team.room(12);
    team.set(ids, 0, first);
    team.set(ids, 4, 999999999); // nobody is passed over
    team.set(ids, 8, second);
    EXPECT_EQ(team.call("unblock_threads", ids, 3, -5), 0);
    team.join(first);
    team.join(second);
    EXPECT_EQ(team.call("unblock_threads", ids, 129, 5), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unblock_threads", nullptr, 0, 5), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("unblock_threads", nowhere, 1, 5), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("unblock_threads", kernels, 1, 5), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("unblock_thread", 0, 5), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("unblock_thread", 999999999, 5), HK_B_BAD_THREAD_ID);
}

// ---- ends ----

TEST_F(ThreadCalls, EndTheTeamWithTheMainThread)
{
    EXPECT_EQ(team.call("exit_thread", 9), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).status, 9);
}

} // namespace
