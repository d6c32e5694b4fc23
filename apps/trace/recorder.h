/* recorder.h -- a recorder from the inside. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_RECORDER_H
#define TR_RECORDER_H

#include <stdatomic.h>

#include "record.h"
#include "share.h"
#include "turn.h"
#include "view.h"

struct tr_thread {
    struct xcpu *_Atomic cpu; /* NULL: it has ended */
    struct tr_thread *next;
    uint64_t id;           /* from 1, in the order of first runs */
    uint64_t instructions; /* since its last event */
    unsigned changes;      /* enum tr_change, since then */
};

/* A file that mappings show. */
struct tr_object {
    uint64_t device, node, id; /* id: from 1 */
    struct tr_object *next;
};

struct tr_recorder {
    struct tr_record_config config;
    struct tr_turn turn; /* of everything below */
    struct tr_memory *memory;
    struct tr_writer *writer;
    int error;   /* the first one */
    int is_mute; /* a fork's child that has no trace yet */
    struct tr_thread *_Atomic threads;
    struct tr_thread *last; /* the one that ran last */
    uint64_t last_thread;   /* its id is the highest so far */
    unsigned thread_count;
    uint64_t since_hash; /* instructions */
    uint64_t since_check, total;
    uint64_t chain;
    struct tr_object *objects; /* by the host's file */
    struct tr_view *views;     /* shared mappings of them */
    struct tr_share *share;    /* with the teams that do so as well */
    uint32_t team;             /* its number there */
    int is_holding;            /* others do not run */
    uint8_t *kept;             /* the views' pages when it was given back last;
                                  NULL: they are not known */
    uint64_t last_object;
    uint8_t named[256]; /* a bit for each call that has its NAME */
};

void tr_emit(struct tr_recorder *recorder, const struct tr_event *event);

/* ---- record_share.c ---- */

/* In a turn of a team that has views: what other teams did is written down. */
void tr_take_shared(struct tr_recorder *recorder);

/* In a turn: has other teams wait, too, as the team's first view comes; lets
 * them run again. */
void tr_hold_shared(struct tr_recorder *recorder);
void tr_leave_shared(struct tr_recorder *recorder);

void tr_share_after_fork(struct tr_recorder *recorder);

/* A turn among the team's threads, and among the teams when it has memory that
 * others may store to. */
static inline void tr_take_turn(struct tr_recorder *recorder)
{
    tr_turn_take(&recorder->turn);
    if (recorder->views != NULL)
        tr_take_shared(recorder);
}

static inline void tr_give_turn(struct tr_recorder *recorder)
{
    if (recorder->is_holding)
        tr_leave_shared(recorder);
    tr_turn_give(&recorder->turn);
}

int tr_is_turn_wanted(const struct tr_recorder *recorder);

/* ---- record_space.c ---- */

void tr_emit_image(struct tr_recorder *recorder, gm_addr address,
                   const uint8_t *page);

extern const struct gm_observer tr_space_observer;

#endif
