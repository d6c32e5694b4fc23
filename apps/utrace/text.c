/* text.c -- events as lines of text. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utrace.h"

enum { NAMES = sizeof(((struct utrace_names *)0)->names) / sizeof(char *) };

void utrace_note_name(struct utrace_names *names, const struct tr_event *event)
{
    uint64_t number;

    if (event->kind != TR_NAME)
        return;
    number = TR_FIELD(event, NAME, NUMBER);
    if (number >= NAMES)
        return;
    free(names->names[number]);
    names->names[number] = strndup((const char *)event->bytes, event->size);
}

const char *utrace_call_name(const struct utrace_names *names, uint64_t number)
{
    return number < NAMES ? names->names[number] : NULL;
}

void utrace_free_names(struct utrace_names *names)
{
    for (int i = 0; i < NAMES; i++)
        free(names->names[i]);
}

static int is_text(const struct tr_event *event)
{
    return event->kind == TR_INFO || event->kind == TR_NAME ||
           event->kind == TR_CHILD;
}

/* What others wrote stays on its line. */
static void print_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        putchar(bytes[i] >= ' ' && bytes[i] != 0x7f ? bytes[i] : '?');
}

static void print_bytes(const struct tr_event *event)
{
    enum { SHOWN = 16 };

    putchar(' ');
    if (is_text(event)) {
        print_text(event->bytes, event->size);
        return;
    }
    printf("%zu:", event->size);
    for (size_t i = 0; i < event->size && i < SHOWN; i++)
        printf(" %02x", event->bytes[i]);
    if (event->size > SHOWN)
        fputs(" ...", stdout);
}

/* Counts are told in decimal, everything else as addresses are. */
static int is_count(const char *name)
{
    static const char *const counts[] = {
        "THREAD", "INSTRUCTIONS", "PAGES",  "IMAGE",  "NUMBER",
        "TEAM",   "STATUS",       "SIGNAL", "REASON", "VECTOR"};

    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        if (strcmp(counts[i], name) == 0)
            return 1;
    return 0;
}

static void print_field(const struct tr_event *event, unsigned i)
{
    const char *name = tr_field_name(event->kind, i);
    unsigned long long value = event->fields[i];

    putchar(' ');
    for (const char *at = name; *at != '\0'; at++)
        putchar(*at - 'A' + 'a');
    printf(is_count(name) ? "=%llu" : "=0x%llx", value);
}

void utrace_print_event(const struct utrace_names *names,
                        const struct tr_event *event)
{
    const char *call = NULL;

    fputs(tr_kind_name(event->kind), stdout);
    for (int i = 0; i < tr_field_count(event->kind); i++)
        print_field(event, (unsigned)i);
    if (event->kind == TR_CALL)
        call = utrace_call_name(names, TR_FIELD(event, CALL, NUMBER));
    if (call != NULL) {
        putchar(' ');
        print_text((const uint8_t *)call, strlen(call));
    }
    if (tr_has_bytes(event->kind))
        print_bytes(event);
    putchar('\n');
}
