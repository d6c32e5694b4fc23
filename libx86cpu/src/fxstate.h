/* fxstate.h -- memory images of the x87, MMX and SSE registers. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FXSTATE_H
#define X86CPU_FXSTATE_H

#include <stdint.h>

#include "fpu_state.h"

/* Sizes of the images; 16 and 32 name the operand size. */
enum {
    XCPU_FXSAVE_SIZE = 512,
    XCPU_FXSAVE_USED = 288, /* what FXSAVE writes in 32-bit mode */
    XCPU_FNSAVE16_SIZE = 94,
    XCPU_FNSAVE32_SIZE = 108,
    XCPU_FNSTENV16_SIZE = 14,
    XCPU_FNSTENV32_SIZE = 28
};

#define XCPU_MXCSR_RESET 0x1f80u
#define XCPU_MXCSR_MASK  0xffffu /* DAZ exists; bits above are reserved */

/*
 * The functions below want the state in struct xcpu_fpu (xcpu_fpu_leave) and
 * leave x87_mode XCPU_X87_MEMORY where they change it.
 */

struct xcpu;

/* The registers of a cpu, for who does not know the whole of it. */
struct xcpu_fpu *xcpu_fpu_of(struct xcpu *cpu);

/* FSW with TOP, ES and B. */
uint16_t xcpu_fpu_status(const struct xcpu_fpu *fpu);
/* Whether an instruction that waits raises #MF. */
int xcpu_fpu_pending(const struct xcpu_fpu *fpu);

/* x87 alone, as FNINIT. */
void xcpu_fpu_init(struct xcpu_fpu *fpu);

/* FNSTENV's images (SDM 1, 8.1.10; protected mode), size 16 or 32, and
 * FNSAVE's: the same with the registers behind it. */
void xcpu_fpu_store_environment(const struct xcpu_fpu *fpu, int size,
                                uint8_t *image);
void xcpu_fpu_load_environment(struct xcpu_fpu *fpu, int size,
                               const uint8_t *image);
void xcpu_fpu_store_all(const struct xcpu_fpu *fpu, int size, uint8_t *image);
void xcpu_fpu_load_all(struct xcpu_fpu *fpu, int size, const uint8_t *image);

/* FXSAVE's image (SDM 1, 10.5.1): XCPU_FXSAVE_USED bytes. Reserved bits of
 * MXCSR in a loaded one are ignored. */
void xcpu_fpu_store_fx(const struct xcpu_fpu *fpu, uint8_t *image);
void xcpu_fpu_load_fx(struct xcpu_fpu *fpu, const uint8_t *image);

#endif
