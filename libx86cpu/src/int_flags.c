/* int_flags.c -- handlers of EFLAGS. */
/* SPDX-License-Identifier: MIT */
#include "int_branch.h"

static inline void CLC(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    xcpu_change_flags(cpu, XF_C, 0);
}

static inline void STC(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    xcpu_change_flags(cpu, XF_C, XF_C);
}

static inline void CMC(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    xcpu_set_flags(cpu, xcpu_get_flags(cpu) ^ XF_C);
}

static inline void CLD(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->eflags &= ~(uint32_t)XCPU_DF;
}

static inline void STD(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    cpu->eflags |= XCPU_DF;
}

/* AH holds SF ZF 0 AF 0 PF 1 CF (SDM 2, LAHF). */
static inline void LAHF(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    *xcpu_reg8(cpu, 1) = (uint8_t)((xcpu_get_flags(cpu) & XF_SZAPC) | 2);
}

static inline void SAHF(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    xcpu_change_flags(cpu, XF_SZAPC, *xcpu_reg8(cpu, 1) & XF_SZAPC);
}

#define FLAG_ROW(op)                                                           \
    XCPU_REG_HANDLER(op)                                                       \
    XCPU_FORMS(op) = {XCPU_REG(op), .flags = XCPU_FLAGS_STORED, .harmless = 1}

FLAG_ROW(CLC);
FLAG_ROW(STC);
FLAG_ROW(CMC);
FLAG_ROW(CLD);
FLAG_ROW(STD);
FLAG_ROW(LAHF);
FLAG_ROW(SAHF);

/* ---- the whole register ---- */

/* RF does not reach the image (SDM 2, PUSHF). */
static inline void PUSHF32(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory)
{
    xcpu_push32(cpu, slot, memory, xcpu_get_eflags(cpu) & ~(uint32_t)XCPU_RF);
}

static inline void PUSHF16(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory)
{
    xcpu_push16(cpu, slot, memory, (uint16_t)xcpu_get_eflags(cpu));
}

XCPU_MEM0_HANDLER(PUSHF32)
XCPU_MEM0_HANDLER(PUSHF16)
XCPU_FORMS(PUSHF) = {XCPU_REG(PUSHF32), XCPU_REG16(PUSHF16), .stores = 1};

/* With TF set, what follows is executed by itself. */
#define POPF_HANDLER(bits, size, keep)                                         \
    XCPU_HANDLER(POPF##bits);                                                  \
    XCPU_HANDLER(POPF##bits)                                                   \
    {                                                                          \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        uint32_t eflags = xcpu_load##bits(cpu, slot, memory, esp);             \
        cpu->gpr[XCPU_ESP].d = esp + size;                                     \
        xcpu_set_eflags(cpu, (eflags & ~(uint32_t)XCPU_RF) |                   \
                                 (cpu->eflags & (keep)));                      \
        if (cpu->eflags & XCPU_TF)                                             \
            return xcpu_leave_to(cpu, xcpu_next_eip(slot));                    \
        XCPU_FOLLOW(xcpu_links(slot));                                         \
    }

POPF_HANDLER(32, 4, 0)
POPF_HANDLER(16, 2, 0xffff0000)
XCPU_FORMS(POPF) = {XCPU_REG(POPF32), XCPU_REG16(POPF16)};
