/* block.h -- blocks: the pieces that a trace is written and read by. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_BLOCK_H
#define TR_BLOCK_H

#include <zlib.h>

#include "trace.h"

#define TR_MAGIC       "uvmtrace"
#define TR_VERSION     2 /* and 1, which lacks private views and steps */
#define TR_FILE_HEADER 16

enum {
    TR_BLOCK_HEADER = 44,
    TR_BLOCK_FULL = 64 * 1024,  /* content that ends a block */
    TR_BLOCK_SHORT = 4096,      /* and one of the first ones */
    TR_BLOCK_MAX = 192 * 1024,  /* content that no block is larger than */
    TR_STORED_MAX = 200 * 1024, /* nor what is stored of it */
    TR_BLOCK_PAGES = TR_BLOCK_FULL / TR_PAGE_SIZE
};

#define TR_BLOCK_MAGIC 0x4b425254u /* "TRBK" */

enum tr_block_kind {
    TR_BLOCK_EVENTS = 'E',
    TR_BLOCK_IMAGES = 'P',
    TR_BLOCK_STEPS = 'S'
};

struct tr_block {
    enum tr_block_kind kind;
    uint64_t offset;      /* of its header in the file */
    uint32_t stored;      /* bytes behind the header */
    uint32_t size;        /* of the content */
    uint64_t first;       /* number of its first event, image or step */
    uint64_t instruction; /* how many came before its first event */
    uint32_t count;       /* events, images or steps */
    uint32_t crc;         /* of the stored bytes */
};

/* The first bytes of a file. */
void tr_file_header(uint8_t header[TR_FILE_HEADER]);

/* The version of a file that begins so; 0: it is no trace, or damaged. */
unsigned tr_file_version(const uint8_t header[TR_FILE_HEADER]);

/* What packs blocks: 0 or TR_ERR_NOMEM. */
int tr_packer_init(z_stream *packer);
void tr_packer_end(z_stream *packer);

/* Header and stored bytes of a block, from its content; their size, or 0 when
 * zlib is out of memory. out: TR_BLOCK_HEADER + TR_STORED_MAX bytes. */
size_t tr_block_pack(z_stream *packer, struct tr_block *block,
                     const uint8_t *content, uint8_t *out);

/* Reads a header: 1, or 0 when it is none. */
int tr_block_parse(const uint8_t header[TR_BLOCK_HEADER],
                   struct tr_block *block);

/* Content from stored bytes: 1, or 0 when they are damaged. */
int tr_block_unpack(const struct tr_block *block, const uint8_t *stored,
                    uint8_t *content);

/* ---- event.c ---- */

/* The most bytes that an event takes. */
enum { TR_EVENT_MAX = 1 + 10 * (TR_FIELDS_MAX + 1) + 65536 };

/* Its bytes in a block; their count, or 0 when the event is none. */
size_t tr_event_pack(const struct tr_event *event, uint8_t *out);

/* An event from the bytes of a block; how many it takes, 0 when there is none.
 */
size_t tr_event_unpack(const uint8_t *bytes, size_t size,
                       struct tr_event *event);

#endif
