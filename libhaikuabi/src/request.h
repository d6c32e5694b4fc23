/* request.h -- what a team asks of another one, which does it itself. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_REQUEST_H
#define HK_REQUEST_H

#include "block.h"
#include "shared.h"

/*
 * Only a team itself can touch its threads and memory. Another one puts a
 * request on its queue in the shared file and interrupts its main thread,
 * which does what is asked between two instructions, or out of a wait, and
 * answers. A team that is stopped answers when it goes on.
 */

struct hk_asking {
    struct hk_asked asked;
    const void *data; /* asked.size bytes that go with it */
    uint32_t answer[HK_ANSWER_WORDS];
};

/* Asks a team that is not the own one. The answer's status; B_BAD_TEAM_ID for
 * no such team, B_NO_MEMORY, or B_INTERRUPTED and nothing has been done. */
int32_t hk_ask_team(struct hk_thread *self, int32_t id,
                    struct hk_asking *asking);

/*
 * Asks the team of a thread that is not the own one's, until a deadline. Also
 * B_BAD_THREAD_ID, B_TIMED_OUT, and B_NOT_ALLOWED for who may not: any may
 * ask, or root and the same user, real or (to signal) effective.
 */
enum hk_asks_permission { HK_ASK_ANY, HK_ASK_PERMISSION, HK_ASK_TO_SIGNAL };
int32_t hk_ask_thread(struct hk_thread *self, int32_t id,
                      enum hk_asks_permission permission,
                      struct hk_asking *asking, int64_t deadline);

/* Whether there is anything that others ask of this team. */
int hk_requests_are_there(const struct hk_shared *shared);

/* Does what others ask of this team. Any of its threads, with no lock. */
void hk_requests_do(struct hk_team *team);

/* Does one (asked.c): its status, or that it has to wait for a change of the
 * team, after which hk_requests_do is called again. Data that is kept becomes
 * NULL. */
#define HK_ANSWER_LATER INT32_MIN
int32_t hk_do_asked(struct hk_team *team, const struct hk_asked *asked,
                    uint8_t **data, uint32_t answer[HK_ANSWER_WORDS]);

#endif
