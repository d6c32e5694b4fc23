// kmessage_test.cc -- messages read and made.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "libhaikuabi/src/bytes.h"
#include "libhaikuabi/src/kmessage.h"
}

namespace
{

using Bytes = std::vector<uint8_t>;

Bytes made(const std::function<void(hk_kmessage_maker *)> &add)
{
    hk_kmessage_maker maker;

    hk_kmessage_begin(&maker, 9);
    add(&maker);
    EXPECT_EQ(maker.failed, 0);
    Bytes bytes(maker.bytes, maker.bytes + maker.size);
    hk_kmessage_maker_free(&maker);
    return bytes;
}

Bytes one_of_each()
{
    return made([](hk_kmessage_maker *maker) {
        const char *const names[] = {"one", "three"};
        hk_kmessage_set_what(maker, 77);
        hk_kmessage_add_int32(maker, "number", -5);
        hk_kmessage_add_string(maker, "text", "a text");
        hk_kmessage_add_strings(maker, "names", names, 2);
        hk_kmessage_add_data(maker, "raw", HK_KMESSAGE_RAW, "\1\2\3", 3);
        hk_kmessage_add_int32(maker, "last", 6);
    });
}

// haiku-abi/boot-sequence.md, "KMessage encoding".
TEST(KMessage, IsMadeAsTheSheetSays)
{
    const Bytes bytes = made([](hk_kmessage_maker *maker) {
        hk_kmessage_set_what(maker, 77);
        hk_kmessage_add_int32(maker, "uid", 3);
        hk_kmessage_add_string(maker, "name", "user");
    });
    const uint32_t words[] = {0x6b4d7347, 89, 77, 1, 9, UINT32_MAX, UINT32_MAX,
                              // int32 "uid": 24 bytes of head
                              0x4c4f4e47, 4, 1, 28};

    ASSERT_GE(bytes.size(), sizeof(words));
    EXPECT_EQ(std::memcmp(bytes.data(), words, sizeof(words)), 0);
    EXPECT_EQ(hk_get16(&bytes[44]), 24);
    EXPECT_STREQ(reinterpret_cast<const char *>(&bytes[46]), "uid");
    EXPECT_EQ(hk_get32(&bytes[52]), 3u);
    EXPECT_EQ(hk_get32(&bytes[56]), 0x43535452u);
    EXPECT_EQ(hk_get32(&bytes[60]), UINT32_MAX);
    EXPECT_EQ(hk_get32(&bytes[64]), 1u);
    EXPECT_EQ(hk_get16(&bytes[72]), 24);
    EXPECT_STREQ(reinterpret_cast<const char *>(&bytes[74]), "name");
    EXPECT_EQ(hk_get32(&bytes[80]), 5u);
    EXPECT_STREQ(reinterpret_cast<const char *>(&bytes[84]), "user");
    EXPECT_EQ(hk_get32(&bytes[4]), bytes.size());
    EXPECT_EQ(hk_get32(&bytes[68]), bytes.size() - 56);
}

TEST(KMessage, IsReadAsItWasMade)
{
    const Bytes bytes = one_of_each();
    hk_kmessage message;
    const char *text;
    int32_t number;
    int flag;

    ASSERT_EQ(hk_kmessage_parse(&message, bytes.data(),
                                static_cast<uint32_t>(bytes.size())),
              0);
    EXPECT_EQ(message.what, 77u);
    EXPECT_EQ(hk_kmessage_find_int32(&message, "number", &number), 0);
    EXPECT_EQ(number, -5);
    EXPECT_EQ(hk_kmessage_find_int32(&message, "last", &number), 0);
    EXPECT_EQ(number, 6);
    EXPECT_EQ(hk_kmessage_find_string(&message, "text", &text), 0);
    EXPECT_STREQ(text, "a text");
    EXPECT_EQ(hk_kmessage_find_string(&message, "names", &text), 0);
    EXPECT_STREQ(text, "one");
    EXPECT_EQ(hk_kmessage_find_string(&message, "number", &text), -1);
    EXPECT_EQ(hk_kmessage_find_string(&message, "none", &text), -1);
    EXPECT_EQ(hk_kmessage_find_int32(&message, "text", &number), -1);
    EXPECT_EQ(hk_kmessage_find_bool(&message, "number", &flag), -1);
}

// Each length, and each byte changed: read or refused, inside of the bytes.
TEST(KMessage, BrokenOnesStayInside)
{
    const Bytes whole = one_of_each();

    for (size_t size = 0; size <= whole.size(); size++) {
        for (size_t at = 0; at < size; at += size == whole.size() ? 1 : size) {
            for (uint8_t value : {0x00, 0x7f, 0x80, 0xff}) {
                Bytes bytes(whole.begin(),
                            whole.begin() + static_cast<ptrdiff_t>(size));
                bytes[at] = value;
                // A copy that ends where the message does, for the sanitizer.
                std::unique_ptr<uint8_t[]> exact(new uint8_t[size]);
                std::memcpy(exact.get(), bytes.data(), size);
                hk_kmessage message;
                const char *text;
                int32_t number;
                if (hk_kmessage_parse(&message, exact.get(),
                                      static_cast<uint32_t>(size)) != 0)
                    continue;
                EXPECT_LE(message.size, size);
                if (hk_kmessage_find_string(&message, "names", &text) == 0) {
                    EXPECT_LT(std::strlen(text), size);
                }
                hk_kmessage_find_int32(&message, "last", &number);
            }
        }
    }
}

} // namespace
