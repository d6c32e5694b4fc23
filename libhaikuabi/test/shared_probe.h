// shared_probe.h -- whether the file that teams share is consistent.
// SPDX-License-Identifier: MIT
#ifndef SHARED_PROBE_H
#define SHARED_PROBE_H

#include "libhaikuabi/test/team_harness.h"

#ifdef __cplusplus
extern "C" {
#endif

// Reaps dead teams, then looks at every item of the file and every link: ""
// when they agree, else what does not.
const char *probe_shared(struct harness *harness);

// Items in use, with dead teams reaped.
struct probe_counts {
    unsigned teams, waiters, watches, sems, ports, chunks;
    unsigned areas, threads, images, requests, event_queues, event_entries;
    unsigned node_watchers; // teams
};
struct probe_counts probe_count(struct harness *harness);

// A waiter for a semaphore that nobody sleeps on, as a thread of the team
// leaves it when it dies.
void probe_wait_for_sem(struct harness *harness, int32_t id, int32_t count);

// hk_deaths_watch, and hk_deaths_fork_child.
int probe_deaths(struct harness *harness);
void probe_deaths_forked(struct harness *harness);

// Dies with the lock held and a change half done.
void probe_die_inside(struct harness *harness, int32_t sem);

// What happens to files is not told, meanwhile.
void probe_hold_monitors(struct harness *harness, int does);

// Of nodes that the team watches, for its own sake or another's.
unsigned probe_count_monitors(struct harness *harness);

// As if so many entries had been moved and removed, of which so many are kept.
enum { PROBE_DEPARTURES_MAX = 512 };
void probe_set_departures(struct harness *harness, uint32_t count);

// The kernel posts a message to the handler of a token.
void probe_post_kernel(struct harness *harness, int32_t port, uint32_t token);

// Where in the file the fields lie that tell whether it can be used.
struct probe_layout {
    unsigned version, is_complete, size, boot_id;
};
struct probe_layout probe_get_layout(void);

#ifdef __cplusplus
}
#endif
#endif
