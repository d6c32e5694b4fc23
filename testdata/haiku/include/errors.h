/* errors.h -- calls that fail, a row each. */
/* SPDX-License-Identifier: MIT */
#ifndef ERRORS_H
#define ERRORS_H

#include <guest.h>

#include <team.h>
#include <thread.h>

/*
 * A row: the call with these arguments fails with this error. 64-bit arguments
 * are of a 64-bit type. docs/coverage/errors.md is printed from the rows.
 */
#define FAILS(error, call, ...)                                                \
    check_status(sys(SYS_##call __VA_OPT__(, ) __VA_ARGS__), HK_##error,       \
                 #call "(" #__VA_ARGS__ ")")

/* What nobody has: an id, a descriptor. */
enum { NO_ID = 999999999, NO_FD = 99 };
enum { KERNEL_TEAM = 1 };
enum { SIGKILL = 9, SIGUSR1 = 18, SIGUSR2 = 19 };

/* The calling thread is sent SIGUSR1, which has a handler, again and again
 * while it waits, until interrupt_no_more. */
void interrupt_from_now(void);
void interrupt_no_more(void);

/* Returns when that thread of any team has started to wait. */
void wait_until_waiting(long thread);

/* A child that does something as an ordinary user, and has ended. */
void as_user(void (*something)(void));
/* A child that does something, and has ended. */
void in_child(void (*something)(void));

/* A child that does nothing until it is killed. */
long new_sleeper(void);
void end_sleeper(long team);

static inline void snooze(int64_t microseconds)
{
    sys(SYS_snooze_etc, microseconds, 0, RELATIVE_TIMEOUT, (void *)0);
}

#endif
