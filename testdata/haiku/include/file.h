/* file.h -- files and directories of the bundled guests. */
/* SPDX-License-Identifier: MIT */
#ifndef FILE_H
#define FILE_H

#include <guest.h>

enum { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2 };

/* Of the mode of a node. */
enum { S_IFMT = 0170000, S_IFIFO = 0010000, S_IFREG = 0100000 };
enum { S_IFDIR = 0040000, S_IFLNK = 0120000 };

/* haiku-abi/structs.md, "stat". */
struct __attribute__((packed, aligned(4))) stat {
    int32_t device;
    int64_t node;
    uint32_t mode;
    int32_t links;
    uint32_t user, group;
    int64_t size;
    int32_t special;
    uint32_t block_size;
    struct {
        int32_t seconds, nanoseconds;
    } accessed, modified, changed, created;
    uint32_t type;
    int64_t blocks;
};
_Static_assert(sizeof(struct stat) == 88, "stat");

/* "write_stat mask bits" */
enum {
    STAT_MODE = 1,
    STAT_SIZE = 8,
    STAT_ACCESS_TIME = 0x10,
    STAT_MODIFICATION_TIME = 0x20,
    STAT_CREATION_TIME = 0x40
};

/* "dirent"; the next one is length bytes away. */
struct __attribute__((packed)) dirent {
    int32_t device, parent_device;
    int64_t node, parent_node;
    uint16_t length;
    char name[];
};

static inline long read_stat(const char *path, int follow, struct stat *stat)
{
    return sys(SYS_read_stat, AT_FDCWD, path, follow, stat, sizeof(*stat));
}

static inline long stat_of(long fd, struct stat *stat)
{
    return sys(SYS_read_stat, fd, (void *)0, 0, stat, sizeof(*stat));
}

#endif
