// thread_info_test.cc -- what is known of threads and teams; their mailboxes.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

#include <algorithm>

extern "C" {
#include "libhaikuabi/src/kmessage.h"
}

namespace
{

using hk::Address;

const Address nowhere{0x50000000}, kernels{0x90000000};

class Info : public testing::Test
{
  protected:
    Info() : team(root.config()) {}

    int self()
    {
        return harness_id(team.thread());
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(Info, OfAThread)
{
    Address info = team.room(76);
    ASSERT_EQ(team.call("get_thread_info", self(), info), 0);
    EXPECT_EQ(team.get<int>(info), self());
    EXPECT_EQ(team.get<int>(info, 4), ::getpid());
    EXPECT_EQ(team.text({info.value + 8}), "program");
    EXPECT_EQ(team.get<int>(info, 40), 1); // running
    EXPECT_EQ(team.get<int>(info, 44), 10);
    EXPECT_EQ(team.get<uint32_t>(info, 68), team.places().stack_base);
    EXPECT_EQ(team.get<uint32_t>(info, 72), team.places().stack_end);
    EXPECT_EQ(team.call("get_thread_info", 999999999, info),
              HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("get_thread_info", -1, info), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_thread_info", self(), nowhere), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_thread_info", self(), kernels), HK_B_BAD_ADDRESS);
}

TEST_F(Info, OfAllThreads)
{
    int other = team.make(nullptr, "other");
    Address cookie = team.room(4), info = team.room(76);
    std::vector<int> found;
    while (team.call("get_next_thread_info", 0, cookie, info) == 0)
        found.push_back(team.get<int>(info));
    EXPECT_EQ(found, (std::vector<int>{self(), other}));
    EXPECT_EQ(team.text({info.value + 8}), "other");
    EXPECT_EQ(team.get<int>(info, 40), 5); // suspended
    EXPECT_EQ(team.call("get_next_thread_info", 999999999, cookie, info),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_thread_info", 0, nowhere, info),
              HK_B_BAD_ADDRESS);
    team.set(cookie, 0, 0);
    EXPECT_EQ(team.call("get_next_thread_info", 0, cookie, kernels),
              HK_B_BAD_ADDRESS);
}

TEST_F(Info, OfTheTeam)
{
    Address info = team.room(160);
    ASSERT_EQ(team.call("get_team_info", 0, info, 160), 0);
    EXPECT_EQ(team.get<int>(info), ::getpid());
    EXPECT_EQ(team.get<int>(info, 4), 1);  // threads
    EXPECT_EQ(team.get<int>(info, 8), 1);  // images: the commpage
    EXPECT_EQ(team.get<int>(info, 24), 1); // argc
    EXPECT_EQ(team.text({info.value + 28}), "/boot/program");
    EXPECT_EQ(team.get<int>(info, 116), ::getppid());
    EXPECT_EQ(team.text({info.value + 120}), "program");
    EXPECT_EQ(team.call("get_team_info", ::getpid(), info, 4), 0);
    EXPECT_EQ(team.call("get_team_info", 0, info, 161), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_team_info", 999999999, info, 160),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("get_team_info", 0, nowhere, 160), HK_B_BAD_ADDRESS);
    Address cookie = team.room(4);
    EXPECT_EQ(team.call("get_next_team_info", cookie, info, 160), 0);
    EXPECT_EQ(team.get<int>(info), 1); // the kernel's
    EXPECT_EQ(team.call("get_next_team_info", cookie, info, 160), 0);
    EXPECT_EQ(team.call("get_next_team_info", cookie, info, 160),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("get_next_team_info", nowhere, info, 160),
              HK_B_BAD_ADDRESS);
}

// r1beta4 has no size, and a shorter record.
TEST_F(Info, OfTheTeamInTheFirstRelease)
{
    hk_config config = root.config();
    config.release = HK_R1BETA4;
    hk::ThreadedTeam old(config);
    Address info = old.room(160), cookie = old.room(4);
    old.set(info, 100, 0x55555555);
    EXPECT_EQ(old.call("get_team_info", 0, info), 0);
    EXPECT_EQ(old.get<int>(info), ::getpid());
    EXPECT_EQ(old.text({info.value + 28}), "/boot/program");
    EXPECT_EQ(old.get<int>(info, 100), 0x55555555);
    EXPECT_EQ(old.call("get_team_info", 999999999, info), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(old.call("get_team_info", 0, kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(old.call("get_next_team_info", cookie, info), 0);
    EXPECT_EQ(old.get<int>(info), 1); // the kernel's
    EXPECT_EQ(old.call("get_next_team_info", cookie, info), 0);
    EXPECT_EQ(old.call("get_next_team_info", cookie, info), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(old.call("get_next_team_info", nowhere, info), HK_B_BAD_ADDRESS);
}

TEST_F(Info, OfUsage)
{
    enum { SELF = 0, CHILDREN = -1 };
    Address info = team.room(16);
    EXPECT_EQ(team.call("get_team_usage_info", 0, (int)SELF, info, 16), 0);
    EXPECT_EQ(
        team.call("get_team_usage_info", ::getpid(), (int)CHILDREN, info, 16),
        0);
    EXPECT_EQ(team.call("get_team_usage_info", 0, 1, info, 16), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_team_usage_info", 0, (int)SELF, info, 15),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_team_usage_info", 999999999, (int)SELF, info, 16),
              HK_B_BAD_TEAM_ID);
    for (Address bad : {Address{0}, nowhere, kernels})
        EXPECT_EQ(team.call("get_team_usage_info", 0, (int)SELF, bad, 16),
                  HK_B_BAD_ADDRESS);
}

TEST_F(Info, OfProcessors)
{
    Address mask = team.room(16), set = team.room(8);
    team.set(mask, 0, uint64_t{77});
    EXPECT_EQ(team.call("get_thread_affinity", 0, mask, 8), 0);
    EXPECT_EQ(team.get<uint64_t>(mask), 0u); // none was given
    cpu_set_t own;
    ASSERT_EQ(::sched_getaffinity(0, sizeof(own), &own), 0);
    uint64_t all = 0;
    for (int i = 0; i < 64; i++)
        all |= static_cast<uint64_t>(CPU_ISSET(i, &own)) << i;
    uint64_t first = all & (~all + 1);
    team.set(set, 0, first);
    EXPECT_EQ(team.call("set_thread_affinity", self(), set, 8), 0);
    EXPECT_EQ(team.call("get_thread_affinity", self(), mask, 16), 0);
    EXPECT_EQ(team.get<uint64_t>(mask), first);
    EXPECT_EQ(team.get<uint64_t>(mask, 8), 0u);
    team.set(set, 0, all);
    EXPECT_EQ(team.call("set_thread_affinity", 0, set, 8), 0);
    team.set(set, 0, uint64_t{0});
    EXPECT_EQ(team.call("set_thread_affinity", 0, set, 8), 0);
    EXPECT_EQ(team.call("set_thread_affinity", 0, set, 7), HK_B_BAD_VALUE);
    team.set(set, 0, all);
    EXPECT_EQ(team.call("set_thread_affinity", ::getppid(), set, 8),
              HK_B_BAD_THREAD_ID); // of the host, and not ours
    EXPECT_EQ(team.call("set_thread_affinity", -1, set, 8), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_thread_affinity", 0, nullptr, 8), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_thread_affinity", 0, nowhere, 8),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("get_thread_affinity", ::getppid(), mask, 8),
              HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("get_thread_affinity", -1, mask, 8), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_thread_affinity", 0, nullptr, 8), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_thread_affinity", 0, kernels, 8),
              HK_B_BAD_ADDRESS);
}

TEST_F(Info, OfLimits)
{
    enum { CORE = 0, STACK = 5 };
    Address limit = team.room(8);
    for (int resource : {0, 2, 4, 5, 6, 7}) {
        EXPECT_EQ(team.call("getrlimit", resource, limit), 0) << resource;
        EXPECT_LE(team.get<uint32_t>(limit), team.get<uint32_t>(limit, 4));
    }
    EXPECT_EQ(team.call("getrlimit", 99, limit), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getrlimit", -1, limit), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getrlimit", (int)CORE, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getrlimit", 99, kernels), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getrlimit", (int)CORE, nowhere), HK_B_BAD_ADDRESS);
    team.set<uint64_t>(limit, 0, 0);
    EXPECT_EQ(team.call("setrlimit", (int)CORE, limit), 0);
    team.set<uint64_t>(limit, 0, 1);
    EXPECT_EQ(team.call("setrlimit", (int)CORE, limit), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setrlimit", (int)STACK, limit), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setrlimit", (int)CORE, nullptr), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setrlimit", (int)CORE, kernels), HK_B_BAD_ADDRESS);
    for (auto [resource, most] : {std::pair{4, 8192}, std::pair{7, 65536}}) {
        team.set(limit, 0, 300);
        team.set(limit, 4, 301); // the upper limit is not to be changed
        EXPECT_EQ(team.call("setrlimit", resource, limit), HK_B_NOT_ALLOWED);
        team.set(limit, 4, most);
        EXPECT_EQ(team.call("setrlimit", resource, limit), 0);
        team.call("getrlimit", resource, limit);
        EXPECT_EQ(team.get<int>(limit), 300);
        EXPECT_EQ(team.get<int>(limit, 4), most);
        for (int wrong : {0, most + 1}) {
            team.set(limit, 0, wrong);
            team.set(limit, 4, -1);
            EXPECT_EQ(team.call("setrlimit", resource, limit), HK_B_BAD_VALUE);
        }
    }
}

// ---- other teams ----

// Another team's process that has done something and then waits; *ids: the
// ids that it tells.
class Other
{
  public:
    Other(hk::SharedRoot &root,
          const std::function<int(hk::ThreadedTeam &)> &act)
    {
        int fds[2];
        EXPECT_EQ(::pipe(fds), 0);
        pid = ::fork();
        if (pid == 0) {
            hk::ThreadedTeam its(root.config());
            int told = act(its);
            EXPECT_EQ(::write(fds[1], &told, 4), 4);
            for (;;)
                ::pause();
        }
        EXPECT_EQ(::read(fds[0], &id, 4), 4);
        ::close(fds[0]);
        ::close(fds[1]);
    }
    ~Other()
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

TEST_F(Info, OfOtherTeamsThreads)
{
    Other other(root, [](hk::ThreadedTeam &its) {
        return its.make(nullptr, "far away");
    });
    Address info = team.room(76), cookie = team.room(4);
    EXPECT_EQ(team.call("find_thread", "far away"), other.id);
    ASSERT_EQ(team.call("get_thread_info", other.id, info), 0);
    EXPECT_EQ(team.get<int>(info), other.id);
    EXPECT_EQ(team.get<int>(info, 4), other.pid);
    EXPECT_EQ(team.text({info.value + 8}), "far away");
    EXPECT_EQ(team.get<int>(info, 40), 5); // suspended
    EXPECT_EQ(team.get<int>(info, 44), 10);
    EXPECT_LT(team.get<uint32_t>(info, 68), team.get<uint32_t>(info, 72));
    std::vector<int> found;
    while (team.call("get_next_thread_info", other.pid, cookie, info) == 0)
        found.push_back(team.get<int>(info));
    ASSERT_GE(found.size(), 2u);
    EXPECT_EQ(found.front(), other.pid);
    EXPECT_EQ(found.back(), other.id);
    Address mask = team.room(8);
    EXPECT_EQ(team.call("get_thread_affinity", other.id, mask, 8), 0);
    EXPECT_EQ(team.call("set_thread_affinity", other.id, mask, 8), 0);
    other.kill();
    EXPECT_EQ(team.call("get_thread_info", other.id, info), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("find_thread", "far away"), HK_B_NAME_NOT_FOUND);
}

TEST_F(Info, OfWhatThreadsWaitFor)
{
    enum { RECEIVING = 3, ASLEEP = 4, WAITING = 6 };
    int sem = (int)team.call("create_sem", 0, "sem");
    Address info = team.room(76);
    auto state = [&](int thread) {
        EXPECT_EQ(team.call("get_thread_info", thread, info), 0);
        return team.get<int>(info, 40);
    };
    int sleeper = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "snooze_etc", int64_t{60000000}, 0, 8, nullptr);
    });
    int receiver = team.spawn([&](hk_thread *thread) {
        team.call_as(thread, "receive_data", nullptr, nullptr, 0);
    });
    int waiter = team.spawn(
        [&](hk_thread *thread) { team.call_as(thread, "acquire_sem", sem); });
    while (state(sleeper) != ASLEEP || state(receiver) != RECEIVING)
        ::usleep(1000);
    while (state(waiter) != WAITING || team.get<int>(info, 48) != sem)
        ::usleep(1000);
    team.call("release_sem", sem);
    team.call("send_data", receiver, 1, nullptr, 0);
    team.join(waiter);
    team.join(receiver);
    team.call("kill_thread", sleeper);
}

TEST_F(Info, OfOtherTeams)
{
    Other other(root, [](hk::ThreadedTeam &its) {
        its.call("register_image", its.room(1100), 1100);
        return its.make(nullptr, "second");
    });
    const int pid = other.pid;
    Address info = team.room(160), cookie = team.room(4);
    ASSERT_EQ(team.call("get_team_info", pid, info, 160), 0);
    EXPECT_EQ(team.get<int>(info), pid);
    EXPECT_EQ(team.get<int>(info, 24), 1);
    EXPECT_EQ(team.text({info.value + 28}), "/boot/program");
    EXPECT_EQ(team.get<int>(info, 108), ::getpgid(pid));
    EXPECT_EQ(team.get<int>(info, 112), ::getsid(pid));
    EXPECT_EQ(team.get<int>(info, 116), ::getpid());
    EXPECT_EQ(team.text({info.value + 120}), "program");
    std::vector<int> found;
    while (team.call("get_next_team_info", cookie, info, 160) == 0)
        found.push_back(team.get<int>(info));
    EXPECT_NE(std::find(found.begin(), found.end(), ::getpid()), found.end());
    EXPECT_NE(std::find(found.begin(), found.end(), pid), found.end());
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    Address image = team.room(1084);
    team.set(cookie, 0, 0);
    EXPECT_EQ(team.call("get_next_image_info", pid, cookie, image, 1084), 0);
    EXPECT_EQ(team.get<int>(cookie), 1);
    int id = team.get<int>(image);
    EXPECT_EQ(team.call("get_image_info", id, image, 1084), 0);
    EXPECT_EQ(team.call("unregister_image", id), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_team_usage_info", pid, 0, info, 16), 0);
    EXPECT_EQ(team.call("get_team_usage_info", pid, -1, info, 16), 0);
    other.kill();
    EXPECT_EQ(team.call("get_team_info", pid, info, 160), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("get_team_usage_info", pid, 0, info, 16),
              HK_B_BAD_TEAM_ID);
}

// A message of Haiku's kernel (kmessage.h).
TEST_F(Info, OfTeamsAsAMessage)
{
    enum { BASIC = 1 };
    root.root.make("sub");
    Other other(root, [](hk::ThreadedTeam &its) {
        its.call("setcwd", -1, "/sub");
        return 0;
    });
    Address buffer = team.room(2000), needed = team.room(4);
    ASSERT_EQ(team.call("setcwd", -1, "/sub"), 0);
    struct hk_kmessage message;
    for (int id : {0, (int)other.pid}) {
        EXPECT_EQ(team.call("get_extended_team_info", id, (int)BASIC, buffer,
                            10, needed),
                  HK_B_BUFFER_OVERFLOW);
        uint32_t size = team.get<uint32_t>(needed);
        ASSERT_EQ(team.call("get_extended_team_info", id, (int)BASIC, buffer,
                            size, needed),
                  0);
        ASSERT_EQ(hk_kmessage_parse(&message, team.host(buffer), size), 0);
        const char *name;
        int32_t value;
        ASSERT_EQ(hk_kmessage_find_string(&message, "name", &name), 0);
        EXPECT_STREQ(name, "program");
        ASSERT_EQ(hk_kmessage_find_int32(&message, "id", &value), 0);
        EXPECT_EQ(value, id == 0 ? ::getpid() : id);
        ASSERT_EQ(hk_kmessage_find_int32(&message, "process group", &value), 0);
        EXPECT_EQ(value, ::getpgid(id));
        ASSERT_EQ(hk_kmessage_find_int32(&message, "euid", &value), 0);
        EXPECT_EQ(value, 0);
        ASSERT_EQ(hk_kmessage_find_int32(&message, "cwd device", &value), 0);
        Address stat = team.room(88);
        ASSERT_EQ(team.call("read_stat", -1, "/sub", 1, stat, 88), 0);
        EXPECT_EQ(value, team.get<int>(stat));
    }
    EXPECT_EQ(team.call("get_extended_team_info", 0, 0, nullptr, 0, needed),
              HK_B_BUFFER_OVERFLOW); // an empty message has a size, too
    EXPECT_EQ(team.call("get_extended_team_info", 999999999, (int)BASIC, buffer,
                        2000, needed),
              HK_B_BAD_TEAM_ID);
    for (Address bad : {Address{0}, nowhere, kernels}) {
        EXPECT_EQ(team.call("get_extended_team_info", 0, (int)BASIC, bad, 2000,
                            needed),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_extended_team_info", 0, (int)BASIC, buffer,
                            2000, bad),
                  HK_B_BAD_ADDRESS);
    }
}

TEST_F(Info, OfChildrensUsage)
{
    Address info = team.room(16);
    Other other(root, [](hk::ThreadedTeam &) {
        struct timespec now;
        do
            ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        while (now.tv_sec == 0 && now.tv_nsec < 50000000);
        return 1;
    });
    ASSERT_EQ(team.call("get_team_usage_info", 0, -1, info, 16), 0);
    EXPECT_GE(team.get<int64_t>(info) + team.get<int64_t>(info, 8), 30000);
    ASSERT_EQ(team.call("get_team_usage_info", other.pid, 0, info, 16), 0);
    EXPECT_GE(team.get<int64_t>(info) + team.get<int64_t>(info, 8), 30000);
}

// ---- mailboxes ----

TEST_F(Info, MailboxesHoldOneMessage)
{
    Address sender = team.room(4), buffer = team.room(16);
    EXPECT_EQ(team.call("has_data", self()), 0);
    EXPECT_EQ(team.call("send_data", self(), 77, "hello", 5), 0);
    EXPECT_EQ(team.call("has_data", self()), 1);
    EXPECT_EQ(team.call("receive_data", sender, buffer, 16), 77);
    EXPECT_EQ(team.get<int>(sender), self());
    EXPECT_EQ(team.bytes(buffer, 5), "hello");
    EXPECT_EQ(team.call("has_data", self()), 0);
    EXPECT_EQ(team.call("send_data", self(), 78, nullptr, 0), 0);
    EXPECT_EQ(team.call("receive_data", nullptr, nullptr, 0), 78);
}

TEST_F(Info, MailboxesMakeTheSecondSenderWait)
{
    Address text = team.put("message"), buffer = team.room(16);
    std::vector<int64_t> codes;
    int receiver = team.make([&](hk_thread *thread) {
        for (int i = 0; i < 3; i++)
            codes.push_back(
                team.call_as(thread, "receive_data", nullptr, buffer, 16u));
    });
    EXPECT_EQ(team.call("send_data", receiver, 1, text, 7), 0);
    int second = team.spawn([&](hk_thread *thread) {
        EXPECT_EQ(team.call_as(thread, "send_data", receiver, 2, text, 7u), 0);
        EXPECT_EQ(team.call_as(thread, "send_data", receiver, 3, text, 7u), 0);
    });
    team.call("resume_thread", receiver);
    team.join(second);
    team.join(receiver);
    EXPECT_EQ(codes, (std::vector<int64_t>{1, 2, 3}));
}

TEST_F(Info, MailboxesRefuseWhatIsWrong)
{
    EXPECT_EQ(team.call("send_data", 999999999, 1, "x", 1), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("send_data", 0, 1, "x", 1), HK_B_BAD_THREAD_ID);
    EXPECT_EQ(team.call("send_data", self(), 1, "x", 65537), HK_B_NO_MEMORY);
    EXPECT_EQ(team.call("send_data", self(), 1, nowhere, 1), HK_B_BAD_DATA);
    EXPECT_EQ(team.call("send_data", self(), 1, kernels, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("receive_data", kernels, nullptr, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("receive_data", nullptr, kernels, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("has_data", 999999999), 0);
    EXPECT_EQ(team.call("has_data", 0), 0);
    team.call("send_data", self(), 1, "x", 1);
    EXPECT_EQ(team.call("receive_data", nullptr, nowhere, 1), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("has_data", self()), 0);
}

} // namespace
