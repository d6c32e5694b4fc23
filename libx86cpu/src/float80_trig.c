/* float80_trig.c -- FSIN, FCOS, FSINCOS, FPTAN and FPATAN. */
/* SPDX-License-Identifier: MIT */
#include "float80_wide.h"

/* ---- reduction ---- */

/*
 * The x87's pi has 66 bits (SDM 1, 8.3.8), and its reduction is exact with
 * that: in units of 2^-65 half of it is this integer.
 */
static const xcpu_u128 half_pi =
    (xcpu_u128)3 << 64 | UINT64_C(0x243f6a8885a308d3);

/* An operand as quadrant * pi / 2 + rest, |rest| <= pi / 4. */
struct reduced {
    unsigned quadrant;
    struct xcpu_f80_wide rest;
};

static struct xcpu_f80_wide from_units(xcpu_u128 units, int sign)
{
    uint64_t high = (uint64_t)(units >> 64);
    int shift =
        high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)units);

    units <<= shift;
    return (struct xcpu_f80_wide){(uint64_t)(units >> 64), (uint64_t)units,
                                  XCPU_F80_BIAS + 127 - 65 - shift, sign};
}

/* a: below 2^63. */
static struct reduced reduce(struct xcpu_f80_wide a)
{
    struct reduced result = {0, a};
    int32_t shift = a.exponent - XCPU_F80_BIAS + 2;
    xcpu_u128 units, rest;
    unsigned quotient;

    if (shift < 0)
        return result;
    units = (xcpu_u128)a.hi << shift;
    quotient = (unsigned)(units / half_pi);
    rest = units % half_pi;
    if (rest > half_pi / 2) {
        quotient++;
        result.rest = from_units(half_pi - rest, !a.sign);
    } else {
        result.rest = from_units(rest, a.sign);
    }
    result.quadrant = (a.sign ? 0 - quotient : quotient) & 3;
    return result;
}

/* ---- sine and cosine ---- */

static struct xcpu_f80_wide sine_series(struct xcpu_f80_wide x)
{
    struct xcpu_f80_wide square = xcpu_wide_negate(xcpu_wide_mul(x, x));
    struct xcpu_f80_wide sum = xcpu_wide_one();
    uint32_t n;

    for (n = 34; n >= 2; n -= 2)
        sum = xcpu_wide_step(square, sum, n * (n + 1));
    return xcpu_wide_mul(x, sum);
}

static struct xcpu_f80_wide cosine_series(struct xcpu_f80_wide x)
{
    struct xcpu_f80_wide square = xcpu_wide_negate(xcpu_wide_mul(x, x));
    struct xcpu_f80_wide sum = xcpu_wide_one();
    uint32_t n;

    for (n = 34; n >= 2; n -= 2)
        sum = xcpu_wide_step(square, sum, n * (n - 1));
    return sum;
}

static struct xcpu_f80_wide sine_of(struct reduced x)
{
    struct xcpu_f80_wide value =
        x.quadrant & 1 ? cosine_series(x.rest) : sine_series(x.rest);

    return x.quadrant & 2 ? xcpu_wide_negate(value) : value;
}

static struct xcpu_f80_wide cosine_of(struct reduced x)
{
    x.quadrant++;
    return sine_of(x);
}

/* 1: the operand decides the result, which is the same for a sine and a
 * tangent; *cosine is that of a zero. */
static int special(struct xcpu_f80_env *env, struct xcpu_f80 a,
                   struct xcpu_f80 *sine, struct xcpu_f80 *cosine)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);

    *cosine = a;
    if (xcpu_f80_special_one(env, a, sine)) {
        *cosine = *sine;
        return 1;
    }
    if (kind == XCPU_F80_INFINITY) {
        *sine = *cosine = xcpu_f80_invalid(env);
        return 1;
    }
    if (kind == XCPU_F80_ZERO) {
        *cosine = xcpu_f80_make(0, XCPU_F80_BIAS, XCPU_F80_INTEGER);
        return 1;
    }
    if ((a.exponent & XCPU_F80_EXPONENT) >= XCPU_F80_BIAS + 63) {
        env->status |= XCPU_X87_C2;
        return 1;
    }
    return xcpu_f80_denormal(env, a, a);
}

void xcpu_f80_sincos(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     struct xcpu_f80 *sin, struct xcpu_f80 *cos)
{
    struct xcpu_f80 sine, cosine;
    struct reduced x;

    if (!special(env, a, &sine, &cosine)) {
        x = reduce(xcpu_f80_unpack(a));
        if (sin)
            sine = xcpu_wide_finish(env, sine_of(x));
        if (cos)
            cosine = xcpu_wide_finish(env, cosine_of(x));
    }
    if (sin)
        *sin = sine;
    if (cos)
        *cos = cosine;
}

struct xcpu_f80 xcpu_f80_ptan(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    struct xcpu_f80 sine, cosine;
    struct reduced x;

    if (special(env, a, &sine, &cosine))
        return sine;
    x = reduce(xcpu_f80_unpack(a));
    return xcpu_wide_finish(env, xcpu_wide_div(sine_of(x), cosine_of(x)));
}

/* ---- arc tangent ---- */

/* atan(k / 8) for k from 1. */
static const struct {
    uint64_t hi, lo;
    int exponent;
} eighths[] = {
    {UINT64_C(0xfeadd4d5617b6e32), UINT64_C(0xc897989f3e888ef8), -4},
    {UINT64_C(0xfadbafc96406eb15), UINT64_C(0x6dc79ef5f7a217e6), -3},
    {UINT64_C(0xb7b0ca0f26f78473), UINT64_C(0x8aa32122dcfe4483), -2},
    {UINT64_C(0xed63382b0dda7b45), UINT64_C(0x6fe445ecbc3a8d03), -2},
    {UINT64_C(0x8f005d5ef7f59f9b), UINT64_C(0x5c835e1665c43748), -1},
    {UINT64_C(0xa4bc7d1934f70924), UINT64_C(0x19a87f2a457dac9f), -1},
    {UINT64_C(0xb8053e2bc2319e73), UINT64_C(0xcb2da55210a4443d), -1},
    {UINT64_C(0xc90fdaa22168c234), UINT64_C(0xc4c6628b80dc1cd1), -1},
};

/* n * pi / 4. */
static struct xcpu_f80_wide pi_quarters(int n)
{
    struct xcpu_f80_wide pi =
        xcpu_wide(eighths[7].hi, eighths[7].lo, eighths[7].exponent);

    return xcpu_wide_mul(pi, xcpu_wide_from_int(n));
}

/* The nearest multiple of 1/8, for a value up to 1. */
static int nearest_eighth(struct xcpu_f80_wide a)
{
    int32_t shift = a.exponent - (XCPU_F80_BIAS - 4);

    if (shift < 0)
        return 0;
    return (int)((a.hi >> (63 - shift)) + 1) >> 1;
}

/* atan of a positive value up to 1, by
 * atan(a) = atan(c) + atan((a - c) / (1 + a c)). */
static struct xcpu_f80_wide atan_of(struct xcpu_f80_wide a)
{
    int k = nearest_eighth(a);
    struct xcpu_f80_wide c, rest;

    if (k == 0)
        return xcpu_wide_odd_series(a, -1);
    c = xcpu_wide_from_int(k);
    c.exponent -= 3;
    rest = xcpu_wide_div(xcpu_wide_add(a, xcpu_wide_negate(c)),
                         xcpu_wide_add(xcpu_wide_one(), xcpu_wide_mul(a, c)));
    c = xcpu_wide(eighths[k - 1].hi, eighths[k - 1].lo,
                  eighths[k - 1].exponent);
    return xcpu_wide_add(c, xcpu_wide_odd_series(rest, -1));
}

/* The angle of (a, b) for positive values. */
static struct xcpu_f80_wide angle(struct xcpu_f80_wide a,
                                  struct xcpu_f80_wide b)
{
    int above =
        b.exponent > a.exponent || (b.exponent == a.exponent && b.hi > a.hi);

    if (!above)
        return atan_of(xcpu_wide_div(b, a));
    return xcpu_wide_add(pi_quarters(2),
                         xcpu_wide_negate(atan_of(xcpu_wide_div(a, b))));
}

/* SDM 2, FPATAN: the angle where an operand is zero or infinite, in units of
 * pi / 4; -1 where both are numbers. */
static int special_angle(enum xcpu_f80_class a, int a_sign,
                         enum xcpu_f80_class b)
{
    if (b == XCPU_F80_INFINITY) {
        if (a == XCPU_F80_INFINITY)
            return a_sign ? 3 : 1;
        return 2;
    }
    if (a == XCPU_F80_INFINITY || b == XCPU_F80_ZERO)
        return a_sign ? 4 : 0;
    return a == XCPU_F80_ZERO ? 2 : -1;
}

struct xcpu_f80 xcpu_f80_patan(struct xcpu_f80_env *env, struct xcpu_f80 a,
                               struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80_wide x, y, value;
    struct xcpu_f80 result;
    int special;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (xcpu_f80_denormal(env, a, b))
        return a;
    special = special_angle(a_kind, xcpu_f80_sign(a), b_kind);
    if (special == 0)
        return xcpu_f80_zero(xcpu_f80_sign(b));
    if (special > 0) {
        value = pi_quarters(special);
    } else {
        x = xcpu_f80_unpack(a);
        y = xcpu_f80_unpack(b);
        x.sign = y.sign = 0;
        value = angle(x, y);
        if (xcpu_f80_sign(a))
            value = xcpu_wide_add(pi_quarters(4), xcpu_wide_negate(value));
    }
    value.sign = xcpu_f80_sign(b);
    return xcpu_wide_finish(env, value);
}
