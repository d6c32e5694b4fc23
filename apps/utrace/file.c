/* file.c -- opening traces, and telling what is wrong with them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "utrace.h"

struct tr_reader *utrace_open(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct tr_reader *reader;
    struct tr_fault fault = {"out of memory"};

    if (fd < 0)
        utrace_fail(UTRACE_EXIT_DAMAGED, "%s: %s", name, strerror(errno));
    if (tr_reader_open(fd, &reader, &fault) < 0)
        utrace_fail(UTRACE_EXIT_DAMAGED, "%s: %s", name, fault.text);
    return reader;
}

int utrace_next(struct tr_reader *reader, const char *name,
                struct tr_event *event, uint64_t *damages)
{
    struct tr_fault fault;
    int result;

    while ((result = tr_read_event(reader, event, &fault)) < 0) {
        utrace_message("%s: %s", name, fault.text);
        ++*damages;
    }
    return result;
}

uint64_t utrace_count_instructions(struct tr_reader *reader)
{
    struct tr_event event;
    uint64_t count = 0;

    if (tr_reader_seek_instruction(reader, UINT64_MAX) == 0)
        while (tr_read_event(reader, &event, NULL) > 0)
            count = tr_reader_instructions(reader);
    tr_reader_seek(reader, 0);
    return count;
}

enum tr_level utrace_level_of(const char *name)
{
    struct tr_reader *reader = utrace_open(name);
    int level = TR_LEVEL_EVENTS;
    struct tr_event event;
    char text[16];

    while (tr_read_event(reader, &event, NULL) > 0 && event.kind == TR_INFO)
        if (event.size > 6 && event.size < sizeof(text) + 6 &&
            memcmp(event.bytes, "level=", 6) == 0) {
            snprintf(text, sizeof(text), "%.*s", (int)event.size - 6,
                     (const char *)event.bytes + 6);
            level = tr_find_level(text);
        }
    tr_reader_close(reader);
    return level < 0 ? TR_LEVEL_EVENTS : (enum tr_level)level;
}
