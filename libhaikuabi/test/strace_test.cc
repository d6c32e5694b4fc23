// strace_test.cc -- a line of text for each system call.
// SPDX-License-Identifier: MIT
#include "libhaikuabi/test/team_harness.h"

extern "C" {
#include "libhaikuabi/src/status.h"
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

using hk::Address;

class Strace : public testing::Test
{
  protected:
    Strace() : team(config(root)) {}

    static hk_config config(const hk::Directory &root)
    {
        hk_config made = hk::make_config(root.path.c_str());
        made.strace = 1;
        return made;
    }

    // What a call leaves, without the thread that begins each line.
    std::string trace(hk_row row, std::vector<uint32_t> words = {})
    {
        hk_registers &registers = team.registers();
        size_t before = team.reports().size();

        registers.eax = static_cast<uint32_t>(hk_row_number(HK_R1BETA5, row));
        registers.esp = stack.value;
        for (uint32_t i = 0; i < words.size(); i++)
            team.set(stack, 4 + 4 * i, words[i]);
        harness_syscall(team.harness);
        std::string line = team.reports().substr(before);
        EXPECT_EQ(line.rfind(head, 0), 0u) << line;
        EXPECT_EQ(line.back(), '\n');
        return line.substr(head.size(), line.size() - head.size() - 1);
    }

    hk::Directory root;
    hk::Team team;
    Address stack = team.room(64);
    std::string head = "[" + std::to_string(harness_id(team.thread())) + "] ";
};

TEST_F(Strace, ArgumentsAreNamedAndReadByKind)
{
    Address path = team.put("/none");

    EXPECT_EQ(trace(HK_ROW_open, {~0u, path.value, 0x40, 0}),
              "open(fd: -1, path: \"/none\", open_mode: 64, perms: 0) = "
              "B_ENTRY_NOT_FOUND");
    EXPECT_EQ(trace(HK_ROW_read, {99, ~0u, ~0u, 0x50000000, 16}),
              "read(fd: 99, pos: -1, buffer: 0x50000000, buffer_size: 16) = "
              "B_FILE_ERROR");
    EXPECT_EQ(trace(HK_ROW_seek, {99, 0, 1, 2}),
              "seek(fd: 99, pos: 4294967296, seek_type: 2) = -2147459072");
}

TEST_F(Strace, ResultsAreToldByKind)
{
    EXPECT_EQ(trace(HK_ROW_get_current_team),
              "get_current_team() = " + std::to_string(getpid()));
    EXPECT_EQ(trace(HK_ROW_close, {0}), "close(fd: 0) = B_OK");
    EXPECT_EQ(trace(HK_ROW_dup, {1}), "dup(fd: 1) = 0");
    EXPECT_EQ(trace(HK_ROW_cpu_enabled, {0}), "cpu_enabled(cpu: 0) = true");
    EXPECT_EQ(trace(HK_ROW_cpu_enabled, {~0u}), "cpu_enabled(cpu: -1) = false");
    EXPECT_EQ(trace(HK_ROW_getuid, {0xffffff00}),
              "getuid(effective: false) = 0");
}

TEST_F(Strace, ACallThatMayNotReturnIsToldBefore)
{
    EXPECT_EQ(trace(HK_ROW_exit_team, {3}), "exit_team(return_value: 3)");
}

TEST_F(Strace, StringsAreShortAndPrintable)
{
    Address odd = team.put("a\n\"b\\\x01\x7f");
    Address full = team.put(std::string(64, 'x'));
    Address more = team.put(std::string(65, 'x'));
    const std::string xs(64, 'x');

    EXPECT_EQ(trace(HK_ROW_find_area, {odd.value}),
              "find_area(name: \"a\\n\\\"b\\\\\\x01\\x7f\") = "
              "B_NAME_NOT_FOUND");
    EXPECT_EQ(trace(HK_ROW_find_area, {full.value}),
              "find_area(name: \"" + xs + "\") = B_NAME_NOT_FOUND");
    EXPECT_EQ(trace(HK_ROW_find_area, {more.value}),
              "find_area(name: \"" + xs + "\"...) = B_NAME_NOT_FOUND");
    EXPECT_EQ(trace(HK_ROW_find_area, {0}),
              "find_area(name: NULL) = B_BAD_ADDRESS");
    EXPECT_EQ(trace(HK_ROW_find_area, {0x80000000}),
              "find_area(name: 0x80000000) = B_BAD_ADDRESS");
}

TEST_F(Strace, ALineHasAnEnd)
{
    Address bytes = team.put(std::string(300, '\x01'));
    std::string line =
        trace(HK_ROW_rename, {~0u, bytes.value, ~0u, bytes.value});

    EXPECT_LT(line.size(), 512u);
    EXPECT_EQ(line.rfind("rename(old_dir: -1", 0), 0u);
}

} // namespace
