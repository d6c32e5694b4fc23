/* int_system.c -- handlers of interrupts, CPUID, and the system's registers
 * as programs see them. */
/* SPDX-License-Identifier: MIT */
#include "int_branch.h"
#include "machine.h"

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

struct leaf {
    uint32_t number;
    uint32_t eax, ebx, ecx, edx;
};

/* Feature bits of leaf 1 in EDX (SDM 2, CPUID). */
enum {
    FPU = 1 << 0,
    TSC = 1 << 4,
    CX8 = 1 << 8,
    SEP = 1 << 11,
    CMOV = 1 << 15,
    CLFSH = 1 << 19,
    MMX = 1 << 23,
    FXSR = 1 << 24,
    SSE = 1 << 25,
    SSE2 = 1 << 26
};

/* "GenuineIntel" in EBX, EDX, ECX, here in the order of struct leaf. */
#define VENDOR 0x756e6547, 0x6c65746e, 0x49656e69

/* Family 6 model 13, the last one with SSE2 and without SSE3; a cache line of
 * 64 bytes for CLFLUSH. Beyond the last leaf, the last basic one answers. */
static const struct leaf leaves_sse2[] = {
    {0x80000000, 0x80000004, 0, 0, 0},
    {0x80000001, 0, 0, 0, 0},
    {0x80000002, 0x20363878, 0x75706378, 0x20202020, 0x20202020},
    {0x80000003, 0x20202020, 0x20202020, 0x20202020, 0x20202020},
    {0x80000004, 0x20202020, 0x20202020, 0x20202020, 0x00202020},
    {0, 2, VENDOR},
    {1, 0x6d8, 8 << 8, 0,
     FPU | TSC | CX8 | SEP | CMOV | CLFSH | MMX | FXSR | SSE | SSE2},
    {2, 0x02b3b001, 0xf0, 0, 0x2c04307d},
};

/* Family 5 model 2: a Pentium before MMX. */
static const struct leaf leaves_pentium[] = {
    {0, 1, VENDOR},
    {1, 0x52c, 0, 0, FPU | TSC | CX8},
};

static const struct leaf *find_leaf(enum xcpu_model model, uint32_t number)
{
    int pentium = model == XCPU_MODEL_PENTIUM;
    const struct leaf *leaves = pentium ? leaves_pentium : leaves_sse2;
    size_t count = pentium ? sizeof(leaves_pentium) / sizeof(*leaves)
                           : sizeof(leaves_sse2) / sizeof(*leaves);
    for (size_t i = 0; i < count; i++)
        if (leaves[i].number == number)
            return &leaves[i];
    return &leaves[count - 1];
}

static inline void CPUID(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    const struct leaf *leaf =
        find_leaf(cpu->machine->config.model, cpu->gpr[XCPU_EAX].d);
    (void)slot;
    cpu->gpr[XCPU_EAX].d = leaf->eax;
    cpu->gpr[XCPU_EBX].d = leaf->ebx;
    cpu->gpr[XCPU_ECX].d = leaf->ecx;
    cpu->gpr[XCPU_EDX].d = leaf->edx;
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

XCPU_REG_HANDLER(RDTSC)
XCPU_FORMS(RDTSC) = {XCPU_REG(RDTSC)};

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
