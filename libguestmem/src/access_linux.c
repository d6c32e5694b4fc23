/* access_linux.c -- copies by system call; Linux on any processor. */
/* SPDX-License-Identifier: MIT */

#include "access.h"

#ifndef GM_ACCESS_BY_FAULT

#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guestmem/guestmem.h"

int gm_on_fault(void *siginfo, void *ucontext)
{
    (void)siginfo;
    (void)ucontext;
    return 0;
}

/* The kernel looks at protections on the remote side as a fault would. */
static size_t copy(char *host, char *guest, size_t size, int is_store)
{
    while (size > 0) {
        struct iovec local = {host, size}, remote = {guest, size};
        ssize_t count =
            is_store ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0)
                     : process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
        if (count <= 0)
            break;
        host += count;
        guest += count;
        size -= (size_t)count;
    }
    return size;
}

size_t gm_access_copy(void *to, const void *from, size_t size,
                      struct gm_access *access)
{
    if ((uintptr_t)to == access->start)
        return copy((char *)from, to, size, 1);
    return copy(to, (char *)from, size, 0);
}

size_t gm_access_fill(void *to, int byte, size_t size, struct gm_access *access)
{
    char *guest = to, bytes[GM_PAGE_SIZE];

    (void)access;
    memset(bytes, byte, sizeof(bytes));
    while (size > 0) {
        size_t part = size < sizeof(bytes) ? size : sizeof(bytes);
        size_t left = copy(bytes, guest, part, 1);
        guest += part - left;
        size -= part - left;
        if (left > 0)
            break;
    }
    return size;
}

/* In pieces that end where an aligned block does: none crosses a page. */
size_t gm_access_string(char *to, const char *from, size_t size,
                        struct gm_access *access)
{
    enum { BLOCK = 64 };

    for (size_t done = 0; done < size;) {
        size_t piece = BLOCK - (uintptr_t)(from + done) % BLOCK;

        if (piece > size - done)
            piece = size - done;
        if (gm_access_copy(to + done, from + done, piece, access) > 0)
            return GM_ACCESS_FAULT;
        const char *nul = memchr(to + done, 0, piece);
        if (nul != NULL)
            return (size_t)(nul - to);
        done += piece;
    }
    return size;
}

/* A page that goes away between the two steps, by another thread's doing, is
 * a fault that nobody catches. */
size_t gm_access_exchange(uint32_t *to, uint32_t *expected, uint32_t desired,
                          struct gm_access *access)
{
    void *page = (char *)to - (uintptr_t)to % GM_PAGE_SIZE;

    (void)access;
    if (madvise(page, GM_PAGE_SIZE, MADV_POPULATE_WRITE) < 0)
        return sizeof(*to);
    __atomic_compare_exchange_n(to, expected, desired, 0, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return 0;
}

#endif
