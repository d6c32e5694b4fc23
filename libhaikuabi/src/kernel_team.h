/* kernel_team.h -- the kernel's own team, as programs see it. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_KERNEL_TEAM_H
#define HK_KERNEL_TEAM_H

#include "host_process.h"
#include "request.h"
#include "shared.h"

/*
 * Team 1 with thread 1, the first processor's idle one, has a place in the
 * shared file that no other team gets and no look at all teams comes to: what
 * is looked up by id finds it, and it can be given semaphores and ports. It is
 * no process of the host: what is asked of it is answered here.
 */
struct hk_shared_file;

/* In a file that is being made. */
void hk_kernel_team_make(struct hk_shared_file *file);

/* With the lock: the machine starts, and what the team was given is gone. */
void hk_kernel_team_restart(struct hk_shared *shared);

/* With the lock: the answer to a request, or HK_ANSWER_LATER, which is never.
 */
int32_t hk_kernel_team_answer(struct hk_shared *shared,
                              const struct hk_asked *asked);

/* Without the lock: 1 for the id of this team, which is another one's where the
 * host's process 1 is a team. */
int hk_is_kernel_team(struct hk_shared *shared, int32_t id);

/* Processor time of the thread and team: the idle one's is all that the
 * processor has left. */
void hk_kernel_team_task(const struct hk_kernel *kernel,
                         struct hk_host_task *task);

/* Ids of any living team, as hk_is_kernel_team: below 0 when it has none. */
int32_t hk_team_group(struct hk_shared *shared, int32_t id);
int32_t hk_team_session(struct hk_shared *shared, int32_t id);
int32_t hk_team_parent(struct hk_shared *shared, int32_t id);

#endif
