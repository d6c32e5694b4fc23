/* float80_wide.c -- values of 128 bits, for transcendental functions. */
/* SPDX-License-Identifier: MIT */
#include "float80_wide.h"

static xcpu_u128 bits_of(struct xcpu_f80_wide a)
{
    return (xcpu_u128)a.hi << 64 | a.lo;
}

static struct xcpu_f80_wide normalised(int sign, int32_t exponent,
                                       xcpu_u128 bits)
{
    uint64_t high = (uint64_t)(bits >> 64);
    int shift;

    if (bits == 0)
        return (struct xcpu_f80_wide){0, 0, exponent, sign};
    shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)bits);
    bits <<= shift;
    return (struct xcpu_f80_wide){(uint64_t)(bits >> 64), (uint64_t)bits,
                                  exponent - shift, sign};
}

struct xcpu_f80_wide xcpu_wide_add(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b)
{
    const struct xcpu_f80_env env = {0};

    if (a.hi == 0 || b.hi == 0)
        return a.hi == 0 ? b : a;
    return xcpu_f80_wide_add(&env, a, b);
}

struct xcpu_f80_wide xcpu_wide_mul(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b)
{
    xcpu_u128 high = (xcpu_u128)a.hi * b.hi;
    xcpu_u128 cross =
        ((xcpu_u128)a.hi * b.lo >> 64) + ((xcpu_u128)a.lo * b.hi >> 64);

    return normalised(a.sign ^ b.sign,
                      a.exponent + b.exponent - XCPU_F80_BIAS + 1,
                      high + cross);
}

struct xcpu_f80_wide xcpu_wide_div(struct xcpu_f80_wide a,
                                   struct xcpu_f80_wide b)
{
    xcpu_u128 rest = bits_of(a) >> 1, divisor = bits_of(b) >> 1, quotient = 0;
    int i;

    for (i = 0; i < 128; i++) {
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
        rest <<= 1;
    }
    return normalised(a.sign ^ b.sign, a.exponent - b.exponent + XCPU_F80_BIAS,
                      quotient);
}

struct xcpu_f80_wide xcpu_wide_div_small(struct xcpu_f80_wide a, uint32_t b)
{
    /* The quotient has shift bits less than a, or one more; these follow from
     * the rest. */
    uint64_t high = a.hi / b;
    xcpu_u128 rest = (xcpu_u128)(a.hi % b) << 64 | a.lo;
    xcpu_u128 quotient = ((xcpu_u128)high << 64) + rest / b;
    int shift = 31 - __builtin_clz(b);

    rest = (rest % b) << shift;
    return normalised(a.sign, a.exponent - shift,
                      (quotient << shift) + rest / b);
}

struct xcpu_f80_wide xcpu_wide_from_int(int32_t value)
{
    uint32_t magnitude = value < 0 ? -(uint32_t)value : (uint32_t)value;

    return normalised(value < 0, XCPU_F80_BIAS + 127, magnitude);
}

struct xcpu_f80_wide xcpu_wide_step(struct xcpu_f80_wide a,
                                    struct xcpu_f80_wide b, uint32_t n)
{
    return xcpu_wide_add(xcpu_wide_one(),
                         xcpu_wide_div_small(xcpu_wide_mul(a, b), n));
}

struct xcpu_f80_wide xcpu_wide_odd_series(struct xcpu_f80_wide a, int sign)
{
    struct xcpu_f80_wide square = xcpu_wide_mul(a, a);
    struct xcpu_f80_wide sum = {0};
    int k;

    if (sign < 0)
        square.sign ^= 1;
    for (k = 26; k >= 0; k--)
        sum = xcpu_wide_add(
            xcpu_wide_div_small(xcpu_wide_one(), 2 * (uint32_t)k + 1),
            xcpu_wide_mul(square, sum));
    return xcpu_wide_mul(a, sum);
}

struct xcpu_f80 xcpu_wide_finish(struct xcpu_f80_env *env,
                                 struct xcpu_f80_wide value)
{
    struct xcpu_f80 result;

    env->status |= XCPU_X87_PE;
    if (value.hi == 0)
        return xcpu_f80_zero(value.sign);
    if (value.lo != 0)
        value.lo |= 1;
    result = xcpu_f80_finish(env, value);
    /* What is left of a tiny one may be exact, the function's value is not. */
    if (xcpu_f80_classify(result) == XCPU_F80_DENORMAL)
        env->status |= XCPU_X87_UE;
    return result;
}
