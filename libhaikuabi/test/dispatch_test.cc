// dispatch_test.cc -- from INT 99 to the handler of a call, and back.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

using hk::Address;

class Dispatch : public testing::TestWithParam<hk_release>
{
  protected:
    Dispatch() : team(config(root, 0)) {}

    static hk_config config(const hk::Directory &root, int quiet)
    {
        hk_config made = hk::make_config(root.path.c_str());
        made.release = GetParam();
        made.quiet = quiet;
        return made;
    }

    // As a stub of libroot does it: number in EAX, words above the return
    // address. The registers before the call are all distinct.
    hk_registers call(uint32_t number, std::vector<uint32_t> words = {})
    {
        hk_registers &registers = team.registers();
        registers = {number,      0x11111111, 0x22222222, 0x33333333,
                     stack.value, 0x55555555, 0x66666666, 0x77777777,
                     0x88888888,  0x202,      0x1b,       0x23,
                     0x23,        0x33,       0x23,       0x23,
                     0x99999999};
        for (uint32_t i = 0; i < words.size(); i++)
            team.set(stack, 4 + 4 * i, words[i]);
        action = harness_syscall(team.harness);
        return registers;
    }
    hk_registers call(hk_row row, std::vector<uint32_t> words = {})
    {
        return call(static_cast<uint32_t>(hk_row_number(GetParam(), row)),
                    words);
    }

    hk::Directory root;
    hk::Team team;
    Address stack = team.room(64);
    int64_t action = -1;
};

INSTANTIATE_TEST_SUITE_P(Releases, Dispatch,
                         testing::Values(HK_R1BETA4, HK_R1BETA5, HK_R1BETA6),
                         [](const auto &info) {
                             return std::string(hk_release_name(info.param));
                         });

TEST_P(Dispatch, AResultGoesToEaxAlone)
{
    hk_registers after = call(HK_ROW_get_current_team);

    EXPECT_EQ(action, HK_CONTINUE);
    EXPECT_EQ(after.eax, static_cast<uint32_t>(getpid()));
    EXPECT_EQ(after.edx, 0x22222222u);
    EXPECT_EQ(after.esp, stack.value);
    EXPECT_EQ(after.eip, 0x88888888u);
    EXPECT_EQ(after.eflags, 0x202u);
}

TEST_P(Dispatch, A64BitResultGoesToEdxAndEax)
{
    uint64_t before = static_cast<uint64_t>(team.call("system_time"));
    hk_registers after = call(HK_ROW_system_time);
    uint64_t time = uint64_t{after.edx} << 32 | after.eax;

    EXPECT_GE(time, before);
    EXPECT_LT(time - before, UINT64_C(60000000));
    after = call(HK_ROW_seek, {99, 0, 0, 0});
    EXPECT_EQ(static_cast<int32_t>(after.eax), HK_B_FILE_ERROR);
    EXPECT_EQ(after.edx, ~0u);
}

TEST_P(Dispatch, WordsAreTakenInOrderLowFirst)
{
    Address path = team.put("/file"), text = team.put("abc");

    hk_registers after = call(HK_ROW_open, {~0u, path.value, 0x202, 0644});
    ASSERT_EQ(after.eax, 3u);
    // fd, position 1 << 32 | 2 (two words), buffer, size
    after = call(HK_ROW_write, {3, 2, 1, text.value, 3});
    EXPECT_EQ(after.eax, 3u);
    EXPECT_EQ(std::filesystem::file_size(root.path / "file"),
              (UINT64_C(1) << 32) + 5);
}

TEST_P(Dispatch, ACallWithoutResultLeavesEax)
{
    hk_registers after = call(HK_ROW_thread_yield);

    EXPECT_EQ(after.eax, static_cast<uint32_t>(
                             hk_row_number(GetParam(), HK_ROW_thread_yield)));
}

TEST_P(Dispatch, ANumberThatIsNoneChangesNothing)
{
    const uint16_t *rows;
    uint32_t count;

    hk_release_rows(GetParam(), &rows, &count);
    for (uint32_t number : {count, count + 1, 0x80000000u, ~0u}) {
        EXPECT_EQ(call(number).eax, number);
        EXPECT_EQ(action, HK_CONTINUE);
    }
    EXPECT_EQ(team.reports(), "");
}

// haiku-abi/x86-32.md, section 1.
TEST_P(Dispatch, ArgumentsThatCannotBeReadChangeNothing)
{
    uint32_t number =
        static_cast<uint32_t>(hk_row_number(GetParam(), HK_ROW_close));

    for (uint32_t esp : {0x50000000u, 0x7ffffffcu, 0x80000000u, 0xfffffff8u,
                         0xfffffffcu, 0u}) {
        hk_registers &registers = team.registers();
        registers.eax = number;
        registers.esp = esp;
        EXPECT_EQ(harness_syscall(team.harness), HK_CONTINUE);
        EXPECT_EQ(registers.eax, number) << esp;
    }
}

TEST_P(Dispatch, ACallThatIsNotBuiltSaysSoOnce)
{
    for (int i = 0; i < 3; i++)
        EXPECT_EQ(
            static_cast<int32_t>(call(HK_ROW_system_profiler_stop, {}).eax),
            HK_B_NOT_SUPPORTED);
    EXPECT_EQ(
        team.reports(),
        "system call system_profiler_stop is not built: B_NOT_SUPPORTED\n");
}

TEST_P(Dispatch, AQuietKernelSaysNothing)
{
    hk::Team other(config(root, 1));
    hk_registers &registers = other.registers();
    Address words = other.room(64);

    registers.eax = static_cast<uint32_t>(
        hk_row_number(GetParam(), HK_ROW_system_profiler_stop));
    registers.esp = words.value;
    EXPECT_EQ(harness_syscall(other.harness), HK_CONTINUE);
    EXPECT_EQ(other.reports(), "");
}

TEST_P(Dispatch, AThreadThatEndsLeavesItsLoop)
{
    call(HK_ROW_exit_team, {7});
    EXPECT_EQ(harness_get_end(team.harness).count, 1);
    EXPECT_EQ(harness_get_end(team.harness).status, 7);
}

} // namespace
