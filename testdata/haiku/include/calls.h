/* calls.h -- what libhaikuabi says of system calls, for guests that make all.
 */
/* SPDX-License-Identifier: MIT */
#ifndef CALLS_H
#define CALLS_H

#include <guest.h>

enum { ARGUMENTS = 9 };

/* What libhaikuabi/src/syscalls.def says of arguments. */
enum kind { VALUE, WIDE, STRING, READ, WRITTEN, CHANGED };

static const struct call {
    const char *name;
    int is_built;
    enum kind kinds[ARGUMENTS];
} calls[] = {
#define FULL                                         1
#define PART                                         1
#define STUB                                         0
#define NONE                                         0
#define I32                                          VALUE
#define U32                                          VALUE
#define SIZE                                         VALUE
#define BOOL                                         VALUE
#define ADDR                                         VALUE
#define I64                                          WIDE
#define STR                                          STRING
#define IN(n)                                        READ
#define OUT(n)                                       WRITTEN
#define INOUT(n)                                     CHANGED
#define CALL(status, name, ...)                      {#name, status, {__VA_ARGS__}},
#define SYSCALL0(status, result, name)               CALL(status, name, VALUE)
#define SYSCALL1(status, result, name, a, an)        CALL(status, name, a)
#define SYSCALL2(status, result, name, a, an, b, bn) CALL(status, name, a, b)
#define SYSCALL3(status, result, name, a, an, b, bn, c, cn)                    \
    CALL(status, name, a, b, c)
#define SYSCALL4(status, result, name, a, an, b, bn, c, cn, d, dn)             \
    CALL(status, name, a, b, c, d)
#define SYSCALL5(status, result, name, a, an, b, bn, c, cn, d, dn, e, en)      \
    CALL(status, name, a, b, c, d, e)
#define SYSCALL6(status, result, name, a, an, b, bn, c, cn, d, dn, e, en, f,   \
                 fn)                                                           \
    CALL(status, name, a, b, c, d, e, f)
#define SYSCALL7(status, result, name, a, an, b, bn, c, cn, d, dn, e, en, f,   \
                 fn, g, gn)                                                    \
    CALL(status, name, a, b, c, d, e, f, g)
#define SYSCALL8(status, result, name, a, an, b, bn, c, cn, d, dn, e, en, f,   \
                 fn, g, gn, h, hn)                                             \
    CALL(status, name, a, b, c, d, e, f, g, h)
#define SYSCALL9(status, result, name, a, an, b, bn, c, cn, d, dn, e, en, f,   \
                 fn, g, gn, h, hn, i, in)                                      \
    CALL(status, name, a, b, c, d, e, f, g, h, i)
#include "libhaikuabi/src/syscalls.def"
};

/* The calls of the release that the guests are for. */
static const char *const names[] = {
#define NUMBER(number, name) #name,
#include "libhaikuabi/src/numbers/r1beta5.def"
#undef NUMBER
};

static inline const struct call *find_call(const char *name)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return 0;
}

#endif
