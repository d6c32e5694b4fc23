/* steps_test.cc -- steps are read as they were written, also from damage. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/steps.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace
{

struct Pair {
    tr_step_state before, after;
};

/* Another state: a few registers differ; seldom everything. */
tr_step_state Change(tr_step_state state, std::mt19937 *random)
{
    auto next = [random] { return static_cast<uint32_t>((*random)()); };

    state.regs.eip += next() % 16;
    state.regs.gpr[next() % 8] = next() >> (next() % 32);
    if (next() % 2 == 0)
        state.regs.eflags ^= 1u << (next() % 22);
    if (next() % 8 == 0)
        state.fpu[next() % sizeof(state.fpu)] ^= 0x55;
    if (next() % 64 == 0) {
        state.regs.eip = next();
        state.regs.sreg[next() % 6] = static_cast<uint16_t>(next());
        state.regs.sreg_base[next() % 6] = next();
        state.thread = next() % 5;
        for (uint8_t &byte : state.fpu)
            byte = static_cast<uint8_t>(next());
    }
    return state;
}

std::vector<Pair> Make(size_t count)
{
    std::mt19937 random(1);
    std::vector<Pair> pairs;
    tr_step_state state = {};

    for (size_t i = 0; i < count; i++) {
        if (random() % 20 == 0)
            state = Change(state, &random); /* from outside */
        Pair pair = {state, Change(state, &random)};
        state = pair.after;
        pairs.push_back(pair);
    }
    return pairs;
}

std::string Write(const std::vector<Pair> &pairs)
{
    int fd = memfd_create("trace", 0);
    tr_writer *writer = nullptr;
    std::string bytes;

    EXPECT_EQ(tr_writer_new(dup(fd), &writer), 0);
    for (const Pair &pair : pairs)
        EXPECT_EQ(tr_write_step(writer, &pair.before, &pair.after), 0);
    EXPECT_EQ(tr_writer_close(writer), 0);
    bytes.resize(static_cast<size_t>(lseek(fd, 0, SEEK_END)));
    EXPECT_EQ(pread(fd, bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    close(fd);
    return bytes;
}

void ExpectSame(const tr_step_state &found, const tr_step_state &expected)
{
    EXPECT_EQ(found.thread, expected.thread);
    EXPECT_EQ(memcmp(found.regs.gpr, expected.regs.gpr, 32), 0);
    EXPECT_EQ(found.regs.eip, expected.regs.eip);
    EXPECT_EQ(found.regs.eflags, expected.regs.eflags);
    EXPECT_EQ(memcmp(found.regs.sreg, expected.regs.sreg, 12), 0);
    EXPECT_EQ(memcmp(found.regs.sreg_base, expected.regs.sreg_base, 24), 0);
    EXPECT_EQ(memcmp(found.fpu, expected.fpu, sizeof(found.fpu)), 0);
}

/* Reads and checks what can be read: how many. */
size_t Read(const std::string &bytes, const std::vector<Pair> &pairs,
            size_t *faults)
{
    tr_reader *reader = nullptr;
    tr_fault fault;
    tr_step step;
    size_t count = 0;
    int result;

    if (tr_reader_open_memory(bytes.data(), bytes.size(), &reader, nullptr) <
        0) {
        ++*faults;
        return 0;
    }
    while ((result = tr_read_step(reader, &step, &fault)) != 0) {
        if (result < 0) {
            ++*faults;
            continue;
        }
        EXPECT_LT(step.number, pairs.size());
        EXPECT_EQ(step.eip, pairs[step.number].before.regs.eip);
        ExpectSame(step.after, pairs[step.number].after);
        count++;
    }
    tr_reader_close(reader);
    return count;
}

TEST(StepsTest, ReadsWhatWasWritten)
{
    for (size_t count : {0, 1, 40000}) {
        const std::vector<Pair> pairs = Make(count);
        size_t faults = 0;

        EXPECT_EQ(Read(Write(pairs), pairs, &faults), count);
        EXPECT_EQ(faults, 0u);
    }
}

TEST(StepsTest, SeeksToAnyStep)
{
    const std::vector<Pair> pairs = Make(20000);
    const std::string bytes = Write(pairs);
    tr_reader *reader = nullptr;
    tr_step step;

    ASSERT_EQ(
        tr_reader_open_memory(bytes.data(), bytes.size(), &reader, nullptr), 0);
    for (uint64_t number : {19999, 0, 12345, 7, 8}) {
        ASSERT_EQ(tr_reader_seek_step(reader, number), 0);
        ASSERT_EQ(tr_read_step(reader, &step, nullptr), 1);
        EXPECT_EQ(step.number, number);
        ExpectSame(step.after, pairs[number].after);
    }
    EXPECT_EQ(tr_reader_seek_step(reader, 20000), TR_ERR_INVALID);
    tr_reader_close(reader);
}

TEST(StepsTest, ReadsTheOtherBlocksOfADamagedFile)
{
    const std::vector<Pair> pairs = Make(20000);
    const std::string whole = Write(pairs);
    std::mt19937 random(1);

    for (int i = 0; i < 200; i++) {
        std::string bytes = whole;
        size_t at = 16 + random() % (bytes.size() - 16), faults = 0;
        size_t count;

        bytes[at] ^= static_cast<char>(1 + random() % 255);
        count = Read(bytes, pairs, &faults);
        EXPECT_LT(count, pairs.size());
        EXPECT_GT(count, pairs.size() / 2);
    }
}

TEST(StepsTest, TellsWhatIsDifferentButNotWhatMayBeUndefined)
{
    tr_step_state a = {}, b = {};
    const char *what = nullptr;
    uint64_t values[2];

    b.regs.eflags = XCPU_CF | XCPU_AF;
    b.fpu[3] = 0x47; /* condition codes */
    EXPECT_EQ(tr_same_step_state(&a, &b, &what, values), 1);
    b.regs.gpr[3] = 7;
    EXPECT_EQ(tr_same_step_state(&a, &b, &what, values), 0);
    EXPECT_STREQ(what, "EBX");
    EXPECT_EQ(values[0], 0u);
    EXPECT_EQ(values[1], 7u);
    b = a;
    b.fpu[TR_STEP_XMM + 5] = 1;
    EXPECT_EQ(tr_same_step_state(&a, &b, &what, values), 0);
    EXPECT_STREQ(what, "the FPU's hash");
    b = a;
    b.regs.eflags = XCPU_DF;
    EXPECT_EQ(tr_same_step_state(&a, &b, &what, values), 0);
    EXPECT_STREQ(what, "EFLAGS");
}

} // namespace
