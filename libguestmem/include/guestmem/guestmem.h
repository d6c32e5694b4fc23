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
 * both sides by GM_GUARD_SIZE bytes that nobody can access. Pages carry the
 * host's own protection. All functions may be called from any thread, except
 * that freeing a space must be the last use of it.
 */
struct gm_space;

typedef uint64_t gm_addr; /* a guest address, in bytes */

#define GM_PAGE_SIZE 4096u

/* What base + A * 8 + a signed 32-bit displacement can miss a window of 4 GiB
 * by, and the widest access on top. */
#define GM_GUARD_SIZE ((UINT64_C(30) << 30) + 0x10000)

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

/*
 * Reserves a space of 2^bits bytes (bits: 20..47; the host's own addresses
 * set the limit). 0, GM_ERR_NOMEM, GM_ERR_INVALID, or GM_ERR_IO on a host
 * whose pages are not GM_PAGE_SIZE.
 */
int gm_space_new(unsigned bits, struct gm_space **space);

/* Unmaps everything and frees, without telling the watcher. NULL is allowed. */
void gm_space_free(struct gm_space *space);

/* Unmaps everything; the space stays. 0 or GM_ERR_NOMEM. */
int gm_space_clear(struct gm_space *space);

uint8_t *gm_space_base(const struct gm_space *space);
uint64_t gm_space_size(const struct gm_space *space);

/*
 * A copy of a space: private pages with their content (those of a file no
 * longer follow the file), shared ones shared; neither watches nor watcher.
 * For engines compared side by side; a fork(2) of the process needs none of
 * it. No thread may use the memory of the space meanwhile, not even by a
 * copy. 0, GM_ERR_NOMEM or GM_ERR_IO.
 */
int gm_space_clone(struct gm_space *space, struct gm_space **copy);

/*
 * Around a fork(2) of a process with threads: before waits for a change under
 * way and holds off new ones, after lets them go on, in the parent and in the
 * child. A child may call the latter alone when no other thread can have been
 * changing the space.
 */
void gm_space_before_fork(struct gm_space *space);
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
    int fd;          /* -1: anonymous zeroed memory; may be closed later */
    uint64_t offset; /* in the file, multiple of GM_PAGE_SIZE */
    uint64_t tag;    /* the owner's; given back by gm_query */
};

/*
 * Maps memory. On failure nothing has changed: GM_ERR_INVALID, GM_ERR_RANGE,
 * GM_ERR_EXISTS, GM_ERR_NOMEM, GM_ERR_IO (a file that cannot be mapped so).
 * Only a host out of memory in the middle of replacing may leave the range
 * unmapped, which gm_query then says. Reading behind the end of a file is a
 * fault (SIGBUS) where a whole page is behind it.
 */
int gm_map(struct gm_space *space, const struct gm_mapping *mapping);

/* Unmaps a range; holes are fine. 0, GM_ERR_INVALID (not whole pages),
 * GM_ERR_RANGE or GM_ERR_NOMEM. */
int gm_unmap(struct gm_space *space, gm_addr address, uint64_t size);

/*
 * Changes the protection of a range that is mapped without holes. On failure
 * nothing has changed: GM_ERR_INVALID, GM_ERR_RANGE, GM_ERR_FAULT (a hole),
 * GM_ERR_NOMEM, GM_ERR_IO (a shared file that is not open for writing).
 */
int gm_protect(struct gm_space *space, gm_addr address, uint64_t size,
               unsigned prot);

/*
 * Drops what was stored to a range that is mapped without holes and privately:
 * its pages are zeros again, or the file's. On failure nothing has changed:
 * GM_ERR_INVALID (also of shared pages), GM_ERR_RANGE, GM_ERR_FAULT (a hole),
 * GM_ERR_NOMEM, GM_ERR_IO (the host keeps the pages).
 */
int gm_discard(struct gm_space *space, gm_addr address, uint64_t size);

/* Sets the tag of a range that is mapped without holes. Errors: as above. */
int gm_set_tag(struct gm_space *space, gm_addr address, uint64_t size,
               uint64_t tag);

/* Whether a page of a range is mapped with GM_MAP_SHARED: stores may come to it
 * that no watch sees. Async-signal-safe, takes no lock. */
int gm_is_shared(struct gm_space *space, gm_addr address, uint64_t size);

/*
 * Makes the pages of a range refuse stores (on != 0) or gives them their own
 * protection back; what gm_query says does not change. A watch lasts until it
 * is taken off, or the page is mapped, unmapped, discarded or protected anew,
 * or one of the functions below stores to it: the watcher is told. A page that
 * is not writable may be watched as well. Async-signal-safe, takes no lock; the
 * host and a concurrent gm_protect agree in the end. 0, GM_ERR_RANGE,
 * GM_ERR_FAULT (a page is not mapped) or GM_ERR_NOMEM (the host is out of
 * mappings).
 */
int gm_watch_writes(struct gm_space *space, gm_addr address, uint64_t size,
                    int on);

/*
 * The region holding address, or the first one above it. Neighbours of one
 * mapping with equal protection and tag are one region, and so are those of
 * private anonymous memory. region->fd is the number gm_map was given, region
 * ->offset the file offset of the region's first byte, region->flags have no
 * GM_MAP_REPLACE. 0, or GM_ERR_FAULT when there is none.
 */
int gm_query(struct gm_space *space, gm_addr address,
             struct gm_mapping *region);

/*
 * Lowest free range of size bytes (whole pages, not 0), aligned to align (a
 * power of two) and to a page, inside [low, high). It is not reserved: a map
 * without GM_MAP_REPLACE tells who came first. 0, GM_ERR_INVALID or
 * GM_ERR_NOMEM.
 */
int gm_find_free(struct gm_space *space, gm_addr low, gm_addr high,
                 uint64_t size, uint64_t align, gm_addr *address);

/* How many bytes from address on, at most size, lie in pages that have all
 * bits of prot. */
uint64_t gm_accessible_size(struct gm_space *space, gm_addr address,
                            uint64_t size, unsigned prot);

/* 1 when every page of the range has all bits of prot, else 0. */
int gm_is_accessible(struct gm_space *space, gm_addr address, uint64_t size,
                     unsigned prot);

/*
 * Copies between guest and host memory, which must not overlap. Never faults
 * on the guest's account: 0, or GM_ERR_FAULT when a page is not accessible
 * (bytes before it may have been copied). On x86-64 hosts aligned 1, 2, 4 or 8
 * bytes are never torn. Takes no lock, except to end a watch that a store
 * meets; relies on gm_on_fault.
 */
int gm_copy_in(struct gm_space *space, void *to, gm_addr from, size_t size);
int gm_copy_out(struct gm_space *space, gm_addr to, const void *from,
                size_t size);
int gm_fill(struct gm_space *space, gm_addr to, int byte, size_t size);

/*
 * Copies a string with its NUL; returns its length without it, GM_ERR_FAULT,
 * or GM_ERR_TOOLONG when it has no NUL within size bytes (at most INT_MAX).
 * Bytes of to behind the NUL may have changed.
 */
int gm_copy_string_in(struct gm_space *space, char *to, gm_addr from,
                      size_t size);

/*
 * Stores desired at address if *expected is there, in one atomic step: 1.
 * Otherwise 0, with the value found in *expected; GM_ERR_INVALID when address
 * is no multiple of 4, GM_ERR_FAULT when the page is not writable.
 */
int gm_compare_exchange(struct gm_space *space, gm_addr address,
                        uint32_t *expected, uint32_t desired);

/*
 * Makes a range ready for stores by the host itself, such as read(2) into
 * base + address: ends its watches, telling the watcher. A watch that another
 * thread sets meanwhile makes such a call fail with EFAULT: repeat both, or
 * use gm_copy_out. 0, or GM_ERR_FAULT when a page is not writable.
 */
int gm_prepare_store(struct gm_space *space, gm_addr address, uint64_t size);

/*
 * To be called from the application's SIGSEGV and SIGBUS handler before
 * anything else: 1 when the fault was in one of the copies above, which then
 * return GM_ERR_FAULT after the handler returns; 0 when it was not.
 * ucontext: the handler's third argument.
 */
int gm_on_fault(void *siginfo, void *ucontext);

enum gm_event {
    GM_EVENT_MAP,     /* new memory */
    GM_EVENT_UNMAP,   /* what was here is gone, or replaced: a MAP follows */
    GM_EVENT_DISCARD, /* what was stored is gone */
    GM_EVENT_PROTECT, /* another protection */
    GM_EVENT_STORE    /* watches ended, because of a store to come */
};

/*
 * Called when [address, address + size), whole pages, has changed (or a
 * change of it has failed half-way), before the function that did it returns:
 * what is cached of the old state after this call would be the owner's
 * mistake, what was cached before, from either state, goes now. The space's
 * lock is held: it must not call back into the space, except for
 * gm_watch_writes.
 */
typedef void (*gm_watcher)(void *context, enum gm_event event, gm_addr address,
                           uint64_t size);

/* One watcher a space; NULL removes it. */
void gm_set_watcher(struct gm_space *space, gm_watcher watcher, void *context);

/*
 * For who keeps a record of all that is done to a space, save by the guest
 * itself: before is called before each change of a mapping and each store by
 * a function above, after behind it, both by the thread that makes it and with
 * no lock held: they may look at the space, and change it by gm_show alone.
 * GM_EVENT_STORE gives the bytes that may have been stored, the others whole
 * pages as asked for; size is 0 when nothing has changed. A mapping that could
 * not be made after another one was removed is a GM_EVENT_UNMAP.
 */
struct gm_observer {
    void (*before)(void *context);
    void (*after)(void *context, enum gm_event event, gm_addr address,
                  uint64_t size);
};

/*
 * One observer a space, which must outlive it; NULL removes it. To be set
 * while no other thread uses the space. Stores of the host itself
 * (gm_prepare_store) are not observed: who makes them looks at
 * gm_is_observed, and uses gm_copy_out instead.
 */
void gm_set_observer(struct gm_space *space, const struct gm_observer *observer,
                     void *context);
int gm_is_observed(const struct gm_space *space);

/*
 * For an observer: has the pages of a mapping show what fd has from offset on,
 * shared or private as the mapping is, in the place of its own memory; fd -1:
 * they fault as those behind a file's end do. What gm_query says stays as it
 * is, and nobody is told. No other thread may use the pages meanwhile. 0,
 * GM_ERR_INVALID, GM_ERR_RANGE, GM_ERR_FAULT (a hole), GM_ERR_NOMEM or
 * GM_ERR_IO; on failure some pages may show it.
 */
int gm_show(struct gm_space *space, gm_addr address, uint64_t size, int fd,
            uint64_t offset);

#ifdef __cplusplus
}
#endif
#endif
