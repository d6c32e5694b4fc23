/* window_test.cc -- small accesses to guest memory. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/src/window.h"

#include <elfload/elf_error.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

static void on_fault(int, siginfo_t *info, void *context)
{
    if (!gm_on_fault(info, context))
        abort();
}

class Window : public testing::Test
{
  protected:
    void SetUp() override
    {
        struct sigaction action = {};
        action.sa_sigaction = on_fault;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &action, &previous);
        ASSERT_EQ(gm_space_new(24, &space), 0);
        map(0x1000, GM_PROT_READ | GM_PROT_WRITE);
        map(0x2000, GM_PROT_READ | GM_PROT_WRITE);
        eld_window_init(&window, space);
    }
    void TearDown() override
    {
        gm_space_free(space);
        sigaction(SIGSEGV, &previous, nullptr);
    }

    void map(uint64_t address, unsigned prot)
    {
        struct gm_mapping mapping = {};
        mapping.address = address;
        mapping.size = GM_PAGE_SIZE;
        mapping.prot = prot;
        mapping.fd = -1;
        ASSERT_EQ(gm_map(space, &mapping), 0);
    }
    uint64_t load(uint64_t address)
    {
        uint64_t value = 0;
        gm_copy_in(space, &value, address, 8);
        return value;
    }

    struct sigaction previous;
    struct gm_space *space = nullptr;
    struct eld_window window;
};

TEST_F(Window, NumbersOfAllSizesComeBack)
{
    for (unsigned size : {1u, 2u, 4u, 8u}) {
        uint64_t value = 0x8877665544332211 >> (64 - 8 * size), read = 0;
        uint64_t address = 0x1100 + 16 * size;
        EXPECT_EQ(eld_window_write(&window, address, size, value), 0);
        EXPECT_EQ(eld_window_read(&window, address, size, &read), 0);
        EXPECT_EQ(read, value);
        EXPECT_EQ(eld_window_flush(&window), 0);
        EXPECT_EQ(load(address), value);
    }
}

TEST_F(Window, WritesAppearAfterAFlushAndReadsAreFreshThen)
{
    uint64_t other = 5, read = 0;
    eld_window_write(&window, 0x1000, 4, 7);
    EXPECT_EQ(load(0x1000), 0u);
    eld_window_flush(&window);
    EXPECT_EQ(load(0x1000), 7u);
    gm_copy_out(space, 0x1000, &other, 8);
    eld_window_read(&window, 0x1000, 4, &read);
    EXPECT_EQ(read, 5u);
}

TEST_F(Window, ANumberMayLieInTwoPages)
{
    uint64_t read = 0;
    EXPECT_EQ(eld_window_write(&window, 0x1ffd, 8, 0x1122334455667788), 0);
    EXPECT_EQ(eld_window_read(&window, 0x1ffd, 8, &read), 0);
    EXPECT_EQ(read, 0x1122334455667788u);
    eld_window_flush(&window);
    EXPECT_EQ(load(0x1ffd), 0x1122334455667788u);
}

TEST_F(Window, MemoryThatIsNotThereIsAnError)
{
    uint64_t read = 3;
    EXPECT_EQ(eld_window_read(&window, 0x5000, 4, &read), ELD_ERR_MEMORY);
    EXPECT_EQ(eld_window_write(&window, 0x2ffe, 4, 1), ELD_ERR_MEMORY);
    EXPECT_EQ(eld_window_read(&window, UINT64_MAX - 1, 4, &read),
              ELD_ERR_MEMORY);
    EXPECT_EQ(read, 3u);
    map(0x3000, GM_PROT_READ);
    EXPECT_EQ(eld_window_write(&window, 0x3000, 4, 1), 0);
    EXPECT_EQ(eld_window_flush(&window), ELD_ERR_MEMORY);
}
