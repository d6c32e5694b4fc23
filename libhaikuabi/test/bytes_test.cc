// bytes_test.cc -- little-endian numbers in guest structures.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

extern "C" {
#include "libhaikuabi/src/bytes.h"
}

namespace
{

TEST(Bytes, ComeInLittleEndianOrderAtAnyAddress)
{
    const uint8_t expected[] = {0xff, 0x22, 0x11, 0xff};
    uint8_t bytes[16];

    for (int at = 1; at < 8; at++) {
        memset(bytes, 0xff, sizeof(bytes));
        hk_put16(bytes + at, 0x1122);
        EXPECT_EQ(memcmp(bytes + at - 1, expected, 4), 0);
        hk_put32(bytes + at, 0x80000001);
        EXPECT_EQ(bytes[at], 1);
        EXPECT_EQ(bytes[at + 3], 0x80);
        EXPECT_EQ(bytes[at + 4], 0xff);
        hk_put64(bytes + at, UINT64_C(0x8877665544332211));
        for (int i = 0; i < 8; i++)
            EXPECT_EQ(bytes[at + i], 0x11 * (i + 1));
    }
}

TEST(Bytes, AreReadAsTheyWereWritten)
{
    uint8_t bytes[9];

    for (uint64_t value = 1; value != 0; value <<= 1) {
        hk_put64(bytes + 1, value);
        EXPECT_EQ(hk_get64(bytes + 1), value);
        EXPECT_EQ(hk_get32(bytes + 1), static_cast<uint32_t>(value));
        EXPECT_EQ(hk_get16(bytes + 1), static_cast<uint16_t>(value));
    }
    hk_put32(bytes, UINT32_MAX);
    EXPECT_EQ(hk_get32(bytes), UINT32_MAX);
}

} // namespace
