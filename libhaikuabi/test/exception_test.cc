// exception_test.cc -- processor exceptions as signals.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_threads.h"

#include <csignal>

namespace
{

using hk::Address;

enum : uint32_t { HANDLER = 0x300000, CODE = 0x400000, FAULT = 0x50000000 };

class Exceptions : public testing::Test
{
  protected:
    Exceptions() : config(hk::make_config(root.path.c_str())), team(config)
    {
        team.registers().eip = CODE;
    }

    void handle(int signal)
    {
        Address action = team.room(20);
        team.set<uint32_t>(action, 0, HANDLER);
        ASSERT_EQ(team.call("sigaction", signal, action, nullptr), 0);
    }

    // One with a single function at CODE, as runtime_loader registers it.
    void register_image()
    {
        enum : uint32_t { DELTA = CODE - 0x1000 };
        struct {
            uint32_t chains[2] = {1, 2}; // of 2 symbols
            uint32_t symbols[8] = {0, 0, 0, 0, 1, 0x1000, 0x20, 2 | 1 << 16};
            char strings[16] = "\0brea\tk";
        } tables;
        Address at =
            team.put({reinterpret_cast<char *>(&tables), sizeof(tables)});
        Address info =
            team.put(std::string(36, '\0') + "/boot/system/lib/libdo.so" +
                     std::string(1100, '\0'));
        team.set<int>(info, 4, 2); // a library
        team.set<uint32_t>(info, 1060, CODE);
        team.set<uint32_t>(info, 1068, 0x100);
        team.set<uint32_t>(info, 1084, DELTA);
        team.set<uint32_t>(info, 1088, at.value + 8);
        team.set<uint32_t>(info, 1092, at.value);
        team.set<uint32_t>(info, 1096, at.value + 40);
        ASSERT_GT(team.call("register_image", info, 1100), 0);
    }

    // The last one: nothing called what called it.
    Address frame_called_from(uint32_t caller)
    {
        Address frames = team.room(16);
        team.set<uint32_t>(frames, 0, frames.value + 8);
        team.set<uint32_t>(frames, 4, caller);
        return frames;
    }

    hk::Directory root;
    hk_config config;
    hk::ThreadedTeam team;
};

// haiku-abi/x86-32.md, section 10.
TEST_F(Exceptions, AreTheSignalOfTheirVector)
{
    struct {
        uint32_t vector;
        int signal, code;
        uint32_t address;
    } rows[] = {
        {0, 8, 20, CODE},    // #DE: SIGFPE, FPE_INTDIV
        {1, 22, 0, CODE},    // #DB: SIGTRAP
        {3, 22, 0, CODE},    // #BP
        {4, 8, 21, CODE},    // #OF: FPE_INTOVF
        {5, 22, 0, 0},       // #BR
        {6, 4, 10, CODE},    // #UD: SIGILL, ILL_ILLOPC
        {13, 4, 14, CODE},   // #GP: ILL_PRVOPC
        {14, 11, 30, FAULT}, // #PF: SIGSEGV, SEGV_MAPERR
        {16, 8, 22, CODE},   // #MF: FPE_FLTDIV
        {17, 30, 40, 0},     // #AC: SIGBUS, BUS_ADRALN
        {19, 8, 22, CODE},   // #XM
    };
    for (const auto &row : rows) {
        handle(row.signal);
        harness_block_signals(team.harness, 0);
        team.registers().eip = CODE;
        uint32_t esp = team.registers().esp;
        EXPECT_EQ(harness_exception(team.harness, row.vector, 0, FAULT),
                  HK_CONTINUE)
            << row.vector;
        Address frame{team.registers().esp + 8};
        EXPECT_EQ(team.get<int>(frame), row.signal) << row.vector;
        EXPECT_EQ(team.get<int>(frame, 4), row.code) << row.vector;
        EXPECT_EQ(team.get<uint32_t>(frame, 20), row.address) << row.vector;
        team.registers().esp = esp;
    }
}

TEST_F(Exceptions, TellMissingFromProtectedMemory)
{
    handle(11);
    uint32_t mapped = team.places().commpage;
    EXPECT_EQ(harness_exception(team.harness, 14, 7, mapped), HK_CONTINUE);
    Address frame{team.registers().esp + 8};
    EXPECT_EQ(team.get<int>(frame, 4), 31); // SEGV_ACCERR
    EXPECT_EQ(team.get<uint32_t>(frame, 20), mapped);
}

TEST_F(Exceptions, EndTheTeamWhenNobodyHandlesThem)
{
    EXPECT_EQ(harness_exception(team.harness, 14, 4, FAULT), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGSEGV);
    EXPECT_NE(team.reports().find("page fault at 0x50000000, code 0x00400000"),
              std::string::npos)
        << team.reports();
    EXPECT_EQ(harness_exception(team.harness, 0, 0, 0), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGFPE);
    EXPECT_NE(team.reports().find("exception 0"), std::string::npos);
    EXPECT_EQ(harness_exception(team.harness, 8, 0, 0), HARNESS_ENDED);
    EXPECT_EQ(harness_get_end(team.harness).signal, SIGSEGV);
}

TEST_F(Exceptions, AreReportedWithFunctionsAndCallers)
{
    register_image();
    team.registers().eip = CODE + 0x10;
    team.registers().ebp = frame_called_from(CODE + 0x80).value;
    EXPECT_EQ(harness_exception(team.harness, 14, 4, FAULT), HARNESS_ENDED);
    EXPECT_EQ(team.reports(),
              "program: page fault at 0x50000000, code 0x00400010 "
              "(brea?k+0x10 in libdo.so)\n"
              "program:   called from 0x0040007f (libdo.so+0x7f)\n");
}

TEST_F(Exceptions, AreReportedWithWhoCalledWhatIsNoCode)
{
    register_image();
    Address stack = team.room(4);
    team.set<uint32_t>(stack, 0, CODE + 0x20);
    team.registers().eip = 0;
    team.registers().esp = stack.value;
    team.registers().ebp = frame_called_from(CODE + 0x80).value;
    EXPECT_EQ(harness_exception(team.harness, 14, 4, 0), HARNESS_ENDED);
    EXPECT_EQ(team.reports(),
              "program: page fault at 0x00000000, code 0x00000000\n"
              "program:   called from 0x0040001f (brea?k+0x1f in libdo.so)\n"
              "program:   called from 0x0040007f (libdo.so+0x7f)\n");
}

TEST_F(Exceptions, EndTheTeamWhenTheSignalIsBlocked)
{
    handle(11);
    harness_block_signals(team.harness, uint64_t{1} << 10);
    EXPECT_EQ(harness_exception(team.harness, 14, 4, FAULT), HARNESS_ENDED);
}

} // namespace
