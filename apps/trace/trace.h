/* trace.h -- reads and writes traces of executions. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_TRACE_H
#define TR_TRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A trace is a file of events: what a program's execution could not compute
 * by itself, and how far it ran in between (docs/trace-format.md). Functions
 * on one writer or reader are called by one thread at a time.
 */
struct tr_writer;
struct tr_reader;

/* Results below zero. X(NAME, value, text). */
#define TR_ERRORS(X)                                                           \
    X(NOMEM, -1, "out of memory")                                              \
    X(INVALID, -2, "invalid argument")                                         \
    X(IO, -3, "cannot be read or written")                                     \
    X(FORMAT, -4, "is no trace")                                               \
    X(VERSION, -5, "is a trace of another version")                            \
    X(DAMAGED, -6, "is damaged")                                               \
    X(MISMATCH, -7, "the execution differs from the trace")                    \
    X(ENGINE, -8, "no such engine on this host")

enum tr_error {
#define X(name, value, text) TR_ERR_##name = (value),
    TR_ERRORS(X)
#undef X
};

/* Text of a TR_ERR_* value; never NULL. */
const char *tr_error_text(int error);

/* What is wrong, and where: a line without newline. */
struct tr_fault {
    char text[256];
};

/* ---- events ---- */

#define TR_PAGE_SIZE  4096u
#define TR_FIELDS_MAX 8
#define TR_BYTES_MAX  65536u /* of an event */

enum tr_kind {
#define EVENT(name, number, bytes, text) TR_##name = (number),
#define FIELD(name)
#define END(name)
#include "events.def"
};

/* An event: which fields there are its kind says. */
struct tr_event {
    enum tr_kind kind;
    uint64_t fields[TR_FIELDS_MAX]; /* those that the kind has */
    const uint8_t *bytes; /* of a read event: until the next one is read */
    size_t size;
};

/* The place of each field: TR_FIELD(event, RUN, EIP) is an lvalue. */
#define EVENT(name, number, bytes, text) struct tr_fields_##name {
#define FIELD(name)                      char name;
#define END(name)                                                              \
    char end;                                                                  \
    }                                                                          \
    ;
#include "events.def"

#define TR_FIELD(event, kind, field)                                           \
    ((event)->fields[offsetof(struct tr_fields_##kind, field)])

/* Names as in docs/trace-format.md; NULL for what there is not. */
const char *tr_kind_name(unsigned kind);
const char *tr_field_name(unsigned kind, unsigned field);
/* How many fields a kind has; -1: there is no such kind. */
int tr_field_count(unsigned kind);
/* Whether bytes follow the fields. */
int tr_has_bytes(unsigned kind);

/* Values of RUN's REASON. */
enum tr_reason {
    TR_REASON_SLICE,     /* it was stopped after so many instructions */
    TR_REASON_INTERRUPT, /* INT n */
    TR_REASON_SYSCALL,   /* SYSENTER or SYSCALL */
    TR_REASON_EXCEPTION
};

/* In MAP's PROTECTION, beside enum gm_prot's: a private view of the OBJECT. */
#define TR_PROTECTION_PRIVATE 8u

/* Instructions that an event stands for: of RUN and CALL, else 0. */
uint64_t tr_event_instructions(const struct tr_event *event);

/* ---- writing ---- */

/* Begins a trace in a file, open for writing at its beginning, and takes the
 * descriptor over on success. 0 or TR_ERR_*. */
int tr_writer_new(int fd, struct tr_writer **writer);

/*
 * Appends an event. Its kind's fields and bytes alone count. 0 or TR_ERR_*:
 * INVALID, or an earlier or present failure to write, which stays.
 */
int tr_write_event(struct tr_writer *writer, const struct tr_event *event);

/* The number of a page image, stored once however often it is asked for (as
 * long as the 2^20 last different ones hold it). 0 or TR_ERR_*. */
int tr_write_page(struct tr_writer *writer, const uint8_t *page,
                  uint64_t *image);

/* Events and instructions written so far. */
uint64_t tr_writer_events(const struct tr_writer *writer);
uint64_t tr_writer_instructions(const struct tr_writer *writer);

/* Writes what is left and closes the file: 0 or TR_ERR_IO. NULL is allowed. */
int tr_writer_close(struct tr_writer *writer);

/* Closes it and writes nothing: in the child of a fork(2). */
void tr_writer_abandon(struct tr_writer *writer);

/* ---- reading ---- */

/*
 * Opens a trace, and takes the descriptor over on success; or a trace in
 * memory that outlives the reader. 0, or TR_ERR_* with fault, which may be
 * NULL. A file that was cut off or damaged opens: its whole blocks are there.
 */
int tr_reader_open(int fd, struct tr_reader **reader, struct tr_fault *fault);
int tr_reader_open_memory(const void *bytes, size_t size,
                          struct tr_reader **reader, struct tr_fault *fault);
void tr_reader_close(struct tr_reader *reader);

/*
 * The next event: 1; 0 at the end; TR_ERR_DAMAGED where events are missing or
 * unreadable, with fault (may be NULL), which names block and offset: the next
 * call goes on behind them.
 */
int tr_read_event(struct tr_reader *reader, struct tr_event *event,
                  struct tr_fault *fault);

/* Number of the event that is read next, from 0, and the instructions of all
 * before it. */
uint64_t tr_reader_position(const struct tr_reader *reader);
uint64_t tr_reader_instructions(const struct tr_reader *reader);

/* Goes to an event, or to the last block that begins at or before a number of
 * instructions. 0, or TR_ERR_INVALID when the trace does not have it. */
int tr_reader_seek(struct tr_reader *reader, uint64_t event);
int tr_reader_seek_instruction(struct tr_reader *reader, uint64_t instruction);

/* Copies a page image. 0, or TR_ERR_* with fault (may be NULL). */
int tr_read_page(struct tr_reader *reader, uint64_t image,
                 uint8_t page[TR_PAGE_SIZE], struct tr_fault *fault);

/* What a trace is made of. */
struct tr_summary {
    uint64_t size; /* bytes of the file */
    uint64_t blocks, events, images, steps;
    uint64_t damages; /* stretches that are no block, events that are missing */
};

/* Of the blocks that there are; their content is not looked at. */
void tr_reader_summary(const struct tr_reader *reader,
                       struct tr_summary *summary);

/* Where a block lies. kind: 'E' events, 'P' pages, 'S'
 * steps. 0, or TR_ERR_INVALID. */
struct tr_block_info {
    char kind;
    uint64_t offset, stored, size, first, instruction;
    uint32_t count;
};
int tr_reader_block(const struct tr_reader *reader, uint64_t block,
                    struct tr_block_info *info);

/* Reads a block whole, as tr_read_event and its like would: 0, or TR_ERR_*
 * with fault (may be NULL). */
int tr_reader_check_block(struct tr_reader *reader, uint64_t block,
                          struct tr_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
