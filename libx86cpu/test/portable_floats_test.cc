/* portable_floats_test.cc -- results that are the same on every host. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <gtest/gtest.h>
#include <x86cpu/decode.h>

#include <cstring>
#include <set>
#include <string>

extern "C" {
#include "libx86cpu/src/insns.h"
}

namespace
{

using namespace jit_guest;

using Bytes = std::vector<uint8_t>;
using Words = std::vector<uint32_t>;

/* One instruction, which takes operands from EDI on and leaves a result. */
struct Row {
    const char *name;
    Bytes code;
    Words operands, result;
};

/* MOVUPS of XMM0 and XMM1 from (%EDI) in front, of XMM0 to (%ESI) behind. */
Row sse(const char *name, Bytes code, const Words &operands,
        const Words &result)
{
    code.insert(code.begin(), {0x0f, 0x10, 0x07, 0x0f, 0x10, 0x4f, 0x10});
    code.insert(code.end(), {0x0f, 0x11, 0x06});
    return {name, code, operands, result};
}

/* FLD of two extended numbers in front, FSTP of one, and FNINIT, behind. */
Row x87(const char *name, Bytes code, const Words &operands,
        const Words &result)
{
    code.insert(code.begin(), {0xdb, 0x2f, 0xdb, 0x6f, 0x0c});
    code.insert(code.end(), {0xdb, 0x3e, 0xdb, 0xe3});
    return {name, code, operands, result};
}

/* 0.75 in ST1, and an operand for which processors disagree, in ST0. */
Words operands(uint32_t low, uint32_t high, uint32_t exponent)
{
    return {0, 0xc0000000, 0x3ffe, low, high, exponent};
}

/* Those of approximations are what Intel's processors have. Of several NaNs the
 * first operand's first is the sum of all. */
const std::vector<Row> rows = {
    sse("RCPPS", {0x0f, 0x53, 0xc0},
        {0x3f800000, 0xc0400000, 0x3dcccccd, 0x7e7fffff},
        {0x3f7ff000, 0xbeaaa000, 0x41200000, 0x00800800}),
    sse("RCPSS", {0xf3, 0x0f, 0x53, 0xc0}, {0x40000000, 1, 2, 3},
        {0x3efff000, 1, 2, 3}),
    sse("RSQRTPS", {0x0f, 0x52, 0xc0},
        {0x3f800000, 0x40000000, 0x00000001, 0xbf800000},
        {0x3f7ff000, 0x3f34f800, 0x7f800000, 0xffc00000}),
    sse("RSQRTSS", {0xf3, 0x0f, 0x52, 0xc0}, {0x7f7fffff, 1, 2, 3},
        {0x1f800800, 1, 2, 3}),
    sse("DPPS", {0x66, 0x0f, 0x3a, 0x40, 0xc1, 0xff},
        {0x7fc00001, 0x7fc00002, 0x7fc00003, 0x7fc00004, 0x3f800000, 0x7fc00005,
         0x3f800000, 0x7fc00006},
        {0x7fc00001, 0x7fc00001, 0x7fc00001, 0x7fc00001}),
    sse("DPPD", {0x66, 0x0f, 0x3a, 0x41, 0xc1, 0x33},
        {1, 0x7ff80000, 2, 0x7ff80000, 3, 0x7ff80000, 4, 0x7ff80000},
        {1, 0x7ff80000, 1, 0x7ff80000}),
    x87("F2XM1", {0xd9, 0xf0}, operands(0x5460aa65, 0x99a02752, 0x3ffd),
        {0xea29df9b, 0xecbc4e76, 0x3ffc}),
    x87("FYL2X", {0xd9, 0xf1}, operands(0xa1cac083, 0x99f3b645, 0x3ffd),
        {0xc9d8195f, 0xa66e81be, 0xbfff}),
    x87("FPTAN", {0xd9, 0xf2, 0xdd, 0xd8},
        operands(0x9999999a, 0x99999999, 0x3ffd),
        {0x14ccbdcc, 0x9e615227, 0x3ffd}),
    x87("FPATAN", {0xd9, 0xf3}, operands(0x28f5c290, 0x99c28f5c, 0x3ffd),
        {0xea324130, 0x984fa713, 0x3fff}),
    x87("FYL2XP1", {0xd9, 0xf9}, operands(0xe2198000, 0xd1b71758, 0x3fef),
        {0xb1f771ef, 0xe2e9d95b, 0x3fef}),
    x87("FSINCOS", {0xd9, 0xfb, 0xdd, 0xd8},
        operands(0x0f27bb30, 0x99a6b50b, 0x3ffd),
        {0xefd60992, 0x975af234, 0x3ffd}),
    x87("FSIN", {0xd9, 0xfe}, operands(0x0f27bb30, 0x99a6b50b, 0x3ffd),
        {0xefd60992, 0x975af234, 0x3ffd}),
    x87("FCOS", {0xd9, 0xff}, operands(0x43fe5c92, 0xa4ebedfa, 0x3ffd),
        {0x5cb1ab11, 0xf2d5674a, 0x3ffe}),
};

/* Executes a row more than once, for it to be translated. */
Words execute(enum xcpu_engine engine, const Row &row)
{
    struct xcpu_config config = config_for(engine, true);
    config.portable_floats = 1;
    Memory memory(config);
    Guest guest(memory);
    Bytes code = row.code;
    Words result(row.result.size());

    code.insert(code.end(), {0xcd, 0x80});
    memory.place(code_at, code);
    memcpy(memory.window + data_at, row.operands.data(),
           4 * row.operands.size());
    for (int i = 0; i < 3; i++) {
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_EDI] = data_at;
        guest.regs.gpr[XCPU_ESI] = data_at + 0x100;
        guest.run();
        EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    }
    memcpy(result.data(), memory.window + data_at + 0x100, 4 * result.size());
    return result;
}

TEST(PortableFloatsRows, AreAllThatVary)
{
    std::set<std::string> tested, vary;

    for (const Row &row : rows)
        tested.insert(row.name);
    for (unsigned op = 0; op < XCPU_OPS; op++)
        if (xcpu_rows[op].attributes & A_VARIES)
            vary.insert(xcpu_op_mnemonic(op));
    EXPECT_EQ(vary, tested);
}

class PortableFloats : public testing::TestWithParam<enum xcpu_engine>
{
};

TEST_P(PortableFloats, AreTheSameOnEveryHost)
{
    if (!Memory(GetParam()).machine)
        GTEST_SKIP() << "no such engine on this host";
    install_handlers();
    for (const Row &row : rows)
        EXPECT_EQ(row.result, execute(GetParam(), row)) << row.name;
}

INSTANTIATE_TEST_SUITE_P(Engines, PortableFloats,
                         testing::Values(XCPU_ENGINE_INTERP, XCPU_ENGINE_JIT));

} // namespace
