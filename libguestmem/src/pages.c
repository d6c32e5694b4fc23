/* pages.c -- the page table, and watching pages without a lock. */
/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "host.h"
#include "space.h"

static uint8_t load(struct gm_space *space, gm_addr page)
{
    return atomic_load_explicit(&space->pages[page / GM_PAGE_SIZE],
                                memory_order_acquire);
}

unsigned gm_page_prot(uint8_t entry)
{
    unsigned prot = entry & GM_PROT_ALL;
    if ((entry & GM_PAGE_WATCHED) && (prot & GM_PROT_WRITE))
        return (prot & ~(unsigned)GM_PROT_WRITE) | GM_PROT_READ;
    return prot;
}

void gm_pages_set(struct gm_space *space, gm_addr start, gm_addr end,
                  uint8_t entry)
{
    for (gm_addr page = start; page < end; page += GM_PAGE_SIZE)
        atomic_store_explicit(&space->pages[page / GM_PAGE_SIZE], entry,
                              memory_order_release);
}

void gm_pages_set_prot(struct gm_space *space, gm_addr start, gm_addr end,
                       unsigned prot)
{
    for (gm_addr page = start; page < end; page += GM_PAGE_SIZE)
        gm_pages_set(space, page, page + GM_PAGE_SIZE,
                     (uint8_t)(GM_PAGE_MAPPED | prot |
                               (load(space, page) & GM_PAGE_SHARED)));
}

void gm_pages_reload(struct gm_space *space, gm_addr start, gm_addr end)
{
    const struct gm_intervals *map = &space->map;
    gm_addr done = start;

    for (size_t i = gm_intervals_find(map, start); done < end; i++) {
        gm_addr from = end, to = end;
        uint8_t entry = 0;
        if (i < map->count && map->items[i].start < end) {
            from = map->items[i].start > done ? map->items[i].start : done;
            to = map->items[i].end < end ? map->items[i].end : end;
            entry = gm_page_entry(&map->items[i]);
        }
        gm_pages_set(space, done, from, 0);
        gm_pages_set(space, from, to, entry);
        done = to;
    }
}

/* End of the pages from start on that are to have its protection. */
static gm_addr run_end(struct gm_space *space, gm_addr start, gm_addr end)
{
    unsigned prot = gm_page_prot(load(space, start));
    gm_addr page = start + GM_PAGE_SIZE;
    while (page < end && gm_page_prot(load(space, page)) == prot)
        page += GM_PAGE_SIZE;
    return page;
}

static int is_run_of(struct gm_space *space, gm_addr start, gm_addr end,
                     unsigned prot)
{
    return gm_page_prot(load(space, start)) == prot &&
           run_end(space, start, end) == end;
}

int gm_pages_settle(struct gm_space *space, gm_addr start, gm_addr end)
{
    int error = 0;
    while (start < end) {
        unsigned prot = gm_page_prot(load(space, start));
        gm_addr stop = run_end(space, start, end);
        int result = gm_host_protect(space->base + start, stop - start, prot);
        if (result == 0 && !is_run_of(space, start, stop, prot))
            continue;
        if (result < 0)
            error = result;
        start = stop;
    }
    return error;
}

int gm_pages_confirm(struct gm_space *space, gm_addr start, gm_addr end,
                     uint8_t entry)
{
    if (is_run_of(space, start, end, gm_page_prot(entry)))
        return 0;
    return gm_pages_settle(space, start, end);
}

int gm_pages_are_watched(struct gm_space *space, gm_addr start, gm_addr end)
{
    for (gm_addr page = start; page < end; page += GM_PAGE_SIZE)
        if (load(space, page) & GM_PAGE_WATCHED)
            return 1;
    return 0;
}

/* Returns whether the host is to hear of it. */
static int set_watched(struct gm_space *space, gm_addr page, int on)
{
    _Atomic uint8_t *at = &space->pages[page / GM_PAGE_SIZE];
    uint8_t old = atomic_load_explicit(at, memory_order_acquire), new;
    do {
        if (!(old & GM_PAGE_MAPPED))
            return 0;
        new = (uint8_t)(on ? old | GM_PAGE_WATCHED : old & ~GM_PAGE_WATCHED);
    } while (!atomic_compare_exchange_weak_explicit(
        at, &old, new, memory_order_acq_rel, memory_order_acquire));
    return (new &GM_PROT_WRITE) != 0;
}

int gm_pages_watch(struct gm_space *space, gm_addr start, gm_addr end, int on)
{
    gm_addr first = end, last = start;
    for (gm_addr page = start; page < end; page += GM_PAGE_SIZE) {
        if (!set_watched(space, page, on))
            continue;
        if (first == end)
            first = page;
        last = page + GM_PAGE_SIZE;
    }
    return first < last ? gm_pages_settle(space, first, last) : 0;
}

int gm_is_shared(struct gm_space *space, gm_addr address, uint64_t size)
{
    if (!gm_in_space(space, address, size))
        return 0;
    for (gm_addr page = gm_page_floor(address); page < address + size;
         page += GM_PAGE_SIZE)
        if (load(space, page) & GM_PAGE_SHARED)
            return 1;
    return 0;
}

int gm_watch_writes(struct gm_space *space, gm_addr address, uint64_t size,
                    int on)
{
    if (!gm_in_space(space, address, size))
        return GM_ERR_RANGE;
    gm_addr start = gm_page_floor(address);
    gm_addr end = size > 0 ? gm_page_ceiling(address + size) : start;

    for (gm_addr page = start; page < end; page += GM_PAGE_SIZE)
        if (!(load(space, page) & GM_PAGE_MAPPED))
            return GM_ERR_FAULT;

    int saved = errno;
    int error = gm_pages_watch(space, start, end, on);
    if (error < 0 && on)
        gm_pages_watch(space, start, end, 0);
    errno = saved;
    return error;
}
