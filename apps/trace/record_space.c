/* record_space.c -- writes down what is done to a space. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recorder.h"

static int is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, GM_PAGE_SIZE - 1) == 0;
}

void tr_emit_image(struct tr_recorder *recorder, gm_addr address,
                   const uint8_t *page)
{
    struct tr_event event = {.kind = TR_IMAGE};
    uint64_t image;
    int error;

    if (recorder->is_mute)
        return;
    error = tr_write_page(recorder->writer, page, &image);
    if (error < 0) {
        recorder->error = error;
        return;
    }
    TR_FIELD(&event, IMAGE, PAGE) = address / GM_PAGE_SIZE;
    TR_FIELD(&event, IMAGE, IMAGE) = image;
    tr_emit(recorder, &event);
    tr_memory_changed(recorder->memory, GM_EVENT_STORE, address, GM_PAGE_SIZE);
}

/* The content of a page, through a descriptor of the process's memory where the
 * guest may not read: 0 when there is none to be had. */
static int read_page(const struct tr_recorder *recorder, int memory,
                     gm_addr address, uint8_t page[GM_PAGE_SIZE])
{
    const uint8_t *host = gm_space_base(recorder->config.space) + address;

    if (gm_copy_in(recorder->config.space, page, address, GM_PAGE_SIZE) == 0)
        return 1;
    return memory >= 0 && pread(memory, page, GM_PAGE_SIZE,
                                (off_t)(uintptr_t)host) == GM_PAGE_SIZE;
}

static void emit_content(struct tr_recorder *recorder,
                         const struct gm_mapping *region, gm_addr start,
                         gm_addr end)
{
    int memory = region->prot == GM_PROT_NONE
                     ? open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
                     : -1;
    uint8_t page[GM_PAGE_SIZE];

    for (gm_addr at = start; at < end; at += GM_PAGE_SIZE)
        if (read_page(recorder, memory, at, page) && !is_zero(page))
            tr_emit_image(recorder, at, page);
    if (memory >= 0)
        close(memory);
}

/* ---- mappings ---- */

void tr_emit_map(struct tr_recorder *recorder, const struct tr_view *view,
                 uint64_t protection)
{
    struct tr_event event = {.kind = TR_MAP};

    TR_FIELD(&event, MAP, PAGE) = view->page;
    TR_FIELD(&event, MAP, PAGES) = view->pages;
    TR_FIELD(&event, MAP, PROTECTION) = protection;
    TR_FIELD(&event, MAP, OBJECT) = view->object;
    TR_FIELD(&event, MAP, OFFSET) = view->offset;
    tr_emit(recorder, &event);
}

/* Zeros, too, where there may be something else. */
static void emit_object(struct tr_recorder *recorder,
                        const struct tr_object *object,
                        const struct tr_view *view, int is_new)
{
    uint8_t page[GM_PAGE_SIZE];

    for (uint64_t i = 0; i < view->pages; i++) {
        tr_object_read(object, view->offset + i, page);
        if (!is_new || !is_zero(page))
            tr_emit_image(recorder, (view->page + i) * GM_PAGE_SIZE, page);
    }
}

/* Content is stored through a shared mapping, also when it is a private one
 * that follows. */
static void emit_new_view(struct tr_recorder *recorder,
                          const struct gm_mapping *region, struct tr_view view,
                          const struct tr_object *object, int is_new)
{
    tr_hold_shared(recorder);
    view.object = object->id;
    view.offset =
        (region->offset + (view.page * GM_PAGE_SIZE - region->address)) /
        GM_PAGE_SIZE;
    view.is_private = (region->flags & GM_MAP_SHARED) == 0;
    tr_object_show(recorder, object, &view, region->fd);
    tr_emit_map(recorder, &view, view.is_private ? GM_PROT_READ : region->prot);
    emit_object(recorder, object, &view, is_new);
    if (view.is_private)
        tr_emit_map(recorder, &view, region->prot | TR_PROTECTION_PRIVATE);
    tr_memory_alias(recorder->memory, view.page * GM_PAGE_SIZE,
                    view.pages * GM_PAGE_SIZE);
}

static void emit_new_mapping(struct tr_recorder *recorder,
                             const struct gm_mapping *region, gm_addr first,
                             gm_addr last)
{
    struct tr_view view = {
        first / GM_PAGE_SIZE, (last - first) / GM_PAGE_SIZE, 0, 0, 0, NULL};
    uint64_t last_object = recorder->last_object;
    const struct tr_object *object = tr_object_of(recorder, region);

    if (object != NULL) {
        emit_new_view(recorder, region, view, object,
                      recorder->last_object != last_object);
        return;
    }
    tr_emit_map(recorder, &view, region->prot);
    if (region->fd >= 0)
        emit_content(recorder, region, first, last);
}

/* Pieces of a mapping, each a view of one object, or of none. */
static void emit_pieces(
    struct tr_recorder *recorder, const struct gm_mapping *region,
    gm_addr first, gm_addr last,
    void (*emit)(struct tr_recorder *recorder, const struct gm_mapping *region,
                 const struct tr_view *view, gm_addr first, uint64_t size))
{
    while (first < last) {
        struct tr_view view = tr_views_piece(
            recorder->views, first / GM_PAGE_SIZE, last / GM_PAGE_SIZE);
        uint64_t size = view.pages * GM_PAGE_SIZE;

        emit(recorder, region, &view, first, size);
        first += size;
    }
}

static void emit_old_piece(struct tr_recorder *recorder,
                           const struct gm_mapping *region,
                           const struct tr_view *view, gm_addr first,
                           uint64_t size)
{
    tr_emit_map(recorder, view, region->prot);
    if (view->object == 0) {
        emit_content(recorder, region, first, first + size);
    } else {
        emit_object(recorder, tr_find_object(recorder, view->object), view, 1);
        tr_memory_alias(recorder->memory, first, size);
    }
}

/* What was mapped before the trace: it shows what was shown by then. */
static void emit_old_mapping(struct tr_recorder *recorder,
                             const struct gm_mapping *region, gm_addr first,
                             gm_addr last)
{
    emit_pieces(recorder, region, first, last, emit_old_piece);
}

static void emit_discarded_piece(struct tr_recorder *recorder,
                                 const struct gm_mapping *region,
                                 const struct tr_view *view, gm_addr first,
                                 uint64_t size)
{
    if (view->object == 0) {
        tr_emit_map(recorder, view, region->prot);
        if (region->fd >= 0)
            emit_content(recorder, region, first, first + size);
    } else {
        tr_hold_shared(recorder);
        tr_emit_map(recorder, view, region->prot | TR_PROTECTION_PRIVATE);
        tr_memory_alias(recorder->memory, first, size);
    }
}

/* Private pages without what was stored to them: as mapped anew. */
static void emit_discarded(struct tr_recorder *recorder,
                           const struct gm_mapping *region, gm_addr first,
                           gm_addr last)
{
    emit_pieces(recorder, region, first, last, emit_discarded_piece);
}

static void emit_mappings(struct tr_recorder *recorder, gm_addr start,
                          gm_addr end,
                          void (*emit)(struct tr_recorder *recorder,
                                       const struct gm_mapping *region,
                                       gm_addr first, gm_addr last))
{
    struct gm_mapping region;

    while (start < end &&
           gm_query(recorder->config.space, start, &region) == 0 &&
           region.address < end) {
        gm_addr first = region.address > start ? region.address : start;
        gm_addr last = region.address + region.size;

        if (last > end)
            last = end;
        emit(recorder, &region, first, last);
        start = last;
    }
}

void tr_record_space(struct tr_recorder *recorder)
{
    tr_turn_take(&recorder->turn);
    tr_begin_shared(recorder);
    emit_mappings(recorder, 0, gm_space_size(recorder->config.space),
                  emit_old_mapping);
    tr_give_turn(recorder);
}

void tr_emit_unmap(struct tr_recorder *recorder, gm_addr address, uint64_t size)
{
    struct tr_event event = {.kind = TR_UNMAP};

    TR_FIELD(&event, UNMAP, PAGE) = address / GM_PAGE_SIZE;
    TR_FIELD(&event, UNMAP, PAGES) = size / GM_PAGE_SIZE;
    tr_emit(recorder, &event);
}

/* All of a range that was protected has one protection. */
static void emit_protect(struct tr_recorder *recorder, gm_addr address,
                         uint64_t size)
{
    struct tr_event event = {.kind = TR_PROTECT};
    struct gm_mapping region;

    if (gm_query(recorder->config.space, address, &region) < 0)
        return;
    TR_FIELD(&event, PROTECT, PAGE) = address / GM_PAGE_SIZE;
    TR_FIELD(&event, PROTECT, PAGES) = size / GM_PAGE_SIZE;
    TR_FIELD(&event, PROTECT, PROTECTION) = region.prot;
    tr_emit(recorder, &event);
}

/* What is there now, piece by piece; a page behind a fault was not stored
 * to. */
static void emit_store(struct tr_recorder *recorder, gm_addr address,
                       uint64_t size)
{
    struct tr_event event = {.kind = TR_WRITE};
    uint8_t bytes[GM_PAGE_SIZE];

    while (size > 0) {
        uint64_t piece = GM_PAGE_SIZE - address % GM_PAGE_SIZE;

        if (piece > size)
            piece = size;
        if (gm_copy_in(recorder->config.space, bytes, address, piece) < 0)
            return;
        if (piece == GM_PAGE_SIZE) {
            tr_emit_image(recorder, address, bytes);
        } else {
            TR_FIELD(&event, WRITE, ADDRESS) = address;
            event.bytes = bytes;
            event.size = piece;
            tr_emit(recorder, &event);
        }
        address += piece;
        size -= piece;
    }
}

static void before(void *context)
{
    struct tr_recorder *recorder = context;

    tr_take_turn(recorder);
}

static void after(void *context, enum gm_event kind, gm_addr address,
                  uint64_t size)
{
    struct tr_recorder *recorder = context;

    tr_memory_changed(recorder->memory, kind, address, size);
    if (size > 0) {
        if (kind == GM_EVENT_MAP || kind == GM_EVENT_UNMAP)
            tr_object_hide(recorder, address, size);
        switch (kind) {
        case GM_EVENT_MAP:
            emit_mappings(recorder, address, address + size, emit_new_mapping);
            break;
        case GM_EVENT_UNMAP:
            tr_emit_unmap(recorder, address, size);
            break;
        case GM_EVENT_DISCARD:
            emit_mappings(recorder, address, address + size, emit_discarded);
            break;
        case GM_EVENT_PROTECT:
            emit_protect(recorder, address, size);
            break;
        case GM_EVENT_STORE:
            emit_store(recorder, address, size);
            break;
        }
    }
    tr_give_turn(recorder);
}

const struct gm_observer tr_space_observer = {before, after};
