/* export.c -- the command export, and events as lines of JSON. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "utrace.h"

void utrace_print_string(const uint8_t *text, size_t size)
{
    putchar('"');
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] >= 0x7f || text[i] == '"' ||
            text[i] == '\\')
            printf("\\u%04x", text[i]);
        else
            putchar(text[i]);
    putchar('"');
}

static void print_bytes(const struct tr_event *event)
{
    if (event->kind == TR_INFO || event->kind == TR_NAME ||
        event->kind == TR_CHILD) {
        fputs(",\"text\":", stdout);
        utrace_print_string(event->bytes, event->size);
        return;
    }
    fputs(",\"bytes\":\"", stdout);
    for (size_t i = 0; i < event->size; i++)
        printf("%02x", event->bytes[i]);
    putchar('"');
}

static void print_line(uint64_t number, uint64_t instruction,
                       const struct tr_event *event)
{
    printf("{\"event\":%" PRIu64 ",\"at\":%" PRIu64 ",\"kind\":\"%s\"", number,
           instruction, tr_kind_name(event->kind));
    for (int i = 0; i < tr_field_count(event->kind); i++) {
        printf(",\"");
        for (const char *at = tr_field_name(event->kind, (unsigned)i);
             *at != '\0'; at++)
            putchar(*at - 'A' + 'a');
        printf("\":%" PRIu64, event->fields[i]);
    }
    if (tr_has_bytes(event->kind))
        print_bytes(event);
    puts("}");
}

static int export_json(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_event event;
    uint64_t damages = 0;
    uint64_t at = 0;

    while (at <= options->to && utrace_next(reader, name, &event, &damages)) {
        at = tr_reader_instructions(reader);
        if (at >= options->from && at <= options->to)
            print_line(tr_reader_position(reader) - 1, at, &event);
    }
    tr_reader_close(reader);
    return damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}

int utrace_export(const struct utrace_options *options)
{
    switch (options->format) {
    case UTRACE_FORMAT_JSON:
        break;
    case UTRACE_FORMAT_TENET:
        return utrace_export_tenet(options);
    case UTRACE_FORMAT_CHROME:
        return utrace_export_chrome(options);
    }
    return export_json(options);
}
