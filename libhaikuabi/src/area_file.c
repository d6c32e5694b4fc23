/* area_file.c -- private pages of files. */
/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include "area.h"
#include "range_locks.h"
#include "root.h"

/* Without a descriptor to be had the area cannot grow. */
void hk_area_keep_file(struct hk_team *team, struct hk_area *area,
                       const struct hk_area_source *what)
{
    area->file = hk_range_locks_dup(hk_range_locks_of(team), what->fd);
    area->layer = what->layer;
    area->place.offset = what->offset;
}

void hk_area_forget_file(struct hk_team *team, struct hk_area *area)
{
    if (area->file >= 0)
        hk_range_locks_close(hk_range_locks_of(team), area->file);
    area->file = -1;
}

int hk_area_bring(const struct hk_area *area, uint32_t more)
{
    struct hk_pieces *pieces = NULL;
    int error;

    if (area->layer == NULL)
        return 0;
    error = hk_pieces_open(area->layer, area->file, &pieces);
    if (error == 0 && pieces != NULL)
        error = hk_pieces_bring(pieces, area->file,
                                area->place.offset + area->span.size, more);
    hk_pieces_free(pieces);
    return error;
}

/* A page becomes zeros once: an access that fails there again fails. */
static int fill_page(struct hk_team *team, const struct hk_area *area,
                     gm_addr page, unsigned needed)
{
    struct gm_mapping region;
    struct stat st;

    if (gm_query(team->space, page, &region) != 0 || region.address > page ||
        (region.prot & needed) == 0 || region.fd < 0)
        return 0;
    if (fstat(area->file, &st) != 0 ||
        area->place.offset + (page - area->span.base) < (uint64_t)st.st_size)
        return 0;
    region.address = page;
    region.size = HK_PAGE_SIZE;
    region.flags |= GM_MAP_REPLACE;
    region.fd = -1;
    if (gm_map(team->space, &region) < 0)
        return 0;
    /* Another thread may have failed there as well. */
    atomic_fetch_add(&team->areas->remappings, 1);
    return 1;
}

int hk_area_fill(struct hk_team *team, uint32_t address, uint32_t size,
                 int is_store)
{
    unsigned needed =
        is_store ? GM_PROT_WRITE : GM_PROT_READ | GM_PROT_WRITE | GM_PROT_EXEC;
    gm_addr page = address & ~(uint32_t)(HK_PAGE_SIZE - 1);
    gm_addr end = (gm_addr)address + size;
    int is_filled = 0;

    pthread_mutex_lock(&team->areas->lock);
    for (; page < end; page += HK_PAGE_SIZE) {
        const struct hk_area *area = hk_area_at(team->areas, (uint32_t)page);

        if (area != NULL && area->file >= 0)
            is_filled |= fill_page(team, area, page, needed);
    }
    pthread_mutex_unlock(&team->areas->lock);
    return is_filled;
}
