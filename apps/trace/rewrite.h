/* rewrite.h -- makes a trace of another one, by replaying it. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_REWRITE_H
#define TR_REWRITE_H

#include "record.h"
#include "replay.h"

#ifdef __cplusplus
extern "C" {
#endif

struct tr_rewrite_config {
    uint64_t from, to; /* instructions that are kept; UINT64_MAX: to the end */
    enum tr_level level;
    uint64_t interval; /* instructions from one hash to the next; not 0 */
};

/*
 * Plays a trace from its beginning, and writes what makes the same execution.
 * A part of it begins with the state at `from`, and without its end has none.
 * The player has hashes when the level is to (struct tr_play_config), and
 * nothing has been played yet. 0, or TR_ERR_* with fault: of playing, of
 * writing, or INVALID when the trace ends before `from`.
 */
int tr_rewrite(struct tr_player *player, struct tr_writer *writer,
               const struct tr_rewrite_config *config, struct tr_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
