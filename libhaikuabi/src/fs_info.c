/* fs_info.c -- volumes. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bytes.h"
#include "fd_path.h"
#include "node_refs.h"
#include "stat.h"
#include "syscalls.h"

/* haiku-abi/structs.md, "fs_info". */
enum {
    FS_INFO_SIZE = 480,
    AT_VOLUME_NAME = 192,
    AT_FS_NAME = 448,
    VOLUME_NAME_SIZE = 256,
    FS_NAME_SIZE = 32
};

enum fs_flags {
    FS_IS_READONLY = 0x1,
    FS_IS_PERSISTENT = 0x4,
    FS_HAS_MIME = 0x10000,
    FS_HAS_ATTR = 0x20000,
    FS_HAS_QUERY = 0x40000,
    FS_SUPPORTS_NODE_MONITORING = 0x200000,
    FS_SUPPORTS_MONITOR_CHILDREN = 0x400000
};

static void put_head(uint8_t *bytes, int32_t device, int64_t root,
                     uint32_t flags)
{
    hk_put32(bytes, (uint32_t)device);
    hk_put64(bytes + 4, (uint64_t)root);
    hk_put32(bytes + 12, flags);
}

static void put_names(uint8_t *bytes, const char *volume, const char *fs)
{
    snprintf((char *)bytes + AT_VOLUME_NAME, VOLUME_NAME_SIZE, "%s", volume);
    snprintf((char *)bytes + AT_FS_NAME, FS_NAME_SIZE, "%s", fs);
}

/* What the kernel says of a file system that says nothing of itself
 * (fs_read_info() of vfs.cpp). */
static int32_t put_silent(uint8_t bytes[FS_INFO_SIZE], const struct hk_vfs *vfs,
                          int32_t device)
{
    const struct hk_place *place = device == HK_DEVICE_ROOTFS
                                       ? vfs->root
                                       : hk_place_child(vfs->root, "dev", 3);
    struct hk_stat info;
    struct hk_node node;
    int32_t status = hk_place_open(place, O_PATH, &node);

    if (status != HK_B_OK)
        return status;
    status = hk_stat_node(vfs, &node, &info);
    hk_node_close(&node);
    put_head(bytes, device, info.inode, 0);
    put_names(bytes, "", device == HK_DEVICE_ROOTFS ? "rootfs" : "devfs");
    return status;
}

static int32_t put_host(uint8_t bytes[FS_INFO_SIZE], int fd, int32_t device,
                        int64_t root, int is_read_only)
{
    struct statvfs host;

    if (fstatvfs(fd, &host) < 0)
        return hk_status_from_errno(errno);
    put_head(
        bytes, device, root,
        FS_IS_PERSISTENT | FS_HAS_MIME | FS_HAS_ATTR | FS_HAS_QUERY |
            FS_SUPPORTS_MONITOR_CHILDREN |
            (is_read_only || host.f_flag & ST_RDONLY ? FS_IS_READONLY : 0u));
    hk_put64(bytes + 16, host.f_frsize);
    hk_put64(bytes + 24, host.f_bsize);
    hk_put64(bytes + 32, host.f_blocks);
    hk_put64(bytes + 40, host.f_bavail);
    hk_put64(bytes + 48, host.f_files);
    hk_put64(bytes + 56, host.f_favail);
    return HK_B_OK;
}

/* What packagefs tells (kernel_interface.cpp): no figures, and that nobody
 * writes to it, although here it can be written to. */
static void put_packagefs(uint8_t bytes[FS_INFO_SIZE],
                          const struct hk_mount *mount, int64_t root,
                          enum hk_release release)
{
    enum { BLOCK_SIZE = 4096, IO_SIZE = 65536 };
    uint64_t blocks = release == HK_R1BETA4; /* in all, and free */

    put_head(bytes, mount->device, root,
             FS_IS_READONLY | FS_IS_PERSISTENT | FS_HAS_MIME | FS_HAS_ATTR |
                 FS_HAS_QUERY | FS_SUPPORTS_NODE_MONITORING);
    hk_put64(bytes + 16, BLOCK_SIZE);
    hk_put64(bytes + 24, IO_SIZE);
    hk_put64(bytes + 32, blocks);
    hk_put64(bytes + 40, blocks);
    put_names(bytes, mount->name, "packagefs");
}

static int32_t put_volume(uint8_t bytes[FS_INFO_SIZE], const struct hk_vfs *vfs,
                          int32_t device)
{
    const struct hk_mount *mount = hk_vfs_volume(vfs, device);
    struct hk_node node = {mount->place, mount, mount->fd, 0};
    struct hk_stat info;
    int32_t status = hk_stat_node(vfs, &node, &info);

    if (status != HK_B_OK)
        return status;
    if (mount->is_packagefs) {
        put_packagefs(bytes, mount, info.inode, vfs->release);
        return HK_B_OK;
    }
    put_names(bytes, mount->name, "hostfs");
    return put_host(bytes, mount->fd, device, info.inode, mount->read_only);
}

/* A file system inside a mount, known by a file of it that was asked for. */
static int32_t put_nested(const struct hk_thread *self,
                          uint8_t bytes[FS_INFO_SIZE], int32_t device)
{
    struct hk_node node;
    int32_t status = hk_refs_open_any(self, device, &node);

    if (status != HK_B_OK)
        return status;
    put_names(bytes, "", "hostfs");
    status = put_host(bytes, node.fd, device, 0,
                      node.mount != NULL && node.mount->read_only);
    hk_node_close(&node);
    return status;
}

static int32_t put_info(const struct hk_thread *self,
                        uint8_t bytes[FS_INFO_SIZE], int32_t device)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;

    if (device == HK_DEVICE_ROOTFS || device == HK_DEVICE_DEVFS)
        return put_silent(bytes, vfs, device);
    if (device > 0 && hk_is_nested_device(device))
        return put_nested(self, bytes, device);
    if (hk_vfs_volume(vfs, device) != NULL)
        return put_volume(bytes, vfs, device);
    return HK_B_BAD_VALUE;
}

int64_t hk_sys_read_fs_info(struct hk_thread *self, int32_t device,
                            gm_addr info)
{
    uint8_t bytes[FS_INFO_SIZE] = {0};
    int32_t status;

    if (info == 0)
        return HK_B_BAD_VALUE;
    if (!hk_is_user_address(info))
        return HK_B_BAD_ADDRESS;
    status = put_info(self, bytes, device);
    if (status != HK_B_OK)
        return status;
    return hk_write_user(self, info, bytes, sizeof(bytes));
}

int64_t hk_sys_next_device(struct hk_thread *self, gm_addr cookie)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    int32_t device;
    uint8_t bytes[4];

    if (hk_read_user(self, bytes, cookie, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    device = (int32_t)hk_get32(bytes);
    if (device < HK_DEVICE_ROOTFS)
        device = HK_DEVICE_ROOTFS;
    while (device >= HK_DEVICE_FIRST && hk_vfs_volume(vfs, device) == NULL &&
           device - HK_DEVICE_FIRST < (int64_t)vfs->volume_count)
        device++;
    if (device >= (int64_t)HK_DEVICE_FIRST + vfs->volume_count)
        return HK_B_BAD_VALUE;
    hk_put32(bytes, (uint32_t)device + 1);
    if (hk_write_user(self, cookie, bytes, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return device;
}

/* ---- what volumes do not have ---- */

/* The answer of a volume that lacks something, or B_BAD_VALUE for a number
 * that is none. */
static int32_t lacking(const struct hk_thread *self, int32_t device,
                       int32_t status)
{
    uint8_t bytes[FS_INFO_SIZE];
    int32_t found = put_info(self, bytes, device);

    return found == HK_B_OK ? status : found;
}

int64_t hk_sys_write_fs_info(struct hk_thread *self, int32_t device,
                             gm_addr info, int32_t mask)
{
    uint8_t bytes[FS_INFO_SIZE];

    (void)mask;
    if (info == 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, info, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return lacking(self, device, HK_B_READ_ONLY_DEVICE);
}

/* The volumes are the configuration's. */
int64_t hk_sys_mount(struct hk_thread *self, gm_addr path, gm_addr device,
                     gm_addr fs_name, uint32_t flags, gm_addr args,
                     uint32_t args_length)
{
    char text[HK_PATH_LENGTH];
    int32_t status = hk_read_path(self, text, path);

    (void)flags;
    (void)args;
    (void)args_length;
    if (status == HK_B_OK && fs_name != 0)
        status = hk_read_file_name(self, text, fs_name);
    if (status == HK_B_OK && device != 0)
        status = hk_read_path(self, text, device);
    return status == HK_B_OK ? HK_B_NOT_ALLOWED : status;
}

int64_t hk_sys_unmount(struct hk_thread *self, gm_addr path, uint32_t flags)
{
    char text[HK_PATH_LENGTH];
    int32_t status = hk_read_path(self, text, path);

    (void)flags;
    return status == HK_B_OK ? HK_B_NOT_ALLOWED : status;
}
