/* sse_float.c -- handlers of SSE instructions that compute with reals. */
/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "sse.h"
#include "sse_soft.h"

/* ---- destination op= source ---- */

/* first and second make the operands of the host's instruction of both. */
#define COMPUTATION(id, name, insn, first, second, load)                       \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector source, int common, int in_host)       \
    {                                                                          \
        const xcpu_vector old = xcpu_sse_get(cpu, slot->reg);                  \
        const xcpu_vector b = second(old, source);                             \
        xcpu_vector a = first(old, source);                                    \
                                                                               \
        if (in_host)                                                           \
            XCPU_SSE_ASM(#insn " %1, %0" : "+x"(a) : "x"(b));                  \
        if (!common) {                                                         \
            in_host = in_host && !xcpu_sse_doubtful(&cpu->fpu);                \
            if (!in_host)                                                      \
                a = xcpu_soft_##insn(&cpu->fpu, first(old, source), b);        \
            xcpu_sse_commit(cpu, slot, in_host);                               \
        }                                                                      \
        xcpu_sse_set(cpu, slot->reg, a);                                       \
    }                                                                          \
    XCPU_SSE_HANDLERS(name, load)                                              \
    XCPU_SSE_FORMS(id, name);

static inline xcpu_vector destination(xcpu_vector a, xcpu_vector b)
{
    (void)b;
    return a;
}

static inline xcpu_vector source_of(xcpu_vector a, xcpu_vector b)
{
    (void)a;
    return b;
}

#define ARITHMETIC(id, name, load)                                             \
    COMPUTATION(id, name, name, destination, source_of, load)

#define FOUR(NAME, name)                                                       \
    ARITHMETIC(NAME##PS_Vps_Wps, name##ps, xcpu_load128)                       \
    ARITHMETIC(NAME##PD_Vpd_Wpd, name##pd, xcpu_load128)                       \
    ARITHMETIC(NAME##SS_Vss_Wss, name##ss, xcpu_load_low32)                    \
    ARITHMETIC(NAME##SD_Vsd_Wsd, name##sd, xcpu_load_low64)

FOUR(ADD, add)
FOUR(SUB, sub)
FOUR(MUL, mul)
FOUR(DIV, div)
FOUR(MIN, min)
FOUR(MAX, max)
FOUR(SQRT, sqrt)

ARITHMETIC(CVTPS2PD_Vpd_Wq, cvtps2pd, xcpu_load_low64)
ARITHMETIC(CVTPD2PS_Vps_Wpd, cvtpd2ps, xcpu_load128)
ARITHMETIC(CVTSS2SD_Vsd_Wss, cvtss2sd, xcpu_load_low32)
ARITHMETIC(CVTSD2SS_Vss_Wsd, cvtsd2ss, xcpu_load_low64)
ARITHMETIC(CVTDQ2PS_Vps_Wdq, cvtdq2ps, xcpu_load128)
ARITHMETIC(CVTDQ2PD_Vpd_Wq, cvtdq2pd, xcpu_load_low64)
ARITHMETIC(CVTPS2DQ_Vdq_Wps, cvtps2dq, xcpu_load128)
ARITHMETIC(CVTTPS2DQ_Vdq_Wps, cvttps2dq, xcpu_load128)
ARITHMETIC(CVTPD2DQ_Vdq_Wpd, cvtpd2dq, xcpu_load128)
ARITHMETIC(CVTTPD2DQ_Vdq_Wpd, cvttpd2dq, xcpu_load128)

/* ---- lanes of one operand with each other: those of the destination first,
 * an even lane and the odd one behind it ---- */

static inline xcpu_vector evens_of_four(xcpu_vector a, xcpu_vector b)
{
    return (xcpu_vector){(a[0] & UINT32_MAX) | a[1] << 32,
                         (b[0] & UINT32_MAX) | b[1] << 32};
}

static inline xcpu_vector odds_of_four(xcpu_vector a, xcpu_vector b)
{
    return (xcpu_vector){a[0] >> 32 | (a[1] >> 32 << 32),
                         b[0] >> 32 | (b[1] >> 32 << 32)};
}

static inline xcpu_vector evens_of_two(xcpu_vector a, xcpu_vector b)
{
    return (xcpu_vector){a[0], b[0]};
}

static inline xcpu_vector odds_of_two(xcpu_vector a, xcpu_vector b)
{
    return (xcpu_vector){a[1], b[1]};
}

COMPUTATION(HADDPS_Vps_Wps, haddps, addps, evens_of_four, odds_of_four,
            xcpu_load128)
COMPUTATION(HSUBPS_Vps_Wps, hsubps, subps, evens_of_four, odds_of_four,
            xcpu_load128)
COMPUTATION(HADDPD_Vpd_Wpd, haddpd, addpd, evens_of_two, odds_of_two,
            xcpu_load128)
COMPUTATION(HSUBPD_Vpd_Wpd, hsubpd, subpd, evens_of_two, odds_of_two,
            xcpu_load128)

/* ---- even lanes subtracted: a sum with the negative, but for NaNs ---- */

static inline uint64_t negate_single(uint64_t lanes)
{
    const uint64_t sign = UINT64_C(1) << 31;

    return (lanes & (sign - 1)) > UINT64_C(0x7f800000) ? lanes : lanes ^ sign;
}

static inline uint64_t negate_double(uint64_t lane)
{
    const uint64_t sign = UINT64_C(1) << 63;

    return (lane & (sign - 1)) > UINT64_C(0x7ff) << 52 ? lane : lane ^ sign;
}

static inline xcpu_vector negate_evens_of_four(xcpu_vector a, xcpu_vector b)
{
    (void)a;
    return (xcpu_vector){negate_single(b[0]), negate_single(b[1])};
}

static inline xcpu_vector negate_even_of_two(xcpu_vector a, xcpu_vector b)
{
    (void)a;
    return (xcpu_vector){negate_double(b[0]), b[1]};
}

COMPUTATION(ADDSUBPS_Vps_Wps, addsubps, addps, destination,
            negate_evens_of_four, xcpu_load128)
COMPUTATION(ADDSUBPD_Vpd_Wpd, addsubpd, addpd, destination, negate_even_of_two,
            xcpu_load128)

/* ---- CMPccPS and its relatives: only three bits of the predicate count ----
 */

#define CASE(name, i)                                                          \
    case i:                                                                    \
        XCPU_SSE_ASM(#name " $" #i ", %1, %0" : "+x"(a) : "x"(b));             \
        break;

#define COMPARE(id, name, load)                                                \
    static inline xcpu_vector name##_host(xcpu_vector a, xcpu_vector b,        \
                                          unsigned predicate)                  \
    {                                                                          \
        (void)b;                                                               \
        switch (predicate) {                                                   \
            CASE(name, 0)                                                      \
            CASE(name, 1)                                                      \
            CASE(name, 2)                                                      \
            CASE(name, 3)                                                      \
            CASE(name, 4)                                                      \
            CASE(name, 5)                                                      \
            CASE(name, 6)                                                      \
            CASE(name, 7)                                                      \
        }                                                                      \
        return a;                                                              \
    }                                                                          \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector b, int common, int in_host)            \
    {                                                                          \
        xcpu_vector a = xcpu_sse_get(cpu, slot->reg);                          \
                                                                               \
        if (in_host)                                                           \
            a = name##_host(a, b, slot->imm & 7);                              \
        else                                                                   \
            a = xcpu_soft_##name(&cpu->fpu, a, b, slot->imm & 7);              \
        if (!common)                                                           \
            xcpu_sse_commit(cpu, slot, in_host);                               \
        xcpu_sse_set(cpu, slot->reg, a);                                       \
    }                                                                          \
    XCPU_SSE_HANDLERS(name, load)                                              \
    XCPU_SSE_FORMS(id, name);

COMPARE(CMPPS_Vps_Wps_Ib, cmpps, xcpu_load128)
COMPARE(CMPPD_Vpd_Wpd_Ib, cmppd, xcpu_load128)
COMPARE(CMPSS_Vss_Wss_Ib, cmpss, xcpu_load_low32)
COMPARE(CMPSD_Vsd_Wsd_Ib, cmpsd, xcpu_load_low64)

/* ---- COMISS and its relatives: EFLAGS ---- */

#define COMPARE_FLAGS(id, name, soft, quiet, load)                             \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector b, int common, int in_host)            \
    {                                                                          \
        xcpu_vector a = xcpu_sse_get(cpu, slot->reg);                          \
        uint32_t flags;                                                        \
                                                                               \
        if (in_host) {                                                         \
            int carry = 0, zero = 0, parity = 0;                               \
                                                                               \
            XCPU_SSE_ASM(#name " %4, %3"                                       \
                         : "=@ccc"(carry), "=@ccz"(zero), "=@ccp"(parity)      \
                         : "x"(a), "x"(b));                                    \
            flags = (uint32_t)(carry * XCPU_CF | zero * XCPU_ZF |              \
                               parity * XCPU_PF);                              \
        } else {                                                               \
            flags = xcpu_soft_##soft(&cpu->fpu, a, b, quiet);                  \
        }                                                                      \
        if (!common)                                                           \
            xcpu_sse_commit(cpu, slot, in_host);                               \
        xcpu_set_flags(cpu, flags);                                            \
    }                                                                          \
    XCPU_SSE_HANDLERS(name, load)                                              \
    XCPU_SSE_FORMS(id, name);

COMPARE_FLAGS(COMISS_Vss_Wss, comiss, comiss, 0, xcpu_load_low32)
COMPARE_FLAGS(COMISD_Vsd_Wsd, comisd, comisd, 0, xcpu_load_low64)
COMPARE_FLAGS(UCOMISS_Vss_Wss, ucomiss, comiss, 1, xcpu_load_low32)
COMPARE_FLAGS(UCOMISD_Vsd_Wsd, ucomisd, comisd, 1, xcpu_load_low64)

/* ---- to general registers ---- */

#define TO_INT(id, name, soft, truncate, load)                                 \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector b, int common, int in_host)            \
    {                                                                          \
        int32_t value = 0;                                                     \
                                                                               \
        if (in_host)                                                           \
            XCPU_SSE_ASM(#name " %1, %0" : "=r"(value) : "x"(b));              \
        else                                                                   \
            value = xcpu_soft_##soft(&cpu->fpu, b, truncate);                  \
        if (!common)                                                           \
            xcpu_sse_commit(cpu, slot, in_host);                               \
        *xcpu_reg32(cpu, slot->reg) = (uint32_t)value;                         \
    }                                                                          \
    XCPU_SSE_HANDLERS(name, load)                                              \
    XCPU_SSE_FORMS(id, name);

TO_INT(CVTSS2SI_Gd_Wss, cvtss2si, cvtss2si, 0, xcpu_load_low32)
TO_INT(CVTSD2SI_Gd_Wsd, cvtsd2si, cvtsd2si, 0, xcpu_load_low64)
TO_INT(CVTTSS2SI_Gd_Wss, cvttss2si, cvtss2si, 1, xcpu_load_low32)
TO_INT(CVTTSD2SI_Gd_Wsd, cvttsd2si, cvtsd2si, 1, xcpu_load_low64)

/* ---- from general registers and memory ---- */

#define FROM_INT(id, name)                                                     \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            uint32_t b)                                        \
    {                                                                          \
        xcpu_vector a = xcpu_sse_get(cpu, slot->reg);                          \
        int common = cpu->fpu.sse_mode == XCPU_SSE_HOST;                       \
        int in_host = common || xcpu_sse_enter(&cpu->fpu);                     \
                                                                               \
        if (in_host)                                                           \
            XCPU_SSE_ASM(#name " %1, %0" : "+x"(a) : "r"(b));                  \
        else                                                                   \
            a = xcpu_soft_##name(&cpu->fpu, a, (int32_t)b);                    \
        if (!common)                                                           \
            xcpu_sse_commit(cpu, slot, in_host);                               \
        xcpu_sse_set(cpu, slot->reg, a);                                       \
    }                                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        name(cpu, slot, *xcpu_reg32(cpu, slot->rm));                           \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        name(cpu, slot, xcpu_load32(cpu, slot, memory, address));              \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

FROM_INT(CVTSI2SS_Vss_Ed, cvtsi2ss)
FROM_INT(CVTSI2SD_Vsd_Ed, cvtsi2sd)

/* ---- RCPPS, RSQRTPS: approximations, the host's or Intel's; no flags ---- */

#if defined(__x86_64__)
static inline int approximates_on_host(const struct xcpu *cpu)
{
    return !cpu->machine->config.portable_floats && !cpu->fpu.portable;
}
#define APPROXIMATE(name, a, b) __asm__(#name " %1, %0" : "+x"(a) : "x"(b))
#else
static inline int approximates_on_host(const struct xcpu *cpu)
{
    (void)cpu;
    return 0;
}
#define APPROXIMATE(name, a, b) (void)0
#endif

static xcpu_vector approximate(xcpu_vector a, xcpu_vector b,
                               uint32_t (*of)(uint32_t), int lanes)
{
    uint32_t to[4], from[4];

    memcpy(to, &a, sizeof(to));
    memcpy(from, &b, sizeof(from));
    for (int i = 0; i < lanes; i++)
        to[i] = of(from[i]);
    memcpy(&a, to, sizeof(to));
    return a;
}

#define APPROXIMATION(id, name, soft, lanes, load)                             \
    static inline xcpu_vector name##_of(const struct xcpu *cpu, xcpu_vector a, \
                                        xcpu_vector b)                         \
    {                                                                          \
        if (approximates_on_host(cpu))                                         \
            APPROXIMATE(name, a, b);                                           \
        else                                                                   \
            a = approximate(a, b, xcpu_soft_##soft, lanes);                    \
        return a;                                                              \
    }                                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     name##_of(cpu, xcpu_sse_get(cpu, slot->reg),              \
                               xcpu_sse_get(cpu, slot->rm)));                  \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        xcpu_vector b = load(cpu, slot, memory, address);                      \
                                                                               \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     name##_of(cpu, xcpu_sse_get(cpu, slot->reg), b));         \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

APPROXIMATION(RCPPS_Vps_Wps, rcpps, rcp, 4, xcpu_load128)
APPROXIMATION(RCPSS_Vss_Wss, rcpss, rcp, 1, xcpu_load_low32)
APPROXIMATION(RSQRTPS_Vps_Wps, rsqrtps, rsqrt, 4, xcpu_load128)
APPROXIMATION(RSQRTSS_Vss_Wss, rsqrtss, rsqrt, 1, xcpu_load_low32)

/* ---- between XMM and MMX registers: an MMX instruction too, which first
 * waits for the x87; CVTPI2PD from memory is not. The registers are MMX ones
 * even where the conversion then raises #XM. ---- */

#define FROM_MMX(id, name, whole, keep_high, mem_is_mmx)                       \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            uint64_t source)                                   \
    {                                                                          \
        xcpu_vector a = xcpu_sse_get(cpu, slot->reg);                          \
        xcpu_vector b = xcpu_low64(source), result = b;                        \
        int in_host = xcpu_sse_enter(&cpu->fpu);                               \
                                                                               \
        if (in_host)                                                           \
            XCPU_SSE_ASM(#whole " %1, %0" : "=x"(result) : "x"(b));            \
        else                                                                   \
            result = xcpu_soft_##whole(&cpu->fpu, a, b);                       \
        xcpu_sse_commit(cpu, slot, in_host);                                   \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     keep_high ? (xcpu_vector){result[0], a[1]} : result);     \
    }                                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        xcpu_mmx_begin(cpu, slot);                                             \
        xcpu_mmx_enter(cpu);                                                   \
        name(cpu, slot, xcpu_mmx_get(cpu, slot->rm));                          \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        uint64_t source;                                                       \
                                                                               \
        if (mem_is_mmx)                                                        \
            xcpu_mmx_begin(cpu, slot);                                         \
        source = xcpu_load64(cpu, slot, memory, address);                      \
        if (mem_is_mmx)                                                        \
            xcpu_mmx_enter(cpu);                                               \
        name(cpu, slot, source);                                               \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

FROM_MMX(CVTPI2PS_Vps_Qq, cvtpi2ps, cvtdq2ps, 1, 0)
FROM_MMX(CVTPI2PD_Vpd_Qq, cvtpi2pd, cvtdq2pd, 0, 0)

/* Of a register of four singles the lower two; the others raise nothing. */
static inline xcpu_vector low_half(xcpu_vector b)
{
    return xcpu_low64(b[0]);
}

static inline xcpu_vector all(xcpu_vector b)
{
    return b;
}

#define TO_MMX(id, name, whole, take, load)                                    \
    static inline void name(struct xcpu *cpu, const struct xcpu_slot *slot,    \
                            xcpu_vector source)                                \
    {                                                                          \
        xcpu_vector b = take(source), result = b;                              \
        int in_host = xcpu_sse_enter(&cpu->fpu);                               \
                                                                               \
        xcpu_mmx_enter(cpu);                                                   \
        if (in_host)                                                           \
            XCPU_SSE_ASM(#whole " %1, %0" : "=x"(result) : "x"(b));            \
        else                                                                   \
            result = xcpu_soft_##whole(&cpu->fpu, b, b);                       \
        xcpu_sse_commit(cpu, slot, in_host);                                   \
        xcpu_mmx_set(cpu, slot->reg, result[0]);                               \
    }                                                                          \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        xcpu_mmx_begin(cpu, slot);                                             \
        name(cpu, slot, xcpu_sse_get(cpu, slot->rm));                          \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        xcpu_mmx_begin(cpu, slot);                                             \
        name(cpu, slot, load(cpu, slot, memory, address));                     \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

TO_MMX(CVTPS2PI_Pq_Wq, cvtps2pi, cvtps2dq, low_half, xcpu_load_low64)
TO_MMX(CVTTPS2PI_Pq_Wq, cvttps2pi, cvttps2dq, low_half, xcpu_load_low64)
TO_MMX(CVTPD2PI_Pq_Wpd, cvtpd2pi, cvtpd2dq, all, xcpu_load128)
TO_MMX(CVTTPD2PI_Pq_Wpd, cvttpd2pi, cvttpd2dq, all, xcpu_load128)
