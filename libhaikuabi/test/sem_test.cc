// sem_test.cc -- semaphores, within a team and between teams.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

#include <chrono>
#include <map>

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

enum ReleaseFlags : uint32_t { ALL = 8, WAITING_ONLY = 16 };

class Semaphores : public testing::Test
{
  protected:
    Semaphores() : team(root.config()) {}

    int create(int count, const char *name = "sem")
    {
        return static_cast<int>(team.call("create_sem", count, name));
    }
    int count(int sem)
    {
        return hk::sem_count(team, sem);
    }
    int64_t try_acquire(int sem, int wanted = 1)
    {
        return team.call("acquire_sem_etc", sem, wanted, hk::RELATIVE,
                         int64_t{0});
    }
    hk::SharedRoot root;
    Team team;
};

TEST_F(Semaphores, AreCountedDown)
{
    int sem = create(2);
    ASSERT_GT(sem, 0);
    EXPECT_EQ(team.call("acquire_sem", sem), 0);
    EXPECT_EQ(try_acquire(sem), 0);
    EXPECT_EQ(try_acquire(sem), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("release_sem_etc", sem, 3, 0), 0);
    EXPECT_EQ(count(sem), 3);
    EXPECT_EQ(try_acquire(sem, 4), HK_B_WOULD_BLOCK);
    EXPECT_EQ(try_acquire(sem, 3), 0);
    EXPECT_EQ(count(sem), 0);
    EXPECT_EQ(team.call("delete_sem", sem), 0);
    EXPECT_EQ(team.call("delete_sem", sem), HK_B_BAD_SEM_ID);
}

TEST_F(Semaphores, RefuseWhatIsWrong)
{
    int sem = create(1);
    Address room = team.room(48);
    const Address nowhere{0x70000000}, kernels{0x90000000};
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"delete none", team.call("delete_sem", 12345), HK_B_BAD_SEM_ID},
        {"delete < 0", team.call("delete_sem", -1), HK_B_BAD_SEM_ID},
        {"acquire none", team.call("acquire_sem", 0), HK_B_BAD_SEM_ID},
        {"acquire < 0", team.call("acquire_sem", -5), HK_B_BAD_SEM_ID},
        {"acquire 0", try_acquire(sem, 0), HK_B_BAD_VALUE},
        {"acquire -1", try_acquire(sem, -1), HK_B_BAD_VALUE},
        {"both timeouts", team.call("acquire_sem_etc", sem, 1, 24, int64_t{0}),
         HK_B_BAD_VALUE},
        {"release none", team.call("release_sem", sem + 1), HK_B_BAD_SEM_ID},
        {"release < 0", team.call("release_sem", -3), HK_B_BAD_SEM_ID},
        {"release 0", team.call("release_sem_etc", sem, 0, 0), HK_B_BAD_VALUE},
        {"count of none", team.call("get_sem_count", sem + 1, room),
         HK_B_BAD_SEM_ID},
        {"count to NULL", team.call("get_sem_count", sem, nullptr),
         HK_B_BAD_ADDRESS},
        {"count to nowhere", team.call("get_sem_count", sem, nowhere),
         HK_B_BAD_ADDRESS},
        {"count to the kernel", team.call("get_sem_count", sem, kernels),
         HK_B_BAD_ADDRESS},
        {"name nowhere", team.call("create_sem", 1, nowhere), HK_B_BAD_ADDRESS},
        {"info of none", team.call("get_sem_info", sem + 1, room, 48),
         HK_B_BAD_SEM_ID},
        {"info size", team.call("get_sem_info", sem, room, 47), HK_B_BAD_VALUE},
        {"info nowhere", team.call("get_sem_info", sem, nowhere, 48),
         HK_B_BAD_ADDRESS},
        {"owner none", team.call("set_sem_owner", sem, 999999999),
         HK_B_BAD_TEAM_ID},
        {"owner < 0", team.call("set_sem_owner", sem, -1), HK_B_BAD_TEAM_ID},
        {"owner of none", team.call("set_sem_owner", sem + 1, 0),
         HK_B_BAD_SEM_ID},
        {"switch to none", team.call("switch_sem", sem, sem + 1),
         HK_B_BAD_SEM_ID},
        {"next of no team",
         team.call("get_next_sem_info", 999999999, room, room, 48),
         HK_B_BAD_TEAM_ID},
        {"next, cookie nowhere",
         team.call("get_next_sem_info", 0, nowhere, room, 48),
         HK_B_BAD_ADDRESS},
        {"next, size", team.call("get_next_sem_info", 0, room, room, 8),
         HK_B_BAD_VALUE},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
    EXPECT_EQ(count(sem), 1);
}

TEST_F(Semaphores, TimeOut)
{
    int sem = create(0);
    auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(
        team.call("acquire_sem_etc", sem, 1, hk::RELATIVE, int64_t{20000}),
        HK_B_TIMED_OUT);
    EXPECT_GE(std::chrono::steady_clock::now() - begin,
              std::chrono::milliseconds(20));
    EXPECT_EQ(team.call("acquire_sem_etc", sem, 1, hk::ABSOLUTE, int64_t{1}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(team.call("acquire_sem_etc", sem, 1, hk::ABSOLUTE, int64_t{-1}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(count(sem), 0);
}

TEST_F(Semaphores, AreInterruptedBySignals)
{
    enum { SIGNAL_USR1 = 18 }; // Haiku's
    int sem = create(0);
    harness_signal(team.harness, SIGNAL_USR1);
    EXPECT_EQ(team.call("acquire_sem", sem), HK_B_INTERRUPTED);
    EXPECT_EQ(count(sem), 0);
}

TEST_F(Semaphores, TellOfThemselves)
{
    int sem = create(5, "a name longer than the 31 characters kept");
    Address info = team.room(48);
    team.call("acquire_sem", sem);
    ASSERT_EQ(team.call("get_sem_info", sem, info, 48), 0);
    EXPECT_EQ(team.get<int>(info), sem);
    EXPECT_EQ(team.get<int>(info, 4), ::getpid());
    EXPECT_EQ(team.text({info.value + 8}), "a name longer than the 31 chara");
    EXPECT_EQ(team.get<int>(info, 40), 4);
    EXPECT_EQ(team.get<int>(info, 44), ::getpid());
    team.call("release_sem", sem);
    ASSERT_EQ(team.call("get_sem_info", sem, info, 48), 0);
    EXPECT_EQ(team.get<int>(info, 44), -::getpid());

    int other = static_cast<int>(team.call("create_sem", 0, nullptr));
    team.call("get_sem_info", other, info, 48);
    EXPECT_EQ(team.text({info.value + 8}), "unnamed semaphore");
    std::vector<int> found;
    Address cookie = team.room(4);
    while (team.call("get_next_sem_info", 0, cookie, info, 48) == 0)
        found.push_back(team.get<int>(info));
    EXPECT_EQ(found, (std::vector<int>{sem, other}));
}

TEST_F(Semaphores, HaveIdsThatComeBackLate)
{
    std::map<int, int> seen;
    for (int i = 0; i < 5000; i++) {
        int sem = create(0);
        ASSERT_EQ(seen[sem]++, 0);
        team.call("delete_sem", sem);
    }
}

TEST_F(Semaphores, RunOut)
{
    int id = 0, made = 0;
    while ((id = create(0)) > 0)
        made++;
    EXPECT_EQ(id, HK_B_NO_MORE_SEMS);
    EXPECT_EQ(made, 65535);
}

TEST_F(Semaphores, PassBetweenProcesses)
{
    int ping = create(0), pong = create(0);
    enum { ROUNDS = 2000 };
    Process other(root, [&](Team &its) {
        for (int i = 0; i < ROUNDS; i++)
            if (its.call("acquire_sem", ping) != 0 ||
                its.call("release_sem", pong) != 0)
                return 1;
        return 0;
    });
    for (int i = 0; i < ROUNDS; i++) {
        ASSERT_EQ(team.call("release_sem", ping), 0);
        ASSERT_EQ(team.call("acquire_sem", pong), 0);
    }
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(Semaphores, ServeTheFirstWaiterFirst)
{
    int sem = create(0), order = create(0);
    auto wants = [&](int wanted) {
        return [&, wanted](Team &its) {
            return static_cast<int>(
                its.call("acquire_sem_etc", sem, wanted, 0, int64_t{0}) == 0 &&
                its.call("release_sem_etc", order, wanted, 0) == 0);
        };
    };
    Process first(root, wants(3));
    hk::await_sem_count(team, sem, -3);
    Process second(root, wants(1));
    hk::await_sem_count(team, sem, -4);
    team.call("release_sem_etc", sem, 2, 0); // not enough for the first
    EXPECT_EQ(try_acquire(order), HK_B_WOULD_BLOCK);
    team.call("release_sem", sem);
    EXPECT_EQ(first.wait(), 1);
    EXPECT_EQ(try_acquire(order, 3), 0);
    EXPECT_EQ(try_acquire(order), HK_B_WOULD_BLOCK);
    team.call("release_sem", sem);
    EXPECT_EQ(second.wait(), 1);
    EXPECT_EQ(count(sem), 0);
}

TEST_F(Semaphores, GoOnWhenTheGreedyOneGivesUp)
{
    int sem = create(1);
    Process first(root, [&](Team &its) {
        harness_catch(its.harness);
        return static_cast<int>(its.call("acquire_sem_etc", sem, 5, 0,
                                         int64_t{0}) == HK_B_INTERRUPTED);
    });
    hk::await_sem_count(team, sem, -4);
    Process second(root, [&](Team &its) { // waits behind it
        return static_cast<int>(its.call("acquire_sem", sem) == 0);
    });
    hk::await_sem_count(team, sem, -5);
    ::kill(first.pid, SIGUSR1);
    EXPECT_EQ(first.wait(), 1);
    EXPECT_EQ(second.wait(), 1);
    EXPECT_EQ(count(sem), 0);
}

TEST_F(Semaphores, GoOnWhenTheGreedyOneIsKilled)
{
    int sem = create(1);
    Process first(root, [&](Team &its) {
        return static_cast<int>(
            its.call("acquire_sem_etc", sem, 5, 0, int64_t{0}));
    });
    hk::await_sem_count(team, sem, -4);
    Process killer(root, [&](Team &its) {
        hk::await_sem_count(its, sem, -5);
        ::kill(first.pid, SIGKILL);
        return 0;
    });
    // The owner itself waits, behind a team that dies.
    EXPECT_EQ(team.call("acquire_sem", sem), 0);
    EXPECT_EQ(killer.wait(), 0);
    EXPECT_EQ(count(sem), 0);
}

TEST_F(Semaphores, AreReleasedForAllWhoWait)
{
    struct {
        int release;
        int expected;
    } rows[] = {{0, 0}, {HK_B_BAD_VALUE, HK_B_BAD_VALUE}};
    for (const auto &row : rows) {
        int sem = create(0);
        auto wait = [&](Team &its) {
            return static_cast<int>(its.call("acquire_sem", sem) ==
                                    row.expected);
        };
        Process a(root, wait), b(root, wait);
        hk::await_sem_count(team, sem, -2);
        EXPECT_EQ(team.call("release_sem_etc", sem, row.release, ALL), 0);
        EXPECT_EQ(a.wait(), 1);
        EXPECT_EQ(b.wait(), 1);
        EXPECT_EQ(count(sem), 0);
        EXPECT_EQ(team.call("release_sem_etc", sem, 1, WAITING_ONLY), 0);
        EXPECT_EQ(count(sem), 0);
    }
}

TEST_F(Semaphores, AreSwitchedInOneStep)
{
    int mine = create(0), theirs = create(0);
    Process other(root, [&](Team &its) {
        return static_cast<int>(its.call("acquire_sem", theirs) == 0 &&
                                its.call("release_sem", mine) == 0);
    });
    EXPECT_EQ(team.call("switch_sem", theirs, mine), 0);
    EXPECT_EQ(other.wait(), 1);
    EXPECT_EQ(team.call("switch_sem_etc", theirs, mine, 1, hk::RELATIVE,
                        int64_t{1000}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(count(theirs), 1);
}

TEST_F(Semaphores, WakeWaitersWhenDeleted)
{
    int sem = create(0);
    Process other(root, [&](Team &its) {
        return static_cast<int>(its.call("acquire_sem", sem) ==
                                HK_B_BAD_SEM_ID);
    });
    hk::await_sem_count(team, sem, -1);
    EXPECT_EQ(team.call("delete_sem", sem), 0);
    EXPECT_EQ(other.wait(), 1);
}

TEST_F(Semaphores, DieWithAnOwnerThatIsKilled)
{
    int ready = create(0);
    Address room = team.room(4);
    Process owner(root, [&](Team &its) {
        int sem = static_cast<int>(its.call("create_sem", 0, "theirs"));
        its.call("set_sem_owner", sem, 0);
        its.call("release_sem_etc", ready, sem, 0); // tells the id
        for (;;)
            ::pause();
        return 0;
    });
    while (count(ready) == 0)
        ::usleep(1000);
    int sem = count(ready);
    Process killer(root, [&](Team &its) {
        hk::await_sem_count(its, sem, -1);
        ::kill(owner.pid, SIGKILL);
        return 0;
    });
    EXPECT_EQ(team.call("acquire_sem", sem), HK_B_BAD_SEM_ID);
    EXPECT_EQ(team.call("get_sem_count", sem, room), HK_B_BAD_SEM_ID);
    EXPECT_EQ(killer.wait(), 0);
}

TEST_F(Semaphores, OutliveTheirMakerWhenGivenAway)
{
    int ready = create(0);
    Process maker(root, [&](Team &its) {
        int sem = static_cast<int>(its.call("create_sem", 7, "given"));
        its.call("set_sem_owner", sem, ::getppid());
        its.call("release_sem_etc", ready, sem, 0);
        return 0;
    });
    EXPECT_EQ(maker.wait(), 0);
    int sem = count(ready);
    EXPECT_EQ(count(sem), 7);
}

TEST_F(Semaphores, LoseNothingToAWaiterThatIsKilled)
{
    int sem = create(0);
    Process waiter(root, [&](Team &its) {
        return static_cast<int>(its.call("acquire_sem", sem));
    });
    hk::await_sem_count(team, sem, -1);
    waiter.kill();
    EXPECT_EQ(team.call("release_sem", sem), 0);
    EXPECT_EQ(count(sem), 1);
    EXPECT_EQ(try_acquire(sem), 0);
}

} // namespace
