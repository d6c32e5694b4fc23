/* file.c -- opening traces, and telling what is wrong with them. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
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
