/* decode_map.h -- from opcode bytes to rows of the instruction table. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_DECODE_MAP_H
#define X86CPU_DECODE_MAP_H

#include <stdint.h>

/* Mandatory prefix, in the order that lets every XP_ set be a range. */
enum { XP_NONE, XP_66, XP_F2, XP_F3, XP_COUNT };

/* Opcode maps that are looked up by opcode. */
enum { XM_1B, XM_0F, XM_0F38, XM_0F3A, XM_COUNT };

/* Register forms that are looked up by ModRM byte: D8..DF, 0F 01. */
enum {
    XM_D8,
    XM_D9,
    XM_DA,
    XM_DB,
    XM_DC,
    XM_DD,
    XM_DE,
    XM_DF,
    XM_0F01,
    XM_REG_COUNT
};

/*
 * Row numbers; 0 is an invalid encoding. A row without a ModRM byte fills all
 * forms of its opcode: so the byte that follows an opcode may be used as an
 * index before it is known to be a ModRM byte.
 */
struct xcpu_decode_map {
    uint16_t opcodes[XM_COUNT][256][XP_COUNT][2][8]; /* mod is 3, reg */
    uint16_t registers[XM_REG_COUNT][64][XP_COUNT];  /* ModRM byte - 0xc0 */
};

extern const struct xcpu_decode_map xcpu_decode_map;

#endif
