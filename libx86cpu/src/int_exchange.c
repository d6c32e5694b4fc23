/* int_exchange.c -- handlers of CMPXCHG, CMPXCHG8B and XADD. */
/* SPDX-License-Identifier: MIT */
#include "atomic.h"
#include "int_alu.h"

/* The destination is written in any case, if with what it held (SDM 2,
 * CMPXCHG): a page that is not writable faults. */
#define CMPXCHG_BODIES(bits)                                                   \
    static inline void CMPXCHG##bits##_rg(struct xcpu *cpu,                    \
                                          const struct xcpu_slot *slot)        \
    {                                                                          \
        uint##bits##_t *to = xcpu_reg##bits(cpu, slot->rm);                    \
        uint##bits##_t *a = xcpu_reg##bits(cpu, XCPU_EAX);                     \
        uint##bits##_t old = *to;                                              \
        CMP##bits(cpu, *a, old, 0);                                            \
        if (*a == old)                                                         \
            *to = *xcpu_reg##bits(cpu, slot->reg);                             \
        else                                                                   \
            *a = old;                                                          \
    }                                                                          \
    static inline void CMPXCHG##bits##_mg(struct xcpu *cpu,                    \
                                          const struct xcpu_slot *slot,        \
                                          uint8_t *memory, uint32_t address)   \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, XCPU_EAX);                     \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        xcpu_store##bits(cpu, slot, memory, address,                           \
                         *a == old ? *xcpu_reg##bits(cpu, slot->reg) : old);   \
        CMP##bits(cpu, *a, old, 0);                                            \
        *a = old;                                                              \
    }                                                                          \
    static inline void lock_CMPXCHG##bits##_mg(                                \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address)                                                      \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, XCPU_EAX);                     \
        uint##bits##_t old = *a;                                               \
        xcpu_compare_exchange##bits(cpu, slot, memory, address, &old,          \
                                    *xcpu_reg##bits(cpu, slot->reg));          \
        CMP##bits(cpu, *a, old, 0);                                            \
        *a = old;                                                              \
    }                                                                          \
    XCPU_REG_HANDLER(CMPXCHG##bits##_rg)                                       \
    XCPU_MEM_HANDLERS(CMPXCHG##bits##_mg)                                      \
    XCPU_MEM_HANDLER(lock_CMPXCHG##bits##_mg, any)

CMPXCHG_BODIES(8)
CMPXCHG_BODIES(16)
CMPXCHG_BODIES(32)
XCPU_FORMS(CMPXCHG_Eb_Gb) = {XCPU_REG(CMPXCHG8_rg), XCPU_MEM(CMPXCHG8_mg),
                             .lock = xcpu_run_lock_CMPXCHG8_mg_any,
                             .flags = XCPU_SUB8, .harmless = 1};
XCPU_FORMS(CMPXCHG_Ev_Gv) = {XCPU_REG(CMPXCHG32_rg),
                             XCPU_REG16(CMPXCHG16_rg),
                             XCPU_MEM(CMPXCHG32_mg),
                             XCPU_MEM16(CMPXCHG16_mg),
                             .lock = xcpu_run_lock_CMPXCHG32_mg_any,
                             .lock16 = xcpu_run_lock_CMPXCHG16_mg_any,
                             .flags = XCPU_SUB32,
                             .flags16 = XCPU_SUB16,
                             .harmless = 1};

static inline uint64_t register_pair(const struct xcpu *cpu, unsigned high,
                                     unsigned low)
{
    return (uint64_t)cpu->gpr[high].d << 32 | cpu->gpr[low].d;
}

/* EDX:EAX was compared with old. */
static inline void finish_cmpxchg8b(struct xcpu *cpu, uint64_t old)
{
    int same = register_pair(cpu, XCPU_EDX, XCPU_EAX) == old;
    cpu->gpr[XCPU_EAX].d = (uint32_t)old;
    cpu->gpr[XCPU_EDX].d = (uint32_t)(old >> 32);
    xcpu_change_flags(cpu, XF_Z, same ? XF_Z : 0);
}

static inline void CMPXCHG8B(struct xcpu *cpu, const struct xcpu_slot *slot,
                             uint8_t *memory, uint32_t address)
{
    uint64_t wanted = register_pair(cpu, XCPU_EDX, XCPU_EAX);
    uint64_t old = xcpu_load64(cpu, slot, memory, address);
    xcpu_store64(cpu, slot, memory, address,
                 old == wanted ? register_pair(cpu, XCPU_ECX, XCPU_EBX) : old);
    finish_cmpxchg8b(cpu, old);
}

static inline void lock_CMPXCHG8B(struct xcpu *cpu,
                                  const struct xcpu_slot *slot, uint8_t *memory,
                                  uint32_t address)
{
    uint64_t old = register_pair(cpu, XCPU_EDX, XCPU_EAX);
    xcpu_compare_exchange64(cpu, slot, memory, address, &old,
                            register_pair(cpu, XCPU_ECX, XCPU_EBX));
    finish_cmpxchg8b(cpu, old);
}

XCPU_MEM_HANDLERS(CMPXCHG8B)
XCPU_MEM_HANDLER(lock_CMPXCHG8B, any)
XCPU_FORMS(CMPXCHG8B_Mq) = {XCPU_MEM(CMPXCHG8B),
                            .lock = xcpu_run_lock_CMPXCHG8B_any,
                            .flags = XCPU_FLAGS_STORED};

#define XADD_BODIES(bits)                                                      \
    static inline void XADD##bits##_rg(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot)           \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, slot->rm);                     \
        uint##bits##_t *b = xcpu_reg##bits(cpu, slot->reg);                    \
        uint##bits##_t old = *a, sum = ADD##bits(cpu, old, *b, 0);             \
        *b = old;                                                              \
        *a = sum;                                                              \
    }                                                                          \
    static inline void XADD##bits##_mg(struct xcpu *cpu,                       \
                                       const struct xcpu_slot *slot,           \
                                       uint8_t *memory, uint32_t address)      \
    {                                                                          \
        uint##bits##_t *b = xcpu_reg##bits(cpu, slot->reg);                    \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        xcpu_store##bits(cpu, slot, memory, address,                           \
                         (uint##bits##_t)(old + *b));                          \
        ADD##bits(cpu, old, *b, 0);                                            \
        *b = old;                                                              \
    }                                                                          \
    static inline void lock_XADD##bits##_mg(struct xcpu *cpu,                  \
                                            const struct xcpu_slot *slot,      \
                                            uint8_t *memory, uint32_t address) \
    {                                                                          \
        uint##bits##_t *b = xcpu_reg##bits(cpu, slot->reg);                    \
        uint##bits##_t old = xcpu_load##bits(cpu, slot, memory, address);      \
        while (!xcpu_compare_exchange##bits(cpu, slot, memory, address, &old,  \
                                            (uint##bits##_t)(old + *b)))       \
            ;                                                                  \
        ADD##bits(cpu, old, *b, 0);                                            \
        *b = old;                                                              \
    }                                                                          \
    XCPU_REG_HANDLER(XADD##bits##_rg)                                          \
    XCPU_MEM_HANDLERS(XADD##bits##_mg)                                         \
    XCPU_MEM_HANDLER(lock_XADD##bits##_mg, any)

XADD_BODIES(8)
XADD_BODIES(16)
XADD_BODIES(32)
XCPU_FORMS(XADD_Eb_Gb) = {XCPU_REG(XADD8_rg), XCPU_MEM(XADD8_mg),
                          .lock = xcpu_run_lock_XADD8_mg_any,
                          .flags = XCPU_ADD8, .harmless = 1};
XCPU_FORMS(XADD_Ev_Gv) = {XCPU_REG(XADD32_rg),
                          XCPU_REG16(XADD16_rg),
                          XCPU_MEM(XADD32_mg),
                          XCPU_MEM16(XADD16_mg),
                          .lock = xcpu_run_lock_XADD32_mg_any,
                          .lock16 = xcpu_run_lock_XADD16_mg_any,
                          .flags = XCPU_ADD32,
                          .flags16 = XCPU_ADD16,
                          .harmless = 1};
