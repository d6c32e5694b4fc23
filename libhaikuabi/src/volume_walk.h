/* volume_walk.h -- every entry of a volume, one after another. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_VOLUME_WALK_H
#define HK_VOLUME_WALK_H

#include "vfs.h"

/* An entry of a directory, which the host has open. */
struct hk_volume_entry {
    const struct hk_mount *mount;
    const char *path; /* of the directory below the mount's root, "" for that */
    int directory;
    int64_t directory_inode;
    const char *name;
    int64_t inode;
};

/* B_OK to go on, anything else to end with it. */
typedef int32_t (*hk_volume_visitor)(void *context,
                                     const struct hk_volume_entry *entry);

/* Shows all entries that the guest may see of the volume of a device, whose
 * number the host's directories tell: one in which something else is mounted
 * has another. B_OK, what a visitor ended it with, or B_NO_MEMORY. */
int32_t hk_volume_walk(const struct hk_vfs *vfs, int32_t device,
                       hk_volume_visitor visit, void *context);

/* The mounts of a volume, one after another, from NULL on; one that lies in
 * another of them is left out. */
const struct hk_mount *hk_volume_next_mount(const struct hk_vfs *vfs,
                                            int32_t device,
                                            const struct hk_mount *last);

#endif
