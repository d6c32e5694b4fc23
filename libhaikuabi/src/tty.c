/* tty.c -- terminals: the host's, in Haiku's terms. */
/* SPDX-License-Identifier: MIT */
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bytes.h"
#include "host_process.h"
#include "pty.h"
#include "signals.h"
#include "termios.h"

/* haiku-abi/structs.md, "tty ioctls". */
enum tty_command {
    SET_NONBLOCKING_IO = 3,
    SET_BLOCKING_IO = 4,
    TCGETA_ = 0x8000,
    TCSETA_ = 0x8001,
    TCSETAF_ = 0x8002,
    TCSETAW_ = 0x8003,
    TCSBRK_ = 0x8005,
    TCFLSH_ = 0x8006,
    TCGETBITS_ = 0x8009,
    TCSETDTR_ = 0x800a,
    TCSETRTS_ = 0x800b,
    TIOCGWINSZ_ = 0x800c,
    TIOCSWINSZ_ = 0x800d,
    TIOCGPGRP_ = 0x800f,
    TIOCSPGRP_ = 0x8010,
    TIOCSCTTY_ = 0x8011,
    TIOCMGET_ = 0x8012,
    TIOCMSET_ = 0x8013,
    TIOCSBRK_ = 0x8014,
    TIOCCBRK_ = 0x8015,
    TIOCMBIS_ = 0x8016,
    TIOCMBIC_ = 0x8017,
    TIOCGSID_ = 0x8018,
    TIOCOUTQ_ = 0x8019,
    TIOCEXCL_ = 0x801a,
    TIOCNXCL_ = 0x801b,
    GET_TTY_INDEX = 0x8020,
    GRANT_TTY = 0x8021,
    SET_GROUP_OF_OLD = 0x70676964, /* BeOS's TIOCSPGRP and TIOCSWINSZ */
    SET_WINDOW_SIZE_OF_OLD = 0x7773697a
};

/* Which of a terminal's signals a thread is deaf to. */
static uint64_t deaf_to(const struct hk_thread *self)
{
    const uint64_t both = HK_SIGNAL_BIT(HK_SIGTTIN) | HK_SIGNAL_BIT(HK_SIGTTOU);

    return (atomic_load(&self->signals->mask) |
            hk_signals_ignored(self->team)) &
           both;
}

int hk_tty_is_deaf(const struct hk_thread *self)
{
    return deaf_to(self) != 0;
}

struct hk_deafness hk_tty_begin(const struct hk_thread *self)
{
    struct hk_deafness deafness = {.is_set = 0};
    uint64_t deaf = deaf_to(self);
    sigset_t set;

    if (deaf == 0)
        return deafness;
    sigemptyset(&set);
    if (deaf & HK_SIGNAL_BIT(HK_SIGTTIN))
        sigaddset(&set, SIGTTIN);
    if (deaf & HK_SIGNAL_BIT(HK_SIGTTOU))
        sigaddset(&set, SIGTTOU);
    deafness.is_set = pthread_sigmask(SIG_BLOCK, &set, &deafness.old) == 0;
    return deafness;
}

void hk_tty_end(const struct hk_deafness *deafness)
{
    int error = errno;

    if (deafness->is_set)
        pthread_sigmask(SIG_SETMASK, &deafness->old, NULL);
    errno = error;
}

static int32_t result_of(int host_result)
{
    return host_result < 0 ? hk_status_from_errno(errno) : HK_B_OK;
}

static int32_t get_attributes(const struct hk_thread *self, int fd,
                              gm_addr data)
{
    enum hk_release release = hk_kernel_of(self)->config.release;
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];
    struct termios host;

    if (tcgetattr(fd, &host) < 0)
        return hk_status_from_errno(errno);
    hk_termios_put(bytes, &host, release);
    return hk_write_user(self, data, bytes, hk_termios_size(release));
}

static int32_t set_attributes(const struct hk_thread *self, int fd,
                              gm_addr data, int when)
{
    enum hk_release release = hk_kernel_of(self)->config.release;
    uint8_t bytes[HK_TERMIOS_SIZE_MAX];
    struct termios host;

    if (hk_read_user(self, bytes, data, hk_termios_size(release)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (tcgetattr(fd, &host) < 0)
        return hk_status_from_errno(errno);
    hk_termios_get(&host, bytes);
    return result_of(tcsetattr(fd, when, &host));
}

static int32_t get_window_size(const struct hk_thread *self, int fd,
                               gm_addr data)
{
    struct winsize host;
    uint8_t bytes[8];

    if (ioctl(fd, TIOCGWINSZ, &host) < 0)
        return hk_status_from_errno(errno);
    hk_put16(bytes, host.ws_row);
    hk_put16(bytes + 2, host.ws_col);
    hk_put16(bytes + 4, host.ws_xpixel);
    hk_put16(bytes + 6, host.ws_ypixel);
    return hk_write_user(self, data, bytes, sizeof(bytes));
}

static int32_t set_window_size(const struct hk_thread *self, int fd,
                               gm_addr data)
{
    struct winsize host;
    uint8_t bytes[8];

    if (hk_read_user(self, bytes, data, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    host.ws_row = hk_get16(bytes);
    host.ws_col = hk_get16(bytes + 2);
    host.ws_xpixel = hk_get16(bytes + 4);
    host.ws_ypixel = hk_get16(bytes + 6);
    return result_of(ioctl(fd, TIOCSWINSZ, &host));
}

static int32_t get_number(const struct hk_thread *self, int number,
                          gm_addr data)
{
    uint8_t bytes[4];

    if (number < 0)
        return hk_status_from_errno(errno);
    hk_put32(bytes, (uint32_t)number);
    return hk_write_user(self, data, bytes, sizeof(bytes));
}

static int32_t get_queued(const struct hk_thread *self, int fd, gm_addr data)
{
    int count = 0;

    if (ioctl(fd, TIOCOUTQ, &count) < 0)
        return hk_status_from_errno(errno);
    return get_number(self, count, data);
}

/* The host does not tell of another session's, to whose leader it is known. */
static pid_t group_of_session(pid_t session)
{
    struct hk_host_task leader;

    return hk_host_task_get(session, 0, &leader) == 0 &&
                   leader.terminal_group > 0
               ? leader.terminal_group
               : 0;
}

/* A terminal's session, or -1, and its foreground group, or 0. */
static int32_t get_owner(struct hk_thread *self, int fd, int is_group,
                         gm_addr data)
{
    pid_t owner = is_group ? tcgetpgrp(fd) : tcgetsid(fd);
    int32_t session =
        owner < 0 && errno == ENOTTY ? hk_pty_session(self, fd) : -1;
    uint8_t bytes[4];

    if (session < 0)
        return get_number(self, owner, data);
    if (is_group)
        owner = session > 0 ? group_of_session(session) : 0;
    else if (session > 0)
        owner = session;
    hk_put32(bytes, (uint32_t)owner);
    return hk_write_user(self, data, bytes, sizeof(bytes));
}

static int32_t set_group(const struct hk_thread *self, int fd, gm_addr data)
{
    uint8_t bytes[4];

    if (hk_read_user(self, bytes, data, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    if (tcsetpgrp(fd, (pid_t)hk_get32(bytes)) == 0)
        return HK_B_OK;
    return errno == EPERM || errno == ESRCH ? HK_B_BAD_VALUE
                                            : hk_status_from_errno(errno);
}

/* The queues are bits of the argument itself: 1 input, 2 output. It fails when
 * it has done so: Haiku's pseudo-terminals have no hardware to flush. */
static int32_t flush(int fd, uint32_t queues)
{
    static const int host[] = {TCIFLUSH, TCOFLUSH, TCIOFLUSH};

    queues &= 3;
    if (queues != 0 && tcflush(fd, host[queues - 1]) != 0)
        return hk_status_from_errno(errno);
    return HK_B_ERROR;
}

/* Nor lines to set, of which these are there, or the call sets none. */
static int32_t set_lines(const struct hk_thread *self, gm_addr data,
                         uint32_t settable)
{
    uint8_t bytes[4];

    if (hk_read_user(self, bytes, data, sizeof(bytes)) != HK_B_OK)
        return HK_B_BAD_ADDRESS;
    return settable == 0 || (hk_get32(bytes) & settable) != 0 ? HK_B_ERROR
                                                              : HK_B_OK;
}

/* What R1/beta4 does not know. */
static int is_new(uint32_t cmd)
{
    return cmd == TIOCOUTQ_ || cmd == TIOCEXCL_ || cmd == TIOCNXCL_;
}

static int32_t set_blocking(int fd, int is_blocking)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0)
        return hk_status_from_errno(errno);
    flags = is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    return result_of(fcntl(fd, F_SETFL, flags));
}

static int32_t take_control(struct hk_thread *self, int fd)
{
    if (ioctl(fd, TIOCSCTTY, 0) != 0)
        return hk_status_from_errno(errno);
    hk_pty_tell_session(self, fd);
    return HK_B_OK;
}

static int32_t get_index(struct hk_thread *self, int fd, gm_addr data)
{
    int32_t index = hk_pty_index(self, fd);

    return index < 0 ? index : get_number(self, index, data);
}

static int32_t control(struct hk_thread *self, int fd, uint32_t cmd,
                       gm_addr data)
{
    enum { DTR_RTS = 0x30 };

    if (is_new(cmd) && hk_kernel_of(self)->config.release < HK_R1BETA5)
        return HK_B_BAD_VALUE;
    switch (cmd) {
    case SET_NONBLOCKING_IO:
        return set_blocking(fd, 0);
    case SET_BLOCKING_IO:
        return set_blocking(fd, 1);
    case TCGETA_:
        return get_attributes(self, fd, data);
    case TCSETA_:
        return set_attributes(self, fd, data, TCSANOW);
    case TCSETAW_:
        return set_attributes(self, fd, data, TCSADRAIN);
    case TCSETAF_:
        return set_attributes(self, fd, data, TCSAFLUSH);
    case TCSBRK_:
    case TIOCSBRK_:
    case TIOCCBRK_:
        return HK_B_ERROR;
    case TCGETBITS_:
    case TIOCMGET_:
        return get_number(self, 0, data);
    case TCSETDTR_:
    case TCSETRTS_:
    case TIOCMSET_:
        return set_lines(self, data, 0);
    case TIOCMBIS_:
    case TIOCMBIC_:
        return set_lines(self, data, DTR_RTS);
    case TCFLSH_:
        return flush(fd, (uint32_t)data);
    case TIOCGWINSZ_:
        return get_window_size(self, fd, data);
    case TIOCSWINSZ_:
    case SET_WINDOW_SIZE_OF_OLD:
        return set_window_size(self, fd, data);
    case TIOCGPGRP_:
        return get_owner(self, fd, 1, data);
    case TIOCSPGRP_:
    case SET_GROUP_OF_OLD:
        return set_group(self, fd, data);
    case TIOCSCTTY_:
        return take_control(self, fd);
    case TIOCGSID_:
        return get_owner(self, fd, 0, data);
    case TIOCOUTQ_:
        return get_queued(self, fd, data);
    case TIOCEXCL_:
        return result_of(ioctl(fd, TIOCEXCL));
    case TIOCNXCL_:
        return result_of(ioctl(fd, TIOCNXCL));
    case GET_TTY_INDEX:
        return get_index(self, fd, data);
    default:
        return HK_B_BAD_VALUE;
    }
}

int32_t hk_tty_ioctl(struct hk_thread *self, struct hk_file *file, uint32_t cmd,
                     gm_addr data)
{
    struct hk_deafness deafness = hk_tty_begin(self);
    /* The host has given the slave to the user who runs this already. */
    int32_t status = cmd == GRANT_TTY
                         ? (file->pty != NULL ? HK_B_OK : HK_B_BAD_VALUE)
                         : control(self, file->node.fd, cmd, data);

    hk_tty_end(&deafness);
    return status;
}
