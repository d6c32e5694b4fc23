/* jit_test.cc -- the translator's ways in and out, and its memory. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <pthread.h>
#include <random>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <thread>
#include <time.h>
#include <unistd.h>

namespace
{

using namespace jit_guest;

using Bytes = std::vector<uint8_t>;

Bytes operator+(Bytes a, const Bytes &b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes word(uint32_t value)
{
    Bytes bytes(4);

    memcpy(bytes.data(), &value, 4);
    return bytes;
}

const Bytes stop = {0xcd, 0x80}; /* int $0x80 */

Bytes mov(unsigned reg, uint32_t value)
{
    return Bytes{static_cast<uint8_t>(0xb8 | reg)} + word(value);
}

class Jit : public testing::Test
{
  protected:
    Jit() : memory(XCPU_ENGINE_JIT), guest(memory) {}
    void SetUp() override
    {
        if (!guest.usable())
            GTEST_SKIP() << "no translator for this host";
        install_handlers();
    }

    Memory memory;
    Guest guest;
};

/* ---- kicks ---- */

struct xcpu *volatile to_kick;

void on_alarm(int)
{
    xcpu_kick(to_kick);
}

/* The timer fires while the loop runs, unless the host is that slow that it
 * fires before: then the run ends at once, also by the kick. */
void expect_kicked(Memory &memory, Guest &guest, const Bytes &loop)
{
    const struct itimerval soon = {{0, 0}, {0, 2000}};

    memory.place(code_at, loop);
    for (int i = 0; i < 10; i++) {
        guest.regs.eip = code_at;
        guest.exit.reason = XCPU_EXIT_BUDGET;
        setitimer(ITIMER_REAL, &soon, nullptr);
        guest.run();
        ASSERT_EQ(XCPU_EXIT_KICK, guest.exit.reason);
        ASSERT_LT(guest.regs.eip - code_at, loop.size());
    }
}

void expect_loops_kicked(Memory &memory, Guest &guest)
{
    const struct sigaction action = [] {
        struct sigaction made = {};
        made.sa_handler = on_alarm;
        return made;
    }();
    to_kick = guest.cpu;
    sigaction(SIGALRM, &action, nullptr);
    expect_kicked(memory, guest, {0xeb, 0xfe});       /* jmp . */
    expect_kicked(memory, guest, {0xf9, 0x72, 0xfd}); /* stc; jc */
    expect_kicked(memory, guest, {0x90, 0xe9, 0xfa, 0xff, 0xff, 0xff});
    expect_kicked(memory, guest, mov(0, code_at) + Bytes{0xff, 0xe0});
    /* push; ret, and a call of itself whose return address is dropped */
    expect_kicked(memory, guest, Bytes{0x68} + word(code_at) + Bytes{0xc3});
    expect_kicked(memory, guest, {0xe8, 0, 0, 0, 0, 0x58, 0xeb, 0xf8});
    /* mov $-1, %ecx; loop . */
    expect_kicked(memory, guest, mov(1, ~0u) + Bytes{0xe2, 0xfe, 0xeb, 0xf7});
    /* 1: cmp %eax, %eax; fld1; fstp %st; je 1b */
    expect_kicked(memory, guest,
                  {0x39, 0xc0, 0xd9, 0xe8, 0xdd, 0xd8, 0x74, 0xf8});
    /* rep lodsb over and over */
    expect_kicked(memory, guest,
                  mov(1, 0x1000) + mov(6, data_at) +
                      Bytes{0xf3, 0xac, 0xeb, 0xf2});
}

TEST_F(Jit, LoopsOfAnyKindAreLeftByAKick)
{
    expect_loops_kicked(memory, guest);
}

TEST_F(Jit, LoopsThatCountAreLeftByAKick)
{
    Memory other(config_for(XCPU_ENGINE_JIT, true));
    Guest counting(other);

    expect_loops_kicked(other, counting);
}

TEST_F(Jit, KicksOfAnotherThreadAreNotLost)
{
    sem_t ready;
    constexpr int rounds = 2000;

    memory.place(code_at, {0x40, 0x75, 0xfd, 0xeb, 0xfb});
    sem_init(&ready, 0, 0);
    std::thread other([&] {
        for (int i = 0; i < rounds; i++) {
            sem_wait(&ready);
            xcpu_kick(guest.cpu);
        }
    });
    for (int i = 0; i < rounds; i++) {
        sem_post(&ready);
        guest.run();
        ASSERT_EQ(XCPU_EXIT_KICK, guest.exit.reason);
    }
    other.join();
    sem_destroy(&ready);
}

/* Of the loop's own processor time: the machine may have other work. */
TEST_F(Jit, AKickEndsALoopWithinAMillisecond)
{
    constexpr int rounds = 101;
    volatile uint32_t *counter =
        reinterpret_cast<uint32_t *>(memory.window + data_at);
    std::vector<int64_t> spent;
    clockid_t clock;

    const auto now = [](clockid_t of) {
        struct timespec time;
        clock_gettime(of, &time);
        return time.tv_sec * int64_t{1000000000} + time.tv_nsec;
    };
    ASSERT_EQ(0, pthread_getcpuclockid(pthread_self(), &clock));
    /* incl counter; jmp */
    memory.place(code_at,
                 Bytes{0xff, 0x05} + word(data_at) + Bytes{0xeb, 0xf8});
    for (int i = 0; i < rounds; i++) {
        const uint32_t before = *counter;
        int64_t kicked = 0;
        std::thread other([&] {
            while (*counter - before < 100)
                sched_yield();
            xcpu_kick(guest.cpu);
            kicked = now(clock);
        });
        guest.run();
        const int64_t end = now(CLOCK_THREAD_CPUTIME_ID);
        other.join();
        ASSERT_EQ(XCPU_EXIT_KICK, guest.exit.reason);
        spent.push_back(end - kicked);
    }
    std::nth_element(spent.begin(), spent.begin() + rounds / 2, spent.end());
    EXPECT_LT(spent[rounds / 2], 1000000);
}

TEST_F(Jit, ABudgetIsExact)
{
    memory.place(code_at, {0x40, 0xeb, 0xfd}); /* inc %eax; jmp */
    guest.run(1001);
    EXPECT_EQ(XCPU_EXIT_BUDGET, guest.exit.reason);
    EXPECT_EQ(1001u, guest.exit.executed);
    EXPECT_EQ(501u, guest.regs.gpr[XCPU_EAX]);
}

/* A loop with a way out in its midst, and a fault behind it: whatever is left
 * of what was paid together, what was executed is told. */
TEST_F(Jit, WhatIsPaidTogetherIsCountedOneByOne)
{
    Memory other(config_for(XCPU_ENGINE_JIT, true));
    Guest counting(other);

    /* 1: inc %eax; cmp %ecx, %eax; je 2f; inc %ebx; cmp %edx, %ebx; jb 1b;
     * 2: inc %esi; jne 3f; 3: inc %edi; mov (0), %eax */
    other.place(code_at,
                {0x40, 0x39, 0xc8, 0x74, 0x05, 0x43, 0x39, 0xd3, 0x72, 0xf6,
                 0x46, 0x75, 0x00, 0x47, 0x8b, 0x05, 0,    0,    0,    0});
    for (uint32_t rounds = 20; rounds < 24; rounds++) {
        counting.regs = guest.regs;
        counting.regs.eip = code_at;
        counting.regs.gpr[XCPU_ECX] = rounds;
        counting.regs.gpr[XCPU_EDX] = rounds % 2 ? 1000 : rounds - 3;
        counting.run();
        EXPECT_EQ(XCPU_EXIT_EXCEPTION, counting.exit.reason);
        EXPECT_EQ(code_at + 14, counting.regs.eip);
        EXPECT_EQ(rounds % 2 ? 6 * (rounds - 1) + 6 : 6 * (rounds - 3) + 3,
                  counting.exit.executed);
    }
    EXPECT_GT(counting.translated(), 0u);
}

/* ---- code that changes ---- */

TEST_F(Jit, AnInstructionRewritesTheNextOne)
{
    /* 1: mov %ecx, imm; mov $imm, %eax; add %eax, %ebx; loop 1b */
    memory.place(code_at, mov(1, 1000) + Bytes{0x89, 0x0d} +
                              word(code_at + 12) + mov(0, 0) +
                              Bytes{0x01, 0xc3, 0xe2, 0xf1} + stop);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(500500u, guest.regs.gpr[XCPU_EBX]);
}

TEST_F(Jit, DataBesideCodeMayBeWritten)
{
    memory.place(code_at, mov(1, 1000) + Bytes{0x01, 0x0d} +
                              word(code_at + 0x800) + Bytes{0xe2, 0xf8} + stop);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(500500u, memory.read32(code_at + 0x800));
}

TEST_F(Jit, ForgottenCodeIsReadAgain)
{
    for (uint32_t i = 0; i < 100; i++) {
        memory.place(code_at + 5, mov(0, i) + stop);
        memory.place(code_at, Bytes{0xe9} + word(0));
        guest.regs.eip = code_at;
        guest.run();
        ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
        ASSERT_EQ(i, guest.regs.gpr[XCPU_EAX]);
    }
}

/* ---- long strings ---- */

struct Compared {
    xcpu_regs regs;
    xcpu_exit exit;
};

/* Looks for what differs at an offset, in strings whose second is so many bytes
 * before the memory's end. */
Compared compare_strings(enum xcpu_engine engine, const Bytes &insn,
                         uint32_t count, uint32_t differs, uint32_t left)
{
    const uint32_t strings = code_at + 0x10000,
                   second = code_at + code_size - left;
    Memory memory(engine);
    Guest guest(memory);

    memset(memory.window + strings, 'x', code_size - 0x10000);
    if (differs < left)
        memory.window[second + differs] = 0;
    memory.place(code_at, insn + stop);
    for (int i = 0; i < 2; i++) {
        guest.regs.eip = code_at;
        guest.regs.eflags = 0x202;
        guest.regs.gpr[XCPU_EAX] = insn[0] == 0xf2 ? 0 : 'x' * 0x1010101u;
        guest.regs.gpr[XCPU_ECX] = count;
        guest.regs.gpr[XCPU_ESI] = strings;
        guest.regs.gpr[XCPU_EDI] = second;
        guest.run();
    }
    return {guest.regs, guest.exit};
}

TEST_F(Jit, StringsOfAnyLengthAreCompared)
{
    static const Bytes insns[] = {{0xf2, 0xae}, {0xf3, 0xae}, {0xf3, 0xa6}};

    for (const Bytes &insn : insns)
        for (uint32_t count :
             {0u, 1u, 7u, 0xfffeu, 0xffffu, 0x10000u, 0x1ffffu, 0x20000u, ~0u})
            for (uint32_t differs :
                 {0u, 6u, 0xfffdu, 0xfffeu, 0xffffu, 0x10000u, 0x3ffffu}) {
                const uint32_t left =
                    count % 2 && differs == 0x3ffff ? 5000 : 0x40000;
                const Compared a = compare_strings(XCPU_ENGINE_INTERP, insn,
                                                   count, differs, left),
                               b = compare_strings(XCPU_ENGINE_JIT, insn, count,
                                                   differs, left);
                EXPECT_EQ(a.exit.reason, b.exit.reason);
                EXPECT_EQ(a.exit.address, b.exit.address);
                for (int i = 0; i < 8; i++)
                    EXPECT_EQ(a.regs.gpr[i], b.regs.gpr[i])
                        << i << " of " << count << " and " << differs;
                if (a.exit.reason == XCPU_EXIT_INT) {
                    EXPECT_EQ(a.regs.eflags, b.regs.eflags);
                }
            }
}

/* ---- code of two pages ---- */

const uint32_t second_page = code_at + 0x1000;

/* With a cpu that has code of the second page, so that it goes on there. */
struct TwoPages {
    TwoPages() : memory(XCPU_ENGINE_JIT), guest(memory)
    {
        memory.place(second_page + 0x800, stop);
        run(second_page + 0x800);
    }
    void run(uint32_t eip)
    {
        guest.regs.eip = eip;
        guest.run();
    }

    Memory memory;
    Guest guest;
};

/* mov $1000, %ecx; 1: add %ecx, %eax; add $7, %ebx; loop 1b; int */
Bytes adding_loop()
{
    return mov(1, 1000) + mov(0, 0) + mov(3, 0) +
           Bytes{0x01, 0xc8, 0x83, 0xc3, 0x07, 0xe2, 0xf9} + stop;
}

TEST_F(Jit, ALoopAcrossPagesIsThatOfOnePage)
{
    const uint32_t size = static_cast<uint32_t>(adding_loop().size());

    memory.place(code_at, adding_loop());
    guest.run();
    for (uint32_t at = second_page - size; at <= second_page; at++) {
        TwoPages two;
        const uint64_t before = two.guest.translated();
        two.memory.place(at, adding_loop());
        two.run(second_page + 0x800); /* placed, it was forgotten */
        two.run(at);
        EXPECT_EQ(XCPU_EXIT_INT, two.guest.exit.reason);
        EXPECT_EQ(at + size, two.guest.regs.eip);
        EXPECT_EQ(500500u, two.guest.regs.gpr[XCPU_EAX]);
        EXPECT_EQ(7000u, two.guest.regs.gpr[XCPU_EBX]);
        EXPECT_LE(two.guest.translated() - before, guest.translated() + 1)
            << "at " << at;
    }
}

TEST_F(Jit, AnInstructionRewritesOneOfEitherPage)
{
    for (uint32_t at = second_page - 22; at <= second_page; at++) {
        TwoPages two;
        /* 1: mov %ecx, imm; mov $imm, %eax; add %eax, %ebx; loop 1b */
        two.memory.place(at, mov(1, 1000) + Bytes{0x89, 0x0d} + word(at + 12) +
                                 mov(0, 0) + Bytes{0x01, 0xc3, 0xe2, 0xf1} +
                                 stop);
        two.run(second_page + 0x800);
        two.run(at);
        EXPECT_EQ(XCPU_EXIT_INT, two.guest.exit.reason);
        EXPECT_EQ(500500u, two.guest.regs.gpr[XCPU_EBX]) << "at " << at;
    }
}

TEST_F(Jit, CodeOfEitherPageThatIsReplacedIsTheNewOne)
{
    const uint32_t at = second_page - 18, first = at + 1, second = at + 19;
    TwoPages two;
    const auto expect_sum_after = [&](uint32_t place, const Bytes &code,
                                      uint32_t sum) {
        two.run(second_page + 0x800);
        two.run(at);
        two.memory.place(place, code);
        two.run(at);
        ASSERT_EQ(sum, two.guest.regs.gpr[XCPU_EBX]);
    };

    two.memory.place(at, adding_loop());
    for (uint8_t step = 1; step < 100; step++) {
        expect_sum_after(second, {step}, 1000u * step);
        expect_sum_after(first, word(step), uint32_t{step} * step);
        expect_sum_after(first, word(1000), 1000u * step);
    }
}

TEST_F(Jit, ASecondPageThatIsGoneFaults)
{
    const uint32_t at = second_page - 18;
    TwoPages two;

    two.memory.place(at, adding_loop());
    two.run(second_page + 0x800);
    two.run(at);
    EXPECT_EQ(7000u, two.guest.regs.gpr[XCPU_EBX]);
    two.memory.size = 0x1000;
    xcpu_machine_forget(two.memory.machine, second_page, 0x1000);
    two.run(at);
    EXPECT_EQ(XCPU_EXIT_EXCEPTION, two.guest.exit.reason);
    EXPECT_EQ(static_cast<uint32_t>(XCPU_VECTOR_PF), two.guest.exit.vector);
    EXPECT_EQ(second_page, two.guest.exit.address);
    EXPECT_EQ(1000u, two.guest.regs.gpr[XCPU_EAX]);
    two.memory.size = code_size;
    xcpu_machine_forget(two.memory.machine, second_page, 0x1000);
    two.run(at);
    EXPECT_EQ(XCPU_EXIT_INT, two.guest.exit.reason);
    EXPECT_EQ(7000u, two.guest.regs.gpr[XCPU_EBX]);
}

/* ---- code that changes all the time ---- */

/* What a function returns whose code is copied to one place in many variants,
 * each called at once: add, sub, xor, push and pop, jumps over them. */
uint32_t run_variants(enum xcpu_engine engine, uint64_t *translated)
{
    constexpr uint32_t size = 32, count = 64;
    const uint32_t function = code_at + 0x1000;
    static const Bytes parts[] = {Bytes{0x05} + word(0x01020304),
                                  {0x83, 0xe8, 0x05},
                                  Bytes{0x35} + word(0x00ff00ff),
                                  {0x50, 0x59, 0x01, 0xc8},
                                  Bytes{0xb9} + word(7) + Bytes{0xf7, 0xe1},
                                  {0xd1, 0xc0},
                                  {0x72, 0x01, 0x40}};
    std::minstd_rand random(7);
    Memory memory(engine);
    Guest guest(memory);
    for (uint32_t i = 0; i < count; i++) {
        Bytes body = i % 4 ? Bytes{0x05} + word(random()) : Bytes();
        while (body.size() < size - 8)
            body = std::move(body) + parts[random() % 7];
        body.resize(size - 1, 0x90);
        body.push_back(0xc3);
        memcpy(memory.window + data_at + size * i, body.data(), size);
    }
    /* mov $rounds, %ebp; 1: mov %ebp, %esi; and $63, %esi; shl $5, %esi;
     * add $data, %esi; mov $function, %edi; mov $32, %ecx; rep movsb;
     * call function; dec %ebp; jne 1b */
    memory.place(code_at,
                 mov(5, 1000) +
                     Bytes{0x89, 0xee, 0x83, 0xe6, 63, 0xc1, 0xe6, 5} +
                     Bytes{0x81, 0xc6} + word(data_at) + mov(7, function) +
                     mov(1, size) + Bytes{0xf3, 0xa4, 0xe8} +
                     word(function - (code_at + 5 + 8 + 6 + 5 + 5 + 2 + 5)) +
                     Bytes{0x4d, 0x75, 0xde} + stop);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(0u, guest.regs.gpr[XCPU_EBP]);
    *translated = guest.translated();
    return guest.regs.gpr[XCPU_EAX];
}

TEST_F(Jit, CodeThatIsReplacedAllTheTimeIsTheNewOne)
{
    uint64_t translated;
    const uint32_t expected = run_variants(XCPU_ENGINE_INTERP, &translated);

    EXPECT_EQ(0u, translated);
    EXPECT_EQ(expected, run_variants(XCPU_ENGINE_JIT, &translated));
    EXPECT_LT(0u, translated);
}

/* A function that is called twice before one of its bytes changes, of each
 * size. */
TEST_F(Jit, EachByteOfCodeThatChangesIsCompared)
{
    uint32_t function = code_at + 0x1000;

    for (uint32_t size = 2; size < 36; size++)
        for (uint32_t at = 0; at + 1 < size; at++, function += 64) {
            Bytes body(size - 1, 0x40); /* inc %eax, becomes dec %eax */
            body.push_back(0xc3);
            memory.place(function, body);
            /* 1: call function; call function; xorb $8, function + at;
             * loop 1b */
            memory.place(code_at, mov(1, 64) + Bytes{0xe8} +
                                      word(function - (code_at + 10)) +
                                      Bytes{0xe8} +
                                      word(function - (code_at + 15)) +
                                      Bytes{0x80, 0x35} + word(function + at) +
                                      Bytes{8, 0xe2, 0xed} + stop);
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = 0;
            guest.run();
            ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
            ASSERT_EQ(128 * (size - 2), guest.regs.gpr[XCPU_EAX])
                << size << " " << at;
        }
}

/* One operand changes before each call: read when executed, in the end. */
TEST_F(Jit, AnOperandThatChangesIsNotTranslatedAgain)
{
    const uint32_t function = code_at + 0x1000;

    /* 1: mov %ecx, operand; call function; loop 1b */
    memory.place(function, Bytes{0x05} + word(0) + Bytes{0xc3});
    memory.place(code_at, mov(1, 10000) + Bytes{0x89, 0x0d} +
                              word(function + 1) + Bytes{0xe8} +
                              word(function - (code_at + 16)) +
                              Bytes{0xe2, 0xf3} + stop);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(50005000u, guest.regs.gpr[XCPU_EAX]);
    EXPECT_LT(guest.translated(), 100u);
}

/* The reader calls a function until it returns what the writer has put
 * there. */
TEST_F(Jit, AnotherThreadsStoresToCodeAreSeen)
{
    const uint32_t function = code_at + 0x1000, writer = code_at + 0x2000;

    memory.place(function, mov(0, 0) + Bytes{0xc3});
    memory.place(code_at, Bytes{0xe8} + word(0x1000 - 5) +
                              Bytes{0x39, 0xd8, 0x75, 0xf7} + stop);
    memory.place(writer, Bytes{0x89, 0x1d} + word(function + 1) + stop);
    for (uint32_t i = 1; i <= 100; i++) {
        std::thread other([&] {
            Guest second(memory);
            second.regs.eip = writer;
            second.regs.gpr[XCPU_EBX] = i;
            second.run();
        });
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_EBX] = i;
        guest.run();
        other.join();
        ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
        ASSERT_EQ(i, guest.regs.gpr[XCPU_EAX]);
    }
}

TEST(JitCache, AFullOneIsForgotten)
{
    struct xcpu_config config = config_for(XCPU_ENGINE_JIT);
    config.code_size = 64 << 10;
    Memory memory(config);
    Guest guest(memory);
    if (!guest.usable())
        GTEST_SKIP() << "no translator for this host";
    install_handlers();
    constexpr uint32_t blocks = 20000;
    Bytes code;
    for (uint32_t i = 0; i < blocks; i++)
        code = std::move(code) + Bytes{0x83, 0xc0, 0x01, 0xe9} + word(0);
    memory.place(code_at, code + Bytes{0x4b, 0x0f, 0x85} +
                              word(0u - 8 * blocks - 7) + stop);
    guest.regs.gpr[XCPU_EBX] = 3;
    guest.run();
    struct xcpu_jit_stats stats;
    xcpu_get_jit_stats(guest.cpu, &stats);
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(3 * blocks, guest.regs.gpr[XCPU_EAX]);
    EXPECT_GT(stats.flushes, 3u);
}

/* A function has copies for those that call it, which are dropped as it is. */
TEST_F(Jit, ManyCallersHaveCopiesOfAFunction)
{
    constexpr uint32_t callers = 64;
    Bytes calls;
    for (uint32_t i = 1; i <= callers; i++)
        calls = std::move(calls) + Bytes{0xe8} + word(0x1000 - 5 * i);
    memory.place(code_at, calls + stop);
    const auto result_with = [&](uint8_t opcode) {
        memory.place(code_at + 0x1000, {opcode, 0xc8, 0xc3}); /* op; ret */
        for (int i = 0; i < 4; i++) {
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = 0;
            guest.regs.gpr[XCPU_ECX] = 1;
            guest.run();
        }
        return guest.regs.gpr[XCPU_EAX];
    };
    EXPECT_EQ(callers, result_with(0x01)); /* add %ecx, %eax */
    EXPECT_GT(guest.translated(), callers + callers / 2);
    EXPECT_EQ(0u - callers, result_with(0x29)); /* sub %ecx, %eax */
}

/* Translated code is in memory that is mapped twice; profilers ask for names of
 * code in mappings of this name. */
TEST_F(Jit, NoMemoryIsWritableAndExecutable)
{
    memory.place(code_at, Bytes{0x40} + stop);
    guest.run();
    ASSERT_GT(guest.translated(), 0u);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], access[8];
    int executable = 0, writable = 0, both = 0;
    ASSERT_NE(nullptr, maps);
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%*s %7s", access) != 1)
            continue;
        both += access[1] == 'w' && access[2] == 'x';
        executable += access[2] == 'x' && strstr(line, "/dev/zero");
        writable += access[1] == 'w' && strstr(line, "/dev/zero");
    }
    fclose(maps);
    EXPECT_EQ(0, both);
    EXPECT_EQ(1, executable);
    EXPECT_EQ(1, writable);
}

/* ---- the host's own state ---- */

TEST_F(Jit, ExceptionsOfTheHostBecomeTheGuests)
{
    memory.place(code_at, {0x56, 0xf7, 0xf1}); /* push %esi; div %ecx */
    guest.run();
    EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
    EXPECT_EQ(unsigned{XCPU_DE}, guest.exit.vector);
    EXPECT_EQ(code_at + 1, guest.regs.eip);
    EXPECT_EQ(data_at + data_size - 0x104, guest.regs.gpr[XCPU_ESP]);
    memory.place(code_at, {0x0f, 0x28, 0x01}); /* movaps (%ecx), %xmm0 */
    guest.regs.eip = code_at;
    guest.regs.gpr[XCPU_ECX] = data_at + 4;
    guest.run();
    EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
    EXPECT_EQ(unsigned{XCPU_GP}, guest.exit.vector);
    EXPECT_EQ(code_at, guest.regs.eip);
}

/* All that an access could reach beside the window is inaccessible to it: the
 * guest faults at an address of its own, or at its segment's limit. */
TEST_F(Jit, AddressesWrapAround)
{
    static const Bytes loads[] = {
        {0x8b, 0x80, 0xff, 0xff, 0xff, 0xff}, /* mov -1(%eax), %eax */
        {0x8b, 0x04, 0xc1},                   /* mov (%ecx, %eax, 8), %eax */
        {0xa1, 0xff, 0xff, 0xff, 0xff},       /* mov 0xffffffff, %eax */
        {0x67, 0x8b, 0x07},                   /* mov (%bx), %eax */
        {0x0f, 0xa3, 0x01},                   /* bt %eax, (%ecx) */
        {0x0f, 0xab, 0x01},                   /* bts %eax, (%ecx) */
        {0x66, 0x0f, 0xb3, 0x01},             /* btr %ax, (%ecx) */
        {0x60},                               /* pusha */
        {0x61},                               /* popa */
        {0x9c},                               /* pushf */
        {0xc8, 0x10, 0x00, 0x00},             /* enter $16, $0 */
        {0xa4},                               /* movsb */
        {0xf3, 0xa4},
        {0xd7}, /* xlat */
        {0x8f, 0x00},
        {0xff, 0x30},
    };
    for (const Bytes &load : loads) {
        for (uint32_t value : {0u, 1u, 0x7fffffffu, 0x80000000u, ~0u}) {
            memory.place(code_at, load + stop);
            for (uint32_t &reg : guest.regs.gpr)
                reg = value;
            guest.regs.eip = code_at;
            guest.run();
            if (value == 0 && load[0] == 0xf3) /* ECX is 0 */
                continue;
            ASSERT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
            ASSERT_TRUE(guest.exit.vector == XCPU_VECTOR_PF ||
                        guest.exit.vector == XCPU_GP ||
                        guest.exit.vector == XCPU_VECTOR_SS);
            ASSERT_EQ(code_at, guest.regs.eip);
        }
    }
}

/* Loads whose register counts up to 0, from where a table ends: of each the
 * first may miss the window, and all are right. */
TEST_F(Jit, WhatIsIndexedFromItsEndOnFaultsOnce)
{
    constexpr uint32_t count = 100, end = data_at + 4 * count;
    static const struct {
        Bytes load;
        uint32_t scale;
    } rows[] = {
        {Bytes{0x03, 0x81} + word(end), 1},       /* add end(%ecx), %eax */
        {Bytes{0x03, 0x04, 0x0d} + word(end), 1}, /* add end(,%ecx), %eax */
        {Bytes{0x03, 0x04, 0x8d} + word(end), 4}, /* add end(,%ecx,4), %eax */
    };
    struct xcpu_jit_stats before, after;

    for (uint32_t i = 0; i <= count; i++)
        memcpy(memory.window + data_at + 4 * i, &i, 4);
    for (const auto &row : rows) {
        const uint8_t back = static_cast<uint8_t>(-3 - row.load.size());
        uint32_t sum = 0;

        for (uint32_t i = 1; i <= count; i++)
            sum += memory.read32(end - row.scale * i);
        memory.place(code_at, row.load + Bytes{0x41, 0x75, back} + stop);
        xcpu_get_jit_stats(guest.cpu, &before);
        for (int i = 0; i < 3; i++) {
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = 0;
            guest.regs.gpr[XCPU_ECX] = -count;
            guest.run();
            ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
            ASSERT_EQ(sum, guest.regs.gpr[XCPU_EAX]);
        }
        xcpu_get_jit_stats(guest.cpu, &after);
        EXPECT_LE(after.faults, before.faults + 1);
    }
}

/* A loop that does little but store goes by other addresses than one that
 * loads; what it stores and where it faults is the same. */
TEST_F(Jit, LoopsThatStoreMayMissTheWindowAndFault)
{
    constexpr uint32_t count = 100, end = data_at + data_size;
    static const Bytes rows[] = {
        /* mov %edx, -8(%ecx, 8); mov %ebx, -4(%ecx, 8) from the end on */
        Bytes{0x89, 0x14, 0xcd} + word(end - 8) + Bytes{0x89, 0x1c, 0xcd} +
            word(end - 4),
        /* the same by %eax + 8 * %ecx */
        {0x89, 0x54, 0xc8, 0xf8, 0x89, 0x5c, 0xc8, 0xfc},
    };
    for (const Bytes &row : rows) {
        const uint8_t back = static_cast<uint8_t>(-3 - row.size());
        memory.place(code_at, row + Bytes{0x41, 0x75, back} + stop);
        for (uint32_t run = 0; run < 3; run++) {
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = end;
            guest.regs.gpr[XCPU_ECX] = -count;
            guest.regs.gpr[XCPU_EDX] = run;
            guest.regs.gpr[XCPU_EBX] = ~run;
            guest.run();
            ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
            for (uint32_t i = 1; i <= count; i++) {
                ASSERT_EQ(run, memory.read32(end - 8 - 8 * i));
                ASSERT_EQ(~run, memory.read32(end - 4 - 8 * i));
            }
        }
        if (row[1] == 0x14)
            continue; /* EAX is not in its address */
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_EAX] = end + 8 * 50 + 4;
        guest.regs.gpr[XCPU_ECX] = -count;
        guest.run();
        ASSERT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
        EXPECT_EQ(XCPU_VECTOR_PF, guest.exit.vector);
        EXPECT_EQ(end, guest.exit.address);
        EXPECT_EQ(code_at + 4, guest.regs.eip);
        EXPECT_EQ(-50u, guest.regs.gpr[XCPU_ECX]);
    }
}

/* All that AL, CF and AF can be. */
TEST_F(Jit, DecimalDigitsAreAdjusted)
{
    for (bool subtracts : {false, true}) {
        const uint8_t insn = subtracts ? 0x2f : 0x27;
        memory.place(code_at, Bytes{0x9e, insn} + stop); /* sahf */
        for (uint32_t i = 0; i < 0x400; i++) {
            const uint32_t al = i & 0xff, cf = i >> 8 & 1, af = i >> 9;
            const bool low = (al & 15) > 9 || af, high = al > 0x99 || cf;
            const uint32_t by = (low ? 6u : 0u) + (high ? 0x60u : 0u);
            const uint32_t sum = (subtracts ? al - by : al + by) & 0xff;
            const bool borrows = subtracts && low && al < 6;
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = 0x12340000 | af << 12 | cf << 8 | al;
            guest.run();
            ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
            ASSERT_EQ(0x12340000 | af << 12 | cf << 8 | sum,
                      guest.regs.gpr[XCPU_EAX]);
            const uint32_t flags = (high || borrows ? 1u : 0u) |
                                   (low ? 0x10u : 0u) | (sum ? 0u : 0x40u) |
                                   (sum & 0x80) |
                                   (__builtin_parity(sum) ? 0u : 4u);
            ASSERT_EQ(flags, guest.regs.eflags & 0xd5) << i;
        }
    }
    EXPECT_LT(0u, guest.translated());
}

/* What a POPF changes beside arithmetic flags is seen by the next PUSHF; what
 * the other instructions leave to the interpreter is what they raise. */
TEST_F(Jit, FlagsThatTheHostDoesNotHaveAreKept)
{
    /* 1: push %eax; popf; pushf; pop %ebx
     *    push %edx; popf; pushf; pop %esi; loop 1b: either POPF changes flags
     * again and again, also when it has been translated. */
    memory.place(code_at, Bytes{0x50, 0x9d, 0x9c, 0x5b, 0x52, 0x9d, 0x9c, 0x5e,
                                0xe2, 0xf6} +
                              stop);
    const std::vector<uint32_t> all = {0x202u,    0xad7u,    0x602u, 0x4202u,
                                       0x204202u, 0x200202u, 0xed7u};
    for (uint32_t first : all)
        for (uint32_t second : all) {
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = first;
            guest.regs.gpr[XCPU_EDX] = second;
            guest.regs.gpr[XCPU_ECX] = 50;
            guest.run();
            ASSERT_EQ(XCPU_EXIT_INT, guest.exit.reason);
            EXPECT_EQ(first, guest.regs.gpr[XCPU_EBX]);
            EXPECT_EQ(second, guest.regs.gpr[XCPU_ESI]);
            EXPECT_EQ(second, guest.regs.eflags);
        }
    EXPECT_LT(0u, guest.translated());
}

TEST_F(Jit, IntoStaysInTranslatedCodeWithoutOverflow)
{
    struct xcpu_jit_stats stats;

    /* 1: dec %eax; into; loop 1b; mov $0x80000000, %eax; jmp 1b */
    memory.place(code_at, Bytes{0x48, 0xce, 0xe2, 0xfc} + mov(0, 0x80000000) +
                              Bytes{0xeb, 0xf5});
    guest.regs.gpr[XCPU_ECX] = 10000;
    guest.run();
    EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
    EXPECT_EQ(4u, guest.exit.vector); /* #OF */
    EXPECT_EQ(code_at + 2, guest.regs.eip);
    xcpu_get_jit_stats(guest.cpu, &stats);
    EXPECT_LT(stats.entries, 100u);
}

/* As code finds out where it is: no jump, and no block of its own. */
TEST_F(Jit, ACallOfWhatFollowsIsAPush)
{
    struct xcpu_jit_stats stats;

    /* 1: call 2f; 2: pop %ebx; add %ebx, %eax; loop 1b */
    memory.place(code_at,
                 Bytes{0xe8, 0, 0, 0, 0, 0x5b, 0x01, 0xd8, 0xe2, 0xf6} + stop);
    for (uint32_t count : {1000u, 10000u}) {
        const uint32_t esp = guest.regs.gpr[XCPU_ESP];
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_EAX] = 0;
        guest.regs.gpr[XCPU_ECX] = count;
        guest.run();
        EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
        EXPECT_EQ(code_at + 5, guest.regs.gpr[XCPU_EBX]);
        EXPECT_EQ(count * (code_at + 5), guest.regs.gpr[XCPU_EAX]);
        EXPECT_EQ(esp, guest.regs.gpr[XCPU_ESP]);
        EXPECT_EQ(code_at + 5, memory.read32(esp - 4));
    }
    /* The loop, the way behind it and what was first interpreted. */
    xcpu_get_jit_stats(guest.cpu, &stats);
    EXPECT_LE(stats.blocks, 2u);
    /* The last that fits: a store that faults changes nothing. */
    guest.regs.eip = code_at;
    guest.regs.gpr[XCPU_ESP] = data_at + 2;
    guest.run();
    EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
    EXPECT_EQ(code_at, guest.regs.eip);
    EXPECT_EQ(data_at + 2, guest.regs.gpr[XCPU_ESP]);
}

/* Word by word, over the end of a page: neither stores or loads anything when
 * one of its pages is not there. */
TEST_F(Jit, AllRegistersOrNoneArePushedAndPopped)
{
    const uint32_t end = data_at + data_size;

    memory.place(code_at, Bytes{0x60} + stop);
    memory.place(code_at + 16, Bytes{0x61} + stop);
    memset(memory.window + data_at, 0x55, data_size);
    for (uint32_t esp = data_at + 4; esp <= data_at + 28; esp += 4) {
        guest.regs.eip = code_at;
        guest.regs.gpr[XCPU_ESP] = esp;
        guest.run();
        EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
        EXPECT_EQ(esp, guest.regs.gpr[XCPU_ESP]);
        EXPECT_EQ(0x55555555u, memory.read32(data_at));
        EXPECT_EQ(0x55555555u, memory.read32(esp - 4));
    }
    for (uint32_t esp = end - 28; esp < end; esp += 4) {
        xcpu_regs before = guest.regs;
        before.eip = code_at + 16;
        before.gpr[XCPU_ESP] = esp;
        guest.regs = before;
        guest.run();
        EXPECT_EQ(XCPU_EXIT_EXCEPTION, guest.exit.reason);
        EXPECT_EQ(0, memcmp(before.gpr, guest.regs.gpr, sizeof(before.gpr)));
    }
}

/* What is kept of an instruction's translation, in bytes. */
uint64_t table_bytes(Memory &memory, const Bytes &insn)
{
    Guest guest(memory);
    struct xcpu_jit_stats stats;

    memory.place(code_at, insn + stop);
    for (int i = 0; i < 3; i++) {
        guest.regs.eip = code_at;
        guest.run();
        EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    }
    EXPECT_LT(0u, guest.translated());
    xcpu_get_jit_stats(guest.cpu, &stats);
    return stats.table_bytes;
}

/* What an instruction's handler needs is kept beside its translation. */
TEST_F(Jit, WhichInstructionsAreHostCode)
{
    static const Bytes host_code[] = {
        {0x88, 0x64, 0x24, 0x04},       /* mov %ah, 4(%esp) */
        {0x12, 0x24, 0x24},             /* adc (%esp), %ah */
        {0x0f, 0xc0, 0x2c, 0x24},       /* xadd %ch, (%esp) */
        {0x67, 0x8d, 0x40, 0x05},       /* lea 5(%bx,%si), %eax */
        {0x66, 0x67, 0x8d, 0x46, 0x05}, /* lea 5(%bp), %ax */
        {0x0f, 0xab, 0x04, 0x24},       /* bts %eax, (%esp) */
        {0x66, 0x0f, 0xbb, 0x0c, 0x24}, /* btc %cx, (%esp) */
        {0x66, 0x50},                   /* push %ax */
        {0x66, 0x59},                   /* pop %cx */
        {0x66, 0x6a, 0x05},             /* pushw $5 */
        {0x66, 0xff, 0x34, 0x24},       /* pushw (%esp) */
        {0x66, 0x8f, 0x04, 0x24},       /* popw (%esp) */
        {0x60},                         /* pusha */
        {0x61},                         /* popa */
        {0x9c},                         /* pushf */
        {0xc8, 0x10, 0x00, 0x00},       /* enter $16, $0 */
        {0x27},                         /* daa */
        {0x2f},                         /* das */
        {0x37},                         /* aaa */
        {0x3f},                         /* aas */
        {0xd4, 0x0a},                   /* aam */
        {0xd5, 0x0a},                   /* aad */
        {0xd6},                         /* salc */
    };
    /* One that moves ESP has that noted, too. */
    const uint64_t most = table_bytes(memory, {0x50}); /* push %eax */

    for (const Bytes &insn : host_code)
        EXPECT_GE(most, table_bytes(memory, insn)) << unsigned{insn[0]};
    EXPECT_LT(most, table_bytes(memory, {0x8c, 0xd9})); /* mov %ds, %ecx */
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
TEST_F(Jit, ForkedChildrenTranslateOnTheirOwn)
{
    GTEST_SKIP() << "the sanitizer's allocator may stay locked in a child";
}
#else
TEST_F(Jit, ForkedChildrenTranslateOnTheirOwn)
{
    /* a call, that each of them goes on from: inc %eax; int; jmp */
    memory.place(code_at, {0x40, 0xcd, 0x80, 0xeb, 0xfb});
    for (int i = 0; i < 100; i++)
        guest.run();
    sem_t ready;
    sem_init(&ready, 0, 0);
    Guest second(memory);
    std::thread other([&] {
        sem_post(&ready);
        second.regs.eip = code_at + 3; /* until it is kicked */
        while (second.exit.reason != XCPU_EXIT_KICK)
            second.run();
    });
    sem_wait(&ready);
    const pid_t child = fork();
    if (child == 0) {
        xcpu_machine_after_fork(memory.machine, guest.cpu);
        for (int i = 0; i < 100; i++)
            guest.run();
        _exit(guest.regs.gpr[XCPU_EAX] == 200 && guest.translated() ? 0 : 1);
    }
    for (int i = 0; i < 100; i++)
        guest.run();
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(0, status);
    EXPECT_EQ(200u, guest.regs.gpr[XCPU_EAX]);
    xcpu_kick(second.cpu);
    other.join();
    sem_destroy(&ready);
}

/* A fork whose child has what was translated; what it returns is its status. */
template <typename Child> pid_t fork_with_code(Guest &guest, Child child)
{
    xcpu_before_fork(guest.cpu);
    const pid_t pid = fork();
    if (pid == 0) {
        struct xcpu_machine *machine = guest.memory.machine;
        xcpu_machine_after_fork(machine, guest.cpu);
        _exit(child());
    }
    return pid;
}

int status_of(pid_t pid)
{
    int status = -1;

    waitpid(pid, &status, 0);
    return status;
}

uint64_t links_of(const Guest &guest)
{
    struct xcpu_jit_stats stats;

    xcpu_get_jit_stats(guest.cpu, &stats);
    return stats.links;
}

/* 1: test $1, %cl; je 2f; inc %eax; jmp 3f; 2: inc %ebx; 3: loop 1b; int */
const Bytes alternating =
    Bytes{0xf6, 0xc1, 1, 0x74, 3, 0x40, 0xeb, 1, 0x43, 0xe2, 0xf5} + stop;

void alternate(Guest &guest, uint32_t rounds)
{
    guest.regs.eip = code_at;
    guest.regs.gpr[XCPU_ECX] = rounds;
    guest.run();
}

TEST_F(Jit, AChildGoesOnWithItsParentsCode)
{
    memory.place(code_at, alternating);
    alternate(guest, 10000);
    const pid_t child = fork_with_code(guest, [&] {
        alternate(guest, 10000);
        return guest.translated() != 0 || guest.regs.gpr[XCPU_EAX] != 10000;
    });
    EXPECT_EQ(0, status_of(child));
    const uint64_t translated = guest.translated();
    alternate(guest, 10000);
    EXPECT_EQ(translated, guest.translated());
    EXPECT_EQ(10000u, guest.regs.gpr[XCPU_EAX]);
    EXPECT_EQ(10000u, guest.regs.gpr[XCPU_EBX]);
}

/* Exits that have led nowhere yet are in code that both run. */
TEST_F(Jit, WhatIsSharedIsLinkedAsACopy)
{
    memory.place(code_at, alternating);
    alternate(guest, 1);
    alternate(guest, 2);
    const auto go_on = [&] {
        const uint64_t before = links_of(guest);
        alternate(guest, 100000);
        return links_of(guest) <= before ||
               guest.regs.gpr[XCPU_EAX] + guest.regs.gpr[XCPU_EBX] != 100003;
    };
    const pid_t child = fork_with_code(guest, go_on);
    EXPECT_FALSE(go_on());
    EXPECT_EQ(0, status_of(child));
}

/* One of two changes what both jump to. */
TEST_F(Jit, WhatIsSharedIsCutInACopy)
{
    const auto change = [&](uint32_t value) {
        memory.place(code_at + 0x1000, mov(0, value) + stop);
    };
    const auto run = [&] {
        for (int i = 0; i < 5; i++) {
            guest.regs.eip = code_at;
            guest.run();
        }
        return guest.regs.gpr[XCPU_EAX];
    };
    memory.place(code_at, Bytes{0xe9} + word(0x1000 - 5));
    change(1);
    ASSERT_EQ(1u, run());
    EXPECT_EQ(0, status_of(fork_with_code(guest, [&] {
                  change(2);
                  return run() != 2;
              })));
    ASSERT_EQ(1u, run());
    int go[2];
    ASSERT_EQ(0, pipe(go));
    const pid_t child = fork_with_code(guest, [&] {
        char byte;
        return read(go[0], &byte, 1) != 1 || run() != 1;
    });
    change(3);
    EXPECT_EQ(3u, run());
    EXPECT_EQ(1, write(go[1], "x", 1));
    EXPECT_EQ(0, status_of(child));
    close(go[0]);
    close(go[1]);
}

/* A parent that forks again and again has new code each time, as its children
 * have; code that they have in common changes for each alone. */
TEST_F(Jit, EachChangesItsOwnCode)
{
    constexpr uint32_t functions = 100, apart = 64;
    const auto add =
        [&](uint32_t i,
            uint32_t value) { /* add $value, %eax */
                              memory.place(code_at + 0x1000 + i * apart,
                                           Bytes{0x05} + word(value) +
                                               Bytes{0xc3});
        };
    /* 1: mov %ecx, %edx; shl $6, %edx; add $(code_at + 0xfc0), %edx;
     * call *%edx; loop 1b; int */
    memory.place(code_at, Bytes{0x89, 0xca, 0xc1, 0xe2, 6, 0x81, 0xc2} +
                              word(code_at + 0x1000 - apart) +
                              Bytes{0xff, 0xd2, 0xe2, 0xf1} + stop);
    const auto sum = [&](uint32_t count) {
        for (int round = 0; round < 3; round++) {
            guest.regs.eip = code_at;
            guest.regs.gpr[XCPU_EAX] = 0;
            guest.regs.gpr[XCPU_ECX] = count;
            guest.run();
        }
        return guest.regs.gpr[XCPU_EAX];
    };
    for (uint32_t i = 0; i < functions; i++) {
        add(i, i);
        ASSERT_EQ(i * (i + 1) / 2, sum(i + 1));
        const pid_t child = fork_with_code(guest, [&] {
            const uint32_t before = sum(i + 1);
            add(i / 2, 1000);
            const uint32_t changed = sum(i + 1);
            add(i + 1, 5000);
            return before != i * (i + 1) / 2 ||
                   changed != before - i / 2 + 1000 ||
                   sum(i + 2) != changed + 5000;
        });
        if (i % 3 == 0)
            add(i / 3, i / 3);
        ASSERT_EQ(i * (i + 1) / 2, sum(i + 1));
        ASSERT_EQ(0, status_of(child)) << i;
    }
}

/* Most children end before it pays to translate what runs a few times. */
TEST(JitFork, AChildTranslatesLater)
{
    struct xcpu_config config = config_for(XCPU_ENGINE_JIT);
    config.translate_after = 0; /* the default */
    Memory memory(config);
    Guest guest(memory);
    if (!guest.usable())
        GTEST_SKIP() << "no translator for this host";
    install_handlers();
    memory.place(code_at, {0x40, 0xcd, 0x80, 0xeb, 0xfb});
    for (int i = 0; i < 20; i++)
        guest.run();
    EXPECT_GT(guest.translated(), 0u);
    xcpu_machine_after_fork(memory.machine, guest.cpu);
    for (int i = 0; i < 20; i++)
        guest.run();
    EXPECT_EQ(0u, guest.translated());
    for (int i = 0; i < 100; i++)
        guest.run();
    EXPECT_GT(guest.translated(), 0u);
    EXPECT_EQ(140u, guest.regs.gpr[XCPU_EAX]);
}
#endif

/* Threads that run and rewrite the same code, are kicked and have their code
 * forgotten: each of them counts right. */
TEST_F(Jit, ThreadsDisturbEachOther)
{
    constexpr int count = 4;
    constexpr uint32_t rounds = 3000;
    std::vector<std::unique_ptr<Guest>> guests;
    std::vector<std::thread> threads;

    /* 1: add $1, %eax; mov %eax, (%esi), which is beside the code of all;
     * call 2f; loop 1b; int; 2: inc %ebx; ret */
    memory.place(code_at, Bytes{0x83, 0xc0, 0x01, 0x89, 0x06, 0xe8} + word(4) +
                              Bytes{0xe2, 0xf4} + stop + Bytes{0x43, 0xc3});
    for (int i = 0; i < count; i++)
        guests.push_back(std::make_unique<Guest>(memory));
    for (int i = 0; i < count; i++)
        threads.emplace_back([&, i] {
            Guest &mine = *guests[static_cast<size_t>(i)];
            mine.regs.gpr[XCPU_ESP] -= 0x100u * static_cast<uint32_t>(i);
            mine.regs.gpr[XCPU_ESI] =
                code_at + 0x800 + 4 * static_cast<uint32_t>(i);
            mine.regs.gpr[XCPU_ECX] = rounds;
            while (mine.exit.reason != XCPU_EXIT_INT) {
                mine.run();
                xcpu_kick(guests[static_cast<size_t>(i + 1) % count]->cpu);
            }
        });
    for (int i = 0; i < 200; i++)
        xcpu_machine_forget(memory.machine, code_at, 4096);
    for (std::thread &thread : threads)
        thread.join();
    for (const auto &one : guests) {
        EXPECT_EQ(rounds, one->regs.gpr[XCPU_EAX]);
        EXPECT_EQ(rounds, one->regs.gpr[XCPU_EBX]);
    }
}

/* Cpus come and go, with others running: what is theirs is used again. */
TEST_F(Jit, ThreadsComeAndGo)
{
    /* 1: lock incl data; loop 1b */
    memory.place(code_at, Bytes{0xf0, 0xff, 0x05} + word(data_at) +
                              Bytes{0xe2, 0xf7} + stop);
    for (int round = 0; round < 10; round++) {
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; i++)
            threads.emplace_back([&] {
                Guest one(memory);
                one.regs.gpr[XCPU_ECX] = 1000;
                one.run();
            });
        for (std::thread &thread : threads)
            thread.join();
    }
    EXPECT_EQ(40000u, memory.read32(data_at));
}

} // namespace
