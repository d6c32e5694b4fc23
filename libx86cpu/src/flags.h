/* flags.h -- arithmetic flags from the operands that made them. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FLAGS_H
#define X86CPU_FLAGS_H

#include "cpu.h"

/*
 * What struct xcpu_flags holds: a and b, zero-extended, and carry mean
 *
 *   STORED  a: the flags themselves
 *   LOGIC   a: the result of AND, OR, XOR, TEST
 *   ADD     a + b                 SUB  a - b, also CMP and NEG
 *   ADC     a + b + carry         SBB  a - b - carry
 *   INC     a + 1, carry kept     DEC  a - 1, carry kept
 *   SHL, SHR, SAR                 a shifted by b, 1 <= b <= 31
 *   RESULT  a: a result, for ZF, SF and PF, b: the other flags
 *
 * in 8, 16 or 32 bits. Instructions that write some flags only make STORED.
 */
#define XCPU_FLAGS_KINDS(X)                                                    \
    X(LOGIC)                                                                   \
    X(ADD) X(SUB) X(ADC) X(SBB) X(INC) X(DEC) X(SHL) X(SHR) X(SAR) X(RESULT)

enum xcpu_flags_kind {
    XCPU_FLAGS_ANY, /* not known when a block is made */
    XCPU_FLAGS_STORED,
#define X(kind) XCPU_##kind##8, XCPU_##kind##16, XCPU_##kind##32,
    XCPU_FLAGS_KINDS(X)
#undef X
};

static inline void xcpu_keep_flags(struct xcpu *cpu, enum xcpu_flags_kind kind,
                                   uint32_t a, uint32_t b)
{
    cpu->flags.kind = (uint8_t)kind;
    cpu->flags.a = a;
    cpu->flags.b = b;
}

/* Of kinds without b. */
static inline void xcpu_keep_result(struct xcpu *cpu, enum xcpu_flags_kind kind,
                                    uint32_t a)
{
    cpu->flags.kind = (uint8_t)kind;
    cpu->flags.a = a;
}

/* The six arithmetic flags (XF_OSZAPC). */
uint32_t xcpu_get_flags(const struct xcpu *cpu);

/* Writes all of them. */
static inline void xcpu_set_flags(struct xcpu *cpu, uint32_t flags)
{
    cpu->flags.kind = XCPU_FLAGS_STORED;
    cpu->flags.a = flags;
}

/* Writes those in mask. */
static inline void xcpu_change_flags(struct xcpu *cpu, uint32_t mask,
                                     uint32_t flags)
{
    xcpu_set_flags(cpu, (xcpu_get_flags(cpu) & ~mask) | flags);
}

/* Whether condition cc (an opcode's low four bits) holds: by the kind of the
 * flags, or from all of them. */
int xcpu_condition(const struct xcpu *cpu, unsigned cc);
int xcpu_condition_slow(const struct xcpu *cpu, unsigned cc);

static inline uint32_t xcpu_carry_slow(const struct xcpu *cpu)
{
    return xcpu_get_flags(cpu) & XF_C;
}

/* CF by whatever kind, out of line. */
uint32_t xcpu_carry(const struct xcpu *cpu);

/* CF, 0 or 1, where the kind is known to the compiler. */
__attribute__((always_inline)) static inline uint32_t
xcpu_carry_of(const struct xcpu *cpu, enum xcpu_flags_kind kind)
{
    uint32_t a = cpu->flags.a, b = cpu->flags.b, carry = cpu->flags.carry;
    switch (kind) {
    case XCPU_SUB8:
    case XCPU_SUB16:
    case XCPU_SUB32:
        return a < b;
    case XCPU_ADD32:
        return a + b < a;
    case XCPU_ADC32:
        return ((uint64_t)a + b + carry) >> 32 & 1;
    case XCPU_SBB32:
        return a < (uint64_t)b + carry;
    case XCPU_INC8:
    case XCPU_INC16:
    case XCPU_INC32:
    case XCPU_DEC8:
    case XCPU_DEC16:
    case XCPU_DEC32:
        return carry;
    case XCPU_SHR32:
        return a >> ((b - 1) & 31) & 1;
    case XCPU_LOGIC8:
    case XCPU_LOGIC16:
    case XCPU_LOGIC32:
        return 0;
    case XCPU_FLAGS_STORED:
        return a & XF_C;
    default:
        return xcpu_carry_slow(cpu);
    }
}

/* CF where one kind is more likely than others. */
static inline uint32_t xcpu_carry_likely(const struct xcpu *cpu,
                                         enum xcpu_flags_kind kind)
{
    if (__builtin_expect(cpu->flags.kind == kind, 1))
        return xcpu_carry_of(cpu, kind);
    return xcpu_carry(cpu);
}

#define XCPU_SIGN(bits) (UINT32_C(1) << ((bits)-1))
#define XCPU_MASK(bits) (UINT32_MAX >> (32 - (bits)))

/*
 * The sources of quick conditions: a result and its carry, both as the flags
 * have them, and the same result with unlimited precision, whose sign is SF
 * xor OF. cc is without its lowest bit, which negates it. -1 where more must
 * be known.
 */
static inline int xcpu_condition_sum(unsigned cc, int32_t result, int carry,
                                     int64_t exact)
{
    switch (cc) {
    case 0x2:
        return carry;
    case 0x4:
        return result == 0;
    case 0x6:
        return carry || result == 0;
    case 0x8:
        return result < 0;
    case 0xc:
        return exact < 0;
    case 0xe:
        return exact < 0 || result == 0;
    default:
        return -1;
    }
}

/* A comparison of a and b, sign-extended. */
static inline int xcpu_condition_compared(unsigned cc, int32_t a, int32_t b,
                                          int32_t difference)
{
    switch (cc) {
    case 0x2:
        return (uint32_t)a < (uint32_t)b;
    case 0x4:
        return a == b;
    case 0x6:
        return (uint32_t)a <= (uint32_t)b;
    case 0x8:
        return difference < 0;
    case 0xc:
        return a < b;
    case 0xe:
        return a <= b;
    default:
        return -1;
    }
}

/* A result alone, sign-extended. */
static inline int xcpu_condition_result(unsigned cc, int32_t result)
{
    return cc == 0x4 ? result == 0 : cc == 0x8 ? result < 0 : -1;
}

/* CF and OF are 0. */
static inline int xcpu_condition_logic(unsigned cc, int32_t result)
{
    return xcpu_condition_sum(cc, result, 0, result);
}

/* The flags themselves. */
static inline int xcpu_condition_stored(unsigned cc, uint32_t flags)
{
    int less = !(flags & XF_S) != !(flags & XF_O);
    switch (cc) {
    case 0x0:
        return (flags & XF_O) != 0;
    case 0x2:
        return (flags & XF_C) != 0;
    case 0x4:
        return (flags & XF_Z) != 0;
    case 0x6:
        return (flags & XF_ZC) != 0;
    case 0x8:
        return (flags & XF_S) != 0;
    case 0xa:
        return (flags & XF_P) != 0;
    case 0xc:
        return less;
    default:
        return less || (flags & XF_Z);
    }
}

/* Whether a condition holds where the kind is known to the compiler: little
 * is left of it then, which compilers do not guess. */
__attribute__((always_inline)) static inline int
xcpu_condition_of(const struct xcpu *cpu, enum xcpu_flags_kind kind,
                  unsigned cc)
{
    uint32_t a = cpu->flags.a, b = cpu->flags.b;
    int carry = (int)cpu->flags.carry;
    unsigned even = cc & 0xe;
    int holds = -1;
    switch (kind) {
#define X(bits)                                                                \
    case XCPU_SUB##bits:                                                       \
        holds = xcpu_condition_compared(                                       \
            even, (int##bits##_t)a, (int##bits##_t)b, (int##bits##_t)(a - b)); \
        break;                                                                 \
    case XCPU_LOGIC##bits:                                                     \
        holds = xcpu_condition_logic(even, (int##bits##_t)a);                  \
        break;                                                                 \
    case XCPU_ADD##bits:                                                       \
        holds =                                                                \
            xcpu_condition_sum(even, (int##bits##_t)(a + b),                   \
                               (uint##bits##_t)(a + b) < (uint##bits##_t)a,    \
                               (int64_t)(int##bits##_t)a + (int##bits##_t)b);  \
        break;                                                                 \
    case XCPU_SBB##bits:                                                       \
        holds = xcpu_condition_sum(                                            \
            even, (int##bits##_t)(a - b - (uint32_t)carry),                    \
            (int64_t)a < (int64_t)b + carry,                                   \
            (int64_t)(int##bits##_t)a - (int##bits##_t)b - carry);             \
        break;                                                                 \
    case XCPU_INC##bits:                                                       \
        holds = xcpu_condition_sum(even, (int##bits##_t)(a + 1), carry,        \
                                   (int64_t)(int##bits##_t)a + 1);             \
        break;                                                                 \
    case XCPU_DEC##bits:                                                       \
        holds = xcpu_condition_sum(even, (int##bits##_t)(a - 1), carry,        \
                                   (int64_t)(int##bits##_t)a - 1);             \
        break;                                                                 \
    case XCPU_SHR##bits:                                                       \
        holds = xcpu_condition_result(even, (int##bits##_t)(a >> (b & 31)));   \
        break;                                                                 \
    case XCPU_RESULT##bits:                                                    \
        holds = xcpu_condition_result(even, (int##bits##_t)a);                 \
        break;
        X(8)
        X(16)
        X(32)
#undef X
    case XCPU_FLAGS_STORED:
        holds = xcpu_condition_stored(even, a);
        break;
    default:
        break;
    }
    if (kind == XCPU_FLAGS_ANY)
        return xcpu_condition(cpu, cc);
    return holds < 0 ? xcpu_condition_slow(cpu, cc) : holds ^ (int)(cc & 1);
}

/* For handlers made for each condition, and for the kinds of flags that are
 * usual before one that reads them. */
#define XCPU_KNOWN_KINDS(X, ...)                                               \
    X(FLAGS_ANY, __VA_ARGS__)                                                  \
    XCPU_CERTAIN_KINDS(X, __VA_ARGS__)
#define XCPU_CERTAIN_KINDS(X, ...)                                             \
    X(FLAGS_STORED, __VA_ARGS__)                                               \
    X(SUB8, __VA_ARGS__)                                                       \
    X(SUB16, __VA_ARGS__)                                                      \
    X(SUB32, __VA_ARGS__)                                                      \
    X(SBB32, __VA_ARGS__)                                                      \
    X(LOGIC8, __VA_ARGS__)                                                     \
    X(LOGIC32, __VA_ARGS__)                                                    \
    X(ADD32, __VA_ARGS__)                                                      \
    X(INC32, __VA_ARGS__)                                                      \
    X(DEC32, __VA_ARGS__)                                                      \
    X(SHR32, __VA_ARGS__)
#define XCPU_CONDITIONS(X, ...)                                                \
    X(0, __VA_ARGS__)                                                          \
    X(1, __VA_ARGS__)                                                          \
    X(2, __VA_ARGS__)                                                          \
    X(3, __VA_ARGS__)                                                          \
    X(4, __VA_ARGS__)                                                          \
    X(5, __VA_ARGS__)                                                          \
    X(6, __VA_ARGS__)                                                          \
    X(7, __VA_ARGS__)                                                          \
    X(8, __VA_ARGS__)                                                          \
    X(9, __VA_ARGS__)                                                          \
    X(10, __VA_ARGS__)                                                         \
    X(11, __VA_ARGS__)                                                         \
    X(12, __VA_ARGS__)                                                         \
    X(13, __VA_ARGS__)                                                         \
    X(14, __VA_ARGS__)                                                         \
    X(15, __VA_ARGS__)

#endif
