/* query_calls.c -- open_query: a volume is looked through. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "host_open.h"
#include "live_query.h"
#include "node_refs.h"
#include "query.h"
#include "syscalls.h"

/* Directories of a mount still to be looked through, by their paths in it. */
struct search {
    const struct hk_thread *self;
    const struct hk_query *query;
    const struct hk_mount *mount;
    struct hk_findings *findings;
    char **paths;
    size_t count, capacity;
};

static int32_t push(struct search *search, const char *directory,
                    const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (search->count == search->capacity) {
        size_t capacity = search->capacity * 2 + 64;
        char **more = realloc(search->paths, capacity * sizeof(*more));

        if (more == NULL) {
            free(path);
            return HK_B_NO_MEMORY;
        }
        search->paths = more;
        search->capacity = capacity;
    }
    if (path == NULL)
        return HK_B_NO_MEMORY;
    snprintf(path, size, "%s%s%s", directory, directory[0] != '\0' ? "/" : "",
             name);
    search->paths[search->count++] = path;
    return HK_B_OK;
}

/* The directory of what is found can be asked for by its number later. */
static void note(const struct search *search, int fd, int64_t inode)
{
    const struct hk_node node = {NULL, search->mount, fd, 0};
    char path[HK_PATH_LENGTH];

    if (hk_node_path(&node, path, sizeof(path)) >= 0)
        hk_refs_put(hk_refs_of(search->self), search->findings->device, inode,
                    path);
}

static int32_t look_at(struct search *search, const char *path, int fd,
                       int64_t directory, const char *name)
{
    struct stat info;
    int32_t status = HK_B_OK;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        info.st_dev != search->mount->host_device)
        return HK_B_OK;
    if (hk_query_holds(search->query, search->mount->attributes, fd, name,
                       &info)) {
        note(search, fd, directory);
        status = hk_findings_add(search->findings, directory,
                                 (int64_t)info.st_ino, name);
    }
    if (status == HK_B_OK && S_ISDIR(info.st_mode))
        status = push(search, path, name);
    return status;
}

/* A directory that cannot be read has nothing for the guest to find. */
static int32_t look_through(struct search *search, const char *path)
{
    int fd = path[0] == '\0'
                 ? hk_host_reopen(search->mount->fd, O_RDONLY | O_DIRECTORY)
                 : hk_host_open_below(search->mount->fd, path,
                                      O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    int32_t status = HK_B_OK;
    struct stat info;

    if (stream == NULL || fstat(fd, &info) != 0) {
        if (stream != NULL)
            closedir(stream);
        else if (fd >= 0)
            close(fd);
        return HK_B_OK;
    }
    while (status == HK_B_OK && (entry = readdir(stream)) != NULL)
        status = look_at(search, path, fd, (int64_t)info.st_ino, entry->d_name);
    closedir(stream);
    return status;
}

static int32_t search_mount(struct search *search)
{
    int32_t status = push(search, "", "");

    while (search->count > 0) {
        char *path = search->paths[--search->count];

        if (status == HK_B_OK)
            status = look_through(search, path);
        free(path);
    }
    free(search->paths);
    return status;
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
        ssize_t length = hk_host_path_of(other->fd, others, sizeof(others));

        if (other != mount && other->is_directory && length > 0 &&
            other->host_device == mount->host_device &&
            strncmp(own, others, (size_t)length) == 0 &&
            (own[length] == '/' || (own[length] == '\0' && other < mount)))
            return 1;
    }
    return 0;
}

const struct hk_mount *hk_query_next_mount(const struct hk_vfs *vfs,
                                           int32_t device,
                                           const struct hk_mount *last)
{
    uint32_t i = last == NULL ? 0 : (uint32_t)(last - vfs->mounts) + 1;

    for (; i < vfs->mount_count; i++) {
        const struct hk_mount *mount = &vfs->mounts[i];

        if (mount->is_directory &&
            hk_vfs_device(vfs, mount->host_device) == device &&
            !is_inside_another(vfs, mount))
            return mount;
    }
    return NULL;
}

static int32_t search_volume(const struct hk_thread *self,
                             const struct hk_query *query,
                             struct hk_findings *findings)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    const struct hk_mount *mount = NULL;
    int32_t status = HK_B_OK;

    while (status == HK_B_OK && (mount = hk_query_next_mount(
                                     vfs, findings->device, mount)) != NULL) {
        struct search search = {
            .self = self, .query = query, .mount = mount, .findings = findings};

        status = search_mount(&search);
    }
    return status;
}

static int64_t open_findings(struct hk_thread *self,
                             struct hk_findings *findings,
                             struct hk_live_query *live)
{
    const struct hk_node none = {NULL, NULL, -1, 0};
    struct hk_file *file = hk_file_new(HK_FILE_QUERY, none, HK_O_RDONLY);

    if (file == NULL) {
        hk_live_query_free(live);
        hk_findings_free(findings);
        return HK_B_NO_MEMORY;
    }
    file->findings = findings;
    file->live = live;
    return hk_fd_add(self, file, 0, HK_FD_CLOEXEC);
}

static int32_t find_files(struct hk_thread *self, struct hk_query *query,
                          const struct hk_live_target *target,
                          struct hk_findings *findings,
                          struct hk_live_query **live)
{
    int32_t status;

    if (target->port >= 0)
        return hk_live_query_new(self, query, target, findings, live);
    status = search_volume(self, query, findings);
    hk_query_free(query);
    return status;
}

static int64_t run_query(struct hk_thread *self, const char *text,
                         const struct hk_live_target *target)
{
    struct hk_live_query *live = NULL;
    struct hk_findings *findings;
    struct hk_query *query;
    int32_t status = hk_query_parse(text, &query);

    if (status != HK_B_OK)
        return status;
    findings = calloc(1, sizeof(*findings));
    if (findings == NULL) {
        hk_query_free(query);
        return HK_B_NO_MEMORY;
    }
    findings->device = target->device;
    status = find_files(self, query, target, findings, &live);
    if (status == HK_B_OK)
        return open_findings(self, findings, live);
    hk_findings_free(findings);
    return status;
}

/* How an application asks to be told more has changed. */
static enum hk_live_more more_of(const struct hk_thread *self, uint32_t flags)
{
    enum { WATCH_ALL = 4, ATTR_CHANGE_NOTIFICATION = 0xf000 };

    if (hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return flags & WATCH_ALL ? HK_LIVE_ALL : HK_LIVE_ENTRIES;
    return flags & ATTR_CHANGE_NOTIFICATION ? HK_LIVE_CHANGES : HK_LIVE_ENTRIES;
}

/*
 * What Haiku does and this does not: an attribute without an index is found
 * only when B_QUERY_NON_INDEXED is asked for. Here all of the volume is looked
 * through when the query is opened.
 */
int64_t hk_sys_open_query(struct hk_thread *self, int32_t device, gm_addr query,
                          uint32_t query_length, uint32_t flags, int32_t port,
                          int32_t token)
{
    enum { QUERY_MAX = 65536, LIVE = 1 };
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    const struct hk_live_target target = {device, flags & LIVE ? port : -1,
                                          token, more_of(self, flags)};
    int64_t result;
    char *text;

    if (device < 0 || query == 0 || query_length == 0)
        return HK_B_BAD_VALUE;
    if (query >= HK_USER_LIMIT)
        return HK_B_BAD_ADDRESS;
    if (query_length >= QUERY_MAX)
        return HK_B_NAME_TOO_LONG;
    text = calloc(1, (size_t)query_length + 1);
    if (text == NULL)
        return HK_B_NO_MEMORY;
    result = hk_read_user_string(self, text, query, (size_t)query_length + 1);
    if (result == HK_B_NAME_TOO_LONG)
        result = HK_B_OK; /* cut to the length */
    if (result < 0) {
        free(text);
        return result;
    }
    text[query_length] = '\0';
    if (device < HK_DEVICE_FIRST ||
        (uint32_t)(device - HK_DEVICE_FIRST) >= vfs->volume_count)
        result = device == HK_DEVICE_ROOTFS || device == HK_DEVICE_DEVFS
                     ? HK_B_UNSUPPORTED
                     : HK_B_BAD_VALUE;
    else
        result = run_query(self, text, &target);
    free(text);
    return result;
}
