// shared_test.cc -- the file that teams share, and death in the middle.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_probe.h"
#include "libhaikuabi/test/shared_teams.h"

// The linker puts __wrap_hk_put into the place of each hk_put, and hk_put
// itself into that of __real_hk_put (BUILD).
extern "C" {
struct hk_shared;
void __real_hk_put(hk_shared *shared, void *word, uint32_t value);
void __real_hk_shared_unlock(hk_shared *shared);
void __wrap_hk_put(hk_shared *shared, void *word, uint32_t value);
void __wrap_hk_shared_unlock(hk_shared *shared);
}

namespace
{

// The process dies at this change or unlocking from now on; 0: at none.
int countdown;

void maybe_die()
{
    if (countdown > 0 && --countdown == 0)
        ::kill(::getpid(), SIGKILL);
}

} // namespace

void __wrap_hk_put(hk_shared *shared, void *word, uint32_t value)
{
    maybe_die();
    __real_hk_put(shared, word, value);
}

void __wrap_hk_shared_unlock(hk_shared *shared)
{
    maybe_die();
    __real_hk_shared_unlock(shared);
}

namespace
{

using hk::Address;
using hk::Process;
using hk::SharedRoot;
using hk::Team;

// Runs a process that dies at the n-th change, if there are so many: 0 when
// there are not.
int run_dying(SharedRoot &root, int n, const std::function<void(Team &)> &act)
{
    Process victim(root, [&](Team &its) {
        countdown = n;
        act(its);
        countdown = 0;
        return 0;
    });
    return victim.wait();
}

int call(Team &team, const char *name, int a)
{
    return static_cast<int>(team.call(name, a));
}

// ---- death at each change of each call ----

// What the test's own team holds, and others see: two semaphores, two ports,
// a POSIX semaphore, /there, and an area.
struct Objects {
    int sem, other_sem, port, other_port, posix, area;
};

// All that calls tell of the objects.
std::string describe(Team &team, const Objects &objects)
{
    std::string text;
    Address info = team.room(64);
    for (int sem : {objects.sem, objects.other_sem}) {
        int64_t status = team.call("get_sem_info", sem, info, 48);
        text += status != 0 ? "-;"
                            : std::to_string(team.get<int>(info, 4)) + "," +
                                  std::to_string(team.get<int>(info, 40)) + ";";
    }
    for (int port : {objects.port, objects.other_port}) {
        int64_t status = team.call("get_port_info", port, info);
        text += status != 0
                    ? "-;"
                    : std::to_string(team.get<int>(info, 4)) + "," +
                          std::to_string(team.get<int>(info, 40)) + "," +
                          std::to_string(team.get<int>(info, 44)) + "," +
                          std::to_string(team.get<int>(info, 48)) + ";";
    }
    return text;
}

Objects make_objects(Team &team)
{
    Address posix = team.room(16), at = team.room(4);
    team.call("realtime_sem_open", "/there", 0x200, 0600, 1, posix,
              team.room(4));
    Objects made{
        static_cast<int>(team.call("create_sem", 3, "one")),
        static_cast<int>(team.call("create_sem", 0, "two")),
        static_cast<int>(team.call("create_port", 2, "one")),
        static_cast<int>(team.call("create_port", 1, "two")),
        team.get<int>(posix, 4),
        (int)team.call("create_area", "one", at, 0, 4096, 0, 0x103),
    };
    std::string large(3000, 'x');
    team.call("write_port_etc", made.port, 1, large,
              static_cast<int>(large.size()), 0, int64_t{0});
    team.call("write_port_etc", made.other_port, 1, "small", 5, 0, int64_t{0});
    return made;
}

void delete_objects(Team &team, const Objects &objects)
{
    team.call("realtime_sem_close", objects.posix, nullptr);
    team.call("realtime_sem_unlink", "/there");
    team.call("realtime_sem_unlink", "/made");
    call(team, "delete_sem", objects.sem);
    call(team, "delete_sem", objects.other_sem);
    call(team, "delete_port", objects.port);
    call(team, "delete_port", objects.other_port);
    call(team, "delete_area", objects.area);
    team.call("xsi_semctl", (int)team.call("xsi_semget", 7, 0, 0), 0, 0,
              nullptr);
    team.call("xsi_msgctl", (int)team.call("xsi_msgget", 7, 0), 0, nullptr);
}

// A queue is to tell of the semaphore and of descriptor 0.
void select_both(Team &team, int queue, int sem)
{
    Address infos = team.room(32);
    team.set(infos, 0, sem);
    team.set(infos, 4, uint32_t{1});
    team.set(infos, 8, uint32_t{1});
    team.set(infos, 16, 0);
    team.set(infos, 20, uint32_t{0});
    team.set(infos, 24, uint32_t{1});
    team.call("event_queue_select", queue, infos, 2);
}

struct Deed {
    const char *name;
    void (*act)(Team &team, const Objects &objects);
};

const Deed deeds[] = {
    {"acquire_sem",
     [](Team &t, const Objects &o) { t.call("acquire_sem", o.sem); }},
    {"release_sem",
     [](Team &t, const Objects &o) { t.call("release_sem", o.sem); }},
    {"delete_sem",
     [](Team &t, const Objects &o) { t.call("delete_sem", o.sem); }},
    {"set_sem_owner",
     [](Team &t, const Objects &o) { t.call("set_sem_owner", o.sem, 0); }},
    {"acquire_sem_etc that times out",
     [](Team &t, const Objects &o) {
         t.call("acquire_sem_etc", o.other_sem, 2, hk::RELATIVE, int64_t{1});
     }},
    {"switch_sem_etc",
     [](Team &t, const Objects &o) {
         t.call("switch_sem_etc", o.other_sem, o.sem, 2, 0, int64_t{0});
     }},
    {"write_port_etc",
     [](Team &t, const Objects &o) {
         std::string text(1200, 'y');
         t.call("write_port_etc", o.port, 7, text, 1200, 0, int64_t{0});
     }},
    {"write_port_etc that times out",
     [](Team &t, const Objects &o) {
         t.call("write_port_etc", o.other_port, 7, "text", 4, hk::RELATIVE,
                int64_t{1});
     }},
    {"write_port_etc from nowhere",
     [](Team &t, const Objects &o) {
         t.call("write_port_etc", o.port, 7, Address{0x70000000}, 1200, 0,
                int64_t{0});
     }},
    {"read_port_etc",
     [](Team &t, const Objects &o) {
         t.call("read_port_etc", o.port, nullptr, t.room(3000), 3000, 0,
                int64_t{0});
     }},
    {"close_port",
     [](Team &t, const Objects &o) { t.call("close_port", o.port); }},
    {"delete_port",
     [](Team &t, const Objects &o) { t.call("delete_port", o.port); }},
    {"set_port_owner",
     [](Team &t, const Objects &o) { t.call("set_port_owner", o.port, 0); }},
    {"create_sem",
     [](Team &t, const Objects &) { t.call("create_sem", 1, "made"); }},
    {"create_port",
     [](Team &t, const Objects &) { t.call("create_port", 1, "made"); }},
    {"port_buffer_size_etc",
     [](Team &t, const Objects &o) {
         t.call("port_buffer_size_etc", o.port, 0, int64_t{0});
     }},
    {"create_area",
     [](Team &t, const Objects &) {
         Address at = t.room(4);
         t.call("create_area", "made", at, 0, 4096, 0, 0x103);
     }},
    {"clone_area",
     [](Team &t, const Objects &o) {
         Address at = t.room(4);
         t.call("clone_area", "made", at, 0, 3, o.area);
     }},
    {"delete_area",
     [](Team &t, const Objects &) {
         Address at = t.room(4);
         int area = (int)t.call("create_area", "made", at, 0, 4096, 0, 3);
         t.call("create_area", "made", at, 0, 4096, 0, 3);
         t.call("delete_area", area);
     }},
    {"register_image",
     [](Team &t, const Objects &) {
         Address info = t.room(1100);
         int image = (int)t.call("register_image", info, 1100);
         t.call("register_image", info, 1100);
         t.call("unregister_image", image);
     }},
    {"xsi_semop",
     [](Team &t, const Objects &) {
         Address ops = t.room(12), value = t.room(4);
         int set = (int)t.call("xsi_semget", 7, 2, 01600);
         t.set(ops, 2, (int16_t)3);
         t.set(ops, 4, (int16_t)10);
         t.set(ops, 6, (int16_t)1);
         t.call("xsi_semop", set, ops, 2);
         t.call("xsi_semctl", set, 0, 8, value);
         t.call("xsi_semctl", set, 0, 0, nullptr);
     }},
    {"the end of a team with XSI semaphores",
     [](Team &t, const Objects &) {
         Address ops = t.room(12);
         int set = (int)t.call("xsi_semget", 7, 2, 01600);
         t.set(ops, 2, (int16_t)3);
         t.set(ops, 4, (int16_t)10);
         t.call("xsi_semop", set, ops, 1);
         t.call("exit_team", 0);
     }},
    {"xsi_msgsnd",
     [](Team &t, const Objects &) {
         Address text = t.room(1204);
         int queue = (int)t.call("xsi_msgget", 7, 01600);
         t.call("xsi_msgsnd", queue, text, 1200, 0);
         t.call("xsi_msgsnd", queue, text, 12, 0);
         t.call("xsi_msgrcv", queue, text, 1200, 0, 0);
         t.call("xsi_msgctl", queue, 0, nullptr);
     }},
    {"realtime_sem_open of a new one",
     [](Team &t, const Objects &) {
         t.call("realtime_sem_open", "/made", 0x200, 0600, 1, t.room(16),
                t.room(4));
     }},
    {"realtime_sem_open and close",
     [](Team &t, const Objects &) {
         Address sem = t.room(16);
         t.call("realtime_sem_open", "/there", 0, 0600, 1, sem, t.room(4));
         t.call("realtime_sem_close", t.get<int>(sem, 4), nullptr);
     }},
    {"the end of a team with POSIX semaphores",
     [](Team &t, const Objects &) {
         t.call("realtime_sem_open", "/there", 0, 0600, 1, t.room(16),
                t.room(4));
         t.call("exit_team", 0);
     }},
    {"start and stop_watching_system",
     [](Team &t, const Objects &o) {
         t.call("start_watching_system", -1, 31, o.port, 1);
         t.call("start_watching_system", 1, 31, o.port, 1);
         t.call("stop_watching_system", 1, 31, o.port, 1);
     }},
    {"a terminal",
     [](Team &t, const Objects &) {
         int fd = (int)t.call("open", -1, "/dev/ptmx", 2, 0);
         t.call("close", fd);
     }},
    {"the end of a team with a terminal",
     [](Team &t, const Objects &) {
         t.call("open", -1, "/dev/ptmx", 2, 0);
         t.call("exit_team", 0);
     }},
    {"an event queue",
     [](Team &t, const Objects &o) {
         int queue = (int)t.call("event_queue_create", 0);
         select_both(t, queue, o.sem);
         t.call("event_queue_wait", queue, t.room(32), 2, hk::RELATIVE,
                int64_t{0});
         t.call("close", 0);
         t.call("close", queue);
     }},
    {"the end of a team with an event queue",
     [](Team &t, const Objects &o) {
         select_both(t, (int)t.call("event_queue_create", 0), o.sem);
         t.call("exit_team", 0);
     }},
    {"the end of a team",
     [](Team &t, const Objects &) {
         t.call("create_sem", 1, "made");
         int port = static_cast<int>(t.call("create_port", 1, "made"));
         t.call("write_port_etc", port, 7, "text", 4, 0, int64_t{0});
         t.call("exit_team", 0);
     }},
};

class Deeds : public testing::TestWithParam<Deed>
{
};

TEST_P(Deeds, HappenWhollyOrNotAtAll)
{
    const Deed &deed = GetParam();
    SharedRoot root;
    Team team(root.config());
    probe_counts empty = probe_count(team.harness);
    bool finished = false;
    int deaths = 0;

    for (int n = 1; !finished; n++) {
        Objects objects = make_objects(team);
        std::string before = describe(team, objects);
        int status =
            run_dying(root, n, [&](Team &its) { deed.act(its, objects); });
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        finished = status == 0;
        if (!finished) {
            ASSERT_EQ(status, -1) << "death " << n;
            ASSERT_LT(n, 1000);
            deaths++;
            EXPECT_EQ(describe(team, objects), before) << "death " << n;
        }
        delete_objects(team, objects);
    }
    EXPECT_GE(deaths, 1);
    probe_counts left = probe_count(team.harness);
    EXPECT_EQ(left.sems, empty.sems);
    EXPECT_EQ(left.ports, empty.ports);
    EXPECT_EQ(left.chunks, empty.chunks);
    EXPECT_EQ(left.waiters, empty.waiters);
    EXPECT_EQ(left.teams, empty.teams);
    EXPECT_EQ(left.areas, empty.areas);
    EXPECT_EQ(left.threads, empty.threads);
    EXPECT_EQ(left.images, empty.images);
    EXPECT_EQ(left.event_queues, empty.event_queues);
    EXPECT_EQ(left.event_entries, empty.event_entries);
}

INSTANTIATE_TEST_SUITE_P(All, Deeds, testing::ValuesIn(deeds),
                         [](const auto &info) {
                             std::string name = info.param.name;
                             for (char &c : name)
                                 if (c == ' ')
                                     c = '_';
                             return name;
                         });

// A semaphore with waiters of several teams: what one of them is given it is
// given whole.
TEST(Release, IsHandedOutWhollyOrNotAtAll)
{
    SharedRoot root;
    Team team(root.config());
    bool finished = false;

    for (int n = 1; !finished; n++) {
        int sem = static_cast<int>(team.call("create_sem", 0, "sem"));
        auto wait = [&](Team &its) {
            return static_cast<int>(
                its.call("acquire_sem_etc", sem, 2, 0, int64_t{0}));
        };
        Process first(root, wait);
        Process second(root, wait);
        hk::await_sem_count(team, sem, -4);
        finished = run_dying(root, n, [&](Team &its) {
                       its.call("release_sem_etc", sem, 4, 0);
                   }) == 0;
        if (!finished) {
            EXPECT_EQ(hk::sem_count(team, sem), -4) << "death " << n;
            EXPECT_EQ(team.call("release_sem_etc", sem, 4, 0), 0);
        }
        EXPECT_EQ(first.wait(), 0);
        EXPECT_EQ(second.wait(), 0);
        EXPECT_EQ(hk::sem_count(team, sem), 0);
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        team.call("delete_sem", sem);
    }
}

// A reader whose writer dies on the way waits on, or has the whole message.
TEST(Messages, ArriveWhollyOrNotAtAll)
{
    SharedRoot root;
    Team team(root.config());
    bool finished = false;
    std::string text(700, 'm');

    for (int n = 1; !finished; n++) {
        int port = static_cast<int>(team.call("create_port", 1, "port"));
        Process reader(root, [&](Team &its) {
            Address buffer = its.room(700);
            int64_t size = its.call("read_port_etc", port, nullptr, buffer, 700,
                                    0, int64_t{0});
            return size == 700 && its.bytes(buffer, 700) == text ? 0 : 1;
        });
        while (probe_count(team.harness).waiters != 1)
            ::usleep(1000);
        finished =
            run_dying(root, n, [&](Team &its) {
                its.call("write_port_etc", port, 1, text, 700, 0, int64_t{0});
            }) == 0;
        if (!finished) {
            EXPECT_EQ(team.call("port_count", port), 0) << "death " << n;
            EXPECT_EQ(
                team.call("write_port_etc", port, 1, text, 700, 0, int64_t{0}),
                0);
        }
        EXPECT_EQ(reader.wait(), 0);
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        team.call("delete_port", port);
    }
}

// Another team's main thread, which looks after requests until it is killed;
// it dies at the n-th change from now on.
int attend(Team &its, int n)
{
    harness_catch(its.harness);
    its.call("create_port", 1, "ready");
    countdown = n;
    for (;;) {
        harness_poll(its.harness);
        ::usleep(200);
    }
}

int priority_of(Team &team, int thread)
{
    Address info = team.room(76);
    EXPECT_EQ(team.call("get_thread_info", thread, info), 0);
    return team.get<int>(info, 44);
}

TEST(Requests, AreMadeWhollyOrNotAtAll)
{
    SharedRoot root;
    Team team(root.config());
    Process other(root, [](Team &its) { return attend(its, 0); });
    bool finished = false;

    while (probe_count(team.harness).ports == 0)
        ::usleep(1000);
    for (int n = 1; !finished; n++) {
        team.call("set_thread_priority", other.pid, 10);
        finished = run_dying(root, n, [&](Team &its) {
                       its.call("set_thread_priority", other.pid, 15);
                       its.call("unblock_thread", other.pid, 3);
                   }) == 0;
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        EXPECT_EQ(priority_of(team, other.pid) % 5, 0);
        ASSERT_LT(n, 1000);
    }
}

TEST(Requests, AreAnsweredWhoeverDies)
{
    SharedRoot root;
    Team team(root.config());
    bool finished = false;

    harness_catch(team.harness);
    for (int n = 1; !finished; n++) {
        Process other(root, [&](Team &its) { return attend(its, n); });
        while (probe_count(team.harness).ports == 0)
            ::usleep(1000);
        int64_t first = team.call("set_thread_priority", other.pid, 15);
        int64_t second = team.call("send_data", other.pid, 1, "text", 4);
        EXPECT_TRUE(first == 10 || first == HK_B_BAD_THREAD_ID) << first;
        EXPECT_TRUE(second == 0 || second == HK_B_BAD_THREAD_ID) << second;
        finished = second == 0;
        other.kill();
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        EXPECT_EQ(probe_count(team.harness).requests, 0u);
        ASSERT_LT(n, 1000);
    }
}

// A process that dies while it puts away what a dead team has left: the next
// one goes on with it.
TEST(Reaping, IsGoneOnWithByTheNextTeam)
{
    SharedRoot root;
    Team team(root.config());
    bool finished = false;

    for (int n = 1; !finished; n++) {
        int sem = static_cast<int>(team.call("create_sem", 5, "mine"));
        Process dead(root, [&](Team &its) {
            its.call("create_sem", 1, "theirs");
            int port = static_cast<int>(its.call("create_port", 2, "theirs"));
            its.call("write_port_etc", port, 1, "text", 4, 0, int64_t{0});
            its.call("write_port_etc", port, 1, "text", 4, 0, int64_t{0});
            probe_wait_for_sem(its.harness, sem, 7);
            ::kill(::getpid(), SIGKILL);
            return 0;
        });
        EXPECT_EQ(dead.wait(), -1);
        countdown = n; // of the next process: it reaps when it joins
        Process victim(root, [](Team &) { return 0; });
        countdown = 0;
        finished = victim.wait() == 0;
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        EXPECT_EQ(hk::sem_count(team, sem), 5);
        probe_counts left = probe_count(team.harness);
        EXPECT_EQ(left.teams, 1u);
        EXPECT_EQ(left.sems, 1u);
        EXPECT_EQ(left.ports, 0u);
        EXPECT_EQ(left.chunks, 0u);
        EXPECT_EQ(left.waiters, 0u);
        team.call("delete_sem", sem);
    }
}

// Of each team that ends, once, whoever dies on the way of telling.
TEST(Watching, IsToldOfADeathOnce)
{
    SharedRoot root;
    Team team(root.config());
    int port = static_cast<int>(team.call("create_port", 100, "events"));
    bool finished = false;

    ASSERT_EQ(team.call("start_watching_system", -1, 2, port, 1), 0);
    for (int n = 1; !finished; n++) {
        Process dead(root, [](Team &its) {
            its.call("create_port", 2, "theirs");
            ::kill(::getpid(), SIGKILL);
            return 0;
        });
        EXPECT_EQ(dead.wait(), -1);
        countdown = n; // of the next process: it reaps when it joins
        Process victim(root, [](Team &) { return 0; });
        countdown = 0;
        finished = victim.wait() == 0;
        ASSERT_STREQ(probe_shared(team.harness), "") << "death " << n;
        // The first one's, and the second one's if it had become a team.
        int64_t told = team.call("port_count", port);
        EXPECT_TRUE(told == 1 || told == 2) << told << ", death " << n;
        for (; told > 0; told--)
            team.call("read_port_etc", port, nullptr, nullptr, 0, 0,
                      int64_t{0});
    }
}

TEST(Lock, OfADeadHolderIsTakenOver)
{
    SharedRoot root;
    Team team(root.config());
    int sem = static_cast<int>(team.call("create_sem", 5, "mine"));
    Process holder(root, [&](Team &its) {
        probe_die_inside(its.harness, sem);
        return 0;
    });
    EXPECT_EQ(holder.wait(), -1);
    EXPECT_EQ(hk::sem_count(team, sem), 5);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

// ---- the file ----

TEST(File, IsTheSameByEveryPathOfTheRoot)
{
    SharedRoot root;
    root.root.make("sub");
    Team team(root.config());
    int sem = static_cast<int>(team.call("create_sem", 4, "sem"));
    hk_config config = root.config();
    std::string other = root.root.at("sub/..");
    config.root = other.c_str();
    Process same(root, config, [&](Team &its) {
        return hk::sem_count(its, sem) == 4 ? 0 : 1;
    });
    EXPECT_EQ(same.wait(), 0);
    std::string sub = root.root.at("sub");
    config.root = sub.c_str();
    Process another(root, config, [&](Team &its) {
        Address to = its.room(4);
        return its.call("get_sem_count", sem, to) == HK_B_BAD_SEM_ID ? 0 : 1;
    });
    EXPECT_EQ(another.wait(), 0);
}

TEST(File, IsTheTeamsAloneWithoutADirectory)
{
    SharedRoot root;
    hk_config config = root.config();
    config.shared_directory = nullptr;
    Team team(config);
    int sem = static_cast<int>(team.call("create_sem", 4, "sem"));
    Process other(root, config, [&](Team &its) {
        Address to = its.room(4);
        return its.call("get_sem_count", sem, to) == HK_B_BAD_SEM_ID ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(root.file(), "");
}

TEST(File, CannotBeMade)
{
    SharedRoot root;
    hk_config config = root.config();
    std::string missing = root.meeting.at("missing");
    config.shared_directory = missing.c_str();
    Team team(config);
    EXPECT_EQ(team.error, HK_ERR_IO);
}

TEST(File, IsNotLookedForBehindALink)
{
    SharedRoot root;
    {
        Team team(root.config());
    }
    std::string file = root.file();
    ASSERT_NE(file, "");
    std::filesystem::rename(file, root.root.at("elsewhere"));
    std::filesystem::create_symlink(root.root.at("elsewhere"), file);
    Team team(root.config());
    EXPECT_EQ(team.error, HK_ERR_IO);
}

TEST(File, IsTheUsersOwn)
{
    SharedRoot root;
    Team team(root.config());
    auto mode = std::filesystem::status(root.file()).permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read |
                        std::filesystem::perms::owner_write);
}

void overwrite(const std::string &path, unsigned at, const std::string &bytes)
{
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file << bytes;
}

// A file that is not to be used is replaced; a team that still uses it keeps
// it, and does not meet the others any more.
TEST(File, IsReplacedWhenItIsStale)
{
    const struct probe_layout at = probe_get_layout();
    const std::string zeros(4, '\0');
    struct {
        const char *what;
        std::function<void(const std::string &path)> spoil;
    } rows[] = {
        {"magic", [](auto &path) { overwrite(path, 0, "another"); }},
        {"version", [&](auto &path) { overwrite(path, at.version, zeros); }},
        {"incomplete",
         [&](auto &path) { overwrite(path, at.is_complete, zeros); }},
        {"size told", [&](auto &path) { overwrite(path, at.size, zeros); }},
        {"boot id", [&](auto &path) { overwrite(path, at.boot_id, "0000"); }},
        {"short",
         [](auto &path) { // of another version: the old one stays as it is
             std::filesystem::remove(path);
             std::ofstream(path) << "short";
         }},
    };
    for (const auto &row : rows) {
        SharedRoot root;
        Team team(root.config());
        int sem = static_cast<int>(team.call("create_sem", 4, "sem"));
        row.spoil(root.file());
        Process other(root, [&](Team &its) {
            Address to = its.room(4);
            if (its.call("get_sem_count", sem, to) != HK_B_BAD_SEM_ID)
                return 1;
            int made = static_cast<int>(its.call("create_sem", 6, "sem"));
            Process third(root, [&](Team &the_third) {
                return hk::sem_count(the_third, made) == 6 ? 0 : 1;
            });
            return third.wait();
        });
        EXPECT_EQ(other.wait(), 0) << row.what;
        EXPECT_EQ(hk::sem_count(team, sem), 4) << row.what;
    }
}

// Many processes come at once, to no file or to a stale one: one of them
// makes it, and all meet in it.
TEST(File, IsMadeByOneOfMany)
{
    SharedRoot root;
    for (const char *before : {"", "stale"}) {
        if (*before != '\0')
            std::ofstream(root.file()) << before;
        std::vector<std::unique_ptr<Process>> processes;
        for (int i = 0; i < 8; i++)
            processes.push_back(std::make_unique<Process>(root, [](Team &its) {
                its.call("create_port", 1, "here");
                for (;;)
                    ::pause();
                return 0;
            }));
        Team team(root.config());
        while (probe_count(team.harness).ports < 8)
            ::usleep(1000);
    }
}

} // namespace
