/* kept_stat.c -- what a guest has set and the host cannot keep of a stat. */
/* SPDX-License-Identifier: MIT */
#include "kept_stat.h"

#include <errno.h>
#include <stdlib.h>

#include "attr_store.h"
#include "bytes.h"
#include "stat.h"

static const char mode_name[] = "mode", creation_name[] = "created";

enum {
    MODE_SIZE = 4,
    CREATION_SIZE = 12, /* seconds and nanoseconds */
    PERMISSIONS = 07777,
    OF_SYMLINK = 0777 /* unless it is given others (BFS, bfs_create_symlink) */
};

int hk_is_stat_kept(uint32_t mode)
{
    return S_ISLNK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

/* Whether there is a value of that size: then for free. */
static int read_own(const struct hk_attr_store *store, const char *key,
                    const char *name, uint32_t size,
                    struct hk_attr_value *value)
{
    if (hk_attr_store_read_own(store, key, name, value) != 0)
        return 0;
    if (value->size == size)
        return 1;
    free(value->bytes);
    return 0;
}

void hk_kept_stat_read(const struct hk_attr_store *store, int at,
                       const char *name, struct hk_stat *stat)
{
    char key[HK_ATTR_KEY_SIZE];
    struct hk_attr_value value;

    if (!hk_attr_store_may_have(store, at, name, key))
        return;
    if (S_ISLNK(stat->mode) &&
        read_own(store, key, mode_name, MODE_SIZE, &value)) {
        stat->mode = S_IFLNK | (hk_get32(value.bytes) & PERMISSIONS);
        free(value.bytes);
    }
    if (read_own(store, key, creation_name, CREATION_SIZE, &value)) {
        stat->creation.seconds = (int64_t)hk_get64(value.bytes);
        stat->creation.nanoseconds = (int32_t)hk_get32(value.bytes + 8);
        free(value.bytes);
    }
}

static int write_mode(const struct hk_attr_store *store, int fd, uint32_t mode)
{
    uint8_t bytes[MODE_SIZE];
    const struct hk_attr_value value = {.size = MODE_SIZE, .bytes = bytes};

    hk_put32(bytes, mode & PERMISSIONS);
    return hk_attr_store_write_own(store, fd, mode_name,
                                   (mode & PERMISSIONS) == OF_SYMLINK ? NULL
                                                                      : &value);
}

static int write_creation(const struct hk_attr_store *store, int fd,
                          const struct hk_time *time)
{
    uint8_t bytes[CREATION_SIZE];
    const struct hk_attr_value value = {.size = CREATION_SIZE, .bytes = bytes};

    hk_put64(bytes, (uint64_t)time->seconds);
    hk_put32(bytes + 8, (uint32_t)time->nanoseconds);
    return hk_attr_store_write_own(store, fd, creation_name, &value);
}

int32_t hk_kept_stat_write(const struct hk_attr_store *store, int fd,
                           const struct hk_stat *stat, uint32_t mask)
{
    int error;

    if (store == NULL)
        return HK_B_OK;
    error = mask == HK_STAT_MASK_MODE
                ? write_mode(store, fd, stat->mode)
                : write_creation(store, fd, &stat->creation);
    return error == EACCES       ? HK_B_NOT_ALLOWED
           : error == EOPNOTSUPP ? HK_B_OK /* it has no name for the file */
                                 : hk_status_from_errno(error);
}

uint32_t hk_kept_link_mode(const struct hk_attr_store *store, int at,
                           const char *name)
{
    struct hk_stat stat = {.mode = S_IFLNK | OF_SYMLINK};

    hk_kept_stat_read(store, at, name, &stat);
    return stat.mode;
}

int32_t hk_keep_link_mode(const struct hk_attr_store *store, int fd,
                          uint32_t permissions)
{
    const struct hk_stat stat = {.mode = permissions};

    return permissions == OF_SYMLINK
               ? HK_B_OK
               : hk_kept_stat_write(store, fd, &stat, HK_STAT_MASK_MODE);
}
