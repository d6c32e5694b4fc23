/* float80_convert.c -- registers to and from the x87's memory formats. */
/* SPDX-License-Identifier: MIT */
#include "float80.h"
#include "float80_parts.h"

/* The largest packed BCD value, and the indefinite one. */
#define BCD_MAX UINT64_C(999999999999999999)

static const uint8_t bcd_indefinite[10] = {0, 0, 0,    0,    0,
                                           0, 0, 0xc0, 0xff, 0xff};

/* ---- single and double precision ---- */

/* From fields: the fraction at the top of 64 bits below the leading one. */
static struct xcpu_f80 from_fields(struct xcpu_f80_env *env, int sign,
                                   unsigned exponent, unsigned exponent_max,
                                   uint64_t fraction)
{
    unsigned bias = XCPU_F80_BIAS - exponent_max / 2;
    unsigned shift;

    if (exponent == exponent_max)
        return xcpu_f80_make(sign, XCPU_F80_EXPONENT,
                             XCPU_F80_INTEGER | fraction >> 1);
    if (exponent != 0)
        return xcpu_f80_make(sign, exponent + bias,
                             XCPU_F80_INTEGER | fraction >> 1);
    if (fraction == 0)
        return xcpu_f80_zero(sign);
    env->denormal = 1;
    shift = (unsigned)__builtin_clzll(fraction);
    return xcpu_f80_make(sign, bias - shift, fraction << shift);
}

struct xcpu_f80 xcpu_f80_from_single(struct xcpu_f80_env *env, uint32_t bits)
{
    return from_fields(env, (int)(bits >> 31), bits >> 23 & 0xff, 0xff,
                       (uint64_t)bits << 41);
}

struct xcpu_f80 xcpu_f80_from_double(struct xcpu_f80_env *env, uint64_t bits)
{
    return from_fields(env, (int)(bits >> 63), (unsigned)(bits >> 52) & 0x7ff,
                       0x7ff, bits << 12);
}

struct xcpu_f80 xcpu_f80_load(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    if (xcpu_f80_classify(a) == XCPU_F80_SNAN) {
        env->status |= XCPU_X87_IE;
        a.mantissa |= XCPU_F80_QUIET;
    } else if (env->denormal) {
        env->status |= XCPU_X87_DE;
    }
    return a;
}

/* Sign, exponent and fraction of a format with the given number of them. */
static uint64_t to_fields(struct xcpu_f80_env *env, struct xcpu_f80 a,
                          const struct xcpu_f80_format *format)
{
    int bits = format->precision - 1;
    uint64_t exponent_max = (uint64_t)(format->max - format->min + 2);
    uint64_t sign = (uint64_t)xcpu_f80_sign(a)
                    << (format->precision == 24 ? 31 : 63);
    uint64_t infinity = exponent_max << bits;
    struct xcpu_f80_wide wide;
    struct xcpu_f80 nan;

    if (xcpu_f80_special_one(env, a, &nan)) {
        sign = (uint64_t)xcpu_f80_sign(nan)
               << (format->precision == 24 ? 31 : 63);
        return sign | infinity | (nan.mantissa << 1) >> (64 - bits);
    }
    if (xcpu_f80_classify(a) == XCPU_F80_INFINITY)
        return sign | infinity;
    if (a.mantissa == 0)
        return sign;
    wide = xcpu_f80_unpack(a);
    xcpu_f80_round(env, format, &wide);
    if (wide.exponent > format->max)
        return sign | infinity;
    wide.exponent -= format->min - 1;
    /* The leading bit adds one to the exponent field; a denormal has none. */
    return sign + ((uint64_t)(wide.exponent - 1) << bits) +
           (wide.hi >> (63 - bits));
}

uint32_t xcpu_f80_to_single(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    return (uint32_t)to_fields(env, a, &xcpu_f80_single);
}

uint64_t xcpu_f80_to_double(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    return to_fields(env, a, &xcpu_f80_double);
}

/* ---- integers ---- */

struct xcpu_f80 xcpu_f80_from_int(int64_t value)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    int shift;

    if (value == 0)
        return xcpu_f80_zero(0);
    shift = __builtin_clzll(magnitude);
    return xcpu_f80_make(value < 0, (unsigned)(XCPU_F80_BIAS + 63 - shift),
                         magnitude << shift);
}

/* The magnitude of a rounded to an integer; 0 when it is above limit or no
 * number, nothing raised then. */
static int to_magnitude(struct xcpu_f80_env *env, struct xcpu_f80 a,
                        uint64_t limit, uint64_t *magnitude)
{
    struct xcpu_f80_env rounding = {.control =
                                        env->control | XCPU_X87_EXCEPTIONS};
    enum xcpu_f80_class kind = xcpu_f80_classify(a);
    int shift;

    if (kind == XCPU_F80_ZERO) {
        *magnitude = 0;
        return 1;
    }
    if (kind != XCPU_F80_NORMAL && kind != XCPU_F80_DENORMAL)
        return 0;
    a = xcpu_f80_round_int(&rounding, a);
    shift = XCPU_F80_BIAS + 63 - (int)(a.exponent & XCPU_F80_EXPONENT);
    if (shift < 0)
        return 0;
    *magnitude = a.mantissa ? a.mantissa >> shift : 0;
    if (*magnitude > limit)
        return 0;
    env->status |= rounding.status & (XCPU_X87_PE | XCPU_X87_C1);
    return 1;
}

int64_t xcpu_f80_to_int(struct xcpu_f80_env *env, struct xcpu_f80 a, int size)
{
    int sign = xcpu_f80_sign(a);
    uint64_t limit = UINT64_C(1) << (size * 8 - 1);
    uint64_t magnitude;

    if (!to_magnitude(env, a, sign ? limit : limit - 1, &magnitude)) {
        env->status |= XCPU_X87_IE;
        return (int64_t)-limit;
    }
    return (int64_t)(sign ? -magnitude : magnitude);
}

/* ---- packed BCD ---- */

struct xcpu_f80 xcpu_f80_from_bcd(const uint8_t bcd[10])
{
    struct xcpu_f80 result;
    uint64_t value = 0;
    int i;

    for (i = 8; i >= 0; i--)
        value = value * 100 + (bcd[i] >> 4) * 10u + (bcd[i] & 15);
    result = xcpu_f80_from_int((int64_t)value);
    if (bcd[9] & 0x80)
        result.exponent |= XCPU_F80_SIGN;
    return result;
}

void xcpu_f80_to_bcd(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     uint8_t bcd[10])
{
    uint64_t magnitude;
    int i;

    if (!to_magnitude(env, a, BCD_MAX, &magnitude)) {
        env->status |= XCPU_X87_IE;
        for (i = 0; i < 10; i++)
            bcd[i] = bcd_indefinite[i];
        return;
    }
    for (i = 0; i < 9; i++) {
        bcd[i] = (uint8_t)(magnitude % 10 | magnitude / 10 % 10 << 4);
        magnitude /= 100;
    }
    bcd[9] = xcpu_f80_sign(a) ? 0x80 : 0;
}
