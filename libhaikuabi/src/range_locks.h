/* range_locks.h -- locks of ranges of a file (POSIX). */
/* SPDX-License-Identifier: MIT */
#ifndef HK_RANGE_LOCKS_H
#define HK_RANGE_LOCKS_H

#include "fd.h"

/*
 * They are the host's, which has them end as soon as the process closes any
 * descriptor of the file: also one that uvm has for itself, of which the guest
 * knows nothing. Those are kept while the team has a lock of the file, until
 * it closes a descriptor of the file, with which its locks end on Haiku, too.
 */
struct hk_range_locks;

struct hk_range_locks *hk_range_locks_new(void); /* NULL: no memory */
void hk_range_locks_free(struct hk_range_locks *locks);

/* fcntl F_GETLK, F_SETLK and F_SETLKW: the status. */
enum hk_range_op { HK_RANGE_TEST, HK_RANGE_SET, HK_RANGE_SET_WAITING };
int32_t hk_range_lock(struct hk_thread *self, const struct hk_file *file,
                      enum hk_range_op op, gm_addr argument);

/* A descriptor of uvm's own of the same file, that may do the same or what the
 * flags say, and its close. Of nobody's locks (NULL) nothing is kept. */
int hk_range_locks_dup(struct hk_range_locks *locks, int fd);
int hk_range_locks_reopen(struct hk_range_locks *locks, int fd, int flags);
/* Whether the host is told of it: it is not while the descriptor is kept. */
int hk_range_locks_close(struct hk_range_locks *locks, int fd);

/* The team closes a descriptor of that file. */
void hk_range_locks_end(struct hk_range_locks *locks,
                        const struct hk_file *file);

/* Around a fork, whose child has none of the locks. */
void hk_range_locks_before_fork(struct hk_range_locks *locks);
void hk_range_locks_after_fork(struct hk_range_locks *locks, int is_child);

#endif
