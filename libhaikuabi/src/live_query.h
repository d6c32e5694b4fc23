/* live_query.h -- queries that go on telling of what comes and goes. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_LIVE_QUERY_H
#define HK_LIVE_QUERY_H

#include "fd.h"
#include "query.h"

/*
 * All directories of the volume are watched by the host's inotify. A thread of
 * the host's looks through a directory again in which something has changed,
 * and posts what has begun or ceased to match (haiku-abi/structs.md, "node
 * monitor": opcodes ENTRY_CREATED and ENTRY_REMOVED, as 'QUPD'). Some
 * ask to be told more of what goes on matching. A fork's child is told of
 * nothing.
 */
struct hk_live_query;

enum hk_live_more {
    HK_LIVE_ENTRIES, /* no more */
    HK_LIVE_CHANGES, /* that an attribute has changed, until r1beta5 */
    HK_LIVE_ALL      /* which attribute, and moves as such, from r1beta6 on */
};

struct hk_live_target {
    int32_t device, port, token;
    enum hk_live_more more;
};

/* Looks through the volume for the first time, adds what is found to findings
 * and starts the thread. Takes the query over, also on failure. B_OK or an
 * error. */
int32_t hk_live_query_new(const struct hk_thread *self, struct hk_query *query,
                          const struct hk_live_target *target,
                          struct hk_findings *findings,
                          struct hk_live_query **live);
void hk_live_query_free(struct hk_live_query *live);

#endif
