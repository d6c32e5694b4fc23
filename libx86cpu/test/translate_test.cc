/* translate_test.cc -- which instructions a model has, and where blocks end. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <gtest/gtest.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000;

std::string run(enum xcpu_model model, const char *text, uint32_t *eax)
{
    Guest::Setup setup;

    setup.model = model;
    Guest guest(setup);
    Cpu cpu(guest);
    guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
    guest.map(data, 0x1000, PROT_READ | PROT_WRITE);
    guest.write(code, std::string(text) + "cc");
    cpu.set(XCPU_EAX, *eax);
    cpu.set(XCPU_EBX, data);
    cpu.set(XCPU_ESP, data + 0x800);
    const std::string result = text_of(cpu.run(code));
    *eax = cpu.get(XCPU_EAX);
    return result;
}

struct Row {
    const char *what, *code;
    bool pentium;
};

const Row rows[] = {
    {"ADD", "01 c0", true},          {"CMPXCHG", "0f b1 03", true},
    {"BSWAP", "0f c8", true},        {"CMPXCHG8B", "0f c7 0b", true},
    {"RDTSC", "0f 31", true},        {"CPUID", "0f a2", true},
    {"FLD1", "d9 e8", true},         {"FSIN", "d9 fe", true},
    {"CMOV", "0f 44 c0", false},     {"FCMOV", "da c0", false},
    {"FCOMI", "db f0", false},       {"NOP of P6", "0f 1f 00", false},
    {"EMMS", "0f 77", false},        {"MOVQ", "0f 6f 03", false},
    {"FXSAVE", "0f ae 03", false},   {"MOVUPS", "0f 10 03", false},
    {"SFENCE", "0f ae f8", false},   {"MOVNTI", "0f c3 03", false},
    {"ADDPD", "66 0f 58 c0", false}, {"PREFETCH", "0f 18 03", false},
};

TEST(Models, HaveWhatTheyPromise)
{
    for (const Row &row : rows) {
        uint32_t eax = 0;

        EXPECT_EQ(run(XCPU_MODEL_SSE2, row.code, &eax), "#BP") << row.what;
        eax = 0;
        EXPECT_EQ(run(XCPU_MODEL_PENTIUM, row.code, &eax),
                  row.pentium ? "#BP" : "#UD")
            << row.what;
    }
}

TEST(Models, SysenterIsLaterThanAPentium)
{
    uint32_t eax = 0;

    EXPECT_EQ(run(XCPU_MODEL_SSE2, "0f 34", &eax), "SYSCALL");
    EXPECT_EQ(run(XCPU_MODEL_PENTIUM, "0f 34", &eax), "#UD");
    EXPECT_EQ(run(XCPU_MODEL_SSE2, "0f 05", &eax), "#UD");
}

/* Leaf 1's EDX, by a move: features of later models are absent. */
TEST(Models, CpuidSaysSo)
{
    uint32_t eax = 1;

    EXPECT_EQ(run(XCPU_MODEL_SSE2, "0f a2 89 d0", &eax), "#BP");
    EXPECT_EQ(eax, 0x07888911u);
    eax = 1;
    EXPECT_EQ(run(XCPU_MODEL_SSE2, "0f a2 89 c8", &eax), "#BP");
    EXPECT_EQ(eax, 0u); /* ECX: no SSE3, no AVX, no XSAVE */
    eax = 1;
    EXPECT_EQ(run(XCPU_MODEL_PENTIUM, "0f a2 89 d0", &eax), "#BP");
    EXPECT_EQ(eax, 0x111u);
    eax = 0;
    EXPECT_EQ(run(XCPU_MODEL_PENTIUM, "0f a2", &eax), "#BP");
    EXPECT_EQ(eax, 1u);
}

/* ---- blocks ---- */

class Blocks : public testing::Test
{
  protected:
    Blocks() : cpu(guest)
    {
        guest.map(code, 0x4000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x1000, PROT_READ | PROT_WRITE);
    }

    Guest guest;
    Cpu cpu;
};

/* What cannot be decoded counts when it is reached, not before. */
TEST_F(Blocks, AnInvalidInstructionWaitsForItsTurn)
{
    guest.write(code, "40 40 0f 04"); /* inc, inc, no instruction */
    const struct xcpu_exit exit = cpu.run(code);
    EXPECT_EQ(text_of(exit), "#UD");
    EXPECT_EQ(exit.executed, 2u);
    EXPECT_EQ(cpu.eip(), code + 2);
    EXPECT_EQ(cpu.get(XCPU_EAX), 2u);
}

TEST_F(Blocks, LongStraightCodeIsNoMatter)
{
    guest.write(code, std::vector<uint8_t>(0x3f00, 0x40));
    guest.write(code + 0x3f00, "cc");
    const struct xcpu_exit exit = cpu.run(code);
    EXPECT_EQ(text_of(exit), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x3f00u);
    EXPECT_EQ(exit.executed, 0x3f01u);
}

/* Every offset of an instruction of 10 bytes from the end of a page. */
TEST_F(Blocks, InstructionsCrossPagesAtAnyByte)
{
    for (uint32_t before = 1; before < 10; before++) {
        const uint32_t at = code + 0x1000 - before;

        guest.write(at, "c7 05 00 00 02 00 78 56 34 12 cc");
        guest.write(data, "00 00 00 00");
        EXPECT_EQ(text_of(cpu.run(at)), "#BP") << before;
        EXPECT_EQ(guest.read32(data), 0x12345678u) << before;
    }
}

/* The same bytes mean something else from another start. */
TEST_F(Blocks, CodeOverlapsCode)
{
    guest.write(code, "b8 40 40 40 cc cc"); /* mov eax, cc404040; int3 */
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0xcc404040u);
    cpu.set(XCPU_EAX, 0);
    EXPECT_EQ(text_of(cpu.run(code + 1)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 3u);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0xcc404040u);
}

TEST_F(Blocks, FlagsThatNobodyReadsAreThereAtAFault)
{
    /* cmp sets them, the load faults, the second cmp hides the first */
    guest.write(code, "3d 05 00 00 00 8b 0d 00 00 00 00 3d 00 00 00 00");
    cpu.set(XCPU_EAX, 5);
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 4 at 0");
    EXPECT_EQ(cpu.regs().eflags, 0x202u | XCPU_ZF | XCPU_PF);
}

} // namespace
