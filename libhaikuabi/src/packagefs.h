/* packagefs.h -- what a volume of packages tells of these. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PACKAGEFS_H
#define HK_PACKAGEFS_H

#include "vfs.h"

/* An ioctl of any file of a volume of packages, as Haiku's package_daemon has:
 * where packages are and which are active is told, B_BAD_VALUE answers
 * anything else. */
int32_t hk_packagefs_ioctl(const struct hk_thread *self,
                           const struct hk_mount *volume, uint32_t cmd,
                           gm_addr data, uint32_t size);

#endif
