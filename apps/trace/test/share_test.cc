/* share_test.cc -- teams that share memory run one at a time. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/share.h"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

/* A child's exit status is what body returns. */
pid_t start(const std::function<int()> &body)
{
    const pid_t pid = fork();

    if (pid == 0)
        _exit(body());
    return pid;
}

int end_of(pid_t pid)
{
    int status = -1;

    waitpid(pid, &status, 0);
    return status;
}

class Share : public testing::Test
{
  protected:
    Share()
        : share(tr_share_new()), team(tr_share_join(share)),
          counter(static_cast<volatile int *>(
              mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0)))
    {
    }

    /* Adds so often, not in one step. */
    int add(uint32_t who, int count)
    {
        for (int i = 0; i < count; i++) {
            tr_share_take(share, who);
            const int before = *counter;
            if (i % 64 == 0)
                usleep(10);
            *counter = before + 1;
            tr_share_give(share);
        }
        return 0;
    }

    struct tr_share *share;
    const uint32_t team;
    volatile int *counter;
};

TEST_F(Share, TeamsTakeTurns)
{
    constexpr int count = 2000, children = 3;
    pid_t pids[children];

    for (pid_t &pid : pids)
        pid = start([&] { return add(tr_share_join(share), count); });
    add(team, count);
    for (pid_t pid : pids)
        EXPECT_EQ(end_of(pid), 0);
    EXPECT_EQ(*counter, (children + 1) * count);
    EXPECT_TRUE(tr_share_has_others(share));
}

TEST_F(Share, OthersAreNoticed)
{
    EXPECT_FALSE(tr_share_has_others(share));
    EXPECT_TRUE(tr_share_take(share, team)); /* nobody's until now */
    tr_share_give(share);
    EXPECT_FALSE(tr_share_take(share, team));
    tr_share_give(share);
    EXPECT_EQ(end_of(start([&] { return add(tr_share_join(share), 1); })), 0);
    EXPECT_TRUE(tr_share_take(share, team));
    tr_share_give(share);
}

TEST_F(Share, WhoWaitsIsLetIn)
{
    tr_share_take(share, team);
    const pid_t pid = start([&] { return add(tr_share_join(share), 1); });
    while (!tr_share_is_wanted(share, team))
        usleep(100);
    tr_share_give(share);
    while (*counter == 0) {
        tr_share_take(share, team);
        tr_share_give(share);
    }
    EXPECT_EQ(end_of(pid), 0);
    EXPECT_FALSE(tr_share_is_wanted(share, team));
}

TEST_F(Share, TheDeadHaveGivenItBack)
{
    const pid_t pid = start([&] {
        tr_share_take(share, tr_share_join(share));
        raise(SIGKILL);
        return 0;
    });

    EXPECT_TRUE(WIFSIGNALED(end_of(pid)));
    EXPECT_TRUE(tr_share_take(share, team));
    tr_share_give(share);
    EXPECT_EQ(add(team, 1), 0);
}

} // namespace
