/* query.c -- asking what is mapped. */
/* SPDX-License-Identifier: MIT */

#include "space.h"

int gm_query(struct gm_space *space, gm_addr address, struct gm_mapping *region)
{
    int error = GM_ERR_FAULT;
    pthread_mutex_lock(&space->lock);
    size_t i = gm_intervals_find(&space->map, address);
    if (i < space->map.count) {
        const struct gm_interval *found = &space->map.items[i];
        *region = (struct gm_mapping){
            .address = found->start,
            .size = found->end - found->start,
            .prot = found->prot,
            .flags = found->flags,
            .fd = found->fd,
            .offset = found->fd >= 0 ? found->offset : 0,
            .tag = found->tag,
        };
        error = 0;
    }
    pthread_mutex_unlock(&space->lock);
    return error;
}

int gm_find_free(struct gm_space *space, gm_addr low, gm_addr high,
                 uint64_t size, uint64_t align, gm_addr *address)
{
    if (size == 0 || size % GM_PAGE_SIZE != 0 || align == 0 ||
        (align & (align - 1)) != 0)
        return GM_ERR_INVALID;
    if (align < GM_PAGE_SIZE)
        align = GM_PAGE_SIZE;
    if (high > space->size)
        high = space->size;
    pthread_mutex_lock(&space->lock);
    int found =
        gm_intervals_find_free(&space->map, low, high, size, align, address);
    pthread_mutex_unlock(&space->lock);
    return found ? 0 : GM_ERR_NOMEM;
}

uint64_t gm_accessible_size(struct gm_space *space, gm_addr address,
                            uint64_t size, unsigned prot)
{
    if (address >= space->size)
        return 0;
    if (size > space->size - address)
        size = space->size - address;
    pthread_mutex_lock(&space->lock);
    gm_addr reach =
        gm_intervals_reach(&space->map, address, address + size, prot);
    pthread_mutex_unlock(&space->lock);
    return reach - address;
}

int gm_is_accessible(struct gm_space *space, gm_addr address, uint64_t size,
                     unsigned prot)
{
    return gm_accessible_size(space, address, size, prot) == size;
}
