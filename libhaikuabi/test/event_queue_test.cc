// event_queue_test.cc -- event queues: objects watched by a descriptor.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <atomic>
#include <time.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr int64_t here = -1;

// haiku-abi/structs.md, "wait_for_objects / event queue".
enum Events {
    READ = 0x1,
    WRITE = 0x2,
    ERROR = 0x4,
    DISCONNECTED = 0x80,
    INVALID = 0x1000,
    ALWAYS = ERROR | DISCONNECTED | INVALID,
    LEVEL = 0x4000000,
    ONE_SHOT = 0x8000000
};

enum { RELATIVE = 0x8 };
enum Type { FD, SEM, PORT, THREAD };

struct Event {
    int object;
    int events;
    uint32_t data;
    bool operator==(const Event &other) const
    {
        return object == other.object && events == other.events &&
               data == other.data;
    }
};

class EventQueue : public testing::Test
{
  protected:
    explicit EventQueue(hk_release release = HK_R1BETA5)
        : team(config(shared, release))
    {
        queue = static_cast<int>(team.call("event_queue_create", 0));
        Address ends = team.room(8);
        EXPECT_EQ(release == HK_R1BETA6 ? team.call("create_pipe", ends, 0)
                                        : team.call("create_pipe", ends),
                  HK_B_OK);
        in = team.get<int>(ends);
        out = team.get<int>(ends, 4);
    }

    static hk_config config(hk::SharedRoot &shared, hk_release release)
    {
        shared.root.write("file", "text");
        hk_config made = shared.config();
        made.release = release;
        return made;
    }

    // What is told of a socket whose other end is closed.
    std::vector<Event> closed_socket(int asked)
    {
        enum { UNIX = 9, STREAM = 1 };
        Address ends = team.room(8);
        EXPECT_EQ(team.call("socketpair", int{UNIX}, int{STREAM}, 0, ends),
                  HK_B_OK);
        EXPECT_EQ(select(team.get<int>(ends), asked, 1), HK_B_OK);
        EXPECT_EQ(team.call("close", team.get<int>(ends, 4)), HK_B_OK);
        auto told = wait();
        EXPECT_EQ(select(team.get<int>(ends), 0), HK_B_OK);
        EXPECT_EQ(team.call("close", team.get<int>(ends)), HK_B_OK);
        for (auto &event : told)
            event.object = 0;
        return told;
    }

    void put(int i, int object, int events, uint32_t data, int type = 0)
    {
        uint32_t at = static_cast<uint32_t>(i) * 16;
        team.set(infos, at, object);
        team.set<uint32_t>(infos, at + 4, static_cast<uint32_t>(type));
        team.set(infos, at + 8, events);
        team.set(infos, at + 12, data);
    }

    int64_t select(int object, int events, uint32_t data = 0, Type type = FD)
    {
        put(0, object, events, data, type);
        int64_t result = team.call("event_queue_select", queue, infos, 1);
        return result == HK_B_ERROR ? team.get<int>(infos, 8) : result;
    }

    // What has happened by now, or the error.
    std::vector<Event> wait(int count = 8, int64_t *result = nullptr)
    {
        int64_t got = team.call("event_queue_wait", queue, infos, count,
                                RELATIVE, INT64_C(0));
        if (result != nullptr)
            *result = got;
        std::vector<Event> all;
        for (int i = 0; i < got; i++) {
            uint32_t at = static_cast<uint32_t>(i) * 16;
            all.push_back({team.get<int>(infos, at),
                           team.get<int>(infos, at + 8),
                           team.get<uint32_t>(infos, at + 12)});
        }
        return all;
    }

    void write(const char *text)
    {
        EXPECT_EQ(
            team.call("write", out, here, text, static_cast<int>(strlen(text))),
            static_cast<int64_t>(strlen(text)));
    }
    void read()
    {
        Address buffer = team.room(64);
        EXPECT_GT(team.call("read", in, here, buffer, 64), 0);
    }

    using All = std::vector<Event>;
    // From another thread, without a timeout; the caller's number of events.
    int64_t wait_as(hk_thread *thread)
    {
        return team.call_as(thread, "event_queue_wait", queue, infos, 8, 0,
                            INT64_C(0));
    }
    // Until another thread sleeps in a wait.
    void await_waiter()
    {
        while (probe_count(team.harness).waiters == 0)
            ::usleep(1000);
    }
    int sem(int count)
    {
        return static_cast<int>(team.call("create_sem", count, "sem"));
    }
    int make_port()
    {
        return static_cast<int>(team.call("create_port", 2, "port"));
    }
    void send(int port)
    {
        EXPECT_EQ(
            team.call("write_port_etc", port, 1, "text", 4, 0, INT64_C(0)),
            HK_B_OK);
    }
    void receive(int port)
    {
        EXPECT_EQ(team.call("read_port_etc", port, nullptr, team.room(4), 4, 0,
                            INT64_C(0)),
                  4);
    }

    hk::SharedRoot shared;
    hk::ThreadedTeam team;
    Address infos = team.room(16 * 100);
    int queue = -1, in = -1, out = -1;
};

TEST_F(EventQueue, TellsAChangeOnce)
{
    int64_t result = 0;

    EXPECT_EQ(select(in, READ, 77), HK_B_OK);
    EXPECT_EQ(wait(8, &result), All());
    EXPECT_EQ(result, HK_B_WOULD_BLOCK);
    write("x");
    EXPECT_EQ(wait(), (All{{in, READ, 77}}));
    EXPECT_EQ(wait(), All());
    write("y");
    EXPECT_EQ(wait(), (All{{in, READ, 77}}));
}

TEST_F(EventQueue, TellsAStateAsLongAsItLasts)
{
    EXPECT_EQ(select(in, READ | LEVEL, 5), HK_B_OK);
    write("x");
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(wait(), (All{{in, READ, 5}}));
    read();
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, TellsAsManyAsThereIsRoomFor)
{
    for (int i = 0; i < 50; i++) {
        int copy = static_cast<int>(team.call("dup", out));
        EXPECT_EQ(select(copy, WRITE | LEVEL), HK_B_OK);
        EXPECT_EQ(select(sem(1), READ | LEVEL, 0, SEM), HK_B_OK);
    }
    EXPECT_EQ(wait(100).size(), 100u);
    EXPECT_EQ(wait(99).size(), 99u);
    EXPECT_EQ(wait(1).size(), 1u);
}

TEST_F(EventQueue, TellsOneShotsOnce)
{
    EXPECT_EQ(select(in, READ | LEVEL | ONE_SHOT, 5), HK_B_OK);
    write("x");
    EXPECT_EQ(wait(), (All{{in, READ, 5}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(in, -1), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(EventQueue, TellsWhatWasNotAskedForAndMatters)
{
    EXPECT_EQ(select(in, READ, 1), HK_B_OK);
    EXPECT_EQ(team.call("close", out), HK_B_OK);
    EXPECT_EQ(wait(), (All{{in, DISCONNECTED, 1}}));
}

TEST_F(EventQueue, KnowsWhatIsSelected)
{
    EXPECT_EQ(select(in, READ, 9), HK_B_OK);
    EXPECT_EQ(select(in, -1), HK_B_OK);
    EXPECT_EQ(team.get<int>(infos, 8), READ | ALWAYS);
    EXPECT_EQ(team.get<uint32_t>(infos, 12), 9u);
    EXPECT_EQ(select(in, READ, 10), HK_B_OK); // the same: all stays
    EXPECT_EQ(select(in, -1), HK_B_OK);
    EXPECT_EQ(team.get<uint32_t>(infos, 12), 9u);
    EXPECT_EQ(select(in, READ | LEVEL, 10), HK_B_OK);
    EXPECT_EQ(select(in, -1), HK_B_OK);
    EXPECT_EQ(team.get<int>(infos, 8), READ | LEVEL | ALWAYS);
    EXPECT_EQ(team.get<uint32_t>(infos, 12), 10u);
    EXPECT_EQ(select(in, 0), HK_B_OK);
    EXPECT_EQ(select(in, 0), HK_B_ENTRY_NOT_FOUND);
    write("x");
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, TakesManyAndToldNoMoreThanAskedFor)
{
    int64_t result;

    put(0, in, READ | LEVEL, 1);
    put(1, out, WRITE | LEVEL, 2);
    put(2, 99, READ, 3);
    put(3, in, READ, 4, 1); // a semaphore
    EXPECT_EQ(team.call("event_queue_select", queue, infos, 4), HK_B_ERROR);
    EXPECT_EQ(team.get<int>(infos, 8), READ | LEVEL);
    EXPECT_EQ(team.get<int>(infos, 2 * 16 + 8), HK_B_FILE_ERROR);
    EXPECT_EQ(team.get<int>(infos, 3 * 16 + 8), HK_B_BAD_SEM_ID);
    write("x");
    EXPECT_EQ(wait().size(), 2u);
    EXPECT_EQ(wait(1).size(), 1u);
    wait(0, &result);
    EXPECT_EQ(result, HK_B_OK);
}

TEST_F(EventQueue, RegularFilesAreReadyAlways)
{
    int file = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    int64_t result;

    EXPECT_EQ(select(file, READ, 3), HK_B_OK);
    wait(0, &result);
    EXPECT_EQ(result, HK_B_OK);
    EXPECT_EQ(wait(), (All{{file, READ, 3}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(file, READ | LEVEL, 4), HK_B_OK);
    EXPECT_EQ(wait(), (All{{file, READ, 4}}));
    EXPECT_EQ(wait(), (All{{file, READ, 4}}));
}

TEST_F(EventQueue, AClosedDescriptorIsToldOfALastTime)
{
    EXPECT_EQ(select(in, READ | LEVEL, 1), HK_B_OK);
    write("x");
    EXPECT_EQ(team.call("close", in), HK_B_OK);
    EXPECT_EQ(wait(), (All{{in, INVALID, 1}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(team.call("dup", 0), in);
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(in, 0), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(EventQueue, ANumberThatIsAnotherFilesByNowIsToldOf)
{
    EXPECT_EQ(select(in, READ | LEVEL, 1), HK_B_OK);
    EXPECT_EQ(team.call("dup2", 0, in), in);
    EXPECT_EQ(wait(), (All{{in, INVALID, 1}}));
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, TwoNumbersOfOneFile)
{
    int again = static_cast<int>(team.call("dup", in));
    EXPECT_EQ(select(in, READ | LEVEL, 1), HK_B_OK);
    EXPECT_EQ(select(again, READ, 2), HK_B_OK);
    EXPECT_EQ(wait(), All());
    write("x");
    EXPECT_EQ(wait().size(), 2u);
    EXPECT_EQ(wait(), (All{{in, READ, 1}})); // the other one tells changes
    write("y");
    EXPECT_EQ(wait().size(), 2u);
    EXPECT_EQ(select(in, 0), HK_B_OK);
    write("z");
    EXPECT_EQ(wait(), (All{{again, READ, 2}}));
    EXPECT_EQ(team.call("close", again), HK_B_OK);
    EXPECT_EQ(wait(), (All{{again, INVALID, 2}}));
    EXPECT_EQ(wait(), All());
}

// ---- semaphores, ports, threads ----

TEST_F(EventQueue, TellsEachReleaseOnce)
{
    int id = sem(1);
    EXPECT_EQ(select(id, READ, 1, SEM), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    EXPECT_EQ(wait(), All());
    // It is told even if somebody has been faster.
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    EXPECT_EQ(team.call("acquire_sem_etc", id, 4, 0, INT64_C(0)), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
}

TEST_F(EventQueue, TellsThatASemaphoreCanBeAcquired)
{
    int id = sem(0);
    EXPECT_EQ(select(id, READ | LEVEL, 1, SEM), HK_B_OK);
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    EXPECT_EQ(team.call("acquire_sem", id), HK_B_OK);
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, TellsOfMessagesAndRoom)
{
    int id = make_port();
    EXPECT_EQ(select(id, READ | WRITE, 1, PORT), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, WRITE, 1}}));
    send(id);
    send(id);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    receive(id);
    EXPECT_EQ(wait(), (All{{id, WRITE, 1}}));
    EXPECT_EQ(select(id, READ | LEVEL, 2, PORT), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 2}}));
    receive(id);
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, TellsOfOneShotsOfObjectsOnce)
{
    int id = sem(1);
    EXPECT_EQ(select(id, READ | LEVEL | ONE_SHOT, 1, SEM), HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(id, 0, 0, SEM), HK_B_ENTRY_NOT_FOUND);
}

TEST_F(EventQueue, TellsOfTheEndOfObjects)
{
    int id = sem(0), port = make_port(), closed = make_port();
    int thread = team.make([](hk_thread *) {});
    EXPECT_EQ(select(id, READ, 1, SEM), HK_B_OK);
    EXPECT_EQ(select(port, READ, 2, PORT), HK_B_OK);
    EXPECT_EQ(select(closed, READ | LEVEL, 3, PORT), HK_B_OK);
    EXPECT_EQ(select(thread, INVALID, 4, THREAD), HK_B_OK);
    EXPECT_EQ(wait(), All());
    team.call("delete_sem", id);
    EXPECT_EQ(wait(), (All{{id, INVALID, 1}}));
    team.call("delete_port", port);
    EXPECT_EQ(wait(), (All{{port, INVALID, 2}}));
    team.call("close_port", closed);
    EXPECT_EQ(wait(), (All{{closed, INVALID, 3}}));
    team.call("resume_thread", thread);
    team.join(thread);
    EXPECT_EQ(wait(), (All{{thread, INVALID, 4}}));
    EXPECT_EQ(wait(), All());
}

TEST_F(EventQueue, ObjectsAreLookedUp)
{
    int id = sem(0);
    EXPECT_EQ(select(0x7fffff, READ, 0, SEM), HK_B_BAD_SEM_ID);
    EXPECT_EQ(select(0x7fffff, READ, 0, PORT), HK_B_BAD_PORT_ID);
    EXPECT_EQ(select(0x7fffff, INVALID, 0, THREAD), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(select(id, READ | WRITE, 5, SEM), HK_B_OK);
    EXPECT_EQ(select(id, -1, 0, SEM), HK_B_OK);
    EXPECT_EQ(team.get<int>(infos, 8), READ | INVALID); // it is never written
    EXPECT_EQ(team.get<int>(infos, 12), 5);
    EXPECT_EQ(select(id, -1, 0, PORT), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(select(id, 0, 0, SEM), HK_B_OK);
    EXPECT_EQ(select(id, READ, 0, static_cast<Type>(4)), HK_B_BAD_VALUE);
}

TEST_F(EventQueue, WhoAsksForNothingIsToldThatThereIsSomething)
{
    int id = sem(0);
    EXPECT_EQ(select(id, READ, 1, SEM), HK_B_OK);
    EXPECT_EQ(select(in, READ, 2), HK_B_OK);
    int64_t result = 0;
    wait(0, &result);
    EXPECT_EQ(result, HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    wait(0, &result);
    EXPECT_EQ(result, HK_B_OK);
    EXPECT_EQ(wait(), (All{{id, READ, 1}})); // it was still there
}

// ---- waits that others end ----

TEST_F(EventQueue, AReleaseEndsAWait)
{
    int id = sem(0);
    EXPECT_EQ(select(id, READ, 1, SEM), HK_B_OK);
    std::atomic<int64_t> result{0};
    int thread = team.spawn([&](hk_thread *self) { result = wait_as(self); });
    await_waiter();
    EXPECT_EQ(team.call("release_sem", id), HK_B_OK);
    team.join(thread);
    EXPECT_EQ(result, 1);
}

TEST_F(EventQueue, ASelectionEndsAWait)
{
    int id = sem(1);
    std::atomic<int64_t> result{0};
    int thread = team.spawn([&](hk_thread *self) { result = wait_as(self); });
    await_waiter();
    Address info = team.room(16);
    team.set(info, 0, id);
    team.set(info, 4, static_cast<uint32_t>(SEM));
    team.set<uint32_t>(info, 8, READ);
    EXPECT_EQ(team.call("event_queue_select", queue, info, 1), HK_B_OK);
    team.join(thread);
    EXPECT_EQ(result, 1);
}

TEST_F(EventQueue, AClosedDescriptorEndsAWait)
{
    EXPECT_EQ(select(in, READ, 1), HK_B_OK);
    std::atomic<int64_t> result{0};
    int thread = team.spawn([&](hk_thread *self) { result = wait_as(self); });
    await_waiter();
    EXPECT_EQ(team.call("close", in), HK_B_OK);
    team.join(thread);
    EXPECT_EQ(result, 1);
}

TEST_F(EventQueue, ItsOwnCloseEndsAWait)
{
    std::atomic<int64_t> result{0};
    int thread = team.spawn([&](hk_thread *self) { result = wait_as(self); });
    await_waiter();
    EXPECT_EQ(team.call("close", queue), HK_B_OK);
    team.join(thread);
    EXPECT_EQ(result, HK_B_FILE_ERROR);
}

TEST_F(EventQueue, TheDeathOfAnOwnerEndsAWait)
{
    hk::Process other(shared, [](hk::Team &its) {
        its.call("create_port", 1, "theirs");
        for (;;)
            ::pause();
        return 0;
    });
    int port;
    while ((port = static_cast<int>(team.call("find_port", "theirs"))) < 0)
        ::usleep(1000);
    EXPECT_EQ(select(port, READ, 1, PORT), HK_B_OK);
    std::atomic<int64_t> result{0};
    int thread = team.spawn([&](hk_thread *self) { result = wait_as(self); });
    await_waiter();
    other.kill();
    team.join(thread);
    EXPECT_EQ(result, 1);
    EXPECT_EQ(team.get<int>(infos, 8), INVALID);
}

// The copy that a fork has keeps the pipe open for the host.
TEST_F(EventQueue, NorDoesACopyElsewhereKeepItThere)
{
    EXPECT_EQ(select(in, READ | LEVEL, 1), HK_B_OK);
    EXPECT_EQ(select(out, WRITE | LEVEL, 2), HK_B_OK);
    std::vector<int> copies;
    for (const auto &entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code error;
        auto target = std::filesystem::read_symlink(entry.path(), error);
        if (target.string().rfind("pipe:", 0) == 0)
            copies.push_back(::dup(std::stoi(entry.path().filename())));
    }
    write("x");
    EXPECT_EQ(wait().size(), 2u);
    EXPECT_EQ(team.call("close", in), HK_B_OK);
    EXPECT_EQ(wait(), (All{{in, INVALID, 1}, {out, WRITE, 2}}));
    EXPECT_EQ(wait(), (All{{out, WRITE, 2}}));
    EXPECT_EQ(team.call("close", out), HK_B_OK);
    EXPECT_EQ(wait(), (All{{out, INVALID, 2}}));
    EXPECT_EQ(wait(), All());
    for (int copy : copies)
        ::close(copy);
}

TEST_F(EventQueue, WaitsAreInterruptedAndEnd)
{
    EXPECT_EQ(select(in, READ), HK_B_OK);
    EXPECT_EQ(
        team.call("event_queue_wait", queue, infos, 1, RELATIVE, INT64_C(2000)),
        HK_B_TIMED_OUT);
    harness_signal(team.harness, 15);
    EXPECT_EQ(team.call("event_queue_wait", queue, infos, 1, 0, INT64_C(0)),
              HK_B_INTERRUPTED);
}

TEST_F(EventQueue, ArgumentsAreChecked)
{
    Address wrong{0x50000000}, kernel{0x80000000};
    const int64_t now = 0;

    EXPECT_EQ(team.call("event_queue_select", queue, infos, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("event_queue_select", queue, infos, -1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("event_queue_select", queue, nullptr, 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("event_queue_select", queue, wrong, 1),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("event_queue_select", queue, infos, INT32_MAX),
              HK_B_NO_MEMORY);
    EXPECT_EQ(team.call("event_queue_select", in, infos, 1), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("event_queue_select", 99, infos, 1), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("event_queue_wait", queue, infos, -1, RELATIVE, now),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("event_queue_wait", queue, kernel, 1, RELATIVE, now),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("event_queue_wait", in, infos, 1, RELATIVE, now),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("event_queue_wait", 99, infos, 1, RELATIVE, now),
              HK_B_FILE_ERROR);
    EXPECT_EQ(select(in, READ), HK_B_OK);
    write("x");
    EXPECT_EQ(team.call("event_queue_wait", queue, wrong, 1, RELATIVE, now),
              HK_B_BAD_ADDRESS);
}

TEST_F(EventQueue, IsAFileLikeOthers)
{
    Address buffer = team.room(16);

    EXPECT_EQ(team.call("fcntl", queue, 8, 0), 2); // O_RDWR
    EXPECT_LT(team.call("read", queue, here, buffer, 16), 0);
    EXPECT_LT(team.call("write", queue, here, buffer, 16), 0);
    EXPECT_EQ(team.call("open", queue, "file", 0, 0), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("read_stat", queue, nullptr, 0, team.room(88), 88),
              HK_B_UNSUPPORTED);
    int other = static_cast<int>(team.call("event_queue_create", 0x40));
    EXPECT_EQ(team.call("fcntl", other, 2, 0), 1);
    EXPECT_EQ(team.call("close", queue), HK_B_OK);
    EXPECT_EQ(team.call("event_queue_select", queue, infos, 1),
              HK_B_FILE_ERROR);
}

// As by poll.
TEST_F(EventQueue, TellsOfADisconnectedSocketAsOfOneToRead)
{
    for (int behavior : {0, int{LEVEL}}) {
        EXPECT_EQ(closed_socket(READ | behavior), (All{{0, READ, 1}}));
        EXPECT_EQ(closed_socket(READ | WRITE | behavior),
                  (All{{0, READ | WRITE, 1}}));
    }
}

// Of the thread, us.
int64_t cpu_time()
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * INT64_C(1000000) + time.tv_nsec / 1000;
}

// The host goes on telling of it.
TEST_F(EventQueue, SleepsWhileNothingIsToldOfADisconnectedSocket)
{
    enum { UNIX = 9, STREAM = 1, TIMEOUT = 200000 };
    Address ends = team.room(8);
    ASSERT_EQ(team.call("socketpair", int{UNIX}, int{STREAM}, 0, ends),
              HK_B_OK);
    ASSERT_EQ(team.call("close", team.get<int>(ends, 4)), HK_B_OK);
    ASSERT_EQ(select(team.get<int>(ends), ERROR | LEVEL), HK_B_OK);
    for (int count : {0, 1, 8}) {
        int64_t before = cpu_time();
        EXPECT_EQ(team.call("event_queue_wait", queue, infos, count, RELATIVE,
                            int64_t{TIMEOUT}),
                  HK_B_TIMED_OUT);
        EXPECT_LT(cpu_time() - before, TIMEOUT / 2); // it would take all
    }
}

class EventQueueOfR1Beta6 : public EventQueue
{
  protected:
    EventQueueOfR1Beta6() : EventQueue(HK_R1BETA6) {}
};

TEST_F(EventQueueOfR1Beta6, TellsOfADisconnectedSocket)
{
    EXPECT_EQ(closed_socket(READ), (All{{0, READ | DISCONNECTED, 1}}));
}

} // namespace
