// fcntl_calls_test.cc -- fcntl, file locks, and what files are told to keep.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

enum Op {
    DUPFD = 1,
    GETFD = 2,
    SETFD = 4,
    GETFL = 8,
    SETFL = 16,
    GETLK = 32,
    SETLK = 128,
    SETLKW = 256,
    DUPFD_CLOEXEC = 512
};

enum Lock : uint16_t { RDLCK = 64, UNLCK = 512, WRLCK = 1024 };

class Fcntl : public testing::Test
{
  protected:
    explicit Fcntl(hk_release release = HK_R1BETA5)
        : team(config(root, release))
    {
        fd = open("/file", 2);
    }

    static hk_config config(const hk::Directory &root, hk_release release)
    {
        root.write("file", "0123456789");
        hk_config config = hk::make_config(root.path.c_str());
        config.release = release;
        return config;
    }

    int open(const char *path, int mode)
    {
        return static_cast<int>(team.call("open", -1, path, mode, 0644));
    }

    int64_t fcntl(int on, int op, int argument = 0)
    {
        return team.call("fcntl", on, op, argument);
    }

    int64_t lock(int on, int op, Lock type, int64_t start, int64_t length,
                 int whence = 0)
    {
        team.set(flock, 0, static_cast<uint16_t>(type));
        team.set(flock, 2, static_cast<uint16_t>(whence));
        team.set(flock, 4, start);
        team.set(flock, 12, length);
        return team.call("fcntl", on, op, flock);
    }

    // What another team finds.
    int elsewhere(const std::function<bool()> &find)
    {
        pid_t child = ::fork();
        if (child == 0)
            ::_exit(find() ? 0 : 1);
        int status = -1;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    }

    hk::Directory root;
    hk::Team team;
    Address flock = team.room(24);
    int fd;
};

class FcntlR1beta6 : public Fcntl
{
  protected:
    FcntlR1beta6() : Fcntl(HK_R1BETA6) {}
};

TEST_F(Fcntl, DescriptorsAreTheLowestFreeNumbers)
{
    EXPECT_EQ(fd, 3);
    EXPECT_EQ(team.call("dup", fd), 4);
    EXPECT_EQ(fcntl(fd, DUPFD, 10), 10);
    EXPECT_EQ(fcntl(fd, DUPFD, 10), 11);
    EXPECT_EQ(fcntl(fd, DUPFD_CLOEXEC, 0), 5);
    EXPECT_EQ(fcntl(5, GETFD), 1);
    EXPECT_EQ(team.call("close", 4), HK_B_OK);
    EXPECT_EQ(open("/file", 0), 4);
    EXPECT_EQ(team.call("close", 4), HK_B_OK);
    EXPECT_EQ(team.call("close", 4), HK_B_FILE_ERROR);
    EXPECT_EQ(fcntl(fd, DUPFD, 256), HK_B_BAD_VALUE);
    EXPECT_EQ(fcntl(fd, DUPFD, -1), HK_B_BAD_VALUE);
    EXPECT_EQ(fcntl(fd, DUPFD, 255), 255);
    EXPECT_EQ(fcntl(fd, DUPFD, 255), HK_B_NO_MORE_FDS);
    EXPECT_EQ(team.call("dup", 99), HK_B_FILE_ERROR);
    EXPECT_EQ(fcntl(99, DUPFD), HK_B_FILE_ERROR);
}

TEST_F(Fcntl, TheTableHasALimit)
{
    int64_t last = 0;

    for (int i = 0; i < 300 && last >= 0; i++)
        last = team.call("dup", fd);
    EXPECT_EQ(last, HK_B_NO_MORE_FDS);
    EXPECT_EQ(open("/file", 0), HK_B_NO_MORE_FDS);
    EXPECT_EQ(team.call("close", 100), HK_B_OK);
    EXPECT_EQ(open("/file", 0), 100);
}

TEST_F(Fcntl, DupSharesThePosition)
{
    Address buffer = team.room(8);
    int copy = static_cast<int>(team.call("dup", fd));

    EXPECT_EQ(team.call("read", fd, INT64_C(-1), buffer, 3), 3);
    EXPECT_EQ(team.call("seek", copy, INT64_C(0), 1), 3);
    EXPECT_EQ(team.call("close", fd), HK_B_OK);
    EXPECT_EQ(team.call("read", copy, INT64_C(-1), buffer, 3), 3);
    EXPECT_EQ(team.bytes(buffer, 3), "345");
}

TEST_F(Fcntl, Dup2PutsAFileInANumber)
{
    EXPECT_EQ(team.call("dup2", fd, 20), 20);
    EXPECT_EQ(fcntl(20, SETFD, 1), HK_B_OK);
    EXPECT_EQ(team.call("dup2", fd, 20), 20);
    EXPECT_EQ(fcntl(20, GETFD), 0);
    EXPECT_EQ(team.call("dup2", 20, 20), 20);
    EXPECT_EQ(team.call("dup2", 99, 20), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("dup2", fd, 256), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("dup2", fd, -1), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("seek", 20, INT64_C(0), 1), 0);
}

TEST_F(Fcntl, FlagsAreKept)
{
    EXPECT_EQ(fcntl(fd, GETFD), 0);
    EXPECT_EQ(fcntl(fd, SETFD, 1), HK_B_OK);
    EXPECT_EQ(fcntl(fd, GETFD), 1);
    EXPECT_EQ(fcntl(fd, SETFD, 2), HK_B_OK);
    EXPECT_EQ(fcntl(fd, GETFD), 0);
    EXPECT_EQ(fcntl(open("/file", 0x42), GETFD), 1);
    EXPECT_EQ(fcntl(fd, GETFL), 2);
    EXPECT_EQ(fcntl(fd, SETFL, 0x881), HK_B_OK);
    EXPECT_EQ(fcntl(fd, GETFL), 0x882);
    EXPECT_EQ(fcntl(fd, SETFL, 0), HK_B_OK);
    EXPECT_EQ(fcntl(fd, GETFL), 2);
    EXPECT_EQ(fcntl(fd, 0x1000), HK_B_BAD_VALUE);
    EXPECT_EQ(fcntl(fd, 1024), HK_B_BAD_VALUE); // F_DUPFD_CLOFORK
    EXPECT_EQ(fcntl(99, GETFD), HK_B_FILE_ERROR);
}

TEST_F(Fcntl, LocksOfRangesKeepOtherTeamsOut)
{
    EXPECT_EQ(lock(fd, SETLK, WRLCK, 2, 4), HK_B_OK);
    EXPECT_EQ(elsewhere([this] {
                  return lock(fd, SETLK, RDLCK, 0, 3) ==
                             HK_B_PERMISSION_DENIED &&
                         lock(fd, SETLK, RDLCK, 6, 0) == HK_B_OK &&
                         lock(fd, GETLK, RDLCK, 0, 0) == HK_B_OK &&
                         team.get<uint16_t>(flock) == WRLCK &&
                         team.get<int64_t>(flock, 4) == 2 &&
                         team.get<int64_t>(flock, 12) == 4 &&
                         team.get<int32_t>(flock, 20) == ::getppid() &&
                         lock(fd, GETLK, WRLCK, 8, 1) == HK_B_OK &&
                         team.get<uint16_t>(flock) == UNLCK &&
                         team.get<int64_t>(flock, 4) == 8;
              }),
              0);
    EXPECT_EQ(lock(fd, SETLK, UNLCK, 0, 0), HK_B_OK);
    EXPECT_EQ(elsewhere([this] {
                  return lock(fd, SETLKW, WRLCK, -3, 3, 2) == HK_B_OK;
              }),
              0);
}

TEST_F(Fcntl, LocksAreChecked)
{
    int reader = open("/file", 0), writer = open("/file", 1);
    int dir = static_cast<int>(team.call("open_dir", -1, "/"));

    EXPECT_EQ(lock(reader, SETLK, WRLCK, 0, 0), HK_B_FILE_ERROR);
    EXPECT_EQ(lock(writer, SETLK, RDLCK, 0, 0), HK_B_FILE_ERROR);
    EXPECT_EQ(lock(fd, SETLK, RDLCK, 0, 0, 7), HK_B_BAD_VALUE);
    EXPECT_EQ(lock(dir, SETLK, RDLCK, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(fcntl(fd, SETLK, 0), HK_B_BAD_ADDRESS);
}

TEST_F(Fcntl, FlockLocksTheOpenFile)
{
    int other = open("/file", 0);

    EXPECT_EQ(team.call("flock", fd, 2), HK_B_OK);
    EXPECT_EQ(team.call("flock", other, 2 | 4), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("flock", other, 1 | 4), HK_B_WOULD_BLOCK);
    EXPECT_EQ(team.call("flock", fd, 8), HK_B_OK);
    EXPECT_EQ(team.call("flock", other, 1), HK_B_OK);
    EXPECT_EQ(team.call("flock", fd, 1 | 4), HK_B_OK);
    EXPECT_EQ(team.call("flock", fd, 3), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("flock", fd, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("flock", 99, 1), HK_B_FILE_ERROR);
}

TEST_F(Fcntl, ANodeIsLockedOnce)
{
    int other = open("/file", 0);

    EXPECT_EQ(team.call("unlock_node", fd), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("lock_node", fd), HK_B_OK);
    EXPECT_EQ(team.call("lock_node", fd), HK_B_BUSY);
    EXPECT_EQ(team.call("lock_node", other), HK_B_BUSY);
    EXPECT_EQ(team.call("unlock_node", other), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unlock_node", fd), HK_B_OK);
    EXPECT_EQ(team.call("lock_node", other), HK_B_OK);
    EXPECT_EQ(team.call("lock_node", 99), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("unlock_node", 99), HK_B_FILE_ERROR);
}

TEST_F(Fcntl, SyncAndPreallocate)
{
    int reader = open("/file", 0);
    int dir = static_cast<int>(team.call("open_dir", -1, "/"));

    EXPECT_EQ(team.call("fsync", fd), HK_B_OK);
    EXPECT_EQ(team.call("fsync", dir), HK_B_OK);
    EXPECT_EQ(team.call("fsync", 99), HK_B_FILE_ERROR);
    EXPECT_EQ(team.call("sync"), HK_B_OK);
    int64_t result = team.call("preallocate", fd, INT64_C(0), INT64_C(4096));
    EXPECT_TRUE(result == HK_B_OK || result == HK_B_UNSUPPORTED);
    if (result == HK_B_OK) {
        EXPECT_EQ(root.read("file").size(), 4096u);
    }
    const struct {
        int fd;
        int64_t offset, length, result;
    } rows[] = {
        {fd, -1, 1, HK_B_BAD_VALUE},
        {fd, 0, 0, HK_B_BAD_VALUE},
        {fd, INT64_MAX, 2, HK_B_FILE_TOO_LARGE},
        {reader, 0, 1, HK_B_FILE_ERROR},
        {dir, 0, 1, HK_B_FILE_ERROR},
        {open("/dev/null", 1), 0, 1, HK_B_DEVICE_NOT_FOUND},
        {99, 0, 1, HK_B_FILE_ERROR},
    };
    for (const auto &row : rows)
        EXPECT_EQ(team.call("preallocate", row.fd, row.offset, row.length),
                  row.result)
            << row.fd << " " << row.offset;
}

TEST_F(Fcntl, TheTableIsTold)
{
    Address cookie = team.room(4), info = team.room(24), stat = team.room(88);
    int team_id = static_cast<int>(team.call("get_current_team"));

    team.set<uint32_t>(cookie, 0, 3);
    EXPECT_EQ(fcntl(fd, DUPFD, 10), 10);
    ASSERT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 20),
              HK_B_OK);
    ASSERT_EQ(team.call("read_stat", fd, nullptr, 0, stat, 88), HK_B_OK);
    EXPECT_EQ(team.get<int>(info), fd);
    EXPECT_EQ(team.get<uint32_t>(info, 4), 2u);
    EXPECT_EQ(team.get<int>(info, 8), team.get<int>(stat));
    EXPECT_EQ(team.get<int64_t>(info, 12), team.get<int64_t>(stat, 4));
    EXPECT_EQ(team.get<uint32_t>(info, 20), 0u);
    EXPECT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 20),
              HK_B_OK);
    EXPECT_EQ(team.get<int>(info), 10);
    EXPECT_EQ(team.get<uint32_t>(cookie), 11u);
    EXPECT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 20),
              HK_B_ENTRY_NOT_FOUND);
    team.set<uint32_t>(cookie, 0, ~0u);
    EXPECT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 20),
              HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Fcntl, TheTableIsToldToWhoMayKnow)
{
    Address cookie = team.room(4), info = team.room(24);
    int team_id = static_cast<int>(team.call("get_current_team"));

    EXPECT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 24),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_fd_info", 999999999, cookie, info, 20),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("get_next_fd_info", team_id, nullptr, info, 20),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(
        team.call("get_next_fd_info", team_id, cookie, Address{0x80000000}, 20),
        HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("setreuid", 1000, ~0u, 1), HK_B_OK);
    EXPECT_EQ(team.call("get_next_fd_info", team_id, cookie, info, 20),
              HK_B_NOT_ALLOWED);
}

TEST_F(Fcntl, ClosingAStandardDescriptorLeavesItsNumberTaken)
{
    struct stat before, after;

    if (elsewhere([&] {
            ::fstat(0, &before);
            team.call("close", 0);
            int file = open("/file", 0);
            ::fstat(0, &after);
            return file == 0 && S_ISCHR(after.st_mode) && after.st_size != 10;
        }) != 0)
        ADD_FAILURE() << "the host's standard input became the file";
}

TEST_F(FcntlR1beta6, KnowsCloseOnForkAndCloseRange)
{
    EXPECT_EQ(team.call("dup2", fd, 20, 0x400000), 20);
    EXPECT_EQ(fcntl(20, GETFD), 2);
    EXPECT_EQ(team.call("dup2", fd, 21, 0x40), 21);
    EXPECT_EQ(fcntl(21, GETFD), 1);
    EXPECT_EQ(team.call("dup2", fd, 20, 0x80), HK_B_BAD_VALUE);
    EXPECT_EQ(fcntl(fd, 1024, 30), 30); // F_DUPFD_CLOFORK
    EXPECT_EQ(fcntl(30, GETFD), 2);
    EXPECT_EQ(team.call("fsync", fd, 1), HK_B_OK);
    EXPECT_EQ(team.call("close_range", 20u, 21u, 4), HK_B_OK);
    EXPECT_EQ(fcntl(20, GETFD), 3);
    EXPECT_EQ(team.call("close_range", 20u, 0xffffffffu, 0), HK_B_OK);
    EXPECT_EQ(fcntl(20, GETFD), HK_B_FILE_ERROR);
    EXPECT_EQ(fcntl(30, GETFD), HK_B_FILE_ERROR);
    EXPECT_EQ(fcntl(fd, GETFD), 0);
    EXPECT_EQ(team.call("close_range", 5u, 4u, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("close_range", 4u, 5u, 1), HK_B_BAD_VALUE);
    // Only two negative numbers are no descriptor.
    EXPECT_GE(team.call("open", -100, "file", 0, 0), 0);
    EXPECT_GE(team.call("open", -1, "file", 0, 0), 0);
    EXPECT_EQ(team.call("open", -2, "file", 0, 0), HK_B_FILE_ERROR);
}

} // namespace
