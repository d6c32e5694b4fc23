/* shared_items.c -- taking items of the shared file, and giving them back. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "shared_file.h"

/* later: how many items lie free before one is used again; kept: how many at
 * the end are the kernel's own. */
static const struct {
    size_t at, size;
    uint32_t limit, later, kept;
} pools[HK_POOL_COUNT] = {
#define POOL_OF(name, later, kept)                                             \
    {                                                                          \
        offsetof(struct hk_shared_file, name),                                 \
            sizeof(((struct hk_shared_file *)0)->name[0]),                     \
            sizeof(((struct hk_shared_file *)0)->name) /                       \
                sizeof(((struct hk_shared_file *)0)->name[0]),                 \
            later, kept                                                        \
    }
#define POOL(name, later) POOL_OF(name, later, 0)
    [HK_POOL_TEAMS] = POOL_OF(teams, 0, 1),
    [HK_POOL_WAITERS] = POOL(waiters, 0),
    [HK_POOL_WATCHES] = POOL(watches, 0),
    [HK_POOL_SEMS] = POOL(sems, 1024),
    [HK_POOL_PORTS] = POOL(ports, 256),
    [HK_POOL_NAMED_SEMS] = POOL(named_sems, 0),
    [HK_POOL_SEM_OPENS] = POOL(sem_opens, 0),
    [HK_POOL_AREAS] = POOL(areas, 1024),
    [HK_POOL_THREADS] = POOL_OF(threads, 0, 1),
    [HK_POOL_IMAGES] = POOL(images, 256),
    [HK_POOL_REQUESTS] = POOL(requests, 0),
    [HK_POOL_XSI_SETS] = POOL(xsi_sets, 64),
    [HK_POOL_XSI_UNDOS] = POOL(xsi_undos, 0),
    [HK_POOL_XSI_QUEUES] = POOL(xsi_queues, 64),
    [HK_POOL_SYSTEM_WATCHES] = POOL(system_watches, 0),
    [HK_POOL_NODE_LOCKS] = POOL(node_locks, 0),
    [HK_POOL_EVENT_QUEUES] = POOL(event_queues, 64),
    [HK_POOL_EVENT_ENTRIES] = POOL(event_entries, 0),
    [HK_POOL_SOCKETS] = POOL(sockets, 0),
#undef POOL
#undef POOL_OF
};

/* ---- items ---- */

void *hk_item(const struct hk_shared *shared, enum hk_pool pool, uint32_t index)
{
    if (index == 0 || index >= pools[pool].limit)
        return NULL;
    return (uint8_t *)shared->file + pools[pool].at + index * pools[pool].size;
}

uint32_t hk_item_new(struct hk_shared *shared, enum hk_pool pool)
{
    struct hk_free_list *list = &shared->file->pools[pool];
    uint32_t fresh = list->fresh == 0 ? 1 : list->fresh;
    uint32_t index = list->first;
    uint32_t end = pools[pool].limit - pools[pool].kept;
    const uint32_t *next = hk_item(shared, pool, index);

    if (next == NULL || (list->count <= pools[pool].later && fresh < end)) {
        if (fresh >= end)
            return 0;
        hk_put(shared, &list->fresh, fresh + 1);
        return fresh;
    }
    hk_put(shared, &list->first, *next);
    hk_put(shared, &list->count, list->count - 1);
    if (*next == 0)
        hk_put(shared, &list->last, 0);
    return index;
}

void hk_item_free(struct hk_shared *shared, enum hk_pool pool, uint32_t index)
{
    struct hk_free_list *list = &shared->file->pools[pool];
    uint32_t *next = hk_item(shared, pool, index);
    uint32_t *last = hk_item(shared, pool, list->last);

    if (next == NULL)
        return;
    hk_put(shared, next, 0);
    hk_put(shared, last != NULL ? last : &list->first, index);
    hk_put(shared, &list->last, index);
    hk_put(shared, &list->count, list->count + 1);
}

uint32_t hk_item_end(const struct hk_shared *shared, enum hk_pool pool)
{
    uint32_t fresh = shared->file->pools[pool].fresh;

    return fresh < pools[pool].limit ? fresh : pools[pool].limit;
}

uint32_t hk_items_used(const struct hk_shared *shared, enum hk_pool pool)
{
    const struct hk_free_list *list = &shared->file->pools[pool];

    return pools[pool].kept +
           (list->fresh == 0 ? 0 : list->fresh - 1 - list->count);
}

int32_t hk_make_id(enum hk_pool pool, uint32_t index, uint32_t generation)
{
    return (int32_t)((generation * pools[pool].limit + index) & INT32_MAX);
}

/* The limits of pools with ids are powers of two. */
uint32_t hk_id_index(enum hk_pool pool, int32_t id)
{
    return id <= 0 ? 0 : (uint32_t)id & (pools[pool].limit - 1);
}

/* ---- chunks ---- */

struct hk_chunk *hk_chunk(const struct hk_shared *shared, uint32_t index)
{
    if (index == 0 || index >= HK_CHUNKS_MAX)
        return NULL;
    return &shared->file->chunks[index];
}

/* A chain of chunks that were never used before. */
static uint32_t take_fresh(struct hk_shared *shared, uint32_t count)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    uint32_t first = list->fresh == 0 ? 1 : list->fresh;

    if (count > HK_CHUNKS_MAX - first)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        hk_chunk(shared, first + i)->next = i + 1 < count ? first + i + 1 : 0;
    hk_put(shared, &list->fresh, first + count);
    return first;
}

uint32_t hk_chunks_new(struct hk_shared *shared, uint32_t count)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    struct hk_chunk *last = NULL;
    uint32_t first = list->first, next = list->first, taken = 0;
    uint32_t rest = 0;

    while (taken < count && hk_chunk(shared, next) != NULL) {
        last = hk_chunk(shared, next);
        next = last->next;
        taken++;
    }
    if (taken < count) {
        rest = take_fresh(shared, count - taken);
        if (rest == 0)
            return 0;
    }
    if (taken == 0)
        return rest;
    hk_put(shared, &list->first, next);
    hk_put(shared, &last->next, rest);
    return first;
}

void hk_chunks_free(struct hk_shared *shared, uint32_t first)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    struct hk_chunk *last = hk_chunk(shared, first);

    if (last == NULL)
        return;
    for (uint32_t i = 0; i < HK_CHUNKS_MAX && last->next != 0; i++) {
        struct hk_chunk *next = hk_chunk(shared, last->next);

        if (next == NULL)
            break;
        last = next;
    }
    hk_put(shared, &last->next, list->first);
    hk_put(shared, &list->first, first);
    while (hk_queue_wake(shared, &shared->file->space_queue, HK_B_OK))
        continue;
}

uint32_t hk_chunk_count(uint32_t size)
{
    return (size + HK_CHUNK_DATA - 1) / HK_CHUNK_DATA;
}

void hk_chunks_write(const struct hk_shared *shared, uint32_t first,
                     const void *from, uint32_t size)
{
    struct hk_chunk *chunk = hk_chunk(shared, first);

    for (uint32_t at = 0; chunk != NULL && at < size; at += HK_CHUNK_DATA) {
        uint32_t part = size - at < HK_CHUNK_DATA ? size - at : HK_CHUNK_DATA;

        memcpy(chunk->u.bytes, (const uint8_t *)from + at, part);
        chunk = hk_chunk(shared, chunk->next);
    }
}

void hk_chunks_read(const struct hk_shared *shared, uint32_t first, void *to,
                    uint32_t size)
{
    const struct hk_chunk *chunk = hk_chunk(shared, first);

    for (uint32_t at = 0; chunk != NULL && at < size; at += HK_CHUNK_DATA) {
        uint32_t part = size - at < HK_CHUNK_DATA ? size - at : HK_CHUNK_DATA;

        memcpy((uint8_t *)to + at, chunk->u.bytes, part);
        chunk = hk_chunk(shared, chunk->next);
    }
}

/* ---- sets of teams ---- */

enum { TEAMS_A_WORD = 32 };

void hk_team_set_put(struct hk_shared *shared, struct hk_team_set *set,
                     uint32_t team, int is_in)
{
    uint32_t *word = &set->words[team / TEAMS_A_WORD];
    uint32_t bit = 1u << team % TEAMS_A_WORD;

    hk_put(shared, word, is_in ? *word | bit : *word & ~bit);
}

int hk_team_set_has(const struct hk_team_set *set, uint32_t team)
{
    return set->words[team / TEAMS_A_WORD] >> team % TEAMS_A_WORD & 1;
}

int hk_team_set_has_any(const struct hk_team_set *set)
{
    uint32_t any = 0;

    for (size_t i = 0; i < sizeof(set->words) / sizeof(set->words[0]); i++)
        any |= set->words[i];
    return any != 0;
}

/* ---- what there is one of ---- */

struct hk_queue *hk_space_queue(const struct hk_shared *shared)
{
    return &shared->file->space_queue;
}

struct hk_queue *hk_word_queue(const struct hk_shared *shared)
{
    return &shared->file->word_queue;
}

struct hk_settings *hk_shared_settings(const struct hk_shared *shared)
{
    return &shared->file->settings;
}

struct hk_syslog *hk_shared_syslog(const struct hk_shared *shared)
{
    return &shared->file->syslog;
}

struct hk_pty *hk_shared_ptys(const struct hk_shared *shared)
{
    return shared->file->ptys;
}
