/* interfaces.h -- network interfaces. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_INTERFACES_H
#define HK_INTERFACES_H

#include "fd.h"

/* An ioctl of a socket: what asks of interfaces is answered, of anything else
 * B_BAD_VALUE is the answer, and of an interface that there is none of. */
int32_t hk_interfaces_ioctl(const struct hk_thread *self,
                            const struct hk_file *file, uint32_t cmd,
                            gm_addr data);

#endif
