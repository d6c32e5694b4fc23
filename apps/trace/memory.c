/* memory.c -- guest memory with a record of the pages that change. */
/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "state.h"
#include "trace.h"

enum { PAGES = 1 << 20, PAGE_SHIFT = 12 };

/* Of a page: refuses stores until it is dirty; is on the list of those that
 * have changed; refuses them because the processor holds code of it; changes
 * with others, and stays on the list. */
enum { TRACKED = 1, DIRTY = 2, CODE = 4, ALIASED = 8 };

struct tr_memory {
    struct gm_space *space;
    int tracks;
    uint64_t (*read_tsc)(void *context);
    void *tsc_context;
    /* The rest is touched where pages are, and needs memory only there. */
    _Atomic uint8_t *pages;
    uint64_t *hashes; /* of what sum counts, by page */
    uint32_t *dirty;  /* page numbers */
    uint32_t dirty_count;
    uint64_t sum;
};

static void *reserve(size_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return bytes == MAP_FAILED ? NULL : bytes;
}

static void release(void *bytes, size_t size)
{
    if (bytes != NULL)
        munmap(bytes, size);
}

void tr_memory_free(struct tr_memory *memory)
{
    if (memory == NULL)
        return;
    release((void *)memory->pages, PAGES);
    release(memory->hashes, PAGES * sizeof(*memory->hashes));
    release(memory->dirty, PAGES * sizeof(*memory->dirty));
    free(memory);
}

int tr_memory_new(struct gm_space *space, int tracks, struct tr_memory **made)
{
    struct tr_memory *memory = calloc(1, sizeof(*memory));

    if (memory == NULL)
        return TR_ERR_NOMEM;
    memory->space = space;
    memory->tracks = tracks;
    memory->pages = reserve(PAGES);
    memory->hashes = reserve(PAGES * sizeof(*memory->hashes));
    memory->dirty = reserve(PAGES * sizeof(*memory->dirty));
    if (memory->pages == NULL || memory->hashes == NULL ||
        memory->dirty == NULL) {
        tr_memory_free(memory);
        return TR_ERR_NOMEM;
    }
    tr_memory_reset(memory);
    *made = memory;
    return 0;
}

void tr_memory_set_tsc(struct tr_memory *memory,
                       uint64_t (*read)(void *context), void *context)
{
    memory->read_tsc = read;
    memory->tsc_context = context;
}

uint64_t tr_memory_read_tsc(void *owner)
{
    struct tr_memory *memory = owner;

    return memory->read_tsc(memory->tsc_context);
}

/* ---- the window ---- */

size_t tr_fetch_code(void *owner, uint32_t address, void *bytes, size_t size,
                     int *present)
{
    struct gm_space *space = owner;
    struct gm_mapping region;
    size_t done = 0;

    if (present != NULL)
        *present = 0;
    while (done < size) {
        gm_addr at = (gm_addr)address + done;
        uint64_t count;

        if (at > UINT32_MAX || gm_query(space, at, &region) < 0 ||
            region.address > at)
            break;
        if ((region.prot & GM_PROT_EXEC) == 0) {
            if (present != NULL)
                *present = region.prot != GM_PROT_NONE;
            break;
        }
        count = region.address + region.size - at;
        if (count > size - done)
            count = size - done;
        if (gm_copy_in(space, (char *)bytes + done, at, (size_t)count) < 0)
            break;
        done += (size_t)count;
    }
    return done;
}

int tr_decode_at(struct gm_space *space, const struct xcpu_regs *regs,
                 struct xcpu_insn *insn)
{
    uint8_t bytes[XCPU_INSN_MAX];
    size_t size = tr_fetch_code(space, regs->eip + regs->sreg_base[XCPU_CS],
                                bytes, sizeof(bytes), NULL);

    return xcpu_decode(bytes, size, insn) > 0;
}

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    struct tr_memory *memory = owner;

    return tr_fetch_code(memory->space, address, bytes, size, present);
}

/* What other mappings and other teams write, too, cannot be watched. */
static int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    struct tr_memory *memory = owner;
    int result = 0;

    if (on && gm_is_shared(memory->space, address, size))
        return -1;
    for (uint32_t at = 0; at < size; at += GM_PAGE_SIZE) {
        _Atomic uint8_t *page = &memory->pages[(address + at) >> PAGE_SHIFT];
        uint8_t old = on ? atomic_fetch_or(page, CODE)
                         : atomic_fetch_and(page, (uint8_t)~CODE);

        if ((!on && (old & TRACKED) != 0) ||
            gm_watch_writes(memory->space, address + at, GM_PAGE_SIZE, on) >= 0)
            continue;
        result = -1; /* not mapped: what will be there is not watched */
        atomic_fetch_and(page, (uint8_t)~CODE);
    }
    return result;
}

static int protection(void *owner, uint32_t address)
{
    struct tr_memory *memory = owner;
    struct gm_mapping region;

    if (gm_query(memory->space, address, &region) < 0 ||
        region.address > address)
        return 0;
    return (region.prot & GM_PROT_READ ? XCPU_READABLE : 0) |
           (region.prot & GM_PROT_WRITE ? XCPU_WRITABLE : 0);
}

struct xcpu_memory tr_memory_window(struct tr_memory *memory)
{
    return (struct xcpu_memory){
        .base = gm_space_base(memory->space),
        .size = gm_space_size(memory->space),
        .guard = GM_GUARD_SIZE,
        .owner = memory,
        .fetch = fetch,
        .watch_writes = watch_writes,
        .protection = protection,
    };
}

/* ---- what changes ---- */

/* Puts a page on the list; what it was before. */
static uint8_t mark(struct tr_memory *memory, uint32_t number)
{
    uint8_t old = atomic_load(&memory->pages[number]);

    /* The processor changes CODE meanwhile. */
    while (!atomic_compare_exchange_weak(&memory->pages[number], &old,
                                         (uint8_t)((old & ~TRACKED) | DIRTY)))
        continue;
    if ((old & DIRTY) == 0)
        memory->dirty[memory->dirty_count++] = number;
    return old;
}

/* The page has been stored to, or its first content is to be counted, which
 * has not ended its watch. */
static void mark_stored(struct tr_memory *memory, uint32_t number)
{
    if ((mark(memory, number) & (TRACKED | CODE)) == TRACKED)
        gm_watch_writes(memory->space, (gm_addr)number << PAGE_SHIFT,
                        GM_PAGE_SIZE, 0);
}

/* Has the pages of a writable range refuse stores, but for those that are
 * dirty already. */
static void track(struct tr_memory *memory, gm_addr start, gm_addr end)
{
    gm_addr run = start;

    for (gm_addr at = start; at < end; at += GM_PAGE_SIZE) {
        _Atomic uint8_t *page = &memory->pages[at >> PAGE_SHIFT];

        if ((atomic_load(page) & DIRTY) == 0) {
            atomic_fetch_or(page, TRACKED);
            continue;
        }
        gm_watch_writes(memory->space, run, at - run, 1);
        run = at + GM_PAGE_SIZE;
    }
    if (run < end)
        gm_watch_writes(memory->space, run, end - run, 1);
}

/* Looks at what a range's pages may do now. */
static void look_at(struct tr_memory *memory, gm_addr start, gm_addr end)
{
    struct gm_mapping region;

    for (gm_addr at = start; at < end; at += GM_PAGE_SIZE)
        atomic_fetch_and(&memory->pages[at >> PAGE_SHIFT], (uint8_t)~TRACKED);
    while (start < end && gm_query(memory->space, start, &region) == 0 &&
           region.address < end) {
        gm_addr first = region.address > start ? region.address : start;
        gm_addr last = region.address + region.size;

        if (last > end)
            last = end;
        if ((region.prot & GM_PROT_WRITE) != 0)
            track(memory, first, last);
        start = last;
    }
}

static void drop(struct tr_memory *memory, gm_addr start, gm_addr end)
{
    for (gm_addr at = start; at < end; at += GM_PAGE_SIZE) {
        uint64_t *hash = &memory->hashes[at >> PAGE_SHIFT];

        if (*hash != 0) {
            memory->sum -= *hash;
            *hash = 0;
        }
    }
}

/* It is mapped anew. */
static void forget_aliases(struct tr_memory *memory, gm_addr start, gm_addr end)
{
    for (gm_addr at = start; at < end; at += GM_PAGE_SIZE)
        if ((atomic_load(&memory->pages[at >> PAGE_SHIFT]) & ALIASED) != 0)
            atomic_fetch_and(&memory->pages[at >> PAGE_SHIFT],
                             (uint8_t)~ALIASED);
}

void tr_memory_alias(struct tr_memory *memory, gm_addr address, uint64_t size)
{
    for (gm_addr at = address; memory->tracks && at < address + size;
         at += GM_PAGE_SIZE) {
        mark_stored(memory, (uint32_t)(at >> PAGE_SHIFT));
        atomic_fetch_or(&memory->pages[at >> PAGE_SHIFT], ALIASED);
    }
}

void tr_memory_changed(struct tr_memory *memory, enum gm_event event,
                       gm_addr address, uint64_t size)
{
    gm_addr end = address + size;

    if (!memory->tracks || size == 0)
        return;
    switch (event) {
    case GM_EVENT_MAP:
    case GM_EVENT_UNMAP:
    case GM_EVENT_DISCARD:
        drop(memory, address, end);
        forget_aliases(memory, address, end);
        look_at(memory, address, end);
        break;
    case GM_EVENT_PROTECT:
        look_at(memory, address, end);
        break;
    case GM_EVENT_STORE:
        for (gm_addr page = address >> PAGE_SHIFT;
             page <= (end - 1) >> PAGE_SHIFT; page++)
            mark_stored(memory, (uint32_t)page);
        break;
    }
}

void tr_memory_reset(struct tr_memory *memory)
{
    struct gm_mapping region;
    gm_addr at = 0;

    memory->sum = 0;
    /* Also of pages that are not mapped now. */
    for (uint32_t i = 0; i < memory->dirty_count; i++)
        atomic_fetch_and(&memory->pages[memory->dirty[i]], (uint8_t)~DIRTY);
    memory->dirty_count = 0;
    while (memory->tracks && gm_query(memory->space, at, &region) == 0) {
        at = region.address + region.size;
        for (gm_addr page = region.address; page < at; page += GM_PAGE_SIZE) {
            memory->hashes[page >> PAGE_SHIFT] = 0;
            atomic_fetch_and(&memory->pages[page >> PAGE_SHIFT],
                             (uint8_t)~ALIASED);
            mark_stored(memory, (uint32_t)(page >> PAGE_SHIFT));
        }
    }
}

int tr_memory_on_fault(struct tr_memory *memory, const void *host_address)
{
    uintptr_t offset =
        (uintptr_t)host_address - (uintptr_t)gm_space_base(memory->space);
    uint32_t number = (uint32_t)(offset >> PAGE_SHIFT);
    uint8_t state;
    int saved = errno;

    if (!memory->tracks || offset >= gm_space_size(memory->space))
        return 0;
    state = atomic_load(&memory->pages[number]);
    if ((state & TRACKED) == 0)
        return 0;
    mark(memory, number);
    if ((state & CODE) != 0) /* the processor's watch as well */
        return 0;
    gm_watch_writes(memory->space, (gm_addr)number << PAGE_SHIFT, GM_PAGE_SIZE,
                    0);
    errno = saved;
    return 1;
}

/* ---- the hash ---- */

/* Protection of a page; -1: it is not mapped. */
static int prot_of(struct tr_memory *memory, gm_addr address)
{
    struct gm_mapping region;

    if (gm_query(memory->space, address, &region) < 0 ||
        region.address > address)
        return -1;
    return (int)region.prot;
}

/*
 * Takes a dirty page into the sum: 1; 0 when it cannot be read now, or has to
 * be looked at again. One that was stored to will be again, more often than
 * not: it is tracked when it is found as it was, for a store that is refused
 * takes as long as the hashes of ten pages.
 */
static int renew(struct tr_memory *memory, uint32_t number)
{
    gm_addr address = (gm_addr)number << PAGE_SHIFT;
    int prot = prot_of(memory, address);
    uint8_t page[GM_PAGE_SIZE];
    uint64_t hash = 0;
    int is_new;

    if (prot >= 0) {
        if (gm_copy_in(memory->space, page, address, sizeof(page)) < 0) {
            if (prot == GM_PROT_NONE)
                return 0;
            memset(page, 0, sizeof(page)); /* behind a file's end */
        }
        hash = tr_hash_page(number, page);
    }
    is_new = hash != memory->hashes[number];
    memory->sum += hash - memory->hashes[number];
    memory->hashes[number] = hash;
    if (is_new || (atomic_load(&memory->pages[number]) & ALIASED) != 0)
        return 0;
    atomic_fetch_and(&memory->pages[number], (uint8_t)~DIRTY);
    if (prot > 0 && (prot & GM_PROT_WRITE) != 0)
        track(memory, address, address + GM_PAGE_SIZE);
    return 1;
}

uint64_t tr_memory_hash(struct tr_memory *memory)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < memory->dirty_count; i++)
        if (!renew(memory, memory->dirty[i]))
            memory->dirty[kept++] = memory->dirty[i];
    memory->dirty_count = kept;
    return memory->sum;
}
