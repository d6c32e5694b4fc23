/* host_call.h -- the host's calls that wait. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_HOST_CALL_H
#define HK_HOST_CALL_H

#include <stdatomic.h>
#include <stddef.h>

struct hk_thread;

/* On x86-64 a signal's handler keeps a call from being begun; other hosts, and
 * sanitizers that put the handlers off, hold the signals back. */
#if defined(__linux__) && defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define HK_HOST_CALL_BY_PC 1
#endif

/* Whether the wait of any call ends as it should; elsewhere one of read, write
 * and ppoll does. */
#ifdef HK_HOST_CALL_BY_PC
enum { HK_HOST_CALL_ENDS_ALL = 1 };
#else
enum { HK_HOST_CALL_ENDS_ALL = 0 };
#endif

struct hk_host_call {
    long number; /* of <sys/syscall.h> */
    long arguments[6];
    const atomic_uint *word; /* NULL: none */
    unsigned seen;
};

/*
 * Makes a call that may wait, which ends by whatever wants the thread's
 * attention, and when a word that others change is not what was seen (who
 * changes it sends the thread hk_interrupt_signal), both also when that comes
 * in the instant before the host's call begins. As syscall(2): -1 and errno,
 * which is EINTR then.
 */
long hk_host_call(struct hk_thread *self, const struct hk_host_call *call);

/* For the handler of a signal, with its third argument. */
void hk_host_call_leave(void *ucontext);

#endif
