/* dir.c -- read_dir and rewind_dir. */
/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attr.h"
#include "bytes.h"
#include "host_direct.h"
#include "node_refs.h"
#include "query.h"
#include "stat.h"
#include "syscalls.h"

/*
 * The host's directory offset is the position, so that it is shared as Haiku
 * shares it between teams after a fork. What the host does not have, places
 * and attributes, is counted in the file.
 */

/* haiku-abi/structs.md, "dirent". */
enum { AT_NAME = 26, BUFFER_MAX = 65536, BUFFER_MAX_OF_R1BETA6 = 8192 };

/* Entries on their way into the guest's buffer. */
struct listing {
    uint8_t *bytes;
    uint32_t size, used;
    uint32_t count, max_count;
    struct hk_stat directory;
};

struct entry {
    int32_t device;
    int64_t inode;
    const char *name;
};

/* 0 when it does not fit. Records begin at multiples of 8. */
static int put_entry(struct listing *listing, const struct entry *entry)
{
    uint8_t *to = listing->bytes + listing->used;
    uint32_t room = listing->size - listing->used;
    uint32_t length = (uint32_t)strlen(entry->name);
    uint32_t size = AT_NAME + length + 1;
    uint32_t padded = (size + 7) & ~7u;

    if (listing->count == listing->max_count || size > room)
        return 0;
    if (padded > room)
        padded = size;
    hk_put32(to, (uint32_t)entry->device);
    hk_put32(to + 4, (uint32_t)listing->directory.device);
    hk_put64(to + 8, (uint64_t)entry->inode);
    hk_put64(to + 16, (uint64_t)listing->directory.inode);
    hk_put16(to + 24, (uint16_t)padded);
    memset(to + AT_NAME, 0, padded - AT_NAME);
    memcpy(to + AT_NAME, entry->name, length);
    listing->used += padded;
    listing->count++;
    return 1;
}

/* The entry of a place: what stat says of it. */
static void set_place(const struct hk_vfs *vfs, const struct hk_place *place,
                      struct entry *entry)
{
    struct hk_stat info;
    struct hk_node node;

    if (hk_place_open(place, O_PATH, &node) != HK_B_OK)
        return;
    if (hk_stat_node(vfs, &node, &info) == HK_B_OK) {
        entry->device = info.device;
        entry->inode = info.inode;
    }
    hk_node_close(&node);
}

/* Puts one entry of the host's directory. */
static int put_host(const struct hk_vfs *vfs, const struct hk_node *directory,
                    struct listing *listing, const struct dirent64 *host)
{
    const struct hk_place *place = directory->place;
    struct entry entry = {listing->directory.device, (int64_t)host->d_ino,
                          host->d_name};
    const struct hk_place *child = hk_node_child(directory, host->d_name);

    if (child != NULL)
        set_place(vfs, child, &entry);
    else if (place != NULL && strcmp(host->d_name, "..") == 0)
        set_place(vfs, place->parent != NULL ? place->parent : place, &entry);
    return put_entry(listing, &entry);
}

/* Lists what the host has, from its offset on. The offset is left behind
 * the last entry that did fit. Returns B_OK at the end. */
static int32_t list_host(const struct hk_vfs *vfs,
                         const struct hk_node *directory,
                         struct listing *listing)
{
    _Alignas(struct dirent64) char buffer[16384];
    off_t offset = lseek(directory->fd, 0, SEEK_CUR);

    for (;;) {
        size_t room = listing->size - listing->used;
        ssize_t size;

        /* No more than may fit, the host's records being the smaller. */
        if (room < sizeof(struct dirent64))
            room = sizeof(struct dirent64);
        if (room > sizeof(buffer))
            room = sizeof(buffer);
        size = hk_host_direct(SYS_getdents64, directory->fd, buffer, room);
        /* A directory that was removed is empty. */
        if (size <= 0)
            return size < 0 && errno != ENOENT ? hk_status_from_errno(errno)
                                               : HK_B_OK;
        for (ssize_t at = 0; at < size;) {
            const struct dirent64 *host = (const void *)(buffer + at);

            if (!put_host(vfs, directory, listing, host)) {
                lseek(directory->fd, offset, SEEK_SET);
                return HK_B_BUFFER_OVERFLOW;
            }
            offset = host->d_off;
            at += host->d_reclen;
        }
    }
}

static int is_on_host(const struct hk_node *directory, const char *name)
{
    struct stat info;

    return directory->fd >= 0 &&
           fstatat(directory->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Lists the places that the host does not have, from *next on. Those of
 * numbers 0 and 1 are "." and "..", when the host has no such directory. */
static int32_t list_places(const struct hk_vfs *vfs,
                           const struct hk_node *directory,
                           struct listing *listing, uint32_t *next)
{
    const struct hk_place *place = directory->place;
    const struct hk_place *child = place != NULL ? place->children : NULL;
    uint32_t number = directory->fd >= 0 ? 2 : 0;

    while (place != NULL && (number < 2 || child != NULL)) {
        const struct hk_place *at = number == 0             ? place
                                    : number >= 2           ? child
                                    : place->parent != NULL ? place->parent
                                                            : place;
        struct entry entry = {HK_DEVICE_ROOTFS, at->inode,
                              number == 0   ? "."
                              : number == 1 ? ".."
                                            : at->name};

        if (number >= 2)
            child = child->next;
        if (number++ < *next || (number > 2 && is_on_host(directory, at->name)))
            continue;
        set_place(vfs, at, &entry);
        if (!put_entry(listing, &entry))
            return HK_B_BUFFER_OVERFLOW;
        *next = number;
    }
    return HK_B_OK;
}

static int32_t list_dir(const struct hk_vfs *vfs, struct hk_file *file,
                        struct listing *listing)
{
    int32_t status = HK_B_OK;

    if (file->node.fd >= 0 && file->next_entry == 0)
        status = list_host(vfs, &file->node, listing);
    if (status == HK_B_OK)
        status = list_places(vfs, &file->node, listing, &file->next_entry);
    return status;
}

static int32_t list_attributes(struct hk_file *file, struct listing *listing)
{
    struct entry entry = {listing->directory.device, listing->directory.inode,
                          NULL};
    uint32_t number = 0;
    size_t size;
    char *names;
    int32_t status =
        hk_attr_status(hk_node_attr_list(&file->node, &names, &size));

    if (status != HK_B_OK)
        return status;
    for (size_t at = 0; at < size; at += strlen(names + at) + 1) {
        if (number++ < file->next_entry)
            continue;
        entry.name = names + at;
        if (!put_entry(listing, &entry)) {
            status = HK_B_BUFFER_OVERFLOW;
            break;
        }
        file->next_entry = number;
    }
    free(names);
    return status;
}

/* What a query has found lies in many directories. */
static int64_t list_findings(struct hk_file *file, struct listing *listing)
{
    const struct hk_findings *findings = file->findings;

    pthread_mutex_lock(&file->lock);
    listing->directory.device = findings->device;
    while (file->next_entry < findings->count) {
        const struct hk_found *found = &findings->list[file->next_entry];
        struct entry entry = {findings->device, found->inode, found->name};

        listing->directory.inode = found->directory;
        if (!put_entry(listing, &entry))
            break;
        file->next_entry++;
    }
    pthread_mutex_unlock(&file->lock);
    if (listing->count == 0 && file->next_entry < findings->count)
        return HK_B_BUFFER_OVERFLOW;
    return listing->count;
}

/* Fills the listing; a buffer that has taken at least one entry is not too
 * small. */
static int64_t list(const struct hk_thread *self, struct hk_file *file,
                    struct listing *listing)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    int32_t status = hk_stat_node(vfs, &file->node, &listing->directory);

    if (status != HK_B_OK)
        return status;
    hk_refs_note(self, listing->directory.device, listing->directory.inode,
                 file, "");
    pthread_mutex_lock(&file->lock);
    status = file->kind == HK_FILE_DIR ? list_dir(vfs, file, listing)
                                       : list_attributes(file, listing);
    pthread_mutex_unlock(&file->lock);
    if (status != HK_B_OK && listing->count == 0)
        return status;
    return listing->count;
}

static int64_t read_dir(const struct hk_thread *self, struct hk_file *file,
                        gm_addr buffer, uint32_t size, uint32_t max_count)
{
    struct listing listing = {.max_count = max_count};
    uint32_t most = BUFFER_MAX;
    int64_t count;

    if (file->kind != HK_FILE_DIR && file->kind != HK_FILE_ATTR_DIR &&
        file->kind != HK_FILE_QUERY)
        return HK_B_UNSUPPORTED;
    if (hk_kernel_of(self)->config.release >= HK_R1BETA6)
        most = BUFFER_MAX_OF_R1BETA6;
    listing.size = size < most ? size : most;
    listing.bytes = malloc(listing.size + 1);
    if (listing.bytes == NULL)
        return HK_B_NO_MEMORY;
    count = file->kind == HK_FILE_QUERY ? list_findings(file, &listing)
                                        : list(self, file, &listing);
    if (count > 0 &&
        hk_write_user(self, buffer, listing.bytes, listing.used) != HK_B_OK)
        count = HK_B_BAD_ADDRESS;
    free(listing.bytes);
    return count;
}

int64_t hk_sys_read_dir(struct hk_thread *self, int32_t fd, gm_addr buffer,
                        uint32_t buffer_size, uint32_t max_count)
{
    struct hk_file *file;
    int64_t count;

    if (max_count == 0)
        return 0;
    if (buffer == 0 || !hk_is_user_range(buffer, 1))
        return HK_B_BAD_ADDRESS;
    file = hk_file_get(self, fd);
    if (file == NULL)
        return HK_B_FILE_ERROR;
    count = read_dir(self, file, buffer, buffer_size, max_count);
    hk_file_put(file);
    return count;
}

int64_t hk_sys_rewind_dir(struct hk_thread *self, int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t status = HK_B_UNSUPPORTED;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    if (file->kind == HK_FILE_DIR || file->kind == HK_FILE_ATTR_DIR ||
        file->kind == HK_FILE_QUERY) {
        pthread_mutex_lock(&file->lock);
        file->next_entry = 0;
        status = HK_B_OK;
        if (file->kind == HK_FILE_DIR && file->node.fd >= 0)
            lseek(file->node.fd, 0, SEEK_SET);
        else if (file->kind == HK_FILE_QUERY)
            status = hk_query_repeat(self, file->findings);
        pthread_mutex_unlock(&file->lock);
    }
    hk_file_put(file);
    return status;
}
