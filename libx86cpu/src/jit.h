/* jit.h -- host code made of guest code, one cache for each cpu. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_JIT_H
#define X86CPU_JIT_H

#include "block.h"

/* The hosts that have a translator; the build may do without. */
#if defined(XCPU_HAVE_JIT)
#elif defined(__x86_64__) && defined(__linux__)
#define XCPU_HAVE_JIT 1
#else
#define XCPU_HAVE_JIT 0
#endif

/* Runs of a block in the interpreter before it is translated, unless the
 * configuration says otherwise. */
#define XCPU_TRANSLATE_AFTER 8
/* Most children of a fork end soon, or become another program: so many runs of
 * blocks that it has to interpret one translates by another measure. */
#define XCPU_YOUNG_RUNS            100000
#define XCPU_YOUNG_TRANSLATE_AFTER 64
/* After so many links that are not made, and files that its code is in, code
 * that a fork shares is copied. */
#define XCPU_UNLINKED_MAX 1000
#define XCPU_PIECES_MAX   8

/* State of the guest that has to be in the host's registers. */
enum xcpu_jit_needs {
    XCPU_JIT_X87 = 1, /* XCPU_X87_HOST */
    XCPU_JIT_SSE = 2  /* XMM registers, and XCPU_SSE_HOST */
};

/* How many instructions translated code executes at most before it asks again
 * how many it may. */
#define XCPU_JIT_PURSE ((int64_t)4 << 20)

/* Why translated code returns. */
enum xcpu_jit_result {
    XCPU_JIT_LINK,     /* at a jump that goes nowhere yet */
    XCPU_JIT_INDIRECT, /* to an address without code */
    XCPU_JIT_INTERP,   /* what is at cpu->eip has to be interpreted */
    XCPU_JIT_INT,      /* INT n */
    XCPU_JIT_CHANGED   /* the block at cpu->eip is another one in memory */
};

struct xcpu_translation;

/* A direct jump out of a block. */
struct xcpu_jit_exit {
    struct xcpu_translation *to;    /* NULL while it goes to its stub */
    struct xcpu_jit_exit *incoming; /* another one to the same block */
    uint32_t site;                  /* offset of the jump's rel32 */
    uint32_t stub;                  /* offset of the stub, a call */
    uint32_t eip;                   /* where it goes */
    uint32_t known;                 /* enum xcpu_jit_needs: what is there */
};

/* What holds at a mark. */
enum xcpu_jit_state {
    XCPU_JIT_ESI = 1, /* holds an address of the host, in the midst of a string
                         instruction */
    XCPU_JIT_EDI = 2,
    XCPU_JIT_NOTES = 4, /* an instruction that FIP will be of */
    XCPU_JIT_NOTED = 8, /* FIP is that of the last one, which is not stored */
    XCPU_JIT_STORES_MMX = 16, /* the instruction stores an MMX register */
    XCPU_JIT_PAYS = 32,       /* it is not paid together with those before it */
    XCPU_JIT_TRUNCATES = 64,  /* RC is 3, but not the host's */
    XCPU_JIT_AGAIN = 128 /* FIP is that of the loop's last one, which is not
                            stored */
};

/* Where an instruction's host code begins, and what holds there. */
struct xcpu_jit_mark {
    uint16_t host; /* from the block's code on */
    int16_t esp;   /* ESP is R15 + esp */
    uint8_t guest; /* from its eip on */
    uint8_t state; /* enum xcpu_jit_state */
};

struct xcpu_jit_compare;

/* Instructions of a block that were changed, a bit for the offset of each. */
struct xcpu_jit_change {
    uint32_t eip;
    uint32_t count; /* of changes; 0: free */
    uint8_t starts[32];
};

#define XCPU_JIT_CHANGES 64 /* kept of so many blocks, a power of two */

/* The host code of a block. */
struct xcpu_translation {
    struct xcpu_jit_compare *compare; /* NULL: its pages are watched */
    struct xcpu_jit_exit *incoming;
    struct xcpu_jit_exit *exits;
    struct xcpu_jit_mark *marks;
    uint32_t eip;
    uint32_t code;  /* offset of what makes sure of needs */
    uint32_t entry; /* offset of what relies on them */
    uint32_t paid;  /* offset from which on the first instructions are paid */
    uint32_t end;
    uint16_t marks_count;
    uint8_t exits_count;
    uint8_t needs;
    uint8_t insns;
    uint8_t loop_noted; /* of XCPU_JIT_AGAIN, from eip on */
    uint8_t counted;    /* it pays for its instructions */
    uint8_t listed;     /* in the table of entries */
    uint8_t jumps;      /* it ends in an indirect jump, and is no loop */
    uint8_t depth;      /* of copies, each of which led to the next */
    uint8_t copies_count;
    struct xcpu_translation *copies; /* of the same block, for some of the
                                        exits that lead to it */
};

struct xcpu_jit {
    uint8_t *code;     /* executable; the page before it stops loops */
    uint8_t *writable; /* the same memory */
    uint8_t *purse;    /* XCPU_JIT_PURSE bytes behind a page without access:
                          as far behind it as there is budget left; it stops
                          blocks that count */
    uint32_t *table;   /* offset of the code of each guest address that an
                          indirect jump led to, or 0 */
    uint32_t size, used;
    uint32_t first;             /* offset behind the stubs */
    uint32_t enter, leave_link; /* offsets of the stubs */
    uint32_t leave_interp, leave_int;
    uint32_t call_handler, load_x87, load_sse, compare;
    uint32_t word_mask;  /* offsets of what xcpu_emit_fldcw looks at, */
    uint32_t rc_mask;    /* of a rounding control of 3, */
    uint32_t mxcsr_mask; /* of what xcpu_emit_ldmxcsr looks at, */
    uint32_t kept_mask;  /* and xcpu_emit_popf */
    struct xcpu_translation **list; /* by code */
    uint32_t count, capacity;
    uint32_t cleared; /* entries of table set to 0 since its pages went */
    struct xcpu_arena *arena;   /* the newest */
    size_t arena_used;          /* bytes of it */
    struct xcpu_jit_exit *from; /* that led to cpu->eip */
    uint8_t from_depth;         /* of its translation */
    uint32_t wanted;            /* where the last indirect jump led */
    const uint8_t *entry;       /* what slot runs */
    struct xcpu_slot slot;
    struct xcpu_slot fault; /* the instruction that a signal interrupted */
    struct xcpu_translation *interrupted; /* what it is of */
    int8_t window_scale;  /* XM_WINDOW does for an index that is shifted by no
                             more; < 0: for nothing */
    uint8_t wrapped[512]; /* a bit for some instructions each, of which one
                             has missed the window */
    uint8_t has_fsgsbase; /* the host lets programs write GS's base */
    uint8_t modified;     /* code was written since it was last entered */
    uint32_t shared;      /* offset: code below is other processes' as well */
    uint32_t unlinked;    /* links that were not made for it */
    uint8_t is_shared_behind; /* the memory behind it is, too */
    uint8_t pieces;           /* files that the code is in, but one */
    uint8_t no_truncation;    /* FLDCW and FISTP are not made FISTTP */
    struct xcpu_jit_stats stats;
    struct xcpu_jit_change changes[XCPU_JIT_CHANGES];
};

/* ---- run.c: the rest are no-ops where cpu->jit is NULL ---- */

/*
 * The slot to run for the code at cpu->eip, where block begins: NULL when it
 * has to be interpreted, then this was counted.
 */
const struct xcpu_slot *xcpu_jit_slot(struct xcpu *cpu,
                                      struct xcpu_block *block);

/* Whether the budget pays for the block, if it is translated: blocks that
 * follow find out by a fault. */
int xcpu_jit_can_pay(const struct xcpu *cpu, const struct xcpu_block *block);

/* A block that could have been translated was not. */
static inline void xcpu_jit_count_interpreted(struct xcpu *cpu)
{
    if (cpu->jit)
        cpu->jit->stats.interpreted++;
}

/* Behind translated code, however it was left: what it has not spent is left.
 */
void xcpu_jit_empty_purse(struct xcpu *cpu);

/* At the end of xcpu_run. */
void xcpu_jit_leave(struct xcpu *cpu);

/* The code at eip has changed since it was made ready. */
void xcpu_jit_note_change(struct xcpu *cpu, uint32_t eip);

/* ---- block.c ---- */

void xcpu_jit_drop(struct xcpu *cpu, struct xcpu_block *block);
void xcpu_jit_clear(struct xcpu *cpu);

/* ---- fault.c ---- */

/* What a host signal has interrupted. */
enum xcpu_jit_interrupted {
    XCPU_JIT_TRANSLATED = 1, /* translated code */
    XCPU_JIT_MMX = 2         /* an instruction of it that stores an MMX
                                register */
};

/*
 * enum xcpu_jit_interrupted; where it was translated code, the guest's state
 * was taken from ucontext, and cpu->slot says which instruction it was.
 */
int xcpu_jit_interrupted(struct xcpu *cpu, const void *ucontext);

/* Whether address is in what stops blocks, made accessible again. */
int xcpu_jit_polled(struct xcpu *cpu, uintptr_t address);

/* Whether address is in front of the purse: the budget does not pay for the
 * block. */
int xcpu_jit_is_paid_out(const struct xcpu *cpu, uintptr_t address);

/* The instruction of translated code at cpu->slot missed the window: it is not
 * to be reached like that again. */
void xcpu_jit_note_wrapped(struct xcpu *cpu);

/* ---- machine.c, cpu.c ---- */

int xcpu_jit_supported(void);
void xcpu_jit_new(struct xcpu *cpu); /* cpu->jit stays NULL without memory */
void xcpu_jit_free(struct xcpu *cpu);

/* Gives memory back; the mappings stay, for xcpu_jit_stop. */
void xcpu_jit_release(struct xcpu *cpu);

/* Stops the translated code of a cpu. Async-signal-safe, any thread. */
void xcpu_jit_stop(struct xcpu *cpu);

/* Before a fork by the cpu's thread: its child has what is translated, too.
 * And in the child, with or without that: touches no block. */
void xcpu_jit_before_fork(struct xcpu *cpu);
void xcpu_jit_after_fork(struct xcpu *cpu);

/* In the child of a fork: of a cpu whose thread was left behind. */
void xcpu_jit_abandon(struct xcpu *cpu);

/* ---- jit.c, jit_block.c, jit_entry.c ---- */

/* Whether the instruction at eip, or another one that shares its bit, missed
 * the window. */
int xcpu_jit_has_wrapped(const struct xcpu_jit *jit, uint32_t eip);

/* Makes host code of the block at block->eip; 0, or < 0 when it has to be
 * interpreted. */
int xcpu_jit_translate(struct xcpu *cpu, struct xcpu_block *block);

/* Whether there may be new code at jit->used. */
int xcpu_jit_may_add(struct xcpu_jit *jit);

/* Memory that lives until the code is cleared; NULL when short of it. */
void *xcpu_jit_allocate(struct xcpu_jit *jit, size_t size);

/* Writes the code that all blocks share; 0 or < 0. */
int xcpu_jit_make_stubs(struct xcpu_jit *jit);

/* The block that a host address is in, or NULL; the last of its marks that
 * are not behind it. */
struct xcpu_translation *xcpu_jit_block_of(const struct xcpu_jit *jit,
                                           uintptr_t host);
const struct xcpu_jit_mark *
xcpu_jit_mark_of(const struct xcpu_jit *jit,
                 const struct xcpu_translation *translation, uintptr_t host);

/* Instructions of a block that were paid at a host address, whose mark it is,
 * but not executed. */
unsigned xcpu_jit_refund(const struct xcpu_jit *jit,
                         const struct xcpu_translation *translation,
                         const struct xcpu_jit_mark *mark, uintptr_t host);

/* Stores FIP where a mark says that the block has not yet. */
void xcpu_jit_take_note(struct xcpu *cpu,
                        const struct xcpu_translation *translation,
                        const struct xcpu_jit_mark *mark);

/* What translated code calls (jit_entry.c). */
void xcpu_jit_call_handler(struct xcpu *cpu, const struct xcpu_slot *slot);
int xcpu_jit_load(struct xcpu *cpu, unsigned needs, uintptr_t host);

/* ---- jit_change.c ---- */

/* A comparison of so many bytes of code at eip, and what with: varying bytes
 * are left out. NULL when memory is short. */
struct xcpu_jit_compare *xcpu_jit_make_compare(struct xcpu_jit *jit,
                                               uint32_t eip, uint32_t size);
void xcpu_jit_fill_compare(struct xcpu_jit_compare *compare,
                           const uint8_t *bytes, const uint8_t *varying,
                           uint32_t size);

/* 1, or 0 with cpu->eip at the block. Called by translated code. */
int xcpu_jit_same(struct xcpu *cpu, const struct xcpu_jit_compare *compare);

/* Drops the block at cpu->eip, after a look at what has changed. */
void xcpu_jit_changed(struct xcpu *cpu);

/* What is known of the block at eip, or NULL; and whether it changes too
 * often, in too many ways. */
const struct xcpu_jit_change *xcpu_jit_find_change(struct xcpu_jit *jit,
                                                   uint32_t eip);
int xcpu_jit_is_hopeless(const struct xcpu_jit_change *change);

/* Flags as LAHF and SETO AL leave them in AX, and back. */
void xcpu_jit_pack_flags(struct xcpu *cpu);
void xcpu_jit_unpack_flags(struct xcpu *cpu);

#endif
