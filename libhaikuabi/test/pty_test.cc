// pty_test.cc -- pseudo-terminals by Haiku's names.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <fcntl.h>
#include <functional>
#include <pty.h>

namespace
{

using hk::Address;
using hk::Process;
using hk::SharedRoot;
using hk::Team;

enum Mode : int { READ_WRITE = 2, NO_CONTROL = 0x1000 };
enum Command : uint32_t {
    PATH_FOR_DEVICE = 21,
    GET_ATTRIBUTES = 0x8000,
    SET_CONTROL = 0x8011,
    GET_INDEX = 0x8020,
    GRANT = 0x8021
};

int open(Team &team, const char *path, int mode = READ_WRITE | NO_CONTROL)
{
    return static_cast<int>(team.call("open", -1, path, mode, 0));
}

int index_of(Team &team, int fd)
{
    Address to = team.room(4);
    int64_t status = team.call("ioctl", fd, GET_INDEX, to, 4);
    return status == 0 ? team.get<int>(to) : static_cast<int>(status);
}

std::string slave_name(int index)
{
    const char name[] = {static_cast<char>('p' + index / 16),
                         "0123456789abcdef"[index % 16], '\0'};
    return std::string("/dev/tt/") + name;
}

std::string device_path(Team &team, int fd)
{
    Address to = team.room(1024);
    EXPECT_GT(team.call("ioctl", fd, PATH_FOR_DEVICE, to, 1024), 0);
    return team.text(to);
}

int64_t write(Team &team, int fd, const char *text)
{
    return team.call("write", fd, INT64_C(-1), team.put(text),
                     static_cast<int>(std::strlen(text)));
}

std::string read(Team &team, int fd)
{
    Address to = team.room(64);
    int64_t size = team.call("read", fd, INT64_C(-1), to, 64);
    return size < 0 ? "error" : team.bytes(to, static_cast<size_t>(size));
}

TEST(Pty, HasTwoEndsAndAName)
{
    SharedRoot root;
    Team team(root.config());
    int master = open(team, "/dev/ptmx");
    ASSERT_GE(master, 0);
    EXPECT_EQ(index_of(team, master), 0);
    EXPECT_EQ(team.call("ioctl", master, GRANT, nullptr, 0), 0);
    EXPECT_EQ(device_path(team, master), "/dev/ptmx");
    int slave = open(team, "/dev/tt/p0");
    ASSERT_GE(slave, 0);
    EXPECT_EQ(index_of(team, slave), 0);
    EXPECT_EQ(device_path(team, slave), "/dev/tt/p0");
    EXPECT_EQ(team.call("ioctl", slave, GRANT, nullptr, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(write(team, master, "line\n"), 5);
    EXPECT_EQ(read(team, slave), "line\n");
    EXPECT_EQ(read(team, master), "line\r\n");
    EXPECT_EQ(team.call("ioctl", slave, GET_INDEX, Address{0x50000000}, 4),
              HK_B_BAD_ADDRESS);
}

// The end of input counts for one read, be it the first of a descriptor.
TEST(Pty, TellsOfTheEndOfInputOnce)
{
    SharedRoot root;
    Team team(root.config());
    int master = open(team, "/dev/ptmx");
    ASSERT_EQ(team.call("ioctl", master, GRANT, nullptr, 0), 0);
    int slave = open(team, "/dev/tt/p0");
    ASSERT_GE(slave, 0);
    EXPECT_EQ(write(team, master, "\x04line\n"), 6);
    EXPECT_EQ(read(team, slave), "");
    EXPECT_EQ(read(team, slave), "line\n");
}

TEST(Pty, EachMasterIsAnother)
{
    SharedRoot root;
    Team team(root.config());
    int first = open(team, "/dev/ptmx"), second = open(team, "/dev/ptmx");
    EXPECT_EQ(index_of(team, first), 0);
    EXPECT_EQ(index_of(team, second), 1);
    EXPECT_EQ(open(team, "/dev/pt/p1"), HK_B_BUSY);
    int third = open(team, "/dev/pt/s7");
    EXPECT_EQ(index_of(team, third), 55);
    EXPECT_GE(open(team, "/dev/tt/s7"), 0);
    team.call("close", first);
    EXPECT_EQ(open(team, "/dev/tt/p0"), HK_B_IO_ERROR);
    EXPECT_EQ(index_of(team, open(team, "/dev/ptmx")), 0);
}

TEST(Pty, ThereAreSixtyFour)
{
    SharedRoot root;
    Team team(root.config());
    for (int i = 0; i < 64; i++) {
        int master = open(team, "/dev/ptmx");
        ASSERT_EQ(index_of(team, master), i);
        ASSERT_GE(open(team, slave_name(i).c_str()), 0) << i;
    }
    EXPECT_EQ(open(team, "/dev/ptmx"), HK_B_ENTRY_NOT_FOUND);
}

TEST(Pty, WithoutItsMasterIsNone)
{
    SharedRoot root;
    Team team(root.config());
    EXPECT_EQ(open(team, "/dev/tt/p0"), HK_B_IO_ERROR);
    EXPECT_EQ(open(team, "/dev/tt/t0"), HK_B_ENTRY_NOT_FOUND);
    // One of the host's that no guest has made.
    int host_master = -1, host_slave = -1;
    ASSERT_EQ(::openpty(&host_master, &host_slave, nullptr, nullptr, nullptr),
              0);
    int saved = ::fcntl(0, F_DUPFD_CLOEXEC, 100);
    ::dup2(host_slave, 0);
    {
        Team other(root.config());
        EXPECT_EQ(index_of(other, 0), HK_B_BAD_VALUE);
        EXPECT_EQ(open(other, "/dev/tt/p0"), HK_B_IO_ERROR);
    }
    ::dup2(saved, 0);
    ::close(saved);
    ::close(host_master);
    ::close(host_slave);
}

// In a session that a terminal of the host controls, which is its standard
// input: what it finds wrong is its exit status.
int on_hosts(SharedRoot &root, const std::function<int(Team &)> &finds)
{
    int master = -1, slave = -1, status = -1;
    EXPECT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGHUP, SIG_IGN);
        ::setsid();
        ::dup2(slave, 0);
        if (::ioctl(0, TIOCSCTTY, 0) != 0)
            ::_exit(100);
        Team team(root.config());
        ::_exit(finds(team));
    }
    ::close(slave);
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    ::close(master);
    return status;
}

TEST(Pty, TheHostsHasANameForItsSession)
{
    SharedRoot root;
    EXPECT_EQ(on_hosts(root,
                       [&](Team &its) {
                           std::string name = device_path(its, 0);
                           int tty = open(its, name.c_str());
                           Process other(root, [&](Team &same) {
                               return device_path(same, 0) == name ? 0 : 1;
                           });
                           if (name != "/dev/tt/p0" || other.wait() != 0)
                               return 1;
                           if (device_path(its, tty) != name)
                               return 2;
                           return index_of(its, 0) == 0 &&
                                          index_of(its,
                                                   open(its, "/dev/ptmx")) == 1
                                      ? 0
                                      : 3;
                       }),
              0);
    // Its name goes with the session's teams.
    Team team(root.config());
    EXPECT_EQ(index_of(team, open(team, "/dev/ptmx")), 0);
}

TEST(Pty, TheHostsIsNoOtherSessions)
{
    SharedRoot root;
    EXPECT_EQ(on_hosts(root,
                       [&](Team &its) {
                           if (device_path(its, 0) != "/dev/tt/p0")
                               return 1;
                           Process other(root, [](Team &apart) {
                               ::setsid();
                               return open(apart, "/dev/tt/p0") == HK_B_IO_ERROR
                                          ? 0
                                          : 1;
                           });
                           return other.wait();
                       }),
              0);
}

TEST(Pty, AnotherTeamOpensItByName)
{
    SharedRoot root;
    Team team(root.config());
    int master = open(team, "/dev/ptmx");
    Process other(root, [](Team &its) {
        return write(its, open(its, "/dev/tt/p0"), "other") == 5 ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(read(team, master), "other");
}

TEST(Pty, IsItsTeamsUntilItIsKilled)
{
    SharedRoot root;
    Team team(root.config());
    Process other(root, [](Team &its) {
        open(its, "/dev/ptmx");
        its.call("create_port", 1, "opened");
        for (;;)
            ::pause();
        return 0;
    });
    while (team.call("find_port", "opened") < 0)
        ::usleep(1000);
    EXPECT_GE(open(team, "/dev/tt/p0"), 0);
    other.kill();
    EXPECT_EQ(open(team, "/dev/tt/p0"), HK_B_IO_ERROR);
    EXPECT_EQ(index_of(team, open(team, "/dev/ptmx")), 0);
}

TEST(Pty, AForkKeepsItsMasterOpen)
{
    SharedRoot root;
    hk::ThreadedTeam team(root.config());
    int master = open(team, "/dev/ptmx");
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    int64_t child = team.call("fork");
    if (child == 0) {
        char byte;
        ::close(ends[1]);
        ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    ::close(ends[0]);
    ASSERT_GT(child, 0);
    team.call("close", master);
    EXPECT_GE(open(team, "/dev/tt/p0"), 0);
    ::close(ends[1]); // the child goes
    int status = -1;
    EXPECT_EQ(::waitpid(static_cast<pid_t>(child), &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(open(team, "/dev/tt/p0"), HK_B_IO_ERROR);
}

// In a session of its own: what it finds wrong is its exit status.
int in_session(Team &its, int mode)
{
    ::signal(SIGHUP, SIG_IGN);
    ::setsid();
    int master = open(its, "/dev/ptmx");
    int slave = open(its, "/dev/tt/p0", mode);
    int tty = open(its, "/dev/tty");
    if (master < 0 || slave < 0)
        return 10;
    if (tty < 0)
        return 1;
    return write(its, tty, "x") == 1 && read(its, master) == "x" ? 0 : 2;
}

TEST(Pty, ControlsTheSessionOfALeader)
{
    SharedRoot root;
    Process takes(root, [](Team &its) { return in_session(its, READ_WRITE); });
    EXPECT_EQ(takes.wait(), 0);
    Process leaves(root, [](Team &its) {
        return in_session(its, READ_WRITE | NO_CONTROL);
    });
    EXPECT_EQ(leaves.wait(), 1);
}

TEST(Pty, OnlyALeaderMayOpenANewOneForItself)
{
    SharedRoot root;
    Team team(root.config());
    Process leader(root, [](Team &its) {
        ::signal(SIGHUP, SIG_IGN);
        ::setsid();
        open(its, "/dev/ptmx");
        int slave = open(its, "/dev/tt/p0");
        its.call("create_port", 1, "opened");
        while (its.call("find_port", "tried") < 0)
            ::usleep(1000);
        if (its.call("ioctl", slave, SET_CONTROL, nullptr, 0) != 0)
            return 1;
        its.call("create_port", 1, "controlled");
        while (its.call("find_port", "tried again") < 0)
            ::usleep(1000);
        return 0;
    });
    Process member(root, [](Team &its) {
        if (::getsid(0) == ::getpid())
            return 10;
        while (its.call("find_port", "opened") < 0)
            ::usleep(1000);
        if (open(its, "/dev/tt/p0", READ_WRITE) != HK_B_NOT_ALLOWED)
            return 1;
        its.call("create_port", 1, "tried");
        while (its.call("find_port", "controlled") < 0)
            ::usleep(1000);
        return open(its, "/dev/tt/p0", READ_WRITE) >= 0 ? 0 : 2;
    });
    EXPECT_EQ(member.wait(), 0);
    team.call("create_port", 1, "tried again");
    EXPECT_EQ(leader.wait(), 0);
}

TEST(Pty, IsADeviceToStat)
{
    SharedRoot root;
    Team team(root.config());
    Address stat = team.room(88);
    for (const char *path : {"/dev/ptmx", "/dev/pt/p0", "/dev/tt/s9"}) {
        ASSERT_EQ(team.call("read_stat", -1, path, 1, stat, 88), 0) << path;
        EXPECT_EQ(team.get<uint32_t>(stat, 12) & 0170000u, 0020000u) << path;
        EXPECT_EQ(team.get<int>(stat), 2) << path;
        EXPECT_EQ(team.call("write_stat", -1, path, 1, stat, 88, 1),
                  HK_B_NOT_ALLOWED);
    }
    EXPECT_EQ(team.call("open_dir", -1, "/dev/tt/p0"), HK_B_BAD_VALUE);
    int directory = static_cast<int>(team.call("open_dir", -1, "/dev/tt"));
    Address entries = team.room(8192);
    EXPECT_EQ(team.call("read_dir", directory, entries, 8192, 100), 66);
}

} // namespace
