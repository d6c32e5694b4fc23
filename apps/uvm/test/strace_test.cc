/* strace_test.cc -- what --strace and --quiet make of system calls. */
/* SPDX-License-Identifier: MIT */

#include "apps/uvm/test/uvm_case.h"

#include <regex.h>

#include <sstream>

namespace
{

/* Without what differs from run to run: ids, and addresses of six digits. */
std::string without_ids(const std::string &text)
{
    std::string result;
    for (size_t i = 0; i < text.size(); i++) {
        size_t digits = text.find_first_not_of("0123456789", i + 1);
        size_t hex = text.find_first_not_of("0123456789abcdef", i + 2);
        if (text[i] == '[' && digits != std::string::npos &&
            text[digits] == ']') {
            result += "[ID]";
            i = digits;
        } else if (text.compare(i, 2, "0x") == 0 && hex >= i + 8) {
            result += "ADDRESS";
            i = hex - 1;
        } else {
            result += text[i];
        }
    }
    return result;
}

class StraceTest : public UvmCase
{
};

TEST_F(StraceTest, hello_makes_two_calls_behind_that_of_its_start)
{
    Outcome outcome = run({"--strace", guest("hello_static")});
    EXPECT_EQ(outcome.out, "Hello, Haiku!\n");
    EXPECT_EQ(without_ids(outcome.err),
              "uvm: [ID] image_relocated(id: 2)\n"
              "uvm: [ID] write(fd: 1, pos: -1, buffer: ADDRESS, buffer_size: "
              "14) = 14\n"
              "uvm: [ID] exit_team(return_value: 0)\n");
}

TEST_F(StraceTest, arguments_and_results_are_written_by_their_kinds)
{
    const std::string open = "uvm: [ID] open(fd: -1, path: ",
                      rest = ", open_mode: 0, perms: 0) = ";
    Outcome outcome = run({"--strace", guest("traced")});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(without_ids(outcome.err),
              "uvm: [ID] image_relocated(id: 2)\n" + open + "\"none\"" + rest +
                  "B_ENTRY_NOT_FOUND\n" + open +
                  "\"\\\"a\\\"\\\\b\\n\\x09\\x7f\xc3\xa4\"" + rest +
                  "B_ENTRY_NOT_FOUND\n" + open + "\"" + std::string(64, 'n') +
                  "\"..." + rest + "B_ENTRY_NOT_FOUND\n" + open + "NULL" +
                  rest + "B_BAD_ADDRESS\n" + open + "0x70" + rest +
                  "B_BAD_ADDRESS\n"
                  "uvm: [ID] read_stat(fd: 9, path: NULL, traverse_link: true, "
                  "stat: ADDRESS, stat_size: 88) = B_FILE_ERROR\n"
                  "uvm: [ID] seek(fd: 99, pos: -5000000000, seek_type: 2) = "
                  "-2147459072\n"
                  "uvm: [ID] is_computer_on() = 1\n"
                  "uvm: [ID] cpu_enabled(cpu: 0) = true\n"
                  "uvm: [ID] find_thread(name: \"nobody\") = B_NAME_NOT_FOUND\n"
                  "uvm: [ID] set_debugger_breakpoint(address: 0x1, type: 0x2, "
                  "length: 3, watchpoint: true) = B_NOT_SUPPORTED\n"
                  "uvm: system call system_profiler_stop is not built: "
                  "B_NOT_SUPPORTED\n"
                  "uvm: [ID] system_profiler_stop() = B_NOT_SUPPORTED\n"
                  "uvm: [ID] system_profiler_stop() = B_NOT_SUPPORTED\n"
                  "uvm: [ID] debug_output(message: \"said\")\n"
                  "uvm: said\n"
                  "uvm: [ID] close(fd: 2) = B_OK\n"
                  "uvm: [ID] exit_team(return_value: 3)\n");
}

TEST_F(StraceTest, a_call_that_is_not_built_is_reported_once)
{
    Outcome outcome = run({guest("traced")});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(outcome.err,
              "uvm: system call system_profiler_stop is not built: "
              "B_NOT_SUPPORTED\n"
              "uvm: said\n");
}

TEST_F(StraceTest, quiet_reports_neither_calls_nor_debug_output)
{
    Outcome outcome = run({"--quiet", guest("traced")});
    EXPECT_EQ(outcome.status, 3);
    EXPECT_EQ(outcome.err, "");
}

/* The children's lines bear their own ids, and no line is torn. */
TEST_F(StraceTest, every_line_of_all_teams_is_whole)
{
    std::istringstream lines(run({"--strace", guest("teams")}).err);
    std::string line;
    regex_t shape;
    int count = 0;

    ASSERT_EQ(regcomp(&shape,
                      "^uvm: \\[[0-9]+\\] [a-z_0-9]+\\(.*\\)"
                      "( = [-A-Za-z_0-9]+)?$",
                      REG_EXTENDED | REG_NOSUB),
              0);
    for (; std::getline(lines, line); count++)
        EXPECT_EQ(regexec(&shape, line.c_str(), 0, nullptr, 0), 0) << line;
    regfree(&shape);
    EXPECT_GT(count, 40);
}

} // namespace
