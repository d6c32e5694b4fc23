/* thread.h -- threads of a team. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_THREAD_H
#define HK_THREAD_H

#include "kernel.h"
#include "signals.h"

/* A thread with a cpu, in its team's list; runs on no host thread yet. NULL
 * without memory. Its id is the calling host thread's. */
struct hk_thread *hk_thread_new(struct hk_team *team);

/* Takes a thread off its team and frees it with its cpu. */
void hk_thread_free(struct hk_thread *thread);

#endif
