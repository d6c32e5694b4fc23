/* jit_asm.h -- x86-64 instructions, as bytes. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_JIT_ASM_H
#define X86CPU_JIT_ASM_H

#include <stdint.h>
#include <string.h>

/*
 * Registers of the host. The guest's EAX to EDI are in those of their number,
 * but for ESP, which is in R15: RSP has to be the host's stack whenever a
 * signal arrives.
 */
enum xcpu_host_reg {
    XH_AX,
    XH_CX,
    XH_DX,
    XH_BX,
    XH_SP, /* the host's stack */
    XH_BP,
    XH_SI,
    XH_DI,
    XH_T0, /* R8 to R10: hold nothing between two instructions */
    XH_T1,
    XH_T2,
    XH_LEFT,  /* R11: the purse (struct xcpu_jit) and what is left of it */
    XH_CODE,  /* R12: first byte of the code */
    XH_TABLE, /* R13: the table of entries */
    XH_CPU,   /* R14 */
    XH_ESP,   /* R15 */
    XH_NONE,
    XH_WINDOW = XH_LEFT /* the window, where nothing is counted */
};

struct xcpu_asm {
    uint8_t *at, *end; /* in the writable view */
};

/* How guest memory is reached. */
enum xcpu_asm_guest {
    XM_HOST,  /* it is the library's own memory */
    XM_GS,    /* the address is computed modulo 2^32 (67) and counts from the
                 window's base (65): it wraps as the guest's does and reaches
                 nothing else */
    XM_WINDOW /* from XH_WINDOW on, with no base or no index: it reaches what
                 is in front of the window or behind it where the guest's wraps
               */
};

struct xcpu_asm_memory {
    uint8_t base, index; /* enum xcpu_host_reg */
    uint8_t scale;       /* shift */
    uint8_t guest;       /* enum xcpu_asm_guest */
    uint32_t disp;
};

/* What an instruction is made of; the fields that are 0 are absent. */
struct xcpu_asm_op {
    uint8_t prefix; /* 66, F2 or F3 */
    uint8_t lock;   /* F0 */
    uint8_t narrow; /* 66 beside a prefix */
    uint8_t wide;   /* REX.W */
    uint8_t map;    /* 0x0f */
    uint8_t map2;   /* behind it: 0x38 or 0x3a */
    uint8_t opcode;
    uint8_t rex; /* 1: SPL to DIL rather than AH to BH */
};

static inline void xcpu_put8(struct xcpu_asm *a, unsigned byte)
{
    if (a->at < a->end)
        *a->at++ = (uint8_t)byte;
}

static inline void xcpu_put_bytes(struct xcpu_asm *a, const void *bytes,
                                  size_t size)
{
    if (size <= (size_t)(a->end - a->at)) {
        memcpy(a->at, bytes, size);
        a->at += size;
    } else {
        a->at = a->end; /* full: the block is given up */
    }
}

static inline void xcpu_put32(struct xcpu_asm *a, uint32_t value)
{
    xcpu_put_bytes(a, &value, 4);
}

static inline void xcpu_put64(struct xcpu_asm *a, uint64_t value)
{
    xcpu_put_bytes(a, &value, 8);
}

static inline void xcpu_put_opcode(struct xcpu_asm *a, struct xcpu_asm_op op,
                                   unsigned rex)
{
    if (op.lock)
        xcpu_put8(a, 0xf0);
    if (op.narrow)
        xcpu_put8(a, 0x66);
    if (op.prefix)
        xcpu_put8(a, op.prefix);
    if (rex || op.rex || op.wide)
        xcpu_put8(a, 0x40 | rex | (op.wide ? 8u : 0u));
    if (op.map)
        xcpu_put8(a, op.map);
    if (op.map2)
        xcpu_put8(a, op.map2);
    xcpu_put8(a, op.opcode);
}

/* op reg, rm: two registers. */
static inline void xcpu_put_reg(struct xcpu_asm *a, struct xcpu_asm_op op,
                                unsigned reg, unsigned rm)
{
    xcpu_put_opcode(a, op, reg >> 3 << 2 | rm >> 3);
    xcpu_put8(a, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

/* ModRM, SIB and displacement. */
static inline void xcpu_put_address(struct xcpu_asm *a, unsigned reg,
                                    const struct xcpu_asm_memory *m)
{
    unsigned middle = (reg & 7) << 3, low = m->base & 7;
    int small = m->disp + 0x80 < 0x100;
    unsigned mod = small ? 0x40 : 0x80;
    if (m->base == XH_NONE) {
        xcpu_put8(a, middle | 4);
        xcpu_put8(a, m->index == XH_NONE
                         ? 0x25
                         : (unsigned)m->scale << 6 | (m->index & 7u) << 3 | 5);
        xcpu_put32(a, m->disp);
        return;
    }
    if (m->disp == 0 && low != 5)
        mod = 0;
    if (m->index == XH_NONE && low != 4) {
        xcpu_put8(a, mod | middle | low);
    } else {
        unsigned index = m->index == XH_NONE ? 4 : m->index & 7u;
        xcpu_put8(a, mod | middle | 4);
        xcpu_put8(a, (unsigned)m->scale << 6 | index << 3 | low);
    }
    if (mod == 0x40)
        xcpu_put8(a, m->disp & 0xff);
    else if (mod == 0x80)
        xcpu_put32(a, m->disp);
}

/* op reg, memory. */
static inline void xcpu_put_memory(struct xcpu_asm *a, struct xcpu_asm_op op,
                                   unsigned reg,
                                   const struct xcpu_asm_memory *m)
{
    struct xcpu_asm_memory from_window = *m;
    if (m->guest == XM_WINDOW) {
        if (m->index == XH_NONE)
            from_window.index = m->base;
        from_window.base = XH_WINDOW;
        m = &from_window;
    }
    unsigned base = m->base == XH_NONE ? 0 : m->base;
    unsigned index = m->index == XH_NONE ? 0 : m->index;
    if (m->guest == XM_GS) {
        xcpu_put8(a, 0x65);
        if (m->base != XH_NONE || m->index != XH_NONE || m->disp >> 31)
            xcpu_put8(a, 0x67);
    }
    xcpu_put_opcode(a, op, reg >> 3 << 2 | index >> 3 << 1 | base >> 3);
    xcpu_put_address(a, reg, m);
}

/* ---- the usual ones ---- */

static inline struct xcpu_asm_op xcpu_op(unsigned opcode)
{
    return (struct xcpu_asm_op){.opcode = (uint8_t)opcode};
}

static inline struct xcpu_asm_op xcpu_op0f(unsigned opcode)
{
    return (struct xcpu_asm_op){.map = 0x0f, .opcode = (uint8_t)opcode};
}

static inline struct xcpu_asm_memory xcpu_at(unsigned base, uint32_t disp)
{
    return (struct xcpu_asm_memory){
        .base = (uint8_t)base, .index = XH_NONE, .disp = disp};
}

static inline void xcpu_put_mov(struct xcpu_asm *a, unsigned to, unsigned from)
{
    xcpu_put_reg(a, xcpu_op(0x8b), to, from);
}

/* mov to, [base + disp] and back, 32 bits of the library's own memory. */
static inline void xcpu_put_load(struct xcpu_asm *a, unsigned to, unsigned base,
                                 uint32_t disp)
{
    struct xcpu_asm_memory m = xcpu_at(base, disp);
    xcpu_put_memory(a, xcpu_op(0x8b), to, &m);
}

static inline void xcpu_put_store(struct xcpu_asm *a, unsigned from,
                                  unsigned base, uint32_t disp)
{
    struct xcpu_asm_memory m = xcpu_at(base, disp);
    xcpu_put_memory(a, xcpu_op(0x89), from, &m);
}

static inline void xcpu_put_store_imm(struct xcpu_asm *a, unsigned base,
                                      uint32_t disp, uint32_t value)
{
    struct xcpu_asm_memory m = xcpu_at(base, disp);
    xcpu_put_memory(a, xcpu_op(0xc7), 0, &m);
    xcpu_put32(a, value);
}

/* lea to, [base + disp], 32 bits: adds and leaves the flags alone. */
static inline void xcpu_put_lea(struct xcpu_asm *a, unsigned to, unsigned base,
                                uint32_t disp)
{
    struct xcpu_asm_memory m = xcpu_at(base, disp);
    xcpu_put_memory(a, xcpu_op(0x8d), to, &m);
}

static inline void xcpu_put_imm(struct xcpu_asm *a, unsigned to, uint32_t value)
{
    xcpu_put_opcode(a, xcpu_op(0xb8 | (to & 7)), to >> 3);
    xcpu_put32(a, value);
}

static inline void xcpu_put_imm64(struct xcpu_asm *a, unsigned to,
                                  uint64_t value)
{
    struct xcpu_asm_op op = xcpu_op(0xb8 | (to & 7));
    op.wide = 1;
    xcpu_put_opcode(a, op, to >> 3);
    xcpu_put64(a, value);
}

/* The arithmetic flags into AX: OF in bit 0, SF ZF 0 AF 0 PF 1 CF from bit 8
 * on; and back. Adding 0x7f to 1 overflows, to 0 it does not. */
static inline void xcpu_put_flags_out(struct xcpu_asm *a)
{
    xcpu_put_reg(a, xcpu_op0f(0x90), 0, XH_AX); /* seto %al */
    xcpu_put8(a, 0x9f);                         /* lahf */
}

static inline void xcpu_put_flags_in(struct xcpu_asm *a)
{
    xcpu_put8(a, 0x04); /* add $0x7f, %al */
    xcpu_put8(a, 0x7f);
    xcpu_put8(a, 0x9e); /* sahf */
}

/* jmp or call (0xe9, 0xe8) to an address in the writable view. */
static inline void xcpu_put_branch(struct xcpu_asm *a, unsigned opcode,
                                   const uint8_t *to)
{
    xcpu_put8(a, opcode);
    xcpu_put32(a, (uint32_t)(to - (a->at + 4)));
}

#endif
