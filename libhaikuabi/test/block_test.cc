// block_test.cc -- file calls that wait, and what ends them.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr int64_t here = -1;
enum { SIGTERM_ = 15, SIGCHLD_ = 5, SIGKILLTHR_ = 21 };

class Block : public testing::Test
{
  protected:
    Block() : team(config(root))
    {
        EXPECT_EQ(team.call("create_pipe", ends), HK_B_OK);
        in = team.get<int>(ends);
        out = team.get<int>(ends, 4);
    }

    static hk_config config(const hk::Directory &root)
    {
        ::mkfifo(root.at("fifo").c_str(), 0644);
        return hk::make_config(root.path.c_str());
    }

    // Raises a signal until the call is over: it may come before the wait.
    template <typename... Args> int64_t interrupted(int signal, Args... args)
    {
        std::atomic<bool> over{false};
        std::thread other([&] {
            while (!over) {
                harness_signal(team.harness, signal);
                std::this_thread::yield();
            }
        });
        int64_t result = team.call(args...);
        over = true;
        other.join();
        return result;
    }

    hk::Directory root;
    hk::Team team;
    Address ends = team.room(8), buffer = team.room(16);
    int in = -1, out = -1;
};

TEST_F(Block, ASignalThatWaitsAlreadyEndsTheCallAtOnce)
{
    harness_signal(team.harness, SIGTERM_);
    EXPECT_EQ(team.call("read", in, here, buffer, 1), HK_B_INTERRUPTED);
    EXPECT_EQ(team.call("read", in, here, buffer, 1), HK_B_INTERRUPTED);
}

TEST_F(Block, WhatIsThereIsReadAllTheSame)
{
    EXPECT_EQ(team.call("write", out, here, "x", 1), 1);
    harness_signal(team.harness, SIGTERM_);
    EXPECT_EQ(team.call("read", in, here, buffer, 1), 1);
}

TEST_F(Block, ABlockedSignalIsNoInterruption)
{
    Address fds = team.room(8);

    team.set<int>(fds, 0, in);
    team.set<uint16_t>(fds, 4, 1);
    harness_block_signals(team.harness, UINT64_C(1) << (SIGTERM_ - 1));
    harness_signal(team.harness, SIGTERM_);
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(1000), nullptr), 0);
    harness_signal(team.harness, SIGKILLTHR_); // cannot be blocked
    EXPECT_EQ(team.call("poll", fds, 1, INT64_C(-1), nullptr),
              HK_B_INTERRUPTED);
}

TEST_F(Block, EveryWaitIsEndedByASignal)
{
    Address fds = team.room(8), set = team.room(128);

    team.set<int>(fds, 0, in);
    team.set<uint16_t>(fds, 4, 1);
    EXPECT_EQ(interrupted(SIGTERM_, "read", in, here, buffer, 1),
              HK_B_INTERRUPTED);
    EXPECT_EQ(interrupted(SIGTERM_, "poll", fds, 1, INT64_C(-1), nullptr),
              HK_B_INTERRUPTED);
    team.set<uint32_t>(set, 0, 1u << in);
    EXPECT_EQ(interrupted(SIGTERM_, "select", in + 1, set, nullptr, nullptr,
                          INT64_C(-1), nullptr),
              HK_B_INTERRUPTED);
}

// Before the call, in the instant before the host's, or while that waits.
TEST_F(Block, ASignalEndsTheCallWheneverItComes)
{
    Address set = team.room(8), info = team.room(64);

    team.set<uint64_t>(set, 0, UINT64_C(1) << (SIGTERM_ - 1));
    for (int round = 0; round < 300; round++) {
        std::atomic<bool> begins{false};
        std::thread other([&] {
            while (!begins)
                std::this_thread::yield();
            for (std::atomic<int> i{0}; i < round * 10; i++)
                ;
            harness_signal(team.harness, SIGTERM_);
        });
        begins = true;
        ASSERT_EQ(team.call("read", in, here, buffer, 1), HK_B_INTERRUPTED);
        other.join();
        ASSERT_EQ(team.call("sigwait", set, info, 0, INT64_C(0)), HK_B_OK);
    }
}

// The host waits by itself in these.
TEST_F(Block, AnOpenOfAFifoIsEndedToo)
{
    EXPECT_EQ(interrupted(SIGTERM_, "open", -1, "/fifo", 0, 0),
              HK_B_INTERRUPTED);
    EXPECT_EQ(interrupted(SIGTERM_, "open", -1, "/fifo", 1, 0),
              HK_B_INTERRUPTED);
    EXPECT_GE(team.call("open", -1, "/fifo", 0x80, 0), 3); // does not wait
}

TEST_F(Block, ALockIsEndedToo)
{
    root.write("file", "x");
    int other = ::open(root.at("file").c_str(), O_RDWR | O_CLOEXEC);
    struct flock lock = {};
    Address request = team.room(24);

    lock.l_type = F_WRLCK;
    ASSERT_EQ(::fcntl(other, F_OFD_SETLK, &lock), 0);
    int fd = static_cast<int>(team.call("open", -1, "/file", 2, 0));
    team.set<uint16_t>(request, 0, 0x400); // F_WRLCK
    EXPECT_EQ(team.call("fcntl", fd, 0x80, request), HK_B_PERMISSION_DENIED);
    EXPECT_EQ(interrupted(SIGTERM_, "fcntl", fd, 0x100, request),
              HK_B_INTERRUPTED);
    ::close(other);
    EXPECT_EQ(team.call("fcntl", fd, 0x100, request), HK_B_OK);
}

} // namespace
