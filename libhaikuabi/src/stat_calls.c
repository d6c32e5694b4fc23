/* stat_calls.c -- read_stat, write_stat and access. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "attr.h"
#include "creation_time.h"
#include "fd_path.h"
#include "host_open.h"
#include "kept_stat.h"
#include "node_attr.h"
#include "node_refs.h"
#include "range_locks.h"
#include "stat.h"
#include "syscalls.h"

/* What entry_ref calls or read_fs_info may ask for later. */
static int is_noted(const struct hk_stat *stat)
{
    return S_ISDIR(stat->mode) || hk_is_nested_device(stat->device);
}

static int32_t stat_from(const struct hk_vfs *vfs, const struct hk_node *start,
                         const char *path, int traverse, struct hk_stat *stat)
{
    struct hk_node node;
    int32_t status;

    status = hk_stat_entry(vfs, start, path, traverse, stat);
    if (status != HK_TAKES_WALK)
        return status;
    status = hk_vfs_open(vfs, start, path, traverse ? HK_WALK_FOLLOW : 0,
                         O_PATH, 0, &node);
    if (status != HK_B_OK)
        return status;
    status = hk_stat_node(vfs, &node, stat);
    hk_node_close(&node);
    return status;
}

static int32_t stat_path(const struct hk_thread *self, int32_t fd, gm_addr path,
                         int traverse, struct hk_stat *stat)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    char text[HK_PATH_LENGTH];
    struct hk_file *start;
    int32_t status = hk_read_path(self, text, path);

    if (status == HK_B_OK)
        status = hk_find_start(self, fd, text, &start);
    if (status != HK_B_OK)
        return status;
    status = stat_from(vfs, &start->node, text, traverse, stat);
    if (status == HK_B_OK && is_noted(stat))
        hk_refs_note(self, stat->device, stat->inode, start, text);
    hk_file_put(start);
    return status;
}

static int32_t stat_file(const struct hk_thread *self, int32_t fd,
                         struct hk_stat *stat)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct hk_file *file = hk_file_get(self, fd);
    int32_t status;

    if (file == NULL)
        return HK_B_FILE_ERROR;
    if (file->kind == HK_FILE_QUEUE || file->kind == HK_FILE_QUERY)
        status = HK_B_UNSUPPORTED;
    else if (file->kind == HK_FILE_ATTR)
        status = hk_attr_stat(vfs, file, stat);
    else
        status = hk_stat_node(vfs, &file->node, stat);
    if (status == HK_B_OK && S_ISDIR(stat->mode))
        hk_refs_note(self, stat->device, stat->inode, file, "");
    hk_file_put(file);
    return status;
}

int64_t hk_sys_read_stat(struct hk_thread *self, int32_t fd, gm_addr path,
                         int traverse_link, gm_addr stat, uint32_t stat_size)
{
    uint8_t bytes[HK_STAT_SIZE];
    struct hk_stat info;
    int32_t status;

    if (stat_size > HK_STAT_SIZE)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(stat))
        return HK_B_BAD_ADDRESS;
    status = path != 0 ? stat_path(self, fd, path, traverse_link, &info)
                       : stat_file(self, fd, &info);
    if (status != HK_B_OK)
        return status;
    hk_stat_put(bytes, &info);
    return hk_write_user(self, stat, bytes, stat_size);
}

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

/* By the descriptor where it may write, as ftruncate; by the file's rights
 * otherwise. Who watches the file hears on the host that one who may write to
 * it has closed it, or else that its mode was set, to what it is. */
static int32_t write_size(const struct hk_thread *self,
                          const struct hk_node *node,
                          const struct hk_file *file, int64_t size)
{
    char path[HK_FD_PATH_SIZE];
    struct stat info;
    int32_t status;
    int fd;

    if (fstat(node->fd, &info) < 0)
        return hk_status_from_errno(errno);
    if (S_ISDIR(info.st_mode))
        return HK_B_IS_A_DIRECTORY;
    if (!S_ISREG(info.st_mode) || size < 0)
        return HK_B_BAD_VALUE;
    status = file != NULL ? result_of(ftruncate(node->fd, size))
                          : hk_node_make_own(self->team, node);
    if (status != HK_B_OK)
        return status;
    fd = hk_range_locks_reopen(hk_range_locks_of(self->team), node->fd,
                               O_WRONLY | O_NONBLOCK);
    if (file == NULL)
        status = result_of(fd < 0 ? fd : ftruncate(fd, size));
    if (fd >= 0 && !hk_range_locks_close(hk_range_locks_of(self->team), fd) &&
        fstat(node->fd, &info) == 0) {
        hk_host_fd_path(node->fd, path);
        chmod(path, info.st_mode & 07777);
    }
    return status;
}

static int32_t write_times(const struct hk_node *node,
                           const struct hk_stat *stat, uint32_t mask)
{
    struct timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};

    if (mask & HK_STAT_MASK_ACCESS_TIME)
        times[0] =
            (struct timespec){stat->access.seconds, stat->access.nanoseconds};
    if (mask & HK_STAT_MASK_MODIFICATION_TIME)
        times[1] = (struct timespec){stat->modification.seconds,
                                     stat->modification.nanoseconds};
    for (int i = 0; i < 2; i++)
        if (times[i].tv_nsec != UTIME_OMIT &&
            (times[i].tv_nsec < 0 || times[i].tv_nsec >= 1000000000))
            return HK_B_BAD_VALUE;
    return result_of(utimensat(node->fd, "", times, AT_EMPTY_PATH));
}

/* 0 is the user who runs this, as hk_stat_node tells it. */
static int32_t write_owner(const struct hk_vfs *vfs, const struct hk_node *node,
                           const struct hk_stat *stat, uint32_t mask)
{
    uid_t user = stat->uid == 0 ? vfs->user : stat->uid;
    gid_t group = stat->gid == 0 ? vfs->group : stat->gid;

    return result_of(
        fchownat(node->fd, "", mask & HK_STAT_MASK_UID ? user : (uid_t)-1,
                 mask & HK_STAT_MASK_GID ? group : (gid_t)-1, AT_EMPTY_PATH));
}

/* The mode of a symlink is its owner's to change, although it means nothing. */
static int32_t write_mode(const struct hk_vfs *vfs, const struct hk_node *node,
                          const struct hk_stat *stat)
{
    char path[HK_FD_PATH_SIZE];
    struct stat info;

    if (fstat(node->fd, &info) == 0 && S_ISLNK(info.st_mode))
        return vfs->user == 0 || info.st_uid == vfs->user
                   ? hk_kept_stat_write(hk_node_store(node), node->fd, stat,
                                        HK_STAT_MASK_MODE)
                   : HK_B_NOT_ALLOWED;
    hk_host_fd_path(node->fd, path);
    return result_of(chmod(path, stat->mode & 07777));
}

static int32_t write_creation(const struct hk_thread *self,
                              const struct hk_node *node,
                              const struct hk_stat *stat)
{
    struct stat info;

    if (stat->creation.nanoseconds < 0 ||
        stat->creation.nanoseconds >= 1000000000)
        return HK_B_BAD_VALUE;
    return fstat(node->fd, &info) == 0 && hk_is_stat_kept(info.st_mode)
               ? hk_kept_stat_write(hk_node_store(node), node->fd, stat,
                                    HK_STAT_MASK_CREATION_TIME)
               : hk_creation_time_write(self->team, node->fd, &stat->creation);
}

/* The host keeps no time of change that could be set: it is accepted and left
 * as it is. */
static int32_t write_stat(const struct hk_thread *self,
                          const struct hk_node *node,
                          const struct hk_file *file,
                          const struct hk_stat *stat, uint32_t mask)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    int is_device = node->place != NULL && node->place->device != NULL;
    int32_t status = HK_B_OK;

    /* Directories that only exist here and devices keep their size. */
    if (mask & HK_STAT_MASK_SIZE &&
        (node->fd < 0 || is_device ||
         (file != NULL && (file->open_mode & HK_O_RWMASK) == HK_O_RDONLY)))
        return HK_B_BAD_VALUE;
    if (node->fd < 0 || (node->mount != NULL && node->mount->read_only))
        return HK_B_READ_ONLY_DEVICE;
    if (is_device)
        return HK_B_NOT_ALLOWED; /* it is the host's, for all who use it */
    if (mask & HK_STAT_MASK_SIZE)
        status = write_size(self, node, file, stat->size);
    if (status == HK_B_OK && mask & HK_STAT_MASK_CREATION_TIME)
        status = write_creation(self, node, stat);
    if (status == HK_B_OK && mask & (HK_STAT_MASK_UID | HK_STAT_MASK_GID))
        status = write_owner(vfs, node, stat, mask);
    if (status == HK_B_OK && mask & HK_STAT_MASK_MODE)
        status = write_mode(vfs, node, stat);
    if (status == HK_B_OK &&
        mask & (HK_STAT_MASK_ACCESS_TIME | HK_STAT_MASK_MODIFICATION_TIME))
        status = write_times(node, stat, mask);
    return status;
}

/* Whether a descriptor's file is one whose stat is written. */
static int32_t check_written(const struct hk_thread *self, int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);
    int has_node = file != NULL && hk_file_has_node(file);

    if (file == NULL)
        return HK_B_FILE_ERROR;
    hk_file_put(file);
    return has_node ? HK_B_OK : HK_B_UNSUPPORTED;
}

int64_t hk_sys_write_stat(struct hk_thread *self, int32_t fd, gm_addr path,
                          int traverse_link, gm_addr stat, uint32_t stat_size,
                          int32_t stat_mask)
{
    uint8_t bytes[HK_STAT_SIZE] = {0};
    struct hk_stat info;
    struct hk_node node;
    struct hk_file *file;
    int32_t status;

    if (stat_size > HK_STAT_SIZE)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(stat) ||
        hk_read_user(self, bytes, stat, stat_size) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    hk_stat_get(&info, bytes);
    status = path == 0 ? check_written(self, fd) : HK_B_OK;
    if (status == HK_B_OK)
        status = hk_node_of(self, fd, path, traverse_link, &node, &file);
    if (status != HK_B_OK)
        return status;
    if (file != NULL && file->kind == HK_FILE_ATTR)
        status = hk_attr_write_stat(file, &info, (uint32_t)stat_mask);
    else
        status = write_stat(self, &node, file, &info, (uint32_t)stat_mask);
    hk_node_release(&node, file);
    return status;
}

/* Of a file system that is mounted noexec the host runs no file: the guest
 * does, which goes by the mode. */
static int is_kept_from_host(const struct hk_node *node)
{
    struct statvfs system;
    struct stat info;

    return fstatvfs(node->fd, &system) == 0 && system.f_flag & ST_NOEXEC &&
           fstat(node->fd, &info) == 0 && S_ISREG(info.st_mode) &&
           info.st_mode & 0111;
}

/* Directories that only exist here, devices and pipes refuse nothing: their
 * file systems are not asked. */
static int32_t access_node(const struct hk_node *node, int mode,
                           int is_effective)
{
    struct stat info;
    int32_t status;

    if (node->fd < 0 || (node->place != NULL && node->place->device != NULL))
        return HK_B_OK;
    if (mode & ~(R_OK | W_OK | X_OK))
        return HK_B_PERMISSION_DENIED; /* nobody has that right */
    if (mode & W_OK && node->mount != NULL && node->mount->read_only)
        return HK_B_READ_ONLY_DEVICE;
    if (faccessat(node->fd, "", mode,
                  AT_EMPTY_PATH | (is_effective ? AT_EACCESS : 0)) == 0)
        return HK_B_OK;
    status = hk_status_from_errno(errno);
    if (errno != EACCES)
        return status;
    if (mode & X_OK && is_kept_from_host(node))
        return access_node(node, mode & ~X_OK, is_effective);
    return fstat(node->fd, &info) == 0 && S_ISFIFO(info.st_mode) ? HK_B_OK
                                                                 : status;
}

/* Whether there is a file. */
static int32_t find(const struct hk_thread *self, int32_t fd, const char *path)
{
    struct hk_file *start;
    struct hk_stat info;
    int32_t status = hk_find_start(self, fd, path, &start);

    if (status != HK_B_OK)
        return status;
    status = stat_from(hk_kernel_of(self)->vfs, &start->node, path, 1, &info);
    hk_file_put(start);
    return status;
}

int64_t hk_sys_access(struct hk_thread *self, int32_t fd, gm_addr path,
                      int32_t mode, int effective_user_group)
{
    char text[HK_PATH_LENGTH];
    struct hk_node node;
    int32_t status = hk_read_path(self, text, path);

    if (status == HK_B_OK && mode == F_OK)
        return find(self, fd, text);
    if (status == HK_B_OK)
        status = hk_open_at(self, fd, text, HK_WALK_FOLLOW, O_PATH, 0, &node);
    if (status != HK_B_OK)
        return status;
    status = access_node(&node, mode, effective_user_group);
    hk_node_close(&node);
    return status;
}
