/* sse_round.c -- handlers of ROUNDPS and its relatives. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

/* The immediate (SDM 2, ROUNDPD): a rounding, or MXCSR's; no PE. */
enum { BY_MXCSR = 4, INEXACT_IS_QUIET = 8 };

/* A binary format: fraction bits, the exponent of 1.0. */
struct format {
    unsigned fraction;
    uint32_t bias;
    uint64_t sign;
};

static const struct format single = {23, 127, UINT64_C(1) << 31};
static const struct format real = {52, 1023, UINT64_C(1) << 63};

static uint32_t rounding_of(const struct xcpu_fpu *fpu, uint32_t imm)
{
    return imm & BY_MXCSR ? (fpu->mxcsr & XCPU_MXCSR_ROUND) >> 13 : imm & 3;
}

/* Whether a magnitude grows to the next integer: what is behind the point,
 * compared with one half. */
static int grows(uint32_t rounding, int negative, uint64_t rest, uint64_t half,
                 int odd)
{
    switch (rounding) {
    case 0:
        return rest > half || (rest == half && odd);
    case 1:
        return negative;
    case 2:
        return !negative;
    default:
        return 0;
    }
}

/* A magnitude below 2^fraction, not 0. Biases are odd: so is 1.0 as a bit. */
static uint64_t round_magnitude(const struct format *f, uint64_t magnitude,
                                int negative, uint32_t rounding)
{
    const uint64_t one = (uint64_t)f->bias << f->fraction;
    const uint64_t half = one - (UINT64_C(1) << f->fraction);

    if (magnitude < one)
        return grows(rounding, negative, magnitude, half, 0) ? one : 0;
    const uint64_t unit =
        UINT64_C(1) << (f->fraction + f->bias - (magnitude >> f->fraction));
    const uint64_t rest = magnitude & (unit - 1);

    magnitude -= rest;
    if (rest &&
        grows(rounding, negative, rest, unit / 2, (magnitude & unit) != 0))
        magnitude += unit;
    return magnitude;
}

/* A lane; raises in fpu->raised. Denormals raise nothing but PE. */
static uint64_t round_lane(struct xcpu_fpu *fpu, const struct format *f,
                           uint64_t bits, uint32_t imm)
{
    const uint64_t infinity = (uint64_t)(2 * f->bias + 1) << f->fraction;
    const uint64_t quiet = UINT64_C(1) << (f->fraction - 1);
    const uint64_t sign = bits & f->sign, magnitude = bits & (f->sign - 1);
    uint64_t rounded;

    if (magnitude > infinity) {
        fpu->raised |= bits & quiet ? 0 : XCPU_X87_IE;
        return bits | quiet;
    }
    if ((fpu->mxcsr & XCPU_MXCSR_DAZ) && magnitude >> f->fraction == 0)
        return sign;
    if (magnitude == 0 ||
        magnitude >> f->fraction >= f->bias + (uint64_t)f->fraction)
        return bits;
    rounded = round_magnitude(f, magnitude, sign != 0, rounding_of(fpu, imm));
    if (rounded != magnitude && !(imm & INEXACT_IS_QUIET))
        fpu->raised |= XCPU_X87_PE;
    return sign | rounded;
}

#define ROUND(id, name, f, member, lanes, load)                                \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector b)                                     \
    {                                                                          \
        xcpu_vector a = xcpu_sse_get(cpu, slot->reg);                          \
        const union xcpu_xmm *from = (const union xcpu_xmm *)&b;               \
        union xcpu_xmm *to = (union xcpu_xmm *)&a;                             \
                                                                               \
        cpu->fpu.raised = 0;                                                   \
        for (int i = 0; i < (lanes); i++)                                      \
            to->member[i] = (__typeof__(to->member[i]))round_lane(             \
                &cpu->fpu, &f, from->member[i], slot->imm);                    \
        xcpu_sse_commit(cpu, slot, 0);                                         \
        xcpu_sse_set(cpu, slot->reg, a);                                       \
    }                                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        name(cpu, slot, xcpu_sse_get(cpu, slot->rm));                          \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        name(cpu, slot, load(cpu, slot, memory, address));                     \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

ROUND(ROUNDPS_Vps_Wps_Ib, roundps, single, u32, 4, xcpu_load128)
ROUND(ROUNDPD_Vpd_Wpd_Ib, roundpd, real, u64, 2, xcpu_load128)
ROUND(ROUNDSS_Vss_Wss_Ib, roundss, single, u32, 1, xcpu_load_low32)
ROUND(ROUNDSD_Vsd_Wsd_Ib, roundsd, real, u64, 1, xcpu_load_low64)
