/* info.c -- what a trace is and holds: info, ls, stat, verify. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "utrace.h"

/* What a trace's events come to. */
struct totals {
    uint64_t counts[32]; /* by kind */
    uint64_t bytes[32];  /* of what follows the fields */
    uint64_t calls[1024];
    uint64_t instructions, damages;
};

static void add_event(struct totals *totals, const struct tr_event *event)
{
    totals->counts[event->kind]++;
    totals->bytes[event->kind] += event->size;
    totals->instructions += tr_event_instructions(event);
    if (event->kind == TR_CALL && TR_FIELD(event, CALL, NUMBER) < 1024)
        totals->calls[TR_FIELD(event, CALL, NUMBER)]++;
}

static void print_summary(const struct tr_reader *reader,
                          const struct totals *totals)
{
    struct tr_summary summary;

    tr_reader_summary(reader, &summary);
    printf("bytes=%" PRIu64 "\n", summary.size);
    printf("blocks=%" PRIu64 "\n", summary.blocks);
    printf("events=%" PRIu64 "\n", summary.events);
    printf("images=%" PRIu64 "\n", summary.images);
    printf("steps=%" PRIu64 "\n", summary.steps);
    printf("instructions=%" PRIu64 "\n", totals->instructions);
    printf("threads=%" PRIu64 "\n", totals->counts[TR_THREAD]);
    printf("calls=%" PRIu64 "\n", totals->counts[TR_CALL]);
    printf("hashes=%" PRIu64 "\n", totals->counts[TR_HASH]);
    if (totals->instructions > 0)
        printf("bits_per_instruction=%.4f\n",
               (double)summary.size * 8 / (double)totals->instructions);
}

int utrace_info(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct totals totals = {.damages = 0};
    struct tr_event event;

    while (utrace_next(reader, name, &event, &totals.damages)) {
        add_event(&totals, &event);
        if (event.kind == TR_INFO)
            printf("%.*s\n", (int)event.size, (const char *)event.bytes);
        if (event.kind == TR_CHILD)
            printf("child=%.*s\n", (int)event.size, (const char *)event.bytes);
        if (event.kind == TR_FINISH)
            printf("status=%" PRIu64 "\nsignal=%" PRIu64 "\n",
                   TR_FIELD(&event, FINISH, STATUS),
                   TR_FIELD(&event, FINISH, SIGNAL));
    }
    print_summary(reader, &totals);
    tr_reader_close(reader);
    return totals.damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}

int utrace_ls(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct utrace_names names = {{NULL}};
    struct tr_event event;
    uint64_t damages = 0;
    uint64_t at = 0;

    while (at <= options->to && utrace_next(reader, name, &event, &damages)) {
        utrace_note_name(&names, &event);
        at = tr_reader_instructions(reader);
        if (at < options->from || at > options->to)
            continue;
        printf("%" PRIu64 " %" PRIu64 " ", tr_reader_position(reader) - 1, at);
        utrace_print_event(&names, &event);
    }
    utrace_free_names(&names);
    tr_reader_close(reader);
    return damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}

/* The most frequent call that has not been printed. */
static int next_call(struct totals *totals)
{
    int found = -1;

    for (int i = 0; i < 1024; i++)
        if (totals->calls[i] > (found < 0 ? 0 : totals->calls[found]))
            found = i;
    return found;
}

int utrace_stat(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct utrace_names names = {{NULL}};
    struct totals totals = {.damages = 0};
    struct tr_event event;
    int call;

    while (utrace_next(reader, name, &event, &totals.damages)) {
        utrace_note_name(&names, &event);
        add_event(&totals, &event);
    }
    print_summary(reader, &totals);
    for (unsigned kind = 0; kind < 32; kind++)
        if (totals.counts[kind] > 0)
            printf("event %s %" PRIu64 " %" PRIu64 "\n", tr_kind_name(kind),
                   totals.counts[kind], totals.bytes[kind]);
    while ((call = next_call(&totals)) >= 0) {
        const char *text = utrace_call_name(&names, (uint64_t)call);

        printf("call %s %" PRIu64 "\n", text != NULL ? text : "?",
               totals.calls[call]);
        totals.calls[call] = 0;
    }
    utrace_free_names(&names);
    tr_reader_close(reader);
    return totals.damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}

/* All events are read, as many as blocks say, and the last one is FINISH. */
int utrace_verify(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_event event = {.kind = TR_INFO};
    struct tr_summary summary;
    struct tr_fault fault;
    uint64_t damages = 0;
    int is_part = 0;

    tr_reader_summary(reader, &summary);
    for (uint64_t i = 0; i < summary.blocks; i++)
        if (tr_reader_check_block(reader, i, &fault) < 0) {
            utrace_message("%s: %s", name, fault.text);
            damages++;
        }
    if (damages == 0)
        while (utrace_next(reader, name, &event, &damages))
            is_part |= event.kind == TR_INFO && event.size > 5 &&
                       memcmp(event.bytes, "part=", 5) == 0;
    damages += summary.damages;
    if (damages == 0 && !is_part && event.kind != TR_FINISH) {
        utrace_message("%s: it ends behind event %" PRIu64
                       ", not with the program's end",
                       name, tr_reader_position(reader) - 1);
        damages++;
    }
    if (damages == 0)
        printf("%s: %" PRIu64 " blocks, %" PRIu64 " events, %" PRIu64
               " images, %" PRIu64 " steps: whole\n",
               name, summary.blocks, summary.events, summary.images,
               summary.steps);
    else
        utrace_message("%s: damaged", name);
    tr_reader_close(reader);
    return damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}
