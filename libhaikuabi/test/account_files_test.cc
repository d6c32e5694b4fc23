// account_files_test.cc -- users and groups from the root's files.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <string>

extern "C" {
#include "libhaikuabi/src/accounts.h"
#include "libhaikuabi/src/status.h"
}

namespace
{

class Accounts : public testing::Test
{
  protected:
    ~Accounts() override
    {
        hk_accounts_free(&accounts);
    }

    void parse(const char *passwd, const char *group)
    {
        hk_accounts_free(&accounts);
        ASSERT_EQ(hk_accounts_parse(passwd, group, &accounts), HK_B_OK);
    }
    // "name:password:uid:gid:real name:home:shell", one a line
    std::string users() const
    {
        std::string text;
        for (uint32_t i = 0; i < accounts.user_count; i++) {
            const hk_user &user = accounts.users[i];
            text += std::string(user.name) + ":" + user.password + ":" +
                    std::to_string(user.uid) + ":" + std::to_string(user.gid) +
                    ":" + user.real_name + ":" + user.home + ":" + user.shell +
                    "\n";
        }
        return text;
    }
    std::string groups() const
    {
        std::string text;
        for (uint32_t i = 0; i < accounts.group_count; i++) {
            const hk_group &group = accounts.groups[i];
            text += std::string(group.name) + ":" + group.password + ":" +
                    std::to_string(group.gid) + ":";
            for (uint32_t j = 0; j < group.member_count; j++)
                text += std::string(j > 0 ? "," : "") + group.members[j];
            text += "\n";
        }
        return text;
    }

    hk_accounts accounts = {};
};

TEST_F(Accounts, AreTakenFromLines)
{
    parse("user:x:0:0:Your Self:/boot/home:/bin/bash\n"
          " sshd : x : 1001 : 101 ::/var/empty:/bin/false",
          "root:x:0:user\nusers::100: user , sshd\nempty:x:5:");
    EXPECT_EQ(users(), "user:x:0:0:Your Self:/boot/home:/bin/bash\n"
                       "sshd:x:1001:101::/var/empty:/bin/false\n");
    EXPECT_EQ(groups(), "root:x:0:user\nusers::100:user,sshd\nempty:x:5:\n");
}

TEST_F(Accounts, LinesThatAreNoneAreLeftOut)
{
    const std::string long_name(32, 'n');
    const std::string passwd = "\n# comment\na:x:0:0:A:/\n:x:1:1::/:/s\n"
                               "b:x::1::/:/s\nc:x:-1:1::/:/s\nd:x:2z:1::/:/s\n"
                               "e:x:4294967296:1::/:/s\n" +
                               long_name +
                               ":x:3:1::/:/s\n"
                               "good:x:4:1::/:/s\n";
    const std::string group =
        "\na\nb:x\nc:x:\n:x:1:\nd:x:y:\n" + long_name + ":x:2:\ngood:x:3:\n";

    parse(passwd.c_str(), group.c_str());
    EXPECT_EQ(users(), "good:x:4:1::/:/s\n");
    EXPECT_EQ(groups(), "good:x:3:\n");
}

TEST_F(Accounts, TheFirstOfANameOrANumberCounts)
{
    parse("a:x:1:1::/:/s\nb:x:1:2::/:/s\na:x:2:3::/:/s\nc:x:3:4::/:/s\n",
          "a:x:1:\nb:x:1:\na:x:2:\nc:x:3:\n");
    EXPECT_EQ(users(), "a:x:1:1::/:/s\nc:x:3:4::/:/s\n");
    EXPECT_EQ(groups(), "a:x:1:\nc:x:3:\n");
}

TEST_F(Accounts, AGroupHasThirtyTwoMembersAtMost)
{
    std::string line = "many:x:1:";

    for (int i = 0; i < 40; i++)
        line += "m" + std::to_string(i) + ",";
    parse("", line.c_str());
    ASSERT_EQ(accounts.group_count, 1u);
    EXPECT_EQ(accounts.groups[0].member_count, 32u);
    EXPECT_STREQ(accounts.groups[0].members[31], "m31");
    EXPECT_EQ(accounts.user_count, 0u);
}

TEST_F(Accounts, WithoutFilesThereAreThoseOfAFreshHaiku)
{
    parse(nullptr, nullptr);
    EXPECT_EQ(users(), "user:x:0:0:Yourself:/boot/home:/bin/sh\n");
    EXPECT_EQ(groups(), "root:x:0:user\nusers:x:100:\n");
}

TEST_F(Accounts, AreFoundByNameAndByNumber)
{
    parse("a:x:1:1::/:/s\nb:x:2:2::/:/s\n", "g:x:7:\nh:x:8:\n");
    EXPECT_EQ(hk_accounts_user(&accounts, "b", 1), &accounts.users[1]);
    EXPECT_EQ(hk_accounts_user(&accounts, nullptr, 1), &accounts.users[0]);
    EXPECT_EQ(hk_accounts_user(&accounts, "c", 1), nullptr);
    EXPECT_EQ(hk_accounts_user(&accounts, nullptr, 3), nullptr);
    EXPECT_EQ(hk_accounts_group(&accounts, "h", 7), &accounts.groups[1]);
    EXPECT_EQ(hk_accounts_group(&accounts, nullptr, 7), &accounts.groups[0]);
    EXPECT_EQ(hk_accounts_group(&accounts, "i", 7), nullptr);
    EXPECT_EQ(hk_accounts_group(&accounts, nullptr, 9), nullptr);
}

} // namespace
