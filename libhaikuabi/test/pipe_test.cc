// pipe_test.cc -- create_pipe.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr int64_t here = -1;
enum { F_GETFD_ = 2, F_GETFL_ = 8 };
enum { CLOEXEC = 0x40, NONBLOCK = 0x80, APPEND = 0x800, CLOFORK = 0x400000 };
enum { FD_CLOEXEC_ = 1, FD_CLOFORK_ = 2 };

// The host's descriptors of this process.
size_t host_fds()
{
    size_t count = 0;
    for ([[maybe_unused]] const auto &entry :
         std::filesystem::directory_iterator("/proc/self/fd"))
        count++;
    return count;
}

class Pipe : public testing::Test
{
  protected:
    explicit Pipe(hk_release release = HK_R1BETA5) : team(config(root, release))
    {
    }

    static hk_config config(const hk::Directory &root, hk_release release)
    {
        hk_config made = hk::make_config(root.path.c_str());
        made.release = release;
        return made;
    }

    hk::Directory root;
    hk::Team team;
    Address ends = team.room(8), buffer = team.room(16);
};

class PipeR1beta6 : public Pipe
{
  protected:
    PipeR1beta6() : Pipe(HK_R1BETA6) {}
};

TEST_F(Pipe, HasAnEndToReadAndOneToWrite)
{
    EXPECT_EQ(team.call("create_pipe", ends), HK_B_OK);
    int in = team.get<int>(ends), out = team.get<int>(ends, 4);
    EXPECT_EQ(out, in + 1);
    EXPECT_EQ(team.call("write", out, here, "text", 4), 4);
    EXPECT_EQ(team.call("read", in, here, buffer, 16), 4);
    EXPECT_EQ(team.bytes(buffer, 4), "text");
    EXPECT_EQ(team.call("write", in, here, "x", 1), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("read", out, here, buffer, 1), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("fcntl", in, F_GETFL_, 0), 0);
    EXPECT_EQ(team.call("fcntl", out, F_GETFL_, 0), 1);
    EXPECT_EQ(team.call("fcntl", in, F_GETFD_, 0), 0);
    EXPECT_EQ(team.call("close", out), HK_B_OK);
    EXPECT_EQ(team.call("read", in, here, buffer, 16), 0);
}

TEST_F(Pipe, LeavesNothingBehindWhenItFails)
{
    size_t before = host_fds();

    for (Address to : {Address{0}, Address{0x50000000}, Address{0x80000000},
                       Address{0x7ffffffc}})
        EXPECT_EQ(team.call("create_pipe", to), HK_B_BAD_ADDRESS);
    EXPECT_EQ(host_fds(), before);
    EXPECT_EQ(team.call("create_pipe", ends), HK_B_OK);
    EXPECT_EQ(team.get<int>(ends), 3);
}

TEST_F(Pipe, TakesBothEndsOrNone)
{
    Address limit = team.room(8);

    team.set<uint32_t>(limit, 0, 5);
    team.set<uint32_t>(limit, 4, 8192);
    EXPECT_EQ(team.call("setrlimit", 4, limit), HK_B_OK);
    EXPECT_EQ(team.call("dup", 0), 3);
    size_t before = host_fds();
    EXPECT_EQ(team.call("create_pipe", ends), HK_B_NO_MORE_FDS);
    EXPECT_EQ(host_fds(), before);
    EXPECT_EQ(team.call("dup", 0), 4);
}

TEST_F(PipeR1beta6, TakesFlags)
{
    EXPECT_EQ(team.call("create_pipe", ends, CLOEXEC | NONBLOCK), HK_B_OK);
    int in = team.get<int>(ends), out = team.get<int>(ends, 4);
    EXPECT_EQ(team.call("fcntl", in, F_GETFD_, 0), FD_CLOEXEC_);
    EXPECT_EQ(team.call("read", in, here, buffer, 1), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("fcntl", out, F_GETFL_, 0) & NONBLOCK, NONBLOCK);
    EXPECT_EQ(team.call("create_pipe", ends, CLOFORK), HK_B_OK);
    EXPECT_EQ(team.call("fcntl", team.get<int>(ends), F_GETFD_, 0),
              FD_CLOFORK_);
    EXPECT_EQ(team.call("create_pipe", ends, APPEND), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("create_pipe", ends, -1), HK_B_BAD_VALUE);
}

} // namespace
