/* creation_time.h -- times of creation that a guest has set. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_CREATION_TIME_H
#define HK_CREATION_TIME_H

#include "stat.h"

/*
 * The host tells when a file was made and lets nobody change it. What a guest
 * sets is an extended attribute beside it; that there is one, the mark
 * STATX_ATTR_NODUMP says, which comes with each statx: a file without it is
 * asked for nothing more.
 */

/* time: its nanoseconds are less than a second. B_OK, also where the host keeps
 * no such attribute or mark: the time stays as it is there. Or an error. */
int32_t hk_creation_time_write(const struct hk_team *team, int fd,
                               const struct hk_time *time);

/* Leaves the time alone when there is none. */
void hk_creation_time_read(int fd, struct hk_time *time);

#endif
