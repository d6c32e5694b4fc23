// mutex_queue_test.cc -- locks in memory that teams share.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <atomic>

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

enum : uint32_t { SHARED = 0x40000000, LOCKED = 1, WAITING = 2 };
enum : uint32_t { HERE = 0x30000000, THERE = 0x40000000, OTHER = 8 };

std::atomic<uint32_t> &word(Team &team, uint32_t address)
{
    return *reinterpret_cast<std::atomic<uint32_t> *>(
        team.host(Address{address}));
}

class SharedWords : public testing::TestWithParam<hk_release>
{
  protected:
    SharedWords() : config(root.config())
    {
        config.release = GetParam();
        made = std::make_unique<hk::ThreadedTeam>(config);
        Address at = team().room(4);
        team().set(at, 0, (uint32_t)HERE);
        area = (int)team().call("create_area", "shared", at, 1, 4096, 0, 0x103);
    }
    ~SharedWords() override
    {
        EXPECT_STREQ(probe_shared(team().harness), "");
    }
    hk::ThreadedTeam &team()
    {
        return *made;
    }

    // Another team, which has the memory at another address.
    std::unique_ptr<Process> other(const std::function<int(Team &)> &act)
    {
        return std::make_unique<Process>(root, config, [this, act](Team &its) {
            Address at = its.room(4);
            its.set(at, 0, (uint32_t)THERE);
            if (its.call("clone_area", "clone", at, 1, 3, area) <= 0)
                return 98;
            return act(its);
        });
    }
    int64_t lock(Team &its, uint32_t at, uint32_t flags = 0,
                 int64_t timeout = 0)
    {
        return its.call("mutex_lock", Address{at}, nullptr, flags | SHARED,
                        timeout);
    }
    // As libroot does (mutex_test.cc).
    void take(Team &its, uint32_t at)
    {
        uint32_t old = 0;
        if (GetParam() == HK_R1BETA4)
            old = word(its, at).fetch_or(LOCKED);
        else
            word(its, at).compare_exchange_strong(old, LOCKED);
        if (old != 0) {
            EXPECT_EQ(lock(its, at), 0);
        }
    }
    void give(Team &its, uint32_t at)
    {
        bool waited =
            (word(its, at).fetch_and(~uint32_t{LOCKED}) & WAITING) != 0;
        if (!waited)
            return;
        if (GetParam() == HK_R1BETA4) {
            word(its, at).fetch_or(LOCKED);
            its.call("mutex_unlock", Address{at}, SHARED + 0u);
        } else {
            its.call("mutex_unblock", Address{at}, SHARED + 0u);
        }
    }
    void await_waiters(unsigned count)
    {
        while (probe_count(team().harness).waiters != count)
            ::usleep(1000);
    }

    hk::SharedRoot root;
    hk_config config;
    std::unique_ptr<hk::ThreadedTeam> made;
    int area;
};

TEST_P(SharedWords, KeepTeamsApart)
{
    enum { TEAMS = 4, ROUNDS = 3000 };
    auto count = [&](Team &its, uint32_t at) {
        for (int i = 0; i < ROUNDS; i++) {
            take(its, at);
            auto &counter = word(its, at + OTHER);
            counter.store(counter.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
            give(its, at);
        }
    };
    std::vector<std::unique_ptr<Process>> others;
    for (int i = 1; i < TEAMS; i++)
        others.push_back(other([&](Team &its) {
            count(its, THERE);
            return 0;
        }));
    count(team(), HERE);
    for (auto &one : others)
        EXPECT_EQ(one->wait(), 0);
    EXPECT_EQ(word(team(), HERE + OTHER), (unsigned)TEAMS * ROUNDS);
    EXPECT_EQ(word(team(), HERE), 0u);
    EXPECT_EQ(probe_count(team().harness).waiters, 0u);
}

TEST_P(SharedWords, AreHandedToWhoWaitedFirst)
{
    take(team(), HERE);
    auto first = other([&](Team &its) {
        take(its, THERE);
        uint32_t before = word(its, THERE + OTHER).exchange(1);
        give(its, THERE);
        return (int)before;
    });
    await_waiters(1);
    auto second = other([&](Team &its) {
        take(its, THERE);
        uint32_t before = word(its, THERE + OTHER).exchange(2);
        give(its, THERE);
        return (int)before;
    });
    await_waiters(2);
    give(team(), HERE);
    EXPECT_EQ(first->wait(), 0);
    EXPECT_EQ(second->wait(), 1);
}

TEST_P(SharedWords, WaitsTimeOut)
{
    take(team(), HERE);
    auto late = other([&](Team &its) {
        return lock(its, THERE, hk::RELATIVE, 20000) == HK_B_TIMED_OUT ? 0 : 1;
    });
    EXPECT_EQ(late->wait(), 0);
    EXPECT_EQ(word(team(), HERE), (uint32_t)LOCKED); // nobody waits
}

TEST_P(SharedWords, ADeadWaiterIsPassedOver)
{
    take(team(), HERE);
    auto dead = other([&](Team &its) {
        take(its, THERE);
        return 0;
    });
    await_waiters(1);
    auto next = other([&](Team &its) {
        take(its, THERE);
        give(its, THERE);
        return 0;
    });
    await_waiters(2);
    dead->kill();
    await_waiters(1);
    give(team(), HERE);
    EXPECT_EQ(next->wait(), 0);
}

TEST_P(SharedWords, AreSemaphoresToo)
{
    auto taker = other([&](Team &its) {
        return (int)its.call("mutex_sem_acquire", Address{THERE}, nullptr,
                             (uint32_t)SHARED, int64_t{0});
    });
    await_waiters(1);
    EXPECT_EQ((int)word(team(), HERE), -1);
    if (GetParam() == HK_R1BETA4)
        team().call("mutex_sem_release", Address{HERE});
    else
        team().call("mutex_sem_release", Address{HERE}, (uint32_t)SHARED);
    EXPECT_EQ(taker->wait(), 0);
    EXPECT_EQ(word(team(), HERE), 0u);
}

TEST_P(SharedWords, AreSwitchedBetween)
{
    const uint32_t own = HERE, theirs = HERE + 64;
    take(team(), own);
    auto holder = other([&](Team &its) {
        take(its, THERE + 64);
        word(its, THERE + OTHER) = 1;
        take(its, THERE); // until the other one has switched
        give(its, THERE + 64);
        return 0;
    });
    while (word(team(), HERE + OTHER) == 0)
        ::usleep(1000);
    await_waiters(1);
    int64_t status = GetParam() == HK_R1BETA4
                         ? team().call("mutex_switch_lock", Address{own},
                                       Address{theirs}, nullptr, 0u, int64_t{0})
                         : team().call("mutex_switch_lock", Address{own},
                                       (uint32_t)SHARED, Address{theirs},
                                       nullptr, (uint32_t)SHARED, int64_t{0});
    EXPECT_EQ(status, 0);
    EXPECT_EQ(holder->wait(), 0);
}

// Without memory that is shared the flag means nothing.
TEST_P(SharedWords, MayBePrivateAfterAll)
{
    Address at = team().room(4);
    team().set(at, 0, (uint32_t)(HERE + 0x10000));
    ASSERT_GT(team().call("create_area", "private", at, 1, 4096, 0, 3), 0);
    const uint32_t mutex = HERE + 0x10000;
    take(team(), mutex);
    int thread = team().spawn([&](hk_thread *self) {
        EXPECT_EQ(team().call_as(self, "mutex_lock", Address{mutex}, nullptr,
                                 (uint32_t)SHARED, int64_t{0}),
                  0);
    });
    while ((word(team(), mutex) & WAITING) == 0)
        ::usleep(1000);
    ::usleep(2000);
    give(team(), mutex);
    team().join(thread);
}

INSTANTIATE_TEST_SUITE_P(Releases, SharedWords,
                         testing::Values(HK_R1BETA4, HK_R1BETA5),
                         [](const auto &info) {
                             return std::string(hk_release_name(info.param));
                         });

} // namespace
