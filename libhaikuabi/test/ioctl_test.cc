// ioctl_test.cc -- ioctl, on terminals and on what is none.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum Command : uint32_t {
    GUEST_TCGETA = 0x8000,
    GUEST_TCSETA = 0x8001,
    GUEST_TCSETAF = 0x8002,
    GUEST_TCSETAW = 0x8003,
    GUEST_TCFLSH = 0x8006,
    GUEST_TCXONC = 0x8007,
    GUEST_TIOCGWINSZ = 0x800c,
    GUEST_TIOCSWINSZ = 0x800d,
    GUEST_TIOCGPGRP = 0x800f,
    GUEST_TIOCSPGRP = 0x8010,
    GUEST_TIOCGSID = 0x8018,
    GUEST_TIOCOUTQ = 0x8019,
    GUEST_FIONBIO = 0xbe000000,
    GUEST_FIONREAD = 0xbe000001,
    GUEST_PATH_FOR_DEVICE = 21
};

// A team whose standard input is a terminal.
class Ioctl : public testing::TestWithParam<hk_release>
{
  protected:
    Ioctl()
    {
        saved = ::fcntl(0, F_DUPFD_CLOEXEC, 100);
        EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
        ::dup2(slave, 0);
        root.write("file", "text");
        hk_config config = hk::make_config(root.path.c_str());
        config.release = GetParam();
        team = std::make_unique<hk::Team>(config);
        data = team->room(64);
    }
    ~Ioctl() override
    {
        team.reset();
        ::dup2(saved, 0);
        ::close(saved);
        ::close(master);
        ::close(slave);
    }

    int64_t ioctl(int fd, uint32_t cmd, Address at)
    {
        return team->call("ioctl", fd, cmd, at, 0xdeadbeefu);
    }
    int64_t ioctl(uint32_t cmd)
    {
        return ioctl(0, cmd, data);
    }
    struct termios host()
    {
        struct termios all;
        EXPECT_EQ(::tcgetattr(slave, &all), 0);
        return all;
    }

    hk::Directory root;
    std::unique_ptr<hk::Team> team;
    Address data{};
    int saved, master = -1, slave = -1;
};

INSTANTIATE_TEST_SUITE_P(Releases, Ioctl,
                         testing::Values(HK_R1BETA4, HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return std::string(hk_release_name(info.param));
                         });

TEST_P(Ioctl, TellsTheTerminalsModes)
{
    struct termios all = host();

    all.c_iflag = ICRNL | IXON;
    all.c_oflag = OPOST | ONLCR;
    all.c_lflag = ISIG | ICANON | ECHO | IEXTEN;
    all.c_cc[VEOF] = 4;
    all.c_cc[VINTR] = 3;
    all.c_cc[VSUSP] = 26;
    ::cfsetspeed(&all, B9600);
    ::tcsetattr(slave, TCSANOW, &all);
    std::memset(team->host(data), 0xee, 64);
    ASSERT_EQ(ioctl(GUEST_TCGETA), HK_B_OK);
    EXPECT_EQ(team->get<uint16_t>(data, 0), 0x100 | 0x400);
    EXPECT_EQ(team->get<uint16_t>(data, 4), 0x1 | 0x4);
    EXPECT_EQ(team->get<uint16_t>(data, 8) & 0x3f, 0x20 | 0xd);
    EXPECT_EQ(team->get<uint16_t>(data, 12), 0x1 | 0x2 | 0x8 | 0x200);
    const uint8_t *cc = team->host(data) + 19;
    EXPECT_EQ(cc[0], 3);
    EXPECT_EQ(cc[4], 4);
    EXPECT_EQ(cc[10], 26);
    // haiku-abi/structs.md: 32 bytes, 30 from r1beta6 on.
    uint32_t size = GetParam() == HK_R1BETA6 ? 30 : 32;
    EXPECT_EQ(team->get<uint8_t>(data, size), 0xee);
    EXPECT_NE(team->get<uint8_t>(data, size - 1), 0xee);
}

TEST_P(Ioctl, SetsTheTerminalsModes)
{
    ASSERT_EQ(ioctl(GUEST_TCGETA), HK_B_OK);
    for (uint32_t cmd : {GUEST_TCSETA, GUEST_TCSETAW, GUEST_TCSETAF}) {
        // Raw, as an editor makes it.
        team->set(data, 0, uint16_t{0});
        team->set(data, 4, uint16_t{0});
        team->set(data, 12, uint16_t{0});
        team->set(data, 19 + 4, uint8_t{1});
        team->set(data, 19 + 5, uint8_t{7});
        ASSERT_EQ(ioctl(cmd), HK_B_OK);
        EXPECT_EQ(host().c_lflag & (ICANON | ECHO | ISIG), 0u);
        EXPECT_EQ(host().c_oflag & OPOST, 0u);
        EXPECT_EQ(host().c_cc[VMIN], 1);
        EXPECT_EQ(host().c_cc[VTIME], 7);
        team->set(data, 12, uint16_t{0x2 | 0x8});
        team->set(data, 19 + 4, uint8_t{4});
        ASSERT_EQ(ioctl(cmd), HK_B_OK);
        EXPECT_NE(host().c_lflag & ICANON, 0u);
        EXPECT_EQ(host().c_cc[VEOF], 4);
    }
}

// What is got and set again changes nothing.
TEST_P(Ioctl, ModesSurviveTheWayThereAndBack)
{
    struct termios before = host();

    ASSERT_EQ(ioctl(GUEST_TCGETA), HK_B_OK);
    ASSERT_EQ(ioctl(GUEST_TCSETA), HK_B_OK);
    struct termios after = host();
    EXPECT_EQ(before.c_iflag, after.c_iflag);
    EXPECT_EQ(before.c_oflag, after.c_oflag);
    EXPECT_EQ(before.c_cflag, after.c_cflag);
    EXPECT_EQ(before.c_lflag, after.c_lflag);
    EXPECT_EQ(std::memcmp(before.c_cc, after.c_cc, sizeof(before.c_cc)), 0);
}

TEST_P(Ioctl, TheWindowHasASize)
{
    struct winsize size = {24, 80, 1, 2};

    ::ioctl(slave, TIOCSWINSZ, &size);
    ASSERT_EQ(ioctl(GUEST_TIOCGWINSZ), HK_B_OK);
    EXPECT_EQ(team->get<uint16_t>(data, 0), 24);
    EXPECT_EQ(team->get<uint16_t>(data, 2), 80);
    EXPECT_EQ(team->get<uint16_t>(data, 6), 2);
    team->set(data, 2, uint16_t{132});
    ASSERT_EQ(ioctl(GUEST_TIOCSWINSZ), HK_B_OK);
    ::ioctl(slave, TIOCGWINSZ, &size);
    EXPECT_EQ(size.ws_col, 132);
}

TEST_P(Ioctl, CountsWhatWaits)
{
    ASSERT_EQ(::write(master, "abc\n", 4), 4);
    struct pollfd arrived = {slave, POLLIN, 0};
    ASSERT_EQ(::poll(&arrived, 1, 10000), 1);
    ASSERT_EQ(ioctl(GUEST_FIONREAD), HK_B_OK);
    EXPECT_EQ(team->get<int>(data), 4);
    EXPECT_EQ(ioctl(GUEST_TIOCOUTQ),
              GetParam() == HK_R1BETA4 ? HK_B_BAD_VALUE : HK_B_OK);
    EXPECT_EQ(team->call("read", 0, INT64_C(0), data, 60), 4);
    ASSERT_EQ(::write(master, "x\n", 2), 2);
    ASSERT_EQ(::poll(&arrived, 1, 10000), 1);
    EXPECT_EQ(ioctl(0, GUEST_TCFLSH, Address{1}), HK_B_ERROR); // it did
    ASSERT_EQ(ioctl(GUEST_FIONREAD), HK_B_OK);
    EXPECT_EQ(team->get<int>(data), 0);
    EXPECT_EQ(ioctl(0, GUEST_TCFLSH, Address{4}), HK_B_ERROR);
}

TEST_P(Ioctl, NonBlockingCanBeAskedForEverywhere)
{
    team->set(data, 0, 1);
    EXPECT_EQ(ioctl(GUEST_FIONBIO), HK_B_OK);
    EXPECT_EQ(team->call("fcntl", 0, 8, 0) & 0x80, 0x80);
    EXPECT_EQ(team->call("read", 0, INT64_C(-1), data, 1), HK_B_WOULD_BLOCK);
    team->set(data, 0, 0);
    EXPECT_EQ(ioctl(GUEST_FIONBIO), HK_B_OK);
    EXPECT_EQ(team->call("fcntl", 0, 8, 0) & 0x80, 0);
    EXPECT_EQ(ioctl(0, GUEST_FIONBIO, Address{0}), HK_B_BAD_VALUE);
    EXPECT_EQ(ioctl(0, GUEST_FIONBIO, Address{8}), HK_B_BAD_ADDRESS);
}

TEST_P(Ioctl, OtherFilesAreNoTerminals)
{
    int file = static_cast<int>(team->call("open", -1, "/file", 0, 0));
    int null = static_cast<int>(team->call("open", -1, "/dev/null", 0, 0));
    int dir = static_cast<int>(team->call("open_dir", -1, "/dev"));

    for (uint32_t cmd : {GUEST_TCGETA, GUEST_TIOCGWINSZ, GUEST_TIOCGPGRP}) {
        EXPECT_EQ(ioctl(file, cmd, data), HK_ENOTTY) << cmd;
        EXPECT_EQ(ioctl(null, cmd, data), HK_B_NOT_ALLOWED) << cmd;
        EXPECT_EQ(ioctl(dir, cmd, data), HK_B_BAD_VALUE) << cmd;
    }
    EXPECT_EQ(ioctl(0, 7, data), HK_B_BAD_VALUE); // B_GET_GEOMETRY
    EXPECT_EQ(ioctl(0, GUEST_TCXONC, data), HK_B_BAD_VALUE);
    EXPECT_EQ(ioctl(99, GUEST_TCGETA, data), HK_B_FILE_ERROR);
    EXPECT_EQ(ioctl(0, GUEST_TCGETA, Address{0x80000000}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(ioctl(0, GUEST_TCGETA, Address{16}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(ioctl(0, GUEST_TCSETA, Address{16}), HK_B_BAD_ADDRESS);
    // The test does not own the terminal.
    EXPECT_EQ(ioctl(GUEST_TIOCGPGRP), HK_ENOTTY);
    EXPECT_EQ(ioctl(GUEST_TIOCGSID), HK_ENOTTY);
    EXPECT_EQ(ioctl(GUEST_TIOCSPGRP), HK_ENOTTY);
}

TEST_P(Ioctl, TellsTheGuestsPathOfADevice)
{
    int null = static_cast<int>(team->call("open", -1, "/dev/null", 0, 0));
    int file = static_cast<int>(team->call("open", -1, "/file", 0, 0));

    ASSERT_EQ(ioctl(null, GUEST_PATH_FOR_DEVICE, data), 9);
    EXPECT_EQ(team->text(data), "/dev/null");
    EXPECT_EQ(ioctl(null, GUEST_PATH_FOR_DEVICE, Address{16}),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(ioctl(file, GUEST_PATH_FOR_DEVICE, data), HK_ENOTTY);
    // The terminal is none of the session's: no path leads to it.
    EXPECT_EQ(ioctl(GUEST_PATH_FOR_DEVICE), HK_ENOTTY);
}

// The session of another process has the terminal.
TEST_P(Ioctl, TheSessionsTerminalHasAName)
{
    pid_t child = ::fork();
    int status = -1;

    if (child == 0) {
        bool good = ::setsid() > 0 && ::ioctl(0, TIOCSCTTY, 0) == 0 &&
                    ioctl(GUEST_PATH_FOR_DEVICE) == 10 &&
                    team->text(data) == "/dev/tt/p0";
        ::_exit(good ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

} // namespace
