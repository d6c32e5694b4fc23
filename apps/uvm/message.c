/* message.c -- what uvm says to its user. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "uvm.h"

static int message_fd = STDERR_FILENO;

void uvm_keep_stderr(void)
{
    int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    if (copy >= 0)
        message_fd = copy;
}

/* One write(2), so that lines of several threads and teams stay whole. */
static void write_message(const char *format, va_list args)
{
    char *text = NULL, *line = NULL;
    const char *at;
    int left = -1;

    if (vasprintf(&text, format, args) >= 0)
        left = asprintf(&line, "uvm: %s\n", text);
    at = line;
    while (left > 0) {
        ssize_t written = write(message_fd, at, (size_t)left);

        if (written <= 0)
            break;
        at += written;
        left -= (int)written;
    }
    free(line);
    free(text);
}

void uvm_message(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_message(format, args);
    va_end(args);
}

void uvm_fail(int status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    write_message(format, args);
    va_end(args);
    exit(status);
}
