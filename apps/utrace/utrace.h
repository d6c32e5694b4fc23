/* utrace.h -- the parts of utrace. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_H
#define UTRACE_H

#include <stdint.h>

#include "apps/trace/record.h"
#include "apps/trace/replay.h"
#include "apps/trace/trace.h"

/* Exit statuses. */
enum {
    UTRACE_EXIT_DIFFERS = 1, /* the execution, or two traces */
    UTRACE_EXIT_USAGE = 2,
    UTRACE_EXIT_DAMAGED = 3, /* the file, or it cannot be read */
    UTRACE_EXIT_FAILURE = 125
};

/* Of what export prints. */
enum utrace_format {
    UTRACE_FORMAT_JSON,  /* a line for each event */
    UTRACE_FORMAT_TENET, /* a line for each instruction of a thread */
    UTRACE_FORMAT_CHROME /* threads and calls over time */
};

struct utrace_options {
    enum xcpu_engine engine;
    uint32_t translate_after, block_insns; /* struct xcpu_config's */
    uint64_t from, to;   /* instructions; to: UINT64_MAX without --to */
    int repeat;          /* times to replay */
    uint64_t interval;   /* instructions from one new hash to the next */
    enum tr_level level; /* that densify raises to */
    int steps;           /* those of the trace are compared */
    int hashes;          /* of the memory are wanted from a player */
    int blesses;         /* struct tr_play_config's */
    enum utrace_format format;
    uint64_t thread;     /* that Tenet's text is of */
    const char *symbols; /* a file that has some, or NULL */
    int quiet;
    const char *const *files; /* NULL-terminated */
    int file_count;
};

/* What a command may be told beside its files, --quiet and --help. */
enum utrace_takes {
    UTRACE_TAKES_ENGINE = 1, /* --engine, --translate-after */
    UTRACE_TAKES_RANGE = 2,  /* --from, --to */
    UTRACE_TAKES_INTERVAL = 4,
    UTRACE_TAKES_LEVEL = 8,
    UTRACE_TAKES_REPEAT = 16, /* --repeat, --steps */
    UTRACE_TAKES_FORMAT = 32, /* --format, --thread */
    UTRACE_TAKES_SYMBOLS = 64
};

/* A command: its name is the first argument. */
struct utrace_command {
    const char *name;
    int least, most;                                  /* files */
    unsigned takes;                                   /* enum utrace_takes */
    int (*run)(const struct utrace_options *options); /* exit status */
    const char *help;
};

extern const struct utrace_command utrace_commands[]; /* name NULL: the end */

/* ---- commands ---- */

int utrace_info(const struct utrace_options *options);
int utrace_ls(const struct utrace_options *options);
int utrace_stat(const struct utrace_options *options);
int utrace_verify(const struct utrace_options *options);
int utrace_diff(const struct utrace_options *options);
int utrace_replay(const struct utrace_options *options);
int utrace_dump(const struct utrace_options *options);
int utrace_step(const struct utrace_options *options);
int utrace_bisect(const struct utrace_options *options);
int utrace_cut(const struct utrace_options *options);
int utrace_densify(const struct utrace_options *options);
int utrace_profile(const struct utrace_options *options);
int utrace_export(const struct utrace_options *options);
int utrace_bless(const struct utrace_options *options);

/* export's formats but for the first */
int utrace_export_tenet(const struct utrace_options *options);
int utrace_export_chrome(const struct utrace_options *options);

/* bisect, where each instruction alone is right: shows the first block that the
 * translator does wrong: 1, or 0 when there is none. */
int utrace_find_block(const struct utrace_options *options);

/* The exit status for a player's TR_ERR_*. */
int utrace_status_of(int result);

/* ---- file.c: these end the process with a message when they cannot ---- */

struct tr_reader *utrace_open(const char *name);

/* The next event: 1, or 0 at the end. What is damaged is told on stderr and
 * counted in *damages. */
int utrace_next(struct tr_reader *reader, const char *name,
                struct tr_event *event, uint64_t *damages);

/* How many instructions a trace has, as its last block tells; goes back to its
 * beginning. */
uint64_t utrace_count_instructions(struct tr_reader *reader);

/* What a trace says of its level; events when it says nothing. */
enum tr_level utrace_level_of(const char *name);

/* ---- player.c ---- */

/* A player whose faults are handled from now on, two at a time at most. Ends
 * the process with a message when there cannot be one. */
struct tr_player *utrace_player(const struct utrace_options *options,
                                struct tr_reader *reader, const char *name);
void utrace_free_player(struct tr_player *player);

/* ---- text.c ---- */

/* One line of an event, with names of calls that were told before. */
struct utrace_names {
    char *names[1024]; /* by number, NULL: unknown */
};

void utrace_note_name(struct utrace_names *names, const struct tr_event *event);
const char *utrace_call_name(const struct utrace_names *names, uint64_t number);
void utrace_free_names(struct utrace_names *names);
void utrace_print_event(const struct utrace_names *names,
                        const struct tr_event *event);

/* A string of JSON (export.c). */
void utrace_print_string(const uint8_t *text, size_t size);

/* ---- message.c ---- */

void utrace_message(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
_Noreturn void utrace_fail(int status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
