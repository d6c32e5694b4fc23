/* message.c -- what elfinfo says to its user beside its output. */
/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "elfinfo.h"

static void write_message(const char *file, const char *format,
                          va_list arguments)
{
    fflush(stdout); /* errors stand where they belong in a terminal */
    fputs("elfinfo: ", stderr);
    if (file != NULL)
        fprintf(stderr, "%s: ", file);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void inf_message(const char *file, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_message(file, format, arguments);
    va_end(arguments);
}

void inf_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_message(NULL, format, arguments);
    va_end(arguments);
    exit(INF_BAD_FILE);
}
