/* fpu_state.h -- x87, MMX and SSE registers of one cpu. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FPU_STATE_H
#define X86CPU_FPU_STATE_H

#include <stdint.h>

/*
 * One x87 data register, as FSTP m80 stores it; the padding keeps registers
 * apart by 16 bytes. An MMX register is the mantissa of the physical one of
 * its number.
 */
struct xcpu_f80 {
    uint64_t mantissa;
    uint16_t exponent; /* bit 15: sign; biased by 16383 */
} __attribute__((aligned(16)));

union xcpu_xmm {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
} __attribute__((aligned(16)));

/* Where the x87 registers are. */
enum xcpu_x87_mode {
    XCPU_X87_MEMORY,     /* in struct xcpu_fpu */
    XCPU_X87_MMX,        /* there, and as any MMX instruction leaves them: TOP
                            0, all valid, no exception pending */
    XCPU_X87_HOST,       /* in the host's x87, all exceptions masked */
    XCPU_X87_HOST_STRICT /* in the host's x87, some unmasked: instructions that
                            wait look for a pending one first */
};

/* Where MXCSR's exception flags are collected. */
enum xcpu_sse_mode {
    XCPU_SSE_MEMORY,     /* in struct xcpu_fpu */
    XCPU_SSE_HOST,       /* in the host's MXCSR, which holds the guest's
                            rounding, DAZ and FTZ; all exceptions masked */
    XCPU_SSE_HOST_STRICT /* likewise, but the guest unmasks some exceptions,
                            not underflow: flags are looked at after each
                            instruction */
};

/*
 * The registers. In the modes HOST, what has no "exact in all modes" beside it
 * may be old: xcpu_fpu_leave brings it up to date.
 */
struct xcpu_fpu {
    uint8_t x87_mode;      /* enum xcpu_x87_mode */
    uint8_t sse_mode;      /* enum xcpu_sse_mode */
    uint8_t portable;      /* 1: compute without the host's x87 and SSE */
    uint8_t top;           /* 0..7 */
    uint8_t valid;         /* a bit per physical register: not empty */
    uint16_t host_control; /* the application's, while in the host's x87 */
    uint32_t host_mxcsr;   /* the application's, while in the host's MXCSR */
    uint16_t control;      /* FCW; exact in all modes */
    uint16_t status;       /* FSW without TOP, ES and B */
    /*
     * Of x87 instructions but for control ones, exact in all modes: FIP of the
     * last one; FOP, 11 bits, and FDP of the last one that an unmasked
     * exception was raised by, as CPUs of CPUID.7:EBX[6] have it (SDM 1,
     * 8.1.8 and 8.1.9). Selectors are always 0 in images, as CPUs of
     * CPUID.7:EBX[13] have it.
     */
    uint32_t opcode;
    uint32_t code_offset;
    uint32_t data_offset;
    uint32_t mxcsr;        /* its control bits are exact in all modes */
    uint32_t raised;       /* by portable SSE arithmetic, see sse_soft.h */
    struct xcpu_f80 st[8]; /* physical registers: ST(i) is (top + i) & 7 */
    union xcpu_xmm xmm[8]; /* exact in all modes */
};

/* As FNINIT, XMM registers 0, MXCSR 0x1f80; not portable. */
void xcpu_fpu_reset(struct xcpu_fpu *fpu);

void xcpu_fpu_leave_host(struct xcpu_fpu *fpu);

/*
 * Brings all state into struct xcpu_fpu and gives the host's floating point
 * unit its own modes and an empty stack back. To be called before xcpu_run
 * returns and before it calls the application's functions: host code other
 * than the handlers must not compute with long double, float or double while
 * the guest's state is in the host. Costs two tests where it is not.
 */
static inline void xcpu_fpu_leave(struct xcpu_fpu *fpu)
{
    if (fpu->x87_mode >= XCPU_X87_HOST || fpu->sse_mode != XCPU_SSE_MEMORY)
        xcpu_fpu_leave_host(fpu);
}

/*
 * The same where a host signal ended a handler: host_fpregs is the
 * interrupted context's FXSAVE image (uc_mcontext.fpregs on x86-64 Linux,
 * else NULL). Called in the signal handler, or after it with a copy of the
 * 512 bytes.
 */
void xcpu_fpu_interrupted(struct xcpu_fpu *fpu, const void *host_fpregs);

#endif
