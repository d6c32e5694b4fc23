/* intervals.c -- disjoint ranges of addresses with attributes, in order. */
/* SPDX-License-Identifier: MIT */

#include "intervals.h"

#include <stdlib.h>
#include <string.h>

void gm_intervals_init(struct gm_intervals *map)
{
    memset(map, 0, sizeof(*map));
}

void gm_intervals_free(struct gm_intervals *map)
{
    free(map->items);
    gm_intervals_init(map);
}

static int grow(struct gm_intervals *map, size_t room)
{
    if (room > SIZE_MAX / sizeof(*map->items))
        return -1;
    struct gm_interval *items = realloc(map->items, room * sizeof(*map->items));
    if (items == NULL)
        return -1;
    map->items = items;
    map->room = room;
    return 0;
}

int gm_intervals_reserve(struct gm_intervals *map)
{
    /* Two splits are the most that a change adds before it removes. */
    if (map->room - map->count >= 2)
        return 0;
    return grow(map, map->room < 16 ? 32 : map->room * 2);
}

int gm_intervals_copy(struct gm_intervals *map, const struct gm_intervals *from)
{
    if (from->count > map->room && grow(map, from->count) < 0)
        return -1;
    if (from->count > 0)
        memcpy(map->items, from->items, from->count * sizeof(*map->items));
    map->count = from->count;
    return 0;
}

size_t gm_intervals_find(const struct gm_intervals *map, uint64_t address)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->items[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int gm_intervals_overlap(const struct gm_intervals *map, uint64_t start,
                         uint64_t end)
{
    size_t i = gm_intervals_find(map, start);
    return i < map->count && map->items[i].start < end;
}

uint64_t gm_intervals_reach(const struct gm_intervals *map, uint64_t start,
                            uint64_t end, uint32_t prot)
{
    size_t i = gm_intervals_find(map, start);
    while (start < end && i < map->count && map->items[i].start <= start &&
           (map->items[i].prot & prot) == prot) {
        start = map->items[i].end;
        i++;
    }
    return start < end ? start : end;
}

int gm_intervals_find_free(const struct gm_intervals *map, uint64_t low,
                           uint64_t high, uint64_t size, uint64_t align,
                           uint64_t *start)
{
    for (size_t i = gm_intervals_find(map, low);; i++) {
        if (low > UINT64_MAX - (align - 1))
            return 0;
        low = (low + align - 1) & ~(align - 1);
        if (low > high || high - low < size)
            return 0;
        uint64_t limit = i < map->count ? map->items[i].start : high;
        if (limit >= low && limit - low >= size) {
            *start = low;
            return 1;
        }
        if (i == map->count)
            return 0;
        if (map->items[i].end > low)
            low = map->items[i].end;
    }
}

static void open_gap(struct gm_intervals *map, size_t index)
{
    memmove(&map->items[index + 1], &map->items[index],
            (map->count - index) * sizeof(*map->items));
    map->count++;
}

static void close_gap(struct gm_intervals *map, size_t first, size_t last)
{
    memmove(&map->items[first], &map->items[last],
            (map->count - last) * sizeof(*map->items));
    map->count -= last - first;
}

/* Makes address a border; returns the index of what begins at or above it. */
static size_t split(struct gm_intervals *map, uint64_t address)
{
    size_t i = gm_intervals_find(map, address);
    if (i == map->count || map->items[i].start >= address)
        return i;
    open_gap(map, i);
    struct gm_interval *lower = &map->items[i], *upper = lower + 1;
    if (upper->object != 0)
        upper->offset += address - upper->start;
    lower->end = upper->start = address;
    return i + 1;
}

static int continues(const struct gm_interval *lower,
                     const struct gm_interval *upper)
{
    return lower->end == upper->start && lower->object == upper->object &&
           lower->prot == upper->prot && lower->tag == upper->tag &&
           (lower->object == 0 ||
            upper->offset - lower->offset == upper->start - lower->start);
}

/* Joins what has come to continue each other among [first - 1, last]. */
static void join(struct gm_intervals *map, size_t first, size_t last)
{
    if (first == 0)
        first = 1;
    if (last >= map->count)
        last = map->count - 1;
    size_t kept = first - 1, next = first;
    for (; map->count > 0 && next <= last; next++) {
        if (continues(&map->items[kept], &map->items[next]))
            map->items[kept].end = map->items[next].end;
        else
            map->items[++kept] = map->items[next];
    }
    if (kept + 1 < next)
        close_gap(map, kept + 1, next);
}

void gm_intervals_remove(struct gm_intervals *map, uint64_t start, uint64_t end)
{
    size_t first = split(map, start);
    close_gap(map, first, split(map, end));
}

void gm_intervals_insert(struct gm_intervals *map,
                         const struct gm_interval *interval)
{
    size_t i = gm_intervals_find(map, interval->start);
    open_gap(map, i);
    map->items[i] = *interval;
    join(map, i, i + 1);
}

void gm_intervals_set_prot(struct gm_intervals *map, uint64_t start,
                           uint64_t end, uint32_t prot)
{
    size_t first = split(map, start), last = split(map, end);
    for (size_t i = first; i < last; i++)
        map->items[i].prot = prot;
    join(map, first, last);
}

void gm_intervals_set_tag(struct gm_intervals *map, uint64_t start,
                          uint64_t end, uint64_t tag)
{
    size_t first = split(map, start), last = split(map, end);
    for (size_t i = first; i < last; i++)
        map->items[i].tag = tag;
    join(map, first, last);
}
