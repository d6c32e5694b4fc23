/* interp.h -- what instruction handlers of the interpreter are made of. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INTERP_H
#define X86CPU_INTERP_H

#include "flags.h"

#include <string.h>

/*
 * A block of guest code is an array of slots, one for each instruction. A
 * handler executes its slot and ends in a jump to the handler of the next
 * one. Almost all are made by the macros below from a body:
 *
 *   static inline void NAME(struct xcpu *cpu, const struct xcpu_slot *slot)
 *       for instructions without a memory operand
 *   static inline void NAME(struct xcpu *cpu, const struct xcpu_slot *slot,
 *                           uint8_t *memory, uint32_t address)
 *       for those with one: address is its linear address; memory is the
 *       window's base, only to be handed on to xcpu_load and xcpu_store.
 *
 * A body reads all memory it needs before it changes registers, and stores
 * before it changes registers: a load or store that faults does not return.
 * xcpu_raise does not return either.
 *
 *   static inline void pxor_reg(struct xcpu *cpu, const struct xcpu_slot *slot)
 *   { ... }
 *   static inline void pxor_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
 *                               uint8_t *memory, uint32_t address)
 *   { ... }
 *   XCPU_REG_HANDLER(pxor_reg)
 *   XCPU_MEM_HANDLERS(pxor_mem)
 *   XCPU_FORMS(PXOR_Pq_Qq) = {XCPU_REG(pxor_reg), XCPU_MEM(pxor_mem)};
 *
 * Every row of x86_insns.def (but those of the groups PRIV and UD) has its
 * XCPU_FORMS, or the library does not link.
 */

/*
 * With tail calls the jump is a call in tail position, which compiles to a
 * jump; without them (no optimisation, sanitizers) handlers return the next
 * slot to a loop. The build asks for them by XCPU_TAIL_CALLS=1.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    !defined(__OPTIMIZE__)
#undef XCPU_TAIL_CALLS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(undefined_behavior_sanitizer)
#undef XCPU_TAIL_CALLS
#endif
#endif
#ifndef XCPU_TAIL_CALLS
#define XCPU_TAIL_CALLS 0
#endif

#if !XCPU_TAIL_CALLS
#define XCPU_JUMP(to) return (to)
#elif defined(__clang__)
#define XCPU_JUMP(to)                                                          \
    __attribute__((musttail)) return (to)->run(cpu, (to), memory)
#else
#define XCPU_JUMP(to) return (to)->run(cpu, (to), memory)
#endif

#define XCPU_LIKELY(x)   __builtin_expect(!!(x), 1)
#define XCPU_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* A handler's signature; name is without the prefix. */
#define XCPU_HANDLER(name)                                                     \
    const struct xcpu_slot *xcpu_run_##name(                                   \
        struct xcpu *cpu, const struct xcpu_slot *slot,                        \
        __attribute__((unused)) uint8_t *memory)

#define XCPU_REG_HANDLER(body)                                                 \
    XCPU_HANDLER(body);                                                        \
    XCPU_HANDLER(body)                                                         \
    {                                                                          \
        body(cpu, slot);                                                       \
        XCPU_JUMP(slot + 1);                                                   \
    }

/* For a body (cpu, slot, memory) that finds its addresses itself. */
#define XCPU_MEM0_HANDLER(body)                                                \
    XCPU_HANDLER(body);                                                        \
    XCPU_HANDLER(body)                                                         \
    {                                                                          \
        body(cpu, slot, memory);                                               \
        XCPU_JUMP(slot + 1);                                                   \
    }

/* One handler for each of the ways to find the address. */
#define XCPU_MEM_HANDLERS(body)                                                \
    XCPU_MEM_HANDLER(body, any)                                                \
    XCPU_MEM_HANDLER(body, base)                                               \
    XCPU_MEM_HANDLER(body, index)

#define XCPU_MEM_HANDLER(body, form)                                           \
    XCPU_HANDLER(body##_##form);                                               \
    XCPU_HANDLER(body##_##form)                                                \
    {                                                                          \
        body(cpu, slot, memory, xcpu_address_##form(cpu, slot));               \
        XCPU_JUMP(slot + 1);                                                   \
    }

/*
 * The handlers of a row. Where one is NULL, the one named behind it is taken;
 * a form that ends up without handler is #UD.
 */
struct xcpu_forms {
    xcpu_handler *reg;     /* no memory operand */
    xcpu_handler *reg16;   /* operand_size 2; reg */
    xcpu_handler *mem;     /* a memory operand found by xcpu_address_any */
    xcpu_handler *mem16;   /* mem */
    xcpu_handler *base;    /* found by xcpu_address_base; mem */
    xcpu_handler *base16;  /* mem16 */
    xcpu_handler *index;   /* found by xcpu_address_index; mem */
    xcpu_handler *index16; /* mem16 */
    xcpu_handler *lock;    /* with LOCK, found by xcpu_address_any */
    xcpu_handler *lock16;  /* lock */
    /* Handlers that keep no flags, for where these are not wanted. May be
     * NULL, and so may each of them. */
    const struct xcpu_forms *quiet;
    /* Chooses the handler itself where the above do not do: changes slot->run
     * and other fields of slot, which are set already. before: the kind of
     * flags that it will find. May be NULL. */
    void (*bind)(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                 enum xcpu_flags_kind before);
    uint8_t flags;    /* enum xcpu_flags_kind that it leaves, if it is one */
    uint8_t flags16;  /* with operand_size 2; flags */
    uint8_t harmless; /* never leaves its handler but for the next slot: 1
                         without a memory operand, 2 always */
    uint8_t locks;    /* a memory operand is locked without a prefix */
    uint8_t stores;   /* writes to memory that ModRM does not name */
    uint8_t ends;     /* what follows is another block */
};

/* A bind for rows whose destination is ModRM.reg: their register forms are
 * those of the other direction. */
void xcpu_swap_registers(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                         enum xcpu_flags_kind before);

#define XCPU_FORMS(row) const struct xcpu_forms xcpu_forms_##row

#define XCPU_REG(body)   .reg = xcpu_run_##body
#define XCPU_REG16(body) .reg16 = xcpu_run_##body
#define XCPU_MEM(body)                                                         \
    .mem = xcpu_run_##body##_any, .base = xcpu_run_##body##_base,              \
    .index = xcpu_run_##body##_index
#define XCPU_MEM16(body)                                                       \
    .mem16 = xcpu_run_##body##_any, .base16 = xcpu_run_##body##_base,          \
    .index16 = xcpu_run_##body##_index

#define XCPU_ROW(id, ...) extern const struct xcpu_forms xcpu_forms_##id;
#include "x86_insns.def"

/*
 * Linear addresses of the memory operand. any: all of them; base: 32-bit
 * addressing without an index in a flat segment; index: with one. What is
 * absent is a register or segment that reads as 0.
 */
static inline uint32_t xcpu_address_any(const struct xcpu *cpu,
                                        const struct xcpu_slot *slot)
{
    uint32_t offset = cpu->gpr[slot->base].d +
                      (cpu->gpr[slot->index].d << slot->scale) + slot->disp;
    return (offset & (UINT32_MAX >> slot->narrow)) + cpu->sreg_base[slot->seg];
}

static inline uint32_t xcpu_address_base(const struct xcpu *cpu,
                                         const struct xcpu_slot *slot)
{
    return cpu->gpr[slot->base].d + slot->disp;
}

static inline uint32_t xcpu_address_index(const struct xcpu *cpu,
                                          const struct xcpu_slot *slot)
{
    return cpu->gpr[slot->base].d + (cpu->gpr[slot->index].d << slot->scale) +
           slot->disp;
}

/*
 * Guest memory. The slot is noted for xcpu_on_fault before each access; the
 * access itself is one host instruction where the host has unaligned ones,
 * and unknown to the thread sanitizer: races of the guest are its own.
 */
struct xcpu_unaligned16 {
    uint16_t value;
} __attribute__((packed, may_alias));
struct xcpu_unaligned32 {
    uint32_t value;
} __attribute__((packed, may_alias));
struct xcpu_unaligned64 {
    uint64_t value;
} __attribute__((packed, may_alias));
struct xcpu_unaligned8 {
    uint8_t value;
} __attribute__((packed, may_alias));

#if defined(__SANITIZE_THREAD__)
#define XCPU_GUEST_ACCESS __attribute__((no_sanitize("thread"))) inline
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define XCPU_GUEST_ACCESS __attribute__((no_sanitize("thread"))) inline
#endif
#endif
#ifndef XCPU_GUEST_ACCESS
#define XCPU_GUEST_ACCESS inline
#endif

/*
 * Says which slot touches memory. The empty assembly reads the whole cpu: what
 * was written to it before the access is there when the access faults, and
 * nothing written after it is.
 */
#define XCPU_SETTLE(cpu) __asm__ volatile("" : : "m"(*(cpu)))
#define XCPU_NOTE(cpu, slot_)                                                  \
    do {                                                                       \
        (cpu)->slot = (slot_);                                                 \
        XCPU_SETTLE(cpu);                                                      \
    } while (0)

#define XCPU_ACCESS(bits)                                                      \
    static XCPU_GUEST_ACCESS uint##bits##_t xcpu_load##bits(                   \
        struct xcpu *cpu, const struct xcpu_slot *slot, const uint8_t *memory, \
        uint32_t address)                                                      \
    {                                                                          \
        const volatile struct xcpu_unaligned##bits *host =                     \
            (const volatile void *)(memory + address);                         \
        XCPU_NOTE(cpu, slot);                                                  \
        uint##bits##_t value = host->value;                                    \
        XCPU_SETTLE(cpu);                                                      \
        return value;                                                          \
    }                                                                          \
    static XCPU_GUEST_ACCESS void xcpu_store##bits(                            \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, uint##bits##_t value)                                \
    {                                                                          \
        volatile struct xcpu_unaligned##bits *host =                           \
            (volatile void *)(memory + address);                               \
        XCPU_NOTE(cpu, slot);                                                  \
        host->value = value;                                                   \
        XCPU_SETTLE(cpu);                                                      \
    }

XCPU_ACCESS(8)
XCPU_ACCESS(16)
XCPU_ACCESS(32)
XCPU_ACCESS(64)
#undef XCPU_ACCESS

/* Larger operands. Loads go upwards; a store touches nothing when a part of
 * it would fault. size: 1..512. */
void xcpu_load_bytes(struct xcpu *cpu, const struct xcpu_slot *slot,
                     const uint8_t *memory, uint32_t address, void *to,
                     size_t size);
void xcpu_store_bytes(struct xcpu *cpu, const struct xcpu_slot *slot,
                      uint8_t *memory, uint32_t address, const void *from,
                      size_t size);

/* Stretches of memory, of string instructions: each within a page, not
 * overlapping; the byte at first is the one that faults. May have been done in
 * part when it faults. */
void xcpu_copy(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,
               uint32_t to, uint32_t from, size_t size, size_t first);
void xcpu_fill(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,
               uint32_t to, size_t size, size_t first, uint32_t word);

/* Moves 16 bytes by one access each. */
void xcpu_move16(struct xcpu *cpu, const struct xcpu_slot *slot,
                 uint8_t *memory, uint32_t to, uint32_t from);

/* Faults where a store of one byte would. */
void xcpu_probe_store(struct xcpu *cpu, const struct xcpu_slot *slot,
                      uint8_t *memory, uint32_t address);

/* Faults where a store of size bytes, at most a page, would. */
void xcpu_probe_stores(struct xcpu *cpu, const struct xcpu_slot *slot,
                       uint8_t *memory, uint32_t address, size_t size);

/* Whether size bytes of memory are those at bytes. */
int xcpu_same_bytes(const uint8_t *memory, uint32_t address, const void *bytes,
                    size_t size);

/* General registers as the slot's fields name them: slot->reg and slot->rm
 * are register numbers, but for operands of letter b byte offsets in
 * cpu->gpr. */
static inline uint8_t *xcpu_reg8(struct xcpu *cpu, unsigned reg)
{
    return (uint8_t *)cpu->gpr + reg;
}

static inline uint16_t *xcpu_reg16(struct xcpu *cpu, unsigned reg)
{
    return &cpu->gpr[reg].w;
}

static inline uint32_t *xcpu_reg32(struct xcpu *cpu, unsigned reg)
{
    return &cpu->gpr[reg].d;
}

/*
 * Ends the instruction with an exception; its state must be as before it.
 * error_code is 0 for vectors without one.
 */
_Noreturn void xcpu_raise(struct xcpu *cpu, const struct xcpu_slot *slot,
                          enum xcpu_vector vector, uint32_t error_code);

#endif
