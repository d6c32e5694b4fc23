/* host_open.c -- host files, opened without leaving a directory. */
/* SPDX-License-Identifier: MIT */
#include "host_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host_direct.h"

/* A terminal must not become ours by being opened. */
enum { ALWAYS = O_CLOEXEC | O_NOCTTY };

static int host_flags(int flags)
{
    return flags & O_PATH ? flags | O_CLOEXEC : flags | ALWAYS;
}

static int is_symlink_at(int directory, const char *name)
{
    struct stat info;

    return fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISLNK(info.st_mode);
}

/* The last component, as openat2 takes it. */
static int open_last(int directory, const char *name, int flags, mode_t mode)
{
    struct stat info;
    int fd = hk_host_open_leaf(directory, name, flags, mode);

    if (fd < 0 && errno == ENOTDIR && is_symlink_at(directory, name) &&
        !(flags & O_NOFOLLOW))
        errno = ELOOP;
    if (fd >= 0 && !(flags & O_NOFOLLOW) && fstat(fd, &info) == 0 &&
        S_ISLNK(info.st_mode)) {
        close(fd);
        errno = ELOOP;
        fd = -1;
    }
    return fd;
}

/* Takes one component after the other, for kernels before Linux 5.6 and for
 * filters that refuse openat2. */
static int open_by_steps(int directory, const char *path, int flags,
                         mode_t mode)
{
    int at = directory;
    int fd = -1;

    for (;;) {
        size_t length = strcspn(path, "/");
        const char *next = path + length + strspn(path + length, "/");
        char name[NAME_MAX + 1];
        int is_last = *next == '\0';

        errno = ENAMETOOLONG;
        if (length > NAME_MAX)
            break;
        memcpy(name, path, length);
        name[length] = '\0';
        errno = EXDEV;
        if (strcmp(name, "..") == 0)
            break;
        fd = is_last ? open_last(at, name, flags, mode)
                     : open_last(at, name, O_PATH | O_DIRECTORY, 0);
        if (fd < 0 || is_last)
            break;
        if (at != directory)
            close(at);
        at = fd;
        fd = -1;
        path = next;
    }
    if (at != directory) {
        int error = errno;

        close(at);
        errno = error;
    }
    return fd;
}

/* A name alone that openat finds as openat2 does, in less time. */
static int is_leaf(const char *path, int flags)
{
    return !(flags & (O_PATH | O_DIRECTORY)) && path[0] != '\0' &&
           strchr(path, '/') == NULL && strcmp(path, "..") != 0;
}

int hk_host_open_below(int directory, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)host_flags(flags),
        .mode = flags & O_CREAT ? mode & 07777 : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    int fd;

    if (is_leaf(path, flags))
        return hk_host_open_leaf(directory, path, flags, mode);
    fd = (int)hk_host_direct(SYS_openat2, directory, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        return open_by_steps(directory, path, flags, mode);
    return fd;
}

int hk_host_open_leaf(int directory, const char *name, int flags, mode_t mode)
{
    return hk_host_openat(directory, name, host_flags(flags) | O_NOFOLLOW,
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

int hk_host_is_removed(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_nlink == 0;
}

static ssize_t ask_path(int fd, char *path, size_t size)
{
    char link[HK_FD_PATH_SIZE];
    ssize_t length;

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

ssize_t hk_host_path_of(int fd, char *path, size_t size)
{
    if (hk_host_is_removed(fd)) {
        errno = ENOENT;
        return -1;
    }
    return ask_path(fd, path, size);
}

ssize_t hk_host_last_path_of(int fd, char *path, size_t size)
{
    static const char mark[] = " (deleted)"; /* the kernel's */
    size_t mark_length = sizeof(mark) - 1;
    ssize_t length = ask_path(fd, path, size);

    if (length >= (ssize_t)mark_length && hk_host_is_removed(fd) &&
        strcmp(path + length - mark_length, mark) == 0) {
        length -= (ssize_t)mark_length;
        path[length] = '\0';
    }
    return length;
}

int hk_host_lock_file(int fd)
{
    int error;

    while (fd >= 0 && flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

void hk_host_unlock_file(int fd)
{
    flock(fd, LOCK_UN);
    close(fd);
}
