/* decode.c -- bytes to struct xcpu_insn. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"

#include "decode_map.h"
#include "insns.h"

#include "x86cpu/x86cpu.h"

/*
 * The bytes still to be decoded. Reading past the end sets beyond and yields
 * zeros, so that the length is judged once, at the end.
 */
struct cursor {
    const uint8_t *next, *end;
    int beyond;
};

static uint32_t read_u8(struct cursor *in)
{
    if (in->next == in->end) {
        in->beyond = 1;
        return 0;
    }
    return *in->next++;
}

static uint32_t read_u16(struct cursor *in)
{
    uint32_t low = read_u8(in);

    return low | read_u8(in) << 8;
}

static uint32_t read_u32(struct cursor *in)
{
    uint32_t low = read_u16(in);

    return low | read_u16(in) << 16;
}

static uint32_t sign_extend_8(uint32_t value)
{
    return (value ^ 0x80) - 0x80;
}

static uint32_t sign_extend_16(uint32_t value)
{
    return (value ^ 0x8000) - 0x8000;
}

static uint32_t read_sized(struct cursor *in, unsigned size)
{
    return size == 2 ? read_u16(in) : read_u32(in);
}

/*
 * Legacy prefixes (SDM 2, 2.1.1). Of several of one group the last one
 * counts. Returns the first byte behind them.
 */
static uint32_t read_prefixes(struct cursor *in, struct xcpu_insn *insn)
{
    for (;;) {
        uint32_t byte = read_u8(in);

        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            insn->segment_prefix = (uint8_t)(byte >> 3 & 3);
            break;
        case 0x64:
        case 0x65:
            insn->segment_prefix = (uint8_t)(byte & 7);
            break;
        case 0x66:
            insn->operand_size = 2;
            break;
        case 0x67:
            insn->address_size = 2;
            break;
        case 0xf0:
            insn->lock = 1;
            break;
        case 0xf2:
        case 0xf3:
            insn->rep = (uint8_t)byte;
            break;
        default:
            return byte;
        }
    }
}

static unsigned mandatory_prefix(const struct xcpu_insn *insn)
{
    if (insn->rep != 0)
        return insn->rep == 0xf2 ? XP_F2 : XP_F3;
    return insn->operand_size == 2 ? XP_66 : XP_NONE;
}

/*
 * The row of an opcode whose next byte, if there is one, is next. With
 * nothing left any form of the opcode will do: either it has no ModRM byte,
 * and all forms are one row, or the byte turns out to be missing.
 */
static unsigned find_row(unsigned map, uint32_t opcode, unsigned prefix,
                         const struct cursor *in)
{
    const uint16_t(*forms)[8] = xcpu_decode_map.opcodes[map][opcode][prefix];
    unsigned modrm, group;

    if (in->next == in->end) {
        for (unsigned form = 0; form < 16; form++)
            if (forms[form >> 3][form & 7] != XCPU_OP_NONE)
                return forms[form >> 3][form & 7];
        return XCPU_OP_NONE;
    }
    modrm = *in->next;
    if (modrm >= 0xc0 && map == XM_1B && (opcode & 0xf8) == 0xd8)
        group = XM_D8 + (opcode & 7);
    else if (modrm >= 0xc0 && map == XM_0F && opcode == 0x01)
        group = XM_0F01;
    else
        return forms[modrm >= 0xc0][modrm >> 3 & 7];
    return xcpu_decode_map.registers[group][modrm - 0xc0][prefix];
}

/* Base and index of the 16-bit forms (SDM 2, table 2-1). */
static void decode_address_16(struct cursor *in, struct xcpu_insn *insn)
{
    static const uint8_t bases[8] = {XCPU_EBX, XCPU_EBX, XCPU_EBP, XCPU_EBP,
                                     XCPU_ESI, XCPU_EDI, XCPU_EBP, XCPU_EBX};
    static const uint8_t indices[8] = {XCPU_ESI,    XCPU_EDI,    XCPU_ESI,
                                       XCPU_EDI,    XCPU_NO_REG, XCPU_NO_REG,
                                       XCPU_NO_REG, XCPU_NO_REG};

    insn->base = bases[insn->rm];
    insn->index = indices[insn->rm];
    if (insn->mod == 1) {
        insn->disp = sign_extend_8(read_u8(in));
    } else if (insn->mod == 2) {
        insn->disp = sign_extend_16(read_u16(in));
    } else if (insn->rm == 6) {
        insn->base = XCPU_NO_REG;
        insn->disp = sign_extend_16(read_u16(in));
    }
}

/* The 32-bit forms and their SIB byte (SDM 2, tables 2-2 and 2-3). */
static void decode_address_32(struct cursor *in, struct xcpu_insn *insn)
{
    insn->base = insn->rm;
    if (insn->rm == XCPU_ESP) {
        uint32_t sib = read_u8(in);

        insn->base = sib & 7;
        insn->index = sib >> 3 & 7;
        insn->scale = (uint8_t)(sib >> 6);
        if (insn->index == XCPU_ESP)
            insn->index = XCPU_NO_REG;
    }
    if (insn->mod == 1) {
        insn->disp = sign_extend_8(read_u8(in));
    } else if (insn->mod == 2) {
        insn->disp = read_u32(in);
    } else if (insn->base == XCPU_EBP) {
        insn->base = XCPU_NO_REG;
        insn->disp = read_u32(in);
    }
}

static void decode_modrm(struct cursor *in, const struct xcpu_row *row,
                         struct xcpu_insn *insn)
{
    uint32_t modrm = read_u8(in);

    insn->modrm = (uint8_t)modrm;
    insn->mod = (uint8_t)(modrm >> 6);
    insn->reg = modrm >> 3 & 7;
    insn->rm = modrm & 7;
    if (row->attributes & A_NOMEM)
        insn->mod = 3;
    if (insn->mod == 3)
        return;
    if (insn->address_size == 2)
        decode_address_16(in, insn);
    else
        decode_address_32(in, insn);
    if (insn->base == XCPU_EBP || insn->base == XCPU_ESP)
        insn->segment = XCPU_SS;
}

static void decode_immediates(struct cursor *in, unsigned encoding,
                              struct xcpu_insn *insn)
{
    if (encoding & XE_SIMM8)
        insn->imm = sign_extend_8(read_u8(in));
    else if (encoding & XE_IMM16)
        insn->imm = read_u16(in);
    else if (encoding & XE_IMM8)
        insn->imm = read_u8(in);
    else if (encoding & (XE_IMMZ | XE_RELZ | XE_FAR))
        insn->imm = read_sized(in, insn->operand_size);

    if ((encoding & (XE_IMM16 | XE_IMM8)) == (XE_IMM16 | XE_IMM8))
        insn->imm2 = read_u8(in);
    else if (encoding & XE_FAR)
        insn->imm2 = read_u16(in);
    else if ((encoding & XE_RELZ) && insn->operand_size == 2)
        insn->imm = sign_extend_16(insn->imm);
}

static void decode_operands(struct cursor *in, uint32_t opcode,
                            const struct xcpu_row *row, struct xcpu_insn *insn)
{
    const unsigned immediates =
        XE_IMM8 | XE_SIMM8 | XE_IMM16 | XE_IMMZ | XE_RELZ | XE_FAR;

    if (row->encoding & XE_MODRM)
        decode_modrm(in, row, insn);
    if (row->encoding & XE_OPREG)
        insn->rm = opcode & 7;
    if (row->encoding & XE_MOFFS)
        insn->disp = read_sized(in, insn->address_size);
    if (row->attributes & A_COND)
        insn->cond = opcode & 15;
    if (row->encoding & immediates)
        decode_immediates(in, row->encoding, insn);
}

/* What running out of bytes means: the caller has more, or the limit has. */
static int out_of_bytes(size_t size)
{
    return size < XCPU_INSN_MAX ? XCPU_DECODE_SHORT : XCPU_DECODE_TOO_LONG;
}

/* Completes the opcode that begins with this byte; returns its map. */
static unsigned read_opcode(struct cursor *in, uint32_t *opcode)
{
    if (*opcode != 0x0f)
        return XM_1B;
    *opcode = read_u8(in);
    if (*opcode != 0x38 && *opcode != 0x3a)
        return XM_0F;
    unsigned map = *opcode == 0x38 ? XM_0F38 : XM_0F3A;
    *opcode = read_u8(in);
    return map;
}

int xcpu_decode(const uint8_t *bytes, size_t size, struct xcpu_insn *insn)
{
    const size_t limit = size < XCPU_INSN_MAX ? size : XCPU_INSN_MAX;
    struct cursor in = {.next = bytes, .end = bytes + limit};
    struct xcpu_insn out = {.operand_size = 4,
                            .address_size = 4,
                            .segment = XCPU_DS,
                            .segment_prefix = XCPU_NO_SREG,
                            .base = XCPU_NO_REG,
                            .index = XCPU_NO_REG};
    uint32_t opcode = read_prefixes(&in, &out);
    unsigned map = read_opcode(&in, &opcode);
    const struct xcpu_row *row;

    if (in.beyond)
        return out_of_bytes(size);
    out.op = (uint16_t)find_row(map, opcode, mandatory_prefix(&out), &in);
    if (out.op == XCPU_OP_NONE)
        return XCPU_DECODE_INVALID;

    row = &xcpu_rows[out.op];
    out.opcode = (uint8_t)opcode;
    decode_operands(&in, opcode, row, &out);
    if (in.beyond)
        return out_of_bytes(size);
    if (out.lock && (!(row->attributes & A_LOCK) || out.mod == 3))
        return XCPU_DECODE_INVALID;
    if (out.segment_prefix != XCPU_NO_SREG)
        out.segment = out.segment_prefix;
    out.length = (uint8_t)(in.next - bytes);
    *insn = out;
    return out.length;
}
