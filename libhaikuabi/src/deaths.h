/* deaths.h -- a descriptor that tells when another team has ended. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_DEATHS_H
#define HK_DEATHS_H

/*
 * Waits in the shared file are woken by the futex of a team's life; a wait for
 * the host's descriptors needs one of its own for that: an epoll descriptor
 * with a pidfd for each other team. The process opens it with the first such
 * wait; the shared file's lock guards it.
 */
struct hk_deaths;
struct hk_shared;

struct hk_deaths *hk_deaths_new(void); /* NULL when memory is short */
void hk_deaths_free(struct hk_deaths *deaths);

/* With the lock, and nothing half done; reaps those that are dead. A
 * descriptor that is readable as soon as one of the other teams has ended, or
 * -1 where the host has none (before Linux 5.3), or no more of them. */
int hk_deaths_watch(struct hk_shared *shared);

/* In the child of a fork, whatever another thread did: its own are opened when
 * they are needed. */
void hk_deaths_fork_child(struct hk_deaths *deaths);

#endif
