/* float80_scale.c -- integral values, exponents and remainders. */
/* SPDX-License-Identifier: MIT */
#include "float80.h"
#include "float80_parts.h"

static const struct xcpu_f80 one = {XCPU_F80_INTEGER, XCPU_F80_BIAS};

/* FRNDINT of a finite value below 2^63: its bits below the binary point. */
static struct xcpu_f80 round_fraction(struct xcpu_f80_env *env,
                                      struct xcpu_f80_wide a)
{
    /* One unit is the lowest bit of a format of this many bits. */
    struct xcpu_f80_format format = {a.exponent - XCPU_F80_BIAS + 1, 0, 32766,
                                     0};
    int sign = a.sign;

    if (format.precision < 1) {
        /* Below one: rounds to 0 or 1 by what a value of 2^-1, or any below
         * it, does at the unit 2^0. */
        int half = a.exponent == XCPU_F80_BIAS - 1;
        uint16_t rounding = env->control & XCPU_ROUND;
        int up = rounding == XCPU_ROUND_NEAREST
                     ? half && a.hi > XCPU_F80_INTEGER
                     : rounding == (sign ? XCPU_ROUND_DOWN : XCPU_ROUND_UP);

        env->status |= XCPU_X87_PE;
        if (!up)
            return xcpu_f80_zero(sign);
        env->status |= XCPU_X87_C1;
        return xcpu_f80_make(sign, one.exponent, one.mantissa);
    }
    xcpu_f80_round(env, &format, &a);
    return xcpu_f80_pack(a);
}

struct xcpu_f80 xcpu_f80_round_int(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);
    struct xcpu_f80 result;

    if (xcpu_f80_special_one(env, a, &result))
        return result;
    if (xcpu_f80_denormal(env, a, a))
        return a;
    if (kind == XCPU_F80_ZERO || kind == XCPU_F80_INFINITY ||
        (a.exponent & XCPU_F80_EXPONENT) >= XCPU_F80_BIAS + 63)
        return a;
    return round_fraction(env, xcpu_f80_unpack(a));
}

/* The integer part of a finite value, at most 2^17 away from zero: beyond
 * that every result of FSCALE is the same. */
static int32_t truncate(struct xcpu_f80 a)
{
    int exponent = (int)(a.exponent & XCPU_F80_EXPONENT) - XCPU_F80_BIAS;
    int32_t value;

    if (exponent < 0)
        return 0;
    value = exponent > 16 ? 1 << 17 : (int32_t)(a.mantissa >> (63 - exponent));
    return xcpu_f80_sign(a) ? -value : value;
}

struct xcpu_f80 xcpu_f80_scale(struct xcpu_f80_env *env, struct xcpu_f80 a,
                               struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80_wide wide;
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (b_kind == XCPU_F80_INFINITY &&
        a_kind == (xcpu_f80_sign(b) ? XCPU_F80_INFINITY : XCPU_F80_ZERO))
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (a_kind == XCPU_F80_ZERO || a_kind == XCPU_F80_INFINITY)
        return a;
    if (b_kind == XCPU_F80_INFINITY)
        return xcpu_f80_sign(b) ? xcpu_f80_zero(xcpu_f80_sign(a))
                                : xcpu_f80_infinity(xcpu_f80_sign(a));
    wide = xcpu_f80_unpack(a);
    wide.exponent += truncate(b);
    return xcpu_f80_finish(env, wide);
}

struct xcpu_f80 xcpu_f80_extract(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                 struct xcpu_f80 *exponent)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);
    struct xcpu_f80_wide wide;
    struct xcpu_f80 result;

    if (xcpu_f80_special_one(env, a, &result)) {
        *exponent = result;
        return result;
    }
    *exponent = xcpu_f80_infinity(kind == XCPU_F80_ZERO);
    if (kind == XCPU_F80_ZERO)
        env->status |= XCPU_X87_ZE;
    if (kind == XCPU_F80_ZERO || kind == XCPU_F80_INFINITY ||
        xcpu_f80_denormal(env, a, a))
        return a;
    wide = xcpu_f80_unpack(a);
    *exponent = xcpu_f80_from_int(wide.exponent - XCPU_F80_BIAS);
    return xcpu_f80_make(wide.sign, XCPU_F80_BIAS, wide.hi);
}

/* ---- FPREM, FPREM1 ---- */

static void set_quotient(struct xcpu_f80_env *env, uint64_t quotient)
{
    if (quotient & 1)
        env->status |= XCPU_X87_C1;
    if (quotient & 2)
        env->status |= XCPU_X87_C3;
    if (quotient & 4)
        env->status |= XCPU_X87_C0;
}

static struct xcpu_f80 finish_remainder(struct xcpu_f80_env *env,
                                        struct xcpu_f80_wide rest)
{
    int shift;

    if (rest.hi == 0)
        return xcpu_f80_zero(rest.sign);
    shift = __builtin_clzll(rest.hi);
    rest.hi <<= shift;
    rest.exponent -= shift;
    return xcpu_f80_finish(env, rest);
}

/* FPREM1 where a is between a half and a quarter of b, or less: the quotient
 * is 0 or 1. */
static struct xcpu_f80 reduce_below(struct xcpu_f80_env *env,
                                    struct xcpu_f80_wide a,
                                    struct xcpu_f80_wide b)
{
    if (b.exponent - a.exponent > 1 || a.hi <= b.hi)
        return xcpu_f80_finish(env, a);
    a.hi = b.hi - (a.hi - b.hi);
    a.sign ^= 1;
    set_quotient(env, 1);
    return finish_remainder(env, a);
}

/* a - q * b for finite values, not zero. */
static struct xcpu_f80 reduce(struct xcpu_f80_env *env, struct xcpu_f80_wide a,
                              struct xcpu_f80_wide b, int ieee)
{
    int32_t distance = a.exponent - b.exponent;
    /* Of a longer distance one step takes 32 to 63 bits and leaves a
     * multiple of 32, as CPUs do. */
    int32_t step = distance < 64 ? distance : 32 + distance % 32;
    xcpu_u128 dividend;
    uint64_t quotient;

    if (distance < 0)
        return ieee ? reduce_below(env, a, b) : xcpu_f80_finish(env, a);
    dividend = (xcpu_u128)a.hi << step;
    quotient = (uint64_t)(dividend / b.hi);
    a.hi = (uint64_t)(dividend % b.hi);
    a.exponent = b.exponent + distance - step;
    if (distance != step) {
        env->status |= XCPU_X87_C2;
        return finish_remainder(env, a);
    }
    if (ieee && (a.hi > b.hi - a.hi || (a.hi == b.hi - a.hi && quotient & 1))) {
        a.hi = b.hi - a.hi;
        a.sign ^= 1;
        quotient++;
    }
    set_quotient(env, quotient);
    return finish_remainder(env, a);
}

struct xcpu_f80 xcpu_f80_remainder(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                   struct xcpu_f80 b, int ieee)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (a_kind == XCPU_F80_INFINITY || b_kind == XCPU_F80_ZERO)
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (a_kind == XCPU_F80_ZERO || b_kind == XCPU_F80_INFINITY)
        return a;
    return reduce(env, xcpu_f80_unpack(a), xcpu_f80_unpack(b), ieee);
}
