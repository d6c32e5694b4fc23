/* terminals.c -- pseudo-terminals by their names. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <team.h>

enum { O_NOCTTY = 0x1000 };

/* haiku-abi/structs.md, "tty ioctls", and what libroot's pty functions ask. */
enum {
    GET_PATH_FOR_DEVICE = 21,
    TCGETA = 0x8000,
    TCSBRK = 0x8005,
    TCFLSH = 0x8006,
    TIOCGWINSZ = 0x800c,
    TIOCSWINSZ = 0x800d,
    TIOCGPGRP = 0x800f,
    TIOCSPGRP = 0x8010,
    TIOCMGET = 0x8012,
    TIOCMSET = 0x8013,
    TIOCGSID = 0x8018,
    GET_TTY_INDEX = 0x8020,
    GRANT_TTY = 0x8021
};

static long open(const char *path, int mode)
{
    return sys(SYS_open, AT_FDCWD, path, mode, 0);
}

static long control(long fd, int command, void *data)
{
    return sys(SYS_ioctl, fd, command, data, 0);
}

/* A master and its slave, as openpty opens them. */
static long open_pair(long *slave)
{
    int32_t index = -1;
    char name[] = "/dev/tt/p0";
    long master = open("/dev/ptmx", O_RDWR);

    CHECK(master > 2);
    CHECK_STATUS(control(master, GRANT_TTY, 0), HK_B_OK);
    CHECK_STATUS(control(master, GET_TTY_INDEX, &index), HK_B_OK);
    name[8] = (char)('p' + index / 16);
    name[9] = "0123456789abcdef"[index % 16];
    *slave = open(name, O_RDWR | O_NOCTTY);
    CHECK(*slave > 2);
    return master;
}

/* One read gives what the other side has got so far. */
static void expect(long fd, const char *text)
{
    char found[64];
    long size = 0, more = 1;

    while (size < (long)strlen(text) && more > 0) {
        more = sys(SYS_read, fd, NO_POSITION, found + size,
                   sizeof(found) - 1 - size);
        size += more;
    }
    CHECK_STATUS(size, (long)strlen(text));
    CHECK(memcmp(found, text, strlen(text)) == 0);
}

static void tell(long fd, const char *text)
{
    CHECK_STATUS(sys(SYS_write, fd, NO_POSITION, text, strlen(text)),
                 (long)strlen(text));
}

static void ends(void)
{
    uint16_t size[4] = {24, 80, 0, 0}, found[4] = {0};
    char termios[64], path[64];
    long slave, master = open_pair(&slave);

    tell(master, "in\n");
    expect(slave, "in\n");
    expect(master, "in\r\n");
    tell(slave, "out\n");
    expect(master, "out\r\n");
    CHECK_STATUS(control(slave, TCGETA, termios), HK_B_OK);
    CHECK_STATUS(control(slave, TCGETA, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(control(master, TIOCSWINSZ, size), HK_B_OK);
    CHECK_STATUS(control(slave, TIOCGWINSZ, found), HK_B_OK);
    CHECK(memcmp(size, found, sizeof(size)) == 0);
    CHECK(control(slave, GET_PATH_FOR_DEVICE, path) > 0);
    CHECK(memcmp(path, "/dev/tt/", 8) == 0);
    CHECK_STATUS(control(slave, GRANT_TTY, 0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_close, master), HK_B_OK);
    CHECK_STATUS(open(path, O_RDWR), HK_B_IO_ERROR);
    CHECK_STATUS(sys(SYS_close, slave), HK_B_OK);
}

/* One that is no session's, and no hardware. */
static void commands(void)
{
    enum { BOTH_QUEUES = 3, UNKNOWN = 0x80ff };
    int32_t number = 0;
    long slave, master = open_pair(&slave);

    CHECK_STATUS(control(slave, TIOCGSID, &number), HK_B_OK);
    CHECK_STATUS(number, -1);
    CHECK_STATUS(control(slave, TIOCGPGRP, &number), HK_B_OK);
    CHECK_STATUS(number, 0);
    CHECK_STATUS(control(slave, TIOCGPGRP, BAD_POINTER), HK_B_BAD_ADDRESS);
    CHECK_STATUS(control(slave, TIOCMGET, &number), HK_B_OK);
    CHECK_STATUS(number, 0);
    CHECK_STATUS(control(slave, TIOCMSET, &number), HK_B_ERROR);
    CHECK_STATUS(control(slave, TCSBRK, 0), HK_B_ERROR);
    CHECK_STATUS(control(slave, UNKNOWN, &number), HK_B_BAD_VALUE);
    tell(master, "lost\n");
    CHECK_STATUS(control(slave, TCFLSH, (void *)BOTH_QUEUES), HK_B_ERROR);
    tell(master, "kept\n");
    expect(slave, "kept\n");
    sys(SYS_close, slave);
    sys(SYS_close, master);
}

/* Stops a child in the foreground, by a key that comes from the other side. */
static void stopped_by_key(long slave)
{
    enum { SIGKILL = 9, SIGCONT = 12, SIGTSTP = 13 };
    enum { CONTINUED = 4, STOPPED = 16, CLD_STOPPED = 64 };
    struct siginfo info;
    long child = fork_team();
    int32_t group = (int32_t)child;

    if (child == 0)
        for (;;)
            sys(SYS_snooze_etc, 1000000LL, 0, 8, (void *)0);
    CHECK_STATUS(sys(SYS_setpgid, child, child), child);
    CHECK_STATUS(control(slave, TIOCSPGRP, &group), HK_B_OK);
    tell(slave, "in front\n");
    CHECK_STATUS(sys(SYS_wait_for_child, child, STOPPED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_STOPPED && info.status == SIGTSTP);
    sys(SYS_send_signal, child, SIGCONT, (void *)0, 0);
    CHECK_STATUS(sys(SYS_wait_for_child, child, CONTINUED, &info, (void *)0),
                 child);
    sys(SYS_send_signal, child, SIGKILL, (void *)0, 0);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
}

/* In a session of its own the slave controls, and is /dev/tty. */
static int session(long master)
{
    char path[] = "/dev/tt/p0";
    int32_t index = 0, number = 0;
    long self, slave, tty;

    CHECK_STATUS(control(master, GET_TTY_INDEX, &index), HK_B_OK);
    path[8] = (char)('p' + index / 16);
    path[9] = "0123456789abcdef"[index % 16];
    self = sys(SYS_setsid);
    CHECK_STATUS(self, sys(SYS_get_current_team));
    slave = open(path, O_RDWR);
    CHECK(slave > 0);
    CHECK_STATUS(control(slave, TIOCGSID, &number), HK_B_OK);
    CHECK_STATUS(number, self);
    CHECK_STATUS(control(slave, TIOCGPGRP, &number), HK_B_OK);
    CHECK_STATUS(number, self);
    tty = open("/dev/tty", O_RDWR);
    CHECK(tty > 0);
    tell(tty, "controlled\n");
    expect(tty, "go on\n");
    stopped_by_key(slave);
    return guest_end(0);
}

/* Whose it is is told to other sessions, too. */
static void sessions(void)
{
    struct siginfo info;
    int32_t number = 0;
    long slave, master = open_pair(&slave), child = fork_team();

    if (child == 0)
        sys(SYS_exit_team, session(master));
    expect(master, "controlled\r\n");
    CHECK_STATUS(control(slave, TIOCGSID, &number), HK_B_OK);
    CHECK_STATUS(number, child);
    CHECK_STATUS(control(slave, TIOCGPGRP, &number), HK_B_OK);
    CHECK_STATUS(number, child);
    tell(master, "go on\n");
    expect(master, "go on\r\nin front\r\n");
    tell(master, "\032");
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    CHECK(info.code == CLD_EXITED && info.status == 0);
    sys(SYS_close, slave);
    sys(SYS_close, master);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    ends();
    commands();
    sessions();
    print("terminals checked\n");
    return 0;
}
