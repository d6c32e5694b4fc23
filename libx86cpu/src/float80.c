/* float80.c -- rounding, and the x87's basic operations in integers. */
/* SPDX-License-Identifier: MIT */
#include "float80.h"

#include "float80_parts.h"

const struct xcpu_f80_format xcpu_f80_single = {24, 16383 - 126, 16383 + 127,
                                                0};
const struct xcpu_f80_format xcpu_f80_double = {53, 16383 - 1022, 16383 + 1023,
                                                0};
const struct xcpu_f80_format xcpu_f80_extended = {64, 1, 32766, 24576};

static xcpu_u128 bits_of(struct xcpu_f80_wide value)
{
    return (xcpu_u128)value.hi << 64 | value.lo;
}

static void set_bits(struct xcpu_f80_wide *value, xcpu_u128 bits)
{
    value->hi = (uint64_t)(bits >> 64);
    value->lo = (uint64_t)bits;
}

static void normalise(struct xcpu_f80_wide *value, xcpu_u128 bits)
{
    uint64_t hi = (uint64_t)(bits >> 64);
    int shift = hi ? __builtin_clzll(hi) : 64;

    if (!hi)
        shift += __builtin_clzll((uint64_t)bits);
    set_bits(value, bits << shift);
    value->exponent -= shift;
}

/* ---- rounding (SDM 1, 4.8.4, 4.9.1 and 8.5) ---- */

/* Whether what is cut off at the lowest kept bit unit makes it one more. */
static int rounds_up(uint16_t rounding, int sign, xcpu_u128 bits,
                     xcpu_u128 unit)
{
    xcpu_u128 rest = bits & (unit - 1);

    switch (rounding & XCPU_ROUND) {
    case XCPU_ROUND_NEAREST:
        return rest > unit / 2 || (rest == unit / 2 && (bits & unit));
    case XCPU_ROUND_DOWN:
        return sign && rest;
    case XCPU_ROUND_UP:
        return !sign && rest;
    default:
        return 0;
    }
}

/* Rounds to a unit in the last place; 1: up, 2: exact, 0: down. */
static int round_to(uint16_t rounding, struct xcpu_f80_wide *value,
                    xcpu_u128 unit)
{
    xcpu_u128 bits = bits_of(*value);
    int up = rounds_up(rounding, value->sign, bits, unit);
    int exact = (bits & (unit - 1)) == 0;

    bits &= ~(unit - 1);
    if (up) {
        bits += unit;
        if (bits == 0) {
            bits = (xcpu_u128)1 << 127;
            value->exponent++;
        }
    }
    set_bits(value, bits);
    return exact ? 2 : up;
}

static void overflow(struct xcpu_f80_env *env,
                     const struct xcpu_f80_format *format,
                     struct xcpu_f80_wide *value, int how)
{
    uint16_t rounding = env->control & XCPU_ROUND;

    env->status |= XCPU_X87_OE;
    if (!(env->control & XCPU_X87_OE)) {
        value->exponent -= format->wrap;
        if (how != 2)
            env->status |= XCPU_X87_PE;
        if (how == 1)
            env->status |= XCPU_X87_C1;
        if (value->exponent <= format->max || format->wrap == 0)
            return;
        rounding = XCPU_ROUND_NEAREST; /* FSCALE alone gets here */
    }
    env->status |= XCPU_X87_PE;
    if (rounding == XCPU_ROUND_CHOP ||
        rounding == (value->sign ? XCPU_ROUND_UP : XCPU_ROUND_DOWN)) {
        set_bits(value, ~(((xcpu_u128)1 << (128 - format->precision)) - 1));
        value->exponent = format->max;
        return;
    }
    env->status |= XCPU_X87_C1;
    set_bits(value, (xcpu_u128)1 << 127);
    value->exponent = format->max + 1;
}

static void denormalise(struct xcpu_f80_env *env,
                        const struct xcpu_f80_format *format,
                        struct xcpu_f80_wide *value, xcpu_u128 unit)
{
    uint32_t shift = (uint32_t)(format->min - value->exponent);
    int how;

    set_bits(value, xcpu_u128_shift_sticky(bits_of(*value), shift));
    value->exponent = format->min;
    how = round_to(env->control, value, unit);
    if (how != 2)
        env->status |= XCPU_X87_UE | XCPU_X87_PE;
    if (how == 1)
        env->status |= XCPU_X87_C1;
}

void xcpu_f80_round(struct xcpu_f80_env *env,
                    const struct xcpu_f80_format *format,
                    struct xcpu_f80_wide *value)
{
    xcpu_u128 unit = (xcpu_u128)1 << (128 - format->precision);
    struct xcpu_f80_wide exact = *value;
    int how = round_to(env->control, value, unit);

    if (value->exponent > format->max) {
        overflow(env, format, value, how);
        return;
    }
    if (value->exponent < format->min) {
        if (env->control & XCPU_X87_UE) {
            *value = exact;
            denormalise(env, format, value, unit);
            return;
        }
        env->status |= XCPU_X87_UE;
        value->exponent += format->wrap;
        if (format->wrap != 0 && value->exponent < format->min) {
            /* Only FSCALE gets here. */
            env->status |= XCPU_X87_PE;
            set_bits(value, 0);
            value->exponent = format->min;
            return;
        }
    }
    if (how != 2)
        env->status |= XCPU_X87_PE;
    if (how == 1)
        env->status |= XCPU_X87_C1;
}

struct xcpu_f80 xcpu_f80_finish(struct xcpu_f80_env *env,
                                struct xcpu_f80_wide wide)
{
    xcpu_f80_round(env, &xcpu_f80_extended, &wide);
    return xcpu_f80_pack(wide);
}

/* Arithmetic rounds to the precision that the control word asks for; its
 * reserved value 1 is taken as 64 bits. */
static struct xcpu_f80 finish_arithmetic(struct xcpu_f80_env *env,
                                         struct xcpu_f80_wide wide)
{
    struct xcpu_f80_format format = xcpu_f80_extended;

    if ((env->control & XCPU_PRECISION) == 0)
        format.precision = 24;
    else if ((env->control & XCPU_PRECISION) == 0x200)
        format.precision = 53;
    xcpu_f80_round(env, &format, &wide);
    return xcpu_f80_pack(wide);
}

/* ---- operands that are no finite numbers ---- */

static int is_nan(enum xcpu_f80_class kind)
{
    return kind == XCPU_F80_QNAN || kind == XCPU_F80_SNAN;
}

/* SDM 1, table 4-7: the QNaN of the two; else the larger significand, else
 * the positive one; made quiet. */
static struct xcpu_f80 choose_nan(struct xcpu_f80 a, enum xcpu_f80_class a_kind,
                                  struct xcpu_f80 b, enum xcpu_f80_class b_kind)
{
    int take_b;

    if (!is_nan(a_kind) || !is_nan(b_kind))
        take_b = is_nan(b_kind);
    else if (a_kind != b_kind)
        take_b = b_kind == XCPU_F80_QNAN;
    else if (a.mantissa != b.mantissa)
        take_b = b.mantissa > a.mantissa;
    else
        take_b = xcpu_f80_sign(a);
    if (take_b)
        a = b;
    a.mantissa |= XCPU_F80_QUIET;
    return a;
}

int xcpu_f80_special(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     struct xcpu_f80 b, struct xcpu_f80 *result)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);

    if (a_kind == XCPU_F80_UNSUPPORTED || b_kind == XCPU_F80_UNSUPPORTED) {
        *result = xcpu_f80_invalid(env);
        return 1;
    }
    if (is_nan(a_kind) || is_nan(b_kind)) {
        if (a_kind == XCPU_F80_SNAN || b_kind == XCPU_F80_SNAN)
            env->status |= XCPU_X87_IE;
        *result = choose_nan(a, a_kind, b, b_kind);
        return 1;
    }
    *result = a;
    return 0;
}

int xcpu_f80_special_one(struct xcpu_f80_env *env, struct xcpu_f80 a,
                         struct xcpu_f80 *result)
{
    return xcpu_f80_special(env, a, a, result);
}

int xcpu_f80_denormal(struct xcpu_f80_env *env, struct xcpu_f80 a,
                      struct xcpu_f80 b)
{
    if (env->denormal || xcpu_f80_classify(a) == XCPU_F80_DENORMAL ||
        xcpu_f80_classify(b) == XCPU_F80_DENORMAL)
        env->status |= XCPU_X87_DE;
    return xcpu_f80_faulted(env);
}

/* ---- addition ---- */

struct xcpu_f80_wide xcpu_f80_wide_add(const struct xcpu_f80_env *env,
                                       struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b)
{
    struct xcpu_f80_wide sum;
    xcpu_u128 x, y;

    if (b.exponent > a.exponent ||
        (b.exponent == a.exponent && bits_of(b) > bits_of(a))) {
        sum = a;
        a = b;
        b = sum;
    }
    sum = a;
    /* One bit of room for the carry. */
    x = bits_of(a) >> 1;
    y = xcpu_u128_shift_sticky(bits_of(b) >> 1,
                               (uint32_t)(a.exponent - b.exponent));
    sum.exponent++;
    x = a.sign == b.sign ? x + y : x - y;
    if (x == 0) {
        sum.sign = (env->control & XCPU_ROUND) == XCPU_ROUND_DOWN;
        set_bits(&sum, 0);
        return sum;
    }
    normalise(&sum, x);
    return sum;
}

static struct xcpu_f80 add_zeroes(const struct xcpu_f80_env *env,
                                  struct xcpu_f80 a, struct xcpu_f80 b)
{
    if (xcpu_f80_sign(a) == xcpu_f80_sign(b))
        return a;
    return xcpu_f80_zero((env->control & XCPU_ROUND) == XCPU_ROUND_DOWN);
}

struct xcpu_f80 xcpu_f80_add(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80_wide sum;
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (a_kind == XCPU_F80_INFINITY && b_kind == XCPU_F80_INFINITY &&
        xcpu_f80_sign(a) != xcpu_f80_sign(b))
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (a_kind == XCPU_F80_INFINITY || b_kind == XCPU_F80_INFINITY)
        return a_kind == XCPU_F80_INFINITY ? a : b;
    if (a_kind == XCPU_F80_ZERO && b_kind == XCPU_F80_ZERO)
        return add_zeroes(env, a, b);
    if (a_kind == XCPU_F80_ZERO)
        return finish_arithmetic(env, xcpu_f80_unpack(b));
    if (b_kind == XCPU_F80_ZERO)
        return finish_arithmetic(env, xcpu_f80_unpack(a));
    sum = xcpu_f80_wide_add(env, xcpu_f80_unpack(a), xcpu_f80_unpack(b));
    if (sum.hi == 0)
        return xcpu_f80_zero(sum.sign);
    return finish_arithmetic(env, sum);
}

struct xcpu_f80 xcpu_f80_sub(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b)
{
    /* A NaN keeps its sign: it is negated for numbers alone. */
    enum xcpu_f80_class kind = xcpu_f80_classify(b);

    if (!is_nan(kind))
        b.exponent ^= XCPU_F80_SIGN;
    return xcpu_f80_add(env, a, b);
}

/* ---- multiplication, division, square root ---- */

struct xcpu_f80_wide xcpu_f80_wide_mul(struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b)
{
    struct xcpu_f80_wide product = {.sign = a.sign ^ b.sign};

    product.exponent = a.exponent + b.exponent - XCPU_F80_BIAS + 1;
    normalise(&product, (xcpu_u128)a.hi * b.hi);
    return product;
}

struct xcpu_f80 xcpu_f80_mul(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    int sign = xcpu_f80_sign(a) ^ xcpu_f80_sign(b);
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if ((a_kind == XCPU_F80_INFINITY && b_kind == XCPU_F80_ZERO) ||
        (a_kind == XCPU_F80_ZERO && b_kind == XCPU_F80_INFINITY))
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (a_kind == XCPU_F80_INFINITY || b_kind == XCPU_F80_INFINITY)
        return xcpu_f80_infinity(sign);
    if (a_kind == XCPU_F80_ZERO || b_kind == XCPU_F80_ZERO)
        return xcpu_f80_zero(sign);
    return finish_arithmetic(
        env, xcpu_f80_wide_mul(xcpu_f80_unpack(a), xcpu_f80_unpack(b)));
}

struct xcpu_f80_wide xcpu_f80_wide_div(struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b)
{
    struct xcpu_f80_wide quotient = {.sign = a.sign ^ b.sign};
    xcpu_u128 rest = (xcpu_u128)a.hi << 63;
    xcpu_u128 bits = rest / b.hi; /* 63 or 64 bits */

    rest = (rest - bits * b.hi) << 63;
    bits = bits << 63 | rest / b.hi;
    bits = bits << 1 | (rest % b.hi != 0);
    quotient.exponent = a.exponent - b.exponent + XCPU_F80_BIAS;
    normalise(&quotient, bits);
    return quotient;
}

struct xcpu_f80 xcpu_f80_div(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    int sign = xcpu_f80_sign(a) ^ xcpu_f80_sign(b);
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (a_kind == b_kind &&
        (a_kind == XCPU_F80_INFINITY || a_kind == XCPU_F80_ZERO))
        return xcpu_f80_invalid(env);
    if (b_kind == XCPU_F80_ZERO && a_kind != XCPU_F80_INFINITY) {
        env->status |= XCPU_X87_ZE;
        return xcpu_f80_infinity(sign);
    }
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (a_kind == XCPU_F80_INFINITY)
        return xcpu_f80_infinity(sign);
    if (a_kind == XCPU_F80_ZERO || b_kind == XCPU_F80_INFINITY)
        return xcpu_f80_zero(sign);
    return finish_arithmetic(
        env, xcpu_f80_wide_div(xcpu_f80_unpack(a), xcpu_f80_unpack(b)));
}

struct xcpu_f80_wide xcpu_f80_wide_sqrt(struct xcpu_f80_wide a)
{
    int odd = (a.exponent - XCPU_F80_BIAS) & 1;
    xcpu_u128 rest = 0, root = 0, bits = (xcpu_u128)a.hi << (odd ? 64 : 63);
    struct xcpu_f80_wide result = {0};
    int i;

    /* Two bits of the operand for one of the root, 66 times; a remainder
     * stays below twice the root plus one, so it has room. */
    for (i = 0; i < 66; i++) {
        xcpu_u128 trial = root << 2 | 1;

        rest = rest << 2 | bits >> 126;
        bits <<= 2;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    result.exponent = (a.exponent - XCPU_F80_BIAS - odd) / 2 + XCPU_F80_BIAS;
    root = root << 62 | (rest != 0);
    normalise(&result, root);
    return result;
}

struct xcpu_f80 xcpu_f80_sqrt(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);
    struct xcpu_f80 result;

    if (xcpu_f80_special_one(env, a, &result) || kind == XCPU_F80_ZERO)
        return result;
    if (xcpu_f80_sign(a))
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, a) || kind == XCPU_F80_INFINITY)
        return a;
    return finish_arithmetic(env, xcpu_f80_wide_sqrt(xcpu_f80_unpack(a)));
}

/* ---- comparison ---- */

/* -1, 0, 1; no NaNs. */
static int order(struct xcpu_f80 a, struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    int less = xcpu_f80_sign(a) ? 1 : -1;
    struct xcpu_f80_wide x, y;

    if (a_kind == XCPU_F80_ZERO && b_kind == XCPU_F80_ZERO)
        return 0;
    if (a_kind == XCPU_F80_ZERO)
        return xcpu_f80_sign(b) ? 1 : -1;
    if (b_kind == XCPU_F80_ZERO || xcpu_f80_sign(a) != xcpu_f80_sign(b))
        return -less;
    x = xcpu_f80_unpack(a);
    y = xcpu_f80_unpack(b);
    if (x.exponent != y.exponent)
        return x.exponent < y.exponent ? less : -less;
    if (x.hi != y.hi)
        return x.hi < y.hi ? less : -less;
    return 0;
}

void xcpu_f80_compare(struct xcpu_f80_env *env, struct xcpu_f80 a,
                      struct xcpu_f80 b, int quiet)
{
    struct xcpu_f80 nan;
    int result;

    if (xcpu_f80_special(env, a, b, &nan)) {
        if (!quiet)
            env->status |= XCPU_X87_IE;
        env->status |= XCPU_X87_C3 | XCPU_X87_C2 | XCPU_X87_C0;
        return;
    }
    xcpu_f80_denormal(env, a, b);
    result = order(a, b);
    if (result < 0)
        env->status |= XCPU_X87_C0;
    else if (result == 0)
        env->status |= XCPU_X87_C3;
}

uint16_t xcpu_f80_examine(struct xcpu_f80 a)
{
    static const uint16_t codes[] = {
        [XCPU_F80_ZERO] = XCPU_X87_C3,
        [XCPU_F80_DENORMAL] = XCPU_X87_C3 | XCPU_X87_C2,
        [XCPU_F80_NORMAL] = XCPU_X87_C2,
        [XCPU_F80_INFINITY] = XCPU_X87_C2 | XCPU_X87_C0,
        [XCPU_F80_QNAN] = XCPU_X87_C0,
        [XCPU_F80_SNAN] = XCPU_X87_C0,
        [XCPU_F80_UNSUPPORTED] = 0,
    };
    unsigned code = codes[xcpu_f80_classify(a)];

    return (uint16_t)(code | (xcpu_f80_sign(a) ? XCPU_X87_C1 : 0));
}
