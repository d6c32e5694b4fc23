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
