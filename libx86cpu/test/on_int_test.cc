/* on_int_test.cc -- INT n answered inside of xcpu_run. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/test/jit_guest.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <sys/wait.h>
#include <unistd.h>

namespace
{

using namespace jit_guest;

constexpr int rounds = 1000;

/* mov $1000, %ecx; fldz; fld1; 1: fadd %st, %st(1); inc %eax; int $99; loop 1b;
 * int $100; hlt */
const std::vector<uint8_t> loop = {0xb9, 0xe8, 0x03, 0,    0,    0xd9, 0xee,
                                   0xd9, 0xe8, 0xdc, 0xc1, 0x40, 0xcd, 0x63,
                                   0xe2, 0xf9, 0xcd, 0x64, 0xf4};
constexpr uint32_t behind_call = code_at + 14, behind_end = code_at + 18;

/* What the test answers; the memory's owner is the guest's memory. */
std::function<int(struct xcpu *, uint32_t)> answer;

int on_int(void *, struct xcpu *cpu, uint32_t vector)
{
    return answer(cpu, vector);
}

class OnInt : public testing::TestWithParam<enum xcpu_engine>
{
  protected:
    void SetUp() override
    {
        struct xcpu_config config = config_for(GetParam());

        config.on_int = on_int;
        memory = std::make_unique<Memory>(config);
        guest = std::make_unique<Guest>(*memory);
        if (!guest->usable())
            GTEST_SKIP() << "no such engine for this host";
        install_handlers();
        memory->place(code_at, loop);
        answer = [this](struct xcpu *, uint32_t vector) {
            calls++;
            return vector == 99 ? 0 : 7;
        };
    }
    void expect_end(enum xcpu_exit_reason reason, uint32_t vector, uint32_t eip)
    {
        EXPECT_EQ(reason, guest->exit.reason);
        EXPECT_EQ(vector, guest->exit.vector);
        EXPECT_EQ(eip, guest->regs.eip);
    }

    std::unique_ptr<Memory> memory;
    std::unique_ptr<Guest> guest;
    int calls = 0;
};

TEST_P(OnInt, EndsWithWhatWasReturned)
{
    guest->run();
    expect_end(XCPU_EXIT_ANSWERED, 7, behind_end);
    EXPECT_EQ(rounds + 1, calls);
    EXPECT_EQ(uint32_t{rounds}, guest->regs.gpr[XCPU_EAX]);
    guest->regs.eip = code_at;
    guest->run();
    expect_end(XCPU_EXIT_ANSWERED, 7, behind_end);
    EXPECT_EQ(2 * (rounds + 1), calls);
}

TEST_P(OnInt, FindsTheStateAndLeavesItsOwn)
{
    int differences = 0;

    answer = [&](struct xcpu *cpu, uint32_t vector) {
        struct xcpu_regs regs;
        struct xcpu_fxstate state;
        const uint32_t left = rounds - static_cast<uint32_t>(calls);

        if (vector != 99)
            return 7;
        xcpu_get_regs(cpu, &regs);
        xcpu_get_fxstate(cpu, &state);
        differences += regs.eip != behind_call;
        differences += regs.gpr[XCPU_ECX] != left;
        differences += xcpu_get_gpr(cpu, XCPU_EAX) != 10u * calls + 1;
        differences += state.bytes[32 + 9] != 0x3f || /* ST0: 1.0 */
                       state.bytes[48 + 9] != 0x3f + (calls >= 1);
        calls++;
        xcpu_set_gpr(cpu, XCPU_EAX, 10u * calls);
        return 0;
    };
    guest->run();
    EXPECT_EQ(rounds, calls);
    EXPECT_EQ(10u * rounds, guest->regs.gpr[XCPU_EAX]);
    EXPECT_EQ(0, differences);
}

TEST_P(OnInt, GoesOnWhereItWasSent)
{
    answer = [&](struct xcpu *cpu, uint32_t vector) {
        struct xcpu_regs regs;

        xcpu_get_regs(cpu, &regs);
        regs.eip = behind_end - 2;
        regs.eflags |= XCPU_DF; /* not for translated code */
        xcpu_set_regs(cpu, &regs);
        return ++calls < 500 ? 0 : static_cast<int>(vector);
    };
    guest->run();
    expect_end(XCPU_EXIT_ANSWERED, 100, behind_end - 2);
    EXPECT_EQ(500, calls);
}

TEST_P(OnInt, AKickEndsTheRun)
{
    answer = [&](struct xcpu *cpu, uint32_t) {
        if (++calls == 300)
            xcpu_kick(cpu);
        return 0;
    };
    guest->run();
    EXPECT_EQ(XCPU_EXIT_KICK, guest->exit.reason);
    EXPECT_EQ(behind_call, guest->regs.eip);
    EXPECT_EQ(300, calls);
}

TEST_P(OnInt, AStepIsTakenBehindIt)
{
    answer = [&](struct xcpu *cpu, uint32_t) {
        struct xcpu_regs regs;

        if (++calls == 300) {
            xcpu_get_regs(cpu, &regs);
            regs.eflags |= XCPU_TF;
            xcpu_set_regs(cpu, &regs);
        }
        return 0;
    };
    guest->run();
    expect_end(XCPU_EXIT_EXCEPTION, XCPU_DB, code_at + 9); /* behind LOOP */
    EXPECT_EQ(300, calls);
}

TEST_P(OnInt, CodeMayChangeMeanwhile)
{
    answer = [&](struct xcpu *, uint32_t vector) {
        if (++calls == 300)
            memory->place(code_at + 14, {0xcd, 0x65, 0xf4});
        return vector == 101 ? 1 : 0;
    };
    guest->run();
    expect_end(XCPU_EXIT_ANSWERED, 1, code_at + 16);
    EXPECT_EQ(301, calls);
}

TEST_P(OnInt, AForksChildGoesOn)
{
    pid_t child = -1;
    int status = 0;

    answer = [&](struct xcpu *cpu, uint32_t vector) {
        if (++calls == 300) {
            child = fork();
            if (child == 0)
                xcpu_machine_after_fork(memory->machine, cpu);
        }
        return vector == 99 ? 0 : 7;
    };
    guest->run();
    if (child == 0)
        _exit(guest->exit.reason == XCPU_EXIT_ANSWERED && calls == rounds + 1
                  ? 77
                  : 1);
    ASSERT_EQ(child, waitpid(child, &status, 0));
    EXPECT_EQ(77, WEXITSTATUS(status));
    expect_end(XCPU_EXIT_ANSWERED, 7, behind_end);
    EXPECT_EQ(rounds + 1, calls);
}

TEST_P(OnInt, IsNotAskedWhereTheBudgetIsLimited)
{
    guest->run(1000000);
    expect_end(XCPU_EXIT_INT, 99, behind_call);
    EXPECT_EQ(0, calls);
}

INSTANTIATE_TEST_SUITE_P(Engines, OnInt,
                         testing::Values(XCPU_ENGINE_INTERP, XCPU_ENGINE_JIT));

TEST(OnIntLockstep, IsNotAsked)
{
    struct xcpu_config config = config_for(XCPU_ENGINE_LOCKSTEP);

    config.on_int = on_int;
    answer = [](struct xcpu *, uint32_t) -> int {
        ADD_FAILURE();
        return 1;
    };
    Memory memory(config);
    Guest guest(memory);
    if (!guest.usable())
        GTEST_SKIP() << "no such engine for this host";
    install_handlers();
    memory.place(code_at, loop);
    guest.run();
    EXPECT_EQ(XCPU_EXIT_INT, guest.exit.reason);
    EXPECT_EQ(99u, guest.exit.vector);
}

} // namespace
