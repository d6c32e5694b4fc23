// timer_test.cc -- timers that send signals.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <atomic>

namespace
{

using hk::Address;

enum Clock { MONOTONIC = 0, REALTIME = -1, PROCESS_CPU = -2, THREAD_CPU = -3 };
enum Flags : uint32_t { RELATIVE = 8, ABSOLUTE = 16 };
enum Signal { SIG_ALRM = 14, SIG_USR1 = 18, SIG_VTALRM = 27, SIG_RT0 = 33 };
enum Notify { NONE = 0, SIGNAL = 1, BY_THREAD = 3 };
constexpr int64_t INFINITE = INT64_MAX, SECOND = 1000000;
const Address nowhere{0x50000000}, kernels{0x90000000};

class Timers : public testing::Test
{
  protected:
    explicit Timers(int64_t boot_time = 0)
        : config(make_config(root.path.c_str(), boot_time)), team(config)
    {
        harness_catch(team.harness);
        harness_block_signals(team.harness, ~uint64_t{0});
    }

    static hk_config make_config(const char *root, int64_t boot_time)
    {
        hk_config made = hk::make_config(root);
        made.boot_time = boot_time;
        return made;
    }

    int64_t create(int clock, int notify, int signal, uint32_t value = 0)
    {
        Address event = team.room(20);
        team.set(event, 0, notify);
        team.set(event, 4, signal);
        team.set(event, 8, value);
        return team.call("create_timer", clock, -1, 0, event, nullptr);
    }
    int64_t set(int64_t timer, int64_t start, int64_t interval,
                uint32_t flags = RELATIVE, Address old = {0})
    {
        return team.call("set_timer", static_cast<int>(timer), -1, start,
                         interval, flags, old);
    }
    // Waits for a signal, without a deadline; its siginfo_t.
    Address await(int signal)
    {
        Address wanted = team.room(8), info = team.room(36);
        team.set(wanted, 0, uint64_t{1} << (signal - 1));
        EXPECT_EQ(team.call("sigwait", wanted, info, 0, int64_t{0}), 0);
        return info;
    }

    hk::Directory root;
    hk_config config;
    hk::ThreadedTeam team;
};

// A timer expires 100 us after its last time at the earliest; the intervals in
// between are overruns, and so is an expiration whose signal is still pending.
TEST_F(Timers, ShortIntervalsAreOverruns)
{
    Address info = team.room(20);
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1);
    uint32_t overruns = 0;

    EXPECT_EQ(set(timer, 1, 1), HK_B_OK);
    while (overruns < 1000) {
        EXPECT_EQ(team.call("get_timer", static_cast<int>(timer), -1, info),
                  HK_B_OK);
        overruns = team.get<uint32_t>(info, 16);
    }
    EXPECT_EQ(overruns % 100, 99u);
    EXPECT_EQ(set(timer, 1, 30), HK_B_OK);
    do {
        team.call("get_timer", static_cast<int>(timer), -1, info);
        overruns = team.get<uint32_t>(info, 16);
    } while (overruns < 100);
    EXPECT_EQ(overruns % 4, 0u); // the signal is pending from the first time
    EXPECT_EQ(team.call("delete_timer", static_cast<int>(timer), -1), HK_B_OK);
}

TEST_F(Timers, SendTheirSignal)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1, 1234);
    ASSERT_GE(timer, 3);
    ASSERT_EQ(set(timer, 2000, 0), 0);
    Address info = await(SIG_USR1);
    EXPECT_EQ(team.get<int>(info), SIG_USR1);
    EXPECT_EQ(team.get<int>(info, 4), 2); // SI_TIMER
    EXPECT_EQ(team.get<int>(info, 32), 1234);
}

TEST_F(Timers, RunByEachClock)
{
    for (int clock : {(int)MONOTONIC, (int)REALTIME}) {
        int64_t timer = create(clock, SIGNAL, SIG_USR1);
        ASSERT_EQ(set(timer, 1, 0, ABSOLUTE), 0); // long ago
        await(SIG_USR1);
        ASSERT_EQ(set(timer, 1000, 0), 0);
        await(SIG_USR1);
    }
    int64_t timer = create(PROCESS_CPU, SIGNAL, SIG_USR1);
    ASSERT_EQ(set(timer, 1000, 0), 0);
    while ((harness_pending(team.harness) >> (SIG_USR1 - 1) & 1) == 0)
        continue; // uses up processor time
}

struct BootedTimers : Timers {
    BootedTimers() : Timers(INT64_C(1000000000) * SECOND) {}
};

// Moments of a real time clock that is years behind the host's.
TEST_F(BootedTimers, RunByTheTimeThatIsToldThem)
{
    Address now = team.room(8);
    int64_t timer = create(REALTIME, SIGNAL, SIG_USR1);

    ASSERT_EQ(team.call("get_clock", (int)REALTIME, now), 0);
    ASSERT_EQ(set(timer, team.get<int64_t>(now) + 5000, 0, ABSOLUTE), 0);
    await(SIG_USR1);
    ASSERT_EQ(set(timer, 1, 0, ABSOLUTE), 0); // long ago
    await(SIG_USR1);
    ASSERT_EQ(team.call("get_clock", (int)REALTIME, now), 0);
    Address info = team.room(32);
    ASSERT_EQ(set(timer, team.get<int64_t>(now) + 1000 * SECOND, 0, ABSOLUTE),
              0);
    ASSERT_EQ(team.call("get_timer", (int)timer, -1, info), 0);
    EXPECT_GT(team.get<int64_t>(info), 900 * SECOND); // until then
    EXPECT_LE(team.get<int64_t>(info), 1000 * SECOND);
}

TEST_F(Timers, AlarmIsDefinedFromTheBeginning)
{
    ASSERT_EQ(set(0, 1000, 0), 0);
    Address info = await(SIG_ALRM);
    EXPECT_EQ(team.get<int>(info, 4), 2);
    EXPECT_EQ(set(1, 1 * SECOND, 0), 0);
    EXPECT_EQ(set(2, 1 * SECOND, 0), 0);
}

TEST_F(Timers, Repeat)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_RT0);
    ASSERT_EQ(set(timer, 1000, 1000), 0);
    for (int i = 0; i < 3; i++)
        await(SIG_RT0);
    ASSERT_EQ(set(timer, INFINITE, 0), 0); // disarmed
}

TEST_F(Timers, TellWhatRemains)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1);
    int id = static_cast<int>(timer);
    Address info = team.room(20);
    ASSERT_EQ(team.call("get_timer", id, -1, info), 0);
    EXPECT_EQ(team.get<int64_t>(info), INFINITE);
    EXPECT_EQ(team.get<int64_t>(info, 8), 0);
    ASSERT_EQ(set(timer, 1000 * SECOND, 5 * SECOND), 0);
    ASSERT_EQ(team.call("get_timer", id, -1, info), 0);
    EXPECT_GT(team.get<int64_t>(info), 0);
    EXPECT_LE(team.get<int64_t>(info), 1000 * SECOND);
    EXPECT_EQ(team.get<int64_t>(info, 8), 5 * SECOND);
    Address old = team.room(20);
    ASSERT_EQ(set(timer, INFINITE, 0, ABSOLUTE, old), 0);
    EXPECT_EQ(team.get<int64_t>(old, 8), 5 * SECOND);
    EXPECT_EQ(team.call("get_timer", id, -1, nullptr), 0);
}

TEST_F(Timers, AreSilentWhenAsked)
{
    int64_t timer = create(MONOTONIC, NONE, 0);
    ASSERT_GE(timer, 0);
    ASSERT_EQ(set(timer, 1, 0, ABSOLUTE), 0);
    int64_t other = create(MONOTONIC, SIGNAL, SIG_USR1);
    ASSERT_EQ(set(other, 1000, 0), 0);
    await(SIG_USR1);
    EXPECT_EQ(harness_pending(team.harness), 0u);
}

TEST_F(Timers, RefuseWhatIsWrong)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1);
    int id = static_cast<int>(timer);
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"clock", create(-7, SIGNAL, SIG_USR1), HK_B_BAD_VALUE},
        {"signal 0", create(MONOTONIC, SIGNAL, 0), HK_B_BAD_VALUE},
        {"signal 41", create(MONOTONIC, SIGNAL, 41), HK_B_BAD_VALUE},
        {"notification", create(MONOTONIC, 9, SIG_USR1), HK_B_BAD_VALUE},
        {"event", team.call("create_timer", 0, -1, 0, nowhere, nullptr),
         HK_B_BAD_ADDRESS},
        {"event of the kernel's",
         team.call("create_timer", 0, -1, 0, kernels, nullptr),
         HK_B_BAD_ADDRESS},
        {"thread", team.call("create_timer", 0, 999999999, 0, nullptr, nullptr),
         HK_B_BAD_THREAD_ID},
        {"start < 0", set(timer, -1, 0), HK_B_BAD_VALUE},
        {"interval < 0", set(timer, 1, -1), HK_B_BAD_VALUE},
        {"set none", set(60, 1, 0), HK_B_BAD_VALUE},
        {"set < 0", set(-1, 1, 0), HK_B_BAD_VALUE},
        {"set, far too large", set(1 << 30, 1, 0), HK_B_BAD_VALUE},
        {"set a thread's",
         team.call("set_timer", id, 999999999, int64_t{1}, int64_t{0}, 0,
                   nullptr),
         HK_B_BAD_THREAD_ID},
        {"set, old to the kernel", set(timer, INFINITE, 0, ABSOLUTE, kernels),
         HK_B_BAD_ADDRESS},
        {"get none", team.call("get_timer", 60, -1, nullptr), HK_B_BAD_VALUE},
        {"get a thread's", team.call("get_timer", id, 999999999, nullptr),
         HK_B_BAD_THREAD_ID},
        {"get to nowhere", team.call("get_timer", id, -1, nowhere),
         HK_B_BAD_ADDRESS},
        {"delete the first", team.call("delete_timer", 0, -1), HK_B_BAD_VALUE},
        {"delete none", team.call("delete_timer", 60, -1), HK_B_BAD_VALUE},
        {"delete a thread's", team.call("delete_timer", id, 999999999),
         HK_B_BAD_THREAD_ID},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
}

TEST_F(Timers, SendNothingOnceDeleted)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1);
    ASSERT_EQ(set(timer, 1000 * SECOND, 0), 0);
    EXPECT_EQ(team.call("delete_timer", static_cast<int>(timer), -1), 0);
    EXPECT_EQ(team.call("delete_timer", static_cast<int>(timer), -1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(create(MONOTONIC, SIGNAL, SIG_USR1), timer); // free again
}

TEST_F(Timers, RunOut)
{
    int made = 0;
    while (create(MONOTONIC, SIGNAL, SIG_USR1) >= 0)
        ASSERT_LT(++made, 1000);
    EXPECT_GE(made, 32); // _POSIX_TIMER_MAX
    EXPECT_EQ(create(MONOTONIC, SIGNAL, SIG_USR1), HK_B_WOULD_BLOCK);
}

TEST_F(Timers, AreTheTeamsOwn)
{
    int64_t timer = create(MONOTONIC, SIGNAL, SIG_USR1);
    ASSERT_EQ(set(timer, 1000 * SECOND, 0), 0);
    int64_t child = team.call("fork");
    if (child == 0) {
        Address info = team.room(20);
        int64_t status =
            team.call("get_timer", static_cast<int>(timer), -1, info);
        ::_exit(status == HK_B_BAD_VALUE ? 0 : 1);
    }
    ASSERT_GT(child, 0);
    Address info = team.room(36);
    enum { EXITED = 8 };
    EXPECT_EQ(team.call("wait_for_child", static_cast<int>(child), (int)EXITED,
                        info, nullptr),
              child);
    EXPECT_EQ(team.get<int>(info, 24), 0);
}

// ---- by a thread: each expiration makes one ----

TEST_F(Timers, MakeAThreadEachTime)
{
    static std::atomic<int> made; // a last thread may outlive this function
    made = 0;
    team.on_thread([](hk_thread *) { made++; });
    Address event = team.room(20);
    team.set(event, 0, 2); // SIGEV_THREAD
    Address plan = team.attributes("of a timer", 17);
    int64_t timer =
        team.call("create_timer", (int)MONOTONIC, -1, 0, event, plan);
    ASSERT_GE(timer, 3);
    team.set(plan, 0, 0u); // what it was made of is copied
    ASSERT_EQ(set(timer, 1000, 1000), 0);
    while (made < 3)
        team.call("snooze_etc", int64_t{1000}, 0, (int)RELATIVE, nullptr),
            harness_poll(team.harness);
    EXPECT_EQ(team.call("delete_timer", (int)timer, -1), 0);
}

TEST_F(Timers, NeedToKnowTheThread)
{
    Address event = team.room(20);
    team.set(event, 0, 2);
    for (Address bad : {Address{0}, nowhere, kernels})
        EXPECT_EQ(team.call("create_timer", 0, -1, 0, event, bad),
                  HK_B_BAD_ADDRESS);
    Address plan = team.attributes();
    team.set(plan, 24, 1u); // its stack's size
    EXPECT_EQ(team.call("create_timer", 0, -1, 0, event, plan), HK_B_BAD_VALUE);
}

// ---- of one thread ----

TEST_F(Timers, OfAThreadSignalItAlone)
{
    enum { SIGNAL_THREAD = 1 };
    Address wanted = team.room(8), info = team.room(36), event = team.room(20);
    std::atomic<int> got{0};
    team.set(wanted, 0, uint64_t{1} << (SIG_USR1 - 1));
    int thread = team.make([&](hk_thread *self) {
        team.call_as(self, "set_signal_mask", 1, wanted, nullptr);
        if (team.call_as(self, "sigwait", wanted, info, 0, int64_t{0}) == 0)
            got = team.get<int>(info, 32);
    });
    team.set(event, 0, (int)SIGNAL);
    team.set(event, 4, (int)SIG_USR1);
    team.set(event, 8, 99);
    int timer = (int)team.call("create_timer", (int)MONOTONIC, thread,
                               (int)SIGNAL_THREAD, event, nullptr);
    ASSERT_GE(timer, 3);
    EXPECT_EQ(team.call("get_timer", timer, -1, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_timer", timer, thread, nullptr), 0);
    ASSERT_EQ(team.call("set_timer", timer, thread, int64_t{20000}, int64_t{0},
                        (uint32_t)RELATIVE, nullptr),
              0);
    team.call("resume_thread", thread);
    while (got == 0)
        team.call("snooze_etc", int64_t{1000}, 0, (int)RELATIVE, nullptr),
            harness_poll(team.harness);
    EXPECT_EQ(got, 99);
    team.join(thread);
    // They end with it.
    EXPECT_EQ(team.call("get_timer", timer, thread, nullptr),
              HK_B_BAD_THREAD_ID);
}

// That of set_alarm: USER_TIMER_REAL_TIME_ID of the thread.
TEST_F(Timers, OfRealTimeEachThreadHasOne)
{
    constexpr int real_time = 0;
    int own = harness_id(team.thread());
    Address wanted = team.room(8), info = team.room(36), left = team.room(20);
    std::atomic<int> got{0};
    team.set(wanted, 0, uint64_t{1} << (SIG_ALRM - 1));
    int thread = team.make([&](hk_thread *waiting) {
        team.call_as(waiting, "set_signal_mask", 1, wanted, nullptr);
        if (team.call_as(waiting, "sigwait", wanted, info, 0, int64_t{0}) == 0)
            got = team.get<int>(info, 0);
    });
    ASSERT_EQ(team.call("set_timer", real_time, thread, int64_t{20000},
                        int64_t{0}, (uint32_t)RELATIVE, nullptr),
              0);
    for (int other : {-1, own}) {
        ASSERT_EQ(team.call("get_timer", real_time, other, left), 0);
        EXPECT_EQ(team.get<int64_t>(left, 0), INFINITE);
    }
    EXPECT_EQ(team.call("get_timer", 1, own, left), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_timer", 40, own, left), HK_B_BAD_VALUE);
    team.call("resume_thread", thread);
    while (got == 0)
        team.call("snooze_etc", int64_t{1000}, 0, (int)RELATIVE, nullptr),
            harness_poll(team.harness);
    EXPECT_EQ(got, SIG_ALRM);
    team.join(thread);
    EXPECT_EQ(team.call("get_timer", real_time, thread, nullptr),
              HK_B_BAD_THREAD_ID);
}

TEST_F(Timers, RunByTheTimeOfTheThreadThatMadeThem)
{
    int self = harness_id(team.thread());
    Address event = team.room(20);
    team.set(event, 0, (int)SIGNAL);
    team.set(event, 4, (int)SIG_USR1);
    int timer = (int)team.call("create_timer", (int)THREAD_CPU, self, 0, event,
                               nullptr);
    ASSERT_GE(timer, 3);
    ASSERT_EQ(team.call("set_timer", timer, self, int64_t{2000}, int64_t{0},
                        (uint32_t)RELATIVE, nullptr),
              0);
    while ((harness_pending(team.harness) >> (SIG_USR1 - 1) & 1) == 0)
        team.call("is_computer_on");
    await(SIG_USR1);
    EXPECT_EQ(team.call("delete_timer", timer, self), 0);
}

TEST_F(Timers, WithoutAnEventTellTheirNumber)
{
    int64_t timer =
        team.call("create_timer", (int)MONOTONIC, -1, 0, nullptr, nullptr);
    ASSERT_GE(timer, 3);
    ASSERT_EQ(set(timer, 1000, 0), 0);
    EXPECT_EQ(team.get<int>(await(SIG_ALRM), 32), timer);
}

} // namespace
