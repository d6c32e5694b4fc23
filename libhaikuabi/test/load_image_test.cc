// load_image_test.cc -- a new team with its own program.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;

const Address nowhere{0x50000000}, kernels{0x90000000};
enum { WAIT_TILL_LOADED = 1, EXITED = 8 };

class LoadImage : public testing::Test
{
  protected:
    LoadImage() : team(root.config())
    {
        harness_catch(team.harness);
        block = team.room(64);
        team.set(block, 0, block.value + 12);
        std::memcpy(team.host(block) + 12, "/boot/app", 10);
    }

    // What the new team does, from its entry on, is `act`.
    int64_t load(uint32_t flags, const std::function<int()> &act,
                 int priority = 10)
    {
        int parent = ::getpid();
        int64_t result =
            team.call("load_image", block, 22, 1, 0, priority, flags, -1, 0);
        if (::getpid() != parent)
            ::_exit(act());
        return result;
    }
    // The loader of the new team has linked it, and waits to be resumed.
    void tell_loaded()
    {
        Address info{team.places().stack_base + 4096};
        team.set(info, 4, 1); // B_APP_IMAGE
        int64_t id = team.call("register_image", info, 1100);
        team.call("image_relocated", static_cast<int>(id));
    }
    int end_of(int64_t child)
    {
        Address info = team.room(36);
        EXPECT_EQ(team.call("wait_for_child", static_cast<int>(child),
                            (int)EXITED, info, nullptr),
                  child);
        return team.get<int>(info, 24);
    }

    hk::SharedRoot root;
    hk::ThreadedTeam team;
    Address block{};
};

TEST_F(LoadImage, HasNormalPriorityWhateverIsAskedFor)
{
    Address info = team.room(76);
    for (int asked : {15, -1, 1000}) {
        int64_t child = load(
            WAIT_TILL_LOADED,
            [&] {
                tell_loaded();
                return 0;
            },
            asked);
        ASSERT_GT(child, 0);
        EXPECT_EQ(team.call("get_thread_info", (int)child, info), 0);
        EXPECT_EQ(team.get<int>(info, 44), 10);
        EXPECT_EQ(team.call("resume_thread", (int)child), 0);
        EXPECT_EQ(end_of(child), 0);
    }
}

TEST_F(LoadImage, RunsWhenItIsResumed)
{
    int sem = static_cast<int>(team.call("create_sem", 0, "runs"));
    int64_t child = load(WAIT_TILL_LOADED, [&] {
        tell_loaded();
        team.call("release_sem", sem);
        return 7;
    });
    ASSERT_GT(child, 0);
    EXPECT_EQ(team.call("get_current_team"), ::getpid());
    EXPECT_EQ(hk::sem_count(team, sem), 0); // it is suspended
    EXPECT_EQ(team.call("resume_thread", static_cast<int>(child)), 0);
    EXPECT_EQ(team.call("acquire_sem", sem), 0);
    EXPECT_EQ(end_of(child), 7);
}

TEST_F(LoadImage, RunsWhenItIsWaitedFor)
{
    int64_t child = load(WAIT_TILL_LOADED, [&] {
        tell_loaded();
        return 3;
    });
    Address status = team.room(4);
    EXPECT_EQ(team.call("wait_for_thread", static_cast<int>(child), status), 0);
    EXPECT_EQ(team.get<int>(status), 3);
    end_of(child);
}

TEST_F(LoadImage, LoadsOnlyWhenResumedWithoutTheFlag)
{
    int64_t child = load(0, [&] {
        tell_loaded();
        return 5;
    });
    ASSERT_GT(child, 0);
    EXPECT_EQ(team.call("resume_thread", static_cast<int>(child)), 0);
    EXPECT_EQ(end_of(child), 5);
}

TEST_F(LoadImage, TellsWhatTheLoaderSays)
{
    EXPECT_EQ(load(WAIT_TILL_LOADED,
                   [&] {
                       team.call("loading_app_failed", HK_B_ENTRY_NOT_FOUND);
                       return 0;
                   }),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(load(WAIT_TILL_LOADED, [] { return 0; }), HK_B_ERROR);
    EXPECT_EQ(
        load(WAIT_TILL_LOADED, [] { return ::kill(::getpid(), SIGKILL); }),
        HK_B_ERROR);
    while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR)
        continue;
}

TEST_F(LoadImage, SharesItsObjectsWithItsParent)
{
    int port = static_cast<int>(team.call("create_port", 1, "parent's"));
    int64_t child = load(WAIT_TILL_LOADED, [&] {
        tell_loaded();
        Address text{team.places().stack_base + 8192};
        return static_cast<int>(
            team.call("write_port_etc",
                      static_cast<int>(team.call("find_port", "parent's")), 1,
                      text, 5, 0, int64_t{0}));
    });
    team.call("resume_thread", static_cast<int>(child));
    EXPECT_EQ(
        team.call("read_port_etc", port, nullptr, nullptr, 0, 0, int64_t{0}),
        0);
    EXPECT_EQ(end_of(child), 0);
}

TEST_F(LoadImage, EndsNotWhenItsParentDoes)
{
    int sem = static_cast<int>(team.call("create_sem", 0, "runs"));
    int64_t parent = team.call("fork");
    if (parent == 0) {
        int64_t child = load(WAIT_TILL_LOADED, [&] {
            tell_loaded(); // its parent's end resumes it
            team.call("release_sem", sem);
            return 0;
        });
        ::_exit(child > 0 ? 0 : 1);
    }
    EXPECT_EQ(team.call("acquire_sem", sem), 0);
    EXPECT_EQ(end_of(parent), 0);
}

TEST_F(LoadImage, RefusesWhatIsWrong)
{
    auto call = [&](Address flat, int size, int argc, int envc) {
        return team.call("load_image", flat, size, argc, envc, 10, 1, -1, 0);
    };
    EXPECT_EQ(call(block, 22, 0, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(call(block, 22, -1, 0), HK_B_BAD_VALUE);
    EXPECT_EQ(call(block, 22, 1, -1), HK_B_BAD_VALUE);
    EXPECT_EQ(call(block, 0x40001, 1, 0), HK_B_TOO_MANY_ARGS);
    EXPECT_EQ(call(nowhere, 22, 1, 0), HK_B_BAD_ADDRESS);
    EXPECT_EQ(call(kernels, 22, 1, 0), HK_B_BAD_ADDRESS);
    team.set(block, 0, block.value + 8); // no string
    EXPECT_EQ(call(block, 22, 1, 0), HK_B_BAD_VALUE);
}

} // namespace
