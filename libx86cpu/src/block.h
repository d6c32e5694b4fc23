/* block.h -- a cpu's blocks of guest code made ready, and where they are. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_BLOCK_H
#define X86CPU_BLOCK_H

#include "arena.h"
#include "cpu.h"

#define XCPU_BLOCK_LINKS 2
#define XCPU_BLOCK_INSNS 64 /* at most, in a block */

struct xcpu_translation;

/* A block never leaves its first page, but for its last instruction; its
 * translation may. */
struct xcpu_block {
    struct xcpu_block *next;         /* of the same hash */
    struct xcpu_block *page_next[2]; /* blocks of the first, second page */
    struct xcpu_link *incoming;
    struct xcpu_link *links; /* its own two */
    uint32_t eip;
    uint16_t size;       /* bytes of guest code */
    uint8_t insns;       /* instructions, what a run through it costs */
    uint8_t pages;       /* 1 or 2, with its translation's */
    uint8_t compared;    /* its bytes stand behind its links */
    uint8_t hopeless;    /* it is never translated */
    uint32_t generation; /* cpu->generation when it was translated */
    struct xcpu_translation *translation; /* of that generation, or NULL */
    _Alignas(64) struct xcpu_slot slots[];
};

/* Pages that blocks were made from. */
struct xcpu_block_page {
    uint32_t page;
    uint32_t state;               /* of the page then: xcpu_page_prepare */
    struct xcpu_block *blocks[2]; /* that begin there, that only end there */
};

#define XCPU_HEATS 4096 /* a power of two */

struct xcpu_cache {
    struct xcpu_block **table; /* by hash of eip */
    uint32_t table_mask;
    uint32_t blocks;
    struct xcpu_block_page *pages; /* open addressing; state 0: free */
    uint32_t pages_mask;
    uint32_t pages_count;
    struct xcpu_arena *arena; /* the newest */
    size_t arena_used;        /* bytes of it */
    size_t arena_total;       /* bytes of all */
    /* Runs of blocks that are not translated, by hash of eip: not in the
     * blocks, which the child of a fork would copy to count. */
    uint8_t heat[XCPU_HEATS];
};

struct xcpu_cache *xcpu_cache_new(void); /* to be cleared */
void xcpu_cache_free(struct xcpu_cache *cache);

/* Drops all blocks of a cpu. */
void xcpu_cache_clear(struct xcpu *cpu);

/* The same for the next user of the cpu: some memory stays. */
void xcpu_cache_retire(struct xcpu *cpu);

/* Drops the blocks of pages that have changed. */
void xcpu_cache_sweep(struct xcpu *cpu);

/* Runs of the block in the interpreter; others may count there as well. */
uint8_t *xcpu_block_heat(const struct xcpu *cpu, uint32_t eip);

struct xcpu_block *xcpu_block_find(const struct xcpu *cpu, uint32_t eip);

/*
 * Room for a block of at most so many slots and links, with size bytes
 * behind them; it becomes one by xcpu_block_insert. NULL without memory.
 * Clears the cache when it has grown beyond bounds.
 */
struct xcpu_block *xcpu_block_room(struct xcpu *cpu, size_t slots,
                                   size_t bytes);

/*
 * Inserts the block that was filled into the room, end behind its last byte;
 * its state is that of its pages when they were prepared. 0, or < 0 when
 * memory is short.
 */
int xcpu_block_insert(struct xcpu *cpu, struct xcpu_block *block,
                      const void *end, const uint32_t state[2]);

/* Forgets what a block that was not inserted has left of itself. */
void xcpu_block_pass(struct xcpu *cpu);

void xcpu_block_drop(struct xcpu *cpu, struct xcpu_block *block);

/* State of a page when the cpu's blocks of it were made; 0: it has none. */
uint32_t xcpu_block_page_state(const struct xcpu *cpu, uint32_t page);

/* A block becomes one of the second page too, of which the cpu has others: it
 * is dropped with them. */
void xcpu_block_extend(struct xcpu *cpu, struct xcpu_block *block);

/* Whether bytes of a page differ of which the cpu has blocks. */
int xcpu_block_differs(const struct xcpu *cpu, uint32_t page,
                       const uint8_t *one, const uint8_t *other);

/* Whether the cpu has blocks of pages that are compared, not watched. */
int xcpu_block_any_compared(const struct xcpu *cpu);

/* Makes a link, or an indirect jump, go to a block. */
void xcpu_block_link(struct xcpu_block *block, struct xcpu_link *link);
void xcpu_block_jump(struct xcpu *cpu, struct xcpu_block *block);

static inline struct xcpu_block *xcpu_block_of(const struct xcpu_slot *first)
{
    return (struct xcpu_block *)(uintptr_t)((const char *)first -
                                            offsetof(struct xcpu_block, slots));
}

#endif
