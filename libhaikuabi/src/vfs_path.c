/* vfs_path.c -- paths split, asked for and normalized. */
/* SPDX-License-Identifier: MIT */
#include "vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host_open.h"

enum { LINKS_MAX = 16 }; /* B_MAX_SYMLINKS */

/* Cuts the last component off a path; what stays leads to its directory.
 * is_slash_dot: behind slashes at the end that is ".". */
static int32_t split(char *path, int is_slash_dot,
                     char leaf[HK_FILE_NAME_LENGTH])
{
    size_t end = strlen(path);
    size_t start;

    if (end == 0)
        return HK_B_ENTRY_NOT_FOUND;
    while (end > 0 && path[end - 1] == '/')
        end--;
    if (end == 0) {
        strcpy(path, "/");
        strcpy(leaf, ".");
        return HK_B_OK;
    }
    if (is_slash_dot && path[end] == '/') {
        path[end] = '\0';
        strcpy(leaf, ".");
        return HK_B_OK;
    }
    for (start = end; start > 0 && path[start - 1] != '/';)
        start--;
    if (end - start >= HK_FILE_NAME_LENGTH)
        return HK_B_NAME_TOO_LONG;
    memcpy(leaf, path + start, end - start);
    leaf[end - start] = '\0';
    strcpy(path + start, start == 0 ? "." : "");
    return HK_B_OK;
}

int32_t hk_vfs_open_parent(const struct hk_vfs *vfs,
                           const struct hk_node *start, const char *path,
                           struct hk_node *directory,
                           char leaf[HK_FILE_NAME_LENGTH])
{
    char head[HK_PATH_LENGTH + 1];
    int32_t status;

    if (strlen(path) >= HK_PATH_LENGTH)
        return HK_B_NAME_TOO_LONG;
    strcpy(head, path);
    status = split(head, vfs->release >= HK_R1BETA6, leaf);
    if (status == HK_B_OK && start == NULL)
        status = HK_B_FILE_ERROR;
    if (status != HK_B_OK)
        return status;
    return hk_vfs_open(vfs, start, head, HK_WALK_FOLLOW, O_PATH | O_DIRECTORY,
                       0, directory);
}

/* Puts the place's path at the end of a buffer; where it begins, or NULL
 * when it is too long. "" for the root. */
static char *put_place(const struct hk_place *place, char *buffer, size_t size)
{
    size_t at = size - 1;

    buffer[at] = '\0';
    for (; place->parent != NULL; place = place->parent) {
        size_t length = strlen(place->name);

        if (length + 1 > at)
            return NULL;
        at -= length;
        memcpy(buffer + at, place->name, length);
        buffer[--at] = '/';
    }
    return buffer + at;
}

/* The path of a directory below the root of its mount: "" or "/...". path_of
 * asks for it. */
static int32_t path_in_mount(const struct hk_node *directory,
                             ssize_t (*path_of)(int, char *, size_t),
                             char path[PATH_MAX])
{
    char root[PATH_MAX];
    struct stat info;
    ssize_t length;

    if (fstat(directory->fd, &info) < 0)
        return hk_status_from_errno(errno);
    if (!S_ISDIR(info.st_mode))
        return HK_B_NOT_A_DIRECTORY;
    length = hk_host_path_of(directory->mount->fd, root, PATH_MAX);
    if (length < 0 || path_of(directory->fd, path, PATH_MAX) < 0)
        return hk_status_from_errno(errno);
    if (length == 1)
        length = 0;
    /* Somebody has moved it out of what the guest may see. */
    if (strncmp(path, root, (size_t)length) != 0 ||
        (path[length] != '/' && path[length] != '\0'))
        return HK_B_ENTRY_NOT_FOUND;
    memmove(path, path + length, strlen(path + length) + 1);
    return HK_B_OK;
}

static int32_t node_path(const struct hk_node *directory,
                         ssize_t (*path_of)(int, char *, size_t), char *path,
                         size_t size)
{
    char buffer[HK_PATH_LENGTH];
    char below[PATH_MAX] = "";
    const struct hk_place *place = directory->place;
    const char *head;
    int length;

    if (place == NULL) {
        int32_t status = path_in_mount(directory, path_of, below);

        if (status != HK_B_OK)
            return status;
        place = directory->mount->place;
    }
    head = put_place(place, buffer, sizeof(buffer));
    if (head == NULL)
        return HK_B_NAME_TOO_LONG;
    if (head[0] == '\0' && (below[0] == '\0' || strcmp(below, "/") == 0))
        length = snprintf(path, size, "/");
    else
        length = snprintf(path, size, "%s%s", head, below);
    return (size_t)length < size ? length : HK_B_RESULT_NOT_REPRESENTABLE;
}

int32_t hk_node_path(const struct hk_node *directory, char *path, size_t size)
{
    return node_path(directory, hk_host_path_of, path, size);
}

int32_t hk_node_path_was(const struct hk_node *directory, char *path,
                         size_t size)
{
    return node_path(directory, hk_host_last_path_of, path, size);
}

/* The path as the team has it, in place: its length, or an error. */
static int32_t path_from_top(const struct hk_vfs *vfs,
                             const struct hk_node *directory,
                             char path[PATH_MAX])
{
    const struct hk_top *top = atomic_load(&vfs->top);
    int32_t length = hk_node_path_was(directory, path, PATH_MAX), skip;
    char root[HK_PATH_LENGTH];

    if (top == NULL || length < 0)
        return length;
    skip = hk_node_path(&top->node, root, sizeof(root));
    if (skip <= 1 || strncmp(path, root, (size_t)skip) != 0)
        return length;
    if (path[skip] == '\0')
        skip--; /* the root itself keeps a slash */
    else if (path[skip] != '/')
        return length;
    memmove(path, path + skip, (size_t)(length - skip) + 1);
    path[0] = '/';
    return length - skip;
}

/* Haiku puts a path together from its end: what does not fit any more, or lies
 * too deep, is an error where it gets there (vfs.cpp, dir_vnode_to_path). */
static int32_t check_depth(const char *path, size_t length, size_t size)
{
    enum { DEPTH_MAX = 257 };
    int depth = 0;

    for (size_t at = length; at-- > 0;) {
        if (path[at] != '/')
            continue;
        if (++depth > DEPTH_MAX)
            return HK_B_LINK_LIMIT;
        if (length - at >= size)
            return HK_B_RESULT_NOT_REPRESENTABLE;
    }
    return HK_B_OK;
}

int32_t hk_vfs_path(const struct hk_vfs *vfs, const struct hk_node *directory,
                    char *path, size_t size)
{
    char whole[PATH_MAX];
    int32_t length = path_from_top(vfs, directory, whole);
    int32_t status =
        length < 0 ? length : check_depth(whole, (size_t)length, size);

    if (status != HK_B_OK)
        return status;
    memcpy(path, whole, (size_t)length + 1);
    return length;
}

/* Appends the last component to the path of its directory. */
static int32_t append(char *path, const char *leaf)
{
    size_t length = strlen(path);

    if (length + strlen(leaf) + 2 > HK_PATH_LENGTH)
        return HK_B_NAME_TOO_LONG;
    if (length > 1)
        path[length++] = '/';
    strcpy(path + length, leaf);
    return HK_B_OK;
}

/* The path of a directory's entry that is no symlink to follow. */
static int32_t path_of_entry(const struct hk_vfs *vfs,
                             const struct hk_node *directory, const char *leaf,
                             char *normal)
{
    struct hk_node node;
    int32_t result;

    if (strcmp(leaf, ".") != 0 && strcmp(leaf, "..") != 0) {
        result = hk_vfs_path(vfs, directory, normal, HK_PATH_LENGTH);
        return result < 0 ? result : append(normal, leaf);
    }
    result =
        hk_vfs_open(vfs, directory, leaf, 0, O_PATH | O_DIRECTORY, 0, &node);
    if (result != HK_B_OK)
        return result;
    result = hk_vfs_path(vfs, &node, normal, HK_PATH_LENGTH);
    hk_node_close(&node);
    return result < 0 ? result : HK_B_OK;
}

int32_t hk_vfs_normalize(const struct hk_vfs *vfs, const struct hk_node *start,
                         const char *path, int traverse, char *normal)
{
    struct hk_node directory = *start;
    struct hk_node next;
    char leaf[HK_FILE_NAME_LENGTH];
    char target[HK_PATH_LENGTH];
    int32_t status = HK_B_LINK_LIMIT;

    for (int links = 0; links < LINKS_MAX; links++) {
        ssize_t length = -1;

        status = hk_vfs_open_parent(vfs, &directory, path, &next, leaf);
        if (links > 0)
            hk_node_close(&directory);
        if (status != HK_B_OK)
            return status;
        directory = next;
        if (traverse && directory.fd >= 0 &&
            hk_node_child(&directory, leaf) == NULL)
            length = readlinkat(directory.fd, leaf, target, sizeof(target) - 1);
        if (length < 0) {
            status = path_of_entry(vfs, &directory, leaf, normal);
            break;
        }
        target[length] = '\0';
        path = target;
        status = HK_B_LINK_LIMIT;
    }
    hk_node_close(&directory);
    return status;
}
