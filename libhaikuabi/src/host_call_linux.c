/* host_call_linux.c -- the host's calls; Linux on any processor. */
/* SPDX-License-Identifier: MIT */
#include "host_call.h"

#ifndef HK_HOST_CALL_BY_PC

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "kernel.h"

void hk_host_call_leave(void *ucontext)
{
    (void)ucontext;
}

/* The host's signals stay blocked between the look for an interruption and the
 * wait, so that none comes in between unseen. */
static int wait_masked(struct hk_thread *self, const struct hk_host_call *call,
                       struct pollfd *fds, nfds_t count,
                       const struct timespec *timeout)
{
    sigset_t all, mask;
    int result = -1, error = EINTR;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    if (!atomic_load(&self->attention) &&
        (call->word == NULL || atomic_load(call->word) == call->seen)) {
        result = ppoll(fds, count, timeout, &mask);
        error = errno;
    }
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    errno = error;
    return result;
}

static int makes_wait(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK) &&
           (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode) ||
            S_ISSOCK(info.st_mode));
}

/* What a descriptor is to be ready for, or 0: a call of no descriptor's, or of
 * one that makes nobody wait, as that of an event queue. */
static short events_of(const struct hk_host_call *call)
{
    int is_read = call->number == SYS_read || call->number == SYS_readv;
    int is_write = call->number == SYS_write || call->number == SYS_writev;

    if ((!is_read && !is_write) || !makes_wait((int)call->arguments[0]))
        return 0;
    return is_read ? POLLIN : POLLOUT;
}

/* A signal in the instant before a call that polls nothing begins is seen when
 * that returns; so it is when somebody else has taken what was there. */
long hk_host_call(struct hk_thread *self, const struct hk_host_call *call)
{
    const long *arguments = call->arguments;
    struct pollfd ready = {(int)arguments[0], events_of(call), 0};

    if (call->number == SYS_ppoll)
        return wait_masked(self, call, (struct pollfd *)arguments[0],
                           (nfds_t)arguments[1],
                           (const struct timespec *)arguments[2]);
    if (ready.events != 0 && wait_masked(self, call, &ready, 1, NULL) < 0)
        return -1;
    return syscall(call->number, arguments[0], arguments[1], arguments[2],
                   arguments[3], arguments[4], arguments[5]);
}

#endif
