/* fuse.h -- pairs of slots that one handler executes. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_FUSE_H
#define X86CPU_FUSE_H

#include "cpu.h"

struct xcpu_fusions;

/* The table of known pairs. 0 or XCPU_ERR_NOMEM. */
int xcpu_fusions_new(struct xcpu_fusions **fusions);
void xcpu_fusions_free(struct xcpu_fusions *fusions);

/* Lets the first slot of pairs in slots[0..count) execute both. The second
 * one keeps its handler. */
void xcpu_fuse(const struct xcpu_fusions *fusions, struct xcpu_slot *slots,
               size_t count);

#endif
