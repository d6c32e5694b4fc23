/* pty.c -- pseudo-terminals by Haiku's names. */
/* SPDX-License-Identifier: MIT */
#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

enum { HOST_SLAVE_MAJOR = 136 };

struct hk_pty_master {
    struct hk_shared *shared;
    uint32_t index, number;
    pid_t process; /* whose this is; in a fork's child not yet its own */
};

void hk_pty_name(uint32_t index, char name[HK_PTY_NAME_SIZE])
{
    name[0] = (char)('p' + index / 16);
    name[1] = "0123456789abcdef"[index % 16];
    name[2] = '\0';
}

/* ---- who has which: with the shared lock ---- */

void hk_ptys_drop(struct hk_shared *shared, uint32_t team)
{
    struct hk_pty *ptys = hk_shared_ptys(shared);

    for (uint32_t i = 0; i < HK_PTYS_MAX; i++)
        if (hk_team_set_has(&ptys[i].holders, team))
            hk_team_set_put(shared, &ptys[i].holders, team, 0);
}

/* Whether a living team has the master open; nothing may be half done. */
static int is_open(struct hk_shared *shared, const struct hk_pty *pty)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    for (uint32_t team = 1; team < end; team++)
        if (hk_team_set_has(&pty->holders, team))
            hk_shared_is_alive(shared, team);
    return hk_team_set_has_any(&pty->holders);
}

/* The host's number of a terminal that this team may reach, or -1. */
static int32_t host_number(struct hk_shared *shared, uint32_t index)
{
    const struct hk_pty *pty = &hk_shared_ptys(shared)[index];
    int32_t number = -1;

    hk_shared_lock(shared);
    if (is_open(shared, pty) &&
        (!pty->is_hosts || pty->session == (uint32_t)getsid(0)))
        number = (int32_t)pty->number;
    hk_shared_unlock(shared);
    return number;
}

static int32_t take(struct hk_shared *shared, uint32_t wanted, uint32_t number,
                    uint32_t *index)
{
    struct hk_pty *ptys = hk_shared_ptys(shared);
    uint32_t first = wanted == HK_PTY_ANY ? 0 : wanted;
    uint32_t end = wanted == HK_PTY_ANY ? HK_PTYS_MAX : wanted + 1;

    for (uint32_t i = first; i < end && shared->team != 0; i++) {
        if (is_open(shared, &ptys[i]))
            continue;
        hk_put(shared, &ptys[i].number, number);
        hk_put(shared, &ptys[i].session, 0);
        hk_put(shared, &ptys[i].is_hosts, 0);
        hk_team_set_put(shared, &ptys[i].holders, shared->team, 1);
        *index = i;
        return HK_B_OK;
    }
    return wanted == HK_PTY_ANY ? HK_B_ENTRY_NOT_FOUND : HK_B_BUSY;
}

/* The teams of this one's session hold it, too. */
static void hold_by_session(struct hk_shared *shared, struct hk_pty *pty)
{
    uint32_t end = hk_item_end(shared, HK_POOL_TEAMS);

    for (uint32_t team = 1; team < end; team++)
        if (hk_shared_is_alive(shared, team) &&
            getsid(hk_shared_slot(shared, team)->id) == getsid(0))
            hk_team_set_put(shared, &pty->holders, team, 1);
}

/* The index of the host's terminal of that number, or B_BAD_VALUE; session is
 * what it controls, if that is this team's. */
static int32_t find(struct hk_shared *shared, uint32_t number, pid_t session)
{
    const struct hk_pty *ptys = hk_shared_ptys(shared);

    for (uint32_t i = 0; i < HK_PTYS_MAX; i++)
        if (ptys[i].number == number &&
            (!ptys[i].is_hosts || ptys[i].session == (uint32_t)session) &&
            is_open(shared, &ptys[i]))
            return (int32_t)i;
    return HK_B_BAD_VALUE;
}

/* ---- masters ---- */

static int host_flags(uint32_t mode)
{
    return O_NOCTTY | O_CLOEXEC | (mode & HK_O_NONBLOCK ? O_NONBLOCK : 0);
}

static int open_host_master(uint32_t mode, unsigned *number)
{
    int fd = open("/dev/ptmx", O_RDWR | host_flags(mode));
    int unlock = 0, error;

    if (fd >= 0 && ioctl(fd, TIOCSPTLCK, &unlock) == 0 &&
        ioctl(fd, TIOCGPTN, number) == 0)
        return fd;
    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static int32_t open_master(struct hk_thread *self, uint32_t wanted,
                           uint32_t mode, int *fd,
                           struct hk_pty_master **master)
{
    struct hk_shared *shared = hk_shared_of(self);
    struct hk_pty_master *made = calloc(1, sizeof(*made));
    int32_t status;

    if (made == NULL)
        return HK_B_NO_MEMORY;
    *fd = open_host_master(mode, &made->number);
    status = *fd < 0 ? hk_status_from_errno(errno) : HK_B_OK;
    if (status == HK_B_OK) {
        hk_shared_lock(shared);
        status = take(shared, wanted, made->number, &made->index);
        hk_shared_unlock(shared);
    }
    if (status != HK_B_OK) {
        if (*fd >= 0)
            close(*fd);
        free(made);
        return status;
    }
    made->shared = shared;
    made->process = getpid();
    *master = made;
    return HK_B_OK;
}

/* Another thread of a fork's parent may have let go of it before the child
 * holds it: then the name may be another terminal's. */
static void hold(struct hk_pty_master *master, int holds)
{
    struct hk_shared *shared = master->shared;
    struct hk_pty *pty = &hk_shared_ptys(shared)[master->index];

    hk_shared_lock(shared);
    if (shared->team != 0 && pty->number == master->number)
        hk_team_set_put(shared, &pty->holders, shared->team, holds);
    hk_shared_unlock(shared);
}

void hk_pty_master_free(struct hk_pty_master *master)
{
    if (master == NULL)
        return;
    if (master->process == getpid())
        hold(master, 0);
    free(master);
}

void hk_pty_master_fork(struct hk_pty_master *master)
{
    if (master == NULL)
        return;
    master->process = getpid();
    hold(master, 1);
}

/* ---- slaves ---- */

void hk_pty_tell_session(struct hk_thread *self, int fd)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t index = hk_pty_index(self, fd);

    if (index < 0)
        return;
    hk_shared_lock(shared);
    hk_put(shared, &hk_shared_ptys(shared)[index].session, (uint32_t)getsid(0));
    hk_shared_unlock(shared);
}

static int32_t session_of(struct hk_thread *self, uint32_t index)
{
    pid_t session = (pid_t)hk_shared_ptys(hk_shared_of(self))[index].session;

    return session > 0 && getsid(session) == session ? session : 0;
}

int32_t hk_pty_session(struct hk_thread *self, int fd)
{
    int32_t index = hk_pty_index(self, fd);

    return index < 0 ? -1 : session_of(self, (uint32_t)index);
}

/* A session's leader takes a terminal that is no session's yet; nobody else
 * may open one unless he does not want to. */
static int32_t take_control(struct hk_thread *self, uint32_t index, int fd)
{
    if (getsid(0) != getpid())
        return session_of(self, index) != 0 ? HK_B_OK : HK_B_NOT_ALLOWED;
    if (ioctl(fd, TIOCSCTTY, 0) == 0)
        hk_pty_tell_session(self, fd);
    return HK_B_OK;
}

/* Whether what has been opened is the terminal of that index; by its number
 * alone it may be another one. */
static int is_still(struct hk_shared *shared, uint32_t index, int32_t number,
                    int fd)
{
    return host_number(shared, index) == number &&
           (!hk_shared_ptys(shared)[index].is_hosts ||
            tcgetsid(fd) == getsid(0));
}

static int32_t open_slave(struct hk_thread *self, uint32_t index, uint32_t mode,
                          int *fd)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t number = host_number(shared, index), status = HK_B_OK;
    char path[32];

    if (number < 0)
        return HK_B_IO_ERROR;
    snprintf(path, sizeof(path), "/dev/pts/%d", number);
    *fd = open(path, (int)(mode & HK_O_RWMASK) | host_flags(mode));
    if (*fd < 0)
        return errno == ENOENT ? HK_B_IO_ERROR : hk_status_from_errno(errno);
    if (!is_still(shared, index, number, *fd))
        status = HK_B_IO_ERROR;
    else if (!(mode & HK_O_NOCTTY))
        status = take_control(self, index, *fd);
    if (status != HK_B_OK)
        close(*fd);
    return status;
}

/* ---- both ---- */

int32_t hk_pty_open(struct hk_thread *self, struct hk_node *node, uint32_t mode,
                    struct hk_pty_master **master)
{
    const struct hk_place *place = node->place;
    int32_t status;
    int fd;

    *master = NULL;
    if (place->pty == HK_PTY_MASTER)
        status = open_master(self, place->pty_index, mode, &fd, master);
    else
        status = open_slave(self, place->pty_index, mode, &fd);
    if (status != HK_B_OK)
        return status;
    hk_node_close(node);
    node->fd = fd;
    return HK_B_OK;
}

static int get_host_number(int fd, uint32_t *number)
{
    struct stat info;
    unsigned of_master;

    if (ioctl(fd, TIOCGPTN, &of_master) == 0) {
        *number = of_master;
        return 1;
    }
    if (fstat(fd, &info) != 0 || !S_ISCHR(info.st_mode) ||
        major(info.st_rdev) != HOST_SLAVE_MAJOR)
        return 0;
    *number = minor(info.st_rdev);
    return 1;
}

int32_t hk_pty_index(struct hk_thread *self, int fd)
{
    struct hk_shared *shared = hk_shared_of(self);
    int32_t index;
    uint32_t number;

    if (!get_host_number(fd, &number))
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    index = find(shared, number, tcgetsid(fd));
    hk_shared_unlock(shared);
    return index;
}

int32_t hk_pty_index_of_hosts(struct hk_thread *self, int fd)
{
    struct hk_shared *shared = hk_shared_of(self);
    pid_t session = getsid(0);
    uint32_t number, index;
    int32_t found;

    if (!get_host_number(fd, &number) || tcgetsid(fd) != session)
        return HK_B_BAD_VALUE;
    hk_shared_lock(shared);
    found = find(shared, number, session);
    if (found < 0 && take(shared, HK_PTY_ANY, number, &index) == HK_B_OK) {
        struct hk_pty *pty = &hk_shared_ptys(shared)[index];

        hk_put(shared, &pty->session, (uint32_t)session);
        hk_put(shared, &pty->is_hosts, 1);
        hold_by_session(shared, pty);
        found = (int32_t)index;
    }
    hk_shared_unlock(shared);
    return found;
}
