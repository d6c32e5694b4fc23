/* segment_test.cc -- selectors, bases and what programs may load. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000;

class Segment : public testing::Test
{
  protected:
    Segment() : cpu(guest)
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x2000, PROT_READ | PROT_WRITE);
        for (uint32_t i = 0; i < 0x2000; i += 4)
            memcpy(guest.at(data + i), &i, 4);
    }

    void define(enum xcpu_sreg sreg, uint16_t selector, uint32_t base)
    {
        struct xcpu_regs regs = cpu.regs();

        regs.sreg[sreg] = selector;
        regs.sreg_base[sreg] = base;
        cpu.set_regs(regs);
    }

    std::string run(const char *text)
    {
        guest.write(code, text);
        return text_of(cpu.run(code));
    }

    Guest guest;
    Cpu cpu;
};

TEST_F(Segment, BasesOfFsAndGsAreAdded)
{
    define(XCPU_FS, 0x3b, data + 0x100);
    define(XCPU_GS, 0x43, data - 0x1000);
    EXPECT_EQ(run("64 a1 10 00 00 00 65 8b 0d 10 10 00 00 cc"), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x110u);
    EXPECT_EQ(cpu.get(XCPU_ECX), 0x10u);
    /* Blocks made with one base hold for another. */
    define(XCPU_FS, 0x3b, data + 0x200);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x210u);
    EXPECT_EQ(cpu.regs().sreg_base[XCPU_FS], data + 0x200);
}

TEST_F(Segment, EveryWayToAddressHasTheBase)
{
    define(XCPU_FS, 0x3b, data);
    cpu.set(XCPU_EBX, 0x20);
    cpu.set(XCPU_ESI, 4);
    cpu.set(XCPU_EBP, 0x30);
    EXPECT_EQ(run("64 8b 03"    /* mov eax, fs:[ebx] */
                  "64 8b 0c 73" /* mov ecx, fs:[ebx + esi * 2] */
                  "64 8b 55 04" /* mov edx, fs:[ebp + 4] */
                  "67 64 8b 38" /* mov edi, fs:[bx + si] */
                  "cc"),
              "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x20u);
    EXPECT_EQ(cpu.get(XCPU_ECX), 0x28u);
    EXPECT_EQ(cpu.get(XCPU_EDX), 0x34u);
    EXPECT_EQ(cpu.get(XCPU_EDI), 0x24u);
}

TEST_F(Segment, AnAddressWrapsBeforeTheBaseIsAdded)
{
    define(XCPU_FS, 0x3b, data);
    cpu.set(XCPU_EBX, 0xffff);
    EXPECT_EQ(run("67 64 8b 47 01 cc"), "#BP"); /* fs:[bx + 1], 16 bits */
    EXPECT_EQ(cpu.get(XCPU_EAX), 0u);
    cpu.set(XCPU_EBX, 0xfffffff0);
    EXPECT_EQ(run("64 8b 43 20 cc"), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x10u);
}

TEST_F(Segment, DsMayHaveABaseAndLoseIt)
{
    cpu.set(XCPU_EBX, data + 8);
    EXPECT_EQ(run("8b 03 cc"), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 8u);
    define(XCPU_DS, 0x4b, 0x100);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x108u);
    define(XCPU_DS, 0x23, 0);
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 8u);
}

TEST_F(Segment, BasesOfCsAndSsStayZero)
{
    define(XCPU_SS, 0x53, 0x1000);
    EXPECT_EQ(cpu.regs().sreg_base[XCPU_SS], 0u);
    EXPECT_EQ(cpu.regs().sreg[XCPU_SS], 0x53);
}

/* What a register has held from outside can be loaded with its base. */
TEST_F(Segment, ProgramsLoadWhatWasDefined)
{
    define(XCPU_FS, 0x3b, data + 0x40);
    define(XCPU_FS, 0x23, 0);
    cpu.set(XCPU_EAX, 0x3b);
    EXPECT_EQ(run("8e e0 64 8b 0d 00 00 00 00 cc"), "#BP");
    EXPECT_EQ(cpu.get(XCPU_ECX), 0x40u);
    EXPECT_EQ(cpu.regs().sreg[XCPU_FS], 0x3b);
    EXPECT_EQ(cpu.regs().sreg_base[XCPU_FS], data + 0x40);
    /* with any RPL that is allowed */
    cpu.set(XCPU_EAX, 0x38);
    EXPECT_EQ(run("8e e8 65 8b 0d 00 00 00 00 cc"), "#BP");
    EXPECT_EQ(cpu.get(XCPU_ECX), 0x40u);
    cpu.set(XCPU_EAX, 0x5b);
    EXPECT_EQ(run("8e e0"), "#GP 58");
    EXPECT_EQ(cpu.regs().sreg[XCPU_FS], 0x3b);
}

TEST_F(Segment, EveryCpuHasSegmentsOfItsOwn)
{
    Cpu other(guest);

    define(XCPU_FS, 0x3b, data);
    guest.write(code, "b8 3b 00 00 00 8e e0 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(text_of(other.run(code)), "#GP 38");
}

TEST_F(Segment, ALoadIsSeenByTheNextInstruction)
{
    cpu.set(XCPU_EBX, data);
    /* mov ds, ax with null; mov ecx, [ebx] */
    EXPECT_EQ(run("31 c0 8b 0b 8e d8 8b 0b cc"), "#GP");
    EXPECT_EQ(cpu.eip(), code + 6);
    EXPECT_EQ(cpu.regs().sreg[XCPU_DS], 0);
}

TEST_F(Segment, CallsAndReturnsKeepCs)
{
    cpu.set(XCPU_ESP, data + 0x1000);
    /* push cs; push 10; retf; 10: mov eax, cs; int3 */
    EXPECT_EQ(run("0e 68 10 00 01 00 cb 90 90 90 90 90 90 90 90 90 8c c8 cc"),
              "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x1bu);
    EXPECT_EQ(cpu.get(XCPU_ESP), data + 0x1000);
}

/* No iteration, no access: CX counts and ECX does not. */
TEST_F(Segment, StringsOfNoIterationDoNotMindTheirSegment)
{
    define(XCPU_ES, 0, 0);
    cpu.set(XCPU_ECX, 0x10000);
    EXPECT_EQ(run("67 f3 ab cc"), "#BP"); /* rep stosd, by di and cx */
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    cpu.set(XCPU_ECX, 0x10001);
    EXPECT_EQ(text_of(cpu.run(code)), "#GP");
}

} // namespace
