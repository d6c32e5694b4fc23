/* whole_locks.h -- flock: locks of files as a whole. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_WHOLE_LOCKS_H
#define HK_WHOLE_LOCKS_H

#include <fcntl.h>
#include <sys/types.h>

#include "fd.h"

/* op: LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB, as the host has them. The file
 * is a node of the host's. The status. */
int32_t hk_whole_lock(struct hk_thread *self, struct hk_file *file, int op);

/* What fcntl does to a lock of a range: op at once, and where somebody else has
 * it, waiting_op until an interruption; 0: no wait. -1 and errno; EAGAIN for
 * what others have. */
int hk_host_lock(struct hk_thread *self, int fd, int op, int waiting_op,
                 struct flock *lock);

/* Another team that has such a lock of a descriptor's file: its id, 0 for none,
 * -1 when it cannot be told. */
pid_t hk_whole_lock_holder(int fd);

#endif
