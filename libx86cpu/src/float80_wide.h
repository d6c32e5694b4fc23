/* float80_wide.h -- values of 128 bits, for transcendental functions. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FLOAT80_WIDE_H
#define X86CPU_FLOAT80_WIDE_H

#include "float80_parts.h"

/*
 * Operations on struct xcpu_f80_wide with a few units in the last of 128
 * places for an error, so that rounding to 64 bits is right but for operands
 * within 2^-55 units in the last place of a tie. hi 0 is zero.
 */
static inline struct xcpu_f80_wide xcpu_wide(uint64_t hi, uint64_t lo,
                                             int exponent)
{
    return (struct xcpu_f80_wide){hi, lo, exponent + XCPU_F80_BIAS, 0};
}

static inline struct xcpu_f80_wide xcpu_wide_one(void)
{
    return xcpu_wide(XCPU_F80_INTEGER, 0, 0);
}

static inline struct xcpu_f80_wide xcpu_wide_negate(struct xcpu_f80_wide a)
{
    a.sign ^= 1;
    return a;
}

struct xcpu_f80_wide xcpu_wide_add(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b);
struct xcpu_f80_wide xcpu_wide_mul(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b);
/* b: not zero. */
struct xcpu_f80_wide xcpu_wide_div(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b);
struct xcpu_f80_wide xcpu_wide_div_small(struct xcpu_f80_wide a, uint32_t b);
struct xcpu_f80_wide xcpu_wide_from_int(int32_t value);

/* 1 + a * b and 1 - a * b, divided by n: steps of power series. */
struct xcpu_f80_wide xcpu_wide_step(struct xcpu_f80_wide a,
                                    struct xcpu_f80_wide b, uint32_t n);

/* The sum over k of a^(2k+1) / (2k+1), for signs all equal (atanh, 1) or by
 * turns (atan, -1); |a| below 0.18. */
struct xcpu_f80_wide xcpu_wide_odd_series(struct xcpu_f80_wide a, int sign);

/* Rounds to a register and raises PE, as CPUs do for exact results too. */
struct xcpu_f80 xcpu_wide_finish(struct xcpu_f80_env *env,
                                 struct xcpu_f80_wide value);

#endif
