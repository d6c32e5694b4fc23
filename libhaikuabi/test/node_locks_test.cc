// node_locks_test.cc -- lock_node: nobody opens a file meanwhile.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <csignal>
#include <sys/wait.h>

namespace
{

class NodeLocks : public testing::Test
{
  protected:
    NodeLocks() : team(config(shared)), one(open()) {}

    static hk_config config(hk::SharedRoot &shared)
    {
        shared.root.write("file", "text");
        return shared.config();
    }
    int open()
    {
        return static_cast<int>(team.call("open", -1, "/file", 0, 0));
    }
    // Runs in a forked team, which ends with what it returns.
    template <typename F> pid_t fork(F run)
    {
        int64_t child = team.call("fork");

        if (child == 0)
            ::_exit(run());
        EXPECT_GT(child, 0);
        return static_cast<pid_t>(child);
    }
    static int status_of(pid_t child)
    {
        int status = -1;

        EXPECT_EQ(::waitpid(child, &status, 0), child);
        return status;
    }

    hk::SharedRoot shared;
    hk::ThreadedTeam team;
    int one;
};

TEST_F(NodeLocks, KeepOtherTeamsFromOpening)
{
    auto opens = [](hk::Team &other) {
        return other.call("open", -1, "/file", 0, 0) == HK_B_BUSY ? 1 : 0;
    };

    EXPECT_EQ(hk::Process(shared, opens).wait(), 0);
    ASSERT_EQ(team.call("lock_node", one), HK_B_OK);
    EXPECT_EQ(hk::Process(shared, opens).wait(), 1);
    ASSERT_EQ(team.call("unlock_node", one), HK_B_OK);
    EXPECT_EQ(hk::Process(shared, opens).wait(), 0);
}

TEST_F(NodeLocks, EndWithATeamThatIsKilled)
{
    int fds[2];
    char byte = 0;

    ASSERT_EQ(::pipe(fds), 0);
    ASSERT_EQ(team.call("close", one), HK_B_OK);
    pid_t child = fork([&] {
        int own = open();

        if (team.call("lock_node", own) != HK_B_OK ||
            ::write(fds[1], "l", 1) != 1)
            return 1;
        for (;;)
            ::pause();
    });
    ASSERT_EQ(::read(fds[0], &byte, 1), 1);
    EXPECT_EQ(open(), HK_B_BUSY);
    ::kill(child, SIGKILL);
    status_of(child);
    EXPECT_GE(open(), 0);
    ::close(fds[0]);
    ::close(fds[1]);
}

// The descriptor is one, whoever of the two closes it first.
TEST_F(NodeLocks, AreAForksAsWell)
{
    int fds[2];

    ASSERT_EQ(::pipe(fds), 0);
    ASSERT_EQ(team.call("lock_node", one), HK_B_OK);
    pid_t child = fork([&] {
        char byte;

        if (::read(fds[0], &byte, 1) != 1 || open() != HK_B_BUSY ||
            team.call("unlock_node", one) != HK_B_OK)
            return 1;
        return open() < 0 ? 2 : 0;
    });
    ASSERT_EQ(team.call("close", one), HK_B_OK);
    EXPECT_EQ(open(), HK_B_BUSY);
    ASSERT_EQ(::write(fds[1], "g", 1), 1);
    EXPECT_EQ(status_of(child), 0);
    EXPECT_GE(open(), 0);
    ::close(fds[0]);
    ::close(fds[1]);
}

TEST_F(NodeLocks, AreNotEndedByAForksEnd)
{
    ASSERT_EQ(team.call("lock_node", one), HK_B_OK);
    EXPECT_EQ(status_of(fork(
                  [&] { return team.call("close", one) == HK_B_OK ? 0 : 1; })),
              0);
    EXPECT_EQ(open(), HK_B_BUSY);
    EXPECT_EQ(team.call("unlock_node", one), HK_B_OK);
}

TEST_F(NodeLocks, AreOfNodesAlone)
{
    int32_t queue = static_cast<int32_t>(team.call("event_queue_create", 0));
    int32_t socket = static_cast<int32_t>(team.call("socket", 1, 1, 0));

    for (int32_t fd : {queue, socket, 99}) {
        EXPECT_EQ(team.call("lock_node", fd), HK_B_FILE_ERROR) << fd;
        EXPECT_EQ(team.call("unlock_node", fd), HK_B_FILE_ERROR) << fd;
    }
}

} // namespace
