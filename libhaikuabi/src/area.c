/* area.c -- where areas lie, and the memory behind them. */
/* SPDX-License-Identifier: MIT */
#include "area.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
    made->ranges.item_size = sizeof(struct hk_span);
    made->next_id = 1;
    pthread_mutex_init(&made->lock, NULL);
    *areas = made;
    return 0;
}

void hk_areas_free(struct hk_areas *areas)
{
    if (areas == NULL)
        return;
    pthread_mutex_destroy(&areas->lock);
    free(areas->areas.items);
    free(areas->ranges.items);
    free(areas);
}

void hk_areas_clear(struct hk_team *team)
{
    struct hk_areas *areas = team->areas;

    pthread_mutex_lock(&areas->lock);
    areas->areas.count = 0;
    areas->ranges.count = 0;
    gm_space_clear(team->space);
    pthread_mutex_unlock(&areas->lock);
}

int hk_area_is_user(uint32_t base, uint32_t size)
{
    return base >= HK_USER_BASE && base <= HK_USER_TOP &&
           size <= HK_USER_TOP - base;
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

static void remove_area(struct hk_areas *areas, uint32_t base)
{
    hk_spans_remove(&areas->areas, hk_spans_after(&areas->areas, base));
}

int32_t hk_area_cut(struct hk_areas *areas, uint32_t base, uint32_t size)
{
    int split = hk_spans_cut(&areas->areas, base, size);

    if (split < 0)
        return HK_B_NO_MEMORY;
    if (split > 0)
        hk_area_at(areas, base + size)->id = areas->next_id++;
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

/*
 * Finds room for size bytes. Reserved ranges are left alone as long as there
 * is other room. B_OK, B_BAD_VALUE (exact address taken) or B_NO_MEMORY.
 */
static int32_t place(struct hk_team *team, uint32_t spec, uint32_t hint,
                     uint32_t size, uint32_t *address)
{
    struct hk_areas *areas = team->areas;
    uint32_t base = HK_USER_BASE;
    uint32_t stray = 0;

    if (spec == HK_EXACT_ADDRESS) {
        if (hint % HK_PAGE_SIZE != 0 || !hk_area_is_user(hint, size) ||
            hk_spans_overlap(&areas->areas, hint, size))
            return HK_B_BAD_VALUE;
        *address = hint;
        return HK_B_OK;
    }
    if (spec == HK_BASE_ADDRESS || spec == HK_RANDOMIZED_BASE_ADDRESS)
        base = hint < HK_USER_BASE ? HK_USER_BASE : hint;
    if (spec == HK_RANDOMIZED_BASE_ADDRESS || spec == HK_RANDOMIZED_ANY_ADDRESS)
        stray = random_pages(team, FIRST_RANDOM);
    if (base > HK_USER_TOP || stray > HK_USER_TOP - base)
        stray = 0;
    for (int with_ranges = 1; with_ranges >= 0; with_ranges--) {
        const struct hk_spans *avoid = with_ranges ? &areas->ranges : NULL;
        const uint32_t starts[] = {base + stray, base, HK_USER_BASE};

        for (int i = 0; i < 3; i++)
            if (hk_spans_find_free(&areas->areas, avoid, starts[i], HK_USER_TOP,
                                   size, address))
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
    default:
        return HK_B_BAD_VALUE;
    }
}

static int32_t create_locked(struct hk_team *team,
                             const struct hk_area_source *what, uint32_t size,
                             uint32_t *address)
{
    struct hk_areas *areas = team->areas;
    struct hk_area area = {.span = {0, size},
                           .id = areas->next_id,
                           .protection = what->protection,
                           .lock = what->lock,
                           .is_file = what->fd >= 0};
    int32_t status;

    if (what->replace && what->spec == HK_EXACT_ADDRESS) {
        if (!hk_area_is_user(what->address, size))
            return HK_B_BAD_ADDRESS;
        if (hk_area_is_kernel(areas, what->address, size))
            return HK_B_NOT_ALLOWED;
        status = hk_area_cut(areas, what->address, size);
        if (status != HK_B_OK)
            return status;
        gm_unmap(team->space, what->address, size);
    }
    status = place(team, what->spec, what->address, size, &area.span.base);
    if (status != HK_B_OK)
        return status;
    snprintf(area.name, sizeof(area.name), "%s", what->name);
    if (hk_spans_insert(&areas->areas, &area) < 0)
        return HK_B_NO_MEMORY;
    status = map_memory(team, what, area.span.base, size, area.id);
    if (status == HK_B_OK &&
        hk_spans_cut(&areas->ranges, area.span.base, size) < 0)
        status = HK_B_NO_MEMORY;
    if (status != HK_B_OK) {
        gm_unmap(team->space, area.span.base, size);
        remove_area(areas, area.span.base);
        return status;
    }
    areas->next_id++;
    *address = area.span.base;
    return area.id;
}

int32_t hk_area_create(struct hk_team *team, const struct hk_area_source *what,
                       uint32_t *address)
{
    uint32_t size = hk_page_round(what->size);
    int32_t result;

    if (size == 0 || size > HK_USER_TOP - HK_USER_BASE)
        return what->size == 0 ? HK_B_BAD_VALUE : HK_B_NO_MEMORY;
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
        remove_area(areas, area->span.base);
    }
    pthread_mutex_unlock(&areas->lock);
    return status;
}

int32_t hk_range_reserve(struct hk_team *team, uint32_t spec, uint32_t *address,
                         uint32_t size)
{
    struct hk_areas *areas = team->areas;
    struct hk_span range;
    int32_t status;

    size = hk_page_round(size);
    if (size == 0)
        return HK_B_BAD_VALUE;
    pthread_mutex_lock(&areas->lock);
    status = place(team, spec, *address, size, address);
    if (status == HK_B_OK && hk_spans_overlap(&areas->ranges, *address, size))
        status = HK_B_BAD_VALUE;
    range = (struct hk_span){*address, size};
    if (status == HK_B_OK && hk_spans_insert(&areas->ranges, &range) < 0)
        status = HK_B_NO_MEMORY;
    pthread_mutex_unlock(&areas->lock);
    return status;
}

int32_t hk_range_unreserve(struct hk_team *team, uint32_t base, uint32_t size)
{
    int result;

    pthread_mutex_lock(&team->areas->lock);
    result = hk_spans_cut(&team->areas->ranges, base, hk_page_round(size));
    pthread_mutex_unlock(&team->areas->lock);
    return result < 0 ? HK_B_NO_MEMORY : HK_B_OK;
}

static int32_t grow(struct hk_team *team, struct hk_area *area, uint32_t more)
{
    struct hk_areas *areas = team->areas;
    uint32_t end = area->span.base + area->span.size;
    const struct hk_area_source what = {.protection = area->protection,
                                        .fd = -1};

    if (!hk_area_is_user(end, more) ||
        hk_spans_overlap(&areas->areas, end, more))
        return HK_B_ERROR;
    if (map_memory(team, &what, end, more, area->id) != HK_B_OK)
        return HK_B_NO_MEMORY;
    hk_spans_cut(&areas->ranges, end, more);
    area->span.size += more;
    return HK_B_OK;
}

static int32_t resize_locked(struct hk_team *team, struct hk_area *area,
                             uint32_t new_size)
{
    uint32_t size = area->span.size;

    if ((area->protection & HK_KERNEL_AREA) != 0 || area->is_file)
        return HK_B_NOT_ALLOWED;
    if (new_size > size)
        return grow(team, area, new_size - size);
    if (new_size < size) {
        gm_unmap(team->space, area->span.base + new_size, size - new_size);
        area->span.size = new_size;
    }
    return HK_B_OK;
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

uint32_t hk_area_count(struct hk_team *team)
{
    uint32_t count;

    pthread_mutex_lock(&team->areas->lock);
    count = team->areas->areas.count;
    pthread_mutex_unlock(&team->areas->lock);
    return count;
}
