/* area_ram.c -- how much of an area is in the machine's memory. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "area.h"

/* What of an area's pages Haiku counts: all that are there, or, of private
 * pages of a file, those that are no longer the file's. */
enum page_bit { IS_FILES = 1 << 0, IS_SWAPPED = 1 << 1, IS_PRESENT = 1 << 2 };

static int counts(uint64_t entry, int is_private_file)
{
    unsigned bits = (unsigned)(entry >> 61); /* Linux, pagemap.rst */

    return (bits & (IS_PRESENT | IS_SWAPPED)) != 0 &&
           (!is_private_file || (bits & IS_FILES) == 0);
}

static uint32_t count_pages(int pagemap, uint64_t first, uint32_t pages,
                            int is_private_file)
{
    enum { AT_ONCE = 512 };
    uint64_t entries[AT_ONCE];
    uint32_t count = 0;

    for (uint32_t done = 0; done < pages;) {
        uint32_t part = pages - done < AT_ONCE ? pages - done : AT_ONCE;
        size_t size = part * sizeof(entries[0]);
        off_t at = (off_t)((first + done) * sizeof(entries[0]));

        if (pread(pagemap, entries, size, at) != (ssize_t)size)
            return pages;
        for (uint32_t i = 0; i < part; i++)
            count += (uint32_t)counts(entries[i], is_private_file);
        done += part;
    }
    return count;
}

static uint32_t ram_of_pages(int32_t team, uint64_t memory,
                             const struct hk_shared_area *area)
{
    uint32_t count = area->size / HK_PAGE_SIZE;
    char path[64];
    int pagemap;

    snprintf(path, sizeof(path), "/proc/%d/pagemap", team);
    pagemap = open(path, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0)
        return area->size;
    count = count_pages(pagemap, (memory + area->base) / HK_PAGE_SIZE, count,
                        area->is_file && area->fd < 0);
    close(pagemap);
    return count * HK_PAGE_SIZE;
}

/* Of memory that others can have as well, however much of it they have. */
static uint32_t ram_of_memory(int32_t team, const struct hk_shared_area *area)
{
    enum { BLOCK = 512 };
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", team, area->fd);
    if (stat(path, &st) != 0 || (uint64_t)st.st_dev != area->place.device ||
        (uint64_t)st.st_ino != area->place.inode)
        return area->size;
    return (uint32_t)((uint64_t)st.st_blocks * BLOCK);
}

uint32_t hk_area_ram(int32_t team, uint64_t memory,
                     const struct hk_shared_area *area)
{
    if (area->lock == HK_FULL_LOCK || area->lock == HK_CONTIGUOUS)
        return area->size;
    if (area->fd >= 0 && !area->is_file)
        return ram_of_memory(team, area);
    return ram_of_pages(team, memory, area);
}
