/* terminals.c -- how calls on pseudo-terminals fail. */
/* SPDX-License-Identifier: MIT */
#include <errors.h>

enum { O_NOCTTY = 0x1000, NO_GROUP = 999999 };

/* haiku-abi/structs.md, "tty ioctls". */
enum {
    TCGETA = 0x8000,
    TCSETA = 0x8001,
    TCSBRK = 0x8005,
    TCFLSH = 0x8006,
    TIOCGWINSZ = 0x800c,
    TIOCSWINSZ = 0x800d,
    TIOCGPGRP = 0x800f,
    TIOCSPGRP = 0x8010,
    TIOCSCTTY = 0x8011,
    TIOCMGET = 0x8012,
    TIOCMSET = 0x8013,
    TIOCGSID = 0x8018,
    TIOCOUTQ = 0x8019,
    GET_TTY_INDEX = 0x8020,
    GRANT_TTY = 0x8021,
    NO_REQUEST = 0x80ff
};
static const uint32_t FIONREAD = 0xbe000001u;

static long master, slave;
static char path[] = "/dev/tt/p0";
static char buffer[64];

static void open_pair(void)
{
    int32_t index = -1;

    master = sys(SYS_open, AT_FDCWD, "/dev/ptmx", O_RDWR, 0);
    CHECK_STATUS(sys(SYS_ioctl, master, GRANT_TTY, (void *)0, 0), HK_B_OK);
    CHECK_STATUS(sys(SYS_ioctl, master, GET_TTY_INDEX, &index, 0), HK_B_OK);
    path[8] = (char)('p' + index / 16);
    path[9] = "0123456789abcdef"[index % 16];
    slave = sys(SYS_open, AT_FDCWD, path, O_RDWR | O_NOCTTY, 0);
    CHECK(master > 2 && slave > 2);
}

static void requests(void)
{
    static const uint32_t of_addresses[] = {
        TCGETA,   TCSETA,   TIOCGWINSZ, TIOCSWINSZ, TIOCGPGRP,  TIOCSPGRP,
        TIOCMGET, TIOCMSET, TIOCGSID,   TIOCOUTQ,   0xbe000001u};
    int32_t number = 0;

    for (size_t i = 0; i < sizeof(of_addresses) / sizeof(of_addresses[0]); i++)
        FAILS(B_BAD_ADDRESS, ioctl, slave, of_addresses[i], BAD_POINTER, 0);
    FAILS(B_BAD_ADDRESS, ioctl, master, FIONREAD, (void *)0, 0);
    FAILS(B_BAD_ADDRESS, ioctl, slave, NO_REQUEST, KERNEL_POINTER, 0);
    FAILS(B_BAD_VALUE, ioctl, slave, NO_REQUEST, buffer, 0);
    FAILS(B_BAD_VALUE, ioctl, slave, GRANT_TTY, (void *)0, 0);
    FAILS(B_ERROR, ioctl, slave, TIOCMSET, &number, 0);
    FAILS(B_ERROR, ioctl, slave, TCSBRK, (void *)0, 0);
    FAILS(B_ERROR, ioctl, slave, TCFLSH, (void *)1, 0);
    /* It is no terminal of the team's. */
    FAILS(ENOTTY, ioctl, slave, TIOCSPGRP, &number, 0);
}

static void reading(void)
{
    interrupt_from_now();
    FAILS(B_INTERRUPTED, read, slave, NO_POSITION, buffer, 4);
    interrupt_no_more();
    CHECK_STATUS(sys(SYS_fcntl, slave, 16, O_NONBLOCK), HK_B_OK);
    FAILS(B_WOULD_BLOCK, read, slave, NO_POSITION, buffer, 4);
    FAILS(B_WOULD_BLOCK, readv, slave, NO_POSITION, (&(struct {
              void *base;
              uint32_t size;
          }){buffer, 4}),
          1);
}

/* Who leads no session gets no terminal. */
static void in_group(void)
{
    FAILS(B_NOT_ALLOWED, ioctl, slave, TIOCSCTTY, (void *)0, 0);
}

static void ignore(int signal)
{
    (void)signal;
}

/* Who is in the background is sent SIGTTOU, and may handle it. */
static void in_background(void)
{
    enum { SIGTTOU = 17 };
    const struct sigaction action = {.handler = (void *)ignore};
    const int32_t group = (int32_t)sys(SYS_setpgid, 0, 0);

    CHECK(group > 0);
    CHECK_STATUS(sys(SYS_sigaction, SIGTTOU, &action, (void *)0), HK_B_OK);
    FAILS(B_INTERRUPTED, ioctl, slave, TIOCSPGRP, &group, 0);
}

static void in_session(void)
{
    const int32_t group = NO_GROUP;

    CHECK(sys(SYS_setsid) > 0);
    sys(SYS_close, slave);
    slave = sys(SYS_open, AT_FDCWD, path, O_RDWR, 0);
    FAILS(B_BAD_VALUE, ioctl, slave, TIOCSPGRP, &group, 0);
    in_child(in_group);
    in_child(in_background);
}

static void ending(void)
{
    sys(SYS_close, master);
    FAILS(B_IO_ERROR, open, AT_FDCWD, path, O_RDWR, 0);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    open_pair();
    requests();
    reading();
    in_child(in_session);
    ending();
    print("errors checked\n");
    return 0;
}
