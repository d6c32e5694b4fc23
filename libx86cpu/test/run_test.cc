/* run_test.cc -- why a run ends, and that it does. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/guest.h"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <sched.h>
#include <thread>

namespace
{

using namespace guest;

constexpr uint32_t code = 0x10000;
constexpr uint32_t data = 0x20000;

class Run : public testing::Test
{
  protected:
    Run()
    {
        guest.map(code, 0x1000, PROT_READ | PROT_EXEC);
        guest.map(data, 0x2000, PROT_READ | PROT_WRITE);
    }

    Guest guest;
};

/* Branches taken and not, calls, an inner loop, string instructions. */
const char busy[] = "e8 0b 00 00 00"       /* call 10 */
                    "40"                   /* inc eax */
                    "a9 03 00 00 00"       /* test eax, 3 */
                    "75 f3"                /* jnz 0 */
                    "eb f1"                /* jmp 0 */
                    "90"                   /* nop */
                    "b9 03 00 00 00"       /* 10: mov ecx, 3 */
                    "43 e2 fd"             /* inc ebx; loop */
                    "bf 00 00 02 00"       /* mov edi, data */
                    "b9 05 00 00 00 f3 aa" /* mov ecx, 5; rep stosb */
                    "c3";                  /* ret */

bool same(const struct xcpu_regs &a, const struct xcpu_regs &b)
{
    return memcmp(a.gpr, b.gpr, sizeof(a.gpr)) == 0 && a.eip == b.eip &&
           a.eflags == b.eflags;
}

TEST_F(Run, ABudgetIsExact)
{
    Cpu stepper(guest), runner(guest);

    guest.write(code, busy);
    stepper.set(XCPU_ESP, data + 0x1000);
    stepper.run(code, 0);
    for (uint64_t budget = 1; budget < 300; budget++) {
        struct xcpu_exit exit = stepper.go_on(1);

        ASSERT_EQ(text_of(exit), "BUDGET");
        ASSERT_EQ(exit.executed, 1u);
        struct xcpu_regs zero = {};
        zero.sreg[XCPU_CS] = 0x1b;
        zero.sreg[XCPU_DS] = zero.sreg[XCPU_ES] = zero.sreg[XCPU_SS] = 0x23;
        zero.gpr[XCPU_ESP] = data + 0x1000;
        runner.set_regs(zero);
        exit = runner.run(code, budget);
        ASSERT_EQ(text_of(exit), "BUDGET");
        ASSERT_EQ(exit.executed, budget);
        ASSERT_TRUE(same(runner.regs(), stepper.regs())) << budget;
    }
}

TEST_F(Run, ABudgetOfNothingDoesNothing)
{
    Cpu cpu(guest);

    guest.write(code, "40 eb fd");
    const struct xcpu_exit exit = cpu.run(code, 0);
    EXPECT_EQ(text_of(exit), "BUDGET");
    EXPECT_EQ(exit.executed, 0u);
    EXPECT_EQ(cpu.get(XCPU_EAX), 0u);
    EXPECT_EQ(cpu.eip(), code);
}

TEST_F(Run, RepeatedStringInstructionsAreOne)
{
    Cpu cpu(guest);

    guest.write(code, "f3 aa cc"); /* rep stosb; int3 */
    cpu.set(XCPU_ECX, 0x1000);
    cpu.set(XCPU_EDI, data);
    const struct xcpu_exit exit = cpu.run(code);
    EXPECT_EQ(text_of(exit), "#BP");
    EXPECT_EQ(exit.executed, 2u);
}

struct Reason {
    const char *code, *text;
    uint32_t eip;
    uint64_t executed;
};

TEST_F(Run, EveryReasonLeavesEipWhereItSays)
{
    static const Reason reasons[] = {
        {"90 cd 63", "INT 63", 3, 2},
        {"90 0f 34", "SYSCALL", 3, 2},
        {"90 cc", "#BP", 2, 2},
        {"90 f1", "#DB", 2, 2},
        {"90 0f 0b", "#UD", 1, 1},
        {"90 f4", "#GP", 1, 1},
        {"90 a1 00 00 00 00", "#PF 4 at 0", 1, 1},
        {"90 d4 00", "#DE", 1, 1},
        {"b0 7f 04 01 ce", "#OF", 5, 3},
        {"eb 00 eb 00 90 0f ff c0", "#UD", 5, 3},
        {"31 c0 8e d8 a1 00 00 02 00", "#GP", 4, 2},
        {"6a 2b 8e 14 24", "#PF 6 at fffffffc", 0, 0},
    };

    for (const Reason &reason : reasons) {
        Cpu cpu(guest);

        guest.write(code, reason.code);
        const struct xcpu_exit exit = cpu.run(code);
        EXPECT_EQ(text_of(exit), reason.text) << reason.code;
        EXPECT_EQ(cpu.eip(), code + reason.eip) << reason.code;
        EXPECT_EQ(exit.executed, reason.executed) << reason.code;
    }
}

TEST_F(Run, AnExceptionIsRepeatedWhenNothingChanged)
{
    Cpu cpu(guest);

    guest.write(code, "40 0f 0b");
    EXPECT_EQ(text_of(cpu.run(code)), "#UD");
    const struct xcpu_exit again = cpu.go_on();
    EXPECT_EQ(text_of(again), "#UD");
    EXPECT_EQ(again.executed, 0u);
    EXPECT_EQ(cpu.get(XCPU_EAX), 1u);
}

/* ---- kicks ---- */

TEST_F(Run, AKickBeforeARunEndsItAtOnce)
{
    Cpu cpu(guest);

    guest.write(code, "40 cc");
    xcpu_kick(cpu.cpu());
    struct xcpu_exit exit = cpu.run(code);
    EXPECT_EQ(text_of(exit), "KICK");
    EXPECT_EQ(exit.executed, 0u);
    EXPECT_EQ(cpu.get(XCPU_EAX), 0u);
    exit = cpu.go_on();
    EXPECT_EQ(text_of(exit), "#BP");
}

/* The guest says in memory that it has begun; then it is kicked. */
void expect_kick_ends(Guest &guest, const char *loop)
{
    std::atomic<xcpu *> running{nullptr};
    std::string text;

    guest.write(code, std::string("c6 05 00 00 02 00 01") + loop);
    *guest.at(data) = 0;
    std::thread runner([&] {
        Cpu cpu(guest);

        cpu.set(XCPU_ESP, data + 0x1000);
        cpu.set(XCPU_EBX, code + 7);
        running = cpu.cpu();
        text = text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED));
        running = nullptr;
    });
    while (!__atomic_load_n(guest.at(data), __ATOMIC_ACQUIRE))
        sched_yield();
    xcpu_kick(running);
    runner.join();
    EXPECT_EQ(text, "KICK") << loop;
}

TEST_F(Run, AKickEndsTightLoops)
{
    expect_kick_ends(guest, "eb fe"); /* jmp to itself */
    expect_kick_ends(guest, "ff e3"); /* jmp ebx */
    expect_kick_ends(guest, "e8 00 00 00 00 83 c4 04 eb f6"); /* call, drop */
    expect_kick_ends(guest, "53 c3");       /* push ebx, ret */
    expect_kick_ends(guest, "31 c0 74 fc"); /* xor, jz */
    expect_kick_ends(guest, "ba ff ff ff ff 4a 75 fd eb f6"); /* dec, jnz */
}

TEST_F(Run, AKickEndsRepeatedInstructions)
{
    guest.map(0x100000, 0x10000, PROT_READ | PROT_WRITE);
    std::atomic<xcpu *> running{nullptr};
    struct xcpu_regs after = {};
    std::string text;

    /* mov byte [data], 1; 7: mov ecx, 10000; mov esi, 100000; rep lodsb; jmp 7
     */
    guest.write(code, "c6 05 00 00 02 00 01 b9 00 00 01 00 be 00 00 10 00 f3 ac"
                      "eb f2");
    *guest.at(data) = 0;
    std::thread runner([&] {
        Cpu cpu(guest);

        running = cpu.cpu();
        text = text_of(cpu.run(code, XCPU_BUDGET_UNLIMITED));
        after = cpu.regs();
    });
    while (!__atomic_load_n(guest.at(data), __ATOMIC_ACQUIRE))
        sched_yield();
    xcpu_kick(running);
    runner.join();
    EXPECT_EQ(text, "KICK");
    if (after.eip == code + 17) { /* in the middle of it */
        EXPECT_EQ(after.gpr[XCPU_ESI] + after.gpr[XCPU_ECX], 0x110000u);
    }
}

/* ---- single steps ---- */

TEST_F(Run, TheTrapFlagStopsBehindEachInstruction)
{
    Cpu cpu(guest);
    struct xcpu_regs regs = cpu.regs();

    guest.write(code, "40 eb 00 41 90");
    regs.eflags |= XCPU_TF;
    regs.eip = code;
    cpu.set_regs(regs);
    for (uint32_t eip : {1u, 3u, 4u, 5u}) {
        const struct xcpu_exit exit = cpu.go_on();

        EXPECT_EQ(text_of(exit), "#DB");
        EXPECT_EQ(exit.executed, 1u);
        EXPECT_EQ(cpu.eip(), code + eip);
    }
    EXPECT_EQ(cpu.get(XCPU_EAX), 1u);
    EXPECT_EQ(cpu.get(XCPU_ECX), 1u);
}

TEST_F(Run, AFaultGoesBeforeTheTrap)
{
    Cpu cpu(guest);
    struct xcpu_regs regs = cpu.regs();

    guest.write(code, "0f 0b");
    regs.eflags |= XCPU_TF;
    regs.eip = code;
    cpu.set_regs(regs);
    EXPECT_EQ(text_of(cpu.go_on()), "#UD");
    EXPECT_EQ(cpu.eip(), code);
}

/* A budget that ends behind a stepped instruction loses no trap. */
TEST_F(Run, ATrapIsNotLostToTheBudget)
{
    Cpu cpu(guest);
    struct xcpu_regs regs = cpu.regs();

    guest.write(code, "40 40 40");
    regs.eflags |= XCPU_TF;
    regs.eip = code;
    cpu.set_regs(regs);
    EXPECT_EQ(text_of(cpu.go_on(1)), "#DB");
    EXPECT_EQ(cpu.eip(), code + 1);
}

} // namespace
