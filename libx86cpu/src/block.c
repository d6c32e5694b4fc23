/* block.c -- a cpu's blocks of guest code made ready, and where they are. */
/* SPDX-License-Identifier: MIT */
#include "block.h"
#include "jit.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define ARENAS_MAX  ((size_t)32 << 20) /* bytes of all; then all is dropped */
#define TABLE_START 512                /* buckets, a power of two */
#define PAGES_START 64

static uint32_t hash_of(uint32_t key)
{
    return key * UINT32_C(0x9e3779b1) >> 7;
}

struct xcpu_cache *xcpu_cache_new(void)
{
    struct xcpu_cache *cache = calloc(1, sizeof(*cache));
    if (!cache)
        return NULL;
    cache->table_mask = TABLE_START - 1;
    cache->table = calloc(TABLE_START, sizeof(struct xcpu_block *));
    cache->pages_mask = PAGES_START - 1;
    cache->pages = calloc(PAGES_START, sizeof(*cache->pages));
    if (!cache->table || !cache->pages) {
        xcpu_cache_free(cache);
        return NULL;
    }
    return cache;
}

static void free_arenas(struct xcpu_cache *cache)
{
    xcpu_arena_free(cache->arena);
    cache->arena = NULL;
    cache->arena_total = 0;
}

static void keep_an_arena(struct xcpu_cache *cache)
{
    if (!cache->arena)
        return;
    xcpu_arena_free(cache->arena->next);
    cache->arena->next = NULL;
    cache->arena_used = 0;
    cache->arena_total = XCPU_ARENA_SIZE;
}

void xcpu_cache_free(struct xcpu_cache *cache)
{
    if (!cache)
        return;
    free_arenas(cache);
    free(cache->table);
    free(cache->pages);
    free(cache);
}

/* No address has the index of this one's complement. */
static void forget_jump(struct xcpu_jump *jump, unsigned index)
{
    jump->eip = index ^ 1;
    jump->cost = 0;
    jump->to = NULL;
}

static void forget_jumps(struct xcpu *cpu)
{
    for (unsigned i = 0; i < XCPU_JUMPS; i++)
        forget_jump(&cpu->jumps[i], i);
    cpu->nowhere = (struct xcpu_link){.cost = XCPU_UNLINKED};
    for (unsigned i = 0; i < XCPU_RETURNS; i++)
        cpu->returns[i] = &cpu->nowhere;
}

void xcpu_block_pass(struct xcpu *cpu)
{
    const struct xcpu_arena *arena = cpu->cache->arena;
    cpu->link = NULL;
    for (unsigned i = 0; arena && i < XCPU_RETURNS; i++) {
        const char *link = (const char *)cpu->returns[i];
        if (link >= arena->bytes + cpu->cache->arena_used &&
            link < arena->bytes + XCPU_ARENA_BYTES)
            cpu->returns[i] = &cpu->nowhere;
    }
}

static void forget_blocks(struct xcpu *cpu)
{
    struct xcpu_cache *cache = cpu->cache;
    if (cpu->jit)
        xcpu_jit_clear(cpu);
    memset(cache->table, 0,
           (cache->table_mask + (size_t)1) * sizeof(*cache->table));
    memset(cache->pages, 0,
           (cache->pages_mask + (size_t)1) * sizeof(*cache->pages));
    memset(cache->heat, 0, sizeof(cache->heat));
    cache->blocks = 0;
    cache->pages_count = 0;
    forget_jumps(cpu);
    cpu->link = NULL;
}

void xcpu_cache_clear(struct xcpu *cpu)
{
    forget_blocks(cpu);
    free_arenas(cpu->cache);
}

void xcpu_cache_retire(struct xcpu *cpu)
{
    forget_blocks(cpu);
    keep_an_arena(cpu->cache);
}

uint8_t *xcpu_block_heat(const struct xcpu *cpu, uint32_t eip)
{
    return &cpu->cache->heat[hash_of(eip) % XCPU_HEATS];
}

struct xcpu_block *xcpu_block_find(const struct xcpu *cpu, uint32_t eip)
{
    const struct xcpu_cache *cache = cpu->cache;
    struct xcpu_block *block = cache->table[hash_of(eip) & cache->table_mask];
    while (block && block->eip != eip)
        block = block->next;
    return block;
}

struct xcpu_block *xcpu_block_room(struct xcpu *cpu, size_t slots, size_t bytes)
{
    struct xcpu_cache *cache = cpu->cache;
    size_t size = sizeof(struct xcpu_block) +
                  (slots + XCPU_BLOCK_LINKS) * sizeof(struct xcpu_slot) + bytes;
    if (cache->arena && size <= XCPU_ARENA_BYTES - cache->arena_used)
        return (void *)(cache->arena->bytes + cache->arena_used);
    if (cache->arena_total >= ARENAS_MAX)
        xcpu_cache_clear(cpu);
    struct xcpu_arena *arena = xcpu_arena_new(cache->arena);
    if (!arena)
        return NULL;
    cache->arena = arena;
    cache->arena_used = 0;
    cache->arena_total += XCPU_ARENA_SIZE;
    return (void *)arena->bytes;
}

/* The entry of a page, or the free one that would become it. */
static struct xcpu_block_page *find_page(const struct xcpu_cache *cache,
                                         uint32_t page)
{
    uint32_t i = hash_of(page) & cache->pages_mask;
    while (cache->pages[i].state && cache->pages[i].page != page)
        i = (i + 1) & cache->pages_mask;
    return &cache->pages[i];
}

static int grow_pages(struct xcpu_cache *cache)
{
    struct xcpu_block_page *old = cache->pages;
    uint32_t old_mask = cache->pages_mask;
    struct xcpu_block_page *pages =
        calloc((old_mask + (size_t)1) * 2, sizeof(*pages));
    if (!pages)
        return XCPU_ERR_NOMEM;
    cache->pages = pages;
    cache->pages_mask = old_mask * 2 + 1;
    for (uint32_t i = 0; i <= old_mask; i++)
        if (old[i].state)
            *find_page(cache, old[i].page) = old[i];
    free(old);
    return 0;
}

static void grow_table(struct xcpu_cache *cache)
{
    size_t size = (cache->table_mask + (size_t)1) * 4;
    struct xcpu_block **table = calloc(size, sizeof(*table));
    if (!table)
        return; /* the old one still does, slower */
    for (uint32_t i = 0; i <= cache->table_mask; i++) {
        struct xcpu_block *block = cache->table[i];
        while (block) {
            struct xcpu_block *next = block->next;
            struct xcpu_block **head = &table[hash_of(block->eip) & (size - 1)];
            block->next = *head;
            *head = block;
            block = next;
        }
    }
    free(cache->table);
    cache->table = table;
    cache->table_mask = (uint32_t)size - 1;
}

int xcpu_block_insert(struct xcpu *cpu, struct xcpu_block *block,
                      const void *end, const uint32_t state[2])
{
    struct xcpu_cache *cache = cpu->cache;
    while (cache->pages_count + 2 > cache->pages_mask / 2)
        if (grow_pages(cache) < 0)
            return XCPU_ERR_NOMEM;
    if (cache->blocks > cache->table_mask)
        grow_table(cache);
    for (unsigned i = 0; i < block->pages; i++) {
        uint32_t page = (block->eip >> XCPU_PAGE_SHIFT) + i;
        struct xcpu_block_page *entry = find_page(cache, page % XCPU_PAGES);
        if (!entry->state)
            cache->pages_count++;
        if (!entry->blocks[0] && !entry->blocks[1]) {
            entry->page = page % XCPU_PAGES;
            entry->state = state[i]; /* not 0: watched or compared */
        }
        block->page_next[i] = entry->blocks[i];
        entry->blocks[i] = block;
    }
    struct xcpu_block **head =
        &cache->table[hash_of(block->eip) & cache->table_mask];
    block->next = *head;
    *head = block;
    cache->blocks++;
    *xcpu_block_heat(cpu, block->eip) = 0;
    size_t used = (size_t)((const char *)end - cache->arena->bytes);
    cache->arena_used = (used + 63) & ~(size_t)63;
    return 0;
}

uint32_t xcpu_block_page_state(const struct xcpu *cpu, uint32_t page)
{
    return find_page(cpu->cache, page)->state;
}

void xcpu_block_extend(struct xcpu *cpu, struct xcpu_block *block)
{
    uint32_t page = (block->eip >> XCPU_PAGE_SHIFT) + 1;
    struct xcpu_block_page *entry = find_page(cpu->cache, page);
    block->pages = 2;
    block->page_next[1] = entry->blocks[1];
    entry->blocks[1] = block;
}

static void unlink_to(struct xcpu_link *link)
{
    link->cost = XCPU_UNLINKED;
    link->to = NULL;
    link->next = NULL;
}

void xcpu_block_link(struct xcpu_block *block, struct xcpu_link *link)
{
    if (link->to) /* it was not followed because the cpu was stopped */
        return;
    link->to = block->slots;
    link->cost = block->insns;
    link->next = block->incoming;
    block->incoming = link;
}

void xcpu_block_jump(struct xcpu *cpu, struct xcpu_block *block)
{
    struct xcpu_jump *jump = &cpu->jumps[xcpu_jump_index(block->eip)];
    jump->eip = block->eip;
    jump->cost = block->insns;
    jump->to = block->slots;
}

/* Takes a link out of the list of the block it goes to. */
static void cut_link(struct xcpu_link *link)
{
    if (!link->to)
        return;
    struct xcpu_link **at = &xcpu_block_of(link->to)->incoming;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    unlink_to(link);
}

static void drop_from_pages(struct xcpu *cpu, struct xcpu_block *block)
{
    for (unsigned i = 0; i < block->pages; i++) {
        uint32_t page = (block->eip >> XCPU_PAGE_SHIFT) + i;
        struct xcpu_block_page *entry =
            find_page(cpu->cache, page % XCPU_PAGES);
        struct xcpu_block **at = &entry->blocks[i];
        while (*at && *at != block)
            at = &(*at)->page_next[i];
        if (*at)
            *at = block->page_next[i];
    }
}

void xcpu_block_drop(struct xcpu *cpu, struct xcpu_block *block)
{
    struct xcpu_cache *cache = cpu->cache;
    xcpu_jit_drop(cpu, block);
    drop_from_pages(cpu, block);
    struct xcpu_block **at =
        &cache->table[hash_of(block->eip) & cache->table_mask];
    while (*at != block)
        at = &(*at)->next;
    *at = block->next;
    cache->blocks--;
    for (unsigned i = 0; i < XCPU_BLOCK_LINKS; i++)
        cut_link(&block->links[i]);
    while (block->incoming) {
        struct xcpu_link *link = block->incoming;
        block->incoming = link->next;
        unlink_to(link);
    }
    unsigned index = xcpu_jump_index(block->eip);
    if (cpu->jumps[index].eip == block->eip)
        forget_jump(&cpu->jumps[index], index);
    if (cpu->link && cpu->link >= block->links &&
        cpu->link < block->links + XCPU_BLOCK_LINKS)
        cpu->link = NULL;
}

/* Whether most pages have changed, as when another program is executed. */
static int is_replaced(const struct xcpu *cpu)
{
    const struct xcpu_cache *cache = cpu->cache;
    uint32_t changed = 0;
    for (uint32_t i = 0; i <= cache->pages_mask; i++) {
        const struct xcpu_block_page *entry = &cache->pages[i];
        changed += entry->state &&
                   entry->state != xcpu_page_state(cpu->machine, entry->page);
    }
    return changed > cache->pages_count / 2;
}

void xcpu_cache_sweep(struct xcpu *cpu)
{
    struct xcpu_cache *cache = cpu->cache;
    if (is_replaced(cpu)) {
        xcpu_cache_clear(cpu);
        return;
    }
    for (uint32_t i = 0; i <= cache->pages_mask; i++) {
        struct xcpu_block_page *entry = &cache->pages[i];
        if (!entry->state)
            continue;
        uint32_t now = xcpu_page_state(cpu->machine, entry->page);
        if (now == entry->state)
            continue;
        for (unsigned half = 0; half < 2; half++)
            while (entry->blocks[half])
                xcpu_block_drop(cpu, entry->blocks[half]);
        entry->state = now;
    }
}

/* A translation may be of more than the block's own instructions. */
#define TRANSLATED_MAX 256

int xcpu_block_differs(const struct xcpu *cpu, uint32_t page,
                       const uint8_t *one, const uint8_t *other)
{
    const struct xcpu_block_page *entry = find_page(cpu->cache, page);
    if (!entry->state)
        return 0;
    for (unsigned half = 0; half < 2; half++) {
        const struct xcpu_block *block = entry->blocks[half];
        for (; block; block = block->page_next[half]) {
            uint32_t from = half ? 0 : block->eip % XCPU_PAGE_SIZE;
            uint32_t size = XCPU_PAGE_SIZE - from;
            if (size > TRANSLATED_MAX)
                size = TRANSLATED_MAX;
            if (memcmp(one + from, other + from, size) != 0)
                return 1;
        }
    }
    return 0;
}

int xcpu_block_any_compared(const struct xcpu *cpu)
{
    const struct xcpu_cache *cache = cpu->cache;
    for (uint32_t i = 0; i <= cache->pages_mask; i++)
        if (cache->pages[i].state & XCPU_PAGE_COMPARED)
            return 1;
    return 0;
}
