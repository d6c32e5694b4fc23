/* atomic_test.cc -- LOCK, between threads and at any address. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000;
constexpr int threads = 4;

/* Aligned, within and across a cache line, across a page. */
const uint32_t places[] = {data, data + 1, data + 61, data + 0xffe};

struct Loop {
    const char *what, *code;
    uint32_t each; /* what a round adds */
};

/* ebx: the place; ecx: rounds. */
const Loop loops[] = {
    {"INC", "f0 ff 03 e2 fb cc", 1},
    {"DEC", "f0 ff 0b e2 fb cc", UINT32_MAX},
    {"ADD of an immediate", "f0 83 03 07 e2 fa cc", 7},
    {"ADD of a register", "ba 05 00 00 00 f0 01 13 e2 fb cc", 5},
    {"SUB", "f0 83 2b 03 e2 fa cc", UINT32_MAX - 2},
    {"ADC", "f9 f0 83 13 01 e2 f9 cc", 2},
    {"XADD", "ba 03 00 00 00 f0 0f c1 13 e2 f5 cc", 3},
    /* mov eax, [ebx]; 2: lea edx, [eax + 1]; lock cmpxchg [ebx], edx; jnz 2 */
    {"CMPXCHG", "8b 03 8d 50 01 f0 0f b1 13 75 f7 e2 f3 cc", 1},
};

/* Hosts may make each lock across a cache line wait for 10 ms, and others with
 * it (Linux: split_lock_mitigate). */
uint32_t rounds_at(uint32_t place, uint32_t size = 4)
{
    return place % 64 + size > 64 ? 16 : 4000;
}

uint32_t sum_of_threads(Guest &guest, uint32_t place)
{
    const uint32_t rounds = rounds_at(place);
    std::vector<std::thread> all;

    for (int i = 0; i < threads; i++)
        all.emplace_back([&guest, place, rounds] {
            Cpu cpu(guest);

            cpu.set(XCPU_EBX, place);
            cpu.set(XCPU_ECX, rounds);
            EXPECT_EQ(text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED)), "#BP");
        });
    for (std::thread &each : all)
        each.join();
    return guest.read32(place);
}

class Atomic : public testing::Test
{
  protected:
    Atomic()
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x2000, PROT_READ | PROT_WRITE);
    }

    Guest guest;
};

TEST_F(Atomic, NothingIsLostAnywhere)
{
    for (const Loop &loop : loops) {
        guest.write(code, loop.code);
        for (uint32_t place : places) {
            memset(guest.at(place), 0, 4);
            EXPECT_EQ(sum_of_threads(guest, place),
                      loop.each * rounds_at(place) * threads)
                << loop.what << " at " << place;
        }
    }
}

/* XCHG locks without a prefix: a lock made of it guards a plain counter. */
TEST_F(Atomic, XchgLocksByItself)
{
    /* 0: mov edx, 1; 5: xchg [ebx], edx; test edx, edx; jz d; pause; jmp 5;
     * d: inc dword [ebx + 40]; mov dword [ebx], 0; loop 0; int3 */
    guest.write(code, "ba 01 00 00 00 87 13 85 d2 74 04 f3 90 eb f6"
                      "ff 43 40 c7 03 00 00 00 00 e2 e6 cc");
    for (uint32_t place : places) {
        memset(guest.at(place), 0, 4);
        memset(guest.at(place + 0x40), 0, 4);
        sum_of_threads(guest, place);
        EXPECT_EQ(guest.read32(place + 0x40), rounds_at(place) * threads)
            << place;
    }
}

/* Both halves count, and never apart from each other. */
TEST_F(Atomic, Cmpxchg8bKeepsBothHalves)
{
    /* push ecx; mov edi, ebx; 3: mov eax, [edi]; mov edx, [edi + 4];
     * 8: lea ebx, [eax + 1]; lea ecx, [edx + 1]; lock cmpxchg8b [edi]; jnz 8;
     * dec dword [esp]; jnz 3; int3 */
    guest.write(code, "51 89 df 8b 07 8b 57 04 8d 58 01 8d 4a 01 f0 0f c7 0f"
                      "75 f4 ff 0c 24 75 ea cc");
    for (uint32_t place : {data, data + 60, data + 0xffc}) {
        const uint32_t rounds = rounds_at(place, 8);
        std::vector<std::thread> all;
        memset(guest.at(place), 0, 8);
        for (uint32_t i = 0; i < threads; i++)
            all.emplace_back([this, place, rounds, i] {
                Cpu cpu(guest);

                cpu.set(XCPU_EBX, place);
                cpu.set(XCPU_ECX, rounds);
                cpu.set(XCPU_ESP, data + 0x1800 + 64 * i);
                EXPECT_EQ(text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED)), "#BP");
            });
        for (std::thread &each : all)
            each.join();
        EXPECT_EQ(guest.read32(place), rounds * threads);
        EXPECT_EQ(guest.read32(place + 4), rounds * threads);
    }
}

/* A comparison that fails writes all the same: a page to read refuses. */
TEST_F(Atomic, CmpxchgThatFailsIsAStore)
{
    Cpu cpu(guest);

    guest.map(0x30000, 0x1000, PROT_READ);
    guest.write(code, "f0 0f b1 13 cc");
    cpu.set(XCPU_EBX, 0x30000);
    cpu.set(XCPU_EAX, 5);
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 7 at 30000");
    EXPECT_EQ(cpu.get(XCPU_EAX), 5u);
}

TEST_F(Atomic, AFaultInTheSecondPageChangesNothing)
{
    Cpu cpu(guest);
    const uint32_t place = data + 0x1ffe;

    memset(guest.at(place), 0x55, 2);
    guest.write(code, "f0 01 03 cc");
    cpu.set(XCPU_EBX, place);
    cpu.set(XCPU_EAX, 0x01010101);
    EXPECT_EQ(text_of(cpu.run(code)), "#PF 6 at 22000");
    EXPECT_EQ(*guest.at(place), 0x55);
    EXPECT_EQ(*guest.at(place + 1), 0x55);
    EXPECT_EQ(cpu.regs().eflags, 0x202u);
}

} // namespace
