// mutex_test.cc -- locks and semaphores in user memory.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <memory>

#include <atomic>

namespace
{

using hk::Address;

enum Flags : uint32_t {
    RELATIVE = 8,
    ABSOLUTE = 16,
    ALL = 0x80000000,
    SHARED = 0x40000000
};
enum Word : uint32_t { LOCKED = 1, WAITING = 2, DISABLED = 4 };
const Address nowhere{0x50000000}, kernels{0x90000000};

class Mutexes : public testing::TestWithParam<hk_release>
{
  protected:
    Mutexes() : config(hk::make_config(root.path.c_str()))
    {
        config.release = GetParam();
        made = std::make_unique<hk::ThreadedTeam>(config);
        mutex = team().room(16);
    }

    hk::ThreadedTeam &team()
    {
        return *made;
    }
    bool is_r1beta4() const
    {
        return GetParam() == HK_R1BETA4;
    }
    std::atomic<uint32_t> &word(Address address)
    {
        return *reinterpret_cast<std::atomic<uint32_t> *>(team().host(address));
    }
    uint32_t bits()
    {
        return word(mutex);
    }
    int64_t lock(hk_thread *thread, Address address, uint32_t flags = 0,
                 int64_t timeout = 0)
    {
        return team().call_as(thread, "mutex_lock", address, nullptr, flags,
                              timeout);
    }
    int64_t lock(uint32_t flags = 0, int64_t timeout = 0)
    {
        return lock(team().thread(), mutex, flags, timeout);
    }
    // As libroot unlocks: a mutex that others wait for by the kernel.
    void unlock(hk_thread *thread, Address address)
    {
        if (is_r1beta4()) {
            if ((word(address).fetch_and(~uint32_t{LOCKED}) & WAITING) == 0)
                return;
            word(address).fetch_or(LOCKED);
            team().call_as(thread, "mutex_unlock", address, 0u);
            return;
        }
        if ((word(address).fetch_and(~uint32_t{LOCKED}) & WAITING) != 0)
            team().call_as(thread, "mutex_unblock", address, 0u);
    }
    // As libroot locks: from r1beta5 on a free word alone, for who sets LOCKED
    // beside WAITING would wait for itself.
    void take(hk_thread *thread, Address address)
    {
        uint32_t old = 0;
        if (is_r1beta4())
            old = word(address).fetch_or(LOCKED);
        else
            word(address).compare_exchange_strong(old, LOCKED);
        if (old == 0)
            return;
        ASSERT_EQ(lock(thread, address), 0);
        // The kernel's exchange is assembly, which no sanitizer sees.
        word(address).load();
    }

    hk::Directory root;
    hk_config config;
    std::unique_ptr<hk::ThreadedTeam> made;
    Address mutex{};
};

INSTANTIATE_TEST_SUITE_P(Releases, Mutexes,
                         testing::Values(HK_R1BETA4, HK_R1BETA5),
                         [](const auto &info) {
                             return hk_release_name(info.param);
                         });

TEST_P(Mutexes, AreTakenWhenFree)
{
    EXPECT_EQ(lock(), 0);
    EXPECT_EQ(bits(), LOCKED);
}

TEST_P(Mutexes, TimeOut)
{
    word(mutex) = LOCKED;
    EXPECT_EQ(lock(RELATIVE, 0), HK_B_WOULD_BLOCK);
    EXPECT_EQ(lock(RELATIVE, 1000), HK_B_TIMED_OUT);
    EXPECT_EQ(lock(ABSOLUTE, 1), HK_B_TIMED_OUT);
    EXPECT_EQ(bits(), LOCKED); // WAITING goes with the last waiter
}

TEST_P(Mutexes, AreInterruptedBySignals)
{
    enum { SIG_USR1 = 18 };
    word(mutex) = LOCKED;
    harness_signal(team().harness, SIG_USR1);
    EXPECT_EQ(lock(), HK_B_INTERRUPTED);
    EXPECT_EQ(bits(), LOCKED);
}

TEST_P(Mutexes, AreNoObstacleWhenDisabled)
{
    word(mutex) = LOCKED | DISABLED;
    EXPECT_EQ(lock(), 0);
}

TEST_P(Mutexes, AreHandedToTheFirstThatWaits)
{
    word(mutex) = LOCKED;
    std::atomic<bool> has{false};
    int id = team().spawn([&](hk_thread *thread) {
        EXPECT_EQ(lock(thread, mutex), 0);
        has = true;
    });
    while (bits() != (LOCKED | WAITING))
        ::usleep(1000);
    EXPECT_FALSE(has);
    // The waiter may still be on its way into the queue: the kernel's lock is
    // what orders it and the call.
    unlock(team().thread(), mutex);
    team().join(id);
    EXPECT_TRUE(has);
    EXPECT_EQ(bits(), LOCKED);
}

TEST_P(Mutexes, ExcludeEachOther)
{
    enum { THREADS = 4, ROUNDS = 3000 };
    int counter = 0; // guarded by the mutex
    std::vector<int> ids;
    for (int i = 0; i < THREADS; i++)
        ids.push_back(team().spawn([&](hk_thread *thread) {
            for (int round = 0; round < ROUNDS; round++) {
                take(thread, mutex);
                counter++;
                unlock(thread, mutex);
            }
        }));
    for (int id : ids)
        team().join(id);
    EXPECT_EQ(counter, THREADS * ROUNDS);
    EXPECT_EQ(bits(), 0u);
}

TEST_P(Mutexes, RefuseWhatIsWrong)
{
    for (Address bad : {Address{0}, Address{mutex.value + 2}, kernels}) {
        EXPECT_EQ(lock(team().thread(), bad), HK_B_BAD_ADDRESS) << bad.value;
        EXPECT_EQ(team().call("mutex_sem_acquire", bad, nullptr, 0, int64_t{0}),
                  HK_B_BAD_ADDRESS);
        if (is_r1beta4()) {
            EXPECT_EQ(team().call("mutex_unlock", bad, 0), HK_B_BAD_ADDRESS);
            EXPECT_EQ(team().call("mutex_sem_release", bad), HK_B_BAD_ADDRESS);
            EXPECT_EQ(team().call("mutex_switch_lock", bad, mutex, nullptr, 0,
                                  int64_t{0}),
                      HK_B_BAD_ADDRESS);
            continue;
        }
        EXPECT_EQ(team().call("mutex_unblock", bad, 0), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team().call("mutex_sem_release", bad, 0), HK_B_BAD_ADDRESS);
        EXPECT_EQ(team().call("mutex_switch_lock", bad, 0, mutex, nullptr, 0,
                              int64_t{0}),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(team().call("mutex_switch_lock", mutex, 0, bad, nullptr, 0,
                              int64_t{0}),
                  HK_B_BAD_ADDRESS);
    }
    EXPECT_EQ(bits(), 0u);
}

// Haiku looks for a word of one team only where it has to wire its page.
TEST_P(Mutexes, AreLookedForWhereTeamsShareThem)
{
    EXPECT_EQ(lock(team().thread(), nowhere),
              is_r1beta4() ? HK_B_BAD_ADDRESS : HK_B_OK);
    EXPECT_EQ(team().call("mutex_lock", nowhere, nullptr, SHARED, int64_t{0}),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team().call("mutex_sem_acquire", nowhere, nullptr, RELATIVE,
                          int64_t{0}),
              is_r1beta4() ? HK_B_BAD_ADDRESS : HK_B_WOULD_BLOCK);
    if (is_r1beta4())
        return;
    EXPECT_EQ(team().call("mutex_unblock", nowhere, 0), HK_B_OK);
    EXPECT_EQ(team().call("mutex_unblock", nowhere, SHARED), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team().call("mutex_sem_release", nowhere, 0), HK_B_OK);
    EXPECT_EQ(team().call("mutex_sem_release", nowhere, SHARED),
              HK_B_BAD_ADDRESS);
}

TEST_P(Mutexes, UnblockAllAtOnce)
{
    word(mutex) = LOCKED;
    std::atomic<int> entered{0};
    auto wait = [&](hk_thread *thread) {
        entered++;
        EXPECT_EQ(lock(thread, mutex), 0);
    };
    int first = team().spawn(wait), second = team().spawn(wait);
    while (entered != 2)
        ::usleep(1000);
    // One that has not come to wait yet is let through by the mutex itself.
    word(mutex).fetch_or(DISABLED);
    team().call(is_r1beta4() ? "mutex_unlock" : "mutex_unblock", mutex,
                (uint32_t)ALL);
    team().join(first);
    team().join(second);
}

TEST_P(Mutexes, AreSwitched)
{
    Address other{mutex.value + 8};
    word(mutex) = LOCKED;
    word(other) = LOCKED;
    std::atomic<bool> has{false};
    int id = team().spawn([&](hk_thread *thread) {
        // Gives `mutex` up, and waits for `other`.
        int64_t result =
            is_r1beta4() ? team().call_as(thread, "mutex_switch_lock", mutex,
                                          other, nullptr, 0u, int64_t{0})
                         : team().call_as(thread, "mutex_switch_lock", mutex,
                                          0u, other, nullptr, 0u, int64_t{0});
        EXPECT_EQ(result, 0);
        has = true;
    });
    EXPECT_EQ(lock(), 0); // comes through the switch
    EXPECT_FALSE(has);
    unlock(team().thread(), other);
    team().join(id);
    EXPECT_EQ(word(other), LOCKED);
}

// ---- semaphores: a count, -1 when threads wait ----

TEST_P(Mutexes, CountAsSemaphores)
{
    auto acquire = [&](uint32_t flags, int64_t timeout) {
        return team().call("mutex_sem_acquire", mutex, nullptr, flags, timeout);
    };
    auto release = [&] {
        return is_r1beta4() ? team().call("mutex_sem_release", mutex)
                            : team().call("mutex_sem_release", mutex, 0);
    };
    word(mutex) = 2;
    EXPECT_EQ(acquire(0, 0), 0);
    EXPECT_EQ(acquire(0, 0), 0);
    EXPECT_EQ(bits(), 0u);
    EXPECT_EQ(acquire(RELATIVE, 0), HK_B_WOULD_BLOCK);
    EXPECT_EQ(acquire(RELATIVE, 1000), HK_B_TIMED_OUT);
    EXPECT_EQ(acquire(ABSOLUTE, 1), HK_B_TIMED_OUT);
    EXPECT_EQ(bits(), is_r1beta4() ? 0u : 0xffffffff);
    EXPECT_EQ(release(), 0);
    EXPECT_EQ(bits(), 1u);
    word(mutex) = 0xffffffff; // marked as waited for, by nobody
    EXPECT_EQ(release(), 0);
    EXPECT_EQ(bits(), 1u);
}

TEST_P(Mutexes, WakeWhoWaitsForASemaphore)
{
    word(mutex) = 0;
    int id = team().spawn([&](hk_thread *thread) {
        EXPECT_EQ(team().call_as(thread, "mutex_sem_acquire", mutex, nullptr,
                                 0u, int64_t{0}),
                  0);
    });
    while (bits() != 0xffffffff)
        ::usleep(1000);
    if (is_r1beta4())
        team().call("mutex_sem_release", mutex);
    else
        team().call("mutex_sem_release", mutex, 0);
    team().join(id);
    EXPECT_EQ(bits(), 0u);
}

} // namespace
