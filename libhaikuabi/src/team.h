/* team.h -- teams: processes of the host. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_TEAM_H
#define HK_TEAM_H

#include "kernel.h"
#include "program.h"
#include "signals.h"

/* A team that load_image made: what its parent waits for. */
struct hk_loading;

/* The loader has linked the program (B_OK), or could not: whoever waits in
 * load_image goes on. */
void hk_team_loaded(struct hk_thread *self, int32_t status);

/* resume_thread and wait_for_thread on the main thread of a child. The latter
 * returns 1 and the status when the child has ended, 0 when it lives. */
int32_t hk_team_resume(struct hk_thread *self, int32_t id);
int32_t hk_team_wait_status(struct hk_thread *self, int32_t id,
                            int32_t *status);

/* Whether nobody outside of its process group, in its session, looks after the
 * team: what a terminal sends does not stop it then. */
int hk_team_is_orphaned(struct hk_thread *self);

/* Moves the team to a group that is there, or is named as it. */
int32_t hk_team_set_group(int32_t group);

/* Stops all threads, by one of Haiku's signals, until SIGCONT comes; not when
 * it has come since the signal was sent. */
void hk_team_stop(struct hk_thread *self, const struct hk_siginfo *info);

/* Forks the host process: 0 in the child, which is a team of one thread; the
 * child's id, or an error. */
int32_t hk_team_fork(struct hk_thread *self);

/* Replaces the program of a team of one thread. Does not return on failure. */
void hk_team_exec(struct hk_thread *self, const struct hk_arguments *arguments);

/* Shows the working directory to the other teams (team_info.c). */
void hk_team_tell_directory(struct hk_team *team);

#endif
