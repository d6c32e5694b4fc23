/* html.c -- a page that draws files: the JSON document and code to show it. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apps/elfinfo/page.h"
#include "elfinfo.h"

/* What the page's code looks at. */
static void choose_views(struct inf_options *options)
{
    static const enum inf_view views[] = {INF_VIEW_SUMMARY, INF_VIEW_SECTIONS,
                                          INF_VIEW_SEGMENTS, INF_VIEW_SYMBOLS};

    memset(options->views, 0, sizeof(options->views));
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
        options->views[views[i]] = 1;
    /* Only a root's libraries are a Haiku program's. */
    options->views[INF_VIEW_DEPS] = strcmp(options->root, "/") != 0;
    options->is_json = 1;
}

int inf_begin_page(struct inf_options *options)
{
    if (freopen(options->html, "w", stdout) == NULL)
        return -errno;
    choose_views(options);
    fputs(inf_page_head, stdout);
    return 0;
}

void inf_end_page(void)
{
    fputs(inf_page_tail, stdout);
}
