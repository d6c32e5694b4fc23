/* guestmem.h -- an address space for a guest, inside the host's. */
/* SPDX-License-Identifier: MIT */
#ifndef GUESTMEM_GUESTMEM_H
#define GUESTMEM_GUESTMEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A space is one window of host addresses: guest address A is host address
 * base + A, the whole window is reserved, aligned to its size and guarded on
 * both sides. Pages carry the host's own protection. All functions may be
 * called from any thread.
 */
struct gm_space;

typedef uint64_t gm_addr; /* a guest address, in bytes */

#define GM_PAGE_SIZE 4096u

/* Results below zero. X(NAME, value, text). */
#define GM_ERRORS(X)                                                           \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid argument")                                         \
    X(RANGE, -3, "address range outside the space")                            \
    X(EXISTS, -4, "address range in use")                                      \
    X(FAULT, -5, "guest memory is not accessible")                             \
    X(TOOLONG, -6, "string is not terminated in time")                         \
    X(IO, -7, "the host refused the mapping")

enum gm_error {
#define X(name, value, text) GM_ERR_##name = (value),
    GM_ERRORS(X)
#undef X
};

/* Text of a GM_ERR_* value; never NULL. */
const char *gm_error_text(int error);

enum gm_prot {
    GM_PROT_NONE = 0,
    GM_PROT_READ = 1,
    GM_PROT_WRITE = 2,
    GM_PROT_EXEC = 4 /* known to the guest; never executable on the host */
};

/* Reserves a space of 2^bits bytes (bits: 20..47). 0 or GM_ERR_*. */
int gm_space_new(unsigned bits, struct gm_space **space);

/* Unmaps everything and frees. NULL is allowed. */
void gm_space_free(struct gm_space *space);

/* Unmaps everything; the space stays. */
void gm_space_clear(struct gm_space *space);

uint8_t *gm_space_base(const struct gm_space *space);
uint64_t gm_space_size(const struct gm_space *space);

/*
 * A copy of a space: private pages with their content, shared ones shared.
 * For engines compared side by side; a fork(2) of the process needs none of
 * it. 0 or GM_ERR_*.
 */
int gm_space_clone(const struct gm_space *space, struct gm_space **copy);

/* In the child of a fork(2), before any other call. */
void gm_space_after_fork(struct gm_space *space);

enum gm_map_flags {
    GM_MAP_REPLACE = 1, /* what is mapped there goes; else GM_ERR_EXISTS */
    GM_MAP_SHARED = 2   /* stores reach the file, or fork's other side */
};

struct gm_mapping {
    gm_addr address; /* multiple of GM_PAGE_SIZE */
    uint64_t size;   /* bytes, multiple of GM_PAGE_SIZE, not 0 */
    unsigned prot;   /* enum gm_prot */
    unsigned flags;  /* enum gm_map_flags */
    int fd;          /* -1: anonymous zeroed memory */
    uint64_t offset; /* in the file, multiple of GM_PAGE_SIZE */
    uint64_t tag;    /* the owner's; given back by gm_query */
};

/* Maps memory; on failure nothing has changed. 0 or GM_ERR_*. */
int gm_map(struct gm_space *space, const struct gm_mapping *mapping);

/* Unmaps a range; holes are fine. 0 or GM_ERR_*. */
int gm_unmap(struct gm_space *space, gm_addr address, uint64_t size);

/* Changes the protection of a range that is mapped without holes
 * (GM_ERR_FAULT otherwise, and nothing has changed). */
int gm_protect(struct gm_space *space, gm_addr address, uint64_t size,
               unsigned prot);

/* Sets the tag of a range that is mapped without holes. */
int gm_set_tag(struct gm_space *space, gm_addr address, uint64_t size,
               uint64_t tag);

/*
 * Makes pages refuse stores (on != 0) or gives them their own protection
 * back; what gm_query says does not change. Async-signal-safe. 0 or
 * GM_ERR_FAULT when a page is not writable at all.
 */
int gm_watch_writes(struct gm_space *space, gm_addr address, uint64_t size,
                    int on);

/* The region holding address, or the first one above it.
 * 0, or GM_ERR_FAULT when there is none. */
int gm_query(struct gm_space *space, gm_addr address,
             struct gm_mapping *region);

/* Lowest free range of size bytes, aligned to align (a power of two), inside
 * [low, high). 0 or GM_ERR_NOMEM. */
int gm_find_free(struct gm_space *space, gm_addr low, gm_addr high,
                 uint64_t size, uint64_t align, gm_addr *address);

/* 1 when every page of the range has all bits of prot, else 0. */
int gm_is_accessible(struct gm_space *space, gm_addr address, uint64_t size,
                     unsigned prot);

/*
 * Copies between guest and host memory. Never faults: 0, or GM_ERR_FAULT
 * when a page is not accessible (bytes before it may have been copied).
 * Lock-free; relies on gm_on_fault.
 */
int gm_copy_in(struct gm_space *space, void *to, gm_addr from, size_t size);
int gm_copy_out(struct gm_space *space, gm_addr to, const void *from,
                size_t size);
int gm_fill(struct gm_space *space, gm_addr to, int byte, size_t size);

/* Copies a string with its NUL; returns its length without it, GM_ERR_FAULT,
 * or GM_ERR_TOOLONG when it has no NUL within size bytes. */
int gm_copy_string_in(struct gm_space *space, char *to, gm_addr from,
                      size_t size);

/*
 * To be called from the application's SIGSEGV and SIGBUS handler before
 * anything else: 1 when the fault was in one of the copies above, which then
 * return GM_ERR_FAULT after the handler returns; 0 when it was not.
 * ucontext: the handler's third argument.
 */
int gm_on_fault(void *siginfo, void *ucontext);

enum gm_event { GM_EVENT_MAP, GM_EVENT_UNMAP, GM_EVENT_PROTECT };

/*
 * Called with the space's lock held, before a change of [address, address +
 * size) takes place. It must not call back into the space, except for
 * gm_watch_writes.
 */
typedef void (*gm_watcher)(void *context, enum gm_event event,
                           gm_addr address, uint64_t size);

/* One watcher a space; NULL removes it. */
void gm_set_watcher(struct gm_space *space, gm_watcher watcher, void *context);

#ifdef __cplusplus
}
#endif
#endif
