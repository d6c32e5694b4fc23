/* int_system.c -- handlers of interrupts, CPUID, and the system's registers
 * as programs see them. */
/* SPDX-License-Identifier: MIT */
#include "int_branch.h"
#include "machine.h"
#include "model.h"

#include <time.h>

/* ---- exceptions and interrupts: EIP is behind them ---- */

static XCPU_HANDLER(INT)
{
    return xcpu_leave_exit(cpu, xcpu_next_eip(slot), XCPU_EXIT_INT,
                           slot->imm & 0xff);
}

static XCPU_HANDLER(INT3)
{
    return xcpu_leave_exit(cpu, xcpu_next_eip(slot), XCPU_EXIT_EXCEPTION,
                           XCPU_BP);
}

static XCPU_HANDLER(INT1)
{
    return xcpu_leave_exit(cpu, xcpu_next_eip(slot), XCPU_EXIT_EXCEPTION,
                           XCPU_DB);
}

static XCPU_HANDLER(INTO)
{
    if (xcpu_condition(cpu, 0))
        return xcpu_leave_exit(cpu, xcpu_next_eip(slot), XCPU_EXIT_EXCEPTION,
                               XCPU_VECTOR_OF);
    XCPU_FOLLOW(xcpu_links(slot));
}

static XCPU_HANDLER(SYSENTER)
{
    return xcpu_leave_exit(cpu, xcpu_next_eip(slot), XCPU_EXIT_SYSCALL, 0);
}

XCPU_FORMS(INT_Ib) = {XCPU_REG(INT)};
XCPU_FORMS(INT3) = {XCPU_REG(INT3)};
XCPU_FORMS(INT1) = {XCPU_REG(INT1)};
XCPU_FORMS(INTO) = {XCPU_REG(INTO)};
XCPU_FORMS(SYSENTER) = {XCPU_REG(SYSENTER)};
XCPU_FORMS(SYSCALL) = {XCPU_REG(SYSENTER)};

#define BOUND_BODY(bits, size)                                                 \
    static inline void BOUND##bits(struct xcpu *cpu,                           \
                                   const struct xcpu_slot *slot,               \
                                   uint8_t *memory, uint32_t address)          \
    {                                                                          \
        int##bits##_t index =                                                  \
            (int##bits##_t) * xcpu_reg##bits(cpu, slot->reg);                  \
        int##bits##_t low =                                                    \
            (int##bits##_t)xcpu_load##bits(cpu, slot, memory, address);        \
        int##bits##_t high =                                                   \
            (int##bits##_t)xcpu_load##bits(cpu, slot, memory, address + size); \
        if (index < low || index > high)                                       \
            xcpu_raise(cpu, slot, XCPU_BR, 0);                                 \
    }                                                                          \
    XCPU_MEM_HANDLERS(BOUND##bits)

BOUND_BODY(32, 4)
BOUND_BODY(16, 2)
XCPU_FORMS(BOUND_Gv_Ma) = {XCPU_MEM(BOUND32), XCPU_MEM16(BOUND16)};

/* ---- CPUID ---- */

static inline void CPUID(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    const struct xcpu_leaf leaf =
        xcpu_model_leaf(cpu->machine->config.model, cpu->gpr[XCPU_EAX].d);
    (void)slot;
    cpu->gpr[XCPU_EAX].d = leaf.eax;
    cpu->gpr[XCPU_EBX].d = leaf.ebx;
    cpu->gpr[XCPU_ECX].d = leaf.ecx;
    cpu->gpr[XCPU_EDX].d = leaf.edx;
}

XCPU_REG_HANDLER(CPUID)
XCPU_FORMS(CPUID) = {XCPU_REG(CPUID)};

static uint64_t read_tsc(struct xcpu *cpu)
{
    const struct xcpu_config *config = &cpu->machine->config;
    struct timespec now;
    if (config->read_tsc) {
        xcpu_fpu_leave(&cpu->fpu);
        return config->read_tsc(config->memory.owner);
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What is tried twice finds the same. */
static void RDTSC(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint64_t tsc = cpu->tsc;
    (void)slot;
    if (!xcpu_in_copies(cpu))
        tsc = cpu->tsc = read_tsc(cpu);
    cpu->gpr[XCPU_EAX].d = (uint32_t)tsc;
    cpu->gpr[XCPU_EDX].d = (uint32_t)(tsc >> 32);
}

/* ECX gets IA32_TSC_AUX, which Haiku's kernel leaves 0. */
static void RDTSCP(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    RDTSC(cpu, slot);
    cpu->gpr[XCPU_ECX].d = 0;
}

XCPU_REG_HANDLER(RDTSC)
XCPU_REG_HANDLER(RDTSCP)
XCPU_FORMS(RDTSC) = {XCPU_REG(RDTSC)};
XCPU_FORMS(RDTSCP) = {XCPU_REG(RDTSCP)};

/* ---- system registers, as a kernel without UMIP shows them ---- */

#define CR0       0x80050033u /* PG AM WP NE ET MP PE */
#define LDT       0u
#define TASK      0x40u
#define GDT_LIMIT 0x7fu
#define GDT_BASE  0xff001000u
#define IDT_LIMIT 0x7ffu
#define IDT_BASE  0xff000000u

#define SYSTEM_BODIES(op, value)                                               \
    static inline void op##32_r(struct xcpu * cpu,                             \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        *xcpu_reg32(cpu, slot->rm) = (value);                                  \
    }                                                                          \
    static inline void op##16_r(struct xcpu * cpu,                             \
                                const struct xcpu_slot *slot)                  \
    {                                                                          \
        *xcpu_reg16(cpu, slot->rm) = (uint16_t)(value);                        \
    }                                                                          \
    static inline void op##_m(struct xcpu *cpu, const struct xcpu_slot *slot,  \
                              uint8_t *memory, uint32_t address)               \
    {                                                                          \
        xcpu_store16(cpu, slot, memory, address, (uint16_t)(value));           \
    }                                                                          \
    XCPU_REG_HANDLER(op##32_r)                                                 \
    XCPU_REG_HANDLER(op##16_r)                                                 \
    XCPU_MEM_HANDLERS(op##_m)                                                  \
    XCPU_FORMS(op##_Rv) = {XCPU_REG(op##32_r), XCPU_REG16(op##16_r)};          \
    XCPU_FORMS(op##_Mw) = {XCPU_MEM(op##_m)};

SYSTEM_BODIES(SMSW, CR0)
SYSTEM_BODIES(SLDT, LDT)
SYSTEM_BODIES(STR, TASK)

#define TABLE_BODY(op, limit, base)                                            \
    static inline void op(struct xcpu *cpu, const struct xcpu_slot *slot,      \
                          uint8_t *memory, uint32_t address)                   \
    {                                                                          \
        static const uint16_t image[3] = {limit, base & 0xffff, base >> 16};   \
        xcpu_store_bytes(cpu, slot, memory, address, image, 6);                \
    }                                                                          \
    XCPU_MEM_HANDLERS(op)                                                      \
    XCPU_FORMS(op##_Ms) = {XCPU_MEM(op)};

TABLE_BODY(SGDT, GDT_LIMIT, GDT_BASE)
TABLE_BODY(SIDT, IDT_LIMIT, IDT_BASE)
