// messaging_test.cc -- the service that passes the kernel's messages on.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/shared_teams.h"

namespace
{

using hk::Process;

class Messaging : public testing::Test
{
  protected:
    Messaging() : team(root.config())
    {
        lock = team.call("create_sem", 0, "lock");
        counter = team.call("create_sem", 0, "counter");
    }

    int first_word(int area)
    {
        hk::Address info = team.room(72), address{0};

        EXPECT_EQ(team.call("get_area_info", area, info), HK_B_OK);
        harness_read(team.harness, info.value + 68, &address.value, 4);
        int words[7] = {};
        harness_read(team.harness, address.value, words, sizeof(words));
        EXPECT_EQ(words[1], 4 * 4096);
        EXPECT_EQ(words[2], area);
        EXPECT_EQ(words[3], -1);
        EXPECT_EQ(words[4], 0);
        return words[0];
    }

    hk::SharedRoot root;
    hk::Team team;
    int lock, counter;
};

TEST_F(Messaging, TheServiceGetsAnEmptyArea)
{
    int area = team.call("register_messaging_service", lock, counter);

    ASSERT_GT(area, 0);
    EXPECT_EQ(first_word(area), 0);
    EXPECT_EQ(team.call("register_messaging_service", lock, counter),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("unregister_messaging_service"), HK_B_OK);
    EXPECT_EQ(team.call("get_area_info", area, team.room(72)),
              HK_B_BAD_TEAM_ID);
    EXPECT_EQ(team.call("unregister_messaging_service"), HK_B_BAD_VALUE);
    EXPECT_GT(team.call("register_messaging_service", lock, counter), 0);
}

TEST_F(Messaging, ItsSemaphoresAreItsOwn)
{
    EXPECT_EQ(team.call("register_messaging_service", lock, counter + 1),
              HK_B_BAD_SEM_ID);
    EXPECT_EQ(team.call("register_messaging_service", -1, counter),
              HK_B_BAD_SEM_ID);
    Process other(root, [this](hk::Team &its) {
        return its.call("register_messaging_service", lock, counter) !=
               HK_B_BAD_VALUE;
    });
    EXPECT_EQ(other.wait(), 0);
}

TEST_F(Messaging, ThereIsOneUntilItEnds)
{
    Process other(root, [](hk::Team &its) {
        int a = its.call("create_sem", 0, "a"),
            b = its.call("create_sem", 0, "b");
        return its.call("register_messaging_service", a, b) <= 0;
    });
    EXPECT_EQ(other.wait(), 0);
    ASSERT_GT(team.call("register_messaging_service", lock, counter), 0);
    Process second(root, [](hk::Team &its) {
        int a = its.call("create_sem", 0, "a"),
            b = its.call("create_sem", 0, "b");
        return its.call("register_messaging_service", a, b) != HK_B_BAD_VALUE ||
               its.call("unregister_messaging_service") != HK_B_BAD_VALUE;
    });
    EXPECT_EQ(second.wait(), 0);
}

} // namespace
