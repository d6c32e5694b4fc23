/* insns.c -- the instruction table's rows and names as arrays. */
/* SPDX-License-Identifier: MIT */
#include "insns.h"

#include "x86cpu/decode.h"

#include <stddef.h>

enum {
#define XCPU_OPERAND(letters, encoding) ENCODING_##letters = (encoding),
#include "operands.def"
};

/* A ModRM byte that holds no operand still selects the row. */
#define MOD_any 0
#define MOD_mem XE_MODRM
#define MOD_reg XE_MODRM

const struct xcpu_row xcpu_rows[XCPU_OPS] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 reads, writes, undefines, attrs, grp, feat)                   \
    [XCPU_OP_##id] = {                                                         \
        .encoding = ENCODING_##a | ENCODING_##b | ENCODING_##c | MOD_##mod,    \
        .attributes = (attrs),                                                 \
        .read = XF_##reads,                                                    \
        .written = XF_##writes,                                                \
        .undefined = XF_##undefines,                                           \
        .group = XG_##grp,                                                     \
        .feature = XT_##feat,                                                  \
        .operands = {XO_##a, XO_##b, XO_##c},                                  \
    },
#include "x86_insns.def"
};

int xcpu_insn_repeats(const struct xcpu_insn *insn)
{
    return insn->rep && (xcpu_rows[insn->op].attributes & (A_REP | A_REPCC));
}

int xcpu_stack_words(const struct xcpu_insn *insn)
{
    static const int8_t words[XCPU_OPS] = {
        [XCPU_OP_PUSH_ES] = 1,     [XCPU_OP_PUSH_CS] = 1,
        [XCPU_OP_PUSH_SS] = 1,     [XCPU_OP_PUSH_DS] = 1,
        [XCPU_OP_PUSH_FS] = 1,     [XCPU_OP_PUSH_GS] = 1,
        [XCPU_OP_PUSH_Zv] = 1,     [XCPU_OP_PUSH_Iz] = 1,
        [XCPU_OP_PUSH_sIb] = 1,    [XCPU_OP_PUSH_Ev] = 1,
        [XCPU_OP_PUSHF] = 1,       [XCPU_OP_PUSHA] = 8,
        [XCPU_OP_CALL_Jz] = 1,     [XCPU_OP_CALL_Ev] = 1,
        [XCPU_OP_CALL_Ap] = 2,     [XCPU_OP_CALL_Mp] = 2,
        [XCPU_OP_ENTER_Iw_Ib] = 1, [XCPU_OP_POP_ES] = -1,
        [XCPU_OP_POP_SS] = -1,     [XCPU_OP_POP_DS] = -1,
        [XCPU_OP_POP_FS] = -1,     [XCPU_OP_POP_GS] = -1,
        [XCPU_OP_POP_Zv] = -1,     [XCPU_OP_POP_Ev] = -1,
        [XCPU_OP_POPF] = -1,       [XCPU_OP_POPA] = -8,
        [XCPU_OP_RET] = -1,        [XCPU_OP_RET_Iw] = -1,
        [XCPU_OP_RETF] = -2,       [XCPU_OP_RETF_Iw] = -2,
        [XCPU_OP_IRET] = -3,
    };
    return words[insn->op];
}

uint32_t xcpu_bit_offset(const struct xcpu_insn *insn, uint32_t number)
{
    switch (insn->op) {
    case XCPU_OP_BT_Ev_Gv:
    case XCPU_OP_BTS_Ev_Gv:
    case XCPU_OP_BTR_Ev_Gv:
    case XCPU_OP_BTC_Ev_Gv:
        if (insn->operand_size == 2)
            return (uint32_t)((int16_t)number >> 4) * 2;
        return (uint32_t)((int32_t)number >> 5) * 4;
    default:
        return 0;
    }
}

const char *xcpu_op_mnemonic(unsigned op)
{
    static const char *const mnemonics[XCPU_OPS] = {
#define XCPU_ROW(id, mnemonic, ...) [XCPU_OP_##id] = #mnemonic,
#include "x86_insns.def"
    };
    return op < XCPU_OPS ? mnemonics[op] : NULL;
}

const char *xcpu_op_name(unsigned op)
{
    static const char *const names[XCPU_OPS] = {
#define XCPU_ROW(id, ...) [XCPU_OP_##id] = #id,
#include "x86_insns.def"
    };
    return op < XCPU_OPS ? names[op] : NULL;
}

const char *xcpu_condition_name(unsigned cond)
{
    static const char *const names[16] = {
        "O", "NO", "B", "NB", "Z", "NZ", "BE", "NBE",
        "S", "NS", "P", "NP", "L", "NL", "LE", "NLE",
    };
    return cond < 16 ? names[cond] : NULL;
}
