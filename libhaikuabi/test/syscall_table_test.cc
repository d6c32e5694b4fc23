// syscall_table_test.cc -- rows and numbers of the system calls.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <set>
#include <string>

extern "C" {
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

std::string name_of(const hk_syscall_row &row)
{
    return std::string(row.name, (size_t)hk_row_name_length(&row));
}

TEST(SyscallTable, HasEveryNumberOfEachReleaseOnce)
{
    const uint32_t counts[] = {281, 287, 289};

    for (int release = HK_R1BETA4; release <= HK_R1BETA6; release++) {
        const uint16_t *rows;
        uint32_t count;
        std::set<std::string> names;

        hk_release_rows((hk_release)release, &rows, &count);
        EXPECT_EQ(count, counts[release]);
        for (uint32_t i = 0; i < count; i++)
            EXPECT_TRUE(names.insert(name_of(hk_syscall_rows[rows[i]])).second)
                << i;
    }
}

// haiku-abi/syscalls.md, "Seed numbers".
TEST(SyscallTable, HasTheNumbersOfTheReleases)
{
    const struct {
        hk_row row;
        int numbers[3];
    } rows[] = {
        {HK_ROW_exit_team, {38, 41, 41}},
        {HK_ROW_open, {108, 114, 114}},
        {HK_ROW_seek, {115, 121, 121}},
        {HK_ROW_read, {143, 149, 149}},
        {HK_ROW_write, {145, 151, 151}},
        {HK_ROW_create_area, {194, 200, 202}},
        {HK_ROW_map_file, {206, 212, 214}},
        {HK_ROW_write_port_etc, {224, 230, 232}},
        {HK_ROW_get_loadavg, {-1, -1, 84}},
        {HK_ROW_wait_for_thread, {59, 62, -1}},
    };

    for (const auto &row : rows)
        for (int release = HK_R1BETA4; release <= HK_R1BETA6; release++)
            EXPECT_EQ(hk_row_number((hk_release)release, row.row),
                      row.numbers[release])
                << hk_syscall_rows[row.row].name;
}

TEST(SyscallTable, CountsTheStackWordsOf64BitArguments)
{
    EXPECT_EQ(hk_row_words[HK_ROW_is_computer_on], 0);
    EXPECT_EQ(hk_row_words[HK_ROW_read], 5);
    EXPECT_EQ(hk_row_words[HK_ROW_map_file], 10);
    EXPECT_EQ(hk_row_words[HK_ROW_seek], 4);
}

TEST(SyscallTable, NamesRowsOfOneReleaseAsTheOthers)
{
    EXPECT_EQ(name_of(hk_syscall_rows[HK_ROW_fsync__r1beta6]), "fsync");
    EXPECT_EQ(name_of(hk_syscall_rows[HK_ROW_fsync]), "fsync");
}

// haiku-abi/syscalls.md: the four calls with a result in EDX:EAX.
TEST(SyscallTable, HasFourCallsWithA64BitResult)
{
    std::set<std::string> names;

    for (const auto &row : hk_syscall_rows)
        if (row.result == HK_RESULT_INT64)
            names.insert(name_of(row));
    EXPECT_EQ(names, (std::set<std::string>{"restore_signal_frame",
                                            "estimate_max_scheduling_latency",
                                            "seek", "system_time"}));
}

TEST(SyscallTable, HasAHandlerForEveryRowThatSaysSo)
{
    for (const auto &row : hk_syscall_rows)
        EXPECT_EQ(row.call == nullptr, row.status == HK_NONE) << row.name;
}

TEST(SyscallTable, DescribesCallsByNumber)
{
    hk_syscall_info info;

    ASSERT_EQ(hk_describe_syscall(HK_R1BETA5, 0, &info), 0);
    EXPECT_EQ(std::string(info.name, (size_t)info.name_size), "is_computer_on");
    EXPECT_EQ(info.status, HK_FULL);
    ASSERT_EQ(hk_describe_syscall(HK_R1BETA4, 240, &info), 0);
    EXPECT_EQ(std::string(info.name, (size_t)info.name_size),
              "system_profiler_stop");
    EXPECT_EQ(info.status, HK_NONE);
    EXPECT_EQ(hk_describe_syscall(HK_R1BETA4, 281, &info), HK_ERR_INVALID);
    EXPECT_EQ(hk_describe_syscall((hk_release)3, 0, &info), HK_ERR_INVALID);
}

} // namespace
