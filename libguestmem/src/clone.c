/* clone.c -- a second space like the first. */
/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "access.h"
#include "host.h"
#include "space.h"

static int is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, GM_PAGE_SIZE - 1) == 0;
}

/* A page of anonymous memory cannot fault; reading one that was never
 * written costs the host nothing but time, writing zeros would. */
static void copy_anonymous(const struct gm_host_census *census,
                           const uint8_t *from, uint8_t *to, uint64_t size)
{
    enum { AT_ONCE = 1024 };
    uint8_t touched[AT_ONCE];

    while (size > 0) {
        size_t pages = size / GM_PAGE_SIZE;
        if (pages > AT_ONCE)
            pages = AT_ONCE;
        gm_host_census_take(census, from, pages, touched);
        for (size_t i = 0; i < pages; i++) {
            size_t at = i * GM_PAGE_SIZE;
            if (touched[i] && !is_zero(from + at))
                memcpy(to + at, from + at, GM_PAGE_SIZE);
        }
        from += pages * GM_PAGE_SIZE;
        to += pages * GM_PAGE_SIZE;
        size -= pages * GM_PAGE_SIZE;
    }
}

/* Of a file that has become shorter, the copy faults where it does. */
static int copy_file(const uint8_t *from, uint8_t *to, uint64_t size)
{
    for (uint64_t at = 0; at < size; at += GM_PAGE_SIZE) {
        struct gm_access access = {.start = (uintptr_t)(from + at),
                                   .end =
                                       (uintptr_t)(from + at) + GM_PAGE_SIZE};
        if (gm_access_copy(to + at, from + at, GM_PAGE_SIZE, &access) == 0)
            continue;
        int error =
            gm_host_map_behind_end(to + at, GM_PAGE_SIZE, GM_PROT_WRITE);
        if (error < 0)
            return error;
    }
    return 0;
}

static int copy_private(struct gm_space *space, struct gm_space *copy,
                        const struct gm_interval *region,
                        const struct gm_host_census *census)
{
    uint8_t *from = space->base + region->start;
    uint8_t *to = copy->base + region->start;
    uint64_t size = region->end - region->start;
    int is_readable = gm_page_prot((uint8_t)region->prot) != GM_PROT_NONE;

    int error = gm_host_map(to, size, GM_PROT_WRITE, 0, -1, 0);
    if (error == 0 && !is_readable)
        error = gm_host_protect(from, size, GM_PROT_READ);
    if (error == 0 && region->fd >= 0)
        error = copy_file(from, to, size);
    else if (error == 0)
        copy_anonymous(census, from, to, size);
    if (!is_readable)
        gm_pages_settle(space, region->start, region->end);
    if (error == 0 && !(region->prot & GM_PROT_WRITE))
        error = gm_host_protect(to, size, region->prot);
    return error;
}

static int copy_region(struct gm_space *space, struct gm_space *copy,
                       const struct gm_interval *region,
                       const struct gm_host_census *census)
{
    gm_pages_set(copy, region->start, region->end, gm_page_entry(region));
    if (region->flags & GM_MAP_SHARED)
        return gm_host_alias(space->base + region->start,
                             copy->base + region->start,
                             region->end - region->start, region->prot);
    return copy_private(space, copy, region, census);
}

static int copy_regions(struct gm_space *space, struct gm_space *copy)
{
    struct gm_host_census census;
    int error = 0;

    gm_host_census_open(&census);
    for (size_t i = 0; error == 0 && i < space->map.count; i++)
        error = copy_region(space, copy, &space->map.items[i], &census);
    gm_host_census_close(&census);
    if (error == 0 && gm_intervals_copy(&copy->map, &space->map) < 0)
        error = GM_ERR_NOMEM;
    copy->last_object = space->last_object;
    return error;
}

int gm_space_clone(struct gm_space *space, struct gm_space **copy)
{
    struct gm_space *new;
    unsigned bits = 0;

    while (UINT64_C(1) << bits < space->size)
        bits++;
    int error = gm_space_new(bits, &new);
    if (error < 0)
        return error;
    pthread_mutex_lock(&space->lock);
    error = copy_regions(space, new);
    pthread_mutex_unlock(&space->lock);
    if (error < 0)
        gm_space_free(new);
    else
        *copy = new;
    return error;
}
