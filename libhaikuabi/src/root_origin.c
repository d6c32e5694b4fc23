/* root_origin.c -- which package a file of the layer is from. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <stdio.h>
#include <string.h>

static int tell(const struct hk_view *view, uint32_t number,
                struct hk_origin *origin)
{
    const struct hk_view_package *package = hk_view_package(view, number);

    if (package == NULL)
        return 0;
    snprintf(origin->package, sizeof(origin->package), "%s-%s", package->name,
             package->version);
    snprintf(origin->file_name, sizeof(origin->file_name), "%s",
             package->file_name);
    return 1;
}

/* Another process may have activated packages since this one began. */
int hk_root_origin(const struct hk_root *root, int fd, struct hk_origin *origin)
{
    struct hk_content content;
    struct hk_view view;
    int is_known;

    if (hk_content_look(fd, &content) != 0 || content.state == HK_CONTENT_NONE)
        return 0;
    if (tell(&root->view, content.package, origin))
        return 1;
    if (hk_view_read(root->state, "view", HK_VIEW_PACKAGES, &view, NULL) != 0)
        return 0;
    is_known = tell(&view, content.package, origin);
    hk_view_free(&view);
    return is_known;
}
