/* intervals.h -- disjoint ranges of addresses with attributes, in order. */
/* SPDX-License-Identifier: MIT */
#ifndef GM_INTERVALS_H
#define GM_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

/* [start, end) with what gm_map was given for it. */
struct gm_interval {
    uint64_t start;
    uint64_t end;
    uint64_t object; /* of which call of gm_map; 0: private and anonymous */
    uint64_t offset; /* of start in the object; 0 when object is 0 */
    uint64_t tag;
    uint32_t prot;
    uint32_t flags;
    int fd;
};

/*
 * A sorted array: a look-up is a binary search, a change moves what is behind
 * it, which for the few thousand regions of a program costs less than the
 * host's system call next to it. Neighbours that continue each other are
 * always one interval. Not thread-safe.
 */
struct gm_intervals {
    struct gm_interval *items;
    size_t count;
    size_t room;
};

void gm_intervals_init(struct gm_intervals *map);
void gm_intervals_free(struct gm_intervals *map);

/* Makes room for any one of the changes below, or a remove and an insert of
 * the same range, which then cannot fail. 0, or -1 without memory. */
int gm_intervals_reserve(struct gm_intervals *map);

/* Becomes a copy of from. 0, or -1 without memory. */
int gm_intervals_copy(struct gm_intervals *map,
                      const struct gm_intervals *from);

/* Index of the first interval that ends above address; count if none. */
size_t gm_intervals_find(const struct gm_intervals *map, uint64_t address);

/* Whether an interval shares an address with [start, end). */
int gm_intervals_overlap(const struct gm_intervals *map, uint64_t start,
                         uint64_t end);

/* End of the part of [start, end) that begins at start, has no hole, and has
 * all bits of prot. */
uint64_t gm_intervals_reach(const struct gm_intervals *map, uint64_t start,
                            uint64_t end, uint32_t prot);

/* Lowest start of size free addresses, aligned, in [low, high). 1 or 0. */
int gm_intervals_find_free(const struct gm_intervals *map, uint64_t low,
                           uint64_t high, uint64_t size, uint64_t align,
                           uint64_t *start);

/* Changes; each needs gm_intervals_reserve before it. */
void gm_intervals_remove(struct gm_intervals *map, uint64_t start,
                         uint64_t end);
/* Into free addresses. */
void gm_intervals_insert(struct gm_intervals *map,
                         const struct gm_interval *interval);
void gm_intervals_set_prot(struct gm_intervals *map, uint64_t start,
                           uint64_t end, uint32_t prot);
void gm_intervals_set_tag(struct gm_intervals *map, uint64_t start,
                          uint64_t end, uint64_t tag);

#endif
