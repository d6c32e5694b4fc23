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

/*
 * In pieces that end where an aligned block does: a block does not cross a
 * page, so a piece faults only if the string, or what is to be read of it,
 * does. Looking for the NUL in the copy means that a guest changing its
 * string meanwhile cannot make two lengths of one.
 */
int gm_copy_string_in(struct gm_space *space, char *to, gm_addr from,
                      size_t size)
{
    enum { BLOCK = 64 };

    if (size > INT_MAX)
        size = INT_MAX;
    for (size_t done = 0; done < size;) {
        size_t piece = BLOCK - ((from + done) & (BLOCK - 1));
        if (piece > size - done)
            piece = size - done;
        if (gm_copy_in(space, to + done, from + done, piece) < 0)
            return GM_ERR_FAULT;
        const char *nul = memchr(to + done, 0, piece);
        if (nul != NULL)
            return (int)(nul - to);
        done += piece;
    }
    return GM_ERR_TOOLONG;
}
