/* diff.c -- where two traces part. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "utrace.h"

/* One of the two traces. */
struct side {
    const char *file;
    struct tr_reader *reader;
    struct tr_event event; /* kind 0: the end */
    uint8_t page[TR_PAGE_SIZE];
    const uint8_t *bytes; /* of the event, or of the image it refers to */
    size_t size;
};

static void read_side(struct side *side, uint64_t *damages)
{
    const struct tr_event *event = &side->event;

    if (!utrace_next(side->reader, side->file, &side->event, damages))
        side->event = (struct tr_event){.kind = 0};
    side->bytes = event->bytes;
    side->size = event->size;
    if (event->kind == TR_IMAGE &&
        tr_read_page(side->reader, TR_FIELD(event, IMAGE, IMAGE), side->page,
                     NULL) == 0) {
        side->bytes = side->page;
        side->size = sizeof(side->page);
    }
}

/* An image's number says in what order the trace came by it, no more. */
static int is_same(const struct side *a, const struct side *b)
{
    int fields = tr_field_count(a->event.kind);

    if (a->event.kind != b->event.kind || a->size != b->size)
        return 0;
    if (a->event.kind == TR_IMAGE)
        fields--;
    for (int i = 0; i < fields; i++)
        if (a->event.fields[i] != b->event.fields[i])
            return 0;
    return a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void print_side(const struct side *side,
                       const struct utrace_names *names)
{
    printf("%s: ", side->file);
    if (side->event.kind != 0)
        utrace_print_event(names, &side->event);
    else
        puts("the end");
}

/* A line shows the first bytes alone, and of images none. */
static void print_first_byte(const struct side *a, const struct side *b)
{
    size_t i = 0;

    if (a->event.kind != b->event.kind || a->size != b->size)
        return;
    while (i < a->size && a->bytes[i] == b->bytes[i])
        i++;
    if (i < a->size)
        printf("byte 0x%zx: 0x%02x, not 0x%02x\n", i, b->bytes[i], a->bytes[i]);
}

int utrace_diff(const struct utrace_options *options)
{
    static struct side a, b;
    struct utrace_names names = {{NULL}};
    uint64_t before = 0, damages = 0;
    int differs;

    a.file = options->files[0];
    b.file = options->files[1];
    a.reader = utrace_open(a.file);
    b.reader = utrace_open(b.file);
    do {
        before = tr_reader_instructions(a.reader);
        read_side(&a, &damages);
        read_side(&b, &damages);
        differs = !is_same(&a, &b);
        if (!differs && a.event.kind != 0)
            utrace_note_name(&names, &a.event);
    } while (!differs && a.event.kind != 0);
    if (differs) {
        printf("event %" PRIu64 ", behind instruction %" PRIu64 "\n",
               tr_reader_position(a.reader) - (uint64_t)(a.event.kind != 0),
               before);
        print_side(&a, &names);
        print_side(&b, &names);
        print_first_byte(&a, &b);
    }
    utrace_free_names(&names);
    tr_reader_close(a.reader);
    tr_reader_close(b.reader);
    if (damages > 0)
        return UTRACE_EXIT_DAMAGED;
    return differs ? UTRACE_EXIT_DIFFERS : 0;
}
