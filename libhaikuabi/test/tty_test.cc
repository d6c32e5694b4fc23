// tty_test.cc -- terminals: job control and the rest.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum Command : uint32_t {
    SET_NONBLOCKING_IO = 3,
    SET_BLOCKING_IO = 4,
    TCSBRK_ = 0x8005,
    TCFLSH_ = 0x8006,
    TCGETBITS_ = 0x8009,
    TIOCGPGRP_ = 0x800f,
    TIOCSPGRP_ = 0x8010,
    TIOCSCTTY_ = 0x8011,
    TIOCMGET_ = 0x8012,
    TIOCMSET_ = 0x8013,
    TIOCSBRK_ = 0x8014,
    TIOCMBIS_ = 0x8016,
    TIOCGSID_ = 0x8018,
    TIOCEXCL_ = 0x801a,
    TIOCNXCL_ = 0x801b
};

// A team with a terminal as its standard input; the terminal is no process's
// before.
class Tty : public testing::Test
{
  protected:
    Tty()
    {
        saved = ::fcntl(0, F_DUPFD_CLOEXEC, 100);
        EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
        ::dup2(slave, 0);
        team = std::make_unique<hk::Team>(hk::make_config(root.path.c_str()));
        data = team->room(64);
    }
    ~Tty() override
    {
        team.reset();
        ::dup2(saved, 0);
        ::close(saved);
        ::close(master);
        ::close(slave);
    }

    int64_t ioctl(uint32_t cmd, Address at)
    {
        return team->call("ioctl", 0, cmd, at, 0);
    }
    int64_t ioctl(uint32_t cmd)
    {
        return ioctl(cmd, data);
    }

    // In a process with a session of its own; its checks are counted here.
    template <typename Body> void in_session(Body body)
    {
        pid_t child = ::fork();
        if (child == 0) {
            ::signal(SIGHUP, SIG_IGN);
            ::setsid();
            body();
            _exit(HasFailure() ? 1 : 0);
        }
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    }

    hk::Directory root;
    std::unique_ptr<hk::Team> team;
    Address data{};
    int saved, master = -1, slave = -1;
};

TEST_F(Tty, ASessionTakesATerminalForItself)
{
    in_session([this] {
        EXPECT_EQ(ioctl(TIOCGSID_), HK_ENOTTY);
        EXPECT_EQ(ioctl(TIOCSCTTY_), HK_B_OK);
        EXPECT_EQ(ioctl(TIOCGSID_), HK_B_OK);
        EXPECT_EQ(team->get<int>(data), getpid());
        EXPECT_EQ(ioctl(TIOCGPGRP_), HK_B_OK);
        EXPECT_EQ(team->get<int>(data), getpid());
    });
}

TEST_F(Tty, AnotherGroupIsPutIntoTheForeground)
{
    in_session([this] {
        ASSERT_EQ(ioctl(TIOCSCTTY_), HK_B_OK);
        pid_t member = ::fork();
        if (member == 0) {
            ::pause();
            _exit(0);
        }
        ::setpgid(member, member);
        team->set<int>(data, 0, member);
        EXPECT_EQ(ioctl(TIOCSPGRP_), HK_B_OK);
        EXPECT_EQ(::tcgetpgrp(slave), member);
        team->set<int>(data, 0, 0x7ffffff0);
        EXPECT_NE(ioctl(TIOCSPGRP_), HK_B_OK);
        EXPECT_EQ(ioctl(TIOCSPGRP_, Address{0x50000000}), HK_B_BAD_ADDRESS);
        EXPECT_EQ(ioctl(TIOCGPGRP_, Address{0x50000000}), HK_B_BAD_ADDRESS);
        ::kill(member, SIGKILL);
        ::waitpid(member, nullptr, 0);
    });
}

// A shell does so when it takes the terminal back from a job.
TEST_F(Tty, WhoIsDeafToItsSignalsMayUseItFromTheBackground)
{
    in_session([this] {
        ASSERT_EQ(ioctl(TIOCSCTTY_), HK_B_OK);
        pid_t member = ::fork();
        if (member == 0) {
            ::pause();
            _exit(0);
        }
        ::setpgid(member, member);
        Address set = team->room(8);
        team->set<uint64_t>(set, 0, UINT64_C(1) << (17 - 1)); // SIGTTOU
        Address ignore = team->room(20);
        team->set<uint32_t>(ignore, 0, 1); // SIG_IGN
        for (const char *way : {"block", "ignore"}) {
            team->set<int>(data, 0, member);
            EXPECT_EQ(ioctl(TIOCSPGRP_), HK_B_OK) << way;
            EXPECT_EQ(::tcgetpgrp(slave), member) << way;
            if (way[0] == 'b')
                team->call("set_signal_mask", 1, set, nullptr);
            else
                team->call("sigaction", 17, ignore, nullptr);
            team->set<int>(data, 0, ::getpgrp());
            EXPECT_EQ(ioctl(TIOCSPGRP_), HK_B_OK) << way;
            EXPECT_EQ(::tcgetpgrp(slave), ::getpgrp()) << way;
            team->call("set_signal_mask", 2, set, nullptr);
        }
        ::kill(member, SIGKILL);
        ::waitpid(member, nullptr, 0);
    });
}

TEST_F(Tty, BlockingIsSwitchedOffAndOn)
{
    EXPECT_EQ(ioctl(SET_NONBLOCKING_IO), HK_B_OK);
    EXPECT_EQ(team->call("read", 0, INT64_C(-1), data, 1), HK_B_WOULD_BLOCK);
    EXPECT_EQ(ioctl(SET_BLOCKING_IO), HK_B_OK);
    EXPECT_EQ(::fcntl(slave, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(Tty, QueuesAreFlushed)
{
    ASSERT_EQ(::write(master, "lost\n", 5), 5);
    EXPECT_EQ(ioctl(TCFLSH_, Address{1}), HK_B_ERROR); // as Haiku's ptys say
    ASSERT_EQ(::write(master, "kept\n", 5), 5);
    EXPECT_EQ(team->call("read", 0, INT64_C(-1), data, 64), 5);
    EXPECT_EQ(team->bytes(data, 4), "kept");
    for (uint32_t queues : {0u, 2u, 3u, 4u})
        EXPECT_EQ(ioctl(TCFLSH_, Address{queues}), HK_B_ERROR) << queues;
}

TEST_F(Tty, WhatIsNoTerminalsCommandIsRefused)
{
    EXPECT_EQ(ioctl(TIOCEXCL_), HK_B_OK);
    EXPECT_EQ(ioctl(TIOCNXCL_), HK_B_OK);
    EXPECT_EQ(ioctl(0x5412), HK_B_BAD_VALUE); // the host's TIOCSTI
    EXPECT_EQ(ioctl(~0u), HK_B_BAD_VALUE);
}

TEST_F(Tty, ThereIsNoHardwareWithLines)
{
    EXPECT_EQ(ioctl(TCSBRK_), HK_B_ERROR);
    EXPECT_EQ(ioctl(TIOCSBRK_), HK_B_ERROR);
    for (uint32_t cmd : {TCGETBITS_, TIOCMGET_}) {
        team->set<int>(data, 0, -1);
        EXPECT_EQ(ioctl(cmd), HK_B_OK);
        EXPECT_EQ(team->get<int>(data), 0);
    }
    EXPECT_EQ(ioctl(TIOCMSET_), HK_B_ERROR);
    EXPECT_EQ(ioctl(TIOCMSET_, Address{0x50000000}), HK_B_BAD_ADDRESS);
    team->set<int>(data, 0, 1);
    EXPECT_EQ(ioctl(TIOCMBIS_), HK_B_OK); // none that could be set
    team->set<int>(data, 0, 0x10);
    EXPECT_EQ(ioctl(TIOCMBIS_), HK_B_ERROR);
}

} // namespace
