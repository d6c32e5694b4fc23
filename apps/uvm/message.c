/* message.c -- what uvm says to its user. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uvm.h"

/* One write(2), so that lines of several threads and teams stay whole. */
static void write_message(const char *format, va_list args)
{
    char line[2048] = "uvm: ";
    const size_t prefix = sizeof("uvm: ") - 1;
    const char *at = line;
    size_t left;

    vsnprintf(line + prefix, sizeof(line) - prefix - 1, format, args);
    strcat(line, "\n");
    left = strlen(line);
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, at, left);

        if (written <= 0)
            return;
        at += written;
        left -= (size_t)written;
    }
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
