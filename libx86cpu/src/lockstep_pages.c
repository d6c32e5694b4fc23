/* lockstep_pages.c -- copies of guest pages that a stretch may change. */
/* SPDX-License-Identifier: MIT */
#include "lockstep_pages.h"
#include "block.h"
#include "interp.h"
#include "jit.h"

#if XCPU_HAVE_JIT

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOW_SIZE ((size_t)XCPU_PAGES << XCPU_PAGE_SHIFT)

/* Kept from stretch to stretch; of one stretch. */
#define PAGES_KEPT 64
#define PAGES_MAX  4096

int xcpu_shadow_new(struct xcpu_shadow *shadow)
{
    void *room = mmap(NULL, WINDOW_SIZE + XCPU_PAGE_SIZE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    memset(shadow, 0, sizeof(*shadow));
    if (room == MAP_FAILED)
        return XCPU_ERR_NOMEM;
    shadow->base = room;
    return 0;
}

/* The first ones, which have been there longest. */
static void drop_pages(struct xcpu_shadow *shadow, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = (size_t)shadow->pages[i]->page << XCPU_PAGE_SHIFT;
        mprotect(shadow->base + offset, XCPU_PAGE_SIZE, PROT_NONE);
        madvise(shadow->base + offset, XCPU_PAGE_SIZE, MADV_DONTNEED);
        free(shadow->pages[i]);
    }
    shadow->count -= count;
    if (shadow->count)
        memmove(shadow->pages, shadow->pages + count,
                shadow->count * sizeof(*shadow->pages));
}

void xcpu_shadow_free(struct xcpu_shadow *shadow)
{
    drop_pages(shadow, shadow->count);
    free(shadow->pages);
    munmap(shadow->base, WINDOW_SIZE + XCPU_PAGE_SIZE);
}

static uint8_t *bytes_of(const struct xcpu_shadow *shadow,
                         const struct xcpu_shadow_page *page)
{
    return shadow->base + ((size_t)page->page << XCPU_PAGE_SHIFT);
}

static int is_writable(const struct xcpu_shadow_page *page)
{
    return page->protection & XCPU_WRITABLE;
}

/* A guest page to bytes; 0 when it is not to be read any more. */
static int read_page(struct xcpu *cpu, uint32_t page, uint8_t *bytes)
{
    static const struct xcpu_slot nowhere;
    volatile int done = 0;
    cpu->memory = cpu->machine->base;
    cpu->running = 1;
    if (!sigsetjmp(cpu->env, 0)) {
        xcpu_load_bytes(cpu, &nowhere, cpu->memory, page << XCPU_PAGE_SHIFT,
                        bytes, XCPU_PAGE_SIZE);
        done = 1;
    }
    cpu->running = 0;
    return done;
}

/* Whether a guest page is what bytes are; 0 also when it is not to be read. */
static int equals_page(struct xcpu *cpu, uint32_t page, const uint8_t *bytes)
{
    uint8_t now[XCPU_PAGE_SIZE];
    return read_page(cpu, page, now) && memcmp(now, bytes, XCPU_PAGE_SIZE) == 0;
}

static int protection_of(const struct xcpu *cpu, uint32_t page)
{
    const struct xcpu_memory *memory = &cpu->machine->config.memory;
    return memory->protection(memory->owner, page << XCPU_PAGE_SHIFT);
}

/* Copies the page, if it is not as its copy; < 0 when it cannot be. */
static int fill_page(struct xcpu *cpu, struct xcpu_shadow *shadow,
                     struct xcpu_shadow_page *page, int protection)
{
    uint8_t *bytes = bytes_of(shadow, page);
    int is_new = page->protection != protection, was_dirty = page->dirty;
    int is_known = !is_new && (shadow->is_known || !is_writable(page));
    page->dirty = 0;
    if (is_known && equals_page(cpu, page->page, bytes)) {
        if (was_dirty)
            memcpy(page->before, bytes, XCPU_PAGE_SIZE);
        return 0;
    }
    if (!read_page(cpu, page->page, page->before))
        return -1;
    page->protection = (uint8_t)protection;
    if ((is_new || !is_writable(page)) &&
        mprotect(bytes, XCPU_PAGE_SIZE, PROT_READ | PROT_WRITE) < 0)
        return -1;
    memcpy(bytes, page->before, XCPU_PAGE_SIZE);
    return is_writable(page) ? 0 : mprotect(bytes, XCPU_PAGE_SIZE, PROT_READ);
}

void xcpu_shadow_begin(struct xcpu *cpu, struct xcpu_shadow *shadow)
{
    int keep = 1;
    shadow->faults = 0;
    if (shadow->count > PAGES_KEPT)
        drop_pages(shadow, shadow->count - PAGES_KEPT / 2);
    for (uint32_t i = 0; keep && i < shadow->count; i++) {
        struct xcpu_shadow_page *page = shadow->pages[i];
        int protection = protection_of(cpu, page->page);
        keep = (protection & XCPU_READABLE) &&
               fill_page(cpu, shadow, page, protection) == 0;
    }
    if (!keep)
        drop_pages(shadow, shadow->count);
    shadow->is_known = 1;
}

void xcpu_shadow_rewind(struct xcpu_shadow *shadow)
{
    for (uint32_t i = 0; i < shadow->count; i++) {
        const struct xcpu_shadow_page *page = shadow->pages[i];
        if (is_writable(page) && (page->dirty || !shadow->is_known))
            memcpy(bytes_of(shadow, page), page->before, XCPU_PAGE_SIZE);
    }
    shadow->is_known = 0;
}

static int is_there(const struct xcpu_shadow *shadow, uint32_t page)
{
    for (uint32_t i = 0; i < shadow->count; i++)
        if (shadow->pages[i]->page == page)
            return 1;
    return 0;
}

static int grow(struct xcpu_shadow *shadow)
{
    if (shadow->count < shadow->capacity)
        return 0;
    uint32_t capacity = shadow->capacity ? shadow->capacity * 2 : PAGES_KEPT;
    void *pages = realloc(shadow->pages, capacity * sizeof(*shadow->pages));
    if (!pages)
        return -1;
    shadow->pages = pages;
    shadow->capacity = capacity;
    return 0;
}

static int add_page(struct xcpu *cpu, struct xcpu_shadow *shadow, uint32_t page,
                    int protection)
{
    if (shadow->count == PAGES_MAX || grow(shadow) < 0)
        return -1;
    struct xcpu_shadow_page *made = calloc(1, sizeof(*made));
    if (!made)
        return -1;
    made->page = page;
    if (fill_page(cpu, shadow, made, protection) < 0) {
        mprotect(bytes_of(shadow, made), XCPU_PAGE_SIZE, PROT_NONE);
        free(made);
        return 0;
    }
    shadow->pages[shadow->count++] = made;
    return 1;
}

int xcpu_shadow_bring(struct xcpu *cpu, struct xcpu_shadow *shadow,
                      uint32_t address, int write)
{
    uint32_t first = address >> XCPU_PAGE_SHIFT;
    int wanted = write ? XCPU_WRITABLE : XCPU_READABLE;
    if (!(protection_of(cpu, first) & wanted) || is_there(shadow, first))
        return 0;
    uint32_t more = shadow->faults++;
    int result = add_page(cpu, shadow, first, protection_of(cpu, first));
    for (uint32_t i = 1; result > 0 && i <= more; i++) {
        uint32_t page = (first + i) % XCPU_PAGES;
        int protection = protection_of(cpu, page);
        if (!(protection & XCPU_READABLE) || is_there(shadow, page))
            break;
        result = add_page(cpu, shadow, page, protection) < 0 ? -1 : 1;
    }
    return result;
}

void xcpu_shadow_keep(struct xcpu_shadow *shadow)
{
    for (uint32_t i = 0; i < shadow->count; i++) {
        struct xcpu_shadow_page *page = shadow->pages[i];
        const uint8_t *bytes = bytes_of(shadow, page);
        page->dirty = is_writable(page) &&
                      memcmp(bytes, page->before, XCPU_PAGE_SIZE) != 0;
        if (page->dirty)
            memcpy(page->after, bytes, XCPU_PAGE_SIZE);
    }
    shadow->is_known = 1;
}

int xcpu_shadow_changed_code(const struct xcpu *cpu,
                             const struct xcpu_shadow *shadow)
{
    for (uint32_t i = 0; i < shadow->count; i++) {
        const struct xcpu_shadow_page *page = shadow->pages[i];
        if (page->dirty &&
            xcpu_block_differs(cpu, page->page, page->before, page->after))
            return 1;
    }
    return 0;
}

int xcpu_shadow_is_late(struct xcpu *cpu, const struct xcpu_shadow *shadow)
{
    for (uint32_t i = 0; i < shadow->count; i++) {
        const struct xcpu_shadow_page *page = shadow->pages[i];
        if ((xcpu_page_state(cpu->machine, page->page) & XCPU_PAGE_COMPARED) &&
            !equals_page(cpu, page->page, page->before))
            return 1;
    }
    return 0;
}

static void note_byte(struct xcpu_mismatch *mismatch, uint32_t address,
                      uint8_t interp, uint8_t translated)
{
    if (mismatch->bytes_count < XCPU_MISMATCH_BYTES)
        mismatch->bytes[mismatch->bytes_count++] =
            (struct xcpu_mismatch_byte){address, interp, translated};
}

uint32_t xcpu_shadow_compare(struct xcpu_shadow *shadow,
                             struct xcpu_mismatch *mismatch)
{
    uint32_t different = 0;
    for (uint32_t i = 0; i < shadow->count; i++) {
        const struct xcpu_shadow_page *page = shadow->pages[i];
        const uint8_t *first = page->dirty ? page->after : page->before;
        const uint8_t *second = bytes_of(shadow, page);
        if (!is_writable(page) || memcmp(first, second, XCPU_PAGE_SIZE) == 0)
            continue;
        for (uint32_t at = 0; at < XCPU_PAGE_SIZE; at++) {
            if (first[at] == second[at])
                continue;
            different++;
            if (mismatch)
                note_byte(mismatch, (page->page << XCPU_PAGE_SHIFT) + at,
                          second[at], first[at]);
        }
    }
    shadow->is_known = !different;
    return different;
}

#endif
