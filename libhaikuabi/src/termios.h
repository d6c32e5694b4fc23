/* termios.h -- Haiku's termios record and the host's. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TERMIOS_H
#define HK_TERMIOS_H

#include <stdint.h>
#include <termios.h>

#include <haikuabi/haikuabi.h>

/* Bytes of the record: 32, and 30 from r1beta6 on. */
enum { HK_TERMIOS_SIZE_MAX = 32 };
uint32_t hk_termios_size(enum hk_release release);

/* Settings that only one of both knows stay as they are on the host, and
 * read as off in the guest. */
void hk_termios_put(uint8_t bytes[HK_TERMIOS_SIZE_MAX],
                    const struct termios *host, enum hk_release release);
void hk_termios_get(struct termios *host,
                    const uint8_t bytes[HK_TERMIOS_SIZE_MAX]);

#endif
