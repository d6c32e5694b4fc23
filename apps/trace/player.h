/* player.h -- a player from the inside. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_PLAYER_H
#define TR_PLAYER_H

#include "fault.h"
#include "replay.h"
#include "view.h"

struct tr_player_thread {
    uint64_t id;
    struct xcpu *cpu;
    struct tr_player_thread *next;
};

/* What several mappings show. */
struct tr_player_object {
    uint64_t id, size; /* size: bytes of the file */
    int fd;
    uint8_t *saved; /* its content, or NULL */
    struct tr_player_object *next;
};

struct tr_player {
    struct tr_reader *reader;
    struct tr_play_config config;
    struct gm_space *space;
    struct tr_memory *memory;
    struct xcpu_machine *machine; /* NULL before the first thread */
    enum xcpu_model model;
    int hashes_wanted;   /* the trace has some */
    int portable_floats; /* struct xcpu_config */
    struct tr_player_thread *threads, *current;
    struct tr_player_object *objects;
    struct tr_view *views; /* mappings of them */
    struct xcpu *running;  /* inside xcpu_run */
    uint64_t events, instructions, hashes;
    uint64_t chain;
    /* Values for RDTSC that have not been asked for: a queue. */
    uint64_t *ticks;
    size_t tick_first, tick_count, tick_capacity;
    int tick_missing;      /* RDTSC asked for more than the trace has */
    struct tr_event event; /* RUN or CALL that is played in parts, or none */
    uint64_t done;         /* instructions of it */
    int is_open;           /* there is one */
};

/* ---- play_space.c: 0 or TR_ERR_*, with fault ---- */

extern const struct gm_observer tr_player_observer;

void tr_free_objects(struct tr_player *player);

/* Copies a page of an object. */
int tr_read_object(const struct tr_player *player, uint64_t id, uint64_t page,
                   uint8_t bytes[TR_PAGE_SIZE]);

int tr_play_space(struct tr_player *player, const struct tr_event *event,
                  struct tr_fault *fault);

#endif
