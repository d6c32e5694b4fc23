/* access_x86_64.c -- leaving a copy at its fault; Linux on x86-64. */
/* SPDX-License-Identifier: MIT */

#include "access.h"

#ifdef GM_ACCESS_BY_FAULT

#include <signal.h>
#include <ucontext.h>

#include "guestmem/guestmem.h"

#define HIDDEN __attribute__((visibility("hidden")))

extern const char gm_access_begin[] HIDDEN;
extern const char gm_access_end[] HIDDEN;
extern const char gm_access_failed[] HIDDEN;

int gm_on_fault(void *siginfo, void *ucontext)
{
    const siginfo_t *info = siginfo;
    greg_t *regs = ((ucontext_t *)ucontext)->uc_mcontext.gregs;
    uintptr_t pc = (uintptr_t)regs[REG_RIP];

    if (info->si_signo != SIGSEGV && info->si_signo != SIGBUS)
        return 0;
    /* A signal that was sent, by kill(2) say, is no fault. */
    if (info->si_code <= 0 || pc < (uintptr_t)gm_access_begin ||
        pc >= (uintptr_t)gm_access_end)
        return 0;
    /* The caller's own buffer may be the bad one: that is a bug to be seen. */
    struct gm_access *access = (struct gm_access *)regs[REG_R8];
    uintptr_t address = (uintptr_t)info->si_addr;
    if (address < access->start || address >= access->end)
        return 0;
    access->is_bus = info->si_signo == SIGBUS;
    regs[REG_RIP] = (greg_t)(uintptr_t)gm_access_failed;
    return 1;
}

#endif
