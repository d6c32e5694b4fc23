/* host_open.h -- host files, opened without leaving a directory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_HOST_OPEN_H
#define HK_HOST_OPEN_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens a path below a directory in one step. Fails with ELOOP when any
 * component is a symlink (the last one is opened itself by O_PATH |
 * O_NOFOLLOW), and with EXDEV when the path would leave the directory.
 * Returns a descriptor or -1.
 */
int hk_host_open_below(int directory, const char *path, int flags, mode_t mode);

/* Opens one component of a path; a symlink is ELOOP, or itself by O_PATH. */
int hk_host_open_leaf(int directory, const char *name, int flags, mode_t mode);

/* Opens the file of a descriptor again, with other flags. */
int hk_host_reopen(int fd, int flags);

/* A path by which the host's calls that take no descriptor of O_PATH reach
 * its file. */
enum { HK_FD_PATH_SIZE = 32 };
void hk_host_fd_path(int fd, char path[HK_FD_PATH_SIZE]);

/* Whether the file of a descriptor has no name any more. */
int hk_host_is_removed(int fd);

/* The host's path of an open directory, now. Its length, or -1 (ENOENT: it
 * is removed). */
ssize_t hk_host_path_of(int fd, char *path, size_t size);

/* The same; of one that is removed the path that it had. */
ssize_t hk_host_last_path_of(int fd, char *path, size_t size);

/* Locks an open file for the process alone: the descriptor, or -1 and errno,
 * and it is closed; -1 is passed on. The other one unlocks and closes it: a
 * child of another thread's fork may have the descriptor as well. */
int hk_host_lock_file(int fd);
void hk_host_unlock_file(int fd);

#endif
