/* area_ram.c -- how much of an area is in the machine's memory. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
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

/* PAGEMAP_SCAN (Linux 6.7, pagemap.rst): runs of pages that are alike, so that
 * what was never touched costs nothing. */
struct scan_run {
    uint64_t start, end, categories;
};

struct scan {
    uint64_t size, flags, start, end, walk_end, runs, run_count, most_pages;
    uint64_t inverted, all_of, any_of, told;
};

enum { SCAN_FILE = 1 << 2, SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4 };

/* How many pages count; -1 where the host does not know how to tell. */
static int64_t scan_pages(int pagemap, uint64_t start, uint64_t end,
                          int is_private_file)
{
    struct scan_run runs[64];
    struct scan scan = {.size = sizeof(scan),
                        .end = end,
                        .runs = (uintptr_t)runs,
                        .run_count = sizeof(runs) / sizeof(runs[0]),
                        .inverted = is_private_file ? SCAN_FILE : 0,
                        .all_of = is_private_file ? SCAN_FILE : 0,
                        .any_of = SCAN_PRESENT | SCAN_SWAPPED,
                        .told = SCAN_PRESENT | SCAN_SWAPPED};
    int64_t count = 0;

    for (scan.walk_end = start; scan.walk_end < end;) {
        int found;

        scan.start = scan.walk_end;
        found = ioctl(pagemap, _IOWR('f', 16, struct scan), &scan);
        if (found < 0)
            return -1;
        for (int i = 0; i < found; i++)
            count += (int64_t)((runs[i].end - runs[i].start) / HK_PAGE_SIZE);
    }
    return count;
}

static uint32_t ram_of_pages(int32_t team, uint64_t memory,
                             const struct hk_shared_area *area)
{
    uint64_t start = memory + area->base;
    int is_private_file = area->is_file && area->fd < 0;
    char path[64];
    int64_t count;
    int pagemap;

    snprintf(path, sizeof(path), "/proc/%d/pagemap", team);
    pagemap = open(path, O_RDONLY | O_CLOEXEC);
    if (pagemap < 0)
        return area->size;
    count = scan_pages(pagemap, start, start + area->size, is_private_file);
    if (count < 0)
        count = count_pages(pagemap, start / HK_PAGE_SIZE,
                            area->size / HK_PAGE_SIZE, is_private_file);
    close(pagemap);
    return (uint32_t)count * HK_PAGE_SIZE;
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
