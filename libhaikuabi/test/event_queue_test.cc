// event_queue_test.cc -- event queues: descriptors watched by a descriptor.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <unistd.h>

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
    EventQueue() : team(config(root))
    {
        queue = static_cast<int>(team.call("event_queue_create", 0));
        Address ends = team.room(8);
        EXPECT_EQ(team.call("create_pipe", ends), HK_B_OK);
        in = team.get<int>(ends);
        out = team.get<int>(ends, 4);
    }

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "text");
        return hk::make_config(root.path.c_str());
    }

    void put(int i, int object, int events, uint32_t data, int type = 0)
    {
        uint32_t at = static_cast<uint32_t>(i) * 16;
        team.set(infos, at, object);
        team.set<uint32_t>(infos, at + 4, static_cast<uint32_t>(type));
        team.set(infos, at + 8, events);
        team.set(infos, at + 12, data);
    }

    int64_t select(int object, int events, uint32_t data = 0)
    {
        put(0, object, events, data);
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
    hk::Directory root;
    hk::Team team;
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
    EXPECT_EQ(team.get<int>(infos, 3 * 16 + 8), HK_B_BAD_VALUE);
    write("x");
    EXPECT_EQ(wait().size(), 2u);
    EXPECT_EQ(wait(1).size(), 1u);
    wait(0, &result);
    EXPECT_EQ(result, HK_B_OK);
}

TEST_F(EventQueue, RegularFilesAreReadyAlways)
{
    int file = static_cast<int>(team.call("open", -1, "/file", 0, 0));
    int place = static_cast<int>(team.call("open_dir", -1, "/dev"));
    int64_t result;

    EXPECT_EQ(select(file, READ, 3), HK_B_OK);
    wait(0, &result);
    EXPECT_EQ(result, HK_B_OK);
    EXPECT_EQ(wait(), (All{{file, READ, 3}}));
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(place, READ | LEVEL, 4), HK_B_OK);
    EXPECT_EQ(wait(), (All{{place, READ, 4}}));
    EXPECT_EQ(wait(), (All{{place, READ, 4}}));
}

TEST_F(EventQueue, AClosedDescriptorLeavesIt)
{
    EXPECT_EQ(select(in, READ | LEVEL, 1), HK_B_OK);
    write("x");
    EXPECT_EQ(team.call("close", in), HK_B_OK);
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(team.call("dup", 0), in);
    EXPECT_EQ(wait(), All());
    EXPECT_EQ(select(in, 0), HK_B_OK);
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
    EXPECT_EQ(wait(), (All{{out, WRITE, 2}}));
    EXPECT_EQ(team.call("close", out), HK_B_OK);
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

} // namespace
