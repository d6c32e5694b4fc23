/* tty.h -- terminals. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TTY_H
#define HK_TTY_H

#include <signal.h>

#include "fd.h"

/* A terminal's ioctl: its result, or B_DEV_INVALID_IOCTL for a number that
 * is none of a terminal. */
int32_t hk_tty_ioctl(struct hk_thread *self, struct hk_file *file, uint32_t cmd,
                     gm_addr data);

/*
 * A terminal stops those who use it from the background, but for those that
 * block or ignore SIGTTIN or SIGTTOU. Around a call of the host's that may
 * touch one: tells the host which of the two the thread is deaf to.
 */
struct hk_deafness {
    sigset_t old;
    int is_set; /* old is to come back */
};

int hk_tty_is_deaf(const struct hk_thread *self); /* to any of the two */
struct hk_deafness hk_tty_begin(const struct hk_thread *self);
void hk_tty_end(const struct hk_deafness *deafness); /* keeps errno */

#endif
