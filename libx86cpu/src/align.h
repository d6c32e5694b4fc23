/* align.h -- alignment checks, while EFLAGS.AC is set. */
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

#endif
