/* cpu.h -- the state of a cpu and the slots that it executes. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_CPU_H
#define X86CPU_CPU_H

#include "fpu_state.h"
#include "insns.h"

#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

struct xcpu_slot;
struct xcpu_jit;
struct xcpu_lockstep;

/* Executes slot and what follows it; returns NULL at the end of a run, or
 * the next slot (see XCPU_JUMP). memory: the window's base. */
typedef const struct xcpu_slot *
xcpu_handler(struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory);

/* An instruction made ready for its handler. */
struct xcpu_slot {
    xcpu_handler *run;
    uint32_t disp;       /* of the memory operand; ENTER's level, a far
                            selector */
    uint32_t imm;        /* sign-extended by the row's letter; x87 rows: FOP
                            (escape byte's low 3 bits, then ModRM) */
    uint32_t eip;        /* of the instruction */
    uint16_t row;        /* enum xcpu_op */
    uint8_t reg, rm;     /* register operands, see xcpu_reg8 */
    uint8_t base, index; /* of the address; XCPU_NO_REG reads as 0 */
    uint8_t scale;       /* shift */
    uint8_t seg;         /* enum xcpu_sreg */
    uint8_t narrow;      /* 16 with 16-bit addressing, else 0 */
    uint8_t rep;         /* 0, 0xf2 or 0xf3 */
    uint8_t length;      /* bytes of the instruction */
    int8_t left;         /* instructions that are paid for but not executed: of
                            the block from this one on; below 0 in translated
                            code, which pays later: those before this one */
};

/* Where a block goes; its two stand behind its last slot (frame.h). */
struct xcpu_link {
    const struct xcpu_slot *to; /* first slot of the target */
    int64_t cost;               /* the target's instructions, XCPU_UNLINKED */
    struct xcpu_link *next;     /* another link to the same block */
    uint32_t eip;               /* of the target */
};

/* A cost no budget can pay. */
#define XCPU_UNLINKED (INT64_MAX / 2)

_Static_assert(sizeof(struct xcpu_slot) == 32, "half a cache line");
_Static_assert(sizeof(struct xcpu_link) <= sizeof(struct xcpu_slot),
               "links take the place of slots");

/*
 * Arithmetic flags, kept as the operands of the last instruction that wrote
 * them (flags.h).
 */
struct xcpu_flags {
    uint32_t a, b;
    uint32_t carry; /* CF before the instruction, 0 or 1 */
    uint8_t kind;   /* enum xcpu_flags_kind */
};

union xcpu_gpr_value {
    uint32_t d;
    uint16_t w; /* low half: hosts are little-endian */
};

/* Where indirect jumps went, by address. */
struct xcpu_jump {
    const struct xcpu_slot *to;
    uint32_t eip;
    uint32_t cost;
};

#define XCPU_JUMPS   1024 /* powers of two */
#define XCPU_RETURNS 64

/* Why cpu->stop is set. */
enum xcpu_pending {
    XCPU_PENDING_KICK = 1,
    XCPU_PENDING_FORGET = 2, /* pages have changed their generation */
    XCPU_PENDING_CLEAR = 4   /* blocks were made for other segments */
};

/* What ended the inner loop: values of siglongjmp, and cpu->leaving. */
enum xcpu_leaving {
    XCPU_LEAVING_BLOCK, /* to cpu->eip */
    XCPU_LEAVING_EXIT,  /* cpu->exit is complete */
    XCPU_LEAVING_ALONE, /* the instruction at cpu->eip has to be executed by
                           itself: it has stored to a watched page */
    XCPU_LEAVING_FAULT  /* by the page fault of cpu->exit, but for another one
                           in the page before it */
};

/* What a run of XCPU_ENGINE_LOCKSTEP is (lockstep.c). */
enum xcpu_trial {
    XCPU_TRIAL_NONE,
    XCPU_TRIAL_BLOCKS,   /* translated, in copies of memory: ends before the
                            block that the budget does not pay for */
    XCPU_TRIAL_EXACT,    /* interpreted, in copies of memory */
    XCPU_TRIAL_FINAL,    /* as BLOCKS, in the guest's memory */
    XCPU_TRIAL_INTERPRET /* as EXACT, in the guest's memory */
};

/* Segments that programs may load; selector 0: free. */
struct xcpu_descriptor {
    uint16_t selector; /* without RPL */
    uint8_t code;
    uint32_t base;
};

#define XCPU_DESCRIPTORS 8

struct xcpu {
    union xcpu_gpr_value gpr[9]; /* the last one stays 0 */
    uint32_t sreg_base[7];       /* the last one stays 0 */
    struct xcpu_flags flags;
    const struct xcpu_slot *slot; /* that touches memory */
    int64_t left;                 /* of the budget, block paid in advance */
    _Atomic int64_t stop;         /* left below it leaves the block; 0, or
                                     INT64_MAX while something is pending */
    struct xcpu_link *link;       /* that was followed to cpu->eip, or NULL */
    uint32_t eip;                 /* exact outside blocks */
    uint32_t eflags;              /* without those in flags: TF DF NT AC ID */
    uint8_t leaving;              /* enum xcpu_leaving */
    uint8_t running;              /* inside xcpu_run's inner loop */
    uint8_t passing;              /* the block is used once */
    uint8_t jumped;               /* an indirect jump led to cpu->eip */
    uint8_t null_segments;        /* a bit per null selector */
    uint8_t code_segments;        /* a bit per segment of code: read-only */
    uint8_t stepping;             /* TF was set before this instruction */
    uint32_t calls;               /* the newest of returns[], modulo its size */
    const struct xcpu_link *returns[XCPU_RETURNS]; /* behind the last calls */
    uint16_t sreg[6];
    struct xcpu_machine *machine;
    struct xcpu_fpu fpu;
    struct xcpu_exit exit;
    sigjmp_buf env;
    _Atomic uint32_t pending; /* enum xcpu_pending */
    struct xcpu_cache *cache;
    struct xcpu *next;      /* in the machine's list, for ever */
    _Atomic int used;       /* 0: may be given out by xcpu_new */
    uint32_t fault_address; /* of the last store fault that was repeated */
    uint32_t fault_epoch;   /* the machine's at that time */
    int64_t reserve;        /* of the budget, kept back from left */
    int64_t paid;           /* the whole budget */
    struct xcpu_descriptor descriptors[XCPU_DESCRIPTORS];
    struct xcpu_link nowhere; /* what returns[] is filled with */
    struct xcpu_jit *jit;     /* translated code, or NULL (jit.h) */
    uint32_t generation;      /* of translations: others are forgotten */
    uint64_t jit_left;        /* 0, or the purse and what is left of it;
                                 where nothing is counted, the window */
    uint64_t jit_from;        /* where it was left, an address behind a call */
    uint64_t host_gs;         /* the host's base of GS, while gs_set */
    _Atomic(uint8_t *) poll;  /* a page that its loops read */
    _Atomic uint32_t in_jit;  /* it may be running */
    uint32_t jit_vector;      /* of INT */
    uint32_t jit_roundings; /* times that FLDCW before FISTP did not truncate */
    uint32_t young;         /* runs of blocks until it is no new fork's child */
    uint16_t jit_word;  /* the host's control word while FRNDINT is executed */
    uint16_t jit_flags; /* as LAHF and SETO AL leave them in AX */
    uint8_t no_sse;     /* its XMM registers are in fpu */
    uint8_t interpret;  /* the next block, translated or not */
    uint8_t gs_set;     /* the base of GS is the window */
    uint8_t trial;      /* enum xcpu_trial */
    uint8_t *memory;    /* the window that it runs in */
    uint64_t tsc;       /* what RDTSC said in the guest's memory */
    struct xcpu_lockstep *lockstep; /* or NULL (lockstep.c) */
    struct xcpu_jump jumps[XCPU_JUMPS];
};

/* Whether the cpu runs in copies of memory. */
static inline int xcpu_in_copies(const struct xcpu *cpu)
{
    return cpu->trial == XCPU_TRIAL_BLOCKS || cpu->trial == XCPU_TRIAL_EXACT;
}

static inline unsigned xcpu_jump_index(uint32_t eip)
{
    return (eip ^ eip >> 10) & (XCPU_JUMPS - 1);
}

/* EFLAGS with all that programs see. */
uint32_t xcpu_get_eflags(const struct xcpu *cpu);
void xcpu_set_eflags(struct xcpu *cpu, uint32_t eflags);

#endif
