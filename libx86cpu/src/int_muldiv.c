/* int_muldiv.c -- handlers of multiplication and division. */
/* SPDX-License-Identifier: MIT */
#include "int_muldiv.h"

#define REG_FORMS(op) XCPU_REG(op##32_r), XCPU_REG16(op##16_r)
#define MEM_FORMS(op) XCPU_MEM(op##32_m), XCPU_MEM16(op##16_m)

/* Bodies for a register and for memory from one that has the operand. */
#define OPERAND_BODIES(op, bits)                                               \
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

/* ---- accumulator and extension ---- */

static inline void MUL8(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint8_t b)
{
    uint16_t *ax = xcpu_reg16(cpu, XCPU_EAX);
    uint16_t r = (uint16_t)((uint8_t)*ax * b);
    (void)slot;
    *ax = r;
    XCPU_KEEP_PRODUCT(8, r, r >> 8);
}

static inline void IMUL8(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t b)
{
    uint16_t *ax = xcpu_reg16(cpu, XCPU_EAX);
    int16_t r = (int16_t)((int8_t)*ax * (int8_t)b);
    (void)slot;
    *ax = (uint16_t)r;
    XCPU_KEEP_PRODUCT(8, r, r != (int8_t)r);
}

#define MULTIPLY(bits, wide, shift)                                            \
    static inline void MUL##bits(                                              \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint##bits##_t b)      \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, XCPU_EAX);                     \
        uint##wide##_t r = (uint##wide##_t) * a * b;                           \
        (void)slot;                                                            \
        *a = (uint##bits##_t)r;                                                \
        *xcpu_reg##bits(cpu, XCPU_EDX) = (uint##bits##_t)(r >> bits);          \
        XCPU_KEEP_PRODUCT(bits, r, r >> bits);                                 \
    }                                                                          \
    static inline void IMUL##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint##bits##_t b)      \
    {                                                                          \
        uint##bits##_t *a = xcpu_reg##bits(cpu, XCPU_EAX);                     \
        int##wide##_t r =                                                      \
            (int##wide##_t)(int##bits##_t) * a * (int##bits##_t)b;             \
        (void)slot;                                                            \
        *a = (uint##bits##_t)r;                                                \
        *xcpu_reg##bits(cpu, XCPU_EDX) = (uint##bits##_t)(r >> bits);          \
        XCPU_KEEP_PRODUCT(bits, r, r != (int##bits##_t)r);                     \
    }

MULTIPLY(16, 32, )
MULTIPLY(32, 64, )

#define MULTIPLY_ROWS(op)                                                      \
    OPERAND_BODIES(op, 8)                                                      \
    OPERAND_BODIES(op, 16)                                                     \
    OPERAND_BODIES(op, 32)                                                     \
    XCPU_FORMS(op##_Eb) = {XCPU_REG(op##8_r), XCPU_MEM(op##8_m),               \
                           .flags = XCPU_RESULT8, .harmless = 1};              \
    XCPU_FORMS(op##_Ev) = {REG_FORMS(op), MEM_FORMS(op),                       \
                           .flags = XCPU_RESULT32, .flags16 = XCPU_RESULT16,   \
                           .harmless = 1};

MULTIPLY_ROWS(MUL)
MULTIPLY_ROWS(IMUL)

/* ---- IMUL with two and three operands ---- */

#define IMUL_HANDLERS(bits, q)                                                 \
    XCPU_REG_HANDLER(IMUL2_##bits##_r##q)                                      \
    XCPU_MEM_HANDLERS(IMUL2_##bits##_m##q)                                     \
    XCPU_REG_HANDLER(IMUL3_##bits##_r##q)                                      \
    XCPU_MEM_HANDLERS(IMUL3_##bits##_m##q)

IMUL_HANDLERS(16, )
IMUL_HANDLERS(16, q)
IMUL_HANDLERS(32, )
IMUL_HANDLERS(32, q)

#define IMUL_FORMS(op, q)                                                      \
    XCPU_REG(op##_32_r##q), XCPU_REG16(op##_16_r##q), XCPU_MEM(op##_32_m##q),  \
        XCPU_MEM16(op##_16_m##q), .flags = XCPU_RESULT32,                      \
                                  .flags16 = XCPU_RESULT16, .harmless = 1

static const struct xcpu_forms quiet_IMUL2 = {IMUL_FORMS(IMUL2, q)};
static const struct xcpu_forms quiet_IMUL3 = {IMUL_FORMS(IMUL3, q)};
XCPU_FORMS(IMUL_Gv_Ev) = {IMUL_FORMS(IMUL2, ), .quiet = &quiet_IMUL2};
XCPU_FORMS(IMUL_Gv_Ev_Iz) = {IMUL_FORMS(IMUL3, ), .quiet = &quiet_IMUL3};
XCPU_FORMS(IMUL_Gv_Ev_sIb) = {IMUL_FORMS(IMUL3, ), .quiet = &quiet_IMUL3};

/* ---- division: #DE for a divisor of 0 and for quotients that do not fit;
 * the flags, all undefined, stay as they are ---- */

static inline void DIV8(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint8_t b)
{
    uint16_t *ax = xcpu_reg16(cpu, XCPU_EAX);
    if (b == 0 || *ax / b > UINT8_MAX)
        xcpu_raise(cpu, slot, XCPU_DE, 0);
    *ax = (uint16_t)((*ax % b) << 8 | *ax / b);
}

static inline void IDIV8(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t b)
{
    uint16_t *ax = xcpu_reg16(cpu, XCPU_EAX);
    int a = (int16_t)*ax, divisor = (int8_t)b;
    if (divisor == 0 || a / divisor != (int8_t)(a / divisor))
        xcpu_raise(cpu, slot, XCPU_DE, 0);
    *ax = (uint16_t)((uint8_t)(a % divisor) << 8 | (uint8_t)(a / divisor));
}

#define DIVIDE(bits, wide)                                                     \
    static inline void DIV##bits(                                              \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint##bits##_t b)      \
    {                                                                          \
        uint##bits##_t *low = xcpu_reg##bits(cpu, XCPU_EAX);                   \
        uint##bits##_t *high = xcpu_reg##bits(cpu, XCPU_EDX);                  \
        uint##wide##_t a = (uint##wide##_t) * high << bits | *low;             \
        if (*high >= b)                                                        \
            xcpu_raise(cpu, slot, XCPU_DE, 0);                                 \
        *low = (uint##bits##_t)(a / b);                                        \
        *high = (uint##bits##_t)(a % b);                                       \
    }                                                                          \
    static inline void IDIV##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint##bits##_t b)      \
    {                                                                          \
        uint##bits##_t *low = xcpu_reg##bits(cpu, XCPU_EAX);                   \
        uint##bits##_t *high = xcpu_reg##bits(cpu, XCPU_EDX);                  \
        int##wide##_t a =                                                      \
            (int##wide##_t)((uint##wide##_t) * high << bits | *low);           \
        int##wide##_t divisor = (int##bits##_t)b;                              \
        if (divisor == 0 || (a == INT##wide##_MIN && divisor == -1) ||         \
            a / divisor != (int##bits##_t)(a / divisor))                       \
            xcpu_raise(cpu, slot, XCPU_DE, 0);                                 \
        *low = (uint##bits##_t)(a / divisor);                                  \
        *high = (uint##bits##_t)(a % divisor);                                 \
    }

DIVIDE(16, 32)
DIVIDE(32, 64)

#define DIVIDE_ROWS(op)                                                        \
    OPERAND_BODIES(op, 8)                                                      \
    OPERAND_BODIES(op, 16)                                                     \
    OPERAND_BODIES(op, 32)                                                     \
    XCPU_FORMS(op##_Eb) = {XCPU_REG(op##8_r), XCPU_MEM(op##8_m)};              \
    XCPU_FORMS(op##_Ev) = {REG_FORMS(op), MEM_FORMS(op)};

DIVIDE_ROWS(DIV)
DIVIDE_ROWS(IDIV)
