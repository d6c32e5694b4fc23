/* packagefs.c -- what a volume of packages tells of these. */
/* SPDX-License-Identifier: MIT */
#include "packagefs.h"

#include <fcntl.h>
#include <string.h>

#include "bytes.h"
#include "root.h"
#include "stat.h"

/* Haiku's packagefs.h, and IOCtl() of packagefs's Volume.cpp. */
enum { GET_VOLUME_INFO = 10000, GET_PACKAGE_INFOS, CHANGE_ACTIVATION };

enum {
    VOLUME_INFO_SIZE = 32,
    AT_DIRECTORY_COUNT = 16,
    AT_DIRECTORY = 20,
    AT_PACKAGES = 8,
    PACKAGE_SIZE = 28,
    AT_CHANGES = 4,
    CHANGE_SIZE = 36,
    CHANGES_SIZE_MAX = 10 * 1024 * 1024
};

static enum hk_location location_of(const struct hk_vfs *vfs,
                                    const struct hk_mount *volume)
{
    enum hk_location location = HK_LOCATION_SYSTEM;

    while (vfs->packagefs[location] != volume->device)
        location++;
    return location;
}

static int32_t stat_place(const struct hk_vfs *vfs,
                          const struct hk_place *place, struct hk_stat *stat)
{
    struct hk_node node;
    int32_t status = hk_place_open(place, O_PATH, &node);

    if (status == HK_B_OK)
        status = hk_stat_node(vfs, &node, stat);
    hk_node_close(&node);
    return status;
}

/* The directory `packages`; B_ENTRY_NOT_FOUND: an extracted Haiku may have
 * none. */
static int32_t stat_packages(const struct hk_vfs *vfs,
                             const struct hk_mount *volume,
                             struct hk_stat *stat)
{
    static const char name[] = "packages";
    const struct hk_place *place =
        hk_place_child(volume->place, name, strlen(name));

    return place != NULL ? stat_place(vfs, place, stat) : HK_B_ENTRY_NOT_FOUND;
}

static int32_t get_volume_info(const struct hk_thread *self,
                               const struct hk_mount *volume, gm_addr data,
                               uint32_t size)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    uint8_t bytes[VOLUME_INFO_SIZE] = {0};
    struct hk_stat stat;
    int32_t status;

    if (size < sizeof(bytes))
        return HK_B_BAD_VALUE;
    status = stat_place(vfs, vfs->boot->place, &stat);
    if (status != HK_B_OK)
        return status;
    hk_put32(bytes, location_of(vfs, volume));
    hk_put32(bytes + 4, (uint32_t)stat.device);
    hk_put64(bytes + 8, (uint64_t)stat.inode);
    if (stat_packages(vfs, volume, &stat) == HK_B_OK) {
        hk_put32(bytes + AT_DIRECTORY_COUNT, 1);
        hk_put32(bytes + AT_DIRECTORY, (uint32_t)stat.device);
        hk_put64(bytes + AT_DIRECTORY + 4, (uint64_t)stat.inode);
    }
    return hk_write_user(self, data, bytes, sizeof(bytes));
}

/* Its next active package from an index on, which goes behind it; or NULL. */
static const struct hk_view_package *next_active(const struct hk_mount *volume,
                                                 enum hk_location location,
                                                 uint32_t *index)
{
    const struct hk_root *root = volume->layer;

    while (root != NULL && *index < root->view.package_count) {
        const struct hk_view_package *package =
            &root->view.packages[(*index)++];

        if (package->is_active && package->location == location)
            return package;
    }
    return NULL;
}

/* Where the next package goes, its name, and what room there is. */
struct room {
    gm_addr at, name_at, end;
};

/* What there is no room for is not written. */
static int32_t put_package(const struct hk_thread *self, struct room *room,
                           const struct hk_view_package *package,
                           const struct hk_stat *directory)
{
    size_t name_size = strlen(package->file_name) + 1;
    uint8_t bytes[PACKAGE_SIZE];
    int32_t status = HK_B_OK;

    hk_put32(bytes, (uint32_t)directory->device);
    hk_put32(bytes + 4, (uint32_t)directory->device);
    hk_put64(bytes + 8, package->inode);
    hk_put64(bytes + 16, (uint64_t)directory->inode);
    hk_put32(bytes + 24, (uint32_t)room->name_at);
    if (room->at + PACKAGE_SIZE <= room->end)
        status = hk_write_user(self, room->at, bytes, PACKAGE_SIZE);
    if (status == HK_B_OK && room->name_at + name_size <= room->end)
        status =
            hk_write_user(self, room->name_at, package->file_name, name_size);
    room->at += PACKAGE_SIZE;
    room->name_at += name_size;
    return status;
}

/* The size that it takes and the count are told in any case. */
static int32_t get_package_infos(const struct hk_thread *self,
                                 const struct hk_mount *volume, gm_addr data,
                                 uint32_t size)
{
    const struct hk_vfs *vfs = hk_kernel_of(self)->vfs;
    enum hk_location location = location_of(vfs, volume);
    struct room room = {data + AT_PACKAGES, 0, data + size};
    const struct hk_view_package *package;
    struct hk_stat directory = {0};
    uint32_t count = 0, index = 0;
    uint8_t bytes[AT_PACKAGES];
    int32_t status = HK_B_OK;

    if (size < AT_PACKAGES + PACKAGE_SIZE)
        return HK_B_BAD_VALUE;
    while (next_active(volume, location, &index) != NULL)
        count++;
    if (count > 0)
        status = stat_packages(vfs, volume, &directory);
    room.name_at = room.at + (gm_addr)count * PACKAGE_SIZE;
    index = 0;
    while (status == HK_B_OK &&
           (package = next_active(volume, location, &index)) != NULL)
        status = put_package(self, &room, package, &directory);
    hk_put32(bytes, (uint32_t)(room.name_at - data));
    hk_put32(bytes + 4, count);
    return status == HK_B_OK ? hk_write_user(self, data, bytes, sizeof(bytes))
                             : status;
}

/* Packages are the business of who keeps the root (root.h). */
static int32_t change_activation(const struct hk_thread *self, gm_addr data,
                                 uint32_t size)
{
    uint8_t bytes[AT_CHANGES];
    uint32_t count;

    if (size < sizeof(bytes) || size > CHANGES_SIZE_MAX ||
        hk_read_user(self, bytes, data, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_VALUE;
    count = hk_get32(bytes);
    if (count > (size - AT_CHANGES) / CHANGE_SIZE)
        return HK_B_BAD_VALUE;
    return count == 0 ? HK_B_OK : HK_B_NOT_ALLOWED;
}

int32_t hk_packagefs_ioctl(const struct hk_thread *self,
                           const struct hk_mount *volume, uint32_t cmd,
                           gm_addr data, uint32_t size)
{
    switch (cmd) {
    case GET_VOLUME_INFO:
        return get_volume_info(self, volume, data, size);
    case GET_PACKAGE_INFOS:
        return get_package_infos(self, volume, data, size);
    case CHANGE_ACTIVATION:
        return change_activation(self, data, size);
    default:
        return HK_B_BAD_VALUE;
    }
}
