// deaths_test.cc -- a descriptor that tells when another team has ended.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

#include <fcntl.h>
#include <poll.h>

namespace
{

using hk::Process;
using hk::SharedRoot;
using hk::Team;

constexpr int NOT_NOW = 0, FOR_EVER = -1;

bool is_readable(int fd, int timeout)
{
    pollfd polled{fd, POLLIN, 0};
    return ::poll(&polled, 1, timeout) == 1;
}

class Deaths : public testing::Test
{
  protected:
    Deaths() : team(root.config()) {}

    std::unique_ptr<Process> start()
    {
        auto made = std::make_unique<Process>(root, hk::have_a_port);
        hk::await_ports(team, ++started);
        return made;
    }

    SharedRoot root;
    Team team;
    unsigned started = 0;
};

TEST_F(Deaths, AreToldOfEachTeam)
{
    auto one = start(), two = start();
    int fd = probe_deaths(team.harness);
    ASSERT_GE(fd, 0);
    EXPECT_FALSE(is_readable(fd, NOT_NOW));
    for (auto *victim : {&one, &two}) {
        ::kill((*victim)->pid, SIGKILL);
        EXPECT_TRUE(is_readable(fd, FOR_EVER));
        EXPECT_EQ(probe_deaths(team.harness), fd);
        EXPECT_FALSE(is_readable(fd, NOT_NOW));
    }
    EXPECT_EQ(probe_count(team.harness).teams, 1u);
}

TEST_F(Deaths, AreToldOfATeamInTheSamePlace)
{
    for (int i = 0; i < 3; i++) {
        started = 0;
        auto one = start();
        int fd = probe_deaths(team.harness);
        EXPECT_FALSE(is_readable(fd, NOT_NOW));
        ::kill(one->pid, SIGKILL);
        EXPECT_TRUE(is_readable(fd, FOR_EVER));
        one->wait();
        EXPECT_EQ(probe_count(team.harness).teams, 1u);
    }
}

TEST_F(Deaths, AreNotToldTwiceWhenOthersHoldTheDescriptors)
{
    auto one = start();
    int fd = probe_deaths(team.harness);
    Process holder(root, [](Team &) { // of the fork's copies
        for (;;)
            ::pause();
        return 0;
    });
    ::kill(one->pid, SIGKILL);
    EXPECT_TRUE(is_readable(fd, FOR_EVER));
    probe_deaths(team.harness);
    EXPECT_FALSE(is_readable(fd, NOT_NOW));
}

TEST_F(Deaths, AreAForksOwnToWatch)
{
    auto one = start();
    int fd = probe_deaths(team.harness), status = -1;
    pid_t child = ::fork();
    if (child == 0) {
        probe_deaths_forked(team.harness);
        ::_exit(::fcntl(fd, F_GETFD) == -1 ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(is_readable(fd, NOT_NOW));
    ::kill(one->pid, SIGKILL);
    EXPECT_TRUE(is_readable(fd, FOR_EVER));
}

} // namespace
