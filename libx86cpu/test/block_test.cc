/* block_test.cc -- more code than the cache holds, and ways between blocks. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x100000;
constexpr uint32_t data = 0x20000;

class Block : public testing::Test
{
  protected:
    Block() : cpu(guest)
    {
        guest.map(code, 0x100000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x4000, PROT_READ | PROT_WRITE);
        cpu.set(XCPU_ESP, data + 0x4000);
    }

    Guest guest;
    Cpu cpu;
};

/* inc eax; jmp over a byte, a quarter of a million times, twice. */
TEST_F(Block, TheCacheMayOverflow)
{
    std::vector<uint8_t> bytes;
    constexpr uint32_t count = 0x100000 / 4 - 1;

    for (uint32_t i = 0; i < count; i++)
        for (uint8_t byte : {0x40, 0xeb, 0x01, 0xcc})
            bytes.push_back(byte);
    bytes.push_back(0xcc);
    guest.write(code, bytes);
    for (uint32_t round = 1; round <= 2; round++) {
        const struct xcpu_exit exit = cpu.run(code);

        ASSERT_EQ(text_of(exit), "#BP");
        ASSERT_EQ(exit.executed, 2 * count + 1);
        ASSERT_EQ(cpu.get(XCPU_EAX), round * count);
    }
}

/* Deeper than the returns that are noted; then all the way back. */
TEST_F(Block, CallsMayBeNestedDeeply)
{
    /* 0: dec ecx; jz 8; call 0; 8: inc eax; ret; entered by call at 10 */
    guest.write(code, "49 74 05 e8 f8 ff ff ff 40 c3");
    guest.write(code + 0x10, "e8 eb ff ff ff cc");
    cpu.set(XCPU_ECX, 1000);
    EXPECT_EQ(text_of(cpu.run(code + 0x10)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 1000u);
    EXPECT_EQ(cpu.get(XCPU_ESP), data + 0x4000);
}

/* A return that goes where no call came from. */
TEST_F(Block, ReturnsGoWhereTheStackSays)
{
    /* call 10; int3; ... 10: mov dword [esp], 20; ret; 20: mov eax, 7; int3 */
    guest.write(code, "e8 0b 00 00 00 cc");
    guest.write(code + 0x10, "c7 04 24 20 00 10 00 c3");
    guest.write(code + 0x20, "b8 07 00 00 00 cc");
    for (int i = 0; i < 3; i++) {
        cpu.set(XCPU_EAX, 0);
        EXPECT_EQ(text_of(cpu.run(code)), "#BP");
        EXPECT_EQ(cpu.get(XCPU_EAX), 7u);
    }
}

/* Targets that share their place in the table of jumps. */
TEST_F(Block, IndirectJumpsWithManyTargets)
{
    constexpr uint32_t targets = 64, apart = 0x1000;

    /* next: mov ecx, [table + edx * 4]; inc edx; jmp ecx */
    guest.write(code, "8b 0c 95 00 00 02 00 42 ff e1");
    for (uint32_t i = 0; i < targets; i++) {
        const uint32_t at = code + apart * (i + 1);
        const uint32_t back = code - (at + 10);
        std::vector<uint8_t> bytes = {0x05, 0, 0, 0, 0, 0xe9};

        bytes[1] = static_cast<uint8_t>(i); /* add eax, i */
        for (int k = 0; k < 4; k++)
            bytes.push_back(static_cast<uint8_t>(back >> 8 * k));
        guest.write(at, bytes);
        memcpy(guest.at(data + 4 * i), &at, 4);
    }
    const uint32_t end = code + 0x80;
    memcpy(guest.at(data + 4 * targets), &end, 4);
    guest.write(end, "cc");
    for (int round = 0; round < 3; round++) {
        cpu.set(XCPU_EAX, 0);
        cpu.set(XCPU_EDX, 0);
        EXPECT_EQ(text_of(cpu.run(code)), "#BP");
        EXPECT_EQ(cpu.get(XCPU_EAX), targets * (targets - 1) / 2);
    }
}

/* Code is dropped from under the links that lead to it. */
TEST_F(Block, LinksToCodeThatWentLeadToTheNewOne)
{
    guest.write(code, "e9 fb 0f 00 00");             /* jmp 1000 */
    guest.write(code + 0x1000, "b8 01 00 00 00 cc"); /* mov eax, 1 */
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    guest.write(code + 0x1000, "b8 02 00 00 00 cc");
    EXPECT_EQ(text_of(cpu.run(code)), "#BP");
    EXPECT_EQ(cpu.get(XCPU_EAX), 2u);
}

uint64_t forget_a_page(void *)
{
    xcpu_machine_forget(Guest::current()->machine(), code + 0x8000, 4096);
    return 0;
}

/* Links are followed by a cpu that is stopped each time, for nothing. */
TEST(BlockLinks, OneThatIsLeftIsNotLinkedAgain)
{
    Guest::Setup setup;
    setup.read_tsc = forget_a_page;
    Guest guest(setup);
    Cpu cpu(guest);

    guest.map(code, 0x10000, PROT_READ | PROT_EXEC);
    guest.write(code + 0x8000, "cc");
    EXPECT_EQ(text_of(cpu.run(code + 0x8000)), "#BP");
    guest.write(code, "0f 31 e9 f9 1f 00 00");          /* rdtsc; jmp 2000 */
    guest.write(code + 0x1000, "0f 31 e9 f9 0f 00 00"); /* the same */
    guest.write(code + 0x2000, "cc");
    for (uint32_t from : {code, code + 0x1000, code + 0x1000})
        EXPECT_EQ(text_of(cpu.run(from)), "#BP");
    for (uint32_t page : {code, code + 0x1000, code + 0x2000}) {
        guest.write(page + 0x100, "90");
        EXPECT_EQ(text_of(cpu.run(code)), "#BP");
        EXPECT_EQ(text_of(cpu.run(code + 0x1000)), "#BP");
    }
}

} // namespace
