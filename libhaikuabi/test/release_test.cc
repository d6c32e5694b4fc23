// release_test.cc -- which Haiku a libroot.so belongs to.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include "libhaikuabi/src/syscall_table.h"
}

namespace
{

// Stubs as libroot has them, one behind the other.
struct Libroot {
    std::vector<uint8_t> bytes;
    std::map<std::string, int64_t> symbols;

    void add(const std::string &name, uint32_t number)
    {
        symbols["_kern_" + name] = static_cast<int64_t>(bytes.size());
        bytes.push_back(0xb8);
        for (int i = 0; i < 4; i++)
            bytes.push_back(static_cast<uint8_t>(number >> (8 * i)));
        for (uint8_t byte : {0xcd, 0x63, 0xc3}) // int 99; ret
            bytes.push_back(byte);
    }

    explicit Libroot(hk_release release)
    {
        const uint16_t *rows;
        uint32_t count;
        hk_release_rows(release, &rows, &count);
        for (uint32_t i = 0; i < count; i++) {
            const hk_syscall_row &row = hk_syscall_rows[rows[i]];
            add(std::string(row.name,
                            static_cast<size_t>(hk_row_name_length(&row))),
                i);
        }
    }

    static int64_t look_up(void *context, const char *symbol)
    {
        const auto &all = static_cast<Libroot *>(context)->symbols;
        auto found = all.find(symbol);
        return found == all.end() ? -1 : found->second;
    }

    int detect(size_t size = SIZE_MAX)
    {
        return hk_detect_release(bytes.data(), std::min(size, bytes.size()),
                                 look_up, this);
    }
};

TEST(Release, IsReadFromTheStubs)
{
    for (hk_release release : {HK_R1BETA4, HK_R1BETA5, HK_R1BETA6})
        EXPECT_EQ(Libroot(release).detect(), release);
}

TEST(Release, IsKnownFromPartOfThem)
{
    Libroot libroot(HK_R1BETA6);

    libroot.symbols = {{"_kern_read", libroot.symbols["_kern_read"]},
                       {"_kern_socket", libroot.symbols["_kern_socket"]}};
    EXPECT_EQ(libroot.detect(), HK_R1BETA6);
}

TEST(Release, OneOddNumberIsAnotherRelease)
{
    Libroot libroot(HK_R1BETA5);

    libroot.add("read", 1000);
    EXPECT_EQ(libroot.detect(), HK_ERR_REVISION);
}

TEST(Release, WhatIsNoStubIsNotLookedAt)
{
    Libroot libroot(HK_R1BETA4);
    size_t at = static_cast<size_t>(libroot.symbols["_kern_open"]);

    libroot.bytes[at] = 0x90;
    EXPECT_EQ(libroot.detect(), HK_R1BETA4);
    libroot.symbols["_kern_read"] = INT64_MAX;
    libroot.symbols["_kern_write"] = INT64_MIN;
    libroot.symbols["_kern_close"] =
        static_cast<int64_t>(libroot.bytes.size()) - 4;
    EXPECT_EQ(libroot.detect(), HK_R1BETA4);
}

TEST(Release, AFileWithoutStubsIsNone)
{
    Libroot libroot(HK_R1BETA5);

    EXPECT_EQ(libroot.detect(0), HK_ERR_REVISION);
    EXPECT_EQ(libroot.detect(4), HK_ERR_REVISION);
    libroot.symbols.clear();
    EXPECT_EQ(libroot.detect(), HK_ERR_REVISION);
}

TEST(Release, HasAName)
{
    EXPECT_STREQ(hk_release_name(HK_R1BETA4), "r1beta4");
    EXPECT_STREQ(hk_release_name(HK_R1BETA6), "r1beta6");
    EXPECT_EQ(hk_release_name(static_cast<hk_release>(3)), nullptr);
    EXPECT_EQ(hk_release_name(static_cast<hk_release>(-1)), nullptr);
}

} // namespace
