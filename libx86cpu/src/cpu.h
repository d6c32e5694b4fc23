/* cpu.h -- the state of a cpu and the slots that it executes. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_CPU_H
#define X86CPU_CPU_H

#include "fpu_state.h"
#include "insns.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

struct xcpu_slot;

/* Executes slot and what follows it; returns NULL at the end of a run, or
 * the next slot (see XCPU_JUMP). memory: the window's base. */
typedef const struct xcpu_slot *
xcpu_handler(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory);

/* An instruction made ready for its handler. */
struct xcpu_slot {
    xcpu_handler *run;
    uint32_t disp;       /* of the memory operand; ENTER's level, a far
                            selector */
    uint32_t imm;        /* sign-extended by the row's letter; x87 rows: FOP
                            (escape byte's low 3 bits, then ModRM) */
    uint32_t eip;        /* of the instruction */
    uint16_t row;        /* enum xcpu_op */
    uint8_t reg, rm;     /* register operands, see xcpu_reg8 */
    uint8_t base, index; /* of the address; XCPU_NO_REG reads as 0 */
    uint8_t scale;       /* shift */
    uint8_t seg;         /* enum xcpu_sreg */
    uint8_t narrow;      /* 16 with 16-bit addressing, else 0 */
    uint8_t rep;         /* 0, 0xf2 or 0xf3 */
    uint8_t length;      /* bytes of the instruction */
    uint8_t left;        /* instructions of the block from this one on */
};

_Static_assert(sizeof(struct xcpu_slot) <= 32, "a slot is half a cache line");

/*
 * Arithmetic flags, kept as the operands of the last instruction that wrote
 * them; flags.c knows how each kind is read.
 */
enum xcpu_flags_kind {
    XCPU_FLAGS_STORED /* result holds the flags */
};

struct xcpu_flags {
    uint32_t a, b, result;
    uint32_t carry; /* before the instruction, 0 or 1 */
    uint8_t kind;   /* enum xcpu_flags_kind */
};

union xcpu_gpr_value {
    uint32_t d;
    uint16_t w; /* low half: hosts are little-endian */
};

struct xcpu {
    union xcpu_gpr_value gpr[9]; /* the last one stays 0 */
    uint32_t sreg_base[8];
    struct xcpu_flags flags;
    const struct xcpu_slot *slot; /* that touches memory */
    uint32_t eip;
    struct xcpu_fpu fpu;
};

#endif
