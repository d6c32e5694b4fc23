/* host.h -- what is asked of the host's memory manager. */
/* SPDX-License-Identifier: MIT */
#ifndef GM_HOST_H
#define GM_HOST_H

#include <stddef.h>
#include <stdint.h>

/* All sizes are multiples of GM_PAGE_SIZE, results are 0 or GM_ERR_*, prot is
 * of enum gm_prot. */

/* Whether the host's pages are GM_PAGE_SIZE. */
int gm_host_fits(void);

/* New inaccessible addresses, aligned; NULL when there are none. */
uint8_t *gm_host_reserve(size_t before, size_t size, size_t after,
                         size_t align);

/* New zeroed memory, given to the host only where written; NULL if none. */
void *gm_host_new(size_t size);

void gm_host_delete(void *host, size_t size);

/* Puts memory in the place of whatever is there. When it fails, what was
 * there still is, unless gm_host_is_whole says otherwise. */
int gm_host_map(uint8_t *host, size_t size, unsigned prot, int shared, int fd,
                uint64_t offset);

/* Puts an inaccessible reservation in the place of whatever is there. */
int gm_host_unmap(uint8_t *host, size_t size);

/* Drops what was stored to private memory. */
int gm_host_discard(uint8_t *host, size_t size);

/* May have changed a part when it fails. Async-signal-safe. */
int gm_host_protect(uint8_t *host, size_t size, unsigned prot);

/* Whether something, be it a reservation, is at each of the addresses. */
int gm_host_is_whole(uint8_t *host, size_t size);

/* Maps the shared memory at from at to as well. */
int gm_host_alias(uint8_t *from, uint8_t *to, size_t size, unsigned prot);

/* Makes addresses fault as those of a file behind its end do. */
int gm_host_map_behind_end(uint8_t *host, size_t size, unsigned prot);

/* Tells which pages of private anonymous memory may be other than zero. */
struct gm_host_census {
    int fd;
};
void gm_host_census_open(struct gm_host_census *census);
void gm_host_census_close(struct gm_host_census *census);
void gm_host_census_take(const struct gm_host_census *census,
                         const uint8_t *host, size_t pages, uint8_t *touched);

#endif
