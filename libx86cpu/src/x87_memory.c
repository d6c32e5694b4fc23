/* x87_memory.c -- handlers of x87 instructions with a memory operand. */
/* SPDX-License-Identifier: MIT */
#include "machine.h"
#include "x87.h"

/* An operand in guest memory for assembly; the sizes of the formats. */
struct bytes2 {
    uint8_t bytes[2];
};
struct bytes4 {
    uint8_t bytes[4];
};
struct bytes8 {
    uint8_t bytes[8];
};
struct bytes10 {
    uint8_t bytes[10];
};

static void execute_load(struct xcpu *cpu, const struct xcpu_slot *slot,
                         const uint8_t *memory, uint32_t address, size_t size)
{
    uint8_t operand[10];

    xcpu_load_bytes(cpu, slot, memory, address, operand, size);
    xcpu_x87_execute(&cpu->fpu, slot->row, 0, operand);
}

/* A store that faults must find the state of before; so does one that an
 * unmasked exception keeps from storing. */
static void execute_store(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t address, size_t size)
{
    struct xcpu_fpu *fpu = &cpu->fpu;
    uint16_t old_status = fpu->status, status;
    uint8_t old_top = fpu->top, top;
    uint8_t old_valid = fpu->valid, valid;
    uint8_t operand[10];
    int stored = xcpu_x87_execute(fpu, slot->row, 0, operand);

    status = fpu->status;
    top = fpu->top;
    valid = fpu->valid;
    fpu->status = old_status;
    fpu->top = old_top;
    fpu->valid = old_valid;
    if (stored)
        xcpu_store_bytes(cpu, slot, memory, address, operand, size);
    else
        xcpu_probe_stores(cpu, slot, memory, address, size);
    fpu->status = status;
    fpu->top = top;
    fpu->valid = valid;
}

#define LOAD(id, mnemonic, size)                                               \
    static inline void id##_body(                                              \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, int in_host)                                         \
    {                                                                          \
        if (in_host) {                                                         \
            XCPU_NOTE(cpu, slot);                                              \
            XCPU_X87_ASM(                                                      \
                mnemonic " %0"                                                 \
                :                                                              \
                : "m"(*(const struct bytes##size *)(memory + address)));       \
            XCPU_SETTLE(cpu);                                                  \
        } else {                                                               \
            execute_load(cpu, slot, memory, address, size);                    \
        }                                                                      \
    }                                                                          \
    XCPU_X87_MEM_HANDLERS(id##_body)                                           \
    XCPU_FORMS(id) = {XCPU_MEM(id##_body)};

#define STORE(id, mnemonic, size)                                              \
    static inline void id##_body(                                              \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, int in_host)                                         \
    {                                                                          \
        if (in_host) {                                                         \
            XCPU_NOTE(cpu, slot);                                              \
            XCPU_X87_ASM(mnemonic " %0"                                        \
                         : "=m"(*(struct bytes##size *)(memory + address)));   \
            XCPU_SETTLE(cpu);                                                  \
        } else {                                                               \
            execute_store(cpu, slot, memory, address, size);                   \
        }                                                                      \
    }                                                                          \
    XCPU_X87_MEM_HANDLERS(id##_body)                                           \
    XCPU_FORMS(id) = {XCPU_MEM(id##_body)};

LOAD(FADD_Md, "fadds", 4)
LOAD(FMUL_Md, "fmuls", 4)
LOAD(FCOM_Md, "fcoms", 4)
LOAD(FCOMP_Md, "fcomps", 4)
LOAD(FSUB_Md, "fsubs", 4)
LOAD(FSUBR_Md, "fsubrs", 4)
LOAD(FDIV_Md, "fdivs", 4)
LOAD(FDIVR_Md, "fdivrs", 4)
LOAD(FADD_Mq, "faddl", 8)
LOAD(FMUL_Mq, "fmull", 8)
LOAD(FCOM_Mq, "fcoml", 8)
LOAD(FCOMP_Mq, "fcompl", 8)
LOAD(FSUB_Mq, "fsubl", 8)
LOAD(FSUBR_Mq, "fsubrl", 8)
LOAD(FDIV_Mq, "fdivl", 8)
LOAD(FDIVR_Mq, "fdivrl", 8)
LOAD(FIADD_Md, "fiaddl", 4)
LOAD(FIMUL_Md, "fimull", 4)
LOAD(FICOM_Md, "ficoml", 4)
LOAD(FICOMP_Md, "ficompl", 4)
LOAD(FISUB_Md, "fisubl", 4)
LOAD(FISUBR_Md, "fisubrl", 4)
LOAD(FIDIV_Md, "fidivl", 4)
LOAD(FIDIVR_Md, "fidivrl", 4)
LOAD(FIADD_Mw, "fiadds", 2)
LOAD(FIMUL_Mw, "fimuls", 2)
LOAD(FICOM_Mw, "ficoms", 2)
LOAD(FICOMP_Mw, "ficomps", 2)
LOAD(FISUB_Mw, "fisubs", 2)
LOAD(FISUBR_Mw, "fisubrs", 2)
LOAD(FIDIV_Mw, "fidivs", 2)
LOAD(FIDIVR_Mw, "fidivrs", 2)
LOAD(FLD_Md, "flds", 4)
LOAD(FLD_Mq, "fldl", 8)
LOAD(FLD_Mt, "fldt", 10)
LOAD(FILD_Mw, "filds", 2)
LOAD(FILD_Md, "fildl", 4)
LOAD(FILD_Mq, "fildll", 8)
LOAD(FBLD_Mt, "fbld", 10)

/* The host has FISTTP where it has SSE3. */
#define STORE_TRUNCATED(id, mnemonic, size)                                    \
    static inline void id##_body(                                              \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory,       \
        uint32_t address, int in_host)                                         \
    {                                                                          \
        int host_has = (int)(cpu->machine->host_features >> XT_SSE3 & 1);      \
        if (in_host && host_has) {                                             \
            XCPU_NOTE(cpu, slot);                                              \
            XCPU_X87_ASM(mnemonic " %0"                                        \
                         : "=m"(*(struct bytes##size *)(memory + address)));   \
            XCPU_SETTLE(cpu);                                                  \
        } else {                                                               \
            xcpu_fpu_leave(&cpu->fpu);                                         \
            execute_store(cpu, slot, memory, address, size);                   \
        }                                                                      \
    }                                                                          \
    XCPU_X87_MEM_HANDLERS(id##_body)                                           \
    XCPU_FORMS(id) = {XCPU_MEM(id##_body)};

STORE(FST_Md, "fsts", 4)
STORE(FSTP_Md, "fstps", 4)
STORE(FST_Mq, "fstl", 8)
STORE(FSTP_Mq, "fstpl", 8)
STORE(FSTP_Mt, "fstpt", 10)
STORE(FIST_Mw, "fists", 2)
STORE(FISTP_Mw, "fistps", 2)
STORE(FIST_Md, "fistl", 4)
STORE(FISTP_Md, "fistpl", 4)
STORE(FISTP_Mq, "fistpll", 8)
STORE_TRUNCATED(FISTTP_Mw, "fisttps", 2)
STORE_TRUNCATED(FISTTP_Md, "fisttpl", 4)
STORE_TRUNCATED(FISTTP_Mq, "fisttpll", 8)
STORE(FBSTP_Mt, "fbstp", 10)
