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

/* ---- image_place.c ---- */

/* " (NAME)" by hk_name_code, or nothing: 1 or 0. */
enum { HK_CODE_PLACE_SIZE = HK_CODE_NAME_SIZE + 4 };
int hk_place_code(struct hk_thread *self, uint32_t address,
                  char place[HK_CODE_PLACE_SIZE]);

/* Tells the user what called the function that a thread is in, as far as there
 * are frame pointers. */
void hk_report_callers(struct hk_thread *self);

#endif
