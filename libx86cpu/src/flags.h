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

/* Whether condition cc (an opcode's low four bits) holds. */
int xcpu_condition(const struct xcpu *cpu, unsigned cc);

static inline uint32_t xcpu_carry_slow(const struct xcpu *cpu)
{
    return xcpu_get_flags(cpu) & XF_C;
}

/* CF, 0 or 1; the kinds that are usual before ADC, SBB, INC and DEC first. */
static inline uint32_t xcpu_carry(const struct xcpu *cpu)
{
    const struct xcpu_flags *flags = &cpu->flags;
    switch (flags->kind) {
    case XCPU_SUB32:
        return flags->a < flags->b;
    case XCPU_ADD32:
        return flags->a + flags->b < flags->a;
    case XCPU_INC32:
    case XCPU_DEC32:
        return flags->carry;
    case XCPU_LOGIC8:
    case XCPU_LOGIC32:
        return 0;
    default:
        return xcpu_carry_slow(cpu);
    }
}

#define XCPU_SIGN(bits) (UINT32_C(1) << ((bits)-1))
#define XCPU_MASK(bits) (UINT32_MAX >> (32 - (bits)))

/* The two sources of quick conditions: a comparison of a and b, and a result
 * alone; both sign-extended. cc is without its lowest bit, which negates it.
 * -1 where more must be known. */
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

static inline int xcpu_condition_result(unsigned cc, int32_t result)
{
    return cc == 0x4 ? result == 0 : cc == 0x8 ? result < 0 : -1;
}

/* CF and OF are 0. */
static inline int xcpu_condition_logic(unsigned cc, int32_t result)
{
    switch (cc) {
    case 0x0:
    case 0x2:
        return 0;
    case 0x4:
    case 0x6:
        return result == 0;
    case 0x8:
    case 0xc:
        return result < 0;
    case 0xe:
        return result <= 0;
    default:
        return -1;
    }
}

/* Whether a condition holds where the kind is known to the compiler. */
static inline int xcpu_condition_of(const struct xcpu *cpu,
                                    enum xcpu_flags_kind kind, unsigned cc)
{
    uint32_t a = cpu->flags.a, b = cpu->flags.b;
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
        holds = xcpu_condition_result(even, (int##bits##_t)(a + b));           \
        break;                                                                 \
    case XCPU_INC##bits:                                                       \
        holds = xcpu_condition_result(even, (int##bits##_t)(a + 1));           \
        break;                                                                 \
    case XCPU_DEC##bits:                                                       \
        holds = xcpu_condition_result(even, (int##bits##_t)(a - 1));           \
        break;                                                                 \
    case XCPU_SHR##bits:                                                       \
        holds = xcpu_condition_result(even, (int##bits##_t)(a >> b));          \
        break;
        X(8)
        X(16)
        X(32)
#undef X
    default:
        break;
    }
    return holds < 0 ? xcpu_condition(cpu, cc) : holds ^ (int)(cc & 1);
}

/* For handlers made for each condition, and for the kinds of flags that are
 * usual before one that reads them. */
#define XCPU_KNOWN_KINDS(X, ...)                                               \
    X(FLAGS_ANY, __VA_ARGS__)                                                  \
    X(SUB8, __VA_ARGS__)                                                       \
    X(SUB32, __VA_ARGS__)                                                      \
    X(LOGIC8, __VA_ARGS__)                                                     \
    X(LOGIC32, __VA_ARGS__)                                                    \
    X(ADD32, __VA_ARGS__)                                                      \
    X(DEC32, __VA_ARGS__)
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
