/* wait.h -- how a thread sleeps, and what wakes it. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_WAIT_H
#define HK_WAIT_H

#include <stdatomic.h>
#include <stdint.h>

struct hk_team;
struct hk_thread;

/* haiku-abi/structs.md, "flags shared by sem/port/thread/mutex waits". */
enum {
    HK_CAN_INTERRUPT = 0x1,
    HK_RELATIVE_TIMEOUT = 0x8,
    HK_ABSOLUTE_TIMEOUT = 0x10,
    HK_TIMEOUT_REAL_TIME_BASE = 0x40
};

/*
 * A thread sleeps until somebody has given it a result. To sleep, it calls
 * hk_wait_prepare, makes itself known to those who may wake it (under their
 * lock), and calls hk_wait; then it makes itself unknown again and looks at
 * hk_wait_result: the result may have come after the wait was given up.
 */
struct hk_wait {
    atomic_uint events; /* counts wakings and interruptions: a futex */
    atomic_int result;
    /* The events of a wait in memory that teams share, while there is one. */
    atomic_uint *_Atomic elsewhere;
    /* Of the thread alone: how often it may wait awake; times it did not. */
    unsigned hopes, sleeps;
};

/* A moment of waiting awake. */
static inline void hk_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#else
    atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* Sleeps while a word is what was seen, until a moment of system_time at the
 * latest; it may end sooner. The second one is for memory that teams share. */
void hk_sleep(atomic_uint *word, unsigned seen, int64_t deadline);
void hk_sleep_shared(atomic_uint *word, unsigned seen, int64_t deadline);

#define HK_WAITING INT32_MAX /* no result yet */

void hk_wait_prepare(struct hk_thread *self);

/* Returns the result, B_TIMED_OUT at the deadline (system_time, us), or
 * B_INTERRUPTED when something else wants the thread's attention. */
int32_t hk_wait(struct hk_thread *self, int64_t deadline);

/* What hk_wake gave since hk_wait_prepare, or HK_WAITING. */
int32_t hk_wait_result(struct hk_thread *self);

/* The same without a result: look at hk_events, then for what is wanted, then
 * sleep until they are others. Interruptions change them, too. */
unsigned hk_events(struct hk_thread *self);
void hk_wait_event(struct hk_thread *self, unsigned seen);
void hk_post_event(struct hk_thread *thread);

/* Gives a result and wakes. Any thread. */
void hk_wake(struct hk_thread *thread, int32_t result);

/*
 * Ends of threads and children are announced to the whole team: look at
 * hk_changes, then for what is wanted, then sleep until the count is another.
 * B_OK, B_TIMED_OUT or B_INTERRUPTED.
 */
unsigned hk_changes(struct hk_team *team);
int32_t hk_wait_change(struct hk_thread *self, unsigned seen, int64_t deadline);
void hk_announce_change(struct hk_team *team); /* async-signal-safe */

/* Makes a thread call hk_attend soon: out of guest code, a sleep or a host
 * call. Any thread. */
void hk_interrupt(struct hk_thread *thread);

/* The same, from a signal handler in the thread itself. */
void hk_interrupt_self(struct hk_thread *self);

/* The host signal that hk_interrupt sends. */
int hk_interrupt_signal(void);

/* B_WOULD_BLOCK instead of B_TIMED_OUT for a relative timeout of 0 or less. */
int32_t hk_timeout_status(int32_t status, uint32_t flags, int64_t timeout);

/* Flags as those of Haiku's calls see them that may be executed again: of a
 * relative timeout they make an absolute one. */
uint32_t hk_timeout_flags(uint32_t flags, int64_t timeout);

#endif
