/* area_calls.c -- the system calls on areas and memory. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"
#include "bytes.h"
#include "fd.h"
#include "range_locks.h"
#include "root.h"
#include "syscalls.h"

/* Reads an address that a call takes and gives through a pointer. */
static int32_t read_address(struct hk_thread *self, gm_addr from,
                            uint32_t *address)
{
    uint8_t bytes[4];
    int32_t status = hk_read_user(self, bytes, from, sizeof(bytes));

    if (status == HK_B_OK)
        *address = hk_get32(bytes);
    return status;
}

static int32_t write_address(struct hk_thread *self, gm_addr to,
                             uint32_t address)
{
    uint8_t bytes[4];

    hk_put32(bytes, address);
    return hk_write_user(self, to, bytes, sizeof(bytes));
}

/* Creates the area and tells where; takes it back when that fails. */
static int64_t create_and_tell(struct hk_thread *self,
                               const struct hk_area_source *what, gm_addr to)
{
    uint32_t address;
    int32_t id = hk_area_create(self->team, what, &address);

    if (id < 0)
        return id;
    if (write_address(self, to, address) != HK_B_OK) {
        hk_area_delete(self->team, id, 1);
        return HK_B_BAD_ADDRESS;
    }
    return id;
}

/* The kernel's own, which userland may not ask for. */
static int is_kernel_spec(uint32_t spec)
{
    enum { ANY_KERNEL_ADDRESS = 4, ANY_KERNEL_BLOCK_ADDRESS = 5 };

    return spec == ANY_KERNEL_ADDRESS || spec == ANY_KERNEL_BLOCK_ADDRESS;
}

/* Any becomes randomized any, base likewise. */
static uint32_t randomized(uint32_t spec)
{
    switch (spec) {
    case HK_ANY_ADDRESS:
        return HK_RANDOMIZED_ANY_ADDRESS;
    case HK_BASE_ADDRESS:
        return HK_RANDOMIZED_BASE_ADDRESS;
    default:
        return spec;
    }
}

int64_t hk_sys_create_area(struct hk_thread *self, gm_addr name,
                           gm_addr address, uint32_t address_spec,
                           uint32_t size, uint32_t lock, uint32_t protection)
{
    struct hk_area_source what = {.spec = randomized(address_spec),
                                  .size = size,
                                  .protection = protection,
                                  .lock = lock,
                                  .fd = -1};
    char text[HK_NAME_LENGTH];

    if (is_kernel_spec(address_spec) ||
        (protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (address_spec == HK_EXACT_ADDRESS && what.address >= HK_USER_LIMIT)
        return HK_B_BAD_VALUE;
    what.name = text;
    return create_and_tell(self, &what, address);
}

/* The clone has the source's memory; from then on a fork shares both. */
int64_t hk_sys_clone_area(struct hk_thread *self, gm_addr name, gm_addr address,
                          uint32_t address_spec, uint32_t protection,
                          int32_t source_area)
{
    struct hk_area_source what = {.spec = address_spec,
                                  .protection = protection};
    char text[HK_NAME_LENGTH];
    int64_t result;

    if (is_kernel_spec(address_spec) ||
        (protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    what.name = text;
    result = hk_area_open_source(self, source_area, &what);
    if (result != HK_B_OK)
        return result;
    result = create_and_tell(self, &what, address);
    hk_range_locks_close(hk_range_locks_of(self->team), what.fd);
    return result;
}

int64_t hk_sys_delete_area(struct hk_thread *self, int32_t area)
{
    return hk_area_delete(self->team, area, 0);
}

/* A mapping of a file keeps its own pages: a private one sees no stores, a
 * shared one needs a descriptor open for writing to store. */
static int64_t map_descriptor(struct hk_thread *self,
                              struct hk_area_source *what, int32_t fd,
                              gm_addr address)
{
    struct hk_file *file = hk_file_get(self, fd);
    int stores = what->shared && (what->protection & HK_WRITE_AREA) != 0;
    int64_t result;
    uint32_t mode;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    mode = file->open_mode & HK_O_RWMASK;
    if (mode == HK_O_WRONLY || (stores && mode != HK_O_RDWR)) {
        result = HK_B_PERMISSION_DENIED;
    } else if (file->kind == HK_FILE_SOCKET) {
        result = HK_B_FILE_ERROR;
    } else if (file->kind != HK_FILE_NODE || S_ISDIR(hk_file_type(file)) ||
               file->node.fd < 0 || what->offset > INT64_MAX) {
        result = HK_B_BAD_VALUE; /* it has no cache */
    } else {
        int error = file->pieces == NULL
                        ? 0
                        : hk_pieces_bring(file->pieces, file->node.fd,
                                          what->offset, what->size);

        what->fd = file->node.fd;
        result = error == 0 ? create_and_tell(self, what, address)
                            : hk_status_from_errno(error);
    }
    hk_file_put(file);
    return result;
}

int64_t hk_sys_map_file(struct hk_thread *self, gm_addr name, gm_addr address,
                        uint32_t address_spec, uint32_t size,
                        uint32_t protection, uint32_t mapping,
                        int unmap_address_range, int32_t fd, int64_t offset)
{
    enum { PRIVATE_MAP = 1 };
    struct hk_area_source what = {.spec = is_kernel_spec(address_spec)
                                              ? HK_RANDOMIZED_ANY_ADDRESS
                                              : randomized(address_spec),
                                  .size = size,
                                  .protection = protection,
                                  .replace = unmap_address_range,
                                  .fd = -1,
                                  .shared = mapping != PRIVATE_MAP};
    char text[HK_NAME_LENGTH];

    if ((protection & ~(uint32_t)HK_USER_AREA_FLAGS) != 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user_name(self, text, name) != HK_B_OK ||
        read_address(self, address, &what.address) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (address_spec == HK_EXACT_ADDRESS) {
        if (what.address % HK_PAGE_SIZE != 0 ||
            size > UINT32_MAX - what.address)
            return HK_B_BAD_VALUE;
        if (!hk_is_user_range(what.address, size))
            return HK_B_BAD_ADDRESS;
    }
    what.name = text;
    what.offset = (uint64_t)offset & ~(uint64_t)(HK_PAGE_SIZE - 1);
    if (fd < 0)
        return create_and_tell(self, &what, address);
    return map_descriptor(self, &what, fd, address);
}

int64_t hk_sys_reserve_address_range(struct hk_thread *self, gm_addr address,
                                     uint32_t address_spec, uint32_t size)
{
    uint32_t at;
    int32_t status;

    if (is_kernel_spec(address_spec))
        return HK_B_BAD_VALUE;
    if (read_address(self, address, &at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = hk_range_reserve(self->team, randomized(address_spec), &at, size);
    if (status == HK_B_OK && write_address(self, address, at) != HK_B_OK) {
        hk_range_unreserve(self->team, at, size);
        status = HK_B_BAD_ADDRESS;
    }
    return status;
}

/* What is not reserved is none of its business. */
int64_t hk_sys_unreserve_address_range(struct hk_thread *self, uint32_t address,
                                       uint32_t size)
{
    if (address % HK_PAGE_SIZE != 0 || !hk_is_user_range(address, size))
        return HK_B_OK;
    return hk_range_unreserve(self->team, address, size);
}

int64_t hk_sys_area_for(struct hk_thread *self, gm_addr address)
{
    struct hk_areas *areas = self->team->areas;
    const struct hk_area *area;
    int32_t id;

    pthread_mutex_lock(&areas->lock);
    area = hk_area_at(areas, (uint32_t)address);
    id = area != NULL ? area->id : HK_B_ERROR;
    pthread_mutex_unlock(&areas->lock);
    return id;
}

/* Of all teams' areas by that name the one with the lowest id. */
int64_t hk_sys_find_area(struct hk_thread *self, gm_addr name)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area = NULL;
    char text[HK_NAME_LENGTH];
    int32_t id = HK_B_NAME_NOT_FOUND;

    if (hk_read_user_name(self, text, name) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    hk_shared_reap(shared);
    while ((area = hk_owned_next_of_all(shared, HK_OWNED_AREAS,
                                        area != NULL ? &area->own : NULL)) !=
           NULL)
        if (memcmp(area->name, text, strlen(text) + 1) == 0 &&
            (id < 0 || area->own.id < id))
            id = area->own.id;
    hk_shared_unlock(shared);
    return id;
}

/* area_info, 72 bytes (haiku-abi/structs.md). Readable areas report the
 * kernel's own read bit, writable ones its write bit. */
enum { AREA_INFO_SIZE = 72, KERNEL_READ_AREA = 0x10, KERNEL_WRITE_AREA = 0x20 };

/* A protection as it is told. */
static uint32_t told_protection(uint32_t protection, uint32_t is_cloned)
{
    if ((protection & HK_READ_AREA) != 0)
        protection |= KERNEL_READ_AREA;
    if ((protection & HK_WRITE_AREA) != 0)
        protection |= KERNEL_WRITE_AREA;
    return is_cloned ? protection | HK_SHARED_AREA : protection;
}

/* With the shared lock. */
static void fill_info(const struct hk_shared *shared,
                      const struct hk_shared_area *area,
                      uint8_t info[AREA_INFO_SIZE])
{
    uint32_t protection = told_protection(area->protection, area->is_cloned);

    memset(info, 0, AREA_INFO_SIZE);
    hk_put32(info, (uint32_t)area->own.id);
    memcpy(info + 4, area->name, HK_NAME_LENGTH);
    hk_put32(info + 36, area->size);
    hk_put32(info + 40, area->lock);
    hk_put32(info + 44, protection);
    hk_put32(info + 48, (uint32_t)hk_shared_slot(shared, area->own.team)->id);
    hk_put32(info + 52, area->size); /* ram_size: all of it */
    hk_put32(info + 68, area->base);
}

int64_t hk_sys_get_area_info(struct hk_thread *self, int32_t area, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *found;
    uint8_t bytes[AREA_INFO_SIZE];

    if (info >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    hk_shared_lock(shared);
    found = hk_owned_find(shared, HK_OWNED_AREAS, area);
    if (found != NULL)
        fill_info(shared, found, bytes);
    hk_shared_unlock(shared);
    if (found == NULL)
        return HK_B_BAD_TEAM_ID; /* which an area that is not there has not */
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

/* The area of a team at the lowest address from one on. */
static const struct hk_shared_area *closest_area(const struct hk_shared *shared,
                                                 uint32_t team, uint32_t from)
{
    const struct hk_shared_area *best = NULL, *area = NULL;

    while ((area = hk_owned_next(shared, HK_OWNED_AREAS, team,
                                 area != NULL ? &area->own : NULL)) != NULL)
        if (area->base >= from && (best == NULL || area->base < best->base))
            best = area;
    return best;
}

/* The cookie is the last area's address + 1. */
int64_t hk_sys_get_next_area_info(struct hk_thread *self, int32_t team,
                                  gm_addr cookie, gm_addr info)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area = NULL;
    uint8_t bytes[AREA_INFO_SIZE];
    uint32_t at, index;

    if (info >= HK_USER_LIMIT || read_address(self, cookie, &at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (at == UINT32_MAX)
        return HK_B_ENTRY_NOT_FOUND;
    hk_shared_lock(shared);
    index = hk_shared_find_team(shared, team);
    if (index != 0)
        area = closest_area(shared, index, at);
    if (area != NULL) {
        fill_info(shared, area, bytes);
        at = area->base + 1;
    }
    hk_shared_unlock(shared);
    if (area == NULL)
        return index != 0 ? HK_B_ENTRY_NOT_FOUND : HK_B_BAD_TEAM_ID;
    if (write_address(self, cookie, at) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

static int is_others(struct hk_thread *self, int32_t id)
{
    struct hk_shared *shared = hk_shared_of(self);
    int result;

    hk_shared_lock(shared);
    result = hk_owned_find(shared, HK_OWNED_AREAS, id) != NULL;
    hk_shared_unlock(shared);
    return result;
}

static int32_t protect(struct hk_team *team, struct hk_area *area,
                       uint32_t protection)
{
    if ((area->protection & HK_KERNEL_AREA) != 0)
        return HK_B_NOT_ALLOWED;
    if ((protection & HK_CLONEABLE_AREA) != 0 &&
        hk_area_make_sharable(team, area) != HK_B_OK)
        return HK_B_NO_MEMORY;
    /* A file that was open for reading cannot be stored to. */
    if (gm_protect(team->space, area->span.base, area->span.size,
                   hk_area_host_protection(protection)) < 0)
        return HK_B_NOT_ALLOWED;
    area->protection = protection;
    hk_area_tell(team, area);
    return HK_B_OK;
}

int64_t hk_sys_set_area_protection(struct hk_thread *self, int32_t area,
                                   uint32_t new_protection)
{
    enum { ALLOWED = HK_USER_PROTECTION | HK_CLONEABLE_AREA };
    struct hk_areas *areas = self->team->areas;
    struct hk_area *found;
    int32_t status = HK_B_BAD_TEAM_ID;

    if ((new_protection & ~(uint32_t)ALLOWED) != 0)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&areas->lock);
    found = hk_area_find(areas, area);
    if (found != NULL)
        status = protect(self->team, found, new_protection);
    pthread_mutex_unlock(&areas->lock);
    if (found == NULL && is_others(self, area))
        status = HK_B_NOT_ALLOWED;
    return status;
}

int64_t hk_sys_unmap_memory(struct hk_thread *self, gm_addr address,
                            uint32_t size)
{
    struct hk_areas *areas = self->team->areas;
    uint32_t base = (uint32_t)address;
    int32_t status;

    if (base % HK_PAGE_SIZE != 0 || size == 0 || size > UINT32_MAX - base)
        return HK_B_BAD_VALUE;
    if (!hk_area_is_user(base, size))
        return HK_B_BAD_ADDRESS;
    size = hk_page_round(size);
    pthread_mutex_lock(&areas->lock);
    if (hk_area_is_kernel(areas, base, size))
        status = HK_B_NOT_ALLOWED;
    else
        status = hk_area_cut(self->team, base, size);
    if (status == HK_B_OK)
        gm_unmap(self->team->space, base, size);
    pthread_mutex_unlock(&areas->lock);
    return status;
}

/* What Haiku says of a range that gm_protect was given. */
static int32_t protection_status(int result)
{
    switch (result) {
    case 0:
        return HK_B_OK;
    case GM_ERR_IO: /* a file that was not open for writing */
        return HK_B_NOT_ALLOWED;
    default:
        return HK_B_NO_MEMORY;
    }
}

/* The areas of the range have pages with that protection; what lies in it as a
 * whole has it itself from now on. */
static void note_protection(struct hk_team *team, uint32_t base, uint32_t size,
                            uint32_t protection)
{
    uint32_t end = base + size;

    for (uint32_t at = base; at < end;) {
        struct hk_area *area = hk_area_at(team->areas, at);

        if (area == NULL)
            return;
        at = area->span.base + area->span.size;
        if (area->has_page_protections || area->protection == protection)
            continue;
        if (area->span.base < base || at > end) {
            area->has_page_protections = 1;
            continue;
        }
        area->protection = protection;
        hk_area_tell(team, area);
    }
}

int64_t hk_sys_set_memory_protection(struct hk_thread *self, gm_addr address,
                                     uint32_t size, uint32_t protection)
{
    struct hk_areas *areas = self->team->areas;
    uint32_t base = (uint32_t)address;
    int32_t status = HK_B_NOT_ALLOWED;

    size = hk_page_round(size);
    if (base % HK_PAGE_SIZE != 0)
        return HK_B_BAD_VALUE;
    if (!hk_area_is_user(base, size))
        return HK_B_NO_MEMORY;
    if ((protection & ~(uint32_t)HK_USER_PROTECTION) != 0)
        return HK_B_BAD_VALUE;
    if (size == 0)
        return HK_B_OK;
    pthread_mutex_lock(&areas->lock);
    if (!hk_area_is_kernel(areas, base, size))
        status =
            protection_status(gm_protect(self->team->space, base, size,
                                         hk_area_host_protection(protection)));
    if (status == HK_B_OK)
        note_protection(self->team, base, size, protection);
    pthread_mutex_unlock(&areas->lock);
    return status;
}

/* The host memory of the pages that a range touches, or NULL when one of them
 * is not mapped. *size: of those pages. */
static uint8_t *host_pages(struct hk_thread *self, gm_addr address,
                           uint32_t *size)
{
    gm_addr start = address & ~(gm_addr)(HK_PAGE_SIZE - 1);

    if (!hk_is_user_range(address, *size))
        return NULL;
    *size = hk_page_round(*size + (uint32_t)(address - start));
    if (!gm_is_accessible(self->team->space, start, *size, GM_PROT_NONE))
        return NULL;
    return gm_space_base(self->team->space) + start;
}

int64_t hk_sys_sync_memory(struct hk_thread *self, gm_addr address,
                           uint32_t size, int32_t flags)
{
    enum { ASYNC = 1, SYNC = 2, INVALIDATE = 4 };
    uint8_t *host;
    int host_flags = (flags & SYNC) != 0 ? MS_SYNC : MS_ASYNC;

    size = hk_page_round(size);
    if (address % HK_PAGE_SIZE != 0)
        return HK_B_BAD_VALUE;
    if (!hk_area_is_user((uint32_t)address, size))
        return HK_B_NO_MEMORY;
    if ((flags & (ASYNC | SYNC)) == (ASYNC | SYNC))
        return HK_B_BAD_VALUE;
    if (size == 0 || (flags & (ASYNC | SYNC)) == 0)
        return HK_B_OK;
    host = host_pages(self, address, &size);
    if (host == NULL)
        return HK_B_NO_MEMORY;
    if ((flags & INVALIDATE) != 0)
        host_flags |= MS_INVALIDATE;
    return msync(host, size, host_flags) == 0 ? HK_B_OK : HK_B_IO_ERROR;
}

/* The part of a range from *at on that is one mapping of one area: its end, or
 * 0 behind the last one. With the lock. */
static uint32_t next_part(struct hk_team *team, uint32_t *at, uint32_t end,
                          struct gm_mapping *part, const struct hk_area **area)
{
    uint64_t stop;

    if (*at == end || gm_query(team->space, *at, part) < 0 ||
        part->address >= end)
        return 0;
    if (part->address > *at)
        *at = (uint32_t)part->address;
    stop = part->address + part->size;
    *area = hk_area_at(team->areas, *at);
    if (*area != NULL && stop > (*area)->span.base + (*area)->span.size)
        stop = (*area)->span.base + (*area)->span.size;
    return stop < end ? (uint32_t)stop : end;
}

/* Pages that are the team's own become zeros again. What others may have as
 * well, and what is a file's, stays. */
static void discard(struct hk_team *team, uint32_t at, uint32_t end)
{
    const struct hk_area *area;
    struct gm_mapping part;
    uint32_t stop;

    pthread_mutex_lock(&team->areas->lock);
    for (; (stop = next_part(team, &at, end, &part, &area)) != 0; at = stop) {
        if (area == NULL || area->fd >= 0 || area->is_file || part.fd >= 0 ||
            (part.flags & GM_MAP_SHARED) != 0 ||
            (area->protection & HK_KERNEL_AREA) != 0)
            continue;
        part.address = at;
        part.size = stop - at;
        part.flags |= GM_MAP_REPLACE;
        gm_map(team->space, &part);
    }
    pthread_mutex_unlock(&team->areas->lock);
}

/* All but one is for speed, and changes nothing. That one leaves what was
 * stored to the private pages of a file. */
int64_t hk_sys_memory_advice(struct hk_thread *self, gm_addr address,
                             uint32_t size, uint32_t advice)
{
    enum { NORMAL = 1, FREE = 6 };
    uint32_t base = (uint32_t)address;

    if (base % HK_PAGE_SIZE != 0)
        return HK_B_BAD_VALUE;
    size = hk_page_round(size);
    if (!hk_area_is_user(base, size))
        return HK_B_NO_MEMORY;
    if (advice < NORMAL || advice > FREE)
        return HK_B_BAD_VALUE;
    if (advice == FREE && size > 0)
        discard(self->team, base, base + size);
    return HK_B_OK;
}

/* The area's protection, or what its pages have of their own. */
static int32_t get_own_properties(struct hk_thread *self, gm_addr address,
                                  uint32_t *protection, uint32_t *lock)
{
    struct hk_areas *areas = self->team->areas;
    const struct hk_area *area;
    struct hk_area copy = {.id = 0};
    struct gm_mapping region;

    pthread_mutex_lock(&areas->lock);
    area = hk_area_at(areas, (uint32_t)address);
    if (area != NULL)
        copy = *area;
    pthread_mutex_unlock(&areas->lock);
    if (area == NULL)
        return HK_B_NO_MEMORY;
    *lock = copy.lock;
    if (!copy.has_page_protections) {
        *protection = told_protection(
            copy.protection, (uint32_t)hk_area_is_cloned(self->team, copy.id));
        return HK_B_OK;
    }
    if (gm_query(self->team->space, address, &region) < 0 ||
        region.address > address)
        return HK_B_NO_MEMORY;
    *protection = told_protection(region.prot, 0); /* the bits are the same */
    return HK_B_OK;
}

/* Other teams show the protection of their areas, and of no pages. */
static int32_t get_others_properties(struct hk_thread *self, int32_t team,
                                     gm_addr address, uint32_t *protection,
                                     uint32_t *lock)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area = NULL;
    int32_t status = HK_B_BAD_TEAM_ID;
    uint32_t index;

    hk_shared_lock(shared);
    index = team != 0 ? hk_shared_find_team(shared, team) : 0;
    if (index != 0)
        status = HK_B_NO_MEMORY;
    while (status == HK_B_NO_MEMORY &&
           (area = hk_owned_next(shared, HK_OWNED_AREAS, index,
                                 area != NULL ? &area->own : NULL)) != NULL)
        if (address >= area->base && address - area->base < area->size) {
            *protection = told_protection(area->protection, area->is_cloned);
            *lock = area->lock;
            status = HK_B_OK;
        }
    hk_shared_unlock(shared);
    return status;
}

int64_t hk_sys_get_memory_properties(struct hk_thread *self, int32_t team_id,
                                     gm_addr address, gm_addr protected,
                                     gm_addr lock)
{
    uint32_t protection = 0, wiring = 0;
    int32_t status;

    if (protected >= HK_USER_LIMIT || lock >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    status = team_id == self->team->id
                 ? get_own_properties(self, address, &protection, &wiring)
                 : get_others_properties(self, team_id, address, &protection,
                                         &wiring);
    if (status != HK_B_OK)
        return status;
    if (write_address(self, protected, protection) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return write_address(self, lock, wiring);
}

/* The host keeps memory as it likes; of pages that are a file's Haiku says so
 * itself. */
static int32_t set_swappable(struct hk_thread *self, gm_addr address,
                             uint32_t size)
{
    struct hk_areas *areas = self->team->areas;
    int32_t status = HK_B_OK;
    uint32_t at = (uint32_t)address, end;

    size = hk_page_round(size);
    end = at + size;
    if (at % HK_PAGE_SIZE != 0 || !hk_area_is_user(at, size))
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&areas->lock);
    while (status == HK_B_OK && at < end) {
        const struct hk_area *area = hk_area_at(areas, at);

        if (area == NULL)
            status = HK_B_BAD_ADDRESS;
        else if (area->is_file && area->is_shared)
            status = HK_B_BAD_VALUE;
        else
            at = area->span.base + area->span.size;
    }
    pthread_mutex_unlock(&areas->lock);
    return status;
}

int64_t hk_sys_mlock(struct hk_thread *self, gm_addr address, uint32_t size)
{
    return set_swappable(self, address, size);
}

int64_t hk_sys_munlock(struct hk_thread *self, gm_addr address, uint32_t size)
{
    return set_swappable(self, address, size);
}

/* x86 needs no flush: the processor sees stores to code by itself. */
int64_t hk_sys_clear_caches(struct hk_thread *self, gm_addr address,
                            uint32_t length, uint32_t flags)
{
    (void)self;
    (void)address;
    (void)length;
    (void)flags;
    return HK_B_OK;
}
