/* record_share.c -- what other teams store into memory that is shared. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "recorder.h"

void tr_hold_shared(struct tr_recorder *recorder)
{
    if (!recorder->is_holding)
        tr_share_take(recorder->share, recorder->team);
    recorder->is_holding = 1;
}

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

static void emit_page(struct tr_recorder *recorder, gm_addr address,
                      const uint8_t *old)
{
    uint8_t page[GM_PAGE_SIZE];

    if (gm_copy_in(recorder->config.space, page, address, sizeof(page)) < 0)
        return;
    if (old == NULL)
        tr_emit_image(recorder, address, page);
    else if (memcmp(old, page, sizeof(page)) != 0)
        emit_difference(recorder, address, old, page);
}

/* Others have had their turns: compares with what was kept, or takes it all
 * when nothing was. */
static void emit_shared(struct tr_recorder *recorder)
{
    const uint8_t *old = recorder->kept;

    for (struct tr_view *view = recorder->views; view; view = view->next)
        for (uint64_t i = 0; i < view->pages; i++) {
            emit_page(recorder, (view->page + i) * GM_PAGE_SIZE, old);
            if (old != NULL)
                old += GM_PAGE_SIZE;
        }
}

/* Others may have their turns now: what is in the pages of the views, in their
 * order, which only a turn changes; nothing of pages that cannot be read. */
static void keep_shared(struct tr_recorder *recorder)
{
    uint64_t pages = 0;
    uint8_t *at;

    for (struct tr_view *view = recorder->views; view; view = view->next)
        pages += view->pages;
    at = pages == 0 ? NULL : realloc(recorder->kept, pages * GM_PAGE_SIZE);
    if (at == NULL)
        free(recorder->kept);
    recorder->kept = at;
    for (struct tr_view *view = recorder->views; view && at; view = view->next)
        for (uint64_t i = 0; i < view->pages; i++, at += GM_PAGE_SIZE)
            if (gm_copy_in(recorder->config.space, at,
                           (view->page + i) * GM_PAGE_SIZE, GM_PAGE_SIZE) < 0)
                memset(at, 0, GM_PAGE_SIZE);
}

static void forget_shared(struct tr_recorder *recorder)
{
    free(recorder->kept);
    recorder->kept = NULL;
}

void tr_leave_shared(struct tr_recorder *recorder)
{
    if (!recorder->is_holding)
        return;
    if (tr_share_has_others(recorder->share))
        keep_shared(recorder);
    else
        forget_shared(recorder);
    recorder->is_holding = 0;
    tr_share_give(recorder->share);
}

void tr_share_after_fork(struct tr_recorder *recorder)
{
    forget_shared(recorder);
    recorder->is_holding = 0;
    recorder->team = tr_share_join(recorder->share);
}

void tr_take_shared(struct tr_recorder *recorder)
{
    recorder->is_holding = 1;
    if (tr_share_take(recorder->share, recorder->team))
        emit_shared(recorder);
}

int tr_is_turn_wanted(const struct tr_recorder *recorder)
{
    return tr_turn_is_wanted(&recorder->turn) ||
           (recorder->is_holding &&
            tr_share_is_wanted(recorder->share, recorder->team));
}
