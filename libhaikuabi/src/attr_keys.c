/* attr_keys.c -- of which files a store of attributes may have something. */
/* SPDX-License-Identifier: MIT */
#include "attr_keys.h"

#include <dirent.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * A directory is listed when it has not changed for a while, nor its time of
 * change is so near that a change could have the same one: then all keys are
 * known as long as that time stays. Listing takes as long as a few removals
 * each, so that it comes behind as many of them.
 */
enum { KEYS_MAX = 4096, QUIET_MIN = 64, SECONDS_MIN = 2 };

struct hk_attr_keys {
    pthread_mutex_t lock; /* guards what follows */
    dev_t device;         /* the directory as it was last seen */
    ino_t inode;
    struct timespec change; /* of its entries */
    unsigned quiet;         /* how often it was seen so */
    int is_listed;
    size_t count;
    uint64_t hashes[KEYS_MAX];
};

struct hk_attr_keys *hk_attr_keys_new(void)
{
    struct hk_attr_keys *keys = calloc(1, sizeof(*keys));

    if (keys != NULL)
        pthread_mutex_init(&keys->lock, NULL);
    return keys;
}

void hk_attr_keys_free(struct hk_attr_keys *keys)
{
    if (keys == NULL)
        return;
    pthread_mutex_destroy(&keys->lock);
    free(keys);
}

static uint64_t hash_of(const char *own)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *own != '\0'; own++)
        hash = (hash ^ (uint8_t)*own) * UINT64_C(0x100000001b3);
    return hash;
}

static int compare(const void *left, const void *right)
{
    uint64_t one, other;

    memcpy(&one, left, sizeof(one));
    memcpy(&other, right, sizeof(other));
    return (one > other) - (one < other);
}

static int is_listed(const struct hk_attr_keys *keys, const char *own)
{
    uint64_t hash;

    if (own == NULL)
        return keys->count > 0;
    hash = hash_of(own);
    return bsearch(&hash, keys->hashes, keys->count, sizeof(keys->hashes[0]),
                   compare) != NULL;
}

/* Whether the directory is as it was last seen. */
static int is_quiet(struct hk_attr_keys *keys, const struct stat *info)
{
    if (keys->device == info->st_dev && keys->inode == info->st_ino &&
        keys->change.tv_sec == info->st_mtim.tv_sec &&
        keys->change.tv_nsec == info->st_mtim.tv_nsec)
        return 1;
    keys->device = info->st_dev;
    keys->inode = info->st_ino;
    keys->change = info->st_mtim;
    keys->quiet = 0;
    keys->is_listed = 0;
    return 0;
}

static int is_recent(const struct timespec *change)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - change->tv_sec < SECONDS_MIN;
}

static void list(struct hk_attr_keys *keys, const char *path)
{
    DIR *stream = opendir(path);
    const struct dirent *entry;

    if (stream == NULL)
        return;
    keys->count = 0;
    keys->is_listed = 1;
    while (keys->is_listed && (entry = readdir(stream)) != NULL) {
        const char *dash = strchr(entry->d_name, '-');

        if (dash == NULL)
            continue;
        keys->is_listed = keys->count < KEYS_MAX;
        if (keys->is_listed)
            keys->hashes[keys->count++] = hash_of(dash + 1);
    }
    closedir(stream);
    qsort(keys->hashes, keys->count, sizeof(keys->hashes[0]), compare);
}

int hk_attr_keys_may_have(struct hk_attr_keys *keys, const char *path,
                          const struct stat *info, const char *own)
{
    int may_have = 1;

    /* A fork's child may find the lock taken by a thread that it does not
     * have. */
    if (pthread_mutex_trylock(&keys->lock) != 0)
        return 1;
    if (is_quiet(keys, info) && !keys->is_listed &&
        ++keys->quiet % QUIET_MIN == 0 && !is_recent(&keys->change))
        list(keys, path);
    if (keys->is_listed)
        may_have = is_listed(keys, own);
    pthread_mutex_unlock(&keys->lock);
    return may_have;
}
