/* sse_soft.h -- SSE arithmetic in integers, for any host. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_SSE_SOFT_H
#define X86CPU_SSE_SOFT_H

#include "fpu_state.h"
#include "mmx_packed.h"

/*
 * Each function computes by fpu->mxcsr and leaves the flags it raises in
 * fpu->raised; where an unmasked one is among them what it returns is to be
 * ignored. a is the destination's old value, b the source.
 */
#define XCPU_SSE_ARITHMETIC(X)                                                 \
    X(addps)                                                                   \
    X(addpd)                                                                   \
    X(addss)                                                                   \
    X(addsd)                                                                   \
    X(subps)                                                                   \
    X(subpd)                                                                   \
    X(subss)                                                                   \
    X(subsd)                                                                   \
    X(mulps)                                                                   \
    X(mulpd)                                                                   \
    X(mulss)                                                                   \
    X(mulsd)                                                                   \
    X(divps)                                                                   \
    X(divpd)                                                                   \
    X(divss)                                                                   \
    X(divsd)                                                                   \
    X(minps)                                                                   \
    X(minpd)                                                                   \
    X(minss)                                                                   \
    X(minsd)                                                                   \
    X(maxps)                                                                   \
    X(maxpd)                                                                   \
    X(maxss)                                                                   \
    X(maxsd)                                                                   \
    X(sqrtps)                                                                  \
    X(sqrtpd)                                                                  \
    X(sqrtss)                                                                  \
    X(sqrtsd)                                                                  \
    X(cvtps2pd)                                                                \
    X(cvtpd2ps)                                                                \
    X(cvtss2sd)                                                                \
    X(cvtsd2ss)                                                                \
    X(cvtdq2ps)                                                                \
    X(cvtdq2pd)                                                                \
    X(cvtps2dq)                                                                \
    X(cvttps2dq)                                                               \
    X(cvtpd2dq)                                                                \
    X(cvttpd2dq)

#define X(name)                                                                \
    xcpu_vector xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector a,          \
                                 xcpu_vector b);
XCPU_SSE_ARITHMETIC(X)
#undef X

/* CMPPS and its relatives, predicates 0 to 7. */
xcpu_vector xcpu_soft_cmpps(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                            unsigned predicate);
xcpu_vector xcpu_soft_cmppd(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                            unsigned predicate);
xcpu_vector xcpu_soft_cmpss(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                            unsigned predicate);
xcpu_vector xcpu_soft_cmpsd(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                            unsigned predicate);

/* EFLAGS of COMISS (quiet 0) and UCOMISS (1), and for doubles. */
uint32_t xcpu_soft_comiss(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                          int quiet);
uint32_t xcpu_soft_comisd(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                          int quiet);

/* CVTSI2SS, CVTSS2SI (truncate: CVTTSS2SI), and for doubles. */
xcpu_vector xcpu_soft_cvtsi2ss(struct xcpu_fpu *fpu, xcpu_vector a, int32_t b);
xcpu_vector xcpu_soft_cvtsi2sd(struct xcpu_fpu *fpu, xcpu_vector a, int32_t b);
int32_t xcpu_soft_cvtss2si(struct xcpu_fpu *fpu, xcpu_vector b, int truncate);
int32_t xcpu_soft_cvtsd2si(struct xcpu_fpu *fpu, xcpu_vector b, int truncate);

/* RCPPS and RSQRTPS of one lane, as Intel's processors have them; no flags. */
uint32_t xcpu_soft_rcp(uint32_t b);
uint32_t xcpu_soft_rsqrt(uint32_t b);

#endif
