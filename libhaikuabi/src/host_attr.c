/* host_attr.c -- attributes kept in the host's extended attributes. */
/* SPDX-License-Identifier: MIT */
#include <haikuabi/host_attr.h>

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "attr_name.h"
#include "bytes.h"
#include "host_open.h"

static const char prefix[] = "user.haiku.";

enum { PREFIX_LENGTH = sizeof(prefix) - 1, TYPE_SIZE = 4 };

static int to_host(const char *name, char host[XATTR_NAME_MAX + 1])
{
    memcpy(host, prefix, PREFIX_LENGTH);
    return hk_attr_name_escape(name, host + PREFIX_LENGTH,
                               XATTR_NAME_MAX - PREFIX_LENGTH);
}

/* Writes the guest's form of a host's name; its size with NUL, or 0 when
 * the name is none of ours. */
static size_t to_guest(const char *host, char *name)
{
    if (strncmp(host, prefix, PREFIX_LENGTH) != 0)
        return 0;
    return hk_attr_name_unescape(host + PREFIX_LENGTH, name);
}

/* Symlinks and devices cannot have the user's attributes. */
static int error_of(int error)
{
    return error == EPERM ? EOPNOTSUPP : error;
}

int hk_host_attr_read(int fd, const char *name, struct hk_attr_value *value)
{
    char path[HK_FD_PATH_SIZE];
    char host[XATTR_NAME_MAX + 1];
    uint8_t *bytes;
    ssize_t size;
    int error = to_host(name, host);

    if (error != 0)
        return error;
    bytes = malloc(XATTR_SIZE_MAX);
    if (bytes == NULL)
        return ENOMEM;
    hk_host_fd_path(fd, path);
    size = getxattr(path, host, bytes, XATTR_SIZE_MAX);
    error = size < 0 ? error_of(errno) : size < TYPE_SIZE ? EIO : 0;
    if (error != 0) {
        free(bytes);
        return error;
    }
    value->type = hk_get32(bytes);
    value->size = (uint32_t)size - TYPE_SIZE;
    memmove(bytes, bytes + TYPE_SIZE, value->size);
    bytes[value->size] = '\0';
    value->bytes = bytes;
    return 0;
}

int hk_host_attr_write(int fd, const char *name,
                       const struct hk_attr_value *value)
{
    char path[HK_FD_PATH_SIZE];
    char host[XATTR_NAME_MAX + 1];
    uint8_t *bytes;
    int error = to_host(name, host);

    if (error != 0)
        return error;
    bytes = malloc(TYPE_SIZE + (size_t)value->size);
    if (bytes == NULL)
        return ENOMEM;
    hk_put32(bytes, value->type);
    if (value->size > 0)
        memcpy(bytes + TYPE_SIZE, value->bytes, value->size);
    hk_host_fd_path(fd, path);
    if (setxattr(path, host, bytes, TYPE_SIZE + (size_t)value->size, 0) < 0)
        error = error_of(errno);
    free(bytes);
    return error;
}

int hk_host_attr_remove(int fd, const char *name)
{
    char path[HK_FD_PATH_SIZE];
    char host[XATTR_NAME_MAX + 1];
    int error = to_host(name, host);

    if (error != 0)
        return error;
    hk_host_fd_path(fd, path);
    return removexattr(path, host) < 0 ? error_of(errno) : 0;
}

int hk_host_attr_list(int fd, char **names, size_t *size)
{
    char path[HK_FD_PATH_SIZE];
    char *list = malloc(XATTR_LIST_MAX);
    ssize_t length;

    if (list == NULL)
        return ENOMEM;
    hk_host_fd_path(fd, path);
    length = listxattr(path, list, XATTR_LIST_MAX);
    if (length < 0) {
        int error = error_of(errno);

        free(list);
        return error;
    }
    *size = 0;
    /* A guest's name is shorter than the host's: it is written before. */
    for (ssize_t at = 0; at < length;) {
        size_t step = strlen(list + at) + 1;

        *size += to_guest(list + at, list + *size);
        at += (ssize_t)step;
    }
    *names = list;
    return 0;
}
