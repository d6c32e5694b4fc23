/* creation_time.c -- times of creation that a guest has set. */
/* SPDX-License-Identifier: MIT */
#include "creation_time.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "bytes.h"
#include "host_open.h"
#include "range_locks.h"

static const char attribute[] = "user.uvm.created";

enum { SIZE = 12 }; /* seconds and nanoseconds, little endian */

static int set_mark(int fd)
{
    int flags; /* in spite of what the number of the request says */

    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
        return -1;
    flags |= FS_NODUMP_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* Through a descriptor of its own: a node's may be of no use for that. */
static int mark(const struct hk_team *team, int fd)
{
    int own = hk_range_locks_reopen(hk_range_locks_of(team), fd,
                                    O_RDONLY | O_NONBLOCK);
    int result = own < 0 ? -1 : set_mark(own);

    if (own >= 0)
        hk_range_locks_close(hk_range_locks_of(team), own);
    return result;
}

int32_t hk_creation_time_write(const struct hk_team *team, int fd,
                               const struct hk_time *time)
{
    char path[HK_FD_PATH_SIZE];
    uint8_t bytes[SIZE];

    hk_put64(bytes, (uint64_t)time->seconds);
    hk_put32(bytes + 8, (uint32_t)time->nanoseconds);
    hk_host_fd_path(fd, path);
    if (setxattr(path, attribute, bytes, SIZE, 0) == 0) {
        if (mark(team, fd) != 0)
            removexattr(path, attribute);
        return HK_B_OK;
    }
    return errno == EACCES  ? HK_B_NOT_ALLOWED
           : errno == EROFS ? HK_B_READ_ONLY_DEVICE
                            : HK_B_OK;
}

void hk_creation_time_read(int fd, struct hk_time *time)
{
    char path[HK_FD_PATH_SIZE];
    uint8_t bytes[SIZE];

    hk_host_fd_path(fd, path);
    if (getxattr(path, attribute, bytes, SIZE) != SIZE)
        return;
    time->seconds = (int64_t)hk_get64(bytes);
    time->nanoseconds = (int32_t)hk_get32(bytes + 8);
}
