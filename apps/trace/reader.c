/* reader.c -- from the blocks of a file to events. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block.h"
#include "bytes.h"
#include "fault.h"
#include "step_code.h"

/* A list of blocks, in the order of the file. */
struct blocks {
    struct tr_block *items;
    size_t count, capacity;
};

enum { CACHED = 8 };

/* The content of a block of images. */
struct cached {
    uint64_t offset; /* its block's; 0: none */
    uint64_t used;   /* when */
    uint8_t *content;
};

/* Where steps are read. */
struct step_place {
    size_t next_block;
    uint64_t position; /* of the next one */
    uint32_t left;     /* in the block that is open */
    struct tr_step_reader reader;
    uint8_t *content; /* TR_BLOCK_MAX bytes, or NULL */
};

struct tr_reader {
    int fd; /* or -1: */
    const uint8_t *bytes;
    uint64_t size;
    struct blocks events, images, steps;
    uint64_t damages; /* stretches between blocks */
    uint64_t cut;     /* where the last whole block ends, or 0: the file does */
    size_t next_block;     /* of events, to be read next */
    uint64_t position;     /* of the next event */
    uint64_t instructions; /* before it */
    uint32_t left;         /* events of the block that is open */
    size_t at, end;        /* its bytes */
    int told_cut;
    struct step_place step;
    uint64_t clock;
    struct cached cached[CACHED];
    uint8_t content[TR_BLOCK_MAX];
    uint8_t stored[TR_STORED_MAX];
};

/* Bytes of the file: 1, or 0 when they are not all there. */
static int read_at(const struct tr_reader *reader, uint64_t offset, void *to,
                   size_t size)
{
    if (size > reader->size || offset > reader->size - size)
        return 0;
    if (reader->fd < 0) {
        memcpy(to, reader->bytes + offset, size);
        return 1;
    }
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(reader->fd, (char *)to + done, size - done,
                            (off_t)(offset + done));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return 0;
        done += (size_t)got;
    }
    return 1;
}

/* ---- finding the blocks ---- */

static int add_block(struct blocks *blocks, const struct tr_block *block)
{
    size_t capacity = blocks->capacity * 2 + 16;
    struct tr_block *items;

    if (blocks->count == blocks->capacity) {
        items = realloc(blocks->items, capacity * sizeof(*items));
        if (items == NULL)
            return TR_ERR_NOMEM;
        blocks->items = items;
        blocks->capacity = capacity;
    }
    blocks->items[blocks->count++] = *block;
    return 0;
}

static int parse_at(const struct tr_reader *reader, uint64_t offset,
                    struct tr_block *block)
{
    uint8_t header[TR_BLOCK_HEADER];

    if (!read_at(reader, offset, header, sizeof(header)) ||
        !tr_block_parse(header, block))
        return 0;
    block->offset = offset;
    return 1;
}

/* Behind something that is no block: where the next one may be. */
static uint64_t find_magic(const struct tr_reader *reader, uint64_t offset)
{
    uint8_t window[4096];
    uint8_t magic[4];

    tr_put(magic, TR_BLOCK_MAGIC, 4);
    while (reader->size - offset >= TR_BLOCK_HEADER) {
        size_t size = sizeof(window);
        const uint8_t *found;

        if (size > reader->size - offset)
            size = (size_t)(reader->size - offset);
        if (!read_at(reader, offset, window, size))
            break;
        found = memmem(window, size, magic, sizeof(magic));
        if (found != NULL)
            return offset + (uint64_t)(found - window);
        offset += size - (sizeof(magic) - 1);
    }
    return reader->size;
}

/* Blocks of a kind follow each other; one that goes back is none. */
static int follows(const struct blocks *blocks, const struct tr_block *block)
{
    const struct tr_block *last;

    if (blocks->count == 0)
        return 1;
    last = &blocks->items[blocks->count - 1];
    return block->first >= last->first + last->count &&
           block->instruction >= last->instruction;
}

static struct blocks *list_of(struct tr_reader *reader, enum tr_block_kind kind)
{
    switch (kind) {
    case TR_BLOCK_EVENTS:
        break;
    case TR_BLOCK_IMAGES:
        return &reader->images;
    case TR_BLOCK_STEPS:
        return &reader->steps;
    }
    return &reader->events;
}

static int scan(struct tr_reader *reader)
{
    uint64_t offset = TR_FILE_HEADER;
    int is_damaged = 0;

    while (offset < reader->size) {
        struct tr_block block;
        struct blocks *list;
        int error;

        if (!parse_at(reader, offset, &block)) {
            reader->damages += !is_damaged;
            if (!is_damaged)
                reader->cut = offset;
            is_damaged = 1;
            offset = find_magic(reader, offset + 1);
            continue;
        }
        if (block.stored > reader->size - offset - TR_BLOCK_HEADER) {
            reader->damages += !is_damaged;
            if (!is_damaged)
                reader->cut = offset;
            break;
        }
        is_damaged = 0;
        reader->cut = 0;
        list = list_of(reader, block.kind);
        error = follows(list, &block) ? add_block(list, &block) : 0;
        if (error < 0)
            return error;
        offset += TR_BLOCK_HEADER + block.stored;
    }
    return 0;
}

static int open_source(struct tr_reader *reader, struct tr_fault *fault)
{
    uint8_t header[TR_FILE_HEADER];
    unsigned version;

    if (!read_at(reader, 0, header, sizeof(header)) ||
        memcmp(header, TR_MAGIC, 8) != 0) {
        tr_set_fault(fault, "no trace: it does not begin with \"%s\"",
                     TR_MAGIC);
        return TR_ERR_FORMAT;
    }
    version = tr_file_version(header);
    if (version == 0) {
        tr_set_fault(fault, "its header is damaged");
        return TR_ERR_FORMAT;
    }
    if (version > TR_VERSION) {
        tr_set_fault(fault, "a trace of version %u, not %d", version,
                     TR_VERSION);
        return TR_ERR_VERSION;
    }
    return scan(reader);
}

static int finish_open(struct tr_reader *reader, struct tr_reader **made,
                       struct tr_fault *fault)
{
    int error = open_source(reader, fault);

    if (error == TR_ERR_NOMEM)
        tr_set_fault(fault, "out of memory");
    if (error < 0) {
        reader->fd = -1; /* it stays the caller's */
        tr_reader_close(reader);
        return error;
    }
    *made = reader;
    return 0;
}

int tr_reader_open_memory(const void *bytes, size_t size,
                          struct tr_reader **made, struct tr_fault *fault)
{
    struct tr_reader *reader = calloc(1, sizeof(*reader));

    if (reader == NULL)
        return TR_ERR_NOMEM;
    reader->fd = -1;
    reader->bytes = bytes;
    reader->size = size;
    return finish_open(reader, made, fault);
}

int tr_reader_open(int fd, struct tr_reader **made, struct tr_fault *fault)
{
    struct tr_reader *reader;
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        tr_set_fault(fault, "no regular file");
        return TR_ERR_IO;
    }
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return TR_ERR_NOMEM;
    reader->fd = fd;
    reader->size = (uint64_t)st.st_size;
    return finish_open(reader, made, fault);
}

void tr_reader_close(struct tr_reader *reader)
{
    if (reader == NULL)
        return;
    if (reader->fd >= 0)
        close(reader->fd);
    for (int i = 0; i < CACHED; i++)
        free(reader->cached[i].content);
    free(reader->events.items);
    free(reader->images.items);
    free(reader->steps.items);
    free(reader->step.content);
    free(reader);
}

/* ---- reading them ---- */

static int load(struct tr_reader *reader, const struct tr_block *block,
                uint8_t *content, struct tr_fault *fault)
{
    const char *kind = block->kind == TR_BLOCK_EVENTS   ? "event"
                       : block->kind == TR_BLOCK_IMAGES ? "image"
                                                        : "step";
    unsigned long long last = block->first + block->count - 1;

    if (read_at(reader, block->offset + TR_BLOCK_HEADER, reader->stored,
                block->stored) &&
        tr_block_unpack(block, reader->stored, content))
        return 0;
    tr_set_fault(fault,
                 "the block at offset %llu, of %ss %llu to %llu, is "
                 "damaged",
                 (unsigned long long)block->offset, kind,
                 (unsigned long long)block->first, last);
    return TR_ERR_DAMAGED;
}

/* Opens the next block of events: 1, 0 at the end, TR_ERR_DAMAGED. */
static int open_block(struct tr_reader *reader, struct tr_fault *fault)
{
    const struct tr_block *block;
    int error;

    if (reader->next_block == reader->events.count) {
        if (reader->cut == 0 || reader->told_cut)
            return 0;
        reader->told_cut = 1;
        tr_set_fault(fault,
                     "the file is cut off or damaged from offset %llu on, "
                     "before event %llu",
                     (unsigned long long)reader->cut,
                     (unsigned long long)reader->position);
        return TR_ERR_DAMAGED;
    }
    block = &reader->events.items[reader->next_block];
    if (block->first > reader->position) {
        tr_set_fault(fault,
                     "events %llu to %llu are missing before the block "
                     "at offset %llu",
                     (unsigned long long)reader->position,
                     (unsigned long long)block->first - 1,
                     (unsigned long long)block->offset);
        reader->position = block->first;
        reader->instructions = block->instruction;
        return TR_ERR_DAMAGED;
    }
    reader->next_block++;
    error = load(reader, block, reader->content, fault);
    if (error < 0) {
        reader->position = block->first + block->count;
        return error;
    }
    reader->instructions = block->instruction;
    reader->left = block->count;
    reader->at = 0;
    reader->end = block->size;
    return 1;
}

int tr_read_event(struct tr_reader *reader, struct tr_event *event,
                  struct tr_fault *fault)
{
    size_t size;

    while (reader->left == 0) {
        int result = open_block(reader, fault);

        if (result <= 0)
            return result;
    }
    size = tr_event_unpack(reader->content + reader->at,
                           reader->end - reader->at, event);
    if (size == 0) {
        tr_set_fault(fault, "event %llu, at byte %zu of its block, is none",
                     (unsigned long long)reader->position, reader->at);
        reader->position += reader->left;
        reader->left = 0;
        return TR_ERR_DAMAGED;
    }
    reader->at += size;
    reader->left--;
    reader->position++;
    reader->instructions += tr_event_instructions(event);
    return 1;
}

uint64_t tr_reader_position(const struct tr_reader *reader)
{
    return reader->position;
}

uint64_t tr_reader_instructions(const struct tr_reader *reader)
{
    return reader->instructions;
}

/* ---- seeking ---- */

static uint64_t first_of(const struct tr_block *block)
{
    return block->first;
}

static uint64_t instruction_of(const struct tr_block *block)
{
    return block->instruction;
}

/* How many blocks begin at or before a value. */
static size_t count_until(const struct blocks *blocks,
                          uint64_t (*value_of)(const struct tr_block *),
                          uint64_t value)
{
    size_t low = 0, high = blocks->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (value_of(&blocks->items[middle]) <= value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void go_to_block(struct tr_reader *reader, size_t index)
{
    reader->next_block = index;
    reader->position = reader->events.items[index].first;
    reader->instructions = reader->events.items[index].instruction;
    reader->left = 0;
    reader->told_cut = 0;
}

int tr_reader_seek(struct tr_reader *reader, uint64_t event)
{
    size_t count = count_until(&reader->events, first_of, event);
    const struct tr_block *block;
    struct tr_event skipped;

    if (count == 0)
        return TR_ERR_INVALID;
    block = &reader->events.items[count - 1];
    if (event - block->first >= block->count)
        return TR_ERR_INVALID;
    go_to_block(reader, count - 1);
    while (reader->position < event)
        if (tr_read_event(reader, &skipped, NULL) <= 0)
            return TR_ERR_INVALID;
    return 0;
}

int tr_reader_seek_instruction(struct tr_reader *reader, uint64_t instruction)
{
    size_t count = count_until(&reader->events, instruction_of, instruction);

    if (count == 0)
        return TR_ERR_INVALID;
    go_to_block(reader, count - 1);
    return 0;
}

/* ---- images ---- */

static struct cached *oldest(struct tr_reader *reader)
{
    struct cached *found = &reader->cached[0];

    for (int i = 1; i < CACHED; i++)
        if (reader->cached[i].used < found->used)
            found = &reader->cached[i];
    return found;
}

/* The block's content in the cache, or NULL and *error. */
static struct cached *cache(struct tr_reader *reader,
                            const struct tr_block *block,
                            struct tr_fault *fault, int *error)
{
    struct cached *slot;

    for (int i = 0; i < CACHED; i++)
        if (reader->cached[i].offset == block->offset)
            return &reader->cached[i];
    slot = oldest(reader);
    slot->offset = 0;
    *error = TR_ERR_NOMEM;
    if (slot->content == NULL)
        slot->content = malloc(TR_BLOCK_MAX);
    if (slot->content == NULL)
        return NULL;
    *error = load(reader, block, slot->content, fault);
    if (*error < 0)
        return NULL;
    slot->offset = block->offset;
    return slot;
}

int tr_read_page(struct tr_reader *reader, uint64_t image,
                 uint8_t page[TR_PAGE_SIZE], struct tr_fault *fault)
{
    size_t count = count_until(&reader->images, first_of, image);
    const struct tr_block *block =
        count > 0 ? &reader->images.items[count - 1] : NULL;
    struct cached *found;
    int error = 0;

    if (block == NULL || image - block->first >= block->count) {
        tr_set_fault(fault, "page image %llu is missing",
                     (unsigned long long)image);
        return TR_ERR_DAMAGED;
    }
    found = cache(reader, block, fault, &error);
    if (found == NULL)
        return error;
    found->used = ++reader->clock;
    memcpy(page, found->content + (image - block->first) * TR_PAGE_SIZE,
           TR_PAGE_SIZE);
    return 0;
}

/* ---- steps ---- */

/* Opens the next block of them: 1, 0 at the end, or TR_ERR_*. */
static int open_steps(struct tr_reader *reader, struct tr_fault *fault)
{
    struct step_place *place = &reader->step;
    const struct tr_block *block;
    int error;

    if (place->next_block == reader->steps.count)
        return 0;
    block = &reader->steps.items[place->next_block];
    if (block->first > place->position) {
        tr_set_fault(fault, "steps %llu to %llu are missing",
                     (unsigned long long)place->position,
                     (unsigned long long)block->first - 1);
        place->position = block->first;
        return TR_ERR_DAMAGED;
    }
    if (place->content == NULL)
        place->content = malloc(TR_BLOCK_MAX);
    if (place->content == NULL)
        return TR_ERR_NOMEM;
    place->next_block++;
    error = load(reader, block, place->content, fault);
    if (error == 0 &&
        !tr_step_open(&place->reader, place->content, block->size)) {
        tr_set_fault(fault, "the block at offset %llu holds no steps",
                     (unsigned long long)block->offset);
        error = TR_ERR_DAMAGED;
    }
    place->left = error == 0 ? block->count : 0;
    place->position = block->first + (error == 0 ? 0 : block->count);
    return error < 0 ? error : 1;
}

int tr_read_step(struct tr_reader *reader, struct tr_step *step,
                 struct tr_fault *fault)
{
    struct step_place *place = &reader->step;

    while (place->left == 0) {
        int result = open_steps(reader, fault);

        if (result <= 0)
            return result;
    }
    if (!tr_step_get(&place->reader, step)) {
        tr_set_fault(fault, "step %llu is none",
                     (unsigned long long)place->position);
        place->position += place->left;
        place->left = 0;
        return TR_ERR_DAMAGED;
    }
    place->left--;
    step->number = place->position++;
    return 1;
}

int tr_reader_seek_step(struct tr_reader *reader, uint64_t number)
{
    size_t count = count_until(&reader->steps, first_of, number);
    const struct tr_block *block =
        count > 0 ? &reader->steps.items[count - 1] : NULL;
    struct tr_step skipped;

    if (block == NULL || number - block->first >= block->count)
        return TR_ERR_INVALID;
    reader->step.next_block = count - 1;
    reader->step.position = block->first;
    reader->step.left = 0;
    while (reader->step.position < number)
        if (tr_read_step(reader, &skipped, NULL) <= 0)
            return TR_ERR_INVALID;
    return 0;
}

/* ---- what there is ---- */

static uint64_t missing_of(const struct blocks *blocks, uint64_t first)
{
    uint64_t missing = 0;

    for (size_t i = 0; i < blocks->count; i++) {
        missing += blocks->items[i].first > first;
        first = blocks->items[i].first + blocks->items[i].count;
    }
    return missing;
}

static uint64_t count_of(const struct blocks *blocks)
{
    uint64_t count = 0;

    for (size_t i = 0; i < blocks->count; i++)
        count += blocks->items[i].count;
    return count;
}

void tr_reader_summary(const struct tr_reader *reader,
                       struct tr_summary *summary)
{
    uint64_t missing = missing_of(&reader->events, 0) +
                       missing_of(&reader->images, 1) +
                       missing_of(&reader->steps, 0);

    *summary = (struct tr_summary){
        .size = reader->size,
        .blocks =
            reader->events.count + reader->images.count + reader->steps.count,
        .events = count_of(&reader->events),
        .images = count_of(&reader->images),
        .steps = count_of(&reader->steps),
        .damages = missing > reader->damages ? missing : reader->damages,
    };
}

static const struct tr_block *block_at(const struct tr_reader *reader,
                                       uint64_t index)
{
    if (index < reader->events.count)
        return &reader->events.items[index];
    index -= reader->events.count;
    if (index < reader->images.count)
        return &reader->images.items[index];
    index -= reader->images.count;
    return index < reader->steps.count ? &reader->steps.items[index] : NULL;
}

int tr_reader_block(const struct tr_reader *reader, uint64_t index,
                    struct tr_block_info *info)
{
    const struct tr_block *block = block_at(reader, index);

    if (block == NULL)
        return TR_ERR_INVALID;
    *info = (struct tr_block_info){
        (char)block->kind, block->offset,      block->stored, block->size,
        block->first,      block->instruction, block->count};
    return 0;
}

static int check_events(const struct tr_block *block, const uint8_t *content,
                        struct tr_fault *fault)
{
    struct tr_event event;
    size_t at = 0, size = 1;

    for (uint32_t i = 0; i < block->count && size > 0; i++) {
        size = tr_event_unpack(content + at, block->size - at, &event);
        at += size;
    }
    if (size > 0 && at == block->size)
        return 0;
    tr_set_fault(fault, "the block at offset %llu does not hold %u events",
                 (unsigned long long)block->offset, (unsigned)block->count);
    return TR_ERR_DAMAGED;
}

static int check_steps(const struct tr_block *block, const uint8_t *content,
                       struct tr_fault *fault)
{
    struct tr_step_reader steps;
    struct tr_step step;
    int is_right = tr_step_open(&steps, content, block->size);

    for (uint32_t i = 0; i < block->count && is_right; i++)
        is_right = tr_step_get(&steps, &step);
    if (is_right && tr_step_is_over(&steps))
        return 0;
    tr_set_fault(fault, "the block at offset %llu does not hold %u steps",
                 (unsigned long long)block->offset, (unsigned)block->count);
    return TR_ERR_DAMAGED;
}

int tr_reader_check_block(struct tr_reader *reader, uint64_t index,
                          struct tr_fault *fault)
{
    const struct tr_block *block = block_at(reader, index);
    uint8_t *content = malloc(TR_BLOCK_MAX);
    int error = TR_ERR_INVALID;

    if (content == NULL)
        return TR_ERR_NOMEM;
    if (block != NULL)
        error = load(reader, block, content, fault);
    if (error == 0 && block->kind == TR_BLOCK_EVENTS)
        error = check_events(block, content, fault);
    if (error == 0 && block->kind == TR_BLOCK_STEPS)
        error = check_steps(block, content, fault);
    free(content);
    return error;
}
