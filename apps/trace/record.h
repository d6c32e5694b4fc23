/* record.h -- records an execution as it happens. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_RECORD_H
#define TR_RECORD_H

#include "memory.h"
#include "trace.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A recorder writes a trace of what the processors of one space do. It runs
 * them in turns, one at a time, so that a trace has one order of everything;
 * what is done to the space from outside (gm_copy_out and its like) waits for
 * its turn as well, and is written down when it is done. All functions may be
 * called by any thread unless they say otherwise.
 */
struct tr_recorder;

enum tr_level {
    TR_LEVEL_EVENTS, /* what cannot be computed */
    TR_LEVEL_HASH,   /* and hashes of the state */
    TR_LEVEL_FULL    /* and what each instruction changed of the registers */
};

/* events, hash, full; -1: it is none of them. */
const char *tr_level_name(enum tr_level level);
int tr_find_level(const char *name);

struct tr_record_config {
    struct gm_space *space;
    enum tr_level level;
    uint64_t interval; /* instructions from one hash to the next; 0: 2^24 */
    /* Name of a system call, for whoever reads the trace; NULL: none. */
    const char *(*call_name)(void *host, uint32_t number);
    void *host;
};

/* Begins a trace in a file, taking the descriptor over on success. The space
 * gets its observer: no other thread may use it now. 0 or TR_ERR_*. */
int tr_recorder_new(int fd, const struct tr_record_config *config,
                    struct tr_recorder **recorder);

/* The memory that processors are to run in. Its read_tsc is the recorder's. */
struct tr_memory *tr_recorder_memory(struct tr_recorder *recorder);

/* What the trace says of itself: "key=value". */
void tr_record_info(struct tr_recorder *recorder, const char *key,
                    const char *value);

/* xcpu_run, recorded. By the thread that runs the cpu. */
void tr_record_run(struct tr_recorder *recorder, struct xcpu *cpu,
                   uint64_t budget, struct xcpu_exit *exit);

/* What has been changed of a cpu that is not running, since it ran. */
enum tr_change {
    TR_CHANGE_EAX = 1,
    TR_CHANGE_REGISTERS = 2,
    TR_CHANGE_FPU = 4
};
void tr_record_change(struct tr_recorder *recorder, const struct xcpu *cpu,
                      enum tr_change change);

/* A cpu is about to be freed. */
void tr_record_free_cpu(struct tr_recorder *recorder, const struct xcpu *cpu);

/* A child team has a trace of its own, in a file of that name. */
void tr_record_child(struct tr_recorder *recorder, uint32_t team,
                     const char *name);

/* In a handler of SIGSEGV, behind gm_on_fault and before xcpu_on_fault: 1
 * when the access may be repeated. */
int tr_record_on_fault(struct tr_recorder *recorder, const void *host_address);

/* In the child of a fork(2), at once: no other thread of the parent is there to
 * end its turn, and nothing is recorded before tr_recorder_after_fork. */
void tr_recorder_in_child(struct tr_recorder *recorder);

/* In that child, on its only thread: the parent's trace is left alone, and
 * another one begins. 0 or TR_ERR_*. */
int tr_recorder_after_fork(struct tr_recorder *recorder, int fd);

/* Behind what a trace says of itself: what is mapped already. */
void tr_record_space(struct tr_recorder *recorder);

/* The team ends: writes everything and closes the file; others that want a
 * turn wait for ever. 0, or TR_ERR_* of the first thing that went wrong. */
int tr_recorder_finish(struct tr_recorder *recorder, uint32_t status,
                       uint32_t signal);

#ifdef __cplusplus
}
#endif
#endif
