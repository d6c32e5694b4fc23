/* share.h -- one team at a time, of those that share memory. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_SHARE_H
#define TR_SHARE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a recorder's team stores into shared memory another one may see at any
 * instruction: so they take turns, too. The lock is in memory that a team's
 * children inherit; one that dies with it has given it back.
 */
struct tr_share;

/* NULL: memory is out. The memory is given back when the last team ends. */
struct tr_share *tr_share_new(void);

/* The number of a team that is recorded from now on. */
uint32_t tr_share_join(struct tr_share *share);

/* Whether there has ever been more than one. */
int tr_share_has_others(const struct tr_share *share);

/* Waits for the others: 1 when one of them had it since this team did. By one
 * thread of a team at a time, which gives it back itself. */
int tr_share_take(struct tr_share *share, uint32_t team);
void tr_share_give(struct tr_share *share);

/* Whether another team waits. */
int tr_share_is_wanted(const struct tr_share *share, uint32_t team);

#ifdef __cplusplus
}
#endif

#endif
