/* range_locks.c -- locks of ranges of a file (POSIX). */
/* SPDX-License-Identifier: MIT */
#include "range_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "host_open.h"
#include "team.h"
#include "whole_locks.h"
#include "wrap.h"

/* A file that has been locked since the team last closed one of it. */
struct locked {
    struct locked *next;
    dev_t device;
    ino_t inode;
    int *kept; /* descriptors of uvm's own */
    size_t kept_count;
};

struct hk_range_locks {
    pthread_mutex_t lock; /* guards the list */
    struct locked *files;
    atomic_int is_any; /* without the lock: whether there is a list */
};

/* ---- what is kept ---- */

struct hk_range_locks *hk_range_locks_new(void)
{
    struct hk_range_locks *made = calloc(1, sizeof(*made));

    if (made != NULL)
        pthread_mutex_init(&made->lock, NULL);
    return made;
}

static void close_kept(struct locked *file)
{
    for (size_t i = 0; i < file->kept_count; i++)
        close(file->kept[i]);
    free(file->kept);
    free(file);
}

static void forget(struct hk_range_locks *locks)
{
    while (locks->files != NULL) {
        struct locked *file = locks->files;

        locks->files = file->next;
        close_kept(file);
    }
    atomic_store(&locks->is_any, 0);
}

void hk_range_locks_free(struct hk_range_locks *locks)
{
    if (locks == NULL)
        return;
    forget(locks);
    pthread_mutex_destroy(&locks->lock);
    free(locks);
}

/* Where the file is in the list, or would be; with the lock. */
static struct locked **find(struct hk_range_locks *locks, int fd)
{
    struct locked **at = &locks->files;
    struct stat info;

    if (fstat(fd, &info) != 0)
        info = (struct stat){0};
    while (*at != NULL &&
           ((*at)->device != info.st_dev || (*at)->inode != info.st_ino))
        at = &(*at)->next;
    return at;
}

/* Before the host knows of the lock. */
static int32_t note(struct hk_range_locks *locks, int fd)
{
    int32_t status = HK_B_OK;
    struct locked **at, *made;
    struct stat info;

    pthread_mutex_lock(&locks->lock);
    at = find(locks, fd);
    if (*at == NULL) {
        made = calloc(1, sizeof(*made));
        if (made != NULL && fstat(fd, &info) == 0) {
            made->device = info.st_dev;
            made->inode = info.st_ino;
            *at = made;
            atomic_store(&locks->is_any, 1);
        } else {
            free(made);
            status = HK_B_NO_MEMORY;
        }
    }
    pthread_mutex_unlock(&locks->lock);
    return status;
}

static int take_from(struct locked *file, int mode)
{
    for (size_t i = 0; i < file->kept_count; i++) {
        int kept = file->kept[i];

        if ((fcntl(kept, F_GETFL) & O_ACCMODE) != mode)
            continue;
        file->kept[i] = file->kept[--file->kept_count];
        return kept;
    }
    return -1;
}

/* Takes a descriptor back that reads or writes as flags say, or -1. */
static int take_back(struct hk_range_locks *locks, int fd, int flags)
{
    struct locked *file;
    int found = -1;

    if (locks == NULL || !atomic_load(&locks->is_any))
        return -1;
    pthread_mutex_lock(&locks->lock);
    file = *find(locks, fd);
    if (file != NULL)
        found = take_from(file, flags & O_ACCMODE);
    pthread_mutex_unlock(&locks->lock);
    return found;
}

int hk_range_locks_dup(struct hk_range_locks *locks, int fd)
{
    int found = -1;

    if (atomic_load(&locks->is_any))
        found = take_back(locks, fd, fcntl(fd, F_GETFL));
    return found >= 0 ? found : fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

int hk_range_locks_reopen(struct hk_range_locks *locks, int fd, int flags)
{
    int found = take_back(locks, fd, flags);

    return found >= 0 ? found : hk_host_reopen(fd, flags);
}

static int keep(struct locked *file, int fd)
{
    int *kept = realloc(file->kept, (file->kept_count + 1) * sizeof(*kept));

    if (kept == NULL)
        return 0;
    file->kept = kept;
    kept[file->kept_count++] = fd;
    return 1;
}

int hk_range_locks_close(struct hk_range_locks *locks, int fd)
{
    int is_kept = 0;

    if (locks != NULL && atomic_load(&locks->is_any)) {
        struct locked *file;

        pthread_mutex_lock(&locks->lock);
        file = *find(locks, fd);
        is_kept = file != NULL && keep(file, fd);
        pthread_mutex_unlock(&locks->lock);
    }
    if (!is_kept)
        close(fd);
    return !is_kept;
}

void hk_range_locks_end(struct hk_range_locks *locks,
                        const struct hk_file *file)
{
    struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    struct locked **at, *ended;

    if (!atomic_load(&locks->is_any) || file->kind != HK_FILE_NODE ||
        file->node.fd < 0)
        return;
    pthread_mutex_lock(&locks->lock);
    at = find(locks, file->node.fd);
    ended = *at;
    if (ended != NULL) {
        *at = ended->next;
        atomic_store(&locks->is_any, locks->files != NULL);
        fcntl(file->node.fd, F_SETLK, &all);
        close_kept(ended);
    }
    pthread_mutex_unlock(&locks->lock);
}

void hk_range_locks_before_fork(struct hk_range_locks *locks)
{
    pthread_mutex_lock(&locks->lock);
}

void hk_range_locks_after_fork(struct hk_range_locks *locks, int is_child)
{
    if (is_child)
        forget(locks);
    pthread_mutex_unlock(&locks->lock);
}

/* ---- the calls ---- */

/* haiku-abi/structs.md, "flock" */
enum { FLOCK_SIZE = 24 };
enum lock_type { READ_LOCK = 0x40, NO_LOCK = 0x200, WRITE_LOCK = 0x400 };
enum { FROM_START, FROM_POSITION, FROM_END };

struct range {
    int64_t start, length;
};

/* From the file's start, with a length above 0 that ends at the largest
 * position at most (vfs.cpp, normalize_flock). */
static int32_t read_range(const struct hk_file *file,
                          const uint8_t bytes[FLOCK_SIZE], struct range *range)
{
    int64_t start = (int64_t)hk_get64(bytes + 4);
    int64_t length = (int64_t)hk_get64(bytes + 12);
    struct stat info;

    switch (hk_get16(bytes + 2)) {
    case FROM_START:
        break;
    case FROM_POSITION:
        start = hk_sum(start, lseek(file->node.fd, 0, SEEK_CUR));
        break;
    case FROM_END:
        if (fstat(file->node.fd, &info) == 0)
            start = hk_sum(start, info.st_size);
        break;
    default:
        return HK_B_BAD_VALUE;
    }
    if (start < 0)
        start = 0;
    if (length == 0)
        length = INT64_MAX;
    if (length > INT64_MAX - start)
        length = INT64_MAX - start;
    if (length < 0) {
        start = hk_sum(start, length);
        length = hk_sum(-(length + 1), 1);
    }
    *range = (struct range){start, length};
    return HK_B_OK;
}

/* As the host has it; 0 when none of it is at a position that there is. */
static int put_range(const struct range *range, struct flock *lock)
{
    struct range from = *range;

    if (from.start < 0) {
        from.length = hk_sum(from.length, from.start);
        from.start = 0;
    }
    lock->l_whence = SEEK_SET;
    lock->l_start = from.start;
    lock->l_len = from.length >= INT64_MAX - from.start ? 0 : from.length;
    lock->l_pid = 0;
    return from.length > 0;
}

static void put_found(uint8_t bytes[FLOCK_SIZE], const struct flock *lock)
{
    int64_t length = lock->l_len;

    if (length == 0 && lock->l_start > 0)
        length = INT64_MAX - lock->l_start;
    hk_put16(bytes, lock->l_type == F_RDLCK ? READ_LOCK : WRITE_LOCK);
    hk_put16(bytes + 2, FROM_START);
    hk_put64(bytes + 4, (uint64_t)lock->l_start);
    hk_put64(bytes + 12, (uint64_t)length);
    hk_put32(bytes + 20, (uint32_t)lock->l_pid);
}

/* Whatever type of lock is asked for, any lock that others have is told. A
 * free range leaves all but the type as it was asked for. */
static int32_t test_lock(struct hk_thread *self, const struct hk_file *file,
                         gm_addr argument, const struct range *range,
                         uint8_t bytes[FLOCK_SIZE])
{
    struct flock lock = {.l_type = F_WRLCK};

    if (!put_range(range, &lock))
        lock.l_type = F_UNLCK;
    else if (fcntl(file->node.fd, F_GETLK, &lock) != 0)
        return hk_status_from_errno(errno);
    /* It is an open file's and no process's. */
    if (lock.l_type != F_UNLCK && lock.l_pid == -1)
        lock.l_pid = hk_whole_lock_holder(file->node.fd);
    if (lock.l_pid == 0)
        lock.l_type = F_UNLCK; /* the team's own */
    if (lock.l_type == F_UNLCK)
        hk_put16(bytes, NO_LOCK);
    else
        put_found(bytes, &lock);
    return hk_write_user(self, argument, bytes, FLOCK_SIZE);
}

/* What is no known type is a lock for writing. */
static short host_type(uint32_t type)
{
    if (type == READ_LOCK)
        return F_RDLCK;
    return type == NO_LOCK ? F_UNLCK : F_WRLCK;
}

static int32_t set_on_host(struct hk_thread *self, int fd, int waiting_op,
                           struct flock *lock)
{
    for (;;) {
        if (hk_host_lock(self, fd, F_SETLK, waiting_op, lock) == 0)
            return HK_B_OK;
        if (errno == EAGAIN)
            return HK_B_PERMISSION_DENIED;
        if (errno != EINTR || hk_is_interrupted(self))
            return hk_status_from_errno(errno);
    }
}

static int32_t set_lock(struct hk_thread *self, const struct hk_file *file,
                        int waiting_op, uint32_t type,
                        const struct range *range)
{
    uint32_t access = file->open_mode & HK_O_RWMASK;
    struct flock lock = {.l_type = host_type(type)};
    int32_t status = HK_B_OK;

    if ((access == HK_O_RDONLY && lock.l_type == F_WRLCK) ||
        (access == HK_O_WRONLY && lock.l_type == F_RDLCK))
        return HK_B_FILE_ERROR;
    if (!put_range(range, &lock))
        return HK_B_OK;
    if (lock.l_type != F_UNLCK)
        status = note(hk_range_locks_of(self->team), file->node.fd);
    return status == HK_B_OK
               ? set_on_host(self, file->node.fd, waiting_op, &lock)
               : status;
}

int32_t hk_range_lock(struct hk_thread *self, const struct hk_file *file,
                      enum hk_range_op op, gm_addr argument)
{
    uint8_t bytes[FLOCK_SIZE];
    struct range range;
    int32_t status;

    if (file->kind != HK_FILE_NODE || file->node.fd < 0)
        return HK_B_BAD_VALUE;
    if (hk_read_user(self, bytes, argument, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    status = read_range(file, bytes, &range);
    if (status != HK_B_OK)
        return status;
    if (op == HK_RANGE_TEST)
        return test_lock(self, file, argument, &range, bytes);
    return set_lock(self, file, op == HK_RANGE_SET ? 0 : F_SETLKW,
                    hk_get16(bytes), &range);
}
