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

/*
 * A file that mappings show, and that more than this team may store to. The
 * team's memory shows a copy of it, which changes in turns alone: its own
 * stores go to the file when a turn ends, those of others come from it when
 * one begins. A player's objects are what the copies are.
 */
struct tr_object {
    uint64_t device, node, id; /* id: from 1 */
    int copy;                  /* shared with the children of the team */
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
    struct tr_view *views;     /* mappings of them */
    struct gm_space *live;     /* the files at the views' addresses */
    uint8_t *kept;             /* what they had, by address */
    uint8_t *is_shown;         /* by page: 0 behind a file's end */
    struct tr_share *share;    /* with the teams that have views as well */
    uint32_t team;             /* its number there */
    int is_holding;            /* others do not run */
    uint64_t last_object;
    uint8_t named[256]; /* a bit for each call that has its NAME */
};

void tr_emit(struct tr_recorder *recorder, const struct tr_event *event);

/* ---- record_share.c ---- */

/* In a turn of a team that has views: what others did is taken in. */
void tr_take_shared(struct tr_recorder *recorder);

/* In a turn: has other teams wait, too, as the team's first view comes; gives
 * what the team did to others, and lets them run again. */
void tr_hold_shared(struct tr_recorder *recorder);
void tr_leave_shared(struct tr_recorder *recorder);

void tr_share_after_fork(struct tr_recorder *recorder);

/* In a turn, as a child's trace begins: what others did so far is in it. */
void tr_begin_shared(struct tr_recorder *recorder);

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

/* ---- record_object.c ---- */

/* The file that a new mapping shows, whose descriptor is still open; NULL: it
 * is taken for one that nobody stores to but through this mapping. A private
 * mapping follows a file that is stored to through others, or may be. */
struct tr_object *tr_object_of(struct tr_recorder *recorder,
                               const struct gm_mapping *region);

struct tr_object *tr_find_object(const struct tr_recorder *recorder,
                                 uint64_t id);

/* A page of the copy; zeros where it has none. */
void tr_object_read(const struct tr_object *object, uint64_t number,
                    uint8_t page[GM_PAGE_SIZE]);
void tr_object_write(struct tr_recorder *recorder,
                     const struct tr_object *object, uint64_t number,
                     const uint8_t page[GM_PAGE_SIZE]);

/* In a turn of all teams: has a new mapping of a file, whose descriptor is fd,
 * show the copy, with what is in the file now. */
void tr_object_show(struct tr_recorder *recorder,
                    const struct tr_object *object, const struct tr_view *view,
                    int fd);

/* The file has come to have this page of a view, or has lost it. */
void tr_object_show_page(struct tr_recorder *recorder,
                         const struct tr_object *object, gm_addr address,
                         uint64_t number);

/* A range is mapped anew, or no longer. */
void tr_object_hide(struct tr_recorder *recorder, gm_addr address,
                    uint64_t size);

/* ---- record_space.c ---- */

void tr_emit_map(struct tr_recorder *recorder, const struct tr_view *view,
                 uint64_t protection);
void tr_emit_unmap(struct tr_recorder *recorder, gm_addr address,
                   uint64_t size);

void tr_emit_image(struct tr_recorder *recorder, gm_addr address,
                   const uint8_t *page);

extern const struct gm_observer tr_space_observer;

#endif
