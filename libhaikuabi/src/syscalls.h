/* syscalls.h -- the handlers of syscalls.def. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SYSCALLS_H
#define HK_SYSCALLS_H

#include "kernel.h"

/* The C type that a handler receives for each KIND of syscalls.def. */
#define HK_CTYPE_I32      int32_t
#define HK_CTYPE_U32      uint32_t
#define HK_CTYPE_I64      int64_t
#define HK_CTYPE_SIZE     uint32_t
#define HK_CTYPE_BOOL     int
#define HK_CTYPE_ADDR     gm_addr
#define HK_CTYPE_STR      gm_addr
#define HK_CTYPE_IN(n)    gm_addr
#define HK_CTYPE_OUT(n)   gm_addr
#define HK_CTYPE_INOUT(n) gm_addr

/*
 * int64_t hk_sys_NAME(struct hk_thread *self, arguments): returns the call's
 * result: a count, an id, 0 or an error code (enum hk_status). Rows of status
 * NONE have no handler.
 */
#define HK_DECLARE_FULL(name, ...)                                             \
    int64_t hk_sys_##name(struct hk_thread *self __VA_ARGS__);
#define HK_DECLARE_PART HK_DECLARE_FULL
#define HK_DECLARE_STUB HK_DECLARE_FULL
#define HK_DECLARE_NONE(name, ...)

#define HK_ROW(status, result, name, args, uses) HK_DECLARE_##status(name, args)
#define HK_ARG(kind, name)                       , HK_CTYPE_##kind name
#define HK_USE(name)
#include "syscall_rows.h"

#endif
