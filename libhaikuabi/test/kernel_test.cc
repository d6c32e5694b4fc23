// kernel_test.cc -- making a kernel, and what it tells.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

namespace
{

TEST(Errors, HaveTexts)
{
#define X(name, value, text) EXPECT_STREQ(hk_error_text(HK_ERR_##name), text);
    HK_ERRORS(X)
#undef X
    EXPECT_NE(hk_error_text(12345), nullptr);
}

TEST(Releases, HaveNames)
{
    EXPECT_STREQ(hk_release_name(HK_R1BETA4), "r1beta4");
    EXPECT_STREQ(hk_release_name(HK_R1BETA6), "r1beta6");
    EXPECT_EQ(hk_release_name(static_cast<hk_release>(3)), nullptr);
}

TEST(Kernels, RefuseAReleaseThatIsNone)
{
    hk::Directory root;
    hk_config config = hk::make_config(root.path.c_str());
    config.release = static_cast<hk_release>(7);
    hk::Team team(config);
    EXPECT_EQ(team.error, HK_ERR_INVALID);
}

TEST(Kernels, AreMadeAndFreedAgainAndAgain)
{
    hk::Directory root;
    for (int i = 0; i < 20; i++) {
        hk::ThreadedTeam team(hk::make_config(root.path.c_str()));
        ASSERT_EQ(team.error, 0);
        team.make(nullptr); // is still suspended when it is freed
        int sem = static_cast<int>(team.call("create_sem", 0, "sem"));
        team.spawn([&team, sem](hk_thread *thread) {
            team.call_as(thread, "acquire_sem", sem);
        });
    }
}

} // namespace
