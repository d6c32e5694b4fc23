/* x87_control.c -- handlers of x87 control instructions. */
/* SPDX-License-Identifier: MIT */
#include "x87.h"

#include "fxstate.h"

/* ---- control and status word ---- */

static inline void wait_body(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_x87_begin(cpu, slot);
}
XCPU_REG_HANDLER(wait_body)
XCPU_FORMS(WAIT) = {XCPU_REG(wait_body)};

/* Bit 6 of the control word is always set; 7 and 13 to 15 never. */
static inline void fldcw(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t *memory, uint32_t address)
{
    struct xcpu_fpu *fpu = &cpu->fpu;
    int in_host = xcpu_x87_begin(cpu, slot);
    uint16_t word = xcpu_load16(cpu, slot, memory, address);

    fpu->control = (word & 0x1f3f) | 0x40;
    if (in_host) {
        XCPU_X87_ASM("fldcw %0" : : "m"(fpu->control));
        fpu->x87_mode = (word & XCPU_X87_EXCEPTIONS) == XCPU_X87_EXCEPTIONS
                            ? XCPU_X87_HOST
                            : XCPU_X87_HOST_STRICT;
    }
}
XCPU_MEM_HANDLERS(fldcw)
XCPU_FORMS(FLDCW_Mw) = {XCPU_MEM(fldcw)};

static inline void fnstcw(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address)
{
    xcpu_store16(cpu, slot, memory, address, cpu->fpu.control);
}
XCPU_MEM_HANDLERS(fnstcw)
XCPU_FORMS(FNSTCW_Mw) = {XCPU_MEM(fnstcw)};

static inline uint16_t status_word(const struct xcpu_fpu *fpu)
{
    uint16_t status = 0;

    if (fpu->x87_mode < XCPU_X87_HOST)
        return xcpu_fpu_status(fpu);
    XCPU_X87_ASM("fnstsw %0" : "=a"(status));
    return status;
}

static inline void fnstsw_mem(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint8_t *memory, uint32_t address)
{
    xcpu_store16(cpu, slot, memory, address, status_word(&cpu->fpu));
}
XCPU_MEM_HANDLERS(fnstsw_mem)
XCPU_FORMS(FNSTSW_Mw) = {XCPU_MEM(fnstsw_mem)};

static inline void fnstsw_ax(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    *xcpu_reg16(cpu, XCPU_EAX) = status_word(&cpu->fpu);
}
XCPU_REG_HANDLER(fnstsw_ax)
XCPU_FORMS(FNSTSW_AX) = {XCPU_REG(fnstsw_ax)};

static inline void fnclex(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    struct xcpu_fpu *fpu = &cpu->fpu;

    (void)slot;
    if (fpu->x87_mode >= XCPU_X87_HOST)
        XCPU_X87_ASM("fnclex");
    else
        fpu->status &= XCPU_X87_CONDITIONS;
}
XCPU_REG_HANDLER(fnclex)
XCPU_FORMS(FNCLEX) = {XCPU_REG(fnclex)};

static inline void fninit(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)slot;
    xcpu_fpu_leave(&cpu->fpu);
    xcpu_fpu_init(&cpu->fpu);
}
XCPU_REG_HANDLER(fninit)
XCPU_FORMS(FNINIT) = {XCPU_REG(fninit)};

/* FENI and FDISI of the 8087, FSETPM of the 287: do not even wait. */
static inline void fnsetpm(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    (void)cpu;
    (void)slot;
}
XCPU_REG_HANDLER(fnsetpm)
XCPU_FORMS(FNSETPM) = {XCPU_REG(fnsetpm)};

/* ---- environments and images; their size follows the operand size ---- */

static inline void store_environment(struct xcpu *cpu,
                                     const struct xcpu_slot *slot,
                                     uint8_t *memory, uint32_t address,
                                     int size)
{
    uint8_t image[XCPU_FNSTENV32_SIZE];

    xcpu_fpu_leave(&cpu->fpu);
    xcpu_fpu_store_environment(&cpu->fpu, size, image);
    xcpu_store_bytes(cpu, slot, memory, address, image,
                     size == 16 ? XCPU_FNSTENV16_SIZE : XCPU_FNSTENV32_SIZE);
    cpu->fpu.control |= XCPU_X87_EXCEPTIONS;
}

static inline void store_all(struct xcpu *cpu, const struct xcpu_slot *slot,
                             uint8_t *memory, uint32_t address, int size)
{
    uint8_t image[XCPU_FNSAVE32_SIZE];

    xcpu_fpu_leave(&cpu->fpu);
    xcpu_fpu_store_all(&cpu->fpu, size, image);
    xcpu_store_bytes(cpu, slot, memory, address, image,
                     size == 16 ? XCPU_FNSAVE16_SIZE : XCPU_FNSAVE32_SIZE);
    xcpu_fpu_init(&cpu->fpu);
}

/* Loads wait; the state need not have come from the host to be replaced, but
 * a load that faults must leave it. */
static void wait_in_memory(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_fpu_leave(&cpu->fpu);
    if (xcpu_fpu_pending(&cpu->fpu))
        xcpu_raise(cpu, slot, XCPU_MF, 0);
}

static inline void load_environment(struct xcpu *cpu,
                                    const struct xcpu_slot *slot,
                                    const uint8_t *memory, uint32_t address,
                                    int size)
{
    uint8_t image[XCPU_FNSTENV32_SIZE];

    wait_in_memory(cpu, slot);
    xcpu_load_bytes(cpu, slot, memory, address, image,
                    size == 16 ? XCPU_FNSTENV16_SIZE : XCPU_FNSTENV32_SIZE);
    xcpu_fpu_load_environment(&cpu->fpu, size, image);
}

static inline void load_all(struct xcpu *cpu, const struct xcpu_slot *slot,
                            const uint8_t *memory, uint32_t address, int size)
{
    uint8_t image[XCPU_FNSAVE32_SIZE];

    wait_in_memory(cpu, slot);
    xcpu_load_bytes(cpu, slot, memory, address, image,
                    size == 16 ? XCPU_FNSAVE16_SIZE : XCPU_FNSAVE32_SIZE);
    xcpu_fpu_load_all(&cpu->fpu, size, image);
}

#define BY_SIZE(id, body)                                                      \
    static inline void body##16(struct xcpu * cpu,                             \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        body(cpu, slot, memory, address, 16);                                  \
    }                                                                          \
    static inline void body##32(struct xcpu * cpu,                             \
                                const struct xcpu_slot *slot, uint8_t *memory, \
                                uint32_t address)                              \
    {                                                                          \
        body(cpu, slot, memory, address, 32);                                  \
    }                                                                          \
    XCPU_MEM_HANDLER(body##16, any)                                            \
    XCPU_MEM_HANDLER(body##32, any)                                            \
    XCPU_FORMS(id) = {.mem = xcpu_run_##body##32_any,                          \
                      .mem16 = xcpu_run_##body##16_any};

BY_SIZE(FNSTENV_M, store_environment)
BY_SIZE(FNSAVE_M, store_all)
BY_SIZE(FLDENV_M, load_environment)
BY_SIZE(FRSTOR_M, load_all)

/* ---- FXSAVE, FXRSTOR: neither waits; both touch all of the 512 bytes ---- */

static void check_aligned(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint32_t address)
{
    if (address & 15)
        xcpu_raise(cpu, slot, XCPU_GP, 0);
}

static inline void fxsave(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address)
{
    uint8_t image[XCPU_FXSAVE_USED];

    check_aligned(cpu, slot, address);
    xcpu_fpu_leave(&cpu->fpu);
    xcpu_fpu_store_fx(&cpu->fpu, image);
    xcpu_probe_store(cpu, slot, memory, address + XCPU_FXSAVE_SIZE - 1);
    xcpu_store_bytes(cpu, slot, memory, address, image, sizeof(image));
}
XCPU_MEM_HANDLER(fxsave, any)
XCPU_FORMS(FXSAVE_M) = {.mem = xcpu_run_fxsave_any};

static inline void fxrstor(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory, uint32_t address)
{
    uint8_t image[XCPU_FXSAVE_SIZE];
    uint32_t mxcsr;

    check_aligned(cpu, slot, address);
    xcpu_load_bytes(cpu, slot, memory, address, image, sizeof(image));
    memcpy(&mxcsr, image + 24, sizeof(mxcsr));
    if (mxcsr & ~XCPU_MXCSR_MASK)
        xcpu_raise(cpu, slot, XCPU_GP, 0);
    xcpu_fpu_leave(&cpu->fpu);
    xcpu_fpu_load_fx(&cpu->fpu, image);
}
XCPU_MEM_HANDLER(fxrstor, any)
XCPU_FORMS(FXRSTOR_M) = {.mem = xcpu_run_fxrstor_any};
