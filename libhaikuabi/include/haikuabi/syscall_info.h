/* syscall_info.h -- what the library does of each system call. */
/* SPDX-License-Identifier: MIT */
#ifndef HAIKUABI_SYSCALL_INFO_H
#define HAIKUABI_SYSCALL_INFO_H

#include <haikuabi/haikuabi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How much of a call is built (the statuses of docs/coverage/syscalls.md). */
enum hk_row_status {
    HK_FULL, /* all of what Haiku does */
    HK_PART, /* some cases are missing */
    HK_STUB, /* a fixed answer that callers can live with */
    HK_NONE  /* answered with B_NOT_SUPPORTED */
};

struct hk_syscall_info {
    const char *name; /* of name_size characters, without _kern_ */
    int name_size;
    enum hk_row_status status;
};

/* The call with that number: 0, or HK_ERR_INVALID for a number that the
 * release does not have. Any thread. */
int hk_describe_syscall(enum hk_release release, uint32_t number,
                        struct hk_syscall_info *info);

#ifdef __cplusplus
}
#endif
#endif
