/* host_open.c -- opening host files without leaving a directory. */
/* SPDX-License-Identifier: MIT */
#include "host_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A terminal must not become ours by being opened. */
enum { ALWAYS = O_CLOEXEC | O_NOCTTY };

static int host_flags(int flags)
{
    return flags & O_PATH ? flags | O_CLOEXEC : flags | ALWAYS;
}

int hk_host_open_below(int directory, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(host_flags(flags) | O_NOFOLLOW),
        .mode = flags & O_CREAT ? mode & 07777 : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };

    return (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

int hk_host_open_leaf(int directory, const char *name, int flags, mode_t mode)
{
    return openat(directory, name, host_flags(flags) | O_NOFOLLOW,
                  mode & 07777);
}

void hk_host_fd_path(int fd, char path[HK_FD_PATH_SIZE])
{
    snprintf(path, HK_FD_PATH_SIZE, "/proc/self/fd/%d", fd);
}

int hk_host_reopen(int fd, int flags)
{
    char path[HK_FD_PATH_SIZE];

    hk_host_fd_path(fd, path);
    return open(path, host_flags(flags));
}

ssize_t hk_host_path_of(int fd, char *path, size_t size)
{
    char link[HK_FD_PATH_SIZE];
    struct stat info;
    ssize_t length;

    if (fstat(fd, &info) < 0)
        return -1;
    if (info.st_nlink == 0) {
        errno = ENOENT;
        return -1;
    }
    hk_host_fd_path(fd, link);
    length = readlink(link, path, size);
    if (length >= (ssize_t)size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (length >= 0)
        path[length] = '\0';
    return length;
}
