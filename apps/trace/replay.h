/* replay.h -- executes a trace again. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_REPLAY_H
#define TR_REPLAY_H

#include "memory.h"
#include "trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A player has a space and a processor for each thread of a trace, and brings
 * them from event to event: what the trace could not compute is put in place,
 * everything else is executed, and compared with what the trace knows of it.
 * No function of one player is called by two threads.
 */
struct tr_player;

struct tr_play_config {
    enum xcpu_engine engine;
    uint32_t translate_after, block_insns; /* struct xcpu_config's */
    int steps;   /* those of the trace are compared, one by one */
    int hashes;  /* tr_player_memory_hash is wanted, whatever the trace has */
    int blesses; /* CHECKs and hashes that differ are taken as right */
};

/* A player at the beginning of a trace, which is read by it alone, and whose
 * reader must outlive it. 0, or TR_ERR_* with fault (may be NULL). */
int tr_player_new(struct tr_reader *reader, const struct tr_play_config *config,
                  struct tr_player **player, struct tr_fault *fault);
void tr_player_free(struct tr_player *player);

/*
 * Plays one event, which *event then is (may be NULL): 1; 0 at the end;
 * TR_ERR_MISMATCH when the execution differs from the trace, TR_ERR_DAMAGED
 * when the trace is broken or asks for what cannot be, and others, with fault.
 * Nothing can be played after an error.
 */
int tr_play_event(struct tr_player *player, struct tr_event *event,
                  struct tr_fault *fault);

/*
 * Plays until so many instructions have been executed: 1, or 0 when the trace
 * ends before, or TR_ERR_*. Goes on from between two events or from where it
 * stopped the last time.
 */
int tr_play_to(struct tr_player *player, uint64_t instructions,
               struct tr_fault *fault);

/*
 * Plays one event as tr_play_event does, but nothing of a RUN or CALL: that is
 * open then, its thread is the player's, and stays open until tr_play_part
 * has played all of it. 1, 0 at the end, or TR_ERR_*.
 */
int tr_play_until_run(struct tr_player *player, struct tr_event *event,
                      struct tr_fault *fault);
int tr_player_is_open(const struct tr_player *player);

/* Executes at most so many instructions of what is open: 1 when it is over, 0
 * when not, or TR_ERR_*. */
int tr_play_part(struct tr_player *player, uint64_t count,
                 struct tr_fault *fault);

/* Instructions and events played so far, hashes that were compared. */
uint64_t tr_player_instructions(const struct tr_player *player);
uint64_t tr_player_events(const struct tr_player *player);
uint64_t tr_player_hashes(const struct tr_player *player);

/* The thread that ran last (0: none yet), its processor, and the memory. */
uint64_t tr_player_thread(const struct tr_player *player);
struct xcpu *tr_player_cpu(const struct tr_player *player);
struct gm_space *tr_player_space(const struct tr_player *player);

/*
 * Memory that several mappings show is not copied by a fork(2): one that is to
 * go on later, after other processes have played the same trace, saves it, and
 * puts it back then. 0 or TR_ERR_NOMEM.
 */
int tr_player_save_objects(struct tr_player *player);
int tr_player_restore_objects(struct tr_player *player);

/* Hash of the memory; of a player whose config or trace has hashes. */
uint64_t tr_player_memory_hash(struct tr_player *player);

/* For the application's handler of SIGSEGV, SIGBUS and SIGFPE: what
 * xcpu_on_fault is for a processor. */
int tr_player_on_fault(struct tr_player *player, int signo, void *siginfo,
                       void *ucontext);

#ifdef __cplusplus
}
#endif
#endif
