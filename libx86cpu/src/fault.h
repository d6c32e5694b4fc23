/* fault.h -- host faults that are guest exceptions. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FAULT_H
#define X86CPU_FAULT_H

#include "cpu.h"

/* Both end the instruction of cpu->slot. */
_Noreturn void xcpu_raise_page_fault(struct xcpu *cpu, uint32_t address,
                                     uint32_t error_code);
_Noreturn void xcpu_repeat_alone(struct xcpu *cpu);

/* Leaves the handler of the host's signal for xcpu_raise_crossing: that raises
 * the page fault of a load that crossed into a page, or the one that a store to
 * its first bytes would have been before. */
_Noreturn void xcpu_leave_crossing(struct xcpu *cpu);
_Noreturn void xcpu_raise_crossing(struct xcpu *cpu);

/* Outside the signal handler: what only the memory's owner knows of a page
 * fault, and what comes before it. */
void xcpu_finish_exit(struct xcpu *cpu);

/* What the host says of a fault (fault_host.c). */
struct xcpu_host_fault {
    uintptr_t address;
    int present;        /* the page was mapped with another protection */
    int write;          /* 1, 0, or -1: not known */
    int general;        /* 1: #GP, it has no address */
    const void *fpregs; /* FXSAVE image of the interrupted context, or NULL */
};

void xcpu_read_host_fault(const void *siginfo, const void *ucontext,
                          struct xcpu_host_fault *fault);

#endif
