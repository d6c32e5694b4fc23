/* steps.h -- what each instruction changed. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_STEPS_H
#define TR_STEPS_H

#include "state.h"
#include "trace.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    TR_STEP_CONTROL = 9, /* FCW, FSW, FTW, MXCSR */
    TR_STEP_ST = TR_STEP_CONTROL,
    TR_STEP_XMM = TR_STEP_ST + 80,
    TR_STEP_FPU_SIZE = TR_STEP_XMM + 128
};

/* A thread's state as steps have it. fpu: control words, then the eight
 * registers of the x87 by their physical number, then XMM0 to XMM7. */
struct tr_step_state {
    uint64_t thread;
    struct xcpu_regs regs;
    uint8_t fpu[TR_STEP_FPU_SIZE];
};

void tr_get_step_state(const struct xcpu *cpu, uint64_t thread,
                       struct tr_step_state *state);

/* Appends the next instruction. before may differ from what was behind the last
 * one: others had their turn, or a call gave something back. 0 or TR_ERR_*. */
int tr_write_step(struct tr_writer *writer, const struct tr_step_state *before,
                  const struct tr_step_state *after);

struct tr_step {
    uint64_t number; /* instructions before it */
    uint32_t eip;    /* its address */
    struct tr_step_state after;
};

/* The next instruction: 1; 0 at the end; TR_ERR_DAMAGED as tr_read_event has
 * it, and the next call goes on behind what is missing. */
int tr_read_step(struct tr_reader *reader, struct tr_step *step,
                 struct tr_fault *fault);

/* Goes to an instruction: 0, or TR_ERR_INVALID when the trace has no such
 * step. */
int tr_reader_seek_step(struct tr_reader *reader, uint64_t number);

/* Whether two states are the same in what every engine has to agree on; if not
 * *what names what is different, with both values. */
int tr_same_step_state(const struct tr_step_state *found,
                       const struct tr_step_state *expected, const char **what,
                       uint64_t values[2]);

#ifdef __cplusplus
}
#endif
#endif
