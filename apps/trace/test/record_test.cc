/* record_test.cc -- a recorder runs as many instructions as it is told. */
/* SPDX-License-Identifier: MIT */
#include "apps/trace/record.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <cstring>

namespace
{

constexpr uint32_t CODE = 0x10000;

tr_recorder *recorder;
tr_recorder *recorders[3]; /* by level; they live as long as their process */
xcpu *cpu;

void OnFault(int signo, siginfo_t *info, void *context)
{
    if (!gm_on_fault(info, context) &&
        !tr_record_on_fault(recorder, info->si_addr) &&
        !xcpu_on_fault(cpu, signo, info, context))
        signal(signo, SIG_DFL);
}

/* A processor whose program is recorded. */
class Record : public testing::TestWithParam<enum tr_level>
{
  protected:
    Record()
    {
        struct sigaction action = {};
        tr_record_config config = {};
        xcpu_config machine_config = {};

        action.sa_sigaction = OnFault;
        action.sa_flags = SA_SIGINFO | SA_NODEFER;
        sigaction(SIGSEGV, &action, nullptr);
        EXPECT_EQ(gm_space_new(32, &space), 0);
        config.space = space;
        config.level = GetParam();
        EXPECT_EQ(tr_recorder_new(memfd_create("trace", 0), &config, &recorder),
                  0);
        recorders[GetParam()] = recorder;
        machine_config.memory = tr_memory_window(tr_recorder_memory(recorder));
        machine_config.counted = 1;
        EXPECT_EQ(xcpu_machine_new(&machine_config, &machine), 0);
        EXPECT_EQ(xcpu_new(machine, &cpu), 0);
    }

    ~Record() override
    {
        tr_record_free_cpu(recorder, cpu);
        xcpu_free(cpu);
        xcpu_machine_free(machine);
        EXPECT_EQ(tr_recorder_finish(recorder, 0, 0), 0);
        gm_space_free(space);
    }

    void Place(const void *code, size_t size)
    {
        gm_mapping mapping = {};

        mapping.address = CODE;
        mapping.size = GM_PAGE_SIZE;
        mapping.prot = GM_PROT_READ | GM_PROT_WRITE | GM_PROT_EXEC;
        mapping.fd = -1;
        ASSERT_EQ(gm_map(space, &mapping), 0);
        ASSERT_EQ(gm_copy_out(space, CODE, code, size), 0);
    }

    gm_space *space = nullptr;
    xcpu_machine *machine = nullptr;
};

TEST_P(Record, RunsAsManyInstructionsAsItIsTold)
{
    const uint8_t code[] = {0x40, 0xeb, 0xfd}; /* 1: inc %eax; jmp 1b */
    xcpu_regs regs;
    xcpu_exit exit;
    uint64_t total = 0;

    Place(code, sizeof(code));
    xcpu_get_regs(cpu, &regs);
    regs.eip = CODE;
    xcpu_set_regs(cpu, &regs);
    for (uint64_t budget : {1u, 2u, 99u, 5000u, 30000u}) {
        tr_record_run(recorder, cpu, budget, &exit);
        EXPECT_EQ(exit.reason, XCPU_EXIT_BUDGET);
        EXPECT_EQ(exit.executed, budget);
        total += budget;
        EXPECT_EQ(xcpu_get_gpr(cpu, XCPU_EAX), (total + 1) / 2);
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, Record,
                         testing::Values(TR_LEVEL_EVENTS, TR_LEVEL_HASH,
                                         TR_LEVEL_FULL),
                         [](const auto &level) {
                             return tr_level_name(level.param);
                         });

} // namespace
