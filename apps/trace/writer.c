/* writer.c -- from events to blocks of a file. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "block.h"
#include "step_code.h"

/* Images that are known, by hash: a table of two generations, the older one
 * being forgotten when the newer one is full, so that its size is bounded. */
enum { KNOWN_BITS = 20, KNOWN_SLOTS = 1 << KNOWN_BITS };

struct known {
    uint64_t low, high; /* of its hash */
    uint64_t image;     /* 0: a free slot */
};

struct generation {
    struct known *slots; /* by low, open addressing; NULL: not yet needed */
    uint32_t used;
};

struct tr_writer {
    int fd, error;
    uint64_t offset; /* bytes written */
    uint64_t events, instructions, images;
    uint64_t packed_events;             /* bytes of content, in blocks so far */
    struct tr_block block;              /* of events, being filled */
    struct tr_block pages;              /* of images */
    struct tr_block steps;              /* of steps */
    struct tr_step_writer *step_writer; /* NULL: none yet */
    uint64_t step_count;
    struct generation known[2];
    uint8_t content[TR_BLOCK_MAX];
    uint8_t page_content[TR_BLOCK_FULL];
    uint8_t step_content[TR_BLOCK_MAX];
    uint8_t packed[TR_BLOCK_HEADER + TR_STORED_MAX];
    z_stream packer;
};

static int write_all(struct tr_writer *writer, const uint8_t *bytes,
                     size_t size)
{
    while (size > 0) {
        ssize_t done = write(writer->fd, bytes, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return writer->error = TR_ERR_IO;
        bytes += done;
        size -= (size_t)done;
        writer->offset += (uint64_t)done;
    }
    return 0;
}

static int flush_block(struct tr_writer *writer, struct tr_block *block,
                       const uint8_t *content)
{
    size_t size;

    if (block->count == 0 || writer->error < 0)
        return writer->error;
    size = tr_block_pack(&writer->packer, block, content, writer->packed);
    if (size == 0)
        return writer->error = TR_ERR_NOMEM;
    block->size = 0;
    block->count = 0;
    return write_all(writer, writer->packed, size);
}

/* Images first: events refer to what is before them. */
static int flush(struct tr_writer *writer)
{
    int error = flush_block(writer, &writer->pages, writer->page_content);

    writer->packed_events += writer->block.size;
    if (error == 0)
        error = flush_block(writer, &writer->block, writer->content);
    return error;
}

int tr_writer_new(int fd, struct tr_writer **made)
{
    struct tr_writer *writer = calloc(1, sizeof(*writer));
    uint8_t header[TR_FILE_HEADER];
    int error;

    if (writer == NULL)
        return TR_ERR_NOMEM;
    writer->fd = fd;
    writer->block.kind = TR_BLOCK_EVENTS;
    writer->pages.kind = TR_BLOCK_IMAGES;
    writer->steps.kind = TR_BLOCK_STEPS;
    tr_file_header(header);
    error = tr_packer_init(&writer->packer);
    if (error == 0)
        error = write_all(writer, header, sizeof(header));
    if (error < 0) {
        tr_packer_end(&writer->packer);
        free(writer);
    } else {
        *made = writer;
    }
    return error;
}

/*
 * Blocks are short at first, for a program that is killed loses what is in
 * none: the first one ends with the first run, without which a trace has no
 * beginning, and each one behind it holds about as much as all before.
 */
static int is_full(const struct tr_writer *writer, const struct tr_event *last)
{
    uint64_t before = writer->packed_events;

    if (before == 0 && (last->kind == TR_RUN || last->kind == TR_CALL))
        return 1;
    return writer->block.size >= TR_BLOCK_FULL ||
           (before > 0 && before <= writer->block.size &&
            writer->block.size >= TR_BLOCK_SHORT);
}

int tr_write_event(struct tr_writer *writer, const struct tr_event *event)
{
    struct tr_block *block = &writer->block;
    size_t size;

    if (writer->error < 0)
        return writer->error;
    if (block->count == 0) {
        block->first = writer->events;
        block->instruction = writer->instructions;
    }
    size = tr_event_pack(event, writer->content + block->size);
    if (size == 0)
        return TR_ERR_INVALID;
    block->size += (uint32_t)size;
    block->count++;
    writer->events++;
    writer->instructions += tr_event_instructions(event);
    return is_full(writer, event) ? flush(writer) : 0;
}

/* ---- images ---- */

/* The slot of a hash: its image's, or a free one. */
static struct known *find_slot(const struct generation *generation,
                               XXH128_hash_t hash)
{
    uint64_t at = hash.low64;
    struct known *slot;

    do {
        slot = &generation->slots[at++ % KNOWN_SLOTS];
    } while (slot->image != 0 &&
             (slot->low != hash.low64 || slot->high != hash.high64));
    return slot;
}

static void forget_older(struct tr_writer *writer)
{
    struct generation newer = writer->known[0];

    free(writer->known[1].slots);
    writer->known[1] = newer;
    writer->known[0] = (struct generation){NULL, 0};
}

static int remember(struct tr_writer *writer, XXH128_hash_t hash,
                    uint64_t image)
{
    struct generation *newer = &writer->known[0];
    struct known *slot;

    if (newer->used > KNOWN_SLOTS / 2)
        forget_older(writer);
    if (newer->slots == NULL)
        newer->slots = calloc(KNOWN_SLOTS, sizeof(*newer->slots));
    if (newer->slots == NULL)
        return TR_ERR_NOMEM;
    slot = find_slot(newer, hash);
    *slot = (struct known){hash.low64, hash.high64, image};
    newer->used++;
    return 0;
}

static int add_page(struct tr_writer *writer, const uint8_t *page,
                    uint64_t *image)
{
    struct tr_block *pages = &writer->pages;

    if (pages->count == 0) {
        pages->first = writer->images + 1;
        pages->instruction = writer->instructions;
    }
    memcpy(writer->page_content + pages->size, page, TR_PAGE_SIZE);
    pages->size += TR_PAGE_SIZE;
    pages->count++;
    *image = ++writer->images;
    return pages->count < TR_BLOCK_PAGES
               ? 0
               : flush_block(writer, pages, writer->page_content);
}

int tr_write_page(struct tr_writer *writer, const uint8_t *page,
                  uint64_t *image)
{
    XXH128_hash_t hash = XXH3_128bits(page, TR_PAGE_SIZE);
    int error;

    if (writer->error < 0)
        return writer->error;
    for (int i = 0; i < 2; i++) {
        const struct known *slot = writer->known[i].slots != NULL
                                       ? find_slot(&writer->known[i], hash)
                                       : NULL;

        if (slot != NULL && slot->image != 0) {
            *image = slot->image;
            return 0;
        }
    }
    error = add_page(writer, page, image);
    return error < 0 ? error : remember(writer, hash, *image);
}

/* ---- steps ---- */

static int flush_steps(struct tr_writer *writer)
{
    if (writer->steps.count == 0)
        return writer->error;
    writer->steps.size =
        tr_step_pack(writer->step_writer, writer->step_content);
    return flush_block(writer, &writer->steps, writer->step_content);
}

int tr_write_step(struct tr_writer *writer, const struct tr_step_state *before,
                  const struct tr_step_state *after)
{
    struct tr_block *block = &writer->steps;

    if (writer->error < 0)
        return writer->error;
    if (writer->step_writer == NULL)
        writer->step_writer = malloc(sizeof(*writer->step_writer));
    if (writer->step_writer == NULL)
        return writer->error = TR_ERR_NOMEM;
    if (block->count == 0) {
        block->first = block->instruction = writer->step_count;
        tr_step_begin(writer->step_writer);
    }
    tr_step_put(writer->step_writer, before, after);
    block->count++;
    writer->step_count++;
    return writer->step_writer->size >= TR_BLOCK_FULL ? flush_steps(writer) : 0;
}

uint64_t tr_writer_events(const struct tr_writer *writer)
{
    return writer->events;
}

uint64_t tr_writer_instructions(const struct tr_writer *writer)
{
    return writer->instructions;
}

void tr_writer_abandon(struct tr_writer *writer)
{
    if (writer == NULL)
        return;
    close(writer->fd);
    tr_packer_end(&writer->packer);
    free(writer->known[0].slots);
    free(writer->known[1].slots);
    free(writer->step_writer);
    free(writer);
}

int tr_writer_close(struct tr_writer *writer)
{
    int error;

    if (writer == NULL)
        return 0;
    error = flush(writer);
    if (error == 0)
        error = flush_steps(writer);
    tr_writer_abandon(writer);
    return error;
}
