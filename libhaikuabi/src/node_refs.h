/* node_refs.h -- files found again by volume and node number. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_NODE_REFS_H
#define HK_NODE_REFS_H

#include "fd.h"

/*
 * A program may name a file by (device, inode) as stat or read_dir told it, or
 * as another team says. The host cannot open a file that way: the paths of
 * directories that the team was told of are remembered, and of what was found,
 * a bounded number of them. A path is only a hint, what it leads to now is
 * compared with the numbers. For a file that is not remembered the volume is
 * looked through, or a million entries of it.
 */
struct hk_refs;

struct hk_refs *hk_refs_new(void); /* NULL: out of memory */
void hk_refs_free(struct hk_refs *refs);

/* For a fork. */
void hk_refs_lock(struct hk_refs *refs);
void hk_refs_unlock(struct hk_refs *refs);

/* Remembers a directory; path: from start on, or absolute. */
void hk_refs_note(const struct hk_thread *self, int32_t device, int64_t inode,
                  struct hk_file *start, const char *path);

/* The same of a directory that is open, or of an entry of it; name: NULL for
 * the directory itself. */
void hk_refs_note_open(struct hk_refs *refs, int32_t device, int64_t inode,
                       const struct hk_node *directory, const char *name);

/* Opens a file by O_PATH. B_OK, B_BAD_VALUE for numbers that are nowhere, or
 * B_ENTRY_NOT_FOUND. */
int32_t hk_refs_open(const struct hk_thread *self, int32_t device,
                     int64_t inode, struct hk_node *node);

/* Opens any file of a volume that was noted. */
int32_t hk_refs_open_any(const struct hk_thread *self, int32_t device,
                         struct hk_node *node);

#endif
