/* syslog.c -- the kernel's log, and the daemon that writes it down. */
/* SPDX-License-Identifier: MIT */
#include "syslog.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "clock.h"
#include "port.h"
#include "syscalls.h"

/*
 * What teams tell the kernel's log is kept in what they share until a daemon
 * takes it: the last 64 KiB of it. A message of the daemon's port holds as much
 * as there is. A port that is full gets more when the daemon has read from it.
 * Lines that come again at once are counted, and told when another one comes,
 * or after a while: by the daemon that waits for more.
 */

/* syslog_message: thread, time, options (that it is the kernel's: 0), priority,
 * name of who says it (none), text; the structure's padding comes behind it. */
enum {
    SYSLOG_MESSAGE = 0x5f53796c, /* '_Syl' */
    AT_WHEN = 4,
    AT_PRIORITY = 12,
    AT_TEXT = 46,
    HEAD_SIZE = 48,
    TEXT_MAX = 8192 - HEAD_SIZE,
    LOG_DEBUG = 7
};

static const char dropped_mark[] = "<DROP>";

static uint32_t kept(const struct hk_syslog *log)
{
    return log->end - log->begin;
}

/* The oldest text makes room. Of a change that is undone only text remains. */
static void append(struct hk_shared *shared, const char *text, uint32_t length)
{
    struct hk_syslog *log = hk_shared_syslog(shared);

    if (kept(log) + length > HK_SYSLOG_SIZE) {
        hk_put(shared, &log->begin, log->end + length - HK_SYSLOG_SIZE);
        hk_put(shared, &log->has_dropped, 1);
    }
    for (uint32_t i = 0; i < length; i++)
        log->text[(log->end + i) % HK_SYSLOG_SIZE] = text[i];
    hk_put(shared, &log->end, log->end + length);
}

/* Fills a message; its length, and in *taken how much of the log it holds. */
static uint32_t fill_message(const struct hk_shared *shared,
                             uint8_t message[HEAD_SIZE + TEXT_MAX],
                             uint32_t *taken)
{
    const struct hk_syslog *log = hk_shared_syslog(shared);
    uint32_t mark = log->has_dropped ? (uint32_t)strlen(dropped_mark) : 0;
    uint32_t length = kept(log);

    if (length > TEXT_MAX - mark)
        length = TEXT_MAX - mark;
    memset(message, 0, HEAD_SIZE);
    hk_put32(message + AT_WHEN, (uint32_t)(hk_real_time(shared) / 1000000));
    hk_put16(message + AT_PRIORITY, LOG_DEBUG);
    memcpy(message + AT_TEXT, dropped_mark, mark);
    for (uint32_t i = 0; i < length; i++)
        message[AT_TEXT + mark + i] =
            (uint8_t)log->text[(log->begin + i) % HK_SYSLOG_SIZE];
    memset(message + AT_TEXT + mark + length, 0, HEAD_SIZE - AT_TEXT);
    *taken = length;
    return HEAD_SIZE + mark + length;
}

/* With the lock: as much as the daemon's port takes. */
static void send_kept(struct hk_shared *shared, int32_t port)
{
    struct hk_syslog *log = hk_shared_syslog(shared);
    uint8_t message[HEAD_SIZE + TEXT_MAX];
    int32_t status = HK_B_OK;

    while (kept(log) > 0 && status == HK_B_OK) {
        uint32_t taken, size = fill_message(shared, message, &taken);

        status = hk_port_post(shared, port, SYSLOG_MESSAGE, message, size,
                              HK_KERNEL_TEAM);
        if (status != HK_B_OK)
            break;
        hk_put(shared, &log->begin, log->begin + taken);
        hk_put(shared, &log->has_dropped, 0);
    }
    if (status == HK_B_BAD_PORT_ID)
        hk_put(shared, &log->port, 0);
}

/* One repeat is written as it was, more with their number. */
static void tell_repeats(struct hk_shared *shared)
{
    struct hk_syslog *log = hk_shared_syslog(shared);
    uint32_t repeats = log->repeats;
    char text[40];

    if (repeats == 0)
        return;
    hk_put(shared, &log->repeats, 0);
    if (repeats == 1) {
        append(shared, log->last,
               (uint32_t)strnlen(log->last, sizeof(log->last)));
        return;
    }
    snprintf(text, sizeof(text), "Last message repeated %d times.\n",
             (int)repeats);
    append(shared, text, (uint32_t)strlen(text));
}

/* The first one sets the daemon's clock. */
static void count_repeat(struct hk_shared *shared)
{
    struct hk_syslog *log = hk_shared_syslog(shared);
    struct hk_port *port = hk_port_find(shared, log->port);

    log->last_repeat = hk_system_time();
    if (log->repeats == 0)
        log->first_repeat = log->last_repeat;
    hk_put(shared, &log->repeats, log->repeats + 1);
    if (port != NULL && log->repeats == 1)
        hk_queue_wake(shared, &port->readers, HK_B_OK);
}

static void write_new(struct hk_shared *shared, const char *text,
                      uint32_t length)
{
    struct hk_syslog *log = hk_shared_syslog(shared);

    tell_repeats(shared);
    append(shared, text, length);
    memcpy(log->last, text, length);
    log->last[length] = '\0';
    hk_shared_commit(shared);
    if (log->port != 0)
        send_kept(shared, log->port);
}

void hk_syslog_write(struct hk_shared *shared, const char *text, size_t length)
{
    const struct hk_syslog *log = hk_shared_syslog(shared);

    if (length >= HK_SYSLOG_LINE)
        length = HK_SYSLOG_LINE - 1;
    hk_shared_lock(shared);
    if (length > 1 && text[length - 1] == '\n' &&
        strncmp(text, log->last, length) == 0)
        count_repeat(shared);
    else
        write_new(shared, text, (uint32_t)length);
    hk_shared_unlock(shared);
}

int64_t hk_syslog_tell_repeats(struct hk_shared *shared, int32_t port)
{
    enum { AFTER_LAST = 1000000, AFTER_FIRST = 3000000 }; /* us */
    const struct hk_syslog *log = hk_shared_syslog(shared);
    int64_t at;

    if (log->repeats == 0 || log->port != port)
        return HK_INFINITE_TIMEOUT;
    at = log->last_repeat + AFTER_LAST;
    if (at > log->first_repeat + AFTER_FIRST)
        at = log->first_repeat + AFTER_FIRST;
    if (at > hk_system_time())
        return at;
    tell_repeats(shared);
    hk_shared_commit(shared);
    send_kept(shared, port);
    return 0;
}

void hk_syslog_port_read(struct hk_shared *shared, const struct hk_port *port)
{
    if (hk_shared_syslog(shared)->port == port->id)
        send_kept(shared, port->id);
}

/* Who is not root is not heard. */
int64_t hk_sys_register_syslog_daemon(struct hk_thread *self, int32_t port)
{
    struct hk_shared *shared = hk_shared_of(self);

    if (self->team->ids.user.effective != 0)
        return HK_B_OK;
    hk_shared_lock(shared);
    hk_put(shared, &hk_shared_syslog(shared)->port, (uint32_t)port);
    hk_shared_commit(shared);
    send_kept(shared, port);
    hk_shared_unlock(shared);
    return HK_B_OK;
}
