/* file_open.h -- opening files for a team. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_FILE_OPEN_H
#define HK_FILE_OPEN_H

#include "fd.h"

/* open and open_dir with a path at hand: a descriptor or an error. */
int64_t hk_open_file(struct hk_thread *self, const struct hk_node *start,
                     const char *path, uint32_t mode, int32_t perms);
int64_t hk_open_dir(struct hk_thread *self, const struct hk_node *start,
                    const char *path);

/* Whether an open mode is none, from R1/beta6 on: to write only, and to read
 * and write; or for reading with truncation. */
int hk_is_no_mode(uint32_t mode);

/* create_dir in an open directory: B_OK or an error. */
int32_t hk_make_dir(const struct hk_node *directory, const char *name,
                    int32_t perms);

#endif
