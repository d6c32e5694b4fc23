/* lockstep_test.cc -- the engine that compares, where there is a difference. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace
{

using namespace jit_guest;

class Lockstep : public testing::Test
{
  protected:
    Lockstep() : memory(XCPU_ENGINE_LOCKSTEP), guest(memory)
    {
        install_handlers();
    }
    void SetUp() override
    {
        if (!guest.usable())
            GTEST_SKIP() << "no translator for this host";
    }
    /* Puts other bytes where some stand in translated code, as a wrong emitter
     * would; where that is written the process itself says. */
    void spoil(const std::vector<uint8_t> &was, const std::vector<uint8_t> &is)
    {
        unsigned long from, to;
        char line[512];
        FILE *maps = fopen("/proc/self/maps", "r");
        ASSERT_NE(nullptr, maps);
        while (fgets(line, sizeof(line), maps)) {
            if (!strstr(line, "/dev/zero") || !strstr(line, "rw-s") ||
                sscanf(line, "%lx-%lx", &from, &to) != 2)
                continue;
            uint8_t *const begin = reinterpret_cast<uint8_t *>(from);
            uint8_t *const end = reinterpret_cast<uint8_t *>(to);
            uint8_t *at = std::search(begin, end, was.begin(), was.end());
            while (at != end) {
                std::copy(is.begin(), is.end(), at);
                at = std::search(at + 1, end, was.begin(), was.end());
            }
        }
        fclose(maps);
    }

    Memory memory;
    Guest guest;
    xcpu_mismatch found = {};
};

TEST_F(Lockstep, EnginesThatAgreeRunToTheEnd)
{
    memory.place(code_at, {0xb9, 0x10, 0x27, 0, 0,    /* mov ecx, 10000 */
                           0x89, 0x0d, 0, 0, 0, 0x10, /* mov [data], ecx */
                           0x01, 0xc8,                /* add eax, ecx */
                           0xe2, 0xf6,                /* loop */
                           0xcd, 0x80});
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(30002u, guest.exit.executed);
    EXPECT_EQ(50005000u, guest.regs.gpr[XCPU_EAX]);
    EXPECT_EQ(1u, memory.read32(data_at));
    EXPECT_GT(guest.translated(), 0u);
    EXPECT_EQ(0, xcpu_get_mismatch(guest.cpu, &found));
}

TEST_F(Lockstep, ARegisterThatDiffersIsFound)
{
    memory.place(code_at, {0x43, 0xeb, 0x00,             /* inc ebx; jmp */
                           0xba, 0x77, 0x66, 0x55, 0x44, /* mov edx, */
                           0xeb, 0x00, 0x41,             /* jmp; inc ecx */
                           0xcd, 0x80});
    const xcpu_regs start = guest.regs;
    guest.run();
    ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    spoil({0x77, 0x66, 0x55, 0x44}, {0x77, 0x99, 0x55, 0x44});
    guest.regs = start;
    guest.run();
    ASSERT_EQ(XCPU_EXIT_MISMATCH, guest.exit.reason);
    ASSERT_EQ(1, xcpu_get_mismatch(guest.cpu, &found));
    EXPECT_EQ(code_at + 3, guest.regs.eip);
    EXPECT_EQ(2u, guest.exit.executed);
    EXPECT_EQ(code_at + 3, found.before.eip);
    EXPECT_EQ(start.gpr[XCPU_EBX] + 1, guest.regs.gpr[XCPU_EBX]);
    EXPECT_EQ(0x44556677u, found.after[0].gpr[XCPU_EDX]);
    EXPECT_EQ(0x44559977u, found.after[1].gpr[XCPU_EDX]);
    EXPECT_EQ(0u, found.bytes_count);
}

TEST_F(Lockstep, MemoryThatDiffersIsFoundAndNotWritten)
{
    memory.place(code_at, {0xc6, 0x05, 0x10, 0, 0, 0x10, 0x5a, /* movb */
                           0xcd, 0x80});
    const xcpu_regs start = guest.regs;
    guest.run();
    ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(0x5au, memory.read32(data_at + 0x10));
    memset(memory.window + data_at + 0x10, 0, 4);
    spoil({0x10, 0, 0, 0x10, 0x5a}, {0x10, 0, 0, 0x10, 0x5b});
    guest.regs = start;
    guest.run();
    ASSERT_EQ(XCPU_EXIT_MISMATCH, guest.exit.reason);
    ASSERT_EQ(1, xcpu_get_mismatch(guest.cpu, &found));
    ASSERT_EQ(1u, found.bytes_count);
    EXPECT_EQ(data_at + 0x10, found.bytes[0].address);
    EXPECT_EQ(0x5au, found.bytes[0].interp);
    EXPECT_EQ(0x5bu, found.bytes[0].translated);
    EXPECT_EQ(0u, memory.read32(data_at + 0x10));
}

/* A difference of flags that the multiplication leaves undefined is none. */
TEST_F(Lockstep, UndefinedFlagsMayDiffer)
{
    memory.place(code_at, {0xf7, 0xe3, 0x90, /* mul ebx; nop */
                           0xcd, 0x80});
    guest.regs.gpr[XCPU_EAX] = 0x1234;
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
}

/* Of what differs elsewhere it is told which flags are. */
TEST_F(Lockstep, ADifferenceTellsWhichFlagsAreUndefined)
{
    static const struct {
        std::vector<uint8_t> code;
        uint32_t undefined;
    } cases[] = {
        {{0xf7, 0xe3}, 0xd4},             /* mul ebx */
        {{0xf7, 0xe3, 0x01, 0xf6}, 0},    /* mul ebx; add esi, esi */
        {{0x21, 0xf6, 0x40}, 0},          /* and esi, esi; inc eax */
        {{0xf7, 0xe3, 0xf9}, 0xd4},       /* mul ebx; stc */
        {{0xf7, 0xe3, 0x21, 0xf6}, 0x10}, /* mul ebx; and esi, esi */
    };
    uint32_t at = code_at;

    for (const auto &each : cases) {
        std::vector<uint8_t> code = each.code;
        const uint8_t mark = static_cast<uint8_t>(at >> 8);
        code.insert(code.end(), {0xbd, mark, 0x66, 0x55, 0x44, /* mov ebp, */
                                 0xcd, 0x80});
        memory.place(at, code);
        xcpu_regs start = guest.regs;
        start.eip = at;
        guest.regs = start;
        guest.run();
        ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
        spoil({0xbd, mark, 0x66, 0x55, 0x44}, {0xbd, mark, 0x99, 0x55, 0x44});
        guest.regs = start;
        guest.run();
        ASSERT_EQ(XCPU_EXIT_MISMATCH, guest.exit.reason);
        ASSERT_EQ(1, xcpu_get_mismatch(guest.cpu, &found));
        EXPECT_EQ(each.undefined, found.undefined) << at;
        at += 0x100;
    }
}

/* What is written and executed at once is not compared, but right. */
TEST_F(Lockstep, CodeMayChangeItself)
{
    memory.place(code_at, {0xb9, 0x64, 0, 0, 0,          /* mov ecx, 100 */
                           0x88, 0x0d, 0x0c, 0, 0, 0x20, /* mov [0c], cl */
                           0xb0, 0x00,                   /* mov al, that */
                           0x01, 0xc2,                   /* add edx, eax */
                           0xe2, 0xf4,                   /* loop to the store */
                           0xcd, 0x80});
    guest.regs.gpr[XCPU_EAX] = 0;
    guest.regs.gpr[XCPU_EDX] = 0;
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(5050u, guest.regs.gpr[XCPU_EDX]);
}

/* Of an instruction's operand that another cpu writes all the time. */
TEST_F(Lockstep, CodeThatAnotherChangesIsNoDifference)
{
    constexpr uint32_t writer_at = code_at + 0x4000;
    memory.place(code_at, {0xb9, 0x40, 0x0d, 0x03, 0, /* mov ecx, 200000 */
                           0x90, 0x90,                /* nop; nop */
                           0xb8, 0, 0, 0, 0,          /* mov eax, 0 */
                           0x89, 0xc2,                /* mov edx, eax */
                           0xe2, 0xf7,                /* loop to the mov */
                           0xcd, 0x80});
    memory.place(writer_at, {0x40,                   /* inc eax */
                             0xa3, 0x08, 0, 0, 0x20, /* mov [code + 8], eax */
                             0xeb, 0xf8});
    Guest writer(memory);
    writer.regs.eip = writer_at;
    std::thread thread([&] { writer.run(); });
    guest.run();
    xcpu_kick(writer.cpu);
    thread.join();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(600004u, guest.exit.executed);
    EXPECT_EQ(XCPU_EXIT_KICK, writer.exit.reason);
}

TEST_F(Lockstep, AKickEndsALoop)
{
    memory.place(code_at, {0xeb, 0xfe});
    xcpu_kick(guest.cpu);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_KICK, guest.exit.reason);
    EXPECT_EQ(0u, guest.exit.executed);
}

} // namespace
