/* whole_locks.c -- flock: locks of files as a whole. */
/* SPDX-License-Identifier: MIT */
#include "whole_locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "block.h"
#include "host_call.h"
#include "host_open.h"
#include "team.h"

/*
 * Haiku has one list of a file's locks, in which those of flock and those of
 * fcntl's ranges exclude each other. On the host they do not meet: to a lock of
 * flock's, which the host's programs see, one of all positions is added that is
 * the open file's and not the process's. Where the file may not be written to
 * there is none to be had, and flock's is alone.
 */

/* The descriptor that has the lock of all positions, always the same of a file:
 * one that may read and write, if there can be. */
static int all_positions(struct hk_file *file)
{
    int fd;

    if (hk_file_type(file) != S_IFREG)
        return -1;
    if ((file->open_mode & HK_O_RWMASK) == HK_O_RDWR)
        return file->node.fd;
    pthread_mutex_lock(&file->lock);
    if (file->lock_fd < 0)
        file->lock_fd = hk_host_reopen(file->node.fd, O_RDWR);
    fd = file->lock_fd;
    pthread_mutex_unlock(&file->lock);
    return fd;
}

int hk_host_lock(struct hk_thread *self, int fd, int op, int waiting_op,
                 struct flock *lock)
{
    const struct hk_host_call call = {
        SYS_fcntl, {fd, waiting_op, (long)lock}, NULL, 0};

    if (fcntl(fd, op, lock) == 0)
        return 0;
    if (errno == EACCES)
        errno = EAGAIN;
    if (errno != EAGAIN || waiting_op == 0)
        return -1;
    return (int)hk_host_call(self, &call);
}

static int lock_all_positions(struct hk_thread *self, struct hk_file *file,
                              int op)
{
    int action = op & ~LOCK_NB;
    struct flock lock = {.l_type = action == LOCK_EX   ? F_WRLCK
                                   : action == LOCK_SH ? F_RDLCK
                                                       : F_UNLCK,
                         .l_whence = SEEK_SET};
    int fd = all_positions(file);

    if (fd < 0)
        return 0;
    return hk_host_lock(self, fd, F_OFD_SETLK, op & LOCK_NB ? 0 : F_OFD_SETLKW,
                        &lock);
}

static int lock_file(struct hk_thread *self, int fd, int op)
{
    const struct hk_host_call call = {SYS_flock, {fd, op}, NULL, 0};

    if (flock(fd, op | LOCK_NB) == 0)
        return 0;
    return errno != EAGAIN || op & LOCK_NB ? -1
                                           : (int)hk_host_call(self, &call);
}

/* One behind the other, in the same order for all: nobody waits for who waits
 * for him. */
static int lock_both(struct hk_thread *self, struct hk_file *file, int op)
{
    int before = atomic_load(&file->whole_lock);
    int error;

    if (lock_all_positions(self, file, op) != 0)
        return -1;
    if (lock_file(self, file->node.fd, op) == 0) {
        atomic_store(&file->whole_lock, op & ~LOCK_NB);
        return 0;
    }
    error = errno;
    lock_all_positions(self, file, before | LOCK_NB);
    errno = error;
    return -1;
}

int32_t hk_whole_lock(struct hk_thread *self, struct hk_file *file, int op)
{
    while (lock_both(self, file, op) != 0)
        if (errno != EINTR || hk_is_interrupted(self))
            return hk_status_from_errno(errno);
    return HK_B_OK;
}

/* A line is "1: FLOCK  ADVISORY  WRITE 714 fe:00:5678 0 EOF". */
static pid_t read_holder(FILE *lines, const struct stat *info)
{
    unsigned long long inode;
    unsigned device[2];
    char line[256];
    int team;

    while (fgets(line, sizeof(line), lines) != NULL)
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%llu", &team, &device[0],
                   &device[1], &inode) == 4 &&
            inode == info->st_ino && device[0] == major(info->st_dev) &&
            device[1] == minor(info->st_dev) && team != getpid())
            return team;
    return 0;
}

pid_t hk_whole_lock_holder(int fd)
{
    FILE *lines = fopen("/proc/locks", "re");
    struct stat info;
    pid_t team = 0;

    if (lines == NULL)
        return -1;
    if (fstat(fd, &info) == 0)
        team = read_holder(lines, &info);
    fclose(lines);
    return team;
}
