// signal_frame_test.cc -- what a handler finds on its stack, and the way back.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <memory>

namespace
{

using hk::Address;

enum Flags : uint32_t { SIGINFO = 0x40, BEOS = 0x80000000 };
enum { SIG_USR1 = 18 };

class Frames : public testing::TestWithParam<hk_release>
{
  protected:
    Frames() : config(hk::make_config(root.path.c_str()))
    {
        config.release = GetParam();
        made = std::make_unique<hk::ThreadedTeam>(config);
        uint32_t esp = team().room(4096).value + 4000;
        team().registers() = {1,    2,    3,        4,     esp,   6,
                              7,    8,    0x400000, 0xcd7, 0x1b,  0x23,
                              0x23, 0x63, 0x23,     0x23,  0x1000};
        for (int i = 0; i < 108; i++)
            harness_fnsave(team().thread())[i] = static_cast<uint8_t>(i + 1);
    }

    hk::ThreadedTeam &team()
    {
        return *made;
    }
    // The thread takes a signal; the frame's address.
    Address take(uint32_t flags = 0)
    {
        Address action = team().room(20);
        team().set<uint32_t>(action, 0, 0x300000);
        team().set(action, 12, flags);
        team().set<uint32_t>(action, 16, 0x1234);
        EXPECT_EQ(team().call("sigaction", (int)SIG_USR1, action, nullptr), 0);
        team().call("send_signal", 0, (int)SIG_USR1, nullptr, 0x20000);
        harness_poll(team().harness);
        return Address{team().registers().esp + 8};
    }

    hk::Directory root;
    hk_config config;
    std::unique_ptr<hk::ThreadedTeam> made;
};

INSTANTIATE_TEST_SUITE_P(Releases, Frames,
                         testing::Values(HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return hk_release_name(info.param);
                         });

TEST_P(Frames, HoldTheThreadsState)
{
    uint32_t esp = team().registers().esp;
    Address frame = take(SIGINFO);
    struct {
        const char *what;
        uint32_t at, value;
    } rows[] = {
        {"eip", 60, 0x400000},
        {"eflags", 64, 0xcd7},
        {"eax", 68, 1},
        {"ecx", 72, 2},
        {"edx", 76, 3},
        {"esp", 80, esp},
        {"ebp", 84, 6},
        {"edi", 608, 8},
        {"esi", 612, 7},
        {"ebx", 616, 4},
        {"user data", 620, 0x1234},
        {"handler", 624, 0x300000},
        {"commpage", 676, team().places().commpage},
    };
    for (const auto &row : rows)
        EXPECT_EQ(team().get<uint32_t>(frame, row.at), row.value) << row.what;
    EXPECT_EQ(*(team().host(frame) + 628), 1); // with siginfo
    for (int i = 0; i < 108; i++)
        ASSERT_EQ(*(team().host(frame) + 92 + i), i + 1) << i;
    bool has_segments = GetParam() == HK_R1BETA6;
    EXPECT_EQ(team().get<uint16_t>(frame, 564), has_segments ? 0x1b : 0);
    // The handler begins with a fresh x87 and a clear direction flag.
    EXPECT_EQ(team().registers().eflags & 0x500, 0u);
    EXPECT_EQ(harness_fnsave(team().thread())[0], 0x7f);
    EXPECT_EQ(team().registers().esp % 16, 12u);
    EXPECT_EQ(team().get<uint32_t>(Address{team().registers().esp}), 0x400000u);
    EXPECT_EQ(team().get<uint32_t>(Address{team().registers().esp}, 4),
              frame.value);
}

TEST_P(Frames, EnterTheHandlerOfTheirKind)
{
    uint32_t page = team().places().commpage;
    take();
    EXPECT_EQ(team().registers().eip,
              page + team().get<uint32_t>(Address{page}, 4 * 6));
    harness_block_signals(team().harness, 0);
    Address frame = take(BEOS);
    EXPECT_EQ(team().registers().eip,
              page + team().get<uint32_t>(Address{page}, 4 * 7));
    EXPECT_EQ(*(team().host(frame) + 628), 0);
}

TEST_P(Frames, GiveTheStateBack)
{
    hk_registers before = team().registers();
    harness_block_signals(team().harness, 2);
    Address frame = take();
    team().registers().eax = 99;
    // What a handler may change: EAX, the flags, the mask.
    team().set<uint32_t>(frame, 68, 0x11111111);
    team().set<uint32_t>(frame, 76, 0x22222222);
    team().set<uint32_t>(frame, 64, 0xffffffff);
    team().set<uint64_t>(frame, 40, 0x30);
    EXPECT_EQ(team().call("restore_signal_frame", frame), 0x2222222211111111);
    const hk_registers &after = team().registers();
    EXPECT_EQ(after.eax, 0x11111111u);
    EXPECT_EQ(after.edx, 0x22222222u);
    EXPECT_EQ(after.eip, before.eip);
    EXPECT_EQ(after.esp, before.esp);
    EXPECT_EQ(after.ebx, before.ebx);
    EXPECT_EQ(after.edi, before.edi);
    EXPECT_EQ(after.cs, before.cs);
    EXPECT_EQ(after.eflags & 0xcd5u, 0xcd5u);
    EXPECT_EQ(after.eflags & ~0xcd5u, before.eflags & ~0xcd5u & ~0x500u);
    for (int i = 0; i < 108; i++)
        ASSERT_EQ(harness_fnsave(team().thread())[i], i + 1) << i;
    Address mask = team().room(8);
    team().call("set_signal_mask", 0, nullptr, mask);
    EXPECT_EQ(team().get<uint64_t>(mask), 0x30u);
}

TEST_P(Frames, ThatCannotBeReadEndTheThread)
{
    int64_t result = 0;
    int id = team().spawn([&](hk_thread *thread) {
        result =
            team().call_as(thread, "restore_signal_frame", Address{0x50000000});
    });
    EXPECT_EQ(team().join(id), HK_B_BAD_ADDRESS);
    EXPECT_EQ(result, HK_B_BAD_ADDRESS);
}

// The mask of before sigsuspend comes back, not the one it waited with.
TEST_P(Frames, HoldTheMaskOfBeforeSigsuspend)
{
    Address action = team().room(20), mask = team().room(8);
    team().set<uint32_t>(action, 0, 0x300000);
    team().call("sigaction", (int)SIG_USR1, action, nullptr);
    harness_block_signals(team().harness, uint64_t{1} << (SIG_USR1 - 1));
    harness_signal(team().harness, SIG_USR1);
    team().set<uint64_t>(mask, 0, 4);
    EXPECT_EQ(team().call("sigsuspend", mask), HK_B_INTERRUPTED);
    harness_poll(team().harness);
    Address frame{team().registers().esp + 8};
    EXPECT_EQ(team().get<int>(frame), SIG_USR1);
    EXPECT_EQ(team().get<uint64_t>(frame, 40), uint64_t{1} << (SIG_USR1 - 1));
}

} // namespace
