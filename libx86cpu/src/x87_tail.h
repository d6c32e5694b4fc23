/* x87_tail.h -- from a common handler to its rare one. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_X87_TAIL_H
#define X86CPU_X87_TAIL_H

#include "interp.h"

/*
 * Before the return of another handler's call: a jump, as XCPU_JUMP. Handlers
 * of x87, MMX and SSE instructions find the registers in one mode almost
 * always (fpu_state.h); the others are dealt with in handlers apart, so that
 * the common ones save no registers of the host.
 */
#if XCPU_TAIL_CALLS && defined(__clang__)
#define XCPU_TAIL __attribute__((musttail))
#else
#define XCPU_TAIL
#endif

/* What XCPU_TAIL jumps to. */
#define XCPU_RARE __attribute__((noinline, cold))

#endif
