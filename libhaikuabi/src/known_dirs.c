/* known_dirs.c -- directories that paths begin with again and again. */
/* SPDX-License-Identifier: MIT */
#include "known_dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host_direct.h"
#include "host_open.h"
#include "references.h"

/*
 * A directory is opened by a walk and all above it, up to its mount, are
 * watched for moves; then it is walked to again. So whatever moved one of them
 * before the watch made the second walk end elsewhere, and what moves one
 * later is told of. The host tells of a move before the call that moved
 * returns: who is asked after that call knows. Mounts of the host that come
 * over a directory, and permissions taken from one above it, are not told of:
 * nothing is known for longer than a second.
 */
enum {
    DIRS = 64,
    USES_MIN = 8, /* before it is worth the watches */
    WATCHES_MAX = 4096,
    DEPTH_MAX = 64,
    SECONDS_MAX = 1
};

struct hk_known_dir {
    atomic_int references;
    struct hk_node node;
    uint64_t start;
    size_t length; /* of path */
    char *path;
    time_t until;
};

struct slot {
    struct hk_known_dir *dir; /* or NULL */
    uint64_t hash;            /* of what was looked for last in vain */
    int uses;                 /* since then */
};

struct hk_known_dirs {
    pthread_mutex_t lock; /* guards what follows, but numbers */
    struct slot slots[DIRS];
    int watcher;      /* an inotify descriptor, or -1 */
    int is_off;       /* the host has no watches to give */
    int watches;      /* asked for by this watcher */
    uint64_t forgets; /* how often everything was forgotten */
    atomic_ullong numbers;
};

/* A path with its directory; start: where it begins. */
struct key {
    uint64_t start, hash;
    const char *path;
    size_t length;
};

enum { ROOT = 1 }; /* the number of what absolute paths begin at */

struct hk_known_dirs *hk_known_dirs_new(void)
{
    struct hk_known_dirs *dirs = calloc(1, sizeof(*dirs));

    if (dirs == NULL)
        return NULL;
    pthread_mutex_init(&dirs->lock, NULL);
    dirs->watcher = -1;
    atomic_init(&dirs->numbers, ROOT);
    return dirs;
}

uint64_t hk_known_dirs_number(struct hk_known_dirs *dirs)
{
    return atomic_fetch_add_explicit(&dirs->numbers, 1, memory_order_relaxed) +
           1;
}

const struct hk_node *hk_known_dir_node(const struct hk_known_dir *dir)
{
    return &dir->node;
}

int hk_known_dir_is_there(const struct hk_known_dir *dir)
{
    return !hk_host_is_removed(dir->node.fd);
}

void hk_known_dir_put(struct hk_known_dir *dir)
{
    if (dir == NULL || !hk_reference_drop(&dir->references))
        return;
    hk_node_close(&dir->node);
    free(dir->path);
    free(dir);
}

/* With the lock, as all that follows up to the walks. */
static void forget_all(struct hk_known_dirs *dirs)
{
    for (int i = 0; i < DIRS; i++) {
        hk_known_dir_put(dirs->slots[i].dir);
        dirs->slots[i] = (struct slot){0};
    }
    dirs->forgets++;
}

static void close_watcher(struct hk_known_dirs *dirs)
{
    forget_all(dirs);
    if (dirs->watcher >= 0)
        close(dirs->watcher);
    dirs->watcher = -1;
    dirs->watches = 0;
}

void hk_known_dirs_free(struct hk_known_dirs *dirs)
{
    if (dirs == NULL)
        return;
    close_watcher(dirs);
    pthread_mutex_destroy(&dirs->lock);
    free(dirs);
}

void hk_known_dirs_before_fork(struct hk_known_dirs *dirs)
{
    pthread_mutex_lock(&dirs->lock);
}

void hk_known_dirs_after_fork(struct hk_known_dirs *dirs, int is_child)
{
    if (is_child)
        close_watcher(dirs);
    pthread_mutex_unlock(&dirs->lock);
}

/* ---- looking up ---- */

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return time.tv_sec;
}

/* Forgets everything when something has moved. */
static void hear(struct hk_known_dirs *dirs)
{
    char events[4096];
    int size = 0;

    if (dirs->watcher < 0 ||
        hk_host_direct(SYS_ioctl, dirs->watcher, FIONREAD, &size) != 0 ||
        size == 0)
        return;
    while (read(dirs->watcher, events, sizeof(events)) > 0)
        ;
    forget_all(dirs);
}

/* Of each path that names more than an entry: eight bytes at a time. */
static uint64_t hash_of(const char *path, size_t length, uint64_t hash)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word;

    for (; length >= sizeof(word); length -= sizeof(word)) {
        memcpy(&word, path, sizeof(word));
        path += sizeof(word);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    for (word = length; length > 0; length--)
        word = word << 8 | (uint8_t)path[length - 1];
    hash = (hash ^ word) * factor;
    return hash ^ hash >> 32;
}

static int make_key(const struct hk_node *start, const char *path,
                    struct key *key)
{
    const char *slash = strrchr(path, '/');

    *key = (struct key){.start = path[0] == '/' ? ROOT : start->number,
                        .path = path};
    if (slash == NULL || slash == path || slash[1] == '\0' || key->start == 0 ||
        strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
        return 0;
    key->length = (size_t)(slash - path);
    key->hash = hash_of(path, key->length, key->start);
    return 1;
}

static int is_it(const struct hk_known_dir *dir, const struct key *key)
{
    return dir != NULL && dir->start == key->start &&
           dir->length == key->length &&
           memcmp(dir->path, key->path, key->length) == 0;
}

/* The known directory, with a reference; or NULL, and whether it is to become
 * one. */
static struct hk_known_dir *find(struct hk_known_dirs *dirs,
                                 const struct key *key, int *is_wanted,
                                 uint64_t *forgets)
{
    struct slot *slot = &dirs->slots[key->hash % DIRS];
    struct hk_known_dir *found = NULL;

    hk_lock_out_others(&dirs->lock);
    hear(dirs);
    *forgets = dirs->forgets;
    if (is_it(slot->dir, key) && slot->dir->until >= now()) {
        found = slot->dir;
        hk_reference_add(&found->references);
        slot->uses = 0;
    } else {
        slot->uses = slot->hash == key->hash ? slot->uses + 1 : 1;
        slot->hash = key->hash;
    }
    *is_wanted = !dirs->is_off && slot->uses >= USES_MIN;
    if (*is_wanted)
        slot->uses = 0;
    hk_let_others_in(&dirs->lock);
    return found;
}

/* ---- getting to know ---- */

static int has_dots(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")) != NULL; at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return 1;
    return 0;
}

/* Whether the watcher has taken a descriptor's directory. */
static int watch(struct hk_known_dirs *dirs, int fd)
{
    char path[HK_FD_PATH_SIZE];
    int is_watched;

    hk_host_fd_path(fd, path);
    pthread_mutex_lock(&dirs->lock);
    if (dirs->watches == WATCHES_MAX)
        close_watcher(dirs);
    if (dirs->watcher < 0)
        dirs->watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    is_watched =
        dirs->watcher >= 0 &&
        inotify_add_watch(dirs->watcher, path, IN_MOVE_SELF | IN_ONLYDIR) >= 0;
    dirs->watches++;
    /* A directory that may not be read cannot be watched either. */
    dirs->is_off |= dirs->watcher < 0 || (!is_watched && errno == ENOSPC);
    pthread_mutex_unlock(&dirs->lock);
    return is_watched;
}

static int is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* Watches a directory and those above it, up to the root of its mount. */
static int watch_up(struct hk_known_dirs *dirs, const struct hk_node *node)
{
    struct stat root, at;
    int fd = fcntl(node->fd, F_DUPFD_CLOEXEC, 0);
    int is_done = 0;

    if (fstat(node->mount->fd, &root) != 0)
        is_done = -1;
    for (int i = 0; fd >= 0 && is_done == 0 && i < DEPTH_MAX; i++) {
        int above = -1;

        if (fstat(fd, &at) != 0 || !watch(dirs, fd))
            is_done = -1;
        else if (is_same(&at, &root))
            is_done = 1;
        else
            above = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = above;
    }
    if (fd >= 0)
        close(fd);
    return is_done == 1;
}

static int walk_to(const struct hk_vfs *vfs, const struct hk_node *start,
                   const char *path, struct hk_node *node, struct stat *info)
{
    if (hk_vfs_walk_plain(vfs, start, path, node) != HK_B_OK)
        return 0;
    if (node->place == NULL && node->mount != NULL && node->fd >= 0 &&
        fstat(node->fd, info) == 0)
        return 1;
    hk_node_close(node);
    return 0;
}

/* Walks, watches, and walks again. */
static int get_to_know(const struct hk_vfs *vfs, const struct hk_node *start,
                       struct hk_known_dir *dir)
{
    struct hk_node again;
    struct stat first, second;
    int is_good;

    if (!walk_to(vfs, start, dir->path, &dir->node, &first))
        return 0;
    is_good = watch_up(vfs->known_dirs, &dir->node) &&
              walk_to(vfs, start, dir->path, &again, &second);
    if (is_good)
        hk_node_close(&again);
    return is_good && is_same(&first, &second);
}

static void learn(const struct hk_vfs *vfs, const struct hk_node *start,
                  const struct key *key, uint64_t forgets)
{
    struct hk_known_dirs *dirs = vfs->known_dirs;
    struct hk_known_dir *dir = calloc(1, sizeof(*dir));
    struct slot *slot = &dirs->slots[key->hash % DIRS];

    if (dir == NULL)
        return;
    atomic_init(&dir->references, 1);
    dir->node.fd = -1;
    dir->start = key->start;
    dir->length = key->length;
    dir->path = strndup(key->path, key->length);
    dir->until = now() + SECONDS_MAX;
    if (dir->path != NULL && !has_dots(dir->path) &&
        get_to_know(vfs, start, dir)) {
        pthread_mutex_lock(&dirs->lock);
        if (dirs->forgets == forgets) {
            struct hk_known_dir *other = slot->dir;

            slot->dir = dir;
            dir = other;
        }
        pthread_mutex_unlock(&dirs->lock);
    }
    hk_known_dir_put(dir);
}

struct hk_known_dir *hk_known_dir_get(const struct hk_vfs *vfs,
                                      const struct hk_node *start,
                                      const char *path, const char **leaf)
{
    struct hk_known_dir *dir;
    struct key key;
    uint64_t forgets;
    int is_wanted;

    /* Of a root that was changed nothing is known. */
    if (atomic_load_explicit(&vfs->top, memory_order_acquire) != NULL ||
        !make_key(start, path, &key))
        return NULL;
    *leaf = path + key.length + 1;
    dir = find(vfs->known_dirs, &key, &is_wanted, &forgets);
    if (dir == NULL && is_wanted)
        learn(vfs, start, &key, forgets);
    return dir;
}
