/* unwind_test.cc -- .eh_frame, .debug_frame and ARM's index. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/test/reader_case.h"

#include <elfload/elf_unwind.h>

/* Records in the data of a file, in its byte order. */
struct Records {
    Kind kind;
    Bytes bytes;

    Records &number(uint64_t value, size_t size)
    {
        for (size_t i = 0; i < size; i++)
            bytes.push_back(
                (uint8_t)(value >> 8 * (kind.is_big ? size - 1 - i : i)));
        return *this;
    }
    Records &text(const std::string &text)
    {
        bytes.insert(bytes.end(), text.begin(), text.end());
        bytes.push_back(0);
        return *this;
    }
    /* Writes the length of the record that begins at start. */
    void finish(size_t start)
    {
        Records size{kind, {}};
        size.number(bytes.size() - start - 4, 4);
        std::copy(size.bytes.begin(), size.bytes.end(), bytes.begin() + start);
    }
    void common(uint32_t id, const std::string &augmentation, int encoding)
    {
        size_t start = bytes.size();
        number(0, 4).number(id, 4).number(1, 1).text(augmentation);
        number(4, 1).number(0x7c, 1).number(8, 1); /* 4, -4, r8 */
        if (encoding >= 0)
            number(1, 1).number((uint64_t)encoding, 1);
        finish(start);
    }
    void function(uint32_t common, uint64_t address, uint64_t size, size_t word)
    {
        size_t start = bytes.size();
        number(0, 4).number(common, 4).number(address, word).number(size, word);
        number(0, 1);
        finish(start);
    }
};

class Unwind : public AnyKind
{
  protected:
    size_t word() const
    {
        return GetParam().is_64 ? 8 : 4;
    }
    /* Opens a file whose data begin with the records. */
    void open(const Records &records, eld_unwind_kind kind)
    {
        Bytes bytes = builder.build();
        std::copy(records.bytes.begin(), records.bytes.end(),
                  bytes.begin() + (long)builder.data_offset);
        file = std::make_unique<Opened>(bytes);
        unwind = {{builder.data_offset, records.bytes.size()},
                  builder.data_at(),
                  kind};
    }
    std::vector<eld_frame> frames()
    {
        std::vector<eld_frame> list;
        eld_frame frame;
        uint64_t offset = 0;
        while ((error = eld_next_frame(file->get(), &unwind, &offset, &frame,
                                       &file->fault)) == 1)
            list.push_back(frame);
        return list;
    }

    std::unique_ptr<Opened> file;
    eld_unwind unwind;
    int error = 0;
};
FOR_ALL_KINDS(Unwind);

TEST_P(Unwind, RecordsOfEhFrame)
{
    Records records{GetParam(), {}};
    records.common(0, "zR", 0x1b); /* relative to the place, 4 bytes */
    size_t at = records.bytes.size();
    records.function((uint32_t)at + 4, (uint32_t)-0x20, 0x10, 4);
    records.number(0, 4);
    open(records, ELD_UNWIND_EH_FRAME);
    auto list = frames();
    ASSERT_EQ(error, 0) << file->line();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_TRUE(list[0].is_common);
    EXPECT_EQ(list[0].code_align, 4u);
    EXPECT_EQ(list[0].data_align, -4);
    EXPECT_EQ(list[0].return_register, 8u);
    EXPECT_STREQ(list[0].augmentation, "zR");
    EXPECT_FALSE(list[1].is_common);
    EXPECT_EQ(list[1].common, builder.data_offset);
    EXPECT_EQ(list[1].address, builder.data_at(at + 8) - 0x20);
    EXPECT_EQ(list[1].code_size, 0x10u);
    EXPECT_EQ(list[1].offset, builder.data_offset + at);
}

TEST_P(Unwind, RecordsOfDebugFrame)
{
    Records records{GetParam(), {}};
    records.common(UINT32_MAX, "", -1);
    records.function(0, 0x1234, 0x56, word());
    open(records, ELD_UNWIND_DEBUG_FRAME);
    auto list = frames();
    ASSERT_EQ(error, 0) << file->line();
    ASSERT_EQ(list.size(), 2u);
    EXPECT_EQ(list[1].address, 0x1234u);
    EXPECT_EQ(list[1].code_size, 0x56u);
    EXPECT_EQ(list[1].data_align, -4);
}

TEST_P(Unwind, FaultsSayWhere)
{
    Records records{GetParam(), {}};
    records.function(0x30, 0, 0, word()); /* its CIE would be before it */
    open(records, ELD_UNWIND_EH_FRAME);
    EXPECT_TRUE(frames().empty());
    EXPECT_EQ(error, ELD_ERR_RANGE);
    EXPECT_EQ(file->fault.offset, builder.data_offset);
    records = {GetParam(), {}};
    records.number(0x1000, 4).number(0, 4);
    open(records, ELD_UNWIND_EH_FRAME);
    EXPECT_TRUE(frames().empty());
    EXPECT_EQ(error, ELD_ERR_TRUNCATED);
    EXPECT_EQ(file->fault.found, 0x1000u);
    EXPECT_EQ(file->fault.expected, 4u);
}

TEST_P(Unwind, EveryLengthOfATable)
{
    Records records{GetParam(), {}};
    records.common(0, "zPLR", 0x1b);
    records.function((uint32_t)records.bytes.size() + 4, 0, 0x10, word());
    for (size_t size = 0; size <= records.bytes.size(); size++) {
        Records cut{GetParam(), Bytes(records.bytes.begin(),
                                      records.bytes.begin() + (long)size)};
        open(cut, ELD_UNWIND_EH_FRAME);
        size_t count = frames().size();
        EXPECT_TRUE(error == 0 || error == ELD_ERR_TRUNCATED ||
                    error == ELD_ERR_RANGE);
        EXPECT_LE(count, 2u);
    }
}

TEST(UnwindOfArm, IsAnIndex)
{
    ElfBuilder builder;
    builder.machine = EM_ARM;
    builder.words = {{0, 0x7fffff00}, {4, 1}, {8, 0x100}, {12, 0x80b0b0b0}};
    Opened file(builder.build());
    eld_unwind unwind = {
        {builder.data_offset, 16}, builder.data_at(), ELD_UNWIND_ARM_INDEX};
    eld_frame frame;
    uint64_t offset = 0;
    ASSERT_EQ(eld_next_frame(file.get(), &unwind, &offset, &frame, nullptr), 1);
    EXPECT_EQ(frame.address, builder.data_at() - 0x100);
    EXPECT_TRUE(frame.cannot_unwind);
    ASSERT_EQ(eld_next_frame(file.get(), &unwind, &offset, &frame, nullptr), 1);
    EXPECT_EQ(frame.address, builder.data_at(8) + 0x100);
    EXPECT_FALSE(frame.cannot_unwind);
    EXPECT_EQ(eld_next_frame(file.get(), &unwind, &offset, &frame, nullptr), 0);
}

TEST(UnwindHeader, IsNotInEveryFile)
{
    Opened file(ElfBuilder().build());
    eld_unwind_header header;
    EXPECT_EQ(eld_read_unwind_header(file.get(), &header, &file.fault),
              ELD_ERR_NOT_FOUND);
    EXPECT_NE(file.line().find("PT_GNU_EH_FRAME"), std::string::npos);
}
