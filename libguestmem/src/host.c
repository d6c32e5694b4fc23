/* host.c -- what is asked of the host's memory manager; Linux. */
/* SPDX-License-Identifier: MIT */

#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guestmem/guestmem.h"

_Static_assert(sizeof(size_t) == 8, "a window needs a 64-bit host");

/* Nothing is set aside for memory that a guest has not touched: programs ask
 * for far more than they use. */
#define RESERVED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

static int error_of(int number)
{
    return number == ENOMEM ? GM_ERR_NOMEM : GM_ERR_IO;
}

static int prot_of(unsigned prot)
{
    int host = PROT_NONE;
    /* Code is read to be translated, never run in place. */
    if (prot & (GM_PROT_READ | GM_PROT_EXEC))
        host |= PROT_READ;
    /* x86 pages that can be written can be read. */
    if (prot & GM_PROT_WRITE)
        host |= PROT_READ | PROT_WRITE;
    return host;
}

int gm_host_fits(void)
{
    return sysconf(_SC_PAGESIZE) == (long)GM_PAGE_SIZE;
}

uint8_t *gm_host_reserve(size_t before, size_t size, size_t after, size_t align)
{
    /* The host aligns to pages only: ask for more and give the rest back. */
    size_t total = before + size + after + align;
    uint8_t *start = mmap(NULL, total, PROT_NONE, RESERVED, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    size_t skip = -((uintptr_t)start + before) & (align - 1);
    if (skip > 0)
        munmap(start, skip);
    munmap(start + skip + before + size + after, align - skip);
    return start + skip + before;
}

void *gm_host_new(size_t size)
{
    void *host = mmap(NULL, size, PROT_READ | PROT_WRITE, RESERVED, -1, 0);
    return host == MAP_FAILED ? NULL : host;
}

void gm_host_delete(void *host, size_t size)
{
    munmap(host, size);
}

/* A file may refuse after the host has dropped what it was to replace, so it
 * is mapped elsewhere first and then moved. */
static int map_file(uint8_t *host, size_t size, int prot, int flags, int fd,
                    uint64_t offset)
{
    void *staged = mmap(NULL, size, prot, flags, fd, (off_t)offset);
    if (staged == MAP_FAILED)
        return error_of(errno);
    if (mremap(staged, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, host) !=
        MAP_FAILED)
        return 0;
    int error = error_of(errno);
    munmap(staged, size);
    return error;
}

int gm_host_map(uint8_t *host, size_t size, unsigned prot, int shared, int fd,
                uint64_t offset)
{
    int flags = MAP_NORESERVE | (shared ? MAP_SHARED : MAP_PRIVATE);
    if (fd >= 0)
        return map_file(host, size, prot_of(prot), flags, fd, offset);
    flags |= MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(host, size, prot_of(prot), flags, -1, 0) == MAP_FAILED)
        return error_of(errno);
    return 0;
}

int gm_host_unmap(uint8_t *host, size_t size)
{
    if (mmap(host, size, PROT_NONE, RESERVED | MAP_FIXED, -1, 0) == MAP_FAILED)
        return error_of(errno);
    return 0;
}

int gm_host_discard(uint8_t *host, size_t size)
{
    return madvise(host, size, MADV_DONTNEED) == 0 ? 0 : error_of(errno);
}

int gm_host_protect(uint8_t *host, size_t size, unsigned prot)
{
    return mprotect(host, size, prot_of(prot)) == 0 ? 0 : error_of(errno);
}

int gm_host_is_whole(uint8_t *host, size_t size)
{
    return msync(host, size, MS_ASYNC) == 0;
}

int gm_host_alias(uint8_t *from, uint8_t *to, size_t size, unsigned prot)
{
    /* An old size of 0 leaves the old mapping where it is. */
    if (mremap(from, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
        return error_of(errno);
    return gm_host_protect(to, size, prot);
}

int gm_host_map_behind_end(uint8_t *host, size_t size, unsigned prot)
{
    int fd = memfd_create("empty", MFD_CLOEXEC);
    if (fd < 0)
        return error_of(errno);
    int error = gm_host_map(host, size, prot, 0, fd, 0);
    close(fd);
    return error;
}

void gm_host_census_open(struct gm_host_census *census)
{
    census->fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

void gm_host_census_close(struct gm_host_census *census)
{
    if (census->fd >= 0)
        close(census->fd);
}

void gm_host_census_take(const struct gm_host_census *census,
                         const uint8_t *host, size_t pages, uint8_t *touched)
{
    enum { AT_ONCE = 512 };
    uint64_t entries[AT_ONCE];
    uintptr_t first = (uintptr_t)host / GM_PAGE_SIZE;

    for (size_t done = 0; done < pages;) {
        size_t count = pages - done < AT_ONCE ? pages - done : AT_ONCE;
        ssize_t got = -1;
        if (census->fd >= 0)
            got = pread(census->fd, entries, count * sizeof(*entries),
                        (off_t)((first + done) * sizeof(*entries)));
        int known = got == (ssize_t)(count * sizeof(*entries));
        /* Bit 63: present, bit 62: swapped (Linux, pagemap.rst). */
        for (size_t i = 0; i < count; i++)
            touched[done + i] = !known || entries[i] >> 62 != 0;
        done += count;
    }
}
