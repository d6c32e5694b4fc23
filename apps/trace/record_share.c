/* record_share.c -- memory that others may store to. */
/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "recorder.h"

void tr_hold_shared(struct tr_recorder *recorder)
{
    if (!recorder->is_holding)
        tr_share_take(recorder->share, recorder->team);
    recorder->is_holding = 1;
}

/* ---- what others did ---- */

/* From the first byte that is not as it was to the last. */
static void emit_difference(struct tr_recorder *recorder, gm_addr address,
                            const uint8_t *old, const uint8_t *page)
{
    struct tr_event event = {.kind = TR_WRITE};
    size_t first = 0, end = GM_PAGE_SIZE;

    while (old[first] == page[first])
        first++;
    while (old[end - 1] == page[end - 1])
        end--;
    TR_FIELD(&event, WRITE, ADDRESS) = address + first;
    event.bytes = page + first;
    event.size = end - first;
    tr_emit(recorder, &event);
    tr_memory_changed(recorder->memory, GM_EVENT_STORE, address, GM_PAGE_SIZE);
}

/* Through a page elsewhere: a private view may have one of its own there. */
static void emit_to_object(struct tr_recorder *recorder,
                           const struct tr_view *view, uint64_t number,
                           const uint8_t *page)
{
    struct tr_view elsewhere = {0, 1, view->object, number, 0, NULL};
    gm_addr address;

    if (gm_find_free(recorder->config.space, GM_PAGE_SIZE,
                     gm_space_size(recorder->config.space), GM_PAGE_SIZE,
                     GM_PAGE_SIZE, &address) < 0) {
        recorder->error = TR_ERR_NOMEM;
        return;
    }
    elsewhere.page = address / GM_PAGE_SIZE;
    tr_emit_map(recorder, &elsewhere, GM_PROT_READ);
    tr_emit_image(recorder, address, page);
    tr_emit_unmap(recorder, address, GM_PAGE_SIZE);
}

/* Whether a page of a file has changed. One behind its end is zeros to a
 * player. */
static int take_page(struct tr_recorder *recorder, const struct tr_view *view,
                     uint64_t i)
{
    gm_addr address = (view->page + i) * GM_PAGE_SIZE;
    const struct tr_object *object;
    uint8_t *kept = recorder->kept + address;
    int was_there = recorder->is_shown[view->page + i];
    uint8_t page[GM_PAGE_SIZE];
    int is_there = gm_copy_in(recorder->live, page, address, sizeof(page)) == 0;

    if (!is_there)
        memset(page, 0, sizeof(page));
    if (is_there == was_there && memcmp(kept, page, sizeof(page)) == 0)
        return 0;
    object = tr_find_object(recorder, view->object);
    tr_object_write(recorder, object, view->offset + i, page);
    if (is_there != was_there)
        tr_object_show_page(recorder, object, address, view->offset + i);
    if (view->is_private)
        emit_to_object(recorder, view, view->offset + i, page);
    else if (memcmp(kept, page, sizeof(page)) != 0)
        emit_difference(recorder, address, kept, page);
    memcpy(kept, page, sizeof(page));
    return 1;
}

static int take_in(struct tr_recorder *recorder)
{
    int changes = 0;

    for (const struct tr_view *view = recorder->views; view; view = view->next)
        for (uint64_t i = 0; i < view->pages; i++)
            changes += take_page(recorder, view, i);
    return changes;
}

/* Who stores two pages one behind the other may do so between two looks: once
 * more, until nothing has changed. */
void tr_take_shared(struct tr_recorder *recorder)
{
    enum { LOOKS = 8 };

    recorder->is_holding = 1;
    tr_share_take(recorder->share, recorder->team);
    for (int i = 0; i < LOOKS && !recorder->is_mute; i++)
        if (take_in(recorder) == 0)
            break;
}

/* ---- what the team did ---- */

/* The bytes of a word that are not as they were; the others may have changed
 * meanwhile. */
static void give_word(struct tr_recorder *recorder, gm_addr address,
                      uint32_t old, uint32_t word)
{
    uint32_t mask = 0, expected = old, desired = word;

    for (uint32_t byte = 0xff; byte != 0; byte <<= 8)
        if (((old ^ word) & byte) != 0)
            mask |= byte;
    while (gm_compare_exchange(recorder->live, address, &expected, desired) ==
           0)
        desired = (expected & ~mask) | (word & mask);
}

/* The copy of a file never ends before its pages do: no look at it faults. */
static void give_page(struct tr_recorder *recorder, gm_addr address)
{
    struct gm_space *space = recorder->config.space;
    const uint8_t *page = gm_space_base(space) + address;
    uint8_t *kept = recorder->kept + address;
    uint32_t old, word;

    if (!recorder->is_shown[address / GM_PAGE_SIZE] ||
        !gm_is_accessible(space, address, GM_PAGE_SIZE, GM_PROT_WRITE) ||
        memcmp(kept, page, GM_PAGE_SIZE) == 0)
        return;
    for (size_t at = 0; at < GM_PAGE_SIZE; at += sizeof(word)) {
        memcpy(&old, kept + at, sizeof(old));
        memcpy(&word, page + at, sizeof(word));
        if (old != word)
            give_word(recorder, address + at, old, word);
    }
    memcpy(kept, page, GM_PAGE_SIZE);
}

/* Where a file refuses stores the team has made none. */
static int may_store(const struct tr_recorder *recorder,
                     const struct tr_view *view)
{
    return !view->is_private &&
           gm_is_accessible(recorder->live, view->page * GM_PAGE_SIZE,
                            GM_PAGE_SIZE, GM_PROT_WRITE);
}

static void give_out(struct tr_recorder *recorder)
{
    for (const struct tr_view *view = recorder->views; view;
         view = view->next) {
        if (!may_store(recorder, view))
            continue;
        for (uint64_t i = 0; i < view->pages; i++)
            give_page(recorder, (view->page + i) * GM_PAGE_SIZE);
    }
}

void tr_leave_shared(struct tr_recorder *recorder)
{
    if (!recorder->is_holding)
        return;
    if (!recorder->is_mute)
        give_out(recorder);
    recorder->is_holding = 0;
    tr_share_give(recorder->share);
}

/* ---- the child of a fork ---- */

void tr_share_after_fork(struct tr_recorder *recorder)
{
    recorder->is_holding = 0;
    recorder->team = tr_share_join(recorder->share);
    if (recorder->live != NULL)
        gm_space_after_fork(recorder->live);
}

/* A private view is the child's own from now on, and follows nothing: what it
 * has stored to itself is not known. */
static int keep_private(struct tr_recorder *recorder,
                        const struct tr_view *view)
{
    int fd = memfd_create("private", MFD_CLOEXEC);
    uint8_t page[GM_PAGE_SIZE];
    int error = fd < 0 ? TR_ERR_NOMEM : 0;

    for (uint64_t i = 0; i < view->pages && error == 0; i++) {
        gm_addr address = (view->page + i) * GM_PAGE_SIZE;
        uint64_t offset = i * GM_PAGE_SIZE;

        if (gm_copy_in(recorder->config.space, page, address, sizeof(page)) < 0)
            continue;
        if (pwrite(fd, page, sizeof(page), (off_t)offset) != sizeof(page))
            error = TR_ERR_NOMEM;
        else
            error = gm_show(recorder->config.space, address, GM_PAGE_SIZE, fd,
                            offset);
    }
    if (fd >= 0)
        close(fd);
    return error;
}

static void keep_all_private(struct tr_recorder *recorder)
{
    struct tr_view *view = recorder->views, *next;

    for (; view != NULL; view = next) {
        next = view->next;
        if (!view->is_private)
            continue;
        if (keep_private(recorder, view) < 0)
            recorder->error = TR_ERR_NOMEM;
        tr_object_hide(recorder, view->page * GM_PAGE_SIZE,
                       view->pages * GM_PAGE_SIZE);
    }
}

void tr_begin_shared(struct tr_recorder *recorder)
{
    if (recorder->views == NULL)
        return;
    tr_hold_shared(recorder);
    keep_all_private(recorder);
    recorder->is_mute = 1;
    take_in(recorder);
    recorder->is_mute = 0;
}

/* ---- turns ---- */

int tr_is_turn_wanted(const struct tr_recorder *recorder)
{
    return tr_turn_is_wanted(&recorder->turn) ||
           (recorder->is_holding &&
            tr_share_is_wanted(recorder->share, recorder->team));
}
