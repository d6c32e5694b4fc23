/* node_locks.h -- lock_node: nobody opens a file meanwhile. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_NODE_LOCKS_H
#define HK_NODE_LOCKS_H

#include "fd.h"
#include "shared.h"

/* Whether a node may be opened as a file or directory: B_OK, or B_BUSY when a
 * descriptor of any team has it locked. */
int32_t hk_node_check_lock(struct hk_shared *shared,
                           const struct hk_node *node);

/* A file that nobody has open any more gives its lock back. */
void hk_node_lock_drop(struct hk_file *file);

/* The team that a fork made has its parent's locks, as it has its files. */
void hk_node_lock_inherit(struct hk_shared *shared, const struct hk_file *file);

#endif
