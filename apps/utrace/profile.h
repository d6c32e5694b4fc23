/* profile.h -- where the instructions of an execution are spent. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_PROFILE_H
#define UTRACE_PROFILE_H

#include "symbols.h"
#include "utrace.h"

/* Straight code that was entered at its first instruction alone. */
struct utrace_block {
    uint32_t address, length; /* length: of bytes */
    uint8_t insns;            /* 0: there is no code */
    uint8_t ending;           /* enum utrace_ending */
    uint64_t runs, executed;  /* executed: instructions */
};

/* A function as it was called from where it was: a node of the tree of calls.
 * Node 0 is the program, and those below it its threads' first functions. */
struct utrace_frame {
    uint32_t function; /* address */
    uint32_t parent, depth;
    uint32_t first_child, next_sibling; /* 0: none */
    uint64_t calls, self, total;        /* instructions */
};

/* Frames that are deeper count for the one above them. */
enum { UTRACE_DEPTH_MAX = 512 };

struct utrace_profile {
    struct utrace_block *blocks; /* open addressing; address and runs 0: free */
    size_t block_slots, block_count;
    struct utrace_frame *frames; /* parents before children */
    uint32_t frame_count, frame_capacity;
    struct profile_thread *threads;
    uint64_t instructions;
};

/* Executes a trace between two instructions: 0 or TR_ERR_*, with fault. */
int utrace_collect(struct tr_player *player,
                   const struct utrace_options *options,
                   struct utrace_profile *profile, struct tr_fault *fault);
void utrace_free_profile(struct utrace_profile *profile);

/* flame.c: the page; 0, or -1 when it cannot be written. */
int utrace_write_flame(const struct utrace_profile *profile,
                       struct utrace_symbols *symbols, const char *trace,
                       const char *file);

#endif
