/* view.c -- which pages show memory that others may show as well. */
/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <stdlib.h>

#include "trace.h"

int tr_views_add(struct tr_view **views, const struct tr_view *view)
{
    struct tr_view *added = malloc(sizeof(*added));

    if (added == NULL)
        return TR_ERR_NOMEM;
    *added = *view;
    added->next = *views;
    *views = added;
    return 0;
}

/* What a view shows from a page of its own on. */
static struct tr_view rest_of(const struct tr_view *view, uint64_t page)
{
    struct tr_view rest = *view;

    rest.page = page;
    rest.pages = view->page + view->pages - page;
    rest.offset += page - view->page;
    return rest;
}

int tr_views_remove(struct tr_view **views, uint64_t page, uint64_t pages)
{
    struct tr_view **link = views;
    uint64_t end = page + pages;

    while (*link != NULL) {
        struct tr_view *view = *link;
        uint64_t view_end = view->page + view->pages;

        if (view->page >= end || view_end <= page) {
            link = &view->next;
        } else if (view->page < page) { /* its head stays */
            struct tr_view rest = rest_of(view, page);

            view->pages = page - view->page;
            if (tr_views_add(views, &rest) < 0)
                return TR_ERR_NOMEM;
            link = views; /* its rest is looked at next */
        } else if (view_end > end) {
            *view = rest_of(view, end);
            link = &view->next;
        } else {
            *link = view->next;
            free(view);
        }
    }
    return 0;
}

/* The view that a page is of, or else the first one above; NULL: neither. */
static const struct tr_view *find(const struct tr_view *views, uint64_t page)
{
    const struct tr_view *found = NULL;

    for (; views != NULL; views = views->next)
        if (views->page + views->pages > page &&
            (found == NULL || views->page < found->page))
            found = views;
    return found;
}

struct tr_view tr_views_piece(const struct tr_view *views, uint64_t page,
                              uint64_t end)
{
    const struct tr_view *found = find(views, page);
    struct tr_view piece = {page, end - page, 0, 0, 0, NULL};

    if (found == NULL || found->page >= end)
        return piece;
    if (found->page > page) {
        piece.pages = found->page - page;
        return piece;
    }
    piece = rest_of(found, page);
    if (piece.pages > end - page)
        piece.pages = end - page;
    return piece;
}

int tr_views_show(const struct tr_view *views, uint64_t object)
{
    while (views != NULL && views->object != object)
        views = views->next;
    return views != NULL;
}

void tr_views_free(struct tr_view **views)
{
    while (*views != NULL) {
        struct tr_view *view = *views;

        *views = view->next;
        free(view);
    }
}
