/* root_walk.c -- going through the directories of a layer. */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Goes into the directory at the path. */
static void enter(struct hk_root_walk *walk, int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory;

    if (fd < 0) {
        if (errno != ENOENT)
            walk->is_partial = 1;
        return;
    }
    directory = walk->depth < HK_ROOT_DEPTH_MAX ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        close(fd);
        walk->is_partial = 1;
        return;
    }
    walk->levels[walk->depth] = directory;
    walk->ends[walk->depth++] = strlen(walk->path);
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether an entry of the deepest directory is still there. */
static int look_at(struct hk_root_walk *walk, const char *name,
                   struct stat *info)
{
    size_t end = walk->ends[walk->depth - 1];
    int is_long = snprintf(walk->path + end, sizeof(walk->path) - end, "/%s",
                           name) >= (int)(sizeof(walk->path) - end);

    if (!is_long && fstatat(dirfd(walk->levels[walk->depth - 1]), name, info,
                            AT_SYMLINK_NOFOLLOW) == 0)
        return 1;
    if (is_long || errno != ENOENT)
        walk->is_partial = 1;
    return 0;
}

const char *hk_root_walk_next(struct hk_root_walk *walk, int *at,
                              struct stat *info)
{
    while (walk->depth > 0) {
        DIR *directory = walk->levels[walk->depth - 1];
        const struct dirent *entry;

        errno = 0;
        entry = readdir(directory);
        if (entry == NULL) {
            if (errno != 0)
                walk->is_partial = 1;
            closedir(directory);
            walk->depth--;
            continue;
        }
        *at = dirfd(directory);
        if (is_dots(entry->d_name) || !look_at(walk, entry->d_name, info))
            continue;
        if (S_ISDIR(info->st_mode))
            enter(walk, *at, entry->d_name);
        return entry->d_name;
    }
    return NULL;
}

struct hk_root_walk *hk_root_walk_new(int directory)
{
    struct hk_root_walk *walk = calloc(1, sizeof(*walk));

    if (walk != NULL)
        enter(walk, directory, ".");
    return walk;
}
