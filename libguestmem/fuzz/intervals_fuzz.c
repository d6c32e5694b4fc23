/* intervals_fuzz.c -- the interval map against an array of single addresses. */
/* SPDX-License-Identifier: MIT */

#include <stdlib.h>
#include <string.h>

#include "libguestmem/src/intervals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ADDRESSES = 64 };

/* One address; its place in its object is the address itself plus skew. */
struct cell {
    int used;
    uint32_t prot;
    uint64_t tag, object, skew;
};

static void require(int condition)
{
    if (!condition)
        abort();
}

static int continues(const struct cell *lower, const struct cell *upper)
{
    return lower->used && upper->used && lower->prot == upper->prot &&
           lower->tag == upper->tag && lower->object == upper->object &&
           lower->skew == upper->skew;
}

/* The intervals are exactly the longest runs of cells. */
static void compare(const struct gm_intervals *map, const struct cell *cells)
{
    size_t i = 0;
    for (uint64_t start = 0; start < ADDRESSES;) {
        const struct cell *cell = &cells[start];
        uint64_t end = start + 1;
        while (end < ADDRESSES && continues(cell, &cells[end]))
            end++;
        require(gm_intervals_overlap(map, start, start + 1) == cell->used);
        require(gm_intervals_find(map, start) == i);
        if (cell->used) {
            require(i < map->count);
            const struct gm_interval *at = &map->items[i++];
            require(at->start == start && at->end == end);
            require(at->prot == cell->prot && at->tag == cell->tag);
            require(at->object == cell->object);
            require(at->offset == (cell->object ? start + cell->skew : 0));
            start = end;
        } else {
            start++;
        }
    }
    require(i == map->count && i <= map->room);
}

static void check_reach(const struct gm_intervals *map,
                        const struct cell *cells, uint64_t start, uint64_t end,
                        uint32_t prot)
{
    uint64_t reach = start;
    while (reach < end && cells[reach].used &&
           (cells[reach].prot & prot) == prot)
        reach++;
    require(gm_intervals_reach(map, start, end, prot) == reach);
}

static void check_free(const struct gm_intervals *map, const struct cell *cells,
                       uint64_t low, uint64_t high, uint64_t size,
                       uint64_t align)
{
    uint64_t start = (low + align - 1) & ~(align - 1), found = 99;
    for (; start + size <= high; start += align) {
        uint64_t free = 0;
        while (free < size && !cells[start + free].used)
            free++;
        if (free == size)
            break;
    }
    int exists = start + size <= high;
    require(gm_intervals_find_free(map, low, high, size, align, &found) ==
            exists);
    require(found == (exists ? start : 99));
}

/* Steps of six bytes: what, where from, how far, and three for the rest. */
static void step(struct gm_intervals *map, struct cell *cells,
                 const uint8_t *bytes)
{
    uint64_t start = bytes[1] % ADDRESSES;
    uint64_t end = start + 1 + bytes[2] % (ADDRESSES - start);
    struct cell new = {1, bytes[3] % 4, bytes[4] % 3, bytes[5] % 3,
                       bytes[5] / 3 % 3};
    if (new.object == 0)
        new.skew = 0;

    require(gm_intervals_reserve(map) == 0);
    switch (bytes[0] % 6) {
    case 0:
        gm_intervals_remove(map, start, end);
        memset(&cells[start], 0, (end - start) * sizeof(*cells));
        break;
    case 1:
        gm_intervals_remove(map, start, end);
        gm_intervals_insert(map,
                            &(struct gm_interval){
                                .start = start,
                                .end = end,
                                .object = new.object,
                                .offset = new.object ? start + new.skew : 0,
                                .tag = new.tag,
                                .prot = new.prot,
                            });
        for (uint64_t at = start; at < end; at++)
            cells[at] = new;
        break;
    case 2:
        gm_intervals_set_prot(map, start, end, new.prot);
        for (uint64_t at = start; at < end; at++)
            if (cells[at].used)
                cells[at].prot = new.prot;
        break;
    case 3:
        gm_intervals_set_tag(map, start, end, new.tag);
        for (uint64_t at = start; at < end; at++)
            if (cells[at].used)
                cells[at].tag = new.tag;
        break;
    case 4:
        check_reach(map, cells, start, end, new.prot);
        break;
    default:
        check_free(map, cells, start, end, 1 + bytes[3] % 16,
                   UINT64_C(1) << bytes[4] % 5);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cell cells[ADDRESSES] = {{0, 0, 0, 0, 0}};
    struct gm_intervals map, copy;

    gm_intervals_init(&map);
    gm_intervals_init(&copy);
    for (; size >= 6; data += 6, size -= 6) {
        step(&map, cells, data);
        compare(&map, cells);
    }
    require(gm_intervals_copy(&copy, &map) == 0);
    compare(&copy, cells);
    gm_intervals_free(&copy);
    gm_intervals_free(&map);
    return 0;
}
