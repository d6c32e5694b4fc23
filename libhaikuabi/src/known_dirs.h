/* known_dirs.h -- directories that paths begin with again and again. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_KNOWN_DIRS_H
#define HK_KNOWN_DIRS_H

#include "vfs.h"

/*
 * A walk costs the host's kernel a look-up of each component, and an open and
 * a close besides. The directories of paths that are used often are kept open:
 * what is left is to ask whether any of them was moved, and one call for the
 * last component. Directories that a symlink leads to are not kept.
 */
struct hk_known_dirs;
struct hk_known_dir;

struct hk_known_dirs *hk_known_dirs_new(void); /* NULL: out of memory */
void hk_known_dirs_free(struct hk_known_dirs *dirs);

/* Around a fork. The child begins with none: what tells of moves is the
 * parent's. */
void hk_known_dirs_before_fork(struct hk_known_dirs *dirs);
void hk_known_dirs_after_fork(struct hk_known_dirs *dirs, int is_child);

/* A number for a directory that relative paths begin at, for its node. */
uint64_t hk_known_dirs_number(struct hk_known_dirs *dirs);

/*
 * The directory of a path's last component, when it is known, and that
 * component; to be put back. A directory that was removed may still be known:
 * who finds nothing in one that is not there has to walk.
 */
struct hk_known_dir *hk_known_dir_get(const struct hk_vfs *vfs,
                                      const struct hk_node *start,
                                      const char *path, const char **leaf);
void hk_known_dir_put(struct hk_known_dir *dir);

int hk_known_dir_is_there(const struct hk_known_dir *dir);

/* Its node, the known directory's own. */
const struct hk_node *hk_known_dir_node(const struct hk_known_dir *dir);

#endif
