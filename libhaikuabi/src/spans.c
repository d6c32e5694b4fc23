/* spans.c -- a sorted list of address ranges that do not overlap. */
/* SPDX-License-Identifier: MIT */
#include "spans.h"

#include <stdlib.h>
#include <string.h>

static uint32_t end_of(const struct hk_span *span)
{
    return span->base + span->size;
}

void *hk_spans_at(const struct hk_spans *spans, uint32_t i)
{
    return spans->items + i * spans->item_size;
}

uint32_t hk_spans_index(const struct hk_spans *spans, const void *item)
{
    return (uint32_t)((size_t)((const char *)item - spans->items) /
                      spans->item_size);
}

uint32_t hk_spans_after(const struct hk_spans *spans, uint32_t address)
{
    uint32_t low = 0, high = spans->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (end_of(hk_spans_at(spans, middle)) > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int hk_spans_overlap(const struct hk_spans *spans, uint32_t base, uint32_t size)
{
    uint32_t i = hk_spans_after(spans, base);
    const struct hk_span *span;

    if (i == spans->count)
        return 0;
    span = hk_spans_at(spans, i);
    return span->base < base || span->base - base < size;
}

static int make_room(struct hk_spans *spans)
{
    uint32_t capacity = spans->capacity * 2 + 16;
    char *items;

    if (spans->count < spans->capacity)
        return 0;
    items = realloc(spans->items, capacity * spans->item_size);
    if (items == NULL)
        return -1;
    spans->items = items;
    spans->capacity = capacity;
    return 0;
}

int hk_spans_insert(struct hk_spans *spans, const void *item)
{
    const struct hk_span *span = item;
    uint32_t i = hk_spans_after(spans, span->base);
    char *at;

    if (make_room(spans) < 0)
        return -1;
    at = hk_spans_at(spans, i);
    memmove(at + spans->item_size, at, (spans->count - i) * spans->item_size);
    memcpy(at, item, spans->item_size);
    spans->count++;
    return 0;
}

void hk_spans_remove(struct hk_spans *spans, uint32_t i)
{
    char *at = hk_spans_at(spans, i);

    spans->count--;
    memmove(at, at + spans->item_size, (spans->count - i) * spans->item_size);
}

/* Duplicates item i, which lies around the range, and trims both copies. */
static int split(struct hk_spans *spans, uint32_t i, uint32_t base,
                 uint32_t size)
{
    struct hk_span *left, *right;
    char *at;

    if (make_room(spans) < 0)
        return -1;
    at = hk_spans_at(spans, i);
    memmove(at + spans->item_size, at, (spans->count - i) * spans->item_size);
    spans->count++;
    left = hk_spans_at(spans, i);
    right = hk_spans_at(spans, i + 1);
    right->size = end_of(left) - (base + size);
    right->base = base + size;
    left->size = base - left->base;
    return 1;
}

int hk_spans_cut(struct hk_spans *spans, uint32_t base, uint32_t size)
{
    uint32_t i = hk_spans_after(spans, base);

    while (i < spans->count) {
        struct hk_span *span = hk_spans_at(spans, i);
        uint32_t end = end_of(span);

        if (span->base >= base && span->base - base >= size)
            break;
        if (span->base < base && end - base > size)
            return split(spans, i, base, size);
        if (span->base < base) {
            span->size = base - span->base;
            i++;
        } else if (end - base > size) {
            span->base = base + size;
            span->size = end - span->base;
            break;
        } else {
            hk_spans_remove(spans, i);
        }
    }
    return 0;
}

/* The end of whatever holds a byte of the range, 0 when it is free. *i: an item
 * at or before the first that ends behind base, which it becomes. */
static uint32_t blocked_until(const struct hk_spans *spans, uint32_t *i,
                              uint32_t base, uint32_t size)
{
    for (; spans != NULL && *i < spans->count; ++*i) {
        const struct hk_span *span = hk_spans_at(spans, *i);

        if (end_of(span) > base)
            return span->base < base || span->base - base < size ? end_of(span)
                                                                 : 0;
    }
    return 0;
}

int hk_spans_find_free(const struct hk_spans *a, const struct hk_spans *b,
                       uint32_t base, uint32_t limit, uint32_t size,
                       uint32_t *address)
{
    uint32_t in_a = hk_spans_after(a, base);
    uint32_t in_b = b != NULL ? hk_spans_after(b, base) : 0;

    while (base <= limit && size <= limit - base) {
        uint32_t until_a = blocked_until(a, &in_a, base, size);
        uint32_t until_b = blocked_until(b, &in_b, base, size);

        if (until_a == 0 && until_b == 0) {
            *address = base;
            return 1;
        }
        base = until_a > until_b ? until_a : until_b;
    }
    return 0;
}
