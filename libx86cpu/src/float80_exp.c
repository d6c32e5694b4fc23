/* float80_exp.c -- F2XM1, FYL2X and FYL2XP1. */
/* SPDX-License-Identifier: MIT */
#include "float80_wide.h"

static struct xcpu_f80_wide ln2(void)
{
    return xcpu_wide(UINT64_C(0xb17217f7d1cf79ab), UINT64_C(0xc9e3b39803f2f6af),
                     -1);
}

static struct xcpu_f80_wide log2_e(void)
{
    return xcpu_wide(UINT64_C(0xb8aa3b295c17f0bb), UINT64_C(0xbe87fed0691d3e89),
                     0);
}

static int is_one(struct xcpu_f80 a)
{
    return (a.exponent & XCPU_F80_EXPONENT) == XCPU_F80_BIAS &&
           a.mantissa == XCPU_F80_INTEGER;
}

/* Whether the magnitude is above 1. */
static int above_one(struct xcpu_f80 a)
{
    return (a.exponent & XCPU_F80_EXPONENT) >= XCPU_F80_BIAS && !is_one(a);
}

/* ---- 2^a - 1 ---- */

/* e^t - 1 = t (1 + t/2 (1 + t/3 (1 + ...))) for |t| <= ln 2. */
static struct xcpu_f80_wide exp_minus_one(struct xcpu_f80_wide t)
{
    struct xcpu_f80_wide sum = xcpu_wide_one();
    uint32_t n;

    for (n = 30; n >= 2; n--)
        sum = xcpu_wide_step(t, sum, n);
    return xcpu_wide_mul(t, sum);
}

/* Outside of [-1, 1] the result is not defined: CPUs return the operand. */
struct xcpu_f80 xcpu_f80_2xm1(struct xcpu_f80_env *env, struct xcpu_f80 a)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);
    struct xcpu_f80 result;

    if (xcpu_f80_special_one(env, a, &result) || kind == XCPU_F80_ZERO)
        return result;
    if (kind == XCPU_F80_INFINITY)
        return xcpu_f80_sign(a)
                   ? xcpu_f80_make(1, XCPU_F80_BIAS, XCPU_F80_INTEGER)
                   : a;
    if (xcpu_f80_denormal(env, a, a))
        return a;
    if (above_one(a) || is_one(a))
        env->status |= XCPU_X87_PE;
    if (above_one(a))
        return a;
    if (is_one(a)) {
        return xcpu_f80_sign(a)
                   ? xcpu_f80_make(1, XCPU_F80_BIAS - 1, XCPU_F80_INTEGER)
                   : a;
    }
    return xcpu_wide_finish(
        env, exp_minus_one(xcpu_wide_mul(xcpu_f80_unpack(a), ln2())));
}

/* ---- logarithms ---- */

/* ln(m) for m from 2^-0.5 to 2^0.5: twice atanh((m - 1) / (m + 1)). */
static struct xcpu_f80_wide twice_atanh(struct xcpu_f80_wide below,
                                        struct xcpu_f80_wide above)
{
    struct xcpu_f80_wide sum =
        xcpu_wide_odd_series(xcpu_wide_div(below, above), 1);

    sum.exponent++;
    return sum;
}

/* log2 of a positive number but 1. */
static struct xcpu_f80_wide log2_of(struct xcpu_f80_wide a)
{
    int32_t exponent = a.exponent - XCPU_F80_BIAS;
    struct xcpu_f80_wide log = {0};

    a.exponent = XCPU_F80_BIAS;
    if (a.hi > UINT64_C(0xb504f333f9de6484)) {
        a.exponent--;
        exponent++;
    }
    if (a.exponent != XCPU_F80_BIAS || a.hi != XCPU_F80_INTEGER || a.lo) {
        log = twice_atanh(xcpu_wide_add(a, xcpu_wide_negate(xcpu_wide_one())),
                          xcpu_wide_add(a, xcpu_wide_one()));
        log = xcpu_wide_mul(log, log2_e());
    }
    return xcpu_wide_add(log, xcpu_wide_from_int(exponent));
}

/* b times a logarithm of the given sign, one of them zero or infinite; the
 * product of a zero and an infinity is invalid. */
static struct xcpu_f80 special_product(struct xcpu_f80_env *env,
                                       struct xcpu_f80 b, int log_sign,
                                       enum xcpu_f80_class log_kind)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(b);
    int sign = xcpu_f80_sign(b) ^ log_sign;

    if (kind == XCPU_F80_INFINITY || log_kind == XCPU_F80_INFINITY) {
        if (kind == XCPU_F80_ZERO || log_kind == XCPU_F80_ZERO)
            return xcpu_f80_invalid(env);
        return xcpu_f80_infinity(sign);
    }
    return xcpu_f80_zero(sign);
}

struct xcpu_f80 xcpu_f80_yl2x(struct xcpu_f80_env *env, struct xcpu_f80 a,
                              struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (xcpu_f80_sign(a) && a_kind != XCPU_F80_ZERO)
        return xcpu_f80_invalid(env);
    if (a_kind == XCPU_F80_ZERO && b_kind != XCPU_F80_ZERO &&
        b_kind != XCPU_F80_INFINITY) {
        env->status |= XCPU_X87_ZE;
        return xcpu_f80_infinity(!xcpu_f80_sign(b));
    }
    if (a_kind == XCPU_F80_ZERO || a_kind == XCPU_F80_INFINITY) {
        result =
            special_product(env, b, a_kind == XCPU_F80_ZERO, XCPU_F80_INFINITY);
        if (!(env->status & XCPU_X87_IE))
            xcpu_f80_denormal(env, a, b);
        return result;
    }
    if (is_one(a) && b_kind == XCPU_F80_INFINITY)
        return xcpu_f80_invalid(env);
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (is_one(a))
        return special_product(env, b, 0, XCPU_F80_ZERO);
    if (b_kind == XCPU_F80_ZERO || b_kind == XCPU_F80_INFINITY)
        return special_product(env, b, !above_one(a), XCPU_F80_NORMAL);
    return xcpu_wide_finish(
        env, xcpu_wide_mul(xcpu_f80_unpack(b), log2_of(xcpu_f80_unpack(a))));
}

/* log2(a + 1) for a above -1; the exact sum is only needed where a is not
 * small. */
static struct xcpu_f80_wide log2_plus_one(struct xcpu_f80_wide a)
{
    struct xcpu_f80_wide two = xcpu_wide(XCPU_F80_INTEGER, 0, 1);

    if (a.exponent >= XCPU_F80_BIAS - 2)
        return log2_of(xcpu_wide_add(a, xcpu_wide_one()));
    return xcpu_wide_mul(twice_atanh(a, xcpu_wide_add(two, a)), log2_e());
}

/* From -1 down the result is not defined: CPUs return that operand. */
struct xcpu_f80 xcpu_f80_yl2xp1(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                struct xcpu_f80 b)
{
    enum xcpu_f80_class a_kind = xcpu_f80_classify(a);
    enum xcpu_f80_class b_kind = xcpu_f80_classify(b);
    struct xcpu_f80 result;

    if (xcpu_f80_special(env, a, b, &result))
        return result;
    if (a_kind == XCPU_F80_INFINITY && xcpu_f80_sign(a))
        return xcpu_f80_invalid(env);
    if (a_kind == XCPU_F80_ZERO || a_kind == XCPU_F80_INFINITY ||
        b_kind == XCPU_F80_ZERO || b_kind == XCPU_F80_INFINITY) {
        result = special_product(env, b, xcpu_f80_sign(a), a_kind);
        if (!(env->status & XCPU_X87_IE))
            xcpu_f80_denormal(env, a, b);
        return result;
    }
    if (xcpu_f80_denormal(env, a, b))
        return a;
    if (xcpu_f80_sign(a) && (above_one(a) || is_one(a))) {
        env->status |= XCPU_X87_PE;
        return a;
    }
    return xcpu_wide_finish(
        env,
        xcpu_wide_mul(xcpu_f80_unpack(b), log2_plus_one(xcpu_f80_unpack(a))));
}
