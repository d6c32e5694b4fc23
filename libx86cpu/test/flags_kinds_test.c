/* flags_kinds_test.c -- quick conditions and carries against all the flags. */
/* SPDX-License-Identifier: MIT */
#include "libx86cpu/src/flags.h"

#include <stdio.h>
#include <string.h>

static const uint32_t values[] = {
    0,          1,          2,          3,          0x3f,       0x40,
    0x7e,       0x7f,       0x80,       0x81,       0xfe,       0xff,
    0x100,      0x7ffe,     0x7fff,     0x8000,     0x8001,     0xfffe,
    0xffff,     0x10000,    0x12345678, 0x7ffffffe, 0x7fffffff, 0x80000000,
    0x80000001, 0x87654321, 0xfffffffe, 0xffffffff,
};

enum { VALUES = sizeof(values) / sizeof(values[0]) };

static int failures;

/* SDM 1, B.1: what a condition is made of. */
static int expected_condition(uint32_t flags, unsigned cc)
{
    int o = (flags & XF_O) != 0, c = (flags & XF_C) != 0;
    int z = (flags & XF_Z) != 0, s = (flags & XF_S) != 0;
    int p = (flags & XF_P) != 0;
    const int even[8] = {o, c, z, c | z, s, p, s ^ o, (s ^ o) | z};
    return even[cc / 2] ^ (int)(cc & 1);
}

static void check(struct xcpu *cpu, const char *kind, int known_carry)
{
    uint32_t flags = xcpu_get_flags(cpu);
    int wrong =
        xcpu_carry(cpu) != (flags & XF_C) || known_carry != (int)(flags & XF_C);
    for (unsigned cc = 0; cc < 16; cc++)
        wrong |= xcpu_condition(cpu, cc) != expected_condition(flags, cc) ||
                 xcpu_condition_of(cpu, cpu->flags.kind, cc) !=
                     expected_condition(flags, cc);
    if (wrong && failures++ < 20)
        printf("%s: a %08x b %08x carry %u flags %03x\n", kind, cpu->flags.a,
               cpu->flags.b, cpu->flags.carry, flags);
}

/* As instructions keep them: zero-extended, shift counts of 1 to 31, of a
 * result and stored flags the flags alone. */
static void keep(struct xcpu *cpu, enum xcpu_flags_kind kind, unsigned bits,
                 uint32_t a, uint32_t b)
{
    uint32_t mask = XCPU_MASK(bits);
    int shifts = (kind >= XCPU_SHL8 && kind <= XCPU_SAR32);
    int results = (kind >= XCPU_RESULT8 && kind <= XCPU_RESULT32);
    if (kind == XCPU_FLAGS_STORED)
        a &= XF_OSZAPC;
    xcpu_keep_flags(cpu, kind, a & mask,
                    shifts    ? b % 31 + 1
                    : results ? b & XF_OC
                              : b & mask);
}

static void check_values(struct xcpu *cpu, uint32_t a, uint32_t b)
{
#define CHECK(kind_, bits)                                                     \
    keep(cpu, kind_, bits, a, b);                                              \
    check(cpu, #kind_, (int)xcpu_carry_of(cpu, kind_));
#define X(kind)                                                                \
    CHECK(XCPU_##kind##8, 8)                                                   \
    CHECK(XCPU_##kind##16, 16)                                                 \
    CHECK(XCPU_##kind##32, 32)
    XCPU_FLAGS_KINDS(X)
    CHECK(XCPU_FLAGS_STORED, 32)
#undef X
#undef CHECK
}

int main(void)
{
    static struct xcpu cpu;
    for (int i = 0; i < VALUES; i++)
        for (int j = 0; j < VALUES; j++)
            for (uint32_t carry = 0; carry < 2; carry++) {
                cpu.flags.carry = carry;
                check_values(&cpu, values[i], values[j]);
            }
    printf("%d wrong\n", failures);
    return failures != 0;
}
