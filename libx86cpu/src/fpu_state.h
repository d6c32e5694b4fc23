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
    _Alignas(16) uint64_t mantissa;
    uint16_t exponent; /* bit 15: sign; biased by 16383 */
};

union xcpu_xmm {
    _Alignas(16) uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
};

/*
 * Where the last non-control x87 instruction was: FIP, FCS (0, as CPUs of
 * CPUID.7:EBX[13] save it, unless a loaded image says otherwise) and FOP.
 */
struct xcpu_x87_origin {
    uint32_t ip;
    uint16_t cs;
    uint16_t opcode; /* 11 bits: low bits of the escape byte, ModRM */
};

struct xcpu_fpu {
    struct xcpu_f80 st[8];  /* physical registers: ST(i) is (top + i) & 7 */
    union xcpu_xmm xmm[8];
    uint16_t control;       /* FCW */
    uint16_t status;        /* FSW without TOP, ES and B */
    uint8_t top;            /* 0..7 */
    uint8_t valid;          /* a bit per physical register: not empty */
    uint16_t data_selector; /* FDS, like FCS */
    struct xcpu_x87_origin origin;
    uint32_t data_offset;   /* FDP */
    uint32_t mxcsr;         /* without what host_mxcsr has yet to add */
    /*
     * 1 while the host's MXCSR holds the guest's rounding, DAZ and FTZ and
     * collects its exception flags, see xcpu_fpu_leave. Host code other than
     * the handlers must not run then.
     */
    uint8_t host_mxcsr;
};

/* As FNINIT, XMM registers 0, MXCSR 0x1f80. */
void xcpu_fpu_reset(struct xcpu_fpu *fpu);

void xcpu_fpu_leave_host(struct xcpu_fpu *fpu);

/*
 * Gives the host's floating point unit its own modes back and collects the
 * flags it holds for the guest. To be called before xcpu_run returns and
 * before it calls the application's functions; costs one test when no SSE
 * arithmetic has run since.
 */
static inline void xcpu_fpu_leave(struct xcpu_fpu *fpu)
{
    if (fpu->host_mxcsr)
        xcpu_fpu_leave_host(fpu);
}

/*
 * The same where a host signal ended a handler: host_fpregs is the
 * interrupted context's FXSAVE image (uc_mcontext.fpregs on x86-64 Linux,
 * else NULL). Called in the signal handler, or after it with a copy.
 */
void xcpu_fpu_interrupted(struct xcpu_fpu *fpu, const void *host_fpregs);

#endif
