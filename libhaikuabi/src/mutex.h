/* mutex.h -- threads that wait for locks in user memory. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_MUTEX_H
#define HK_MUTEX_H

#include "kernel.h"

int hk_mutexes_new(struct hk_mutexes **mutexes);
void hk_mutexes_free(struct hk_mutexes *mutexes);

/* In the child of a fork: nobody waits. */
void hk_mutexes_fork_child(struct hk_mutexes *mutexes);

#endif
