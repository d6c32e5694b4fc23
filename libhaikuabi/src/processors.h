/* processors.h -- which processors threads may run on. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_PROCESSORS_H
#define HK_PROCESSORS_H

#include "shared.h"

/* Notes what the host lets this process run on. */
void hk_processors_init(struct hk_shared *shared);

/* With the lock: a thread that has just been made runs where it may. */
void hk_processors_begin(struct hk_shared *shared,
                         struct hk_shared_thread *thread);

/* How long each of the host's processors has not been idle, in us; 0 where
 * nothing is told. */
void hk_processors_active(int64_t times[], uint32_t count);

int hk_processor_is_enabled(const struct hk_shared *shared, int32_t cpu);

#endif
