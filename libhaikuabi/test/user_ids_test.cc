// user_ids_test.cc -- users and groups of a team.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

using hk::Address;

constexpr uint32_t same = ~0u;

class UserIds : public testing::Test
{
  protected:
    explicit UserIds(hk_release release = HK_R1BETA5)
        : team(config(root, release))
    {
    }

    static hk_config config(const hk::Directory &root, hk_release release)
    {
        hk_config made = hk::make_config(root.path.c_str());
        made.release = release;
        return made;
    }

    hk::Directory root;
    hk::Team team;
};

class UserIdsR1beta6 : public UserIds
{
  protected:
    UserIdsR1beta6() : UserIds(HK_R1BETA6) {}

    std::vector<uint32_t> ids(const char *call)
    {
        Address to = team.room(12);
        EXPECT_EQ(
            team.call(call, to, Address{to.value + 4}, Address{to.value + 8}),
            HK_B_OK);
        return {team.get<uint32_t>(to), team.get<uint32_t>(to, 4),
                team.get<uint32_t>(to, 8)};
    }

    using Ids = std::vector<uint32_t>;
};

TEST_F(UserIds, AProgramIsUserZeroOfGroupZero)
{
    for (const char *call : {"getuid", "getgid"})
        for (int effective : {0, 1})
            EXPECT_EQ(team.call(call, effective), 0) << call;
}

TEST_F(UserIds, SetuidIsForGoodWhenPrivileged)
{
    EXPECT_EQ(team.call("setreuid", 1000, same, 1), HK_B_OK);
    EXPECT_EQ(team.call("getuid", 0), 1000);
    EXPECT_EQ(team.call("getuid", 1), 1000);
    EXPECT_EQ(team.call("setreuid", 0, same, 1), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setreuid", same, 0, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setreuid", 1000, 1000, 0), HK_B_OK);
}

TEST_F(UserIds, AnEffectiveUserCanBeLeftAndTakenAgain)
{
    EXPECT_EQ(team.call("setreuid", same, 500, 0), HK_B_OK);
    EXPECT_EQ(team.call("getuid", 0), 0);
    EXPECT_EQ(team.call("getuid", 1), 500);
    EXPECT_EQ(team.call("setreuid", same, 501, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setregid", 7, same, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setgroups", 0, nullptr), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setreuid", same, 0, 0), HK_B_OK);
    EXPECT_EQ(team.call("getuid", 1), 0);
}

TEST_F(UserIds, GroupsFollowTheSameRules)
{
    EXPECT_EQ(team.call("setregid", 20, 30, 0), HK_B_OK);
    EXPECT_EQ(team.call("getgid", 0), 20);
    EXPECT_EQ(team.call("getgid", 1), 30);
    EXPECT_EQ(team.call("setreuid", 1000, same, 1), HK_B_OK);
    EXPECT_EQ(team.call("setregid", same, 20, 0), HK_B_OK);
    EXPECT_EQ(team.call("setregid", same, 0, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setregid", 40, same, 1), HK_B_NOT_ALLOWED);
}

TEST_F(UserIds, ThereIsAlwaysAGroup)
{
    Address list = team.room(33 * 4);

    EXPECT_EQ(team.call("getgroups", 0, nullptr), 1);
    EXPECT_EQ(team.call("setregid", same, 9, 0), HK_B_OK);
    EXPECT_EQ(team.call("getgroups", 32, list), 1);
    EXPECT_EQ(team.get<uint32_t>(list), 9u);
    for (uint32_t i = 0; i < 32; i++)
        team.set<uint32_t>(list, i * 4, 100 + i);
    EXPECT_EQ(team.call("setgroups", 3, list), HK_B_OK);
    EXPECT_EQ(team.call("getgroups", 0, nullptr), 3);
    EXPECT_EQ(team.call("getgroups", 2, list), HK_B_BAD_VALUE);
    team.set<uint32_t>(list, 8, 0);
    EXPECT_EQ(team.call("getgroups", 3, list), 3);
    EXPECT_EQ(team.get<uint32_t>(list, 8), 102u);
    EXPECT_EQ(team.call("setgroups", 32, list), HK_B_OK);
    EXPECT_EQ(team.call("getgroups", 0, nullptr), 32);
    EXPECT_EQ(team.call("setgroups", 0, nullptr), HK_B_OK);
    EXPECT_EQ(team.call("getgroups", 0, nullptr), 1);
}

TEST_F(UserIds, GroupListsAreChecked)
{
    Address list = team.room(4);

    EXPECT_EQ(team.call("setgroups", 33, list), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setgroups", -1, list), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("setgroups", 1, nullptr), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("setgroups", 1, Address{0x80000000}), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getgroups", -1, list), HK_B_BAD_VALUE);
    EXPECT_EQ(team.call("getgroups", 1, nullptr), HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getgroups", 0, nullptr), 1);
}

TEST_F(UserIds, AForkHasTheSame)
{
    EXPECT_EQ(team.call("setreuid", 1000, same, 1), HK_B_OK);
    pid_t child = ::fork();
    if (child == 0)
        _exit(team.call("getuid", 0) == 1000 ? 7 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(UserIdsR1beta6, AllThreeAreSetAndTold)
{
    EXPECT_EQ(team.call("setresuid", 1, 2, 3, 0), HK_B_OK);
    EXPECT_EQ(ids("getresuid"), (Ids{1, 2, 1})); // as real as saved
    EXPECT_EQ(team.call("setresuid", same, 1, same, 0), HK_B_OK);
    EXPECT_EQ(ids("getresuid"), (Ids{1, 1, 1}));
    EXPECT_EQ(team.call("setresuid", same, same, 9, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setresuid", 9, same, same, 0), HK_B_NOT_ALLOWED);
    EXPECT_EQ(ids("getresuid"), (Ids{1, 1, 1}));
}

TEST_F(UserIdsR1beta6, TheSavedOneIsKeptApart)
{
    EXPECT_EQ(team.call("setresuid", same, 5, 6, 0), HK_B_OK);
    EXPECT_EQ(ids("getresuid"), (Ids{0, 5, 6}));
    EXPECT_EQ(team.call("setresuid", same, 6, same, 0), HK_B_OK);
    EXPECT_EQ(ids("getresuid"), (Ids{0, 6, 6}));
    EXPECT_EQ(team.call("setresgid", same, 0, 12, 0), HK_B_OK);
    EXPECT_EQ(ids("getresgid"), (Ids{0, 0, 0})); // without privilege
}

TEST_F(UserIdsR1beta6, SetuidChangesTheEffectiveOneWithoutPrivilege)
{
    EXPECT_EQ(team.call("setresuid", same, 5, 6, 0), HK_B_OK);
    EXPECT_EQ(team.call("setresuid", 6, same, same, 1), HK_B_OK);
    EXPECT_EQ(ids("getresuid"), (Ids{0, 6, 6}));
    EXPECT_EQ(team.call("setresuid", 7, same, same, 1), HK_B_NOT_ALLOWED);
    EXPECT_EQ(team.call("setresuid", 0, same, same, 1), HK_B_OK);
    EXPECT_EQ(team.call("setresgid", 3, same, same, 1), HK_B_OK);
    EXPECT_EQ(ids("getresgid"), (Ids{3, 3, 3}));
}

TEST_F(UserIdsR1beta6, IdsNobodyAsksForAreNotTold)
{
    Address to = team.room(4);

    EXPECT_EQ(team.call("getresuid", nullptr, to, nullptr), HK_B_OK);
    EXPECT_EQ(team.call("getresuid", Address{0x80000000}, to, nullptr),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getresgid", to, to, Address{0x50000000}),
              HK_B_BAD_ADDRESS);
    EXPECT_EQ(team.call("getresgid", nullptr, nullptr, nullptr), HK_B_OK);
}

} // namespace
