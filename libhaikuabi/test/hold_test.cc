// hold_test.cc -- no process is stopped while it holds what others wait for.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/hold.h"
}

namespace
{

constexpr int A_WHILE = 20000; // us

// A thread that has begun to do something, and whether it is done.
class Doing
{
  public:
    template <typename Act>
    explicit Doing(const Act &act)
        : thread([this, act] {
              begun = true;
              act();
              done = true;
          })
    {
        while (!begun)
            ::usleep(100);
        ::usleep(A_WHILE);
    }
    ~Doing()
    {
        thread.join();
    }
    void await() const
    {
        while (!done)
            ::usleep(100);
    }

    std::atomic<bool> begun{false}, done{false};
    std::thread thread;
};

class Hold : public testing::Test
{
  protected:
    ~Hold() override
    {
        hk_hold_free(hold);
    }

    hk_hold *hold = hk_hold_new();
};

TEST_F(Hold, ClosingWaitsForWhoHolds)
{
    hk_hold_begin(hold);
    Doing closing([this] { hk_hold_close(hold); });
    EXPECT_FALSE(closing.done);
    hk_hold_end(hold);
    closing.await();
    hk_hold_open(hold);
}

TEST_F(Hold, NobodyHoldsWhatIsClosed)
{
    hk_hold_close(hold);
    Doing holding([this] { hk_hold_begin(hold); });
    EXPECT_FALSE(holding.done);
    hk_hold_open(hold);
    holding.await();
}

TEST_F(Hold, ThreadsThatAForkLeavesBehindHoldNothing)
{
    hk_hold_begin(hold);
    hk_hold_fork_child(hold);
    hk_hold_close(hold);
    hk_hold_open(hold);
}

TEST_F(Hold, IsOpenWhenAllHaveOpenedIt)
{
    hk_hold_close(hold);
    hk_hold_close(hold);
    hk_hold_open(hold);
    Doing holding([this] {
        hk_hold_begin(hold);
        hk_hold_end(hold);
    });
    EXPECT_FALSE(holding.done);
    hk_hold_open(hold);
    holding.await();
}

} // namespace
