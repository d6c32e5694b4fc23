/* run.h -- the loop around blocks. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_RUN_H
#define X86CPU_RUN_H

#include "cpu.h"

/* xcpu_run with the engine that the machine, or cpu->trial, wants. */
void xcpu_run_engine(struct xcpu *cpu, uint64_t budget, struct xcpu_exit *exit);

/* Whether something pending ends the run, by a kick. */
int xcpu_look_at_pending(struct xcpu *cpu);

/*
 * Where the exit is INT n and the application answers it inside of xcpu_run:
 * 1 to go on at cpu->eip; else 0, with the exit as xcpu_run is to return it.
 */
int xcpu_answer_int(struct xcpu *cpu);

#endif
