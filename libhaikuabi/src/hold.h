/* hold.h -- no process is stopped while it holds what others wait for. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_HOLD_H
#define HK_HOLD_H

/*
 * A lock that several processes take is taken and released between
 * hk_hold_begin and hk_hold_end, of which a thread calls one at a time. Whoever
 * stops the process calls hk_hold_close first, outside of them: it waits until
 * all threads are, and hk_hold_begin waits for hk_hold_open from then on.
 */
struct hk_hold;

struct hk_hold *hk_hold_new(void); /* NULL without memory */
void hk_hold_free(struct hk_hold *hold);

void hk_hold_begin(struct hk_hold *hold);
void hk_hold_end(struct hk_hold *hold);
void hk_hold_close(struct hk_hold *hold);
void hk_hold_open(struct hk_hold *hold);

/* In the child of a fork, which was made outside: the other threads are gone.
 */
void hk_hold_fork_child(struct hk_hold *hold);

#endif
