/* int_decimal.c -- handlers of decimal adjustment. */
/* SPDX-License-Identifier: MIT */
#include "interp.h"

/*
 * SDM 2 gives each as pseudocode. The flags it leaves undefined are those of
 * the result.
 */
static inline uint8_t *al_of(struct xcpu *cpu)
{
    return xcpu_reg8(cpu, 0);
}

static inline uint8_t *ah_of(struct xcpu *cpu)
{
    return xcpu_reg8(cpu, 1);
}

/* ZF, SF and PF of AL with what is known of CF and AF. */
static inline void keep_al(struct xcpu *cpu, uint32_t flags)
{
    xcpu_keep_flags(cpu, XCPU_RESULT8, *al_of(cpu), flags);
}

static inline void adjust_decimal(struct xcpu *cpu, int sign)
{
    uint8_t *al = al_of(cpu), old = *al;
    uint32_t flags = xcpu_get_flags(cpu), after = 0;
    if ((old & 0xf) > 9 || flags & XF_A) {
        *al = (uint8_t)(*al + sign * 6);
        after |= XF_A;
        if (sign < 0 && old < 6)
            after |= XF_C;
    }
    if (old > 0x99 || flags & XF_C) {
        *al = (uint8_t)(*al + sign * 0x60);
        after |= XF_C;
    }
    keep_al(cpu, after);
}

static inline void DAA(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    adjust_decimal(cpu, 1);
}

static inline void DAS(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    adjust_decimal(cpu, -1);
}

static inline void adjust_ascii(struct xcpu *cpu, uint32_t step)
{
    uint32_t flags = xcpu_get_flags(cpu), after = 0;
    uint16_t *ax = &cpu->gpr[XCPU_EAX].w;
    if ((*ax & 0xf) > 9 || flags & XF_A) {
        *ax = (uint16_t)(*ax + step);
        after = XF_AC;
    }
    *ax &= 0xff0f;
    keep_al(cpu, after);
}

static inline void AAA(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    adjust_ascii(cpu, 0x106);
}

static inline void AAS(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    adjust_ascii(cpu, 0u - 0x106);
}

static inline void AAM(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint8_t base = (uint8_t)slot->imm, al = *al_of(cpu);
    if (base == 0)
        xcpu_raise(cpu, slot, XCPU_DE, 0);
    *ah_of(cpu) = al / base;
    *al_of(cpu) = al % base;
    keep_al(cpu, 0);
}

static inline void AAD(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    *al_of(cpu) = (uint8_t)(*al_of(cpu) + *ah_of(cpu) * (uint8_t)slot->imm);
    *ah_of(cpu) = 0;
    keep_al(cpu, 0);
}

static inline void SALC(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    *al_of(cpu) = (uint8_t)(0 - xcpu_carry(cpu));
}

XCPU_REG_HANDLER(DAA)
XCPU_REG_HANDLER(DAS)
XCPU_REG_HANDLER(AAA)
XCPU_REG_HANDLER(AAS)
XCPU_REG_HANDLER(AAM)
XCPU_REG_HANDLER(AAD)
XCPU_REG_HANDLER(SALC)
XCPU_FORMS(DAA) = {XCPU_REG(DAA), .flags = XCPU_RESULT8, .harmless = 1};
XCPU_FORMS(DAS) = {XCPU_REG(DAS), .flags = XCPU_RESULT8, .harmless = 1};
XCPU_FORMS(AAA) = {XCPU_REG(AAA), .flags = XCPU_RESULT8, .harmless = 1};
XCPU_FORMS(AAS) = {XCPU_REG(AAS), .flags = XCPU_RESULT8, .harmless = 1};
XCPU_FORMS(AAM_Ib) = {XCPU_REG(AAM), .flags = XCPU_RESULT8};
XCPU_FORMS(AAD_Ib) = {XCPU_REG(AAD), .flags = XCPU_RESULT8, .harmless = 1};
XCPU_FORMS(SALC) = {XCPU_REG(SALC), .harmless = 1};
