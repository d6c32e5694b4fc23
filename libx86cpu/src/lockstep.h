/* lockstep.h -- interpreter and translated code side by side. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_LOCKSTEP_H
#define X86CPU_LOCKSTEP_H

#include "cpu.h"

/* xcpu_run of XCPU_ENGINE_LOCKSTEP. */
void xcpu_lockstep_run(struct xcpu *cpu, uint64_t budget,
                       struct xcpu_exit *exit);

/* A cpu's copies of memory; nothing where there are none. */
void xcpu_lockstep_free(struct xcpu *cpu);

#endif
