/* mmx.h -- MMX registers within the x87's. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_MMX_H
#define X86CPU_MMX_H

#include "mmx_packed.h"
#include "x87_tail.h"

/* Moves the x87 state into struct xcpu_fpu and raises #MF when an exception
 * is pending. */
void xcpu_mmx_wait(struct xcpu *cpu, const struct xcpu_slot *slot);

/*
 * An MMX instruction begins, accesses memory unless it stores, and enters:
 * that turns the x87's registers into MMX ones (SDM 3, 12.2: TOP 0, all
 * valid).
 */
static inline void xcpu_mmx_begin(struct xcpu *cpu,
                                  const struct xcpu_slot *slot)
{
    if (XCPU_UNLIKELY(cpu->fpu.x87_mode != XCPU_X87_MMX))
        xcpu_mmx_wait(cpu, slot);
}

static inline void xcpu_mmx_enter(struct xcpu *cpu)
{
    cpu->fpu.x87_mode = XCPU_X87_MMX;
    cpu->fpu.top = 0;
    cpu->fpu.valid = 0xff;
}

static inline uint64_t xcpu_mmx_get(const struct xcpu *cpu, unsigned reg)
{
    return cpu->fpu.st[reg].mantissa;
}

/* A register that is written gets sign and exponent of all ones. */
static inline void xcpu_mmx_set(struct xcpu *cpu, unsigned reg, uint64_t value)
{
    cpu->fpu.st[reg].mantissa = value;
    cpu->fpu.st[reg].exponent = 0xffff;
}

/* Handlers of MMX instructions, from bodies that neither begin nor enter. */
#define XCPU_MMX_REG_HANDLER(body)                                             \
    static XCPU_RARE XCPU_HANDLER(body##_waits)                                \
    {                                                                          \
        xcpu_mmx_wait(cpu, slot);                                              \
        body(cpu, slot);                                                       \
        xcpu_mmx_enter(cpu);                                                   \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    static XCPU_HANDLER(body)                                                  \
    {                                                                          \
        if (XCPU_UNLIKELY(cpu->fpu.x87_mode != XCPU_X87_MMX))                  \
            XCPU_TAIL return xcpu_run_##body##_waits(cpu, slot, memory);       \
        body(cpu, slot);                                                       \
        XCPU_JUMP(slot + 1);                                                   \
    }

#define XCPU_MMX_MEM_HANDLERS(body)                                            \
    static XCPU_RARE XCPU_HANDLER(body##_waits)                                \
    {                                                                          \
        xcpu_mmx_wait(cpu, slot);                                              \
        body(cpu, slot, memory, xcpu_address_any(cpu, slot));                  \
        xcpu_mmx_enter(cpu);                                                   \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    XCPU_MMX_MEM_FORMS(body)

/* Stores enter before: what faults finds that done, as on Intel's CPUs. */
#define XCPU_MMX_STORE_HANDLERS(body)                                          \
    static XCPU_RARE XCPU_HANDLER(body##_waits)                                \
    {                                                                          \
        xcpu_mmx_wait(cpu, slot);                                              \
        xcpu_mmx_enter(cpu);                                                   \
        body(cpu, slot, memory, xcpu_address_any(cpu, slot));                  \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    XCPU_MMX_MEM_FORMS(body)

#define XCPU_MMX_MEM_FORMS(body)                                               \
    XCPU_MMX_MEM_HANDLER(body, any)                                            \
    XCPU_MMX_MEM_HANDLER(body, base)                                           \
    XCPU_MMX_MEM_HANDLER(body, index)

#define XCPU_MMX_MEM_HANDLER(body, form)                                       \
    static XCPU_HANDLER(body##_##form)                                         \
    {                                                                          \
        if (XCPU_UNLIKELY(cpu->fpu.x87_mode != XCPU_X87_MMX))                  \
            XCPU_TAIL return xcpu_run_##body##_waits(cpu, slot, memory);       \
        body(cpu, slot, memory, xcpu_address_##form(cpu, slot));               \
        XCPU_JUMP(slot + 1);                                                   \
    }

/* Byte by byte, nothing when one of them would fault. */
static inline void xcpu_store_selected(struct xcpu *cpu,
                                       const struct xcpu_slot *slot,
                                       uint8_t *memory, uint32_t address,
                                       xcpu_vector value, uint32_t selected)
{
    uint8_t bytes[16];

    memcpy(bytes, &value, sizeof(bytes));
    for (uint32_t i = 0; i < 16; i++)
        if (selected >> i & 1)
            xcpu_probe_store(cpu, slot, memory, address + i);
    for (uint32_t i = 0; i < 16; i++)
        if (selected >> i & 1)
            xcpu_store8(cpu, slot, memory, address + i, bytes[i]);
}

/*
 * MASKMOVQ and MASKMOVDQU: those of the size bytes of value whose byte in mask
 * has its sign bit, to the segment's [EDI]. The others are not accessed, but
 * hosts may look at their pages.
 */
static inline void xcpu_store_masked(struct xcpu *cpu,
                                     const struct xcpu_slot *slot,
                                     uint8_t *memory, xcpu_vector value,
                                     xcpu_vector mask, uint32_t size)
{
    uint32_t offset = cpu->gpr[XCPU_EDI].d & (UINT32_MAX >> slot->narrow);
    uint32_t address = offset + cpu->sreg_base[slot->seg];
#if defined(__x86_64__)
    if (size == 16 || address % 4096 <= 4096 - 16) {
        XCPU_NOTE(cpu, slot);
        __asm__ volatile("maskmovdqu %1, %0"
                         :
                         : "x"(value), "x"(mask), "D"(memory + address)
                         : "memory");
        XCPU_SETTLE(cpu);
        return;
    }
#endif
    uint32_t selected = xcpu_vector_pmovmskb(mask) & ((1u << size) - 1);
    xcpu_store_selected(cpu, slot, memory, address, value, selected);
}

#endif
