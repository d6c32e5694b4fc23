/* entry_calls.c -- making, linking, moving and removing entries. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attr_store.h"
#include "departures.h"
#include "fd_path.h"
#include "file_open.h"
#include "host_direct.h"
#include "host_open.h"
#include "known_dirs.h"
#include "syscalls.h"

/* The entry that a call makes or removes. The directory is one's own, or that
 * of a known one or of what the path begins at, which are held meanwhile. */
struct entry {
    struct hk_node directory;
    struct hk_known_dir *known;
    struct hk_file *start;
    char leaf[HK_FILE_NAME_LENGTH];
};

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void close_entry(struct entry *entry)
{
    if (entry->known != NULL)
        hk_known_dir_put(entry->known);
    else if (entry->start != NULL)
        hk_file_put(entry->start);
    else
        hk_node_close(&entry->directory);
}

/* Without a walk: 0 when it takes one. */
static int find_entry(const struct hk_thread *self, struct hk_file *start,
                      const char *path, struct entry *entry)
{
    const struct hk_node *node = &start->node;
    const char *leaf = path;

    if (strchr(path, '/') != NULL) {
        entry->known =
            hk_known_dir_get(hk_kernel_of(self)->vfs, node, path, &leaf);
        if (entry->known == NULL)
            return 0;
        node = hk_known_dir_node(entry->known);
    } else if (path[0] == '\0' || is_dots(path) || node->fd < 0 ||
               node->mount == NULL) {
        return 0;
    }
    if (strlen(leaf) >= HK_FILE_NAME_LENGTH)
        return 0;
    entry->directory = *node;
    strcpy(entry->leaf, leaf);
    return 1;
}

/* Whether its directory was removed; it may have been made again. */
static int is_gone(const struct entry *entry)
{
    return entry->known != NULL && !hk_known_dir_is_there(entry->known);
}

/* may_be_gone: the caller asks whether the directory is when it finds nothing
 * there. */
static int32_t open_entry_in(const struct hk_thread *self, int32_t fd,
                             const char *path, int may_be_gone,
                             struct entry *entry)
{
    struct hk_file *start = hk_start_of(self, fd, path);

    entry->known = NULL;
    entry->start = NULL;
    if (start != NULL && find_entry(self, start, path, entry) &&
        (may_be_gone || !is_gone(entry))) {
        if (entry->known != NULL)
            hk_file_put(start);
        else
            entry->start = start;
        return HK_B_OK;
    }
    hk_known_dir_put(entry->known);
    entry->known = NULL;
    hk_file_put(start);
    return hk_open_parent_at(self, fd, path, &entry->directory, entry->leaf);
}

static int32_t open_entry(const struct hk_thread *self, int32_t fd,
                          const char *path, struct entry *entry)
{
    return open_entry_in(self, fd, path, 0, entry);
}

static int32_t read_entry(const struct hk_thread *self, int32_t fd,
                          gm_addr path, struct entry *entry)
{
    char text[HK_PATH_LENGTH];
    int32_t status = hk_read_path(self, text, path);

    return status != HK_B_OK ? status : open_entry(self, fd, text, entry);
}

/* The two paths of a call, of which each has HK_PATH_LENGTH bytes. */
static int32_t read_paths(const struct hk_thread *self, gm_addr from,
                          char *path, gm_addr other_from, char *other)
{
    int32_t status = hk_is_user_address(other_from)
                         ? hk_read_path(self, path, from)
                         : HK_B_BAD_ADDRESS;

    return status == HK_B_OK ? hk_read_path(self, other, other_from) : status;
}

/* Devices are a file system of their own, of which some calls ask nothing. */
static int is_of_devices(const struct hk_node *directory)
{
    return directory->place != NULL && directory->place->is_closed;
}

/* Whether entries may come and go in a directory. */
static int32_t check_writable(const struct hk_node *directory)
{
    if (directory->fd < 0 || directory->mount == NULL ||
        directory->mount->read_only)
        return HK_B_READ_ONLY_DEVICE;
    return HK_B_OK;
}

/* Whether an entry may be made: not on a volume that is read-only, whatever is
 * there, nor what a place stands for. */
static int32_t check_new(const struct entry *entry)
{
    const struct hk_mount *mount = entry->directory.mount;

    if (mount != NULL && mount->read_only)
        return HK_B_READ_ONLY_DEVICE;
    if (is_dots(entry->leaf) ||
        hk_node_child(&entry->directory, entry->leaf) != NULL)
        return HK_B_FILE_EXISTS;
    return check_writable(&entry->directory);
}

/* Whether an entry may be removed or moved: a place stays where it is, and
 * what devices are in is not written. */
static int32_t check_old(const struct entry *entry)
{
    const struct hk_place *place =
        hk_node_child(&entry->directory, entry->leaf);

    if (place == NULL)
        return check_writable(&entry->directory);
    return place->device != NULL ? HK_B_READ_ONLY_DEVICE : HK_B_BUSY;
}

int32_t hk_make_dir(const struct hk_node *directory, const char *name,
                    int32_t perms)
{
    struct entry entry = {.directory = *directory};
    int32_t status;

    snprintf(entry.leaf, sizeof(entry.leaf), "%s", name);
    status = check_new(&entry);
    if (status == HK_B_OK)
        status = result_of(
            mkdirat(directory->fd, entry.leaf, (mode_t)perms & 07777));
    return status;
}

int64_t hk_sys_create_dir(struct hk_thread *self, int32_t fd, gm_addr path,
                          int32_t perms)
{
    char text[HK_PATH_LENGTH];
    struct entry entry;
    int32_t status = hk_read_path(self, text, path);
    size_t length = status == HK_B_OK ? strlen(text) : 0;

    while (length > 1 && text[length - 1] == '/')
        text[--length] = '\0';
    if (status == HK_B_OK)
        status = open_entry(self, fd, text, &entry);
    if (status != HK_B_OK)
        return status;
    status = hk_make_dir(&entry.directory, entry.leaf, perms);
    close_entry(&entry);
    return status;
}

/* "name/" and "name/." are name; ".." cannot be removed. */
static int32_t trim(char *path)
{
    char *slash;

    while ((slash = strrchr(path, '/')) != NULL) {
        char *leaf = slash + 1;

        if (strcmp(leaf, "..") == 0)
            return HK_B_NOT_ALLOWED;
        while (slash > path && slash[-1] == '/')
            slash--;
        if (leaf[0] != '\0' && strcmp(leaf, ".") != 0)
            break;
        slash[0] = '\0';
    }
    return is_dots(path) ? HK_B_NOT_ALLOWED : HK_B_OK;
}

/* What is kept for a file elsewhere goes with its last name. */
struct kept {
    const struct hk_attr_store *store;
    int is_any;
    char key[HK_ATTR_KEY_SIZE];
};

static int is_last_name(int directory, const char *leaf)
{
    struct stat info;

    return fstatat(directory, leaf, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           (S_ISDIR(info.st_mode) || info.st_nlink <= 1);
}

static void find_kept(const struct entry *entry, struct kept *kept)
{
    kept->store = entry->directory.mount->attributes;
    kept->is_any = hk_attr_store_may_have(kept->store, entry->directory.fd,
                                          entry->leaf, kept->key) &&
                   is_last_name(entry->directory.fd, entry->leaf) &&
                   hk_attr_store_has(kept->store, kept->key);
}

static void drop_kept(const struct kept *kept)
{
    uint64_t freed = 0;

    if (kept->is_any)
        hk_attr_store_drop(kept->store, kept->key, &freed);
}

/* Those who watch nodes can know what is removed. */
static int32_t remove_entry(const struct hk_thread *self,
                            const struct entry *entry, int flags)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t serial =
        hk_departure_note(shared, entry->directory.fd, entry->leaf, -1, NULL);
    struct kept kept;
    int32_t status;

    find_kept(entry, &kept);
    status = result_of((int)hk_host_direct(SYS_unlinkat, entry->directory.fd,
                                           entry->leaf, flags));
    if (status == HK_B_OK)
        drop_kept(&kept);
    else
        hk_departure_cancel(shared, serial);
    return status;
}

int64_t hk_sys_remove_dir(struct hk_thread *self, int32_t fd, gm_addr path)
{
    char text[HK_PATH_LENGTH];
    struct entry entry;
    int32_t status;

    if (path == 0)
        return HK_B_BAD_VALUE;
    status = hk_read_path(self, text, path);
    if (status == HK_B_OK)
        status = trim(text);
    if (status == HK_B_OK)
        status = open_entry(self, fd, text, &entry);
    if (status != HK_B_OK)
        return status;
    status = check_old(&entry);
    if (status == HK_B_OK)
        status = remove_entry(self, &entry, AT_REMOVEDIR);
    close_entry(&entry);
    return status;
}

/* *was_gone: nothing was found in a directory that is not there any more. */
static int32_t unlink_in(const struct hk_thread *self, int32_t fd,
                         const char *path, int may_be_gone, int *was_gone)
{
    struct entry entry;
    int32_t status = open_entry_in(self, fd, path, may_be_gone, &entry);

    *was_gone = 0;
    if (status != HK_B_OK)
        return status;
    status = is_dots(entry.leaf) && !is_of_devices(&entry.directory)
                 ? HK_B_NOT_ALLOWED
                 : check_old(&entry);
    if (status == HK_B_OK)
        status = remove_entry(self, &entry, 0);
    *was_gone = status == HK_B_ENTRY_NOT_FOUND && is_gone(&entry);
    close_entry(&entry);
    return status;
}

int64_t hk_sys_unlink(struct hk_thread *self, int32_t fd, gm_addr path)
{
    char text[HK_PATH_LENGTH];
    int32_t status = hk_read_path(self, text, path);
    int was_gone = 0;

    if (status == HK_B_OK)
        status = unlink_in(self, fd, text, 1, &was_gone);
    if (was_gone)
        status = unlink_in(self, fd, text, 0, &was_gone);
    return status;
}

static int is_same_entry(const struct entry *one, const struct entry *other)
{
    struct stat a, b;

    return strcmp(one->leaf, other->leaf) == 0 &&
           fstat(one->directory.fd, &a) == 0 &&
           fstat(other->directory.fd, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static int is_directory(const struct entry *entry)
{
    struct stat info;

    return fstatat(entry->directory.fd, entry->leaf, &info,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(info.st_mode);
}

static int32_t move(const struct hk_thread *self, const struct entry *from,
                    const struct entry *to)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct kept replaced;
    uint32_t serial;
    int32_t status;

    if (!hk_is_one_volume(from->directory.mount, to->directory.mount))
        return HK_B_CROSS_DEVICE_LINK;
    if (is_same_entry(from, to))
        return hk_kernel_of(self)->config.release == HK_R1BETA4 ? HK_B_BAD_VALUE
                                                                : HK_B_OK;
    if (is_dots(from->leaf) || is_dots(to->leaf))
        return HK_B_BAD_VALUE;
    status = check_old(from);
    if (status == HK_B_OK)
        status = check_old(to);
    if (status != HK_B_OK)
        return status;
    serial = hk_departure_note(shared, from->directory.fd, from->leaf,
                               to->directory.fd, to->leaf);
    find_kept(to, &replaced);
    status = result_of(
        renameat(from->directory.fd, from->leaf, to->directory.fd, to->leaf));
    /* The host does not look at a file that is to replace its own directory. */
    if (status == HK_B_DIRECTORY_NOT_EMPTY && !is_directory(from))
        status = HK_B_IS_A_DIRECTORY;
    if (status == HK_B_OK)
        drop_kept(&replaced);
    else
        hk_departure_cancel(shared, serial);
    return status;
}

int64_t hk_sys_rename(struct hk_thread *self, int32_t old_dir, gm_addr oldpath,
                      int32_t new_dir, gm_addr newpath)
{
    char old_text[HK_PATH_LENGTH], new_text[HK_PATH_LENGTH];
    struct entry from, to;
    int32_t status = read_paths(self, oldpath, old_text, newpath, new_text);

    if (status == HK_B_OK)
        status = open_entry(self, old_dir, old_text, &from);
    if (status != HK_B_OK)
        return status;
    status = open_entry(self, new_dir, new_text, &to);
    if (status == HK_B_OK) {
        status = move(self, &from, &to);
        close_entry(&to);
    }
    close_entry(&from);
    return status;
}

int64_t hk_sys_create_symlink(struct hk_thread *self, int32_t fd, gm_addr path,
                              gm_addr to_path, int32_t mode)
{
    char text[HK_PATH_LENGTH], target[HK_PATH_LENGTH];
    struct entry entry;
    int32_t status = read_paths(self, path, text, to_path, target);

    (void)mode; /* a symlink's mode means nothing */
    if (status == HK_B_OK)
        status = open_entry(self, fd, text, &entry);
    if (status != HK_B_OK)
        return status;
    status =
        is_of_devices(&entry.directory) ? HK_B_UNSUPPORTED : check_new(&entry);
    if (status == HK_B_OK)
        status = result_of(symlinkat(target, entry.directory.fd, entry.leaf));
    close_entry(&entry);
    return status;
}

static int is_device(const struct hk_node *node)
{
    return node->place != NULL && node->place->device != NULL;
}

/* The host's link of a descriptor is by its path in /proc: by the descriptor
 * itself it would take privileges. */
static int32_t link_node(const struct hk_node *node, const struct entry *entry)
{
    char path[HK_FD_PATH_SIZE];
    int32_t status;

    if (is_of_devices(&entry->directory))
        return is_device(node) || is_of_devices(node) ? HK_B_READ_ONLY_DEVICE
                                                      : HK_B_CROSS_DEVICE_LINK;
    if (node->fd < 0 || node->mount == NULL || is_device(node) ||
        !hk_is_one_volume(node->mount, entry->directory.mount))
        return HK_B_CROSS_DEVICE_LINK;
    status = check_new(entry);
    if (status != HK_B_OK)
        return status;
    hk_host_fd_path(node->fd, path);
    return result_of(linkat(AT_FDCWD, path, entry->directory.fd, entry->leaf,
                            AT_SYMLINK_FOLLOW));
}

/* What is linked to is looked at before it is looked for: it has a name, and
 * none that is too long. A slash at the end asks for a directory here, as "."
 * behind it does (vfs.cpp, check_path). */
static int32_t complete(char path[HK_PATH_LENGTH])
{
    size_t length = strlen(path), name = 0;

    if (length == 0)
        return HK_B_ENTRY_NOT_FOUND;
    for (size_t i = 0; i < length; i++) {
        name = path[i] == '/' ? 0 : name + 1;
        if (name > HK_FILE_NAME_LENGTH)
            return HK_B_NAME_TOO_LONG;
    }
    if (path[length - 1] != '/')
        return HK_B_OK;
    if (length > HK_PATH_LENGTH - 2)
        return HK_B_NAME_TOO_LONG;
    strcpy(path + length, ".");
    return HK_B_OK;
}

int64_t hk_sys_create_link(struct hk_thread *self, int32_t path_fd,
                           gm_addr path, int32_t to_fd, gm_addr to_path,
                           int traverse_leaf_link)
{
    char text[HK_PATH_LENGTH], to_text[HK_PATH_LENGTH];
    struct entry entry;
    struct hk_node node;
    int32_t status = read_paths(self, path, text, to_path, to_text);

    if (status == HK_B_OK)
        status = complete(to_text);
    if (status == HK_B_OK)
        status = open_entry(self, path_fd, text, &entry);
    if (status != HK_B_OK)
        return status;
    status =
        hk_open_at(self, to_fd, to_text,
                   traverse_leaf_link ? HK_WALK_FOLLOW : 0, O_PATH, 0, &node);
    if (status == HK_B_OK) {
        status = link_node(&node, &entry);
        hk_node_close(&node);
    }
    close_entry(&entry);
    return status;
}

int64_t hk_sys_create_fifo(struct hk_thread *self, int32_t fd, gm_addr path,
                           uint32_t perms)
{
    struct entry entry;
    int32_t status = read_entry(self, fd, path, &entry);

    if (status != HK_B_OK)
        return status;
    status =
        is_of_devices(&entry.directory) ? HK_B_UNSUPPORTED : check_new(&entry);
    if (status == HK_B_OK)
        status =
            result_of(mkfifoat(entry.directory.fd, entry.leaf, perms & 07777));
    close_entry(&entry);
    return status;
}
