/* root_replaced.c -- packages that are there until others are in their place.
 */
/* SPDX-License-Identifier: MIT */
#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A package's file gives way before another one of its name comes. It has a
 * second name, state/replaced/LOCATION/NAME, until that one is active: who adds
 * packages and fails, and whoever opens the root when that one was killed, puts
 * back what is missing. state/adding is locked by the one who adds.
 */
static const char directory_name[] = "replaced";

static int lock_adding(const struct hk_root *root, int may_wait)
{
    int fd = openat(root->state, "adding", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    while (fd >= 0 && flock(fd, LOCK_EX | (may_wait ? 0 : LOCK_NB)) != 0)
        if (errno != EINTR) {
            close(fd);
            return -1;
        }
    return fd;
}

int hk_root_begin_adding(const struct hk_root *root, int *lock,
                         struct hk_package_fault *fault)
{
    int error = hk_root_check_own(root, fault);

    if (error < 0)
        return error;
    *lock = lock_adding(root, 1);
    return *lock < 0 ? hk_root_fail(fault, "state/adding") : 0;
}

static void path_of(enum hk_location location, const char *file_name,
                    char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/packages/%s", hk_location_path(location),
             file_name);
}

static void replaced_path(enum hk_location location, const char *file_name,
                          char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s/%s/%s", directory_name,
             hk_location_name(location), file_name);
}

int hk_root_keep_replaced(const struct hk_root *root, enum hk_location location,
                          const char *file_name, struct hk_package_fault *fault)
{
    char path[PATH_MAX], kept[PATH_MAX];

    mkdirat(root->state, directory_name, 0700);
    replaced_path(location, "", kept);
    mkdirat(root->state, kept, 0700);
    path_of(location, file_name, path);
    replaced_path(location, file_name, kept);
    return linkat(root->files, path, root->state, kept, 0) == 0
               ? 0
               : hk_root_fail(fault, path);
}

/* Puts a file back that is missing. While no other is in its place it stays,
 * although it was to be removed. */
static void put_back(const struct hk_root *root, enum hk_location location,
                     const char *file_name)
{
    char path[PATH_MAX], kept[PATH_MAX];
    struct stat old, new;

    path_of(location, file_name, path);
    replaced_path(location, file_name, kept);
    if (fstatat(root->state, kept, &old, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    if (fstatat(root->files, path, &new, AT_SYMLINK_NOFOLLOW) != 0)
        renameat(root->state, kept, root->files, path);
    else if (new.st_ino != old.st_ino) {
        unlinkat(root->state, kept, 0);
        return;
    }
    hk_root_spare_doomed(root);
    unlinkat(root->state, kept, 0);
}

static void end_location(const struct hk_root *root, enum hk_location location)
{
    char path[PATH_MAX];
    const struct dirent *entry;
    DIR *stream;
    int fd;

    replaced_path(location, "", path);
    fd = openat(root->state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    stream = fd < 0 ? NULL : fdopendir(fd);
    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    while ((entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            put_back(root, location, entry->d_name);
    closedir(stream);
    unlinkat(root->state, path, AT_REMOVEDIR);
}

void hk_root_end_replacing(const struct hk_root *root)
{
    for (int i = 0; i < HK_LOCATION_COUNT; i++)
        end_location(root, (enum hk_location)i);
    unlinkat(root->state, directory_name, AT_REMOVEDIR);
}

void hk_root_recover_replaced(const struct hk_root *root)
{
    int fd;

    if (faccessat(root->state, directory_name, F_OK, 0) != 0)
        return;
    fd = lock_adding(root, 0);
    if (fd < 0)
        return; /* somebody is at it */
    hk_root_end_replacing(root);
    close(fd);
}
