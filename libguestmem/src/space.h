/* space.h -- a space from the inside, and its page table. */
/* SPDX-License-Identifier: MIT */
#ifndef GM_SPACE_H
#define GM_SPACE_H

#include <pthread.h>
#include <stdatomic.h>

#include "guestmem/guestmem.h"
#include "intervals.h"

#define GM_PROT_ALL (GM_PROT_READ | GM_PROT_WRITE | GM_PROT_EXEC)

/* An entry of the page table: these bits and the page's enum gm_prot. */
enum gm_page { GM_PAGE_MAPPED = 8, GM_PAGE_WATCHED = 16, GM_PAGE_SHARED = 32 };

struct gm_space {
    uint8_t *base;
    uint64_t size;
    _Atomic uint8_t *pages; /* one a page, for who may not take the lock */

    pthread_mutex_t lock; /* of everything below and of changes above */
    int forking;          /* whether gm_space_before_fork holds it */
    struct gm_intervals map;
    uint64_t last_object;
    gm_watcher watcher;
    void *context;

    const struct gm_observer *observer; /* not under the lock */
    void *observer_context;
};

/* Whether [address, address + size) is inside the space. */
static inline int gm_in_space(const struct gm_space *space, gm_addr address,
                              uint64_t size)
{
    return size <= space->size && address <= space->size - size;
}

static inline gm_addr gm_page_floor(gm_addr address)
{
    return address & ~(gm_addr)(GM_PAGE_SIZE - 1);
}

/* For addresses of a space, which are far from wrapping around. */
static inline gm_addr gm_page_ceiling(gm_addr address)
{
    return gm_page_floor(address + GM_PAGE_SIZE - 1);
}

/* 0, GM_ERR_INVALID when it is not one page or more, or GM_ERR_RANGE. */
int gm_check_pages(const struct gm_space *space, gm_addr address,
                   uint64_t size);

/* Tells the watcher, with the lock held. */
void gm_tell(struct gm_space *space, enum gm_event event, gm_addr address,
             uint64_t size);

/* Around what the observer is to know, without the lock. */
static inline void gm_observe_before(const struct gm_space *space)
{
    if (space->observer != NULL)
        space->observer->before(space->observer_context);
}

static inline void gm_observe_after(const struct gm_space *space,
                                    enum gm_event event, gm_addr address,
                                    uint64_t size)
{
    if (space->observer != NULL)
        space->observer->after(space->observer_context, event, address, size);
}

/*
 * The page table and the host's protections. The table leads: whoever changes
 * entries changes them first, then the host, then looks whether the entries
 * are still what the host was told, and if not tells it again. Of two that
 * meet on a page, the one to reach the host last sees both changes.
 */

/* The entry of a page of an interval that is not watched. */
static inline uint8_t gm_page_entry(const struct gm_interval *interval)
{
    return (uint8_t)(GM_PAGE_MAPPED | interval->prot |
                     (interval->flags & GM_MAP_SHARED ? GM_PAGE_SHARED : 0));
}

/* The protection the host is to have for an entry. */
unsigned gm_page_prot(uint8_t entry);

/* Sets the entries of whole pages, with the lock held. */
void gm_pages_set(struct gm_space *space, gm_addr start, gm_addr end,
                  uint8_t entry);

/* Gives mapped pages another protection and ends watches, with the lock
 * held. */
void gm_pages_set_prot(struct gm_space *space, gm_addr start, gm_addr end,
                       unsigned prot);

/* Sets them to what the interval map says, with the lock held. */
void gm_pages_reload(struct gm_space *space, gm_addr start, gm_addr end);

/* Brings the host's protections to the entries. Async-signal-safe. */
int gm_pages_settle(struct gm_space *space, gm_addr start, gm_addr end);

/* The same after the host was told entry, when that may be outdated. */
int gm_pages_confirm(struct gm_space *space, gm_addr start, gm_addr end,
                     uint8_t entry);

/* Whether any of them has GM_PAGE_WATCHED. */
int gm_pages_are_watched(struct gm_space *space, gm_addr start, gm_addr end);

/* Sets or clears GM_PAGE_WATCHED where pages are mapped. */
int gm_pages_watch(struct gm_space *space, gm_addr start, gm_addr end, int on);

#endif
