/* view.h -- which pages show memory that others may show as well. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_VIEW_H
#define TR_VIEW_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pages of a space that show an object's pages from offset on. */
struct tr_view {
    uint64_t page, pages;
    uint64_t object, offset; /* object: not 0; offset in pages */
    int is_private;          /* a page is its own when it is stored to */
    struct tr_view *next;    /* not overlapping, in no order */
};

/* What is mapped in place of a range's views shows none. 0 or TR_ERR_NOMEM. */
int tr_views_remove(struct tr_view **views, uint64_t page, uint64_t pages);

/* A range without views shows an object. 0 or TR_ERR_NOMEM. */
int tr_views_add(struct tr_view **views, const struct tr_view *view);

/* From a page on, what shows one thing, at most until a page behind it: a view,
 * or a part of one, or pages with object 0 that show what is theirs alone. */
struct tr_view tr_views_piece(const struct tr_view *views, uint64_t page,
                              uint64_t end);

/* Whether one shows the object. */
int tr_views_show(const struct tr_view *views, uint64_t object);

void tr_views_free(struct tr_view **views);

#ifdef __cplusplus
}
#endif

#endif
