/* root_origin.c -- which package a file of the layer is from. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_open.h"

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

/* Where an open file is below files/, or NULL. */
static const char *path_in(const struct hk_root *root, int fd,
                           char path[PATH_MAX])
{
    size_t prefix = strlen(root->files_path);

    if (hk_host_path_of(fd, path, PATH_MAX) < 0 ||
        strncmp(path, root->files_path, prefix) != 0 || path[prefix] != '/')
        return NULL;
    return path + prefix + 1;
}

static int has_target(int fd, const char *target)
{
    char text[PATH_MAX];
    ssize_t length = readlinkat(fd, "", text, sizeof(text));

    return length == (ssize_t)strlen(target) &&
           memcmp(text, target, (size_t)length) == 0;
}

/* The package of a directory or link, which the host cannot be relied on to
 * keep an attribute of: by what was activated at its path. 0: none. */
static uint32_t number_by_path(const struct hk_root *root, int fd)
{
    struct hk_view_place place;
    char path[PATH_MAX];
    const char *name;
    struct stat st;

    if (fstat(fd, &st) < 0 || !(S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)))
        return 0;
    name = path_in(root, fd, path);
    if (name == NULL || !hk_view_find(root->state, "view", name, &place))
        return 0;
    if (S_ISDIR(st.st_mode))
        return place.type == HK_PACKAGE_DIRECTORY ? place.package : 0;
    return place.type == HK_PACKAGE_LINK && has_target(fd, place.target)
               ? place.package
               : 0;
}

/* Another process may have activated packages since this one began. */
int hk_root_origin(const struct hk_root *root, int fd, struct hk_origin *origin)
{
    struct hk_content content;
    struct hk_view view;
    uint32_t number;
    int is_known;

    if (hk_content_look(fd, &content) != 0)
        return 0;
    number = content.state != HK_CONTENT_NONE ? content.package
                                              : number_by_path(root, fd);
    if (number == 0)
        return 0;
    if (tell(&root->view, number, origin))
        return 1;
    if (hk_view_read(root->state, "view", HK_VIEW_PACKAGES, &view, NULL) != 0)
        return 0;
    is_known = tell(&view, number, origin);
    hk_view_free(&view);
    return is_known;
}
