/* stat.h -- Haiku's stat record. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_STAT_H
#define HK_STAT_H

#include "fd.h"

struct hk_time {
    int64_t seconds;
    int32_t nanoseconds;
};

struct hk_stat {
    int32_t device;
    int64_t inode;
    uint32_t mode;
    int32_t link_count;
    uint32_t uid, gid;
    int64_t size;
    int32_t rdev;
    int32_t block_size;
    struct hk_time access, modification, change, creation;
    uint32_t type; /* of an attribute */
    int64_t blocks;
};

/* haiku-abi/structs.md, "stat". */
enum { HK_STAT_SIZE = 88 };

/* The mode of an attribute, beside S_IFREG, and of an index, beside S_IFDIR. */
#define HK_S_ATTR      02000000000u
#define HK_S_INDEX_DIR 04000000000u

/* haiku-abi/structs.md, "write_stat mask bits". */
enum hk_stat_mask {
    HK_STAT_MASK_MODE = 0x1,
    HK_STAT_MASK_UID = 0x2,
    HK_STAT_MASK_GID = 0x4,
    HK_STAT_MASK_SIZE = 0x8,
    HK_STAT_MASK_ACCESS_TIME = 0x10,
    HK_STAT_MASK_MODIFICATION_TIME = 0x20,
    HK_STAT_MASK_CREATION_TIME = 0x40,
    HK_STAT_MASK_CHANGE_TIME = 0x80
};

/* A user or group of the host's, as the guest knows it. A guest is user 0 when
 * it starts, as on Haiku, and its files are those of the user who runs it. */
uint32_t hk_guest_id(uint32_t host, uint32_t own);

/* B_OK or an error. */
int32_t hk_stat_node(const struct hk_vfs *vfs, const struct hk_node *node,
                     struct hk_stat *stat);

/* Whether a node is the one of a device and an inode, as the guest knows it. */
int hk_is_node(const struct hk_vfs *vfs, const struct hk_node *node,
               int32_t device, int64_t inode);

/* Where tables of nodes have a node: all bits are alike. */
uint32_t hk_node_hash(int32_t device, int64_t inode);

/*
 * The same as hk_stat_node for a path, in one step: B_OK, B_ENTRY_NOT_FOUND, or
 * HK_TAKES_WALK. Only a name in a directory that is open is taken, which is no
 * symlink to be followed: the host then looks at nothing but this directory.
 */
enum { HK_TAKES_WALK = 1 };
int32_t hk_stat_entry(const struct hk_vfs *vfs, const struct hk_node *start,
                      const char *path, int traverse, struct hk_stat *stat);

void hk_stat_put(uint8_t bytes[HK_STAT_SIZE], const struct hk_stat *stat);
void hk_stat_get(struct hk_stat *stat, const uint8_t bytes[HK_STAT_SIZE]);

#endif
