/* fd_path.c -- the (descriptor, path) pairs of calls. */
/* SPDX-License-Identifier: MIT */
#include "fd_path.h"

#include <fcntl.h>

int32_t hk_read_path(const struct hk_thread *self, char *path, gm_addr from)
{
    int32_t length = hk_read_user_string(self, path, from, HK_PATH_LENGTH);

    return length < 0 ? length : HK_B_OK;
}

int32_t hk_read_file_name(const struct hk_thread *self,
                          char name[HK_FILE_NAME_LENGTH], gm_addr from)
{
    int32_t length = hk_read_user_string(self, name, from, HK_FILE_NAME_LENGTH);

    return length < 0 ? length : HK_B_OK;
}

/* r1beta6 knows two numbers that are no descriptor, earlier releases all
 * below 0 (haiku-abi/structs.md, "fcntl ops"). */
static int is_none(const struct hk_thread *self, int32_t fd)
{
    if (hk_kernel_of(self)->config.release >= HK_R1BETA6)
        return fd == -1 || fd == -100;
    return fd < 0;
}

struct hk_file *hk_start_of(const struct hk_thread *self, int32_t fd,
                            const char *path)
{
    struct hk_file *file;

    if (path[0] == '/' || is_none(self, fd))
        return hk_cwd_get(self);
    file = hk_file_get(self, fd);
    if (file == NULL || hk_file_has_node(file))
        return file;
    hk_file_put(file);
    return NULL;
}

int32_t hk_find_start(const struct hk_thread *self, int32_t fd,
                      const char *path, struct hk_file **start)
{
    if (path[0] == '\0')
        return HK_B_ENTRY_NOT_FOUND;
    *start = hk_start_of(self, fd, path);
    return *start == NULL ? HK_B_FILE_ERROR : HK_B_OK;
}

int32_t hk_open_at(const struct hk_thread *self, int32_t fd, const char *path,
                   unsigned walk_flags, int host_flags, mode_t mode,
                   struct hk_node *node)
{
    struct hk_file *start;
    int32_t status = hk_find_start(self, fd, path, &start);

    if (status != HK_B_OK)
        return status;
    status = hk_vfs_open(hk_kernel_of(self)->vfs, &start->node, path,
                         walk_flags, host_flags, mode, node);
    hk_file_put(start);
    return status;
}

int32_t hk_open_parent_at(const struct hk_thread *self, int32_t fd,
                          const char *path, struct hk_node *directory,
                          char leaf[HK_FILE_NAME_LENGTH])
{
    struct hk_file *start = hk_start_of(self, fd, path);
    int32_t status = hk_vfs_open_parent(hk_kernel_of(self)->vfs,
                                        start != NULL ? &start->node : NULL,
                                        path, directory, leaf);

    hk_file_put(start);
    return status;
}

int32_t hk_node_at(const struct hk_thread *self, int32_t fd, const char *path,
                   int traverse, struct hk_node *node, struct hk_file **file)
{
    *file = NULL;
    if (path != NULL)
        return hk_open_at(self, fd, path, traverse ? HK_WALK_FOLLOW : 0, O_PATH,
                          0, node);
    if (fd < 0)
        return HK_B_BAD_VALUE;
    *file = hk_file_get(self, fd);
    if (*file == NULL)
        return HK_B_FILE_ERROR;
    if (!hk_file_has_node(*file)) {
        hk_file_put(*file);
        return HK_B_FILE_ERROR;
    }
    *node = (*file)->node;
    return HK_B_OK;
}

int32_t hk_node_of(const struct hk_thread *self, int32_t fd, gm_addr path,
                   int traverse, struct hk_node *node, struct hk_file **file)
{
    char text[HK_PATH_LENGTH];
    int32_t status = path != 0 ? hk_read_path(self, text, path) : HK_B_OK;

    return status != HK_B_OK ? status
                             : hk_node_at(self, fd, path != 0 ? text : NULL,
                                          traverse, node, file);
}

void hk_node_release(struct hk_node *node, struct hk_file *file)
{
    if (file != NULL)
        hk_file_put(file);
    else
        hk_node_close(node);
}
