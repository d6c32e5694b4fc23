/* image.h -- the executables and libraries that a team has loaded. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_IMAGE_H
#define HK_IMAGE_H

#include "kernel.h"

/* image_type and the record's layout: haiku-abi/structs.md, "image_info". */
enum { HK_APP_IMAGE = 1, HK_LIBRARY_IMAGE = 2, HK_SYSTEM_IMAGE = 4 };
enum { HK_IMAGE_INFO_SIZE = 1084, HK_EXTENDED_IMAGE_INFO_SIZE = 1100 };

/* Registers an image given as extended_image_info; the id goes into a copy.
 * Its id, or B_NO_MEMORY. */
int32_t hk_image_register(struct hk_team *team,
                          const uint8_t info[HK_EXTENDED_IMAGE_INFO_SIZE]);

#endif
