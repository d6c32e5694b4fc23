/* arena.h -- memory that is taken in small pieces and given back as a whole. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_ARENA_H
#define X86CPU_ARENA_H

#include <stddef.h>

#define XCPU_ARENA_SIZE  ((size_t)64 << 10) /* of memory that one takes */
#define XCPU_ARENA_BYTES (XCPU_ARENA_SIZE - 64)

struct xcpu_arena {
    struct xcpu_arena *next;
    _Alignas(64) char bytes[]; /* XCPU_ARENA_BYTES */
};

/* One in front of others; NULL when memory is short. The first one gets its
 * pages as they are used, the others have all from the beginning, which takes a
 * fraction of the time. */
struct xcpu_arena *xcpu_arena_new(struct xcpu_arena *next);

/* Gives it back with those behind it; nothing of them is written to, which
 * would copy it in the child of a fork. */
void xcpu_arena_free(struct xcpu_arena *arena);

#endif
