/* shared.c -- the file that the teams of a root share. */
/* SPDX-License-Identifier: MIT */
#include "shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deaths.h"
#include "hold.h"
#include "kernel_team.h"
#include "processors.h"

#define MAGIC UINT64_C(0x64657261687375)

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

    if (count >= HK_JOURNAL_LENGTH) { /* only a damaged file can have it */
        hk_shared_commit(shared);
        count = 0;
    }
    file->changes[count].at = (uint32_t)(at - (uint32_t *)(void *)file);
    file->changes[count].old = *at;
    in_order();
    atomic_store_explicit(&file->change_count, count + 1, memory_order_relaxed);
    in_order();
    /* whole, for those who look without the lock */
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
    in_order();
}

static void roll_back(struct hk_shared_file *file)
{
    unsigned count =
        atomic_load_explicit(&file->change_count, memory_order_relaxed);
    uint32_t *words = (uint32_t *)(void *)file;

    if (count > HK_JOURNAL_LENGTH)
        count = HK_JOURNAL_LENGTH;
    while (count > 0) {
        const struct hk_change *change = &file->changes[--count];

        if (change->at < sizeof(*file) / sizeof(words[0]))
            words[change->at] = change->old;
        in_order();
        atomic_store_explicit(&file->change_count, count, memory_order_relaxed);
    }
}

/* It is held for a microsecond: to sleep would take longer. */
static int take_lock(struct hk_shared *shared)
{
    enum { TRIES = 200 };
    pthread_mutex_t *lock = &shared->file->lock;
    int error = EBUSY;

    for (int i = 0; i < TRIES && shared->has_many_cpus; i++) {
        error = pthread_mutex_trylock(lock);
        if (error != EBUSY)
            return error;
        hk_relax();
    }
    return pthread_mutex_lock(lock);
}

/* Waiters are told of a change before it stays. Those who were told of one
 * that is undone look, and sleep again. */
void hk_shared_lock(struct hk_shared *shared)
{
    struct hk_shared_file *file = shared->file;

    hk_hold_begin(shared->hold);
    if (take_lock(shared) != EOWNERDEAD)
        return;
    roll_back(file);
    pthread_mutex_consistent(&file->lock);
}

void hk_shared_unlock(struct hk_shared *shared)
{
    struct hk_waiter *wakes[HK_WAKES_MAX];
    unsigned count = shared->wake_count;

    memcpy(wakes, shared->wakes, count * sizeof(wakes[0]));
    shared->wake_count = 0;
    hk_shared_commit(shared);
    pthread_mutex_unlock(&shared->file->lock);
    hk_hold_end(shared->hold);
    for (unsigned i = 0; i < count; i++)
        hk_waiter_ring(wakes[i]);
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

static void read_boot_id(char id[HK_BOOT_ID_LENGTH])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memset(id, 0, HK_BOOT_ID_LENGTH);
    if (fd < 0)
        return;
    if (read(fd, id, HK_BOOT_ID_LENGTH - 1) < 0)
        id[0] = '\0';
    close(fd);
}

static void init_file(struct hk_shared_file *file)
{
    file->magic = MAGIC;
    file->version = HK_SHARED_VERSION;
    file->size = sizeof(*file);
    if (getrandom(&file->number, sizeof(file->number), 0) < 0)
        file->number = (uint64_t)getpid();
    read_boot_id(file->boot_id);
    hk_shared_init_mutex(&file->lock);
    hk_kernel_team_make(file);
    in_order();
    file->is_complete = 1;
}

static int is_current(const struct hk_shared_file *file)
{
    char boot_id[HK_BOOT_ID_LENGTH];

    read_boot_id(boot_id);
    return file->magic == MAGIC && file->version == HK_SHARED_VERSION &&
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

/* Named after the root's device and inode, by whatever path it is known, and
 * after the namespace that the ids of processes belong to. */
static struct hk_shared_file *open_of_root(const char *directory,
                                           const struct stat *root)
{
    struct stat pids = {.st_ino = 0};
    char path[4096];
    int length;

    stat("/proc/self/ns/pid", &pids);
    length = snprintf(path, sizeof(path), "%s/%llx-%llx-%llx", directory,
                      (unsigned long long)root->st_dev,
                      (unsigned long long)root->st_ino,
                      (unsigned long long)pids.st_ino);

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

static void free_shared(struct hk_shared *shared)
{
    hk_hold_free(shared->hold);
    hk_deaths_free(shared->deaths);
    free(shared);
}

int hk_shared_open(const char *directory, const char *root,
                   struct hk_shared **shared)
{
    struct hk_shared *made = calloc(1, sizeof(*made));
    struct stat st;

    if (made == NULL)
        return HK_ERR_NOMEM;
    made->hold = hk_hold_new();
    made->deaths = hk_deaths_new();
    if (made->hold == NULL || made->deaths == NULL) {
        free_shared(made);
        return HK_ERR_NOMEM;
    }
    hk_processors_init(made);
    made->has_many_cpus = sysconf(_SC_NPROCESSORS_ONLN) > 1;
    if (directory != NULL && root != NULL && stat(root, &st) == 0)
        made->file = open_of_root(directory, &st);
    else
        made->file = make_anonymous();
    if (made->file == NULL) {
        free_shared(made);
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
    free_shared(shared);
}
