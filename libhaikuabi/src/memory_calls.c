/* memory_calls.c -- the system calls on ranges of memory, whatever areas they
 * are of. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/mman.h>

#include "area.h"
#include "bytes.h"
#include "syscalls.h"

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

/* Whether all of a range is of areas, and each can have that protection; the
 * first one that is in the way decides. */
static int32_t check_protection(struct hk_areas *areas, uint32_t base,
                                uint32_t size, uint32_t protection)
{
    for (uint32_t at = base; at < base + size;) {
        const struct hk_area *area = hk_area_at(areas, at);

        if (area == NULL)
            return HK_B_NO_MEMORY;
        if ((area->protection & HK_KERNEL_AREA) != 0 ||
            !hk_area_can_have(area, protection))
            return HK_B_NOT_ALLOWED;
        at = area->span.base + area->span.size;
    }
    return HK_B_OK;
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
        hk_area_set_protection(team, area, protection);
    }
}

int64_t hk_sys_set_memory_protection(struct hk_thread *self, gm_addr address,
                                     uint32_t size, uint32_t protection)
{
    struct hk_areas *areas = self->team->areas;
    uint32_t allowed = hk_kernel_of(self)->config.release >= HK_R1BETA6
                           ? HK_USER_PROTECTION & ~(uint32_t)HK_STACK_AREA
                           : HK_USER_PROTECTION;
    uint32_t base = (uint32_t)address;
    int32_t status;

    size = hk_page_round(size);
    if (base % HK_PAGE_SIZE != 0)
        return HK_B_BAD_VALUE;
    if (!hk_area_is_user(base, size))
        return HK_B_NO_MEMORY;
    if ((protection & ~allowed) != 0)
        return HK_B_BAD_VALUE;
    if (size == 0)
        return HK_B_OK;
    pthread_mutex_lock(&areas->lock);
    status = check_protection(areas, base, size, protection);
    if (status == HK_B_OK &&
        gm_protect(self->team->space, base, size,
                   hk_area_host_protection(protection)) < 0)
        status = HK_B_NO_MEMORY;
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

/* Whether an area alone has a piece of its memory, which others could have. */
static int has_alone(struct hk_team *team, const struct hk_area *area,
                     uint64_t offset, uint32_t size)
{
    struct hk_shared *shared = team->shared;
    const struct hk_shared_area *other = NULL;
    int is_alone = 1;

    hk_shared_lock(shared);
    while (is_alone && (other = hk_owned_next_of_all(
                            shared, HK_OWNED_AREAS,
                            other != NULL ? &other->own : NULL)) != NULL)
        is_alone = other->own.id == area->id || other->fd < 0 ||
                   other->place.device != area->place.device ||
                   other->place.inode != area->place.inode ||
                   other->place.offset >= offset + size ||
                   offset >= other->place.offset + other->size;
    hk_shared_unlock(shared);
    return is_alone;
}

/* Drops the content of a piece of an area: pages become zeros, or those of
 * the file that they are the team's own of. What others may have as well, and
 * what is a file's, stays. */
static void discard_part(struct hk_team *team, const struct hk_area *area,
                         uint32_t at, uint32_t size)
{
    uint64_t offset = area->place.offset + (at - area->span.base);

    if (area->fd < 0)
        gm_discard(team->space, at, size);
    else if (!area->is_file && has_alone(team, area, offset, size))
        fallocate(area->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)offset, size);
}

static void discard(struct hk_team *team, uint32_t at, uint32_t end)
{
    const struct hk_area *area;
    struct gm_mapping part;
    uint32_t stop;

    pthread_mutex_lock(&team->areas->lock);
    for (; (stop = next_part(team, &at, end, &part, &area)) != 0; at = stop) {
        if (area != NULL && (area->protection & HK_KERNEL_AREA) == 0)
            discard_part(team, area, at, stop - at);
    }
    pthread_mutex_unlock(&team->areas->lock);
}

/* All but one is for speed, and changes nothing. Pages that a fork copies are
 * zeros then, too, which Haiku shows as they were before it. */
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

static int32_t write_word(struct hk_thread *self, gm_addr to, uint32_t word)
{
    uint8_t bytes[4];

    hk_put32(bytes, word);
    return hk_write_user(self, to, bytes, sizeof(bytes));
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
        *protection = hk_told_protection(
            copy.protection, (uint32_t)hk_area_is_cloned(self->team, copy.id));
        return HK_B_OK;
    }
    if (gm_query(self->team->space, address, &region) < 0 ||
        region.address > address)
        return HK_B_NO_MEMORY;
    *protection =
        hk_told_protection(region.prot, 0); /* the bits are the same */
    return HK_B_OK;
}

/* Other teams show the protection of their areas, and of no pages. */
static int32_t get_others_properties(struct hk_thread *self, int32_t team,
                                     gm_addr address, uint32_t *protection,
                                     uint32_t *lock)
{
    struct hk_shared *shared = hk_shared_of(self);
    const struct hk_shared_area *area = NULL;
    int32_t status = team == HK_KERNEL_TEAM ? HK_B_NO_MEMORY : HK_B_BAD_TEAM_ID;
    uint32_t index;

    hk_shared_lock(shared);
    index = team != 0 ? hk_shared_find_team(shared, team) : 0;
    if (index != 0)
        status = HK_B_NO_MEMORY;
    while (index != 0 && status == HK_B_NO_MEMORY &&
           (area = hk_owned_next(shared, HK_OWNED_AREAS, index,
                                 area != NULL ? &area->own : NULL)) != NULL)
        if (address >= area->base && address - area->base < area->size) {
            *protection = hk_told_protection(area->protection, area->is_cloned);
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

    if (!hk_is_user_address(protected) || !hk_is_user_address(lock))
        return HK_B_BAD_ADDRESS;
    if (team_id != 0 && team_id != self->team->id &&
        self->team->ids.user.effective != 0 &&
        hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return HK_B_NOT_ALLOWED;
    status = team_id == self->team->id
                 ? get_own_properties(self, address, &protection, &wiring)
                 : get_others_properties(self, team_id, address, &protection,
                                         &wiring);
    if (status != HK_B_OK)
        return status;
    if (write_word(self, protected, protection) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return write_word(self, lock, wiring);
}

/* Pages are wired to be stored to, before r1beta6; those of some areas are from
 * the beginning. */
static int can_wire(const struct hk_thread *self, const struct hk_area *area,
                    uint32_t base, uint32_t end)
{
    unsigned needed = hk_kernel_of(self)->config.release >= HK_R1BETA6
                          ? GM_PROT_READ
                          : GM_PROT_WRITE;

    return area->lock == HK_FULL_LOCK || area->lock == HK_CONTIGUOUS ||
           gm_is_accessible(hk_space_of(self), base, end - base, needed);
}

enum lock_check { CAN_WIRE = 1, CAN_SWAP = 2 };

/* With the lock. Pages that are a file's own are swapped to it. */
static int32_t check_locking(struct hk_thread *self, uint32_t base,
                             uint32_t end, unsigned checks)
{
    while (base < end) {
        const struct hk_area *area = hk_area_at(self->team->areas, base);
        uint32_t stop;

        if (area == NULL)
            return HK_B_BAD_ADDRESS;
        stop = area->span.base + area->span.size;
        if (stop > end)
            stop = end;
        if ((checks & CAN_WIRE) != 0 && !can_wire(self, area, base, stop))
            return HK_B_PERMISSION_DENIED;
        if ((checks & CAN_SWAP) != 0 && area->is_file && area->is_shared)
            return HK_B_BAD_VALUE;
        base = stop;
    }
    return HK_B_OK;
}

/* The host keeps memory as it likes. r1beta6 wires all of it first. */
static int32_t set_swappable(struct hk_thread *self, gm_addr address,
                             uint32_t size)
{
    int wires_first = hk_kernel_of(self)->config.release >= HK_R1BETA6;
    uint32_t base = (uint32_t)address;
    int32_t status = HK_B_OK;

    size = hk_page_round(size);
    if (base % HK_PAGE_SIZE != 0 || !hk_area_is_user(base, size))
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&self->team->areas->lock);
    if (wires_first)
        status = check_locking(self, base, base + size, CAN_WIRE);
    if (status == HK_B_OK)
        status = check_locking(self, base, base + size,
                               wires_first ? CAN_SWAP : CAN_WIRE | CAN_SWAP);
    pthread_mutex_unlock(&self->team->areas->lock);
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
