// host_direct_test.cc -- the host's calls without libc in between.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdint>

extern "C" {
#include "libhaikuabi/src/host_direct.h"
}

namespace
{

TEST(HostDirect, passes_six_arguments)
{
    const long size = 4096;
    int fd = static_cast<int>(
        hk_host_direct(SYS_openat, AT_FDCWD, "/dev/zero", O_RDWR | O_CLOEXEC));
    long memory;

    ASSERT_GE(fd, 0);
    memory = hk_host_direct(SYS_mmap, 0L, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE, fd, 0L);
    ASSERT_GT(memory, 0);
    EXPECT_EQ(*reinterpret_cast<uint8_t *>(memory), 0);
    EXPECT_EQ(hk_host_direct(SYS_munmap, memory, size), 0);
    EXPECT_EQ(hk_host_direct(SYS_close, fd), 0);
}

TEST(HostDirect, fails_by_errno)
{
    errno = 0;
    EXPECT_EQ(hk_host_direct(SYS_close, -1), -1);
    EXPECT_EQ(errno, EBADF);
}

#ifdef HK_HOST_DIRECT
TEST(HostDirect, is_the_same_on_every_processor)
{
    const auto functions = {hk_host_direct_plain, hk_host_direct_filled};

    for (auto *function : functions) {
        EXPECT_EQ(function(SYS_getpid), getpid());
        errno = 0;
        EXPECT_EQ(function(SYS_lseek, -1, 0L, SEEK_CUR), -1);
        EXPECT_EQ(errno, EBADF);
    }
}
#endif

} // namespace
