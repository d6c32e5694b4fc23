/* disk_calls.h -- disks and partitions: there are none. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_DISK_CALLS_H
#define HK_DISK_CALLS_H

#include "kernel.h"

/* Forgets who wants to be told of disks. */
void hk_disk_listeners_free(struct hk_team *team);

#endif
