/* x87.c -- handlers of x87 instructions on the register stack. */
/* SPDX-License-Identifier: MIT */
#include "x87.h"

#include "fxstate.h"
#include "machine.h"

#if defined(__x86_64__)
/* Moves the state from struct xcpu_fpu into the host's x87. */
static void enter_host(struct xcpu_fpu *fpu)
{
    uint8_t image[XCPU_FNSAVE32_SIZE];

    xcpu_fpu_store_all(fpu, 32, image);
    __asm__ volatile("fnstcw %0" : "=m"(fpu->host_control));
    __asm__ volatile("frstor %0" : : "m"(image));
    fpu->x87_mode = (fpu->control & XCPU_X87_EXCEPTIONS) == XCPU_X87_EXCEPTIONS
                        ? XCPU_X87_HOST
                        : XCPU_X87_HOST_STRICT;
}

void xcpu_x87_enter(struct xcpu_fpu *fpu)
{
    if (!fpu->portable && !xcpu_fpu_pending(fpu))
        enter_host(fpu);
}

static int is_pending(const struct xcpu_fpu *fpu)
{
    uint16_t status;

    if (fpu->x87_mode < XCPU_X87_HOST)
        return xcpu_fpu_pending(fpu);
    __asm__ volatile("fnstsw %0" : "=m"(status));
    return (status & XCPU_X87_ES) != 0;
}

int xcpu_x87_wait(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    struct xcpu_fpu *fpu = &cpu->fpu;

    if (is_pending(fpu))
        xcpu_raise(cpu, slot, XCPU_MF, 0);
    if (fpu->x87_mode >= XCPU_X87_HOST)
        return 1;
    if (fpu->portable) {
        fpu->x87_mode = XCPU_X87_MEMORY;
        return 0;
    }
    enter_host(fpu);
    return 1;
}
#else
static int is_pending(const struct xcpu_fpu *fpu)
{
    return xcpu_fpu_pending(fpu);
}

void xcpu_x87_enter(struct xcpu_fpu *fpu)
{
    (void)fpu;
}

int xcpu_x87_wait(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    if (is_pending(&cpu->fpu))
        xcpu_raise(cpu, slot, XCPU_MF, 0);
    cpu->fpu.x87_mode = XCPU_X87_MEMORY;
    return 0;
}
#endif

int xcpu_x87_note_raised(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    xcpu_x87_note(cpu, slot);
    if (!is_pending(&cpu->fpu))
        return 0;
    cpu->fpu.opcode = slot->imm;
    return 1;
}

/* ---- ST0 and ST(i): one handler for each i, the bytes are the guest's ---- */

#define STACK_BODY(id, first, second, i)                                       \
    static inline void id##_##i(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, int in_host)     \
    {                                                                          \
        if (in_host)                                                           \
            XCPU_X87_ASM(".byte " #first ", " #second " + " #i);               \
        else                                                                   \
            xcpu_x87_execute(&cpu->fpu, slot->row, i, NULL);                   \
    }                                                                          \
    XCPU_X87_REG_HANDLER(id##_##i)

/* The forms of a row whose handlers are NAME_0 to NAME_7. */
#define STACK_FORMS(id)                                                        \
    static void id##_bind(struct xcpu_slot *slot,                              \
                          const struct xcpu_insn *insn,                        \
                          enum xcpu_flags_kind before)                         \
    {                                                                          \
        static xcpu_handler *const run[8] = {                                  \
            xcpu_run_##id##_0, xcpu_run_##id##_1, xcpu_run_##id##_2,           \
            xcpu_run_##id##_3, xcpu_run_##id##_4, xcpu_run_##id##_5,           \
            xcpu_run_##id##_6, xcpu_run_##id##_7};                             \
        (void)before;                                                          \
        slot->run = run[insn->rm & 7];                                         \
    }                                                                          \
    XCPU_FORMS(id) = {.reg = xcpu_run_##id##_0, .bind = id##_bind};

#define EACH(BODY, ...)                                                        \
    BODY(__VA_ARGS__, 0)                                                       \
    BODY(__VA_ARGS__, 1)                                                       \
    BODY(__VA_ARGS__, 2)                                                       \
    BODY(__VA_ARGS__, 3)                                                       \
    BODY(__VA_ARGS__, 4)                                                       \
    BODY(__VA_ARGS__, 5)                                                       \
    BODY(__VA_ARGS__, 6)                                                       \
    BODY(__VA_ARGS__, 7)

#define STACK(id, first, second)                                               \
    EACH(STACK_BODY, id, first, second)                                        \
    STACK_FORMS(id)

STACK(FADD_ST0_STi, 0xd8, 0xc0)
STACK(FMUL_ST0_STi, 0xd8, 0xc8)
STACK(FCOM_ST0_STi, 0xd8, 0xd0)
STACK(FCOMP_ST0_STi, 0xd8, 0xd8)
STACK(FSUB_ST0_STi, 0xd8, 0xe0)
STACK(FSUBR_ST0_STi, 0xd8, 0xe8)
STACK(FDIV_ST0_STi, 0xd8, 0xf0)
STACK(FDIVR_ST0_STi, 0xd8, 0xf8)
STACK(FLD_STi, 0xd9, 0xc0)
STACK(FXCH_STi, 0xd9, 0xc8)
STACK(FSTPNCE_STi, 0xd9, 0xd8)
STACK(FADD_STi_ST0, 0xdc, 0xc0)
STACK(FMUL_STi_ST0, 0xdc, 0xc8)
STACK(FSUBR_STi_ST0, 0xdc, 0xe0)
STACK(FSUB_STi_ST0, 0xdc, 0xe8)
STACK(FDIVR_STi_ST0, 0xdc, 0xf0)
STACK(FDIV_STi_ST0, 0xdc, 0xf8)
STACK(FFREE_STi, 0xdd, 0xc0)
STACK(FST_STi, 0xdd, 0xd0)
STACK(FSTP_STi, 0xdd, 0xd8)
STACK(FUCOM_ST0_STi, 0xdd, 0xe0)
STACK(FUCOMP_ST0_STi, 0xdd, 0xe8)
STACK(FADDP_STi_ST0, 0xde, 0xc0)
STACK(FMULP_STi_ST0, 0xde, 0xc8)
STACK(FSUBRP_STi_ST0, 0xde, 0xe0)
STACK(FSUBP_STi_ST0, 0xde, 0xe8)
STACK(FDIVRP_STi_ST0, 0xde, 0xf0)
STACK(FDIVP_STi_ST0, 0xde, 0xf8)
STACK(FFREEP_STi, 0xdf, 0xc0)

/* ---- FCMOVcc: the host moves on a condition that the guest's flags give.
 * 0xda 0xc8 is FCMOVE: moves when ZF is set. ---- */

#define MOVE_BODY(id, cc, i)                                                   \
    static inline void id##_##i(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, int in_host)     \
    {                                                                          \
        int holds = xcpu_condition(cpu, cc) != 0;                              \
                                                                               \
        if (in_host)                                                           \
            XCPU_X87_ASM("cmpl $1, %0; .byte 0xda, 0xc8 + " #i                 \
                         :                                                     \
                         : "r"(holds)                                          \
                         : "cc");                                              \
        else                                                                   \
            xcpu_x87_execute(&cpu->fpu, slot->row, (unsigned)holds * 8 + i,    \
                             NULL);                                            \
    }                                                                          \
    XCPU_X87_REG_HANDLER(id##_##i)

#define MOVE(id, cc)                                                           \
    EACH(MOVE_BODY, id, cc)                                                    \
    STACK_FORMS(id)

MOVE(FCMOVB_ST0_STi, 2)
MOVE(FCMOVE_ST0_STi, 4)
MOVE(FCMOVBE_ST0_STi, 6)
MOVE(FCMOVU_ST0_STi, 10)
MOVE(FCMOVNB_ST0_STi, 3)
MOVE(FCMOVNE_ST0_STi, 5)
MOVE(FCMOVNBE_ST0_STi, 7)
MOVE(FCMOVNU_ST0_STi, 11)

/*
 * ---- FCOMI and relatives: EFLAGS. Where an unmasked exception ends the
 * instruction some CPUs write them and some do not (SDM 2, FCOMI): SF, which
 * it clears where it writes, is set before it to tell. ----
 */

static inline void set_compared(struct xcpu *cpu, int written, int carry,
                                int zero, int parity)
{
    if (written)
        xcpu_set_flags(cpu, (uint32_t)(carry * XCPU_CF + zero * XCPU_ZF +
                                       parity * XCPU_PF));
}

static void execute_compare(struct xcpu *cpu, const struct xcpu_slot *slot,
                            unsigned i)
{
    int flags = xcpu_x87_execute(&cpu->fpu, slot->row, i, NULL);

    if (flags >= 0)
        xcpu_set_flags(cpu, (uint32_t)flags);
}

#define COMPARE_BODY(id, first, second, i)                                     \
    static inline void id##_##i(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, int in_host)     \
    {                                                                          \
        int carry = 0, zero = 0, parity = 0, sign = 0;                         \
                                                                               \
        if (in_host) {                                                         \
            XCPU_X87_ASM("testl %4, %4; .byte " #first ", " #second " + " #i   \
                         : "=@ccc"(carry), "=@ccz"(zero), "=@ccp"(parity),     \
                           "=@ccs"(sign)                                       \
                         : "r"(-1));                                           \
            set_compared(cpu, !sign, carry, zero, parity);                     \
        } else {                                                               \
            execute_compare(cpu, slot, i);                                     \
        }                                                                      \
    }                                                                          \
    XCPU_X87_REG_HANDLER(id##_##i)

#define COMPARE(id, first, second)                                             \
    EACH(COMPARE_BODY, id, first, second)                                      \
    STACK_FORMS(id)

COMPARE(FUCOMI_ST0_STi, 0xdb, 0xe8)
COMPARE(FCOMI_ST0_STi, 0xdb, 0xf0)
COMPARE(FUCOMIP_ST0_STi, 0xdf, 0xe8)
COMPARE(FCOMIP_ST0_STi, 0xdf, 0xf0)

/* ---- no operand in the encoding ---- */

#define PLAIN(id, first, second) BARE(id, first, second, in_host)
#define VARYING(id, first, second)                                             \
    BARE(id, first, second, computes_on_host(cpu, in_host))
#define BARE(id, first, second, on_host)                                       \
    static inline void id##_body(struct xcpu *cpu,                             \
                                 const struct xcpu_slot *slot, int in_host)    \
    {                                                                          \
        if (on_host)                                                           \
            XCPU_X87_ASM(".byte " #first ", " #second);                        \
        else                                                                   \
            xcpu_x87_execute(&cpu->fpu, slot->row, 0, NULL);                   \
    }                                                                          \
    XCPU_X87_REG_HANDLER(id##_body)                                            \
    XCPU_FORMS(id) = {XCPU_REG(id##_body)};

PLAIN(FNOP, 0xd9, 0xd0)
PLAIN(FCHS, 0xd9, 0xe0)
PLAIN(FABS, 0xd9, 0xe1)
PLAIN(FTST, 0xd9, 0xe4)
PLAIN(FXAM, 0xd9, 0xe5)
PLAIN(FLD1, 0xd9, 0xe8)
PLAIN(FLDL2T, 0xd9, 0xe9)
PLAIN(FLDL2E, 0xd9, 0xea)
PLAIN(FLDPI, 0xd9, 0xeb)
PLAIN(FLDLG2, 0xd9, 0xec)
PLAIN(FLDLN2, 0xd9, 0xed)
PLAIN(FLDZ, 0xd9, 0xee)
PLAIN(FXTRACT, 0xd9, 0xf4)
PLAIN(FPREM1, 0xd9, 0xf5)
PLAIN(FDECSTP, 0xd9, 0xf6)
PLAIN(FINCSTP, 0xd9, 0xf7)
PLAIN(FPREM, 0xd9, 0xf8)
PLAIN(FSQRT, 0xd9, 0xfa)
PLAIN(FRNDINT, 0xd9, 0xfc)
PLAIN(FSCALE, 0xd9, 0xfd)
PLAIN(FUCOMPP, 0xda, 0xe9)
PLAIN(FCOMPP, 0xde, 0xd9)

/* ---- transcendental functions: the host's, or the same on every host ---- */

static int computes_on_host(struct xcpu *cpu, int in_host)
{
    if (!in_host || !cpu->machine->config.portable_floats)
        return in_host;
    xcpu_fpu_leave(&cpu->fpu);
    return 0;
}

VARYING(F2XM1, 0xd9, 0xf0)
VARYING(FYL2X, 0xd9, 0xf1)
VARYING(FPTAN, 0xd9, 0xf2)
VARYING(FPATAN, 0xd9, 0xf3)
VARYING(FYL2XP1, 0xd9, 0xf9)
VARYING(FSINCOS, 0xd9, 0xfb)
VARYING(FSIN, 0xd9, 0xfe)
VARYING(FCOS, 0xd9, 0xff)
