/* termios.c -- Haiku's termios record and the host's. */
/* SPDX-License-Identifier: MIT */
#include "termios.h"

#include <stddef.h>
#include <string.h>

#include "bytes.h"

/* haiku-abi/structs.md, "Terminals". */
struct flag {
    uint32_t guest;
    tcflag_t host;
};

static const struct flag input_flags[] = {
    {0x1, IGNBRK},   {0x2, BRKINT},  {0x4, IGNPAR}, {0x8, PARMRK},
    {0x10, INPCK},   {0x20, ISTRIP}, {0x40, INLCR}, {0x80, IGNCR},
    {0x100, ICRNL},  {0x200, IUCLC}, {0x400, IXON}, {0x800, IXANY},
    {0x1000, IXOFF},
};

static const struct flag output_flags[] = {
    {0x1, OPOST},   {0x2, OLCUC},   {0x4, ONLCR},  {0x8, OCRNL},
    {0x10, ONOCR},  {0x20, ONLRET}, {0x40, OFILL}, {0x80, OFDEL},
    {0x100, NL1},   {0x200, CR1},   {0x400, CR2},  {0x800, TAB1},
    {0x1000, TAB2}, {0x2000, BS1},  {0x4000, VT1}, {0x8000, FF1},
};

static const struct flag local_flags[] = {
    {0x1, ISIG},      {0x2, ICANON},    {0x4, XCASE},     {0x8, ECHO},
    {0x10, ECHOE},    {0x20, ECHOK},    {0x40, ECHONL},   {0x80, NOFLSH},
    {0x100, TOSTOP},  {0x200, IEXTEN},  {0x400, ECHOCTL}, {0x800, ECHOPRT},
    {0x1000, ECHOKE}, {0x2000, FLUSHO}, {0x4000, PENDIN},
};

/* Of c_cflag, without size and speed. */
static const struct flag control_flags[] = {
    {0x40, CSTOPB}, {0x80, CREAD},   {0x100, PARENB},   {0x200, PARODD},
    {0x400, HUPCL}, {0x800, CLOCAL}, {0x6000, CRTSCTS},
};

enum { GUEST_CBAUD = 0x1f, GUEST_CS8 = 0x20 };

/* By the guest's code; the last one, 31250 baud, the host has no code for. */
static const speed_t speeds[] = {
    B0,    B50,   B75,   B110,  B134,   B150,   B200,   B300,    B600,    B1200,
    B1800, B2400, B4800, B9600, B19200, B38400, B57600, B115200, B230400,
};

/* By the guest's index. That of end-of-file is VMIN's without ICANON, that
 * of end-of-line VTIME's. */
static const uint8_t characters[] = {VINTR, VQUIT, VERASE, VKILL, VEOF, VEOL,
                                     VEOL2, VSWTC, VSTART, VSTOP, VSUSP};

enum {
    GUEST_VEOF = 4,
    GUEST_VEOL = 5,
    GUEST_NCCS = 11,
    AT_SPEEDS = 17, /* r1beta5 and before */
    AT_CHARACTERS = 19
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static uint32_t to_guest(const struct flag *flags, size_t count, tcflag_t host)
{
    uint32_t guest = 0;

    for (size_t i = 0; i < count; i++)
        if ((host & flags[i].host) == flags[i].host)
            guest |= flags[i].guest;
    return guest;
}

static tcflag_t to_host(const struct flag *flags, size_t count, tcflag_t host,
                        uint32_t guest)
{
    for (size_t i = 0; i < count; i++) {
        host &= ~flags[i].host;
        if ((guest & flags[i].guest) == flags[i].guest)
            host |= flags[i].host;
    }
    return host;
}

static uint32_t speed_to_guest(speed_t speed)
{
    for (uint32_t i = 0; i < COUNT(speeds); i++)
        if (speeds[i] == speed)
            return i;
    return 15; /* B38400: the speed of terminals without one */
}

uint32_t hk_termios_size(enum hk_release release)
{
    return release >= HK_R1BETA6 ? 30 : 32;
}

static int index_on_host(int guest, int is_canonical)
{
    if (!is_canonical && guest == GUEST_VEOF)
        return VMIN;
    if (!is_canonical && guest == GUEST_VEOL)
        return VTIME;
    return characters[guest];
}

void hk_termios_put(uint8_t bytes[HK_TERMIOS_SIZE_MAX],
                    const struct termios *host, enum hk_release release)
{
    uint32_t speed = speed_to_guest(cfgetospeed(host));
    uint32_t control =
        to_guest(control_flags, COUNT(control_flags), host->c_cflag);

    if ((host->c_cflag & CSIZE) == CS8)
        control |= GUEST_CS8;
    memset(bytes, 0, HK_TERMIOS_SIZE_MAX);
    /* The flags have 16 bits. From r1beta6 on the upper halves of the words
     * are speeds, which count only when c_cflag has no code for them. */
    hk_put32(bytes, to_guest(input_flags, COUNT(input_flags), host->c_iflag));
    hk_put32(bytes + 4,
             to_guest(output_flags, COUNT(output_flags), host->c_oflag));
    hk_put32(bytes + 8, control | speed);
    hk_put32(bytes + 12,
             to_guest(local_flags, COUNT(local_flags), host->c_lflag));
    if (release < HK_R1BETA6) {
        bytes[AT_SPEEDS] = (uint8_t)speed_to_guest(cfgetispeed(host));
        bytes[AT_SPEEDS + 1] = (uint8_t)speed;
    }
    for (int i = 0; i < GUEST_NCCS; i++)
        bytes[AT_CHARACTERS + i] =
            host->c_cc[index_on_host(i, (host->c_lflag & ICANON) != 0)];
}

void hk_termios_get(struct termios *host,
                    const uint8_t bytes[HK_TERMIOS_SIZE_MAX])
{
    uint32_t control = hk_get16(bytes + 8);
    uint32_t speed = control & GUEST_CBAUD;

    host->c_iflag = to_host(input_flags, COUNT(input_flags), host->c_iflag,
                            hk_get16(bytes));
    host->c_oflag = to_host(output_flags, COUNT(output_flags), host->c_oflag,
                            hk_get16(bytes + 4));
    host->c_cflag =
        to_host(control_flags, COUNT(control_flags), host->c_cflag, control);
    host->c_cflag &= ~(tcflag_t)CSIZE;
    host->c_cflag |= control & GUEST_CS8 ? CS8 : CS7;
    host->c_lflag = to_host(local_flags, COUNT(local_flags), host->c_lflag,
                            hk_get16(bytes + 12));
    if (speed < COUNT(speeds)) {
        cfsetospeed(host, speeds[speed]);
        cfsetispeed(host, speeds[speed]);
    }
    for (int i = 0; i < GUEST_NCCS; i++)
        host->c_cc[index_on_host(i, (host->c_lflag & ICANON) != 0)] =
            bytes[AT_CHARACTERS + i];
}
