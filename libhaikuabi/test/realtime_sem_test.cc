// realtime_sem_test.cc -- POSIX semaphores with a name.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

enum Flags { EXCL = 0x100, CREAT = 0x200 };
const Address nowhere{0x50000000}, kernels{0x90000000};

// The status, or the id of the semaphore.
int open(Team &team, const char *name, int flags, int count = 0,
         Address *used = nullptr)
{
    Address sem = team.room(16), to = team.room(4);
    int64_t status =
        team.call("realtime_sem_open", name, flags, 0600, count, sem, to);
    if (used != nullptr)
        *used = Address{team.get<uint32_t>(to)};
    return status == 0 ? team.get<int>(sem, 4) : static_cast<int>(status);
}

class Named : public testing::Test
{
  protected:
    Named() : team(root.config()) {}

    int64_t try_wait(int sem)
    {
        return team.call("realtime_sem_wait", sem, hk::RELATIVE, int64_t{0});
    }
    int value(int sem)
    {
        Address to = team.room(4);
        EXPECT_EQ(team.call("realtime_sem_get_value", sem, to), 0);
        return team.get<int>(to);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Named, Count)
{
    int sem = open(team, "/sem", CREAT, 1);
    ASSERT_GT(sem, 0);
    EXPECT_EQ(value(sem), 1);
    EXPECT_EQ(team.call("realtime_sem_wait", sem, 0, int64_t{0}), 0);
    EXPECT_EQ(try_wait(sem), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("realtime_sem_wait", sem, hk::RELATIVE, int64_t{1000}),
              HK_B_TIMED_OUT);
    EXPECT_EQ(team.call("realtime_sem_post", sem), 0);
    EXPECT_EQ(team.call("realtime_sem_post", sem), 0);
    EXPECT_EQ(value(sem), 2);
    EXPECT_EQ(try_wait(sem), 0);
}

TEST_F(Named, AreOpenedAsOften)
{
    Address first, second;
    int sem = open(team, "/sem", CREAT | EXCL, 3, &first);
    ASSERT_GT(sem, 0);
    EXPECT_EQ(open(team, "/sem", CREAT, 7, &second), sem);
    EXPECT_EQ(second.value, first.value); // the sem_t of the first time
    EXPECT_EQ(value(sem), 3);
    EXPECT_EQ(open(team, "/sem", CREAT | EXCL), HK_B_FILE_EXISTS);
    EXPECT_EQ(open(team, "/sem", EXCL), HK_B_FILE_EXISTS);
    EXPECT_EQ(open(team, "/other", 0), HK_B_ENTRY_NOT_FOUND);
    Address to = team.room(4);
    team.set(to, 0, 77);
    EXPECT_EQ(team.call("realtime_sem_close", sem, to), 0);
    EXPECT_EQ(team.get<uint32_t>(to), 0u); // still open
    EXPECT_EQ(team.call("realtime_sem_close", sem, to), 0);
    EXPECT_EQ(team.get<uint32_t>(to), first.value); // to be freed
    EXPECT_EQ(team.call("realtime_sem_close", sem, to), HK_B_BAD_VALUE);
    EXPECT_EQ(open(team, "/sem", 0), sem); // the name keeps it
}

TEST_F(Named, GoWhenNameAndTeamsDo)
{
    int sem = open(team, "/sem", CREAT, 5);
    EXPECT_EQ(team.call("realtime_sem_unlink", "/sem"), 0);
    EXPECT_EQ(team.call("realtime_sem_unlink", "/sem"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(value(sem), 5); // is still open
    int other = open(team, "/sem", CREAT, 6);
    EXPECT_NE(other, sem);
    EXPECT_EQ(team.call("realtime_sem_close", sem, nullptr), 0);
    EXPECT_EQ(try_wait(sem), HK_B_BAD_VALUE);
    EXPECT_EQ(value(other), 6);
    EXPECT_EQ(probe_count(team.harness).sems, 1u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Named, RefuseWhatIsWrong)
{
    int sem = open(team, "/sem", CREAT, 0);
    Address room = team.room(16);
    std::string longest(1023, 'x'), too_long(1024, 'x');
    auto call = [&](auto name, Address user_sem, Address used, int count = 0) {
        return team.call("realtime_sem_open", name, (int)CREAT, 0600, count,
                         user_sem, used);
    };
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"count", call("/a", room, room, -1), HK_B_BAD_VALUE},
        {"sem_t NULL", call("/a", Address{0}, room), HK_B_BAD_VALUE},
        {"sem_t of the kernel's", call("/a", kernels, room), HK_B_BAD_ADDRESS},
        {"sem_t nowhere", call("/a", nowhere, room), HK_B_BAD_ADDRESS},
        {"used NULL", call("/a", room, Address{0}), HK_B_BAD_VALUE},
        {"used of the kernel's", call("/a", room, kernels), HK_B_BAD_ADDRESS},
        {"used nowhere", call("/a", room, nowhere), HK_B_BAD_ADDRESS},
        {"name NULL", call(nullptr, room, room), HK_B_BAD_ADDRESS},
        {"name nowhere", call(nowhere, room, room), HK_B_BAD_ADDRESS},
        {"name of the kernel's", call(kernels, room, room), HK_B_BAD_ADDRESS},
        {"name too long", call(too_long, room, room), HK_B_NAME_TOO_LONG},
        {"name", call(longest, room, room), 0},
        {"unlink NULL", team.call("realtime_sem_unlink", nullptr),
         HK_B_BAD_VALUE},
        {"unlink nowhere", team.call("realtime_sem_unlink", nowhere),
         HK_B_BAD_ADDRESS},
        {"unlink too long", team.call("realtime_sem_unlink", too_long),
         HK_B_NAME_TOO_LONG},
        {"unlink", team.call("realtime_sem_unlink", longest), 0},
        {"close none", team.call("realtime_sem_close", sem + 1, nullptr),
         HK_B_BAD_VALUE},
        {"close to the kernel", team.call("realtime_sem_close", sem, kernels),
         HK_B_BAD_ADDRESS},
        {"value of none", team.call("realtime_sem_get_value", sem + 1, room),
         HK_B_BAD_VALUE},
        {"value to NULL", team.call("realtime_sem_get_value", sem, nullptr),
         HK_B_BAD_VALUE},
        {"value to nowhere", team.call("realtime_sem_get_value", sem, nowhere),
         HK_B_BAD_ADDRESS},
        {"value to the kernel",
         team.call("realtime_sem_get_value", sem, kernels), HK_B_BAD_ADDRESS},
        {"post none", team.call("realtime_sem_post", sem + 1), HK_B_BAD_VALUE},
        {"wait for none",
         team.call("realtime_sem_wait", sem + 1, 0, int64_t{0}),
         HK_B_BAD_VALUE},
        {"as a semaphore", team.call("acquire_sem", sem), HK_B_NOT_ALLOWED},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
    // What could not be told of has not been made.
    EXPECT_EQ(team.call("realtime_sem_unlink", "/a"), HK_B_ENTRY_NOT_FOUND);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Named, AreInterruptedBySignals)
{
    enum { SIG_USR1 = 18 };
    int sem = open(team, "/sem", CREAT);
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(team.call("realtime_sem_wait", sem, 0, int64_t{0}),
              HK_B_INTERRUPTED);
    EXPECT_EQ(value(sem), 0);
}

TEST_F(Named, PassBetweenTeams)
{
    enum { ROUNDS = 500 };
    int ping = open(team, "/ping", CREAT), pong = open(team, "/pong", CREAT);
    Process other(root, [&](Team &its) {
        int its_ping = open(its, "/ping", 0), its_pong = open(its, "/pong", 0);
        for (int i = 0; i < ROUNDS; i++)
            if (its.call("realtime_sem_wait", its_ping, 0, int64_t{0}) != 0 ||
                its.call("realtime_sem_post", its_pong) != 0)
                return 1;
        return 0;
    });
    for (int i = 0; i < ROUNDS; i++) {
        ASSERT_EQ(team.call("realtime_sem_post", ping), 0);
        ASSERT_EQ(team.call("realtime_sem_wait", pong, 0, int64_t{0}), 0);
    }
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(Named, AreClosedByTheEndOfATeam)
{
    Process killed(root, [](Team &its) {
        open(its, "/kept", CREAT, 3);
        open(its, "/gone", CREAT, 3);
        its.call("realtime_sem_unlink", "/gone");
        return ::kill(::getpid(), SIGKILL);
    });
    killed.wait();
    EXPECT_STREQ(probe_shared(team.harness), "");
    EXPECT_EQ(probe_count(team.harness).sems, 1u);
    EXPECT_EQ(value(open(team, "/kept", 0)), 3);
}

TEST_F(Named, AreOpenInAFork)
{
    int sem = open(team, "/sem", CREAT, 0);
    team.call("realtime_sem_unlink", "/sem"); // only openings keep it
    int64_t child = team.call("fork");
    if (child == 0)
        ::_exit(team.call("realtime_sem_post", sem) == 0 &&
                        team.call("realtime_sem_close", sem, nullptr) == 0
                    ? 0
                    : 1);
    EXPECT_EQ(team.call("realtime_sem_wait", sem, 0, int64_t{0}), 0);
    int status = 0;
    EXPECT_EQ(::waitpid(static_cast<pid_t>(child), &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(value(sem), 0);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Named, RunOut)
{
    int made = 0, id;
    while ((id = open(team, std::to_string(made).c_str(), CREAT)) > 0)
        ASSERT_LT(++made, 1000);
    EXPECT_EQ(id, HK_B_DEVICE_FULL);
    EXPECT_EQ(made, 256); // of one team
    EXPECT_STREQ(probe_shared(team.harness), "");
}

} // namespace
