/* sse.h -- what the handlers of SSE instructions share. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_SSE_H
#define X86CPU_SSE_H

#include "float80.h"
#include "mmx.h"
#include "x87_tail.h"

/* MXCSR (SDM 1, 10.2.3): flags and, 7 bits up, masks in FSW's order. */
enum {
    XCPU_MXCSR_FLAGS = 0x3f,
    XCPU_MXCSR_DAZ = 0x40,
    XCPU_MXCSR_MASKS = 0x1f80,
    XCPU_MXCSR_ROUND = 0x6000,
    XCPU_MXCSR_FTZ = 0x8000
};

/* ---- registers and memory ---- */

static inline xcpu_vector xcpu_low64(uint64_t value)
{
    return (xcpu_vector){value, 0};
}

static inline xcpu_vector xcpu_sse_get(const struct xcpu *cpu, unsigned reg)
{
    return *(const xcpu_vector *)&cpu->fpu.xmm[reg];
}

static inline void xcpu_sse_set(struct xcpu *cpu, unsigned reg,
                                xcpu_vector value)
{
    *(xcpu_vector *)&cpu->fpu.xmm[reg] = value;
}

struct xcpu_unaligned128 {
    xcpu_vector value;
} __attribute__((packed, may_alias));

/* MOVUPS and its like take any address. */
static XCPU_GUEST_ACCESS xcpu_vector
xcpu_load_unaligned128(struct xcpu *cpu, const struct xcpu_slot *slot,
                       const uint8_t *memory, uint32_t address)
{
    const volatile struct xcpu_unaligned128 *host =
        (const volatile void *)(memory + address);
    xcpu_vector value;

    XCPU_NOTE(cpu, slot);
    value = host->value;
    XCPU_SETTLE(cpu);
    return value;
}

static XCPU_GUEST_ACCESS void
xcpu_store_unaligned128(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint8_t *memory, uint32_t address, xcpu_vector value)
{
    volatile struct xcpu_unaligned128 *host =
        (volatile void *)(memory + address);

    XCPU_NOTE(cpu, slot);
    host->value = value;
    XCPU_SETTLE(cpu);
}

/* Loads of 4 and 8 bytes, the rest 0; on x86 not by way of a general
 * register. */
#if defined(__x86_64__)
#define LOAD_LOW(bits, mnemonic)                                               \
    static inline xcpu_vector xcpu_load_low##bits(                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, const uint8_t *memory, \
        uint32_t address)                                                      \
    {                                                                          \
        xcpu_vector value;                                                     \
                                                                               \
        XCPU_NOTE(cpu, slot);                                                  \
        __asm__ volatile(                                                      \
            mnemonic " %1, %0"                                                 \
            : "=x"(value)                                                      \
            : "m"(*(const struct xcpu_unaligned##bits *)(memory + address)));  \
        XCPU_SETTLE(cpu);                                                      \
        return value;                                                          \
    }
#else
#define LOAD_LOW(bits, mnemonic)                                               \
    static inline xcpu_vector xcpu_load_low##bits(                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, const uint8_t *memory, \
        uint32_t address)                                                      \
    {                                                                          \
        return xcpu_low64(xcpu_load##bits(cpu, slot, memory, address));        \
    }
#endif
LOAD_LOW(32, "movd")
LOAD_LOW(64, "movq")
#undef LOAD_LOW

/* #GP(0), out of line. */
_Noreturn void xcpu_sse_misaligned(struct xcpu *cpu,
                                   const struct xcpu_slot *slot);

static inline void
xcpu_sse_align(struct xcpu *cpu, const struct xcpu_slot *slot, uint32_t address)
{
    if (XCPU_UNLIKELY(address & 15))
        xcpu_sse_misaligned(cpu, slot);
}

static inline xcpu_vector xcpu_load128(struct xcpu *cpu,
                                       const struct xcpu_slot *slot,
                                       const uint8_t *memory, uint32_t address)
{
    xcpu_sse_align(cpu, slot, address);
    return xcpu_load_unaligned128(cpu, slot, memory, address);
}

static inline void xcpu_store128(struct xcpu *cpu, const struct xcpu_slot *slot,
                                 uint8_t *memory, uint32_t address,
                                 xcpu_vector value)
{
    xcpu_sse_align(cpu, slot, address);
    xcpu_store_unaligned128(cpu, slot, memory, address, value);
}

/* ---- op, a function of destination and source, which is aligned in memory;
 * IMM: and of an immediate ---- */

#define XCPU_SSE_OPERATION(id, op)                                             \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(                                                          \
            cpu, slot->reg,                                                    \
            op(xcpu_sse_get(cpu, slot->reg), xcpu_sse_get(cpu, slot->rm)));    \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg, op(xcpu_sse_get(cpu, slot->reg), b));     \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

#define XCPU_SSE_OPERATION_IMM(id, op)                                         \
    static inline void id##_reg(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     op(xcpu_sse_get(cpu, slot->reg),                          \
                        xcpu_sse_get(cpu, slot->rm), slot->imm));              \
    }                                                                          \
    static inline void id##_mem(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        xcpu_vector b = xcpu_load128(cpu, slot, memory, address);              \
                                                                               \
        xcpu_sse_set(cpu, slot->reg,                                           \
                     op(xcpu_sse_get(cpu, slot->reg), b, slot->imm));          \
    }                                                                          \
    XCPU_REG_HANDLER(id##_reg)                                                 \
    XCPU_MEM_HANDLERS(id##_mem)                                                \
    XCPU_FORMS(id) = {XCPU_REG(id##_reg), XCPU_MEM(id##_mem)};

/* ---- arithmetic ---- */

/*
 * Before arithmetic, unless sse_mode is XCPU_SSE_HOST: brings the guest's
 * rounding into the host's MXCSR, without flags where some are unmasked, and
 * returns 1; or 0 for portable computation (sse_soft.h), which also serves
 * unmasked underflow.
 */
int xcpu_sse_enter(struct xcpu_fpu *fpu);

/*
 * After a computation on the host: 1 where it has to be made portably as well,
 * an unmasked overflow whose PE the host does not tell.
 */
int xcpu_sse_doubtful(const struct xcpu_fpu *fpu);

/*
 * After the computation: collects its flags, of the portable one where
 * in_host is 0. Raises #XM for an unmasked one, so nothing must have been
 * written yet.
 */
void xcpu_sse_commit(struct xcpu *cpu, const struct xcpu_slot *slot,
                     int in_host);

/*
 * Handlers of an instruction that computes, from a body
 *
 *   static inline void NAME(struct xcpu *cpu, const struct xcpu_slot *slot,
 *                           xcpu_vector b, int common, int in_host)
 *
 * b is the source: slot->rm, or loaded from memory by LOAD. Where common is 0
 * the body commits.
 */
#define XCPU_SSE_HANDLERS(body, load)                                          \
    static XCPU_RARE XCPU_HANDLER(body##_reg_rare)                             \
    {                                                                          \
        body(cpu, slot, xcpu_sse_get(cpu, slot->rm), 0,                        \
             xcpu_sse_enter(&cpu->fpu));                                       \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    static XCPU_HANDLER(body##_reg)                                            \
    {                                                                          \
        if (XCPU_UNLIKELY(cpu->fpu.sse_mode != XCPU_SSE_HOST))                 \
            XCPU_TAIL return xcpu_run_##body##_reg_rare(cpu, slot, memory);    \
        body(cpu, slot, xcpu_sse_get(cpu, slot->rm), 1, 1);                    \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    static XCPU_RARE XCPU_HANDLER(body##_mem_rare)                             \
    {                                                                          \
        xcpu_vector b = load(cpu, slot, memory, xcpu_address_any(cpu, slot));  \
                                                                               \
        body(cpu, slot, b, 0, xcpu_sse_enter(&cpu->fpu));                      \
        XCPU_JUMP(slot + 1);                                                   \
    }                                                                          \
    XCPU_SSE_MEM_HANDLER(body, load, any)                                      \
    XCPU_SSE_MEM_HANDLER(body, load, base)                                     \
    XCPU_SSE_MEM_HANDLER(body, load, index)

#define XCPU_SSE_MEM_HANDLER(body, load, form)                                 \
    static XCPU_HANDLER(body##_##form)                                         \
    {                                                                          \
        if (XCPU_UNLIKELY(cpu->fpu.sse_mode != XCPU_SSE_HOST))                 \
            XCPU_TAIL return xcpu_run_##body##_mem_rare(cpu, slot, memory);    \
        body(cpu, slot,                                                        \
             load(cpu, slot, memory, xcpu_address_##form(cpu, slot)), 1, 1);   \
        XCPU_JUMP(slot + 1);                                                   \
    }

#define XCPU_SSE_FORMS(id, body)                                               \
    XCPU_FORMS(id) = {.reg = xcpu_run_##body##_reg, XCPU_MEM(body)}

/* MXCSR as the guest reads it, and LDMXCSR's effect. */
uint32_t xcpu_sse_mxcsr(struct xcpu_fpu *fpu);
void xcpu_sse_set_mxcsr(struct xcpu_fpu *fpu, uint32_t mxcsr);

#if defined(__x86_64__)
#define XCPU_SSE_ASM(...) __asm__ volatile(__VA_ARGS__)
#else
#define XCPU_SSE_ASM(...) (void)0
#endif

#endif
