/* step_code.h -- steps as the streams of a block. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_STEP_CODE_H
#define TR_STEP_CODE_H

#include "block.h"
#include "steps.h"

/* The streams of a block, in the order of docs/trace-format.md, "Steps". */
enum tr_stream {
    TR_STREAM_MASKS,
    TR_STREAM_EIP,
    TR_STREAM_EFLAGS,
    TR_STREAM_GPRS, /* eight of them */
    TR_STREAM_FPU = TR_STREAM_GPRS + 8,
    TR_STREAM_SEGMENTS,
    TR_STREAM_THREADS,
    TR_STREAMS
};

/* What is being written: bytes of each stream, until they fill a block. */
struct tr_step_writer {
    struct tr_step_state last;
    uint32_t size; /* of all streams */
    uint32_t sizes[TR_STREAMS];
    uint8_t bytes[TR_STREAMS][TR_BLOCK_FULL + 2048];
};

void tr_step_begin(struct tr_step_writer *steps);
void tr_step_put(struct tr_step_writer *steps,
                 const struct tr_step_state *before,
                 const struct tr_step_state *after);

/* The content of a block of TR_BLOCK_MAX bytes; its size. */
uint32_t tr_step_pack(const struct tr_step_writer *steps, uint8_t *content);

/* What is being read: the rest of each stream. */
struct tr_step_reader {
    struct tr_step_state last;
    const uint8_t *at[TR_STREAMS], *end[TR_STREAMS];
};

/* Of a block's content, which outlives it: 1, or 0 when it has no streams. */
int tr_step_open(struct tr_step_reader *steps, const uint8_t *content,
                 size_t size);

/* The next step, but for its number: 1, or 0 when there is none. */
int tr_step_get(struct tr_step_reader *steps, struct tr_step *step);

/* Whether nothing is left. */
int tr_step_is_over(const struct tr_step_reader *steps);

#endif
