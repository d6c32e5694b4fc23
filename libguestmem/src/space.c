/* space.c -- reserving and freeing a space, its lock and its watcher. */
/* SPDX-License-Identifier: MIT */

#include "space.h"

#include <stdlib.h>

#include "host.h"

int gm_space_new(unsigned bits, struct gm_space **space)
{
    if (bits < 20 || bits > 47)
        return GM_ERR_INVALID;
    if (!gm_host_fits())
        return GM_ERR_IO;
    struct gm_space *new = calloc(1, sizeof(*new));
    if (new == NULL)
        return GM_ERR_NOMEM;

    new->size = UINT64_C(1) << bits;
    new->base =
        gm_host_reserve(GM_GUARD_SIZE, new->size, GM_GUARD_SIZE, new->size);
    if (new->base == NULL)
        goto no_base;
    new->pages = gm_host_new(new->size / GM_PAGE_SIZE);
    if (new->pages == NULL)
        goto no_pages;
    if (pthread_mutex_init(&new->lock, NULL) != 0)
        goto no_lock;
    gm_intervals_init(&new->map);
    *space = new;
    return 0;

no_lock:
    gm_host_delete((void *)new->pages, new->size / GM_PAGE_SIZE);
no_pages:
    gm_host_delete(new->base - GM_GUARD_SIZE, new->size + 2 * GM_GUARD_SIZE);
no_base:
    free(new);
    return GM_ERR_NOMEM;
}

void gm_space_free(struct gm_space *space)
{
    if (space == NULL)
        return;
    gm_host_delete(space->base - GM_GUARD_SIZE,
                   space->size + 2 * GM_GUARD_SIZE);
    gm_host_delete((void *)space->pages, space->size / GM_PAGE_SIZE);
    gm_intervals_free(&space->map);
    pthread_mutex_destroy(&space->lock);
    free(space);
}

uint8_t *gm_space_base(const struct gm_space *space)
{
    return space->base;
}

uint64_t gm_space_size(const struct gm_space *space)
{
    return space->size;
}

void gm_space_before_fork(struct gm_space *space)
{
    pthread_mutex_lock(&space->lock);
    space->forking = 1;
}

void gm_space_after_fork(struct gm_space *space)
{
    if (space->forking) {
        space->forking = 0;
        pthread_mutex_unlock(&space->lock);
    } else {
        /* Its holder, if any, has not come along into the child. */
        pthread_mutex_init(&space->lock, NULL);
    }
}

int gm_check_pages(const struct gm_space *space, gm_addr address, uint64_t size)
{
    if (size == 0 || (size | address) % GM_PAGE_SIZE != 0)
        return GM_ERR_INVALID;
    return gm_in_space(space, address, size) ? 0 : GM_ERR_RANGE;
}

void gm_tell(struct gm_space *space, enum gm_event event, gm_addr address,
             uint64_t size)
{
    if (space->watcher != NULL)
        space->watcher(space->context, event, address, size);
}

void gm_set_watcher(struct gm_space *space, gm_watcher watcher, void *context)
{
    pthread_mutex_lock(&space->lock);
    space->watcher = watcher;
    space->context = context;
    pthread_mutex_unlock(&space->lock);
}

void gm_set_observer(struct gm_space *space, const struct gm_observer *observer,
                     void *context)
{
    space->observer = observer;
    space->observer_context = context;
}

int gm_is_observed(const struct gm_space *space)
{
    return space->observer != NULL;
}
