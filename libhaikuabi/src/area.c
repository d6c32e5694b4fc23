/* area.c -- where areas lie, and the memory behind them. */
/* SPDX-License-Identifier: MIT */
#include "area.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "range_locks.h"

unsigned hk_area_host_protection(uint32_t protection)
{
    unsigned prot = GM_PROT_NONE;

    if ((protection & HK_READ_AREA) != 0)
        prot |= GM_PROT_READ;
    if ((protection & HK_WRITE_AREA) != 0)
        prot |= GM_PROT_WRITE;
    if ((protection & HK_EXECUTE_AREA) != 0)
        prot |= GM_PROT_EXEC;
    return prot;
}

int hk_areas_new(struct hk_areas **areas)
{
    struct hk_areas *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    made->areas.item_size = sizeof(struct hk_area);
    made->ranges.item_size = sizeof(struct hk_range);
    pthread_mutex_init(&made->lock, NULL);
    *areas = made;
    return 0;
}

static void close_memory(struct hk_team *team, struct hk_area *area)
{
    if (area->fd >= 0)
        hk_range_locks_close(hk_range_locks_of(team), area->fd);
    hk_area_forget_file(team, area);
}

static void close_plainly(const struct hk_area *area)
{
    if (area->fd >= 0)
        close(area->fd);
    if (area->file >= 0)
        close(area->file);
}

void hk_areas_free(struct hk_areas *areas)
{
    if (areas == NULL)
        return;
    for (uint32_t i = 0; i < areas->areas.count; i++)
        close_plainly(hk_spans_at(&areas->areas, i));
    pthread_mutex_destroy(&areas->lock);
    free(areas->areas.items);
    free(areas->ranges.items);
    free(areas);
}

void hk_areas_clear(struct hk_team *team)
{
    struct hk_areas *areas = team->areas;

    pthread_mutex_lock(&areas->lock);
    for (uint32_t i = 0; i < areas->areas.count; i++) {
        struct hk_area *area = hk_spans_at(&areas->areas, i);

        hk_area_unpublish(team, area);
        close_memory(team, area);
    }
    areas->areas.count = 0;
    areas->ranges.count = 0;
    gm_space_clear(team->space);
    pthread_mutex_unlock(&areas->lock);
}

int hk_area_is_user(uint32_t base, uint32_t size)
{
    return size <= UINT32_MAX - base && hk_is_user_address(base) &&
           hk_is_user_address(base + size - 1);
}

struct hk_area *hk_area_find(struct hk_areas *areas, int32_t id)
{
    for (uint32_t i = 0; i < areas->areas.count; i++) {
        struct hk_area *area = hk_spans_at(&areas->areas, i);

        if (area->id == id)
            return area;
    }
    return NULL;
}

struct hk_area *hk_area_at(struct hk_areas *areas, uint32_t address)
{
    uint32_t i = hk_spans_after(&areas->areas, address);
    struct hk_area *area;

    if (i == areas->areas.count)
        return NULL;
    area = hk_spans_at(&areas->areas, i);
    return area->span.base <= address ? area : NULL;
}

int hk_area_is_kernel(const struct hk_areas *areas, uint32_t base,
                      uint32_t size)
{
    for (uint32_t i = hk_spans_after(&areas->areas, base);
         i < areas->areas.count; i++) {
        const struct hk_area *area = hk_spans_at(&areas->areas, i);

        if (area->span.base >= base && area->span.base - base >= size)
            return 0;
        if ((area->protection & HK_KERNEL_AREA) != 0)
            return 1;
    }
    return 0;
}

/* The area leaves the list; its memory stays mapped. */
static void remove_area(struct hk_team *team, uint32_t i)
{
    struct hk_spans *areas = &team->areas->areas;

    hk_area_unpublish(team, hk_spans_at(areas, i));
    close_memory(team, hk_spans_at(areas, i));
    hk_spans_remove(areas, i);
}

/* The areas that lie within a range go. */
static void remove_inside(struct hk_team *team, uint32_t base, uint32_t size)
{
    struct hk_spans *areas = &team->areas->areas;
    uint32_t i = hk_spans_after(areas, base);

    while (i < areas->count) {
        const struct hk_area *area = hk_spans_at(areas, i);

        if (area->span.base < base) {
            i++;
            continue;
        }
        if (area->span.base - base >= size ||
            area->span.size > size - (area->span.base - base))
            return;
        remove_area(team, i);
    }
}

static int ends_before(const struct hk_area *area, uint32_t address)
{
    return area->span.base + area->span.size <= address;
}

/* What is left behind a hole: an area of its own, if there is one before the
 * hole, too. */
static int32_t make_rest(struct hk_team *team, const struct hk_area *around,
                         struct hk_area *rest)
{
    int32_t status;

    *rest = *around;
    if (hk_area_is_cloned(team, around->id)) {
        rest->protection |= HK_SHARED_AREA;
        rest->is_shared = 1;
    }
    if (rest->fd >= 0) {
        rest->fd = hk_range_locks_dup(hk_range_locks_of(team), around->fd);
        if (rest->fd < 0)
            return HK_B_NO_MEMORY;
    }
    if (rest->file >= 0)
        rest->file = hk_range_locks_dup(hk_range_locks_of(team), around->file);
    status = hk_area_publish(team, rest);
    if (status != HK_B_OK)
        close_memory(team, rest);
    return status;
}

int32_t hk_area_cut(struct hk_team *team, uint32_t base, uint32_t size)
{
    struct hk_spans *areas = &team->areas->areas;
    struct hk_area *left = hk_area_at(team->areas, base);
    struct hk_area *right = hk_area_at(team->areas, base + size);
    int is_split = left != NULL && left == right && left->span.base < base;
    uint32_t before = right != NULL ? right->span.base : 0;
    struct hk_area rest = {.fd = -1, .file = -1};
    int result;

    if (is_split && make_rest(team, left, &rest) != HK_B_OK)
        return HK_B_NO_MEMORY;
    remove_inside(team, base, size);
    result = hk_spans_cut(areas, base, size);
    if (result < 0) {
        hk_area_unpublish(team, &rest);
        close_memory(team, &rest);
        return HK_B_NO_MEMORY;
    }
    left = base > 0 ? hk_area_at(team->areas, base - 1) : NULL;
    if (left != NULL && ends_before(left, base))
        hk_area_tell(team, left);
    right = hk_area_at(team->areas, base + size);
    if (right != NULL && right->span.base != before) {
        rest.span = right->span;
        if (is_split)
            *right = rest;
        right->place.offset += right->span.base - before;
        hk_area_tell(team, right);
    }
    return HK_B_OK;
}

/* How far placement may stray (haiku-abi/x86-32.md, section 7). */
enum { FIRST_RANDOM = 0x2000000, LATER_RANDOM = 0x800000 };

static uint32_t random_pages(struct hk_team *team, uint32_t limit)
{
    uint32_t value = 0;

    if (!team->kernel->config.randomize || team->no_aslr)
        return 0;
    if (getentropy(&value, sizeof(value)) != 0)
        return 0;
    return value % limit & ~(uint32_t)(HK_PAGE_SIZE - 1);
}

/* 1 when a place is free for a range, or for an area, which may be in one. */
static int is_free(const struct hk_areas *areas, int is_range, uint32_t base,
                   uint32_t size)
{
    uint32_t i = hk_spans_after(&areas->ranges, base);
    const struct hk_span *range;

    if (hk_spans_overlap(&areas->areas, base, size))
        return 0;
    if (!hk_spans_overlap(&areas->ranges, base, size))
        return 1;
    range = hk_spans_at(&areas->ranges, i);
    return !is_range && range->base <= base &&
           size <= range->size - (base - range->base);
}

static int32_t place_exactly(const struct hk_areas *areas, int is_range,
                             uint32_t hint, uint32_t size, uint32_t *address)
{
    uint32_t base = hk_page_round(hint);

    if (!hk_area_is_user(hint, size))
        return HK_B_BAD_ADDRESS;
    if (!is_free(areas, is_range, base, size))
        return HK_B_BAD_VALUE;
    *address = base;
    return HK_B_OK;
}

/* Where to look from for anything but an exact address; *base: the lowest place
 * of all. */
static int32_t find_base(uint32_t spec, uint32_t hint, uint32_t size,
                         uint32_t *base)
{
    if (spec == HK_CLONE_ADDRESS || spec > HK_RANDOMIZED_BASE_ADDRESS)
        return HK_B_BAD_VALUE;
    if ((spec == HK_BASE_ADDRESS || spec == HK_RANDOMIZED_BASE_ADDRESS) &&
        hint > HK_USER_BASE)
        *base = hint;
    /* The kernel does not see that a last byte wraps around. */
    if (*base + (size - 1) >= HK_USER_TOP)
        return HK_B_BAD_ADDRESS;
    if (hk_page_round(*base) > *base)
        *base = hk_page_round(*base);
    return HK_B_OK;
}

/* Ranges may end in the middle of a page. */
static int find_pages(const struct hk_areas *areas,
                      const struct hk_spans *avoid, uint32_t base,
                      uint32_t size, uint32_t *address)
{
    while (hk_spans_find_free(&areas->areas, avoid, base, HK_USER_TOP, size,
                              address)) {
        base = hk_page_round(*address);
        if (base == *address)
            return 1;
    }
    return 0;
}

/*
 * Finds room for size bytes. Reserved ranges are left alone as long as there
 * is other room; an area may take of them then, another range may not. B_OK,
 * B_BAD_VALUE (exact address taken, no such specification), B_BAD_ADDRESS (not
 * in user memory) or B_NO_MEMORY.
 */
static int32_t place(struct hk_team *team, int is_range, uint32_t spec,
                     uint32_t hint, uint32_t size, uint32_t *address)
{
    struct hk_areas *areas = team->areas;
    uint32_t base = HK_USER_BASE, stray = 0;
    int32_t status;

    if (spec == HK_EXACT_ADDRESS)
        return place_exactly(areas, is_range, hint, size, address);
    status = find_base(spec, hint, size, &base);
    if (status != HK_B_OK)
        return status;
    if (spec == HK_RANDOMIZED_BASE_ADDRESS || spec == HK_RANDOMIZED_ANY_ADDRESS)
        stray = random_pages(team, FIRST_RANDOM);
    if (base > HK_USER_TOP || stray > HK_USER_TOP - base)
        stray = 0;
    for (int in_ranges = 0; in_ranges <= !is_range; in_ranges++) {
        const struct hk_spans *avoid = in_ranges ? NULL : &areas->ranges;
        const uint32_t starts[] = {base + stray, base, HK_USER_BASE};

        for (int i = 0; i < 3; i++)
            if (find_pages(areas, avoid, starts[i], size, address))
                return HK_B_OK;
    }
    return HK_B_NO_MEMORY;
}

static int32_t map_memory(struct hk_team *team,
                          const struct hk_area_source *what, uint32_t address,
                          uint32_t size, int32_t id)
{
    struct gm_mapping mapping = {
        .address = address,
        .size = size,
        .prot = hk_area_host_protection(what->protection),
        .flags = GM_MAP_REPLACE | (what->shared ? GM_MAP_SHARED : 0u),
        .fd = what->fd,
        .offset = what->offset,
        .tag = (uint64_t)id,
    };

    switch (gm_map(team->space, &mapping)) {
    case 0:
        return HK_B_OK;
    case GM_ERR_NOMEM:
        return HK_B_NO_MEMORY;
    case GM_ERR_IO: /* a file that is not open for it */
        return HK_B_NOT_ALLOWED;
    default:
        return HK_B_BAD_VALUE;
    }
}

/* An exact place that is to be taken is made free. */
static int32_t clear_place(struct hk_team *team,
                           const struct hk_area_source *what, uint32_t size)
{
    int32_t status;

    if (!what->replace || what->spec != HK_EXACT_ADDRESS)
        return HK_B_OK;
    if (hk_area_is_kernel(team->areas, what->address, size))
        return HK_B_NOT_ALLOWED;
    status = hk_area_cut(team, what->address, size);
    if (status == HK_B_OK)
        gm_unmap(team->space, what->address, size);
    return status;
}

/* The descriptor by which others get at the memory: of the file that is
 * mapped, or of memory that can be cloned. */
static int32_t find_memory(struct hk_team *team, struct hk_area *area,
                           const struct hk_area_source *what)
{
    int fd;

    if (what->fd >= 0 && !what->shared) {
        hk_area_keep_file(team, area, what);
        return HK_B_OK;
    }
    if (!what->shared && (what->protection & HK_CLONEABLE_AREA) == 0)
        return HK_B_OK;
    fd = what->fd >= 0 ? hk_range_locks_dup(hk_range_locks_of(team), what->fd)
                       : hk_area_new_memory(area->span.size);
    if (fd < 0)
        return HK_B_NO_MEMORY;
    hk_area_set_memory(area, fd, what->offset);
    return HK_B_OK;
}

/* Maps the memory of an area in the list, with its id. */
static int32_t map_area(struct hk_team *team, const struct hk_area *area,
                        const struct hk_area_source *what)
{
    struct hk_area_source from = *what;
    int32_t status;

    if (area->fd >= 0) {
        from.fd = area->fd;
        from.offset = area->place.offset;
        from.shared = 1;
    }
    status =
        map_memory(team, &from, area->span.base, area->span.size, area->id);
    if (status == HK_B_OK && hk_spans_cut(&team->areas->ranges, area->span.base,
                                          area->span.size) < 0)
        status = HK_B_NO_MEMORY;
    return status;
}

static int32_t insert_area(struct hk_team *team, struct hk_area *area)
{
    int32_t status = hk_area_publish(team, area);

    if (status != HK_B_OK)
        return status;
    if (hk_spans_insert(&team->areas->areas, area) == 0)
        return HK_B_OK;
    hk_area_unpublish(team, area);
    return HK_B_NO_MEMORY;
}

/* What Haiku makes of kinds of locks. */
static uint32_t lock_of(uint32_t lock, uint32_t size)
{
    if (lock == HK_32_BIT_FULL_LOCK)
        return HK_FULL_LOCK;
    if (lock == HK_LOMEM)
        return HK_CONTIGUOUS;
    if (lock == HK_32_BIT_CONTIGUOUS)
        lock = HK_CONTIGUOUS;
    return lock == HK_CONTIGUOUS && size == HK_PAGE_SIZE ? HK_FULL_LOCK : lock;
}

static int32_t create_locked(struct hk_team *team,
                             const struct hk_area_source *what, uint32_t size,
                             uint32_t *address)
{
    struct hk_area area = {
        .span = {0, size},
        .protection = what->protection | (what->shared && !what->is_transfer
                                              ? (uint32_t)HK_SHARED_AREA
                                              : 0u),
        .most = what->most,
        .lock = lock_of(what->lock, size),
        .is_file = what->is_clone ? what->is_file_clone : what->fd >= 0,
        .fd = -1,
        .file = -1,
        .is_shared = what->shared};
    int32_t status = clear_place(team, what, size);

    if (status == HK_B_OK)
        status =
            place(team, 0, what->spec, what->address, size, &area.span.base);
    if (status == HK_B_OK)
        status = find_memory(team, &area, what);
    if (status != HK_B_OK)
        return status;
    snprintf(area.name, sizeof(area.name), "%s", what->name);
    status = insert_area(team, &area);
    if (status != HK_B_OK) {
        close_memory(team, &area);
        return status;
    }
    status = map_area(team, &area, what);
    if (status == HK_B_OK && (what->protection & HK_CLONEABLE_AREA) != 0)
        status = hk_area_make_sharable(team,
                                       hk_area_at(team->areas, area.span.base));
    if (status != HK_B_OK) {
        gm_unmap(team->space, area.span.base, size);
        remove_area(team, hk_spans_after(&team->areas->areas, area.span.base));
        return status;
    }
    *address = area.span.base;
    return area.id;
}

int32_t hk_area_create(struct hk_team *team, const struct hk_area_source *what,
                       uint32_t *address)
{
    uint32_t size = hk_page_round(what->size);
    int32_t result;

    if (size == 0 || what->lock > HK_ALREADY_WIRED)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&team->areas->lock);
    result = create_locked(team, what, size, address);
    pthread_mutex_unlock(&team->areas->lock);
    return result;
}

int32_t hk_area_delete(struct hk_team *team, int32_t id, int force)
{
    struct hk_areas *areas = team->areas;
    struct hk_area *area;
    int32_t status = HK_B_OK;

    pthread_mutex_lock(&areas->lock);
    area = hk_area_find(areas, id);
    if (area == NULL)
        status = HK_B_BAD_VALUE;
    else if ((area->protection & HK_KERNEL_AREA) != 0 && !force)
        status = HK_B_NOT_ALLOWED;
    if (status == HK_B_OK) {
        gm_unmap(team->space, area->span.base, area->span.size);
        remove_area(team, hk_spans_index(&areas->areas, area));
    }
    pthread_mutex_unlock(&areas->lock);
    return status;
}

int32_t hk_range_reserve(struct hk_team *team, uint32_t spec, uint32_t *address,
                         uint32_t size)
{
    struct hk_areas *areas = team->areas;
    struct hk_range range;
    int32_t status;

    if (size == 0)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&areas->lock);
    status = place(team, 1, spec, *address, size, address);
    range = (struct hk_range){{*address, size}, *address};
    if (status == HK_B_OK && hk_spans_insert(&areas->ranges, &range) < 0)
        status = HK_B_NO_MEMORY;
    pthread_mutex_unlock(&areas->lock);
    return status;
}

void hk_range_unreserve(struct hk_team *team, uint32_t base, uint32_t size)
{
    struct hk_spans *ranges = &team->areas->ranges;
    uint32_t last = base + size - 1, i;

    pthread_mutex_lock(&team->areas->lock);
    i = hk_spans_after(ranges, base);
    while (i < ranges->count) {
        const struct hk_span *span = hk_spans_at(ranges, i);

        if (span->base + (span->size - 1) > last)
            break;
        if (span->base < base)
            i++;
        else
            hk_spans_remove(ranges, i);
    }
    pthread_mutex_unlock(&team->areas->lock);
}

/* The range that holds a byte of a place, or NULL. */
static struct hk_range *range_in(struct hk_areas *areas, uint32_t base,
                                 uint32_t size)
{
    if (!hk_spans_overlap(&areas->ranges, base, size))
        return NULL;
    return hk_spans_at(&areas->ranges, hk_spans_after(&areas->ranges, base));
}

/* Before r1beta6 an area grows into a range only if it was made in it, and not
 * beyond. */
static int can_grow(struct hk_team *team, const struct hk_area *area,
                    uint32_t more)
{
    uint32_t end = area->span.base + area->span.size;
    const struct hk_range *range;

    if (!hk_area_is_user(end, more) ||
        hk_spans_overlap(&team->areas->areas, end, more))
        return 0;
    range = range_in(team->areas, end, more);
    return range == NULL || team->kernel->config.release >= HK_R1BETA6 ||
           (range->origin <= area->span.base &&
            more <= range->span.base - end + range->span.size);
}

static int32_t grow(struct hk_team *team, struct hk_area *area, uint32_t more)
{
    uint32_t size = area->span.size, end = area->span.base + size;
    const struct hk_area_source what = {.protection = area->protection,
                                        .fd = area->fd >= 0 ? area->fd
                                                            : area->file,
                                        .offset = area->place.offset + size,
                                        .shared = area->fd >= 0};

    if (!can_grow(team, area, more))
        return HK_B_ERROR;
    if (area->is_file && (what.fd < 0 || hk_area_bring(area, more) != 0))
        return HK_B_NO_MEMORY;
    if (area->fd >= 0 && ftruncate(area->fd, (off_t)(what.offset + more)) != 0)
        return HK_B_NO_MEMORY;
    if (map_memory(team, &what, end, more, area->id) != HK_B_OK)
        return HK_B_NO_MEMORY;
    hk_spans_cut(&team->areas->ranges, end, more);
    area->span.size += more;
    hk_area_tell(team, area);
    return HK_B_OK;
}

/* A range that begins at an area's end gets back what the area had of it. */
static void widen_range(struct hk_areas *areas, uint32_t end, uint32_t less)
{
    struct hk_range *range = range_in(areas, end, 1);

    if (range == NULL || range->span.base != end)
        return;
    if (less > end - range->origin)
        less = end - range->origin;
    range->span.base -= less;
    range->span.size += less;
}

static void shrink(struct hk_team *team, struct hk_area *area,
                   uint32_t new_size)
{
    uint32_t less = area->span.size - new_size;

    gm_unmap(team->space, area->span.base + new_size, less);
    if (area->fd >= 0 && !area->is_file) /* what comes back is zeroed */
        fallocate(area->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  (off_t)(area->place.offset + new_size), less);
    if (team->kernel->config.release >= HK_R1BETA6)
        widen_range(team->areas, area->span.base + area->span.size, less);
    area->span.size = new_size;
    hk_area_tell(team, area);
}

/* 1 when both are of the same memory: they are resized together. */
static int is_same_memory(const struct hk_area *a, const struct hk_area *b)
{
    return a == b ||
           (a->fd >= 0 && b->fd >= 0 && a->place.device == b->place.device &&
            a->place.inode == b->place.inode);
}

static int32_t resize_locked(struct hk_team *team, struct hk_area *area,
                             uint32_t new_size)
{
    struct hk_spans *areas = &team->areas->areas;
    uint32_t size = area->span.size;
    int32_t status = HK_B_OK;

    if ((area->protection & HK_KERNEL_AREA) != 0 ||
        (area->is_file && area->fd >= 0))
        return HK_B_NOT_ALLOWED;
    for (uint32_t i = 0; new_size > size && i < areas->count; i++) {
        const struct hk_area *other = hk_spans_at(areas, i);

        if (is_same_memory(area, other) &&
            !can_grow(team, other, new_size - size))
            return HK_B_ERROR;
    }
    for (uint32_t i = 0; status == HK_B_OK && i < areas->count; i++) {
        struct hk_area *other = hk_spans_at(areas, i);

        if (!is_same_memory(area, other))
            continue;
        if (new_size > other->span.size)
            status = grow(team, other, new_size - other->span.size);
        else if (new_size < other->span.size)
            shrink(team, other, new_size);
    }
    return status;
}

int32_t hk_area_resize(struct hk_team *team, int32_t id, uint32_t new_size)
{
    struct hk_area *area;
    int32_t status = HK_B_BAD_VALUE;

    pthread_mutex_lock(&team->areas->lock);
    area = hk_area_find(team->areas, id);
    if (area != NULL)
        status = resize_locked(team, area, new_size);
    pthread_mutex_unlock(&team->areas->lock);
    return status;
}

int32_t hk_area_grow_kernel(struct hk_team *team, int32_t id, uint32_t new_size)
{
    struct hk_area *area;
    int32_t status = HK_B_BAD_VALUE;

    pthread_mutex_lock(&team->areas->lock);
    area = hk_area_find(team->areas, id);
    if (area != NULL && area->span.size < new_size)
        status = grow(team, area, new_size - area->span.size);
    pthread_mutex_unlock(&team->areas->lock);
    return status;
}

int32_t hk_area_protect_kernel(struct hk_team *team, int32_t id,
                               uint32_t protection)
{
    struct hk_area *area;

    pthread_mutex_lock(&team->areas->lock);
    area = hk_area_find(team->areas, id);
    if (area != NULL) {
        gm_protect(team->space, area->span.base, area->span.size,
                   hk_area_host_protection(protection));
        area->protection = protection;
        hk_area_tell(team, area);
    }
    pthread_mutex_unlock(&team->areas->lock);
    return area != NULL ? HK_B_OK : HK_B_BAD_VALUE;
}

int32_t hk_area_get(struct hk_team *team, int32_t id, struct hk_area *area)
{
    const struct hk_area *found;

    pthread_mutex_lock(&team->areas->lock);
    found = hk_area_find(team->areas, id);
    if (found != NULL)
        *area = *found;
    pthread_mutex_unlock(&team->areas->lock);
    return found != NULL ? HK_B_OK : HK_B_BAD_VALUE;
}

int hk_area_write_kernel(struct hk_team *team, gm_addr to, const void *from,
                         uint32_t size)
{
    gm_addr page = to & ~(gm_addr)(HK_PAGE_SIZE - 1);
    struct gm_mapping region;
    int result;

    pthread_mutex_lock(&team->areas->lock);
    result = gm_query(team->space, to, &region);
    if (result == 0 && region.address > to)
        result = -1;
    if (result == 0 && (region.prot & GM_PROT_WRITE) == 0)
        result = gm_protect(team->space, page, HK_PAGE_SIZE,
                            region.prot | GM_PROT_READ | GM_PROT_WRITE);
    if (result == 0) {
        result = gm_copy_out(team->space, to, from, size);
        if ((region.prot & GM_PROT_WRITE) == 0)
            gm_protect(team->space, page, HK_PAGE_SIZE, region.prot);
    }
    pthread_mutex_unlock(&team->areas->lock);
    return result;
}
