/* file_open.c -- open, its like for directories, close and dup. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "fd_path.h"
#include "file_open.h"
#include "node_locks.h"
#include "pty.h"
#include "range_locks.h"
#include "root.h"
#include "syscalls.h"

static int host_flags(uint32_t mode)
{
    static const struct {
        uint32_t guest;
        int host;
    } rows[] = {
        {HK_O_WRONLY, O_WRONLY},       {HK_O_RDWR, O_RDWR},
        {HK_O_NONBLOCK, O_NONBLOCK},   {HK_O_EXCL, O_EXCL},
        {HK_O_CREAT, O_CREAT},         {HK_O_TRUNC, O_TRUNC},
        {HK_O_APPEND, O_APPEND},       {HK_O_SYNC, O_SYNC},
        {HK_O_RSYNC, O_RSYNC},         {HK_O_DSYNC, O_DSYNC},
        {HK_O_DIRECTORY, O_DIRECTORY},
    };
    int flags = O_RDONLY;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (mode & rows[i].guest)
            flags |= rows[i].host;
    return flags;
}

/* The walk's flags: O_NOFOLLOW refuses a symlink at the end, O_NOTRAVERSE
 * opens it. */
static unsigned walk_flags(uint32_t mode)
{
    if (mode & HK_O_NOFOLLOW)
        return 0;
    return mode & HK_O_NOTRAVERSE ? HK_WALK_LINK : HK_WALK_FOLLOW;
}

int hk_is_no_mode(uint32_t mode)
{
    uint32_t access = mode & HK_O_RWMASK;

    return access == HK_O_RWMASK ||
           (access == HK_O_RDONLY && mode & HK_O_TRUNC);
}

/* What an open of a file that is there fails with, whose mode is none. The file
 * system is asked before R1/beta6: B_OK where it opens it. */
static int32_t refuse_mode(const struct hk_vfs *vfs, const struct hk_node *node,
                           uint32_t mode)
{
    mode_t type = S_IFDIR;
    struct stat info;

    if (node->fd >= 0 && fstat(node->fd, &info) == 0)
        type = info.st_mode & S_IFMT;
    if (vfs->release >= HK_R1BETA6)
        return mode & HK_O_CREAT && type == S_IFDIR ? HK_B_IS_A_DIRECTORY
                                                    : HK_B_BAD_VALUE;
    if (mode & HK_O_NOFOLLOW && type == S_IFLNK)
        return HK_B_LINK_LIMIT;
    if ((mode & HK_O_RWMASK) != HK_O_RDONLY && type == S_IFDIR)
        return HK_B_IS_A_DIRECTORY;
    if (mode & HK_O_DIRECTORY && type != S_IFDIR)
        return HK_B_NOT_A_DIRECTORY;
    if ((mode & HK_O_RWMASK) != HK_O_RDONLY)
        return HK_B_BAD_VALUE;
    return node->mount != NULL && !node->mount->read_only && node->fd >= 0 &&
                   (type == S_IFREG || type == S_IFDIR)
               ? HK_B_NOT_ALLOWED
               : HK_B_OK;
}

/* What is wrong with the path counts before what is wrong with the mode. */
static int32_t check_mode(const struct hk_thread *self,
                          const struct hk_node *start, const char *path,
                          uint32_t mode)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    int is_new = mode & HK_O_CREAT && mode & HK_O_EXCL;
    struct hk_node node;
    int32_t status;

    if (!hk_is_no_mode(mode))
        return HK_B_OK;
    status = hk_vfs_open(vfs, start, path, is_new ? 0 : walk_flags(mode),
                         O_PATH, 0, &node);
    if (status == HK_B_ENTRY_NOT_FOUND && mode & HK_O_CREAT)
        return (mode & HK_O_RWMASK) == HK_O_RWMASK ? HK_B_BAD_VALUE : HK_B_OK;
    if (status != HK_B_OK)
        return status;
    status = is_new ? HK_B_FILE_EXISTS : refuse_mode(vfs, &node, mode);
    if (status == HK_B_BAD_VALUE && vfs->release < HK_R1BETA6 &&
        hk_node_check_lock(hk_shared_of(self), &node) != HK_B_OK)
        status = HK_B_BUSY;
    hk_node_close(&node);
    return status;
}

/* A big file of a package gets its content as it is read. */
static int32_t open_pieces(const struct hk_node *node, uint32_t mode,
                           struct hk_pieces **pieces)
{
    const struct hk_mount *mount = node->mount;

    *pieces = NULL;
    if (mount == NULL || mount->layer == NULL || node->fd < 0 ||
        (mode & (HK_O_RWMASK | HK_O_TRUNC)) != HK_O_RDONLY)
        return HK_B_OK;
    return hk_status_from_errno(hk_pieces_open(mount->layer, node->fd, pieces));
}

/* What an open file has besides its node. */
static int32_t open_more(struct hk_thread *self, struct hk_node *node,
                         uint32_t mode, struct hk_pty_master **master,
                         struct hk_pieces **pieces)
{
    if (node->place != NULL && node->place->pty != HK_PTY_NONE)
        return hk_pty_open(self, node, mode, master);
    return open_pieces(node, mode, pieces);
}

/* Nothing is made that there is no descriptor for. */
static int32_t check_room(const struct hk_thread *self,
                          const struct hk_node *start, const char *path,
                          uint32_t mode)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    char leaf[HK_FILE_NAME_LENGTH];
    struct hk_node node;
    int32_t status;

    if (!(mode & HK_O_CREAT) || hk_fds_have_room(self->team->fds))
        return HK_B_OK;
    status = hk_vfs_open(vfs, start, path, walk_flags(mode), O_PATH, 0, &node);
    if (status == HK_B_OK)
        hk_node_close(&node);
    if (status != HK_B_ENTRY_NOT_FOUND)
        return HK_B_OK;
    status = hk_vfs_open_parent(vfs, start, path, &node, leaf);
    if (status != HK_B_OK)
        return status;
    hk_node_close(&node);
    return HK_B_NO_MORE_FDS;
}

static int is_directory_place(const struct hk_place *place)
{
    return place != NULL && place->device == NULL &&
           (place->mount == NULL || place->mount->is_directory);
}

/* In R1/beta6 a path that ends in slashes is a directory's ".", which is not
 * made: B_IS_A_DIRECTORY, or what is wrong with the path. */
static int32_t refuse_slashes(const struct hk_vfs *vfs,
                              const struct hk_node *start, const char *path)
{
    char head[HK_PATH_LENGTH];
    size_t length = strlen(path);
    struct hk_node node;
    int32_t status;

    while (length > 1 && path[length - 1] == '/')
        length--;
    memcpy(head, path, length);
    head[length] = '\0';
    status = hk_vfs_open(vfs, start, head, HK_WALK_FOLLOW, O_PATH, 0, &node);
    if (status == HK_B_OK)
        hk_node_close(&node);
    return status == HK_B_OK ? HK_B_IS_A_DIRECTORY : status;
}

static int32_t refuse_directory(struct hk_node *node)
{
    hk_node_close(node);
    return HK_B_IS_A_DIRECTORY;
}

/* Opens or makes a node. Haiku looks for it first, and makes what is not there,
 * where the host refuses directories and O_DIRECTORY together with O_CREAT;
 * since R1/beta6 what is there may not be a directory. */
static int32_t open_node(const struct hk_vfs *vfs, const struct hk_node *start,
                         const char *path, uint32_t mode, int32_t perms,
                         struct hk_node *node)
{
    unsigned walk = walk_flags(mode) | HK_WALK_PIECES;
    int is_r1beta6 = vfs->release >= HK_R1BETA6;
    int flags = host_flags(mode);
    int32_t status;

    if (!(flags & O_CREAT))
        return hk_vfs_open(vfs, start, path, walk, flags, 0, node);
    if (is_r1beta6 && path[strlen(path) - 1] == '/')
        return refuse_slashes(vfs, start, path);
    if (flags & O_DIRECTORY && !(flags & O_EXCL)) {
        status = hk_vfs_open(vfs, start, path, walk, flags & ~O_CREAT, 0, node);
        if (status == HK_B_OK && is_r1beta6)
            return refuse_directory(node);
        if (status != HK_B_ENTRY_NOT_FOUND)
            return status;
    }
    status = hk_vfs_open(vfs, start, path, walk, flags & ~O_DIRECTORY,
                         (mode_t)perms, node);
    if (is_r1beta6)
        return status == HK_B_OK && is_directory_place(node->place)
                   ? refuse_directory(node)
                   : status;
    if (status == HK_B_IS_A_DIRECTORY && !(mode & (HK_O_RWMASK | HK_O_TRUNC)))
        status = hk_vfs_open(vfs, start, path, walk, flags & ~O_CREAT, 0, node);
    return status;
}

/* That it is a symlink is noticed before that it is no directory. */
static int32_t refuse_link(const struct hk_vfs *vfs,
                           const struct hk_node *start, const char *path)
{
    struct hk_node node;
    struct stat info;
    int is_link;

    if (hk_vfs_open(vfs, start, path, 0, O_PATH, 0, &node) != HK_B_OK)
        return HK_B_NOT_A_DIRECTORY;
    is_link =
        node.fd >= 0 && fstat(node.fd, &info) == 0 && S_ISLNK(info.st_mode);
    hk_node_close(&node);
    return is_link ? HK_B_LINK_LIMIT : HK_B_NOT_A_DIRECTORY;
}

int64_t hk_open_file(struct hk_thread *self, const struct hk_node *start,
                     const char *path, uint32_t mode, int32_t perms)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    struct hk_pty_master *master = NULL;
    struct hk_pieces *pieces = NULL;
    struct hk_node node;
    struct hk_file *file;
    int32_t status;

    status = check_mode(self, start, path, mode);
    if (status == HK_B_OK)
        status = check_room(self, start, path, mode);
    if (status == HK_B_OK)
        status = open_node(vfs, start, path, mode, perms, &node);
    if (status == HK_B_NOT_A_DIRECTORY && mode & HK_O_NOFOLLOW)
        return refuse_link(vfs, start, path);
    if (status != HK_B_OK)
        return status;
    status = hk_node_check_lock(hk_shared_of(self), &node);
    if (status == HK_B_OK)
        status = open_more(self, &node, mode, &master, &pieces);
    if (status != HK_B_OK) {
        if (node.fd >= 0)
            hk_range_locks_close(hk_range_locks_of(self->team), node.fd);
        return status;
    }
    file = hk_file_new(HK_FILE_NODE, node, mode);
    if (file == NULL) {
        hk_pty_master_free(master);
        hk_pieces_free(pieces);
        return HK_B_NO_MEMORY;
    }
    file->pty = master;
    file->pieces = pieces;
    return hk_fd_add(self, file, 0, hk_fd_flags_of(mode));
}

int64_t hk_sys_open(struct hk_thread *self, int32_t fd, gm_addr path,
                    int32_t open_mode, int32_t perms)
{
    char text[HK_PATH_LENGTH];
    struct hk_file *start;
    int64_t result = hk_read_path(self, text, path);

    if (result == HK_B_OK)
        result = hk_find_start(self, fd, text, &start);
    if (result != HK_B_OK)
        return result;
    result = hk_open_file(self, &start->node, text, (uint32_t)open_mode, perms);
    hk_file_put(start);
    return result;
}

/* What is no directory says so in its file system's words. */
static int32_t refuse_dir(const struct hk_node *node)
{
    struct stat info;

    if (node->fd < 0 || fstat(node->fd, &info) != 0)
        return HK_B_NOT_A_DIRECTORY;
    if (S_ISCHR(info.st_mode))
        return HK_B_BAD_VALUE;
    return S_ISFIFO(info.st_mode) ? HK_B_UNSUPPORTED : HK_B_NOT_A_DIRECTORY;
}

static int32_t open_dir_node(const struct hk_vfs *vfs,
                             const struct hk_node *start, const char *path,
                             struct hk_node *node)
{
    struct hk_node other;
    int32_t status = hk_vfs_open(vfs, start, path, HK_WALK_FOLLOW,
                                 O_RDONLY | O_DIRECTORY, 0, node);

    if (status != HK_B_NOT_A_DIRECTORY ||
        hk_vfs_open(vfs, start, path, HK_WALK_FOLLOW, O_PATH, 0, &other) !=
            HK_B_OK)
        return status;
    status = refuse_dir(&other);
    hk_node_close(&other);
    return status;
}

int64_t hk_open_dir(struct hk_thread *self, const struct hk_node *start,
                    const char *path)
{
    struct hk_node node;
    struct hk_file *file;
    int32_t status = open_dir_node(hk_kernel_of(self)->vfs, start, path, &node);

    if (status == HK_B_OK) {
        status = hk_node_check_lock(hk_shared_of(self), &node);
        if (status != HK_B_OK)
            hk_node_close(&node);
    }
    if (status != HK_B_OK)
        return status;
    file = hk_file_new(HK_FILE_DIR, node, HK_O_CLOEXEC);
    if (file == NULL)
        return HK_B_NO_MEMORY;
    return hk_fd_add(self, file, 0, HK_FD_CLOEXEC);
}

static int64_t open_dir(struct hk_thread *self, int32_t fd, const char *path)
{
    struct hk_file *start;
    int64_t result = hk_find_start(self, fd, path, &start);

    if (result != HK_B_OK)
        return result;
    result = hk_open_dir(self, &start->node, path);
    hk_file_put(start);
    return result;
}

static int64_t open_dir_of(struct hk_thread *self, int32_t fd)
{
    struct hk_file *file;
    struct hk_node node;
    int64_t result = hk_node_at(self, fd, NULL, 0, &node, &file);

    if (result != HK_B_OK)
        return result;
    result = hk_file_type(file) == S_IFDIR ? hk_open_dir(self, &node, ".")
                                           : refuse_dir(&node);
    hk_file_put(file);
    return result;
}

int64_t hk_sys_open_dir(struct hk_thread *self, int32_t fd, gm_addr path)
{
    char text[HK_PATH_LENGTH];
    int32_t status;

    if (path == 0)
        return open_dir_of(self, fd);
    status = hk_read_path(self, text, path);
    if (status != HK_B_OK)
        return status;
    return open_dir(self, fd, text);
}

/* The name that a directory has in its parent, the team's own root too; "." for
 * that of all. */
static int32_t name_of(const struct hk_thread *self, int32_t fd,
                       char name[PATH_MAX])
{
    struct hk_file *file = hk_file_get(self, fd);
    int32_t result = HK_B_FILE_ERROR;
    char *leaf;

    if (file != NULL)
        result = hk_node_path_was(&file->node, name, PATH_MAX);
    hk_file_put(file);
    if (result < 0)
        return result;
    leaf = strrchr(name, '/') + 1;
    if (leaf[0] == '\0')
        strcpy(name, ".");
    else
        memmove(name, leaf, strlen(leaf) + 1);
    return HK_B_OK;
}

int64_t hk_sys_open_parent_dir(struct hk_thread *self, int32_t fd, gm_addr name,
                               uint32_t name_length)
{
    char text[PATH_MAX];
    int64_t parent;
    int32_t status;

    if (name != 0 && !hk_is_user_address(name))
        return HK_B_BAD_ADDRESS;
    parent = open_dir(self, fd, "..");
    if (parent < 0 || name == 0)
        return parent;
    status = name_of(self, fd, text);
    if (status == HK_B_OK)
        status = hk_write_user_string(self, name, text, name_length);
    if (status == HK_B_OK)
        return parent;
    hk_fd_close(self, (int32_t)parent);
    return status;
}

int64_t hk_sys_close(struct hk_thread *self, int32_t fd)
{
    return hk_fd_close(self, fd);
}

int64_t hk_sys_dup(struct hk_thread *self, int32_t fd)
{
    struct hk_file *file = hk_file_get(self, fd);

    return file == NULL ? HK_B_FILE_ERROR : hk_fd_add(self, file, 0, 0);
}

int64_t hk_sys_dup2(struct hk_thread *self, int32_t ofd, int32_t nfd)
{
    return hk_fd_replace(self, ofd, nfd, 0);
}

/* r1beta6: only the flags of the new descriptor may be asked for. */
int64_t hk_sys_dup2__r1beta6(struct hk_thread *self, int32_t ofd, int32_t nfd,
                             int32_t flags)
{
    if (ofd < 0 || nfd < 0)
        return HK_B_FILE_ERROR;
    if ((uint32_t)flags & ~(uint32_t)(HK_O_CLOEXEC | HK_O_CLOFORK))
        return HK_B_BAD_VALUE;
    return hk_fd_replace(self, ofd, nfd, hk_fd_flags_of((uint32_t)flags));
}
