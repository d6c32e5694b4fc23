// program_test.cc -- what a new program finds in its memory.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <algorithm>

namespace
{

using hk::Address;
using hk::Team;

// haiku-abi/x86-32.md, sections 3 to 5.
class Programs : public testing::TestWithParam<hk_release>
{
  protected:
    Programs() : config(hk::make_config(root.path.c_str()))
    {
        config.release = GetParam();
    }
    bool is_r1beta6() const
    {
        return GetParam() == HK_R1BETA6;
    }

    hk::Directory root;
    hk_config config;
};

INSTANTIATE_TEST_SUITE_P(Releases, Programs,
                         testing::Values(HK_R1BETA4, HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return hk_release_name(info.param);
                         });

TEST_P(Programs, FindTheirArguments)
{
    Team team(config);
    ASSERT_EQ(team.start("/boot/bin/prog", {"prog", "one", ""}, {"A=1"}), 0);
    const hk_registers &registers = team.registers();
    EXPECT_EQ(registers.eip, 0x200000u);
    EXPECT_EQ(registers.esp % 16, 12u);
    EXPECT_EQ(registers.eflags, 0x202u);
    EXPECT_EQ(registers.cs, 0x1b);
    EXPECT_EQ(registers.ds, 0x23);
    EXPECT_EQ(registers.fs, 0x63);
    EXPECT_EQ(registers.fs_base, team.places().tls);
    Address args{team.get<uint32_t>(Address{registers.esp}, 4)};
    EXPECT_EQ(team.text({args.value + 32}), "/boot/bin/prog");
    EXPECT_EQ(team.get<int>(args, 1056), -1); // error port
    EXPECT_EQ(team.get<int>(args, 1064), 3);
    EXPECT_EQ(team.get<int>(args, 1068), 1);
    EXPECT_EQ(team.get<uint32_t>(args, 1080), UINT32_MAX); // no umask
    Address argv{team.get<uint32_t>(args, 1072)};
    EXPECT_EQ(team.text({team.get<uint32_t>(argv)}), "prog");
    EXPECT_EQ(team.text({team.get<uint32_t>(argv, 4)}), "one");
    EXPECT_EQ(team.text({team.get<uint32_t>(argv, 8)}), "");
    EXPECT_EQ(team.get<uint32_t>(argv, 12), 0u);
    Address envp{team.get<uint32_t>(args, 1076)};
    EXPECT_EQ(team.text({team.get<uint32_t>(envp)}), "A=1");
}

TEST_P(Programs, HaveAStackWithAGuard)
{
    Team team(config);
    ASSERT_EQ(team.start("/boot/bin/prog", {"prog"}), 0);
    harness_places places = team.places();
    EXPECT_EQ(places.stack_end - places.stack_base,
              is_r1beta6() ? 0x4000000u : 0x1000000u);
    EXPECT_GE(places.stack_base, 0x70000000u);
    EXPECT_TRUE(harness_can(team.harness, places.stack_base, 3));
    EXPECT_FALSE(harness_can(team.harness, places.stack_base - 1, 1));
    EXPECT_TRUE(harness_can(team.harness, places.tls, 3));
}

TEST_P(Programs, HaveTheirThreadsRecords)
{
    Team team(config);
    ASSERT_EQ(team.start("/boot/bin/prog", {"prog"}), 0);
    harness_places places = team.places();
    Address tls{places.tls};
    EXPECT_EQ(team.get<uint32_t>(tls), places.tls);
    EXPECT_EQ(team.get<int>(tls, 4), ::getpid());
    EXPECT_EQ(team.get<uint32_t>(tls, 16), places.user_thread);
    EXPECT_EQ(places.user_thread, places.user_area);
    EXPECT_EQ(places.user_area, is_r1beta6() ? 0x70000000u : 0x60000000u);
    EXPECT_EQ(team.get<int>(Address{places.user_thread}, 12), 0);
}

TEST_P(Programs, HaveACommpage)
{
    Team team(config);
    ASSERT_EQ(team.start("/boot/bin/prog", {"prog"}), 0);
    uint32_t page = team.places().commpage;
    EXPECT_TRUE(harness_can(team.harness, page, 5)); // read, execute
    EXPECT_FALSE(harness_can(team.harness, page, 2));
    Address cookie = team.room(4), info = team.room(1084);
    EXPECT_EQ(team.call("get_next_image_info", 0, cookie, info, 1084), 0);
    EXPECT_EQ(team.text({info.value + 36}), "commpage");
}

TEST_P(Programs, TellWhatTheyCannotLoad)
{
    Team team(config);
    harness_load(team.harness, HK_ERR_IO, 0);
    EXPECT_EQ(team.start("/boot/bin/prog", {"prog"}), HK_ERR_IO);
    std::string large(300000, 'x');
    EXPECT_EQ(team.start("/boot/bin/prog", {large.c_str()}), HK_ERR_TOOBIG);
    std::string path(1024, 'p');
    EXPECT_EQ(team.start(path.c_str(), {"prog"}), HK_ERR_TOOBIG);
}

TEST_P(Programs, GiveEachThreadARecord)
{
    hk::ThreadedTeam team(config);
    if (is_r1beta6())
        return; // its attributes differ; the records do not
    std::vector<uint32_t> records;
    std::mutex lock;
    std::vector<int> ids;
    for (int i = 0; i < 300; i++) // more than the area holds at first
        ids.push_back(team.make([&](hk_thread *thread) {
            std::lock_guard<std::mutex> guard(lock);
            records.push_back(harness_get_places(thread).user_thread);
        }));
    for (int id : ids)
        team.join(id);
    std::sort(records.begin(), records.end());
    EXPECT_EQ(std::unique(records.begin(), records.end()), records.end());
    EXPECT_EQ(records.size(), 300u);
    for (uint32_t record : records)
        EXPECT_TRUE(harness_can(team.harness, record, 3));
}

} // namespace
