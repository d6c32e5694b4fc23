/* timer.h -- timers that send signals. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TIMER_H
#define HK_TIMER_H

#include "signals.h"

/* The host signal by which timers of the host tell that they expired. */
int hk_timer_signal(void);

/* In its handler: the guest's signal (signal 0: none). */
struct hk_siginfo hk_timer_expired(struct hk_team *team, const void *siginfo);

int hk_timers_new(struct hk_timers **timers);
void hk_timers_free(struct hk_timers *timers);

/* What exec and fork do: no timer is left. */
void hk_timers_clear(struct hk_timers *timers);
void hk_timers_fork_child(struct hk_timers *timers);

/* Some timer has expired whose notice is a thread's business: a signal for one
 * thread, or a thread to be made. async-signal-safe; and gives that notice. */
int hk_timers_are_due(const struct hk_team *team);
void hk_timers_do(struct hk_thread *self);

/* Those of clocks that have been set go by them (clock_set.c). */
void hk_timers_follow(struct hk_team *team);

/* A thread's own timers end with it. */
void hk_timers_forget_thread(struct hk_team *team, int32_t thread);

#endif
