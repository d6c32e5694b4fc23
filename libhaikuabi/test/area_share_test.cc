// area_share_test.cc -- areas as other teams see them, and memory they share.
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

enum : uint32_t {
    ANY = 0,
    EXACT = 1,
    BASE = 2,
    READ = 1,
    WRITE = 2,
    CLONEABLE = 0x100,
    PAGE = 4096,
    HERE = 0x30000000,
    THERE = 0x40000000
};
const Address nowhere{0x70000000}, kernels{0x90000000};

int create(Team &team, const char *name, uint32_t address, uint32_t size,
           uint32_t protection)
{
    Address at = team.room(4);
    team.set(at, 0, address);
    return (int)team.call("create_area", name, at, EXACT, size, 0u, protection);
}

int clone(Team &team, const char *name, uint32_t address, int source,
          uint32_t protection = READ | WRITE)
{
    Address at = team.room(4);
    team.set(at, 0, address);
    return (int)team.call("clone_area", name, at, EXACT, protection, source);
}

void put(Team &team, uint32_t address, uint32_t value)
{
    EXPECT_EQ(harness_write(team.harness, address, &value, 4), 0) << address;
}

uint32_t get(Team &team, uint32_t address)
{
    uint32_t value = 0;
    EXPECT_EQ(harness_read(team.harness, address, &value, 4), 0) << address;
    return value;
}

// Another team's process that has done something and then stays.
class Other
{
  public:
    Other(hk::SharedRoot &root, const std::function<void(Team &)> &act)
    {
        EXPECT_EQ(::pipe(fds), 0);
        process = std::make_unique<Process>(root, [&](Team &its) {
            act(its);
            EXPECT_EQ(::write(fds[1], "x", 1), 1);
            for (;;)
                ::pause();
            return 0;
        });
        char byte;
        EXPECT_EQ(::read(fds[0], &byte, 1), 1);
    }
    ~Other()
    {
        ::close(fds[0]);
        ::close(fds[1]);
    }

    std::unique_ptr<Process> process;

  private:
    int fds[2];
};

class AreaShare : public testing::Test
{
  protected:
    AreaShare() : team(root.config())
    {
        harness_catch(team.harness);
    }

    int in_child(const std::function<int()> &act)
    {
        int64_t child = team.call("fork");
        if (child == 0)
            ::_exit(act());
        EXPECT_GT(child, 0);
        int status = 0;
        ::waitpid((pid_t)child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
};

TEST_F(AreaShare, CloneAreaOfAnotherTeamSharesItsMemory)
{
    int source =
        create(team, "shared", HERE, 2 * PAGE, READ | WRITE | CLONEABLE);
    ASSERT_GT(source, 0);
    put(team, HERE + PAGE, 17);
    Process other(root, [&](Team &its) {
        int own = clone(its, "clone", THERE, source);
        if (own <= 0 || own == source || get(its, THERE + PAGE) != 17)
            return 1;
        put(its, THERE + 8, 18);
        Address info = its.room(72);
        return its.call("get_area_info", own, info) == 0 &&
                       its.get<int>(info) == own &&
                       its.text({info.value + 4}) == "clone" &&
                       its.get<uint32_t>(info, 36) == 2 * PAGE &&
                       its.get<int>(info, 48) == ::getpid() &&
                       its.get<uint32_t>(info, 68) == THERE
                   ? 0
                   : 2;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(get(team, HERE + 8), 18u);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(AreaShare, CloneAreaTakesAnyPlaceAndFewerRights)
{
    Address at = team.room(4);
    Other other(root, [](Team &its) {
        create(its, "theirs", HERE, PAGE, READ | WRITE | CLONEABLE);
        put(its, HERE, 5);
    });
    int source = (int)team.call("find_area", "theirs");
    ASSERT_GT(source, 0);
    for (uint32_t spec : {0u, 2u, 6u, 7u}) {
        team.set(at, 0, THERE);
        int id = (int)team.call("clone_area", "any", at, spec, READ, source);
        ASSERT_GT(id, 0) << spec;
        uint32_t address = team.get<uint32_t>(at);
        EXPECT_EQ(get(team, address), 5u);
        EXPECT_FALSE(harness_can(team.harness, address, WRITE));
        EXPECT_EQ(team.call("delete_area", id), 0);
    }
}

TEST_F(AreaShare, CloneAreaRefusesWhatIsWrong)
{
    Address at = team.room(4);
    Other other(root, [](Team &its) {
        create(its, "kept", HERE, PAGE, READ | WRITE);
        create(its, "given", THERE, PAGE, READ | WRITE | CLONEABLE);
    });
    int kept = (int)team.call("find_area", "kept");
    int given = (int)team.call("find_area", "given");
    ASSERT_GT(kept, 0);
    ASSERT_GT(given, 0);
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, READ, kept),
              HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, READ, 99999999),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, READ, -1), HK_B_BAD_VALUE);
    for (uint32_t spec : {3u, 4u, 5u, 8u})
        EXPECT_EQ(team.call("clone_area", "x", at, spec, READ, given),
                  HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, 0x4000u, given),
              HK_B_BAD_VALUE);
    for (Address bad : {Address{0}, nowhere, kernels}) {
        EXPECT_EQ(team.call("clone_area", bad, at, ANY, READ, given),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("clone_area", "x", bad, ANY, READ, given),
                  HK_B_BAD_ADDRESS);
    }
    int user_area = (int)team.call("find_area", "user area");
    EXPECT_EQ(team.call("clone_area", "x", at, ANY, READ, user_area),
              HK_B_NOT_ALLOWED);
    int own = clone(team, "x", HERE, given);
    EXPECT_EQ(own, team.call("find_area", "x"));
    EXPECT_EQ(clone(team, "again", HERE, given), HK_B_BAD_VALUE); // taken
}

TEST_F(AreaShare, MemoryOutlivesItsOwnerAndTheAreaDoesNot)
{
    auto other = std::make_unique<Other>(root, [](Team &its) {
        create(its, "theirs", HERE, PAGE, READ | WRITE | CLONEABLE);
        put(its, HERE, 5);
    });
    int source = (int)team.call("find_area", "theirs");
    int own = clone(team, "own", HERE, source);
    ASSERT_GT(own, 0);
    other->process->kill();
    Address info = team.room(72);
    EXPECT_EQ(team.call("get_area_info", source, info), HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("find_area", "theirs"), HK_B_NAME_NOT_FOUND);
    EXPECT_EQ(get(team, HERE), 5u);
    Process third(root, [&](Team &its) {
        return clone(its, "x", THERE, own) == HK_B_NOT_ALLOWED ? 0 : 1;
    });
    EXPECT_EQ(third.wait(), 0);
    EXPECT_EQ(team.call("set_area_protection", own, READ | CLONEABLE), 0);
    Process fourth(root, [&](Team &its) {
        return clone(its, "x", THERE, own) > 0 && get(its, THERE) == 5 ? 0 : 1;
    });
    EXPECT_EQ(fourth.wait(), 0);
}

TEST_F(AreaShare, OtherTeamsAreasAreListedAndLeftAlone)
{
    Other other(root, [](Team &its) {
        create(its, "high", THERE, PAGE, READ);
        create(its, "low", HERE, 2 * PAGE, READ | WRITE);
    });
    Address cookie = team.room(4), info = team.room(72);
    std::vector<std::string> names;
    int id = 0;
    while (team.call("get_next_area_info", other.process->pid, cookie, info) ==
           0) {
        names.push_back(team.text({info.value + 4}));
        id = team.get<int>(info);
        EXPECT_EQ(team.get<int>(info, 48), other.process->pid);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"low", "high"}));
    EXPECT_EQ(team.call("get_area_info", id, info), 0);
    EXPECT_EQ(team.get<uint32_t>(info, 68), THERE);
    EXPECT_EQ(team.call("delete_area", id), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("set_area_protection", id, READ), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("get_area_info", id, info), 0);
}

TEST_F(AreaShare, ATeamClonesItsOwnPrivateMemory)
{
    int source = create(team, "private", HERE, 3 * PAGE, READ | WRITE);
    put(team, HERE, 1);
    put(team, HERE + 2 * PAGE, 3);
    EXPECT_EQ(
        team.call("set_memory_protection", Address{HERE + PAGE}, PAGE, 0u), 0);
    int own = clone(team, "clone", THERE, source);
    ASSERT_GT(own, 0);
    EXPECT_EQ(get(team, THERE), 1u);
    EXPECT_EQ(get(team, THERE + 2 * PAGE), 3u);
    put(team, HERE, 4);
    EXPECT_EQ(get(team, THERE), 4u);
    put(team, THERE + 2 * PAGE, 5);
    EXPECT_EQ(get(team, HERE + 2 * PAGE), 5u);
    EXPECT_FALSE(harness_can(team.harness, HERE + PAGE, READ));
    EXPECT_TRUE(harness_can(team.harness, THERE + PAGE, READ));
    EXPECT_EQ(team.call("delete_area", source), 0);
    EXPECT_EQ(get(team, THERE), 4u);
}

// A thread has its calls write to pages that move: none fails, and what it
// wrote is in both places.
TEST_F(AreaShare, StoresOfOtherThreadsFollowPagesThatMove)
{
    enum { AREAS = 100, SIZE = 8 * PAGE };
    std::atomic<bool> stop{false};
    std::atomic<int> failed{0}, rounds{0};
    std::vector<int> areas;
    for (uint32_t i = 0; i < AREAS; i++)
        areas.push_back(
            create(team, "area", HERE + i * SIZE, SIZE, READ | WRITE));
    int writer = team.spawn([&](hk_thread *thread) {
        while (!stop) {
            for (uint32_t i = 0; i < AREAS; i++) {
                Address info{HERE + i * SIZE + 4 * PAGE};
                failed += team.call_as(thread, "get_area_info", areas[i],
                                       info) == HK_B_BAD_ADDRESS;
            }
            rounds++;
        }
    });
    while (rounds == 0)
        ::usleep(100);
    for (uint32_t i = 0; i < AREAS; i++)
        ASSERT_GT(clone(team, "clone", THERE + i * SIZE, areas[i]), 0);
    int seen = rounds;
    while (rounds < seen + 2)
        ::usleep(100);
    stop = true;
    team.join(writer);
    EXPECT_EQ(failed, 0);
    for (uint32_t i = 0; i < AREAS; i++)
        EXPECT_EQ(get(team, THERE + i * SIZE + 4 * PAGE), (uint32_t)areas[i]);
}

TEST_F(AreaShare, AnExceptionInAPageThatMovedIsNoSignal)
{
    enum { PAGE_FAULT = 14, WRITE_ERROR = 6 };
    int source = create(team, "private", HERE, PAGE, READ | WRITE);
    ASSERT_GT(clone(team, "clone", THERE, source), 0);
    EXPECT_EQ(harness_exception(team.harness, PAGE_FAULT, WRITE_ERROR, HERE),
              HK_CONTINUE);
    EXPECT_EQ(harness_exception(team.harness, PAGE_FAULT, WRITE_ERROR, HERE),
              HARNESS_ENDED);
}

TEST_F(AreaShare, AForkSharesWhatHasBeenClonedAndCopiesTheRest)
{
    const uint32_t rights = READ | WRITE | CLONEABLE;
    int cloned = create(team, "cloned", HERE, 4 * PAGE, rights);
    int rest = create(team, "not yet", THERE, 4 * PAGE, rights);
    Process other(root, [&](Team &its) {
        return clone(its, "x", HERE, cloned) > 0 ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    put(team, HERE + PAGE, 1);
    put(team, THERE + PAGE, 1);
    int status = in_child([&] {
        if (get(team, HERE + PAGE) != 1 || get(team, THERE + PAGE) != 1)
            return 1;
        put(team, HERE + PAGE, 2);
        put(team, THERE + PAGE, 2);
        // An area of its own, by another id, that others can clone.
        int own = (int)team.call("area_for", Address{THERE});
        if (own == rest || own <= 0)
            return 2;
        Process third(root, [&](Team &its) {
            return clone(its, "x", HERE, own) > 0 && get(its, HERE + PAGE) == 2
                       ? 0
                       : 1;
        });
        return third.wait();
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(get(team, HERE + PAGE), 2u);
    EXPECT_EQ(get(team, THERE + PAGE), 1u);
    EXPECT_EQ(team.call("area_for", Address{THERE}), rest);
}

TEST_F(AreaShare, SharedMemoryIsResizedWhereverTheTeamHasIt)
{
    Address info = team.room(72);
    int source = create(team, "one", HERE, PAGE, READ | WRITE | CLONEABLE);
    int own = clone(team, "two", THERE, source);
    ASSERT_EQ(team.call("resize_area", own, 3 * PAGE), 0);
    put(team, HERE + 2 * PAGE, 9);
    EXPECT_EQ(get(team, THERE + 2 * PAGE), 9u);
    ASSERT_EQ(team.call("get_area_info", source, info), 0);
    EXPECT_EQ(team.get<uint32_t>(info, 36), 3 * PAGE);
    ASSERT_EQ(team.call("resize_area", source, PAGE + 0u), 0);
    EXPECT_FALSE(harness_can(team.harness, THERE + PAGE, READ));
    ASSERT_EQ(team.call("resize_area", source, 3 * PAGE), 0);
    EXPECT_EQ(get(team, THERE + 2 * PAGE), 0u); // zeroed
    // No room behind one of them: neither changes.
    ASSERT_GT(create(team, "wall", THERE + 3 * PAGE, PAGE, READ), 0);
    EXPECT_EQ(team.call("resize_area", source, 4 * PAGE), HK_B_ERROR);
    ASSERT_EQ(team.call("get_area_info", source, info), 0);
    EXPECT_EQ(team.get<uint32_t>(info, 36), 3 * PAGE);
}

TEST_F(AreaShare, BothPartsOfACutAreaCanBeCloned)
{
    create(team, "whole", HERE, 5 * PAGE, READ | WRITE | CLONEABLE);
    for (uint32_t page = 0; page < 5; page++)
        put(team, HERE + page * PAGE, page + 1);
    ASSERT_EQ(team.call("unmap_memory", Address{HERE + PAGE}, 2 * PAGE), 0);
    int right = (int)team.call("area_for", Address{HERE + 3 * PAGE});
    int left = (int)team.call("area_for", Address{HERE});
    // And once more at its edge.
    ASSERT_EQ(team.call("unmap_memory", Address{HERE + 3 * PAGE}, PAGE), 0);
    Process other(root, [&](Team &its) {
        return clone(its, "left", HERE, left) > 0 &&
                       clone(its, "right", THERE, right) > 0 &&
                       get(its, HERE) == 1 && get(its, THERE) == 5
                   ? 0
                   : 1;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

TEST_F(AreaShare, AMappedFileThatIsSharedCanBeCloned)
{
    root.root.write("file", std::string(2 * PAGE, 'f'));
    Address at = team.room(4);
    team.set(at, 0, (uint32_t)HERE);
    int fd = (int)team.call("open", -1, "/file", 2, 0);
    int source =
        (int)team.call("map_file", "file", at, EXACT, PAGE,
                       READ | WRITE | CLONEABLE, 0, 0, fd, int64_t{PAGE});
    ASSERT_GT(source, 0);
    team.call("close", fd);
    Process other(root, [&](Team &its) {
        if (clone(its, "clone", THERE, source) <= 0)
            return 1;
        put(its, THERE, 0x44444444);
        int own = (int)its.call("area_for", Address{THERE});
        return its.call("resize_area", own, 2 * PAGE) == HK_B_NOT_ALLOWED ? 0
                                                                          : 2;
    });
    EXPECT_EQ(other.wait(), 0);
    EXPECT_EQ(get(team, HERE), 0x44444444u);
    EXPECT_EQ(root.root.read("file").substr(PAGE, 5), "DDDDf");
}

TEST_F(AreaShare, NothingIsLeftOfATeam)
{
    probe_counts before = probe_count(team.harness);
    for (int i = 0; i < 3; i++) {
        Process other(root, [&](Team &its) {
            for (int area = 0; area < 10; area++)
                create(its, "x", HERE + 2 * PAGE * (uint32_t)area, PAGE,
                       READ | CLONEABLE);
            return i == 0   ? (int)its.call("exit_team", 0)
                   : i == 1 ? ::kill(::getpid(), SIGKILL)
                            : 0;
        });
        other.wait();
    }
    probe_counts after = probe_count(team.harness);
    EXPECT_EQ(after.areas, before.areas);
    EXPECT_EQ(after.threads, before.threads);
    EXPECT_EQ(after.images, before.images);
    EXPECT_STREQ(probe_shared(team.harness), "");
}

} // namespace
