/* align.h -- alignment checks, while EFLAGS.AC is set, and segment limits. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_ALIGN_H
#define X86CPU_ALIGN_H

#include "interp.h"

/* In front of an instruction: #AC when what it accesses is not aligned. */
XCPU_HANDLER(align);

/* Fills slot for that handler; returns 0 when the instruction needs none. */
int xcpu_fill_align(struct xcpu_slot *slot, const struct xcpu_insn *insn);

/* Whether the instruction, of x87 or MMX, will raise #MF before it accesses
 * memory. */
int xcpu_raises_pending(struct xcpu *cpu, const struct xcpu_slot *slot);

/*
 * Behind #PF or #AC of the instruction at cpu->eip, in cpu->exit: makes it #GP
 * or #SS, which are looked for first, where the access crosses the end of its
 * segment. No access does that without one of these, for behind the window is
 * nothing.
 */
void xcpu_check_limit(struct xcpu *cpu);

#endif
