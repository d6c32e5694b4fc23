/* flags.c -- arithmetic flags from the operands that made them. */
/* SPDX-License-Identifier: MIT */
#include "flags.h"

/* ZF, SF and PF of a result of bits bits (SDM 1, 3.4.3.1). */
static uint32_t flags_of_result(uint32_t result, unsigned bits)
{
    uint32_t flags = 0;
    uint32_t parity = result ^ result >> 4;
    if (!(result & XCPU_MASK(bits)))
        flags |= XF_Z;
    if (result & XCPU_SIGN(bits))
        flags |= XF_S;
    if (!(0x6996u >> (parity & 0xf) & 1))
        flags |= XF_P;
    return flags;
}

static uint32_t flags_of_add(uint32_t a, uint32_t b, uint32_t carry,
                             unsigned bits)
{
    uint32_t sum = a + b + carry;
    uint32_t out = (a & b) | ((a | b) & ~sum); /* carries out of each bit */
    uint32_t flags = flags_of_result(sum, bits) | ((a ^ b ^ sum) & XF_A);
    if (out & XCPU_SIGN(bits))
        flags |= XF_C;
    if ((a ^ sum) & (b ^ sum) & XCPU_SIGN(bits))
        flags |= XF_O;
    return flags;
}

static uint32_t flags_of_sub(uint32_t a, uint32_t b, uint32_t borrow,
                             unsigned bits)
{
    uint32_t difference = a - b - borrow;
    uint32_t out = (~a & b) | ((~a | b) & difference);
    uint32_t flags =
        flags_of_result(difference, bits) | ((a ^ b ^ difference) & XF_A);
    if (out & XCPU_SIGN(bits))
        flags |= XF_C;
    if ((a ^ b) & (a ^ difference) & XCPU_SIGN(bits))
        flags |= XF_O;
    return flags;
}

/* Counts above 1 leave OF undefined: the value here is that of count 1's
 * formula, as CPUs have it. A count beyond the operand's width shifts out
 * nothing but copies of 0, or of the sign. */
static uint32_t flags_of_shl(uint32_t a, unsigned count, unsigned bits)
{
    uint64_t wide = (uint64_t)a << count;
    uint32_t result = (uint32_t)wide & XCPU_MASK(bits);
    uint32_t carry = (uint32_t)(wide >> bits & 1);
    uint32_t flags = flags_of_result(result, bits) | carry;
    if ((result >> (bits - 1) ^ carry) & 1)
        flags |= XF_O;
    return flags;
}

static uint32_t flags_of_shr(uint32_t a, unsigned count, unsigned bits)
{
    uint32_t flags = flags_of_result(a >> count, bits);
    flags |= a >> (count - 1) & 1;
    if (a & XCPU_SIGN(bits))
        flags |= XF_O;
    return flags;
}

static uint32_t flags_of_sar(uint32_t a, unsigned count, unsigned bits)
{
    int64_t value = (int64_t)(a ^ XCPU_SIGN(bits)) - XCPU_SIGN(bits);
    uint32_t result = (uint32_t)(value >> count) & XCPU_MASK(bits);
    return flags_of_result(result, bits) | (uint32_t)(value >> (count - 1) & 1);
}

#define KINDS(X)                                                               \
    X(LOGIC, flags_of_result(a, bits))                                         \
    X(ADD, flags_of_add(a, b, 0, bits))                                        \
    X(SUB, flags_of_sub(a, b, 0, bits))                                        \
    X(ADC, flags_of_add(a, b, carry, bits))                                    \
    X(SBB, flags_of_sub(a, b, carry, bits))                                    \
    X(INC, (flags_of_add(a, 1, 0, bits) & ~(uint32_t)XF_C) | carry)            \
    X(DEC, (flags_of_sub(a, 1, 0, bits) & ~(uint32_t)XF_C) | carry)            \
    X(SHL, flags_of_shl(a, b, bits))                                           \
    X(SHR, flags_of_shr(a, b, bits))                                           \
    X(SAR, flags_of_sar(a, b, bits))                                           \
    X(RESULT, flags_of_result(a, bits) | b)

static uint32_t flags_of_kind(const struct xcpu_flags *flags, unsigned bits,
                              enum xcpu_flags_kind kind32)
{
    uint32_t a = flags->a, b = flags->b, carry = flags->carry;
    switch (kind32) {
#define X(kind, value)                                                         \
    case XCPU_##kind##32:                                                      \
        return (value);
        KINDS(X)
#undef X
    default:
        return a;
    }
}

uint32_t xcpu_get_flags(const struct xcpu *cpu)
{
    enum xcpu_flags_kind kind = cpu->flags.kind;
    switch (kind) {
#define X(name)                                                                \
    case XCPU_##name##8:                                                       \
        return flags_of_kind(&cpu->flags, 8, XCPU_##name##32);                 \
    case XCPU_##name##16:                                                      \
        return flags_of_kind(&cpu->flags, 16, XCPU_##name##32);                \
    case XCPU_##name##32:                                                      \
        return flags_of_kind(&cpu->flags, 32, XCPU_##name##32);
        XCPU_FLAGS_KINDS(X)
#undef X
    case XCPU_FLAGS_ANY:
    case XCPU_FLAGS_STORED:
        break;
    }
    return cpu->flags.a;
}

uint32_t xcpu_carry(const struct xcpu *cpu)
{
    switch (cpu->flags.kind) {
#define X(kind, unused)                                                        \
    case XCPU_##kind:                                                          \
        return xcpu_carry_of(cpu, XCPU_##kind);
        XCPU_CERTAIN_KINDS(X, )
#undef X
    default:
        return xcpu_carry_slow(cpu);
    }
}

int xcpu_condition_slow(const struct xcpu *cpu, unsigned cc)
{
    uint32_t flags = xcpu_get_flags(cpu);
    return xcpu_condition_stored(cc & 0xe, flags) ^ (int)(cc & 1);
}

int xcpu_condition(const struct xcpu *cpu, unsigned cc)
{
    switch (cpu->flags.kind) {
#define X(kind, unused)                                                        \
    case XCPU_##kind:                                                          \
        return xcpu_condition_of(cpu, XCPU_##kind, cc);
        XCPU_CERTAIN_KINDS(X, )
#undef X
    default:
        return xcpu_condition_slow(cpu, cc);
    }
}
