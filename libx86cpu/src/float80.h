/* float80.h -- the x87's arithmetic in integers, for any host. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FLOAT80_H
#define X86CPU_FLOAT80_H

#include <stdint.h>

#include "fpu_state.h"

/* Status word bits (SDM 1, 8.1.3); the low six are also the mask bits of the
 * control word, and in the same order flags and masks of MXCSR. */
enum {
    XCPU_X87_IE = 0x1,
    XCPU_X87_DE = 0x2,
    XCPU_X87_ZE = 0x4,
    XCPU_X87_OE = 0x8,
    XCPU_X87_UE = 0x10,
    XCPU_X87_PE = 0x20,
    XCPU_X87_EXCEPTIONS = 0x3f,
    XCPU_X87_SF = 0x40,
    XCPU_X87_ES = 0x80,
    XCPU_X87_C0 = 0x100,
    XCPU_X87_C1 = 0x200,
    XCPU_X87_C2 = 0x400,
    XCPU_X87_TOP = 0x3800,
    XCPU_X87_C3 = 0x4000,
    XCPU_X87_CONDITIONS = 0x4700,
    XCPU_X87_B = 0x8000
};

enum {
    XCPU_ROUND_NEAREST = 0x0, /* rounding control, in its place in FCW */
    XCPU_ROUND_DOWN = 0x400,
    XCPU_ROUND_UP = 0x800,
    XCPU_ROUND_CHOP = 0xc00,
    XCPU_ROUND = 0xc00,
    XCPU_PRECISION = 0x300
};

/*
 * What an operation runs under, and what it raises: exceptions and condition
 * codes are or-ed into status. An operation that raises an unmasked IE, DE or
 * ZE has no result, nor has a conversion to a smaller format that raises an
 * unmasked OE or UE: what the functions return is then to be ignored.
 */
struct xcpu_f80_env {
    uint16_t control; /* FCW */
    uint16_t status;
    int denormal; /* 1: an operand was denormal in its memory format */
};

/*
 * A finite value apart: (hi:lo) / 2^127 * 2^(exponent - 16383). Bit 63 of hi
 * is set unless the value is zero or denormalised by a rounding. The lowest
 * bit of lo also stands for all that is below it.
 */
struct xcpu_f80_wide {
    uint64_t hi, lo;
    int32_t exponent;
    int sign; /* 0 or 1 */
};

/* A binary format to round to, exponents biased by 16383. */
struct xcpu_f80_format {
    int precision; /* bits, the leading one included */
    int32_t min, max;
    int32_t wrap; /* what an unmasked O or U subtracts or adds; 0: nothing */
};

/* Single, double and extended precision with their exponent ranges. */
extern const struct xcpu_f80_format xcpu_f80_single, xcpu_f80_double,
    xcpu_f80_extended;

/*
 * Rounds *value, not zero, to a format by env's rounding control and raises
 * OE, UE and PE, and C1 when the magnitude grew. An infinite result has
 * exponent max + 1; a denormal one min, bit 63 of hi clear.
 */
void xcpu_f80_round(struct xcpu_f80_env *env,
                    const struct xcpu_f80_format *format,
                    struct xcpu_f80_wide *value);

/*
 * Exact sums, products, quotients and roots but for the sticky bit, of
 * finite values: what rounding needs. Operands are normalised; a sum may be
 * zero (hi 0) with the sign that env's rounding gives to it; the others take
 * no zeroes. A root takes no sign.
 */
struct xcpu_f80_wide xcpu_f80_wide_add(const struct xcpu_f80_env *env,
                                       struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b);
struct xcpu_f80_wide xcpu_f80_wide_mul(struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b);
struct xcpu_f80_wide xcpu_f80_wide_div(struct xcpu_f80_wide a,
                                       struct xcpu_f80_wide b);
struct xcpu_f80_wide xcpu_f80_wide_sqrt(struct xcpu_f80_wide a);

/* Of registers. Arithmetic rounds to env's precision control. */
struct xcpu_f80 xcpu_f80_add(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_sub(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_mul(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_div(struct xcpu_f80_env *env, struct xcpu_f80 a,
                             struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_sqrt(struct xcpu_f80_env *env, struct xcpu_f80 a);

/* C3, C2, C0 as FCOM sets them; quiet: QNaNs raise nothing (FUCOM). */
void xcpu_f80_compare(struct xcpu_f80_env *env, struct xcpu_f80 a,
                      struct xcpu_f80 b, int quiet);
/* C3, C2, C0 and C1 of FXAM for a register that is not empty. */
uint16_t xcpu_f80_examine(struct xcpu_f80 a);

/* float80_scale.c: FRNDINT, FSCALE, FXTRACT, FPREM (ieee 0) and FPREM1 (1).
 * FXTRACT returns the significand; FPREM's C2, C1, C3, C0 are in status. */
struct xcpu_f80 xcpu_f80_round_int(struct xcpu_f80_env *env, struct xcpu_f80 a);
struct xcpu_f80 xcpu_f80_scale(struct xcpu_f80_env *env, struct xcpu_f80 a,
                               struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_extract(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                 struct xcpu_f80 *exponent);
struct xcpu_f80 xcpu_f80_remainder(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                   struct xcpu_f80 b, int ieee);

/*
 * float80_convert.c: to and from the memory formats. Reals are extended as
 * they are, with env->denormal as the only trace, for arithmetic to look at;
 * xcpu_f80_load does so for FLD. Integers are of size 2, 4 or 8 bytes; out of
 * range they become the indefinite one.
 */
struct xcpu_f80 xcpu_f80_from_single(struct xcpu_f80_env *env, uint32_t bits);
struct xcpu_f80 xcpu_f80_from_double(struct xcpu_f80_env *env, uint64_t bits);
struct xcpu_f80 xcpu_f80_load(struct xcpu_f80_env *env, struct xcpu_f80 a);
uint32_t xcpu_f80_to_single(struct xcpu_f80_env *env, struct xcpu_f80 a);
uint64_t xcpu_f80_to_double(struct xcpu_f80_env *env, struct xcpu_f80 a);
struct xcpu_f80 xcpu_f80_from_int(int64_t value);
int64_t xcpu_f80_to_int(struct xcpu_f80_env *env, struct xcpu_f80 a, int size);
struct xcpu_f80 xcpu_f80_from_bcd(const uint8_t bcd[10]);
void xcpu_f80_to_bcd(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     uint8_t bcd[10]);

/*
 * Transcendental functions, within one unit in the last place. float80_exp.c:
 * 2^a - 1; b * log2(a); b * log2(a + 1).
 */
struct xcpu_f80 xcpu_f80_2xm1(struct xcpu_f80_env *env, struct xcpu_f80 a);
struct xcpu_f80 xcpu_f80_yl2x(struct xcpu_f80_env *env, struct xcpu_f80 a,
                              struct xcpu_f80 b);
struct xcpu_f80 xcpu_f80_yl2xp1(struct xcpu_f80_env *env, struct xcpu_f80 a,
                                struct xcpu_f80 b);

/*
 * float80_trig.c: arc tangent of b / a by quadrant; sine and cosine, either
 * pointer may be NULL; tangent. The latter raise C2 alone for operands from
 * 2^63 on and have no results then.
 */
struct xcpu_f80 xcpu_f80_patan(struct xcpu_f80_env *env, struct xcpu_f80 a,
                               struct xcpu_f80 b);
void xcpu_f80_sincos(struct xcpu_f80_env *env, struct xcpu_f80 a,
                     struct xcpu_f80 *sin, struct xcpu_f80 *cos);
struct xcpu_f80 xcpu_f80_ptan(struct xcpu_f80_env *env, struct xcpu_f80 a);

#endif
