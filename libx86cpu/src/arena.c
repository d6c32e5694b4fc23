/* arena.c -- memory that is taken in small pieces and given back as a whole. */
/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <sys/mman.h>

_Static_assert(offsetof(struct xcpu_arena, bytes) + XCPU_ARENA_BYTES ==
                   XCPU_ARENA_SIZE,
               "an arena is whole pages");

#ifdef MAP_POPULATE
#define POPULATE MAP_POPULATE
#else
#define POPULATE 0
#endif

struct xcpu_arena *xcpu_arena_new(struct xcpu_arena *next)
{
    struct xcpu_arena *made =
        mmap(NULL, XCPU_ARENA_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | (next ? POPULATE : 0), -1, 0);
    if (made == MAP_FAILED)
        return NULL;
    made->next = next;
    return made;
}

void xcpu_arena_free(struct xcpu_arena *arena)
{
    while (arena) {
        struct xcpu_arena *next = arena->next;
        munmap(arena, XCPU_ARENA_SIZE);
        arena = next;
    }
}
