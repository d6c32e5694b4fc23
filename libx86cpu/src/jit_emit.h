/* jit_emit.h -- a block on its way to host code. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_JIT_EMIT_H
#define X86CPU_JIT_EMIT_H

#include "jit.h"
#include "jit_asm.h"
#include "translate.h"

#define XCPU_EMIT_EXITS (XCPU_BLOCK_INSNS + 2)
#define XCPU_EMIT_MARKS (4 * XCPU_BLOCK_INSNS)

struct xcpu_emit {
    struct xcpu_asm a;
    struct xcpu *cpu;
    struct xcpu_jit *jit;
    struct xcpu_draft draft;
    struct xcpu_block *block;         /* the extent of all */
    uint8_t *start;                   /* of its code, in the writable view */
    const struct xcpu_insn *insn;     /* the current one */
    const uint8_t *bytes;             /* and its bytes */
    uint32_t eip;                     /* its address */
    uint32_t esp;                     /* ESP is R15 + esp */
    unsigned index;                   /* of insn */
    unsigned marked;                  /* marks[] in use */
    uint8_t known;                    /* enum xcpu_jit_needs, in the host */
    uint8_t needs;                    /* of the block, at its entry */
    uint8_t ended;                    /* nothing follows */
    uint8_t jumps;                    /* it ended in an indirect jump */
    struct xcpu_jit_compare *compare; /* of code that changes */
    const struct xcpu_jit_change *change; /* how it did, or NULL */
    uint8_t failed;
    uint8_t counted;        /* pays for its instructions */
    unsigned paid_from;     /* index of the first that was paid together with */
    unsigned paid;          /* the one before this index */
    const uint8_t *paid_at; /* where the first ones are */
    unsigned loop;          /* instructions of the block that are a loop */
    uint8_t store_bound;    /* which does little but store */
    uint8_t host_pointers;  /* those of enum xcpu_jit_state */
    uint8_t noted;          /* FIP is to be stored: */
    uint32_t noted_eip;
    uint8_t again;       /* noted_eip is of the turn of the loop before */
    uint32_t loop_noted; /* address of the loop's last one that is noted */
    const uint8_t *turn; /* where the loop's next turn begins, or NULL */
    uint8_t truncates;   /* RC is 3, but not the host's */
    uint8_t rounds;      /* the cpu's control word is the one before */
    uint8_t exits_count;
    struct xcpu_jit_exit exits[XCPU_EMIT_EXITS];
    uint8_t *late[XCPU_EMIT_EXITS]; /* rel32 of a jump that first moves ESP
                                       or is refunded */
    uint32_t late_esp[XCPU_EMIT_EXITS];
    uint8_t late_refund[XCPU_EMIT_EXITS];
    uint8_t varying[XCPU_DRAFT_CODE]; /* bytes that are read when executed */
    struct xcpu_jit_mark marks[XCPU_EMIT_MARKS];
};

/* An emitter returns 1, or 0 when the interpreter's handler has to do. */
typedef int xcpu_emitter(struct xcpu_emit *e);

/* The current instruction's. */
xcpu_emitter *xcpu_emitter_of(const struct xcpu_insn *insn);

/* Emitters of jit_branch.c and jit_x87.c. */
xcpu_emitter xcpu_emit_push, xcpu_emit_push_imm, xcpu_emit_pop, xcpu_emit_pusha,
    xcpu_emit_popa, xcpu_emit_enter, xcpu_emit_leave_insn, xcpu_emit_jcc,
    xcpu_emit_loop, xcpu_emit_jmp, xcpu_emit_call, xcpu_emit_jmp_indirect,
    xcpu_emit_call_indirect, xcpu_emit_ret, xcpu_emit_int, xcpu_emit_fnstcw,
    xcpu_emit_fldcw, xcpu_emit_fistp, xcpu_emit_ldmxcsr;

/* Emitters of jit_flags.c. */
xcpu_emitter xcpu_emit_pushf, xcpu_emit_popf, xcpu_emit_salc, xcpu_emit_into,
    xcpu_emit_adjust_ascii, xcpu_emit_adjust_decimal, xcpu_emit_aam,
    xcpu_emit_aad;

/* To becomes those bits of from that the code's word at offset mask has; flags
 * stay, for XMM8 does it, which is no guest's. */
void xcpu_put_masked(struct xcpu_emit *e, unsigned to, unsigned from,
                     uint32_t mask);

/* Pushes a host register, as much of it as the operand's size. */
void xcpu_put_push(struct xcpu_emit *e, unsigned host);

/* Emitters of jit_string.c. */
xcpu_emitter xcpu_emit_movs, xcpu_emit_stos, xcpu_emit_lods, xcpu_emit_cmps,
    xcpu_emit_scas, xcpu_emit_xlat;

/* As it is. */
int xcpu_emit_copy(struct xcpu_emit *e);

/* Compares the block's code with what it was translated from. */
void xcpu_emit_compare(struct xcpu_emit *e);

/* The current instruction, which reads its immediate operand from its code
 * when it is executed: 1, or 0 when it cannot. */
int xcpu_emit_varying(struct xcpu_emit *e);

static inline uint32_t xcpu_emit_next(const struct xcpu_emit *e)
{
    return e->eip + e->insn->length;
}

static inline unsigned xcpu_emit_reg(unsigned guest)
{
    return guest == XCPU_ESP ? XH_ESP : guest;
}

/* The memory operand in guest memory; one that is addressed by 16 bits takes T2
 * until the instruction's end. */
void xcpu_emit_address(struct xcpu_emit *e, struct xcpu_asm_memory *m);

/* Guest memory at register + disp in a flat segment, or from ESP. */
struct xcpu_asm_memory xcpu_emit_at(unsigned host, uint32_t disp);
struct xcpu_asm_memory xcpu_emit_stack(const struct xcpu_emit *e,
                                       uint32_t disp);

/* The host code from here on belongs to the current instruction, with what
 * holds now. */
void xcpu_emit_mark(struct xcpu_emit *e);

/* Stores FIP, if that is still to be done. */
void xcpu_emit_note(struct xcpu_emit *e);

/* Whether FIP is the address of an instruction afterwards. */
int xcpu_is_noted(const struct xcpu_insn *insn);

/* Calls the interpreter's handler of the current instruction. */
void xcpu_emit_handler(struct xcpu_emit *e);

/* Makes R15 the guest's ESP. */
void xcpu_emit_settle_esp(struct xcpu_emit *e);

/* A conditional jump (cc), or a jump (cc < 0), to a guest address. */
void xcpu_emit_exit(struct xcpu_emit *e, int cc, uint32_t eip);

/* Goes to the guest address in T0. */
void xcpu_emit_indirect(struct xcpu_emit *e);

/* Leaves translated code for a stub, with EIP at eip. */
void xcpu_emit_leave(struct xcpu_emit *e, uint32_t stub, uint32_t eip);

/* Leaves the current instruction to the interpreter unless ECX is 0, which then
 * gets its value back from T2. 1, or 0 when there is no room. What is emitted
 * between begin and end is done before it leaves. */
int xcpu_emit_unless_zero(struct xcpu_emit *e);
uint8_t *xcpu_emit_begin_unless_zero(struct xcpu_emit *e);
int xcpu_emit_end_unless_zero(struct xcpu_emit *e, uint8_t *from);

/* Makes sure that state is in the host's registers. */
void xcpu_emit_need(struct xcpu_emit *e, unsigned needs);

#endif
