/* fault_test.cc -- page faults: where, why, and with nothing changed. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000; /* two pages, then one to read, then none */
constexpr uint32_t readonly = 0x22000;
constexpr uint32_t missing = 0x23000;

class Fault : public testing::Test
{
  protected:
    Fault()
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x2000, PROT_READ | PROT_WRITE);
        guest.map(readonly, 0x1000, PROT_READ);
    }

    Guest guest;
};

/* An instruction with its operand at [ebx], size bytes, that loads or stores
 * or, with both, stores to what it has loaded. mmx: in a state ready for MMX,
 * which some hosts make before they fault (README.md, "Limits"). */
struct Access {
    const char *what, *code;
    uint32_t size;
    bool store;
    bool mmx = false;
};

const Access accesses[] = {
    {"mov r8", "8a 03", 1, false},
    {"mov r16", "66 8b 03", 2, false},
    {"mov r32", "8b 03", 4, false},
    {"mov m8", "88 03", 1, true},
    {"mov m16", "66 89 03", 2, true},
    {"mov m32", "89 03", 4, true},
    {"mov m32, imm", "c7 03 01 00 00 00", 4, true},
    {"add r, m", "03 03", 4, false},
    {"add m, r", "01 03", 4, true},
    {"lock add m, r", "f0 01 03", 4, true},
    {"not m", "f7 13", 4, true},
    {"shl m, cl", "d3 23", 4, true},
    {"bts m, imm", "0f ba 2b 05", 4, true},
    {"cmpxchg m", "0f b1 13", 4, true},
    {"cmpxchg8b m", "0f c7 0b", 8, true},
    {"xchg m", "87 03", 4, true},
    {"xadd m", "0f c1 03", 4, true},
    {"cmp m", "39 03", 4, false},
    {"setcc m", "0f 94 03", 1, true},
    {"mul m", "f7 23", 4, false},
    {"div m", "f7 33", 4, false},
    {"push m", "ff 33", 4, false},
    {"pop m", "8f 03", 4, true},
    {"call m", "ff 13", 4, false},
    {"jmp m", "ff 23", 4, false},
    {"movsx", "0f be 03", 1, false},
    {"cmov that moves", "0f 44 03", 4, false},
    {"cmov that does not", "0f 45 03", 4, false},
    {"fld m32", "d9 03", 4, false},
    {"fld m64", "dd 03", 8, false},
    {"fld m80", "db 2b", 10, false},
    {"fild m64", "df 2b", 8, false},
    {"fbld", "df 23", 10, false},
    {"fadd m64", "dc 03", 8, false},
    {"fst m32", "d9 13", 4, true},
    {"fstp m64", "dd 1b", 8, true},
    {"fstp m80", "db 3b", 10, true},
    {"fistp m16", "df 1b", 2, true},
    {"fistp m64", "df 3b", 8, true},
    {"fbstp", "df 33", 10, true},
    {"fnstcw", "d9 3b", 2, true},
    {"fnstsw", "dd 3b", 2, true},
    {"fldcw", "d9 2b", 2, false},
    {"fnstenv", "d9 33", 28, true},
    {"fnsave", "dd 33", 108, true},
    {"frstor", "dd 23", 108, false},
    {"movq mm, m", "0f 6f 03", 8, false},
    {"movq m, mm", "0f 7f 03", 8, true, true},
    {"paddb mm, m", "0f fc 03", 8, false},
    {"movups xmm, m", "0f 10 03", 16, false},
    {"movups m, xmm", "0f 11 03", 16, true},
    {"movss xmm, m", "f3 0f 10 03", 4, false},
    {"movsd m, xmm", "f2 0f 11 03", 8, true},
    {"movlps m, xmm", "0f 13 03", 8, true},
    {"addsd xmm, m", "f2 0f 58 03", 8, false},
    {"movdqu xmm, m", "f3 0f 6f 03", 16, false},
    {"cvtsi2sd", "f2 0f 2a 03", 4, false},
    {"ldmxcsr", "0f ae 13", 4, false},
    {"stmxcsr", "0f ae 1b", 4, true},
    {"movnti", "0f c3 03", 4, true},
    {"pinsrw", "0f c4 03 00", 2, false},
};

struct Before {
    struct xcpu_regs regs;
    struct xcpu_fxstate fx;
};

/* A state with something in every register. */
Before fill(Cpu &cpu, uint32_t ebx, bool mmx)
{
    Before before;

    guest::Guest::current()->write(
        code, "d9 e8 d9 eb 0f 28 c0 cc"); /* fld1; fldpi; movaps */
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    before.regs = cpu.regs();
    for (uint32_t i = 0; i < 8; i++)
        before.regs.gpr[i] = 0x01020304 * i;
    before.regs.gpr[XCPU_EAX] = 0x55;
    before.regs.gpr[XCPU_EBX] = ebx;
    before.regs.gpr[XCPU_ESP] = data + 0x800;
    before.regs.eip = code;
    before.regs.eflags = 0x202 | XCPU_ZF | XCPU_OF | XCPU_AF;
    cpu.set_regs(before.regs);
    xcpu_get_fxstate(cpu.cpu(), &before.fx);
    for (int i = 0; i < 128; i++)
        before.fx.bytes[160 + i] = static_cast<uint8_t>(i * 7);
    if (mmx) {
        before.fx.bytes[3] &= static_cast<uint8_t>(~0x38); /* TOP */
        before.fx.bytes[4] = 0xff;                         /* tags */
    }
    xcpu_set_fxstate(cpu.cpu(), &before.fx);
    return before;
}

void expect_unchanged(const Cpu &cpu, struct xcpu *inner, const Before &before,
                      const char *what)
{
    const struct xcpu_regs regs = cpu.regs();
    struct xcpu_fxstate fx;

    xcpu_get_fxstate(inner, &fx);
    EXPECT_EQ(memcmp(&regs, &before.regs, sizeof(regs)), 0) << what;
    EXPECT_EQ(memcmp(&fx, &before.fx, sizeof(fx)), 0) << what;
}

/* Runs an access at an address that faults, and checks all of it. */
void expect_fault(Guest &guest, const Access &access, uint32_t at,
                  const std::string &text)
{
    Cpu cpu(guest);
    const Before before = fill(cpu, at, access.mmx);
    std::vector<uint8_t> memory(guest.at(data), guest.at(missing));

    guest.write(code, std::string(access.code) + "cc");
    const struct xcpu_exit exit = cpu.run(code);
    EXPECT_EQ(text_of(exit), text) << access.what << " at " << std::hex << at;
    EXPECT_EQ(exit.executed, 0u) << access.what;
    expect_unchanged(cpu, cpu.cpu(), before, access.what);
    EXPECT_EQ(memcmp(memory.data(), guest.at(data), memory.size()), 0)
        << access.what;
}

std::string page_fault(const Access &access, bool present, uint32_t address)
{
    char text[32];

    snprintf(text, sizeof(text), "#PF %x at %x",
             4 | (access.store ? 2 : 0) | (present ? 1 : 0), address);
    return text;
}

TEST_F(Fault, WhatIsMissingFaults)
{
    for (const Access &access : accesses)
        expect_fault(guest, access, missing + 0x10,
                     page_fault(access, false, missing + 0x10));
}

TEST_F(Fault, WhatIsReadOnlyFaultsForStores)
{
    for (const Access &access : accesses)
        if (access.store)
            expect_fault(guest, access, readonly + 0x10,
                         page_fault(access, true, readonly + 0x10));
}

TEST_F(Fault, AcrossTheEndOfTheSegmentIsBeyondItsLimit)
{
    for (bool mapped : {false, true}) {
        if (mapped) {
            guest.map(0xfffff000, 0x1000, PROT_READ | PROT_WRITE);
            guest.map(0, 0x1000, PROT_READ | PROT_WRITE);
        }
        for (const Access &access : accesses)
            if (access.size > 1)
                expect_fault(guest, access, 0xffffffff, "#GP");
    }
}

TEST_F(Fault, CrossingIntoAMissingPageFaultsThere)
{
    for (const Access &access : accesses)
        if (!access.store && access.size > 1)
            expect_fault(guest, access, missing - 1,
                         page_fault(access, false, missing));
}

TEST_F(Fault, CrossingIntoAReadOnlyPageFaultsThere)
{
    for (const Access &access : accesses)
        if (access.store && access.size > 1)
            expect_fault(guest, access, readonly - 1,
                         page_fault(access, true, readonly));
}

TEST_F(Fault, CrossingFromAMissingPageFaultsAtItsBegin)
{
    for (const Access &access : accesses)
        if (access.size > 1)
            expect_fault(guest, access, data - 1,
                         page_fault(access, false, data - 1));
}

/* ---- string instructions restart where they were ---- */

struct String {
    const char *what, *code;
    uint32_t step;     /* bytes, negative downwards */
    uint32_t esi, edi; /* 0: not used */
    uint32_t done;     /* iterations before the fault */
    const char *fault;
};

TEST_F(Fault, StringInstructionsGoOnWhereTheyWere)
{
    static const String strings[] = {
        {"movsb up", "f3 a4", 1, data, readonly - 10, 10, "#PF 7 at 22000"},
        {"movsd up", "f3 a5", 4, data, readonly - 10, 2, "#PF 7 at 22000"},
        {"movsb from nowhere", "f3 a4", 1, missing - 6, data, 6,
         "#PF 4 at 23000"},
        {"movsw down", "fd 66 f3 a5", UINT32_MAX - 1, data + 4, data + 0x100, 3,
         "#PF 4 at 1fffe"},
        {"stosd up", "f3 ab", 4, 0, readonly - 12, 3, "#PF 7 at 22000"},
        {"stosb down", "fd f3 aa", UINT32_MAX, 0, data + 2, 3,
         "#PF 6 at 1ffff"},
        {"lodsd", "f3 ad", 4, missing - 8, 0, 2, "#PF 4 at 23000"},
        {"repe cmpsb", "f3 a6", 1, missing - 5, data + 0x100, 5,
         "#PF 4 at 23000"},
        {"repne scasd", "f2 af", 4, 0, missing - 16, 4, "#PF 4 at 23000"},
    };

    for (const String &string : strings) {
        Cpu cpu(guest);
        constexpr uint32_t count = 40;

        memset(guest.at(data), 0, 0x2000);
        guest.write(code, std::string(string.code) + "cc");
        cpu.set(XCPU_EAX, 1); /* SCAS does not find it */
        cpu.set(XCPU_ECX, count);
        cpu.set(XCPU_ESI, string.esi);
        cpu.set(XCPU_EDI, string.edi);
        EXPECT_EQ(text_of(cpu.run(code)), string.fault) << string.what;
        EXPECT_EQ(cpu.get(XCPU_ECX), count - string.done) << string.what;
        if (string.esi) {
            EXPECT_EQ(cpu.get(XCPU_ESI), string.esi + string.done * string.step)
                << string.what;
        }
        if (string.edi) {
            EXPECT_EQ(cpu.get(XCPU_EDI), string.edi + string.done * string.step)
                << string.what;
        }
        /* With the pages there, what is left is done. */
        guest.map(0x1f000, 0x1000, PROT_READ | PROT_WRITE);
        guest.protect(readonly, 0x1000, PROT_READ | PROT_WRITE);
        guest.map(missing, 0x1000, PROT_READ | PROT_WRITE);
        EXPECT_EQ(text_of(cpu.go_on()), "#BP") << string.what;
        EXPECT_EQ(cpu.get(XCPU_ECX), 0u) << string.what;
        guest.unmap(0x1f000, 0x1000);
        guest.protect(readonly, 0x1000, PROT_READ);
        guest.unmap(missing, 0x1000);
    }
}

/* ---- code ---- */

TEST_F(Fault, CodeThatRunsOutOfItsPage)
{
    Cpu cpu(guest);
    const uint32_t end = code + 0x1000;

    guest.write(end - 3, "40 b8 01"); /* inc eax; mov eax, ... */
    struct xcpu_exit exit = cpu.run(end - 3);
    EXPECT_EQ(text_of(exit), "#PF 14 at 11000");
    EXPECT_EQ(exit.executed, 1u);
    EXPECT_EQ(cpu.eip(), end - 2);
    guest.map(end, 0x1000, PROT_READ | PROT_WRITE); /* but not to execute */
    EXPECT_EQ(text_of(cpu.go_on()), "#PF 15 at 11000");
    guest.write(end, "02 03 04 cc");
    guest.protect(end, 0x1000, PROT_READ | PROT_EXEC);
    EXPECT_EQ(text_of(cpu.go_on()), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 0x04030201u);
}

TEST_F(Fault, PrefixesAloneRunOutOfThePage)
{
    Cpu cpu(guest);
    const uint32_t end = code + 0x1000;

    guest.write(end - 4, "66 66 66 66");
    EXPECT_EQ(text_of(cpu.run(end - 4)), "#PF 14 at 11000");
    EXPECT_EQ(cpu.eip(), end - 4);
}

/* ---- the host's faults ---- */

/* A file that has become shorter: SIGBUS. */
TEST_F(Fault, WhatTheHostCannotReadIsMissing)
{
    Cpu cpu(guest);
    char name[] = "/tmp/x86cpu_fault_XXXXXX";
    const int file = mkstemp(name);

    ASSERT_GE(file, 0);
    unlink(name);
    ASSERT_EQ(ftruncate(file, 0x1000), 0);
    ASSERT_NE(mmap(guest.at(0x30000), 0x1000, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_FIXED, file, 0),
              MAP_FAILED);
    ASSERT_EQ(ftruncate(file, 0), 0);
    guest.write(code, "a1 00 00 03 00");
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 4 at 30000");
    close(file);
}

TEST_F(Fault, OtherFaultsAreNotTheLibrarys)
{
    Cpu cpu(guest);
    siginfo_t info = {};

    info.si_signo = SIGSEGV;
    info.si_addr = guest.at(data);
    EXPECT_EQ(xcpu_on_fault(nullptr, SIGSEGV, &info, nullptr), 0);
    /* not running */
    EXPECT_EQ(xcpu_on_fault(cpu.cpu(), SIGSEGV, &info, nullptr), 0);
}

/* Without is_mapped the host's word counts: all of the window is reserved. */
TEST(FaultPresence, IsTheHostsWordWithoutIsMapped)
{
    Guest::Setup setup;

    setup.tells_maps = false;
    Guest guest(setup);
    Cpu cpu(guest);
    guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
    guest.write(code, "a1 00 00 03 00");
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 5 at 30000");
}

} // namespace
