/* wait.h -- flags of calls that wait. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_WAIT_H
#define HK_WAIT_H

/* haiku-abi/structs.md, "flags shared by sem/port/thread/mutex waits". */
enum {
    HK_CAN_INTERRUPT = 0x1,
    HK_RELATIVE_TIMEOUT = 0x8,
    HK_ABSOLUTE_TIMEOUT = 0x10,
    HK_TIMEOUT_REAL_TIME_BASE = 0x40
};

#endif
