/* file_test.cc -- what was written is read, also from damaged files. */
/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include "apps/trace/trace.h"

namespace
{

/* A trace of so many events, as bytes: each TSC has its number for ticks,
 * every tenth is an IMAGE of one of three pages. */
std::string Write(uint64_t events)
{
    int fd = memfd_create("trace", 0);
    tr_writer *writer = nullptr;
    std::string bytes;

    EXPECT_EQ(tr_writer_new(dup(fd), &writer), 0);
    for (uint64_t i = 0; i < events; i++) {
        tr_event event = {};
        if (i % 10 == 9) {
            std::string page(TR_PAGE_SIZE, static_cast<char>('a' + i % 3));
            uint64_t image = 0;
            EXPECT_EQ(
                tr_write_page(writer,
                              reinterpret_cast<const uint8_t *>(page.data()),
                              &image),
                0);
            event.kind = TR_IMAGE;
            TR_FIELD(&event, IMAGE, PAGE) = i % 3;
            TR_FIELD(&event, IMAGE, IMAGE) = image;
        } else {
            event.kind = TR_TSC;
            TR_FIELD(&event, TSC, TICKS) = i * 0x123456789;
        }
        EXPECT_EQ(tr_write_event(writer, &event), 0);
    }
    EXPECT_EQ(tr_writer_events(writer), events);
    EXPECT_EQ(tr_writer_close(writer), 0);
    bytes.resize(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
    EXPECT_EQ(pread(fd, bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    close(fd);
    return bytes;
}

/* Reads all that can be read, and checks it: how many events; faults gets
 * what was said. */
uint64_t Read(const std::string &bytes, std::vector<std::string> *faults)
{
    tr_reader *reader = nullptr;
    tr_fault fault = {};
    tr_event event;
    uint64_t events = 0;
    int result;

    if (tr_reader_open_memory(bytes.data(), bytes.size(), &reader, &fault) <
        0) {
        faults->push_back(fault.text);
        return 0;
    }
    while ((result = tr_read_event(reader, &event, &fault)) != 0) {
        if (result < 0) {
            faults->push_back(fault.text);
            continue;
        }
        uint64_t number = tr_reader_position(reader) - 1;
        events++;
        if (number % 10 != 9) {
            EXPECT_EQ(event.kind, TR_TSC);
            EXPECT_EQ(TR_FIELD(&event, TSC, TICKS), number * 0x123456789);
            continue;
        }
        uint8_t page[TR_PAGE_SIZE];
        EXPECT_EQ(event.kind, TR_IMAGE);
        if (tr_read_page(reader, TR_FIELD(&event, IMAGE, IMAGE), page, &fault) <
            0) {
            faults->push_back(fault.text);
        } else {
            EXPECT_EQ(page[0], 'a' + number % 3);
            EXPECT_EQ(page[4095], 'a' + number % 3);
        }
    }
    tr_reader_close(reader);
    return events;
}

TEST(FileTest, ReadsWhatWasWritten)
{
    for (uint64_t count : {0, 1, 10, 100000}) {
        std::vector<std::string> faults;
        EXPECT_EQ(Read(Write(count), &faults), count);
        EXPECT_TRUE(faults.empty()) << faults[0];
    }
}

TEST(FileTest, IsTheSameFileForTheSameEvents)
{
    EXPECT_EQ(Write(5000), Write(5000));
}

TEST(FileTest, StoresEqualPagesOnce)
{
    const std::string bytes = Write(1000);
    tr_reader *reader = nullptr;
    tr_summary summary;

    ASSERT_EQ(
        tr_reader_open_memory(bytes.data(), bytes.size(), &reader, nullptr), 0);
    tr_reader_summary(reader, &summary);
    EXPECT_EQ(summary.images, 3u);
    EXPECT_EQ(summary.events, 1000u);
    EXPECT_EQ(summary.damages, 0u);
    tr_reader_close(reader);
}

TEST(FileTest, SeeksToAnyEvent)
{
    const std::string bytes = Write(50000);
    tr_reader *reader = nullptr;
    tr_event event;

    ASSERT_EQ(
        tr_reader_open_memory(bytes.data(), bytes.size(), &reader, nullptr), 0);
    for (uint64_t number : {40000, 0, 49998, 12345, 12346}) {
        ASSERT_EQ(tr_reader_seek(reader, number), 0);
        ASSERT_EQ(tr_read_event(reader, &event, nullptr), 1);
        EXPECT_EQ(TR_FIELD(&event, TSC, TICKS), number * 0x123456789);
    }
    EXPECT_EQ(tr_reader_seek(reader, 50000), TR_ERR_INVALID);
    tr_reader_close(reader);
}

TEST(FileTest, ReadsWholeBlocksOfAFileCutOffAtAnyByte)
{
    const std::string bytes = Write(300);
    int silent = 0;

    for (size_t size = 0; size < bytes.size(); size++) {
        std::vector<std::string> faults;
        uint64_t events = Read(bytes.substr(0, size), &faults);
        EXPECT_TRUE(events == 0 || events == 300) << size;
        silent += events == 0 && faults.empty();
    }
    EXPECT_EQ(silent, 2); /* behind the header, and behind the images */
}

/* As of a program that is killed: nobody closes the file. */
TEST(FileTest, HasItsBeginningAndAtLeastHalfOfWhatIsNotClosed)
{
    const uint64_t count = 30000, first_call = 40;
    int fd = memfd_create("trace", 0);
    tr_writer *writer = nullptr;
    tr_summary summary = {};

    ASSERT_EQ(tr_writer_new(dup(fd), &writer), 0);
    for (uint64_t i = 0; i < count; i++) {
        tr_event event = {};
        tr_reader *reader = nullptr;

        event.kind = i == first_call ? TR_CALL : TR_TSC;
        ASSERT_EQ(tr_write_event(writer, &event), 0);
        ASSERT_EQ(tr_reader_open(dup(fd), &reader, nullptr), 0);
        tr_reader_summary(reader, &summary);
        tr_reader_close(reader);
        if (i < first_call)
            ASSERT_EQ(summary.events, 0u);
        else if (i < first_call + 4096 / 2) /* a short block of such events */
            ASSERT_GE(summary.events, first_call + 1);
        else
            ASSERT_GE(summary.events * 2, i);
    }
    EXPECT_GT(summary.blocks, 3u);
    EXPECT_LT(summary.blocks, 10u);
    tr_writer_abandon(writer);
    close(fd);
}

TEST(FileTest, NamesADamagedBlockAndGoesOnBehindIt)
{
    std::string bytes = Write(100000);
    std::vector<std::string> faults;
    uint64_t events;

    bytes[bytes.size() / 2] ^= 1;
    events = Read(bytes, &faults);
    EXPECT_GT(events, 50000u);
    EXPECT_LT(events, 100000u);
    ASSERT_EQ(faults.size(), 1u);
    EXPECT_NE(faults[0].find("the block at offset "), std::string::npos);
}

/* What is read is right, whatever is wrong elsewhere. */
TEST(FileTest, SurvivesRandomDamage)
{
    const std::string whole = Write(3000);
    std::mt19937 random(1);

    for (int i = 0; i < 20000; i++) {
        std::string bytes = whole;
        std::vector<std::string> faults;
        for (unsigned n = random() % 4; n <= 4; n++)
            bytes[random() % bytes.size()] ^=
                static_cast<char>(1 + random() % 255);
        Read(bytes, &faults);
        EXPECT_FALSE(faults.empty());
    }
}

TEST(FileTest, RefusesWhatIsNoTrace)
{
    tr_reader *reader = nullptr;
    tr_fault fault;
    std::string bytes = Write(1);

    EXPECT_EQ(
        tr_reader_open_memory("hello, world: no trace", 22, &reader, &fault),
        TR_ERR_FORMAT);
    bytes[8] = 1; /* which has no CRC */
    EXPECT_EQ(
        tr_reader_open_memory(bytes.data(), bytes.size(), &reader, &fault),
        TR_ERR_FORMAT);
    EXPECT_STREQ(fault.text, "its header is damaged");
    bytes[8] = 9;
    bytes.replace(12, 4, "\xdd\xae\xf3\x39");
    EXPECT_EQ(
        tr_reader_open_memory(bytes.data(), bytes.size(), &reader, &fault),
        TR_ERR_VERSION);
    EXPECT_STREQ(fault.text, "a trace of version 9, not 2");
}

} // namespace
