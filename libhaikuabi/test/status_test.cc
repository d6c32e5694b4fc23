// status_test.cc -- Haiku's error codes and the host's.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <set>

extern "C" {
#include "libhaikuabi/src/status.h"
}

namespace
{

const struct {
    const char *name;
    int32_t value;
} statuses[] = {
#define STATUS(name, value, host) {#name, static_cast<int32_t>(value)},
#include "libhaikuabi/src/status.def"
#undef STATUS
};

// haiku-abi/structs.md, "Error codes".
TEST(Status, HasHaikusNumbers)
{
    EXPECT_EQ(HK_B_OK, 0);
    EXPECT_EQ(HK_B_NO_MEMORY, INT32_MIN);
    EXPECT_EQ(HK_B_BAD_VALUE, INT32_MIN + 5);
    EXPECT_EQ(HK_B_INTERRUPTED, INT32_MIN + 10);
    EXPECT_EQ(HK_B_FILE_ERROR, INT32_MIN + 0x6000);
    EXPECT_EQ(HK_B_ENTRY_NOT_FOUND, INT32_MIN + 0x6003);
}

TEST(Status, EveryNumberHasOneName)
{
    std::set<int32_t> values;

    for (const auto &row : statuses) {
        EXPECT_TRUE(values.insert(row.value).second) << row.name;
        EXPECT_TRUE(row.value == 0 || row.value < 0) << row.name;
        EXPECT_STREQ(hk_status_name(row.value), row.name);
    }
    EXPECT_EQ(hk_status_name(1), nullptr);
    EXPECT_EQ(hk_status_name(-2), nullptr);
}

TEST(Status, TheHostsNumbersGoThereAndBack)
{
    for (int error = 1; error < 134; error++) {
        int32_t status = hk_status_from_errno(error);

        EXPECT_LT(status, 0) << strerror(error);
        if (status == HK_B_ERROR)
            continue;
        EXPECT_EQ(hk_status_from_errno(hk_status_to_errno(status)), status)
            << strerror(error);
    }
    EXPECT_EQ(hk_status_from_errno(0), HK_B_OK);
    EXPECT_EQ(hk_status_from_errno(100000), HK_B_ERROR);
    EXPECT_EQ(hk_status_to_errno(1), 0);
}

TEST(Status, KnowsWhatFilesAnswer)
{
    const struct {
        int host;
        int32_t status;
    } rows[] = {
        {ENOENT, HK_B_ENTRY_NOT_FOUND},
        {EEXIST, HK_B_FILE_EXISTS},
        {ENOTDIR, HK_B_NOT_A_DIRECTORY},
        {EISDIR, HK_B_IS_A_DIRECTORY},
        {ENOTEMPTY, HK_B_DIRECTORY_NOT_EMPTY},
        {ENAMETOOLONG, HK_B_NAME_TOO_LONG},
        {ELOOP, HK_B_LINK_LIMIT},
        {EACCES, HK_B_PERMISSION_DENIED},
        {EPERM, HK_B_NOT_ALLOWED},
        {EXDEV, HK_B_CROSS_DEVICE_LINK},
        {EROFS, HK_B_READ_ONLY_DEVICE},
        {ENOSPC, HK_B_DEVICE_FULL},
        {EBADF, HK_B_FILE_ERROR},
        {EPIPE, HK_B_BUSTED_PIPE},
        {EAGAIN, HK_B_WOULD_BLOCK},
        {EINTR, HK_B_INTERRUPTED},
        {EFAULT, HK_B_BAD_ADDRESS},
        {EINVAL, HK_B_BAD_VALUE},
        {ENOMEM, HK_B_NO_MEMORY},
        {EMFILE, HK_B_NO_MORE_FDS},
        {EFBIG, HK_B_FILE_TOO_LARGE},
    };

    for (const auto &row : rows) {
        EXPECT_EQ(hk_status_from_errno(row.host), row.status)
            << strerror(row.host);
        EXPECT_EQ(hk_status_to_errno(row.status), row.host);
    }
}

} // namespace
