/* insns.h -- the instruction table's columns as C values. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_INSNS_H
#define X86CPU_INSNS_H

#include <stdint.h>

/* Row numbers, in table order; 0 is no row. */
enum xcpu_op {
    XCPU_OP_NONE,
#define XCPU_ROW(id, ...) XCPU_OP_##id,
#include "x86_insns.def"
    XCPU_OPS
};

/* read, written, undefined: EFLAGS bits (SDM 1, 3.4.3). */
enum {
    XF__ = 0,
    XF_C = 0x1,
    XF_P = 0x4,
    XF_A = 0x10,
    XF_Z = 0x40,
    XF_S = 0x80,
    XF_I = 0x200,
    XF_D = 0x400,
    XF_O = 0x800,
    XF_AC = XF_A | XF_C,
    XF_OA = XF_O | XF_A,
    XF_OC = XF_O | XF_C,
    XF_ZC = XF_Z | XF_C,
    XF_OAC = XF_O | XF_AC,
    XF_SZP = XF_S | XF_Z | XF_P,
    XF_OSAP = XF_O | XF_S | XF_A | XF_P,
    XF_OSAPC = XF_OSAP | XF_C,
    XF_OSZP = XF_O | XF_SZP,
    XF_OSZPC = XF_OSZP | XF_C,
    XF_SZAP = XF_SZP | XF_A,
    XF_SZAPC = XF_SZAP | XF_C,
    XF_OSZAP = XF_O | XF_SZAP,
    XF_OSZAPC = XF_O | XF_SZAPC,
    XF_ALL = XF_OSZAPC | XF_D | XF_I
};

enum xcpu_attribute {
    A_LOCK = 0x1,
    A_WM = 0x2,
    A_REP = 0x4,
    A_REPCC = 0x8,
    A_COND = 0x10,
    A_KEEP = 0x20,
    A_NOMEM = 0x40,
    A_END = 0x80,
    A_JCC = 0x100 | A_END,
    A_JMP = 0x200 | A_END,
    A_CALL = 0x400 | A_END,
    A_RET = 0x800 | A_END,
    A_IND = 0x1000 | A_END,
    A_FAR = 0x2000 | A_END,
    A_CONTROL = 0x4000,
    A_VARIES = 0x8000
};

enum xcpu_group { XG_INT, XG_X87, XG_MMX, XG_SSE, XG_PRIV, XG_UD };

/* What a model may lack; BASE is an i486, P6 the hint NOPs. */
#define XCPU_FEATURES(X)                                                       \
    X(BASE)                                                                    \
    X(X87)                                                                     \
    X(TSC)                                                                     \
    X(CX8)                                                                     \
    X(P6)                                                                      \
    X(CMOV)                                                                    \
    X(SEP)                                                                     \
    X(SYSCALL)                                                                 \
    X(MMX)                                                                     \
    X(FXSR)                                                                    \
    X(SSE)                                                                     \
    X(SSE2)                                                                    \
    X(SSE3)                                                                    \
    X(SSSE3)                                                                   \
    X(SSE4_1)                                                                  \
    X(SSE4_2)                                                                  \
    X(POPCNT)                                                                  \
    X(LZCNT)                                                                   \
    X(MOVBE)                                                                   \
    X(AES)                                                                     \
    X(PCLMULQDQ)                                                               \
    X(RDTSCP)

enum xcpu_feature {
#define X(name) XT_##name,
    XCPU_FEATURES(X)
#undef X
};

/* Operand letters, XO_letter; XO__ is none. */
enum xcpu_operand {
#define XCPU_OPERAND(letter, encoding) XO_##letter,
#include "operands.def"
};

/* How an operand is encoded; a row's encoding is the union of its own. */
enum xcpu_encoding {
    XE_MODRM = 0x1, /* has a ModRM byte */
    XE_OPREG = 0x2, /* a register in the opcode's low three bits */
    XE_MOFFS = 0x4, /* an address of address_size bytes */
    XE_IMM8 = 0x8,
    XE_SIMM8 = 0x10, /* sign-extended */
    XE_IMM16 = 0x20, /* with XE_IMM8: that one follows */
    XE_IMMZ = 0x40,  /* operand_size bytes */
    XE_RELZ = 0x80,  /* operand_size bytes, sign-extended */
    XE_FAR = 0x100   /* operand_size bytes, then a selector */
};

/* A row's columns behind the decode map. */
struct xcpu_row {
    uint16_t encoding;   /* enum xcpu_encoding bits */
    uint16_t attributes; /* enum xcpu_attribute bits */
    uint16_t read, written, undefined;
    uint8_t group;       /* enum xcpu_group */
    uint8_t feature;     /* enum xcpu_feature */
    uint8_t operands[3]; /* enum xcpu_operand */
};

extern const struct xcpu_row xcpu_rows[XCPU_OPS];

struct xcpu_insn;

/* How many words of its operand size an instruction pushes beside what its
 * operands say, or, negative, pops from ESP up. */
int xcpu_stack_words(const struct xcpu_insn *insn);

/* Bytes from a bit string's operand to the word that has a bit of that number,
 * which counts either way where a register holds it; 0 of other instructions.
 */
uint32_t xcpu_bit_offset(const struct xcpu_insn *insn, uint32_t number);

#endif
