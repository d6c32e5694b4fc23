/* diff.c -- where two traces part. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "utrace.h"

static int is_same(const struct tr_event *a, const struct tr_event *b)
{
    if (a->kind != b->kind || a->size != b->size)
        return 0;
    for (int i = 0; i < tr_field_count(a->kind); i++)
        if (a->fields[i] != b->fields[i])
            return 0;
    return a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0;
}

static void print_side(const char *name, const struct utrace_names *names,
                       const struct tr_event *event, int is_there)
{
    printf("%s: ", name);
    if (is_there)
        utrace_print_event(names, event);
    else
        puts("the end");
}

int utrace_diff(const struct utrace_options *options)
{
    const char *const *files = options->files;
    struct tr_reader *readers[2] = {utrace_open(files[0]),
                                    utrace_open(files[1])};
    struct utrace_names names = {{NULL}};
    struct tr_event events[2];
    uint64_t before = 0, damages = 0;
    int is_there[2], differs;

    do {
        before = tr_reader_instructions(readers[0]);
        for (int i = 0; i < 2; i++)
            is_there[i] =
                utrace_next(readers[i], files[i], &events[i], &damages);
        differs = is_there[0] != is_there[1] ||
                  (is_there[0] && !is_same(&events[0], &events[1]));
        if (is_there[0] && !differs)
            utrace_note_name(&names, &events[0]);
    } while (is_there[0] && !differs);
    if (differs) {
        printf("event %" PRIu64 ", behind instruction %" PRIu64 "\n",
               tr_reader_position(readers[0]) - (uint64_t)is_there[0], before);
        for (int i = 0; i < 2; i++)
            print_side(files[i], &names, &events[i], is_there[i]);
    }
    utrace_free_names(&names);
    for (int i = 0; i < 2; i++)
        tr_reader_close(readers[i]);
    if (damages > 0)
        return UTRACE_EXIT_DAMAGED;
    return differs ? UTRACE_EXIT_DIFFERS : 0;
}
