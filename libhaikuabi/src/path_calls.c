/* path_calls.c -- normalize_path, read_link and the working directory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "bytes.h"
#include "fd_path.h"
#include "known_dirs.h"
#include "syscalls.h"
#include "team.h"

int64_t hk_sys_normalize_path(struct hk_thread *self, gm_addr user_path,
                              int traverse_link, gm_addr buffer)
{
    char path[HK_PATH_LENGTH];
    char normal[HK_PATH_LENGTH];
    struct hk_file *cwd;
    int32_t status;

    if (user_path == 0 || buffer == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(buffer))
        return HK_B_BAD_ADDRESS;
    status = hk_read_path(self, path, user_path);
    if (status != HK_B_OK)
        return status;
    cwd = hk_cwd_get(self);
    status = hk_vfs_normalize(hk_kernel_of(self)->vfs, &cwd->node, path,
                              traverse_link, normal);
    hk_file_put(cwd);
    if (status != HK_B_OK)
        return status;
    return hk_write_user(self, buffer, normal, strlen(normal) + 1);
}

/* The target of a link, that of the descriptor without a path: its length, or
 * an error. */
static int32_t read_target(struct hk_thread *self, int32_t fd, const char *path,
                           char target[HK_PATH_LENGTH])
{
    struct hk_node node;
    struct hk_file *file;
    ssize_t length;
    int32_t status = hk_node_at(self, fd, path, 0, &node, &file);

    if (status != HK_B_OK)
        return status;
    /* Whatever is no link fails with ENOENT on the host. */
    length = readlinkat(node.fd, "", target, HK_PATH_LENGTH);
    hk_node_release(&node, file);
    return length < 0 ? HK_B_BAD_VALUE : (int32_t)length;
}

/* The size that the guest sees is the link's, also when only its beginning
 * fits the buffer; there is no NUL. When there is no link it is the buffer's,
 * of which not more than a path's length is used. */
int64_t hk_sys_read_link(struct hk_thread *self, int32_t fd, gm_addr path,
                         gm_addr buffer, gm_addr buffer_size)
{
    char text[HK_PATH_LENGTH], target[HK_PATH_LENGTH];
    int32_t length, status;
    uint32_t size;
    uint8_t raw[4];

    if (!hk_is_user_address(buffer) ||
        hk_read_user(self, raw, buffer_size, sizeof(raw)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = path != 0 ? hk_read_path(self, text, path) : HK_B_OK;
    if (status != HK_B_OK)
        return status;
    size = hk_get32(raw);
    if (path != 0 && size > HK_PATH_LENGTH)
        size = HK_PATH_LENGTH;
    length = read_target(self, fd, path != 0 ? text : NULL, target);
    hk_put32(raw, length < 0 ? size : (uint32_t)length);
    if (hk_write_user(self, buffer_size, raw, sizeof(raw)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (length < 0)
        return length;
    return hk_write_user(self, buffer, target,
                         size < (uint32_t)length ? size : (uint32_t)length);
}

int64_t hk_sys_change_root(struct hk_thread *self, gm_addr path)
{
    char text[HK_PATH_LENGTH] = "";
    struct hk_node node;
    int32_t status = HK_B_OK;

    if (self->team->ids.user.effective != 0)
        return HK_B_NOT_ALLOWED;
    if (path != 0)
        status = hk_read_path(self, text, path);
    if (status == HK_B_OK)
        status = hk_open_at(self, -1, text, HK_WALK_FOLLOW, O_PATH, 0, &node);
    return status == HK_B_OK ? hk_vfs_change_root(hk_kernel_of(self)->vfs, node)
                             : status;
}

int64_t hk_sys_getcwd(struct hk_thread *self, gm_addr buffer, uint32_t size)
{
    char path[PATH_MAX];
    struct hk_file *cwd;
    int32_t length;

    if (size == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(buffer))
        return HK_B_BAD_ADDRESS;
    if (size > sizeof(path))
        size = sizeof(path);
    cwd = hk_cwd_get(self);
    length = hk_vfs_path(hk_kernel_of(self)->vfs, &cwd->node, path, size);
    hk_file_put(cwd);
    if (length < 0)
        return length;
    return hk_write_user(self, buffer, path, (size_t)length + 1);
}

int64_t hk_sys_setcwd(struct hk_thread *self, int32_t fd, gm_addr path)
{
    char text[HK_PATH_LENGTH] = ".";
    struct hk_node node;
    struct hk_file *directory;
    int32_t status = HK_B_OK;

    if (path != 0)
        status = hk_read_path(self, text, path);
    else if (fd < 0)
        status = HK_B_BAD_VALUE;
    if (status == HK_B_OK)
        status = hk_open_at(self, fd, text, HK_WALK_FOLLOW,
                            O_PATH | O_DIRECTORY, 0, &node);
    if (status != HK_B_OK)
        return status;
    if (node.fd >= 0 && faccessat(node.fd, ".", X_OK, AT_EACCESS) < 0) {
        status = hk_status_from_errno(errno);
        hk_node_close(&node);
        return status;
    }
    node.number = hk_known_dirs_number(hk_kernel_of(self)->vfs->known_dirs);
    directory = hk_file_new(HK_FILE_DIR, node, HK_O_CLOEXEC);
    if (directory == NULL)
        return HK_B_NO_MEMORY;
    hk_cwd_set(self, directory);
    hk_team_tell_directory(self->team);
    return HK_B_OK;
}
