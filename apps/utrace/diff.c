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
    enum tr_level level, other; /* the other trace's */
    struct utrace_names names;
    struct tr_event event; /* kind 0: the end */
    uint8_t page[TR_PAGE_SIZE];
    const uint8_t *bytes; /* of the event, or of the image it refers to */
    size_t size;
    /* Where hashes are left out: a RUN that may go on, and what was read
     * behind one that did not. */
    struct tr_event run, held;
    int is_held;
};

static int is_level(const struct tr_event *event)
{
    return event->kind == TR_INFO && event->size > 6 &&
           memcmp(event->bytes, "level=", 6) == 0;
}

/* One of them has hashes, and runs that end for one. */
static int leaves_hashes_out(const struct side *side)
{
    return side->level != side->other &&
           (side->level == TR_LEVEL_EVENTS || side->other == TR_LEVEL_EVENTS);
}

/* densify has hashes and names come in another order than a recorder. */
static int is_left_out(const struct side *side)
{
    const struct tr_event *event = &side->event;

    if (leaves_hashes_out(side) &&
        (event->kind == TR_HASH || event->kind == TR_NAME))
        return 1;
    return side->level != side->other && is_level(event);
}

/* The next event that a trace of the other level has, too. */
static void read_common(struct side *side, uint64_t *damages)
{
    struct tr_event *event = &side->event;

    if (side->is_held) {
        *event = side->held;
        side->is_held = 0;
        return;
    }
    do {
        if (!utrace_next(side->reader, side->file, event, damages))
            *event = (struct tr_event){.kind = 0};
        utrace_note_name(&side->names, event);
    } while (is_left_out(side));
}

static int may_go_on(const struct tr_event *event)
{
    return event->kind == TR_RUN &&
           TR_FIELD(event, RUN, REASON) == TR_REASON_SLICE;
}

static int goes_on(const struct tr_event *run, const struct tr_event *event)
{
    return (event->kind == TR_RUN || event->kind == TR_CALL) &&
           event->fields[0] == run->fields[0];
}

/* Runs of a thread that nothing but RDTSC comes in between are one: a hash may
 * have parted them. */
static void read_whole(struct side *side, uint64_t *damages)
{
    struct tr_event *event = &side->event, *run = &side->run;

    for (;;) {
        read_common(side, damages);
        if (run->kind != 0 && event->kind == TR_TSC)
            return;
        if (run->kind != 0 && !goes_on(run, event)) {
            side->held = *event;
            side->is_held = 1;
            *event = *run;
            run->kind = 0;
            return;
        }
        if (run->kind != 0 && event->kind == TR_RUN)
            TR_FIELD(event, RUN, INSTRUCTIONS) +=
                TR_FIELD(run, RUN, INSTRUCTIONS);
        else if (run->kind != 0)
            TR_FIELD(event, CALL, INSTRUCTIONS) +=
                TR_FIELD(run, RUN, INSTRUCTIONS);
        run->kind = 0;
        if (!may_go_on(event))
            return;
        *run = *event;
    }
}

static void read_side(struct side *side, uint64_t *damages)
{
    const struct tr_event *event = &side->event;

    if (leaves_hashes_out(side))
        read_whole(side, damages);
    else
        read_common(side, damages);
    side->bytes = event->bytes;
    side->size = event->size;
    if (event->kind == TR_IMAGE &&
        tr_read_page(side->reader, TR_FIELD(event, IMAGE, IMAGE), side->page,
                     NULL) == 0) {
        side->bytes = side->page;
        side->size = sizeof(side->page);
    }
}

/* With hashes other registers are looked at than without. */
static int lacks_check(const struct side *side)
{
    const struct tr_event *event = &side->event;

    return leaves_hashes_out(side) &&
           ((event->kind == TR_RUN && TR_FIELD(event, RUN, CHECK) == 0) ||
            (event->kind == TR_CALL && TR_FIELD(event, CALL, CHECK) == 0));
}

/* An image's number says in what order the trace came by it, no more. It and
 * CHECK are the last fields of their events. */
static int is_same(const struct side *a, const struct side *b)
{
    int fields = tr_field_count(a->event.kind);

    if (a->event.kind != b->event.kind || a->size != b->size)
        return 0;
    if (a->event.kind == TR_IMAGE || lacks_check(a) || lacks_check(b))
        fields--;
    for (int i = 0; i < fields; i++)
        if (a->event.fields[i] != b->event.fields[i])
            return 0;
    return a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Where the event is, for what was read behind it does not count. */
static void print_place(const struct side *side)
{
    uint64_t number = tr_reader_position(side->reader);
    uint64_t before = tr_reader_instructions(side->reader) -
                      tr_event_instructions(&side->event);

    if (side->event.kind != 0)
        number--;
    if (side->run.kind != 0) {
        number--;
        before -= tr_event_instructions(&side->run);
    }
    if (side->is_held && side->held.kind != 0) {
        number--;
        before -= tr_event_instructions(&side->held);
    }
    printf("event %" PRIu64 ", behind instruction %" PRIu64 "\n", number,
           before);
}

static void print_side(const struct side *side)
{
    printf("%s: ", side->file);
    if (side->event.kind != 0)
        utrace_print_event(&side->names, &side->event);
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

/* Of two levels what both have is compared. */
static void print_levels(const struct side *a)
{
    printf("levels %s and %s: compared without %s\n", tr_level_name(a->level),
           tr_level_name(a->other), leaves_hashes_out(a) ? "hashes" : "steps");
}

static void open_sides(struct side *a, struct side *b, const char *const *files)
{
    a->file = files[0];
    b->file = files[1];
    a->reader = utrace_open(a->file);
    b->reader = utrace_open(b->file);
    a->level = b->other = utrace_level_of(a->file);
    b->level = a->other = utrace_level_of(b->file);
}

static void close_side(struct side *side)
{
    utrace_free_names(&side->names);
    tr_reader_close(side->reader);
}

int utrace_diff(const struct utrace_options *options)
{
    static struct side a, b;
    uint64_t damages = 0;
    int differs;

    open_sides(&a, &b, options->files);
    if (a.level != b.level && !options->quiet)
        print_levels(&a);
    do {
        read_side(&a, &damages);
        read_side(&b, &damages);
        differs = !is_same(&a, &b);
    } while (!differs && a.event.kind != 0);
    if (differs) {
        print_place(&a);
        print_side(&a);
        print_side(&b);
        print_first_byte(&a, &b);
    }
    close_side(&a);
    close_side(&b);
    if (damages > 0)
        return UTRACE_EXIT_DAMAGED;
    return differs ? UTRACE_EXIT_DIFFERS : 0;
}
