// image_test.cc -- the executables and libraries of a team.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

namespace
{

using hk::Address;

const Address nowhere{0x50000000}, kernels{0x90000000};
enum { EXTENDED_SIZE = 1100, INFO_SIZE = 1084, NAME = 36 };

class Images : public testing::Test
{
  protected:
    Images() : config(hk::make_config(root.path.c_str())), team(config) {}

    int add(const std::string &name, int type = 2)
    {
        Address info = team.room(EXTENDED_SIZE);
        team.set(info, 4, type);
        std::memcpy(team.host(info) + NAME, name.data(), name.size());
        return static_cast<int>(
            team.call("register_image", info, (int)EXTENDED_SIZE));
    }

    hk::Directory root;
    hk_config config;
    hk::ThreadedTeam team;
};

TEST_F(Images, AreToldById)
{
    int id = add("/boot/lib/libx.so");
    ASSERT_GT(id, 0);
    Address info = team.room(INFO_SIZE);
    ASSERT_EQ(team.call("get_image_info", id, info, (int)INFO_SIZE), 0);
    EXPECT_EQ(team.get<int>(info), id);
    EXPECT_EQ(team.get<int>(info, 4), 2);
    EXPECT_EQ(team.text({info.value + NAME}), "/boot/lib/libx.so");
    EXPECT_EQ(team.call("get_image_info", id, info, 4), 0); // as much as asked
    EXPECT_EQ(team.call("unregister_image", id), 0);
    EXPECT_EQ(team.call("unregister_image", id), HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("get_image_info", id, info, (int)INFO_SIZE),
              HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Images, AreListedInOrder)
{
    std::vector<int> made{add("one"), add("two"), add("three")}, found;
    team.call("unregister_image", made[1]);
    Address cookie = team.room(4), info = team.room(INFO_SIZE);
    while (team.call("get_next_image_info", 0, cookie, info, (int)INFO_SIZE) ==
           0)
        found.push_back(team.get<int>(info));
    // The commpage is the first.
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[1], made[0]);
    EXPECT_EQ(found[2], made[2]);
    EXPECT_EQ(team.call("get_next_image_info", ::getpid(), cookie, info,
                        (int)INFO_SIZE),
              HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Images, RefuseWhatIsWrong)
{
    int id = add("image");
    Address room = team.room(EXTENDED_SIZE);
    EXPECT_EQ(team.call("register_image", room, EXTENDED_SIZE - 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_image_info", id, room, INFO_SIZE + 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("get_next_image_info", 0, room, room, INFO_SIZE + 1),
              HK_B_BAD_VALUE);
    EXPECT_EQ(
        team.call("get_next_image_info", 999999999, room, room, (int)INFO_SIZE),
        HK_B_BAD_TEAM_ID);
    for (Address bad : {nowhere, kernels}) {
        EXPECT_EQ(team.call("register_image", bad, (int)EXTENDED_SIZE),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(team.call("get_image_info", id, bad, (int)INFO_SIZE),
                  HK_B_BAD_ADDRESS);
        EXPECT_EQ(
            team.call("get_next_image_info", 0, bad, room, (int)INFO_SIZE),
            HK_B_BAD_ADDRESS);
        EXPECT_EQ(
            team.call("get_next_image_info", 0, room, bad, (int)INFO_SIZE),
            HK_B_BAD_ADDRESS);
    }
    EXPECT_EQ(team.call("get_image_info", -1, room, (int)INFO_SIZE),
              HK_B_ENTRY_NOT_FOUND);
}

TEST_F(Images, LongNamesAreCut)
{
    int id = add(std::string(1024, 'x'));
    Address info = team.room(INFO_SIZE);
    ASSERT_EQ(team.call("get_image_info", id, info, (int)INFO_SIZE), 0);
    EXPECT_EQ(team.text({info.value + NAME}).size(), 1023u);
}

TEST_F(Images, OfAProgramThatCannotBeLoadedEndTheTeam)
{
    EXPECT_EQ(team.call("image_relocated", 12345), 0); // none: nothing
    EXPECT_EQ(team.call("image_relocated", add("app", 1)), 0);
    EXPECT_EQ(team.call("loading_app_failed", HK_B_ENTRY_NOT_FOUND),
              HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).status, HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(team.call("loading_app_failed", 0), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).status, HK_B_ERROR);
}

// libroot's debugging functions ask, for the images of team 1.
TEST_F(Images, TheKernelHasNone)
{
    Address size = team.room(4), count = team.room(4), kernels{0x80000000};
    Address nowhere{0x50000000}, none{0};

    EXPECT_EQ(team.call("read_kernel_image_symbols", 1, none, count, none, size,
                        none),
              HK_B_ENTRY_NOT_FOUND);
    EXPECT_EQ(
        team.call("read_kernel_image_symbols", 1, none, none, none, size, none),
        HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("read_kernel_image_symbols", 1, none, count, none,
                        nowhere, none),
              HK_B_BAD_ADDRESS);
    for (int i : {0, 2, 4})
        EXPECT_EQ(team.call("read_kernel_image_symbols", 1,
                            i == 0 ? kernels : none, count,
                            i == 2 ? kernels : none, size,
                            i == 4 ? kernels : none),
                  HK_B_BAD_ADDRESS);
}

} // namespace
