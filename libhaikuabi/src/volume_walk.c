/* volume_walk.c -- every entry of a volume, one after another. */
/* SPDX-License-Identifier: MIT */
#include "volume_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_open.h"
#include "status.h"

/* Directories of a mount still to be looked through, by their paths in it. */
struct walk {
    const struct hk_vfs *vfs;
    const struct hk_mount *mount;
    hk_volume_visitor visit;
    void *context;
    char **paths;
    size_t count, capacity;
};

static int32_t push(struct walk *walk, const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity * 2 + 64;
        char **more = realloc(walk->paths, capacity * sizeof(*more));

        if (more == NULL) {
            free(path);
            return HK_B_NO_MEMORY;
        }
        walk->paths = more;
        walk->capacity = capacity;
    }
    if (path == NULL)
        return HK_B_NO_MEMORY;
    snprintf(path, size, "%s%s%s", directory, directory[0] != '\0' ? "/" : "",
             name);
    walk->paths[walk->count++] = path;
    return HK_B_OK;
}

static int may_be_directory(const struct dirent *entry)
{
    return entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
}

static int32_t look_at(struct walk *walk, const struct hk_volume_entry *at,
                       const struct dirent *found)
{
    struct hk_volume_entry entry = *at;
    int32_t status;

    if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
        return HK_B_OK;
    entry.name = found->d_name;
    entry.inode = (int64_t)found->d_ino;
    status = walk->visit(walk->context, &entry);
    if (status == HK_B_OK && may_be_directory(found))
        status = push(walk, at->path, found->d_name);
    return status;
}

/* A directory that cannot be read has nothing for the guest to find, nor has
 * one of another volume. */
static int32_t look_through(struct walk *walk, const char *path)
{
    int fd = path[0] == '\0'
                 ? hk_host_reopen(walk->mount->fd, O_RDONLY | O_DIRECTORY)
                 : hk_host_open_below(walk->mount->fd, path,
                                      O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    struct hk_volume_entry at = {walk->mount, path, fd, 0, NULL, 0};
    const struct dirent *entry;
    int32_t status = HK_B_OK;
    struct stat info;

    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return HK_B_OK;
    }
    if (fstat(fd, &info) == 0 && hk_mount_has(walk->vfs, walk->mount, &info)) {
        at.directory_inode = (int64_t)info.st_ino;
        while (status == HK_B_OK && (entry = readdir(stream)) != NULL)
            status = look_at(walk, &at, entry);
    }
    closedir(stream);
    return status;
}

static int32_t walk_mount(struct walk *walk)
{
    int32_t status = push(walk, "", "");

    while (walk->count > 0) {
        char *path = walk->paths[--walk->count];

        if (status == HK_B_OK)
            status = look_through(walk, path);
        free(path);
    }
    free(walk->paths);
    return status;
}

/* Whether one host path is below another, or the same. */
static int is_within(const char *path, const char *other)
{
    size_t length = strlen(other);

    return strncmp(path, other, length) == 0 &&
           (path[length] == '/' || path[length] == '\0' || length == 1);
}

/* What lies behind another volume is not met on the way down from the host path
 * of a mount (hk_mount_has). */
static int is_cut_off(const struct hk_vfs *vfs, const struct hk_mount *mount,
                      const char *own, const char *others)
{
    char path[PATH_MAX];

    for (uint32_t i = 0; i < vfs->mount_count; i++) {
        const struct hk_mount *inner = &vfs->mounts[i];

        if (inner->around != NULL && inner->around->device == mount->device &&
            hk_host_path_of(inner->fd, path, sizeof(path)) > 0 &&
            is_within(own, path) && is_within(path, others) &&
            strcmp(path, others) != 0)
            return 1;
    }
    return 0;
}

/* A mount that lies in another one of its volume is looked through with it. */
static int is_inside_another(const struct hk_vfs *vfs,
                             const struct hk_mount *mount)
{
    char own[PATH_MAX], others[PATH_MAX];

    if (hk_host_path_of(mount->fd, own, sizeof(own)) < 0)
        return 0;
    for (uint32_t i = 0; i < vfs->mount_count; i++) {
        const struct hk_mount *other = &vfs->mounts[i];

        if (other != mount && other->is_directory &&
            other->device == mount->device &&
            hk_host_path_of(other->fd, others, sizeof(others)) > 0 &&
            is_within(own, others) &&
            (strcmp(own, others) != 0 || other < mount) &&
            !is_cut_off(vfs, mount, own, others))
            return 1;
    }
    return 0;
}

const struct hk_mount *hk_volume_next_mount(const struct hk_vfs *vfs,
                                            int32_t device,
                                            const struct hk_mount *last)
{
    uint32_t i = last == NULL ? 0 : (uint32_t)(last - vfs->mounts) + 1;

    for (; i < vfs->mount_count; i++) {
        const struct hk_mount *mount = &vfs->mounts[i];

        if (mount->is_directory && mount->device == device &&
            !is_inside_another(vfs, mount))
            return mount;
    }
    return NULL;
}

int32_t hk_volume_walk(const struct hk_vfs *vfs, int32_t device,
                       hk_volume_visitor visit, void *context)
{
    const struct hk_mount *mount = NULL;
    int32_t status = HK_B_OK;

    while (status == HK_B_OK &&
           (mount = hk_volume_next_mount(vfs, device, mount)) != NULL) {
        struct walk walk = {
            .vfs = vfs, .mount = mount, .visit = visit, .context = context};

        status = walk_mount(&walk);
    }
    return status;
}
