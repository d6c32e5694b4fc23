/* jit_emit.c -- instructions as host code: most are their own. */
/* SPDX-License-Identifier: MIT */
#include "jit_emit.h"
#include "bind.h"
#include "interp.h"

#if XCPU_HAVE_JIT

/* ---- the instruction itself, with other registers and addresses ---- */

/* Mandatory prefixes, by the table's column. */
#define PREFIX_any 0
#define PREFIX_np  0
#define PREFIX_npo 0
#define PREFIX_nF3 0
#define PREFIX_66  0x66
#define PREFIX_F2  0xf2
#define PREFIX_F3  0xf3

static const uint8_t prefixes[XCPU_OPS] = {
#define XCPU_ROW(id, mnemonic, a, b, c, map, first, last, prefix, ...)         \
    [XCPU_OP_##id] = PREFIX_##prefix,
#include "x86_insns.def"
};

/* Which field of ModRM, or of the opcode, names what. */
enum kind { NONE, BYTE, GENERAL, OTHER };

static enum kind kind_of(unsigned letter, int rm)
{
    switch (letter) {
    case XO_Gb:
        return rm ? NONE : BYTE;
    case XO_Gw:
    case XO_Gd:
    case XO_Gv:
        return rm ? NONE : GENERAL;
    case XO_Eb:
    case XO_Zb:
        return rm ? BYTE : NONE;
    case XO_Ew:
    case XO_Ed:
    case XO_Ev:
    case XO_Rw:
    case XO_Rd:
    case XO_Rv:
    case XO_Zv:
        return rm ? GENERAL : NONE;
    default:
        return NONE;
    }
}

static enum kind kind_of_field(const struct xcpu_insn *insn, int rm)
{
    const struct xcpu_row *row = &xcpu_rows[insn->op];
    for (int i = 0; i < 3; i++) {
        enum kind kind = kind_of(row->operands[i], rm);
        if (kind != NONE)
            return kind;
    }
    return OTHER;
}

static int is_prefix(unsigned byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           (byte >= 0x64 && byte <= 0x67) || byte == 0xf0 || byte == 0xf2 ||
           byte == 0xf3;
}

/* Bytes of the immediate operand, at the instruction's end. */
static unsigned immediate_size(const struct xcpu_insn *insn)
{
    unsigned encoding = xcpu_rows[insn->op].encoding;
    if (encoding & (XE_IMM8 | XE_SIMM8))
        return 1;
    if (encoding & XE_IMM16)
        return 2;
    return encoding & XE_IMMZ ? insn->operand_size : 0;
}

static struct xcpu_asm_op op_of(const struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    const uint8_t *at = e->bytes;
    struct xcpu_asm_op op = {.lock = insn->lock, .opcode = insn->opcode};
    while (is_prefix(*at))
        at++;
    if (*at == 0x0f)
        op.map = *at++;
    if (op.map && (*at == 0x38 || *at == 0x3a))
        op.map2 = *at;
    op.prefix = prefixes[insn->op];
    if (xcpu_rows[insn->op].group == XG_INT)
        op.narrow = insn->operand_size == 2;
    return op;
}

static void put_immediate(struct xcpu_emit *e)
{
    unsigned size = immediate_size(e->insn);
    xcpu_put_bytes(&e->a, e->bytes + e->insn->length - size, size);
}

/* The host's number of a register field; ESP is settled first. */
static unsigned field(struct xcpu_emit *e, unsigned value, enum kind kind)
{
    if (kind != GENERAL || value != XCPU_ESP)
        return value;
    xcpu_emit_settle_esp(e);
    return XH_ESP;
}

/*
 * AH to BH have no number beside a REX prefix, which R8 to R15 as bases need
 * (operands on the stack, 16-bit addressing): T0 takes the place of one.
 * Neither XCHG nor MOV touches flags, and only the instruction itself faults.
 */
static void put_high_byte(struct xcpu_emit *e, struct xcpu_asm_op op,
                          unsigned high, const struct xcpu_asm_memory *m)
{
    unsigned row = e->insn->op, low = high & 3;
    xcpu_put_reg(&e->a, xcpu_op(0x86), low, high);
    xcpu_put_mov(&e->a, XH_T0, low);
    xcpu_put_reg(&e->a, xcpu_op(0x86), low, high);
    xcpu_put_memory(&e->a, op, XH_T0, m);
    if (xcpu_rows[row].operands[0] != XO_Gb && row != XCPU_OP_XCHG_Eb_Gb &&
        row != XCPU_OP_XADD_Eb_Gb)
        return;
    xcpu_put_reg(&e->a, xcpu_op(0x86), low, high);
    xcpu_put_reg(&e->a, xcpu_op(0x8a), low, XH_T0);
    xcpu_put_reg(&e->a, xcpu_op(0x86), low, high);
}

static int emit_copy_op(struct xcpu_emit *e, struct xcpu_asm_op op)
{
    const struct xcpu_insn *insn = e->insn;
    enum kind reg_kind = kind_of_field(insn, 0);
    enum kind rm_kind = kind_of_field(insn, 1);
    unsigned reg = field(e, insn->reg, reg_kind);
    struct xcpu_asm_memory m;
    if (!xcpu_has_memory_operand(insn)) {
        unsigned rm = field(e, insn->rm, rm_kind);
        /* AH to BH have no number beside a REX prefix. */
        if ((reg_kind == BYTE && insn->reg >= 4 && rm >= 8) ||
            (rm_kind == BYTE && insn->rm >= 4 && reg >= 8))
            return 0;
        xcpu_put_reg(&e->a, op, reg, rm);
    } else {
        xcpu_emit_address(e, &m);
        if (reg_kind == BYTE && reg >= 4)
            m.guest = XM_GS; /* no REX prefix */
        if (reg_kind == BYTE && reg >= 4 && m.base >> 3 == 1)
            put_high_byte(e, op, reg, &m);
        else
            xcpu_put_memory(&e->a, op, reg, &m);
    }
    put_immediate(e);
    return 1;
}

int xcpu_emit_copy(struct xcpu_emit *e)
{
    return emit_copy_op(e, op_of(e));
}

/* The register is in the opcode. */
static int emit_opcode_register(struct xcpu_emit *e)
{
    struct xcpu_asm_op op = op_of(e);
    unsigned reg = field(e, e->insn->rm, kind_of_field(e->insn, 1));
    op.opcode = (uint8_t)((op.opcode & 0xf8) | (reg & 7));
    xcpu_put_opcode(&e->a, op, reg >> 3);
    put_immediate(e);
    return 1;
}

/* No operand in ModRM. */
static int emit_plain(struct xcpu_emit *e)
{
    xcpu_put_opcode(&e->a, op_of(e), 0);
    put_immediate(e);
    return 1;
}

static int emit_nothing(struct xcpu_emit *e)
{
    (void)e;
    return 1;
}

static int emit_pause(struct xcpu_emit *e)
{
    xcpu_put8(&e->a, 0xf3);
    xcpu_put8(&e->a, 0x90);
    return 1;
}

/* Opcode bytes 40 to 4f are prefixes to the host. */
static int emit_inc_dec(struct xcpu_emit *e)
{
    struct xcpu_asm_op op = op_of(e);
    unsigned dec = op.opcode >> 3 & 1;
    op.opcode = 0xff;
    xcpu_put_reg(&e->a, op, dec, field(e, e->insn->rm, GENERAL));
    return 1;
}

/* 82 is 80. */
static int emit_alu_byte(struct xcpu_emit *e)
{
    struct xcpu_asm_op op = op_of(e);
    op.opcode = 0x80;
    return emit_copy_op(e, op);
}

/* T0 becomes how far on the operand is that holds the bit whose number is in a
 * register. XMM8 shifts without flags; no guest has it. */
static void put_bit_offset(struct xcpu_emit *e, unsigned number)
{
    unsigned narrow = e->insn->operand_size == 2, from = number;
    struct xcpu_asm_op movd = {.prefix = 0x66, .map = 0x0f, .opcode = 0x6e};
    struct xcpu_asm_op shift = {.prefix = 0x66, .map = 0x0f, .opcode = 0x72};
    if (narrow) {
        from = XH_T0;
        xcpu_put_reg(&e->a, xcpu_op0f(0xbf), from, number); /* movswl */
    }
    xcpu_put_reg(&e->a, movd, 8, from);
    xcpu_put_reg(&e->a, shift, 4, 8); /* psrad */
    xcpu_put8(&e->a, narrow ? 4 : 5);
    xcpu_put_reg(&e->a, shift, 6, 8); /* pslld */
    xcpu_put8(&e->a, narrow ? 1 : 2);
    movd.opcode = 0x7e;
    xcpu_put_reg(&e->a, movd, 8, XH_T0);
}

/*
 * A bit of memory by its number in a register, which counts from the operand's
 * address in both directions: the host's own instruction might leave the
 * window. A rotation that moves nothing faults as this instruction does; the
 * value is stored as it is, for no fault to find other flags.
 */
static int emit_bit_string(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    struct xcpu_asm_memory m;
    if (insn->lock || insn->address_size != 4)
        return 0;
    unsigned number = field(e, insn->reg, GENERAL);
    struct xcpu_asm_op op = op_of(e), load = xcpu_op(0x8b);
    int stores = xcpu_rows[insn->op].attributes & A_WM;
    struct xcpu_asm_op rol = xcpu_op(0xc1);
    load.narrow = rol.narrow = op.narrow;
    xcpu_emit_address(e, &m);
    put_bit_offset(e, number);
    m.guest = XM_HOST;
    xcpu_put_memory(&e->a, xcpu_op(0x8d), XH_T1, &m);
    m = xcpu_emit_at(XH_T1, 0);
    m.index = XH_T0;
    if (stores) {
        xcpu_put_memory(&e->a, rol, 0, &m);
        xcpu_put8(&e->a, 0);
    }
    xcpu_put_memory(&e->a, load, XH_T2, &m);
    load.opcode = 0x89;
    if (stores)
        xcpu_put_memory(&e->a, load, XH_T2, &m);
    xcpu_put_reg(&e->a, op, number, XH_T2);
    if (stores)
        xcpu_put_memory(&e->a, load, XH_T2, &m);
    return 1;
}

static int emit_bit(struct xcpu_emit *e)
{
    if (xcpu_has_memory_operand(e->insn) &&
        xcpu_rows[e->insn->op].operands[1] == XO_Gv)
        return emit_bit_string(e);
    return xcpu_emit_copy(e);
}

/* Of 16 bits by more than 16 the result is not defined; it is the
 * interpreter's. */
static int emit_double_shift(struct xcpu_emit *e)
{
    return e->insn->operand_size == 4 && xcpu_emit_copy(e);
}

static int emit_bswap(struct xcpu_emit *e)
{
    return e->insn->operand_size == 4 && emit_opcode_register(e);
}

/* ---- moves ---- */

/* A0 to A3 as 8A, 8B, 88 and 89. */
static int emit_mov_offset(struct xcpu_emit *e)
{
    static const uint8_t opcodes[4] = {0x8a, 0x8b, 0x88, 0x89};
    struct xcpu_asm_op op = op_of(e);
    struct xcpu_asm_memory m;
    op.opcode = opcodes[e->insn->opcode & 3];
    xcpu_emit_address(e, &m);
    xcpu_put_memory(&e->a, op, XH_AX, &m);
    return 1;
}

static int emit_lea(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    struct xcpu_asm_memory m;
    xcpu_emit_address(e, &m);
    m.guest = XM_HOST;
    m.disp -= e->cpu->sreg_base[insn->segment];
    if (insn->operand_size == 2 && insn->reg == XCPU_ESP)
        return 0;
    xcpu_put_memory(&e->a, op_of(e), xcpu_emit_reg(insn->reg), &m);
    if (insn->reg == XCPU_ESP)
        e->esp = 0;
    return 1;
}

/* MOV between registers: to and from ESP with what is to be added to it. */
static int emit_mov(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    int store = insn->op == XCPU_OP_MOV_Ev_Gv;
    unsigned to = store ? insn->rm : insn->reg;
    unsigned from = store ? insn->reg : insn->rm;
    if (insn->mod != 3 || insn->operand_size != 4 || to == from ||
        (to != XCPU_ESP && (from != XCPU_ESP || !e->esp)))
        return xcpu_emit_copy(e);
    if (to == XCPU_ESP) {
        xcpu_put_mov(&e->a, XH_ESP, from);
        e->esp = 0;
    } else {
        xcpu_put_lea(&e->a, to, XH_ESP, e->esp);
    }
    return 1;
}

/* ---- immediates that change: as memory operands ---- */

#define ALU_VARYING(op, opcode)                                                \
    [XCPU_OP_##op##_rAX_Iz] = opcode, [XCPU_OP_##op##_Ev_Iz] = opcode

/* op reg, memory of the rows that have an emitter for it; 0: none. */
static const uint8_t varying_opcodes[XCPU_OPS] = {
    ALU_VARYING(ADD, 0x03),       ALU_VARYING(OR, 0x0b),
    ALU_VARYING(ADC, 0x13),       ALU_VARYING(SBB, 0x1b),
    ALU_VARYING(AND, 0x23),       ALU_VARYING(SUB, 0x2b),
    ALU_VARYING(XOR, 0x33),       ALU_VARYING(CMP, 0x3b),
    [XCPU_OP_TEST_rAX_Iz] = 0x85, [XCPU_OP_MOV_Zv_Iv] = 0x8b,
    [XCPU_OP_PUSH_Iz] = 0x8b,
};

static unsigned varying_register(struct xcpu_emit *e)
{
    const struct xcpu_row *row = &xcpu_rows[e->insn->op];
    if (e->insn->op == XCPU_OP_PUSH_Iz)
        return XH_T0;
    return row->operands[0] == XO_rAX ? XH_AX : field(e, e->insn->rm, GENERAL);
}

int xcpu_emit_varying(struct xcpu_emit *e)
{
    const struct xcpu_insn *insn = e->insn;
    uint32_t at = xcpu_emit_next(e) - 4;
    struct xcpu_asm_memory immediate = xcpu_emit_at(XH_NONE, at);
    unsigned opcode = varying_opcodes[insn->op];
    if (!opcode || insn->operand_size != 4 || xcpu_has_memory_operand(insn))
        return 0;
    unsigned reg = varying_register(e);
    xcpu_put_memory(&e->a, xcpu_op(opcode), reg, &immediate);
    if (insn->op == XCPU_OP_PUSH_Iz)
        xcpu_put_push(e, reg);
    memset(e->varying + (at - e->block->eip), 1, 4);
    return 1;
}

/* ---- which ones ---- */

/* Rows whose two or three operands are E, G, an immediate or CL. */
#define ALU_ROWS(op)                                                           \
    [XCPU_OP_##op##_Eb_Gb] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Ev_Gv] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Gb_Eb] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Gv_Ev] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_AL_Ib] = emit_plain, [XCPU_OP_##op##_rAX_Iz] = emit_plain, \
    [XCPU_OP_##op##_Eb_Ib] = emit_alu_byte,                                    \
    [XCPU_OP_##op##_Ev_Iz] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Ev_sIb] = xcpu_emit_copy
#define SHIFT_ROWS(op)                                                         \
    [XCPU_OP_##op##_Eb_Ib] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Ev_Ib] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Eb_1] = xcpu_emit_copy,                                    \
    [XCPU_OP_##op##_Ev_1] = xcpu_emit_copy,                                    \
    [XCPU_OP_##op##_Eb_CL] = xcpu_emit_copy,                                   \
    [XCPU_OP_##op##_Ev_CL] = xcpu_emit_copy
#define UNARY_ROWS(op)                                                         \
    [XCPU_OP_##op##_Eb] = xcpu_emit_copy, [XCPU_OP_##op##_Ev] = xcpu_emit_copy
#define BIT_ROWS(op)                                                           \
    [XCPU_OP_##op##_Ev_Gv] = emit_bit, [XCPU_OP_##op##_Ev_Ib] = emit_bit

static xcpu_emitter *const integer_emitters[XCPU_OPS] = {
    ALU_ROWS(ADD),
    ALU_ROWS(OR),
    ALU_ROWS(ADC),
    ALU_ROWS(SBB),
    ALU_ROWS(AND),
    ALU_ROWS(SUB),
    ALU_ROWS(XOR),
    ALU_ROWS(CMP),
    SHIFT_ROWS(ROL),
    SHIFT_ROWS(ROR),
    SHIFT_ROWS(RCL),
    SHIFT_ROWS(RCR),
    SHIFT_ROWS(SHL),
    SHIFT_ROWS(SHR),
    SHIFT_ROWS(SAR),
    UNARY_ROWS(NOT),
    UNARY_ROWS(NEG),
    UNARY_ROWS(MUL),
    UNARY_ROWS(IMUL),
    UNARY_ROWS(DIV),
    UNARY_ROWS(IDIV),
    UNARY_ROWS(INC),
    UNARY_ROWS(DEC),
    BIT_ROWS(BT),
    BIT_ROWS(BTS),
    BIT_ROWS(BTR),
    BIT_ROWS(BTC),
    [XCPU_OP_TEST_Eb_Gb] = xcpu_emit_copy,
    [XCPU_OP_TEST_Ev_Gv] = xcpu_emit_copy,
    [XCPU_OP_TEST_Eb_Ib] = xcpu_emit_copy,
    [XCPU_OP_TEST_Ev_Iz] = xcpu_emit_copy,
    [XCPU_OP_TEST_AL_Ib] = emit_plain,
    [XCPU_OP_TEST_rAX_Iz] = emit_plain,
    [XCPU_OP_INC_Zv] = emit_inc_dec,
    [XCPU_OP_DEC_Zv] = emit_inc_dec,
    [XCPU_OP_XCHG_Eb_Gb] = xcpu_emit_copy,
    [XCPU_OP_XCHG_Ev_Gv] = xcpu_emit_copy,
    [XCPU_OP_XCHG_Zv_rAX] = emit_opcode_register,
    [XCPU_OP_MOV_Eb_Gb] = xcpu_emit_copy,
    [XCPU_OP_MOV_Ev_Gv] = emit_mov,
    [XCPU_OP_MOV_Gb_Eb] = xcpu_emit_copy,
    [XCPU_OP_MOV_Gv_Ev] = emit_mov,
    [XCPU_OP_MOV_Eb_Ib] = xcpu_emit_copy,
    [XCPU_OP_MOV_Ev_Iz] = xcpu_emit_copy,
    [XCPU_OP_MOV_Zb_Ib] = emit_opcode_register,
    [XCPU_OP_MOV_Zv_Iv] = emit_opcode_register,
    [XCPU_OP_MOV_AL_Ob] = emit_mov_offset,
    [XCPU_OP_MOV_rAX_Ov] = emit_mov_offset,
    [XCPU_OP_MOV_Ob_AL] = emit_mov_offset,
    [XCPU_OP_MOV_Ov_rAX] = emit_mov_offset,
    [XCPU_OP_MOVZX_Gv_Eb] = xcpu_emit_copy,
    [XCPU_OP_MOVZX_Gv_Ew] = xcpu_emit_copy,
    [XCPU_OP_MOVSX_Gv_Eb] = xcpu_emit_copy,
    [XCPU_OP_MOVSX_Gv_Ew] = xcpu_emit_copy,
    [XCPU_OP_MOVBE_Gv_Mv] = xcpu_emit_copy,
    [XCPU_OP_MOVBE_Mv_Gv] = xcpu_emit_copy,
    [XCPU_OP_LEA_Gv_M] = emit_lea,
    [XCPU_OP_CMOVCC_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_SETCC_Eb] = xcpu_emit_copy,
    [XCPU_OP_BSF_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_BSR_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_LZCNT_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_POPCNT_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_CRC32_Gd_Eb] = xcpu_emit_copy,
    [XCPU_OP_CRC32_Gd_Ev] = xcpu_emit_copy,
    [XCPU_OP_IMUL_Gv_Ev] = xcpu_emit_copy,
    [XCPU_OP_IMUL_Gv_Ev_Iz] = xcpu_emit_copy,
    [XCPU_OP_IMUL_Gv_Ev_sIb] = xcpu_emit_copy,
    [XCPU_OP_SHLD_Ev_Gv_Ib] = emit_double_shift,
    [XCPU_OP_SHLD_Ev_Gv_CL] = emit_double_shift,
    [XCPU_OP_SHRD_Ev_Gv_Ib] = emit_double_shift,
    [XCPU_OP_SHRD_Ev_Gv_CL] = emit_double_shift,
    [XCPU_OP_CMPXCHG_Eb_Gb] = xcpu_emit_copy,
    [XCPU_OP_CMPXCHG_Ev_Gv] = xcpu_emit_copy,
    [XCPU_OP_XADD_Eb_Gb] = xcpu_emit_copy,
    [XCPU_OP_XADD_Ev_Gv] = xcpu_emit_copy,
    [XCPU_OP_CMPXCHG8B_Mq] = xcpu_emit_copy,
    [XCPU_OP_BSWAP_Zv] = emit_bswap,
    [XCPU_OP_CBW] = emit_plain,
    [XCPU_OP_CWD] = emit_plain,
    [XCPU_OP_SAHF] = emit_plain,
    [XCPU_OP_LAHF] = emit_plain,
    [XCPU_OP_CLC] = emit_plain,
    [XCPU_OP_STC] = emit_plain,
    [XCPU_OP_CMC] = emit_plain,
    [XCPU_OP_CLD] = emit_nothing,
    [XCPU_OP_NOP] = emit_nothing,
    [XCPU_OP_NOP_Ev] = emit_nothing,
    [XCPU_OP_PREFETCH_Mb] = emit_nothing,
    [XCPU_OP_PAUSE] = emit_pause,
    [XCPU_OP_PUSH_Zv] = xcpu_emit_push,
    [XCPU_OP_PUSH_Ev] = xcpu_emit_push,
    [XCPU_OP_PUSH_Iz] = xcpu_emit_push_imm,
    [XCPU_OP_PUSH_sIb] = xcpu_emit_push_imm,
    [XCPU_OP_POP_Zv] = xcpu_emit_pop,
    [XCPU_OP_POP_Ev] = xcpu_emit_pop,
    [XCPU_OP_PUSHA] = xcpu_emit_pusha,
    [XCPU_OP_POPA] = xcpu_emit_popa,
    [XCPU_OP_PUSHF] = xcpu_emit_pushf,
    [XCPU_OP_POPF] = xcpu_emit_popf,
    [XCPU_OP_SALC] = xcpu_emit_salc,
    [XCPU_OP_INTO] = xcpu_emit_into,
    [XCPU_OP_DAA] = xcpu_emit_adjust_decimal,
    [XCPU_OP_DAS] = xcpu_emit_adjust_decimal,
    [XCPU_OP_AAA] = xcpu_emit_adjust_ascii,
    [XCPU_OP_AAS] = xcpu_emit_adjust_ascii,
    [XCPU_OP_AAM_Ib] = xcpu_emit_aam,
    [XCPU_OP_AAD_Ib] = xcpu_emit_aad,
    [XCPU_OP_ENTER_Iw_Ib] = xcpu_emit_enter,
    [XCPU_OP_LEAVE] = xcpu_emit_leave_insn,
    [XCPU_OP_JCC_Jb] = xcpu_emit_jcc,
    [XCPU_OP_JCC_Jz] = xcpu_emit_jcc,
    [XCPU_OP_LOOP_Jb] = xcpu_emit_loop,
    [XCPU_OP_LOOPE_Jb] = xcpu_emit_loop,
    [XCPU_OP_LOOPNE_Jb] = xcpu_emit_loop,
    [XCPU_OP_JCXZ_Jb] = xcpu_emit_loop,
    [XCPU_OP_JMP_Jb] = xcpu_emit_jmp,
    [XCPU_OP_JMP_Jz] = xcpu_emit_jmp,
    [XCPU_OP_CALL_Jz] = xcpu_emit_call,
    [XCPU_OP_CALL_Ev] = xcpu_emit_call_indirect,
    [XCPU_OP_JMP_Ev] = xcpu_emit_jmp_indirect,
    [XCPU_OP_RET] = xcpu_emit_ret,
    [XCPU_OP_RET_Iw] = xcpu_emit_ret,
    [XCPU_OP_INT_Ib] = xcpu_emit_int,
    [XCPU_OP_MOVS_Yb_Xb] = xcpu_emit_movs,
    [XCPU_OP_MOVS_Yv_Xv] = xcpu_emit_movs,
    [XCPU_OP_STOS_Yb_AL] = xcpu_emit_stos,
    [XCPU_OP_STOS_Yv_rAX] = xcpu_emit_stos,
    [XCPU_OP_LODS_AL_Xb] = xcpu_emit_lods,
    [XCPU_OP_LODS_rAX_Xv] = xcpu_emit_lods,
    [XCPU_OP_CMPS_Xb_Yb] = xcpu_emit_cmps,
    [XCPU_OP_CMPS_Xv_Yv] = xcpu_emit_cmps,
    [XCPU_OP_SCAS_AL_Yb] = xcpu_emit_scas,
    [XCPU_OP_SCAS_rAX_Yv] = xcpu_emit_scas,
    [XCPU_OP_XLAT] = xcpu_emit_xlat,
};

/* Of the x87, MMX and SSE rows all copy but these. */
static int emit_none(struct xcpu_emit *e)
{
    (void)e;
    return 0;
}

static xcpu_emitter *const float_emitters[XCPU_OPS] = {
    [XCPU_OP_FNSTCW_Mw] = xcpu_emit_fnstcw,
    [XCPU_OP_WAIT] = emit_nothing,
    [XCPU_OP_FLDCW_Mw] = xcpu_emit_fldcw,
    [XCPU_OP_FISTP_Mw] = xcpu_emit_fistp,
    [XCPU_OP_FISTP_Md] = xcpu_emit_fistp,
    [XCPU_OP_FISTP_Mq] = xcpu_emit_fistp,
    [XCPU_OP_FNINIT] = emit_none,
    [XCPU_OP_FLDENV_M] = emit_none,
    [XCPU_OP_FNSTENV_M] = emit_none,
    [XCPU_OP_FRSTOR_M] = emit_none,
    [XCPU_OP_FNSAVE_M] = emit_none,
    [XCPU_OP_FXSAVE_M] = emit_none,
    [XCPU_OP_FXRSTOR_M] = emit_none,
    [XCPU_OP_LDMXCSR_Md] = xcpu_emit_ldmxcsr,
    [XCPU_OP_MASKMOVQ_Pq_Nq] = emit_none,
    [XCPU_OP_MASKMOVDQU_Vdq_Udq] = emit_none,
    [XCPU_OP_EMMS] = emit_plain,
};

xcpu_emitter *xcpu_emitter_of(const struct xcpu_insn *insn)
{
    xcpu_emitter *emitter = integer_emitters[insn->op];
    unsigned group = xcpu_rows[insn->op].group;
    if (group == XG_INT || group == XG_PRIV || group == XG_UD)
        return emitter;
    emitter = float_emitters[insn->op];
    if (!emitter)
        return xcpu_emit_copy;
    return emitter == emit_none ? NULL : emitter;
}

#endif
