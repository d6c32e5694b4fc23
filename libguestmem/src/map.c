/* map.c -- changing what is mapped: the interval map and the host as one. */
/* SPDX-License-Identifier: MIT */

#include "host.h"
#include "space.h"

/*
 * Each change here: room in the interval map first, since the host cannot be
 * asked to take a change back; then the page table, the host, the interval
 * map, and the watcher.
 */

/* After the host has refused: the interval map is right, but for what the
 * host may have lost on the way. */
static void take_back(struct gm_space *space, gm_addr start, gm_addr end)
{
    uint8_t *host = space->base + start;
    if (!gm_host_is_whole(host, end - start)) {
        gm_host_unmap(host, end - start);
        gm_intervals_remove(&space->map, start, end);
    }
    gm_pages_reload(space, start, end);
    gm_pages_settle(space, start, end);
}

static int check_mapping(const struct gm_space *space,
                         const struct gm_mapping *mapping)
{
    if ((mapping->prot & ~(unsigned)GM_PROT_ALL) != 0 ||
        (mapping->flags & ~(unsigned)(GM_MAP_REPLACE | GM_MAP_SHARED)) != 0 ||
        mapping->fd < -1)
        return GM_ERR_INVALID;
    if (mapping->fd >= 0 &&
        (mapping->offset % GM_PAGE_SIZE != 0 || mapping->offset > INT64_MAX ||
         mapping->size > INT64_MAX - mapping->offset))
        return GM_ERR_INVALID;
    return gm_check_pages(space, mapping->address, mapping->size);
}

/* The interval of a mapping; only private anonymous memory joins with what
 * another call has mapped next to it. */
static struct gm_interval interval_of(struct gm_space *space,
                                      const struct gm_mapping *mapping)
{
    int shared = (mapping->flags & GM_MAP_SHARED) != 0;
    return (struct gm_interval){
        .start = mapping->address,
        .end = mapping->address + mapping->size,
        .object = shared || mapping->fd >= 0 ? ++space->last_object : 0,
        .offset = mapping->fd >= 0 ? mapping->offset : 0,
        .tag = mapping->tag,
        .prot = mapping->prot,
        .flags = mapping->flags & GM_MAP_SHARED,
        .fd = mapping->fd,
    };
}

static int map_locked(struct gm_space *space, const struct gm_mapping *mapping)
{
    struct gm_interval new = interval_of(space, mapping);
    int is_in_use = gm_intervals_overlap(&space->map, new.start, new.end);
    if (is_in_use && !(mapping->flags & GM_MAP_REPLACE))
        return GM_ERR_EXISTS;
    if (gm_intervals_reserve(&space->map) < 0)
        return GM_ERR_NOMEM;

    uint8_t entry = gm_page_entry(&new);
    gm_pages_set(space, new.start, new.end, entry);
    int error = gm_host_map(space->base + new.start, mapping->size, new.prot,
                            new.flags &GM_MAP_SHARED, new.fd, new.offset);
    if (error < 0) {
        take_back(space, new.start, new.end);
    } else {
        gm_intervals_remove(&space->map, new.start, new.end);
        gm_intervals_insert(&space->map, &new);
        gm_pages_confirm(space, new.start, new.end, entry);
    }
    if (is_in_use)
        gm_tell(space, GM_EVENT_UNMAP, new.start, mapping->size);
    if (error == 0)
        gm_tell(space, GM_EVENT_MAP, new.start, mapping->size);
    return error;
}

/* Only who replaces may lose what was there. */
static void observe_map(const struct gm_space *space,
                        const struct gm_mapping *mapping, int error)
{
    int is_lost = error == GM_ERR_NOMEM && mapping->flags & GM_MAP_REPLACE;
    gm_observe_after(space, error < 0 ? GM_EVENT_UNMAP : GM_EVENT_MAP,
                     mapping->address,
                     error == 0 || is_lost ? mapping->size : 0);
}

int gm_map(struct gm_space *space, const struct gm_mapping *mapping)
{
    int error = check_mapping(space, mapping);
    if (error < 0)
        return error;
    gm_observe_before(space);
    pthread_mutex_lock(&space->lock);
    error = map_locked(space, mapping);
    pthread_mutex_unlock(&space->lock);
    observe_map(space, mapping, error);
    return error;
}

static int unmap_locked(struct gm_space *space, gm_addr start, gm_addr end)
{
    struct gm_intervals *map = &space->map;
    if (!gm_intervals_overlap(map, start, end))
        return 0;
    if (gm_intervals_reserve(map) < 0)
        return GM_ERR_NOMEM;

    /* Entries of holes are 0 already: do not touch the table there. */
    for (size_t i = gm_intervals_find(map, start);
         i < map->count && map->items[i].start < end; i++) {
        gm_addr from = map->items[i].start, to = map->items[i].end;
        gm_pages_set(space, from > start ? from : start, to < end ? to : end,
                     0);
    }
    int error = gm_host_unmap(space->base + start, end - start);
    if (error < 0)
        take_back(space, start, end);
    else
        gm_intervals_remove(map, start, end);
    gm_tell(space, GM_EVENT_UNMAP, start, end - start);
    return error;
}

int gm_unmap(struct gm_space *space, gm_addr address, uint64_t size)
{
    int error = gm_check_pages(space, address, size);
    if (error < 0)
        return error;
    gm_observe_before(space);
    pthread_mutex_lock(&space->lock);
    error = unmap_locked(space, address, address + size);
    pthread_mutex_unlock(&space->lock);
    gm_observe_after(space, GM_EVENT_UNMAP, address, error == 0 ? size : 0);
    return error;
}

int gm_space_clear(struct gm_space *space)
{
    return gm_unmap(space, 0, space->size);
}

static int protect_locked(struct gm_space *space, gm_addr start, gm_addr end,
                          unsigned prot)
{
    if (gm_intervals_reach(&space->map, start, end, 0) < end)
        return GM_ERR_FAULT;
    if (gm_intervals_reserve(&space->map) < 0)
        return GM_ERR_NOMEM;

    gm_pages_set_prot(space, start, end, prot);
    int error = gm_host_protect(space->base + start, end - start, prot);
    if (error < 0) {
        take_back(space, start, end);
    } else {
        gm_intervals_set_prot(&space->map, start, end, prot);
        gm_pages_confirm(space, start, end, (uint8_t)(GM_PAGE_MAPPED | prot));
    }
    gm_tell(space, GM_EVENT_PROTECT, start, end - start);
    return error;
}

int gm_protect(struct gm_space *space, gm_addr address, uint64_t size,
               unsigned prot)
{
    if ((prot & ~(unsigned)GM_PROT_ALL) != 0)
        return GM_ERR_INVALID;
    int error = gm_check_pages(space, address, size);
    if (error < 0)
        return error;
    gm_observe_before(space);
    pthread_mutex_lock(&space->lock);
    error = protect_locked(space, address, address + size, prot);
    pthread_mutex_unlock(&space->lock);
    gm_observe_after(space, GM_EVENT_PROTECT, address, error == 0 ? size : 0);
    return error;
}

static int discard_locked(struct gm_space *space, gm_addr start, gm_addr end)
{
    const struct gm_intervals *map = &space->map;
    int error;

    if (gm_intervals_reach(map, start, end, 0) < end)
        return GM_ERR_FAULT;
    if (gm_is_shared(space, start, end - start))
        return GM_ERR_INVALID;
    gm_pages_reload(space, start, end);
    error = gm_host_discard(space->base + start, end - start);
    gm_pages_settle(space, start, end);
    gm_tell(space, GM_EVENT_DISCARD, start, end - start);
    return error;
}

int gm_discard(struct gm_space *space, gm_addr address, uint64_t size)
{
    int error = gm_check_pages(space, address, size);
    if (error < 0)
        return error;
    gm_observe_before(space);
    pthread_mutex_lock(&space->lock);
    error = discard_locked(space, address, address + size);
    pthread_mutex_unlock(&space->lock);
    gm_observe_after(space, GM_EVENT_DISCARD, address, error == 0 ? size : 0);
    return error;
}

int gm_set_tag(struct gm_space *space, gm_addr address, uint64_t size,
               uint64_t tag)
{
    int error = gm_check_pages(space, address, size);
    if (error < 0)
        return error;
    pthread_mutex_lock(&space->lock);
    if (gm_intervals_reach(&space->map, address, address + size, 0) <
        address + size)
        error = GM_ERR_FAULT;
    else if (gm_intervals_reserve(&space->map) < 0)
        error = GM_ERR_NOMEM;
    else
        gm_intervals_set_tag(&space->map, address, address + size, tag);
    pthread_mutex_unlock(&space->lock);
    return error;
}

/* A piece of an interval. */
static int show_piece(struct gm_space *space, const struct gm_interval *map,
                      gm_addr start, gm_addr end, int fd, uint64_t offset)
{
    uint8_t *host = space->base + start;

    if (fd < 0)
        return gm_host_map_behind_end(host, end - start, map->prot);
    return gm_host_map(host, end - start, map->prot, map->flags & GM_MAP_SHARED,
                       fd, offset);
}

static int show_locked(struct gm_space *space, gm_addr start, gm_addr end,
                       int fd, uint64_t offset)
{
    const struct gm_intervals *map = &space->map;
    int error = 0;

    if (gm_intervals_reach(map, start, end, 0) < end)
        return GM_ERR_FAULT;
    for (size_t i = gm_intervals_find(map, start);
         error == 0 && i < map->count && map->items[i].start < end; i++) {
        const struct gm_interval *item = &map->items[i];
        gm_addr from = item->start > start ? item->start : start;

        error = show_piece(space, item, from, item->end < end ? item->end : end,
                           fd, offset + (from - start));
    }
    gm_pages_settle(space, start, end); /* watches */
    return error;
}

int gm_show(struct gm_space *space, gm_addr address, uint64_t size, int fd,
            uint64_t offset)
{
    int error = gm_check_pages(space, address, size);
    if (error < 0)
        return error;
    if (offset % GM_PAGE_SIZE != 0 || offset > INT64_MAX - size)
        return GM_ERR_INVALID;
    pthread_mutex_lock(&space->lock);
    error = show_locked(space, address, address + size, fd, offset);
    pthread_mutex_unlock(&space->lock);
    return error;
}
