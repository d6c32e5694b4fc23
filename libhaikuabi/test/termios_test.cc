// termios_test.cc -- Haiku's termios record and the host's.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>

extern "C" {
#include "libhaikuabi/src/bytes.h"
#include "libhaikuabi/src/termios.h"
}

namespace
{

termios plain()
{
    termios host{};
    cfmakeraw(&host);
    host.c_cflag = CS8 | CREAD;
    cfsetispeed(&host, B38400);
    cfsetospeed(&host, B38400);
    return host;
}

// haiku-abi/structs.md, "Terminals".
TEST(Termios, FlagsHaveHaikusBits)
{
    const struct {
        tcflag_t termios::*word;
        tcflag_t host;
        size_t at;
        uint16_t guest;
    } rows[] = {
        {&termios::c_iflag, IGNBRK, 0, 0x1},
        {&termios::c_iflag, ICRNL, 0, 0x100},
        {&termios::c_iflag, IXON, 0, 0x400},
        {&termios::c_iflag, IXOFF, 0, 0x1000},
        {&termios::c_oflag, OPOST, 4, 0x1},
        {&termios::c_oflag, ONLCR, 4, 0x4},
        {&termios::c_cflag, CSTOPB, 8, 0x40},
        {&termios::c_cflag, PARENB, 8, 0x100},
        {&termios::c_cflag, HUPCL, 8, 0x400},
        {&termios::c_cflag, CRTSCTS, 8, 0x6000},
        {&termios::c_lflag, ISIG, 12, 0x1},
        {&termios::c_lflag, ECHO, 12, 0x8},
        {&termios::c_lflag, IEXTEN, 12, 0x200},
    };
    uint8_t off[HK_TERMIOS_SIZE_MAX], on[HK_TERMIOS_SIZE_MAX];

    for (const auto &row : rows) {
        termios host = plain();
        host.*row.word &= ~row.host;
        hk_termios_put(off, &host, HK_R1BETA5);
        host.*row.word |= row.host;
        hk_termios_put(on, &host, HK_R1BETA5);
        EXPECT_EQ(hk_get16(on + row.at) ^ hk_get16(off + row.at), row.guest);
        hk_termios_get(&host, off);
        EXPECT_EQ(host.*row.word & row.host, 0u) << row.guest;
        hk_termios_get(&host, on);
        EXPECT_EQ(host.*row.word & row.host, row.host) << row.guest;
    }
}

TEST(Termios, EverySpeedGoesThereAndBack)
{
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];

    for (speed_t speed : {B50, B300, B9600, B38400, B57600, B230400}) {
        termios host = plain(), back = plain();
        cfsetospeed(&host, speed);
        cfsetispeed(&host, speed);
        hk_termios_put(bytes, &host, HK_R1BETA6);
        hk_termios_get(&back, bytes);
        EXPECT_EQ(cfgetospeed(&back), speed);
        EXPECT_EQ(cfgetispeed(&back), speed);
    }
}

TEST(Termios, CharactersOfRawModeAreCountsOnTheHost)
{
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];
    termios host = plain();

    host.c_lflag |= ICANON;
    host.c_cc[VEOF] = 4;
    host.c_cc[VINTR] = 3;
    hk_termios_put(bytes, &host, HK_R1BETA5);
    EXPECT_EQ(bytes[19], 3);
    EXPECT_EQ(bytes[19 + 4], 4);
    host.c_lflag &= ~static_cast<tcflag_t>(ICANON);
    host.c_cc[VMIN] = 7;
    host.c_cc[VTIME] = 9;
    hk_termios_put(bytes, &host, HK_R1BETA5);
    EXPECT_EQ(bytes[19 + 4], 7);
    EXPECT_EQ(bytes[19 + 5], 9);
    bytes[19 + 4] = 1;
    hk_termios_get(&host, bytes);
    EXPECT_EQ(host.c_cc[VMIN], 1);
    EXPECT_EQ(host.c_cc[VEOF], 4); // as it was
}

TEST(Termios, WhatOnlyTheHostKnowsStays)
{
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];
    termios host = plain();

    host.c_iflag |= IUTF8;
    hk_termios_put(bytes, &host, HK_R1BETA5);
    hk_termios_get(&host, bytes);
    EXPECT_TRUE(host.c_iflag & IUTF8);
}

TEST(Termios, TheRecordLosesItsSpeedsInR1beta6)
{
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];
    termios host = plain();

    EXPECT_EQ(hk_termios_size(HK_R1BETA4), 32u);
    EXPECT_EQ(hk_termios_size(HK_R1BETA5), 32u);
    EXPECT_EQ(hk_termios_size(HK_R1BETA6), 30u);
    hk_termios_put(bytes, &host, HK_R1BETA5);
    EXPECT_EQ(bytes[17], 15);
    EXPECT_EQ(bytes[18], 15);
    hk_termios_put(bytes, &host, HK_R1BETA6);
    EXPECT_EQ(hk_get16(bytes + 17), 0);
}

} // namespace
