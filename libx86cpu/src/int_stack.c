/* int_stack.c -- handlers of the stack and its frames. */
/* SPDX-License-Identifier: MIT */
#include "int_stack.h"
#include "int_branch.h"
#include "machine.h"

XCPU_MEM0_HANDLER(PUSH32_r)
XCPU_MEM0_HANDLER(PUSH16_r)
XCPU_MEM0_HANDLER(PUSH32_i)
XCPU_MEM0_HANDLER(PUSH16_i)
XCPU_MEM_HANDLERS(PUSH32_m)
XCPU_MEM_HANDLERS(PUSH16_m)

#define PUSH_FORMS(how) XCPU_REG(PUSH32_##how), XCPU_REG16(PUSH16_##how)

XCPU_FORMS(PUSH_Zv) = {PUSH_FORMS(r), .stores = 1};
XCPU_FORMS(PUSH_Iz) = {PUSH_FORMS(i), .stores = 1};
XCPU_FORMS(PUSH_sIb) = {PUSH_FORMS(i), .stores = 1};
XCPU_FORMS(PUSH_Ev) = {PUSH_FORMS(r), XCPU_MEM(PUSH32_m), XCPU_MEM16(PUSH16_m),
                       .stores = 1};

XCPU_MEM0_HANDLER(POP32_r)
XCPU_MEM0_HANDLER(POP16_r)
XCPU_FORMS(POP_Zv) = {XCPU_REG(POP32_r), XCPU_REG16(POP16_r)};

/* POP computes the address of its destination after it has moved ESP. */
#define POP_MEM(bits, size)                                                    \
    static inline void POP##bits##_m(                                          \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        uint##bits##_t value = xcpu_load##bits(cpu, slot, memory, esp);        \
        uint32_t address = xcpu_address_any(cpu, slot);                        \
        if (slot->base == XCPU_ESP)                                            \
            address += size;                                                   \
        xcpu_store##bits(cpu, slot, memory, address, value);                   \
        cpu->gpr[XCPU_ESP].d = esp + size;                                     \
    }                                                                          \
    XCPU_MEM0_HANDLER(POP##bits##_m)

POP_MEM(32, 4)
POP_MEM(16, 2)
XCPU_FORMS(POP_Ev) = {XCPU_REG(POP32_r), XCPU_REG16(POP16_r),
                      .mem = xcpu_run_POP32_m, .mem16 = xcpu_run_POP16_m};

/* ---- all registers ---- */

#define PUSHA_BODY(bits)                                                       \
    static inline void PUSHA##bits(                                            \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint##bits##_t image[8];                                               \
        uint32_t esp = cpu->gpr[XCPU_ESP].d - bits;                            \
        for (unsigned i = 0; i < 8; i++)                                       \
            image[7 - i] = *xcpu_reg##bits(cpu, i);                            \
        xcpu_store_bytes(cpu, slot, memory, esp, image, sizeof(image));        \
        cpu->gpr[XCPU_ESP].d = esp;                                            \
    }                                                                          \
    static inline void POPA##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint##bits##_t image[8];                                               \
        uint32_t esp = cpu->gpr[XCPU_ESP].d;                                   \
        xcpu_load_bytes(cpu, slot, memory, esp, image, sizeof(image));         \
        for (unsigned i = 0; i < 8; i++)                                       \
            *xcpu_reg##bits(cpu, i) = image[7 - i];                            \
        cpu->gpr[XCPU_ESP].d = esp + bits;                                     \
    }                                                                          \
    XCPU_MEM0_HANDLER(PUSHA##bits)                                             \
    XCPU_MEM0_HANDLER(POPA##bits)

PUSHA_BODY(32)
PUSHA_BODY(16)
XCPU_FORMS(PUSHA) = {XCPU_REG(PUSHA32), XCPU_REG16(PUSHA16), .stores = 1};
XCPU_FORMS(POPA) = {XCPU_REG(POPA32), XCPU_REG16(POPA16)};

/* ---- frames ---- */

XCPU_MEM0_HANDLER(LEAVE32)

static inline void LEAVE16(struct xcpu *cpu, const struct xcpu_slot *slot,
                           uint8_t *memory)
{
    uint32_t ebp = cpu->gpr[XCPU_EBP].d;
    cpu->gpr[XCPU_EBP].w = xcpu_load16(cpu, slot, memory, ebp);
    cpu->gpr[XCPU_ESP].d = ebp + 2;
}

XCPU_MEM0_HANDLER(LEAVE16)
XCPU_FORMS(LEAVE) = {XCPU_REG(LEAVE32), XCPU_REG16(LEAVE16)};

/*
 * ENTER (SDM 2): pushes EBP, the frame pointers of the outer levels and the
 * new one, at the place of the first push; then makes room. Each frame pointer
 * is pushed before the next one is read: the two may overlap. What is written
 * lies in two pages at most, the second one from below on, and both are tried
 * before anything changes.
 */
#define ENTER_BODY(bits, size)                                                 \
    static inline void ENTER##bits(                                            \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t level = slot->disp & 31;                                      \
        uint32_t ebp = cpu->gpr[XCPU_EBP].d;                                   \
        uint32_t frame = cpu->gpr[XCPU_ESP].d - size;                          \
        uint32_t esp = frame - level * size;                                   \
        uint32_t below = frame % XCPU_PAGE_SIZE / size + 1;                    \
        xcpu_probe_store(cpu, slot, memory, frame);                            \
        xcpu_probe_store(cpu, slot, memory, frame + size - 1);                 \
        if (level > 1)                                                         \
            (void)xcpu_load##bits(cpu, slot, memory, ebp - size);              \
        if (below <= level)                                                    \
            xcpu_probe_store(cpu, slot, memory, frame - below * size);         \
        xcpu_store##bits(cpu, slot, memory, frame, (uint##bits##_t)ebp);       \
        for (uint32_t i = 1; i < level; i++)                                   \
            xcpu_store##bits(                                                  \
                cpu, slot, memory, frame - i * size,                           \
                xcpu_load##bits(cpu, slot, memory, ebp - i * size));           \
        if (level > 0)                                                         \
            xcpu_store##bits(cpu, slot, memory, esp, (uint##bits##_t)frame);   \
        xcpu_probe_store(cpu, slot, memory, esp - slot->imm);                  \
        *xcpu_reg##bits(cpu, XCPU_EBP) = (uint##bits##_t)frame;                \
        cpu->gpr[XCPU_ESP].d = esp - slot->imm;                                \
    }                                                                          \
    XCPU_MEM0_HANDLER(ENTER##bits)

ENTER_BODY(32, 4)
ENTER_BODY(16, 2)
XCPU_FORMS(ENTER_Iw_Ib) = {XCPU_REG(ENTER32), XCPU_REG16(ENTER16), .stores = 1};
