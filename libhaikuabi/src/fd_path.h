/* fd_path.h -- the (descriptor, path) pairs of calls. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_FD_PATH_H
#define HK_FD_PATH_H

#include "fd.h"

/*
 * A pair names a file by its path, relative to the directory of the
 * descriptor; an absolute path, or a descriptor that is none, leaves the
 * descriptor out (and takes the working directory).
 */

/* A path argument; path has HK_PATH_LENGTH bytes. B_OK or an error. */
int32_t hk_read_path(const struct hk_thread *self, char *path, gm_addr from);

/* The name of an entry or attribute; B_OK or an error. */
int32_t hk_read_file_name(const struct hk_thread *self,
                          char name[HK_FILE_NAME_LENGTH], gm_addr from);

/* The file whose node a pair's path starts from, with a reference; NULL when
 * the descriptor is wrong. */
struct hk_file *hk_start_of(const struct hk_thread *self, int32_t fd,
                            const char *path);

/* The same for a path that is not empty: B_OK, B_ENTRY_NOT_FOUND for one that
 * is, or B_FILE_ERROR. */
int32_t hk_find_start(const struct hk_thread *self, int32_t fd,
                      const char *path, struct hk_file **start);

/* hk_vfs_open of a pair. */
int32_t hk_open_at(const struct hk_thread *self, int32_t fd, const char *path,
                   unsigned walk_flags, int host_flags, mode_t mode,
                   struct hk_node *node);

/* hk_vfs_open_parent of a pair. */
int32_t hk_open_parent_at(const struct hk_thread *self, int32_t fd,
                          const char *path, struct hk_node *directory,
                          char leaf[HK_FILE_NAME_LENGTH]);

/*
 * The node of a pair whose path may be NULL (address 0): then that of the
 * descriptor itself, borrowed from *file, which the caller puts back.
 * Otherwise *file is NULL and the node an O_PATH one, to be closed.
 * hk_node_release does either.
 */
int32_t hk_node_of(const struct hk_thread *self, int32_t fd, gm_addr path,
                   int traverse, struct hk_node *node, struct hk_file **file);
/* With the path read already, or NULL. */
int32_t hk_node_at(const struct hk_thread *self, int32_t fd, const char *path,
                   int traverse, struct hk_node *node, struct hk_file **file);
void hk_node_release(struct hk_node *node, struct hk_file *file);

#endif
