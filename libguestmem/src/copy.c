/* copy.c -- between guest and host memory. */
/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "access.h"
#include "space.h"

static struct gm_access access_of(const struct gm_space *space, gm_addr address,
                                  size_t size)
{
    uintptr_t start = (uintptr_t)space->base + address;
    return (struct gm_access){.start = start, .end = start + size};
}

int gm_copy_in(struct gm_space *space, void *to, gm_addr from, size_t size)
{
    if (size == 0)
        return 0;
    if (!gm_in_space(space, from, size))
        return GM_ERR_FAULT;
    struct gm_access access = access_of(space, from, size);
    if (gm_access_copy(to, space->base + from, size, &access) > 0)
        return GM_ERR_FAULT;
    return 0;
}

/* From a page on that is not writable nothing will be stored: what is cached
 * from there stays right, and watched. */
int gm_prepare_store(struct gm_space *space, gm_addr address, uint64_t size)
{
    if (size == 0)
        return 0;
    if (!gm_in_space(space, address, size))
        return GM_ERR_FAULT;

    int error = 0;
    pthread_mutex_lock(&space->lock);
    gm_addr reach =
        gm_intervals_reach(&space->map, address, address + size, GM_PROT_WRITE);
    if (reach < address + size)
        error = GM_ERR_FAULT;
    gm_addr start = gm_page_floor(address), end = gm_page_ceiling(reach);
    if (reach > address && gm_pages_are_watched(space, start, end)) {
        gm_pages_watch(space, start, end, 0);
        gm_tell(space, GM_EVENT_STORE, start, end - start);
    }
    pthread_mutex_unlock(&space->lock);
    return error;
}

/* A store that has to go on behind watched pages. */
struct store {
    gm_addr to;
    const uint8_t *from; /* NULL: byte, again and again */
    int byte;
    size_t size;
    unsigned tries; /* since a byte was stored */
};

/*
 * After a fault with left bytes to go: 0 to try again, or GM_ERR_FAULT. Where
 * all may be stored to, a watch was in the way. Other threads may set it again
 * before the store has come through: that a try runs into one is possible,
 * that sixty-four do so is no reason to wait for more.
 */
static int store_again(struct gm_space *space, struct store *store, size_t left,
                       const struct gm_access *access)
{
    if (access->is_bus)
        return GM_ERR_FAULT;
    store->tries = left < store->size ? 0 : store->tries + 1;
    if (store->tries > 64)
        return GM_ERR_FAULT;
    if (store->from != NULL)
        store->from += store->size - left;
    store->to += store->size - left;
    store->size = left;
    return gm_prepare_store(space, store->to, left);
}

static int store_all(struct gm_space *space, struct store *store)
{
    for (;;) {
        struct gm_access access = access_of(space, store->to, store->size);
        uint8_t *host = space->base + store->to;
        size_t left =
            store->from != NULL
                ? gm_access_copy(host, store->from, store->size, &access)
                : gm_access_fill(host, store->byte, store->size, &access);
        if (left == 0)
            return 0;
        if (store_again(space, store, left, &access) < 0)
            return GM_ERR_FAULT;
    }
}

static int run_store(struct gm_space *space, const struct store *store)
{
    struct store rest = *store;
    if (store->size == 0)
        return 0;
    if (!gm_in_space(space, store->to, store->size))
        return GM_ERR_FAULT;
    gm_observe_before(space);
    int error = store_all(space, &rest);
    /* Bytes before a fault may have been stored. */
    gm_observe_after(space, GM_EVENT_STORE, store->to, store->size);
    return error;
}

int gm_copy_out(struct gm_space *space, gm_addr to, const void *from,
                size_t size)
{
    struct store store = {.to = to, .from = from, .size = size};
    return run_store(space, &store);
}

int gm_fill(struct gm_space *space, gm_addr to, int byte, size_t size)
{
    struct store store = {.to = to, .byte = byte, .size = size};
    return run_store(space, &store);
}

static int exchange(struct gm_space *space, gm_addr address, uint32_t *expected,
                    uint32_t desired)
{
    struct store store = {.to = address, .size = sizeof(desired)};
    uint32_t found = *expected;
    for (;;) {
        struct gm_access access = access_of(space, address, sizeof(desired));
        size_t left =
            gm_access_exchange((uint32_t *)(void *)(space->base + address),
                               &found, desired, &access);
        if (left == 0)
            break;
        if (store_again(space, &store, left, &access) < 0)
            return GM_ERR_FAULT;
    }
    int stored = found == *expected;
    *expected = found;
    return stored;
}

int gm_compare_exchange(struct gm_space *space, gm_addr address,
                        uint32_t *expected, uint32_t desired)
{
    if (address % sizeof(desired) != 0)
        return GM_ERR_INVALID;
    if (!gm_in_space(space, address, sizeof(desired)))
        return GM_ERR_FAULT;
    gm_observe_before(space);
    int result = exchange(space, address, expected, desired);
    gm_observe_after(space, GM_EVENT_STORE, address,
                     result == 1 ? sizeof(desired) : 0);
    return result;
}

int gm_copy_string_in(struct gm_space *space, char *to, gm_addr from,
                      size_t size)
{
    if (size > INT_MAX)
        size = INT_MAX;
    size_t room = from < space->size ? space->size - from : 0;
    if (room > size)
        room = size;
    struct gm_access access = access_of(space, from, room);
    size_t length =
        gm_access_string(to, (const char *)access.start, room, &access);
    if (length < room)
        return (int)length;
    return length == size ? GM_ERR_TOOLONG : GM_ERR_FAULT;
}
