/* strace.h -- a line of text for each system call. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_STRACE_H
#define HK_STRACE_H

#include "kernel.h"
#include "syscall_table.h"

/* Before and after a call: calls that do not return leave a line as well. */
void hk_strace_enter(struct hk_thread *thread,
                     const struct hk_syscall_row *call, const uint32_t *words);
void hk_strace_leave(struct hk_thread *thread,
                     const struct hk_syscall_row *call, const uint32_t *words,
                     int64_t result);

#endif
