/* decode_map.c -- the decode map, expanded from the instruction table. */
/* SPDX-License-Identifier: MIT */
#include "decode_map.h"
#include "insns.h"

/*
 * Designated initialisers with ranges (a GNU extension) place the rows. Two
 * rows that claim one slot would override each other: that is an error.
 */
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic error "-Woverride-init"

/* Columns as index ranges. */
#define PREFIX_any XP_NONE... XP_F3
#define PREFIX_np  XP_NONE
#define PREFIX_66  XP_66
#define PREFIX_F2  XP_F2
#define PREFIX_F3  XP_F3
#define PREFIX_npo XP_NONE... XP_66
#define PREFIX_nF3 XP_NONE... XP_F2

#define MOD_any 0 ... 1
#define MOD_mem 0
#define MOD_reg 1

#define REG_r    0 ... 7
#define REG_0    0
#define REG_1    1
#define REG_2    2
#define REG_3    3
#define REG_4    4
#define REG_5    5
#define REG_6    6
#define REG_7    7
#define REG_0to3 0 ... 3
#define REG_0to5 0 ... 5
#define REG_2to4 2 ... 4
#define REG_2to5 2 ... 5
#define REG_4to7 4 ... 7

#define OPCODES(map, first, last, prefix, mod, reg)                            \
    .opcodes[map][first... last][PREFIX_##prefix][MOD_##mod][REG_##reg]
#define REGISTERS(map, first, last, prefix)                                    \
    .registers[map][(first)-0xc0 ...(last) - 0xc0][PREFIX_##prefix]

#define SLOTS_1B(...)   OPCODES(XM_1B, __VA_ARGS__)
#define SLOTS_0F(...)   OPCODES(XM_0F, __VA_ARGS__)
#define SLOTS_0F38(...) OPCODES(XM_0F38, __VA_ARGS__)
#define SLOTS_0F3A(...) OPCODES(XM_0F3A, __VA_ARGS__)
#define SLOTS_D8(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_D8, first, last, prefix)
#define SLOTS_D9(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_D9, first, last, prefix)
#define SLOTS_DA(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DA, first, last, prefix)
#define SLOTS_DB(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DB, first, last, prefix)
#define SLOTS_DC(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DC, first, last, prefix)
#define SLOTS_DD(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DD, first, last, prefix)
#define SLOTS_DE(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DE, first, last, prefix)
#define SLOTS_DF(first, last, prefix, mod, reg)                                \
    REGISTERS(XM_DF, first, last, prefix)
#define SLOTS_0F01(first, last, prefix, mod, reg)                              \
    REGISTERS(XM_0F01, first, last, prefix)

const struct xcpu_decode_map xcpu_decode_map = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, mod, reg,    \
                 ...)                                                          \
    SLOTS_##map(first, last, prefix, mod, reg) = XCPU_OP_##id,
#define XCPU_ALIAS(id, map, first, last, prefix, mod, reg)                     \
    SLOTS_##map(first, last, prefix, mod, reg) = XCPU_OP_##id,
#include "x86_insns.def"
};
