/* difference.h -- what is not the same of two states, for the user. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_DIFFERENCE_H
#define UTRACE_DIFFERENCE_H

#include "utrace.h"

/* A line for what differs: what b has, and what a has, which is right. */
void utrace_compare_word(const char *name, uint32_t a, uint32_t b);

/* undefined: flags that may differ. */
void utrace_compare_registers(const struct xcpu_regs *a,
                              const struct xcpu_regs *b, uint32_t undefined);
void utrace_compare_fpu(const struct xcpu_fxstate *a,
                        const struct xcpu_fxstate *b);

/* The function that an address is in, if it has a name: a program's or
 * library's in memory, or of a file (may be NULL). */
void utrace_show_place(struct tr_player *player, const char *file,
                       uint32_t eip);

#endif
