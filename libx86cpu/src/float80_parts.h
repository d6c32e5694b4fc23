/* float80_parts.h -- classes of operands and what float80*.c share. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FLOAT80_PARTS_H
#define X86CPU_FLOAT80_PARTS_H

#include "float80.h"

__extension__ typedef unsigned __int128 xcpu_u128;

#define XCPU_F80_SIGN     0x8000u
#define XCPU_F80_EXPONENT 0x7fffu
#define XCPU_F80_INTEGER  (UINT64_C(1) << 63)
#define XCPU_F80_QUIET    (UINT64_C(1) << 62)
#define XCPU_F80_BIAS     16383

enum xcpu_f80_class {
    XCPU_F80_ZERO,
    XCPU_F80_DENORMAL, /* a pseudo-denormal too */
    XCPU_F80_NORMAL,
    XCPU_F80_INFINITY,
    XCPU_F80_QNAN,
    XCPU_F80_SNAN,
    XCPU_F80_UNSUPPORTED /* unnormal, pseudo-infinity, pseudo-NaN */
};

static inline enum xcpu_f80_class xcpu_f80_classify(struct xcpu_f80 a)
{
    unsigned exponent = a.exponent & XCPU_F80_EXPONENT;

    if (exponent == 0)
        return a.mantissa ? XCPU_F80_DENORMAL : XCPU_F80_ZERO;
    if (!(a.mantissa & XCPU_F80_INTEGER))
        return XCPU_F80_UNSUPPORTED;
    if (exponent != XCPU_F80_EXPONENT)
        return XCPU_F80_NORMAL;
    if (a.mantissa == XCPU_F80_INTEGER)
        return XCPU_F80_INFINITY;
    return a.mantissa & XCPU_F80_QUIET ? XCPU_F80_QNAN : XCPU_F80_SNAN;
}

static inline struct xcpu_f80 xcpu_f80_make(int sign, unsigned exponent,
                                            uint64_t mantissa)
{
    return (struct xcpu_f80){mantissa, (uint16_t)(sign << 15 | (int)exponent)};
}

static inline int xcpu_f80_sign(struct xcpu_f80 a)
{
    return a.exponent >> 15;
}

static inline struct xcpu_f80 xcpu_f80_infinity(int sign)
{
    return xcpu_f80_make(sign, XCPU_F80_EXPONENT, XCPU_F80_INTEGER);
}

static inline struct xcpu_f80 xcpu_f80_zero(int sign)
{
    return xcpu_f80_make(sign, 0, 0);
}

/* The real indefinite, with IE raised. */
static inline struct xcpu_f80 xcpu_f80_invalid(struct xcpu_f80_env *env)
{
    env->status |= XCPU_X87_IE;
    return xcpu_f80_make(1, XCPU_F80_EXPONENT,
                         XCPU_F80_INTEGER | XCPU_F80_QUIET);
}

/* 1: an exception that leaves no result has been raised and is unmasked. */
static inline int xcpu_f80_faulted(const struct xcpu_f80_env *env)
{
    return (env->status & ~env->control &
            (XCPU_X87_IE | XCPU_X87_DE | XCPU_X87_ZE)) != 0;
}

/* A finite value, not zero, normalised. */
static inline struct xcpu_f80_wide xcpu_f80_unpack(struct xcpu_f80 a)
{
    struct xcpu_f80_wide wide = {.hi = a.mantissa, .sign = xcpu_f80_sign(a)};
    int shift = __builtin_clzll(a.mantissa);

    wide.exponent = a.exponent & XCPU_F80_EXPONENT;
    if (wide.exponent == 0)
        wide.exponent = 1;
    wide.hi <<= shift;
    wide.exponent -= shift;
    return wide;
}

/* What xcpu_f80_round made of a value, in xcpu_f80_extended's range. */
static inline struct xcpu_f80 xcpu_f80_pack(struct xcpu_f80_wide wide)
{
    int denormal = wide.exponent == 1 && !(wide.hi & XCPU_F80_INTEGER);

    return xcpu_f80_make(wide.sign, denormal ? 0 : (unsigned)wide.exponent,
                         wide.hi);
}

/* a >> count with the lost bits in the lowest one. */
static inline xcpu_u128 xcpu_u128_shift_sticky(xcpu_u128 a, uint32_t count)
{
    if (count == 0)
        return a;
    if (count > 127)
        return a != 0;
    return a >> count | ((a << (128 - count)) != 0);
}

/*
 * Operands that are no numbers: an unsupported one or a NaN. Returns 1 with
 * *result set to what the operation makes of it, 0 where there is none.
 */
int xcpu_f80_special(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     struct xcpu_f80 b, struct xcpu_f80 *result);
int xcpu_f80_special_one(struct xcpu_f80_env *env, struct xcpu_f80 a,
                         struct xcpu_f80 *result);

/* Raises DE for denormal operands; returns xcpu_f80_faulted. */
int xcpu_f80_denormal(struct xcpu_f80_env *env, struct xcpu_f80 a,
                      struct xcpu_f80 b);

/* Rounds to all 64 bits, whatever the precision control says. */
struct xcpu_f80 xcpu_f80_finish(struct xcpu_f80_env *env,
                                struct xcpu_f80_wide wide);

#endif
