// system_watch_test.cc -- ports are told of teams and threads.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

extern "C" {
#include "libhaikuabi/src/kmessage.h"
}

namespace
{

using hk::Address;
using hk::Process;

// headers/private/system/system_info.h
enum Flags : uint32_t {
    TEAM_CREATION = 1,
    TEAM_DELETION = 2,
    THREAD_CREATION = 4,
    THREAD_DELETION = 8,
    THREAD_PROPERTIES = 0x10,
    ALL = 0x1f
};
enum Opcode {
    TEAM_CREATED,
    TEAM_DELETED,
    TEAM_EXEC,
    THREAD_CREATED,
    THREAD_DELETED,
    THREAD_RENAMED
};

struct Event {
    int opcode, object;
    bool operator==(const Event &other) const
    {
        return opcode == other.opcode && object == other.object;
    }
};

class SystemWatch : public testing::Test
{
  protected:
    SystemWatch() : team(root.config())
    {
        port = static_cast<int>(team.call("create_port", 50, "events"));
    }

    int64_t watch(int object, uint32_t flags, int token = 7)
    {
        return team.call("start_watching_system", object, flags, port, token);
    }
    int64_t unwatch(int object, uint32_t flags, int token = 7)
    {
        return team.call("stop_watching_system", object, flags, port, token);
    }

    // The next event within a minute; token: that it is for.
    Event next(int token = 7)
    {
        Address code = team.room(4), bytes = team.room(256);
        int64_t size = team.call("read_port_etc", port, code, bytes, 256,
                                 hk::RELATIVE, 60 * hk::SECOND);
        hk_kmessage message;
        int32_t opcode = -1, object = -1;
        EXPECT_GT(size, 0);
        EXPECT_EQ(team.get<uint32_t>(code), 0x706a7070u); // 'pjpp'
        EXPECT_EQ(hk_kmessage_parse(&message, team.host(bytes),
                                    static_cast<uint32_t>(size)),
                  0);
        EXPECT_EQ(message.what, 0x534f5550u); // 'SOUP'
        EXPECT_EQ(team.get<int>(bytes, 16), token);
        hk_kmessage_find_int32(&message, "opcode", &opcode);
        hk_kmessage_find_int32(
            &message, opcode < THREAD_CREATED ? "team" : "thread", &object);
        return {opcode, object};
    }
    // Until sleep_forever sleeps.
    void await_sleep()
    {
        while (team.call("find_port", "asleep") < 0)
            ::usleep(1000);
    }
    int64_t left()
    {
        return team.call("port_count", port);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    int port;
};

int sleep_forever(hk::Team &its)
{
    its.call("create_port", 1, "asleep");
    for (;;)
        ::pause();
    return 0;
}

TEST_F(SystemWatch, TellsOfTeams)
{
    ASSERT_EQ(watch(-1, TEAM_CREATION | TEAM_DELETION), 0);
    Process other(root, sleep_forever);
    EXPECT_EQ(next(), (Event{TEAM_CREATED, other.pid}));
    int pid = other.pid;
    other.kill();
    EXPECT_EQ(next(), (Event{TEAM_DELETED, pid}));
    EXPECT_EQ(left(), 0);
}

// Whoever waits for messages is woken by the end itself.
TEST_F(SystemWatch, TellsWhoWaitsOfADeath)
{
    ASSERT_EQ(watch(-1, TEAM_DELETION), 0);
    Process other(root, sleep_forever);
    int pid = other.pid;
    await_sleep();
    Process killer(root, [&](hk::Team &its) {
        while (probe_count(its.harness).waiters == 0)
            ::usleep(1000);
        ::kill(pid, SIGKILL);
        return sleep_forever(its); // its own end is not to be told of
    });
    EXPECT_EQ(next(), (Event{TEAM_DELETED, pid}));
}

TEST_F(SystemWatch, TellsOfAnOrderlyEndOnce)
{
    ASSERT_EQ(watch(-1, TEAM_DELETION), 0);
    Process other(root, [](hk::Team &its) {
        its.call("exit_team", 3);
        return 0;
    });
    int pid = other.pid;
    other.wait();
    EXPECT_EQ(next(), (Event{TEAM_DELETED, pid}));
    Process third(root, [](hk::Team &) { return 0; }); // it reaps
    pid = third.pid;
    third.wait();
    EXPECT_EQ(next(), (Event{TEAM_DELETED, pid}));
    EXPECT_EQ(left(), 0);
}

TEST_F(SystemWatch, TellsOfThreads)
{
    int self = ::getpid();
    ASSERT_EQ(
        watch(self, THREAD_CREATION | THREAD_DELETION | THREAD_PROPERTIES), 0);
    int thread = team.make([](hk_thread *) {});
    EXPECT_EQ(next(), (Event{THREAD_CREATED, thread}));
    EXPECT_EQ(team.call("rename_thread", thread, "other"), 0);
    EXPECT_EQ(next(), (Event{THREAD_RENAMED, thread}));
    EXPECT_EQ(team.call("resume_thread", thread), 0);
    EXPECT_EQ(next(), (Event{THREAD_DELETED, thread}));
    team.join(thread);
    EXPECT_EQ(left(), 0);
}

TEST_F(SystemWatch, TellsOfOtherTeamsThreadsIfAsked)
{
    ASSERT_EQ(watch(::getpid(), ALL), 0);
    ASSERT_EQ(watch(-1, ALL, 8), 0);
    Process other(root, sleep_forever);
    int pid = other.pid;
    EXPECT_EQ(next(8), (Event{TEAM_CREATED, pid}));
    EXPECT_EQ(next(8), (Event{THREAD_CREATED, pid}));
    other.kill();
    EXPECT_EQ(next(8), (Event{THREAD_DELETED, pid}));
    EXPECT_EQ(next(8), (Event{TEAM_DELETED, pid}));
    EXPECT_EQ(left(), 0);
}

TEST_F(SystemWatch, FlagsAreAddedAndTakenAway)
{
    ASSERT_EQ(watch(-1, TEAM_CREATION), 0);
    ASSERT_EQ(watch(-1, TEAM_DELETION), 0);
    EXPECT_EQ(unwatch(-1, TEAM_CREATION), 0);
    Process other(root, sleep_forever);
    int pid = other.pid;
    await_sleep();
    other.kill();
    EXPECT_EQ(next(), (Event{TEAM_DELETED, pid}));
    EXPECT_EQ(unwatch(-1, TEAM_DELETION), 0);
    EXPECT_EQ(unwatch(-1, TEAM_DELETION), HK_B_ENTRY_NOT_FOUND);
    Process third(root, [](hk::Team &) { return 0; });
    third.wait();
    EXPECT_EQ(left(), 0);
}

TEST_F(SystemWatch, EndsWithTheTeamThatAsked)
{
    Process other(root, [&](hk::Team &its) {
        return its.call("start_watching_system", -1, ALL, port, 7) == 0 ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    Process third(root, [](hk::Team &) { return 0; });
    third.wait();
    EXPECT_EQ(left(), 0);
}

TEST_F(SystemWatch, ArgumentsAreChecked)
{
    EXPECT_EQ(watch(-2, ALL), HK_B_BAD_VALUE);
    EXPECT_EQ(watch(-1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(watch(-1, 0x20), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("start_watching_system", -1, 1, -1, 7), HK_B_BAD_VALUE);
    EXPECT_EQ(unwatch(-1, ALL), HK_B_ENTRY_NOT_FOUND);
    // A port that is none misses what it would be told.
    EXPECT_EQ(team.call("start_watching_system", -1, 3, 0x7fffff, 7), 0);
    Process other(root, [](hk::Team &) { return 0; });
    EXPECT_EQ(other.wait(), 0);
}

} // namespace
