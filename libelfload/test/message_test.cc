/* message_test.cc -- flattened messages. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/message_builder.h"

#include <elfload/elf_message.h>
#include <gtest/gtest.h>

#include <memory>

/* Haiku's form and R5's, in both byte orders. */
class Message : public testing::TestWithParam<std::tuple<bool, bool>>
{
  protected:
    void SetUp() override
    {
        builder.is_r5 = std::get<0>(GetParam());
        builder.is_big = std::get<1>(GetParam());
        builder.what = 0x68656c6f;
        builder.fields = {
            {"name", "CSTR", {std::string("one\0", 4), "second"}, false},
            {"place", "BPNT", {"12345678"}},
            {"", "LONG", {"abcd", "efgh", "ijkl"}},
            {"long", "RAWT", {std::string(300, 'x')}, false}};
    }
    /* "name=item,item;..." or the error. */
    std::string read(const std::string &text)
    {
        bytes.reset(new uint8_t[text.size()]);
        std::copy(text.begin(), text.end(), bytes.get());
        eld_message_cursor cursor = {};
        eld_message_field field;
        int found =
            eld_read_message(bytes.get(), text.size(), &message, &fault);
        std::string result;
        while (found >= 0 && (found = eld_next_message_field(
                                  &message, &cursor, &field, &fault)) == 1) {
            result += std::string(field.name, field.name_size) + "=";
            const uint8_t *item;
            uint64_t offset = 0;
            size_t size;
            while ((found = eld_next_message_item(&message, &field, &offset,
                                                  &item, &size, &fault)) == 1)
                result += std::string((const char *)item, size) + ",";
            result += ";";
        }
        return found < 0 ? eld_error_text(found) : result;
    }

    MessageBuilder builder;
    std::unique_ptr<uint8_t[]> bytes;
    eld_message message = {};
    eld_fault fault = {};
};

INSTANTIATE_TEST_SUITE_P(All, Message,
                         testing::Combine(testing::Bool(), testing::Bool()));

TEST_P(Message, FieldsAndTheirItems)
{
    std::string expected = "name=one";
    expected += '\0';
    expected += ",second,;place=12345678,;=abcd,efgh,ijkl,;long=" +
                std::string(300, 'x') + ",;";
    EXPECT_EQ(read(builder.build()), expected);
    EXPECT_EQ(message.what, 0x68656c6fu);
    EXPECT_EQ(message.is_big, builder.is_big);
}

TEST_P(Message, WithoutFields)
{
    builder.fields.clear();
    EXPECT_EQ(read(builder.build()), "");
}

TEST_P(Message, EveryLengthIsReadOrRefused)
{
    std::string whole = builder.build();
    for (size_t size = 0; size < whole.size(); size++) {
        std::string result = read(whole.substr(0, size));
        EXPECT_TRUE(result == "file is truncated" || result == "not found")
            << size << ": " << result;
    }
}

TEST(MessageForm, OtherBytesAreNone)
{
    eld_message message;
    eld_fault fault;
    EXPECT_EQ(eld_read_message("FOB2....", 8, &message, &fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_STREQ(fault.what, "message");
}
