/* sse_soft.c -- SSE arithmetic in integers. */
/* SPDX-License-Identifier: MIT */
#include "sse_soft.h"

#include "float80_parts.h"
#include "sse.h"

/*
 * One instruction: lanes are extended to struct xcpu_f80, in which every
 * single and double is normal or zero, computed with the x87's exact
 * operations, and rounded to their format.
 */
struct soft {
    struct xcpu_f80_env env;
    int daz, ftz;
    const struct xcpu_f80_format *format; /* of the result */
};

static struct soft begin(const struct xcpu_fpu *fpu,
                         const struct xcpu_f80_format *format)
{
    uint32_t round = (fpu->mxcsr & XCPU_MXCSR_ROUND) >> 3;
    uint32_t masks = (fpu->mxcsr & XCPU_MXCSR_MASKS) >> 7;
    int ftz = (fpu->mxcsr & XCPU_MXCSR_FTZ) != 0 &&
              (fpu->mxcsr & XCPU_X87_UE << 7) != 0;

    return (struct soft){
        .env.control = (uint16_t)(round | XCPU_PRECISION | masks),
        .daz = (fpu->mxcsr & XCPU_MXCSR_DAZ) != 0,
        .ftz = ftz,
        .format = format,
    };
}

static void end(struct xcpu_fpu *fpu, const struct soft *soft)
{
    fpu->raised = soft->env.status & XCPU_MXCSR_FLAGS;
}

/* ---- lanes ---- */

static int is_double(const struct xcpu_f80_format *format)
{
    return format == &xcpu_f80_double;
}

static struct xcpu_f80 extend(struct soft *soft, uint64_t bits, int wide)
{
    struct xcpu_f80_env env = {0};
    struct xcpu_f80 value = wide ? xcpu_f80_from_double(&env, bits)
                                 : xcpu_f80_from_single(&env, (uint32_t)bits);

    if (env.denormal && soft->daz)
        return xcpu_f80_zero(xcpu_f80_sign(value));
    soft->env.denormal |= env.denormal;
    return value;
}

/* The bits of a value that the format holds exactly; NaNs lose what does not
 * fit. */
static uint64_t narrow(struct xcpu_f80 value,
                       const struct xcpu_f80_format *format)
{
    struct xcpu_f80_env env = {.control = XCPU_X87_EXCEPTIONS};

    return is_double(format) ? xcpu_f80_to_double(&env, value)
                             : xcpu_f80_to_single(&env, value);
}

/* A rounded value, not zero; what is denormal in its format is normal here. */
static struct xcpu_f80 register_of(struct xcpu_f80_wide wide)
{
    int shift = __builtin_clzll(wide.hi);

    return xcpu_f80_make(wide.sign, (unsigned)(wide.exponent - shift),
                         wide.hi << shift);
}

static uint64_t finish(struct soft *soft, struct xcpu_f80_wide wide)
{
    struct xcpu_f80_env probe = soft->env;
    struct xcpu_f80_wide copy = wide;

    if (soft->ftz) {
        probe.status = 0;
        probe.control &= (uint16_t)~XCPU_X87_UE;
        xcpu_f80_round(&probe, soft->format, &copy);
        if (probe.status & XCPU_X87_UE) {
            soft->env.status |= XCPU_X87_UE | XCPU_X87_PE;
            return narrow(xcpu_f80_zero(wide.sign), soft->format);
        }
    }
    xcpu_f80_round(&soft->env, soft->format, &wide);
    if (wide.exponent > soft->format->max)
        return narrow(xcpu_f80_infinity(wide.sign), soft->format);
    return narrow(wide.hi ? register_of(wide) : xcpu_f80_zero(wide.sign),
                  soft->format);
}

static int is_nan(struct xcpu_f80 a)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);

    return kind == XCPU_F80_QNAN || kind == XCPU_F80_SNAN;
}

static void raise_signalling(struct soft *soft, struct xcpu_f80 a)
{
    if (xcpu_f80_classify(a) == XCPU_F80_SNAN)
        soft->env.status |= XCPU_X87_IE;
}

/* SDM 1, table 4-7: the first operand when it is a NaN, else the second. */
static int chose_nan(struct soft *soft, struct xcpu_f80 a, struct xcpu_f80 b,
                     uint64_t *result)
{
    struct xcpu_f80 nan = is_nan(a) ? a : b;

    if (!is_nan(nan))
        return 0;
    raise_signalling(soft, a);
    raise_signalling(soft, b);
    nan.mantissa |= XCPU_F80_QUIET;
    *result = narrow(nan, soft->format);
    return 1;
}

/* ---- arithmetic of one lane ---- */

typedef uint64_t lane_function(struct soft *soft, uint64_t a, uint64_t b);

/*
 * The x87's operation decides all but the rounding of finite results. It gets
 * a result as it is, with 64 bits of precision, and raises what its operands
 * do; where it rounds to more than 64 bits, the exact function is asked again.
 */
typedef struct xcpu_f80 x87_function(struct xcpu_f80_env *env,
                                     struct xcpu_f80 a, struct xcpu_f80 b);

static int is_number(struct xcpu_f80 a)
{
    enum xcpu_f80_class kind = xcpu_f80_classify(a);

    return kind == XCPU_F80_NORMAL || kind == XCPU_F80_DENORMAL;
}

/* Cases without rounding: one operand is zero, infinite or a NaN. */
static int special(struct soft *soft, x87_function *function, struct xcpu_f80 a,
                   struct xcpu_f80 b, uint64_t *result)
{
    struct xcpu_f80 value;

    if (chose_nan(soft, a, b, result))
        return 1;
    if (is_number(a) && is_number(b))
        return 0;
    value = function(&soft->env, a, b);
    if (is_number(value))
        *result = finish(soft, xcpu_f80_unpack(value));
    else
        *result = narrow(value, soft->format);
    return 1;
}

static uint64_t add_values(struct soft *soft, struct xcpu_f80 a,
                           struct xcpu_f80 b)
{
    struct xcpu_f80_wide sum;
    uint64_t result;

    if (special(soft, xcpu_f80_add, a, b, &result))
        return result;
    if (soft->env.denormal)
        soft->env.status |= XCPU_X87_DE;
    sum = xcpu_f80_wide_add(&soft->env, xcpu_f80_unpack(a), xcpu_f80_unpack(b));
    if (sum.hi == 0)
        return narrow(xcpu_f80_zero(sum.sign), soft->format);
    return finish(soft, sum);
}

static uint64_t add(struct soft *soft, uint64_t a, uint64_t b)
{
    int wide = is_double(soft->format);
    struct xcpu_f80 x = extend(soft, a, wide);

    return add_values(soft, x, extend(soft, b, wide));
}

static uint64_t sub(struct soft *soft, uint64_t a, uint64_t b)
{
    int wide = is_double(soft->format);
    struct xcpu_f80 x = extend(soft, a, wide), y = extend(soft, b, wide);

    if (!is_nan(y))
        y.exponent ^= XCPU_F80_SIGN;
    return add_values(soft, x, y);
}

static uint64_t multiply_or_divide(struct soft *soft, uint64_t a, uint64_t b,
                                   int divide)
{
    int wide = is_double(soft->format);
    struct xcpu_f80 x = extend(soft, a, wide), y = extend(soft, b, wide);
    uint64_t result;

    if (special(soft, divide ? xcpu_f80_div : xcpu_f80_mul, x, y, &result))
        return result;
    if (soft->env.denormal)
        soft->env.status |= XCPU_X87_DE;
    return finish(
        soft, divide
                  ? xcpu_f80_wide_div(xcpu_f80_unpack(x), xcpu_f80_unpack(y))
                  : xcpu_f80_wide_mul(xcpu_f80_unpack(x), xcpu_f80_unpack(y)));
}

static uint64_t mul(struct soft *soft, uint64_t a, uint64_t b)
{
    return multiply_or_divide(soft, a, b, 0);
}

static uint64_t divide(struct soft *soft, uint64_t a, uint64_t b)
{
    return multiply_or_divide(soft, a, b, 1);
}

static uint64_t square_root(struct soft *soft, uint64_t a, uint64_t b)
{
    struct xcpu_f80 value = extend(soft, b, is_double(soft->format));
    uint64_t result;

    (void)a;
    if (chose_nan(soft, value, value, &result))
        return result;
    if (!is_number(value) || xcpu_f80_sign(value))
        return narrow(xcpu_f80_sqrt(&soft->env, value), soft->format);
    if (soft->env.denormal)
        soft->env.status |= XCPU_X87_DE;
    return finish(soft, xcpu_f80_wide_sqrt(xcpu_f80_unpack(value)));
}

/* ---- comparison of one lane ---- */

/* C3, C2 and C0 as FCOM sets them. */
static uint16_t compare(struct soft *soft, uint64_t a, uint64_t b, int wide,
                        int quiet)
{
    struct xcpu_f80 x = extend(soft, a, wide), y = extend(soft, b, wide);
    const uint16_t conditions = XCPU_X87_C3 | XCPU_X87_C2 | XCPU_X87_C0;

    soft->env.status &= (uint16_t)~conditions;
    xcpu_f80_compare(&soft->env, x, y, quiet);
    return soft->env.status & conditions;
}

/* MIN and MAX: the second operand when they are equal or unordered. */
static uint64_t choose(struct soft *soft, uint64_t a, uint64_t b,
                       uint16_t condition)
{
    int wide = is_double(soft->format);
    uint16_t result = compare(soft, a, b, wide, 0);
    uint64_t chosen = result == condition ? a : b;
    struct xcpu_f80_env env = {0};
    struct xcpu_f80 value = wide ? xcpu_f80_from_double(&env, chosen)
                                 : xcpu_f80_from_single(&env, (uint32_t)chosen);

    if (env.denormal && soft->daz)
        return narrow(xcpu_f80_zero(xcpu_f80_sign(value)), soft->format);
    return chosen;
}

static uint64_t minimum(struct soft *soft, uint64_t a, uint64_t b)
{
    return choose(soft, a, b, XCPU_X87_C0);
}

static uint64_t maximum(struct soft *soft, uint64_t a, uint64_t b)
{
    return choose(soft, a, b, 0);
}

/* SDM 2, CMPPS: predicates 4 to 7 are 0 to 3 negated; LT and LE signal. */
static int holds(struct soft *soft, uint64_t a, uint64_t b, int wide,
                 unsigned predicate)
{
    int quiet = (predicate & 3) == 0 || (predicate & 3) == 3;
    uint16_t result = compare(soft, a, b, wide, quiet);
    int unordered = (result & XCPU_X87_C2) != 0;
    int equal = !unordered && (result & XCPU_X87_C3);
    int less = !unordered && (result & XCPU_X87_C0);
    const int positive[4] = {equal, less, less || equal, unordered};

    return positive[predicate & 3] ^ (int)(predicate >> 2 & 1);
}

/* ---- conversion of one lane ---- */

static uint64_t convert(struct soft *soft, uint64_t b, int from_double)
{
    struct xcpu_f80 value = extend(soft, b, from_double);
    uint64_t result;

    if (chose_nan(soft, value, value, &result))
        return result;
    if (!is_number(value))
        return narrow(value, soft->format);
    if (soft->env.denormal)
        soft->env.status |= XCPU_X87_DE;
    return finish(soft, xcpu_f80_unpack(value));
}

static uint64_t from_int(struct soft *soft, int32_t b)
{
    struct xcpu_f80 value = xcpu_f80_from_int(b);

    if (b == 0)
        return 0;
    return finish(soft, xcpu_f80_unpack(value));
}

static uint32_t to_int(struct soft *soft, uint64_t b, int from_double,
                       int truncate)
{
    struct xcpu_f80_env env = soft->env;
    struct xcpu_f80 value = extend(soft, b, from_double);
    uint32_t result;

    if (truncate)
        env.control |= XCPU_ROUND_CHOP;
    result = (uint32_t)xcpu_f80_to_int(&env, value, 4);
    soft->env.status |= env.status;
    return result;
}

/* ---- whole registers ---- */

static union xcpu_xmm *lanes_of(xcpu_vector *v)
{
    return (union xcpu_xmm *)v;
}

static uint64_t get_lane(xcpu_vector *v, int i, int wide)
{
    return wide ? lanes_of(v)->u64[i] : lanes_of(v)->u32[i];
}

static void set_lane(xcpu_vector *v, int i, int wide, uint64_t bits)
{
    if (wide)
        lanes_of(v)->u64[i] = bits;
    else
        lanes_of(v)->u32[i] = (uint32_t)bits;
}

static xcpu_vector each_lane(struct xcpu_fpu *fpu,
                             const struct xcpu_f80_format *format, int lanes,
                             lane_function *function, xcpu_vector a,
                             xcpu_vector b)
{
    struct soft soft = begin(fpu, format);
    int wide = is_double(format);
    int i;

    for (i = 0; i < lanes; i++) {
        soft.env.denormal = 0;
        set_lane(&a, i, wide,
                 function(&soft, get_lane(&a, i, wide), get_lane(&b, i, wide)));
    }
    end(fpu, &soft);
    return a;
}

#define ARITHMETIC(name, format, lanes, function)                              \
    xcpu_vector xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector a,          \
                                 xcpu_vector b)                                \
    {                                                                          \
        return each_lane(fpu, &format, lanes, function, a, b);                 \
    }

#define FOUR(name, function)                                                   \
    ARITHMETIC(name##ps, xcpu_f80_single, 4, function)                         \
    ARITHMETIC(name##pd, xcpu_f80_double, 2, function)                         \
    ARITHMETIC(name##ss, xcpu_f80_single, 1, function)                         \
    ARITHMETIC(name##sd, xcpu_f80_double, 1, function)

FOUR(add, add)
FOUR(sub, sub)
FOUR(mul, mul)
FOUR(div, divide)
FOUR(min, minimum)
FOUR(max, maximum)
FOUR(sqrt, square_root)

#define COMPARE(name, wide, lanes)                                             \
    xcpu_vector xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector a,          \
                                 xcpu_vector b, unsigned predicate)            \
    {                                                                          \
        struct soft soft = begin(fpu, &xcpu_f80_single);                       \
        int i;                                                                 \
                                                                               \
        for (i = 0; i < (lanes); i++) {                                        \
            soft.env.denormal = 0;                                             \
            set_lane(&a, i, wide,                                              \
                     holds(&soft, get_lane(&a, i, wide),                       \
                           get_lane(&b, i, wide), wide, predicate)             \
                         ? UINT64_MAX                                          \
                         : 0);                                                 \
        }                                                                      \
        end(fpu, &soft);                                                       \
        return a;                                                              \
    }

COMPARE(cmpps, 0, 4)
COMPARE(cmppd, 1, 2)
COMPARE(cmpss, 0, 1)
COMPARE(cmpsd, 1, 1)

static uint32_t compare_flags(struct xcpu_fpu *fpu, uint64_t a, uint64_t b,
                              int wide, int quiet)
{
    struct soft soft = begin(fpu, &xcpu_f80_single);
    uint16_t result = compare(&soft, a, b, wide, quiet);
    uint32_t flags = 0;

    if (result & XCPU_X87_C0)
        flags |= XCPU_CF;
    if (result & XCPU_X87_C2)
        flags |= XCPU_PF;
    if (result & XCPU_X87_C3)
        flags |= XCPU_ZF;
    end(fpu, &soft);
    return flags;
}

uint32_t xcpu_soft_comiss(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                          int quiet)
{
    return compare_flags(fpu, (uint32_t)a[0], (uint32_t)b[0], 0, quiet);
}

uint32_t xcpu_soft_comisd(struct xcpu_fpu *fpu, xcpu_vector a, xcpu_vector b,
                          int quiet)
{
    return compare_flags(fpu, a[0], b[0], 1, quiet);
}

/* Lanes of one width to lanes of another; cleared: the rest becomes 0. */
#define CONVERT(name, lanes, to_wide, cleared, format, value)                  \
    xcpu_vector xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector a,          \
                                 xcpu_vector b)                                \
    {                                                                          \
        struct soft soft = begin(fpu, &format);                                \
        xcpu_vector result = a;                                                \
        int i;                                                                 \
                                                                               \
        if (cleared)                                                           \
            result = (xcpu_vector){0, 0};                                      \
        for (i = 0; i < (lanes); i++) {                                        \
            soft.env.denormal = 0;                                             \
            set_lane(&result, i, to_wide, value);                              \
        }                                                                      \
        end(fpu, &soft);                                                       \
        return result;                                                         \
    }

CONVERT(cvtps2pd, 2, 1, 1, xcpu_f80_double,
        convert(&soft, get_lane(&b, i, 0), 0))
CONVERT(cvtpd2ps, 2, 0, 1, xcpu_f80_single,
        convert(&soft, get_lane(&b, i, 1), 1))
CONVERT(cvtss2sd, 1, 1, 0, xcpu_f80_double,
        convert(&soft, get_lane(&b, i, 0), 0))
CONVERT(cvtsd2ss, 1, 0, 0, xcpu_f80_single,
        convert(&soft, get_lane(&b, i, 1), 1))
CONVERT(cvtdq2ps, 4, 0, 1, xcpu_f80_single,
        from_int(&soft, (int32_t)get_lane(&b, i, 0)))
CONVERT(cvtdq2pd, 2, 1, 1, xcpu_f80_double,
        from_int(&soft, (int32_t)get_lane(&b, i, 0)))
CONVERT(cvtps2dq, 4, 0, 1, xcpu_f80_single,
        to_int(&soft, get_lane(&b, i, 0), 0, 0))
CONVERT(cvttps2dq, 4, 0, 1, xcpu_f80_single,
        to_int(&soft, get_lane(&b, i, 0), 0, 1))
CONVERT(cvtpd2dq, 2, 0, 1, xcpu_f80_single,
        to_int(&soft, get_lane(&b, i, 1), 1, 0))
CONVERT(cvttpd2dq, 2, 0, 1, xcpu_f80_single,
        to_int(&soft, get_lane(&b, i, 1), 1, 1))

#define FROM_INT(name, wide, format)                                           \
    xcpu_vector xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector a,          \
                                 int32_t b)                                    \
    {                                                                          \
        struct soft soft = begin(fpu, &format);                                \
                                                                               \
        set_lane(&a, 0, wide, from_int(&soft, b));                             \
        end(fpu, &soft);                                                       \
        return a;                                                              \
    }

FROM_INT(cvtsi2ss, 0, xcpu_f80_single)
FROM_INT(cvtsi2sd, 1, xcpu_f80_double)

#define TO_INT(name, wide)                                                     \
    int32_t xcpu_soft_##name(struct xcpu_fpu *fpu, xcpu_vector b,              \
                             int truncate)                                     \
    {                                                                          \
        struct soft soft = begin(fpu, &xcpu_f80_single);                       \
        uint32_t value = to_int(&soft, get_lane(&b, 0, wide), wide, truncate); \
                                                                               \
        end(fpu, &soft);                                                       \
        return (int32_t)value;                                                 \
    }

TO_INT(cvtss2si, 0)
TO_INT(cvtsd2si, 1)

/*
 * ---- approximations as Intel's processors have them: of an operand whose
 * significand ends in a one behind the bits that are looked at, 11 or, of
 * roots, 10 and the exponent's lowest, rounded to 12 bits. Denormals count as
 * zeroes, tiny results become zero, whatever MXCSR says. ----
 */

#define SINGLE_SIGN     UINT32_C(0x80000000)
#define SINGLE_INFINITY UINT32_C(0x7f800000)
#define SINGLE_QUIET    UINT32_C(0x00400000)
#define SINGLE_NAN      (SINGLE_SIGN | SINGLE_INFINITY | SINGLE_QUIET)

static uint32_t approximation(uint32_t sign, uint32_t exponent,
                              uint32_t significand)
{
    return sign | exponent << 23 | (significand & 0xfff) << 11;
}

uint32_t xcpu_soft_rcp(uint32_t b)
{
    uint32_t sign = b & SINGLE_SIGN, exponent = b >> 23 & 0xff;
    uint32_t x = (b >> 11 & 0xffe) | 0x1001; /* 2^12 times what is divided by */

    if ((b & ~SINGLE_SIGN) > SINGLE_INFINITY)
        return b | SINGLE_QUIET;
    if (exponent == 0)
        return sign | SINGLE_INFINITY;
    if (exponent >= 253)
        return sign;
    return approximation(sign, 253 - exponent, ((1 << 25) + x / 2) / x);
}

/* 2^13 / sqrt(x / 2^11), rounded: 2^12 < it < 2^13. */
static uint32_t divide_by_root(uint64_t x)
{
    uint32_t result = 0;
    for (uint32_t bit = 1 << 12; bit != 0; bit >>= 1) {
        uint64_t twice = 2 * (uint64_t)(result | bit) - 1;
        if (twice * twice * x < UINT64_C(1) << 39)
            result |= bit;
    }
    return result;
}

uint32_t xcpu_soft_rsqrt(uint32_t b)
{
    uint32_t exponent = b >> 23 & 0xff;
    uint32_t x = (b >> 12 & 0x7fe) | 0x801;

    if ((b & ~SINGLE_SIGN) > SINGLE_INFINITY)
        return b | SINGLE_QUIET;
    if (exponent == 0)
        return (b & SINGLE_SIGN) | SINGLE_INFINITY;
    if (b & SINGLE_SIGN)
        return SINGLE_NAN;
    if (b == SINGLE_INFINITY)
        return 0;
    return approximation(0, (380 - exponent) / 2,
                         divide_by_root(exponent & 1 ? x : 2 * x));
}
