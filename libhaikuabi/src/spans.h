/* spans.h -- a sorted list of address ranges that do not overlap. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SPANS_H
#define HK_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct hk_span {
    uint32_t base, size; /* bytes; base + size does not wrap around */
};

/* Items of item_size bytes, each beginning with a struct hk_span. */
struct hk_spans {
    size_t item_size;
    uint32_t count, capacity;
    char *items;
};

/* Item number i, in order of addresses. */
void *hk_spans_at(const struct hk_spans *spans, uint32_t i);

/* The number of an item of the list. */
uint32_t hk_spans_index(const struct hk_spans *spans, const void *item);

/* Number of the first item that ends behind address; count when none. */
uint32_t hk_spans_after(const struct hk_spans *spans, uint32_t address);

/* 1 when an item touches the range. */
int hk_spans_overlap(const struct hk_spans *spans, uint32_t base,
                     uint32_t size);

/* Adds a copy of an item that overlaps no other. 0, or -1 without memory. */
int hk_spans_insert(struct hk_spans *spans, const void *item);

void hk_spans_remove(struct hk_spans *spans, uint32_t i);

/*
 * Takes a range out of the items: those inside go, those at its edges shrink,
 * one around it becomes two, alike but for their spans. Returns 1 when that
 * happened, 0 when not, -1 without memory and then nothing has changed.
 */
int hk_spans_cut(struct hk_spans *spans, uint32_t base, uint32_t size);

/* Lowest address at or above base with size free bytes below limit, free in
 * both lists (b may be NULL). 1 and *address, or 0. */
int hk_spans_find_free(const struct hk_spans *a, const struct hk_spans *b,
                       uint32_t base, uint32_t limit, uint32_t size,
                       uint32_t *address);

#endif
