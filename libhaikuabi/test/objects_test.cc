// objects_test.cc -- waiting for several objects at once.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

enum Type { FD = 0, SEM = 1, PORT = 2, THREAD = 3 };
enum Event { READ = 1, ACQUIRE = 1, WRITE = 2, INVALID = 0x1000 };
const Address nowhere{0x50000000}, kernels{0x90000000};

struct Object {
    int id, type, events;
};

class Objects : public testing::Test
{
  protected:
    Objects() : team(root.config())
    {
        sem = static_cast<int>(team.call("create_sem", 0, "sem"));
        port = static_cast<int>(team.call("create_port", 1, "port"));
        Address fds = team.room(8);
        EXPECT_EQ(team.call("create_pipe", fds), 0);
        from = team.get<int>(fds);
        to = team.get<int>(fds, 4);
    }

    // The result; what each has is in `found`.
    static int64_t wait(Team &team, const std::vector<Object> &objects,
                        std::vector<int> &found, uint32_t flags = 0,
                        int64_t timeout = 0)
    {
        Address infos = team.room(static_cast<uint32_t>(objects.size() * 8));
        for (uint32_t i = 0; i < objects.size(); i++) {
            team.set(infos, 8 * i, objects[i].id);
            team.set(infos, 8 * i + 4, static_cast<uint16_t>(objects[i].type));
            team.set(infos, 8 * i + 6,
                     static_cast<uint16_t>(objects[i].events));
        }
        int64_t result =
            team.call("wait_for_objects", infos,
                      static_cast<int>(objects.size()), flags, timeout);
        found.clear();
        for (uint32_t i = 0; i < objects.size(); i++)
            found.push_back(team.get<uint16_t>(infos, 8 * i + 6));
        return result;
    }
    int64_t look(const std::vector<Object> &objects)
    {
        return wait(team, objects, found, hk::RELATIVE, 0);
    }
    void await_waiter()
    {
        while (probe_count(team.harness).waiters != 1)
            ::usleep(1000);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    int sem = 0, port = 0, from = 0, to = 0;
    std::vector<int> found;
};

TEST_F(Objects, TellWhatTheyHave)
{
    const std::vector<Object> all{{sem, SEM, ACQUIRE},
                                  {port, PORT, READ},
                                  {port, PORT, WRITE},
                                  {from, FD, READ},
                                  {to, FD, WRITE}};
    EXPECT_EQ(look(all), 2);
    EXPECT_EQ(found, (std::vector<int>{0, 0, WRITE, 0, WRITE}));
    team.call("release_sem", sem);
    team.call("write_port_etc", port, 1, "x", 1, 0, int64_t{0});
    team.call("write", to, int64_t{-1}, "x", 1);
    EXPECT_EQ(look(all), 4);
    EXPECT_EQ(found, (std::vector<int>{ACQUIRE, READ, 0, READ, WRITE}));
    EXPECT_EQ(probe_count(team.harness).watches, 0u);
}

TEST_F(Objects, AreInvalidWhenTheyAreNotThere)
{
    team.call("close_port", port);
    int dead = team.spawn(nullptr);
    team.join(dead);
    for (Object object : {Object{sem + 1, SEM, ACQUIRE},
                          {-1, SEM, ACQUIRE},
                          {port, PORT, READ},
                          {port + 1, PORT, READ},
                          {77, FD, READ},
                          {-1, FD, READ},
                          {dead, THREAD, 0},
                          {0, THREAD, 0},
                          {1, 9, 0}}) {
        EXPECT_EQ(look({object}), 1) << object.type << " " << object.id;
        EXPECT_EQ(found, std::vector<int>{INVALID});
    }
}

TEST_F(Objects, RefuseWhatIsWrong)
{
    Address room = team.room(8);
    auto call = [&](Address infos, int count) {
        return team.call("wait_for_objects", infos, count, hk::RELATIVE,
                         int64_t{0});
    };
    EXPECT_EQ(call(room, -1), HK_B_BAD_VALUE);
    EXPECT_EQ(call(room, 1 << 24), HK_B_BAD_VALUE);
    EXPECT_EQ(call(Address{0}, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(call(nowhere, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(call(kernels, 1), HK_B_BAD_ADDRESS);
}

TEST_F(Objects, TimeOut)
{
    const std::vector<Object> shared{{sem, SEM, ACQUIRE}};
    const std::vector<Object> both{{sem, SEM, ACQUIRE}, {from, FD, READ}};
    for (const auto &objects : {std::vector<Object>{}, shared, both}) {
        EXPECT_EQ(look(objects), HK_B_WOULD_BLOCK);
        EXPECT_EQ(wait(team, objects, found, hk::RELATIVE, 1000),
                  HK_B_TIMED_OUT);
        EXPECT_EQ(wait(team, objects, found, hk::ABSOLUTE, 1), HK_B_TIMED_OUT);
    }
    EXPECT_STREQ(probe_shared(team.harness), "");
}

// Before r1beta6 who waits for nothing of a socket is not told of its end.
TEST_F(Objects, AreNotToldThatASocketHasEnded)
{
    enum { UNIX = 9, STREAM = 1 };
    Address ends = team.room(8);
    ASSERT_EQ(team.call("socketpair", UNIX, STREAM, 0, ends), HK_B_OK);
    int left = team.get<int>(ends), right = team.get<int>(ends, 4);

    team.call("close", right);
    for (const auto &objects :
         {std::vector<Object>{{left, FD, 0}},
          std::vector<Object>{{left, FD, 0}, {sem, SEM, ACQUIRE}}}) {
        EXPECT_EQ(look(objects), HK_B_WOULD_BLOCK);
        EXPECT_EQ(wait(team, objects, found, hk::RELATIVE, 1000),
                  HK_B_TIMED_OUT);
    }
    EXPECT_EQ(look({{left, FD, READ}}), 1);
    EXPECT_EQ(found, std::vector<int>{READ});
}

TEST_F(Objects, AreInterruptedBySignals)
{
    enum { SIG_USR1 = 18 };
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(wait(team, {{sem, SEM, ACQUIRE}}, found), HK_B_INTERRUPTED);
    EXPECT_EQ(wait(team, {{from, FD, READ}}, found), HK_B_INTERRUPTED);
}

// Another process does something, while this one waits for all.
TEST_F(Objects, WakeWhoWaitsForThem)
{
    struct {
        const char *what;
        std::function<void(Team &)> act;
        std::vector<int> expected;
    } rows[] = {
        {"release",
         [&](Team &its) { its.call("release_sem", sem); },
         {ACQUIRE, 0, 0}},
        {"write",
         [&](Team &its) {
             its.call("write_port_etc", port, 1, "x", 1, 0, int64_t{0});
         },
         {0, READ, 0}},
        {"close",
         [&](Team &its) { its.call("close_port", port); },
         {0, INVALID, 0}},
        {"delete",
         [&](Team &its) { its.call("delete_sem", sem); },
         {INVALID, 0, 0}},
    };
    for (bool with_fd : {false, true})
        for (const auto &row : rows) {
            sem = static_cast<int>(team.call("create_sem", 0, "sem"));
            port = static_cast<int>(team.call("create_port", 1, "port"));
            harness_catch(team.harness);
            Process other(root, [&](Team &its) {
                while (probe_count(its.harness).waiters != 1)
                    ::usleep(1000);
                row.act(its);
                return 0;
            });
            std::vector<Object> objects{{sem, SEM, ACQUIRE},
                                        {port, PORT, READ}};
            if (with_fd)
                objects.push_back({from, FD, READ});
            EXPECT_EQ(wait(team, objects, found), 1) << row.what;
            std::vector<int> expected = row.expected;
            expected.resize(objects.size());
            EXPECT_EQ(found, expected) << row.what;
            EXPECT_EQ(other.wait(), 0);
        }
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(Objects, WakeWhoWaitsForAFileAmongThem)
{
    Address text = team.put("x");
    int id = team.spawn([&](hk_thread *thread) {
        await_waiter();
        team.call_as(thread, "write", to, int64_t{-1}, text, 1u);
    });
    EXPECT_EQ(wait(team, {{sem, SEM, ACQUIRE}, {from, FD, READ}}, found), 1);
    EXPECT_EQ(found, (std::vector<int>{0, READ}));
    team.join(id);
}

TEST_F(Objects, TellOfAThreadsEnd)
{
    int id = team.make(nullptr);
    EXPECT_EQ(look({{id, THREAD, 0}}), HK_B_WOULD_BLOCK);
    team.call("resume_thread", id);
    EXPECT_EQ(wait(team, {{id, THREAD, 0}}, found), 1);
    EXPECT_EQ(found, std::vector<int>{INVALID});
}

TEST_F(Objects, TellOfTheEndOfAnotherTeamsThread)
{
    Process other(root, [](Team &its) {
        its.call("create_port", 1, "theirs");
        for (;;)
            ::pause();
        return 0;
    });
    while (team.call("find_port", "theirs") < 0)
        ::usleep(1000);
    const int id = other.pid;
    EXPECT_EQ(look({{id, THREAD, 0}}), HK_B_WOULD_BLOCK);
    Process killer(root, [&](Team &its) {
        while (probe_count(its.harness).waiters != 1)
            ::usleep(1000);
        return ::kill(id, SIGKILL);
    });
    EXPECT_EQ(wait(team, {{id, THREAD, 0}, {sem, SEM, ACQUIRE}}, found), 1);
    EXPECT_EQ(found, (std::vector<int>{INVALID, 0}));
    EXPECT_EQ(killer.wait(), 0);
    EXPECT_EQ(look({{999999999, THREAD, 0}, {-1, THREAD, 0}}), 2);
}

// What other teams ask is done, and the wait goes on.
TEST_F(Objects, AreWaitedForAcrossRequests)
{
    harness_catch(team.harness);
    const int self = harness_id(team.thread());
    Process asker(root, [&](Team &its) {
        while (probe_count(its.harness).waiters == 0)
            ::usleep(1000);
        for (int i = 0; i < 20; i++)
            if (its.call("set_thread_priority", self, 10 + i % 2) < 0)
                return 1;
        its.call("release_sem", sem);
        return 0;
    });
    EXPECT_EQ(wait(team, {{sem, SEM, ACQUIRE}, {from, FD, READ}}, found), 1);
    EXPECT_EQ(asker.wait(), 0);
}

TEST_F(Objects, TellOfTheirOwnersDeath)
{
    Process owner(root, [](Team &its) {
        its.call("create_port", 1, "theirs");
        for (;;)
            ::pause();
        return 0;
    });
    int64_t theirs;
    while ((theirs = team.call("find_port", "theirs")) < 0)
        ::usleep(1000);
    Process killer(root, [&](Team &its) {
        while (probe_count(its.harness).waiters != 1)
            ::usleep(1000);
        return ::kill(owner.pid, SIGKILL);
    });
    EXPECT_EQ(wait(team, {{static_cast<int>(theirs), PORT, READ}}, found), 1);
    EXPECT_EQ(found, std::vector<int>{INVALID});
    EXPECT_EQ(killer.wait(), 0);
}

TEST_F(Objects, AreForgottenWithAWaiterThatIsKilled)
{
    Process waiter(root, [&](Team &its) {
        std::vector<int> ignored;
        wait(its, {{sem, SEM, ACQUIRE}, {port, PORT, READ}}, ignored);
        return 0;
    });
    await_waiter();
    EXPECT_EQ(probe_count(team.harness).watches, 2u);
    waiter.kill();
    EXPECT_EQ(team.call("release_sem", sem), 0);
    EXPECT_EQ(probe_count(team.harness).watches, 0u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

} // namespace
