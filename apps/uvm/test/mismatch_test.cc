/* mismatch_test.cc -- what a user is told where the engines differ. */
/* SPDX-License-Identifier: MIT */
#define _Noreturn [[noreturn]]
extern "C" {
#include "apps/uvm/uvm.h"
}

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <gtest/gtest.h>
#include <vector>

namespace
{

constexpr uint32_t code_at = 0x20000000;
struct xcpu *running;

void on_fault(int signo, siginfo_t *info, void *context)
{
    if (!gm_on_fault(info, context) &&
        !xcpu_on_fault(running, signo, info, context))
        signal(signo, SIG_DFL);
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
        if (at != end)
            std::copy(is.begin(), is.end(), at);
    }
    fclose(maps);
}

TEST(Mismatch, IsReportedWithCodeAndRegisters)
{
    static const uint8_t code[] = {0xeb, 0x00,                   /* jmp */
                                   0xba, 0x77, 0x66, 0x55, 0x44, /* mov edx */
                                   0xcd, 0x63};                  /* int 99 */
    struct uvm_options options = {};
    struct uvm uvm = {};
    struct gm_mapping mapping = {};
    struct sigaction action = {};
    struct xcpu_exit exit;
    struct xcpu_regs regs;

    options.engine = XCPU_ENGINE_LOCKSTEP;
    uvm.options = &options;
    ASSERT_EQ(0, gm_space_new(32, &uvm.space));
    mapping.address = code_at;
    mapping.size = GM_PAGE_SIZE;
    mapping.prot = GM_PROT_READ | GM_PROT_WRITE | GM_PROT_EXEC;
    mapping.fd = -1;
    ASSERT_EQ(0, gm_map(uvm.space, &mapping));
    const int result = uvm_machine_new(&uvm);
    if (result == XCPU_ERR_UNSUPPORTED) {
        gm_space_free(uvm.space);
        GTEST_SKIP() << "no translator for this host";
    }
    ASSERT_EQ(0, result);
    ASSERT_EQ(0, gm_copy_out(uvm.space, code_at, code, sizeof(code)));
    ASSERT_EQ(0, xcpu_new(uvm.machine, &running));
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &action, nullptr);
    xcpu_get_regs(running, &regs);
    regs.eip = code_at;
    for (const auto reason : {XCPU_EXIT_INT, XCPU_EXIT_MISMATCH}) {
        xcpu_set_regs(running, &regs);
        xcpu_run(running, XCPU_BUDGET_UNLIMITED, &exit);
        ASSERT_EQ(reason, exit.reason);
        spoil({0x77, 0x66, 0x55, 0x44}, {0x77, 0x99, 0x55, 0x44});
    }
    EXPECT_EXIT(uvm_report_mismatch(&uvm, running),
                testing::ExitedWithCode(UVM_EXIT_FAILURE),
                "the 2 instructions from 0x20000002 on\n"
                "uvm:   20000002  mov edx, 0x44556677\n"
                "(.|\n)*edx +00000000  interp 44556677  jit 44559977");
    xcpu_free(running);
    xcpu_machine_free(uvm.machine);
    gm_space_free(uvm.space);
}

} // namespace
