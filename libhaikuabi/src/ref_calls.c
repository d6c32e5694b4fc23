/* ref_calls.c -- files named by volume, directory node and name. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>

#include "fd_path.h"
#include "file_open.h"
#include "node_refs.h"
#include "syscalls.h"

static int32_t read_name(const struct hk_thread *self,
                         char name[HK_FILE_NAME_LENGTH], gm_addr from)
{
    int32_t status = hk_read_file_name(self, name, from);

    return status == HK_B_OK && name[0] == '\0' ? HK_B_BAD_VALUE : status;
}

int64_t hk_sys_open_entry_ref(struct hk_thread *self, int32_t device,
                              int64_t inode, gm_addr name, int32_t open_mode,
                              int32_t perms)
{
    char text[HK_FILE_NAME_LENGTH];
    struct hk_node directory;
    int64_t result;

    if (name == 0 || device < 0 || inode < 0)
        return HK_B_BAD_VALUE;
    result = read_name(self, text, name);
    if (result == HK_B_OK)
        result = hk_refs_open(self, device, inode, &directory);
    if (result != HK_B_OK)
        return result;
    result = hk_open_file(self, &directory, text, (uint32_t)open_mode, perms);
    hk_node_close(&directory);
    return result;
}

/* Without a name it is the directory itself. */
int64_t hk_sys_open_dir_entry_ref(struct hk_thread *self, int32_t device,
                                  int64_t inode, gm_addr name)
{
    char text[HK_FILE_NAME_LENGTH] = ".";
    struct hk_node directory;
    int64_t result = HK_B_OK;

    if (name != 0)
        result = read_name(self, text, name);
    if (result == HK_B_OK)
        result = hk_refs_open(self, device, inode, &directory);
    if (result != HK_B_OK)
        return result;
    result = hk_open_dir(self, &directory, text);
    hk_node_close(&directory);
    return result;
}

int64_t hk_sys_create_dir_entry_ref(struct hk_thread *self, int32_t device,
                                    int64_t inode, gm_addr name, int32_t perms)
{
    char text[HK_FILE_NAME_LENGTH];
    struct hk_node directory;
    int32_t status = read_name(self, text, name);

    if (status == HK_B_OK && strchr(text, '/') != NULL)
        status = HK_B_BAD_VALUE;
    if (status == HK_B_OK)
        status = hk_refs_open(self, device, inode, &directory);
    if (status != HK_B_OK)
        return status;
    status = hk_make_dir(&directory, text, perms);
    hk_node_close(&directory);
    return status == HK_B_NOT_A_DIRECTORY ? HK_B_BAD_TYPE : status;
}

/* The path of a directory's entry, which need not exist. */
static int32_t path_of_entry(const struct hk_vfs *vfs,
                             const struct hk_node *directory, const char *leaf,
                             char *path)
{
    struct hk_node node;
    int32_t result;

    if (strcmp(leaf, ".") != 0 && strcmp(leaf, "..") != 0)
        return hk_vfs_normalize(vfs, directory, leaf, 0, path);
    result =
        hk_vfs_open(vfs, directory, leaf, 0, O_PATH | O_DIRECTORY, 0, &node);
    if (result != HK_B_OK)
        return result;
    result = hk_vfs_path(vfs, &node, path, HK_PATH_LENGTH);
    hk_node_close(&node);
    return result < 0 ? result : HK_B_OK;
}

int64_t hk_sys_entry_ref_to_path(struct hk_thread *self, int32_t device,
                                 int64_t inode, gm_addr leaf, gm_addr user_path,
                                 uint32_t path_length)
{
    char text[HK_FILE_NAME_LENGTH] = ".";
    char path[HK_PATH_LENGTH];
    struct hk_node directory;
    int32_t status = HK_B_OK;

    if (!hk_is_user_address(user_path))
        return HK_B_BAD_ADDRESS;
    if (leaf != 0)
        status = read_name(self, text, leaf);
    if (status == HK_B_OK && strchr(text, '/') != NULL)
        status = HK_B_BAD_VALUE;
    if (status == HK_B_OK)
        status = hk_refs_open(self, device, inode, &directory);
    if (status != HK_B_OK)
        return status;
    status = path_of_entry(hk_kernel_of(self)->vfs, &directory, text, path);
    hk_node_close(&directory);
    if (status != HK_B_OK)
        return status;
    return hk_write_user_string(self, user_path, path, path_length);
}
