// team_test.cc -- fork, exec, groups and the end of a team.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <atomic>

namespace
{

using hk::Address;
using hk::Process;
using hk::Team;

const Address nowhere{0x50000000}, kernels{0x90000000};
enum { EXITED = 8 };

// The flat block of exec and load_image: pointers, NULL, pointers, NULL,
// strings.
Address flat(Team &team, const std::vector<std::string> &argv,
             const std::vector<std::string> &envp, uint32_t *size)
{
    uint32_t pointers =
        static_cast<uint32_t>(argv.size() + envp.size() + 2) * 4;
    std::string strings;
    std::vector<uint32_t> words;
    for (const auto *list : {&argv, &envp}) {
        for (const std::string &text : *list) {
            words.push_back(pointers + static_cast<uint32_t>(strings.size()));
            strings += text + '\0';
        }
        words.push_back(0);
    }
    *size = pointers + static_cast<uint32_t>(strings.size());
    Address block = team.room(*size);
    for (size_t i = 0; i < words.size(); i++)
        team.set(block, static_cast<uint32_t>(4 * i),
                 words[i] == 0 ? 0 : block.value + words[i]);
    std::memcpy(team.host(block) + pointers, strings.data(), strings.size());
    return block;
}

class Teams : public testing::Test
{
  protected:
    Teams() : team(root.config())
    {
        harness_catch(team.harness);
    }

    // Forks, and tells the child's exit status.
    int in_child(const std::function<int()> &act)
    {
        int64_t child = team.call("fork");
        if (child == 0)
            ::_exit(act());
        EXPECT_GT(child, 0);
        Address info = team.room(36);
        EXPECT_EQ(team.call("wait_for_child", static_cast<int>(child),
                            (int)EXITED, info, nullptr),
                  child);
        return team.get<int>(info, 24);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Teams, Fork)
{
    enum { DEFER_SIGNALS = 12, SLOT_ID = 4 };
    Address shared = team.room(4);
    team.set(shared, 0, 1);
    int parent = ::getpid();
    EXPECT_EQ(team.call("get_current_team"), parent);
    int sem = static_cast<int>(team.call("create_sem", 3, "mine"));
    int status = in_child([&] {
        harness_places places = team.places();
        Address info = team.room(48);
        bool good =
            team.call("get_current_team") == ::getpid() &&
            harness_id(team.thread()) == ::getpid() &&
            team.get<int>(Address{places.tls}, SLOT_ID) == ::getpid() &&
            team.get<int>(Address{places.user_thread}, DEFER_SIGNALS) == 1 &&
            harness_fpu_resets(team.thread()) > 1 &&
            team.call("get_sem_info", sem, info, 48) == 0 &&
            team.get<int>(info, 4) == parent;
        team.set(shared, 0, 2); // its own copy
        return good ? 5 : 6;
    });
    EXPECT_EQ(status, 5);
    EXPECT_EQ(team.get<int>(shared), 1);
}

TEST_F(Teams, ForkWithThreadsAndTheirLocks)
{
    // Threads that take the team's locks all the time: the child finds them
    // free.
    std::atomic<bool> stop{false};
    auto work = [&](hk_thread *thread) {
        while (!stop) {
            int64_t sem = team.call_as(thread, "create_sem", 0, nullptr);
            team.call_as(thread, "delete_sem", static_cast<int>(sem));
            team.call_as(thread, "has_data", harness_id(thread));
        }
    };
    int first = team.spawn(work), second = team.spawn(work);
    Address cookie = team.room(4), info = team.room(76);
    for (int i = 0; i < 20; i++)
        EXPECT_EQ(in_child([&] {
                      team.set(cookie, 0, 0);
                      if (team.call("create_sem", 0, "sem") < 0 ||
                          team.call("get_next_thread_info", 0, cookie, info) !=
                              0)
                          return 1;
                      return team.call("get_next_thread_info", 0, cookie,
                                       info) == HK_B_BAD_VALUE
                                 ? 0
                                 : 2; // it is alone
                  }),
                  0);
    stop = true;
    team.join(first);
    team.join(second);
}

TEST_F(Teams, ForkLeavesPendingSignalsBehind)
{
    enum { SIG_USR1 = 18 };
    harness_block_signals(team.harness, ~uint64_t{0});
    harness_signal(team.harness, SIG_USR1);
    EXPECT_EQ(
        in_child([&] { return harness_pending(team.harness) == 0 ? 0 : 1; }),
        0);
    EXPECT_NE(harness_pending(team.harness), 0u);
}

// ---- exec ----

TEST_F(Teams, ExecStartsAnotherProgram)
{
    int sem = static_cast<int>(team.call("create_sem", 3, "mine"));
    harness_load(team.harness, 0, 0x345678);
    uint32_t size;
    Address block = flat(team, {"prog", "arg"}, {"A=b", "C=d"}, &size);
    ASSERT_EQ(team.call("exec", "/boot/other", block, size, 2, 2, 077), 0);
    hk_registers &registers = team.registers();
    EXPECT_EQ(registers.eip, 0x345678u);
    // The entry's argument is user_space_program_args.
    Address args{team.get<uint32_t>(Address{registers.esp}, 4)};
    EXPECT_EQ(team.text({args.value + 32}), "/boot/other");
    EXPECT_EQ(team.get<int>(args, 1064), 2);
    EXPECT_EQ(team.get<int>(args, 1068), 2);
    EXPECT_EQ(team.get<int>(args, 1080), 077);
    Address argv{team.get<uint32_t>(args, 1072)};
    Address envp{team.get<uint32_t>(args, 1076)};
    EXPECT_EQ(team.text({team.get<uint32_t>(argv, 4)}), "arg");
    EXPECT_EQ(team.get<uint32_t>(argv, 8), 0u);
    EXPECT_EQ(team.text({team.get<uint32_t>(envp, 4)}), "C=d");
    EXPECT_EQ(team.get<uint32_t>(envp, 8), 0u);
    // What the team had is gone.
    Process other(root, [&](Team &its) {
        Address to = its.room(4);
        return static_cast<int>(its.call("get_sem_count", sem, to) ==
                                HK_B_BAD_SEM_ID);
    });
    EXPECT_EQ(other.wait(), 1);
}

TEST_F(Teams, ExecRefusesWhatIsWrong)
{
    uint32_t size;
    Address good = flat(team, {"prog"}, {"A=b"}, &size);
    struct {
        const char *what;
        int64_t result;
        int expected;
    } rows[] = {
        {"path NULL", team.call("exec", nullptr, good, size, 1, 1, 0),
         HK_B_BAD_ADDRESS},
        {"path nowhere", team.call("exec", nowhere, good, size, 1, 1, 0),
         HK_B_BAD_ADDRESS},
        {"path of the kernel's",
         team.call("exec", kernels, good, size, 1, 1, 0), HK_B_BAD_ADDRESS},
        {"block nowhere", team.call("exec", "/x", nowhere, size, 1, 1, 0),
         HK_B_BAD_ADDRESS},
        {"block of the kernel's",
         team.call("exec", "/x", kernels, size, 1, 1, 0), HK_B_BAD_ADDRESS},
        {"too large", team.call("exec", "/x", good, 0x40001, 1, 1, 0),
         HK_B_TOO_MANY_ARGS},
        {"argc < 0", team.call("exec", "/x", good, size, -1, 1, 0),
         HK_B_BAD_VALUE},
        {"envc < 0", team.call("exec", "/x", good, size, 1, -1, 0),
         HK_B_BAD_VALUE},
        {"no room for pointers", team.call("exec", "/x", good, 15, 1, 1, 0),
         HK_B_BAD_VALUE},
        {"more arguments than there are",
         team.call("exec", "/x", good, size, 2, 1, 0), HK_B_BAD_VALUE},
        {"the string's end is missing",
         team.call("exec", "/x", good, size - 1, 1, 1, 0), HK_B_BAD_VALUE},
    };
    for (const auto &row : rows)
        EXPECT_EQ(row.result, row.expected) << row.what;
    EXPECT_EQ(harness_get_end(team.harness).count, 0);
}

TEST_F(Teams, ExecWantsATeamOfOneThread)
{
    uint32_t size;
    Address block = flat(team, {"prog"}, {}, &size);
    Address path = team.put("/boot/other");
    int64_t as_thread = 0;
    int id = team.spawn([&](hk_thread *thread) {
        as_thread = team.call_as(thread, "exec", path, block, size, 1, 0, 0u);
    });
    team.join(id);
    EXPECT_EQ(as_thread, HK_B_NOT_ALLOWED);
    int waits = team.make(nullptr);
    EXPECT_EQ(team.call("exec", path, block, size, 1, 0, 0), HK_B_NOT_ALLOWED);
    team.call("kill_thread", waits);
    team.join(waits);
}

TEST_F(Teams, ExecOfWhatCannotBeLoadedEndsTheTeam)
{
    EXPECT_EQ(in_child([&] {
                  harness_load(team.harness, HK_ERR_LOADER, 0);
                  uint32_t size;
                  Address block = flat(team, {"prog"}, {}, &size);
                  team.call("exec", "/boot/other", block, size, 1, 0, 0);
                  return 0;
              }),
              9); // Haiku's SIGKILL
}

TEST_F(Teams, ExecKeepsIgnoredSignalsAndTheMask)
{
    enum { SIG_USR1 = 18, SIG_USR2 = 19 };
    Address action = team.room(20);
    team.set<uint32_t>(action, 0, 0x300000);
    team.call("sigaction", (int)SIG_USR1, action, nullptr);
    team.set<uint32_t>(action, 0, 1); // SIG_IGN
    team.call("sigaction", (int)SIG_USR2, action, nullptr);
    harness_block_signals(team.harness, 1);
    uint32_t size;
    Address block = flat(team, {"prog"}, {}, &size);
    ASSERT_EQ(team.call("exec", "/boot/other", block, size, 1, 0, 0), 0);
    action = Address{team.places().stack_base};
    team.call("sigaction", (int)SIG_USR1, nullptr, action);
    EXPECT_EQ(team.get<uint32_t>(action), 0u);
    team.call("sigaction", (int)SIG_USR2, nullptr, action);
    EXPECT_EQ(team.get<uint32_t>(action), 1u);
    team.call("set_signal_mask", 0, nullptr, action);
    EXPECT_EQ(team.get<uint64_t>(action), 1u);
}

// ---- the end ----

TEST_F(Teams, EndWithTheirStatus)
{
    int sem = static_cast<int>(team.call("create_sem", 3, "mine"));
    EXPECT_EQ(team.call("exit_team", 42), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).status, 42);
    EXPECT_EQ(harness_get_end(team.harness).signal, 0);
    Address to = team.room(4);
    EXPECT_EQ(team.call("get_sem_count", sem, to), HK_B_BAD_SEM_ID);
}

// A thread that waits for what ends with the team does not see that it did:
// it is dead before.
TEST_F(Teams, EndTheirThreadsFirst)
{
    int sem = static_cast<int>(team.call("create_sem", 0, "sem"));
    std::atomic<int> action{-1};
    int id = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "acquire_sem", sem);
        action = hk_poll(thread);
    });
    hk::await_sem_count(team, sem, -1);
    EXPECT_EQ(team.call("exit_team", 0), HARNESS_ENDED);
    team.join(id);
    EXPECT_EQ(action, HK_EXIT);
}

TEST_F(Teams, AreKilledById)
{
    EXPECT_EQ(team.call("kill_team", 0), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("kill_team", -1), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("kill_team", 999999999), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("kill_team", ::getppid()), HK_B_BAD_TEAM_ID);
    Process other(root, [](Team &) {
        for (;;)
            ::pause();
        return 0;
    });
    // It is a team once it has joined the others.
    while (team.call("kill_team", other.pid) == HK_B_BAD_TEAM_ID)
        ::usleep(1000);
    EXPECT_EQ(other.wait(), -1);
    EXPECT_EQ(team.call("kill_team", ::getpid()), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGKILL);
}

// ---- groups and sessions ----

TEST_F(Teams, HaveGroupsAndSessions)
{
    enum { SESSION_ID = 1, GROUP_ID = 2, PARENT_ID = 3 };
    auto info = [&](int process, int which) {
        return team.call("process_info", process, which);
    };
    EXPECT_EQ(info(0, SESSION_ID), ::getsid(0));
    EXPECT_EQ(info(0, GROUP_ID), ::getpgrp());
    EXPECT_EQ(info(0, PARENT_ID), ::getppid());
    EXPECT_EQ(info(::getpid(), PARENT_ID), ::getppid());
    EXPECT_EQ(info(0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(info(0, 4), HK_B_BAD_VALUE);
    EXPECT_EQ(info(-1, GROUP_ID), HK_B_BAD_VALUE);
    EXPECT_EQ(info(999999999, GROUP_ID), HK_ESRCH);
    EXPECT_EQ(info(::getppid(), GROUP_ID), HK_ESRCH); // no team of the root
    EXPECT_EQ(info(1, GROUP_ID), 1);                  // the kernel's
    int parent = ::getpid();
    EXPECT_EQ(in_child([&] {
                  int id = ::getpid();
                  if (info(parent, GROUP_ID) != ::getpgid(parent))
                      return 1;
                  if (team.call("setpgid", 0, 0) != id ||
                      info(0, GROUP_ID) != id)
                      return 2;
                  if (team.call("setsid") != HK_B_NOT_ALLOWED)
                      return 3; // it leads a group
                  return 0;
              }),
              0);
    EXPECT_EQ(in_child([&] {
                  int id = ::getpid();
                  if (team.call("setsid") != id || info(0, SESSION_ID) != id)
                      return 1;
                  if (team.call("setpgid", 0, 0) != id)
                      return 2; // it leads that group already
                  return 0;
              }),
              0);
    EXPECT_EQ(team.call("setpgid", -1, 0), HK_ESRCH);
    EXPECT_EQ(team.call("setpgid", 0, -1), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setpgid", 999999999, 999999999), HK_ESRCH);
    EXPECT_EQ(team.call("setpgid", 0, 999999999), HK_B_NOT_ALLOWED);
}

} // namespace
