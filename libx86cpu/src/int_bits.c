/* int_bits.c -- handlers of bit tests, scans and counts. */
/* SPDX-License-Identifier: MIT */

#include "atomic.h"
#include "interp.h"
#include "machine.h"

/* What is done to the bit after CF has got it. */
#define BT(value, bit)  (value)
#define BTS(value, bit) ((value) | (bit))
#define BTR(value, bit) ((value) & ~(bit))
#define BTC(value, bit) ((value) ^ (bit))

static inline void keep_carry(struct xcpu *cpu, uint32_t value, unsigned bit)
{
    xcpu_change_flags(cpu, XF_C, value >> bit & 1);
}

/*
 * A register as the bit number counts from the address, in both directions
 * (SDM 2, BT): this many operands further on.
 */
#define BIT_STRING_ADDRESS(bits, size)                                         \
    static inline uint32_t bit_address##bits(const struct xcpu *cpu,           \
                                             const struct xcpu_slot *slot)     \
    {                                                                          \
        int##bits##_t number = (int##bits##_t)cpu->gpr[slot->reg].d;           \
        uint32_t units = (uint32_t)(number >> (size == 2 ? 4 : 5));            \
        uint32_t offset = cpu->gpr[slot->base].d +                             \
                          (cpu->gpr[slot->index].d << slot->scale) +           \
                          slot->disp + units * size;                           \
        return (offset & (UINT32_MAX >> slot->narrow)) +                       \
               cpu->sreg_base[slot->seg];                                      \
    }

BIT_STRING_ADDRESS(16, 2)
BIT_STRING_ADDRESS(32, 4)

/* What crosses into another page faults in the first one first, as a store. */
static inline void try_crossing(struct xcpu *cpu, const struct xcpu_slot *slot,
                                uint8_t *memory, uint32_t address,
                                uint32_t size)
{
    if (XCPU_UNLIKELY(address % XCPU_PAGE_SIZE > XCPU_PAGE_SIZE - size))
        xcpu_probe_stores(cpu, slot, memory, address, size);
}

/* how: g the register ModRM.reg, i the immediate is the bit number. */
#define BIT_BODIES(op, bits, how, number, address_of)                          \
    static inline void op##bits##_r##how(struct xcpu *cpu,                     \
                                         const struct xcpu_slot *slot)         \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        unsigned n = (number) & (bits - 1);                                    \
        uint##bits##_t old = *a;                                               \
        *a = (uint##bits##_t)op(old, UINT32_C(1) << n);                        \
        keep_carry(cpu, old, n);                                               \
    }                                                                          \
    static inline void op##bits##_m##how(                                      \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        const int stores = op(1, 2) != op(1, 0) || op(1, 1) != 1;              \
        uint32_t address = address_of(cpu, slot);                              \
        unsigned n = (number) & (bits - 1);                                    \
        if (stores)                                                            \
            try_crossing(cpu, slot, memory, address, bits / 8);                \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        if (stores)                                                            \
            xcpu_store##bits(cpu, slot, memory, address,                       \
                             (uint##bits##_t)op(old, UINT32_C(1) << n));       \
        keep_carry(cpu, old, n);                                               \
    }                                                                          \
    static inline void lock_##op##bits##_m##how(                               \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t address = address_of(cpu, slot);                              \
        unsigned n = (number) & (bits - 1);                                    \
        try_crossing(cpu, slot, memory, address, bits / 8);                    \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        while (!xcpu_compare_exchange##bits(                                   \
            cpu, slot, memory, address, &old,                                  \
            (uint##bits##_t)op(old, UINT32_C(1) << n)))                        \
            ;                                                                  \
        keep_carry(cpu, old, n);                                               \
    }                                                                          \
    XCPU_REG_HANDLER(op##bits##_r##how)                                        \
    XCPU_MEM0_HANDLER(op##bits##_m##how)                                       \
    XCPU_MEM0_HANDLER(lock_##op##bits##_m##how)

#define BIT_FORMS(op, how)                                                     \
    XCPU_REG(op##32_r##how), XCPU_REG16(op##16_r##how),                        \
        .mem = xcpu_run_##op##32_m##how, .mem16 = xcpu_run_##op##16_m##how,    \
        .lock = xcpu_run_lock_##op##32_m##how,                                 \
        .lock16 = xcpu_run_lock_##op##16_m##how, .flags = XCPU_FLAGS_STORED,   \
        .harmless = 1

#define BIT_ROWS(op)                                                           \
    BIT_BODIES(op, 16, g, cpu->gpr[slot->reg].d, bit_address16)                \
    BIT_BODIES(op, 32, g, cpu->gpr[slot->reg].d, bit_address32)                \
    BIT_BODIES(op, 16, i, slot->imm, xcpu_address_any)                         \
    BIT_BODIES(op, 32, i, slot->imm, xcpu_address_any)                         \
    XCPU_FORMS(op##_Ev_Gv) = {BIT_FORMS(op, g)};                               \
    XCPU_FORMS(op##_Ev_Ib) = {BIT_FORMS(op, i)};

BIT_ROWS(BT)
BIT_ROWS(BTS)
BIT_ROWS(BTR)
BIT_ROWS(BTC)

/* ---- scans: a source of 0 leaves the destination alone ---- */

static inline uint32_t BSF(uint32_t value)
{
    return (uint32_t)__builtin_ctz(value);
}

static inline uint32_t BSR(uint32_t value)
{
    return 31u ^ (uint32_t)__builtin_clz(value);
}

#define SCAN_BODIES(op, bits)                                                  \
    static inline void op##bits(                                               \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint##bits##_t from)   \
    {                                                                          \
        if (from)                                                              \
            *xcpu_reg##bits(cpu, slot->reg) = (uint##bits##_t)op(from);        \
        xcpu_change_flags(cpu, XF_Z, from ? 0 : XF_Z);                         \
    }                                                                          \
    static inline void op##bits##_r(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot)              \
    {                                                                          \
        op##bits(cpu, slot, *xcpu_reg##bits(cpu, slot->rm));                   \
    }                                                                          \
    static inline void op##bits##_m(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot,              \
                                    uint8_t *memory, uint32_t address)         \
    {                                                                          \
        op##bits(cpu, slot, xcpu_load##bits(cpu, slot, memory, address));      \
    }                                                                          \
    XCPU_REG_HANDLER(op##bits##_r)                                             \
    XCPU_MEM_HANDLERS(op##bits##_m)

#define SCAN_ROW(op)                                                           \
    SCAN_BODIES(op, 16)                                                        \
    SCAN_BODIES(op, 32)                                                        \
    XCPU_FORMS(op##_Gv_Ev) = {                                                 \
        XCPU_REG(op##32_r),   XCPU_REG16(op##16_r),       XCPU_MEM(op##32_m),  \
        XCPU_MEM16(op##16_m), .flags = XCPU_FLAGS_STORED, .harmless = 1};

SCAN_ROW(BSF)
SCAN_ROW(BSR)

/* ---- counts ---- */

#define COUNT_BODIES(op, bits)                                                 \
    static inline void op##bits##_r(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot)              \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->reg) =                                      \
            (uint##bits##_t)op(cpu, *xcpu_reg##bits(cpu, slot->rm), bits);     \
    }                                                                          \
    static inline void op##bits##_m(struct xcpu *cpu,                          \
                                    const struct xcpu_slot *slot,              \
                                    uint8_t *memory, uint32_t address)         \
    {                                                                          \
        *xcpu_reg##bits(cpu, slot->reg) = (uint##bits##_t)op(                  \
            cpu, xcpu_load##bits(cpu, slot, memory, address), bits);           \
    }                                                                          \
    XCPU_REG_HANDLER(op##bits##_r)                                             \
    XCPU_MEM_HANDLERS(op##bits##_m)

#define COUNT_ROW(op)                                                          \
    COUNT_BODIES(op, 16)                                                       \
    COUNT_BODIES(op, 32)                                                       \
    XCPU_FORMS(op##_Gv_Ev) = {                                                 \
        XCPU_REG(op##32_r),   XCPU_REG16(op##16_r),       XCPU_MEM(op##32_m),  \
        XCPU_MEM16(op##16_m), .flags = XCPU_FLAGS_STORED, .harmless = 1};

static inline uint32_t POPCNT(struct xcpu *cpu, uint32_t value, uint32_t bits)
{
    (void)bits;
    xcpu_set_flags(cpu, value ? 0 : XF_Z);
    return (uint32_t)__builtin_popcount(value);
}

static inline uint32_t LZCNT(struct xcpu *cpu, uint32_t value, uint32_t bits)
{
    uint32_t zeros = value ? BSR(value) ^ (bits - 1) : bits;
    xcpu_change_flags(cpu, XF_ZC,
                      (value ? 0 : XF_C) | (zeros ? 0 : (uint32_t)XF_Z));
    return zeros;
}

COUNT_ROW(POPCNT)
COUNT_ROW(LZCNT)
