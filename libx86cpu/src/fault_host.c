/* fault_host.c -- what the host's signal frame says of a fault. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <signal.h>
#include <ucontext.h>

void xcpu_read_host_fault(const void *siginfo, const void *ucontext,
                          struct xcpu_host_fault *fault)
{
    const siginfo_t *info = siginfo;
    fault->address = (uintptr_t)info->si_addr;
    fault->present = info->si_signo == SIGSEGV && info->si_code == SEGV_ACCERR;
#if defined(__x86_64__) && defined(__linux__)
    const ucontext_t *context = ucontext;
    fault->general = info->si_signo == SIGSEGV && info->si_code == SI_KERNEL;
    fault->write = (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
    fault->fpregs = context->uc_mcontext.fpregs;
#else
    (void)ucontext;
    fault->general = 0;
    fault->write = -1;
    fault->fpregs = NULL;
#endif
}
