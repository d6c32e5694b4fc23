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

/* Up to which model it is there. */
struct Row {
    const char *what, *code;
    enum xcpu_model last;
};

const Row rows[] = {
    {"ADD", "01 c0", XCPU_MODEL_PENTIUM},
    {"CMPXCHG", "0f b1 03", XCPU_MODEL_PENTIUM},
    {"BSWAP", "0f c8", XCPU_MODEL_PENTIUM},
    {"CMPXCHG8B", "0f c7 0b", XCPU_MODEL_PENTIUM},
    {"RDTSC", "0f 31", XCPU_MODEL_PENTIUM},
    {"CPUID", "0f a2", XCPU_MODEL_PENTIUM},
    {"FLD1", "d9 e8", XCPU_MODEL_PENTIUM},
    {"FSIN", "d9 fe", XCPU_MODEL_PENTIUM},
    {"CMOV", "0f 44 c0", XCPU_MODEL_SSE2},
    {"FCMOV", "da c0", XCPU_MODEL_SSE2},
    {"FCOMI", "db f0", XCPU_MODEL_SSE2},
    {"NOP of P6", "0f 1f 00", XCPU_MODEL_SSE2},
    {"EMMS", "0f 77", XCPU_MODEL_SSE2},
    {"MOVQ", "0f 6f 03", XCPU_MODEL_SSE2},
    {"FXSAVE", "0f ae 03", XCPU_MODEL_SSE2},
    {"MOVUPS", "0f 10 03", XCPU_MODEL_SSE2},
    {"SFENCE", "0f ae f8", XCPU_MODEL_SSE2},
    {"MOVNTI", "0f c3 03", XCPU_MODEL_SSE2},
    {"ADDPD", "66 0f 58 c0", XCPU_MODEL_SSE2},
    {"PREFETCH", "0f 18 03", XCPU_MODEL_SSE2},
    {"FISTTP", "db 0b", XCPU_MODEL_SSE4},
    {"ADDSUBPS", "f2 0f d0 c0", XCPU_MODEL_SSE4},
    {"PSHUFB of MMX", "0f 38 00 c0", XCPU_MODEL_SSE4},
    {"PABSD", "66 0f 38 1e c0", XCPU_MODEL_SSE4},
    {"PTEST", "66 0f 38 17 c0", XCPU_MODEL_SSE4},
    {"DPPS", "66 0f 3a 40 c0 ff", XCPU_MODEL_SSE4},
    {"CRC32", "f2 0f 38 f0 c0", XCPU_MODEL_SSE4},
    {"PCMPISTRI", "66 0f 3a 63 c0 00", XCPU_MODEL_SSE4},
    {"POPCNT", "f3 0f b8 c0", XCPU_MODEL_SSE4},
    {"MOVBE", "0f 38 f0 03", XCPU_MODEL_SSE4},
    {"AESENC", "66 0f 38 dc c0", XCPU_MODEL_SSE4},
    {"PCLMULQDQ", "66 0f 3a 44 c0 00", XCPU_MODEL_SSE4},
    {"RDTSCP", "0f 01 f9", XCPU_MODEL_SSE4},
};

TEST(Models, HaveWhatTheyPromise)
{
    for (const Row &row : rows)
        for (auto model :
             {XCPU_MODEL_SSE4, XCPU_MODEL_SSE2, XCPU_MODEL_PENTIUM}) {
            uint32_t eax = 0;

            EXPECT_EQ(run(model, row.code, &eax),
                      model <= row.last ? "#BP" : "#UD")
                << row.what << " of model " << model;
        }
}

/* SDM 2, LZCNT and TZCNT: without their CPUID bits the bytes are BSR's and
 * BSF's. No model has BMI1, which needs VEX. */
TEST(Models, CountWithWhatTheyHave)
{
    uint32_t eax = 8;

    EXPECT_EQ(run(XCPU_MODEL_SSE4, "f3 0f bd c0", &eax), "#BP");
    EXPECT_EQ(eax, 28u);
    eax = 8;
    EXPECT_EQ(run(XCPU_MODEL_SSE2, "f3 0f bd c0", &eax), "#BP");
    EXPECT_EQ(eax, 3u);
    for (auto model : {XCPU_MODEL_SSE4, XCPU_MODEL_SSE2, XCPU_MODEL_PENTIUM}) {
        eax = 0;
        EXPECT_EQ(run(model, "f3 0f bc c0", &eax), "#BP");
        EXPECT_EQ(eax, 0u);
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

    EXPECT_EQ(run(XCPU_MODEL_SSE4, "0f a2 89 c8", &eax), "#BP");
    EXPECT_EQ(eax, 0x02d80203u); /* ECX: no AVX, no XSAVE */
    eax = 1;

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
