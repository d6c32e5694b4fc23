/* recorder.h -- a recorder from the inside. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_RECORDER_H
#define TR_RECORDER_H

#include <stdatomic.h>

#include "record.h"
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
    int error; /* the first one */
    struct tr_thread *_Atomic threads;
    struct tr_thread *last; /* the one that ran last */
    uint64_t last_thread;   /* its id is the highest so far */
    unsigned thread_count;
    uint64_t since_hash; /* instructions */
    uint64_t since_check, total;
    uint64_t chain;
    struct tr_object *objects; /* by the host's file */
    struct tr_view *views;     /* shared mappings of them */
    uint64_t last_object;
    uint8_t named[256]; /* a bit for each call that has its NAME */
};

void tr_emit(struct tr_recorder *recorder, const struct tr_event *event);

/* ---- record_space.c ---- */

extern const struct gm_observer tr_space_observer;

#endif
