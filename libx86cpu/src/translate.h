/* translate.h -- guest code to blocks of slots. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_TRANSLATE_H
#define X86CPU_TRANSLATE_H

#include "block.h"

/*
 * Makes a block of the code at eip, of at most insns instructions. With
 * insert it goes into the cpu's cache; without, it may be executed until the
 * next call. Returns NULL when the first instruction cannot be fetched or
 * decoded, or memory is short: then cpu->exit holds the exception.
 */
struct xcpu_block *xcpu_translate(struct xcpu *cpu, uint32_t eip,
                                  unsigned insns, int insert);

#endif
