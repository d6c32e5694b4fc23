// poll_test.cc -- poll and select.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum Events : uint16_t { IN = 1, OUT = 2, ERR = 4, HUP = 0x80, NVAL = 0x1000 };

struct Poll {
    int fd;
    int events;
    int told;
};

class PollSelect : public testing::Test
{
  protected:
    PollSelect() : team(config(root))
    {
        Address ends = team.room(8);
        team.call("create_pipe", ends);
        in = team.get<int>(ends);
        out = team.get<int>(ends, 4);
        file = static_cast<int>(team.call("open", -1, "/file", 2, 0));
        dir = static_cast<int>(team.call("open_dir", -1, "/dev"));
    }

    static hk_config config(const hk::Directory &root)
    {
        root.write("file", "text");
        return hk::make_config(root.path.c_str());
    }

    int64_t poll(std::vector<Poll> &all, int64_t timeout = 0)
    {
        Address fds = team.room(static_cast<uint32_t>(all.size()) * 8 + 8);
        uint32_t at = 0;
        for (const Poll &one : all) {
            team.set(fds, at, one.fd);
            team.set(fds, at + 4, static_cast<uint32_t>(one.events));
            at += 8;
        }
        int64_t result = team.call("poll", fds, static_cast<int>(all.size()),
                                   timeout, nullptr);
        at = 0;
        for (Poll &one : all) {
            one.told = team.get<uint16_t>(fds, at + 6);
            at += 8;
        }
        return result;
    }

    Address set(std::vector<int> fds)
    {
        Address bits = team.room(128);
        for (int fd : fds)
            team.host(bits)[fd / 8] |= static_cast<uint8_t>(1 << fd % 8);
        return bits;
    }
    std::vector<int> members(Address bits)
    {
        std::vector<int> fds;
        for (int fd = 0; fd < 1024; fd++)
            if (team.host(bits)[fd / 8] >> fd % 8 & 1)
                fds.push_back(fd);
        return fds;
    }

    hk::Directory root;
    hk::Team team;
    int in, out, file, dir;
};

TEST_F(PollSelect, TellsWhatIsReady)
{
    std::vector<Poll> all{{in, IN, 0},  {out, OUT, 0}, {file, IN | OUT, 0},
                          {dir, IN, 0}, {-1, IN, 0},   {99, IN, 0},
                          {out, IN, 0}};
    EXPECT_EQ(poll(all), 4);
    const int expected[] = {0, OUT, IN | OUT, IN, 0, NVAL, 0};
    for (size_t i = 0; i < all.size(); i++)
        EXPECT_EQ(all[i].told, expected[i]) << i;
    team.call("write", out, INT64_C(-1), "x", 1);
    all = {{in, IN, 0}};
    EXPECT_EQ(poll(all, -1), 1);
    EXPECT_EQ(all[0].told, IN);
    team.call("close", out);
    EXPECT_EQ(poll(all), 1);
    EXPECT_EQ(all[0].told, IN | HUP);
}

TEST_F(PollSelect, AnUnknownDescriptorEndsTheWaitAtOnce)
{
    std::vector<Poll> all{{in, IN, 0}, {99, IN, 0}};

    EXPECT_EQ(poll(all, -1), 1);
    EXPECT_EQ(all[1].told, NVAL);
}

TEST_F(PollSelect, WaitsAsLongAsItIsTold)
{
    auto start = std::chrono::steady_clock::now();
    std::vector<Poll> all{{in, IN, 0}};

    EXPECT_EQ(poll(all, 30000), 0);
    EXPECT_GE(std::chrono::steady_clock::now() - start,
              std::chrono::milliseconds(30));
    std::vector<Poll> none;
    EXPECT_EQ(poll(none, 1000), 0);
}

TEST_F(PollSelect, WaitsForAnotherTeam)
{
    pid_t child = ::fork();
    if (child == 0) {
        ::usleep(20000);
        ::_exit(team.call("write", out, INT64_C(-1), "x", 1) == 1 ? 0 : 1);
    }
    std::vector<Poll> all{{in, IN, 0}};
    EXPECT_EQ(poll(all, INT64_MAX), 1);
    ::waitpid(child, nullptr, 0);
}

TEST_F(PollSelect, ASignalEndsTheWait)
{
    std::thread other([this] { harness_signal(team.harness, 15); });
    std::vector<Poll> all{{in, IN, 0}};

    EXPECT_EQ(poll(all, -1), HK_B_INTERRUPTED);
    other.join();
}

TEST_F(PollSelect, TheMaskCountsDuringTheWait)
{
    harness_block_signals(team.harness, ~UINT64_C(0));
    harness_signal(team.harness, 15);
    std::vector<Poll> all{{in, IN, 0}};
    EXPECT_EQ(poll(all, 1000), 0);

    Address fds = team.room(8), mask = team.room(8);
    team.set(fds, 0, in);
    team.set(fds, 4, 1);
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(-1), mask), HK_B_INTERRUPTED);
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(-1), Address{1}),
              HK_B_BAD_ADDRESS);
}

TEST_F(PollSelect, SelectClearsWhatIsNotReady)
{
    Address reads = set({in, file}), writes = set({in, out, file});
    Address errors = set({in, out});

    EXPECT_EQ(
        team.call("select", 20, reads, writes, errors, INT64_C(-1), nullptr),
        3);
    EXPECT_EQ(members(reads), std::vector<int>({file}));
    EXPECT_EQ(members(writes), std::vector<int>({out, file}));
    EXPECT_EQ(members(errors), std::vector<int>());
    team.call("close", out);
    reads = set({in});
    EXPECT_EQ(team.call("select", in + 1, reads, nullptr, nullptr, INT64_C(-1),
                        nullptr),
              1);
    EXPECT_EQ(members(reads), std::vector<int>({in}));
}

TEST_F(PollSelect, WhatSelectDoesNotTellIsNotWaitedFor)
{
    enum { UNIX = 9, STREAM = 1 };
    Address ends = team.room(8);
    ASSERT_EQ(team.call("socketpair", int{UNIX}, int{STREAM}, 0, ends),
              HK_B_OK);
    int here = team.get<int>(ends), there = team.get<int>(ends, 4);
    team.call("write", here, INT64_C(-1), "x", 1);
    team.call("close", there); // the host tells of an error
    team.call("close", out);   // and of an end, where nothing is written to
    Address writes = set({in}), errors = set({here});

    EXPECT_EQ(team.call("select", 20, nullptr, writes, errors, INT64_C(1000),
                        nullptr),
              0);
    EXPECT_EQ(members(writes), std::vector<int>());
    EXPECT_EQ(members(errors), std::vector<int>());
    Address reads = set({in, here});
    EXPECT_EQ(
        team.call("select", 20, reads, nullptr, nullptr, INT64_C(-1), nullptr),
        2);
    EXPECT_EQ(members(reads), std::vector<int>({in, here}));
}

TEST_F(PollSelect, SelectLeavesTheSetsOnFailure)
{
    Address reads = set({in, 99});

    EXPECT_EQ(
        team.call("select", 100, reads, nullptr, nullptr, INT64_C(0), nullptr),
        HK_B_FILE_ERROR);
    EXPECT_EQ(members(reads), std::vector<int>({in, 99}));
    EXPECT_EQ(
        team.call("select", 20, reads, nullptr, nullptr, INT64_C(0), nullptr),
        0);
    EXPECT_EQ(members(reads), std::vector<int>({99}));
}

TEST_F(PollSelect, CountsAndAddressesAreChecked)
{
    Address room = team.room(128);

    EXPECT_EQ(
        team.call("select", -1, room, nullptr, nullptr, INT64_C(0), nullptr),
        HK_B_BAD_VALUE);
    EXPECT_EQ(
        team.call("select", 257, room, nullptr, nullptr, INT64_C(0), nullptr),
        HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("select", 10, Address{1}, nullptr, nullptr, INT64_C(0),
                        nullptr),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("select", 0, nullptr, nullptr, nullptr, INT64_C(500),
                        nullptr),
              0);
    EXPECT_EQ(team.call("poll", room, -1, INT64_C(0), nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("poll", room, 257, INT64_C(0), nullptr),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("poll", nullptr, 1, INT64_C(0), nullptr),
              HK_B_BAD_ADDRESS);
}

} // namespace
