/* decode.h -- bytes to struct xcpu_insn. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_DECODE_H
#define X86CPU_DECODE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define XCPU_INSN_MAX 15 /* bytes; longer encodings are #GP */
#define XCPU_NO_REG   8  /* base, index: none */
#define XCPU_NO_SREG  6  /* segment_prefix: none */

/*
 * One decoded instruction. op is a row of the instruction table
 * (x86_insns.def); its operands are found through the fields that the row's
 * operand letters name.
 */
struct xcpu_insn {
    uint16_t op;            /* row number, from 1 */
    uint8_t length;         /* bytes, 1..15 */
    uint8_t operand_size;   /* bytes of 'v' and 'z' operands: 2 or 4 */
    uint8_t address_size;   /* bytes: 2 or 4 */
    uint8_t segment;        /* of the memory operand, overrides applied */
    uint8_t segment_prefix; /* as written, or XCPU_NO_SREG */
    uint8_t rep;            /* 0, 0xf2 or 0xf3: the last one written */
    uint8_t lock;           /* 1 with a LOCK prefix */
    uint8_t opcode;         /* its last byte, ModRM apart */
    uint8_t modrm;          /* the byte, 0 without */
    uint8_t mod, reg, rm;   /* its fields; mod is 3 for rows that ignore it;
                               opcodes that hold a register: rm */
    uint8_t base, index;    /* enum xcpu_gpr or XCPU_NO_REG */
    uint8_t scale;          /* shift: 0..3 */
    uint8_t cond;           /* Jcc, SETcc, CMOVcc: 0..15, else 0 */
    uint32_t disp;          /* of ModRM, sign-extended; moffs: the address */
    uint32_t imm;           /* sIb, Jb, Jz: sign-extended; others: zero-
                               extended; a far pointer's offset */
    uint32_t imm2;          /* second one: ENTER's level, a far selector */
};

enum xcpu_decode_error {
    XCPU_DECODE_SHORT = -1,   /* more bytes are needed */
    XCPU_DECODE_INVALID = -2, /* #UD */
    XCPU_DECODE_TOO_LONG = -3 /* beyond 15 bytes: #GP */
};

/*
 * Decodes the instruction at bytes[0..size) for a 32-bit code segment.
 * Returns its length, or a negative enum xcpu_decode_error; *insn is written
 * only on success. Pure: no state, any thread.
 */
int xcpu_decode(const uint8_t *bytes, size_t size, struct xcpu_insn *insn);

/* Whether a prefix has it repeated: of a string instruction F2 and F3. */
int xcpu_insn_repeats(const struct xcpu_insn *insn);

/*
 * Mnemonic of a row ("ADD"), NULL for a number out of range. A "CC" at its
 * end stands for a condition, see xcpu_condition_name.
 */
const char *xcpu_op_mnemonic(unsigned op);

/* Suffix of a condition ("NZ"), NULL for a number out of 0..15. */
const char *xcpu_condition_name(unsigned cond);

/* Row name ("ADD_Eb_Gb"), NULL for a number out of range. */
const char *xcpu_op_name(unsigned op);

#ifdef __cplusplus
}
#endif
#endif
