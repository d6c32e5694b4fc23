/* stat.c -- Haiku's stat record, from the host's. */
/* SPDX-License-Identifier: MIT */
#include "stat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bytes.h"
#include "creation_time.h"
#include "host_direct.h"
#include "kept_stat.h"
#include "known_dirs.h"
#include "node_attr.h"

enum { SYNTHETIC_BLOCK_SIZE = 4096 };
enum { PACKAGEFS_BLOCK_SIZE = 65536 }; /* what it likes to be asked for */

static void stat_synthetic(const struct hk_place *place, struct hk_stat *stat)
{
    *stat = (struct hk_stat){
        .device = HK_DEVICE_ROOTFS,
        .inode = place->inode,
        .mode = S_IFDIR | 0755,
        .link_count = 1,
        .block_size = SYNTHETIC_BLOCK_SIZE,
    };
    if (place->is_closed)
        stat->device = HK_DEVICE_DEVFS;
}

uint32_t hk_guest_id(uint32_t host, uint32_t own)
{
    return host == own ? 0 : host;
}

static struct hk_time get_time(const struct statx_timestamp *time)
{
    return (struct hk_time){time->tv_sec, (int32_t)time->tv_nsec};
}

/* No file system of Haiku's has holes: a file takes at least what its size
 * needs, also one of a package whose content is still to come. */
static int64_t blocks_of(const struct statx *host)
{
    enum { SECTOR = 512 };
    uint64_t size = host->stx_blksize;

    if (!S_ISREG(host->stx_mode) || size == 0 ||
        host->stx_blocks * SECTOR >= host->stx_size)
        return (int64_t)host->stx_blocks;
    return (int64_t)((host->stx_size / size + (host->stx_size % size != 0)) *
                     (size / SECTOR));
}

static int32_t block_size_of(const struct hk_mount *mount, dev_t device,
                             const struct statx *host)
{
    return mount != NULL && mount->is_packagefs && mount->host_device == device
               ? PACKAGEFS_BLOCK_SIZE
               : (int32_t)host->stx_blksize;
}

static void stat_host(const struct hk_vfs *vfs, const struct hk_mount *mount,
                      const struct statx *host, struct hk_stat *stat)
{
    dev_t device = makedev(host->stx_dev_major, host->stx_dev_minor);
    /* Where a file system does not keep it. */
    const struct statx_timestamp *creation =
        host->stx_mask & STATX_BTIME ? &host->stx_btime : &host->stx_ctime;

    *stat = (struct hk_stat){
        .device = hk_vfs_device(vfs, mount, device),
        .inode = (int64_t)host->stx_ino,
        .mode = host->stx_mode,
        .link_count = (int32_t)host->stx_nlink,
        .uid = hk_guest_id(host->stx_uid, vfs->user),
        .gid = hk_guest_id(host->stx_gid, vfs->group),
        .size = (int64_t)host->stx_size,
        .rdev = (int32_t)(host->stx_rdev_major << 20 | host->stx_rdev_minor),
        .block_size = block_size_of(mount, device, host),
        .access = get_time(&host->stx_atime),
        .modification = get_time(&host->stx_mtime),
        .change = get_time(&host->stx_ctime),
        .creation = get_time(creation),
        .type = 0,
        .blocks = blocks_of(host),
    };
}

int32_t hk_stat_node(const struct hk_vfs *vfs, const struct hk_node *node,
                     struct hk_stat *stat)
{
    struct statx host;

    if (node->fd < 0) {
        stat_synthetic(node->place, stat);
        return HK_B_OK;
    }
    if (hk_host_direct(SYS_statx, node->fd, "", AT_EMPTY_PATH,
                       STATX_BASIC_STATS | STATX_BTIME, &host) < 0)
        return hk_status_from_errno(errno);
    stat_host(vfs, node->mount, &host, stat);
    if (hk_is_stat_kept(stat->mode))
        hk_kept_stat_read(hk_node_store(node), node->fd, "", stat);
    if (host.stx_attributes & STATX_ATTR_NODUMP)
        hk_creation_time_read(node->fd, &stat->creation);
    if (node->place != NULL && node->place->device != NULL) {
        stat->device = HK_DEVICE_DEVFS;
        stat->inode = node->place->inode;
    }
    return HK_B_OK;
}

int hk_is_node(const struct hk_vfs *vfs, const struct hk_node *node,
               int32_t device, int64_t inode)
{
    struct hk_stat info;

    return hk_stat_node(vfs, node, &info) == HK_B_OK && info.device == device &&
           info.inode == inode;
}

uint32_t hk_node_hash(int32_t device, int64_t inode)
{
    uint64_t hash = ((uint64_t)inode + ((uint64_t)(uint32_t)device << 32)) *
                    UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(hash >> 32);
}

static int32_t stat_leaf(const struct hk_vfs *vfs,
                         const struct hk_node *directory, const char *name,
                         int traverse, struct hk_stat *stat)
{
    struct statx host;

    if (hk_host_direct(SYS_statx, directory->fd, name, AT_SYMLINK_NOFOLLOW,
                       STATX_BASIC_STATS | STATX_BTIME, &host) < 0)
        return errno == ENOENT ? HK_B_ENTRY_NOT_FOUND : HK_TAKES_WALK;
    if ((traverse && S_ISLNK(host.stx_mode)) ||
        host.stx_attributes & STATX_ATTR_NODUMP)
        return HK_TAKES_WALK;
    stat_host(vfs, directory->mount, &host, stat);
    if (hk_is_stat_kept(stat->mode))
        hk_kept_stat_read(hk_node_store(directory), directory->fd, name, stat);
    return HK_B_OK;
}

int32_t hk_stat_entry(const struct hk_vfs *vfs, const struct hk_node *start,
                      const char *path, int traverse, struct hk_stat *stat)
{
    struct hk_known_dir *dir;
    const char *leaf;
    int32_t status;

    if (hk_node_has_name(start, path))
        return stat_leaf(vfs, start, path, traverse, stat);
    dir = hk_known_dir_get(vfs, start, path, &leaf);
    if (dir == NULL)
        return HK_TAKES_WALK;
    status = stat_leaf(vfs, hk_known_dir_node(dir), leaf, traverse, stat);
    if (status == HK_B_ENTRY_NOT_FOUND && !hk_known_dir_is_there(dir))
        status = HK_TAKES_WALK;
    hk_known_dir_put(dir);
    return status;
}

/* time_t has 32 bits: what lies outside is the nearest it can say. */
static void put_time(uint8_t *bytes, struct hk_time time)
{
    int64_t seconds = time.seconds;

    if (seconds > INT32_MAX)
        seconds = INT32_MAX;
    if (seconds < INT32_MIN)
        seconds = INT32_MIN;
    hk_put32(bytes, (uint32_t)seconds);
    hk_put32(bytes + 4, (uint32_t)time.nanoseconds);
}

static struct hk_time read_time(const uint8_t *bytes)
{
    return (struct hk_time){(int32_t)hk_get32(bytes),
                            (int32_t)hk_get32(bytes + 4)};
}

void hk_stat_put(uint8_t bytes[HK_STAT_SIZE], const struct hk_stat *stat)
{
    hk_put32(bytes, (uint32_t)stat->device);
    hk_put64(bytes + 4, (uint64_t)stat->inode);
    hk_put32(bytes + 12, stat->mode);
    hk_put32(bytes + 16, (uint32_t)stat->link_count);
    hk_put32(bytes + 20, stat->uid);
    hk_put32(bytes + 24, stat->gid);
    hk_put64(bytes + 28, (uint64_t)stat->size);
    hk_put32(bytes + 36, (uint32_t)stat->rdev);
    hk_put32(bytes + 40, (uint32_t)stat->block_size);
    put_time(bytes + 44, stat->access);
    put_time(bytes + 52, stat->modification);
    put_time(bytes + 60, stat->change);
    put_time(bytes + 68, stat->creation);
    hk_put32(bytes + 76, stat->type);
    hk_put64(bytes + 80, (uint64_t)stat->blocks);
}

void hk_stat_get(struct hk_stat *stat, const uint8_t bytes[HK_STAT_SIZE])
{
    *stat = (struct hk_stat){
        .device = (int32_t)hk_get32(bytes),
        .inode = (int64_t)hk_get64(bytes + 4),
        .mode = hk_get32(bytes + 12),
        .link_count = (int32_t)hk_get32(bytes + 16),
        .uid = hk_get32(bytes + 20),
        .gid = hk_get32(bytes + 24),
        .size = (int64_t)hk_get64(bytes + 28),
        .rdev = (int32_t)hk_get32(bytes + 36),
        .block_size = (int32_t)hk_get32(bytes + 40),
        .access = read_time(bytes + 44),
        .modification = read_time(bytes + 52),
        .change = read_time(bytes + 60),
        .creation = read_time(bytes + 68),
        .type = hk_get32(bytes + 76),
        .blocks = (int64_t)hk_get64(bytes + 80),
    };
}
