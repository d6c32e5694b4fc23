/* syslog.h -- the kernel's log, and the daemon that writes it down. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SYSLOG_H
#define HK_SYSLOG_H

#include "shared.h"

/* Adds text to the log, which goes on to the daemon when there is one. Without
 * the lock. */
void hk_syslog_write(struct hk_shared *shared, const char *text, size_t length);

/* With the lock, as somebody waits at a port: 0 when it got what was to be told
 * of repeated lines; when that will be, if it is the daemon's. */
int64_t hk_syslog_tell_repeats(struct hk_shared *shared, int32_t port);

/* With the lock: somebody has read from a port; if it is the daemon's, more of
 * the log goes there. */
void hk_syslog_port_read(struct hk_shared *shared, const struct hk_port *port);

#endif
