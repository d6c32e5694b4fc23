/* shared.c -- the file that the teams of a root share. */
/* SPDX-License-Identifier: MIT */
#include "shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC UINT64_C(0x64657261687375)

/* Any change of the layout makes it another version. The journal has room for
 * the longest change of all: a waiter that ends HK_WATCHES_MAX watches. */
enum { VERSION = 2, BOOT_ID_LENGTH = 40, JOURNAL_LENGTH = 1 << 20 };

struct change {
    uint32_t at; /* in words, from the file's start */
    uint32_t old;
};

struct hk_shared_file {
    uint64_t magic;
    uint32_t version, is_complete;
    uint64_t size;
    char boot_id[BOOT_ID_LENGTH]; /* of the host */
    pthread_mutex_t lock;
    atomic_uint change_count;
    struct change changes[JOURNAL_LENGTH];
    struct hk_free_list pools[HK_POOL_COUNT];
    struct hk_free_list free_chunks;
    struct hk_queue space_queue;
    struct hk_team_slot teams[HK_TEAMS_MAX];
    struct hk_waiter waiters[HK_WAITERS_MAX];
    struct hk_watch watches[HK_WATCHES_MAX];
    struct hk_sem sems[HK_SEMS_MAX];
    struct hk_port ports[HK_PORTS_MAX];
    struct hk_chunk chunks[HK_CHUNKS_MAX];
};

/* later: how many items lie free before one is used again. */
static const struct {
    size_t at, size;
    uint32_t limit, later;
} pools[HK_POOL_COUNT] = {
#define POOL(name, later)                                                      \
    {                                                                          \
        offsetof(struct hk_shared_file, name),                                 \
            sizeof(((struct hk_shared_file *)0)->name[0]),                     \
            sizeof(((struct hk_shared_file *)0)->name) /                       \
                sizeof(((struct hk_shared_file *)0)->name[0]),                 \
            later                                                              \
    }
    [HK_POOL_TEAMS] = POOL(teams, 0),     [HK_POOL_WAITERS] = POOL(waiters, 0),
    [HK_POOL_WATCHES] = POOL(watches, 0), [HK_POOL_SEMS] = POOL(sems, 1024),
    [HK_POOL_PORTS] = POOL(ports, 256),
#undef POOL
};

/* ---- the lock, and what undoes a dead holder's work ---- */

/* A process dies between two instructions: the order of stores is what
 * counts, and only the compiler could change it. */
static void in_order(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

void hk_shared_commit(struct hk_shared *shared)
{
    in_order();
    atomic_store_explicit(&shared->file->change_count, 0, memory_order_relaxed);
    in_order();
}

void hk_put(struct hk_shared *shared, void *word, uint32_t value)
{
    struct hk_shared_file *file = shared->file;
    uint32_t *at = word;
    unsigned count =
        atomic_load_explicit(&file->change_count, memory_order_relaxed);

    if (count >= JOURNAL_LENGTH) { /* only a damaged file can have it */
        hk_shared_commit(shared);
        count = 0;
    }
    file->changes[count].at = (uint32_t)(at - (uint32_t *)(void *)file);
    file->changes[count].old = *at;
    in_order();
    atomic_store_explicit(&file->change_count, count + 1, memory_order_relaxed);
    in_order();
    *at = value;
    in_order();
}

static void roll_back(struct hk_shared_file *file)
{
    unsigned count =
        atomic_load_explicit(&file->change_count, memory_order_relaxed);
    uint32_t *words = (uint32_t *)(void *)file;

    if (count > JOURNAL_LENGTH)
        count = JOURNAL_LENGTH;
    while (count > 0) {
        const struct change *change = &file->changes[--count];

        if (change->at < sizeof(*file) / sizeof(words[0]))
            words[change->at] = change->old;
        in_order();
        atomic_store_explicit(&file->change_count, count, memory_order_relaxed);
    }
}

/* Waiters are told of a change before it stays. Those who were told of one
 * that is undone look, and sleep again. */
void hk_shared_lock(struct hk_shared *shared)
{
    struct hk_shared_file *file = shared->file;

    if (pthread_mutex_lock(&file->lock) != EOWNERDEAD)
        return;
    roll_back(file);
    pthread_mutex_consistent(&file->lock);
}

void hk_shared_unlock(struct hk_shared *shared)
{
    hk_shared_commit(shared);
    pthread_mutex_unlock(&shared->file->lock);
}

/* ---- items ---- */

void *hk_item(const struct hk_shared *shared, enum hk_pool pool, uint32_t index)
{
    if (index == 0 || index >= pools[pool].limit)
        return NULL;
    return (uint8_t *)shared->file + pools[pool].at + index * pools[pool].size;
}

uint32_t hk_item_new(struct hk_shared *shared, enum hk_pool pool)
{
    struct hk_free_list *list = &shared->file->pools[pool];
    uint32_t fresh = list->fresh == 0 ? 1 : list->fresh;
    uint32_t index = list->first;
    const uint32_t *next = hk_item(shared, pool, index);

    if (next == NULL ||
        (list->count <= pools[pool].later && fresh < pools[pool].limit)) {
        if (fresh >= pools[pool].limit)
            return 0;
        hk_put(shared, &list->fresh, fresh + 1);
        return fresh;
    }
    hk_put(shared, &list->first, *next);
    hk_put(shared, &list->count, list->count - 1);
    if (*next == 0)
        hk_put(shared, &list->last, 0);
    return index;
}

void hk_item_free(struct hk_shared *shared, enum hk_pool pool, uint32_t index)
{
    struct hk_free_list *list = &shared->file->pools[pool];
    uint32_t *next = hk_item(shared, pool, index);
    uint32_t *last = hk_item(shared, pool, list->last);

    if (next == NULL)
        return;
    hk_put(shared, next, 0);
    hk_put(shared, last != NULL ? last : &list->first, index);
    hk_put(shared, &list->last, index);
    hk_put(shared, &list->count, list->count + 1);
}

uint32_t hk_item_end(const struct hk_shared *shared, enum hk_pool pool)
{
    uint32_t fresh = shared->file->pools[pool].fresh;

    return fresh < pools[pool].limit ? fresh : pools[pool].limit;
}

int32_t hk_make_id(enum hk_pool pool, uint32_t index, uint32_t generation)
{
    return (int32_t)((generation * pools[pool].limit + index) & INT32_MAX);
}

/* The limits of pools with ids are powers of two. */
uint32_t hk_id_index(enum hk_pool pool, int32_t id)
{
    return id <= 0 ? 0 : (uint32_t)id & (pools[pool].limit - 1);
}

/* ---- chunks ---- */

struct hk_chunk *hk_chunk(const struct hk_shared *shared, uint32_t index)
{
    if (index == 0 || index >= HK_CHUNKS_MAX)
        return NULL;
    return &shared->file->chunks[index];
}

/* A chain of chunks that were never used before. */
static uint32_t take_fresh(struct hk_shared *shared, uint32_t count)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    uint32_t first = list->fresh == 0 ? 1 : list->fresh;

    if (count > HK_CHUNKS_MAX - first)
        return 0;
    for (uint32_t i = 0; i < count; i++)
        hk_chunk(shared, first + i)->next = i + 1 < count ? first + i + 1 : 0;
    hk_put(shared, &list->fresh, first + count);
    return first;
}

uint32_t hk_chunks_new(struct hk_shared *shared, uint32_t count)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    struct hk_chunk *last = NULL;
    uint32_t first = list->first, next = list->first, taken = 0;
    uint32_t rest = 0;

    while (taken < count && hk_chunk(shared, next) != NULL) {
        last = hk_chunk(shared, next);
        next = last->next;
        taken++;
    }
    if (taken < count) {
        rest = take_fresh(shared, count - taken);
        if (rest == 0)
            return 0;
    }
    if (taken == 0)
        return rest;
    hk_put(shared, &list->first, next);
    hk_put(shared, &last->next, rest);
    return first;
}

void hk_chunks_free(struct hk_shared *shared, uint32_t first)
{
    struct hk_free_list *list = &shared->file->free_chunks;
    struct hk_chunk *last = hk_chunk(shared, first);

    if (last == NULL)
        return;
    for (uint32_t i = 0; i < HK_CHUNKS_MAX && last->next != 0; i++) {
        struct hk_chunk *next = hk_chunk(shared, last->next);

        if (next == NULL)
            break;
        last = next;
    }
    hk_put(shared, &last->next, list->first);
    hk_put(shared, &list->first, first);
    while (hk_queue_wake(shared, &shared->file->space_queue, HK_B_OK))
        continue;
}

struct hk_queue *hk_space_queue(const struct hk_shared *shared)
{
    return &shared->file->space_queue;
}

/* ---- the file ---- */

void hk_shared_init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

static void read_boot_id(char id[BOOT_ID_LENGTH])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(id, 0, BOOT_ID_LENGTH);
    if (fd < 0)
        return;
    if (read(fd, id, BOOT_ID_LENGTH - 1) < 0)
        id[0] = '\0';
    close(fd);
}

static void init_file(struct hk_shared_file *file)
{
    file->magic = MAGIC;
    file->version = VERSION;
    file->size = sizeof(*file);
    read_boot_id(file->boot_id);
    hk_shared_init_mutex(&file->lock);
    in_order();
    file->is_complete = 1;
}

static int is_current(const struct hk_shared_file *file)
{
    char boot_id[BOOT_ID_LENGTH];

    read_boot_id(boot_id);
    return file->magic == MAGIC && file->version == VERSION &&
           file->is_complete && file->size == sizeof(*file) &&
           memcmp(file->boot_id, boot_id, sizeof(boot_id)) == 0;
}

static struct hk_shared_file *map(int fd)
{
    int flags = fd < 0 ? MAP_ANONYMOUS : 0;
    void *file =
        mmap(NULL, sizeof(struct hk_shared_file), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_NORESERVE | flags, fd, 0);

    return file == MAP_FAILED ? NULL : file;
}

/* With the file's own lock: a file that has just been made is set up; NULL
 * and *is_stale for one to be replaced. */
static struct hk_shared_file *map_locked(int fd, int *is_stale)
{
    struct hk_shared_file *file;
    struct stat st;

    *is_stale = 0;
    if (fstat(fd, &st) != 0)
        return NULL;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_size != 0 && (uint64_t)st.st_size != sizeof(*file))) {
        *is_stale = 1;
        return NULL;
    }
    if (st.st_size == 0 && ftruncate(fd, (off_t)sizeof(*file)) != 0)
        return NULL;
    file = map(fd);
    if (file == NULL)
        return NULL;
    if (st.st_size == 0)
        init_file(file);
    if (is_current(file))
        return file;
    munmap(file, sizeof(*file));
    *is_stale = 1;
    return NULL;
}

/* 1 when a path still names the open file: nobody has replaced it while we
 * waited for its lock. */
static int is_at(const char *path, int fd)
{
    struct stat st, at;

    return fstat(fd, &st) == 0 && lstat(path, &at) == 0 &&
           st.st_dev == at.st_dev && st.st_ino == at.st_ino;
}

/* Teams that still use a stale file keep it, without its name. Its mapping
 * keeps the file open behind close, and the lock with it: it is let go of by
 * name. */
static struct hk_shared_file *open_file(const char *path)
{
    enum { TRIES = 100 };
    struct hk_shared_file *file = NULL;

    for (int i = 0; i < TRIES && file == NULL; i++) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        int is_stale = 0;

        if (fd < 0)
            return NULL;
        if (flock(fd, LOCK_EX) == 0 && is_at(path, fd)) {
            file = map_locked(fd, &is_stale);
            if (file == NULL && (!is_stale || unlink(path) != 0))
                i = TRIES;
            flock(fd, LOCK_UN);
        }
        close(fd);
    }
    return file;
}

/* Named after the root's device and inode, by whatever path it is known. */
static struct hk_shared_file *open_of_root(const char *directory,
                                           const struct stat *root)
{
    char path[4096];
    int length = snprintf(path, sizeof(path), "%s/%llx-%llx", directory,
                          (unsigned long long)root->st_dev,
                          (unsigned long long)root->st_ino);

    if (length < 0 || (size_t)length >= sizeof(path))
        return NULL;
    return open_file(path);
}

static struct hk_shared_file *make_anonymous(void)
{
    struct hk_shared_file *file = map(-1);

    if (file != NULL)
        init_file(file);
    return file;
}

int hk_shared_open(const char *directory, const char *root,
                   struct hk_shared **shared)
{
    struct hk_shared *made = calloc(1, sizeof(*made));
    struct stat st;

    if (made == NULL)
        return HK_ERR_NOMEM;
    if (directory != NULL && root != NULL && stat(root, &st) == 0)
        made->file = open_of_root(directory, &st);
    else
        made->file = make_anonymous();
    if (made->file == NULL) {
        free(made);
        return HK_ERR_IO;
    }
    *shared = made;
    return 0;
}

void hk_shared_close(struct hk_shared *shared)
{
    if (shared == NULL)
        return;
    munmap(shared->file, sizeof(*shared->file));
    free(shared);
}
