/* exception.c -- processor exceptions as signals. */
/* SPDX-License-Identifier: MIT */
#include "kernel.h"
#include "signals.h"

/* haiku-abi/x86-32.md, section 10: the signal of each vector. */
static int signal_of(uint32_t vector)
{
    switch (vector) {
    case 0:  /* #DE */
    case 4:  /* #OF */
    case 16: /* #MF */
    case 19: /* #XM */
        return HK_SIGFPE;
    case 1: /* #DB */
    case 3: /* #BP: nobody debugs, so the trap is the end */
    case 5: /* #BR */
        return HK_SIGTRAP;
    case 6:  /* #UD */
    case 13: /* #GP */
        return HK_SIGILL;
    case 17: /* #AC */
        return HK_SIGBUS;
    default:
        return HK_SIGSEGV;
    }
}

enum hk_action hk_exception(struct hk_thread *thread, uint32_t vector,
                            uint32_t error_code, uint32_t address)
{
    struct hk_registers registers;
    const struct hk_host *host = hk_kernel_of(thread)->config.host;
    int signal = signal_of(vector);

    host->cpu->get_registers(thread->cpu, &registers);
    hk_report(hk_kernel_of(thread),
              "%s: exception %u (error code 0x%x) at 0x%08x, address 0x%08x",
              thread->team->name, vector, error_code, registers.eip, address);
    hk_end_team(thread, 0, signal);
    return HK_EXIT;
}
