/* tty.h -- terminals. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TTY_H
#define HK_TTY_H

#include "fd.h"

/* A terminal's ioctl: its result, or B_DEV_INVALID_IOCTL for a number that
 * is none of a terminal. */
int32_t hk_tty_ioctl(struct hk_thread *self, struct hk_file *file, uint32_t cmd,
                     gm_addr data);

#endif
