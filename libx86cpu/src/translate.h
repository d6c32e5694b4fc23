/* translate.h -- guest code to blocks of slots. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TRANSLATE_H
#define X86CPU_TRANSLATE_H

#include "block.h"

/* Guest bytes looked at for one block. */
#define XCPU_DRAFT_CODE 256

/* A block in the making: its instructions. */
struct xcpu_draft {
    struct xcpu *cpu;
    struct xcpu_block *block; /* eip, size, insns and pages are filled in */
    uint32_t eip;             /* behind the instructions so far */
    uint32_t page_state[2];
    uint8_t extended; /* goes on as xcpu_goes_on says, and in the next page */
    size_t code_size;
    uint8_t code[XCPU_DRAFT_CODE]; /* from block->eip on */
    struct xcpu_insn insns[XCPU_BLOCK_INSNS];
};

/* Whether what follows a branch may be executed behind it: a conditional one,
 * or a CALL of what follows, by which code finds out where it is. */
int xcpu_goes_on(const struct xcpu_insn *insn);

/*
 * Decodes at most insns instructions from eip on. 0, or < 0 when the first
 * one cannot be fetched or decoded: then cpu->exit holds the exception. With
 * extended it goes on behind branches, and in the next page when the cpu has
 * code of that.
 */
int xcpu_draft_make(struct xcpu_draft *draft, struct xcpu *cpu,
                    struct xcpu_block *block, uint32_t eip, unsigned insns,
                    int extended);

/*
 * Makes a block of the code at eip, of at most insns instructions. With
 * insert it goes into the cpu's cache; without, it may be executed until the
 * next call. Returns NULL when the first instruction cannot be fetched or
 * decoded, or memory is short: then cpu->exit holds the exception.
 */
struct xcpu_block *xcpu_translate(struct xcpu *cpu, uint32_t eip,
                                  unsigned insns, int insert);

/* Decodes the instruction at eip alone; 0 when it cannot be. */
int xcpu_decode_at(const struct xcpu *cpu, uint32_t eip,
                   struct xcpu_insn *insn);

#endif
