/* chrome.c -- export --format chrome: threads and system calls over time, as
 * JSON that Perfetto and Chrome's trace viewer read. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utrace.h"

/* A thread's call that has not come back. */
struct open_call {
    uint64_t thread, number, begin;
    int is_open;
    struct open_call *next;
};

struct chrome {
    struct utrace_names names;
    struct open_call *calls;
    /* Time: instructions, and one for each event, so that what happens between
     * two instructions takes some as well. */
    uint64_t now;
    int has_some;
};

/* Microseconds, of which each is 1000 of time. */
static void begin_event(struct chrome *chrome, const char *phase,
                        uint64_t thread, uint64_t at)
{
    printf("%s{\"ph\":\"%s\",\"pid\":1,\"tid\":%" PRIu64 ",\"ts\":%" PRIu64
           ".%03" PRIu64,
           chrome->has_some ? ",\n" : "", phase, thread, at / 1000, at % 1000);
    chrome->has_some = 1;
}

static void print_duration(uint64_t from, uint64_t to)
{
    printf(",\"dur\":%" PRIu64 ".%03" PRIu64, (to - from) / 1000,
           (to - from) % 1000);
}

static struct open_call *call_of(struct chrome *chrome, uint64_t thread)
{
    struct open_call *call = chrome->calls;

    while (call != NULL && call->thread != thread)
        call = call->next;
    if (call != NULL)
        return call;
    call = calloc(1, sizeof(*call));
    if (call == NULL)
        utrace_fail(UTRACE_EXIT_FAILURE, "out of memory");
    call->thread = thread;
    call->next = chrome->calls;
    chrome->calls = call;
    return call;
}

static void close_call(struct chrome *chrome, struct open_call *call)
{
    const char *name = utrace_call_name(&chrome->names, call->number);
    char text[32];

    if (!call->is_open)
        return;
    call->is_open = 0;
    snprintf(text, sizeof(text), "call %" PRIu64, call->number);
    begin_event(chrome, "X", call->thread, call->begin);
    print_duration(call->begin, chrome->now);
    fputs(",\"cat\":\"call\",\"name\":", stdout);
    utrace_print_string((const uint8_t *)(name != NULL ? name : text),
                        strlen(name != NULL ? name : text));
    putchar('}');
}

static void show_run(struct chrome *chrome, const struct tr_event *event)
{
    uint64_t thread = event->fields[0];
    uint64_t count = tr_event_instructions(event);
    struct open_call *call = call_of(chrome, thread);

    close_call(chrome, call);
    begin_event(chrome, "X", thread, chrome->now);
    print_duration(chrome->now, chrome->now + count);
    printf(",\"cat\":\"run\",\"name\":\"run\",\"args\":{\"instructions\":"
           "%" PRIu64 "}}",
           count);
    chrome->now += count;
    if (event->kind == TR_CALL) {
        call->is_open = 1;
        call->number = TR_FIELD(event, CALL, NUMBER);
        call->begin = chrome->now;
    }
}

static void show_instant(struct chrome *chrome, const struct tr_event *event,
                         uint64_t thread)
{
    begin_event(chrome, "i", thread, chrome->now);
    printf(",\"s\":\"t\",\"name\":\"%s\"}", tr_kind_name(event->kind));
}

static void show(struct chrome *chrome, const struct tr_event *event)
{
    utrace_note_name(&chrome->names, event);
    switch (event->kind) {
    case TR_RUN:
    case TR_CALL:
        show_run(chrome, event);
        break;
    case TR_EXIT:
        close_call(chrome, call_of(chrome, TR_FIELD(event, EXIT, THREAD)));
        show_instant(chrome, event, TR_FIELD(event, EXIT, THREAD));
        break;
    case TR_THREAD:
    case TR_REGISTERS:
        show_instant(chrome, event, event->fields[0]);
        break;
    case TR_CHILD:
    case TR_FINISH:
        show_instant(chrome, event, 0);
        break;
    case TR_INFO:
    case TR_RESULT:
    case TR_FPU:
    case TR_MAP:
    case TR_UNMAP:
    case TR_PROTECT:
    case TR_IMAGE:
    case TR_WRITE:
    case TR_NAME:
    case TR_TSC:
    case TR_HASH:
        break;
    }
    chrome->now++;
}

int utrace_export_chrome(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct chrome chrome = {.now = 0};
    struct tr_event event;
    uint64_t damages = 0;
    uint64_t at = 0;

    puts("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    while (at <= options->to && utrace_next(reader, name, &event, &damages)) {
        at = tr_reader_instructions(reader);
        if (at >= options->from && at <= options->to)
            show(&chrome, &event);
        else
            utrace_note_name(&chrome.names, &event);
    }
    while (chrome.calls != NULL) {
        struct open_call *call = chrome.calls;

        close_call(&chrome, call);
        chrome.calls = call->next;
        free(call);
    }
    puts("]}");
    utrace_free_names(&chrome.names);
    tr_reader_close(reader);
    return damages > 0 ? UTRACE_EXIT_DAMAGED : 0;
}
