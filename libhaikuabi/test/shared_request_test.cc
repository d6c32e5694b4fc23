// shared_request_test.cc -- what teams ask of each other.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <algorithm>

namespace
{

using hk::Address;

enum : uint32_t {
    ANY = 0,
    EXACT = 1,
    READ = 1,
    WRITE = 2,
    CLONEABLE = 0x100,
    PAGE = 4096,
    HERE = 0x30000000,
    THERE = 0x40000000
};
const Address nowhere{0x70000000}, kernels{0x90000000};

// Another team, whose main thread does what it is asked for, as one that runs
// guest code does, or nothing. `id` is what it told when it had made itself
// ready.
class Attentive
{
  public:
    Attentive(hk::SharedRoot &root,
              const std::function<int(hk::ThreadedTeam &)> &act,
              bool answers = true)
    {
        int fds[2];
        EXPECT_EQ(::pipe(fds), 0);
        pid = ::fork();
        if (pid == 0) {
            hk::ThreadedTeam its(root.config());
            harness_catch(its.harness);
            int told = act(its);
            EXPECT_EQ(::write(fds[1], &told, 4), 4);
            for (;;) {
                if (answers)
                    harness_poll(its.harness);
                ::usleep(1000);
            }
        }
        EXPECT_EQ(::read(fds[0], &id, 4), 4);
        ::close(fds[0]);
        ::close(fds[1]);
    }
    ~Attentive()
    {
        kill();
    }
    void kill()
    {
        if (pid > 0 && ::kill(pid, SIGKILL) == 0)
            ::waitpid(pid, nullptr, 0);
        pid = 0;
    }

    pid_t pid;
    int id;
};

class Requests : public testing::Test
{
  protected:
    Requests() : team(root.config())
    {
        harness_catch(team.harness);
    }
    ~Requests() override
    {
        EXPECT_STREQ(probe_shared(team.harness), "");
        EXPECT_EQ(probe_count(team.harness).requests, 0u);
        EXPECT_EQ(probe_count(team.harness).chunks, 0u);
    }

    int state(int thread)
    {
        Address info = team.room(76);
        int64_t status = team.call("get_thread_info", thread, info);
        return status == 0 ? team.get<int>(info, 40) : (int)status;
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

// A thread that sleeps for long.
void sleep_long(hk::ThreadedTeam &its, hk_thread *thread)
{
    its.call_as(thread, "snooze_etc", int64_t{100000000}, 0, 8, nullptr);
    harness_poll_as(its.harness, thread);
}

TEST_F(Requests, SuspendResumeAndEndThreads)
{
    enum { ASLEEP = 4, SUSPENDED = 5 };
    Attentive other(root, [](hk::ThreadedTeam &its) {
        return its.make([&](hk_thread *thread) {
            for (;;)
                sleep_long(its, thread);
        });
    });
    EXPECT_EQ(state(other.id), SUSPENDED);
    EXPECT_EQ(team.call("resume_thread", other.id), 0);
    while (state(other.id) != ASLEEP)
        ::usleep(1000);
    EXPECT_EQ(team.call("suspend_thread", other.id), 0);
    EXPECT_EQ(state(other.id), SUSPENDED);
    EXPECT_EQ(team.call("resume_thread", other.id), 0);
    EXPECT_EQ(team.call("set_thread_priority", other.id, 15), 10);
    EXPECT_EQ(team.call("set_thread_priority", other.id, 200), 15);
    Address info = team.room(76);
    team.call("get_thread_info", other.id, info);
    EXPECT_EQ(team.get<int>(info, 44), 120);
    EXPECT_EQ(team.call("rename_thread", other.id, "x"), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("cancel_thread", other.id, Address{0x200000}),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("unblock_thread", other.id, 5), 0);
    EXPECT_EQ(team.call("has_data", other.id), 0);
}

TEST_F(Requests, WaitForThreads)
{
    Attentive other(root, [](hk::ThreadedTeam &its) {
        return its.make([&](hk_thread *thread) {
            its.call_as(thread, "receive_data", nullptr, nullptr, 0);
            its.call_as(thread, "exit_thread", 77);
        });
    });
    Address status = team.room(4);
    EXPECT_EQ(team.call("wait_for_thread_etc", other.id, (int)hk::RELATIVE,
                        int64_t{20000}, status),
              HK_B_TIMED_OUT);
    int waiter = team.spawn([&](hk_thread *thread) {
        EXPECT_EQ(team.call_as(thread, "wait_for_thread", other.id, status), 0);
    });
    while (probe_count(team.harness).requests == 0)
        ::usleep(1000);
    EXPECT_EQ(team.call("send_data", other.id, 1, nullptr, 0), 0);
    team.join(waiter);
    EXPECT_EQ(team.get<int>(status), 77);
    EXPECT_EQ(team.call("wait_for_thread", other.id, status),
              HK_B_BAD_THREAD_ID);
}

TEST_F(Requests, WaitForTeamsThatAreNoChildren)
{
    for (int how = 0; how < 2; how++) {
        // A child of a child.
        int fds[2];
        ASSERT_EQ(::pipe(fds), 0);
        hk::Process between(root, [&](hk::Team &) {
            Attentive other(root, [&](hk::ThreadedTeam &its) {
                its.spawn(
                    [&](hk_thread *thread) {
                        its.call_as(thread, "receive_data", nullptr, nullptr,
                                    0);
                        if (how == 0)
                            its.call_as(thread, "exit_team", 55);
                        ::kill(::getpid(), SIGKILL);
                    },
                    "ends it");
                return ::getpid();
            });
            EXPECT_EQ(::write(fds[1], &other.id, 4), 4);
            ::pause();
            return 0;
        });
        int pid;
        ASSERT_EQ(::read(fds[0], &pid, 4), 4);
        Address status = team.room(4);
        int waiter = team.spawn([&](hk_thread *thread) {
            EXPECT_EQ(team.call_as(thread, "wait_for_team", pid, status), 0);
        });
        while (probe_count(team.harness).requests == 0)
            ::usleep(1000);
        int ender = (int)team.call("find_thread", "ends it");
        ASSERT_GT(ender, 0);
        int64_t sent = team.call("send_data", ender, 1, nullptr, 0);
        // The team may end before it can say that it has the message.
        EXPECT_TRUE(sent == 0 || sent == HK_B_BAD_THREAD_ID) << sent;
        team.join(waiter);
        EXPECT_EQ(team.get<int>(status), how == 0 ? 55 : HK_B_INTERRUPTED);
        EXPECT_EQ(team.call("wait_for_team", pid, status), HK_B_BAD_TEAM_ID);
        ::close(fds[0]);
        ::close(fds[1]);
    }
}

TEST_F(Requests, SendData)
{
    Attentive other(root, [](hk::ThreadedTeam &its) {
        return its.spawn([&](hk_thread *thread) {
            Address buffer = its.room(65536), sender = its.room(4);
            int total = 0;
            for (int code : {1, 2, 3}) {
                total += its.call_as(thread, "receive_data", sender, buffer,
                                     65536) == code;
                total += its.get<uint8_t>(buffer, 60000) == code;
            }
            its.call_as(thread, "exit_thread",
                        total == 6 ? its.get<int>(sender) : 0);
        });
    });
    Address buffer = team.room(65536), status = team.room(4);
    for (int code : {1, 2, 3}) {
        std::memset(team.host(buffer), code, 65536);
        EXPECT_EQ(team.call("send_data", other.id, code, buffer, 65536), 0);
    }
    EXPECT_EQ(
        team.call("send_data", harness_id(team.thread()), 4, buffer, 65537),
        HK_B_NO_MEMORY);
    int64_t waited = team.call("wait_for_thread", other.id, status);
    if (waited == 0)
        EXPECT_EQ(team.get<int>(status), harness_id(team.thread()));
    else // it was quicker
        EXPECT_EQ(waited, HK_B_BAD_THREAD_ID);
}

TEST_F(Requests, SendSignalsToThreads)
{
    enum { THREAD = 0x20000, HAIKU_USR1 = 18, QUEUE = 0x10000 };
    Attentive other(root, [](hk::ThreadedTeam &its) {
        return its.spawn([&](hk_thread *thread) {
            Address set = its.room(8), info = its.room(36);
            its.set(set, 0, uint64_t{1} << (HAIKU_USR1 - 1));
            its.call_as(thread, "set_signal_mask", 1, set, nullptr);
            its.call_as(thread, "sigwait", set, info, 0, int64_t{0});
            its.call_as(
                thread, "exit_thread",
                its.get<int>(info) == HAIKU_USR1 ? its.get<int>(info, 32) : 0);
        });
    });
    Address value = team.room(4), status = team.room(4);
    team.set(value, 0, 4711);
    EXPECT_EQ(team.call("send_signal", other.id, 0, nullptr, (int)THREAD), 0);
    int waiter = team.spawn([&](hk_thread *thread) {
        EXPECT_EQ(team.call_as(thread, "wait_for_thread", other.id, status), 0);
    });
    while (probe_count(team.harness).requests == 0)
        ::usleep(1000);
    EXPECT_EQ(team.call("send_signal", other.id, (int)HAIKU_USR1, value,
                        THREAD | QUEUE),
              0);
    team.join(waiter);
    EXPECT_EQ(team.get<int>(status), 4711);
    EXPECT_EQ(
        team.call("send_signal", other.id, (int)HAIKU_USR1, value, (int)THREAD),
        HK_B_BAD_THREAD_ID);
}

TEST_F(Requests, OfOtherUsersAreRefused)
{
    Attentive other(root,
                    [](hk::ThreadedTeam &its) { return its.make(nullptr); });
    ASSERT_EQ(team.call("setreuid", 1000, 1000, 1), 0);
    EXPECT_EQ(team.call("kill_thread", other.id), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("suspend_thread", other.id), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("set_thread_priority", other.id, 3), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("unblock_thread", other.id, 3), 0);
}

TEST_F(Requests, OfADeadTeamAreAnswered)
{
    Attentive other(
        root,
        [](hk::ThreadedTeam &its) {
            return its.make(nullptr, "never resumed");
        },
        false);
    int asker = team.spawn([&](hk_thread *thread) {
        EXPECT_EQ(team.call_as(thread, "suspend_thread", other.id),
                  HK_B_BAD_THREAD_ID);
    });
    while (probe_count(team.harness).requests == 0)
        ::usleep(1000);
    other.kill();
    team.join(asker);
}

TEST_F(Requests, OfADeadAskerAreForgotten)
{
    Attentive other(
        root, [](hk::ThreadedTeam &its) { return its.make(nullptr); }, false);
    {
        hk::Process asker(root, [&](hk::Team &its) {
            std::string text(3000, 'x');
            its.call("send_data", other.id, 1, text, 3000);
            return 0;
        });
        while (probe_count(team.harness).requests == 0)
            ::usleep(1000);
    }
    EXPECT_EQ(probe_count(team.harness).requests, 0u);
}

// Two teams that ask each other at the same time both get their answers.
TEST_F(Requests, CrossEachOther)
{
    int parent = harness_id(team.thread());
    hk::Process other(root, [&](hk::Team &its) {
        harness_catch(its.harness);
        for (int i = 0; i < 200; i++)
            if (its.call("set_thread_priority", parent, 10) < 0)
                return 1;
        its.call("create_sem", 0, "done");
        for (;;) {
            harness_poll(its.harness);
            ::usleep(500);
        }
    });
    while (state(other.pid) < 0)
        ::usleep(1000);
    while (probe_count(team.harness).sems == 0)
        EXPECT_GE(team.call("set_thread_priority", other.pid, 10), 0);
}

TEST_F(Requests, ResumeTheMainThreadOfATeam)
{
    enum { SUSPENDED = 5 };
    Attentive other(root, [](hk::ThreadedTeam &) { return 0; });
    EXPECT_EQ(team.call("suspend_thread", other.pid), 0);
    EXPECT_EQ(state(other.pid), SUSPENDED);
    EXPECT_EQ(team.call("resume_thread", other.pid), 0);
    EXPECT_NE(state(other.pid), SUSPENDED);
    EXPECT_EQ(team.call("resume_thread", 999999999), HK_B_BAD_THREAD_ID);
}

TEST_F(Requests, TellDescriptors)
{
    Attentive other(root, [](hk::ThreadedTeam &its) {
        Address fds = its.room(8);
        its.call("create_pipe", fds);
        return its.get<int>(fds, 4);
    });
    Address cookie = team.room(4), info = team.room(20);
    std::vector<int> numbers;
    while (team.call("get_next_fd_info", (int)other.pid, cookie, info, 20) == 0)
        numbers.push_back(team.get<int>(info));
    ASSERT_GE(numbers.size(), 2u);
    EXPECT_EQ(numbers.back(), other.id);
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    EXPECT_EQ(team.call("get_next_fd_info", 999999999, cookie, info, 20),
              HK_B_BAD_TEAM_ID);
    for (Address bad : {nowhere, kernels})
        EXPECT_EQ(team.call("get_next_fd_info", (int)other.pid, bad, info, 20),
                  HK_B_BAD_ADDRESS);
    team.set(cookie, 0, 0);
    EXPECT_EQ(
        team.call("get_next_fd_info", (int)other.pid, cookie, kernels, 20),
        HK_B_BAD_ADDRESS);
}

// ---- areas ----

int create(hk::Team &team, const char *name, uint32_t address, uint32_t size,
           uint32_t protection)
{
    Address at = team.room(4);
    team.set(at, 0, address);
    return (int)team.call("create_area", name, at, EXACT, size, 0u, protection);
}

TEST_F(Requests, TransferArea)
{
    Attentive other(root, [](hk::ThreadedTeam &its) {
        create(its, "in the way", HERE, PAGE, READ);
        return ::getpid();
    });
    Address at = team.room(4), info = team.room(72);
    int area = create(team, "given", HERE, 2 * PAGE, READ | WRITE);
    uint32_t word = 99;
    harness_write(team.harness, HERE + PAGE, &word, 4);
    team.set(at, 0, (uint32_t)HERE);
    EXPECT_EQ(team.call("transfer_area", area, at, EXACT, other.pid),
              HK_B_BAD_VALUE); // taken there
    EXPECT_EQ(team.call("area_for", Address{HERE}), area);
    // The attempt has made it cloneable.
    ASSERT_EQ(team.call("get_area_info", area, info), 0);
    EXPECT_EQ(team.get<uint32_t>(info, 44) & 0x10f, READ | WRITE | 0x100);
    EXPECT_EQ(team.call("set_area_protection", area, READ | WRITE), HK_B_OK);
    team.set(at, 0, (uint32_t)THERE);
    int given = (int)team.call("transfer_area", area, at, EXACT, other.pid);
    ASSERT_GT(given, 0);
    EXPECT_NE(given, area);
    EXPECT_EQ(team.get<uint32_t>(at), THERE);
    EXPECT_EQ(team.call("area_for", Address{HERE}), HK_B_ERROR);
    ASSERT_EQ(team.call("get_area_info", given, info), 0);
    EXPECT_EQ(team.get<int>(info, 48), other.pid);
    EXPECT_EQ(team.text({info.value + 4}), "given");
    EXPECT_EQ(team.get<uint32_t>(info, 36), 2 * PAGE);
    EXPECT_EQ(team.get<uint32_t>(info, 44) & 0x10f, READ | WRITE);
    // It is theirs: not to be given again, nor to be cloned.
    EXPECT_EQ(team.call("transfer_area", given, at, ANY, ::getpid()),
              HK_B_PERMISSION_DENIED);
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, READ, given),
              HK_B_NOT_ALLOWED);
}

TEST_F(Requests, TransferAreaMovesMemoryToo)
{
    int memory = 0;
    Attentive other(root, [](hk::ThreadedTeam &its) {
        int own = create(its, "theirs", HERE, PAGE, READ | WRITE | CLONEABLE);
        uint32_t word = 7;
        harness_write(its.harness, HERE, &word, 4);
        return own;
    });
    Address at = team.room(4);
    ASSERT_GT(team.call("clone_area", "clone", at, ANY, READ | WRITE, other.id),
              0);
    uint32_t where = team.get<uint32_t>(at);
    int own = (int)team.call("area_for", Address{where});
    // Within the team: another place.
    team.set(at, 0, (uint32_t)THERE);
    ASSERT_GT(team.call("transfer_area", own, at, EXACT, ::getpid()), 0);
    EXPECT_EQ(harness_read(team.harness, THERE, &memory, 4), 0);
    EXPECT_EQ(memory, 7);
    EXPECT_FALSE(harness_can(team.harness, where, READ));
}

TEST_F(Requests, TransferAreaRefusesWhatIsWrong)
{
    Address at = team.room(4);
    int area = create(team, "kept", HERE, PAGE, READ | WRITE);
    for (uint32_t spec : {4u, 5u, 3u, 9u})
        EXPECT_EQ(team.call("transfer_area", area, at, spec, ::getpid()),
                  HK_B_BAD_VALUE);
    for (Address bad : {Address{0}, nowhere, kernels})
        EXPECT_EQ(team.call("transfer_area", area, bad, ANY, ::getpid()),
                  HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("transfer_area", 99999999, at, ANY, ::getpid()),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("transfer_area", area, at, ANY, 999999999),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("transfer_area", area, at, ANY, 0), HK_B_BAD_VALUE);
    int user_area = (int)team.call("find_area", "user area");
    EXPECT_EQ(team.call("transfer_area", user_area, at, ANY, ::getpid()),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("area_for", Address{HERE}), area);
}

TEST_F(Requests, ResizeAreaReachesClonesOfOtherTeams)
{
    Address info = team.room(72);
    int area = create(team, "shared", HERE, PAGE, READ | WRITE | CLONEABLE);
    Attentive other(root, [&](hk::ThreadedTeam &its) {
        Address its_at = its.room(4);
        its.set(its_at, 0, (uint32_t)THERE);
        int clone = (int)its.call("clone_area", "clone", its_at, EXACT,
                                  READ | WRITE, area);
        create(its, "wall", THERE + 3 * PAGE, PAGE, READ);
        return clone;
    });
    ASSERT_GT(other.id, 0);
    auto size = [&](int of) {
        EXPECT_EQ(team.call("get_area_info", of, info), 0);
        return team.get<uint32_t>(info, 36);
    };
    EXPECT_EQ(team.call("resize_area", area, 3 * PAGE), 0);
    EXPECT_EQ(size(area), 3 * PAGE);
    EXPECT_EQ(size(other.id), 3 * PAGE);
    // There is no room for more there: nothing changes here either.
    EXPECT_EQ(team.call("resize_area", area, 4 * PAGE), HK_B_ERROR);
    EXPECT_EQ(size(area), 3 * PAGE);
    EXPECT_EQ(size(other.id), 3 * PAGE);
    // Whoever knows it may resize it, as on Haiku.
    EXPECT_EQ(team.call("resize_area", other.id, 2 * PAGE), 0);
    EXPECT_EQ(size(area), 2 * PAGE);
    EXPECT_FALSE(harness_can(team.harness, HERE + 2 * PAGE, READ));
    EXPECT_EQ(team.call("resize_area", 99999999, 2 * PAGE), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("resize_area", area, PAGE + 1), HK_B_BAD_VALUE);
}

} // namespace
